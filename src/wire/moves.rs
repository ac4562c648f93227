//! Moving everything of somebody who leaves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Event, OfferedItem};

/// Proposes to move everything of a person or workgroup to another context.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeMove {
    /// Whose: an email address, `workgroup:HANDLE`, `acc_…` or `wg_…`.
    pub from: String,
    /// To where; the same.
    pub to: String,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Move {
    /// `mv_…`
    pub id: String,
    /// `proposed`, `moving`, `done` or `cancelled`.
    pub state: String,
    /// Whose: `acc_…` or `wg_…`.
    pub from: String,
    /// What that context is called.
    pub from_name: String,
    /// To where: `acc_…` or `wg_…`.
    pub to: String,
    /// What that context is called.
    pub to_name: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The address of the administrator who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: String,
    /// The address of the administrator who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<String>,
    /// When nothing was left to move, or it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// How many items have moved.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a move would move, or has still to move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovePreview {
    /// Whose: `acc_…` or `wg_…`.
    pub from: String,
    /// What that context is called.
    pub from_name: String,
    /// To where: `acc_…` or `wg_…`.
    pub to: String,
    /// What that context is called.
    pub to_name: String,
    /// How many runs; at most 1,000 are counted.
    pub runs: u64,
    /// How many projects; at most 1,000 are counted.
    pub projects: u64,
    /// Whether there are more of either than were counted.
    pub more: bool,
    /// Bytes of all of it.
    pub bytes: u64,
    /// Bytes that the receiving context has free; absent: it has no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Some of the items, at most 50: those that the caller may see.
    pub items: Vec<OfferedItem>,
}

/// A move with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovePage {
    /// The move.
    #[serde(rename = "move")]
    pub one: Move,
    /// What it would move, or has still to move; absent of one that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<MovePreview>,
    /// Its journal, oldest first.
    pub history: Vec<Event>,
}
