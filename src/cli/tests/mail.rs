//! What each command about the site's mail asks and prints.

use super::*;

fn letter(state: &str) -> Value {
    json!({
        "id": "let_1", "kind": "offer", "to": "tess@lab.example", "state": state, "created_at": "2026-11-21T08:00:00Z",
        "at": "2026-11-21T08:00:03Z", "attempts": 3, "last_error": "550 no such \u{1b}[2Juser", "about": "tr_1",
        "next_attempt_at": (state == "queued").then_some("2026-11-22T11:00:00Z"),
    })
}

fn message(outcome: Option<&str>) -> Value {
    json!({
        "id": "msg_1", "letter": "let_1", "purpose": "reply", "at": "2026-11-22T10:00:00Z", "bytes": 2048,
        "outcome": outcome, "why": outcome.map(|_| "nobody vouches for it"),
        "done_at": outcome.map(|_| "2026-11-22T10:00:01Z"),
    })
}

fn address(undeliverable: bool, since: Option<&str>) -> Value {
    json!({
        "address": "tess@lab.example", "undeliverable": undeliverable, "since": since, "reason": since.map(|_| "5.1.1"),
    })
}

fn page(one: Value) -> Answer {
    ok(json!({ "items": [one] }))
}

#[test]
fn each_command_is_sent_and_told() {
    let doubtful = || address(false, Some("2026-11-22T09:00:00Z"));
    let overview = json!({
        "letters": { "first": "let_1", "since": "2026-11-22T10:27:00Z", "seconds": 1200, "late": true, "due": 1000 },
        "outcomes": [
            { "outcome": "decided", "why": "accepted", "messages": 12 },
            { "outcome": "unauthenticated", "why": "dmarc=fail", "messages": 1 },
        ],
        "counted": 13, "more": false,
    });
    let calm = json!({ "outcomes": [], "counted": 0, "more": false });
    let since = ["--since", "2026-11-20"];
    let cases: Vec<(Vec<&str>, Answer)> = vec![
        (vec!["status"], ok(overview.clone())),
        (vec!["status", "--terse"], ok(overview)),
        (vec!["status"], ok(calm)),
        (vec!["outbox", "list"], page(letter("bounced"))),
        (
            [
                &[
                    "outbox",
                    "list",
                    "--state",
                    "dead",
                    "--address",
                    "tess@lab.example",
                    "--terse",
                ],
                &since[..],
            ]
            .concat(),
            page(letter("dead")),
        ),
        (vec!["outbox", "show", "let_1"], ok(letter("queued"))),
        (
            vec!["outbox", "show", "let_1", "--json"],
            ok(letter("bounced")),
        ),
        (
            vec!["outbox", "retry", "let_1", "--terse"],
            ok(letter("queued")),
        ),
        (
            vec!["outbox", "drop", "let_1", "--reason", "wrong person"],
            ok(letter("withdrawn")),
        ),
        (
            vec!["outbox", "drop", "let_1"],
            problem(409, "mail.not_now"),
        ),
        (
            vec!["outbox", "show", "let_2"],
            problem(404, "mail.not_found"),
        ),
        (
            [
                &[
                    "inbound",
                    "list",
                    "--outcome",
                    "unauthenticated",
                    "--letter",
                    "let_1",
                ],
                &since[..],
            ]
            .concat(),
            page(message(Some("unauthenticated"))),
        ),
        (
            vec!["inbound", "list", "--outcome", "waiting"],
            page(message(None)),
        ),
        (
            vec!["inbound", "show", "msg_1"],
            ok(message(Some("given-up"))),
        ),
        (vec!["inbound", "retry", "msg_1"], ok(message(None))),
        (
            vec!["inbound", "drop", "msg_1", "--reason", "spam"],
            ok(message(Some("dropped"))),
        ),
        (
            [&["addresses", "list", "--state", "doubtful"], &since[..]].concat(),
            page(doubtful()),
        ),
        (
            vec!["addresses", "show", "tess@lab.example"],
            ok(address(true, Some("2026-11-22T09:00:00Z"))),
        ),
        (
            vec!["addresses", "reset", "tess@lab.example"],
            ok(address(false, None)),
        ),
        (
            vec!["addresses", "list"],
            problem(403, "person.administrators_only"),
        ),
    ];
    insta::assert_snapshot!(played("mail", cases));
}
