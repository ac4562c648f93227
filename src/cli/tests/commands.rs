//! What each command asks and prints.

use super::*;
use crate::runfolder::sample::{self, Sample};

fn sample_folder(person: &Person) -> String {
    let folder = sample::write(person.home.path(), &Sample::default()).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn page(items: Vec<Value>) -> Answer {
    ok(json!({"items": items}))
}

#[test]
fn whoami_and_contexts() {
    let contexts = page(vec![
        json!({"id": "acc_1", "name": "Ada Core", "handle": "personal", "role": "owner", "domain": "public", "quota": 1_099_511_627_776_u64, "usage": 5_000_000_000_u64}),
        json!({"id": "wg_core", "name": "Core facility", "handle": "core", "role": "administrator", "domain": "public", "usage": 11_000_000_000_000_u64}),
    ]);
    let stub = Stub::new(vec![ok(account()), contexts.clone(), contexts]);
    let person = Person::signed_in(&stub);
    let (who, contexts) = (person.runs(&["whoami"]), person.runs(&["contexts"]));
    let shown = format!(
        "{}\n{}",
        who.shown().replace(&stub.url, "URL"),
        contexts.shown()
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn a_dry_run_registers_nothing_and_asks_nobody() {
    let person = Person::new();
    let folder = sample_folder(&person);
    let ended = person.runs(&["run", "register", &folder, "--dry-run"]);
    insta::assert_snapshot!(ended.shown());
    let ended = person.runs(&[
        "run",
        "register",
        &folder,
        "--dry-run",
        "--json",
        "--context",
        "core",
    ]);
    let body: crate::wire::RegisterRun = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (body.projects.len(), body.context.as_deref()),
        (2, Some("core"))
    );
    assert_eq!(body.run.status, "completed");
}

#[test]
fn a_run_folder_is_registered_with_its_projects() {
    let registered = json!({
        "run": item("run", "run_1", "20260302_LH09001_0041_A22DEM0LT4"),
        "projects": [item("project", "prj_1", "Beech leaves 2026"), item("project", "prj_2", "Wetland soils 2026")],
    });
    let stub = Stub::new(vec![ok(registered)]);
    let person = Person::signed_in(&stub);
    let folder = sample_folder(&person);
    let ended = person.runs(&["run", "register", &folder]);
    insta::assert_snapshot!(ended.shown());
    let seen = stub.seen().remove(0);
    assert_eq!(seen.line, "POST /api/v1/runs");
    let body: crate::wire::RegisterRun = serde_json::from_value(seen.json()).unwrap();
    assert_eq!(body.name, "20260302_LH09001_0041_A22DEM0LT4");
    assert_eq!(
        body.context, None,
        "where it lands is the account's setting"
    );
    assert_eq!(
        body.projects[0].biosamples[0].libraries.len(),
        2,
        "one for each lane"
    );
    let ended = person.runs(&["run", "register", &folder, "--terse"]);
    assert_eq!(ended.out, "run_1\nprj_1\nprj_2\n");
}

#[test]
fn a_folder_that_is_none_is_a_local_problem_and_nothing_is_sent() {
    let stub = Stub::new(vec![]);
    let person = Person::signed_in(&stub);
    let folder = sample_folder(&person);
    std::fs::write(
        format!("{folder}/RunInfo.xml"),
        "<RunInfo><Run Id=\"x\" oops",
    )
    .unwrap();
    std::fs::write(format!("{folder}/SampleSheet.csv"), "").unwrap();
    let ended = person.runs(&["run", "register", &folder]);
    assert_eq!(ended.exit, Exit::Local);
    assert!(
        ended.err.matches("error:").count() >= 2,
        "all at once: {}",
        ended.err
    );
    assert!(
        ended.err.contains("error: SampleSheet.csv: is empty"),
        "{}",
        ended.err
    );
    assert!(stub.seen().is_empty());
}

fn run_page() -> Value {
    let mut run = item("run", "run_1", "20231108_LH00188_0028_B22F52TLT3");
    run["pending_transfer"] = json!("tr_1");
    run["run"] = json!({
        "instrument": "LH00188", "platform": "NovaSeq X Plus", "flow_cell": "22F52TLT3", "lanes": 8, "status": "completed",
        "reads": [{"number": 1, "cycles": 151, "indexed": false}, {"number": 2, "cycles": 10, "indexed": true}],
        "started_at": "2023-11-08T15:12:00Z",
    });
    let mut other = item("project", "prj_9", "Taken");
    other["owner"] = json!("wg_other");
    json!({
        "item": run, "owner_name": "Core facility", "level": "own",
        "related": [item("project", "prj_1", "Wetland\u{1b}[2J soils"), other],
        "access": [{"context": "acc_7", "level": "read", "since": "2026-11-20T08:00:00Z", "until": "2027-03-31T23:59:59Z", "accepted_by": "acc_7", "origin": "tr_0"}],
        "history": [{"at": "2026-11-20T08:00:00Z", "person": "acc_1", "channel": "cli", "what": {"what": "registered"}}],
    })
}

#[test]
fn a_run_is_shown_with_what_belongs_to_it() {
    let stub = Stub::new(vec![ok(run_page())]);
    let id = format!("run_{}", "0".repeat(26));
    let ended = Person::signed_in(&stub).runs(&["run", "show", &id]);
    insta::assert_snapshot!(ended.shown());
    assert_eq!(stub.seen()[0].line, format!("GET /api/v1/runs/{id}"));
}

#[test]
fn runs_are_listed_as_wide_as_the_terminal() {
    let stub = Stub::new(vec![
        ok(account()),
        page(vec![item(
            "run",
            "run_1",
            "20231108_LH00188_0028_B22F52TLT3",
        )]),
    ]);
    let mut person = Person::signed_in(&stub);
    person.width = Some(60);
    insta::assert_snapshot!(person.runs(&["run", "list"]).shown());
    assert_eq!(
        stub.seen()[1].line,
        "GET /api/v1/runs?limit=100&context=wg_core"
    );
}

// ---- offering ----

fn previewed(possible: bool) -> Answer {
    let block = json!({"code": "item.trashed", "about": "prj_1", "sentence": "the project \"Wetland soils\" is in the trash", "next_step": "restore it"});
    let warning = json!({"code": "item.in_use", "about": "prj_1", "sentence": "an analysis writes to it", "next_step": "wait until it ends"});
    let whole = transfer("pending");
    ok(json!({
        "possible": possible, "moves": whole["items"], "bytes": whole["bytes"],
        "stays": [{"what": "FASTQ in other projects", "why": "they belong to those projects"}],
        "access": [{"who": "Core facility", "before": "owner", "after": "none"}],
        "expires_at": "2026-12-06T10:47:00Z", "terms": "A transfer cannot be undone.",
        "blocks": if possible { json!([]) } else { json!([block]) }, "warnings": [warning],
    }))
}

fn offered() -> Answer {
    ok(json!({"transfer": transfer("pending"), "already": false, "warnings": []}))
}

const OFFER: [&str; 5] = [
    "transfer",
    "request",
    "20231108_LH00188_0028_B22F52TLT3",
    "--to",
    "tess@lab.example",
];

fn by_name() -> Vec<Answer> {
    let run = item(
        "run",
        "run_00000000000000000000000001",
        "20231108_LH00188_0028_B22F52TLT3",
    );
    vec![
        ok(account()),
        page(vec![run]),
        page(vec![item("project", "prj_1", "Wetland soils")]),
    ]
}

#[test]
fn a_bundle_is_offered_by_name_with_its_terms_confirmed() {
    let mut answers = by_name();
    answers.extend([ok(run_page()), offered()]);
    let stub = Stub::new(answers);
    let typed = [
        &OFFER[..],
        &[
            "--with-projects",
            "--accept-terms",
            "--message",
            "Your run.",
            "--keep-access",
            "read:2027-03-31",
            "--expires",
            "4w",
        ],
    ]
    .concat();
    let ended = Person::signed_in(&stub).runs(&typed);
    insta::assert_snapshot!(ended.shown());
    assert_eq!(
        stub.seen().last().unwrap().json(),
        json!({
            "items": ["run_00000000000000000000000001", "prj_1"], "recipient": "tess@lab.example", "message": "Your run.",
            "keep_access": {"level": "read", "until": "2027-03-31T23:59:59Z"}, "expires_in_days": 28, "accept_terms": true,
        })
    );
}

#[test]
fn off_a_terminal_the_terms_must_have_been_accepted() {
    let stub = Stub::new(by_name());
    let ended = Person::signed_in(&stub).runs(&OFFER);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.err.contains("--accept-terms"), "{}", ended.err);
    assert!(stub.seen().is_empty());
}

#[test]
fn on_a_terminal_the_terms_are_shown_and_asked_for() {
    for (types, exit, asked) in [
        ("yes\n", Exit::Done, 5),
        ("y\n", Exit::Refused, 4),
        ("", Exit::Usage, 4),
    ] {
        let mut answers = by_name();
        answers.extend([previewed(true), offered()]);
        let stub = Stub::new(answers);
        let ended = Person::signed_in(&stub)
            .at_a_terminal(types)
            .runs(&[&OFFER[..], &["--terse"]].concat());
        assert_eq!(ended.exit, exit, "{types:?}: {}", ended.err);
        let seen = stub.seen();
        assert_eq!(seen.len(), asked);
        assert_eq!(seen[3].line, "POST /api/v1/transfers/preview");
        assert_eq!(seen[3].json()["accept_terms"], json!(false));
        if exit == Exit::Done {
            assert_eq!(ended.out, "tr_1\n");
            assert_eq!(seen[4].json()["accept_terms"], json!(true));
            insta::assert_snapshot!("confirmation", ended.err);
        }
    }
}

#[test]
fn a_preview_that_says_no_ends_so() {
    let typed = [
        "transfer",
        "preview",
        "run_00000000000000000000000001",
        "--to",
        "tess@lab.example",
    ];
    let stub = Stub::new(vec![previewed(false)]);
    let person = Person::signed_in(&stub);
    insta::assert_snapshot!(person.runs(&typed).shown());
    let json = person.runs(&[&typed[..], &["--json"]].concat());
    assert_eq!((json.exit, json.err.as_str()), (Exit::Refused, ""));
    assert!(json.out.contains("\"possible\":false"), "{}", json.out);
    let terminal = person.at_a_terminal("yes\n");
    let typed = [
        "transfer",
        "request",
        "run_00000000000000000000000001",
        "--to",
        "tess@lab.example",
    ];
    let ended = terminal.runs(&typed);
    assert_eq!(ended.exit, Exit::Refused, "it is not even asked");
    assert!(
        ended.err.contains("in the trash") && !ended.err.contains("Type yes"),
        "{}",
        ended.err
    );
}

#[test]
fn names_that_are_missing_or_ambiguous_are_all_told() {
    let runs = vec![item("run", "run_1", "Twice"), item("run", "run_2", "Once")];
    let projects = vec![item("project", "prj_1", "Twice")];
    let answers = vec![ok(account()), page(runs), page(projects)];
    let preview = |names: &[&str]| {
        let stub = Stub::new(answers.clone());
        let typed = [&["transfer", "preview", "--to", "tess@lab.example"], names].concat();
        let ended = Person::signed_in(&stub).runs(&typed);
        assert!(stub.seen().iter().all(|seen| seen.line.starts_with("GET")));
        ended
    };
    let both = preview(&["Twice", "Once", "Never"]);
    insta::assert_snapshot!(both.shown());
    assert_eq!(preview(&["Twice", "Once"]).exit, Exit::Usage);
}

// ---- offers ----

#[test]
fn offers_are_listed_from_either_side() {
    let stub = Stub::new(vec![page(vec![transfer("pending"), transfer("expired")])]);
    let person = Person::signed_in(&stub);
    let received = person.runs(&["transfer", "list"]);
    let sent = person.runs(&[
        "transfer",
        "list",
        "--sent",
        "--state",
        "pending",
        "--context",
        "core",
    ]);
    insta::assert_snapshot!(format!("{}\n{}", received.shown(), sent.shown()));
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/transfers?limit=100&role=received",
            "GET /api/v1/transfers?limit=100&role=sent&context=core&state=pending",
        ]
    );
}

