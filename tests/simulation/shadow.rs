//! What the checker knows: every document decoded, and what documents derive, added up independently of the proposals.

use std::collections::{BTreeMap, BTreeSet};

use handover::chain::Fingerprint;
use handover::domain::account::{Account, Session, SignIn, Token};
use handover::domain::attempts::Attempts;
use handover::domain::document::{self, Derived, Document};
use handover::domain::id::{AccountId, AnalysisId, Context, InvitationId, ItemId};
use handover::domain::incoming::{Incoming, Sealed};
use handover::domain::index::Entry;
use handover::domain::invitation::Invitation;
use handover::domain::item::{Analysis, Biosamples, Item};
use handover::domain::key::{Counter, Key, Queue};
use handover::domain::letter::Letter;
use handover::domain::link::Link;
use handover::domain::moving::Move;
use handover::domain::reach::Reach;
use handover::domain::rights::Grant;
use handover::domain::time::Time;
use handover::domain::tombstone::Tombstone;
use handover::domain::workgroup::{Membership, Workgroup};
use handover::store::{Commit, IndexChange, Version, Write};

macro_rules! kinds {
    ($($kind:ident),*) => {
        /// A document of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Doc { $($kind(Box<$kind>),)* }

        impl Doc {
            /// The document under this key.
            fn read(key: &Key, body: &[u8]) -> Result<Self, String> {
                let doc = match key {
                    $(Key::$kind(..) => {
                        let doc: $kind = document::decode(body).map_err(|e| e.to_string())?;
                        if doc.key() != *key {
                            return Err(format!("{key:?} holds {:?}", doc.key()));
                        }
                        Self::$kind(Box::new(doc))
                    })*
                };
                Ok(doc)
            }
            fn entries(&self) -> Vec<Derived> {
                match self { $(Self::$kind(doc) => doc.entries(),)* }
            }
            fn counts(&self) -> Vec<(Counter, i64)> {
                match self { $(Self::$kind(doc) => doc.counts(),)* }
            }
            /// The work it waits for.
            pub fn due(&self) -> Option<(Queue, Time, u128)> {
                match self { $(Self::$kind(doc) => doc.due(),)* }
            }
        }
    };
}

kinds!(
    Account, Workgroup, Membership, Item, Biosamples, Grant, Invitation, Letter, SignIn, Session,
    Token, Analysis, Link, Move, Tombstone, Attempts, Incoming, Sealed, Reach
);

/// A document that a commit wrote, before and after.
#[derive(Debug)]
pub struct Change {
    pub key: Key,
    pub old: Option<Doc>,
    pub new: Option<Doc>,
    pub event: Option<handover::domain::event::Event>,
}

/// Everything as the documents say it is.
#[derive(Debug, Default)]
pub struct Shadow {
    pub docs: BTreeMap<Key, Doc>,
    pub counters: BTreeMap<Counter, i64>,
    pub entries: BTreeMap<Entry, Vec<u8>>,
    /// Bytes of the files that were listed, by item.
    pub files: BTreeMap<ItemId, BTreeMap<Entry, u64>>,
    pub analyses: BTreeSet<AnalysisId>,
    /// How long the chain of each item's events is, and its last entry.
    pub chains: BTreeMap<ItemId, (u64, Option<String>)>,
}

macro_rules! finders {
    ($($name:ident: $kind:ident ($($of:ident: $id:ty),*);)*) => {
        $(pub fn $name(&self, $($of: $id),*) -> Option<&$kind> {
            match self.docs.get(&Key::$kind($($of),*)) {
                Some(Doc::$kind(doc)) => Some(doc),
                _ => None,
            }
        })*
    };
}

impl Shadow {
    finders! {
        account: Account (id: AccountId);
        workgroup: Workgroup (id: handover::domain::id::WorkgroupId);
        membership: Membership (workgroup: handover::domain::id::WorkgroupId, account: AccountId);
        item: Item (id: ItemId);
        transfer: Invitation (id: InvitationId);
        analysis: Analysis (id: AnalysisId);
    }

