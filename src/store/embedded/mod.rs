//! The embedded store: one file, one process, redb below.
//!
//! One thread writes (see `writer`), everybody reads. What is committed is on disk before anybody is told.

mod apply;
mod indexes;
mod open;
mod reads;
mod sheaf;
mod tables;
mod upgrade;
mod writer;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use futures_util::future::BoxFuture;
use redb::{Database, ReadableDatabase, StorageBackend};
use tokio::sync::oneshot;

pub use open::OpenError;
pub use tables::FORMAT;

use super::{
    Answer, Claimed, Commit, Direction, Due, Fault, Frozen, Outcome, Page, Queue, Record,
    Settlement, Store, Version,
};
use crate::domain::id::CommandId;
use crate::domain::index::Entry;
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::time::Time;
use reads::Snapshot;
use writer::{Claim, Job, Shared};

/// At most this many bytes of commits wait for the writer, whatever their number; beyond, the store is `Unavailable`.
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much of the file is kept in memory, in bytes; memory is taken as it is used.
    pub cache_bytes: usize,
    /// How many commits, claims and settlements may wait for the writer; beyond, the store is `Unavailable` at once.
    pub max_waiting: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            max_waiting: 1_024,
        }
    }
}

/// What the writer has done since it was opened, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions of redb that changed something, each one wait for the disk.
    pub batches: u64,
    /// Commits that were `Done`.
    pub commits: u64,
    /// Calls that wait for the writer now.
    pub waiting: usize,
}

/// The store in one file. Dropping it finishes what waits, as `close` does.
pub struct Embedded {
    shared: Arc<Shared>,
    /// Taken by `close`; the writer ends when it has done what waited.
    jobs: RwLock<Option<SyncSender<(Job, usize)>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens the store at `path`, making it if nothing is there. How long that takes does not depend on its size, after a crash
    /// either; an upgrade from an older format may.
    ///
    /// # Errors
    /// If it is open elsewhere, of a newer format, no store, or the system refuses.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::start(open::at_path(path, options)?, options, path)
    }

    /// Opens the store in `backend`, making it if that is empty: for stores in memory and for disks that fail on purpose.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with_backend(
        backend: impl StorageBackend,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let database = open::in_backend(backend, options)?;
        Self::start(database, options, Path::new("memory"))
    }

    fn start(database: Database, options: &Options, path: &Path) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(database));
        let (jobs, waiting) = sync_channel(options.max_waiting);
        let writer = thread::Builder::new().name("store".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.write(&waiting)
        });
        let writer = writer.map_err(|source| OpenError::Io {
            doing: "start the thread that writes",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            shared,
            jobs: RwLock::new(Some(jobs)),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Takes no more work, finishes what waits and closes the file. Blocks until that is done; a second call does nothing.
    ///
    /// # Errors
    /// If the file cannot be closed cleanly. What was answered `Done` is safe all the same.
    pub fn close(&self) -> Result<(), Fault> {
        *self.jobs.write().unwrap_or_else(PoisonError::into_inner) = None;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
        let database = self.shared.database.write();
        let database = database.unwrap_or_else(PoisonError::into_inner).take();
        self.shared.outdate();
        match database.map(Database::close) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(fault(error.into())),
        }
    }

    /// Makes due at `now` what an earlier process had claimed and not settled, where its lease ends within `lease_ms`; how many rows.
    /// The file is open in one process only, so nobody works on them any more, and a letter need not wait for the end of a lease
    /// that a kill left behind. Only before the first claim of this process: its own leases would be taken over as well.
    ///
    /// Looks at what is due within `lease_ms`, and not at the rest of the queue.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn take_over(&self, queue: Queue, now: Time, lease_ms: i64) -> Result<usize, Fault> {
        let until = [now, now.plus_ms(lease_ms)];
        self.ask(|to| Job::TakeOver(queue, until, 0, to)).await
    }

    /// The first key after these bytes that a document or an entry of a journal lies under, so that a store can be walked through
    /// without trusting what it says of itself.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next_key(&self, after: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.read(|from| reads::next_key(from, after))
    }

    /// What the writer has done, for metrics.
    pub fn stats(&self) -> Stats {
        Stats {
            batches: self.shared.batches.load(Ordering::Relaxed),
            commits: self.shared.commits.load(Ordering::Relaxed),
            waiting: self.shared.waiting.load(Ordering::Relaxed),
        }
    }

    /// Hands a job to the writer, or says that it takes none.
    fn submit(&self, job: Job, bytes: usize) -> Result<(), Fault> {
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or_else(closed)?;
        let shared = &self.shared;
        let before = shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = if before.saturating_add(bytes) > WAITING_BYTES {
            Err(Fault::retry("more waits for the disk than it can take"))
        } else {
            jobs.try_send((job, bytes)).map_err(|error| match error {
                TrySendError::Full(_) => Fault::retry("more waits for the disk than it can take"),
                TrySendError::Disconnected(_) => Fault::never("its writer has ended"),
            })
        };
        if sent.is_err() {
            shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            shared.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }

    /// Hands over a job and waits for its answer.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Fault> {
        let (to, answer) = oneshot::channel();
        self.submit(job(to), 0)?;
        answer
            .await
            .map_err(|_| Fault::retry("the disk failed under it, and it may be done or not"))
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T, redb::Error>) -> Result<T, Fault> {
        read(&*self.look()?).map_err(fault)
    }

    fn look(&self) -> Result<Arc<Snapshot>, Fault> {
        let snapshot = self.shared.snapshot().map_err(fault)?;
        snapshot.ok_or_else(closed)
    }

    async fn commit_one(&self, commit: Commit) -> Outcome {
        if !commit.is_well_formed() {
            // A repeated command is a duplicate whatever else it brings; what is too large never reaches the writer.
            let known = match commit.command {
                Some(id) => self.read(|from| reads::outcome(from, id)),
                None => Ok(None),
            };
            return match known {
                Ok(Some(result)) => Outcome::Duplicate(result),
                Ok(None) => Outcome::TooLarge,
                Err(_) => Outcome::Unavailable,
            };
        }
        let (_, bytes) = commit.size();
        let (to, answer) = oneshot::channel();
        let job = Job::Commit(Box::new(commit), Outcome::Unknown, to);
        match self.submit(job, bytes) {
            Ok(()) => answer.await.unwrap_or(Outcome::Unknown),
            Err(_) => Outcome::Unavailable,
        }
    }

    fn check_health(&self) -> Result<(), Fault> {
        let failure = self.shared.failure.lock();
        let failure = failure.unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(failure) = failure {
            return Err(Fault::never(format!(
                "the last write failed ({failure}); look at the disk, then restart handover, which repairs the store"
            )));
        }
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.as_ref().is_none_or(JoinHandle::is_finished) {
            return Err(Fault::never("its writer has ended; restart handover"));
        }
        let database = self.shared.database.read();
        let database = database.unwrap_or_else(PoisonError::into_inner);
        let begun = database.as_ref().ok_or_else(closed)?.begin_read();
        let begun = begun.map_err(|error| fault(error.into()))?;
        let opened = begun.open_table(tables::META).map(drop);
        opened.map_err(|error| fault(error.into()))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the store was not closed cleanly");
        }
    }
}

