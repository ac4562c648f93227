//! What a context owns, as people look through it: by name, in several orders, page by page in both directions.
//!
//! By age the index turns the pages, so that one costs as much in a context of a hundred thousand items as in one of ten. For a name or
//! another order the newest items are looked through, and whoever asked is told when there are more.

use std::fmt;
use std::str::FromStr;

use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::{Item, State, folded_name};
use crate::domain::key::{Bytes, Key};
use crate::domain::rights::Grant;
use crate::domain::time::Time;
use crate::store::{Direction, Fault};

use super::load;
use super::rights::Acting;
use super::world::Settings;

/// So many items are looked through for one page, at most.
pub const LOOKED_THROUGH: usize = 5_000;
/// So many rows are read at once when most of them may not fit.
const AT_ONCE: usize = 500;
/// So many grants on an item are looked at at once, for one that holds.
const FEW: usize = 20;

/// Which items, by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// All but what is in the trash.
    #[default]
    Kept,
    /// What is archived.
    Archived,
    /// What is in the trash.
    Trashed,
}

impl Which {
    const fn holds(self, state: State) -> bool {
        match (self, state) {
            (Self::Kept, State::Active | State::Archived)
            | (Self::Archived, State::Archived)
            | (Self::Trashed, State::Trashed) => true,
            (Self::Kept, State::Trashed)
            | (Self::Archived, State::Active | State::Trashed)
            | (Self::Trashed, State::Active | State::Archived) => false,
        }
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// What was registered last comes first.
    #[default]
    Newest,
    /// What was registered first comes first.
    Oldest,
    /// By name.
    Name,
    /// The largest comes first.
    Size,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Runs or projects.
    pub kind: ItemKind,
    /// In which state.
    pub which: Which,
    /// In which order.
    pub order: Order,
    /// What the names contain, in any spelling that is compared as the same; empty: anything.
    pub name: &'a str,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum At {
    /// With the first.
    #[default]
    Start,
    /// After this item.
    After(ItemId),
    /// So that it ends before this item.
    Before(ItemId),
    /// After so many.
    Skip(usize),
}

/// A text that no page gave as the place where another one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nowhere;

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => Ok(()),
            Self::After(id) => write!(f, "after.{id}"),
            Self::Before(id) => write!(f, "before.{id}"),
            Self::Skip(n) => write!(f, "{n}"),
        }
    }
}

impl FromStr for At {
    type Err = Nowhere;
    fn from_str(text: &str) -> Result<Self, Nowhere> {
        let id = |id: &str| id.parse().map_err(|_| Nowhere);
        match text.split_once('.') {
            _ if text.is_empty() => Ok(Self::Start),
            Some(("after", after)) => id(after).map(Self::After),
            Some(("before", before)) => id(before).map(Self::Before),
            Some(_) => Err(Nowhere),
            None => text.parse().map(Self::Skip).map_err(|_| Nowhere),
        }
    }
}

/// An item in a list of its owner's.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The item.
    pub item: Item,
    /// Whether another context has access to it now.
    pub shared: bool,
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The items.
    pub items: Vec<Listed>,
    /// Where the page before this one begins.
    pub before: Option<At>,
    /// Where the page after it begins. There may be one after a page that holds little or nothing: what is rare is looked for over
    /// several pages.
    pub after: Option<At>,
    /// Whether there are items that were not looked through, because there are so many.
    pub cut: bool,
}

/// A page of what a context owns.
///
/// # Errors
/// The store failed.
pub async fn page(
    settings: &Settings,
    acting: &Acting,
    asked: Asked<'_>,
    at: At,
    limit: usize,
    now: Time,
) -> Result<Page, Fault> {
    let shelf = Shelf::of(settings, acting.context(), asked);
    let name = folded_name(asked.name);
    let mut page = match asked.order {
        Order::Newest if name.is_empty() => turned(&shelf, Direction::Backward, at, limit).await?,
        Order::Oldest if name.is_empty() => turned(&shelf, Direction::Forward, at, limit).await?,
        order => found(&shelf, &name, order, at, limit).await?,
    };
    for listed in &mut page.items {
        listed.shared = is_shared(settings, listed.item.id, now).await?;
    }
    Ok(page)
}

/// The part of an index that is looked through.
struct Shelf<'a> {
    settings: &'a Settings,
    prefix: Bytes,
    kind: ItemKind,
    which: Which,
}

/// Items that fit, and the row behind which there may be more.
struct Walked {
    items: Vec<Item>,
    on: Option<ItemId>,
}

impl<'a> Shelf<'a> {
    fn of(settings: &'a Settings, context: Context, asked: Asked<'_>) -> Self {
        let Asked { kind, which, .. } = asked;
        let prefix = match which {
            Which::Trashed => index::trashed(context, kind),
            Which::Kept | Which::Archived => index::owned(context, kind),
        };
        Self {
            settings,
            prefix,
            kind,
            which,
        }
    }

