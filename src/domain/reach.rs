//! Whether letters reach an address: what mail servers said of it, and how often it was asked to confirm something.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::{Derived, Document};
use super::id::LetterId;
use super::index::Entry;
use super::key::{Key, Queue};
use super::time::{DAY_MS, KEPT_MS, Time};

/// Two reports of failed letters make an address undeliverable when they are this far apart, in milliseconds.
const APART_MS: i64 = DAY_MS;
/// An address is asked to confirm something once in this time, in milliseconds.
const ASKED_AGAIN_MS: i64 = DAY_MS;

/// A letter of which a mail server reported that it will not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Which.
    pub letter: LetterId,
    /// When the report came.
    pub at: Time,
    /// What it said, such as `5.1.1`.
    pub status: String,
}

/// Since when no letters are sent there, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undeliverable {
    /// Since when.
    pub since: Time,
    /// What the mail servers said.
    pub reason: String,
}

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Which.
    pub address: Address,
    /// The first failed letter since it was known to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
    /// Whether it is undeliverable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
    /// When it was asked to confirm something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    /// When this was written.
    pub at: Time,
}

impl Reach {
    /// Of an address that nothing is known of.
    pub const fn unknown(address: Address, at: Time) -> Self {
        Self {
            address,
            failed: None,
            undeliverable: None,
            asked_at: None,
            at,
        }
    }

    /// Our own mail server, or the one behind it, refused the address while it was asked.
    #[must_use]
    pub fn refused(mut self, reason: &str, at: Time) -> Self {
        self.undeliverable.get_or_insert(Undeliverable {
            since: at,
            reason: reason.to_owned(),
        });
        self.at = at;
        self
    }

    /// A mail server reported that this letter will not arrive. One report may be forged or mistaken; another of a later letter, a day
    /// after the first, makes the address undeliverable.
    #[must_use]
    pub fn reported(mut self, letter: LetterId, status: &str, at: Time) -> Self {
        self.at = at;
        let Some(first) = &self.failed else {
            self.failed = Some(Failed {
                letter,
                at,
                status: status.to_owned(),
            });
            return self;
        };
        if first.letter == letter || at.since_ms(first.at) < APART_MS {
            return self;
        }
        let reason = format!("two letters came back: {}, {status}", first.status);
        self.refused(&reason, at)
    }

    /// The address works: its holder signed in or replied, or an administrator says so.
    #[must_use]
    pub fn works(mut self, at: Time) -> Self {
        self.failed = None;
        self.undeliverable = None;
        self.at = at;
        self
    }

    /// Whether anything speaks against the address.
    pub const fn is_doubtful(&self) -> bool {
        self.failed.is_some() || self.undeliverable.is_some()
    }

    /// Since when something speaks against the address, and what mail servers said; `None`: nothing does.
    pub fn doubt(&self) -> Option<(Time, &str)> {
        let undeliverable = self.undeliverable.as_ref();
        let undeliverable = undeliverable.map(|since| (since.since, since.reason.as_str()));
        let failed = self.failed.as_ref();
        undeliverable.or(failed.map(|failed| (failed.at, failed.status.as_str())))
    }

    /// Whether its holder may be asked to confirm something.
    pub fn may_be_asked(&self, now: Time) -> bool {
        self.asked_at
            .is_none_or(|asked| now.since_ms(asked) >= ASKED_AGAIN_MS)
    }
}

impl Document for Reach {
    const TAG: &'static str = "reach";
    fn key(&self) -> Key {
        Key::Reach(self.address.digest())
    }
    fn entries(&self) -> Vec<Derived> {
        let digest = self.address.digest();
        let listed = self.is_doubtful();
        let entry = listed.then(|| Derived::listed(Entry::Undeliverable(digest)));
        entry.into_iter().collect()
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        // What is undeliverable stays so until somebody says that it works.
        let at = self.at.plus_ms(KEPT_MS);
        let swept = self.undeliverable.is_none();
        swept.then(|| (Queue::Sweeps, at, self.address.digest().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_undeliverable_by_our_own_session_or_by_two_reports_a_day_apart() {
        let at = Time::from_ms(0);
        let letter = |n| LetterId::from_bits(n);
        let unknown = || Reach::unknown("a@lab.example".parse().unwrap(), at);
        let check = |reports: &[(u128, i64)], undeliverable: bool| {
            let report = |reach: Reach, (n, after): &(u128, i64)| {
                reach.reported(letter(*n), "5.1.1", at.plus_ms(*after))
            };
            let reach = reports.iter().fold(unknown(), report);
            assert_eq!(reach.undeliverable.is_some(), undeliverable, "{reports:?}");
            assert!(!reach.clone().works(at).is_doubtful());
        };
        check(&[], false);
        check(&[(1, 0)], false);
        check(&[(1, 0), (2, DAY_MS - 1)], false);
        check(&[(1, 0), (1, DAY_MS)], false);
        check(&[(1, 0), (2, DAY_MS)], true);
        check(&[(1, 0), (2, 1), (3, 2 * DAY_MS)], true);
        assert!(unknown().refused("550", at).undeliverable.is_some());
    }

    #[test]
    fn an_address_is_asked_once_a_day() {
        let at = Time::from_ms(0);
        let mut reach = Reach::unknown("a@lab.example".parse().unwrap(), at);
        assert!(reach.may_be_asked(at));
        reach.asked_at = Some(at);
        assert!(!reach.may_be_asked(at.plus_ms(DAY_MS - 1)));
        assert!(reach.may_be_asked(at.plus_ms(DAY_MS)));
    }
}
