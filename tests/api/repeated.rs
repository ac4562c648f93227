//! The same request sent again with the same Idempotency-Key is not done again.

use std::time::Duration;

use handover::domain::policy::{Creators, Policy};
use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{KEY, World, bounds, offer, rates};

fn run(name: &str) -> serde_json::Value {
    let mut run = crate::support::run(name);
    run["bytes"] = json!(1_000);
    run
}

const REUSED: &str = "idempotency_key.reused";

#[tokio::test]
async fn what_was_done_is_answered_again() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    world
        .workgroup("pool", &[("anna@lab.example", Role::Owner)])
        .await;

    let first = world.post_once(&core, "/runs", "k", run("R1")).await.ok();
    let again = world.post_once(&core, "/runs", "k", run("R1")).await.ok();
    assert_eq!(first, again);
    let other = world.post_once(&core, "/runs", "k", run("R2")).await;
    assert_eq!(other.refused(), (422, vec![REUSED.to_owned()]));
    let project = first["projects"][0]["id"].as_str().unwrap();

    // The key stands for one path of one person, nothing else.
    let ask = offer(&[project], "anna@lab.example");
    let requested = world
        .post_once(&core, "/transfers", "k", ask.clone())
        .await
        .ok();
    let id = requested["transfer"]["id"].as_str().unwrap();
    let again = world
        .post_once(&core, "/transfers", "k", ask.clone())
        .await
        .ok();
    assert_eq!(
        (&again["transfer"]["id"], &again["already"]),
        (&json!(id), &json!(true))
    );
    let theirs = world.post_once(&anna, "/transfers", "k", ask.clone()).await;
    assert_eq!(theirs.refused().0, 404);
    let mut other = ask;
    other["message"] = json!("other words");
    let other = world.post_once(&core, "/transfers", "k", other).await;
    assert_eq!(other.refused(), (422, vec![REUSED.to_owned()]));

    let accept = format!("/transfers/{id}/accept");
    let body = json!({ "context": "pool" });
    let accepted = world
        .post_once(&anna, &accept, "a", body.clone())
        .await
        .ok();
    let again = world.post_once(&anna, &accept, "a", body).await.ok();
    assert_eq!(accepted["transfer"], again["transfer"]);
    let elsewhere = world
        .post_once(&anna, &accept, "a", json!({ "context": "personal" }))
        .await;
    assert_eq!(elsewhere.refused(), (422, vec![REUSED.to_owned()]));

    // A later change does not make an old command run again.
    let cancelled = world
        .offer(
            &core,
            &[first["projects"][1]["id"].as_str().unwrap()],
            "anna@lab.example",
        )
        .await;
    let cancel = format!("/transfers/{cancelled}/cancel");
    world.post_once(&core, &cancel, "c", json!({})).await.ok();
    world
        .offer(
            &core,
            &[first["projects"][1]["id"].as_str().unwrap()],
            "anna@lab.example",
        )
        .await;
    let again = world.post_once(&core, &cancel, "c", json!({})).await.ok();
    assert_eq!(again["transfer"]["state"], "cancelled");
}

#[tokio::test]
async fn a_repetition_meets_no_limit() {
    let mut few = rates();
    few.transfers_per_sender = 1;
    let anyone = Policy {
        creators: Creators::Anyone,
        ..Policy::default()
    };
    let hour = Duration::from_secs(3_600);
    let world = World::with(anyone, bounds(), few).await;
    let core = world.person("core@facility.example").await;
    let pool = json!({ "handle": "pool", "name": "Pool" });
    world.post(&core, "/workgroups", pool).await.ok();
    let project = world.project(&core, "personal", "WGS", 1).await;
    let shared = world.project(&core, "personal", "WES", 1).await;
    let ask = offer(&[&project], "anna@lab.example");
    let share = json!({ "items": [shared], "recipient": "anna@lab.example", "level": "read" });
    let invite = json!({ "addresses": ["anna@lab.example"] });
    for (path, body) in [
        ("/transfers", ask),
        ("/shares", share),
        ("/workgroups/pool/invitations", invite),
    ] {
        let first = world.post_once(&core, path, "k", body.clone()).await.ok();
        let again = world.post_once(&core, path, "k", body.clone()).await.ok();
        let id = |answer: &serde_json::Value| {
            let made = ["/transfer/id", "/invitation/id", "/items/0/invitation/id"];
            let found = made.iter().find_map(|at| answer.pointer(at));
            found.and_then(|id| id.as_str()).map(str::to_owned)
        };
        assert!(id(&first).is_some(), "{path}: {first}");
        assert_eq!(id(&first), id(&again), "{path}");
        let other = world.post_once(&core, path, "l", body).await.text;
        assert!(other.contains("limit.too_many"), "{path}: {other}");
        world.clock.advance(hour);
    }
}

