//! A sign-in that a browser has begun and not finished. All of it lies in a cookie: nothing is kept here for somebody who may never come back.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq as _;

use crate::domain::secret::SiteKey;
use crate::domain::time::Time;

/// So long one may take to sign in at the provider, in milliseconds.
pub const LIFETIME_MS: i64 = 10 * 60 * 1_000;

/// What the cookie says: until when, a secret, through which provider, where to go on. The state that comes back is derived from the whole
/// of it with the site's key, so a cookie that was changed, or made elsewhere, belongs to no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    cookie: String,
    provider: String,
    next: String,
}

impl Begun {
    /// Begins now.
    pub fn new(now: Time, secret: [u8; 32], provider: &str, next: &str) -> Self {
        let until = now.plus_ms(LIFETIME_MS).ms();
        let secret = BASE64URL_NOPAD.encode(&secret);
        Self {
            cookie: format!("{until}:{secret}:{provider}:{next}"),
            provider: provider.to_owned(),
            next: next.to_owned(),
        }
    }

    /// From the cookie that came back with this state; `None` when one is not of the other, or it is too late.
    pub fn returned(key: &SiteKey, now: Time, cookie: &str, state: &str) -> Option<Self> {
        let mut parts = cookie.splitn(4, ':');
        let until: i64 = parts.next()?.parse().ok()?;
        let (_, provider, next) = (parts.next()?, parts.next()?, parts.next()?);
        let begun = Self {
            cookie: cookie.to_owned(),
            provider: provider.to_owned(),
            next: next.to_owned(),
        };
        let fits = begun.state(key).as_bytes().ct_eq(state.as_bytes());
        (bool::from(fits) && now.ms() < until).then_some(begun)
    }

    /// The value of the cookie: letters, digits and what may stand in one.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The short name of the provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Where to go on.
    pub fn next(&self) -> &str {
        &self.next
    }

    /// By which the browser that comes back is known to be the one that left.
    pub fn state(&self, key: &SiteKey) -> String {
        key.provider("state", &self.cookie)
    }

    /// By which what the provider says is known to be for this sign-in.
    pub fn nonce(&self, key: &SiteKey) -> String {
        key.provider("nonce", &self.cookie)
    }

    /// By which the provider knows that whoever brings the code is who asked for it.
    pub fn verifier(&self, key: &SiteKey) -> String {
        key.provider("verifier", &self.cookie)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_belongs_to_one_state_for_ten_minutes() {
        let key = SiteKey::new([7; 32]);
        let begun = Begun::new(Time::from_ms(1_000), [1; 32], "uni", "/transfers");
        let (cookie, state) = (begun.cookie().to_owned(), begun.state(&key));
        let last = Time::from_ms(LIFETIME_MS + 999);
        let back = |now, cookie: &str, state: &str| Begun::returned(&key, now, cookie, state);
        assert_eq!(back(last, &cookie, &state), Some(begun.clone()));
        assert_eq!(back(last.plus_ms(1), &cookie, &state), None, "too late");
        let other = Begun::new(Time::from_ms(1_000), [2; 32], "uni", "/transfers");
        for (cookie, state) in [
            (cookie.as_str(), ""),
            (&cookie, &*begun.nonce(&key)),
            (&cookie, &*other.state(&key)),
            (&cookie.replace("uni", "else"), &*state),
            (&cookie.replace("/transfers", "/account"), &*state),
            (&cookie.replace("601000", "901000"), &*state),
            ("", &*state),
            (":::", &*state),
        ] {
            assert_eq!(back(last, cookie, state), None, "{cookie} {state}");
        }
        let elsewhere = SiteKey::new([8; 32]);
        assert_eq!(Begun::returned(&elsewhere, last, &cookie, &state), None);
        let three = [begun.nonce(&key), begun.verifier(&key), state];
        assert!(three.iter().all(|value| value.len() == 43), "{three:?}");
    }
}
