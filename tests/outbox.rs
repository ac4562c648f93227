//! The outbox against Postfix's `smtp-sink` in each way it can fail: what a letter's sender sees of it, and that the letter leaves once the
//! server is well.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/api.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod api;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;

use std::sync::Arc;
use std::time::Duration;

use api::{KEY, Person, World};
use handover::courier::{self, Courier};
use handover::mail::Site;
use handover::mail::smtp::{Security, Settings, Smtp};
use handover::store::Queue;
use post_office::{PostOffice, free_port, open_to_all};
use serde_json::Value;

/// Longer than the pause after the first failures.
const HOUR: Duration = Duration::from_secs(3_600);

struct Outbox {
    world: World,
    core: Person,
    port: u16,
}

impl Outbox {
    async fn new() -> Self {
        let world = World::new().await;
        let core = world.person("core@site.test").await;
        Self {
            world,
            core,
            port: free_port(),
        }
    }

    /// A new courier with connections of its own, as after a restart.
    fn courier(&self) -> Courier {
        let smtp = Smtp::new(Settings {
            host: "127.0.0.1".into(),
            port: self.port,
            security: Security::Plain,
            login: None,
            hello: "reply.site.test".into(),
            connections: 2,
            timeout: Duration::from_millis(500),
        });
        let site = Site {
            name: "Handover".into(),
            public_url: "https://handover.site.test".into(),
            from: "handover@site.test".parse().unwrap(),
            from_name: "Handover".into(),
            reply_domain: "reply.site.test".into(),
            instance: "one".into(),
            replies: None,
            texts: Arc::new(handover::mail::texts::Texts::built_in()),
            colours: handover::mail::Colours::default(),
        };
        let directory = self.world.directory.clone();
        let now = directory.clone();
        let parts = courier::Parts {
            store: self.world.store.clone(),
            transport: Arc::new(smtp.unwrap()),
            timers: Arc::new(directory.clone()),
            site,
            key: KEY,
            letters: directory.letters(),
            ids: Arc::new(handover::ids::Ids::from_system()),
            inbox: None,
            now: Arc::new(move || now.now()),
        };
        Courier::new(parts, courier::Settings::default())
    }

    async fn offer(&self) -> String {
        let personal = self.core.id.clone();
        let project = self
            .world
            .project(&self.core, &personal, "Wetland soils", 1)
            .await;
        self.world
            .offer(&self.core, &[&project], "tess@lab.test")
            .await
    }

    /// The letter of an offer, as its sender sees it after everything that is due was tried.
    async fn after_a_try(&self, courier: &Courier, offer: &str) -> Value {
        courier.step(Queue::Outbox, 100).await.unwrap();
        let path = format!("/transfers/{offer}");
        let page = self.world.get(&self.core, &path).await.ok();
        page["letters"][0].clone()
    }
}

