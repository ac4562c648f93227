//! The daemon as a process of its own, and a client that does not give up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::post_office::{Delivered, PostOffice, free_port};

pub const BINARY: &str = env!("CARGO_BIN_EXE_handover");

/// The pause between two looks.
pub const LOOK: Duration = Duration::from_millis(2);

#[allow(
    clippy::disallowed_methods,
    reason = "processes are waited for in real time"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// The moment so many seconds from now.
pub fn within(seconds: u64) -> Instant {
    now() + Duration::from_secs(seconds)
}

/// One thread of the test failed, so that the others need not wait for anything.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Ends the waiting of all threads when the thread that holds it fails.
pub struct FailTogether;

impl Drop for FailTogether {
    fn drop(&mut self) {
        if std::thread::panicking() {
            FAILED.store(true, Ordering::Relaxed);
        }
    }
}

/// Looks until there is something to see, and fails at the deadline.
pub fn until<T>(what: &str, deadline: Instant, mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(now() < deadline, "waited in vain until {what}");
        let failed = FAILED.load(Ordering::Relaxed);
        assert!(
            !failed,
            "gave up waiting until {what}: see the other failure"
        );
        std::thread::sleep(LOOK);
    }
}

/// Where a daemon is, what it is told, and what it said.
pub struct Place {
    pub config: PathBuf,
    pub log: PathBuf,
    pub site: String,
    pub operators: String,
    /// The certificates that it trusts instead of the machine's.
    pub trusts: Option<PathBuf>,
}

impl Place {
    /// A folder with a configuration: letters go to this port, limits are out of the way, and `more` follows at the end.
    pub fn new(home: &Path, smtp_port: u16, more: &str) -> Self {
        Self::with_mail(home, &format!("port = {smtp_port}\n"), more)
    }

    /// As `new`, with everything that `[mail.smtp]` says.
    pub fn with_mail(home: &Path, smtp: &str, more: &str) -> Self {
        let how = format!("transport = \"smtp\"\n[mail.smtp]\n{smtp}");
        Self::configured(home, &how, more)
    }

    /// As `new`, with letters kept in the built-in mailbox.
    pub fn with_mailbox(home: &Path, more: &str) -> Self {
        Self::configured(home, "transport = \"mailbox\"\n", more)
    }

    fn configured(home: &Path, transport: &str, more: &str) -> Self {
        fs::create_dir_all(home).unwrap();
        let (site, operators) = (free_port(), free_port());
        let place = Self {
            config: home.join("handover.toml"),
            log: home.join("log"),
            site: format!("http://127.0.0.1:{site}"),
            operators: format!("http://127.0.0.1:{operators}"),
            trusts: None,
        };
        let settings = format!(
            "[site]\npublic_url = \"http://127.0.0.1:{site}\"\n\
             [server]\nlisten = \"127.0.0.1:{site}\"\nmetrics_listen = \"127.0.0.1:{operators}\"\n\
             [mail]\nfrom = \"handover@site.test\"\nreply_domain = \"reply.site.test\"\n{transport}\
             [limits]\nsign_in_per_address_per_hour = 1000\nsign_in_per_client_per_hour = 100000\n\
             transfers_per_sender_per_hour = 100000\nopen_offers_per_recipient = 10000\n\
             letters_per_recipient_per_day = 10000\n{more}"
        );
        fs::write(&place.config, settings).unwrap();
        place
    }

    /// From its next start on it is told this instead of that.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let written = fs::read_to_string(&self.config).unwrap();
        assert!(written.contains(from), "{from}");
        fs::write(&self.config, written.replacen(from, to, 1)).unwrap();
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Starts a daemon there; it is not ready yet.
    pub fn start(&self) -> Daemon {
        let mut log = File::options();
        let log = log.create(true).append(true).open(&self.log).unwrap();
        let began = now();
        let mut command = Command::new(BINARY);
        if let Some(certificates) = &self.trusts {
            command.env("SSL_CERT_FILE", certificates);
        }
        let process = command
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Daemon { process, began }
    }
}

