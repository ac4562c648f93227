//! Letters: committed with what they tell, in the language of their reader, and listed with what they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use handover::actors::load;
use handover::actors::moves::{self, Decision};
use handover::actors::proposal::Proposal;
use handover::actors::sign_in;
use handover::domain::account::Account;
use handover::domain::document::decode;
use handover::domain::event::{By, Channel};
use handover::domain::id::LetterId;
use handover::domain::key::Key;
use handover::domain::letter::{Answer, Kind, Letter, State, Subject};
use handover::domain::policy::{Creators, Policy, Private};
use handover::domain::workgroup::Role;
use handover::store::{Outcome, Store as _, Version};
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, rates};

const ANNA: &str = "anna@uni.example";
const BEN: &str = "ben@uni.example";
const RITA: &str = "rita@uni.example";
const DEAN: &str = "dean@uni.example";
const VICE: &str = "vice@uni.example";
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn site() -> World {
    let read = |address: &str| address.parse().unwrap();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![read(DEAN), read(VICE)],
    };
    let policy = Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        creators: Creators::Anyone,
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// All letters that are no codes, and the commits that last wrote them.
fn letters(world: &World) -> Vec<(Version, Letter)> {
    let view = world.store.view();
    let letters = view
        .documents()
        .filter(|(key, _)| matches!(key, Key::Letter(_)))
        .map(|(_, record)| (record.version, decode::<Letter>(&record.body).unwrap()));
    letters
        .filter(|(_, letter)| !matches!(letter.says, Kind::SignInCode { .. }))
        .collect()
}

/// What the last commit wrote: these letters, and among its documents the one that they tell of.
fn check(world: &World, cause: impl Fn(&Key) -> bool, then: &[(&str, &str)]) {
    let view = world.store.view();
    let last = view.version();
    let written = view
        .documents()
        .filter(|(_, record)| record.version == last);
    assert!(
        written.map(|(key, _)| key).any(|key| cause(&key)),
        "{then:?}"
    );
    let told: BTreeSet<(String, String)> = letters(world)
        .into_iter()
        .filter(|(version, _)| *version == last)
        .map(|(_, letter)| (letter.says.word().to_owned(), letter.to.to_string()))
        .collect();
    let then = then
        .iter()
        .map(|(kind, to)| ((*kind).to_owned(), (*to).to_owned()));
    assert_eq!(told, then.collect());
}

/// The workgroup `lab` of Anna, with Ben as administrator; Rita is invited by Anna.
async fn lab(world: &World) -> (Person, Person, Person, String) {
    let (anna, ben, rita) = (
        world.person(ANNA).await,
        world.person(BEN).await,
        world.person(RITA).await,
    );
    let handle = json!({ "handle": "lab" });
    world.post(&anna, "/workgroups", handle).await.ok();
    let id = invited(world, &anna, BEN, "administrator").await;
    accept(world, &ben, &id).await;
    let id = invited(world, &anna, RITA, "member").await;
    (anna, ben, rita, id)
}

async fn invited(world: &World, by: &Person, address: &str, role: &str) -> String {
    let body = json!({ "addresses": [address], "role": role });
    let path = "/workgroups/lab/invitations";
    let answer = world.post(by, path, body).await.ok();
    text(&answer["items"][0]["invitation"]["id"])
}

async fn accept(world: &World, person: &Person, id: &str) {
    let path = format!("/invitations/{id}/accept");
    world.post(person, &path, json!({})).await.ok();
}

#[tokio::test]
async fn what_happens_in_a_workgroup_is_told_in_the_commit_that_changes_it() {
    let world = site().await;
    let (anna, ben, rita, invitation) = lab(&world).await;
    let membership = |key: &Key| matches!(key, Key::Membership(..));

    // Whoever invited her is told that she accepted, and the other administrators that she joined.
    accept(&world, &rita, &invitation).await;
    let told = [("accepted", ANNA), ("accepted", RITA), ("joined", BEN)];
    check(&world, membership, &told);

    let hers = format!("/workgroups/lab/members/{RITA}");
    let role = json!({ "role": "administrator" });
    world.patch(&anna, &hers, role).await.ok();
    check(&world, membership, &[("role-changed", RITA)]);
    // One's own doing is no news.
    let role = json!({ "role": "member" });
    world.patch(&rita, &hers, role).await.ok();
    check(&world, membership, &[]);

    world.delete(&ben, &hers).await.ok();
    let workgroup = |key: &Key| matches!(key, Key::Workgroup(_));
    check(&world, workgroup, &[("removed", RITA)]);

    world.delete(&anna, "/workgroups/lab").await.ok();
    check(&world, workgroup, &[("closed", BEN)]);
}

