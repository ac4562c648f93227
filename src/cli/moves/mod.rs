//! Moving everything of somebody who leaves.

pub mod args;

use serde_json::json;

use crate::wire::{Move, MovePage, MovePreview, OfferedItem, ProposeMove};

use super::amounts::{counted, size};
use super::api::path;
use super::args::{Named, Show};
use super::failure::Failure;
use super::history::history;
use super::outcome::Document;
use super::request::offered;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts, state};
use super::text::printable;

use args::Move as Command;

/// `handover admin move …`
pub(super) fn perform(command: &Command, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    match command {
        Command::Preview(args) => preview(args, session),
        Command::Propose(args) => propose(args, session),
        Command::List(args) => list(args, session),
        Command::Show(args) => show(args, session),
        Command::Approve(args) => decide(args, "approve", session),
        Command::Cancel(args) => decide(args, "cancel", session),
    }
}

fn told(
    document: &Document,
    session: &mut Session<'_, '_>,
    sentence: impl FnOnce(&Move) -> String,
) -> Result<(), Failure> {
    let one: Move = match session.form {
        Form::Json => return session.document(document),
        _ => document.read()?,
    };
    match session.form {
        Form::People => session.print(format_args!("{}\n", sentence(&one))),
        _ => session.print(format_args!("{}\n", printable(&one.id))),
    }
}

fn ends(one: &Move) -> (String, String) {
    (printable(&one.from_name), printable(&one.to_name))
}

fn moved(one: &Move) -> String {
    let items = counted(one.items, "item", "items");
    format!("{items} ({})", size(one.bytes))
}

fn proposal(ends: &args::Ends, reason: Option<&String>) -> ProposeMove {
    ProposeMove {
        from: ends.from.clone(),
        to: ends.to.clone(),
        reason: reason.cloned(),
    }
}

fn preview(args: &args::Preview, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    // It changes nothing, so its key is its own.
    let key = session.api.fresh_key();
    let body = proposal(&args.ends, None);
    let at = path(&["admin", "moves", "preview"]);
    let document = session.api.post(at, &body, &key)?;
    let found: MovePreview = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        let id = |item: &OfferedItem| format!("{}\n", printable(&item.id));
        return session.print(found.items.iter().map(id).collect::<String>());
    }
    session.print(facts(&[
        ("from", format!("{} ({})", found.from_name, found.from)),
        ("to", format!("{} ({})", found.to_name, found.to)),
        ("would move", total(&found)),
        ("free there now", free(&found)),
    ]))?;
    items(&found, session)
}

/// `2 runs and more than 1,000 projects, 11 TB`
fn total(found: &MovePreview) -> String {
    let some = |n: u64, one: &str, several: &str| (n > 0).then(|| counted(n, one, several));
    let both = [
        some(found.runs, "run", "runs"),
        some(found.projects, "project", "projects"),
    ];
    let both: Vec<String> = both.into_iter().flatten().collect();
    let bytes = size(found.bytes);
    match (both.is_empty(), found.more) {
        (true, _) => "nothing".to_owned(),
        (false, false) => format!("{}, {bytes}", both.join(" and ")),
        (false, true) => format!("more than {}, {bytes}", both.join(" and ")),
    }
}

fn free(found: &MovePreview) -> String {
    found.free.map_or_else(|| "no cap".to_owned(), size)
}

/// The items that may be seen, and how many there are besides.
fn items(found: &MovePreview, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    session.table("Items", &offered(&found.items))?;
    let all = found.runs.saturating_add(found.projects);
    let rest = all.saturating_sub(found.items.len() as u64);
    if rest == 0 && !found.more {
        return Ok(());
    }
    let least = if found.more { "at least " } else { "" };
    let rest = counted(rest, "item", "items");
    session.note(format!("{least}{rest} more, not listed here"))
}

fn propose(args: &args::Propose, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = proposal(&args.ends, args.reason.as_ref());
    let document = session.command(&["admin", "moves"], &body, &args.once)?;
    told(&document, session, |one| {
        let (from, to) = ends(one);
        let id = printable(&one.id);
        format!(
            "Proposed: everything of {from} to {to}. Another administrator approves it:\n\nhandover admin move approve {id}"
        )
    })
}

fn decide(args: &Named, verb: &str, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let at = ["admin", "moves", &args.id, verb];
    let document = session.command(&at, &json!({}), &args.once)?;
    told(&document, session, |one| {
        let (from, to) = ends(one);
        let moved = moved(one);
        match one.state.as_str() {
            "cancelled" => format!("Cancelled; {moved} had moved from {from} to {to}."),
            _ => format!("Moved {moved} from {from} to {to}."),
        }
    })
}

fn list(args: &args::List, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut table = Table::new([
        column("STATE", Fit::Keeps),
        column("FROM", Fit::Shrinks),
        column("TO", Fit::Shrinks),
        amounts("MOVED", Fit::Drops),
        column("PROPOSED BY", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let row = |one: Move| {
        table.row([
            state(&one.state),
            one.from_name.into(),
            one.to_name.into(),
            one.items.to_string().into(),
            one.proposed_by.into(),
            one.id.into(),
        ]);
    };
    let wanted = if args.closed { "closed" } else { "open" };
    let query = [("state", wanted)];
    session.list(
        "/admin/moves",
        &query,
        args.limit,
        |one: &Move| &one.id,
        row,
    )?;
    session.table("", &table)
}

fn show(args: &Show, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["admin", "moves", &args.id]))?;
    let MovePage {
        one,
        preview,
        history: events,
    } = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&one.id)));
    }
    let moments = session.moments.clone();
    let decided = |by: &Option<String>, at: &Option<String>| match (by, at) {
        (Some(by), Some(at)) => format!("{by}, {}", moments.full(at)),
        _ => String::new(),
    };
    session.print(facts(&[
        ("move", one.id.clone()),
        ("state", one.state.clone()),
        ("from", format!("{} ({})", one.from_name, one.from)),
        ("to", format!("{} ({})", one.to_name, one.to)),
        ("moved", moved(&one)),
        (
            if one.state == "proposed" {
                "would move"
            } else {
                "still to move"
            },
            preview.as_ref().map(total).unwrap_or_default(),
        ),
        (
            "free there now",
            preview.as_ref().map(free).unwrap_or_default(),
        ),
        ("reason", one.reason.clone().unwrap_or_default()),
        (
            "proposed by",
            format!("{}, {}", one.proposed_by, moments.full(&one.proposed_at)),
        ),
        ("approved by", decided(&one.approved_by, &one.approved_at)),
        (
            "ended",
            one.ended_at
                .as_ref()
                .map(|at| moments.full(at))
                .unwrap_or_default(),
        ),
    ]))?;
    if let Some(preview) = &preview {
        items(preview, session)?;
    }
    session.table("History", &history(events, &moments))
}
