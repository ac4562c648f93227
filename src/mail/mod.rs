//! Letters as they leave: their text, their bytes, and the ways they go.
//!
//! Rendering is a pure function of the letter, of what it is about, of the site and of its key. So a letter that is sent again after a
//! crash is the same letter, byte for byte, and nothing usable (tokens, codes) has to lie in the store.

mod colours;
mod defuse;
pub mod inbound;
mod letters;
mod mailbox;
mod outline;
pub mod probe;
mod render;
pub mod reply;
pub mod samples;
pub mod smtp;
mod story;
#[cfg(test)]
mod tests;
pub mod texts;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::account::SignIn;
use crate::domain::address::Address;
use crate::domain::id::LetterId;
use crate::domain::invitation::Invitation;
use crate::domain::time::Time;

use inbound::Scheme;
use texts::Texts;

pub use colours::{Colour, Colours, NoColour};
pub use mailbox::Mailbox;
pub use render::{Unwritable, render};
pub use story::{date, size};

/// What letters say about the site they come from.
#[derive(Debug, Clone)]
pub struct Site {
    /// What people call it.
    pub name: String,
    /// Where its pages are; every link starts with it.
    pub public_url: String,
    /// Who sends its letters; the envelope's sender too, unless replies are taken.
    pub from: Address,
    /// The name in front of that address.
    pub from_name: String,
    /// The domain of Message-IDs, and the name the daemon greets the mail server with.
    pub reply_domain: String,
    /// How the addresses are written that replies and reports go to; none: a reply reaches nobody, and letters say so.
    pub replies: Option<Scheme>,
    /// What tells this installation from others: it stands in the loop header, so that two of them never mail each other without end.
    pub instance: String,
    /// The sentences of its letters.
    pub texts: Arc<Texts>,
    /// The colours of links and buttons.
    pub colours: Colours,
}

/// What a letter is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// A transfer.
    Invitation(&'a Invitation),
    /// An attempt to sign in.
    SignIn(&'a SignIn),
    /// Nothing that has to be looked up: the letter itself holds what it says.
    Itself,
}

/// A letter, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Which letter.
    pub id: LetterId,
    /// The envelope's sender; none when it is null, so that nothing is ever reported about an answer to a reply.
    pub from: Option<Address>,
    /// The envelope's recipient.
    pub to: Address,
    /// When it was written.
    pub at: Time,
    /// Its subject, decoded.
    pub subject: String,
    /// Its Message-ID, with the angle brackets.
    pub message_id: String,
    /// Its text part, decoded.
    pub text: String,
    /// Its HTML part, decoded.
    pub html: String,
    /// The whole message as it goes over the wire, before dots are doubled.
    pub raw: Vec<u8>,
}

/// Whose fault it is that a letter did not leave, which decides what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The mail server refuses this recipient for good; no retry mends it.
    Undeliverable,
    /// The mail server refuses us, or the letter: the operator has to look.
    Ours,
    /// The mail server is away, busy or asks to come back.
    Later,
}

/// Why a letter did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// Whose fault it is.
    pub kind: Blame,
    /// At which step, and what the server said: one line of at most 300 characters. It may name addresses.
    pub text: String,
}

/// A way for letters to leave.
pub trait Transport: Send + Sync + 'static {
    /// Sends it; `Ok` means that the other side has taken the responsibility for it.
    fn send<'a>(&'a self, letter: &'a Rendered) -> BoxFuture<'a, Result<(), Failure>>;
}
