//! What acceptance changes: the one thing in which invitations differ (DOMAIN §5).

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Refusal;
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::domain::workgroup::Role;

/// What the sender's context keeps, agreed by both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepAccess {
    /// Nothing, as in BaseSpace Sequence Hub.
    #[default]
    None,
    /// Read access, until then if a moment is named.
    Read {
        /// The moment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
}

/// What acceptance changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Terms {
    /// Whose the items are: a transfer.
    Ownership {
        /// What the sender's context keeps.
        keep_access: KeepAccess,
    },
    /// Who may look at the items or change them: sharing.
    Access {
        /// `Read` or `Write`.
        level: Level,
        /// Until when; `None`: until revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// Who belongs to the workgroup that invites.
    Membership {
        /// As what.
        role: Role,
    },
    /// Who owns the workgroup that invites, itself.
    Workgroup,
}

impl Terms {
    /// A transfer after which the sender's context keeps this.
    pub const fn ownership(keep_access: KeepAccess) -> Self {
        Self::Ownership { keep_access }
    }
    /// What a transfer leaves with the sender's context.
    pub const fn keep_access(self) -> KeepAccess {
        match self {
            Self::Ownership { keep_access } => keep_access,
            Self::Access { .. } | Self::Membership { .. } | Self::Workgroup => KeepAccess::None,
        }
    }
    /// Whether it is a transfer of items.
    pub const fn is_transfer(self) -> bool {
        matches!(self, Self::Ownership { .. })
    }
    /// Whether it is about a workgroup, so that whoever accepts chooses no context.
    pub const fn is_about_workgroup(self) -> bool {
        matches!(self, Self::Membership { .. } | Self::Workgroup)
    }
    /// What is wrong with them.
    pub fn problem(self, now: Time) -> Option<Refusal> {
        let (field, until, next_step) = match self {
            Self::Ownership {
                keep_access: KeepAccess::Read { until },
            } => (
                "keep_access.until",
                until?,
                said!("name a later moment, or none to keep access until it is revoked"),
            ),
            Self::Access { until, .. } => (
                "until",
                until?,
                said!("name a later moment, or none to give access until it is revoked"),
            ),
            Self::Ownership { .. } | Self::Membership { .. } | Self::Workgroup => return None,
        };
        (until <= now).then(|| Refusal::field(field, said!("{until} has passed", until), next_step))
    }
    /// The word programs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ownership { .. } => "transfer",
            Self::Access { .. } => "share",
            Self::Membership { .. } => "membership",
            Self::Workgroup => "workgroup",
        }
    }
    /// What people call it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Ownership { .. } | Self::Workgroup => "offer",
            Self::Access { .. } | Self::Membership { .. } => "invitation",
        }
    }
}
