//! Talks to the API: one call, sent until it is answered or it makes no sense to go on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ureq::Agent;
use ureq::http::{Request, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::base::{Base, escaped};
use super::failure::{Exit, Failure};
use super::outcome::{Document, Miss, judged, misunderstood, unreached};
use super::surroundings::Tools;

/// After this long no further attempt is made.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The wait before the second attempt, about; it doubles with each.
const FIRST_WAIT_MS: u64 = 400;
/// The longest wait that was not asked for by the server.
const LONGEST_WAIT_MS: u64 = 8_000;
/// Things on a page of a list: what the API gives at most.
pub(super) const PAGE: usize = 100;

/// One page of a list, its things as they came.
#[derive(Deserialize)]
struct RawPage {
    items: Vec<Box<RawValue>>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// A way to the API of one server, as one person.
pub(super) struct Api<'a> {
    agent: Agent,
    base: Base,
    token: Option<String>,
    tools: Tools<'a>,
}

/// What is sent, the same at each attempt.
struct Call<'c> {
    method: &'static str,
    /// After `/api/v1`.
    path: String,
    body: Option<String>,
    /// For calls that change something.
    key: Option<&'c str>,
}

/// A path of pieces, each escaped: `["runs", id]`.
pub(super) fn path(pieces: &[&str]) -> String {
    let piece = |piece: &&str| format!("/{}", escaped(piece));
    pieces.iter().map(piece).collect()
}

impl<'a> Api<'a> {
    pub(super) fn new(base: Base, token: Option<String>, tools: Tools<'a>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // Following one could carry the token to a place that nobody judged.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("handover/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_call(Some(Duration::from_secs(60)));
        // What is meant for this machine must not leave it through a proxy, all the less in clear.
        let agent = if base.is_loopback() {
            agent.proxy(None)
        } else {
            agent
        };
        let agent = agent.tls_config(TlsConfig::builder().root_certs(roots(&base)).build());
        Self {
            agent: agent.build().new_agent(),
            base,
            token,
            tools,
        }
    }

    pub(super) const fn base(&self) -> &Base {
        &self.base
    }

    /// The same server with another token.
    pub(super) fn with_token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }

    /// The key of a command that is sent for the first time: 128 random bits.
    pub(super) fn fresh_key(&self) -> String {
        let secret = self.tools.ids.secret();
        data_encoding::HEXLOWER.encode(secret.first_chunk::<16>().unwrap_or(&[0; 16]))
    }

    /// Asks.
    pub(super) fn get(&self, path: String) -> Result<Document, Failure> {
        self.call(&Call {
            method: "GET",
            path,
            body: None,
            key: None,
        })
    }

    /// Commands.
    pub(super) fn post(
        &self,
        path: String,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Document, Failure> {
        let body = serde_json::to_string(body).map_err(|error| misunderstood(&error))?;
        self.call(&Call {
            method: "POST",
            path,
            body: Some(body),
            key: Some(key),
        })
    }

    /// Changes what is named, and leaves the rest.
    pub(super) fn patch(
        &self,
        path: String,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Document, Failure> {
        let body = serde_json::to_string(body).map_err(|error| misunderstood(&error))?;
        self.call(&Call {
            method: "PATCH",
            path,
            body: Some(body),
            key: Some(key),
        })
    }

    /// Ends something.
    pub(super) fn delete(&self, path: String, key: &str) -> Result<(), Failure> {
        self.end(path, key).map(|_| ())
    }

    /// Ends something, and reads what there is to know about it.
    pub(super) fn end(&self, path: String, key: &str) -> Result<Document, Failure> {
        self.call(&Call {
            method: "DELETE",
            path,
            body: None,
            key: Some(key),
        })
    }

    /// Goes through a list until `each` has had enough (it answers `false`), or to the end. Says whether there is more.
    pub(super) fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        limit: Option<usize>,
        each: &mut dyn FnMut(Document) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let mut left = limit.unwrap_or(usize::MAX);
        let mut cursor: Option<String> = None;
        loop {
            let mut at = format!("{path}?limit={}", left.clamp(1, PAGE));
            for (name, value) in query {
                at.push_str(&format!("&{name}={}", escaped(value)));
            }
            if let Some(cursor) = &cursor {
                at.push_str(&format!("&cursor={}", escaped(cursor)));
            }
            let page: RawPage = self.get(at)?.read()?;
            for item in page.items {
                if left == 0 {
                    return Ok(true);
                }
                left -= 1;
                if !each(Document::from(item))? {
                    return Ok(true);
                }
            }
            // The same cursor twice would go round for ever.
            if page.next_cursor.is_none() || page.next_cursor == cursor {
                return Ok(false);
            }
            if left == 0 {
                return Ok(true);
            }
            cursor = page.next_cursor;
        }
    }

    fn call(&self, call: &Call<'_>) -> Result<Document, Failure> {
        let start = self.tools.clock.elapsed();
        let mut wait_ms = FIRST_WAIT_MS;
        loop {
            let miss = match self.attempt(call) {
                Ok(document) => return Ok(document),
                Err(miss) => miss,
            };
            let Some(asked) = miss.again else {
                return Err(miss.failure);
            };
            // Half of it at random, so that many clients do not come back at once.
            let jittered = wait_ms / 2 + self.tools.ids.below(wait_ms / 2 + 1);
            let wait = asked
                .unwrap_or_default()
                .max(Duration::from_millis(jittered));
            wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
            let spent = self.tools.clock.elapsed().saturating_sub(start);
            if spent.saturating_add(wait) > PATIENCE {
                return Err(match call.key {
                    // It may have been carried out; sent again under the same key, it is not carried out twice.
                    Some(key) => miss.failure.with_hint(format!(
                        "to repeat it safely later, add --idempotency-key {}",
                        super::text::printable(key)
                    )),
                    None => miss.failure,
                });
            }
            (self.tools.wait)(wait, &miss.failure.first());
        }
    }

    fn attempt(&self, call: &Call<'_>) -> Result<Document, Miss> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}/api/v1{}", self.base.as_str(), call.path))
            .header(header::ACCEPT, "application/json")
            .header("handover-client", "cli");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        let odd = |error: ureq::http::Error| {
            let what = format!("the request cannot be sent ({error})");
            Miss::for_good(Failure::new(Exit::Usage, what, "check what was typed"))
        };
        let sent = match &call.body {
            Some(body) => {
                let typed = request.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(typed.body(body.as_str()).map_err(odd)?)
            }
            None => self.agent.run(request.body(()).map_err(odd)?),
        };
        let answer = sent.map_err(|error| unreached(&self.base, &error))?;
        judged(&self.base, answer)
    }
}

/// Authorities that this machine trusts, an institute's own among them; Mozilla's where the machine names none.
fn roots(base: &Base) -> RootCerts {
    if base.as_str().starts_with("http:") {
        // They are not needed, and reading them takes a while.
        return RootCerts::WebPki;
    }
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    found
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect::<Vec<_>>()
        .into()
}
