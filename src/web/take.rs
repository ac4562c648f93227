//! What a request brings: its body as JSON with its Idempotency-Key, ids in its path, its query. Nothing unreadable passes.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use crate::actors::world::Once;
use crate::domain::id::{AccountId, CommandId, Digest};
use crate::domain::refusal::Refusal;

use super::App;
use super::problem::{Edge, Failure};

/// The header that makes a repeated POST a repetition.
pub const KEY: &str = "idempotency-key";

/// The body of a request, read as JSON, and what makes its repetition a repetition. No body at all is read as `{}`.
#[derive(Debug)]
pub struct Taken<T> {
    /// What was sent.
    pub what: T,
    /// The digest of the body's bytes.
    pub says: Digest,
    place: Digest,
    key: Option<String>,
}

impl<T> Taken<T> {
    /// What makes a repetition by this person a repetition; `None` without an Idempotency-Key.
    pub fn once(&self, account: AccountId) -> Option<Once> {
        self.once_of(account.bits(), self.says)
    }

    /// The same where nobody is signed in: only the same words from the same client are a repetition, so that no stranger's key
    /// can meet another's.
    pub fn once_from(&self, client: &str) -> Option<Once> {
        self.once_of(Digest::of(client.as_bytes()).0 ^ self.says.0, self.says)
    }

    fn once_of(&self, who: u128, says: Digest) -> Option<Once> {
        let key = self.key.as_ref()?;
        let mut bytes = who.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.place.0.to_be_bytes());
        bytes.extend_from_slice(key.as_bytes());
        let id = CommandId::from_bits(Digest::of(&bytes).0);
        Some(Once { id, says })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Taken<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let key = idempotency_key(&parts.headers)?;
        let most = app.bounds().max_request_bytes;
        let announced = parts.headers.get(axum::http::header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > most))
        {
            return Err(too_large(most));
        }
        let bytes = whole(body, most).await?;
        let what = if bytes.is_empty() {
            json(b"{}")?
        } else {
            is_json(&parts.headers)?;
            json(&bytes)?
        };
        Ok(Self {
            what,
            says: Digest::of(&bytes),
            place: place(&parts.method, parts.uri.path()),
            key,
        })
    }
}

/// The whole body, which is never held beyond what is allowed.
async fn whole(body: Body, most: usize) -> Result<Vec<u8>, Failure> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Failure::edge(
                Edge::Malformed,
                "the body ended before it was complete",
                "send it again",
            )
        })?;
        if bytes.len().saturating_add(chunk.len()) > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn place(method: &Method, path: &str) -> Digest {
    let mut bytes = method.as_str().as_bytes().to_vec();
    bytes.push(b' ');
    bytes.extend_from_slice(path.as_bytes());
    Digest::of(&bytes)
}

fn too_large(most: usize) -> Failure {
    Failure::edge(
        Edge::TooLarge,
        format!("the body is larger than {most} bytes"),
        "send less at once",
    )
}

fn is_json(headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Failure::edge(
            Edge::MediaType,
            format!(
                "the body is {}, not JSON",
                shown(essence, "of no known type")
            ),
            "send JSON with \"Content-Type: application/json\"",
        ))
    }
}

fn shown(text: &str, nothing: &str) -> String {
    if text.is_empty() {
        nothing.to_owned()
    } else {
        text.chars().filter(|c| !c.is_control()).take(100).collect()
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let why: String = error.to_string();
        let why = shown(&why, "it cannot be read");
        match error.classify() {
            serde_json::error::Category::Data => Refusal::field(
                "body",
                format!("the body does not say what is needed: {why}"),
                "compare it with /api/docs",
            )
            .into(),
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => Failure::edge(
                Edge::Malformed,
                format!("the body is not JSON: {why}"),
                "correct it; a JSON checker shows where it breaks off",
            ),
        }
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut all = headers.get_all(KEY).into_iter();
    let Some(value) = all.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let visible = bytes.iter().all(u8::is_ascii_graphic);
    if all.next().is_some() || bytes.is_empty() || bytes.len() > 255 || !visible {
        return Err(Refusal::field(
            KEY,
            "the Idempotency-Key is not 1 to 255 visible ASCII characters",
            "send one key, a random UUID for example, for each new request",
        )
        .into());
    }
    Ok(value.to_str().ok().map(str::to_owned))
}

/// An id in the path. What is no such id at all is not found, like one that names nothing.
pub struct Named<T>(pub T);

impl<T> FromRequestParts<App> for Named<T>
where
    T: FromStr<Err: Display> + Send,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let text = Path::<String>::from_request_parts(parts, app).await;
        let Path(text) = text.map_err(|_| nothing("it is not text"))?;
        text.parse().map(Self).map_err(nothing::<T::Err>)
    }
}

fn nothing<E: Display>(why: E) -> Failure {
    Failure::edge(
        Edge::RouteNotFound,
        format!("there is nothing at this path: {why}"),
        "check the id, or list what there is",
    )
}

/// Two ids in the path, as in [`Named`].
pub struct Both<A, B>(pub A, pub B);

impl<A, B> FromRequestParts<App> for Both<A, B>
where
    A: FromStr<Err: Display> + Send,
    B: FromStr<Err: Display> + Send,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let texts = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((first, second)) = texts.map_err(|_| nothing("it is not text"))?;
        let first = first.parse().map_err(nothing::<A::Err>)?;
        let second = second.parse().map_err(nothing::<B::Err>)?;
        Ok(Self(first, second))
    }
}

/// The query of a request.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                let why = std::error::Error::source(&error);
                let why = why.map_or_else(|| error.to_string(), ToString::to_string);
                Err(Refusal::field(
                    "query",
                    format!(
                        "the query cannot be understood: {}",
                        shown(&why, "it is odd")
                    ),
                    "compare it with /api/docs",
                )
                .into())
            }
        }
    }
}

/// How many things a page holds: 1 to 100, by default 50.
pub fn limit(asked: Option<u32>) -> Result<usize, Refusal> {
    match asked.unwrap_or(50) {
        n @ 1..=100 => Ok(n as usize),
        n => Err(Refusal::field(
            "limit",
            format!("{n} is not between 1 and 100"),
            "choose 1 to 100",
        )),
    }
}

/// Where the last page ended.
pub fn cursor<T: FromStr>(asked: Option<&str>) -> Result<Option<T>, Refusal> {
    let Some(text) = asked else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        Refusal::field(
            "cursor",
            "the cursor is none that a page of this list gave",
            "copy it from next_cursor, or leave it out for the first page",
        )
    })
}
