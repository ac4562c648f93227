//! Journals, letters' states and access, as tables.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Access, Event};

use super::amounts::Moments;
use super::table::{Fit, Table, column};

/// A journal, oldest first.
pub(super) fn history(events: Vec<Event>, moments: &Moments) -> Table<4> {
    let mut table = Table::new([
        column("WHEN", Fit::Keeps),
        column("WHAT", Fit::Shrinks),
        column("THROUGH", Fit::Keeps),
        column("WHO", Fit::Drops),
    ]);
    for event in events {
        let who = event.person.as_deref();
        let who = who.map_or_else(|| "the server".to_owned(), |id| called(id, &event.names));
        table.row([
            moments.exact(&event.at).into(),
            told(&event.what, &event.names, moments).into(),
            event.channel.into(),
            who.into(),
        ]);
    }
    table
}

/// Who was granted access.
pub(super) fn access(access: Vec<Access>, moments: &Moments) -> Table<4> {
    let mut table = Table::new([
        column("CONTEXT", Fit::Keeps),
        column("MAY", Fit::Keeps),
        column("SINCE", Fit::Drops),
        column("UNTIL", Fit::Keeps),
    ]);
    for grant in access {
        let until = grant.until.map(|until| moments.short(&until));
        table.row([
            grant.context.into(),
            grant.level.into(),
            moments.short(&grant.since).into(),
            until.unwrap_or_else(|| "no end".to_owned()).into(),
        ]);
    }
    table
}

/// `The lab (wg_1)`; an id alone where nothing is known of it.
pub(super) fn called(id: &str, names: &BTreeMap<String, String>) -> String {
    match names.get(id) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_owned(),
    }
}

/// `{"what": "accepted", "into": "wg_1"}` as `accepted, into The lab (wg_1)`. New kinds of events are told as well as known ones.
pub(super) fn told(what: &Value, names: &BTreeMap<String, String>, moments: &Moments) -> String {
    let Value::Object(fields) = what else {
        return word(what, names, moments);
    };
    let mut said = Vec::new();
    said.extend(
        fields
            .get("what")
            .map(|kind| word(kind, names, moments).replace('-', " ")),
    );
    for (name, value) in fields.iter().filter(|(name, _)| *name != "what") {
        said.push(match name.as_str() {
            "how" => word(value, names, moments),
            _ => format!("{} {}", name.replace('_', " "), word(value, names, moments)),
        });
    }
    said.join(", ")
}

fn word(value: &Value, names: &BTreeMap<String, String>, moments: &Moments) -> String {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => moments.exact(text),
        Value::String(text) => called(text, names),
        Value::Array(values) => {
            let words: Vec<String> = values
                .iter()
                .map(|value| word(value, names, moments))
                .collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_told_in_words() {
        let moments = Moments::new(0, jiff::tz::TimeZone::UTC);
        let names = BTreeMap::from([("wg_1".to_owned(), "The lab".to_owned())]);
        let cases = [
            (
                json!({"what": "accepted", "into": "wg_1"}),
                "accepted, into The lab (wg_1)",
            ),
            (
                json!({"what": "offer-ended", "transfer": "tr_1", "how": "declined"}),
                "offer ended, declined, transfer tr_1",
            ),
            (
                json!({"what": "extended", "expires_at": "2026-12-06T10:47:00Z"}),
                "extended, expires at 2026-12-06 10:47:00",
            ),
            (json!("pending"), "pending"),
            (json!({"what": "registered"}), "registered"),
        ];
        for (what, words) in cases {
            assert_eq!(told(&what, &names, &moments), words);
        }
    }
}
