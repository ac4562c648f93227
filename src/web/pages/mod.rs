//! Pages for browsers: rendered here, usable without scripts, on a phone first.
//!
//! GET and HEAD change nothing, but for the one address that an identity provider sends a browser back to: it signs in the browser that
//! set out from here. A page that is opened without a session holds no form but those to sign in, and no script, so that a scanner which
//! follows links and presses buttons finds nothing to press.

mod account;
mod admin;
mod answer;
mod assets;
mod context;
mod dialog;
mod filters;
mod form;
mod history;
mod home;
mod item;
mod journal;
mod life;
mod link;
mod list;
pub mod live;
pub mod mailbox;
mod news;
mod offer;
mod people;
mod receipt;
mod request;
mod share;
mod shared;
mod shares;
mod sign_in;
mod through;
mod words;
mod workgroups;

use askama::Template;
use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::actors::changes::Moment;
use crate::actors::queries::{self, Own};
use crate::actors::world::Trouble;
use crate::domain::account::Account;
use crate::domain::id::Context;
use crate::store::Fault;
use crate::wire::Guard;

use super::App;
use super::auth::{self, Browser};
use super::language::{self, say};
use super::problem::{Edge, Failure, Told};
use words::{context_name, role};

/// What a page may load and where its forms may go: nothing but this site, whose one script is a file of its own.
const POLICY: &str = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// All pages.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/live", get(live::listen))
        .route("/sign-in", get(sign_in::ask).post(sign_in::begin))
        .route("/sign-in/code", get(sign_in::wait).post(sign_in::finish))
        .route("/sign-in/provider", post(through::begin))
        .route("/sign-in/callback", get(through::finish))
        .route("/sign-out", post(sign_in::leave))
        .route("/context", post(context::choose))
        .route("/i/{token}", get(link::keep))
        .route("/i", get(link::show))
        .route("/transfers", get(history::show))
        .route("/transfers.csv", get(history::export))
        .route("/transfers/new", get(request::begin))
        .route("/transfers/change", post(request::change))
        .route("/transfers/preview", post(request::preview))
        .route("/transfers/request", post(request::request))
        .route("/transfers/{id}", get(offer::show))
        .route("/transfers/{id}/readdress", post(request::readdress))
        .route("/transfers/{id}/receipt", get(receipt::show))
        .route("/transfers/{id}/accept", post(answer::accept))
        .route("/transfers/{id}/decline", post(answer::decline))
        .route("/transfers/{id}/cancel", post(answer::cancel))
        .route("/transfers/{id}/resend", post(answer::resend))
        .route("/transfers/{id}/extend", post(answer::extend))
        .route("/invitations/{id}", get(offer::show))
        .route("/invitations/{id}/receipt", get(receipt::show))
        .route("/invitations/{id}/accept", post(answer::accept))
        .route("/invitations/{id}/decline", post(answer::decline))
        .route("/invitations/{id}/cancel", post(answer::cancel))
        .route("/invitations/{id}/resend", post(answer::resend))
        .route("/invitations/{id}/extend", post(answer::extend))
        .route("/l/{token}", get(share::keep))
        .route("/l", get(share::show))
        .route("/l/accept", post(share::accept))
        .route("/runs", get(list::runs))
        .route("/projects", get(list::projects))
        .route("/runs/{id}", get(item::moved))
        .route("/projects/{id}", get(item::moved))
        .route("/shared", get(shared::show))
        .route("/shares/new", get(shares::begin))
        .route("/shares/change", post(shares::change))
        .route("/shares/preview", post(shares::preview))
        .route("/shares/request", post(shares::request))
        .route("/items/{id}", get(item::show))
        .route("/items/{id}/files", post(item::list))
        .route("/items/{id}/people", get(people::show))
        .route("/items/{id}/links", get(people::links))
        .route("/items/{id}/people/change", post(people::change))
        .route("/items/{id}/people/revoke", post(people::revoke))
        .route("/items/{id}/people/leave", post(people::leave))
        .route("/items/{id}/links/make", post(people::make_link))
        .route("/items/{id}/links/deactivate", post(people::deactivate))
        .route("/items/trash", post(life::trash))
        .route("/items/restore", post(life::restore))
        .route("/items/archive", post(life::archive))
        .route("/items/activate", post(life::activate))
        .route("/items/purge", get(life::sure).post(life::purge))
        .merge(account::routes())
        .merge(workgroups::routes())
        .route("/mailbox", get(mailbox::list))
        .route("/mailbox/{letter}", get(mailbox::show))
        .route("/mailbox/{letter}/html", get(mailbox::show_html))
        .route("/assets/{name}", get(asset))
        .merge(admin::router())
}

async fn asset(name: axum::extract::Path<String>) -> Result<Response, Stop> {
    assets::show(name).await.ok_or(Stop::Nothing)
}

