//! What a context owns, as people look through it: by name, in several orders, page by page in both directions.
//!
//! The index has each order, so that a page costs as much in a context of a hundred thousand items as in one of ten. What is rare is looked for
//! over several pages: each looks through so many rows at most, and the next one goes on there.

mod shelf;

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD as PLACES;

use crate::domain::id::{ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::{Item, State, folded_name};
use crate::domain::rights::Grant;
use crate::domain::shelf::ordered;
use crate::domain::time::Time;
use crate::store::{Direction, Fault, Frozen};

use super::load;
use super::rights::Acting;
use super::world::Settings;
use shelf::{Place, Shelf};

/// So many rows are looked through for one page, at most.
pub const LOOKED_THROUGH: usize = 5_000;
/// The longest text of a place.
const LONGEST: usize = 250;
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum At {
    /// With the first.
    #[default]
    Start,
    /// After the row that lies there.
    After(Vec<u8>),
    /// So that it ends before that row.
    Before(Vec<u8>),
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
            Self::After(place) => write!(f, "after.{}", PLACES.encode(place)),
            Self::Before(place) => write!(f, "before.{}", PLACES.encode(place)),
            Self::Skip(n) => write!(f, "{n}"),
        }
    }
}

impl FromStr for At {
    type Err = Nowhere;
    fn from_str(text: &str) -> Result<Self, Nowhere> {
        let place = |text: &str| PLACES.decode(text.as_bytes()).map_err(|_| Nowhere);
        match text.split_once('.') {
            _ if text.is_empty() => Ok(Self::Start),
            _ if text.len() > LONGEST => Err(Nowhere),
            Some(("after", after)) => place(after).map(Self::After),
            Some(("before", before)) => place(before).map(Self::Before),
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
    let from = settings.store.frozen().await?;
    let name = folded_name(asked.name);
    let Asked {
        kind, which, order, ..
    } = asked;
    let of = (acting.context(), kind);
    let shelf = Shelf::of(&*from, of, (which, order), &name);
    let mut page = match (which, order) {
        // The trash is in one order only.
        (Which::Trashed, Order::Name | Order::Size) => sorted(&shelf, order, at, limit).await?,
        (_, Order::Newest | Order::Size) => turned(&shelf, Direction::Backward, at, limit).await?,
        (_, Order::Oldest | Order::Name) => turned(&shelf, Direction::Forward, at, limit).await?,
    };
    for listed in &mut page.items {
        listed.shared = is_shared(&*from, listed.item.id, now).await?;
    }
    Ok(page)
}

/// A page as the index has it.
async fn turned(
    shelf: &Shelf<'_>,
    direction: Direction,
    at: At,
    limit: usize,
) -> Result<Page, Fault> {
    if let At::Before(place) = &at {
        let back = match direction {
            Direction::Forward => Direction::Backward,
            Direction::Backward => Direction::Forward,
        };
        let mut walked = shelf.walk(back, Some(place.clone()), limit).await?;
        // The first page is a whole one, wherever one comes from.
        if walked.on.is_some() {
            walked.items.reverse();
            let last = walked.items.last().map_or(place, |(last, _)| last).clone();
            return Ok(Page {
                before: walked.on.map(At::Before),
                after: Some(At::After(last)),
                items: walked.items.into_iter().map(listed).collect(),
                cut: false,
            });
        }
    }
    let from = match at {
        At::After(place) => Some(place),
        At::Start | At::Before(_) | At::Skip(_) => None,
    };
    let walked = shelf.walk(direction, from.clone(), limit).await?;
    let first = walked.items.first().map(|(first, _)| first.clone());
    Ok(Page {
        before: from.map(|from| At::Before(first.unwrap_or(from))),
        after: walked.on.map(At::After),
        items: walked.items.into_iter().map(listed).collect(),
        cut: false,
    })
}

/// A page in an order that the index does not have, of the newest that fit.
async fn sorted(shelf: &Shelf<'_>, order: Order, at: At, limit: usize) -> Result<Page, Fault> {
    let (mut all, cut) = shelf.newest().await?;
    match order {
        Order::Newest | Order::Oldest => {}
        Order::Name => all.sort_by_cached_key(|one| ordered(&one.name)),
        Order::Size => all.sort_by_key(|one| std::cmp::Reverse(one.bytes)),
    }
    let skip = match at {
        At::Skip(n) if n < all.len() => n,
        _ => 0,
    };
    let end = skip.saturating_add(limit).min(all.len());
    let items = shelf.items(all.get(skip..end).unwrap_or_default()).await?;
    let listed = |item| listed((Place::new(), item));
    Ok(Page {
        before: (skip > 0).then(|| At::Skip(skip.saturating_sub(limit))),
        after: (end < all.len()).then_some(At::Skip(end)),
        items: { items.into_iter().flatten() }
            .filter(|item| shelf.fits(item))
            .map(listed)
            .collect(),
        cut,
    })
}

fn listed((_, item): (Place, Item)) -> Listed {
    Listed {
        item,
        shared: false,
    }
}

/// Whether another context has access to an item of which the list is the asker's business.
async fn is_shared(from: &dyn Frozen, id: ItemId, now: Time) -> Result<bool, Fault> {
    let prefix = index::grantees(id);
    let mut after = None;
    loop {
        let page = from.scan(prefix, after, Direction::Forward, FEW).await?;
        for (key, value) in page.rows.iter() {
            let to = index::last_context(key).ok_or_else(load::damaged)?;
            let (_, value) = load::numbered(value)?;
            let grant = Grant::of_entry(id, to, value).ok_or_else(load::damaged)?;
            if grant.level(now).is_some() {
                return Ok(true);
            }
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
        let (there, longest) = (vec![0, 255, 46], vec![7; 97]);
        for at in [
            At::Start,
            At::After(there.clone()),
            At::Before(there),
            At::Before(longest),
            At::Skip(150),
        ] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        let long = format!("after.{}", "A".repeat(300));
        for text in ["x", "after.!", "before.x", "-1", "x.y", "1.2", &long] {
            assert_eq!(text.parse::<At>(), Err(Nowhere), "{text}");
        }
    }
}
