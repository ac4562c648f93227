//! Everything round the courier: a store, a mail server and a clock that do as they are told.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use futures_util::FutureExt as _;

use crate::actors::load::{self, Versioned};
use crate::actors::proposal::Proposal;
use crate::courier::*;
use crate::domain::document::Document;
use crate::domain::id::{AccountId, CommandId, Context, ItemId, ItemKind, LetterId, WorkgroupId};
use crate::domain::index::Entry;
use crate::domain::invitation::{
    Invitation, KeepAccess, Offered, Recipient, Sender, State as Standing, Terms,
};
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::letter::{Kind, Letter, Revoked, Subject};
use crate::domain::time::DAY_MS;
use crate::mail::{Blame, Failure, Mailbox, Rendered};
use crate::store::model::Model;
use crate::store::{Answer, Commit, Direction, Due, Frozen, Outcome, Page, Record, Version};

pub const START: Time = Time::from_ms(1_795_344_420_000);

/// The model, with faults on order.
#[derive(Default)]
pub struct Faulty {
    pub model: Model,
    /// These are answered by the next commits; `Unknown` commits all the same.
    pub commits: Mutex<Vec<Outcome>>,
    /// So many claims fail.
    pub claims: AtomicUsize,
}

impl Store for Faulty {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        self.model.frozen()
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        self.model.load(keys)
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
        match self.commits.lock().unwrap().pop() {
            None => self.model.commit(commit),
            Some(Outcome::Unknown) => self.model.commit(commit).map(|_| Outcome::Unknown).boxed(),
            Some(outcome) => std::future::ready(outcome).boxed(),
        }
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        self.model.outcome(command)
    }
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        if taken(&self.claims) {
            return std::future::ready(Err(Fault::retry("the disk is away"))).boxed();
        }
        self.model.claim(queue, now, limit, lease_ms)
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

/// What the mail server does with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Takes,
    Fails(Blame),
    Hangs,
    Panics,
    /// Takes it and then never says so.
    TakesAndHangs,
}

/// A mail server that does with each letter, attempt by attempt, what it was told (the last for ever), and keeps what it took.
#[derive(Default)]
pub struct Server {
    pub script: Mutex<BTreeMap<LetterId, Vec<Does>>>,
    pub tried: Mutex<Vec<LetterId>>,
    pub mailbox: Mailbox,
}

impl Transport for Server {
    fn send<'a>(&'a self, letter: &'a Rendered) -> BoxFuture<'a, Result<(), Failure>> {
        self.tried.lock().unwrap().push(letter.id);
        let does = match self.script.lock().unwrap().get_mut(&letter.id) {
            None => Does::Takes,
            Some(script) if script.len() > 1 => script.remove(0),
            Some(script) => script[0],
        };
        Box::pin(async move {
            match does {
                Does::Takes => self.mailbox.send(letter).await,
                Does::Fails(kind) => Err(Failure {
                    kind,
                    text: "RCPT: 550 <carl@lab.example> no".into(),
                }),
                Does::Hangs => std::future::pending().await,
                Does::Panics => panic!("a broken letter"),
                Does::TakesAndHangs => {
                    self.mailbox.send(letter).await?;
                    std::future::pending().await
                }
            }
        })
    }
}

/// Wakes transfers: moves them past the next reminder.
#[derive(Default)]
pub struct Wakes {
    store: Arc<Faulty>,
    pub fired: Mutex<Vec<(InvitationId, Time)>>,
    /// So many times it fails.
    pub faults: AtomicUsize,
    /// So many times it says yes and does nothing.
    pub idle: AtomicUsize,
    /// When it fails, the clock is set back by so much, in milliseconds.
    pub back_ms: AtomicI64,
    /// By how much it was.
    pub behind_ms: Arc<AtomicI64>,
}

fn taken(count: &AtomicUsize) -> bool {
    let left = |n: usize| n.checked_sub(1);
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
        .is_ok()
}