pub struct Daemon {
    process: Child,
    began: Instant,
}

impl Daemon {
    /// Waits until it says that it is ready; how long that took from its start.
    pub fn ready(&mut self, place: &Place) -> Duration {
        let agent = agent(Duration::from_secs(1));
        let url = format!("{}/readyz", place.operators);
        let process = &mut self.process;
        until("the daemon is ready", within(30), || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", place.log());
            let answer = agent.get(&url).call().ok()?;
            (answer.status() == 200).then(|| self.began.elapsed())
        })
    }

    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// SIGKILL; nothing of it runs afterwards.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self, within: Instant) -> ExitStatus {
        until("the daemon ends", within, || {
            self.process.try_wait().unwrap()
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn agent(patience: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .build()
        .into()
}

/// Somebody who uses the API.
#[derive(Clone)]
pub struct Person {
    pub address: String,
    pub id: String,
    secret: String,
    site: String,
    agent: ureq::Agent,
}

fn answer(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<(u16, Value)> {
    let mut answer = sent.ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    let status = answer.status().as_u16();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some((status, value))
}

impl Person {
    /// Signs in with the code that was mailed.
    pub fn sign_in(place: &Place, office: &mut PostOffice, address: &str) -> Self {
        Self::sign_in_by(place, address, || {
            office.wait_for(&format!("a code for {address}"), |letter| {
                letter.to == address && letter.code().is_some()
            })
        })
    }

    /// Signs in with the code of a letter that is waited for.
    pub fn sign_in_by(place: &Place, address: &str, letter: impl FnOnce() -> Delivered) -> Self {
        let agent = agent(Duration::from_secs(20));
        let post = |path: &str, body: &Value| {
            let url = format!("{}/api/v1{path}", place.site);
            let (status, value) = answer(agent.post(url).send_json(body)).unwrap();
            assert!(status < 300, "{path}: {status} {value}");
            value
        };
        let begun = post("/sign-in", &json!({ "address": address }));
        let letter = letter();
        let path = format!("/sign-in/{}", begun["sign_in"].as_str().unwrap());
        let signed = post(&path, &json!({ "code": letter.code() }));
        Self {
            address: address.to_owned(),
            id: signed["account"]["id"].as_str().unwrap().to_owned(),
            secret: signed["secret"].as_str().unwrap().to_owned(),
            site: place.site.clone(),
            agent,
        }
    }

    /// The token of their session.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// One attempt; `None` if there was no answer.
    pub fn post_once(&self, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.agent.post(format!("{}/api/v1{path}", self.site));
        let request = request.header("authorization", format!("Bearer {}", self.secret));
        answer(request.header("idempotency-key", key).send_json(body))
    }

    /// The same request with the same key until it is answered for good, whatever happens to the daemon meanwhile.
    pub fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        self.keep_trying(path, || self.post_once(path, key, body))
    }

    /// As `post`, of what must be done.
    pub fn done(&self, path: &str, key: &str, body: &Value) -> Value {
        let (status, value) = self.post(path, key, body);
        assert!(status < 300, "{path} {body}: {status} {value}");
        value
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.keep_trying(path, || {
            let request = self.agent.get(format!("{}/api/v1{path}", self.site));
            answer(
                request
                    .header("authorization", format!("Bearer {}", self.secret))
                    .call(),
            )
        })
    }

    /// All items of a list.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let (status, mut page) = self.get(&format!("{path}{joint}limit=100{cursor}"));
            assert_eq!(status, 200, "{path}: {page}");
            all.append(page["items"].as_array_mut().unwrap());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    fn keep_trying(
        &self,
        path: &str,
        mut once: impl FnMut() -> Option<(u16, Value)>,
    ) -> (u16, Value) {
        until(&format!("{path} is answered"), within(60), || {
            once().filter(|(status, value)| {
                assert_ne!(*status, 500, "{path}: {value}");
                *status != 503 && value["code"] != "conflict.try_again"
            })
        })
    }
}
