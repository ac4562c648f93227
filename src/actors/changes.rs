//! What changed, told to who waits for it: never what it is now, only that looking again is worth it.
//!
//! Every commit of this process passes [`Telling`]. What it touches is found from its keys and rows, so no command can forget to tell.
//! Nobody is told of a topic but who listens to it, and whoever has listened for long is told once. What other nodes commit is not seen
//! here.

mod scope;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::id::{Context, Digest, InvitationId, ItemId, LetterId, MoveId};
use crate::domain::index::{Entry, Receiver};
use crate::domain::key::{Counter, Key};
use crate::store::{Commit, IndexChange};

pub use scope::{Shown, topics};
pub use telling::Telling;

/// For so many topics it is remembered when they changed last; two that fall on one place change together.
const PLACES: usize = 4_096;

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What a context owns, has sent, was given, or holds; who belongs to it.
    Context(Context),
    /// What is offered to whoever holds the address with this digest.
    Address(Digest),
    /// An item, who works with it, and what happened to it.
    Item(ItemId),
    /// An offer or invitation.
    Invitation(InvitationId),
    /// How the delivery of a letter stands.
    Letter(LetterId),
    /// The letters about an offer that it does not name.
    Besides(InvitationId),
    /// A move of everything of somebody.
    Move(MoveId),
    /// All moves, and transfers that wait for analyses: for those who administer the site.
    Moves,
    /// All mail: for the same.
    Mail,
    /// A session: it ended.
    Session(Digest),
}

/// A moment of this process. Later ones are larger, those of an earlier process smaller than [`Changes::now`] ever was here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// Where what changed is told, and who listens. Cheap to clone.
#[derive(Clone)]
pub struct Changes(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    /// The moment this began, less what the clock had counted by then.
    base: u64,
    began: Moment,
    last: Vec<AtomicU64>,
    listening: AtomicUsize,
    ears: Mutex<Ears>,
}

#[derive(Default)]
struct Ears {
    next: u64,
    of: BTreeMap<Topic, BTreeMap<u64, Arc<Ear>>>,
}

#[derive(Default)]
struct Ear {
    heard: Mutex<BTreeSet<Topic>>,
    bell: Notify,
}

