//! Documents as the API shows them.

use std::collections::BTreeMap;

use crate::actors::queries::Own;
use crate::actors::rights::Permit;
use crate::domain::account::{Account, Quiet, Session, Token};
use crate::domain::event::{Channel, Event, What};
use crate::domain::id::ItemId;
use crate::domain::invitation::{Invitation, KeepAccess, Offered, Recipient, State};
use crate::domain::item::{Biosample, Details, Item, Library, Run, RunStatus};
use crate::domain::letter::Letter;
use crate::domain::policy::Tier;
use crate::domain::rights::{Grant, Level, Origin, Reason};
use crate::domain::time::Time;
use crate::store::Version;
use crate::wire;

fn text(what: impl ToString) -> String {
    what.to_string()
}

/// The word for a tier.
pub const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Basic => "basic",
        Tier::Professional => "professional",
        Tier::Enterprise => "enterprise",
    }
}

/// The word for a level.
pub const fn level(level: Level) -> &'static str {
    match level {
        Level::Read => "read",
        Level::Write => "write",
        Level::Own => "own",
    }
}

/// A person's account.
pub fn account(account: &Account) -> wire::Account {
    wire::Account {
        id: text(account.id),
        name: account.name.clone(),
        addresses: account.addresses.iter().map(text).collect(),
        tier: tier(account.tier).to_owned(),
        domain: account.domain.name().to_owned(),
        default_run_location: text(account.default_run_location),
        default_context: text(account.default_context),
        default_context_by_sender: account
            .default_context_by_sender
            .iter()
            .map(|(sender, context)| (sender.clone(), text(*context)))
            .collect(),
        blocked: account.blocked.iter().cloned().collect(),
        language: account.language.clone(),
        quiet: quiet(account.quiet),
        created_at: text(account.created_at),
    }
}

fn quiet(quiet: Quiet) -> Vec<String> {
    let all = [
        (quiet.reminders, "reminders"),
        (quiet.outcomes, "outcomes"),
        (quiet.receipts, "receipts"),
        (quiet.arrivals, "arrivals"),
    ];
    let chosen = all.into_iter().filter(|(chosen, _)| *chosen);
    chosen.map(|(_, word)| word.to_owned()).collect()
}

/// A context of a person.
pub fn context(own: Own) -> wire::Context {
    wire::Context {
        id: text(own.context),
        name: own.name,
        handle: own.handle.unwrap_or_else(|| "personal".to_owned()),
        role: own.role.word().to_owned(),
        domain: own.domain,
        quota: own.quota,
        usage: own.usage,
    }
}

/// A token without its secret.
pub fn token(token: &Token) -> wire::Token {
    wire::Token {
        id: text(token.digest),
        name: token.name.clone(),
        scopes: token.scopes.iter().map(|s| s.word().to_owned()).collect(),
        created_at: text(token.created_at),
        expires_at: text(token.expires_at),
    }
}

/// A session.
pub fn session(session: &Session) -> wire::Session {
    wire::Session {
        id: text(session.digest),
        client: session.client.clone(),
        created_at: text(session.created_at),
        expires_at: text(session.expires_at),
    }
}

// ---- items ----

const fn run_status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Completed => "completed",
        RunStatus::Stopped => "stopped",
        RunStatus::Failed => "failed",
        RunStatus::InProgress => "in-progress",
    }
}

fn run(run: Run) -> wire::Run {
    let read = |read: crate::domain::item::Read| wire::Read {
        number: read.number,
        cycles: read.cycles,
        indexed: read.indexed,
    };
    wire::Run {
        instrument: run.instrument,
        platform: run.platform,
        flow_cell: run.flow_cell,
        lanes: run.lanes,
        reads: run.reads.into_iter().map(read).collect(),
        started_at: run.started_at.map(text),
        ended_at: run.ended_at.map(text),
        status: run_status(run.status).to_owned(),
    }
}

