//! Inviting, collaborators and links on the pages, through the router, on a store in memory.
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

use axum::http::StatusCode;
use handover::domain::id::ItemId;
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";

struct Story {
    web: Website,
    maria: Browser,
    anna: Browser,
    run: ItemId,
    project: ItemId,
}

async fn story() -> Story {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    web.account(ANNA).await;
    let items = web
        .run(maria, "260731_A01234_0042_HXXDSX", &["Exomes July"])
        .await;
    let maria = web.sign_in(MARIA).await;
    let anna = web.sign_in(ANNA).await;
    Story {
        web,
        maria,
        anna,
        run: items[0],
        project: items[1],
    }
}

fn snapshot(name: &str, page: &Answer) {
    masks::masks().bind(|| insta::assert_snapshot!(name, page.body));
}

impl Story {
    /// Maria invites Anna, who accepts.
    async fn shared(&mut self, item: ItemId, level: &str) {
        let (web, maria) = (&self.web, &mut self.maria);
        let item = item.to_string();
        let dialog = web.get(maria, &format!("/shares/new?item={item}")).await;
        let fields = [
            ("item", item.as_str()),
            ("recipient", ANNA),
            ("level", level),
            ("until", "2026-12-31"),
        ];
        let preview = web.submit(maria, &dialog, "/shares/preview", &fields).await;
        assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
        let answer = web
            .submit(maria, &preview, "/shares/request", &fields)
            .await;
        let place = answer.location().split('?').next().unwrap().to_owned();
        assert!(place.starts_with("/invitations/inv_"), "{place}");
        let page = web.get(&mut self.anna, &place).await;
        let context = web.account(ANNA).await.to_string();
        let accept = format!("{place}/accept");
        let answer = web
            .submit(&mut self.anna, &page, &accept, &[("context", &context)])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_share_is_chosen_looked_at_and_sent() {
    let Story {
        web,
        mut maria,
        run,
        ..
    } = story().await;
    let run = run.to_string();
    let dialog = web
        .get(&mut maria, &format!("/shares/new?item={run}"))
        .await;
    snapshot("share-dialog", &dialog);
    let mut fields = vec![
        ("item", run.as_str()),
        ("recipient", ANNA),
        ("level", "read"),
    ];
    let alone = web
        .submit(&mut maria, &dialog, "/shares/preview", &fields)
        .await;
    assert!(
        alone
            .body
            .contains("a project is not shared with its run unless that is asked for")
    );
    fields.push(("projects", "yes"));
    let preview = web
        .submit(&mut maria, &dialog, "/shares/preview", &fields)
        .await;
    snapshot("share-preview", &preview);
    assert!(preview.body.contains("Exomes July"));
    let answer = web
        .submit(&mut maria, &preview, "/shares/request", &fields)
        .await;
    let page = web.follow(&mut maria, answer.location()).await;
    assert!(page.body.contains("They are invited and told by email."));
    // Runs are for reading alone: refused with everything that was typed still there.
    fields[2] = ("level", "write");
    let refused = web
        .submit(&mut maria, &dialog, "/shares/preview", &fields)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains(ANNA) && refused.body.contains("role=\"alert\""));
}

#[tokio::test]
async fn a_share_names_what_is_seen_besides_and_leads_back_without_sending() {
    let Story {
        web,
        mut maria,
        run,
        project,
        ..
    } = story().await;
    let project = project.to_string();
    let dialog = web
        .get(&mut maria, &format!("/shares/new?item={project}"))
        .await;
    let back = format!("href=\"/items/{project}\">Cancel, send nothing</a>");
    assert!(dialog.body.contains(&back), "{}", dialog.body);
    let fields = [("item", project.as_str()), ("recipient", ANNA)];
    let preview = web
        .submit(&mut maria, &dialog, "/shares/preview", &fields)
        .await;
    assert!(preview.body.contains(&back), "{}", preview.body);
    let along = format!(
        "<li><a href=\"/items/{run}\"><bdi>run &#34;260731_A01234_0042_HXXDSX&#34;</bdi></a><br><span class=\"small quiet\">read, as always"
    );
    assert!(preview.body.contains(&along), "{}", preview.body);
}

#[tokio::test]
async fn a_share_of_a_workgroup_says_whose_it_stays() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let pool = web.workgroup("Pool", None, &[MARIA]).await;
    let items = web.run_in(pool, maria, "R1", &[]).await;
    let mut maria = web.sign_in(MARIA).await;
    let dialog = web
        .get(&mut maria, &format!("/shares/new?item={}", items[0]))
        .await;
    let owner = "<bdi>Pool</bdi> stays its owner, and you may revoke the access";
    assert!(dialog.body.contains(owner), "{}", dialog.body);
}

