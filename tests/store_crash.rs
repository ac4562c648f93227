//! Every disk operation of a history fails once, with and without the power: what was answered `Done` is there afterwards, nothing
//! half of a commit is, and the sequence goes on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/faulty_disk.rs"]
mod faulty_disk;
#[path = "support/store_histories.rs"]
#[allow(
    dead_code,
    reason = "the conformance suite uses the rest of these histories"
)]
mod store_histories;

use faulty_disk::{Disk, Fault};
use futures_util::future::join_all;
use handover::domain::id::CommandId;
use handover::domain::time::Time;
use handover::store::embedded::{Embedded, Options};
use handover::store::model::Model;
use handover::store::{Add, Commit, Due, IndexChange, Outcome, Queue, Store, Version, Write};
use store_histories::{COUNTERS, ENTRIES, KEYS, everything};

/// Rounds of commits that wait together.
const ROUNDS: u128 = 4;
/// Commits in a round.
const TOGETHER: u128 = 5;

fn options() -> Options {
    Options {
        // Small enough that pages are read back from the disk.
        cache_bytes: 64 * 1024,
        max_waiting: 64,
    }
}

/// Commit `number` of the history: it touches every table, and expects what the commits before it left in the model.
fn commit(number: u128, model: &Model) -> Commit {
    let nth = usize::try_from(number).unwrap();
    let key = KEYS[nth % KEYS.len()];
    let view = model.view();
    let there = view.documents().find(|(there, _)| *there == key);
    let expected = there.map(|(_, record)| record.version).unwrap_or_default();
    let entry = ENTRIES[nth % ENTRIES.len()];
    let due = |number| Due {
        queue: Queue::Timers,
        at: Time::from_ms(i64::try_from(number).unwrap()),
        id: number,
    };
    Commit {
        command: Some(CommandId::from_bits(number)),
        at: Time::from_ms(1),
        result: vec![1; nth],
        writes: vec![Write {
            key,
            expected,
            body: (nth % 4 != 3).then(|| vec![nth as u8; 3_000]),
            event: Some(vec![nth as u8; 100]),
        }],
        adds: vec![Add {
            counter: COUNTERS[0],
            by: 10,
            limit: None,
        }],
        index: vec![if nth % 5 == 4 {
            IndexChange::Delete(entry)
        } else {
            IndexChange::Put(entry, vec![nth as u8; 16])
        }],
        enqueue: vec![due(number)],
        dequeue: vec![due(number.saturating_sub(3))],
        ..Commit::default()
    }
}

/// What became of the commits whose answer was `Unknown`.
#[derive(Debug, Default)]
struct Tally {
    durable: usize,
    lost: usize,
    broken_recoveries: usize,
}

/// Plays the history until the disk fails, starts the machine again, finds out with the command ids what became of the commits
/// that were in flight, and compares the store with a model that was told of the durable ones; whether the fault was met before the end.
async fn play(disk: &Disk, fault: Fault, number: u64, tally: &mut Tally) -> bool {
    let model = Model::new();
    let Ok(store) = Embedded::open_with_backend(disk.clone(), &options()) else {
        // It never came to be, so there is nothing to lose. (A file has its name only when it is whole.)
        assert!(disk.has_failed());
        return true;
    };
    let uncertain = commit_until_failure(disk, &store, &model).await;
    if disk.has_failed() {
        let healthy = store.health().await.is_ok();
        assert!(!healthy || uncertain.is_empty(), "health must say it");
    }
    drop(store);
    let mut met = disk.has_failed();
    let store = reopen(disk, fault, number, tally);
    met |= disk.has_failed();
    disk.heal();

    let mut durable = Vec::new();
    for commit in uncertain {
        let key = commit.writes[0].key;
        let result = store.outcome(commit.command.unwrap()).await.unwrap();
        if result.is_some() {
            let journal = store.history(key, Version(0), 99).await.unwrap();
            durable.push((journal.last().unwrap().0, commit));
            tally.durable += 1;
        } else {
            tally.lost += 1;
        }
    }
    durable.sort_by_key(|(version, _)| *version);
    for (version, commit) in durable {
        assert_eq!(model.commit(commit).await, Outcome::Done(version));
    }
    let next = Commit {
        adds: vec![Add {
            counter: COUNTERS[1],
            by: 1,
            limit: Some(1),
        }],
        ..Commit::default()
    };
    let expected = model.commit(next.clone()).await;
    assert_eq!(store.commit(next).await, expected, "the sequence goes on");
    assert_eq!(
        everything(&store).await.unwrap(),
        everything(&model).await.unwrap(),
        "all of every durable commit, and nothing else"
    );
    met
}

