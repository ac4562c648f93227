//! Invitations of every kind, collaborators and links.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccessChange, Choice, Event, Guard, Item, KeepAccess, Letter, OfferedItem, Stays};

/// An invitation of any kind: a transfer, a share, a membership, or a workgroup itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// `tr_…` of a transfer, `inv_…` of any other.
    pub id: String,
    /// `transfer`, `share`, `membership`, or `workgroup` where the workgroup itself is handed over.
    pub kind: String,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub state: String,
    /// The context that offers, or the workgroup that invites.
    pub source: String,
    /// Its name for people.
    pub source_name: String,
    /// Who made it.
    pub sender_name: String,
    /// Their verified address.
    pub sender_address: String,
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
    /// What it is about; nothing where it is about a workgroup.
    #[serde(default)]
    pub items: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// The sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Of a share: `read` or `write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Of a share: until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Of a membership: `member` or `administrator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of a transfer: what the sender's context keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_access: Option<KeepAccess>,
    /// When it was made.
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
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to a command about an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationAnswer {
    /// The invitation as it is now.
    pub invitation: Invitation,
    /// Whether it was done before, so that nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// An invitation with its letters and history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationPage {
    /// The invitation.
    pub invitation: Invitation,
    /// Whether the caller may act for the side that invites.
    pub as_sender: bool,
    /// Whether the caller may answer it.
    pub as_recipient: bool,
    /// The contexts it can be accepted into, while the caller may; none where no context is chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Its letters that the caller may see, oldest first.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<Event>,
}

/// Accepts an invitation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// `personal`, a handle, a workgroup's name or an id; default: the account's default context. Without effect where no context
    /// is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Asks for a share, or for its preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestShare {
    /// Ids of runs and projects of one context, 1 to 250.
    pub items: Vec<String>,
    /// An email address, or `workgroup:HANDLE`. Only a preview may leave it out.
    #[serde(default)]
    pub recipient: String,
    /// `read` (default) or `write`; runs are shared for reading only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Share the projects of the runs too that the same context owns: those there are now. Never done unless it is asked for.
    #[serde(default)]
    pub associated_projects: bool,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// What a share would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharePreview {
    /// Whether the request would be carried out.
    pub possible: bool,
    /// What is shared.
    pub shares: Vec<OfferedItem>,
    /// What can be looked at besides, and why.
    pub along: Vec<Stays>,
    /// What is not shared though it is related, and why.
    pub apart: Vec<Stays>,
    /// Who sees what.
    pub access: Vec<AccessChange>,
    /// Until when the invitation would stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Everything in the way, each with what to do about it.
    pub blocks: Vec<Guard>,
    /// What is worth knowing.
    pub warnings: Vec<Guard>,
}

/// A context that has access to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collaborator {
    /// Who has it: `acc_…` or `wg_…`.
    pub context: String,
    /// Its name for people.
    pub name: String,
    /// `read` or `write`.
    pub level: String,
    /// Who accepted it.
    pub accepted_by: String,
    /// What they are called.
    pub accepted_by_name: String,
    /// Their address; absent where their account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by_address: Option<String>,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where it comes from: `tr_…`, `inv_…` or `lnk_…`.
    pub origin: String,
}

/// Who works with an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collaborators {
    /// Who has access.
    pub collaborators: Vec<Collaborator>,
    /// Invitations that wait for an answer, oldest first; on the first page.
    pub pending: Vec<Invitation>,
    /// For the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Changes what a collaborator may do; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccess {
    /// `read` or `write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when, or `revoked`: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Gives up the access of a context.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveItem {
    /// `personal` (default), or a workgroup that the caller administers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// The answer to a command about access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessAnswer {
    /// Whether it was so before, and nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// An item that is shared with a context of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedItem {
    /// The item.
    pub item: Item,
    /// The owner's name for people.
    pub owner_name: String,
    /// With which context.
    pub context: String,
    /// `read` or `write`.
    pub level: String,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Makes a link through which an item is shared.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// `read` (default) or `write`; runs are shared for reading only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// When it ends by itself; absent: never. Those who accepted keep access until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How often it may be accepted; absent: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_acceptances: Option<u32>,
}

/// A link, as the owner of its item sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// `lnk_…`
    pub id: String,
    /// The item it shares.
    pub item: String,
    /// What to give to others. Whoever is signed in and opens it may accept.
    pub url: String,
    /// `active`, `deactivated`, `expired` or `used-up`.
    pub state: String,
    /// `read` or `write`.
    pub level: String,
    /// How often it was accepted.
    pub accepted: u32,
    /// How often it may be; absent: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_acceptances: Option<u32>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: String,
    /// When it ends by itself; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<String>,
}

/// The answer to a command about a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkAnswer {
    /// The link as it is now.
    pub link: Link,
    /// Whether it was so before, and nothing changed now.
    pub already: bool,
}

/// What somebody sees who opens a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedLink {
    /// What it shares.
    pub item: OfferedItem,
    /// Whose it is.
    pub owner_name: String,
    /// Who made the link.
    pub maker_name: String,
    /// Their verified address.
    pub maker_address: String,
    /// `read` or `write`.
    pub level: String,
    /// When it ends by itself; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Everything in the way, whatever context is chosen.
    pub blocks: Vec<Guard>,
    /// The contexts it can be accepted into.
    pub choices: Vec<Choice>,
    /// Those of the caller's contexts that have what it gives already.
    pub held: Vec<String>,
}

/// What became of the acceptance of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkAccepted {
    /// The item that is shared now.
    pub item: String,
    /// With which context.
    pub context: String,
    /// Whether that context had all of it before, and nothing changed now.
    pub already: bool,
}
