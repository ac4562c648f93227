//! Trash and archive, and the end of an item: over HTTP, with the timers of the daemon fired by hand.

use std::time::Duration;

use handover::actors::{load, proposal::Proposal, sweep};
use handover::domain::event::{By, Channel, Event, What};
use handover::domain::id::{AccountId, Context, Digest, ItemId, LinkId};
use handover::domain::index::Entry;
use handover::domain::item::Item;
use handover::domain::key::{Counter, Key, Queue};
use handover::domain::link::{Link, State as LinkState};
use handover::domain::rights::{Grant, Level, Origin, Part};
use handover::domain::tombstone::Tombstone;
use handover::domain::workgroup::Role;
use handover::store::{Outcome, Store as _};
use serde_json::{Value, json};

use crate::support::{Answer, Person, World, offer, run};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const LEASE_MS: i64 = 60_000;

async fn act(world: &World, person: &Person, id: &str, verb: &str) -> Answer {
    let list = if id.starts_with("run_") {
        "runs"
    } else {
        "projects"
    };
    let path = format!("/{list}/{id}/{verb}");
    world.post(person, &path, json!({})).await
}

async fn done(world: &World, person: &Person, id: &str, verb: &str) -> Value {
    act(world, person, id, verb).await.ok()
}

fn codes(answer: &Answer) -> Vec<String> {
    answer.refused().1
}

async fn usage(world: &World, person: &Person) -> i64 {
    let of = Counter::Usage(Context::Personal(person.id.parse().unwrap()));
    world.store.counters(&[of]).await.unwrap()[0]
}

