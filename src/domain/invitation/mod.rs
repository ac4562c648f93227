//! Invitations: an offer of one context to one recipient, accepted or refused as a whole. Transfers, sharing and membership are one
//! machine with different [`Terms`] (DOMAIN §5).
//!
//! ```text
//! (requested) → pending → accepted | declined | cancelled | expired
//! ```
//! The last four are final. `requested` is an offer that waits for running analyses to end (policy `wait`); nothing is mailed yet.

mod answer;
mod glance;
mod guards;
mod request;
mod terms;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::{Account, Quiet};
use super::address::Address;
use super::document::{Derived, Document};
use super::event::Channel;
use super::id::{
    AccountId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, WorkgroupId,
};
use super::index::{Entry, Phase, Receiver};
use super::item::{Holds, Item};
use super::key::{Counter, Key, Queue};
use super::letter;
use super::said::{Said, said};
use super::time::{DAY_MS, HOUR_MS, KEPT_MS, Time};

#[cfg(test)]
mod tests;

pub use answer::{Act, Entitled, Step, Verdict};
pub use glance::{Glance, Sought};
pub use guards::{
    Source, Target, Wanted, admits, lends, offered_items, released_items, sends, sharable,
    sharable_at, shared_items,
};
pub use request::{Request, Sender, kept_text, request, text_problem};
pub use terms::{KeepAccess, Terms};

/// At most this many characters in a message or a reason.
pub const MAX_TEXT: usize = 500;
/// Shortest and longest lifetime of an offer, in milliseconds.
pub const LIFETIME_MS: std::ops::RangeInclusive<i64> = DAY_MS..=90 * DAY_MS;
/// The last reminder comes this long before the offer expires, in milliseconds.
pub const LAST_REMINDER_MS: i64 = 48 * HOUR_MS;
/// Two reminders closer than this are one.
const REMINDERS_APART_MS: i64 = 12 * HOUR_MS;
/// So many letters that ask for an answer are sent about one transfer at most, and so many that tell of its end besides.
pub const MAX_LETTERS: usize = 200;

/// One item as it was when it was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Which item.
    pub item: ItemId,
    /// Its name then.
    pub name: String,
    /// Bytes of its files then.
    pub bytes: u64,
    /// Number of its files then.
    pub files: u64,
    /// What a project held then; unknown of offers made before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
}

impl From<&Item> for Offered {
    fn from(item: &Item) -> Self {
        Self {
            item: item.id,
            name: item.name.clone(),
            bytes: item.bytes,
            files: item.files,
            holds: item.holds(),
        }
    }
}

/// To whom it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    /// Whoever holds this address; they choose the context to accept into.
    Address(Address),
    /// A workgroup: its owner or an administrator answers, and it can only be accepted into it.
    Workgroup {
        /// Which.
        id: WorkgroupId,
        /// Its handle when it was offered.
        handle: String,
    },
}

impl Recipient {
    /// By which open offers to the same recipient are counted.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Address(address) => address.digest(),
            Self::Workgroup { id, .. } => Digest(id.bits()),
        }
    }
    /// Under whom the offer is listed on the receiving side.
    pub fn receiver(&self) -> Receiver {
        match self {
            Self::Address(address) => Receiver::Address(address.digest()),
            Self::Workgroup { id, .. } => Receiver::Context(Context::Workgroup(*id)),
        }
    }
    /// The context that it is, where that is no choice: a workgroup.
    pub const fn context(&self) -> Option<Context> {
        match self {
            Self::Address(_) => None,
            Self::Workgroup { id, .. } => Some(Context::Workgroup(*id)),
        }
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Workgroup { handle, .. } => write!(f, "workgroup {handle}"),
        }
    }
}