/// A run or a project.
pub fn item(item: Item) -> wire::Item {
    let (run, biosamples, libraries) = match item.details {
        Details::Run(details) => (Some(run(details)), None, None),
        Details::Project {
            biosamples,
            libraries,
        } => (None, Some(biosamples), Some(libraries)),
    };
    wire::Item {
        id: text(item.id),
        kind: item.id.kind().word().to_owned(),
        name: item.name,
        owner: text(item.owner),
        state: item.state.word().to_owned(),
        bytes: item.bytes,
        files: item.files,
        created_at: text(item.created_at),
        pending_transfer: item.pending.map(text),
        trashed_at: item.life.trashed_at.map(text),
        archived_at: item.life.archived_at.map(text),
        purge_at: item.life.purge_at.map(text),
        run,
        biosamples,
        libraries,
    }
}

/// An item as this person may see it: whether it is offered is the business of its owner's side.
pub fn permitted(permit: &Permit) -> wire::Item {
    let mut shown = item(permit.item().clone());
    if permit.as_owner().is_none() {
        shown.pending_transfer = None;
    }
    shown
}

/// Why somebody may see an item.
pub fn reason(reason: &Reason) -> wire::Reason {
    let (why, context, part) = match reason {
        Reason::Owner(context) => ("owner", Some(context), None),
        Reason::DomainAdministrator(_) => ("domain-administrator", None, None),
        Reason::Granted(context, part) => ("grant", Some(context), Some(part)),
        Reason::Through(_, context, part) => ("through-project", Some(context), Some(part)),
    };
    wire::Reason {
        why: why.to_owned(),
        level: level(reason.level()).to_owned(),
        context: context.map(text),
        domain: match reason {
            Reason::DomainAdministrator(domain) => Some(domain.name().to_owned()),
            _ => None,
        },
        project: match reason {
            Reason::Through(project, ..) => Some(text(project)),
            _ => None,
        },
        origin: part.map(|part| origin(part.origin)),
        accepted_by: part.map(|part| text(part.accepted_by)),
        since: part.map(|part| text(part.since)),
        until: part.and_then(|part| part.until).map(text),
    }
}

/// A biosample.
pub fn biosample(sample: Biosample) -> wire::Biosample {
    let library = |library: Library| wire::Library {
        name: library.name,
        lane: library.lane,
        index: library.index,
        index2: library.index2,
    };
    wire::Biosample {
        name: sample.name,
        libraries: sample.libraries.into_iter().map(library).collect(),
    }
}

/// Access that a context was granted, as far as it holds.
pub fn access(grant: &Grant, now: Time) -> impl Iterator<Item = wire::Access> + '_ {
    let alive = grant.parts.iter().filter(move |part| part.is_alive(now));
    alive.map(|part| wire::Access {
        context: text(grant.grantee),
        level: level(part.level).to_owned(),
        since: text(part.since),
        until: part.until.map(text),
        accepted_by: text(part.accepted_by),
        origin: origin(part.origin),
    })
}

/// Where an access comes from.
pub fn origin(origin: Origin) -> String {
    match origin {
        Origin::Kept(id) | Origin::Invitation(id) => text(id),
        Origin::Link(id) => text(id),
    }
}

// ---- transfers ----

/// An item as it was offered.
pub fn offered(offered: &Offered) -> wire::OfferedItem {
    wire::OfferedItem {
        id: text(offered.item),
        kind: offered.item.kind().word().to_owned(),
        name: offered.name.clone(),
        bytes: offered.bytes,
        files: offered.files,
        biosamples: offered.holds.map(|holds| holds.biosamples),
        libraries: offered.holds.map(|holds| holds.libraries),
    }
}

/// An item as it would be offered now.
pub fn as_offered(item: &Item) -> wire::OfferedItem {
    offered(&Offered::from(item))
}

/// To whom something is offered.
pub fn recipient(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Address(address) => text(address),
        Recipient::Workgroup { handle, .. } => format!("workgroup:{handle}"),
    }
}

