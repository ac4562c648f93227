//! Threats of mail that end in the API (`docs/threats.md`).

use std::time::Duration;

use futures_util::future::join_all;
use handover::actors::sweep;
use handover::domain::document::decode;
use handover::domain::key::{Counter, Key};
use handover::domain::letter::Letter;
use handover::domain::policy::Policy;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Person, World, bounds, offer, rates};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const VICTIM: &str = "victim@lab.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_accept_against_cancel_a_thousand_times_ends_once() {
    let mut rates = rates();
    rates.transfers_per_sender = 10_000;
    let policy = Policy {
        letters_a_day: 1_000,
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates).await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let (mut accepted, mut cancelled) = (0, 0);
    for round in 0..1_000 {
        // A window of the limits passes now and then.
        world.clock.advance(Duration::from_secs(60));
        let name = format!("WGS {round}");
        let project = world.project(&core, "personal", &name, 1).await;
        let id = world.offer(&core, &[&project], "anna@lab.example").await;
        let verb = |verb: &str, person, body| {
            let path = format!("/transfers/{id}/{verb}");
            let request = World::request("POST", &path, Some(person), &[], body);
            // A task of its own, so that both run at once.
            let answer = tokio::spawn(world.router.clone().oneshot(request));
            async move { answer.await.unwrap().unwrap().status().as_u16() }
        };
        let personal = json!({ "context": "personal" });
        let (accept, cancel) = if round % 2 == 0 {
            let accept = verb("accept", &anna, Some(&personal));
            tokio::join!(accept, verb("cancel", &core, None))
        } else {
            let cancel = verb("cancel", &core, None);
            tokio::join!(verb("accept", &anna, Some(&personal)), cancel)
        };
        let page = world.get(&anna, &format!("/transfers/{id}")).await.ok();
        let state = page["transfer"]["state"].as_str().unwrap();
        let sees = async |person| {
            let path = format!("/projects/{project}");
            world.get(person, &path).await.status == 200
        };
        let owners = (sees(&core).await, sees(&anna).await);
        match (accept, cancel) {
            (200, 409) => {
                accepted += 1;
                assert_eq!((state, owners), ("accepted", (false, true)), "{round}");
            }
            (409, 200) => {
                cancelled += 1;
                assert_eq!((state, owners), ("cancelled", (true, false)), "{round}");
            }
            other => panic!("round {round}: {other:?}, {state}"),
        }
    }
    println!("accepted {accepted}, cancelled {cancelled}");
    assert!(accepted > 0 && cancelled > 0, "{accepted} {cancelled}");
}

#[tokio::test]
async fn threat_mail_bombing_a_stranger_gets_five_offers_of_one_sender() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    for n in 1..=6 {
        let name = format!("WGS {n}");
        let project = world.project(&core, "personal", &name, 1).await;
        let body = offer(&[&project], "victim@lab.example");
        let answer = world.post(&core, "/transfers", body).await;
        if n <= 5 {
            assert_eq!(answer.status, 201, "{n}: {}", answer.text);
            let id = answer.ok()["transfer"]["id"].as_str().unwrap().to_owned();
            // Nor is the same offer mailed again on the same day.
            let path = format!("/transfers/{id}/resend");
            let again = world.post(&core, &path, json!({})).await;
            let refused = (409, vec!["transfer.resend_too_soon".to_owned()]);
            assert_eq!(again.refused(), refused);
        } else {
            let refused = (409, vec!["sender.open_offers".to_owned()]);
            assert_eq!(answer.refused(), refused);
        }
    }
}

async fn asking(letters_a_day: i64) -> World {
    let policy = Policy {
        letters_a_day,
        ..Policy::default()
    };
    let mut rates = rates();
    rates.sign_in_per_address = 100;
    World::with(policy, bounds(), rates).await
}

