//! The one thread that writes: it gathers what waits into one transaction and one wait for the disk.
//!
//! While a batch is on its way to the disk, the next gathers in the channel. Each commit of a batch is checked on its own, so one
//! conflict spoils only itself; every answer waits until the batch is durable, refusals too, for they may have seen its changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError, RwLock};

use redb::{Database, ReadableTable, WriteTransaction};
use tokio::sync::oneshot;

use super::reads::Snapshot;
use super::tables::{SEQUENCE, Tables};
use crate::domain::time::Time;
use crate::store::{Claimed, Commit, Outcome, Queue, Settlement, Version};

/// At most this many commits in one batch, so that the first of them does not wait for ever.
const BATCH_JOBS: usize = 512;
/// At most this many bytes in one batch.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// What was asked of the writer, with room for its answer.
///
/// The answer stands there from the start as it is if the batch is lost: dropping a job says "unknown" to whoever waits for it.
pub(super) enum Job {
    Commit(Box<Commit>, Outcome, oneshot::Sender<Outcome>),
    Claim(Claim, Vec<Claimed>, oneshot::Sender<Vec<Claimed>>),
    Settle(Claimed, Settlement, oneshot::Sender<()>),
    Forget(Time, usize, oneshot::Sender<usize>),
    TakeOver(Queue, [Time; 2], usize, oneshot::Sender<usize>),
}

/// Which rows are to be claimed.
pub(super) struct Claim {
    pub queue: Queue,
    pub now: Time,
    pub limit: usize,
    pub lease_ms: i64,
}

impl Job {
    /// Does it; whether anything changed.
    fn run(
        &mut self,
        tables: &mut Tables<'_>,
        sequence: &mut Version,
    ) -> Result<bool, redb::Error> {
        match self {
            Self::Commit(commit, outcome, _) => {
                let next = Version(sequence.0.saturating_add(1));
                *outcome = tables.commit(commit, next)?;
                let done = matches!(outcome, Outcome::Done(_));
                if done {
                    *sequence = next;
                }
                Ok(done)
            }
            Self::Claim(claim, claimed, _) => {
                let Claim {
                    queue,
                    now,
                    limit,
                    lease_ms,
                } = *claim;
                *claimed = tables.claim(queue, now, limit, lease_ms)?;
                Ok(!claimed.is_empty())
            }
            Self::Settle(claimed, settlement, _) => tables.settle(*claimed, *settlement),
            Self::Forget(now, limit, _) => {
                *limit = tables.forget(*now, *limit)?;
                Ok(*limit > 0)
            }
            Self::TakeOver(queue, [now, last], taken, _) => {
                *taken = tables.take_over(*queue, *now, *last)?;
                Ok(*taken > 0)
            }
        }
    }

    /// Whoever asked may have gone; that changes nothing.
    fn answer(self) {
        match self {
            Self::Commit(_, outcome, to) => drop(to.send(outcome)),
            Self::Claim(_, claimed, to) => drop(to.send(claimed)),
            Self::Settle(_, _, to) => drop(to.send(())),
            Self::Forget(_, number, to) | Self::TakeOver(_, _, number, to) => {
                let _ = to.send(number);
            }
        }
    }

    /// Says that nothing was changed. (The others may be repeated whether they were done or not.)
    fn refuse(self) {
        if let Self::Commit(_, _, to) = self {
            drop(to.send(Outcome::Unavailable));
        }
    }
}

/// What the writer and the callers share.
pub(super) struct Shared {
    /// Taken by `close`.
    pub database: RwLock<Option<Database>>,
    /// What reads look into until the next commit; made by the first of them.
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// Why the last batch failed, if it did.
    pub failure: Mutex<Option<Arc<str>>>,
    pub batches: AtomicU64,
    pub commits: AtomicU64,
    pub waiting: AtomicUsize,
    pub waiting_bytes: AtomicUsize,
}

/// Why a batch came to nothing.
enum Lost {
    /// It never began.
    Untouched(redb::Error),
    /// Some of it may be on disk.
    Unknown(redb::Error),
}

