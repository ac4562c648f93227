//! What a person tried in vain: so many attempts an hour are written down one by one, the rest is counted.

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::id::AccountId;
use super::key::Key;
use super::time::{HOUR_MS, Time};

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

    /// With one more, and whether it is to be written down.
    #[must_use]
    pub fn with_one(mut self) -> (Self, bool) {
        let room = self.recorded < MAX_RECORDED;
        if room {
            self.recorded += 1;
        } else {
            self.more = self.more.saturating_add(1);
        }
        (self, room)
    }
}

impl Document for Attempts {
    const TAG: &'static str = "attempts";
    fn key(&self) -> Key {
        Key::Attempts(self.person, self.hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_written_down_and_the_rest_is_counted() {
        let person = AccountId::from_bits(1);
        let mut attempts = Attempts::none(person, Time::from_ms(3 * HOUR_MS + 5));
        assert_eq!(attempts.hour, 3);
        let mut written = 0;
        for _ in 0..MAX_RECORDED + 7 {
            let (next, record) = attempts.with_one();
            attempts = next;
            written += u32::from(record);
        }
        assert_eq!((written, attempts.recorded, attempts.more), (50, 50, 7));
    }
}
