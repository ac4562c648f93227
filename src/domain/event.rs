//! The journal: who did what, as which context, through which channel, when.

use serde::{Deserialize, Serialize};

use crate::chain::Place;

use super::document::Document;
use super::id::{AccountId, Context, InvitationId, LinkId, MoveId};
use super::refusal::Code;
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
    /// The item went into the trash.
    Trashed,
    /// The item came back from the trash.
    Restored,
    /// The item was archived.
    Archived,
    /// The item came back from the archive.
    Unarchived,
    /// The item in the trash shall be purged.
    PurgeOrdered {
        /// When, unless it is restored before.
        purge_at: Time,
    },
    /// The item is gone for good.
    Purged,
    /// A browser was signed in.
    SignedIn {
        /// The short name of the identity provider that said who it is; `None`: by a typed code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<String>,
    },
    /// A browser was signed out.
    SignedOut,
    /// A personal API token was made.
    TokenMade {
        /// What its owner calls it.
        name: String,
    },
    /// A personal API token was revoked.
    TokenRevoked {
        /// What its owner called it.
        name: String,
    },
    /// The configuration lists the member no longer.
    Delisted,
    /// Somebody tried what they may not do, or what could not be done.
    Refused {
        /// What they tried: the method and the path.
        command: String,
        /// Why not.
        codes: Vec<Code>,
        /// What that was about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        about: Vec<String>,
    },
}

/// What happened, who did it and when.
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

impl What {
    /// The context whose access to an item its owner changed or took back: the item's owner is another, and it concerns both.
    pub const fn takes_from(&self) -> Option<Context> {
        match self {
            Self::AccessChanged { whose, .. } | Self::AccessRevoked { whose } => Some(*whose),
            _ => None,
        }
    }
}

impl Event {
    /// The context that the person acted as, of those that the event concerns.
    fn acted_as(&self, concerned: &[Context]) -> Option<Context> {
        let person = self.by.person?;
        match &self.what {
            What::Transferred { to, .. } | What::AccessGranted { to, .. } => Some(*to),
            What::Accepted { into } => Some(*into),
            // Whoever was offered something says no as the workgroup it was offered to, or as themselves.
            What::Declined => concerned
                .get(1)
                .copied()
                .or(Some(Context::Personal(person))),
            _ => concerned
                .first()
                .copied()
                .or(Some(Context::Personal(person))),
        }
    }
}

/// Something that is different now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub field: String,
    /// What it was; `None` where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; `None` where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The longest value that is told before or after a change, in characters: a list of blocked senders has no end.
const MAX_VALUE: usize = 300;

/// What is different between the facts of a document before and after.
fn changes(before: &[(&'static str, String)], after: &[(&'static str, String)]) -> Vec<Change> {
    let told = |value: &String| value.chars().take(MAX_VALUE).collect::<String>();
    let value = |of: &[(&'static str, String)], field: &str| {
        let found = of.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| value.clone())
    };
    let gone = before
        .iter()
        .filter(|(name, _)| value(after, name).is_none());
    let names = after.iter().chain(gone).map(|(name, _)| *name);
    names
        .map(|field| (field, value(before, field), value(after, field)))
        .filter(|(_, before, after)| before != after)
        .map(|(field, before, after)| Change {
            field: field.to_owned(),
            before: before.as_ref().map(told),
            after: after.as_ref().map(told),
        })
        .collect()
}

/// One entry of a journal, as it is stored: the event, and what follows from the document it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// The context that the person acted as.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// What is different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Its place in the chain, where the journal is one.
    #[serde(flatten)]
    pub place: Option<Place>,
}

impl Recorded {
    /// An event that changes a document from one state to another; what is registered tells no changes, for nothing was before.
    pub fn of<D: Document>(
        event: &Event,
        before: Option<&D>,
        after: Option<&D>,
        concerned: &[Context],
        place: Option<Place>,
    ) -> Self {
        let changes = match (before, after) {
            (Some(before), Some(after)) => changes(&before.facts(), &after.facts()),
            (Some(before), None) => changes(&before.facts(), &[]),
            (None, _) => Vec::new(),
        };
        Self {
            context: event.acted_as(concerned),
            event: event.clone(),
            changes,
            place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_with_before_and_after() {
        let facts =
            |role: &str, name: &str| vec![("role", role.to_owned()), ("name", name.to_owned())];
        let change = |field: &str, before: Option<&str>, after: Option<&str>| Change {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let before = facts("member", "Ben");
        assert_eq!(changes(&before, &before), []);
        assert_eq!(
            changes(&before, &facts("administrator", "Ben")),
            [change("role", Some("member"), Some("administrator"))]
        );
        assert_eq!(
            changes(&before, &[]),
            [
                change("role", Some("member"), None),
                change("name", Some("Ben"), None)
            ]
        );
        let long = facts("member", &"x".repeat(1_000));
        let told = changes(&before, &long);
        assert_eq!(told[0].after.as_ref().map(String::len), Some(MAX_VALUE));
    }
}
