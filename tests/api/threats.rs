//! Threats of mail that end in the API (`docs/threats.md`).

use std::time::Duration;

use serde_json::json;
use tower::ServiceExt as _;

use crate::support::{World, bounds, offer, rates};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_accept_against_cancel_a_thousand_times_ends_once() {
    let mut rates = rates();
    rates.transfers_per_sender = 10_000;
    let world = World::with(Default::default(), bounds(), rates).await;
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
