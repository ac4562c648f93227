//! Two nodes on one store, without a scheduler: a test says at which moment of a command the other node does something.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use handover::actors::context::{self, Answered, Question};
use handover::actors::custody;
use handover::actors::incoming::Desk;
use handover::actors::invitation;
use handover::actors::site::{self, Wanted};
use handover::actors::world::{Call, Settings, Trouble, World};
use handover::domain::address::Address;
use handover::domain::document;
use handover::domain::event::{By, Channel};
use handover::domain::id::{AccountId, CommandId, Context, InvitationId, LetterId, WorkgroupId};
use handover::domain::index::Entry;
use handover::domain::invitation::Invitation;
use handover::domain::key::{Bytes, Counter, Key};
use handover::domain::letter::Letter;
use handover::domain::policy::{Domain, Policy, Tier};
use handover::domain::secret::SiteKey;
use handover::domain::time::Time;
use handover::domain::workgroup::{Handle, Role};
use handover::ids::Ids;
use handover::store::model::Model;
use handover::store::{
    ABSENT, Answer, Claimed, Commit, Direction, Due, Fault, Frozen, Outcome, Page, Queue, Record,
    Settlement, Store, Version,
};

/// A moment of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This document was read.
    Load(Key),
    /// What lies under this prefix was read, all at one moment.
    Scan(Bytes),
    /// It was asked whether the command ran before.
    Outcome,
    /// It was asked whether the command ran before, and that could not be read.
    FailedOutcome,
    /// A commit was lost, and nobody knows.
    LostCommit,
}

type Then = Box<dyn FnOnce(&Node) + Send>;

/// The model, with something to happen at a moment.
struct Staged {
    model: Arc<Model>,
    other: Option<Arc<Node>>,
    then: Mutex<Option<(Moment, Then)>>,
}

impl Staged {
    fn reached(&self, reached: impl Fn(&Moment) -> bool) -> bool {
        let mut then = self.then.lock().unwrap();
        if !then.as_ref().is_some_and(|(moment, _)| reached(moment)) {
            return false;
        }
        let then_do = then.take();
        drop(then);
        if let (Some((_, act)), Some(other)) = (then_do, &self.other) {
            act(other);
        }
        true
    }
}

/// What the model held at one moment; whatever happens when it is looked at, it does not see.
struct Look<'a>(&'a Staged, Box<dyn Frozen + 'a>);

impl Frozen for Look<'_> {
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move {
            let found = self.1.load(keys).await;
            self.0
                .reached(|moment| matches!(moment, Moment::Load(key) if keys.contains(key)));
            found
        })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.1.find(entries)
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            let found = self.1.scan(prefix, after, direction, limit).await;
            self.0.reached(|moment| *moment == Moment::Scan(prefix));
            found
        })
    }
}

impl Store for Staged {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        Box::pin(async move {
            let look = Look(self, self.model.frozen().await?);
            Ok(Box::new(look) as Box<dyn Frozen>)
        })
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        Box::pin(async move {
            let found = self.model.load(keys).await;
            self.reached(|moment| matches!(moment, Moment::Load(key) if keys.contains(key)));
            found
        })
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.model.find(entries)
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        self.model.counters(counters)
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        self.model.scan(prefix, after, direction, limit)
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.model.history(key, after, limit)
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.model.latest(key, before, limit)
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            if self.reached(|moment| *moment == Moment::LostCommit) {
                return Outcome::Unknown;
            }
            self.model.commit(commit).await
        })
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            if self.reached(|moment| *moment == Moment::FailedOutcome) {
                return Err(Fault::retry("the disk hiccups"));
            }
            let found = self.model.outcome(command).await;
            self.reached(|moment| *moment == Moment::Outcome);
            found
        })
    }
    fn claim(&self, queue: Queue, now: Time, n: usize, ms: i64) -> Answer<'_, Vec<Claimed>> {
        self.model.claim(queue, now, n, ms)
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        self.model.settle(claimed, settlement)
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        self.model.waiting(queue, limit)
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        self.model.forget_commands(now, limit)
    }
    fn health(&self) -> Answer<'_, ()> {
        self.model.health()
    }
}

/// What is ready at once.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("the model never waits")
}

/// A moment so many milliseconds after the beginning.
pub fn at(ms: i64) -> Time {
    Time::from_ms(1_780_272_000_000).plus_ms(ms)
}

/// A node whose actors remember what they know.
pub struct Node {
    store: Arc<Staged>,
    settings: Settings,
    /// How many milliseconds after the beginning it is, by its clock.
    clock: AtomicI64,
    contexts: Mutex<BTreeMap<Context, context::Core>>,
    transfers: Mutex<BTreeMap<InvitationId, invitation::Core>>,
}

