//! What an instrument wrote is registered: a run, and the projects that its sample sheet names.

use std::collections::{BTreeMap, BTreeSet};

use crate::actors::load::{self, Versioned};
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::chain::Chain;
use crate::domain::event::What;
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::index::Entry;
use crate::domain::item::{
    Biosample, Biosamples, Details, Item, Library, Life, State, name_candidates,
};
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;

use super::{Done, changed, event};

/// At most this many projects come with one run.
pub const MAX_PROJECTS: usize = 250;

/// A project as a sample sheet names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// Its biosamples.
    pub biosamples: Vec<Biosample>,
}

#[allow(clippy::too_many_arguments, reason = "the facts an item is made of")]
pub(super) fn new_item(
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
pub(super) async fn free(settings: &Settings, item: &Item) -> Result<(), Trouble> {
    let entry = Item::name_entry(item.owner, item.id, &item.name);
    let found = settings.store.find(&[entry]).await?;
    let Some(Some(value)) = found.first() else {
        return Ok(());
    };
    let there: ItemId = people::id_in(value)?;
    let (kind, name) = (item.id.kind().said(), &item.name);
    Err(Refusal::new(
        Code::ItemExists,
        said!(
            "{kind} \"{name}\" is registered already, as {there}",
            kind,
            name,
            there
        ),
        said!("use that one, or another name"),
    )
    .about(there)
    .into())
}

pub(super) async fn register(
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
            said!(
                "{count} projects are more than the {most} that can come with one run",
                count = projects.len(),
                most = MAX_PROJECTS
            ),
            said!("split the sample sheet"),
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
