//! How pages say things: moments, sizes, what an item comes to.

mod letters;
mod rows;
mod storage;
mod text;

use crate::actors::queries::Own;
use crate::domain::id::{Context, InvitationId, ItemId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, Offered, Terms};
use crate::domain::item::{Holds, Item};
use crate::domain::policy::{Creators, Domain, Tier};
use crate::domain::rights::Level;
use crate::domain::said::{Said, Size, Tell, said};
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::web::catalogue;
use crate::web::language::{self, say, speak};

pub use letters::{Posted, posted};
pub use rows::{List, Row};
pub use storage::{Storage, storage};
pub use text::{in_address, is_plain, line, plain, short};

/// A moment, for programs and for people.
pub struct Moment {
    pub machine: String,
    pub people: String,
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self {
            machine: time.to_string(),
            people: date(time),
        }
    }
}

/// A moment, for people alone.
pub fn date(time: Time) -> String {
    crate::mail::date(time, language::now())
}

/// An amount of data.
pub fn size(bytes: u64) -> String {
    crate::mail::size(bytes, language::now())
}

/// How long it is until then, roughly: `13 days left`. `None` when it is over.
pub fn left(until: Time, now: Time) -> Option<String> {
    let ms = until.since_ms(now);
    match ms {
        ..=0 => None,
        1..HOUR_MS => Some(say!("less than an hour left")),
        _ if ms < 2 * DAY_MS => Some(say!(ms / HOUR_MS; "{n} hour left", "{n} hours left")),
        // What was just given two weeks has two weeks.
        _ => Some(say!((ms + DAY_MS / 2) / DAY_MS; "{n} day left", "{n} days left")),
    }
}

/// `1 file`, `3 files`, `991,227 files`.
pub fn files(n: impl Tell) -> String {
    say!(n; "{n} file", "{n} files")
}

/// What an item comes to: `1.20 GiB, 3 files`. What was sequenced counts with its run, so that of a project it is first of all
/// what it holds: `3 biosamples, 6 libraries`.
pub fn amount(kind: ItemKind, bytes: u64, files_in: u64, holds: Option<Holds>) -> String {
    let own = || {
        say!(
            "{size}, {files}",
            size = Size(bytes),
            files = files(files_in)
        )
    };
    let bare = bytes == 0 && files_in == 0;
    match (kind, holds) {
        (ItemKind::Project, Some(holds)) if bare => speak(&held(holds)),
        (ItemKind::Project, Some(holds)) => say!("{held}; {own}", held = held(holds), own = own()),
        (ItemKind::Project, None) if bare => say!("no files of its own"),
        (ItemKind::Run | ItemKind::Project, _) => own(),
    }
}

/// The same of an item as it is.
pub fn amount_of(item: &Item) -> String {
    amount(item.id.kind(), item.bytes, item.files, item.holds())
}

/// `3 biosamples, 6 libraries`.
pub fn held(holds: Holds) -> Said {
    said!(
        "{biosamples}, {libraries}",
        biosamples = said!(holds.biosamples; "{n} biosample", "{n} biosamples"),
        libraries = said!(holds.libraries; "{n} library", "{n} libraries")
    )
}

/// The size of an item in a table; a project without files of its own has none: what was sequenced counts with its run.
pub fn size_of(item: &Item) -> String {
    match (item.id.kind(), item.bytes) {
        (ItemKind::Project, 0) => say!("no files" as "a size"),
        (ItemKind::Run | ItemKind::Project, bytes) => size(bytes),
    }
}

/// Something and how large it is, if it has a size at all.
pub fn sized(what: String, bytes: u64) -> String {
    match bytes {
        0 => what,
        _ => say!("{what}, {size}", what, size = Size(bytes)),
    }
}

/// The same of runs and projects.
pub fn items(n: impl Tell) -> String {
    say!(n; "{n} item", "{n} items")
}

/// The same of one of both kinds.
pub fn of_kind(n: impl Tell, kind: ItemKind) -> String {
    match kind {
        ItemKind::Run => say!(n; "{n} run", "{n} runs"),
        ItemKind::Project => say!(n; "{n} project", "{n} projects"),
    }
}

/// `991,227`.
pub fn grouped(n: u64) -> String {
    catalogue::tell(&n.fact(), language::now())
}

/// `2 runs and 5 projects`.
pub fn what(items: &[Offered]) -> String {
    let of = |kind: ItemKind| items.iter().filter(|i| i.item.kind() == kind).count();
    runs_and_projects(of(ItemKind::Run), of(ItemKind::Project))
}

/// The same, of so many.
pub fn runs_and_projects(runs: usize, projects: usize) -> String {
    match (runs, projects) {
        (0, n) => of_kind(n, ItemKind::Project),
        (n, 0) => of_kind(n, ItemKind::Run),
        (runs, projects) => say!(
            "{runs} and {projects}",
            runs = of_kind(runs, ItemKind::Run),
            projects = of_kind(projects, ItemKind::Project)
        ),
    }
}

/// What an invitation is about: `2 runs`, `“TechSupport”`.
pub fn about(invitation: &Invitation) -> String {
    match invitation.terms {
        Terms::Ownership { .. } | Terms::Access { .. } => what(&invitation.items),
        Terms::Membership { .. } | Terms::Workgroup => quoted(&invitation.source_name),
    }
}

/// The same by the name of the first item, as the subjects of letters have it, so that offers to the same person can be told apart.
pub fn named(invitation: &Invitation) -> String {
    match invitation.items.as_slice() {
        [] => about(invitation),
        [one] => quoted(&one.name),
        [first, others @ ..] => say!(
            others.len(); "“{name}” and {n} other", "“{name}” and {n} others", name = short(&first.name)
        ),
    }
}

