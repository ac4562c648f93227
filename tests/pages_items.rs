//! Lists of runs and projects, their pages, and what is new, through the router, on a store in memory.
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
use std::time::Duration;

use axum::http::{Method, StatusCode};
use handover::actors::browse::LOOKED_THROUGH;
use handover::actors::custody::{Command as Custody, Dataset, File};
use handover::actors::invitation::{Command, To};
use handover::actors::sharing;
use handover::domain::id::{AccountId, Context, InvitationId, ItemId};
use handover::domain::policy::{Policy, Tier};
use handover::domain::rights::Level;
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const LEAD: &str = "lead@uni.example";
const RUN: &str = "260731_A01234_0042_HXXDSX";

/// Maria of the core has a run with two projects, and looks at it in a browser.
struct Story {
    web: Website,
    maria: AccountId,
    browser: Browser,
    items: Vec<ItemId>,
}

async fn story() -> Story {
    let web = Website::open().await;
    // What a basic account may send is not what is tested here.
    let mut policy = Policy::default();
    policy.quota.insert(Tier::Basic, None);
    web.directory().decide_by(policy);
    let maria = web.account(MARIA).await;
    let items = web.run(maria, RUN, &["Exomes July", "Genomes July"]).await;
    let browser = web.sign_in(MARIA).await;
    Story {
        web,
        maria,
        browser,
        items,
    }
}

impl Story {
    async fn get(&mut self, path: &str) -> Answer {
        self.web.get(&mut self.browser, path).await
    }

    /// Has one of a context's commands carried out.
    async fn custody(&self, context: Context, command: Custody) -> Vec<ItemId> {
        let call = self.web.directory().call(self.web.by(self.maria), None);
        let done = self.web.directory().custody(context, call, command).await;
        done.unwrap().items
    }

    /// Registered later than everything before it.
    async fn project(&self, name: &str, bytes: u64) -> ItemId {
        self.web.clock.advance(Duration::from_secs(1));
        let own = Context::Personal(self.maria);
        let name = name.to_owned();
        let item = self.custody(own, Custody::CreateProject { name }).await[0];
        if bytes > 0 {
            self.files(item, &[("all.bam", bytes)]).await;
        }
        item
    }

    /// The same as a dataset.
    async fn dataset(&self, item: ItemId, name: &str, biosample: &str, files: &[(&str, u64)]) {
        let file = |(path, bytes): &(&str, u64)| File {
            path: (*path).to_owned(),
            bytes: *bytes,
            checksum: None,
            dataset: None,
        };
        let add = Custody::AddFiles {
            item,
            files: files.iter().map(file).collect(),
            dataset: Some(Dataset {
                name: name.to_owned(),
                kind: "FASTQ".to_owned(),
                biosample: biosample.to_owned(),
                files: 0,
                bytes: 0,
            }),
            keeps: false,
        };
        self.custody(Context::Personal(self.maria), add).await;
    }

    async fn files(&self, item: ItemId, files: &[(&str, u64)]) {
        let file = |(path, bytes): &(&str, u64)| File {
            path: (*path).to_owned(),
            bytes: *bytes,
            checksum: None,
            dataset: None,
        };
        let files = files.iter().map(file).collect();
        let own = Context::Personal(self.maria);
        self.custody(
            own,
            Custody::AddFiles {
                item,
                files,
                dataset: None,
                keeps: false,
            },
        )
        .await;
    }

    /// Presses a button of a list, with these items ticked.
    async fn press(&mut self, page: &Answer, button: &str, items: &[ItemId]) -> Answer {
        let action = action(page, button);
        let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
        let form = page.field("form").to_owned();
        let mut fields = vec![("form", form.as_str())];
        fields.extend(ids.iter().map(|id| ("item", id.as_str())));
        self.web.post(&mut self.browser, &action, &fields).await
    }
}

/// Where a button of this page sends its form.
fn action(page: &Answer, button: &str) -> String {
    let start = format!("formaction=\"{button}?");
    let (_, rest) = page.body.split_once(&start).expect("the button is there");
    let query = rest.split('"').next().unwrap();
    format!("{button}?{}", query.replace("&#38;", "&"))
}

