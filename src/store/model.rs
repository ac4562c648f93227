//! The store in memory: the specification that every backend is compared with, and the store of simulations.
//!
//! Plain on purpose: where it and the contract's words differ, the words are wrong. Every future is ready at once.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::{
    ABSENT, Add, Answer, COMMAND_KEPT_MS, Claimed, Clash, Commit, Direction, Due, Frozen,
    IndexChange, MAX_PAGE, Outcome, Page, Queue, Record, Settlement, Store, Version,
};
use crate::domain::id::CommandId;
use crate::domain::index::Entry;
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::time::Time;

/// A row of a queue as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Which queue, when, whose.
    pub due: Due,
    /// Whether somebody has claimed it; `due.at` is then the end of the lease.
    pub leased: bool,
}

type Body = Arc<Vec<u8>>;

/// Everything a store holds, frozen. Bodies are shared with the store they came from, so keeping one is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    sequence: u64,
    documents: BTreeMap<Key, Arc<Record>>,
    journal: BTreeMap<(Key, Version), Body>,
    /// By their bytes, which is the order of scans.
    entries: BTreeMap<Arc<[u8]>, (Entry, Body)>,
    counters: BTreeMap<Counter, i64>,
    queues: BTreeMap<Row, u32>,
    commands: BTreeMap<CommandId, (Time, Body)>,
}

