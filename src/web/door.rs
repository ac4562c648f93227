//! What every request passes on its way in and out: the bound on how many there may be, its id, the time limit, the headers that
//! keep browsers careful, the shape of what went wrong, the log and the metrics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tokio::sync::SemaphorePermit;

use crate::domain::said::said;

use super::problem::{Edge, Failure, Told};
use super::{App, api, attempt, language, pages};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The door.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_api(request.uri().path()) {
        return passed(&app, None, request, next).await;
    }
    let headers = request.headers().clone();
    let passed = passed(&app, Some(&headers), request, next);
    language::spoken(&app, &headers, passed).await
}

/// What programs ask for.
fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// With the headers of the request where a browser asks for a page.
async fn passed(
    app: &App,
    of_browser: Option<&HeaderMap>,
    request: Request,
    next: Next,
) -> Response {
    let started = app.clock().elapsed();
    let id = request_id(app, request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let path = shown_path(request.uri().path());
    let tried = attempt::Tried {
        method: method.as_str(),
        route: route.as_ref().map_or("none", MatchedPath::as_str),
        path: &path,
    };
    let (mut response, room) = admit(app, tried, request, next).await;
    let told: Option<Arc<Told>> = response.extensions_mut().remove();
    let page = of_browser.map(|headers| (headers, room.as_ref()));
    if let Some(written) = write_out(app, page, told.as_deref(), &id, &mut response).await {
        response = written;
    }
    drop(room);
    finish(response.headers_mut(), &id);
    let took = app.clock().elapsed().saturating_sub(started);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    // What is at no route may be anything, a mistyped token for instance.
    let path = if route == "none" { "none" } else { &path };
    record(&method, route, &response, took);
    let (status, id) = (response.status().as_u16(), id.to_str().unwrap_or(""));
    let ms = took.as_micros() as f64 / 1_000.0;
    match &told {
        None => tracing::info!(%method, path, status, ms, request_id = id, "answered"),
        Some(told) => {
            let code = told.code();
            tracing::info!(%method, path, status, code, ms, request_id = id, "answered");
            if let Some(fault) = told.fault() {
                tracing::error!(retry = fault.retry, request_id = id, "{fault}");
            }
        }
    }
    response
}

/// A request that was let in, until it is answered.
struct Room<'a> {
    _place: SemaphorePermit<'a>,
    since: Duration,
}

impl Room<'_> {
    /// What is left of its time.
    fn left(&self, app: &App) -> Duration {
        let took = app.clock().elapsed().saturating_sub(self.since);
        app.bounds().request_timeout.saturating_sub(took)
    }
}

/// Lets a request in if there is room. What it tried in vain is written down in the same room, and in what is left of its time.
async fn admit<'a>(
    app: &'a App,
    tried: attempt::Tried<'_>,
    request: Request,
    next: Next,
) -> (Response, Option<Room<'a>>) {
    let Ok(place) = app.in_flight().try_acquire() else {
        let full = Failure::edge(
            Edge::Overloaded,
            said!("the service has too much to do"),
            said!("try again in a moment"),
        );
        return (full.retry_after(1).into_response(), None);
    };
    let room = Room {
        _place: place,
        since: app.clock().elapsed(),
    };
    let (response, noted) = attempt::watch(answer(app, request, next)).await;
    if response.status().is_client_error() {
        attempt::record(app, noted, tried, room.left(app)).await;
    }
    (response, Some(room))
}

/// Waits for the answer as long as the site allows.
async fn answer(app: &App, request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.bounds().request_timeout, answer).await {
        Ok(Ok(response)) => response,
        // The sentence of the broken assertion is on standard error already.
        Ok(Err(_)) => {
            metrics::counter!("handover_http_panics_total").increment(1);
            let broken = crate::store::Fault::never("a broken assertion ended a request");
            Failure::from(broken).into_response()
        }
        Err(_) => Failure::edge(
            Edge::TimedOut,
            said!("this took longer than the site allows; it may still be done"),
            "try again; with the same Idempotency-Key it is not done twice",
        )
        .retry_after(5)
        .into_response(),
    }
}

/// The id that the client or a proxy gave the request, if it looks like one; otherwise a new one.
fn request_id(app: &App, headers: &HeaderMap) -> HeaderValue {
    let is_id = |value: &&HeaderValue| {
        let sane = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=64).contains(&value.len()) && value.as_bytes().iter().all(sane)
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(is_id) {
        return given.clone();
    }
    let fresh = app.settings().ids.fresh(app.directory().now());
    HeaderValue::try_from(format!("{fresh:032x}")).unwrap_or(HeaderValue::from_static("none"))
}

/// What comes before a token in a path.
const BEFORE_TOKENS: [&str; 3] = ["/i/", "/l/", "/api/v1/links/by-token/"];

/// A path as it may stand in the log: tokens of letters and links may not.
fn shown_path(path: &str) -> String {
    match BEFORE_TOKENS
        .iter()
        .find(|before| path.starts_with(**before))
    {
        Some(before) => format!("{before}…"),
        None => path.chars().take(200).collect(),
    }
}

/// What is answered in place of what went wrong: a browser gets a page, a program a problem.
async fn write_out(
    app: &App,
    page: Option<(&HeaderMap, Option<&Room<'_>>)>,
    told: Option<&Told>,
    id: &HeaderValue,
    response: &mut Response,
) -> Option<Response> {
    let mut written = match page {
        None => api::failed(told?, id.to_str().unwrap_or_default()),
        Some((headers, room)) => {
            let sorry = match told {
                Some(told) => pages::failed(told),
                None => response.extensions_mut().remove()?,
            };
            let left = room.map_or(Duration::ZERO, |room| room.left(app));
            pages::apologise(app, headers, &sorry, left).await
        }
    };
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            written.headers_mut().insert(name, value.clone());
        }
    }
    Some(written)
}

const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'self'; form-action 'self'; frame-ancestors 'none'");

fn finish(headers: &mut HeaderMap, id: &HeaderValue) {
    headers.insert(REQUEST_ID, id.clone());
    let careful = [
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
    ];
    for (name, value) in careful {
        headers.insert(name, value);
    }
    // A page says itself what it may load, which is less.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(POLICY);
    // What may be kept says so itself.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

fn record(method: &Method, route: &str, response: &Response, took: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        _ => "other",
    };
    let route = route.to_owned();
    let status = response.status().as_str().to_owned();
    metrics::counter!("handover_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("handover_http_request_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_letter_or_a_link_stands_in_no_log() {
        for (path, shown) in [
            ("/i/x7Qk", "/i/…"),
            ("/i/", "/i/…"),
            ("/i", "/i"),
            ("/l/x7Qk", "/l/…"),
            ("/l", "/l"),
            (
                "/api/v1/links/by-token/x7Qk/accept",
                "/api/v1/links/by-token/…",
            ),
            ("/api/v1/transfers", "/api/v1/transfers"),
        ] {
            assert_eq!(shown_path(path), shown);
        }
        assert_eq!(shown_path(&"/x".repeat(1_000)).len(), 200);
    }
}
