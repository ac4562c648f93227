//! May this person read, or write, this item? The same question about the same relations, asked of Handover's own check, of
//! cedar-policy and of casbin, side by side. Every answer is compared with the right one.
//!
//! `README.md` says how to run it and what is fair.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and stops at the first surprise"
)]

mod by_casbin;
mod by_cedar;
#[allow(dead_code, reason = "the other benchmark uses the rest of it")]
mod by_handover;
mod relations;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use casbin::CoreApi as _;
use handover::domain::time::Time;

use by_cedar::Cedar;
use by_handover::Site;
use relations::{Question, Relations};

/// Answers before the first that is measured.
const WARM: usize = 5_000;
/// At most so many are measured.
const MOST: usize = 500_000;

/// The value after a flag.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}

/// A row of the table.
fn row(grants: usize, what: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let at = |part: f64| {
        let rank = (times.len() as f64 * part).ceil() as usize;
        times[rank.clamp(1, times.len()) - 1]
    };
    let (middle, most, count) = (at(0.5), at(0.99), times.len());
    println!("| {grants} | {what} | {middle} | {most} | {count} |");
}

/// Asks one question after the other for this long; how long each answer took, in nanoseconds. What is asked is made before.
fn measured<R>(
    relations: &Relations,
    during: Duration,
    make: impl Fn(Question) -> R,
    mut ask: impl FnMut(R) -> bool,
) -> Vec<u64> {
    let began = Instant::now();
    for number in 0..WARM {
        ask(make(relations.question(number)));
        if began.elapsed() > during / 4 {
            break;
        }
    }
    let mut times = Vec::new();
    let began = Instant::now();
    for number in WARM..WARM + MOST {
        let question = relations.question(number);
        let request = make(question);
        let asked = Instant::now();
        let answer = ask(request);
        times.push(asked.elapsed().as_nanos() as u64);
        assert_eq!(answer, relations.answer(question), "{question:?}");
        if began.elapsed() > during {
            break;
        }
    }
    times
}

fn now() -> Time {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Time::from_ms(now.unwrap().as_millis() as i64)
}

fn handover(relations: &Relations, folder: &Path, during: Duration) {
    let one = tokio::runtime::Builder::new_current_thread();
    let one = { one }.enable_all().build().unwrap();
    let path = folder.join("store.redb");
    let site = Site::filled(relations, &path, now());
    let site = one.block_on(site);
    let request = |question| site.request(question);
    let times = measured(relations, during, request, |request| {
        one.block_on(site.asked(request))
    });
    row(relations.grants, "Handover, in process", times);
    let times = measured(relations, during, request, |request| {
        one.block_on(site.permitted(request))
    });
    row(relations.grants, "Handover, with the item", times);
    site.close();
}

fn cedar(relations: &Relations, during: Duration) {
    let cedar = Cedar::filled(relations);
    let times = measured(
        relations,
        during,
        |question| cedar.request(question),
        |request| cedar.asked(&request),
    );
    row(relations.grants, "cedar-policy, all in memory", times);
    let times = measured(
        relations,
        during,
        |question| (question, cedar.request(question)),
        |request| cedar.asked_of_a_store(relations, &request),
    );
    let what = "cedar-policy, entities made for the question";
    row(relations.grants, what, times);
}

fn casbin(relations: &Relations, during: Duration) {
    let one = tokio::runtime::Builder::new_current_thread();
    let one = { one }.enable_all().build().unwrap();
    let casbin = one.block_on(by_casbin::filled(relations));
    let times = measured(relations, during, by_casbin::request, |request| {
        casbin.enforce(request).unwrap()
    });
    row(relations.grants, "casbin", times);
}

fn main() {
    let sizes = argument("--grants").unwrap_or_else(|| "1000,100000,1000000".into());
    let seconds: f64 = argument("--seconds").map_or(10.0, |text| text.parse().unwrap());
    let during = Duration::from_secs_f64(seconds);
    let only = argument("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let folder = argument("--folder").unwrap_or_else(|| "/var/tmp".into());
    println!("| grants | asked of | p50, ns | p99, ns | answers |");
    println!("|---:|---|---:|---:|---:|");
    for size in sizes.split(',') {
        let relations = Relations::of(size.parse().unwrap());
        if wanted("handover") {
            let folder = tempfile::Builder::new()
                .prefix("handover-rights.")
                .tempdir_in(&folder)
                .unwrap();
            handover(&relations, folder.path(), during);
        }
        if wanted("cedar") {
            cedar(&relations, during);
        }
        if wanted("casbin") {
            casbin(&relations, during);
        }
    }
}
