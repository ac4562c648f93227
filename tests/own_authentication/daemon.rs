//! Replies to a daemon that looks at signatures itself.

use std::process::Command;
use std::thread;

use crate::daemon::{BINARY, Place};
use crate::name_server::{NameServer, Says};
use crate::replying::{Desk, Mail};
use crate::signing::{Signer, rsa};

/// A desk that believes signatures alone, and the DNS that it asks.
fn desk() -> (Desk, NameServer) {
    let dns = NameServer::start();
    let reply = format!(
        "mode = \"act\"\nauthentication = \"own\"\nresolver = [\"{}\"]\n",
        dns.at
    );
    (Desk::open(&reply), dns)
}

fn signed(dns: &NameServer, mail: Mail, to: &str, domain: &str) -> Mail {
    let signer = Signer::new(rsa(), domain);
    dns.says(&signer.name(), Says::Text(signer.key.record()));
    let mail = mail.unauthenticated().with(&format!("To: {to}"));
    let field = signer.field(&mail.written());
    mail.with(&field)
}

#[test]
fn a_signed_reply_changes_the_owner_and_no_header_can_stand_in_for_a_signature() {
    let (mut desk, dns) = desk();
    let offer = desk.offer("carl@lab.test");
    // Whoever it names: nobody's header is believed here.
    let mail = Mail::from("carl@lab.test").says("accept");
    desk.deliver(&offer.reply, &mail);
    let others = Mail::from("carl@lab.test").says("accept Personal");
    desk.deliver(
        &offer.reply,
        &signed(&dns, others, &offer.reply, "evil.test"),
    );
    let theirs = Mail::from("eve@evil.test").says("accept");
    desk.deliver(
        &offer.reply,
        &signed(&dns, theirs, &offer.reply, "evil.test"),
    );
    desk.until_outcomes(3);
    let expected = ["unauthenticated", "unauthenticated", "wrong-sender"];
    assert_eq!(desk.outcomes(), expected);
    assert_eq!(desk.state(&offer.id), "pending");
    assert_eq!(desk.answers("carl@lab.test"), 1, "asked to confirm");

    let good = Mail::from("carl@lab.test").says("accept");
    let offer = desk.offer("carl@lab.test");
    let good = signed(&dns, good.with("X-Second: yes"), &offer.reply, "lab.test");
    desk.deliver(&offer.reply, &good);
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
}

#[test]
fn a_signed_answer_to_one_letter_answers_no_other() {
    let (mut desk, dns) = desk();
    let (first, second) = (desk.offer("carl@lab.test"), desk.offer("carl@lab.test"));
    let answer = signed(
        &dns,
        Mail::from("carl@lab.test").says("accept"),
        &first.reply,
        "lab.test",
    );
    desk.deliver(&second.reply, &answer);
    desk.until_outcomes(1);
    assert_eq!(desk.outcomes(), ["unauthenticated"]);
    assert_eq!(desk.state(&second.id), "pending");
    desk.deliver(&first.reply, &answer);
    assert_eq!(desk.ended(&first.id)["state"], "accepted");
}

#[test]
fn a_forged_copy_that_comes_first_does_not_stand_in_for_the_genuine_answer() {
    let (mut desk, dns) = desk();
    let offer = desk.offer("carl@lab.test");
    let forged = Mail::from("carl@lab.test").says("accept").unauthenticated();
    let genuine = signed(&dns, forged.clone(), &offer.reply, "lab.test");
    desk.deliver(&offer.reply, &forged);
    desk.until_outcomes(1);
    assert_eq!(desk.outcomes(), ["unauthenticated"]);
    desk.deliver(&offer.reply, &genuine);
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
    desk.deliver(&offer.reply, &genuine);
    assert_eq!(desk.outcomes().len(), 2, "the same again is nothing new");
}

#[test]
fn while_the_dns_is_down_the_mail_server_keeps_the_reply_and_others_go_on() {
    let (mut desk, dns) = desk();
    let (offer, other) = (desk.offer("carl@lab.test"), desk.offer("carl@lab.test"));
    let signer = Signer::new(rsa(), "lab.test");
    let slow = Signer {
        selector: "s2".to_owned(),
        ..Signer::new(rsa(), "lab.test")
    };
    dns.says(&signer.name(), Says::Text(signer.key.record()));
    dns.says(&slow.name(), Says::Silent);
    let mail = |to: &str| {
        let mail = Mail::from("carl@lab.test").says("accept");
        mail.unauthenticated().with(&format!("To: {to}"))
    };
    let kept = mail(&offer.reply);
    let kept = kept.clone().with(&slow.field(&kept.written()));
    let before = dns.questions();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| desk.send(&offer.reply, &kept));
        crate::daemon::until("the DNS is asked", crate::daemon::within(20), || {
            (dns.questions() > before).then_some(())
        });
        let quick = mail(&other.reply);
        let quick = quick.clone().with(&signer.field(&quick.written()));
        desk.deliver(&other.reply, &quick);
        assert_eq!(desk.ended(&other.id)["state"], "accepted");
        let answer = waiting.join().unwrap();
        assert!(answer.starts_with("451 4.4.3"), "{answer}");
    });
    assert_eq!(desk.state(&offer.id), "pending");
    assert_eq!(desk.outcomes(), ["decided"], "nothing of it is kept");
    assert_eq!(desk.mail_in(&offer.reply, &kept), 75);

    dns.says(&slow.name(), Says::Text(slow.key.record()));
    desk.deliver(&offer.reply, &kept);
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
}

#[test]
fn what_was_found_at_the_door_outlives_a_kill_and_the_dns() {
    let (mut desk, dns) = desk();
    let offer = desk.offer("carl@lab.test");
    let mail = Mail::from("carl@lab.test").says("decline not ours");
    desk.deliver(&offer.reply, &signed(&dns, mail, &offer.reply, "lab.test"));
    desk.kill();
    dns.says("s1._domainkey.lab.test", Says::Fails);
    desk.start();
    assert_eq!(desk.ended(&offer.id)["state"], "declined");
}

#[test]
fn the_doctor_asks_the_servers_that_keys_are_asked_of() {
    let dns = NameServer::start();
    let home = tempfile::tempdir().unwrap();
    let reply = format!(
        "[reply]\nauthentication = \"own\"\nresolver = [\"{}\"]\n",
        dns.at
    );
    // Letters that stay there need no mail server, and no round trip.
    let place = Place::with_mailbox(home.path(), &reply);
    let check = |then: [&str; 2]| {
        let mut doctor = Command::new(BINARY);
        let said = doctor
            .args(["doctor", "mail", "--config"])
            .arg(&place.config);
        let said = String::from_utf8(said.output().unwrap().stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with("signatures"));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        for part in then.into_iter().chain([&*dns.at.to_string()]) {
            assert!(line.contains(part), "{part}: {line}");
        }
    };
    check([" ok ", "which has no record"]);
    dns.says(
        "_dmarc.site.test",
        Says::Text("v=DMARC1; p=none".to_owned()),
    );
    check([" ok ", "answered for _dmarc.site.test"]);
    dns.says("_dmarc.site.test", Says::Fails);
    check([" WRONG ", "reply.resolver"]);
}
