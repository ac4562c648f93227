//! The built-in mailbox as pages, in development: every letter, for everybody who reaches the site.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use crate::domain::id::LetterId;
use crate::domain::time::Time;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::pages::filters;

use super::form::Fields;
use super::words::{self, Moment};
use super::{Frame, Stop, frame, head, page, somebody};

/// Letters that were not mailed but kept.
pub trait Letters: Send + Sync {
    /// All of them, newest first.
    fn newest_first(&self) -> Vec<Kept>;
    /// The newest copy of this one.
    fn letter(&self, id: LetterId) -> Option<Kept>;
}

/// One letter.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which.
    pub id: LetterId,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// When it was written.
    pub at: Time,
    /// Its subject, decoded.
    pub subject: String,
    /// Its Message-ID.
    pub message_id: String,
    /// Its text part, decoded.
    pub text: String,
    /// Its HTML part, decoded.
    pub html: String,
}

/// At most this many letters are listed.
const LISTED: usize = 100;
/// And so many who have letters.
const RECIPIENTS: usize = 200;
/// What a letter's HTML may do in its frame: show its own styles, and lead the whole window elsewhere when somebody follows a link.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";

struct Listed {
    id: String,
    subject: String,
    to: String,
    at: Moment,
}

/// Somebody with letters here.
struct Recipient {
    address: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/mailbox.html")]
struct All<'a> {
    f: Frame<'a>,
    recipients: Vec<Recipient>,
    letters: Vec<Listed>,
    older: usize,
}

/// `GET /mailbox`
pub(super) async fn list(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let mailbox = app.mailbox().ok_or(Stop::Nothing)?;
    let mut all = mailbox.newest_first();
    let to = asked.get("to");
    let addresses: BTreeSet<String> = all.iter().map(|kept| kept.to.clone()).collect();
    let recipient = |address: String| Recipient {
        chosen: address == to,
        address,
    };
    let recipients = addresses.into_iter().take(RECIPIENTS).map(recipient);
    all.retain(|kept| to.is_empty() || kept.to == to);
    let person = somebody(&app, browser).await?;
    let listed = |kept: &Kept| Listed {
        id: kept.id.to_string(),
        subject: words::short(&kept.subject),
        to: words::short(&kept.to),
        at: kept.at.into(),
    };
    let view = All {
        f: frame(&app, person.as_ref()).at("/mailbox"),
        recipients: recipients.collect(),
        older: all.len().saturating_sub(LISTED),
        letters: all.iter().take(LISTED).map(listed).collect(),
    };
    Ok(page(StatusCode::OK, &view))
}

struct Part<'a> {
    text: &'a str,
    link: bool,
}

#[derive(Template)]
#[template(path = "pages/letter.html")]
struct One<'a> {
    f: Frame<'a>,
    id: String,
    subject: String,
    from: String,
    to: String,
    message_id: String,
    text: Vec<Part<'a>>,
}

fn kept(app: &App, letter: &str) -> Result<Kept, Stop> {
    let mailbox = app.mailbox().ok_or(Stop::Nothing)?;
    let id: LetterId = letter.parse().map_err(|_| Stop::Nothing)?;
    mailbox.letter(id).ok_or(Stop::Nothing)
}

/// `GET /mailbox/{letter}`
pub(super) async fn show(
    State(app): State<App>,
    Path(letter): Path<String>,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let kept = kept(&app, &letter)?;
    let person = somebody(&app, browser).await?;
    let view = One {
        f: frame(&app, person.as_ref()).at("/mailbox"),
        id: kept.id.to_string(),
        subject: words::plain(&kept.subject),
        from: kept.from,
        to: kept.to,
        message_id: kept.message_id,
        text: parts(&kept.text, &app.site().public_url),
    };
    Ok(page(StatusCode::OK, &view))
}

/// Addresses of this site become links; nothing else does.
fn parts<'a>(text: &'a str, site: &str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let start = format!("{site}/");
    while let Some(at) = rest.find(&start) {
        let (before, from) = rest.split_at(at);
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_/:.".contains(c);
        let end = from.find(|c| !fits(c)).unwrap_or(from.len());
        let (address, after) = from.split_at(end);
        parts.push(Part {
            text: before,
            link: false,
        });
        parts.push(Part {
            text: address,
            link: true,
        });
        rest = after;
    }
    parts.push(Part {
        text: rest,
        link: false,
    });
    parts
}

/// `GET /mailbox/{letter}/html`: the HTML part in a frame of its own that may do nothing.
pub(super) async fn show_html(
    State(app): State<App>,
    Path(letter): Path<String>,
) -> Result<Response, Stop> {
    let kept = kept(&app, &letter)?;
    // Links lead the whole window, not the frame, where this site refuses to be shown.
    let html = kept
        .html
        .replacen("<head>", "<head>\n<base target=\"_top\">", 1);
    Ok((head(POLICY), Html(html)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_site_become_links() {
        let text =
            "Open http://localhost:1/i/abc-_1 or\nhttp://evil.example/x (http://localhost:1/i).";
        let all = parts(text, "http://localhost:1");
        let links: Vec<&str> = all.iter().filter(|p| p.link).map(|p| p.text).collect();
        assert_eq!(
            links,
            ["http://localhost:1/i/abc-_1", "http://localhost:1/i"]
        );
        let joined: String = all.iter().map(|p| p.text).collect();
        assert_eq!(joined, text);
    }
}
