//! Durable commits per second through the store's contract against bare redb doing the same writes, in one run; and how long opening
//! takes.
//!
//! `cargo bench --bench store -- --seconds 4` prints a Markdown table; `-- --open 10000000` fills a store and times its opening after
//! a clean stop and after kill -9.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and stops at the first surprise"
)]

#[path = "store/acceptance.rs"]
mod acceptance;
#[path = "store/bare.rs"]
mod bare;
#[path = "store/opening.rs"]
mod opening;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acceptance::Slot;
use bare::{Bare, Rows};
use handover::store::embedded::{Embedded, Options};
use handover::store::{Outcome, Store, Version};
use rand::prelude::*;

/// Items that go to and fro; what a busy service works on at a time.
const SLOTS: u64 = 8_192;
/// The two sides take turns this often, so that a slow moment of the machine meets both.
const TURNS: u32 = 4;

fn options() -> Options {
    Options {
        cache_bytes: 256 * 1024 * 1024,
        max_waiting: 1_024,
    }
}

/// All items in an order that has nothing to do with how they lie on disk, the same on both sides: people accept as it comes.
fn shuffled() -> Vec<u64> {
    let mut numbers: Vec<_> = (0..SLOTS).collect();
    numbers.shuffle(&mut StdRng::seed_from_u64(1));
    numbers
}

/// The value after a flag.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}

fn main() {
    if let Some(path) = argument("--write-until-killed") {
        return opening::write_until_killed(Path::new(&path));
    }
    let folder = argument("--folder").unwrap_or_else(|| "target".into());
    let folder = tempfile::tempdir_in(folder).unwrap();
    if let Some(items) = argument("--open") {
        return opening::measure(folder.path(), items.parse().unwrap());
    }
    let seconds: f64 = argument("--seconds").map_or(2.0, |seconds| seconds.parse().unwrap());
    let turn = Duration::from_secs_f64(seconds / f64::from(TURNS));
    println!(
        "| waiting committers | commits in a batch | contract, commits/s | bare redb, commits/s | ratio | p50 ms | p99 ms |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for committers in [1, 16, 64, 256] {
        let name = |side: &str| folder.path().join(format!("{side}-{committers}.redb"));
        let mut contract = Contract::create(&name("contract"));
        let mut bare = BareSide::create(&name("bare"));
        for _ in 0..TURNS {
            let batch = contract.run(committers, turn);
            bare.run(batch, turn);
        }
        let (ours, theirs) = (contract.rate(), bare.rate());
        println!(
            "| {committers} | {:.1} | {ours:.0} | {theirs:.0} | {:.0} % | {:.2} | {:.2} |",
            contract.batch(),
            100.0 * ours / theirs,
            contract.percentile(0.5),
            contract.percentile(0.99),
        );
    }
}

/// The store behind its contract, and what was measured.
struct Contract {
    store: Arc<Embedded>,
    slots: Vec<(Slot, Version)>,
    unique: Arc<AtomicU64>,
    runtime: tokio::runtime::Runtime,
    spent: Duration,
    commits: u64,
    batches: u64,
    latencies: Vec<Duration>,
}

impl Contract {
    fn create(path: &Path) -> Self {
        let store = Arc::new(Embedded::open(path, &options()).unwrap());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let mut contract = Self {
            store,
            slots: Vec::new(),
            unique: Arc::new(AtomicU64::new(1)),
            runtime: runtime.enable_all().build().unwrap(),
            spent: Duration::ZERO,
            commits: 0,
            batches: 0,
            latencies: Vec::new(),
        };
        contract.prepare();
        contract
    }

    /// Accepts every item once, so that all documents are there.
    fn prepare(&mut self) {
        let (store, unique) = (Arc::clone(&self.store), Arc::clone(&self.unique));
        self.slots = self.runtime.block_on(async {
            let (store, unique) = (&store, &unique);
            let slots = shuffled().into_iter().map(|number| async move {
                let mut slot = Slot::new(number);
                let guarded = done(store.commit(slot.setup()).await);
                let unique = unique.fetch_add(1, Ordering::Relaxed);
                slot.done(done(store.commit(slot.accept(guarded, unique)).await));
                (slot, guarded)
            });
            let mut prepared = Vec::new();
            let mut slots = slots.peekable();
            while slots.peek().is_some() {
                let some = slots.by_ref().take(256);
                prepared.extend(futures_util::future::join_all(some).await);
            }
            prepared
        });
    }

