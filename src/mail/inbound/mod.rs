//! The reply door, as far as it needs no store: what comes in by mail, and what a message by itself says (MAIL §5, checks 1–9 and 11).
//!
//! A message goes `lmtp` → [`Door::take`] → [`examine`]. Everything here is a pure function of bytes and settings, except the sessions
//! themselves. Nothing here decides about an offer: what needs the store (whether the token lives, whose address it is, which
//! workgroup is meant) is done by whoever stands behind the [`Door`].

pub mod address;
mod authentication;
#[cfg(feature = "own-authentication")]
pub mod dkim;
mod door;
mod fields;
pub mod grammar;
mod html;
pub mod lmtp;
pub mod pace;
mod parts;
mod person;
pub mod report;
mod sender;
pub mod signatures;
mod style;
#[cfg(test)]
mod tests;
mod verdict;

pub use address::{Purpose, Recipient, Scheme};
pub use door::{ARRIVED, Delivery, Door, Turned};
pub use verdict::{Authentication, Doubt, Envelope, Examined, Outcome, Settings, examine};

/// By what a message is known when it comes again: its Message-ID and its body. What servers on the way put in front differs. Without a
/// Message-ID, or with a header that cannot be read, all of it counts.
pub fn identity(raw: &[u8]) -> (String, &[u8]) {
    let whole = || (String::new(), raw);
    let Ok(header) = fields::split(raw) else {
        return whole();
    };
    match header.one("Message-ID") {
        Ok(Some(id)) => (id.to_owned(), header.body),
        _ => whole(),
    }
}
