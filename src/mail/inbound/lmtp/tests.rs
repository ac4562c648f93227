//! Sessions, as a mail server and as a stranger lead them; `threat_…` are those of MAIL §8.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_util::sync::CancellationToken;

use super::super::address::Recipient;
use super::super::door::{Delivery, Door, Turned};
use super::*;

/// Knows the tokens `aaaa…` and `bbbb…`; has no room for the second.
#[derive(Default)]
struct Fake(Mutex<Vec<String>>);

impl Fake {
    fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Door for Fake {
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        let known = recipient.token().starts_with("aaaa") || recipient.token().starts_with("bbbb");
        Box::pin(ready(if known {
            Ok(())
        } else {
            Err(Turned::unknown())
        }))
    }
    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        if delivery.recipient.token().starts_with('b') {
            return Box::pin(ready(Err(Turned::store())));
        }
        let sender = delivery.envelope_sender.unwrap_or("<>");
        let raw = String::from_utf8_lossy(delivery.raw);
        self.0.lock().unwrap().push(format!("{sender} {raw}"));
        Box::pin(ready(Ok(())))
    }
}

fn settings() -> Settings {
    Settings {
        name: "reply.site.example".to_owned(),
        scheme: Scheme::of_domain("reply.site.example").unwrap(),
        limits: Limits::default(),
    }
}

fn to(digit: &str) -> String {
    format!("RCPT TO:<r-{}@reply.site.example>\r\n", digit.repeat(32))
}

const BEGIN: &str = "LHLO mx.site.example\r\nMAIL FROM:<anna@lab.example>\r\n";

/// The codes of the answers, without those of longer answers but the last.
fn codes(answers: &str) -> String {
    let last = |line: &&str| line.as_bytes().get(3) == Some(&b' ');
    let codes = answers.lines().filter(last).map(|line| &line[..3]);
    codes.collect::<Vec<_>>().join(" ")
}

/// A session in which all of this is sent at once.
async fn said(settings: &Settings, sent: &[u8]) -> (String, Vec<String>) {
    let (mut ours, theirs) = tokio::io::duplex(4 * 1024 * 1024);
    let door = Fake::default();
    ours.write_all(sent).await.unwrap();
    ours.shutdown().await.unwrap();
    serve(theirs, settings, &door, &CancellationToken::new()).await;
    let mut answers = String::new();
    ours.read_to_string(&mut answers).await.unwrap();
    (answers, door.taken())
}

/// What is answered, and what is taken.
async fn check(sent: &str, expected: &str, taken: &[&str]) {
    let (answers, found) = said(&settings(), sent.as_bytes()).await;
    assert_eq!(codes(&answers), expected, "{sent}\n{answers}");
    assert_eq!(found, taken, "{sent}");
}

#[tokio::test]
async fn a_message_is_taken_for_each_of_its_recipients() {
    let (a, b) = (to("a"), to("b"));
    let whole = format!("{BEGIN}{a}{b}DATA\r\n..a\r\n.\r\nQUIT\r\n");
    check(
        &whole,
        "220 250 250 250 250 354 250 451 221",
        &["anna@lab.example .a\r\n"],
    )
    .await;
    let null = format!(
        "lhlo x\r\nmail from:<>\r\n{}data\r\n.\r\nquit\r\n",
        a.to_uppercase()
    );
    check(&null, "220 250 250 250 354 250 221", &["<> "]).await;
    let again = format!("{BEGIN}{a}DATA\r\n.\r\nMAIL FROM:<>\r\n{a}DATA\r\nx\r\n.\r\n");
    let taken = ["anna@lab.example ", "<> x\r\n"];
    check(&again, "220 250 250 250 354 250 250 250 354 250", &taken).await;
    let sized = format!(
        "LHLO x\r\nMAIL FROM:<a@b.example> SIZE=1048576 BODY=8BITMIME SMTPUTF8\r\n{a}DATA\r\n.\r\n"
    );
    check(&sized, "220 250 250 250 354 250", &["a@b.example "]).await;
}

