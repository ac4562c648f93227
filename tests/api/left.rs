//! What is left when something goes: invitations to what is gone, defaults in a workgroup that one does not belong to any more, and what
//! others are told of somebody's own settings.

use std::collections::BTreeMap;
use std::time::Duration;

use handover::actors::{load, proposal::Proposal};
use handover::domain::account::Account;
use handover::domain::document::decode;
use handover::domain::id::InvitationId;
use handover::domain::key::{Key, Queue};
use handover::domain::letter::{Kind, Letter};
use handover::domain::policy::{Policy, Private};
use handover::domain::workgroup::Role;
use handover::store::{Outcome, Settlement, Store as _};
use serde_json::json;

use crate::support::{Person, World, bounds, offer, rates};

const HOUR: Duration = Duration::from_secs(3_600);
const LEASE_MS: i64 = 60_000;

/// Fires the timers and purges that are due, as the daemon does, until nothing is.
async fn due(world: &World) {
    for queue in [Queue::Purges, Queue::Timers] {
        let now = world.now();
        let claimed = world.store.claim(queue, now, 10, LEASE_MS).await.unwrap();
        for row in claimed {
            if queue == Queue::Timers {
                let id = InvitationId::from_bits(row.due.id);
                world.directory.wake(id, now).await.unwrap();
            } else {
                while world.directory.purge(row.due.id, now).await.unwrap() {}
            }
            world.store.settle(row, Settlement::Done).await.unwrap();
        }
    }
}

async fn share(world: &World, person: &Person, item: &str, to: &str) -> String {
    let body = json!({ "items": [item], "recipient": to, "level": "read" });
    let made = world.post(person, "/shares", body).await.ok();
    made["invitation"]["id"].as_str().unwrap().to_owned()
}

async fn state(world: &World, person: &Person, invitation: &str) -> String {
    let path = format!("/invitations/{invitation}");
    let page = world.get(person, &path).await.ok();
    page["invitation"]["state"].as_str().unwrap().to_owned()
}

fn told_of_the_end(world: &World) -> Vec<String> {
    let view = world.store.view();
    let letters = view
        .documents()
        .filter(|(key, _)| matches!(key, Key::Letter(_)))
        .map(|(_, record)| decode::<Letter>(&record.body).unwrap())
        .filter(|letter| letter.says == Kind::Cancelled);
    letters.map(|letter| letter.to.to_string()).collect()
}

#[tokio::test]
async fn an_invitation_to_what_has_another_owner_now_is_cancelled_and_told() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    let other = world.project(&core, "personal", "Exomes", 1).await;
    let share_ = share(&world, &core, &project, "ben@lab.example").await;
    let stays = share(&world, &core, &other, "ben@lab.example").await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    world.clock.advance(HOUR);
    let path = format!("/transfers/{transfer}/accept");
    world.post(&anna, &path, json!({})).await.ok();
    due(&world).await;
    assert_eq!(state(&world, &ben, &share_).await, "cancelled");
    assert_eq!(state(&world, &ben, &stays).await, "pending");
    assert_eq!(told_of_the_end(&world), ["ben@lab.example"]);
}

#[tokio::test]
async fn an_invitation_to_what_is_purged_is_cancelled_and_told() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let ben = world.person("ben@lab.example").await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    let body = json!({ "items": [project], "recipient": "ben@lab.example", "level": "read", "expires_in_days": 60 });
    let made = world.post(&core, "/shares", body).await.ok();
    let shared = made["invitation"]["id"].as_str().unwrap();
    for verb in ["trash", "purge"] {
        let path = format!("/projects/{project}/{verb}");
        world.post(&core, &path, json!({})).await.ok();
    }
    world.clock.advance(HOUR * 24 * 8);
    due(&world).await;
    assert_eq!(state(&world, &ben, shared).await, "cancelled");
    assert_eq!(told_of_the_end(&world), ["ben@lab.example"]);
}

