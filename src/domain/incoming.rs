//! What came in by mail, and what became of it. The message itself is kept sealed, beside it and for a shorter time.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::document::{Derived, Document};
use super::id::{LetterId, MessageId};
use super::index::Entry;
use super::key::{Counter, Key, Queue};
use super::time::{DAY_MS, Time};

/// How long a message that was not understood is kept as it came, in milliseconds.
pub const SEALED_KEPT_MS: i64 = 7 * DAY_MS;
/// How long it is known that it came, and what became of it, in milliseconds; until then a repetition is one.
pub const INCOMING_KEPT_MS: i64 = 30 * DAY_MS;
/// Longest reason, in characters.
const MAX_WHY: usize = 500;

/// To which address of a letter it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To that for replies.
    Reply,
    /// To that for reports about its delivery.
    Report,
    /// To that of a probe, by which the site sees whether mail comes in. It does nothing else.
    Probe,
}

impl Purpose {
    /// The word people and programs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Report => "report",
            Self::Probe => "probe",
        }
    }
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// Waits to be understood, not before this.
    Waiting {
        /// The moment.
        not_before: Time,
    },
    /// It was seen to.
    Done {
        /// When.
        at: Time,
        /// What became of it, in one word.
        outcome: String,
        /// Why, for operators: nothing of the message stands in it.
        why: String,
    },
}

/// What the door found of a reply's signatures, where Handover checks them itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signed", rename_all = "lowercase")]
pub enum Signed {
    /// Somebody who speaks for the sender's domain signed it.
    For {
        /// The domain of the sender.
        domain: String,
    },
    /// Nobody did.
    Not {
        /// Why, for operators: nothing of the message stands in it.
        why: String,
    },
}

/// One message for one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Its id: the digest of what makes a repetition a repetition.
    pub id: MessageId,
    /// The letter whose address it came to.
    pub letter: LetterId,
    /// To which of the letter's addresses.
    pub purpose: Purpose,
    /// When it came.
    pub at: Time,
    /// Its size in bytes.
    pub bytes: u64,
    /// What the door found of its signatures, if it looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signed>,
    /// How it stands.
    pub state: State,
}

impl Incoming {
    /// The same, seen to.
    #[must_use]
    pub fn done(&self, at: Time, outcome: &str, why: &str) -> Self {
        Self {
            state: State::Done {
                at,
                outcome: outcome.to_owned(),
                why: why.chars().take(MAX_WHY).collect(),
            },
            ..self.clone()
        }
    }
    /// What became of it, in one word.
    pub fn outcome(&self) -> &str {
        match &self.state {
            State::Waiting { .. } => "waiting",
            State::Done { outcome, .. } => outcome,
        }
    }
    /// Whether it was never understood, so that another look may do what the last one did not.
    pub fn may_be_retried(&self) -> bool {
        matches!(
            self.outcome(),
            "waiting" | "given-up" | "unreadable" | "dropped"
        )
    }
    /// Whether nobody has seen to it.
    pub const fn waits(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }
}

/// The day of a moment, counted from the epoch.
pub fn day(at: Time) -> u32 {
    u32::try_from(at.ms() / DAY_MS).unwrap_or(0)
}

impl Document for Incoming {
    const TAG: &'static str = "incoming";
    fn key(&self) -> Key {
        Key::Incoming(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![Derived::listed(Entry::Incoming(self.at, self.id))]
    }
    fn counts(&self) -> Vec<(Counter, i64)> {
        vec![(Counter::Incoming(self.letter, day(self.at)), 1)]
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        Some(match self.state {
            State::Waiting { not_before } => (Queue::Incoming, not_before, self.id.bits()),
            State::Done { .. } => {
                let at = self.at.plus_ms(INCOMING_KEPT_MS);
                (Queue::Sweeps, at, self.id.bits())
            }
        })
    }
}

/// A message as it came, sealed with the site's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which message.
    pub id: MessageId,
    /// The letter whose address it came to; none where that was not kept yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<LetterId>,
    /// When it came.
    pub at: Time,
    /// The sealed bytes, in base64.
    sealed: String,
}

impl Sealed {
    /// Of these sealed bytes.
    pub fn new(id: MessageId, letter: LetterId, at: Time, sealed: &[u8]) -> Self {
        Self {
            id,
            letter: Some(letter),
            at,
            sealed: BASE64.encode(sealed),
        }
    }
    /// The sealed bytes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.sealed.as_bytes()).ok()
    }
}

impl Document for Sealed {
    const TAG: &'static str = "sealed";
    fn key(&self) -> Key {
        Key::Sealed(self.id)
    }
    fn counts(&self) -> Vec<(Counter, i64)> {
        let bytes = i64::try_from(self.sealed.len()).unwrap_or(i64::MAX);
        let of_letter = self.letter.map(|letter| (Counter::SealedOf(letter), bytes));
        [(Counter::Sealed, bytes)]
            .into_iter()
            .chain(of_letter)
            .collect()
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let at = self.at.plus_ms(SEALED_KEPT_MS);
        Some((Queue::Sweeps, at, self.id.bits()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_for_a_week_and_what_became_of_it_for_a_month() {
        let (id, at) = (MessageId::from_bits(3), Time::from_ms(0));
        let sealed = Sealed::new(id, LetterId::from_bits(1), at, b"abc");
        assert_eq!(
            sealed.due(),
            Some((Queue::Sweeps, at.plus_ms(7 * DAY_MS), 3))
        );
        assert_eq!(sealed.bytes().as_deref(), Some(&b"abc"[..]));
        let new = Incoming {
            id,
            letter: LetterId::from_bits(1),
            purpose: Purpose::Reply,
            at,
            bytes: 3,
            signed: None,
            state: State::Waiting { not_before: at },
        };
        assert_eq!(new.due(), Some((Queue::Incoming, at, 3)));
        let done = new.done(at, "decided", &"x".repeat(1_000));
        assert_eq!(
            done.due(),
            Some((Queue::Sweeps, at.plus_ms(30 * DAY_MS), 3))
        );
        assert!(new.waits() && !done.waits());
    }
}
