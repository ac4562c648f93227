//! The embedded store answers every history as the model does, and many committers at once as one after another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/store_histories.rs"]
mod store_histories;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use handover::domain::id::{AccountId, CommandId};
use handover::domain::index::Entry;
use handover::domain::time::Time;
use handover::store::embedded::{Embedded, OpenError, Options};
use handover::store::model::Model;
use handover::store::{
    ABSENT, Commit, Direction, IndexChange, Outcome, Queue, Store, Version, Write,
};
use rand::prelude::*;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use store_histories::{Answered, Call, Calls, KEYS, everything, make};

const ENTRY: Entry = Entry::AttemptsOf(AccountId::from_bits(1), 2);

/// Memory that outlives the store opened in it, as a disk does.
#[derive(Debug, Clone)]
struct Memory(Arc<InMemoryBackend>);

impl Memory {
    fn new() -> Self {
        Self(Arc::new(InMemoryBackend::new()))
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }
}

enum Place {
    Memory(Memory),
    File(PathBuf),
}

impl Place {
    fn open(&self) -> Embedded {
        let options = Options {
            cache_bytes: 1024 * 1024,
            max_waiting: 64,
        };
        match self {
            Self::Memory(memory) => Embedded::open_with_backend(memory.clone(), &options),
            Self::File(path) => Embedded::open(path, &options),
        }
        .unwrap()
    }
}

/// How often each kind of answer was given, so that a history in which nothing happens does not pass for proof.
type Tally = BTreeMap<&'static str, usize>;

fn kind(answered: &Answered) -> &'static str {
    match answered {
        Answered::Commit(Outcome::Done(_)) => "done",
        Answered::Commit(Outcome::Duplicate(_)) => "duplicate",
        Answered::Commit(Outcome::Conflict(_)) => "conflict",
        Answered::Commit(Outcome::OverLimit { .. }) => "over limit",
        Answered::Commit(Outcome::TooLarge) => "too large",
        Answered::Commit(Outcome::Unknown | Outcome::Unavailable) => "failed",
        Answered::Claim(rows) if rows.is_empty() => "nothing due",
        Answered::Claim(_) => "claimed",
        Answered::Settle => "settled",
        Answered::Forget(0) => "nothing to forget",
        Answered::Forget(_) => "forgotten",
        Answered::Scan(page) if page.more => "a page of several",
        Answered::Scan(_) => "the last page",
        Answered::History(_) => "history",
        Answered::Latest(_) => "latest",
        Answered::Reopened => "reopened",
    }
}

async fn play(seed: u64, steps: usize, place: &Place, tally: &mut Tally) {
    let model = Model::new();
    let mut embedded = place.open();
    let mut calls = Calls::new(seed);
    for step in 0..steps {
        let call = calls.next(&model.view());
        let expected = make(&model, call.clone()).await.unwrap();
        if matches!(call, Call::Reopen) {
            drop(embedded);
            embedded = place.open();
        }
        let answered = make(&embedded, call.clone()).await.unwrap();
        assert_eq!(answered, expected, "seed {seed}, step {step}: {call:?}");
        calls.saw(&answered);
        *tally.entry(kind(&answered)).or_default() += 1;
    }
    drop(embedded);
    let embedded = place.open();
    let expected = everything(&model).await.unwrap();
    let all = everything(&embedded).await.unwrap();
    assert_eq!(all, expected, "seed {seed}, at the end");
}

#[tokio::test]
async fn every_history_is_answered_in_memory_as_the_model_answers_it() {
    let mut tally = Tally::new();
    for seed in 0..300 {
        let place = Place::Memory(Memory::new());
        play(seed, 60, &place, &mut tally).await;
    }
    let happened: Vec<_> = tally.keys().copied().collect();
    assert_eq!(
        happened,
        [
            "a page of several",
            "claimed",
            "conflict",
            "done",
            "duplicate",
            "forgotten",
            "history",
            "latest",
            "nothing due",
            "nothing to forget",
            "over limit",
            "reopened",
            "settled",
            "the last page",
            "too large",
        ],
        "every kind of answer must be met: {tally:?}"
    );
}

