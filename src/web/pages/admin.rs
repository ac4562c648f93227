//! Pages for administrators of the site and of private domains. Nobody else learns that there are any.
//!
//! That somebody administers is asked before a page is made; what of it concerns them is decided by the same functions as in the API.

mod access;
mod audit;
mod mail;
mod moves;
mod people;
mod quota;
mod workgroups;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};

use crate::actors::post::Overdue;
use crate::actors::stuck;
use crate::domain::key::Queue;
use crate::domain::moving;
use crate::domain::policy::{Domain, Policy};
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::form::{Fields, Posted};
use super::{Frame, Person, Problems, Stop, frame, page, words};

/// Longer than any address.
const LONGEST: usize = 320;

/// All of them.
pub fn router() -> Router<App> {
    Router::new()
        .route("/admin", get(show))
        .route("/admin/people", get(people::show))
        .route("/admin/people/change", post(people::change))
        .route("/admin/workgroups", get(workgroups::show))
        .route("/admin/workgroups/change", post(workgroups::change))
        .route("/admin/access", get(access::show))
        .route("/admin/audit", get(audit::show))
        .route("/admin/audit.jsonl", get(audit::export))
        .route("/admin/moves", get(moves::list))
        .route("/admin/moves/new", get(moves::begin))
        .route("/admin/moves/change", post(moves::change))
        .route("/admin/moves/preview", post(moves::preview))
        .route("/admin/moves/propose", post(moves::propose))
        .route("/admin/moves/{id}", get(moves::show))
        .route("/admin/moves/{id}/approve", post(moves::approve))
        .route("/admin/moves/{id}/cancel", post(moves::cancel))
        .merge(mail::router())
}

/// Somebody who administers the site or a private domain, and looks at a page.
pub struct Administrator(Person);

/// A form that such a person sent.
pub struct Ordered(Posted);

impl FromRequestParts<App> for Administrator {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let browser = Option::<Browser>::from_request_parts(parts, app).await?;
        let person = super::person(app, browser, super::local(parts.uri.path())).await?;
        admit(app, &person)?;
        Ok(Self(person))
    }
}

impl FromRequest<App> for Ordered {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let posted = Posted::from_request(request, app).await?;
        admit(app, &posted.person)?;
        Ok(Self(posted))
    }
}

fn admit(app: &App, person: &Person) -> Result<(), Stop> {
    match frame(app, Some(person)).administers {
        true => Ok(()),
        false => Err(Stop::Nothing),
    }
}

/// Somebody who administers the site, and looks at a page.
pub struct Operator(Person);

/// A form that such a person sent.
pub struct Operated(Posted);

impl FromRequestParts<App> for Operator {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let Administrator(person) = Administrator::from_request_parts(parts, app).await?;
        operates(app, &person)?;
        Ok(Self(person))
    }
}

impl FromRequest<App> for Operated {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let Ordered(posted) = Ordered::from_request(request, app).await?;
        operates(app, &posted.person)?;
        Ok(Self(posted))
    }
}

fn operates(app: &App, person: &Person) -> Result<(), Stop> {
    match frame(app, Some(person)).operates {
        true => Ok(()),
        false => Err(Stop::Nothing),
    }
}

/// What is asked for as the address says it, for the next page.
fn filtered(asked: &Fields, names: &[&str]) -> String {
    let given = names.iter().filter_map(|name| {
        let value: String = asked.given(name)?.chars().take(LONGEST).collect();
        Some(format!("{name}={}", words::in_address(&value)))
    });
    given.collect::<Vec<_>>().join("&")
}

/// What a page about something that was asked for is answered with.
fn status(problems: &Problems) -> StatusCode {
    match problems.is_empty() {
        true => StatusCode::OK,
        false => problems.status,
    }
}

/// The names of the private domains that this person administers.
fn domains(policy: &Policy, person: &Person) -> Vec<String> {
    let names = policy.domains.keys();
    let theirs = |name: &&String| {
        let domain = Domain::named(name);
        policy.administers(&person.account.addresses, &domain)
    };
    names.filter(theirs).cloned().collect()
}

