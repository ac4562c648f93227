//! What everything in one history shares: dice, the time, the trace, tasks to be born, and the first thing found wrong.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use handover::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Time};
use rand::prelude::*;
use rand::rngs::StdRng;

use crate::broken::Broken;

/// How many entries of the trace are shown with a failure.
const TRACE: usize = 40;
/// Where histories begin: 1 June 2026.
const BEGIN: Time = Time::from_ms(1_780_272_000_000);

/// A lock that only one thread ever takes.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a task runs: what runs on a node ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// People, and the world around the nodes.
    Outside,
    /// The node of this number.
    Node(usize),
}

/// What a task is made of.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How often what goes wrong, per thousand calls or steps; every seed has its own mixture, calm ones among them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// A commit that became durable is answered `Unknown`.
    pub unknown_done: u64,
    /// A commit that did not is answered `Unknown`.
    pub unknown_lost: u64,
    /// A commit is turned away.
    pub unavailable: u64,
    /// A read, claim or settlement fails.
    pub read_fault: u64,
    /// A call takes long.
    pub slow: u64,
    /// A question between actors is not answered in time.
    pub unanswered: u64,
    /// Somebody stops waiting for an answer.
    pub impatience: u64,
    /// The mail server fails in some way.
    pub mail: u64,
    /// A node crashes, per ten thousand steps.
    pub crash: u64,
    /// A clock jumps, per ten thousand steps.
    pub jump: u64,
}

impl Weather {
    fn drawn(rng: &mut StdRng) -> Self {
        let mut often = |most: u64| match rng.next_u64() % 3 {
            0 => 0,
            1 => most / 4,
            _ => most,
        };
        Self {
            unknown_done: often(60),
            unknown_lost: often(40),
            unavailable: often(40),
            read_fault: often(10),
            slow: often(60),
            unanswered: often(20),
            impatience: often(150),
            mail: often(300),
            crash: often(24),
            jump: often(40),
        }
    }
}

struct Trace {
    last: VecDeque<String>,
    digest: u64,
}

/// A clock is at most 10 minutes wrong, ahead or behind: what one node read may be so much later than what both read afterwards.
const SET_BACK_MS: i64 = 20 * MINUTE_MS;
/// For so long a command is certainly known by its id.
pub const KNOWN_MS: i64 = handover::store::COMMAND_KEPT_MS - SET_BACK_MS;

/// The shared part of one history. Everything is drawn from one seed.
pub struct Universe {
    pub seed: u64,
    pub broken: Broken,
    pub weather: Weather,
    dice: Mutex<StdRng>,
    base: Mutex<Time>,
    skews: [Mutex<i64>; 2],
    trace: Mutex<Trace>,
    births: Mutex<Vec<(Home, Work)>>,
    resting: Mutex<BTreeMap<(u64, u64), Waker>>,
    turns: AtomicU64,
    calm: AtomicBool,
    step: AtomicU64,
    failure: Mutex<Option<String>>,
    verbose: bool,
}

