//! Whoever is signed in: addresses, contexts, and where else they are signed in.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::actors::{queries, sign_in};
use crate::domain::id::Digest;
use crate::domain::policy::Tier;
use crate::web::App;
use crate::web::auth::{self, Browser};

use super::form::Posted;
use super::words::{self, context_name, role};
use super::{Frame, Person, Stop, frame, page, to};

/// At most this many sessions, newest first, and tokens are listed.
const LISTED: usize = 50;

struct Context {
    name: String,
    role: Option<&'static str>,
    storage: String,
}

struct Session {
    digest: String,
    client: String,
    since: String,
    until: String,
    this: bool,
}

struct Token {
    digest: String,
    name: String,
    scopes: String,
    since: String,
    until: String,
}

#[derive(Template)]
#[template(path = "pages/account.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    name: String,
    addresses: Vec<String>,
    tier: &'static str,
    domain: String,
    contexts: Vec<Context>,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
}

/// `GET /account`
pub async fn show(State(app): State<App>, browser: Option<Browser>) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/account").await?;
    let settings = app.settings();
    let now = app.directory().now();
    let account = &person.account;
    let context = |own: queries::Own| Context {
        name: context_name(own.context, &own.name),
        role: role(own.context, &own),
        storage: words::storage(own.quota, own.usage, None),
    };
    let contexts = queries::contexts(&settings, account.id).await?;
    let session = |session: crate::domain::account::Session| Session {
        this: session.digest == person.browser.session(),
        digest: session.digest.to_string(),
        client: words::short(&session.client),
        since: session.created_at.for_people(),
        until: session.expires_at.for_people(),
    };
    let mut sessions: Vec<_> = sign_in::sessions(&settings, account.id)
        .await?
        .into_iter()
        .map(|found| found.document)
        .filter(|session| now < session.expires_at)
        .collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let token = |token: crate::domain::account::Token| Token {
        digest: token.digest.to_string(),
        name: words::short(&token.name),
        scopes: token
            .scopes
            .iter()
            .map(|scope| scope.word())
            .collect::<Vec<_>>()
            .join(", "),
        since: token.created_at.for_people(),
        until: token.expires_at.for_people(),
    };
    let tokens = sign_in::tokens(&settings, account.id).await?;
    let tokens = tokens
        .into_iter()
        .map(|found| found.document)
        .filter(|token| now < token.expires_at);
    let view = Page {
        f: frame(&app, Some(&person)),
        name: words::plain(&account.name),
        addresses: account.addresses.iter().map(ToString::to_string).collect(),
        tier: match account.tier {
            Tier::Basic => "basic",
            Tier::Professional => "professional",
            Tier::Enterprise => "enterprise",
        },
        domain: account.domain.name().to_owned(),
        contexts: contexts.into_iter().take(LISTED).map(context).collect(),
        sessions: sessions.into_iter().take(LISTED).map(session).collect(),
        tokens: tokens.take(LISTED).map(token).collect(),
        person: &person,
    };
    Ok(page(StatusCode::OK, &view))
}

/// `POST /account/sessions/revoke`
pub async fn end_session(
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
    Ok(to("/account"))
}

/// `POST /account/tokens/revoke`
pub async fn revoke_token(
    State(app): State<App>,
    Posted { fields, person }: Posted,
) -> Result<Response, Stop> {
    let digest: Digest = fields.get("token").parse().map_err(|_| Stop::Nothing)?;
    let call = app.directory().call(person.browser.by(), None);
    sign_in::revoke_token(app.directory(), &call, person.account.id, digest).await?;
    Ok(to("/account"))
}
