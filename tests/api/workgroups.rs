//! Workgroups, their whole life: created, joined, changed, handed over, left, closed.

use std::collections::BTreeMap;
use std::time::Duration;

use handover::actors::invitation::Command;
use handover::actors::site::{self, Wanted};
use handover::domain::event::{By, Channel};
use handover::domain::policy::{Creators, Domain, Policy, Private, Tier};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, rates};

const ANNA: &str = "anna@uni.example";
const BEN: &str = "ben@uni.example";
const RITA: &str = "rita@uni.example";
const DEAN: &str = "dean@uni.example";
const EVE: &str = "eve@lab.example";

fn policy() -> Policy {
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![DEAN.parse().unwrap()],
    };
    Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    }
}

async fn site_of(policy: Policy) -> World {
    World::with(policy, bounds(), rates()).await
}

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// Accepts an invitation, as the routes for invitations do.
async fn accept(world: &World, person: &Person, invitation: &str) {
    let by = By {
        person: Some(person.id.parse().unwrap()),
        channel: Channel::Api,
    };
    let call = world.directory.call(by, None);
    let id = invitation.parse().unwrap();
    let done = world
        .directory
        .transfer(id, call, Command::Accept { into: None });
    done.await.unwrap();
}

async fn invited(world: &World, by: &Person, workgroup: &str, address: &str) -> String {
    let path = format!("/workgroups/{workgroup}/invitations");
    let body = json!({ "addresses": [address] });
    let answer = world.post(by, &path, body).await.ok();
    let id = &answer["items"][0]["invitation"]["id"];
    id.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The workgroup `lab` of `anna`, with `ben` as administrator and `rita` as member.
async fn lab(world: &World) -> (Person, Person, Person) {
    let (anna, ben, rita) = (
        world.person(ANNA).await,
        world.person(BEN).await,
        world.person(RITA).await,
    );
    let body = json!({ "handle": "lab" });
    world.post(&anna, "/workgroups", body).await.ok();
    for (person, address) in [(&ben, BEN), (&rita, RITA)] {
        let id = invited(world, &anna, "lab", address).await;
        accept(world, person, &id).await;
    }
    let role = json!({ "role": "administrator" });
    let path = format!("/workgroups/lab/members/{BEN}");
    world.patch(&anna, &path, role).await.ok();
    (anna, ben, rita)
}

fn roles(members: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let members = members["items"].as_array().unwrap();
    let role = |member: &Value| (text(&member["address"]), text(&member["role"]));
    members.iter().map(role).collect()
}

#[tokio::test]
async fn who_creates_a_workgroup_owns_it_and_others_know_nothing_of_it() {
    let world = site_of(policy()).await;
    let (anna, eve) = (world.person(ANNA).await, world.person(EVE).await);
    let body = json!({ "handle": "Lab", "name": " The lab ", "description": "reads\nall" });
    let answer = world
        .post_once(&anna, "/workgroups", "1", body.clone())
        .await;
    let place = answer.header("location").to_owned();
    let made = answer.ok();
    assert_eq!(
        place,
        format!("/api/v1/workgroups/{}", made["id"].as_str().unwrap())
    );
    for (field, value) in [
        ("handle", json!("Lab")),
        ("name", json!("The lab")),
        ("description", json!("reads\nall")),
        ("tier", json!("enterprise")),
        ("domain", json!("uni")),
        ("collaborative", json!(false)),
        ("configured", json!(false)),
        ("role", json!("owner")),
        ("usage", json!(0)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let again = world.post_once(&anna, "/workgroups", "1", body).await.ok();
    assert_eq!(again, made, "the same key, the same workgroup");
    let mine = world.get(&anna, "/workgroups").await.ok();
    assert_eq!(mine["items"], json!([made]));
    assert_eq!(world.get(&anna, "/workgroups/lab").await.ok(), made);
    world.project(&anna, "lab", "WGS", 77).await;
    let used = world.get(&anna, "/workgroups/lab").await.ok();
    assert_eq!(used["usage"], 77);

    let taken = world
        .post(&anna, "/workgroups", json!({ "handle": "LAB" }))
        .await;
    assert_eq!(taken.refused(), (409, codes(&["workgroup.exists"])));
    let id = made["id"].as_str().unwrap();
    for path in [
        "/workgroups/lab".to_owned(),
        format!("/workgroups/{id}"),
        "/workgroups/nothing".to_owned(),
        "/workgroups/lab/members".to_owned(),
        "/workgroups/lab/invitations".to_owned(),
    ] {
        let answer = world.get(&eve, &path).await;
        assert_eq!(
            answer.refused(),
            (404, codes(&["workgroup.not_found"])),
            "{path}"
        );
    }
    let one = world.get(&eve, "/workgroups/lab").await.json();
    let other = world.get(&eve, "/workgroups/lob").await.json();
    let sentence = |answer: &Value| answer["title"].as_str().unwrap().replace("lob", "lab");
    assert_eq!(
        sentence(&one),
        sentence(&other),
        "whether or not there is one"
    );
}

#[tokio::test]
async fn a_workgroup_is_created_by_whom_the_site_allows_it() {
    let table = [
        // creators, who, domain, answer
        (Creators::Professional, ANNA, None, 201),
        (Creators::Professional, ANNA, Some("public"), 201),
        (Creators::Professional, EVE, None, 403),
        (Creators::Professional, EVE, Some("uni"), 403),
        (Creators::Anyone, EVE, None, 201),
        (Creators::Anyone, EVE, Some("uni"), 403),
        (Creators::Anyone, EVE, Some("nowhere"), 403),
        (Creators::DomainAdministrators, ANNA, None, 403),
        (Creators::DomainAdministrators, DEAN, None, 201),
        (
            Creators::DomainAdministrators,
            "root@site.example",
            None,
            201,
        ),
        (
            Creators::DomainAdministrators,
            "root@site.example",
            Some("uni"),
            403,
        ),
        (Creators::Nobody, DEAN, None, 403),
        (Creators::Nobody, "root@site.example", None, 403),
    ];
    for (creators, who, domain, status) in table {
        let mut policy = policy();
        policy.creators = creators;
        policy.administrators = vec!["root@site.example".parse().unwrap()];
        let world = site_of(policy).await;
        let person = world.person(who).await;
        let mut body = json!({ "handle": "lab" });
        if let Some(domain) = domain {
            body["domain"] = json!(domain);
        }
        let answer = world.post(&person, "/workgroups", body).await;
        let case = format!("{creators:?} {who} {domain:?} {}", answer.text);
        assert_eq!(answer.status, status, "{case}");
        if status == 403 {
            assert_eq!(
                answer.refused().1,
                codes(&["workgroup.not_allowed"]),
                "{case}"
            );
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_new_workgroup_is_told_at_once() {
    let world = site_of(policy()).await;
    let anna = world.person(ANNA).await;
    let wrong = json!({
        "handle": "personal", "name": "", "description": "x".repeat(501), "domain": "public", "collaborative": true,
    });
    let answer = world.post(&anna, "/workgroups", wrong).await;
    assert_eq!(answer.refused(), (422, codes(&["request.invalid"; 4])));
    for handle in ["x", "a b", "wg_00000000000000000000000000"] {
        let answer = world
            .post(&anna, "/workgroups", json!({ "handle": handle }))
            .await;
        assert_eq!(
            answer.refused(),
            (422, codes(&["request.invalid"])),
            "{handle}"
        );
    }
}

#[tokio::test]
async fn people_join_by_accepting_and_each_address_is_told_apart() {
    let world = site_of(policy()).await;
    let (anna, ben) = (world.person(ANNA).await, world.person(BEN).await);
    world
        .post(&anna, "/workgroups", json!({ "handle": "lab" }))
        .await
        .ok();
    let path = "/workgroups/lab/invitations";
    let body = json!({
        "addresses": [format!("{BEN},{RITA}\n{EVE}; nobody"), BEN.to_uppercase(), ANNA],
        "message": "welcome", "expires_in_days": 3,
    });
    let answer = world.post_once(&anna, path, "1", body.clone()).await.ok();
    let outcome = |item: &Value| {
        let why = &item["guards"][0]["code"];
        (
            item["address"].as_str().unwrap().to_owned(),
            why.as_str().unwrap_or("").to_owned(),
        )
    };
    let items = answer["items"].as_array().unwrap();
    let outcomes: Vec<_> = items.iter().map(outcome).collect();
    let wanted = [
        (BEN, ""),
        (RITA, ""),
        (EVE, "domain.not_collaborative"),
        ("nobody", "request.invalid"),
        (ANNA, "member.already"),
    ];
    let wanted = wanted.map(|(who, why)| (who.to_owned(), why.to_owned()));
    assert_eq!(outcomes, wanted);
    let again = world.post_once(&anna, path, "1", body).await.ok();
    assert_eq!(
        again["items"][0], answer["items"][0],
        "the same key, the same invitation"
    );

    let open = world.get(&anna, path).await.ok();
    let open = open["items"].as_array().unwrap();
    assert_eq!(open.len(), 2);
    for (field, value) in [
        ("kind", "membership"),
        ("role", "member"),
        ("state", "pending"),
        ("address", RITA),
        ("invited_by", ANNA),
        ("message", "welcome"),
    ] {
        assert_eq!(open[0][field], value, "{field}");
    }
    let answer = world
        .post(&anna, path, json!({ "addresses": [BEN] }))
        .await
        .ok();
    assert_eq!(outcome(&answer["items"][0]).1, "invitation.pending");

    let id = open[1]["id"].as_str().unwrap();
    let stranger = world.get(&ben, "/workgroups/lab").await;
    assert_eq!(stranger.refused().1, codes(&["workgroup.not_found"]));
    accept(&world, &ben, id).await;
    let members = world.get(&ben, "/workgroups/lab/members").await.ok();
    let wanted = [(ANNA, "owner"), (BEN, "member")].map(|(a, r)| (a.to_owned(), r.to_owned()));
    assert_eq!(roles(&members), BTreeMap::from(wanted));
    world.project(&ben, "lab", "WGS", 1).await;

    let many: Vec<String> = (0..101).map(|n| format!("p{n}@uni.example")).collect();
    for addresses in [json!([many.join(",")]), json!([]), json!([" , "])] {
        let answer = world
            .post(&anna, path, json!({ "addresses": addresses }))
            .await;
        assert_eq!(answer.refused(), (422, codes(&["request.invalid"])));
    }
}

#[tokio::test]
async fn invitations_are_mailed_again_and_cancelled() {
    let world = site_of(policy()).await;
    let (anna, ben, rita) = lab(&world).await;
    let id = invited(&world, &ben, "lab", "new@uni.example").await;
    let path = format!("/workgroups/lab/invitations/{id}");
    let soon = world
        .post(&anna, &format!("{path}/resend"), json!({}))
        .await;
    assert_eq!(soon.refused(), (409, codes(&["transfer.resend_too_soon"])));
    world.clock.advance(Duration::from_hours(25));
    world
        .post(&anna, &format!("{path}/resend"), json!({}))
        .await
        .ok();
    let no = world
        .post(&rita, &format!("{path}/cancel"), json!({}))
        .await;
    assert_eq!(no.refused(), (403, codes(&["workgroup.forbidden"])));
    let other = world
        .post(&anna, "/workgroups", json!({ "handle": "other" }))
        .await;
    other.ok();
    let wrong = format!("/workgroups/other/invitations/{id}/cancel");
    let no = world.post(&anna, &wrong, json!({})).await;
    assert_eq!(no.refused(), (404, codes(&["invitation.not_found"])));
    let ended = world
        .post(&anna, &format!("{path}/cancel"), json!({}))
        .await
        .ok();
    assert_eq!(ended["state"], "cancelled");
    let open = world.get(&anna, "/workgroups/lab/invitations").await.ok();
    assert_eq!(open["items"], json!([]));
    invited(&world, &anna, "lab", "new@uni.example").await;
}

#[tokio::test]
async fn roles_decide_who_may_what() {
    // who → answers to: change, invite, promote, remove, hand over, close
    let table = [
        (EVE, [404, 404, 404, 404, 404, 404]),
        (RITA, [403, 403, 403, 403, 403, 403]),
        (BEN, [200, 200, 204, 204, 403, 403]),
        (ANNA, [200, 200, 204, 204, 201, 409]),
        (DEAN, [200, 200, 204, 204, 403, 409]),
    ];
    for (who, wanted) in table {
        let world = site_of(policy()).await;
        let (anna, ..) = lab(&world).await;
        world.project(&anna, "lab", "WGS", 1).await;
        let member = world.person("mia@uni.example").await;
        let id = invited(&world, &anna, "lab", "mia@uni.example").await;
        accept(&world, &member, &id).await;
        let person = world.person(who).await;
        let mia = format!("/workgroups/lab/members/{}", member.id);
        let lab = "/workgroups/lab";
        let answers = [
            world.patch(&person, lab, json!({ "name": "New" })).await,
            world
                .post(
                    &person,
                    &format!("{lab}/invitations"),
                    json!({ "addresses": ["x@uni.example"] }),
                )
                .await,
            world
                .patch(&person, &mia, json!({ "role": "administrator" }))
                .await,
            world.delete(&person, &mia).await,
            world
                .post(&person, &format!("{lab}/hand-over"), json!({ "to": BEN }))
                .await,
            world.delete(&person, lab).await,
        ];
        let statuses = answers.each_ref().map(|answer| answer.status.as_u16());
        let texts = answers.map(|answer| answer.text);
        assert_eq!(statuses, wanted, "{who} {texts:?}");
    }
}

#[tokio::test]
async fn the_owner_stays_and_whoever_leaves_has_no_access_any_more() {
    let world = site_of(policy()).await;
    let (anna, ben, rita) = lab(&world).await;
    let last = (409, codes(&["member.last_administrator"]));
    let owner = format!("/workgroups/lab/members/{ANNA}");
    let leave = "/workgroups/lab/leave";
    for answer in [
        world.post(&anna, leave, json!({})).await,
        world.delete(&anna, &owner).await,
        world.delete(&ben, &owner).await,
        world.patch(&ben, &owner, json!({ "role": "member" })).await,
    ] {
        assert_eq!(answer.refused(), last);
    }
    let itself = format!("/workgroups/lab/members/{BEN}");
    let no = world.patch(&ben, &itself, json!({ "role": "owner" })).await;
    assert_eq!(no.refused(), (422, codes(&["request.invalid"])));
    let nobody = world
        .delete(&anna, &format!("/workgroups/lab/members/{EVE}"))
        .await;
    assert_eq!(nobody.refused(), (404, codes(&["member.not_found"])));

    let body = json!({ "default_run_location": "lab", "default_context": "lab" });
    world.patch(&rita, "/account", body).await.ok();
    let project = world.project(&rita, "lab", "WGS", 1).await;
    for _ in 0..2 {
        let left = world.post_once(&rita, leave, "bye", json!({})).await;
        assert_eq!(left.status, 204, "{}", left.text);
    }
    let gone = world.get(&rita, &format!("/projects/{project}")).await;
    assert_eq!(gone.refused().0, 404);
    let account = world.get(&rita, "/account").await.ok();
    assert_eq!(account["default_run_location"], account["id"]);
    assert_eq!(account["default_context"], account["id"]);
    world.get(&anna, &format!("/projects/{project}")).await.ok();
    let again = world.post(&rita, leave, json!({})).await;
    assert_eq!(again.refused().0, 404);

    // An administrator steps down, and is removed then.
    world
        .patch(&ben, &itself, json!({ "role": "member" }))
        .await
        .ok();
    let forbidden = world
        .patch(&ben, &itself, json!({ "role": "administrator" }))
        .await;
    assert_eq!(forbidden.refused().0, 403);
    assert_eq!(world.delete(&anna, &itself).await.status, 204);
    assert_eq!(
        world.get(&ben, "/workgroups").await.ok()["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_workgroup_is_handed_over_once_to_an_administrator_who_accepts() {
    let world = site_of(policy()).await;
    let (anna, ben, rita) = lab(&world).await;
    let path = "/workgroups/lab/hand-over";
    let no = world.post(&anna, path, json!({ "to": RITA })).await;
    assert_eq!(no.refused(), (404, codes(&["member.not_found"])));
    let offer = world.post(&anna, path, json!({ "to": ben.id })).await.ok();
    assert_eq!(offer["kind"], "workgroup");
    assert_eq!(offer["role"], "owner");
    let twice = world.post(&anna, path, json!({ "to": BEN })).await;
    assert_eq!(twice.refused(), (409, codes(&["invitation.pending"])));
    let open = world.get(&ben, "/workgroups/lab/invitations").await.ok();
    assert_eq!(open["items"][0]["id"], offer["id"]);
    accept(&world, &ben, offer["id"].as_str().unwrap()).await;
    let members = world.get(&rita, "/workgroups/lab/members").await.ok();
    let wanted = [(ANNA, "administrator"), (BEN, "owner"), (RITA, "member")];
    let wanted = wanted.map(|(a, r)| (a.to_owned(), r.to_owned()));
    assert_eq!(roles(&members), BTreeMap::from(wanted));
    assert_eq!(
        world
            .post(&anna, "/workgroups/lab/leave", json!({}))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_workgroup_closes_when_nothing_is_left_in_it() {
    let world = site_of(policy()).await;
    let (anna, ben, _) = lab(&world).await;
    let id = world.get(&anna, "/workgroups/lab").await.ok();
    let id = id["id"].as_str().unwrap().to_owned();
    let project = world.project(&anna, "lab", "WGS", 1).await;
    let invitation = invited(&world, &anna, "lab", "new@uni.example").await;
    let full = world.delete(&anna, "/workgroups/lab").await;
    assert_eq!(full.refused(), (409, codes(&["workgroup.not_empty"; 2])));

    let body = json!({ "handle": "next" });
    world.post(&anna, "/workgroups", body).await.ok();
    let offer = json!({ "items": [project], "recipient": "workgroup:next", "accept_terms": true });
    let offer = world.post(&anna, "/transfers", offer).await.ok();
    let offer = offer["transfer"]["id"].as_str().unwrap().to_owned();
    let full = world.delete(&anna, "/workgroups/next").await;
    assert_eq!(
        full.refused(),
        (409, codes(&["workgroup.not_empty"])),
        "it was sent an offer"
    );
    let accepted = format!("/transfers/{offer}/accept");
    world
        .post(&anna, &accepted, json!({ "context": "next" }))
        .await
        .ok();
    let cancel = format!("/workgroups/lab/invitations/{invitation}/cancel");
    world.post(&anna, &cancel, json!({})).await.ok();

    let request = || {
        let key = [("idempotency-key", "close")];
        World::request("DELETE", "/workgroups/lab", Some(&anna), &key, None)
    };
    for _ in 0..2 {
        let closed = world.send(request()).await;
        assert_eq!(closed.status, 204, "{}", closed.text);
    }
    for (person, path) in [
        (&anna, "/workgroups/lab"),
        (&ben, &*format!("/workgroups/{id}")),
    ] {
        assert_eq!(world.get(person, path).await.refused().0, 404);
    }
    let late = world
        .post(&anna, "/projects", json!({ "name": "X", "context": id }))
        .await;
    assert_eq!(late.refused(), (403, codes(&["recipient.not_a_member"])));
    let contexts = world.get(&ben, "/contexts").await.ok();
    assert_eq!(contexts["items"].as_array().unwrap().len(), 1);
    // Its handle is free, and names another one now.
    let made = world
        .post(&ben, "/workgroups", json!({ "handle": "lab" }))
        .await
        .ok();
    assert_ne!(made["id"], json!(id));
    let key = handover::domain::key::Key::Workgroup(id.parse().unwrap());
    let store: &dyn handover::store::Store = &*world.store;
    let journal = store.history(key, handover::store::Version(0), 100).await;
    let told: Vec<String> = journal
        .unwrap()
        .iter()
        .map(|(_, event)| word(event))
        .collect();
    let wanted = [
        "registered",
        "member-joined",
        "member-joined",
        "member-changed",
        "closing",
        "closed",
    ];
    assert_eq!(told, wanted);
}

fn word(event: &[u8]) -> String {
    let event: Value = serde_json::from_slice(event).unwrap();
    event["what"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_workgroup_of_the_configuration_file_is_changed_there_only() {
    let world = site_of(policy()).await;
    let people = [(ANNA, Role::Owner), (BEN, Role::Administrator)];
    world
        .workgroup_in("core", &people, "uni", false, None)
        .await;
    let (anna, ben) = (world.person(ANNA).await, world.person(BEN).await);
    let core = "/workgroups/core";
    assert_eq!(world.get(&anna, core).await.ok()["configured"], true);
    let itself = format!("{core}/members/{BEN}");
    for answer in [
        world.patch(&anna, core, json!({ "name": "X" })).await,
        world
            .patch(&anna, &itself, json!({ "role": "member" }))
            .await,
        world.delete(&anna, &itself).await,
        world.post(&ben, &format!("{core}/leave"), json!({})).await,
        world
            .post(&anna, &format!("{core}/hand-over"), json!({ "to": BEN }))
            .await,
        world
            .post(
                &anna,
                &format!("{core}/invitations"),
                json!({ "addresses": [RITA] }),
            )
            .await,
        world.delete(&anna, core).await,
    ] {
        let refused = answer.refused();
        assert_eq!(refused, (403, codes(&["workgroup.forbidden"])));
        assert!(
            answer.text.contains("configuration file"),
            "{}",
            answer.text
        );
    }
    // Once the file names it no longer, its own people rule it.
    site::let_go(&world.directory, &[], world.now())
        .await
        .unwrap();
    assert_eq!(world.get(&anna, core).await.ok()["configured"], false);
    world.patch(&anna, core, json!({ "name": "X" })).await.ok();
}

#[tokio::test]
async fn the_configuration_file_takes_no_workgroup_from_the_people_who_made_it() {
    let world = site_of(policy()).await;
    let (anna, _, rita) = lab(&world).await;
    let eve = world.person(EVE).await;
    let wanted = |owner: &str| Wanted {
        handle: "Lab".parse().unwrap(),
        name: "The core".to_owned(),
        tier: Tier::Enterprise,
        domain: Domain::named("uni"),
        collaborative: false,
        quota: Some(5),
        people: BTreeMap::from([(owner.parse().unwrap(), Role::Owner)]),
    };
    let before = world.get(&rita, "/workgroups/lab").await.ok();
    let members = world.get(&rita, "/workgroups/lab/members").await.ok();
    // A stranger, whoever belongs to it without owning it, nobody at all.
    for owner in [EVE, BEN, "nobody@uni.example"] {
        let applied = site::apply(&world.directory, &wanted(owner), world.now()).await;
        let left = applied.unwrap();
        let [site::Left(what)] = left.as_slice() else {
            panic!("{owner}: {left:?}");
        };
        assert!(what.contains("choose another handle"), "{what}");
        assert_eq!(world.get(&rita, "/workgroups/lab").await.ok(), before);
        let same = world.get(&rita, "/workgroups/lab/members").await.ok();
        assert_eq!(same, members, "{owner}");
    }
    assert_eq!(world.get(&eve, "/workgroups/lab").await.refused().0, 404);
    let applied = site::apply(&world.directory, &wanted(ANNA), world.now()).await;
    assert_eq!(applied.unwrap(), []);
    let core = world.get(&anna, "/workgroups/lab").await.ok();
    assert_eq!(core["configured"], true);
    assert_eq!(core["name"], "The core");
    assert_eq!(world.get(&rita, "/workgroups/lab").await.refused().0, 404);
}

#[tokio::test]
async fn administrators_of_a_domain_list_its_workgroups() {
    let world = site_of(policy()).await;
    lab(&world).await;
    let dean = world.person(DEAN).await;
    let none = world.get(&dean, "/workgroups").await.ok();
    assert_eq!(none["items"], json!([]));
    let all = world.get(&dean, "/workgroups?domain=uni").await.ok();
    assert_eq!(all["items"][0]["handle"], "lab");
    assert_eq!(all["items"][0]["role"], Value::Null);
    let rita = world.person(RITA).await;
    let no = world.get(&rita, "/workgroups?domain=uni").await;
    assert_eq!(no.refused(), (403, codes(&["workgroup.forbidden"])));
    let left = world.post(&dean, "/workgroups/lab/leave", json!({})).await;
    assert_eq!(left.refused(), (404, codes(&["member.not_found"])));
}

#[tokio::test]
async fn a_command_that_found_nothing_to_do_is_not_done_later() {
    let world = site_of(policy()).await;
    let (anna, _, _) = lab(&world).await;
    let path = format!("/workgroups/lab/members/{RITA}");
    let becomes = |key: &'static str, role: &str| {
        let headers = [("idempotency-key", key)];
        let body = json!({ "role": role });
        let request = World::request("PATCH", &path, Some(&anna), &headers, Some(&body));
        let world = &world;
        async move { world.send(request).await.ok() }
    };
    becomes("1", "member").await;
    becomes("2", "administrator").await;
    becomes("1", "member").await;
    let members = world.get(&anna, "/workgroups/lab/members").await.ok();
    assert_eq!(roles(&members)[RITA], "administrator");
}
