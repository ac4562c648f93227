//! What letters tell: facts of an invitation, of a sign-in, of what happened in a workgroup, already made harmless. No sentence stands
//! here; sentences are the catalogue's.

use crate::domain::account::SignIn;
use crate::domain::address::Address;
use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, Recipient, State, Terms};
use crate::domain::letter::{Kind, Letter, News, Subject};
use crate::domain::rights::Level;
use crate::domain::time::Time;

use super::texts::{Facts, Language};
use super::{Site, defuse};

/// So many items and new names stand in a letter; the rest are counted.
pub const SHOWN: usize = 10;
/// So many characters of a name stand in a subject.
const NAME_IN_SUBJECT: usize = 40;

/// What every letter tells.
pub fn frame(letter: &Letter, site: &Site) -> Facts {
    Facts::default()
        .with("site", defuse::line(&site.name))
        .with("home", home(site))
        .with("to", address(&letter.to))
}

/// Where the site's pages are.
pub fn home(site: &Site) -> String {
    site.public_url.trim_end_matches('/').to_owned()
}

/// What a letter with a code tells.
pub fn code(letter: &Letter, sign_in: &SignIn, site: &Site, language: Language) -> Facts {
    frame(letter, site).with("expires", date(sign_in.expires_at, language))
}

/// What a letter about something that happened tells.
pub fn news(letter: &Letter, news: &News, site: &Site, language: Language) -> Facts {
    let facts = frame(letter, site).with("at", date(letter.created_at, language));
    let workgroup = |facts: Facts, name: &str| {
        facts
            .with("workgroup", named(name))
            .with("workgroup-short", short(name))
    };
    let who = |facts: Facts, name: &str, of: &Address| {
        facts
            .with("who", named(name))
            .with("who-short", short(name))
            .with("address", address(of))
    };
    let way = |facts: Facts, from: &str, into: &str| {
        facts
            .with("from", named(from))
            .with("from-short", short(from))
            .with("into", named(into))
            .with("into-short", short(into))
    };
    match news {
        News::Joined {
            workgroup: name,
            who: person,
            address,
            role,
        } => who(workgroup(facts, name), person, address).with("role", role.word()),
        News::RoleChanged {
            workgroup: name,
            by,
            role,
        } => workgroup(facts, name)
            .with("by", named(by))
            .with("role", role.word()),
        News::Removed {
            workgroup: name,
            by,
        }
        | News::Closed {
            workgroup: name,
            by,
        } => workgroup(facts, name).with("by", named(by)),
        News::LinkAccepted {
            item,
            who: person,
            address,
            into,
            level,
        } => who(facts, person, address)
            .with("item", named(item))
            .with("item-short", short(item))
            .with("into", named(into))
            .with("level", level_word(*level))
            .with("kind", kind_of(letter.subject)),
        News::MoveProposed { from, into, by, .. } => way(facts, from, into).with("by", named(by)),
        News::MoveApproved {
            from,
            into,
            by,
            proposer,
        } => way(facts, from, into)
            .with("by", named(by))
            .with("proposer", named(proposer)),
    }
}

fn kind_of(subject: Subject) -> &'static str {
    match subject {
        Subject::Access(item) => item.kind().word(),
        _ => "project",
    }
}

/// What a letter about an invitation tells.
pub fn invitation(letter: &Letter, told: &Invitation, site: &Site, language: Language) -> Facts {
    let mut facts = frame(letter, site);
    let sender = named(&told.sender.name);
    facts.set("sender-short", short(&sender));
    facts.set("sender", sender);
    facts.set("sender-address", address(&told.sender.address));
    facts.set("source", named(&told.source_name));
    facts.set("source-short", short(&told.source_name));
    facts.set(
        "source-kind",
        match told.source {
            Context::Workgroup(_) => "workgroup",
            Context::Personal(_) => "personal",
        },
    );
    let (kind, recipient) = match &told.recipient {
        Recipient::Address(to) => ("address", address(to)),
        Recipient::Workgroup { handle, .. } => ("workgroup", defuse::line(handle)),
    };
    facts.set("recipient-kind", kind);
    facts.set("recipient", recipient);
    let first = told.items.first().map_or("", |first| first.name.as_str());
    facts.set("first", short(first));
    facts.set("count", told.items.len());
    facts.set("others", told.items.len().saturating_sub(1));
    facts.set("size", size(told.bytes(), language));
    facts.set("sized", word(told.bytes() > 0));
    facts.set("projects", word(told.holds_project()));
    facts.set("expires", date(told.expires_at, language));
    let again = matches!(letter.says, Kind::Offer { again: true, .. });
    facts.set("again", word(again));
    let pages = match told.id.is_transfer() {
        true => "transfers",
        false => "invitations",
    };
    facts.set(
        "receipt",
        format!("{}/{pages}/{}/receipt", home(site), told.id),
    );
    terms(&mut facts, told, language);
    end(&mut facts, &told.state, language);
    facts
}

