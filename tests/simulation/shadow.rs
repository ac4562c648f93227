//! What the checker knows: every document decoded, and what documents derive, added up independently of the proposals.

use std::collections::{BTreeMap, BTreeSet};

use handover::actors::custody::{Dataset, File};
use handover::chain::Fingerprint;
use handover::domain::account::{Account, Session, SignIn, Token};
use handover::domain::address::Address;
use handover::domain::attempts::Attempts;
use handover::domain::document::{self, Derived, Document};
use handover::domain::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, LinkId,
    MessageId, MoveId, WorkgroupId,
};
use handover::domain::incoming::{Incoming, Sealed};
use handover::domain::index::Entry;
use handover::domain::invitation::Invitation;
use handover::domain::item::{Analysis, Biosamples, Item};
use handover::domain::key::{Counter, Key, Queue};
use handover::domain::letter::Letter;
use handover::domain::link::Link;
use handover::domain::moving::Move;
use handover::domain::ration::Ration;
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
    Token, Analysis, Link, Move, Tombstone, Attempts, Incoming, Sealed, Reach, Ration
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

/// The last of all ids.
const ALL: u128 = u128::MAX;

macro_rules! listers {
    ($($name:ident: $kind:ident ($first:expr, $last:expr);)*) => {
        $(pub fn $name(&self) -> impl Iterator<Item = &$kind> {
            self.docs.range($first..=$last).filter_map(|(_, doc)| match doc {
                Doc::$kind(doc) => Some(&**doc),
                _ => None,
            })
        })*
    };
}

impl Shadow {
    finders! {
        account: Account (id: AccountId);
        workgroup: Workgroup (id: WorkgroupId);
        membership: Membership (workgroup: WorkgroupId, account: AccountId);
        item: Item (id: ItemId);
        biosamples: Biosamples (project: ItemId);
        transfer: Invitation (id: InvitationId);
        analysis: Analysis (id: AnalysisId);
        proposed_move: Move (id: MoveId);
        tombstone: Tombstone (id: ItemId);
        letter: Letter (id: LetterId);
        incoming: Incoming (id: MessageId);
    }

    // Documents of one kind lie together, in the order of their ids.
    listers! {
        accounts: Account (Key::Account(AccountId::from_bits(0)), Key::Account(AccountId::from_bits(ALL)));
        workgroups: Workgroup (Key::Workgroup(WorkgroupId::from_bits(0)), Key::Workgroup(WorkgroupId::from_bits(ALL)));
        memberships: Membership (
            Key::Membership(WorkgroupId::from_bits(0), AccountId::from_bits(0)),
            Key::Membership(WorkgroupId::from_bits(ALL), AccountId::from_bits(ALL))
        );
        items: Item (Key::Item(ItemId::new(ItemKind::Run, 0)), Key::Item(ItemId::new(ItemKind::Project, ALL)));
        transfers: Invitation (Key::Invitation(InvitationId::from_bits(0)), Key::Invitation(InvitationId::from_bits(ALL)));
        links: Link (Key::Link(LinkId::from_bits(0)), Key::Link(LinkId::from_bits(ALL)));
        letters: Letter (Key::Letter(LetterId::from_bits(0)), Key::Letter(LetterId::from_bits(ALL)));
        moves: Move (Key::Move(MoveId::from_bits(0)), Key::Move(MoveId::from_bits(ALL)));
        tombstones: Tombstone (
            Key::Tombstone(ItemId::new(ItemKind::Run, 0)),
            Key::Tombstone(ItemId::new(ItemKind::Project, ALL))
        );
    }

