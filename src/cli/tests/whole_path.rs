//! The client against the real API on a store in memory: from a run folder to its new owner.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::actors::directory::Directory;
use crate::actors::site::{self, Wanted};
use crate::actors::world::Settings;
use crate::domain::policy::{Domain, Policy, Tier};
use crate::domain::secret::SiteKey;
use crate::domain::workgroup::Role;
use crate::runfolder::sample::{self, Sample};
use crate::store::model::Model;
use crate::web::{App, Bounds, Listeners, Rates, Site, serve};

const KEY: SiteKey = SiteKey::new([7; 32]);
const FAY: &str = "fay@core.example";
const RITA: &str = "rita@lab.example";

/// A whole site, served until it is dropped.
struct Served {
    url: String,
    stop: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl Served {
    fn new() -> Self {
        let (tell, told) = channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let (listeners, app) = site().await;
                tell.send(listeners.site.local_addr().unwrap()).unwrap();
                serve(listeners, app, None, stopped).await;
            });
        });
        Self {
            url: format!("http://{}", told.recv().unwrap()),
            stop,
            thread: Some(thread),
        }
    }

    /// Somebody who signed in with the code that would have been mailed.
    fn person(&self, address: &str) -> Person {
        let mut person = Person::new();
        person.url = Some(self.url.clone());
        let begun = person.runs(&["login", "--address", address]);
        assert_eq!(begun.exit, Exit::Done, "{}", begun.err);
        let id = begun.out.trim();
        let code = KEY.code(id.parse().unwrap()).to_lowercase();
        let signed = person.runs(&["login", "--sign-in", id, "--code", &code]);
        assert_eq!(signed.exit, Exit::Done, "{}", signed.err);
        assert!(signed.out.contains(address), "{}", signed.out);
        person
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the server panicked");
    }
}

async fn site() -> (Listeners, App) {
    let clock = Arc::new(Manual::at(NOW));
    let policy = Policy::default();
    let about = Site {
        name: "Handover".to_owned(),
        public_url: "https://handover.uni.example".to_owned(),
        language: "en".to_owned(),
        terms: policy.terms.clone(),
        contact: None,
    };
    let settings = Settings::new(
        Arc::new(Model::new()),
        Arc::new(policy),
        KEY,
        Arc::new(Ids::seeded(1)),
    );
    let directory = Directory::start(settings, clock.clone()).await.unwrap();
    let techsupport = Wanted {
        handle: "techsupport".parse().unwrap(),
        name: "TechSupport".to_owned(),
        tier: Tier::Professional,
        domain: Domain::public(),
        collaborative: false,
        quota: None,
        people: [(RITA.parse().unwrap(), Role::Owner)].into(),
    };
    site::apply(&directory, &techsupport, directory.now())
        .await
        .unwrap();
    let bounds = Bounds {
        max_request_bytes: 1024 * 1024,
        request_timeout: Duration::from_secs(30),
        max_concurrent_requests: 64,
        trusted_proxies: Vec::new(),
        stop_within: Duration::from_secs(5),
    };
    let rates = Rates {
        sign_in_per_address: 100,
        sign_in_per_client: 100,
        transfers_per_sender: 100,
    };
    let listen = || tokio::net::TcpListener::bind("127.0.0.1:0");
    let listeners = Listeners {
        site: listen().await.unwrap(),
        operators: listen().await.unwrap(),
    };
    (listeners, App::new(directory, clock, about, bounds, rates))
}

/// What a command prints that must succeed.
fn done(person: &Person, typed: &[&str]) -> String {
    let ended = person.runs(typed);
    assert_eq!(
        ended.exit,
        Exit::Done,
        "{typed:?}\n{}{}",
        ended.out,
        ended.err
    );
    ended.out
}

