//! What no page may do, whoever asks: held for every route there is, as the router's source names them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::http::{Method, Request, StatusCode, header};
use handover::domain::id::{Context, ItemId};
use handover::domain::policy::{Creators, Policy, Tier};
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
/// What somebody writes who wants other people's browsers to obey.
const EVIL: &str = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";

/// Texts of all files below a folder.
fn texts(folder: &str) -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => texts.push(fs::read_to_string(path).unwrap()),
            }
        }
    }
    texts
}

/// A path of the pages' router, and which methods it takes.
struct Route {
    path: String,
    gets: bool,
    posts: bool,
}

/// All of them, as the source of the router says.
fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for text in texts("src/web/pages") {
        let dense: String = text.split_whitespace().collect();
        for rest in dense.split(".route(\"").skip(1) {
            let (path, rest) = rest.split_once('"').unwrap();
            let handlers = rest.split(".route(").next().unwrap();
            let handlers = handlers.split(".merge(").next().unwrap();
            let handlers = handlers.split('}').next().unwrap();
            let route = Route {
                path: path.to_owned(),
                gets: handlers.contains("get("),
                posts: handlers.contains("post("),
            };
            assert!(route.gets || route.posts, "{path} {handlers}");
            routes.push(route);
        }
    }
    assert!(routes.len() > 80, "{} were found", routes.len());
    routes
}

/// A core facility has offered a run to Anna, shared a project with her by a link, and she has a workgroup.
struct Story {
    web: Website,
    anna: Browser,
    maria: Browser,
    item: ItemId,
    offer: String,
    lab: Context,
    token: String,
}

async fn story() -> Story {
    let web = Website::open().await;
    // What a basic account may send is not what is tested here.
    let mut policy = Policy {
        creators: Creators::Anyone,
        ..Policy::default()
    };
    policy.quota.insert(Tier::Basic, None);
    web.directory().decide_by(policy);
    let maria = web.account(MARIA).await;
    web.account(ANNA).await;
    let lab = web.workgroup("lab", None, &[ANNA, MARIA]).await;
    let items = web.run(maria, "260731", &["Exomes"]).await;
    let offer = web.offer(maria, &items[..1], ANNA, None).await.to_string();
    let token = web.link_for(ANNA);
    let anna = web.sign_in(ANNA).await;
    let maria = web.sign_in(MARIA).await;
    let item = items[1];
    Story {
        web,
        anna,
        maria,
        item,
        offer,
        lab,
        token,
    }
}

impl Story {
    /// A route with an id of the story in it.
    fn path(&self, route: &Route) -> String {
        let part = route.path.split('/').nth(1).unwrap();
        let id = match part {
            "transfers" | "invitations" => self.offer.clone(),
            "workgroups" => self.lab.to_string(),
            "i" => self.token.clone(),
            _ => self.item.to_string(),
        };
        let mut path = route.path.clone();
        while let Some((before, rest)) = path.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap();
            path = format!("{before}{id}{after}");
        }
        path
    }

    /// Everybody reads this language from now on.
    async fn read_by_all(&self, language: &str) {
        for address in [MARIA, ANNA] {
            self.web.reads(address, language).await;
        }
    }

    /// What proves that a form was sent by a page of this person.
    async fn form(&self, browser: &mut Browser) -> String {
        self.web.get(browser, "/").await.field("form").to_owned()
    }
}

/// Forms that nobody needs a session for.
const OPEN: [&str; 3] = ["/sign-in", "/sign-in/code", "/sign-in/provider"];

#[tokio::test]
async fn every_form_needs_its_token_and_this_sites_origin() {
    let story = story().await;
    let (mut anna, mut maria) = (story.anna.clone(), story.maria.clone());
    let (own, foreign) = (story.form(&mut anna).await, story.form(&mut maria).await);
    let item = story.item.to_string();
    let before = story.web.kept();
    for route in routes().iter().filter(|route| route.posts) {
        let path = story.path(route);
        let fields = |form| {
            [
                ("form", form),
                ("context", "personal"),
                ("item", &*item),
                ("address", MARIA),
                ("done", "yes"),
            ]
        };
        let is_open = OPEN.contains(&&*path);
        for form in ["", "x", &*foreign] {
            if is_open {
                continue;
            }
            let answer = story
                .web
                .post(&mut anna.clone(), &path, &fields(form))
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {form:?}");
            let nobody = &mut Browser::default();
            let answer = story.web.post(nobody, &path, &fields(form)).await;
            assert_eq!(
                answer.status,
                StatusCode::SEE_OTHER,
                "{path} without a session"
            );
            assert!(answer.location().starts_with("/sign-in"), "{path}");
        }
        for origin in [
            None,
            Some("null"),
            Some("https://evil.example"),
            Some("http://localhost:8081"),
            Some("https://localhost:8080"),
            Some("http://localhost:8080.evil.example"),
        ] {
            let browser = &mut anna.clone();
            let answer = story
                .web
                .post_from(browser, origin, &path, &fields(&own))
                .await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{path} from {origin:?}"
            );
            assert_eq!(browser.cookies, anna.cookies, "{path} from {origin:?}");
        }
        assert_eq!(*story.web.kept(), *before, "{path} did something");
    }
}

