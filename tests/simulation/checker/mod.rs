//! Looks at every commit, and at everything now and then: the invariants of a transfer, independently of the code that keeps them.

mod acts;
mod ends;
mod graves;
pub mod inbox;
mod letters;
mod members;
mod moves;
mod queues;
mod rights;
mod transfers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handover::domain::id::{AccountId, CommandId, Context, ItemId, LetterId};
use handover::domain::index::Entry;
use handover::domain::key::{Counter, Key};
use handover::domain::letter::Kind;
use handover::domain::policy::Policy;
use handover::domain::rights::Level;
use handover::domain::time::Time;
use handover::store::model::View;
use handover::store::{Commit, Due, Version};

use crate::shadow::{Change, Shadow};
use crate::universe::{KNOWN_MS, Universe};

/// So many commits lie between two looks at everything.
const WHOLE_EVERY: u64 = 16;

/// What was seen of one history.
pub struct Checker {
    pub shadow: Shadow,
    pub policy: Arc<Policy>,
    /// Commands that were committed: when they were decided, and at which step.
    pub commands: BTreeMap<CommandId, (Time, u64)>,
    /// Commands that ran again after their result was forgotten.
    pub forgotten: BTreeSet<CommandId>,
    /// Letters that the mail server took, and how often.
    pub taken: BTreeMap<LetterId, Vec<Kind>>,
    /// Letters that the mail server refused for good.
    pub refused: BTreeSet<LetterId>,
    /// What became of messages, for the reader of a summary.
    pub became: BTreeMap<String, u64>,
    /// What has happened, for the reader of a summary.
    pub seen: BTreeMap<&'static str, u64>,
    /// The last commit that changed what a context may hold, or does.
    pub room_changed: BTreeMap<Context, u64>,
    /// The last commit that changed an item: its files may have become fewer or smaller.
    pub item_changed: BTreeMap<ItemId, u64>,
    /// Who belonged to which workgroup and does not any more, or did not for a while.
    pub departed: Vec<(AccountId, Context)>,
    /// What whoever looked at an item was last told they may do with it.
    pub looked: BTreeMap<(AccountId, ItemId), Option<Level>>,
    /// What came in by mail.
    pub inbox: inbox::Inbox,
    /// Letters that were not offered to the mail server, because their address was known not to work.
    pub unreachable: BTreeSet<LetterId>,
    moves: moves::Moves,
    commits: u64,
}

/// One commit, as the rules see it: after it, with what it changed.
pub struct Seen<'a> {
    pub commit: &'a Commit,
    pub changes: &'a [Change],
    pub after: &'a Shadow,
    pub policy: &'a Policy,
}

