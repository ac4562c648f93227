//! Who may see what, and do what with it: the access matrix, row by row.

use std::collections::BTreeMap;

use handover::domain::policy::{Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, offer, rates, run};

const NOT_FOUND: u16 = 404;
const FORBIDDEN: u16 = 403;

/// A run with its projects "Genomes" and "Exomes", registered by the core.
struct Site {
    world: World,
    core: Person,
    run: String,
    genomes: String,
    exomes: String,
}

async fn site() -> Site {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let mut small = run("R1");
    small["bytes"] = json!(1_000);
    let registered = world.post(&core, "/runs", small).await.ok();
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let site = Site {
        run: id(&registered["run"]),
        genomes: id(&registered["projects"][0]),
        exomes: id(&registered["projects"][1]),
        core,
        world,
    };
    site.add(&site.core, &site.genomes).await.unwrap();
    site
}

impl Site {
    /// What this person may do with the item: a level, or the status of the refusal.
    async fn may(&self, person: &Person, item: &str) -> Result<String, u16> {
        let path = self.path(item);
        let answer = self.world.get(person, &path).await;
        let right = self.world.get(person, &format!("{path}/right")).await;
        assert_eq!(right.status, answer.status, "{path}");
        let (shown, right) = (answer.json(), right.json());
        if answer.status.is_success() {
            assert_eq!(right["level"], shown["level"], "{path}");
            assert_eq!(right["why"], shown["why"], "{path}");
            Ok(shown["level"].as_str().unwrap().to_owned())
        } else {
            assert_eq!(right["detail"], shown["detail"], "{path}");
            Err(answer.status.as_u16())
        }
    }

    fn path(&self, item: &str) -> String {
        match item.starts_with("run_") {
            true => format!("/runs/{item}"),
            false => format!("/projects/{item}"),
        }
    }

    async fn add(&self, person: &Person, project: &str) -> Result<Value, u16> {
        let body = json!({ "files": [{ "path": "a.fastq.gz", "bytes": 10 }] });
        let path = format!("/projects/{project}/files");
        let answer = self.world.post(person, &path, body).await;
        match answer.status.is_success() {
            true => Ok(answer.json()),
            false => Err(answer.status.as_u16()),
        }
    }
}

fn ids(items: &Value) -> Vec<&str> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_shared_project_is_read_with_what_is_in_it_and_the_runs_it_came_from() {
    let site = site().await;
    let anna = site.world.person("anna@lab.example").await;
    assert_eq!(site.may(&anna, &site.genomes).await, Err(NOT_FOUND));
    site.world
        .grant(&site.genomes, &anna.id, "read", None)
        .await;

    let shown = site.world.get(&anna, &site.path(&site.genomes)).await.ok();
    assert_eq!(shown["level"], "read");
    assert_eq!(shown["why"][0]["why"], "grant");
    assert_eq!(shown["why"][0]["context"], anna.id.as_str());
    assert_eq!(ids(&shown["related"]), [site.run.as_str()]);
    assert_eq!(shown["biosamples"][0]["name"], "S1");
    let files = format!("/projects/{}/files", site.genomes);
    assert_eq!(
        site.world.get(&anna, &files).await.ok()["items"][0]["path"],
        "a.fastq.gz"
    );

    let shown = site.world.get(&anna, &site.path(&site.run)).await.ok();
    assert_eq!(shown["level"], "read");
    assert_eq!(shown["why"][0]["why"], "through-project");
    assert_eq!(shown["why"][0]["project"], site.genomes.as_str());
    assert_eq!(
        ids(&shown["related"]),
        [site.genomes.as_str()],
        "of its other project nothing"
    );
    assert_eq!(site.may(&anna, &site.exomes).await, Err(NOT_FOUND));
}