#[test]
fn an_offer_is_shown_with_where_it_can_be_accepted() {
    let context = |handle: &str, quota: u64| {
        json!({
            "id": format!("wg_{handle}"), "name": handle.to_uppercase(), "handle": handle, "role": "member", "domain": "public",
            "quota": quota, "usage": 0,
        })
    };
    let full = json!({"code": "target.over_quota", "sentence": "personal has 1.00 TiB free, and 10.0 TiB are needed", "next_step": "choose another context"});
    let choices = json!({"items": [
        {"context": context("personal", 1_099_511_627_776), "default": true, "blocks": [full]},
        {"context": context("techsupport", 109_951_162_777_600), "default": false, "blocks": []},
    ]});
    let letter = json!({"id": "let_1", "kind": "offer", "to": "tess@lab.example", "state": "sent", "created_at": "2026-11-20T10:47:00Z", "at": "2026-11-20T10:47:02Z", "attempts": 1});
    let event = json!({"at": "2026-11-20T10:47:00Z", "person": "acc_1", "channel": "cli", "what": {"what": "pending"}});
    let shown = json!({
        "transfer": transfer("pending"), "as_sender": false, "as_recipient": true, "letters": [letter], "history": [event],
    });
    let stub = Stub::new(vec![ok(shown), ok(choices)]);
    let ended = Person::signed_in(&stub).runs(&["transfer", "show", "tr_1"]);
    insta::assert_snapshot!(ended.shown());
    assert_eq!(stub.seen()[1].line, "GET /api/v1/transfers/tr_1/choices");
}

