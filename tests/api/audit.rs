//! Who did what, as those may see it who have a right to.

use std::time::Duration;

use handover::actors::{load, sweep};
use handover::chain::{Broken, Chain, Verifier};
use handover::domain::attempts::Attempts;
use handover::domain::document::Document as _;
use handover::domain::index::Entry;
use handover::domain::key::Key;
use handover::domain::policy::{Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, offer, rates};

const HOUR: Duration = Duration::from_secs(3_600);

async fn audit(world: &World, person: &Person, query: &str) -> Vec<Value> {
    let page = world.get(person, &format!("/audit{query}")).await.ok();
    page["items"].as_array().unwrap().clone()
}

fn what(entries: &[Value]) -> Vec<&str> {
    let word = |entry: &'_ Value| entry["what"]["what"].as_str().is_some();
    assert!(entries.iter().all(word), "{entries:?}");
    let mut words = Vec::new();
    for entry in entries {
        words.extend(entry["what"]["what"].as_str());
    }
    words
}

async fn handed_over(world: &World) -> (Person, Person, String) {
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "Genomes", 7).await;
    world.clock.advance(HOUR);
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    world.clock.advance(HOUR);
    let path = format!("/transfers/{transfer}/accept");
    world
        .post(&anna, &path, json!({ "context": "personal" }))
        .await
        .ok();
    (core, anna, project)
}

#[tokio::test]
async fn everybody_sees_what_they_did_and_what_concerned_them() {
    let world = World::new().await;
    let (core, anna, project) = handed_over(&world).await;
    let mine = audit(&world, &anna, "").await;
    let mut words = what(&mine);
    words.sort_unstable();
    assert_eq!(
        words,
        ["accepted", "registered", "token-made", "transferred"]
    );
    let transferred = mine
        .iter()
        .find(|e| e["what"]["what"] == "transferred")
        .unwrap();
    assert_eq!(transferred["person"], anna.id);
    assert_eq!(transferred["person_name"], "anna");
    assert_eq!(transferred["context"], anna.id);
    assert_eq!(transferred["channel"], "api");
    assert_eq!(transferred["about"], json!([project]));
    assert_eq!(transferred["at"], "2026-11-22T12:00:00.000Z");
    assert_eq!(transferred["number"], 4);

    // Whoever gave it away sees that it went, and no more of it.
    let context = audit(&world, &core, "?context=personal").await;
    assert_eq!(what(&context[..2]), ["transferred", "accepted"]);
    let item = format!("?item={project}");
    let journal = audit(&world, &anna, &item).await;
    assert_eq!(
        what(&journal),
        ["transferred", "offered", "changed", "registered"]
    );
    assert_eq!(
        world.get(&core, &format!("/audit{item}")).await.refused().0,
        404
    );
    let by_core = audit(&world, &anna, &format!("{item}&person={}", core.id)).await;
    assert_eq!(what(&by_core), ["offered", "changed", "registered"]);
    let within = audit(
        &world,
        &anna,
        &format!("{item}&from=2026-11-22T10:30:00Z&to=2026-11-22T11:30:00Z"),
    )
    .await;
    assert_eq!(what(&within), ["offered"]);
    let strange = world
        .get(&anna, &format!("/audit?person={}", core.id))
        .await;
    assert_eq!(
        strange.refused(),
        (403, vec!["recipient.not_a_member".to_owned()])
    );
    let strange = world
        .get(&anna, &format!("/audit?context={}", core.id))
        .await;
    assert_eq!(
        strange.refused(),
        (403, vec!["recipient.not_a_member".to_owned()])
    );
    let odd = world.get(&anna, "/audit?item=x&person=y&from=z").await;
    assert_eq!(odd.refused().1.len(), 3);
}

#[tokio::test]
async fn an_acceptance_costs_three_rows_however_many_items_it_moves() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let mut items = Vec::new();
    for n in 0..20 {
        let name = format!("Project {n}");
        items.push(world.project(&core, "personal", &name, 1).await);
    }
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let transfer = world.offer(&core, &items, "anna@lab.example").await;
    let rows = || {
        let view = world.store.view();
        let row = |entry: &Entry| matches!(entry, Entry::Acted(..) | Entry::Concerned(..));
        view.entries().filter(|(entry, _)| row(entry)).count()
    };
    let before = rows();
    let path = format!("/transfers/{transfer}/accept");
    let body = json!({ "context": "personal" });
    world.post(&anna, &path, body).await.ok();
    assert_eq!(rows() - before, 3, "who accepted, who gave, who got");
}

