//! Every reason why not, as a program is told it.

use std::collections::BTreeMap;
use std::time::Duration;

use handover::domain::item::State;
use handover::domain::policy::{InUse, Policy, Private, Registration};
use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{World, bounds, offer, rates};

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn with(change: impl FnOnce(&mut Policy)) -> World {
    let mut policy = Policy::default();
    change(&mut policy);
    World::with(policy, bounds(), rates()).await
}

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[tokio::test]
async fn all_that_is_wrong_with_the_items_is_told_at_once() {
    let world = with(|policy| policy.in_use = InUse::Block).await;
    let core = world.person("core@facility.example").await;
    world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    let mut items = Vec::new();
    for name in ["trashed", "partly", "archived", "offered", "busy", "free"] {
        items.push(world.project(&core, "personal", name, 1).await);
    }
    items.push(world.project(&core, "pool", "pooled", 1).await);
    world.trash(&items[0]).await;
    world.alter(&items[1], |item| item.trashed_inside = 2).await;
    world
        .alter(&items[2], |item| item.state = State::Archived)
        .await;
    world.offer(&core, &[&items[3]], "anna@lab.example").await;
    let analysis = json!({ "name": "align", "projects": [items[4]] });
    world.post(&core, "/analyses", analysis).await.ok();
    items.push("prj_00000000000000000000000000".to_owned());
    let all: Vec<&str> = items.iter().map(String::as_str).collect();
    let expected = [
        "item.not_found",
        "item.trashed",
        "item.contains_trash",
        "item.archived",
        "item.pending_transfer",
        "item.in_use",
        "items.mixed_contexts",
    ];
    let answer = world
        .post(&core, "/transfers", offer(&all, "anna@lab.example"))
        .await;
    assert_eq!(answer.refused(), (404, codes(&expected)));
    let preview = world
        .post(&core, "/transfers/preview", offer(&all, "anna@lab.example"))
        .await
        .ok();
    assert_eq!(preview["possible"], false);
    let blocks = preview["blocks"].as_array().unwrap();
    let blocks: Vec<_> = blocks.iter().map(|b| b["code"].as_str().unwrap()).collect();
    assert_eq!(blocks, expected);
    for (item, expected) in all.iter().zip([
        (409, "item.trashed"),
        (409, "item.contains_trash"),
        (409, "item.archived"),
        (409, "item.pending_transfer"),
        (409, "item.in_use"),
    ]) {
        let answer = world
            .post(&core, "/transfers", offer(&[item], "anna@lab.example"))
            .await;
        assert_eq!(answer.refused(), (expected.0, codes(&[expected.1])));
    }
    let mixed = [all[5], all[6]];
    let answer = world
        .post(&core, "/transfers", offer(&mixed, "anna@lab.example"))
        .await;
    assert_eq!(answer.refused(), (422, codes(&["items.mixed_contexts"])));
}

#[tokio::test]
async fn warnings_do_not_stand_in_the_way() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    world.alter(&project, |item| item.default_of = 3).await;
    let body = json!({ "name": "align", "projects": [project] });
    let analysis = world.post(&core, "/analyses", body).await.ok();
    let made = world
        .post(&core, "/transfers", offer(&[&project], "new@lab.example"))
        .await
        .ok();
    let warnings = made["warnings"].as_array().unwrap();
    let warnings: Vec<_> = warnings
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        warnings,
        [
            "item.in_use",
            "item.default_project",
            "recipient.no_account"
        ]
    );
    let end = format!("/analyses/{}/end", analysis["id"].as_str().unwrap());
    world.post(&core, &end, json!({})).await.ok();
    let stranger = world.person("stranger@lab.example").await;
    let answer = world.post(&stranger, &end, json!({})).await;
    assert_eq!(answer.refused(), (422, codes(&["request.invalid"])));
}