/// Where a link of a page with this text leads.
fn link(page: &Answer, text: &str) -> Option<String> {
    let (before, _) = page.body.split_once(&format!(">{text}</a>"))?;
    let (_, rest) = before.rsplit_once("href=\"")?;
    Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
}

/// The names in a list, in its order.
fn names(page: &Answer) -> Vec<String> {
    let rows = page.body.split("<th scope=\"row\">").skip(1);
    let name = |row: &str| {
        let name = row.split("<bdi>").nth(1).unwrap();
        name.split("</bdi>").next().unwrap().to_owned()
    };
    rows.map(name).collect()
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
    settings.add_filter(
        r"\b(acc|wg|run|prj|tr|inv|lnk|sha|let)_[0-9a-v]{26}\b",
        "${1}_ID",
    );
    settings.bind(|| insta::assert_snapshot!(name, page.body));
}

// ---- lists ----

#[tokio::test]
async fn a_list_shows_what_the_context_has_and_what_can_be_done_with_it() {
    let mut story = story().await;
    let runs = story.get("/runs").await;
    assert_eq!(runs.status, StatusCode::OK);
    snapshot("runs", &runs);
    let offered = &story.items[1..2];
    story.web.offer(story.maria, offered, ANNA, None).await;
    share(&story, story.items[2], ANNA).await;
    let projects = story.get("/projects").await;
    snapshot("projects", &projects);
    let other = Website::open().await;
    let mut anna = other.sign_in(ANNA).await;
    let page = other.get(&mut anna, "/projects").await;
    assert!(page.body.contains("No project at the moment."));
    let page = other.get(&mut anna, "/runs?state=trashed").await;
    assert!(page.body.contains("The trash is empty."));
}