async fn listed(world: &World, person: &Person, query: &str) -> Vec<String> {
    let page = world.get(person, &format!("/projects{query}")).await.ok();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Fires what is due in the queue of purges, as the daemon does, until nothing is.
async fn purges(world: &World) -> usize {
    let mut fired = 0;
    loop {
        let now = world.now();
        let claimed = world
            .store
            .claim(Queue::Purges, now, 10, LEASE_MS)
            .await
            .unwrap();
        if claimed.is_empty() {
            return fired;
        }
        for row in claimed {
            fired += 1;
            while world.directory.purge(row.due.id, now).await.unwrap() {}
            let end = handover::store::Settlement::Done;
            world.store.settle(row, end).await.unwrap();
        }
    }
}

/// Gives a context access to an item, as the acceptance of an invitation does.
async fn lend(world: &World, item: &str, to: &Person) {
    let (item, grantee): (ItemId, Context) = (item.parse().unwrap(), to.id.parse().unwrap());
    let accepted_by = to.id.parse().unwrap();
    let part = Part {
        level: Level::Read,
        origin: Origin::Link(LinkId::from_bits(1)),
        accepted_by,
        since: world.now(),
        until: None,
    };
    let mut proposal = Proposal::default();
    proposal.create(&Grant::none(item, grantee).with(part), None);
    commit(world, proposal).await;
}

async fn commit(world: &World, proposal: Proposal) {
    let outcome = world.store.commit(proposal.into_commit(world.now())).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_item_goes_into_the_trash_and_comes_back() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 7).await;
    world.project(&core, "personal", "Exomes", 1).await;
    let trashed = done(&world, &core, &project, "trash").await;
    assert_eq!(trashed["state"], "trashed");
    assert_eq!(trashed["trashed_at"], "2026-11-22T10:00:00.000Z");
    assert_eq!(usage(&world, &core).await, 8, "the trash counts");
    assert_eq!(listed(&world, &core, "").await, ["Exomes"]);
    assert_eq!(listed(&world, &core, "?state=trashed").await, ["Genomes"]);
    assert_eq!(
        listed(&world, &core, "?state=archived").await,
        Vec::<String>::new()
    );
    let odd = world.get(&core, "/projects?state=lost").await;
    assert_eq!(codes(&odd), ["request.invalid"]);
    // Nothing is added to what lies in the trash.
    let files = json!({ "files": [{ "path": "x", "bytes": 1 }] });
    let added = world
        .post(&core, &format!("/projects/{project}/files"), files)
        .await;
    assert_eq!(codes(&added), ["item.trashed"]);
    let analysis = json!({ "name": "align", "projects": [project] });
    assert_eq!(
        codes(&world.post(&core, "/analyses", analysis).await),
        ["item.trashed"]
    );

    let restored = done(&world, &core, &project, "restore").await;
    assert_eq!(
        (&restored["state"], &restored["trashed_at"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(listed(&world, &core, "").await, ["Exomes", "Genomes"]);
    done(&world, &core, &project, "archive").await;
    assert_eq!(listed(&world, &core, "?state=archived").await, ["Genomes"]);
    done(&world, &core, &project, "trash").await;
    let back = done(&world, &core, &project, "restore").await;
    assert_eq!(back["state"], "archived", "it comes back as it went");
    assert_eq!(
        done(&world, &core, &project, "unarchive").await["state"],
        "active"
    );
    let page = world.get(&core, &format!("/projects/{project}")).await.ok();
    let history = page["history"].as_array().unwrap().iter();
    let what: Vec<_> = history
        .map(|event| event["what"]["what"].as_str().unwrap())
        .collect();
    let expected = [
        "registered",
        "changed",
        "trashed",
        "restored",
        "archived",
        "trashed",
        "restored",
        "unarchived",
    ];
    assert_eq!(what, expected);
}

#[tokio::test]
async fn what_is_not_in_the_right_state_is_refused_and_a_repetition_is_answered() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let registered = world.post(&core, "/runs", run("R1")).await.ok();
    let id = registered["run"]["id"].as_str().unwrap();
    for verb in ["restore", "unarchive", "purge"] {
        assert_eq!(
            act(&world, &core, id, verb).await.refused(),
            (409, vec!["item.state".to_owned()])
        );
    }
    let path = format!("/runs/{id}/trash");
    for _ in 0..2 {
        let answer = world.post_once(&core, &path, "once", json!({})).await;
        assert_eq!(answer.ok()["state"], "trashed");
    }
    assert_eq!(
        codes(&act(&world, &core, id, "trash").await),
        ["item.state"]
    );
    // A run is no project.
    let wrong = world
        .post(&core, &format!("/projects/{id}/trash"), json!({}))
        .await;
    assert_eq!(wrong.refused().0, 404);
}

#[tokio::test]
async fn only_the_owning_context_does_it() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let member = world.person("member@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    world
        .workgroup(
            "pool",
            &[
                ("core@facility.example", Role::Owner),
                ("member@facility.example", Role::Member),
            ],
        )
        .await;
    let project = world.project(&core, "pool", "Genomes", 1).await;
    for verb in ["trash", "restore", "archive", "unarchive", "purge"] {
        let stranger = act(&world, &anna, &project, verb).await;
        assert_eq!(
            stranger.refused(),
            (404, vec!["item.not_found".to_owned()]),
            "{verb}"
        );
    }
    lend(&world, &project, &anna).await;
    let reader = act(&world, &anna, &project, "trash").await;
    assert_eq!(reader.refused(), (403, vec!["item.forbidden".to_owned()]));
    done(&world, &member, &project, "trash").await;
    // What was shared is seen no more, and again when it is restored.
    let path = format!("/projects/{project}");
    assert_eq!(world.get(&anna, &path).await.refused().0, 404);
    done(&world, &core, &project, "restore").await;
    assert_eq!(world.get(&anna, &path).await.ok()["level"], "read");
}

#[tokio::test]
async fn what_is_offered_or_in_use_stays_and_what_is_trashed_is_not_offered() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    for verb in ["trash", "archive"] {
        assert_eq!(
            codes(&act(&world, &core, &project, verb).await),
            ["item.pending_transfer"]
        );
    }
    world
        .post(&core, &format!("/transfers/{transfer}/cancel"), json!({}))
        .await
        .ok();
    let analysis = json!({ "name": "align", "projects": [project] });
    let analysis = world.post(&core, "/analyses", analysis).await.ok();
    assert_eq!(
        codes(&act(&world, &core, &project, "trash").await),
        ["item.in_use"]
    );
    let id = analysis["id"].as_str().unwrap();
    let end = format!("/analyses/{id}/end");
    world.post(&core, &end, json!({})).await.ok();
    done(&world, &core, &project, "trash").await;
    let offered = world
        .post(&core, "/transfers", offer(&[&project], "anna@lab.example"))
        .await;
    assert_eq!(codes(&offered), ["item.trashed"]);
}

#[tokio::test]
async fn an_analysis_that_never_ended_is_named_where_it_stands_in_the_way_and_can_be_ended() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    world.grant(&project, &anna.id, "write", None).await;
    let mut ids = Vec::new();
    for name in ["align", "call", "annotate", "count"] {
        let body = json!({ "name": name, "projects": [project] });
        let begun = world.post(&anna, "/analyses", body).await.ok();
        ids.push(begun["id"].as_str().unwrap().to_owned());
    }
    let refused = act(&world, &core, &project, "trash").await;
    let refused = refused.json();
    let why = refused["guards"][0]["sentence"].as_str().unwrap();
    let begins = "4 analyses write to \"Genomes\": \"";
    assert!(why.starts_with(begins), "{why}");
    assert!(why.ends_with(" and 1 more"), "{why}");
    assert!(ids.iter().any(|id| why.contains(id)), "{why}");
    let ask = offer(&[&project], "new@lab.example");
    let preview = world.post(&core, "/transfers/preview", ask).await.ok();
    let told = preview["warnings"][0]["sentence"].as_str().unwrap();
    assert_eq!(told, why);

    let path = format!("/projects/{project}/analyses");
    let listed = world.get(&core, &path).await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
    for id in &ids {
        let end = format!("/analyses/{id}/end");
        world.post(&core, &end, json!({})).await.ok();
    }
    let listed = world.get(&core, &path).await.ok();
    assert_eq!(listed["items"], json!([]));
    done(&world, &core, &project, "trash").await;
}

