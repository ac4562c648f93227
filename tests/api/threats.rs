//! Threats of mail that end in the API (`docs/threats.md`).

use std::time::Duration;

use futures_util::future::join_all;
use handover::actors::sweep;
use handover::domain::document::decode;
use handover::domain::key::{Counter, Key};
use handover::domain::letter::Letter;
use handover::domain::policy::{Creators, Policy};
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

/// The same, where anybody may create workgroups.
async fn founding(letters_a_day: i64) -> World {
    let policy = Policy {
        letters_a_day,
        creators: Creators::Anyone,
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
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

/// What whoever was answered is told to do about a letter that was left out, if one was.
fn left_out(answer: &Value) -> Option<&str> {
    let warnings = answer["warnings"].as_array();
    let mut warnings = warnings.into_iter().flatten();
    let letter = warnings.find(|warning| warning["code"] == "recipient.letters")?;
    letter["next_step"].as_str()
}

#[tokio::test]
async fn threat_mail_bombing_all_senders_together_ask_somebody_so_often_in_a_day() {
    let world = asking(5).await;
    let tomorrow = Some("tell them yourself, or send the letter after 23 November 2026, 00:00 UTC");
    let mut senders = Vec::new();
    for n in 0..5 {
        let person = world.person(&format!("p{n}@facility.example")).await;
        let project = world.project(&person, "personal", "WGS", 1).await;
        let body = offer(&[&project], VICTIM);
        let made = world.post(&person, "/transfers", body).await.ok();
        assert_eq!(left_out(&made), None, "{made}");
        senders.push((person, id_of(&made["transfer"])));
    }
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 5]);

    // Then every way to ask goes on without its letter, and whoever asks is told so.
    let core = world.person("core@facility.example").await;
    let wgs = world.project(&core, "personal", "WGS", 1).await;
    let wes = world.project(&core, "personal", "WES", 1).await;
    let rna = world.project(&core, "personal", "RNA", 1).await;
    let body = offer(&[&wgs], VICTIM);
    let made = world.post(&core, "/transfers", body).await.ok();
    assert_eq!(left_out(&made), tomorrow);
    let unmailed = id_of(&made["transfer"]);
    let other = world.offer(&core, &[&wes], "other@lab.example").await;
    let path = format!("/transfers/{other}/readdress");
    let to = json!({ "recipient": VICTIM });
    let readdressed = world.post(&core, &path, to).await.ok();
    assert_eq!(left_out(&readdressed), tomorrow);
    let invited = shared(&world, &core, &rna, VICTIM).await.ok();
    assert_eq!(left_out(&invited), tomorrow);
    let (first, extended) = (&senders[0].0, &senders[0].1);
    let path = format!("/transfers/{extended}/extend");
    let longer = json!({ "expires_in_days": 30 });
    let longer = world.post(first, &path, longer).await.ok();
    assert_eq!(left_out(&longer), tomorrow);
    // Only who asks for nothing but the letter is told to come back.
    let used_up = (429, vec!["recipient.letters".to_owned()]);
    let resend = format!("/transfers/{unmailed}/resend");
    let again = world.post(&core, &resend, json!({})).await;
    assert_eq!(again.refused(), used_up);
    assert_eq!(letters_to(&world, VICTIM).len(), 5);

    // What nobody asks with goes on: how an offer ends, and a code for whoever wants to sign in. The offers wait in the inbox.
    world.clock.advance(Duration::from_secs(1));
    let path = format!("/transfers/{extended}/cancel");
    world.post(first, &path, json!({})).await.ok();
    world.clock.advance(Duration::from_secs(1));
    let victim = world.person(VICTIM).await;
    let kinds = letters_to(&world, VICTIM);
    assert_eq!(kinds[5..], ["cancelled", "sign-in-code"]);
    let accept = format!("/transfers/{unmailed}");
    let waiting = world.get(&victim, &accept).await.ok();
    assert_eq!(waiting["transfer"]["state"], "pending");

    // The next day is another one, and what was never mailed need not wait longer.
    world.clock.advance(Duration::from_secs(14 * 3600));
    world.post(&core, &resend, json!({})).await.ok();
    assert_eq!(letters_to(&world, VICTIM)[7..], ["offer"]);
}

#[tokio::test]
async fn threat_mail_bombing_an_offer_without_a_letter_ends_without_one() {
    let world = asking(5).await;
    let eve = world.person("eve@other.example").await;
    let project = world.project(&eve, "personal", "WGS", 1).await;
    for _ in 0..20 {
        let body = offer(&[&project], VICTIM);
        let made = world.post(&eve, "/transfers", body).await.ok();
        world.clock.advance(Duration::from_secs(1));
        let path = format!("/transfers/{}/cancel", id_of(&made["transfer"]));
        world.post(&eve, &path, json!({})).await.ok();
    }
    assert_eq!(letters_to(&world, VICTIM), ["offer", "cancelled"]);
}

#[tokio::test]
async fn threat_mail_bombing_one_sender_does_not_use_up_the_letters_of_others() {
    let world = asking(10).await;
    let eve = world.person("eve@other.example").await;
    let core = world.person("core@facility.example").await;
    for n in 0..5 {
        let project = world.project(&eve, "personal", &format!("P{n}"), 1).await;
        let body = offer(&[&project], VICTIM);
        let made = world.post(&eve, "/transfers", body).await.ok();
        assert_eq!(left_out(&made).is_some(), n >= 2, "{n} {made}");
    }
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 2]);
    let wgs = world.project(&core, "personal", "WGS", 1).await;
    world.offer(&core, &[&wgs], VICTIM).await;
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 3]);
}

