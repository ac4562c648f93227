//! What a person decides about the account: addresses, letters, defaults by sender, a copy of everything, its end.

use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{KEY, Person, World};

const CORE: &str = "core@facility.example";

async fn add(world: &World, person: &Person, address: &str) -> String {
    let ask = json!({ "address": address });
    let begun = world.post(person, "/account/addresses", ask).await.ok();
    begun["sign_in"].as_str().unwrap().to_owned()
}

async fn prove(world: &World, person: &Person, id: &str, code: &str) -> crate::support::Answer {
    let path = format!("/account/addresses/{id}/prove");
    world.post(person, &path, json!({ "code": code })).await
}

fn code(id: &str) -> String {
    KEY.code(id.parse().unwrap())
}

#[tokio::test]
async fn any_verified_address_receives_and_one_is_primary() {
    let world = World::new().await;
    let core = world.person(CORE).await;
    let anna = world.person("anna@lab.example").await;

    let id = add(&world, &anna, "anna@private.example").await;
    let wrong = (422, vec!["code.wrong".to_owned()]);
    assert_eq!(prove(&world, &anna, &id, "WRONG").await.refused(), wrong);
    let theirs = prove(&world, &core, &id, &code(&id)).await;
    assert_eq!(theirs.refused(), wrong, "a code is good for who asked");
    let path = format!("/sign-in/{id}");
    let body = json!({ "code": code(&id) });
    let request = World::request("POST", &path, None, &[], Some(&body));
    assert_eq!(
        world.send(request).await.refused(),
        wrong,
        "it signs nobody in"
    );
    let account = prove(&world, &anna, &id, &code(&id)).await.ok();
    let both = json!(["anna@lab.example", "anna@private.example"]);
    assert_eq!(account["addresses"], both);
    prove(&world, &anna, &id, &code(&id)).await.ok();

    let project = world.project(&core, "personal", "WGS", 1).await;
    let offer = world
        .offer(&core, &[&project], "anna@private.example")
        .await;
    let accepted = world
        .post(&anna, &format!("/transfers/{offer}/accept"), json!({}))
        .await;
    assert_eq!(accepted.ok()["transfer"]["state"], "accepted");

    let first = json!({ "primary_address": "anna@private.example" });
    let account = world.patch(&anna, "/account", first).await.ok();
    assert_eq!(account["addresses"][0], "anna@private.example");
    let none = json!({ "primary_address": "carl@lab.example" });
    assert_eq!(world.patch(&anna, "/account", none).await.refused().0, 422);

    let path = "/account/addresses/anna@private.example";
    let account = world.delete(&anna, path).await.ok();
    assert_eq!(account["addresses"], json!(["anna@lab.example"]));
    let last = world
        .delete(&anna, "/account/addresses/anna@lab.example")
        .await;
    assert_eq!(last.refused(), (422, vec!["request.invalid".to_owned()]));
}

#[tokio::test]
async fn an_address_of_another_account_is_not_taken() {
    let world = World::new().await;
    let anna = world.person("anna@lab.example").await;
    world.person("ben@lab.example").await;
    let id = add(&world, &anna, "ben@lab.example").await;
    let answer = prove(&world, &anna, &id, &code(&id)).await;
    assert_eq!(answer.refused(), (422, vec!["request.invalid".to_owned()]));
    assert!(answer.text.contains("belongs to another account"));
    let own = json!({ "address": "Anna@lab.example" });
    let answer = world.post(&anna, "/account/addresses", own).await;
    assert_eq!(answer.refused().0, 422);
}

#[tokio::test]
async fn offers_of_a_sender_go_where_the_person_decided() {
    let world = World::new().await;
    let core = world.person(CORE).await;
    let anna = world.person("anna@lab.example").await;
    let lab = world
        .workgroup("lab", &[("anna@lab.example", Role::Owner)])
        .await;
    let by_sender = json!({ "default_context_by_sender": { "Core@Facility.example": "lab" } });
    let account = world.patch(&anna, "/account", by_sender).await.ok();
    assert_eq!(account["default_context_by_sender"], json!({ CORE: lab }));
    let project = world.project(&core, "personal", "WGS", 1).await;
    let offer = world.offer(&core, &[&project], "anna@lab.example").await;
    let path = format!("/transfers/{offer}/accept");
    let accepted = world.post(&anna, &path, json!({})).await.ok();
    assert_eq!(accepted["transfer"]["accepted_into"], lab);
    let foreign = json!({ "default_context_by_sender": { CORE: "nowhere" } });
    let answer = world.patch(&anna, "/account", foreign).await;
    assert_eq!(answer.refused().1, ["recipient.not_a_member"]);
}

