//! Who signed a reply, as Handover finds out itself: signatures of every kind, and a DNS that says what it is told to.
#![cfg(feature = "own-authentication")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/name_server.rs"]
mod name_server;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;
#[path = "support/replying.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod replying;
#[path = "support/signing.rs"]
mod signing;

#[path = "own_authentication/daemon.rs"]
mod with_daemon;

use handover::domain::incoming::Signed;
use handover::mail::inbound::dkim::{Dkim, Dns};
use handover::mail::inbound::signatures::{Signatures as _, Untold};
use handover::mail::inbound::{Purpose, Recipient, Scheme};

use name_server::{NameServer, Says};
use signing::{Signer, ed25519, rsa};

const MESSAGE: &str = "From: Anna <anna@lab.test>\r\nTo: r-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.site.test\r\nSubject: Re: offer\r\nMessage-ID: <1@lab.test>\r\n\r\naccept\r\n";

/// To whom it is written.
fn recipient() -> Recipient {
    Recipient::new(Purpose::Reply, &"a".repeat(32)).unwrap()
}

fn scheme() -> Scheme {
    Scheme::of_domain("reply.site.test").unwrap()
}

/// Everything goes wrong at names that begin so.
const DOWN: &str = "down";

fn text(text: &str) -> Says {
    Says::Text(text.to_owned())
}

/// A DNS in which this signer's key is, and a signer.
fn dns() -> (NameServer, Signer<'static>) {
    let dns = NameServer::start();
    let signer = Signer::new(rsa(), "lab.test");
    dns.says(&signer.name(), Says::Text(signer.key.record()));
    dns.says(&format!("{DOWN}._domainkey.lab.test"), Says::Fails);
    (dns, signer)
}

#[tokio::main(flavor = "current_thread")]
async fn judged(dns: &NameServer, message: &str, from: &str) -> Result<Signed, Untold> {
    let dkim = Dkim::asking(Dns::of(&[dns.at]).unwrap(), scheme());
    let from = from.parse().unwrap();
    dkim.of(message.as_bytes(), &from, &recipient()).await
}

/// "for", "not" and why, or "untold".
fn found(dns: &NameServer, message: &str, from: &str) -> String {
    match judged(dns, message, from) {
        Ok(Signed::For { domain }) => format!("for {domain}"),
        Ok(Signed::Not { why }) => why,
        Err(Untold(_)) => "untold".to_owned(),
    }
}

fn check(dns: &NameServer, message: &str, then: &str) {
    assert_eq!(found(dns, message, "anna@lab.test"), then, "{message}");
}

#[test]
fn a_signature_of_the_senders_domain_counts_while_nothing_of_it_was_changed() {
    let (dns, signer) = dns();
    let key = ed25519();
    let small = Signer {
        selector: "s2".to_owned(),
        ..Signer::new(&key, "lab.test")
    };
    dns.says(&small.name(), Says::Text(key.record()));
    for signer in [&signer, &small] {
        let good = signer.signed(MESSAGE);
        check(&dns, &good, "for lab.test");
        let body = "its body was changed after it was signed";
        check(&dns, &good.replace("accept", "accept TechSupport"), body);
        check(&dns, &format!("{good}more\r\n"), body);
        check(
            &dns,
            &good.replace("Re: offer", "Re: other"),
            "its signature is wrong",
        );
        check(&dns, &good.replace("<1@", "<2@"), "its signature is wrong");
    }
    check(&dns, MESSAGE, "it bears no signature");
}

#[test]
fn no_single_octet_of_what_is_signed_can_be_another() {
    let (dns, signer) = dns();
    let good = signer.signed(MESSAGE).into_bytes();
    let unsigned = good.len() - MESSAGE.len();
    for place in unsigned..good.len() {
        let mut other = good.clone();
        // Neither a line end nor a blank, so that it stays a message.
        other[place] = if other[place] == b'x' { b'y' } else { b'x' };
        let other = String::from_utf8(other).unwrap();
        let found = found(&dns, &other, "anna@lab.test");
        assert!(!found.starts_with("for"), "{place}: {other}");
    }
}

