//! The pages as people and robots use them, through the router, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/website.rs"]
mod website;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use handover::actors::invitation::workgroup::Invite;
use handover::actors::invitation::{Command, To};
use handover::actors::settings::{Change, change};
use handover::actors::sharing;
use handover::actors::workgroups::{self, New};
use handover::domain::id::{AccountId, InvitationId, ItemId, LetterId};
use handover::domain::invitation::{Request as Ask, Terms};
use handover::domain::policy::{Policy, Tier};
use handover::domain::rights::Level;
use handover::domain::time::Time;
use handover::domain::workgroup::Role;
use handover::web::Rates;
use handover::web::pages::mailbox::{Kept, Letters};
use website::{Answer, Browser, TLS, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const OTHER: &str = "otto@other.example";

/// A core facility has offered a run and its projects to Anna, who belongs to two workgroups.
struct Story {
    web: Website,
    maria: AccountId,
    items: Vec<ItemId>,
    offer: InvitationId,
    token: String,
}

async fn story() -> Story {
    story_at(website::PLAIN).await
}

async fn story_at(url: &'static str) -> Story {
    let web = Website::at(url).await;
    let maria = web.account(MARIA).await;
    web.account(ANNA).await;
    web.workgroup("TechSupport", None, &[ANNA, "lead@uni.example"])
        .await;
    web.workgroup("Small", Some(1 << 30), &["lead@uni.example", ANNA])
        .await;
    let items = web
        .run(
            maria,
            "260731_A01234_0042_HXXDSX",
            &["Exomes July", "Genomes July"],
        )
        .await;
    let message = Some("Your July data.\nThe run is included.");
    let offer = web.offer(maria, &items, ANNA, message).await;
    let token = web.link_for(ANNA);
    web.clock.advance(Duration::from_secs(3_600));
    Story {
        web,
        maria,
        items,
        offer,
        token,
    }
}

/// The page without the one script it may load.
fn without_the_script(page: &str) -> String {
    let start = "<script type=\"module\" src=\"/assets/handover-";
    let Some((before, after)) = page.split_once(start) else {
        return page.to_owned();
    };
    let (name, after) = after.split_once("\"></script>").unwrap();
    assert_eq!(name.len(), 32 + ".js".len(), "{name}");
    format!("{before}{after}")
}

fn own(page: &Answer) -> String {
    without_the_script(&page.body)
}

/// As a person sees it in review: without what differs with every change of a style.
fn snapshot(name: &str, page: &Answer) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"/assets/handover-[0-9a-f]{32}", "/assets/handover-HASH");
    settings.add_filter(r#"data-since="[0-9]+""#, r#"data-since="SINCE""#);
    settings.add_filter(
        r#"name="form" value="[A-Za-z0-9_-]{43}""#,
        r#"name="form" value="FORM""#,
    );
    settings.add_filter(
        r#"name="once" value="cmd_[0-9a-v]{26}""#,
        r#"name="once" value="ONCE""#,
    );
    settings.add_filter(
        r"\b(acc|wg|run|prj|tr|inv|lnk|sha|let)_[0-9a-v]{26}\b",
        "${1}_ID",
    );
    settings.bind(|| insta::assert_snapshot!(name, page.body));
}

