//! The site's mail, for those who administer the site: letters in trouble, what came in, doubtful addresses.

pub mod args;

use serde_json::json;

use crate::wire::{DropMail, Incoming, MailAddress, MailOverview, OutboxLetter, Overdue};

use super::amounts::{Moments, counted, size};
use super::api::path;
use super::args::Named;
use super::failure::Failure;
use super::outcome::Document;
use super::session::{Form, Query, Session, borrowed};
use super::table::{Fit, Table, amounts, column, facts, state};
use super::text::printable;

use args::{Addresses, Drop, Inbound, ListAddresses, ListLetters, ListMessages, Mail, Outbox};

/// The API counts no further.
const COUNTED: u64 = 1_000;

/// `handover mail …`
pub(super) fn perform(command: &Mail, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let retry = |list, args: &Named, session: &mut Session<'_, '_>| {
        let at = ["admin", "mail", list, &args.id, "retry"];
        session.command(&at, &json!({}), &args.once)
    };
    let drop = |list, args: &Drop, session: &mut Session<'_, '_>| {
        let at = ["admin", "mail", list, &args.id, "drop"];
        let body = DropMail {
            reason: args.reason.clone(),
        };
        session.command(&at, &body, &args.once)
    };
    match command {
        Mail::Status(_) => status(session),
        Mail::Outbox(Outbox::List(args)) => letters(args, session),
        Mail::Outbox(Outbox::Show(args)) => {
            let document = session
                .api
                .get(path(&["admin", "mail", "outbox", &args.id]))?;
            letter(&document, session)
        }
        Mail::Outbox(Outbox::Retry(args)) => letter(&retry("outbox", args, session)?, session),
        Mail::Outbox(Outbox::Drop(args)) => letter(&drop("outbox", args, session)?, session),
        Mail::Inbound(Inbound::List(args)) => messages(args, session),
        Mail::Inbound(Inbound::Show(args)) => {
            let document = session
                .api
                .get(path(&["admin", "mail", "inbound", &args.id]))?;
            message(&document, session)
        }
        Mail::Inbound(Inbound::Retry(args)) => message(&retry("inbound", args, session)?, session),
        Mail::Inbound(Inbound::Drop(args)) => message(&drop("inbound", args, session)?, session),
        Mail::Addresses(Addresses::List(args)) => addresses(args, session),
        Mail::Addresses(Addresses::Show(args)) => {
            let at = path(&["admin", "mail", "addresses", &args.address]);
            address(&session.api.get(at)?, session)
        }
        Mail::Addresses(Addresses::Reset(args)) => {
            let at = ["admin", "mail", "addresses", &args.address, "reset"];
            let document = session.command(&at, &json!({}), &args.once)?;
            address(&document, session)
        }
    }
}