/// The kinds of all letters to an address, oldest first.
fn letters_to(world: &World, address: &str) -> Vec<&'static str> {
    let view = world.store.view();
    let letters = view
        .documents()
        .filter(|(key, _)| matches!(key, Key::Letter(_)))
        .map(|(_, record)| decode::<Letter>(&record.body).unwrap());
    let theirs = letters.filter(|letter| letter.to.to_string() == address);
    theirs.map(|letter| letter.says.word()).collect()
}

async fn shared(world: &World, by: &Person, item: &str, to: &str) -> crate::support::Answer {
    let body = json!({ "items": [item], "recipient": to });
    world.post(by, "/shares", body).await
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn threat_mail_bombing_all_senders_together_ask_somebody_so_often_in_a_day() {
    let world = asking(5).await;
    let used_up = (429, vec!["recipient.letters".to_owned()]);
    let core = world.person("core@facility.example").await;
    let eve = world.person("eve@other.example").await;
    let wgs = world.project(&core, "personal", "WGS", 1).await;
    let wes = world.project(&core, "personal", "WES", 1).await;
    let rna = world.project(&core, "personal", "RNA", 1).await;
    let hers = world.project(&eve, "personal", "Eve", 1).await;

    // Each way to ask takes one: an offer, one that takes its place, more time, an invitation to share.
    let first = world.offer(&core, &[&wgs], VICTIM).await;
    let second = world.offer(&core, &[&wes], "other@lab.example").await;
    let to = json!({ "recipient": VICTIM });
    let path = format!("/transfers/{second}/readdress");
    world.post(&core, &path, to.clone()).await.ok();
    let longer = json!({ "expires_in_days": 30 });
    let extend = format!("/transfers/{first}/extend");
    world.post(&core, &extend, longer).await.ok();
    let invited = shared(&world, &eve, &hers, VICTIM).await.ok();
    let invited = id_of(&invited["invitation"]);
    world.offer(&eve, &[&hers], VICTIM).await;
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 5]);

    // Then nobody does, in none of these ways, and is told so.
    let again = world
        .post(&core, "/transfers", offer(&[&rna], VICTIM))
        .await;
    assert_eq!(again.refused(), used_up);
    let next_step = again.json()["guards"][0]["next_step"].clone();
    let tomorrow =
        "do it again after 23 November 2026, 00:00 UTC; several items fit into one offer";
    assert_eq!(next_step, tomorrow);
    let again = shared(&world, &core, &rna, VICTIM).await;
    assert_eq!(again.refused(), used_up);
    let longest = json!({ "expires_in_days": 40 });
    assert_eq!(world.post(&core, &extend, longest).await.refused(), used_up);
    let third = world.offer(&core, &[&rna], "other@lab.example").await;
    let path = format!("/transfers/{third}/readdress");
    assert_eq!(world.post(&core, &path, to).await.refused(), used_up);
    assert_eq!(letters_to(&world, VICTIM).len(), 5);
    let shown = world.get(&core, &format!("/transfers/{third}")).await.ok();
    assert_eq!(shown["transfer"]["state"], "pending", "nothing was changed");

    // What nobody asks with goes on: how an offer ends, and a code for whoever wants to sign in.
    world.clock.advance(Duration::from_secs(1));
    let path = format!("/invitations/{invited}/cancel");
    world.post(&eve, &path, json!({})).await.ok();
    world.clock.advance(Duration::from_secs(1));
    world.person(VICTIM).await;
    let kinds = letters_to(&world, VICTIM);
    assert_eq!(kinds[5..], ["cancelled", "sign-in-code"]);

    // The next day is another one.
    world.clock.advance(DAY);
    let path = format!("/transfers/{third}/resend");
    world.post(&core, &path, json!({})).await.ok();
    let path = format!("/transfers/{first}/resend");
    world.post(&core, &path, json!({})).await.ok();
    assert_eq!(letters_to(&world, VICTIM)[7..], ["offer"]);
}