#[tokio::test]
async fn who_may_not_send_is_told_why() {
    let world = with(|policy| policy.open_offers = 1).await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let mine = world.project(&core, "personal", "WGS", 1).await;
    let second = world.project(&core, "personal", "WES", 1).await;
    // Kept access lets one see, not offer.
    let mut ask = offer(&[&mine], "anna@lab.example");
    ask["keep_access"] = json!({ "level": "read" });
    let made = world.post(&core, "/transfers", ask).await.ok();
    let id = made["transfer"]["id"].as_str().unwrap();
    let answer = world
        .post(&core, "/transfers", offer(&[&second], "anna@lab.example"))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["sender.open_offers"])));
    world
        .post(&anna, &format!("/transfers/{id}/accept"), json!({}))
        .await
        .ok();
    let answer = world
        .post(&core, "/transfers", offer(&[&mine], "ben@lab.example"))
        .await;
    assert_eq!(answer.refused(), (403, codes(&["item.forbidden"])));

    let answer = world
        .post(&core, "/transfers", offer(&[&second], "workgroup:nobody"))
        .await;
    assert_eq!(answer.refused(), (422, codes(&["recipient.unknown"])));
    let blocked = json!({ "blocked": ["Core@Facility.example"] });
    world.patch(&anna, "/account", blocked).await.ok();
    let answer = world
        .post(&core, "/transfers", offer(&[&second], "anna@lab.example"))
        .await;
    assert_eq!(answer.refused(), (403, codes(&["recipient.blocked"])));

    // Over the cap of a basic account, except for what brings it under.
    let tib = 1_u64 << 40;
    let big = world.project(&core, "personal", "big", tib).await;
    world.project(&core, "personal", "more", tib).await;
    let answer = world
        .post(&core, "/transfers", offer(&[&second], "ben@lab.example"))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["sender.over_quota"])));
    let answer = world
        .post(&core, "/transfers", offer(&[&big], "ben@lab.example"))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["sender.over_quota"])));
}

#[tokio::test]
async fn where_it_cannot_be_accepted_into_is_told() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let people = [("anna@lab.example", Role::Owner)];
    world
        .workgroup_in("small", &people, "public", false, Some(10))
        .await;
    let foreign = world
        .workgroup("foreign", &[("ben@lab.example", Role::Owner)])
        .await;
    let project = world.project(&core, "personal", "WGS", 100).await;
    let id = world.offer(&core, &[&project], "anna@lab.example").await;
    let accept = format!("/transfers/{id}/accept");
    for (context, expected) in [
        ("small", (409, "target.over_quota")),
        (&foreign, (403, "recipient.not_a_member")),
        ("nowhere", (403, "recipient.not_a_member")),
        (&core.id, (422, "request.invalid")),
        (
            "wg_00000000000000000000000000",
            (403, "recipient.not_a_member"),
        ),
    ] {
        let answer = world
            .post(&anna, &accept, json!({ "context": context }))
            .await;
        assert_eq!(
            answer.refused(),
            (expected.0, codes(&[expected.1])),
            "{context}"
        );
    }
    let pending = world.get(&anna, &format!("/transfers/{id}")).await.ok();
    assert_eq!(pending["transfer"]["state"], "pending");
}

