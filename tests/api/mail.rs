//! The site's mail, as its operators list it, look at it and change it.

use std::time::Duration;

use handover::actors::incoming;
use handover::actors::load;
use handover::actors::queries;
use handover::actors::sign_in;
use handover::actors::world::World as _;
use handover::domain::event::{By, Channel};
use handover::domain::id::{LetterId, MessageId, SignInId};
use handover::domain::incoming::{Incoming, Purpose, Sealed};
use handover::domain::key::Key;
use handover::domain::letter::{Kind, Letter, State, Subject, daily};
use handover::domain::policy::Policy;
use handover::domain::reach::Reach;
use handover::domain::time::{DAY_MS, HOUR_MS, Time};
use serde_json::{Value, json};

use crate::in_trouble::{EVIL, change, create, message, met};
use crate::support::{KEY, Person, World, bounds, rates};

const ROOT: &str = "root@site.example";
const CORE: &str = "core@facility.example";
const ANNA: &str = "anna@lab.example";
const BEN: &str = "ben@lab.example";
const OUTBOX: &str = "/admin/mail/outbox";
const INBOUND: &str = "/admin/mail/inbound";
const ADDRESSES: &str = "/admin/mail/addresses";

async fn site() -> (World, Person) {
    let policy = Policy {
        administrators: vec![ROOT.parse().unwrap()],
        ..Policy::default()
    };
    let world = World::with(policy, bounds(), rates()).await;
    let root = world.person(ROOT).await;
    (world, root)
}

/// An offer to somebody, and the letter that tells of it.
async fn offered(world: &World, core: &Person, name: &str, to: &str) -> (String, LetterId) {
    let project = world.project(core, "personal", name, 1).await;
    let offer = world.offer(core, &[&project], to).await;
    let page = world.get(core, &format!("/transfers/{offer}")).await.ok();
    let letter = page["letters"][0]["id"].as_str().unwrap();
    (offer, letter.parse().unwrap())
}

async fn ids(world: &World, who: &Person, path: &str) -> Vec<String> {
    let page = world.get(who, path).await.ok();
    let items = page["items"].as_array().unwrap();
    items.iter().map(name).collect()
}

fn name(one: &Value) -> String {
    let name = one.get("id").or(one.get("address"));
    name.unwrap().as_str().unwrap().to_owned()
}

fn refused(code: &str, status: u16) -> (u16, Vec<String>) {
    (status, vec![code.to_owned()])
}

#[tokio::test]
async fn letters_in_trouble_are_listed_by_state_address_and_time() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let reason = || "5.1.1".to_owned();
    let mut all = Vec::new();
    for (n, to) in [(0, ANNA), (1, BEN), (2, ANNA), (3, ANNA), (4, BEN)] {
        let (_, id) = offered(&world, &core, &format!("P{n}"), to).await;
        let at = world.now();
        let delivery = match n {
            0 => State::Bounced {
                at,
                reason: reason(),
            },
            1 => State::Dead {
                at,
                reason: reason(),
            },
            2 => State::Undeliverable {
                at,
                reason: reason(),
            },
            3 => State::Queued {
                not_before: at.plus_ms(HOUR_MS),
            },
            _ => State::Sent { at },
        };
        met(&*world.store, id, at, delivery).await;
        all.push(id.to_string());
        world.clock.advance(Duration::from_secs(3600));
    }
    let [bounced, dead, undeliverable, queued, sent] = &all[..] else {
        panic!("{all:?}");
    };
    let listed = async |query: &str| ids(&world, &root, &format!("{OUTBOX}?{query}")).await;
    let newest_first = [queued, undeliverable, dead, bounced].map(String::clone);
    assert_eq!(listed("").await, newest_first);
    for (state, there) in [
        ("bounced", bounced),
        ("dead", dead),
        ("undeliverable", undeliverable),
        ("queued", queued),
    ] {
        let found = listed(&format!("state={state}")).await;
        assert_eq!(found, std::slice::from_ref(there), "{state}");
    }
    let to_anna = [queued, undeliverable, bounced].map(String::clone);
    assert_eq!(listed("address=ANNA@lab.example").await, to_anna);
    let since = world.now().plus_ms(-3 * HOUR_MS).to_string();
    let late = [queued, undeliverable].map(String::clone);
    assert_eq!(listed(&format!("since={since}")).await, late);
    let both = listed(&format!("since={since}&state=undeliverable&address={ANNA}")).await;
    assert_eq!(both, std::slice::from_ref(undeliverable));

    let mut turned = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{OUTBOX}?address={ANNA}&limit=1{cursor}");
        let page = world.get(&root, &path).await.ok();
        turned.extend(page["items"].as_array().unwrap().iter().map(name));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(turned, to_anna, "page by page the same");
    let one = world.get(&root, &format!("{OUTBOX}/{queued}")).await.ok();
    assert_eq!(one["attempts"], 3);
    assert_eq!(one["last_error"], "4.2.0 come back");
    assert!(one["about"].as_str().unwrap().starts_with("tr_"));
    assert!(one["next_attempt_at"].is_string());
    let one = world.get(&root, &format!("{OUTBOX}/{sent}")).await.ok();
    assert_eq!(one["next_attempt_at"], Value::Null);
    for (query, about) in [
        ("state=sent", "state"),
        ("address=anna", "address"),
        ("since=yesterday", "since"),
    ] {
        let answer = world.get(&root, &format!("{OUTBOX}?{query}")).await;
        assert_eq!(answer.refused(), refused("request.invalid", 422), "{query}");
        assert_eq!(answer.json()["guards"][0]["about"], about);
    }
    let answer = world
        .get(&root, &format!("{OUTBOX}?state=sent&since=x"))
        .await;
    assert_eq!(answer.refused().1.len(), 2, "all of it at once");
}

