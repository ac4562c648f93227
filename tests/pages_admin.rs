//! Pages for administrators, through the router, on a store in memory: nobody else learns that there are any.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/english.rs"]
mod english;
#[path = "support/live.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod live;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use handover::actors::moves::{self, Decision};
use handover::actors::sharing;
use handover::actors::workgroups::{self, New};
use handover::domain::id::{AccountId, ItemId};
use handover::domain::key::Key;
use handover::domain::policy::{Policy, Private, Tier};
use handover::domain::rights::Level;
use handover::store::Version;
use live::Open;
use website::{Answer, Browser, Website};

const DEAN: &str = "dean@uni.example";
const VICE: &str = "vice@uni.example";
const ROOT: &str = "root@site.example";
const ANNA: &str = "anna@uni.example";
const BOSS: &str = "boss@uni.example";
const EVE: &str = "eve@lab.example";
const RUN: &str = "260731_A01234_0042_HXXDSX";

/// Anna of a university has a run with a project; two deans look after the domain, and Root after the site.
struct Story {
    web: Website,
    anna: AccountId,
    items: Vec<ItemId>,
    dean: Browser,
}

async fn story() -> Story {
    let web = Website::open().await;
    let read = |address: &str| address.parse().unwrap();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![read(DEAN), read(VICE)],
    };
    let mut policy = Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        administrators: vec![read(ROOT)],
        ..Policy::default()
    };
    policy.quota.insert(Tier::Basic, Some(1 << 40));
    web.directory().decide_by(policy);
    let anna = web.account(ANNA).await;
    let items = web.run(anna, RUN, &["Exomes July"]).await;
    let dean = web.sign_in(DEAN).await;
    Story {
        web,
        anna,
        items,
        dean,
    }
}

impl Story {
    async fn get(&mut self, path: &str) -> Answer {
        self.web.get(&mut self.dean, path).await
    }

    /// Fills in the form of a page, as the dean.
    async fn send(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.web.submit(&mut self.dean, page, path, fields).await
    }

    /// A workgroup that the boss of the university made.
    async fn lab(&self, name: &str) -> String {
        let boss = self.web.account(BOSS).await;
        let call = self.web.directory().call(self.web.by(boss), None);
        let new = New {
            handle: "lab".parse().unwrap(),
            name: name.to_owned(),
            description: String::new(),
            domain: None,
            collaborative: false,
        };
        let made = workgroups::create(self.web.directory(), &call, &new).await;
        made.unwrap().id.to_string()
    }

    /// Gives a workgroup of the boss read access to an item of Anna's by a link.
    async fn share(&self, item: ItemId, into: &str) {
        let web = &self.web;
        let call = web.directory().call(web.by(self.anna), None);
        let command = sharing::Command::MakeLink {
            level: Level::Read,
            expires_at: None,
            max_acceptances: None,
        };
        let made = web.directory().sharing(item, call, command).await.unwrap();
        let token = web.app.settings().key.share(made.link.unwrap());
        let mut browser = web.sign_in(BOSS).await;
        let page = web.follow(&mut browser, &format!("/l/{token}")).await;
        let fields = [("context", into)];
        let answer = web.submit(&mut browser, &page, "/l/accept", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }

    /// Has the dean propose to move everything of Anna's to the lab; its page.
    async fn propose(&mut self) -> String {
        let page = self.get("/admin/moves/new").await;
        let fields = [
            ("from", ANNA),
            ("to", "workgroup:lab"),
            ("reason", "has left"),
        ];
        let look = self.send(&page, "/admin/moves/preview", &fields).await;
        assert_eq!(look.status, StatusCode::OK, "{}", look.body);
        let made = self.send(&look, "/admin/moves/propose", &fields).await;
        let (path, done) = made.location().split_once('?').expect("it was proposed");
        assert_eq!(done, "done=proposed");
        path.to_owned()
    }
}

/// As a person sees it in review: without what differs with every run, or with every change of a style.
fn snapshot(name: &str, page: &Answer) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"/assets/handover-[0-9a-f]{32}", "/assets/handover-HASH");
    settings.add_filter(r#"data-since="[0-9]+""#, r#"data-since="SINCE""#);
    settings.add_filter(
        r#"name="form" value="[A-Za-z0-9_-]{43}""#,
        r#"name="form" value="FORM""#,
    );
    settings.add_filter(r"\bcmd_[0-9a-v]{26}\b", "ONCE");
    settings.add_filter(r"\b[0-9a-f]{32}\b", "DIGEST");
    settings.add_filter(
        r"\b(acc|wg|run|prj|tr|inv|lnk|sha|let|mv)_[0-9a-v]{26}\b",
        "${1}_ID",
    );
    settings.bind(|| insta::assert_snapshot!(name, page.body));
}