#[tokio::test]
async fn commands_come_in_their_order() {
    let a = to("a");
    for (sent, expected) in [
        ("MAIL FROM:<>\r\n".to_owned(), "220 503"),
        ("EHLO x\r\nHELO x\r\n".to_owned(), "220 500 500"),
        (format!("LHLO x\r\n{a}DATA\r\n"), "220 250 503 503"),
        (
            format!("{BEGIN}DATA\r\nMAIL FROM:<>\r\n"),
            "220 250 250 503 503",
        ),
        (
            format!("{BEGIN}{a}RSET\r\nDATA\r\n"),
            "220 250 250 250 250 503",
        ),
        (
            format!("{BEGIN}{a}LHLO x\r\nDATA\r\n"),
            "220 250 250 250 250 503",
        ),
        (
            "NOOP\r\nNOOP x\r\nVRFY anna\r\nRSET\r\nQUIT\r\nNOOP\r\n".to_owned(),
            "220 250 250 252 250 221",
        ),
        (
            "EXPN x\r\nHELP\r\nSTARTTLS\r\nWHAT\r\n\r\n".to_owned(),
            "220 502 502 502 500 500",
        ),
        (
            format!("{BEGIN}{a}BDAT 6 LAST\r\nRSET\r\n"),
            "220 250 250 250 502",
        ),
        (
            "LHLO x\r\nMAIL FROM:<x\r\nMAIL\r\nMAIL FROM:x\r\n".to_owned(),
            "220 250 501 501 501",
        ),
        (
            "LHLO x\r\nMAIL FROM:<> BODY=BINARYMIME\r\n".to_owned(),
            "220 250 501",
        ),
        (
            "LHLO x\r\nMAIL FROM:<> SIZE=1048577\r\n".to_owned(),
            "220 250 552",
        ),
    ] {
        check(&sent, expected, &[]).await;
    }
}

#[tokio::test]
async fn threat_token_guessing_every_address_that_is_none_gets_the_same_answer() {
    let mut answers = Vec::new();
    for address in [
        format!("r-{}@reply.site.example", "c".repeat(32)),
        format!("b-{}@reply.site.example", "c".repeat(32)),
        format!("r-{}@reply.site.example", "a".repeat(31)),
        format!("r-{}@other.example", "a".repeat(32)),
        "postmaster@reply.site.example".to_owned(),
        "x@[".to_owned(),
    ] {
        let sent = format!("{BEGIN}RCPT TO:<{address}>\r\n");
        let (said, _) = said(&settings(), sent.as_bytes()).await;
        answers.push(said.lines().last().unwrap().to_owned());
    }
    answers.dedup();
    assert_eq!(
        answers,
        ["550 5.1.1 no such address; answer the newest letter, or open handover"]
    );
    // And there are not many guesses in a session.
    let guesses = to("c").repeat(20);
    let expected = format!("220 250 250{} 421", " 550".repeat(9));
    check(&format!("{BEGIN}{guesses}"), &expected, &[]).await;
}

#[tokio::test]
async fn threat_oversized_lines_messages_and_lists_of_recipients_are_refused() {
    let a = to("a");
    let noop = |length: usize| format!("NOOP {}\r\nQUIT\r\n", "x".repeat(length - 7));
    check(&noop(4_096), "220 250 221", &[]).await;
    check(&noop(4_097), "220 500 221", &[]).await;
    check(&noop(1_000_000), "220 500 221", &[]).await;
    check(&"x".repeat(1_000_000), "220", &[]).await;
    let many = format!("{BEGIN}{}", a.repeat(11));
    check(&many, &format!("220 250 250{} 452", " 250".repeat(10)), &[]).await;
    let large = |length: usize| {
        let lines = "x".repeat(1_022) + "\r\n";
        let body = lines.repeat(1_024);
        format!(
            "{BEGIN}{a}{a}DATA\r\n{}\r\n.\r\nQUIT\r\n",
            &body[body.len() - length..body.len() - 2]
        )
    };
    let (answers, taken) = said(&settings(), large(1_048_576).as_bytes()).await;
    assert_eq!(codes(&answers), "220 250 250 250 250 354 250 250 221");
    assert_eq!(taken.len(), 2);
    let (answers, taken) = said(
        &settings(),
        format!("{}x", large(1_048_576))
            .replace("DATA\r\n", "DATA\r\nx")
            .as_bytes(),
    )
    .await;
    assert_eq!(codes(&answers), "220 250 250 250 250 354 552 552 221");
    assert!(taken.is_empty());
}