#[tokio::test]
async fn private_domains_have_walls() {
    let world = with(|policy| {
        let uni = Private {
            suffixes: vec!["uni.example".to_owned()],
            administrators: Vec::new(),
        };
        policy.domains = BTreeMap::from([("uni".to_owned(), uni)]);
    })
    .await;
    let core = world.person("core@facility.example").await;
    let dean = world.person("dean@uni.example").await;
    let people = [
        ("dean@uni.example", Role::Owner),
        ("core@facility.example", Role::Member),
    ];
    world
        .workgroup_in("closed", &people[..1], "uni", false, None)
        .await;
    let public = world.project(&core, "personal", "WGS", 1).await;
    let answer = world
        .post(&core, "/transfers", offer(&[&public], "dean@uni.example"))
        .await;
    assert_eq!(
        answer.refused(),
        (409, codes(&["domain.not_collaborative"]))
    );
    world.workgroup_in("open", &people, "uni", true, None).await;
    let id = world.offer(&core, &[&public], "dean@uni.example").await;
    let accept = format!("/transfers/{id}/accept");
    let answer = world
        .post(&dean, &accept, json!({ "context": "closed" }))
        .await;
    assert_eq!(
        answer.refused(),
        (409, codes(&["domain.not_collaborative"]))
    );
    world
        .post(&dean, &accept, json!({ "context": "open" }))
        .await
        .ok();
    let answer = world
        .post(&dean, "/transfers", offer(&[&public], "anna@lab.example"))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["domain.no_way_out"])));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_told_so() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let people = [("anna@lab.example", Role::Owner)];
    world.workgroup("pool", &people).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let project = world.project(&core, "personal", name, 1).await;
        ids.push(world.offer(&core, &[&project], "anna@lab.example").await);
    }
    let path = |n: usize, verb: &str| format!("/transfers/{}/{verb}", ids[n]);
    world.post(&anna, &path(0, "accept"), json!({})).await.ok();
    world.post(&anna, &path(1, "decline"), json!({})).await.ok();
    world.post(&core, &path(2, "cancel"), json!({})).await.ok();
    for (person, n, verb, expected) in [
        (&anna, 0, "accept", (409, "transfer.accepted")),
        (&anna, 0, "decline", (409, "transfer.accepted")),
        (&core, 0, "cancel", (409, "transfer.accepted")),
        (&anna, 1, "accept", (409, "transfer.declined")),
        (&core, 1, "resend", (409, "transfer.declined")),
        (&anna, 2, "accept", (409, "transfer.cancelled")),
        (&core, 3, "accept", (403, "recipient.not_a_member")),
        (&core, 3, "decline", (403, "transfer.forbidden")),
        (&anna, 3, "cancel", (403, "transfer.forbidden")),
        (&core, 3, "resend", (409, "transfer.resend_too_soon")),
    ] {
        let body = if verb == "accept" {
            json!({ "context": "pool" })
        } else {
            json!({})
        };
        let answer = world.post(person, &path(n, verb), body).await;
        assert_eq!(
            answer.refused(),
            (expected.0, codes(&[expected.1])),
            "{n} {verb}"
        );
    }
    let answer = world.get(&core, &path(3, "choices")).await;
    assert_eq!(answer.refused(), (403, codes(&["transfer.forbidden"])));
    world.clock.advance(15 * DAY);
    for (person, verb) in [(&anna, "accept"), (&anna, "decline"), (&core, "resend")] {
        let answer = world.post(person, &path(3, verb), json!({})).await;
        assert_eq!(
            answer.refused(),
            (409, codes(&["transfer.expired"])),
            "{verb}"
        );
    }
    let answer = world.get(&anna, &path(3, "choices")).await;
    assert_eq!(answer.refused(), (409, codes(&["transfer.expired"])));
}

#[tokio::test]
async fn an_offer_that_waits_for_analyses_is_not_seen_by_its_recipient() {
    let world = with(|policy| policy.in_use = InUse::Wait).await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let body = json!({ "name": "align", "projects": [project] });
    world.post(&core, "/analyses", body).await.ok();
    let id = world.offer(&core, &[&project], "anna@lab.example").await;
    let page = world.get(&core, &format!("/transfers/{id}")).await.ok();
    assert_eq!(page["transfer"]["state"], "requested");
    let hidden = world.get(&anna, &format!("/transfers/{id}")).await;
    assert_eq!(hidden.refused(), (404, codes(&["transfer.not_found"])));
    let answer = world
        .post(&anna, &format!("/transfers/{id}/accept"), json!({}))
        .await;
    assert_eq!(answer.refused(), (404, codes(&["transfer.not_found"])));
    let answer = world
        .post(&core, &format!("/transfers/{id}/resend"), json!({}))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["transfer.requested"])));
}

