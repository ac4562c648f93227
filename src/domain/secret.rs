//! What is derived from the site's key: tokens in letters and sign-in codes. Nothing usable lies in the store (MAIL §3).

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::address::Address;
use super::document::Document;
use super::id::{CommandId, Digest, InvitationId, LetterId, LinkId, SignInId};
use super::key::{Key, Queue};
use super::time::Time;

/// The site's key: 32 bytes from a file outside the store.
#[derive(Clone)]
pub struct SiteKey([u8; 32]);

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteKey(…)")
    }
}

/// Digits of a typed code: no vowels, nothing that looks like something else.
const CODE_DIGITS: &[u8; 20] = b"23456789BCDFGHJKMNPR";
/// Length of a typed code.
pub const CODE_LENGTH: usize = 8;

impl SiteKey {
    /// From the bytes of the key file.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn derive(&self, purpose: &str, what: u128) -> [u8; 32] {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return [0; 32];
        };
        mac.update(purpose.as_bytes());
        mac.update(b"|");
        mac.update(&what.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The token in a letter's link: 256 bits, base64url. It names an offer; it authenticates nobody.
    pub fn link(&self, letter: LetterId) -> String {
        BASE64URL_NOPAD.encode(&self.derive("link", letter.bits()))
    }

    /// The token of a link through which an item is shared: 256 bits, base64url. It is derived so that its owner can see it again though
    /// it lies nowhere.
    pub fn share(&self, link: LinkId) -> String {
        BASE64URL_NOPAD.encode(&self.derive("share", link.bits()))
    }

    /// The secret of a personal API token that was made by a repeatable command: 256 bits. What is kept with the command is only
    /// this id, so a repetition can be answered with the same secret though it lies nowhere.
    pub fn token(&self, made_by: CommandId) -> [u8; 32] {
        self.derive("token", made_by.bits())
    }

    /// The code that is typed to sign in: 8 digits of 20 (34 bits), good for 10 minutes and 5 tries.
    pub fn code(&self, sign_in: SignInId) -> String {
        let bytes = self.derive("code", sign_in.bits());
        let digit = |pair: &[u8; 2]| {
            let n = usize::from(u16::from_be_bytes(*pair)) % CODE_DIGITS.len();
            CODE_DIGITS.get(n).map_or('2', |b| char::from(*b))
        };
        let (pairs, _) = bytes.as_chunks::<2>();
        pairs.iter().take(CODE_LENGTH).map(digit).collect()
    }

    /// Whether this is the code, in any case and with spaces or dashes in it; takes the same time for every wrong one.
    pub fn code_fits(&self, sign_in: SignInId, typed: &str) -> bool {
        let kept = |c: &char| c.is_ascii_alphanumeric();
        let typed: String = typed.chars().take(64).filter(kept).collect();
        let right = self.code(sign_in);
        typed
            .to_ascii_uppercase()
            .as_bytes()
            .ct_eq(right.as_bytes())
            .into()
    }

    /// The token that a form of this session must carry.
    pub fn form(&self, session: Digest) -> String {
        BASE64URL_NOPAD.encode(&self.derive("form", session.0))
    }

    /// Whether this is that token.
    pub fn form_fits(&self, session: Digest, given: &str) -> bool {
        given.as_bytes().ct_eq(self.form(session).as_bytes()).into()
    }
}

/// What a token that was sent by mail stands for. Only its digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailToken {
    /// The digest of the token.
    pub digest: Digest,
    /// Which transfer its letter is about.
    pub transfer: InvitationId,
    /// In which letter it was.
    pub letter: LetterId,
    /// To whom that letter went.
    pub address: Address,
    /// When it is looked at whether it is needed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep_at: Option<Time>,
}

impl Document for MailToken {
    const TAG: &'static str = "mail-token";
    fn key(&self) -> Key {
        Key::MailToken(self.digest)
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        Some((Queue::Sweeps, self.sweep_at?, self.digest.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_typed_in_any_case_and_with_dashes() {
        let key = SiteKey::new([7; 32]);
        let sign_in = SignInId::from_bits(3);
        let code = key.code(sign_in);
        assert_eq!(code.len(), CODE_LENGTH);
        let (head, tail) = code.split_at(4);
        assert!(key.code_fits(sign_in, &format!(" {}-{}", head.to_lowercase(), tail)));
        assert!(!key.code_fits(SignInId::from_bits(4), &code));
        assert!(!key.code_fits(sign_in, ""));
    }
}
