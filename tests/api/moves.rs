//! Everything of somebody who leaves: proposed by one administrator, approved by another, moved in steps.

use std::collections::BTreeMap;
use std::time::Duration;

use handover::actors::moves::{self, Decision};
use handover::domain::event::{By, Channel};
use handover::domain::policy::{Policy, Private, Tier};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{KEY, Person, World, bounds, rates};

const ANNA: &str = "anna@uni.example";
const DEAN: &str = "dean@uni.example";
const VICE: &str = "vice@uni.example";
const ROOT: &str = "root@site.example";
const ADMIN: &str = "admin@site.example";
const EVE: &str = "eve@lab.example";

fn policy() -> Policy {
    let read = |address: &str| address.parse().unwrap();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![read(DEAN), read(VICE)],
    };
    Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        administrators: vec![read(ROOT), read(ADMIN)],
        ..Policy::default()
    }
}

async fn site_of(policy: Policy) -> World {
    World::with(policy, bounds(), rates()).await
}

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

async fn propose(world: &World, by: &Person, from: &str, to: &str) -> String {
    let body = json!({ "from": from, "to": to, "reason": "has left" });
    let made = world.post(by, "/admin/moves", body).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

/// Approves it, and stops before anything moves.
async fn approved(world: &World, by: &Person, id: &str) {
    let by = By {
        person: Some(by.id.parse().unwrap()),
        channel: Channel::Api,
    };
    let call = world.directory.call(by, None);
    let id = id.parse().unwrap();
    moves::decide(&world.directory, &call, id, Decision::Approve)
        .await
        .unwrap();
}

async fn lab(world: &World) -> Person {
    let people = [("boss@uni.example", Role::Owner)];
    world.workgroup_in("lab", &people, "uni", false, None).await;
    world.person("boss@uni.example").await
}

#[tokio::test]
async fn what_an_administrator_proposed_stands_in_the_audit() {
    let world = site_of(policy()).await;
    let dean = world.person(DEAN).await;
    world.person(ANNA).await;
    lab(&world).await;
    let id = propose(&world, &dean, ANNA, "workgroup:lab").await;
    let mine = world.get(&dean, "/audit").await.ok();
    let mut entries = mine["items"].as_array().unwrap().iter();
    assert!(entries.any(|entry| entry["about"] == json!([id])), "{mine}");
}

#[tokio::test]
async fn two_administrators_move_everything_of_somebody() {
    let world = site_of(policy()).await;
    let boss = lab(&world).await;
    let (anna, dean, vice) = (
        world.person(ANNA).await,
        world.person(DEAN).await,
        world.person(VICE).await,
    );
    world.project(&boss, "lab", "WGS", 5).await;
    let first = world.project(&anna, "personal", "WGS", 7).await;
    for n in 0..260 {
        let body = json!({ "name": format!("Project {n}") });
        world.post(&anna, "/projects", body).await.ok();
    }
    let trashed = world.project(&anna, "personal", "Old", 11).await;
    world.trash(&trashed).await;
    let offered = world.project(&anna, "personal", "Offered", 13).await;
    let people = [(ANNA, Role::Owner)];
    world
        .workgroup_in("other", &people, "uni", false, None)
        .await;
    let offer = world.offer(&anna, &[&offered], "workgroup:other").await;

    let id = propose(&world, &dean, ANNA, "workgroup:lab").await;
    let path = format!("/admin/moves/{id}");
    let shown = world.get(&vice, &path).await.ok();
    assert_eq!(shown["move"]["state"], "proposed");
    assert_eq!(shown["move"]["reason"], "has left");
    // Whoever approves it sees what it would move.
    let preview = &shown["preview"];
    assert_eq!(
        (&preview["runs"], &preview["projects"]),
        (&json!(0), &json!(263))
    );
    assert_eq!(
        (&preview["bytes"], &preview["more"]),
        (&json!(31), &json!(false))
    );
    let items = preview["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["kind"]), (50, &json!("project")));
    let other = json!({ "from": ANNA, "to": "workgroup:other" });
    let other = world.post(&vice, "/admin/moves/preview", other).await;
    assert_eq!(other.refused(), (409, codes(&["approval.needed"])));
    let boss_leaves = json!({ "from": "boss@uni.example", "to": "workgroup:lab" });
    let looked = world
        .post(&vice, "/admin/moves/preview", boss_leaves)
        .await
        .ok();
    assert_eq!(
        (&looked["projects"], &looked["to_name"]),
        (&json!(0), &preview["to_name"])
    );
    let twice = json!({ "from": ANNA, "to": "workgroup:other" });
    let twice = world.post(&vice, "/admin/moves", twice).await;
    assert_eq!(twice.refused(), (409, codes(&["approval.needed"])));
    let approve = format!("{path}/approve");
    let itself = world.post(&dean, &approve, json!({})).await;
    assert_eq!(itself.refused(), (409, codes(&["approval.needed"])));
    assert_eq!(usage(&world, &anna).await, 31, "nothing has moved yet");

    let done = world.post(&vice, &approve, json!({})).await.ok();
    assert_eq!(done["state"], "done");
    assert_eq!(done["items"], 263);
    assert_eq!(done["bytes"], 31);
    assert_eq!(
        (done["proposed_by"].as_str(), done["approved_by"].as_str()),
        (Some(DEAN), Some(VICE))
    );
    let again = world.post(&vice, &approve, json!({})).await.ok();
    assert_eq!(again, done, "approving again changes nothing");
    let shown = world.get(&vice, &path).await.ok();
    assert_eq!(shown["preview"], Value::Null, "nothing is left to move");
    assert_eq!(usage(&world, &anna).await, 0);
    let lab = world.get(&boss, "/workgroups/lab").await.ok();
    assert_eq!(lab["usage"], 36);

    let item = world.get(&boss, &format!("/projects/{first}")).await.ok();
    assert_eq!(item["item"]["name"], "WGS (2)");
    let last = item["history"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"]["what"], "moved");
    assert_eq!(last["what"]["proposed_by"], dean.id);
    assert_eq!(last["what"]["approved_by"], vice.id);
    assert_eq!(last["person"], vice.id);
    assert_eq!(
        world
            .get(&anna, &format!("/projects/{first}"))
            .await
            .refused()
            .0,
        404
    );
    let offer = world.get(&anna, &format!("/transfers/{offer}")).await.ok();
    assert_eq!(offer["transfer"]["state"], "cancelled");
    let offered = world.get(&boss, &format!("/projects/{offered}")).await.ok();
    assert_eq!(offered["item"]["pending_transfer"], Value::Null);
    let trashed = world.get(&boss, &format!("/projects/{trashed}")).await.ok();
    assert_eq!(trashed["item"]["state"], "trashed");

    let shown = world.get(&dean, &path).await.ok();
    let word = |event: &Value| event["what"]["what"].as_str().unwrap().to_owned();
    let words: Vec<String> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(word)
        .collect();
    assert_eq!(
        words,
        ["proposed", "approved", "stepped", "stepped", "finished"]
    );
    let open = world.get(&dean, "/admin/moves").await.ok();
    assert_eq!(open["items"], json!([]));
    let closed = world.get(&dean, "/admin/moves?state=closed").await.ok();
    assert_eq!(closed["items"][0], done);
    let late = world
        .post(&dean, &format!("{path}/cancel"), json!({}))
        .await;
    assert_eq!(late.refused(), (409, codes(&["move.ended"])));
}

#[tokio::test]
async fn an_offer_whose_time_is_over_is_ended_by_time_and_not_by_whoever_moves_its_item() {
    let world = site_of(policy()).await;
    lab(&world).await;
    let anna = world.person(ANNA).await;
    let item = world.project(&anna, "personal", "WGS", 7).await;
    let people = [(ANNA, Role::Owner)];
    world
        .workgroup_in("other", &people, "uni", false, None)
        .await;
    let offer = world.offer(&anna, &[&item], "workgroup:other").await;
    // No timer runs here.
    world.clock.advance(Duration::from_secs(15 * 86_400));
    let (dean, vice) = (world.person(DEAN).await, world.person(VICE).await);
    let id = propose(&world, &dean, ANNA, "workgroup:lab").await;
    let approve = format!("/admin/moves/{id}/approve");
    world.post(&vice, &approve, json!({})).await.ok();
    let anna = world.person(ANNA).await;
    let shown = world.get(&anna, &format!("/transfers/{offer}")).await.ok();
    assert_eq!(shown["transfer"]["state"], "expired");
    let last = shown["history"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["channel"], &last["person"]),
        (&json!("timer"), &Value::Null),
        "{last}"
    );
}

#[tokio::test]
async fn nobody_is_both_administrators_of_a_move() {
    let world = site_of(policy()).await;
    lab(&world).await;
    world.person(ANNA).await;
    let first = world.person("someone@uni.example").await;
    // The address by which they administer comes second, then goes to an account of its own.
    let body = json!({ "address": DEAN });
    let begun = world.post(&first, "/account/addresses", body).await.ok();
    let code = KEY.code(begun["sign_in"].as_str().unwrap().parse().unwrap());
    let path = format!(
        "/account/addresses/{}/prove",
        begun["sign_in"].as_str().unwrap()
    );
    let typed = world.post(&first, &path, json!({ "code": code })).await;
    typed.ok();
    let id = propose(&world, &first, ANNA, "workgroup:lab").await;
    let path = format!("/admin/moves/{id}");
    let shown = world.get(&first, &path).await.ok();
    assert_eq!(shown["move"]["proposed_by"], DEAN);
    let gone = world
        .delete(&first, &format!("/account/addresses/{DEAN}"))
        .await;
    gone.ok();
    let second = world.person(DEAN).await;
    let approve = format!("{path}/approve");
    let itself = world.post(&second, &approve, json!({})).await;
    assert_eq!(itself.refused(), (409, codes(&["approval.needed"])));
    let vice = world.person(VICE).await;
    let done = world.post(&vice, &approve, json!({})).await.ok();
    assert_eq!(done["state"], "done");
    assert_eq!(done["approved_by"], VICE);
}

async fn usage(world: &World, person: &Person) -> u64 {
    let contexts = world.get(person, "/contexts").await.ok();
    contexts["items"][0]["usage"].as_u64().unwrap()
}

#[tokio::test]
async fn moves_are_for_those_who_administer_the_data() {
    let world = site_of(policy()).await;
    lab(&world).await;
    world.person(ANNA).await;
    world.person(EVE).await;
    // who, whose data, to where, answer
    let table = [
        (EVE, ANNA, "workgroup:lab", 403),
        (EVE, "nobody@uni.example", "workgroup:lab", 403),
        (ANNA, ANNA, "workgroup:lab", 403),
        (DEAN, EVE, "workgroup:lab", 403),
        (DEAN, ANNA, "workgroup:nothing", 422),
        (DEAN, ANNA, VICE, 409),
        (ROOT, EVE, "workgroup:lab", 409),
        (ROOT, EVE, EVE, 422),
        (DEAN, ANNA, "workgroup:lab", 201),
        (ROOT, EVE, ADMIN, 201),
    ];
    world.person(ADMIN).await;
    world.person(VICE).await;
    for (who, from, to, status) in table {
        let person = world.person(who).await;
        let body = json!({ "from": from, "to": to });
        let answer = world.post(&person, "/admin/moves", body).await;
        assert_eq!(answer.status, status, "{who} {from} {to} {}", answer.text);
        if status == 403 {
            assert_eq!(answer.refused().1, codes(&["administrator.required"]));
        }
    }
    let (dean, root, eve) = (
        world.person(DEAN).await,
        world.person(ROOT).await,
        world.person(EVE).await,
    );
    let count = |page: Value| page["items"].as_array().unwrap().len();
    assert_eq!(count(world.get(&dean, "/admin/moves").await.ok()), 1);
    let all = world.get(&root, "/admin/moves").await.ok();
    let items = all["items"].as_array().unwrap();
    let public = items.iter().find(|one| one["from"] == eve.id).unwrap();
    let public = public["id"].as_str().unwrap().to_owned();
    assert_eq!(count(all), 2);
    let no = world.get(&eve, "/admin/moves").await;
    assert_eq!(no.refused(), (403, codes(&["administrator.required"])));
    let path = format!("/admin/moves/{public}");
    for person in [&dean, &eve] {
        for answer in [
            world.get(person, &path).await,
            world
                .post(person, &format!("{path}/approve"), json!({}))
                .await,
            world
                .post(person, &format!("{path}/cancel"), json!({}))
                .await,
        ] {
            assert_eq!(answer.refused(), (404, codes(&["move.not_found"])));
        }
    }
    let ended = world
        .post(&root, &format!("{path}/cancel"), json!({}))
        .await
        .ok();
    assert_eq!(ended["state"], "cancelled");
    let late = world
        .post(&root, &format!("{path}/approve"), json!({}))
        .await;
    assert_eq!(late.refused(), (409, codes(&["move.ended"])));
}

#[tokio::test]
async fn a_move_stops_where_there_is_no_room_and_goes_on_when_there_is() {
    let mut policy = policy();
    policy.quota.insert(Tier::Basic, Some(1_000));
    let world = site_of(policy).await;
    let (eve, root, admin) = (
        world.person(EVE).await,
        world.person(ROOT).await,
        world.person(ADMIN).await,
    );
    let to = world.person("heir@lab.example").await;
    world.project(&eve, "personal", "WGS", 600).await;
    let there = world.project(&to, "personal", "Mine", 600).await;
    let body = json!({ "from": EVE, "to": to.id });
    let full = world.post(&root, "/admin/moves", body.clone()).await;
    assert_eq!(full.refused(), (409, codes(&["target.over_quota"])));
    world.alter(&there, |item| item.bytes = 100).await;
    let id = propose(&world, &root, EVE, &to.id).await;
    world.alter(&there, |item| item.bytes = 600).await;
    let approve = format!("/admin/moves/{id}/approve");
    let full = world.post(&admin, &approve, json!({})).await;
    assert_eq!(full.refused(), (409, codes(&["target.over_quota"])));
    let shown = world.get(&root, &format!("/admin/moves/{id}")).await.ok();
    assert_eq!(shown["move"]["state"], "proposed");
    world.alter(&there, |item| item.bytes = 100).await;
    approved(&world, &admin, &id).await;
    world.alter(&there, |item| item.bytes = 600).await;
    let full = world.post(&root, &approve, json!({})).await;
    assert_eq!(full.refused(), (409, codes(&["target.over_quota"])));
    let shown = world.get(&root, &format!("/admin/moves/{id}")).await.ok();
    assert_eq!(shown["move"]["state"], "moving");
    assert_eq!(usage(&world, &eve).await, 600);
    world.alter(&there, |item| item.bytes = 400).await;
    let done = world.post(&root, &approve, json!({})).await.ok();
    assert_eq!(done["state"], "done");
    assert_eq!(done["approved_by"], ADMIN);
    assert_eq!(
        (usage(&world, &eve).await, usage(&world, &to).await),
        (0, 1_000)
    );
}

#[tokio::test]
async fn the_walls_of_domains_hold_until_everything_has_moved() {
    let wall = codes(&["domain.no_way_out"]);
    for started in [false, true] {
        let mut policy = policy();
        let bio = Private {
            suffixes: vec!["bio.example".to_owned()],
            administrators: Vec::new(),
        };
        policy.domains.insert("bio".to_owned(), bio);
        let world = site_of(policy).await;
        let boss = [("boss@uni.example", Role::Owner)];
        world.workgroup_in("lab", &boss, "uni", true, None).await;
        let anna = world.person(ANNA).await;
        world.project(&anna, "personal", "WGS", 7).await;
        let (dean, vice) = (world.person(DEAN).await, world.person(VICE).await);
        let id = propose(&world, &dean, ANNA, "workgroup:lab").await;
        if started {
            approved(&world, &vice, &id).await;
        }
        // The configuration puts the workgroup into another domain, then back.
        world.workgroup_in("lab", &boss, "bio", true, None).await;
        let path = format!("/admin/moves/{id}");
        let approve = format!("{path}/approve");
        let no = world.post(&vice, &approve, json!({})).await;
        assert_eq!(no.refused(), (409, wall.clone()), "{started}");
        let shown = world.get(&dean, &path).await.ok();
        let state = if started { "moving" } else { "proposed" };
        assert_eq!(shown["move"]["state"], state);
        assert_eq!(usage(&world, &anna).await, 7);
        world.workgroup_in("lab", &boss, "uni", true, None).await;
        let done = world.post(&vice, &approve, json!({})).await.ok();
        assert_eq!(done["state"], "done");
    }
}

#[tokio::test]
async fn nothing_moves_to_what_is_closed() {
    let world = site_of(policy()).await;
    let (eve, root, admin) = (
        world.person(EVE).await,
        world.person(ROOT).await,
        world.person(ADMIN).await,
    );
    world.project(&eve, "personal", "WGS", 7).await;
    let unknown = (422, codes(&["recipient.unknown"]));
    let heirs = ["first@lab.example", "second@lab.example"];
    for (address, started) in heirs.into_iter().zip([false, true]) {
        let heir = world.person(address).await;
        let id = propose(&world, &root, EVE, &heir.id).await;
        if started {
            approved(&world, &admin, &id).await;
        }
        let confirm = json!({ "address": address });
        let closed = world.post(&heir, "/account/close", confirm).await;
        assert_eq!(closed.status, 204, "{}", closed.text);
        let path = format!("/admin/moves/{id}");
        let no = world
            .post(&admin, &format!("{path}/approve"), json!({}))
            .await;
        assert_eq!(no.refused(), unknown, "{started}");
        assert_eq!(usage(&world, &eve).await, 7);
        world
            .post(&admin, &format!("{path}/cancel"), json!({}))
            .await
            .ok();
        let body = json!({ "from": EVE, "to": heir.id });
        let no = world.post(&root, "/admin/moves", body).await;
        assert_eq!(no.refused(), unknown, "{started}");
    }
}

#[tokio::test]
async fn administrators_of_a_domain_learn_nothing_of_what_lies_outside() {
    let mut policy = policy();
    policy.quota.insert(Tier::Basic, Some(1_000));
    let world = site_of(policy).await;
    let anna = world.person(ANNA).await;
    world.project(&anna, "personal", "WGS", 600).await;
    let eve = world.person(EVE).await;
    world.project(&eve, "personal", "WGS", 600).await;
    let people = [(EVE, Role::Owner)];
    let outside = world.workgroup("outside", &people).await;
    let dean = world.person(DEAN).await;
    let nothing = json!({ "from": ANNA, "to": "workgroup:nothing" });
    let nothing = world.post(&dean, "/admin/moves", nothing).await;
    assert_eq!(nothing.refused(), (422, codes(&["recipient.unknown"])));
    let nothing = nothing.json();
    let unknown = "nobody@lab.example";
    for to in [EVE, &eve.id, &outside, "workgroup:outside", unknown, "?"] {
        let body = json!({ "from": ANNA, "to": to });
        let answer = world.post(&dean, "/admin/moves", body).await;
        let answer = answer.json();
        for field in ["status", "title", "detail", "guards"] {
            assert_eq!(answer[field], nothing[field], "{to}");
        }
    }
    // Administrators of the site are told what stands in the way.
    let root = world.person(ROOT).await;
    let body = json!({ "from": ANNA, "to": EVE });
    let answer = world.post(&root, "/admin/moves", body).await;
    assert_eq!(answer.refused(), (409, codes(&["domain.no_way_out"])));
}