/// Commits round after round; the model learns what was `Done`, the caller what is uncertain.
async fn commit_until_failure(disk: &Disk, store: &Embedded, model: &Model) -> Vec<Commit> {
    let mut uncertain = Vec::new();
    for round in 0..ROUNDS {
        let numbers = round * TOGETHER..(round + 1) * TOGETHER;
        let commits: Vec<_> = numbers.map(|number| commit(number, model)).collect();
        let outcomes = join_all(commits.iter().map(|c| store.commit(c.clone()))).await;
        let mut answered: Vec<_> = outcomes.into_iter().zip(commits).collect();
        answered.sort_by_key(|(outcome, _)| match outcome {
            Outcome::Done(version) => *version,
            _ => Version(u64::MAX),
        });
        for (outcome, commit) in answered {
            match outcome {
                Outcome::Done(_) => assert_eq!(model.commit(commit).await, outcome),
                Outcome::Unknown => uncertain.push(commit),
                Outcome::Unavailable => {}
                refused => panic!("{refused:?} to {commit:?}"),
            }
        }
        if disk.has_failed() {
            break;
        }
    }
    uncertain
}

/// Starts the machine, or the process, again. Whatever happened, the store opens.
fn reopen(disk: &Disk, fault: Fault, number: u64, tally: &mut Tally) -> Embedded {
    let open = || Embedded::open_with_backend(disk.clone(), &options());
    match fault {
        Fault::PowerLoss => {
            disk.restart();
            // The power may go again while the store is being repaired.
            disk.fail_at(1 + number % 5, Fault::PowerLoss);
            tally.broken_recoveries += usize::from(open().is_err());
            disk.restart();
            open().unwrap()
        }
        Fault::Once => {
            let failed_before = disk.has_failed();
            open().unwrap_or_else(|error| {
                assert!(!failed_before && disk.has_failed(), "{error}");
                open().unwrap()
            })
        }
    }
}

/// Fails operation after operation until the history ends before the fault; how many there were.
async fn every_operation(fault: Fault, seed: u64, tally: &mut Tally) -> u64 {
    for number in 1.. {
        let disk = Disk::new(seed * 10_000 + number);
        disk.fail_at(number, fault);
        let met = play(&disk, fault, number, tally).await;
        if !met {
            return number - 1;
        }
    }
    unreachable!("a history ends")
}

#[tokio::test]
async fn no_power_loss_at_any_operation_loses_or_halves_a_commit() {
    let mut tally = Tally::default();
    for seed in 0..3 {
        let operations = every_operation(Fault::PowerLoss, seed, &mut tally).await;
        assert!(operations > 100, "only {operations} operations");
    }
    let Tally {
        durable,
        lost,
        broken_recoveries,
    } = tally;
    let everything_met = durable > 0 && lost > 0 && broken_recoveries > 0;
    assert!(everything_met, "{tally:?}");
}

#[tokio::test]
async fn no_failure_of_a_single_operation_loses_or_halves_a_commit() {
    let mut tally = Tally::default();
    for seed in 0..2 {
        let operations = every_operation(Fault::Once, seed, &mut tally).await;
        assert!(operations > 100, "only {operations} operations");
    }
    assert!(tally.durable + tally.lost > 0, "{tally:?}");
}