impl<E: Into<redb::Error>> From<E> for Lost {
    fn from(error: E) -> Self {
        Self::Unknown(error.into())
    }
}

impl Shared {
    pub fn new(database: Database) -> Self {
        Self {
            database: RwLock::new(Some(database)),
            snapshot: RwLock::new(None),
            failure: Mutex::new(None),
            batches: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
        }
    }

    /// What every read looks into now; `None` if the store is closed.
    pub fn snapshot(&self) -> Result<Option<Arc<Snapshot>>, redb::Error> {
        let snapshot = self.snapshot.read();
        if let Some(there) = &*snapshot.unwrap_or_else(PoisonError::into_inner) {
            return Ok(Some(Arc::clone(there)));
        }
        // It is begun while nobody can say that it is outdated: one that was begun before a commit must not be put here after it.
        let mut snapshot = { self.snapshot.write() }.unwrap_or_else(PoisonError::into_inner);
        if snapshot.is_none() {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            *snapshot = match &*database {
                Some(database) => Some(Arc::new(Snapshot::of(database)?)),
                None => None,
            };
        }
        Ok(snapshot.clone())
    }

    /// Whoever reads from now on begins anew. Said of every commit before it is answered, whatever became of it; it also lets the
    /// next one use the pages again that this one has freed.
    pub fn outdate(&self) {
        let snapshot = self.snapshot.write();
        let outdated = snapshot.unwrap_or_else(PoisonError::into_inner).take();
        drop(outdated);
    }

    /// Writes until all senders are gone and the channel is empty.
    pub fn write(&self, jobs: &Receiver<(Job, usize)>) {
        let mut batch = Vec::new();
        while let Ok((first, mut bytes)) = jobs.recv() {
            batch.push(first);
            while batch.len() < BATCH_JOBS && bytes < BATCH_BYTES {
                let Ok((next, more)) = jobs.try_recv() else {
                    break;
                };
                bytes += more;
                batch.push(next);
            }
            self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.write_batch(&mut batch);
        }
    }

    fn write_batch(&self, batch: &mut Vec<Job>) {
        match self.attempt(batch) {
            Ok(()) => {
                self.note(None);
                batch.drain(..).for_each(Job::answer);
            }
            Err(Lost::Untouched(error)) => {
                self.note(Some(error));
                batch.drain(..).for_each(Job::refuse);
            }
            Err(Lost::Unknown(error)) => {
                self.note(Some(error));
                batch.clear();
            }
        }
    }

    fn attempt(&self, batch: &mut [Job]) -> Result<(), Lost> {
        let transaction = self.begin().map_err(Lost::Untouched)?;
        let mut tables = Tables::open(&transaction)?;
        let stored = tables.meta.get(SEQUENCE)?.map(|number| number.value());
        let before = Version(stored.unwrap_or_default());
        let mut sequence = before;
        let mut changed = false;
        for job in batch {
            changed |= job.run(&mut tables, &mut sequence)?;
        }
        if sequence != before {
            tables.meta.insert(SEQUENCE, sequence.0)?;
        }
        drop(tables);
        if !changed {
            return Ok(transaction.abort()?);
        }
        let committed = transaction.commit();
        self.outdate();
        committed?;
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.commits
            .fetch_add(sequence.0 - before.0, Ordering::Relaxed);
        Ok(())
    }

    fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        let mut transaction = database.begin_write()?;
        // Opening after a crash would walk the whole file without it: minutes at ten million records.
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// Remembers how the last batch went, and says so once when that changes: callers learn only that theirs is unknown.
    fn note(&self, error: Option<redb::Error>) {
        let error: Option<Arc<str>> = error.map(|error| error.to_string().into());
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*failure, &error) {
            (None, Some(error)) => tracing::error!(%error, "the store cannot write"),
            (Some(_), None) => tracing::info!("the store writes again"),
            _ => {}
        }
        *failure = error;
    }
}
