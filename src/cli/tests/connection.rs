//! Sent until it is answered, carried out once, never to the wrong place.

use super::*;

#[test]
fn a_command_is_sent_again_under_the_same_key_until_it_is_answered() {
    let stub = Stub::new(vec![
        problem(503, "service.overloaded").with("Retry-After: 3"),
        Answer::HangsUp,
        problem(409, "conflict.try_again"),
        ok(item("project", "prj_1", "Soils")),
    ]);
    let person = Person::signed_in(&stub);
    let ended = person.runs(&["project", "create", "Soils", "--terse"]);
    assert_eq!(
        (ended.exit, ended.out.as_str()),
        (Exit::Done, "prj_1\n"),
        "{}",
        ended.err
    );
    let seen = stub.seen();
    assert_eq!(seen.len(), 4);
    let key = seen[0].header("idempotency-key").unwrap().to_owned();
    assert_eq!(key.len(), 32);
    for request in &seen {
        assert_eq!(request.line, "POST /api/v1/projects");
        assert_eq!(request.header("idempotency-key"), Some(key.as_str()));
        assert_eq!(request.header("handover-client"), Some("cli"));
        assert_eq!(request.header("authorization"), Some("Bearer the-secret"));
        assert_eq!(request.json(), json!({"name": "Soils"}));
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("handover/"), "{agent}");
    }
    let waits = person.waits.borrow();
    assert_eq!(waits.len(), 3);
    assert_eq!(
        waits[0],
        Duration::from_secs(3),
        "as long as the server asked for"
    );
}

#[test]
fn a_given_key_is_the_key() {
    let stub = Stub::new(vec![ok(item("project", "prj_1", "Soils"))]);
    let typed = ["project", "create", "Soils", "--idempotency-key", "monday"];
    assert_eq!(Person::signed_in(&stub).runs(&typed).exit, Exit::Done);
    assert_eq!(stub.seen()[0].header("idempotency-key"), Some("monday"));
}

#[test]
fn patience_ends_after_half_a_minute_and_the_key_is_told() {
    for last in [problem(503, "service.unavailable"), Answer::HangsUp] {
        let stub = Stub::new(vec![last]);
        let person = Person::signed_in(&stub);
        let ended = person.runs(&["transfer", "accept", "tr_1"]);
        assert_eq!(ended.exit, Exit::TryAgain);
        let key = stub.seen()[0].header("idempotency-key").unwrap().to_owned();
        assert!(
            ended.err.contains(&format!("--idempotency-key {key}")),
            "{}",
            ended.err
        );
        let waited: Duration = person.waits.borrow().iter().sum();
        assert!(
            (Duration::from_secs(15)..=Duration::from_secs(30)).contains(&waited),
            "{waited:?}"
        );
    }
}

#[test]
fn a_wait_beyond_patience_is_not_begun() {
    for seconds in ["3600", "18446744073709551615"] {
        let long = problem(429, "limit.too_many").with(&format!("Retry-After: {seconds}"));
        let stub = Stub::new(vec![long]);
        let person = Person::signed_in(&stub);
        assert_eq!(person.runs(&["whoami"]).exit, Exit::TryAgain);
        assert_eq!((stub.seen().len(), person.waits.borrow().len()), (1, 0));
    }
}

#[test]
fn nobody_at_the_other_end_is_temporary() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut person = Person::new();
    person.url = Some(format!("http://{gone}"));
    person.token = Some("the-secret".into());
    let ended = person.runs(&["whoami"]);
    assert_eq!(ended.exit, Exit::TryAgain);
    assert!(ended.err.contains("cannot be reached"), "{}", ended.err);
    assert!(
        !ended.err.contains("idempotency"),
        "a question needs no key: {}",
        ended.err
    );
}

#[test]
fn what_the_api_refuses_decides_the_exit_code() {
    let cases = [
        (401, "person.not_signed_in", Exit::NotSignedIn),
        (403, "token.scope_missing", Exit::NotSignedIn),
        (403, "item.forbidden", Exit::Refused),
        (404, "transfer.not_found", Exit::NotFound),
        (404, "route.not_found", Exit::NotFound),
        (405, "route.method_not_allowed", Exit::Server),
        (409, "transfer.expired", Exit::Refused),
        (409, "target.over_quota", Exit::Refused),
        (422, "request.invalid", Exit::Usage),
        (422, "idempotency_key.reused", Exit::Refused),
        (429, "limit.too_many", Exit::TryAgain),
        (500, "service.broken", Exit::Server),
    ];
    for (status, code, exit) in cases {
        let stub = Stub::new(vec![problem(status, code)]);
        let ended = Person::signed_in(&stub).runs(&["transfer", "cancel", "tr_1"]);
        assert_eq!(ended.exit, exit, "{status} {code}");
        assert!(ended.err.contains(code), "{}", ended.err);
        let operators = ended.err.contains("req-1");
        assert_eq!(
            operators,
            exit == Exit::Server,
            "{code}: the request's id is for faults"
        );
        assert_eq!(stub.seen().len(), 1, "{code} is not asked twice");
    }
}

fn two_guards() -> Value {
    json!({
        "type": "/docs/problems#item.trashed", "title": "the run \"A\" is in the trash", "status": 409,
        "detail": "restore it", "code": "item.trashed", "request_id": "req-1",
        "guards": [
            {"code": "item.trashed", "about": "run_1", "sentence": "the run \"A\" is in the trash", "next_step": "restore it"},
            {"code": "target.over_quota", "sentence": "TechSupport\u{1b}[31m has 1 TiB free, and 10 TiB are needed", "next_step": "choose another context"},
        ],
    })
}

