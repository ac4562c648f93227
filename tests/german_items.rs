//! What one has in German, through the router, on a store in memory: home, lists, runs and projects. No page of it says an English
//! sentence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/english.rs"]
mod english;
#[path = "support/masks.rs"]
mod masks;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::sync::Arc;

use axum::http::StatusCode;
use handover::actors::custody::{Command as Custody, File};
use handover::actors::sharing::Command;
use handover::domain::id::{Context, ItemId, LetterId, WorkgroupId};
use handover::domain::policy::{Policy, Tier};
use handover::domain::rights::Level;
use handover::domain::time::Time;
use handover::web::pages::mailbox::{Kept, Letters};
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const RUN: &str = "260731_A01234";
/// What the site wrote.
const WRITTEN: [&str; 1] = ["Handover of the Core"];

/// Maria has a run with three projects. She offers the first to Anna and shares the second with her; one writes to the first.
struct Story {
    web: Website,
    maria: Browser,
    anna: Browser,
    items: Vec<ItemId>,
}

async fn story() -> Story {
    let web = Website::open().await;
    // What a basic account may send is not what is tested here.
    let mut policy = Policy::default();
    policy.quota.insert(Tier::Basic, None);
    web.directory().decide_by(policy);
    let maria = web.account(MARIA).await;
    web.account(ANNA).await;
    web.reads(MARIA, "de").await;
    web.reads(ANNA, "de").await;
    let projects = ["Exome Juli", "Genome Juli", "Panels Juli"];
    let items = web.run(maria, RUN, &projects).await;
    let own = Context::Personal(maria);
    let file = File {
        path: "S1.bam".to_owned(),
        bytes: 1 << 30,
        checksum: None,
        dataset: None,
    };
    for command in [
        Custody::AddFiles {
            item: items[1],
            files: vec![file],
            dataset: None,
            keeps: false,
        },
        Custody::StartAnalysis {
            name: "Alignment".to_owned(),
            projects: vec![items[1]],
        },
    ] {
        let call = web.directory().call(web.by(maria), None);
        web.directory().custody(own, call, command).await.unwrap();
    }
    let mut anna = web.sign_in(ANNA).await;
    let call = web.directory().call(web.by(maria), None);
    let make = Command::MakeLink {
        level: Level::Write,
        expires_at: None,
        max_acceptances: Some(3),
    };
    let made = web.directory().sharing(items[2], call, make).await.unwrap();
    let token = web.app.settings().key.share(made.link.unwrap());
    let page = web.follow(&mut anna, &format!("/l/{token}")).await;
    let hers = web.account(ANNA).await.to_string();
    let fields = [("context", hers.as_str())];
    web.submit(&mut anna, &page, "/l/accept", &fields).await;
    web.offer(maria, &items[1..2], ANNA, None).await;
    let maria = web.sign_in(MARIA).await;
    Story {
        web,
        maria,
        anna,
        items,
    }
}

impl Story {
    /// That what Maria is shown there is German, and says this.
    async fn says(&mut self, path: &str, sentences: &[&str]) -> Answer {
        let page = self.web.get(&mut self.maria, path).await;
        says(&page, sentences);
        page
    }

    /// The same of what answers a form that she sends.
    async fn answers(
        &mut self,
        page: &Answer,
        path: &str,
        fields: &[(&str, &str)],
        sentences: &[&str],
    ) {
        let answer = self.web.submit(&mut self.maria, page, path, fields).await;
        says(&answer, sentences);
    }
}

fn says(page: &Answer, sentences: &[&str]) {
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    assert_eq!(english::words(&page.body, &WRITTEN), [""; 0]);
    for sentence in sentences {
        assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
    }
}

fn snapshot(name: &str, page: &Answer) {
    masks::masks().bind(|| insta::assert_snapshot!(name, page.body));
}