/// A document as facts, the first of which is its id.
fn told<T: serde::de::DeserializeOwned, const N: usize>(
    document: &Document,
    session: &mut Session<'_, '_>,
    tell: impl Fn(T, &Moments) -> [(&'static str, String); N],
) -> Result<(), Failure> {
    let one: T = match session.form {
        Form::Json => return session.document(document),
        _ => document.read()?,
    };
    let all = tell(one, &session.moments);
    match (session.form, all.first()) {
        (Form::Terse, Some((_, id))) => session.print(format_args!("{}\n", printable(id))),
        _ => session.print(facts(&all)),
    }
}

fn moment(at: Option<String>, moments: &Moments) -> String {
    at.map(|at| moments.full(&at)).unwrap_or_default()
}

fn asked(of: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Query {
    of.into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
}

// ---- how it does ----

fn status(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["admin", "mail"]))?;
    let found: MailOverview = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    let due = [&found.letters, &found.messages];
    if session.form == Form::Terse {
        let first = |due: &Overdue| format!("{}\n", printable(&due.first));
        let firsts: String = due.into_iter().flatten().map(first).collect();
        return session.print(firsts);
    }
    let moments = session.moments.clone();
    let waits = |due: &Option<Overdue>, one: &str, several: &str| match due {
        None => "none is due".to_owned(),
        Some(due) => format!(
            "{}{} due, the first, {}, since {}",
            counted(due.due, one, several),
            if due.due < COUNTED { "" } else { " or more" },
            due.first,
            moments.full(&due.since)
        ),
    };
    session.print(facts(&[
        ("letters", waits(&found.letters, "letter", "letters")),
        ("came in", waits(&found.messages, "message", "messages")),
    ]))?;
    let mut table = Table::new([
        amounts("MESSAGES", Fit::Keeps),
        column("OUTCOME", Fit::Keeps),
        column("WHY", Fit::Shrinks),
    ]);
    for one in found.outcomes {
        table.row([
            one.messages.to_string().into(),
            state(&one.outcome),
            one.why.into(),
        ]);
    }
    session.table("What became of the newest messages", &table)?;
    if found.letters.is_some_and(|due| due.late) {
        session.note(
            "letters wait too long; look at the mail server, and at `handover mail outbox list`",
        )?;
    }
    if found.messages.is_some_and(|due| due.late) {
        session.note("messages wait too long; look at the log of the daemon")?;
    }
    Ok(())
}

// ---- letters ----

fn letters(args: &ListLetters, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let query = asked([
        ("state", args.state.clone()),
        ("address", args.address.clone()),
        ("since", args.since.since.clone()),
    ]);
    let mut table = Table::new([
        column("STATE", Fit::Keeps),
        column("LETTER", Fit::Drops),
        column("TO", Fit::Shrinks),
        amounts("TRIED", Fit::Drops),
        column("WRITTEN", Fit::Drops),
        column("LAST TROUBLE", Fit::Shrinks),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |one: OutboxLetter| {
        let letter = one.letter;
        table.row([
            state(&letter.state),
            letter.kind.into(),
            letter.to.into(),
            letter.attempts.to_string().into(),
            moments.short(&letter.created_at).into(),
            letter.last_error.unwrap_or_default().into(),
            letter.id.into(),
        ]);
    };
    session.list(
        "/admin/mail/outbox",
        &borrowed(&query),
        args.since.limit,
        |one: &OutboxLetter| &one.letter.id,
        row,
    )?;
    session.table("", &table)
}

fn letter(document: &Document, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    told(document, session, |one: OutboxLetter, moments| {
        let letter = one.letter;
        [
            ("letter", letter.id),
            ("says", letter.kind),
            ("to", letter.to),
            ("about", one.about.unwrap_or_default()),
            ("state", letter.state),
            ("since", moment(letter.at, moments)),
            ("written", moments.full(&letter.created_at)),
            ("tried", counted(letter.attempts.into(), "time", "times")),
            ("next attempt", moment(one.next_attempt_at, moments)),
            ("last trouble", letter.last_error.unwrap_or_default()),
        ]
    })
}

// ---- messages ----

fn messages(args: &ListMessages, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let query = asked([
        ("outcome", args.outcome.clone()),
        ("letter", args.letter.clone()),
        ("since", args.since.since.clone()),
    ]);
    let mut table = Table::new([
        column("OUTCOME", Fit::Keeps),
        column("WHY", Fit::Shrinks),
        column("CAME AS", Fit::Drops),
        column("AT", Fit::Drops),
        column("LETTER", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |one: Incoming| {
        table.row([
            state(one.outcome.as_deref().unwrap_or("waiting")),
            one.why.unwrap_or_default().into(),
            one.purpose.into(),
            moments.short(&one.at).into(),
            one.letter.into(),
            one.id.into(),
        ]);
    };
    session.list(
        "/admin/mail/inbound",
        &borrowed(&query),
        args.since.limit,
        |one: &Incoming| &one.id,
        row,
    )?;
    session.table("", &table)
}

fn message(document: &Document, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    told(document, session, |one: Incoming, moments| {
        [
            ("message", one.id),
            ("came as", one.purpose),
            ("to letter", one.letter),
            ("at", moments.full(&one.at)),
            ("size", size(one.bytes)),
            (
                "outcome",
                one.outcome.unwrap_or_else(|| "waiting".to_owned()),
            ),
            ("why", one.why.unwrap_or_default()),
            ("seen to", moment(one.done_at, moments)),
        ]
    })
}

// ---- addresses ----

fn standing(one: &MailAddress) -> &'static str {
    match (one.undeliverable, &one.since) {
        (true, _) => "undeliverable",
        (false, Some(_)) => "doubtful",
        (false, None) => "works",
    }
}

fn addresses(args: &ListAddresses, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let query = asked([
        ("state", args.state.clone()),
        ("since", args.since.since.clone()),
    ]);
    let mut table = Table::new([
        column("STATE", Fit::Keeps),
        column("ADDRESS", Fit::Shrinks),
        column("SINCE", Fit::Drops),
        column("WHAT MAIL SERVERS SAID", Fit::Shrinks),
    ]);
    let moments = session.moments.clone();
    let row = |one: MailAddress| {
        let since = one.since.as_ref().map(|at| moments.short(at));
        table.row([
            state(standing(&one)),
            one.address.into(),
            since.unwrap_or_default().into(),
            one.reason.unwrap_or_default().into(),
        ]);
    };
    session.list(
        "/admin/mail/addresses",
        &borrowed(&query),
        args.since.limit,
        |one: &MailAddress| &one.address,
        row,
    )?;
    session.table("", &table)
}

fn address(document: &Document, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    told(document, session, |one: MailAddress, moments| {
        let standing = standing(&one).to_owned();
        [
            ("address", one.address),
            ("state", standing),
            ("since", moment(one.since, moments)),
            ("mail servers said", one.reason.unwrap_or_default()),
        ]
    })
}
