//! Pages for those who administer the site: its mail, and what is stuck. Through the router, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/english.rs"]
mod english;
#[path = "support/in_trouble.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod in_trouble;
#[path = "support/masks.rs"]
mod masks;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use handover::actors::load;
use handover::actors::moves::{self, New};
use handover::domain::document::decode;
use handover::domain::id::{AccountId, Context, InvitationId, ItemId, LetterId, MessageId, MoveId};
use handover::domain::incoming::Sealed;
use handover::domain::invitation::{Invitation, State as Standing};
use handover::domain::key::Key;
use handover::domain::letter::{Kind, Letter, State, Subject};
use handover::domain::policy::{Policy, Private};
use handover::domain::reach::Reach;
use handover::domain::time::DAY_MS;
use in_trouble::{EVIL, change, create, message, met};
use website::{Answer, Browser, Website};

const ROOT: &str = "root@site.example";
const DEAN: &str = "dean@uni.example";
const VICE: &str = "vice@uni.example";
const ANNA: &str = "anna@uni.example";
const EVE: &str = "eve@lab.example";
const BEN: &str = "ben@lab.example";

/// Root looks after the site, and deans after a university.
struct Story {
    web: Website,
    root: Browser,
    anna: AccountId,
}

async fn story() -> Story {
    let web = Website::open().await;
    let read = |address: &str| address.parse().unwrap();
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec![read(DEAN), read(VICE)],
    };
    web.directory().decide_by(Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        administrators: vec![read(ROOT)],
        ..Policy::default()
    });
    let anna = web.account(ANNA).await;
    web.run(anna, "R1", &["Exomes July"]).await;
    let root = web.sign_in(ROOT).await;
    let story = Story { web, root, anna };
    story.all_leave().await;
    story
}

impl Story {
    async fn get(&mut self, path: &str) -> Answer {
        self.web.get(&mut self.root, path).await
    }

    async fn send(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.web.submit(&mut self.root, page, path, fields).await
    }

    fn letters(&self) -> Vec<Letter> {
        let view = self.web.kept();
        let letters = view
            .documents()
            .filter(|(key, _)| matches!(key, Key::Letter(_)));
        letters
            .map(|(_, record)| decode::<Letter>(&record.body).unwrap())
            .collect()
    }

    /// Letters leave at once.
    async fn all_leave(&self) {
        for letter in self.letters() {
            let at = self.web.directory().now();
            let key = Key::Letter(letter.id);
            change::<Letter>(&*self.web.model, key, at, |letter| {
                letter.attempts = 1;
                letter.delivery = State::Sent { at };
            })
            .await;
        }
    }

    /// Eve's offer to Ben, and the letter that tells him of it.
    async fn offered(&self, name: &str) -> (InvitationId, LetterId) {
        let eve = self.web.account(EVE).await;
        let items = self.web.run(eve, name, &[]).await;
        let offer = self.web.offer(eve, &items, BEN, None).await;
        let tells = |letter: &&Letter| matches!(letter.says, Kind::Offer { .. });
        let letters = self.letters();
        let waits = |letter: &&Letter| matches!(letter.delivery, State::Queued { .. });
        let id = letters.iter().filter(tells).find(waits).unwrap().id;
        self.all_leave().await;
        (offer, id)
    }

    async fn met(&self, id: LetterId, delivery: State) {
        let at = self.web.directory().now();
        met(&*self.web.model, id, at, delivery).await;
    }

    async fn keep<D: handover::domain::document::Document>(&self, document: &D) {
        create(&*self.web.model, document, self.web.directory().now()).await;
    }
}

fn snapshot(name: &str, page: &Answer) {
    let mut settings = masks::masks();
    settings.add_filter(r"\b(let|msg|mv)_[0-9a-v]{26}\b", "${1}_ID");
    settings.bind(|| insta::assert_snapshot!(name, page.body));
}

const GETS: [&str; 4] = [
    "/admin/mail",
    "/admin/mail/outbox",
    "/admin/mail/inbound",
    "/admin/mail/addresses",
];