#[tokio::test]
async fn pages_are_exact_whatever_their_size() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let mut items = Vec::new();
    for n in 0..7 {
        items.push(
            world
                .project(&core, "personal", &format!("Project {n}"), 1)
                .await,
        );
    }
    let all: Vec<&str> = items.iter().map(String::as_str).collect();
    world.clock.advance(HOUR);
    // One commit with eight entries.
    world.offer(&core, &all, "anna@lab.example").await;
    for query in [
        String::new(),
        "context=personal".to_owned(),
        format!("item={}", items[0]),
    ] {
        let whole = audit(&world, &core, &format!("?limit=100&{query}")).await;
        assert!(whole.len() >= 3, "{query}");
        for limit in [1, 3, 5] {
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let at = format!("/audit?limit={limit}&{query}{cursor}");
                let page = world.get(&core, &at).await.ok();
                paged.extend(page["items"].as_array().unwrap().clone());
                let Some(next) = page["next_cursor"].as_str() else {
                    break;
                };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(paged, whole, "{query} by {limit}");
        }
        let export = world.get(&core, &format!("/audit/export?{query}")).await;
        assert_eq!(export.header("content-type"), "application/jsonl");
        let lines: Vec<Value> = export
            .text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines, whole, "{query}");
    }
    let odd = world.get(&core, "/audit?cursor=odd").await;
    assert_eq!(odd.refused().1, ["request.invalid"]);
}

#[tokio::test]
async fn what_changed_is_told_with_before_and_after() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    world.clock.advance(HOUR);
    world
        .patch(
            &core,
            "/account",
            json!({ "name": "Core", "blocked": ["eve@lab.example"] }),
        )
        .await
        .ok();
    let mine = audit(&world, &core, "?limit=1").await;
    let change = |field: &str, before: &str, after: &str| json!({ "field": field, "before": before, "after": after });
    let expected = [
        change("name", "core", "Core"),
        change("blocked", "", "eve@lab.example"),
    ];
    assert_eq!(mine[0]["changes"], json!(expected));
    world.clock.advance(HOUR);
    world
        .workgroup(
            "pool",
            &[
                ("core@facility.example", Role::Owner),
                ("ben@lab.example", Role::Member),
            ],
        )
        .await;
    world.clock.advance(HOUR);
    world
        .workgroup(
            "pool",
            &[
                ("core@facility.example", Role::Owner),
                ("ben@lab.example", Role::Administrator),
            ],
        )
        .await;
    world.clock.advance(HOUR);
    world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    let pool = audit(&world, &core, "?context=pool").await;
    assert_eq!(pool[0]["what"]["what"], "delisted");
    assert_eq!(pool[0]["channel"], "administrator");
    assert_eq!(
        pool[0]["changes"],
        json!([{ "field": "role", "before": "administrator" }])
    );
    assert_eq!(
        pool[1]["changes"],
        json!([change("role", "member", "administrator")])
    );
}

#[tokio::test]
async fn attempts_that_were_refused_are_written_down_up_to_a_bound() {
    let world = World::new().await;
    let (core, anna, project) = handed_over(&world).await;
    // Not a change, not well formed, nobody signed in: no attempts.
    world
        .get(&core, &format!("/projects/{project}"))
        .await
        .refused();
    world
        .post(
            &core,
            "/transfers/preview",
            offer(&[&project], "x@lab.example"),
        )
        .await
        .ok();
    world
        .post(&core, "/projects", json!({ "name": "" }))
        .await
        .refused();
    let before = audit(&world, &core, "").await.len();
    let path = format!("/projects/{project}/trash");
    world.post(&core, &path, json!({})).await.refused();
    let reader = world.token(&core, &["read"]).await;
    world
        .post(&reader, "/projects", json!({ "name": "New" }))
        .await
        .refused();
    let mine = audit(&world, &core, "").await;
    assert_eq!(mine.len(), before + 3, "two attempts, and a token");
    assert_eq!(mine[0]["what"]["codes"], json!(["token.scope_missing"]));
    let refused = mine
        .iter()
        .find(|e| e["what"]["codes"] == json!(["item.not_found"]))
        .unwrap();
    assert_eq!(refused["what"]["what"], "refused");
    assert_eq!(
        refused["what"]["command"],
        "POST /api/v1/projects/{project}/trash"
    );
    assert_eq!(refused["what"]["about"], json!([project]));
    assert_eq!(refused["person"], core.id);
    assert_eq!(refused["channel"], "api");
    // The owner does not see who tried; it is no business of theirs what strangers try in vain.
    assert!(
        audit(&world, &anna, "?context=personal")
            .await
            .iter()
            .all(|e| e["what"]["what"] != "refused")
    );
    for _ in 0..60 {
        world.post(&core, &path, json!({})).await.refused();
    }
    let export = world.get(&core, "/audit/export").await;
    assert_eq!(export.text.matches("\"refused\"").count(), 50);
    let counted = async || {
        let key = Attempts::none(core.id.parse().unwrap(), world.now()).key();
        let found = load::one::<Attempts>(&*world.store, key).await.unwrap();
        found.unwrap().document.more
    };
    assert_eq!(counted().await, 1, "the next are held for a minute");
    world.clock.advance(Duration::from_secs(60));
    world.post(&core, &path, json!({})).await.refused();
    assert_eq!(counted().await, 13, "and then written in one commit");
    world.clock.advance(HOUR);
    world.post(&core, &path, json!({})).await.refused();
    let export = world.get(&core, "/audit/export").await;
    assert_eq!(export.text.matches("\"refused\"").count(), 51, "a new hour");
    world.clock.advance(HOUR * 24 * 91);
    let store: &dyn handover::store::Store = &*world.store;
    while sweep::sweep(store, world.now(), 10).await.unwrap() > 0 {}
    let view = world.store.view();
    let kept = |key: &Key| matches!(key, Key::Attempts(..));
    assert_eq!(view.documents().filter(|(key, _)| kept(key)).count(), 0);
}

