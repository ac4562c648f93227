//! The pages that list what a context has, with few things in it and with many: each kind of page on one daemon and then on the other, so that
//! a slow moment of the machine meets both.

use std::path::Path;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, Letters};
use super::fill;
use super::http::Connection;
use super::percentile;
use super::shelves::{self, Looker};

/// Connections, each with one request at a time.
const CONNECTIONS: usize = 16;
/// In the smaller context.
const FEW: usize = 10;
/// Rows of a page of projects.
const ROWS: usize = 50;
/// Before the measured time.
const WARM_UP: Duration = Duration::from_millis(300);

/// Pages by their address.
const PAGES: [&str; 17] = [
    "/projects",
    "/projects?sort=oldest",
    "/projects?sort=name",
    "/projects?sort=size",
    "/projects?name=genomes",
    "/projects?name=genomes&sort=name",
    "/projects?name=genomes&sort=size",
    "/projects?name=there+is+none",
    "/projects?name=there+is+none&sort=name",
    "/projects?state=archived",
    "/projects?state=archived&sort=name",
    "/projects?state=trashed",
    "/projects?state=trashed&sort=size",
    "/",
    "/transfers",
    "/transfers?role=received&state=declined",
    "/shared",
];
/// Lists that a page in the middle is looked for of.
const TURNED: [&str; 5] = [
    "/projects",
    "/projects?sort=name",
    "/projects?sort=size",
    "/transfers",
    "/shared",
];

struct Site {
    daemon: Daemon,
    looker: Looker,
    count: usize,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn filled(folder: &Path, count: usize) -> Self {
        let own = tempfile::tempdir_in(folder).unwrap();
        let store = fill::open(&own.path().join("store.redb"));
        let looker = shelves::fill(&*store, count).await;
        store.close().unwrap();
        drop(store);
        let mut daemon = Daemon::configured(own.path(), Letters::Delivered);
        daemon.start().await;
        Self {
            daemon,
            looker,
            count,
            _folder: own,
        }
    }

    async fn page(&self, path: &str) -> String {
        let mut connection = self.daemon.connect().await;
        connection.page(&self.looker.cookie, path).await
    }

    /// The address of a page in the middle of a list, as people get there.
    async fn middle(&self, list: &str) -> String {
        let mut connection = self.daemon.connect().await;
        let mut path = list.to_owned();
        for _ in 0..self.count / ROWS / 2 {
            let body = connection.page(&self.looker.cookie, &path).await;
            match next(&body) {
                Some(next) => path = next,
                None => break,
            }
        }
        path
    }

    /// Opens the page over all connections for this long; how long each took, and what each took of a core, in microseconds.
    async fn opened(&self, path: &str, during: Duration) -> (Vec<Duration>, f64) {
        self.driven(path, WARM_UP).await;
        let before = self.daemon.processor();
        let times = self.driven(path, during).await;
        let used = self.daemon.processor() - before;
        let each = used.as_secs_f64() * 1e6 / times.len() as f64;
        (times, each)
    }

    async fn driven(&self, path: &str, during: Duration) -> Vec<Duration> {
        let mut loops = Vec::new();
        let began = Instant::now();
        for _ in 0..CONNECTIONS {
            let connection = self.daemon.connect().await;
            let (cookie, path) = (self.looker.cookie.clone(), path.to_owned());
            loops.push(tokio::spawn(again(connection, cookie, path, began, during)));
        }
        let mut all = Vec::new();
        for one in loops {
            all.extend(one.await.unwrap());
        }
        all
    }
}

async fn again(
    mut connection: Connection,
    cookie: String,
    path: String,
    began: Instant,
    during: Duration,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while began.elapsed() < during {
        let sent = Instant::now();
        connection.page(&cookie, &path).await;
        times.push(sent.elapsed());
    }
    times
}

/// Where the link to the next page leads.
fn next(body: &str) -> Option<String> {
    let (before, _) = body.split_once(">Next page</a>")?;
    let (_, link) = before.rsplit_once("href=\"")?;
    Some(link.split('"').next()?.replace("&#38;", "&"))
}

fn rows(body: &str) -> usize {
    body.matches("<tr><").count().saturating_sub(1)
}

/// Prints the table.
pub async fn measure(folder: &Path, many: usize, during: Duration) {
    let began = Instant::now();
    let sites = [
        Site::filled(folder, FEW).await,
        Site::filled(folder, many).await,
    ];
    println!(
        "### Lists, {CONNECTIONS} connections (filled in {:.0} s)\n",
        began.elapsed().as_secs_f64()
    );
    println!(
        "| page | rows, of {FEW} | p50 ms | p99 ms | the daemon's µs | rows, of {many} | p50 ms | p99 ms | the daemon's µs |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    let only = super::argument("--page");
    let wanted = |page: &str| only.as_ref().is_none_or(|only| only == page);
    for page in PAGES.into_iter().filter(|page| wanted(page)) {
        line(&sites, page, [page, page], during).await;
    }
    for page in TURNED.into_iter().filter(|page| wanted(page)) {
        let middle = [sites[0].middle(page).await, sites[1].middle(page).await];
        let what = format!("{page}, in the middle");
        line(&sites, &what, [&middle[0], &middle[1]], during).await;
    }
    for mut site in sites {
        site.daemon.stop();
    }
    println!();
}

async fn line(sites: &[Site; 2], what: &str, paths: [&str; 2], during: Duration) {
    let mut cells = String::new();
    for (site, path) in sites.iter().zip(paths) {
        let rows = rows(&site.page(path).await);
        let (mut times, each) = site.opened(path, during).await;
        let (middle, most) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
        cells += &format!(" {rows} | {middle:.2} | {most:.2} | {each:.0} |");
    }
    println!("| `{what}` |{cells}");
}
