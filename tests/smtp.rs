//! What each refusal of a mail server means, and that connections are used again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/smtp_server.rs"]
mod smtp_server;

use std::time::Duration;

use handover::domain::id::LetterId;
use handover::domain::time::Time;
use handover::mail::smtp::{Login, Security, Settings, Smtp};
use handover::mail::{Blame, Failure, Rendered, Transport};
use smtp_server::{At, Does, SmtpServer};

use Does::{Closes, Says, Waits};

fn letter(bits: u128) -> Rendered {
    let id = LetterId::from_bits(bits);
    let raw = format!("Subject: {bits}\r\n\r\n.\r\n..x\r\nend\r\n");
    Rendered {
        id,
        from: Some("handover@uni.example".parse().unwrap()),
        to: "carl@lab.example".parse().unwrap(),
        at: Time::from_ms(0),
        subject: bits.to_string(),
        message_id: format!("<{id}@reply.uni.example>"),
        text: String::new(),
        html: String::new(),
        raw: raw.into_bytes(),
    }
}

fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        login: None,
        hello: "reply.uni.example".into(),
        connections: 2,
        timeout: Duration::from_millis(300),
    }
}

async fn sent(server: &SmtpServer) -> Result<(), Failure> {
    let smtp = Smtp::new(settings(server.port())).unwrap();
    smtp.send(&letter(1)).await
}

