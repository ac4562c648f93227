//! Transfers: what is asked for, what is told of them, their letters and their history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Context, Guard};

/// What the sender's context keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepAccess {
    /// `none` (default) or `read`.
    pub level: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Asks for a transfer, or for its preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTransfer {
    /// Ids of runs and projects of one context, 1 to 250.
    pub items: Vec<String>,
    /// An email address, or `workgroup:HANDLE`. Only a preview may leave it out.
    #[serde(default)]
    pub recipient: String,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the sender's context keeps; default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_access: Option<KeepAccess>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// That the terms are confirmed: it cannot be undone, the recipient becomes the legal owner, the organisation allows it.
    #[serde(default)]
    pub accept_terms: bool,
}

/// Accepts an offer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptTransfer {
    /// `personal`, a handle, a workgroup's name or an id; default: the account's default context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Declines an offer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineTransfer {
    /// Told to the sender, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Gives an offer more time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendTransfer {
    /// From now, 1 to 90.
    pub expires_in_days: u32,
}

/// Offers the same to another recipient; this offer is cancelled.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaddressTransfer {
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
}

/// One item as it was when it was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferedItem {
    /// `run_…` or `prj_…`
    pub id: String,
    /// `run` or `project`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of its files.
    pub files: u64,
    /// Of a project: how many biosamples it holds; absent of offers made before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biosamples: Option<u32>,
    /// Of a project: how many libraries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libraries: Option<u32>,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// `tr_…`
    pub id: String,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub state: String,
    /// The context that gives.
    pub source: String,
    /// Its name for people.
    pub source_name: String,
    /// Who requested it.
    pub sender_name: String,
    /// Their verified address.
    pub sender_address: String,
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
    /// What is offered.
    pub items: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// The sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the sender's context keeps.
    pub keep_access: KeepAccess,
    /// When it was requested.
    pub requested_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// When it came to its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The context it was accepted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into: Option<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into_name: Option<String>,
    /// New names of items whose own was taken there, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The offer whose address this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// The offer that took its place with the corrected address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// The answer to a command about a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferAnswer {
    /// The transfer as it is now.
    pub transfer: Transfer,
    /// Whether it was done before, so that nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// A letter and how its delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Letter {
    /// `let_…`
    pub id: String,
    /// `offer`, `reminder`, `accepted`, …
    pub kind: String,
    /// To whom.
    pub to: String,
    /// `queued`, `sent`, `undeliverable`, `bounced`, `dead` or `withdrawn`.
    pub state: String,
    /// When its cause was committed.
    pub created_at: String,
    /// When it came to that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How often sending was tried.
    pub attempts: u32,
    /// What the last failed attempt met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// One entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// When.
    pub at: String,
    /// The account, absent: the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `web`, `api`, `cli`, `reply`, `timer` or `administrator`.
    pub channel: String,
    /// What happened, with its particulars.
    #[schema(value_type = Object)]
    pub what: serde_json::Value,
    /// What the people, contexts and items it mentions are called, by their ids, as far as the caller may know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// A transfer with its letters and history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferPage {
    /// The transfer.
    pub transfer: Transfer,
    /// Whether the caller may act for the sending side.
    pub as_sender: bool,
    /// Whether the caller may answer it.
    pub as_recipient: bool,
    /// Its letters that the caller may see, oldest first.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<Event>,
}

/// A context that an offer might be accepted into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// The context.
    pub context: Context,
    /// Whether it is the one that is taken when none is named.
    pub default: bool,
    /// Every reason why not; empty: it can be accepted into it.
    pub blocks: Vec<Guard>,
}

/// Somebody whose access changes, or stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessChange {
    /// Who.
    pub who: String,
    /// What they may do now: `own`, `write`, `read` or `none`, and until when where it ends by itself: `read until 2026-12-31T00:00:00Z`.
    pub before: String,
    /// What they may do afterwards, written so too.
    pub after: String,
}

/// Something that does not move, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stays {
    /// What.
    pub what: String,
    /// `run_…` or `prj_…`, if you may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Why.
    pub why: String,
}

/// What a request would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Whether the request would be carried out.
    pub possible: bool,
    /// What moves.
    pub moves: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// What stays, and why.
    pub stays: Vec<Stays>,
    /// Who keeps, gains or loses access.
    pub access: Vec<AccessChange>,
    /// Until when the offer would stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The sentence to confirm.
    pub terms: String,
    /// Everything in the way, each with what to do about it.
    pub blocks: Vec<Guard>,
    /// What is worth knowing.
    pub warnings: Vec<Guard>,
}
