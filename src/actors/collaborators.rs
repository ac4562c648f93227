//! Who works with what: the collaborators of an item, and the items that are shared with somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::domain::address::Address;
use crate::domain::event::What;
use crate::domain::id::{AccountId, Context, InvitationId, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::invitation::{Invitation, State as Standing, Terms};
use crate::domain::item::{Item, State};
use crate::domain::key::{Key, Queue};
use crate::domain::rights::{Grant, Part};
use crate::domain::time::Time;
use crate::store::{Direction, Fault};

use super::load;
use super::names;
use super::proposal::Proposal;
use super::queries;
use super::rights::{self, Acting, Owning, Permit};
use super::world::{Settings, Trouble};

/// At most this many open invitations are looked at for one item.
const MANY: usize = 1_000;

/// One access of a collaborator, with names.
#[derive(Debug, Clone)]
pub struct Collaborator {
    /// Which context.
    pub context: Context,
    /// What it is called.
    pub name: String,
    /// The primary address of the person it is; none of a workgroup.
    pub own_address: Option<Address>,
    /// The access.
    pub part: Part,
    /// Who accepted it; empty where the account is gone.
    pub accepted_by: String,
    /// Their primary address; none where the account is gone.
    pub address: Option<Address>,
}

/// Who works with an item: contexts that have access, and invitations that wait for an answer.
#[derive(Debug, Clone, Default)]
pub struct Collaborators {
    /// Who has access, in the order of their contexts.
    pub granted: Vec<Collaborator>,
    /// What is pending, oldest first; told on the first page.
    pub pending: Vec<Invitation>,
    /// After whom those who have access go on.
    pub next: Option<Context>,
}

/// A page of the collaborators of an item, for its owner. It may hold fewer than `limit`, or none, and still go on.
pub async fn of(
    settings: &Settings,
    owning: Owning<'_>,
    after: Option<Context>,
    limit: usize,
    now: Time,
) -> Result<Collaborators, Trouble> {
    let item = owning.permit().item();
    let id = item.id;
    let (grants, next) = queries::grants_after(settings, id, after, limit).await?;
    let alive = |grant: &Grant| -> Vec<(Context, Part)> {
        let parts = grant.parts.iter().filter(|part| part.is_alive(now));
        parts.map(|part| (grant.grantee, part.clone())).collect()
    };
    let parts: Vec<(Context, Part)> = grants.iter().flat_map(alive).collect();
    let contexts = names::contexts(settings, parts.iter().map(|(context, _)| *context)).await?;
    let themselves = parts.iter().filter_map(|(context, _)| match context {
        Context::Personal(id) => Some(*id),
        Context::Workgroup(_) => None,
    });
    let accepting = parts.iter().map(|(_, part)| part.accepted_by);
    let people = names::accounts(settings, themselves.chain(accepting)).await?;
    let address = |id: AccountId| people.get(&id).and_then(|one| one.primary().cloned());
    let named = |(context, part): (Context, Part)| Collaborator {
        context,
        name: contexts.get(&context).cloned().unwrap_or_default(),
        accepted_by: (people.get(&part.accepted_by))
            .map_or_else(String::new, |one| one.name.clone()),
        address: address(part.accepted_by),
        own_address: match context {
            Context::Personal(id) => address(id),
            Context::Workgroup(_) => None,
        },
        part,
    };
    Ok(Collaborators {
        granted: parts.into_iter().map(named).collect(),
        pending: match after {
            None => pending(settings, item, now).await?,
            Some(_) => Vec::new(),
        },
        next,
    })
}

/// Whether the access that an accepted invitation gave is no more, in whatever way, of any of its items. What became of items that have
/// another owner by now is told to neither side.
pub async fn has_ended(
    settings: &Settings,
    invitation: &Invitation,
    now: Time,
) -> Result<bool, Fault> {
    let (Terms::Access { .. }, Standing::Accepted { into, .. }) =
        (invitation.terms, &invitation.state)
    else {
        return Ok(false);
    };
    let store = &*settings.store;
    let items = || invitation.items.iter().map(|offered| offered.item);
    let keys: Vec<Key> = items().map(|id| Key::Grant(id, *into)).collect();
    let grants = load::all::<Grant>(store, &keys).await?;
    let holds = |grant: &Grant| grant.strongest(now).is_some();
    if grants
        .into_iter()
        .flatten()
        .any(|grant| holds(&grant.document))
    {
        return Ok(false);
    }
    let keys: Vec<Key> = items().map(Key::Item).collect();
    let items = load::all::<Item>(store, &keys).await?;
    let mut items = items.into_iter().flatten();
    Ok(items.all(|item| item.document.owner == invitation.source))
}

/// The name of an item, for the person whose giving up an access to it is the last thing that happened to it: nothing about it can have
/// changed since they saw it.
pub async fn just_left(
    settings: &Settings,
    account: AccountId,
    id: ItemId,
) -> Result<Option<String>, Fault> {
    let newest = queries::journal(settings, Key::Item(id), 1).await?;
    let left = newest.iter().find(|(_, event)| {
        matches!(event.what, What::AccessLeft { .. }) && event.by.person == Some(account)
    });
    let Some((version, _)) = left else {
        return Ok(None);
    };
    let found = load::one::<Item>(&*settings.store, Key::Item(id)).await?;
    let same = found.filter(|item| item.version == *version);
    Ok(same.map(|item| item.document.name))
}

/// The open invitations to an item. What a former owner shared and nobody accepted ended with the transfer, also before the timer has
/// cancelled it.
async fn pending(settings: &Settings, item: &Item, now: Time) -> Result<Vec<Invitation>, Fault> {
    let store = &*settings.store;
    let page = store
        .scan(index::shared_in(item.id), None, Direction::Forward, MANY)
        .await?;
    let id = |key: &[u8]| index::last_id(key).map(InvitationId::from_bits);
    let ids = page.rows.iter().filter_map(|(key, _)| id(key));
    let keys: Vec<Key> = ids.map(Key::Invitation).collect();
    let found = load::all::<Invitation>(store, &keys).await?;
    let all = found.into_iter().flatten().map(|found| found.document);
    Ok(all
        .filter(|open| open.source == item.owner)
        .filter(|open| open.state.is_open() && now < open.expires_at)
        .collect())
}

/// So many invitations are looked at again at once: a commit has room for no more beside what it does. What is left over its own
/// reminder looks at.
const AT_ONCE: usize = 250;

/// Has the open invitations to these items looked at again, now that the items are gone or have another owner: a timer finds what they
/// cannot share any more, and cancels them.
pub(super) async fn look_again(
    settings: &Settings,
    items: &[ItemId],
    now: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let mut found = BTreeSet::new();
    for item in items {
        let room = AT_ONCE.saturating_sub(found.len());
        if room == 0 {
            break;
        }
        let prefix = index::shared_in(*item);
        let scan = settings.store.scan(prefix, None, Direction::Forward, room);
        let rows = scan.await?.rows;
        found.extend(rows.iter().filter_map(|(key, _)| index::last_id(key)));
    }
    for invitation in found {
        proposal.due(Queue::Timers, now, invitation);
    }
    Ok(())
}

/// The items that somebody wants to share, with the projects of the runs among them that the same context owns.
pub async fn with_projects(
    settings: &Settings,
    person: AccountId,
    items: &[ItemId],
    now: Time,
) -> Result<Vec<ItemId>, Trouble> {
    let mut all: Vec<ItemId> = Vec::with_capacity(items.len());
    let mut add = |id: ItemId| {
        if !all.contains(&id) {
            all.push(id);
        }
    };
    let permits = rights::permits(settings, person, items, now).await?;
    for (id, permit) in items.iter().zip(permits) {
        add(*id);
        // Of a run that is not theirs nothing is told; the guards say so.
        let own = |permit: &Permit| id.kind() == ItemKind::Run && permit.as_owner().is_some();
        let Some(run) = permit.filter(own) else {
            continue;
        };
        let related = queries::related(settings, *id).await?;
        let keys: Vec<Key> = related.iter().map(|id| Key::Item(*id)).collect();
        let projects = load::all::<Item>(&*settings.store, &keys).await?;
        for project in projects.into_iter().flatten() {
            if project.document.owner == run.owner() {
                add(project.document.id);
            }
        }
    }
    Ok(all)
}

// ---- what is shared with somebody ----

/// An item that a context of somebody has access to.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The item.
    pub item: Item,
    /// The owner's name.
    pub owner_name: String,
    /// Which context has access.
    pub context: Context,
    /// The strongest access.
    pub part: Part,
}