impl Node {
    fn new(model: &Arc<Model>, policy: &Policy, seed: u64, other: Option<Arc<Self>>) -> Self {
        let store = Arc::new(Staged {
            model: Arc::clone(model),
            other,
            then: Mutex::new(None),
        });
        let settings = Settings::new(
            store.clone(),
            Arc::new(policy.clone()),
            SiteKey::new([1; 32]),
            Arc::new(Ids::seeded(seed)),
        );
        Self {
            store,
            settings,
            clock: AtomicI64::new(1),
            contexts: Mutex::default(),
            transfers: Mutex::default(),
        }
    }
    /// The other node does this once, right after this node has reached this moment.
    pub fn after(&self, moment: Moment, act: impl FnOnce(&Self) + Send + 'static) {
        *self.store.then.lock().unwrap() = Some((moment, Box::new(act)));
    }
    /// Sets its clock to so many milliseconds after the beginning.
    pub fn set_clock(&self, ms: i64) {
        self.clock.store(ms, Ordering::Relaxed);
    }
    pub fn transfer(
        &self,
        id: InvitationId,
        call: &Call,
        command: &invitation::Command,
    ) -> Result<invitation::Done, Trouble> {
        let core = self.transfers.lock().unwrap().remove(&id);
        let core = core.unwrap_or_else(|| invitation::Core::new(id));
        let done = now(core.handle(self, call, command));
        self.transfers.lock().unwrap().insert(id, core);
        done
    }
    pub fn custody(
        &self,
        context: Context,
        call: &Call,
        command: custody::Command,
    ) -> Result<custody::Done, Trouble> {
        now(custody::handle(self, context, call, Arc::new(command)))
    }
    pub fn apply(&self, wanted: &Wanted) {
        assert_eq!(now(site::apply(self, wanted, at(0))).unwrap(), []);
    }
}

impl Desk for Node {
    fn now(&self) -> Time {
        at(self.clock.load(Ordering::Relaxed))
    }

    fn answer(
        &self,
        offer: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> BoxFuture<'_, Result<invitation::Done, Trouble>> {
        Box::pin(async move { self.transfer(offer, &call, &command) })
    }
}

impl World for Node {
    fn settings(&self) -> Settings {
        self.settings.clone()
    }
    fn ask(
        &self,
        context: Context,
        question: Question,
    ) -> BoxFuture<'_, Result<Answered, Trouble>> {
        Box::pin(async move {
            let core = self.contexts.lock().unwrap().remove(&context);
            let mut core = core.unwrap_or_else(|| context::Core::new(context));
            let answer = core.answer(&self.settings, question).await;
            self.contexts.lock().unwrap().insert(context, core);
            answer
        })
    }
    fn forget(&self, context: Context) -> BoxFuture<'_, ()> {
        self.contexts.lock().unwrap().remove(&context);
        Box::pin(async {})
    }
    fn pause(&self, _: u32) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
    fn letters_wait(&self) {}
}

/// A workgroup of the public domain with these people, the first of them its owner.
pub fn wanted(handle: &str, people: &[&str]) -> Wanted {
    let role = |n| if n == 0 { Role::Owner } else { Role::Member };
    let people = people.iter().enumerate();
    let people = people.map(|(n, address)| (address.parse().unwrap(), role(n)));
    Wanted {
        handle: handle.parse().unwrap(),
        name: handle.to_owned(),
        tier: Tier::Professional,
        domain: Domain::public(),
        collaborative: false,
        quota: None,
        people: people.collect(),
    }
}

/// Two nodes on one store.
pub struct Site {
    pub model: Arc<Model>,
    pub one: Arc<Node>,
    pub two: Node,
}

impl Site {
    pub fn new(policy: Policy) -> Self {
        let model = Arc::new(Model::new());
        let one = Arc::new(Node::new(&model, &policy, 1, None));
        let two = Node::new(&model, &policy, 2, Some(Arc::clone(&one)));
        Self { model, one, two }
    }
    /// Applies the configuration on the first node; the workgroup's context.
    pub fn apply(&self, wanted: &Wanted) -> Context {
        self.one.apply(wanted);
        Context::Workgroup(self.workgroup(wanted.handle.as_str()))
    }
    pub fn account(&self, address: &str) -> AccountId {
        let address: Address = address.parse().unwrap();
        self.named(Entry::Address(address.digest()))
    }
    /// The workgroup with this handle.
    pub fn workgroup(&self, handle: &str) -> WorkgroupId {
        let handle: Handle = handle.parse().unwrap();
        self.named(Entry::Handle(handle.digest()))
    }
    fn named<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, entry: Entry) -> T {
        let found = now(self.model.find(&[entry])).unwrap();
        let id = String::from_utf8(found[0].clone().unwrap()).unwrap();
        id.parse().unwrap()
    }
    pub fn fresh(&self) -> InvitationId {
        InvitationId::from_bits(self.one.settings.ids.fresh(at(0)))
    }
    pub fn call(&self, who: &str, command: Option<CommandId>, ms: i64) -> Call {
        let by = By {
            person: Some(self.account(who)),
            channel: Channel::Api,
        };
        Call {
            command: command.map(Into::into),
            by,
            at: at(ms),
            answers: None,
        }
    }
    pub fn timer(&self, ms: i64) -> Call {
        let by = By {
            person: None,
            channel: Channel::Timer,
        };
        Call {
            command: None,
            by,
            at: at(ms),
            answers: None,
        }
    }
    pub fn version(&self, key: Key) -> Version {
        let found = now(self.model.load(&[key])).unwrap();
        found[0].as_ref().map_or(ABSENT, |record| record.version)
    }
    pub fn letter(&self, id: LetterId) -> Letter {
        let found = now(self.model.load(&[Key::Letter(id)])).unwrap();
        document::decode(&found[0].as_ref().unwrap().body).unwrap()
    }
    pub fn transfer(&self, id: InvitationId) -> Invitation {
        let found = now(self.model.load(&[Key::Invitation(id)])).unwrap();
        document::decode(&found[0].as_ref().unwrap().body).unwrap()
    }
}
