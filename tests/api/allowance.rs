//! What administrators let contexts hold and do.

use std::collections::BTreeMap;

use handover::domain::policy::{Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{World, bounds, rates};

const ROOT: &str = "root@site.example";
const DEAN: &str = "dean@uni.example";

async fn site() -> World {
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![DEAN.parse().unwrap()],
    };
    let policy = Policy {
        administrators: vec![ROOT.parse().unwrap()],
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
}

#[tokio::test]
async fn whoever_is_made_professional_may_create_workgroups() {
    let world = site().await;
    let root = world.person(ROOT).await;
    let anna = world.person("anna@lab.example").await;
    let lab = json!({ "handle": "lab" });
    let answer = world.post(&anna, "/workgroups", lab.clone()).await;
    assert_eq!(answer.refused().0, 403);
    let path = "/admin/allowances/anna@lab.example";
    let tier = json!({ "tier": "professional" });
    for other in ["anna@lab.example", DEAN] {
        let other = world.person(other).await;
        let answer = world.patch(&other, path, tier.clone()).await;
        assert_eq!(answer.refused(), (404, vec!["person.not_found".to_owned()]));
    }
    let context = world.patch(&root, path, tier).await.ok();
    assert_eq!(context["id"], anna.id);
    assert_eq!(
        world.get(&anna, "/account").await.ok()["tier"],
        "professional"
    );
    world.post(&anna, "/workgroups", lab).await.ok();
    for tier in ["enterprise", "gold"] {
        let answer = world.patch(&root, path, json!({ "tier": tier })).await;
        assert_eq!(answer.refused().0, 422, "{tier}");
    }
}

#[tokio::test]
async fn a_quota_of_its_own_holds_from_the_next_acceptance_on() {
    let world = site().await;
    let dean = world.person(DEAN).await;
    let dora = world.person("dora@uni.example").await;
    let lab = json!({ "handle": "lab" });
    world.post(&dora, "/workgroups", lab).await.ok();
    let inner = json!({ "handle": "inner" });
    world.post(&dora, "/workgroups", inner).await.ok();
    let project = world.project(&dora, "lab", "WGS", 11).await;
    let offer = world.offer(&dora, &[&project], "workgroup:inner").await;
    let path = "/admin/allowances/workgroup:inner";
    let context = world
        .patch(&dean, path, json!({ "quota": "10" }))
        .await
        .ok();
    assert_eq!(context["quota"], 10);
    let accept = format!("/transfers/{offer}/accept");
    let answer = world.post(&dora, &accept, json!({})).await;
    assert_eq!(
        answer.refused(),
        (409, vec!["target.over_quota".to_owned()])
    );
    let context = world
        .patch(&dean, path, json!({ "quota": "none" }))
        .await
        .ok();
    assert_eq!(context["quota"], json!(null));
    world.post(&dora, &accept, json!({})).await.ok();
    for (body, status) in [
        (json!({ "quota": "lots" }), 422),
        (json!({ "tier": "professional" }), 422),
        (json!({}), 200),
    ] {
        let answer = world.patch(&dean, path, body).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn the_allowance_of_a_workgroup_of_the_configuration_file_is_changed_there_only() {
    let world = site().await;
    let people = [("dora@uni.example", Role::Owner)];
    world
        .workgroup_in("core", &people, "uni", false, Some(100))
        .await;
    let path = "/admin/allowances/workgroup:core";
    for who in [ROOT, DEAN] {
        let person = world.person(who).await;
        for body in [json!({ "quota": "none" }), json!({ "tier": "enterprise" })] {
            let answer = world.patch(&person, path, body).await;
            let refused = answer.refused();
            assert_eq!(refused, (403, vec!["workgroup.forbidden".to_owned()]));
            assert!(
                answer.text.contains("configuration file"),
                "{}",
                answer.text
            );
        }
        let context = world.patch(&person, path, json!({})).await.ok();
        assert_eq!(context["quota"], 100);
    }
    let stranger = world.person("anna@lab.example").await;
    let body = json!({ "quota": "none" });
    let answer = world.patch(&stranger, path, body).await;
    assert_eq!(answer.refused(), (404, vec!["person.not_found".to_owned()]));
}
