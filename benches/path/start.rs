//! How long the daemon takes from its start until it is ready, by the size of its store and how it ended before.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use handover::actors::proposal::Proposal;
use handover::store::Store;

use super::daemon::{Daemon, Letters};
use super::fill::{self, Maker, Pair};
use super::transfers::hand_over;

/// Items of one account.
const OF_ACCOUNT: usize = 500;
/// Commits that are on their way at once while a store is filled.
const AT_ONCE: usize = 16;

/// Registers items: the documents, index entries and counters that the daemon would write.
async fn fill(store: &dyn Store, items: usize) -> Vec<Pair> {
    let maker = Maker::new();
    let pairs = fill::pairs(store, 4, 64).await;
    let mut commits = Vec::new();
    for account in 0..items.div_ceil(OF_ACCOUNT) {
        let mut proposal = Proposal::default();
        let owner = maker.person(&format!("owner{account}"), &mut proposal);
        for project in 0..OF_ACCOUNT.min(items - account * OF_ACCOUNT) {
            let item = maker.project(owner.account, format!("Project {project}"));
            proposal.create(&item, None);
        }
        commits.push(proposal.into_commit(maker.at));
        if commits.len() == AT_ONCE {
            fill::commit(store, std::mem::take(&mut commits)).await;
        }
    }
    fill::commit(store, commits).await;
    pairs
}

/// Has the system forget what it remembers of the file.
fn forget(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

/// Hands over on four connections until the daemon is killed in the middle of it.
async fn kill_under_load(daemon: &mut Daemon, pairs: &[Pair]) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut loops = Vec::new();
    for pair in pairs {
        let (mut connection, mut pair) = (daemon.connect().await, pair.clone());
        let stop = Arc::clone(&stop);
        loops.push(tokio::spawn(async move {
            let all = (0..pair.projects.len()).collect::<Vec<_>>();
            for nth in all {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                hand_over(&mut connection, &mut pair, nth).await;
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    // What is on its way fails then, as it should.
    std::panic::set_hook(Box::new(|_| {}));
    daemon.kill();
    stop.store(true, Ordering::Relaxed);
    for one in loops {
        drop(one.await);
    }
    drop(std::panic::take_hook());
}

/// Prints the table for one size.
pub async fn measure(folder: &Path, items: usize) {
    let own = tempfile::tempdir_in(folder).unwrap();
    let path = own.path().join("store.redb");
    let began = Instant::now();
    let store = fill::open(&path);
    let pairs = fill(&*store, items).await;
    store.close().unwrap();
    drop(store);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "### Start with {items} items ({:.2} GB, filled in {:.0} s)\n",
        bytes as f64 / 1e9,
        began.elapsed().as_secs_f64()
    );
    println!("| after | spawn to /readyz, ms |");
    println!("|---|---:|");
    let mut daemon = Daemon::configured(own.path(), Letters::Delivered);
    for nth in 1..=3 {
        forget(&path);
        let took = daemon.start().await;
        println!("| a clean stop ({nth}) | {:.1} |", took.as_secs_f64() * 1e3);
        daemon.stop();
    }
    daemon.start().await;
    // Every pair's projects are used only once, because whether the last hand-over was done is unknown after a kill.
    for (nth, pairs) in pairs.chunks(1).enumerate().take(3) {
        kill_under_load(&mut daemon, pairs).await;
        forget(&path);
        let took = daemon.start().await;
        println!(
            "| kill -9 under load ({}) | {:.1} |",
            nth + 1,
            took.as_secs_f64() * 1e3
        );
    }
    daemon.stop();
    println!();
}
