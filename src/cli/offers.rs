//! Offers: listed and shown.

use crate::wire::{Choice, Letter, Page, Transfer, TransferPage};

use super::amounts::{Moments, counted, size};
use super::api::path;
use super::args::{ListTransfers, Show, Which};
use super::failure::Failure;
use super::history::history;
use super::request::{kept, offered};
use super::session::{Form, Query, Session, borrowed};
use super::table::{Fit, Table, amounts, column, facts, state};
use super::text::{paragraph, printable};

/// `handover transfer list`
pub(super) fn list(args: &ListTransfers, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let which = &args.which;
    let asked = asked(which, "offers", session)?;
    let mut table = Table::new([
        column("STATE", Fit::Keeps),
        column(if which.sent { "TO" } else { "FROM" }, Fit::Shrinks),
        column("WHAT", Fit::Shrinks),
        amounts("SIZE", Fit::Drops),
        column("EXPIRES OR ENDED", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |transfer: Transfer| {
        let who = if which.sent {
            transfer.recipient.clone()
        } else {
            format!("{} <{}>", transfer.sender_name, transfer.sender_address)
        };
        let when = transfer.ended_at.as_ref().unwrap_or(&transfer.expires_at);
        table.row([
            state(&transfer.state),
            who.into(),
            what(&transfer).into(),
            size(transfer.bytes).into(),
            moments.short(when).into(),
            transfer.id.into(),
        ]);
    };
    session.list(
        "/transfers",
        &borrowed(&asked),
        which.limit,
        |transfer: &Transfer| &transfer.id,
        row,
    )?;
    session.table("", &table)
}

/// The query that the options amount to.
pub(super) fn asked(
    which: &Which,
    what: &str,
    session: &mut Session<'_, '_>,
) -> Result<Query, Failure> {
    // What was sent is kept by context; what was received, by person, until one context is asked for.
    let (role, context) = if which.sent {
        ("sent", Some(session.context(which.context.as_deref())?))
    } else {
        ("received", which.context.clone())
    };
    if !which.sent && !which.received && session.form == Form::People {
        writeln!(
            session.terminal.errors,
            "{what} to you; --sent lists those you made"
        )?;
    }
    let mut query = vec![("role", role.to_owned())];
    query.extend(context.map(|context| ("context", context)));
    query.extend(which.state.clone().map(|state| ("state", state)));
    Ok(query)
}

/// `20231108_LH00188_0028_B22F52TLT3 and 3 more`
fn what(transfer: &Transfer) -> String {
    let first = transfer.items.first().map_or("", |item| item.name.as_str());
    match transfer.items.len() {
        0 | 1 => first.to_owned(),
        several => format!("{first} and {} more", several - 1),
    }
}

/// `handover transfer show`
pub(super) fn show(args: &Show, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["transfers", &args.id]))?;
    let page: TransferPage = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&page.transfer.id)));
    }
    let moments = session.moments.clone();
    let TransferPage {
        transfer,
        as_recipient,
        letters,
        history: events,
        ..
    } = page;
    session.print(told(&transfer, &moments))?;
    if let Some(message) = &transfer.message {
        session.print(format_args!("\nMessage\n{}", paragraph(message, "  ")))?;
    }
    session.table("Items", &offered(&transfer.items))?;
    if !transfer.renamed.is_empty() {
        let renamed = transfer.renamed.iter();
        let renamed = renamed
            .map(|(id, name)| format!("  {} is now \"{}\"\n", printable(id), printable(name)));
        session.print(format_args!(
            "\nRenamed, because the name was taken\n{}",
            renamed.collect::<String>()
        ))?;
    }
    session.table("Letters", &posted(letters, &moments))?;
    session.table("History", &history(events, &moments))?;
    if as_recipient && transfer.state == "pending" {
        let choices = session.api.get(path(&["transfers", &args.id, "choices"]))?;
        let choices: Page<Choice> = choices.read()?;
        choose(&transfer.id, choices.items, session)?;
    }
    Ok(())
}

fn told(transfer: &Transfer, moments: &Moments) -> String {
    let ended = transfer.ended_at.as_ref().map(|at| moments.full(at));
    let expires = ended.is_none().then(|| moments.full(&transfer.expires_at));
    let into = match (&transfer.accepted_into_name, &transfer.accepted_into) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (name, id) => name.clone().or_else(|| id.clone()).unwrap_or_default(),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    facts(&[
        ("offer", transfer.id.clone()),
        ("state", transfer.state.clone()),
        (
            "from",
            format!("{} <{}>", transfer.sender_name, transfer.sender_address),
        ),
        (
            "of the context",
            format!("{} ({})", transfer.source_name, transfer.source),
        ),
        ("to", transfer.recipient.clone()),
        (
            "moves",
            format!(
                "{}, {}",
                counted(transfer.items.len() as u64, "item", "items"),
                size(transfer.bytes)
            ),
        ),
        ("sender keeps", kept(&transfer.keep_access, moments)),
        ("requested", moments.full(&transfer.requested_at)),
        ("expires", expires.unwrap_or_default()),
        ("ended", ended.unwrap_or_default()),
        ("accepted into", into),
        ("reason", text(&transfer.reason)),
        ("corrects", text(&transfer.corrects)),
        ("replaced by", text(&transfer.replaced_by)),
    ])
}

pub(super) fn posted(letters: Vec<Letter>, moments: &Moments) -> Table<5> {
    let mut table = Table::new([
        column("LETTER", Fit::Keeps),
        column("TO", Fit::Shrinks),
        column("STATE", Fit::Keeps),
        column("SINCE", Fit::Keeps),
        column("LAST TROUBLE", Fit::Drops),
    ]);
    for letter in letters {
        let since = letter.at.as_ref().unwrap_or(&letter.created_at);
        table.row([
            letter.kind.into(),
            letter.to.into(),
            state(&letter.state),
            moments.exact(since).into(),
            letter.last_error.unwrap_or_default().into(),
        ]);
    }
    table
}

/// Where it can be accepted into, why not elsewhere, and what to type.
fn choose(id: &str, all: Vec<Choice>, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    choices(all, session)?;
    let id = printable(id);
    session.print(format_args!(
        "\nhandover transfer accept {id} --into CONTEXT\nhandover transfer decline {id} --reason TEXT\n"
    ))
}

/// Where something can be accepted into, and why not elsewhere.
pub(super) fn choices(choices: Vec<Choice>, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut table = Table::new([
        column("CONTEXT", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        amounts("FREE", Fit::Keeps),
        column("", Fit::Keeps),
    ]);
    let mut blocks = String::new();
    for Choice {
        context,
        default,
        blocks: why,
    } in choices
    {
        let free = context
            .quota
            .map(|quota| quota.saturating_sub(context.usage));
        for guard in &why {
            let (handle, sentence) = (printable(&context.handle), printable(&guard.sentence));
            blocks.push_str(&format!(
                "  {handle}: {sentence}\n    next: {}\n",
                printable(&guard.next_step)
            ));
        }
        let remark = match (why.is_empty(), default) {
            (false, _) => "not possible",
            (true, true) => "the default",
            (true, false) => "",
        };
        table.row([
            context.handle.into(),
            context.name.into(),
            free.map_or_else(|| "no limit".to_owned(), size).into(),
            remark.into(),
        ]);
    }
    session.table("Contexts to accept into", &table)?;
    session.print(blocks)
}
