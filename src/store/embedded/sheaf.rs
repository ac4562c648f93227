//! Rows that are read together, bound into one row of redb: what is told of one account or of one item. A question about rights then finds them in one
//! look, and compares a tenth of the keys on its way there.
//!
//! The first bytes of a row's key name its group. A sheaf holds rows of one group in their order, under the name of the group if it is its first,
//! and under the key of the first row that it had if it is a further one: a group that grows is cut, so that a row costs the same in any of them.
//!
//! | bytes of a sheaf | |
//! |---|---|
//! | 1 | of the first: whether there are further ones |
//! | 1, 4 | of each row: how long the rest of its key is, and its value |
//! | … | the rest of its key, its value |

use std::ops::{Bound, RangeBounds};

use redb::{ReadableTable, Table};

use super::indexes::{Keys, Raw, as_slice};
use super::tables::corrupted;
use crate::store::{Direction, MAX_PAGE, Page};

type Done<T> = Result<T, redb::Error>;

/// A sheaf that grows beyond this many bytes is cut in two; two of them and more lie in a page of redb.
const FULL: usize = 1_536;

const ALONE: u8 = 0;
const FOLLOWED: u8 = 1;

/// How many bytes of a key name the group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group(pub usize);

impl Group {
    /// The name of the group, and the rest of the key.
    fn split(self, key: &[u8]) -> (&[u8], &[u8]) {
        key.split_at_checked(self.0).unwrap_or((key, &[]))
    }
}

/// The rows of a sheaf: the rest of each key, each value, and where the row begins and ends.
struct Rows<'a> {
    sheaf: &'a [u8],
    at: usize,
}

struct Row<'a> {
    rest: &'a [u8],
    value: &'a [u8],
    begin: usize,
    end: usize,
}

const fn rows(sheaf: &[u8]) -> Rows<'_> {
    Rows { sheaf, at: 1 }
}

impl<'a> Rows<'a> {
    fn read(&self) -> Option<Row<'a>> {
        let behind = self.sheaf.get(self.at..)?;
        let (rest_length, behind) = behind.split_first()?;
        let (value_length, behind) = behind.split_first_chunk::<4>()?;
        let (rest, behind) = behind.split_at_checked(usize::from(*rest_length))?;
        let value_length = usize::try_from(u32::from_be_bytes(*value_length)).ok()?;
        let (value, behind) = behind.split_at_checked(value_length)?;
        Some(Row {
            rest,
            value,
            begin: self.at,
            end: self.sheaf.len() - behind.len(),
        })
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Done<Row<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.sheaf.len() {
            return None;
        }
        let row = self.read();
        self.at = row.as_ref().map_or(self.sheaf.len(), |row| row.end);
        Some(row.ok_or_else(|| corrupted("sheaf", self.sheaf.len())))
    }
}

/// A row as it is kept.
fn bound(rest: &[u8], value: &[u8]) -> Done<Vec<u8>> {
    let too_long = || corrupted("sheaf", value.len());
    let rest_length = u8::try_from(rest.len()).map_err(|_| too_long())?;
    let value_length = u32::try_from(value.len()).map_err(|_| too_long())?;
    Ok([&[rest_length][..], &value_length.to_be_bytes(), rest, value].concat())
}

/// Where the sheaf lies that would hold this key, and what it holds; `None`: its group has none.
fn place(
    table: &impl ReadableTable<Raw, Raw>,
    group: Group,
    key: &[u8],
) -> Done<Option<(Vec<u8>, Vec<u8>)>> {
    let (name, _) = group.split(key);
    let Some(first) = table.get(name)? else {
        return Ok(None);
    };
    if first.value().first() == Some(&ALONE) {
        return Ok(Some((name.to_vec(), first.value().to_vec())));
    }
    let Some(row) = table.range::<&[u8]>(name..=key)?.next_back() else {
        return Ok(None);
    };
    let (at, sheaf) = row?;
    Ok(Some((at.value().to_vec(), sheaf.value().to_vec())))
}

/// The value of a key.
pub(super) fn get(
    table: &impl ReadableTable<Raw, Raw>,
    group: Group,
    key: &[u8],
) -> Done<Option<Vec<u8>>> {
    let Some((_, sheaf)) = place(table, group, key)? else {
        return Ok(None);
    };
    let (_, rest) = group.split(key);
    for row in rows(&sheaf) {
        let row = row?;
        if row.rest == rest {
            return Ok(Some(row.value.to_vec()));
        }
    }
    Ok(None)
}

/// Puts a row, replacing its value.
pub(super) fn put(
    table: &mut Table<'_, Raw, Raw>,
    group: Group,
    key: &[u8],
    value: &[u8],
) -> Done<()> {
    let (name, rest) = group.split(key);
    let there = place(table, group, key)?;
    let (at, mut sheaf) = there.unwrap_or_else(|| (name.to_vec(), vec![ALONE]));
    let (mut begin, mut end) = (sheaf.len(), sheaf.len());
    for row in rows(&sheaf) {
        let row = row?;
        if row.rest >= rest {
            begin = row.begin;
            end = if row.rest == rest { row.end } else { row.begin };
            break;
        }
    }
    sheaf.splice(begin..end, bound(rest, value)?);
    if sheaf.len() > FULL
        && let Some((cut, next)) = middle(&sheaf)?
    {
        let key = [name, &next].concat();
        let behind = [&[FOLLOWED][..], &sheaf.split_off(cut)].concat();
        table.insert(key.as_slice(), behind.as_slice())?;
        if let Some(first) = sheaf.first_mut() {
            *first = FOLLOWED;
        }
    }
    table.insert(at.as_slice(), sheaf.as_slice())?;
    Ok(())
}

