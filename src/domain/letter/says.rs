//! What letters say: what happened, what is asked, what became of a reply. Each holds what its text cannot look up when it is written.

use serde::{Deserialize, Serialize};

use crate::domain::address::Address;
use crate::domain::id::ItemId;
use crate::domain::rights::Level;
use crate::domain::time::Time;
use crate::domain::workgroup::Role;

/// Whether a letter goes to those who sent an offer or those who were sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Whoever requested the transfer.
    Sender,
    /// Whoever was offered it.
    Recipient,
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody offers you something.
    Offer {
        /// The offer ends then.
        expires_at: Time,
        /// Whether it was mailed before (the sender asked to send it again, or extended it).
        again: bool,
    },
    /// An offer still waits for you.
    Reminder {
        /// The offer ends then.
        expires_at: Time,
    },
    /// The offer was accepted (to the recipient: the receipt).
    Accepted {
        /// To whom this letter goes.
        side: Side,
    },
    /// The offer was declined.
    Declined {
        /// To whom this letter goes.
        side: Side,
    },
    /// The offer was cancelled (to the recipient).
    Cancelled,
    /// The offer expired.
    Expired {
        /// To whom this letter goes.
        side: Side,
    },
    /// Access to items was taken back. The letter holds what it says, because whoever gets it may not look at the items any more.
    AccessRevoked {
        /// What the item was called then; the letter's subject says which it is, and its date when.
        name: String,
        /// What its owner was called.
        owner: String,
        /// What the context was called that had the access.
        whose: String,
        /// What else was taken back on that day, in the order in which it happened.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<Revoked>,
        /// How much else, beyond what one letter holds.
        #[serde(default, skip_serializing_if = "is_zero")]
        beyond: u32,
    },
    /// Something happened that concerns whoever gets it.
    News {
        /// What.
        says: News,
    },
    /// What became of a reply, to whom the letter that was answered went.
    Answer {
        /// The reply's Message-ID without brackets, if it has one, for `In-Reply-To`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// What it says.
        says: Answer,
    },
    /// A letter about an offer did not arrive (to whoever made the offer).
    Undeliverable {
        /// Where it went, as the sender knows that: the address, or the workgroup's handle. Who answers for a workgroup is not theirs
        /// to know.
        address: String,
        /// What the mail server said, such as `5.1.1`.
        reason: String,
    },
    /// The code to type.
    SignInCode {
        /// It is good until then.
        expires_at: Time,
    },
    /// The code that proves a further address.
    AddressCode {
        /// It is good until then.
        expires_at: Time,
    },
}

/// What is said to a reply that decided nothing. It goes to whom the letter that was answered went, never to an address taken from the
/// reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Nobody vouches for the reply's sender, or it is not whom the offer is for: please confirm in Handover.
    Confirm,
    /// It says neither accept nor decline; these are the valid lines.
    NotUnderstood,
    /// It names no context, or several, that one may accept into; these are the names.
    WhichContext {
        /// What the contexts are called, as they can be written.
        names: Vec<String>,
    },
    /// The offer was answered or ended before.
    Ended,
    /// Replies are not taken here; please answer in Handover.
    RepliesOff,
    /// It was understood, and the domain says no.
    Refused {
        /// Why, and what to do: one sentence for each guard.
        sentences: Vec<String>,
    },
}

