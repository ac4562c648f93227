//! What a provider says about a person, and how far it is believed.

use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreGenderClaim, CoreIdToken, CoreJwsSigningAlgorithm as Alg, CoreRequestTokenError,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError as Wrong,
    EmptyAdditionalClaims, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, RequestTokenError,
    SignatureVerificationError, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};

use crate::clock::Clock;
use crate::domain::address::Address;
use crate::domain::said::{Said, said};
use crate::domain::secret::SiteKey;

use super::{Begun, Client, Miss, Provider, Settings, causes, redirect};

/// How far the provider's clock may be behind ours.
const SKEW: Duration = Duration::from_secs(60);

/// Signatures that are believed: those that only the provider can make. Whoever knows the client's secret could make the others.
const SIGNATURES: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// Why what a provider answered is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is for another sign-in.
    Nonce,
    /// It is for another site.
    Audience,
    /// It says that it is from somebody else.
    Issuer,
    /// It is too old.
    Expired,
    /// It is not signed with a key of the provider.
    Signature,
    /// It cannot be understood.
    Unreadable,
}

impl Doubt {
    /// What is said of a provider's answer.
    pub fn said(self) -> Said {
        match self {
            Self::Nonce => said!("belongs to another sign-in"),
            Self::Audience => said!("is meant for another site"),
            Self::Issuer => said!("says that it comes from another provider"),
            Self::Expired => said!("is too old"),
            Self::Signature => said!("is not signed by it"),
            Self::Unreadable => said!("cannot be understood"),
        }
    }
}

impl From<&Wrong> for Doubt {
    fn from(wrong: &Wrong) -> Self {
        match wrong {
            Wrong::InvalidNonce(_) => Self::Nonce,
            Wrong::InvalidAudience(_) => Self::Audience,
            Wrong::InvalidIssuer(_) => Self::Issuer,
            Wrong::Expired(_) => Self::Expired,
            Wrong::SignatureVerification(_) => Self::Signature,
            _ => Self::Unreadable,
        }
    }
}

/// Why nobody is signed in, though the provider knows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproven {
    /// It tells no address, or what it tells is none.
    NoAddress,
    /// It does not say that the address is verified.
    Unverified(Address),
    /// It says so, but is not trusted with it.
    Untrusted(Address),
    /// The address is none that it may vouch for.
    Outside(Address),
}

/// What the provider says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Word {
    email: Option<String>,
    verified: bool,
}

impl Word {
    /// The address that is proven by it.
    pub(super) fn judged(&self, settings: &Settings) -> Result<Address, Unproven> {
        let email = self.email.as_deref().unwrap_or_default();
        let address: Address = email.parse().map_err(|_| Unproven::NoAddress)?;
        let covers = |suffix: &String| {
            let head = address.domain().strip_suffix(suffix.as_str());
            head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
        };
        if !settings.suffixes.is_empty() && !settings.suffixes.iter().any(covers) {
            return Err(Unproven::Outside(address));
        }
        match (settings.trusted, self.verified) {
            (_, false) => Err(Unproven::Unverified(address)),
            (false, true) => Err(Unproven::Untrusted(address)),
            (true, true) => Ok(address),
        }
    }
}

impl Provider {
    /// What the provider says in exchange for a code.
    pub(super) async fn word(
        &self,
        clock: &dyn Clock,
        key: &SiteKey,
        begun: &Begun,
        code: &str,
        back: &str,
    ) -> Result<Word, Miss> {
        let mut client = self.client(clock, false).await?;
        let fetch = self.fetch.clone();
        let http = move |request| fetch.clone().send(request);
        let code = AuthorizationCode::new(code.to_owned());
        let exchange = client.exchange_code(code).map_err(|why| down(&why))?;
        let exchange = exchange
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier(key)))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect(back)?));
        let answer = exchange.request_async(&http).await.map_err(refused)?;
        let token = answer.access_token();
        let id_token = answer.id_token();
        let id_token = id_token.ok_or(Miss::Doubted(Doubt::Unreadable))?;

        let nonce = Nonce::new(begun.nonce(key));
        let mut told = told(&client, clock, id_token, &nonce, token);
        if let Err(Wrong::SignatureVerification(SignatureVerificationError::NoMatchingKey)) = told {
            // It has a new key, perhaps.
            client = self.client(clock, true).await?;
            told = self::told(&client, clock, id_token, &nonce, token);
        }
        let (subject, word) = told.map_err(|wrong| {
            tracing::warn!(provider = self.handle(), %wrong, "what an identity provider says is not believed");
            Miss::Doubted(Doubt::from(&wrong))
        })?;
        match word.email {
            Some(_) => Ok(word),
            None => asked(&client, token, subject, &http).await,
        }
    }
}

