//! A site's mail as it is in earnest: Postfix in front, with a login for the daemon, a filter at the border and the reply domain sent to the
//! daemon's door; behind it Dovecot with the mailboxes. All of it on loopback, with nothing of the machine's own mail.
//!
//! ```text
//! daemon ──STARTTLS, login──▶ submission ┐
//!                                        ├─ Postfix ──LMTP──▶ Dovecot ──IMAP──▶ people, their robots
//! people, strangers ──SMTP──▶ border ────┘     └─────LMTP──▶ the daemon's reply door
//! ```

mod border_filter;
mod dovecot;
mod imap;
mod outside;

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::daemon::{BINARY, until, within};
use crate::post_office::postfix::{self, Postfix};
use crate::post_office::{free_port, greets, needs, open_to_all};
use border_filter::BorderFilter;
use dovecot::Dovecot;
pub use imap::Mailbox;
pub use outside::send;

/// The domain whose letters are the daemon's to read.
pub const REPLY_DOMAIN: &str = "reply.site.test";
/// The domains whose mailboxes are here.
pub const DOMAINS: [&str; 2] = ["site.test", "lab.test"];
/// Where mail of these domains comes from in truth. Whoever sends from another address is not believed to be of them.
pub const THEIR_SERVER: &str = "127.0.0.2";
/// Where a stranger sends from.
pub const STRANGER: &str = "127.0.0.66";
/// The one password of everybody here.
const PASSWORD: &str = "correct horse";

/// Debian's user `nobody`.
pub const NOBODY: u32 = 65_534;

/// What a site is made of.
pub struct Plan<'a> {
    /// Whose mailboxes there are.
    pub people: &'a [&'a str],
    /// Addresses that Postfix takes mail for and Dovecot then refuses: what is sent there bounces.
    pub gone: &'a [&'a str],
    /// Whether the filter stands at the border.
    pub filter: bool,
    /// Whether the daemon listens for replies at a port instead of a socket.
    pub door_at_a_port: bool,
    /// Whether Postfix starts `handover mail-in` for each reply, instead of LMTP.
    pub by_pipe: bool,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            people: &["core@site.test", "tess@lab.test", "ben@lab.test"],
            gone: &["gone@lab.test"],
            filter: true,
            door_at_a_port: false,
            by_pipe: false,
        }
    }
}

/// It runs until it is dropped.
pub struct MailSite {
    home: PathBuf,
    /// For people who log in, which the daemon does.
    pub submission: u16,
    /// For the rest of the world.
    pub border: u16,
    /// Where the daemon has to listen for replies, as it stands in its configuration.
    pub door: String,
    postfix: RefCell<postfix::Running>,
    dovecot: RefCell<Dovecot>,
    _filter: Option<BorderFilter>,
}

impl MailSite {
    pub fn start(home: &Path, plan: &Plan) -> Self {
        let postfix = Postfix::prepare(home);
        let home = postfix.home().to_owned();
        let door = door(&home, &postfix, plan);
        certificate(&home);
        let dovecot = Dovecot::prepare(&home);
        let filter = plan.filter.then(|| BorderFilter::start(DOMAINS.as_slice()));
        let (submission, border) = (free_port(), free_port());
        let settings = settings(&home, plan, &door, filter.as_ref());
        let mut services = services(submission, border);
        if plan.by_pipe {
            services.push_str(&pipe(&home));
        }
        let postfix = postfix.start(&settings, &services);
        let dovecot = dovecot.start(plan.people, border);
        let site = Self {
            home,
            submission,
            border,
            door,
            postfix: RefCell::new(postfix),
            dovecot: RefCell::new(dovecot),
            _filter: filter,
        };
        site.until_up();
        site
    }

    fn until_up(&self) {
        until("the mail servers greet", within(30), || {
            self.postfix.borrow_mut().must_run();
            let mut dovecot = self.dovecot.borrow_mut();
            dovecot.must_run();
            let smtp = [self.border, self.submission].map(|port| greets(port, "220"));
            let imap = greets(dovecot.imap, "* OK");
            (smtp == [true, true] && imap).then_some(())
        });
    }

    /// What the daemon's configuration says of this mail server.
    pub fn smtp(&self) -> String {
        let password = self.home.join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        // The daemon is root here and reads it anyway; the program that Postfix starts is not.
        chown(&password, Some(NOBODY), None).unwrap();
        format!(
            "host = \"localhost\"\nport = {}\nsecurity = \"starttls\"\nusername = \"{}\"\npassword_file = \"{}\"\n",
            self.submission,
            dovecot::DAEMON,
            password.display()
        )
    }

    /// The file of the certificate by which the mail server is known.
    pub fn certificate(&self) -> PathBuf {
        self.home.join("certificate.pem")
    }

    /// Somebody's mailbox, as their mail program sees it.
    pub fn mailbox(&self, address: &str) -> Mailbox {
        Mailbox::open(self.dovecot.borrow().imap, address, PASSWORD)
    }

    /// Somebody with a mailbox here sends a message, as their mail program does.
    pub fn submit(&self, sender: &str, to: &str, raw: &str) -> Result<(), String> {
        let certificate = fs::read(self.certificate()).unwrap();
        outside::submit(self.submission, &certificate, PASSWORD, sender, to, raw)
    }

