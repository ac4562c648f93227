//! Reads: each from one snapshot of redb, on the thread that asks; they never wait for the writer.

use std::ops::Bound;

use redb::{Database, ReadOnlyTable, ReadableDatabase as _};

use super::tables::{self, COMMANDS, COUNTERS, DOCUMENTS, ENTRIES, QUEUES};
use crate::domain::id::CommandId;
use crate::domain::index::Entry;
use crate::domain::key::{Counter, Key};
use crate::domain::time::Time;
use crate::store::{Direction, MAX_PAGE, Page, Queue, Record, Version};

type Read<T> = Result<T, redb::Error>;

type Variable = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The tables as the last commit left them, open for every read until the next: beginning a transaction and finding the tables
/// in it takes longer than a look into one.
pub(super) struct Snapshot {
    documents: Variable,
    entries: Variable,
    counters: ReadOnlyTable<&'static [u8], i64>,
    queues: ReadOnlyTable<&'static [u8; 26], u32>,
    commands: ReadOnlyTable<&'static [u8; 16], &'static [u8]>,
}

impl Snapshot {
    /// As it is now.
    pub fn of(database: &Database) -> Read<Self> {
        let transaction = database.begin_read()?;
        Ok(Self {
            documents: transaction.open_table(DOCUMENTS)?,
            entries: transaction.open_table(ENTRIES)?,
            counters: transaction.open_table(COUNTERS)?,
            queues: transaction.open_table(QUEUES)?,
            commands: transaction.open_table(COMMANDS)?,
        })
    }
}

pub(super) fn load(from: &Snapshot, keys: &[Key]) -> Read<Vec<Option<Record>>> {
    keys.iter()
        .map(|key| {
            let stored = from.documents.get(key.bytes().as_slice())?;
            stored
                .map(|stored| tables::record(stored.value()))
                .transpose()
        })
        .collect()
}

pub(super) fn find(from: &Snapshot, wanted: &[Entry]) -> Read<Vec<Option<Vec<u8>>>> {
    wanted
        .iter()
        .map(|entry| {
            let value = from.entries.get(entry.bytes().as_slice())?;
            Ok(value.map(|value| value.value().to_vec()))
        })
        .collect()
}

pub(super) fn counters(from: &Snapshot, wanted: &[Counter]) -> Read<Vec<i64>> {
    wanted
        .iter()
        .map(|counter| {
            let sum = from.counters.get(counter.bytes().as_slice())?;
            Ok(sum.map_or(0, |sum| sum.value()))
        })
        .collect()
}

pub(super) fn scan(
    from: &Snapshot,
    prefix: &[u8],
    after: Option<&[u8]>,
    direction: Direction,
    limit: usize,
) -> Read<Page> {
    let Some((first, last)) = bounds(prefix, after, direction) else {
        return Ok(Page::default());
    };
    let limit = limit.clamp(1, MAX_PAGE);
    let mut range = from.entries.range::<&[u8]>((first, as_slice(&last)))?;
    let mut page = Page::default();
    while let Some(row) = match direction {
        Direction::Forward => range.next(),
        Direction::Backward => range.next_back(),
    } {
        if page.rows.len() == limit {
            page.more = true;
            break;
        }
        let (key, value) = row?;
        page.rows.push(key.value(), value.value());
    }
    Ok(page)
}

/// A range of keys: from where, up to where.
type Keys<'a> = (Bound<&'a [u8]>, Bound<Vec<u8>>);

/// The keys with this prefix that lie beyond `after`; `None` if there can be none.
///
/// `after` may come from a stranger: it is clamped to the prefix, for a range that ends before it starts is a fault of the caller in redb.
fn bounds<'a>(prefix: &'a [u8], after: Option<&'a [u8]>, direction: Direction) -> Option<Keys<'a>> {
    let end = successor(prefix);
    match (direction, after) {
        (_, None) => Some((Bound::Included(prefix), end)),
        (Direction::Forward, Some(after)) if after < prefix => Some((Bound::Included(prefix), end)),
        (Direction::Forward, Some(after)) => after
            .starts_with(prefix)
            .then_some((Bound::Excluded(after), end)),
        (Direction::Backward, Some(after)) if after <= prefix => None,
        (Direction::Backward, Some(after)) if after.starts_with(prefix) => {
            Some((Bound::Included(prefix), Bound::Excluded(after.to_vec())))
        }
        (Direction::Backward, Some(_)) => Some((Bound::Included(prefix), end)),
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

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
        Bound::Unbounded => Bound::Unbounded,
    }
}

pub(super) fn history(
    from: &Snapshot,
    key: &Key,
    after: Version,
    limit: usize,
) -> Read<Vec<(Version, Vec<u8>)>> {
    let Some(next) = after.0.checked_add(1) else {
        return Ok(Vec::new());
    };
    let first = tables::JournalKey::new(key, Version(next));
    let last = tables::JournalKey::new(key, Version(u64::MAX));
    let range = from
        .documents
        .range::<&[u8]>(first.as_slice()..=last.as_slice())?;
    range
        .take(limit.clamp(1, MAX_PAGE))
        .map(|row| {
            let (key, event) = row?;
            let version = tables::journal_version(key.value())?;
            Ok((version, event.value().to_vec()))
        })
        .collect()
}

pub(super) fn latest(
    from: &Snapshot,
    key: &Key,
    before: Version,
    limit: usize,
) -> Read<Vec<(Version, Vec<u8>)>> {
    let first = tables::JournalKey::new(key, Version(0));
    let end = tables::JournalKey::new(key, before);
    let range = from
        .documents
        .range::<&[u8]>(first.as_slice()..end.as_slice())?;
    range
        .rev()
        .take(limit.clamp(1, MAX_PAGE))
        .map(|row| {
            let (key, event) = row?;
            let version = tables::journal_version(key.value())?;
            Ok((version, event.value().to_vec()))
        })
        .collect()
}

/// The first key of a document or a journal row after these bytes.
pub(super) fn next_key(from: &Snapshot, after: &[u8]) -> Read<Option<Vec<u8>>> {
    let beyond = (Bound::Excluded(after), Bound::Unbounded);
    let mut range = from.documents.range::<&[u8]>(beyond)?;
    match range.next() {
        Some(row) => Ok(Some(row?.0.value().to_vec())),
        None => Ok(None),
    }
}

pub(super) fn outcome(from: &Snapshot, command: CommandId) -> Read<Option<Vec<u8>>> {
    let stored = from.commands.get(&tables::command_key(command))?;
    Ok(stored.map(|stored| tables::tail(stored.value()).to_vec()))
}

pub(super) fn next_due(from: &Snapshot, queue: Queue) -> Read<Option<Time>> {
    let (first, last) = tables::queue_until(queue, Time::from_ms(i64::MAX));
    let Some(row) = from.queues.range::<&[u8; 26]>(&first..=&last)?.next() else {
        return Ok(None);
    };
    let (due, _) = tables::queue_row(queue, row?.0.value());
    Ok(Some(due.at))
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
