//! How long a large store takes to open after a clean stop and after kill -9.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use handover::domain::id::{AccountId, Context, ItemId, ItemKind};
use handover::domain::index::Entry;
use handover::domain::key::Key;
use handover::store::embedded::Embedded;
use handover::store::{ABSENT, Commit, IndexChange, Outcome, Store, Write};

use super::options;

/// Items of one account.
const OF_ACCOUNT: u128 = 1_000;

fn item(number: u128) -> ItemId {
    ItemId::new(ItemKind::Project, number)
}

/// Registers some items: a document of a typical size and an index entry each.
fn register(numbers: std::ops::Range<u128>) -> Commit {
    let mut commit = Commit::default();
    for number in numbers {
        commit.writes.push(Write {
            key: Key::Item(item(number)),
            expected: ABSENT,
            body: Some(vec![b'i'; 300]),
            event: None,
        });
        let owner = Context::Personal(AccountId::from_bits(number / OF_ACCOUNT));
        let entry = Entry::Owned(owner, item(number));
        commit.index.push(IndexChange::Put(entry, Vec::new()));
    }
    commit
}

fn fill(path: &Path, items: u128) {
    let store = Embedded::open(path, &options()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    let step = 1_000;
    for start in (0..items).step_by(step * 8) {
        let commits = (0..8)
            .map(|nth| start + nth * step as u128)
            .filter(|from| *from < items)
            .map(|from| store.commit(register(from..items.min(from + step as u128))));
        let outcomes = runtime.block_on(futures_util::future::join_all(commits));
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Done(_))));
    }
    store.close().unwrap();
}

/// Opens the store, having made the system forget the file, and reads and writes something.
fn open(path: &Path, what: &str, items: u128) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    drop(file);
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    let began = Instant::now();
    let store = Embedded::open(path, &options()).unwrap();
    let opened = began.elapsed();
    let found = runtime.block_on(store.load(&[Key::Item(item(items / 2))]));
    assert!(found.unwrap()[0].is_some());
    let read = began.elapsed();
    let outcome = runtime.block_on(store.commit(Commit::default()));
    assert!(matches!(outcome, Outcome::Done(_)));
    let written = began.elapsed();
    store.close().unwrap();
    println!(
        "| {what} | {:.1} | {:.1} | {:.1} |",
        opened.as_secs_f64() * 1e3,
        read.as_secs_f64() * 1e3,
        written.as_secs_f64() * 1e3,
    );
}

/// Fills a store and times its opening.
pub fn measure(folder: &Path, items: u128) {
    let path = folder.join("large.redb");
    let began = Instant::now();
    fill(&path, items);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "{items} items, {:.2} GB, filled in {:.0} s\n",
        bytes as f64 / 1e9,
        began.elapsed().as_secs_f64()
    );
    println!("| opened after | opened, ms | and first read, ms | and first commit, ms |");
    println!("|---|---:|---:|---:|");
    open(&path, "a clean stop", items);
    for nth in 1..=3 {
        kill(&path);
        open(&path, &format!("kill -9 under load ({nth})"), items);
    }
}

/// Has another process write to the store and kills it in the middle of that.
fn kill(path: &Path) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .arg("--write-until-killed")
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let lines = child.stdout.take().unwrap();
    BufReader::new(lines).read_line(&mut line).unwrap();
    assert_eq!(line, "writing\n");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Commits without end, and says so after the first hundred.
pub fn write_until_killed(path: &Path) {
    let store = Embedded::open(path, &options()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    // Beyond what was filled, and different in every run.
    let first = u128::from(std::process::id()) << 64;
    for round in 0.. {
        let commits = (0..16).map(|nth| {
            let number = first + round * 16 + nth;
            store.commit(register(number..number + 1))
        });
        runtime.block_on(futures_util::future::join_all(commits));
        if round == 100 {
            println!("writing");
            std::io::stdout().flush().unwrap();
        }
    }
}
