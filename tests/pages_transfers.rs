//! Offering, correcting and looking back on the pages, through the router, on a store in memory.
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

use axum::http::{StatusCode, header};
use handover::domain::id::ItemId;
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const CARL: &str = "carl@lab.example";

struct Story {
    web: Website,
    maria: Browser,
    items: Vec<ItemId>,
}

async fn story() -> Story {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let items = web
        .run(maria, "260731_A01234_0042_HXXDSX", &["Exomes July"])
        .await;
    let maria = web.sign_in(MARIA).await;
    Story { web, maria, items }
}

fn snapshot(name: &str, page: &Answer) {
    masks::masks().bind(|| insta::assert_snapshot!(name, page.body));
}

/// The form as it is filled in.
fn filled<'a>(items: &'a [String], recipient: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = items.iter().map(|id| ("item", id.as_str())).collect();
    fields.extend([
        ("recipient", recipient),
        ("message", "Your July data.\r\nCome by."),
        ("keep", "read"),
        ("until", "2026-12-31"),
        ("days", "30"),
    ]);
    fields
}

#[tokio::test]
async fn an_offer_is_chosen_looked_at_and_made() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?item={}", ids[0]))
        .await;
    assert_eq!(dialog.status, StatusCode::OK);
    snapshot("dialog", &dialog);
    let fields = filled(&ids, ANNA);
    let preview = web
        .submit(&mut maria, &dialog, "/transfers/preview", &fields)
        .await;
    assert_eq!(preview.status, StatusCode::OK);
    snapshot("preview", &preview);
    // Back to the form, with everything that was typed.
    let changed = web
        .submit(&mut maria, &preview, "/transfers/change", &fields)
        .await;
    for typed in [
        ANNA,
        "Your July data.\nCome by.",
        "2026-12-31",
        "value=\"30\"",
    ] {
        assert!(changed.body.contains(typed), "{typed}");
    }
    // Without the terms nothing is done, and it is said.
    let answer = web
        .submit(&mut maria, &preview, "/transfers/request", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("role=\"alert\""));
    let mut confirmed = fields.clone();
    confirmed.push(("terms", "yes"));
    let answer = web
        .submit(&mut maria, &preview, "/transfers/request", &confirmed)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let place = answer.location().to_owned();
    assert!(
        place.starts_with("/transfers/tr_") && place.ends_with("?done=offered"),
        "{place}"
    );
    // A second press of the same button leads to the same offer.
    let again = web
        .submit(&mut maria, &preview, "/transfers/request", &confirmed)
        .await;
    assert_eq!(again.location(), place);
    let page = web.get(&mut maria, &place).await;
    assert!(
        page.body
            .contains("It is offered; the recipient is told by email.")
    );
    assert!(page.body.contains("read access, until 31 December 2026"));
    // Her address is proposed next time, and what is offered cannot be offered twice.
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?item={}", ids[0]))
        .await;
    assert!(dialog.body.contains(&format!("<option value=\"{ANNA}\">")));
    let refused = web
        .submit(&mut maria, &dialog, "/transfers/preview", &fields)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("It cannot be offered like this"));
    assert!(refused.body.contains(ANNA), "what was typed stays");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_form_is_said_at_once_and_nothing_is_lost() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?item={}", ids[0]))
        .await;
    let fields = [
        ("item", ids[0].as_str()),
        ("recipient", "nobody at all"),
        ("keep", "read"),
        ("until", "soon"),
        ("days", "14"),
    ];
    let answer = web
        .submit(&mut maria, &dialog, "/transfers/preview", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in ["nobody at all", "soon", ids[0].as_str()] {
        assert!(answer.body.contains(said), "{said}");
    }
    assert_eq!(
        answer.body.split("<li>").count() - 1 - answer.body.matches("<li><label").count(),
        2,
        "{}",
        answer.body
    );
    let fields = [
        ("item", ids[0].as_str()),
        ("recipient", "nobody at all"),
        ("days", "many"),
    ];
    let answer = web
        .submit(&mut maria, &dialog, "/transfers/preview", &fields)
        .await;
    for said in ["write a whole number from 1 to 90", "name an email address"] {
        assert!(answer.body.contains(said), "{said}");
    }
    // An item of somebody else is answered like one that does not exist, and nothing of it is shown.
    let web_anna = web.account(ANNA).await;
    let hers = web.run(web_anna, "260801_A01234_0043_HYYDSX", &[]).await[0].to_string();
    let page = web
        .get(&mut maria, &format!("/transfers/new?item={hers}"))
        .await;
    assert!(!page.body.contains("HYYDSX") && page.body.contains("Tick what it is about"));
    // What is ticked there is offered then, with what was typed.
    let mine = items[0].to_string();
    let fields = [("item", mine.as_str()), ("message", "as agreed")];
    let form = web
        .submit(&mut maria, &page, "/transfers/change", &fields)
        .await;
    let ticked = format!("value=\"{mine}\" checked");
    assert!(form.body.contains(&ticked) && form.body.contains("as agreed"));
    let page = web
        .get(&mut maria, "/transfers/new?item=nonsense&item=")
        .await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_address_is_corrected_and_both_offers_stay_in_the_history() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let id = web.account(MARIA).await;
    let offer = web.offer(id, &items, "ana@uni.example", None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut maria, &place).await;
    let path = format!("{place}/readdress");
    let refused = web
        .submit(&mut maria, &page, &path, &[("recipient", "no address")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"no address\""));
    let answer = web
        .submit(&mut maria, &page, &path, &[("recipient", ANNA)])
        .await;
    assert!(
        answer.location().ends_with("?done=readdressed"),
        "{}",
        answer.location()
    );
    let all = web.get(&mut maria, "/transfers").await;
    snapshot("transfers", &all);
    let only = web
        .get(&mut maria, "/transfers?role=sent&state=cancelled")
        .await;
    assert!(only.body.contains("ana@uni.example") && !only.body.contains(ANNA));
    let mut anna = web.sign_in(ANNA).await;
    let received = web.get(&mut anna, "/transfers?role=received").await;
    assert!(received.body.contains(MARIA));
}

