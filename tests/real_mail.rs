//! Letters through the mail servers that a site has: Postfix with TLS and a login, Dovecot's mailboxes, read by IMAP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/mail_site/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod mail_site;
#[path = "support/mail_story.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod mail_story;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use daemon::{BINARY, until, within};
use mail_site::{Plan, STRANGER, THEIR_SERVER, send};
use mail_story::Story;

#[test]
fn an_offer_comes_into_the_mailbox_whole() {
    let story = Story::begin(&Plan::default());
    let offered = story.offer("Wetland soils", "tess@lab.test");
    let mut mailbox = story.site.mailbox("tess@lab.test");
    let letter = mailbox.wait_for("the offer", |letter| letter.subject.contains("Wetland"));
    let sent = &offered["letters"][0]["id"];
    let message_id = format!("<{}@reply.site.test>", sent.as_str().unwrap());
    assert_eq!(letter.message_id, message_id);
    assert_eq!(letter.to, "tess@lab.test");
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
        ("Content-Language", "en"),
    ] {
        assert_eq!(letter.header(name).as_deref(), Some(value), "{name}");
    }
    let (_, body) = letter.raw.split_once("\n\n").unwrap();
    let parts: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .collect();
    assert_eq!(
        parts,
        ["text/plain; charset=utf-8", "text/html; charset=utf-8"]
    );
    // The link that was mailed is the one that is served.
    let link = letter.link().unwrap();
    let answer = ureq::get(&link).call().unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{link}");
}

#[test]
fn the_daemon_logs_in_over_tls_and_nobody_sends_without() {
    let story = Story::begin(&Plan::default());
    story.offer("Wetland soils", "tess@lab.test");
    let mut mailbox = story.site.mailbox("tess@lab.test");
    let message = mailbox.wait_for_message("the offer", |raw| raw.contains("Wetland"));
    assert!(message.contains("with ESMTPSA id "), "{message}");
    let letter = "From: core@site.test\nTo: tess@lab.test\nSubject: x\n\nx\n";
    let submission = story.site.submission;
    let refused = send(
        submission,
        STRANGER,
        "core@site.test",
        "tess@lab.test",
        letter,
    );
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("(530): 5.7.0 Must issue a STARTTLS"),
        "{refused}"
    );
    // Nor does anybody use the site to mail others.
    let border = story.site.border;
    let refused = send(border, STRANGER, "x@spam.test", "y@elsewhere.test", letter);
    let refused = refused.unwrap_err();
    assert!(refused.contains("Relay access denied"), "{refused}");
}

#[test]
fn the_doctor_names_what_is_wrong_with_the_login() {
    let story = Story::begin(&Plan::default());
    let config = fs::read_to_string(&story.place.config).unwrap();
    let wrong = story.place.config.with_file_name("wrong-password");
    fs::write(&wrong, "battery staple").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&wrong, private).unwrap();
    let ours = config
        .lines()
        .find(|line| line.starts_with("password_file"))
        .unwrap();
    let mistaken = config.replace(ours, &format!("password_file = \"{}\"", wrong.display()));
    let doctor = |config: &str, trusts: bool| {
        let file = story.place.config.with_file_name("asked.toml");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(BINARY);
        command.args(["doctor", "mail", "--config"]).arg(file);
        if trusts {
            command.env("SSL_CERT_FILE", story.site.certificate());
        }
        let said = command.output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        let line = said.lines().find(|line| line.starts_with("mail server"));
        line.unwrap().to_owned()
    };
    let check = |config: &str, trusts, then: &str| {
        let said = doctor(config, trusts);
        assert!(said.contains(then), "{said}; expected {then}");
    };
    check(&config, true, "ok     localhost:");
    check(
        &mistaken,
        true,
        "AUTH: 535 5.7.8 Error: authentication failed",
    );
    check(&config, false, "invalid peer certificate");
}

#[test]
fn a_recipient_whom_the_mail_server_does_not_know_is_told_of_at_once() {
    let story = Story::begin(&Plan::default());
    let offered = story.offer("Wetland soils", "nobody@lab.test");
    let letter = story.letter(&offered, |letter| letter["state"] != "queued");
    assert_eq!(letter["state"], "undeliverable", "{letter}");
    let reason = letter["last_error"].as_str().unwrap();
    assert!(reason.starts_with("RCPT: 550 5.1.1"), "{reason}");
}

/// The header by which the daemon knows whether a sender is who they claim to be.
fn verdicts(raw: &str) -> Vec<&str> {
    let (head, _) = raw.split_once("\n\n").unwrap();
    let lines = head.lines();
    lines
        .filter_map(|line| line.strip_prefix("Authentication-Results: "))
        .collect()
}

