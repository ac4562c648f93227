//! The client against a small server of its own that says what a test tells it to say.

mod audit;
mod commands;
mod connection;
mod help;
mod mail;
mod moves;
mod sharing;
mod signing_in;
mod whole_path;
mod workgroups;

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Cursor, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use clap::Parser;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::failure::Exit;
use super::settings::{File, Saved};
use super::surroundings::{Environment, Surroundings, Terminal, Tools};
use super::{Command, perform};
use crate::clock::Manual;
use crate::ids::Ids;

/// 2026-11-22T10:47:00Z
const NOW: i64 = 1_795_344_420_000;

#[derive(Debug, Parser)]
#[command(name = "handover", about = "the whole program")]
struct Top {
    #[command(subcommand)]
    command: Command,
}

/// What the stub does with a request.
#[derive(Clone)]
enum Answer {
    Says {
        status: u16,
        headers: String,
        body: String,
    },
    /// Reads it and closes the connection.
    HangsUp,
}

fn says(status: u16, kind: &str, body: impl ToString) -> Answer {
    Answer::Says {
        status,
        headers: format!("Content-Type: {kind}\r\n"),
        body: body.to_string(),
    }
}

fn ok(body: Value) -> Answer {
    says(200, "application/json", body)
}

fn problem(status: u16, code: &str) -> Answer {
    let body = json!({
        "type": format!("/docs/problems#{code}"), "title": format!("the sentence of {code}"), "status": status,
        "detail": "the next step", "code": code, "request_id": "req-1",
        "guards": [{"code": code, "sentence": format!("the sentence of {code}"), "next_step": "the next step"}],
    });
    says(status, "application/problem+json", body)
}

impl Answer {
    fn with(self, header: &str) -> Self {
        match self {
            Self::Says {
                status,
                headers,
                body,
            } => Self::Says {
                status,
                headers: format!("{headers}{header}\r\n"),
                body,
            },
            Self::HangsUp => self,
        }
    }
}

/// A request as the stub saw it.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// `POST /api/v1/runs`
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(there, _)| there == name)
            .map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers one request after the other as told; the last answer again and again.
struct Stub {
    url: String,
    seen: Receiver<Seen>,
}

impl Stub {
    fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, seen) = channel();
        thread::spawn(move || {
            let mut answers = answers.into_iter();
            let mut last = answers.next();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = request(&mut BufReader::new(&mut stream));
                // The test is over when nobody listens any more.
                if tell.send(request).is_err() {
                    return;
                }
                if let Some(Answer::Says {
                    status,
                    headers,
                    body,
                }) = &last
                {
                    answer(&mut stream, *status, headers, body);
                }
                last = answers.next().or(last);
            }
        });
        Self { url, seen }
    }

    /// The requests so far.
    fn seen(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }
}

fn request(from: &mut impl BufRead) -> Seen {
    let mut seen = Seen::default();
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    seen.line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        seen.headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    from.take(length).read_to_string(&mut seen.body).unwrap();
    seen
}

fn answer(to: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    to.write_all(head.as_bytes()).unwrap();
    to.write_all(body.as_bytes()).unwrap();
}

/// Somebody at a machine.
struct Person {
    home: tempfile::TempDir,
    url: Option<String>,
    token: Option<String>,
    types: String,
    attended: bool,
    width: Option<usize>,
    clock: Manual,
    ids: Ids,
    waits: RefCell<Vec<Duration>>,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    exit: Exit,
    out: String,
    err: String,
}

