//! A transfer from registration to receipt, and its other ends.

use std::time::Duration;

use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{World, offer, run};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_run_and_its_projects_change_hands() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let support = world
        .workgroup("TechSupport", &[("anna@lab.example", Role::Owner)])
        .await;

    let registered = world.post(&core, "/runs", run("261120_A00123_0042")).await;
    let place = registered.header("location").to_owned();
    let registered = registered.ok();
    let id = registered["run"]["id"].as_str().unwrap();
    assert_eq!(place, format!("/api/v1/runs/{id}"));
    let page = world.get(&core, &format!("/runs/{id}")).await.ok();
    assert_eq!(page["level"], "own");
    assert_eq!(page["related"].as_array().unwrap().len(), 2);
    assert_eq!(
        page["item"]["run"]["started_at"],
        "2026-11-20T08:00:00.000Z"
    );
    let projects = world.get(&core, "/projects").await.ok();
    let named = |name: &str| {
        let mut items = projects["items"].as_array().unwrap().iter();
        let item = items.find(|item| item["name"] == name).unwrap();
        item["id"].as_str().unwrap()
    };
    let (exomes, genomes) = (named("Exomes"), named("Genomes"));

    // The preview tells what stays, and that nobody has registered with the address yet.
    let mut ask = offer(&[id, genomes], "anna@lab.example");
    ask["keep_access"] = json!({ "level": "read" });
    ask["message"] = json!("Your run is ready.");
    let preview = world
        .post(&core, "/transfers/preview", ask.clone())
        .await
        .ok();
    assert_eq!(preview["possible"], true, "{preview}");
    assert_eq!(preview["moves"].as_array().unwrap().len(), 2);
    assert_eq!(preview["stays"][0]["what"], "project \"Exomes\"");
    assert_eq!(preview["stays"][0]["item"], exomes);
    let moved = preview["moves"].as_array().unwrap();
    let project = moved.iter().find(|item| item["id"] == genomes).unwrap();
    assert!(project["biosamples"].is_u64() && project["libraries"].is_u64());
    assert_eq!(preview["access"][0]["after"], "read");
    assert_eq!(
        preview["access"][1],
        json!({ "who": "anna@lab.example", "before": "none", "after": "own" })
    );

    let requested = world.post(&core, "/transfers", ask).await.ok();
    assert_eq!(requested["transfer"]["state"], "pending");
    let transfer = requested["transfer"]["id"].as_str().unwrap();
    let page = world
        .get(&core, &format!("/transfers/{transfer}"))
        .await
        .ok();
    assert_eq!(
        (&page["as_sender"], &page["as_recipient"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(page["letters"][0]["kind"], "offer");
    assert_eq!(page["letters"][0]["state"], "queued");

    // The recipient finds the offer, and which contexts have room for it.
    let anna = world.person("anna@lab.example").await;
    let inbox = world
        .get(&anna, "/transfers?role=received&state=pending")
        .await
        .ok();
    assert_eq!(inbox["items"][0]["id"], transfer);
    let choices = world
        .get(&anna, &format!("/transfers/{transfer}/choices"))
        .await
        .ok();
    let codes: Vec<_> = choices["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| {
            (
                choice["context"]["handle"].as_str().unwrap(),
                choice["blocks"][0]["code"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            ("personal", Some("target.over_quota")),
            ("TechSupport", None)
        ]
    );

    let path = format!("/transfers/{transfer}/accept");
    let accepted = world
        .post(&anna, &path, json!({ "context": "techsupport" }))
        .await
        .ok();
    assert_eq!(accepted["transfer"]["state"], "accepted");
    assert_eq!(accepted["transfer"]["accepted_into"], support);
    assert_eq!(accepted["already"], false);
    let again = world
        .post(&anna, &path, json!({ "context": "TechSupport" }))
        .await
        .ok();
    assert_eq!(again["already"], true);

    // Both sides see what happened; the sender looks on, the new owner owns.
    let runs = world.get(&anna, "/runs?context=TechSupport").await.ok();
    assert_eq!(runs["items"][0]["id"], id);
    let kept = world.get(&core, &format!("/runs/{id}")).await.ok();
    assert_eq!(kept["level"], "read");
    assert_eq!(kept["owner_name"], "TechSupport");
    let letters = world
        .get(&core, &format!("/transfers/{transfer}"))
        .await
        .ok();
    let kinds: Vec<_> = letters["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["offer", "accepted", "accepted"]);
    for (person, list) in [
        (&core, "/transfers?role=sent&state=accepted"),
        (&anna, "/transfers?role=received"),
        (&anna, "/transfers?role=received&context=TechSupport"),
    ] {
        let page = world.get(person, list).await.ok();
        assert_eq!(page["items"][0]["id"], transfer, "{list}");
    }
    let contexts = world.get(&anna, "/contexts").await.ok();
    assert_eq!(contexts["items"][1]["usage"], 11_000_000_000_000_u64);
}

#[tokio::test]
async fn an_offer_can_end_in_other_ways() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let anna = world.person("anna@lab.example").await;
    let project = world.project(&core, "personal", "WGS", 1_000).await;

    let first = world.offer(&core, &[&project], "anna@lab.example").await;
    let path = format!("/transfers/{first}/decline");
    let declined = world
        .post(&anna, &path, json!({ "reason": "not mine" }))
        .await
        .ok();
    assert_eq!(declined["transfer"]["state"], "declined");
    assert_eq!(declined["transfer"]["reason"], "not mine");

    let second = world.offer(&core, &[&project], "anna@lab.example").await;
    let path = format!("/transfers/{second}/cancel");
    let cancelled = world
        .send(World::request("POST", &path, Some(&core), &[], None))
        .await
        .ok();
    assert_eq!(cancelled["transfer"]["state"], "cancelled");

    let third = world.offer(&core, &[&project], "ana@lab.example").await;
    let path = format!("/transfers/{third}/readdress");
    let answer = world
        .post(&core, &path, json!({ "recipient": "anna@lab.example" }))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let corrected = answer.ok();
    let fourth = corrected["transfer"]["id"].as_str().unwrap();
    assert_eq!(corrected["transfer"]["corrects"], third);
    let old = world.get(&core, &format!("/transfers/{third}")).await.ok();
    assert_eq!(old["transfer"]["replaced_by"], fourth);

    let path = format!("/transfers/{fourth}/extend");
    let extended = world
        .post(&core, &path, json!({ "expires_in_days": 30 }))
        .await
        .ok();
    assert_eq!(
        extended["transfer"]["expires_at"],
        "2026-12-22T10:00:00.000Z"
    );
    world.clock.advance(2 * DAY);
    let path = format!("/transfers/{fourth}/resend");
    world.post(&core, &path, json!({})).await.ok();
    world.clock.advance(30 * DAY);
    // Nobody has woken it, and yet everybody agrees that it has expired.
    for (person, list, there) in [
        (&anna, "/transfers?role=received&state=pending", false),
        (&anna, "/transfers?role=received&state=expired", true),
        (&core, "/transfers?role=sent&state=expired", true),
    ] {
        let page = world.get(person, list).await.ok();
        let found = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|t| t["id"] == fourth);
        assert_eq!(found, there, "{list}");
    }
    let history = world.get(&core, &format!("/transfers/{fourth}")).await.ok();
    let what: Vec<_> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["what"]["what"].as_str().unwrap())
        .collect();
    assert_eq!(what, ["pending", "extended", "resent"]);
    assert_eq!(
        history["history"][1]["what"]["expires_at"],
        "2026-12-22T10:00:00.000Z"
    );
    assert_eq!(history["history"][1]["channel"], "api");
}

#[tokio::test]
async fn the_command_line_is_named_in_the_journal() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let body = json!({ "name": "WGS" });
    let headers = [("handover-client", "cli")];
    let request = World::request("POST", "/projects", Some(&core), &headers, Some(&body));
    let project = world.send(request).await.ok();
    let page = world
        .get(
            &core,
            &format!("/projects/{}", project["id"].as_str().unwrap()),
        )
        .await
        .ok();
    assert_eq!(page["history"][0]["channel"], "cli");
}

