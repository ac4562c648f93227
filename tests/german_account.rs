//! The pages of an account and of workgroups in German, through the router, on a store in memory: none of them says an English sentence.
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
use handover::domain::id::{Context, ItemId};
use handover::domain::policy::{Policy, Private};
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const BEN: &str = "ben@lab.example";
/// What the site and browsers call themselves.
const WRITTEN: [&str; 2] = ["Handover of the Core", "Firefox of a test"];

/// Maria and Anna read German. Both they and Ben have accounts.
struct Story {
    web: Website,
    maria: Browser,
    anna: Browser,
}

async fn story() -> Story {
    let web = Website::open().await;
    for address in [MARIA, ANNA, BEN] {
        web.account(address).await;
    }
    for address in [MARIA, ANNA] {
        web.reads(address, "de").await;
    }
    let maria = web.sign_in(MARIA).await;
    let anna = web.sign_in(ANNA).await;
    Story { web, maria, anna }
}

/// That a page is German, and says this.
fn says(page: &Answer, sentence: &str) {
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    assert_eq!(english::words(&page.body, &WRITTEN), [""; 0]);
    assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
}

impl Story {
    /// Maria opens a page, which says this in German.
    async fn opens(&mut self, path: &str, sentence: &str) -> Answer {
        let page = self.web.get(&mut self.maria, path).await;
        says(&page, sentence);
        page
    }

    /// Maria sends a form to an address below a page, and is answered so in German, perhaps after she was led on.
    async fn sends(
        &mut self,
        (page, verb): (&str, &str),
        fields: &[(&str, &str)],
        sentence: &str,
    ) -> Answer {
        let form = self.web.get(&mut self.maria, page).await;
        let path = format!("{page}{verb}");
        let mut answer = self.web.submit(&mut self.maria, &form, &path, fields).await;
        if answer.status == StatusCode::SEE_OTHER {
            let next = answer.location().to_owned();
            answer = self.web.get(&mut self.maria, &next).await;
        }
        says(&answer, sentence);
        answer
    }

    /// Maria creates a workgroup, and Anna joins as an administrator; its address.
    async fn workgroup(&mut self) -> String {
        let fields = [("name", "Labor"), ("handle", "labor")];
        let form = self.web.get(&mut self.maria, "/workgroups/new").await;
        let create = "/workgroups/create";
        let answer = self
            .web
            .submit(&mut self.maria, &form, create, &fields)
            .await;
        let place = answer.location().split('?').next().unwrap().to_owned();
        let fields = [("addresses", ANNA), ("role", "administrator")];
        let invitations = format!("{place}/invitations");
        let page = self.web.get(&mut self.maria, &invitations).await;
        let invite = format!("{invitations}/invite");
        self.web
            .submit(&mut self.maria, &page, &invite, &fields)
            .await;
        self.accepted().await;
        place
    }

    /// Anna accepts what waits for her.
    async fn accepted(&mut self) {
        let home = self.web.get(&mut self.anna, "/").await;
        let path = home.body.split("action=\"/invitations/").nth(1).unwrap();
        let path = format!("/invitations/{}", path.split('"').next().unwrap());
        let joins = [("joins", "yes")];
        let answer = self.web.submit(&mut self.anna, &home, &path, &joins).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }

    /// Maria owns a run with a project.
    async fn owns(&self) -> Vec<ItemId> {
        let maria = self.web.account(MARIA).await;
        self.web.run(maria, "260731_A01234", &["Exome Juli"]).await
    }
}

