//! The browsers somebody is signed in with.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::actors::sign_in;
use crate::domain::account::Session;
use crate::domain::id::Digest;
use crate::web::App;
use crate::web::auth::{self, Browser};
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::form::{Fields, Posted};
use crate::web::pages::{Frame, Person, Stop, frame, page, person, to, words};

/// At most this many are listed, newest first.
const LISTED: usize = 50;

struct One {
    digest: String,
    client: String,
    since: String,
    until: String,
    this: bool,
}

#[derive(Template)]
#[template(path = "pages/account-sessions.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    note: Option<String>,
    sessions: Vec<One>,
    unlisted: usize,
}

/// `GET /account/sessions`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/sessions").await?;
    let now = app.directory().now();
    let one = |session: Session| One {
        this: session.digest == person.browser.session(),
        digest: session.digest.to_string(),
        client: words::short(&session.client),
        since: words::date(session.created_at),
        until: words::date(session.expires_at),
    };
    let found = sign_in::sessions(&app.settings(), person.account.id).await?;
    let sessions = found.into_iter().map(|found| found.document);
    let mut sessions: Vec<Session> = sessions
        .filter(|session| now < session.expires_at)
        .collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let view = Page {
        f: frame(&app, Some(&person)),
        note: (asked.get("done") == "ended").then(|| say!("Signed out there.")),
        unlisted: sessions.len().saturating_sub(LISTED),
        sessions: sessions.into_iter().take(LISTED).map(one).collect(),
        person: &person,
    };
    Ok(page(StatusCode::OK, &view))
}

/// `POST /account/sessions/revoke`
pub async fn end(
    State(app): State<App>,
    Posted { fields, person }: Posted,
) -> Result<Response, Stop> {
    let digest: Digest = fields.get("session").parse().map_err(|_| Stop::Nothing)?;
    if digest == person.browser.session() {
        let cookie = auth::close_session(&app, &person.browser).await?;
        let mut response = to("/sign-in");
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    let call = app.directory().call(person.browser.by(), None);
    sign_in::end_session(app.directory(), &call, person.account.id, digest).await?;
    Ok(to("/account/sessions?done=ended"))
}