#[tokio::test]
async fn threat_mail_bombing_an_invitation_into_a_workgroup_asks_too() {
    let mut policy = Policy {
        letters_a_day: 1,
        ..Policy::default()
    };
    policy.creators = handover::domain::policy::Creators::Anyone;
    let world = World::with(policy, bounds(), rates()).await;
    let core = world.person("core@facility.example").await;
    for handle in ["one", "two"] {
        let body = json!({ "handle": handle });
        world.post(&core, "/workgroups", body).await.ok();
    }
    let mut codes = Vec::new();
    for handle in ["one", "two"] {
        let path = format!("/workgroups/{handle}/invitations");
        let body = json!({ "addresses": [VICTIM] });
        let answer = world.post(&core, &path, body).await.ok();
        codes.push(answer["items"][0]["guards"][0]["code"].clone());
    }
    assert_eq!(codes, [Value::Null, json!("recipient.letters")]);
    assert_eq!(letters_to(&world, VICTIM), ["offer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_mail_bombing_those_who_ask_at_the_same_time_get_no_more() {
    let world = asking(7).await;
    let mut asked = Vec::new();
    for n in 0..20 {
        let person = world.person(&format!("p{n}@facility.example")).await;
        let project = world.project(&person, "personal", "WGS", 1).await;
        let body = offer(&[&project], VICTIM);
        let request = World::request("POST", "/transfers", Some(&person), &[], Some(&body));
        let router = world.router.clone();
        asked.push(tokio::spawn(async move {
            router.oneshot(request).await.unwrap().status().as_u16()
        }));
    }
    let answers: Vec<u16> = join_all(asked)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(201), count(429)), (7, 13), "{answers:?}");
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 7]);
}

#[tokio::test]
async fn who_was_asked_as_often_as_may_be_is_not_reminded_and_what_was_counted_goes() {
    let world = asking(2).await;
    let core = world.person("core@facility.example").await;
    let wgs = world.project(&core, "personal", "WGS", 1).await;
    let wes = world.project(&core, "personal", "WES", 1).await;
    let first = world.offer(&core, &[&wgs], VICTIM).await;
    world.clock.advance(7 * DAY);
    let second = world.offer(&core, &[&wes], VICTIM).await;
    let remind = async |id: &str| {
        world.clock.advance(Duration::from_secs(1));
        let id = id.parse().unwrap();
        world.directory.wake(id, world.now()).await.unwrap();
    };
    // The reminder at half time takes the second of the day.
    remind(&first).await;
    assert_eq!(letters_to(&world, VICTIM), ["offer", "offer", "reminder"]);
    remind(&first).await;
    world.clock.advance(5 * DAY);
    for name in ["A", "B"] {
        let project = world.project(&core, "personal", name, 1).await;
        world.offer(&core, &[&project], VICTIM).await;
    }
    // That 48 hours before the end finds none left, and nothing waits for it.
    remind(&first).await;
    let offers_and_one_reminder = ["offer", "offer", "reminder", "offer", "offer"];
    assert_eq!(letters_to(&world, VICTIM), offers_and_one_reminder);
    let due = |id: &str| {
        let store = &*world.store;
        let id = id.parse().unwrap();
        async move {
            let key = Key::Invitation(id);
            let found =
                handover::actors::load::one::<handover::domain::invitation::Invitation>(store, key);
            found.await.unwrap().unwrap().document.next_due().unwrap()
        }
    };
    assert!(due(&first).await > world.now(), "its next timer is its end");
    assert!(due(&second).await > world.now());

    let counted = || {
        let view = world.store.view();
        let rations = view
            .documents()
            .filter(|(key, _)| matches!(key, Key::Ration(_)));
        let asked = view
            .counters()
            .filter(|(counter, _)| matches!(counter, Counter::Asked(_)));
        (rations.count(), asked.count())
    };
    assert_eq!(counted(), (3, 3), "three days");
    world.clock.advance(2 * DAY);
    while sweep::sweep(&*world.store, world.now(), 10).await.unwrap() > 0 {}
    assert_eq!(counted(), (0, 0));
}
