//! A desk where letters are read and answered: a daemon, its mail server's other side, two people, and mail in every form.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use handover::domain::id::LetterId;
use handover::domain::secret::SiteKey;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemon::{Daemon, Person, Place, until, within};
use crate::post_office::{Delivered, PostOffice, free_port};

pub const REFUSED: &str = "550 5.1.1";

/// A message, before it is written out.
#[derive(Debug, Clone)]
pub struct Mail {
    from: String,
    sender: Option<String>,
    fields: Vec<String>,
    authenticated: bool,
    body: String,
    kind: String,
}

impl Mail {
    pub fn from(address: &str) -> Self {
        Self {
            from: address.to_owned(),
            sender: Some(address.to_owned()),
            fields: Vec::new(),
            authenticated: true,
            body: String::new(),
            kind: "text/plain".to_owned(),
        }
    }
    pub fn says(mut self, body: &str) -> Self {
        self.body = format!("{body}\r\n\r\n> your letter\r\n");
        self
    }
    pub fn with(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }
    pub fn unauthenticated(mut self) -> Self {
        self.authenticated = false;
        self
    }
    pub fn null_sender(mut self) -> Self {
        self.sender = None;
        self
    }
    /// A report about a letter to this address.
    pub fn report(about: &str, action: &str, status: &str) -> Self {
        let mut mail = Self::from("mailer-daemon@mx.test").null_sender();
        mail.kind = "multipart/report; report-type=delivery-status; boundary=\"x\"".to_owned();
        mail.body = format!(
            "--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--x--\r\n"
        );
        mail
    }
    pub fn written(&self) -> String {
        let mut head = self.fields.clone();
        if self.authenticated {
            let domain = self.from.split('@').nth(1).unwrap();
            head.push(format!(
                "Authentication-Results: mx.site.test; dmarc=pass header.from={domain}"
            ));
        }
        // The same text is the same message.
        let id = handover::domain::id::Digest::of(self.body.as_bytes());
        head.push(format!("From: {}", self.from));
        head.push(format!("Message-ID: <{id}@client.test>"));
        head.push("Subject: Re: offer".to_owned());
        head.push("MIME-Version: 1.0".to_owned());
        head.push(format!("Content-Type: {}", self.kind));
        format!("{}\r\n\r\n{}", head.join("\r\n"), self.body)
    }
}

/// An offer, and where answers to its letter go.
pub struct Offer {
    pub id: String,
    pub item: String,
    pub reply: String,
    pub bounce: String,
}

pub struct Desk {
    _home: TempDir,
    place: Place,
    daemon: Option<Daemon>,
    office: PostOffice,
    port: u16,
    key: SiteKey,
    offers: usize,
    marks: usize,
    pub core: Person,
    pub carl: Person,
}

impl Desk {
    /// With this in the section `[reply]`.
    pub fn open(reply: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut office = PostOffice::sink(&home.path().join("sink"));
        let port = free_port();
        let more = format!(
            "[reply]\nlisten = \"127.0.0.1:{port}\"\nmessages_per_minute = 100000\n{reply}"
        );
        let place = Place::new(&home.path().join("site"), office.port, &more);
        // Whoever sends administers the site too, so that they see what became of what came in.
        let operator = "[site]\nadministrators = [\"core@site.test\"]\n";
        place.reconfigure("[site]\n", operator);
        let mut daemon = place.start();
        daemon.ready(&place);
        let core = Person::sign_in(&place, &mut office, "core@site.test");
        let carl = Person::sign_in(&place, &mut office, "carl@lab.test");
        let key = std::fs::read(home.path().join("site/handover.key")).unwrap();
        Self {
            key: SiteKey::new(key.try_into().unwrap()),
            _home: home,
            place,
            daemon: Some(daemon),
            office,
            port,
            offers: 0,
            marks: 0,
            core,
            carl,
        }
    }