impl Recipient {
    /// The same, to be said in any language.
    pub fn said(&self) -> Said {
        match self {
            Self::Address(address) => address.to_string().into(),
            Self::Workgroup { handle, .. } => said!("workgroup {handle}", handle),
        }
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Waits for running analyses to end; the items are reserved, the recipient knows nothing.
    Requested,
    /// Waits for the recipient's answer.
    Pending {
        /// From when reminders are counted: the request, or the last extension.
        since: Time,
        /// How many reminders are behind it.
        reminders: u8,
    },
    /// What its terms say has come true.
    Accepted {
        /// When.
        at: Time,
        /// Who accepted.
        by: AccountId,
        /// Through what.
        channel: Channel,
        /// Into which context.
        into: Context,
        /// What that context was called.
        into_name: String,
        /// Items whose name was taken there, with their new names.
        renamed: BTreeMap<ItemId, String>,
    },
    /// The recipient said no.
    Declined {
        /// When.
        at: Time,
        /// Who declined.
        by: AccountId,
        /// Why, if they said.
        reason: Option<String>,
    },
    /// The sender took it back.
    Cancelled {
        /// When.
        at: Time,
        /// Who cancelled.
        by: AccountId,
        /// The offer that took its place, with the corrected address.
        replaced_by: Option<InvitationId>,
    },
    /// Nobody answered in time.
    Expired {
        /// When it was due.
        at: Time,
    },
}

impl State {
    /// The word people and programs use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Pending { .. } => "pending",
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
        }
    }
    /// Whether it can still change.
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Requested | Self::Pending { .. } => true,
            Self::Accepted { .. }
            | Self::Declined { .. }
            | Self::Cancelled { .. }
            | Self::Expired { .. } => false,
        }
    }
    /// When it ended, and can be answered no more.
    pub const fn ended_at(&self) -> Option<Time> {
        match self {
            Self::Requested | Self::Pending { .. } => None,
            Self::Accepted { at, .. }
            | Self::Declined { at, .. }
            | Self::Cancelled { at, .. }
            | Self::Expired { at } => Some(*at),
        }
    }
    const fn phase(&self) -> Phase {
        if self.is_open() {
            Phase::Open
        } else {
            Phase::Closed
        }
    }
}

/// An offer of one context to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The context that offers: it owns the items while a transfer is open, and is the workgroup that one is invited into.
    pub source: Context,
    /// What that context is called.
    pub source_name: String,
    /// Who requested it, as they were known then.
    pub sender: Sender,
    /// To whom.
    pub recipient: Recipient,
    /// What, at most 250 items, in the order of the request; none where it is about a workgroup.
    pub items: Vec<Offered>,
    /// The sender's words, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What acceptance changes.
    pub terms: Terms,
    /// When it was requested.
    pub requested_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
    /// When its recipient was last told of it on somebody's request: by mail, or in the inbox alone when no letter was left. `None` while it
    /// waits for analyses, and for ever if it ended there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed_at: Option<Time>,
    /// The offer whose address this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<InvitationId>,
    /// Letters about it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<LetterId>,
    /// Where it stands.
    pub state: State,
}

/// A letter that a change causes; the outbox gives it an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: Mailbox,
    /// What it says.
    pub says: letter::Kind,
}

/// An address and the language its holder reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Where.
    pub address: Address,
    /// The language, as in RFC 5646.
    pub language: String,
    /// Letters its holder does without.
    pub quiet: Quiet,
}

impl Mailbox {
    /// The mailbox with this address, and what its holder, if there is one, wants of it. Who has no account reads the language `otherwise`.
    pub fn of(address: Address, holder: Option<&Account>, otherwise: &str) -> Self {
        Self {
            address,
            language: holder
                .map_or(otherwise, |holder| &holder.language)
                .to_owned(),
            quiet: holder.map(|holder| holder.quiet).unwrap_or_default(),
        }
    }
}

impl Outgoing {
    /// Whether whoever gets it does without letters of its kind.
    pub fn is_unwanted(&self) -> bool {
        use letter::{Kind, Side};
        let quiet = self.to.quiet;
        match self.says.side() {
            Some(Side::Sender) => quiet.outcomes,
            Some(Side::Recipient) => quiet.receipts,
            None => matches!(self.says, Kind::Reminder { .. }) && quiet.reminders,
        }
    }
}

impl Invitation {
    /// Whether a project is among its items.
    pub fn holds_project(&self) -> bool {
        let project = |offered: &Offered| offered.item.kind() == ItemKind::Project;
        self.items.iter().any(project)
    }

    /// Bytes of all its items.
    pub fn bytes(&self) -> u64 {
        let sum = |total: u64, offered: &Offered| total.saturating_add(offered.bytes);
        self.items.iter().fold(0, sum)
    }