#[tokio::test]
async fn what_is_shared_is_not_archived() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "Genomes", 1).await;
    lend(&world, &project, &anna).await;
    assert_eq!(
        codes(&act(&world, &core, &project, "archive").await),
        ["item.shared"]
    );
    let other = world.project(&core, "personal", "Exomes", 1).await;
    let mut proposal = Proposal::default();
    let mut link = Link {
        id: LinkId::from_bits(7),
        digest: Digest::of(b"link"),
        item: other.parse().unwrap(),
        level: Level::Read,
        created_by: core.id.parse().unwrap(),
        created_at: world.now(),
        expires_at: Some(world.now().plus_ms(1_000)),
        max_acceptances: None,
        state: LinkState::Active,
    };
    proposal.create(&link, None);
    commit(&world, proposal).await;
    assert_eq!(
        codes(&act(&world, &core, &other, "archive").await),
        ["item.shared"]
    );
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(
        done(&world, &core, &other, "archive").await["state"],
        "archived"
    );
    // A link that was deactivated does not count either.
    let third = world.project(&core, "personal", "Third", 1).await;
    link.id = LinkId::from_bits(8);
    link.digest = Digest::of(b"other");
    link.item = third.parse().unwrap();
    link.expires_at = None;
    link.state = LinkState::Deactivated {
        at: world.now(),
        by: core.id.parse().unwrap(),
    };
    let mut proposal = Proposal::default();
    proposal.create(&link, None);
    commit(&world, proposal).await;
    done(&world, &core, &third, "archive").await;
}

#[tokio::test]
async fn a_purge_comes_when_it_is_due_unless_the_item_was_restored() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 5).await;
    done(&world, &core, &project, "trash").await;
    let ordered = done(&world, &core, &project, "purge").await;
    assert_eq!(ordered["purge_at"], "2026-11-29T10:00:00.000Z");
    assert_eq!(
        codes(&act(&world, &core, &project, "purge").await),
        ["item.state"]
    );
    world.clock.advance(DAY * 6);
    assert_eq!(purges(&world).await, 0);
    done(&world, &core, &project, "restore").await;
    world.clock.advance(DAY * 2);
    assert_eq!(purges(&world).await, 0, "its row went with the order");
    assert_eq!(
        world.get(&core, &format!("/projects/{project}")).await.ok()["item"]["state"],
        "active"
    );
    assert_eq!(usage(&world, &core).await, 5);
}

