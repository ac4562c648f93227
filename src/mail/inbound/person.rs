//! Whether a person wrote a message (check 6 of MAIL §5).
//!
//! A robot must never act, and must never be answered, or two of them write to each other without end (RFC 3834 §2).

use super::fields::{Split, first_word};

/// Headers that only robots write.
const OF_ROBOTS: &[&str] = &["X-Autoreply", "X-Autorespond", "X-Auto-Reply"];
/// What `Precedence` says of mail that is nobody's own.
const IN_BULK: &[&str] = &["bulk", "junk", "list", "auto_reply"];

/// What tells that no person wrote it; a sentence for operators.
///
/// `kind` is the message's type in lower case.
pub fn robot(
    header: &Split<'_>,
    kind: &str,
    envelope_sender: Option<&str>,
) -> Option<&'static str> {
    let Some(sender) = envelope_sender else {
        return Some("its envelope has no sender, as those of robots");
    };
    if daemon(sender) || header.all("From").any(names_daemon) {
        return Some("a mail server sent it");
    }
    if kind == "multipart/report" {
        return Some("it is a report");
    }
    if header
        .all("Auto-Submitted")
        .any(|value| !first_word(value).eq_ignore_ascii_case("no"))
    {
        return Some("its Auto-Submitted says that nobody wrote it");
    }
    let bulk = |value: &str| {
        let word = first_word(value);
        IN_BULK.iter().any(|bulk| word.eq_ignore_ascii_case(bulk))
    };
    if header.all("Precedence").any(bulk) {
        return Some("its Precedence says that it went to many, or by itself");
    }
    let by_robot = |name: &&str| header.all(name).next().is_some();
    OF_ROBOTS
        .iter()
        .any(by_robot)
        .then_some("it has a header that only robots write")
}

fn daemon(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    local.trim().eq_ignore_ascii_case("mailer-daemon")
}

fn names_daemon(from: &str) -> bool {
    let address = from.rsplit_once('<').map_or(from, |(_, address)| address);
    daemon(address)
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn robots_are_told_from_persons() {
        let check = |header: &str, kind: &str, sender: Option<&str>, expected: bool| {
            let raw = format!("{header}\r\n\r\n");
            let split = fields::split(raw.as_bytes()).unwrap();
            let found = robot(&split, kind, sender).is_some();
            assert_eq!(found, expected, "{header} {kind} {sender:?}");
        };
        let anna = Some("anna@lab.example");
        for person in [
            "From: anna@lab.example",
            "Auto-Submitted: no",
            "Auto-Submitted: (really) No (person)",
            "Precedence: first-class",
            "From: Mailer-Daemon Fan <anna@lab.example>",
        ] {
            check(person, "text/plain", anna, false);
        }
        for robot in [
            "Auto-Submitted: auto-replied",
            "auto-submitted: auto-generated (vacation)",
            "Auto-Submitted:",
            "Auto-Submitted: no\r\nAuto-Submitted: auto-replied",
            "Auto-Submitted: not-a-robot",
            "Precedence: bulk",
            "Precedence: Junk",
            "Precedence: list",
            "Precedence: auto_reply",
            "X-Autoreply: yes",
            "X-Autorespond:",
            "From: MAILER-DAEMON@lab.example (Mail Delivery System)",
            "From: Mail Delivery System <Mailer-Daemon@lab.example>",
        ] {
            check(robot, "text/plain", anna, true);
        }
        check("A: b", "multipart/report", anna, true);
        check("A: b", "text/plain", None, true);
        check("A: b", "text/plain", Some("MAILER-DAEMON"), true);
        check("A: b", "text/plain", Some("mailer-daemon@x.example"), true);
    }
}
