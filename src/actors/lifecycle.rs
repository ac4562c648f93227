//! Trash, restore, archive, unarchive and purge: decided by the actor of the context that owns the item.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::id::{AccountId, ItemId, ItemKind, LinkId};
use crate::domain::index;
use crate::domain::item::{Item, State};
use crate::domain::key::{Counter, Key};
use crate::domain::lifecycle::{self, Act, Seen, Shared};
use crate::domain::link::Link;
use crate::domain::rights::{Grant, Level};
use crate::domain::time::Time;
use crate::store::{Direction, Fault};

use super::custody::{self, Command, Done};
use super::load::{self, Versioned};
use super::proposal::Proposal;
use super::rights::{self, Acting};
use super::world::{Call, Settings, Trouble, World};

/// So many grants, links or invitations of an item are looked at at once; the store scans no more.
const MANY: usize = 1_000;

/// Has the owner of an item carry out what a person wants of it.
///
/// # Errors
/// They may not see it, or may but do not act for its owner, or something stands in the way.
pub async fn carry_out(
    world: &dyn World,
    person: AccountId,
    call: Call,
    item: ItemId,
    act: Act,
) -> Result<Done, Trouble> {
    let settings = world.settings();
    let owner = match rights::permit(&settings, person, item, Level::Own, call.at).await {
        Ok(permit) => permit.owner(),
        Err(Trouble::Refused(why)) => {
            // Whoever did it may have lost sight of it since, by this very command or another.
            let done = custody::done_before(&settings, &call).await?;
            return done.ok_or_else(|| why.into());
        }
        Err(fault) => return Err(fault),
    };
    let command = Arc::new(Command::Lifecycle { item, act });
    custody::handle(world, owner, &call, command).await
}

/// What the owner's actor decides about an item of its own.
pub(super) async fn decide(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    act: Act,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let shared = match act {
        Act::Archive => shared(settings, item.document.id, call.at).await?,
        Act::Trash | Act::Restore | Act::Unarchive | Act::Purge => Shared::default(),
    };
    let decided = lifecycle::decide(&item.document, act, &shared, &settings.policy, call.at);
    let (next, what) = match decided {
        Ok(decided) => decided,
        Err(mut findings) => {
            custody::named(settings, &[&item.document], &mut findings).await?;
            return Err(findings.into());
        }
    };
    let event = Event {
        at: call.at,
        by: call.by,
        what,
    };
    proposal.replace(item, &next, Some(&event));
    Ok(())
}

/// How others have access to an item at this moment, or could get it. Whoever gives access writes the item too, or rests on its version,
/// and what an invitation gives is looked at again when it is accepted: so nothing archived is shared.
async fn shared(settings: &Settings, item: ItemId, now: Time) -> Result<Shared, Fault> {
    Ok(Shared {
        grants: living_grants(settings, item, now).await?,
        links: active_links(settings, item, now).await?,
        invitations: invitations(settings, item).await?,
    })
}

/// Those of the first page that has one: it is enough to know, and the first thousand may be over and the next one not.
async fn living_grants(settings: &Settings, item: ItemId, now: Time) -> Result<Seen, Fault> {
    let store = &*settings.store;
    let mut after = None;
    loop {
        let prefix = index::grantees(item);
        let page = store.scan(prefix, after, Direction::Forward, MANY).await?;
        let context = |key: &[u8]| index::last_context(key);
        let contexts = page.rows.iter().filter_map(|(key, _)| context(key));
        let keys: Vec<Key> = contexts.map(|context| Key::Grant(item, context)).collect();
        let grants = load::all::<Grant>(store, &keys).await?;
        let lives = |grant: &&Versioned<Grant>| grant.document.level(now).is_some();
        let number = grants.iter().flatten().filter(lives).count();
        if number > 0 || !page.more {
            let more = page.more;
            return Ok(Seen { number, more });
        }
        after = page.last_key();
    }
}

