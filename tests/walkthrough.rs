//! `docs/sharing.md`, played as it is written: every command of it, by the people it names, against a running daemon.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use daemon::{BINARY, Place};
use handover::domain::secret::SiteKey;

/// What the page takes for granted.
const SITE: &str = "[workgroups]\ncreate = \"anyone\"\n[[domain]]\nname = \"uni\"\nsuffixes = [\"uni.example\"]\nadministrators = [\"dean@uni.example\"]\n";

/// Who types, and with which address.
const PEOPLE: [(&str, &str); 5] = [
    ("ana", "ana@lab.example"),
    ("ben", "ben@lab.example"),
    ("core", "core@facility.example"),
    ("tess", "tess@lab.example"),
    ("dora", "dora@uni.example"),
];

/// Commands that the page says are refused, by how they begin.
const REFUSED: [&str; 4] = [
    "transfer request \"Beech leaves\" --context inner --to tess@lab.example",
    "share invite \"Beech leaves\" --context inner --to tess@lab.example",
    "transfer request \"Beech leaves\" --context personal --to workgroup:inner",
    "invitation accept $INVITATION --into personal",
];

struct Person {
    home: PathBuf,
}

impl Person {
    fn run(&self, arguments: &[String]) -> Output {
        Command::new(BINARY)
            .args(arguments)
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join("config"))
            .env_remove("HANDOVER_URL")
            .env_remove("HANDOVER_TOKEN")
            .output()
            .unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let output = self.run(&arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Signs in with the code that the letter would hold.
    fn sign_in(home: &Path, site: &str, key: &SiteKey, address: &str) -> Self {
        std::fs::create_dir_all(home).unwrap();
        let person = Self {
            home: home.to_owned(),
        };
        let id = person.says(&["login", "--url", site, "--address", address, "--terse"]);
        let code = key.code(id.trim().parse().unwrap());
        let with = ["--sign-in", id.trim(), "--code", &code];
        person.says(&[&["login", "--url", site], with.as_slice()].concat());
        person
    }

    /// What the page writes as a name, as somebody at the terminal would look it up.
    fn looks_up(&self, name: &str, last: &str) -> String {
        let newest = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
        match name {
            "$INVITATION" => {
                newest(self.says(&["invitation", "list", "--state", "pending", "--terse"]))
            }
            "$TRANSFER" => newest(self.says(&[
                "transfer",
                "list",
                "--received",
                "--state",
                "pending",
                "--terse",
            ])),
            "$LINK" => {
                let start = last
                    .find("http")
                    .unwrap_or_else(|| panic!("no link in {last}"));
                let url = last[start..].split_whitespace().next().unwrap();
                url.to_owned()
            }
            "$LINK_ID" => {
                let start = last
                    .find("lnk_")
                    .unwrap_or_else(|| panic!("no id in {last}"));
                last[start..start + 30].to_owned()
            }
            other => panic!("{other} is not known"),
        }
    }
}

/// The words of a line as a shell would see them.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    quoted
        .flat_map(|(n, piece)| match n % 2 {
            0 => piece.split_whitespace().map(str::to_owned).collect(),
            _ => vec![piece.to_owned()],
        })
        .collect()
}

#[test]
fn the_page_about_sharing_is_true() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody takes the letters; they wait.
    let place = Place::new(&folder.path().join("site"), post_office::free_port(), SITE);
    let mut daemon = place.start();
    daemon.ready(&place);
    let key = std::fs::read(folder.path().join("site/handover.key")).unwrap();
    let key = SiteKey::new(key.try_into().unwrap());
    let people: BTreeMap<&str, Person> = PEOPLE
        .iter()
        .map(|(name, address)| {
            let home = folder.path().join(name);
            (*name, Person::sign_in(&home, &place.site, &key, address))
        })
        .collect();

    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sharing.md");
    let page = std::fs::read_to_string(page).unwrap();
    // What the last commands about links printed; names in the page stand for it.
    let mut printed = String::new();
    let mut played = 0;
    // The same words are right at first and refused at the end, where the page says so.
    let mut at_the_way_out = false;
    for line in page.lines() {
        at_the_way_out |= line.starts_with("The way out is refused");
        let Some((who, command)) = line.trim().split_once("$ handover ") else {
            continue;
        };
        let person = people.get(who).unwrap_or_else(|| panic!("who is {who}?"));
        let mut arguments = words(command);
        for word in arguments.iter_mut().filter(|word| word.starts_with('$')) {
            *word = person.looks_up(word, &printed);
        }
        let output = person.run(&arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        let refused = at_the_way_out && REFUSED.iter().any(|start| command.starts_with(start));
        let expected = i32::from(refused);
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{who}$ {command}\n{told}"
        );
        assert_eq!(refused, told.contains("domain"), "{who}$ {command}\n{told}");
        if command.starts_with("link create") || command.starts_with("link list") {
            printed = String::from_utf8(output.stdout).unwrap();
        }
        played += 1;
    }
    assert!(played > 30, "only {played} commands were found");
}
