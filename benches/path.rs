//! The whole path, measured on the daemon as a process: `handover serve`, built as it is released, driven over HTTP.
//!
//! `cargo bench --bench path -- --transfers --lists --check --files --start --memory --mail` prints Markdown; each part can be asked for alone.
//! `--seconds N` is how long each row of the first part takes, `--connections 64` measures that row alone, `--offers N` how many letters and replies `--mail` has, `--listed N` how many things there are in the larger context of `--lists`,
//! `--grants 1000,100000` the sizes of `--check` and `--rate N` its questions a second, `--items N` the size of the larger store of `--start`,
//! `--folder PATH` where stores lie (on a disk: by default `/var/tmp`). `docs/performance.md` says what the figures mean.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and stops at the first surprise"
)]

#[path = "rights/src/by_handover.rs"]
#[allow(dead_code, reason = "benches/rights asks in process too")]
mod by_handover;
#[path = "path/check.rs"]
mod check;
#[path = "path/commits.rs"]
mod commits;
#[path = "path/daemon.rs"]
mod daemon;
#[path = "path/files.rs"]
mod files;
#[path = "path/fill.rs"]
mod fill;
#[path = "path/http.rs"]
mod http;
#[path = "path/lists.rs"]
mod lists;
#[path = "path/mail.rs"]
mod mail;
#[path = "path/memory.rs"]
mod memory;
#[path = "rights/src/relations.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest of it")]
mod relations;
#[path = "path/shelves.rs"]
mod shelves;
#[path = "path/start.rs"]
mod start;
#[path = "path/transfers.rs"]
mod transfers;

use std::path::Path;
use std::time::Duration;

/// Whether a flag was given.
fn asked(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

/// The value after a flag.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str, otherwise: T) -> T {
    argument(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// The share `part` of the values lies at or below this, in milliseconds.
fn percentile(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    let rank = (times.len() as f64 * part).ceil() as usize;
    let at = rank.saturating_sub(1).min(times.len().saturating_sub(1));
    times[at].as_secs_f64() * 1e3
}

fn main() {
    if let Some(store) = argument("--people") {
        return fill::people_of_rivals(Path::new(&store), number("--pairs", 64));
    }
    let folder = argument("--folder").unwrap_or_else(|| "/var/tmp".into());
    let folder = tempfile::Builder::new()
        .prefix("handover-path.")
        .tempdir_in(folder)
        .unwrap();
    let folder = folder.path();
    let seconds = Duration::from_secs_f64(number("--seconds", 5.0));
    let parts = [
        "--transfers",
        "--lists",
        "--check",
        "--files",
        "--start",
        "--memory",
        "--mail",
    ];
    let all = !parts.into_iter().any(asked);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if all || asked("--transfers") {
            transfers::measure(folder, seconds).await;
        }
        if all || asked("--lists") {
            lists::measure(folder, number("--listed", 100_000), seconds).await;
        }
        if all || asked("--check") {
            let sizes = argument("--grants").unwrap_or_else(|| "1000,100000,1000000".into());
            check::table(folder, &sizes, number("--rate", 2_000.0), seconds).await;
        }
        if all || asked("--files") {
            files::measure(folder, number("--files-in-project", 1_000_000)).await;
        }
        if all || asked("--memory") {
            memory::measure(folder).await;
        }
        if all || asked("--mail") {
            mail::measure(folder, number("--offers", 16_000)).await;
        }
        if all || asked("--start") {
            for items in [10_000, number("--items", 10_000_000)] {
                start::measure(folder, items).await;
            }
        }
    });
}
