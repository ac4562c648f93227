//! The door: JSON API, pages and sign-in over HTTP. The only place that knows status codes.
//!
//! `api` speaks JSON, `pages` HTML, in the `language` of whoever reads them; `door` is what every request passes on its way in and out; `auth` is the only maker of
//! values that say who is signed in.

pub mod api;
mod attempt;
pub mod auth;
pub mod catalogue;
pub mod door;
pub mod language;
mod operators;
pub mod pages;
pub mod problem;
pub mod provider;
pub mod rates;
mod serve;
mod take;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use tokio::sync::Semaphore;

use crate::actors::attempts::Tally;
use crate::actors::directory::Directory;
use crate::actors::world::{Settings, World as _};
use crate::clock::Clock;
use crate::config::Network;

use problem::{Edge, Failure};
use provider::Providers;
use rates::Limiters;

pub use operators::router as operators;
pub use serve::{Listeners, serve};

/// What people see of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Stands on every page.
    pub name: String,
    /// Where browsers reach the site, without a slash at the end.
    pub public_url: String,
    /// Language of the pages for those who ask for none that there is, as in RFC 5646.
    pub language: String,
    /// The sentence a sender confirms with every transfer.
    pub terms: String,
    /// The address of those who run it, for whoever is at a loss.
    pub contact: Option<String>,
}

impl Site {
    /// Whether browsers reach it by TLS only, so that cookies may say so.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

/// What bounds the work and the memory of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Largest request body, in bytes.
    pub max_request_bytes: usize,
    /// After this long a request is answered with an error.
    pub request_timeout: Duration,
    /// Requests in flight before further ones are turned away.
    pub max_concurrent_requests: usize,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How long a soft stop waits for what is in flight.
    pub stop_within: Duration,
}

/// How often somebody may do something, per hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Sign-in codes sent to one address.
    pub sign_in_per_address: u32,
    /// Sign-in attempts from one network address.
    pub sign_in_per_client: u32,
    /// Transfers requested by one person.
    pub transfers_per_sender: u32,
}

/// Who is at the other end of the connection: a proxy, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

struct Parts {
    directory: Directory,
    clock: Arc<dyn Clock>,
    site: Site,
    bounds: Bounds,
    mailbox: OnceLock<Arc<dyn pages::mailbox::Letters>>,
    limiters: RwLock<Arc<Limiters>>,
    providers: RwLock<Arc<Providers>>,
    in_flight: Semaphore,
    streams: pages::live::Streams,
    attempts: Tally,
}

/// Everything a request needs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Puts the parts together.
    pub fn new(
        directory: Directory,
        clock: Arc<dyn Clock>,
        site: Site,
        bounds: Bounds,
        rates: Rates,
    ) -> Self {
        let limiters = Arc::new(Limiters::new(rates, Arc::clone(&clock)));
        Self(Arc::new(Parts {
            directory,
            clock,
            site,
            in_flight: Semaphore::new(bounds.max_concurrent_requests),
            bounds,
            mailbox: OnceLock::new(),
            limiters: RwLock::new(limiters),
            providers: RwLock::default(),
            streams: pages::live::Streams::default(),
            attempts: Tally::default(),
        }))
    }

    /// From now on the letters of this mailbox are pages too, readable by everybody who reaches the site: for development only.
    pub fn show_mailbox(&self, letters: Arc<dyn pages::mailbox::Letters>) {
        // One that is shown already stays.
        let _ = self.0.mailbox.set(letters);
    }

    /// The built-in mailbox, if letters go there.
    pub fn mailbox(&self) -> Option<&dyn pages::mailbox::Letters> {
        self.0.mailbox.get().map(|letters| &**letters)
    }

    /// From now on these rates hold. Rates that did not change go on counting.
    pub fn limit_by(&self, rates: Rates) {
        let limiters = self.0.limiters.write();
        let mut limiters = limiters.unwrap_or_else(PoisonError::into_inner);
        if limiters.rates() != rates {
            *limiters = Arc::new(Limiters::new(rates, Arc::clone(&self.0.clock)));
        }
    }

    /// The limits on how often somebody may do something.
    pub fn limiters(&self) -> Arc<Limiters> {
        let limiters = self.0.limiters.read();
        Arc::clone(&limiters.unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on people sign in through these identity providers too. Those that did not change keep what they know.
    pub fn sign_in_through(&self, wanted: Vec<provider::Settings>) {
        let providers = self.0.providers.write();
        let mut providers = providers.unwrap_or_else(PoisonError::into_inner);
        *providers = Arc::new(Providers::new(wanted, &providers));
    }

    /// The identity providers.
    pub fn providers(&self) -> Arc<Providers> {
        let providers = self.0.providers.read();
        Arc::clone(&providers.unwrap_or_else(PoisonError::into_inner))
    }

    fn in_flight(&self) -> &Semaphore {
        &self.0.in_flight
    }

    /// The pages that are kept up to date.
    fn streams(&self) -> &pages::live::Streams {
        &self.0.streams
    }

    fn attempts(&self) -> &Tally {
        &self.0.attempts
    }

    /// The entry to the actors.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Store, policy, key and ids as they are now.
    pub fn settings(&self) -> Settings {
        self.0.directory.settings()
    }

    /// What people see of the site.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// What bounds the server.
    pub fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    /// For measuring how long something takes; the time of day is [`Directory::now`].
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }
}

/// API and pages. Whatever is answered has passed the door.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(api::router())
        .merge(api::reference())
        .merge(pages::router())
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_for_this_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            language::of_account,
        ))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            door::pass,
        ))
        .with_state(app)
}

async fn nothing_here() -> Failure {
    Failure::edge(
        Edge::RouteNotFound,
        "there is nothing at this path",
        "check the path; /api/docs lists all paths of the API",
    )
}

async fn not_for_this_method(request: Request) -> Failure {
    Failure::edge(
        Edge::MethodNotAllowed,
        format!("{} is not possible here", request.method()),
        "use one of the methods of the Allow header; /api/docs tells which do what",
    )
}