async fn invitations(settings: &Settings, item: ItemId) -> Result<Seen, Fault> {
    let prefix = index::shared_in(item);
    let scan = settings.store.scan(prefix, None, Direction::Forward, MANY);
    let page = scan.await?;
    Ok(Seen {
        number: page.rows.len(),
        more: page.more,
    })
}

async fn active_links(settings: &Settings, item: ItemId, now: Time) -> Result<usize, Fault> {
    let links = links(settings, item).await?;
    let open: Vec<Link> = links
        .into_iter()
        .map(|link| link.document)
        .filter(|link| link.closed(now).is_none())
        .collect();
    let counters: Vec<Counter> = open.iter().map(|link| Counter::LinkUses(link.id)).collect();
    let uses = settings.store.counters(&counters).await?;
    let left = |(link, uses): &(&Link, i64)| {
        link.max_acceptances
            .is_none_or(|most| *uses < i64::from(most))
    };
    Ok(open.iter().zip(uses).filter(left).count())
}

/// The links of an item, active or not.
pub(super) async fn links(
    settings: &Settings,
    item: ItemId,
) -> Result<Vec<Versioned<Link>>, Fault> {
    let store = &*settings.store;
    let prefix = index::links_of(item);
    let page = store.scan(prefix, None, Direction::Forward, MANY).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let keys: Vec<Key> = ids.map(|id| Key::Link(LinkId::from_bits(id))).collect();
    Ok(load::all::<Link>(store, &keys)
        .await?
        .into_iter()
        .flatten()
        .collect())
}

/// That nothing may be added to an item in the trash or the archive.
pub(super) fn open(item: &Item) -> Result<(), Trouble> {
    lifecycle::closed(item).map_or(Ok(()), |why| Err(why.into()))
}

/// The item that a command was about, as it is now.
///
/// # Errors
/// It is gone, or the store failed.
pub async fn item_of(settings: &Settings, done: &Done) -> Result<Item, Trouble> {
    let Some(id) = done.items.first() else {
        return Err(Fault::never("a command about no item").into());
    };
    let found = load::one::<Item>(&*settings.store, Key::Item(*id)).await?;
    let found = found.map(|found| found.document);
    found.ok_or_else(|| rights::no_such_item(settings, *id).into())
}

/// So many pages are looked through for one that is asked for, so that a rare state does not cost a whole context.
const PAGES: usize = 10;

/// A page of the items of one kind that a context owns, newest first: those in this state, or all but what is in the trash. It may hold
/// fewer than `limit` and still have a next one.
///
/// # Errors
/// The store failed.
pub async fn listed(
    settings: &Settings,
    acting: &Acting,
    kind: ItemKind,
    state: Option<State>,
    after: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Item>, Option<ItemId>), Fault> {
    let store = &*settings.store;
    let context = acting.context();
    let prefix = match state {
        Some(State::Trashed) => index::trashed(context, kind),
        _ => index::owned(context, kind),
    };
    let keep = |item: &Item| match state {
        Some(state) => item.state == state,
        None => item.state != State::Trashed,
    };
    let (mut found, mut last) = (Vec::new(), after);
    for _ in 0..PAGES {
        let from = last.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
        let page = store.scan(prefix, from, Direction::Backward, limit).await?;
        let id = |key: &[u8]| index::last_id(key).map(|bits| ItemId::new(kind, bits));
        let ids: Vec<ItemId> = page.rows.iter().filter_map(|(key, _)| id(key)).collect();
        let end = ids.last().copied();
        let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
        let items = load::all::<Item>(store, &keys).await?;
        for item in items.into_iter().flatten().map(|found| found.document) {
            if keep(&item) {
                let here = item.id;
                found.push(item);
                if found.len() >= limit {
                    let more = page.more || end != Some(here);
                    return Ok((found, more.then_some(here)));
                }
            }
        }
        last = end.or(last);
        if !page.more {
            return Ok((found, None));
        }
    }
    Ok((found, last))
}
