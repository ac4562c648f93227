//! The same rows straight into redb: what the contract is compared with.
//!
//! Same tables, same keys, same bytes, as many commits to a transaction, quick repair on; but nothing is checked, nobody waits, and
//! only redb's own time is counted.

use std::path::Path;
use std::time::{Duration, Instant};

use handover::domain::index;
use handover::store::{Commit, Due, IndexChange, Queue};
use redb::{Database, TableDefinition};

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const DOCUMENTS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("documents");
const BELONGS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("belongs");
const ACCESS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("access");
const ENTRIES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("entries");
const COUNTERS: TableDefinition<&[u8], i64> = TableDefinition::new("counters");
const QUEUES: TableDefinition<&[u8; 26], u32> = TableDefinition::new("queues");
const COMMANDS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("commands");
const COMMANDS_BY_TIME: TableDefinition<&[u8; 24], ()> = TableDefinition::new("commands_by_time");

type Pair = (Vec<u8>, Vec<u8>);

/// The rows of one commit, ready to be written.
#[derive(Default)]
pub struct Rows {
    documents: Vec<Pair>,
    entries: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    counters: Vec<(Vec<u8>, i64)>,
    queues: Vec<([u8; 26], bool)>,
    command: Option<([u8; 16], [u8; 24], Vec<u8>)>,
}

fn queue_key(due: &Due) -> [u8; 26] {
    let mut key = [0; 26];
    key[0] = match due.queue {
        Queue::Outbox => 1,
        Queue::Timers => 2,
        Queue::Purges => 3,
        Queue::Sweeps => 4,
        Queue::Incoming => 5,
    };
    key[1..9].copy_from_slice(&(due.at.ms() ^ i64::MIN).to_be_bytes());
    key[9..25].copy_from_slice(&due.id.to_be_bytes());
    key
}

impl Rows {
    /// What the store writes for this commit as number `version`.
    pub fn of(commit: &Commit, version: u64) -> Self {
        let mut rows = Self::default();
        let head = version.to_be_bytes();
        for write in &commit.writes {
            let key = write.key.bytes().as_slice().to_vec();
            if let Some(event) = &write.event {
                let key = [key.as_slice(), &head].concat();
                rows.documents.push((key, event.clone()));
            }
            if let Some(body) = &write.body {
                rows.documents.push((key, [head.as_slice(), body].concat()));
            }
        }
        for add in &commit.adds {
            let key = add.counter.bytes().as_slice().to_vec();
            rows.counters.push((key, add.by));
        }
        for change in &commit.index {
            rows.entries.push(match change {
                IndexChange::Put(entry, value) | IndexChange::PutUnique(entry, value) => {
                    (entry.bytes().as_slice().to_vec(), Some(value.clone()))
                }
                IndexChange::PutNumbered(entry, value) => {
                    let value = [head.as_slice(), value].concat();
                    (entry.bytes().as_slice().to_vec(), Some(value))
                }
                IndexChange::Delete(entry) => (entry.bytes().as_slice().to_vec(), None),
            });
        }
        let dequeued = commit.dequeue.iter().map(|due| (queue_key(due), false));
        let enqueued = commit.enqueue.iter().map(|due| (queue_key(due), true));
        rows.queues = dequeued.chain(enqueued).collect();
        rows.command = commit.command.map(|id| {
            let id = id.bits().to_be_bytes();
            let mut by_time = [0; 24];
            by_time[..8].copy_from_slice(&(commit.at.ms() ^ i64::MIN).to_be_bytes());
            by_time[8..].copy_from_slice(&id);
            let at = commit.at.ms().to_be_bytes();
            (id, by_time, [at.as_slice(), &commit.result].concat())
        });
        rows
    }
}

/// A bare database.
pub struct Bare {
    database: Database,
    /// Time spent in redb.
    pub spent: Duration,
    pub commits: u64,
}

impl Bare {
    pub fn create(path: &Path, cache_bytes: usize) -> Self {
        let mut builder = Database::builder();
        let database = builder.set_cache_size(cache_bytes).create(path).unwrap();
        Self {
            database,
            spent: Duration::ZERO,
            commits: 0,
        }
    }

    /// Writes the rows of some commits in one transaction.
    pub fn write(&mut self, batch: &[Rows], version: u64) {
        let began = Instant::now();
        self.transact(batch, version).unwrap();
        self.spent += began.elapsed();
        self.commits += batch.len() as u64;
    }

    fn transact(&self, batch: &[Rows], version: u64) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(true);
        {
            let mut meta = transaction.open_table(META)?;
            let mut documents = transaction.open_table(DOCUMENTS)?;
            let mut belongs = transaction.open_table(BELONGS)?;
            let mut access = transaction.open_table(ACCESS)?;
            let mut entries = transaction.open_table(ENTRIES)?;
            let mut counters = transaction.open_table(COUNTERS)?;
            let mut queues = transaction.open_table(QUEUES)?;
            let mut commands = transaction.open_table(COMMANDS)?;
            let mut by_time = transaction.open_table(COMMANDS_BY_TIME)?;
            for rows in batch {
                for (key, value) in &rows.documents {
                    documents.insert(key.as_slice(), value.as_slice())?;
                }
                for (key, value) in &rows.counters {
                    counters.insert(key.as_slice(), value)?;
                }
                for (key, value) in &rows.entries {
                    let table = match key[0] {
                        index::BELONGS => &mut belongs,
                        index::ON => &mut access,
                        _ => &mut entries,
                    };
                    match value {
                        Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                        None => table.remove(key.as_slice())?,
                    };
                }
                for (key, put) in &rows.queues {
                    match put {
                        true => queues.insert(key, 0)?,
                        false => queues.remove(key)?,
                    };
                }
                if let Some((id, time, value)) = &rows.command {
                    commands.insert(id, value.as_slice())?;
                    by_time.insert(time, ())?;
                }
            }
            meta.insert("sequence", version)?;
        }
        Ok(transaction.commit()?)
    }
}
