//! What each command of administrators asks and prints.

use super::*;

fn one(state: &str) -> Value {
    json!({
        "id": "mv_1", "state": state, "from": "acc_1", "from_name": "Anna (Personal)", "to": "wg_lab", "to_name": "The lab",
        "reason": "has left", "proposed_by": "dean@uni.example", "proposed_at": "2026-11-20T08:00:00Z",
        "approved_by": "vice@uni.example", "approved_at": "2026-11-21T08:00:00Z", "items": 251, "bytes": 5_000_000_000_u64,
    })
}

/// Of a run and so many projects, with a sight of the run and one of them.
fn preview(projects: u64, more: bool) -> Value {
    let seen = |kind: &str, id: &str, name: &str| json!({ "id": id, "kind": kind, "name": name, "bytes": 4096, "files": 1 });
    json!({
        "from": "acc_1", "from_name": "Anna (Personal)", "to": "wg_lab", "to_name": "The lab", "runs": 1, "projects": projects,
        "more": more, "bytes": 9_000_000_000_u64, "free": (projects == 1).then_some(1_u64 << 40),
        "items": [seen("run", "run_1", "20231108_LH00188"), seen("project", "prj_1", "Wetland soils\u{1b}[2J")],
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
            vec![
                "preview",
                "--from",
                "anna@uni.example",
                "--to",
                "workgroup:lab",
            ],
            ok(preview(1_000, true)),
        ),
        (
            vec!["preview", "--from", "acc_1", "--to", "wg_lab", "--terse"],
            ok(preview(1, false)),
        ),
        (
            vec!["show", "mv_1"],
            ok(json!({ "move": one("proposed"), "preview": preview(1, false), "history": [] })),
        ),
        (
            vec!["show", "mv_1"],
            ok(json!({ "move": one("moving"), "preview": preview(60, false), "history": [event] })),
        ),
        (
            vec!["show", "mv_1"],
            ok(json!({ "move": one("done"), "history": [] })),
        ),
        (vec!["approve", "mv_1"], ok(one("done"))),
        (vec!["cancel", "mv_1"], ok(one("cancelled"))),
    ];
    insta::assert_snapshot!(played("admin move", cases));
}