#[test]
fn each_answer_is_sent_and_told() {
    let cases: [(&[&str], &str, Value); 6] = [
        (
            &["accept", "tr_1", "--into", "TechSupport"],
            "accepted",
            json!({"context": "TechSupport"}),
        ),
        (
            &["decline", "tr_1", "--reason", "not ours"],
            "declined",
            json!({"reason": "not ours"}),
        ),
        (&["cancel", "tr_1"], "cancelled", json!({})),
        (&["resend", "tr_1"], "pending", json!({})),
        (
            &["extend", "tr_1", "--expires", "30d"],
            "pending",
            json!({"expires_in_days": 30}),
        ),
        (
            &["readdress", "tr_1", "--to", "workgroup:lab"],
            "pending",
            json!({"recipient": "workgroup:lab"}),
        ),
    ];
    let mut all = String::new();
    for (typed, state, body) in cases {
        let mut whole = transfer(state);
        if state != "pending" {
            whole["ended_at"] = json!("2026-11-21T09:00:00Z");
        }
        if state == "accepted" {
            whole["accepted_into_name"] = json!("TechSupport");
            whole["renamed"] = json!({"prj_1": "Wetland soils (2)"});
        }
        let answer =
            |already: bool| ok(json!({"transfer": whole, "already": already, "warnings": []}));
        let stub = Stub::new(vec![answer(false), answer(true)]);
        let person = Person::signed_in(&stub);
        let typed = [&["transfer"], typed].concat();
        for _ in 0..2 {
            let ended = person.runs(&typed);
            assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
            all.push_str(&format!("$ {}\n{}\n", typed.join(" "), ended.out));
        }
        let seen = stub.seen();
        assert_eq!(
            seen[0].line,
            format!("POST /api/v1/transfers/tr_1/{}", typed[1])
        );
        assert_eq!(seen[0].json(), body);
        assert_eq!(
            person.runs(&[&typed[..], &["--terse"]].concat()).out,
            "tr_1\n"
        );
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_typed_cannot_leave_its_place_in_the_path() {
    let stub = Stub::new(vec![problem(404, "route.not_found")]);
    let ended = Person::signed_in(&stub).runs(&["transfer", "show", "../account?x#y"]);
    assert_eq!(ended.exit, Exit::NotFound);
    assert_eq!(
        stub.seen()[0].line,
        "GET /api/v1/transfers/..%2Faccount%3Fx%23y"
    );
}

#[test]
fn senders_are_blocked_and_let_in_without_a_look_at_the_others() {
    for (typed, sent) in [
        (
            vec!["--block", "A@lab.example", "--block", "b@lab.example"],
            json!({"block": ["A@lab.example", "b@lab.example"]}),
        ),
        (
            vec!["--block", "a@lab.example", "--unblock", "b@lab.example"],
            json!({"block": ["a@lab.example"], "unblock": ["b@lab.example"]}),
        ),
        (vec!["--block-nobody"], json!({"blocked": []})),
    ] {
        let stub = Stub::new(vec![ok(account())]);
        let person = Person::signed_in(&stub);
        let all = [&["settings", "set", "--json"], &typed[..]].concat();
        let ended = person.runs(&all);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        let seen = stub.seen();
        assert_eq!(seen.len(), 1, "{typed:?}: one request says it all");
        assert_eq!(seen[0].line, "PATCH /api/v1/account");
        assert_eq!(seen[0].json(), sent);
    }
}
