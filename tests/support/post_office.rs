//! The mail servers that a site really meets: Debian's Postfix, and its `smtp-sink`. Both on loopback, in folders of their own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::daemon::{until, within};

/// A port of loopback that nobody listens on.
pub fn free_port() -> u16 {
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    there.local_addr().unwrap().port()
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
    fn read(text: &str) -> Option<Self> {
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

/// A mail server and the folder where it puts what it got, one file for each.
pub struct PostOffice {
    pub port: u16,
    pub folder: PathBuf,
    server: Child,
    /// How Postfix is told to stop; `smtp-sink` is just killed.
    stop: Option<Command>,
    read: BTreeMap<PathBuf, Delivered>,
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

/// Postfix's user gets what it may write to; its daemons must be able to walk down there.
fn open_to_all(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn id(flag: &str) -> u32 {
    let said = Command::new("id")
        .args([flag, "postfix"])
        .output()
        .unwrap()
        .stdout;
    let said = String::from_utf8(said).unwrap();
    said.trim()
        .parse()
        .expect("there is no user \"postfix\": install Debian's package postfix")
}

impl PostOffice {
    /// `smtp-sink`, which takes everything and keeps it in files.
    pub fn sink(home: &Path) -> Self {
        let program = needs("smtp-sink", "postfix");
        let port = free_port();
        open_to_all(home);
        let folder = home.join("sink");
        open_to_all(&folder);
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            // It refuses to work as root.
            chown(&folder, Some(id("-u")), Some(id("-g"))).unwrap();
            command.args(["-u", "postfix"]);
        }
        let server = command
            .arg("-d")
            .arg(format!("{}/%H%M%S.", folder.display()))
            .arg(format!("127.0.0.1:{port}"))
            .arg("128")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self::up(port, folder, server, None)
    }

    /// Postfix, which delivers everything to these domains into one maildir.
    pub fn postfix(home: &Path, domains: &[&str]) -> Self {
        let program = needs("postfix", "postfix");
        assert!(
            rustix::process::geteuid().is_root(),
            "Postfix starts only as root, and this test needs it: run the tests as root, as CI does"
        );
        let (user, group) = (id("-u"), id("-g"));
        open_to_all(home);
        for folder in ["etc", "queue", "mail", "data"] {
            open_to_all(&home.join(folder));
        }
        for folder in ["mail", "data"] {
            chown(home.join(folder), Some(user), Some(group)).unwrap();
        }
        let port = free_port();
        let home = home.canonicalize().unwrap();
        let etc = home.join("etc");
        let at = home.display();
        let domains = domains.join(", ");
        let settings = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {at}/queue\n\
             data_directory = {at}/data\n\
             maillog_file = {at}/data/postfix.log\n\
             maillog_file_prefixes = {at}\n\
             inet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\n\
             mynetworks = 127.0.0.0/8\n\
             myhostname = mail.site.test\n\
             mydestination =\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\n\
             alias_maps =\n\
             alias_database =\n\
             virtual_mailbox_domains = {domains}\n\
             virtual_mailbox_base = {at}/mail\n\
             virtual_mailbox_maps = static:all/\n\
             virtual_minimum_uid = 1\n\
             virtual_uid_maps = static:{user}\n\
             virtual_gid_maps = static:{group}\n"
        );
        fs::write(etc.join("main.cf"), settings).unwrap();
        fs::write(etc.join("master.cf"), services(port)).unwrap();
        let server = Command::new(&program)
            .arg("-c")
            .arg(&etc)
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(home.join("postfix.err")).unwrap())
            .spawn()
            .unwrap();
        let mut stop = Command::new(program);
        stop.arg("-c").arg(&etc).arg("stop").stderr(Stdio::null());
        Self::up(port, home.join("mail/all/new"), server, Some(stop))
    }

    fn up(port: u16, folder: PathBuf, server: Child, stop: Option<Command>) -> Self {
        let mut office = Self {
            port,
            folder,
            server,
            stop,
            read: BTreeMap::new(),
        };
        until("the mail server greets", within(30), || {
            let ended = office.server.try_wait().unwrap();
            assert!(ended.is_none(), "the mail server ended: {ended:?}");
            let there = TcpStream::connect(("127.0.0.1", port)).ok()?;
            there
                .set_read_timeout(Some(Duration::from_secs(5)))
                .unwrap();
            let mut greeting = String::new();
            BufReader::new(there).read_line(&mut greeting).ok()?;
            greeting.starts_with("220").then_some(())
        });
        office
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

impl Drop for PostOffice {
    fn drop(&mut self) {
        if let Some(stop) = &mut self.stop {
            let _ = stop.status();
        } else {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// What a small Postfix consists of; nothing in a chroot.
fn services(port: u16) -> String {
    let mut services = format!("127.0.0.1:{port} inet n - n - - smtpd\n");
    for (name, kind, privately, wakes, most, program) in [
        ("pickup", "unix", "n", "60", "1", "pickup"),
        ("cleanup", "unix", "n", "-", "0", "cleanup"),
        ("qmgr", "unix", "n", "300", "1", "qmgr"),
        ("rewrite", "unix", "-", "-", "-", "trivial-rewrite"),
        ("bounce", "unix", "-", "-", "0", "bounce"),
        ("defer", "unix", "-", "-", "0", "bounce"),
        ("trace", "unix", "-", "-", "0", "bounce"),
        ("flush", "unix", "n", "1000?", "0", "flush"),
        ("proxymap", "unix", "-", "-", "-", "proxymap"),
        ("smtp", "unix", "-", "-", "-", "smtp"),
        ("error", "unix", "-", "-", "-", "error"),
        ("retry", "unix", "-", "-", "-", "error"),
        ("virtual", "unix", "-", "-", "-", "virtual"),
        ("anvil", "unix", "-", "-", "1", "anvil"),
        ("postlog", "unix-dgram", "n", "-", "1", "postlogd"),
    ] {
        // It becomes the owner of a mailbox before it writes there.
        let unprivileged = if name == "virtual" { "n" } else { "-" };
        services.push_str(&format!(
            "{name} {kind} {privately} {unprivileged} n {wakes} {most} {program}\n"
        ));
    }
    services
}
