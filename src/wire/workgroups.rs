//! Workgroups, their members, and invitations into them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Guard;

/// A workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workgroup {
    /// `wg_…`
    pub id: String,
    /// By which it is named in commands.
    pub handle: String,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `professional` or `enterprise`.
    pub tier: String,
    /// `public` or a private domain.
    pub domain: String,
    /// Whether it may hold members from outside its domain.
    pub collaborative: bool,
    /// Whether the site's configuration file rules it, so that it is changed there only.
    pub configured: bool,
    /// `owner`, `administrator` or `member`: what the caller is in it; absent for an administrator of its domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its cap in bytes; absent: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Bytes of its items, trash included.
    pub usage: u64,
    /// Since when.
    pub created_at: String,
}

/// Creates a workgroup; the caller becomes its owner.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkgroup {
    /// 2 to 64 letters, digits, dots, dashes or underscores.
    pub handle: String,
    /// 1 to 100 characters; by default the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `public` or a private domain; by default the one the caller lives in. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Whether it may hold members from outside its private domain. It never changes.
    #[serde(default)]
    pub collaborative: bool,
}

/// Changes to a workgroup; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWorkgroup {
    /// 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 500 characters; an empty text removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 2 to 64 letters, digits, dots, dashes or underscores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// Somebody who belongs to a workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// `acc_…`
    pub account: String,
    /// What they are called.
    pub name: String,
    /// Their primary address.
    pub address: String,
    /// `owner`, `administrator` or `member`.
    pub role: String,
    /// Since when they belong to it.
    pub since: String,
}

/// Changes what a member is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    /// `member` or `administrator`.
    pub role: String,
}

/// Invites people into a workgroup.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteMembers {
    /// 1 to 100 email addresses; each text may hold several, one a line or with commas between them.
    pub addresses: Vec<String>,
    /// `member` (default) or `administrator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// An invitation into a workgroup, or the offer of a workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberInvitation {
    /// `inv_…`
    pub id: String,
    /// `membership`, or `workgroup` where the workgroup itself is handed over.
    pub kind: String,
    /// Whoever holds this address.
    pub address: String,
    /// As what they would belong to it.
    pub role: String,
    /// `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub state: String,
    /// Who invited them.
    pub invited_by: String,
    /// The inviter's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since when.
    pub invited_at: String,
    /// When it ends by itself.
    pub expires_at: String,
}

/// What became of one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invited {
    /// The address as it was given.
    pub address: String,
    /// The invitation, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<MemberInvitation>,
    /// Every reason why not.
    #[serde(default)]
    pub guards: Vec<Guard>,
}

/// What became of each address, in the order they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitedMembers {
    /// One entry for each address.
    pub items: Vec<Invited>,
}

/// Offers a workgroup to one of its administrators, who becomes its owner by accepting.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverWorkgroup {
    /// The administrator, by address or account id.
    pub to: String,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}