#[tokio::test]
async fn settings_of_an_account() {
    let mut story = story().await;
    for (path, sentence) in [
        ("/account", "<h1>Ihr Konto</h1>"),
        ("/account", "<dt>Stufe</dt><dd>„basic“: bis 1,00 TiB"),
        ("/account/notifications", "Senden Sie mir auch"),
        ("/account/sessions", ">Hier abmelden</button>"),
        ("/account/sessions?done=ended", "Dort sind Sie abgemeldet."),
        ("/account/blocked", "Niemand ist gesperrt."),
    ] {
        story.opens(path, sentence).await;
    }
    let long = "x".repeat(101);
    for (to, fields, sentence) in [
        (
            ("/account", "/profile"),
            [("name", "Dr. Maria"), ("language", "de")],
            "<p>Gespeichert.</p>",
        ),
        (
            ("/account", "/profile"),
            [("name", &long), ("language", "de")],
            "ein Name hat 1 bis 100 Zeichen und keine Steuerzeichen; wählen Sie einen anderen Namen.",
        ),
        (
            ("/account", "/profile"),
            [("name", "Maria"), ("language", "tlh")],
            "in „tlh“ gibt es keine Briefe; wählen Sie eine von diesen: en, de.",
        ),
        (
            ("/account/notifications", "/change"),
            [("outcomes", "yes"), ("receipts", "yes")],
            "<p>Gespeichert.</p>",
        ),
        (
            ("/account/blocked", "/block"),
            [("sender", "niemand"), ("", "")],
            "„niemand“ ist keine E-Mail-Adresse; schreiben Sie sie wie name@lab.example; nennen Sie eine ganze Adresse.",
        ),
        (
            ("/account/blocked", "/block"),
            [("sender", BEN), ("", "")],
            "Sperre aufheben<span class=\"unseen\">: ben@lab.example</span>",
        ),
        (
            ("/account/blocked", "/lift"),
            [("sender", BEN), ("", "")],
            "Die Sperre ist aufgehoben.",
        ),
    ] {
        story.sends(to, &fields, sentence).await;
    }
}

#[tokio::test]
async fn addresses_of_an_account() {
    let mut story = story().await;
    let place = "/account/addresses";
    story.opens(place, "Eine Adresse hinzufügen").await;
    let own = "maria@core.example ist schon eine Ihrer Adressen; nennen Sie eine andere.";
    let add = (place, "/add");
    story.sends(add, &[("address", MARIA)], own).await;
    let home = [("address", "maria@home.example")];
    let sent = "Ein Brief mit einem Code ist unterwegs an";
    let page = story.sends(add, &home, sent).await;
    let id = page.field("waits").to_owned();
    let fields = [("waits", id.as_str()), ("code", "FALSCH")];
    let prove = (place, "/prove");
    let wrong = "der Code ist falsch, benutzt oder zu alt; sehen Sie in den neuesten Brief;";
    story.sends(prove, &fields, wrong).await;
    let code = story.web.app.settings().key.code(id.parse().unwrap());
    let fields = [("waits", id.as_str()), ("code", code.as_str())];
    let added = "Die Adresse gehört Ihnen.";
    story.sends(prove, &fields, added).await;
    let used = format!("{place}/code?waits={id}");
    story
        .opens(&used, "Dieser Code ist benutzt oder zu alt.")
        .await;
    let primary = "Briefe zu Ihren eigenen Angeboten gehen von nun an dorthin.";
    story.sends((place, "/primary"), &home, primary).await;
    let foreign = "ben@lab.example ist keine Ihrer bestätigten Adressen;";
    let fields = [("address", BEN)];
    story.sends((place, "/primary"), &fields, foreign).await;
    let remove = (place, "/remove");
    let fields = [("address", MARIA)];
    story
        .sends(remove, &fields, "Die Adresse ist entfernt.")
        .await;
    let only = "maria@home.example ist Ihre einzige Adresse;";
    story.sends(remove, &home, only).await;
}

