//! The sessions with the site's mail server, by LMTP (RFC 2033).

mod limits;
mod listener;

pub use limits::Limits;
pub use listener::{Listener, Place, Unbound, bind, listen};

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
