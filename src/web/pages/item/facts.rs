//! What is known of a run or a project, each under its name.

use std::collections::BTreeMap;

use crate::actors::custody;
use crate::actors::names;
use crate::actors::queries::SeenItem;
use crate::actors::rights::Permit;
use crate::domain::item::{Details, Item, Read, Run, RunStatus, State as ItemState};
use crate::domain::rights::{Level, Reason};
use crate::domain::said::{Size, said};
use crate::web::App;
use crate::web::language::say;

use super::super::Stop;
use super::super::words::{self, Fact, fact};
use super::giver::Giver;

/// Names of this many running analyses.
const NAMED: usize = 5;

/// What is known of it, in the order in which people ask.
pub async fn of(app: &App, seen: &SeenItem, sharer: Option<&Giver>) -> Result<Vec<Fact>, Stop> {
    let item = seen.permit.item();
    let mut facts = vec![
        fact(say!("Kind"), words::kind(item.id.kind())),
        fact(say!("Owner"), words::plain(&seen.owner_name)),
        fact(
            say!("You may"),
            match seen.permit.level() {
                level @ (Level::Read | Level::Write) => words::may(level),
                Level::Own => say!("do everything with it"),
            },
        ),
    ];
    let because = because(app, &seen.permit).await?;
    facts.extend(because.map(|because| fact(say!("Because"), because)));
    facts.extend(sharer.map(|giver| fact(say!("Shared by"), giver.said())));
    facts.push(fact(
        say!("Size"),
        match (&item.details, item.files) {
            (Details::Project { .. }, 0) => {
                say!("no files of its own; those of a run count with the run")
            }
            _ => say!(
                "{size} in {files}",
                size = Size(item.bytes),
                files = words::files(item.files)
            ),
        },
    ));
    match item.state {
        ItemState::Active => {}
        ItemState::Trashed => facts.push(fact(say!("State"), in_the_trash(item))),
        ItemState::Archived => facts.push(fact(say!("State"), archived(item))),
    }
    match &item.details {
        Details::Run(run) => of_run(run, &mut facts),
        Details::Project {
            biosamples,
            libraries,
        } => facts.push(fact(
            say!("Contents"),
            say!(
                "{biosamples}, {libraries}",
                biosamples = said!(*biosamples; "{n} biosample", "{n} biosamples"),
                libraries = said!(*libraries; "{n} library", "{n} libraries")
            ),
        )),
    }
    if item.running_analyses > 0 {
        facts.push(fact(say!("Analyses"), running(app, &seen.permit).await?));
    }
    facts.push(fact(
        say!("Registered"),
        registered(app, &seen.permit).await?,
    ));
    facts.push(fact(say!("Id"), item.id.to_string()));
    Ok(facts)
}

/// When it was registered, and by whom, which is for the owner's side: the files are where that person knows.
async fn registered(app: &App, permit: &Permit) -> Result<String, Stop> {
    let item = permit.item();
    let mut known = match permit.as_owner() {
        Some(_) => names::people(&app.settings(), [item.registered_by]).await?,
        None => BTreeMap::new(),
    };
    Ok(match known.remove(&item.registered_by) {
        Some(name) => say!(
            "{at}, by {name}",
            at = item.created_at,
            name = words::short(&name)
        ),
        None => words::date(item.created_at),
    })
}

/// The analyses that write to a project now, the first few by name.
async fn running(app: &App, permit: &Permit) -> Result<String, Stop> {
    let n = permit.item().running_analyses;
    let (found, _) = custody::running(&app.settings(), permit, None, NAMED).await?;
    let mut names: Vec<String> = found.iter().map(|one| words::short(&one.name)).collect();
    if usize::try_from(n).is_ok_and(|n| n > names.len()) {
        names.push("…".to_owned());
    }
    Ok(
        say!(n; "{n} analysis writes to it now: {names}", "{n} analyses write to it now: {names}", names),
    )
}

/// Why somebody may see an item that no context of theirs owns.
async fn because(app: &App, permit: &Permit) -> Result<Option<String>, Stop> {
    let Some(reason) = permit.reasons().first() else {
        return Ok(None);
    };
    let (context, part, directly) = match reason {
        Reason::Owner(_) => return Ok(None),
        Reason::DomainAdministrator(domain) => {
            let domain = domain.name();
            return Ok(Some(say!("you administer {domain}", domain)));
        }
        Reason::Granted(context, part) => (*context, part, true),
        Reason::Through(_, context, part) => (*context, part, false),
    };
    let names = names::contexts(&app.settings(), [context]).await?;
    let name = names
        .get(&context)
        .map_or_else(String::new, |name| words::short(name));
    Ok(Some(match (directly, part.until) {
        (true, None) => say!("it is shared with {name}", name),
        (true, Some(until)) => say!("it is shared with {name} until {until}", name, until),
        (false, None) => say!("a project with its data is shared with {name}", name),
        (false, Some(until)) => say!(
            "a project with its data is shared with {name} until {until}",
            name,
            until
        ),
    }))
}

fn archived(item: &Item) -> String {
    match item.life.archived_at {
        Some(at) => say!("archived since {at}", at),
        None => say!("archived"),
    }
}

fn in_the_trash(item: &Item) -> String {
    match (item.life.trashed_at, item.life.purge_at) {
        (None, None) => say!("in the trash"),
        (None, Some(day)) => say!("in the trash; deleted for good on {day}", day),
        (Some(at), None) => say!("in the trash since {at}", at),
        (Some(at), Some(day)) => {
            say!(
                "in the trash since {at}; deleted for good on {day}",
                at,
                day
            )
        }
    }
}

fn of_run(run: &Run, facts: &mut Vec<Fact>) {
    let instrument = words::short(&run.instrument);
    let instrument = match words::short(&run.platform) {
        platform if platform.is_empty() => instrument,
        platform => say!("{instrument} ({platform})", instrument, platform),
    };
    facts.push(fact(say!("Instrument"), instrument));
    facts.push(fact(
        say!("Flow cell"),
        say!(
            "{name}, {lanes}",
            name = words::short(&run.flow_cell),
            lanes = said!(run.lanes; "{n} lane", "{n} lanes")
        ),
    ));
    let read = |read: &Read| match read.indexed {
        true => say!("{cycles} (index)", cycles = read.cycles),
        false => read.cycles.to_string(),
    };
    let reads: Vec<String> = run.reads.iter().map(read).collect();
    facts.push(fact(
        say!("Reads"),
        say!("{reads} cycles", reads = reads.join(" + ")),
    ));
    let status = match run.status {
        RunStatus::Completed => say!("completed"),
        RunStatus::Stopped => say!("stopped before its last cycle"),
        RunStatus::Failed => say!("failed"),
        RunStatus::InProgress => say!("was still running when it was registered"),
    };
    facts.push(fact(say!("Status"), status));
    let moments = [
        (say!("Started"), run.started_at),
        (say!("Ended"), run.ended_at),
    ];
    for (name, at) in moments {
        facts.extend(at.map(|at| fact(name, words::date(at))));
    }
}
