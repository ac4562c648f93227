//! One keep-alive connection of the load generator, speaking JSON.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer than any answer a healthy server needs here, so that a stuck one ends the run with a sentence.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why a request did not do what the workflow needs; it ends the run, since a figure with failures in it is none.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    pub fn unexpected(url: &str, what: impl fmt::Display) -> Self {
        Self(format!("{url}: {what}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// A header's name and value.
pub type Header<'a> = (&'static str, &'a str);

/// Each loop of the generator has its own, so that N loops are N connections.
pub struct Connection {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Connection {
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(1)
                .build(connector),
        }
    }

    pub async fn post<B: Serialize, A: DeserializeOwned>(
        &self,
        url: &str,
        headers: &[Header<'_>],
        body: &B,
    ) -> Result<A, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::unexpected(url, error))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(CONTENT_TYPE, "application/json");
        self.send(url, request, headers, Full::from(body)).await
    }

    pub async fn get<A: DeserializeOwned>(
        &self,
        url: &str,
        headers: &[Header<'_>],
    ) -> Result<A, Failure> {
        self.send(
            url,
            Request::builder().method(Method::GET).uri(url),
            headers,
            Full::default(),
        )
        .await
    }

    async fn send<A: DeserializeOwned>(
        &self,
        url: &str,
        mut request: hyper::http::request::Builder,
        headers: &[Header<'_>],
        body: Full<Bytes>,
    ) -> Result<A, Failure> {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body)
            .map_err(|error| Failure::unexpected(url, error))?;
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| Failure::unexpected(url, error))?;
            let status = response.status();
            let body = response
                .into_body()
                .collect()
                .await
                .map_err(|error| Failure::unexpected(url, error))?;
            Ok((status, body.to_bytes()))
        };
        let (status, body) = tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| {
                Failure::unexpected(url, format!("no answer within {} s", TIMEOUT.as_secs()))
            })??;
        if !status.is_success() {
            return Err(Failure::unexpected(
                url,
                format!("{status}: {}", String::from_utf8_lossy(&body)),
            ));
        }
        let text: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(text).map_err(|error| Failure::unexpected(url, error))
    }
}

/// The value of an `Authorization` header for a personal token.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
