//! What one part of a decision contributes to the one commit.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Chain;
use crate::domain::document::{self, Derived, Document, Kept};
use crate::domain::event::{Event, Recorded};
use crate::domain::id::{AccountId, Context, Digest};
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
    acts: Vec<Act>,
    /// What blocks and what is worth knowing.
    pub findings: Findings,
}

/// An event that is to be found again: in whose journal it stands, and whom it concerns.
#[derive(Debug)]
struct Act {
    key: Key,
    person: Option<AccountId>,
    contexts: BTreeSet<Context>,
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

    /// A document that goes, and what its journal says of that; where the chain of its events ends, if they form one.
    pub fn remove<D: Document>(&mut self, old: &Versioned<D>, event: &Event) -> Option<Chain> {
        self.put(Some(old), None, Some(event))
    }

    fn put<D: Document>(
        &mut self,
        old: Option<&Versioned<D>>,
        new: Option<&D>,
        event: Option<&Event>,
    ) -> Option<Chain> {
        let was = old.map(|old| &old.document);
        let key = new.or(was).map(Document::key)?;
        // Whatever the new document says of its chain, only what was stored counts.
        let chain = was.or(new).and_then(Document::chain);
        let event = event.map(|event| self.record(key, was, new, event, chain));
        let chain = match (&event, chain) {
            (Some(stored), Some(chain)) => Some(chain.with(stored)),
            (_, chain) => chain,
        };
        self.writes.push(Write {
            key,
            expected: old.map_or(ABSENT, |old| old.version),
            body: new.map(|new| match chain {
                Some(chain) => document::encode(&new.clone().chained(chain)),
                None => document::encode(new),
            }),
            event,
        });
        let before = was.map(Document::entries).unwrap_or_default();
        let after = new.map(Document::entries).unwrap_or_default();
        // A unique entry is free for another value only where it is deleted; the others are replaced.
        let stays = |gone: &Derived| {
            let replaces = |come: &&Derived| come.entry == gone.entry;
            let come = after.iter().find(replaces);
            come.is_some_and(|come| come == gone || come.kept != Kept::Unique)
        };
        for gone in before.iter().filter(|entry| !stays(entry)) {
            self.index.push(IndexChange::Delete(gone.entry));
        }
        for come in after {
            match come.kept {
                // Whatever else stays, the version is another.
                Kept::Numbered => {
                    let numbered = IndexChange::PutNumbered(come.entry, come.value);
                    self.index.push(numbered);
                }
                Kept::Listed | Kept::Unique if before.contains(&come) => {}
                Kept::Unique => {
                    let unique = IndexChange::PutUnique(come.entry, come.value);
                    self.index.push(unique);
                }
                Kept::Listed => self.index.push(IndexChange::Put(come.entry, come.value)),
            }
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
        chain
    }

    /// The event as it is stored. It is noted whom it concerns, so that it is found again.
    fn record<D: Document>(
        &mut self,
        key: Key,
        was: Option<&D>,
        new: Option<&D>,
        event: &Event,
        chain: Option<Chain>,
    ) -> Vec<u8> {
        let mut concerned = new.map(Document::concerns).unwrap_or_default();
        for context in was.map(Document::concerns).unwrap_or_default() {
            if !concerned.contains(&context) {
                concerned.push(context);
            }
        }
        let place = chain.as_ref().map(Chain::next);
        let recorded = Recorded::of(event, was, new, &concerned, place);
        self.acts.push(Act {
            key,
            person: event.by.person,
            contexts: concerned
                .into_iter()
                .chain(event.what.takes_from())
                .collect(),
        });
        serde_json::to_vec(&recorded).unwrap_or_default()
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

    /// An entry that no document derives goes.
    pub fn unlink(&mut self, entry: Entry) {
        self.index.push(IndexChange::Delete(entry));
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
        self.acts.extend(other.acts);
        self.findings.absorb(other.findings);
    }

    /// Whether it changes no document.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether nothing at all is different after it.
    pub fn changes_nothing(&self) -> bool {
        self.writes.is_empty()
            && self.adds.is_empty()
            && self.index.is_empty()
            && self.enqueue.is_empty()
            && self.dequeue.is_empty()
    }

    /// The contexts whose own documents it writes.
    pub fn contexts(&self) -> Vec<Context> {
        let keys = self.writes.iter().map(|write| write.key);
        keys.filter_map(Key::context).collect()
    }

    /// Whether it writes anything to the queue of letters.
    pub fn has_letters(&self) -> bool {
        self.enqueue.iter().any(|due| due.queue == Queue::Outbox)
    }

    /// One row for each person who acted and each context that is concerned, which leads to the journals written to. There is one
    /// of each in a commit, so that the row of a bundle is found as fast as that of a single item.
    fn rows(&self, at: Time) -> Vec<IndexChange> {
        let mut acted: BTreeMap<AccountId, Vec<u8>> = BTreeMap::new();
        let mut concerned: BTreeMap<Context, Vec<u8>> = BTreeMap::new();
        for act in &self.acts {
            let key = act.key.bytes();
            let journal = |row: &mut Vec<u8>| {
                row.push(u8::try_from(key.as_slice().len()).unwrap_or(u8::MAX));
                row.extend_from_slice(key.as_slice());
            };
            if let Some(person) = act.person {
                journal(acted.entry(person).or_default());
            }
            for context in &act.contexts {
                journal(concerned.entry(*context).or_default());
            }
        }
        if self.acts.is_empty() {
            return Vec::new();
        }
        // A document has each version once, so no other commit at the same moment writes the same.
        let mut all = Vec::new();
        for write in &self.writes {
            all.extend_from_slice(write.key.bytes().as_slice());
            all.extend_from_slice(&write.expected.0.to_be_bytes());
            all.extend_from_slice(write.event.as_deref().unwrap_or_default());
        }
        let digest = Digest::of(&all);
        let acted = acted
            .into_iter()
            .map(|(person, row)| IndexChange::PutNumbered(Entry::Acted(person, at, digest), row));
        let concerned = concerned.into_iter().map(|(context, row)| {
            IndexChange::PutNumbered(Entry::Concerned(context, at, digest), row)
        });
        acted.chain(concerned).collect()
    }

    /// The commit. A document that is written needs no guard of the same version: its write names it.
    pub fn into_commit(mut self, at: Time) -> Commit {
        for write in &self.writes {
            self.guards.remove(&(write.key, write.expected));
        }
        let rows = self.rows(at);
        self.index.extend(rows);
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
