//! The daemon as a process, with a real mail server behind it: killed (-9) again and again under load, it has lost nothing that it
//! acknowledged, and is up again within a second.
//!
//! `HANDOVER_KILLS=200 cargo test --release --test kill -- --nocapture` kills it 200 times, half of them with each mail server; by
//! default it is 16 times. `HANDOVER_SEED` repeats the choices of an earlier run, which are printed; the moments are never the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daemon::{FailTogether, Person, Place, until, within};
use handover::ids::Ids;
use post_office::PostOffice;
use serde_json::{Value, json};

/// Clients at work at the same time.
const CLIENTS: usize = 6;
/// So soon must it be ready after each start.
const READY_WITHIN: Duration = Duration::from_secs(1);
const GROUP: &str = "techsupport";

/// Two daemons under load at once would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

#[allow(
    clippy::disallowed_methods,
    reason = "a longer run is asked for from outside, without an edit"
)]
fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is \"{text}\"; give a number")),
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an offer ended, as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Accepted { into: String },
    Declined,
    Cancelled,
}

impl End {
    fn state(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
    /// The letters that it causes besides the offer's.
    fn letters(&self) -> &'static [&'static str] {
        match self {
            Self::Accepted { .. } => &["accepted", "accepted"],
            Self::Declined => &["declined", "declined"],
            Self::Cancelled => &["cancelled"],
        }
    }
}

/// What one client did with some items, as far as it was acknowledged.
#[derive(Debug, Clone, Default)]
struct Deal {
    client: usize,
    /// Ids with what they weigh, in bytes.
    items: BTreeMap<String, u64>,
    transfer: Option<String>,
    end: Option<End>,
}

/// A client: who gives, who takes.
struct Client {
    number: usize,
    sender: Person,
    recipient: Person,
    group: String,
    dice: Ids,
    done: AtomicUsize,
}

/// Everything that was acknowledged, and when to stop.
#[derive(Default)]
struct Ledger {
    deals: Mutex<BTreeMap<String, Deal>>,
    /// Deals that changed since they were last looked at.
    fresh: Mutex<BTreeSet<String>>,
    acknowledged: AtomicUsize,
    stop: AtomicBool,
}

impl Ledger {
    fn note(&self, name: &str, change: impl FnOnce(&mut Deal)) {
        change(locked(&self.deals).entry(name.to_owned()).or_default());
        locked(&self.fresh).insert(name.to_owned());
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    fn all(&self) -> Vec<Deal> {
        locked(&self.deals).values().cloned().collect()
    }

    /// What changed since the last call.
    fn news(&self) -> Vec<Deal> {
        let names = std::mem::take(&mut *locked(&self.fresh));
        let deals = locked(&self.deals);
        names.iter().map(|name| deals[name].clone()).collect()
    }
}

impl Client {
    fn work(&self, ledger: &Ledger) {
        let _together = FailTogether;
        while !ledger.stop.load(Ordering::Relaxed) {
            self.deal(ledger);
        }
    }

    /// One offer from its items to its end, each request repeated until it is answered.
    fn deal(&self, ledger: &Ledger) {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.number);
        ledger.note(&name, |deal| deal.client = self.number);
        let items = if self.dice.below(4) == 0 {
            self.run(&name)
        } else {
            let many = 1 + self.dice.below(3);
            (0..many)
                .map(|nth| self.project(&format!("{name}-{nth}")))
                .collect()
        };
        ledger.note(&name, |deal| deal.items = items.clone());
        let ids: Vec<&String> = items.keys().collect();
        let offer =
            json!({ "items": ids, "recipient": self.recipient.address, "accept_terms": true });
        let offered = self
            .sender
            .done("/transfers", &format!("{name}-offer"), &offer);
        let transfer = offered["transfer"]["id"].as_str().unwrap().to_owned();
        ledger.note(&name, |deal| deal.transfer = Some(transfer.clone()));
        if let Some(end) = self.end(&name, &transfer) {
            ledger.note(&name, |deal| deal.end = Some(end));
        }
    }

    fn project(&self, name: &str) -> (String, u64) {
        let made = self.sender.done(
            "/projects",
            &format!("{name}-make"),
            &json!({ "name": name }),
        );
        let id = made["id"].as_str().unwrap().to_owned();
        let bytes = 1 + self.dice.below(1_000_000);
        let files = json!({ "files": [{ "path": "reads.fastq.gz", "bytes": bytes }] });
        let path = format!("/projects/{id}/files");
        self.sender.done(&path, &format!("{name}-files"), &files);
        (id, bytes)
    }

