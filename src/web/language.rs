//! In which language a page speaks: that of the account whose browser asks; else the one that the browser asks for; else the site's.
//!
//! It holds for the task of one request. Outside of any (the API, the command line, tests of a part) everything is English.

use std::cell::Cell;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::domain::said::Said;
use crate::mail::texts::Language;

use super::{App, auth, catalogue};

/// So many languages of a request are read, and so many bytes of what it says about them. Browsers send four or five.
const MOST_ASKED: usize = 20;
const LONGEST_ASKED: usize = 500;

/// What a request is answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spoken {
    language: Language,
    /// Whether the browser's wish decided, so that another browser is told otherwise.
    asked: bool,
}

tokio::task_local! {
    static SPOKEN: Cell<Spoken>;
}

/// The language of the request that this task answers; none outside of requests for pages.
pub fn of_request() -> Option<Language> {
    SPOKEN.try_with(|spoken| spoken.get().language).ok()
}

/// The same, where something is written in any case.
pub fn now() -> Language {
    of_request().unwrap_or(Language::English)
}

/// A sentence, in the language of the request.
pub fn speak(said: &Said) -> String {
    catalogue::say(said, now())
}

/// A sentence in the language of the request: [`said!`](crate::domain::said) and [`speak`] in one.
macro_rules! say {
    ($($told:tt)*) => {
        $crate::web::language::speak(&$crate::domain::said::said!($($told)*))
    };
}
pub(crate) use say;

/// Answers a request for a page in the language that the browser asks for, until an account says otherwise.
pub async fn spoken<T>(app: &App, headers: &HeaderMap, answer: impl Future<Output = T>) -> T {
    let site = Language::of(&app.site().language);
    let spoken = Spoken {
        language: asked_for(headers, site),
        asked: true,
    };
    SPOKEN.scope(Cell::new(spoken), answer).await
}

/// Goes on in the language of the account whose browser asks, if it is one's.
pub async fn of_account(State(app): State<App>, request: Request, next: Next) -> Response {
    if of_request().is_some() {
        // If the store fails, the page says so itself.
        if let Ok(Some(tag)) = auth::language(&app, request.headers()).await {
            let language = Language::of(&tag);
            let spoken = Spoken {
                language,
                asked: false,
            };
            let _ = SPOKEN.try_with(|here| here.set(spoken));
        }
    }
    next.run(request).await
}

/// Adds to a page what it is written in, and on what that depends.
pub fn tell(headers: &mut HeaderMap) {
    let spoken = SPOKEN.try_with(Cell::get);
    let tag = spoken.map_or(Language::English, |spoken| spoken.language);
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(tag.tag()),
    );
    if spoken.is_ok_and(|spoken| spoken.asked) {
        headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    }
}

/// The language that a browser likes best of those there are (RFC 9110 §12.5.4), or the site's where it says nothing, or likes none.
fn asked_for(headers: &HeaderMap, site: Language) -> Language {
    let all = headers.get_all(header::ACCEPT_LANGUAGE).into_iter();
    let all = all.filter_map(|value| value.to_str().ok());
    let mut ranges = Vec::new();
    for range in all.flat_map(|value| value.get(..LONGEST_ASKED).unwrap_or(value).split(',')) {
        if ranges.len() < MOST_ASKED {
            ranges.extend(range_of(range));
        }
    }
    let liked = |language: Language| {
        let named = ranges
            .iter()
            .filter(|(tag, _)| tag.split('-').next() == Some(language.tag()));
        let any = ranges.iter().filter(|(tag, _)| tag == "*");
        let quality = |(_, quality): &(String, u16)| *quality;
        let named = named.map(quality).max();
        named.or(any.map(quality).max()).unwrap_or(0)
    };
    // Of two that are liked alike the one that is named first, and before that the site's.
    let first = |language: Language| {
        let named = |(tag, _): &(String, u16)| tag.split('-').next() == Some(language.tag());
        ranges.iter().position(named).unwrap_or(usize::MAX)
    };
    let mut best = site;
    for language in Language::ALL {
        let (this, that) = (liked(language), liked(best));
        if this > that || (this == that && this > 0 && first(language) < first(best)) {
            best = language;
        }
    }
    best
}

/// A range and how much it is liked, in thousandths. One that cannot be read is passed over.
fn range_of(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let quality = match parts.next() {
        None => 1_000,
        Some(weight) => {
            let (name, value) = weight.split_once('=')?;
            let is_q = name.trim_end().eq_ignore_ascii_case("q");
            thousandths(value.trim_start()).filter(|_| is_q)?
        }
    };
    Some((tag.to_ascii_lowercase(), quality))
}

/// `1`, `0.8`, `0.825` (RFC 9110 §12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let part: u16 = format!("{part:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_answered_in_the_language_it_likes_best() {
        use Language::{English, German};
        for (asked, site, spoken) in [
            (&["de"][..], English, German),
            (&[], English, English),
            (&[], German, German),
            (&["de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"], English, German),
            (&["en-US,en;q=0.9,de;q=0.8"], German, English),
            (&["DE-ch ; Q=1.000"], English, German),
            (&["en;q=0.5", "de;q=0.6"], English, German),
            // Liked alike: the first.
            (&["de,en"], English, German),
            (&["en,de"], German, English),
            // None of those there are, or all of them alike.
            (&["fr-CA,fr;q=0.9"], German, German),
            (&["fr,*;q=0.1"], German, German),
            (&["*"], English, English),
            (&["en;q=0.1,*;q=0.5"], English, German),
            (&["de;q=0"], German, German),
            (&["de;q=0,en;q=0.1"], German, English),
            // What cannot be read is passed over.
            (&["de;q=2"], English, English),
            (&["de;q=0.1234,,;q=1, ;"], English, English),
            (&["de;level=1"], English, English),
            (&["deutsch"], English, English),
        ] {
            let mut headers = HeaderMap::new();
            for value in asked {
                headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            }
            assert_eq!(asked_for(&headers, site), spoken, "{asked:?}");
        }
    }

    #[test]
    fn what_a_browser_asks_for_is_read_so_far_and_no_further() {
        let many = format!("{}de", "fr,".repeat(MOST_ASKED));
        let long = format!("{},de", "x".repeat(LONGEST_ASKED));
        let odd = "é".repeat(LONGEST_ASKED);
        for value in [many, long, odd] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_LANGUAGE,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
            assert_eq!(asked_for(&headers, Language::English), Language::English);
        }
    }

    #[tokio::test]
    async fn outside_of_a_request_everything_is_english() {
        assert_eq!(of_request(), None);
        assert_eq!(say!(1_234; "{n} file", "{n} files"), "1,234 files");
    }
}