#[tokio::test]
async fn the_letter_that_gathers_a_day_is_found_by_when_it_was_written() {
    let (world, root) = site().await;
    let day = world.now().ms() - world.now().ms().rem_euclid(DAY_MS) + DAY_MS;
    let day = Time::from_ms(day);
    let to: handover::domain::address::Address = ANNA.parse().unwrap();
    let troubled = async |id: LetterId, at: Time| {
        let subject = Subject::SignIn(SignInId::from_bits(1));
        let mut letter = Letter::queued(id, to.clone(), "en", subject, Kind::Cancelled, at);
        letter.delivery = State::Dead {
            at,
            reason: "too old".to_owned(),
        };
        create(&*world.store, &letter, at).await;
        id.to_string()
    };
    let hour = |n: i64| day.plus_ms(n * HOUR_MS);
    let at = |n: i64, low: u128| {
        LetterId::from_bits((u128::try_from(hour(n).ms()).unwrap() << 80) | low)
    };
    // Written in the afternoon, with the id of the midnight before.
    let gathered = troubled(daily(&to, hour(15)).0, hour(15)).await;
    let morning = troubled(at(9, 1), hour(9)).await;
    let evening = troubled(at(18, 2), hour(18)).await;
    troubled(at(-3, 3), hour(-3)).await;
    let since = async |from: i64| {
        let path = format!("{OUTBOX}?since={}", hour(from));
        ids(&world, &root, &path).await
    };
    assert_eq!(since(12).await, [evening.clone(), gathered.clone()]);
    assert_eq!(since(0).await, [evening, morning, gathered]);
    assert_eq!(since(-4).await.len(), 4);
}

#[tokio::test]
async fn a_letter_is_dropped_with_a_reason_that_its_sender_sees() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let (offer, id) = offered(&world, &core, "WGS", ANNA).await;
    let at = world.now();
    met(
        &*world.store,
        id,
        at,
        State::Queued {
            not_before: at.plus_ms(HOUR_MS),
        },
    )
    .await;
    let drop = format!("{OUTBOX}/{id}/drop");
    let long = json!({ "reason": "x".repeat(501) });
    let answer = world.post(&root, &drop, long).await;
    assert_eq!(answer.refused(), refused("request.invalid", 422));
    let body = json!({ "reason": " the address was mistyped " });
    let dropped = world
        .post_once(&root, &drop, "k-1", body.clone())
        .await
        .ok();
    assert_eq!(dropped["state"], "withdrawn");
    let why = "dropped by an operator: the address was mistyped";
    assert_eq!(dropped["last_error"], why);
    let again = world
        .post_once(&root, &drop, "k-1", body.clone())
        .await
        .ok();
    assert_eq!(again, dropped, "sent twice");
    let late = world.post(&root, &drop, body).await;
    assert_eq!(late.refused(), refused("mail.not_now", 409));
    let retry = world
        .post(&root, &format!("{OUTBOX}/{id}/retry"), json!({}))
        .await;
    assert_eq!(retry.refused(), refused("mail.not_now", 409));
    assert!(ids(&world, &root, OUTBOX).await.is_empty());
    let page = world.get(&core, &format!("/transfers/{offer}")).await.ok();
    assert_eq!(page["letters"][0]["state"], "withdrawn");
    assert_eq!(page["letters"][0]["last_error"], why);
    let mine = world.get(&root, "/audit").await.ok();
    let mut entries = mine["items"].as_array().unwrap().iter();
    let told =
        |entry: &Value| entry["about"] == json!([id.to_string()]) && entry["what"]["how"] == why;
    assert!(entries.any(told), "{mine}");
    let nobody = format!("{OUTBOX}/{}/drop", LetterId::from_bits(9));
    let answer = world.post(&root, &nobody, json!({})).await;
    assert_eq!(answer.refused(), refused("mail.not_found", 404));
}

