//! What stands between the sessions and the store.

use futures_util::future::BoxFuture;

use crate::domain::incoming::Signed;

use super::address::Recipient;
use super::verdict::Envelope;

/// Who knows the recipients and keeps the messages.
pub trait Door: Send + Sync + 'static {
    /// Whether this recipient exists: asked at RCPT. It has no effect at all, because mail servers probe addresses.
    ///
    /// # Errors
    /// What the mail server is told instead of 250.
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>>;

    /// Takes a message for one recipient: asked after DATA, once for each accepted recipient. `Ok` means that it is committed; a
    /// repetition is `Ok` too, and nothing is done.
    ///
    /// # Errors
    /// What the mail server is told instead of 250.
    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>>;
}

/// One message for one recipient.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// To whom.
    pub recipient: &'a Recipient,
    /// The envelope's sender as it was given, at most 320 octets; none when it is null (`MAIL FROM:<>`).
    pub envelope_sender: Option<&'a str>,
    /// The message as it came, without the doubled dots; at most [`super::lmtp::Limits::message`] octets.
    pub raw: &'a [u8],
    /// What a door before this one found of its signatures, if one looked.
    pub signed: Option<&'a Signed>,
}

impl<'a> Delivery<'a> {
    /// Its envelope, as [`super::examine`] wants it.
    pub const fn envelope(&self) -> Envelope<'a> {
        Envelope {
            recipient: self.recipient,
            sender: self.envelope_sender,
            signed: self.signed,
        }
    }
}

/// What is said of the address of a probe after it came.
pub const ARRIVED: &str = "the probe has arrived";

/// Turned away: what the mail server is told, which tells whether it comes back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {enhanced} {text}")]
pub struct Turned {
    /// The reply code: 4xx, come back; 5xx, never.
    pub code: u16,
    /// The enhanced status code (RFC 3463).
    pub enhanced: &'static str,
    /// A sentence, one line.
    pub text: String,
}

impl Turned {
    /// Nobody of that name, now and later.
    pub fn unknown() -> Self {
        Self::new(
            550,
            "5.1.1",
            "no such address; answer the newest letter, or open handover",
        )
    }
    /// The store cannot be read or written: the mail server keeps the message and comes back.
    pub fn store() -> Self {
        Self::new(451, "4.3.0", "the store is not available; try again later")
    }
    /// Whether nobody but us can mend it.
    pub fn is_our_fault(&self) -> bool {
        *self == Self::store()
    }
    /// It cannot be told now who signed it: the mail server keeps the message and comes back.
    pub fn untold() -> Self {
        Self::new(
            451,
            "4.4.3",
            "the dns does not tell now who signed this; try again later",
        )
    }
    /// More messages than one may send in this time.
    pub fn too_many() -> Self {
        Self::new(451, "4.7.0", "too many messages; try again later")
    }
    /// A probe comes once; whoever sent it sees by this that it came.
    pub fn arrived() -> Self {
        Self::new(550, "5.2.1", ARRIVED)
    }
    pub(super) fn new(code: u16, enhanced: &'static str, text: &str) -> Self {
        Self {
            code,
            enhanced,
            text: text.to_owned(),
        }
    }
}
