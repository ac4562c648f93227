//! Moments, as milliseconds since the Unix epoch. The clock is read elsewhere; here time is a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds in one minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds in one hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in one day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// How long what has ended is kept for friendly answers, in milliseconds (MAIL §3): 90 days.
pub const KEPT_MS: i64 = 90 * DAY_MS;
/// How long an attempt to sign in and a session are kept after their end, in milliseconds.
pub const SIGN_IN_KEPT_MS: i64 = DAY_MS;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// The moment this many milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }
    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }
    /// This much later (earlier when negative); never wraps.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// From `earlier` to here, in milliseconds.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
    /// As jiff has it; what lies outside its range becomes the epoch.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
    /// For people: `22 November 2026, 10:47 UTC`.
    pub fn for_people(self) -> String {
        self.timestamp()
            .strftime("%-d %B %Y, %H:%M UTC")
            .to_string()
    }
}

/// RFC 3339 in UTC, to the millisecond.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}