#[tokio::test]
async fn what_is_purged_is_gone_with_all_that_belonged_to_it_and_its_journal_stays() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let registered = world.post(&core, "/runs", run("R1")).await.ok();
    let run_id = registered["run"]["id"].as_str().unwrap().to_owned();
    let id = registered["projects"][0]["id"].as_str().unwrap().to_owned();
    let bytes = registered["run"]["bytes"].as_i64().unwrap();
    let biosample = run("R1")["projects"][0]["biosamples"][0]["name"].clone();
    for page in 0..3 {
        let file = |n| json!({ "path": format!("{page}/{n}.bam"), "bytes": 2 });
        let files: Vec<Value> = (0..900).map(file).collect();
        let mut body = json!({ "files": files });
        if page == 1 {
            body["dataset"] = json!({ "name": "reads", "type": "BAM", "biosample": biosample });
        }
        world
            .post(&core, &format!("/projects/{id}/files"), body)
            .await
            .ok();
    }
    lend(&world, &id, &anna).await;
    let lent = world.get(&anna, &format!("/projects/{id}/datasets")).await;
    assert_eq!(lent.ok()["items"][0]["files"], 900);
    assert_eq!(usage(&world, &core).await, bytes + 2 * 2_700);
    done(&world, &core, &id, "trash").await;
    done(&world, &core, &id, "purge").await;
    world.clock.advance(DAY * 7);
    assert!(purges(&world).await >= 1);

    assert_eq!(usage(&world, &core).await, bytes, "exact to the byte");
    let path = format!("/projects/{id}");
    for person in [&core, &anna] {
        assert_eq!(world.get(person, &path).await.refused().0, 404);
    }
    let item: ItemId = id.parse().unwrap();
    let view = world.store.view();
    let about = |entry: &Entry| match entry {
        Entry::File(of, _) | Entry::Dataset(of, _) => *of == item,
        Entry::Grantee(of, _) | Entry::LinkOf(of, _) => *of == item,
        Entry::ProjectOf(_, of) | Entry::RunOf(of, _) => *of == item,
        Entry::Owned(_, of) | Entry::Trashed(_, of) | Entry::Granted(_, of) => *of == item,
        Entry::Sized(_, _, of) => *of == item,
        Entry::Name(..) => false,
        _ => false,
    };
    let left: Vec<Entry> = view
        .entries()
        .map(|(entry, _)| entry)
        .filter(about)
        .collect();
    assert_eq!(left, []);
    let left: Vec<Key> = view
        .documents()
        .map(|(key, _)| key)
        .filter(|key| matches!(key, Key::Item(of) | Key::Biosamples(of) | Key::Grant(of, _) if *of == item))
        .collect();
    assert_eq!(left, []);
    let stone = load::one::<Tombstone>(&*world.store, Key::Tombstone(item))
        .await
        .unwrap();
    assert!(stone.unwrap().document.swept);
    // The run stays, and knows nothing of it; its name is free again.
    let run = world.get(&core, &format!("/runs/{run_id}")).await.ok();
    assert_eq!(run["related"].as_array().unwrap().len(), 1);
    world.project(&core, "personal", "Genomes", 1).await;
    let audit = world
        .get(&core, &format!("/projects/{id}/audit"))
        .await
        .ok();
    let last = audit["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap();
    assert!(
        last.contains("\"what\":\"purged\"") && last.contains("\"channel\":\"timer\""),
        "{last}"
    );
    assert_eq!(
        world
            .get(&anna, &format!("/projects/{id}/audit"))
            .await
            .refused()
            .0,
        404
    );
}

#[tokio::test]
async fn an_item_that_was_shared_a_thousand_times_is_purged_all_the_same() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 5).await;
    let item: ItemId = project.parse().unwrap();
    let core_id: AccountId = core.id.parse().unwrap();
    for some in 0..10 {
        let mut proposal = Proposal::default();
        for n in some * 100..(some + 1) * 100 {
            let grantee = Context::Personal(AccountId::from_bits(n));
            proposal.create(&Grant::none(item, grantee), None);
            let link = Link {
                id: LinkId::from_bits(n),
                digest: Digest(n),
                item,
                level: Level::Read,
                created_by: core_id,
                created_at: world.now(),
                expires_at: None,
                max_acceptances: None,
                state: LinkState::Active,
            };
            proposal.create(&link, None);
            proposal.add(Counter::LinkUses(link.id), 1);
        }
        commit(&world, proposal).await;
    }
    done(&world, &core, &project, "trash").await;
    done(&world, &core, &project, "purge").await;
    world.clock.advance(DAY * 7);
    assert!(purges(&world).await >= 1);
    let view = world.store.view();
    let left = |key: &Key| matches!(key, Key::Grant(..) | Key::Link(_));
    assert_eq!(view.documents().filter(|(key, _)| left(key)).count(), 0);
    let uses = [Counter::LinkUses(LinkId::from_bits(999))];
    assert_eq!(world.store.counters(&uses).await.unwrap(), [0]);
}

