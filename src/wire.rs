//! What the API says and takes: the types that the daemon and the command line share.
//!
//! Moments are RFC 3339 in UTC, sizes are bytes, lifetimes are days. Unknown fields are refused in requests.

mod accounts;
mod audit;
mod items;
mod mail;
mod moves;
mod sharing;
mod transfers;
mod workgroups;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use accounts::*;
pub use audit::*;
pub use items::*;
pub use mail::{DropMail, Incoming, MailAddress, MailOutcome, MailOverview, OutboxLetter, Overdue};
pub use moves::*;
pub use sharing::*;
pub use transfers::*;
pub use workgroups::*;

/// One reason why not, or one thing worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guard {
    /// Stable code, as `item.pending_transfer`.
    pub code: String,
    /// What it is about: an item, a context or a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What is the matter.
    pub sentence: String,
    /// What to do about it.
    pub next_step: String,
}

/// A problem as of RFC 9457, with the refusal's code and every guard that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/docs/problems#<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sentence of the first guard.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The next step of the first guard.
    pub detail: String,
    /// The code of the first guard.
    pub code: String,
    /// The id of the request, for the operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything that applies, in the order of precedence.
    #[serde(default)]
    pub guards: Vec<Guard>,
}

/// A page of things, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
