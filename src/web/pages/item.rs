//! The page of a run or a project, for whoever may see it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::names;
use crate::actors::queries::{self, SeenItem};
use crate::actors::rights::{self, Permit};
use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::item::{Details, Item, Read, Run, RunStatus, State as ItemState};
use crate::domain::refusal::size;
use crate::domain::rights::{Level, Origin, Part, Reason};
use crate::web::App;
use crate::web::auth::Browser;

use super::form::Fields;
use super::words::{self, Fact, History, List, Row, fact};
use super::{Frame, Person, Stop, frame, page};

/// At most this many biosamples and grants are listed.
const LISTED: usize = 50;

struct Biosample {
    name: String,
    libraries: String,
}

#[derive(Template)]
#[template(path = "pages/item.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    name: String,
    facts: Vec<Fact>,
    pending: Option<String>,
    list: List,
    biosamples: Vec<Biosample>,
    unlisted: usize,
    access: Vec<String>,
    elsewhere: Option<Elsewhere>,
    history: History,
}

/// The item is of another context than the one its viewer acts as just now, and of one of theirs.
struct Elsewhere {
    context: Context,
    name: String,
    here: String,
}

/// `GET /items/{id}`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let here = format!("/items/{id}");
    let person = super::person(&app, browser, super::local(&here)).await?;
    let id: ItemId = id.parse().map_err(|_| Stop::Nothing)?;
    let settings = app.settings();
    let now = app.directory().now();
    let permit = rights::permit(&settings, person.account.id, id, Level::Read, now).await?;
    let seen = queries::item(&settings, permit, now).await?;
    let item = seen.permit.item();
    let owns = seen.permit.level() == Level::Own;
    let access = if owns {
        access(&app, &seen).await?
    } else {
        Vec::new()
    };
    let all = seen.biosamples.as_ref().map_or(&[][..], |b| &b.biosamples);
    let biosample = |b: &crate::domain::item::Biosample| Biosample {
        name: words::short(&b.name),
        libraries: match b.libraries.len() {
            0 => "no library".to_owned(),
            n => words::count(n, "library"),
        },
    };
    let heading = match id.kind() {
        ItemKind::Run => "Projects with data of this run",
        ItemKind::Project => "Runs that its data came from",
    };
    let from = asked.get("from").parse().unwrap_or(0);
    let view = Page {
        f: frame(&app, Some(&person)),
        person: &person,
        elsewhere: elsewhere(&person, item),
        name: words::plain(&item.name),
        facts: facts(&app, &seen).await?,
        pending: item.pending.filter(|_| owns).map(|it| it.to_string()),
        list: List::of(heading.to_owned(), &seen.related, from, row),
        biosamples: all.iter().take(LISTED).map(biosample).collect(),
        unlisted: all.len().saturating_sub(LISTED),
        access,
        history: words::history(&settings, &seen.journal).await?,
    };
    Ok(page(StatusCode::OK, &view))
}

fn elsewhere(person: &Person, item: &Item) -> Option<Elsewhere> {
    let own = person.own(item.owner)?;
    (own.context != person.acts_as.context).then(|| Elsewhere {
        context: own.context,
        name: words::context_name(own.context, &own.name),
        here: format!("/items/{}", item.id),
    })
}

fn row(permit: &Permit) -> Row {
    let item = permit.item();
    Row {
        id: item.id.to_string(),
        link: true,
        name: words::short(&item.name),
        was: None,
        kind: item.id.kind().word(),
        size: size(item.bytes),
        files: words::count(item.files, "file"),
    }
}

async fn access(app: &App, seen: &SeenItem) -> Result<Vec<String>, Stop> {
    let grants = seen.grants.iter().take(LISTED);
    let names = names::contexts(&app.settings(), grants.clone().map(|g| g.grantee)).await?;
    let now = app.directory().now();
    let line = |(grantee, part): (crate::domain::id::Context, &Part)| {
        let name = names.get(&grantee);
        let name = name.map_or_else(|| "somebody".to_owned(), |name| words::short(name));
        let verb = match part.level {
            Level::Read => "read",
            Level::Write | Level::Own => "read and write",
        };
        let until = match part.until {
            Some(until) => format!("until {}", until.for_people()),
            None => "until it is revoked".to_owned(),
        };
        let why = match part.origin {
            Origin::Kept(_) => "as agreed with its transfer",
            Origin::Invitation(_) => "by an invitation",
            Origin::Link(_) => "by a link",
        };
        format!("{name} may {verb} it {until}, {why}")
    };
    let parts = grants.flat_map(|grant| {
        let alive = grant.parts.iter().filter(|part| part.is_alive(now));
        alive.map(|part| (grant.grantee, part))
    });
    Ok(parts.map(line).collect())
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
        Some(until) => format!("{what} {name} until {}", until.for_people()),
        None => format!("{what} {name}"),
    }))
}

async fn facts(app: &App, seen: &SeenItem) -> Result<Vec<Fact>, Stop> {
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
            format!(
                "{} in {}",
                size(item.bytes),
                words::count(item.files, "file")
            ),
        ),
    ];
    let because = because(app, &seen.permit).await?;
    facts.extend(because.map(|because| fact("Because", because)));
    match item.state {
        ItemState::Active => {}
        ItemState::Trashed => facts.push(fact("State", "in the trash")),
        ItemState::Archived => facts.push(fact("State", "archived")),
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
                words::count(*biosamples, "biosample"),
                words::count(*libraries, "library")
            ),
        )),
    }
    facts.push(fact("Registered", item.created_at.for_people()));
    facts.push(fact("Id", item.id.to_string()));
    Ok(facts)
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
            words::count(run.lanes, "lane")
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
        facts.extend(at.map(|at| fact(name, at.for_people())));
    }
}
