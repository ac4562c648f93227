//! What a context does with its own: registers runs and projects, lists files, notes which analyses run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, AnalysisId, Context, Digest, ItemId, ItemKind};
use crate::domain::index::Entry;
use crate::domain::item::{
    self, Analysis, Biosample, Biosamples, Details, Item, Library, Life, Run, State,
    name_candidates,
};
use crate::domain::key::{Counter, Key, Queue};
use crate::domain::lifecycle::Act;
use crate::domain::refusal::{Code, Refusal, size};
use crate::domain::rights::{Level, not_yours};
use crate::store::Fault;

use super::context::{Answered, Core, Question};
use super::lifecycle;
use super::load::{self, Versioned};
use super::people;
use super::proposal::Proposal;
use super::rights::{self, Permit};
use super::world::{self, Call, Committed, Settings, TRIES, Trouble, World};

/// At most this many projects come with one run.
pub const MAX_PROJECTS: usize = 250;
/// At most this many files are listed in one call.
pub const MAX_FILES: usize = 1_000;

/// A project as a sample sheet names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// Its biosamples.
    pub biosamples: Vec<Biosample>,
}

/// A file of an item: what is known of it. Where it lies is the object store's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path in the item, at most 1,024 characters.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its checksum, as `sha256:…`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// What is wanted of a context.
#[derive(Debug, Clone)]
pub enum Command {
    /// Register what an instrument wrote: a run, and a project for each that its sample sheet names.
    RegisterRun {
        /// The run's name: the id its instrument gave it.
        name: String,
        /// What it is.
        run: Run,
        /// Number of its files.
        files: u64,
        /// Bytes of its files.
        bytes: u64,
        /// Its projects.
        projects: Vec<NewProject>,
    },
    /// Create an empty project.
    CreateProject {
        /// Its name.
        name: String,
    },
    /// List files of an item; those whose path is listed already are replaced.
    AddFiles {
        /// Of which item.
        item: ItemId,
        /// The files.
        files: Vec<File>,
    },
    /// An analysis begins to write to projects.
    StartAnalysis {
        /// What it is called.
        name: String,
        /// Which projects.
        projects: Vec<ItemId>,
    },
    /// Trash, restore, archive, unarchive or purge an item.
    Lifecycle {
        /// Which.
        item: ItemId,
        /// What is to be done with it.
        act: Act,
    },
    /// An analysis has ended.
    EndAnalysis {
        /// Which.
        analysis: AnalysisId,
    },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The items that were registered or changed: the run first.
    pub items: Vec<ItemId>,
    /// The analysis, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisId>,
}

/// Carries out a command about what a context has: its actor decides whether the person may and what becomes of it, this task commits.
pub async fn handle(
    world: &dyn World,
    context: Context,
    call: &Call,
    command: Arc<Command>,
) -> Result<Done, Trouble> {
    let settings = world.settings();
    if let Some(done) = done_before(&settings, call).await? {
        return Ok(done);
    }
    for attempt in 1..=TRIES {
        let question = Question::Custody {
            call: *call,
            command: Arc::clone(&command),
        };
        let (done, proposal) = match world.ask(context, question).await {
            Ok(Answered::Custody(done, proposal)) => (done, proposal),
            Ok(_) => return Err(Fault::never("a context answered another question").into()),
            Err(Trouble::Refused(why)) => {
                // What stands in the way may be this very command, carried out meanwhile for somebody who sent it twice.
                return done_before(&settings, call)
                    .await?
                    .ok_or_else(|| why.into());
            }
            Err(fault) => return Err(fault),
        };
        let kept = serde_json::to_vec(&done).unwrap_or_default();
        match world::commit(world, call, proposal, kept).await? {
            Committed::Done => return Ok(done),
            Committed::Before(kept) => return repeated(&kept),
            Committed::Again(_) => {
                world.forget(context).await;
                world.pause(attempt).await;
            }
            Committed::Over { current, .. } if matches!(*command, Command::AddFiles { .. }) => {
                let used = size(u64::try_from(current).unwrap_or(0));
                return Err(Refusal::new(
                    Code::TargetOverQuota,
                    format!("its owner uses {used}, and has no room for these files"),
                    "ask the owner to free some space, or for a larger quota",
                )
                .into());
            }
            // No limit is set here; only the counter itself can be full.
            Committed::Over { .. } => {
                return Err(Refusal::field(
                    "bytes",
                    "the items of this context would add up to more bytes than can be counted",
                    "check the sizes",
                )
                .into());
            }
        }
    }
    let done = done_before(&settings, call).await?;
    done.ok_or_else(world::contended)
}