#[tokio::test]
async fn from_the_letters_link_to_it_is_yours_are_two_clicks() {
    let Story {
        web,
        items,
        offer,
        token,
        ..
    } = story().await;
    let mut anna = web.sign_in(ANNA).await;
    let page = web.follow(&mut anna, &format!("/i/{token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    snapshot("offer-to-recipient", &page);
    let account = web.account(ANNA).await.to_string();
    assert!(
        page.body.contains(&format!(
            "<button name=\"context\" value=\"{account}\"><span>Accept"
        )),
        "the default comes first to the eye"
    );
    let answer = web
        .submit(
            &mut anna,
            &page,
            &format!("/transfers/{offer}/accept"),
            &[("context", &account)],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (
            StatusCode::SEE_OTHER,
            &*format!("/transfers/{offer}/receipt")
        )
    );
    let receipt = web.get(&mut anna, answer.location()).await;
    assert!(receipt.body.contains("<h1>It is yours</h1>"));
    snapshot("receipt-of-recipient", &receipt);
    for item in items {
        assert!(
            web.get(&mut anna, &format!("/items/{item}"))
                .await
                .status
                .is_success()
        );
    }
}

#[tokio::test]
async fn an_offer_survives_the_way_through_signing_in_and_registering() {
    let Story { web, maria, .. } = story().await;
    let more = web.run(maria, "another", &[]).await;
    let offer = web.offer(maria, &more, "new@uni.example", None).await;
    let token = web.link_for("new@uni.example");
    let mut new = Browser::default();
    let page = web.follow(&mut new, &format!("/i/{token}")).await;
    assert!(page.body.contains("href=\"/sign-in?next=/i\""));
    let page = web.get(&mut new, "/sign-in?next=/i").await;
    let answer = web
        .post(
            &mut new,
            "/sign-in",
            &[("address", "new@uni.example"), ("next", page.field("next"))],
        )
        .await;
    let page = web.follow(&mut new, answer.location()).await;
    snapshot("code", &page);
    let code = web.code_for(&new);
    let answer = web
        .post(
            &mut new,
            "/sign-in/code",
            &[("code", &code), ("next", page.field("next"))],
        )
        .await;
    let page = web.follow(&mut new, answer.location()).await;
    assert!(
        page.body.contains("<h1>maria offers you 1 run</h1>"),
        "{}",
        page.body
    );
    assert!(page.body.contains(&format!("/transfers/{offer}/accept")));
}

#[tokio::test]
async fn the_context_is_chosen_and_a_context_that_cannot_take_it_says_why() {
    let Story { web, offer, .. } = story().await;
    let mut anna = web.sign_in(ANNA).await;
    let page = web.get(&mut anna, &format!("/transfers/{offer}")).await;
    assert!(page.body.contains("“") && page.body.contains("choice taken shut"));
    assert!(page.body.contains("free and would need"), "{}", page.body);
    // The browser of somebody who forces it all the same.
    let path = format!("/transfers/{offer}/accept");
    let answer = web
        .submit(&mut anna, &page, &path, &[("context", "Small")])
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("role=\"alert\""));
    let answer = web.submit(&mut anna, &page, &path, &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("no context is chosen"));
    let answer = web
        .submit(&mut anna, &page, &path, &[("context", "Nobody's")])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(web.state_of(offer).await, "pending");
    let answer = web
        .submit(&mut anna, &page, &path, &[("context", "TechSupport")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let receipt = web.get(&mut anna, answer.location()).await;
    assert!(
        receipt
            .body
            .contains("<h1>It belongs to TechSupport now</h1>")
    );
    // The same button again, and another one after the fact.
    let again = web
        .submit(&mut anna, &page, &path, &[("context", "TechSupport")])
        .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let late = web
        .post(
            &mut anna,
            &format!("/transfers/{offer}/decline"),
            &[("form", page.field("form"))],
        )
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("this offer was accepted on"));
}

#[tokio::test]
async fn offers_are_answered_from_the_first_page_too() {
    let Story { web, offer, .. } = story().await;
    let mut anna = web.sign_in(ANNA).await;
    let page = web.get(&mut anna, "/").await;
    snapshot("home-of-recipient", &page);
    let reason = "x".repeat(501);
    let path = format!("/transfers/{offer}/decline");
    let answer = web
        .submit(&mut anna, &page, &path, &[("reason", &reason)])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains(&reason), "what was typed is kept");
    let answer = web
        .submit(
            &mut anna,
            &page,
            &path,
            &[("reason", "Wrong lab.\r\nSorry.")],
        )
        .await;
    let receipt = web.follow(&mut anna, answer.location()).await;
    assert!(
        receipt.body.contains("Declined: nothing has changed hands"),
        "{}",
        receipt.body
    );
    let mut maria = web.sign_in(MARIA).await;
    let page = web.get(&mut maria, &format!("/transfers/{offer}")).await;
    assert!(
        page.body.contains("Wrong lab.\nSorry."),
        "the sender reads the reason"
    );
    let (_, anew) = page.body.split_once("href=\"/transfers/new?").unwrap();
    let (query, says) = anew.split_once("\">").unwrap();
    assert!(says.starts_with("Offer it again"));
    let query = query.replace("&#38;", "&");
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?{query}"))
        .await;
    assert!(query.contains("&item="), "{query}");
    for item in query.split('&').filter_map(|one| one.strip_prefix("item=")) {
        let chosen = format!("value=\"{item}\" checked>");
        assert!(dialog.body.contains(&chosen), "{item}");
    }
    assert_eq!(web.state_of(offer).await, "declined");
}

#[tokio::test]
async fn the_sender_sees_how_it_stands_and_mails_extends_or_cancels_it() {
    let Story { web, offer, .. } = story().await;
    let mut maria = web.sign_in(MARIA).await;
    let page = web.get(&mut maria, &format!("/transfers/{offer}")).await;
    snapshot("offer-to-sender", &page);
    assert!(
        !page.body.contains("/accept"),
        "the sender cannot accept it"
    );
    let too_soon = web
        .submit(
            &mut maria,
            &page,
            &format!("/transfers/{offer}/resend"),
            &[],
        )
        .await;
    assert_eq!(too_soon.status, StatusCode::CONFLICT);
    web.clock.advance(Duration::from_secs(2 * 24 * 3_600));
    let answer = web
        .submit(
            &mut maria,
            &page,
            &format!("/transfers/{offer}/resend"),
            &[],
        )
        .await;
    let shown = web.follow(&mut maria, answer.location()).await;
    assert!(shown.body.contains("It is being mailed again."));
    let path = format!("/transfers/{offer}/extend");
    for wrong in ["0", "91", "-1", "soon", ""] {
        let answer = web
            .submit(&mut maria, &page, &path, &[("days", wrong)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(answer.body.contains("role=\"alert\""));
    }
    let answer = web
        .submit(&mut maria, &page, &path, &[("days", "30")])
        .await;
    assert_eq!(
        answer.location(),
        format!("/transfers/{offer}?done=extended")
    );
    let answer = web
        .submit(
            &mut maria,
            &page,
            &format!("/transfers/{offer}/cancel"),
            &[],
        )
        .await;
    let receipt = web.follow(&mut maria, answer.location()).await;
    assert!(
        receipt
            .body
            .contains("Cancelled: nothing has changed hands")
    );
    assert_eq!(web.state_of(offer).await, "cancelled");
    let home = web.get(&mut maria, "/").await;
    snapshot("home-of-sender", &home);
}

#[tokio::test]
async fn without_a_session_there_is_no_form_and_every_token_looks_the_same() {
    let Story {
        web, token, offer, ..
    } = story().await;
    let mut seen = Vec::new();
    for token in [&*token, "unknown", &"x".repeat(500), "%00%ff", "<b>"] {
        let mut stranger = Browser::default();
        let path = format!("/i/{}", token.replace('<', "%3C").replace('>', "%3E"));
        let answer = web.get(&mut stranger, &path).await;
        assert!(
            matches!(
                answer.status,
                StatusCode::SEE_OTHER | StatusCode::BAD_REQUEST
            ),
            "{token}"
        );
        let page = web.get(&mut stranger, "/i").await;
        assert_eq!(page.status, StatusCode::OK);
        for control in ["<form", "<button", "<input", "<script"] {
            assert!(!page.body.contains(control), "{control}");
        }
        seen.push(page.body);
    }
    seen.push(web.get(&mut Browser::default(), "/i").await.body);
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    let mut nobody = Browser::default();
    for path in [
        "/".to_owned(),
        format!("/transfers/{offer}"),
        format!("/transfers/{offer}/receipt"),
        "/transfers/nonsense".into(),
        "/account".into(),
        "/account/close".into(),
        "/workgroups".into(),
    ] {
        let answer = web.get(&mut nobody, &path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/sign-in"), "{path}");
    }
}

#[tokio::test]
async fn somebody_else_learns_nothing_but_that_it_is_not_for_them() {
    let Story {
        web, token, offer, ..
    } = story().await;
    let mut other = web.sign_in(OTHER).await;
    let page = web.follow(&mut other, &format!("/i/{token}")).await;
    snapshot("for-another-account", &page);
    assert!(page.body.contains("a•••@uni.example"));
    for secret in ["anna@", "Exomes", MARIA, "TiB"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
    let hidden = web.get(&mut other, &format!("/transfers/{offer}")).await;
    let unknown = web
        .get(
            &mut other,
            &format!("/transfers/{}", InvitationId::from_bits(7)),
        )
        .await;
    assert_eq!(
        (hidden.status, unknown.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    // Switching the account keeps the offer.
    let answer = web
        .post(
            &mut other,
            "/sign-out",
            &[("form", page.field("form")), ("next", "/i")],
        )
        .await;
    assert_eq!(answer.location(), "/sign-in?done=out&next=/i");
    assert!(other.cookies.contains_key("handover-offer"));
    assert!(!other.cookies.contains_key("handover"), "signed out");
    // Once it is over, a link that was good looks like one that never was.
    let mut maria = web.sign_in(MARIA).await;
    let page = web.get(&mut maria, &format!("/transfers/{offer}")).await;
    web.submit(
        &mut maria,
        &page,
        &format!("/transfers/{offer}/cancel"),
        &[],
    )
    .await;
    let mut other = web.sign_in(OTHER).await;
    let over = web.follow(&mut other, &format!("/i/{token}")).await;
    let never = web.follow(&mut other, "/i/never").await;
    assert_eq!((over.status, &over.body), (never.status, &never.body));
    assert_eq!(over.status, StatusCode::NOT_FOUND);
    // The invited account is told the truth.
    let mut anna = web.sign_in(ANNA).await;
    let page = web.follow(&mut anna, &format!("/i/{token}")).await;
    assert!(
        page.body.contains("This offer was cancelled on"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("ask maria@core.example to offer it again")
    );
    assert!(!page.body.contains("/accept"));
}

#[tokio::test]
async fn whoever_sent_it_and_opens_the_letter_is_told_whose_letter_it_is() {
    let Story { web, token, .. } = story().await;
    let (mut maria, mut anna) = (web.sign_in(MARIA).await, web.sign_in(ANNA).await);
    let says = "The letter is for anna@uni.example.";
    let page = web.follow(&mut maria, &format!("/i/{token}")).await;
    assert!(page.body.contains(says), "{}", page.body);
    let page = web.follow(&mut anna, &format!("/i/{token}")).await;
    assert!(!page.body.contains("The letter is for"), "{}", page.body);
}

#[tokio::test]
async fn an_expired_offer_says_so_to_the_invited_account_only() {
    let Story { web, token, .. } = story().await;
    web.clock.advance(Duration::from_secs(15 * 24 * 3_600));
    let mut anna = web.sign_in(ANNA).await;
    let page = web.follow(&mut anna, &format!("/i/{token}")).await;
    assert!(
        page.body.contains("This offer expired on 15 August 2026"),
        "{}",
        page.body
    );
    let mut other = web.sign_in(OTHER).await;
    let page = web.follow(&mut other, &format!("/i/{token}")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!page.body.contains("•••"));
}

/// Every page there is, with ids that exist and with some that do not.
fn paths(story: &Story) -> Vec<String> {
    let Story {
        offer,
        token,
        items,
        ..
    } = story;
    let mut paths: Vec<String> = [
        "/",
        "/sign-in",
        "/sign-in?next=/i",
        "/sign-in/code",
        "/sign-out",
        "/i",
        "/account",
        "/account/addresses",
        "/account/addresses/code",
        "/account/defaults",
        "/account/notifications",
        "/account/blocked",
        "/account/sessions",
        "/account/sessions/revoke",
        "/account/tokens",
        "/account/tokens/make",
        "/account/tokens/revoke",
        "/account/close",
        "/account/closed",
        "/workgroups",
        "/workgroups/new",
        "/workgroups/create",
        "/workgroups/techsupport",
        "/workgroups/techsupport/members",
        "/workgroups/techsupport/members/remove",
        "/workgroups/techsupport/invitations",
        "/workgroups/techsupport/invitations/invite",
        "/workgroups/techsupport/storage",
        "/workgroups/techsupport/settings",
        "/workgroups/techsupport/settings/change",
        "/workgroups/techsupport/leave",
        "/workgroups/techsupport/close",
        "/mailbox",
        "/mailbox/x",
        "/mailbox/x/html",
        "/assets/x",
        "/nothing",
        "/transfers/x",
        "/items/x",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/i/{token}"));
    paths.push(format!("/transfers/{offer}"));
    paths.extend(
        ["receipt", "accept", "decline", "cancel", "resend", "extend"]
            .map(|verb| format!("/transfers/{offer}/{verb}")),
    );
    paths.extend(items.iter().map(|item| format!("/items/{item}")));
    paths
}

#[tokio::test]
async fn looking_changes_nothing() {
    let story = story().await;
    let web = &story.web;
    let anna = web.sign_in(ANNA).await;
    let maria = web.sign_in(MARIA).await;
    let before = web.kept();
    for mut browser in [Browser::default(), anna, maria] {
        for path in paths(&story) {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                web.visit(&mut browser, method.clone(), &path).await;
                assert_eq!(*web.kept(), *before, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_scanner_that_sends_every_form_without_a_session_does_nothing() {
    let story = story().await;
    let web = &story.web;
    let before = web.kept();
    let mut scanner = Browser::default();
    web.follow(&mut scanner, &format!("/i/{}", story.token))
        .await;
    for path in paths(&story) {
        let fields = [
            ("form", "x"),
            ("context", "personal"),
            ("reason", "x"),
            ("days", "3"),
            ("once", "x"),
        ];
        for origin in [None, Some(web.url), Some("https://evil.example")] {
            web.post_from(&mut scanner, origin, &path, &fields).await;
        }
    }
    assert_eq!(*web.kept(), *before);
}

#[tokio::test]
async fn a_form_needs_its_token_and_this_sites_origin() {
    let Story { web, offer, .. } = story().await;
    let mut anna = web.sign_in(ANNA).await;
    let mut other = web.sign_in(OTHER).await;
    let page = web.get(&mut anna, &format!("/transfers/{offer}")).await;
    let foreign = web.get(&mut other, "/account").await;
    let before = web.kept();
    for path in ["accept", "decline", "cancel", "resend", "extend"]
        .map(|verb| format!("/transfers/{offer}/{verb}"))
        .into_iter()
        .chain(
            [
                "/sign-out",
                "/account/sessions/revoke",
                "/account/tokens/revoke",
                "/account/tokens/make",
                "/account/close",
                "/workgroups/techsupport/leave",
                "/workgroups/techsupport/close",
            ]
            .map(str::to_owned),
        )
    {
        let context = [("context", "personal")];
        for form in ["", "x", foreign.field("form")] {
            let fields = [("form", form), context[0]];
            let answer = web.post(&mut anna, &path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.body.contains("nothing was done"), "{path}");
        }
        for origin in [
            None,
            Some("null"),
            Some("https://evil.example"),
            Some("http://localhost:8081"),
            Some("http://localhost:8080.evil.example"),
        ] {
            let fields = [("form", page.field("form")), context[0]];
            let answer = web.post_from(&mut anna, origin, &path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {origin:?}");
        }
    }
    let answer = web
        .post_from(
            &mut Browser::default(),
            Some("https://evil.example"),
            "/sign-in",
            &[("address", ANNA)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(*web.kept(), *before);
}

#[tokio::test]
async fn cookies_are_for_this_host_alone_and_out_of_reach_of_scripts() {
    let Story { web, token, .. } = story_at(TLS).await;
    let mut anna = Browser::default();
    let link = web.get(&mut anna, &format!("/i/{token}")).await;
    assert_eq!(
        (link.status, link.location()),
        (StatusCode::SEE_OTHER, "/i")
    );
    let begun = web
        .post(&mut anna, "/sign-in", &[("address", ANNA), ("next", "/i")])
        .await;
    let code = web.code_for(&anna);
    let signed_in = web
        .post(
            &mut anna,
            "/sign-in/code",
            &[("code", &code), ("next", "/i")],
        )
        .await;
    let first = anna.cookies["__Host-handover"].clone();
    for answer in [&link, &begun, &signed_in] {
        assert!(!answer.cookies().is_empty());
        for cookie in answer.cookies() {
            assert!(
                cookie.contains("; Path=/") && cookie.contains("; HttpOnly; SameSite=Lax; Secure"),
                "{cookie}"
            );
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
    // A sign-in never goes on with the session there was before it.
    web.post(&mut anna, "/sign-in", &[("address", ANNA), ("next", "/")])
        .await;
    let code = web.code_for(&anna);
    web.post(
        &mut anna,
        "/sign-in/code",
        &[("code", &code), ("next", "/")],
    )
    .await;
    let second = anna.cookies["__Host-handover"].clone();
    assert_ne!(first, second);
    let mut old = Browser::default();
    old.cookies.insert("__Host-handover".into(), first);
    assert_eq!(
        web.get(&mut old, "/account").await.status,
        StatusCode::SEE_OTHER,
        "the old session has ended"
    );
}

#[tokio::test]
async fn every_page_has_its_headers_and_stays_small() {
    let story = story().await;
    let web = &story.web;
    let mut anna = web.sign_in(ANNA).await;
    for path in paths(&story) {
        let answer = web.get(&mut anna, &path).await;
        if !(answer.status.is_success() || answer.status.is_redirection()) {
            continue;
        }
        let of = |name: &str| {
            answer
                .headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        };
        let policy = of("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(of("cache-control"), "no-store", "{path}");
        assert_eq!(of("referrer-policy"), "same-origin", "{path}");
        assert_eq!(of("x-robots-tag"), "noindex", "{path}");
        assert_eq!(of("x-content-type-options"), "nosniff", "{path}");
        assert!(
            answer.body.len() < 100 * 1024,
            "{path}: {}",
            answer.body.len()
        );
        for inline in ["<script", " style=", "<style", " onclick=", "javascript:"] {
            assert!(!own(&answer).contains(inline), "{path}: {inline}");
        }
        if answer.status.is_success() {
            assert!(
                answer.body.contains("<html lang=\"en\">") && answer.body.contains("<title>"),
                "{path}"
            );
        }
    }
    let page = web.get(&mut anna, "/").await;
    let sheet = page
        .body
        .split("rel=\"stylesheet\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let asset = web.get(&mut Browser::default(), sheet).await;
    assert_eq!(asset.status, StatusCode::OK);
    assert_eq!(
        asset.headers[header::CONTENT_TYPE],
        "text/css; charset=utf-8"
    );
    assert_eq!(
        asset.headers[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
}

#[tokio::test]
async fn what_people_write_is_shown_and_not_obeyed() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let call = web.directory().call(web.by(maria), None);
    let name = Change {
        name: Some(format!("{evil}\u{202e}")),
        ..Change::default()
    };
    change(web.directory(), &call, maria, &name).await.unwrap();
    let items = web.run(maria, evil, &[&format!("{evil} project")]).await;
    let offer = web.offer(maria, &items, ANNA, Some(evil)).await;
    let mut anna = web.sign_in(ANNA).await;
    let mut browser = web.sign_in(MARIA).await;
    let page = web.get(&mut anna, &format!("/transfers/{offer}")).await;
    let mut pages = vec![
        page.body.clone(),
        web.get(&mut anna, "/").await.body,
        web.get(&mut browser, "/").await.body,
        web.get(&mut browser, "/account").await.body,
    ];
    let path = format!("/transfers/{offer}/decline");
    let wrong = format!("{evil}{}", "x".repeat(500));
    pages.push(
        web.submit(
            &mut anna,
            &page,
            &path,
            &[("reason", &format!("</textarea>{wrong}"))],
        )
        .await
        .body,
    );
    pages.push(
        web.submit(
            &mut anna,
            &page,
            &format!("/transfers/{offer}/accept"),
            &[("context", evil)],
        )
        .await
        .body,
    );
    let home = web.get(&mut browser, "/").await;
    pages.push(
        web.submit(
            &mut browser,
            &home,
            &format!("/transfers/{offer}/extend"),
            &[("days", evil)],
        )
        .await
        .body,
    );
    pages.push(
        web.post(
            &mut Browser::default(),
            "/sign-in",
            &[("address", evil), ("next", evil)],
        )
        .await
        .body,
    );
    pages.push(
        web.get(&mut Browser::default(), "/sign-in?next=/%22%3E%3Cscript%3E")
            .await
            .body,
    );
    web.submit(
        &mut anna,
        &page,
        &format!("/transfers/{offer}/accept"),
        &[("context", "personal")],
    )
    .await;
    pages.push(
        web.get(&mut anna, &format!("/transfers/{offer}/receipt"))
            .await
            .body,
    );
    pages.push(
        web.get(&mut anna, &format!("/items/{}", items[0]))
            .await
            .body,
    );
    for page in pages {
        let page = without_the_script(&page);
        assert!(
            !page.contains("<script") && !page.contains("<img") && !page.contains("\u{202e}"),
            "{page}"
        );
        assert!(!page.contains("\"'>"), "{page}");
    }
}

#[tokio::test]
async fn the_largest_offer_with_the_worst_names_fits_a_page() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let names: Vec<String> = (0..249)
        .map(|n| format!("{n:03}{}", "\"".repeat(252)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let items = web.run(maria, &"&".repeat(255), &names).await;
    let message = "<".repeat(500);
    let offer = web.offer(maria, &items, ANNA, Some(&message)).await;
    let mut anna = web.sign_in(ANNA).await;
    for path in [
        "/".to_owned(),
        format!("/transfers/{offer}"),
        format!("/transfers/{offer}?from=200"),
        format!("/transfers/{offer}?from=9999999999999999999999"),
    ] {
        let page = web.get(&mut anna, &path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.len() < 100 * 1024, "{path}: {}", page.body.len());
    }
    let page = web
        .get(&mut anna, &format!("/transfers/{offer}?from=50"))
        .await;
    assert!(page.body.contains("Items 51 to 100 of 250."));
    web.submit(
        &mut anna,
        &page,
        &format!("/transfers/{offer}/accept"),
        &[("context", "personal")],
    )
    .await;
    for path in [
        format!("/transfers/{offer}/receipt"),
        format!("/items/{}", items[0]),
    ] {
        let page = web.get(&mut anna, &path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.len() < 100 * 1024, "{path}: {}", page.body.len());
    }
}

#[tokio::test]
async fn a_wrong_code_says_how_many_tries_are_left_and_an_address_that_is_none_is_kept() {
    let web = Website::open().await;
    let mut anna = Browser::default();
    let page = web.get(&mut anna, "/sign-in").await;
    snapshot("sign-in", &page);
    let answer = web
        .post(
            &mut anna,
            "/sign-in",
            &[("address", "anna at uni"), ("next", "/i")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("value=\"anna at uni\"") && answer.field("next") == "/i");
    web.post(&mut anna, "/sign-in", &[("address", ANNA), ("next", "/i")])
        .await;
    for left in [
        "4 tries are left",
        "3 tries are left",
        "2 tries are left",
        "one try is left",
        "ask for a new code",
    ] {
        let answer = web
            .post(
                &mut anna,
                "/sign-in/code",
                &[("code", "2222-2222"), ("next", "/i")],
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(left), "{left}: {}", answer.body);
    }
    let code = web.code_for(&anna);
    let answer = web
        .post(
            &mut anna,
            "/sign-in/code",
            &[("code", &code), ("next", "/i")],
        )
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "not even the right one any more"
    );
    assert!(!anna.cookies.contains_key("handover"));
    let mut far = Browser::default();
    let answer = web
        .post(
            &mut far,
            "/sign-in",
            &[("address", ANNA), ("next", "https://evil.example/")],
        )
        .await;
    assert_eq!(answer.location(), "/sign-in/code");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let Story { web, .. } = story().await;
    let mut here = web.sign_in(ANNA).await;
    web.clock.advance(Duration::from_secs(60));
    let mut there = web.sign_in(ANNA).await;
    let mut other = web.sign_in(OTHER).await;
    let page = web.get(&mut here, "/account/sessions").await;
    snapshot("sessions", &page);
    let newest = page.field("session").to_owned();
    let theirs = web.get(&mut other, "/account").await;
    web.submit(
        &mut other,
        &theirs,
        "/account/sessions/revoke",
        &[("session", &newest)],
    )
    .await;
    assert_eq!(
        web.get(&mut there, "/account").await.status,
        StatusCode::OK,
        "not by somebody else"
    );
    web.submit(
        &mut here,
        &page,
        "/account/sessions/revoke",
        &[("session", &newest)],
    )
    .await;
    assert_eq!(
        web.get(&mut there, "/account").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(web.get(&mut here, "/account").await.status, StatusCode::OK);
    let answer = web.submit(&mut here, &page, "/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in?done=out");
    let page = web.get(&mut here, answer.location()).await;
    assert!(page.body.contains("You are signed out."));
    assert_eq!(
        web.get(&mut here, "/account").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_item_is_shown_to_whoever_may_see_it() {
    let Story {
        web, items, maria, ..
    } = story().await;
    let mut owner = web.sign_in(MARIA).await;
    let page = web.get(&mut owner, &format!("/items/{}", items[0])).await;
    snapshot("run", &page);
    let page = web.get(&mut owner, &format!("/items/{}", items[1])).await;
    snapshot("project", &page);
    let mut anna = web.sign_in(ANNA).await;
    let answer = web.get(&mut anna, &format!("/items/{}", items[0])).await;
    assert_eq!(
        answer.status,
        StatusCode::NOT_FOUND,
        "nothing is granted while it is pending"
    );
    let unknown = ItemId::new(items[0].kind(), maria.bits());
    let answer = web.get(&mut anna, &format!("/items/{unknown}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_offer_to_a_workgroup_is_answered_by_its_administrators() {
    let Story { web, maria, .. } = story().await;
    let items = web.run(maria, "for-the-group", &[]).await;
    let to = To::Workgroup("TechSupport".parse().unwrap());
    // One that would bring the sender under its cap again is allowed; this one is not needed for that.
    let mut policy = Policy::default();
    policy.quota.insert(Tier::Basic, None);
    web.directory().decide_by(policy);
    let offer = web.offer_to(maria, &items, to, None).await;
    let mut member = web.sign_in("lead@uni.example").await;
    let path = format!("/transfers/{offer}");
    let hidden = web.get(&mut member, &path).await;
    assert_eq!(
        hidden.status,
        StatusCode::NOT_FOUND,
        "a member sees nothing of it yet"
    );
    let mut anna = web.sign_in(ANNA).await;
    let home = web.get(&mut anna, "/").await;
    assert!(home.body.contains("to <bdi>workgroup TechSupport</bdi>"));
    assert!(home.body.contains("Accept into <bdi>TechSupport</bdi>"));
    let page = web.get(&mut anna, &path).await;
    assert_eq!(
        page.body.matches("choice taken").count(),
        1,
        "nothing but that workgroup can be chosen"
    );
    let accept = format!("{path}/accept");
    let wrong = web
        .submit(&mut anna, &page, &accept, &[("context", "personal")])
        .await;
    assert!(wrong.status.is_client_error());
    let answer = web
        .submit(&mut anna, &page, &accept, &[("context", "TechSupport")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let seen = web.get(&mut member, &path).await;
    assert_eq!(
        seen.status,
        StatusCode::OK,
        "it is part of the history of the workgroup"
    );
    assert!(!seen.body.contains("/cancel") && !seen.body.contains("<h2 id=\"letters\">"));
}

#[tokio::test]
async fn what_goes_wrong_is_a_page_that_says_what_to_do() {
    let web = Website::open().await;
    let mut anybody = Browser::default();
    let page = web.get(&mut anybody, "/nothing/here").await;
    snapshot("not-found", &page);
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    for path in ["/sign-out", "/transfers/x/accept"] {
        let page = web.get(&mut anybody, path).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(page.body.contains("<h1>That did not work</h1>"));
        assert!(
            page.body.contains("Go back, or start at the home page."),
            "{}",
            page.body
        );
    }
    let page = web.post_from(&mut anybody, None, "/sign-out", &[]).await;
    snapshot("forbidden", &page);
    assert!(!page.body.contains("<form"));
    // Whoever is signed in goes on from the menus.
    let mut anna = web.sign_in(ANNA).await;
    for path in ["/nothing/here", "/workgroups/none", "/transfers/what"] {
        let page = web.get(&mut anna, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("<a href=\"/runs\">Runs</a>"), "{path}");
    }
    let page = web.post_from(&mut anna, None, "/sign-out", &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("<a href=\"/runs\">Runs</a>"));
    let large = "x".repeat(3 * 1024 * 1024);
    let page = web
        .post(&mut anybody, "/sign-in", &[("address", &large)])
        .await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("<h1>"));
    for query in ["?next=%FF", "?next=/i&next=/i", "?%", "?from=x"] {
        let page = web.get(&mut anybody, &format!("/sign-in{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
    }
}

#[tokio::test]
async fn codes_are_not_sent_without_end() {
    let web = Website::open().await;
    web.app.limit_by(Rates {
        sign_in_per_address: 2,
        ..website::RATES
    });
    let mut anna = Browser::default();
    let fields = [("address", ANNA), ("next", "/i")];
    for _ in 0..2 {
        let answer = web.post(&mut anna, "/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let before = web.kept();
    let answer = web.post(&mut anna, "/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        answer.body.contains("try again in") && answer.body.contains(ANNA),
        "the address is kept"
    );
    assert_eq!(*web.kept(), *before);
}

struct OneLetter;

impl Letters for OneLetter {
    fn newest_first(&self) -> Vec<Kept> {
        self.letter(LetterId::from_bits(1)).into_iter().collect()
    }
    fn letter(&self, id: LetterId) -> Option<Kept> {
        (id == LetterId::from_bits(1)).then(|| Kept {
            id,
            from: "handover@core.example".into(),
            to: ANNA.into(),
            at: Time::from_ms(1_785_600_000_000),
            subject: "maria offers you <1> run".into(),
            message_id: "<let_1@reply.core.example>".into(),
            text: "Open http://localhost:8080/i/abc to answer.\n<script>alert(1)</script>".into(),
            html: "<html><head></head><body><script>alert(1)</script><a href=\"http://localhost:8080/i/abc\">Open</a></body></html>".into(),
        })
    }
}

#[tokio::test]
async fn the_built_in_mailbox_is_there_only_when_the_site_has_one() {
    let web = Website::open().await;
    let mut anybody = Browser::default();
    assert_eq!(
        web.get(&mut anybody, "/mailbox").await.status,
        StatusCode::NOT_FOUND
    );
    web.app.show_mailbox(Arc::new(OneLetter));
    let page = web.get(&mut anybody, "/mailbox").await;
    assert!(page.body.contains("maria offers you &#60;1&#62; run"));
    assert!(page.body.contains("1 August 2026"), "{}", page.body);
    let others = web.get(&mut anybody, "/mailbox?to=carl@lab.example").await;
    assert!(!others.body.contains("maria offers you"));
    let id = LetterId::from_bits(1);
    let page = web.get(&mut anybody, &format!("/mailbox/{id}")).await;
    snapshot("letter", &page);
    assert!(
        page.body
            .contains("<a href=\"http://localhost:8080/i/abc\">")
            && !own(&page).contains("<script")
    );
    let html = web.get(&mut anybody, &format!("/mailbox/{id}/html")).await;
    let policy = html.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("default-src 'none'")
            && policy.contains("sandbox allow-top-navigation-by-user-activation")
    );
    assert!(html.body.contains("<base target=\"_top\">"));
    let answer = web
        .get(
            &mut anybody,
            &format!("/mailbox/{}", LetterId::from_bits(2)),
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

/// Shares an item with Anna, to read it, and says which invitation that is.
async fn share(story: &Story) -> InvitationId {
    let web = &story.web;
    let call = web.directory().call(web.by(story.maria), None);
    let id = InvitationId::made(web.app.settings().ids.fresh(call.at), false);
    let ask = Ask {
        items: vec![story.items[1]],
        message: None,
        terms: Terms::Access {
            level: Level::Read,
            until: None,
        },
        lifetime_ms: None,
        terms_accepted: true,
    };
    let to = To::Address(ANNA.parse().unwrap());
    let command = Command::Request { ask, to };
    web.directory().transfer(id, call, command).await.unwrap();
    id
}

#[tokio::test]
async fn a_share_is_accepted_into_a_context_and_says_that_nothing_changes_hands() {
    let story = story().await;
    let id = share(&story).await;
    let web = &story.web;
    let token = web.link_for(ANNA);
    let mut anna = web.sign_in(ANNA).await;
    let page = web.follow(&mut anna, &format!("/i/{token}")).await;
    assert!(
        page.body
            .contains("<h1>maria shares 1 project with you</h1>")
    );
    assert!(!page.body.contains("changes hands") && !page.body.contains("Sender keeps"));
    snapshot("share-to-recipient", &page);
    let home = web.get(&mut anna, "/").await;
    assert!(home.body.contains(&format!("/invitations/{id}/accept")));
    let account = web.account(ANNA).await.to_string();
    let path = format!("/invitations/{id}/accept");
    let answer = web
        .submit(&mut anna, &page, &path, &[("context", &account)])
        .await;
    assert_eq!(answer.location(), format!("/invitations/{id}/receipt"));
    let receipt = web.get(&mut anna, answer.location()).await;
    assert!(receipt.body.contains("<h1>It is shared with you</h1>"));
    snapshot("receipt-of-share", &receipt);
    let item = format!("/items/{}", story.items[1]);
    assert!(web.get(&mut anna, &item).await.status.is_success());
    let home = web.get(&mut anna, "/").await;
    snapshot("home-with-shared", &home);
    let mut maria = web.sign_in(MARIA).await;
    let page = web.get(&mut maria, &format!("/invitations/{id}")).await;
    assert!(
        page.body
            .contains("<h1>Your invitation to “Exomes July”</h1>")
    );
    let ended = "the access that it gave has ended since";
    assert!(!page.body.contains(ended));
    let people = format!("{item}/people");
    let form = web.get(&mut anna, &people).await;
    let leave = format!("{people}/leave");
    web.submit(&mut anna, &form, &leave, &[("who", &account)])
        .await;
    for who in [&mut anna, &mut maria] {
        let page = web.get(who, &format!("/invitations/{id}")).await;
        assert!(page.body.contains(ended), "{}", page.body);
        let place = format!("/invitations/{id}/receipt");
        let receipt = web.get(who, &place).await;
        for says in ["It was shared with anna", "The access has ended since."] {
            assert!(receipt.body.contains(says), "{says}: {}", receipt.body);
        }
    }
    for place in ["", "/receipt"] {
        let place = format!("/invitations/{id}{place}");
        let page = web.get(&mut anna, &place).await;
        assert!(!page.body.contains(&item), "{place}: {}", page.body);
    }
    let history = web.get(&mut maria, &item).await;
    assert!(history.body.contains("gave its access up"));
}

#[tokio::test]
async fn one_joins_a_workgroup_without_choosing_a_context() {
    let story = story().await;
    let web = &story.web;
    let call = web.directory().call(web.by(story.maria), None);
    let new = New {
        handle: "pool".parse().unwrap(),
        name: "Pool".to_owned(),
        description: String::new(),
        domain: None,
        collaborative: false,
    };
    let pool = workgroups::create(web.directory(), &call, &new).await;
    let workgroup = pool.unwrap().id;
    let id = InvitationId::made(web.app.settings().ids.fresh(call.at), false);
    let invite = Invite {
        workgroup,
        to: ANNA.parse().unwrap(),
        role: Some(Role::Member),
        message: None,
        lifetime_ms: None,
    };
    let command = Command::Invite(invite);
    web.directory().transfer(id, call, command).await.unwrap();
    let mut anna = web.sign_in(ANNA).await;
    let page = web.get(&mut anna, &format!("/invitations/{id}")).await;
    assert!(page.body.contains("<h1>maria invites you to “Pool”</h1>"));
    assert!(!page.body.contains("Context to accept into"));
    snapshot("membership-to-recipient", &page);
    let home = web.get(&mut anna, "/").await;
    let path = format!("/invitations/{id}/accept");
    let answer = web
        .submit(&mut anna, &home, &path, &[("joins", "yes")])
        .await;
    let receipt = web.get(&mut anna, answer.location()).await;
    assert!(
        receipt.body.contains("<h1>You belong to Pool now</h1>"),
        "{}",
        receipt.body
    );
}

#[tokio::test]
async fn a_link_shows_what_it_shares_and_is_accepted_by_whoever_is_signed_in() {
    let story = story().await;
    let web = &story.web;
    let item = story.items[1];
    let call = web.directory().call(web.by(story.maria), None);
    let command = sharing::Command::MakeLink {
        level: Level::Read,
        expires_at: None,
        max_acceptances: Some(1),
    };
    let made = web.directory().sharing(item, call, command).await.unwrap();
    let link = made.link.unwrap();
    let token = web.app.settings().key.share(link);
    let mut stranger = Browser::default();
    let mut pages = Vec::new();
    for token in [token.as_str(), "unknown", &"x".repeat(500)] {
        let answer = web.get(&mut stranger, &format!("/l/{token}")).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/l")
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        pages.push(web.get(&mut stranger, "/l").await.body);
    }
    assert!(
        pages
            .iter()
            .all(|page| page == &pages[0] && !page.contains("<form"))
    );

    let mut ben = web.sign_in("ben@lab.example").await;
    let page = web.follow(&mut ben, &format!("/l/{token}")).await;
    snapshot("link", &page);
    let before = web.kept().documents().count();
    web.get(&mut ben, "/l").await;
    assert_eq!(
        web.kept().documents().count(),
        before,
        "looking changes nothing"
    );
    let account = web.account("ben@lab.example").await.to_string();
    let none = web.submit(&mut ben, &page, "/l/accept", &[]).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
    let forged = web
        .post(&mut ben, "/l/accept", &[("context", &account)])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let answer = web
            .submit(&mut ben, &page, "/l/accept", &[("context", &account)])
            .await;
        assert_eq!(answer.location(), format!("/items/{item}?done=accepted"));
        let shown = web.follow(&mut ben, answer.location()).await;
        assert!(shown.status.is_success());
        assert!(shown.body.contains("You have the access now."));
    }
    let page = web.get(&mut ben, "/l").await;
    assert!(page.body.contains("You have this access already"));
    let mut cleo = web.sign_in("cleo@lab.example").await;
    let page = web.follow(&mut cleo, &format!("/l/{token}")).await;
    assert!(
        page.body
            .contains("was accepted once, as often as it may be")
    );
    assert!(
        !page.body.contains("action=\"/l/accept\""),
        "nothing to press"
    );
    let wrong = web.follow(&mut cleo, "/l/unknown").await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_are_of_the_context_one_acts_as_and_everything_else_works_in_any() {
    let story = story().await;
    let web = &story.web;
    let mut anna = web.sign_in(ANNA).await;
    let home = web.get(&mut anna, "/").await;
    let into = |name: &str| {
        let end = format!("\"><bdi>{name}</bdi>");
        let (before, _) = home.body.split_once(&end).unwrap();
        before.rsplit_once("value=\"").unwrap().1.to_owned()
    };
    let workgroup = into("TechSupport");
    let account = format!("/transfers/{}", story.offer);
    let switch = [("context", workgroup.as_str()), ("next", account.as_str())];
    let answer = web.submit(&mut anna, &home, "/context", &switch).await;
    assert_eq!(answer.location(), account);
    let page = web.get(&mut anna, &account).await;
    assert!(
        page.body.contains(
            "<summary><span class=\"quiet small\">Acting as</span> <bdi>TechSupport</bdi>"
        )
    );
    // What was offered to her is accepted into whatever context she chooses, whatever she acts as.
    let personal = web.account(ANNA).await.to_string();
    let path = format!("{account}/accept");
    let answer = web
        .submit(&mut anna, &page, &path, &[("context", &personal)])
        .await;
    assert_eq!(answer.location(), format!("{account}/receipt"));
    // An item of another context of hers says so, with one click to act there.
    let item = format!("/items/{}", story.items[0]);
    let page = web.get(&mut anna, &item).await;
    assert!(
        page.body.contains(
            "It belongs to <bdi>Personal</bdi>; you are acting as <bdi>TechSupport</bdi>."
        )
    );
    let there = [("context", personal.as_str()), ("next", item.as_str())];
    let answer = web.submit(&mut anna, &page, "/context", &there).await;
    assert_eq!(answer.location(), item);
    let page = web.get(&mut anna, &item).await;
    assert!(!page.body.contains("It belongs to"));
    // A context that is none of hers is none to act as, by form or by cookie.
    let maria = story.maria.to_string();
    let answer = web
        .submit(&mut anna, &page, "/context", &[("context", &maria)])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    anna.cookies.insert("handover-acts-as".to_owned(), maria);
    let page = web.get(&mut anna, "/").await;
    assert!(page.body.contains("Acting as</span> <bdi>Personal</bdi>"));
}