impl Person {
    /// Somebody with nothing but a home; not at a terminal.
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            url: None,
            token: None,
            types: String::new(),
            attended: false,
            width: None,
            clock: Manual::at(NOW),
            ids: Ids::seeded(7),
            waits: RefCell::default(),
        }
    }

    /// Somebody whose environment names a token.
    fn signed_in(stub: &Stub) -> Self {
        Self {
            url: Some(stub.url.clone()),
            token: Some("the-secret".to_owned()),
            ..Self::new()
        }
    }

    fn at_a_terminal(mut self, types: &str) -> Self {
        self.attended = true;
        types.clone_into(&mut self.types);
        self
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("handover")
    }

    fn saved(&self) -> Saved {
        File::in_folder(Some(&self.folder()))
            .unwrap()
            .read()
            .unwrap()
    }

    /// Types a command.
    fn runs(&self, typed: &[&str]) -> Ended {
        let all = std::iter::once(&"handover").chain(typed);
        let top = Top::try_parse_from(all).unwrap();
        let wait = |time: Duration, _: &str| {
            self.waits.borrow_mut().push(time);
            self.clock.advance(time);
        };
        let (mut input, mut out, mut err) =
            (Cursor::new(self.types.clone()), Vec::new(), Vec::new());
        let mut here = Surroundings {
            environment: Environment {
                settings: Some(self.folder()),
                url: self.url.clone(),
                token: self.token.clone(),
                no_colour: true,
            },
            tools: Tools {
                clock: &self.clock,
                ids: &self.ids,
                wait: &wait,
            },
            terminal: Terminal {
                input: &mut input,
                output: &mut out,
                errors: &mut err,
                attended: self.attended,
                width: self.width,
                colours: false,
                error_colours: false,
                zone: TimeZone::UTC,
            },
        };
        let exit = perform(&top.command, &mut here);
        Ended {
            exit,
            out: String::from_utf8(out).unwrap(),
            err: String::from_utf8(err).unwrap(),
        }
    }
}

impl Ended {
    /// For snapshots.
    fn shown(&self) -> String {
        format!(
            "exit {}\n--- out\n{}--- err\n{}",
            self.exit as u8, self.out, self.err
        )
    }
}

/// What is typed after a command, what it sends, and how it ends with each answer.
fn played(command: &str, cases: Vec<(Vec<&str>, Answer)>) -> String {
    let (typed, answers): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let stub = Stub::new(answers);
    let person = Person::signed_in(&stub);
    let mut told = String::new();
    for typed in typed {
        let typed = [command.split(' ').collect(), typed].concat();
        let ended = person.runs(&typed);
        let seen = stub.seen().remove(0);
        let keyed = seen.header("idempotency-key").is_some();
        assert_eq!(keyed, !seen.line.starts_with("GET"), "{typed:?}");
        told.push_str(&format!(
            "$ {}\n{} {}\n{}\n",
            typed.join(" "),
            seen.line,
            seen.body,
            ended.shown()
        ));
    }
    told
}

// ---- documents ----

fn account() -> Value {
    json!({
        "id": "acc_1", "name": "Ada Core", "addresses": ["ada@core.example", "ada@home.example"], "tier": "professional",
        "domain": "public", "default_run_location": "wg_core", "default_context": "acc_1", "blocked": [],
        "created_at": "2026-01-05T08:00:00Z",
    })
}

fn item(kind: &str, id: &str, name: &str) -> Value {
    json!({
        "id": id, "kind": kind, "name": name, "owner": "wg_core", "state": "active", "bytes": 11_000_000_000_000_u64,
        "files": 991_227, "created_at": "2026-11-20T08:00:00Z",
    })
}

fn transfer(state: &str) -> Value {
    json!({
        "id": "tr_1", "state": state, "source": "wg_core", "source_name": "Core facility", "sender_name": "Ada Core",
        "sender_address": "ada@core.example", "recipient": "tess@lab.example",
        "items": [
            {"id": "run_1", "kind": "run", "name": "20231108_LH00188_0028_B22F52TLT3", "bytes": 11_000_000_000_000_u64, "files": 991_227},
            {"id": "prj_1", "kind": "project", "name": "Wetland soils", "bytes": 4096, "files": 1},
        ],
        "bytes": 11_000_000_004_096_u64, "message": "Your run.\nBest wishes\u{1b}[2J", "keep_access": {"level": "none"},
        "requested_at": "2026-11-20T10:47:00Z", "expires_at": "2026-12-04T10:47:00Z",
    })
}
