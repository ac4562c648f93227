//! Questions to an identity provider over HTTP: few at once, small, short, and never to an address that somebody could listen in on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use openidconnect::url::Url;
use openidconnect::{HttpRequest, HttpResponse};
use tokio::sync::Semaphore;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::config::Host;

/// Each question is answered within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes: what providers say about themselves has about ten thousand.
const LARGEST_ANSWER: u64 = 256 << 10;
/// So many questions to one provider are under way at most; each holds a thread.
const AT_ONCE: usize = 4;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

/// The way to one provider. Cheap to clone.
#[derive(Clone)]
pub struct Fetch(Arc<Parts>);

struct Parts {
    /// Whether the provider is on this machine and may be asked in clear.
    in_clear: bool,
    agent: OnceLock<Agent>,
    at_once: Arc<Semaphore>,
}

impl Fetch {
    /// To a provider whose issuer is in clear, or is not.
    pub fn new(in_clear: bool) -> Self {
        Self(Arc::new(Parts {
            in_clear,
            agent: OnceLock::new(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }

    /// Whether an address that the provider names is one to go to.
    pub fn may_ask(&self, url: &str) -> Result<(), Unanswered> {
        let odd = || Unanswered(format!("{url} is not an address to go to"));
        let there = Url::parse(url).map_err(|_| odd())?;
        let host = there.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = || host.parse::<Host>().is_ok_and(|host| host.is_loopback());
        match there.scheme() {
            "https" => Ok(()),
            "http" if self.0.in_clear && is_loopback() => Ok(()),
            _ => Err(odd()),
        }
    }

    /// Asks once. Redirects are not followed: whoever could answer with one could have anything asked.
    pub async fn send(self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        self.may_ask(&request.uri().to_string())?;
        let at_once = Arc::clone(&self.0.at_once);
        let closed = |_| Unanswered("nothing is asked any more".to_owned());
        let permit = at_once.acquire_owned().await.map_err(closed)?;
        let asked = tokio::task::spawn_blocking(move || {
            // Held by the thread, also when nobody waits for the answer any more.
            let _permit = permit;
            self.answer(request)
        });
        let broken = |_| Unanswered("asking ended in a panic".to_owned());
        asked.await.map_err(broken)?
    }

    fn answer(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let failed = |error: ureq::Error| Unanswered(error.to_string());
        let agent = self.0.agent.get_or_init(|| agent(self.0.in_clear));
        let (parts, body) = request.into_parts();
        let sent = match body.is_empty() {
            true => agent.run(ureq::http::Request::from_parts(parts, ())),
            false => agent.run(ureq::http::Request::from_parts(parts, body)),
        };
        let (parts, mut body) = sent.map_err(failed)?.into_parts();
        let read = body.with_config().limit(LARGEST_ANSWER).read_to_vec();
        Ok(HttpResponse::from_parts(parts, read.map_err(failed)?))
    }
}

fn agent(in_clear: bool) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .tls_config(TlsConfig::builder().root_certs(roots(in_clear)).build())
        .build()
        .into()
}

/// Authorities that this machine trusts, an institute's own among them; Mozilla's where the machine names none.
fn roots(in_clear: bool) -> RootCerts {
    let found = match in_clear {
        // They are not needed, and reading them takes a while.
        true => Vec::new(),
        false => rustls_native_certs::load_native_certs().certs,
    };
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    let owned = found
        .iter()
        .map(|der| Certificate::from_der(der).to_owned());
    owned.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_in_clear_on_this_machine_only() {
        for (url, in_clear, asked) in [
            ("https://login.uni.example/token", false, true),
            ("https://login.uni.example/token", true, true),
            ("http://127.0.0.1:4000/token", true, true),
            ("http://[::1]:4000/token", true, true),
            ("http://127.0.0.1:4000/token", false, false),
            ("http://login.uni.example/token", true, false),
            ("http://127.0.0.1@login.uni.example/token", true, false),
            ("file:///etc/passwd", true, false),
            ("javascript:alert(1)", true, false),
            ("", true, false),
        ] {
            assert_eq!(Fetch::new(in_clear).may_ask(url).is_ok(), asked, "{url}");
        }
    }
}