#[tokio::test]
async fn senders_are_blocked_and_let_in_one_by_one_and_none_is_forgotten() {
    let world = World::new().await;
    let anna = world.person("anna@lab.example").await;
    let change = async |change: Value| world.patch(&anna, "/account", change).await;
    let blocked = async || world.get(&anna, "/account").await.ok()["blocked"].clone();
    // From several machines at once: each names what it adds, and not the list that it saw before.
    let one = |n: u32| json!({ "block": [format!("Sender-{n}@lab.example")] });
    let ends = tokio::join!(change(one(0)), change(one(1)), change(one(2)));
    for end in [ends.0, ends.1, ends.2] {
        end.ok();
    }
    let three = [0, 1, 2].map(|n| format!("sender-{n}@lab.example"));
    assert_eq!(blocked().await, json!(three));
    let both =
        json!({ "block": [CORE], "unblock": ["SENDER-1@lab.example", "nobody@lab.example"] });
    let account = change(both).await.ok();
    let left = json!([CORE, three[0], three[2]]);
    assert_eq!(account["blocked"], left);
    for (odd, about) in [
        (
            json!({ "block": [CORE], "unblock": ["Core@Facility.example"] }),
            "block",
        ),
        (json!({ "block": ["nobody"] }), "block"),
        (json!({ "unblock": ["nobody"] }), "unblock"),
    ] {
        let refused = change(odd.clone()).await;
        assert_eq!(
            refused.refused(),
            (422, vec!["request.invalid".to_owned()]),
            "{odd}"
        );
        assert_eq!(refused.json()["guards"][0]["about"], about, "{odd}");
    }
    let full: Vec<String> = (0..1_000).map(|n| format!("s{n}@lab.example")).collect();
    change(json!({ "blocked": full })).await.ok();
    let refused = change(json!({ "block": [CORE] })).await.refused();
    assert_eq!(refused, (422, vec!["request.invalid".to_owned()]));
    let fewer = change(json!({ "unblock": ["s7@lab.example"], "block": [CORE] }))
        .await
        .ok();
    assert_eq!(fewer["blocked"].as_array().unwrap().len(), 1_000);
    let none = change(json!({ "blocked": [] })).await.ok();
    assert_eq!(none["blocked"], json!([]));
}

#[tokio::test]
async fn letters_that_somebody_does_without_are_not_written() {
    let world = World::new().await;
    let core = world.person(CORE).await;
    let anna = world.person("anna@lab.example").await;
    let mut kinds = Vec::new();
    for quiet in [false, true] {
        let (outcomes, receipts) = match quiet {
            true => (json!(["outcomes"]), json!(["receipts", "reminders"])),
            false => (json!([]), json!([])),
        };
        world
            .patch(&core, "/account", json!({ "quiet": outcomes }))
            .await
            .ok();
        let account = world
            .patch(&anna, "/account", json!({ "quiet": receipts }))
            .await
            .ok();
        assert_eq!(
            account["quiet"].as_array().unwrap().len(),
            usize::from(quiet) * 2
        );
        let name = format!("WGS {quiet}");
        let project = world.project(&core, "personal", &name, 1).await;
        let offer = world.offer(&core, &[&project], "anna@lab.example").await;
        let path = format!("/transfers/{offer}/accept");
        world.post(&anna, &path, json!({})).await.ok();
        let shown = world.get(&core, &format!("/transfers/{offer}")).await.ok();
        let letters = shown["letters"].as_array().unwrap().clone();
        let kind = |letter: Value| letter["kind"].as_str().unwrap().to_owned();
        kinds.push(letters.into_iter().map(kind).collect::<Vec<_>>());
    }
    assert_eq!(kinds[0], ["offer", "accepted", "accepted"]);
    assert_eq!(kinds[1], ["offer"]);
    let odd = world
        .patch(&core, "/account", json!({ "quiet": ["offers"] }))
        .await;
    assert_eq!(odd.refused().0, 422);
}

#[tokio::test]
async fn everything_about_an_account_is_exported() {
    let world = World::new().await;
    let core = world.person(CORE).await;
    world.workgroup("pool", &[(CORE, Role::Owner)]).await;
    for n in 0..3 {
        world
            .project(&core, "personal", &format!("WGS {n}"), 1)
            .await;
    }
    let project = world.project(&core, "personal", "RNA", 1).await;
    world.offer(&core, &[&project], "anna@lab.example").await;
    let answer = world.get(&core, "/account/export").await;
    assert_eq!(answer.header("content-type"), "application/jsonl");
    assert!(!answer.text.contains(&core.secret));
    let lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    for (kind, n) in [
        ("account", 1),
        ("context", 2),
        ("token", 1),
        ("project", 4),
        ("transfer", 1),
    ] {
        assert_eq!(count(kind), n, "{kind}");
    }
    let read = world.token(&core, &["read"]).await;
    assert_eq!(world.get(&read, "/account/export").await.refused().0, 403);
}

#[tokio::test]
async fn an_account_is_closed_when_it_owns_nothing() {
    let world = World::new().await;
    let core = world.person(CORE).await;
    let anna = world.person("anna@lab.example").await;
    world
        .workgroup(
            "pool",
            &[(CORE, Role::Owner), ("anna@lab.example", Role::Member)],
        )
        .await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    world.offer(&core, &[&project], "anna@lab.example").await;

    let confirm = json!({ "address": CORE });
    let answer = world.post(&core, "/account/close", confirm).await;
    let (status, codes) = answer.refused();
    assert_eq!((status, codes.len()), (409, 3), "{}", answer.text);
    assert!(codes.iter().all(|code| code == "account.not_empty"));
    let other = json!({ "address": "anna@lab.example" });
    assert_eq!(
        world
            .post(&core, "/account/close", other.clone())
            .await
            .refused()
            .0,
        422
    );

    // Anna owns nothing; the workgroup that she belongs to loses a member.
    assert_eq!(world.post(&anna, "/account/close", other).await.status, 204);
    let gone = (401, vec!["person.not_signed_in".to_owned()]);
    assert_eq!(world.get(&anna, "/account").await.refused(), gone);
    let pool = world.get(&core, "/audit?context=pool").await.ok();
    let left = |entry: &&Value| entry["what"]["what"] == "member-left";
    let left = pool["items"].as_array().unwrap().iter().filter(left);
    assert_eq!(left.count(), 2, "the workgroup's journal and the member's");
    let again = world.person("anna@lab.example").await;
    assert_ne!(
        again.id, anna.id,
        "the address is free, and the old account stays closed"
    );
    let contexts = world.get(&again, "/contexts").await.ok();
    assert_eq!(contexts["items"].as_array().unwrap().len(), 1);
}
