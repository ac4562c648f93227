//! Answers by mail through the mail servers that a site has: a person reads the letter in their mailbox and answers it; Postfix brings the
//! answer to the daemon's door. And what robots, strangers and accidents send there, which changes nothing.
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

use std::os::unix::fs::chown;
use std::process::Command;
use std::time::Duration;

use daemon::{BINARY, now, until, within};
use mail_site::{NOBODY, Plan, STRANGER, THEIR_SERVER, send};
use mail_story::{Story, reply};
use post_office::Delivered;
use serde_json::Value;

const TESS: &str = "tess@lab.test";

/// An offer that is in the mailbox of the person who is asked.
struct Asked {
    story: Story,
    offer: Value,
    letter: Delivered,
}

impl Asked {
    fn by(story: Story) -> Self {
        let offer = story.offer("Wetland soils", TESS);
        let mut mailbox = story.site.mailbox(TESS);
        let letter = mailbox.wait_for("the offer", |letter| letter.subject.contains("Wetland"));
        Self {
            story,
            offer,
            letter,
        }
    }

    fn new() -> Self {
        Self::by(Story::with_door(&Plan::default(), "act"))
    }

    fn id(&self) -> &str {
        self.offer["transfer"]["id"].as_str().unwrap()
    }

    /// What the person answers, as their own mail server brings it.
    fn answers(&self, text: &str) {
        let raw = reply(&self.letter, TESS, text, "");
        self.brings(THEIR_SERVER, TESS, &raw);
    }

    /// Somebody's mail server brings this to the address of the letter.
    fn brings(&self, from_ip: &str, sender: &str, raw: &str) {
        let to = self.reply_to();
        send(self.story.site.border, from_ip, sender, &to, raw).unwrap();
    }

    fn reply_to(&self) -> String {
        self.letter.header("Reply-To").unwrap()
    }

    /// Where reports about the letter go, as the mail server of the mailbox wrote it down.
    fn return_path(&self) -> String {
        let mut mailbox = self.story.site.mailbox(TESS);
        let raw =
            mailbox.wait_for_message("the offer", |raw| raw.contains(&self.letter.message_id));
        let line = raw
            .lines()
            .find_map(|line| line.strip_prefix("Return-Path: "));
        line.unwrap().trim_matches(['<', '>']).to_owned()
    }

    fn until_it_is(&self, state: &str) -> Value {
        self.story.until_it_is(self.id(), state)
    }

    /// What Handover writes to this person after the offer.
    fn answer_to(&self, address: &str, what: &str) -> Delivered {
        let mut mailbox = self.story.site.mailbox(address);
        mailbox.wait_for(what, |letter| {
            letter.message_id != self.letter.message_id && letter.code().is_none()
        })
    }

    /// The offer stands as before, and this is what became of the message.
    fn nothing_happened(&self, outcome: &str) {
        self.story.until_outcome(outcome, 1);
        let page = self.story.transfer(self.id());
        assert_eq!(page["transfer"]["state"], "pending", "{page}");
    }
}

#[test]
fn accepting_by_mail_takes_less_than_a_second_besides_the_persons_own_time() {
    let story = Story::with_door(&Plan::default(), "act");
    let mut mailbox = story.site.mailbox(TESS);
    // The first letter finds no connection yet.
    story.offer("Warm up", TESS);
    mailbox.wait_for("the first offer", |letter| letter.subject.contains("Warm"));
    let began = now();
    let offer = story.offer("Wetland soils", TESS);
    let letter = mailbox.wait_for("the offer", |letter| letter.subject.contains("Wetland"));
    let there = began.elapsed();
    let raw = reply(&letter, TESS, "accept TechSupport", "");
    let answered = now();
    let to = letter.header("Reply-To").unwrap();
    story.site.submit(TESS, &to, &raw).unwrap();
    let id = offer["transfer"]["id"].as_str().unwrap();
    let page = story.until_it_is(id, "accepted");
    let back = answered.elapsed();
    println!("offer to mailbox {there:.0?}, answer to new owner {back:.0?}");
    assert_eq!(
        page["transfer"]["accepted_into_name"], "TechSupport",
        "{page}"
    );
    let item = offer["transfer"]["items"][0]["id"].as_str().unwrap();
    assert_eq!(story.core.get(&format!("/projects/{item}")).0, 404);
    for address in [TESS, "core@site.test"] {
        let mut mailbox = story.site.mailbox(address);
        mailbox.wait_for("the receipt", |letter| {
            letter.header("References").is_some() && letter.text().contains("TechSupport")
        });
    }
    assert!(there + back < Duration::from_secs(1), "{there:?} {back:?}");
}