/// What this very command did, if it was carried out before.
pub(super) async fn done_before(settings: &Settings, call: &Call) -> Result<Option<Done>, Trouble> {
    let kept = world::before(settings, call).await?;
    kept.map(|kept| repeated(&kept)).transpose()
}

fn repeated(kept: &[u8]) -> Result<Done, Trouble> {
    serde_json::from_slice(kept)
        .map_err(|_| world::reused("this Idempotency-Key was used for another request"))
}

/// What a context's actor decides about a command.
pub async fn decide(
    core: &Core,
    settings: &Settings,
    call: &Call,
    command: &Command,
) -> Result<(Done, Proposal), Trouble> {
    let mut proposal = Proposal::default();
    let person = call.by.person.ok_or_else(|| not_yours(core.context()))?;
    let done = match command {
        Command::RegisterRun {
            name,
            run,
            files,
            bytes,
            projects,
        } => {
            acts(core, settings, person, &mut proposal).await?;
            let details = Details::Run(run.clone());
            let run = new_item(
                settings,
                call,
                core.context(),
                person,
                name,
                details,
                *files,
                *bytes,
            );
            register(settings, call, run, projects, &mut proposal).await?
        }
        Command::CreateProject { name } => {
            acts(core, settings, person, &mut proposal).await?;
            let details = Details::Project {
                biosamples: 0,
                libraries: 0,
            };
            let project = new_item(settings, call, core.context(), person, name, details, 0, 0);
            free(settings, &project).await?;
            proposal.create(&project, Some(&event(call, What::Registered)));
            Done {
                items: vec![project.id],
                analysis: None,
            }
        }
        Command::AddFiles { item, files } => {
            let permit = writes(settings, call, person, *item, &mut proposal).await?;
            still_here(core, &permit)?;
            lifecycle::open(permit.item())?;
            if permit.as_owner().is_none()
                && let Some(quota) = core.quota(settings)
            {
                // Whoever owns it may fill it beyond its cap, others may not.
                let limit = i64::try_from(quota).unwrap_or(i64::MAX);
                proposal.limit(Counter::Usage(core.context()), limit);
            }
            add_files(settings, call, permit.versioned(), files, &mut proposal).await?;
            Done {
                items: vec![*item],
                analysis: None,
            }
        }
        Command::StartAnalysis { name, projects } => {
            start(
                core,
                settings,
                call,
                person,
                (name, projects),
                &mut proposal,
            )
            .await?
        }
        Command::Lifecycle { item, act } => {
            let permit = rights::permit(settings, person, *item, Level::Own, call.at).await?;
            permit.guard(&mut proposal);
            still_here(core, &permit)?;
            lifecycle::decide(settings, call, permit.versioned(), *act, &mut proposal).await?;
            Done {
                items: vec![*item],
                analysis: None,
            }
        }
        Command::EndAnalysis { analysis } => {
            end(settings, call, person, *analysis, &mut proposal).await?
        }
    };
    Ok((done, proposal))
}

/// The person must be able to act for the context, at the commit too.
async fn acts(
    core: &Core,
    settings: &Settings,
    person: AccountId,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let acting = rights::acting(settings, person, core.context()).await?;
    acting.guard(proposal);
    Ok(())
}

/// The person must be able to write to the item, at the commit too.
async fn writes(
    settings: &Settings,
    call: &Call,
    person: AccountId,
    item: ItemId,
    proposal: &mut Proposal,
) -> Result<Permit, Trouble> {
    let permit = rights::permit(settings, person, item, Level::Write, call.at).await?;
    permit.guard(proposal);
    Ok(permit)
}

/// Whoever owned the item when the command was sent here must own it still.
fn still_here(core: &Core, permit: &Permit) -> Result<(), Trouble> {
    if permit.owner() == core.context() {
        Ok(())
    } else {
        Err(world::contended())
    }
}

#[allow(clippy::too_many_arguments, reason = "the facts an item is made of")]
fn new_item(
    settings: &Settings,
    call: &Call,
    owner: Context,
    registered_by: AccountId,
    name: &str,
    details: Details,
    files: u64,
    bytes: u64,
) -> Item {
    let kind = match details {
        Details::Run(_) => ItemKind::Run,
        Details::Project { .. } => ItemKind::Project,
    };
    Item {
        id: ItemId::new(kind, settings.ids.fresh(call.at)),
        name: name.to_owned(),
        owner,
        state: State::Active,
        bytes,
        files,
        created_at: call.at,
        registered_by,
        pending: None,
        life: Life::default(),
        chain: Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details,
    }
}

