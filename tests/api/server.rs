//! The server on a real socket: health, metrics, a soft stop; and a store that fails when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use handover::domain::id::CommandId;
use handover::domain::index::Entry;
use handover::domain::key::{Bytes, Counter, Key};
use handover::domain::policy::Policy;
use handover::domain::time::Time;
use handover::store::model::Model;
use handover::store::{
    Answer, Claimed, Commit, Direction, Due, Fault, Frozen, Outcome, Page, Queue, Record,
    Settlement, Store, Version,
};
use handover::web::{Listeners, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::{World, bounds, rates};

/// A store that fails to read from a moment on.
pub struct Failing {
    store: Arc<Model>,
    retry: bool,
    fails: AtomicBool,
}

impl Failing {
    pub fn new(store: Arc<Model>, retry: bool) -> Self {
        let fails = AtomicBool::new(false);
        Self {
            store,
            retry,
            fails,
        }
    }
    pub fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }
    fn fault<'a, T: Send + 'a>(&self, or: Answer<'a, T>) -> Answer<'a, T> {
        if self.fails.load(Ordering::SeqCst) {
            let why = "the disk burns";
            let fault = if self.retry {
                Fault::retry(why)
            } else {
                Fault::never(why)
            };
            Box::pin(std::future::ready(Err(fault)))
        } else {
            or
        }
    }
}

impl Store for Failing {
    fn frozen(&self) -> Answer<'_, Box<dyn Frozen + '_>> {
        self.fault(self.store.frozen())
    }
    fn load<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, Vec<Option<Record>>> {
        self.fault(self.store.load(keys))
    }
    fn find<'a>(&'a self, entries: &'a [Entry]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.fault(self.store.find(entries))
    }
    fn counters<'a>(&'a self, counters: &'a [Counter]) -> Answer<'a, Vec<i64>> {
        self.fault(self.store.counters(counters))
    }
    fn scan<'a>(
        &'a self,
        prefix: Bytes,
        after: Option<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Answer<'a, Page> {
        self.fault(self.store.scan(prefix, after, direction, limit))
    }
    fn history<'a>(
        &'a self,
        key: Key,
        after: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.fault(self.store.history(key, after, limit))
    }
    fn latest<'a>(
        &'a self,
        key: Key,
        before: Version,
        limit: usize,
    ) -> Answer<'a, Vec<(Version, Vec<u8>)>> {
        self.fault(self.store.latest(key, before, limit))
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Outcome> {
        self.store.commit(commit)
    }
    fn outcome(&self, command: CommandId) -> Answer<'_, Option<Vec<u8>>> {
        self.fault(self.store.outcome(command))
    }
    fn claim(
        &self,
        queue: Queue,
        now: Time,
        limit: usize,
        lease_ms: i64,
    ) -> Answer<'_, Vec<Claimed>> {
        self.fault(self.store.claim(queue, now, limit, lease_ms))
    }
    fn settle(&self, claimed: Claimed, settlement: Settlement) -> Answer<'_, ()> {
        self.fault(self.store.settle(claimed, settlement))
    }
    fn waiting(&self, queue: Queue, limit: usize) -> Answer<'_, Vec<Due>> {
        self.fault(self.store.waiting(queue, limit))
    }
    fn forget_commands(&self, now: Time, limit: usize) -> Answer<'_, usize> {
        self.fault(self.store.forget_commands(now, limit))
    }
    fn health(&self) -> Answer<'_, ()> {
        self.fault(self.store.health())
    }
}

/// Sends these bytes and reads until the server closes the connection.
async fn exchange(port: u16, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(port: u16, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    exchange(port, request.as_bytes()).await
}

#[tokio::test]
async fn the_server_says_how_it_is_and_stops_softly() {
    let model = Arc::new(Model::new());
    let failing = Arc::new(Failing::new(model.clone(), true));
    let world = World::on(failing.clone(), model, Policy::default(), bounds(), rates()).await;
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let operators = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at_site = site.local_addr().unwrap().port();
    let at_operators = operators.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let metrics = handover::telemetry::start_metrics().unwrap();
    let listeners = Listeners { site, operators };
    let served = tokio::spawn(serve(
        listeners,
        world.app.clone(),
        Some(metrics),
        stop.clone(),
    ));

    assert!(
        get(at_site, "/api/v1/account")
            .await
            .starts_with("HTTP/1.1 401 ")
    );
    assert!(
        get(at_site, "/metrics").await.starts_with("HTTP/1.1 404 "),
        "operators' business"
    );
    assert!(get(at_operators, "/healthz").await.ends_with("alive\n"));
    assert!(get(at_operators, "/readyz").await.ends_with("ready\n"));
    // How many there were is not looked at: other tests of this process are counted too.
    let metrics = get(at_operators, "/metrics").await;
    for line in [
        "handover_http_requests_total{method=\"GET\",route=\"/api/v1/account\",status=\"401\"} ",
        "handover_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} ",
        "handover_http_request_seconds_count{method=\"GET\",route=\"/api/v1/account\"} ",
        "handover_http_requests_in_flight 0",
        "handover_actors_awake{kind=\"context\"}",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(
        exchange(at_site, b"\0\0\0 nonsense\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    failing.fail();
    assert!(
        get(at_operators, "/readyz")
            .await
            .starts_with("HTTP/1.1 503 ")
    );
    assert!(get(at_operators, "/healthz").await.ends_with("alive\n"));

    // A request that is under way when the stop begins is still answered.
    let mut slow = TcpStream::connect(("127.0.0.1", at_site)).await.unwrap();
    let head = b"POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    slow.write_all(head).await.unwrap();
    // The server takes connections in order: when it answers this one, it has the other.
    get(at_site, "/api/v1/account").await;
    stop.cancel();
    slow.write_all(b"}").await.unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    served.await.unwrap();
    assert!(TcpStream::connect(("127.0.0.1", at_site)).await.is_err());
}
