//! Random histories for stores: a small universe, so that everything meets everything, and calls that are mostly right.

use futures_util::future::BoxFuture;
use handover::domain::id::{
    AccountId, CommandId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, WorkgroupId,
};
use handover::domain::index::{Entry, Phase, Receiver};
use handover::domain::key::{Bytes, Counter, Key};
use handover::domain::time::{DAY_MS, Time};
use handover::store::model::View;
use handover::store::{
    ABSENT, Add, Claimed, Commit, Direction, Due, Fault, IndexChange, MAX_BYTES, MAX_ROWS, Outcome,
    Page, Queue, Record, Settlement, Store, Version, Write,
};
use rand::prelude::*;

const ACCOUNT: AccountId = AccountId::from_bits(u128::MAX);
const PERSONAL: Context = Context::Personal(ACCOUNT);
const WORKGROUP: Context = Context::Workgroup(WorkgroupId::from_bits(2));
const RUN: ItemId = ItemId::new(ItemKind::Run, 3);
const PROJECT: ItemId = ItemId::new(ItemKind::Project, u128::MAX - 1);

/// Every document there can be.
pub const KEYS: [Key; 9] = [
    Key::Account(ACCOUNT),
    Key::Workgroup(WorkgroupId::from_bits(2)),
    Key::Item(RUN),
    Key::Item(PROJECT),
    Key::Biosamples(PROJECT),
    Key::Grant(PROJECT, WORKGROUP),
    Key::Invitation(InvitationId::from_bits(0)),
    Key::Invitation(InvitationId::from_bits(1)),
    Key::Letter(LetterId::from_bits(0)),
];

/// Every index entry there can be.
pub const ENTRIES: [Entry; 14] = [
    Entry::Address(Digest(1)),
    Entry::Address(Digest(u128::MAX)),
    Entry::Handle(Digest(1)),
    Entry::Sized(PERSONAL, u64::MAX, RUN),
    Entry::Owned(PERSONAL, RUN),
    Entry::Owned(PERSONAL, PROJECT),
    Entry::Owned(PERSONAL, ItemId::new(ItemKind::Project, 5)),
    Entry::Owned(WORKGROUP, PROJECT),
    Entry::Sent(PERSONAL, Phase::Open, InvitationId::from_bits(1)),
    Entry::Received(
        Receiver::Address(Digest(8)),
        Phase::Closed,
        InvitationId::from_bits(1),
    ),
    Entry::Standing(ACCOUNT),
    Entry::Belongs(ACCOUNT, WorkgroupId::from_bits(2)),
    Entry::Whose(PROJECT),
    Entry::Grantee(PROJECT, WORKGROUP),
];

/// Every counter there can be.
pub const COUNTERS: [Counter; 3] = [
    Counter::Usage(PERSONAL),
    Counter::Usage(WORKGROUP),
    Counter::OpenOffers(PERSONAL, Digest(4)),
];

const QUEUES: [Queue; 5] = [
    Queue::Outbox,
    Queue::Timers,
    Queue::Purges,
    Queue::Sweeps,
    Queue::Incoming,
];
const COMMANDS: u128 = 24;

/// One call.
#[derive(Debug, Clone)]
pub enum Call {
    Commit(Commit),
    Claim(Queue, Time, usize, i64),
    Settle(Claimed, Settlement),
    Forget(Time, usize),
    Scan(Bytes, Option<Vec<u8>>, Direction, usize),
    History(Key, Version, usize),
    Latest(Key, Version, usize),
    /// Close and open again, where the store can.
    Reopen,
}

/// What a call answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    Commit(Outcome),
    Claim(Vec<Claimed>),
    Settle,
    Forget(usize),
    Scan(Page),
    History(Vec<(Version, Vec<u8>)>),
    Latest(Vec<(Version, Vec<u8>)>),
    Reopened,
}

/// Makes the call.
pub fn make<'a>(store: &'a dyn Store, call: Call) -> BoxFuture<'a, Result<Answered, Fault>> {
    Box::pin(async move {
        Ok(match call {
            Call::Commit(commit) => Answered::Commit(store.commit(commit).await),
            Call::Claim(queue, now, limit, lease) => {
                Answered::Claim(store.claim(queue, now, limit, lease).await?)
            }
            Call::Settle(claimed, settlement) => {
                store.settle(claimed, settlement).await?;
                Answered::Settle
            }
            Call::Forget(now, limit) => Answered::Forget(store.forget_commands(now, limit).await?),
            Call::Scan(prefix, after, direction, limit) => {
                Answered::Scan(store.scan(prefix, after, direction, limit).await?)
            }
            Call::History(key, after, limit) => {
                Answered::History(store.history(key, after, limit).await?)
            }
            Call::Latest(key, before, limit) => {
                Answered::Latest(store.latest(key, before, limit).await?)
            }
            Call::Reopen => Answered::Reopened,
        })
    })
}