/// The name must be free in the context.
async fn free(settings: &Settings, item: &Item) -> Result<(), Trouble> {
    let entry = Item::name_entry(item.owner, item.id, &item.name);
    let found = settings.store.find(&[entry]).await?;
    let Some(Some(value)) = found.first() else {
        return Ok(());
    };
    let there: ItemId = people::id_in(value)?;
    let kind = item.id.kind().word();
    Err(Refusal::new(
        Code::ItemExists,
        format!("{kind} \"{}\" is registered already, as {there}", item.name),
        "use that one, or another name",
    )
    .about(there)
    .into())
}

async fn register(
    settings: &Settings,
    call: &Call,
    run: Item,
    projects: &[NewProject],
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    free(settings, &run).await?;
    if projects.len() > MAX_PROJECTS {
        return Err(Refusal::field(
            "projects",
            format!(
                "{} projects are more than the {MAX_PROJECTS} that can come with one run",
                projects.len()
            ),
            "split the sample sheet",
        )
        .into());
    }
    let mut items = vec![run.id];
    for new in projects {
        let (project, old, biosamples) = project_for(settings, call, &run, new).await?;
        let project_event = match &old {
            None => event(call, What::Registered),
            Some(_) => changed(call, "a further run was registered into it"),
        };
        match &old {
            None => proposal.create(&project, Some(&project_event)),
            Some(old) => proposal.replace(old, &project, Some(&project_event)),
        }
        let (was, now) = biosamples;
        match was {
            None => proposal.create(&now, None),
            Some(was) => proposal.replace(&was, &now, None),
        }
        proposal.link(Entry::ProjectOf(run.id, project.id), Vec::new());
        proposal.link(Entry::RunOf(project.id, run.id), Vec::new());
        items.push(project.id);
    }
    proposal.create(&run, Some(&event(call, What::Registered)));
    Ok(Done {
        items,
        analysis: None,
    })
}

type WithBiosamples = (
    Item,
    Option<Versioned<Item>>,
    (Option<Versioned<Biosamples>>, Biosamples),
);

/// The project of this name in the context, or a new one; one that is offered, trashed or archived is not added to.
async fn project_for(
    settings: &Settings,
    call: &Call,
    run: &Item,
    new: &NewProject,
) -> Result<WithBiosamples, Trouble> {
    let store = &*settings.store;
    let details = Details::Project {
        biosamples: 0,
        libraries: 0,
    };
    let mut fresh = new_item(
        settings,
        call,
        run.owner,
        run.registered_by,
        &new.name,
        details,
        0,
        0,
    );
    let mut old = None;
    for name in name_candidates(&new.name) {
        let entry = Item::name_entry(run.owner, fresh.id, &name);
        let found = store.find(&[entry]).await?;
        let Some(Some(value)) = found.first() else {
            fresh.name = name;
            break;
        };
        let there: ItemId = people::id_in(value)?;
        let found = load::one::<Item>(store, Key::Item(there)).await?;
        let open = |item: &Versioned<Item>| {
            item.document.state == State::Active && item.document.pending.is_none()
        };
        if let Some(item) = found.filter(open) {
            fresh = item.document.clone();
            old = Some(item);
            break;
        }
    }
    let was = load::one::<Biosamples>(store, Key::Biosamples(fresh.id)).await?;
    let before = was.as_ref().map(|was| was.document.biosamples.as_slice());
    let biosamples = merged(before.unwrap_or_default(), &new.biosamples);
    let libraries = biosamples
        .iter()
        .map(|sample| sample.libraries.len())
        .sum::<usize>();
    fresh.details = Details::Project {
        biosamples: u32::try_from(biosamples.len()).unwrap_or(u32::MAX),
        libraries: u32::try_from(libraries).unwrap_or(u32::MAX),
    };
    let now = Biosamples {
        project: fresh.id,
        biosamples,
    };
    Ok((fresh, old, (was, now)))
}

/// The biosamples of a project and of a further sheet, in the order of their names. A sheet may hold a hundred thousand of them.
fn merged(before: &[Biosample], more: &[Biosample]) -> Vec<Biosample> {
    let mut all: BTreeMap<&str, Vec<Library>> = BTreeMap::new();
    for sample in before.iter().chain(more) {
        let there = all.entry(&sample.name).or_default();
        let mut known: BTreeSet<Library> = there.iter().cloned().collect();
        let new = |library: &&Library| known.insert((*library).clone());
        there.extend(sample.libraries.iter().filter(new).cloned());
    }
    let sample = |(name, libraries): (&str, Vec<Library>)| Biosample {
        name: name.to_owned(),
        libraries,
    };
    all.into_iter().map(sample).collect()
}