#[tokio::test]
async fn where_things_of_an_account_go() {
    let mut story = story().await;
    let lab = story.web.workgroup("Labor", None, &[ANNA, MARIA]).await;
    let lab = lab.to_string();
    let place = "/account/defaults";
    story.opens(place, ">Persönlich</option>").await;
    let own = story.web.account(MARIA).await.to_string();
    let fields = [("uploads", lab.as_str()), ("accepting", own.as_str())];
    let change = (place, "/change");
    story.sends(change, &fields, "<p>Gespeichert.</p>").await;
    let theirs = story.web.account(BEN).await.to_string();
    let fields = [("uploads", theirs.as_str()), ("accepting", "x")];
    let none = "es ist kein Kontext gewählt; wählen Sie einen Ihrer Kontexte.";
    story.sends(change, &fields, none).await;
    let fields = [("uploads", theirs.as_str()), ("accepting", own.as_str())];
    let foreign = "Sie gehören nicht zu diesem Kontext; wählen Sie einen Ihrer Kontexte.";
    story.sends(change, &fields, foreign).await;
    let fields = [("sender", BEN), ("into", lab.as_str())];
    let rule = "<span>in <bdi>Labor</bdi></span>";
    story.sends((place, "/sender"), &fields, rule).await;
}

#[tokio::test]
async fn tokens_of_an_account() {
    let mut story = story().await;
    let place = "/account/tokens";
    let page = story.opens(place, "1 bis 365; 365, wenn Sie").await;
    assert!(page.body.contains("<strong>Lesen</strong>"));
    let make = (place, "/make");
    for (name, days, sentence) in [
        (" ", "30", "der Name eines Tokens hat 1 bis 100 Zeichen"),
        (
            "x",
            "bald",
            "„bald“ ist keine Zahl von Tagen; schreiben Sie eine ganze Zahl, oder",
        ),
        (
            "x",
            "5000",
            "ein Token gilt hier 1 bis 365 Tage; wählen Sie weniger Tage.",
        ),
    ] {
        let fields = [("name", name), ("days", days), ("scope", "read")];
        story.sends(make, &fields, sentence).await;
    }
    let fields = [("name", "Sequenzierer")];
    let none = "ein Token hat eines oder mehreres von Lesen, Schreiben und Konto;";
    story.sends(make, &fields, none).await;
    let fields = [("name", "Sequenzierer"), ("scope", "account")];
    let made = "„<bdi>Sequenzierer</bdi>“ ist angelegt";
    let page = story.sends(make, &fields, made).await;
    let token = page.field("token").to_owned();
    let revoke = (place, "/revoke");
    let revoked = "Widerrufen. Das Token öffnet nichts mehr.";
    story.sends(revoke, &[("token", &token)], revoked).await;
}

#[tokio::test]
async fn closing_an_account() {
    let mut story = story().await;
    let path = "/account/close";
    story.workgroup().await;
    let items = story.owns().await;
    let maria = story.web.account(MARIA).await;
    story.web.offer(maria, &items, ANNA, None).await;
    let page = story.opens(path, "Ihnen gehören noch Läufe;").await;
    for sentence in [
        "Ihnen gehören noch Projekte;",
        "Ihnen gehört die Arbeitsgruppe „Labor“;",
        "Angebote oder Einladungen von Ihnen warten auf eine Antwort;",
        ">die Einstellungen der Arbeitsgruppe</a>",
    ] {
        assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
    }
    // Anna has nothing to lose.
    let page = story.web.get(&mut story.anna, path).await;
    says(&page, "<strong>Das ist endgültig.</strong>");
    let fields = [("address", MARIA)];
    let refused = story
        .web
        .submit(&mut story.anna, &page, path, &fields)
        .await;
    says(
        &refused,
        "maria@core.example ist nicht die Hauptadresse des Kontos; tippen Sie die Hauptadresse ein,",
    );
    let fields = [("address", ANNA)];
    let answer = story
        .web
        .submit(&mut story.anna, &page, path, &fields)
        .await;
    let mut nobody = Browser::german();
    let closed = story.web.get(&mut nobody, answer.location()).await;
    says(&closed, "Ihr Konto ist geschlossen");
}