/// How a command ends that must not.
fn refused(person: &Person, typed: &[&str], exit: Exit, code: &str) {
    let ended = person.runs(typed);
    assert_eq!(ended.exit, exit, "{typed:?}\n{}{}", ended.out, ended.err);
    assert!(ended.err.contains(code), "{typed:?}\n{}", ended.err);
}

const RUN: &str = "20260302_LH09001_0041_A22DEM0LT4";

#[test]
fn a_run_goes_from_its_folder_to_its_new_owner() {
    let served = Served::new();
    let (fay, rita) = (served.person(FAY), served.person(RITA));
    let folder = sample::write(fay.home.path(), &Sample::default()).unwrap();
    let folder = folder.to_str().unwrap();

    let typed = [
        "run",
        "register",
        folder,
        "--terse",
        "--idempotency-key",
        "first",
    ];
    let registered = done(&fay, &typed);
    assert_eq!(registered.lines().count(), 3, "{registered}");
    assert_eq!(
        done(&fay, &typed),
        registered,
        "the same key, the same answer"
    );
    refused(
        &fay,
        &["run", "register", folder],
        Exit::Refused,
        "item.exists",
    );
    assert!(done(&fay, &["run", "list"]).contains(RUN));
    assert!(done(&fay, &["run", "show", RUN]).contains("Beech leaves 2026"));
    assert!(done(&fay, &["project", "show", "Beech leaves 2026"]).contains("leaf-01"));
    let sheet = format!("{folder}/SampleSheet.csv");
    let add = ["project", "add-files", "Beech leaves 2026", &sheet];
    let dataset = ["--dataset", "Reads", "--type", "FASTQ", "--biosample"];
    let said = done(
        &fay,
        &[&add[..], &dataset, &["leaf-01", "--checksums"]].concat(),
    );
    assert!(said.starts_with("Listed 1 file"), "{said}");
    let shown = done(&fay, &["project", "show", "Beech leaves 2026"]);
    assert!(
        shown.contains("Reads") && shown.contains("FASTQ"),
        "{shown}"
    );
    let wrong = [&add[..], &dataset, &["nobody"]].concat();
    refused(&fay, &wrong, Exit::Usage, "request.invalid");
    let nowhere = [add[0], add[1], add[2], "nowhere.bam", "../up.bam", folder];
    for says in [
        "nowhere.bam cannot be read",
        "../up.bam has no name",
        "is no file",
    ] {
        refused(&fay, &nowhere, Exit::Local, says);
    }

    let offer = [
        RUN,
        "--with-projects",
        "--to",
        RITA,
        "--keep-access",
        "read:2027-03-31",
    ];
    let preview = done(&fay, &[&["transfer", "preview"], &offer[..]].concat());
    assert!(
        preview.contains("3 items") && preview.contains("Terms"),
        "{preview}"
    );
    done(&fay, &["transfer", "preview", RUN]);
    let request = [&["transfer", "request", "--accept-terms"], &offer[..]].concat();
    let id = done(&fay, &[&request[..], &["--terse"]].concat());
    let id = id.trim();
    refused(&fay, &request, Exit::Refused, "item.pending_transfer");

    assert_eq!(done(&rita, &["transfer", "list", "--terse"]).trim(), id);
    let shown = done(&rita, &["transfer", "show", id]);
    assert!(
        shown.contains("techsupport") && shown.contains("the default"),
        "{shown}"
    );
    refused(
        &rita,
        &["transfer", "cancel", id],
        Exit::Refused,
        "transfer.forbidden",
    );
    let accept = ["transfer", "accept", id, "--into", "TechSupport"];
    assert!(done(&rita, &accept).starts_with("Accepted: 3 items"));
    assert!(done(&rita, &accept).starts_with("Already accepted, on 2026-11-22"));
    let run = registered.lines().next().unwrap();
    assert!(done(&rita, &["run", "list", "--context", "techsupport"]).contains(run));
    assert!(
        done(&rita, &["run", "show", run]).contains("cli"),
        "the journal says through what"
    );
    assert!(
        done(&fay, &["run", "show", run]).contains("read"),
        "as was agreed"
    );
    assert!(
        done(&fay, &["run", "show", RUN]).contains("read"),
        "what is shared with somebody has a name too"
    );
    let elsewhere = ["run", "show", RUN, "--context", "personal"];
    refused(&fay, &elsewhere, Exit::NotFound, "--context");
    let sent = done(
        &fay,
        &[
            "transfer", "list", "--sent", "--state", "accepted", "--json",
        ],
    );
    let sent: Vec<crate::wire::Transfer> = serde_json::from_str(&sent).unwrap();
    assert_eq!(sent[0].accepted_into_name.as_deref(), Some("TechSupport"));
}