#[tokio::test]
async fn a_letter_that_came_back_is_sent_again_with_a_clean_slate() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let (_, id) = offered(&world, &core, "WGS", ANNA).await;
    let at = world.now();
    let reason = EVIL.to_owned();
    met(&*world.store, id, at, State::Bounced { at, reason }).await;
    let reach = Reach::unknown(ANNA.parse().unwrap(), at).refused(EVIL, at);
    create(&*world.store, &reach, at).await;
    let path = format!("{ADDRESSES}/{ANNA}");
    let known = world.get(&root, &path).await.ok();
    assert_eq!(known["undeliverable"], true);
    assert_eq!(known["reason"], EVIL);
    let retried = world
        .post(&root, &format!("{OUTBOX}/{id}/retry"), json!({}))
        .await
        .ok();
    assert_eq!(retried["state"], "queued");
    assert_eq!(retried["next_attempt_at"], world.now().to_string());
    let known = world.get(&root, &path).await.ok();
    assert_eq!(known["undeliverable"], false);
    assert_eq!(known["since"], Value::Null);
}

#[tokio::test]
async fn a_dead_letter_that_is_tried_again_begins_anew() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let (_, id) = offered(&world, &core, "WGS", ANNA).await;
    let at = world.now();
    let reason = EVIL.to_owned();
    met(&*world.store, id, at, State::Dead { at, reason }).await;
    world.clock.advance(Duration::from_secs(5 * 24 * 3600));
    let path = format!("{OUTBOX}/{id}/retry");
    let retried = world.post(&root, &path, json!({})).await.ok();
    assert_eq!(retried["attempts"], 0);
    let found = load::one::<Letter>(&*world.store, Key::Letter(id)).await;
    let letter = found.unwrap().unwrap().document;
    assert_eq!(letter.begun_anew_at, Some(world.now()));
    let listed = ids(&world, &root, OUTBOX).await;
    assert_eq!(listed, [id.to_string()], "an operator still finds it");
}

#[tokio::test]
async fn an_address_that_is_proven_again_gets_letters_again() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let at = world.now();
    for address in [ANNA, "second@facility.example"] {
        let reach = Reach::unknown(address.parse().unwrap(), at).refused(EVIL, at);
        create(&*world.store, &reach, at).await;
    }
    let by = By {
        person: None,
        channel: Channel::Web,
    };
    let call = world.directory.call(by, None);
    let anna = ANNA.parse().unwrap();
    sign_in::vouched(&world.directory, &call, &anna, None)
        .await
        .unwrap();
    let body = json!({ "address": "second@facility.example" });
    let begun = world.post(&core, "/account/addresses", body).await.ok();
    let proof = begun["sign_in"].as_str().unwrap();
    let path = format!("/account/addresses/{proof}/prove");
    let body = json!({ "code": KEY.code(proof.parse().unwrap()) });
    world.post(&core, &path, body).await.ok();
    for address in [ANNA, "second@facility.example"] {
        let known = world
            .get(&root, &format!("{ADDRESSES}/{address}"))
            .await
            .ok();
        assert_eq!(known["undeliverable"], false, "{address}");
    }
}