fn terms(facts: &mut Facts, told: &Invitation, language: Language) {
    let kind = match told.terms {
        Terms::Ownership { .. } => "transfer",
        Terms::Access { .. } => "share",
        Terms::Membership { .. } | Terms::Workgroup => "workgroup",
    };
    facts.set("terms", kind);
    let until = |until: Option<Time>| until.map(|at| date(at, language)).unwrap_or_default();
    let (keeps, keeps_until) = match told.terms.keep_access() {
        KeepAccess::None => ("none", String::new()),
        KeepAccess::Read { until: None } => ("read", String::new()),
        KeepAccess::Read { until: end } => ("until", until(end)),
    };
    facts.set("keeps", keeps);
    facts.set("keeps-until", keeps_until);
    let (level, end) = match told.terms {
        Terms::Access { level, until } => (level, until),
        Terms::Ownership { .. } | Terms::Membership { .. } | Terms::Workgroup => {
            (Level::Read, None)
        }
    };
    facts.set("level", level_word(level));
    facts.set("access", if end.is_some() { "until" } else { "open" });
    facts.set("access-until", until(end));
    let role = match told.terms {
        Terms::Membership { role } => role.word(),
        Terms::Ownership { .. } | Terms::Access { .. } | Terms::Workgroup => "",
    };
    facts.set("role", role);
    facts.set("hands-over", word(told.terms == Terms::Workgroup));
}

/// How it ended. What a state does not have is empty.
fn end(facts: &mut Facts, state: &State, language: Language) {
    facts.set(
        "into-kind",
        match state {
            State::Accepted {
                into: Context::Workgroup(_),
                ..
            } => "workgroup",
            _ => "personal",
        },
    );
    let (state, at, into, replaced) = match state {
        State::Requested | State::Pending { .. } => ("other", None, "", false),
        State::Accepted { at, into_name, .. } => ("accepted", Some(*at), into_name.as_str(), false),
        State::Declined { at, .. } => ("declined", Some(*at), "", false),
        State::Cancelled {
            at, replaced_by, ..
        } => ("cancelled", Some(*at), "", replaced_by.is_some()),
        State::Expired { at } => ("expired", Some(*at), "", false),
    };
    facts.set("state", state);
    facts.set("at", at.map(|at| date(at, language)).unwrap_or_default());
    facts.set("into", named(into));
    facts.set("into-short", short(into));
    facts.set("replaced", word(replaced));
}

/// What a line about each of the first items tells.
pub fn items(told: &Invitation, language: Language) -> Vec<Facts> {
    let item = |offered: &crate::domain::invitation::Offered| {
        let bare = offered.bytes == 0 && offered.files == 0;
        let (holds, samples, libraries) = match offered.holds {
            Some(holds) if bare => ("records", holds.biosamples, holds.libraries),
            Some(holds) => ("both", holds.biosamples, holds.libraries),
            None if bare && offered.item.kind() == ItemKind::Project => ("nothing", 0, 0),
            None => ("files", 0, 0),
        };
        Facts::default()
            .with("kind", offered.item.kind().word())
            .with("name", named(&offered.name))
            .with("size", size(offered.bytes, language))
            .with("files", offered.files)
            .with("holds", holds)
            .with("biosamples", samples)
            .with("libraries", libraries)
    };
    told.items.iter().take(SHOWN).map(item).collect()
}

/// The first items that got another name, and how many there are.
pub fn renamed(told: &Invitation) -> (Vec<Facts>, usize) {
    let State::Accepted { renamed, .. } = &told.state else {
        return (Vec::new(), 0);
    };
    let before = |id: &ItemId| {
        let offered = told.items.iter().find(|offered| offered.item == *id);
        named(offered.map_or("", |offered| offered.name.as_str()))
    };
    let pair = |(id, now): (&ItemId, &String)| {
        Facts::default()
            .with("before", before(id))
            .with("now", named(now))
    };
    let first = renamed.iter().take(SHOWN).map(pair).collect();
    (first, renamed.len())
}

pub const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Read => "read",
        Level::Write | Level::Own => "write",
    }
}

const fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// An address as people see it: addresses may hold letters of any script, so what deceives is left out here too.
pub fn address(address: &Address) -> String {
    defuse::line(address.as_str())
}

/// A name; one of which nothing harmless is left is a dash, so that no sentence has a hole.
pub fn named(name: &str) -> String {
    let name = defuse::line(name);
    if name.is_empty() {
        "–".to_owned()
    } else {
        name
    }
}

/// A name as it stands in a subject.
pub fn short(name: &str) -> String {
    defuse::short(&named(name), NAME_IN_SUBJECT)
}

/// A moment, in the words of the language.
pub fn date(at: Time, language: Language) -> String {
    let english = at.for_people();
    match language {
        Language::English => english,
        Language::German => german(&english),
    }
}

/// `22 November 2026, 10:47 UTC` → `22. November 2026, 10:47 UTC`.
fn german(english: &str) -> String {
    const MONTHS: [(&str, &str); 7] = [
        ("January", "Januar"),
        ("February", "Februar"),
        ("March", "März"),
        ("May", "Mai"),
        ("June", "Juni"),
        ("July", "Juli"),
        ("October", "Oktober"),
    ];
    let (day, rest) = english.split_once(' ').unwrap_or(("", english));
    let (month, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let month = MONTHS
        .iter()
        .find(|(name, _)| *name == month)
        .map_or(month, |(_, name)| name)
        .replace("December", "Dezember");
    format!("{day}. {month} {rest}")
}

/// An amount, with the language's decimal mark.
pub fn size(bytes: u64, language: Language) -> String {
    let english = crate::size::size(bytes);
    match language {
        Language::English => english,
        Language::German => english.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_sizes_are_written_in_the_language() {
        let at = Time::from_ms(1_795_344_420_000);
        assert_eq!(date(at, Language::German), "22. November 2026, 10:47 UTC");
        let december = Time::from_ms(1_765_000_000_000);
        assert_eq!(
            date(december, Language::German),
            "6. Dezember 2025, 05:46 UTC"
        );
        let march = Time::from_ms(1_772_500_000_000);
        assert_eq!(date(march, Language::German), "3. März 2026, 01:06 UTC");
        assert_eq!(size(1536, Language::German), "1,50 KiB");
    }
}