#[tokio::test]
async fn a_workgroup_that_one_is_not_in_is_known_by_its_handle_alone() {
    let mut story = story().await;
    story.web.workgroup("Pool", None, &[MARIA]).await;
    story.web.workgroup("Lab", None, &[ANNA]).await;
    let project = story.project.to_string();
    let web = &story.web;
    for (recipient, unsure) in [("workgroup:Pool", false), ("workgroup:Lab", true)] {
        for deed in ["shares", "transfers"] {
            let dialog = format!("/{deed}/new?item={project}");
            let dialog = web.get(&mut story.maria, &dialog).await;
            let fields = [("item", project.as_str()), ("recipient", recipient)];
            let preview = format!("/{deed}/preview");
            let maria = &mut story.maria;
            let preview = web.submit(maria, &dialog, &preview, &fields).await;
            assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
            let says = preview
                .body
                .contains("There is a workgroup with this handle");
            assert_eq!(says, unsure, "{deed} {recipient}: {}", preview.body);
        }
    }
}

#[tokio::test]
async fn whoever_has_nothing_to_choose_is_led_on() {
    let Story { web, mut anna, .. } = story().await;
    let elsewhere = "another of your contexts owns";
    for dialog in ["/shares/new", "/transfers/new"] {
        let page = web.get(&mut anna, dialog).await;
        let shared = "<a href=\"/shared\">shared with you</a>";
        assert!(page.body.contains(shared), "{}", page.body);
        assert!(!page.body.contains(elsewhere), "{}", page.body);
    }
    web.workgroup("Lab", None, &[ANNA]).await;
    let page = web.get(&mut anna, "/transfers/new").await;
    assert!(page.body.contains(elsewhere), "{}", page.body);
}

/// The page holds a hundred of them; what is done on the second is told there.
#[tokio::test]
async fn what_was_typed_is_kept_on_every_page_of_those_who_have_access() {
    let mut story = story().await;
    let people = format!("/items/{}/people", story.project);
    let web = &story.web;
    let page = web.get(&mut story.maria, &people).await;
    let path = format!("/items/{}/links/make", story.project);
    web.submit(&mut story.maria, &page, &path, &[("level", "read")])
        .await;
    let page = web.get(&mut story.maria, &people).await;
    let link = page
        .body
        .split(&format!("value=\"{}/l/", web.url))
        .nth(1)
        .unwrap();
    let link = format!("/l/{}", link.split('"').next().unwrap());
    for i in 0..101 {
        let address = format!("p{i}@uni.example");
        let mut browser = web.sign_in(&address).await;
        let page = web.follow(&mut browser, &link).await;
        let context = web.account(&address).await.to_string();
        let fields = [("context", context.as_str())];
        web.submit(&mut browser, &page, "/l/accept", &fields).await;
    }
    let first = web.get(&mut story.maria, &people).await;
    let second = first.body.split("people?at=").nth(1).unwrap();
    let second = format!("{people}?at={}", second.split('"').next().unwrap());
    let second = web.get(&mut story.maria, &second).await;
    let (who, at) = (second.field("who"), second.field("at"));
    let change = |until| {
        [
            ("who", who),
            ("at", at),
            ("level", "write"),
            ("until", until),
        ]
    };
    let path = format!("{people}/change");
    let maria = &mut story.maria;
    let refused = web
        .submit(maria, &second, &path, &change("2020-01-01"))
        .await;
    assert!(
        refused.body.contains("value=\"2020-01-01\""),
        "{}",
        refused.body
    );
    let done = web
        .submit(maria, &second, &path, &change("2026-12-31"))
        .await;
    let told = web.follow(maria, done.location()).await;
    assert!(told.body.contains("31 December 2026"), "{}", told.body);
    assert!(told.body.contains("Changed. It holds from now on."));
}