#[test]
fn a_domain_speaks_for_itself_and_as_dmarc_says_for_its_own_but_never_for_those_beside_it() {
    let check = |by: &str, from: &str, records: &[(&str, &str)], then: &str| {
        let dns = NameServer::start();
        let signer = Signer::new(rsa(), by);
        dns.says(&signer.name(), Says::Text(signer.key.record()));
        for (name, record) in records {
            let says = if *record == DOWN {
                Says::Fails
            } else {
                text(record)
            };
            dns.says(&format!("_dmarc.{name}"), says);
        }
        let message = signer.signed(&MESSAGE.replace("lab.test", from));
        let found = found(&dns, &message, &format!("anna@{from}"));
        let expected = match then {
            "for" => format!("for {from}"),
            "another" => "no signature of the sender's domain covers From".to_owned(),
            "not theirs" => {
                "it is signed by a domain that does not speak for the sender's".to_owned()
            }
            other => other.to_owned(),
        };
        assert_eq!(found, expected, "{by} for {from}, {records:?}");
    };
    let relaxed = "v=DMARC1; p=none";
    let strict = "v=DMARC1; p=reject; adkim=s";
    check("lab.test", "lab.test", &[("lab.test", DOWN)], "for");
    check("lab.test", "lab.test", &[("lab.test", strict)], "for");
    check("evil.test", "lab.test", &[("test", relaxed)], "another");
    check("test", "lab.test", &[("test", relaxed)], "another");
    check("b.test", "lab.test", &[], "another");
    // One above.
    check("uni.test", "lab.uni.test", &[], "for");
    check("uni.test", "lab.uni.test", &[("uni.test", relaxed)], "for");
    check(
        "uni.test",
        "lab.uni.test",
        &[("lab.uni.test", strict)],
        "not theirs",
    );
    check(
        "uni.test",
        "lab.uni.test",
        &[("uni.test", strict)],
        "not theirs",
    );
    check(
        "uni.test",
        "lab.uni.test",
        &[("lab.uni.test", DOWN)],
        "untold",
    );
    let registry = "v=DMARC1; p=none; psd=y";
    check(
        "uni.test",
        "lab.uni.test",
        &[("uni.test", registry)],
        "not theirs",
    );
    // One below.
    check("mail.uni.test", "uni.test", &[], "not theirs");
    check("mail.uni.test", "uni.test", &[("uni.test", relaxed)], "for");
    check(
        "mail.uni.test",
        "uni.test",
        &[("uni.test", strict)],
        "not theirs",
    );
    // One beside.
    check(
        "mail.uni.test",
        "lab.uni.test",
        &[("uni.test", relaxed)],
        "another",
    );
}

#[test]
fn a_signature_that_covers_too_little_or_was_made_otherwise_counts_for_nothing() {
    let (dns, good) = dns();
    let with = |change: &dyn Fn(&mut Signer<'_>)| {
        let mut signer = Signer::new(good.key, "lab.test");
        change(&mut signer);
        signer.signed(MESSAGE)
    };
    let partly = "its signature covers the beginning of the body only";
    let length = with(&|signer| signer.length = Some("accept\r\n".len()));
    check(&dns, &length, partly);
    check(&dns, &format!("{length}more\r\n"), partly);
    let nothing = with(&|signer| signer.length = Some(0));
    check(&dns, &nothing, "its body was changed after it was signed");
    let ended = with(&|signer| "t=1000000000; x=1000000001; ".clone_into(&mut signer.more));
    check(&dns, &ended, "its signature has expired");
    let uncovered = "no signature of the sender's domain covers From";
    let others = with(&|signer| signer.covers.retain(|name| name != "From"));
    check(&dns, &others, uncovered);
    let much = with(&|signer| signer.covers.extend(vec!["X".to_owned(); 98]));
    check(&dns, &much, uncovered);
    let somebody = with(&|signer| "i=@evil.test; ".clone_into(&mut signer.more));
    check(&dns, &somebody, "its signature is wrong");
    let sha1 = with(&|_| {}).replacen("rsa-sha256", "rsa-sha1", 1);
    check(&dns, &sha1, uncovered);
    // Others may sign for a domain by RFC 6541; here nobody may.
    let third = Signer {
        more: "atps=lab.test; atpsh=none; ".to_owned(),
        ..Signer::new(good.key, "evil.test")
    };
    dns.says(&third.name(), Says::Text(third.key.record()));
    dns.says("evil.test._atps.lab.test", text("v=ATPS1; d=evil.test"));
    check(&dns, &third.signed(MESSAGE), uncovered);
}