    /// From now on a Sieve script sees to what comes for this person.
    pub fn sieve(&self, address: &str, script: &str) {
        self.dovecot.borrow().sieve(address, script);
    }

    /// Postfix's daemons hear, and answer no more.
    pub fn freeze_postfix(&self) {
        self.postfix.borrow().freeze();
    }

    /// Postfix and its daemons die in the middle of whatever they do.
    pub fn kill_postfix(&self) {
        self.postfix.borrow_mut().kill();
    }

    /// Postfix is back, with its queue.
    pub fn revive_postfix(&self) {
        self.postfix.borrow_mut().revive();
        self.until_up();
    }

    /// What Postfix and Dovecot wrote in their logs.
    pub fn log(&self) -> String {
        format!(
            "{}\n{}",
            self.postfix.borrow().log(),
            self.dovecot.borrow().log()
        )
    }
}

/// Shows what the servers said when the test fails.
impl Drop for MailSite {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

/// Where Postfix hands over replies. A socket inherits the group of its folder, so Postfix may connect to what the daemon makes there.
fn door(home: &Path, postfix: &Postfix, plan: &Plan) -> String {
    if plan.door_at_a_port {
        return format!("127.0.0.1:{}", free_port());
    }
    let folder = home.join("door");
    open_to_all(&folder);
    chown(&folder, None, Some(postfix.group)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o2755)).unwrap();
    format!("unix:{}", folder.join("lmtp").display())
}

/// A certificate of this machine, which signs itself.
fn certificate(home: &Path) {
    let settings = home.join("openssl.cnf");
    let text = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = more\n[name]\nCN = localhost\n\
                [more]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n";
    fs::write(&settings, text).unwrap();
    let made = Command::new(needs("openssl", "openssl"))
        .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-config"])
        .arg(&settings)
        .arg("-keyout")
        .arg(home.join("key.pem"))
        .arg("-out")
        .arg(home.join("certificate.pem"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl: {said}");
}

fn settings(home: &Path, plan: &Plan, door: &str, filter: Option<&BorderFilter>) -> String {
    let at = home.display();
    let known = home.join("etc/known");
    let listed = plan.people.iter().chain(plan.gone);
    let listed: String = listed.map(|who| format!("{who} here\n")).collect();
    fs::write(&known, listed).unwrap();
    let door = match door.strip_prefix("unix:") {
        _ if plan.by_pipe => "handover:".to_owned(),
        Some(_) => format!("lmtp:{door}"),
        None => format!("lmtp:inet:{door}"),
    };
    let filter = filter.map_or(String::new(), |filter| {
        let forged = home.join("etc/forged");
        fs::write(&forged, "/^Authentication-Results:/ IGNORE\n").unwrap();
        format!(
            "header_checks = regexp:{}\n\
             nested_header_checks =\n\
             mime_header_checks =\n\
             smtpd_milters = inet:127.0.0.1:{}\n",
            forged.display(),
            filter.port
        )
    });
    format!(
        "mynetworks = 192.0.2.255/32\n\
         virtual_mailbox_domains = {domains}\n\
         virtual_mailbox_maps = texthash:{known}\n\
         virtual_transport = lmtp:unix:{lmtp}\n\
         relay_domains = {REPLY_DOMAIN}\n\
         relay_recipient_maps =\n\
         transport_maps = inline:{{ {{ {REPLY_DOMAIN} = {door} }} }}\n\
         smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination\n\
         smtpd_recipient_restrictions = permit_sasl_authenticated, check_recipient_access inline:{{ {{ {REPLY_DOMAIN} = reject_unverified_recipient }} }}\n\
         unverified_recipient_reject_code = 550\n\
         address_verify_map =\n\
         address_verify_poll_delay = 1s\n\
         smtpd_sasl_type = dovecot\n\
         smtpd_sasl_path = {auth}\n\
         smtpd_tls_cert_file = {at}/certificate.pem\n\
         smtpd_tls_key_file = {at}/key.pem\n\
         handover_destination_recipient_limit = 1\n\
         queue_run_delay = 1s\n\
         minimal_backoff_time = 2s\n\
         maximal_backoff_time = 3s\n\
         transport_retry_time = 1s\n\
         {filter}",
        domains = DOMAINS.join(", "),
        known = known.display(),
        lmtp = dovecot::lmtp(home).display(),
        auth = dovecot::auth(home).display(),
    )
}

/// The program as a service of Postfix. It runs as somebody who may do nothing, from where they may read it.
fn pipe(home: &Path) -> String {
    let program = home.join("handover");
    fs::copy(BINARY, &program).unwrap();
    format!(
        "handover unix - n n - 4 pipe\n  \
           flags=q user=nobody null_sender= argv={} mail-in --config {}/site/handover.toml --sender ${{sender}} ${{recipient}}\n",
        program.display(),
        home.display()
    )
}

fn services(submission: u16, border: u16) -> String {
    format!(
        "127.0.0.1:{border} inet n - n - - smtpd\n\
         127.0.0.1:{submission} inet n - n - - smtpd\n  \
           -o smtpd_tls_security_level=encrypt\n  \
           -o smtpd_tls_auth_only=yes\n  \
           -o smtpd_sasl_auth_enable=yes\n  \
           -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n"
    )
}
