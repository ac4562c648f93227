//! What is said when a page cannot be shown, or a form was not filled in as it should be.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::actors::world::Trouble;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth;
use crate::web::language::say;
use crate::web::problem::{Edge, Failure, Told};
use crate::wire::Guard;

use super::frame::{Frame, Person, frame, somebody};
use super::{POLICY, filters, head, page, to};

/// What is the matter, for a browser; the door asks for it whenever something outside `/api` was not answered as it should be.
pub fn failed(told: &Told) -> Sorry {
    if told.status() == StatusCode::NOT_FOUND && told.code() == Edge::RouteNotFound.code() {
        return Sorry::nothing();
    }
    // What only a program can do is not asked of a person.
    let edge = |edge: Edge| told.code() == edge.code();
    let mut sentence = told.sentence().to_owned();
    let next_step = if edge(Edge::MethodNotAllowed) {
        sentence = say!("this address does not take what your browser asked of it");
        say!("go back, or start at the home page")
    } else if edge(Edge::Broken) {
        say!("tell the operators of this site what you did, and when")
    } else if edge(Edge::Unavailable) {
        say!("try again in a moment")
    } else if edge(Edge::TimedOut) {
        say!("try again")
    } else {
        told.next_step().to_owned()
    };
    let status = told.status();
    Sorry::new(status, heading(status), &sentence, &next_step)
}

fn heading(status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND => say!("There is nothing here"),
        StatusCode::FORBIDDEN => say!("That is not allowed"),
        StatusCode::TOO_MANY_REQUESTS => say!("That was too often"),
        StatusCode::SERVICE_UNAVAILABLE => say!("Not just now"),
        StatusCode::INTERNAL_SERVER_ERROR => say!("Something is broken"),
        _ => say!("That did not work"),
    }
}

/// What is the matter, for the page that the door makes of it.
#[derive(Debug, Clone)]
pub struct Sorry {
    status: StatusCode,
    heading: String,
    sentence: String,
    next_step: String,
}

impl Sorry {
    fn new(status: StatusCode, heading: String, sentence: &str, next_step: &str) -> Self {
        Self {
            status,
            heading,
            sentence: as_sentence(sentence),
            next_step: as_sentence(next_step),
        }
    }

    fn nothing() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            say!("There is nothing here"),
            &say!("no page has this address"),
            &say!("check the address, or start at the home page"),
        )
    }
}

/// The headers of the page; the door writes the rest of it.
impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let mut response = (self.status, head(POLICY)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "pages/error.html")]
struct Apology<'a> {
    f: Frame<'a>,
    sorry: &'a Sorry,
}

/// The page that says what is the matter. Whoever is signed in, and asked for what is not there, not theirs or over, goes on from its menus,
/// if they are found `within` this time; what else goes wrong is no time to look anybody up.
pub async fn apologise(
    app: &App,
    headers: &HeaderMap,
    sorry: &Sorry,
    within: Duration,
) -> Response {
    let person = match sorry.status {
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::CONFLICT | StatusCode::GONE => {
            let looked = tokio::time::timeout(within, signed_in(app, headers));
            looked.await.ok().flatten()
        }
        _ => None,
    };
    let f = frame(app, person.as_ref());
    page(sorry.status, &Apology { f, sorry })
}

/// Whoever is signed in, if the store tells.
async fn signed_in(app: &App, headers: &HeaderMap) -> Option<Person> {
    let browser = auth::browser(app, headers).await.ok()?;
    somebody(app, browser).await.ok()?
}

/// Refusals begin in lower case and end without a dot, to stand inside other sentences; here they stand alone.
pub fn as_sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

/// Why a page is not shown.
pub enum Stop {
    /// What the door tells about.
    Failure(Failure),
    /// Sign in first, then go on to this path.
    SignIn(String),
    /// The form was not sent by a page of this site in this session.
    Forged,
    /// There is no such page.
    Nothing,
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Failure(failure) => failure.into_response(),
            Self::SignIn(next) if next == "/" => to("/sign-in"),
            Self::SignIn(next) => to(&format!("/sign-in?next={next}")),
            Self::Forged => Sorry::new(
                StatusCode::FORBIDDEN,
                say!("That form is too old"),
                &say!(
                    "it was not sent by a page of this site in your present session, so nothing was done"
                ),
                &say!("open the page again and repeat what you did"),
            )
            .into_response(),
            Self::Nothing => Sorry::nothing().into_response(),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Failure(trouble.into())
    }
}
impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failure(fault.into())
    }
}

/// What was wrong with the form that was just sent.
#[derive(Default)]
pub struct Problems {
    pub(super) heading: String,
    pub(super) all: Vec<Guard>,
    pub(super) status: StatusCode,
}

impl Problems {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// With which status the page that shows them goes out.
    pub(super) fn page_status(&self) -> StatusCode {
        if self.is_empty() {
            StatusCode::OK
        } else {
            self.status
        }
    }

    /// Everything that was said, to stand above the form that is shown again; what failed in the world goes on.
    pub(super) fn of(trouble: impl Into<Failure>) -> Result<Self, Stop> {
        let failure = trouble.into();
        let told = failure.told();
        if told.fault().is_some() {
            return Err(failure.into());
        }
        Ok(Self {
            heading: say!("That did not work"),
            status: told.status(),
            all: told.guards().to_vec(),
        })
    }
}
