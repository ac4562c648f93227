//! Who can see this, and why; and, for administrators, what somebody can see.

use crate::wire::{ChangeAllowance, Context, GrantedItem, ItemAccess, PersonAccess, Reason, Seer};

use super::amounts::{Moments, count, size};
use super::api::path;
use super::args::{Allow, PersonSees, ShowItem};
use super::failure::{Exit, Failure};
use super::items::Kind;
use super::names;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts};
use super::text::printable;

/// `handover access show`
pub(super) fn show(args: &ShowItem, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let wanted = std::slice::from_ref(&args.item);
    let kinds = [Kind::Run, Kind::Project];
    let ids = names::resolve(wanted, &kinds, args.context.as_deref(), session)?;
    let id = ids.first().map_or("", String::as_str);
    let kind = if id.starts_with("run_") {
        Kind::Run
    } else {
        Kind::Project
    };
    let document = session.api.get(path(&[kind.list(), id, "access"]))?;
    let access: ItemAccess = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        for seer in &access.seers {
            let who = seer.reason.context.as_ref().unwrap_or(&seer.name);
            session.print(format_args!("{}\n", printable(who)))?;
        }
        return Ok(());
    }
    let moments = session.moments.clone();
    let mut table = Table::new([
        column("WHO", Fit::Shrinks),
        amounts("PEOPLE", Fit::Keeps),
        column("MAY", Fit::Keeps),
        column("WHY", Fit::Shrinks),
        column("UNTIL", Fit::Keeps),
        column("CONTEXT", Fit::Drops),
    ]);
    for Seer {
        name,
        people,
        more_people,
        reason,
    } in access.seers
    {
        let (why, until) = (why(&reason), until(&reason, &moments));
        table.row([
            name.into(),
            match more_people {
                true => format!("more than {}", count(people)),
                false => count(people),
            }
            .into(),
            reason.level.into(),
            why.into(),
            until.into(),
            reason.context.unwrap_or_default().into(),
        ]);
    }
    session.table("", &table)?;
    if access.more {
        session.note("there are more than could be told")?;
    }
    Ok(())
}

/// `handover admin access`
pub(super) fn of_person(args: &PersonSees, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut at = path(&["admin", "people", &args.person, "access"]) + "?limit=100";
    if let Some(cursor) = &args.cursor {
        at = format!("{at}&cursor={}", super::base::escaped(cursor));
    }
    let document = session.api.get(at)?;
    let person: PersonAccess = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        for item in &person.items {
            session.print(format_args!("{}\n", printable(&item.id)))?;
        }
    } else {
        whole(&person, session)?;
    }
    match &person.next_cursor {
        Some(cursor) => session.note(format_args!("there are more: --cursor {cursor}")),
        None => Ok(()),
    }
}

fn whole(person: &PersonAccess, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    session.print(facts(&[
        ("name", person.name.clone()),
        ("addresses", person.addresses.join(", ")),
        ("id", person.account.clone()),
        ("domain", person.domain.clone()),
        ("administers", person.administers.join(", ")),
    ]))?;
    let mut contexts = Table::new([
        column("CONTEXT", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        column("ROLE", Fit::Keeps),
        column("DOMAIN", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    for context in &person.contexts {
        contexts.row([
            context.handle.clone().into(),
            context.name.clone().into(),
            context.role.clone().into(),
            context.domain.clone().into(),
            context.id.clone().into(),
        ]);
    }
    session.table("Reads and writes all of", &contexts)?;
    let moments = session.moments.clone();
    session.table("Was granted beside that", &granted(&person.items, &moments))
}

fn granted(items: &[GrantedItem], moments: &Moments) -> Table<5> {
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("MAY", Fit::Keeps),
        column("UNTIL", Fit::Keeps),
        column("AS", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    for item in items {
        for reason in &item.reasons {
            table.row([
                item.name.clone().unwrap_or_default().into(),
                reason.level.clone().into(),
                until(reason, moments).into(),
                reason.context.clone().unwrap_or_default().into(),
                item.id.clone().into(),
            ]);
        }
    }
    table
}

/// `grant (inv_…)`, or where else it comes from.
fn why(reason: &Reason) -> String {
    let from = [&reason.domain, &reason.project, &reason.origin];
    match from.into_iter().flatten().next() {
        Some(from) => format!("{} ({from})", reason.why.replace('-', " ")),
        None => reason.why.replace('-', " "),
    }
}

fn until(reason: &Reason, moments: &Moments) -> String {
    match (&reason.until, &reason.since) {
        (Some(until), _) => moments.short(until),
        (None, Some(_)) => "no end".to_owned(),
        (None, None) => String::new(),
    }
}

/// `handover admin allow`
pub(super) fn allow(args: &Allow, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let quota = args.quota.as_deref().map(bytes).transpose()?;
    let body = ChangeAllowance {
        tier: args.tier.clone(),
        quota,
    };
    let key = session.key(&args.once);
    let at = path(&["admin", "allowances", &args.of]);
    let document = session.api.patch(at, &body, &key)?;
    let context: Context = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&context.id)));
    }
    let shown = facts(&[
        ("name", context.name),
        ("uses", size(context.usage)),
        (
            "of",
            context.quota.map_or_else(|| "no cap".to_owned(), size),
        ),
    ]);
    session.print(shown)
}

/// A size as people write it, as the number that the API takes; other words as they are.
fn bytes(text: &str) -> Result<String, Failure> {
    const UNITS: [(&str, u64); 10] = [
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("PiB", 1 << 50),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("PB", 1_000_000_000_000_000),
        ("B", 1),
    ];
    if text == "no-cap" {
        return Ok("none".to_owned());
    }
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let Some((unit, each)) = unit else {
        return Ok(text.to_owned());
    };
    let number = text.trim_end_matches(unit).trim();
    let bytes = number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(*each));
    let odd = || {
        Failure::new(
            Exit::Usage,
            format!("\"{text}\" is not a size"),
            "write a whole number and a unit, such as 5TiB, or no-cap, or tier",
        )
    };
    Ok(bytes.ok_or_else(odd)?.to_string())
}