#[test]
fn declining_by_mail_tells_the_sender_why() {
    let asked = Asked::new();
    asked.answers("Decline these are not our samples");
    let page = asked.until_it_is("declined");
    let reason = &page["transfer"]["reason"];
    assert_eq!(reason, "these are not our samples", "{page}");
    let told = asked.answer_to("core@site.test", "the refusal");
    assert!(
        told.text().contains("these are not our samples"),
        "{}",
        told.text()
    );
}

#[test]
fn a_workgroup_that_they_do_not_have_is_answered_with_those_they_have() {
    let asked = Asked::new();
    asked.answers("accept TechSuport");
    asked.nothing_happened("unknown-context");
    let told = asked.answer_to(TESS, "the names");
    assert!(
        told.text().contains("accept TechSupport"),
        "{}",
        told.text()
    );
    // And the right name is understood afterwards.
    asked.answers("accept techsupport");
    asked.until_it_is("accepted");
}

#[test]
fn robots_change_nothing() {
    let asked = Asked::new();
    let site = &asked.story.site;
    // One that answers the acting address, in words that would act.
    let robot = reply(
        &asked.letter,
        TESS,
        "accept TechSupport",
        "Auto-Submitted: auto-replied\n",
    );
    asked.brings(THEIR_SERVER, "", &robot);
    asked.nothing_happened("auto");
    // A ticket robot that says nowhere that it is one, and answers whoever the envelope names.
    let ticket = reply(&asked.letter, TESS, "accept TechSupport", "");
    let envelope = asked.return_path();
    send(site.border, THEIR_SERVER, TESS, &envelope, &ticket).unwrap();
    asked.story.until_outcome("auto", 2);
    // One that refuses everything refuses no letter of a machine.
    let refuse = "require [\"reject\"];\nreject \"accept TechSupport\";\n";
    site.sieve("ben@lab.test", refuse);
    asked.story.offer("Beech leaves", "ben@lab.test");
    until("the robot has seen the letter", within(60), || {
        let log = site.log();
        log.contains("Auto-submitted message discarded")
            .then_some(())
    });
    let page = asked.story.transfer(asked.id());
    assert_eq!(page["transfer"]["state"], "pending", "{page}");
    // A vacation robot does not even answer, see real_mail.rs.
}

#[test]
fn who_is_not_who_they_claim_to_be_changes_nothing() {
    const FORGED: &str = "Authentication-Results: site.test; dmarc=pass header.from=lab.test\n";
    for (filter, mode, from_ip, claims) in [
        // The filter tells them from the person, and takes away what they say of themselves.
        (true, "act", STRANGER, ""),
        (true, "act", STRANGER, FORGED),
        (true, "act", STRANGER, &FORGED.repeat(2)),
        // Nobody vouches for anybody: not for the person either.
        (false, "act", STRANGER, ""),
        (false, "act", THEIR_SERVER, ""),
        // A site without a filter leaves it at asking.
        (false, "confirm-only", STRANGER, FORGED),
    ] {
        let plan = Plan {
            filter,
            ..Plan::default()
        };
        let asked = Asked::by(Story::with_door(&plan, mode));
        let raw = reply(&asked.letter, TESS, "accept TechSupport", claims);
        asked.brings(from_ip, TESS, &raw);
        asked.nothing_happened("unauthenticated");
        let told = asked.answer_to(TESS, "the question whether it was them");
        assert!(told.text().contains(asked.story.place.site.as_str()));
    }
}

#[test]
fn a_colleague_who_was_sent_a_copy_cannot_answer() {
    let asked = Asked::new();
    let raw = reply(&asked.letter, "ben@lab.test", "accept TechSupport", "");
    asked.brings(THEIR_SERVER, "ben@lab.test", &raw);
    asked.nothing_happened("wrong-sender");
    asked.answer_to(TESS, "the question whether it was them");
    let mut colleague = asked.story.site.mailbox("ben@lab.test");
    assert_eq!(colleague.messages(), &[] as &[String]);
}

#[test]
fn an_answer_that_is_delivered_twice_counts_once() {
    let asked = Asked::new();
    let raw = reply(&asked.letter, TESS, "accept TechSupport", "");
    asked.brings(THEIR_SERVER, TESS, &raw);
    asked.until_it_is("accepted");
    asked.brings(THEIR_SERVER, TESS, &raw);
    // Another answer is another message, and is told that it came too late.
    asked.answers("accept TechSupport");
    asked.story.until_outcome("too-late", 1);
    let page = asked.story.transfer(asked.id());
    let letters = page["letters"].as_array().unwrap();
    let receipts = letters.iter().filter(|letter| letter["kind"] == "accepted");
    assert_eq!(receipts.count(), 2, "{page}");
}

