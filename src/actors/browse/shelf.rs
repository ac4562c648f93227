//! The part of the index that is looked through for a page: rows in the order of the list, each with enough beside it to tell whether it fits.

use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::{Item, folded_name};
use crate::domain::key::{Bytes, Key};
use crate::domain::shelf::{Label, Traces};
use crate::store::{Direction, Fault, Frozen, Page};

use super::super::{load, people};
use super::{LOOKED_THROUGH, Order, Which};

/// So many rows are read at once when most of them may not fit, and so many times as many each time.
const AT_ONCE: usize = 500;
const MORE: usize = 4;
/// So many items are read at once, at least.
const FEW: usize = 16;
/// So many items are read for one page, at most, where only they tell whether they fit.
const READ: usize = 500;

/// How the rows of a list tell what they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// The key ends with the item, the value is a label.
    Labelled,
    /// The key is a name, the value the item.
    Named,
}

/// A list, and what is looked for in it.
pub(super) struct Shelf<'a> {
    from: &'a dyn Frozen,
    prefix: Bytes,
    rows: Rows,
    kind: ItemKind,
    which: Which,
    /// Folded; empty: any.
    name: &'a str,
    traces: Traces,
}

/// Where a row lies: its key behind the prefix.
pub(super) type Place = Vec<u8>;

/// An item that may fit, as its row tells.
pub(super) struct Candidate {
    pub place: Place,
    pub id: ItemId,
    pub bytes: u64,
    pub name: String,
}

/// Items that fit, and the row behind which there may be more.
pub(super) struct Walked {
    pub items: Vec<(Place, Item)>,
    pub on: Option<Place>,
}

impl<'a> Shelf<'a> {
    /// Of this context, in this order.
    pub fn of(
        from: &'a dyn Frozen,
        (context, kind): (Context, ItemKind),
        (which, order): (Which, Order),
        name: &'a str,
    ) -> Self {
        let (prefix, rows) = match (which, order) {
            (Which::Trashed, _) => (index::trashed(context, kind), Rows::Labelled),
            (_, Order::Newest | Order::Oldest) => (index::owned(context, kind), Rows::Labelled),
            (_, Order::Size) => (index::sized(context, kind), Rows::Labelled),
            (_, Order::Name) => (index::named(context, kind), Rows::Named),
        };
        Self {
            from,
            prefix,
            rows,
            kind,
            which,
            name,
            traces: Traces::of(name),
        }
    }

    /// Up to `limit` items that fit, beyond `from` in this direction.
    pub async fn walk(
        &self,
        direction: Direction,
        from: Option<Place>,
        limit: usize,
    ) -> Result<Walked, Fault> {
        let mut walked = Walked {
            items: Vec::new(),
            on: from,
        };
        let (mut looked_at, mut read) = (0, 0);
        // Most often everything fits.
        let mut at_once = limit.saturating_add(1).min(AT_ONCE);
        while looked_at < LOOKED_THROUGH {
            let page = self
                .rows_beyond(walked.on.as_deref(), direction, at_once)
                .await?;
            looked_at += page.rows.len();
            let mut rows = page.rows.iter();
            loop {
                // One more than fits tells that there are more; where many do not fit, it is not looked for one by one.
                let room = limit.saturating_add(1).saturating_sub(walked.items.len());
                let some = &self.candidates(&mut rows, room.max(FEW))?;
                if some.is_empty() {
                    break;
                }
                read += some.len();
                for (candidate, item) in some.iter().zip(self.items(some).await?) {
                    let Some(item) = item.filter(|item| self.fits(item)) else {
                        continue;
                    };
                    if walked.items.len() >= limit {
                        walked.on = walked.items.last().map(|(place, _)| place.clone());
                        return Ok(walked);
                    }
                    walked.items.push((candidate.place.clone(), item));
                }
                if read > READ {
                    let on = some.last().map(|last| last.place.clone());
                    let end = page.rows.last().map(|(key, _)| self.place(key));
                    walked.on = on.filter(|on| page.more || end.as_ref() != Some(on));
                    return Ok(walked);
                }
            }
            if !page.more {
                walked.on = None;
                return Ok(walked);
            }
            let last = page.rows.last().map(|(key, _)| self.place(key));
            walked.on = last.or(walked.on);
            // Others are served between two helpings.
            tokio::task::yield_now().await;
            let left = LOOKED_THROUGH.saturating_sub(looked_at);
            at_once = at_once.saturating_mul(MORE).min(AT_ONCE).min(left);
        }
        Ok(walked)
    }