#[tokio::test]
async fn administrators_of_a_domain_see_what_concerns_it() {
    let private = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec!["dean@uni.example".parse().unwrap()],
    };
    let policy = Policy {
        domains: [("uni".to_owned(), private)].into(),
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let dean = world.person("dean@uni.example").await;
    let anna = world.person("anna@uni.example").await;
    let out = world.person("eve@lab.example").await;
    let project = world.project(&anna, "personal", "Genomes", 1).await;
    world.clock.advance(HOUR);
    world
        .post(&anna, &format!("/projects/{project}/purge"), json!({}))
        .await
        .refused();
    for query in [
        format!("?person={}", anna.id),
        format!("?context={}", anna.id),
        format!("?item={project}"),
    ] {
        assert!(!audit(&world, &dean, &query).await.is_empty(), "{query}");
    }
    let acts = audit(&world, &dean, &format!("?person={}", anna.id)).await;
    assert_eq!(acts[0]["what"]["what"], "refused");
    let outside = world.get(&dean, &format!("/audit?person={}", out.id)).await;
    assert_eq!(outside.refused().0, 403);
}

#[tokio::test]
async fn administrators_of_a_domain_see_nothing_of_what_somebody_did_in_another() {
    let private = |suffix: &str, administrator: &str| Private {
        suffixes: vec![suffix.to_owned()],
        administrators: vec![administrator.parse().unwrap()],
    };
    let policy = Policy {
        domains: [
            ("uni".to_owned(), private("uni.example", "dean@uni.example")),
            (
                "inst".to_owned(),
                private("inst.example", "head@inst.example"),
            ),
        ]
        .into(),
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let dean = world.person("dean@uni.example").await;
    let head = world.person("head@inst.example").await;
    let anna = world.person("anna@uni.example").await;
    let members = [
        ("head@inst.example", Role::Owner),
        ("anna@uni.example", Role::Member),
    ];
    let hub = world
        .workgroup_in("hub", &members, "inst", true, None)
        .await;
    let own = world.project(&anna, "personal", "Genomes", 1).await;
    let theirs = world.project(&anna, "hub", "Secret", 1).await;
    let query = format!("?limit=100&person={}", anna.id);
    let of = |entries: &[Value], item: &str| {
        let about = |entry: &&Value| entry["about"] == json!([item]);
        entries.iter().filter(about).count()
    };
    let all = audit(&world, &anna, "?limit=100").await;
    assert_eq!((of(&all, &own), of(&all, &theirs)), (2, 2));
    let shown = audit(&world, &dean, &query).await;
    assert_eq!((of(&shown, &own), of(&shown, &theirs)), (2, 0));
    assert!(shown.iter().all(|entry| entry["context"] != hub.as_str()));
    let all = format!("/audit/export?person={}", anna.id);
    let export = world.get(&dean, &all).await;
    assert!(export.text.contains(&own) && !export.text.contains(&theirs));
    // Whoever administers the other domain sees it there.
    let there = audit(&world, &head, &format!("?limit=100&context={hub}")).await;
    assert_eq!(of(&there, &theirs), 2);
}

/// Reads the whole journal of an item through the API and follows its chain.
async fn verified(
    world: &World,
    person: &Person,
    project: &str,
    change: fn(&mut Vec<String>),
) -> Vec<Broken> {
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let at = format!("/projects/{project}/audit?limit=2{cursor}");
        let page = world.get(person, &at).await.ok();
        for entry in page["entries"].as_array().unwrap() {
            entries.push(entry.as_str().unwrap().to_owned());
        }
        if let Some(next) = page["next_cursor"].as_str() {
            cursor = format!("&cursor={next}");
            continue;
        }
        change(&mut entries);
        let mut verifier = Verifier::default();
        entries
            .iter()
            .for_each(|entry| verifier.take(entry.as_bytes()));
        let chain = Chain {
            length: page["length"].as_u64().unwrap(),
            head: page["head"].as_str().map(|head| head.parse().unwrap()),
        };
        return verifier.finish(&chain);
    }
}

#[tokio::test]
async fn an_item_takes_its_whole_story_with_it_and_anybody_can_verify_it() {
    let world = World::new().await;
    let (core, anna, project) = handed_over(&world).await;
    assert_eq!(verified(&world, &anna, &project, |_| {}).await, []);
    let gone = verified(&world, &anna, &project, |e| drop(e.remove(1))).await;
    assert_eq!(gone, [Broken::Missing { from: 2, to: 2 }]);
    let altered = verified(&world, &anna, &project, |e| {
        e[2] = e[2].replace("api", "web")
    })
    .await;
    assert_eq!(altered, [Broken::Altered { number: 3 }]);
    assert_eq!(
        world
            .get(&core, &format!("/projects/{project}/audit"))
            .await
            .refused()
            .0,
        404
    );
}
