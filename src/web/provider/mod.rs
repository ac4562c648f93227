//! Identity providers that people sign in through besides the typed code: OpenID Connect, authorization code flow with PKCE.
//!
//! What a provider says about itself, its keys among it, is asked for when it is needed and kept for a while. What it says about a person is
//! believed as far as the configuration goes, and no further.

mod begun;
mod fetch;
mod word;

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreProviderMetadata,
};
use openidconnect::{
    AuthType, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::domain::address::Address;
use crate::domain::secret::SiteKey;

pub use begun::{Begun, LIFETIME_MS};
use fetch::Fetch;
pub use word::{Doubt, Unproven};

/// What a provider said about itself is believed for so long.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// When a signature names a key that is not known, the keys are asked for again, but not sooner than after this.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// A provider that did not answer is not asked again before this; whoever comes meanwhile is told at once.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// All questions of one step of a sign-in together.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the configuration says about a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its short name, in the journal.
    pub handle: String,
    /// What the button calls it.
    pub name: String,
    /// What it calls itself, to the letter.
    pub issuer: String,
    /// What this site is called there.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: String,
    /// Whether an address that it says is verified counts as proven.
    pub trusted: bool,
    /// Ends of the addresses that it may vouch for, in lower case; empty: any.
    pub suffixes: Vec<String>,
}

/// Why nobody was signed in through a provider.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// It does not answer, or not as a provider does; this is for the log.
    Down(String),
    /// It does not take the code: it is used, too old, or not for this site.
    CodeRefused,
    /// What it answered is not believed.
    Doubted(Doubt),
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is known of a provider at present.
#[derive(Default)]
struct Known {
    client: Option<(Duration, Arc<Client>)>,
    failed_at: Option<Duration>,
}

/// An identity provider.
pub struct Provider {
    settings: Settings,
    /// Held while it is asked, so that many who come at once ask once.
    known: Mutex<Known>,
    fetch: Fetch,
}

/// All providers, in the order of the configuration.
#[derive(Default)]
pub struct Providers(Vec<Arc<Provider>>);

impl Providers {
    /// These, of which those that did not change keep what they know.
    pub fn new(wanted: Vec<Settings>, before: &Self) -> Self {
        let kept = |settings: &Settings| before.0.iter().find(|one| one.settings == *settings);
        let one = |settings: Settings| {
            let kept = kept(&settings).map(Arc::clone);
            kept.unwrap_or_else(|| Arc::new(Provider::new(settings)))
        };
        Self(wanted.into_iter().map(one).collect())
    }

    /// The one with this short name.
    pub fn find(&self, handle: &str) -> Option<Arc<Provider>> {
        let found = self.0.iter().find(|one| one.settings.handle == handle);
        found.map(Arc::clone)
    }

    /// Short name and name of each.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|one| (one.settings.handle.as_str(), one.settings.name.as_str()))
    }
}

impl Provider {
    fn new(settings: Settings) -> Self {
        let in_clear = settings.issuer.starts_with("http:");
        Self {
            settings,
            known: Mutex::default(),
            fetch: Fetch::new(in_clear),
        }
    }

    /// What the button calls it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Its short name.
    pub fn handle(&self) -> &str {
        &self.settings.handle
    }

    /// Whether this is what it calls itself.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        self.settings.issuer == issuer
    }

    /// Where the browser goes to sign in there, to come back with a code.
    ///
    /// # Errors
    /// The provider is down.
    pub async fn way_there(
        &self,
        clock: &dyn Clock,
        key: &SiteKey,
        begun: &Begun,
        back: &str,
    ) -> Result<String, Miss> {
        let client = in_time(self.client(clock, false)).await?;
        let (state, nonce) = (begun.state(key), begun.nonce(key));
        let verifier = PkceCodeVerifier::new(begun.verifier(key));
        let request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect(back)?))
            .add_scope(Scope::new("email".to_owned()));
        let (url, _, _) = request.url();
        Ok(url.into())
    }

    /// The address that the provider vouches for in exchange for the code that the browser came back with.
    ///
    /// # Errors
    /// The provider is down, does not take the code, or what it says is not believed.
    pub async fn proven(
        &self,
        clock: &dyn Clock,
        key: &SiteKey,
        begun: &Begun,
        code: &str,
        back: &str,
    ) -> Result<Result<Address, Unproven>, Miss> {
        let word = in_time(self.word(clock, key, begun, code, back)).await?;
        Ok(word.judged(&self.settings))
    }

    /// What the provider says about itself now, or said lately.
    async fn client(&self, clock: &dyn Clock, anew: bool) -> Result<Arc<Client>, Miss> {
        let mut known = self.known.lock().await;
        let now = clock.elapsed();
        let patience = if anew { ASKED_AGAIN_AFTER } else { KEPT };
        if let Some((at, client)) = &known.client
            && now.saturating_sub(*at) < patience
        {
            return Ok(Arc::clone(client));
        }
        if known
            .failed_at
            .is_some_and(|at| now.saturating_sub(at) < LEFT_ALONE)
        {
            return Err(Miss::Down("it did not answer a moment ago".to_owned()));
        }
        match self.discovered().await {
            Ok(client) => {
                let client = Arc::new(client);
                known.client = Some((now, Arc::clone(&client)));
                known.failed_at = None;
                Ok(client)
            }
            Err(miss) => {
                known.failed_at = Some(clock.elapsed());
                Err(miss)
            }
        }
    }

    async fn discovered(&self) -> Result<Client, Miss> {
        let down = |why: &dyn std::fmt::Display| Miss::Down(format!("discovery: {why}"));
        let settings = &self.settings;
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|why| down(&why))?;
        let fetch = self.fetch.clone();
        let http = move |request| fetch.clone().send(request);
        let found = CoreProviderMetadata::discover_async(issuer, &http).await;
        let about = found.map_err(|why| down(&causes(&why)))?;
        // Browsers are sent there, so nothing else than a page of the web may stand there.
        let there = about.authorization_endpoint().as_str();
        self.fetch.may_ask(there).map_err(|why| down(&why))?;
        let methods = about.token_endpoint_auth_methods_supported();
        let offers = |method| methods.is_some_and(|all| all.contains(&method));
        // What a provider takes that does not say so, by RFC 8414.
        let in_body = offers(CoreClientAuthMethod::ClientSecretPost)
            && !offers(CoreClientAuthMethod::ClientSecretBasic);
        let id = ClientId::new(settings.client_id.clone());
        let secret = ClientSecret::new(settings.client_secret.clone());
        let client = CoreClient::from_provider_metadata(about, id, Some(secret));
        Ok(match in_body {
            true => client.set_auth_type(AuthType::RequestBody),
            false => client.set_auth_type(AuthType::BasicAuth),
        })
    }
}

fn redirect(back: &str) -> Result<RedirectUrl, Miss> {
    RedirectUrl::new(back.to_owned()).map_err(|why| Miss::Down(format!("{back}: {why}")))
}

async fn in_time<T>(step: impl Future<Output = Result<T, Miss>>) -> Result<T, Miss> {
    let late = |_| Miss::Down("it takes too long".to_owned());
    tokio::time::timeout(PATIENCE, step).await.map_err(late)?
}

/// An error and what caused it, in one line; what another server sent is not among it.
fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    let all: Vec<String> = all.map(ToString::to_string).collect();
    all.join(": ")
}