#[tokio::test]
async fn a_preview_names_what_stays_and_leads_back_without_sending() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
    web.workgroup("Pool", None, &[MARIA]).await;
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?item={}", ids[0]))
        .await;
    let pool = "<option value=\"workgroup:Pool\">";
    assert!(dialog.body.contains(pool), "{}", dialog.body);
    let back = format!("href=\"/items/{}\">Cancel, send nothing</a>", ids[0]);
    assert!(dialog.body.contains(&back), "{}", dialog.body);
    let preview = web
        .submit(
            &mut maria,
            &dialog,
            "/transfers/preview",
            &filled(&ids[..1], ANNA),
        )
        .await;
    assert!(preview.body.contains(&back), "{}", preview.body);
    let stays = format!(
        "<li><a href=\"/items/{}\"><bdi>project &#34;Exomes July&#34;</bdi></a><br><span class=\"small quiet\">it is not named in this offer",
        ids[1]
    );
    assert!(preview.body.contains(&stays), "{}", preview.body);
    // Once it is somebody else's, no more is said than that there is one.
    let account = web.account(MARIA).await;
    let offer = web.offer(account, &items[1..], ANNA, None).await;
    let mut anna = web.sign_in(ANNA).await;
    let home = web.get(&mut anna, "/").await;
    assert!(
        home.body
            .contains("which cannot be undone. The sender keeps:")
    );
    let only = format!("href=\"/transfers/{offer}\">Look at it</a>");
    assert!(home.body.contains(&only), "{}", home.body);
    assert!(!home.body.contains("Choose another context"));
    let personal = web.account(ANNA).await.to_string();
    let accept = format!("/transfers/{offer}/accept");
    let fields = [("context", personal.as_str())];
    web.submit(&mut anna, &home, &accept, &fields).await;
    let fields = filled(&ids[..1], ANNA);
    let preview = web
        .submit(&mut maria, &dialog, "/transfers/preview", &fields)
        .await;
    let unseen = "<bdi>1 run or project that you cannot see</bdi><br><span class=\"small quiet\">it belongs to somebody else</span></li>";
    assert!(preview.body.contains(unseen), "{}", preview.body);
}