fn closed() -> Fault {
    Fault::never("it is closed")
}

fn fault(error: redb::Error) -> Fault {
    let what = error.to_string();
    match error {
        redb::Error::Io(_) => Fault::retry(what),
        _ => Fault::never(what),
    }
}

impl Frozen for Arc<Snapshot> {
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move { reads::load(self, keys).map_err(fault) })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move { reads::find(self, entries).map_err(fault) })
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            let (prefix, after) = (prefix.as_slice(), after.as_deref());
            reads::scan(self, prefix, after, direction, limit).map_err(fault)
        })
    }
}

impl Store for Embedded {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        Box::pin(async move { Ok(Box::new(self.look()?) as Box<dyn Frozen>) })
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move { self.read(|from| reads::load(from, keys)) })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move { self.read(|from| reads::find(from, entries)) })
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        Box::pin(async move { self.read(|from| reads::counters(from, counters)) })
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            let (prefix, after) = (prefix.as_slice(), after.as_deref());
            self.read(|from| reads::scan(from, prefix, after, direction, limit))
        })
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        Box::pin(async move { self.read(|from| reads::history(from, &key, after, limit)) })
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        Box::pin(async move { self.read(|from| reads::latest(from, &key, before, limit)) })
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        Box::pin(self.commit_one(commit))
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move { self.read(|from| reads::outcome(from, command)) })
    }
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        let claim = Claim {
            queue,
            now,
            limit,
            lease_ms,
        };
        Box::pin(self.ask(|to| Job::Claim(claim, Vec::new(), to)))
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        Box::pin(self.ask(move |to| Job::Settle(claimed, settlement, to)))
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        Box::pin(async move { self.read(|from| reads::waiting(from, queue, limit)) })
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.ask(move |to| Job::Forget(now, limit, to)))
    }
    fn health(&self) -> Answer<'_, ()> {
        Box::pin(async move { self.check_health() })
    }
}
