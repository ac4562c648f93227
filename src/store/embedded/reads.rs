//! Reads: each from one snapshot of redb, on the thread that asks; they never wait for the writer.

use std::ops::Bound;

use redb::{Database, ReadOnlyTable, ReadableDatabase as _};

use super::indexes::Indexes;
use super::tables::{self, COMMANDS, COUNTERS, DOCUMENTS, QUEUES};
use crate::domain::id::CommandId;
use crate::domain::index::Entry;
use crate::domain::key::{Counter, Key};
use crate::domain::time::Time;
use crate::store::{Direction, Due, MAX_PAGE, Page, Queue, Record, Version};

type Read<T> = Result<T, redb::Error>;

type Variable = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The tables as the last commit left them, open for every read until the next: beginning a transaction and finding the tables
/// in it takes longer than a look into one.
pub(super) struct Snapshot {
    documents: Variable,
    entries: Indexes<Variable>,
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
            entries: Indexes::open(|table| transaction.open_table(table))?,
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
        .map(|entry| from.entries.get(entry.bytes().as_slice()))
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
    from.entries.scan(prefix, after, direction, limit)
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

pub(super) fn waiting(from: &Snapshot, queue: Queue, limit: usize) -> Read<Vec<Due>> {
    let (first, last) = tables::queue_until(queue, Time::from_ms(i64::MAX));
    let rows = from.queues.range::<&[u8; 26]>(&first..=&last)?;
    rows.take(limit.clamp(1, MAX_PAGE))
        .map(|row| Ok(tables::queue_row(queue, row?.0.value()).0))
        .collect()
}
