//! Debian's Dovecot with Pigeonhole: mailboxes by LMTP and IMAP, Sieve, and the logins for Postfix.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PASSWORD;
use crate::post_office::{Running, free_port, needs, open_to_all};

/// Who the daemon is to the mail server.
pub const DAEMON: &str = "handover@site.test";
/// Nobody of the machine: owner of all mailboxes when the tests run as root.
const NOBODY: u32 = 65_534;

pub struct Prepared {
    program: PathBuf,
    at: PathBuf,
}

pub struct Dovecot {
    at: PathBuf,
    pub imap: u16,
    running: Running,
}

/// The socket that takes mail.
pub fn lmtp(home: &Path) -> PathBuf {
    home.join("dovecot/lmtp")
}

/// The socket that checks logins.
pub fn auth(home: &Path) -> PathBuf {
    home.join("dovecot/auth")
}

impl Dovecot {
    pub fn prepare(home: &Path) -> Prepared {
        let program = needs("dovecot", "dovecot-core");
        for (module, package) in [
            ("imap", "dovecot-imapd"),
            ("lmtp", "dovecot-lmtpd"),
            ("modules/lib90_sieve_plugin.so", "dovecot-sieve"),
        ] {
            let there = ["/usr/lib/dovecot", "/usr/libexec/dovecot"];
            assert!(
                there.iter().any(|at| Path::new(at).join(module).exists()),
                "Dovecot's {module} is not installed, and this test needs it: install Debian's package {package}, as tests/run does"
            );
        }
        let at = home.join("dovecot");
        for folder in ["run", "state", "mail", "sieve"] {
            open_to_all(&at.join(folder));
        }
        if rustix::process::geteuid().is_root() {
            for folder in ["mail", "sieve"] {
                chown(at.join(folder), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        Prepared { program, at }
    }

    pub fn must_run(&mut self) {
        self.running.must_run("Dovecot");
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.at.join("log")).unwrap_or_default()
    }

    pub fn sieve(&self, address: &str, script: &str) {
        let path = self.at.join("sieve").join(format!("{address}.sieve"));
        fs::write(path, script).unwrap();
    }
}

impl Prepared {
    /// With a mailbox for each of these people; what their Sieve scripts send goes to this port.
    pub fn start(self, people: &[&str], smtp: u16) -> Dovecot {
        let Self { program, at } = self;
        let imap = free_port();
        let users: String = [DAEMON]
            .iter()
            .chain(people)
            .map(|who| format!("{who}:{{PLAIN}}{PASSWORD}::::::\n"))
            .collect();
        fs::write(at.join("users"), users).unwrap();
        let config = at.join("dovecot.conf");
        fs::write(&config, settings(&at, imap, smtp)).unwrap();
        let server = Command::new(program)
            .arg("-F")
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(at.join("err")).unwrap())
            .spawn()
            .unwrap();
        Dovecot {
            at,
            imap,
            running: Running(server),
        }
    }
}

fn settings(at: &Path, imap: u16, smtp: u16) -> String {
    let shown = at.display();
    let (user, group) = if rustix::process::geteuid().is_root() {
        (NOBODY, NOBODY)
    } else {
        let own = rustix::process::geteuid().as_raw();
        (own, rustix::process::getegid().as_raw())
    };
    let unprivileged = if rustix::process::geteuid().is_root() {
        String::new()
    } else {
        // Without root it can become nobody else, and change no root folder.
        let name = Command::new("id").arg("-un").output().unwrap().stdout;
        let name = String::from_utf8(name).unwrap();
        let name = name.trim();
        format!(
            "default_internal_user = {name}\n\
             default_login_user = {name}\n\
             service anvil {{\n chroot =\n}}\n\
             service imap-login {{\n chroot =\n}}\n"
        )
    };
    format!(
        "base_dir = {shown}/run\n\
         state_dir = {shown}/state\n\
         log_path = {shown}/log\n\
         protocols = imap lmtp\n\
         listen = 127.0.0.1\n\
         ssl = no\n\
         disable_plaintext_auth = no\n\
         auth_mechanisms = plain login\n\
         first_valid_uid = 1\n\
         mail_uid = {user}\n\
         mail_gid = {group}\n\
         mail_location = maildir:{shown}/mail/%u\n\
         mail_home = {shown}/mail/%u\n\
         postmaster_address = postmaster@site.test\n\
         submission_host = 127.0.0.1:{smtp}\n\
         passdb {{\n driver = passwd-file\n args = {shown}/users\n}}\n\
         userdb {{\n driver = passwd-file\n args = {shown}/users\n}}\n\
         service imap-login {{\n inet_listener imap {{\n  port = {imap}\n }}\n inet_listener imaps {{\n  port = 0\n }}\n}}\n\
         service lmtp {{\n unix_listener {shown}/lmtp {{\n  mode = 0666\n }}\n}}\n\
         service auth {{\n unix_listener {shown}/auth {{\n  mode = 0666\n }}\n}}\n\
         protocol lmtp {{\n mail_plugins = sieve\n}}\n\
         plugin {{\n sieve = file:{shown}/scripts;active={shown}/sieve/%u.sieve\n}}\n\
         {unprivileged}"
    )
}