    /// Up to `limit` items that fit, beyond `from` in this direction.
    async fn walk(
        &self,
        direction: Direction,
        from: Option<ItemId>,
        limit: usize,
        keep: impl Fn(&Item) -> bool,
    ) -> Result<Walked, Fault> {
        let store = &*self.settings.store;
        let (mut items, mut on, mut looked_at) = (Vec::new(), from, 0);
        // Most often everything fits.
        let mut at_once = limit.saturating_add(1).min(AT_ONCE);
        while looked_at < LOOKED_THROUGH {
            let after = on.map(|id| self.prefix.wide(id.bits()).as_slice().to_vec());
            let rows = store.scan(self.prefix, after, direction, at_once).await?;
            let id = |key: &[u8]| index::last_id(key).map(|bits| ItemId::new(self.kind, bits));
            let ids: Vec<ItemId> = rows.rows.iter().filter_map(|(key, _)| id(key)).collect();
            looked_at += ids.len();
            let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
            let found = load::all::<Item>(store, &keys).await?;
            for item in found.into_iter().flatten().map(|found| found.document) {
                if !self.which.holds(item.state) || !keep(&item) {
                    continue;
                }
                if items.len() >= limit {
                    let on = items.last().map(|last: &Item| last.id);
                    return Ok(Walked { items, on });
                }
                items.push(item);
            }
            on = ids.last().copied().or(on);
            if !rows.more {
                return Ok(Walked { items, on: None });
            }
            // Others are served between two helpings.
            tokio::task::yield_now().await;
            at_once = AT_ONCE.min(LOOKED_THROUGH.saturating_sub(looked_at));
        }
        Ok(Walked { items, on })
    }
}

/// A page as the index has it.
async fn turned(
    shelf: &Shelf<'_>,
    direction: Direction,
    at: At,
    limit: usize,
) -> Result<Page, Fault> {
    if let At::Before(id) = at {
        let back = match direction {
            Direction::Forward => Direction::Backward,
            Direction::Backward => Direction::Forward,
        };
        let mut walked = shelf.walk(back, Some(id), limit, |_| true).await?;
        // The first page is a whole one, wherever one comes from.
        if walked.on.is_some() {
            walked.items.reverse();
            let last = walked.items.last().map_or(id, |last| last.id);
            return Ok(Page {
                before: walked.on.map(At::Before),
                after: Some(At::After(last)),
                items: listed(walked.items),
                cut: false,
            });
        }
    }
    let from = match at {
        At::After(id) => Some(id),
        At::Start | At::Before(_) | At::Skip(_) => None,
    };
    let walked = shelf.walk(direction, from, limit, |_| true).await?;
    let first = walked.items.first().map(|first| first.id);
    Ok(Page {
        before: from.map(|from| At::Before(first.unwrap_or(from))),
        after: walked.on.map(At::After),
        items: listed(walked.items),
        cut: false,
    })
}

/// A page of what fits among the newest.
async fn found(
    shelf: &Shelf<'_>,
    name: &str,
    order: Order,
    at: At,
    limit: usize,
) -> Result<Page, Fault> {
    let fits = |item: &Item| name.is_empty() || folded_name(&item.name).contains(name);
    let walked = shelf
        .walk(Direction::Backward, None, LOOKED_THROUGH, fits)
        .await?;
    let mut items = walked.items;
    match order {
        Order::Newest => {}
        Order::Oldest => items.reverse(),
        Order::Name => items.sort_by_cached_key(|item| folded_name(&item.name)),
        Order::Size => items.sort_by_key(|item| std::cmp::Reverse(item.bytes)),
    }
    let skip = match at {
        At::Skip(n) if n < items.len() => n,
        _ => 0,
    };
    let end = skip.saturating_add(limit);
    let more = end < items.len();
    Ok(Page {
        before: (skip > 0).then(|| At::Skip(skip.saturating_sub(limit))),
        after: more.then_some(At::Skip(end)),
        items: listed(items.into_iter().skip(skip).take(limit).collect()),
        cut: walked.on.is_some(),
    })
}

fn listed(items: Vec<Item>) -> Vec<Listed> {
    let listed = |item| Listed {
        item,
        shared: false,
    };
    items.into_iter().map(listed).collect()
}

/// Whether another context has access to an item of which the list is the asker's business.
async fn is_shared(settings: &Settings, id: ItemId, now: Time) -> Result<bool, Fault> {
    let store = &*settings.store;
    let prefix = index::grantees(id);
    let mut after = None;
    loop {
        let page = store.scan(prefix, after, Direction::Forward, FEW).await?;
        let rows = page.rows.iter();
        let contexts = rows.filter_map(|(key, _)| index::last_context(key));
        let keys: Vec<Key> = contexts.map(|context| Key::Grant(id, context)).collect();
        let grants = load::all::<Grant>(store, &keys).await?;
        let mut grants = grants.into_iter().flatten();
        if grants.any(|grant| grant.document.level(now).is_some()) {
            return Ok(true);
        }
        if !page.more {
            return Ok(false);
        }
        after = page.last_key();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        let id = ItemId::new(ItemKind::Run, 7);
        for at in [At::Start, At::After(id), At::Before(id), At::Skip(150)] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        for text in ["x", "after.", "before.x", "-1", "x.y", "1.2"] {
            assert_eq!(text.parse::<At>(), Err(Nowhere), "{text}");
        }
    }
}
