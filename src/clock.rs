//! The only reader of the time. Everything else is told what time it is, so that a test or a simulation decides.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch. May jump either way when somebody sets the machine's clock.
    fn now(&self) -> i64;

    /// Time since some fixed moment; never goes back. For measuring how long something takes.
    fn elapsed(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct System {
    start: Instant,
}

impl System {
    /// Counts [`Clock::elapsed`] from now on.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the module that reads the time"
    )]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for System {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the module that reads the time"
    )]
    fn now(&self) -> i64 {
        let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => ms(since),
            // A machine without a battery may wake up before 1970.
            Err(before) => -ms(before.duration()),
        }
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub struct Manual {
    now: AtomicI64,
    elapsed: AtomicU64,
}

impl Manual {
    /// Shows that many milliseconds since the Unix epoch.
    pub const fn at(now: i64) -> Self {
        Self {
            now: AtomicI64::new(now),
            elapsed: AtomicU64::new(0),
        }
    }

    /// Somebody sets the clock: the hands jump, but no time passes.
    pub fn set(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.elapsed.fetch_add(ms, Ordering::SeqCst);
        self.now
            .fetch_add(i64::try_from(ms).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for Manual {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst))
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> i64 {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Manual::at(1_000);
        assert_eq!((clock.now(), clock.elapsed()), (1_000, Duration::ZERO));
        clock.advance(Duration::from_secs(5));
        assert_eq!(
            (clock.now(), clock.elapsed()),
            (6_000, Duration::from_secs(5))
        );
        clock.set(0);
        assert_eq!(
            (clock.now(), clock.elapsed()),
            (0, Duration::from_secs(5)),
            "setting it makes no time pass"
        );
    }

    #[test]
    fn the_system_clock_shows_this_century_and_never_goes_back() {
        let clock = System::new();
        let (first, second) = (clock.elapsed(), clock.elapsed());
        assert!(first <= second);
        // 2020-01-01 and 2120-01-01.
        assert!((1_577_836_800_000..4_733_510_400_000).contains(&clock.now()));
    }
}