impl Answer {
    /// The word that programs and the catalogue use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Confirm => "answer-confirm",
            Self::NotUnderstood => "answer-not-understood",
            Self::WhichContext { .. } => "answer-which-context",
            Self::Ended => "answer-ended",
            Self::RepliesOff => "answer-replies-off",
            Self::Refused { .. } => "answer-refused",
        }
    }
    /// Whether it asks for another answer, so that it is worth nothing once the offer has ended.
    pub const fn asks(&self) -> bool {
        match self {
            Self::Confirm | Self::NotUnderstood | Self::WhichContext { .. } | Self::RepliesOff => {
                true
            }
            Self::Ended | Self::Refused { .. } => false,
        }
    }
    /// Whether another reply may do what this one did not, so that it says how.
    pub const fn takes_another(&self) -> bool {
        match self {
            Self::NotUnderstood | Self::WhichContext { .. } | Self::Refused { .. } => true,
            Self::Confirm | Self::RepliesOff | Self::Ended => false,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// More access that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// To which item.
    pub item: ItemId,
    /// What the item was called then.
    pub name: String,
    /// What its owner was called.
    pub owner: String,
    /// What the context was called that had the access.
    pub whose: String,
    /// When.
    pub at: Time,
}

/// What happened in a workgroup, to a link, or to everything of a context. The letter holds what it says: whoever gets it may not see
/// it any more when the letter is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "kebab-case")]
pub enum News {
    /// Somebody joined a workgroup (to its administrators).
    Joined {
        /// What it is called.
        workgroup: String,
        /// What the new member is called.
        who: String,
        /// By which address they are known.
        address: Address,
        /// As what.
        role: Role,
    },
    /// Their role in a workgroup changed.
    RoleChanged {
        /// What it is called.
        workgroup: String,
        /// What whoever changed it is called.
        by: String,
        /// The role now.
        role: Role,
    },
    /// They were removed from a workgroup.
    Removed {
        /// What it is called.
        workgroup: String,
        /// What whoever removed them is called.
        by: String,
    },
    /// A workgroup of theirs was closed.
    Closed {
        /// What it was called.
        workgroup: String,
        /// What whoever closed it is called.
        by: String,
    },
    /// Somebody accepted a link (to those who own the item).
    LinkAccepted {
        /// What the item is called.
        item: String,
        /// What whoever accepted it is called.
        who: String,
        /// By which address they are known.
        address: Address,
        /// What the context is called that has the access now.
        into: String,
        /// What everybody there may do.
        level: Level,
    },
    /// Everything of a context is to move (to the other administrators).
    MoveProposed {
        /// What the context is called.
        from: String,
        /// What the one is called that gets it.
        into: String,
        /// What the proposer is called.
        by: String,
        /// Why, in the proposer's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Everything of a context moves (to whom it concerns).
    MoveApproved {
        /// What the context is called.
        from: String,
        /// What the one is called that gets it.
        into: String,
        /// What the approver is called.
        by: String,
        /// What the proposer is called.
        proposer: String,
    },
}

impl News {
    /// The word that programs and the catalogue use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "joined",
            Self::RoleChanged { .. } => "role-changed",
            Self::Removed { .. } => "removed",
            Self::Closed { .. } => "closed",
            Self::LinkAccepted { .. } => "link-accepted",
            Self::MoveProposed { .. } => "move-proposed",
            Self::MoveApproved { .. } => "move-approved",
        }
    }
}

/// How whoever gets a letter could answer it by mail when its cause was committed: what its buttons and examples say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByMail {
    /// Not at all: it asks for nothing, or they have no account yet.
    #[default]
    No,
    /// With the verb alone: there is no context to choose.
    Plainly,
    /// With a context: these, as they can be written, the default one first.
    Into(Vec<String>),
}

impl ByMail {
    pub(super) const fn is_no(&self) -> bool {
        matches!(self, Self::No)
    }
}

impl Kind {
    /// The word that programs use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Offer { .. } => "offer",
            Self::Reminder { .. } => "reminder",
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired { .. } => "expired",
            Self::AccessRevoked { .. } => "access-revoked",
            Self::News { says } => says.word(),
            Self::Answer { says, .. } => says.word(),
            Self::Undeliverable { .. } => "undeliverable",
            Self::SignInCode { .. } => "sign-in-code",
            Self::AddressCode { .. } => "address-code",
        }
    }
    /// To which side of an invitation it tells how that ended; `None` when it does not.
    pub const fn side(&self) -> Option<Side> {
        match self {
            Self::Accepted { side } | Self::Declined { side } | Self::Expired { side } => {
                Some(*side)
            }
            Self::Offer { .. }
            | Self::Reminder { .. }
            | Self::Cancelled
            | Self::Answer { .. }
            | Self::News { .. }
            | Self::Undeliverable { .. }
            | Self::SignInCode { .. }
            | Self::AddressCode { .. }
            | Self::AccessRevoked { .. } => None,
        }
    }
}
