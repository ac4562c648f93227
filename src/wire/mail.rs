//! Mail, as operators see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Letter;

/// A message that came in by mail, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Incoming {
    /// `msg_…`
    pub id: String,
    /// The letter that it answers or reports on.
    pub letter: String,
    /// `reply`, `report` or `probe`.
    pub purpose: String,
    /// When it came.
    pub at: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What became of it, such as `decided`, `unauthenticated` or `bounced`; absent while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
}

/// An address that letters do not reach, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailAddress {
    /// Which.
    pub address: String,
    /// Whether nothing but codes is sent there.
    pub undeliverable: bool,
    /// Since when, or when a letter came back for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What mail servers said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A letter of the outbox, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxLetter {
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
    /// What it is about: `tr_…`, `inv_…`, `run_…`, `prj_…`, `wg_…` or `mv_…`; absent of codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When it is tried next, of one that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
}

/// Drops a letter, or a message.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DropMail {
    /// Why, at most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is due and has not been seen to, and letters that were tried in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overdue {
    /// What has waited for the longest time: `let_…` or `msg_…`.
    pub first: String,
    /// Since when.
    pub since: String,
    /// How long that is.
    pub seconds: u64,
    /// Whether that is so long that operators are told in the log.
    pub late: bool,
    /// How many wait; at most 1,000 are counted.
    pub due: u64,
}

/// What became of some of the messages that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailOutcome {
    /// What, in one word; `waiting` of those that nobody has seen to.
    pub outcome: String,
    /// Why.
    pub why: String,
    /// Of how many.
    pub messages: u64,
}

/// How the site's mail does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailOverview {
    /// Letters that are due; absent: none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<Overdue>,
    /// Messages that came in and are due; absent: none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Overdue>,
    /// What became of the newest messages, the most frequent first; at most 50.
    pub outcomes: Vec<MailOutcome>,
    /// How many messages that was, at most 1,000.
    pub counted: u64,
    /// Whether there are older ones.
    pub more: bool,
}
