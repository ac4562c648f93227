//! Sizes, moments and lifetimes as people write and read them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(super) use crate::size::size;
use crate::wire::KeepAccess;

/// What an item comes to: a size, or the biosamples of a project whose files are still those of its run: `3 biosamples`.
pub(super) fn amount(bytes: u64, biosamples: Option<u32>) -> String {
    match biosamples {
        Some(biosamples) if bytes == 0 => counted(biosamples.into(), "biosample", "biosamples"),
        _ => size(bytes),
    }
}

/// A count with thin groups of three: `991,227`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 file`, `2 files`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Shows the API's moments in somebody's time zone, seen from now.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    now: Timestamp,
    zone: TimeZone,
}

impl Moments {
    /// Seen from this many milliseconds after the epoch.
    pub(super) fn new(now_ms: i64, zone: TimeZone) -> Self {
        Self {
            now: Timestamp::from_millisecond(now_ms).unwrap_or_default(),
            zone,
        }
    }

    /// For a column: `2026-11-22 (3 days ago)`.
    pub(super) fn short(&self, moment: &str) -> String {
        self.shown(moment, "%Y-%m-%d")
    }

    /// For a line of its own: `2026-11-22 10:47 UTC (3 days ago)`.
    pub(super) fn full(&self, moment: &str) -> String {
        self.shown(moment, "%Y-%m-%d %H:%M %Z")
    }

    /// For a history: `2026-11-22 10:47:03`.
    pub(super) fn exact(&self, moment: &str) -> String {
        let Ok(at) = moment.parse::<Timestamp>() else {
            return super::text::printable(moment);
        };
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn shown(&self, moment: &str, form: &str) -> String {
        let Ok(at) = moment.parse::<Timestamp>() else {
            return super::text::printable(moment);
        };
        let day = at.to_zoned(self.zone.clone()).strftime(form).to_string();
        format!("{day} ({})", relative(at.as_second(), self.now.as_second()))
    }
}

fn relative(at: i64, now: i64) -> String {
    let apart = at.saturating_sub(now);
    let seconds = apart.unsigned_abs();
    let (number, unit) = match seconds {
        0..60 => return "now".to_owned(),
        60..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        172_800..63_072_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_536_000, "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if apart > 0 {
        format!("in {number} {unit}{plural}")
    } else {
        format!("{number} {unit}{plural} ago")
    }
}

/// `14d`, `4w` or a bare number of days.
pub(super) fn days(text: &str) -> Result<u32, String> {
    let text = text.trim();
    let (digits, factor) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 7),
        (None, None) => (text, 1),
    };
    let wrong = || "write a number of days or weeks, such as 14d or 4w".to_owned();
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    let days = number.checked_mul(factor).ok_or_else(wrong)?;
    if (1..=90).contains(&days) {
        Ok(days)
    } else {
        Err(format!("{days} days is outside of 1 to 90"))
    }
}

/// `2027-03-31` (to the end of that day in UTC), or a moment of RFC 3339.
pub(super) fn end(text: &str) -> Result<String, String> {
    match text.parse::<Date>() {
        // A moment parses as a date too, so its time must not be lost.
        Ok(day) if text.len() == "2027-03-31".len() => Ok(format!("{day}T23:59:59Z")),
        _ => match text.parse::<Timestamp>() {
            Ok(moment) => Ok(moment.to_string()),
            Err(_) => Err("write a day such as 2027-03-31, or a moment".to_owned()),
        },
    }
}

/// The same, or `revoked`.
pub(super) fn end_or_revoked(text: &str) -> Result<String, String> {
    if text == "revoked" {
        return Ok(text.to_owned());
    }
    end(text).map_err(|_| "write a day such as 2027-03-31, a moment, or revoked".to_owned())
}

/// `none`, `read`, `read:2027-03-31` (to the end of that day in UTC) or `read:` and a moment of RFC 3339.
pub(super) fn keep_access(text: &str) -> Result<KeepAccess, String> {
    let wrong = || "write none, read, or read:DATE such as read:2027-03-31".to_owned();
    let (level, until) = match text.split_once(':') {
        Some((level, until)) => (level, Some(until)),
        None => (text, None),
    };
    let until = match (level, until) {
        ("none" | "read", None) => None,
        ("read", Some(until)) => Some(end(until).map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    Ok(KeepAccess {
        level: level.to_owned(),
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_have_their_noun() {
        assert_eq!(count(991_227), "991,227");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }

    #[test]
    fn moments_are_shown_in_the_zone_and_from_now() {
        let moments = Moments::new(1_795_344_420_000, TimeZone::UTC);
        let cases = [
            ("2026-11-22T10:47:00Z", "2026-11-22 10:47 UTC (now)"),
            (
                "2026-11-22T09:46:00Z",
                "2026-11-22 09:46 UTC (61 minutes ago)",
            ),
            ("2026-11-20T10:46:00Z", "2026-11-20 10:46 UTC (2 days ago)"),
            ("2026-12-06T10:47:00Z", "2026-12-06 10:47 UTC (in 14 days)"),
            ("2016-12-06T10:47:00Z", "2016-12-06 10:47 UTC (9 years ago)"),
            ("not\u{1b}[31m a moment", "not\u{fffd}[31m a moment"),
        ];
        for (moment, shown) in cases {
            assert_eq!(moments.full(moment), shown);
        }
        assert_eq!(
            moments.short("2026-11-21T10:47:00Z"),
            "2026-11-21 (24 hours ago)"
        );
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let there = Moments::new(1_795_344_420_000, zone);
        assert_eq!(
            there.exact("2026-11-22T23:30:00.123Z"),
            "2026-11-23 00:30:00"
        );
    }

    #[test]
    fn lifetimes_and_kept_access_are_read() {
        for (text, read) in [("14d", 14), ("2w", 14), ("90", 90), (" 1d ", 1)] {
            assert_eq!(days(text), Ok(read), "{text}");
        }
        for text in [
            "0d",
            "91d",
            "14h",
            "",
            "-1d",
            "d",
            "99999999999w",
            "4000000000w",
        ] {
            assert!(days(text).is_err(), "{text}");
        }
        let kept = |text| keep_access(text).map(|kept| (kept.level, kept.until));
        let cases = [
            ("none", "none", None),
            ("read", "read", None),
            ("read:2027-03-31", "read", Some("2027-03-31T23:59:59Z")),
            (
                "read:2027-03-31T12:00:00+02:00",
                "read",
                Some("2027-03-31T10:00:00Z"),
            ),
        ];
        for (text, level, until) in cases {
            let until = until.map(str::to_owned);
            assert_eq!(kept(text), Ok((level.to_owned(), until)), "{text}");
        }
        for text in [
            "write",
            "none:2027-03-31",
            "read:",
            "read:tomorrow",
            "read:2027-02-30",
            "",
        ] {
            assert!(kept(text).is_err(), "{text}");
        }
    }
}
