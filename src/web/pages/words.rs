//! How pages say things: moments, sizes, storage. Text that people wrote is shown, never obeyed.

use crate::actors::queries::Own;
use crate::domain::id::{Context, InvitationId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, Offered, Terms};
use crate::domain::item::{Holds, Item};
use crate::domain::letter::{self, Letter, Side};
use crate::domain::policy::{Creators, Domain, Tier};
use crate::domain::rights::Level;
use crate::domain::said::{Said, Size, Tell, said};
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::web::catalogue;
use crate::web::language::{self, say, speak};

/// Names in lists are cut to this many characters, so that a page stays below 100 KB whatever it lists.
const SHORT: usize = 100;
/// At most this many items, for the same reason.
const ITEMS: usize = 50;

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

/// The size of an item in a table; a project without files of its own has none.
pub fn size_of(item: &Item) -> String {
    match (item.id.kind(), item.bytes) {
        (ItemKind::Project, 0) => "–".to_owned(),
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

/// What somebody wrote, without characters that would change how the text around it is read: controls and directional overrides.
/// (Mark-up is escaped by the templates.)
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| is_plain(*c)).collect()
}

/// Whether a character leaves the text around it as it is.
pub fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    !turns && (!c.is_control() || matches!(c, '\n' | '\t'))
}

/// The same for lists, cut to a length that a line bears.
pub fn short(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= SHORT {
        return text;
    }
    let mut cut: String = text.chars().take(SHORT - 1).collect();
    cut.push('…');
    cut
}

/// The beginning of several lines, as one.
pub fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    short(&words.join(" "))
}

