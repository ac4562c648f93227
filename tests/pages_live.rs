//! Pages that are open are told when looking again is worth it: through the router, on a store in memory, and once on a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/live.rs"]
mod live;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::time::Duration;

use axum::http::{StatusCode, header};
use handover::domain::id::{Context, ItemId};
use handover::web::{App, Bounds, Listeners, Site, serve};
use live::{A_WHILE, Open, ask, cookies, made};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use website::{Browser, PLAIN, RATES, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const CARL: &str = "carl@lab.example";

struct Story {
    web: Website,
    maria: Browser,
    anna: Browser,
    carl: Browser,
    items: Vec<ItemId>,
}

async fn story() -> Story {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let items = web
        .run(maria, "260731_A01234_0042_HXXDSX", &["Exomes", "Genomes"])
        .await;
    Story {
        maria: web.sign_in(MARIA).await,
        anna: web.sign_in(ANNA).await,
        carl: web.sign_in(CARL).await,
        items,
        web,
    }
}

impl Story {
    async fn offer(&self, item: usize, to: &str) -> String {
        let maria = self.web.account(MARIA).await;
        let id = self.web.offer(maria, &[self.items[item]], to, None).await;
        format!("/transfers/{id}")
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_listens_without_a_session_or_to_what_is_no_page() {
    let Story { web, anna, .. } = story().await;
    for (browser, query, status) in [
        (&Browser::default(), "at=/", StatusCode::UNAUTHORIZED),
        (&anna, "at=/account", StatusCode::NOT_FOUND),
        (&anna, "at=//evil.example", StatusCode::NOT_FOUND),
        (&anna, "at=/items/nonsense", StatusCode::NOT_FOUND),
        (&anna, "", StatusCode::NOT_FOUND),
        (&anna, "at=/", StatusCode::OK),
    ] {
        let answer = ask(&web.app, browser, query).await;
        assert_eq!(answer.status(), status, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_offer_that_arrives_is_told_to_whom_it_is_for_and_to_nobody_else() {
    let story = story().await;
    let mut anna = Open::at(&story.web, &story.anna, "/").await;
    let mut carl = Open::at(&story.web, &story.carl, "/").await;
    let mut maria = Open::at(&story.web, &story.maria, "/").await;
    assert_eq!(anna.within(A_WHILE).await, []);
    story.offer(1, ANNA).await;
    assert!(anna.has_news().await);
    assert!(maria.has_news().await, "what she has sent stands there");
    assert!(!carl.has_news().await);
}

#[tokio::test(start_paused = true)]
async fn what_happens_together_is_told_together() {
    let story = story().await;
    let mut anna = Open::at(&story.web, &story.anna, "/").await;
    for item in 0..3 {
        story.offer(item, ANNA).await;
    }
    assert!(anna.has_news().await, "and once");
}

#[tokio::test(start_paused = true)]
async fn what_happened_while_the_page_was_on_its_way_is_told() {
    let story = story().await;
    let web = &story.web;
    web.clock.advance(Duration::from_millis(1));
    let page = web.get(&mut story.anna.clone(), "/").await;
    let since = made(&page);
    assert!(
        !Open::made_at(web, &story.anna, "/", since)
            .await
            .has_news()
            .await
    );
    story.offer(1, ANNA).await;
    assert!(
        Open::made_at(web, &story.anna, "/", since)
            .await
            .has_news()
            .await
    );
    for unknown in ["", "0", "nonsense"] {
        let mut open = Open::made_at(web, &story.anna, "/", unknown).await;
        assert!(open.has_news().await, "{unknown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sender_is_told_of_the_answer_and_a_stranger_of_nothing() {
    let story = story().await;
    let web = &story.web;
    let offer = story.offer(1, ANNA).await;
    let mut sender = Open::at(web, &story.maria, &offer).await;
    let since = web.app.directory().changes().now().0.to_string();
    let mut stranger = Open::made_at(web, &story.carl, &offer, &since).await;
    let item = format!("/items/{}", story.items[1]);
    let mut at_item = Open::at(web, &story.maria, &item).await;
    let mut strange_item = Open::made_at(web, &story.carl, &item, &since).await;
    let mut anna = story.anna.clone();
    let page = web.get(&mut anna, &offer).await;
    let context = Context::Personal(web.account(ANNA).await).to_string();
    let accepted = web
        .submit(
            &mut anna,
            &page,
            &format!("{offer}/accept"),
            &[("context", &context)],
        )
        .await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER);
    assert!(sender.has_news().await);
    assert!(!stranger.has_news().await);
    assert!(!strange_item.has_news().await);
    assert!(at_item.has_news().await, "how her offer of it ended");
    // Whatever happens to it from here on is no business of hers.
    let anna = web.account(ANNA).await;
    web.offer(anna, &[story.items[1]], CARL, None).await;
    assert!(!at_item.has_news().await);
    assert!(!sender.has_news().await);
}

#[tokio::test(start_paused = true)]
async fn whoever_belongs_to_a_workgroup_no_more_is_told_that_and_then_nothing() {
    let story = story().await;
    let web = &story.web;
    web.workgroup("lab", None, &[MARIA, CARL]).await;
    let mut carl = Open::at(web, &story.carl, "/workgroups/lab").await;
    let mut home = Open::at(web, &story.carl, "/").await;
    web.workgroup("lab", None, &[MARIA, CARL, ANNA]).await;
    assert!(carl.has_news().await);
    assert!(home.has_news().await);
    web.workgroup("lab", None, &[MARIA, ANNA]).await;
    assert!(!carl.has_news().await, "the workgroup is out of his sight");
    assert!(home.has_news().await, "his own contexts have changed");
    web.workgroup("lab", None, &[MARIA]).await;
    assert!(!carl.has_news().await);
    assert!(!home.has_news().await);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_session() {
    let story = story().await;
    let web = &story.web;
    let mut open = Open::at(web, &story.carl, "/").await;
    let mut carl = story.carl.clone();
    let page = web.get(&mut carl, "/").await;
    web.submit(&mut carl, &page, "/sign-out", &[]).await;
    assert_eq!(open.within(A_WHILE).await, [None]);

    let mut open = Open::at(web, &story.anna, "/").await;
    web.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    story.offer(1, ANNA).await;
    assert_eq!(open.within(A_WHILE).await, [None], "nothing is told first");
    assert_eq!(web.app.directory().changes().listening(), 0);
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_now_and_then() {
    let story = story().await;
    let mut anna = Open::at(&story.web, &story.anna, "/").await;
    let told = anna.within(Duration::from_secs(60)).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().flatten().all(|one| one.starts_with(':')),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_end_to_what_happens_it_is_told_less_and_less_often() {
    let story = story().await;
    let web = &story.web;
    let anna = web.account(ANNA).await;
    let mut open = Open::at(web, &story.anna, "/").await;
    let busy = async {
        for n in 0..500 {
            web.run(anna, &format!("run {n}"), &[]).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (told, ()) = tokio::join!(open.within(Duration::from_secs(70)), busy);
    assert!((8..=12).contains(&told.len()), "{}", told.len());
    // After a rest it is told at once again.
    story.offer(1, ANNA).await;
    assert_eq!(open.within(Duration::from_secs(1)).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_of_a_person_and_of_all() {
    let story = story().await;
    let web = &story.web;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Open::at(web, &story.anna, "/").await);
    }
    let further = ask(&web.app, &story.anna, "at=/").await;
    assert_eq!(further.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(further.headers()[header::RETRY_AFTER], "60");
    open.push(Open::at(web, &story.carl, "/").await);
    open.remove(0);
    open.push(Open::at(web, &story.anna, "/").await);

    let site = Site {
        name: "Small".into(),
        public_url: PLAIN.into(),
        language: "en".into(),
        terms: "None.".into(),
        contact: None,
    };
    let bounds = Bounds {
        max_concurrent_requests: 1,
        ..web.app.bounds().clone()
    };
    let small = App::new(
        web.directory().clone(),
        web.clock.clone(),
        site,
        bounds,
        RATES,
    );
    let held = ask(&small, &story.anna, "at=/").await;
    assert_eq!(held.status(), StatusCode::OK);
    let full = ask(&small, &story.carl, "at=/").await;
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    // The place of the one request that may be in flight is free all the same.
    let nobody = ask(&small, &Browser::default(), "at=/").await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    drop(held);
    assert_eq!(
        ask(&small, &story.carl, "at=/").await.status(),
        StatusCode::OK
    );
}

#[tokio::test(start_paused = true)]
async fn every_page_with_a_part_that_changes_can_be_listened_to() {
    let story = story().await;
    let web = &story.web;
    let offer = story.offer(1, ANNA).await;
    web.workgroup("lab", None, &[MARIA, CARL]).await;
    let item = format!("/items/{}", story.items[0]);
    let people = format!("{item}/people");
    let mut maria = story.maria.clone();
    for path in [
        "/",
        "/runs",
        "/projects",
        "/shared",
        "/transfers",
        "/workgroups",
        "/workgroups/lab",
        "/workgroups/lab/members",
        "/workgroups/lab/invitations",
        "/workgroups/lab/storage",
        &item,
        &people,
        &offer,
    ] {
        let page = web.get(&mut maria, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let ids: Vec<&str> = page.body.split("id=\"live-").skip(1).collect();
        assert!(!ids.is_empty(), "{path}");
        assert_eq!(ids.len(), page.body.matches(" data-live").count(), "{path}");
        assert!(!Open::at(web, &story.maria, path).await.has_news().await);
    }
}

/// Sends a request for a stream, and gives the connection once the stream has begun.
async fn connected(port: u16, browser: &Browser) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let cookies = cookies(browser);
    let head = format!("GET /live?at=/ HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("retry: ") {
        let mut bytes = [0; 1024];
        let n = stream.read(&mut bytes).await.unwrap();
        assert!(n > 0, "{answer}");
        answer.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
    }
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    stream
}

#[tokio::test]
async fn a_stop_does_not_wait_for_streams_and_nobody_keeps_the_place_of_who_has_left() {
    let Story {
        web, anna, carl, ..
    } = story().await;
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let operators = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = site.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let listeners = Listeners { site, operators };
    let site = Site {
        name: "Patient".into(),
        public_url: PLAIN.into(),
        language: "en".into(),
        terms: "None.".into(),
        contact: None,
    };
    let bounds = Bounds {
        stop_within: Duration::from_secs(600),
        ..web.app.bounds().clone()
    };
    let app = App::new(
        web.directory().clone(),
        web.clock.clone(),
        site,
        bounds,
        RATES,
    );
    let served = tokio::spawn(serve(listeners, app, None, stop.clone()));
    let changes = web.app.directory().changes();

    let left = connected(port, &anna).await;
    let mut stays = connected(port, &carl).await;
    assert_eq!(changes.listening(), 2);
    drop(left);
    tokio::time::timeout(Duration::from_secs(20), async {
        while changes.listening() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("who has left listens no more");

    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), served)
        .await
        .expect("a stop does not wait for streams")
        .unwrap();
    let mut rest = String::new();
    stays.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "it ends in order: {rest:?}");
}
