//! Answers to letters, from the mail server's LMTP to the change of owner: the daemon as a process, and mail servers that do all they
//! may, and what they may not.
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
#[path = "support/replying.rs"]
mod replying;

use serde_json::json;

use replying::{Desk, Mail, REFUSED};

const ACT: &str = "mode = \"act\"\nauthserv_id = \"mx.site.test\"\n";

#[test]
fn a_reply_changes_the_owner_and_both_sides_get_receipts() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    desk.deliver(&offer.reply, &Mail::from("carl@lab.test").says("accept"));
    let ended = desk.ended(&offer.id);
    assert_eq!(ended["state"], "accepted");
    assert_eq!(desk.outcome(), "decided");
    for (to, tells) in [("core@site.test", "Accepted"), ("carl@lab.test", "Receipt")] {
        let receipts = desk.letters(to, tells);
        assert_eq!(receipts.len(), 1, "{to}: {receipts:?}");
    }
    let (_, item) = desk.carl.get(&format!("/projects/{}", offer.item));
    assert_eq!(item["item"]["owner"], json!(desk.carl.id), "{item}");
}

#[test]
fn a_decline_by_reply_tells_the_sender_the_reason() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let mail = Mail::from("carl@lab.test").says("decline not our samples");
    desk.deliver(&offer.reply, &mail);
    let ended = desk.ended(&offer.id);
    assert_eq!(
        (&ended["state"], &ended["reason"]),
        (&json!("declined"), &json!("not our samples"))
    );
}

#[test]
fn an_unknown_address_on_the_reply_domain_is_refused_and_all_answers_are_alike() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let (head, last) = offer.reply.split_at(20);
    let swapped: String = last.replace(|c: char| c != '@' && c.is_ascii_lowercase(), "a");
    let bounce = offer.bounce.replacen("b-", "r-", 1);
    let answers: Vec<String> = [
        format!("r-{}@reply.site.test", "a".repeat(32)),
        format!("b-{}@reply.site.test", "a".repeat(32)),
        format!("{head}{swapped}"),
        bounce,
        "help@reply.site.test".to_owned(),
    ]
    .iter()
    .map(|to| desk.rcpt(to))
    .collect();
    assert!(
        answers.iter().all(|answer| answer.starts_with(REFUSED)),
        "{answers:?}"
    );
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert!(desk.rcpt(&offer.reply.to_uppercase()).starts_with("250"));
}

#[test]
fn a_repeated_delivery_is_taken_and_changes_nothing() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let mail = Mail::from("carl@lab.test").says("accept");
    for _ in 0..3 {
        desk.deliver(&offer.reply, &mail);
    }
    // On another way, with other trace fields, it is the same message.
    desk.deliver(
        &offer.reply,
        &mail.clone().with("Received: from b by c; now"),
    );
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
    assert_eq!(desk.outcomes(), ["decided"]);
    assert_eq!(desk.letters("carl@lab.test", "Receipt").len(), 1);
}

#[test]
fn what_was_acknowledged_before_a_kill_is_decided_once_after_it() {
    let mut desk = Desk::open(ACT);
    for round in 0..4 {
        let offer = desk.offer("carl@lab.test");
        let mail = Mail::from("carl@lab.test").says("accept");
        desk.deliver(&offer.reply, &mail);
        desk.kill();
        // The mail server did not hear the answer, and comes back.
        desk.start();
        desk.deliver(&offer.reply, &mail);
        assert_eq!(desk.ended(&offer.id)["state"], "accepted", "{round}");
    }
    assert_eq!(desk.letters("carl@lab.test", "Receipt").len(), 4);
}

#[test]
fn a_person_in_cc_and_a_forged_sender_change_nothing_and_the_invited_is_asked_once() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let core = Mail::from("core@site.test").says("accept");
    desk.deliver(&offer.reply, &core);
    assert_eq!(desk.outcome(), "wrong-sender");
    let forged = Mail::from("carl@lab.test").unauthenticated().says("accept");
    desk.deliver(&offer.reply, &forged);
    let stranger = Mail::from("eve@evil.test").says("accept");
    desk.deliver(&offer.reply, &stranger);
    desk.until_outcomes(3);
    assert_eq!(
        desk.outcomes(),
        ["wrong-sender", "unauthenticated", "wrong-sender"]
    );
    assert_eq!(desk.state(&offer.id), "pending");
    let asked = desk.answers("carl@lab.test");
    assert_eq!(asked, 1);
    assert_eq!(desk.answers("eve@evil.test"), 0);
    assert_eq!(desk.answers("core@site.test"), 0);
}

#[test]
fn explanations_end_after_three_for_each_offer() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    for round in 0..6 {
        let mail = Mail::from("carl@lab.test").says(&format!("thank you {round}"));
        desk.deliver(&offer.reply, &mail);
    }
    desk.until_outcomes(6);
    assert_eq!(desk.outcomes(), ["not-understood"; 6]);
    assert_eq!(desk.answers("carl@lab.test"), 3);
}