/// What becomes of a letter when the sink has these options, and when it is well again.
async fn check(options: &str, then: &str, told: &str) {
    let outbox = Outbox::new().await;
    let offer = outbox.offer().await;
    let courier = outbox.courier();
    let options: Vec<&str> = options
        .split(' ')
        .map(|word| word.trim_matches('_'))
        .collect();
    let options: Vec<String> = options.iter().map(|word| word.replace('_', " ")).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let home = tempfile::tempdir().unwrap();
    open_to_all(home.path());
    let home = home.path();
    let failing = PostOffice::failing_sink(home, outbox.port, &options);
    let letter = outbox.after_a_try(&courier, &offer).await;
    assert_eq!(letter["state"], then, "{options:?}: {letter}");
    assert_eq!(letter["attempts"], 1, "{options:?}: {letter}");
    let error = letter["last_error"].as_str().unwrap_or_default();
    assert!(
        error.starts_with(told),
        "{options:?}: {error}; expected {told}"
    );
    drop(failing);

    // Nobody is there at all.
    if then == "queued" {
        outbox.world.clock.advance(HOUR);
        let letter = outbox.after_a_try(&courier, &offer).await;
        let error = letter["last_error"].as_str().unwrap();
        assert_eq!(letter["state"], "queued", "{options:?}: {letter}");
        assert!(error.contains("Connection refused"), "{options:?}: {error}");
    }

    let mut well = PostOffice::failing_sink(home, outbox.port, &[]);
    outbox.world.clock.advance(HOUR);
    let settled = outbox.after_a_try(&courier, &offer).await;
    let delivered: Vec<_> = well.delivered().cloned().collect();
    if then == "undeliverable" {
        assert_eq!(settled["state"], then, "{options:?}: {settled}");
        // Nothing but that goes out, to whoever made the offer.
        let out: Vec<(&str, bool)> = delivered
            .iter()
            .map(|letter| (letter.to.as_str(), letter.text().contains(told)))
            .collect();
        assert_eq!(out, [("core@site.test", true)], "{options:?}");
        return;
    }
    assert_eq!(settled["state"], "sent", "{options:?}: {settled}");
    let message_id = format!("<{}@reply.site.test>", settled["id"].as_str().unwrap());
    assert!(!delivered.is_empty(), "{options:?}");
    for letter in &delivered {
        // It may have come before, when the server broke off after it had all of it: then it is the same letter.
        assert_eq!(letter.message_id, message_id, "{options:?}");
        assert_eq!(letter.raw, delivered[0].raw, "{options:?}");
    }
    let most = if told.starts_with("end of DATA") {
        2
    } else {
        1
    };
    assert!(delivered.len() <= most, "{options:?}: {delivered:?}");
}

#[tokio::test]
async fn a_letter_leaves_when_the_server_is_well_again_however_it_failed() {
    for (options, then, told) in [
        // Hard refusals: of the recipient they are final, of anything else they are ours to mend.
        ("-f CONNECT", "queued", "connecting: 500 5.3.0"),
        ("-f EHLO", "queued", "connecting: 500 5.3.0"),
        ("-f MAIL", "queued", "MAIL: 500 5.3.0"),
        (
            "-f RCPT -B 550_5.1.1_unknown",
            "undeliverable",
            "RCPT: 550 5.1.1 unknown",
        ),
        ("-f DATA", "queued", "DATA: 500 5.3.0"),
        ("-f .", "queued", "end of DATA: 500 5.3.0"),
        // Soft refusals.
        ("-r CONNECT", "queued", "connecting: 450 4.3.0"),
        ("-r EHLO", "queued", "connecting: 450 4.3.0"),
        ("-r MAIL", "queued", "MAIL: 450 4.3.0"),
        ("-r RCPT", "queued", "RCPT: 450 4.3.0"),
        ("-r DATA", "queued", "DATA: 450 4.3.0"),
        ("-r .", "queued", "end of DATA: 450 4.3.0"),
        // It hangs up without a word.
        ("-q CONNECT", "queued", "connecting: "),
        ("-q EHLO", "queued", "connecting: "),
        ("-q MAIL", "queued", "MAIL: "),
        ("-q RCPT", "queued", "RCPT: "),
        ("-q DATA", "queued", "DATA: "),
        ("-q .", "queued", "end of DATA: "),
        // It says that it is going.
        ("-Q CONNECT", "queued", "connecting: 421"),
        ("-Q EHLO", "queued", "connecting: 421"),
        ("-Q MAIL", "queued", "MAIL: 421"),
        ("-Q RCPT", "queued", "RCPT: 421"),
        ("-Q DATA", "queued", "DATA: 421"),
        ("-Q .", "queued", "end of DATA: 421"),
        // It refuses before it has heard everything.
        ("-A 0", "queued", "end of DATA: "),
        // It is slower than anybody waits for.
        (
            "-W EHLO:2",
            "queued",
            "connecting: the mail server did not answer",
        ),
        (
            "-W DATA:2",
            "queued",
            "DATA: the mail server did not answer",
        ),
        (
            "-W .:2",
            "queued",
            "end of DATA: the mail server did not answer",
        ),
        // Servers that can little; one that knows no EHLO is too old to be spoken to.
        ("-8 -a -E -N -p", "sent", ""),
        ("-P", "queued", "connecting: 500 5.5.1"),
    ] {
        check(options, then, told).await;
    }
}
