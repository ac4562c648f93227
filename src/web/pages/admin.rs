//! Pages for administrators of the site and of private domains. Nobody else learns that there are any.
//!
//! That somebody administers is asked before a page is made; what of it concerns them is decided by the same functions as in the API.

mod access;
mod audit;
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

use crate::domain::policy::{Domain, Policy};
use crate::web::App;
use crate::web::auth::Browser;

use super::form::Posted;
use super::{Frame, Person, Problems, Stop, frame, page, words};

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
    places: Vec<Place>,
}

/// `GET /admin`
async fn show(State(app): State<App>, Administrator(person): Administrator) -> Response {
    let policy = &app.settings().policy;
    let site = policy.administers_site(&person.account.addresses);
    let theirs = domains(policy, &person);
    let all = policy.domains.iter();
    let seen = all.filter(|(name, _)| site || theirs.contains(name));
    let view = Home {
        f: frame(&app, Some(&person)).at("/admin"),
        site,
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
    page(StatusCode::OK, &view)
}