impl Timers for Wakes {
    fn fire(&self, transfer: InvitationId, at: Time) -> BoxFuture<'_, Result<(), Fault>> {
        self.fired.lock().unwrap().push((transfer, at));
        Box::pin(async move {
            if taken(&self.faults) {
                let back = self.back_ms.load(Ordering::SeqCst);
                self.behind_ms.store(back, Ordering::SeqCst);
                return Err(Fault::retry("no"));
            }
            if taken(&self.idle) {
                return Ok(());
            }
            let old = load::one::<Invitation>(&*self.store, Key::Invitation(transfer)).await?;
            let old = old.unwrap();
            let mut next = old.document.clone();
            if let Standing::Pending { reminders, .. } = &mut next.state {
                *reminders += 1;
            }
            let mut proposal = Proposal::default();
            proposal.replace(&old, &next, None);
            let outcome = self.store.model.commit(proposal.into_commit(at)).await;
            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
            Ok(())
        })
    }
    fn purge(&self, _: u128, _: Time) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// Everything round the courier. The clock is tokio's, which stands still but for waiting.
pub struct Office {
    pub store: Arc<Faulty>,
    pub server: Arc<Server>,
    pub wakes: Arc<Wakes>,
    pub letters: Arc<Notify>,
    pub start: tokio::time::Instant,
}

impl Office {
    pub fn new() -> Self {
        let store: Arc<Faulty> = Arc::default();
        let wakes = Wakes {
            store: Arc::clone(&store),
            ..Wakes::default()
        };
        Self {
            store,
            server: Arc::default(),
            wakes: Arc::new(wakes),
            letters: Arc::default(),
            start: tokio::time::Instant::now(),
        }
    }
    pub fn now(&self) -> Time {
        let ms = self.start.elapsed().as_millis();
        START.plus_ms(i64::try_from(ms).unwrap())
    }
    pub fn courier(&self) -> Courier {
        let start = self.start;
        let elapsed = move || i64::try_from(start.elapsed().as_millis()).unwrap();
        let behind = Arc::clone(&self.wakes.behind_ms);
        let parts = Parts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            transport: Arc::clone(&self.server) as Arc<dyn Transport>,
            timers: Arc::clone(&self.wakes) as Arc<dyn Timers>,
            site: Site {
                name: "Handover".into(),
                public_url: "https://handover.uni.example".into(),
                from: "handover@uni.example".parse().unwrap(),
                from_name: "Handover".into(),
                reply_domain: "reply.uni.example".into(),
                replies: None,
                instance: "test".into(),
                texts: Arc::new(crate::mail::texts::Texts::built_in()),
                colours: crate::mail::Colours::default(),
            },
            key: SiteKey::new([7; 32]),
            letters: Arc::clone(&self.letters),
            ids: Arc::new(crate::ids::Ids::seeded(1)),
            inbox: None,
            now: Arc::new(move || START.plus_ms(elapsed() - behind.load(Ordering::SeqCst))),
        };
        let settings = Settings {
            letters_at_once: 2,
            ..Settings::default()
        };
        Courier::new(parts, settings)
    }
    pub async fn create<D: Document>(&self, document: &D) {
        let mut proposal = Proposal::default();
        proposal.create(document, None);
        self.commit(proposal).await;
    }
    pub async fn replace<D: Document>(&self, next: &D) {
        let old: Versioned<D> = load::one(&*self.store, next.key()).await.unwrap().unwrap();
        let mut proposal = Proposal::default();
        proposal.replace(&old, next, None);
        self.commit(proposal).await;
    }
    pub async fn commit(&self, proposal: Proposal) {
        let outcome = self
            .store
            .model
            .commit(proposal.into_commit(self.now()))
            .await;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
    /// Adds that access to this was taken back to the letter of a day; whether it could be added.
    pub async fn grow(&self, id: LetterId, name: &str) -> bool {
        let old: Versioned<Letter> = load::one(&*self.store, Key::Letter(id))
            .await
            .unwrap()
            .unwrap();
        let Some(next) = old.document.grown(Revoked {
            item: ItemId::new(ItemKind::Project, 1),
            name: name.into(),
            owner: "Core".into(),
            whose: "Carl".into(),
            at: self.now(),
        }) else {
            return false;
        };
        let mut proposal = Proposal::default();
        proposal.replace(&old, &next, None);
        self.commit(proposal).await;
        true
    }
    /// A pending transfer and so many letters that offer it, with ids from 1.
    pub async fn offers(&self, letters: u128) -> Vec<LetterId> {
        self.create(&transfer()).await;
        let mut ids = Vec::new();
        for bits in 1..=letters {
            let letter = offer(bits);
            self.create(&letter).await;
            ids.push(letter.id);
        }
        ids
    }
    pub fn script(&self, letter: LetterId, does: &[Does]) {
        self.server
            .script
            .lock()
            .unwrap()
            .insert(letter, does.to_vec());
    }
    pub fn letter(&self, id: LetterId) -> Letter {
        let found = load::one::<Letter>(&*self.store, Key::Letter(id)).now_or_never();
        found.unwrap().unwrap().unwrap().document
    }
    pub fn waiting(&self, queue: Queue) -> usize {
        self.store.model.view().queue(queue).count()
    }
    pub fn taken(&self) -> Vec<LetterId> {
        let mut taken: Vec<_> = self.server.mailbox.list().iter().map(|l| l.id).collect();
        taken.sort();
        taken
    }
    /// Runs the courier for that long.
    pub async fn run_for(&self, ms: i64) {
        let stop = CancellationToken::new();
        let running = tokio::spawn(self.courier().run(stop.clone()));
        tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap())).await;
        stop.cancel();
        running.await.unwrap();
    }
}