/// The next calls of a history, from a seed and what the store holds.
pub struct Calls {
    random: StdRng,
    /// Jumps, backwards too, as clocks do.
    now: Time,
    claimed: Vec<Claimed>,
}

impl Calls {
    pub fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            now: Time::from_ms(DAY_MS),
            claimed: Vec::new(),
        }
    }

    /// Remembers what a claim gave, so that it is settled, late or twice.
    pub fn saw(&mut self, answered: &Answered) {
        if let Answered::Claim(claimed) = answered {
            self.claimed.extend(claimed);
        }
    }

    pub fn next(&mut self, view: &View) -> Call {
        let step = match self.random.random_range(0..40) {
            0 => self.random.random_range(-8 * DAY_MS..10 * DAY_MS),
            1..10 => self.random.random_range(-20..2_000),
            _ => 1,
        };
        self.now = self.now.plus_ms(step);
        let random = &mut self.random;
        match random.random_range(0..100) {
            0..60 => Call::Commit(self.commit(view)),
            60..72 => {
                let limit = *[0, 1, 2, 5, 5_000].choose(random).unwrap();
                let lease = *[0, 1, 50, 1_000].choose(random).unwrap();
                Call::Claim(*QUEUES.choose(random).unwrap(), self.now, limit, lease)
            }
            72..84 => self.settle(),
            84..88 => Call::Forget(self.now, *[0, 1, 3, 100].choose(random).unwrap()),
            88..94 => self.scan(),
            94..97 => {
                let after = Version(random.random_range(0..view.version().0 + 2));
                let limit = random.random_range(1..4);
                let key = *KEYS.choose(random).unwrap();
                if random.random_bool(0.5) {
                    Call::History(key, after, limit)
                } else {
                    Call::Latest(key, after, limit)
                }
            }
            _ => Call::Reopen,
        }
    }

    fn settle(&mut self) -> Call {
        let now = self.now;
        let random = &mut self.random;
        let Some(claimed) = self.claimed.choose(random) else {
            return Call::Reopen;
        };
        let settlement = match random.random_range(0..3) {
            0 => Settlement::Done,
            1 => Settlement::RetryAt(now),
            _ => Settlement::RetryAt(now.plus_ms(random.random_range(-50..50))),
        };
        Call::Settle(*claimed, settlement)
    }

    fn scan(&mut self) -> Call {
        let random = &mut self.random;
        let of = *ENTRIES.choose(random).unwrap();
        let prefix = prefixes(of).choose(random).copied().unwrap();
        let cursor = ENTRIES.choose(random).unwrap().bytes().as_slice().to_vec();
        let after = match random.random_range(0..4) {
            0 => None,
            1 => Some(cursor[..random.random_range(0..cursor.len())].to_vec()),
            _ => Some(cursor),
        };
        let direction = *[Direction::Forward, Direction::Backward]
            .choose(random)
            .unwrap();
        Call::Scan(prefix, after, direction, random.random_range(0..4))
    }

    fn commit(&mut self, view: &View) -> Commit {
        let random = &mut self.random;
        let mut commit = Commit {
            at: self.now,
            result: vec![7; random.random_range(0..40)],
            ..Commit::default()
        };
        if random.random_bool(0.7) {
            commit.command = Some(CommandId::from_bits(random.random_range(0..COMMANDS)));
        }
        let mut keys = KEYS.to_vec();
        keys.shuffle(random);
        let writes = random.random_range(0..4);
        for key in keys.iter().take(writes) {
            let body = random.random_bool(0.8).then(|| bytes(random));
            commit.writes.push(Write {
                key: *key,
                expected: expected(random, view, key),
                body,
                event: random.random_bool(0.6).then(|| bytes(random)),
            });
        }
        for key in keys.iter().skip(random.random_range(2..9)).take(2) {
            commit.guards.push((*key, expected(random, view, key)));
        }
        let mut counters = COUNTERS.to_vec();
        counters.shuffle(random);
        for counter in counters.into_iter().take(random.random_range(0..3)) {
            let by = *[0, 1, 5, -5, 900, -900, i64::MAX, i64::MIN]
                .choose_weighted(random, |by| if by.abs_diff(0) > 1_000 { 1 } else { 9 })
                .unwrap();
            let limit = random.random_bool(0.5).then_some(1_000);
            commit.adds.push(Add { counter, by, limit });
        }
        for _ in 0..random.random_range(0..4) {
            commit.index.push(index_change(random));
        }
        for _ in 0..random.random_range(0..3) {
            let due = due(random, self.now);
            if random.random_bool(0.7) {
                commit.enqueue.push(due);
            } else {
                commit.dequeue.push(due);
            }
        }
        if random.random_bool(0.5)
            && let Some((row, _)) = view.queue(Queue::Timers).next()
        {
            commit.dequeue.push(row.due);
        }
        if random.random_bool(0.15) {
            commit.answers = self.claimed.choose(random).map(|claimed| claimed.due);
        }
        if random.random_bool(0.03) {
            spoil(random, &mut commit);
        }
        commit
    }
}

