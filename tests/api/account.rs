//! Signing in, tokens and what they are good for, settings.

use std::time::Duration;

use handover::domain::workgroup::Role;
use serde_json::json;

use crate::support::{KEY, World, bounds, rates};

#[tokio::test]
async fn a_typed_code_buys_a_token() {
    let world = World::new().await;
    let core = world.person("Core@Facility.example").await;
    let answer = world.get(&core, "/account").await;
    let account = answer.ok();
    assert_eq!(account["addresses"], json!(["Core@Facility.example"]));
    assert_eq!(account["default_context"], core.id);
    let again = world.person("core@facility.example").await;
    assert_eq!(again.id, core.id, "an address is compared without case");
    let tokens = world.get(&core, "/tokens").await.ok();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
    assert!(!tokens.to_string().contains(&core.secret));
}

#[tokio::test]
async fn a_code_is_good_for_five_tries_and_ten_minutes_and_once() {
    let world = World::new().await;
    let ask = json!({ "address": "core@facility.example" });
    let begin = || async {
        let request = World::request("POST", "/sign-in", None, &[], Some(&ask));
        let begun = world.send(request).await.ok();
        begun["sign_in"].as_str().unwrap().to_owned()
    };
    let finish = |id: String, code: String| {
        let world = &world;
        async move {
            let body = json!({ "code": code });
            let path = format!("/sign-in/{id}");
            world
                .send(World::request("POST", &path, None, &[], Some(&body)))
                .await
        }
    };
    let code = |id: &str| KEY.code(id.parse().unwrap());
    let wrong = (422, vec!["code.wrong".to_owned()]);

    let id = begin().await;
    for _ in 0..5 {
        assert_eq!(
            finish(id.clone(), "WRONG".to_owned()).await.refused(),
            wrong
        );
    }
    assert_eq!(finish(id.clone(), code(&id)).await.refused(), wrong);

    let id = begin().await;
    world.clock.advance(Duration::from_secs(601));
    assert_eq!(finish(id.clone(), code(&id)).await.refused(), wrong);

    let id = begin().await;
    let typed = format!(" {} ", code(&id).to_lowercase());
    finish(id.clone(), typed).await.ok();
    assert_eq!(finish(id.clone(), code(&id)).await.refused(), wrong);

    let unknown = "sgn_00000000000000000000000000".to_owned();
    assert_eq!(finish(unknown, "WRONG".to_owned()).await.refused(), wrong);
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_until_it_ends() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let read = world.token(&core, &["read"]).await;
    let write = world.token(&core, &["write"]).await;
    let project = json!({ "name": "WGS" });
    let missing = (403, vec!["token.scope_missing".to_owned()]);
    world.get(&read, "/projects").await.ok();
    world.post(&write, "/projects", project.clone()).await.ok();
    assert_eq!(world.get(&write, "/projects").await.refused(), missing);
    assert_eq!(
        world.post(&read, "/projects", project).await.refused(),
        missing
    );
    assert_eq!(world.get(&read, "/tokens").await.refused(), missing);
    assert_eq!(world.get(&write, "/sessions").await.refused(), missing);
    assert_eq!(
        world.patch(&write, "/account", json!({})).await.refused(),
        missing
    );

    // A token gives no more than it has.
    let settle = world.token(&core, &["account"]).await;
    let more = json!({ "name": "more", "scopes": ["account", "write"] });
    assert_eq!(
        world.post(&settle, "/tokens", more).await.refused(),
        missing
    );
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x", "scopes": [] }), "scopes"),
        (json!({ "name": "x", "scopes": ["root"] }), "scopes"),
        (
            json!({ "name": "x", "expires_in_days": 0 }),
            "expires_in_days",
        ),
        (
            json!({ "name": "x", "expires_in_days": 366 }),
            "expires_in_days",
        ),
    ] {
        let answer = world.post(&core, "/tokens", body).await;
        assert_eq!(answer.refused(), (422, vec!["request.invalid".to_owned()]));
        assert_eq!(answer.json()["guards"][0]["about"], field);
    }

    let short = json!({ "name": "short", "expires_in_days": 1 });
    let short = world.post(&core, "/tokens", short).await.ok();
    let id = short["token"]["id"].as_str().unwrap();
    let stranger = world.person("stranger@lab.example").await;
    world.delete(&stranger, &format!("/tokens/{id}")).await.ok();
    let mut holder = core.clone();
    holder.secret = short["secret"].as_str().unwrap().to_owned();
    world.get(&holder, "/account").await.ok();
    let gone = (401, vec!["person.not_signed_in".to_owned()]);
    world.clock.advance(Duration::from_secs(24 * 3_600));
    let answer = world.get(&holder, "/account").await;
    assert_eq!(answer.refused(), gone);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let tokens = world.get(&read, "/account").await;
    assert_eq!(tokens.status, 200);
    let id = world.get(&core, "/tokens").await.ok();
    let named = |t: &&serde_json::Value| t["scopes"] == json!(["read"]);
    let id = id["items"].as_array().unwrap().iter().find(named).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        world.delete(&core, &format!("/tokens/{id}")).await.status,
        204
    );
    assert_eq!(
        world.delete(&core, &format!("/tokens/{id}")).await.status,
        204
    );
    assert_eq!(world.get(&read, "/account").await.refused(), gone);
}