#[test]
fn what_a_stranger_says_about_himself_ends_at_the_border() {
    const FORGED: &str = "site.test; dmarc=pass header.from=lab.test";
    const FAIL: &str = "site.test; dmarc=fail header.from=lab.test";
    let stories = [true, false].map(|filter| {
        Story::begin(&Plan {
            filter,
            ..Plan::default()
        })
    });
    let mut number = 0;
    let mut check = |filter: bool, who: &str, claims: &[&str], then: &[&str]| {
        number += 1;
        let site = &stories[usize::from(!filter)].site;
        let claims: String = claims
            .iter()
            .map(|claim| format!("Authentication-Results: {claim}\n"))
            .collect();
        let subject = format!("Subject: number {number}.\n");
        let raw = format!("{claims}From: Ben <ben@lab.test>\n{subject}\nx\n");
        let (from, to) = ("ben@lab.test", "tess@lab.test");
        match who {
            "logged in" => site.submit(from, to, &raw).unwrap(),
            address => send(site.border, address, from, to, &raw).unwrap(),
        }
        let mut mailbox = site.mailbox(to);
        let came = mailbox.wait_for_message(&subject, |raw| raw.contains(&subject));
        assert_eq!(verdicts(&came), then, "{who}, {claims}");
    };
    check(true, THEIR_SERVER, &[], &[FORGED]);
    check(true, "logged in", &[], &[FORGED]);
    check(true, STRANGER, &[], &[FAIL]);
    for claim in [
        &[FORGED][..],
        &[FORGED, FORGED],
        &["(hello) site.test; dmarc=pass header.from=lab.test"],
        &["SITE.TEST\n ; dmarc=pass header.from=lab.test"],
        &["\n site.test; dmarc=pass header.from=lab.test"],
        &["elsewhere.test; dmarc=pass header.from=lab.test"],
    ] {
        check(true, STRANGER, claim, &[FAIL]);
    }
    // Without a filter at the border, anybody can write it: so nothing is trusted unless a site says that there is one.
    check(false, STRANGER, &[FORGED], &[FORGED]);
}

/// What a person's holiday answers, as Dovecot's users write it.
const VACATION: &str =
    "require [\"vacation\"];\nvacation :days 1 \"On the beach until Monday.\";\n";

#[test]
fn a_vacation_robot_answers_people_and_no_letter() {
    let story = Story::begin(&Plan::default());
    story.site.sieve("tess@lab.test", VACATION);
    let mut mailbox = story.site.mailbox("tess@lab.test");
    story.offer("Wetland soils", "tess@lab.test");
    mailbox.wait_for("the offer", |letter| letter.subject.contains("Wetland"));
    // The robot works: a colleague who writes after that is answered.
    let letter = "From: ben@lab.test\nTo: tess@lab.test\nSubject: Lunch?\nMessage-ID: <1@lab.test>\n\nAt noon?\n";
    send(
        story.site.border,
        THEIR_SERVER,
        "ben@lab.test",
        "tess@lab.test",
        letter,
    )
    .unwrap();
    let mut colleague = story.site.mailbox("ben@lab.test");
    colleague.wait_for_message("the robot's answer", |raw| raw.contains("On the beach"));
    let mut ours = story.site.mailbox("handover@site.test");
    assert_eq!(ours.messages(), &[] as &[String]);
    let log = story.site.log();
    assert_eq!(log.matches("sent vacation response").count(), 1, "{log}");
}

#[test]
fn nothing_is_lost_when_the_mail_server_dies_in_the_middle_of_conversations() {
    const OFFERS: usize = 60;
    let story = Story::begin(&Plan::default());
    let mut mailbox = story.site.mailbox("tess@lab.test");
    let offer = |number| story.offer(&format!("Soils {number}"), "tess@lab.test");
    let mut offers: Vec<_> = (0..OFFERS / 2).map(offer).collect();
    until("the first letters are in the mailbox", within(30), || {
        (mailbox.letters().len() > 3).then_some(())
    });
    // It hears what is said and answers no more; then it is gone, and some letters find nobody.
    story.site.freeze_postfix();
    offers.extend((OFFERS / 2..OFFERS - 5).map(offer));
    story.site.kill_postfix();
    offers.extend((OFFERS - 5..OFFERS).map(offer));
    let cut = offers.iter().filter(|offer| {
        let letter = story.letter(offer, |letter| letter["attempts"].as_u64() > Some(0));
        let error = letter["last_error"].as_str().unwrap_or_default();
        !error.is_empty() && !error.contains("Connection refused")
    });
    let cut = cut.count();
    story.site.revive_postfix();
    let mut wanted = BTreeSet::new();
    for offer in &offers {
        let letter = story.letter(offer, |letter| letter["state"] != "queued");
        assert_eq!(letter["state"], "sent", "{letter}");
        let id = letter["id"].as_str().unwrap();
        wanted.insert(format!("<{id}@reply.site.test>"));
    }
    let arrived = until("every letter is in the mailbox", within(60), || {
        let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for letter in mailbox.letters() {
            let copies = arrived.entry(letter.message_id).or_default();
            copies.push(letter.raw);
        }
        wanted
            .iter()
            .all(|id| arrived.contains_key(id))
            .then_some(arrived)
    });
    assert_eq!(
        arrived.keys().collect::<BTreeSet<_>>(),
        wanted.iter().collect()
    );
    for copies in arrived.values() {
        assert!(copies.iter().all(|copy| *copy == copies[0]), "{copies:?}");
    }
    let again = arrived.values().filter(|copies| copies.len() > 1).count();
    println!("{cut} of {OFFERS} letters were cut off in the middle; {again} came more than once");
    assert!(cut > 0);
}
