//! Dates as four generations of instruments write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// What a written date says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct When {
    /// The day on the instrument's calendar.
    pub(super) date: Option<Date>,
    /// The instant, only where the instrument wrote its offset: guessing a time zone would put runs hours off.
    pub(super) at: Option<Timestamp>,
}

/// Reads a date: `230912`, `20230912`, `2023-09-12`, `2023-11-08T19:55:57Z`, `9/12/2023 3:43:46 PM`.
///
/// Dates with slashes are written by the instrument's Windows in its own habit, month or day first. `hint`, the day in
/// the run's name, decides where both are possible; without it the month comes first, as the instruments are set up.
pub(super) fn parse(text: &str, hint: Option<Date>) -> When {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        let local = text.get(..10).and_then(|day| day.parse::<Date>().ok());
        return When {
            date: local,
            at: Some(at),
        };
    }
    if let Some(date) = digits(text) {
        return When {
            date: Some(date),
            at: None,
        };
    }
    if text.contains('/') {
        return When {
            date: slashes(text, hint),
            at: None,
        };
    }
    let date = text
        .parse::<Date>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().map(DateTime::date));
    When { date, at: None }
}

/// The day a run's name begins with: six digits (`230912_…`) or eight (`20230912_…`).
pub(super) fn of_run_id(run_id: &str) -> Option<Date> {
    digits(run_id.split('_').next()?)
}

fn digits(text: &str) -> Option<Date> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match text.len() {
        6 => (2000 + number(text, 0, 2)?, text.get(2..)?),
        8 => (number(text, 0, 4)?, text.get(4..)?),
        _ => return None,
    };
    date(year, number(rest, 0, 2)?, number(rest, 2, 4)?)
}

fn slashes(text: &str, hint: Option<Date>) -> Option<Date> {
    let day = text.split_whitespace().next()?;
    let mut parts = day.split('/').map(|part| part.parse::<i16>().ok());
    let (first, second, year) = (parts.next()??, parts.next()??, parts.next()??);
    if first > 31 {
        // 2023/09/12
        return date(first, second, year);
    }
    let year = if year < 100 { 2000 + year } else { year };
    let month_first = date(year, first, second);
    let day_first = date(year, second, first);
    if day_first.is_some() && day_first == hint {
        day_first
    } else {
        month_first.or(day_first)
    }
}

fn number(text: &str, from: usize, to: usize) -> Option<i16> {
    text.get(from..to)?.parse().ok()
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generation_of_instruments_is_understood() {
        let check = |text: &str, hint: &str, date: &str, at: &str| {
            let when = parse(text, of_run_id(hint));
            let shown = |value: Option<String>| value.unwrap_or_default();
            assert_eq!(
                shown(when.date.map(|date| date.to_string())),
                date,
                "{text}"
            );
            assert_eq!(shown(when.at.map(|at| at.to_string())), at, "{text}");
        };
        check("230912", "", "2023-09-12", "");
        check("20230912", "", "2023-09-12", "");
        check("2023-09-12", "", "2023-09-12", "");
        check("2023-09-12T08:00:00", "", "2023-09-12", "");
        check("9/12/2023 3:43:46 PM", "", "2023-09-12", "");
        check("9/12/2023 3:43:46 PM", "230912_A00187", "2023-09-12", "");
        check("12/09/2023 15:43:46", "230912_A00187", "2023-09-12", "");
        check("13/09/2023 15:43:46", "", "2023-09-13", "");
        check("09/13/2023", "", "2023-09-13", "");
        check("2023/09/13", "", "2023-09-13", "");
        check(
            "2023-11-08T19:55:57Z",
            "",
            "2023-11-08",
            "2023-11-08T19:55:57Z",
        );
        check(
            "2023-11-08T16:06:11.5342935+01:00",
            "",
            "2023-11-08",
            "2023-11-08T15:06:11.5342935Z",
        );
        for nonsense in [
            "",
            "yesterday",
            "99/99/2023",
            "231399",
            "1/2",
            "/",
            "2023-13-01",
            "9999999/1/1",
            "٢٣٠٩١٢",
        ] {
            check(nonsense, "", "", "");
        }
    }
}