/// Where a page of what is shared ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    context: Context,
    after: Option<ItemId>,
}

/// A text that no page gave as its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)?;
        self.after.map_or(Ok(()), |id| write!(f, ".{id}"))
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;
    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (context, after) = match text.split_once('.') {
            Some((context, id)) => (context, Some(id.parse().map_err(|_| NoCursor)?)),
            None => (text, None),
        };
        let context = context.parse().map_err(|_| NoCursor)?;
        Ok(Self { context, after })
    }
}

/// A page of what is shared with these contexts, each newest first, and where it goes on. What is in the trash is not among it. A
/// page may hold fewer than `limit`, or none, and still go on.
pub async fn shared_with(
    settings: &Settings,
    contexts: &[Acting],
    from: Option<Cursor>,
    now: Time,
    limit: usize,
) -> Result<(Vec<Shared>, Option<Cursor>), Fault> {
    let mut all = Vec::new();
    let mut names = BTreeMap::new();
    let start = match from {
        Some(from) => contexts
            .iter()
            .position(|one| one.context() == from.context),
        None => Some(0),
    };
    let mut after = from.and_then(|from| from.after);
    // Somebody who has left the context meanwhile sees nothing more of it.
    let left = start.and_then(|start| contexts.get(start..));
    for context in left.unwrap_or_default().iter().map(Acting::context) {
        let room = limit.saturating_sub(all.len());
        if room == 0 {
            let after = None;
            return Ok((all, Some(Cursor { context, after })));
        }
        let (some, next) = of_context(settings, context, after.take(), now, room).await?;
        let owners = some.iter().map(|(item, _)| item.owner);
        names.extend(names::contexts(settings, owners).await?);
        let shown = |(item, part): (Item, Part)| Shared {
            owner_name: names.get(&item.owner).cloned().unwrap_or_default(),
            context,
            item,
            part,
        };
        all.extend(some.into_iter().map(shown));
        if next.is_some() {
            let after = next;
            return Ok((all, Some(Cursor { context, after })));
        }
    }
    Ok((all, None))
}

async fn of_context(
    settings: &Settings,
    context: Context,
    after: Option<ItemId>,
    now: Time,
    limit: usize,
) -> Result<(Vec<(Item, Part)>, Option<ItemId>), Fault> {
    let store = &*settings.store;
    let prefix = index::granted(context);
    let from = after.map(|id| prefix.item(id).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let ids: Vec<ItemId> = page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_item(key))
        .collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Grant(*id, context)).collect();
    let grants = load::all::<Grant>(store, &keys).await?;
    let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
    let items = load::all::<Item>(store, &keys).await?;
    let held = items.into_iter().zip(grants).filter_map(|(item, grant)| {
        let mut item = item?.document;
        // Whether it is offered to somebody is the owner's business.
        item.pending = None;
        let part = grant?.document.strongest(now)?.clone();
        (item.state != State::Trashed).then_some((item, part))
    });
    let held = held.collect();
    Ok((held, ids.last().copied().filter(|_| page.more)))
}
