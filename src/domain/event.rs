//! The journal: who did what, as which context, through which channel, when.

use serde::{Deserialize, Serialize};

use super::id::{AccountId, Context, InvitationId, LinkId, MoveId};
use super::rights::{Level, Origin};
use super::time::Time;

/// Through what a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A page.
    Web,
    /// The API.
    Api,
    /// The command line.
    Cli,
    /// An answer to a letter.
    Reply,
    /// A timer of the daemon.
    Timer,
    /// The configuration file, or an administrator's command.
    Administrator,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The person; `None`: the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<AccountId>,
    /// Through what.
    pub channel: Channel,
}

/// What happened to the document whose journal this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// An account, workgroup or item came to be.
    Registered,
    /// Settings, members or contents changed.
    Changed {
        /// What changed, in words.
        how: String,
    },
    /// A member joined, with this role.
    Joined {
        /// As what.
        role: super::workgroup::Role,
    },
    /// The item was offered.
    Offered {
        /// In which transfer.
        transfer: InvitationId,
    },
    /// The offer ended without changing the owner: declined, cancelled or expired.
    OfferEnded {
        /// Which transfer.
        transfer: InvitationId,
        /// How.
        how: String,
    },
    /// The owner changed.
    Transferred {
        /// By which transfer.
        transfer: InvitationId,
        /// Who owned it before.
        from: Context,
        /// Who owns it now.
        to: Context,
        /// The name it has now.
        name: String,
    },
    /// A transfer was requested and waits for running analyses.
    Requested,
    /// A transfer became pending.
    Pending,
    /// A reminder was sent.
    Reminded,
    /// The offer was mailed again.
    Resent,
    /// The offer was given more time.
    Extended {
        /// Until when.
        expires_at: Time,
    },
    /// The offer was accepted.
    Accepted {
        /// Into which context.
        into: Context,
    },
    /// The offer was declined.
    Declined,
    /// The offer was cancelled.
    Cancelled,
    /// The offer expired.
    Expired,
    /// Access was granted.
    Granted {
        /// By which transfer.
        transfer: InvitationId,
    },
    /// Access was given by an invitation or a link.
    AccessGranted {
        /// To whom.
        to: Context,
        /// How much.
        level: Level,
        /// By what.
        origin: Origin,
        /// Until when; `None`: until revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// The owner changed how much a collaborator may do, or until when.
    AccessChanged {
        /// Whose access.
        whose: Context,
        /// How much now.
        level: Level,
        /// Until when now; `None`: until revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// The owner took a collaborator's access back.
    AccessRevoked {
        /// Whose access.
        whose: Context,
    },
    /// A collaborator gave its access up.
    AccessLeft {
        /// Whose access.
        whose: Context,
    },
    /// A link was made through which it can be shared.
    LinkMade {
        /// Which.
        link: LinkId,
        /// How much it gives.
        level: Level,
    },
    /// A link of it was deactivated.
    LinkDeactivated {
        /// Which.
        link: LinkId,
    },
    /// A member has another role now.
    RoleChanged {
        /// What they were.
        from: super::workgroup::Role,
        /// What they are.
        to: super::workgroup::Role,
    },
    /// Somebody became a member of the workgroup.
    MemberJoined {
        /// Who.
        account: AccountId,
        /// As what.
        role: super::workgroup::Role,
    },
    /// A member of the workgroup has another role now.
    MemberChanged {
        /// Who.
        account: AccountId,
        /// What they were.
        from: super::workgroup::Role,
        /// What they are.
        to: super::workgroup::Role,
    },
    /// A member left the workgroup.
    MemberLeft {
        /// Who.
        account: AccountId,
    },
    /// A member was removed from the workgroup.
    MemberRemoved {
        /// Who.
        account: AccountId,
    },
    /// The workgroup is being closed: it takes nothing in any more.
    Closing,
    /// Something stood in the way of closing it, so it goes on.
    Reopened,
    /// The workgroup was closed.
    Closed,
    /// An administrator proposed to move everything of a context.
    Proposed,
    /// A second administrator approved it.
    Approved,
    /// Some of it has moved.
    Stepped {
        /// How many items have by now.
        items: u64,
    },
    /// Nothing was left to move.
    Finished,
    /// The owner changed because two administrators moved everything of the old one.
    Moved {
        /// In which move.
        of: MoveId,
        /// Who owned it before.
        from: Context,
        /// Who owns it now.
        to: Context,
        /// The name it has now.
        name: String,
        /// Who proposed the move.
        proposed_by: AccountId,
        /// Who approved it.
        approved_by: AccountId,
    },
}

/// One entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Time,
    /// By whom.
    pub by: By,
    /// What.
    #[serde(flatten)]
    pub what: What,
}
