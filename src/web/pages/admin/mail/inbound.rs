//! Messages that came in, and what became of them; never what they say.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::post as mail;
use crate::domain::id::MessageId;
use crate::domain::incoming::{Incoming, Purpose, State as Stands};
use crate::web::App;
use crate::web::api::mail::came;
use crate::web::api::read;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::words::size;
use crate::web::problem::Failure;

use super::super::super::form::{self, Fields};
use super::super::super::words;
use super::super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::super::{audit, filtered, status};
use super::{LONGEST, Operated, Operator, ROWS, listed, note, wish};

/// A message.
struct Row {
    id: String,
    letter: String,
    purpose: String,
    at: String,
    outcome: String,
    why: String,
}

impl Row {
    fn of(message: &Incoming) -> Self {
        Self {
            id: message.id.to_string(),
            letter: message.letter.to_string(),
            purpose: match message.purpose {
                Purpose::Reply => say!("reply" as "a message"),
                Purpose::Report => say!("report" as "a message"),
                Purpose::Probe => say!("probe" as "a message"),
            },
            at: words::date(message.at),
            outcome: words::short(message.outcome()),
            why: match &message.state {
                Stands::Waiting { .. } => String::new(),
                Stands::Done { why, .. } => words::plain(why),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "pages/admin/mail-inbound.html")]
struct List<'a> {
    f: Frame<'a>,
    problems: Problems,
    outcome: String,
    letter: String,
    since: String,
    rows: Vec<Row>,
    filters: String,
    paged: bool,
    next: Option<String>,
}

/// `GET /admin/mail/inbound`
pub async fn list(
    State(app): State<App>,
    asked: Fields,
    Operator(person): Operator,
) -> Result<Response, Stop> {
    let after = asked.get("after").parse().ok();
    let (found, problems) = listed(found(&app, &person, &asked, after).await)?;
    let (messages, next) = found;
    let view = List {
        f: frame(&app, Some(&person)).at("/admin/mail"),
        outcome: form::text(&asked, "outcome", 40),
        letter: form::text(&asked, "letter", 40),
        since: form::text(&asked, "since", 40),
        rows: messages.iter().map(Row::of).collect(),
        filters: filtered(&asked, &["outcome", "letter", "since"]),
        paged: after.is_some(),
        next: next.map(|id| id.to_string()),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

async fn found(
    app: &App,
    person: &Person,
    asked: &Fields,
    after: Option<MessageId>,
) -> Result<mail::List<Incoming, MessageId>, Failure> {
    let mut problems = read::Problems::default();
    let since = problems.keep(audit::day(asked, "since")).flatten();
    let (outcome, letter) = (asked.given("outcome"), asked.given("letter"));
    let mut which = came(outcome, letter.as_deref(), None, &mut problems);
    which.since = since;
    let which = problems.unless_any(Some(which))?;
    let call = app.directory().call(person.browser.by(), None);
    Ok(mail::messages(&app.settings(), &call, &which, after, ROWS).await?)
}

#[derive(Template)]
#[template(path = "pages/admin/mail-message.html")]
struct One<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    row: Row,
    size: String,
    seen_to: Option<String>,
    /// Whether it waits, so that it may be dropped.
    waits: bool,
    /// Whether it may be seen to again.
    again: bool,
    reason: String,
    once: String,
}

fn named(id: &str) -> Result<MessageId, Stop> {
    id.parse().map_err(|_| Stop::Nothing)
}

/// `GET /admin/mail/inbound/{id}`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    Operator(person): Operator,
) -> Result<Response, Stop> {
    let done = note(asked.get("done"));
    render(&app, &person, named(&id)?, done, (Problems::default(), "")).await
}

async fn render(
    app: &App,
    person: &Person,
    id: MessageId,
    note: Option<String>,
    (problems, reason): (Problems, &str),
) -> Result<Response, Stop> {
    let call = app.directory().call(person.browser.by(), None);
    let message = mail::message(&app.settings(), &call, id).await?;
    let view = One {
        f: frame(app, Some(person)).at("/admin/mail"),
        person,
        note,
        row: Row::of(&message),
        size: size(message.bytes),
        seen_to: match &message.state {
            Stands::Waiting { .. } => None,
            Stands::Done { at, .. } => Some(words::date(*at)),
        },
        waits: message.waits(),
        again: message.may_be_retried(),
        reason: reason.chars().take(LONGEST).collect(),
        once: form::once(app),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

/// `POST /admin/mail/inbound/{id}/retry` or `/drop`
pub async fn change(
    State(app): State<App>,
    Path((id, verb)): Path<(String, String)>,
    Operated(posted): Operated,
) -> Result<Response, Stop> {
    let id = named(&id)?;
    let (wish, done) = wish(&verb, &posted.fields)?;
    let here = format!("/admin/mail/inbound/{id}");
    let call = posted.call(&app, &format!("{here}/{verb}"));
    match mail::change_message(app.directory(), &call, id, &wish).await {
        Ok(_) => Ok(to(&format!("{here}?done={done}"))),
        Err(trouble) => {
            let why = (Problems::of(trouble)?, posted.fields.get("reason"));
            render(&app, &posted.person, id, None, why).await
        }
    }
}
