//! Letters: rows of the outbox, written in the same commit as the change that causes them. Their text is made when they are sent.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::{Derived, Document};
use super::id::{InvitationId, ItemId, LetterId, MoveId, SignInId, WorkgroupId};
use super::index::Entry;
use super::invitation::MAX_LETTERS;
use super::key::{Counter, Key, Queue};
use super::rights::Level;
use super::time::{DAY_MS, MINUTE_MS, SIGN_IN_KEPT_MS, Time};
use super::workgroup::Role;

/// When the oldest letter that is due has waited this long, operators are told, in milliseconds.
pub const LATE_MS: i64 = 15 * MINUTE_MS;

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
    const fn is_no(&self) -> bool {
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

/// What a letter is about; all letters about one thing form a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A transfer.
    Invitation(InvitationId),
    /// An attempt to sign in.
    SignIn(SignInId),
    /// Access to an item.
    Access(ItemId),
    /// A workgroup.
    Workgroup(WorkgroupId),
    /// A move of everything of a context.
    Move(MoveId),
}

/// How its delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Waits to be sent, not before this.
    Queued {
        /// The moment.
        not_before: Time,
    },
    /// The mail server took it.
    Sent {
        /// When.
        at: Time,
    },
    /// The mail server refuses this address for good.
    Undeliverable {
        /// When.
        at: Time,
        /// What it said.
        reason: String,
    },
    /// It was sent, and another mail server reported that it did not arrive.
    Bounced {
        /// When the report came.
        at: Time,
        /// What the report said.
        reason: String,
    },
    /// Given up after two days of trying, or after a fault of ours that no retry mends.
    Dead {
        /// When.
        at: Time,
        /// Why.
        reason: String,
    },
    /// Not sent, because what it says was no longer true, or an operator dropped it.
    Withdrawn {
        /// When.
        at: Time,
        /// Why, where an operator did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl State {
    /// The word people and programs use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Sent { .. } => "sent",
            Self::Undeliverable { .. } => "undeliverable",
            Self::Bounced { .. } => "bounced",
            Self::Dead { .. } => "dead",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
    /// When it came to that state, and why; `None` while the letter waits.
    pub fn since(&self) -> Option<(Time, Option<&str>)> {
        match self {
            Self::Queued { .. } => None,
            Self::Sent { at } => Some((*at, None)),
            Self::Undeliverable { at, reason }
            | Self::Bounced { at, reason }
            | Self::Dead { at, reason } => Some((*at, Some(reason))),
            Self::Withdrawn { at, reason } => Some((*at, reason.as_deref())),
        }
    }
}

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its id, from which Message-ID, boundary and tokens are derived.
    pub id: LetterId,
    /// To whom.
    pub to: Address,
    /// In which language.
    pub language: String,
    /// About what.
    pub subject: Subject,
    /// What it says.
    pub says: Kind,
    /// How it can be answered by mail.
    #[serde(default, skip_serializing_if = "ByMail::is_no")]
    pub by_mail: ByMail,
    /// When its cause was committed; its Date.
    pub created_at: Time,
    /// How often sending was tried.
    pub attempts: u32,
    /// Whether nothing is added to it any more, because somebody began to send it. Others never grow, and bear no mark.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// What the last failed attempt met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// How its delivery stands.
    pub delivery: State,
}

impl Letter {
    /// A letter that waits to be sent at once.
    pub fn queued(
        id: LetterId,
        to: Address,
        language: &str,
        subject: Subject,
        says: Kind,
        at: Time,
    ) -> Self {
        Self {
            id,
            to,
            language: language.to_owned(),
            subject,
            says,
            by_mail: ByMail::No,
            created_at: at,
            attempts: 0,
            closed: false,
            last_error: None,
            delivery: State::Queued { not_before: at },
        }
    }

    /// Whether something may be added to it still: it is the letter of a day, and nobody has begun to send it.
    pub const fn may_grow(&self) -> bool {
        matches!(self.says, Kind::AccessRevoked { .. })
            && matches!(self.delivery, State::Queued { .. })
            && self.attempts == 0
            && !self.closed
    }

