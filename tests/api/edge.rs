//! What strangers and broken programs send, and what the door answers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use handover::domain::policy::Policy;
use serde_json::{Value, json};

use crate::support::{World, bounds, offer, rates};

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_next_step() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let send = |method: &str, path: &str, kind: &str, body: Vec<u8>| {
        let bearer = format!("Bearer {}", core.secret);
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        let request = request
            .header("authorization", bearer)
            .header("content-type", kind);
        world.send(request.body(Body::from(body)).unwrap())
    };
    let json = "application/json";
    let deep = "[".repeat(100_000).into_bytes();
    let huge = vec![b' '; 300 * 1024];
    for (method, path, kind, body, expected) in [
        (
            "POST",
            "/projects",
            json,
            b"{".to_vec(),
            (400, "request.malformed"),
        ),
        (
            "POST",
            "/projects",
            json,
            b"\xff\xfe".to_vec(),
            (400, "request.malformed"),
        ),
        (
            "POST",
            "/projects",
            json,
            b"nonsense".to_vec(),
            (400, "request.malformed"),
        ),
        ("POST", "/projects", json, deep, (422, "request.invalid")),
        (
            "POST",
            "/projects",
            json,
            b"[]".to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            b"null".to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            b"".to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            br#"{"name":7}"#.to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            br#"{"name":"a","x":1}"#.to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            br#"{"name":"a","name":"b"}"#.to_vec(),
            (422, "request.invalid"),
        ),
        (
            "POST",
            "/projects",
            json,
            br#"{"name":"a\u0000b"}"#.to_vec(),
            (422, "request.invalid"),
        ),
        ("POST", "/projects", json, huge, (413, "request.too_large")),
        (
            "POST",
            "/projects",
            "text/plain",
            b"{}".to_vec(),
            (415, "request.media_type"),
        ),
        (
            "POST",
            "/projects",
            "",
            b"{}".to_vec(),
            (415, "request.media_type"),
        ),
        (
            "GET",
            "/nothing",
            json,
            Vec::new(),
            (404, "route.not_found"),
        ),
        (
            "GET",
            "/runs/nothing",
            json,
            Vec::new(),
            (404, "route.not_found"),
        ),
        (
            "GET",
            "/runs/%ff",
            json,
            Vec::new(),
            (404, "route.not_found"),
        ),
        (
            "GET",
            "/transfers/run_00000000000000000000000000",
            json,
            Vec::new(),
            (404, "route.not_found"),
        ),
        (
            "PUT",
            "/projects",
            json,
            Vec::new(),
            (405, "route.method_not_allowed"),
        ),
        (
            "BREW",
            "/projects",
            json,
            Vec::new(),
            (405, "route.method_not_allowed"),
        ),
        (
            "GET",
            "/projects?limit=0",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/projects?limit=101",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/projects?limit=x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/projects?cursor=x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/projects?odd=x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/projects?context=nowhere",
            json,
            Vec::new(),
            (403, "recipient.not_a_member"),
        ),
        (
            "GET",
            "/projects?context=acc_00000000000000000000000000",
            json,
            Vec::new(),
            (403, "recipient.not_a_member"),
        ),
        (
            "GET",
            "/transfers",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/transfers?role=x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/transfers?role=sent&state=x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
        (
            "GET",
            "/transfers?role=sent&cursor=open.x",
            json,
            Vec::new(),
            (422, "request.invalid"),
        ),
    ] {
        let shown = String::from_utf8_lossy(&body)
            .chars()
            .take(40)
            .collect::<String>();
        let answer = send(method, path, kind, body).await;
        let (status, codes) = answer.refused();
        assert_eq!(
            (status, codes[0].as_str()),
            expected,
            "{method} {path} {shown} {}",
            answer.text
        );
        assert!(answer.text.len() < 2_000, "{}", answer.text);
        if status == 405 {
            assert!(
                answer.header("allow").contains("POST"),
                "{:?}",
                answer.headers
            );
        }
    }
    let projects = world.get(&core, "/projects").await.ok();
    assert_eq!(projects["items"], json!([]));
}