    /// `handover mail-in` for this recipient, with this on standard input; its exit code.
    pub fn mail_in(&self, to: &str, mail: &Mail) -> i32 {
        let mut process = std::process::Command::new(crate::daemon::BINARY)
            .args([
                "mail-in",
                "--sender",
                mail.sender.as_deref().unwrap_or_default(),
            ])
            .arg("--config")
            .arg(&self.place.config)
            .arg(to)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // As a pipe from a mail server gives it.
        let text = mail.written().replace("\r\n", "\n");
        let mut input = process.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        process.wait().unwrap().code().unwrap()
    }

    pub fn kill(&mut self) {
        self.daemon.take().unwrap().kill();
    }

    pub fn start(&mut self) {
        let mut daemon = self.place.start();
        daemon.ready(&self.place);
        self.daemon = Some(daemon);
    }

    /// What the site's configuration says is changed, and in force.
    pub fn configure(&mut self, from: &str, to: &str) {
        self.place.reconfigure(from, to);
        self.kill();
        self.start();
    }

    /// A project of the core's that is offered to this address.
    pub fn offer(&mut self, to: &str) -> Offer {
        self.offers += 1;
        let n = self.offers;
        let name = format!("Project {n}");
        let made = self
            .core
            .done("/projects", &format!("p{n}"), &json!({ "name": name }));
        let item = made["id"].as_str().unwrap().to_owned();
        let body = json!({ "items": [item], "recipient": to, "accept_terms": true });
        let made = self.core.done("/transfers", &format!("t{n}"), &body);
        let id = made["transfer"]["id"].as_str().or(made["id"].as_str());
        let id = id.unwrap_or_else(|| panic!("{made}")).to_owned();
        let letter = self.letter_of(&id);
        Offer {
            reply: format!("r-{}@reply.site.test", self.key.reply(letter)),
            bounce: format!("b-{}@reply.site.test", self.key.bounce(letter)),
            id,
            item,
        }
    }

    /// The offer's first letter, once it has left.
    fn letter_of(&self, id: &str) -> LetterId {
        until("the letter of the offer has left", within(20), || {
            let (_, shown) = self.core.get(&format!("/transfers/{id}"));
            let letter = &shown["letters"][0];
            (letter["state"] == "sent").then(|| letter["id"].as_str().unwrap().parse().unwrap())
        })
    }

    /// The address of a probe that was made so many minutes from now.
    pub fn probe(&self, minutes: i64) -> String {
        let now = handover::clock::Clock::now(&handover::clock::System::new());
        let made = u128::try_from(now + minutes * 60_000).unwrap();
        let id = LetterId::from_bits((made << 80) | 7);
        format!("p-{}@reply.site.test", self.key.probe(id))
    }

    /// The files of the store and of the log.
    pub fn traces(&self) -> (std::path::PathBuf, std::path::PathBuf) {
        let store = self.place.config.with_file_name("handover.redb");
        (store, self.place.log.clone())
    }

    /// The letter there that can be answered at this address.
    pub fn letter(&mut self, to: &str, reply: &str) -> Delivered {
        let is = |letter: &Delivered| {
            letter.to == to && letter.header("Reply-To").as_deref() == Some(reply)
        };
        self.office.wait_for("the letter of an offer", is)
    }

    fn session(&self) -> Session {
        Session::open(self.port)
    }

    /// What is answered to this recipient.
    pub fn rcpt(&self, to: &str) -> String {
        let mut session = self.session();
        session.ask("MAIL FROM:<a@b.test>");
        session.ask(&format!("RCPT TO:<{to}>"))
    }

    /// What is answered to this message.
    pub fn send(&self, to: &str, mail: &Mail) -> String {
        let mut session = self.session();
        let sender = mail.sender.as_deref().unwrap_or_default();
        session.ask(&format!("MAIL FROM:<{sender}>"));
        let answer = session.ask(&format!("RCPT TO:<{to}>"));
        if !answer.starts_with("250") {
            return answer;
        }
        session.ask("DATA");
        session.ask(&format!("{}.", mail.written().replace("\r\n.", "\r\n..")))
    }

    /// Delivers it, which must be possible.
    pub fn deliver(&self, to: &str, mail: &Mail) {
        let answer = self.send(to, mail);
        assert!(answer.starts_with("250"), "{answer}");
    }

