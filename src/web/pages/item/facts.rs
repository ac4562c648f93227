//! What is known of a run or a project, each under its name.

use crate::actors::custody;
use crate::actors::names;
use crate::actors::queries::SeenItem;
use crate::actors::rights::Permit;
use crate::domain::item::{Details, Item, Read, Run, RunStatus, State as ItemState};
use crate::domain::rights::{Level, Reason};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::language::say;
use crate::web::pages::words::size;

use super::super::Stop;
use super::super::words::{self, Fact, fact};

/// Names of this many running analyses.
const NAMED: usize = 5;

/// What is known of it, in the order in which people ask.
pub async fn of(app: &App, seen: &SeenItem) -> Result<Vec<Fact>, Stop> {
    let item = seen.permit.item();
    let mut facts = vec![
        fact("Kind", item.id.kind().word()),
        fact("Owner", words::plain(&seen.owner_name)),
        fact(
            "You may",
            match seen.permit.level() {
                Level::Read => "look at it",
                Level::Write => "add to it and change it",
                Level::Own => "do everything with it",
            },
        ),
        fact(
            "Size",
            format!("{} in {}", size(item.bytes), words::files(item.files)),
        ),
    ];
    let because = because(app, &seen.permit).await?;
    facts.extend(because.map(|because| fact("Because", because)));
    match item.state {
        ItemState::Active => {}
        ItemState::Trashed => facts.push(fact("State", in_the_trash(item))),
        ItemState::Archived => facts.push(fact("State", since("archived", item.life.archived_at))),
    }
    match &item.details {
        Details::Run(run) => of_run(run, &mut facts),
        Details::Project {
            biosamples,
            libraries,
        } => facts.push(fact(
            "Contents",
            format!(
                "{}, {}",
                say!(*biosamples; "{n} biosample", "{n} biosamples"),
                say!(*libraries; "{n} library", "{n} libraries")
            ),
        )),
    }
    if item.running_analyses > 0 {
        facts.push(fact("Analyses", running(app, &seen.permit).await?));
    }
    facts.push(fact("Registered", words::date(item.created_at)));
    facts.push(fact("Id", item.id.to_string()));
    Ok(facts)
}

/// The analyses that write to a project now, the first few by name.
async fn running(app: &App, permit: &Permit) -> Result<String, Stop> {
    let n = permit.item().running_analyses;
    let write = if n == 1 { "writes" } else { "write" };
    let (found, _) = custody::running(&app.settings(), permit, None, NAMED).await?;
    let mut names: Vec<String> = found.iter().map(|one| words::short(&one.name)).collect();
    if usize::try_from(n).is_ok_and(|n| n > names.len()) {
        names.push("…".to_owned());
    }
    let running = say!(n; "{n} analysis", "{n} analyses");
    Ok(format!("{running} {write} to it now: {}", names.join(", ")))
}

/// Why somebody may see an item that no context of theirs owns.
async fn because(app: &App, permit: &Permit) -> Result<Option<String>, Stop> {
    let Some(reason) = permit.reasons().first() else {
        return Ok(None);
    };
    let (context, part, what) = match reason {
        Reason::Owner(_) => return Ok(None),
        Reason::DomainAdministrator(domain) => {
            return Ok(Some(format!("you administer {}", domain.name())));
        }
        Reason::Granted(context, part) => (*context, part, "it is shared with"),
        Reason::Through(_, context, part) => {
            (*context, part, "a project with its data is shared with")
        }
    };
    let names = names::contexts(&app.settings(), [context]).await?;
    let name = names
        .get(&context)
        .map_or_else(String::new, |name| words::short(name));
    Ok(Some(match part.until {
        Some(until) => format!("{what} {name} until {}", words::date(until)),
        None => format!("{what} {name}"),
    }))
}

fn since(state: &str, at: Option<Time>) -> String {
    match at {
        Some(at) => format!("{state} since {}", words::date(at)),
        None => state.to_owned(),
    }
}

fn in_the_trash(item: &Item) -> String {
    let lies = since("in the trash", item.life.trashed_at);
    match item.life.purge_at {
        Some(at) => format!("{lies}; deleted for good on {}", words::date(at)),
        None => lies,
    }
}

fn of_run(run: &Run, facts: &mut Vec<Fact>) {
    let instrument = if run.platform.is_empty() {
        words::short(&run.instrument)
    } else {
        format!(
            "{} ({})",
            words::short(&run.instrument),
            words::short(&run.platform)
        )
    };
    facts.push(fact("Instrument", instrument));
    facts.push(fact(
        "Flow cell",
        format!(
            "{}, {}",
            words::short(&run.flow_cell),
            say!(run.lanes; "{n} lane", "{n} lanes")
        ),
    ));
    let read = |read: &Read| match read.indexed {
        true => format!("{} (index)", read.cycles),
        false => read.cycles.to_string(),
    };
    let reads: Vec<String> = run.reads.iter().map(read).collect();
    facts.push(fact("Reads", format!("{} cycles", reads.join(" + "))));
    let status = match run.status {
        RunStatus::Completed => "completed",
        RunStatus::Stopped => "stopped before its last cycle",
        RunStatus::Failed => "failed",
        RunStatus::InProgress => "was still running when it was registered",
    };
    facts.push(fact("Status", status));
    let moments = [("Started", run.started_at), ("Ended", run.ended_at)];
    for (name, at) in moments {
        facts.extend(at.map(|at| fact(name, words::date(at))));
    }
}
