//! What a person tried in vain: so many attempts an hour are written down one by one, the rest is counted.

use serde::{Deserialize, Serialize};

use super::document::{Derived, Document};
use super::id::AccountId;
use super::index::Entry;
use super::key::{Key, Queue};
use super::time::{HOUR_MS, KEPT_MS, Time};

/// At most this many attempts of a person are written down in an hour.
pub const MAX_RECORDED: u32 = 50;

/// The refused attempts of one person in one hour. What they were stands in its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Who.
    pub person: AccountId,
    /// Which hour, counted from the epoch.
    pub hour: u64,
    /// How many were written down.
    pub recorded: u32,
    /// How many more there were.
    pub more: u64,
}

impl Attempts {
    /// None yet, in the hour of this moment.
    pub fn none(person: AccountId, at: Time) -> Self {
        Self {
            person,
            hour: u64::try_from(at.ms() / HOUR_MS).unwrap_or(0),
            recorded: 0,
            more: 0,
        }
    }

    /// Whether one more is written down; beyond that they are only counted.
    pub const fn has_room(&self) -> bool {
        self.recorded < MAX_RECORDED
    }

    /// With one more that was written down.
    #[must_use]
    pub const fn with_one(mut self) -> Self {
        self.recorded = self.recorded.saturating_add(1);
        self
    }

    /// With so many more that are only counted.
    #[must_use]
    pub const fn with_more(mut self, more: u64) -> Self {
        self.more = self.more.saturating_add(more);
        self
    }
}

impl Document for Attempts {
    const TAG: &'static str = "attempts";
    fn key(&self) -> Key {
        Key::Attempts(self.person, self.hour)
    }
    fn entries(&self) -> Vec<Derived> {
        // The queue has room for the person, and not for the hour.
        vec![Derived::listed(Entry::AttemptsOf(self.person, self.hour))]
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let end = i64::try_from(self.hour).unwrap_or(0).saturating_add(1);
        let at = Time::from_ms(end.saturating_mul(HOUR_MS)).plus_ms(KEPT_MS);
        Some((Queue::Sweeps, at, self.person.bits()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_written_down_and_kept_for_90_days() {
        let person = AccountId::from_bits(1);
        let mut attempts = Attempts::none(person, Time::from_ms(3 * HOUR_MS + 5));
        assert_eq!(attempts.hour, 3);
        for _ in 0..MAX_RECORDED {
            assert!(attempts.has_room());
            attempts = attempts.with_one();
        }
        assert!(!attempts.has_room());
        attempts = attempts.with_more(7);
        assert_eq!((attempts.recorded, attempts.more), (50, 7));
        let at = Time::from_ms(4 * HOUR_MS).plus_ms(KEPT_MS);
        assert_eq!(attempts.due(), Some((Queue::Sweeps, at, 1)));
    }
}
