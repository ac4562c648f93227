//! What is derived from the site's key: tokens in letters and sign-in codes. Nothing usable lies in the store (MAIL §3).

use std::fmt;

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::id::{CommandId, Digest, LetterId, LinkId, MessageId, SignInId};

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

/// What a letter's token is for. Each purpose has keys of its own, so that one token says nothing about another.
#[derive(Clone, Copy)]
struct Purpose {
    mac: &'static str,
    cipher: &'static str,
}

const LINK: Purpose = Purpose {
    mac: "link",
    cipher: "link-cipher",
};
const REPLY: Purpose = Purpose {
    mac: "reply",
    cipher: "reply-cipher",
};
const BOUNCE: Purpose = Purpose {
    mac: "bounce",
    cipher: "bounce-cipher",
};
const PROBE: Purpose = Purpose {
    mac: "probe",
    cipher: "probe-cipher",
};

/// As it stands in an address: 32 characters of `a-z2-7`, whose case may change on the way.
fn mailable(token: &[u8; 20]) -> String {
    BASE32_NOPAD.encode(token).to_ascii_lowercase()
}

fn mailed(token: &str) -> Option<Vec<u8>> {
    BASE32_NOPAD
        .decode(token.to_ascii_uppercase().as_bytes())
        .ok()
}

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
        BASE64URL_NOPAD.encode(&self.sealed::<32>(LINK, letter))
    }

    /// The letter whose link has this token; `None` if no letter has.
    pub fn letter_of_link(&self, token: &str) -> Option<LetterId> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        self.opened::<32>(LINK, &bytes)
    }

    /// The token in the address that answers to a letter go to: 160 bits, 32 letters and digits in lower case.
    pub fn reply(&self, letter: LetterId) -> String {
        mailable(&self.sealed(REPLY, letter))
    }

    /// The letter whose answers go to this token, in any case: clients and gateways change it.
    pub fn letter_of_reply(&self, token: &str) -> Option<LetterId> {
        self.opened::<20>(REPLY, &mailed(token)?)
    }

    /// The token in a letter's envelope, where reports about its delivery go: as that of [`SiteKey::reply`], and another one.
    pub fn bounce(&self, letter: LetterId) -> String {
        mailable(&self.sealed(BOUNCE, letter))
    }

    /// The letter that reports to this token are about.
    pub fn letter_of_bounce(&self, token: &str) -> Option<LetterId> {
        self.opened::<20>(BOUNCE, &mailed(token)?)
    }

    /// The token in the address of a probe, by which the site sees whether mail comes in; no letter has the probe's id.
    pub fn probe(&self, probe: LetterId) -> String {
        mailable(&self.sealed(PROBE, probe))
    }

    /// The probe that comes to this token.
    pub fn probe_of(&self, token: &str) -> Option<LetterId> {
        self.opened::<20>(PROBE, &mailed(token)?)
    }

    /// A token of `N` bytes that stands for a letter: its id, enciphered with a key of this purpose, then as much of a MAC as there is
    /// room for. Without the key it cannot be told from random bytes; with it the letter is read from it, so no row has to be kept.
    fn sealed<const N: usize>(&self, purpose: Purpose, letter: LetterId) -> [u8; N] {
        let mut id = Array::from(letter.bits().to_be_bytes());
        self.cipher(purpose).encrypt_block(&mut id);
        let mac = self.derive(purpose.mac, letter.bits());
        let mut token = [0; N];
        for (to, from) in token.iter_mut().zip(id.iter().chain(&mac)) {
            *to = *from;
        }
        token
    }

    fn opened<const N: usize>(&self, purpose: Purpose, token: &[u8]) -> Option<LetterId> {
        let (id, _) = token.split_first_chunk::<16>()?;
        let mut id = Array::from(*id);
        self.cipher(purpose).decrypt_block(&mut id);
        let letter = LetterId::from_bits(u128::from_be_bytes(id.into()));
        let ours = self.sealed::<N>(purpose, letter);
        bool::from(ours.as_slice().ct_eq(token)).then_some(letter)
    }

    fn cipher(&self, purpose: Purpose) -> Aes256 {
        Aes256::new(&Array::from(self.derive(purpose.cipher, 0)))
    }

    /// A message as it is kept: enciphered and authenticated with a key of its own. The nonce is kept in front of it; the same message
    /// may come again when the first is forgotten.
    pub fn seal(&self, message: MessageId, nonce: [u8; 12], plain: &[u8]) -> Vec<u8> {
        let cipher = ChaCha20Poly1305::new(&self.derive("message", message.bits()).into());
        // Only what is longer than 256 GiB cannot be enciphered.
        let sealed = cipher.encrypt(&Nonce::from(nonce), plain);
        let mut kept = nonce.to_vec();
        kept.extend(sealed.unwrap_or_default());
        kept
    }

    /// The message that was kept like this; `None` if it was not sealed with this key, or is another message's.
    pub fn unseal(&self, message: MessageId, kept: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = kept.split_first_chunk::<12>()?;
        let cipher = ChaCha20Poly1305::new(&self.derive("message", message.bits()).into());
        cipher.decrypt(&Nonce::from(*nonce), sealed).ok()
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

    /// What an attempt to sign in through an identity provider sends there for this purpose: 256 bits, base64url, which nobody can make
    /// from the attempt's cookie without the key.
    pub fn provider(&self, purpose: &str, cookie: &str) -> String {
        let cookie = Digest::of(cookie.as_bytes());
        BASE64URL_NOPAD.encode(&self.derive(&format!("provider-{purpose}"), cookie.0))
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

    #[test]
    fn a_sealed_message_is_opened_with_the_key_and_as_itself_only() {
        let key = SiteKey::new([7; 32]);
        let id = MessageId::from_bits(5);
        let kept = key.seal(id, [1; 12], b"accept");
        assert!(!kept.windows(6).any(|bytes| bytes == b"accept"));
        assert_eq!(key.unseal(id, &kept).as_deref(), Some(&b"accept"[..]));
        assert_eq!(key.unseal(MessageId::from_bits(6), &kept), None);
        assert_eq!(SiteKey::new([8; 32]).unseal(id, &kept), None);
        let mut changed = kept.clone();
        changed[15] ^= 1;
        assert_eq!(key.unseal(id, &changed), None);
        for short in [&kept[..5], &kept[..12], &kept[..20], &[]] {
            assert_eq!(key.unseal(id, short), None);
        }
    }

    #[test]
    fn a_token_stands_for_one_letter_and_one_purpose() {
        let key = SiteKey::new([7; 32]);
        let letter = LetterId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_002a);
        let (link, reply, bounce) = (key.link(letter), key.reply(letter), key.bounce(letter));
        assert_eq!((link.len(), reply.len(), bounce.len()), (43, 32, 32));
        assert_eq!(key.letter_of_link(&link), Some(letter));
        assert_eq!(key.letter_of_reply(&reply), Some(letter));
        assert_eq!(key.letter_of_bounce(&bounce.to_uppercase()), Some(letter));
        let digit = |c: char| matches!(c, 'a'..='z' | '2'..='7');
        assert!(reply.chars().all(digit), "{reply}");

        assert_eq!(key.letter_of_bounce(&reply), None);
        assert_eq!(key.letter_of_reply(&bounce), None);
        let probe = key.probe(letter);
        assert_eq!(key.probe_of(&probe), Some(letter));
        for other in [&reply, &bounce] {
            assert_eq!(key.probe_of(other), None);
        }
        assert_eq!(key.letter_of_reply(&probe), None);
        assert_eq!(key.letter_of_bounce(&probe), None);
        assert_eq!(SiteKey::new([8; 32]).letter_of_reply(&reply), None);
        for n in 0..reply.len() {
            let mut other: Vec<char> = reply.chars().collect();
            other[n] = if other[n] == 'a' { 'b' } else { 'a' };
            let other: String = other.into_iter().collect();
            assert_eq!(key.letter_of_reply(&other), None, "digit {n}");
        }
        for wrong in ["", "a", "é", &reply[1..], &format!("{reply}a"), &link] {
            assert_eq!(key.letter_of_reply(wrong), None, "{wrong}");
        }
        let link_of_reply = key.letter_of_link(&link[..32]);
        assert_eq!(link_of_reply, None, "a part of a token is none");
    }
}
