//! The store's contract: a document store with versions, not a repository per noun.
//!
//! Every backend and the in-memory model keep exactly this, and one conformance suite drives them with the same histories.
//! Nothing is remembered, answered or sent before it is committed; readers see whole commits only.

pub mod embedded;
pub mod model;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::id::CommandId;
use crate::domain::index::Entry;
pub use crate::domain::key::Queue;
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::time::Time;
pub use page::{Page, Rows};

/// At most this many rows in one commit; larger work is cut into steps that each leave a true state. The largest commit there is, the
/// acceptance of 250 items with kept access by a workgroup of hundreds of administrators that had access before, takes about 4,700.
pub const MAX_ROWS: usize = 5_000;
/// At most this many bytes of keys and values in one commit.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How long a command's result is kept, in milliseconds (7 days).
pub const COMMAND_KEPT_MS: i64 = 7 * crate::domain::time::DAY_MS;

/// The number of the commit that last wrote a document. Grows over the whole store, so a document that is deleted and made
/// again never has an old number. `ABSENT` stands for "must not exist".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

/// No such document.
pub const ABSENT: Version = Version(0);

/// A document as stored: its version and its encoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The commit that wrote it.
    pub version: Version,
    /// The encoded document.
    pub body: Vec<u8>,
}

/// One document's part of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which document.
    pub key: Key,
    /// The version it must have now (`ABSENT`: must not exist).
    pub expected: Version,
    /// The new body; `None` deletes the document.
    pub body: Option<Vec<u8>>,
    /// The entry for this document's journal, numbered with the commit's version.
    pub event: Option<Vec<u8>>,
}

/// A bounded add to a counter, evaluated inside the commit, so that two adds never conflict and a limit is never passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Add {
    /// Which counter; one that was never written is 0.
    pub counter: Counter,
    /// How much, negative to subtract.
    pub by: i64,
    /// When `by` is positive, the sum must not exceed this. (A sum that no `i64` holds is over every limit.)
    pub limit: Option<i64>,
}

/// A change to an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexChange {
    /// Put the entry, replacing its value.
    Put(Entry, Vec<u8>),
    /// Put the entry; a conflict if it is there with another value and this commit does not delete it.
    PutUnique(Entry, Vec<u8>),
    /// Put the entry with the number of this commit (8 bytes, big-endian) before its value, replacing what it was.
    PutNumbered(Entry, Vec<u8>),
    /// Delete the entry; nothing happens if it is not there. Deletes of a commit are applied before its puts.
    Delete(Entry),
}

/// A row of a queue: what is due, and when.
///
/// Waiting rows and leased ones are different rows even if all of this is equal, so what is added can never fall on what somebody
/// is working on. A row that a claim or a `RetryAt` would move onto an equal one goes to the next free millisecond instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    /// Which queue.
    pub queue: Queue,
    /// Not before this.
    pub at: Time,
    /// Whose: a letter's or a transfer's bits.
    pub id: u128,
}

/// A row that was claimed: nobody else gets it before the lease ends. `due.at` is the end of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The row as it stands now; what `settle` and a commit's `answers` name.
    pub due: Due,
    /// How often it was claimed, this time included.
    pub claims: u32,
}

/// What becomes of a claimed row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Done: the row goes.
    Done,
    /// Waiting again, due then; it keeps its count of claims.
    RetryAt(Time),
}

/// One atomic, durable, version-checked transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// A command that was committed before is a `Duplicate`, whatever else stands here. `None`: not repeated by anybody.
    pub command: Option<CommandId>,
    /// When the commit was decided; results of commands are kept 7 days from here.
    pub at: Time,
    /// The result kept with the command.
    pub result: Vec<u8>,
    /// Documents to write; no key twice. Deleting a document leaves its journal.
    pub writes: Vec<Write>,
    /// Documents that must still have these versions though they are not written.
    pub guards: Vec<(Key, Version)>,
    /// Bounded adds; no counter twice.
    pub adds: Vec<Add>,
    /// Index entries to put and delete; none put with two values.
    pub index: Vec<IndexChange>,
    /// Waiting queue rows to add; one that waits already stays as it is.
    pub enqueue: Vec<Due>,
    /// Waiting queue rows to take away if they are still there (a timer whose transfer has ended), before any is added. A row that
    /// is leased just now is left to whoever works on it.
    pub dequeue: Vec<Due>,
    /// The claimed row this commit answers: taken away; a conflict if the lease was lost.
    pub answers: Option<Due>,
}

impl Commit {
    /// How many rows it touches, and how many bytes of keys and values.
    pub fn size(&self) -> (usize, usize) {
        let events = self.writes.iter().filter(|w| w.event.is_some()).count();
        let rows = self.writes.len()
            + events
            + self.guards.len()
            + self.adds.len()
            + self.index.len()
            + self.enqueue.len()
            + self.dequeue.len();
        let documents: usize = self
            .writes
            .iter()
            .map(|w| w.body.as_ref().map_or(0, Vec::len) + w.event.as_ref().map_or(0, Vec::len))
            .sum();
        let entries: usize = self
            .index
            .iter()
            .map(|change| match change {
                IndexChange::Put(_, value)
                | IndexChange::PutUnique(_, value)
                | IndexChange::PutNumbered(_, value) => value.len(),
                IndexChange::Delete(_) => 0,
            })
            .sum();
        (rows, documents + entries + self.result.len() + rows * 40)
    }

