//! What an offer would leave behind: related items that do not move with it, and who else may look at what moves.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AccountId, Context, ItemId, ItemKind, LinkId};
use crate::domain::index;
use crate::domain::invitation::Invitation;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::link::Link;
use crate::domain::rights::{Grant, Level, Origin, Part};
use crate::domain::said::{Said, said};
use crate::domain::time::Time;

use crate::store::{Direction, Fault, Page};

use super::context::Owner;
use super::load;
use super::people;
use super::queries;
use super::world::{Settings, Trouble};

/// So many related items are looked at.
const MANY: usize = 1_000;
/// So many grants and so many links of an item are looked at for one that holds.
const FEW: usize = 20;

/// What does not move though it is related to what does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staying {
    /// Items the sender may see, with the names of their owners.
    pub items: Vec<(Item, String)>,
    /// How many others there are.
    pub unseen: usize,
}

/// The runs and projects that are related to those of an offer and not part of it.
pub async fn staying(
    settings: &Settings,
    person: AccountId,
    transfer: &Invitation,
    now: Time,
) -> Result<Staying, Trouble> {
    let moving: BTreeSet<ItemId> = transfer.items.iter().map(|item| item.item).collect();
    let mut related = BTreeSet::new();
    for id in &moving {
        if related.len() >= MANY {
            break;
        }
        related.extend(queries::related(settings, *id).await?);
    }
    let related: Vec<ItemId> = related.difference(&moving).take(MANY).copied().collect();
    let mut person = people::whole_person(&*settings.store, person).await?;
    let mut staying = Staying::default();
    let mut names = BTreeMap::new();
    for seen in people::see(settings, &mut person, &related, now).await? {
        match seen {
            Some((item, Some(_))) => {
                let name = name(settings, item.document.owner, &mut names).await?;
                staying.items.push((item.document, name));
            }
            Some((_, None)) => staying.unseen += 1,
            None => {}
        }
    }
    Ok(staying)
}

/// A context that was granted access to some of the items of an offer, and goes on having it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name for people.
    pub name: Said,
    /// What it may do.
    pub level: Level,
    /// Until when; `None`: until it is revoked.
    pub until: Option<Time>,
    /// With how many of the items.
    pub items: usize,
    /// Whether it is to own them now, and the access ends.
    pub becomes_owner: bool,
}

/// Who was granted access to items of an offer, besides the context that gives.
pub async fn holders(
    settings: &Settings,
    transfer: &Invitation,
    now: Time,
) -> Result<Vec<Holder>, Trouble> {
    let found = granted(settings, transfer, now).await?;
    let mut names = BTreeMap::new();
    let mut holders = Vec::with_capacity(found.len());
    for ((context, level, until), items) in found {
        let name = name(settings, context, &mut names).await?;
        holders.push(Holder {
            name: name.into(),
            level,
            until,
            items,
            becomes_owner: transfer.terms.is_transfer()
                && transfer.recipient.context() == Some(context),
        });
    }
    for item in &transfer.items {
        for link in open_links(settings, item.item, now).await? {
            holders.push(Holder {
                name: said!("whoever is given the link {id}", id = link.id),
                level: link.level,
                until: None,
                items: 1,
                becomes_owner: false,
            });
        }
    }
    Ok(holders)
}

/// Whether somebody besides these contexts has access to one of the items of an offer, or may get it through a link. The side that it came
/// from does not count: not while it offers it, and not by what it keeps of it. Of each item only the first few grants and the newest few links are looked at: where there are more, somebody may.
pub async fn is_open_to_others(
    settings: &Settings,
    transfer: &Invitation,
    besides: &[Context],
    now: Time,
) -> Result<bool, Trouble> {
    let store = &*settings.store;
    let kept = |part: &Part| part.origin == Origin::Kept(transfer.id);
    let came_from = |grant: &Grant| {
        grant.grantee == transfer.source
            && (transfer.state.is_open() || grant.parts.iter().all(kept))
    };
    let other = |grant: &Grant| !came_from(grant) && !besides.contains(&grant.grantee);
    for item in &transfer.items {
        let (grants, more) = queries::grants_after(settings, item.item, None, FEW).await?;
        let mut others = grants.iter().filter(|grant| other(grant));
        if more.is_some() || others.any(|grant| grant.level(now).is_some()) {
            return Ok(true);
        }
        let links = index::links_of(item.item);
        let page = store.scan(links, None, Direction::Backward, FEW).await?;
        if page.more || !opened(settings, &page, now).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a run or a project that belongs to what is offered is not offered with it.
pub async fn leaves_some_behind(
    settings: &Settings,
    transfer: &Invitation,
) -> Result<bool, Trouble> {
    let offered: BTreeSet<ItemId> = transfer.items.iter().map(|item| item.item).collect();
    for item in &offered {
        let related = queries::related(settings, *item).await?;
        if related.iter().any(|other| !offered.contains(other)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether runs are seen with these items, which their owner shares: those of the same owner that data of a project came from.
pub async fn brings_runs(
    settings: &Settings,
    items: impl Iterator<Item = ItemId>,
    owner: Context,
) -> Result<bool, Fault> {
    let shared: BTreeSet<ItemId> = items.collect();
    for project in shared
        .iter()
        .filter(|item| item.kind() == ItemKind::Project)
    {
        let runs = queries::related(settings, *project).await?;
        let runs = runs.into_iter().filter(|run| !shared.contains(run));
        let keys: Vec<Key> = runs.map(Key::Item).collect();
        let found = load::all::<Item>(&*settings.store, &keys).await?;
        let mut found = found.into_iter().flatten();
        if found.any(|run| run.document.owner == owner) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// With how many of the items each context may do what, and until when.
async fn granted(
    settings: &Settings,
    transfer: &Invitation,
    now: Time,
) -> Result<BTreeMap<(Context, Level, Option<Time>), usize>, Trouble> {
    let mut found = BTreeMap::new();
    for item in &transfer.items {
        for grant in queries::grants(settings, item.item).await? {
            let alive = grant.parts.iter().filter(|part| part.is_alive(now));
            for part in alive.filter(|_| grant.grantee != transfer.source) {
                *found
                    .entry((grant.grantee, part.level, part.until))
                    .or_default() += 1;
            }
        }
    }
    Ok(found)
}

/// The links of an item that can still be accepted, as far as their state says.
async fn open_links(settings: &Settings, id: ItemId, now: Time) -> Result<Vec<Link>, Trouble> {
    let store = &*settings.store;
    let page = store
        .scan(index::links_of(id), None, Direction::Forward, MANY)
        .await?;
    opened(settings, &page, now).await
}

async fn opened(settings: &Settings, page: &Page, now: Time) -> Result<Vec<Link>, Trouble> {
    let link = |key: &[u8]| index::last_id(key).map(LinkId::from_bits);
    let ids = page.rows.iter().filter_map(|(key, _)| link(key));
    let keys: Vec<Key> = ids.map(Key::Link).collect();
    let found = load::all::<Link>(&*settings.store, &keys).await?;
    let links = found.into_iter().flatten().map(|found| found.document);
    Ok(links.filter(|link| link.closed(now).is_none()).collect())
}

async fn name(
    settings: &Settings,
    context: Context,
    known: &mut BTreeMap<Context, String>,
) -> Result<String, Trouble> {
    if let Some(name) = known.get(&context) {
        return Ok(name.clone());
    }
    let owner = Owner::load(&*settings.store, context).await?;
    let name = owner.map_or_else(|| context.to_string(), |owner| owner.name());
    known.insert(context, name.clone());
    Ok(name)
}
