//! What a commit, a claim, a settlement and a sweep do to the open tables.
//!
//! A batch is one transaction of redb, so a commit that is refused must leave nothing behind: everything is checked first, through
//! the open transaction and so with the batch's earlier commits in sight, and only then applied.

use redb::ReadableTable;

use super::tables::{self, Tables};
use crate::domain::key::Key;
use crate::domain::time::Time;
use crate::store::{
    ABSENT, COMMAND_KEPT_MS, Claimed, Clash, Commit, Due, IndexChange, MAX_PAGE, Outcome, Queue,
    Settlement, Version,
};

type Done<T> = Result<T, redb::Error>;

/// What the checks found.
enum Verdict {
    /// Nothing is in the way; the sums of the commit's adds, in their order.
    Go(Vec<i64>),
    /// This is.
    Stop(Outcome),
}

impl Tables<'_> {
    /// Checks a well-formed commit and, if nothing is in its way, applies it as number `next`.
    pub fn commit(&mut self, commit: &Commit, next: Version) -> Done<Outcome> {
        match self.check(commit)? {
            Verdict::Stop(outcome) => Ok(outcome),
            Verdict::Go(sums) => {
                self.apply(commit, next, &sums)?;
                Ok(Outcome::Done(next))
            }
        }
    }

    fn check(&self, commit: &Commit) -> Done<Verdict> {
        if let Some(id) = commit.command
            && let Some(stored) = self.commands.get(&tables::command_key(id))?
        {
            let result = tables::tail(stored.value()).to_vec();
            return Ok(Verdict::Stop(Outcome::Duplicate(result)));
        }
        let clashes = self.clashes(commit)?;
        if !clashes.is_empty() {
            return Ok(Verdict::Stop(Outcome::Conflict(clashes)));
        }
        let mut sums = Vec::with_capacity(commit.adds.len());
        for add in &commit.adds {
            let counter = add.counter.bytes();
            let current = self.counters.get(counter.as_slice())?;
            let current = current.map_or(0, |sum| sum.value());
            let within = |sum: &i64| add.by <= 0 || add.limit.is_none_or(|limit| *sum <= limit);
            match current.checked_add(add.by).filter(within) {
                Some(sum) => sums.push(sum),
                None => {
                    let counter = add.counter;
                    return Ok(Verdict::Stop(Outcome::OverLimit { counter, current }));
                }
            }
        }
        Ok(Verdict::Go(sums))
    }

    fn clashes(&self, commit: &Commit) -> Done<Vec<Clash>> {
        let mut clashes = Vec::new();
        let writes = commit.writes.iter().map(|w| (w.key, w.expected));
        for (key, expected) in writes.chain(commit.guards.iter().copied()) {
            if self.current(&key)? != expected {
                clashes.push(Clash::Version(key));
            }
        }
        for change in &commit.index {
            let IndexChange::PutUnique(entry, value) = change else {
                continue;
            };
            let key = entry.bytes();
            let there = self.entries.get(key.as_slice())?;
            let free = there.is_none_or(|there| there == *value)
                || commit.index.contains(&IndexChange::Delete(*entry));
            if !free {
                clashes.push(Clash::Taken(*entry));
            }
        }
        if let Some(due) = commit.answers
            && self.queues.get(&tables::queue_key(due, true))?.is_none()
        {
            clashes.push(Clash::Row(due));
        }
        Ok(clashes)
    }

    fn current(&self, key: &Key) -> Done<Version> {
        match self.documents.get(key.bytes().as_slice())? {
            None => Ok(ABSENT),
            Some(stored) => tables::version(stored.value()),
        }
    }

    fn apply(&mut self, commit: &Commit, next: Version, sums: &[i64]) -> Done<()> {
        let head = next.0.to_be_bytes();
        for write in &commit.writes {
            let key = write.key.bytes();
            match &write.body {
                Some(body) => {
                    let length = 8 + body.len();
                    let mut place = self.documents.insert_reserve(key.as_slice(), length)?;
                    tables::fill(place.as_mut(), head, body);
                }
                // What must not exist and is not written is not there.
                None if write.expected == ABSENT => {}
                None => drop(self.documents.remove(key.as_slice())?),
            }
            if let Some(event) = &write.event {
                let key = tables::JournalKey::new(&write.key, next);
                self.documents.insert(key.as_slice(), event.as_slice())?;
            }
        }
        for (add, sum) in commit.adds.iter().zip(sums) {
            let counter = add.counter.bytes();
            match sum {
                0 => drop(self.counters.remove(counter.as_slice())?),
                sum => drop(self.counters.insert(counter.as_slice(), sum)?),
            }
        }
        self.change_entries(&commit.index, next)?;
        for due in &commit.dequeue {
            self.queues.remove(&tables::queue_key(*due, false))?;
        }
        for due in &commit.enqueue {
            let key = tables::queue_key(*due, false);
            let claims = self.queues.insert(&key, 0)?.map_or(0, |c| c.value());
            if claims != 0 {
                self.queues.insert(&key, claims)?;
            }
        }
        if let Some(due) = commit.answers {
            self.queues.remove(&tables::queue_key(due, true))?;
        }
        if let Some(id) = commit.command {
            let key = tables::command_key(id);
            let at = commit.at.ms().to_be_bytes();
            let length = 8 + commit.result.len();
            let mut place = self.commands.insert_reserve(&key, length)?;
            tables::fill(place.as_mut(), at, &commit.result);
            drop(place);
            let by_time = tables::command_time_key(commit.at, &key);
            self.commands_by_time.insert(&by_time, ())?;
        }
        Ok(())
    }

    fn change_entries(&mut self, changes: &[IndexChange], next: Version) -> Done<()> {
        for change in changes {
            if let IndexChange::Delete(entry) = change {
                self.entries.remove(entry.bytes().as_slice())?;
            }
        }
        for change in changes {
            match change {
                IndexChange::Put(entry, value) | IndexChange::PutUnique(entry, value) => {
                    self.entries.put(entry.bytes().as_slice(), value)?;
                }
                IndexChange::PutNumbered(entry, value) => {
                    let value = [&next.0.to_be_bytes()[..], value].concat();
                    self.entries.put(entry.bytes().as_slice(), &value)?;
                }
                IndexChange::Delete(_) => {}
            }
        }
        Ok(())
    }

    /// Leases the rows of a queue that are due.
    pub fn claim(
        &mut self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Done<Vec<Claimed>> {
        let (from, to) = tables::queue_until(queue, now);
        let mut due = Vec::new();
        for row in self
            .queues
            .range::<&[u8; 26]>(&from..=&to)?
            .take(limit.min(MAX_PAGE))
        {
            let (key, claims) = row?;
            due.push((*key.value(), claims.value()));
        }
        let mut claimed = Vec::with_capacity(due.len());
        for (key, claims) in due {
            self.queues.remove(&key)?;
            let (row, _) = tables::queue_row(queue, &key);
            let at = now.plus_ms(lease_ms);
            let claims = claims.saturating_add(1);
            let due = self.put(Due { at, ..row }, true, claims)?;
            claimed.push(Claimed { due, claims });
        }
        Ok(claimed)
    }

    /// Makes the rows of a queue due at `now` that are leased until a moment after it, up to `last`; how many there were.
    pub fn take_over(&mut self, queue: Queue, now: Time, last: Time) -> Done<usize> {
        let (_, after) = tables::queue_until(queue, now);
        let (_, to) = tables::queue_until(queue, last);
        let mut orphaned = Vec::new();
        if after < to {
            for row in self.queues.range::<&[u8; 26]>(&after..=&to)? {
                let (key, claims) = row?;
                let (due, leased) = tables::queue_row(queue, key.value());
                if leased {
                    orphaned.push((*key.value(), due, claims.value()));
                }
            }
        }
        for (key, due, claims) in &orphaned {
            self.queues.remove(key)?;
            self.put(Due { at: now, ..*due }, false, *claims)?;
        }
        Ok(orphaned.len())
    }

    /// Ends a lease, if it is still the claimant's; whether it was.
    pub fn settle(&mut self, claimed: Claimed, settlement: Settlement) -> Done<bool> {
        let key = tables::queue_key(claimed.due, true);
        let there = self.queues.get(&key)?.map(|claims| claims.value());
        if there != Some(claimed.claims) {
            return Ok(false);
        }
        self.queues.remove(&key)?;
        if let Settlement::RetryAt(at) = settlement {
            self.put(Due { at, ..claimed.due }, false, claimed.claims)?;
        }
        Ok(true)
    }

    /// Puts a row, at the next free millisecond if its own is taken, so that none is ever lost to another.
    fn put(&mut self, mut due: Due, leased: bool, claims: u32) -> Done<Due> {
        while due.at < Time::from_ms(i64::MAX)
            && self.queues.get(&tables::queue_key(due, leased))?.is_some()
        {
            due.at = due.at.plus_ms(1);
        }
        self.queues
            .insert(&tables::queue_key(due, leased), claims)?;
        Ok(due)
    }

    /// Forgets commands that were decided more than 7 days before `now`, oldest first.
    pub fn forget(&mut self, now: Time, limit: usize) -> Done<usize> {
        let end = tables::command_time_key(now.plus_ms(-COMMAND_KEPT_MS), &[0; 16]);
        let mut old = Vec::new();
        for row in self
            .commands_by_time
            .range::<&[u8; 24]>(..&end)?
            .take(limit.min(MAX_PAGE))
        {
            old.push(*row?.0.value());
        }
        for key in &old {
            self.commands_by_time.remove(key)?;
            if let Some(id) = key.last_chunk::<16>() {
                self.commands.remove(id)?;
            }
        }
        Ok(old.len())
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use crate::domain::time::Time;
    use crate::store::embedded::{Embedded, Options};
    use crate::store::{Clash, Commit, Due, Outcome, Queue, Settlement, Store};

    const QUEUE: Queue = Queue::Outbox;
    const LEASE_MS: i64 = 100;

    fn due(at: i64, id: u128) -> Due {
        let at = Time::from_ms(at);
        Due {
            queue: QUEUE,
            at,
            id,
        }
    }

    async fn claimed(store: &Embedded, now: i64) -> Vec<(u128, u32)> {
        let rows = store.claim(QUEUE, Time::from_ms(now), 9, LEASE_MS).await;
        let rows = rows.unwrap();
        rows.iter().map(|row| (row.due.id, row.claims)).collect()
    }

    #[tokio::test]
    async fn what_an_earlier_process_had_claimed_is_taken_over_and_nothing_else_moves() {
        let backend = InMemoryBackend::new();
        let store = Embedded::open_with_backend(backend, &Options::default()).unwrap();
        let rows = Commit {
            enqueue: vec![due(10, 1), due(10, 2), due(10, 3), due(80, 4), due(500, 5)],
            ..Commit::default()
        };
        assert!(matches!(store.commit(rows).await, Outcome::Done(_)));
        let first = store.claim(QUEUE, Time::from_ms(10), 3, LEASE_MS).await;
        let first = first.unwrap();
        store.settle(first[2], Settlement::Done).await.unwrap();

        let now = Time::from_ms(20);
        assert_eq!(store.take_over(QUEUE, now, LEASE_MS).await.unwrap(), 2);
        assert_eq!(store.take_over(QUEUE, now, LEASE_MS).await.unwrap(), 0);
        let other = store.take_over(Queue::Timers, now, LEASE_MS).await;
        assert_eq!(other.unwrap(), 0);
        assert_eq!(store.next_due(QUEUE).await.unwrap(), Some(now));
        // Whoever had it before has lost it.
        let late = Commit {
            answers: Some(first[0].due),
            ..Commit::default()
        };
        let clash = Clash::Row(first[0].due);
        assert_eq!(store.commit(late).await, Outcome::Conflict(vec![clash]));
        assert_eq!(claimed(&store, 20).await, [(1, 2), (2, 2)]);
        assert_eq!(claimed(&store, 80).await, [(4, 1)]);
        assert_eq!(claimed(&store, 500).await.len(), 4);
    }
}
