//! What each command of administrators asks and prints.

use super::*;

fn one(state: &str) -> Value {
    json!({
        "id": "mv_1", "state": state, "from": "acc_1", "from_name": "Anna (Personal)", "to": "wg_lab", "to_name": "The lab",
        "reason": "has left", "proposed_by": "dean@uni.example", "proposed_at": "2026-11-20T08:00:00Z",
        "approved_by": "vice@uni.example", "approved_at": "2026-11-21T08:00:00Z", "items": 251, "bytes": 5_000_000_000_u64,
    })
}

#[test]
fn each_command_is_sent_and_told() {
    let event = json!({ "at": "2026-11-21T08:00:00Z", "person": "acc_2", "channel": "api", "what": { "what": "stepped", "items": 250 } });
    let cases: Vec<(Vec<&str>, Answer)> = vec![
        (
            vec![
                "propose",
                "--from",
                "anna@uni.example",
                "--to",
                "workgroup:lab",
                "--reason",
                "has left",
            ],
            ok(one("proposed")),
        ),
        (vec!["list"], ok(json!({ "items": [one("proposed")] }))),
        (
            vec!["list", "--closed", "--terse"],
            ok(json!({ "items": [one("done")] })),
        ),
        (
            vec!["show", "mv_1"],
            ok(json!({ "move": one("moving"), "history": [event] })),
        ),
        (vec!["approve", "mv_1"], ok(one("done"))),
        (vec!["cancel", "mv_1"], ok(one("cancelled"))),
    ];
    let (typed, answers): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let stub = Stub::new(answers);
    let person = Person::signed_in(&stub);
    let mut told = String::new();
    for typed in typed {
        let typed = [&["admin", "move"], &typed[..]].concat();
        let ended = person.runs(&typed);
        let seen = stub.seen().remove(0);
        told.push_str(&format!(
            "$ {}\n{} {}\n{}\n",
            typed.join(" "),
            seen.line,
            seen.body,
            ended.shown()
        ));
    }
    insta::assert_snapshot!(told);
}
