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

fn signed(dns: &NameServer, mail: Mail, domain: &str) -> Mail {
    let signer = Signer::new(rsa(), domain);
    dns.says(&signer.name(), Says::Text(signer.key.record()));
    let mail = mail.unauthenticated();
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
    desk.deliver(&offer.reply, &signed(&dns, others, "evil.test"));
    let theirs = Mail::from("eve@evil.test").says("accept");
    desk.deliver(&offer.reply, &signed(&dns, theirs, "evil.test"));
    desk.until_outcomes(3);
    let expected = ["unauthenticated", "unauthenticated", "wrong-sender"];
    assert_eq!(desk.outcomes(), expected);
    assert_eq!(desk.state(&offer.id), "pending");
    assert_eq!(desk.answers("carl@lab.test"), 1, "asked to confirm");

    let good = Mail::from("carl@lab.test").says("accept");
    let good = signed(&dns, good.with("X-Second: yes"), "lab.test");
    let offer = desk.offer("carl@lab.test");
    desk.deliver(&offer.reply, &good);
    assert_eq!(desk.ended(&offer.id)["state"], "accepted");
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
    let mail = Mail::from("carl@lab.test").says("accept").unauthenticated();
    let kept = mail.clone().with(&slow.field(&mail.written()));
    let before = dns.questions();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| desk.send(&offer.reply, &kept));
        crate::daemon::until("the DNS is asked", crate::daemon::within(20), || {
            (dns.questions() > before).then_some(())
        });
        let quick = mail.clone().with(&signer.field(&mail.written()));
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
    desk.deliver(&offer.reply, &signed(&dns, mail, "lab.test"));
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
