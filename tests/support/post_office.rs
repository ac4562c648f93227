//! The mail servers that a site really meets: Debian's Postfix, and its `smtp-sink`. Both on loopback, in folders of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::{LOOK, now, until, within};
use postfix::Postfix;

pub mod postfix;

/// Below the ports that Linux gives to whoever connects (32768 to 60999 by default): between finding one of those free and listening
/// there, another test's connection may take it.
const PORTS: std::ops::Range<u32> = 12_000..32_000;
/// How many were given out by this process, so that none is given twice.
static GIVEN: AtomicU32 = AtomicU32::new(0);

/// A port of loopback that nobody listens on.
pub fn free_port() -> u16 {
    let room = PORTS.end - PORTS.start;
    let first = std::process::id().wrapping_mul(101);
    let next = || GIVEN.fetch_add(1, Ordering::Relaxed);
    let mut all = (0..room).map(|_| first.wrapping_add(next()) % room + PORTS.start);
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    all.find_map(|port| u16::try_from(port).ok().filter(free))
        .unwrap()
}

/// A letter as it was delivered.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// From its first header of ours to its end, without what servers on the way put in front.
    pub raw: String,
    pub message_id: String,
    pub to: String,
    pub subject: String,
}

impl Delivered {
    /// `None` while it is still being written.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        // What comes before are lines of the servers; `From` is the first that we write.
        let raw = &text[text.find("\nFrom:")? + 1..];
        let (head, _) = raw.split_once("\n\n")?;
        let boundary = after(head, "boundary=\"")?.split('"').next()?;
        if !raw.trim_end().ends_with(&format!("--{boundary}--")) {
            return None;
        }
        let header = |name: &str| {
            let value = head.lines().find_map(|line| line.strip_prefix(name));
            value.map(|value| value.trim().to_owned())
        };
        Some(Self {
            message_id: header("Message-ID:")?,
            to: header("To:")?,
            subject: header("Subject:")?,
            raw: raw.trim_end().to_owned(),
        })
    }

    /// What a header says, in one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.raw.split_once("\n\n")?;
        let head = head.replace("\n ", " ").replace("\n\t", " ");
        let mut lines = head.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map(str::to_owned)
    }

    /// The text part, decoded as far as our letters need it.
    pub fn text(&self) -> String {
        let part = after(&self.raw, "text/plain").unwrap();
        let (head, body) = part.split_once("\n\n").unwrap();
        let body = body.split("\n--").next().unwrap();
        match head.contains("quoted-printable") {
            true => unquoted(body),
            false => body.to_owned(),
        }
    }

    /// The code of a sign-in letter.
    pub fn code(&self) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| line.starts_with("Type this code"))?;
        lines.find(|line| !line.is_empty()).map(str::to_owned)
    }

    /// The link of an offer.
    pub fn link(&self) -> Option<String> {
        let text = self.text();
        let mut words = text.split_whitespace();
        let link = words.find(|word| word.starts_with("http") && word.contains("/i/"));
        link.map(str::to_owned)
    }
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.find(start).map(|at| &text[at + start.len()..])
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'=').then(|| std::str::from_utf8(tail.get(..2)?).ok());
        match hex
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A process that ends with the test.
pub struct Running(pub Child);

