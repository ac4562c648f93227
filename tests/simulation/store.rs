//! The store of a history: the model, behind a wrapper that lets others go first at every call, fails now and then, shows every commit
//! to the checker, and breaks rules on purpose.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use handover::actors::proposal::Proposal;
use handover::domain::document;
use handover::domain::id::{CommandId, Context};
use handover::domain::index::Entry;
use handover::domain::invitation::{Invitation, State, Terms};
use handover::domain::key::{Bytes, Counter, Key};
use handover::domain::link::{self, Link};
use handover::domain::rights::{Grant, Origin, Part};
use handover::domain::time::Time;
use handover::store::model::Model;
use handover::store::{
    ABSENT, Add, Answer, Claimed, Commit, Direction, Due, Fault, Frozen, Outcome, Page, Queue,
    Record, Settlement, Store, Version,
};

use crate::broken::Broken;
use crate::checker::Checker;
use crate::universe::{Home, Universe, locked};

/// The model, disturbed.
pub struct Disturbed {
    pub universe: Arc<Universe>,
    pub model: Arc<Model>,
    pub checker: Arc<Mutex<Checker>>,
    /// On which node its callers are; what a broken rule starts in the background ends with it.
    pub node: usize,
}

impl Disturbed {
    async fn reading(&self, what: &str) -> Result<(), Fault> {
        let universe = &self.universe;
        universe.let_others().await;
        if universe.fault(universe.weather.read_fault) {
            universe.note(|| format!("node {}: {what} fails", self.node));
            return Err(Fault::retry("the disk hiccups"));
        }
        Ok(())
    }

    fn expect_what_is_there(&self, commit: &mut Commit) {
        let view = self.model.view();
        let now: std::collections::BTreeMap<Key, Version> =
            view.documents().map(|(key, r)| (key, r.version)).collect();
        for write in &mut commit.writes {
            write.expected = now.get(&write.key).copied().unwrap_or(ABSENT);
        }
        commit.guards.clear();
    }

    /// Takes the letters out of a commit; they are committed later, unless the node crashes before.
    fn letters_later(&self, commit: &mut Commit) {
        let letter = |key: &Key| matches!(key, Key::Letter(_));
        if commit.answers.is_some() || !commit.writes.iter().any(|w| letter(&w.key)) {
            return;
        }
        let mut later = Commit {
            at: commit.at,
            ..Commit::default()
        };
        let writes = std::mem::take(&mut commit.writes);
        (later.writes, commit.writes) = writes.into_iter().partition(|w| letter(&w.key));
        let rows = std::mem::take(&mut commit.enqueue);
        (later.enqueue, commit.enqueue) = rows.into_iter().partition(|d| d.queue == Queue::Outbox);
        let (universe, model) = (Arc::clone(&self.universe), Arc::clone(&self.model));
        let checker = Arc::clone(&self.checker);
        let work = async move {
            universe.rest(20).await;
            let shown = later.clone();
            if let Outcome::Done(version) = model.commit(later).await {
                locked(&checker).committed(&universe, &shown, version, &model.view());
            }
        };
        self.universe.spawn(Home::Node(self.node), work);
    }

    async fn carry_out(&self, mut commit: Commit) -> Outcome {
        // The checker is shown what was decided, whatever becomes of it here.
        let mut shown = commit.clone();
        match self.universe.broken {
            Broken::Nothing
            | Broken::PresentState
            | Broken::RightsRemembered
            | Broken::ReplyFromAnybody
            | Broken::RepeatedMessage => {}
            Broken::RawForEver => {
                let raw = |key: &Key| matches!(key, Key::Sealed(_));
                if commit.writes.iter().any(|write| raw(&write.key)) {
                    commit.enqueue.retain(|due| due.queue != Queue::Sweeps);
                }
            }
            Broken::AccessAfterCancel => {
                leave_access(&mut commit);
                shown = commit.clone();
            }
            Broken::LinkAfterEnd => commit.guards.retain(|(key, _)| !is_link(key)),
            Broken::MembershipBefore => {
                commit
                    .guards
                    .retain(|(key, _)| !matches!(key, Key::Membership(..)));
            }
            Broken::OpenBefore => {
                commit
                    .guards
                    .retain(|(key, _)| !matches!(key, Key::Workgroup(_)));
            }
            Broken::PurgeKeepsRoom => {
                if deletes(&commit, |key| matches!(key, Key::Item(_))) {
                    let usage = |add: &Add| matches!(add.counter, Counter::Usage(_));
                    commit.adds.retain(|add| !usage(add));
                }
            }
            Broken::OwnerKeepsAccess => {
                keep_access(&mut commit);
                shown = commit.clone();
            }
            Broken::NoVersionCheck => self.expect_what_is_there(&mut commit),
            Broken::NoCommandIds => commit.command = None,
            Broken::LettersOutside => {
                self.letters_later(&mut commit);
                shown = commit.clone();
            }
            Broken::QuotaBefore => {
                let usage = |add: &&mut Add| matches!(add.counter, Counter::Usage(_));
                for add in commit.adds.iter_mut().filter(usage) {
                    add.limit = None;
                }
            }
        }
        let outcome = self.model.commit(commit).await;
        if let Outcome::Done(version) = outcome {
            let view = self.model.view();
            let mut checker = locked(&self.checker);
            checker.committed(&self.universe, &shown, version, &view);
        }
        outcome
    }
}

/// Whether a commit deletes such a document.
fn deletes(commit: &Commit, such: impl Fn(&Key) -> bool) -> bool {
    let mut gone = commit.writes.iter().filter(|write| write.body.is_none());
    gone.any(|write| such(&write.key))
}

