//! What the commands about sharing, links and invitations ask and print.

use super::*;

const PROJECT: &str = "prj_00000000000000000000000001";

fn invitation(kind: &str, state: &str) -> Value {
    let mut whole = transfer(state);
    whole["kind"] = json!(kind);
    whole["id"] = json!("inv_1");
    let fields = whole.as_object_mut().unwrap();
    fields.remove("keep_access");
    match kind {
        "share" => {
            whole["level"] = json!("write");
            whole["until"] = json!("2027-03-31T23:59:59Z");
        }
        _ => {
            whole["role"] = json!("member");
            whole["items"] = json!([]);
            whole["bytes"] = json!(0);
        }
    }
    whole
}

fn told(already: bool, warnings: Value) -> Answer {
    ok(json!({"already": already, "warnings": warnings}))
}

fn collaborators() -> Answer {
    ok(json!({
        "collaborators": [
            {"context": "acc_7", "name": "Tess (Personal)", "level": "read", "accepted_by": "acc_7", "accepted_by_name": "Tess",
                "since": "2026-11-20T08:00:00Z", "until": "2027-03-31T23:59:59Z", "origin": "inv_0"},
            {"context": "wg_7", "name": "TechSupport", "level": "write", "accepted_by": "acc_7", "accepted_by_name": "Tess",
                "since": "2026-11-21T08:00:00Z", "origin": "lnk_0"},
        ],
        "pending": [invitation("share", "pending")],
    }))
}

fn link(state: &str) -> Value {
    json!({
        "id": "lnk_1", "item": PROJECT, "url": "https://handover.example/l/x7Qk", "state": state, "level": "read", "accepted": 2,
        "max_acceptances": 20, "created_by": "acc_1", "created_at": "2026-11-20T08:00:00Z",
    })
}

#[test]
fn somebody_is_invited_to_a_project() {
    let answer =
        json!({"invitation": invitation("share", "pending"), "already": false, "warnings": []});
    let stub = Stub::new(vec![ok(answer)]);
    let typed = [
        "share",
        "invite",
        PROJECT,
        "--to",
        "tess@lab.example",
        "--level",
        "write",
        "--until",
        "2027-03-31",
        "--with-projects",
        "--message",
        "Have a look.",
    ];
    let ended = Person::signed_in(&stub).runs(&typed);
    insta::assert_snapshot!(ended.shown());
    let seen = stub.seen().remove(0);
    assert_eq!(seen.line, "POST /api/v1/shares");
    assert_eq!(
        seen.json(),
        json!({
            "items": [PROJECT], "recipient": "tess@lab.example", "level": "write", "until": "2027-03-31T23:59:59Z",
            "associated_projects": true, "message": "Have a look.",
        })
    );
}