impl Running {
    pub fn must_run(&mut self, what: &str) {
        let ended = self.0.try_wait().unwrap();
        assert!(ended.is_none(), "{what} ended: {ended:?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        // Asked first, so that it ends what it started itself.
        let id = Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        let _ = kill_process(id, Signal::TERM);
        let deadline = within(5);
        while matches!(self.0.try_wait(), Ok(None)) && now() < deadline {
            std::thread::sleep(LOOK);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the server at this port greets so.
pub fn greets(port: u16, with: &str) -> bool {
    let Ok(there) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let patience = Some(Duration::from_secs(5));
    there.set_read_timeout(patience).unwrap();
    let mut greeting = String::new();
    let read = BufReader::new(there).read_line(&mut greeting);
    read.is_ok() && greeting.starts_with(with)
}

/// A folder into which the users of the servers can walk.
pub fn open_to_all(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A mail server and the folder where it puts what it got, one file for each.
pub struct PostOffice {
    pub port: u16,
    pub folder: PathBuf,
    _server: Server,
    read: BTreeMap<PathBuf, Delivered>,
}

enum Server {
    Sink(Running),
    Postfix(postfix::Running),
}

impl Server {
    fn must_run(&mut self) {
        match self {
            Self::Sink(running) => running.must_run("smtp-sink"),
            Self::Postfix(running) => running.must_run(),
        }
    }
}

/// Where a program is, which a test cannot do without.
pub fn needs(program: &str, package: &str) -> PathBuf {
    for folder in ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"] {
        let there = Path::new(folder).join(program);
        if there.exists() {
            return there;
        }
    }
    panic!(
        "{program} is not installed, and this test needs it: install Debian's package {package}, as tests/run does"
    );
}

impl PostOffice {
    /// `smtp-sink`, which takes everything and keeps it in files.
    pub fn sink(home: &Path) -> Self {
        let port = free_port();
        let (folder, server) = sink(home, port, &[]);
        Self::up(port, folder, Server::Sink(server))
    }

    /// `smtp-sink` at this port with options that make it fail; it may not even greet.
    pub fn failing_sink(home: &Path, port: u16, options: &[&str]) -> Self {
        let (folder, server) = sink(home, port, options);
        until("smtp-sink listens", within(30), || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            port,
            folder,
            _server: Server::Sink(server),
            read: BTreeMap::new(),
        }
    }

    /// Postfix, which delivers everything to these domains into one maildir.
    pub fn postfix(home: &Path, domains: &[&str]) -> Self {
        let port = free_port();
        let postfix = Postfix::prepare(home);
        let mail = postfix.home().join("mail");
        open_to_all(&mail);
        postfix.own(&mail);
        let settings = format!(
            "mynetworks = 127.0.0.0/8\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\n\
             virtual_mailbox_domains = {domains}\n\
             virtual_mailbox_base = {mail}\n\
             virtual_mailbox_maps = static:all/\n\
             virtual_minimum_uid = 1\n\
             virtual_uid_maps = static:{user}\n\
             virtual_gid_maps = static:{group}\n",
            domains = domains.join(", "),
            mail = mail.display(),
            user = postfix.user,
            group = postfix.group,
        );
        let doors = format!("127.0.0.1:{port} inet n - n - - smtpd\n");
        let running = postfix.start(&settings, &doors);
        Self::up(port, mail.join("all/new"), Server::Postfix(running))
    }

    fn up(port: u16, folder: PathBuf, mut server: Server) -> Self {
        until("the mail server greets", within(30), || {
            server.must_run();
            greets(port, "220").then_some(())
        });
        Self {
            port,
            folder,
            _server: server,
            read: BTreeMap::new(),
        }
    }

    /// Everything that was delivered so far.
    pub fn delivered(&mut self) -> impl Iterator<Item = &Delivered> {
        for entry in fs::read_dir(&self.folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if self.read.contains_key(&path) {
                continue;
            }
            let text = fs::read(&path).unwrap_or_default();
            if let Some(letter) = Delivered::read(&String::from_utf8_lossy(&text)) {
                self.read.insert(path, letter);
            }
        }
        self.read.values()
    }

    /// Waits for a letter.
    pub fn wait_for(&mut self, what: &str, is: impl Fn(&Delivered) -> bool) -> Delivered {
        let what = format!("a letter ({what}) arrives");
        until(&what, within(60), || {
            self.delivered().find(|letter| is(letter)).cloned()
        })
    }
}

fn sink(home: &Path, port: u16, options: &[&str]) -> (PathBuf, Running) {
    let program = needs("smtp-sink", "postfix");
    open_to_all(home);
    let folder = home.join("sink");
    open_to_all(&folder);
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        // It refuses to work as root.
        let (user, group) = postfix::ids();
        chown(&folder, Some(user), Some(group)).unwrap();
        command.args(["-u", "postfix"]);
    }
    let server = command
        .args(options)
        .arg("-d")
        .arg(format!("{}/%H%M%S.", folder.display()))
        .arg(format!("127.0.0.1:{port}"))
        .arg("128")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    (folder, Running(server))
}