#[tokio::test]
async fn home_tells_what_waits_and_what_is_new() {
    let mut story = story().await;
    let home = story.web.get(&mut story.anna, "/").await;
    says(&home, &["Angebote, die auf Sie warten", "Neues in"]);
    snapshot("home", &home);
    let sent = "<span class=\"state pending\">offen</span>";
    let news = "<bdi>Angebot an anna@uni.example („Exome Juli“)</bdi></a>: angeboten";
    story.says("/", &[sent, news, "Zurzeit keine."]).await;
    // Somebody who has nothing yet.
    let web = Website::open().await;
    web.account(ANNA).await;
    web.reads(ANNA, "de").await;
    let mut new = web.sign_in(ANNA).await;
    let empty = web.get(&mut new, "/").await;
    says(
        &empty,
        &["Noch nichts. Um Läufe oder Projekte weiterzugeben"],
    );
    for (list, sentence) in [
        ("/runs", "Zurzeit kein Lauf."),
        ("/projects", "Zurzeit kein Projekt."),
        ("/runs?state=archived", "Nichts ist archiviert."),
        ("/projects?state=trashed", "Der Papierkorb ist leer."),
        (
            "/runs?name=x",
            "Kein Lauf hier hat „<bdi>x</bdi>“ im Namen.",
        ),
        ("/projects?name=x", "Kein Projekt hier hat „"),
    ] {
        let page = web.get(&mut new, list).await;
        says(&page, &[sentence]);
    }
}

#[tokio::test]
async fn an_item_tells_everything_about_it() {
    let mut story = story().await;
    let (run, offered, shared) = (story.items[0], story.items[1], story.items[2]);
    let page = story.says(&format!("/items/{offered}"), &[]).await;
    snapshot("item", &page);
    let instrument = "<dt>Gerät</dt>";
    let path = format!("/items/{run}");
    story.says(&path, &[instrument, " Zyklen"]).await;
    let page = story
        .web
        .get(&mut story.anna, &format!("/items/{shared}"))
        .await;
    says(&page, &["<dt>Grund des Zugriffs</dt><dd>geteilt mit anna"]);
    let people = format!("/items/{shared}/people");
    let page = story.web.get(&mut story.anna, &people).await;
    says(&page, &["Der Eigentümer entscheidet, wer damit arbeitet."]);
    let accepted = "angenommen am 1. August 2026, 09:00 UTC, durch Link";
    let used = "Schreiben, bis zum Abschalten, 1 von 3 Mal angenommen";
    let page = story.says(&people, &[accepted, used]).await;
    for done in ["changed", "revoked", "made", "deactivated"] {
        story.says(&format!("{people}?done={done}"), &[]).await;
    }
    let last = Context::Workgroup(WorkgroupId::from_bits(u128::MAX));
    let far = format!("{people}?at={last}");
    story.says(&far, &["Auf dieser Seite keine."]).await;
    let make = format!("/items/{shared}/links/make");
    let fields = [("level", "read"), ("most", "oft")];
    let wrong = "„oft“ ist keine Anzahl; schreiben Sie eine ganze Zahl";
    story.answers(&page, &make, &fields, &[wrong]).await;
    let fields = [("level", "read"), ("until", "bald")];
    let wrong = "ist kein Zeitpunkt, wie RFC 3339 ihn schreibt";
    story.answers(&page, &make, &fields, &[wrong]).await;
}

