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
    /// `Firefox on Linux`, as far as that is known.
    client: Option<String>,
    /// What the program says of itself, where no more is known.
    says: String,
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
        client: client(&session.client),
        says: words::short(&session.client),
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

/// What a browser calls itself. Many name others besides, which they want to be taken for, so that the first that is found counts.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

/// What it runs on; again the first counts.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux`; nothing for what is no browser that people have.
fn known(agent: &str) -> Option<(&'static str, &'static str)> {
    let named = |all: &[(&str, &'static str)]| {
        let found = all.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    let (browser, system) = (named(&BROWSERS)?, named(&SYSTEMS)?);
    agent.starts_with("Mozilla/").then_some((browser, system))
}

fn client(agent: &str) -> Option<String> {
    let (browser, system) = known(agent)?;
    Some(say!("{browser} on {system}", browser, system))
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

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some(("Firefox", "Linux")),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                Some(("Edge", "Windows")),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
                Some(("Chrome", "Android")),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
                Some(("Samsung Internet", "Android")),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some(("Safari", "iPhone")),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0 Mobile/15E148 Safari/604.1",
                Some(("Chrome", "iPhone")),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                Some(("Safari", "Mac")),
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
                Some(("Chrome", "ChromeOS")),
            ),
            ("Mozilla/5.0 (compatible; somebot/2.1)", None),
            ("curl/8.5.0 Firefox/140.0 Linux", None),
            ("", None),
        ] {
            assert_eq!(known(agent), name, "{agent}");
        }
    }
}