#[tokio::test]
async fn a_repetition_is_shown_the_same_secret() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let body = json!({ "name": "pipeline" });
    let first = world
        .post_once(&core, "/tokens", "t", body.clone())
        .await
        .ok();
    let again = world
        .post_once(&core, "/tokens", "t", body.clone())
        .await
        .ok();
    assert_eq!(first, again);
    let tokens = world.get(&core, "/tokens").await.ok();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
    // Nothing of it lies in the store.
    let secret = first["secret"].as_str().unwrap();
    let view = world.store.view();
    let documents = view.documents().map(|(_, record)| record.body.clone());
    let results = view.commands().map(|(_, _, result)| result.to_vec());
    for bytes in documents.chain(results) {
        assert!(!String::from_utf8_lossy(&bytes).contains(secret));
    }
    let id = first["token"]["id"].as_str().unwrap();
    world.delete(&core, &format!("/tokens/{id}")).await.ok();
    let revoked = world.post_once(&core, "/tokens", "t", body).await;
    assert_eq!(revoked.refused(), (422, vec![REUSED.to_owned()]));
}

#[tokio::test]
async fn signing_in_can_be_repeated_when_the_answer_was_lost() {
    let world = World::new().await;
    let post = |path: String, key: &'static str, body: serde_json::Value| {
        let world = &world;
        async move {
            let headers = [("idempotency-key", key)];
            world
                .send(World::request("POST", &path, None, &headers, Some(&body)))
                .await
        }
    };
    let ask = json!({ "address": "core@facility.example" });
    let begun = post("/sign-in".to_owned(), "s", ask.clone()).await.ok();
    assert_eq!(post("/sign-in".to_owned(), "s", ask).await.ok(), begun);
    let other = post(
        "/sign-in".to_owned(),
        "s",
        json!({ "address": "anna@lab.example" }),
    )
    .await
    .ok();
    assert_ne!(
        other["sign_in"], begun["sign_in"],
        "strangers share no keys"
    );
    let id = begun["sign_in"].as_str().unwrap();
    let path = format!("/sign-in/{id}");
    for _ in 0..9 {
        let wrong = post(path.clone(), "w", json!({ "code": "WRONG" })).await;
        assert_eq!(
            wrong.json()["detail"],
            "look at the newest letter; 4 tries are left"
        );
    }
    let code = json!({ "code": KEY.code(id.parse().unwrap()) });
    let signed = post(path.clone(), "f", code.clone()).await.ok();
    assert_eq!(post(path.clone(), "f", code.clone()).await.ok(), signed);
    assert_eq!(post(path, "g", code).await.refused().0, 422);
}

#[tokio::test]
async fn a_key_is_visible_ascii_of_at_most_255_characters() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let long = "k".repeat(255);
    world
        .post_once(&core, "/projects", &long, json!({ "name": "a" }))
        .await
        .ok();
    for key in ["", "with blank", &"k".repeat(256)] {
        let answer = world
            .post_once(&core, "/projects", key, json!({ "name": "b" }))
            .await;
        assert_eq!(
            answer.refused(),
            (422, vec!["request.invalid".to_owned()]),
            "{key:?}"
        );
    }
}
