//! The end of an item. First it is gone for everybody, in one commit; then what belonged to it is swept away, in steps that each leave a
//! true state. Whoever is killed in between goes on where the store says it was; the journal stays.

use crate::domain::document::Document;
use crate::domain::event::{Event, What};
use crate::domain::id::{Digest, ItemId, ItemKind};
use crate::domain::index::{self, Entry};
use crate::domain::item::{Biosamples, Item, State};
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::rights::Grant;
use crate::domain::time::Time;
use crate::domain::tombstone::Tombstone;
use crate::store::{Direction, Fault};

use super::collaborators;
use super::lifecycle;
use super::load::{self, Versioned};
use super::proposal::Proposal;
use super::queries;
use super::world::{self, Call, Committed, Settings, Trouble, World};

/// So many files are swept away in one commit.
const AT_ONCE: usize = 1_000;
/// So many grants or links are: each takes its entries and its counter along, and a commit has room for 5,000 rows.
const DOCUMENTS_AT_ONCE: usize = 250;
/// So many commits are made before others get their turn: an item may have a million files.
const STEPS: usize = 50;

/// Does what is due for the item with these bits; whether there is more to do.
///
/// # Errors
/// The store failed, or others changed the same thing: it is due again.
pub async fn fire(world: &dyn World, bits: u128, at: Time) -> Result<bool, Fault> {
    let call = Call::of_timer(at);
    for _ in 0..STEPS {
        let settings = world.settings();
        let Some(proposal) = step(&settings, &call, bits).await? else {
            return Ok(false);
        };
        match world::commit(world, &call, proposal, Vec::new()).await {
            Ok(Committed::Done | Committed::Before(_)) => {}
            Ok(Committed::Again | Committed::Over { .. }) => {
                return Err(Fault::retry("others changed an item while it was purged"));
            }
            Err(Trouble::Fault(fault)) => return Err(fault),
            Err(Trouble::Refused(_)) => {
                return Err(Fault::never("a step of a purge is larger than a commit"));
            }
        }
    }
    Ok(true)
}

/// The next step; `None`: nothing is due.
async fn step(settings: &Settings, call: &Call, bits: u128) -> Result<Option<Proposal>, Fault> {
    let store = &*settings.store;
    // A row of the queue has room for the bits of an id, and not for its kind.
    let ids = [ItemKind::Run, ItemKind::Project].map(|kind| ItemId::new(kind, bits));
    for found in load::all::<Item>(store, &ids.map(Key::Item))
        .await?
        .into_iter()
        .flatten()
    {
        let due = found.document.due().is_some_and(|(_, at, _)| at <= call.at);
        if due && found.document.state == State::Trashed {
            let mut proposal = bury(&found, call);
            let gone = [found.document.id];
            collaborators::look_again(settings, &gone, call.at, &mut proposal).await?;
            return Ok(Some(proposal));
        }
    }
    let stones = load::all::<Tombstone>(store, &ids.map(Key::Tombstone)).await?;
    let unswept = |stone: &Versioned<Tombstone>| !stone.document.swept;
    match stones.into_iter().flatten().find(unswept) {
        Some(stone) => Ok(Some(sweep(settings, &stone).await?)),
        None => Ok(None),
    }
}

/// The item goes with its name and its bytes, and a stone stays.
fn bury(item: &Versioned<Item>, call: &Call) -> Proposal {
    let mut proposal = Proposal::default();
    let event = Event {
        at: call.at,
        by: call.by,
        what: What::Purged,
    };
    let chain = proposal.remove(item, &event).unwrap_or_default();
    let Item {
        id, name, owner, ..
    } = &item.document;
    let stone = Tombstone {
        item: *id,
        name: name.clone(),
        owner: *owner,
        purged_at: call.at,
        swept: false,
        chain,
    };
    proposal.create(&stone, None);
    proposal
}

/// Sweeps away some of what belonged to the item, or notes that nothing is left. Nothing can be added any more, for whoever adds
/// something writes the item too.
async fn sweep(settings: &Settings, stone: &Versioned<Tombstone>) -> Result<Proposal, Fault> {
    let item = stone.document.item;
    let mut proposal = Proposal::default();
    let file = |digest| Entry::File(item, digest);
    let dataset = |digest| Entry::Dataset(item, digest);
    let left = listed(settings, index::files(item), file, &mut proposal).await?
        || listed(settings, index::datasets(item), dataset, &mut proposal).await?
        || relations(settings, item, &mut proposal).await?
        || grants(settings, item, &mut proposal).await?
        || links(settings, item, &mut proposal).await?;
    if !left {
        let mut swept = stone.document.clone();
        swept.swept = true;
        proposal.replace(stone, &swept, None);
    }
    Ok(proposal)
}

/// Some of the rows that no document derives: files, or datasets.
async fn listed(
    settings: &Settings,
    prefix: Bytes,
    entry: impl Fn(Digest) -> Entry,
    proposal: &mut Proposal,
) -> Result<bool, Fault> {
    let store = &*settings.store;
    let page = store
        .scan(prefix, None, Direction::Forward, AT_ONCE)
        .await?;
    for digest in page.rows.iter().filter_map(|(key, _)| index::last_id(key)) {
        proposal.unlink(entry(Digest(digest)));
    }
    Ok(!page.rows.is_empty())
}

async fn relations(
    settings: &Settings,
    item: ItemId,
    proposal: &mut Proposal,
) -> Result<bool, Fault> {
    let related = queries::related(settings, item).await?;
    for other in &related {
        let (run, project) = match item.kind() {
            ItemKind::Run => (item, *other),
            ItemKind::Project => (*other, item),
        };
        proposal.unlink(Entry::ProjectOf(run, project));
        proposal.unlink(Entry::RunOf(project, run));
    }
    Ok(!related.is_empty())
}

/// Some of the grants, with the biosamples of a project.
async fn grants(settings: &Settings, item: ItemId, proposal: &mut Proposal) -> Result<bool, Fault> {
    let store = &*settings.store;
    let biosamples = load::one::<Biosamples>(store, Key::Biosamples(item)).await?;
    let prefix = index::grantees(item);
    let page = store
        .scan(prefix, None, Direction::Forward, DOCUMENTS_AT_ONCE)
        .await?;
    let keys: Vec<Key> = page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_context(key))
        .map(|grantee| Key::Grant(item, grantee))
        .collect();
    let grants = load::all::<Grant>(store, &keys).await?;
    let any = biosamples.is_some() || !grants.is_empty();
    if let Some(biosamples) = &biosamples {
        proposal.delete(biosamples);
    }
    for grant in grants.iter().flatten() {
        proposal.delete(grant);
    }
    Ok(any)
}

/// Some of the links, with how often each was accepted.
async fn links(settings: &Settings, item: ItemId, proposal: &mut Proposal) -> Result<bool, Fault> {
    let mut links = lifecycle::links(settings, item).await?;
    links.truncate(DOCUMENTS_AT_ONCE);
    let counters: Vec<Counter> = links
        .iter()
        .map(|link| Counter::LinkUses(link.document.id))
        .collect();
    let uses = settings.store.counters(&counters).await?;
    for ((link, counter), n) in links.iter().zip(counters).zip(uses) {
        proposal.delete(link);
        proposal.add(counter, n.saturating_neg());
    }
    Ok(!links.is_empty())
}
