//! Trash and archive, and who did what.

use super::*;
use crate::chain::Chain;

const PROJECT: &str = "prj_06h5n8k1a7tq3v9c2m4d6f8g0h";
const RUN: &str = "run_06h5n8k1a7tq3v9c2m4d6f8g0h";

#[test]
fn items_are_trashed_restored_archived_and_purged() {
    let mut all = String::new();
    for verb in ["trash", "restore", "archive", "unarchive", "purge"] {
        let answer = |kind, id| {
            let mut item = item(kind, id, "Wetland soils");
            item["purge_at"] = match verb {
                "purge" => json!("2026-11-29T10:47:00Z"),
                _ => Value::Null,
            };
            ok(item)
        };
        let stub = Stub::new(vec![answer("project", PROJECT), answer("run", RUN)]);
        let person = Person::signed_in(&stub);
        let typed = ["item", verb, PROJECT, RUN];
        let ended = person.runs(&typed);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        all.push_str(&format!("$ {}\n{}\n", typed.join(" "), ended.out));
        let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
        let expected = [("projects", PROJECT), ("runs", RUN)]
            .map(|(list, id)| format!("POST /api/v1/{list}/{id}/{verb}"));
        assert_eq!(lines, expected);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_restored_by_name_is_looked_for_in_the_trash() {
    let page = ok(json!({"items": [item("project", PROJECT, "Old pilot")]}));
    let none = ok(json!({"items": []}));
    let stub = Stub::new(vec![none, page, ok(item("project", PROJECT, "Old pilot"))]);
    let person = Person::signed_in(&stub);
    let typed = [
        "item",
        "restore",
        "Old pilot",
        "--context",
        "core",
        "--terse",
    ];
    let ended = person.runs(&typed);
    assert_eq!(ended.out, format!("{PROJECT}\n"), "{}", ended.err);
    let seen = stub.seen();
    for looked in &seen[..2] {
        assert!(
            looked.line.ends_with("&context=core&state=trashed"),
            "{}",
            looked.line
        );
    }
}

fn entries() -> Value {
    json!([
        {
            "at": "2026-11-22T10:00:00Z", "person": "acc_1", "person_name": "Ada Core", "context": "wg_core", "channel": "cli",
            "about": [PROJECT], "what": {"what": "trashed"}, "number": 7,
            "changes": [{"field": "state", "before": "active", "after": "trashed"}],
        },
        {
            "at": "2026-11-22T09:59:00Z", "person": "acc_1", "person_name": "Ada Core", "context": "acc_1", "channel": "api",
            "about": [], "what": {
                "what": "refused", "command": "POST /api/v1/projects/{project}/trash", "codes": ["item.not_found"], "about": [PROJECT],
            },
        },
        {"at": "2026-11-20T10:00:00Z", "channel": "timer", "about": ["tr_1"], "what": {"what": "expired"}},
    ])
}

#[test]
fn who_did_what_is_listed_and_exported() {
    let stub = Stub::new(vec![ok(json!({"items": entries()}))]);
    let person = Person::signed_in(&stub);
    let typed = [
        "audit",
        "list",
        "--context",
        "core",
        "--from",
        "2026-11-01",
        "--to",
        "2026-12-01T00:00:00Z",
    ];
    let listed = person.runs(&typed);
    insta::assert_snapshot!(listed.shown());
    let line = "GET /api/v1/audit?limit=100&context=core&from=2026-11-01T00%3A00%3A00Z&to=2026-12-01T00%3A00%3A00Z";
    assert_eq!(stub.seen()[0].line, line);
    let exported = person.runs(&["audit", "export", "--item", PROJECT, "--person", "acc_1"]);
    let lines: Vec<Value> = exported
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json!(lines), entries());
    let line = format!("GET /api/v1/audit?limit=100&item={PROJECT}&person=acc_1");
    assert_eq!(stub.seen()[0].line, line);
    let odd = Top::try_parse_from(["handover", "audit", "list", "--from", "yesterday"]);
    assert!(odd.unwrap_err().to_string().contains("write a day such as"));
}

/// Two pages of a journal of three entries.
fn journal(change: fn(&mut Vec<String>)) -> Vec<Answer> {
    let (mut chain, mut entries) = (Chain::default(), Vec::new());
    for word in ["registered", "changed", "trashed"] {
        let place = serde_json::to_value(chain.next()).unwrap();
        let mut entry = json!({ "what": word });
        entry
            .as_object_mut()
            .unwrap()
            .extend(place.as_object().unwrap().clone());
        let entry = entry.to_string();
        chain = chain.with(entry.as_bytes());
        entries.push(entry);
    }
    change(&mut entries);
    let page = |entries: &[String], next: Option<&str>| {
        let head = chain.head.unwrap().to_string();
        let length = chain.length;
        ok(
            json!({"item": PROJECT, "length": length, "head": head, "entries": entries, "next_cursor": next}),
        )
    };
    let (first, second) = entries.split_at(2);
    vec![page(first, Some("12")), page(second, None)]
}

#[test]
fn a_journal_is_verified_here_and_not_by_the_server_that_tells_it() {
    let verified = |change| {
        let stub = Stub::new(journal(change));
        let person = Person::signed_in(&stub);
        let ended = person.runs(&["audit", "verify", PROJECT]);
        let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
        let at = format!("GET /api/v1/projects/{PROJECT}/audit?limit=100");
        assert_eq!(lines, [at.clone(), format!("{at}&cursor=12")]);
        ended
    };
    let whole = verified(|_| {});
    assert_eq!(whole.exit, Exit::Done, "{}", whole.err);
    let altered = verified(|entries| entries[1] = entries[1].replace("changed", "charged"));
    assert_eq!(altered.exit, Exit::Refused);
    let short = verified(|entries| drop(entries.pop()));
    assert_eq!(short.exit, Exit::Refused);
    insta::assert_snapshot!([whole.shown(), altered.shown(), short.shown()].join("\n"));
    let stub = Stub::new(journal(|_| {}));
    let ended = Person::signed_in(&stub).runs(&["audit", "verify", PROJECT, "--json"]);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&told["whole"], &told["length"]), (&json!(true), &json!(3)));
}

#[test]
fn a_store_is_verified_without_a_server() {
    let store = ["handover", "audit", "verify", "--config", "handover.toml"];
    let top = Top::try_parse_from(store).unwrap();
    assert_eq!(
        top.command.store_to_verify(),
        Some(std::path::Path::new("handover.toml"))
    );
    let item = ["handover", "audit", "verify", PROJECT];
    assert_eq!(
        Top::try_parse_from(item).unwrap().command.store_to_verify(),
        None
    );
    for odd in [
        &["handover", "audit", "verify"][..],
        &[&item[..], &store[3..]].concat(),
    ] {
        assert!(Top::try_parse_from(odd).is_err(), "{odd:?}");
    }
}
