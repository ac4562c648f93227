//! Resident memory: of the idle daemon, after sign-ins, and of each awake actor.

use std::path::Path;
use std::time::Duration;

use handover::domain::id::SignInId;
use handover::domain::secret::SiteKey;
use serde_json::{Value, json};

use super::daemon::{Daemon, Letters};
use super::fill;
use super::transfers::offer;

const SIGN_INS: usize = 1_000;
/// Pairs of people whose contexts wake, with one open transfer each. Fewer than the number beyond which transfers rest at once.
const AWAKE: usize = 2_000;
/// Until what is deferred is done: connections closed, letters delivered.
const SETTLE: Duration = Duration::from_secs(2);

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn row(what: &str, bytes: u64) {
    println!("| {what} | {:.1} |", mb(bytes));
}

/// Prints the tables.
pub async fn measure(folder: &Path) {
    println!("### Memory\n");
    println!("| the daemon | resident, MB |");
    println!("|---|---:|");
    let own = tempfile::tempdir_in(folder).unwrap();
    let mut daemon = Daemon::configured(own.path(), Letters::Delivered);
    daemon.start().await;
    tokio::time::sleep(SETTLE).await;
    row("idle after its start, empty store", daemon.resident());
    sign_in(&daemon, own.path()).await;
    tokio::time::sleep(SETTLE).await;
    row(&format!("after {SIGN_INS} sign-ins"), daemon.resident());
    daemon.stop();
    actors(folder).await;
    println!();
}

async fn sign_in(daemon: &Daemon, folder: &Path) {
    let key = std::fs::read(folder.join("handover.key")).unwrap();
    let key = SiteKey::new(key.try_into().unwrap());
    let mut connection = daemon.connect().await;
    for number in 0..SIGN_INS {
        let address = json!({"address": format!("person{number}@bench.example")});
        let begun: Value = connection.post("-", "/sign-in", &address).await;
        let id: SignInId = begun["sign_in"].as_str().unwrap().parse().unwrap();
        let code = json!({"code": key.code(id)});
        let _: Value = connection.post("-", &format!("/sign-in/{id}"), &code).await;
    }
}

/// Wakes contexts by requests of transfers, whose actors stay awake because they are open.
async fn actors(folder: &Path) {
    let own = tempfile::tempdir_in(folder).unwrap();
    let store = fill::open(&own.path().join("store.redb"));
    let pairs = fill::pairs(&*store, AWAKE, 2).await;
    store.close().unwrap();
    drop(store);
    let mut daemon = Daemon::configured(own.path(), Letters::waiting());
    daemon.start().await;
    let mut connection = daemon.connect().await;
    // The store's cache and the allocator fill with the first half; only the second half tells what actors weigh.
    let mut before = (0, 0.0);
    for (number, pair) in pairs.iter().enumerate() {
        if number == AWAKE / 2 {
            before = (daemon.resident(), awake(&daemon).await);
        }
        let _: Value = connection
            .post(&pair.people[0].token, "/transfers", &offer(pair, 0))
            .await;
    }
    let (resident, actors) = (daemon.resident(), awake(&daemon).await);
    row(&format!("with {actors} actors awake"), resident);
    let each = (resident.saturating_sub(before.0)) as f64 / (actors - before.1);
    println!(
        "\nPer awake actor, all that grew between {} and {actors} of them: {:.1} kB.",
        before.1,
        each / 1e3
    );
    daemon.stop();
}

async fn awake(daemon: &Daemon) -> f64 {
    let of = async |kind: &str| {
        let name = format!("handover_actors_awake{{kind=\"{kind}\"}}");
        daemon.metric(&name).await
    };
    of("context").await + of("transfer").await
}