#[tokio::test]
async fn what_a_letter_holds_means_nothing_long_after_its_offer_ended() {
    let (world, _) = site().await;
    let core = world.person(CORE).await;
    let (offer, id) = offered(&world, &core, "WGS", ANNA).await;
    let path = format!("/transfers/{offer}/cancel");
    world.post(&core, &path, json!({})).await.ok();
    let link = KEY.link(id);
    for (days, known) in [(90, true), (1, false)] {
        world.clock.advance(Duration::from_secs(days * 24 * 3600));
        let (settings, now) = (world.directory.settings(), world.now());
        let linked = queries::linked(&settings, &link, now).await.unwrap();
        assert_eq!(linked.is_some(), known);
        for purpose in [Purpose::Reply, Purpose::Report] {
            let knows = incoming::knows(&settings, id, purpose, now).await;
            assert_eq!(knows.unwrap(), known);
        }
    }
}

#[tokio::test]
async fn what_came_in_is_listed_and_counted_by_its_outcome() {
    let (world, root) = site().await;
    let calm = world.get(&root, "/admin/mail").await.ok();
    assert_eq!(
        (&calm["outcomes"], &calm["counted"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(calm["messages"], Value::Null);
    let letter = LetterId::from_bits(7);
    let other = LetterId::from_bits(8);
    let start = world.now();
    let all = [
        (1, letter, Some(("decided", "accepted"))),
        (2, letter, Some(("unauthenticated", "dmarc=fail"))),
        (3, other, Some(("decided", "accepted"))),
        (4, letter, Some(("given-up", "it was taken up too often"))),
        (5, other, None),
    ];
    for (n, to, became) in all {
        let at = start.plus_ms(i64::try_from(n).unwrap() * HOUR_MS);
        create(&*world.store, &message(n, to, at, became), at).await;
    }
    world.clock.advance(Duration::from_secs(6 * 3600));
    let id = |n: u128| MessageId::from_bits(n).to_string();
    let listed = async |query: &str| ids(&world, &root, &format!("{INBOUND}?{query}")).await;
    let since = start.plus_ms(3 * HOUR_MS);
    for (query, found) in [
        (String::new(), vec![5, 4, 3, 2, 1]),
        ("outcome=decided".to_owned(), vec![3, 1]),
        ("outcome=waiting".to_owned(), vec![5]),
        (format!("letter={letter}"), vec![4, 2, 1]),
        (format!("since={since}"), vec![5, 4, 3]),
        (format!("since={since}&outcome=decided"), vec![3]),
        ("outcome=decided&limit=1".to_owned(), vec![3]),
        (format!("cursor={}", id(3)), vec![2, 1]),
    ] {
        let found: Vec<String> = found.into_iter().map(id).collect();
        assert_eq!(listed(&query).await, found, "{query}");
    }
    let overview = world.get(&root, "/admin/mail").await.ok();
    assert_eq!(overview["counted"], 5);
    let most = &overview["outcomes"][0];
    assert_eq!(
        *most,
        json!({ "outcome": "decided", "why": "accepted", "messages": 2 })
    );
    assert_eq!(overview["outcomes"].as_array().unwrap().len(), 4);
    let due = &overview["messages"];
    assert_eq!(due["first"], id(5));
    assert_eq!(
        (&due["seconds"], &due["late"], &due["due"]),
        (&json!(3600), &json!(true), &json!(1))
    );

    // What was understood stays; what waits is dropped with a reason, and seen to again while it is kept.
    let act = async |n: u128, verb: &str| {
        let path = format!("{INBOUND}/{}/{verb}", id(n));
        let body = match verb {
            "drop" => json!({ "reason": "spam" }),
            _ => json!({}),
        };
        world.post(&root, &path, body).await
    };
    for verb in ["retry", "drop"] {
        assert_eq!(
            act(1, verb).await.refused(),
            refused("mail.not_now", 409),
            "{verb}"
        );
    }
    let dropped = act(5, "drop").await.ok();
    assert_eq!(dropped["outcome"], "dropped");
    assert_eq!(dropped["why"], "dropped by an operator: spam");
    assert_eq!(
        act(5, "retry").await.refused(),
        refused("mail.not_now", 409),
        "no longer kept"
    );
    let sealed = Sealed::new(MessageId::from_bits(4), letter, world.now(), b"sealed");
    create(&*world.store, &sealed, world.now()).await;
    let again = act(4, "retry").await.ok();
    assert_eq!(again["outcome"], Value::Null);
    let mine = world.get(&root, "/audit").await.ok();
    let abouts = mine["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["about"].clone());
    let abouts: Vec<Value> = abouts.collect();
    for n in [4, 5] {
        assert!(abouts.contains(&json!([id(n)])), "{mine}");
    }
}

#[tokio::test]
async fn letters_that_wait_too_long_are_told_of_from_the_minute_of_the_log_on() {
    let (world, root) = site().await;
    // The code that signed them in has not left either.
    let due = world.get(&root, "/admin/mail").await.ok()["letters"].clone();
    assert_eq!((&due["seconds"], &due["late"]), (&json!(0), &json!(false)));
    for (after, seconds, late) in [(899, 899, false), (1, 900, true)] {
        world.clock.advance(Duration::from_secs(after));
        let letters = world.get(&root, "/admin/mail").await.ok()["letters"].clone();
        assert_eq!(letters["first"], due["first"]);
        assert_eq!(letters["seconds"], seconds);
        assert_eq!(letters["late"], late, "after {seconds} s");
    }
}

#[tokio::test]
async fn doubtful_addresses_are_listed_shown_and_reset() {
    let (world, root) = site().await;
    let start = world.now();
    let hour = |n: i64| start.plus_ms(n * HOUR_MS);
    let of = |address: &str, at: Time| Reach::unknown(address.parse().unwrap(), at);
    let report = LetterId::from_bits(3);
    create(&*world.store, &of(ANNA, start).refused(EVIL, start), start).await;
    create(
        &*world.store,
        &of(BEN, hour(1)).reported(report, "5.2.2", hour(1)),
        hour(1),
    )
    .await;
    let sorted = async |query: &str| {
        let mut found = ids(&world, &root, &format!("{ADDRESSES}?{query}")).await;
        found.sort();
        found
    };
    for (query, found) in [
        (String::new(), vec![ANNA, BEN]),
        ("state=undeliverable".to_owned(), vec![ANNA]),
        ("state=doubtful".to_owned(), vec![BEN]),
        (format!("since={}", hour(1)), vec![BEN]),
        (format!("since={}", hour(2)), vec![]),
    ] {
        assert_eq!(sorted(&query).await, found, "{query}");
    }
    let odd = world.get(&root, &format!("{ADDRESSES}?state=bad")).await;
    assert_eq!(odd.refused(), refused("request.invalid", 422));
    let reset = world
        .post(&root, &format!("{ADDRESSES}/{ANNA}/reset"), json!({}))
        .await
        .ok();
    assert_eq!(reset, json!({ "address": ANNA, "undeliverable": false }));
    assert_eq!(sorted("").await, [BEN]);
    let mine = world.get(&root, "/audit").await.ok();
    let told = mine["items"].as_array().unwrap().iter();
    let told: Vec<&Value> = told.map(|entry| &entry["what"]["how"]).collect();
    let says = json!("letters are sent to a•••@lab.example again");
    assert!(told.contains(&&says), "{mine}");
    let unknown = format!("{ADDRESSES}/nobody@lab.example");
    assert_eq!(
        world.get(&root, &unknown).await.refused(),
        refused("mail.not_found", 404)
    );
}

#[tokio::test]
async fn what_has_left_or_was_understood_stays_as_it_is() {
    let (world, root) = site().await;
    let core = world.person(CORE).await;
    let (_, id) = offered(&world, &core, "WGS", ANNA).await;
    let at = world.now();
    change::<Letter>(&*world.store, Key::Letter(id), at, |letter| {
        letter.delivery = State::Sent { at };
    })
    .await;
    for verb in ["retry", "drop"] {
        let answer = world
            .post(&root, &format!("{OUTBOX}/{id}/{verb}"), json!({}))
            .await;
        assert_eq!(answer.refused(), refused("mail.not_now", 409), "{verb}");
    }
    let waits = message(1, id, at, None);
    create(&*world.store, &waits, at).await;
    change::<Incoming>(&*world.store, Key::Incoming(waits.id), at, |message| {
        *message = message.done(at, "decided", "accepted");
    })
    .await;
    let path = format!("{INBOUND}/{}/drop", waits.id);
    let answer = world.post(&root, &path, json!({})).await;
    assert_eq!(answer.refused(), refused("mail.not_now", 409));
}
