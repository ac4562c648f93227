//! Letters per second to `smtp-sink`, and replies per second through the reply door; both with the store's commits.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use handover::domain::id::LetterId;
use handover::domain::secret::SiteKey;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::daemon::{Daemon, Letters, free_port};
use super::fill::{self, Pair};
use super::transfers;

/// Pairs of people; one connection of each while offers are made and answered.
const PAIRS: usize = 64;
/// The part of the letters that each row waits for: what the courier of a daemon before had in hand comes two minutes later.
const SHARE: f64 = 0.4;
const SENT: &str = "handover_letters_sent_total";

#[derive(Deserialize)]
struct Offered {
    transfer: Named,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Shown {
    letters: Vec<Letter>,
}

#[derive(Deserialize)]
struct Letter {
    id: LetterId,
}

/// `smtp-sink`, which takes everything and keeps nothing.
struct Sink {
    port: u16,
    process: Child,
}

impl Sink {
    async fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("/usr/sbin/smtp-sink");
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "postfix"]);
        }
        let process = command
            .arg(format!("127.0.0.1:{port}"))
            .arg("128")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { port, process }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// A reply to be brought: to which address, from whom.
struct Reply {
    to: String,
    from: String,
}

/// Offers everything of one pair; where its letters are answered, and by whom.
async fn offer_all(daemon: &Daemon, pair: Pair, key: SiteKey) -> Vec<Reply> {
    let mut connection = daemon.connect().await;
    let mut replies = Vec::new();
    for (nth, (_, side)) in pair.projects.iter().enumerate() {
        let token = &pair.people[*side].token;
        let asked = transfers::offer(&pair, nth);
        let offered: Offered = connection.post(token, "/transfers", &asked).await;
        let path = format!("/transfers/{}", offered.transfer.id);
        let shown: Shown = connection.look(token, &path).await;
        replies.push(Reply {
            to: format!("r-{}@reply.bench.example", key.reply(shown.letters[0].id)),
            from: pair.people[1 - side].address.clone(),
        });
    }
    replies
}

