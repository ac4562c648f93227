//! One history from one seed: the world is made, things go wrong for a while, then nothing fails any more and everything must end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use handover::domain::key::Queue;
use handover::store::Store as _;

use crate::broken::Broken;
use crate::cluster::Cluster;
use crate::courier;
use crate::crowd;
use crate::executor::Executor;
use crate::universe::{Home, Universe, locked};

/// Steps of a history in which things may go wrong.
pub const STEPS: u64 = 10_000;
/// Everything must have come to an end within so many further steps and moves of the clock.
const LAST_STEPS: u64 = 400_000;
const LAST_MOVES: u64 = 20_000;
/// At most so many people act at once.
const AT_ONCE: usize = 24;

/// What became of a history.
pub struct Told {
    pub seed: u64,
    /// What was found wrong, with the last steps.
    pub failure: Option<String>,
    /// Tells two histories apart.
    pub digest: u64,
    pub steps: u64,
    pub seen: std::collections::BTreeMap<&'static str, u64>,
    /// What became of messages.
    pub became: std::collections::BTreeMap<String, u64>,
}

/// Plays the history of this seed.
pub fn play(seed: u64, broken: Broken, steps: u64, verbose: bool) -> Told {
    let universe = Arc::new(Universe::new(seed, broken, verbose));
    let cluster = Arc::new(Cluster::new(Arc::clone(&universe)));
    let mut executor = Executor::new(Arc::clone(&universe));
    let played = catch_unwind(AssertUnwindSafe(|| {
        begin(&cluster, &mut executor)?;
        trouble(&cluster, &mut executor, steps)?;
        end(&cluster, &mut executor)
    }));
    let failure = match played {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(why),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Some(format!("a broken assertion: {}", text.unwrap_or_default()))
        }
    };
    let (seen, became) = {
        let checker = locked(&cluster.checker);
        (checker.seen.clone(), checker.became.clone())
    };
    Told {
        seed,
        failure: failure.map(|why| {
            format!(
                "seed {seed} failed: {why}\nthe last steps:\n{}\nrun it alone: HANDOVER_SIM_FIRST={seed} HANDOVER_SIM_SEEDS=1 cargo test --test simulation every_seed -- --nocapture",
                universe.trace()
            )
        }),
        digest: universe.digest(),
        steps: universe.step(),
        seen,
        became,
    }
}

fn found(universe: &Universe) -> Result<(), String> {
    universe.failure().map_or(Ok(()), Err)
}

/// Makes workgroups and people, without faults.
fn begin(cluster: &Arc<Cluster>, executor: &mut Executor) -> Result<(), String> {
    cluster.start(0);
    cluster.start(1);
    cluster.apply(0);
    while executor.step() {
        found(&cluster.universe)?;
    }
    cluster.universe.set_clocks_right();
    cluster.universe.set_calm(false);
    Ok(())
}

fn look_at_queues(cluster: &Arc<Cluster>, index: usize) {
    let Some(node) = cluster.node(index) else {
        return;
    };
    let queues = [
        Queue::Outbox,
        Queue::Timers,
        Queue::Purges,
        Queue::Sweeps,
        Queue::Incoming,
    ];
    for queue in queues {
        let work = courier::look(Arc::clone(cluster), Arc::clone(&node), queue);
        cluster.universe.spawn(Home::Node(index), work);
    }
}

/// People act and things go wrong.
fn trouble(cluster: &Arc<Cluster>, executor: &mut Executor, steps: u64) -> Result<(), String> {
    let universe = &cluster.universe;
    let weather = universe.weather;
    let last = universe.step() + steps;
    while universe.step() < last {
        let index = universe.place(2);
        let rare = universe.below(10_000);
        if rare < weather.crash {
            if cluster.node(index).is_some() {
                cluster.crash(executor, index);
            }
        } else if rare < weather.crash + weather.jump {
            universe.jump();
        } else if rare < 400 {
            if cluster.node(index).is_none() {
                cluster.start(index);
                if universe.percent(20) {
                    cluster.apply(index);
                }
            }
        } else if rare < 420 {
            if let Some(node) = cluster.node(index) {
                node.tire();
            }
        } else if rare < 700 {
            look_at_queues(cluster, index);
        } else if rare < 710 {
            forget(cluster, index);
        } else if rare < 1_500 && executor.unfinished().0 < AT_ONCE {
            crowd::act(cluster);
        }
        if !executor.step() {
            universe.advance();
        }
        found(universe)?;
    }
    Ok(())
}

fn forget(cluster: &Arc<Cluster>, index: usize) {
    let Some(node) = cluster.node(index) else {
        return;
    };
    let universe = Arc::clone(&cluster.universe);
    cluster.universe.spawn(Home::Node(index), async move {
        // By the slower clock, so that what is kept for 7 days is kept for 7 days everywhere.
        let now = universe.now(0).min(universe.now(1));
        let _ = node.store.forget_commands(now, 100).await;
    });
}

/// No more faults: what was begun ends, letters leave, timers fire, and the clock moves on until nothing is due.
fn end(cluster: &Arc<Cluster>, executor: &mut Executor) -> Result<(), String> {
    let universe = &cluster.universe;
    universe.note(|| "nothing goes wrong any more".to_owned());
    universe.set_calm(true);
    universe.set_clocks_right();
    for index in [0, 1] {
        if cluster.node(index).is_none() {
            cluster.start(index);
        }
    }
    let last = universe.step() + LAST_STEPS;
    let mut resumed = false;
    for _ in 0..LAST_MOVES {
        while executor.step() {
            found(universe)?;
            if universe.step() > last {
                return Err("it does not come to an end".to_owned());
            }
        }
        let next = |queue| {
            let due = cluster.model.next_due(queue).now_or_never();
            due.and_then(Result::ok).flatten()
        };
        let mut queues = vec![Queue::Outbox, Queue::Timers, Queue::Purges, Queue::Incoming];
        // What came in by mail is kept as it came for a week.
        queues.extend(
            locked(&cluster.checker)
                .shadow
                .has_raw()
                .then_some(Queue::Sweeps),
        );
        let Some(due) = queues.into_iter().filter_map(next).min() else {
            if std::mem::replace(&mut resumed, true) {
                return whole(cluster, executor);
            }
            cluster.resume(0);
            continue;
        };
        let now = universe.latest();
        if due > now {
            universe.pass(due.since_ms(now));
        }
        look_at_queues(cluster, universe.place(2));
    }
    Err("the queues do not run empty".to_owned())
}

fn whole(cluster: &Cluster, executor: &Executor) -> Result<(), String> {
    let (outside, on_nodes) = executor.unfinished();
    let idle: usize = [0, 1]
        .into_iter()
        .filter_map(|i| cluster.node(i))
        .map(|n| n.awake())
        .sum();
    if outside > 0 || on_nodes != idle {
        return Err(format!(
            "{outside} people wait, and {on_nodes} tasks on nodes of {idle} idle actors"
        ));
    }
    locked(&cluster.checker).at_the_end(&cluster.model.view())
}