    /// Who belongs to a workgroup.
    pub fn members(&self, workgroup: WorkgroupId) -> impl Iterator<Item = &Membership> {
        let first = Key::Membership(workgroup, AccountId::from_bits(0));
        let last = Key::Membership(workgroup, AccountId::from_bits(ALL));
        self.docs
            .range(first..=last)
            .filter_map(|(_, doc)| match doc {
                Doc::Membership(membership) => Some(&**membership),
                _ => None,
            })
    }
    /// Who has been given access to an item.
    pub fn grants(&self, item: ItemId) -> impl Iterator<Item = &Grant> {
        let first = Key::Grant(item, Context::Personal(AccountId::from_bits(0)));
        let last = Key::Grant(item, Context::Workgroup(WorkgroupId::from_bits(ALL)));
        self.docs
            .range(first..=last)
            .filter_map(|(_, doc)| match doc {
                Doc::Grant(grant) => Some(&**grant),
                _ => None,
            })
    }
    /// The projects that a run's data went into.
    pub fn projects_of(&self, run: ItemId) -> impl Iterator<Item = ItemId> + '_ {
        let first = Entry::ProjectOf(run, ItemId::new(ItemKind::Run, 0));
        let last = Entry::ProjectOf(run, ItemId::new(ItemKind::Project, ALL));
        let project = |(entry, _): (&Entry, _)| match entry {
            Entry::ProjectOf(_, project) => Some(*project),
            _ => None,
        };
        self.entries.range(first..=last).filter_map(project)
    }
    /// Whether files or datasets are listed of an item.
    pub fn has_files(&self, item: ItemId) -> bool {
        let files = Entry::File(item, Digest(0))..=Entry::File(item, Digest(ALL));
        self.entries.range(files).next().is_some() || self.datasets(item).next().is_some()
    }
    /// The datasets of a project as they are recorded.
    pub fn datasets(&self, project: ItemId) -> impl Iterator<Item = Dataset> + '_ {
        let all = Entry::Dataset(project, Digest(0))..=Entry::Dataset(project, Digest(ALL));
        let read = |(_, value): (_, &Vec<u8>)| serde_json::from_slice(value).unwrap();
        self.entries.range(all).map(read)
    }
    /// The datasets of a project by name, as its files say them: how many files, how many bytes.
    pub fn datasets_of_files(&self, project: ItemId) -> BTreeMap<String, (u64, u64)> {
        let files = Entry::File(project, Digest(0))..=Entry::File(project, Digest(ALL));
        let mut all = BTreeMap::new();
        for value in self.entries.range(files).map(|(_, value)| value) {
            let file: File = serde_json::from_slice(value).unwrap();
            if let Some(dataset) = file.dataset {
                let (n, bytes): &mut (u64, u64) = all.entry(dataset).or_default();
                (*n, *bytes) = (*n + 1, *bytes + file.bytes);
            }
        }
        all
    }
    /// Whether a message that came in by mail is kept as it came.
    pub fn has_raw(&self) -> bool {
        let first = Key::Sealed(MessageId::from_bits(0));
        let last = Key::Sealed(MessageId::from_bits(ALL));
        self.docs.range(first..=last).next().is_some()
    }
    /// Whoever has verified an address.
    pub fn holder(&self, address: &Address) -> Option<&Account> {
        self.accounts().find(|account| account.has(address))
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
        // How often a link was accepted, and how often a recipient was asked, is no document's business; each is looked at with what
        // it goes with.
        for add in &commit.adds {
            if let Counter::LinkUses(_) | Counter::Rationed(_) = add.counter {
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
                // What no document derives goes when it is said to go.
                IndexChange::Delete(
                    entry @ (Entry::File(..)
                    | Entry::Dataset(..)
                    | Entry::ProjectOf(..)
                    | Entry::RunOf(..)),
                ) => {
                    self.entries.remove(entry);
                    if let Entry::File(item, _) = entry
                        && let Some(files) = self.files.get_mut(item)
                    {
                        files.remove(entry);
                    }
                    continue;
                }
                IndexChange::PutUnique(..) | IndexChange::Delete(_) => continue,
            };
            match entry {
                Entry::File(item, _) => {
                    let file: File = serde_json::from_slice(value).map_err(|e| e.to_string())?;
                    let files = self.files.entry(*item).or_default();
                    files.insert(*entry, file.bytes);
                    self.entries.insert(*entry, value.clone());
                }
                Entry::Dataset(..) | Entry::ProjectOf(..) | Entry::RunOf(..) => {
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