    /// What may fit of the newest rows, and whether there are more; for an order that the index does not have.
    pub async fn newest(&self) -> Result<(Vec<Candidate>, bool), Fault> {
        let (mut all, mut on, mut looked_at) = (Vec::new(), None, 0);
        while looked_at < LOOKED_THROUGH {
            let page = self
                .rows_beyond(on.as_deref(), Direction::Backward, AT_ONCE)
                .await?;
            looked_at += page.rows.len();
            all.extend(self.candidates(&mut page.rows.iter(), usize::MAX)?);
            if !page.more {
                return Ok((all, false));
            }
            on = page.rows.last().map(|(key, _)| self.place(key));
            tokio::task::yield_now().await;
        }
        Ok((all, true))
    }

    /// The items of these rows, as they are in the same snapshot.
    pub async fn items(&self, of: &[Candidate]) -> Result<Vec<Option<Item>>, Fault> {
        let keys: Vec<Key> = of.iter().map(|one| Key::Item(one.id)).collect();
        let records = self.from.load(&keys).await?;
        let read = |record: &Option<_>| {
            let found = load::read::<Item>(record.as_ref())?;
            Ok(found.map(|found| found.document))
        };
        records.iter().map(read).collect()
    }

    async fn rows_beyond(
        &self,
        place: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Page, Fault> {
        let after = place.map(|place| [self.prefix.as_slice(), place].concat());
        self.from.scan(self.prefix, after, direction, limit).await
    }

    fn place(&self, key: &[u8]) -> Place {
        let behind = key.get(self.prefix.as_slice().len()..);
        behind.unwrap_or_default().to_vec()
    }

    /// The next of these rows that may fit, at most `limit`.
    fn candidates<'r>(
        &self,
        rows: &mut impl Iterator<Item = (&'r [u8], &'r [u8])>,
        limit: usize,
    ) -> Result<Vec<Candidate>, Fault> {
        let candidate = |(key, value)| match self.rows {
            Rows::Labelled => self.labelled(key, value),
            Rows::Named => self.named(key, value),
        };
        let fitting = rows.filter_map(|row| candidate(row).transpose());
        fitting.take(limit).collect()
    }

    fn labelled(&self, key: &[u8], value: &[u8]) -> Result<Option<Candidate>, Fault> {
        let label = Label::read(value).ok_or_else(load::damaged)?;
        let named = label.name.contains(self.name) || !label.whole;
        if !self.which.holds(label.state) || !named {
            return Ok(None);
        }
        let id = index::last_id(key).ok_or_else(load::damaged)?;
        Ok(Some(Candidate {
            place: self.place(key),
            id: ItemId::new(self.kind, id),
            bytes: label.bytes,
            name: label.name.to_owned(),
        }))
    }

    /// What is known of a name is what decides where it lies; the rest is the item's to tell, and its state.
    fn named(&self, key: &[u8], value: &[u8]) -> Result<Option<Candidate>, Fault> {
        let place = self.place(key);
        let (begin, goes_on) = index::begun_name(&place).ok_or_else(load::damaged)?;
        if !goes_on && !self.traces.lie_in(begin) {
            return Ok(None);
        }
        Ok(Some(Candidate {
            id: people::id_in(value)?,
            bytes: 0,
            name: String::new(),
            place,
        }))
    }

    pub fn fits(&self, item: &Item) -> bool {
        let named = || folded_name(&item.name).contains(self.name);
        self.which.holds(item.state) && (self.name.is_empty() || named())
    }
}