#[tokio::test]
async fn an_accepted_link_is_told_in_the_commit_that_gives_access() {
    let world = site().await;
    let (anna, ben) = ("anna@lab.example", "ben@lab.example");
    let people = [(anna, Role::Owner), (ben, Role::Administrator)];
    world.workgroup("pool", &people).await;
    let administrator = world.person(ben).await;
    let carl = world.person("carl@lab.example").await;
    let project = world.project(&administrator, "pool", "Yeast", 1).await;
    let path = format!("/projects/{project}/links");
    let link = world.post(&administrator, &path, json!({})).await.ok();
    let token = text(&link["url"]).rsplit('/').next().unwrap().to_owned();
    let path = format!("/links/by-token/{token}/accept");
    let body = json!({ "context": "personal" });
    world.post(&carl, &path, body).await.ok();
    let grant = |key: &Key| matches!(key, Key::Grant(..));
    check(
        &world,
        grant,
        &[("link-accepted", anna), ("link-accepted", ben)],
    );
}

#[tokio::test]
async fn a_move_is_told_in_the_commits_that_propose_and_approve_it() {
    let world = site().await;
    lab(&world).await;
    let (dean, vice) = (world.person(DEAN).await, world.person(VICE).await);
    world.person("leaver@uni.example").await;
    let moved = |key: &Key| matches!(key, Key::Move(_));
    let body = json!({ "from": "leaver@uni.example", "to": "workgroup:lab" });
    let made = world.post(&dean, "/admin/moves", body).await.ok();
    check(&world, moved, &[("move-proposed", VICE)]);
    // Approved, and stopped before anything moves.
    let by = By {
        person: Some(vice.id.parse().unwrap()),
        channel: Channel::Api,
    };
    let call = world.directory.call(by, None);
    let id = text(&made["id"]).parse().unwrap();
    moves::decide(&world.directory, &call, id, Decision::Approve)
        .await
        .unwrap();
    let told = ["leaver@uni.example", DEAN, ANNA, BEN];
    check(&world, moved, &told.map(|to| ("move-approved", to)));
    // That it is done stands where it was approved; nobody is written to a second time.
    let path = format!("/admin/moves/{}/approve", text(&made["id"]));
    let done = world.post(&vice, &path, json!({})).await.ok();
    assert_eq!(done["state"], "done");
    check(&world, moved, &[]);
}

// ---- access that was taken back ----

/// What each letter about access that was taken back names.
fn revoked(world: &World) -> Vec<Vec<String>> {
    let mut told: Vec<(State, Vec<String>)> = Vec::new();
    for (_, letter) in letters(world) {
        if let Kind::AccessRevoked { name, more, .. } = letter.says {
            let mut names = vec![name];
            names.extend(more.into_iter().map(|one| one.name));
            told.push((letter.delivery, names));
        }
    }
    let due = |delivery: &State| match delivery {
        State::Queued { not_before } => not_before.ms(),
        _ => 0,
    };
    told.sort_by_key(|(delivery, _)| due(delivery));
    told.into_iter().map(|(_, names)| names).collect()
}

#[tokio::test]
async fn all_access_that_is_taken_back_on_one_day_is_told_in_one_letter_with_each_commit() {
    let world = site().await;
    let (anna, rita) = (world.person(ANNA).await, world.person(RITA).await);
    let mut take = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        let project = world.project(&anna, "personal", name, 1).await;
        world.grant(&project, &rita.id, "read", None).await;
        take.push(format!("/projects/{project}/collaborators/{}", rita.id));
    }
    let item = |key: &Key| matches!(key, Key::Item(_));
    for path in &take[..2] {
        world.delete(&anna, path).await.ok();
        check(&world, item, &[("access-revoked", RITA)]);
    }
    assert_eq!(revoked(&world), [vec!["A", "B"]]);

    // Once somebody began to send it nothing is added, whatever the clock says: the next letter is that of the next day.
    let (_, today) = letters(&world).pop().unwrap();
    close(&world, &today).await;
    for path in &take[2..4] {
        world.delete(&anna, path).await.ok();
        check(&world, item, &[("access-revoked", RITA)]);
    }
    assert_eq!(revoked(&world), [vec!["A", "B"], vec!["C", "D"]]);
    world.clock.advance(DAY);
    world.delete(&anna, &take[4]).await.ok();
    assert_eq!(revoked(&world), [vec!["A", "B"], vec!["C", "D", "E"]]);
}