#[test]
fn a_signature_tells_to_whom_the_message_was_written_or_keeps_its_parts_in_their_places() {
    let (dns, good) = dns();
    let check = |covers: &[&str], message: &str, then: bool| {
        let mut signer = Signer::new(good.key, "lab.test");
        signer.covers = ["From"]
            .iter()
            .chain(covers)
            .map(|&name| name.to_owned())
            .collect();
        let elsewhere =
            "no signature of the sender's domain tells that it was written to this address";
        let then = if then { "for lab.test" } else { elsewhere };
        check(&dns, &signer.signed(message), then);
    };
    let to = |to: &str| {
        let (from, rest) = MESSAGE.split_once("To: ").unwrap();
        format!("{from}{to}{}", rest.split_once("\r\n").unwrap().1)
    };
    let ours = "r-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.site.test";
    check(&["To"], MESSAGE, true);
    check(
        &["To"],
        &to(&format!(
            "To: Eve <eve@evil.test>, <{}>\r\n",
            ours.to_uppercase()
        )),
        true,
    );
    check(
        &["To"],
        &to("To: r-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@reply.site.test\r\n"),
        false,
    );
    check(
        &["To"],
        &to(&format!("To: {}\r\n", ours.replacen("r-", "b-", 1))),
        false,
    );
    check(
        &["To"],
        &to(&format!("To: eve@evil.test\r\nCc: {ours}\r\n")),
        false,
    );
    let name = ours.split('@').next().unwrap();
    for elsewhere in [
        format!("To: \"{ours}\" <eve@evil.test>\r\n"),
        format!("To: eve@evil.test ({ours})\r\n"),
        format!("To: {name}@evil.test\r\n"),
    ] {
        check(&["To"], &to(&elsewhere), false);
    }
    check(&["To"], &to(""), false);
    check(&["To", "Content-Type"], &to("To: eve@evil.test\r\n"), false);
    // Whom nobody signed anything of.
    check(&["Subject"], MESSAGE, false);
    check(&["Content-Type"], MESSAGE, true);
    check(&["Content-Type"], &to("To: eve@evil.test\r\n"), true);
    // One that somebody put in front is not the one that was signed.
    let other = good.signed(&to("To: eve@evil.test\r\n"));
    let front = |added: &str| {
        let message = format!("{added}{ours}\r\n{other}");
        found(&dns, &message, "anna@lab.test")
    };
    assert_eq!(front("To: "), "its header can be read in two ways");
    assert_eq!(front("To : "), "it cannot be read");
    // Nor is one kind of content another.
    let mut signer = Signer::new(good.key, "lab.test");
    signer.covers = vec!["From".to_owned(), "Content-Type".to_owned()];
    let plain = signer.signed(MESSAGE);
    let parts = plain.replacen(
        "\r\n\r\n",
        "\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n",
        1,
    );
    let found = found(&dns, &parts, "anna@lab.test");
    assert_eq!(found, "its signature is wrong");
}

#[test]
fn no_part_is_made_to_stand_first_where_the_kind_of_content_is_not_signed() {
    let (dns, good) = dns();
    let mut signer = Signer::new(good.key, "lab.test");
    signer.covers = vec!["From".to_owned(), "To".to_owned()];
    let check = |body: &str, kind: &str, then: bool| {
        let head = MESSAGE.split_once("\r\n\r\n").unwrap().0;
        let signed = signer.signed(&format!("{head}\r\n\r\n{body}"));
        let typed = signed.replacen("\r\n\r\n", &format!("\r\nContent-Type: {kind}\r\n\r\n"), 1);
        let then = match then {
            true => "for lab.test",
            false => {
                "no signature of the sender's domain tells that it was written to this address"
            }
        };
        assert_eq!(found(&dns, &typed, "anna@lab.test"), then, "{kind}\n{body}");
    };
    let quoted =
        "I do not want this.\r\n-----Original Message-----\r\nFrom: core\r\n\r\naccept\r\n";
    check(
        quoted,
        "multipart/mixed; boundary=\"---Original Message-----\"",
        false,
    );
    check(quoted, "text/plain", true);
    let parts = "--x\r\nContent-Type: text/plain\r\n\r\naccept\r\n--x--\r\n";
    check(parts, "multipart/alternative; boundary=x", true);
    check(
        &format!("\r\n{parts}"),
        "multipart/alternative; boundary=x",
        true,
    );
    check(
        &format!("This message has parts.\r\n{parts}"),
        "multipart/mixed; boundary=x",
        false,
    );
}

#[test]
fn a_key_that_is_not_there_or_was_taken_back_or_is_another_verifies_nothing() {
    let (dns, signer) = dns();
    let good = signer.signed(MESSAGE);
    let record = |record: &str, then: &str| {
        dns.says(&signer.name(), text(record));
        check(&dns, &good, then);
    };
    record(
        "v=DKIM1; k=rsa; p=",
        "the key of its signature was taken back",
    );
    record(
        "v=DKIM1; k=rsa",
        "the key of its signature is not in the DNS",
    );
    record("v=spf1 -all", "the key of its signature is not in the DNS");
    record(&ed25519().record(), "its signature is wrong");
    record("v=DKIM1; p=AAAA", "its signature is wrong");
    record(&signer.key.record(), "for lab.test");
    let elsewhere = Signer {
        selector: "s9".to_owned(),
        ..Signer::new(signer.key, "lab.test")
    };
    let nowhere = "the key of its signature is not in the DNS";
    check(&dns, &elsewhere.signed(MESSAGE), nowhere);
}

