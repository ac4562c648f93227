//! Arrows between the parts point down only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part may use of the crate, besides itself.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("clock", &[][..]),
        ("config", &[]),
        ("telemetry", &[]),
        ("runfolder", &[]),
        ("wire", &[]),
        ("chain", &[]),
        ("size", &[]),
        ("domain", &["chain", "size"]),
        ("ids", &["domain"]),
        ("store", &["domain"]),
        ("mail", &["domain", "clock", "size"]),
        ("actors", &["store", "domain", "chain", "clock", "ids"]),
        (
            "courier",
            &["actors", "store", "mail", "domain", "clock", "ids"],
        ),
        (
            "web",
            &[
                "chain",
                "actors",
                "store",
                "mail",
                "domain",
                "clock",
                "ids",
                "wire",
                "config",
                "telemetry",
            ],
        ),
        (
            "cli",
            &["wire", "runfolder", "clock", "ids", "chain", "size"],
        ),
        (
            "daemon",
            &[
                "chain",
                "web",
                "courier",
                "actors",
                "store",
                "mail",
                "domain",
                "clock",
                "ids",
                "config",
                "telemetry",
            ],
        ),
        (
            "demo",
            &[
                "daemon",
                "cli",
                "web",
                "courier",
                "actors",
                "store",
                "mail",
                "domain",
                "clock",
                "ids",
                "config",
                "telemetry",
                "wire",
                "runfolder",
            ],
        ),
    ])
}

/// Packages that only some parts may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("redb", &["store"]),
    ("ractor", &["actors"]),
    ("lettre", &["mail"]),
    ("mail_auth", &["mail"]),
    ("axum", &["web"]),
    ("openidconnect", &["web"]),
    ("ureq", &["cli", "daemon", "demo", "web"]),
    ("rand", &["ids"]),
    (
        "tokio",
        &[
            "store", "actors", "courier", "mail", "web", "daemon", "demo",
        ],
    ),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn arrows_between_the_parts_point_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let allowed = allowed();
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap().as_os_str();
        let part = first.to_str().unwrap().trim_end_matches(".rs");
        if matches!(part, "main" | "lib") {
            continue;
        }
        let Some(may) = allowed.get(part) else {
            wrong.push(format!("{part} is not in the table of tests/layers.rs"));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        // Tests at the end of a file may reach further.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        if inside.to_str().unwrap().contains("tests") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for (used, _) in code.match_indices("crate::") {
                let rest = &code[used + "crate::".len()..];
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if name != part
                    && allowed.contains_key(name.as_str())
                    && !may.contains(&name.as_str())
                {
                    wrong.push(format!(
                        "{}:{}: {part} uses {name}",
                        inside.display(),
                        number + 1
                    ));
                }
            }
            for (package, parts) in ONLY_IN {
                let named = code.starts_with(&format!("use {package}::"))
                    || code.contains(&format!(" {package}::"));
                if named && !parts.contains(&part) {
                    wrong.push(format!(
                        "{}:{}: {part} uses {package}",
                        inside.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_that_the_table_of_threats_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/threats.md")).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    // The first is the head.
    for row in &rows[1..] {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let mut named = Vec::new();
        // Names in backquotes, and behind them the file that holds them.
        for part in tests
            .split('`')
            .filter(|part| !part.trim_matches([',', ' ']).is_empty())
        {
            let Some(place) = part.trim().strip_prefix('(') else {
                named.push(part);
                continue;
            };
            let file = place.split([',', ')']).next().unwrap();
            let text = fs::read_to_string(root.join(file)).unwrap();
            for name in named.drain(..) {
                assert!(text.contains(&format!("fn {name}(")), "{file}: {name}");
            }
        }
        assert!(named.is_empty(), "{row}");
    }
    assert!(rows.len() > 20, "{}", rows.len());
}