#[tokio::test]
async fn a_default_context_that_the_file_took_away_is_personal_again() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let both = [
        ("core@facility.example", Role::Owner),
        ("anna@lab.example", Role::Member),
    ];
    world.workgroup("pool", &both).await;
    let chosen = json!({ "default_context": "pool", "default_run_location": "pool" });
    world.patch(&anna, "/account", chosen).await.ok();
    world.workgroup("pool", &both[..1]).await;
    let account = world.get(&anna, "/account").await.ok();
    assert_eq!(account["default_context"], anna.id);
    assert_eq!(account["default_run_location"], anna.id);
    let project = world.project(&core, "personal", "Genomes", 1).await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    let path = format!("/transfers/{transfer}/accept");
    let accepted = world.post(&anna, &path, json!({})).await.ok();
    assert_eq!(accepted["transfer"]["accepted_into"], anna.id);
}

#[tokio::test]
async fn a_default_context_that_is_not_ones_own_gives_way_and_says_so() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let pool = world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    world.choose(&anna.id, &pool).await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    let path = format!("/transfers/{transfer}/choices");
    let choices = world.get(&anna, &path).await.ok();
    assert_eq!(choices["items"][0]["default"], true);
    let path = format!("/transfers/{transfer}/accept");
    let accepted = world.post(&anna, &path, json!({})).await.ok();
    assert_eq!(accepted["transfer"]["accepted_into"], anna.id);
    assert_eq!(accepted["warnings"][0]["code"], "recipient.not_a_member");
    assert_eq!(accepted["warnings"][0]["about"], pool);
}

#[tokio::test]
async fn administrators_see_that_settings_changed_and_not_to_what() {
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec!["dean@uni.example".parse().unwrap()],
    };
    let policy = Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let anna = world.person("anna@uni.example").await;
    let dean = world.person("dean@uni.example").await;
    let change = json!({ "name": "Anna", "blocked": ["eve@lab.example"] });
    world.patch(&anna, "/account", change).await.ok();
    let path = format!("/audit?person={}", anna.id);
    let changes = |page: serde_json::Value| {
        let entries = page["items"].as_array().unwrap();
        let mut changed = entries.iter().map(|entry| &entry["changes"]);
        changed.find(|changes| changes.is_array()).unwrap().clone()
    };
    let name = json!({ "field": "name", "before": "anna", "after": "Anna" });
    assert_eq!(
        changes(world.get(&dean, &path).await.ok()),
        json!([name, { "field": "blocked", "private": true }])
    );
    assert_eq!(
        changes(world.get(&anna, &path).await.ok()),
        json!([name, { "field": "blocked", "before": "", "after": "eve@lab.example" }])
    );
    let path = format!("/audit/export?person={}", anna.id);
    let exported = world.get(&dean, &path).await;
    assert!(!exported.text.contains("eve@lab.example"));
}

#[tokio::test]
async fn an_account_stays_in_its_domain_without_an_address_of_it() {
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: Vec::new(),
    };
    let policy = Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let anna = world.person("anna@uni.example").await;
    let project = world.project(&anna, "personal", "Genomes", 1).await;
    world.answer_to(&anna.id, "anna@home.example").await;
    let account = world.get(&anna, "/account").await.ok();
    assert_eq!(account["addresses"], json!(["anna@home.example"]));
    assert_eq!(account["domain"], "uni");
    let ask = offer(&[&project], "eve@lab.example");
    world.person("eve@lab.example").await;
    let refused = world.post(&anna, "/transfers", ask).await;
    assert_eq!(refused.refused().1, ["domain.no_way_out"]);
}

impl World {
    async fn account(&self, id: &str, change: impl FnOnce(&mut Account)) {
        let key = Key::Account(id.parse().unwrap());
        let old = load::one::<Account>(&*self.store, key).await;
        let old = old.unwrap().unwrap();
        let mut next = old.document.clone();
        change(&mut next);
        let mut proposal = Proposal::default();
        proposal.replace(&old, &next, None);
        let outcome = self.store.commit(proposal.into_commit(self.now())).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }

    /// As an account looks that chose this context before it was thought of resetting it.
    async fn choose(&self, account: &str, context: &str) {
        let context = context.parse().unwrap();
        self.account(account, |account| account.default_context = context)
            .await;
    }

    /// The account answers to this address and to no other.
    async fn answer_to(&self, account: &str, address: &str) {
        let address = address.parse().unwrap();
        self.account(account, |account| account.addresses = vec![address])
            .await;
    }
}
