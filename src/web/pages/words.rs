//! How pages say things: moments, sizes, storage, journals. Text that people wrote is shown, never obeyed.

use std::collections::BTreeMap;

use crate::actors::names;
use crate::actors::queries::Own;
use crate::actors::world::Settings;
use crate::domain::event::{Channel, Event, What};
use crate::domain::id::{AccountId, Context, InvitationId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, Offered, Terms};
use crate::domain::letter::{self, Letter, Side};
use crate::domain::refusal::size;
use crate::domain::rights::Level;
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::store::Fault;

/// Names in lists are cut to this many characters, so that a page stays below 100 KB whatever it lists.
const SHORT: usize = 100;
/// At most this many lines of a history, for the same reason.
const LINES: usize = 20;
/// And this many items.
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
            people: time.for_people(),
        }
    }
}

/// How long it is until then, roughly: `13 days left`. `None` when it is over.
pub fn left(until: Time, now: Time) -> Option<String> {
    let ms = until.since_ms(now);
    match ms {
        ..=0 => None,
        1..HOUR_MS => Some("less than an hour left".to_owned()),
        _ if ms < 2 * DAY_MS => Some(format!("{} left", count(ms / HOUR_MS, "hour"))),
        _ => Some(format!("{} left", count(ms / DAY_MS, "day"))),
    }
}

/// `1 file`, `3 files`, `991,227 files`.
pub fn count(n: impl TryInto<u64>, what: &str) -> String {
    let n = n.try_into().unwrap_or(0);
    let plural = match what.strip_suffix('y') {
        _ if n == 1 => what.to_owned(),
        _ if what == "analysis" => "analyses".to_owned(),
        Some(stem) if !stem.ends_with('a') => format!("{stem}ies"),
        _ => format!("{what}s"),
    };
    format!("{} {plural}", grouped(n))
}

/// `991,227`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
        (0, projects) => count(projects, "project"),
        (runs, 0) => count(runs, "run"),
        (runs, projects) => format!("{} and {}", count(runs, "run"), count(projects, "project")),
    }
}

