//! Handing over and sharing in German, through the router, on a store in memory: no page of it says an English sentence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/english.rs"]
mod english;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use axum::http::StatusCode;
use handover::actors::sharing::Command;
use handover::domain::id::ItemId;
use handover::domain::rights::Level;
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
/// What the site and its people wrote.
const WRITTEN: [&str; 2] = [
    "Handover of the Core",
    "The transfer cannot be undone, the recipient becomes the legal owner of the data, and my organisation allows it.",
];

struct Story {
    web: Website,
    maria: Browser,
    run: String,
    project: String,
    items: Vec<ItemId>,
}

async fn story() -> Story {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    let items = web.run(maria, "260731_A01234", &["Exome Juli"]).await;
    web.reads(MARIA, "de").await;
    web.account(ANNA).await;
    web.reads(ANNA, "de").await;
    let maria = web.sign_in(MARIA).await;
    Story {
        web,
        maria,
        run: items[0].to_string(),
        project: items[1].to_string(),
        items,
    }
}

/// That a page is German, and says this.
fn says(page: &Answer, sentences: &[&str]) {
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    assert_eq!(english::words(&page.body, &WRITTEN), [""; 0]);
    for sentence in sentences {
        assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
    }
}

#[tokio::test]
async fn a_transfer_is_offered() {
    let Story {
        web,
        mut maria,
        run,
        ..
    } = story().await;
    let empty = web.get(&mut maria, "/transfers/new").await;
    says(&empty, &["Kreuzen Sie an, worum es geht."]);
    let none = web.get(&mut maria, "/transfers").await;
    says(&none, &["Keine. Um etwas anzubieten, öffnen Sie"]);
    let none = web.get(&mut maria, "/transfers?role=received").await;
    says(&none, &["Keine. Hier erscheint, was jemand"]);
    let place = format!("/transfers/new?item={run}");
    let dialog = web.get(&mut maria, &place).await;
    says(&dialog, &["<h1>Eigentum übergeben</h1>", "Auch übertragen"]);
    let mut fields = vec![
        ("item", run.as_str()),
        ("recipient", "neu@lab.example"),
        ("keep", "read"),
        ("until", "2026-12-31"),
        ("days", "viele"),
    ];
    let preview = "/transfers/preview";
    let refused = web.submit(&mut maria, &dialog, preview, &fields).await;
    says(&refused, &["„viele“ ist keine Zahl von Tagen;"]);
    fields[4] = ("days", "30");
    let shown = web.submit(&mut maria, &dialog, preview, &fields).await;
    assert_eq!(shown.status, StatusCode::OK);
    says(
        &shown,
        &[
            "1 Objekt, 838 GiB, angeboten an <strong><bdi>neu@lab.example</bdi></strong> bis 31. August 2026, 09:00 UTC.",
            "mit neu@lab.example hat sich noch niemand registriert;",
            "in diesem Angebot nicht genannt, bleibt bei",
            "Projekte, die bleiben, behalten ihre Bioproben",
            ">Lesen bis 31. Dezember 2026, 23:59 UTC</td>",
            ">nichts</td>",
        ],
    );
    let request = "/transfers/request";
    let refused = web.submit(&mut maria, &shown, request, &fields).await;
    says(&refused, &["die Bedingungen sind nicht bestätigt;"]);
    fields.push(("terms", "yes"));
    let done = web.submit(&mut maria, &shown, request, &fields).await;
    let offer = web.get(&mut maria, done.location()).await;
    says(&offer, &["Es ist angeboten;"]);
    let refused = web.submit(&mut maria, &dialog, preview, &fields).await;
    says(&refused, &["So lässt es sich nicht anbieten"]);
    let all = web.get(&mut maria, "/transfers").await;
    says(&all, &["<span class=\"state pending\">offen</span>"]);
    // What has no page says so.
    let nowhere = web.get(&mut maria, preview).await;
    says(
        &nowhere,
        &["Gehen Sie zurück, oder beginnen Sie auf der Startseite"],
    );
}

