//! Runs and projects: listed, shown, created.

use crate::wire::{Biosample, CreateProject, Dataset, Item, ItemPage, Page, Run};

use super::amounts::{amount, count, counted, size};
use super::api::path;
use super::args::{Create, ListItems, ShowItem};
use super::failure::Failure;
use super::history::{access, history};
use super::names;
use super::session::{Form, Session};
use super::table::{Cell, Fit, Table, amounts, column, facts, state};
use super::text::printable;

/// Biosamples that are printed for people; a run may have hundreds.
const BIOSAMPLES: usize = 40;
/// Datasets that are printed; the API lists all of them.
const DATASETS: usize = 40;

/// Which of the two kinds of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    Project,
}

impl Kind {
    /// The list's place in the API.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Run => "runs",
            Self::Project => "projects",
        }
    }

    /// As the API names one.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Project => "project",
        }
    }
}

fn state_of(item: &Item) -> Cell {
    match &item.pending_transfer {
        Some(_) => state("offered"),
        None => state(&item.state),
    }
}

/// `handover run list`, `handover project list`
pub(super) fn list(
    args: &ListItems,
    kind: Kind,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let context = session.context(args.context.as_deref())?;
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("STATE", Fit::Keeps),
        amounts("SIZE", Fit::Keeps),
        column("REGISTERED", Fit::Drops),
        column(
            if kind == Kind::Run {
                "RUN"
            } else {
                "BIOSAMPLES"
            },
            Fit::Drops,
        ),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |item: Item| {
        let particulars = match &item.run {
            Some(run) => state(&run.status),
            None => item
                .biosamples
                .map(|n| count(n.into()))
                .unwrap_or_default()
                .into(),
        };
        let (state, size) = (state_of(&item), size(item.bytes).into());
        let registered = moments.short(&item.created_at).into();
        table.row([
            item.name.into(),
            state,
            size,
            registered,
            particulars,
            item.id.into(),
        ]);
    };
    let mut query = vec![("context", context.as_str())];
    query.extend(args.state.as_deref().map(|state| ("state", state)));
    session.list(
        &format!("/{}", kind.list()),
        &query,
        args.limit,
        |item: &Item| &item.id,
        row,
    )?;
    session.table("", &table)
}

/// Items in a few words each, as a part of something else.
pub(super) fn table(items: Vec<Item>) -> Table<5> {
    let mut table = Table::new([
        column("KIND", Fit::Drops),
        column("NAME", Fit::Shrinks),
        column("STATE", Fit::Keeps),
        amounts("SIZE", Fit::Keeps),
        column("ID", Fit::Keeps),
    ]);
    for item in items {
        let state = state_of(&item);
        let size = amount(item.bytes, item.biosamples).into();
        table.row([
            item.kind.into(),
            item.name.into(),
            state,
            size,
            item.id.into(),
        ]);
    }
    table
}