pub fn transfer() -> Invitation {
    let offered = Offered {
        item: ItemId::new(ItemKind::Project, 1),
        name: "Yeast".into(),
        bytes: 1 << 40,
        files: 12,
        holds: None,
    };
    Invitation {
        id: InvitationId::from_bits(42),
        source: Context::Workgroup(WorkgroupId::from_bits(9)),
        source_name: "Sequencing core".into(),
        sender: Sender {
            account: AccountId::from_bits(1),
            name: "Ana Core".into(),
            address: "ana@core.example".parse().unwrap(),
            language: "en".into(),
        },
        recipient: Recipient::Address("carl@lab.example".parse().unwrap()),
        items: vec![offered],
        message: None,
        terms: Terms::ownership(KeepAccess::None),
        requested_at: START,
        expires_at: START.plus_ms(14 * DAY_MS),
        mailed_at: Some(START),
        corrects: None,
        letters: Vec::new(),
        state: Standing::Pending {
            since: START,
            reminders: 0,
        },
    }
}

pub fn offer(bits: u128) -> Letter {
    let says = Kind::Offer {
        expires_at: transfer().expires_at,
        again: false,
    };
    about_transfer(bits, says)
}

pub fn about_transfer(bits: u128, says: Kind) -> Letter {
    let to = "carl@lab.example".parse().unwrap();
    let subject = Subject::Invitation(InvitationId::from_bits(42));
    Letter::queued(LetterId::from_bits(bits), to, "en", subject, says, START)
}

/// The letter of a day about access to this that was taken back.
pub fn revoked(name: &str) -> Letter {
    let item = ItemId::new(ItemKind::Project, 1);
    let says = Kind::AccessRevoked {
        name: name.into(),
        owner: "Core".into(),
        whose: "Carl".into(),
        more: Vec::new(),
        beyond: 0,
    };
    let to = "carl@lab.example".parse().unwrap();
    let subject = Subject::Access(item);
    Letter::queued(LetterId::from_bits(1), to, "en", subject, says, START)
}
