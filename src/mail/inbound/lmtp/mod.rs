//! The sessions with the site's mail server, by LMTP (RFC 2033).

mod body;
mod limits;
mod listener;
mod session;
#[cfg(test)]
mod tests;
mod wire;

pub use limits::Limits;
pub use listener::{Listener, Peers, Place, Unbound, bind, listen};
pub use session::serve;

use super::address::Scheme;

/// What a session depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name it greets with.
    pub name: String,
    /// Which recipients there can be.
    pub scheme: Scheme,
    /// What it bears.
    pub limits: Limits,
}