#[tokio::test]
async fn strangers_are_told_alike_of_what_is_there_and_what_is_not() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let stranger = world.person("stranger@lab.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    let nothing = "00000000000000000000000000";
    for (method, there, gone) in [
        (
            "GET",
            format!("/projects/{project}"),
            format!("/projects/prj_{nothing}"),
        ),
        (
            "GET",
            format!("/projects/{project}/files"),
            format!("/projects/prj_{nothing}/files"),
        ),
        (
            "POST",
            format!("/projects/{project}/files"),
            format!("/projects/prj_{nothing}/files"),
        ),
        (
            "GET",
            format!("/transfers/{transfer}"),
            format!("/transfers/tr_{nothing}"),
        ),
        (
            "GET",
            format!("/transfers/{transfer}/choices"),
            format!("/transfers/tr_{nothing}/choices"),
        ),
        (
            "POST",
            format!("/transfers/{transfer}/accept"),
            format!("/transfers/tr_{nothing}/accept"),
        ),
        (
            "POST",
            format!("/transfers/{transfer}/decline"),
            format!("/transfers/tr_{nothing}/decline"),
        ),
        (
            "POST",
            format!("/transfers/{transfer}/cancel"),
            format!("/transfers/tr_{nothing}/cancel"),
        ),
        (
            "POST",
            format!("/transfers/{transfer}/resend"),
            format!("/transfers/tr_{nothing}/resend"),
        ),
    ] {
        let body = match there.ends_with("/files") {
            true => json!({ "files": [{ "path": "x", "bytes": 1 }] }),
            false => json!({}),
        };
        let body = (method == "POST").then_some(&body);
        let mut told = Vec::new();
        for path in [there, gone] {
            let headers = [("x-request-id", "same")];
            let answer = world
                .send(World::request(
                    method,
                    &path,
                    Some(&stranger),
                    &headers,
                    body,
                ))
                .await;
            assert_eq!(answer.refused().0, 404, "{path}");
            told.push(
                answer
                    .text
                    .replace(&project, "ID")
                    .replace(&transfer, "ID")
                    .replace(&format!("prj_{nothing}"), "ID")
                    .replace(&format!("tr_{nothing}"), "ID"),
            );
        }
        assert_eq!(told[0], told[1]);
    }
    let answer = world
        .post(&stranger, "/transfers", offer(&[&project], "x@lab.example"))
        .await;
    assert_eq!(answer.refused(), (404, codes(&["item.not_found"])));
    let answer = world.get(&core, &format!("/runs/{project}")).await;
    assert_eq!(answer.refused(), (404, codes(&["item.not_found"])));
}

#[tokio::test]
async fn the_remaining_codes_are_reachable() {
    let world = with(|policy| policy.sign_in.registration = Registration::Invited).await;
    world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    let core = world.person("core@facility.example").await;
    world.project(&core, "personal", "WGS", 1).await;
    let answer = world
        .post(&core, "/projects", json!({ "name": " wgs " }))
        .await;
    assert_eq!(answer.refused(), (409, codes(&["item.exists"])));
    let ask = json!({ "address": "nobody@lab.example" });
    let begun = world
        .send(World::request("POST", "/sign-in", None, &[], Some(&ask)))
        .await
        .ok();
    let id = begun["sign_in"].as_str().unwrap();
    let path = format!("/sign-in/{id}");
    for (code, expected) in [
        ("XXXXXXXX", (422, "code.wrong")),
        (
            crate::support::KEY.code(id.parse().unwrap()).as_str(),
            (403, "registration.closed"),
        ),
    ] {
        let body = json!({ "code": code });
        let answer = world
            .send(World::request("POST", &path, None, &[], Some(&body)))
            .await;
        assert_eq!(answer.refused(), (expected.0, codes(&[expected.1])));
    }
}

#[tokio::test]
async fn an_offer_to_oneself_needs_another_context_to_accept_into() {
    let world = with(|_| {}).await;
    let core = world.person("core@facility.example").await;
    let item = world.project(&core, "personal", "Genomes", 1).await;
    let to_oneself = || offer(&[item.as_str()], "core@facility.example");
    let refused = world.post(&core, "/transfers", to_oneself()).await;
    assert_eq!(refused.refused(), (422, codes(&["request.invalid"])));
    world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    world.post(&core, "/transfers", to_oneself()).await.ok();
}

#[tokio::test]
async fn whom_a_listed_domain_covers_or_an_offer_waits_for_may_register() {
    let listed = || Registration::Listed(vec!["uni.example".to_owned()]);
    let world = with(|policy| policy.sign_in.registration = listed()).await;
    world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    let core = world.person("core@facility.example").await;
    let item = world.project(&core, "personal", "Genomes", 1).await;
    world.offer(&core, &[&item], "carl@clinic.example").await;
    for (address, may) in [
        ("anna@uni.example", true),
        ("anna@bio.UNI.example", true),
        ("anna@notuni.example", false),
        ("carl@clinic.example", true),
        ("dora@clinic.example", false),
    ] {
        let ask = json!({ "address": address });
        let begun = world
            .send(World::request("POST", "/sign-in", None, &[], Some(&ask)))
            .await
            .ok();
        let id = begun["sign_in"].as_str().unwrap();
        let body = json!({ "code": crate::support::KEY.code(id.parse().unwrap()) });
        let path = format!("/sign-in/{id}");
        let answer = world
            .send(World::request("POST", &path, None, &[], Some(&body)))
            .await;
        if may {
            answer.ok();
        } else {
            let closed = (403, codes(&["registration.closed"]));
            assert_eq!(answer.refused(), closed, "{address}");
        }
    }
}
