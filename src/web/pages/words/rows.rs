//! Lists of items, a page at a time.

use crate::domain::invitation::Offered;
use crate::domain::item::Item;

use super::{amount, amount_of, kind, short};

/// At most this many items, for the same reason.
const ITEMS: usize = 50;

/// One item in a list.
pub struct Row {
    pub id: String,
    /// Whether whoever looks may open it.
    pub link: bool,
    pub name: String,
    /// The name it had before it came into a context where that was taken.
    pub was: Option<String>,
    pub kind: String,
    /// What it comes to.
    pub amount: String,
}

impl Row {
    /// Of an item that may be seen.
    pub fn of(item: &Item) -> Self {
        Self {
            id: item.id.to_string(),
            link: true,
            name: short(&item.name),
            was: None,
            kind: kind(item.id.kind()),
            amount: amount_of(item),
        }
    }

    /// Of an item as it was offered.
    pub fn offered(offered: &Offered, link: bool, renamed: Option<&String>) -> Self {
        Self {
            id: offered.item.to_string(),
            link,
            name: short(renamed.unwrap_or(&offered.name)),
            was: renamed.map(|_| short(&offered.name)),
            kind: kind(offered.item.kind()),
            amount: amount(
                offered.item.kind(),
                offered.bytes,
                offered.files,
                offered.holds,
            ),
        }
    }
}

/// A page of a list of items.
pub struct List {
    pub heading: String,
    /// The page that it stands on: what answers a form has another address.
    pub place: String,
    pub rows: Vec<Row>,
    pub total: usize,
    /// Numbers of the first and the last one shown.
    pub first: usize,
    pub last: usize,
    pub paged: bool,
    /// Where the page before this one, and the one after it, begin.
    pub before: Option<usize>,
    pub after: Option<usize>,
}

impl List {
    /// The items from this one on, as many as a page holds.
    pub fn of<T>(named: (String, String), all: &[T], from: usize, row: impl Fn(&T) -> Row) -> Self {
        Self::of_page(named, all, from, ITEMS, row)
    }

    /// The same where a page holds so many.
    pub fn of_page<T>(
        (heading, place): (String, String),
        all: &[T],
        from: usize,
        most: usize,
        row: impl Fn(&T) -> Row,
    ) -> Self {
        let total = all.len();
        let from = if from < total { from } else { 0 };
        let rows: Vec<Row> = all.iter().skip(from).take(most).map(row).collect();
        let end = from + rows.len();
        Self {
            heading,
            place,
            total,
            first: from + 1,
            last: end,
            paged: rows.len() < total,
            before: (from > 0).then(|| from.saturating_sub(most)),
            after: (end < total).then_some(end),
            rows,
        }
    }
}