/// The documents, but for what was tried in vain: that is kept for the audit.
fn kept(web: &Website) -> Vec<(Key, Version)> {
    let view = web.kept();
    let documents = view.documents().map(|(key, record)| (key, record.version));
    documents
        .filter(|(key, _)| !matches!(key, Key::Attempts(..)))
        .collect()
}

const GETS: [&str; 8] = [
    "/admin",
    "/admin/people",
    "/admin/workgroups",
    "/admin/access",
    "/admin/audit",
    "/admin/audit.jsonl",
    "/admin/moves",
    "/admin/moves/new",
];
const POSTS: [&str; 5] = [
    "/admin/people/change",
    "/admin/workgroups/change",
    "/admin/moves/change",
    "/admin/moves/preview",
    "/admin/moves/propose",
];

// ---- who ----

#[tokio::test]
async fn nobody_else_learns_that_there_are_any() {
    let mut story = story().await;
    story.lab("Lab").await;
    let one = story.propose().await;
    let web = &story.web;
    let gets = GETS.map(str::to_owned).into_iter().chain([
        one.clone(),
        format!("/admin/people?who={ANNA}"),
        format!("/admin/access?person={ANNA}"),
        format!("/admin/access?item={}", story.items[0]),
        format!("/admin/audit?item={}", story.items[0]),
    ]);
    let posts = POSTS.map(str::to_owned).into_iter();
    let posts: Vec<String> = posts
        .chain([format!("{one}/approve"), format!("{one}/cancel")])
        .collect();
    let gets: Vec<String> = gets.collect();
    for other in [EVE, ANNA, BOSS] {
        let mut browser = web.sign_in(other).await;
        let own = web.get(&mut browser, "/account").await;
        assert!(!own.body.contains("/admin"), "{other}: no link leads there");
        let nothing = web.get(&mut browser, "/there/is/no/such/page").await;
        let before = kept(web);
        for path in &gets {
            let answer = web.get(&mut browser, path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}: {path}");
            assert_eq!(answer.body, nothing.body, "{other}: {path}");
        }
        for path in &posts {
            let fields = [
                ("who", ANNA),
                ("quota", "none"),
                ("from", ANNA),
                ("to", "workgroup:lab"),
            ];
            let answer = web.submit(&mut browser, &own, path, &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}: {path}");
            assert_eq!(answer.body, nothing.body, "{other}: {path}");
        }
        assert_eq!(kept(web), before, "{other}");
    }
    let mut nobody = Browser::default();
    for path in &gets {
        let answer = web.get(&mut nobody, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/sign-in"), "{path}");
    }
    for path in &posts {
        let answer = web.post(&mut nobody, path, &[("form", "x")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/sign-in"), "{path}");
    }
}

#[tokio::test]
async fn a_form_of_another_session_changes_nothing() {
    let mut story = story().await;
    story.lab("Lab").await;
    let one = story.propose().await;
    let mut other = story.web.sign_in(VICE).await;
    let foreign = story.web.get(&mut other, &one).await;
    let before = kept(&story.web);
    for verb in ["approve", "cancel"] {
        let path = format!("{one}/{verb}");
        let answer = story.send(&foreign, &path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{verb}");
    }
    assert_eq!(kept(&story.web), before);
}

#[tokio::test]
async fn the_overview_says_what_one_looks_after() {
    let mut story = story().await;
    let page = story.get("/admin").await;
    assert_eq!(page.status, StatusCode::OK);
    snapshot("overview", &page);
    assert!(story.get("/account").await.body.contains("href=\"/admin\""));
    let mut root = story.web.sign_in(ROOT).await;
    let page = story.web.get(&mut root, "/admin").await;
    assert!(page.body.contains("You administer the site"));
    assert!(
        !page.body.contains("/admin/workgroups?domain=uni"),
        "its workgroups are listed to its own administrators"
    );
}

// ---- people ----

#[tokio::test]
async fn a_person_is_looked_up_by_an_address_and_given_another_quota() {
    let mut story = story().await;
    story.lab("Lab").await;
    let page = story.get(&format!("/admin/people?who={ANNA}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("person", &page);
    let who = story.anna.to_string();
    let change = "/admin/people/change";
    let fields = [("who", who.as_str()), ("quota", "2 tib")];
    let done = story.send(&page, change, &fields).await;
    let next = format!("/admin/people?who={who}&done=changed");
    assert_eq!(done.location(), next, "{}", done.body);
    let page = story.get(&next).await;
    assert!(page.body.contains("Changed. It holds from now on."));
    let field = format!("name=\"who\" value=\"{ANNA}\"");
    assert!(page.body.contains(&field), "an address, and no id");
    assert!(
        page.body
            .contains("name=\"quota\" type=\"text\" value=\"2TiB\"")
    );
    assert!(
        page.body.contains("1.18 TiB of 2.00 TiB free"),
        "{}",
        page.body
    );
    for (quota, says) in [
        ("a lot", "is not a quota"),
        ("0GB", "a quota of nothing"),
        ("<b>1TiB", "is not a quota"),
    ] {
        let fields = [("who", who.as_str()), ("quota", quota)];
        let again = story.send(&page, change, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{quota}");
        assert!(again.body.contains(says), "{quota}: {}", again.body);
        assert!(!again.body.contains("<b>"));
        let stays = format!(
            "value=\"{}\"",
            quota.replace('<', "&#60;").replace('>', "&#62;")
        );
        assert!(again.body.contains(&stays), "{quota} stays in the field");
    }
    let tier = [("who", who.as_str()), ("tier", "professional")];
    let again = story.send(&page, change, &tier).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("accounts of a private domain"));
    assert!(again.body.contains("<dt>Tier</dt><dd>enterprise: "));
    let fields = [("who", who.as_str()), ("quota", "")];
    story.send(&page, change, &fields).await;
    let page = story.get(&next).await;
    assert!(page.body.contains("no storage limit"), "that of the tier");
}

#[tokio::test]
async fn somebody_of_another_domain_is_as_good_as_nobody() {
    let mut story = story().await;
    story.web.account(EVE).await;
    for page in [
        "people?who",
        "access?person",
        "audit?person",
        "audit?context",
    ] {
        let there = story.get(&format!("/admin/{page}={EVE}")).await;
        let other = "nil@lab.example";
        let none = story.get(&format!("/admin/{page}={other}")).await;
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{page}");
        let same = there.body.replace(EVE, other);
        assert_eq!(same, none.body, "{page}");
    }
    let page = story.get("/admin/people").await;
    let fields = [("who", EVE), ("quota", "1GB")];
    let before = kept(&story.web);
    let answer = story.send(&page, "/admin/people/change", &fields).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(kept(&story.web), before);
    let page = story.get("/admin/people?who=nonsense").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("&#34;nonsense&#34; is no email address"));
}

#[tokio::test]
async fn whoever_administers_the_site_gives_tiers_and_sees_no_more() {
    let story = story().await;
    let web = &story.web;
    web.account(EVE).await;
    let mut root = web.sign_in(ROOT).await;
    let page = web
        .get(&mut root, &format!("/admin/people?who={EVE}"))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("person-of-the-site", &page);
    let fields = [("who", EVE), ("tier", "professional"), ("quota", "none")];
    let done = web
        .submit(&mut root, &page, "/admin/people/change", &fields)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = web.follow(&mut root, done.location()).await;
    assert!(page.body.contains("<dt>Tier</dt><dd>professional: "));
    assert!(page.body.contains("value=\"none\""));
    for path in [
        format!("/admin/access?person={ANNA}"),
        format!("/admin/access?item={}", story.items[0]),
        format!("/admin/audit?person={ANNA}"),
        format!("/admin/audit?item={}", story.items[0]),
    ] {
        let answer = web.get(&mut root, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.contains(RUN), "{path}");
    }
    let page = web.get(&mut root, "/admin/workgroups").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Write the handle of a workgroup"));
}

// ---- workgroups ----

#[tokio::test]
async fn the_workgroups_of_a_domain_are_listed_and_given_room() {
    let mut story = story().await;
    let page = story.get("/admin/workgroups").await;
    assert!(page.body.contains("No workgroup yet."), "{}", page.body);
    story.lab("Lab <b>of</b> the boss").await;
    let page = story.get("/admin/workgroups").await;
    snapshot("workgroups", &page);
    let page = story.get("/admin/workgroups?handle=lab").await;
    snapshot("workgroup", &page);
    let change = "/admin/workgroups/change";
    let fields = [("handle", "lab"), ("quota", "500GB")];
    let done = story.send(&page, change, &fields).await;
    let next = "/admin/workgroups?handle=lab&done=changed";
    assert_eq!(done.location(), next, "{}", done.body);
    let page = story.get(next).await;
    assert!(page.body.contains("value=\"500GB\""));
    let wrong = [("handle", "lab"), ("quota", "much")];
    let again = story.send(&page, change, &wrong).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("value=\"much\""));
    story.web.workgroup("pool", None, &[EVE]).await;
    for handle in ["pool", "nil"] {
        let page = story
            .get(&format!("/admin/workgroups?handle={handle}"))
            .await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{handle}");
    }
    let mut root = story.web.sign_in(ROOT).await;
    let path = "/admin/workgroups?handle=pool";
    let page = story.web.get(&mut root, path).await;
    assert!(
        page.body.contains("are named in the configuration file"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("name=\"quota\""));
}

// ---- access ----

#[tokio::test]
async fn who_sees_an_item_is_told_with_the_reason() {
    let mut story = story().await;
    let lab = story.lab("Lab").await;
    story.share(story.items[1], &lab).await;
    let page = story.get("/admin/access").await;
    snapshot("access", &page);
    let project = story.items[1];
    let page = story.get(&format!("/admin/access?item={project}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("access-of-item", &page);
    let by_address =
        format!("/admin/access?item=https%3A%2F%2Fhandover.example%2Fitems%2F{project}");
    let same = story.get(&by_address).await;
    assert!(same.body.contains("by link, since"));
    let run = story.items[0];
    let page = story.get(&format!("/admin/access?item={run}")).await;
    assert!(page.body.contains("because its data went into"));
    let page = story.get("/admin/access?item=something").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let eve = story.web.account(EVE).await;
    let hers = story.web.run(eve, "another", &["Hers"]).await;
    let page = story.get(&format!("/admin/access?item={}", hers[0])).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_person_sees_is_told_page_by_page() {
    let mut story = story().await;
    let lab = story.lab("Lab").await;
    story.share(story.items[1], &lab).await;
    let page = story.get(&format!("/admin/access?person={BOSS}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("access-of-person", &page);
}

// ---- audit ----

#[tokio::test]
async fn the_audit_is_searched_by_item_context_person_and_time() {
    let mut story = story().await;
    story.web.clock.advance(Duration::from_secs(2 * 24 * 3600));
    story.dean = story.web.sign_in(DEAN).await;
    let lab = story.lab("Lab").await;
    story.share(story.items[1], &lab).await;
    let project = story.items[1];
    let page = story.get(&format!("/admin/audit?item={project}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("audit", &page);
    let entries = |page: &Answer| page.body.matches("<li><p>").count();
    let all = entries(&page);
    for (query, wanted) in [
        (format!("item={project}&person={ANNA}"), all - 1),
        (format!("item={project}&to=2026-08-01"), 1),
        (format!("item={project}&from=2026-08-02"), all - 1),
        (format!("item={project}&from=2026-08-02&to=2026-08-02"), 0),
    ] {
        let page = story.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(entries(&page), wanted, "{query}: {}", page.body);
    }
    for (query, says) in [
        (format!("person={ANNA}"), "a link was made"),
        ("context=lab".to_owned(), "created"),
        (format!("context={ANNA}"), "a link was made"),
        (format!("person={DEAN}"), "What was done"),
        (String::new(), "What you did yourself"),
    ] {
        let page = story.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(page.body.contains(says), "{query}: {}", page.body);
    }
    let page = story.get("/admin/audit?from=yesterday").await;
    assert!(page.body.contains("&#34;yesterday&#34; is no day"));
    for query in ["from=yesterday", "item=7", "person=anna", "context=.."] {
        let page = story.get(&format!("/admin/audit?{query}")).await;
        assert!(page.status.is_client_error(), "{query}");
        assert!(page.body.contains("id=\"problems\""), "{query}");
    }
}

#[tokio::test]
async fn the_audit_is_turned_page_by_page_and_saved_as_json_lines() {
    let mut story = story().await;
    let many: Vec<String> = (0..70).map(|n| format!("Project {n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    story.web.run(story.anna, "another", &many).await;
    let path = format!("/admin/audit?context={ANNA}");
    let mut page = story.get(&path).await;
    let mut seen = 0;
    loop {
        seen += page.body.matches("<li><p>").count();
        assert!(page.body.len() < 100_000, "{}", page.body.len());
        let Some((before, _)) = page.body.split_once(">Next page</a>") else {
            break;
        };
        let next = before.rsplit_once("href=\"").unwrap().1;
        let next = next
            .trim_end_matches('"')
            .replace("&amp;", "&")
            .replace("&#38;", "&");
        page = story.get(&next).await;
    }
    let saved = story
        .get(&format!("/admin/audit.jsonl?context={ANNA}"))
        .await;
    assert_eq!(saved.status, StatusCode::OK);
    assert_eq!(saved.headers["content-type"], "application/jsonl");
    assert_eq!(
        saved.headers["content-disposition"],
        "attachment; filename=\"audit.jsonl\""
    );
    assert_eq!(saved.body.lines().count(), seen);
    assert!(seen > 70);
    for line in saved.body.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["at"].is_string());
    }
}

// ---- moves ----

#[tokio::test]
async fn two_administrators_hand_over_everything_of_somebody_who_leaves() {
    let mut story = story().await;
    let lab = story.lab("Lab").await;
    let page = story.get("/admin/moves").await;
    assert!(page.body.contains("None. What an administrator"));
    let page = story
        .get(&format!("/admin/moves/new?from={}", story.anna))
        .await;
    snapshot("move-new", &page);
    let fields = [
        ("from", ANNA),
        ("to", "workgroup:lab"),
        ("reason", "has <b>left</b>"),
    ];
    let before = kept(&story.web);
    let look = story.send(&page, "/admin/moves/preview", &fields).await;
    assert_eq!(look.status, StatusCode::OK, "{}", look.body);
    snapshot("move-preview", &look);
    let back = story.send(&look, "/admin/moves/change", &fields).await;
    assert!(back.body.contains("value=\"workgroup:lab\""));
    assert_eq!(kept(&story.web), before, "nothing was done yet");
    let made = story.send(&look, "/admin/moves/propose", &fields).await;
    let twice = story.send(&look, "/admin/moves/propose", &fields).await;
    assert_eq!(made.location(), twice.location(), "pressed twice");
    let one = made.location().split('?').next().unwrap().to_owned();
    let page = story.get(made.location()).await;
    snapshot("move-proposed", &page);
    assert!(!page.body.contains("/approve"), "whoever proposed it waits");
    let itself = story.send(&page, &format!("{one}/approve"), &[]).await;
    assert_eq!(itself.status, StatusCode::CONFLICT);
    assert!(
        itself
            .body
            .contains("whoever proposed a move does not approve it")
    );

    let mut vice = story.web.sign_in(VICE).await;
    let list = story.web.get(&mut vice, "/admin/moves").await;
    snapshot("moves", &list);
    let page = story.web.get(&mut vice, &one).await;
    let approve = format!("{one}/approve");
    let done = story.web.submit(&mut vice, &page, &approve, &[]).await;
    assert_eq!(
        done.location(),
        format!("{one}?done=approved"),
        "{}",
        done.body
    );
    let page = story.web.follow(&mut vice, done.location()).await;
    snapshot("move-done", &page);
    let cancel = format!("{one}/cancel");
    let late = story.web.submit(&mut vice, &page, &cancel, &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let closed = story.get("/admin/moves?state=closed").await;
    assert!(closed.body.contains(&one));
    let mut boss = story.web.sign_in(BOSS).await;
    let item = format!("/items/{}", story.items[1]);
    assert_eq!(story.web.get(&mut boss, &item).await.status, StatusCode::OK);
    assert!(lab.starts_with("wg_"));
}

#[tokio::test]
async fn a_move_that_cannot_be_is_refused_with_all_fields_kept() {
    let mut story = story().await;
    story.lab("Lab").await;
    let page = story.get("/admin/moves/new").await;
    let long = "x".repeat(501);
    for (from, to, reason, says) in [
        (EVE, "workgroup:lab", "", "administrators of the site"),
        (ANNA, EVE, "", "there is no such context"),
        (ANNA, "workgroup:nil", "", "there is no such context"),
        (ANNA, "", "", "there is no such context"),
        (ANNA, ANNA, "", ""),
        (ANNA, "workgroup:lab", long.as_str(), "500"),
    ] {
        let fields = [("from", from), ("to", to), ("reason", reason)];
        for path in ["/admin/moves/preview", "/admin/moves/propose"] {
            let before = kept(&story.web);
            let again = story.send(&page, path, &fields).await;
            assert!(again.status.is_client_error(), "{path} {from} {to}");
            assert!(again.body.contains("id=\"problems\""), "{path} {from} {to}");
            assert!(again.body.contains(says), "{path} {to}: {}", again.body);
            let stays = format!("name=\"from\" type=\"text\" value=\"{from}\"");
            assert!(again.body.contains(&stays), "{path} {from}");
            assert!(again.body.contains(reason));
            assert_eq!(kept(&story.web), before);
        }
    }
}

#[tokio::test]
async fn a_move_is_cancelled_and_shows_how_far_it_came() {
    let mut story = story().await;
    story.lab("Lab").await;
    let one = story.propose().await;
    let vice = story.web.account(VICE).await;
    let call = story.web.directory().call(story.web.by(vice), None);
    let id = one.rsplit('/').next().unwrap().parse().unwrap();
    moves::decide(story.web.directory(), &call, id, Decision::Approve)
        .await
        .unwrap();
    let page = story.get(&one).await;
    snapshot("move-moving", &page);
    assert!(page.body.contains("Go on where it stopped"));
    let cancelled = story.send(&page, &format!("{one}/cancel"), &[]).await;
    assert_eq!(cancelled.location(), format!("{one}?done=cancelled"));
    let page = story.get(cancelled.location()).await;
    assert!(page.body.contains("<dt>Cancelled</dt>"), "{}", page.body);
    assert!(!page.body.contains("formaction"), "nothing can be done");
}

#[tokio::test(start_paused = true)]
async fn who_looks_at_a_move_is_told_how_it_goes_on_and_nobody_else_is() {
    let mut story = story().await;
    story.lab("Lab").await;
    let one = story.propose().await;
    let web = &story.web;
    let mut vice = web.sign_in(VICE).await;
    let anna = web.sign_in(ANNA).await;
    let mut dean = Open::at(web, &story.dean, &one).await;
    let since = web.directory().changes().now().0.to_string();
    let mut whose = Open::made_at(web, &anna, &one, &since).await;
    let root = web.sign_in(ROOT).await;
    let mut of_site = Open::at(web, &root, "/admin").await;
    let mut of_domain = Open::at(web, &story.dean, "/admin").await;
    let mut strange = Open::made_at(web, &anna, "/admin", &since).await;
    let mut mail = Open::made_at(web, &story.dean, "/admin/mail", &since).await;
    let page = web.get(&mut vice, &one).await;
    let approve = format!("{one}/approve");
    let done = web.submit(&mut vice, &page, &approve, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(dean.has_news().await);
    assert!(of_site.has_news().await);
    assert!(of_domain.has_news().await);
    assert!(!whose.has_news().await);
    assert!(!strange.has_news().await);
    assert!(
        !mail.has_news().await,
        "that is for those who administer the site"
    );
}

#[tokio::test]
async fn a_move_that_stops_says_why_and_goes_on() {
    let mut story = story().await;
    story.lab("Lab").await;
    let one = story.propose().await;
    let mut vice = story.web.sign_in(VICE).await;
    let quota = |amount: &'static str| [("handle", "lab"), ("quota", amount)];
    let change = "/admin/workgroups/change";
    let page = story.get("/admin/workgroups?handle=lab").await;
    story.send(&page, change, &quota("1GB")).await;
    let page = story.web.get(&mut vice, &one).await;
    let approve = format!("{one}/approve");
    let full = story.web.submit(&mut vice, &page, &approve, &[]).await;
    assert!(full.status.is_client_error(), "{}", full.body);
    assert!(full.body.contains("free some space"), "{}", full.body);
    story.send(&page, change, &quota("9TB")).await;
    let page = story.get("/admin/workgroups?handle=lab").await;
    let done = story.send(&page, change, &quota("none")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = story.web.get(&mut vice, &one).await;
    let done = story.web.submit(&mut vice, &page, &approve, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = story.web.follow(&mut vice, done.location()).await;
    assert!(page.body.contains(">done</span>"));
}

// ---- every page ----

#[tokio::test]
async fn names_are_shown_and_never_obeyed_and_pages_stay_small() {
    let mut story = story().await;
    let evil = "<script>alert(1)</script>\u{202e}\"'";
    let lab = story.lab(evil).await;
    let projects: Vec<String> = (0..60).map(|n| format!("{evil}{n}")).collect();
    let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
    let run = story.web.run(story.anna, evil, &projects).await[0];
    let one = story.propose().await;
    let mut paths: Vec<String> = GETS.map(str::to_owned).into();
    paths.extend([
        one,
        format!("/admin/people?who={BOSS}"),
        "/admin/people?who=%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
        "/admin/workgroups?handle=lab".to_owned(),
        "/admin/workgroups?handle=%3Cscript%3E".to_owned(),
        format!("/admin/access?item={run}"),
        format!("/admin/access?person={BOSS}"),
        format!("/admin/audit?context={lab}"),
        format!("/admin/audit?context={ANNA}"),
        "/admin/audit?item=%22%3E%3Cscript%3E&from=%22%3E%3Cscript%3E".to_owned(),
        "/admin/moves/new?from=%22%3E%3Cscript%3E".to_owned(),
    ]);
    for path in paths.iter().filter(|path| !path.contains(".jsonl")) {
        let page = story.get(path).await;
        assert!(page.body.len() < 100_000, "{path}: {}", page.body.len());
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(!page.body.contains('\u{202e}'), "{path}");
        assert!(page.headers.contains_key("content-security-policy"));
    }
    let page = story.get("/admin/moves/new").await;
    let fields = [("from", ANNA), ("to", "workgroup:lab"), ("reason", evil)];
    let look = story.send(&page, "/admin/moves/preview", &fields).await;
    assert!(look.body.len() < 100_000);
    assert!(!look.body.contains("<script>"));
}

// ---- in German ----

/// What the site and people wrote, a word that a field takes, and what a journal keeps as it was said then.
const WRITTEN: [&str; 5] = [
    "Handover of the Core",
    "has left",
    "none",
    "its settings",
    "its allowance",
];

/// That a page is German, and says these sentences.
fn says_in_german(page: &Answer, sentences: &[&str]) {
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    assert_eq!(english::words(&page.body, &WRITTEN), [""; 0]);
    for sentence in sentences {
        assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
    }
}

#[tokio::test]
async fn what_an_administrator_looks_up_is_german_for_who_reads_it() {
    let mut story = story().await;
    let lab = story.lab("Labor").await;
    story.share(story.items[1], &lab).await;
    story.web.reads(DEAN, "de").await;
    let (run, project) = (story.items[0], story.items[1]);
    for (path, says) in [
        ("/admin".to_owned(), "Nichts. Umzüge, die auf"),
        (
            "/admin/people".to_owned(),
            "Schreiben Sie die ganze Adresse",
        ),
        (format!("/admin/people?who={ANNA}"), "<dt>Stufe</dt>"),
        (
            "/admin/people?who=x".to_owned(),
            "„x“ ist keine E-Mail-Adresse",
        ),
        (
            format!("/admin/people?who={EVE}"),
            "ein Konto eve@lab.example, das Sie verwalten, gibt es nicht",
        ),
        ("/admin/workgroups".to_owned(), "Arbeitsgruppen von uni"),
        (
            "/admin/workgroups?handle=lab".to_owned(),
            "Was sie belegen darf",
        ),
        (
            "/admin/workgroups?handle=nil".to_owned(),
            "eine Arbeitsgruppe nil, die Sie verwalten",
        ),
        (
            "/admin/workgroups?handle=x".to_owned(),
            "„x“ ist kein Kürzel",
        ),
        ("/admin/access".to_owned(), "Wer kann diesen Lauf"),
        (
            format!("/admin/access?item={project}"),
            "durch einen Link, seit 1. August 2026",
        ),
        (
            format!("/admin/access?item={run}"),
            "weil die Daten in prj_",
        ),
        (
            "/admin/access?item=x".to_owned(),
            "„x“ ist kein Lauf und kein Projekt",
        ),
        (
            format!("/admin/access?person={BOSS}"),
            "Was diesen Kontexten freigegeben ist",
        ),
        (format!("/admin/access?person={ANNA}"), "Nichts. Was andere"),
        (
            format!("/admin/access?person={EVE}"),
            "gehört zu keiner Domäne",
        ),
        ("/admin/audit".to_owned(), "Was Sie selbst getan haben"),
        (
            format!("/admin/audit?item={project}"),
            "ein Link wurde angelegt",
        ),
        ("/admin/audit?context=lab".to_owned(), "angelegt"),
        ("/admin/audit?from=x".to_owned(), "„x“ ist kein Tag"),
        ("/admin/moves".to_owned(), "Keine. Was ein Administrator"),
        (
            "/admin/moves?state=closed".to_owned(),
            "Keine. Ein Umzug, der",
        ),
    ] {
        let page = story.get(&path).await;
        says_in_german(&page, &[says]);
    }
    let who = story.anna.to_string();
    let page = story.get(&format!("/admin/people?who={ANNA}")).await;
    let change = "/admin/people/change";
    for (field, value, says) in [
        ("quota", "viel", "„viel“ ist keine Speichergrenze;"),
        ("quota", "0GB", "mit einer Speichergrenze von nichts"),
        ("tier", "gold", "diese Stufe gibt es nicht"),
        ("tier", "professional", "haben immer die Stufe „enterprise“"),
    ] {
        let fields = [("who", who.as_str()), (field, value)];
        let again = story.send(&page, change, &fields).await;
        says_in_german(&again, &[says]);
    }
    let fields = [("who", who.as_str()), ("quota", "2TiB")];
    let done = story.send(&page, change, &fields).await;
    let page = story.get(done.location()).await;
    says_in_german(&page, &["Geändert. Das gilt von jetzt an."]);
    let page = story.get(&format!("/admin/audit?context={ANNA}")).await;
    says_in_german(&page, &["Speichergrenze: aus „die der Stufe“ wurde „"]);
}

#[tokio::test]
async fn a_move_is_proposed_approved_and_cancelled_in_german() {
    let mut story = story().await;
    story.lab("Labor").await;
    for address in [DEAN, VICE] {
        story.web.reads(address, "de").await;
    }
    let page = story.get("/admin/moves/new").await;
    says_in_german(&page, &["Wessen Daten"]);
    for (from, to, says) in [
        (
            EVE,
            "workgroup:lab",
            "das dürfen nur Administratoren der Website",
        ),
        (
            ANNA,
            "workgroup:nil",
            "einen solchen Kontext in einer Domäne",
        ),
        ("workgroup:lab", ANNA, "Daten der Domäne uni bleiben in ihr"),
    ] {
        let fields = [("from", from), ("to", to), ("reason", "")];
        let again = story.send(&page, "/admin/moves/preview", &fields).await;
        says_in_german(&again, &[says]);
    }
    let fields = [
        ("from", ANNA),
        ("to", "workgroup:lab"),
        ("reason", "has left"),
    ];
    let look = story.send(&page, "/admin/moves/preview", &fields).await;
    says_in_german(&look, &["umfasst 1 Lauf und 1 Projekt"]);
    snapshot("move-preview-german", &look);
    let one = story.propose().await;
    let page = story.get(&format!("{one}?done=proposed")).await;
    says_in_german(&page, &["Sie haben es vorgeschlagen."]);
    let itself = story.send(&page, &format!("{one}/approve"), &[]).await;
    says_in_german(
        &itself,
        &["wer einen Umzug vorgeschlagen hat, genehmigt ihn nicht"],
    );
    let again = story.send(&look, "/admin/moves/propose", &fields).await;
    says_in_german(&again, &["ist schon offen: mv_"]);
    let home = story.get("/admin").await;
    says_in_german(&home, &["Vorgeschlagen am 1. August 2026"]);
    let list = story.get("/admin/moves").await;
    says_in_german(&list, &["vorgeschlagen</span>"]);
    let mut vice = story.web.sign_in(VICE).await;
    let page = story.web.get(&mut vice, &one).await;
    says_in_german(
        &page,
        &["Genehmigen und jetzt verschieben", "Umziehen würde: "],
    );
    let approve = format!("{one}/approve");
    let done = story.web.submit(&mut vice, &page, &approve, &[]).await;
    let page = story.web.follow(&mut vice, done.location()).await;
    says_in_german(&page, &["erledigt</span>", "Genehmigt. Unten steht"]);
    let cancel = format!("{one}/cancel");
    let late = story.web.submit(&mut vice, &page, &cancel, &[]).await;
    says_in_german(&late, &["am 1. August 2026, 09:00 UTC war alles umgezogen"]);
    let list = story.get("/admin/moves?state=closed").await;
    says_in_german(&list, &["Beendet"]);
}