impl Ear {
    fn hear(&self, topic: Topic) {
        locked(&self.heard).insert(topic);
        self.bell.notify_one();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Changes {
    /// Nothing has changed yet, and nobody listens.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = u64::try_from(clock.now()).unwrap_or(0);
        let base = now.saturating_sub(counted(&*clock));
        Self(Arc::new(Inner {
            base,
            began: Moment(base.saturating_add(counted(&*clock))),
            clock,
            last: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            listening: AtomicUsize::new(0),
            ears: Mutex::default(),
        }))
    }

    /// The present moment: whoever reads from now on sees everything that was told before.
    pub fn now(&self) -> Moment {
        let Inner { clock, base, .. } = &*self.0;
        Moment(base.saturating_add(counted(&**clock)))
    }

    /// These have changed.
    fn tell(&self, topics: &[Topic]) {
        let Moment(now) = self.now();
        for topic in topics {
            if let Some(last) = self.place(*topic) {
                last.fetch_max(now, Ordering::SeqCst);
            }
        }
        // Whoever begins to listen counts first and looks at the moments then, so one of the two sees the other.
        if self.0.listening.load(Ordering::SeqCst) == 0 {
            return;
        }
        let ears = locked(&self.0.ears);
        for topic in topics {
            for ear in ears.of.get(topic).into_iter().flat_map(BTreeMap::values) {
                ear.hear(*topic);
            }
        }
    }

    fn place(&self, topic: Topic) -> Option<&AtomicU64> {
        let mut hasher = DefaultHasher::new();
        topic.hash(&mut hasher);
        let place = hasher.finish() % PLACES as u64;
        self.0.last.get(usize::try_from(place).ok()?)
    }

    /// Whether it may have changed at this moment or since.
    fn has_changed(&self, topic: Topic, since: Moment) -> bool {
        let last = self.place(topic);
        let last = last.map_or(u64::MAX, |last| last.load(Ordering::SeqCst));
        since < self.0.began || Moment(last) >= since
    }

    /// Listens to these from now on, and has heard at once of those that changed since somebody looked at them.
    pub fn listen(&self, topics: BTreeSet<Topic>, since: Moment) -> Listening {
        self.0.listening.fetch_add(1, Ordering::SeqCst);
        let mut ears = locked(&self.0.ears);
        let id = ears.next;
        ears.next = ears.next.wrapping_add(1);
        drop(ears);
        let mut listening = Listening {
            changes: self.clone(),
            id,
            ear: Arc::default(),
            topics: BTreeSet::new(),
        };
        listening.to(topics);
        for topic in &listening.topics {
            if self.has_changed(*topic, since) {
                listening.ear.hear(*topic);
            }
        }
        listening
    }

    /// How many listen.
    pub fn listening(&self) -> usize {
        self.0.listening.load(Ordering::SeqCst)
    }
}

fn counted(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Somebody who listens, until this is dropped.
pub struct Listening {
    changes: Changes,
    id: u64,
    ear: Arc<Ear>,
    topics: BTreeSet<Topic>,
}

impl Listening {
    /// Waits until something has been heard that was not taken yet.
    pub async fn heard(&self) {
        // The bell may have rung for what was taken meanwhile.
        while locked(&self.ear.heard).is_empty() {
            self.ear.bell.notified().await;
        }
    }

    /// What was heard since this was asked last.
    pub fn take(&self) -> BTreeSet<Topic> {
        std::mem::take(&mut *locked(&self.ear.heard))
    }

    /// Listens to these from now on, and to no others.
    pub fn to(&mut self, topics: BTreeSet<Topic>) {
        let mut ears = locked(&self.changes.0.ears);
        for gone in self.topics.difference(&topics) {
            ears.leave(*gone, self.id);
        }
        for come in topics.difference(&self.topics) {
            let all = ears.of.entry(*come).or_default();
            all.insert(self.id, Arc::clone(&self.ear));
        }
        drop(ears);
        self.topics = topics;
    }
}

impl Ears {
    fn leave(&mut self, topic: Topic, id: u64) {
        if let Some(all) = self.of.get_mut(&topic) {
            all.remove(&id);
            if all.is_empty() {
                self.of.remove(&topic);
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.to(BTreeSet::new());
        self.changes.0.listening.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What a commit touches, each once.
fn touched(commit: &Commit) -> Vec<Topic> {
    let mut topics = Vec::new();
    for write in &commit.writes {
        written(write.key, &mut topics);
    }
    for change in &commit.index {
        let (IndexChange::Put(entry, _)
        | IndexChange::PutUnique(entry, _)
        | IndexChange::PutNumbered(entry, _)
        | IndexChange::Delete(entry)) = change;
        listed(*entry, &mut topics);
    }
    for add in &commit.adds {
        match add.counter {
            Counter::Usage(context) => topics.push(Topic::Context(context)),
            Counter::OpenOffers(..)
            | Counter::LinkUses(_)
            | Counter::Incoming(..)
            | Counter::Sealed
            | Counter::SealedOf(_)
            | Counter::Explained(_)
            | Counter::Rationed(_) => {}
        }
    }
    topics.sort_unstable();
    topics.dedup();
    topics
}

fn written(key: Key, topics: &mut Vec<Topic>) {
    match key {
        Key::Account(id) => topics.push(Topic::Context(Context::Personal(id))),
        Key::Workgroup(id) => topics.push(Topic::Context(Context::Workgroup(id))),
        Key::Membership(workgroup, account) => topics.extend([
            Topic::Context(Context::Workgroup(workgroup)),
            Topic::Context(Context::Personal(account)),
        ]),
        Key::Item(id) | Key::Biosamples(id) | Key::Tombstone(id) => topics.push(Topic::Item(id)),
        Key::Grant(item, context) => topics.extend([Topic::Item(item), Topic::Context(context)]),
        Key::Invitation(id) => topics.push(Topic::Invitation(id)),
        Key::Letter(id) => topics.extend([Topic::Letter(id), Topic::Mail]),
        Key::Incoming(_) | Key::Reach(_) => topics.push(Topic::Mail),
        Key::Session(digest) => topics.push(Topic::Session(digest)),
        Key::Move(id) => topics.extend([Topic::Move(id), Topic::Moves]),
        // What is changed with one of these stands in another document too, or on no page that is told.
        Key::SignIn(_)
        | Key::Token(_)
        | Key::Analysis(_)
        | Key::Link(_)
        | Key::Attempts(..)
        | Key::Sealed(_)
        | Key::Ration(_) => {}
    }
}

fn listed(entry: Entry, topics: &mut Vec<Topic>) {
    match entry {
        Entry::Name(context, ..)
        | Entry::Owned(context, _)
        | Entry::Sized(context, ..)
        | Entry::Sent(context, ..)
        | Entry::Granted(context, _)
        | Entry::Concerned(context, ..)
        | Entry::Trashed(context, _)
        | Entry::Received(Receiver::Context(context), ..) => topics.push(Topic::Context(context)),
        Entry::Received(Receiver::Address(digest), ..) => topics.push(Topic::Address(digest)),
        Entry::ProjectOf(run, project) | Entry::RunOf(project, run) => {
            topics.extend([Topic::Item(run), Topic::Item(project)]);
        }
        Entry::File(item, _)
        | Entry::Dataset(item, _)
        | Entry::Grantee(item, _)
        | Entry::SharedIn(item, _)
        | Entry::LinkOf(item, _)
        | Entry::Running(item, _)
        | Entry::Whose(item) => topics.push(Topic::Item(item)),
        Entry::Besides(invitation, _) => topics.push(Topic::Besides(invitation)),
        Entry::Requested(_) => topics.push(Topic::Moves),
        // The documents that these lead to are written too. That somebody's data is to be moved is not told to them.
        Entry::Address(_)
        | Entry::Handle(_)
        | Entry::Member(..)
        | Entry::Answers(..)
        | Entry::Standing(_)
        | Entry::Belongs(..)
        | Entry::SessionOf(..)
        | Entry::TokenOf(..)
        | Entry::Invited(..)
        | Entry::LinkToken(_)
        | Entry::Ruled(_)
        | Entry::InDomain(..)
        | Entry::Moves(..)
        | Entry::MovingFrom(_)
        | Entry::Acted(..)
        | Entry::AttemptsOf(..)
        | Entry::Incoming(..)
        | Entry::Undeliverable(_)
        | Entry::Troubled(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::Manual;
    use crate::domain::id::{AccountId, WorkgroupId};

    const ANNA: Topic = Topic::Context(Context::Personal(AccountId::from_bits(1)));
    const LAB: Topic = Topic::Context(Context::Workgroup(WorkgroupId::from_bits(2)));

    fn changes() -> (Arc<Manual>, Changes) {
        let clock = Arc::new(Manual::at(1_000_000));
        (clock.clone(), Changes::new(clock))
    }

    fn heard(listening: &Listening) -> Vec<Topic> {
        let rang = listening.heard().now_or_never().is_some();
        let heard: Vec<Topic> = listening.take().into_iter().collect();
        assert_eq!(
            rang,
            !heard.is_empty(),
            "the bell rings when there is something"
        );
        heard
    }

    #[test]
    fn who_listens_hears_of_that_and_of_nothing_else() {
        let (clock, changes) = changes();
        let mut anna = changes.listen([ANNA].into(), changes.now());
        let lab = changes.listen([LAB].into(), changes.now());
        clock.advance(Duration::from_millis(1));
        changes.tell(&[ANNA]);
        changes.tell(&[ANNA]);
        assert_eq!((heard(&anna), heard(&lab)), (vec![ANNA], vec![]));
        assert_eq!(heard(&anna), [], "once, however often it changed");
        anna.to([LAB].into());
        changes.tell(&[ANNA]);
        assert_eq!((heard(&anna), heard(&lab)), (vec![], vec![]));
        changes.tell(&[ANNA, LAB]);
        assert_eq!((heard(&anna), heard(&lab)), (vec![LAB], vec![LAB]));
    }

    #[test]
    fn what_changed_between_looking_and_listening_is_heard() {
        let (clock, changes) = changes();
        let step = || {
            clock.advance(Duration::from_millis(1));
            changes.now()
        };
        let before = step();
        changes.tell(&[ANNA]);
        let after = step();
        assert_eq!(heard(&changes.listen([ANNA, LAB].into(), before)), [ANNA]);
        assert_eq!(heard(&changes.listen([ANNA, LAB].into(), after)), []);
        // What was looked at in an earlier process may have changed in it.
        let long_ago = Moment(999_999);
        assert_eq!(heard(&changes.listen([LAB].into(), long_ago)), [LAB]);
    }

    #[test]
    fn nothing_is_left_of_who_listens_no_more() {
        let (_, changes) = changes();
        let listening = changes.listen([ANNA, LAB].into(), changes.now());
        assert_eq!(changes.listening(), 1);
        drop(listening);
        assert_eq!(changes.listening(), 0);
        assert!(locked(&changes.0.ears).of.is_empty());
    }
}