/// What is the matter, for a browser; the door asks for it whenever something outside `/api` was not answered as it should be.
pub fn failed(told: &Told) -> Sorry {
    if told.status() == StatusCode::NOT_FOUND && told.code() == Edge::RouteNotFound.code() {
        return Sorry::nothing();
    }
    // What only a program can do is not asked of a person.
    let edge = |edge: Edge| told.code() == edge.code();
    let mut sentence = told.sentence().to_owned();
    let next_step = if edge(Edge::MethodNotAllowed) {
        sentence = say!("this address does not take what your browser asked of it");
        say!("go back, or start at the home page")
    } else if edge(Edge::Broken) {
        say!("tell the operators of this site what you did, and when")
    } else if edge(Edge::Unavailable) {
        say!("try again in a moment")
    } else if edge(Edge::TimedOut) {
        say!("try again")
    } else {
        told.next_step().to_owned()
    };
    let status = told.status();
    Sorry::new(status, heading(status), &sentence, &next_step)
}

fn heading(status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND => say!("There is nothing here"),
        StatusCode::FORBIDDEN => say!("That is not allowed"),
        StatusCode::TOO_MANY_REQUESTS => say!("That was too often"),
        StatusCode::SERVICE_UNAVAILABLE => say!("Not just now"),
        StatusCode::INTERNAL_SERVER_ERROR => say!("Something is broken"),
        _ => say!("That did not work"),
    }
}

/// What is the matter, for the page that the door makes of it.
#[derive(Debug, Clone)]
pub struct Sorry {
    status: StatusCode,
    heading: String,
    sentence: String,
    next_step: String,
}

impl Sorry {
    fn new(status: StatusCode, heading: String, sentence: &str, next_step: &str) -> Self {
        Self {
            status,
            heading,
            sentence: as_sentence(sentence),
            next_step: as_sentence(next_step),
        }
    }

    fn nothing() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            say!("There is nothing here"),
            &say!("no page has this address"),
            &say!("check the address, or start at the home page"),
        )
    }
}

/// The headers of the page; the door writes the rest of it.
impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let mut response = (self.status, head(POLICY)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "pages/error.html")]
struct Apology<'a> {
    f: Frame<'a>,
    sorry: &'a Sorry,
}

/// The page that says what is the matter. Whoever is signed in, and asked for what is not there or not theirs, goes on from its menus;
/// what else goes wrong is no time to look anybody up.
pub async fn apologise(app: &App, headers: &HeaderMap, sorry: &Sorry) -> Response {
    let person = match sorry.status {
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => {
            let looked =
                tokio::time::timeout(app.bounds().request_timeout, signed_in(app, headers));
            looked.await.ok().flatten()
        }
        _ => None,
    };
    let f = frame(app, person.as_ref());
    page(sorry.status, &Apology { f, sorry })
}

/// Whoever is signed in, if the store tells.
async fn signed_in(app: &App, headers: &HeaderMap) -> Option<Person> {
    let browser = auth::browser(app, headers).await.ok()?;
    somebody(app, browser).await.ok()?
}

/// Refusals begin in lower case and end without a dot, to stand inside other sentences; here they stand alone.
fn as_sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

/// A page with the headers that every page has.
fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(mut text) => {
            // Names stand in refusals too, and whatever was typed in the field that shows it again.
            text.retain(words::is_plain);
            let mut head = head(POLICY);
            language::tell(&mut head);
            (status, head, Html(text)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            let text = "This page cannot be shown. Tell the operators of this site.\n";
            let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            (StatusCode::INTERNAL_SERVER_ERROR, kind, text).into_response()
        }
    }
}

fn head(policy: &'static str) -> HeaderMap {
    let set = |(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value));
    [
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (ROBOTS, "noindex"),
    ]
    .map(set)
    .into_iter()
    .collect()
}

/// To another page, with GET.
fn to(path: &str) -> Response {
    (head(POLICY), Redirect::to(path)).into_response()
}

/// Why a page is not shown.
pub enum Stop {
    /// What the door tells about.
    Failure(Failure),
    /// Sign in first, then go on to this path.
    SignIn(String),
    /// The form was not sent by a page of this site in this session.
    Forged,
    /// There is no such page.
    Nothing,
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Failure(failure) => failure.into_response(),
            Self::SignIn(next) if next == "/" => to("/sign-in"),
            Self::SignIn(next) => to(&format!("/sign-in?next={next}")),
            Self::Forged => Sorry::new(
                StatusCode::FORBIDDEN,
                say!("That form is too old"),
                &say!(
                    "it was not sent by a page of this site in your present session, so nothing was done"
                ),
                &say!("open the page again and repeat what you did"),
            )
            .into_response(),
            Self::Nothing => Sorry::nothing().into_response(),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Failure(trouble.into())
    }
}
impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failure(fault.into())
    }
}

// ---- who is looking ----

/// The person whose browser this is, as pages show them.
pub struct Person {
    browser: Browser,
    account: Account,
    /// Their primary address.
    address: String,
    /// What every form they send must carry.
    form: String,
    /// All their contexts, `personal` first.
    contexts: Vec<Own>,
    /// The one they act as: its lists are shown, and what they make is made there.
    acts_as: Own,
    /// When the page began to be made: it shows everything that was told before.
    since: Moment,
}