/// What an invitation is about: `2 runs`, `“TechSupport”`.
pub fn about(invitation: &Invitation) -> String {
    match invitation.terms {
        Terms::Ownership { .. } | Terms::Access { .. } => what(&invitation.items),
        Terms::Membership { .. } | Terms::Workgroup => {
            format!("“{}”", short(&invitation.source_name))
        }
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
pub const fn may(level: Level) -> &'static str {
    match level {
        Level::Read => "look at it",
        Level::Write | Level::Own => "look at it, add to it and change it",
    }
}

/// What the sender's context keeps, for people.
pub fn keeps(keep: KeepAccess) -> String {
    match keep {
        KeepAccess::None => "nothing; they lose sight of it".to_owned(),
        KeepAccess::Read { until: None } => "read access, until it is revoked".to_owned(),
        KeepAccess::Read { until: Some(until) } => {
            format!("read access, until {}", until.for_people())
        }
    }
}

/// How often something was done.
pub fn times(n: u32) -> String {
    match n {
        0 => "by nobody yet".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// How long an access lasts.
pub fn until_when(until: Option<Time>) -> String {
    match until {
        Some(until) => format!("until {}", until.for_people()),
        None => "until it is revoked".to_owned(),
    }
}

/// How full a context is: with `more`, what it would be after that many bytes came in.
pub fn storage(quota: Option<u64>, usage: u64, more: Option<u64>) -> String {
    let free = |used: u64, quota: u64| size(quota.saturating_sub(used));
    match (quota, more) {
        (Some(quota), Some(more)) => {
            let after = usage.saturating_add(more);
            if after > quota {
                format!(
                    "{} of {} free now, too little",
                    free(usage, quota),
                    size(quota)
                )
            } else {
                format!(
                    "{} of {} free now, {} afterwards",
                    free(usage, quota),
                    size(quota),
                    free(after, quota)
                )
            }
        }
        (Some(quota), None) => format!("{} of {} free", free(usage, quota), size(quota)),
        (None, Some(more)) => format!(
            "no storage limit; holds {} now, {} afterwards",
            size(usage),
            size(usage.saturating_add(more))
        ),
        (None, None) => format!("no storage limit; holds {}", size(usage)),
    }
}

/// What a context is called where one's own is meant.
pub fn context_name(context: Context, name: &str) -> String {
    match context {
        Context::Personal(_) => "Personal".to_owned(),
        Context::Workgroup(_) => short(name),
    }
}

/// What somebody is in a context of theirs, where that is worth a word.
pub fn role(context: Context, own: &Own) -> Option<&'static str> {
    match context {
        Context::Personal(_) => None,
        Context::Workgroup(_) => Some(own.role.word()),
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

/// One line of a history.
pub struct Line {
    pub at: Moment,
    pub what: String,
    pub by: Option<String>,
    pub through: Option<&'static str>,
}

/// A journal for people: its newest lines, oldest first.
pub struct History {
    pub lines: Vec<Line>,
    /// How many older ones are left out.
    pub older: usize,
}

/// Tells a journal, with the names of everybody in it.
pub async fn history<V>(settings: &Settings, journal: &[(V, Event)]) -> Result<History, Fault> {
    let older = journal.len().saturating_sub(LINES);
    let journal = journal.get(older..).unwrap_or_default();
    Ok(History {
        lines: told(settings, journal).await?,
        older,
    })
}

/// All lines of a journal, in its order.
pub async fn told<V>(settings: &Settings, journal: &[(V, Event)]) -> Result<Vec<Line>, Fault> {
    let persons = journal.iter().filter_map(|(_, event)| event.by.person);
    let people = names::people(settings, persons).await?;
    let contexts = names::contexts(settings, contexts_in(journal)).await?;
    Ok(lines(journal, &people, &contexts))
}

fn lines<V>(
    journal: &[(V, Event)],
    people: &BTreeMap<AccountId, String>,
    contexts: &BTreeMap<Context, String>,
) -> Vec<Line> {
    let line = |(_, event): &(V, Event)| Line {
        at: event.at.into(),
        what: sentence(&event.what, contexts),
        by: event.by.person.map(|id| {
            people
                .get(&id)
                .map_or_else(|| "somebody".to_owned(), |name| short(name))
        }),
        through: match event.by.channel {
            Channel::Web => Some("on a page"),
            Channel::Api => Some("through the API"),
            Channel::Cli => Some("on the command line"),
            Channel::Reply => Some("by a reply to a letter"),
            Channel::Administrator => Some("by the site's configuration"),
            Channel::Timer => None,
        },
    };
    journal.iter().map(line).collect()
}

fn sentence(what: &What, contexts: &BTreeMap<Context, String>) -> String {
    let named = |context: &Context| {
        let name = contexts.get(context).map(|name| short(name));
        name.map_or_else(|| "another context".to_owned(), |name| format!("“{name}”"))
    };
    match what {
        What::Registered => "registered".to_owned(),
        What::Changed { how } => format!("changed: {}", short(how)),
        What::Joined { role } => format!("joined as {}", role.word()),
        What::Offered { .. } => "offered to somebody".to_owned(),
        What::OfferEnded { how, .. } => format!("an offer of it ended: {}", short(how)),
        What::Transferred { from, to, name, .. } => format!(
            "ownership passed from {} to {}, as “{}”",
            named(from),
            named(to),
            short(name)
        ),
        What::Requested => "requested; waits for running analyses to end".to_owned(),
        What::Pending => "offered".to_owned(),
        What::Reminded => "the recipient was reminded".to_owned(),
        What::Resent => "mailed again".to_owned(),
        What::Extended { expires_at } => {
            format!("given more time, until {}", expires_at.for_people())
        }
        What::Accepted { into } => format!("accepted into {}", named(into)),
        What::Declined => "declined".to_owned(),
        What::Cancelled => "cancelled".to_owned(),
        What::Expired => "expired".to_owned(),
        What::Granted { .. } => "read access was agreed with the earlier owner".to_owned(),
        What::AccessGranted { to, level, .. } => {
            format!("{} was given {} access", named(to), level.word())
        }
        What::AccessChanged {
            whose,
            level,
            until,
        } => format!(
            "the access of {} was changed to {}, {}",
            named(whose),
            level.word(),
            until_when(*until)
        ),
        What::AccessRevoked { whose } => format!("the access of {} was revoked", named(whose)),
        What::AccessLeft { whose } => format!("{} gave its access up", named(whose)),
        What::LinkMade { level, .. } => {
            format!("a link was made that gives {} access", level.word())
        }
        What::LinkDeactivated { .. } => "a link was deactivated".to_owned(),
        What::Trashed => "put into the trash".to_owned(),
        What::Restored => "restored from the trash".to_owned(),
        What::Archived => "archived".to_owned(),
        What::Unarchived => "restored from the archive".to_owned(),
        What::PurgeOrdered { purge_at } => {
            format!("to be purged on {}", purge_at.for_people())
        }
        What::Purged => "purged".to_owned(),
        What::SignedIn { through: None } => "signed in".to_owned(),
        What::SignedIn {
            through: Some(provider),
        } => format!("signed in through {provider}"),
        What::SignedOut => "signed out".to_owned(),
        What::TokenMade { name } => format!("made the token “{}”", short(name)),
        What::TokenRevoked { name } => format!("revoked the token “{}”", short(name)),
        What::Delisted => "no longer a member".to_owned(),
        What::Refused { command, .. } => format!("refused: {}", short(command)),
        What::RoleChanged { from, to } => format!("{} became {}", from.word(), to.word()),
        What::MemberJoined { role, .. } => format!("somebody joined as {}", role.word()),
        What::MemberChanged { from, to, .. } => {
            format!("a member who was {} became {}", from.word(), to.word())
        }
        What::MemberLeft { .. } => "a member left".to_owned(),
        What::MemberRemoved { .. } => "a member was removed".to_owned(),
        What::Closing => "is being closed".to_owned(),
        What::Reopened => "goes on, because it could not be closed".to_owned(),
        What::Closed => "closed".to_owned(),
        What::Proposed => "proposed".to_owned(),
        What::Approved => "approved".to_owned(),
        What::Stepped { items } => format!("{items} items have moved"),
        What::Finished => "nothing is left to move".to_owned(),
        What::Moved { from, to, name, .. } => format!(
            "moved from {} to {} by two administrators, as “{}”",
            named(from),
            named(to),
            short(name)
        ),
    }
}

fn contexts_in<V>(journal: &[(V, Event)]) -> Vec<Context> {
    let of = |what: &What| match what {
        What::Transferred { from, to, .. } | What::Moved { from, to, .. } => vec![*from, *to],
        What::Accepted { into } => vec![*into],
        What::AccessGranted { to, .. } => vec![*to],
        What::AccessChanged { whose, .. }
        | What::AccessRevoked { whose }
        | What::AccessLeft { whose } => vec![*whose],
        _ => Vec::new(),
    };
    journal
        .iter()
        .flat_map(|(_, event)| of(&event.what))
        .collect()
}

/// One item in a list.
pub struct Row {
    pub id: String,
    /// Whether whoever looks may open it.
    pub link: bool,
    pub name: String,
    /// The name it had before it came into a context where that was taken.
    pub was: Option<String>,
    pub kind: &'static str,
    pub size: String,
    pub files: String,
}

impl Row {
    /// Of an item as it was offered.
    pub fn offered(offered: &Offered, link: bool, renamed: Option<&String>) -> Self {
        Self {
            id: offered.item.to_string(),
            link,
            name: short(renamed.unwrap_or(&offered.name)),
            was: renamed.map(|_| short(&offered.name)),
            kind: offered.item.kind().word(),
            size: size(offered.bytes),
            files: count(offered.files, "file"),
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
    pub name: &'static str,
    pub value: String,
}

/// Puts them together.
pub fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

/// A letter and how its delivery stands, for people.
pub struct Posted {
    pub kind: &'static str,
    pub to: String,
    pub state: &'static str,
    pub when: String,
    pub why: Option<String>,
}

/// How a letter stands, and to whom it went as far as the reader may know.
pub fn posted(letter: &Letter, to: String) -> Posted {
    let (when, why) = match &letter.delivery {
        letter::State::Queued { not_before } if letter.attempts > 0 => (
            format!(
                "tried {}; again on {}",
                count(letter.attempts, "time"),
                not_before.for_people()
            ),
            letter.last_error.as_deref(),
        ),
        state => {
            let (at, why) = state.since().unwrap_or((letter.created_at, None));
            (at.for_people(), why)
        }
    };
    Posted {
        kind: match &letter.says {
            letter::Kind::Offer { again: false, .. } => "The offer",
            letter::Kind::Offer { again: true, .. } => "The offer, again",
            letter::Kind::Reminder { .. } => "A reminder",
            letter::Kind::Accepted { side: Side::Sender } => "That it was accepted",
            letter::Kind::Accepted { .. } => "The receipt",
            letter::Kind::Declined { .. } => "That it was declined",
            letter::Kind::Cancelled => "That it was cancelled",
            letter::Kind::Expired { .. } => "That it expired",
            letter::Kind::AccessRevoked { .. } => "That access was revoked",
            letter::Kind::News { .. } => "What happened",
            letter::Kind::Answer { .. } => "An answer to a reply",
            letter::Kind::Undeliverable { .. } => "That a letter did not arrive",
            letter::Kind::SignInCode { .. } => "A code to sign in",
            letter::Kind::AddressCode { .. } => "A code to add an address",
        },
        to,
        state: letter.delivery.word(),
        when,
        why: why.map(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_are_written_for_people() {
        for (n, what, text) in [
            (1_u64, "file", "1 file"),
            (0, "file", "0 files"),
            (991_227, "file", "991,227 files"),
            (1, "library", "1 library"),
            (2_000, "library", "2,000 libraries"),
            (3, "day", "3 days"),
        ] {
            assert_eq!(count(n, what), text);
        }
        let now = Time::from_ms(0);
        for (ms, text) in [
            (-1, None),
            (1, Some("less than an hour left")),
            (HOUR_MS, Some("1 hour left")),
            (47 * HOUR_MS, Some("47 hours left")),
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
    fn storage_says_what_is_free_before_and_after() {
        let tib = 1_u64 << 40;
        for (quota, usage, more, text) in [
            (Some(tib), 0, None, "1.0 TiB of 1.0 TiB free"),
            (
                Some(2 * tib),
                tib,
                Some(tib),
                "1.0 TiB of 2.0 TiB free now, 0 B afterwards",
            ),
            (
                Some(tib),
                tib,
                Some(1),
                "0 B of 1.0 TiB free now, too little",
            ),
            (
                None,
                tib,
                Some(tib),
                "no storage limit; holds 1.0 TiB now, 2.0 TiB afterwards",
            ),
        ] {
            assert_eq!(storage(quota, usage, more), text);
        }
    }
}