fn keep_access(keep: KeepAccess) -> wire::KeepAccess {
    let (level, until) = match keep {
        KeepAccess::None => ("none", None),
        KeepAccess::Read { until } => ("read", until),
    };
    wire::KeepAccess {
        level: level.to_owned(),
        until: until.map(text),
    }
}

/// A transfer as it stands at this moment.
pub fn transfer(transfer: Invitation, now: Time) -> wire::Transfer {
    let state = transfer.word_at(now).to_owned();
    let bytes = transfer.bytes();
    let mut shown = wire::Transfer {
        id: text(transfer.id),
        state,
        source: text(transfer.source),
        source_name: transfer.source_name,
        sender_name: transfer.sender.name,
        sender_address: text(transfer.sender.address),
        recipient: recipient(&transfer.recipient),
        items: transfer.items.iter().map(offered).collect(),
        bytes,
        message: transfer.message,
        keep_access: keep_access(transfer.terms.keep_access()),
        requested_at: text(transfer.requested_at),
        expires_at: text(transfer.expires_at),
        ended_at: None,
        accepted_into: None,
        accepted_into_name: None,
        renamed: std::collections::BTreeMap::new(),
        reason: None,
        corrects: transfer.corrects.map(text),
        replaced_by: None,
    };
    match transfer.state {
        State::Requested | State::Pending { .. } => {
            let over = now >= transfer.expires_at;
            shown.ended_at = over.then(|| text(transfer.expires_at));
        }
        State::Accepted {
            at,
            into,
            into_name,
            renamed,
            ..
        } => {
            shown.ended_at = Some(text(at));
            shown.accepted_into = Some(text(into));
            shown.accepted_into_name = Some(into_name);
            let entry = |(id, name): (ItemId, String)| (text(id), name);
            shown.renamed = renamed.into_iter().map(entry).collect();
        }
        State::Declined { at, reason, .. } => {
            shown.ended_at = Some(text(at));
            shown.reason = reason;
        }
        State::Cancelled {
            at, replaced_by, ..
        } => {
            shown.ended_at = Some(text(at));
            shown.replaced_by = replaced_by.map(text);
        }
        State::Expired { at } => shown.ended_at = Some(text(at)),
    }
    shown
}

/// A letter, to whom as far as the caller may know.
pub fn letter(letter: &Letter, to: String) -> wire::Letter {
    let (at, reason) = letter.delivery.since().unzip();
    let reason = reason.flatten().map(str::to_owned);
    wire::Letter {
        id: text(letter.id),
        kind: letter.says.word().to_owned(),
        to,
        state: letter.delivery.word().to_owned(),
        created_at: text(letter.created_at),
        at: at.map(text),
        attempts: letter.attempts,
        last_error: reason.or_else(|| letter.last_error.clone()),
    }
}

/// The entries of a journal.
pub fn history(entries: Vec<(Version, Event)>) -> Vec<wire::Event> {
    entries.into_iter().map(|(_, entry)| event(entry)).collect()
}

/// What happened. At rest a moment is a number; the API writes all of them out.
pub fn what(what: &What) -> serde_json::Value {
    let mut what = serde_json::to_value(what).unwrap_or_default();
    for field in ["expires_at", "until", "purge_at"] {
        if let Some(value) = what.get_mut(field)
            && let Some(ms) = value.as_i64()
        {
            *value = text(Time::from_ms(ms)).into();
        }
    }
    what
}

/// The word for a channel.
pub const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Api => "api",
        Channel::Cli => "cli",
        Channel::Reply => "reply",
        Channel::Timer => "timer",
        Channel::Administrator => "administrator",
    }
}

fn event(event: Event) -> wire::Event {
    wire::Event {
        at: text(event.at),
        person: event.by.person.map(text),
        channel: channel(event.by.channel).to_owned(),
        what: what(&event.what),
        names: BTreeMap::new(),
    }
}