#[tokio::test]
async fn a_new_workgroup() {
    let mut story = story().await;
    story
        .opens("/workgroups", "Sie gehören noch zu keiner Arbeitsgruppe.")
        .await;
    story
        .opens("/workgroups/new", "Arbeitsgruppe anlegen")
        .await;
    let form = story.opens("/workgroups/new", "Kürzel").await;
    let create = "/workgroups/create";
    let long = "x".repeat(501);
    for (name, handle, description, sentence) in [
        (
            "Labor",
            "das labor",
            "",
            "„das labor“ ist kein Kürzel einer Arbeitsgruppe;",
        ),
        (
            "Labor",
            "personal",
            "",
            "„personal“ bedeutet schon etwas anderes;",
        ),
        (
            "Labor",
            "labor",
            &long,
            "eine Beschreibung ist einfacher Text von höchstens 500 Zeichen;",
        ),
    ] {
        let fields = [
            ("name", name),
            ("handle", handle),
            ("description", description),
        ];
        let answer = story
            .web
            .submit(&mut story.maria, &form, create, &fields)
            .await;
        says(&answer, sentence);
    }
    let place = story.workgroup().await;
    let fields = [("name", "Zweites"), ("handle", "LABOR")];
    let taken = story
        .web
        .submit(&mut story.maria, &form, create, &fields)
        .await;
    says(&taken, "eine andere Arbeitsgruppe hat das Kürzel LABOR;");
    let made = format!("{place}?done=created");
    story
        .opens(&made, "Die Arbeitsgruppe ist angelegt und gehört Ihnen.")
        .await;
    story
        .opens("/workgroups", "labor, Ihre Rolle: Eigentümer")
        .await;
}

#[tokio::test]
async fn a_workgroup_that_may_not_be_created() {
    let mut story = story().await;
    story.web.directory().decide_by(Policy::default());
    story
        .opens(
            "/workgroups/new",
            "ein Konto der Stufe „basic“ hat keine eigenen Arbeitsgruppen;",
        )
        .await;
    let mut policy = Policy::default();
    let uni = Private {
        suffixes: vec!["haus.example".to_owned()],
        administrators: Vec::new(),
    };
    policy.domains.insert("haus".to_owned(), uni);
    story.web.directory().decide_by(policy);
    let dora = "dora@haus.example";
    story.web.account(dora).await;
    story.web.reads(dora, "de").await;
    let mut dora = story.web.sign_in(dora).await;
    let form = story.web.get(&mut dora, "/workgroups/new").await;
    says(&form, "Wo sie zu Hause ist. Das ändert sich nie.");
    for (domain, sentence) in [
        (
            "public",
            "eine Arbeitsgruppe in der öffentlichen Domäne steht ohnehin allen offen;",
        ),
        ("fremd", "Sie gehören nicht zur Domäne fremd;"),
    ] {
        let fields = [
            ("name", "Labor"),
            ("handle", "labor"),
            ("domain", domain),
            ("collaborative", "yes"),
        ];
        let create = "/workgroups/create";
        let refused = story.web.submit(&mut dora, &form, create, &fields).await;
        says(&refused, sentence);
    }
}

