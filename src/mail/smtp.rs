//! Letters to the site's mail server.
//!
//! The conversation is held step by step on connections of our own, because what a refusal means depends on the step: 5xx at RCPT is about
//! the recipient, 5xx anywhere else is about us. lettre's pooled transport does not tell one from the other.

mod step;

use std::fmt::{self, Display};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::Semaphore;

use self::step::{Broken, Step, step, told};
use super::{Blame, Failure, Rendered, Transport};

/// So many letters go over one connection before a new one is made: mail servers count too.
const LETTERS_PER_CONNECTION: u32 = 100;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for a server on the same machine.
    Plain,
    /// Upgraded by STARTTLS; a server that does not offer it gets no letter.
    StartTls,
    /// From the first byte.
    Tls,
}

/// Who we are to the mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, …)", self.username)
    }
}

/// Which mail server, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its host name, which its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are to it, if it asks.
    pub login: Option<Login>,
    /// The name we greet it with.
    pub hello: String,
    /// At most this many connections at once.
    pub connections: usize,
    /// How long each step of the conversation may take.
    pub timeout: Duration,
}

/// The mail server. Connections are made when they are needed and used again.
pub struct Smtp {
    settings: Settings,
    hello: ClientId,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<Line>>,
    permits: Semaphore,
}

/// An open connection, and how many letters went over it.
struct Line {
    connection: AsyncSmtpConnection,
    letters: u32,
}

impl Smtp {
    /// Prepares to speak to this server; connects to nothing yet.
    ///
    /// # Errors
    /// When the machine's certificate authorities cannot be read.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let tls = match settings.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(
                TlsParameters::new(settings.host.clone()).map_err(|error| Failure {
                    kind: Blame::Ours,
                    text: told("TLS", &error),
                })?,
            ),
        };
        Ok(Self {
            hello: ClientId::Domain(settings.hello.clone()),
            tls,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(settings.connections.max(1)),
            settings,
        })
    }

    /// Connects, greets and logs in, as for a letter, then hangs up: whether the server can be used.
    ///
    /// # Errors
    /// As for a letter, up to the login.
    pub async fn check(&self) -> Result<(), Failure> {
        let mut line = self.connect().await.map_err(|broken| broken.failure)?;
        hang_up(&mut line.connection, self.settings.timeout).await;
        Ok(())
    }

    /// Hangs up all connections that are not in use.
    pub async fn close(&self) {
        let lines = std::mem::take(&mut *self.held());
        for mut line in lines {
            hang_up(&mut line.connection, self.settings.timeout).await;
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        // A list of connections cannot be half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver(&self, letter: &Rendered) -> Result<(), Failure> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(Failure {
                kind: Blame::Later,
                text: "the daemon stops".to_owned(),
            });
        };
        let parcel = Parcel::of(letter)?;
        let kept = self.held().pop();
        if let Some(mut line) = kept {
            let opened = self.open(&mut line.connection, &parcel).await;
            if !opened.as_ref().is_err_and(Broken::was_stale) {
                return self.finish(line, &parcel, opened).await;
            }
            // Nothing was said of this letter yet, so it can be started anew.
        }
        let mut line = self.connect().await.map_err(|broken| broken.failure)?;
        let opened = self.open(&mut line.connection, &parcel).await;
        self.finish(line, &parcel, opened).await
    }

    async fn connect(&self) -> Result<Line, Broken> {
        let timeout = self.settings.timeout;
        let implicit = match self.settings.security {
            Security::Tls => self.tls.clone(),
            Security::Plain | Security::StartTls => None,
        };
        let address = (self.settings.host.as_str(), self.settings.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(timeout),
            &self.hello,
            implicit,
            None,
        );
        let mut connection = step(Step::Connect, timeout, connecting).await?;
        if self.settings.security == Security::StartTls
            && let Some(tls) = &self.tls
        {
            let upgrading = connection.starttls(tls.clone(), &self.hello);
            step(Step::StartTls, timeout, upgrading).await?;
        }
        if let Some(login) = &self.settings.login {
            let credentials = Credentials::new(login.username.clone(), login.password.clone());
            let mechanisms = DEFAULT_MECHANISMS;
            step(
                Step::Login,
                timeout,
                connection.auth(mechanisms, &credentials),
            )
            .await?;
        }
        Ok(Line {
            connection,
            letters: 0,
        })
    }

    /// The first word about a letter.
    async fn open(
        &self,
        connection: &mut AsyncSmtpConnection,
        parcel: &Parcel<'_>,
    ) -> Result<(), Broken> {
        let mail = parcel.mail(connection)?;
        self.say(Step::Mail, connection, mail).await
    }

    async fn say(
        &self,
        at: Step,
        connection: &mut AsyncSmtpConnection,
        command: impl Display,
    ) -> Result<(), Broken> {
        step(at, self.settings.timeout, connection.command(command)).await?;
        Ok(())
    }

    /// The rest of the conversation. A connection that still works is kept.
    async fn finish(
        &self,
        mut line: Line,
        parcel: &Parcel<'_>,
        opened: Result<(), Broken>,
    ) -> Result<(), Failure> {
        let result = match opened {
            Ok(()) => self.hand_over(&mut line.connection, parcel).await,
            Err(broken) => Err(broken),
        };
        line.letters += 1;
        let usable = match &result {
            Ok(()) => line.letters < LETTERS_PER_CONNECTION,
            Err(broken) if !broken.answered => false,
            Err(_) => {
                let reset = line.connection.command(Rset);
                step(Step::Mail, self.settings.timeout, reset).await.is_ok()
            }
        };
        if usable {
            self.held().push(line);
        } else if result.is_ok() {
            hang_up(&mut line.connection, self.settings.timeout).await;
        }
        result.map_err(|broken| broken.failure)
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        parcel: &Parcel<'_>,
    ) -> Result<(), Broken> {
        let recipient = Rcpt::new(parcel.to.clone(), Vec::new());
        self.say(Step::Recipient, connection, recipient).await?;
        self.say(Step::Data, connection, Data).await?;
        self.say(Step::Message, connection, Whole(parcel.raw)).await
    }
}

