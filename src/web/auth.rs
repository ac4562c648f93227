//! Who is asking. The fields of these values are private, so that nothing but the code in this file, which looks up what was
//! presented, can say that somebody is signed in.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::actors::world::{Call, Trouble};
use crate::actors::{queries, sign_in};
use crate::domain::account::{Scope, Session, Token};
use crate::domain::event::{By, Channel};
use crate::domain::id::{AccountId, Context, Digest};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};
use crate::domain::time::Time;
use crate::store::Fault;

use super::App;
use super::attempt;
use super::problem::Failure;

/// The cookie that holds a session's secret, where browsers reach the site by TLS. The prefix makes them refuse to take it from
/// anybody but this very host.
const SECURE_COOKIE: &str = "__Host-handover";
/// The same on loopback, where the prefix is not allowed.
const PLAIN_COOKIE: &str = "handover";
/// The cookie that holds the context its person acts as; no secret, and no right: a context that is none of theirs is passed over.
const SECURE_ACTS_AS: &str = "__Host-handover-acts-as";
/// The same on loopback.
const PLAIN_ACTS_AS: &str = "handover-acts-as";
/// For so many seconds a browser remembers it.
const ACTS_AS_SECONDS: u32 = 180 * 24 * 60 * 60;
/// A client that names itself so is the command line; it is believed because nothing depends on it but the word in the journal.
const CLIENT: &str = "handover-client";

/// What a route of the API is good for; a token must have that scope.
pub trait Needs: Send + Sync {
    /// The scope.
    const SCOPE: Scope;
}

/// The route only looks.
pub struct Read;
/// The route changes things.
pub struct Write;
/// The route changes tokens, sessions or settings.
pub struct Settle;

impl Needs for Read {
    const SCOPE: Scope = Scope::Read;
}
impl Needs for Write {
    const SCOPE: Scope = Scope::Write;
}
impl Needs for Settle {
    const SCOPE: Scope = Scope::Account;
}

/// Somebody who presented a token that is good for this route.
pub struct Signed<N: Needs> {
    token: Token,
    channel: Channel,
    needs: PhantomData<N>,
}

impl<N: Needs> Signed<N> {
    /// Whose token it is.
    pub fn account(&self) -> AccountId {
        self.token.account
    }
    /// The token, without its secret.
    pub fn token(&self) -> &Token {
        &self.token
    }
    /// As the journal names them.
    pub fn by(&self) -> By {
        By {
            person: Some(self.token.account),
            channel: self.channel,
        }
    }
}

fn not_signed_in(next_step: Said) -> Failure {
    Refusal::new(Code::NotSignedIn, said!("nobody is signed in"), next_step).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Through what a request of the API came.
pub fn channel(headers: &HeaderMap) -> Channel {
    match headers.get(CLIENT) {
        Some(name) if name == "cli" => Channel::Cli,
        _ => Channel::Api,
    }
}

impl<N: Needs> FromRequestParts<App> for Signed<N> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let Some(secret) = bearer(&parts.headers) else {
            return Err(not_signed_in(said!(
                "sign in with POST /api/v1/sign-in and send the secret as \"Authorization: Bearer …\""
            )));
        };
        let now = app.directory().now();
        let found = sign_in::token(&app.settings(), secret, now).await?;
        let Some(token) = found else {
            return Err(not_signed_in(said!(
                "the token is unknown, revoked or too old: sign in again, or make a new token"
            )));
        };
        if N::SCOPE != Scope::Read {
            let by = By {
                person: Some(token.account),
                channel: channel(&parts.headers),
            };
            attempt::by(by);
        }
        if !token.scopes.contains(&N::SCOPE) {
            let scope = N::SCOPE.word();
            return Err(Refusal::new(
                Code::ScopeMissing,
                said!(
                    "the token \"{name}\" lacks the scope {scope}",
                    name = token.name,
                    scope
                ),
                said!("use a token with the scope {scope}", scope),
            )
            .about(token.digest)
            .into());
        }
        Ok(Self {
            token,
            channel: channel(&parts.headers),
            needs: PhantomData,
        })
    }
}

// ---- browsers ----

/// Somebody whose browser presented the cookie of a session. A page for nobody in particular takes `Option<Browser>`; a page that
/// takes `Browser` itself sends everybody else to sign in.
pub struct Browser {
    session: Session,
    acts_as: Option<Context>,
}

impl Browser {
    /// Whose session it is.
    pub fn account(&self) -> AccountId {
        self.session.account
    }
    /// By which the session is known.
    pub fn session(&self) -> Digest {
        self.session.digest
    }
    /// The context that was chosen in this browser, theirs or not.
    pub fn acts_as(&self) -> Option<Context> {
        self.acts_as
    }
    /// As the journal names them.
    pub fn by(&self) -> By {
        By {
            person: Some(self.session.account),
            channel: Channel::Web,
        }
    }
    /// Whether the session is still good: it may have ended since the request came.
    pub async fn lasts(&self, app: &App) -> Result<bool, Fault> {
        let (account, digest) = (self.account(), self.session());
        let now = app.directory().now();
        sign_in::session_lasts(&app.settings(), account, digest, now).await
    }
    /// What every form of this session must carry, in a field of any name.
    pub fn form_token(&self, app: &App) -> String {
        app.settings().key.form(self.session.digest)
    }
    /// Whether a form was sent by a page of this site in this session.
    pub fn form_fits(&self, app: &App, headers: &HeaderMap, token: &str) -> bool {
        same_origin(app, headers) && app.settings().key.form_fits(self.session.digest, token)
    }
}

