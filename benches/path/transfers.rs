//! Accepted transfers per second over HTTP, against what the store commits of the same rows in the same run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::commits;
use super::daemon::{Daemon, Letters};
use super::fill::{self, Pair};
use super::http::Connection;
use super::percentile;

/// Projects that each pair of people hands to and fro.
const PROJECTS: usize = 256;
/// Letters of a transfer: the offer, and one to each side when it is accepted.
const LETTERS: f64 = 3.0;
/// Before the measured time.
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Answer {
    transfer: Named,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// What is offered to whom; what is sent.
pub fn offer(pair: &Pair, nth: usize) -> Value {
    let (item, side) = pair.projects[nth];
    json!({"items": [item.to_string()], "recipient": pair.people[1 - side].address, "accept_terms": true})
}

/// Hands one project to the other side: how long the request and the acceptance took.
pub async fn hand_over(
    connection: &mut Connection,
    pair: &mut Pair,
    nth: usize,
) -> (Duration, Duration) {
    let side = pair.projects[nth].1;
    let began = Instant::now();
    let asked = offer(pair, nth);
    let offered: Answer = connection
        .post(&pair.people[side].token, "/transfers", &asked)
        .await;
    let requested = began.elapsed();
    let began = Instant::now();
    let path = format!("/transfers/{}/accept", offered.transfer.id);
    let into = json!({"context": "personal"});
    let token = &pair.people[1 - side].token;
    let _: Value = connection.post(token, &path, &into).await;
    pair.projects[nth].1 = 1 - side;
    (requested, began.elapsed())
}

struct Loop {
    pair: Pair,
    requests: Vec<Duration>,
    accepts: Vec<Duration>,
}

async fn go_on(mut connection: Connection, mut pair: Pair, stop: Arc<AtomicBool>) -> Loop {
    let (mut requests, mut accepts) = (Vec::new(), Vec::new());
    for nth in (0..pair.projects.len()).cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (request, accept) = hand_over(&mut connection, &mut pair, nth).await;
        requests.push(request);
        accepts.push(accept);
    }
    Loop {
        pair,
        requests,
        accepts,
    }
}

/// Hands over on as many connections as there are pairs; pairs come back as they are then.
async fn drive(daemon: &Daemon, pairs: Vec<Pair>, seconds: Duration) -> Vec<Loop> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut loops = Vec::new();
    for pair in pairs {
        let connection = daemon.connect().await;
        loops.push(tokio::spawn(go_on(connection, pair, Arc::clone(&stop))));
    }
    tokio::time::sleep(seconds).await;
    stop.store(true, Ordering::Relaxed);
    let mut done = Vec::new();
    for one in loops {
        done.push(one.await.unwrap());
    }
    done
}

/// Letters that are sent or no longer true. A courier that falls behind costs less than one that delivers, so a row says which.
async fn settled(daemon: &Daemon) -> f64 {
    daemon.metric("handover_letters_sent_total").await
        + daemon.metric("handover_letters_withdrawn_total").await
}

/// Prints the table.
pub async fn measure(folder: &Path, seconds: Duration) {
    println!("### Accepted transfers over HTTP\n");
    let store = commits::measure(folder, seconds).await;
    println!(
        "The store alone, 64 waiting: {:.0} commits/s of acceptances, {:.0} commits/s of requests.\n",
        store.accepts, store.requests
    );
    println!(
        "| letters | connections | transfers/s | of the store's commits/s | request p50 ms | p99 | accept p50 ms | p99 | daemon's cores | its µs per transfer | letters settled of those due |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (what, letters) in [
        ("courier running", Letters::Delivered),
        ("mail server silent", Letters::waiting()),
    ] {
        let own = tempfile::tempdir_in(folder).unwrap();
        let filled = fill::open(&own.path().join("store.redb"));
        let mut pairs = fill::pairs(&*filled, 64, PROJECTS).await;
        filled.close().unwrap();
        drop(filled);
        let mut daemon = Daemon::configured(own.path(), letters);
        daemon.start().await;
        let only: usize = super::number("--connections", 0);
        for connections in [1, 16, 64].into_iter().filter(|n| only == 0 || only == *n) {
            let rest = pairs.split_off(connections);
            let warm = drive(&daemon, pairs, WARM_UP).await;
            pairs = warm.into_iter().map(|one| one.pair).collect();
            let before = settled(&daemon).await;
            let (began, used) = (Instant::now(), daemon.processor());
            let mut done = drive(&daemon, pairs, seconds).await;
            let (took, used) = (began.elapsed(), daemon.processor() - used);
            let letters = settled(&daemon).await - before;
            let mut requests: Vec<_> = done
                .iter_mut()
                .flat_map(|one| one.requests.drain(..))
                .collect();
            let mut accepts: Vec<_> = done
                .iter_mut()
                .flat_map(|one| one.accepts.drain(..))
                .collect();
            let rate = accepts.len() as f64 / took.as_secs_f64();
            println!(
                "| {what} | {connections} | {rate:.0} | {:.0} % | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} | {:.1} % |",
                100.0 * rate / store.accepts,
                percentile(&mut requests, 0.5),
                percentile(&mut requests, 0.99),
                percentile(&mut accepts, 0.5),
                percentile(&mut accepts, 0.99),
                used.as_secs_f64() / took.as_secs_f64(),
                used.as_secs_f64() * 1e6 / (rate * took.as_secs_f64()),
                100.0 * letters / (LETTERS * rate * took.as_secs_f64()),
            );
            pairs = done.into_iter().map(|one| one.pair).chain(rest).collect();
        }
        daemon.stop();
    }
    println!();
}