#[tokio::test]
async fn items_are_archived_trashed_and_deleted_for_good() {
    let mut story = story().await;
    let ids: Vec<String> = story.items.iter().map(ToString::to_string).collect();
    let item = format!("/items/{}", ids[3]);
    let page = story.says(&item, &["Archivieren"]).await;
    for (act, done, sentence) in [
        ("archive", "archived", "Dieses Projekt ist archiviert"),
        ("activate", "activated", "wieder aus dem Archiv geholt."),
        ("trash", "trashed", "liegt im Papierkorb"),
    ] {
        let path = format!("/items/{act}");
        let fields = [("item", ids[3].as_str())];
        let web = &story.web;
        let answer = web.submit(&mut story.maria, &page, &path, &fields).await;
        assert_eq!(answer.location(), format!("{item}?done={done}"));
        story.says(answer.location(), &[sentence]).await;
    }
    story
        .says("/projects?done=trashed&n=2", &["2 Projekte liegen im"])
        .await;
    // What stands in the way, item by item.
    let path = "/items/archive?list=project";
    let fields = [("item", ids[1].as_str()), ("item", ids[2].as_str())];
    let why = [
        "Nichts wurde archiviert",
        "Projekt „Exome Juli“ ist jemandem angeboten; nehmen Sie das Angebot zurück",
        "eine Analyse schreibt in „Exome Juli“",
        "„Genome Juli“ ist geteilt (mit Zugriff: 1; aktive Links: 1;",
    ];
    story.answers(&page, path, &fields, &why).await;
    let fields = [("item", ids[0].as_str()), ("item", ids[2].as_str())];
    let some = [
        "1 von 2 ließen sich nicht archivieren",
        "1 Objekt ist archiviert",
    ];
    story.answers(&page, path, &fields, &some).await;
    let none = ["nichts ist ausgewählt; kreuzen Sie an"];
    story.answers(&page, path, &[], &none).await;
    story
        .says("/runs?state=archived", &["Aus dem Archiv holen"])
        .await;
    // To the end.
    let purge = format!("/items/purge?item={}", ids[3]);
    let sure = [
        "1 Projekt endgültig löschen?",
        "Am <strong>8. August 2026, 09:00 UTC</strong> ist dies verschwunden:",
    ];
    let page = story.says(&purge, &sure).await;
    let path = "/items/purge?list=project&state=trashed";
    let fields = [("item", ids[3].as_str())];
    let web = &story.web;
    let answer = web.submit(&mut story.maria, &page, path, &fields).await;
    let gone = [
        "1 Projekt wird endgültig gelöscht.",
        "endgültig gelöscht am 8. August 2026, 09:00 UTC",
    ];
    story.says(answer.location(), &gone).await;
    let day = "endgültig gelöscht am 8. August 2026, 09:00 UTC</dd>";
    story.says(&item, &[day]).await;
    let none = "nichts vom Ausgewählten lässt sich jetzt endgültig löschen;";
    story.says(&purge, &[none]).await;
    let page = story.says(&item, &[]).await;
    let lies = "Projekt „Panels Juli“ liegt im Papierkorb und wird am 8. August";
    story.answers(&page, "/items/purge", &fields, &[lies]).await;
}

struct OneLetter;

impl Letters for OneLetter {
    fn newest_first(&self) -> Vec<Kept> {
        self.letter(LetterId::from_bits(1)).into_iter().collect()
    }
    fn letter(&self, id: LetterId) -> Option<Kept> {
        Some(Kept {
            id,
            from: "handover@core.example".into(),
            to: ANNA.into(),
            at: Time::from_ms(1_785_600_000_000),
            subject: "Ein Angebot".into(),
            message_id: "<let_1@reply.core.example>".into(),
            text: "Guten Tag".into(),
            html: "<html></html>".into(),
        })
    }
}

#[tokio::test]
async fn letters_of_a_site_for_development_are_listed() {
    let web = Website::open().await;
    web.app.show_mailbox(Arc::new(OneLetter));
    let mut anybody = Browser::german();
    let page = web.get(&mut anybody, "/mailbox").await;
    assert_eq!(page.status, StatusCode::OK);
    says(
        &page,
        &["zum Entwickeln eingerichtet", "an anna@uni.example"],
    );
    let letter = format!("/mailbox/{}", LetterId::from_bits(1));
    let page = web.get(&mut anybody, &letter).await;
    says(&page, &["Der HTML-Teil des Briefs"]);
}
