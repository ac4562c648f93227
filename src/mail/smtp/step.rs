//! One step of the conversation with a mail server, and what its failure means.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;

use crate::mail::{Blame, Failure};

/// So much of what a server says is kept, in characters.
const KEPT_TEXT: usize = 300;

/// A step of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    StartTls,
    Login,
    Mail,
    Recipient,
    Data,
    Message,
}

impl Step {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::StartTls => "STARTTLS",
            Self::Login => "AUTH",
            Self::Mail => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Message => "end of DATA",
        }
    }
}

/// A failed step.
pub struct Broken {
    pub failure: Failure,
    /// Whether the server answered, so that the connection can still be used.
    pub answered: bool,
}

impl Broken {
    /// Whether a connection that was idle may just have been closed by the server.
    pub fn was_stale(&self) -> bool {
        !self.answered
    }
}

/// One step, within its time.
pub async fn step<T>(
    at: Step,
    timeout: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Broken> {
    match tokio::time::timeout(timeout, doing).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(broken(at, &error)),
        Err(_) => Err(Broken {
            failure: Failure {
                kind: Blame::Later,
                text: format!(
                    "{}: the mail server did not answer within {} s",
                    at.word(),
                    timeout.as_secs_f32()
                ),
            },
            answered: false,
        }),
    }
}

fn broken(at: Step, error: &Error) -> Broken {
    let text = told(at.word(), error);
    let kind = if error.is_permanent() {
        match at {
            Step::Recipient if !refuses_us(error, &text) => Blame::Undeliverable,
            _ => Blame::Ours,
        }
    } else if error.is_client() {
        // The server cannot do what the configuration asks of it (STARTTLS, a login).
        Blame::Ours
    } else {
        Blame::Later
    };
    let status = error.status().map(u16::from);
    Broken {
        failure: Failure { kind, text },
        // 421: the server hangs up.
        answered: status.is_some_and(|code| code != 421),
    }
}

/// Whether a 5xx at RCPT is about us all the same: a login is asked for (530), a command came out of order (503), or the enhanced status
/// says *security or policy* (RFC 3463 §3.8: X.7.x, as in "5.7.1 Relay access denied"). Taken for the recipient's fault, one wrong
/// line in the mail server's configuration would make every address undeliverable.
fn refuses_us(error: &Error, text: &str) -> bool {
    let code = error.status().map(u16::from);
    matches!(code, Some(503 | 530)) || text.split_whitespace().any(|word| word.starts_with("5.7."))
}

/// What happened, on one line.
pub fn told(at: &str, error: &Error) -> String {
    let mut text = format!("{at}:");
    match error.status() {
        Some(code) => text.push_str(&format!(" {code}")),
        None => text.push_str(&format!(" {error}")),
    }
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push(' ');
            text.push_str(&said);
        }
        source = cause.source();
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    let kept = |c: &char| !c.is_control();
    line.join(" ")
        .chars()
        .filter(kept)
        .take(KEPT_TEXT)
        .collect()
}