/// Whether a form came from a page of this site. Browsers send `Origin` with every POST; one without it is judged by `Referer`,
/// and refused without both.
pub fn same_origin(app: &App, headers: &HeaderMap) -> bool {
    let site = app.site().public_url.as_str();
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (of(header::ORIGIN), of(header::REFERER)) {
        (Some(origin), _) => origin == site,
        (None, Some(referer)) => referer
            .strip_prefix(site)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        (None, None) => false,
    }
}

fn cookie_name(app: &App) -> &'static str {
    if app.site().is_https() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

fn acts_as_name(app: &App) -> &'static str {
    if app.site().is_https() {
        SECURE_ACTS_AS
    } else {
        PLAIN_ACTS_AS
    }
}

/// The `Set-Cookie` by which a browser remembers as which context its person acts.
pub fn act_as(app: &App, context: Context) -> Result<HeaderValue, Fault> {
    written(
        app,
        acts_as_name(app),
        &context.to_string(),
        ACTS_AS_SECONDS.into(),
    )
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pair = |pair: &'h str| {
        let (there, value) = pair.trim().split_once('=')?;
        (there == name).then_some(value)
    };
    let all = headers.get_all(header::COOKIE).into_iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(pair)
}

async fn presented(headers: &HeaderMap, app: &App) -> Result<Option<Session>, Fault> {
    let Some(secret) = cookie(headers, cookie_name(app)) else {
        return Ok(None);
    };
    sign_in::session(&app.settings(), secret, app.directory().now()).await
}

/// The language that whoever is signed in reads, if anybody is.
pub async fn language(app: &App, headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(session) = presented(headers, app).await? else {
        return Ok(None);
    };
    let account = queries::account_if_any(&app.settings(), session.account).await?;
    Ok(account.map(|account| account.language))
}

/// The browser that sends these headers, if somebody is signed in with it.
pub async fn browser(app: &App, headers: &HeaderMap) -> Result<Option<Browser>, Fault> {
    let found = presented(headers, app).await?;
    let acts_as = cookie(headers, acts_as_name(app)).and_then(|id| id.parse().ok());
    Ok(found.map(|session| Browser { session, acts_as }))
}

async fn session(parts: &Parts, app: &App) -> Result<Option<Browser>, Fault> {
    let browser = browser(app, &parts.headers).await?;
    // What a page changes it changes by a form.
    if let Some(browser) = browser.as_ref().filter(|_| parts.method == Method::POST) {
        attempt::by(browser.by());
    }
    Ok(browser)
}

impl OptionalFromRequestParts<App> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Failure> {
        Ok(session(parts, app).await?)
    }
}

/// Why a page is not shown: nobody is signed in, or that could not be found out.
pub enum Turned {
    /// To sign in first.
    Away,
    /// The store failed.
    Failed(Failure),
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Self::Away => Redirect::to("/sign-in").into_response(),
            Self::Failed(failure) => failure.into_response(),
        }
    }
}

impl FromRequestParts<App> for Browser {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Turned> {
        match session(parts, app).await {
            Ok(Some(browser)) => Ok(browser),
            Ok(None) => Err(Turned::Away),
            Err(fault) => Err(Turned::Failed(fault.into())),
        }
    }
}

/// Opens a session for somebody who has just proven an address, by a code or `through` an identity provider, and gives the `Set-Cookie` for the browser. Any session the browser
/// had before is another one: a sign-in never goes on with a secret that was known before it.
pub async fn open_session(
    app: &App,
    account: AccountId,
    headers: &HeaderMap,
    through: Option<&str>,
) -> Result<(Browser, HeaderValue), Trouble> {
    let by = By {
        person: Some(account),
        channel: Channel::Web,
    };
    let call: Call = app.directory().call(by, None);
    let client = headers.get(header::USER_AGENT);
    let client = client.and_then(|value| value.to_str().ok()).unwrap_or("");
    let directory = app.directory();
    let opened = sign_in::open_session(directory, &call, account, client, through).await;
    let (secret, session) = opened?;
    let cookie = set_cookie(app, &secret, session.expires_at, call.at)?;
    let browser = Browser {
        session,
        acts_as: None,
    };
    Ok((browser, cookie))
}

/// Ends a session, and gives the `Set-Cookie` that makes the browser forget it.
pub async fn close_session(app: &App, browser: &Browser) -> Result<HeaderValue, Trouble> {
    let call = app.directory().call(browser.by(), None);
    let (account, session) = (browser.account(), browser.session());
    sign_in::end_session(app.directory(), &call, account, session).await?;
    set_cookie(app, "", call.at, call.at)
}

fn set_cookie(app: &App, secret: &str, until: Time, now: Time) -> Result<HeaderValue, Trouble> {
    let seconds = until.since_ms(now).max(0) / 1_000;
    Ok(written(app, cookie_name(app), secret, seconds)?)
}

fn written(app: &App, name: &str, value: &str, seconds: i64) -> Result<HeaderValue, Fault> {
    let secure = if app.site().is_https() {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(cookie)
        .map_err(|_| Fault::never(format!("{name} cannot be written into a cookie")))
}
