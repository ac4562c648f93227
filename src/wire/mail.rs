//! Mail, as operators see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
