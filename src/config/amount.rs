//! Durations, sizes and storage caps as people write them: `14d`, `90s`, `1TiB`, `500GB`, `none`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::problem::quoted;

/// A text that cannot be read as what it should be; the sentence says how to write it instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub(super) String);

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    ms: u64,
}

impl Span {
    /// A span of that many milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self { ms }
    }

    /// In milliseconds, to be added to a point in time (ms since the Unix epoch).
    pub const fn as_ms(self) -> i64 {
        // Every span in the configuration is bounded far below this; saturating keeps it harmless elsewhere.
        if self.ms > i64::MAX as u64 {
            i64::MAX
        } else {
            self.ms as i64
        }
    }

    /// As the standard library's duration, for timeouts.
    pub const fn as_std(self) -> Duration {
        Duration::from_millis(self.ms)
    }
}

const MS_PER_DAY: u64 = 86_400_000;

/// Largest first, so that a span is shown in the largest unit that holds it whole.
const SPANS: [(u64, &[&str]); 6] = [
    (7 * MS_PER_DAY, &["w", "week", "weeks"]),
    (MS_PER_DAY, &["d", "day", "days"]),
    (3_600_000, &["h", "hour", "hours"]),
    (60_000, &["m", "min", "minute", "minutes"]),
    (1_000, &["s", "sec", "second", "seconds"]),
    (1, &["ms", "millisecond", "milliseconds"]),
];

impl FromStr for Span {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        read(text, |unit| SPANS.iter().find(|(_, names)| names.contains(&unit)).map(|(worth, _)| *worth))
            .map(Self::from_ms)
            .ok_or_else(|| {
                Unreadable(format!(
                    "{} is not a duration; write a number and a unit, such as \"90s\", \"10m\", \"48h\" or \"14d\"",
                    quoted(text)
                ))
            })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Weeks are read but not shown: people count expiry in days.
        for (worth, names) in SPANS.iter().skip(1) {
            if self.ms > 0 && self.ms.is_multiple_of(*worth) {
                return write!(out, "{}{}", self.ms / worth, names.first().unwrap_or(&""));
            }
        }
        write!(out, "{}s", self.ms / 1000)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    bytes: u64,
}

impl Size {
    /// A size of that many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    /// In bytes.
    pub const fn as_bytes(self) -> u64 {
        self.bytes
    }
}

/// Binary before decimal: of two equally short ways to write a size the binary one is shown.
const SIZES: [(u64, &str); 11] = [
    (1 << 50, "PiB"),
    (1 << 40, "TiB"),
    (1 << 30, "GiB"),
    (1 << 20, "MiB"),
    (1 << 10, "KiB"),
    (1_000_000_000_000_000, "PB"),
    (1_000_000_000_000, "TB"),
    (1_000_000_000, "GB"),
    (1_000_000, "MB"),
    (1_000, "kB"),
    (1, "B"),
];

impl FromStr for Size {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        read(text, |unit| SIZES.iter().find(|(_, name)| name.eq_ignore_ascii_case(unit)).map(|(worth, _)| *worth))
            .map(Self::from_bytes)
            .ok_or_else(|| {
                Unreadable(format!(
                    "{} is not a size; write a number and a unit, such as \"4MiB\", \"500GB\" or \"1.5TiB\"",
                    quoted(text)
                ))
            })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortest = SIZES
            .iter()
            .filter(|(worth, _)| self.bytes > 0 && self.bytes.is_multiple_of(*worth))
            .min_by_key(|(worth, _)| self.bytes / worth);
        match shortest {
            Some((worth, name)) => write!(out, "{}{name}", self.bytes / worth),
            None => out.write_str("0B"),
        }
    }
}

/// How much a context may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// Written `none`.
    Unlimited,
    /// This much and no more.
    At(Size),
}

impl Cap {
    /// The cap in bytes, or `None` where there is none.
    pub const fn as_bytes(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::At(size) => Some(size.as_bytes()),
        }
    }
}

impl FromStr for Cap {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text == "none" {
            return Ok(Self::Unlimited);
        }
        match text.parse::<Size>() {
            Ok(size) if size.as_bytes() > 0 => Ok(Self::At(size)),
            Ok(_) => {
                Err(Unreadable("a quota of nothing lets nobody receive anything; write a size such as \"1TiB\", or \"none\" for no cap".into()))
            }
            Err(_) => Err(Unreadable(format!("{} is not a quota; write a size such as \"1TiB\", or \"none\" for no cap", quoted(text)))),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => out.write_str("none"),
            Self::At(size) => size.fmt(out),
        }
    }
}

/// Reads `1.5 TiB` exactly: `None` for an unknown unit, no digits, a sign, a part of the smallest unit, or too much.
fn read(text: &str, worth_of: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || part.is_empty() || part.len() > 9 {
        return None;
    }
    let worth = u128::from(worth_of(unit.trim())?);
    let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let digits = whole
        .parse::<u64>()
        .ok()
        .map(u128::from)?
        .checked_mul(scale)?
        .checked_add(u128::from(part.parse::<u64>().ok()?))?;
    let scaled = digits.checked_mul(worth)?;
    if !scaled.is_multiple_of(scale) {
        return None;
    }
    u64::try_from(scaled / scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them_and_shown_the_same_way() {
        for (text, ms, shown) in [
            ("14d", 14 * MS_PER_DAY, "14d"),
            ("90s", 90_000, "90s"),
            ("10m", 600_000, "10m"),
            ("48h", 2 * MS_PER_DAY, "2d"),
            ("36h", 36 * 3_600_000, "36h"),
            ("1.5h", 5_400_000, "90m"),
            ("2 weeks", 14 * MS_PER_DAY, "14d"),
            ("1 day", MS_PER_DAY, "1d"),
            ("250ms", 250, "250ms"),
            ("0s", 0, "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span, Span::from_ms(ms), "{text}");
            assert_eq!(span.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them_and_shown_the_same_way() {
        for (text, bytes, shown) in [
            ("1TiB", 1 << 40, "1TiB"),
            ("500GB", 500_000_000_000, "500GB"),
            ("1.5 TiB", 3 << 39, "1536GiB"),
            ("4mib", 4 << 20, "4MiB"),
            ("1000 B", 1000, "1kB"),
            ("1024B", 1024, "1KiB"),
            ("0B", 0, "0B"),
            ("16PiB", 16 << 50, "16PiB"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size, Size::from_bytes(bytes), "{text}");
            assert_eq!(size.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "",
            " ",
            "14",
            "d",
            "-5m",
            "+5m",
            "1h30m",
            "0.1ms",
            "1..5h",
            ".5h",
            "5.h",
            "14D",
            "99999999999999999999d",
            "1.0000000001d",
            "½h",
            "5 µs",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in [
            "",
            "1",
            "1K",
            "1T",
            "-1GB",
            "0.3B",
            "18446744073709551616B",
            "20000PiB",
            "GB",
            "none",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        for text in ["0B", "unlimited", "None", "-1"] {
            assert!(text.parse::<Cap>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_amount_survives_being_shown(number: u64) {
            let (span, size) = (Span::from_ms(number), Size::from_bytes(number));
            proptest::prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
            proptest::prop_assert_eq!(size.to_string().parse::<Size>(), Ok(size));
        }

        #[test]
        fn no_text_makes_reading_an_amount_panic(text: String) {
            let _ = text.parse::<Span>();
            let _ = text.parse::<Size>();
            let _ = text.parse::<Cap>();
        }
    }
}
