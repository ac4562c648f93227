//! The page of a run or a project, for whoever may see it.

mod contents;
mod facts;
mod giver;
mod listing;

use std::cmp::Reverse;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::audit;
use crate::actors::collaborators::{self, Collaborator, Collaborators};
use crate::actors::queries;
use crate::actors::rights::{self, Permit};
use crate::actors::world::Trouble;
use crate::domain::event::{Event, What};
use crate::domain::id::{Context, InvitationId, ItemId, ItemKind};
use crate::domain::invitation::Invitation;
use crate::domain::item::{self, Item, State as ItemState};
use crate::domain::key::Key;
use crate::domain::rights::{Level, Origin, Reason};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

pub use listing::list;

use contents::{Dataset, File, Part};
use giver::Giver;

use super::form::{self, Fields};
use super::journal::{self, History, Line};
use super::life::done;
use super::words::{self, Fact, List, Moment, Posted, Row};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// At most this many biosamples are listed.
const LISTED: usize = 50;
/// At most this many of those who have access; the others stand on a page of their own.
const PEOPLE: usize = 10;
/// So many who have access are looked at for that.
const LOOKED_AT: usize = 1_000;
/// So many runs or projects stand on a page, and so many lines of the history.
const RELATED: usize = 20;
const LINES: usize = 15;
/// Whoever passed it on last is looked for in so many of its newest transfers, among so many of its newest events.
const TRANSFERS: usize = 5;
const LOOKED_BACK: usize = 250;
/// So many letters of the offer it is in, the newest.
const LETTERS: usize = 5;

struct Biosample {
    name: String,
    libraries: String,
}

/// Who has access and why, as far as it is told here.
struct People {
    lines: Vec<String>,
    more: usize,
}

/// The offer that the item is in, for the owner's side.
struct Pending {
    id: InvitationId,
    to: Option<String>,
    until: Option<Moment>,
    letters: Vec<Posted>,
}

/// What the owner's side may do with it now.
#[derive(Default)]
struct Acts {
    transfer: bool,
    share: bool,
    archive: bool,
    activate: bool,
    trash: bool,
    restore: bool,
    purge: bool,
}

#[derive(Template)]
#[template(path = "pages/item.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    id: ItemId,
    name: String,
    note: Option<String>,
    problems: Problems,
    acts: Option<Acts>,
    /// What those of them do that say too little themselves.
    acting: Option<String>,
    /// Whether an access of theirs could be given up.
    holds: bool,
    facts: Vec<Fact>,
    /// Who wrote something when it was passed on or shared, and where that is shown.
    wrote: Option<(String, String)>,
    pending: Option<Pending>,
    list: List,
    /// What is said of a run's projects, or a project's runs, that are not listed because they may not be seen.
    unseen: Option<String>,
    biosamples: Vec<Biosample>,
    unlisted: usize,
    datasets: Part<Dataset>,
    files: Part<File>,
    /// Where its files are, and who knows more.
    whereabouts: String,
    /// Whether there is no list of files.
    /// What was typed of files to be listed, where they may list some.
    adding: Option<listing::Typed>,
    people: Option<People>,
    elsewhere: Option<Elsewhere>,
    history: Option<History>,
    later: bool,
    earlier: Option<String>,
    once: String,
}

/// The item is of another context than the one its viewer acts as just now, and of one of theirs.
struct Elsewhere {
    context: Context,
    name: String,
    here: String,
}

/// `GET /runs/{id}`, `GET /projects/{id}`: as the API calls them, and as they were called before.
pub async fn moved(Path(id): Path<String>) -> Result<Response, Stop> {
    let id: ItemId = id.parse().map_err(|_| Stop::Nothing)?;
    Ok(to(&format!("/items/{id}")))
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
    render(&app, &person, id, &asked, Problems::default()).await
}