#[tokio::test]
async fn every_history_is_answered_on_a_file_as_the_model_answers_it() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1_000..1_010 {
        let place = Place::File(folder.path().join(format!("{seed}.redb")));
        play(seed, 60, &place, &mut Tally::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_committers_at_once_are_answered_as_one_after_another() {
    for seed in 0..6 {
        let store = Arc::new(Place::Memory(Memory::new()).open());
        let log = Arc::new(Mutex::new(Vec::new()));
        let committers = (0..24).map(|committer| {
            tokio::spawn(commit_often(
                Arc::clone(&store),
                Arc::clone(&log),
                seed * 100 + committer,
            ))
        });
        for committer in committers.collect::<Vec<_>>() {
            committer.await.unwrap();
        }
        let stats = store.stats();
        assert!(
            stats.batches < stats.commits,
            "nothing was grouped: {stats:?}"
        );
        assert_eq!(stats.waiting, 0);

        let model = Model::new();
        let mut log = std::mem::take(&mut *log.lock().unwrap());
        log.sort_by_key(|(version, _)| *version);
        assert_eq!(log.len() as u64, stats.commits);
        for (version, commit) in log {
            let replayed = model.commit(commit).await;
            assert_eq!(replayed, Outcome::Done(version), "seed {seed}");
        }
        let expected = everything(&model).await.unwrap();
        assert_eq!(everything(&*store).await.unwrap(), expected, "seed {seed}");
    }
}

/// Changes documents from what it reads, as actors do, and logs what was `Done`.
async fn commit_often(store: Arc<Embedded>, log: Arc<Mutex<Vec<(Version, Commit)>>>, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..20 {
        let key = *KEYS.choose(&mut random).unwrap();
        let there = store.load(&[key]).await.unwrap().remove(0);
        let counted = there.as_ref().map_or(0, |record| record.body[0]);
        let mut commit = Commit {
            command: Some(CommandId::from_bits(random.random_range(0..10_000))),
            writes: vec![Write {
                key,
                expected: there.map(|record| record.version).unwrap_or_default(),
                body: Some(vec![counted.wrapping_add(1); random.random_range(1..300)]),
                event: Some(vec![counted]),
            }],
            ..Commit::default()
        };
        let other = *KEYS.choose(&mut random).unwrap();
        if other != key
            && let Some(record) = store.load(&[other]).await.unwrap().remove(0)
        {
            commit.guards.push((other, record.version));
        }
        match store.commit(commit.clone()).await {
            Outcome::Done(version) => {
                let read = store.load(&[key]).await.unwrap().remove(0).unwrap();
                assert!(read.version >= version, "a later read must see it");
                log.lock().unwrap().push((version, commit));
            }
            Outcome::Conflict(_) | Outcome::Duplicate(_) => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_version_is_never_used_again_though_the_document_is_deleted_and_made_again() {
    let memory = Place::Memory(Memory::new());
    let mut last = Version(0);
    for round in 0..4 {
        // Opened anew each time: the sequence must survive.
        let store = memory.open();
        let delete = round % 2 == 1;
        let write = Write {
            key: KEYS[0],
            expected: if delete { last } else { Version(0) },
            body: (!delete).then(|| vec![round]),
            event: None,
        };
        let commit = Commit {
            writes: vec![write],
            ..Commit::default()
        };
        let Outcome::Done(version) = store.commit(commit).await else {
            panic!("round {round} was refused");
        };
        assert!(version > last);
        last = version;
    }
}

#[tokio::test]
async fn what_is_frozen_stays_as_it_was_and_every_later_look_is_fresh() {
    let write = |expected, body: &str, entry: &str| Commit {
        writes: vec![Write {
            key: KEYS[0],
            expected,
            body: Some(body.into()),
            event: None,
        }],
        index: vec![IndexChange::Put(ENTRY, entry.into())],
        ..Commit::default()
    };
    let embedded = Place::Memory(Memory::new()).open();
    let model = Model::new();
    let stores: [&dyn Store; 2] = [&embedded, &model];
    for store in stores {
        let mut frozen = Vec::new();
        let mut version = ABSENT;
        for round in ["one", "two", "three"] {
            let Outcome::Done(next) = store.commit(write(version, round, round)).await else {
                panic!("a commit");
            };
            version = next;
            frozen.push((round, version, store.frozen().await.unwrap()));
        }
        for (round, version, look) in &frozen {
            let record = look.load(&KEYS[..1]).await.unwrap().remove(0).unwrap();
            assert_eq!(
                (record.version, record.body),
                (*version, round.as_bytes().into())
            );
            let found = look.find(&[ENTRY]).await.unwrap().remove(0).unwrap();
            assert_eq!(found, round.as_bytes());
            let page = look.scan(ENTRY.bytes(), None, Direction::Forward, 9).await;
            assert_eq!(page.unwrap().rows.first().unwrap().1, round.as_bytes());
        }
    }
    embedded.close().unwrap();
    assert!(embedded.frozen().await.is_err());
    assert!(embedded.load(&KEYS[..1]).await.is_err());
}

#[tokio::test]
async fn timers_of_one_transfer_that_are_claimed_together_all_stay() {
    let store = Place::Memory(Memory::new()).open();
    let timer = |at| handover::store::Due {
        queue: Queue::Timers,
        at: Time::from_ms(at),
        id: 5,
    };
    let commit = Commit {
        enqueue: vec![timer(1), timer(2), timer(3)],
        ..Commit::default()
    };
    assert_eq!(store.commit(commit).await, Outcome::Done(Version(1)));
    let now = Time::from_ms(100);
    let claimed = store.claim(Queue::Timers, now, 10, 50).await.unwrap();
    assert_eq!(claimed.len(), 3);
    assert_eq!(store.claim(Queue::Timers, now, 10, 50).await.unwrap(), []);
    let later = now.plus_ms(60);
    let again = store.claim(Queue::Timers, later, 10, 50).await.unwrap();
    assert_eq!(
        again.iter().map(|row| row.claims).collect::<Vec<_>>(),
        [2; 3]
    );
}

#[tokio::test]
async fn a_second_opener_gets_a_sentence_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let first = Embedded::open(&path, &Options::default()).unwrap();
    let second = Embedded::open(&path, &Options::default()).err().unwrap();
    assert!(matches!(second, OpenError::InUse { .. }));
    assert!(second.to_string().contains("open in another process"));
    first.health().await.unwrap();
    first.close().unwrap();
    assert!(first.health().await.is_err());
    assert_eq!(first.commit(Commit::default()).await, Outcome::Unavailable);
    Embedded::open(&path, &Options::default()).unwrap();
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::default();
    for (name, content) in [("empty", ""), ("text", "not a store at all\n")] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = Embedded::open(&path, &options).err().unwrap();
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    let nowhere = folder.path().join("no such folder/store.redb");
    let error = Embedded::open(&nowhere, &options).err().unwrap();
    assert!(error.to_string().contains("check that its folder exists"));
}

#[tokio::test]
async fn what_a_crash_left_of_a_new_store_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.redb.new"), "half a store").unwrap();
    let path = folder.path().join("store.redb");
    drop(Embedded::open(&path, &Options::default()).unwrap());
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["store.redb"]);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the store holds addresses of people");
}

/// A disk whose writes to disk wait until they are let through.
#[derive(Debug)]
struct Gate(Memory, Arc<Mutex<()>>);

impl StorageBackend for Gate {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        drop(self.1.lock());
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }
}

#[tokio::test]
async fn a_full_queue_is_said_at_once_and_closing_finishes_what_waits() {
    let gate = Arc::new(Mutex::new(()));
    let options = Options {
        cache_bytes: 1024 * 1024,
        max_waiting: 4,
    };
    let disk = Gate(Memory::new(), Arc::clone(&gate));
    let store = Arc::new(Embedded::open_with_backend(disk, &options).unwrap());
    let shut = gate.lock().unwrap();
    let mut waiting = Vec::new();
    // The writer takes a batch to the shut gate; then the queue fills, and the first that finds it full is told so.
    loop {
        let mut commit = store.commit(Commit::default());
        let mut nobody = Context::from_waker(Waker::noop());
        match commit.as_mut().poll(&mut nobody) {
            Poll::Pending => waiting.push(commit),
            Poll::Ready(outcome) => {
                assert_eq!(outcome, Outcome::Unavailable);
                break;
            }
        }
    }
    assert!(waiting.len() >= 4);
    let read = store.load(&KEYS).now_or_never();
    assert!(read.is_some(), "reads never wait for the writer");
    drop(shut);
    store.close().unwrap();
    for (number, commit) in (1..).zip(waiting) {
        assert_eq!(commit.await, Outcome::Done(Version(number)));
    }
}
