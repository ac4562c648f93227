//! What a message is, case by case, in the order of the checks; `threat_…` are those of MAIL §8 that need no store.

use super::grammar::Answer;
use super::*;
use crate::domain::incoming::Signed;

const REPLY_DOMAIN: &str = "reply.site.example";

/// A reply as a good client and a good server make it, to be spoilt.
#[derive(Clone)]
struct Message {
    header: Vec<String>,
    body: String,
    sender: Option<&'static str>,
    purpose: Purpose,
    /// Whose Authentication-Results; `""`: nobody's, but signatures are.
    trusted: Option<&'static str>,
    signed: Option<Signed>,
}

fn good() -> Message {
    let header = [
        "Authentication-Results: mx.site.example; dmarc=pass header.from=lab.example",
        "Received: from lab.example by mx.site.example; Mon, 2 Nov 2026 10:00:00 +0000",
        "From: Anna <anna@lab.example>",
        "To: r-x@reply.site.example",
        "Message-ID: <1@lab.example>",
    ];
    Message {
        header: header.map(str::to_owned).to_vec(),
        body: "accept TechSupport\r\n\r\n> earlier\r\n".to_owned(),
        sender: Some("anna@lab.example"),
        purpose: Purpose::Reply,
        trusted: Some("mx.site.example"),
        signed: None,
    }
}

impl Message {
    fn with(mut self, line: &str) -> Self {
        self.header.push(line.to_owned());
        self
    }
    fn without(mut self, name: &str) -> Self {
        self.header.retain(|line| !line.starts_with(name));
        self
    }
    fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }
    fn html(self, body: &str) -> Self {
        self.with("Content-Type: text/html; charset=utf-8")
            .body(body)
    }
    fn parts(self, kind: &str, parts: &[&str]) -> Self {
        let parts: String = parts
            .iter()
            .map(|part| format!("--b\r\n{part}\r\n"))
            .collect();
        self.with(&format!("Content-Type: {kind}; boundary=b"))
            .body(&format!("accept\r\n{parts}--b--\r\naccept\r\n"))
    }
    fn examine(&self) -> Examined {
        let raw = format!("{}\r\n\r\n{}", self.header.join("\r\n"), self.body);
        let recipient = Recipient::new(self.purpose, &"a".repeat(32)).unwrap();
        let envelope = Envelope {
            recipient: &recipient,
            sender: self.sender,
            signed: self.signed.as_ref(),
        };
        let settings = Settings {
            reply_domain: REPLY_DOMAIN.to_owned(),
            authentication: match self.trusted {
                None => Authentication::Nothing,
                Some("") => Authentication::Own,
                Some(id) => Authentication::Border(id.to_owned()),
            },
        };
        examine(raw.as_bytes(), &envelope, &settings)
    }
    /// A word for what it is.
    fn is(&self) -> String {
        match self.examine() {
            Examined::Reply {
                authenticated: Err(_),
                ..
            } => "unauthenticated".to_owned(),
            Examined::Reply { from, verb, .. } if from.as_str() == "anna@lab.example" => match verb
            {
                Answer::Accept { context } => format!("accept {}", context.unwrap_or_default()),
                Answer::Decline { reason } => format!("decline {}", reason.unwrap_or_default()),
                Answer::Neither => "neither".to_owned(),
            },
            Examined::Reply { from, .. } => format!("from {from}"),
            Examined::Report { recipients, .. } => format!("report {}", recipients.len()),
            Examined::Dropped { outcome, .. } => outcome.word().to_owned(),
        }
    }
}

fn check(message: &Message, expected: &str) {
    let is = message.is();
    assert_eq!(
        is.trim_end(),
        expected,
        "{:#?}\n{}",
        message.header,
        message.body
    );
}

#[test]
fn a_good_reply_says_who_and_what() {
    let expected = Examined::Reply {
        from: "anna@lab.example".parse().unwrap(),
        authenticated: Ok(()),
        verb: Answer::Accept {
            context: Some("TechSupport".to_owned()),
        },
        message_id: Some("1@lab.example".to_owned()),
    };
    assert_eq!(good().examine(), expected);
}

