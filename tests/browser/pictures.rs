//! The pictures of docs/pages.md. To make them anew, after a page has changed:
//!
//!     cargo test --test browser pictures_of_the_main_pages -- --ignored

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use handover::runfolder::sample::Sample;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::site::{ANNA, CARL, CORE, DEAN, DESK, MIA, PHONE, ROOT, Screen, World};
use crate::stories::{LEAVES, SOILS};

/// A picture may weigh so much, in bytes.
const HEAVIEST: usize = 60 * 1000;
/// What of a page is shown at most, in pixels of CSS.
const HIGHEST: f64 = 1_360.0;
/// The pages, in the order in which somebody meets them.
const PAGES: [&str; 10] = [
    "sign-in",
    "home",
    "offer",
    "receipt",
    "projects",
    "project",
    "transfer",
    "share",
    "workgroup",
    "administration",
];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

impl World {
    /// Keeps a picture of the page as it is for the documentation.
    fn show(&self, name: &str) {
        assert!(PAGES.contains(&name), "{name}");
        let shot = |quality| {
            let form = json!({ "format": "webp", "quality": quality });
            self.browser.shot(form, HIGHEST)
        };
        let mut shots = [90, 80, 70, 60, 50, 40, 30].into_iter().map(shot);
        let small = shots.find(|shot| shot.len() <= HEAVIEST);
        let path = docs().join(format!("pictures/{name}-{}.webp", self.screen.name));
        fs::write(path, small.unwrap()).unwrap();
    }
}

/// Some runs of a month.
fn runs() -> [Sample; 3] {
    let run = |day: i8, number: u32, flow_cell: &str, name: &str, projects: &[&str]| {
        let samples = |of: &str| {
            let of = of.split(' ').next_back().unwrap_or_default();
            (1..=6).map(|n| format!("{of}-{n:02}")).collect()
        };
        Sample {
            date: Date::constant(2026, 3, day),
            run_number: number,
            flow_cell: flow_cell.to_owned(),
            experiment_name: name.to_owned(),
            projects: projects
                .iter()
                .map(|name| ((*name).to_owned(), samples(name)))
                .collect(),
            ..Sample::default()
        }
    };
    [
        run(
            9,
            42,
            "22DEM0LT5",
            "Tumour panel, week 10",
            &["Tumour panel"],
        ),
        run(
            16,
            43,
            "22DEM0LT6",
            "Zebrafish",
            &["Zebrafish hearts", "Zebrafish fins"],
        ),
        Sample::default(),
    ]
}

#[tokio::test]
#[ignore = "writes the pictures of the documentation"]
async fn pictures_of_the_main_pages() {
    fs::create_dir_all(docs().join("pictures")).unwrap();
    for screen in [DESK, PHONE] {
        take(screen).await;
    }
}

async fn take(screen: Screen) {
    let mut world = World::open(screen).await;
    world.goto("/").await;
    world.browser.text_with("We send a code");
    world.show("sign-in");
    for (other, name) in [
        (CARL, "Carl Winter"),
        (MIA, "Mia Brandt"),
        (CORE, "Sequencing core"),
        (ANNA, "Anna Keller"),
        (DEAN, "Dean of biology"),
        (ROOT, "Operators"),
    ] {
        world.becomes(other).await;
        world.goto("/account").await;
        world.browser.rewrite("#name", name);
        world.browser.press("Save");
        world.browser.text_with("Saved.");
    }
    with_their_files(&mut world);
    what_the_sender_sees(&mut world).await;
    what_the_recipient_sees(&mut world).await;
    the_workgroup(&mut world).await;
    the_administration(&mut world).await;
    world.close().await;
}

/// The runs of the core, and what was computed of them.
fn with_their_files(world: &mut World) {
    let token = world.terminal(CORE);
    for run in runs() {
        let registered = world.register_with(&token, &run);
        for (nth, project) in (2..).zip(registered["projects"].as_array().unwrap()) {
            let file = |n: u64| {
                let path = format!("fastq/sample-{n:02}.fastq.gz");
                json!({ "path": path, "bytes": nth * 3_400_000_000_u64 + n * 314_159_265 })
            };
            let files: Vec<Value> = (1..=6 * nth).map(file).collect();
            let id = project["id"].as_str().unwrap();
            let path = format!("{}/api/v1/projects/{id}/files", world.place.site);
            let add = |key: &str, body: Value| {
                let added = ureq::post(&path)
                    .header("authorization", format!("Bearer {token}"))
                    .header("idempotency-key", format!("{key}-{id}"))
                    .send_json(body);
                added.unwrap();
            };
            add("all", json!({ "files": files }));
            if project["name"] == SOILS {
                let dataset = json!({ "name": "soil-01", "type": "FASTQ", "biosample": "soil-01" });
                add("reads", json!({ "files": files[..4], "dataset": dataset }));
            }
        }
    }
}