/// A text as part of an address, with what stands for something else there written as its bytes.
pub fn in_address(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(&byte) {
            true => address.push(char::from(byte)),
            false => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
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

/// How full a context is: with `more`, what it would be after that many bytes came in. What is free afterwards is said where the
/// bytes are a hundredth of what is free, or more; else the figures would differ by nothing but how they are rounded.
pub fn storage(quota: Option<u64>, usage: u64, more: Option<u64>) -> String {
    let free = |used: u64, quota: u64| Size(quota.saturating_sub(used));
    match (quota, more.filter(|more| *more > 0)) {
        (Some(quota), Some(more)) => {
            let (now, all) = (free(usage, quota), Size(quota));
            let after = usage.saturating_add(more);
            if after > quota {
                say!("{now} of {all} free now, too little", now, all)
            } else if more >= now.0 / 100 {
                say!(
                    "{now} free of {all}; this takes {more}, {after} stay free",
                    now,
                    all,
                    more = Size(more),
                    after = free(after, quota)
                )
            } else {
                say!(
                    "{now} free of {all}; this takes {more}",
                    now,
                    all,
                    more = Size(more)
                )
            }
        }
        (Some(quota), None) => say!(
            "{now} of {all} free",
            now = free(usage, quota),
            all = Size(quota)
        ),
        (None, Some(more)) => say!(
            "no storage limit; holds {now}, this takes {more}",
            now = Size(usage),
            more = Size(more)
        ),
        (None, None) => say!("no storage limit; holds {now}", now = Size(usage)),
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

/// How full a context is, as a bar and in words.
pub struct Storage {
    /// In bytes.
    pub used: u64,
    /// In bytes; none: no cap, and no bar.
    pub quota: Option<u64>,
    /// The same in words.
    pub words: String,
}

impl Storage {
    /// Of a context with this cap that holds so much.
    pub fn new(quota: Option<u64>, used: u64) -> Self {
        Self {
            used,
            quota,
            words: storage(quota, used, None),
        }
    }
    /// Of one's own context.
    pub fn of(own: &Own) -> Self {
        Self::new(own.quota, own.usage)
    }
    /// From here on the bar warns: nine tenths of the cap.
    pub fn high(&self) -> u64 {
        self.quota.map_or(0, |quota| quota / 10 * 9)
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

/// One item in a list.
pub struct Row {
    pub id: String,
    /// Whether whoever looks may open it.
    pub link: bool,
    pub name: String,
    /// The name it had before it came into a context where that was taken.
    pub was: Option<String>,
    pub kind: String,
    /// What it comes to.
    pub amount: String,
}

impl Row {
    /// Of an item that may be seen.
    pub fn of(item: &Item) -> Self {
        Self {
            id: item.id.to_string(),
            link: true,
            name: short(&item.name),
            was: None,
            kind: kind(item.id.kind()),
            amount: amount_of(item),
        }
    }

    /// Of an item as it was offered.
    pub fn offered(offered: &Offered, link: bool, renamed: Option<&String>) -> Self {
        Self {
            id: offered.item.to_string(),
            link,
            name: short(renamed.unwrap_or(&offered.name)),
            was: renamed.map(|_| short(&offered.name)),
            kind: kind(offered.item.kind()),
            amount: amount(
                offered.item.kind(),
                offered.bytes,
                offered.files,
                offered.holds,
            ),
        }
    }
}

/// A page of a list of items.
pub struct List {
    pub heading: String,
    pub rows: Vec<Row>,
    pub total: usize,
    /// Numbers of the first and the last one shown.
    pub first: usize,
    pub last: usize,
    pub paged: bool,
    /// Where the page before this one, and the one after it, begin.
    pub before: Option<usize>,
    pub after: Option<usize>,
}

impl List {
    /// The items from this one on, as many as a page holds.
    pub fn of<T>(heading: String, all: &[T], from: usize, row: impl Fn(&T) -> Row) -> Self {
        Self::of_page(heading, all, from, ITEMS, row)
    }

    /// The same where a page holds so many.
    pub fn of_page<T>(
        heading: String,
        all: &[T],
        from: usize,
        most: usize,
        row: impl Fn(&T) -> Row,
    ) -> Self {
        let total = all.len();
        let from = if from < total { from } else { 0 };
        let rows: Vec<Row> = all.iter().skip(from).take(most).map(row).collect();
        let end = from + rows.len();
        Self {
            heading,
            total,
            first: from + 1,
            last: end,
            paged: rows.len() < total,
            before: (from > 0).then(|| from.saturating_sub(most)),
            after: (end < total).then_some(end),
            rows,
        }
    }
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

/// A letter and how its delivery stands, for people.
pub struct Posted {
    pub kind: String,
    pub to: String,
    /// The word that programs use for the state.
    pub state: &'static str,
    pub stands: String,
    pub when: String,
    pub why: Option<String>,
}

/// How the delivery of a letter stands.
pub fn stands(delivery: &letter::State) -> String {
    match delivery {
        letter::State::Queued { .. } => say!("queued"),
        letter::State::Sent { .. } => say!("sent"),
        letter::State::Undeliverable { .. } => say!("undeliverable"),
        letter::State::Bounced { .. } => say!("bounced"),
        letter::State::Dead { .. } => say!("dead" as "a letter"),
        letter::State::Withdrawn { .. } => say!("withdrawn"),
    }
}

/// What a letter is that asks somebody for an answer.
fn asking(terms: Option<Terms>, again: bool) -> String {
    use Terms::{Access, Membership, Ownership, Workgroup};
    match (terms, again) {
        (Some(Ownership { .. } | Workgroup), false) => say!("The offer"),
        (Some(Ownership { .. } | Workgroup), true) => say!("The offer, again"),
        (Some(Access { .. } | Membership { .. }), false) => say!("The invitation"),
        (Some(Access { .. } | Membership { .. }), true) => say!("The invitation, again"),
        (None, false) => say!("An offer or invitation"),
        (None, true) => say!("An offer or invitation, again"),
    }
}

/// How a letter stands, and to whom it went as far as the reader may know; what it asks for, if that is known.
pub fn posted(letter: &Letter, to: String, asks: Option<Terms>) -> Posted {
    let (when, why) = match &letter.delivery {
        letter::State::Queued { not_before } if letter.attempts > 0 => (
            say!(
                letter.attempts; "tried {n} time; again on {at}", "tried {n} times; again on {at}", at = not_before
            ),
            letter.last_error.as_deref(),
        ),
        state => {
            let (at, why) = state.since().unwrap_or((letter.created_at, None));
            (date(at), why)
        }
    };
    Posted {
        kind: match &letter.says {
            letter::Kind::Offer { again, .. } => asking(asks, *again),
            letter::Kind::Reminder { .. } => say!("A reminder"),
            letter::Kind::Accepted { side: Side::Sender } => say!("That it was accepted"),
            letter::Kind::Accepted { .. } => say!("The receipt"),
            letter::Kind::Declined { .. } => say!("That it was declined"),
            letter::Kind::Cancelled => say!("That it was cancelled"),
            letter::Kind::Expired { .. } => say!("That it expired"),
            letter::Kind::AccessRevoked { .. } => say!("That access was revoked"),
            letter::Kind::News { .. } => say!("What happened"),
            letter::Kind::Answer { .. } => say!("An answer to a reply"),
            letter::Kind::Undeliverable { .. } => say!("That a letter did not arrive"),
            letter::Kind::SignInCode { .. } => say!("A code to sign in"),
            letter::Kind::AddressCode { .. } => say!("A code to add an address"),
        },
        to,
        state: letter.delivery.word(),
        stands: stands(&letter.delivery),
        when,
        why: why.map(short),
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
    fn text_that_would_turn_or_hide_other_text_loses_that_power() {
        assert_eq!(plain("a\u{202e}b\u{0}c\nd"), "abc\nd");
        assert_eq!(short(&"x".repeat(500)).chars().count(), SHORT);
    }

    #[test]
    fn what_is_searched_for_changes_no_address() {
        assert_eq!(
            in_address("a b&state=trashed#é"),
            "a%20b%26state%3Dtrashed%23%C3%A9"
        );
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

    #[test]
    fn a_message_becomes_one_line_however_long_it_is() {
        assert_eq!(
            line("Your July data.\r\n\r\nCome by."),
            "Your July data. Come by."
        );
        let long = line(&"so\nlong ".repeat(60));
        assert_eq!(long.chars().count(), SHORT, "{long}");
        assert!(long.ends_with('…') && !long.contains('\n'), "{long}");
    }

    #[test]
    fn storage_says_what_is_free_before_and_after() {
        let tib = 1_u64 << 40;
        for (quota, usage, more, text) in [
            (Some(tib), 0, None, "1.00 TiB of 1.00 TiB free"),
            (
                Some(2 * tib),
                tib,
                Some(tib),
                "1.00 TiB free of 2.00 TiB; this takes 1.00 TiB, 0 B stay free",
            ),
            (
                Some(tib),
                0,
                Some(18_637),
                "1.00 TiB free of 1.00 TiB; this takes 18.2 KiB",
            ),
            (Some(tib), 0, Some(0), "1.00 TiB of 1.00 TiB free"),
            (
                Some(tib),
                tib,
                Some(1),
                "0 B of 1.00 TiB free now, too little",
            ),
            (
                None,
                tib,
                Some(tib),
                "no storage limit; holds 1.00 TiB, this takes 1.00 TiB",
            ),
        ] {
            assert_eq!(storage(quota, usage, more), text);
        }
    }
}