/// Where a sheaf is cut, and the rest of the key that comes behind; `None` if it holds one row only.
fn middle(sheaf: &[u8]) -> Done<Option<(usize, Vec<u8>)>> {
    let mut cut = None;
    for row in rows(sheaf).skip(1) {
        let row = row?;
        cut = Some((row.begin, row.rest.to_vec()));
        if row.begin >= sheaf.len() / 2 {
            break;
        }
    }
    Ok(cut)
}

/// Takes a row away, if it is there.
pub(super) fn remove(table: &mut Table<'_, Raw, Raw>, group: Group, key: &[u8]) -> Done<()> {
    let (name, rest) = group.split(key);
    let Some((at, mut sheaf)) = place(table, group, key)? else {
        return Ok(());
    };
    let mut gone = None;
    for row in rows(&sheaf) {
        let row = row?;
        if row.rest == rest {
            gone = Some(row.begin..row.end);
        }
    }
    let Some(gone) = gone else {
        return Ok(());
    };
    sheaf.drain(gone);
    let is_first = at == name;
    if sheaf.len() > 1 || (is_first && sheaf.first() != Some(&ALONE)) {
        table.insert(at.as_slice(), sheaf.as_slice())?;
        return Ok(());
    }
    table.remove(at.as_slice())?;
    if is_first || is_followed(table, name)? {
        return Ok(());
    }
    // The last of the further ones: the first is alone again, and goes too if nothing is in it.
    let first = table.get(name)?.map(|first| first.value().to_vec());
    let Some(mut first) = first else {
        return Ok(());
    };
    if first.len() > 1 {
        if let Some(mark) = first.first_mut() {
            *mark = ALONE;
        }
        table.insert(name, first.as_slice())?;
    } else {
        table.remove(name)?;
    }
    Ok(())
}

/// Whether a group has a sheaf besides its first.
fn is_followed(table: &impl ReadableTable<Raw, Raw>, name: &[u8]) -> Done<bool> {
    let beyond = (Bound::Excluded(name), Bound::Unbounded);
    match table.range::<&[u8]>(beyond)?.next() {
        Some(row) => Ok(row?.0.value().starts_with(name)),
        None => Ok(false),
    }
}

/// A page of the rows that start with `prefix` between these keys; where the last is open, others may follow them.
pub(super) fn scan(
    table: &impl ReadableTable<Raw, Raw>,
    group: Group,
    prefix: &[u8],
    (first, last): Keys<'_>,
    direction: Direction,
    limit: usize,
) -> Done<Page> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut found = Found {
        prefix,
        first,
        last: as_slice(&last),
        limit,
        page: Page::default(),
        key: Vec::with_capacity(64),
    };
    // A whole group that was never cut, which is nearly every question.
    if prefix.len() == group.0
        && first == Bound::Included(prefix)
        && direction == Direction::Forward
    {
        let Some(sheaf) = table.get(prefix)? else {
            return Ok(found.page);
        };
        if sheaf.value().first() == Some(&ALONE) {
            found.take(prefix, rows(sheaf.value()))?;
            return Ok(found.page);
        }
    }
    let begin = begin(table, group, first)?;
    let mut sheaves = table.range::<&[u8]>((begin.as_ref().map(Vec::as_slice), as_slice(&last)))?;
    while let Some(row) = match direction {
        Direction::Forward => sheaves.next(),
        Direction::Backward => sheaves.next_back(),
    } {
        let (at, sheaf) = row?;
        let (name, _) = group.split(at.value());
        let goes_on = match direction {
            Direction::Forward => found.take(name, rows(sheaf.value()))?,
            Direction::Backward => {
                let mut all: Vec<Done<Row<'_>>> = rows(sheaf.value()).collect();
                all.reverse();
                found.take(name, all)?
            }
        };
        if !goes_on {
            break;
        }
    }
    Ok(found.page)
}

/// Where the first sheaf lies that may hold what is beyond this bound.
fn begin(
    table: &impl ReadableTable<Raw, Raw>,
    group: Group,
    first: Bound<&[u8]>,
) -> Done<Bound<Vec<u8>>> {
    let (Bound::Included(key) | Bound::Excluded(key)) = first else {
        return Ok(Bound::Unbounded);
    };
    let (name, rest) = group.split(key);
    if !rest.is_empty()
        && let Some(row) = table.range::<&[u8]>(name..=key)?.next_back()
    {
        return Ok(Bound::Included(row?.0.value().to_vec()));
    }
    Ok(Bound::Included(name.to_vec()))
}

/// What a scan has found.
struct Found<'a> {
    prefix: &'a [u8],
    first: Bound<&'a [u8]>,
    last: Bound<&'a [u8]>,
    limit: usize,
    page: Page,
    /// That of the row that is looked at.
    key: Vec<u8>,
}

impl Found<'_> {
    /// Takes what is wanted of these rows; whether more may follow.
    fn take<'r>(
        &mut self,
        name: &[u8],
        rows: impl IntoIterator<Item = Done<Row<'r>>>,
    ) -> Done<bool> {
        for row in rows {
            let row = row?;
            self.key.clear();
            self.key.extend_from_slice(name);
            self.key.extend_from_slice(row.rest);
            let key = self.key.as_slice();
            if !RangeBounds::<[u8]>::contains(&(self.first, self.last), key) {
                continue;
            }
            if !key.starts_with(self.prefix) {
                // Within the bounds, only what follows the prefix does not start with it.
                return Ok(false);
            }
            if self.page.rows.len() == self.limit {
                self.page.more = true;
                return Ok(false);
            }
            self.page.rows.push(key, row.value);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
