//! The daemon as a process.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::Connection;

/// Where letters go.
pub enum Letters {
    /// Into the built-in mailbox: the courier works while transfers are measured, whether it keeps up or not.
    Delivered,
    /// To a mail server that takes connections and says nothing: they stay in the outbox.
    Waiting(TcpListener),
}

impl Letters {
    pub fn waiting() -> Self {
        Self::Waiting(TcpListener::bind("127.0.0.1:0").unwrap())
    }
}

/// A configured daemon, running or not.
pub struct Daemon {
    folder: PathBuf,
    pub port: u16,
    metrics_port: u16,
    child: Option<Child>,
    _letters: Letters,
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Daemon {
    /// One whose store is `store.redb` in this folder. Every limit against abuse is lifted as far as it can be.
    pub fn configured(folder: &Path, letters: Letters) -> Self {
        let (port, metrics_port) = (free_port(), free_port());
        let mail = match &letters {
            Letters::Delivered => "transport = \"mailbox\"".to_owned(),
            Letters::Waiting(server) => format!(
                "transport = \"smtp\"\n[mail.smtp]\nport = {}\ntimeout = \"10m\"\nconnections = 1",
                server.local_addr().unwrap().port()
            ),
        };
        let level = super::argument("--log").unwrap_or_else(|| "info".into());
        let cache = super::argument("--cache").unwrap_or_else(|| "64MiB".into());
        let config = format!(
            r#"[site]
public_url = "http://127.0.0.1:{port}"
[server]
listen = "127.0.0.1:{port}"
metrics_listen = "127.0.0.1:{metrics_port}"
[store]
path = "store.redb"
cache = "{cache}"
[secrets]
key_file = "handover.key"
[logging]
level = "{level}"
[limits]
sign_in_per_address_per_hour = 1000
sign_in_per_client_per_hour = 100000
transfers_per_sender_per_hour = 100000
open_offers_per_recipient = 10000
letters_per_recipient_per_day = 10000
[mail]
{mail}
"#
        );
        fs::write(folder.join("handover.toml"), config).unwrap();
        // The daemon makes no key for a store that was filled before it starts. What it signs here is of no use to anybody.
        let key = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(folder.join("handover.key"));
        key.and_then(|mut key| key.write_all(&[7; 32])).unwrap();
        Self {
            folder: folder.to_owned(),
            port,
            metrics_port,
            child: None,
            _letters: letters,
        }
    }

    /// Starts it and waits until `/readyz` says so; how long that took.
    pub async fn start(&mut self) -> Duration {
        let log = self.folder.join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_handover"))
            .args(["serve", "--config"])
            .arg(self.folder.join("handover.toml"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        while !self.is_ready().await {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap();
                panic!("the daemon ended ({status}): {log}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        began.elapsed()
    }

    async fn is_ready(&self) -> bool {
        let address = ("127.0.0.1", self.metrics_port);
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return false;
        }
        let mut connection = Connection::open(self.metrics_port).await;
        connection.get("/readyz").await.0 == 200
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(self.port).await
    }

    /// A number of `/metrics`; 0 where it is not there yet.
    pub async fn metric(&self, name: &str) -> f64 {
        let mut connection = Connection::open(self.metrics_port).await;
        let (_, text) = connection.get("/metrics").await;
        let text = String::from_utf8(text).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.trim().parse().unwrap())
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kib * 1024
    }

    /// Processor time it has used so far.
    pub fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // Linux counts in hundredths of a second for programs, whatever its own clock.
        Duration::from_millis(ticks * 10)
    }

    /// A soft stop, to its end.
    pub fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