#[tokio::test]
async fn members_of_a_workgroup() {
    let mut story = story().await;
    let place = story.workgroup().await;
    let members = format!("{place}/members");
    story.opens(&place, "<dt>Ihre Rolle</dt>").await;
    story
        .opens(
            &members,
            "Jedes Mitglied darf mit den Daten der Arbeitsgruppe alles tun",
        )
        .await;
    let own = story.web.account(MARIA).await.to_string();
    let anna = story.web.account(ANNA).await.to_string();
    let ben = story.web.account(BEN).await.to_string();
    for (verb, member, role, sentence) in [
        ("/role", &anna, "member", "Geändert. Das gilt von jetzt an."),
        (
            "/role",
            &anna,
            "chef",
            "„chef“ ist keine Rolle, die man geben kann;",
        ),
        (
            "/role",
            &own,
            "member",
            "„Labor“ gehört diesem Mitglied, und eine Arbeitsgruppe",
        ),
        (
            "/role",
            &ben,
            "member",
            "gehört nicht zu „Labor“; sehen Sie die Mitglieder durch",
        ),
        (
            "/remove",
            &own,
            "",
            "„Labor“ gehört Ihnen, und eine Arbeitsgruppe",
        ),
    ] {
        let fields = [("member", member.as_str()), ("role", role)];
        story.sends((&members, verb), &fields, sentence).await;
    }
    let page = story.opens(&members, "Zum Administrator machen").await;
    assert!(page.body.contains("Aus der Arbeitsgruppe entfernen"));
    let owns = "„Labor“ gehört Ihnen, und eine Arbeitsgruppe ist nie ohne Eigentümer;";
    story.sends((&place, "/leave"), &[], owns).await;
    // Anna is only a member now.
    for (path, sentence) in [
        (place.clone(), "Aus dieser Arbeitsgruppe austreten"),
        (
            format!("{place}/settings"),
            "Das ändern die Administratoren der Arbeitsgruppe.",
        ),
        (
            format!("{place}/invitations"),
            "Nur Administratoren von „Labor“ dürfen einladen.",
        ),
        (
            format!("{place}/close"),
            "nur der Eigentümer von „Labor“ darf sie schließen; bitten Sie ihn darum.",
        ),
    ] {
        let page = story.web.get(&mut story.anna, &path).await;
        says(&page, sentence);
    }
    let home = story.web.get(&mut story.anna, &place).await;
    for (verb, sentence) in [
        (
            "members/remove",
            "nur Administratoren von „Labor“ dürfen Mitglieder entfernen;",
        ),
        ("members/role", "dürfen die Rolle von Mitgliedern ändern;"),
        (
            "settings/change",
            "nur Administratoren von „Labor“ dürfen sie ändern;",
        ),
        (
            "settings/hand-over",
            "nur der Eigentümer von „Labor“ darf sie übergeben;",
        ),
    ] {
        let fields = [
            ("member", own.as_str()),
            ("role", "member"),
            ("name", "Meins"),
            ("handle", "meins"),
        ];
        let path = format!("{place}/{verb}");
        let refused = story
            .web
            .submit(&mut story.anna, &home, &path, &fields)
            .await;
        says(&refused, sentence);
    }
    let fields = [("member", anna.as_str())];
    let removed = "Entfernt. Von der Arbeitsgruppe ist dort nichts mehr zu sehen;";
    story.sends((&members, "/remove"), &fields, removed).await;
    let gone = story.web.get(&mut story.anna, &place).await;
    says(&gone, "zu der Sie gehören, gibt es nicht.");
}

#[tokio::test]
async fn invitations_into_a_workgroup() {
    let mut story = story().await;
    let place = story.workgroup().await;
    let invitations = format!("{place}/invitations");
    story
        .opens(&invitations, "Keine. Wer eingeladen ist,")
        .await;
    let invite = (invitations.as_str(), "/invite");
    for (addresses, days, sentence) in [
        (
            "",
            "7",
            "niemand ist genannt; nennen Sie mindestens eine Adresse.",
        ),
        (
            "neu@lab.example",
            "100",
            "100 Tage liegen nicht zwischen 1 und 90;",
        ),
        (
            "anna@uni.example",
            "7",
            "anna@uni.example gehört schon zu „Labor“; es bleibt nichts zu tun.",
        ),
        ("ben@lab.example, x", "7", "Diese wurden nicht eingeladen"),
        (
            "ben@lab.example",
            "7",
            "ben@lab.example ist schon eingeladen, in inv_",
        ),
        (
            "eins@x.example, zwei@x.example",
            "7",
            "Eingeladen. Alle bekommen einen Brief",
        ),
    ] {
        let fields = [("addresses", addresses), ("days", days)];
        story.sends(invite, &fields, sentence).await;
    }
    let page = story
        .opens(
            &invitations,
            "Noch einmal senden<span class=\"unseen\"> an ",
        )
        .await;
    let id = page.field("invitation").to_owned();
    let fields = [("invitation", id.as_str())];
    let early = "solange steht es im Eingang des Empfängers";
    story.sends((&invitations, "/resend"), &fields, early).await;
    let done = "Zurückgenommen. Annehmen lässt sie sich nicht mehr.";
    story.sends((&invitations, "/cancel"), &fields, done).await;
    story
        .opens(
            &format!("{invitations}?done=resend"),
            "Es wird noch einmal gesandt.",
        )
        .await;
}

