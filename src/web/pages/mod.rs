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
mod frame;
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
mod sorry;
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

use super::App;
use super::language;

use frame::{Frame, Person, frame, person, somebody};
use sorry::{Problems, Stop, as_sentence};

pub use sorry::{Sorry, apologise, failed};

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
        .route("/items/{id}/people/change", post(people::deeds::change))
        .route("/items/{id}/people/revoke", post(people::deeds::revoke))
        .route("/items/{id}/people/leave", post(people::deeds::leave))
        .route("/items/{id}/links/make", post(people::deeds::make_link))
        .route(
            "/items/{id}/links/deactivate",
            post(people::deeds::deactivate),
        )
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
