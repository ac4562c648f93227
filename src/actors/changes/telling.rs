//! The store, which tells what it commits.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::id::CommandId;
use crate::domain::index::Entry;
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::time::Time;
use crate::store::{
    Answer, Claimed, Commit, Direction, Due, Frozen, Outcome, Page, Queue, Record, Settlement,
    Store, Version,
};

use super::{Changes, Topic, touched};

/// A store that tells what changed once it is committed. All else it leaves to the store that it stands in front of.
pub struct Telling {
    store: Arc<dyn Store>,
    changes: Changes,
}

impl Telling {
    /// In front of this store.
    pub fn new(store: Arc<dyn Store>, changes: Changes) -> Self {
        Self { store, changes }
    }
}

/// Tells when it goes, so that what is committed is told too when nobody waits for the answer any more.
struct ToTell {
    changes: Changes,
    topics: Vec<Topic>,
}

impl Drop for ToTell {
    fn drop(&mut self) {
        if !self.topics.is_empty() {
            self.changes.tell(&self.topics);
        }
    }
}

impl Store for Telling {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        let mut to_tell = ToTell {
            changes: self.changes.clone(),
            topics: touched(&commit),
        };
        let committed = self.store.commit(commit);
        Box::pin(async move {
            let outcome = committed.await;
            match outcome {
                Outcome::Done(_) | Outcome::Unknown => {}
                Outcome::Duplicate(_)
                | Outcome::Conflict(_)
                | Outcome::OverLimit { .. }
                | Outcome::TooLarge
                | Outcome::Unavailable => to_tell.topics.clear(),
            }
            outcome
        })
    }

    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        self.store.frozen()
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        self.store.load(keys)
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.store.find(entries)
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        self.store.counters(counters)
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        self.store.scan(prefix, after, direction, limit)
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.store.history(key, after, limit)
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.store.latest(key, before, limit)
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        self.store.outcome(command)
    }
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        self.store.claim(queue, now, limit, lease_ms)
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        self.store.settle(claimed, settlement)
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        self.store.waiting(queue, limit)
    }
    fn next_due(&self, queue: Queue) -> Answer<'_, Option<Time>> {
        self.store.next_due(queue)
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        self.store.forget_commands(now, limit)
    }
    fn health(&self) -> Answer<'_, ()> {
        self.store.health()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::Manual;
    use crate::domain::id::{AccountId, Context};
    use crate::store::model::Model;
    use crate::store::{ABSENT, Write};

    fn commit(expected: Version) -> Commit {
        let write = Write {
            key: Key::Account(AccountId::from_bits(1)),
            expected,
            body: Some(Vec::new()),
            event: None,
        };
        Commit {
            writes: vec![write],
            ..Commit::default()
        }
    }

    #[test]
    fn what_is_committed_is_told_also_when_nobody_waits_for_the_answer() {
        let changes = Changes::new(Arc::new(Manual::at(1_000)));
        let store = Telling::new(Arc::new(Model::new()), changes.clone());
        let anna = Topic::Context(Context::Personal(AccountId::from_bits(1)));
        let listening = changes.listen([anna].into(), changes.now());
        // Whoever asked has gone.
        drop(store.commit(commit(ABSENT)));
        assert_eq!(listening.take(), [anna].into());
        let again = store.commit(commit(ABSENT)).now_or_never();
        assert!(matches!(again, Some(Outcome::Conflict(_))), "{again:?}");
        assert!(listening.take().is_empty(), "nothing has changed");
        let keys = [Key::Account(AccountId::from_bits(1))];
        let found = store.load(&keys).now_or_never().unwrap().unwrap();
        let version = found[0].as_ref().unwrap().version;
        let next = store.commit(commit(version));
        assert!(matches!(next.now_or_never(), Some(Outcome::Done(_))));
        assert_eq!(listening.take(), [anna].into());
    }
}