#[tokio::test]
async fn each_refusal_is_somebodys_fault() {
    for (at, does, blame, told) in [
        (
            At::Connect,
            Says("554 5.3.2 go away"),
            Blame::Ours,
            "connecting: 554 5.3.2 go away",
        ),
        (
            At::Connect,
            Says("421 4.3.2 busy"),
            Blame::Later,
            "connecting: 421 4.3.2 busy",
        ),
        (At::Connect, Closes, Blame::Later, "connecting: "),
        (
            At::Connect,
            Waits,
            Blame::Later,
            "connecting: the mail server did not answer within 0.3 s",
        ),
        (
            At::Ehlo,
            Says("550 5.7.1 who are you"),
            Blame::Ours,
            "connecting: 550",
        ),
        (
            At::Mail,
            Says("550 5.1.8 bad sender"),
            Blame::Ours,
            "MAIL: 550 5.1.8 bad sender",
        ),
        (At::Mail, Says("451 4.3.0 wait"), Blame::Later, "MAIL: 451"),
        (
            At::Rcpt,
            Says("550 5.1.1 no such user"),
            Blame::Undeliverable,
            "RCPT: 550 5.1.1 no such user",
        ),
        (
            At::Rcpt,
            Says("550-no\r\n550 such user"),
            Blame::Undeliverable,
            "RCPT: 550 no such user",
        ),
        (
            At::Rcpt,
            Says("552 5.2.2 full"),
            Blame::Undeliverable,
            "RCPT: 552",
        ),
        (
            At::Rcpt,
            Says("450 4.2.1 greylisted"),
            Blame::Later,
            "RCPT: 450",
        ),
        (
            At::Rcpt,
            Says("554 5.7.1 Relay access denied"),
            Blame::Ours,
            "RCPT: 554",
        ),
        (
            At::Rcpt,
            Says("530 5.5.1 log in first"),
            Blame::Ours,
            "RCPT: 530",
        ),
        (At::Rcpt, Closes, Blame::Later, "RCPT: "),
        (
            At::Rcpt,
            Waits,
            Blame::Later,
            "RCPT: the mail server did not answer",
        ),
        (At::Rcpt, Says("nonsense"), Blame::Later, "RCPT: "),
        (At::Data, Says("554 5.5.1 no"), Blame::Ours, "DATA: 554"),
        (
            At::Data,
            Says("452 4.3.1 no space"),
            Blame::Later,
            "DATA: 452",
        ),
        (
            At::Message,
            Says("554 5.7.1 spam"),
            Blame::Ours,
            "end of DATA: 554",
        ),
        (
            At::Message,
            Says("451 4.3.0 try again"),
            Blame::Later,
            "end of DATA: 451",
        ),
        (At::Message, Closes, Blame::Later, "end of DATA: "),
        (
            At::Message,
            Waits,
            Blame::Later,
            "end of DATA: the mail server did not answer",
        ),
    ] {
        let server = SmtpServer::start(&[(at, does, usize::MAX)]).await;
        let failure = sent(&server).await.unwrap_err();
        assert_eq!(failure.kind, blame, "{at:?} {does:?}: {failure}");
        assert!(failure.text.starts_with(told), "{at:?} {does:?}: {failure}");
        assert_eq!(server.taken(), []);
    }
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written_over_one_connection() {
    let server = SmtpServer::start(&[]).await;
    let smtp = Smtp::new(settings(server.port())).unwrap();
    for bits in 1..=5 {
        smtp.send(&letter(bits)).await.unwrap();
    }
    let taken = server.taken();
    assert_eq!(taken.len(), 5);
    assert_eq!(server.connections(), 1);
    assert_eq!(taken[0].from, "MAIL FROM:<handover@uni.example>");
    assert_eq!(taken[0].to, "RCPT TO:<carl@lab.example>");
    let data = String::from_utf8(taken[0].data.clone()).unwrap();
    assert_eq!(data, "Subject: 1\r\n\r\n..\r\n...x\r\nend\r\n.\r\n");
    assert_eq!(server.said()[0], "EHLO reply.uni.example");
    smtp.close().await;
    assert_eq!(server.said().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn a_refused_recipient_does_not_spoil_the_connection_for_the_next_letter() {
    let server = SmtpServer::start(&[(At::Rcpt, Says("550 5.1.1 no"), 1)]).await;
    let smtp = Smtp::new(settings(server.port())).unwrap();
    smtp.send(&letter(1)).await.unwrap_err();
    smtp.send(&letter(2)).await.unwrap();
    assert_eq!((server.connections(), server.taken().len()), (1, 1));
    assert!(server.said().contains(&"RSET".to_owned()));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_made_anew() {
    for does in [Closes, Says("421 4.4.2 idle for too long"), Waits] {
        let server = SmtpServer::start(&[]).await;
        let smtp = Smtp::new(settings(server.port())).unwrap();
        smtp.send(&letter(1)).await.unwrap();
        server.fail(At::Mail, does, 1);
        smtp.send(&letter(2)).await.unwrap();
        assert_eq!(
            (server.connections(), server.taken().len()),
            (2, 2),
            "{does:?}"
        );
    }
}

#[tokio::test]
async fn no_more_connections_are_made_than_are_allowed() {
    let server = SmtpServer::start(&[]).await;
    let smtp = Smtp::new(settings(server.port())).unwrap();
    let letters: Vec<Rendered> = (1..=20).map(letter).collect();
    let sent = futures_util::future::join_all(letters.iter().map(|letter| smtp.send(letter))).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!((server.connections(), server.taken().len()), (2, 20));
}

#[tokio::test]
async fn a_login_is_used_and_its_refusal_is_ours() {
    let login = Login {
        username: "handover".into(),
        password: "secret".into(),
    };
    let with_login = |port| Settings {
        login: Some(login.clone()),
        ..settings(port)
    };
    let server = SmtpServer::start(&[]).await;
    let smtp = Smtp::new(with_login(server.port())).unwrap();
    smtp.send(&letter(1)).await.unwrap();
    smtp.check().await.unwrap();
    assert!(server.said()[1].starts_with("AUTH PLAIN "));
    for (answer, blame) in [
        ("535 5.7.8 wrong password", Blame::Ours),
        ("454 4.7.0 later", Blame::Later),
    ] {
        let server = SmtpServer::start(&[(At::Auth, Says(answer), 1)]).await;
        let smtp = Smtp::new(with_login(server.port())).unwrap();
        let failure = smtp.check().await.unwrap_err();
        assert_eq!(failure.kind, blame);
        assert_eq!(failure.text, format!("AUTH: {answer}"));
    }
    assert!(!format!("{login:?}").contains("secret"));
}

#[tokio::test]
async fn without_starttls_no_letter_and_no_password_leave() {
    let server = SmtpServer::start(&[]).await;
    let smtp = Smtp::new(Settings {
        security: Security::StartTls,
        host: "localhost".into(),
        ..settings(server.port())
    })
    .unwrap();
    let failure = smtp.send(&letter(1)).await.unwrap_err();
    assert_eq!(failure.kind, Blame::Ours);
    assert!(
        failure.text.contains("STARTTLS is not supported"),
        "{failure}"
    );
    assert_eq!(server.taken(), []);
}

#[tokio::test]
async fn an_address_of_other_letters_needs_a_server_that_can() {
    let mut wide = letter(1);
    wide.to = "jörg@lab.example".parse().unwrap();
    let server = SmtpServer::start(&[]).await;
    let smtp = Smtp::new(settings(server.port())).unwrap();
    let failure = smtp.send(&wide).await.unwrap_err();
    assert_eq!(failure.kind, Blame::Ours);
    assert!(failure.text.contains("SMTPUTF8"), "{failure}");
    let able = SmtpServer::start(&[]).await;
    able.offer("SMTPUTF8");
    let smtp = Smtp::new(settings(able.port())).unwrap();
    smtp.send(&wide).await.unwrap();
    assert!(able.taken()[0].from.ends_with("SMTPUTF8"));
}

#[tokio::test]
async fn nobody_at_the_port_is_for_later() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let smtp = Smtp::new(settings(port)).unwrap();
    let failure = smtp.send(&letter(1)).await.unwrap_err();
    assert_eq!(failure.kind, Blame::Later, "{failure}");
}
