//! Where index entries lie. What every question about rights asks, how accounts stand and who has access to items, lies in tables of its own, bound
//! into sheaves; all the others lie in one table, each as it is.
//!
//! Ids sort by time, and where rows come in their order redb fills the last page of a table, but leaves half of each page empty in the
//! middle of one.

use std::ops::Bound;

use redb::{ReadableTable, Table, TableDefinition};

use super::sheaf::{self, Group};
use crate::domain::index;
use crate::store::{Direction, MAX_PAGE, Page};

type Done<T> = Result<T, redb::Error>;

/// As redb has what is of any length.
pub(super) type Raw = &'static [u8];

const BELONGS: TableDefinition<Raw, Raw> = TableDefinition::new("belongs");
const ACCESS: TableDefinition<Raw, Raw> = TableDefinition::new("access");
const ENTRIES: TableDefinition<Raw, Raw> = TableDefinition::new("entries");

/// A tag and an account's id.
const ACCOUNT: Group = Group(17);
/// A tag and an item's id.
const ITEM: Group = Group(18);

/// The tables of index entries.
pub(super) struct Indexes<T> {
    belongs: T,
    access: T,
    others: T,
}

impl<T> Indexes<T> {
    /// Opens them in this way.
    pub fn open<E>(
        mut table: impl FnMut(TableDefinition<'static, Raw, Raw>) -> Result<T, E>,
    ) -> Result<Self, E> {
        Ok(Self {
            belongs: table(BELONGS)?,
            access: table(ACCESS)?,
            others: table(ENTRIES)?,
        })
    }

    /// The table in which a key lies, and whatever starts with it; how sheaves are bound there.
    fn of(&self, key: &[u8]) -> (&T, Option<Group>) {
        match key.first() {
            Some(&index::BELONGS) => (&self.belongs, Some(ACCOUNT)),
            Some(&index::ON) => (&self.access, Some(ITEM)),
            _ => (&self.others, None),
        }
    }

    /// The same, to change it.
    fn of_mut(&mut self, key: &[u8]) -> (&mut T, Option<Group>) {
        match key.first() {
            Some(&index::BELONGS) => (&mut self.belongs, Some(ACCOUNT)),
            Some(&index::ON) => (&mut self.access, Some(ITEM)),
            _ => (&mut self.others, None),
        }
    }
}

impl<T: ReadableTable<Raw, Raw>> Indexes<T> {
    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Done<Option<Vec<u8>>> {
        match self.of(key) {
            (table, Some(group)) => sheaf::get(table, group, key),
            (table, None) => Ok(table.get(key)?.map(|value| value.value().to_vec())),
        }
    }

    /// A page of the entries that start with `prefix`, beyond `after` in this direction.
    pub fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Done<Page> {
        let Some(keys) = bounds(prefix, after, direction) else {
            return Ok(Page::default());
        };
        let limit = limit.clamp(1, MAX_PAGE);
        match self.of(prefix) {
            (table, Some(group)) => sheaf::scan(table, group, prefix, keys, direction, limit),
            (table, None) => plain(table, prefix, keys, direction, limit),
        }
    }
}

impl Indexes<Table<'_, Raw, Raw>> {
    /// Puts an entry, replacing its value.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Done<()> {
        match self.of_mut(key) {
            (table, Some(group)) => sheaf::put(table, group, key, value),
            (table, None) => Ok(table.insert(key, value).map(drop)?),
        }
    }

    /// Takes an entry away, if it is there.
    pub fn remove(&mut self, key: &[u8]) -> Done<()> {
        match self.of_mut(key) {
            (table, Some(group)) => sheaf::remove(table, group, key),
            (table, None) => Ok(table.remove(key).map(drop)?),
        }
    }
}

fn plain(
    table: &impl ReadableTable<Raw, Raw>,
    prefix: &[u8],
    (first, last): Keys<'_>,
    direction: Direction,
    limit: usize,
) -> Done<Page> {
    let mut range = table.range::<&[u8]>((first, as_slice(&last)))?;
    let mut page = Page::default();
    while let Some(row) = match direction {
        Direction::Forward => range.next(),
        Direction::Backward => range.next_back(),
    } {
        let (key, value) = row?;
        if !key.value().starts_with(prefix) {
            break;
        }
        if page.rows.len() == limit {
            page.more = true;
            break;
        }
        page.rows.push(key.value(), value.value());
    }
    Ok(page)
}

/// A range of keys: from where, up to where.
pub(super) type Keys<'a> = (Bound<&'a [u8]>, Bound<Vec<u8>>);

/// The keys with this prefix that lie beyond `after`; `None` if there can be none. Forward, others may follow them.
///
/// `after` may come from a stranger: it is clamped to the prefix, for a range that ends before it starts is a fault of the caller in redb.
pub(super) fn bounds<'a>(
    prefix: &'a [u8],
    after: Option<&'a [u8]>,
    direction: Direction,
) -> Option<Keys<'a>> {
    let first = Bound::Included(prefix);
    match (direction, after) {
        (Direction::Forward, Some(after)) if after >= prefix => after
            .starts_with(prefix)
            .then_some((Bound::Excluded(after), Bound::Unbounded)),
        (Direction::Forward, _) => Some((first, Bound::Unbounded)),
        (Direction::Backward, Some(after)) if after <= prefix => None,
        (Direction::Backward, Some(after)) if after.starts_with(prefix) => {
            Some((first, Bound::Excluded(after.to_vec())))
        }
        (Direction::Backward, _) => Some((first, successor(prefix))),
    }
}

/// The first key after all that start with `prefix`.
fn successor(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

pub(super) fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
        Bound::Unbounded => Bound::Unbounded,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_cursor_from_anywhere_gives_a_range_inside_the_prefix() {
        let prefix: &[u8] = &[7, 255];
        let cursors: [&[u8]; 7] = [
            &[],
            &[6, 9],
            &[7],
            &[7, 255],
            &[7, 255, 3],
            &[8],
            &[255, 255],
        ];
        let inside: &[u8] = &[7, 255, 3];
        // A range that ends before it starts would panic here.
        let keys = BTreeSet::from([inside]);
        let holds = |range: Option<Keys<'_>>| {
            range.is_some_and(|(first, last)| {
                let range = keys.range::<&[u8], _>((first.as_ref(), as_slice(&last).as_ref()));
                range.count() == 1
            })
        };
        for after in cursors {
            let forward = bounds(prefix, Some(after), Direction::Forward);
            let backward = bounds(prefix, Some(after), Direction::Backward);
            assert_eq!(holds(forward), after < inside, "{after:?}");
            assert_eq!(holds(backward), after > inside, "{after:?}");
        }
        assert_eq!(successor(&[255, 255]), Bound::Unbounded);
    }
}