#[tokio::test]
async fn an_owner_sees_who_works_with_an_item_and_takes_it_back_at_once() {
    let mut story = story().await;
    let project = story.project;
    story.shared(project, "write").await;
    let Story {
        web,
        mut maria,
        mut anna,
        ..
    } = story;
    let item = format!("/items/{project}");
    let people = format!("{item}/people");
    let page = web.get(&mut maria, &people).await;
    snapshot("people", &page);
    let hers = web.account(ANNA).await.to_string();
    let path = format!("{people}/change");
    let change = [("who", hers.as_str()), ("level", "read"), ("until", "")];
    let answer = web.submit(&mut maria, &page, &path, &change).await;
    assert_eq!(answer.location(), format!("{people}?done=changed"));
    let changed = web.get(&mut maria, &people).await;
    assert!(changed.body.contains("read, until it is revoked"));
    // Back to the page as it was, the same form says another thing, and is done.
    let change = [
        ("who", hers.as_str()),
        ("level", "write"),
        ("until", "2026-11-30"),
    ];
    web.submit(&mut maria, &page, &path, &change).await;
    let changed = web.get(&mut maria, &people).await;
    assert!(
        changed.body.contains("write, until 30 November 2026"),
        "{}",
        changed.body
    );
    // Anna decides nothing about others, and may give it up.
    let hers_to_see = web.get(&mut anna, &people).await;
    snapshot("people-of-collaborator", &hers_to_see);
    let answer = web.submit(&mut anna, &hers_to_see, &path, &change).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let path = format!("{people}/revoke");
    web.submit(&mut maria, &page, &path, &[("who", &hers)])
        .await;
    assert_eq!(
        web.get(&mut anna, &item).await.status,
        StatusCode::NOT_FOUND
    );
    let home = web.get(&mut anna, "/").await;
    let told = "the access of “anna (Personal)” was revoked";
    assert!(home.body.contains(told), "{}", home.body);
}