#[tokio::test]
async fn threat_smuggling_a_bare_lf_or_cr_neither_ends_a_message_nor_passes() {
    let a = to("a");
    for end in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r\n.\r\r\n",
        "\r.\r\n",
    ] {
        let sent = format!(
            "{BEGIN}{a}DATA\r\nfirst{end}MAIL FROM:<eve@evil.example>\r\n{a}DATA\r\naccept\r\n.\r\nQUIT\r\n"
        );
        check(&sent, "220 250 250 250 354 554 221", &[]).await;
    }
    for line in ["NOOP\n", "NOOP x\rQUIT\r\n", "NOOP\r\r\n", "NOOP\nQUIT\r\n"] {
        check(line, "220 500", &[]).await;
    }
}

/// A session that is open, with the clock standing still.
fn open(
    limits: Limits,
) -> (
    DuplexStream,
    CancellationToken,
    Arc<Fake>,
    tokio::task::JoinHandle<()>,
) {
    let (ours, theirs) = tokio::io::duplex(1_024);
    let (stop, door) = (CancellationToken::new(), Arc::new(Fake::default()));
    let (stopping, behind) = (stop.clone(), Arc::clone(&door));
    let settings = Settings {
        limits,
        ..settings()
    };
    let session = tokio::spawn(async move { serve(theirs, &settings, &*behind, &stopping).await });
    (ours, stop, door, session)
}

async fn rest(mut stream: DuplexStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    codes(&rest)
}

#[tokio::test(start_paused = true)]
async fn threat_slow_loris_is_cut_off() {
    let since = tokio::time::Instant::now();
    let (silent, _, _, session) = open(Limits::default());
    session.await.unwrap();
    assert_eq!(
        (rest(silent).await.as_str(), since.elapsed().as_secs()),
        ("220 421", 30)
    );

    for beginning in [String::new(), format!("{BEGIN}{}DATA\r\n", to("a"))] {
        let since = tokio::time::Instant::now();
        let (mut slow, _, door, session) = open(Limits::default());
        slow.write_all(beginning.as_bytes()).await.unwrap();
        while !session.is_finished() {
            tokio::time::sleep(Duration::from_secs(29)).await;
            // The session may have ended meanwhile.
            let _ = slow.write_all(b"x").await;
        }
        assert!(
            (300..330).contains(&since.elapsed().as_secs()),
            "{:?}",
            since.elapsed()
        );
        assert!(rest(slow).await.ends_with(" 421"));
        assert!(door.taken().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_is_cut_off_too() {
    let (mut ours, _, _, session) = open(Limits::default());
    let since = tokio::time::Instant::now();
    // More answers than there is room for.
    let writing = tokio::spawn(async move {
        while ours.write_all(b"NOOP\r\n").await.is_ok() {}
        ours
    });
    session.await.unwrap();
    // The last words and the farewell have a little patience of their own.
    assert!(
        since.elapsed() < Duration::from_secs(70),
        "{:?}",
        since.elapsed()
    );
    writing.abort();
}

#[tokio::test(start_paused = true)]
async fn who_always_has_more_to_say_is_cut_off_as_well() {
    let (ours, _, _, session) = open(Limits {
        session: Duration::ZERO,
        ..Limits::default()
    });
    let (mut reading, mut writing) = tokio::io::split(ours);
    let writing =
        tokio::spawn(async move { while writing.write_all(b"NOOP\r\n").await.is_ok() {} });
    let mut answers = String::new();
    reading.read_to_string(&mut answers).await.unwrap();
    session.await.unwrap();
    writing.await.unwrap();
    assert!(codes(&answers).ends_with("421"), "{answers}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_waits_and_lets_a_message_end() {
    let (waiting, stop, _, session) = open(Limits::default());
    tokio::task::yield_now().await;
    stop.cancel();
    session.await.unwrap();
    assert_eq!(rest(waiting).await, "220 421");

    let (mut writing, stop, door, session) = open(Limits::default());
    let begun = format!("{BEGIN}{}DATA\r\nacc", to("a"));
    writing.write_all(begun.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    tokio::time::sleep(Duration::from_secs(1)).await;
    writing.write_all(b"ept\r\n.\r\n").await.unwrap();
    session.await.unwrap();
    assert_eq!(rest(writing).await, "220 250 250 250 354 250 421");
    assert_eq!(door.taken(), ["anna@lab.example accept\r\n"]);
}
