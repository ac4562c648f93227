//! What each command about workgroups asks and prints.

use super::*;

fn lab(role: &str) -> Value {
    json!({
        "id": "wg_lab", "handle": "lab", "name": "The lab", "description": "reads\nall of it", "tier": "enterprise",
        "domain": "uni", "collaborative": true, "configured": false, "role": role, "quota": 1_099_511_627_776_u64,
        "usage": 5_000_000_000_u64, "created_at": "2026-11-20T08:00:00Z",
    })
}

fn invitation(address: &str) -> Value {
    json!({
        "id": "inv_1", "kind": "membership", "address": address, "role": "member", "state": "pending",
        "invited_by": "ada@core.example", "invited_at": "2026-11-20T08:00:00Z", "expires_at": "2026-12-04T08:00:00Z",
    })
}

#[test]
fn workgroups_are_shown_as_tables_and_facts() {
    let member = json!({
        "account": "acc_1", "name": "Ada Core", "address": "ada@core.example", "role": "owner", "since": "2026-11-20T08:00:00Z",
    });
    let stub = Stub::new(vec![
        ok(json!({ "items": [lab("owner")] })),
        ok(lab("owner")),
        ok(json!({ "items": [member] })),
        ok(json!({ "items": [invitation("ben@lab.example")] })),
    ]);
    let person = Person::signed_in(&stub);
    let shown = [
        person.runs(&["workgroup", "list"]),
        person.runs(&["workgroup", "show", "lab"]),
        person.runs(&["workgroup", "members", "lab"]),
        person.runs(&["workgroup", "invitations", "lab"]),
    ];
    insta::assert_snapshot!(shown.map(|ended| ended.shown()).join("\n"));
}

#[test]
fn each_command_is_sent_and_told() {
    let nothing = || says(204, "application/json", "");
    let ended = json!({ "id": "inv_1", "kind": "membership", "address": "ben@lab.example", "role": "member",
        "state": "cancelled", "invited_by": "ada@core.example", "invited_at": "2026-11-20T08:00:00Z",
        "expires_at": "2026-12-04T08:00:00Z" });
    let cases: Vec<(Vec<&str>, Answer)> = vec![
        (
            vec!["create", "lab", "--name", "The lab", "--collaborative"],
            ok(lab("owner")),
        ),
        (vec!["edit", "lab", "--description", ""], ok(lab("owner"))),
        (vec!["promote", "lab", "ben@lab.example"], nothing()),
        (vec!["demote", "lab", "ben@lab.example"], nothing()),
        (vec!["remove", "lab", "ben@lab.example"], nothing()),
        (vec!["invitations", "lab", "--cancel", "inv_1"], ok(ended)),
        (
            vec!["invitations", "lab", "--resend", "inv_1"],
            ok(invitation("ben@lab.example")),
        ),
        (
            vec![
                "hand-over",
                "lab",
                "--to",
                "ben@lab.example",
                "--expires",
                "7d",
            ],
            ok(invitation("ben@lab.example")),
        ),
        (vec!["leave", "lab"], nothing()),
        (vec!["close", "lab", "--yes"], nothing()),
    ];
    insta::assert_snapshot!(played("workgroup", cases));
}

#[test]
fn invitations_that_were_refused_are_told_beside_those_that_were_made() {
    let guard = json!({ "code": "member.already", "sentence": "ada belongs to it", "next_step": "nothing" });
    let answer = json!({ "items": [
        { "address": "ben@lab.example", "invitation": invitation("ben@lab.example"), "guards": [] },
        { "address": "ada@core.example", "guards": [guard] },
    ] });
    let stub = Stub::new(vec![ok(answer)]);
    let person = Person::signed_in(&stub);
    let file = person.home.path().join("people.txt");
    std::fs::write(&file, "ada@core.example\n").unwrap();
    let file = file.to_str().unwrap();
    let invite = [
        "workgroup",
        "invite",
        "lab",
        "ben@lab.example",
        "--file",
        file,
    ];
    let ended = person.runs(&invite);
    assert_eq!(ended.exit, Exit::Refused);
    insta::assert_snapshot!(ended.shown());
    let sent = stub.seen().remove(0).json();
    assert_eq!(
        sent["addresses"],
        json!(["ben@lab.example", "ada@core.example\n"])
    );
    let terse = person.runs(&[&invite[..], &["--terse"]].concat());
    assert_eq!(terse.out, "inv_1\n");
    let missing = person.runs(&["workgroup", "invite", "lab", "--file", "/nowhere/at/all"]);
    assert_eq!(missing.exit, Exit::Local);
}