#[test]
fn every_guard_is_told_with_its_next_step() {
    let refused = says(409, "application/problem+json", two_guards());
    let stub = Stub::new(vec![refused]);
    let ended = Person::signed_in(&stub).runs(&["transfer", "accept", "tr_1"]);
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn programs_get_the_problem_as_it_came() {
    let refused = says(409, "application/problem+json", two_guards());
    let stub = Stub::new(vec![refused]);
    let ended = Person::signed_in(&stub).runs(&["transfer", "accept", "tr_1", "--json"]);
    assert_eq!(ended.err, format!("{}\n", two_guards()));
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Refused, ""));

    let own = Person::new().runs(&["whoami", "--json"]);
    let document: Value = serde_json::from_str(&own.err).unwrap();
    assert_eq!(document["code"], "client.not_signed_in");
}

#[test]
fn what_is_no_handover_server_is_said_to_be_none() {
    let cases = [
        (says(200, "text/html", "<html>"), Exit::Server),
        (
            says(200, "application/json", "{\"odd\": true}"),
            Exit::Server,
        ),
        (says(404, "text/html", "<html>"), Exit::Server),
        (
            says(500, "application/problem+json", "not json"),
            Exit::Server,
        ),
        (says(502, "text/html", "<html>"), Exit::TryAgain),
        (
            says(301, "text/html", "").with("Location: http://elsewhere.example/"),
            Exit::Server,
        ),
    ];
    for (answer, exit) in cases {
        let stub = Stub::new(vec![answer]);
        let ended = Person::signed_in(&stub).runs(&["whoami"]);
        assert_eq!(ended.exit, exit, "{}", ended.err);
        assert_eq!(ended.out, "");
    }
}

#[test]
fn a_token_goes_to_the_server_that_gave_it_and_to_no_other() {
    let (own, other) = (
        Stub::new(vec![ok(account()), ok(json!({ "items": [] }))]),
        Stub::new(vec![ok(account())]),
    );
    let person = Person::new();
    let file = File::in_folder(Some(&person.folder())).unwrap();
    file.write(&Saved {
        url: Some(own.url.clone()),
        token: Some("saved-secret".into()),
        token_id: None,
    })
    .unwrap();
    assert_eq!(person.runs(&["whoami"]).exit, Exit::Done);
    assert_eq!(
        own.seen()[0].header("authorization"),
        Some("Bearer saved-secret")
    );
    let ended = person.runs(&["whoami", "--url", &other.url]);
    assert_eq!(ended.exit, Exit::NotSignedIn);
    assert!(
        ended
            .err
            .contains(&format!("handover login --url {}", other.url)),
        "{}",
        ended.err
    );
    let clear = person.runs(&["whoami", "--url", "http://handover.uni.example"]);
    assert_eq!(clear.exit, Exit::Usage);
    assert!(other.seen().is_empty());
}

// ---- lists ----

fn pages() -> Vec<Answer> {
    let page = |from: u32, next: Value| {
        let items: Vec<Value> = (from..from + 2)
            .map(|n| item("run", &format!("run_{n}"), &format!("run {n}")))
            .collect();
        let mut page = json!({"items": items});
        if next != Value::Null {
            page["next_cursor"] = next;
        }
        ok(page)
    };
    vec![
        page(1, json!("after 2")),
        page(3, json!("after 4")),
        page(5, Value::Null),
    ]
}

#[test]
fn a_list_goes_on_through_its_pages() {
    let stub = Stub::new(pages());
    let person = Person::signed_in(&stub);
    let ended = person.runs(&["run", "list", "--context", "core", "--json"]);
    let all: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(all.len(), 6);
    assert_eq!(all[5], item("run", "run_6", "run 6"), "exactly as it came");
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    let expected = [
        "GET /api/v1/runs?limit=100&context=core",
        "GET /api/v1/runs?limit=100&context=core&cursor=after%202",
        "GET /api/v1/runs?limit=100&context=core&cursor=after%204",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_limit_is_kept_and_the_rest_not_fetched() {
    for (limit, ids, asked) in [
        ("3", "run_1\nrun_2\nrun_3\n", 2),
        ("2", "run_1\nrun_2\n", 1),
    ] {
        let stub = Stub::new(pages());
        let typed = [
            "run",
            "list",
            "--context",
            "core",
            "--terse",
            "--limit",
            limit,
        ];
        let ended = Person::signed_in(&stub).runs(&typed);
        assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, ids));
        assert_eq!(stub.seen().len(), asked);
        assert!(ended.err.contains("there are more"), "{}", ended.err);
    }
}

#[test]
fn a_list_that_breaks_off_is_no_array() {
    let stub = Stub::new(vec![pages().remove(0), problem(404, "item.not_found")]);
    let ended = Person::signed_in(&stub).runs(&["run", "list", "--context", "core", "--json"]);
    assert_eq!(ended.exit, Exit::NotFound);
    assert!(serde_json::from_str::<Value>(&ended.out).is_err());
}

#[test]
fn an_empty_list_is_an_empty_array() {
    let stub = Stub::new(vec![ok(json!({"items": []}))]);
    let person = Person::signed_in(&stub);
    assert_eq!(person.runs(&["transfer", "list", "--json"]).out, "[]\n");
    let told = person.runs(&["transfer", "list"]).err;
    assert_eq!(
        told,
        "offers to you; --sent lists those you made\nnothing there\n"
    );
}

#[test]
fn a_server_that_repeats_its_cursor_does_not_hold_the_client() {
    let page = ok(json!({"items": [item("run", "run_1", "one")], "next_cursor": "same"}));
    let stub = Stub::new(vec![page]);
    let ended = Person::signed_in(&stub).runs(&["run", "list", "--context", "core", "--terse"]);
    assert_eq!(
        (ended.exit, ended.out.as_str()),
        (Exit::Done, "run_1\nrun_1\n")
    );
}