    /// A run with its two projects.
    fn run(&self, name: &str) -> BTreeMap<String, u64> {
        let bytes = 1 + self.dice.below(1_000_000_000);
        let run = json!({
            "name": format!("run-{name}"),
            "run": {
                "instrument": "LH09001", "platform": "NovaSeq X", "flow_cell": "22DEM0LT4", "lanes": 2,
                "reads": [{ "number": 1, "cycles": 151, "indexed": false }],
                "status": "completed",
            },
            "files": 12, "bytes": bytes,
            "projects": [
                { "name": format!("soils-{name}"), "biosamples": [{ "name": "S1", "libraries": [] }] },
                { "name": format!("leaves-{name}"), "biosamples": [] },
            ],
        });
        let made = self.sender.done("/runs", &format!("{name}-run"), &run);
        let projects = made["projects"].as_array().unwrap();
        assert_eq!(projects.len(), 2, "{made}");
        let ids = projects.iter().chain([&made["run"]]);
        ids.map(|item| {
            (
                item["id"].as_str().unwrap().to_owned(),
                item["bytes"].as_u64().unwrap(),
            )
        })
        .collect()
    }

    fn end(&self, name: &str, transfer: &str) -> Option<End> {
        let path = |verb: &str| format!("/transfers/{transfer}/{verb}");
        let (context, into) = match self.dice.below(2) {
            0 => ("personal", &self.recipient.id),
            _ => (GROUP, &self.group),
        };
        let accept = || {
            let body = json!({ "context": context });
            self.recipient
                .post(&path("accept"), &format!("{name}-accept"), &body)
        };
        let cancel = || {
            self.sender
                .post(&path("cancel"), &format!("{name}-cancel"), &json!({}))
        };
        let accepted = End::Accepted { into: into.clone() };
        let answered = |verb: &str, (status, answer): (u16, Value), end: End| {
            assert!(status < 300, "{name} {verb}: {status} {answer}");
            assert_eq!(answer["transfer"]["state"], end.state(), "{name} {verb}");
            Some(end)
        };
        match self.dice.below(10) {
            0..=4 => answered("accept", accept(), accepted),
            5 => {
                let body = json!({ "reason": "not mine" });
                let told = self
                    .recipient
                    .post(&path("decline"), &format!("{name}-decline"), &body);
                answered("decline", told, End::Declined)
            }
            6 => answered("cancel", cancel(), End::Cancelled),
            7 | 8 => {
                // Both at once: one of them is told that it came too late.
                let (accept, cancel) = std::thread::scope(|both| {
                    let cancel = both.spawn(cancel);
                    (accept(), cancel.join().unwrap())
                });
                match (accept.0, cancel.0) {
                    (200, 409) => answered("accept", accept, accepted),
                    (409, 200) => answered("cancel", cancel, End::Cancelled),
                    _ => panic!("{name}: both or neither: {accept:?} {cancel:?}"),
                }
            }
            _ => None,
        }
    }

    /// Whether what was acknowledged is still so.
    fn check(&self, deal: &Deal) {
        if let Some(transfer) = &deal.transfer {
            let (status, page) = self.sender.get(&format!("/transfers/{transfer}"));
            assert_eq!(status, 200, "{deal:?}: {page}");
            if let Some(end) = &deal.end {
                assert_eq!(page["transfer"]["state"], end.state(), "{deal:?}");
            }
            let offered = page["transfer"]["items"].as_array().unwrap();
            let offered: BTreeSet<_> = offered
                .iter()
                .filter_map(|item| item["id"].as_str())
                .collect();
            assert_eq!(offered, deal.items.keys().map(String::as_str).collect());
        }
        for (id, bytes) in &deal.items {
            let list = if id.starts_with("run_") {
                "runs"
            } else {
                "projects"
            };
            let path = format!("/{list}/{id}");
            let (status, page) = match &deal.end {
                Some(End::Accepted { into }) => {
                    let (status, page) = self.recipient.get(&path);
                    assert_eq!(page["item"]["owner"], *into, "{deal:?}: {status} {page}");
                    assert_eq!(self.sender.get(&path).0, 404, "{deal:?}");
                    (status, page)
                }
                Some(End::Declined | End::Cancelled) => {
                    let (status, page) = self.sender.get(&path);
                    assert_eq!(page["item"]["owner"], self.sender.id, "{deal:?}: {page}");
                    (status, page)
                }
                // It may be on its way.
                None => match self.sender.get(&path) {
                    (404, _) => self.recipient.get(&path),
                    seen => seen,
                },
            };
            assert_eq!(status, 200, "{deal:?}: {page}");
            assert_eq!(page["item"]["bytes"], *bytes, "{deal:?}: {page}");
        }
    }
}