async fn what_the_sender_sees(world: &mut World) {
    world.becomes(CORE).await;
    world.goto("/projects").await;
    world.tick(SOILS);
    world.browser.press("Share");
    world.browser.write("#recipient", MIA);
    world
        .browser
        .write("#message", "For the lake paper: have a look before Friday.");
    world.show("share");
    world.browser.press("See who would see what");
    world.browser.press("Invite");
    world.browser.text_with("They are invited");
    world.becomes(MIA).await;
    world.goto("/").await;
    world.browser.press("Accept into Personal");
    world.browser.text_with("It is shared with you");
    world.becomes(CORE).await;
    world.goto("/projects").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.browser.press("Transfer");
    world.browser.write("#recipient", CARL);
    world.browser.write(
        "#message",
        "Both projects of your run of 2 March. The leaves were sequenced twice.",
    );
    world.browser.press("See what will happen");
    world.browser.text_with("Changes hands when it is accepted");
    world.show("transfer");
    world.choose("I confirm");
    world.browser.press("Send the offer");
    world.browser.text_with("It is offered");
    world.goto("/projects").await;
    world.browser.text_with("Zebrafish");
    world.show("projects");
    world.browser.press(SOILS);
    world.browser.text_with("Who has access, and why");
    world.show("project");
}

async fn what_the_recipient_sees(world: &mut World) {
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.text_with("Accept into Personal");
    world.show("home");
    world.browser.press("Choose another context");
    world.browser.text_with("Context to accept into");
    world.show("offer");
    world.browser.press("Accept into TechSupport");
    world.browser.text_with("It belongs to TechSupport now");
    world.show("receipt");
}

/// Makes a workgroup; where its pages are.
async fn make(world: &mut World, name: &str, handle: &str) -> String {
    world.goto("/workgroups/new").await;
    world.browser.write("#name", name);
    world.browser.write("#handle", handle);
    world.browser.press("Create the workgroup");
    world.browser.text_with("you own it");
    world.browser.path().await
}

async fn the_workgroup(world: &mut World) {
    world.becomes(CARL).await;
    let place = make(world, "Soil ecology", "soils").await;
    for (role, address) in [("administrator", MIA), ("member", CORE)] {
        world.goto(&format!("{place}/invitations")).await;
        world.browser.write("#addresses", address);
        let role = format!("//label[.//input[@value='{role}']]");
        world.browser.press_on(&role);
        world.browser.press("Invite them");
        world.browser.text_with("Each gets a letter");
        world.becomes(address).await;
        world.goto("/").await;
        world.browser.press("Accept");
        world.browser.text_with("You belong to Soil ecology now");
        world.becomes(CARL).await;
    }
    world.goto(&format!("{place}/members")).await;
    world.browser.text_with(CORE);
    world.show("workgroup");
}

async fn the_administration(world: &mut World) {
    let token = world.terminal(ANNA);
    let left = Sample {
        run_number: 44,
        ..Sample::default()
    };
    world.register_with(&token, &left);
    world.becomes(DEAN).await;
    make(world, "Genomics", "genomics").await;
    world.goto("/admin/moves/new").await;
    world.browser.write("#from", ANNA);
    world.browser.write("#to", "workgroup:genomics");
    world.browser.press("Show what would move");
    world.browser.press("Propose it");
    world.browser.text_with("Proposed.");
    world.becomes(ROOT).await;
    world.goto("/admin").await;
    world.browser.text_with("Move of");
    world.show("administration");
}

#[test]
fn the_documentation_shows_every_picture_and_none_is_heavy() {
    let text = fs::read_to_string(docs().join("pages.md")).unwrap();
    let shown = text.split("](pictures/").skip(1);
    let shown: BTreeSet<String> = shown
        .map(|rest| rest.split(')').next().unwrap().to_owned())
        .collect();
    let mut kept = BTreeSet::new();
    for entry in fs::read_dir(docs().join("pictures")).unwrap() {
        let entry = entry.unwrap();
        let bytes = entry.metadata().unwrap().len();
        assert!(bytes <= HEAVIEST as u64, "{:?}: {bytes}", entry.path());
        kept.insert(entry.file_name().into_string().unwrap());
    }
    let made = PAGES
        .iter()
        .flat_map(|page| [DESK, PHONE].map(|screen| format!("{page}-{}.webp", screen.name)));
    let made: BTreeSet<String> = made.collect();
    assert_eq!(shown, made);
    assert_eq!(kept, made);
}
