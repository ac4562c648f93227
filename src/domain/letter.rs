//! Letters: rows of the outbox, written in the same commit as the change that causes them. Their text is made when they are sent.

mod says;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::{Derived, Document};
use super::id::{InvitationId, ItemId, LetterId, MoveId, SignInId, WorkgroupId};
use super::index::Entry;
use super::invitation::MAX_LETTERS;
use super::key::{Counter, Key, Queue};
use super::time::{DAY_MS, MINUTE_MS, SIGN_IN_KEPT_MS, Time};

pub use says::{Answer, ByMail, Kind, News, Revoked, Side};

/// When the oldest letter that is due has waited this long, operators are told, in milliseconds.
pub const LATE_MS: i64 = 15 * MINUTE_MS;

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

impl Subject {
    /// Its id, as people read it.
    pub fn id(self) -> String {
        match self {
            Self::Invitation(id) => id.to_string(),
            Self::SignIn(id) => id.to_string(),
            Self::Access(id) => id.to_string(),
            Self::Workgroup(id) => id.to_string(),
            Self::Move(id) => id.to_string(),
        }
    }
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
    /// How often sending was tried, since an operator had it begin anew if one did.
    pub attempts: u32,
    /// When an operator had it begin anew, after it was given up; how long it is tried counts from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_anew_at: Option<Time>,
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
            begun_anew_at: None,
            closed: false,
            last_error: None,
            delivery: State::Queued { not_before: at },
        }
    }

    /// Since when it is tried: when its cause was committed, or an operator had it begin anew.
    pub fn tried_since(&self) -> Time {
        self.begun_anew_at.unwrap_or(self.created_at)
    }

    /// Whether something may be added to it still: it is the letter of a day, and nobody has begun to send it.
    pub const fn may_grow(&self) -> bool {
        matches!(self.says, Kind::AccessRevoked { .. })
            && matches!(self.delivery, State::Queued { .. })
            && self.attempts == 0
            && self.begun_anew_at.is_none()
            && !self.closed
    }

    /// The same, which tells of more access that was taken back; `None` when nothing may be added to it.
    #[must_use]
    pub fn grown(&self, revoked: Revoked) -> Option<Self> {
        if !self.may_grow() {
            return None;
        }
        let mut next = self.clone();
        let Kind::AccessRevoked { more, beyond, .. } = &mut next.says else {
            return None;
        };
        if more.len() < MAX_LETTERS {
            more.push(revoked);
        } else {
            *beyond = beyond.saturating_add(1);
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
            State::Queued { .. } => self.attempts > 0 || self.begun_anew_at.is_some(),
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
    use crate::domain::id::ItemKind;

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
    fn what_one_letter_does_not_hold_is_counted() {
        let at = Time::from_ms(1_795_305_600_000);
        let item = ItemId::new(ItemKind::Project, 1);
        let revoked = Revoked {
            item,
            name: "WGS".to_owned(),
            owner: "Core".to_owned(),
            whose: "Anna".to_owned(),
            at,
        };
        let says = Kind::AccessRevoked {
            name: revoked.name.clone(),
            owner: revoked.owner.clone(),
            whose: revoked.whose.clone(),
            more: Vec::new(),
            beyond: 0,
        };
        let (id, to) = (LetterId::from_bits(1), "anna@lab.example".parse().unwrap());
        let mut letter = Letter::queued(id, to, "en", Subject::Access(item), says, at);
        for _ in 1..250 {
            letter = letter.grown(revoked.clone()).unwrap();
        }
        let Kind::AccessRevoked { more, beyond, .. } = letter.says else {
            unreachable!()
        };
        assert_eq!((more.len(), beyond), (MAX_LETTERS, 49));
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