/// `handover run show`, `handover project show`
pub(super) fn show(
    args: &ShowItem,
    kind: Kind,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let wanted = std::slice::from_ref(&args.item);
    let ids = names::resolve(wanted, &[kind], args.context.as_deref(), session)?;
    let id = ids.first().map_or("", String::as_str);
    let document = session.api.get(path(&[kind.list(), id]))?;
    let page: ItemPage = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&page.item.id)));
    }
    let ItemPage {
        item,
        owner_name,
        level,
        related,
        biosamples,
        why: _,
        access: grants,
        history: events,
    } = page;
    let moments = session.moments.clone();
    let mut told = vec![
        (item.kind.as_str(), item.name.clone()),
        ("id", item.id.clone()),
        ("owner", format!("{owner_name} ({})", item.owner)),
        ("you may", level),
        ("state", item.state.clone()),
        (
            "purged on",
            item.purge_at
                .as_ref()
                .map(|at| moments.full(at))
                .unwrap_or_default(),
        ),
        (
            "offered in",
            item.pending_transfer.clone().unwrap_or_default(),
        ),
        (
            "size",
            match item.files {
                0 => amount(item.bytes, item.biosamples),
                files => format!(
                    "{} in {}",
                    size(item.bytes),
                    counted(files, "file", "files")
                ),
            },
        ),
        ("registered", moments.full(&item.created_at)),
    ];
    if let Some(run) = &item.run {
        let moment =
            |at: &Option<String>| at.as_ref().map(|at| moments.full(at)).unwrap_or_default();
        told.extend([
            ("status", run.status.clone()),
            (
                "instrument",
                format!("{} ({})", run.instrument, run.platform),
            ),
            ("flow cell", run.flow_cell.clone()),
            ("lanes", run.lanes.to_string()),
            ("cycles", cycles(run)),
            ("started", moment(&run.started_at)),
            ("ended", moment(&run.ended_at)),
        ]);
    }
    // Asked for before anything is printed, so that nothing is printed by halves.
    let datasets = match kind {
        Kind::Run => None,
        Kind::Project => Some(first_datasets(id, session)?),
    };
    session.print(facts(&told))?;
    let title = if kind == Kind::Run {
        "Projects"
    } else {
        "Runs"
    };
    session.table(title, &table(related))?;
    if let Some(page) = datasets {
        show_datasets(id, page, session)?;
    }
    let more = biosamples.len().saturating_sub(BIOSAMPLES);
    session.table("Biosamples", &samples(biosamples))?;
    if more > 0 {
        session.print(format_args!(
            "  … and {}; --json shows all\n",
            counted(more as u64, "more", "more")
        ))?;
    }
    session.table("Access beside the owner's", &access(grants, &moments))?;
    session.table("History", &history(events, &moments))
}

/// `151 + 10 (index) + 151`
pub(super) fn cycles(run: &Run) -> String {
    let read = |read: &crate::wire::Read| {
        let index = if read.indexed { " (index)" } else { "" };
        format!("{}{index}", read.cycles)
    };
    run.reads.iter().map(read).collect::<Vec<_>>().join(" + ")
}

fn first_datasets(project: &str, session: &mut Session<'_, '_>) -> Result<Page<Dataset>, Failure> {
    let limit = format!("limit={DATASETS}");
    let place = format!("{}?{limit}", path(&["projects", project, "datasets"]));
    session.api.get(place)?.read()
}

fn show_datasets(
    project: &str,
    page: Page<Dataset>,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("TYPE", Fit::Keeps),
        column("BIOSAMPLE", Fit::Keeps),
        amounts("FILES", Fit::Keeps),
        amounts("SIZE", Fit::Keeps),
    ]);
    for dataset in page.items {
        table.row([
            dataset.name.into(),
            dataset.kind.into(),
            dataset.biosample.into(),
            count(dataset.files).into(),
            size(dataset.bytes).into(),
        ]);
    }
    session.table("Datasets", &table)?;
    match page.next_cursor {
        None => Ok(()),
        Some(_) => session.print(format_args!(
            "  … and more; GET /api/v1/projects/{}/datasets lists all\n",
            printable(project)
        )),
    }
}

fn samples(biosamples: Vec<Biosample>) -> Table<2> {
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        amounts("LIBRARIES", Fit::Keeps),
    ]);
    for biosample in biosamples.into_iter().take(BIOSAMPLES) {
        let libraries = count(biosample.libraries.len() as u64);
        table.row([biosample.name.into(), libraries.into()]);
    }
    table
}

/// `handover project create`
pub(super) fn create(args: &Create, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = CreateProject {
        name: args.name.clone(),
        context: args.context.clone(),
    };
    let document = session.command(&["projects"], &body, &args.once)?;
    let item: Item = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    let (name, id) = (printable(&item.name), printable(&item.id));
    match session.form {
        Form::People => session.print(format_args!("Created the project \"{name}\" ({id}).\n")),
        _ => session.print(format_args!("{id}\n")),
    }
}
