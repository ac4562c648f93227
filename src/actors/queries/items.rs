//! Runs and projects: one with what belongs to it, and the lists of them and of their files.

use serde::de::DeserializeOwned;

use crate::actors::context::Owner;
use crate::actors::custody::{Dataset, File};
use crate::actors::load;
use crate::actors::rights::{self, Acting, Permit};
use crate::actors::world::{Settings, Trouble};
use crate::domain::event::Event;
use crate::domain::id::{Context, Digest, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::{Biosamples, Item};
use crate::domain::key::{Bytes, Key};
use crate::domain::rights::Grant;
use crate::domain::time::Time;
use crate::store::{Direction, Fault, Version};

use super::item_journal;
use super::transfers::continued;

/// An item as somebody who may see it sees it.
#[derive(Debug, Clone)]
pub struct SeenItem {
    /// The item, what they may do with it, and why.
    pub permit: Permit,
    /// Its owner's name.
    pub owner_name: String,
    /// A run's projects, or a project's runs, as far as they may see them.
    pub related: Vec<Permit>,
    /// Whether there are others that they may not see.
    pub unseen: bool,
    /// A project's biosamples.
    pub biosamples: Option<Biosamples>,
    /// Contexts that were granted access; only the owner's side sees others than its own.
    pub grants: Vec<Grant>,
    /// The newest 1,000 entries of its journal, oldest first; only the owner's side sees it.
    pub journal: Vec<(Version, Event)>,
}

/// One item with what belongs to it.
pub async fn item(settings: &Settings, permit: Permit, now: Time) -> Result<SeenItem, Trouble> {
    let mut seen = contents(settings, permit, now).await?;
    if let Some(owning) = seen.permit.as_owner() {
        let grants = grants(settings, seen.permit.id()).await?;
        seen.journal = item_journal(settings, owning, 1_000).await?;
        seen.grants = grants;
    }
    Ok(seen)
}

/// The same without who has access and what happened to it, for whoever asks for a part of that.
pub async fn contents(settings: &Settings, permit: Permit, now: Time) -> Result<SeenItem, Trouble> {
    let store = &*settings.store;
    let id = permit.id();
    let related = related(settings, id).await?;
    let related = rights::permits(settings, permit.person(), &related, now).await?;
    let unseen = related.iter().any(Option::is_none);
    let biosamples = load::one::<Biosamples>(store, Key::Biosamples(id)).await?;
    let owner = Owner::load(store, permit.owner()).await?;
    Ok(SeenItem {
        owner_name: owner.map_or_else(String::new, |owner| owner.name()),
        related: related.into_iter().flatten().collect(),
        unseen,
        biosamples: biosamples.map(|b| b.document),
        grants: Vec::new(),
        journal: Vec::new(),
        permit,
    })
}

/// A run's projects, or a project's runs.
pub(in crate::actors) async fn related(
    settings: &Settings,
    id: ItemId,
) -> Result<Vec<ItemId>, Fault> {
    let prefix = match id.kind() {
        ItemKind::Run => index::projects_of(id),
        ItemKind::Project => index::runs_of(id),
    };
    let page = settings
        .store
        .scan(prefix, None, Direction::Forward, 1_000)
        .await?;
    Ok(page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_item(key))
        .collect())
}

/// A run's projects, or a project's runs, for somebody who may see it. What they may see of those, their permits say.
pub async fn beside(settings: &Settings, permit: &Permit) -> Result<Vec<ItemId>, Fault> {
    related(settings, permit.id()).await
}

/// Who was granted access to an item: the first 1,000.
pub(in crate::actors) async fn grants(
    settings: &Settings,
    id: ItemId,
) -> Result<Vec<Grant>, Fault> {
    Ok(grants_after(settings, id, None, 1_000).await?.0)
}

/// A page of who was granted access to an item, in the order of the contexts, and after which it goes on.
pub(in crate::actors) async fn grants_after(
    settings: &Settings,
    id: ItemId,
    after: Option<Context>,
    limit: usize,
) -> Result<(Vec<Grant>, Option<Context>), Fault> {
    let store = &*settings.store;
    let prefix = index::grantees(id);
    let from = after.map(|context| prefix.context(context).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let contexts = page.rows.iter();
    let contexts = contexts.filter_map(|(key, _)| index::last_context(key));
    let contexts: Vec<Context> = contexts.collect();
    let next = contexts.last().copied().filter(|_| page.more);
    let keys = contexts.into_iter().map(|context| Key::Grant(id, context));
    let keys: Vec<Key> = keys.collect();
    let found = load::all::<Grant>(store, &keys).await?;
    let grants = found.into_iter().flatten().map(|grant| grant.document);
    Ok((grants.collect(), next))
}

/// A page of the files of an item, in the order of the digests of their paths.
pub async fn files(
    settings: &Settings,
    permit: &Permit,
    after: Option<Digest>,
    limit: usize,
) -> Result<(Vec<File>, Option<Digest>), Fault> {
    records(settings, index::files(permit.id()), after, limit).await
}

/// A page of the datasets of a project, in the order of the digests of their names.
pub async fn datasets(
    settings: &Settings,
    permit: &Permit,
    after: Option<Digest>,
    limit: usize,
) -> Result<(Vec<Dataset>, Option<Digest>), Fault> {
    records(settings, index::datasets(permit.id()), after, limit).await
}

async fn records<T: DeserializeOwned>(
    settings: &Settings,
    prefix: Bytes,
    after: Option<Digest>,
    limit: usize,
) -> Result<(Vec<T>, Option<Digest>), Fault> {
    let from = after.map(|digest| continued(prefix, digest.0));
    let store = &*settings.store;
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let last = page.rows.last().and_then(|(key, _)| index::last_id(key));
    let next = last.map(Digest).filter(|_| page.more);
    let read = |value: &[u8]| {
        let odd = |error| Fault::never(format!("a record of a project cannot be read: {error}"));
        serde_json::from_slice(value).map_err(odd)
    };
    let all: Result<Vec<T>, Fault> = page.rows.iter().map(|(_, value)| read(value)).collect();
    Ok((all?, next))
}

/// A page of the items of one kind that a context owns, newest first.
pub async fn items(
    settings: &Settings,
    acting: &Acting,
    kind: ItemKind,
    after: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Item>, Option<ItemId>), Fault> {
    let store = &*settings.store;
    let prefix = index::owned(acting.context(), kind);
    let from = after.map(|id| continued(prefix, id.bits()));
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let id = |key: &[u8]| index::last_id(key).map(|bits| ItemId::new(kind, bits));
    let ids: Vec<ItemId> = page.rows.iter().filter_map(|(key, _)| id(key)).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
    let found = load::all::<Item>(store, &keys).await?;
    let next = ids.last().copied().filter(|_| page.more);
    Ok((
        found
            .into_iter()
            .flatten()
            .map(|item| item.document)
            .collect(),
        next,
    ))
}