/// As the courier does before it sends it.
async fn close(world: &World, letter: &Letter) {
    let key = Key::Letter(letter.id);
    let old = load::one::<Letter>(&*world.store, key)
        .await
        .unwrap()
        .unwrap();
    let mut next = old.document.clone();
    next.closed = true;
    let mut proposal = Proposal::default();
    proposal.replace(&old, &next, None);
    let outcome = world.store.commit(proposal.into_commit(world.now())).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

// ---- languages ----

/// Asks for a code, and says in which language its letter is.
async fn code(world: &World, address: &str, reads: Option<&str>) -> String {
    let by = By {
        person: None,
        channel: Channel::Web,
    };
    let call = world.directory.call(by, None);
    let address = address.parse().unwrap();
    let id = sign_in::begin(&world.directory, &call, address, reads)
        .await
        .unwrap();
    let view = world.store.view();
    let mut letters = view
        .documents()
        .filter(|(key, _)| matches!(key, Key::Letter(_)))
        .map(|(_, record)| decode::<Letter>(&record.body).unwrap());
    let about = Subject::SignIn(id);
    letters
        .find(|letter| letter.subject == about)
        .unwrap()
        .language
}

async fn german() -> World {
    let policy = Policy {
        language: "de".to_owned(),
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
}

#[tokio::test]
async fn a_code_is_in_the_language_of_its_reader_and_else_of_who_asks_and_else_of_the_site() {
    let world = german().await;
    assert_eq!(code(&world, RITA, None).await, "de");
    assert_eq!(code(&world, RITA, Some("en")).await, "en");
    assert_eq!(code(&world, RITA, Some("tlh")).await, "de");
    let rita = world.person(RITA).await;
    let account = world.get(&rita, "/account").await.ok();
    assert_eq!(
        account["language"], "de",
        "a new account begins with the site's"
    );
    let english = json!({ "language": "en" });
    world.patch(&rita, "/account", english).await.ok();
    for reads in [None, Some("de")] {
        assert_eq!(code(&world, RITA, reads).await, "en", "{reads:?}");
    }
}

#[tokio::test]
async fn a_new_account_reads_what_whoever_asked_for_the_code_reads() {
    let world = german().await;
    let by = By {
        person: None,
        channel: Channel::Web,
    };
    for (address, reads, then) in [(ANNA, Some("en"), "en"), (BEN, None, "de")] {
        let call = world.directory.call(by, None);
        let asked = address.parse().unwrap();
        let id = sign_in::begin(&world.directory, &call, asked, reads).await;
        let id = id.unwrap();
        let typed = crate::support::KEY.code(id);
        let account = sign_in::finish(&world.directory, &call, id, &typed).await;
        let account: Account = account.unwrap();
        assert_eq!(account.language, then, "{address}");
    }
}

#[tokio::test]
async fn who_has_no_account_is_written_to_in_the_language_of_the_site() {
    let world = german().await;
    let anna = world.person(ANNA).await;
    let english = json!({ "language": "en" });
    world.patch(&anna, "/account", english).await.ok();
    let project = world.project(&anna, "personal", "Yeast", 1).await;
    let id = world.offer(&anna, &[&project], RITA).await;
    world.clock.advance(DAY);
    world
        .post(&anna, &format!("/transfers/{id}/resend"), json!({}))
        .await
        .ok();
    let told: Vec<(String, String)> = letters(&world)
        .into_iter()
        .map(|(_, letter)| (letter.to.to_string(), letter.language))
        .collect();
    assert_eq!(told, vec![(RITA.to_owned(), "de".to_owned()); 2]);
    world.person(RITA).await;
    world
        .post(&anna, &format!("/transfers/{id}/cancel"), json!({}))
        .await
        .ok();
    let (_, last) = letters(&world).pop().unwrap();
    assert_eq!(
        (last.says.word(), last.language.as_str()),
        ("cancelled", "de")
    );
}

// ---- what is listed with an offer ----

#[tokio::test]
async fn letters_that_answer_replies_or_tell_of_others_stand_with_their_offer() {
    let world = World::new().await;
    let (anna, rita) = (world.person(ANNA).await, world.person(RITA).await);
    let project = world.project(&anna, "personal", "Yeast", 1).await;
    let id = world.offer(&anna, &[&project], RITA).await;
    let other = world.project(&anna, "personal", "Human", 1).await;
    let other = world.offer(&anna, &[&other], RITA).await;
    let answer = Kind::Answer {
        message: None,
        says: Answer::NotUnderstood,
    };
    let undeliverable = Kind::Undeliverable {
        address: RITA.to_owned(),
        reason: "5.1.1".to_owned(),
    };
    for (to, says) in [(RITA, answer), (ANNA, undeliverable)] {
        world.clock.advance(Duration::from_secs(1));
        let subject = Subject::Invitation(id.parse().unwrap());
        let letter = LetterId::from_bits(world.app.settings().ids.fresh(world.now()));
        let to = to.parse().unwrap();
        let mut letter = Letter::queued(letter, to, "en", subject, says, world.now());
        letter.delivery = State::Sent { at: world.now() };
        let mut proposal = Proposal::default();
        proposal.create(&letter, None);
        let outcome = world.store.commit(proposal.into_commit(world.now()));
        assert!(matches!(outcome.await, Outcome::Done(_)));
    }
    let listed = async |person: &Person, id: &str| {
        let shown = world.get(person, &format!("/transfers/{id}")).await.ok();
        let letters = shown["letters"].as_array().unwrap().iter();
        let told = letters.map(|letter| (text(&letter["kind"]), text(&letter["state"])));
        told.map(|(kind, state)| format!("{kind} {state}"))
            .collect::<Vec<_>>()
    };
    let answer = "answer-not-understood sent";
    let all = ["offer queued", answer, "undeliverable sent"];
    assert_eq!(listed(&anna, &id).await, all, "the sender sees all");
    assert_eq!(
        listed(&rita, &id).await,
        all[..2],
        "the recipient their own"
    );
    assert_eq!(listed(&anna, &other).await, all[..1]);
}
