//! Accepting a project costs the same whatever it contains.

use std::path::Path;

use handover::actors::custody::File;
use handover::actors::proposal::Proposal;
use handover::domain::id::Digest;
use handover::domain::index::Entry;
use handover::store::{Commit, IndexChange, Store};

use super::daemon::{Daemon, Letters};
use super::fill::{self, Maker, Pair};
use super::percentile;
use super::transfers::hand_over;

/// Acceptances of each project.
const ACCEPTANCES: usize = 400;

/// A project with so many file records, and one with a single one, of a pair of people.
async fn projects(store: &dyn Store, many: u64) -> Pair {
    let maker = Maker::new();
    let mut proposal = Proposal::default();
    let left = maker.person("left", &mut proposal);
    let right = maker.person("right", &mut proposal);
    let mut owned = Vec::new();
    let mut commits = Vec::new();
    for (name, files) in [("one file", 1), ("many files", many)] {
        let mut item = maker.project(left.account, name.to_owned());
        item.files = files;
        item.bytes = files * 1_000;
        proposal.create(&item, None);
        owned.push((item.id, 0));
        let entry = |number: u64| {
            let path = format!("Data/Intensities/BaseCalls/L001/s_1_{number:07}.fastq.gz");
            let entry = Entry::File(item.id, Digest::of(path.as_bytes()));
            let checksum = Some(format!("sha256:{:064x}", u128::from(number)));
            let file = File {
                path,
                bytes: 1_000,
                checksum,
                dataset: None,
            };
            IndexChange::Put(entry, serde_json::to_vec(&file).unwrap())
        };
        for from in (0..files).step_by(1_000) {
            let index = (from..files.min(from + 1_000)).map(entry).collect();
            commits.push(Commit {
                index,
                at: maker.at,
                ..Commit::default()
            });
        }
    }
    fill::commit(store, vec![proposal.into_commit(maker.at)]).await;
    let mut commits = commits.into_iter();
    loop {
        let some: Vec<_> = commits.by_ref().take(16).collect();
        if some.is_empty() {
            break;
        }
        fill::commit(store, some).await;
    }
    Pair {
        people: [left, right],
        projects: owned,
    }
}

/// Prints the table.
pub async fn measure(folder: &Path, many: u64) {
    let own = tempfile::tempdir_in(folder).unwrap();
    let store = fill::open(&own.path().join("store.redb"));
    let mut pair = projects(&*store, many).await;
    store.close().unwrap();
    drop(store);
    let mut daemon = Daemon::configured(own.path(), Letters::Delivered);
    daemon.start().await;
    let mut connection = daemon.connect().await;
    let (mut requests, mut accepts) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..ACCEPTANCES + 20 {
        // By turns, so that a slow moment of the machine meets both; the first ones warm up.
        for nth in 0..2 {
            let (request, accept) = hand_over(&mut connection, &mut pair, nth).await;
            if round >= 20 {
                requests[nth].push(request);
                accepts[nth].push(accept);
            }
        }
    }
    daemon.stop();
    println!("### A project's acceptance, by the number of its files\n");
    println!("| file records | acceptances | request p50 ms | accept p50 ms | accept p99 ms |");
    println!("|---:|---:|---:|---:|---:|");
    let mut medians = Vec::new();
    for (nth, files) in [1, many].into_iter().enumerate() {
        let median = percentile(&mut accepts[nth], 0.5);
        medians.push(median);
        println!(
            "| {files} | {ACCEPTANCES} | {:.3} | {median:.3} | {:.3} |",
            percentile(&mut requests[nth], 0.5),
            percentile(&mut accepts[nth], 0.99),
        );
    }
    println!(
        "\nMedian with {many} against 1: {:+.1} %.\n",
        100.0 * (medians[1] / medians[0] - 1.0)
    );
}