/// The page, perhaps again because what was wanted of the item could not be done.
pub async fn render(
    app: &App,
    person: &Person,
    id: ItemId,
    asked: &Fields,
    problems: Problems,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let permit = rights::permit(&settings, person.account.id, id, Level::Read, now).await?;
    let seen = queries::contents(&settings, permit, now).await?;
    let item = seen.permit.item();
    let owning = seen.permit.as_owner();
    let all = seen.biosamples.as_ref().map_or(&[][..], |b| &b.biosamples);
    let heading = match id.kind() {
        ItemKind::Run => say!("Projects with data of this run"),
        ItemKind::Project => say!("Runs that its data came from"),
    };
    let from = asked.get("from").parse().unwrap_or(0);
    let (mut people, mut pending, mut told, mut came_from) = (None, None, None, None);
    if let Some(owning) = owning {
        let all = collaborators::of(&settings, owning, None, LOOKED_AT, now).await?;
        people = Some(people_of(item, &all, &seen.owner_name));
        if let Some(transfer) = item.pending {
            pending = Some(offer(app, person, transfer).await?);
        }
        let (lines, next, from) = history(app, person, id, asked, &all.pending).await?;
        told = Some((lines, next));
        came_from = from;
    }
    let (history, earlier) = told.unzip();
    let adds = id.kind() == ItemKind::Project
        && seen.permit.level() >= Level::Write
        && item.state == ItemState::Active;
    let holds = matches!(seen.permit.reasons().first(), Some(Reason::Granted(..)));
    let files = contents::files(app, &seen.permit, asked).await?;
    let sharer = giver::sharer(app, &person.account, &seen.permit).await?;
    let others = came_from.filter(|giver: &Giver| giver.account != person.account.id);
    let giver = others.as_ref().or(sharer.as_ref());
    // An address fills no form in.
    let adding = adds.then(|| match problems.is_empty() {
        true => listing::Typed::default(),
        false => listing::Typed::of(asked),
    });
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => problems.status,
    };
    let view = Page {
        f: frame(app, Some(person)),
        person,
        id,
        name: words::plain(&item.name),
        note: match asked.get("done") {
            "accepted" => holds.then(|| {
                say!("You have the access now. It stands on your home page too, under “Shared with you”.")
            }),
            "listed" => adds.then(|| say!("The files are listed now.")),
            word => done(word, &this(id.kind()), 1),
        },
        problems,
        acts: owning.map(|_| acts(item)),
        acting: owning.and_then(|_| acting(item)),
        holds,
        pending,
        list: List::of_page((heading, format!("/items/{id}")), &seen.related, from, RELATED, row),
        unseen: (seen.unseen && owning.is_some()).then(|| unseen(id.kind(), seen.related.is_empty())),
        biosamples: all.iter().take(LISTED).map(biosample).collect(),
        unlisted: all.len().saturating_sub(LISTED),
        datasets: contents::datasets(app, &seen.permit, asked).await?,
        whereabouts: contents::whereabouts(app, &person.account, &seen, &files, giver).await?,
        facts: facts::of(app, &seen, sharer.as_ref()).await?,
        wrote: giver.and_then(|giver| Some((giver.said(), giver.wrote.clone()?))),
        files,
        adding,
        people,
        elsewhere: elsewhere(person, item),
        history,
        later: !asked.get("history").is_empty(),
        earlier: earlier.flatten().map(|cursor| cursor.to_string()),
        once: form::once(app),
    };
    Ok(page(status, &view))
}

fn unseen(kind: ItemKind, all: bool) -> String {
    match (kind, all) {
        (ItemKind::Run, false) => say!(
            "Its data went into other projects too, which are not listed here: you may not see them, or they are no longer there."
        ),
        (ItemKind::Project, false) => say!(
            "Its data came from other runs too, which are not listed here: you may not see them, or they are no longer there."
        ),
        (ItemKind::Run, true) => say!(
            "Its data went into projects that are not listed here: you may not see them, or they are no longer there."
        ),
        (ItemKind::Project, true) => say!(
            "Its data came from runs that are not listed here: you may not see them, or they are no longer there."
        ),
    }
}

fn this(kind: ItemKind) -> String {
    match kind {
        ItemKind::Run => say!("This run"),
        ItemKind::Project => say!("This project"),
    }
}

fn biosample(biosample: &item::Biosample) -> Biosample {
    Biosample {
        name: words::short(&biosample.name),
        libraries: match biosample.libraries.len() {
            0 => say!("no library"),
            n => say!(n; "{n} library", "{n} libraries"),
        },
    }
}

/// The buttons that would not be refused for the state it is in; what else stands in the way is told when one is pressed.
fn acts(item: &Item) -> Acts {
    let none = Acts::default();
    if item.pending.is_some() {
        return Acts {
            share: item.state == ItemState::Active,
            ..none
        };
    }
    match item.state {
        ItemState::Active => Acts {
            transfer: true,
            share: true,
            archive: true,
            trash: true,
            ..none
        },
        ItemState::Archived => Acts {
            activate: true,
            trash: true,
            ..none
        },
        ItemState::Trashed => Acts {
            restore: true,
            purge: item.life.purge_at.is_none(),
            ..none
        },
    }
}