    fn shown(&self, id: &str) -> Value {
        let (status, shown) = self.core.get(&format!("/transfers/{id}"));
        assert_eq!(status, 200, "{shown}");
        shown["transfer"].clone()
    }

    pub fn state(&self, id: &str) -> String {
        self.shown(id)["state"].as_str().unwrap().to_owned()
    }

    /// The offer, once it is answered.
    pub fn ended(&self, id: &str) -> Value {
        until("the offer is answered", within(20), || {
            let shown = self.shown(id);
            (shown["state"] != "pending").then_some(shown)
        })
    }

    /// What became of the messages that came in, oldest first.
    pub fn outcomes(&self) -> Vec<String> {
        let (status, page) = self.core.get("/admin/mail/inbound");
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        let outcome = |item: &Value| item["outcome"].as_str().unwrap_or("waiting").to_owned();
        items.iter().rev().map(outcome).collect()
    }

    pub fn until_outcomes(&self, n: usize) {
        until(&format!("{n} messages are understood"), within(20), || {
            let outcomes = self.outcomes();
            let waits = outcomes.iter().any(|outcome| outcome == "waiting");
            (outcomes.len() == n && !waits).then_some(())
        });
    }

    /// What became of the only message.
    pub fn outcome(&self) -> String {
        self.until_outcomes(1);
        self.outcomes().remove(0)
    }

    /// Letters that were delivered there, once the outbox is empty.
    fn delivered(&mut self, to: &str) -> Vec<Delivered> {
        // What was written before has been claimed before.
        self.marks += 1;
        let mark = format!("mark{}@site.test", self.marks);
        Person::sign_in(&self.place, &mut self.office, &mark);
        self.office
            .delivered()
            .filter(|letter| letter.to == to)
            .cloned()
            .collect()
    }

    /// Letters there whose subject tells this.
    pub fn letters(&mut self, to: &str, tells: &str) -> Vec<String> {
        let all = self.delivered(to);
        let subjects = all.into_iter().map(|letter| letter.subject);
        subjects.filter(|subject| subject.contains(tells)).collect()
    }

    /// What letters to there say that answer a reply.
    pub fn told(&mut self, to: &str) -> Vec<String> {
        let sent = self.delivered(to).into_iter();
        let answers = sent.filter(|letter| letter.raw.contains("auto-replied"));
        answers.map(|letter| letter.text()).collect()
    }

    /// What the letter of an offer to there says.
    pub fn offered(&mut self, to: &str) -> String {
        let letter = |letter: &Delivered| letter.to == to && letter.raw.contains("/i/");
        self.office
            .wait_for("the letter of an offer", letter)
            .text()
    }

    /// Letters to there that answer a reply.
    pub fn answers(&mut self, to: &str) -> usize {
        let sent = self.delivered(to).into_iter();
        let sent = sent.filter(|letter| letter.raw.contains("auto-replied"));
        // One that cannot be written counts too: it was meant to be sent.
        let troubled = self.core.list("/admin/mail/outbox");
        let meant = |one: &&Value| one["kind"] == "answer" && one["to"] == to;
        sent.count() + troubled.iter().filter(meant).count()
    }

    /// The letter that tells that another did not arrive.
    pub fn undeliverable(&mut self, to: &str) -> Delivered {
        self.office
            .wait_for("a letter that tells of the other", |letter| {
                letter.to == to && letter.text().contains("5.1.1")
            })
    }
}

/// A conversation by LMTP.
struct Session {
    read: BufReader<TcpStream>,
    write: TcpStream,
}

impl Session {
    fn open(port: u16) -> Self {
        let write = until("the door is open", within(10), || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        write
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut session = Self {
            read: BufReader::new(write.try_clone().unwrap()),
            write,
        };
        session.answer();
        session.ask("LHLO mx.site.test");
        session
    }

    fn ask(&mut self, line: &str) -> String {
        write!(self.write, "{line}\r\n").unwrap();
        self.answer()
    }

    /// The last line of an answer.
    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.read.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}
