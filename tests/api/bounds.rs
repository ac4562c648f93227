//! The largest, the latest and the most of everything: nothing is lost there, and nothing grows without end.

use std::time::Duration;

use handover::domain::id::{AccountId, Context};
use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{World, bounds, offer, rates};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn the_largest_bundle_can_be_accepted_whatever_is_kept() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let mut items = Vec::new();
    for n in 0..250 {
        let body = json!({ "name": format!("P{n}") });
        let made = world.post(&core, "/projects", body).await.ok();
        items.push(made["id"].as_str().unwrap().to_owned());
    }
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    // The same items go back and forth, so that old grants are replaced and revoked too.
    for (from, to, address) in [
        (&core, &anna, "anna@lab.example"),
        (&anna, &core, "core@facility.example"),
        (&core, &anna, "anna@lab.example"),
    ] {
        let mut ask = offer(&items, address);
        ask["keep_access"] = json!({ "level": "read" });
        let made = world.post(from, "/transfers", ask).await.ok();
        let id = made["transfer"]["id"].as_str().unwrap();
        let accept = format!("/transfers/{id}/accept");
        let done = world.post(to, &accept, json!({})).await.ok();
        assert_eq!(done["transfer"]["state"], "accepted");
    }
}

#[tokio::test]
async fn the_largest_bundle_can_be_accepted_by_a_crowd_that_had_access_before() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let addresses: Vec<String> = (0..230).map(|n| format!("a{n}@lab.example")).collect();
    let mut people: Vec<(&str, Role)> = addresses
        .iter()
        .map(|address| (address.as_str(), Role::Administrator))
        .collect();
    people[0].1 = Role::Owner;
    world.workgroup("crowd", &people).await;
    let answers = world.person("a0@lab.example").await;
    let mut items = Vec::new();
    for n in 0..250 {
        items.push(world.project(&core, "personal", &format!("P{n}"), 1).await);
    }
    let share = |to: &str| json!({ "items": items, "recipient": to, "level": "write" });
    let made = world.post(&core, "/shares", share("workgroup:crowd")).await;
    let id = made.ok()["invitation"]["id"].as_str().unwrap().to_owned();
    let accept = format!("/invitations/{id}/accept");
    world.post(&answers, &accept, json!({})).await.ok();
    // What waits elsewhere is looked at again once the items have a new owner.
    for n in 0..100 {
        let share = share(&format!("p{n}@elsewhere.example"));
        world.post(&core, "/shares", share).await.ok();
    }
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut ask = offer(&items, "workgroup:crowd");
    ask["keep_access"] = json!({ "level": "read" });
    let made = world.post(&core, "/transfers", ask).await.ok();
    let id = made["transfer"]["id"].as_str().unwrap();
    let accept = format!("/transfers/{id}/accept");
    let done = world.post(&answers, &accept, json!({})).await.ok();
    assert_eq!(done["transfer"]["state"], "accepted");
}

#[tokio::test]
async fn the_end_of_an_offer_is_told_however_many_answer_for_the_workgroup() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let addresses: Vec<String> = (0..230).map(|n| format!("a{n}@lab.example")).collect();
    let mut people: Vec<(&str, Role)> = addresses
        .iter()
        .map(|address| (address.as_str(), Role::Administrator))
        .collect();
    people[0].1 = Role::Owner;
    world.workgroup("crowd", &people).await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let id = world.offer(&core, &[&project], "workgroup:crowd").await;
    let answers = world.person("a0@lab.example").await;
    let decline = format!("/transfers/{id}/decline");
    world.post(&answers, &decline, json!({})).await.ok();
    let shown = world.get(&core, &format!("/transfers/{id}")).await.ok();
    let letters = shown["letters"].as_array().unwrap();
    let told = letters
        .iter()
        .any(|l| l["kind"] == "declined" && l["to"] == "core@facility.example");
    assert!(told, "the sender hears how it ended");
}

#[tokio::test]
async fn an_offer_whose_time_is_over_stays_expired() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let id = world.offer(&core, &[&project], "anna@lab.example").await;
    world.clock.advance(15 * DAY);
    let shown = world.get(&core, &format!("/transfers/{id}")).await.ok();
    assert_eq!(shown["transfer"]["state"], "expired");
    let to = json!({ "recipient": "ben@lab.example" });
    for (verb, body) in [("cancel", json!({})), ("readdress", to)] {
        let answer = world
            .post(&core, &format!("/transfers/{id}/{verb}"), body)
            .await;
        assert_eq!(
            answer.refused(),
            (409, vec!["transfer.expired".to_owned()]),
            "{verb}"
        );
    }
}

#[tokio::test]
async fn extending_is_no_way_to_mail_again_and_again() {
    let mut rates = rates();
    rates.transfers_per_sender = 4;
    let world = World::with(Default::default(), bounds(), rates).await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let id = world.offer(&core, &[&project], "anna@lab.example").await;
    let extend = format!("/transfers/{id}/extend");
    let days = |days: u32| json!({ "expires_in_days": days });
    world.post(&core, &extend, days(90)).await.ok();
    // A moment later ninety days end a moment later; that is no more time, only another letter.
    world.clock.advance(Duration::from_secs(60));
    let answer = world.post(&core, &extend, days(90)).await;
    assert_eq!(answer.refused(), (422, vec!["request.invalid".to_owned()]));
    let other = world.project(&core, "personal", "WES", 1).await;
    let id = world.offer(&core, &[&other], "anna@lab.example").await;
    let extend = format!("/transfers/{id}/extend");
    let answer = world.post(&core, &extend, days(20)).await;
    assert_eq!(answer.refused(), (429, vec!["limit.too_many".to_owned()]));
}

#[tokio::test]
async fn contexts_that_nobody_has_keep_nobody_awake() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    for n in 0..5_200_u128 {
        let context = Context::Personal(AccountId::from_bits(n));
        let body = json!({ "name": "x", "context": context.to_string() });
        world.post(&core, "/projects", body).await;
    }
    let (contexts, _) = world.directory.awake();
    assert!(contexts <= 5_000, "{contexts}");
}

#[tokio::test]
async fn a_sheet_of_a_hundred_thousand_biosamples_holds_nobody_up() {
    let mut wide = bounds();
    wide.max_request_bytes = 16 << 20;
    let world = World::with(Default::default(), wide, rates()).await;
    let core = world.person("core@facility.example").await;
    let samples: Vec<_> = (0..100_000)
        .map(|n| json!({ "name": format!("s{n}") }))
        .collect();
    // Compared each with each, they took minutes, in the actor that all of this context's commands wait for.
    for name in ["R1", "R2"] {
        let mut run = crate::support::run(name);
        run["projects"] = json!([{ "name": "P", "biosamples": samples }]);
        let made = world.post(&core, "/runs", run).await.ok();
        assert_eq!(made["projects"][0]["biosamples"], 100_000);
    }
}
