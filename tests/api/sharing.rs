//! Sharing: by a workgroup, by an invitation, by a link; who may do what with what is shared (DOMAIN §3).

use std::collections::BTreeMap;
use std::time::Duration;

use handover::domain::document::decode;
use handover::domain::key::Key;
use handover::domain::letter::{Kind, Letter};
use handover::domain::policy::{Creators, Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, offer, rates, run};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn share(items: &[&str], to: &str, level: &str) -> Value {
    json!({ "items": items, "recipient": to, "level": level })
}

impl World {
    /// Shares items with somebody, and says which invitation that is.
    async fn share(&self, person: &Person, items: &[&str], to: &str, level: &str) -> String {
        let answer = self.post(person, "/shares", share(items, to, level)).await;
        text(&answer.ok()["invitation"]["id"])
    }

    /// The same, and somebody accepts it.
    async fn lend(&self, owner: &Person, items: &[&str], to: (&Person, &str), level: &str) {
        let (person, address) = to;
        let id = self.share(owner, items, address, level).await;
        let path = format!("/invitations/{id}/accept");
        self.post(person, &path, json!({})).await.ok();
    }

    /// Makes a link and says its id and its token.
    async fn link(&self, person: &Person, project: &str, body: Value) -> (String, String) {
        let path = format!("/projects/{project}/links");
        let link = self.post(person, &path, body).await.ok();
        let url = text(&link["url"]);
        let token = url.rsplit('/').next().unwrap().to_owned();
        (text(&link["id"]), token)
    }

    /// Every letter that was committed.
    fn letters(&self) -> Vec<Letter> {
        let view = self.store.view();
        let letters = view
            .documents()
            .filter(|(key, _)| matches!(key, Key::Letter(_)));
        letters
            .map(|(_, record)| decode(&record.body).unwrap())
            .collect()
    }