#[test]
fn one_good_signature_of_several_is_enough_and_not_many_are_looked_at() {
    let (dns, signer) = dns();
    let named = |selector: &str, domain: &str| Signer {
        selector: selector.to_owned(),
        ..Signer::new(signer.key, domain)
    };
    let good = signer.field(MESSAGE);
    let changed = good.replacen("b=", "b=AAAA", 1);
    let down = named(DOWN, "lab.test").field(MESSAGE);
    let other = named("s1", "evil.test").field(MESSAGE);
    let message = |fields: &[&str]| format!("{}\r\n{MESSAGE}", fields.join("\r\n"));
    check(&dns, &message(&[&changed, &other, &good]), "for lab.test");
    check(&dns, &message(&[&down, &good]), "for lab.test");
    check(&dns, &message(&[&down, &changed]), "untold");
    check(&dns, &message(&[&other, &down]), "untold");
    let unread = "DKIM-Signature: v=2; nothing";
    check(&dns, &message(&[unread, &good]), "for lab.test");
    check(&dns, &message(&[unread]), "its signature cannot be read");
    let others = vec![other.as_str(); 900];
    check(
        &dns,
        &message(&[&others[..], &[&good]].concat()),
        "for lab.test",
    );
    let wrong = [changed.as_str(); 5];
    let last = message(&[&wrong[..], &[&good]].concat());
    check(&dns, &last, "its signature is wrong");

    let before = dns.questions();
    let below: Vec<String> = (0..900)
        .map(|n| named("s1", &format!("m{n}.lab.test")).selector)
        .map(|selector| good.replacen("s=s1", &format!("s={selector}n"), 1))
        .collect();
    let below: Vec<&str> = below.iter().map(String::as_str).collect();
    let nowhere = "the key of its signature is not in the DNS";
    check(&dns, &message(&below), nowhere);
    let asked = dns.questions() - before;
    assert!((5..=10).contains(&asked), "{asked}");
}

#[test]
fn a_dns_that_does_not_answer_tells_nothing_and_is_not_waited_for_long() {
    let (dns, signer) = dns();
    let good = signer.signed(MESSAGE);
    for says in [Says::Fails, Says::Silent] {
        dns.says(&signer.name(), says);
        let began = daemon::now();
        check(&dns, &good, "untold");
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}

#[test]
fn a_header_that_others_read_otherwise_is_not_judged() {
    let (dns, signer) = dns();
    let good = signer.signed(MESSAGE);
    let two_ways = "its header can be read in two ways";
    check(&dns, &format!("From: eve@evil.test\r\n{good}"), two_ways);
    let blank = good.replacen("\r\nSubject", "\r\n \r\nSubject", 1);
    check(&dns, &blank, "it cannot be read");
}

#[tokio::test]
async fn whatever_stands_in_a_signature_breaks_nothing() {
    let (dns, signer) = dns();
    let dkim = Dkim::asking(Dns::of(&[dns.at]).unwrap(), scheme());
    let from = "anna@lab.test".parse().unwrap();
    let mut untold = Vec::new();
    let field = signer.field(MESSAGE);
    let value = field.split_once(": ").unwrap().1;
    let strange = [
        "=",
        ";",
        "\u{e9}",
        "=3D",
        "999999999999999999999",
        ":",
        "\0",
    ];
    for cut in (0..value.len()).step_by(3) {
        for put in strange {
            let field = format!("{}{put}{}", &value[..cut], &value[cut + 1..]);
            let message = format!("DKIM-Signature: {field}\r\n{MESSAGE}");
            match dkim.of(message.as_bytes(), &from, &recipient()).await {
                Ok(Signed::Not { why }) => assert!(!why.contains("assertion"), "{why}: {message}"),
                Ok(Signed::For { .. }) => {}
                Err(why) => untold.push(format!("{why}: {message}")),
            }
        }
    }
    assert_eq!(untold, Vec::<String>::new());
}

/// Signed once with dkimpy 1.1.8 and keys that nobody has any more. The last is of 512 bits, which can be factored (RFC 8301).
#[test]
fn what_another_program_signed_is_understood() {
    let check = |file: &str, then: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/own_authentication");
        let read = |ending: &str| std::fs::read_to_string(format!("{folder}/{file}.{ending}"));
        let dns = NameServer::start();
        for line in read("dns").unwrap().lines() {
            let (name, record) = line.split_once(' ').unwrap();
            dns.says(name, text(record));
        }
        let message = read("eml").unwrap().replace('\n', "\r\n");
        check(&dns, &message, then);
        let changed = message.replacen("accept", "decline", 1);
        assert!(!found(&dns, &changed, "anna@lab.test").starts_with("for"));
    };
    check("dkimpy-rsa-relaxed", "for lab.test");
    check("dkimpy-ed25519-simple", "for lab.test");
    check("dkimpy-rsa-512", "its signature is wrong");
}
