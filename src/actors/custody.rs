//! What a context does with its own: registers runs and projects, lists files, notes which analyses run.

mod analyses;
mod files;
mod register;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, AnalysisId, Context, ItemId};
use crate::domain::item::{self, Details, Run};
use crate::domain::key::Counter;
use crate::domain::lifecycle::Act;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::{Level, not_yours};
use crate::domain::said::{Size, said};
use crate::store::Fault;

use super::context::{Answered, Core, Question};
use super::lifecycle;
use super::once::{self, Answer, Decision, once};
use super::proposal::Proposal;
use super::rights::{self, Permit};
use super::world::{self, Call, Settings, Trouble, World};

use analyses::{end, start};
use files::add_files;
use register::{free, new_item, register};

pub(in crate::actors) use analyses::named;

pub use analyses::running;
pub use files::{Dataset, File, MAX_FILES};
pub use register::{MAX_PROJECTS, NewProject};

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
        /// The dataset that they belong to, if they belong to one.
        dataset: Option<Dataset>,
        /// Whether what is not said of a file that is listed already stays: its dataset, and its checksum where the size is the same.
        keeps: bool,
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
    once(world, call, || {
        Box::pin(async {
            let question = Question::Custody {
                call: *call,
                command: Arc::clone(&command),
            };
            let (done, proposal) = match world.ask(context, question).await? {
                Answered::Custody(done, proposal) => (done, proposal),
                _ => return Err(Fault::never("a context answered another question").into()),
            };
            let full = match *command {
                Command::AddFiles { .. } => no_room,
                _ => beyond_counting,
            };
            Ok(Decision::within(done, proposal, full))
        })
    })
    .await
}

fn no_room(_: &Done, _: Counter, current: i64) -> Trouble {
    let used = Size(u64::try_from(current).unwrap_or(0));
    Refusal::new(
        Code::TargetOverQuota,
        said!(
            "its owner uses {used}, and has no room for these files",
            used
        ),
        said!("ask the owner to free some space, or for a larger quota"),
    )
    .into()
}

/// What this very command did, if it was carried out before.
pub(super) async fn done_before(settings: &Settings, call: &Call) -> Result<Option<Done>, Trouble> {
    let kept = world::before(settings, call).await?;
    kept.map(|kept| once::read(&kept)).transpose()
}

/// Where no limit is set, only the counter itself can be full.
fn beyond_counting(_: &Done, _: Counter, _: i64) -> Trouble {
    Refusal::field(
        "bytes",
        said!("the items of this context would add up to more bytes than can be counted"),
        said!("check the sizes"),
    )
    .into()
}

impl Answer for Done {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
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
        Command::AddFiles {
            item,
            files,
            dataset,
            keeps,
        } => {
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
            let added = (files.as_slice(), dataset.as_ref(), *keeps);
            add_files(settings, call, permit.versioned(), added, &mut proposal).await?;
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
            said!("a name has 1 to 255 characters and no control characters"),
            said!("choose another name"),
        )
    })
}