#[test]
fn a_preview_of_a_share_says_who_would_see_what() {
    let whole = transfer("pending");
    let guard = json!({"code": "item.trashed", "sentence": "it is in the trash", "next_step": "restore it"});
    let preview = json!({
        "possible": false, "shares": whole["items"],
        "along": [{"what": "run \"R1\"", "item": "run_1", "why": "read, as always where data of a shared project came from it"}],
        "apart": [{"what": "project \"P\"", "item": "prj_2", "why": "a project is not shared with its run unless that is asked for"}],
        "access": [{"who": "Core facility", "before": "own", "after": "own"}],
        "blocks": [guard], "warnings": [],
    });
    let stub = Stub::new(vec![ok(preview)]);
    let ended = Person::signed_in(&stub).runs(&["share", "invite", PROJECT, "--preview"]);
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn all_collaborators_are_listed_however_many_pages_they_are() {
    let page = |who: &str, next: Option<&str>| {
        let one = json!({"context": who, "name": who, "level": "read", "accepted_by": "acc_7", "accepted_by_name": "Tess",
            "since": "2026-11-20T08:00:00Z", "origin": "inv_0"});
        ok(json!({"collaborators": [one], "pending": [], "next_cursor": next}))
    };
    let stub = Stub::new(vec![
        page("acc_1", Some("acc_1")),
        page("acc_2", Some("acc_2")),
        // A server that repeats its cursor does not hold the client.
        page("acc_3", Some("acc_2")),
    ]);
    let person = Person::signed_in(&stub);
    let listed = person.runs(&["share", "list", PROJECT, "--terse"]);
    assert_eq!(listed.out, "acc_1\nacc_2\nacc_3\n");
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    let at = format!("GET /api/v1/projects/{PROJECT}/collaborators?limit=100");
    let pages = [
        at.clone(),
        format!("{at}&cursor=acc_1"),
        format!("{at}&cursor=acc_2"),
    ];
    assert_eq!(lines, pages);
}

#[test]
fn collaborators_are_listed_changed_and_revoked_by_name() {
    let warning = json!([{"code": "item.shared", "sentence": "the access came by the link lnk_0", "next_step": "deactivate the link too"}]);
    let stub = Stub::new(vec![
        collaborators(),
        collaborators(),
        told(false, json!([])),
        collaborators(),
        told(false, warning),
        collaborators(),
        told(true, json!([])),
    ]);
    let person = Person::signed_in(&stub);
    let mut shown = String::new();
    for typed in [
        &["share", "list", PROJECT][..],
        &[
            "share",
            "change",
            PROJECT,
            "techsupport",
            "--level",
            "read",
            "--until",
            "revoked",
        ],
        &["share", "revoke", PROJECT, "TechSupport"],
        &["share", "revoke", PROJECT, "nobody"],
        &["share", "leave", PROJECT, "--context", "techsupport"],
    ] {
        shown.push_str(&format!(
            "$ {}\n{}\n",
            typed.join(" "),
            person.runs(typed).shown()
        ));
    }
    insta::assert_snapshot!(shown);
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    let at = format!("/api/v1/projects/{PROJECT}");
    assert_eq!(lines[2], format!("PATCH {at}/collaborators/wg_7"));
    assert_eq!(lines[4], format!("DELETE {at}/collaborators/wg_7"));
    assert_eq!(lines[6], format!("POST {at}/leave"));
}

#[test]
fn links_are_made_listed_opened_accepted_and_deactivated() {
    let contexts = json!({"context": {"id": "acc_1", "name": "Ada (Personal)", "handle": "personal", "role": "owner", "domain": "public", "usage": 0},
        "default": true, "blocks": []});
    let opened = json!({
        "item": {"id": PROJECT, "kind": "project", "name": "Wetland soils", "bytes": 4096, "files": 1}, "owner_name": "Core facility",
        "maker_name": "Ada", "maker_address": "ada@core.example", "level": "read", "blocks": [], "choices": [contexts], "held": [],
    });
    let stub = Stub::new(vec![
        ok(link("active")),
        ok(json!({"items": [link("active"), link("deactivated")]})),
        ok(opened),
        ok(json!({"item": PROJECT, "context": "acc_1", "already": false})),
        ok(json!({"link": link("deactivated"), "already": false})),
    ]);
    let person = Person::signed_in(&stub);
    let mut shown = String::new();
    for typed in [
        &["link", "create", PROJECT, "--max-acceptances", "20"][..],
        &["link", "list", PROJECT],
        &["link", "open", "https://handover.example/l/x7Qk"],
        &[
            "link",
            "accept",
            "https://handover.example/l/x7Qk",
            "--into",
            "personal",
        ],
        &["link", "deactivate", "lnk_1"],
    ] {
        shown.push_str(&format!(
            "$ {}\n{}\n",
            typed.join(" "),
            person.runs(typed).shown()
        ));
    }
    insta::assert_snapshot!(shown);
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines[2], "GET /api/v1/links/by-token/x7Qk");
    assert_eq!(lines[3], "POST /api/v1/links/by-token/x7Qk/accept");
    assert_eq!(lines[4], "DELETE /api/v1/links/lnk_1");
}

#[test]
fn invitations_of_every_kind_are_listed_shown_and_answered() {
    let both =
        json!({"items": [invitation("share", "pending"), invitation("membership", "pending")]});
    let page = json!({
        "invitation": invitation("membership", "pending"), "as_sender": false, "as_recipient": true, "choices": [], "letters": [],
        "history": [{"at": "2026-11-20T10:47:00Z", "person": "acc_1", "channel": "cli", "what": {"what": "pending"}}],
    });
    let mut joined = invitation("membership", "accepted");
    joined["accepted_into_name"] = json!("Core facility");
    let answer =
        |invitation: Value| ok(json!({"invitation": invitation, "already": false, "warnings": []}));
    let stub = Stub::new(vec![
        ok(both),
        ok(page),
        answer(joined),
        answer(invitation("share", "declined")),
        answer(invitation("share", "pending")),
    ]);
    let person = Person::signed_in(&stub);
    let mut shown = String::new();
    for typed in [
        &["invitation", "list", "--kind", "share"][..],
        &["invitation", "show", "inv_1"],
        &["invitation", "accept", "inv_1"],
        &["invitation", "decline", "inv_1", "--reason", "No."],
        &["invitation", "extend", "inv_1", "--expires", "4w"],
    ] {
        shown.push_str(&format!(
            "$ {}\n{}\n",
            typed.join(" "),
            person.runs(typed).shown()
        ));
    }
    insta::assert_snapshot!(shown);
    assert_eq!(
        stub.seen()[0].line,
        "GET /api/v1/invitations?limit=100&role=received&kind=share"
    );
}

#[test]
fn what_is_shared_is_listed() {
    let shared = json!({"item": item("project", PROJECT, "Wetland soils"), "owner_name": "Core facility", "context": "acc_1",
        "level": "read", "since": "2026-11-20T08:00:00Z"});
    let stub = Stub::new(vec![ok(json!({"items": [shared]}))]);
    let ended = Person::signed_in(&stub).runs(&["shared"]);
    insta::assert_snapshot!(ended.shown());
}
