//! Workgroups on the pages: created, run, looked at by their members, handed over and closed; through the router, on a store in memory.
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

use axum::http::StatusCode;
use handover::domain::id::{AccountId, Context, ItemId};
use handover::domain::policy::{Policy, Private};
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const BEN: &str = "ben@lab.example";

fn snapshot(name: &str, page: &Answer) {
    masks::masks().bind(|| insta::assert_snapshot!(name, page.body));
}

/// Maria owns a workgroup; Anna and Ben have accounts.
struct Story {
    web: Website,
    maria: Browser,
    anna: Browser,
    ben: Browser,
    /// Where its pages are.
    place: String,
}

async fn story() -> Story {
    let web = Website::open().await;
    let mut maria = web.sign_in(MARIA).await;
    let anna = web.sign_in(ANNA).await;
    let ben = web.sign_in(BEN).await;
    let form = web.get(&mut maria, "/workgroups/new").await;
    let fields = [
        ("name", "TechSupport"),
        ("handle", "techsupport"),
        ("description", "Sequencing for the house.\r\nAsk us."),
    ];
    let answer = web
        .submit(&mut maria, &form, "/workgroups/create", &fields)
        .await;
    let place = answer.location().split('?').next().unwrap().to_owned();
    assert!(place.starts_with("/workgroups/wg_"), "{}", answer.body);
    Story {
        web,
        maria,
        anna,
        ben,
        place,
    }
}

impl Story {
    async fn look(&mut self, part: &str) -> Answer {
        let path = format!("{}{part}", self.place);
        self.web.get(&mut self.maria, &path).await
    }

    /// Maria opens a page and sends a form to an address below it.
    async fn send(&mut self, part: &str, verb: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.look(part).await;
        let path = format!("{}{part}/{verb}", self.place);
        self.web.submit(&mut self.maria, &page, &path, fields).await
    }