fn down(why: &dyn std::error::Error) -> Miss {
    Miss::Down(causes(why))
}

fn refused<E: std::error::Error + 'static>(error: CoreRequestTokenError<E>) -> Miss {
    match &error {
        RequestTokenError::ServerResponse(said) => match said.error().as_ref() {
            "invalid_grant" => Miss::CodeRefused,
            // Its description may name a person.
            code => Miss::Down(format!("the exchange of a code is refused: {code}")),
        },
        RequestTokenError::Request(why) => down(why),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Miss::Doubted(Doubt::Unreadable)
        }
    }
}

/// What a signed token says, once everything about it is as it must be.
fn told(
    client: &Client,
    clock: &dyn Clock,
    token: &CoreIdToken,
    nonce: &Nonce,
    access: &AccessToken,
) -> Result<(SubjectIdentifier, Word), Wrong> {
    let now = u64::try_from(clock.now()).unwrap_or(0);
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now).saturating_sub(SKEW);
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(SIGNATURES)
        .set_time_fn(move || now.into());
    let claims = token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(Wrong::SignatureVerification)?;
        let key = token.signing_key(&verifier);
        let key = key.map_err(Wrong::SignatureVerification)?;
        let hash = AccessTokenHash::from_token(access, algorithm, key);
        if !hash.is_ok_and(|hash| hash == *expected) {
            return Err(Wrong::Other("another access token".to_owned()));
        }
    }
    let word = Word {
        email: claims.email().map(|email| email.to_string()),
        verified: claims.email_verified() == Some(true),
    };
    Ok((claims.subject().clone(), word))
}

/// What the provider says when it is asked about the person, where the token tells no address: most keep tokens small.
async fn asked<'c, C>(
    client: &'c Client,
    token: &AccessToken,
    subject: SubjectIdentifier,
    http: &'c C,
) -> Result<Word, Miss>
where
    C: openidconnect::AsyncHttpClient<'c>,
    C::Error: Send + Sync,
{
    // One that cannot be asked has told everything.
    let Ok(question) = client.user_info(token.clone(), Some(subject)) else {
        return Ok(Word::default());
    };
    type Claims = UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>;
    let claims: Claims = match question.request_async(http).await {
        Ok(claims) => claims,
        Err(openidconnect::UserInfoError::Request(why)) => return Err(down(&why)),
        Err(why) => {
            tracing::warn!(%why, "what an identity provider says of a person is not believed");
            return Err(Miss::Doubted(Doubt::Unreadable));
        }
    };
    Ok(Word {
        email: claims.email().map(|email| email.to_string()),
        verified: claims.email_verified() == Some(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_proven_by_a_trusted_provider_that_may_vouch_for_it() {
        let settings = |trusted, suffixes: &[&str]| Settings {
            handle: "uni".to_owned(),
            name: "Uni".to_owned(),
            issuer: "https://login.uni.example".to_owned(),
            client_id: "handover".to_owned(),
            client_secret: "x".to_owned(),
            trusted,
            suffixes: suffixes.iter().map(ToString::to_string).collect(),
        };
        let check = |settings: &Settings, email: Option<&str>, verified, expected: &str| {
            let word = Word {
                email: email.map(str::to_owned),
                verified,
            };
            let found = match word.judged(settings) {
                Ok(address) => format!("proven {address}"),
                Err(Unproven::NoAddress) => "no address".to_owned(),
                Err(Unproven::Unverified(_)) => "unverified".to_owned(),
                Err(Unproven::Untrusted(_)) => "untrusted".to_owned(),
                Err(Unproven::Outside(_)) => "outside".to_owned(),
            };
            assert_eq!(found, expected, "{email:?}");
        };
        let any = settings(true, &[]);
        check(&any, Some("a@uni.example"), true, "proven a@uni.example");
        check(&any, Some("a@uni.example"), false, "unverified");
        check(&any, Some("anna"), true, "no address");
        check(&any, None, true, "no address");
        let some = settings(true, &["uni.example"]);
        check(
            &some,
            Some("a@x.uni.example"),
            true,
            "proven a@x.uni.example",
        );
        check(&some, Some("a@UNI.example"), true, "proven a@UNI.example");
        check(&some, Some("a@notuni.example"), true, "outside");
        check(&some, Some("a@uni.example.evil"), true, "outside");
        let none = settings(false, &[]);
        check(&none, Some("a@uni.example"), true, "untrusted");
    }
}