#[tokio::test]
async fn lists_come_in_pages_that_add_up() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let boss = [("boss@lab.example", Role::Owner)];
    world.workgroup("pool", &boss).await;
    let boss = world.person("boss@lab.example").await;
    let mut made = Vec::new();
    for n in 0..9 {
        world.clock.advance(Duration::from_secs(1));
        let project = world.project(&core, "personal", &format!("P{n}"), 1).await;
        let to = if n % 3 == 0 {
            "workgroup:pool"
        } else {
            "boss@lab.example"
        };
        let transfer = world.offer(&core, &[&project], to).await;
        if n % 2 == 0 {
            world
                .post(&boss, &format!("/transfers/{transfer}/decline"), json!({}))
                .await
                .ok();
        }
        made.push(transfer);
    }
    // Open ones first, each newest first.
    let mut expected: Vec<_> = [7, 5, 3, 1].map(|n| made[n].clone()).to_vec();
    expected.extend([8, 6, 4, 2, 0].map(|n| made[n].clone()));
    for (person, list) in [(&core, "role=sent"), (&boss, "role=received")] {
        for limit in 1..=10 {
            let (mut all, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/transfers?{list}&limit={limit}{cursor}");
                let page = world.get(person, &path).await.ok();
                let items = page["items"].as_array().unwrap();
                assert!(items.len() <= limit);
                all.extend(items.iter().map(|t| t["id"].as_str().unwrap().to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(all, expected, "{list} {limit}");
        }
    }
    let projects = world.get(&core, "/projects?limit=5").await.ok();
    let next = projects["next_cursor"].as_str().unwrap();
    let rest = world
        .get(&core, &format!("/projects?limit=5&cursor={next}"))
        .await
        .ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 4);
    assert_eq!(rest["next_cursor"], json!(null));
}

#[tokio::test]
async fn files_are_listed_and_paged() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 5).await;
    let path = format!("/projects/{project}/files");
    let file = |n: u32| json!({ "path": format!("reads/{n}.fastq.gz"), "bytes": 10, "checksum": "sha256:00" });
    let files: Vec<_> = (0..120).map(file).collect();
    let item = world
        .post(&core, &path, json!({ "files": files }))
        .await
        .ok();
    assert_eq!(
        (&item["files"], &item["bytes"]),
        (&json!(121), &json!(1_205))
    );
    let replaced = world
        .post(
            &core,
            &path,
            json!({ "files": [{ "path": "reads.fastq.gz", "bytes": 7 }] }),
        )
        .await
        .ok();
    assert_eq!(
        (&replaced["files"], &replaced["bytes"]),
        (&json!(121), &json!(1_207))
    );
    let first = world.get(&core, &format!("{path}?limit=100")).await.ok();
    let next = first["next_cursor"].as_str().unwrap();
    let second = world
        .get(&core, &format!("{path}?limit=100&cursor={next}"))
        .await
        .ok();
    assert_eq!(second["items"].as_array().unwrap().len(), 21);
    assert_eq!(second["next_cursor"], json!(null));
}

