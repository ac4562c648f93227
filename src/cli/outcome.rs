//! How an attempt to ask the API ended: a document, a refusal, or nothing, and whether another attempt makes sense.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use ureq::http::{Response, StatusCode, header};

use crate::wire::Problem;

use super::base::Base;
use super::failure::{Exit, Failure};

/// Largest answer that is read, in bytes: a run with 250 projects is a few of them.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// An answer of the API, exactly as it came.
#[derive(Debug, Clone)]
pub(super) struct Document(String);

impl Document {
    /// What was put together from several answers.
    pub(super) fn of(whole: &impl Serialize) -> Result<Self, Failure> {
        let text = serde_json::to_string(whole);
        text.map(Self).map_err(|error| misunderstood(&error))
    }
    /// As the API sent it, without a line end.
    pub(super) fn as_str(&self) -> &str {
        self.0.trim()
    }

    /// What it says.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.0).map_err(|error| misunderstood(&error))
    }
}

impl From<Box<RawValue>> for Document {
    fn from(raw: Box<RawValue>) -> Self {
        Self(String::from(Box::<str>::from(raw)))
    }
}

/// Says that what came is not what this program knows.
pub(super) fn misunderstood(error: &serde_json::Error) -> Failure {
    Failure::new(
        Exit::Server,
        format!("the server's answer cannot be understood ({error})"),
        "check --url; if the server is newer than this program, update this program",
    )
}

/// How an attempt ended, if not well.
pub(super) struct Miss {
    pub(super) failure: Failure,
    /// Whether another attempt may succeed, and after how long the server says so.
    pub(super) again: Option<Option<Duration>>,
}

impl Miss {
    /// Another attempt would end the same way.
    pub(super) const fn for_good(failure: Failure) -> Self {
        Self {
            failure,
            again: None,
        }
    }
}

/// What an answer amounts to.
pub(super) fn judged(base: &Base, mut answer: Response<ureq::Body>) -> Result<Document, Miss> {
    let status = answer.status();
    let text = |name| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let wait = text(header::RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
    let wait = wait.map(Duration::from_secs);
    let location = text(header::LOCATION).map(super::text::printable);
    let read = answer
        .body_mut()
        .with_config()
        .limit(LARGEST_ANSWER)
        .lossy_utf8(true);
    let body = read
        .read_to_string()
        .map_err(|error| unreached(base, &error))?;

    let known = ["application/json", "application/jsonl"].contains(&kind.as_str());
    if status.is_success() && (known || status == StatusCode::NO_CONTENT) {
        return Ok(Document(body));
    }
    let failure = match serde_json::from_str::<Problem>(&body) {
        Ok(problem) if kind == "application/problem+json" => Failure::refused(problem, body),
        _ => unexplained(base, status, location),
    };
    // With 429 the server says when; without that it may be an hour.
    let again = matches!(status.as_u16(), 502..=504)
        || failure.is("conflict.try_again")
        || (status == StatusCode::TOO_MANY_REQUESTS && wait.is_some());
    Err(Miss {
        failure,
        again: again.then_some(wait),
    })
}

/// An answer that is none of this API's.
fn unexplained(base: &Base, status: StatusCode, location: Option<String>) -> Failure {
    let base = base.as_str();
    if status.is_redirection() {
        let to = location.unwrap_or_else(|| "another place".to_owned());
        let sentence = format!("{base} sends this program on to {to}");
        return Failure::new(Exit::Server, sentence, "give that server with --url");
    }
    let exit = match status.as_u16() {
        401 => Exit::NotSignedIn,
        429 | 502..=504 => Exit::TryAgain,
        _ => Exit::Server,
    };
    let next = if exit == Exit::TryAgain {
        "try again later"
    } else {
        "check --url: is this a Handover server?"
    };
    Failure::new(
        exit,
        format!("{base} answered \"{status}\" and not as a Handover server does"),
        next,
    )
}

/// What it means that there was no answer.
pub(super) fn unreached(base: &Base, error: &ureq::Error) -> Miss {
    let (base, why) = (base.as_str(), why(error));
    let certificate = matches!(error, ureq::Error::Tls(_) | ureq::Error::Rustls(_))
        || matches!(error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData);
    if certificate {
        return Miss::for_good(Failure::new(
            Exit::Server,
            format!("no secure connection to {base} ({why})"),
            "check --url; a certificate of your institute's own authority must be known to this machine",
        ));
    }
    let failure =
        |exit, next| Failure::new(exit, format!("{base} cannot be reached ({why})"), next);
    match error {
        // More likely misspelt than gone for a moment.
        _ if matches!(error, ureq::Error::HostNotFound) || why.starts_with(NO_SUCH_HOST) => {
            let next = "check the host name in --url, and the network";
            Miss::for_good(failure(Exit::TryAgain, next))
        }
        ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => Miss {
            failure: failure(
                Exit::TryAgain,
                "check that the server runs, or try again later",
            ),
            again: Some(None),
        },
        _ => {
            let next = "check --url, and the proxy if there is one";
            Miss::for_good(failure(Exit::Server, next))
        }
    }
}

/// How the standard library begins to say that a host name could not be resolved; it has no kind of its own for that.
const NO_SUCH_HOST: &str = "failed to lookup address information";

/// Why nothing was reached, without the words for programmers.
fn why(error: &ureq::Error) -> String {
    let text = match error {
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    let text = text.split(" (os error").next().unwrap_or_default();
    super::text::printable(text)
}