#[tokio::test]
async fn settings_change_only_as_named() {
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let pool = world
        .workgroup("pool", &[("core@facility.example", Role::Owner)])
        .await;
    let foreign = world
        .workgroup("foreign", &[("ben@lab.example", Role::Owner)])
        .await;
    let change = json!({ "name": " Core Facility ", "default_run_location": "Pool", "blocked": ["Spam@Lab.example"] });
    let changed = world.patch(&core, "/account", change).await.ok();
    assert_eq!(changed["name"], "Core Facility");
    assert_eq!(changed["default_run_location"], pool);
    assert_eq!(changed["default_context"], core.id);
    assert_eq!(changed["blocked"], json!(["spam@lab.example"]));
    let run = world
        .post(&core, "/runs", crate::support::run("R1"))
        .await
        .ok();
    assert_eq!(
        run["run"]["owner"], pool,
        "uploaded runs land there from now on"
    );
    let project = world.project(&core, "personal", "WGS", 1).await;
    let preview = crate::support::offer(&[&project], "");
    let preview = world.post(&core, "/transfers/preview", preview).await.ok();
    assert_eq!(preview["access"][0]["who"], "Core Facility (Personal)");

    for (body, codes) in [
        (json!({ "name": "" }), vec!["request.invalid"]),
        (
            json!({ "default_context": foreign }),
            vec!["recipient.not_a_member"],
        ),
        (
            json!({ "default_context": "nowhere", "blocked": ["nobody"] }),
            vec!["request.invalid", "recipient.not_a_member"],
        ),
        (json!({ "tier": "enterprise" }), vec!["request.invalid"]),
    ] {
        let answer = world.patch(&core, "/account", body).await;
        assert_eq!(answer.refused().1, codes);
    }
    let unchanged = world.get(&core, "/account").await.ok();
    assert_eq!(unchanged, changed);
}

#[tokio::test]
async fn sessions_of_browsers_are_listed_and_ended() {
    use handover::web::auth;
    let world = World::new().await;
    let core = world.person("core@facility.example").await;
    let account = core.id.parse().unwrap();
    let headers = [("user-agent", "Firefox/1")];
    let request = World::request("GET", "x", None, &headers, None);
    let opened = auth::open_session(&world.app, account, request.headers(), None).await;
    let (browser, cookie) = opened.unwrap();
    let cookie = cookie.to_str().unwrap();
    assert!(cookie.starts_with("__Host-handover=hs_"), "{cookie}");
    for word in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let sessions = world.get(&core, "/sessions").await.ok();
    assert_eq!(sessions["items"][0]["client"], "Firefox/1");
    let id = browser.session().to_string();
    assert_eq!(sessions["items"][0]["id"], id);
    assert_eq!(
        world.delete(&core, &format!("/sessions/{id}")).await.status,
        204
    );
    let none = world.get(&core, "/sessions").await.ok();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn codes_are_asked_for_only_so_often() {
    let mut few = rates();
    few.sign_in_per_address = 2;
    few.transfers_per_sender = 1;
    let world = World::with(handover::domain::policy::Policy::default(), bounds(), few).await;
    let begin = |address: &str| {
        let body = json!({ "address": address });
        world.send(World::request("POST", "/sign-in", None, &[], Some(&body)))
    };
    begin("core@facility.example").await.ok();
    begin("core@facility.example").await.ok();
    let answer = begin("CORE@facility.example").await;
    assert_eq!(answer.refused(), (429, vec!["limit.too_many".to_owned()]));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    world.clock.advance(Duration::from_secs(wait));
    let core = world.person("core@facility.example").await;
    let project = world.project(&core, "personal", "WGS", 1).await;
    world.offer(&core, &[&project], "anna@lab.example").await;
    let answer = world
        .post(
            &core,
            "/transfers",
            crate::support::offer(&[&project], "ben@lab.example"),
        )
        .await;
    assert_eq!(answer.refused(), (429, vec!["limit.too_many".to_owned()]));

    let mut none = rates();
    none.sign_in_per_client = 1;
    world.app.limit_by(none);
    begin("anna@lab.example").await.ok();
    assert_eq!(begin("ben@lab.example").await.refused().0, 429);
}
