//! What people tried in vain is written down: so many attempts of a person in an hour, beyond that they are only counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::domain::attempts::Attempts;
use crate::domain::document::Document as _;
use crate::domain::event::{By, Channel, Event, What};
use crate::domain::id::AccountId;
use crate::domain::refusal::Code;
use crate::domain::time::{MINUTE_MS, Time};
use crate::store::{Fault, Store};

use super::load;
use super::once::{self, Decision};
use super::proposal::Proposal;
use super::world::{Call, Trouble, World};

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried: the method and the path, or what a reply says.
    pub command: String,
    /// Why not.
    pub codes: Vec<Code>,
    /// What that was about.
    pub about: Vec<String>,
}

/// So many people who tried too much are remembered at most, at about 50 bytes each.
const MAX_KNOWN: usize = 10_000;

/// What one person tried since the count was written last.
#[derive(Debug, Clone, Copy)]
struct Counted {
    hour: u64,
    since: Time,
    more: u64,
}

impl Counted {
    fn is_fresh(&self, now: &Attempts, at: Time) -> bool {
        self.hour == now.hour && (0..MINUTE_MS).contains(&at.since_ms(self.since))
    }
}

/// Counts what is beyond the bound of an hour, so that it costs a commit once a minute and not every time. What it holds when the
/// hour or the daemon ends is not counted any more.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<AccountId, Counted>>);

impl Tally {
    fn known(&self) -> MutexGuard<'_, BTreeMap<AccountId, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more of somebody whose count was written within the last minute; whether that is so.
    fn counts(&self, none: &Attempts, at: Time) -> bool {
        let mut known = self.known();
        let counted = known.get_mut(&none.person);
        let Some(counted) = counted.filter(|counted| counted.is_fresh(none, at)) else {
            return false;
        };
        counted.more = counted.more.saturating_add(1);
        true
    }

    /// How many are to be written now, this one included; `None`: none, within this minute, or there are too many people to remember.
    fn due(&self, none: &Attempts, at: Time) -> Option<u64> {
        if self.counts(none, at) {
            return None;
        }
        let mut known = self.known();
        if known.len() >= MAX_KNOWN {
            known.retain(|_, counted| (0..MINUTE_MS).contains(&at.since_ms(counted.since)));
        }
        if known.len() >= MAX_KNOWN {
            metrics::counter!("handover_attempts_lost_total").increment(1);
            return None;
        }
        let counted = Counted {
            hour: none.hour,
            since: at,
            more: 0,
        };
        let before = known.insert(none.person, counted);
        let before = before.filter(|before| before.hour == none.hour);
        Some(before.map_or(1, |before| before.more.saturating_add(1)))
    }
}

/// Writes down what somebody tried, or counts it. One by nobody is not written down.
///
/// # Errors
/// The store failed, or the same person tries so much at once that it lost every time.
pub async fn record(
    world: &dyn World,
    tally: &Tally,
    by: By,
    at: Time,
    attempt: &Attempt,
) -> Result<(), Trouble> {
    let Some(person) = by.person else {
        return Ok(());
    };
    let call = Call {
        command: None,
        by,
        at,
        answers: None,
    };
    let none = Attempts::none(person, at);
    if tally.counts(&none, at) {
        return Ok(());
    }
    let more = OnceLock::new();
    once::step(world, &call, || {
        Box::pin(async {
            let settings = world.settings();
            let old = load::one::<Attempts>(&*settings.store, none.key()).await?;
            let before = old.as_ref().map_or(&none, |old| &old.document);
            let write_down = before.has_room();
            let next = if write_down {
                before.clone().with_one()
            } else {
                // The tally gives them once, however often this is decided.
                let Some(more) = *more.get_or_init(|| tally.due(&none, at)) else {
                    return Ok(Decision::already(()));
                };
                before.clone().with_more(more)
            };
            let event = event(call.by, call.at, attempt);
            let event = write_down.then_some(&event);
            let mut proposal = Proposal::default();
            match &old {
                Some(old) => proposal.replace(old, &next, event),
                None => proposal.create(&next, event),
            }
            Ok(Decision::done((), proposal))
        })
    })
    .await
}

/// Writes down what somebody tried in the commit that is made about it anyway.
///
/// # Errors
/// The store failed.
pub(super) async fn beside(
    store: &dyn Store,
    (person, channel): (AccountId, Channel),
    at: Time,
    attempt: &Attempt,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let by = By {
        person: Some(person),
        channel,
    };
    let none = Attempts::none(person, at);
    let old = load::one::<Attempts>(store, none.key()).await?;
    let before = old.as_ref().map_or(&none, |old| &old.document).clone();
    let write_down = before.has_room();
    let next = if write_down {
        before.with_one()
    } else {
        before.with_more(1)
    };
    let event = write_down.then(|| event(by, at, attempt));
    match &old {
        Some(old) => proposal.replace(old, &next, event.as_ref()),
        None => proposal.create(&next, event.as_ref()),
    }
    Ok(())
}

fn event(by: By, at: Time, attempt: &Attempt) -> Event {
    Event {
        at,
        by,
        what: What::Refused {
            command: attempt.command.clone(),
            codes: attempt.codes.clone(),
            about: attempt.about.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[test]
    fn a_count_is_written_once_a_minute() {
        let tally = Tally::default();
        let at = |ms: i64| Time::from_ms(ms);
        let none = Attempts::none(AccountId::from_bits(1), at(0));
        assert!(!tally.counts(&none, at(0)));
        assert_eq!(tally.due(&none, at(0)), Some(1));
        for _ in 0..4 {
            assert!(tally.counts(&none, at(MINUTE_MS - 1)));
        }
        assert_eq!(tally.due(&none, at(MINUTE_MS - 1)), None);
        assert!(!tally.counts(&none, at(MINUTE_MS)));
        assert_eq!(tally.due(&none, at(MINUTE_MS)), Some(6), "those held too");
        let next = Attempts::none(AccountId::from_bits(1), at(HOUR_MS));
        assert_eq!(tally.due(&next, at(HOUR_MS)), Some(1), "a new hour");
    }

    #[test]
    fn no_more_people_are_remembered_than_there_is_room_for() {
        let tally = Tally::default();
        let of = |n: usize| Attempts::none(AccountId::from_bits(n as u128), Time::from_ms(0));
        for n in 0..MAX_KNOWN {
            assert_eq!(tally.due(&of(n), Time::from_ms(0)), Some(1));
        }
        assert_eq!(tally.due(&of(MAX_KNOWN), Time::from_ms(0)), None);
        let later = Time::from_ms(MINUTE_MS);
        assert_eq!(tally.due(&of(MAX_KNOWN), later), Some(1));
    }
}
