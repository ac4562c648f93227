//! A mail server in the test's own process that misbehaves as it is told, for what a real one cannot be made to do on purpose.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Connect,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Message,
}

/// What it does there instead of its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Answers this.
    Says(&'static str),
    /// Closes the connection.
    Closes,
    /// Never answers.
    Waits,
}

/// A letter it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub data: Vec<u8>,
}

#[derive(Default)]
struct State {
    /// What goes wrong where, and how many more times.
    faults: Vec<(At, Does, usize)>,
    /// What EHLO offers besides the greeting.
    offers: Vec<&'static str>,
    taken: Vec<Taken>,
    connections: usize,
    said: Vec<String>,
}

pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl SmtpServer {
    /// One that goes wrong at these places, each so many times.
    pub async fn start(faults: &[(At, Does, usize)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            faults: faults.to_vec(),
            offers: vec!["8BITMIME", "AUTH PLAIN LOGIN"],
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _closed = converse(stream, &shared).await;
                });
            }
        });
        Self {
            address,
            state,
            task,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
    pub fn offer(&self, extension: &'static str) {
        self.state.lock().unwrap().offers.push(extension);
    }
    /// From now on something more goes wrong.
    pub fn fail(&self, at: At, does: Does, times: usize) {
        self.state.lock().unwrap().faults.push((at, does, times));
    }
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }
    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
    /// Every command it was given.
    pub fn said(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn fault(state: &Mutex<State>, at: At) -> Option<Does> {
    let mut state = state.lock().unwrap();
    let (_, does, times) = state
        .faults
        .iter_mut()
        .find(|(place, _, times)| *place == at && *times > 0)?;
    *times -= 1;
    Some(*does)
}

/// Answers, or does what it was told instead; `false` when its duty was not done.
async fn answer(
    stream: &mut BufReader<TcpStream>,
    state: &Mutex<State>,
    at: At,
    duty: &str,
) -> std::io::Result<bool> {
    match fault(state, at) {
        None => {
            stream.write_all(format!("{duty}\r\n").as_bytes()).await?;
            Ok(true)
        }
        Some(Does::Says(line)) => {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            if line.starts_with("421") {
                stream.shutdown().await?;
            }
            Ok(false)
        }
        Some(Does::Closes) => {
            stream.shutdown().await?;
            Err(std::io::ErrorKind::ConnectionAborted.into())
        }
        Some(Does::Waits) => {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
            Err(std::io::ErrorKind::TimedOut.into())
        }
    }
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    answer(&mut stream, state, At::Connect, "220 test ESMTP").await?;
    let (mut from, mut to) = (String::new(), String::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        state.lock().unwrap().said.push(command.clone());
        let verb = command.split(' ').next().unwrap_or("").to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let offers = state.lock().unwrap().offers.clone();
                let mut duty = String::from("250-test");
                for offer in offers {
                    duty.push_str(&format!("\r\n250-{offer}"));
                }
                duty.push_str("\r\n250 HELP");
                answer(&mut stream, state, At::Ehlo, &duty).await?;
            }
            "AUTH" => {
                answer(&mut stream, state, At::Auth, "235 2.7.0 welcome").await?;
            }
            "MAIL" => {
                if answer(&mut stream, state, At::Mail, "250 2.1.0 ok").await? {
                    from = command;
                }
            }
            "RCPT" => {
                if answer(&mut stream, state, At::Rcpt, "250 2.1.5 ok").await? {
                    to = command;
                }
            }
            "DATA" => {
                if answer(&mut stream, state, At::Data, "354 go on").await? {
                    let mut data = Vec::new();
                    while !data.ends_with(b"\r\n.\r\n") {
                        if stream.read_until(b'\n', &mut data).await? == 0 {
                            return Ok(());
                        }
                    }
                    let taken = Taken {
                        from: std::mem::take(&mut from),
                        to: std::mem::take(&mut to),
                        data,
                    };
                    if answer(&mut stream, state, At::Message, "250 2.0.0 taken").await? {
                        state.lock().unwrap().taken.push(taken);
                    }
                }
            }
            "QUIT" => {
                stream.write_all(b"221 2.0.0 bye\r\n").await?;
                return Ok(());
            }
            _ => stream.write_all(b"250 2.0.0 ok\r\n").await?,
        }
    }
}