/// Gives somebody read access to an item by a link.
async fn share(story: &Story, item: ItemId, to: &str) {
    let web = &story.web;
    let call = web.directory().call(web.by(story.maria), None);
    let command = sharing::Command::MakeLink {
        level: Level::Read,
        expires_at: None,
        max_acceptances: None,
    };
    let made = web.directory().sharing(item, call, command).await.unwrap();
    let token = web.app.settings().key.share(made.link.unwrap());
    let mut browser = web.sign_in(to).await;
    let page = web.follow(&mut browser, &format!("/l/{token}")).await;
    let account = web.account(to).await.to_string();
    let fields = [("context", account.as_str())];
    let answer = web.submit(&mut browser, &page, "/l/accept", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn pages_of_a_list_are_turned_forth_and_back() {
    let mut story = story().await;
    let many: Vec<String> = (0..120).map(|n| format!("Project {n:04}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    story.web.run(story.maria, "another", &many).await;
    for (list, all) in [
        ("/projects", 122),
        ("/projects?sort=oldest", 122),
        ("/projects?sort=name", 122),
        ("/projects?sort=size", 122),
        ("/projects?name=project", 120),
        ("/projects?name=project&sort=name", 120),
        ("/projects?name=ject%200&sort=name", 120),
    ] {
        let mut forth = vec![story.get(list).await];
        while let Some(next) = link(&forth[forth.len() - 1], "Next page") {
            forth.push(story.get(&next).await);
        }
        let seen: Vec<Vec<String>> = forth.iter().map(names).collect();
        let lengths: Vec<usize> = seen.iter().map(Vec::len).collect();
        assert_eq!(lengths, [50, 50, all - 100], "{list}");
        let distinct: BTreeSet<&String> = seen.iter().flatten().collect();
        assert_eq!(distinct.len(), all, "{list}: each is shown once");
        let mut back = vec![names(&forth[2])];
        let mut page = forth.pop().unwrap();
        while let Some(before) = link(&page, "Previous page") {
            page = story.get(&before).await;
            back.push(names(&page));
        }
        back.reverse();
        assert_eq!(back, seen, "{list}: the way back shows the same pages");
    }
}

#[tokio::test]
async fn names_are_found_in_any_spelling_and_lists_are_ordered() {
    let mut story = story().await;
    story.project("Zebra  FISH", 30).await;
    story.project("Ätna", 10).await;
    story.project("b & c", 20).await;
    for (query, wanted) in [
        ("name=zebra%20fish", vec!["Zebra  FISH"]),
        ("name=%20FISH%20", vec!["Zebra  FISH"]),
        ("name=a%CC%88TNA", vec!["Ätna"]),
        ("name=a%CC%88TNA&sort=name", vec!["Ätna"]),
        ("name=atna&sort=name", vec![]),
        ("name=b+%26+c", vec!["b &#38; c"]),
        ("name=b&sort=oldest", vec!["Zebra  FISH", "b &#38; c"]),
        ("name=B", vec!["b &#38; c", "Zebra  FISH"]),
        ("name=nothing", vec![]),
        (
            "sort=size",
            vec!["Zebra  FISH", "b &#38; c", "Ätna", "Exomes July"],
        ),
        (
            "sort=name",
            vec!["Ätna", "b &#38; c", "Exomes July", "Zebra  FISH"],
        ),
        (
            "sort=sideways&state=unknown&at=x",
            vec!["b &#38; c", "Ätna", "Zebra  FISH", "Exomes July"],
        ),
    ] {
        let page = story.get(&format!("/projects?{query}")).await;
        let mut found = names(&page);
        // It was registered in the same moment as another one.
        found.retain(|name| name != "Genomes July");
        assert_eq!(found, wanted, "{query}");
    }
    let page = story.get("/projects?name=b+%26+c").await;
    assert!(
        page.body.contains("value=\"b &#38; c\""),
        "the search stays"
    );
    let page = story.get("/projects?name=nothing").await;
    assert!(
        page.body
            .contains("No project here has “<bdi>nothing</bdi>” in its name.")
    );
}

#[tokio::test]
async fn a_large_context_is_ordered_and_searched_to_its_end() {
    let mut story = story().await;
    let first = story.project("the very first", 7).await;
    story.web.clock.advance(Duration::from_secs(1));
    for n in 0..=LOOKED_THROUGH / 250 {
        let projects: Vec<String> = (0..250).map(|m| format!("p{n:02}-{m:03}")).collect();
        let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
        story
            .web
            .run(story.maria, &format!("r{n}"), &projects)
            .await;
    }
    for (list, wanted) in [
        ("sort=name", "Exomes July"),
        ("sort=oldest", " July"),
        ("sort=size", "the very first"),
        ("name=p0&sort=name", "p00-000"),
    ] {
        let page = story.get(&format!("/projects?{list}")).await;
        let names = names(&page);
        assert!(names[0].ends_with(wanted), "{list}: {:?}", names[0]);
        assert_eq!(names.len(), 50, "{list}");
    }
    // What is rare is found on the page that gets there.
    for list in ["name=very+first", "name=very+first&sort=name"] {
        let mut page = story.get(&format!("/projects?{list}")).await;
        assert!(page.body.contains("None so far."), "{list}");
        let mut pages = 1;
        while names(&page).is_empty() {
            let further = link(&page, "Next page").unwrap();
            page = story.get(&further).await;
            pages += 1;
        }
        assert!(pages <= 3, "{list}: {pages}");
        assert_eq!(names(&page), ["the very first"], "{list}");
    }
    let page = story.get("/projects?sort=size").await;
    story.press(&page, "/items/archive", &[first]).await;
    let page = story.get("/projects?state=archived").await;
    assert!(page.body.contains("None so far."), "{}", page.body);
    let further = link(&page, "Next page").unwrap();
    let page = story.get(&further).await;
    assert_eq!(names(&page), ["the very first"]);
}

#[tokio::test]
async fn names_that_begin_alike_for_long_are_told_apart_and_searched_to_their_end() {
    let mut story = story().await;
    let long = "x".repeat(200);
    for end in ["a", "b", "c"] {
        story.project(&format!("{long}{end}"), 1).await;
    }
    let page = story.get("/projects?name=xxx&sort=name").await;
    assert_eq!(names(&page).len(), 3);
    let page = story.get("/projects?name=xb&sort=name").await;
    assert_eq!(names(&page).len(), 1);

    // One letter that is compared as eighteen.
    let long = "\u{fdfa}".repeat(200);
    let mut both = Vec::new();
    for end in ["dave", "eve"] {
        both.push(story.project(&format!("{long}{end}"), 1).await);
    }
    for list in ["name=eve", "name=eve&sort=size", "name=eve&sort=name"] {
        let page = story.get(&format!("/projects?{list}")).await;
        assert_eq!(names(&page).len(), 1, "{list}");
    }
    let page = story.get("/projects").await;
    story.press(&page, "/items/trash", &both).await;
    for order in ["newest", "size", "name"] {
        let list = format!("/projects?state=trashed&name=eve&sort={order}");
        assert_eq!(names(&story.get(&list).await).len(), 1, "{order}");
    }
}

#[tokio::test]
async fn a_list_is_of_the_context_one_acts_as() {
    let mut story = story().await;
    story.web.workgroup("Pool", None, &[MARIA]).await;
    story.browser = story.web.sign_in(MARIA).await;
    let page = story.get("/runs").await;
    assert_eq!(names(&page), [RUN]);
    let (before, _) = page.body.split_once("\"><bdi>Pool</bdi>").unwrap();
    let pool = before.rsplit_once("value=\"").unwrap().1.to_owned();
    let fields = [("context", pool.as_str()), ("next", "/runs")];
    story
        .web
        .submit(&mut story.browser, &page, "/context", &fields)
        .await;
    let page = story.get("/runs").await;
    assert!(page.body.contains("<h1><bdi>Runs of Pool</bdi></h1>"));
    assert!(names(&page).is_empty());
}

// ---- several at once ----

#[tokio::test]
async fn several_go_into_the_trash_and_come_back() {
    let mut story = story().await;
    let projects = story.items[1..].to_vec();
    let page = story.get("/projects?sort=name").await;
    let answer = story.press(&page, "/items/trash", &projects).await;
    assert_eq!(
        answer.location(),
        "/projects?sort=name&done=trashed&n=2",
        "{}",
        answer.body
    );
    let page = story.get(answer.location()).await;
    assert!(
        page.body.contains(
            "2 projects are in the trash: those they are shared with do not see them there"
        )
    );
    assert!(names(&page).is_empty());
    let page = story.get("/projects?state=trashed").await;
    assert_eq!(names(&page), ["Genomes July", "Exomes July"]);
    snapshot("trash", &page);
    let answer = story.press(&page, "/items/restore", &projects[..1]).await;
    let page = story.get(answer.location()).await;
    assert!(page.body.contains("1 project is out of the trash again"));
    assert_eq!(names(&page), ["Genomes July"]);
}

#[tokio::test]
async fn of_several_each_is_told_what_became_of_it() {
    let mut story = story().await;
    let free = story.project("Free", 0).await;
    let offered = story.items[1];
    story.web.offer(story.maria, &[offered], ANNA, None).await;
    let page = story.get("/projects").await;
    let both = [free, offered];
    let answer = story.press(&page, "/items/trash", &both).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    snapshot("outcome", &answer);
    assert!(
        answer
            .body
            .contains("1 of 2 could not be put into the trash")
    );
    assert!(answer.body.contains("<li><bdi>Free</bdi></li>"));
    let ticked = format!("value=\"{offered}\" aria-labelledby=\"n2\" checked");
    assert!(answer.body.contains(&ticked), "what stays is still ticked");
    // The same form once more: what went is not refused for having gone.
    let again = story.press(&page, "/items/trash", &both).await;
    assert!(
        again
            .body
            .contains("1 of 2 could not be put into the trash")
    );
    let shared = story.items[2];
    share(&story, shared, ANNA).await;
    let page = story.get("/projects").await;
    let answer = story
        .press(&page, "/items/archive", &[shared, offered])
        .await;
    assert!(answer.body.contains("Nothing was archived"));
    assert!(answer.body.contains("is shared (with access: 1;"));
    assert!(answer.body.contains("is offered to somebody"));
}

#[tokio::test]
async fn a_choice_with_which_nothing_can_be_done_says_why() {
    let mut story = story().await;
    let page = story.get("/runs").await;
    let answer = story.press(&page, "/items/trash", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer
            .body
            .contains("nothing is chosen; tick what you mean")
    );
    let many: Vec<ItemId> = (0..51)
        .map(|n| ItemId::new(story.items[0].kind(), n))
        .collect();
    let answer = story.press(&page, "/items/trash", &many).await;
    assert!(answer.body.contains("more than 50 items are chosen"));
    let unknown = story.press(&page, "/items/trash", &many[..1]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains("Nothing was put into the trash"));
    // Somebody else's is as good as not there, and stays as it is.
    let web = &story.web;
    let anna = web.account(ANNA).await;
    let theirs = web.run(anna, "secret", &[]).await[0];
    let before = web.kept();
    let answer = story.press(&page, "/items/trash", &[theirs]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!answer.body.contains("secret"));
    let kept = story.web.kept();
    let items = |view: &handover::store::model::View| {
        let all = view.documents();
        all.filter(|(key, _)| matches!(key, handover::domain::key::Key::Item(_)))
            .map(|(_, record)| record.version)
            .collect::<Vec<_>>()
    };
    assert_eq!(items(&kept), items(&before));
    let form = page.field("form").to_owned();
    let fields = [("form", form.as_str()), ("item", "run_x")];
    let answer = story
        .web
        .post(&mut story.browser, "/items/trash", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn archived_items_are_listed_and_taken_out_again() {
    let mut story = story().await;
    let page = story.get("/runs").await;
    let run = [story.items[0]];
    let answer = story.press(&page, "/items/archive", &run).await;
    assert_eq!(answer.location(), "/runs?done=archived&n=1");
    let page = story.get("/runs").await;
    assert!(page.body.contains("<span class=\"state\">archived</span>"));
    let page = story.get("/runs?state=archived").await;
    assert_eq!(names(&page), [RUN]);
    let answer = story.press(&page, "/items/activate", &run).await;
    let page = story.get(answer.location()).await;
    assert!(page.body.contains("1 run is out of the archive again."));
    assert!(page.body.contains("Nothing is archived."));
}

#[tokio::test]
async fn deleting_for_good_asks_first_and_says_when() {
    let mut story = story().await;
    let page = story.get("/projects").await;
    let projects = story.items[1..].to_vec();
    story.press(&page, "/items/trash", &projects).await;
    let ids: Vec<String> = projects.iter().map(|id| format!("item={id}")).collect();
    let before = story.web.kept();
    let sure = story.get(&format!("/items/purge?{}", ids.join("&"))).await;
    assert_eq!(sure.status, StatusCode::OK);
    snapshot("purge", &sure);
    assert_eq!(*story.web.kept(), *before, "asking changes nothing");
    let action = "/items/purge?list=project&state=trashed";
    assert!(sure.body.contains(&action.replace('&', "&#38;")));
    let (first, second) = (projects[0].to_string(), projects[1].to_string());
    let fields = [("item", first.as_str()), ("item", second.as_str())];
    let answer = story
        .web
        .submit(&mut story.browser, &sure, action, &fields)
        .await;
    assert_eq!(answer.location(), "/projects?state=trashed&done=purged&n=2");
    let page = story.get(answer.location()).await;
    assert!(page.body.contains("2 projects will be deleted for good."));
    assert!(page.body.contains("deleted for good on 8 August 2026"));
    let none = story.get(&format!("/items/purge?{}", ids[0])).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        none.body
            .contains("nothing of what was chosen can be deleted")
    );
    let run = story.items[0];
    let none = story.get(&format!("/items/purge?item={run}")).await;
    assert!(none.body.contains("put it into the trash first"));
    let mut anna = story.web.sign_in(ANNA).await;
    let path = format!("/items/purge?{}", ids[0]);
    let none = story.web.get(&mut anna, &path).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let none = story.get("/items/purge").await;
    assert!(none.body.contains("nothing is chosen"));
}

// ---- one item ----

#[tokio::test]
async fn the_page_of_an_item_holds_everything_about_it() {
    let mut story = story().await;
    let project = story.items[1];
    let paths: Vec<String> = (0..30)
        .map(|n| format!("reads/S1_{n:02}.fastq.gz"))
        .collect();
    let files: Vec<(&str, u64)> = paths.iter().map(|path| (path.as_str(), 1 << 30)).collect();
    story.files(project, &files).await;
    let own = Context::Personal(story.maria);
    let analysis = Custody::StartAnalysis {
        name: "alignment".to_owned(),
        projects: vec![project],
    };
    story.custody(own, analysis).await;
    share(&story, project, LEAD).await;
    story.web.offer(story.maria, &[project], ANNA, None).await;
    let reads = [("S2_R1.fastq.gz", 1 << 30), ("S2_R2.fastq.gz", 1 << 30)];
    story.dataset(project, "Reads of S2", "S2", &reads).await;
    let path = format!("/items/{project}");
    let page = story.get(&path).await;
    snapshot("item-offered", &page);
    for part in [
        "<bdi>Reads of S2</bdi> <span class=\"quiet small\">FASTQ of S2</span></span> <span class=\"figures\">2.00 GiB, 2 files",
        "Offered to <bdi>anna@uni.example</bdi>",
        "<h3>Its letters</h3>",
        "1 analysis writes to it now: alignment",
        "maria (Personal) owns it and may do everything",
        "lead (Personal) may read it until it is revoked, by a link",
        "href=\"/items/ID/people\"",
        "reads/S1_",
    ] {
        let part = part.replace("ID", &project.to_string());
        assert!(page.body.contains(&part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("/items/archive"), "it is offered");
    // Each file once, over two pages.
    let further = link(&page, "Further files").unwrap();
    let further = story.get(&further).await;
    let count = |page: &Answer| page.body.matches("<bdi>reads/").count();
    let named = |page: &Answer| page.body.matches("<bdi>S2_R").count();
    assert_eq!(count(&page) + count(&further), 30);
    assert_eq!(named(&page) + named(&further), 2);
    assert!(link(&further, "Further files").is_none());
}

#[tokio::test]
async fn the_history_of_an_item_goes_back_to_its_beginning() {
    let mut story = story().await;
    let run = story.items[0];
    let path = format!("/items/{run}");
    let acts = [("trash", "trashed"), ("restore", "restored")];
    for (act, done) in acts.iter().cycle().take(20) {
        let page = story.get(&path).await;
        let id = run.to_string();
        let action = format!("/items/{act}");
        let fields = [("item", id.as_str())];
        let web = &story.web;
        let answer = web
            .submit(&mut story.browser, &page, &action, &fields)
            .await;
        assert_eq!(answer.location(), format!("{path}?done={done}"));
    }
    let page = story.get(&format!("{path}?done=restored")).await;
    assert!(page.body.contains("This run is out of the trash again"));
    assert!(!page.body.contains("<p>registered</p>"));
    let before = link(&page, "What happened before").unwrap();
    let page = story.get(&before).await;
    assert!(page.body.contains("<p>registered</p>"));
    assert!(link(&page, "What happened before").is_none());
}

#[tokio::test]
async fn what_cannot_be_done_with_an_item_is_told_on_its_page() {
    let mut story = story().await;
    let run = story.items[0];
    let page = story.get(&format!("/items/{run}")).await;
    story.web.offer(story.maria, &[run], ANNA, None).await;
    let id = run.to_string();
    let fields = [("item", id.as_str())];
    let answer = story
        .web
        .submit(&mut story.browser, &page, "/items/archive", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer
            .body
            .contains("is offered to somebody; cancel the offer")
    );
    assert!(answer.body.contains(&format!("<h1><bdi>{RUN}</bdi></h1>")));
}

#[tokio::test]
async fn whoever_may_only_look_is_offered_nothing_else() {
    let story = story().await;
    let project = story.items[1];
    share(&story, project, LEAD).await;
    let web = &story.web;
    let mut lead = web.sign_in(LEAD).await;
    let page = web.get(&mut lead, &format!("/items/{project}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for hidden in ["/items/trash", "/transfers/new?item", "/links", "History"] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    assert!(page.body.contains("Give this access up"));
    let shared = web.get(&mut lead, "/shared").await;
    snapshot("shared", &shared);
    assert_eq!(names(&shared), ["Exomes July"]);
    let id = project.to_string();
    let before = web.kept();
    let answer = web
        .submit(&mut lead, &page, "/items/trash", &[("item", &id)])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let item = |view: &handover::store::model::View| {
        let key = handover::domain::key::Key::Item(project);
        view.documents()
            .find(|(at, _)| *at == key)
            .unwrap()
            .1
            .version
    };
    assert_eq!(item(&web.kept()), item(&before));
}

#[tokio::test]
async fn everything_that_is_shared_is_listed_page_by_page() {
    let story = story().await;
    let names_of: Vec<String> = (0..60).map(|n| format!("Shared {n:02}")).collect();
    let names_of: Vec<&str> = names_of.iter().map(String::as_str).collect();
    let items = story.web.run(story.maria, "big", &names_of).await;
    let web = &story.web;
    let to = To::Address(LEAD.parse().unwrap());
    let ask = handover::domain::invitation::Request {
        items,
        message: None,
        terms: handover::domain::invitation::Terms::Access {
            level: Level::Read,
            until: None,
        },
        lifetime_ms: None,
        terms_accepted: true,
    };
    let call = web.directory().call(web.by(story.maria), None);
    let id = InvitationId::made(web.app.settings().ids.fresh(call.at), false);
    let command = Command::Request { ask, to };
    web.directory().transfer(id, call, command).await.unwrap();
    let mut lead = web.sign_in(LEAD).await;
    let none = web.get(&mut lead, "/shared").await;
    assert!(none.body.contains("Nothing now."));
    let page = web.get(&mut lead, &format!("/invitations/{id}")).await;
    let account = web.account(LEAD).await.to_string();
    let path = format!("/invitations/{id}/accept");
    web.submit(&mut lead, &page, &path, &[("context", &account)])
        .await;
    let first = web.get(&mut lead, "/shared").await;
    let next = link(&first, "Next page").unwrap();
    let second = web.get(&mut lead, &next).await;
    assert_eq!((names(&first).len(), names(&second).len()), (50, 11));
    let home = web.get(&mut lead, "/").await;
    assert!(
        home.body
            .contains("<a href=\"/shared\">All that is shared with you</a>")
    );
}

#[tokio::test]
async fn addresses_of_runs_and_projects_lead_to_the_item() {
    let mut story = story().await;
    for (list, item) in [("runs", story.items[0]), ("projects", story.items[1])] {
        let answer = story.get(&format!("/{list}/{item}")).await;
        assert_eq!(answer.location(), format!("/items/{item}"));
    }
    let answer = story.get("/runs/x").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

// ---- what is new ----

#[tokio::test]
async fn what_is_new_is_told_once_for_each_thing_that_happened() {
    let mut story = story().await;
    let items = story.items.clone();
    let offer = story.web.offer(story.maria, &items, ANNA, None).await;
    let mut anna = story.web.sign_in(ANNA).await;
    let web = &story.web;
    let page = web.get(&mut anna, &format!("/transfers/{offer}")).await;
    let account = web.account(ANNA).await.to_string();
    let path = format!("/transfers/{offer}/accept");
    web.submit(&mut anna, &page, &path, &[("context", &account)])
        .await;
    let home = web.get(&mut anna, "/").await;
    snapshot("home-of-new-owner", &home);
    let told = |home: &Answer| {
        let (_, news) = home.body.split_once("<h2 id=\"new\">").unwrap();
        news.split("</section>").next().unwrap().to_owned()
    };
    assert_eq!(told(&home).matches("accepted into").count(), 1);
    let home = story.get("/").await;
    let news = told(&home);
    assert!(news.contains("Offer of “260731_A01234_0042_HXXDSX” and 2 others to anna@uni.example"));
    assert!(
        !news.contains("cannot see now") && !news.contains("registered"),
        "what was given away is out of sight, and its offer says so: {news}"
    );
}

#[tokio::test]
async fn what_is_new_in_a_workgroup_tells_a_member_no_more_than_they_may_see() {
    let story = story().await;
    let web = &story.web;
    web.workgroup("Pool", None, &[ANNA, LEAD]).await;
    let to = To::Workgroup("Pool".parse().unwrap());
    web.offer_to(story.maria, &story.items[..1], to, None).await;
    for (who, sees) in [(ANNA, true), (LEAD, false)] {
        let mut browser = web.sign_in(who).await;
        let page = web.get(&mut browser, "/").await;
        let (before, _) = page.body.split_once("\"><bdi>Pool</bdi>").unwrap();
        let pool = before.rsplit_once("value=\"").unwrap().1.to_owned();
        let fields = [("context", pool.as_str()), ("next", "/")];
        web.submit(&mut browser, &page, "/context", &fields).await;
        let home = web.get(&mut browser, "/").await;
        let offer = "Offer of “260731_A01234_0042_HXXDSX” to workgroup Pool";
        assert_eq!(home.body.contains(offer), sees, "{who}: {}", home.body);
    }
}

// ---- everybody's ----

/// Every page of this part, with ids that exist and with some that do not.
fn paths(story: &Story) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/runs",
        "/runs?state=trashed",
        "/projects?sort=name&name=x&at=7",
        "/projects?at=99999999999999999999",
        "/shared",
        "/shared?at=x",
        "/items/trash",
        "/items/restore",
        "/items/archive",
        "/items/activate",
        "/items/purge",
        "/items/purge?item=x",
    ]
    .map(str::to_owned)
    .to_vec();
    for item in &story.items {
        paths.push(format!("/items/{item}?history=x&files=x&from=9999"));
        paths.push(format!("/items/purge?item={item}"));
        paths.push(format!("/runs/{item}"));
    }
    paths
}

#[tokio::test]
async fn looking_changes_nothing_and_a_robot_can_do_nothing() {
    let story = story().await;
    let web = &story.web;
    let mut maria = web.sign_in(MARIA).await;
    let mut anna = web.sign_in(ANNA).await;
    let foreign = web.get(&mut anna, "/").await.field("form").to_owned();
    let before = web.kept();
    let item = story.items[0].to_string();
    for path in paths(&story) {
        for browser in [&mut maria, &mut anna, &mut Browser::default()] {
            for method in [Method::GET, Method::HEAD] {
                let answer = web.visit(browser, method, &path).await;
                assert!(!answer.status.is_server_error(), "{path}");
                assert!(answer.body.len() < 100 * 1024, "{path}");
            }
        }
        for form in ["", "x", foreign.as_str()] {
            let fields = [("form", form), ("item", item.as_str()), ("once", "x")];
            for origin in [None, Some(web.url), Some("https://evil.example")] {
                web.post_from(&mut maria, origin, &path, &fields).await;
                web.post_from(&mut Browser::default(), origin, &path, &fields)
                    .await;
            }
        }
    }
    assert_eq!(*web.kept(), *before);
}

#[tokio::test]
async fn the_worst_names_are_shown_and_not_obeyed_and_fit_a_page() {
    let mut story = story().await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";
    let worst: Vec<String> = (0..60)
        .map(|n| format!("{n:02}{evil}{}", "\"".repeat(170)))
        .collect();
    let worst: Vec<&str> = worst.iter().map(String::as_str).collect();
    let items = story.web.run(story.maria, evil, &worst).await;
    let files: Vec<String> = (0..60)
        .map(|n| format!("{n}{evil}{}", "&".repeat(400)))
        .collect();
    let files: Vec<(&str, u64)> = files.iter().map(|path| (path.as_str(), 1)).collect();
    story.files(items[1], &files).await;
    let newest: Vec<ItemId> = items.iter().rev().take(50).copied().collect();
    story
        .web
        .offer(story.maria, &newest, ANNA, Some(evil))
        .await;
    let list = story.get("/projects").await;
    let refused = story.press(&list, "/items/trash", &newest).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let query = "/projects?name=%22%3E%3Cscript%3E&sort=%22%3E";
    let mut pages = vec![list, refused, story.get(query).await, story.get("/").await];
    for item in [items[0], items[1], newest[0]] {
        pages.push(story.get(&format!("/items/{item}")).await);
    }
    web_trash_and_ask(&mut story, &items[1..8], &mut pages).await;
    for page in pages {
        let script = "<script type=\"module\" src=\"/assets/handover-";
        assert_eq!(
            page.body.matches("<script").count(),
            page.body.matches(script).count()
        );
        for wrong in ["<img", "\u{202e}", "\"'>"] {
            assert!(!page.body.contains(wrong), "{wrong}: {}", page.body);
        }
        assert!(page.body.len() < 100 * 1024, "{}", page.body.len());
    }
}

/// Puts these into the trash, and looks at what asks whether they shall go for good.
async fn web_trash_and_ask(story: &mut Story, items: &[ItemId], pages: &mut Vec<Answer>) {
    let page = story.get("/projects").await;
    let answer = story.press(&page, "/items/trash", items).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let ids: Vec<String> = items.iter().map(|id| format!("item={id}")).collect();
    pages.push(story.get(&format!("/items/purge?{}", ids.join("&"))).await);
    story.web.clock.advance(Duration::from_secs(1));
    pages.push(story.get("/projects?state=trashed").await);
}
