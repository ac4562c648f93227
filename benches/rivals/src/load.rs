//! The closed-loop load generator: N loops, each with its own connection, each doing offer, then accept, again and
//! again on items prepared beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::cpu::{Cores, Sample, Watched};
use crate::http::{Connection, Failure};
use crate::rival::{Pair, Rival};

/// How many items are looked at afterwards, per loop.
const CHECKED_ITEMS: usize = 5;
/// Items per run of the probe that finds out how many the cell will need, over all loops.
const PROBE_ITEMS: usize = 800;
/// The probe ends after this time even with items left.
const PROBE: Duration = Duration::from_secs(2);
/// Every loop gets this many times what the fastest loop of the probe would use up: the probe is cold and short.
const SPARE: f64 = 1.8;
/// How often a cell may run out of items, each time getting more, before it is given up.
const ATTEMPTS: usize = 3;
/// Loops that register items, whatever the cell's number of connections.
const PREPARING: usize = 32;
/// How often the generator looks whether a loop ran out of items.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub connections: usize,
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What one cell of the table says.
#[derive(Clone, Debug)]
pub struct Cell {
    pub rival: &'static str,
    pub key: &'static str,
    pub connections: usize,
    pub transfers: usize,
    pub seconds: f64,
    pub offer: Latency,
    pub accept: Latency,
    pub cores: Cores,
}

impl Cell {
    pub fn per_second(&self) -> f64 {
        self.transfers as f64 / self.seconds
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Latency {
    pub p50: Duration,
    pub p99: Duration,
}

impl Latency {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let rank = (times.len() as f64 * share).ceil() as usize;
            times
                .get(rank.saturating_sub(1))
                .copied()
                .unwrap_or_default()
        };
        Self {
            p50: at(0.50),
            p99: at(0.99),
        }
    }
}

/// One finished workflow.
struct Done {
    at: Instant,
    offer: Duration,
    accept: Duration,
}

/// One loop's part: who, with which items, over which connection.
struct Lane {
    http: Arc<Connection>,
    pair: Arc<Pair>,
    items: Vec<String>,
}

/// What a loop did, with the connection and the items it did it with.
struct Driven {
    lane: Lane,
    done: Vec<Done>,
}

async fn drive<R: Rival>(
    rival: Arc<R>,
    lane: Lane,
    stop: Arc<AtomicBool>,
) -> Result<Driven, Failure> {
    let mut done = Vec::with_capacity(lane.items.len());
    for item in &lane.items {
        if stop.load(Ordering::Relaxed) {
            return Ok(Driven { lane, done });
        }
        let begun = Instant::now();
        let transfer = rival.offer(&lane.http, &lane.pair, item).await?;
        let offered = Instant::now();
        rival
            .accept(&lane.http, &lane.pair, item, &transfer)
            .await?;
        let at = Instant::now();
        done.push(Done {
            at,
            offer: offered - begun,
            accept: at - offered,
        });
    }
    // Out of items: all stop, since fewer loops than promised would be another measurement.
    stop.store(true, Ordering::Relaxed);
    Ok(Driven { lane, done })
}

/// Registers `count` items for every pair, many at a time.
async fn prepare<R: Rival>(
    rival: &Arc<R>,
    pairs: &[Arc<Pair>],
    count: usize,
) -> Result<Vec<Vec<String>>, Failure> {
    let loops = PREPARING.max(pairs.len());
    let mut tasks = JoinSet::new();
    for number in 0..loops {
        let lane = number % pairs.len();
        let Some(pair) = pairs.get(lane).map(Arc::clone) else {
            continue;
        };
        // Loops that share a pair share its items evenly; the first ones take what does not divide.
        let sharing = (loops - lane).div_ceil(pairs.len());
        let (nth, rest) = (number / pairs.len(), count % sharing);
        let own = count / sharing + usize::from(nth < rest);
        let rival = Arc::clone(rival);
        tasks.spawn(async move {
            let http = Connection::new();
            let mut items = Vec::with_capacity(own);
            for _ in 0..own {
                items.push(
                    rival
                        .prepare(&http, &pair, &Uuid::now_v7().to_string())
                        .await?,
                );
            }
            Ok((lane, items))
        });
    }
    let mut lanes = vec![Vec::with_capacity(count); pairs.len()];
    while let Some(task) = tasks.join_next().await {
        let (lane, items): (usize, Vec<String>) =
            task.map_err(|error| Failure::new(error.to_string()))??;
        if let Some(all) = lanes.get_mut(lane) {
            all.extend(items);
        }
    }
    Ok(lanes)
}