#[tokio::test]
async fn files_make_up_datasets_of_one_type_and_one_biosample() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let registered = world.post(&core, "/runs", run("R1")).await.ok();
    let project = &registered["projects"][0];
    let biosample = run("R1")["projects"][0]["biosamples"][0]["name"].clone();
    let path = format!("/projects/{}", project["id"].as_str().unwrap());
    let add = async |files: &[(&str, u64)], dataset: Value| {
        let file = |(path, bytes): &(&str, u64)| json!({ "path": path, "bytes": bytes });
        let files: Vec<Value> = files.iter().map(file).collect();
        let body = json!({ "files": files, "dataset": dataset });
        world.post(&core, &format!("{path}/files"), body).await
    };
    let datasets = async || {
        let page = world.get(&core, &format!("{path}/datasets")).await.ok();
        let all = page["items"].as_array().unwrap().iter();
        let told = |one: &Value| {
            format!(
                "{}: {} {}, {} bytes",
                one["name"], one["files"], one["type"], one["bytes"]
            )
        };
        let mut all: Vec<String> = all.map(told).collect();
        all.sort();
        all
    };
    let of = |name: &str, kind: &str| json!({ "name": name, "type": kind, "biosample": biosample });

    let reads = [("r1.fastq.gz", 10), ("r2.fastq.gz", 20)];
    add(&reads, of("lane 1", "FASTQ")).await.ok();
    add(&[("r3.fastq.gz", 5)], of("lane 1", "FASTQ")).await.ok();
    add(&[("s1.bam", 7)], of("aligned", "BAM")).await.ok();
    let both = [
        r#""aligned": 1 "BAM", 7 bytes"#,
        r#""lane 1": 3 "FASTQ", 35 bytes"#,
    ];
    assert_eq!(datasets().await, both);
    let files = world.get(&core, &format!("{path}/files")).await.ok();
    let bam = files["items"].as_array().unwrap().iter();
    let bam = { bam }.find(|file| file["path"] == "s1.bam").unwrap();
    assert_eq!(bam["dataset"], "aligned");

    // What is listed anew may change its size, its dataset, or leave it; a dataset without files is none.
    add(&[("r2.fastq.gz", 21)], of("lane 1", "FASTQ"))
        .await
        .ok();
    add(&[("r3.fastq.gz", 5)], of("lane 2", "FASTQ")).await.ok();
    let after = add(&[("s1.bam", 8)], Value::Null).await.ok();
    assert_eq!(
        datasets().await,
        [
            r#""lane 1": 2 "FASTQ", 31 bytes"#,
            r#""lane 2": 1 "FASTQ", 5 bytes"#
        ]
    );
    assert_eq!((&after["files"], &after["bytes"]), (&json!(4), &json!(44)));

    // All files of a dataset are of one type and one biosample, which the project has.
    for (dataset, says) in [
        (of("lane 1", "BAM"), "holds FASTQ of the biosample"),
        (
            json!({ "name": "x", "type": "BAM", "biosample": "nobody" }),
            "has no biosample",
        ),
        (of("x", " "), "the type of a dataset has 1 to 40 characters"),
        (of("", "BAM"), "a name has 1 to 255 characters"),
        (
            json!({ "name": "x", "type": "BAM", "biosample": "S".repeat(9_000) }),
            "is not a text of at most 100 characters",
        ),
    ] {
        let refused = add(&[("y.bam", 1)], dataset).await;
        assert_eq!(refused.refused().0, 422);
        assert!(refused.text.contains(says), "{}", refused.text);
        assert!(refused.text.len() < 2_000, "{}", refused.text);
    }
    assert_eq!(datasets().await.len(), 2);

    // Names are compared as those of projects are, and stay as they were spelled first; what all files leave at once is made anew.
    let (one, two) = (
        r#""lane 1": 2 "FASTQ", 31 bytes"#,
        r#""lane 2": 1 "FASTQ", 5 bytes"#,
    );
    add(&[("z.bam", 3)], of("Reads", "BAM")).await.ok();
    assert_eq!(datasets().await, [r#""Reads": 1 "BAM", 3 bytes"#, one, two]);
    add(&[("z.bam", 4)], of("reads", "VCF")).await.ok();
    assert_eq!(datasets().await, [one, two, r#""reads": 1 "VCF", 4 bytes"#]);
    add(&[("z.bam", 3)], of(" LANE  1", "FASTQ")).await.ok();
    let one = r#""lane 1": 3 "FASTQ", 34 bytes"#;
    assert_eq!(datasets().await, [one, two]);

    // A stranger sees nothing of them.
    let stranger = world.person("stranger@uni.example").await;
    let refused = world.get(&stranger, &format!("{path}/datasets")).await;
    assert_eq!(refused.refused().0, 404);
}
