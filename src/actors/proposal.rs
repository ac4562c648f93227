//! What one part of a decision contributes to the one commit.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::document::{self, Document};
use crate::domain::event::Event;
use crate::domain::index::Entry;
use crate::domain::key::{Counter, Key, Queue};
use crate::domain::refusal::Findings;
use crate::domain::time::Time;
use crate::store::{ABSENT, Add, Commit, Due, IndexChange, Version, Write};

use super::load::Versioned;

/// Writes, guards and adds to be joined with others' and committed as one, and what the guards found.
#[derive(Debug, Default)]
pub struct Proposal {
    writes: Vec<Write>,
    /// Whoever read another version of the same document rests on something that has changed: both are kept, and the commit fails.
    guards: BTreeSet<(Key, Version)>,
    adds: BTreeMap<Counter, i64>,
    limits: BTreeMap<Counter, i64>,
    index: Vec<IndexChange>,
    enqueue: Vec<Due>,
    dequeue: Vec<Due>,
    /// What blocks and what is worth knowing.
    pub findings: Findings,
}

fn due_row<D: Document>(document: &D) -> Option<Due> {
    let (queue, at, id) = document.due()?;
    Some(Due { queue, at, id })
}

impl Proposal {
    /// A document that did not exist before.
    pub fn create<D: Document>(&mut self, document: &D, event: Option<&Event>) {
        self.put(None, Some(document), event);
    }

    /// A document that changes.
    pub fn replace<D: Document>(&mut self, old: &Versioned<D>, new: &D, event: Option<&Event>) {
        self.put(Some(old), Some(new), event);
    }

    /// A document that goes.
    pub fn delete<D: Document>(&mut self, old: &Versioned<D>) {
        self.put(Some(old), None, None);
    }

    /// A document that goes, with the last entry of its journal.
    pub fn end<D: Document>(&mut self, old: &Versioned<D>, event: &Event) {
        self.put(Some(old), None, Some(event));
    }

    fn put<D: Document>(
        &mut self,
        old: Option<&Versioned<D>>,
        new: Option<&D>,
        event: Option<&Event>,
    ) {
        let was = old.map(|old| &old.document);
        let Some(key) = new.or(was).map(Document::key) else {
            return;
        };
        self.writes.push(Write {
            key,
            expected: old.map_or(ABSENT, |old| old.version),
            body: new.map(document::encode),
            event: event.map(|event| serde_json::to_vec(event).unwrap_or_default()),
        });
        let before = was.map(Document::entries).unwrap_or_default();
        let after = new.map(Document::entries).unwrap_or_default();
        for gone in before.iter().filter(|entry| !after.contains(entry)) {
            self.index.push(IndexChange::Delete(gone.entry));
        }
        for come in after.into_iter().filter(|entry| !before.contains(entry)) {
            self.index.push(if come.unique {
                IndexChange::PutUnique(come.entry, come.value)
            } else {
                IndexChange::Put(come.entry, come.value)
            });
        }
        for (counter, n) in was.map(Document::counts).unwrap_or_default() {
            *self.adds.entry(counter).or_default() -= n;
        }
        for (counter, n) in new.map(Document::counts).unwrap_or_default() {
            *self.adds.entry(counter).or_default() += n;
        }
        let (before, after) = (was.and_then(due_row), new.and_then(due_row));
        if before != after {
            self.dequeue.extend(before);
            self.enqueue.extend(after);
        }
    }

    /// The commit fails unless this document still has this version.
    pub fn guard(&mut self, key: Key, version: Version) {
        self.guards.insert((key, version));
    }

    /// The commit fails when this counter would rise above this.
    pub fn limit(&mut self, counter: Counter, limit: i64) {
        self.limits.insert(counter, limit);
    }

    /// This counter changes besides what the documents derive.
    pub fn add(&mut self, counter: Counter, n: i64) {
        *self.adds.entry(counter).or_default() += n;
    }

    /// An entry that no document derives: what links a run and a project, or lists a file.
    pub fn link(&mut self, entry: Entry, value: Vec<u8>) {
        self.index.push(IndexChange::Put(entry, value));
    }

    /// Work that is due besides what the documents derive.
    pub fn due(&mut self, queue: Queue, at: Time, id: u128) {
        self.enqueue.push(Due { queue, at, id });
    }

    /// Takes in another part of the same decision.
    pub fn join(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.guards.extend(other.guards);
        for (counter, n) in other.adds {
            *self.adds.entry(counter).or_default() += n;
        }
        self.limits.extend(other.limits);
        self.index.extend(other.index);
        self.enqueue.extend(other.enqueue);
        self.dequeue.extend(other.dequeue);
        self.findings.absorb(other.findings);
    }

    /// Whether it writes anything to the queue of letters.
    pub fn has_letters(&self) -> bool {
        self.enqueue.iter().any(|due| due.queue == Queue::Outbox)
    }

    /// The commit. A document that is written needs no guard of the same version: its write names it.
    pub fn into_commit(mut self, at: Time) -> Commit {
        for write in &self.writes {
            self.guards.remove(&(write.key, write.expected));
        }
        let limits = self.limits;
        let add = |(counter, by): (Counter, i64)| Add {
            counter,
            by,
            limit: limits.get(&counter).copied(),
        };
        Commit {
            command: None,
            at,
            result: Vec::new(),
            writes: self.writes,
            guards: self.guards.into_iter().collect(),
            adds: self
                .adds
                .into_iter()
                .filter(|(_, by)| *by != 0)
                .map(add)
                .collect(),
            index: self.index,
            enqueue: self.enqueue,
            dequeue: self.dequeue,
            answers: None,
        }
    }
}