impl Checker {
    /// How many commits there were.
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            shadow: Shadow::default(),
            policy,
            commands: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            taken: BTreeMap::new(),
            refused: BTreeSet::new(),
            became: BTreeMap::new(),
            seen: BTreeMap::new(),
            room_changed: BTreeMap::new(),
            item_changed: BTreeMap::new(),
            departed: Vec::new(),
            looked: BTreeMap::new(),
            inbox: inbox::Inbox::default(),
            unreachable: BTreeSet::new(),
            moves: moves::Moves::default(),
            commits: 0,
        }
    }

    /// What a person may do with an item at this moment, from the documents alone.
    pub fn level(&self, person: AccountId, item: ItemId, now: Time) -> Option<Level> {
        rights::level(&self.shadow, &self.policy, person, item, now)
    }

    /// Whether a person acts as this context, from the documents alone.
    pub fn acts(&self, person: AccountId, context: Context) -> bool {
        rights::acts(&self.shadow, &self.policy, person, context)
    }

    /// The cap of a context, from the documents alone.
    pub fn quota(&self, context: Context) -> Option<u64> {
        let (own, domain, tier) = match context {
            Context::Personal(id) => {
                let account = self.shadow.account(id)?;
                (account.quota, &account.domain, account.tier)
            }
            Context::Workgroup(id) => {
                let workgroup = self.shadow.workgroup(id)?;
                (workgroup.quota, &workgroup.domain, workgroup.tier)
            }
        };
        self.policy.quota(own, domain, tier)
    }

    /// Counts something that happened.
    pub fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// A commit became durable.
    pub fn committed(
        &mut self,
        universe: &Universe,
        commit: &Commit,
        version: Version,
        view: &View,
    ) {
        self.commits += 1;
        let found = self.look(universe, commit, version, view);
        if let Err(why) = found {
            universe.fail(format!("commit {}: {why}", version.0));
        }
    }

    fn look(
        &mut self,
        universe: &Universe,
        commit: &Commit,
        version: Version,
        view: &View,
    ) -> Result<(), String> {
        let changes = self.shadow.take_in(commit, version)?;
        universe.note(|| describe(version, commit, &changes));
        self.only_once(commit, universe)?;
        let seen = Seen {
            commit,
            changes: &changes,
            after: &self.shadow,
            policy: &self.policy,
        };
        acts::check(&seen)?;
        transfers::check(&seen)?;
        members::check(&seen)?;
        graves::check(&seen)?;
        self.moves.check(&seen, self.commits)?;
        let became = self.inbox.check(&seen)?;
        letters::check(&seen, &self.taken, &self.inbox)?;
        queues::check(&seen, view, universe.latest())?;
        if let Some(became) = became {
            *self.became.entry(became).or_default() += 1;
        }
        self.counters(commit, view)?;
        let documents = changes.iter().filter_map(|change| match change.key {
            Key::Account(id) => Some(Context::Personal(id)),
            Key::Workgroup(id) => Some(Context::Workgroup(id)),
            _ => None,
        });
        let used = commit.adds.iter().filter_map(|add| match add.counter {
            Counter::Usage(context) => Some(context),
            Counter::OpenOffers(..)
            | Counter::LinkUses(_)
            | Counter::Incoming(..)
            | Counter::Sealed
            | Counter::SealedOf(_)
            | Counter::Explained(_)
            | Counter::Rationed(_) => None,
        });
        for context in documents.chain(used) {
            self.room_changed.insert(context, self.commits);
        }
        let items = changes.iter().filter_map(|change| match change.key {
            Key::Item(id) => Some(id),
            _ => None,
        });
        for item in items {
            self.item_changed.insert(item, self.commits);
        }
        for change in &changes {
            if let (Key::Membership(workgroup, account), None) = (change.key, &change.new) {
                let context = Context::Workgroup(workgroup);
                self.departed.push((account, context));
            }
            if let Some(what) = transfers::kind_of(change) {
                self.saw(what);
            }
        }
        if self.commits.is_multiple_of(WHOLE_EVERY) {
            self.everything(view)?;
        }
        Ok(())
    }

    /// A claim was settled.
    pub fn settled(&mut self, universe: &Universe, due: Due, view: &View) {
        if let Err(why) = queues::has_row(&self.shadow, view, due.queue, due.id, universe.latest())
        {
            universe.fail(format!("a settled row of {:?}: {why}", due.queue));
        }
    }

    fn only_once(&mut self, commit: &Commit, universe: &Universe) -> Result<(), String> {
        let Some(command) = commit.command else {
            return Ok(());
        };
        // Results are kept for 7 days; what lies still for longer, half done, may run again.
        let here = (commit.at, universe.step());
        if let Some((before, _)) = self.commands.insert(command, here) {
            if universe.latest().since_ms(before) < KNOWN_MS {
                return Err(format!("{command} ran twice"));
            }
            self.forgotten.insert(command);
        }
        Ok(())
    }

    fn counters(&self, commit: &Commit, view: &View) -> Result<(), String> {
        let there: BTreeMap<Counter, i64> = view.counters().collect();
        for add in &commit.adds {
            let (is, should) = (
                there.get(&add.counter).copied().unwrap_or_default(),
                self.shadow.counters.get(&add.counter).copied(),
            );
            if is != should.unwrap_or_default() {
                return Err(format!(
                    "{:?} stands at {is}, and the documents add up to {should:?}",
                    add.counter
                ));
            }
        }
        Ok(())
    }

    /// Everything that the store holds is what the documents derive, and no more.
    pub fn everything(&self, view: &View) -> Result<(), String> {
        let documents = view.documents().count();
        if documents != self.shadow.docs.len() {
            return Err(format!(
                "{documents} documents are there, and {} were written",
                self.shadow.docs.len()
            ));
        }
        let counters: BTreeMap<Counter, i64> = view.counters().collect();
        let summed = self.shadow.counters.iter().filter(|(_, n)| **n != 0);
        let summed: BTreeMap<Counter, i64> = summed.map(|(c, n)| (*c, *n)).collect();
        if counters != summed {
            return Err(format!(
                "the counters are {counters:?}, and the documents add up to {summed:?}"
            ));
        }
        let there: BTreeMap<_, Vec<u8>> = view.entries().map(|(e, v)| (e, v.to_vec())).collect();
        if there != self.shadow.entries {
            let only = |a: &BTreeMap<Entry, Vec<u8>>, b: &BTreeMap<Entry, Vec<u8>>| {
                let only = a
                    .iter()
                    .filter(|(entry, value)| b.get(*entry) != Some(*value));
                only.map(|(entry, _)| format!("{entry:?}"))
                    .collect::<Vec<_>>()
            };
            return Err(format!(
                "index entries that no document derives: {:?}; missing ones: {:?}",
                only(&there, &self.shadow.entries),
                only(&self.shadow.entries, &there)
            ));
        }
        transfers::whole(&self.shadow)?;
        members::whole(&self.shadow)?;
        graves::whole(&self.shadow)?;
        queues::whole(&self.shadow, view)
    }

    /// What must hold when nothing happens any more.
    pub fn at_the_end(&self, view: &View) -> Result<(), String> {
        self.everything(view)?;
        graves::ended(&self.shadow)?;
        self.inbox.ended(&self.shadow)?;
        moves::ended(self)?;
        ends::check(self, view)
    }
}

fn describe(version: Version, commit: &Commit, changes: &[Change]) -> String {
    let parts: Vec<String> = changes.iter().map(transfers::describe).collect();
    let command = commit.command.map(|id| format!(" {id}"));
    format!(
        "commit {}{}: {}",
        version.0,
        command.unwrap_or_default(),
        parts.join(", ")
    )
}
