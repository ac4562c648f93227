//! What the store does with exactly the rows that requests and acceptances write: they are decided by the real actors on a store in
//! memory, written down, and committed again to the embedded store by 64 tasks at once.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use handover::actors::directory::Directory;
use handover::actors::invitation::{Command, To};
use handover::actors::world::{Once, Settings};
use handover::clock::System;
use handover::domain::event::{By, Channel};
use handover::domain::id::{CommandId, Context, Digest, InvitationId};
use handover::domain::index::Entry;
use handover::domain::invitation::{KeepAccess, Request, Terms};
use handover::domain::key::{Bytes, Counter, Key, Queue};
use handover::domain::policy::Policy;
use handover::domain::secret::SiteKey;
use handover::domain::time::Time;
use handover::ids::Ids;
use handover::store::model::Model;
use handover::store::{
    Answer, Claimed, Commit, Direction, Due, Frozen, Outcome, Page, Record, Settlement, Store,
    Version,
};

use super::fill;

/// Waiting at once.
const WAITING: usize = 64;
/// Projects of each of the 64 pairs.
const PROJECTS: usize = 128;

/// The store in memory, and all that was committed to it in its order.
#[derive(Default)]
struct Recorder {
    model: Model,
    commits: Mutex<Vec<Commit>>,
}

impl Recorder {
    fn taken(&self) -> Vec<Commit> {
        std::mem::take(&mut *self.commits.lock().unwrap())
    }
}

impl Store for Recorder {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        self.model.frozen()
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        self.model.load(keys)
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.model.find(entries)
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        self.model.counters(counters)
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        self.model.scan(prefix, after, direction, limit)
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.model.history(key, after, limit)
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.model.latest(key, before, limit)
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        let mut commits = self.commits.lock().unwrap();
        commits.push(commit.clone());
        self.model.commit(commit)
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        self.model.outcome(command)
    }
    fn claim(&self, queue: Queue, now: Time, limit: usize, ms: i64) -> Answer<'_, Vec<Claimed>> {
        self.model.claim(queue, now, limit, ms)
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        self.model.settle(claimed, settlement)
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        self.model.waiting(queue, limit)
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        self.model.forget_commands(now, limit)
    }
    fn health(&self) -> Answer<'_, ()> {
        self.model.health()
    }
}

/// Commits per second.
pub struct Rates {
    pub accepts: f64,
    pub requests: f64,
}

/// What was decided: everything before the requests, the requests, the acceptances; each in its order.
struct Decided {
    before: Vec<Commit>,
    requests: Vec<Commit>,
    accepts: Vec<Commit>,
}

async fn decide() -> Decided {
    let store = Arc::new(Recorder::default());
    let pairs = fill::pairs(&*store, WAITING, PROJECTS).await;
    let before = store.taken();
    let settings = Settings::new(
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::new(Policy {
            open_offers: 10_000,
            letters_a_day: 1_000_000,
            ..Policy::default()
        }),
        SiteKey::new([7; 32]),
        Arc::new(Ids::from_system()),
    );
    let ids = Arc::clone(&settings.ids);
    let directory = Directory::start(settings, Arc::new(System::new())).await;
    let directory = directory.unwrap();
    let once = |at| Once {
        id: CommandId::from_bits(ids.fresh(at)),
        says: Digest(1),
    };
    let by = |account| By {
        person: Some(account),
        channel: Channel::Api,
    };
    let mut open = Vec::new();
    // As they would come: one of each pair, then the next of each.
    for nth in 0..PROJECTS {
        for pair in &pairs {
            let (item, side) = pair.projects[nth];
            let (from, to) = (&pair.people[side], &pair.people[1 - side]);
            let at = directory.now();
            let id = InvitationId::from_bits(ids.fresh(at));
            let command = Command::Request {
                ask: Request {
                    items: vec![item],
                    message: None,
                    terms: Terms::ownership(KeepAccess::None),
                    lifetime_ms: None,
                    terms_accepted: true,
                },
                to: To::Address(to.address.parse().unwrap()),
            };
            let call = directory.call(by(from.account), Some(once(at)));
            directory.transfer(id, call, command).await.unwrap();
            open.push((id, to.account));
        }
    }
    let requests = store.taken();
    for (id, account) in open {
        let at = directory.now();
        let command = Command::Accept {
            into: Some(Context::Personal(account)),
        };
        let call = directory.call(by(account), Some(once(at)));
        directory.transfer(id, call, command).await.unwrap();
    }
    directory.stop();
    Decided {
        before,
        requests,
        accepts: store.taken(),
    }
}

/// Commits all, `WAITING` at once; how many a second. A commit's version is its number, so they must begin in their order: each task
/// takes the next one and hands it over before another can.
async fn replay(store: &Arc<dyn Store>, commits: Vec<Commit>) -> f64 {
    let count = commits.len();
    let waiting = Arc::new(Mutex::new(commits.into_iter()));
    let began = Instant::now();
    let tasks: Vec<_> = (0..WAITING)
        .map(|_| {
            let (store, waiting) = (Arc::clone(store), Arc::clone(&waiting));
            tokio::spawn(async move {
                loop {
                    let committed = {
                        let mut waiting = waiting.lock().unwrap();
                        let Some(commit) = waiting.next() else { return };
                        let mut committed = store.commit(commit);
                        // Its first step puts it into the writer's queue.
                        match futures_util::FutureExt::now_or_never(&mut committed) {
                            Some(outcome) => Err(outcome),
                            None => Ok(committed),
                        }
                    };
                    let outcome = match committed {
                        Ok(committed) => committed.await,
                        Err(outcome) => outcome,
                    };
                    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    count as f64 / began.elapsed().as_secs_f64()
}

/// Measures both.
pub async fn measure(folder: &Path, _seconds: Duration) -> Rates {
    let decided = decide().await;
    let path = folder.join("commits.redb");
    let embedded = fill::open(&path);
    let store: Arc<dyn Store> = Arc::clone(&embedded) as Arc<dyn Store>;
    replay(&store, decided.before).await;
    let requests = replay(&store, decided.requests).await;
    let accepts = replay(&store, decided.accepts).await;
    embedded.close().unwrap();
    std::fs::remove_file(path).unwrap();
    Rates { accepts, requests }
}
