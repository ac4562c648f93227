//! Trash, archive and the end of items: who may, from what to what, and that nothing is left of what is gone.

use handover::domain::event::{Channel, Event, What};
use handover::domain::id::{ItemId, ItemKind};
use handover::domain::index::Entry;
use handover::domain::invitation::Invitation;
use handover::domain::item::{Item, State};
use handover::domain::key::{Counter, Key};
use handover::domain::link;
use handover::domain::tombstone::Tombstone;

use super::Seen;
use super::transfers::{acts_for, must};
use crate::shadow::{Doc, Shadow};

pub fn check(seen: &Seen<'_>) -> Result<(), String> {
    for change in seen.changes {
        match (&change.old, &change.new) {
            (None, Some(Doc::Item(new))) => {
                must(new.state == State::Active, || {
                    format!("{} began as {:?}", new.id, new.state)
                })?;
                let before = seen.after.tombstone(new.id);
                must(before.is_none(), || format!("{} is there again", new.id))?;
            }
            (Some(Doc::Item(old)), Some(Doc::Item(new))) => {
                let event = change.event.as_ref();
                let event = event.ok_or_else(|| format!("{} changed without an event", new.id))?;
                lives(seen, event, old, new)?;
            }
            (Some(Doc::Item(old)), None) => buried(seen, change.event.as_ref(), old)?,
            (None, Some(Doc::Tombstone(new))) => {
                let item = Key::Item(new.item);
                let here = seen
                    .changes
                    .iter()
                    .any(|c| c.key == item && c.new.is_none());
                must(here && !new.swept, || format!("{new:?} stands on nothing"))?;
            }
            (Some(Doc::Tombstone(old)), Some(Doc::Tombstone(new))) => {
                let swept = Tombstone {
                    swept: true,
                    ..(**old).clone()
                };
                must(!old.swept && swept == **new, || {
                    format!("{old:?} became {new:?}")
                })?;
                nothing_left(seen.after, new.item)?;
            }
            (Some(Doc::Tombstone(old)), None) => {
                return Err(format!("the stone of {} was taken away", old.item));
            }
            (Some(Doc::Link(old)), None) => {
                let uses = seen.after.counters.get(&Counter::LinkUses(old.id));
                let none = uses.copied().unwrap_or_default() == 0;
                let gone = seen.after.tombstone(old.item).is_some();
                must(gone && none, || {
                    format!("{} went, and left {uses:?}", old.id)
                })?;
            }
            (None, Some(Doc::Link(new))) => in_use(seen.after, new.item)?,
            (None, Some(Doc::Invitation(new))) => {
                new.items
                    .iter()
                    .try_for_each(|of| in_use(seen.after, of.item))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Only what is active is offered or shared.
pub fn in_use(shadow: &Shadow, item: ItemId) -> Result<(), String> {
    let state = shadow.item(item).map(|item| item.state);
    must(state == Some(State::Active), || {
        format!("{item} is {state:?}, and was offered or shared")
    })
}

fn lives(seen: &Seen<'_>, event: &Event, old: &Item, new: &Item) -> Result<(), String> {
    let id = new.id;
    must(new.pending.is_none() || new.state == State::Active, || {
        format!("{id} is {:?}, and pending", new.state)
    })?;
    let back = match old.life.archived_at {
        Some(_) => State::Archived,
        None => State::Active,
    };
    let disturbs = matches!(
        event.what,
        What::Trashed | What::Archived | What::PurgeOrdered { .. }
    );
    let fits = match (&event.what, old.state) {
        (What::Trashed, State::Active | State::Archived) => {
            new.state == State::Trashed && new.life.trashed_at == Some(seen.commit.at)
        }
        (What::Restored, State::Trashed) => {
            new.state == back && new.life.purge_at.is_none() && new.life.trashed_at.is_none()
        }
        (What::Archived, State::Active) => {
            not_shared(seen, id)?;
            new.state == State::Archived
        }
        (What::Unarchived, State::Archived) => new.state == State::Active,
        (What::PurgeOrdered { purge_at }, State::Trashed) => {
            let after = seen.commit.at.plus_ms(seen.policy.purge_after_ms);
            let first = old.life.purge_at.is_none() && new.life.purge_at == Some(*purge_at);
            first && *purge_at == after && new.state == State::Trashed
        }
        (
            What::Trashed
            | What::Restored
            | What::Archived
            | What::Unarchived
            | What::PurgeOrdered { .. },
            _,
        ) => false,
        _ => {
            return must((old.state, &old.life) == (new.state, &new.life), || {
                format!(
                    "{id} went from {:?} to {:?}, told as {event:?}",
                    old.state, new.state
                )
            });
        }
    };
    must(fits, || {
        format!("{id} was {:?} and is {:?}: {event:?}", old.state, new.state)
    })?;
    let still = !disturbs || (old.pending.is_none() && old.running_analyses == 0);
    must(still && new.pending.is_none(), || {
        format!("{id} is in use, and {event:?}")
    })?;
    let may = event
        .by
        .person
        .is_some_and(|who| acts_for(seen, who, new.owner));
    must(may, || {
        format!("{id}: {event:?} by somebody who does not act for its owner")
    })
}

/// Shared data is not archived. An invitation to it may have gone out meanwhile; it is refused when it is accepted (`in_use`).
fn not_shared(seen: &Seen<'_>, id: ItemId) -> Result<(), String> {
    let (shadow, now) = (seen.after, seen.commit.at);
    let mut parts = shadow.grants(id).flat_map(|grant| &grant.parts);
    let granted = parts.any(|part| part.until.is_none_or(|end| now < end));
    let open = |link: &link::Link| {
        let uses = shadow.counters.get(&Counter::LinkUses(link.id)).copied();
        let left = link
            .max_acceptances
            .is_none_or(|most| uses.unwrap_or_default() < i64::from(most));
        let alive = link.expires_at.is_none_or(|end| now < end);
        link.item == id && link.state == link::State::Active && alive && left
    };
    let linked = shadow.links().any(open);
    must(!granted && !linked, || {
        format!("{id} was archived while it is shared: by access {granted}, by a link {linked}")
    })
}

fn buried(seen: &Seen<'_>, event: Option<&Event>, old: &Item) -> Result<(), String> {
    let (id, at) = (old.id, seen.commit.at);
    let due = old.state == State::Trashed && old.life.purge_at.is_some_and(|due| due <= at);
    let timed = event.is_some_and(|event| {
        let nobody = event.by.person.is_none() && event.by.channel == Channel::Timer;
        nobody && event.what == What::Purged
    });
    must(due && timed, || {
        format!("{id} was purged out of time: {old:?} {event:?}")
    })?;
    must(old.pending.is_none() && old.running_analyses == 0, || {
        format!("{id} was purged in use")
    })?;
    let stone = seen.after.tombstone(id);
    let told = seen.after.chains.get(&id);
    let fits = stone.is_some_and(|stone| {
        let chain = (
            stone.chain.length,
            stone.chain.head.map(|head| head.to_string()),
        );
        let its = (&stone.name, stone.owner, stone.purged_at) == (&old.name, old.owner, at);
        its && told == Some(&chain)
    });
    must(fits, || {
        format!("{id} was purged, and {stone:?} stands for it; its chain: {told:?}")
    })
}

/// Nothing of a purged item is left once it was swept: no access, no link, no file, no relation, no open transfer.
fn nothing_left(shadow: &Shadow, id: ItemId) -> Result<(), String> {
    let grant = shadow.grants(id).next();
    must(grant.is_none(), || {
        format!("{id} was purged and left {grant:?}")
    })?;
    let link = shadow.links().find(|link| link.item == id);
    must(link.is_none(), || {
        format!("{id} was purged and left {link:?}")
    })?;
    let biosamples =
        id.kind() == ItemKind::Project && shadow.docs.contains_key(&Key::Biosamples(id));
    must(!biosamples && !shadow.has_files(id), || {
        format!("{id} was purged and left files")
    })?;
    let names = |entry: &&Entry| match entry {
        Entry::ProjectOf(one, other) | Entry::RunOf(one, other) => *one == id || *other == id,
        Entry::Owned(_, item) | Entry::Trashed(_, item) | Entry::Granted(_, item) => *item == id,
        Entry::Sized(_, _, item) => *item == id,
        Entry::LinkOf(item, _) | Entry::Grantee(item, _) => *item == id,
        _ => false,
    };
    let entry = shadow.entries.keys().find(names);
    must(entry.is_none(), || {
        format!("{id} was purged and left {entry:?}")
    })?;
    let lists = |open: &Invitation| {
        let offers = open.terms.is_transfer() && open.state.is_open();
        offers && open.items.iter().any(|of| of.item == id)
    };
    let open = shadow
        .transfers()
        .find(|open| lists(open))
        .map(|open| open.id);
    must(open.is_none(), || {
        format!("{id} was purged and left {open:?}")
    })
}

/// The same for everything there is.
pub fn whole(shadow: &Shadow) -> Result<(), String> {
    for stone in shadow.tombstones() {
        let there = shadow.item(stone.item).is_some();
        must(!there, || {
            format!("{} is there and has a stone", stone.item)
        })?;
    }
    for link in shadow.links() {
        let there = shadow.item(link.item).is_some();
        let swept = shadow
            .tombstone(link.item)
            .is_some_and(|stone| !stone.swept);
        must(there || swept, || format!("{} leads nowhere", link.id))?;
    }
    Ok(())
}

/// At the end what was to be purged is, with all that belonged to it.
pub fn ended(shadow: &Shadow) -> Result<(), String> {
    let stone = shadow.tombstones().find(|stone| !stone.swept);
    must(stone.is_none(), || format!("{stone:?} was never swept"))?;
    for stone in shadow.tombstones() {
        nothing_left(shadow, stone.item)?;
    }
    let item = shadow.items().find(|item| item.life.purge_at.is_some());
    must(item.is_none(), || format!("{item:?} was never purged"))
}