impl View {
    /// The number of the last commit.
    pub fn version(&self) -> Version {
        Version(self.sequence)
    }
    /// All documents.
    pub fn documents(&self) -> impl Iterator<Item = (Key, &Record)> {
        self.documents.iter().map(|(key, record)| (*key, &**record))
    }
    /// All index entries with their values, in the order of their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (Entry, &[u8])> {
        self.entries
            .values()
            .map(|(entry, value)| (*entry, value.as_slice()))
    }
    /// All counters that are not 0.
    pub fn counters(&self) -> impl Iterator<Item = (Counter, i64)> {
        self.counters.iter().map(|(counter, sum)| (*counter, *sum))
    }
    /// The rows of a queue with their counts of claims, earliest first.
    pub fn queue(&self, queue: Queue) -> impl Iterator<Item = (Row, u32)> {
        self.queues
            .iter()
            .filter(move |(row, _)| row.due.queue == queue)
            .map(|(row, claims)| (*row, *claims))
    }
    /// The journals of all documents, deleted ones too; each journal oldest first.
    pub fn journal(&self) -> impl Iterator<Item = (Key, Version, &[u8])> {
        self.journal
            .iter()
            .map(|((key, version), event)| (*key, *version, event.as_slice()))
    }
    /// The commands that are not forgotten, with when they were decided and their results.
    pub fn commands(&self) -> impl Iterator<Item = (CommandId, Time, &[u8])> {
        self.commands
            .iter()
            .map(|(id, (at, result))| (*id, *at, result.as_slice()))
    }

    fn current(&self, key: &Key) -> Version {
        self.documents.get(key).map_or(ABSENT, |r| r.version)
    }

    fn commit(&mut self, commit: Commit) -> Outcome {
        if let Some((_, result)) = commit.command.and_then(|id| self.commands.get(&id)) {
            return Outcome::Duplicate(result.to_vec());
        }
        if !commit.is_well_formed() {
            return Outcome::TooLarge;
        }
        let clashes = self.clashes(&commit);
        if !clashes.is_empty() {
            return Outcome::Conflict(clashes);
        }
        if let Some(over) = commit.adds.iter().find(|add| self.sum(add).is_none()) {
            let current = self.counters.get(&over.counter).copied();
            return Outcome::OverLimit {
                counter: over.counter,
                current: current.unwrap_or_default(),
            };
        }
        self.sequence += 1;
        self.apply(commit, Version(self.sequence));
        Outcome::Done(Version(self.sequence))
    }

    fn clashes(&self, commit: &Commit) -> Vec<Clash> {
        let writes = commit.writes.iter().map(|w| (w.key, w.expected));
        let versions = writes
            .chain(commit.guards.iter().copied())
            .filter(|(key, expected)| self.current(key) != *expected)
            .map(|(key, _)| Clash::Version(key));
        let taken = commit.index.iter().filter_map(|change| {
            let IndexChange::PutUnique(entry, value) = change else {
                return None;
            };
            let (_, there) = self.entries.get(entry.bytes().as_slice())?;
            let free = **there == *value || commit.index.contains(&IndexChange::Delete(*entry));
            (!free).then_some(Clash::Taken(*entry))
        });
        let lost = commit.answers.into_iter().filter_map(|due| {
            let row = Row { due, leased: true };
            (!self.queues.contains_key(&row)).then_some(Clash::Row(due))
        });
        versions.chain(taken).chain(lost).collect()
    }

    fn sum(&self, add: &Add) -> Option<i64> {
        let current = self.counters.get(&add.counter).copied().unwrap_or_default();
        let sum = current.checked_add(add.by)?;
        let within = add.by <= 0 || add.limit.is_none_or(|limit| sum <= limit);
        within.then_some(sum)
    }

    fn apply(&mut self, commit: Commit, version: Version) {
        for add in &commit.adds {
            match self.sum(add).unwrap_or_default() {
                0 => self.counters.remove(&add.counter),
                sum => self.counters.insert(add.counter, sum),
            };
        }
        for write in commit.writes {
            match write.body {
                Some(body) => self
                    .documents
                    .insert(write.key, Arc::new(Record { version, body })),
                None => self.documents.remove(&write.key),
            };
            if let Some(event) = write.event {
                self.journal.insert((write.key, version), Arc::new(event));
            }
        }
        for change in &commit.index {
            if let IndexChange::Delete(entry) = change {
                self.entries.remove(entry.bytes().as_slice());
            }
        }
        for change in commit.index {
            let (entry, value) = match change {
                IndexChange::Put(entry, value) | IndexChange::PutUnique(entry, value) => {
                    (entry, value)
                }
                IndexChange::PutNumbered(entry, value) => {
                    (entry, [&version.0.to_be_bytes()[..], &value].concat())
                }
                IndexChange::Delete(_) => continue,
            };
            let key = Arc::from(entry.bytes().as_slice());
            self.entries.insert(key, (entry, Arc::new(value)));
        }
        for due in commit.dequeue {
            self.queues.remove(&Row { due, leased: false });
        }
        for due in commit.enqueue {
            self.queues.entry(Row { due, leased: false }).or_insert(0);
        }
        if let Some(due) = commit.answers {
            self.queues.remove(&Row { due, leased: true });
        }
        if let Some(id) = commit.command {
            self.commands
                .insert(id, (commit.at, Arc::new(commit.result)));
        }
    }

    /// Puts a row, at the next free millisecond if its own is taken.
    fn put(&mut self, mut row: Row, claims: u32) -> Row {
        while self.queues.contains_key(&row) && row.due.at < Time::from_ms(i64::MAX) {
            row.due.at = row.due.at.plus_ms(1);
        }
        self.queues.insert(row, claims);
        row
    }

    fn claim(&mut self, queue: Queue, now: Time, limit: usize, lease_ms: i64) -> Vec<Claimed> {
        let due: Vec<_> = self
            .queue(queue)
            .take_while(|(row, _)| row.due.at <= now)
            .take(limit.min(MAX_PAGE))
            .collect();
        let lease = |(row, claims): (Row, u32)| {
            self.queues.remove(&row);
            let claims = claims.saturating_add(1);
            let at = now.plus_ms(lease_ms);
            let leased = Row {
                due: Due { at, ..row.due },
                leased: true,
            };
            let due = self.put(leased, claims).due;
            Claimed { due, claims }
        };
        due.into_iter().map(lease).collect()
    }

    fn settle(&mut self, claimed: Claimed, settlement: Settlement) {
        let row = Row {
            due: claimed.due,
            leased: true,
        };
        if self.queues.get(&row) != Some(&claimed.claims) {
            return;
        }
        self.queues.remove(&row);
        if let Settlement::RetryAt(at) = settlement {
            let waiting = Row {
                due: Due { at, ..claimed.due },
                leased: false,
            };
            self.put(waiting, claimed.claims);
        }
    }

    fn forget(&mut self, now: Time, limit: usize) -> usize {
        let mut old: Vec<_> = self
            .commands
            .iter()
            .filter(|(_, (at, _))| *at < now.plus_ms(-COMMAND_KEPT_MS))
            .map(|(id, (at, _))| (*at, *id))
            .collect();
        old.sort();
        old.truncate(limit.min(MAX_PAGE));
        for (_, id) in &old {
            self.commands.remove(id);
        }
        old.len()
    }

    fn records(&self, keys: &[Key]) -> Vec<Option<Record>> {
        let found = |key| self.documents.get(key).map(|record| (**record).clone());
        keys.iter().map(found).collect()
    }

    fn values(&self, entries: &[Entry]) -> Vec<Option<Vec<u8>>> {
        let found = |entry: &Entry| {
            let (_, value) = self.entries.get(entry.bytes().as_slice())?;
            Some(value.to_vec())
        };
        entries.iter().map(found).collect()
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>, way: Direction, limit: usize) -> Page {
        let inside: Vec<_> = self
            .entries
            .range(Arc::from(prefix)..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, (_, value))| (&**key, value.as_slice()))
            .collect();
        let beyond = |(key, _): &(&[u8], &[u8])| {
            after.is_none_or(|after| match way {
                Direction::Forward => *key > after,
                Direction::Backward => *key < after,
            })
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let mut rows: Vec<_> = match way {
            Direction::Forward => inside.into_iter().filter(beyond).collect(),
            Direction::Backward => inside.into_iter().rev().filter(beyond).collect(),
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut page = Page {
            more,
            ..Page::default()
        };
        for (key, value) in rows {
            page.rows.push(key, value);
        }
        page
    }
}