    async fn accept_link(
        &self,
        person: &Person,
        token: &str,
        context: &str,
    ) -> crate::support::Answer {
        let path = format!("/links/by-token/{token}/accept");
        self.post(person, &path, json!({ "context": context }))
            .await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<String> {
    let name = |one: &Value| text(&one["item"]["name"]);
    list["items"].as_array().unwrap().iter().map(name).collect()
}

/// A core with a run and two projects, and the ids of all three.
async fn core(world: &World) -> (Person, [String; 3]) {
    let core = world.person("core@facility.example").await;
    let mut small = run("R1");
    small["bytes"] = json!(7);
    let registered = world.post(&core, "/runs", small).await.ok();
    let ids = [
        text(&registered["run"]["id"]),
        text(&registered["projects"][0]["id"]),
        text(&registered["projects"][1]["id"]),
    ];
    (core, ids)
}

/// What somebody may do with an item: the level its page says, or nothing.
async fn level(world: &World, person: &Person, id: &str) -> String {
    let kind = if id.starts_with("run_") {
        "runs"
    } else {
        "projects"
    };
    let page = world.get(person, &format!("/{kind}/{id}")).await;
    match page.status.as_u16() {
        200 => text(&page.json()["level"]),
        404 => "none".to_owned(),
        other => other.to_string(),
    }
}

async fn levels(world: &World, person: &Person, ids: &[String; 3]) -> Vec<String> {
    let mut all = Vec::new();
    for id in ids {
        all.push(level(world, person, id).await);
    }
    all
}

#[tokio::test]
async fn each_way_of_sharing_gives_what_the_matrix_says() {
    // What is shared, how, and then what the collaborator may do with the run, its first and its second project.
    let rows: &[(&str, &str, bool, [&str; 3])] = &[
        ("run", "read", false, ["read", "none", "none"]),
        ("run", "read", true, ["read", "read", "read"]),
        ("second", "write", false, ["read", "none", "write"]),
        ("second", "read", false, ["read", "none", "read"]),
    ];
    for (what, how, with_projects, expected) in rows {
        let world = World::new().await;
        let (core, ids) = core(&world).await;
        let anna = world.person("anna@lab.example").await;
        let item = if *what == "run" { &ids[0] } else { &ids[2] };
        let mut ask = share(&[item], "anna@lab.example", how);
        ask["associated_projects"] = json!(with_projects);
        let made = world.post(&core, "/shares", ask).await.ok();
        let id = text(&made["invitation"]["id"]);
        assert_eq!(
            levels(&world, &anna, &ids).await,
            ["none", "none", "none"],
            "pending"
        );
        let path = format!("/invitations/{id}/accept");
        world.post(&anna, &path, json!({})).await.ok();
        let found = levels(&world, &anna, &ids).await;
        for (found, expected) in found.iter().zip(expected) {
            assert!(found == expected, "{what} {how}: {found}");
        }
        assert_eq!(
            levels(&world, &core, &ids).await,
            ["own", "own", "own"],
            "the owner keeps all"
        );
    }
}

#[tokio::test]
async fn a_shared_project_shows_its_biosamples_and_files_and_a_shared_run_does_not() {
    let world = World::new().await;
    let (core, [run, first, second]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    world
        .lend(&core, &[&first], (&anna, "anna@lab.example"), "read")
        .await;
    world
        .lend(&core, &[&run], (&ben, "ben@lab.example"), "read")
        .await;
    let page = world.get(&anna, &format!("/projects/{first}")).await.ok();
    assert_eq!(page["biosamples"][0]["name"], "S1");
    world
        .get(&anna, &format!("/projects/{first}/files"))
        .await
        .ok();
    for project in [&first, &second] {
        for path in [
            format!("/projects/{project}"),
            format!("/projects/{project}/files"),
        ] {
            let answer = world.get(&ben, &path).await;
            assert_eq!(
                answer.refused(),
                (404, codes(&["item.not_found"])),
                "{path}"
            );
        }
    }
    let page = world.get(&ben, &format!("/runs/{run}")).await.ok();
    assert_eq!(
        page["related"],
        json!([]),
        "its projects are not even named"
    );
}

#[tokio::test]
async fn a_shared_project_lets_one_read_the_runs_it_came_from() {
    let world = World::new().await;
    let (core, ids) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    world
        .lend(&core, &[&ids[2]], (&anna, "anna@lab.example"), "write")
        .await;
    assert_eq!(levels(&world, &anna, &ids).await, ["read", "none", "write"]);
    let body = json!({ "files": [{ "path": "more.bam", "bytes": 7 }] });
    let path = format!("/projects/{}/files", ids[2]);
    world.post(&anna, &path, body).await.ok();
}

#[tokio::test]
async fn a_collaborator_never_shares_links_or_transfers() {
    let world = World::new().await;
    let (core, [run, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    world
        .lend(&core, &[&first], (&anna, "anna@lab.example"), "write")
        .await;
    let forbidden = (403, codes(&["item.forbidden"]));
    let nothing = (404, codes(&["item.not_found"]));
    let context = format!("/projects/{first}/collaborators/{}", anna.id);
    for (person, expected) in [(&anna, &forbidden), (&ben, &nothing)] {
        let share = share(&[&first], "cleo@lab.example", "read");
        for (path, body) in [
            ("/shares".to_owned(), share),
            (
                "/transfers".to_owned(),
                offer(&[&first], "cleo@lab.example"),
            ),
            (format!("/projects/{first}/links"), json!({})),
        ] {
            assert_eq!(
                &world.post(person, &path, body).await.refused(),
                expected,
                "{path}"
            );
        }
        for path in [
            format!("/projects/{first}/collaborators"),
            format!("/projects/{first}/links"),
        ] {
            assert_eq!(
                &world.get(person, &path).await.refused(),
                expected,
                "{path}"
            );
        }
        let change = world
            .patch(person, &context, json!({ "level": "read" }))
            .await;
        assert_eq!(&change.refused(), expected);
        assert_eq!(&world.delete(person, &context).await.refused(), expected);
    }
    let wrong = world
        .get(&core, &format!("/projects/{run}/collaborators"))
        .await;
    assert_eq!(wrong.refused(), nothing, "a run among the projects");
}

#[tokio::test]
async fn a_run_is_shared_for_reading_only_and_nobody_shares_ownership() {
    let world = World::new().await;
    let (core, [run, first, _]) = core(&world).await;
    let invalid = (422, codes(&["request.invalid"]));
    for body in [
        share(&[&run], "anna@lab.example", "write"),
        share(&[&first], "anna@lab.example", "own"),
        share(&[], "anna@lab.example", "read"),
        json!({ "items": [first], "recipient": "anna@lab.example", "until": "2026-11-01T00:00:00Z" }),
    ] {
        let answer = world.post(&core, "/shares", body.clone()).await;
        assert_eq!(answer.refused(), invalid, "{body}");
    }
    let answer = world
        .post(
            &core,
            &format!("/runs/{run}/links"),
            json!({ "level": "write" }),
        )
        .await;
    assert_eq!(answer.refused(), invalid);
    for body in [
        json!({ "max_acceptances": 0 }),
        json!({ "expires_at": "2026-11-01T00:00:00Z" }),
    ] {
        let answer = world
            .post(&core, &format!("/projects/{first}/links"), body)
            .await;
        assert_eq!(answer.refused(), invalid);
    }
}

#[tokio::test]
async fn a_preview_says_what_is_shared_and_what_is_not() {
    let world = World::new().await;
    let (core, [run, first, _]) = core(&world).await;
    let mut ask = json!({ "items": [run], "recipient": "anna@lab.example" });
    let preview = world.post(&core, "/shares/preview", ask.clone()).await.ok();
    assert_eq!(preview["possible"], true);
    assert_eq!(preview["shares"].as_array().unwrap().len(), 1);
    assert_eq!(
        preview["apart"].as_array().unwrap().len(),
        2,
        "its projects"
    );
    let after = &preview["access"][1];
    assert_eq!(
        (text(&after["who"]), text(&after["after"])),
        ("anna@lab.example".to_owned(), "read".to_owned())
    );
    ask["associated_projects"] = json!(true);
    let preview = world.post(&core, "/shares/preview", ask).await.ok();
    assert_eq!(preview["shares"].as_array().unwrap().len(), 3);
    assert_eq!(preview["apart"], json!([]));
    let ask = json!({ "items": [first], "level": "write" });
    let preview = world.post(&core, "/shares/preview", ask).await.ok();
    assert_eq!(
        preview["along"].as_array().unwrap().len(),
        1,
        "the run it came from"
    );
    assert_eq!(
        preview["access"].as_array().unwrap().len(),
        1,
        "nobody is named"
    );
}

#[tokio::test]
async fn collaborators_are_listed_changed_and_revoked_at_once() {
    let world = World::new().await;
    let (core, [_, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    world
        .lend(&core, &[&first], (&anna, "anna@lab.example"), "read")
        .await;
    world
        .share(&core, &[&first], "ben@lab.example", "write")
        .await;
    let list = format!("/projects/{first}/collaborators");
    let all = world.get(&core, &list).await.ok();
    let one = &all["collaborators"][0];
    assert_eq!(one["context"], anna.id.as_str());
    assert_eq!(one["level"], "read");
    assert_eq!(one["accepted_by_name"], "anna");
    assert_eq!(one["accepted_by_address"], "anna@lab.example");
    assert!(one["until"].is_null() && text(&one["origin"]).starts_with("inv_"));
    assert_eq!(all["pending"][0]["recipient"], "ben@lab.example");
    assert_eq!(all["pending"][0]["level"], "write");

    let hers = format!("{list}/{}", anna.id);
    let changed = world
        .patch(&core, &hers, json!({ "level": "write" }))
        .await
        .ok();
    assert_eq!(changed["already"], false);
    assert_eq!(level(&world, &anna, &first).await, "write");
    let same = world
        .patch(&core, &hers, json!({ "level": "write" }))
        .await
        .ok();
    assert_eq!(same["already"], true);
    let end = json!({ "until": "2026-11-24T10:00:00Z" });
    world.patch(&core, &hers, end).await.ok();
    world.clock.advance(DAY);
    assert_eq!(level(&world, &anna, &first).await, "write");
    world.clock.advance(DAY);
    assert_eq!(level(&world, &anna, &first).await, "none", "it has ended");
    let late = world
        .patch(&core, &hers, json!({ "until": "revoked" }))
        .await;
    assert_eq!(late.refused(), (404, codes(&["access.not_found"])));

    world
        .lend(&core, &[&first], (&anna, "anna@lab.example"), "read")
        .await;
    assert_eq!(level(&world, &anna, &first).await, "read");
    let key = [("idempotency-key", "once")];
    for already in [false, false] {
        let request = World::request("DELETE", &hers, Some(&core), &key, None);
        let revoked = world.send(request).await.ok();
        assert_eq!(
            revoked["already"], already,
            "the same answer for the same command"
        );
    }
    assert_eq!(
        level(&world, &anna, &first).await,
        "none",
        "on the very next request"
    );
    let revoked = |letter: &Letter| matches!(letter.says, Kind::AccessRevoked { .. });
    let letters: Vec<Letter> = world.letters().into_iter().filter(revoked).collect();
    assert_eq!(letters.len(), 1, "told once");
    assert_eq!(letters[0].to.to_string(), "anna@lab.example");
    let again = world.delete(&core, &hers).await;
    assert_eq!(again.refused(), (404, codes(&["access.not_found"])));
    let page = world.get(&core, &format!("/projects/{first}")).await.ok();
    let history: Vec<String> = page["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| text(&event["what"]["what"]))
        .filter(|what| what.starts_with("access"))
        .collect();
    assert_eq!(
        history,
        [
            "access-granted",
            "access-changed",
            "access-changed",
            "access-granted",
            "access-revoked"
        ],
    );

    // She is told what was done to her access, and not how much has happened to the item besides.
    for (person, numbered) in [(&anna, false), (&core, true)] {
        let audit = world.get(person, "/audit?context=personal").await.ok();
        let revoked = audit["items"].as_array().unwrap().iter();
        let revoked = { revoked }.find(|entry| entry["what"]["what"] == "access-revoked");
        let revoked = revoked.unwrap();
        assert_eq!(revoked["about"][0], first.as_str());
        assert_eq!(revoked["number"].is_number(), numbered, "{revoked}");
    }
}

#[tokio::test]
async fn a_collaborator_leaves_and_a_workgroup_leaves_by_its_administrators() {
    let world = World::new().await;
    let (core, [_, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let people = [
        ("anna@lab.example", Role::Owner),
        ("ben@lab.example", Role::Member),
    ];
    world.workgroup("pool", &people).await;
    let id = world
        .share(&core, &[&first], "workgroup:pool", "write")
        .await;
    let path = format!("/invitations/{id}/accept");
    assert_eq!(
        world.post(&ben, &path, json!({})).await.refused(),
        (404, codes(&["invitation.not_found"]))
    );
    world.post(&anna, &path, json!({})).await.ok();
    assert_eq!(
        level(&world, &ben, &first).await,
        "write",
        "every member has it"
    );
    let shared = world.get(&ben, "/shared-with-me").await.ok();
    assert_eq!(names(&shared), ["Genomes"]);
    let leave = format!("/projects/{first}/leave");
    let body = json!({ "context": "pool" });
    let member = world.post(&ben, &leave, body.clone()).await;
    assert_eq!(member.refused(), (403, codes(&["workgroup.forbidden"])));
    let personal = world.post(&ben, &leave, json!({})).await;
    assert_eq!(personal.refused(), (404, codes(&["access.not_found"])));
    world.post(&anna, &leave, body).await.ok();
    assert_eq!(level(&world, &anna, &first).await, "none");
    assert_eq!(level(&world, &ben, &first).await, "none");
}

#[tokio::test]
async fn what_is_shared_with_me_is_alive_and_not_in_the_trash() {
    let world = World::new().await;
    let (core, [run, first, second]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let all = [run.as_str(), &first, &second];
    world
        .lend(&core, &all, (&anna, "anna@lab.example"), "read")
        .await;
    let mut seen = Vec::new();
    let mut path = "/shared-with-me?limit=1".to_owned();
    loop {
        let page = world.get(&anna, &path).await.ok();
        seen.extend(names(&page));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/shared-with-me?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    // What was registered at one moment stands in any order.
    seen.sort();
    assert_eq!(seen, ["Exomes", "Genomes", "R1"]);
    world.trash(&second).await;
    world
        .delete(&core, &format!("/runs/{run}/collaborators/{}", anna.id))
        .await
        .ok();
    let page = world
        .get(&anna, "/shared-with-me?context=personal")
        .await
        .ok();
    assert_eq!(names(&page), ["Genomes"]);
    let other = world.get(&anna, "/shared-with-me?context=nowhere").await;
    assert_eq!(other.refused(), (403, codes(&["recipient.not_a_member"])));
}

#[tokio::test]
async fn shares_stay_when_the_owner_changes_and_what_was_pending_is_refused() {
    let world = World::new().await;
    let (core, [_, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let cleo = world.person("cleo@lab.example").await;
    world
        .lend(&core, &[&first], (&anna, "anna@lab.example"), "write")
        .await;
    let (link, token) = world.link(&core, &first, json!({})).await;
    let pending = world
        .share(&core, &[&first], "ben@lab.example", "read")
        .await;
    let transfer = world.offer(&core, &[&first], "cleo@lab.example").await;
    world
        .post(&cleo, &format!("/transfers/{transfer}/accept"), json!({}))
        .await
        .ok();
    assert_eq!(level(&world, &anna, &first).await, "write");
    assert_eq!(level(&world, &core, &first).await, "none");
    let late = world
        .post(&ben, &format!("/invitations/{pending}/accept"), json!({}))
        .await;
    assert_eq!(late.refused(), (403, codes(&["item.forbidden"])));
    world.accept_link(&ben, &token, "personal").await.ok();
    let links = world
        .get(&cleo, &format!("/projects/{first}/links"))
        .await
        .ok();
    assert_eq!(
        links["items"][0]["accepted"], 1,
        "the link is its new owner's"
    );
    let theirs = world.delete(&core, &format!("/links/{link}")).await;
    assert_eq!(theirs.refused(), (404, codes(&["link.not_found"])));
    world
        .delete(
            &cleo,
            &format!("/projects/{first}/collaborators/{}", anna.id),
        )
        .await
        .ok();
    assert_eq!(level(&world, &anna, &first).await, "none");
}

#[tokio::test]
async fn a_preview_says_that_an_access_ends_in_owning() {
    let world = World::new().await;
    let (core, [_, first, second]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let people = [("anna@lab.example", Role::Owner)];
    world.workgroup("lab", &people).await;
    let preview = async |items: &[&str]| {
        let ask = json!({ "items": items, "recipient": "workgroup:lab" });
        let preview = world.post(&core, "/transfers/preview", ask).await.ok();
        let rows = preview["access"].as_array().unwrap().clone();
        let row = |row: &Value| ["who", "before", "after"].map(|key| text(&row[key]));
        rows.iter().skip(1).map(row).collect::<Vec<_>>()
    };
    let row = |who: &str, before: &str, after: &str| [who, before, after].map(str::to_owned);
    let id = world.share(&core, &[&first], "workgroup:lab", "read").await;
    let accept = format!("/invitations/{id}/accept");
    world.post(&anna, &accept, json!({})).await.ok();
    // Everything that is offered was theirs to read: they had something, and own it then.
    assert_eq!(preview(&[&first]).await, [row("lab", "read", "own")]);
    // A part of it was: they come by the rest.
    let both = preview(&[&first, &second]).await;
    let part = row("lab (1 of 2 items)", "read", "own");
    assert_eq!(both, [row("workgroup:lab", "none", "own"), part]);
    // A link let them write besides; it goes on to stand for others.
    let (_, token) = world.link(&core, &first, json!({ "level": "write" })).await;
    world.accept_link(&anna, &token, "lab").await.ok();
    let rows = preview(&[&first]).await;
    assert_eq!(rows[0], row("lab", "write", "own"));
    assert_eq!((rows.len(), rows[1][2].as_str()), (2, "write"), "the link");
    let transfer = world.offer(&core, &[&first], "workgroup:lab").await;
    let accept = format!("/transfers/{transfer}/accept");
    world.post(&anna, &accept, json!({})).await.ok();
    let collaborators = format!("/projects/{first}/collaborators");
    let left = world.get(&anna, &collaborators).await.ok();
    assert_eq!(left["collaborators"], json!([]), "{left}");
}

#[tokio::test]
async fn a_share_counts_for_nobodys_storage_however_full() {
    let world = World::new().await;
    let (core, [run, ..]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    world.project(&anna, "personal", "Full", 2 << 40).await;
    world
        .lend(&core, &[&run], (&anna, "anna@lab.example"), "read")
        .await;
    let mine = world.get(&anna, "/contexts").await.ok();
    assert_eq!(mine["items"][0]["usage"], 2_u64 << 40);
    // Whoever is over the cap shares nothing.
    let own = world.get(&anna, "/projects").await.ok();
    let own = text(&own["items"][0]["id"]);
    let over = (409, codes(&["sender.over_quota"]));
    let shared = world
        .post(&anna, "/shares", share(&[&own], "ben@lab.example", "read"))
        .await;
    assert_eq!(shared.refused(), over);
    let linked = world
        .post(&anna, &format!("/projects/{own}/links"), json!({}))
        .await;
    assert_eq!(linked.refused(), over);
}

#[tokio::test]
async fn collaborators_are_listed_page_by_page_to_the_last() {
    let world = World::new().await;
    let (core, [_, first, _]) = core(&world).await;
    world
        .share(&core, &[&first], "zoe@lab.example", "read")
        .await;
    let mut people = Vec::new();
    for n in 1..=5 {
        let person = handover::domain::id::AccountId::from_bits(n).to_string();
        world.grant(&first, &person, "read", None).await;
        people.push(person);
    }
    let list = format!("/projects/{first}/collaborators");
    let (mut at, mut found, mut waiting) = (format!("{list}?limit=2"), Vec::new(), Vec::new());
    for pages in 1.. {
        let page = world.get(&core, &at).await.ok();
        let all = page["collaborators"].as_array().unwrap();
        assert!(all.len() <= 2, "{page}");
        found.extend(all.iter().map(|one| text(&one["context"])));
        waiting.push(page["pending"].as_array().unwrap().len());
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(pages, 3);
            break;
        };
        at = format!("{list}?limit=2&cursor={next}");
    }
    assert_eq!(found, people);
    assert_eq!(waiting, [1, 0, 0], "who is invited is told once");
    let no = world.get(&core, &format!("{list}?cursor=x")).await;
    assert_eq!(no.refused(), (422, codes(&["request.invalid"])));
}

#[tokio::test]
async fn nothing_is_accepted_from_whoever_went_over_their_cap_since_they_shared_it() {
    let world = World::new().await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let small = world.project(&anna, "personal", "Small", 1).await;
    let invitation = world
        .share(&anna, &[&small], "ben@lab.example", "read")
        .await;
    let (_, token) = world.link(&anna, &small, json!({})).await;
    world.project(&anna, "personal", "Full", 2 << 40).await;
    let path = format!("/invitations/{invitation}/accept");
    let invited = world.post(&ben, &path, json!({})).await;
    let by_link = world.accept_link(&ben, &token, "personal").await;
    for answer in [invited, by_link] {
        let told = answer.json().to_string();
        assert!(!told.contains("TiB"), "how full she is, is told: {told}");
        assert_eq!(answer.refused(), (409, codes(&["sender.over_quota"])));
    }
    assert_eq!(level(&world, &ben, &small).await, "none");
}

// ---- links ----

#[tokio::test]
async fn a_link_is_opened_by_anybody_and_accepted_into_a_context() {
    let world = World::new().await;
    let (core, [_, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    world
        .workgroup("pool", &[("anna@lab.example", Role::Owner)])
        .await;
    let (link, token) = world.link(&core, &first, json!({ "level": "write" })).await;
    let open = format!("/links/by-token/{token}");
    let seen = world.get(&anna, &open).await.ok();
    assert_eq!(seen["item"]["name"], "Genomes");
    assert_eq!(seen["maker_address"], "core@facility.example");
    assert_eq!(
        (seen["level"].clone(), seen["blocks"].clone()),
        (json!("write"), json!([]))
    );
    assert_eq!(seen["choices"].as_array().unwrap().len(), 2);
    assert_eq!(
        level(&world, &anna, &first).await,
        "none",
        "looking changes nothing"
    );
    let stranger = World::request("GET", &open, None, &[], None);
    assert_eq!(
        world.send(stranger).await.refused(),
        (401, codes(&["person.not_signed_in"]))
    );
    let wrong = world.get(&anna, "/links/by-token/AAAA").await;
    assert_eq!(wrong.refused(), (404, codes(&["link.not_found"])));

    let first_time = world.accept_link(&anna, &token, "pool").await.ok();
    assert_eq!(first_time["already"], false);
    let second_time = world.accept_link(&anna, &token, "pool").await.ok();
    assert_eq!(second_time["already"], true);
    let elsewhere = world.accept_link(&anna, &token, "personal").await.ok();
    assert_eq!(elsewhere["already"], false);
    let own = world.accept_link(&core, &token, "personal").await;
    assert_eq!(
        own.refused(),
        (422, codes(&["request.invalid"])),
        "it is theirs"
    );
    let links = world
        .get(&core, &format!("/projects/{first}/links"))
        .await
        .ok();
    assert_eq!(
        (
            links["items"][0]["id"].clone(),
            links["items"][0]["accepted"].clone()
        ),
        (json!(link), json!(2))
    );
    assert_eq!(level(&world, &anna, &first).await, "write");
    let pool = world
        .get(&core, &format!("/projects/{first}/collaborators"))
        .await
        .ok();
    assert_eq!(pool["collaborators"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_closed_link_gives_nothing_and_takes_nothing_back() {
    let world = World::new().await;
    let (core, [_, first, second]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    let closed = (409, codes(&["link.closed"]));

    let (link, token) = world.link(&core, &first, json!({})).await;
    world.accept_link(&anna, &token, "personal").await.ok();
    let answer = world.delete(&core, &format!("/links/{link}")).await.ok();
    assert_eq!(
        (answer["already"].clone(), answer["link"]["state"].clone()),
        (json!(false), json!("deactivated"))
    );
    let answer = world.delete(&core, &format!("/links/{link}")).await.ok();
    assert_eq!(answer["already"], true);
    assert_eq!(
        world.accept_link(&ben, &token, "personal").await.refused(),
        closed
    );
    let open = world.get(&ben, &format!("/links/by-token/{token}")).await;
    assert_eq!(open.refused(), closed, "and it tells nothing");
    assert_eq!(
        level(&world, &anna, &first).await,
        "read",
        "who accepted keeps access"
    );
    let (_, other) = world.link(&core, &first, json!({})).await;
    assert_ne!(other, token, "a new link has a new address");

    let (_, once) = world
        .link(&core, &second, json!({ "max_acceptances": 1 }))
        .await;
    world.accept_link(&anna, &once, "personal").await.ok();
    assert_eq!(
        world.accept_link(&ben, &once, "personal").await.refused(),
        closed
    );
    assert_eq!(
        world.accept_link(&anna, &once, "personal").await.ok()["already"],
        true
    );

    let (_, short) = world
        .link(
            &core,
            &second,
            json!({ "expires_at": "2026-11-23T10:00:00Z" }),
        )
        .await;
    world.clock.advance(DAY);
    assert_eq!(
        world.accept_link(&ben, &short, "personal").await.refused(),
        closed
    );
    let states = world
        .get(&core, &format!("/projects/{second}/links"))
        .await
        .ok();
    let mut states: Vec<String> = states["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| text(&l["state"]))
        .collect();
    states.sort();
    assert_eq!(states, ["expired", "used-up"]);

    // Whoever came by a link that is still open could come again: that is said.
    let (_, open) = world.link(&core, &first, json!({ "level": "write" })).await;
    world.accept_link(&ben, &open, "personal").await.ok();
    let revoked = world
        .delete(
            &core,
            &format!("/projects/{first}/collaborators/{}", ben.id),
        )
        .await
        .ok();
    assert_eq!(revoked["warnings"][0]["code"], "item.shared");
}

// ---- the walls ----

async fn walled() -> World {
    let private = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec!["admin@uni.example".parse().unwrap()],
    };
    let policy = Policy {
        domains: BTreeMap::from([("uni".to_owned(), private)]),
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
}

#[tokio::test]
async fn domain_walls_hold_for_shares_and_links() {
    let world = walled().await;
    let core = world.person("core@facility.example").await;
    let dora = world.person("dora@uni.example").await;
    let public = world.project(&core, "personal", "Public", 1).await;
    let both = [
        ("dora@uni.example", Role::Owner),
        ("core@facility.example", Role::Member),
    ];
    world.workgroup_in("bridge", &both, "uni", true, None).await;
    world
        .workgroup_in(
            "inner",
            &[("dora@uni.example", Role::Owner)],
            "uni",
            false,
            None,
        )
        .await;
    let (_, token) = world.link(&core, &public, json!({})).await;
    let wall = (409, codes(&["domain.not_collaborative"]));
    for (context, expected) in [
        ("personal", Some(&wall)),
        ("inner", Some(&wall)),
        ("bridge", None),
    ] {
        let answer = world.accept_link(&dora, &token, context).await;
        match expected {
            Some(wall) => assert_eq!(&answer.refused(), wall, "{context}"),
            None => assert_eq!(answer.ok()["already"], false),
        }
    }
    // Data of the domain go to its own workgroups only.
    let private = world.project(&dora, "inner", "Private", 1).await;
    let no_way_out = (409, codes(&["domain.no_way_out"]));
    let ask = share(&[&private], "anna@lab.example", "read");
    assert_eq!(
        world.post(&dora, "/shares", ask).await.refused(),
        no_way_out
    );
    let (_, token) = world.link(&dora, &private, json!({})).await;
    assert_eq!(
        world.accept_link(&core, &token, "personal").await.refused(),
        no_way_out
    );
    world.accept_link(&core, &token, "bridge").await.ok();
    assert_eq!(level(&world, &core, &private).await, "read");
}

#[tokio::test]
async fn the_way_in_is_a_collaborative_workgroup_and_there_is_no_way_out() {
    let world = walled().await;
    let core = world.person("core@facility.example").await;
    let dora = world.person("dora@uni.example").await;
    world.person("tess@lab.example").await;
    let both = [
        ("dora@uni.example", Role::Owner),
        ("core@facility.example", Role::Member),
    ];
    let bridge = world.workgroup_in("bridge", &both, "uni", true, None).await;
    let own = [("dora@uni.example", Role::Owner)];
    let inner = world.workgroup_in("inner", &own, "uni", false, None).await;
    let leaves = world.project(&core, "personal", "Beech leaves", 1).await;
    let past = offer(&[&leaves], "workgroup:inner");
    let past = world.post(&core, "/transfers", past).await;
    assert_eq!(past.refused(), (409, codes(&["domain.not_collaborative"])));
    for (person, to, owner) in [
        (&core, "workgroup:bridge", &bridge),
        (&dora, "workgroup:inner", &inner),
    ] {
        let id = world.offer(person, &[&leaves], to).await;
        let path = format!("/transfers/{id}/accept");
        let done = world.post(&dora, &path, json!({})).await.ok();
        assert_eq!(done["transfer"]["accepted_into"], owner.as_str());
    }
    let no_way_out = (409, codes(&["domain.no_way_out"]));
    let answer = world
        .post(&dora, "/transfers", offer(&[&leaves], "tess@lab.example"))
        .await;
    assert_eq!(answer.refused(), no_way_out);
    let ask = share(&[&leaves], "tess@lab.example", "read");
    let answer = world.post(&dora, "/shares", ask).await;
    assert_eq!(answer.refused(), no_way_out);
    // Whoever belongs to a workgroup of the domain takes it there and nowhere else.
    let id = world
        .share(&dora, &[&leaves], "core@facility.example", "read")
        .await;
    let path = format!("/invitations/{id}/accept");
    let personal = json!({ "context": "personal" });
    let answer = world.post(&core, &path, personal).await;
    assert_eq!(answer.refused(), no_way_out);
    let inside = json!({ "context": "bridge" });
    world.post(&core, &path, inside).await.ok();
    assert_eq!(level(&world, &core, &leaves).await, "read");
}

// ---- invitations of every kind ----

#[tokio::test]
async fn invitations_of_every_kind_are_listed_answered_and_taken_back_in_one_place() {
    let policy = Policy {
        creators: Creators::Anyone,
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let (core, [run, first, _]) = core(&world).await;
    let anna = world.person("anna@lab.example").await;
    let ask = json!({ "handle": "pool", "name": "The pool" });
    world.post(&core, "/workgroups", ask).await.ok();
    let share = world
        .share(&core, &[&first], "anna@lab.example", "write")
        .await;
    let transfer = world.offer(&core, &[&run], "anna@lab.example").await;
    let membership = invite(&world, &core, "pool", "anna@lab.example").await;
    assert!(
        share.starts_with("inv_") && transfer.starts_with("tr_") && membership.starts_with("inv_")
    );

    let ids = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| text(&one["id"]))
            .collect()
    };
    for (query, expected) in [
        ("role=received", vec![&membership, &transfer, &share]),
        ("role=received&kind=share", vec![&share]),
        (
            "role=received&kind=membership&state=pending",
            vec![&membership],
        ),
        ("role=received&kind=transfer", vec![&transfer]),
        ("role=received&state=accepted", vec![]),
    ] {
        let page = world
            .get(&anna, &format!("/invitations?{query}"))
            .await
            .ok();
        let mut found = ids(&page);
        let mut expected: Vec<String> = expected.into_iter().cloned().collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{query}");
    }
    let sent = world
        .get(&core, "/invitations?role=sent&context=pool")
        .await
        .ok();
    assert_eq!(ids(&sent), [membership.as_str()]);
    let only = world.get(&anna, "/transfers?role=received").await.ok();
    assert_eq!(ids(&only), [transfer.as_str()], "transfers alone");
    assert_eq!(
        world
            .get(&anna, &format!("/transfers/{share}"))
            .await
            .refused()
            .0,
        404
    );
    let odd = world
        .get(&anna, "/invitations?role=received&kind=gift")
        .await;
    assert_eq!(odd.refused(), (422, codes(&["request.invalid"])));

    let page = world
        .get(&anna, &format!("/invitations/{share}"))
        .await
        .ok();
    assert_eq!(page["choices"].as_array().unwrap().len(), 1);
    assert_eq!(page["invitation"]["kind"], "share");
    let page = world
        .get(&anna, &format!("/invitations/{membership}"))
        .await
        .ok();
    assert_eq!(page["choices"], json!([]), "no context is chosen");
    assert_eq!(page["invitation"]["role"], "member");
    let joined = world
        .post(
            &anna,
            &format!("/invitations/{membership}/accept"),
            json!({}),
        )
        .await
        .ok();
    assert_eq!(joined["invitation"]["state"], "accepted");
    assert_eq!(
        world.get(&anna, "/contexts").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let late = world
        .post(
            &core,
            &format!("/invitations/{share}/extend"),
            json!({ "expires_in_days": 30 }),
        )
        .await;
    assert_eq!(
        late.ok()["invitation"]["expires_at"],
        "2026-12-22T10:00:00.000Z"
    );
    let soon = world
        .post(&core, &format!("/invitations/{share}/resend"), json!({}))
        .await;
    assert_eq!(soon.refused(), (409, codes(&["transfer.resend_too_soon"])));
    let reason = json!({ "reason": "Wrong lab." });
    let declined = world
        .post(&anna, &format!("/invitations/{share}/decline"), reason)
        .await
        .ok();
    assert_eq!(declined["invitation"]["reason"], "Wrong lab.");
    let late = world
        .post(&core, &format!("/invitations/{share}/cancel"), json!({}))
        .await;
    assert_eq!(late.refused(), (409, codes(&["invitation.declined"])));
    let other = world
        .share(&core, &[&first], "anna@lab.example", "read")
        .await;
    world
        .post(&core, &format!("/invitations/{other}/cancel"), json!({}))
        .await
        .ok();
    let gone = world
        .post(&anna, &format!("/invitations/{other}/accept"), json!({}))
        .await;
    assert_eq!(gone.refused(), (409, codes(&["invitation.cancelled"])));
}

#[tokio::test]
async fn a_link_does_not_let_its_maker_back_in() {
    let policy = Policy {
        creators: Creators::Anyone,
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let tess = world.person("tess@lab.example").await;
    world
        .post(&core, "/workgroups", json!({ "handle": "pool" }))
        .await
        .ok();
    let id = invite(&world, &core, "pool", "anna@lab.example").await;
    let accept = format!("/invitations/{id}/accept");
    world.post(&anna, &accept, json!({})).await.ok();
    let project = world.project(&core, "pool", "WGS", 1).await;
    let links = format!("/projects/{project}/links");
    let link = world
        .post(&anna, &links, json!({ "level": "write" }))
        .await
        .ok();
    let token = text(&link["url"]).rsplit('/').next().unwrap().to_owned();
    let member = format!("/workgroups/pool/members/{}", anna.id);
    world.delete(&core, &member).await.ok();
    let accept = format!("/links/by-token/{token}/accept");
    let answer = world.post(&anna, &accept, json!({})).await;
    assert_eq!(answer.refused(), (409, codes(&["link.closed"])));
    // Whoever offers the project sees that it stays open.
    let preview = world
        .post(&core, "/transfers/preview", offer(&[&project], ""))
        .await;
    let access = preview.ok()["access"].to_string();
    assert!(access.contains(&text(&link["id"])), "{access}");
    // For whom it was made it is as good as before, until it is deactivated; then it tells nothing.
    world.post(&tess, &accept, json!({})).await.ok();
    let gone = format!("/links/{}", text(&link["id"]));
    world.delete(&core, &gone).await.ok();
    let open = format!("/links/by-token/{token}");
    let answer = world.get(&anna, &open).await;
    assert_eq!(answer.refused(), (409, codes(&["link.closed"])));
    assert!(!answer.text.contains("WGS"), "{}", answer.text);
}

#[tokio::test]
async fn a_collaborator_does_not_fill_the_owner_beyond_the_cap() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    world
        .lend(&core, &[&project], (&anna, "anna@lab.example"), "write")
        .await;
    let files = |bytes: u64| json!({ "files": [{ "path": "big.bam", "bytes": bytes }] });
    let path = format!("/projects/{project}/files");
    world.post(&anna, &path, files(1 << 30)).await.ok();
    let answer = world.post(&anna, &path, files(1 << 41)).await;
    assert_eq!(answer.refused(), (409, codes(&["target.over_quota"])));
    world.post(&core, &path, files(1 << 41)).await.ok();
}

#[tokio::test]
async fn an_invitation_to_what_has_ended_meanwhile_is_not_accepted() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let mut ask = share(&[&project], "anna@lab.example", "read");
    ask["until"] = json!("2026-11-23T00:00:00Z");
    let asked = world.post(&core, "/shares", ask).await.ok();
    world.clock.advance(3 * DAY);
    let accept = format!("/invitations/{}/accept", text(&asked["invitation"]["id"]));
    let answer = world.post(&anna, &accept, json!({})).await;
    assert_eq!(answer.refused(), (409, codes(&["invitation.expired"])));
}

/// Invites somebody into a workgroup, as its owner.
async fn invite(world: &World, by: &Person, workgroup: &str, to: &str) -> String {
    let path = format!("/workgroups/{workgroup}/invitations");
    let ask = json!({ "addresses": [to] });
    let told = world.post(by, &path, ask).await.ok();
    text(&told["items"][0]["invitation"]["id"])
}