    /// Commits from this many tasks at once; how many commits there were in a batch.
    fn run(&mut self, committers: usize, for_long: Duration) -> usize {
        let before = self.store.stats();
        let stop = Arc::new(AtomicBool::new(false));
        let mut parts: Vec<Vec<_>> = (0..committers).map(|_| Vec::new()).collect();
        for (number, slot) in self.slots.drain(..).enumerate() {
            parts[number % committers].push(slot);
        }
        let began = Instant::now();
        let tasks: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let (store, unique) = (Arc::clone(&self.store), Arc::clone(&self.unique));
                self.runtime
                    .spawn(accept_often(store, unique, part, Arc::clone(&stop)))
            })
            .collect();
        std::thread::sleep(for_long);
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            let (part, latencies) = self.runtime.block_on(task).unwrap();
            self.slots.extend(part);
            self.latencies.extend(latencies);
        }
        self.spent += began.elapsed();
        let after = self.store.stats();
        let (commits, batches) = (
            after.commits - before.commits,
            after.batches - before.batches,
        );
        self.commits += commits;
        self.batches += batches;
        usize::try_from((commits + batches / 2) / batches).unwrap()
    }

    fn rate(&self) -> f64 {
        self.commits as f64 / self.spent.as_secs_f64()
    }

    fn batch(&self) -> f64 {
        self.commits as f64 / self.batches as f64
    }

    fn percentile(&mut self, part: f64) -> f64 {
        self.latencies.sort();
        let nth = (self.latencies.len() as f64 * part) as usize;
        self.latencies[nth.min(self.latencies.len() - 1)].as_secs_f64() * 1e3
    }
}

async fn accept_often(
    store: Arc<Embedded>,
    unique: Arc<AtomicU64>,
    mut slots: Vec<(Slot, Version)>,
    stop: Arc<AtomicBool>,
) -> (Vec<(Slot, Version)>, Vec<Duration>) {
    let mut latencies = Vec::new();
    'all: loop {
        for (slot, guarded) in &mut slots {
            if stop.load(Ordering::Relaxed) {
                break 'all;
            }
            let began = Instant::now();
            let commit = slot.accept(*guarded, unique.fetch_add(1, Ordering::Relaxed));
            slot.done(done(store.commit(commit).await));
            latencies.push(began.elapsed());
        }
    }
    (slots, latencies)
}

fn done(outcome: Outcome) -> Version {
    match outcome {
        Outcome::Done(version) => version,
        other => panic!("a commit that nothing stands in the way of: {other:?}"),
    }
}

/// Bare redb with the same acceptances.
struct BareSide {
    bare: Bare,
    slots: Vec<Slot>,
    next: usize,
    unique: u64,
}

impl BareSide {
    fn create(path: &Path) -> Self {
        let mut side = Self {
            bare: Bare::create(path, options().cache_bytes),
            slots: shuffled().into_iter().map(Slot::new).collect(),
            next: 0,
            unique: 1,
        };
        for some in side.slots.chunks(256) {
            let rows: Vec<_> = some.iter().map(|s| Rows::of(&s.setup(), 1)).collect();
            side.bare.write(&rows, 1);
        }
        for _ in 0..SLOTS / 256 {
            side.write(256);
        }
        (side.bare.spent, side.bare.commits) = (Duration::ZERO, 0);
        side
    }

    fn write(&mut self, batch: usize) {
        let rows: Vec<_> = (0..batch)
            .map(|_| {
                let slot = &mut self.slots[self.next];
                self.next = (self.next + 1) % SLOTS as usize;
                self.unique += 1;
                let rows = Rows::of(&slot.accept(Version(1), self.unique), self.unique);
                slot.done(Version(self.unique));
                rows
            })
            .collect();
        self.bare.write(&rows, self.unique);
    }

    fn run(&mut self, batch: usize, for_long: Duration) {
        let until = self.bare.spent + for_long;
        while self.bare.spent < until {
            self.write(batch);
        }
    }

    fn rate(&self) -> f64 {
        self.bare.commits as f64 / self.bare.spent.as_secs_f64()
    }
}