    pub fn transfers(&self) -> impl Iterator<Item = &Invitation> {
        self.docs.values().filter_map(|doc| match doc {
            Doc::Invitation(transfer) => Some(&**transfer),
            _ => None,
        })
    }
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.docs.values().filter_map(|doc| match doc {
            Doc::Item(item) => Some(&**item),
            _ => None,
        })
    }
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.docs.values().filter_map(|doc| match doc {
            Doc::Link(link) => Some(&**link),
            _ => None,
        })
    }
    pub fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.docs.values().filter_map(|doc| match doc {
            Doc::Letter(letter) => Some(&**letter),
            _ => None,
        })
    }
    /// Whether the person belongs to the context.
    pub fn belongs(&self, person: AccountId, context: Context) -> bool {
        match context {
            Context::Personal(id) => id == person && self.account(id).is_some(),
            Context::Workgroup(id) => self.membership(id, person).is_some(),
        }
    }
    /// The bytes of all items of a context, added up.
    pub fn usage(&self, context: Context) -> i64 {
        let of = self.counters.get(&Counter::Usage(context));
        of.copied().unwrap_or_default()
    }

    /// Takes in a commit; what changed, or what cannot be.
    pub fn take_in(&mut self, commit: &Commit, version: Version) -> Result<Vec<Change>, String> {
        let mut changes = Vec::new();
        for write in &commit.writes {
            let old = self.docs.remove(&write.key);
            if let Some(old) = &old {
                self.forget(old);
            }
            let new = match &write.body {
                Some(body) => Some(Doc::read(&write.key, body)?),
                None => None,
            };
            let event = match &write.event {
                Some(event) => Some(serde_json::from_slice(event).map_err(|e| e.to_string())?),
                None => None,
            };
            self.follow(write, new.as_ref())?;
            changes.push(Change {
                key: write.key,
                old,
                new,
                event,
            });
        }
        for change in &changes {
            if let Some(new) = &change.new {
                self.remember(new)?;
                self.docs.insert(change.key, new.clone());
            }
        }
        // How often a link was accepted is no document's business; each acceptance is looked at with the grant that it gives.
        for add in &commit.adds {
            if let Counter::LinkUses(_) = add.counter {
                *self.counters.entry(add.counter).or_default() += add.by;
            }
        }
        for change in &commit.index {
            let (entry, value) = match change {
                IndexChange::Put(entry, value) => (entry, value),
                IndexChange::PutNumbered(entry, value) => {
                    let numbered = [&version.0.to_be_bytes()[..], value].concat();
                    self.entries.insert(*entry, numbered);
                    continue;
                }
                IndexChange::PutUnique(..) | IndexChange::Delete(_) => continue,
            };
            match entry {
                Entry::File(item, _) => {
                    let file: handover::actors::custody::File =
                        serde_json::from_slice(value).map_err(|e| e.to_string())?;
                    let files = self.files.entry(*item).or_default();
                    files.insert(*entry, file.bytes);
                    self.entries.insert(*entry, value.clone());
                }
                Entry::ProjectOf(..) | Entry::RunOf(..) => {
                    self.entries.insert(*entry, value.clone());
                }
                _ => {}
            }
        }
        Ok(changes)
    }

    /// Follows the chain of an item's events independently of the code that writes it: each entry names the one before, and the item
    /// the last.
    fn follow(&mut self, write: &Write, new: Option<&Doc>) -> Result<(), String> {
        let Key::Item(id) = write.key else {
            return Ok(());
        };
        let (length, head) = self.chains.entry(id).or_default();
        if let Some(event) = &write.event {
            let said: serde_json::Value =
                serde_json::from_slice(event).map_err(|e| e.to_string())?;
            let previous = head.as_deref();
            if said["number"] != *length + 1 || said["previous"].as_str() != previous {
                return Err(format!(
                    "an entry of {id} does not follow the one before: {said}"
                ));
            }
            *length += 1;
            *head = Some(Fingerprint::of(event).to_string());
        }
        let stands = (*length, head.clone());
        match new {
            Some(Doc::Item(item)) => {
                let says = (
                    item.chain.length,
                    item.chain.head.map(|head| head.to_string()),
                );
                if says == stands {
                    Ok(())
                } else {
                    Err(format!(
                        "{id} says its chain stands at {says:?}, and it is at {stands:?}"
                    ))
                }
            }
            _ => Ok(()),
        }
    }

    fn forget(&mut self, doc: &Doc) {
        for derived in doc.entries() {
            self.entries.remove(&derived.entry);
        }
        for (counter, n) in doc.counts() {
            *self.counters.entry(counter).or_default() -= n;
        }
    }

    fn remember(&mut self, doc: &Doc) -> Result<(), String> {
        for derived in doc.entries() {
            let there = self.entries.insert(derived.entry, derived.value);
            if there.is_some() {
                return Err(format!(
                    "two documents derive {:?}: names are unique per context and kind",
                    derived.entry
                ));
            }
        }
        for (counter, n) in doc.counts() {
            *self.counters.entry(counter).or_default() += n;
        }
        if let Doc::Analysis(analysis) = doc {
            self.analyses.insert(analysis.id);
        }
        Ok(())
    }
}