#[tokio::test]
async fn nobody_else_learns_how_mail_does() {
    let story = story().await;
    let (_, letter) = story.offered("R2").await;
    let at = story.web.directory().now();
    story
        .met(
            letter,
            State::Dead {
                at,
                reason: "no".into(),
            },
        )
        .await;
    let waits = message(1, letter, at, None);
    story.keep(&waits).await;
    story
        .keep(&Reach::unknown(BEN.parse().unwrap(), at).refused("no", at))
        .await;
    let one = format!("/admin/mail/outbox/{letter}");
    let other = format!("/admin/mail/inbound/{}", waits.id);
    let gets = GETS.map(str::to_owned).into_iter();
    let gets: Vec<String> = gets.chain([one.clone(), other.clone()]).collect();
    let posts = [&one, &other].map(|place| ["retry", "drop"].map(|verb| format!("{place}/{verb}")));
    let posts = posts.into_iter().flatten();
    let reset = "/admin/mail/addresses/reset".to_owned();
    let posts: Vec<String> = posts.chain([reset]).collect();
    let documents = || {
        let view = story.web.kept();
        let all = view.documents().map(|(key, record)| (key, record.version));
        all.filter(|(key, _)| !matches!(key, Key::Attempts(..)))
            .collect::<Vec<_>>()
    };
    for who in [DEAN, ANNA, EVE] {
        let mut browser = story.web.sign_in(who).await;
        let own = story.web.get(&mut browser, "/account").await;
        let nothing = story.web.get(&mut browser, "/there/is/no/such/page").await;
        let before = documents();
        for path in &gets {
            let answer = story.web.get(&mut browser, path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{who}: {path}");
            assert_eq!(answer.body, nothing.body, "{who}: {path}");
        }
        for path in &posts {
            let fields = [("address", BEN)];
            let answer = story.web.submit(&mut browser, &own, path, &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{who}: {path}");
            assert_eq!(answer.body, nothing.body, "{who}: {path}");
        }
        assert_eq!(documents(), before, "{who}");
    }
    let mut dean = story.web.sign_in(DEAN).await;
    let home = story.web.get(&mut dean, "/admin").await;
    assert!(!home.body.contains("/admin/mail"), "no link leads there");
    let mut nobody = Browser::default();
    for path in &gets {
        let answer = story.web.get(&mut nobody, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    }
    for path in &posts {
        let answer = story.web.post(&mut nobody, path, &[("form", "x")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    }
}

#[tokio::test]
async fn a_calm_site_says_what_would_appear() {
    let mut story = story().await;
    let page = story.get("/admin/mail").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    snapshot("calm", &page);
    for (path, says) in [
        ("/admin/mail/outbox", "appears here with the reason"),
        ("/admin/mail/inbound", "appear here for 30 days"),
        ("/admin/mail/addresses", "None. An address"),
        ("/admin", "Nothing. Moves that wait"),
    ] {
        let page = story.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains(says), "{path}: {}", page.body);
        assert!(page.body.contains("href=\"/admin/mail\""), "{path}");
    }
}

#[tokio::test]
async fn what_waits_and_what_failed_is_told_and_tried_again() {
    let mut story = story().await;
    let (_, first) = story.offered("R2").await;
    let (offer, second) = story.offered("R3").await;
    let at = story.web.directory().now();
    story.met(first, State::Queued { not_before: at }).await;
    let reason = "550 5.1.1 no such user".to_owned();
    story.met(second, State::Bounced { at, reason }).await;
    story
        .keep(&Reach::unknown(BEN.parse().unwrap(), at).reported(second, "5.1.1", at))
        .await;
    story
        .keep(&message(1, first, at, Some(("decided", "accepted"))))
        .await;
    story
        .keep(&message(
            2,
            first,
            at,
            Some(("unauthenticated", "dmarc=fail")),
        ))
        .await;
    story.web.clock.advance(Duration::from_secs(20 * 60));
    let page = story.get("/admin/mail").await;
    snapshot("overview", &page);
    assert!(page.body.contains("Letters wait too long."));
    let home = story.get("/admin").await;
    assert!(
        home.body.contains("A letter has been due for 20 minutes."),
        "{}",
        home.body
    );

    let list = story.get("/admin/mail/outbox?state=bounced").await;
    snapshot("outbox", &list);
    assert!(list.body.contains(&second.to_string()));
    assert!(!list.body.contains(&first.to_string()));
    let one = format!("/admin/mail/outbox/{second}");
    let page = story.get(&one).await;
    snapshot("letter", &page);
    let done = story.send(&page, &format!("{one}/retry"), &[]).await;
    assert_eq!(
        done.location(),
        format!("{one}?done=retried"),
        "{}",
        done.body
    );
    let page = story.get(done.location()).await;
    assert!(page.body.contains("It is tried again, now."));
    assert!(page.body.contains(">queued</span>"));
    let long = "x".repeat(501);
    let drop = format!("{one}/drop");
    let again = story.send(&page, &drop, &[("reason", &long)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        again.body.contains(&format!("value=\"{long}\"")),
        "it stays in the field"
    );
    assert!(again.body.contains("<details open>"));
    let fields = [("reason", "wrong <b>person</b>")];
    let dropped = story.send(&page, &drop, &fields).await;
    let twice = story.send(&page, &drop, &fields).await;
    assert_eq!(dropped.location(), format!("{one}?done=dropped"));
    assert_eq!(twice.location(), dropped.location(), "pressed twice");
    let page = story.get(dropped.location()).await;
    assert!(
        !page.body.contains("/retry"),
        "nothing can be done any more"
    );
    let late = story.send(&page, &format!("{one}/retry"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let mut eve = story.web.sign_in(EVE).await;
    let page = story
        .web
        .get(&mut eve, &format!("/transfers/{offer}"))
        .await;
    let told = "dropped by an operator: wrong &#60;b&#62;person&#60;/b&#62;";
    assert!(page.body.contains(told), "{}", page.body);
}

#[tokio::test]
async fn what_came_in_is_listed_by_outcome_and_seen_to_again() {
    let mut story = story().await;
    let (_, letter) = story.offered("R2").await;
    let at = story.web.directory().now();
    story
        .keep(&message(
            1,
            letter,
            at,
            Some(("given-up", "it was taken up too often")),
        ))
        .await;
    story
        .keep(&message(
            2,
            letter,
            at.plus_ms(1),
            Some(("decided", "accepted")),
        ))
        .await;
    story
        .keep(&Sealed::new(MessageId::from_bits(1), letter, at, b"sealed"))
        .await;
    let page = story.get("/admin/mail/inbound").await;
    snapshot("inbound", &page);
    let page = story.get("/admin/mail/inbound?outcome=given-up").await;
    assert_eq!(page.body.matches("data-label=\"Outcome\"").count(), 1);
    let one = format!("/admin/mail/inbound/{}", MessageId::from_bits(1));
    let page = story.get(&one).await;
    snapshot("message", &page);
    let done = story.send(&page, &format!("{one}/retry"), &[]).await;
    assert_eq!(
        done.location(),
        format!("{one}?done=retried"),
        "{}",
        done.body
    );
    let page = story.get(&one).await;
    assert!(page.body.contains(">waiting</span>"));
    let dropped = story
        .send(&page, &format!("{one}/drop"), &[("reason", "spam")])
        .await;
    let page = story.get(dropped.location()).await;
    assert!(
        page.body.contains("dropped by an operator: spam"),
        "{}",
        page.body
    );
    let understood = format!("/admin/mail/inbound/{}", MessageId::from_bits(2));
    let page = story.get(&understood).await;
    assert!(!page.body.contains("/retry"));
    let late = story.send(&page, &format!("{understood}/retry"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.body.contains("The message was understood")
            || late.body.contains("the message was understood")
    );
}

#[tokio::test]
async fn an_address_that_bounces_is_said_to_work() {
    let mut story = story().await;
    let at = story.web.directory().now();
    story
        .keep(&Reach::unknown(BEN.parse().unwrap(), at).refused("550 gone", at))
        .await;
    let page = story.get("/admin/mail/addresses?state=undeliverable").await;
    snapshot("addresses", &page);
    let reset = "/admin/mail/addresses/reset";
    let odd = story.send(&page, reset, &[("address", "nobody")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = story.send(&page, reset, &[("address", EVE)]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains(BEN), "the list stands below");
    let done = story.send(&page, reset, &[("address", BEN)]).await;
    assert_eq!(
        done.location(),
        "/admin/mail/addresses?done=reset",
        "{}",
        done.body
    );
    let page = story.get(done.location()).await;
    assert!(page.body.contains("Letters are sent to the address again."));
    assert!(!page.body.contains(BEN));
}

#[tokio::test]
async fn filters_that_cannot_be_read_are_said_and_kept() {
    let mut story = story().await;
    for query in [
        "outbox?state=sent",
        "outbox?address=nobody",
        "outbox?since=yesterday",
        "inbound?letter=7",
        "inbound?since=%3Cscript%3E",
        "addresses?state=bad&since=never",
    ] {
        let page = story.get(&format!("/admin/mail/{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.body.contains("id=\"problems\""), "{query}");
        assert!(!page.body.contains("<script>"), "{query}");
    }
    let missing = [LetterId::from_bits(1).to_string(), "x".to_owned()];
    for id in missing {
        let page = story.get(&format!("/admin/mail/outbox/{id}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{id}");
    }
}

#[tokio::test]
async fn lists_are_turned_page_by_page() {
    let mut story = story().await;
    let at = story.web.directory().now();
    let letter = LetterId::from_bits(1);
    for n in 0..60 {
        let at = at.plus_ms(i64::try_from(n).unwrap());
        story
            .keep(&message(n + 1, letter, at, Some(("decided", "accepted"))))
            .await;
        let address = format!("person-{n}@lab.example").parse().unwrap();
        story
            .keep(&Reach::unknown(address, at).refused("550", at))
            .await;
    }
    for (path, row) in [
        (
            "/admin/mail/inbound?outcome=decided",
            "data-label=\"Outcome\"",
        ),
        (
            "/admin/mail/addresses?state=undeliverable",
            "data-label=\"Since\"",
        ),
    ] {
        let page = story.get(path).await;
        assert_eq!(page.body.matches(row).count(), 50, "{path}");
        let (before, _) = page.body.split_once(">Next page</a>").unwrap();
        let next = before
            .rsplit_once("href=\"")
            .unwrap()
            .1
            .trim_end_matches('"');
        let next = next.replace("&amp;", "&").replace("&#38;", "&");
        let page = story.get(&next).await;
        assert_eq!(page.body.matches(row).count(), 10, "{next}");
        assert!(!page.body.contains(">Next page</a>"), "{next}");
    }
}

#[tokio::test]
async fn what_strangers_write_is_shown_and_never_obeyed() {
    let mut story = story().await;
    let at = story.web.directory().now();
    let mut ids = Vec::new();
    for n in 0..60 {
        let id = LetterId::from_bits(n);
        let subject = Subject::Move(MoveId::from_bits(1));
        let to = format!("p{n}@lab.example").parse().unwrap();
        let mut letter = Letter::queued(id, to, "en", subject, Kind::Cancelled, at);
        letter.last_error = Some(EVIL.to_owned());
        letter.delivery = State::Bounced {
            at,
            reason: EVIL.repeat(20),
        };
        story.keep(&letter).await;
        ids.push(id);
    }
    for n in 0..60_u128 {
        let outcome = format!("{n}{EVIL}");
        let became = Some((outcome.as_str(), EVIL));
        story.keep(&message(n + 1, ids[0], at, became)).await;
        let address = format!("p{n}@lab.example").parse().unwrap();
        story
            .keep(&Reach::unknown(address, at).refused(&EVIL.repeat(20), at))
            .await;
    }
    let gets = GETS.map(str::to_owned).into_iter();
    let paths: Vec<String> = gets
        .chain([
            format!("/admin/mail/outbox/{}", ids[0]),
            format!("/admin/mail/inbound/{}", MessageId::from_bits(1)),
            "/admin/mail/outbox?address=%22%3E%3Cscript%3E".to_owned(),
            "/admin/mail/inbound?outcome=%22%3E%3Cscript%3E".to_owned(),
        ])
        .collect();
    for path in paths {
        let page = story.get(&path).await;
        assert!(page.body.len() < 100_000, "{path}: {}", page.body.len());
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(!page.body.contains('\u{202e}'), "{path}");
        assert!(
            page.headers.contains_key("content-security-policy"),
            "{path}"
        );
    }
}

// ---- in German ----

/// What the site, mail servers and the mail of others said, in whatever language; what became of a message is kept as it was said then.
const WRITTEN: [&str; 5] = [
    "Handover of the Core",
    "550 5.1.1 no such user",
    "it was taken up too often",
    "550 gone",
    "dropped by an operator",
];

/// That a page is German, and says this.
fn says_in_german(page: &Answer, sentence: &str) {
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    assert_eq!(english::words(&page.body, &WRITTEN), [""; 0]);
    assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
}

#[tokio::test]
async fn mail_is_looked_after_in_german() {
    let mut story = story().await;
    story.web.reads(ROOT, "de").await;
    story.all_leave().await;
    for (path, says) in [
        ("/admin/mail", "Kein Brief ist fällig."),
        ("/admin/mail/outbox", "Keine. Ein Brief, der"),
        ("/admin/mail/inbound", "erscheinen hier 30 Tage lang"),
        ("/admin/mail/addresses", "Keine. Eine Adresse"),
        ("/admin", "Briefe, die nicht hinausgehen, erscheinen hier."),
    ] {
        let page = story.get(path).await;
        says_in_german(&page, says);
    }
    let (_, first) = story.offered("R2").await;
    let (_, second) = story.offered("R3").await;
    let at = story.web.directory().now();
    story.met(first, State::Queued { not_before: at }).await;
    let reason = "550 5.1.1 no such user".to_owned();
    story.met(second, State::Bounced { at, reason }).await;
    let ben = Reach::unknown(BEN.parse().unwrap(), at);
    story.keep(&ben.refused("550 gone", at)).await;
    let gave_up = Some(("given-up", "it was taken up too often"));
    story.keep(&message(1, first, at, gave_up)).await;
    story.keep(&message(2, first, at, None)).await;
    story.web.clock.advance(Duration::from_secs(3 * 24 * 3600));
    story.root = story.web.sign_in(ROOT).await;
    let message = |n| MessageId::from_bits(n);
    for (path, says) in [
        (
            "/admin/mail".to_owned(),
            "<strong>Briefe warten zu lange.</strong>",
        ),
        (
            "/admin/mail".to_owned(),
            "wartet seit 3 Tagen, seit dem 1. August 2026",
        ),
        (
            "/admin/mail".to_owned(),
            "Gezählt: 2 Nachrichten, alles, was in 30 Tagen kam.",
        ),
        ("/admin".to_owned(), "Ein Brief ist seit 3 Tagen fällig"),
        (
            "/admin".to_owned(),
            "Eine eingegangene Nachricht ist seit 3 Tagen fällig.",
        ),
        (
            "/admin/mail/outbox?state=bounced".to_owned(),
            "zurückgekommen</span>",
        ),
        (
            "/admin/mail/outbox?state=x".to_owned(),
            "Briefe mit Schwierigkeiten warten, sind nicht",
        ),
        (
            "/admin/mail/outbox?address=x".to_owned(),
            "„x“ ist keine E-Mail-Adresse; schreiben",
        ),
        ("/admin/mail/outbox?since=x".to_owned(), "„x“ ist kein Tag"),
        (
            format!("/admin/mail/outbox/{second}"),
            "<dt>Es geht um</dt>",
        ),
        (
            format!("/admin/mail/outbox/{}", LetterId::from_bits(1)),
            "inen Brief let_",
        ),
        ("/admin/mail/inbound".to_owned(), "Antwort</td>"),
        (
            "/admin/mail/inbound?letter=x".to_owned(),
            "das ist keine Kennung eines Briefs",
        ),
        (
            format!("/admin/mail/inbound/{}", message(1)),
            "ist versiegelt und wird niemandem gezeigt",
        ),
        (
            format!("/admin/mail/inbound/{}", message(9)),
            "ine Nachricht msg_",
        ),
        (
            "/admin/mail/addresses".to_owned(),
            "nicht zustellbar</span>",
        ),
        (
            "/admin/mail/addresses?state=x".to_owned(),
            "Adressen sind als nicht zustellbar",
        ),
    ] {
        let page = story.get(&path).await;
        says_in_german(&page, says);
    }
    let one = format!("/admin/mail/outbox/{second}");
    let page = story.get(&one).await;
    snapshot("letter-german", &page);
    let done = story.send(&page, &format!("{one}/drop"), &[]).await;
    let page = story.get(done.location()).await;
    says_in_german(&page, "Verworfen.");
    let late = story.send(&page, &format!("{one}/retry"), &[]).await;
    says_in_german(&late, "der Brief ist verworfen");
    let reset = "/admin/mail/addresses/reset";
    let list = story.get("/admin/mail/addresses").await;
    let odd = story.send(&list, reset, &[("address", EVE)]).await;
    says_in_german(
        &odd,
        "eine zweifelhafte Adresse eve@lab.example gibt es nicht",
    );
    let done = story.send(&list, reset, &[("address", BEN)]).await;
    let page = story.get(done.location()).await;
    says_in_german(&page, "Briefe gehen wieder an die Adresse.");
}

// ---- stuck ----

#[tokio::test]
async fn what_is_stuck_is_told_to_those_it_concerns() {
    let mut story = story().await;
    let one = proposed(&story).await;
    // A transfer of Anna's waits for analyses; so does one of Eve's, outside the domain.
    let mut waiting = Vec::new();
    let eve = story.web.account(EVE).await;
    for (owner, name) in [(story.anna, "R7"), (eve, "R8")] {
        let items = story.web.run(owner, name, &[]).await;
        let at = story.web.directory().now();
        let transfer = requested(&story, owner, &items).await;
        create(&*story.web.model, &transfer, at).await;
        waiting.push(transfer.id.to_string());
    }
    let young = story.get("/admin").await;
    assert!(
        young.body.contains(&one),
        "a move waits from the first moment on"
    );
    assert!(
        !young.body.contains(&waiting[0]),
        "not before a day is over"
    );
    story.web.clock.advance(Duration::from_secs(25 * 3600));
    story.root = story.web.sign_in(ROOT).await;
    let page = story.get("/admin").await;
    for id in &waiting {
        assert!(
            page.body.contains(&format!("Transfer of 1 run, {id}")),
            "{}",
            page.body
        );
    }
    let mut browser = story.web.sign_in(DEAN).await;
    let page = story.web.get(&mut browser, "/admin").await;
    let link = format!(
        "<a href=\"/transfers/{}\">Transfer of 1 run</a>",
        waiting[0]
    );
    assert!(page.body.contains(&link), "{}", page.body);
    assert!(
        !page.body.contains(&waiting[1]),
        "it lies outside the domain"
    );
    assert!(page.body.contains("another administrator approves it"));
    snapshot("stuck", &page);
    let opened = story
        .web
        .get(&mut browser, &format!("/transfers/{}", waiting[0]))
        .await;
    assert_eq!(opened.status, StatusCode::OK, "the link leads there");
    let id = waiting[0].parse().unwrap();
    let at = story.web.directory().now();
    change::<Invitation>(&*story.web.model, Key::Invitation(id), at, |transfer| {
        transfer.state = Standing::Expired { at };
    })
    .await;
    let page = story.web.get(&mut browser, "/admin").await;
    assert!(!page.body.contains(&waiting[0]), "it waits no more");
    // An approved move moves now; one that has not for a while has stopped.
    let vice = story.web.account(VICE).await;
    let call = story.web.directory().call(story.web.by(vice), None);
    let approve = moves::Decision::Approve;
    moves::decide(story.web.directory(), &call, one.parse().unwrap(), approve)
        .await
        .unwrap();
    let page = story.web.get(&mut browser, "/admin").await;
    assert!(!page.body.contains(&one), "it moves");
    story.web.clock.advance(Duration::from_secs(15 * 60));
    let page = story.web.get(&mut browser, "/admin").await;
    assert!(
        page.body
            .contains("and stopped; its page says how it goes on"),
        "{}",
        page.body
    );
}

/// The dean proposes to move everything of Anna's to a workgroup of the university; the move's id.
async fn proposed(story: &Story) -> String {
    use handover::actors::workgroups::{self, New as Made};
    let dean = story.web.account(DEAN).await;
    let directory = story.web.directory();
    let call = || directory.call(story.web.by(dean), None);
    let lab = Made {
        handle: "lab".parse().unwrap(),
        name: "Lab".to_owned(),
        description: String::new(),
        domain: None,
        collaborative: false,
    };
    let lab = workgroups::create(directory, &call(), &lab).await.unwrap();
    let new = New {
        from: Some(Context::Personal(story.anna)),
        to: Some(Context::Workgroup(lab.id)),
        reason: None,
    };
    let made = moves::propose(directory, &call(), &new).await;
    made.unwrap().id.to_string()
}

/// A transfer that waits for running analyses.
async fn requested(story: &Story, owner: AccountId, items: &[ItemId]) -> Invitation {
    use handover::domain::account::Account;
    use handover::domain::invitation::{KeepAccess, Offered, Recipient, Sender, Terms};
    let at = story.web.directory().now();
    let found = load::one::<Account>(&*story.web.model, Key::Account(owner)).await;
    let account = found.unwrap().unwrap().document;
    Invitation {
        id: InvitationId::from_bits(story.web.app.settings().ids.fresh(at)),
        source: Context::Personal(owner),
        source_name: account.name.clone(),
        sender: Sender {
            account: owner,
            name: account.name.clone(),
            address: account.primary().unwrap().clone(),
            language: "en".to_owned(),
        },
        recipient: Recipient::Address(BEN.parse().unwrap()),
        items: items
            .iter()
            .map(|item| Offered {
                item: *item,
                name: "R".to_owned(),
                bytes: 1,
                files: 1,
                holds: None,
            })
            .collect(),
        message: None,
        terms: Terms::ownership(KeepAccess::None),
        requested_at: at,
        expires_at: at.plus_ms(14 * DAY_MS),
        mailed_at: None,
        corrects: None,
        letters: Vec::new(),
        state: Standing::Requested,
    }
}
