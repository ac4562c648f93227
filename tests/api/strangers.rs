//! What must not be learnt by somebody it is no business of.

use std::collections::BTreeMap;

use handover::domain::policy::{InUse, Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{World, bounds, offer, rates};

#[tokio::test]
async fn accepting_into_a_foreign_context_tells_nothing_about_it() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let people = [("ben@lab.example", Role::Owner)];
    let secret = world
        .workgroup_in("secret-merger", &people, "public", false, Some(10))
        .await;
    world.project(&ben, "secret-merger", "taken", 7).await;
    let project = world.project(&core, "personal", "WGS", 100).await;
    let id = world.offer(&core, &[&project], "anna@lab.example").await;
    let nothing = "00000000000000000000000000";
    let mut told = Vec::new();
    for (context, none) in [
        (secret.clone(), format!("wg_{nothing}")),
        (ben.id.clone(), format!("acc_{nothing}")),
    ] {
        for path in [format!("/transfers/{id}/accept"), "/projects".to_owned()] {
            for context in [&context, &none] {
                let body = match path.as_str() {
                    "/projects" => json!({ "context": context, "name": "x" }),
                    _ => json!({ "context": context }),
                };
                let answer = world.post(&anna, &path, body).await;
                assert_eq!(
                    answer.refused(),
                    (403, vec!["recipient.not_a_member".to_owned()])
                );
                assert!(!answer.text.contains("secret-merger"), "{}", answer.text);
                assert!(!answer.text.contains("ben"), "{}", answer.text);
                let guards = answer.json()["guards"].to_string();
                told.push(guards.replace(context.as_str(), "ID"));
            }
        }
    }
    for pair in told.chunks(2) {
        assert_eq!(pair[0], pair[1], "what is there and what is not");
    }
}

#[tokio::test]
async fn the_sender_is_not_told_who_answers_for_a_workgroup() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let people = [("private.person@lab.example", Role::Owner)];
    world.workgroup("pool", &people).await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let id = world.offer(&core, &[&project], "workgroup:pool").await;
    let shown = world.get(&core, &format!("/transfers/{id}")).await;
    assert!(!shown.text.contains("private.person"), "{}", shown.text);
    assert_eq!(shown.json()["letters"][0]["to"], "p•••@lab.example");
    // Those who answer for it know each other.
    let owner = world.person("private.person@lab.example").await;
    let shown = world.get(&owner, &format!("/transfers/{id}")).await.ok();
    assert_eq!(shown["letters"][0]["to"], "private.person@lab.example");
}

#[tokio::test]
async fn walls_do_not_tell_what_stands_behind_them() {
    let mut policy = Policy::default();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: Vec::new(),
    };
    policy.domains = BTreeMap::from([("uni".to_owned(), uni)]);
    let world = World::with(policy, bounds(), rates()).await;
    let core = world.person("core@facility.example").await;
    let dean = world.person("dean@uni.example").await;
    let name = json!({ "name": "Prof. Private Name" });
    world.patch(&dean, "/account", name).await.ok();
    let people = [("dean@uni.example", Role::Owner)];
    world
        .workgroup_in("closed", &people, "uni", false, None)
        .await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    for to in ["dean@uni.example", "workgroup:closed"] {
        let answer = world
            .post(&core, "/transfers", offer(&[&project], to))
            .await;
        assert_eq!(
            answer.refused(),
            (409, vec!["domain.not_collaborative".to_owned()])
        );
        assert!(!answer.text.contains("Private Name"), "{}", answer.text);
    }
    let inside = world.project(&dean, "closed", "WES", 1).await;
    world.person("colleague@uni.example").await;
    let answer = world
        .post(
            &dean,
            "/transfers",
            offer(&[&inside], "colleague@uni.example"),
        )
        .await;
    assert_eq!(
        answer.refused(),
        (409, vec!["domain.no_way_out".to_owned()])
    );
    assert!(!answer.text.contains("(Personal)"), "{}", answer.text);
}

#[tokio::test]
async fn an_offer_that_never_left_is_not_seen_when_it_has_ended_either() {
    let policy = Policy {
        in_use: InUse::Wait,
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let core = world.person("core@facility.example").await;
    let wrong = world.person("wrong@lab.example").await;
    let project = world.project(&core, "personal", "Confidential", 1).await;
    let body = json!({ "name": "align", "projects": [project] });
    world.post(&core, "/analyses", body).await.ok();
    let first = world.offer(&core, &[&project], "wrong@lab.example").await;
    let to = json!({ "recipient": "right@lab.example" });
    let second = world
        .post(&core, &format!("/transfers/{first}/readdress"), to)
        .await
        .ok();
    assert_eq!(second["transfer"]["state"], "requested");
    let hidden = world.get(&wrong, &format!("/transfers/{first}")).await;
    assert_eq!(hidden.refused().0, 404);
    let answer = world
        .post(&wrong, &format!("/transfers/{first}/decline"), json!({}))
        .await;
    assert_eq!(answer.refused().0, 404);
    let list = world.get(&wrong, "/transfers?role=received").await.ok();
    assert_eq!(list["items"], json!([]));
    let shown = world.get(&core, &format!("/transfers/{first}")).await.ok();
    assert_eq!(shown["transfer"]["state"], "cancelled");
}
