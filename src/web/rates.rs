//! How often somebody may do something. Whoever meets a limit is told when to come back.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::actors::people;
use crate::actors::world::{self, Call};
use crate::clock::Clock;
use crate::config::Network;
use crate::domain::address::Address;
use crate::domain::id::{AccountId, Digest};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};

use super::problem::Failure;
use super::{App, Peer, Rates};

/// So many somebodies are remembered at most, at about 100 bytes each. With more, strangers are turned away until some are forgotten.
const MAX_KNOWN: usize = 200_000;
/// Those who may do everything again are forgotten every so many checks.
const FORGET_EVERY: u32 = 1_024;

#[derive(Clone)]
struct Hands(Arc<dyn Clock>);

impl governor::clock::Clock for Hands {
    type Instant = Duration;
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

struct Limiter<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Hands, NoOpMiddleware<Duration>>,
    hands: Hands,
    checks: AtomicU32,
    crowded: AtomicBool,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(per_hour: u32, hands: &Hands) -> Self {
        let per_hour = NonZeroU32::new(per_hour).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::dashmap_with_clock(Quota::per_hour(per_hour), hands.clone()),
            hands: hands.clone(),
            checks: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
        }
    }

    /// Seconds to wait, where once more is too often.
    fn check(&self, key: &K) -> Result<(), u64> {
        let checks = self.checks.fetch_add(1, Ordering::Relaxed);
        if checks % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            let crowded = self.limiter.len() > MAX_KNOWN;
            self.crowded.store(crowded, Ordering::Relaxed);
        }
        if self.crowded.load(Ordering::Relaxed) {
            return Err(60);
        }
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.hands.now());
            wait.as_secs().saturating_add(1)
        })
    }
}

/// All limits.
pub struct Limiters {
    rates: Rates,
    address: Limiter<Digest>,
    client: Limiter<u128>,
    sender: Limiter<AccountId>,
}

fn too_many(sentence: Said, seconds: u64) -> Failure {
    let next_step = match seconds {
        0..=90 => said!("try again in {seconds} seconds", seconds),
        _ => said!(
            "try again in {minutes} minutes",
            minutes = seconds.div_ceil(60)
        ),
    };
    Failure::from(Refusal::new(Code::TooMany, sentence, next_step)).retry_after(seconds)
}

impl Limiters {
    /// Nobody has done anything yet.
    pub fn new(rates: Rates, clock: Arc<dyn Clock>) -> Self {
        let hands = Hands(clock);
        Self {
            address: Limiter::new(rates.sign_in_per_address, &hands),
            client: Limiter::new(rates.sign_in_per_client, &hands),
            sender: Limiter::new(rates.transfers_per_sender, &hands),
            rates,
        }
    }

    /// By which rates it limits.
    pub fn rates(&self) -> Rates {
        self.rates
    }

    /// Counts an attempt to sign in by a client.
    ///
    /// # Errors
    /// It is one too many.
    pub fn attempt(&self, client: Client) -> Result<(), Failure> {
        let attempt = self.client.check(&client.key());
        let sentence = || said!("too many attempts to sign in from your network in a short time");
        attempt.map_err(|seconds| too_many(sentence(), seconds))
    }

    /// Counts a code sent to an address.
    ///
    /// # Errors
    /// It is one too many.
    pub fn code(&self, address: &Address) -> Result<(), Failure> {
        let code = self.address.check(&address.digest());
        let sentence = || said!("too many codes were asked for this address in a short time");
        code.map_err(|seconds| too_many(sentence(), seconds))
    }

    /// Counts a transfer requested, readdressed or extended by somebody: each is a letter to a stranger.
    ///
    /// # Errors
    /// It is one too many.
    fn transfer(&self, sender: AccountId) -> Result<(), Failure> {
        let transfer = self.sender.check(&sender);
        let sentence =
            || said!("too many transfers were requested or extended by you in a short time");
        transfer.map_err(|seconds| too_many(sentence(), seconds))
    }
}

impl App {
    /// Counts what writes to strangers: a transfer, a share or an invitation that somebody requests, readdresses or extends. What was
    /// done before is only answered again, and counts no more.
    ///
    /// # Errors
    /// It is one too many, the key was used for another request, or the store failed.
    pub async fn writes(&self, call: &Call) -> Result<(), Failure> {
        if world::before(&self.settings(), call).await?.is_some() {
            return Ok(());
        }
        let person = people::person_of(call)?;
        self.limiters().transfer(person)
    }
}

/// Where a request comes from, as far as that is known: proxies in between are looked through as far as they are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

impl Client {
    /// One host of IPv4, one network of IPv6: whoever has one address there has 2^64 of them.
    fn key(self) -> u128 {
        match self.0.to_canonical() {
            IpAddr::V4(ip) => u128::from(u32::from(ip)),
            IpAddr::V6(ip) => u128::from(ip) >> 64 << 64,
        }
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The nearest address that no trusted proxy has.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer;
    let forwarded = headers.get_all("x-forwarded-for").into_iter();
    let hops: Vec<&str> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        // What a proxy wrote that is no address hides whoever is behind it, so the proxy itself is taken for the client.
        let Ok(ip) = hop.trim().parse() else { break };
        nearest = ip;
    }
    nearest
}

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let unknown = IpAddr::from([0, 0, 0, 0]);
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(unknown, |Peer(address)| address.ip());
        let trusted = &app.bounds().trusted_proxies;
        Ok(Self(client(peer, &parts.headers, trusted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Manual;

    #[test]
    fn the_client_is_the_nearest_address_that_no_trusted_proxy_has() {
        let trusted: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap()];
        for (peer, forwarded, expected) in [
            ("203.0.113.9", None, "203.0.113.9"),
            ("203.0.113.9", Some("198.51.100.1"), "203.0.113.9"),
            ("10.0.0.1", Some("198.51.100.1"), "198.51.100.1"),
            (
                "10.0.0.1",
                Some("1.2.3.4, 198.51.100.1, 10.0.0.2"),
                "198.51.100.1",
            ),
            ("10.0.0.1", Some("nonsense"), "10.0.0.1"),
            ("10.0.0.1", Some(""), "10.0.0.1"),
            ("10.0.0.1", None, "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            }
            let found = client(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn who_meets_a_limit_may_come_back_when_it_says_so() {
        let clock = Arc::new(Manual::at(0));
        let limiter = Limiter::new(2, &Hands(clock.clone()));
        assert_eq!((limiter.check(&1), limiter.check(&1)), (Ok(()), Ok(())));
        let Err(seconds) = limiter.check(&1) else {
            panic!("a third time in the same hour");
        };
        assert_eq!(limiter.check(&2), Ok(()), "others have their own limit");
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(limiter.check(&1), Ok(()));
    }

    #[test]
    fn who_has_not_come_for_a_while_is_forgotten() {
        let clock = Arc::new(Manual::at(0));
        let limiter = Limiter::new(10, &Hands(clock.clone()));
        for stranger in 0..5_000 {
            clock.advance(Duration::from_secs(10));
            let _ = limiter.check(&stranger);
        }
        assert!(limiter.limiter.len() < 1_200, "{}", limiter.limiter.len());
    }
}