/// A name between quotes.
pub fn quoted(name: &str) -> String {
    say!("“{name}”", name = short(name))
}

/// What a program calls the state of an invitation, as people say it.
pub fn standing(word: &str) -> String {
    match word {
        "requested" => say!("waits for analyses to end"),
        "pending" => say!("pending"),
        "accepted" => say!("accepted"),
        "declined" => say!("declined"),
        "cancelled" => say!("cancelled"),
        "expired" => say!("expired"),
        other => short(other),
    }
}

/// Where the pages of an invitation are.
pub fn place(id: InvitationId) -> String {
    match id.is_transfer() {
        true => format!("/transfers/{id}"),
        false => format!("/invitations/{id}"),
    }
}

/// The page of what has this id, if it is one.
pub fn page_of(id: &str) -> Option<String> {
    let item = || id.parse().map(|id: ItemId| format!("/items/{id}"));
    id.parse().map(place).or_else(|_| item()).ok()
}

/// How much an access lets somebody do, for people.
pub fn may(level: Level) -> String {
    match level {
        Level::Read => say!("read" as "what one may do"),
        Level::Write | Level::Own => say!("read and write" as "what one may do"),
    }
}

/// What the sender's context keeps, for people.
pub fn keeps(keep: KeepAccess) -> String {
    match keep {
        KeepAccess::None => say!("nothing, not even sight of it"),
        KeepAccess::Read { until: None } => say!("read access, until it is revoked"),
        KeepAccess::Read { until: Some(until) } => say!("read access, until {until}", until),
    }
}

/// What a tier is, in a few words, for a context that has this cap: `basic: up to 1.00 TiB, no workgroups of its own`.
pub fn tier(tier: Tier, cap: Option<u64>, creators: Creators) -> String {
    let alone = tier == Tier::Basic && creators == Creators::Professional;
    let tier = tier.word();
    match (cap.map(Size), alone) {
        (Some(cap), true) => say!("{tier}: up to {cap}, no workgroups of its own", tier, cap),
        (Some(cap), false) => say!("{tier}: up to {cap}", tier, cap),
        (None, true) => say!("{tier}: no storage limit, no workgroups of its own", tier),
        (None, false) => say!("{tier}: no storage limit", tier),
    }
}

/// What it means to live in this domain.
pub fn domain(name: &str) -> String {
    match Domain::named(name).is_public() {
        true => say!("public: for everybody who belongs to no private domain"),
        false => say!(
            "{name}: private, its data stay within it",
            name = short(name)
        ),
    }
}

/// How often something was done.
pub fn times(n: u32) -> String {
    match n {
        0 => say!("by nobody yet"),
        n => say!(n; "once", "{n} times"),
    }
}

/// How long an access lasts.
pub fn until_when(until: Option<Time>) -> String {
    match until {
        Some(until) => say!("until {until}", until),
        None => say!("until it is revoked"),
    }
}

/// What a context is called where one's own is meant.
pub fn context_name(context: Context, name: &str) -> String {
    match context {
        Context::Personal(_) => say!("Personal"),
        Context::Workgroup(_) => short(name),
    }
}

/// What somebody is in a context of theirs, where that is worth a word.
pub fn role(context: Context, own: &Own) -> Option<String> {
    match context {
        Context::Personal(_) => None,
        Context::Workgroup(_) => Some(language::speak(&own.role.said())),
    }
}

/// The name of the source beside the sender's, when it says more than the sender's own.
pub fn source_name(transfer: &Invitation) -> Option<String> {
    let own = transfer.source == Context::Personal(transfer.sender.account);
    (!own).then(|| plain(&transfer.source_name))
}

/// Whether it is a run or a project.
pub fn kind(kind: ItemKind) -> String {
    language::speak(&kind.said())
}

/// A name and a value.
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// Puts them together.
pub fn fact(name: impl Into<String>, value: impl Into<String>) -> Fact {
    Fact {
        name: name.into(),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_are_written_for_people() {
        for (n, text) in [(1, "1 file"), (0, "0 files"), (991_227, "991,227 files")] {
            assert_eq!(files(n), text);
        }
        let now = Time::from_ms(0);
        for (ms, text) in [
            (-1, None),
            (1, Some("less than an hour left")),
            (HOUR_MS, Some("1 hour left")),
            (47 * HOUR_MS, Some("47 hours left")),
            (2 * DAY_MS, Some("2 days left")),
            (14 * DAY_MS - 1, Some("14 days left")),
            (14 * DAY_MS, Some("14 days left")),
        ] {
            assert_eq!(left(Time::from_ms(ms), now).as_deref(), text);
        }
    }

    #[test]
    fn a_project_comes_to_what_it_holds() {
        let some = Some(Holds {
            biosamples: 3,
            libraries: 1,
        });
        for (kind, files, holds, text) in [
            (ItemKind::Run, 2, None, "2.00 KiB, 2 files"),
            (ItemKind::Run, 0, None, "0 B, 0 files"),
            (ItemKind::Project, 0, some, "3 biosamples, 1 library"),
            (
                ItemKind::Project,
                1,
                some,
                "3 biosamples, 1 library; 1.00 KiB, 1 file",
            ),
            (ItemKind::Project, 1, None, "1.00 KiB, 1 file"),
            (ItemKind::Project, 0, None, "no files of its own"),
        ] {
            assert_eq!(amount(kind, 1024 * files, files, holds), text);
        }
    }
}