#[tokio::test]
async fn a_purge_that_is_cut_off_is_taken_up_again() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 5).await;
    done(&world, &core, &project, "trash").await;
    done(&world, &core, &project, "purge").await;
    world.clock.advance(DAY * 7);
    let claimed = world
        .store
        .claim(Queue::Purges, world.now(), 10, LEASE_MS)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    // Whoever claimed it buried the item, and was killed before anything was swept away.
    let id: ItemId = project.parse().unwrap();
    let item = load::one::<Item>(&*world.store, Key::Item(id)).await;
    let item = item.unwrap().unwrap();
    let event = Event {
        at: world.now(),
        by: By {
            person: None,
            channel: Channel::Timer,
        },
        what: What::Purged,
    };
    let mut proposal = Proposal::default();
    let chain = proposal.remove(&item, &event).unwrap();
    let stone = Tombstone {
        item: id,
        name: item.document.name.clone(),
        owner: item.document.owner,
        purged_at: world.now(),
        swept: false,
        chain,
    };
    proposal.create(&stone, None);
    commit(&world, proposal).await;
    assert_eq!(usage(&world, &core).await, 0, "gone for everybody at once");
    assert_eq!(files_of(&world, id), 1);
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(
        purges(&world).await,
        2,
        "by the lease that ran out, and by the stone"
    );
    assert_eq!(files_of(&world, id), 0);
    let view = world.store.view();
    assert_eq!(view.queue(Queue::Purges).count(), 0);
    assert_eq!(purges(&world).await, 0);
}

fn files_of(world: &World, item: ItemId) -> usize {
    let view = world.store.view();
    let of = |entry: &Entry| matches!(entry, Entry::File(of, _) if *of == item);
    view.entries().filter(|(entry, _)| of(entry)).count()
}

#[tokio::test]
async fn an_item_shows_the_newest_of_its_journal_however_long_it_is() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 5).await;
    let id: ItemId = project.parse().unwrap();
    for n in 0..1_010 {
        let item = load::one::<Item>(&*world.store, Key::Item(id)).await;
        let item = item.unwrap().unwrap();
        let event = Event {
            at: world.now(),
            by: By {
                person: Some(core.id.parse().unwrap()),
                channel: Channel::Api,
            },
            what: What::Changed {
                how: format!("change {n}"),
            },
        };
        let mut proposal = Proposal::default();
        proposal.replace(&item, &item.document, Some(&event));
        commit(&world, proposal).await;
    }
    let path = format!("/projects/{project}");
    let shown = world.get(&core, &path).await.ok();
    let history = shown["history"].as_array().unwrap();
    assert_eq!(history.len(), 1_000);
    let how = |entry: &Value| entry["what"]["how"].clone();
    assert_eq!(how(&history[0]), "change 10");
    assert_eq!(how(&history[999]), "change 1009");
}

#[tokio::test]
async fn what_is_kept_no_longer_is_swept_away_and_nothing_else() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "Genomes", 5).await;
    world.offer(&core, &[&project], "anna@lab.example").await;
    let count = |of: fn(&Key) -> bool| {
        let view = world.store.view();
        view.documents().filter(|(key, _)| of(key)).count()
    };
    let sign_ins = |key: &Key| matches!(key, Key::SignIn(_));
    let tokens = |key: &Key| matches!(key, Key::Token(_));
    let sweep = async || {
        let store: &dyn handover::store::Store = &*world.store;
        while sweep::sweep(store, world.now(), 10).await.unwrap() > 0 {}
    };
    world.clock.advance(Duration::from_secs(3_600));
    sweep().await;
    assert_eq!((count(sign_ins), count(tokens)), (1, 1));
    world.clock.advance(DAY * 2);
    sweep().await;
    assert_eq!((count(sign_ins), count(tokens)), (0, 1));
    world.clock.advance(DAY * 154);
    sweep().await;
    assert_eq!(count(tokens), 1);
    world.clock.advance(DAY * 300);
    sweep().await;
    assert_eq!(count(tokens), 0);
    let letters = count(|key| matches!(key, Key::Letter(_)));
    assert!(letters >= 1, "what was written about an offer stays");
}