    /// The same, which tells of more access that was taken back; `None` when nothing may be added to it.
    #[must_use]
    pub fn grown(&self, revoked: Revoked) -> Option<Self> {
        if !self.may_grow() {
            return None;
        }
        let mut next = self.clone();
        let Kind::AccessRevoked { more, .. } = &mut next.says else {
            return None;
        };
        if more.len() < MAX_LETTERS {
            more.push(revoked);
        }
        Some(next)
    }
}

/// The letter that tells whoever has this address what was taken back on the day (UTC) of this moment, and when that day is over. There
/// is one a day at most, so it has an id that can be known before it is written.
pub fn daily(to: &Address, at: Time) -> (LetterId, Time) {
    let day = at.plus_ms(-at.ms().rem_euclid(DAY_MS));
    // As an id of that moment is built (RFC 9562 §5.7), so that it lies among the others of that day.
    let moment = u128::try_from(day.ms()).unwrap_or(0) << 80;
    let random = to.digest().0 & ((0xfff << 64) | (u128::MAX >> 66));
    let id = LetterId::from_bits(moment | (7 << 76) | (2 << 62) | random);
    (id, day.plus_ms(DAY_MS))
}

impl Document for Letter {
    const TAG: &'static str = "letter";
    fn key(&self) -> Key {
        Key::Letter(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        // One that leaves at the first attempt, as nearly all do, is never listed.
        let troubled = match self.delivery {
            State::Queued { .. } => self.attempts > 0,
            State::Undeliverable { .. } | State::Bounced { .. } | State::Dead { .. } => true,
            State::Sent { .. } | State::Withdrawn { .. } => false,
        };
        let troubled = troubled.then_some(Entry::Troubled(self.id));
        let besides = match (&self.says, self.subject) {
            (Kind::Answer { .. } | Kind::Undeliverable { .. }, Subject::Invitation(id)) => {
                Some(Entry::Besides(id, self.id))
            }
            _ => None,
        };
        let entries = troubled.into_iter().chain(besides);
        entries.map(Derived::listed).collect()
    }
    fn counts(&self) -> Vec<(Counter, i64)> {
        match (&self.says, self.subject) {
            (Kind::Answer { says, .. }, Subject::Invitation(id)) if *says != Answer::Confirm => {
                vec![(Counter::Explained(id), 1)]
            }
            _ => Vec::new(),
        }
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        match self.delivery {
            State::Queued { not_before } => Some((Queue::Outbox, not_before, self.id.bits())),
            State::Sent { .. }
            | State::Undeliverable { .. }
            | State::Bounced { .. }
            | State::Dead { .. }
            | State::Withdrawn { .. } => match self.says {
                Kind::SignInCode { expires_at } | Kind::AddressCode { expires_at } => {
                    let at = expires_at.plus_ms(SIGN_IN_KEPT_MS);
                    Some((Queue::Sweeps, at, self.id.bits()))
                }
                // What was written about an offer is part of its history.
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_told_once_a_day() {
        let day = Time::from_ms(1_795_305_600_000);
        let anna: Address = "anna@lab.example".parse().unwrap();
        let (id, over) = daily(&anna, day);
        assert_eq!(over, day.plus_ms(DAY_MS));
        assert_eq!(daily(&anna, day.plus_ms(DAY_MS - 1)), (id, over));
        assert_ne!(daily(&anna, over).0, id);
        assert_ne!(daily(&"carl@lab.example".parse().unwrap(), day).0, id);
        assert!(id.bits() < daily(&anna, over).0.bits());
    }

    #[test]
    fn letters_with_codes_are_swept_away_once_they_are_over() {
        let at = Time::from_ms(1_800_000_000_000);
        let expires_at = at.plus_ms(1);
        for says in [
            Kind::SignInCode { expires_at },
            Kind::AddressCode { expires_at },
        ] {
            let (id, to) = (LetterId::from_bits(1), "anna@lab.example".parse().unwrap());
            let subject = Subject::SignIn(crate::domain::id::SignInId::from_bits(2));
            let mut letter = Letter::queued(id, to, "en", subject, says, at);
            letter.delivery = State::Sent { at };
            let swept_at = expires_at.plus_ms(SIGN_IN_KEPT_MS);
            assert_eq!(letter.due(), Some((Queue::Sweeps, swept_at, 1)));
        }
    }
}
