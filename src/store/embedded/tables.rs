//! How the store lies on disk: the tables, and how keys and values are written in them.
//!
//! | table | key | value |
//! |---|---|---|
//! | `documents` | the key's bytes | version (8), body |
//! | `documents` | the key's bytes, version (8) | an event of its journal |
//! | `entries` | the entry's bytes | value |
//! | `belongs`, `access` | the first bytes of entries (see `sheaf`) | entries that start so |
//! | `counters` | the counter's bytes | sum; a counter at 0 has no row |
//! | `queues` | queue (1), at (8), id (16), leased (1) | claims |
//! | `commands` | id (16) | at (8), result |
//! | `commands_by_time` | at (8), id (16) | — |
//! | `meta` | `format`, `sequence` | number |
//!
//! Numbers in keys are big-endian, moments with the sign bit flipped, so that they sort. Key bytes of one tag have one length, so no
//! document's key starts another's and a journal is one range. It lies right behind its document, because both are written together
//! and every further page that a commit touches costs as much as several rows.

use redb::{TableDefinition, WriteTransaction};

use super::indexes::Indexes;

use crate::domain::id::CommandId;
use crate::domain::key::Key;
use crate::domain::time::Time;
use crate::store::{Due, Queue, Record, Version};

/// The number of this layout; stored as `format`. Stores of format 3 are upgraded when they are opened; older ones lack rows, or values of rows,
/// that lists are found by, and are refused.
pub const FORMAT: u64 = 4;

pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
pub(super) const DOCUMENTS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("documents");
pub(super) const COUNTERS: TableDefinition<&[u8], i64> = TableDefinition::new("counters");
pub(super) const QUEUES: TableDefinition<&[u8; 26], u32> = TableDefinition::new("queues");
pub(super) const COMMANDS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("commands");
pub(super) const COMMANDS_BY_TIME: TableDefinition<&[u8; 24], ()> =
    TableDefinition::new("commands_by_time");

pub(super) const SEQUENCE: &str = "sequence";
pub(super) const FORMAT_KEY: &str = "format";

type Variable<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// All tables, open for one batch.
pub(super) struct Tables<'t> {
    pub meta: redb::Table<'t, &'static str, u64>,
    pub documents: Variable<'t>,
    pub entries: Indexes<Variable<'t>>,
    pub counters: redb::Table<'t, &'static [u8], i64>,
    pub queues: redb::Table<'t, &'static [u8; 26], u32>,
    pub commands: redb::Table<'t, &'static [u8; 16], &'static [u8]>,
    pub commands_by_time: redb::Table<'t, &'static [u8; 24], ()>,
}

impl<'t> Tables<'t> {
    /// Opens them, making those that do not exist.
    pub fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::TableError> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            documents: transaction.open_table(DOCUMENTS)?,
            entries: Indexes::open(|table| transaction.open_table(table))?,
            counters: transaction.open_table(COUNTERS)?,
            queues: transaction.open_table(QUEUES)?,
            commands: transaction.open_table(COMMANDS)?,
            commands_by_time: transaction.open_table(COMMANDS_BY_TIME)?,
        })
    }
}

/// A value that no version of Handover wrote.
pub(super) fn corrupted(table: &str, length: usize) -> redb::Error {
    redb::Error::Corrupted(format!("a row of \"{table}\" has {length} bytes"))
}

/// The version in a stored document.
pub(super) fn version(stored: &[u8]) -> Result<Version, redb::Error> {
    let head = stored.first_chunk::<8>();
    let head = head.ok_or_else(|| corrupted("documents", stored.len()))?;
    Ok(Version(u64::from_be_bytes(*head)))
}

/// A stored document.
pub(super) fn record(stored: &[u8]) -> Result<Record, redb::Error> {
    Ok(Record {
        version: version(stored)?,
        body: tail(stored).to_vec(),
    })
}

/// What follows the first eight bytes.
pub(super) fn tail(stored: &[u8]) -> &[u8] {
    stored.get(8..).unwrap_or_default()
}

/// Writes eight bytes and what follows into a reserved value of exactly that length.
pub(super) fn fill(reserved: &mut [u8], head: [u8; 8], tail: &[u8]) {
    if let Some((first, rest)) = reserved.split_first_chunk_mut::<8>() {
        *first = head;
        rest.copy_from_slice(tail);
    }
}

