//! Letters that were tried in vain, given up, or came back.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::post::{self as mail, Troubled};
use crate::domain::id::LetterId;
use crate::domain::letter::{Letter, State as Stands, Subject};
use crate::web::App;
use crate::web::api::mail::troubled;
use crate::web::api::read;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::super::form::{self, Fields};
use super::super::super::words;
use super::super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::super::{audit, filtered, status};
use super::{LONGEST, Operated, Operator, ROWS, listed, note, wish};

/// A letter in a list.
pub struct Row {
    pub id: String,
    pub kind: String,
    pub to: String,
    /// The word that programs use for the state.
    pub state: &'static str,
    pub stands: String,
    pub when: String,
    pub why: Option<String>,
    pub attempts: String,
}

impl Row {
    /// As operators see it.
    pub fn of(letter: &Letter) -> Self {
        let posted = words::posted(letter, letter.to.to_string(), None);
        Self {
            id: letter.id.to_string(),
            kind: posted.kind,
            to: posted.to,
            state: posted.state,
            stands: posted.stands,
            when: posted.when,
            why: posted.why,
            attempts: say!(letter.attempts; "{n} time", "{n} times"),
        }
    }
}

/// What people call a state that may be asked for.
fn asked_for(state: &'static str) -> (&'static str, String) {
    let stands = match state {
        "queued" => say!("queued"),
        "undeliverable" => say!("undeliverable"),
        "bounced" => say!("bounced"),
        _ => say!("dead" as "a letter"),
    };
    (state, stands)
}

#[derive(Template)]
#[template(path = "pages/admin/mail-outbox.html")]
struct List<'a> {
    f: Frame<'a>,
    problems: Problems,
    state: String,
    states: Vec<(&'static str, String)>,
    address: String,
    since: String,
    troubled: Vec<Row>,
    filters: String,
    paged: bool,
    next: Option<String>,
}

/// `GET /admin/mail/outbox`
pub async fn list(
    State(app): State<App>,
    asked: Fields,
    Operator(person): Operator,
) -> Result<Response, Stop> {
    let after = asked.get("after").parse().ok();
    let (found, problems) = listed(found(&app, &person, &asked, after).await)?;
    let (letters, next) = found;
    let view = List {
        f: frame(&app, Some(&person)).at("/admin/mail"),
        state: form::text(&asked, "state", 40),
        states: Troubled::STATES.map(asked_for).to_vec(),
        address: form::text(&asked, "address", LONGEST),
        since: form::text(&asked, "since", 40),
        troubled: letters.iter().map(Row::of).collect(),
        filters: filtered(&asked, &["state", "address", "since"]),
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
    after: Option<LetterId>,
) -> Result<mail::List<Letter, LetterId>, Failure> {
    let mut problems = read::Problems::default();
    let since = problems.keep(audit::day(asked, "since")).flatten();
    let (state, address) = (asked.given("state"), asked.given("address"));
    let mut which = troubled(state, address.as_deref(), None, &mut problems);
    which.since = since;
    let which = problems.unless_any(Some(which))?;
    let call = app.directory().call(person.browser.by(), None);
    Ok(mail::letters(&app.settings(), &call, &which, after, ROWS).await?)
}

#[derive(Template)]
#[template(path = "pages/admin/mail-letter.html")]
struct One<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    row: Row,
    written: String,
    about: Option<String>,
    /// What the last attempt met, where that is not why it stands as it does.
    last: Option<String>,
    /// Whether it may be tried again, or dropped.
    open: bool,
    reason: String,
    once: String,
}

fn named(id: &str) -> Result<LetterId, Stop> {
    id.parse().map_err(|_| Stop::Nothing)
}

/// `GET /admin/mail/outbox/{id}`
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
    id: LetterId,
    note: Option<String>,
    (problems, reason): (Problems, &str),
) -> Result<Response, Stop> {
    let call = app.directory().call(person.browser.by(), None);
    let letter = mail::letter(&app.settings(), &call, id).await?;
    let row = Row::of(&letter);
    let last = letter.last_error.as_deref().map(words::short);
    let view = One {
        f: frame(app, Some(person)).at("/admin/mail"),
        person,
        note,
        written: words::date(letter.created_at),
        about: match letter.subject {
            Subject::Invitation(id) => Some(id.to_string()),
            Subject::Access(item) => Some(item.to_string()),
            Subject::Workgroup(id) => Some(id.to_string()),
            Subject::Move(id) => Some(id.to_string()),
            Subject::SignIn(_) => None,
        },
        last: last.filter(|last| row.why.as_ref() != Some(last)),
        row,
        open: match letter.delivery {
            Stands::Queued { .. }
            | Stands::Undeliverable { .. }
            | Stands::Bounced { .. }
            | Stands::Dead { .. } => true,
            Stands::Sent { .. } | Stands::Withdrawn { .. } => false,
        },
        reason: reason.chars().take(LONGEST).collect(),
        once: form::once(app),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

/// `POST /admin/mail/outbox/{id}/retry` or `/drop`
pub async fn change(
    State(app): State<App>,
    Path((id, verb)): Path<(String, String)>,
    Operated(posted): Operated,
) -> Result<Response, Stop> {
    let id = named(&id)?;
    let (wish, done) = wish(&verb, &posted.fields)?;
    let here = format!("/admin/mail/outbox/{id}");
    let call = posted.call(&app, &format!("{here}/{verb}"));
    match mail::change_letter(app.directory(), &call, id, &wish).await {
        Ok(_) => Ok(to(&format!("{here}?done={done}"))),
        Err(trouble) => {
            let why = (Problems::of(trouble)?, posted.fields.get("reason"));
            render(&app, &posted.person, id, None, why).await
        }
    }
}
