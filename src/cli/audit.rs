//! Who did what: listed, exported, and verified from its first entry to its last.

use serde_json::json;

use crate::chain::{Chain, Verifier};
use crate::wire::{AuditEntry, ItemAudit};

use super::args::{AuditFilter, ListAudit, VerifyAudit};
use super::base::escaped;
use super::failure::{Exit, Failure, reason};
use super::history::{called, told};
use super::items::Kind;
use super::lifecycle::place;
use super::names;
use super::session::{Form, Query, Session, borrowed};
use super::table::{Fit, Table, column};
use super::text::printable;

/// Entries of a journal on one page: what the API gives at most.
const PAGE: usize = 100;

/// A moment in RFC 3339, or a day, which begins at midnight in UTC.
pub(super) fn moment(text: &str) -> Result<String, String> {
    if text.parse::<jiff::Timestamp>().is_ok() {
        return Ok(text.to_owned());
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(day) => Ok(format!("{day}T00:00:00Z")),
        Err(_) => Err(
            "write a day such as 2026-11-22, or a moment such as 2026-11-22T10:47:00Z".to_owned(),
        ),
    }
}

/// The query that the options amount to.
fn query(filter: &AuditFilter, session: &Session<'_, '_>) -> Result<Query, Failure> {
    let mut query = Vec::new();
    if let Some(item) = &filter.item {
        let wanted = std::slice::from_ref(item);
        let kinds = [Kind::Run, Kind::Project];
        let ids = names::resolve(wanted, &kinds, filter.context.as_deref(), session)?;
        query.extend(ids.into_iter().map(|id| ("item", id)));
    } else if let Some(context) = &filter.context {
        query.push(("context", context.clone()));
    }
    let rest = [
        ("person", &filter.person),
        ("from", &filter.from),
        ("to", &filter.to),
    ];
    for (name, value) in rest {
        query.extend(value.iter().map(|value| (name, value.clone())));
    }
    Ok(query)
}

/// `handover audit list`
pub(super) fn list(args: &ListAudit, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let query = query(&args.filter, session)?;
    let mut table = Table::new([
        column("WHEN", Fit::Keeps),
        column("WHO", Fit::Keeps),
        column("WHAT", Fit::Shrinks),
        column("ABOUT", Fit::Drops),
        column("THROUGH", Fit::Drops),
    ]);
    let moments = session.moments.clone();
    let row = |entry: AuditEntry| {
        let mut what = told(&entry.what, &entry.names, &moments);
        for change in &entry.changes {
            if change.private {
                what.push_str(&format!("; {}", change.field));
                continue;
            }
            let value =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            let (before, after) = (value(&change.before), value(&change.after));
            what.push_str(&format!("; {}: {before} → {after}", change.field));
        }
        let about: Vec<String> = entry
            .about
            .iter()
            .map(|id| called(id, &entry.names))
            .collect();
        let who = entry.person_name.or(entry.person);
        table.row([
            moments.exact(&entry.at).into(),
            who.unwrap_or_else(|| "the server".to_owned()).into(),
            what.into(),
            about.join(", ").into(),
            entry.channel.into(),
        ]);
    };
    let id = |entry: &AuditEntry| entry.about.first().cloned().unwrap_or_default();
    session.list_by("/audit", &borrowed(&query), args.limit, id, row)?;
    session.table("", &table)
}

/// `handover audit export`: one entry a line, exactly as it came.
pub(super) fn export(filter: &AuditFilter, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let query = query(filter, session)?;
    let output = &mut session.terminal.output;
    let each = &mut |document: super::outcome::Document| {
        writeln!(output, "{}", document.as_str())?;
        Ok(true)
    };
    session
        .api
        .list("/audit", &borrowed(&query), None, each)
        .map(drop)
}

/// `handover audit verify ITEM`
pub(super) fn verify(args: &VerifyAudit, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let wanted = args.item.as_slice();
    let kinds = [Kind::Run, Kind::Project];
    let ids = names::resolve(wanted, &kinds, args.context.as_deref(), session)?;
    let mut guards = Vec::new();
    for id in &ids {
        let (chain, verifier) = follow(id, session)?;
        let broken = verifier.finish(&chain);
        let problems: Vec<String> = broken.iter().map(ToString::to_string).collect();
        let head = chain.head.map(|head| head.to_string()).unwrap_or_default();
        let length = chain.length;
        match session.form {
            Form::Json => {
                let whole = problems.is_empty();
                let told = json!({
                    "item": id, "length": length, "head": head, "whole": whole, "problems": problems,
                });
                session.print(format_args!("{told}\n"))?;
            }
            Form::Terse if problems.is_empty() => {
                session.print(format_args!("{}\n", printable(id)))?;
            }
            Form::People if problems.is_empty() => session.print(format_args!(
                "{}: {length} entries, every one in its place.\nhead {head}\n",
                printable(id)
            ))?,
            Form::Terse | Form::People => {}
        }
        let next = "compare it with an earlier export, and ask the operators of the server";
        let told = |problem: &String| reason(Exit::Refused, format!("{id}: {problem}"), next);
        guards.extend(problems.iter().map(told));
    }
    if guards.is_empty() {
        Ok(())
    } else {
        Err(Failure::of(Exit::Refused, guards))
    }
}

/// Reads the journal of an item to its end.
fn follow(id: &str, session: &Session<'_, '_>) -> Result<(Chain, Verifier), Failure> {
    let mut verifier = Verifier::default();
    let mut cursor: Option<String> = None;
    loop {
        let mut at = format!("{}?limit={PAGE}", place(id, "audit"));
        if let Some(cursor) = &cursor {
            at.push_str(&format!("&cursor={}", escaped(cursor)));
        }
        let page: ItemAudit = session.api.get(at)?.read()?;
        for entry in &page.entries {
            verifier.take(entry.as_bytes());
        }
        // The same cursor twice would go round for ever.
        if page.next_cursor.is_none() || page.next_cursor == cursor {
            let chain = Chain {
                length: page.length,
                head: page.head.and_then(|head| head.parse().ok()),
            };
            return Ok((chain, verifier));
        }
        cursor = page.next_cursor;
    }
}