#[tokio::test]
async fn everything_wrong_with_a_request_is_told_at_once() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let body = json!({
        "items": ["x", "tr_00000000000000000000000000"], "recipient": "nobody", "accept_terms": true,
        "keep_access": { "level": "write", "until": "tomorrow" },
    });
    let answer = world.post(&core, "/transfers", body).await;
    assert_eq!(answer.refused().0, 422);
    let problem = answer.json();
    let about: Vec<_> = problem["guards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["about"].as_str().unwrap())
        .collect();
    assert_eq!(
        about,
        [
            "items",
            "items",
            "keep_access.level",
            "keep_access.until",
            "recipient"
        ]
    );

    let project = world.project(&core, "personal", "WGS", 1).await;
    let mut body = offer(&[&project, &project], "anna@lab.example");
    body["accept_terms"] = json!(false);
    body["expires_in_days"] = json!(91);
    body["message"] = json!("x".repeat(501));
    let answer = world.post(&core, "/transfers", body).await;
    assert_eq!(answer.refused().1, vec!["request.invalid"; 4]);
    let many: Vec<String> = (0..5_000).map(|n| format!("nonsense {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer = world
        .post(&core, "/transfers", offer(&many, "anna@lab.example"))
        .await;
    assert_eq!(answer.refused().0, 422);
    assert!(answer.text.len() < 2_000, "{}", answer.text);
}

#[tokio::test]
async fn what_a_run_folder_cannot_say_is_refused() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let with = |pointer: &str, value: Value| {
        let mut run = crate::support::run("R1");
        *run.pointer_mut(pointer).unwrap() = value;
        run
    };
    for (run, about) in [
        (with("/name", json!("")), "name"),
        (with("/run/lanes", json!(65)), "run.lanes"),
        (with("/run/status", json!("odd")), "run.status"),
        (
            with("/run/started_at", json!("yesterday")),
            "run.started_at",
        ),
        (
            with("/run/instrument", json!("x".repeat(101))),
            "run.instrument",
        ),
        (with("/bytes", json!(u64::MAX)), "bytes"),
        (with("/projects/0/name", json!("exomes")), "projects"),
        (
            with("/projects/0/biosamples/0/name", json!("a b")),
            "projects[0].biosamples",
        ),
        (
            with("/projects/0/biosamples/0/libraries/0/index", json!("XYZ")),
            "projects[0].biosamples.libraries",
        ),
    ] {
        let answer = world.post(&core, "/runs", run).await;
        assert_eq!(answer.refused(), (422, vec!["request.invalid".to_owned()]));
        assert_eq!(answer.json()["guards"][0]["about"], about);
    }
    let runs = world.get(&core, "/runs").await.ok();
    assert_eq!(runs["items"], json!([]), "nothing half registered");
}

#[tokio::test]
async fn a_document_that_did_not_change_is_not_sent_again() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    let transfer = world.offer(&core, &[&project], "anna@lab.example").await;
    for path in [
        "/account".to_owned(),
        format!("/projects/{project}"),
        format!("/transfers/{transfer}"),
    ] {
        let first = world.get(&core, &path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        for (given, status) in [
            (tag.clone(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let headers = [("if-none-match", given.as_str())];
            let answer = world
                .send(World::request("GET", &path, Some(&core), &headers, None))
                .await;
            assert_eq!(answer.status, status, "{given}");
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.text.is_empty(), status == 304);
        }
        world
            .post(
                &core,
                &format!("/transfers/{transfer}/extend"),
                json!({ "expires_in_days": 20 }),
            )
            .await;
    }
    let before = world.get(&core, &format!("/transfers/{transfer}")).await;
    world.clock.advance(Duration::from_secs(30 * 24 * 3_600));
    let after = world.get(&core, &format!("/transfers/{transfer}")).await;
    assert_ne!(
        before.header("etag"),
        after.header("etag"),
        "it has expired meanwhile"
    );
}

#[tokio::test]
async fn every_answer_carries_its_id_and_careful_headers() {
    let world = World::new().await;
    for (path, given, kept) in [
        ("/account", Some("trace-1"), true),
        ("/account", Some("no good"), false),
        ("/account", Some(""), false),
        ("/nothing", None, false),
    ] {
        let headers: Vec<_> = given.iter().map(|id| ("x-request-id", *id)).collect();
        let answer = world
            .send(World::request("GET", path, None, &headers, None))
            .await;
        let id = answer.header("x-request-id");
        assert_eq!(given == Some(id), kept);
        assert!((1..=64).contains(&id.len()));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'self'; form-action 'self'; frame-ancestors 'none'"
        );
    }
}

#[tokio::test]
async fn the_api_describes_itself_to_everybody() {
    let world = World::new().await;
    let answer = world
        .send(World::request("GET", "/openapi.json", None, &[], None))
        .await;
    assert_eq!(answer.ok()["openapi"], "3.1.0");
    for path in ["api/docs", "api/docs.css", "docs/problems"] {
        let answer = world
            .send(World::request("GET", path, None, &[], None))
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains("<script"));
    }
}

#[tokio::test]
async fn more_requests_than_there_is_room_for_are_turned_away() {
    let mut narrow = bounds();
    narrow.max_concurrent_requests = 0;
    let world = World::with(Policy::default(), narrow, rates()).await;
    let answer = world
        .send(World::request("GET", "/account", None, &[], None))
        .await;
    assert_eq!(
        answer.refused(),
        (503, vec!["service.overloaded".to_owned()])
    );
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let endless = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = Request::builder().method("POST").uri("/api/v1/projects");
    let request = request.header("authorization", format!("Bearer {}", core.secret));
    let answer = world
        .send(request.body(Body::from_stream(endless)).unwrap())
        .await;
    assert_eq!(
        answer.refused(),
        (503, vec!["request.timed_out".to_owned()])
    );
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    use crate::server::Failing;
    for (retry, expected) in [
        (true, (503, "service.unavailable")),
        (false, (500, "service.broken")),
    ] {
        let model = Arc::new(handover::store::model::Model::new());
        let failing = Arc::new(Failing::new(model.clone(), retry));
        let world = World::on(failing.clone(), model, Policy::default(), bounds(), rates()).await;
        let core = world.person("core@facility.example").await;
        failing.fail();
        let answer = world.get(&core, "/account").await;
        assert_eq!(answer.refused(), (expected.0, vec![expected.1.to_owned()]));
        assert_eq!(answer.header("retry-after").is_empty(), !retry);
        assert!(
            !answer.text.contains("the disk"),
            "what failed is for the operators: {}",
            answer.text
        );
    }
}
