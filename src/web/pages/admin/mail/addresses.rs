//! Addresses that letters do not reach, or that one came back from.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::post as mail;
use crate::domain::id::Digest;
use crate::domain::reach::Reach;
use crate::web::App;
use crate::web::api::mail::doubtful;
use crate::web::api::{read, settings};
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::super::form::{self, Fields};
use super::super::super::words;
use super::super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::super::{audit, filtered, status};
use super::{Operated, Operator, ROWS, listed, note};

/// A doubtful address.
pub struct Row {
    pub address: String,
    /// The word that programs use for the state.
    pub state: &'static str,
    pub stands: String,
    pub since: String,
    pub reason: String,
}

impl Row {
    /// As operators see it.
    pub fn of(reach: &Reach) -> Self {
        let doubt = reach.doubt();
        let state = match reach.undeliverable {
            Some(_) => "undeliverable",
            None => "doubtful",
        };
        Self {
            address: reach.address.to_string(),
            state,
            stands: stands(state),
            since: doubt.map(|(at, _)| words::date(at)).unwrap_or_default(),
            reason: doubt.map(|(_, why)| words::short(why)).unwrap_or_default(),
        }
    }
}

/// The states that may be asked for.
const STATES: [&str; 2] = ["undeliverable", "doubtful"];

fn stands(state: &str) -> String {
    match state {
        "undeliverable" => say!("undeliverable"),
        _ => say!("doubtful" as "an address"),
    }
}

#[derive(Template)]
#[template(path = "pages/admin/mail-addresses.html")]
struct List<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    state: String,
    states: Vec<(&'static str, String)>,
    since: String,
    doubtful: Vec<Row>,
    filters: String,
    paged: bool,
    next: Option<String>,
    once: String,
}

/// `GET /admin/mail/addresses`
pub async fn list(
    State(app): State<App>,
    asked: Fields,
    Operator(person): Operator,
) -> Result<Response, Stop> {
    render(&app, &person, &asked, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    asked: &Fields,
    refused: Problems,
) -> Result<Response, Stop> {
    let after = asked.get("after").parse().ok();
    let (found, mut problems) = listed(found(app, person, asked, after).await)?;
    if !refused.is_empty() {
        problems = refused;
    }
    let (addresses, next) = found;
    let view = List {
        f: frame(app, Some(person)).at("/admin/mail"),
        person,
        note: note(asked.get("done")).filter(|_| problems.is_empty()),
        state: form::text(asked, "state", 40),
        states: STATES.map(|state| (state, stands(state))).to_vec(),
        since: form::text(asked, "since", 40),
        doubtful: addresses.iter().map(Row::of).collect(),
        filters: filtered(asked, &["state", "since"]),
        paged: after.is_some(),
        next: next.map(|digest| digest.to_string()),
        once: form::once(app),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

async fn found(
    app: &App,
    person: &Person,
    asked: &Fields,
    after: Option<Digest>,
) -> Result<mail::List<Reach, Digest>, Failure> {
    let mut problems = read::Problems::default();
    let since = problems.keep(audit::day(asked, "since")).flatten();
    let state = asked.given("state");
    let mut which = doubtful(state.as_deref(), None, &mut problems);
    which.since = since;
    let which = problems.unless_any(Some(which))?;
    let call = app.directory().call(person.browser.by(), None);
    Ok(mail::addresses(&app.settings(), &call, which, after, ROWS).await?)
}

/// `POST /admin/mail/addresses/reset`
pub async fn reset(State(app): State<App>, Operated(posted): Operated) -> Result<Response, Stop> {
    let path = "/admin/mail/addresses/reset";
    let reset = async {
        let address = settings::address(posted.fields.get("address"))?;
        let call = posted.call(&app, path);
        mail::reset(app.directory(), &call, &address).await?;
        Ok::<(), Failure>(())
    };
    match reset.await {
        Ok(()) => Ok(to("/admin/mail/addresses?done=reset")),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            render(&app, &posted.person, &posted.fields, problems).await
        }
    }
}