impl Transport for Smtp {
    fn send<'a>(&'a self, letter: &'a Rendered) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.deliver(letter))
    }
}

/// A letter as SMTP sees it.
struct Parcel<'a> {
    from: Option<lettre::Address>,
    to: lettre::Address,
    raw: &'a str,
}

/// A message with its dots doubled and the closing one (RFC 5321 §4.5.2), so that it goes out in one piece: lettre writes the closing dot
/// by itself, which the kernel holds back until the server acknowledges what came before (Nagle), for 40 ms where it delays that.
struct Whole<'a>(&'a str);

impl Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(message) = self;
        for line in message
            .strip_suffix("\r\n")
            .unwrap_or(message)
            .split("\r\n")
        {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
            f.write_str("\r\n")?;
        }
        f.write_str(".\r\n")
    }
}

impl<'a> Parcel<'a> {
    fn of(letter: &'a Rendered) -> Result<Self, Failure> {
        let address = |address: &crate::domain::address::Address| {
            address
                .as_str()
                .parse::<lettre::Address>()
                .map_err(|error| Failure {
                    kind: Blame::Ours,
                    text: format!("an address cannot be written in SMTP: {error}"),
                })
        };
        Ok(Self {
            from: letter.from.as_ref().map(address).transpose()?,
            to: address(&letter.to)?,
            raw: str::from_utf8(&letter.raw).map_err(|error| Failure {
                kind: Blame::Ours,
                text: format!("a letter cannot be written in SMTP: {error}"),
            })?,
        })
    }

    /// The MAIL command, with what the server must be able to do for this letter.
    fn mail(&self, connection: &AsyncSmtpConnection) -> Result<Mail, Broken> {
        let info = connection.server_info();
        let wide = |address: &lettre::Address| !AsRef::<str>::as_ref(address).is_ascii();
        let mut parameters = Vec::new();
        if self.from.as_ref().is_some_and(wide) || wide(&self.to) {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                return Err(unable(
                    "the address has other than ASCII letters",
                    "SMTPUTF8",
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !self.raw.is_ascii() {
            if !info.supports_feature(Extension::EightBitMime) {
                return Err(unable(
                    "the letter has other than ASCII letters",
                    "8BITMIME",
                ));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(Mail::new(self.from.clone(), parameters))
    }
}

fn unable(what: &str, extension: &str) -> Broken {
    Broken {
        failure: Failure {
            kind: Blame::Ours,
            text: format!(
                "{what} and the mail server does not offer {extension}; use a server that does"
            ),
        },
        answered: true,
    }
}

/// Says goodbye, and does not mind how that ends.
async fn hang_up(connection: &mut AsyncSmtpConnection, timeout: Duration) {
    let _ended = tokio::time::timeout(timeout, connection.quit()).await;
}