    /// Anna or Ben is invited and accepts.
    async fn joined(&mut self, address: &str, role: &str) {
        let fields = [("addresses", address), ("role", role)];
        let answer = self.send("/invitations", "invite", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let browser = match address {
            ANNA => &mut self.anna,
            _ => &mut self.ben,
        };
        accept(&self.web, browser).await;
    }
}

/// Accepts the newest thing that waits on the first page.
async fn accept(web: &Website, browser: &mut Browser) {
    let home = web.get(browser, "/").await;
    let path = home.body.split("action=\"/invitations/").nth(1).unwrap();
    let path = format!("/invitations/{}", path.split('"').next().unwrap());
    let answer = web.submit(browser, &home, &path, &[("joins", "yes")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn a_workgroup_is_created_and_shown_with_what_it_may_hold() {
    let web = Website::open().await;
    let mut maria = web.sign_in(MARIA).await;
    let none = web.get(&mut maria, "/workgroups").await;
    snapshot("none", &none);
    let form = web.get(&mut maria, "/workgroups/new").await;
    snapshot("new", &form);
    let wrong = [
        ("name", "The lab"),
        ("handle", "the lab"),
        ("description", "What we do"),
    ];
    let refused = web
        .submit(&mut maria, &form, "/workgroups/create", &wrong)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in [
        "value=\"The lab\"",
        "value=\"the lab\"",
        ">What we do</textarea>",
    ] {
        assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
    }
    assert!(refused.body.contains("is not a workgroup handle"));
    let mut story = story().await;
    snapshot("overview", &story.look("?done=created").await);
    let list = story
        .web
        .get(&mut story.maria, "/workgroups?done=left")
        .await;
    snapshot("mine", &list);
    // The handle leads to it too.
    let by_handle = story
        .web
        .get(&mut story.maria, "/workgroups/TechSupport")
        .await;
    assert!(by_handle.body.contains("Ask us."));
    // And belongs to nobody else.
    let form = story.web.get(&mut story.anna, "/workgroups/new").await;
    let same = [("name", "Mine"), ("handle", "TECHSUPPORT")];
    let taken = story
        .web
        .submit(&mut story.anna, &form, "/workgroups/create", &same)
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "{}", taken.body);
    assert!(taken.body.contains("another workgroup has the handle"));
}

#[tokio::test]
async fn whoever_may_not_create_workgroups_is_told_why() {
    let web = Website::open().await;
    let mut maria = web.sign_in(MARIA).await;
    web.directory().decide_by(Policy::default());
    let page = web.get(&mut maria, "/workgroups").await;
    assert!(!page.body.contains("/workgroups/new"), "{}", page.body);
    let page = web.get(&mut maria, "/workgroups/new").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    snapshot("new-forbidden", &page);
    let fields = [("name", "Lab"), ("handle", "lab")];
    let path = "/workgroups/create";
    let refused = web.submit(&mut maria, &page, path, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("a basic account has no workgroups"));
}

#[tokio::test]
async fn in_a_private_domain_it_is_chosen_where_a_workgroup_lives() {
    let web = Website::open().await;
    let mut policy = Policy::default();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: Vec::new(),
    };
    policy.domains.insert("uni".to_owned(), uni);
    web.directory().decide_by(policy);
    let mut anna = web.sign_in(ANNA).await;
    let form = web.get(&mut anna, "/workgroups/new").await;
    snapshot("new-in-domain", &form);
    let mut fields = vec![
        ("name", "Together"),
        ("handle", "together"),
        ("domain", "public"),
        ("collaborative", "yes"),
    ];
    let path = "/workgroups/create";
    let refused = web.submit(&mut anna, &form, path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("<option value=\"public\" selected>"));
    assert!(refused.body.contains("open to everybody anyway"));
    fields[2] = ("domain", "uni");
    let answer = web.submit(&mut anna, &form, path, &fields).await;
    let page = web.get(&mut anna, answer.location()).await;
    assert!(
        page.body.contains("from anywhere (collaborative)"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn many_are_invited_at_once_and_each_refused_address_is_told() {
    let mut story = story().await;
    let fields = [
        (
            "addresses",
            "anna@uni.example, nobody\r\nmaria@core.example\r\nANNA@uni.example\r\nnew@lab.example",
        ),
        ("role", "administrator"),
        ("message", "Join us"),
        ("days", "30"),
    ];
    let page = story.look("/invitations").await;
    snapshot("invitations-none", &page);
    let path = format!("{}/invitations/invite", story.place);
    let answer = story
        .web
        .submit(&mut story.maria, &page, &path, &fields)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    snapshot("invited-some", &answer);
    let before = story.web.kept();
    let again = story
        .web
        .submit(&mut story.maria, &page, &path, &fields)
        .await;
    assert!(again.body.contains("Invited: "), "{}", again.body);
    assert_eq!(
        before.documents().count(),
        story.web.kept().documents().count(),
        "a form that is sent again invites nobody again"
    );
    // What holds for everybody is said once, and everything that was typed is still there.
    let wrong = [
        ("addresses", "a@x.example\r\nb@x.example"),
        ("role", "member"),
        ("message", "Come"),
        ("days", "100"),
    ];
    let refused = story.send("/invitations", "invite", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    snapshot("invited-nobody", &refused);
    for (addresses, days, said) in [
        ("", "", "nobody is named"),
        ("a@x.example", "soon", "is not a number of days"),
        ("nobody", "", "name a whole address"),
    ] {
        let fields = [("addresses", addresses), ("days", days)];
        let refused = story.send("/invitations", "invite", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let all = [
        ("addresses", "c@x.example; d@x.example"),
        ("role", "member"),
    ];
    let answer = story.send("/invitations", "invite", &all).await;
    assert!(answer.location().ends_with("/invitations?done=invited"));
}

#[tokio::test]
async fn an_invitation_that_waits_is_mailed_again_or_cancelled() {
    let mut story = story().await;
    story
        .send("/invitations", "invite", &[("addresses", ANNA)])
        .await;
    let page = story.look("/invitations").await;
    let id = page.field("invitation").to_owned();
    let fields = [("invitation", id.as_str())];
    let early = story.send("/invitations", "resend", &fields).await;
    assert!(early.status.is_client_error(), "{}", early.status);
    assert!(early.body.contains("role=\"alert\"") && early.body.contains(ANNA));
    story.web.clock.advance(Duration::from_secs(25 * 3_600));
    let answer = story.send("/invitations", "resend", &fields).await;
    assert!(
        answer.location().ends_with("?done=resend"),
        "{}",
        answer.body
    );
    let answer = story.send("/invitations", "cancel", &fields).await;
    assert!(answer.location().ends_with("?done=cancel"));
    let page = story.look("/invitations?done=cancel").await;
    assert!(!page.body.contains(ANNA) && page.body.contains("Cancelled."));
    // One of another workgroup is none of this one.
    let form = story.web.get(&mut story.anna, "/workgroups/new").await;
    let fields = [("name", "Hers"), ("handle", "hers")];
    let hers = story
        .web
        .submit(&mut story.anna, &form, "/workgroups/create", &fields)
        .await;
    let hers = hers.location().split('?').next().unwrap().to_owned();
    let path = format!("{hers}/invitations/cancel");
    let fields = [("invitation", id.as_str())];
    let answer = story
        .web
        .submit(&mut story.anna, &form, &path, &fields)
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn members_are_promoted_removed_and_leave() {
    let mut story = story().await;
    story.joined(ANNA, "member").await;
    story.joined(BEN, "member").await;
    let anna = story.web.account(ANNA).await.to_string();
    let ben = story.web.account(BEN).await.to_string();
    let page = story.look("/members").await;
    snapshot("members", &page);
    let promote = [("member", anna.as_str()), ("role", "administrator")];
    let answer = story.send("/members", "role", &promote).await;
    assert!(answer.location().ends_with("/members?done=role"));
    let owner = [("member", anna.as_str()), ("role", "owner")];
    let refused = story.send("/members", "role", &owner).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("hands the workgroup over"));
    // Whoever is only a member looks, and does nothing.
    let members = format!("{}/members", story.place);
    let seen = story.web.get(&mut story.ben, &members).await;
    snapshot("members-of-member", &seen);
    let overview = story.web.get(&mut story.ben, &story.place).await;
    snapshot("overview-of-member", &overview);
    let settings = format!("{}/settings", story.place);
    let seen_settings = story.web.get(&mut story.ben, &settings).await;
    snapshot("settings-of-member", &seen_settings);
    let path = format!("{members}/remove");
    let refused = story
        .web
        .submit(&mut story.ben, &overview, &path, &[("member", &anna)])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("only administrators"));
    let invitations = format!("{}/invitations", story.place);
    let refused = story.web.get(&mut story.ben, &invitations).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    // An administrator removes, but not the owner.
    let maria = story.web.account(MARIA).await.to_string();
    let page = story.web.get(&mut story.anna, &members).await;
    let refused = story
        .web
        .submit(&mut story.anna, &page, &path, &[("member", &maria)])
        .await;
    assert!(refused.body.contains("never without its owner"));
    let answer = story
        .web
        .submit(&mut story.anna, &page, &path, &[("member", &ben)])
        .await;
    assert!(answer.location().ends_with("?done=remove"));
    assert_eq!(
        story.web.get(&mut story.ben, &story.place).await.status,
        StatusCode::NOT_FOUND
    );
    let leave = format!("{}/leave", story.place);
    let page = story.web.get(&mut story.anna, &story.place).await;
    for _ in 0..2 {
        let answer = story.web.submit(&mut story.anna, &page, &leave, &[]).await;
        assert_eq!(answer.location(), "/workgroups?done=left", "twice is once");
    }
    let page = story.look("").await;
    let refused = story.web.submit(&mut story.maria, &page, &leave, &[]).await;
    assert!(refused.status.is_client_error());
    assert!(
        refused
            .body
            .contains("hand it over to another administrator first")
    );
}

#[tokio::test]
async fn long_lists_of_members_come_in_pages() {
    let web = Website::open().await;
    let people: Vec<String> = (0..60).map(|n| format!("p{n}@uni.example")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    for person in &people {
        web.account(person).await;
    }
    web.workgroup("Many", None, &people).await;
    let mut first = web.sign_in(people[0]).await;
    let page = web.get(&mut first, "/workgroups/many/members").await;
    assert_eq!(page.body.matches("@uni.example, since").count(), 40);
    let more = page.body.split("/members?from=").nth(1).unwrap();
    let more = more.split('"').next().unwrap();
    let page = web
        .get(&mut first, &format!("/workgroups/many/members?from={more}"))
        .await;
    assert_eq!(page.body.matches("@uni.example, since").count(), 20);
    assert!(page.body.contains("The first"));
}

#[tokio::test]
async fn what_a_workgroup_is_called_is_changed_with_everything_kept_that_was_refused() {
    let mut story = story().await;
    snapshot("settings", &story.look("/settings").await);
    let long = "x".repeat(501);
    let wrong = [
        ("name", " "),
        ("handle", "personal"),
        ("description", long.as_str()),
    ];
    let refused = story.send("/settings", "change", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        "a name has 1 to 100 characters",
        "means something else already",
        "at most 500 characters; shorten it",
        "value=\"personal\"",
        long.as_str(),
    ] {
        assert!(refused.body.contains(said), "{said}");
    }
    let fields = [("name", "The lab"), ("handle", "lab"), ("description", "")];
    let answer = story.send("/settings", "change", &fields).await;
    assert!(answer.location().ends_with("/settings?done=changed"));
    let page = story.web.get(&mut story.maria, "/workgroups/lab").await;
    assert!(page.body.contains("The lab") && !page.body.contains("Ask us."));
}

#[tokio::test]
async fn a_workgroup_is_handed_over_to_an_administrator_who_accepts() {
    let mut story = story().await;
    story.joined(ANNA, "administrator").await;
    story.joined(BEN, "member").await;
    let page = story.look("/settings").await;
    assert!(page.body.contains(&format!("<option value=\"{ANNA}\">")));
    let to = |heir| [("heir", heir), ("message", "It is yours"), ("days", "7")];
    for (heir, said) in [
        (BEN, "is no administrator"),
        ("stranger@x.example", "not belong to"),
    ] {
        let refused = story.send("/settings", "hand-over", &to(heir)).await;
        assert!(refused.status.is_client_error(), "{heir}");
        for kept in [said, heir, ">It is yours</textarea>", "<details open>"] {
            assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
        }
    }
    let answer = story.send("/settings", "hand-over", &to(ANNA)).await;
    assert!(answer.location().ends_with("/invitations?done=offered"));
    snapshot("offered", &story.look("/invitations?done=offered").await);
    accept(&story.web, &mut story.anna).await;
    let page = story.web.get(&mut story.anna, &story.place).await;
    assert!(page.body.contains("<dd>owner</dd>"), "{}", page.body);
    let page = story.look("/settings").await;
    assert!(!page.body.contains("hand-over") && !page.body.contains("/close"));
}

#[tokio::test]
async fn storage_is_told_by_member_and_by_item_the_largest_first() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let lab = web.workgroup("Lab", Some(1 << 41), &[ANNA, MARIA]).await;
    let mut anna = web.sign_in(ANNA).await;
    let empty = web.get(&mut anna, "/workgroups/lab/storage").await;
    assert!(empty.body.contains("It owns nothing yet"));
    let ben = web.account(BEN).await;
    let hers = web
        .run(maria, "260731_A01234_0042_HXXDSX", &["Exomes July"])
        .await;
    let his = web.run(ben, "260730_A01234_0041_HXXDSX", &[]).await;
    for (sender, items) in [(maria, hers), (ben, his)] {
        accept_into(&web, &mut anna, lab, sender, &items).await;
    }
    let page = web.get(&mut anna, "/workgroups/lab/storage").await;
    snapshot("storage", &page);
}

/// Items are offered to the workgroup, and one of its administrators accepts.
async fn accept_into(
    web: &Website,
    browser: &mut Browser,
    lab: Context,
    sender: AccountId,
    items: &[ItemId],
) {
    let to = handover::actors::invitation::To::Workgroup("lab".parse().unwrap());
    let offer = web.offer_to(sender, items, to, None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(browser, &place).await;
    let into = lab.to_string();
    let accept = format!("{place}/accept");
    let answer = web
        .submit(browser, &page, &accept, &[("context", &into)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn a_workgroup_is_closed_once_nothing_stands_in_the_way() {
    let mut story = story().await;
    story
        .send("/invitations", "invite", &[("addresses", ANNA)])
        .await;
    let page = story.look("/close").await;
    snapshot("close-hindered", &page);
    let path = format!("{}/close", story.place);
    let settings = story.look("/settings").await;
    let refused = story
        .web
        .submit(&mut story.maria, &settings, &path, &[])
        .await;
    assert!(refused.status.is_client_error());
    assert!(
        refused
            .body
            .contains("wait for the answers, or cancel them")
    );
    let page = story.look("/invitations").await;
    let id = page.field("invitation").to_owned();
    story
        .send("/invitations", "cancel", &[("invitation", &id)])
        .await;
    let page = story.look("/close").await;
    snapshot("close", &page);
    for _ in 0..2 {
        let answer = story.web.submit(&mut story.maria, &page, &path, &[]).await;
        assert_eq!(
            answer.location(),
            "/workgroups?done=closed",
            "twice is once"
        );
    }
    assert_eq!(story.look("").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_the_configuration_file_rules_is_only_looked_at() {
    let web = Website::open().await;
    web.account(MARIA).await;
    let lab = web.workgroup("Lab", None, &[ANNA, MARIA]).await;
    let Context::Workgroup(id) = lab else {
        panic!()
    };
    let mut anna = web.sign_in(ANNA).await;
    let page = web.get(&mut anna, "/workgroups/lab").await;
    snapshot("ruled", &page);
    for part in ["members", "settings", "invitations"] {
        let page = web.get(&mut anna, &format!("/workgroups/lab/{part}")).await;
        assert_eq!(page.status, StatusCode::OK, "{part}");
        let own = page.body.split("<main").nth(1).unwrap();
        assert!(!own.contains("<form"), "{part}: {own}");
        assert_eq!(own.matches("configuration file").count(), 1, "{part}");
    }
    let path = format!("/workgroups/{id}/settings/change");
    let fields = [("name", "Mine"), ("handle", "mine"), ("description", "")];
    let refused = web.submit(&mut anna, &page, &path, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("configuration file"));
}

#[tokio::test]
async fn a_stranger_is_told_that_there_is_no_such_workgroup() {
    let mut story = story().await;
    for part in [
        "",
        "/members",
        "/invitations",
        "/storage",
        "/settings",
        "/close",
    ] {
        for name in [
            story.place.as_str(),
            "/workgroups/techsupport",
            "/workgroups/none",
        ] {
            let page = story
                .web
                .get(&mut story.ben, &format!("{name}{part}"))
                .await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{name}{part}");
            assert!(!page.body.contains("TechSupport"), "{name}{part}");
        }
    }
    // Whoever is not signed in any more comes back to where they were.
    let path = format!("{}/members/remove", story.place);
    let nobody = story.web.post(&mut Browser::default(), &path, &[]).await;
    let next = format!("/sign-in?next={}/members", story.place);
    assert_eq!(nobody.location(), next);
    let home = story.web.get(&mut story.ben, "/").await;
    for verb in [
        "leave",
        "close",
        "members/remove",
        "members/role",
        "invitations/invite",
        "invitations/cancel",
        "settings/change",
        "settings/hand-over",
    ] {
        let path = format!("{}/{verb}", story.place);
        let someone = story.web.account(ANNA).await.to_string();
        let fields = [
            ("member", someone.as_str()),
            ("role", "member"),
            ("addresses", BEN),
            ("invitation", "inv_00000000000000000000000000"),
            ("name", "x"),
            ("handle", "xx"),
        ];
        let answer = story
            .web
            .submit(&mut story.ben, &home, &path, &fields)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
    }
}

#[tokio::test]
async fn what_people_call_a_workgroup_is_shown_and_not_obeyed() {
    let mut story = story().await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";
    let fields = [("name", evil), ("handle", "evil"), ("description", evil)];
    let answer = story.send("/settings", "change", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    story.joined(ANNA, "member").await;
    let invite = [("addresses", evil), ("message", evil), ("days", evil)];
    let mut pages = vec![story.send("/invitations", "invite", &invite).await];
    for part in [
        "",
        "/members",
        "/invitations",
        "/storage",
        "/settings",
        "/close",
    ] {
        pages.push(story.look(part).await);
        let path = format!("{}{part}", story.place);
        pages.push(story.web.get(&mut story.anna, &path).await);
    }
    pages.push(story.web.get(&mut story.maria, "/workgroups").await);
    for page in pages {
        for obeyed in ["<script>alert", "<img src=x", "\"'>"] {
            assert!(!page.body.contains(obeyed), "{}", page.body);
        }
    }
}
