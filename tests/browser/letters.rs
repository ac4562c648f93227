//! From a run folder to a receipt, as people do it: the command line, Postfix, the letter it delivered, and a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use handover::runfolder::sample::{self, Sample};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{As, Browser};
use crate::daemon::{BINARY, Daemon, Place, until, within};
use crate::post_office::{Delivered, PostOffice};

const CORE: &str = "core@core.test";
const CARL: &str = "carl@lab.test";
const WORKGROUP: &str = "[[workgroup]]\nhandle = \"techsupport\"\nname = \"TechSupport\"\nowner = \"boss@lab.test\"\nmembers = [\"carl@lab.test\"]\n";

/// Somebody at a terminal, signed in.
struct Terminal {
    home: PathBuf,
}

impl Terminal {
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(BINARY)
            .args(arguments)
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join("config"))
            .env_remove("HANDOVER_URL")
            .env_remove("HANDOVER_TOKEN")
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.run(&arguments)).unwrap()
    }
}

/// A site with Postfix, and what they need of the disk.
struct World {
    daemon: Daemon,
    office: PostOffice,
    place: Place,
    /// Letters that were looked at.
    read: Vec<String>,
    home: TempDir,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let office = PostOffice::postfix(&home.path().join("post"), &["core.test", "lab.test"]);
        let place = Place::new(&home.path().join("site"), office.port, WORKGROUP);
        let mut daemon = place.start();
        daemon.ready(&place);
        Self {
            daemon,
            office,
            place,
            read: Vec::new(),
            home,
        }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    /// The next letter to somebody that was not looked at yet.
    fn letter(&mut self, to: &str, what: &str, is: impl Fn(&Delivered) -> bool) -> Delivered {
        let read = &self.read;
        let letter = self.office.wait_for(what, |letter| {
            letter.to == to && is(letter) && !read.contains(&letter.message_id)
        });
        self.read.push(letter.message_id.clone());
        letter
    }

    fn code(&mut self, to: &str) -> String {
        let letter = self.letter(to, "a code", |letter| letter.code().is_some());
        letter.code().unwrap()
    }

    fn log_in(&mut self, address: &str) -> Terminal {
        let home = self.path().join(address);
        std::fs::create_dir_all(&home).unwrap();
        let terminal = Terminal { home };
        let site = self.place.site.clone();
        let id = terminal.run(&["login", "--url", &site, "--address", address, "--terse"]);
        let code = self.code(address);
        let with = [
            "login",
            "--url",
            &site,
            "--sign-in",
            id.trim(),
            "--code",
            &code,
        ];
        terminal.run(&with);
        terminal
    }

    /// Signs in on the page that asks for it.
    async fn sign_in(&mut self, browser: &Browser, address: &str, picture: &str) {
        browser.write("#address", address);
        browser.picture(&format!("{picture}-address")).await;
        browser.press("Send me a code");
        let code = self.code(address);
        browser.write("#code", &code);
        browser.picture(&format!("{picture}-code")).await;
        browser.press("Sign in");
    }
}

/// A run of a generated folder, offered with its projects.
fn offered(world: &World, core: &Terminal) -> (Value, String) {
    let folder = sample::write(world.path(), &Sample::default()).unwrap();
    let registered = core.json(&["run", "register", folder.to_str().unwrap()]);
    let run = registered["run"]["id"].as_str().unwrap();
    let to = [
        "--with-projects",
        "--to",
        CARL,
        "--message",
        "Your soils and leaves.",
        "--accept-terms",
    ];
    let request = [&["transfer", "request", run][..], &to].concat();
    let answer = core.json(&request);
    let transfer = answer["transfer"]["id"].as_str().unwrap().to_owned();
    (registered, transfer)
}

fn is_offer(letter: &Delivered) -> bool {
    letter.link().is_some()
}