#[tokio::test]
async fn a_token_lends_no_more_than_its_scopes() {
    let site = site().await;
    let narrow = site.world.token(&site.core, &["read"]).await;
    let path = format!("{}/right", site.path(&site.genomes));
    let lent = site.world.get(&narrow, &path).await.ok();
    assert_eq!(lent["level"], "read");
    assert_eq!(lent["why"][0]["level"], "own", "why its owner may");
    assert_eq!(site.may(&site.core, &site.genomes).await, Ok("own".into()));
}

#[tokio::test]
async fn a_shared_run_is_read_alone() {
    let site = site().await;
    let anna = site.world.person("anna@lab.example").await;
    site.world.grant(&site.run, &anna.id, "read", None).await;
    let shown = site.world.get(&anna, &site.path(&site.run)).await.ok();
    assert_eq!(
        (&shown["level"], &shown["related"]),
        (&json!("read"), &json!([]))
    );
    for project in [&site.genomes, &site.exomes] {
        assert_eq!(site.may(&anna, project).await, Err(NOT_FOUND));
        let files = format!("/projects/{project}/files");
        assert_eq!(site.world.get(&anna, &files).await.refused().0, NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_the_owners_business_is_told_to_the_owners_side_only() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    world.grant(&site.genomes, &anna.id, "write", None).await;
    world.grant(&site.genomes, &ben.id, "read", None).await;
    world
        .offer(&site.core, &[&site.genomes], "new@lab.example")
        .await;
    let path = site.path(&site.genomes);
    let owner = world.get(&site.core, &path).await.ok();
    assert_eq!(owner["access"].as_array().unwrap().len(), 2);
    assert!(owner["history"].as_array().unwrap().len() >= 2);
    assert!(owner["item"]["pending_transfer"].is_string());
    let anna_sees = world.get(&anna, &path).await;
    assert!(!anna_sees.text.contains(&ben.id), "{}", anna_sees.text);
    let shown = anna_sees.ok();
    assert_eq!(shown["access"], json!([]));
    assert_eq!(shown["history"], json!([]));
    assert_eq!(shown["item"]["pending_transfer"], Value::Null);
    let who = format!("{path}/access");
    assert_eq!(world.get(&anna, &who).await.refused().0, FORBIDDEN);
}

#[tokio::test]
async fn whoever_may_only_look_changes_nothing() {
    let site = site().await;
    let anna = site.world.person("anna@lab.example").await;
    site.world
        .grant(&site.genomes, &anna.id, "read", None)
        .await;
    assert_eq!(site.add(&anna, &site.genomes).await, Err(FORBIDDEN));
    let body = json!({ "name": "align", "projects": [site.genomes] });
    let answer = site.world.post(&anna, "/analyses", body).await;
    assert_eq!(
        answer.refused(),
        (FORBIDDEN, vec!["item.forbidden".to_owned()])
    );
}

#[tokio::test]
async fn whoever_may_write_adds_and_analyses_but_never_gives_away() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let ben = world.person("ben@lab.example").await;
    world.grant(&site.genomes, &anna.id, "write", None).await;
    world.grant(&site.genomes, &ben.id, "write", None).await;
    let project = site.add(&anna, &site.genomes).await.unwrap();
    assert_eq!(
        project["owner"],
        site.core.id.as_str(),
        "it stays the owner's"
    );
    let body = json!({ "name": "align", "projects": [site.genomes] });
    let analysis = world.post(&anna, "/analyses", body).await.ok();
    let end = format!("/analyses/{}/end", analysis["id"].as_str().unwrap());
    let stranger = world.person("stranger@lab.example").await;
    world.grant(&site.genomes, &stranger.id, "read", None).await;
    assert_eq!(
        world.post(&stranger, &end, json!({})).await.refused().0,
        422
    );
    world.post(&ben, &end, json!({})).await.ok();
    world.post(&anna, &end, json!({})).await.ok();
    let answer = world
        .post(
            &anna,
            "/transfers",
            offer(&[&site.genomes], "x@lab.example"),
        )
        .await;
    assert_eq!(
        answer.refused(),
        (FORBIDDEN, vec!["item.forbidden".to_owned()])
    );
    assert_eq!(site.add(&anna, &site.exomes).await, Err(NOT_FOUND));
    world.revoke(&site.genomes, &anna.id).await;
    assert_eq!(site.add(&anna, &site.genomes).await, Err(NOT_FOUND));
}

#[tokio::test]
async fn an_analysis_names_each_project_once_and_stays_in_one_context() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let own = world.project(&anna, "personal", "Mine", 1).await;
    world.grant(&site.genomes, &anna.id, "write", None).await;
    for (projects, sentence) in [
        ([&own, &own], "is named twice"),
        (
            [&own, &site.genomes],
            "belongs to another context than the first one",
        ),
    ] {
        let body = json!({ "name": "align", "projects": projects });
        let answer = world.post(&anna, "/analyses", body).await;
        assert_eq!(answer.refused(), (422, vec!["request.invalid".to_owned()]));
        assert!(answer.text.contains(sentence), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_grant_to_a_workgroup_is_every_members_while_they_are_members() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let people = [
        ("boss@lab.example", Role::Owner),
        ("anna@lab.example", Role::Member),
    ];
    let pool = world.workgroup("pool", &people).await;
    world.grant(&site.genomes, &pool, "write", None).await;
    assert_eq!(site.may(&anna, &site.genomes).await, Ok("write".to_owned()));
    assert_eq!(site.may(&anna, &site.run).await, Ok("read".to_owned()));
    site.add(&anna, &site.genomes).await.unwrap();
    world.workgroup("pool", &people[..1]).await;
    assert_eq!(site.may(&anna, &site.genomes).await, Err(NOT_FOUND));
    assert_eq!(site.add(&anna, &site.genomes).await, Err(NOT_FOUND));
    assert_eq!(site.may(&anna, &site.run).await, Err(NOT_FOUND));
}

#[tokio::test]
async fn a_grant_ends_when_its_time_is_over_and_rests_while_the_item_is_in_the_trash() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let until = world.now().plus_ms(60_000);
    world
        .grant(&site.genomes, &anna.id, "write", Some(until))
        .await;
    world.grant(&site.exomes, &anna.id, "read", None).await;
    assert_eq!(site.may(&anna, &site.genomes).await, Ok("write".to_owned()));
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(site.may(&anna, &site.genomes).await, Err(NOT_FOUND));
    assert_eq!(site.add(&anna, &site.genomes).await, Err(NOT_FOUND));
    assert_eq!(
        site.may(&anna, &site.run).await,
        Ok("read".to_owned()),
        "through the other"
    );
    world.trash(&site.exomes).await;
    assert_eq!(site.may(&anna, &site.exomes).await, Err(NOT_FOUND));
    assert_eq!(site.may(&anna, &site.run).await, Err(NOT_FOUND));
    assert_eq!(
        site.may(&site.core, &site.exomes).await,
        Ok("own".to_owned())
    );
}

#[tokio::test]
async fn a_project_that_was_given_away_takes_no_run_along() {
    let site = site().await;
    let world = &site.world;
    let anna = world.person("anna@lab.example").await;
    let new = world.person("new@lab.example").await;
    world.grant(&site.genomes, &anna.id, "read", None).await;
    let id = world
        .offer(&site.core, &[&site.genomes], "new@lab.example")
        .await;
    world
        .post(&new, &format!("/transfers/{id}/accept"), json!({}))
        .await
        .ok();
    assert_eq!(
        site.may(&anna, &site.genomes).await,
        Ok("read".to_owned()),
        "shares stay"
    );
    assert_eq!(site.may(&anna, &site.run).await, Err(NOT_FOUND));
    assert_eq!(site.may(&new, &site.run).await, Err(NOT_FOUND));
    assert_eq!(site.may(&site.core, &site.genomes).await, Err(NOT_FOUND));
}

#[tokio::test]
async fn a_repetition_shows_nothing_that_has_changed_hands_meanwhile() {
    let site = site().await;
    let world = &site.world;
    let body = json!({ "name": "Soon gone" });
    let made = world
        .post_once(&site.core, "/projects", "k1", body.clone())
        .await
        .ok();
    let project = made["id"].as_str().unwrap();
    let new = world.person("new@lab.example").await;
    let id = world.offer(&site.core, &[project], "new@lab.example").await;
    world
        .post(&new, &format!("/transfers/{id}/accept"), json!({}))
        .await
        .ok();
    let again = world.post_once(&site.core, "/projects", "k1", body).await;
    assert_eq!(
        again.refused(),
        (NOT_FOUND, vec!["item.not_found".to_owned()])
    );
}

// ---- domains ----

async fn institute() -> World {
    let private = |suffix: &str, administrator: &str| Private {
        suffixes: vec![suffix.to_owned()],
        administrators: vec![administrator.parse().unwrap()],
    };
    let policy = Policy {
        domains: BTreeMap::from([
            ("uni".to_owned(), private("uni.example", "root@uni.example")),
            (
                "corp".to_owned(),
                private("corp.example", "root@corp.example"),
            ),
        ]),
        ..Policy::default()
    };
    World::with(policy, bounds(), rates()).await
}

#[tokio::test]
async fn a_domain_administrator_does_what_members_do() {
    let world = institute().await;
    let root = world.person("root@uni.example").await;
    let other = world.person("root@corp.example").await;
    let people = [("boss@uni.example", Role::Owner)];
    let lab = world.workgroup_in("lab", &people, "uni", false, None).await;
    let project = world.project(&root, &lab, "From above", 7).await;
    let path = format!("/projects/{project}");
    let shown = world.get(&root, &path).await.ok();
    assert_eq!(shown["level"], "own");
    assert_eq!(shown["why"][0]["why"], "domain-administrator");
    assert_eq!(shown["why"][0]["domain"], "uni");
    let body = json!({ "name": "align", "projects": [project] });
    world.post(&root, "/analyses", body.clone()).await.ok();
    let list = format!("/projects?context={lab}");
    assert_eq!(
        ids(&world.get(&root, &list).await.ok()["items"]),
        [project.as_str()]
    );
    assert_eq!(world.get(&other, &path).await.refused().0, NOT_FOUND);
    assert_eq!(world.get(&other, &list).await.refused().0, FORBIDDEN);
    assert_eq!(
        world.post(&other, "/analyses", body).await.refused().0,
        NOT_FOUND
    );
    let body = json!({ "name": "x", "context": lab });
    assert_eq!(
        world.post(&other, "/projects", body).await.refused().0,
        FORBIDDEN
    );
}

#[tokio::test]
async fn the_owner_is_told_who_can_see_an_item_and_why() {
    let world = institute().await;
    let boss = world.person("boss@uni.example").await;
    world.person("root@uni.example").await;
    let anna = world.person("anna@lab.example").await;
    let people = [
        ("boss@uni.example", Role::Owner),
        ("ben@uni.example", Role::Member),
    ];
    let lab = world.workgroup_in("lab", &people, "uni", false, None).await;
    let mut body = run("R1");
    body["context"] = json!(lab);
    let registered = world.post(&boss, "/runs", body).await.ok();
    let id = registered["run"]["id"].as_str().unwrap();
    let project = registered["projects"][0]["id"].as_str().unwrap();
    let until = world.now().plus_ms(1_000);
    world.grant(id, &anna.id, "read", Some(until)).await;
    world.grant(project, &anna.id, "write", None).await;
    let told = world.get(&boss, &format!("/runs/{id}/access")).await.ok();
    let said = |seer: &Value| {
        let word = |name: &str| seer[name].as_str().unwrap_or("-").to_owned();
        let (name, people) = (word("name"), &seer["people"]);
        let (why, level, project) = (word("why"), word("level"), word("project"));
        format!("{name} ({people}) may {level}: {why} {project}")
    };
    let all = |told: &Value| -> Vec<String> {
        told["seers"].as_array().unwrap().iter().map(said).collect()
    };
    assert_eq!(
        all(&told),
        [
            "lab (2) may own: owner -".to_owned(),
            "root@uni.example (1) may own: domain-administrator -".to_owned(),
            "anna (Personal) (1) may read: grant -".to_owned(),
            format!("anna (Personal) (1) may read: through-project {project}"),
        ]
    );
    assert_eq!(told["more"], false);
    world.clock.advance(std::time::Duration::from_secs(1));
    let told = world.get(&boss, &format!("/runs/{id}/access")).await.ok();
    assert_eq!(all(&told).len(), 3, "what is over is not told");
    world.trash(id).await;
    let told = world.get(&boss, &format!("/runs/{id}/access")).await.ok();
    assert_eq!(
        all(&told).len(),
        2,
        "what is in the trash is the owner's alone"
    );
    let wrong = format!("/projects/{id}/access");
    assert_eq!(world.get(&boss, &wrong).await.refused().0, NOT_FOUND);
}

#[tokio::test]
async fn an_administrator_is_told_what_somebody_of_the_domain_can_see() {
    let world = institute().await;
    let root = world.person("root@uni.example").await;
    let other = world.person("root@corp.example").await;
    let anna = world.person("anna@uni.example").await;
    let boss = world.person("boss@uni.example").await;
    let core = world.person("core@facility.example").await;
    let people = [
        ("boss@uni.example", Role::Owner),
        ("anna@uni.example", Role::Member),
    ];
    let lab = world.workgroup_in("lab", &people, "uni", false, None).await;
    let inside = world.project(&boss, "personal", "Inside", 1).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let outside = world.project(&core, "personal", "Outside", 1).await;
    let pooled = world.project(&core, "personal", "Pooled", 1).await;
    world.grant(&inside, &anna.id, "read", None).await;
    world.grant(&outside, &anna.id, "write", None).await;
    world.grant(&pooled, &lab, "read", None).await;
    let path = "/admin/people/anna@uni.example/access";
    let told = world.get(&root, path).await.ok();
    assert_eq!(told["account"], anna.id.as_str());
    let contexts = ids(&told["contexts"]);
    assert_eq!(contexts, [anna.id.as_str(), lab.as_str()]);
    assert_eq!(
        ids(&told["items"]),
        [inside.as_str(), outside.as_str(), pooled.as_str()]
    );
    assert_eq!(told["items"][0]["name"], "Inside");
    assert_eq!(
        told["items"][1]["name"],
        Value::Null,
        "it is none of the administrator's"
    );
    assert_eq!(told["items"][1]["reasons"][0]["level"], "write");
    assert_eq!(told["items"][2]["reasons"][0]["context"], lab.as_str());

    let mut paged: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world
            .get(&root, &format!("{path}?limit=1{cursor}"))
            .await
            .ok();
        paged.extend(ids(&page["items"]).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, [inside, outside, pooled]);

    let by_id = format!("/admin/people/{}/access", anna.id);
    assert_eq!(
        world.get(&root, &by_id).await.ok()["account"],
        anna.id.as_str()
    );
    let nobody = "/admin/people/nobody@uni.example/access";
    let core = format!("/admin/people/{}/access", core.id);
    for (person, path) in [
        (&other, path),
        (&anna, path),
        (&root, nobody),
        (&root, &*core),
    ] {
        let answer = world.get(person, path).await;
        assert_eq!(
            answer.refused(),
            (404, vec!["person.not_found".to_owned()]),
            "{path}"
        );
    }
    let neither = world.get(&root, "/admin/people/anna/access").await;
    assert_eq!(neither.refused().0, 404);
}