/// What somebody looks after.
struct Place {
    name: String,
    /// The same as part of an address.
    address: String,
    suffixes: String,
    administrators: Vec<String>,
    /// Whether they may list its workgroups.
    listed: bool,
}

#[derive(Template)]
#[template(path = "pages/admin/home.html")]
struct Home<'a> {
    f: Frame<'a>,
    site: bool,
    stuck: Stuck,
    places: Vec<Place>,
}

/// What waits for an administrator, or does not get on.
struct Stuck {
    /// What is due for too long, in a sentence each.
    late: Vec<Late>,
    moves: Vec<Move>,
    transfers: Vec<Transfer>,
}

struct Late {
    sentence: String,
    link: Option<&'static str>,
}

struct Move {
    id: String,
    from: String,
    to: String,
    /// Whether it waits for a second administrator; else it stopped.
    proposed: bool,
    state: String,
    since: String,
    by: String,
}

struct Transfer {
    id: String,
    /// Whether its page opens for whoever looks.
    opens: bool,
    items: String,
    from: String,
    since: String,
}

impl Stuck {
    fn of(found: &stuck::Stuck) -> Self {
        Self {
            late: found.queues.iter().map(late).collect(),
            moves: found.moves.iter().map(stopped).collect(),
            transfers: found.transfers.iter().map(waiting).collect(),
        }
    }
}

fn late((queue, due): &(Queue, Overdue)) -> Late {
    let span = mail::span(due.for_ms);
    let what = match queue {
        Queue::Outbox => say!("A letter has been due for {span}", span),
        Queue::Incoming => say!("A message that came in has been due for {span}", span),
        Queue::Timers => say!("An offer has been due for {span}", span),
        Queue::Purges => say!("An item to delete for good has been due for {span}", span),
        Queue::Sweeps => say!("Something to sweep away has been due for {span}", span),
    };
    let link = match queue {
        Queue::Outbox | Queue::Incoming => Some("/admin/mail"),
        Queue::Timers | Queue::Purges | Queue::Sweeps => None,
    };
    let sentence = match due.rows.saturating_sub(1) {
        0 => say!("{what}.", what),
        rest => say!(rest; "{what}, and {n} more is due.", "{what}, and {n} more are due.", what),
    };
    Late { sentence, link }
}

fn stopped(one: &moving::Move) -> Move {
    let (since, by) = match one.state.approved() {
        Some(approved) => (approved.at, &approved.address),
        None => (one.proposed.at, &one.proposed.address),
    };
    Move {
        id: one.id.to_string(),
        from: words::short(&one.from_name),
        to: words::short(&one.to_name),
        proposed: one.state == moving::State::Proposed,
        state: speak(&one.state.said()),
        since: words::date(since),
        by: by.to_string(),
    }
}

fn waiting(one: &stuck::Waiting) -> Transfer {
    let transfer = &one.transfer;
    Transfer {
        id: transfer.id.to_string(),
        opens: one.opens,
        items: words::what(&transfer.items),
        from: transfer.sender.address.to_string(),
        since: words::date(transfer.requested_at),
    }
}

/// `GET /admin`
async fn show(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let call = app.directory().call(person.browser.by(), None);
    let stuck = stuck::stuck(&app.settings(), &call).await?;
    let policy = &app.settings().policy;
    let site = policy.administers_site(&person.account.addresses);
    let theirs = domains(policy, &person);
    let all = policy.domains.iter();
    let seen = all.filter(|(name, _)| site || theirs.contains(name));
    let view = Home {
        f: frame(&app, Some(&person)).at("/admin"),
        site,
        stuck: Stuck::of(&stuck),
        places: seen
            .map(|(name, private)| Place {
                name: name.clone(),
                address: words::in_address(name),
                suffixes: private.suffixes.join(", "),
                administrators: private
                    .administrators
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                listed: theirs.contains(name),
            })
            .collect(),
    };
    Ok(page(StatusCode::OK, &view))
}