/// Every client looks at what it did.
fn check_all(clients: &[Client], deals: &[Deal]) {
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                let own = deals.iter().filter(|deal| deal.client == client.number);
                own.for_each(|deal| client.check(deal));
            });
        }
    });
}

/// Everybody's items as the lists have them: one owner each, and usage is their sum.
fn check_contexts(clients: &[Client], deals: &[Deal]) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for person in clients
        .iter()
        .flat_map(|client| [&client.sender, &client.recipient])
    {
        for context in person.list("/contexts") {
            let id = context["id"].as_str().unwrap().to_owned();
            let usage = context["usage"].as_u64().unwrap();
            if told.insert(id.clone(), usage).is_some() {
                continue;
            }
            for list in ["runs", "projects"] {
                for item in person.list(&format!("/{list}?context={id}")) {
                    assert_eq!(item["owner"], id, "{item}");
                    let name = item["id"].as_str().unwrap().to_owned();
                    let other = owners.insert(name.clone(), id.clone());
                    assert_eq!(other, None, "{name} is listed twice");
                    *sums.entry(id.clone()).or_default() += item["bytes"].as_u64().unwrap();
                }
            }
        }
    }
    for (context, usage) in told {
        let sum = sums.get(&context).copied().unwrap_or_default();
        assert_eq!(
            usage, sum,
            "usage of {context} against the sum of its items"
        );
    }
    let known: BTreeSet<&String> = deals.iter().flat_map(|deal| deal.items.keys()).collect();
    assert_eq!(owners.keys().collect::<BTreeSet<_>>(), known);
}

/// Every letter that had to be written was, and has left; the ids of those that were sent. Waits for those still under way.
fn check_letters(clients: &[Client], deals: &[Deal]) -> BTreeSet<String> {
    // A long run leaves more to mail than a short one.
    let deadline = within(100 + deals.len() as u64 / 20);
    let mut sent = BTreeSet::new();
    for deal in deals {
        let Some(transfer) = &deal.transfer else {
            continue;
        };
        let path = format!("/transfers/{transfer}");
        let letters = until("the outbox is empty", deadline, || {
            let (_, page) = clients[deal.client].sender.get(&path);
            let letters = page["letters"].as_array().unwrap().clone();
            letters
                .iter()
                .all(|letter| letter["state"] != "queued")
                .then_some(letters)
        });
        let kinds: Vec<_> = letters
            .iter()
            .map(|letter| letter["kind"].as_str().unwrap())
            .collect();
        let mut wanted = vec!["offer"];
        wanted.extend(deal.end.iter().flat_map(End::letters));
        assert_eq!(kinds, wanted, "{deal:?}");
        for letter in &letters {
            // An offer that was answered before its letter left is not mailed any more.
            let late = letter["kind"] == "offer" && deal.end.is_some();
            match letter["state"].as_str().unwrap() {
                "sent" => drop(sent.insert(letter["id"].as_str().unwrap().to_owned())),
                "withdrawn" if late => {}
                _ => panic!("{deal:?}: {letter}"),
            }
        }
    }
    sent
}

/// Everything that is said to be sent has arrived; what arrived twice is the same letter, and nothing else came.
fn check_arrivals(
    office: &mut PostOffice,
    sent: &BTreeSet<String>,
    sign_ins: usize,
    offers: usize,
) -> (usize, usize) {
    let name = |message_id: &str| {
        let id = message_id.trim_start_matches('<');
        id.strip_suffix("@reply.site.test>")
            .unwrap_or_else(|| panic!("{message_id} is not ours"))
            .to_owned()
    };
    until("every letter has arrived", within(100), || {
        let there: BTreeSet<_> = office
            .delivered()
            .map(|letter| name(&letter.message_id))
            .collect();
        sent.is_subset(&there).then_some(())
    });
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let (mut copies, mut strange) = (0, 0);
    for letter in office.delivered() {
        copies += 1;
        let id = name(&letter.message_id);
        strange += usize::from(!sent.contains(&id) && !first.contains_key(&id));
        let before = first.entry(id).or_insert_with(|| letter.raw.clone());
        assert_eq!(*before, letter.raw, "a letter came again in other words");
    }
    // Codes are about no transfer. An offer's letter that left just before a kill may be withdrawn afterwards.
    assert!(
        (sign_ins..=sign_ins + offers).contains(&strange),
        "{strange} letters came that nobody knows of; there were {sign_ins} sign-ins"
    );
    (first.len(), copies - first.len())
}