impl Person {
    /// One of their contexts.
    fn own(&self, context: Context) -> Option<&Own> {
        self.contexts.iter().find(|own| own.context == context)
    }
}

/// Whoever is signed in; anybody else is sent to sign in and then back to `next`.
async fn person(app: &App, browser: Option<Browser>, next: &str) -> Result<Person, Stop> {
    match somebody(app, browser).await? {
        Some(person) => Ok(person),
        None => Err(Stop::SignIn(next.to_owned())),
    }
}

/// Whoever is signed in, if anybody.
async fn somebody(app: &App, browser: Option<Browser>) -> Result<Option<Person>, Stop> {
    let Some(browser) = browser else {
        return Ok(None);
    };
    let since = app.directory().changes().now();
    let settings = app.settings();
    let Some(account) = queries::account_if_any(&settings, browser.account()).await? else {
        return Ok(None);
    };
    let contexts = queries::contexts(&settings, account.id).await?;
    // The context that was chosen last; `personal` when none was, or they do not belong to it any more.
    let chosen = contexts
        .iter()
        .find(|own| browser.acts_as() == Some(own.context));
    let Some(acts_as) = chosen.or(contexts.first()).cloned() else {
        return Ok(None);
    };
    Ok(Some(Person {
        form: browser.form_token(app),
        address: account
            .primary()
            .map_or_else(String::new, ToString::to_string),
        account,
        browser,
        contexts,
        acts_as,
        since,
    }))
}

/// What surrounds every page.
struct Frame<'a> {
    /// The language of the page, as in RFC 5646.
    language: &'static str,
    site: &'a str,
    stylesheet: &'static str,
    script: &'static str,
    icon: &'static str,
    person: Option<&'a Person>,
    mailbox: bool,
    administers: bool,
    /// Whether they administer the site.
    operates: bool,
    /// The part of the site that the page belongs to, by its path; the header marks it.
    here: &'static str,
    switch: Vec<Switch>,
}

/// A context that one may act as.
struct Switch {
    context: Context,
    name: String,
    role: Option<String>,
    chosen: bool,
}

impl Frame<'_> {
    /// The same, of a page that belongs there.
    fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }
    /// Whether this is the present part of the site, which is marked.
    fn is_at(&self, path: &str) -> bool {
        self.here == path
    }
    /// What the context one acts as is called.
    fn acts_as(&self) -> &str {
        let chosen = self.switch.iter().find(|switch| switch.chosen);
        chosen.map_or("", |switch| switch.name.as_str())
    }
}

fn frame<'a>(app: &'a App, person: Option<&'a Person>) -> Frame<'a> {
    let policy = &app.settings().policy;
    let switch = |person: &Person, own: &Own| Switch {
        context: own.context,
        name: context_name(own.context, &own.name),
        role: role(own.context, own),
        chosen: own.context == person.acts_as.context,
    };
    let operates = person.is_some_and(|person| policy.administers_site(&person.account.addresses));
    Frame {
        language: language::now().tag(),
        site: &app.site().name,
        stylesheet: assets::stylesheet(),
        script: assets::script(),
        icon: assets::icon(),
        mailbox: app.mailbox().is_some(),
        administers: operates
            || person.is_some_and(|person| policy.administers_anything(&person.account.addresses)),
        operates,
        here: "",
        switch: person.map_or_else(Vec::new, |person| {
            let all = person.contexts.iter();
            all.map(|own| switch(person, own)).collect()
        }),
        person,
    }
}

/// What was wrong with the form that was just sent.
#[derive(Default)]
struct Problems {
    heading: String,
    all: Vec<Guard>,
    status: StatusCode,
}

impl Problems {
    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// With which status the page that shows them goes out.
    fn page_status(&self) -> StatusCode {
        if self.is_empty() {
            StatusCode::OK
        } else {
            self.status
        }
    }

    /// Everything that was said, to stand above the form that is shown again; what failed in the world goes on.
    fn of(trouble: impl Into<Failure>) -> Result<Self, Stop> {
        let failure = trouble.into();
        let told = failure.told();
        if told.fault().is_some() {
            return Err(failure.into());
        }
        Ok(Self {
            heading: say!("That did not work"),
            status: told.status(),
            all: told.guards().to_vec(),
        })
    }
}

/// Where somebody may be sent after signing in: a path of this site, and nothing else that a browser would take for an address.
fn local(next: &str) -> &str {
    let fits = next.len() <= 200
        && next.starts_with('/')
        && !next.starts_with("//")
        && next
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-'));
    if fits { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (next, goes) in [
            ("/i", "/i"),
            ("/transfers/tr_0", "/transfers/tr_0"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/i\r\nSet-Cookie: a=b", "/"),
            ("/i?x", "/"),
        ] {
            assert_eq!(local(next), goes, "{next:?}");
        }
    }
}