    /// Whether it keeps the limits, and names no document, counter or entry twice with two meanings; what does not is `TooLarge`.
    pub fn is_well_formed(&self) -> bool {
        let (rows, bytes) = self.size();
        rows <= MAX_ROWS && bytes <= MAX_BYTES && self.names_nothing_twice()
    }

    fn names_nothing_twice(&self) -> bool {
        let mut keys = BTreeSet::new();
        let mut counters = BTreeSet::new();
        let mut entries = BTreeMap::new();
        self.writes.iter().all(|write| keys.insert(write.key))
            && self.adds.iter().all(|add| counters.insert(add.counter))
            && self.index.iter().all(|change| match change {
                IndexChange::Put(entry, value) | IndexChange::PutUnique(entry, value) => {
                    *entries.entry(*entry).or_insert((false, value)) == (false, value)
                }
                IndexChange::PutNumbered(entry, value) => {
                    *entries.entry(*entry).or_insert((true, value)) == (true, value)
                }
                IndexChange::Delete(_) => true,
            })
    }
}

/// What a commit found in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clash {
    /// This document does not have the version that was expected or guarded.
    Version(Key),
    /// This unique entry belongs to another.
    Taken(Entry),
    /// The row it answers is no longer leased to the caller.
    Row(Due),
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durable. Every document written has this version now.
    Done(Version),
    /// The command was committed before, with this result; nothing was changed now.
    Duplicate(Vec<u8>),
    /// Nothing was changed; all clashes, in the order of the commit (writes, guards, index, answered row).
    Conflict(Vec<Clash>),
    /// Nothing was changed: this counter stands at `current` and the add would pass its limit (the first such, checked after clashes).
    OverLimit {
        /// Which counter.
        counter: Counter,
        /// Where it stands.
        current: i64,
    },
    /// Nothing was changed: over `MAX_ROWS` or `MAX_BYTES`, or a key, counter or entry twice. A fault of the caller; never retry.
    TooLarge,
    /// The disk failed under the commit: it may be durable or not; ask `outcome` with the command id.
    Unknown,
    /// Nothing was changed: the store is closed, or its queue is full. Try again later.
    Unavailable,
}

/// The world failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store failed: {what}")]
pub struct Fault {
    /// Whether the same call may succeed later.
    pub retry: bool,
    /// What happened, for the operator.
    pub what: Arc<str>,
}

impl Fault {
    /// The same call may succeed later.
    pub fn retry(what: impl Into<Arc<str>>) -> Self {
        Self {
            retry: true,
            what: what.into(),
        }
    }
    /// It will not.
    pub fn never(what: impl Into<Arc<str>>) -> Self {
        Self {
            retry: false,
            what: what.into(),
        }
    }
}

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

/// The most rows one call reads, claims or forgets.
pub const MAX_PAGE: usize = 1_000;

/// What a read gives, or why it failed.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// What a store holds at one moment: all reads of it see the same commits, whatever is committed meanwhile.
pub trait Frozen: Send + Sync {
    /// As [`Store::load`].
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>>;
    /// As [`Store::find`].
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>>;
    /// As [`Store::scan`].
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page>;
}

/// The contract. Reads are strictly fresh: a commit that was answered `Done` is seen by every later read.
pub trait Store: Send + Sync + 'static {
    /// For reads that must see the same commits: what is there now. To be let go soon, for what it shows cannot be cleared away.
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>>;
    /// These documents, in this order, from one consistent snapshot.
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>>;
    /// The values of these unique entries, in this order, from one consistent snapshot.
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>>;
    /// These counters, in this order, from one consistent snapshot.
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>>;
    /// A page of the entries that start with `prefix`, beyond `after` in this direction, at most `limit` (1 to 1,000). `after` need
    /// not be the key of an entry, nor start with the prefix.
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page>;
    /// The journal of a document after this version, oldest first, at most `limit` (1 to 1,000) entries.
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>>;
    /// The journal of a document before this version, newest first, at most `limit` (1 to 1,000) entries.
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>>;
    /// Commits, and answers when it is durable.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome>;
    /// The result of a command, if it was committed and not forgotten yet.
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>>;
    /// Claims at most `limit` (up to 1,000) rows of a queue that are due at `now`, earliest first; until `now + lease_ms` nobody else
    /// gets them. A row whose lease has run out is due like any other.
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>>;
    /// Ends a claim. A row whose lease was lost is left as it is.
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()>;
    /// The earliest rows of a queue, at most `limit` (1 to 1,000), in their order; those that somebody has claimed, at the end of
    /// their lease.
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>>;
    /// When the earliest row of a queue is due.
    fn next_due(&self, queue: Queue) -> Answer<'_, Option<Time>> {
        let first = self.waiting(queue, 1);
        Box::pin(async move { Ok(first.await?.first().map(|row| row.at)) })
    }
    /// Forgets results of commands older than 7 days, oldest first, at most `limit` (up to 1,000) of them; how many went.
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize>;
    /// Whether it can read and write now.
    fn health(&self) -> Answer<'_, ()>;
}