impl Universe {
    pub fn new(seed: u64, broken: Broken, verbose: bool) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let weather = Weather::drawn(&mut rng);
        Self {
            seed,
            broken,
            weather,
            dice: Mutex::new(rng),
            base: Mutex::new(BEGIN),
            skews: [Mutex::new(0), Mutex::new(0)],
            trace: Mutex::new(Trace {
                last: VecDeque::new(),
                digest: 0,
            }),
            births: Mutex::new(Vec::new()),
            resting: Mutex::default(),
            turns: AtomicU64::new(0),
            // The world is made in peace.
            calm: AtomicBool::new(true),
            step: AtomicU64::new(0),
            failure: Mutex::new(None),
            verbose,
        }
    }

    // ---- dice ----

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        locked(&self.dice).next_u64() % end.max(1)
    }
    /// The same, for places in lists.
    pub fn place(&self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }
    /// True so many times of a hundred.
    pub fn percent(&self, n: u64) -> bool {
        self.below(100) < n
    }
    /// True so many times of a thousand, while faults are allowed.
    pub fn fault(&self, per_mille: u64) -> bool {
        !self.is_calm() && self.below(1_000) < per_mille
    }
    /// One of these.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.place(of.len()))
    }

    // ---- faults and time ----

    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }
    pub fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    /// The time as this node reads it.
    pub fn now(&self, node: usize) -> Time {
        let skew = self.skews.get(node).map_or(0, |skew| *locked(skew));
        locked(&self.base).plus_ms(skew)
    }
    /// The latest time that any node reads.
    pub fn latest(&self) -> Time {
        self.now(0).max(self.now(1))
    }
    /// Time passes.
    pub fn pass(&self, ms: i64) {
        let mut base = locked(&self.base);
        *base = base.plus_ms(ms);
    }
    /// Time jumps: forward for all, or somebody sets the clock of one node, perhaps a little back.
    pub fn jump(&self) {
        let node = self.place(2);
        let small = i64::try_from(self.below(10 * MINUTE_MS.unsigned_abs())).unwrap_or(0);
        match self.below(12) {
            0..=1 => self.skew(node, -small),
            2..=3 => self.skew(node, small),
            4 => self.skew(node, 0),
            5 => self.pass(i64::try_from(self.below(10)).unwrap_or(0) * DAY_MS),
            6..=8 => self.pass(small),
            _ => self.pass(i64::try_from(self.below(24)).unwrap_or(0) * HOUR_MS),
        }
        let (a, b) = (self.now(0), self.now(1));
        self.note(|| format!("the clocks are set: node 0 {a}, node 1 {b}"));
    }
    /// Both clocks are right again.
    pub fn set_clocks_right(&self) {
        let latest = self.latest();
        let mut base = locked(&self.base);
        *base = latest.max(*base);
        self.skew(0, 0);
        self.skew(1, 0);
    }
    fn skew(&self, node: usize, ms: i64) {
        if let Some(skew) = self.skews.get(node) {
            *locked(skew) = ms;
        }
    }

    // ---- steps, trace and verdict ----

    pub fn step(&self) -> u64 {
        self.step.load(Ordering::Relaxed)
    }
    pub fn advance(&self) {
        self.step.fetch_add(1, Ordering::Relaxed);
        // Every step takes a little time, so that ids sort as they are made.
        self.pass(1);
    }

    /// Writes down what happens.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let line = format!("{:>6}  {}", self.step(), what());
        let mut trace = locked(&self.trace);
        for byte in line.bytes() {
            trace.digest = (trace.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.verbose {
            println!("{line}");
        }
        trace.last.push_back(line);
        if trace.last.len() > TRACE {
            trace.last.pop_front();
        }
    }
    /// Tells two histories apart.
    pub fn digest(&self) -> u64 {
        locked(&self.trace).digest
    }
    /// The last entries of the trace.
    pub fn trace(&self) -> String {
        let trace = locked(&self.trace);
        let lines: Vec<&str> = trace.last.iter().map(String::as_str).collect();
        lines.join("\n")
    }

    /// Something is wrong; only the first is kept.
    pub fn fail(&self, why: String) {
        let mut failure = locked(&self.failure);
        if failure.is_none() {
            drop(failure);
            self.note(|| format!("WRONG: {why}"));
            failure = locked(&self.failure);
            *failure = Some(why);
        }
    }
    pub fn failure(&self) -> Option<String> {
        locked(&self.failure).clone()
    }

    // ---- tasks ----

    /// A task that begins at the next step.
    pub fn spawn(&self, home: Home, work: impl Future<Output = ()> + Send + 'static) {
        locked(&self.births).push((home, Box::pin(work)));
    }
    pub fn births(&self) -> Vec<(Home, Work)> {
        std::mem::take(&mut *locked(&self.births))
    }
    /// Lets others go first, for about so many steps.
    pub fn rest(self: &Arc<Self>, steps: u64) -> Rest {
        Rest {
            universe: Arc::clone(self),
            until: None,
            steps,
        }
    }
    /// Rings for whoever has rested enough; when nobody is ready, time is skipped to the first of them.
    pub fn ring(&self, nobody_ready: bool) {
        let mut resting = locked(&self.resting);
        if nobody_ready && let Some((first, _)) = resting.keys().next() {
            self.step.fetch_max(*first, Ordering::Relaxed);
        }
        let later = resting.split_off(&(self.step() + 1, 0));
        let rested = std::mem::replace(&mut *resting, later);
        drop(resting);
        for waker in rested.into_values() {
            waker.wake();
        }
    }
    /// Lets others go first once, and sometimes a few times more, or many.
    pub fn let_others(self: &Arc<Self>) -> Rest {
        let times = match self.below(8) {
            0..=4 => 1,
            5 | 6 => 2,
            _ => 1 + self.below(6),
        };
        let slow = if self.fault(self.weather.slow) {
            self.below(60)
        } else {
            0
        };
        self.rest(times + slow)
    }
}

/// Is ready after so many steps.
pub struct Rest {
    universe: Arc<Universe>,
    until: Option<u64>,
    steps: u64,
}

impl Future for Rest {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.universe.step();
        let steps = self.steps;
        let until = *self.until.get_or_insert(now + steps);
        if until <= now {
            return Poll::Ready(());
        }
        let mut resting = locked(&self.universe.resting);
        let turn = self.universe.turns.fetch_add(1, Ordering::Relaxed) + 1;
        resting.insert((until, turn), context.waker().clone());
        Poll::Pending
    }
}
