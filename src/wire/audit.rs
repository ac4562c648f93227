//! Who did what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody did something, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at: String,
    /// Who; absent: the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The context they acted as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Through what: `web`, `api`, `cli`, `reply`, `timer` or `administrator`.
    pub channel: String,
    /// What it was done to, as ids.
    pub about: Vec<String>,
    /// What was done, with `what` and its particulars. `refused`: it was tried in vain, with the codes.
    pub what: serde_json::Value,
    /// What is different, with before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AuditChange>,
    /// Its number in the journal of an item, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What the people, contexts and items it mentions are called, by their ids, as far as the caller may know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// Something that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChange {
    /// What.
    pub field: String,
    /// What it was; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether it is a setting of somebody else's: what it was and is, only they are told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// A page of the journal of an item as it is stored, oldest first. Each entry is JSON of its own and carries its `number` and, as
/// `previous`, the SHA-256 of the entry before it, in hexadecimal digits, over its bytes exactly as they stand here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemAudit {
    /// `run_…` or `prj_…`
    pub item: String,
    /// How many entries there are in all.
    pub length: u64,
    /// The SHA-256 of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The entries.
    pub entries: Vec<String>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
