//! The same question over HTTP: a daemon as a process, a person's token, and the page of an item.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::by_handover::{Site, secret};
use crate::relations::{Level, Relations};

/// Connections that ask at the same time.
pub const CONNECTIONS: usize = 16;

/// A running daemon; it ends with this value.
pub struct Daemon {
    child: Child,
    port: u16,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Daemon {
    /// Starts one on the store in this folder and waits until it is ready.
    pub async fn start(binary: &Path, folder: &Path) -> Self {
        let (port, inside) = (free_port(), free_port());
        let config = format!(
            r#"[site]
public_url = "http://127.0.0.1:{port}"
[server]
listen = "127.0.0.1:{port}"
metrics_listen = "127.0.0.1:{inside}"
[store]
path = "store.redb"
cache = "1GiB"
[secrets]
key_file = "handover.key"
[logging]
level = "warn"
[mail]
transport = "mailbox"
"#
        );
        let file = folder.join("handover.toml");
        fs::write(&file, config).unwrap();
        // The daemon makes no key for a store that was filled before it starts.
        let mut key = File::options();
        let key = key.write(true).create(true).truncate(true).mode(0o600);
        let key = key.open(folder.join("handover.key"));
        key.and_then(|mut key| key.write_all(&[7; 32])).unwrap();
        let child = Command::new(binary)
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut daemon = Self { child, port };
        while !daemon.is_ready(inside).await {
            if let Some(status) = daemon.child.try_wait().unwrap() {
                let log = fs::read_to_string(folder.join("log")).unwrap();
                panic!("the daemon ended ({status}): {log}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        daemon
    }

    async fn is_ready(&self, inside: u16) -> bool {
        match TcpStream::connect(("127.0.0.1", inside)).await {
            Ok(stream) => Connection::over(stream).get("/readyz", "").await == 200,
            Err(_) => false,
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, one request at a time, at little cost to the machine.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The status; the answer is read to its end.
    async fn get(&mut self, path: &str, token: &str) -> u16 {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.buffer[..end].to_ascii_lowercase()).unwrap();
        let length = { head.lines() }.find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while self.buffer.len() < end + length {
            self.more().await;
        }
        head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the daemon closed the connection");
    }
}

/// Asks over all connections for this long; how long each answer took, in nanoseconds.
pub async fn asked(
    daemon: &Daemon,
    site: &Arc<Site>,
    relations: Relations,
    during: Duration,
) -> Vec<u64> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            let (site, port) = (Arc::clone(site), daemon.port);
            tokio::spawn(async move {
                let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let mut stream = Connection::over(stream);
                let mut times = Vec::new();
                for number in (connection..).step_by(CONNECTIONS) {
                    let mut question = relations.question(number);
                    question.wants = Level::Read;
                    let (path, token) = (site.path_of(question.item), secret(question.person));
                    let sent = Instant::now();
                    let status = stream.get(&path, &token).await;
                    times.push(sent.elapsed().as_nanos() as u64);
                    let right = if relations.answer(question) { 200 } else { 404 };
                    assert_eq!(status, right, "{question:?}");
                    if began.elapsed() > during {
                        break;
                    }
                }
                times
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}