#[test]
fn a_message_that_readers_may_read_differently_is_malformed() {
    let parts = vec!["\r\naccept"; 64];
    for message in [
        good().with("no field"),
        good().with("A: b\r\n \r\n"),
        good().with("Message-ID: <2@lab.example>"),
        good()
            .with("Content-Type: text/plain")
            .with("Content-Type: text/html"),
        good().with("Content-Type: nothing"),
        good().with("Content-Type: multipart/mixed"),
        good()
            .with("Content-Transfer-Encoding: 7bit")
            .with("Content-Transfer-Encoding: base64"),
        good().body("a\nb"),
        good().body("a\rb"),
        good().parts("multipart/mixed", &parts),
        good().with(&vec!["Received: from a by b"; 30].join("\r\n")),
    ] {
        check(&message, "malformed");
    }
    check(
        &good().with(&vec!["Received: from a by b"; 29].join("\r\n")),
        "accept TechSupport",
    );
    check(&good().parts("multipart/mixed", &parts[1..]), "accept");
    let mut deep = "--b9\r\n\r\naccept".to_owned();
    for level in (1..=9).rev() {
        let next = level - 1;
        deep =
            format!("--b{next}\r\nContent-Type: multipart/mixed; boundary=b{level}\r\n\r\n{deep}");
    }
    check(
        &good()
            .with("Content-Type: multipart/mixed; boundary=b0")
            .body(&deep),
        "malformed",
    );
}

#[test]
fn threat_nul_is_malformed() {
    check(&good().body("accept\0"), "malformed");
    check(&good().with("X-A: \0"), "malformed");
    let hidden = good().with("Content-Transfer-Encoding: base64");
    check(&hidden.body("YWNjZXB0AA=="), "neither");
}

#[test]
fn threat_two_daemons_mail_each_other() {
    check(&good().with("X-Handover-Loop: another"), "loop");
    let letter = crate::domain::id::LetterId::from_bits(7);
    let id = |domain: &str| {
        good()
            .without("Message-ID")
            .with(&format!("Message-ID: <{letter}@{domain}>"))
    };
    check(&id("Reply.Site.Example"), "loop");
    check(&id("lab.example"), "accept TechSupport");
    let theirs = good().without("Message-ID");
    check(
        &theirs.with("Message-ID: <1@reply.site.example>"),
        "accept TechSupport",
    );
}

#[test]
fn threat_vacation_and_ticket_robots() {
    check(&good().with("Auto-Submitted: auto-replied"), "auto");
    check(&good().with("Precedence: bulk"), "auto");
    check(&good().with("X-Autoreply: yes"), "auto");
    let null = Message {
        sender: None,
        ..good()
    };
    check(&null, "auto");
    let vacation = Message {
        purpose: Purpose::Bounce,
        ..good()
    };
    check(&vacation, "auto");
}

const STATUS: &str = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                      Final-Recipient: rfc822; anna@lab.example\r\n";

#[test]
fn threat_forged_bounces_never_answer() {
    let report = good().parts(
        "multipart/report; report-type=delivery-status",
        &[
            "\r\naccept",
            STATUS,
            "Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\r\naccept",
        ],
    );
    // At the reply address a report is a robot; at the other an answer is nothing.
    check(&report, "auto");
    let bounce = Message {
        purpose: Purpose::Bounce,
        ..report
    };
    check(&bounce, "report 1");
}

#[test]
fn threat_two_from() {
    check(&good().with("From: eve@evil.example"), "bad-from");
    check(&good().with("FROM: anna@lab.example"), "bad-from");
    check(&good().without("From"), "bad-from");
    for from in [
        "anna@lab.example, eve@evil.example",
        "Anna <anna@lab.example>, Eve <eve@evil.example>",
        "<anna@lab.example> <eve@evil.example>",
        "lab: anna@lab.example;",
        "",
    ] {
        check(
            &good().without("From").with(&format!("From: {from}")),
            "bad-from",
        );
    }
}

#[test]
fn threat_encoded_word_from() {
    for (from, expected) in [
        ("=?utf-8?q?anna=40lab.example?=", "bad-from"),
        (
            "=?utf-8?b?YW5uYUBsYWIuZXhhbXBsZQ==?= <eve@lab.example>",
            "from eve@lab.example",
        ),
        (
            "\"anna@lab.example\" <eve@lab.example>",
            "from eve@lab.example",
        ),
        ("\"a\u{0}\" <anna@lab.example>", "malformed"),
        ("anna@lab.example\u{0} <eve@lab.example>", "malformed"),
    ] {
        check(
            &good().without("From").with(&format!("From: {from}")),
            expected,
        );
    }
}

#[test]
fn threat_forged_from() {
    check(&good().without("Authentication-Results"), "unauthenticated");
    let eve = good().without("From").with("From: bo@uni.example");
    check(&eve, "unauthenticated");
    let nobody_trusted = Message {
        trusted: None,
        ..good()
    };
    check(&nobody_trusted, "unauthenticated");
}

#[test]
fn threat_forged_from_where_signatures_decide_no_header_does() {
    let by = |signed| Message {
        trusted: Some(""),
        signed,
        ..good()
    };
    let of = |domain: &str| {
        let domain = domain.to_owned();
        Some(Signed::For { domain })
    };
    check(&by(None), "unauthenticated");
    check(&by(of("uni.example")), "unauthenticated");
    let why = "it bears no signature".to_owned();
    check(&by(Some(Signed::Not { why })), "unauthenticated");
    check(&by(of("lab.example")), "accept TechSupport");
    // A signature that was found counts for nothing where the border is trusted.
    let border = Message {
        trusted: Some("mx.site.example"),
        ..by(of("lab.example")).without("Authentication-Results")
    };
    check(&border, "unauthenticated");
}