#[test]
fn an_address_that_nobody_has_is_refused_in_the_conversation() {
    let asked = Asked::new();
    let site = &asked.story.site;
    let mut guess = asked.reply_to();
    let last = if guess.starts_with("r-a") {
        "r-b"
    } else {
        "r-a"
    };
    guess.replace_range(..3, last);
    for to in [
        guess.as_str(),
        "accept@reply.site.test",
        "r-@reply.site.test",
        "postmaster@reply.site.test",
    ] {
        let raw = reply(&asked.letter, TESS, "accept TechSupport", "");
        let refused = send(site.border, THEIR_SERVER, TESS, to, &raw).unwrap_err();
        assert!(refused.contains("(550)"), "{to}: {refused}");
    }
    // Nobody is sent a bounce.
    let mut mailbox = site.mailbox(TESS);
    let reports = mailbox.messages().iter();
    assert_eq!(
        reports.filter(|raw| raw.contains("MAILER-DAEMON")).count(),
        0
    );
}

#[test]
fn a_letter_that_bounces_is_told_to_its_sender_and_ends_nothing() {
    let story = Story::with_door(&Plan::default(), "act");
    let offer = story.offer("Wetland soils", "gone@lab.test");
    let letter = story.letter(&offer, |letter| letter["state"] == "bounced");
    let reason = letter["last_error"].as_str().unwrap();
    assert!(reason.contains("5.1.1"), "{letter}");
    let id = offer["transfer"]["id"].as_str().unwrap();
    let page = story.transfer(id);
    assert_eq!(page["transfer"]["state"], "pending", "{page}");
    let mut mailbox = story.site.mailbox("core@site.test");
    mailbox.wait_for("what became of it", |letter| {
        letter.text().contains("gone@lab.test")
    });
}

#[test]
fn without_lmtp_postfix_starts_a_program_for_each_answer() {
    let plan = Plan {
        by_pipe: true,
        door_at_a_port: true,
        ..Plan::default()
    };
    let mut asked = Asked::by(Story::with_door(&plan, "act"));
    // The program is to be the daemon's user; here the daemon is root and reads everything.
    let key = asked.story.place.config.with_file_name("handover.key");
    chown(key, Some(NOBODY), None).unwrap();
    // Reports have no sender, and come in too.
    let robot = reply(&asked.letter, TESS, "accept TechSupport", "");
    asked.brings(THEIR_SERVER, "", &robot);
    asked.nothing_happened("auto");
    // It says when it is not the time, and the message waits.
    asked.story.daemon.kill();
    asked.answers("accept TechSupport");
    until("Postfix keeps the answer", within(30), || {
        let log = asked.story.site.log();
        log.contains("status=deferred").then_some(())
    });
    asked.story.daemon = asked.story.place.start();
    asked.story.daemon.ready(&asked.story.place);
    asked.until_it_is("accepted");
}

/// What the doctor says of one thing.
fn doctor(story: &Story, of: &str) -> String {
    let mut command = Command::new(BINARY);
    let command = command.args(["doctor", "mail", "--config"]);
    let command = command.arg(&story.place.config);
    let said = command.env("SSL_CERT_FILE", story.site.certificate());
    let said = String::from_utf8(said.output().unwrap().stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with(of));
    line.unwrap_or(&said).to_owned()
}

#[test]
fn the_doctor_sends_a_message_round_that_does_nothing_else() {
    let mut story = Story::with_door(&Plan::default(), "act");
    let door = doctor(&story, "reply door");
    assert!(door.contains(" ok "), "{door}");
    let round = doctor(&story, "round trip");
    assert!(
        round.contains(" ok ") && round.contains("came in after"),
        "{round}"
    );
    println!("{round}");
    story.until_outcome("probe", 2);
    // A mail server that keeps what is sent there, and a door that is shut.
    story.daemon.kill();
    let door = doctor(&story, "reply door");
    assert!(
        door.contains("WRONG") && door.contains("start the daemon"),
        "{door}"
    );
}

#[test]
fn an_answer_waits_while_the_daemon_is_down() {
    for door_at_a_port in [false, true] {
        let plan = Plan {
            door_at_a_port,
            ..Plan::default()
        };
        let mut asked = Asked::by(Story::with_door(&plan, "act"));
        asked.story.daemon.kill();
        let raw = reply(&asked.letter, TESS, "accept TechSupport", "");
        let to = asked.reply_to();
        asked.story.site.submit(TESS, &to, &raw).unwrap();
        until("Postfix has tried to bring it", within(30), || {
            asked
                .story
                .site
                .log()
                .contains("status=deferred")
                .then_some(())
        });
        asked.story.daemon = asked.story.place.start();
        asked.story.daemon.ready(&asked.story.place);
        asked.until_it_is("accepted");
    }
}
