//! The daemon as a process: what it does on signals, and how it says why it cannot start.
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

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

use daemon::{BINARY, Daemon, Place, until, within};
use post_office::free_port;
use rustix::process::Signal;
use tempfile::TempDir;

fn started(more: &str) -> (TempDir, Place, Daemon) {
    let home = tempfile::tempdir().unwrap();
    // Nobody takes letters there, and nobody waits for them.
    let place = Place::new(home.path(), free_port(), more);
    let mut daemon = place.start();
    daemon.ready(&place);
    (home, place, daemon)
}

fn connected(place: &Place) -> TcpStream {
    let there = TcpStream::connect(place.site.trim_start_matches("http://")).unwrap();
    let patience = Some(Duration::from_secs(20));
    there.set_read_timeout(patience).unwrap();
    there
}

fn rest(mut there: &TcpStream) -> String {
    let mut said = String::new();
    there.read_to_string(&mut said).unwrap();
    said
}

/// A POST, and the whole answer.
fn post(place: &Place, path: &str, body: &str) -> String {
    let mut there = connected(place);
    write!(
        there,
        "POST /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    rest(&there)
}

fn sign_in(place: &Place, address: &str) -> String {
    post(place, "/sign-in", &format!("{{\"address\":\"{address}\"}}"))
}

const BODY: &[u8; 30] = br#"{"address":"carl@lab.example"}"#;

/// A request of which a part has been sent and read: the server says so before it waits for the rest.
fn half_sent(place: &Place) -> TcpStream {
    let mut there = connected(place);
    let head = "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
                Content-Length: 30\r\n\r\n";
    there.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    there.read_exact(&mut go_on).unwrap();
    assert_eq!(go_on, *b"HTTP/1.1 100 Continue\r\n\r\n");
    there
}

fn says(place: &Place, what: &str) {
    until(&format!("it says {what:?}"), within(10), || {
        place.log().contains(what).then_some(())
    });
}

#[test]
fn a_soft_stop_finishes_what_is_in_flight() {
    for signal in [Signal::TERM, Signal::INT] {
        let (_home, place, mut daemon) = started("");
        let mut slow = half_sent(&place);
        daemon.signal(signal);
        says(&place, "stopping: finishing what is in flight");
        until("it takes no more connections", within(10), || {
            TcpStream::connect(place.site.trim_start_matches("http://"))
                .err()
                .map(drop)
        });
        slow.write_all(BODY).unwrap();
        let answer = rest(&slow);
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
        assert_eq!(daemon.ended(within(10)).code(), Some(0), "{}", place.log());
        says(&place, "stopped");
        // What was acknowledged while it stopped is there.
        daemon = place.start();
        daemon.ready(&place);
        let id = answer.split("\"sign_in\":\"").nth(1).unwrap();
        let id = id.split('"').next().unwrap();
        let wrong = post(
            &place,
            &format!("/sign-in/{id}"),
            "{\"code\":\"2222-2222\"}",
        );
        assert!(wrong.contains("4 tries are left"), "{wrong}");
    }
}

#[test]
fn a_second_signal_stops_at_once() {
    let (_home, place, mut daemon) = started("");
    let _slow = half_sent(&place);
    daemon.signal(Signal::TERM);
    says(&place, "stopping: finishing what is in flight");
    daemon.signal(Signal::TERM);
    let began = daemon::now();
    assert_eq!(
        daemon.ended(within(10)).code(),
        Some(130),
        "{}",
        place.log()
    );
    assert!(began.elapsed() < Duration::from_secs(1));
    says(&place, "stopped at once");
}

#[test]
fn a_reload_takes_over_limits_and_says_what_needs_a_restart() {
    let (_home, place, mut daemon) = started("");
    for _ in 0..3 {
        let answer = sign_in(&place, "carl@lab.example");
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    }
    let old = fs::read_to_string(&place.config).unwrap();
    fs::write(&place.config, old.replace("reply_domain", "reply_domian")).unwrap();
    daemon.signal(Signal::HUP);
    says(&place, "the old one stays in force");
    assert!(sign_in(&place, "carl@lab.example").starts_with("HTTP/1.1 202 "));

    let new = old
        .replace(
            "sign_in_per_address_per_hour = 1000",
            "sign_in_per_address_per_hour = 1",
        )
        .replace("[server]\n", "[server]\nmax_request_size = \"1MiB\"\n");
    fs::write(&place.config, new).unwrap();
    daemon.signal(Signal::HUP);
    says(&place, "these take effect only after a restart");
    let log = place.log();
    let line = |what: &str| {
        let found = log.lines().find(|line| line.contains(what));
        found.unwrap_or_else(|| panic!("{what}: {log}"))
    };
    assert!(line("configuration reloaded").contains("limits.sign_in_per_address_per_hour"));
    assert!(line("only after a restart").contains("server.max_request_size"));
    // It was started with another size, and is told so each time.
    daemon.signal(Signal::HUP);
    until("it says so again", within(10), || {
        let told = place.log().matches("only after a restart").count();
        (told == 2).then_some(())
    });
    assert!(sign_in(&place, "dora@lab.example").starts_with("HTTP/1.1 202 "));
    let limited = sign_in(&place, "dora@lab.example");
    assert!(limited.starts_with("HTTP/1.1 429 "), "{limited}");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(within(10)).code(), Some(0));
}

/// Runs a daemon that must not start.
fn refused(place: &Place) -> String {
    let Output { status, stderr, .. } = Command::new(BINARY)
        .args(["serve", "--config"])
        .arg(&place.config)
        .output()
        .unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

#[test]
fn a_second_daemon_on_one_store_says_in_one_sentence_why_it_ends() {
    let (home, _place, _daemon) = started("");
    let store = home.path().join("handover.redb");
    let key = home.path().join("handover.key");
    let more = format!(
        "[store]\npath = {:?}\n[secrets]\nkey_file = {:?}\n",
        store.display().to_string(),
        key.display().to_string()
    );
    let second = Place::new(&home.path().join("second"), free_port(), &more);
    let said = refused(&second);
    let expected = format!(
        "handover: the store {:?} is open in another process; stop that one first, or give this one a folder of its own\n",
        store.display().to_string()
    );
    assert_eq!(said, expected);
}

#[test]
fn a_wrong_configuration_is_refused_with_all_its_problems() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(
        home.path(),
        free_port(),
        "[transfers]\nmax_items = 251\ndefault_expiry = \"14 days or so\"\n[store]\npaht = \"x\"\n",
    );
    let said = refused(&place);
    for problem in [
        "transfers.max_items",
        "transfers.default_expiry",
        "store.paht",
    ] {
        assert!(said.contains(problem), "{problem}: {said}");
    }
    assert!(!home.path().join("handover.redb").exists());
}