#[tokio::test]
async fn looking_at_any_page_changes_nothing() {
    let story = story().await;
    let before = story.web.kept();
    for browser in [Browser::default(), story.anna.clone(), story.maria.clone()] {
        for route in routes() {
            let path = story.path(&route);
            for query in [
                "",
                "?done=revoked",
                "?item=x&form=x&once=x&context=personal",
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let asked = format!("{path}{query}");
                    let answer = story.web.visit(&mut browser.clone(), method, &asked).await;
                    let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
                    assert!(
                        route.gets || refused || answer.status.is_client_error(),
                        "{asked}"
                    );
                    assert!(
                        !answer.status.is_server_error(),
                        "{asked}: {}",
                        answer.status
                    );
                    assert_eq!(*story.web.kept(), *before, "{asked} did something");
                }
            }
        }
    }
}

/// Neither frames around a page nor scripts, forms and images from elsewhere.
fn is_careful(answer: &Answer, path: &str) {
    let of = |name: header::HeaderName| {
        let all: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert!(all.len() <= 1, "{path}: {all:?}");
        all.first()
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let policy = of(header::CONTENT_SECURITY_POLICY);
    for part in [
        "default-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{path}: {policy}"
    );
    assert_eq!(of(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
    assert_eq!(of(header::REFERRER_POLICY), "same-origin", "{path}");
    if path.starts_with("/assets/") && answer.status.is_success() {
        return;
    }
    assert_eq!(of(header::CACHE_CONTROL), "no-store", "{path}");
    assert!(
        answer
            .headers
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .is_none(),
        "{path}"
    );
}

#[tokio::test]
async fn whatever_is_answered_keeps_browsers_careful() {
    let story = story().await;
    let mut anna = story.anna.clone();
    let form = story.form(&mut anna).await;
    for mut browser in [Browser::default(), story.anna.clone(), story.maria.clone()] {
        for route in routes() {
            let path = story.path(&route);
            is_careful(&story.web.get(&mut browser.clone(), &path).await, &path);
            if route.posts {
                for form in ["x", &form] {
                    let answer = story
                        .web
                        .post(&mut browser.clone(), &path, &[("form", form)])
                        .await;
                    is_careful(&answer, &path);
                }
            }
        }
        is_careful(&story.web.get(&mut browser, "/nothing").await, "/nothing");
    }
}

/// The page says in which language it is written, and on whose wish.
fn is_written_in(language: &str, asked: bool, answer: &Answer, path: &str) {
    let of = |name| {
        answer
            .headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    if !of(header::CONTENT_TYPE).starts_with("text/html") {
        return;
    }
    let head = answer.body.lines().nth(1).unwrap();
    assert_eq!(head, format!("<html lang=\"{language}\">"), "{path}");
    assert_eq!(of(header::CONTENT_LANGUAGE), language, "{path}");
    let vary = if asked { "accept-language" } else { "" };
    assert_eq!(of(header::VARY), vary, "{path}");
}

#[tokio::test]
async fn every_page_is_written_in_the_language_of_its_reader() {
    let story = story().await;
    story.web.reads(ANNA, "de").await;
    let mut english = story.maria.clone();
    english.languages = Browser::german().languages;
    let mut german = story.anna.clone();
    german.languages = Some("en");
    for (browser, language, asked) in [
        (&Browser::default(), "en", true),
        (&Browser::german(), "de", true),
        (&german, "de", false),
        (&english, "en", false),
    ] {
        for route in routes() {
            let path = story.path(&route);
            let page = story.web.get(&mut browser.clone(), &path).await;
            is_written_in(language, asked, &page, &path);
        }
        for path in ["/nothing", "/transfers/nothing", "/runs/x/y"] {
            let page = story.web.get(&mut browser.clone(), path).await;
            is_written_in(language, asked, &page, path);
        }
    }
    let api = story.web.get(&mut german, "/api/v1/nothing").await;
    assert!(api.body.contains("there is nothing at this path"));
    assert!(api.headers.get(header::CONTENT_LANGUAGE).is_none());
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let story = story().await;
    let web = &story.web;
    let form = story.form(&mut story.anna.clone()).await;
    let lab = story.lab.to_string();
    for next in [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        ".evil.example",
        "@evil.example",
        "/\t/evil.example",
        "/\r\nLocation: https://evil.example",
    ] {
        let mut nobody = Browser::default();
        let asked = [("address", ANNA), ("next", next)];
        let begun = web.post(&mut nobody, "/sign-in", &asked).await;
        assert_eq!(begun.location(), "/sign-in/code", "{next:?}");
        let code = web.code_for(&nobody);
        let typed = [("code", code.as_str()), ("next", next)];
        let signed_in = web.post(&mut nobody, "/sign-in/code", &typed).await;
        assert_eq!(signed_in.location(), "/", "{next:?}");
        let fields = [("form", form.as_str()), ("context", &lab), ("next", next)];
        let chosen = web.post(&mut story.anna.clone(), "/context", &fields).await;
        assert_eq!(chosen.location(), "/", "{next:?}");
        let encoded: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for browser in [&story.anna, &Browser::default()] {
            let path = format!("/sign-in?next={encoded}");
            let page = web.get(&mut browser.clone(), &path).await;
            assert!(matches!(page.location(), "" | "/"), "{next:?}");
            assert!(!page.body.contains("evil"), "{next:?}");
        }
    }
    for referer in [
        "https://evil.example/runs",
        "http://localhost:8080.evil.example/runs",
        "http://localhost:8080@evil.example/runs",
        "http://localhost:8080//evil.example",
        "http://localhost:8080/\\evil.example",
        "http://localhost:8080",
        "nonsense",
    ] {
        let cookies = story.anna.cookies.iter();
        let cookies: Vec<String> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::post("/context")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ORIGIN, web.url)
            .header(header::REFERER, referer)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("form={form}&context={lab}").into());
        let answer = web.send(request.unwrap()).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/"),
            "{referer}"
        );
    }
    // A session that was meant for leaving leads nowhere else either.
    let fields = [("form", form.as_str()), ("next", "//evil.example")];
    let left = web
        .post(&mut story.anna.clone(), "/sign-out", &fields)
        .await;
    assert_eq!(left.location(), "/sign-in?done=out");
}

#[tokio::test]
async fn a_session_that_somebody_planted_is_not_the_one_that_is_opened() {
    let story = story().await;
    let web = &story.web;
    // Maria's own session, and one that never was, are put into the browser in which Anna signs in.
    for planted in [story.maria.clone(), {
        let mut made_up = Browser::default();
        let names = story.maria.cookies.keys();
        made_up
            .cookies
            .extend(names.map(|name| (name.clone(), "A".repeat(46))));
        made_up
    }] {
        let mut browser = planted.clone();
        let asked = [("address", ANNA), ("next", "/")];
        web.post(&mut browser, "/sign-in", &asked).await;
        let code = web.code_for(&browser);
        web.post(&mut browser, "/sign-in/code", &[("code", &code)])
            .await;
        let page = web.get(&mut browser, "/account").await;
        assert!(page.body.contains(ANNA), "{}", page.body);
        let page = web.get(&mut planted.clone(), "/account").await;
        assert_eq!(
            page.status,
            StatusCode::SEE_OTHER,
            "the planted session is worth nothing"
        );
    }
    // Nor does the context that somebody planted open anything.
    let other = web
        .workgroup("strangers", None, &["lead@uni.example"])
        .await;
    let mut anna = story.anna.clone();
    let fields = [
        ("form", &*story.form(&mut anna).await),
        ("context", &story.lab.to_string()),
    ]
    .map(|(n, v)| (n, v.to_owned()));
    let fields = fields.each_ref().map(|(n, v)| (*n, v.as_str()));
    web.post(&mut anna, "/context", &fields).await;
    let lab = story.lab.to_string();
    let acts_as = anna
        .cookies
        .values_mut()
        .find(|value| **value == lab)
        .unwrap();
    *acts_as = other.to_string();
    let page = web.get(&mut anna, "/runs").await;
    assert!(
        page.body.contains("<bdi>Personal</bdi>") && !page.body.contains("strangers"),
        "{}",
        page.body
    );
}

/// Every field that a form of a page has.
fn fields() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for text in texts("templates/pages") {
        for rest in text.split(" name=\"").skip(1) {
            fields.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    fields.remove("viewport");
    fields.remove("color-scheme");
    assert!(fields.len() > 25, "{fields:?}");
    fields
}

/// The page shows what was written and does nothing that it says.
fn does_not_obey(answer: &Answer, path: &str) {
    let of = |name| {
        answer
            .headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    if answer.status == StatusCode::OK && !of(header::CONTENT_TYPE).starts_with("text/html") {
        // A table or an export: no browser takes it for a page.
        assert!(
            of(header::CONTENT_DISPOSITION).starts_with("attachment"),
            "{path}"
        );
        assert_eq!(of(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        return;
    }
    for wrong in ["<script>", "<img", "onerror=alert(1)>", "\"'>", "\u{202e}"] {
        assert!(
            !answer.body.contains(wrong),
            "{path}: {wrong} in\n{}",
            answer.body
        );
    }
    assert!(
        answer.body.len() <= 100 * 1024,
        "{path} has {} bytes",
        answer.body.len()
    );
    assert!(
        !answer.status.is_server_error(),
        "{path}: {}",
        answer.status
    );
}

#[tokio::test]
async fn no_text_that_a_person_can_enter_is_obeyed() {
    nothing_is_obeyed("en").await;
}

#[tokio::test]
async fn no_text_that_a_person_can_enter_is_obeyed_on_german_pages() {
    nothing_is_obeyed("de").await;
}

async fn nothing_is_obeyed(language: &'static str) {
    let story = story().await;
    story.read_by_all(language).await;
    let (web, offer, lab, item) = (&story.web, &story.offer, &story.lab, &story.item);
    let (mut anna, mut maria) = (story.anna.clone(), story.maria.clone());
    let maria_account = web.account(MARIA).await;
    // What is kept, and shown to others.
    let items = web.run(maria_account, EVIL, &[EVIL]).await;
    let second = web
        .offer(maria_account, &items[1..], ANNA, Some(EVIL))
        .await
        .to_string();
    let home = web.get(&mut anna, "/").await;
    for (path, more) in [
        (
            "/account/profile".to_owned(),
            vec![("name", EVIL), ("language", language)],
        ),
        (
            "/workgroups/create".to_owned(),
            vec![("name", EVIL), ("handle", "evil"), ("description", EVIL)],
        ),
        (
            "/account/tokens/make".to_owned(),
            vec![("name", EVIL), ("scope", "read")],
        ),
        (
            format!("/transfers/{offer}/decline"),
            vec![("reason", EVIL)],
        ),
    ] {
        let done = web.submit(&mut anna, &home, &path, &more).await;
        let kept = done.status == StatusCode::SEE_OTHER || done.status == StatusCode::OK;
        assert!(kept, "{path}: {} {}", done.status, done.body);
        does_not_obey(&done, &path);
    }
    let home = web.get(&mut maria, "/").await;
    for (path, more) in [
        (
            format!("/workgroups/{lab}/invitations/invite"),
            vec![
                ("addresses", "carl@uni.example"),
                ("role", "member"),
                ("message", EVIL),
            ],
        ),
        (
            "/shares/request".to_owned(),
            vec![
                ("item", "ITEM"),
                ("recipient", ANNA),
                ("level", "read"),
                ("message", EVIL),
            ],
        ),
        (
            format!("/items/{item}/links/make"),
            vec![("level", "read"), ("most", "3")],
        ),
    ] {
        let item = items[0].to_string();
        let more: Vec<_> = more
            .iter()
            .map(|(n, v)| (*n, if *v == "ITEM" { &*item } else { *v }))
            .collect();
        let done = web.submit(&mut maria, &home, &path, &more).await;
        does_not_obey(&done, &path);
    }
    // Every field of every form: refused, and shown again.
    let names = fields();
    for (browser, last) in [(&anna, "/account/close"), (&maria, "/account/close")] {
        for route in routes().iter().filter(|route| route.posts) {
            let path = story.path(route);
            if path == "/sign-out" || path == last {
                continue;
            }
            let browser = &mut browser.clone();
            let page = web.get(browser, "/").await;
            let texts = names
                .iter()
                .filter(|name| !["form", "once"].contains(&&***name));
            let evil: Vec<(&str, &str)> = texts.map(|name| (name.as_str(), EVIL)).collect();
            does_not_obey(&web.submit(browser, &page, &path, &evil).await, &path);
        }
    }
    // Every page, of both sides, with the words in its address too.
    let encoded: String = EVIL.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let asked: Vec<String> = names
        .iter()
        .map(|name| format!("{name}={encoded}"))
        .collect();
    let asked = asked.join("&");
    let mut shown = 0;
    let nobody = Browser {
        languages: Some(language),
        ..Browser::default()
    };
    for browser in [&anna, &maria, &nobody] {
        for route in routes().iter().filter(|route| route.gets) {
            let path = story.path(route);
            for id in [
                &items[0].to_string(),
                &items[1].to_string(),
                &second,
                &encoded,
            ] {
                let of = [
                    story.item.to_string(),
                    story.offer.clone(),
                    story.lab.to_string(),
                    story.token.clone(),
                ];
                let other = of
                    .iter()
                    .fold(path.clone(), |path, own| path.replace(own, id));
                for path in [other.clone(), format!("{other}?{asked}")] {
                    let answer = web.get(&mut browser.clone(), &path).await;
                    shown += usize::from(answer.body.contains("&#60;script&#62;alert(1)"));
                    does_not_obey(&answer, &path);
                }
            }
            does_not_obey(&web.get(&mut browser.clone(), &path).await, &path);
        }
    }
    assert!(
        shown > 10,
        "the words were to be seen on {shown} pages only"
    );
}