#[tokio::test]
async fn what_was_offered_in_vain_is_offered_again_as_long_as_it_can_be() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let account = web.account(MARIA).await;
    let offer = web.offer(account, &items, ANNA, None).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut maria, &place).await;
    let cancel = format!("{place}/cancel");
    web.submit(&mut maria, &page, &cancel, &[]).await;
    let page = web.get(&mut maria, &place).await;
    assert!(page.body.contains("Offer it again"), "{}", page.body);
    let offer = web.offer(account, &items, ANNA, None).await;
    let page = web.get(&mut maria, &place).await;
    assert!(!page.body.contains("Offer it again"), "{}", page.body);
    // All that there is is offered, which is another thing than nothing.
    let new = web.get(&mut maria, "/transfers/new").await;
    let says = "None of the newest of <bdi>Personal</bdi> can be chosen now";
    assert!(new.body.contains(says), "{}", new.body);
    let nothing = web.submit(&mut maria, &new, "/transfers/change", &[]).await;
    assert!(
        nothing.body.contains("nothing is chosen"),
        "{}",
        nothing.body
    );
    let offered = format!("/items/{}", items[0]);
    let page = web.get(&mut maria, &offered).await;
    let says = "It is offered: until that is answered";
    assert!(page.body.contains(says), "{}", page.body);
    // A rule that names the sender says more than the context one acts as.
    let lab = web.workgroup("Lab", None, &[ANNA]).await.to_string();
    let mut anna = web.sign_in(ANNA).await;
    let own = web.account(ANNA).await.to_string();
    let home = web.get(&mut anna, "/").await;
    let acts = [("context", lab.as_str())];
    web.submit(&mut anna, &home, "/context", &acts).await;
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut anna, &place).await;
    let second = |context: &str| format!("value=\"{context}\" class=\"second\"");
    assert!(page.body.contains(&second(&own)), "{}", page.body);
    let rule = [("sender", MARIA), ("into", own.as_str())];
    let defaults = web.get(&mut anna, "/account/defaults").await;
    let kept = web
        .submit(&mut anna, &defaults, "/account/defaults/sender", &rule)
        .await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    let page = web.get(&mut anna, &place).await;
    assert!(!page.body.contains(&second(&own)), "{}", page.body);
    assert!(page.body.contains(&second(&lab)), "{}", page.body);
}

#[tokio::test]
async fn an_offer_of_one_item_stands_in_the_history_by_its_name() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let items = web.run(maria, "<b>Lake</b>", &[]).await;
    web.offer(maria, &items, ANNA, None).await;
    let mut maria = web.sign_in(MARIA).await;
    let page = web.get(&mut maria, "/transfers").await;
    let name = "<bdi>“&#60;b&#62;Lake&#60;/b&#62;”</bdi>";
    assert!(page.body.contains(name), "{}", page.body);
}

#[tokio::test]
async fn the_table_for_spreadsheets_holds_no_formula() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let items = web
        .run(maria, "=HYPERLINK(\"https://evil.example\")", &[])
        .await;
    web.offer(maria, &items, "=1+1@evil.example", None).await;
    let mut maria = web.sign_in(MARIA).await;
    let table = web.get(&mut maria, "/transfers.csv?role=sent").await;
    assert_eq!(
        table.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8"
    );
    let lines: Vec<&str> = table.body.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("id,state,sender,"));
    assert!(lines[1].contains("\"'=HYPERLINK("), "{}", lines[1]);
    assert!(lines[1].contains(",'=1+1@evil.example,"), "{}", lines[1]);
}

/// What is offered to a workgroup is for those who answer for it; a member sees it once it has been accepted.
#[tokio::test]
async fn a_member_sees_no_offer_to_the_workgroup_before_it_is_accepted() {
    let Story {
        web,
        mut maria,
        items,
    } = story().await;
    let lab = web.workgroup("lab", None, &[ANNA, CARL]).await;
    let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
    let dialog = web
        .get(&mut maria, &format!("/transfers/new?item={}", ids[0]))
        .await;
    let mut fields = filled(&ids, "workgroup:lab");
    fields.push(("terms", "yes"));
    let sent = web
        .submit(&mut maria, &dialog, "/transfers/request", &fields)
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let mut anna = web.sign_in(ANNA).await;
    let mut carl = web.sign_in(CARL).await;
    for asked in ["/transfers", "/transfers?role=received"] {
        let here = format!("{asked}{}context={lab}", mark(asked));
        let owner = web.get(&mut anna, &here).await;
        assert!(owner.body.contains("HXXDSX"), "{here}: {}", owner.body);
        let member = web.get(&mut carl, &here).await;
        assert!(!member.body.contains("HXXDSX"), "{here}: {}", member.body);
    }
}

fn mark(address: &str) -> char {
    match address.contains('?') {
        true => '&',
        false => '?',
    }
}