    /// Whether projects are offered that have no files of their own, and no run: what was sequenced for them lies with runs.
    pub fn leaves_reads(&self) -> bool {
        let kinds = |kind| self.items.iter().filter(move |one| one.item.kind() == kind);
        kinds(ItemKind::Run).count() == 0 && kinds(ItemKind::Project).any(|one| one.files == 0)
    }

    /// Whether what its letters hold, their links and addresses, means anything still: until 90 days after its end.
    pub fn is_known_by_letter(&self, now: Time) -> bool {
        let ended_at = self.state.ended_at();
        ended_at.is_none_or(|at| now.since_ms(at) <= KEPT_MS)
    }

    /// The word people and programs use for how it stands at this moment: when its time is over it has expired, though that is not written
    /// down yet.
    pub fn word_at(&self, now: Time) -> &'static str {
        if self.state.is_open() && now >= self.expires_at {
            "expired"
        } else {
            self.state.word()
        }
    }

    /// Whether those it is addressed to may know of it.
    pub fn has_reached_recipient(&self) -> bool {
        self.state != State::Requested && self.mailed_at.is_some()
    }

    /// When reminders of an offer are due that runs from `since` to `expires_at`: at half time, and 48 hours before the end.
    pub fn reminders(since: Time, expires_at: Time) -> Vec<Time> {
        let half = since.plus_ms(expires_at.since_ms(since) / 2);
        let last = expires_at.plus_ms(-LAST_REMINDER_MS);
        if last.since_ms(half) >= REMINDERS_APART_MS {
            vec![half, last]
        } else {
            vec![half]
        }
    }

    /// When something is due without anybody asking.
    pub fn next_due(&self) -> Option<Time> {
        match self.state {
            State::Requested => Some(self.expires_at),
            State::Pending { since, reminders } => Some(
                Self::reminders(since, self.expires_at)
                    .get(usize::from(reminders))
                    .copied()
                    .unwrap_or(self.expires_at),
            ),
            State::Accepted { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => None,
        }
    }
}

impl Document for Invitation {
    const TAG: &'static str = "invitation";
    fn key(&self) -> Key {
        Key::Invitation(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        let phase = self.state.phase();
        let glance = Glance::of(self).bytes();
        let told = |entry| Derived::telling(entry, glance.clone());
        let mut entries = vec![told(Entry::Sent(self.source, phase, self.id))];
        if self.has_reached_recipient() {
            let receiver = self.recipient.receiver();
            entries.push(told(Entry::Received(receiver, phase, self.id)));
        }
        if self.state == State::Requested {
            entries.push(Derived::listed(Entry::Requested(self.id)));
        }
        if self.state.is_open() {
            match self.terms {
                Terms::Access { .. } => {
                    let shared = |offered: &Offered| Entry::SharedIn(offered.item, self.id);
                    entries.extend(self.items.iter().map(shared).map(Derived::listed));
                }
                Terms::Membership { .. } => {
                    if let Context::Workgroup(workgroup) = self.source {
                        let invited = Entry::Invited(workgroup, self.recipient.digest());
                        entries.push(Derived::unique(invited, self.id));
                    }
                }
                Terms::Ownership { .. } | Terms::Workgroup => {}
            }
        }
        if let State::Accepted { into, .. } = self.state {
            let taken = Entry::Received(Receiver::Context(into), phase, self.id);
            // Whoever joined a workgroup did so themselves; it took nothing.
            let took = !self.terms.is_about_workgroup();
            if took && self.recipient.receiver() != Receiver::Context(into) {
                entries.push(told(taken));
            }
        }
        entries
    }
    fn counts(&self) -> Vec<(Counter, i64)> {
        // Of invitations into a workgroup there is at most one for each address anyway.
        if self.state.is_open() && !self.terms.is_about_workgroup() {
            vec![(Counter::OpenOffers(self.source, self.recipient.digest()), 1)]
        } else {
            Vec::new()
        }
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        Some((Queue::Timers, self.next_due()?, self.id.bits()))
    }
    fn concerns(&self) -> Vec<Context> {
        let mut contexts = vec![self.source];
        if let (Recipient::Workgroup { id, .. }, true) =
            (&self.recipient, self.has_reached_recipient())
        {
            contexts.push(Context::Workgroup(*id));
        }
        if let State::Accepted { into, .. } = self.state {
            contexts.push(into);
        }
        contexts
    }
}