#[tokio::test]
async fn threat_mail_bombing_one_person_has_one_share_whichever_workgroup_asks() {
    let world = founding(10).await;
    let eve = world.person("eve@other.example").await;
    for (n, handle) in ["one", "two", "three"].into_iter().enumerate() {
        let body = json!({ "handle": handle });
        world.post(&eve, "/workgroups", body).await.ok();
        let project = world.project(&eve, handle, "WGS", 1).await;
        let body = offer(&[&project], VICTIM);
        let made = world.post(&eve, "/transfers", body).await.ok();
        assert_eq!(left_out(&made).is_some(), n >= 2, "{n} {made}");
    }
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 2]);
}

#[tokio::test]
async fn threat_mail_bombing_a_link_accepted_again_and_again_is_told_so_often_in_a_day() {
    let world = asking(15).await;
    let core = world.person(VICTIM).await;
    let eve = world.person("eve@other.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let path = format!("/projects/{project}/links");
    let link = world.post(&core, &path, json!({})).await.ok();
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let accept = format!("/links/by-token/{token}/accept");
    let leave = format!("/projects/{project}/leave");
    let told = || {
        let letters = letters_to(&world, VICTIM);
        letters
            .iter()
            .filter(|word| **word == "link-accepted")
            .count()
    };
    for round in 1..=6 {
        let body = json!({ "context": "personal" });
        world.post(&eve, &accept, body).await.ok();
        assert_eq!(told(), round.min(3));
        world.clock.advance(Duration::from_secs(1));
        world.post(&eve, &leave, json!({})).await.ok();
        world.clock.advance(Duration::from_secs(1));
    }
    world.clock.advance(DAY);
    let body = json!({ "context": "personal" });
    world.post(&eve, &accept, body).await.ok();
    assert_eq!(told(), 4, "another day");
}

#[tokio::test]
async fn threat_mail_bombing_a_role_changed_again_and_again_is_told_so_often_in_a_day() {
    let world = founding(15).await;
    let eve = world.person("eve@other.example").await;
    let victim = world.person(VICTIM).await;
    let body = json!({ "handle": "pool" });
    world.post(&eve, "/workgroups", body).await.ok();
    let invitations = "/workgroups/pool/invitations";
    let body = json!({ "addresses": [VICTIM] });
    let invited = world.post(&eve, invitations, body).await.ok();
    let id = id_of(&invited["items"][0]["invitation"]);
    let accept = format!("/invitations/{id}/accept");
    world.post(&victim, &accept, json!({})).await.ok();
    let path = format!("/workgroups/pool/members/{}", victim.id);
    for round in 0..7 {
        let role = ["administrator", "member"][round % 2];
        let body = json!({ "role": role });
        world.patch(&eve, &path, body).await.ok();
        world.clock.advance(Duration::from_secs(1));
    }
    let told = || {
        let letters = letters_to(&world, VICTIM);
        let changed = letters.iter().filter(|word| **word == "role-changed");
        changed.count()
    };
    assert_eq!(told(), 3);

    // What happens elsewhere is told all the same.
    let body = json!({ "handle": "other" });
    world.post(&eve, "/workgroups", body).await.ok();
    let body = json!({ "addresses": [VICTIM] });
    let path = "/workgroups/other/invitations";
    let invited = world.post(&eve, path, body).await.ok();
    let id = id_of(&invited["items"][0]["invitation"]);
    let accept = format!("/invitations/{id}/accept");
    world.post(&victim, &accept, json!({})).await.ok();
    let path = format!("/workgroups/other/members/{}", victim.id);
    let body = json!({ "role": "administrator" });
    world.patch(&eve, &path, body).await.ok();
    assert_eq!(told(), 4);
}

#[tokio::test]
async fn threat_mail_bombing_an_invitation_into_a_workgroup_asks_too() {
    let world = founding(1).await;
    let core = world.person("core@facility.example").await;
    for handle in ["one", "two"] {
        let body = json!({ "handle": handle });
        world.post(&core, "/workgroups", body).await.ok();
        let path = format!("/workgroups/{handle}/invitations");
        let body = json!({ "addresses": [VICTIM] });
        let answer = world.post(&core, &path, body).await.ok();
        assert_eq!(answer["items"][0]["guards"], json!([]), "{answer}");
    }
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
    assert_eq!(count(201), 20, "{answers:?}");
    assert_eq!(letters_to(&world, VICTIM), ["offer"; 7]);
}

#[tokio::test]
async fn who_was_asked_as_often_as_may_be_is_not_reminded_and_what_was_counted_goes() {
    let world = asking(6).await;
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
            .filter(|(counter, _)| matches!(counter, Counter::Rationed(_)));
        (rations.count(), asked.count())
    };
    assert_eq!(counted(), (6, 6), "three days, all senders and one");
    world.clock.advance(2 * DAY);
    while sweep::sweep(&*world.store, world.now(), 10).await.unwrap() > 0 {}
    assert_eq!(counted(), (0, 0));
}