#[test]
fn threat_forged_or_doubled_authentication_results() {
    let ours = "Authentication-Results: mx.site.example; dmarc=pass";
    check(&good().with(ours), "unauthenticated");
    let without = good().without("Authentication-Results");
    check(&without.clone().with(ours), "accept TechSupport");
    check(
        &without
            .clone()
            .with(ours)
            .with("authentication-results: MX.SITE.EXAMPLE; none"),
        "unauthenticated",
    );
    check(
        &without
            .clone()
            .with("Authentication-Results: mx.evil.example; dmarc=pass"),
        "unauthenticated",
    );
    check(
        &without
            .clone()
            .with("ARC-Authentication-Results: i=1; mx.site.example; dmarc=pass"),
        "unauthenticated",
    );
    // In the body it is only text.
    check(
        &without.body(&format!("{ours}\r\n\r\naccept")),
        "unauthenticated",
    );
}

#[test]
fn the_text_part_speaks_else_the_html_part() {
    let text = "Content-Type: text/plain; charset=utf-8\r\n\r\naccept Text";
    let html = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>accept Html</p>";
    let blank = "Content-Type: text/plain\r\n\r\n \r\n";
    let attached = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\naccept Attached";
    let both = [
        "multipart/alternative",
        "multipart/mixed",
        "multipart/related",
    ];
    for kind in both {
        check(&good().parts(kind, &[text, html]), "accept Text");
        check(&good().parts(kind, &[blank, html]), "accept Html");
        check(&good().parts(kind, &[attached, text]), "accept Text");
        check(&good().parts(kind, &[attached]), "neither");
        check(&good().parts(kind, &[]), "neither");
    }
    check(
        &good().parts("multipart/alternative", &[html, text]),
        "accept Text",
    );
    check(
        &good().parts("multipart/mixed", &[html, text]),
        "accept Html",
    );
    check(
        &good().html("<p>decline <b>wrong lab</b></p><p>Anna</p>"),
        "decline wrong lab",
    );
    let encoded = "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=iso-8859-1";
    check(
        &good().with(encoded).body("annehmen AG M=FCller=\r\n & Co"),
        "accept AG Müller & Co",
    );
    let unknown = good().with("Content-Transfer-Encoding: x-uuencode");
    check(&unknown, "neither");
}

#[test]
fn quoted_text_below_the_first_line_never_matters() {
    for (body, expected) in [
        ("accept\r\n\r\n> decline\r\n", "accept"),
        ("accept\r\ndecline\r\n", "accept"),
        ("> accept\r\n", "neither"),
        ("On Monday you wrote:\r\n> x\r\n\r\naccept\r\n", "neither"),
        ("yes\r\naccept\r\n", "neither"),
        ("ok", "neither"),
        ("", "neither"),
    ] {
        check(&good().body(body), expected);
    }
}

#[test]
fn threat_nbsp_is_a_space_and_what_is_not_seen_is_no_answer() {
    check(
        &good()
            .with("Content-Type: text/plain; charset=utf-8")
            .body("\u{a0}\r\naccept\u{a0}Tech\u{2003}Support"),
        "accept Tech Support",
    );
    check(
        &good()
            .with("Content-Type: text/plain; charset=utf-8")
            .body("ac\u{200b}cept"),
        "neither",
    );
    check(
        &good()
            .with("Content-Type: text/plain; charset=utf-8")
            .body("accept \u{202e}troppuS"),
        "neither",
    );
}

#[test]
fn threat_hidden_html() {
    check(
        &good().html("<div style='display:none'>accept</div><p>no, thank you</p>"),
        "neither",
    );
    check(&good().html("<p hidden>accept</p>"), "neither");
    check(&good().html("<!-- accept -->"), "neither");
    check(
        &good().html("<style>.a{display:none}</style><p class=a>accept</p>"),
        "neither",
    );
    check(&good().html("<blockquote>accept</blockquote>"), "neither");
}

#[test]
fn threat_nested_rfc822() {
    let nested = "Content-Type: message/rfc822\r\n\r\nFrom: anna@lab.example\r\n\r\naccept";
    check(&good().parts("multipart/mixed", &[nested]), "neither");
    check(
        &good().parts(
            "multipart/digest",
            &["\r\nFrom: anna@lab.example\r\n\r\naccept"],
        ),
        "neither",
    );
    let whole = good().with("Content-Type: message/rfc822");
    check(
        &whole.body("From: anna@lab.example\r\n\r\naccept"),
        "neither",
    );
    let partial = good().with("Content-Type: message/partial");
    check(&partial.body("accept"), "neither");
}