#[test]
fn who_is_not_understood_is_told_what_is() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    for (n, says) in [(1, "thank you"), (2, "accept Nowhere")] {
        desk.deliver(&offer.reply, &Mail::from("carl@lab.test").says(says));
        desk.until_outcomes(n);
    }
    assert_eq!(desk.outcomes(), ["not-understood", "unknown-context"]);
    let told = desk.told("carl@lab.test");
    assert_eq!(told.len(), 2, "{told:?}");
    for text in &told {
        for line in ["\n  accept ", "\n  accept Personal\n", "\n  decline "] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
    // As it was told.
    desk.deliver(
        &offer.reply,
        &Mail::from("carl@lab.test").says("accept Personal"),
    );
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
}

#[test]
fn letters_do_not_say_that_a_reply_answers_where_none_does() {
    for (reply, says) in [(ACT, true), ("", false)] {
        let mut desk = Desk::open(reply);
        desk.offer("carl@lab.test");
        let text = desk.offered("carl@lab.test");
        assert_eq!(text.contains("accept Personal"), says, "{text}");
    }
}

#[test]
fn at_most_so_many_messages_a_day_come_in_to_one_letter() {
    let more = format!("{ACT}messages_per_letter_per_day = 3\n");
    let mut desk = Desk::open(&more);
    let offer = desk.offer("carl@lab.test");
    let mut answers = Vec::new();
    for round in 0..5 {
        let mail = Mail::from("carl@lab.test").says(&format!("thank you {round}"));
        answers.push(desk.send(&offer.reply, &mail));
        if round == 2 {
            // What is counted outlives the process.
            desk.kill();
            desk.start();
        }
    }
    let taken = answers.iter().filter(|answer| answer.starts_with("250"));
    assert_eq!(taken.count(), 3, "{answers:?}");
    assert!(answers[4].starts_with("451 4.7.0"), "{answers:?}");
}

#[test]
fn a_site_that_only_confirms_changes_nothing() {
    let mut desk = Desk::open("");
    let offer = desk.offer("carl@lab.test");
    desk.deliver(&offer.reply, &Mail::from("carl@lab.test").says("accept"));
    assert_eq!(desk.outcome(), "unauthenticated");
    assert_eq!(desk.state(&offer.id), "pending");
    assert_eq!(desk.answers("carl@lab.test"), 1);
}

#[test]
fn a_forged_report_changes_nothing_and_a_true_one_tells_the_sender_and_cancels_nothing() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    desk.deliver(
        &offer.bounce,
        &Mail::report("eve@evil.test", "failed", "5.1.1"),
    );
    assert_eq!(desk.outcome(), "ignored");
    desk.deliver(
        &offer.bounce,
        &Mail::report("carl@lab.test", "delayed", "4.4.1"),
    );
    desk.until_outcomes(2);
    desk.deliver(
        &offer.bounce,
        &Mail::report("carl@lab.test", "failed", "5.1.1"),
    );
    desk.until_outcomes(3);
    assert_eq!(desk.outcomes(), ["ignored", "noted", "bounced"]);
    assert_eq!(desk.state(&offer.id), "pending");
    let (_, shown) = desk.core.get(&format!("/transfers/{}", offer.id));
    assert_eq!(shown["letters"][0]["state"], "bounced", "{shown}");
    desk.undeliverable("core@site.test");
}

#[test]
fn two_daemons_that_mail_each_other_fall_silent() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    // What another Handover would answer to an answer of ours.
    let answer = Mail::from("handover@other.test")
        .with("Auto-Submitted: auto-replied")
        .says("accept");
    desk.deliver(&offer.reply, &answer);
    desk.deliver(&offer.reply, &answer.null_sender().says("again"));
    desk.until_outcomes(2);
    assert_eq!(desk.outcomes(), ["auto", "auto"]);
    assert_eq!(desk.answers("carl@lab.test"), 0);
}

#[test]
fn mail_in_is_a_second_door_with_the_exit_codes_that_mail_servers_know() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let mail = Mail::from("carl@lab.test").says("accept");
    let nobody = format!("r-{}@reply.site.test", "a".repeat(32));
    assert_eq!(desk.mail_in(&nobody, &mail), 67);
    assert_eq!(desk.mail_in(&offer.reply, &mail), 0);
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
    desk.kill();
    assert_eq!(desk.mail_in(&offer.reply, &mail), 75);
}

/// Whether these octets stand in a file.
fn stands_in(file: &std::path::Path, octets: &str) -> bool {
    let kept = std::fs::read(file).unwrap();
    kept.windows(octets.len())
        .any(|window| window == octets.as_bytes())
}