/// The store in memory.
#[derive(Debug, Default)]
pub struct Model(Mutex<Arc<View>>);

impl Model {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
    /// What it holds now; stays as it is while the store goes on.
    pub fn view(&self) -> Arc<View> {
        self.state().clone()
    }
    /// A store of its own that starts with what this one holds.
    pub fn snapshot(&self) -> Self {
        self.view().into()
    }
    fn state(&self) -> MutexGuard<'_, Arc<View>> {
        // Nothing below leaves the view half changed, so a panic elsewhere under the lock does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn change<T>(&self, change: impl FnOnce(&mut View) -> T) -> T {
        change(Arc::make_mut(&mut self.state()))
    }
}

impl From<Arc<View>> for Model {
    fn from(view: Arc<View>) -> Self {
        Self(Mutex::new(view))
    }
}

fn now<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(value)))
}

impl Frozen for Arc<View> {
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        now(self.records(keys))
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        now(self.values(entries))
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        now(self.page(prefix.as_slice(), after.as_deref(), direction, limit))
    }
}

impl Store for Model {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        now(Box::new(self.view()) as Box<dyn Frozen>)
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        now(self.state().records(keys))
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        now(self.state().values(entries))
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        let state = self.state();
        let sum = |counter| state.counters.get(counter).copied().unwrap_or_default();
        now(counters.iter().map(sum).collect())
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        let page = self
            .state()
            .page(prefix.as_slice(), after.as_deref(), direction, limit);
        now(page)
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        let state = self.state();
        let of_key = state
            .journal
            .range((key, Version(0))..=(key, Version(u64::MAX)));
        let events = of_key
            .filter(|((_, version), _)| *version > after)
            .take(limit.clamp(1, MAX_PAGE))
            .map(|((_, version), event)| (*version, event.to_vec()));
        now(events.collect())
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        let state = self.state();
        let of_key = state.journal.range((key, Version(0))..(key, before));
        let events = of_key
            .rev()
            .take(limit.clamp(1, MAX_PAGE))
            .map(|((_, version), event)| (*version, event.to_vec()));
        now(events.collect())
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        Box::pin(ready(self.change(|view| view.commit(commit))))
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        let state = self.state();
        let result = state.commands.get(&command);
        now(result.map(|(_, result)| result.to_vec()))
    }
    fn claim(
        &self,
        queue: Queue,
        at: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        now(self.change(|view| view.claim(queue, at, limit, lease_ms)))
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        self.change(|view| view.settle(claimed, settlement));
        now(())
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        let state = self.state();
        let rows = state.queue(queue).take(limit.clamp(1, MAX_PAGE));
        now(rows.map(|(row, _)| row.due).collect())
    }
    fn forget_commands(&self, at: Time, limit: usize) -> Answer<'_, usize> {
        now(self.change(|view| view.forget(at, limit)))
    }
    fn health(&self) -> Answer<'_, ()> {
        now(())
    }
}