#[tokio::test]
async fn settings_storage_and_the_end_of_a_workgroup() {
    let mut story = story().await;
    let place = story.workgroup().await;
    let settings = format!("{place}/settings");
    story
        .opens(&settings, "Wie sie heißt, und wozu sie da ist")
        .await;
    let fields = [("name", " "), ("handle", "labor")];
    let change = (settings.as_str(), "/change");
    let wrong = "ein Name hat 1 bis 100 Zeichen und keine Steuerzeichen;";
    story.sends(change, &fields, wrong).await;
    let fields = [("name", "Unser Labor"), ("handle", "labor")];
    let changed = "Geändert. Von nun an sehen es alle so.";
    story.sends(change, &fields, changed).await;
    let storage = format!("{place}/storage");
    story.opens(&storage, "Ihr gehört noch nichts.").await;
    let items = story.owns().await;
    let lab: Context = place.trim_start_matches("/workgroups/").parse().unwrap();
    let to = handover::actors::invitation::To::Workgroup("labor".parse().unwrap());
    let maria = story.web.account(MARIA).await;
    let offer = story.web.offer_to(maria, &items, to, None).await;
    let close = format!("{place}/close");
    story
        .opens(
            &close,
            "„Unser Labor“ hat Angebote bekommen, die offen sind;",
        )
        .await;
    let offer = format!("/transfers/{offer}");
    let page = story.web.get(&mut story.maria, &offer).await;
    let accept = format!("{offer}/accept");
    let into = lab.to_string();
    let fields = [("context", into.as_str())];
    story
        .web
        .submit(&mut story.maria, &page, &accept, &fields)
        .await;
    story
        .opens(&storage, "<span class=\"quiet small\">Lauf</span>")
        .await;
    let hand_over = (settings.as_str(), "/hand-over");
    for (heir, sentence) in [
        ("x", "„x“ gehört nicht zu „Unser Labor“;"),
        (
            MARIA,
            "maria@core.example ist nicht Administrator von „Unser Labor“;",
        ),
        (
            ANNA,
            "Die Arbeitsgruppe ist angeboten. Bis zur Annahme gehört sie Ihnen.",
        ),
        (
            ANNA,
            "die Arbeitsgruppe ist schon angeboten, in <a href=\"/invitations/inv_",
        ),
    ] {
        story.sends(hand_over, &[("heir", heir)], sentence).await;
    }
    story.opens(&close, "„Unser Labor“ gehören Läufe;").await;
    let sent = "„Unser Labor“ hat Angebote oder Einladungen gesandt, die offen sind;";
    story.opens(&close, sent).await;
    // Another one, in which nothing is.
    let form = story.web.get(&mut story.maria, "/workgroups/new").await;
    let fields = [("name", "Leer"), ("handle", "leer")];
    let create = "/workgroups/create";
    let made = story
        .web
        .submit(&mut story.maria, &form, create, &fields)
        .await;
    let close = format!("{}/close", made.location().split('?').next().unwrap());
    story
        .opens(
            &close,
            "ihr Kürzel, leer, ist für eine andere Arbeitsgruppe frei.",
        )
        .await;
    let closed = "Die Arbeitsgruppe ist geschlossen. Ihr Kürzel ist wieder frei.";
    story.sends((&close, ""), &[], closed).await;
}

#[tokio::test]
async fn a_workgroup_that_the_configuration_file_rules() {
    let mut story = story().await;
    story
        .web
        .workgroup("Labor", Some(1 << 40), &[MARIA, ANNA])
        .await;
    let place = "/workgroups/labor";
    let ruled = "Die Konfigurationsdatei dieser Website nennt diese Arbeitsgruppe";
    story.opens(place, ruled).await;
    let fields = [("name", "Meins"), ("handle", "meins")];
    let settings = format!("{place}/settings");
    let no = "„Labor“ und ihre Mitglieder stehen in der Konfigurationsdatei dieser Website,";
    story.sends((&settings, "/change"), &fields, no).await;
}