#[tokio::test]
async fn a_bundle_is_accepted_on_a_phone_without_scripts_into_a_workgroup() {
    let mut world = World::new();
    let core = world.log_in(CORE);
    let (registered, transfer) = offered(&world, &core);
    let letter = world.letter(CARL, "the offer", is_offer);
    assert!(
        letter.text().contains("Your soils and leaves."),
        "{}",
        letter.text()
    );

    let phone = Browser::open(world.path(), As::PhoneWithoutScripts).await;
    phone
        .goto("data:text/html,<title>none ran</title><script>document.title='one ran'</script>")
        .await;
    assert_eq!(phone.page.title().await.unwrap(), "none ran");
    phone.goto(&letter.link().unwrap()).await;
    // The token leaves the address bar.
    phone.at("/i").await;
    phone.picture("1-link").await;
    phone.press("Sign in to respond");
    world.sign_in(&phone, CARL, "2-sign-in").await;

    let text = phone.text_with("Context to accept into");
    assert!(text.contains("Your soils and leaves."), "{text}");
    phone.fits();
    phone.picture("3-offer").await;
    phone.press("Accept into TechSupport");
    phone.at(&format!("/transfers/{transfer}/receipt")).await;
    phone.text_with("TechSupport");
    phone.fits();
    phone.picture("4-receipt").await;

    // Both sides find it in their history: on pages, in letters, at the terminal.
    phone.press("The offer and its history");
    let history = phone.text_with("History");
    assert!(
        history.contains("accepted") && history.contains("TechSupport"),
        "{history}"
    );
    phone.fits();
    phone.picture("5-recipient-history").await;
    phone.close().await;

    let sender = Browser::open(world.path(), As::PhoneWithoutScripts).await;
    sender
        .goto(&format!("{}/transfers/{transfer}", world.place.site))
        .await;
    world.sign_in(&sender, CORE, "6-sender-sign-in").await;
    let history = sender.text_with("History");
    assert!(
        history.contains("accepted") && history.contains("TechSupport"),
        "{history}"
    );
    sender.fits();
    sender.picture("7-sender-history").await;
    sender.close().await;

    for side in [CORE, CARL] {
        let receipt = world.letter(side, "a receipt", |letter| {
            letter.subject.contains("ccepted")
        });
        assert!(receipt.text().contains("TechSupport"), "{}", receipt.text());
    }
    let carl = world.log_in(CARL);
    for (who, list) in [(&core, "--sent"), (&carl, "--received")] {
        let listed = who.json(&["transfer", "list", list]);
        assert_eq!(listed[0]["id"], transfer, "{listed}");
        let page = who.json(&["transfer", "show", &transfer]);
        assert_eq!(page["transfer"]["state"], "accepted", "{page}");
        assert_eq!(page["transfer"]["accepted_into_name"], "TechSupport");
        let last = page["history"].as_array().unwrap().last().unwrap();
        assert_eq!(last["channel"], "web", "{last}");
    }
    for (list, count) in [
        ("run", 1),
        ("project", registered["projects"].as_array().unwrap().len()),
    ] {
        let there = carl.json(&[list, "list", "--context", "techsupport"]);
        assert_eq!(there.as_array().unwrap().len(), count, "{there}");
        let left = core.json(&[list, "list"]);
        assert_eq!(left.as_array().unwrap().len(), 0, "{left}");
    }
    drop(world.daemon);
}

#[tokio::test]
async fn a_scanner_that_runs_scripts_and_tries_everything_changes_nothing() {
    let mut world = World::new();
    let core = world.log_in(CORE);
    let (_, transfer) = offered(&world, &core);
    let letter = world.letter(CARL, "the offer", is_offer);
    let seen = || core.json(&["transfer", "show", &transfer]);
    until("the letter is known to be sent", within(20), || {
        (seen()["letters"][0]["state"] == "sent").then_some(())
    });
    let before = seen();

    let scanner = Browser::open(world.path(), As::Desktop).await;
    scanner.goto(&letter.link().unwrap()).await;
    for what in ["form", "button", "input", "textarea"] {
        let there = scanner
            .page
            .find_all(fantoccini::Locator::Css(what))
            .await
            .unwrap();
        assert!(there.is_empty(), "the page behind the link has a <{what}>");
    }
    let met = scanner.try_everything(&letter.link().unwrap()).await;
    scanner.picture("8-scanner").await;
    // It came as far as the sign-in and its form, so it was a real attempt.
    println!("the scanner met {met:?}");
    assert!(met.contains_key("form") && met.len() == 3, "{met:?}");
    scanner.close().await;
    assert_eq!(seen(), before);
    assert_eq!(before["transfer"]["state"], "pending");
    drop(world.daemon);
}