/// Key of a journal row; on the stack.
#[derive(Clone, Copy)]
pub(super) struct JournalKey {
    bytes: [u8; 63],
    length: usize,
}

impl JournalKey {
    pub fn new(key: &Key, version: Version) -> Self {
        let key = key.bytes();
        let key = key.as_slice();
        let mut bytes = [0; 63];
        // No document's key is longer than two ids with their kinds, so there is always room.
        if let Some((head, rest)) = bytes.split_at_mut_checked(key.len()) {
            head.copy_from_slice(key);
            if let Some(tail) = rest.first_chunk_mut::<8>() {
                *tail = version.0.to_be_bytes();
            }
        }
        Self {
            bytes,
            length: key.len() + 8,
        }
    }
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The version at the end of a journal row's key.
pub(super) fn journal_version(key: &[u8]) -> Result<Version, redb::Error> {
    let tail = key.last_chunk::<8>();
    let tail = tail.ok_or_else(|| corrupted("documents", key.len()))?;
    Ok(Version(u64::from_be_bytes(*tail)))
}

fn sortable(at: Time) -> [u8; 8] {
    (at.ms() ^ i64::MIN).to_be_bytes()
}

/// Copies parts into an array of exactly their length together.
fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut joined = [0; N];
    let bytes = parts.iter().flat_map(|part| part.iter());
    for (to, from) in joined.iter_mut().zip(bytes) {
        *to = *from;
    }
    joined
}

fn queue_tag(queue: Queue) -> u8 {
    match queue {
        Queue::Outbox => 1,
        Queue::Timers => 2,
        Queue::Purges => 3,
        Queue::Sweeps => 4,
        Queue::Incoming => 5,
    }
}

/// Key of a queue's row.
pub(super) fn queue_key(due: Due, leased: bool) -> [u8; 26] {
    join(&[
        &[queue_tag(due.queue)],
        &sortable(due.at),
        &due.id.to_be_bytes(),
        &[u8::from(leased)],
    ])
}

/// The row that has this key.
pub(super) fn queue_row(queue: Queue, key: &[u8; 26]) -> (Due, bool) {
    let [
        _,
        at @ ..,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        leased,
    ] = *key;
    let [_, _, _, _, _, _, _, _, _, id @ .., _] = *key;
    let due = Due {
        queue,
        at: Time::from_ms(i64::from_be_bytes(at) ^ i64::MIN),
        id: u128::from_be_bytes(id),
    };
    (due, leased == 1)
}

/// The first and the last key that a row of this queue due by `at` can have.
pub(super) fn queue_until(queue: Queue, at: Time) -> ([u8; 26], [u8; 26]) {
    let from = Due {
        queue,
        at: Time::from_ms(i64::MIN),
        id: 0,
    };
    let to = Due {
        queue,
        at,
        id: u128::MAX,
    };
    (queue_key(from, false), queue_key(to, true))
}

/// Key of a command.
pub(super) fn command_key(id: CommandId) -> [u8; 16] {
    id.bits().to_be_bytes()
}

/// Key of a command among those of its time.
pub(super) fn command_time_key(at: Time, command: &[u8; 16]) -> [u8; 24] {
    join(&[&sortable(at), command])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AccountId, Context, ItemId, ItemKind};

    #[test]
    fn queue_keys_sort_by_time_before_and_after_the_epoch_and_read_back() {
        let moments = [i64::MIN, -1, 0, 1, i64::MAX].map(Time::from_ms);
        let rows: Vec<_> = [Queue::Outbox, Queue::Timers]
            .into_iter()
            .flat_map(|queue| moments.map(|at| Due { queue, at, id: 7 }))
            .flat_map(|due| [(due, false), (due, true)])
            .collect();
        let keys: Vec<_> = rows.iter().map(|(d, l)| queue_key(*d, *l)).collect();
        assert!(keys.is_sorted());
        for ((due, leased), key) in rows.iter().zip(&keys) {
            assert_eq!(queue_row(due.queue, key), (*due, *leased));
        }
    }

    #[test]
    fn the_longest_key_fits_a_journal_key() {
        let item = ItemId::new(ItemKind::Run, u128::MAX);
        let key = Key::Grant(item, Context::Personal(AccountId::from_bits(3)));
        let row = JournalKey::new(&key, Version(9));
        assert_eq!(row.as_slice().len(), key.bytes().as_slice().len() + 8);
        assert_eq!(journal_version(row.as_slice()).unwrap(), Version(9));
    }
}
