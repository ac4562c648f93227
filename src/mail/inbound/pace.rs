//! How many messages are taken in a time (MAIL §5, check 2).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Clock;

use super::address::Recipient;
use super::door::{Delivery, Door, Turned};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// So many recipients are remembered at most, at about 100 bytes each; more messages wait until some are forgotten.
const MOST_KNOWN: usize = 200_000;

/// How many messages, each counted once for each of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Of all, in any 60 seconds.
    pub a_minute: usize,
    /// To one recipient, in the 24 hours from the first of them on.
    pub a_day: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            a_minute: 50,
            a_day: 20,
        }
    }
}

/// A door that takes no more than a pace allows; the mail server keeps the others and comes back.
///
/// It is counted in memory: a restart forgets it, and what is turned away or fails is not counted.
pub struct Paced<D> {
    door: D,
    pace: Pace,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When each of the last minute was taken.
    minute: VecDeque<Duration>,
    /// How many each recipient had since the first.
    counts: BTreeMap<Recipient, usize>,
    /// When the first was, oldest first.
    since: VecDeque<(Duration, Recipient)>,
}

impl<D: Door> Paced<D> {
    /// Before this door, by this clock.
    pub fn new(door: D, pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Self {
            door,
            pace,
            clock,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nothing panics while it is held.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts it beforehand, so that sessions side by side cannot pass together.
    fn enter(&self, recipient: &Recipient) -> Result<(), Turned> {
        let now = self.clock.elapsed();
        let mut seen = self.seen();
        seen.forget(now);
        let count = seen.counts.get(recipient).copied();
        let crowded = count.is_none() && seen.counts.len() >= MOST_KNOWN;
        if crowded || seen.minute.len() >= self.pace.a_minute || count >= Some(self.pace.a_day) {
            return Err(Turned::too_many());
        }
        seen.minute.push_back(now);
        if count.is_none() {
            seen.since.push_back((now, recipient.clone()));
        }
        *seen.counts.entry(recipient.clone()).or_default() += 1;
        Ok(())
    }

    /// It was not taken, and we are to blame: a store that fails for an hour must not use up a person's day. Whatever else turns a message
    /// away is counted, or whoever has one address could take everybody's minutes with what is never taken.
    fn leave(&self, recipient: &Recipient) {
        if let Some(count) = self.seen().counts.get_mut(recipient) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Seen {
    fn forget(&mut self, now: Duration) {
        while self
            .minute
            .pop_front_if(|at| now.saturating_sub(*at) >= MINUTE)
            .is_some()
        {}
        while let Some((_, recipient)) = self
            .since
            .pop_front_if(|(at, _)| now.saturating_sub(*at) >= DAY)
        {
            self.counts.remove(&recipient);
        }
    }
}

impl<D: Door> Door for Paced<D> {
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        self.door.knows(recipient)
    }

    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(async move {
            self.enter(delivery.recipient)?;
            let taken = self.door.take(delivery).await;
            if taken.as_ref().is_err_and(Turned::is_our_fault) {
                self.leave(delivery.recipient);
            }
            taken
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::future::{FutureExt as _, ready};

    use super::super::address::Purpose;
    use super::*;
    use crate::clock::Manual;

    #[derive(Default)]
    struct Store(AtomicBool);

    /// What is behind it never takes anything, for a reason that whoever wrote the message can cause.
    struct Undecided;

    impl Door for Undecided {
        fn knows<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
            Box::pin(ready(Ok(())))
        }
        fn take<'a>(&'a self, _: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
            Box::pin(ready(Err(Turned::untold())))
        }
    }

    impl Door for &'static Store {
        fn knows<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
            Box::pin(ready(Ok(())))
        }
        fn take<'a>(&'a self, _: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
            let fails = self.0.load(Ordering::SeqCst);
            Box::pin(ready(if fails { Err(Turned::store()) } else { Ok(()) }))
        }
    }

    fn brought(door: &impl Door, recipient: char) -> Result<(), Turned> {
        let token = recipient.to_string().repeat(32);
        let recipient = Recipient::new(Purpose::Reply, &token).unwrap();
        let delivery = Delivery {
            recipient: &recipient,
            envelope_sender: None,
            raw: b"",
            signed: None,
        };
        door.take(delivery).now_or_never().unwrap()
    }

    #[test]
    fn threat_mail_bombing_what_is_never_taken_uses_up_nobody_elses_minutes() {
        let clock = Arc::new(Manual::at(0));
        let pace = Pace {
            a_minute: 3,
            a_day: 3,
        };
        let door = Paced::new(Undecided, pace, Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..3 {
            assert_eq!(brought(&door, 'a'), Err(Turned::untold()));
        }
        clock.advance(MINUTE);
        for _ in 0..50 {
            assert_eq!(brought(&door, 'a'), Err(Turned::too_many()));
        }
        assert_eq!(brought(&door, 'b'), Err(Turned::untold()), "it came in");
    }

    #[test]
    fn threat_mail_bombing_more_than_the_pace_is_asked_to_come_back() {
        let clock = Arc::new(Manual::at(0));
        let store: &'static Store = Box::leak(Box::default());
        let pace = Pace {
            a_minute: 3,
            a_day: 4,
        };
        let door = Paced::new(store, pace, Arc::clone(&clock) as Arc<dyn Clock>);
        let take = |recipient| brought(&door, recipient);
        let too_many = Err(Turned::too_many());
        for recipient in ['a', 'a', 'b'] {
            assert_eq!(take(recipient), Ok(()));
        }
        assert_eq!(take('c'), too_many, "a fourth in a minute");
        clock.advance(MINUTE);
        store.0.store(true, Ordering::SeqCst);
        assert_eq!(take('a'), Err(Turned::store()), "not counted for the day");
        store.0.store(false, Ordering::SeqCst);
        assert_eq!((take('a'), take('a')), (Ok(()), Ok(())));
        clock.advance(MINUTE);
        assert_eq!((take('a'), take('b')), (too_many.clone(), Ok(())));
        clock.advance(DAY - MINUTE * 3);
        assert_eq!(take('a'), too_many, "the day of the first has not passed");
        clock.advance(MINUTE);
        assert_eq!(take('a'), Ok(()));
        assert_eq!(door.seen().counts.len(), 1, "nothing is kept for ever");
    }
}
