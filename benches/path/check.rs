//! May this person do something with this item, asked over HTTP with their token: the relations and the questions of `benches/rights`, each
//! answer compared with the right one.
//!
//! In a closed loop each connection asks as soon as it is answered, so what is measured is how much of that the two cores can do. At a rate the
//! questions come at moments that were fixed before, and each answer is measured from its moment, whether it could be asked then or not.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::by_handover::{Site, secret};
use super::daemon::{Daemon, Letters};
use super::percentile;
use super::relations::{Level, Relations};

const CONNECTIONS: usize = 16;
/// Before the measured time.
const WARM_UP: Duration = Duration::from_millis(500);

/// What is asked.
#[derive(Clone, Copy)]
enum Asked {
    /// What the person may do with the item, and why.
    Right,
    /// The whole page of the item.
    Page,
}

/// A connection that blocks its thread: a sleeping thread is woken to tens of microseconds, a timer of tokio to a millisecond.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let buffer = vec![0; 64 * 1024];
        Self { stream, buffer }
    }

    /// The status; the answer is read to its end.
    fn ask(&mut self, path: &str, token: &str) -> u16 {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).unwrap();
            assert!(read > 0, "the daemon closed the connection");
            length += read;
            if let Some((status, end)) = answered(&self.buffer[..length])
                && length >= end
            {
                return status;
            }
        }
    }
}

/// The status of an answer whose head is complete, and where its body ends.
fn answered(bytes: &[u8]) -> Option<(u16, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    Some((status, head + 4 + length))
}

/// Questions of one connection.
struct Asker {
    client: Client,
    site: Arc<Site>,
    relations: Relations,
    asked: Asked,
}

impl Asker {
    fn ask(&mut self, number: usize) {
        let mut question = self.relations.question(number);
        question.wants = Level::Read;
        let path = match self.asked {
            Asked::Right => format!("{}/right", self.site.path_of(question.item)),
            Asked::Page => self.site.path_of(question.item),
        };
        let status = self.client.ask(&path, &secret(question.person));
        let right = match self.relations.answer(question) {
            true => 200,
            false => 404,
        };
        assert_eq!(status, right, "{question:?}");
    }
}

/// Asks over all connections at once; how long each answer took. At `every` so many apart, or else one after the other.
fn asked(
    daemon: &Daemon,
    (site, relations): (&Arc<Site>, Relations),
    asked: Asked,
    every: Option<Duration>,
    during: Duration,
) -> Vec<Duration> {
    let began = Instant::now() + Duration::from_millis(20);
    let loops: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            let mut asker = Asker {
                client: Client::open(daemon.port),
                site: Arc::clone(site),
                relations,
                asked,
            };
            thread::spawn(move || {
                let mut times = Vec::new();
                for number in (connection..).step_by(CONNECTIONS) {
                    let due = match every {
                        Some(every) => began + every * number as u32,
                        None => Instant::now(),
                    };
                    if due.saturating_duration_since(began) >= during {
                        break;
                    }
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    asker.ask(number);
                    times.push(due.elapsed());
                }
                times
            })
        })
        .collect();
    let mut all = Vec::new();
    for one in loops {
        all.extend(one.join().unwrap());
    }
    all
}

/// Prints the rows of one size.
pub async fn measure(folder: &Path, grants: usize, rate: f64, during: Duration) {
    let own = tempfile::tempdir_in(folder).unwrap();
    let relations = Relations::of(grants);
    let path = own.path().join("store.redb");
    let site = Arc::new(Site::filled(&relations, &path, super::fill::now()).await);
    site.close();
    let mut daemon = Daemon::configured(own.path(), Letters::Delivered);
    daemon.start().await;
    let apart = Duration::from_secs_f64(1.0 / rate);
    for (what, one, every) in [
        ("the right, one after the other", Asked::Right, None),
        ("the page, one after the other", Asked::Page, None),
        ("the right", Asked::Right, Some(apart)),
        ("the page", Asked::Page, Some(apart)),
    ] {
        let about = (&site, relations);
        asked(&daemon, about, one, every, WARM_UP);
        let (began, used) = (Instant::now(), daemon.processor());
        let mut times = asked(&daemon, about, one, every, during);
        let (took, used) = (began.elapsed(), daemon.processor() - used);
        let what = match every {
            Some(_) => format!("{what}, {rate:.0} a second"),
            None => what.to_owned(),
        };
        println!(
            "| {grants} | {what} | {:.0} | {:.3} | {:.3} | {:.0} |",
            times.len() as f64 / took.as_secs_f64(),
            percentile(&mut times, 0.5),
            percentile(&mut times, 0.99),
            used.as_secs_f64() * 1e6 / times.len() as f64,
        );
    }
    daemon.stop();
}

/// Prints the table.
pub async fn table(folder: &Path, sizes: &str, rate: f64, during: Duration) {
    println!("### May this person do something with this item, {CONNECTIONS} connections\n");
    println!("| grants | asked for | answers/s | p50 ms | p99 ms | the daemon's µs for each |");
    println!("|---:|---|---:|---:|---:|---:|");
    for size in sizes.split(',') {
        measure(folder, size.parse().unwrap(), rate, during).await;
    }
    println!();
}