async fn start(
    core: &Core,
    settings: &Settings,
    call: &Call,
    person: AccountId,
    (name, projects): (&str, &[ItemId]),
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let id = AnalysisId::from_bits(settings.ids.fresh(call.at));
    let mut named = BTreeSet::new();
    for project in projects {
        if !named.insert(*project) {
            return Err(Refusal::field(
                "projects",
                format!("project {project} is named twice"),
                "name each project once",
            )
            .into());
        }
        let permit = writes(settings, call, person, *project, proposal).await?;
        if named.len() == 1 {
            still_here(core, &permit)?;
        } else if permit.owner() != core.context() {
            return Err(Refusal::field(
                "projects",
                format!("project {project} belongs to another context than the first one"),
                "start one analysis for each context",
            )
            .into());
        }
        lifecycle::open(permit.item())?;
        let mut next = permit.item().clone();
        next.running_analyses = next.running_analyses.saturating_add(1);
        let began = changed(call, "an analysis began to write to it");
        proposal.replace(permit.versioned(), &next, Some(&began));
    }
    let analysis = Analysis {
        id,
        name: name.to_owned(),
        projects: projects.to_vec(),
        started_by: person,
        started_at: call.at,
        ended_at: None,
    };
    proposal.create(&analysis, None);
    Ok(Done {
        items: projects.to_vec(),
        analysis: Some(id),
    })
}

async fn add_files(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    files: &[File],
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Refusal::field(
            "files",
            format!("{} files are not between 1 and {MAX_FILES}", files.len()),
            "send them in several calls",
        )
        .into());
    }
    let entry = |file: &File| Entry::File(item.document.id, Digest::of(file.path.as_bytes()));
    let mut listed = BTreeMap::new();
    for file in files {
        let path = &file.path;
        let fits =
            (1..=1_024).contains(&path.chars().count()) && !path.chars().any(char::is_control);
        if !fits {
            let shown: String = path.chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(Refusal::field(
                "files",
                format!("\"{shown}\" is not a path of 1 to 1024 characters"),
                "correct it",
            )
            .into());
        }
        listed.insert(entry(file), file);
    }
    let entries: Vec<Entry> = listed.keys().copied().collect();
    let before = settings.store.find(&entries).await?;
    let mut next = item.document.clone();
    for ((entry, file), before) in listed.into_iter().zip(before) {
        match before.and_then(|value| serde_json::from_slice::<File>(&value).ok()) {
            Some(before) => next.bytes = next.bytes.saturating_sub(before.bytes),
            None => next.files = next.files.saturating_add(1),
        }
        next.bytes = next.bytes.saturating_add(file.bytes);
        proposal.link(entry, serde_json::to_vec(file).unwrap_or_default());
    }
    proposal.replace(item, &next, Some(&changed(call, "files were listed")));
    Ok(())
}

async fn end(
    settings: &Settings,
    call: &Call,
    person: AccountId,
    id: AnalysisId,
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let store = &*settings.store;
    let none = || {
        Refusal::field(
            "analysis",
            format!("there is no analysis {id} of yours"),
            "check the id",
        )
    };
    let old = load::one::<Analysis>(store, Key::Analysis(id))
        .await?
        .ok_or_else(none)?;
    let ended_already = old.document.ended_at.is_some();
    if old.document.started_by != person {
        let projects = &old.document.projects;
        let all = rights::permits(settings, person, projects, call.at).await?;
        let writes = |permit: &&Permit| permit.level() >= Level::Write;
        let permit = all.iter().flatten().find(writes).ok_or_else(none)?;
        if !ended_already {
            permit.guard(proposal);
        }
    }
    let done = Done {
        items: old.document.projects.clone(),
        analysis: Some(id),
    };
    if ended_already {
        return Ok(done);
    }
    let mut ended = old.document.clone();
    ended.ended_at = Some(call.at);
    proposal.replace(&old, &ended, None);
    // The projects may have changed hands meanwhile; what ran in them has ended all the same.
    for project in &old.document.projects {
        let Some(item) = load::one::<Item>(store, Key::Item(*project)).await? else {
            continue;
        };
        let mut next = item.document.clone();
        next.running_analyses = next.running_analyses.saturating_sub(1);
        proposal.replace(
            &item,
            &next,
            Some(&changed(call, "an analysis that wrote to it ended")),
        );
        if let Some(waiting) = next.pending.filter(|_| next.running_analyses == 0) {
            proposal.due(Queue::Timers, call.at, waiting.bits());
        }
    }
    Ok(done)
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

fn changed(call: &Call, how: &str) -> Event {
    event(
        call,
        What::Changed {
            how: how.to_owned(),
        },
    )
}

/// A name as it may be given to an item, or what is wrong with it.
pub fn name_of(field: &str, text: &str) -> Result<String, Refusal> {
    item::valid_name(text).ok_or_else(|| {
        Refusal::field(
            field,
            "a name has 1 to 255 characters and no control characters",
            "choose another name",
        )
    })
}
