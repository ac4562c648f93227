//! Settings of an account on the pages, through the router, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/masks.rs"]
mod masks;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::time::Duration;

use axum::http::{StatusCode, header};
use handover::domain::id::SignInId;
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const HOME: &str = "anna@home.example";

fn snapshot(name: &str, page: &Answer) {
    masks::masks().bind(|| insta::assert_snapshot!(name, page.body));
}

/// Anna belongs to a workgroup.
async fn story() -> (Website, Browser, String) {
    let web = Website::open().await;
    web.account(ANNA).await;
    let lab = web
        .workgroup("Lab", Some(1 << 40), &["lead@uni.example", ANNA])
        .await;
    let anna = web.sign_in(ANNA).await;
    (web, anna, lab.to_string())
}

/// Opens a page and sends a form to a verb below it.
async fn send(
    web: &Website,
    browser: &mut Browser,
    part: &str,
    verb: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let page = web.get(browser, part).await;
    let path = format!("{part}/{verb}");
    web.submit(browser, &page, &path, fields).await
}

#[tokio::test]
async fn a_name_and_a_language_are_chosen() {
    let (web, mut anna, _) = story().await;
    snapshot("account", &web.get(&mut anna, "/account").await);
    let fields = [("name", "Dr. Anna"), ("language", "en")];
    let answer = send(&web, &mut anna, "/account", "profile", &fields).await;
    assert_eq!(answer.location(), "/account?done=changed");
    let page = web.get(&mut anna, answer.location()).await;
    assert!(page.body.contains("value=\"Dr. Anna\"") && page.body.contains("Saved."));
    let long = "x".repeat(101);
    let fields = [("name", long.as_str()), ("language", "tlh")];
    let refused = send(&web, &mut anna, "/account", "profile", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        long.as_str(),
        "1 to 100 characters",
        "no letters in &#34;tlh",
    ] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
}