#[tokio::test]
async fn runs_and_projects_are_shared() {
    let Story {
        web,
        mut maria,
        run,
        project,
        ..
    } = story().await;
    let empty = web.get(&mut maria, "/shares/new").await;
    says(&empty, &["Kreuzen Sie an, worum es geht."]);
    let dialog = web
        .get(&mut maria, &format!("/shares/new?item={run}"))
        .await;
    says(&dialog, &["Läufe werden nur zum Lesen geteilt."]);
    let preview = "/shares/preview";
    let fields = [
        ("item", run.as_str()),
        ("recipient", ANNA),
        ("level", "read"),
    ];
    let shown = web.submit(&mut maria, &dialog, preview, &fields).await;
    let apart = "ein Projekt wird nur dann mit seinem Lauf geteilt, wenn das verlangt ist";
    says(&shown, &["Nicht zu sehen", apart, "; die Einladung gilt"]);
    let fields = [("item", run.as_str()), ("recipient", "workgroup:keine")];
    let refused = web.submit(&mut maria, &dialog, preview, &fields).await;
    says(&refused, &["eine Arbeitsgruppe keine gibt es nicht;"]);
    let place = format!("/shares/new?item={project}");
    let dialog = web.get(&mut maria, &place).await;
    says(
        &dialog,
        &["die Daten lesen, ergänzen und ändern; nicht weiterteilen oder weggeben"],
    );
    let fields = [
        ("item", project.as_str()),
        ("recipient", ANNA),
        ("level", "write"),
    ];
    let shown = web.submit(&mut maria, &dialog, preview, &fields).await;
    let along = "Lesen, wie immer, wenn Daten eines geteilten Projekts daraus stammen";
    says(
        &shown,
        &["Außerdem zu sehen", along, ">Lesen und Schreiben</td>"],
    );
    let request = "/shares/request";
    let done = web.submit(&mut maria, &shown, request, &fields).await;
    let place = done.location().split('?').next().unwrap();

    let mut anna = web.sign_in(ANNA).await;
    let none = web.get(&mut anna, "/shared").await;
    says(&none, &["Zurzeit nichts. Was jemand mit Ihnen teilt,"]);
    let page = web.get(&mut anna, place).await;
    let hers = web.account(ANNA).await.to_string();
    let accept = format!("{place}/accept");
    let fields = [("context", hers.as_str())];
    web.submit(&mut anna, &page, &accept, &fields).await;
    let one = web.get(&mut anna, "/shared").await;
    says(
        &one,
        &["Lesen und Schreiben, bis auf Widerruf", ">Projekt<"],
    );
    // Of what is not hers she can share nothing.
    let dialog = web
        .get(&mut anna, &format!("/shares/new?item={project}"))
        .await;
    let fields = [("item", project.as_str()), ("recipient", MARIA)];
    let refused = web.submit(&mut anna, &dialog, preview, &fields).await;
    says(
        &refused,
        &["So lässt es sich nicht teilen", "gehört jemand"],
    );
}

#[tokio::test]
async fn a_link_is_opened() {
    let Story { web, items, .. } = story().await;
    let owner = web.account(MARIA).await;
    let call = web.directory().call(web.by(owner), None);
    let make = Command::MakeLink {
        level: Level::Read,
        expires_at: None,
        max_acceptances: Some(1),
    };
    let made = web.directory().sharing(items[1], call, make).await.unwrap();
    let token = web.app.settings().key.share(made.link.unwrap());
    let path = format!("/l/{token}");
    let mut stranger = Browser::german();
    let page = web.follow(&mut stranger, &path).await;
    says(&page, &["Melden Sie sich an, um zu sehen, was geteilt ist"]);
    let page = web.follow(&mut Browser::default(), &path).await;
    assert!(!english::words(&page.body, &WRITTEN).is_empty());
    let mut anna = web.sign_in(ANNA).await;
    let page = web.follow(&mut anna, &path).await;
    says(
        &page,
        &[
            "„Exome Juli“ ist durch diesen Link geteilt",
            "<dt>Angelegt von</dt>",
            "<dt>Sie dürfen</dt><dd>lesen</dd>",
        ],
    );
    let hers = web.account(ANNA).await.to_string();
    let fields = [("context", hers.as_str())];
    web.submit(&mut anna, &page, "/l/accept", &fields).await;
    let page = web.get(&mut anna, "/l").await;
    says(
        &page,
        &[
            "Sie haben diesen Zugriff schon.",
            "Dieser Link wurde einmal angenommen, öfter ist nicht möglich;",
        ],
    );
    let page = web.follow(&mut anna, "/l/unknown").await;
    says(&page, &["Einen solchen Link gibt es nicht."]);
}