/// Starts all loops; `watch` decides when they stop.
async fn run<R: Rival, T>(
    rival: &Arc<R>,
    pairs: &[Arc<Pair>],
    items: Vec<Vec<String>>,
    watch: impl AsyncFnOnce(&AtomicBool) -> T,
) -> Result<(Vec<Driven>, T), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for (pair, items) in pairs.iter().zip(items) {
        let lane = Lane {
            http: Arc::new(Connection::new()),
            pair: Arc::clone(pair),
            items,
        };
        let (rival, stop) = (Arc::clone(rival), Arc::clone(&stop));
        tasks.spawn(async move {
            let driven = drive(rival, lane, Arc::clone(&stop)).await;
            if driven.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            driven
        });
    }
    let seen = watch(&stop).await;
    stop.store(true, Ordering::Relaxed);
    let mut all = Vec::new();
    while let Some(task) = tasks.join_next().await {
        all.push(task.map_err(|error| Failure::new(error.to_string()))??);
    }
    Ok((all, seen))
}

async fn wait_until(deadline: Instant, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) && Instant::now() < deadline {
        tokio::time::sleep(LOOK.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
}

async fn check<R: Rival>(rival: &R, all: &[Driven]) -> Result<(), Failure> {
    for Driven { lane, done } in all {
        let finished = lane.items.get(..done.len()).unwrap_or_default();
        for item in finished.iter().rev().take(CHECKED_ITEMS) {
            if !rival
                .belongs_to_recipient(&lane.http, &lane.pair, item)
                .await?
            {
                let sentence = format!(
                    "{}: {item} was accepted but is not the recipient's",
                    rival.label()
                );
                return Err(Failure::new(sentence));
            }
        }
    }
    Ok(())
}

/// Measures one cell: probe, prepare, warm up, measure, check.
///
/// # Errors
/// When any request fails: a figure with failures in it would say nothing.
pub async fn measure<R: Rival>(
    rival: &Arc<R>,
    pairs: &[Arc<Pair>],
    plan: Plan,
    watched: &[Watched],
) -> Result<Cell, Failure> {
    let pairs = pairs.get(..plan.connections).ok_or_else(|| {
        Failure::new(format!(
            "{} connections need as many pairs of people, there are {}",
            plan.connections,
            pairs.len()
        ))
    })?;
    let introducing = Connection::new();
    for pair in pairs {
        rival.introduce(&introducing, pair).await?;
    }

    let items = prepare(rival, pairs, PROBE_ITEMS.div_ceil(plan.connections)).await?;
    let begun = Instant::now();
    let (probed, ()) = run(rival, pairs, items, async |stop| {
        wait_until(begun + PROBE, stop).await
    })
    .await?;
    let mut rate = fastest(&probed, begun.elapsed());
    for _ in 0..ATTEMPTS {
        let wanted = rate * (plan.warm_up + plan.measured).as_secs_f64() * SPARE;
        let items = prepare(rival, pairs, wanted.ceil() as usize + 1).await?;
        let begun = Instant::now();
        let (all, window) = run(rival, pairs, items, async |stop| {
            wait_until(begun + plan.warm_up, stop).await;
            let (from, before) = (Instant::now(), Sample::take(watched));
            wait_until(from + plan.measured, stop).await;
            let (to, after) = (Instant::now(), Sample::take(watched));
            Window {
                from,
                to,
                before,
                after,
            }
        })
        .await?;
        check(rival.as_ref(), &all).await?;
        if window.to - window.from >= plan.measured {
            return Ok(cell(rival.as_ref(), plan, &all, &window, watched));
        }
        // Faster than the probe let expect: again, with as many items as this needs.
        rate = rate.max(fastest(&all, begun.elapsed()));
    }
    Err(Failure::new(format!(
        "{}: the prepared items were used up before the time was {ATTEMPTS} times; measure for fewer seconds",
        rival.label()
    )))
}

/// What is counted: when it began and ended, and who had used how much processor time then.
struct Window {
    from: Instant,
    to: Instant,
    before: Sample,
    after: Sample,
}

/// The fastest loop's transfers per second: loops differ, since some systems serve some keys sooner than others.
fn fastest(all: &[Driven], elapsed: Duration) -> f64 {
    let most = all.iter().map(|driven| driven.done.len()).max();
    most.unwrap_or_default() as f64 / elapsed.as_secs_f64()
}

fn cell<R: Rival>(
    rival: &R,
    plan: Plan,
    all: &[Driven],
    window: &Window,
    watched: &[Watched],
) -> Cell {
    let seconds = (window.to - window.from).as_secs_f64();
    let counted: Vec<&Done> = all
        .iter()
        .flat_map(|driven| &driven.done)
        .filter(|done| done.at >= window.from && done.at < window.to)
        .collect();
    Cell {
        rival: rival.label(),
        key: rival.key(),
        connections: plan.connections,
        transfers: counted.len(),
        seconds,
        offer: Latency::of(counted.iter().map(|done| done.offer).collect()),
        accept: Latency::of(counted.iter().map(|done| done.accept).collect()),
        cores: window
            .after
            .since(&window.before, seconds, watched, rival.key()),
    }
}
