//! How many letters others may cause to be sent to one recipient on one day: those that ask for an answer, of all senders together and of
//! each; and those that tell what somebody can do again and again.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::Document;
use super::id::{AccountId, Digest};
use super::incoming::day;
use super::invitation::Recipient;
use super::key::{Counter, Key, Queue};
use super::letter::{News, Subject};
use super::time::{DAY_MS, Time};

/// That the letters of a recipient and a day are counted. How many there are stands in a counter, so that two who ask at the same time do
/// not wait for each other; this says when that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ration {
    /// Of the recipient, the day and what is counted: nobody has to know whose it is.
    pub id: Digest,
    /// Which day (UTC), counted from the epoch.
    pub day: u32,
}

impl Ration {
    /// What asks this recipient for an answer on the day of this moment.
    pub fn of(recipient: &Recipient, at: Time) -> Self {
        Self::counted(recipient.digest(), "", at)
    }

    /// What of that this person asks, in the name of whichever context.
    pub fn share(recipient: &Recipient, sender: AccountId, at: Time) -> Self {
        Self::counted(recipient.digest(), &sender.to_string(), at)
    }

    /// What tells whoever has this address of one kind of news.
    pub fn news(to: &Address, says: &News, at: Time) -> Self {
        Self::counted(to.digest(), says.word(), at)
    }

    /// What of that is about this subject.
    pub fn news_about(subject: Subject, to: &Address, says: &News, at: Time) -> Self {
        let what = format!("{} {}", says.word(), subject.id());
        Self::counted(to.digest(), &what, at)
    }

    fn counted(recipient: Digest, what: &str, at: Time) -> Self {
        let day = day(at);
        let mut bytes = recipient.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&day.to_be_bytes());
        bytes.extend_from_slice(what.as_bytes());
        Self {
            id: Digest::of(&bytes),
            day,
        }
    }

    /// Where its letters are counted.
    pub const fn counter(&self) -> Counter {
        Counter::Rationed(self.id)
    }

    /// When its day is over.
    pub fn ends_at(&self) -> Time {
        Time::from_ms(i64::from(self.day).saturating_add(1).saturating_mul(DAY_MS))
    }
}

impl Document for Ration {
    const TAG: &'static str = "ration";
    fn key(&self) -> Key {
        Key::Ration(self.id)
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        // Another day, because the clocks of two nodes may differ, and one may be set back.
        let at = self.ends_at().plus_ms(DAY_MS);
        Some((Queue::Sweeps, at, self.id.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn each_recipient_has_one_for_each_day_and_it_goes_when_that_is_long_over() {
        let midnight = Time::from_ms(20_000 * DAY_MS);
        let of = |address: &str, at| Ration::of(&Recipient::Address(address.parse().unwrap()), at);
        let anna = of("anna@lab.example", midnight);
        let last = midnight.plus_ms(DAY_MS - 1);
        assert_eq!(of("Anna@Lab.example", last), anna);
        assert_ne!(of("anna@lab.example", last.plus_ms(1)).id, anna.id);
        assert_ne!(of("ben@lab.example", midnight).id, anna.id);
        let recipient = Recipient::Address("anna@lab.example".parse().unwrap());
        let share = |bits| Ration::share(&recipient, AccountId::from_bits(bits), last).id;
        assert_eq!(share(1), share(1));
        assert_ne!(share(1), share(2));
        assert_ne!(share(1), anna.id);
        assert_eq!(anna.ends_at(), midnight.plus_ms(DAY_MS));
        let swept_at = midnight.plus_ms(2 * DAY_MS);
        assert_eq!(anna.due(), Some((Queue::Sweeps, swept_at, anna.id.0)));
    }
}
