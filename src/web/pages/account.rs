//! Whoever is signed in: what they are called, and where they decide about the rest of their account.

mod addresses;
mod close;
mod preferences;
mod sessions;
mod tokens;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::actors::queries::Own;
use crate::actors::settings::{self, Change, LANGUAGES};
use crate::domain::id::Context;
use crate::web::App;
use crate::web::api::settings as api;
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;

use super::form::{self, Fields, Posted};
use super::words::{self, Storage, context_name, role};
use super::{Frame, POLICY, Person, Problems, Stop, frame, head, page, to};

/// So many contexts are listed.
const LISTED: usize = 50;

/// The pages about an account.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(show))
        .route("/account/profile", post(change))
        .route("/account/export", get(export))
        .route("/account/addresses", get(addresses::show))
        .route("/account/addresses/add", post(addresses::add))
        .route("/account/addresses/code", get(addresses::wait))
        .route("/account/addresses/prove", post(addresses::prove))
        .route("/account/addresses/primary", post(addresses::make_primary))
        .route("/account/addresses/remove", post(addresses::remove))
        .route("/account/defaults", get(preferences::defaults))
        .route(
            "/account/defaults/change",
            post(preferences::change_defaults),
        )
        .route("/account/defaults/sender", post(preferences::by_sender))
        .route("/account/notifications", get(preferences::notifications))
        .route(
            "/account/notifications/change",
            post(preferences::change_notifications),
        )
        .route("/account/blocked", get(preferences::blocked))
        .route("/account/blocked/block", post(preferences::block))
        .route("/account/blocked/lift", post(preferences::lift))
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/revoke", post(sessions::end))
        .route("/account/tokens", get(tokens::show))
        .route("/account/tokens/make", post(tokens::make))
        .route("/account/tokens/revoke", post(tokens::revoke))
        .route("/account/close", get(close::ask).post(close::close))
        .route("/account/closed", get(close::closed))
}

struct Place {
    name: String,
    /// The page of the workgroup, if it is one.
    place: Option<String>,
    role: Option<String>,
    storage: Storage,
}

struct Language {
    code: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/account.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    name: String,
    tier: String,
    domain: String,
    languages: Vec<Language>,
    contexts: Vec<Place>,
    once: String,
}

/// `GET /account`
async fn show(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/account").await?;
    let note = (asked.get("done") == "changed").then(|| say!("Saved."));
    let said = (
        person.account.name.as_str(),
        person.account.language.as_str(),
    );
    Ok(render(&app, &person, said, note, Problems::default()))
}

fn render(
    app: &App,
    person: &Person,
    (name, language): (&str, &str),
    note: Option<String>,
    problems: Problems,
) -> Response {
    let context = |own: &Own| Place {
        name: context_name(own.context, &own.name),
        place: match own.context {
            Context::Personal(_) => None,
            Context::Workgroup(id) => Some(format!("/workgroups/{id}")),
        },
        role: role(own.context, own),
        storage: Storage::of(own),
    };
    let spoken = |code: &'static str| Language {
        code,
        name: match code {
            "en" => "English",
            "de" => "Deutsch",
            other => other,
        },
        chosen: code == language,
    };
    let own = person.own(Context::Personal(person.account.id));
    let creators = app.settings().policy.creators;
    let view = Page {
        f: frame(app, Some(person)),
        note,
        name: words::plain(name),
        tier: words::tier(person.account.tier, own.and_then(|own| own.quota), creators),
        domain: words::domain(person.account.domain.name()),
        languages: LANGUAGES.into_iter().map(spoken).collect(),
        contexts: person.contexts.iter().take(LISTED).map(context).collect(),
        once: form::once(app),
        person,
        problems,
    };
    page(view.problems.page_status(), &view)
}

/// Changes settings of whoever sent the form.
async fn changed(app: &App, posted: &Posted, change: &Change) -> Result<Problems, Stop> {
    let call = app.directory().call(posted.person.browser.by(), None);
    match settings::change(app.directory(), &call, posted.person.account.id, change).await {
        Ok(_) => Ok(Problems::default()),
        Err(trouble) => Problems::of(trouble),
    }
}

/// `POST /account/profile`
async fn change(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let name = form::text(&posted.fields, "name", 400);
    let language = posted.fields.given("language");
    let change = Change {
        name: Some(name.clone()),
        language: language.clone(),
        ..Change::default()
    };
    let problems = changed(&app, &posted, &change).await?;
    if problems.is_empty() {
        return Ok(to("/account?done=changed"));
    }
    let typed = (name.as_str(), language.as_deref().unwrap_or(""));
    Ok(render(&app, &posted.person, typed, None, problems))
}

/// `GET /account/export`: everything about whoever is signed in, to keep.
async fn export(State(app): State<App>, browser: Option<Browser>) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/account").await?;
    let lines = api::everything(&app, person.account.id).await?;
    Ok((StatusCode::OK, head(POLICY), lines).into_response())
}