fn acting(item: &Item) -> Option<String> {
    if item.pending.is_some() {
        return Some(say!(
            "It is offered: until that is answered, cancelled or over, it is neither offered again, nor archived, nor put into the trash."
        ));
    }
    let acts = acts(item);
    let archive = acts.archive.then(|| {
        say!("Archive it, once nobody else has access to it, to put it out of use: it can be neither shared nor transferred until you take it out again.")
    });
    let trash = acts.trash.then(|| {
        say!("In the trash only its owner’s side sees it, until you restore it or delete it for good.")
    });
    let all: Vec<String> = archive.into_iter().chain(trash).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// The offer with its letters. A person who acts for the owner is on the sender's side of it.
async fn offer(app: &App, person: &Person, id: InvitationId) -> Result<Pending, Stop> {
    let shown = match queries::transfer(&app.settings(), &person.account, id).await {
        Ok(shown) => shown,
        Err(Trouble::Refused(_)) => {
            return Ok(Pending {
                id,
                to: None,
                until: None,
                letters: Vec::new(),
            });
        }
        Err(fault) => return Err(fault.into()),
    };
    let transfer = &shown.transfer.document;
    let newest = shown.letters.iter().rev().take(LETTERS);
    Ok(Pending {
        id,
        to: Some(speak(&transfer.recipient.said())),
        until: Some(transfer.expires_at.into()),
        letters: newest
            .map(|letter| {
                let to = shown.addressee(letter, &person.account);
                words::posted(letter, to, Some(transfer.terms))
            })
            .collect(),
    })
}

/// A page of what happened to it, newest first, and where the next one begins. With it stands who was invited to it, as far as whoever
/// looks may see that invitation: those that a line of the page tells of, and on the first page those that wait. Last comes who passed it
/// on, if the page tells of that.
async fn history(
    app: &App,
    person: &Person,
    id: ItemId,
    asked: &Fields,
    waiting: &[Invitation],
) -> Result<(History, Option<audit::Cursor>, Option<Giver>), Stop> {
    let settings = app.settings();
    let of = audit::Asked {
        of: audit::Of::Item(id),
        sight: audit::Sight::Whole,
        context: None,
        person: None,
        from: None,
        to: None,
    };
    let cursor = asked.get("history").parse().ok();
    let (found, next) = audit::page(&settings, of, cursor, LINES).await?;
    let events: Vec<(Key, Event)> = found
        .into_iter()
        .map(|found| (found.journal, found.recorded.event))
        .collect();
    // Who passed it on is said on every page of the history, and stands on one.
    let passed_on: Vec<InvitationId> = match cursor.is_none() && next.is_none() {
        true => transfers(events.iter().map(|(_, event)| event)),
        false => {
            let (newest, _) = audit::page(&settings, of, None, LOOKED_BACK).await?;
            transfers(newest.iter().map(|found| &found.recorded.event))
        }
    };
    let waiting = waiting.iter().rev().filter(|_| cursor.is_none());
    let waiting = waiting.take(LINES).map(|share| share.id);
    let named = journal::named_in(&events).chain(waiting);
    let named = named.chain(passed_on.iter().copied());
    let known = queries::seen_of(&settings, &person.account, named).await?;
    let from = passed_on.iter().find_map(|transfer| known.get(transfer));
    let from = from.map(Giver::of);
    let told = journal::told_with(&settings, &known, &events).await?;
    let mut lines: Vec<(Time, Line)> = events.iter().map(|(_, e)| e.at).zip(told).collect();
    lines.extend(known.values().filter_map(|share| {
        let line = journal::invited(share)?;
        Some((share.requested_at, line))
    }));
    lines.sort_by_key(|(at, _)| Reverse(*at));
    let history = History {
        lines: lines.into_iter().map(|(_, line)| line).collect(),
        older: 0,
    };
    Ok((history, next, from))
}

/// The newest transfers by which it changed hands, the latest first.
fn transfers<'a>(newest: impl Iterator<Item = &'a Event>) -> Vec<InvitationId> {
    let transfer = |event: &Event| match event.what {
        What::Transferred { transfer, .. } => Some(transfer),
        _ => None,
    };
    newest.filter_map(transfer).take(TRANSFERS).collect()
}

fn elsewhere(person: &Person, item: &Item) -> Option<Elsewhere> {
    let own = person.own(item.owner)?;
    (own.context != person.acts_as.context).then(|| Elsewhere {
        context: own.context,
        name: words::context_name(own.context, &own.name),
        here: format!("/items/{}", item.id),
    })
}

/// Of an item that may be seen.
pub fn row(permit: &Permit) -> Row {
    Row::of(permit.item())
}

fn people_of(item: &Item, all: &Collaborators, owner: &str) -> People {
    let name = words::short(owner);
    let mut lines = vec![match item.owner {
        Context::Personal(_) => say!("{name} owns it and may do everything", name),
        Context::Workgroup(_) => say!("{name} owns it: every member may do everything", name),
    }];
    if item.state == ItemState::Trashed {
        lines.push(say!("while it is in the trash, nobody else sees it"));
    } else {
        lines.extend(all.granted.iter().map(granted));
    }
    if item.id.kind() == ItemKind::Run && item.state != ItemState::Trashed {
        lines.push(say!(
            "whoever has access to one of its projects sees this run too, where both have the same owner"
        ));
    }
    lines.extend(all.pending.iter().map(|open| {
        say!(
            "{who} is invited, until {at}",
            who = open.recipient.said(),
            at = open.expires_at
        )
    }));
    let more = lines.len().saturating_sub(PEOPLE);
    lines.truncate(PEOPLE);
    People { lines, more }
}

fn granted(one: &Collaborator) -> String {
    let name = match words::short(&one.name) {
        name if name.is_empty() => say!("somebody"),
        name => name,
    };
    let why = match one.part.origin {
        Origin::Kept(_) => said!("as agreed with its transfer"),
        Origin::Invitation(_) => said!("by an invitation"),
        Origin::Link(_) => said!("by a link"),
    };
    say!(
        "{name} may {may} it {until}, {why}",
        name,
        may = words::may(one.part.level),
        until = words::until_when(one.part.until),
        why
    )
}
