//! Debian's Postfix with a configuration, a queue and a log of its own; nothing of it is seen by the machine's mail.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{needs, open_to_all};
use crate::daemon::{until, within};

/// Its folders, before it is told what to do.
pub struct Postfix {
    program: PathBuf,
    home: PathBuf,
    /// Who its daemons are.
    pub user: u32,
    pub group: u32,
}

/// The user and group of Debian's package.
pub fn ids() -> (u32, u32) {
    let id = |flag: &str| {
        let said = Command::new("id")
            .args([flag, "postfix"])
            .output()
            .unwrap()
            .stdout;
        let said = String::from_utf8(said).unwrap();
        said.trim()
            .parse()
            .expect("there is no user \"postfix\": install Debian's package postfix")
    };
    (id("-u"), id("-g"))
}

impl Postfix {
    pub fn prepare(home: &Path) -> Self {
        let program = needs("postfix", "postfix");
        assert!(
            rustix::process::geteuid().is_root(),
            "Postfix starts only as root, and this test needs it: run the tests as root, as CI does"
        );
        let (user, group) = ids();
        open_to_all(home);
        let home = home.canonicalize().unwrap();
        let postfix = Self {
            program,
            home,
            user,
            group,
        };
        for folder in ["etc", "queue", "data"] {
            open_to_all(&postfix.home.join(folder));
        }
        postfix.own(&postfix.home.join("data"));
        postfix
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Its daemons may write there.
    pub fn own(&self, path: &Path) {
        chown(path, Some(self.user), Some(self.group)).unwrap();
    }

    /// Starts it with more lines for `main.cf`, and with the services that listen to the network.
    pub fn start(self, settings: &str, doors: &str) -> Running {
        let at = self.home.display();
        let settings = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {at}/queue\n\
             data_directory = {at}/data\n\
             maillog_file = {at}/data/postfix.log\n\
             maillog_file_prefixes = {at}\n\
             inet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\n\
             myhostname = mail.site.test\n\
             myorigin = site.test\n\
             mydestination =\n\
             alias_maps =\n\
             alias_database =\n\
             {settings}"
        );
        let etc = self.home.join("etc");
        fs::write(etc.join("main.cf"), settings).unwrap();
        fs::write(etc.join("master.cf"), services(doors)).unwrap();
        Running {
            process: self.spawn(),
            postfix: self,
        }
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.home.join("etc"));
        let errors = File::create(self.home.join("postfix.err")).unwrap();
        command
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap()
    }
}

/// It runs until it is dropped.
pub struct Running {
    postfix: Postfix,
    process: Child,
}

impl Running {
    pub fn must_run(&mut self) {
        let ended = self.process.try_wait().unwrap();
        assert!(ended.is_none(), "Postfix ended: {ended:?}\n{}", self.log());
    }

    /// What it wrote in its log.
    pub fn log(&self) -> String {
        let home = &self.postfix.home;
        let log = fs::read(home.join("data/postfix.log")).unwrap_or_default();
        let errors = fs::read(home.join("postfix.err")).unwrap_or_default();
        String::from_utf8_lossy(&[log, errors].concat()).into_owned()
    }

    /// Its daemons stop where they are, until they are killed.
    pub fn freeze(&self) {
        for daemon in children_of(self.process.id()) {
            kill_process(daemon, Signal::STOP).unwrap();
        }
    }

    /// SIGKILL to the master and to each of its daemons, in the middle of whatever they do.
    pub fn kill(&mut self) {
        // The master goes first, or it would start new ones.
        let daemons = children_of(self.process.id());
        self.process.kill().unwrap();
        for daemon in &daemons {
            // One may have ended by itself.
            let _ = kill_process(*daemon, Signal::KILL);
        }
        self.process.wait().unwrap();
        for daemon in daemons {
            let folder = format!("/proc/{}", daemon.as_raw_nonzero());
            until("Postfix's daemons are gone", within(10), || {
                (!Path::new(&folder).exists()).then_some(())
            });
        }
    }

    /// Starts it again after [`Self::kill`], with what is in its queue.
    pub fn revive(&mut self) {
        self.process = self.postfix.spawn();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            return;
        }
        let mut stop = Command::new(&self.postfix.program);
        stop.arg("-c").arg(self.postfix.home.join("etc"));
        let _ = stop.arg("stop").stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

/// The processes that this one started.
fn children_of(parent: u32) -> Vec<Pid> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent_of(*id) == Some(parent))
        .filter_map(Pid::from_raw)
        .collect()
}

/// Nobody, if it has ended meanwhile.
fn parent_of(id: i32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Behind the name in brackets, which may hold anything, come the state and the parent.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

/// What a small Postfix consists of; nothing in a chroot.
fn services(doors: &str) -> String {
    let mut services = doors.to_owned();
    for (name, kind, privately, wakes, most, program) in [
        ("pickup", "unix", "n", "60", "1", "pickup"),
        ("cleanup", "unix", "n", "-", "0", "cleanup"),
        ("qmgr", "unix", "n", "300", "1", "qmgr"),
        ("rewrite", "unix", "-", "-", "-", "trivial-rewrite"),
        ("bounce", "unix", "-", "-", "0", "bounce"),
        ("defer", "unix", "-", "-", "0", "bounce"),
        ("trace", "unix", "-", "-", "0", "bounce"),
        ("verify", "unix", "-", "-", "1", "verify"),
        ("flush", "unix", "n", "1000?", "0", "flush"),
        ("proxymap", "unix", "-", "-", "-", "proxymap"),
        ("smtp", "unix", "-", "-", "-", "smtp"),
        ("lmtp", "unix", "-", "-", "-", "lmtp"),
        ("error", "unix", "-", "-", "-", "error"),
        ("retry", "unix", "-", "-", "-", "error"),
        ("virtual", "unix", "-", "-", "-", "virtual"),
        ("anvil", "unix", "-", "-", "1", "anvil"),
        ("scache", "unix", "-", "-", "1", "scache"),
        ("tlsmgr", "unix", "-", "1000?", "1", "tlsmgr"),
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