fn is_link(key: &Key) -> bool {
    matches!(key, Key::Link(_))
}

/// A link as if nobody had deactivated it.
fn reopen(found: &mut Option<Record>) {
    if let Some(record) = found
        && let Ok(mut link) = document::decode::<Link>(&record.body)
    {
        link.state = link::State::Active;
        record.body = document::encode(&link);
    }
}

/// Takes out of a commit by which items change hands that the new owner's access ends.
fn keep_access(commit: &mut Commit) {
    let accepted = commit.writes.iter().find_map(|write| {
        let invitation: Invitation = document::decode(write.body.as_ref()?).ok()?;
        match (&invitation.terms, &invitation.state) {
            (Terms::Ownership { .. }, State::Accepted { into, .. }) => Some(*into),
            _ => None,
        }
    });
    let kept =
        |key: &Key| matches!((key, accepted), (Key::Grant(_, of), Some(into)) if *of == into);
    commit
        .writes
        .retain(|write| write.body.is_some() || !kept(&write.key));
}

/// Adds to a commit that cancels an invitation the access that it would have given.
fn leave_access(commit: &mut Commit) {
    let invitations = commit.writes.iter().filter_map(|write| {
        let body = write.body.as_ref()?;
        document::decode::<Invitation>(body).ok()
    });
    let mut left = Proposal::default();
    for invitation in invitations.collect::<Vec<_>>() {
        let (Terms::Access { level, until }, State::Cancelled { at, by, .. }) =
            (invitation.terms, &invitation.state)
        else {
            continue;
        };
        let part = Part {
            level,
            origin: Origin::Invitation(invitation.id),
            accepted_by: *by,
            since: *at,
            until,
        };
        for offered in &invitation.items {
            let to = Context::Personal(*by);
            left.create(&Grant::none(offered.item, to).with(part.clone()), None);
        }
    }
    let left = left.into_commit(commit.at);
    commit.writes.extend(left.writes);
    commit.index.extend(left.index);
}

/// What the model held at one moment; others go on while it is looked at.
struct Look<'a>(&'a Disturbed, Box<dyn Frozen + 'a>);

impl Frozen for Look<'_> {
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move {
            self.0.reading("a read").await?;
            self.1.load(keys).await
        })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            self.0.reading("a look-up").await?;
            self.1.find(entries).await
        })
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            self.0.reading("a scan").await?;
            self.1.scan(prefix, after, direction, limit).await
        })
    }
}

impl Store for Disturbed {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        Box::pin(async move {
            self.reading("a look").await?;
            let look = Look(self, self.model.frozen().await?);
            Ok(Box::new(look) as Box<dyn Frozen>)
        })
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move {
            self.reading("a read").await?;
            let mut found = self.model.load(keys).await?;
            if self.universe.broken == Broken::LinkAfterEnd {
                let links = keys.iter().zip(&mut found).filter(|(key, _)| is_link(key));
                links.for_each(|(_, found)| reopen(found));
            }
            Ok(found)
        })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            self.reading("a look-up").await?;
            self.model.find(entries).await
        })
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        Box::pin(async move {
            self.reading("a count").await?;
            self.model.counters(counters).await
        })
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            self.reading("a scan").await?;
            self.model.scan(prefix, after, direction, limit).await
        })
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        Box::pin(async move {
            self.reading("a journal").await?;
            self.model.history(key, after, limit).await
        })
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        Box::pin(async move {
            self.reading("a journal").await?;
            self.model.latest(key, before, limit).await
        })
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let (universe, weather) = (&self.universe, &self.universe.weather);
            universe.let_others().await;
            if universe.broken == Broken::QuotaBefore {
                // The longer a check lies back, the more it is worth to make it in the commit.
                let limited = commit.adds.iter().any(|add| add.limit.is_some());
                let steps = if limited { 600 } else { 60 };
                universe.rest(universe.below(steps)).await;
            }
            if universe.fault(weather.unavailable) {
                universe.note(|| format!("node {}: a commit is turned away", self.node));
                return Outcome::Unavailable;
            }
            if universe.fault(weather.unknown_lost) {
                universe.note(|| format!("node {}: a commit is lost, unknown", self.node));
                return Outcome::Unknown;
            }
            let outcome = self.carry_out(commit).await;
            if matches!(outcome, Outcome::Conflict(_) | Outcome::OverLimit { .. }) {
                universe.note(|| format!("node {}: {outcome:?}", self.node));
            }
            // Durable, and nobody knows it yet.
            universe.let_others().await;
            if universe.fault(weather.unknown_done) {
                universe.note(|| format!("node {}: unknown, though {outcome:?}", self.node));
                return Outcome::Unknown;
            }
            outcome
        })
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            self.reading("an outcome").await?;
            if self.universe.broken == Broken::NoCommandIds {
                return Ok(None);
            }
            self.model.outcome(command).await
        })
    }
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        Box::pin(async move {
            self.reading("a claim").await?;
            let claimed = self.model.claim(queue, now, limit, lease_ms).await?;
            self.universe.let_others().await;
            Ok(claimed)
        })
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        Box::pin(async move {
            self.reading("a settlement").await?;
            self.model.settle(claimed, settlement).await?;
            locked(&self.checker).settled(&self.universe, claimed.due, &self.model.view());
            Ok(())
        })
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        Box::pin(async move {
            self.reading("a look at a queue").await?;
            self.model.waiting(queue, limit).await
        })
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        Box::pin(async move {
            self.reading("forgetting").await?;
            self.model.forget_commands(now, limit).await
        })
    }
    fn health(&self) -> Answer<'_, ()> {
        self.model.health()
    }
}