#[tokio::test]
async fn an_access_is_given_up_by_whoever_has_it() {
    let mut story = story().await;
    let project = story.project;
    story.shared(project, "read").await;
    let Story {
        web,
        mut maria,
        mut anna,
        ..
    } = story;
    let people = format!("/items/{project}/people");
    let page = web.get(&mut anna, &people).await;
    let hers = web.account(ANNA).await.to_string();
    let answer = web
        .submit(
            &mut anna,
            &page,
            &format!("{people}/leave"),
            &[("who", &hers)],
        )
        .await;
    let left = format!("/shared?done=left&item={project}");
    assert_eq!(answer.location(), left);
    let said = web.get(&mut anna, &left).await;
    assert!(
        said.body
            .contains("You gave up the access to “Exomes July”.")
    );
    // What an address names is told to nobody who did not give just that up.
    let said = web.get(&mut maria, &left).await;
    assert!(!said.body.contains("You gave up") && !said.body.contains("Exomes"));
    let page = web.get(&mut maria, &format!("/items/{project}")).await;
    web.submit(
        &mut maria,
        &page,
        "/items/archive",
        &[("item", &project.to_string())],
    )
    .await;
    let said = web.get(&mut anna, &left).await;
    assert!(!said.body.contains("You gave up") && !said.body.contains("Exomes"));
    assert_eq!(
        web.get(&mut anna, &people).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_history_of_an_item_says_who_let_whom_in() {
    let mut story = story().await;
    let (run, project) = (story.run, story.project);
    story.shared(project, "read").await;
    let Story {
        web,
        mut maria,
        mut anna,
        ..
    } = story;
    let item = format!("/items/{project}");
    let page = web.get(&mut maria, &item).await;
    for line in [
        "anna accepted maria’s invitation: read access",
        "anna@uni.example was invited: read access",
    ] {
        let told = page.body.lines().find(|there| there.contains(line));
        assert!(
            told.is_some_and(|told| told.contains("/invitations/inv_")),
            "{line}: {}",
            page.body
        );
    }
    let page = web.get(&mut anna, &item).await;
    let facts = "<dt>Because</dt><dd>it is shared with anna (Personal) until 31 December 2026, 23:59 UTC</dd>\n<dt>Shared by</dt><dd>maria (maria@core.example)</dd>";
    assert!(page.body.contains(facts), "{}", page.body);
    // An offer names its recipient to whoever may see it, and to nobody else, whoever owns the item later.
    let account = web.account(MARIA).await;
    let offer = web.offer(account, &[run], "carl@lab.example", None).await;
    let item = format!("/items/{run}");
    let page = web.get(&mut maria, &item).await;
    let line = format!("<a href=\"/transfers/{offer}\">offered to carl@lab.example</a>");
    assert!(page.body.contains(&line), "{}", page.body);
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut maria, &place).await;
    web.submit(&mut maria, &page, &format!("{place}/cancel"), &[])
        .await;
    let offer = web.offer(account, &[run], ANNA, None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut anna, &place).await;
    let context = web.account(ANNA).await.to_string();
    let accept = format!("{place}/accept");
    web.submit(&mut anna, &page, &accept, &[("context", &context)])
        .await;
    let page = web.get(&mut anna, &item).await;
    assert!(
        page.body.contains("offered to anna@uni.example</a>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("offered to somebody") && !page.body.contains("carl"));
}

#[tokio::test]
async fn the_people_of_an_item_are_the_members_of_its_workgroup_too() {
    let Story { web, mut anna, .. } = story().await;
    let lab = web.workgroup("seqlab", None, &[ANNA, MARIA]).await;
    let account = web.account(MARIA).await;
    let offer = web
        .run(account, "260801_A01234_0043_HXXDSY", &["Panels"])
        .await;
    let offer = web.offer(account, &offer, ANNA, None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut anna, &place).await;
    let accept = format!("{place}/accept");
    let lab = lab.to_string();
    let answer = web
        .submit(&mut anna, &page, &accept, &[("context", &lab)])
        .await;
    // The list of another context says that it is one, and leads on to the others.
    let own = web.get(&mut anna, "/projects").await;
    assert!(!own.body.contains("Panels"), "{}", own.body);
    for says in [
        "Only projects of <bdi>Personal</bdi> are listed here",
        &format!("name=\"context\" value=\"{lab}\""),
    ] {
        let main = own.body.split("<main").nth(1).unwrap();
        assert!(main.contains(says), "{says}: {main}");
    }
    // The receipt leads on to the list that holds it, as the context that holds it.
    let receipt = web.get(&mut anna, answer.location()).await;
    assert!(
        receipt.body.contains("Go to the projects of "),
        "{}",
        receipt.body
    );
    let next = [("context", lab.as_str()), ("next", "/projects")];
    let answer = web.submit(&mut anna, &receipt, "/context", &next).await;
    assert_eq!(answer.location(), "/projects");
    let list = web.get(&mut anna, "/projects").await;
    assert!(list.body.contains("Panels"), "{}", list.body);
    let at = list.body.find("/items/prj_").unwrap();
    let item: String = list.body[at..].chars().take_while(|c| *c != '"').collect();
    let page = web.get(&mut anna, &format!("{item}/people")).await;
    for there in ["<bdi>anna</bdi>", "<bdi>maria</bdi>", "/members\""] {
        assert!(page.body.contains(there), "{there}: {}", page.body);
    }
    let home = web.get(&mut anna, "/").await;
    assert!(home.body.contains("What is new in your other contexts:"));
}

#[tokio::test]
async fn a_new_owner_is_told_before_and_after_that_shares_stay() {
    const OTTO: &str = "otto@other.example";
    let mut story = story().await;
    let (run, project) = (story.run, story.project);
    story.shared(project, "read").await;
    let web = &story.web;
    let (maria, otto) = (web.account(MARIA).await, web.account(OTTO).await);
    let mut browser = web.sign_in(OTTO).await;
    let offer = web.offer(maria, &[run, project], OTTO, None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut browser, &place).await;
    let says = "whoever it is shared with keeps that access";
    assert!(page.body.contains(says), "{}", page.body);
    assert!(
        !page.body.contains(ANNA),
        "whose it is, is told the owner only"
    );
    let into = otto.to_string();
    let accept = format!("{place}/accept");
    let fields = [("context", into.as_str())];
    let answer = web.submit(&mut browser, &page, &accept, &fields).await;
    let receipt = web.follow(&mut browser, answer.location()).await;
    let says = "Others have access to it: see";
    assert!(receipt.body.contains(says), "{}", receipt.body);
    // Whoever gave it away is told nothing of it any more.
    let given = web.get(&mut story.maria, &format!("{place}/receipt")).await;
    assert!(
        given.body.contains("It has changed hands"),
        "{}",
        given.body
    );
    assert!(!given.body.contains("Others have access"), "{}", given.body);
    // Where its files are is known to whoever passed it on.
    let item = format!("/items/{run}");
    let held = web.get(&mut browser, &item).await;
    let passed_on = format!("({MARIA}) passed it on");
    assert!(held.body.contains(&passed_on), "{}", held.body);
    // And still is when much has happened to it since.
    let id = run.to_string();
    for act in ["trash", "restore"].iter().cycle().take(20) {
        let page = web.get(&mut browser, &item).await;
        let act = format!("/items/{act}");
        let fields = [("item", id.as_str())];
        web.submit(&mut browser, &page, &act, &fields).await;
    }
    let held = web.get(&mut browser, &item).await;
    assert!(held.body.contains("What happened before"), "{}", held.body);
    assert!(held.body.contains(&passed_on), "{}", held.body);
}

#[tokio::test]
async fn what_one_was_granted_oneself_is_no_share_of_others_and_ends_once_one_owns_it() {
    let mut story = story().await;
    story.shared(story.project, "read").await;
    let web = &story.web;
    let maria = web.account(MARIA).await;
    let offer = web.offer(maria, &[story.project], ANNA, None).await;
    let page = web
        .get(&mut story.anna, &format!("/transfers/{offer}"))
        .await;
    let says = "it is shared with nobody else, and no sharing link leads to it;";
    assert!(page.body.contains(says), "{}", page.body);
    // The run stays with Maria, and with it the base calls.
    for says in [
        "The base calls are no part of it",
        "the base calls lie with its run, which is not offered",
    ] {
        assert!(page.body.contains(says), "{says}: {}", page.body);
    }
    let anna = &mut story.anna;
    let home = web.get(anna, "/").await;
    assert!(
        home.body.contains("The base calls are no part of it"),
        "{}",
        home.body
    );
    let into = web.account(ANNA).await.to_string();
    let accept = format!("/transfers/{offer}/accept");
    let fields = [("context", into.as_str())];
    let answer = web.submit(anna, &page, &accept, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let people = web
        .get(anna, &format!("/items/{}/people", story.project))
        .await;
    assert!(
        people.body.contains("None besides the owner"),
        "{}",
        people.body
    );
    let shared = web.get(anna, "/shared").await;
    assert!(shared.body.contains("Nothing now."), "{}", shared.body);
    let item = web.get(anna, &format!("/items/{}", story.project)).await;
    for says in [
        "It has none of its own: the base calls lie with its runs",
        "passed it on, and can tell how to get at the data",
    ] {
        assert!(item.body.contains(says), "{says}: {}", item.body);
    }
}

#[tokio::test]
async fn an_access_kept_shows_whose_it_is_and_until_when() {
    let mut story = story().await;
    let (web, maria) = (&story.web, &mut story.maria);
    let item = story.project.to_string();
    let dialog = web.get(maria, &format!("/transfers/new?item={item}")).await;
    let fields = [
        ("item", item.as_str()),
        ("recipient", ANNA),
        ("keep", "read"),
        ("until", "2026-12-31"),
        ("days", "30"),
    ];
    let preview = web
        .submit(maria, &dialog, "/transfers/preview", &fields)
        .await;
    let mut fields = fields.to_vec();
    fields.push(("terms", "yes"));
    let answer = web
        .submit(maria, &preview, "/transfers/request", &fields)
        .await;
    let place = answer.location().split('?').next().unwrap().to_owned();
    let anna = &mut story.anna;
    let page = web.get(anna, &place).await;
    let into = web.account(ANNA).await.to_string();
    let accept = format!("{place}/accept");
    let answer = web
        .submit(anna, &page, &accept, &[("context", into.as_str())])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let people = web.get(anna, &format!("/items/{item}/people")).await;
    let page = people.body.split("<footer").next().unwrap();
    let kept = page.split("agreed with its transfer").nth(1).unwrap();
    assert!(kept.contains(MARIA), "{kept}");
    assert!(!kept.contains(ANNA), "{kept}");
    let dialog = web.get(anna, &format!("/shares/new?item={item}")).await;
    let fields = [
        ("item", item.as_str()),
        ("recipient", "tess@uni.example"),
        ("level", "read"),
    ];
    let preview = web.submit(anna, &dialog, "/shares/preview", &fields).await;
    assert!(
        preview.body.contains("read until 31 December 2026"),
        "{}",
        preview.body
    );
}

#[tokio::test]
async fn a_link_is_made_given_away_and_deactivated_for_good() {
    let Story {
        web,
        mut maria,
        mut anna,
        project,
        ..
    } = story().await;
    let people = format!("/items/{project}/people");
    let page = web.get(&mut maria, &people).await;
    let make = format!("/items/{project}/links/make");
    let wrong = [("level", "read"), ("until", "someday"), ("most", "thrice")];
    let refused = web.submit(&mut maria, &page, &make, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for says in ["is not a number of times", "is not a moment"] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    // Nothing that was typed is lost, and the form stands open.
    let wrong = [("level", "write"), ("until", "2020-01-01"), ("most", "7")];
    let refused = web.submit(&mut maria, &page, &make, &wrong).await;
    for says in [
        "1 January 2020, 23:59 UTC has passed",
        "<details open><summary>Make a link</summary>",
        "<option value=\"write\" selected>",
        "aria-describedby=\"link-until-hint\" value=\"2020-01-01\"",
        "aria-describedby=\"link-most-hint\" value=\"7\"",
    ] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    let fields = [("level", "read"), ("until", "2026-12-31"), ("most", "3")];
    let answer = web.submit(&mut maria, &page, &make, &fields).await;
    assert_eq!(answer.location(), format!("{people}?done=made#links"));
    let page = web.get(&mut maria, &people).await;
    snapshot("people-with-link", &page);
    let start = format!("value=\"{}", web.url);
    let url = page
        .body
        .split_once(&start)
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let opened = web.follow(&mut anna, &url).await;
    assert!(opened.body.contains("Exomes July"));
    // Whoever came by it is told whom to ask, and can come again once the access is revoked: the owner is told that.
    let own = web.account(ANNA).await.to_string();
    let fields = [("context", own.as_str())];
    let taken = web.submit(&mut anna, &opened, "/l/accept", &fields).await;
    let item = format!("/items/{project}");
    assert_eq!(taken.location(), format!("{item}?done=accepted"));
    let hers = web.get(&mut anna, &item).await;
    let says = format!("<dt>Shared by</dt><dd>maria ({MARIA})</dd>");
    assert!(hers.body.contains(&says), "{}", hers.body);
    let before = web.get(&mut maria, &people).await;
    let too = "They came by a link that is active: deactivate it too";
    assert!(before.body.contains(too), "{}", before.body);
    // The same of a change to an access.
    let change = format!("{people}/change");
    let wrong = [
        ("who", own.as_str()),
        ("level", "write"),
        ("until", "2020-01-01"),
    ];
    let refused = web.submit(&mut maria, &before, &change, &wrong).await;
    for says in [
        "<details open><summary>Change or revoke",
        "<option value=\"write\" selected>",
        "value=\"2020-01-01\"",
    ] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    assert!(!refused.body.contains("<details open><summary>Make a link"));
    let revoke = format!("{people}/revoke");
    let fields = [("who", own.as_str()), ("level", "read"), ("until", "")];
    let answer = web.submit(&mut maria, &page, &revoke, &fields).await;
    let told = web.get(&mut maria, answer.location()).await;
    let again = "whoever has that link may accept it again";
    assert!(told.body.contains(again), "{}", told.body);
    let opened = web.follow(&mut anna, &url).await;
    let fields = [("context", own.as_str())];
    web.submit(&mut anna, &opened, "/l/accept", &fields).await;
    // What is in the trash is nothing that they could open, or take out of it.
    let here = web.get(&mut maria, &item).await;
    let trash = [("item", project.to_string())];
    let trash: Vec<(&str, &str)> = trash.iter().map(|(n, v)| (*n, v.as_str())).collect();
    web.submit(&mut maria, &here, "/items/trash", &trash).await;
    let opened = web.follow(&mut anna, &url).await;
    assert!(
        opened.body.contains("in the trash of its owner"),
        "{}",
        opened.body
    );
    for not in ["restore it", "Open it"] {
        assert!(!opened.body.contains(not), "{not}: {}", opened.body);
    }
    web.submit(&mut maria, &here, "/items/restore", &trash)
        .await;
    let id = page.body.split_once("name=\"link\" value=\"").unwrap().1[..30].to_owned();
    let path = format!("/items/{project}/links/deactivate");
    let answer = web.submit(&mut maria, &page, &path, &[("link", &id)]).await;
    assert_eq!(
        answer.location(),
        format!("{people}?done=deactivated#links")
    );
    let opened = web.follow(&mut anna, &url).await;
    assert!(opened.body.contains("deactivated"));
}

#[tokio::test]
async fn a_new_owner_sees_no_invitation_of_the_owner_before_and_is_told_what_stayed_behind() {
    const OTTO: &str = "otto@other.example";
    let mut story = story().await;
    let project = story.project;
    let web = &story.web;
    let item = project.to_string();
    let maria = &mut story.maria;
    let dialog = web.get(maria, &format!("/shares/new?item={item}")).await;
    let fields = [("item", item.as_str()), ("recipient", ANNA)];
    let sent = web.submit(maria, &dialog, "/shares/request", &fields).await;
    assert!(sent.location().starts_with("/invitations/inv_"));
    let people = format!("/items/{item}/people");
    let before = web.get(maria, &people).await;
    assert!(before.body.contains("Invited, not answered yet"));
    let hers = web.get(maria, &format!("/items/{item}")).await;
    assert!(!hers.body.contains("not listed here"), "{}", hers.body);

    let (sender, otto) = (web.account(MARIA).await, web.account(OTTO).await);
    let offer = web.offer(sender, &[project], OTTO, None).await;
    let mut browser = web.sign_in(OTTO).await;
    let page = web.get(&mut browser, &format!("/transfers/{offer}")).await;
    let into = otto.to_string();
    let accept = format!("/transfers/{offer}/accept");
    let fields = [("context", into.as_str())];
    let answer = web.submit(&mut browser, &page, &accept, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    // No timer has run yet.
    let people = web.get(&mut browser, &people).await;
    assert!(!people.body.contains(ANNA), "{}", people.body);
    let shown = web.get(&mut browser, &format!("/items/{item}")).await;
    assert!(!shown.body.contains(ANNA), "{}", shown.body);
    // The run stayed with Maria; its name is not told.
    assert!(
        (shown.body).contains("you may not see them, or they are no longer there"),
        "{}",
        shown.body
    );
    assert!(!shown.body.contains("HXXDSX"), "{}", shown.body);
}

#[tokio::test]
async fn whoever_may_write_to_a_project_is_told_how_files_come_into_it() {
    let mut story = story().await;
    let project = story.project;
    story.shared(project, "write").await;
    let page = story
        .web
        .get(&mut story.anna, &format!("/items/{project}"))
        .await;
    let command = format!("handover project add-files {project} FILE");
    assert!(page.body.contains(&command), "{}", page.body);
    let mut reading = self::story().await;
    let project = reading.project;
    reading.shared(project, "read").await;
    let page = reading
        .web
        .get(&mut reading.anna, &format!("/items/{project}"))
        .await;
    assert!(!page.body.contains("add-files"), "{}", page.body);
}

#[tokio::test]
async fn a_collaborator_lists_files_on_the_page() {
    let mut story = story().await;
    let (run, project) = (story.run, story.project);
    story.shared(project, "write").await;
    let Story { web, mut anna, .. } = story;
    let item = format!("/items/{project}");
    let path = format!("{item}/files");
    let page = web.get(&mut anna, &item).await;
    let fields = |list| {
        [
            ("list", list),
            ("dataset", "reads"),
            ("type", "FASTQ"),
            ("biosample", "S1"),
        ]
    };
    // Everything that is wrong at once, and nothing that was typed is lost.
    let wrong = "reads/a b.fastq.gz 10\r\nno size\r\n\r\nminus.bam -1";
    let refused = web.submit(&mut anna, &page, &path, &fields(wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for says in [
        "the line &#34;no size&#34; is not a path",
        "the line &#34;minus.bam -1&#34; is not a path",
        "reads/a b.fastq.gz 10\nno size",
        "value=\"reads\"",
        "value=\"S1\"",
    ] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    assert!(!refused.body.contains("<bdi>reads/a b"), "{}", refused.body);
    let nobody = [("list", "a.bam 1"), ("dataset", "x"), ("type", "BAM")];
    let refused = web.submit(&mut anna, &page, &path, &nobody).await;
    assert!(
        refused.body.contains("has no biosample"),
        "{}",
        refused.body
    );
    let list = "reads/a b.fastq.gz 1073741824\r\n\r\n c.fastq.gz\t1073741824 ";
    let listed = web.submit(&mut anna, &page, &path, &fields(list)).await;
    assert_eq!(listed.location(), format!("{item}?done=listed"));
    let shown = web.follow(&mut anna, listed.location()).await;
    for says in [
        "The files are listed now.",
        "<bdi>reads</bdi> <span class=\"quiet small\">FASTQ of S1</span></span> <span class=\"figures\">2.00 GiB, 2 files",
        "<bdi>reads/a b.fastq.gz</bdi>",
        "<bdi>c.fastq.gz</bdi>",
    ] {
        assert!(shown.body.contains(says), "{says}: {}", shown.body);
    }
    // Listed again with another size or none the wiser, a file stays in its dataset.
    let again = [("list", "c.fastq.gz 1024")];
    let listed = web.submit(&mut anna, &page, &path, &again).await;
    let shown = web.follow(&mut anna, listed.location()).await;
    let reads = "<bdi>reads</bdi> <span class=\"quiet small\">FASTQ of S1</span></span> <span class=\"figures\">1.00 GiB, 2 files";
    assert!(shown.body.contains(reads), "{}", shown.body);
    // However much was typed, all of it stands there again.
    let mut long = String::from("no size\n");
    for n in 0..900 {
        long.push_str(&format!(
            "reads/of/one/long/folder/{n:04}.fastq.gz 12345678\n"
        ));
    }
    let refused = web
        .submit(&mut anna, &page, &path, &[("list", &long)])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains(&long), "cut");
    // An address fills no form in.
    let asked = web.get(&mut anna, &format!("{item}?list=evil.bam+1")).await;
    assert!(!asked.body.contains("evil.bam"), "{}", asked.body);
    // No files are listed of a run, and none by whoever may only read.
    let of_run = format!("/items/{run}/files");
    let nothing = web.submit(&mut anna, &page, &of_run, &fields(list)).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    let mut reading = self::story().await;
    let project = reading.project;
    reading.shared(project, "read").await;
    let item = format!("/items/{project}");
    let page = reading.web.get(&mut reading.anna, "/").await;
    let path = format!("{item}/files");
    let refused = reading
        .web
        .submit(&mut reading.anna, &page, &path, &fields(list))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
}

#[tokio::test]
async fn shares_are_listed_beside_transfers() {
    let mut story = story().await;
    let project = story.project;
    story.shared(project, "read").await;
    let web = &story.web;
    for (browser, role) in [(&mut story.maria, "sent"), (&mut story.anna, "received")] {
        let listed = async |browser: &mut Browser, kind: &str| {
            let place = format!("/transfers?kind={kind}&role={role}");
            let page = web.get(browser, &place).await;
            let kinds = page
                .body
                .matches("<span class=\"quiet small\">share</span>");
            assert_eq!(kinds.count(), usize::from(kind == "every"), "{}", page.body);
            page.body.contains("Exomes July")
        };
        for kind in ["share", "every"] {
            assert!(listed(browser, kind).await, "{kind} {role}");
        }
        for kind in ["", "membership"] {
            assert!(!listed(browser, kind).await, "{kind} {role}");
        }
    }
}