/// Brings them one after the other on one connection, each as soon as the one before was taken.
async fn bring(door: u16, replies: Vec<Reply>) {
    let stream = TcpStream::connect(("127.0.0.1", door)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let lhlo = b"LHLO mx.bench.example\r\n";
    stream.get_mut().write_all(lhlo).await.unwrap();
    answers(&mut stream, 1, "250").await;
    for Reply { to, from } in replies {
        let (token, domain) = (&to[2..34], "bench.example");
        let envelope = format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n");
        stream
            .get_mut()
            .write_all(envelope.as_bytes())
            .await
            .unwrap();
        answers(&mut stream, 2, "250").await;
        answers(&mut stream, 1, "354").await;
        let message = format!(
            "Authentication-Results: mx.bench.example; dmarc=pass header.from={domain}\r\nFrom: <{from}>\r\nTo: <{to}>\r\n\
             Subject: Re: offer\r\nMessage-ID: <{token}@{domain}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\naccept Personal\r\n\r\n{}.\r\n",
            "> what was quoted below it, a line as any other\r\n".repeat(30)
        );
        stream
            .get_mut()
            .write_all(message.as_bytes())
            .await
            .unwrap();
        answers(&mut stream, 1, "250").await;
    }
}

/// Reads so many answers, each of which must begin so.
async fn answers(stream: &mut BufReader<TcpStream>, count: usize, code: &str) {
    let mut left = count;
    while left > 0 {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert!(line.starts_with(code), "{line}");
        left -= usize::from(line.as_bytes().get(3) != Some(&b'-'));
    }
}

/// Waits until a number of the daemon's metrics is at least this; when that was.
async fn until(daemon: &Daemon, metric: &str, least: f64) -> (Instant, f64) {
    loop {
        let now = daemon.metric(metric).await;
        if now >= least {
            return (Instant::now(), now);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Prints both tables.
pub async fn measure(folder: &Path, offers: usize) {
    let own = tempfile::tempdir_in(folder).unwrap();
    let filled = fill::open(&own.path().join("store.redb"));
    let pairs = fill::pairs(&*filled, PAIRS, offers / PAIRS).await;
    filled.close().unwrap();
    drop(filled);
    let door = free_port();
    let mut daemon = Daemon::configured(own.path(), Letters::waiting());
    let config = own.path().join("handover.toml");
    let written = fs::read_to_string(&config).unwrap().replace(
        "[mail]\n",
        &format!(
            "[reply]\nlisten = \"127.0.0.1:{door}\"\nmode = \"act\"\nauthserv_id = \"mx.bench.example\"\n\
             messages_per_minute = 1000000\nsessions = {PAIRS}\n[mail]\nfrom = \"handover@bench.example\"\nreply_domain = \"reply.bench.example\"\n"
        ),
    );
    fs::write(&config, &written).unwrap();
    daemon.start().await;
    let key = SiteKey::new([7; 32]);
    let offering = pairs
        .into_iter()
        .map(|pair| offer_all(&daemon, pair, key.clone()));
    let replies = futures_util::future::join_all(offering).await;
    let made: usize = replies.iter().map(Vec::len).sum();
    daemon.stop();

    println!("### Letters to `smtp-sink`\n");
    println!("| connections | letters | letters/s | daemon's cores | its µs per letter |");
    println!("|---:|---:|---:|---:|---:|");
    let sink = Sink::start().await;
    // The section is the last.
    let (others, _) = written.split_once("[mail.smtp]\n").unwrap();
    for connections in [1, 4] {
        let port = sink.port;
        let smtp = format!("[mail.smtp]\nport = {port}\nconnections = {connections}\n");
        fs::write(&config, format!("{others}{smtp}")).unwrap();
        daemon.start().await;
        let (began, before) = until(&daemon, SENT, 50.0).await;
        let used = daemon.processor();
        let (ended, sent) = until(&daemon, SENT, made as f64 * SHARE).await;
        let (took, used) = ((ended - began).as_secs_f64(), daemon.processor() - used);
        let letters = sent - before;
        println!(
            "| {connections} | {letters:.0} | {:.0} | {:.2} | {:.0} |",
            letters / took,
            used.as_secs_f64() / took,
            used.as_secs_f64() * 1e6 / letters,
        );
        daemon.stop();
    }

    println!("\n### Replies through LMTP\n");
    println!("Each is kept, accepts an offer, and is written down; two receipts are due for it.\n");
    println!(
        "| receipts | connections | replies | taken/s | decided/s | daemon's cores | its µs per reply |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let sent = fs::read_to_string(&config).unwrap();
    let (first, second) = halves(replies);
    for (receipts, config_text, replies) in [
        ("sent meanwhile", &sent, first),
        ("wait for the mail server", &written, second),
    ] {
        fs::write(&config, config_text).unwrap();
        daemon.start().await;
        row(receipts, &daemon, door, replies).await;
        daemon.stop();
    }
    println!();
}

/// Of each connection's replies the first and the second half.
fn halves(replies: Vec<Vec<Reply>>) -> (Vec<Vec<Reply>>, Vec<Vec<Reply>>) {
    let halve = |mut replies: Vec<Reply>| {
        let second = replies.split_off(replies.len() / 2);
        (replies, second)
    };
    replies.into_iter().map(halve).unzip()
}

/// Brings all of them at once and waits until all are decided.
async fn row(receipts: &str, daemon: &Daemon, door: u16, replies: Vec<Vec<Reply>>) {
    let made: usize = replies.iter().map(Vec::len).sum();
    let (began, used) = (Instant::now(), daemon.processor());
    let bringing = replies
        .into_iter()
        .map(|replies| tokio::spawn(bring(door, replies)));
    for brought in bringing.collect::<Vec<_>>() {
        brought.await.unwrap();
    }
    let taken = began.elapsed().as_secs_f64();
    let decided = "handover_mail_understood_total{outcome=\"decided\"}";
    let (ended, _) = until(daemon, decided, made as f64).await;
    let (took, used) = ((ended - began).as_secs_f64(), daemon.processor() - used);
    println!(
        "| {receipts} | {PAIRS} | {made} | {:.0} | {:.0} | {:.2} | {:.0} |",
        made as f64 / taken,
        made as f64 / took,
        used.as_secs_f64() / took,
        used.as_secs_f64() * 1e6 / made as f64,
    );
}
