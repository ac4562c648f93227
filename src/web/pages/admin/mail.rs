//! The site's mail, for those who administer the site: how it does, letters in trouble, what came in, doubtful addresses.

mod addresses;
mod inbound;
mod outbox;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use crate::actors::post::{self as mail, Doubtful, Overdue, Troubled, Wish};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::web::App;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::form::{self, Fields};
use super::super::words;
use super::super::{Frame, Person, Problems, Stop, frame, page};
use super::{Operated, Operator};
use addresses::Row as Address;
use outbox::Row as Letter;

/// Rows of a page.
const ROWS: usize = 50;
/// Of each list so many are shown on the first page.
const FIRST: usize = 10;
/// Longer than any address, id or reason.
const LONGEST: usize = 600;

/// All of them.
pub fn router() -> Router<App> {
    Router::new()
        .route("/admin/mail", get(show))
        .route("/admin/mail/outbox", get(outbox::list))
        .route("/admin/mail/outbox/{id}", get(outbox::show))
        .route("/admin/mail/outbox/{id}/{verb}", post(outbox::change))
        .route("/admin/mail/inbound", get(inbound::list))
        .route("/admin/mail/inbound/{id}", get(inbound::show))
        .route("/admin/mail/inbound/{id}/{verb}", post(inbound::change))
        .route("/admin/mail/addresses", get(addresses::list))
        .route("/admin/mail/addresses/reset", post(addresses::reset))
}

/// What is due, for people.
pub struct Due {
    /// The id of what has been due for the longest time.
    pub first: String,
    /// Since when.
    pub since: String,
    /// How long that is.
    pub span: String,
    /// How many are due.
    pub many: String,
    /// Whether the daemon has told of it in its log.
    pub late: bool,
}

impl Due {
    /// Of what is called this.
    pub fn new(due: &Overdue, first: impl ToString, counted: fn(usize) -> String) -> Self {
        Self {
            first: first.to_string(),
            since: words::date(due.at),
            span: span(due.for_ms),
            many: match due.rows {
                1_000.. => say!("{counted} or more", counted = counted(due.rows)),
                rows => counted(rows),
            },
            late: due.is_late(),
        }
    }
}

fn letters(n: usize) -> String {
    say!(n; "{n} letter", "{n} letters")
}

fn messages(n: usize) -> String {
    say!(n; "{n} message", "{n} messages")
}

/// `3 hours`, as it is said of something that has been so for this long.
pub fn span(ms: i64) -> String {
    match ms {
        ..MINUTE_MS => say!("less than a minute" as "for so long"),
        MINUTE_MS..HOUR_MS => {
            say!(ms / MINUTE_MS; "{n} minute", "{n} minutes" as "for so long")
        }
        _ if ms < 2 * DAY_MS => say!(ms / HOUR_MS; "{n} hour", "{n} hours" as "for so long"),
        _ => say!(ms / DAY_MS; "{n} day", "{n} days" as "for so long"),
    }
}

struct Outcome {
    /// As part of an address.
    address: String,
    word: String,
    why: String,
    messages: String,
}

#[derive(Template)]
#[template(path = "pages/admin/mail.html")]
struct Overview<'a> {
    f: Frame<'a>,
    person: &'a Person,
    letters: Option<Due>,
    messages: Option<Due>,
    troubled: Vec<Letter>,
    more_troubled: bool,
    outcomes: Vec<Outcome>,
    counted: String,
    more: bool,
    doubtful: Vec<Address>,
    more_doubtful: bool,
    once: String,
}

/// `GET /admin/mail`
async fn show(State(app): State<App>, Operator(person): Operator) -> Result<Response, Stop> {
    let settings = app.settings();
    let call = app.directory().call(person.browser.by(), None);
    let found = mail::overview(&settings, &call).await?;
    let all = Troubled::default();
    let (troubled, next) = mail::letters(&settings, &call, &all, None, FIRST).await?;
    let all = Doubtful::default();
    let (doubtful, more) = mail::addresses(&settings, &call, all, None, FIRST).await?;
    let letter = found.letters.zip(found.oldest_letter());
    let message = found.messages.zip(found.oldest_message());
    let view = Overview {
        f: frame(&app, Some(&person)).at("/admin/mail"),
        person: &person,
        letters: letter.map(|(due, first)| Due::new(&due, first, letters)),
        messages: message.map(|(due, first)| Due::new(&due, first, messages)),
        troubled: troubled.iter().map(Letter::of).collect(),
        more_troubled: next.is_some(),
        outcomes: found
            .outcomes
            .into_iter()
            .map(|one| Outcome {
                address: words::in_address(&one.outcome),
                word: words::short(&one.outcome),
                why: words::short(&one.why),
                messages: words::grouped(one.messages as u64),
            })
            .collect(),
        counted: messages(found.counted),
        more: found.more,
        doubtful: doubtful.iter().map(Address::of).collect(),
        more_doubtful: more.is_some(),
        once: form::once(&app),
    };
    Ok(page(StatusCode::OK, &view))
}

/// What was found, or everything that is wrong with what was asked for.
fn listed<T, C>(
    found: Result<mail::List<T, C>, Failure>,
) -> Result<(mail::List<T, C>, Problems), Stop> {
    Ok(match found {
        Ok(found) => (found, Problems::default()),
        Err(failure) => ((Vec::new(), None), Problems::of(failure)?),
    })
}

/// What a form wants of a letter or a message, and the word for that it was done.
fn wish(verb: &str, fields: &Fields) -> Result<(Wish, &'static str), Stop> {
    match verb {
        "retry" => Ok((Wish::Retry, "retried")),
        "drop" => {
            let reason = fields.given("reason");
            Ok((Wish::Drop { reason }, "dropped"))
        }
        _ => Err(Stop::Nothing),
    }
}

/// What is told above a page after something was done there.
fn note(done: &str) -> Option<String> {
    match done {
        "retried" => Some(say!("It is tried again, now.")),
        "dropped" => Some(say!("Dropped.")),
        "reset" => Some(say!("Letters are sent to the address again.")),
        _ => None,
    }
}