fn bytes(random: &mut StdRng) -> Vec<u8> {
    // Now and then a document of several pages.
    let length = match random.random_range(0..30) {
        0 => 20_000,
        1..4 => 0,
        _ => random.random_range(1..60),
    };
    vec![random.random(); length]
}

fn expected(random: &mut StdRng, view: &View, key: &Key) -> Version {
    let current = view
        .documents()
        .find(|(there, _)| there == key)
        .map_or(ABSENT, |(_, record)| record.version);
    match random.random_range(0..20) {
        0 => ABSENT,
        1 => Version(current.0 + 1),
        _ => current,
    }
}

fn index_change(random: &mut StdRng) -> IndexChange {
    let entry = *ENTRIES.choose(random).unwrap();
    let value = vec![random.random_range(0..3); 16];
    match random.random_range(0..6) {
        0 => IndexChange::Delete(entry),
        1..3 => IndexChange::Put(entry, value),
        3 => IndexChange::PutNumbered(entry, value),
        _ => IndexChange::PutUnique(entry, value),
    }
}

fn due(random: &mut StdRng, now: Time) -> Due {
    Due {
        queue: *QUEUES.choose(random).unwrap(),
        // Few moments, so that rows meet.
        at: Time::from_ms((now.ms() + random.random_range(-30..200)) / 50 * 50),
        id: random.random_range(0..3),
    }
}

/// Makes a commit that is a fault of its caller.
fn spoil(random: &mut StdRng, commit: &mut Commit) {
    match random.random_range(0..5) {
        0 => commit.result = vec![0; MAX_BYTES + 1],
        1 => commit.guards = vec![(KEYS[0], ABSENT); MAX_ROWS + 1],
        2 => commit.writes.extend(commit.writes.first().cloned()),
        3 => commit.adds.extend(commit.adds.first().copied()),
        _ => commit
            .index
            .extend([1, 2].map(|value| IndexChange::Put(ENTRIES[0], vec![value]))),
    }
}

fn prefixes(entry: Entry) -> Vec<Bytes> {
    use handover::domain::index;
    let tag = entry.bytes().as_slice()[0];
    let mut prefixes = vec![Bytes::tagged(tag), entry.bytes()];
    if let Entry::Owned(context, item) = entry {
        prefixes.push(index::owned(context, item.kind()));
    }
    prefixes
}

/// All that can be read of a store, and the rows of its queues by claiming them all, so only the last thing asked of it.
#[derive(Debug, PartialEq)]
pub struct Everything {
    documents: Vec<Option<Record>>,
    found: Vec<Option<Vec<u8>>>,
    counters: Vec<i64>,
    pages: Vec<Page>,
    journals: Vec<Vec<(Version, Vec<u8>)>>,
    results: Vec<Option<Vec<u8>>>,
    waiting: Vec<Vec<Due>>,
    queues: Vec<Vec<Claimed>>,
}

pub async fn everything(store: &dyn Store) -> Result<Everything, Fault> {
    let mut all = Everything {
        documents: store.load(&KEYS).await?,
        found: store.find(&ENTRIES).await?,
        counters: store.counters(&COUNTERS).await?,
        pages: Vec::new(),
        journals: Vec::new(),
        results: Vec::new(),
        waiting: Vec::new(),
        queues: Vec::new(),
    };
    for tag in 0..16 {
        for direction in [Direction::Forward, Direction::Backward] {
            let prefix = Bytes::tagged(tag);
            all.pages
                .push(store.scan(prefix, None, direction, 1_000).await?);
        }
    }
    for key in KEYS {
        all.journals.push(store.history(key, ABSENT, 1_000).await?);
    }
    for id in 0..COMMANDS {
        all.results
            .push(store.outcome(CommandId::from_bits(id)).await?);
    }
    for queue in QUEUES {
        all.waiting.push(store.waiting(queue, 1_000).await?);
        let end = Time::from_ms(i64::MAX / 2);
        all.queues.push(store.claim(queue, end, 1_000, 1).await?);
    }
    Ok(all)
}