#[tokio::test]
async fn an_address_is_added_by_typing_its_code_and_becomes_the_primary_one() {
    let (web, mut anna, _) = story().await;
    let place = "/account/addresses";
    snapshot("addresses", &web.get(&mut anna, place).await);
    for (typed, said) in [
        ("nobody", "name a whole address"),
        (ANNA, "is one of your addresses already"),
    ] {
        let refused = send(&web, &mut anna, place, "add", &[("address", typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(said), "{}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{typed}\"")));
    }
    let answer = send(&web, &mut anna, place, "add", &[("address", HOME)]).await;
    let code_page = answer.location().to_owned();
    let id = code_page.split("?waits=").nth(1).unwrap().to_owned();
    let page = web.get(&mut anna, &code_page).await;
    snapshot("code", &page);
    let path = format!("{place}/prove");
    let fields = [("waits", id.as_str()), ("code", "WRONG")];
    let wrong = web.submit(&mut anna, &page, &path, &fields).await;
    assert!(wrong.status.is_client_error());
    for said in ["4 tries are left", "value=\"WRONG\"", HOME] {
        assert!(wrong.body.contains(said), "{said}: {}", wrong.body);
    }
    let sign_in: SignInId = id.parse().unwrap();
    let code = web.app.settings().key.code(sign_in);
    let right = [("waits", id.as_str()), ("code", code.as_str())];
    // Nobody else can use it.
    let mut maria = web.sign_in(MARIA).await;
    let theirs = web.get(&mut maria, &code_page).await;
    assert!(!theirs.body.contains(HOME) && theirs.body.contains("used or too old"));
    let refused = web.submit(&mut maria, &theirs, &path, &right).await;
    assert!(refused.status.is_client_error());
    let answer = web.submit(&mut anna, &page, &path, &right).await;
    assert_eq!(answer.location(), "/account/addresses?done=added");
    snapshot(
        "addresses-two",
        &web.get(&mut anna, answer.location()).await,
    );
    let answer = send(&web, &mut anna, place, "primary", &[("address", HOME)]).await;
    assert_eq!(answer.location(), "/account/addresses?done=primary");
    let page = web.get(&mut anna, "/account").await;
    assert!(page.body.contains(&format!("Signed in as {HOME}")));
    let answer = send(&web, &mut anna, place, "remove", &[("address", ANNA)]).await;
    assert_eq!(answer.location(), "/account/addresses?done=removed");
    let refused = send(&web, &mut anna, place, "remove", &[("address", HOME)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("is your only address"));
}

#[tokio::test]
async fn where_things_go_is_chosen_also_for_one_sender() {
    let (web, mut anna, lab) = story().await;
    let own = web.account(ANNA).await.to_string();
    let place = "/account/defaults";
    snapshot("defaults", &web.get(&mut anna, place).await);
    let fields = [("uploads", lab.as_str()), ("accepting", own.as_str())];
    let answer = send(&web, &mut anna, place, "change", &fields).await;
    assert_eq!(answer.location(), "/account/defaults?done=changed");
    let rule = [("sender", "Maria@Core.example"), ("into", lab.as_str())];
    let answer = send(&web, &mut anna, place, "sender", &rule).await;
    assert_eq!(answer.location(), "/account/defaults?done=changed");
    snapshot("defaults-chosen", &web.get(&mut anna, place).await);
    // What Maria offers is proposed for the lab.
    let maria = web.account(MARIA).await;
    let items = web.run(maria, "260731_A01234_0042_HXXDSX", &[]).await;
    web.offer(maria, &items, ANNA, None).await;
    let home = web.get(&mut anna, "/").await;
    assert!(
        home.body.contains("Accept into <bdi>Lab</bdi>"),
        "{}",
        home.body
    );
    let rule = [("sender", "maria@core.example"), ("into", "")];
    send(&web, &mut anna, place, "sender", &rule).await;
    let page = web.get(&mut anna, place).await;
    assert!(page.body.contains("None yet."));
    // Both things that are wrong are told, and what was typed is still there.
    let wrong = [("sender", "nobody"), ("into", "nowhere")];
    let refused = send(&web, &mut anna, place, "sender", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        "name a whole address",
        "no context is chosen",
        "value=\"nobody\"",
    ] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let theirs = maria.to_string();
    let wrong = [("uploads", theirs.as_str()), ("accepting", own.as_str())];
    let refused = send(&web, &mut anna, place, "change", &wrong).await;
    assert!(refused.status.is_client_error());
    assert!(refused.body.contains("you do not belong to this context"));
}

#[tokio::test]
async fn letters_one_can_do_without_are_unticked() {
    let (web, mut anna, _) = story().await;
    let place = "/account/notifications";
    snapshot("notifications", &web.get(&mut anna, place).await);
    let answer = send(&web, &mut anna, place, "change", &[("outcomes", "yes")]).await;
    assert_eq!(answer.location(), "/account/notifications?done=changed");
    let page = web.get(&mut anna, place).await;
    for (letter, ticked) in [
        ("reminders", false),
        ("outcomes", true),
        ("receipts", false),
    ] {
        let box_ = format!("name=\"{letter}\" value=\"yes\" checked");
        assert_eq!(page.body.contains(&box_), ticked, "{letter}");
    }
}

#[tokio::test]
async fn a_blocked_sender_offers_nothing_until_the_block_is_lifted() {
    let (web, mut anna, _) = story().await;
    let place = "/account/blocked";
    let refused = send(&web, &mut anna, place, "block", &[("sender", "nobody")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"nobody\""));
    let answer = send(&web, &mut anna, place, "block", &[("sender", MARIA)]).await;
    assert_eq!(answer.location(), "/account/blocked?done=blocked");
    snapshot("blocked", &web.get(&mut anna, answer.location()).await);
    let mut maria = web.sign_in(MARIA).await;
    let form = web.get(&mut maria, "/workgroups/new").await;
    let fields = [("name", "Core"), ("handle", "core")];
    let answer = web
        .submit(&mut maria, &form, "/workgroups/create", &fields)
        .await;
    let core = answer.location().split('?').next().unwrap().to_owned();
    let path = format!("{core}/invitations/invite");
    let fields = [("addresses", ANNA)];
    let refused = web.submit(&mut maria, &form, &path, &fields).await;
    assert!(refused.body.contains("does not take invitations from you"));
    let answer = send(&web, &mut anna, place, "lift", &[("sender", MARIA)]).await;
    assert_eq!(answer.location(), "/account/blocked?done=lifted");
    let form = web.get(&mut maria, &format!("{core}/invitations")).await;
    let answer = web.submit(&mut maria, &form, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn long_lists_of_senders_stay_short_and_can_still_be_changed() {
    let (web, mut anna, _) = story().await;
    let account = web.account(ANNA).await;
    let call = web.directory().call(web.by(account), None);
    let blocked = (0..900).map(|n| format!("sender-{n:03}@{}.example", "x".repeat(60)));
    let change = handover::actors::settings::Change {
        blocked: Some(blocked.collect()),
        ..handover::actors::settings::Change::default()
    };
    handover::actors::settings::change(web.directory(), &call, account, &change)
        .await
        .unwrap();
    let page = web.get(&mut anna, "/account/blocked").await;
    assert!(page.body.len() < 100 * 1024, "{}", page.body.len());
    assert!(page.body.contains("And 850 more."));
    let last = format!("sender-899@{}.example", "x".repeat(60));
    send(
        &web,
        &mut anna,
        "/account/blocked",
        "lift",
        &[("sender", &last)],
    )
    .await;
    let page = web.get(&mut anna, "/account/blocked").await;
    assert!(page.body.contains("And 849 more."));
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let (web, mut anna, _) = story().await;
    let place = "/account/tokens";
    let form = web.get(&mut anna, place).await;
    snapshot("tokens", &form);
    let path = format!("{place}/make");
    let wrong = [("name", " "), ("days", "5000")];
    let refused = web.submit(&mut anna, &form, &path, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        "a token&#39;s name has",
        "one or several of the scopes",
        "lasts 1 to 365 days",
        "value=\"5000\"",
    ] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let fields = [("name", "sequencer"), ("scope", "read"), ("days", "30")];
    let made = web.submit(&mut anna, &form, &path, &fields).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    snapshot("token-made", &made);
    let secret = |page: &Answer| {
        let at = page.body.find("value=\"ho_").unwrap() + 7;
        page.body[at..].split('"').next().unwrap().to_owned()
    };
    let again = web.submit(&mut anna, &form, &path, &fields).await;
    assert_eq!(
        secret(&made),
        secret(&again),
        "sent again, it makes no other"
    );
    let now = web.directory().now();
    let token = handover::actors::sign_in::token(&web.app.settings(), &secret(&made), now)
        .await
        .unwrap();
    assert_eq!(token.unwrap().name, "sequencer");
    let page = web.get(&mut anna, place).await;
    assert!(!page.body.contains("ho_") && page.body.contains("sequencer"));
    let digest = page.field("token").to_owned();
    let answer = send(&web, &mut anna, place, "revoke", &[("token", &digest)]).await;
    assert_eq!(answer.location(), "/account/tokens?done=revoked");
    let token = handover::actors::sign_in::token(&web.app.settings(), &secret(&made), now).await;
    assert!(token.unwrap().is_none());
}

#[tokio::test]
async fn everything_about_an_account_is_one_file() {
    let (web, mut anna, _) = story().await;
    let file = web.get(&mut anna, "/account/export").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers[header::CONTENT_TYPE], "application/jsonl");
    assert_eq!(file.headers[header::CACHE_CONTROL], "no-store");
    let kinds: Vec<String> = file
        .body
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["account", "context", "context", "session"]);
    let nobody = web.get(&mut Browser::default(), "/account/export").await;
    assert_eq!(nobody.location(), "/sign-in?next=/account");
}

#[tokio::test]
async fn an_account_is_closed_once_nothing_stands_in_the_way() {
    let web = Website::open().await;
    let account = web.account(ANNA).await;
    let mut anna = web.sign_in(ANNA).await;
    let mut elsewhere = web.sign_in(ANNA).await;
    let items = web
        .run(account, "260731_A01234_0042_HXXDSX", &["Exomes July"])
        .await;
    let form = web.get(&mut anna, "/workgroups/new").await;
    let fields = [("name", "Lab"), ("handle", "lab")];
    let lab = web
        .submit(&mut anna, &form, "/workgroups/create", &fields)
        .await;
    let lab = lab.location().split('?').next().unwrap().to_owned();
    let offer = web.offer(account, &items, MARIA, None).await;
    let page = web.get(&mut anna, "/account/close").await;
    snapshot("close-hindered", &page);
    let path = "/account/close";
    let refused = web
        .submit(&mut anna, &form, path, &[("address", ANNA)])
        .await;
    assert!(refused.status.is_client_error());
    assert!(refused.body.contains("you still own runs"));
    // Maria takes what Anna owned, and the workgroup is closed.
    let mut maria = web.sign_in(MARIA).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut maria, &place).await;
    let hers = web.account(MARIA).await.to_string();
    let accept = format!("{place}/accept");
    web.submit(&mut maria, &page, &accept, &[("context", &hers)])
        .await;
    let close_lab = format!("{lab}/close");
    let page = web.get(&mut anna, &close_lab).await;
    web.submit(&mut anna, &page, &close_lab, &[]).await;
    web.clock.advance(Duration::from_secs(60));
    let page = web.get(&mut anna, path).await;
    snapshot("close", &page);
    for typed in ["", MARIA] {
        let refused = web
            .submit(&mut anna, &page, path, &[("address", typed)])
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(refused.body.contains("role=\"alert\""));
    }
    let answer = web
        .submit(&mut anna, &page, path, &[("address", " ANNA@uni.example")])
        .await;
    assert_eq!(answer.location(), "/account/closed", "{}", answer.body);
    assert!(
        anna.cookies.keys().all(|name| !name.contains("session")),
        "{:?}",
        anna.cookies
    );
    snapshot("closed", &web.get(&mut anna, "/account/closed").await);
    for browser in [&mut anna, &mut elsewhere] {
        let gone = web.get(browser, "/account").await;
        assert!(gone.location().starts_with("/sign-in"));
    }
}

#[tokio::test]
async fn what_people_call_themselves_is_shown_and_not_obeyed() {
    let (web, mut anna, _) = story().await;
    let evil = "<script>alert(1)</script>\"'><img src=x>";
    let fields = [("name", evil), ("language", "en")];
    let answer = send(&web, &mut anna, "/account", "profile", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let mut pages = vec![
        web.get(&mut anna, "/account").await,
        send(
            &web,
            &mut anna,
            "/account/tokens",
            "make",
            &[("name", evil), ("scope", "read")],
        )
        .await,
        send(
            &web,
            &mut anna,
            "/account/tokens",
            "make",
            &[("name", evil), ("days", evil)],
        )
        .await,
    ];
    for (part, verb, field) in [
        ("/account/addresses", "add", "address"),
        ("/account/defaults", "sender", "sender"),
        ("/account/blocked", "block", "sender"),
        ("/account", "close", "address"),
    ] {
        pages.push(send(&web, &mut anna, part, verb, &[(field, evil)]).await);
    }
    for page in pages {
        for obeyed in ["<script>alert", "<img src=x", "\"'>"] {
            assert!(!page.body.contains(obeyed), "{}", page.body);
        }
    }
}