#[test]
fn threat_copy_of_the_database_holds_no_token_and_the_log_neither() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    // What came in is kept too, with its words.
    let mail = Mail::from("carl@lab.test").says("something that nobody else writes");
    desk.deliver(&offer.reply, &mail);
    desk.until_outcomes(1);
    let letter = desk.letter("carl@lab.test", &offer.reply);
    let token = |address: &str| address[2..34].to_owned();
    let link = letter.link().unwrap();
    let link = link.rsplit('/').next().unwrap().to_owned();
    let secrets = [
        token(&offer.reply),
        token(&offer.bounce),
        link,
        desk.carl.secret().to_owned(),
        "something that nobody else writes".to_owned(),
    ];
    desk.kill();
    let (store, log) = desk.traces();
    assert!(stands_in(&store, "carl@lab.test"), "the store is read");
    assert!(stands_in(&log, "ready"), "the log is read");
    for secret in &secrets {
        assert!(secret.len() >= 32, "{secret}");
        assert!(!stands_in(&store, secret), "{secret}");
        assert!(!stands_in(&log, secret), "{secret}");
    }
}

#[test]
fn a_probe_is_made_with_the_sites_key_comes_once_and_decides_nothing() {
    let mut desk = Desk::open(ACT);
    let offer = desk.offer("carl@lab.test");
    let probe = desk.probe(0);
    let mail = Mail::from("carl@lab.test").says("accept");
    assert!(desk.rcpt(&probe).starts_with("250"));
    // A report that it did not arrive is not its arrival.
    let refused = desk.send(&probe, &mail.clone().null_sender());
    assert!(refused.starts_with(REFUSED), "{refused}");
    assert!(desk.rcpt(&probe).starts_with("250"));
    desk.deliver(&probe, &mail);
    assert_eq!(desk.outcome(), "probe");
    assert!(desk.rcpt(&probe).starts_with("550 5.2.1"));
    assert_eq!(desk.state(&offer.id), "pending");
    // One of another hour, and the token of a letter, are none.
    for minutes in [-61, 61] {
        let other = desk.probe(minutes);
        assert!(desk.rcpt(&other).starts_with(REFUSED), "{minutes}");
    }
    let swapped = offer.reply.replacen("r-", "p-", 1);
    assert!(desk.rcpt(&swapped).starts_with(REFUSED));
    let swapped = probe.replacen("p-", "r-", 1);
    assert!(desk.rcpt(&swapped).starts_with(REFUSED));
}

#[test]
fn threat_two_workgroups_of_one_name_left_or_renamed_are_never_guessed() {
    let other = "name = \"Lab\"\nowner = \"core@site.test\"\nmembers = [\"carl@lab.test\"]\n";
    let groups = format!(
        "[[workgroup]]\nhandle = \"lab-a\"\nname = \"Lab\"\nowner = \"carl@lab.test\"\n\
         [[workgroup]]\nhandle = \"lab-b\"\n{other}"
    );
    let mut desk = Desk::open(&format!("{ACT}{groups}"));
    let offer = desk.offer("carl@lab.test");
    let carl = |says: &str| Mail::from("carl@lab.test").says(says);
    desk.deliver(&offer.reply, &carl("accept Lab"));
    desk.until_outcomes(1);
    // The letter was written when another was called so.
    let renamed = other.replace("Lab\"", "Other\"");
    desk.configure(other, &renamed);
    desk.deliver(&offer.reply, &carl("Accept lab"));
    let ended = desk.ended(&offer.id);
    assert_eq!(ended["accepted_into_name"], "Lab", "{ended}");
    assert_eq!(
        desk.carl.get("/contexts").1["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // And when they were a member still.
    let offer = desk.offer("carl@lab.test");
    let left = renamed.replace("carl@lab.test", "core@site.test");
    desk.configure(&renamed, &left);
    desk.deliver(&offer.reply, &carl("accept Other"));
    desk.until_outcomes(3);
    desk.deliver(&offer.reply, &carl("accept lab-b"));
    desk.until_outcomes(4);
    let unknown = "unknown-context";
    assert_eq!(desk.outcomes(), [unknown, "decided", unknown, unknown]);
    assert_eq!(desk.state(&offer.id), "pending");
}

/// Whoever was sent a copy knows its Message-ID and its body, and may be faster.
#[test]
fn threat_a_copy_that_comes_first_does_not_keep_the_answer_out() {
    let mut desk = Desk::open(ACT);
    let carl = || Mail::from("carl@lab.test").says("accept");
    let copies = [
        (Mail::from("eve@evil.test").says("accept"), "wrong-sender"),
        (
            carl().with("Content-Disposition: attachment"),
            "not-understood",
        ),
    ];
    for (at, (copy, outcome)) in copies.into_iter().enumerate() {
        let offer = desk.offer("carl@lab.test");
        desk.deliver(&offer.reply, &copy);
        desk.until_outcomes(2 * at + 1);
        assert_eq!(desk.outcomes().last().unwrap(), outcome);
        desk.deliver(&offer.reply, &carl());
        assert_eq!(desk.ended(&offer.id)["state"], "accepted");
        desk.until_outcomes(2 * at + 2);
    }
}