#[test]
fn an_offer_can_be_declined_extended_readdressed_and_cancelled() {
    let served = Served::new();
    let (fay, rita) = (served.person(FAY), served.person(RITA));
    let id = done(&fay, &["project", "create", "Soils", "--terse"]);
    let request = |to: &str| {
        let typed = [
            "transfer",
            "request",
            "Soils",
            "--to",
            to,
            "--accept-terms",
            "--terse",
        ];
        done(&fay, &typed).trim().to_owned()
    };
    let first = request(RITA);
    refused(
        &fay,
        &["transfer", "resend", &first],
        Exit::Refused,
        "transfer.resend_too_soon",
    );
    let extended = done(&fay, &["transfer", "extend", &first, "--expires", "30d"]);
    assert!(extended.contains("in 30 days"), "{extended}");
    let declined = done(
        &rita,
        &["transfer", "decline", &first, "--reason", "not ours"],
    );
    assert!(declined.starts_with("Declined: 1 item"), "{declined}");
    assert!(done(&fay, &["transfer", "show", &first]).contains("not ours"));
    refused(
        &rita,
        &["transfer", "accept", &first],
        Exit::Refused,
        "transfer.declined",
    );

    let wrong = request("rta@lab.example");
    let readdressed = ["transfer", "readdress", &wrong, "--to", RITA, "--terse"];
    let right = done(&fay, &readdressed).trim().to_owned();
    assert_ne!(right, wrong);
    assert_eq!(
        done(
            &rita,
            &["transfer", "list", "--state", "pending", "--terse"]
        )
        .trim(),
        right
    );
    assert!(done(&fay, &["transfer", "cancel", &right]).starts_with("Cancelled"));
    assert!(done(&fay, &["transfer", "cancel", &right]).starts_with("Already cancelled"));
    assert!(done(&fay, &["project", "show", id.trim()]).contains("active"));
}

#[test]
fn what_is_unknown_is_not_found_and_who_has_left_is_not_signed_in() {
    let served = Served::new();
    let fay = served.person(FAY);
    let unknown = |kind: &str| format!("{kind}_{}", "0".repeat(26));
    refused(
        &fay,
        &["transfer", "show", &unknown("tr")],
        Exit::NotFound,
        "transfer.not_found",
    );
    refused(
        &fay,
        &["run", "show", &unknown("run")],
        Exit::NotFound,
        "item.not_found",
    );
    refused(
        &fay,
        &["transfer", "accept", "tr_oops"],
        Exit::NotFound,
        "tr_oops",
    );
    refused(
        &fay,
        &["project", "create", ""],
        Exit::Usage,
        "request.invalid",
    );
    let contexts = done(&fay, &["contexts", "--json"]);
    let contexts: Vec<crate::wire::Context> = serde_json::from_str(&contexts).unwrap();
    assert_eq!(contexts[0].handle, "personal");

    let token = fay.saved().token;
    done(&fay, &["logout"]);
    refused(&fay, &["whoami"], Exit::NotSignedIn, "handover login");
    let mut thief = Person::new();
    (thief.url, thief.token) = (fay.url.clone(), token);
    refused(
        &thief,
        &["whoami"],
        Exit::NotSignedIn,
        "person.not_signed_in",
    );
}
