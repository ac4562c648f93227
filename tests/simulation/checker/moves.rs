//! Moves of everything of somebody: two administrators, every item by them, and nothing left behind that was there.

use std::collections::BTreeMap;

use handover::domain::event::{Event, What};
use handover::domain::id::{Context, ItemId, MoveId};
use handover::domain::item::Item;
use handover::domain::key::{Counter, Key};
use handover::domain::moving::{Administrator, Move, State};
use handover::domain::policy::Domain;

use super::Seen;
use super::transfers::{domain_of, must, quota_of};
use crate::shadow::{Change, Doc, Shadow};

/// What must be remembered of moves: by which commit an item came to its owner, and by which a move went on.
#[derive(Debug, Default)]
pub struct Moves {
    came: BTreeMap<ItemId, u64>,
    went_on: BTreeMap<MoveId, u64>,
}

impl Moves {
    pub fn check(&mut self, seen: &Seen<'_>, commit: u64) -> Result<(), String> {
        for change in seen.changes {
            match (&change.old, &change.new) {
                (old, Some(Doc::Move(new))) => {
                    let old = match old {
                        Some(Doc::Move(old)) => Some(&**old),
                        _ => None,
                    };
                    let event = change.event.as_ref();
                    let event =
                        event.ok_or_else(|| format!("{} changed without an event", new.id))?;
                    self.one(seen, event, old, new)?;
                    self.went_on.insert(new.id, commit);
                }
                (Some(Doc::Move(old)), None) => return Err(format!("{} was deleted", old.id)),
                (old, Some(Doc::Item(new))) => {
                    let stays = matches!(old, Some(Doc::Item(old)) if old.owner == new.owner);
                    if !stays {
                        self.came.insert(new.id, commit);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn one(
        &self,
        seen: &Seen<'_>,
        event: &Event,
        old: Option<&Move>,
        new: &Move,
    ) -> Result<(), String> {
        let id = new.id;
        let Some(old) = old else {
            must(new.state == State::Proposed && new.items == 0, || {
                format!("{new:?} began")
            })?;
            through(seen.after, new)?;
            return decides(seen, event, &new.proposed, &from_domain(seen.after, new));
        };
        let moved: Vec<&Item> = moved(seen, id).collect();
        let mut kept = new.clone();
        kept.state = old.state.clone();
        (kept.items, kept.bytes) = (old.items, old.bytes);
        must(kept == *old, || format!("{id} is another move now"))?;
        let bytes: u64 = moved.iter().map(|item| item.bytes).sum();
        let counted = new.items == old.items + moved.len() as u64 && new.bytes == old.bytes + bytes;
        must(counted, || {
            format!(
                "{id} counts {} after {}, and {} moved",
                new.items,
                old.items,
                moved.len()
            )
        })?;
        match (&old.state, &new.state) {
            (State::Proposed, State::Moving { approved }) => {
                decides(seen, event, approved, &from_domain(seen.after, new))?;
                let account = seen.after.account(approved.account);
                let another = approved.account != old.proposed.account
                    && account.is_some_and(|a| !a.has(&old.proposed.address));
                must(another, || format!("{id} was approved by who proposed it"))?;
                let still = seen.policy.decides(
                    std::slice::from_ref(&old.proposed.address),
                    &from_domain(seen.after, new),
                );
                must(still.is_some(), || {
                    format!("{id} was proposed by nobody who may")
                })
            }
            (State::Moving { approved }, State::Moving { approved: still })
                if approved == still =>
            {
                must(!moved.is_empty(), || {
                    format!("{id} went on, and nothing moved")
                })?;
                must(event.what == What::Stepped { items: new.items }, || {
                    format!("{id}: {event:?}")
                })?;
                through(seen.after, new)?;
                let usage = seen.after.usage(new.to);
                let quota = quota_of(seen, new.to).and_then(|quota| i64::try_from(quota).ok());
                let limited = seen
                    .commit
                    .adds
                    .iter()
                    .any(|add| add.counter == Counter::Usage(new.to));
                must(!limited || quota.is_none_or(|quota| usage <= quota), || {
                    format!(
                        "{id} brought {} to {usage} bytes, over its quota of {quota:?}",
                        new.to
                    )
                })
            }
            (
                State::Moving { approved },
                State::Done {
                    approved: still, ..
                },
            ) if approved == still => {
                let last = self.went_on.get(&id).copied().unwrap_or_default();
                let there = |item: &&Item| {
                    let came = self.came.get(&item.id).copied().unwrap_or_default();
                    item.owner == new.from && came < last
                };
                let left = seen.after.items().find(there).map(|item| item.id);
                must(left.is_none(), || {
                    format!("{id} is done, and {left:?} was left behind")
                })
            }
            (State::Proposed | State::Moving { .. }, State::Cancelled { approved, by }) => {
                must(approved.as_ref() == old.state.approved(), || {
                    format!("{id} was cancelled and names {approved:?}")
                })?;
                decides(seen, event, by, &new.domain)
            }
            (from, to) => Err(format!("{id} went from {} to {}", from.word(), to.word())),
        }
    }
}

/// The items that another owner has by this move in this commit.
fn moved<'a>(seen: &'a Seen<'_>, id: MoveId) -> impl Iterator<Item = &'a Item> {
    seen.changes.iter().filter_map(move |change| {
        let by = matches!(change.event.as_ref().map(|e| &e.what), Some(What::Moved { of, .. }) if *of == id);
        match &change.new {
            Some(Doc::Item(item)) if by => Some(&**item),
            _ => None,
        }
    })
}

fn from_domain(shadow: &Shadow, of: &Move) -> Domain {
    domain_of(shadow, of.from).unwrap_or_else(|| of.domain.clone())
}

/// Whoever decided did it, holds the address, and decides about data of this domain.
fn decides(
    seen: &Seen<'_>,
    event: &Event,
    who: &Administrator,
    domain: &Domain,
) -> Result<(), String> {
    let account = seen.after.account(who.account);
    let holds = account.is_some_and(|account| account.has(&who.address));
    let may = seen
        .policy
        .decides(std::slice::from_ref(&who.address), domain);
    let itself = event.by.person == Some(who.account) && who.at == seen.commit.at;
    must(holds && may.is_some() && itself, || {
        format!(
            "{who:?} decided about data of {}, and may not: {event:?}",
            domain.name()
        )
    })
}

/// The walls stand for administrators too.
fn through(shadow: &Shadow, of: &Move) -> Result<(), String> {
    let (from, to) = (domain_of(shadow, of.from), domain_of(shadow, of.to));
    let (Some(from), Some(to)) = (from, to) else {
        return Err(format!("{}: a context is gone", of.id));
    };
    let workgroup = match of.to {
        Context::Workgroup(id) => shadow.workgroup(id),
        Context::Personal(_) => None,
    };
    let holds = match (from.is_public(), to.is_public()) {
        (true, true) => true,
        (true, false) => workgroup.is_some_and(|w| w.collaborative),
        (false, _) => workgroup.is_some() && from == to,
    };
    must(holds && of.from != of.to, || {
        format!(
            "{} goes from {} to {} through the wall",
            of.id,
            from.name(),
            to.name()
        )
    })
}

/// Whether an item has another owner by a move that is in this commit, as its journal says.
pub fn hands_over(seen: &Seen<'_>, change: &Change, old: &Item, new: &Item) -> bool {
    let Some(What::Moved {
        of,
        from,
        to,
        name,
        proposed_by,
        approved_by,
    }) = change.event.as_ref().map(|event| &event.what)
    else {
        return false;
    };
    let written = seen
        .changes
        .iter()
        .any(|change| change.key == Key::Move(*of));
    let told = (*from, *to, name) == (old.owner, new.owner, &new.name);
    let found = seen.after.proposed_move(*of).filter(|_| written && told);
    found.is_some_and(|of| match &of.state {
        State::Moving { approved } => {
            let by = (of.proposed.account, approved.account) == (*proposed_by, *approved_by);
            by && (of.from, of.to) == (*from, *to)
        }
        _ => false,
    })
}

/// Whether the item has another owner by a move in this commit, and this context gave or got it.
pub fn touches(seen: &Seen<'_>, item: ItemId, context: Context) -> bool {
    let here = seen
        .changes
        .iter()
        .filter(|change| change.key == Key::Item(item));
    let mut events = here.filter_map(|change| change.event.as_ref());
    events.any(|event| match event.what {
        What::Moved { from, to, .. } => from == context || to == context,
        _ => false,
    })
}

/// Whether an approved move would take back this offer, whose source it empties.
pub fn withdraws(seen: &Seen<'_>, source: Context, by: handover::domain::id::AccountId) -> bool {
    seen.after.moves().any(|of| match &of.state {
        State::Moving { approved } => of.from == source && approved.account == by,
        _ => false,
    })
}

/// At the end a move goes on only where something stands in its way: no room, a wall, or a closed workgroup.
pub fn ended(checker: &super::Checker) -> Result<(), String> {
    let shadow = &checker.shadow;
    for of in shadow
        .moves()
        .filter(|of| matches!(of.state, State::Moving { .. }))
    {
        let open = match of.to {
            Context::Workgroup(id) => shadow.workgroup(id).is_some_and(|w| w.state.is_open()),
            Context::Personal(_) => true,
        };
        let quota = checker
            .quota(of.to)
            .and_then(|quota| i64::try_from(quota).ok());
        let room = quota.is_none_or(|quota| shadow.usage(of.to) + shadow.usage(of.from) <= quota);
        must(!(open && room && through(shadow, of).is_ok()), || {
            format!("{} was approved and never done", of.id)
        })?;
    }
    Ok(())
}