/// A folder that stays, so that what the daemon said can be read, when the test fails.
struct Home(Option<tempfile::TempDir>);

impl Home {
    fn new() -> Self {
        Self(Some(tempfile::tempdir().unwrap()))
    }
    fn path(&self) -> &Path {
        self.0.as_ref().unwrap().path()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(home) = self.0.take().filter(|_| std::thread::panicking()) {
            println!("what it wrote is kept in {}", home.keep().display());
        }
    }
}

fn play(what: &str, home: &Path, mut office: PostOffice) {
    let kills = asked("HANDOVER_KILLS").unwrap_or(16).div_ceil(2);
    let seed = asked("HANDOVER_SEED").unwrap_or_else(|| Ids::from_system().below(1 << 32));
    println!("{what}: HANDOVER_SEED={seed}, {kills} kills");
    let members: Vec<String> = (0..CLIENTS)
        .map(|n| format!("\"taker{n}@lab.test\""))
        .collect();
    let group = format!(
        "[[workgroup]]\nhandle = \"{GROUP}\"\nname = \"TechSupport\"\nowner = \"boss@lab.test\"\nmembers = [{}]\n",
        members.join(", ")
    );
    let place = Place::new(&home.join("site"), office.port, &group);
    let mut process = place.start();
    let mut times = vec![process.ready(&place)];
    let clients: Vec<Client> = (0..CLIENTS)
        .map(|number| {
            let sender = Person::sign_in(&place, &mut office, &format!("giver{number}@core.test"));
            let recipient =
                Person::sign_in(&place, &mut office, &format!("taker{number}@lab.test"));
            let contexts = recipient.list("/contexts");
            let group = contexts
                .iter()
                .find(|context| context["handle"] == GROUP)
                .unwrap();
            Client {
                number,
                group: group["id"].as_str().unwrap().to_owned(),
                sender,
                recipient,
                dice: Ids::seeded(seed.wrapping_add(number as u64)),
                done: AtomicUsize::new(0),
            }
        })
        .collect();
    let ledger = Ledger::default();
    let dice = Ids::seeded(seed.wrapping_add(1_000));
    std::thread::scope(|scope| {
        let _together = FailTogether;
        let stop = StopAtEnd(&ledger);
        for client in &clients {
            scope.spawn(|| client.work(&ledger));
        }
        for _ in 0..kills {
            let enough =
                ledger.acknowledged.load(Ordering::Relaxed) + 20 + dice.below(120) as usize;
            until("clients get on", within(60), || {
                (ledger.acknowledged.load(Ordering::Relaxed) >= enough).then_some(())
            });
            process.kill();
            let acknowledged = ledger.news();
            process = place.start();
            times.push(process.ready(&place));
            check_all(&clients, &acknowledged);
        }
        drop(stop);
    });
    let deals = ledger.all();
    check_all(&clients, &deals);
    check_contexts(&clients, &deals);
    let sent = check_letters(&clients, &deals);
    let (letters, again) = check_arrivals(&mut office, &sent, 2 * CLIENTS, deals.len());
    drop(process);
    times.sort();
    let (median, max) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{what}: {kills} kills, {} acknowledged changes of {} offers, none lost; {letters} letters arrived, {again} of them once more; \
         ready after {median:.0?} (median) and {max:.0?} (longest) of {} starts",
        ledger.acknowledged.load(Ordering::Relaxed),
        deals.len(),
        times.len()
    );
    let log = place.log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
    assert!(max < READY_WITHIN, "one start took {max:.0?}");
}

/// Lets the clients end when the test fails too.
struct StopAtEnd<'a>(&'a Ledger);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed_and_letters_go_to_smtp_sink() {
    let _alone = locked(&ALONE);
    let home = Home::new();
    let office = PostOffice::sink(home.path());
    play("smtp-sink", home.path(), office);
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed_and_letters_go_to_postfix() {
    let _alone = locked(&ALONE);
    let home = Home::new();
    let office = PostOffice::postfix(home.path(), &["core.test", "lab.test"]);
    play("Postfix", home.path(), office);
}
