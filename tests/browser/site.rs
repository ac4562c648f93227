//! A site, people who are signed in, and one browser that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use handover::runfolder::sample::{self, Sample};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{As, Browser, PHONE_WIDTH};
use crate::daemon::{BINARY, Daemon, LOOK, Place, now, until, within};
use crate::look::Seen;
use crate::post_office::{Delivered, PostOffice};

/// Passes on what it measures.
pub const CORE: &str = "core@core.test";
/// Gets it; belongs to the workgroup TechSupport.
pub const CARL: &str = "carl@lab.test";
/// A third person.
pub const MIA: &str = "mia@clinic.test";

/// Administers the site and the domain.
pub const ROOT: &str = "root@uni.test";
/// Administers the domain.
pub const DEAN: &str = "dean@uni.test";
/// Belongs to the domain.
pub const ANNA: &str = "anna@uni.test";

pub const SETTINGS: &str = "[[workgroup]]\nhandle = \"techsupport\"\nname = \"TechSupport\"\nowner = \"boss@lab.test\"\nmembers = [\"carl@lab.test\"]\n\
    [workgroups]\ncreate = \"anyone\"\n\
    [[domain]]\nname = \"uni\"\nsuffixes = [\"uni.test\"]\nadministrators = [\"root@uni.test\", \"dean@uni.test\"]\n";

/// With what people look at the site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Stands in the names of the pictures.
    pub name: &'static str,
    /// In pixels of CSS.
    pub width: u32,
    /// A finger, and pages that run no scripts.
    pub is_plain_phone: bool,
}

pub const PHONE: Screen = Screen {
    name: "phone",
    width: PHONE_WIDTH,
    is_plain_phone: true,
};
pub const DESK: Screen = Screen {
    name: "desk",
    width: 1100,
    is_plain_phone: false,
};

pub struct World {
    pub browser: Browser,
    pub screen: Screen,
    pub place: Place,
    /// Where letters go that are not kept in the built-in mailbox.
    pub office: Option<PostOffice>,
    /// The pages that were looked at.
    pub seen: Vec<Seen>,
    /// What is wrong with them.
    pub wrong: Vec<String>,
    /// The cookies of whoever has signed in.
    people: BTreeMap<String, Value>,
    /// Letters that were looked at.
    read: BTreeSet<String>,
    daemon: Daemon,
    home: TempDir,
}

impl World {
    /// With the built-in mailbox.
    pub async fn open(screen: Screen) -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = Place::with_mailbox(&home.path().join("site"), SETTINGS);
        Self::at(screen, home, place, None).await
    }

    pub async fn at(
        screen: Screen,
        home: TempDir,
        place: Place,
        office: Option<PostOffice>,
    ) -> Self {
        let site = format!("[site]\nadministrators = [\"{ROOT}\"]\n");
        place.reconfigure("[site]\n", &site);
        let mut daemon = place.start();
        daemon.ready(&place);
        let browser = Browser::open(home.path(), As::Desktop).await;
        browser.resize(screen.width, screen.is_plain_phone);
        browser.scripts(!screen.is_plain_phone);
        Self {
            browser,
            screen,
            place,
            office,
            seen: Vec::new(),
            wrong: Vec::new(),
            people: BTreeMap::new(),
            read: BTreeSet::new(),
            daemon,
            home,
        }
    }

    pub fn path(&self) -> &Path {
        self.home.path()
    }

    pub async fn close(self) {
        self.browser.close().await;
        drop(self.daemon);
    }

    fn text(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("{}{path}", self.place.site))
            .call()
            .unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// The page of the newest letter to somebody whose subject holds this word, once there is one.
    pub fn letter(&mut self, to: &str, word: &str) -> String {
        let to = format!(">to {to}, <time");
        let found = until(&format!("a letter {to} about {word}"), within(20), || {
            let list = self.text("/mailbox");
            let is_it = |row: &&str| row.contains(&to) && row.contains(word);
            let paths = list.split("<li>").filter(is_it).filter_map(|row| {
                let (_, rest) = row.split_once("href=\"")?;
                Some(rest.split('"').next()?.to_owned())
            });
            let mut new = paths.filter(|path| !self.read.contains(path));
            new.next()
        });
        self.read.insert(found.clone());
        found
    }

    /// The next letter to somebody that the mail server took and nobody has looked at.
    pub fn mailed(&mut self, to: &str, is: impl Fn(&Delivered) -> bool) -> Delivered {
        let (office, read) = (self.office.as_mut().unwrap(), &self.read);
        let letter = office.wait_for(to, |letter| {
            letter.to == to && is(letter) && !read.contains(&letter.message_id)
        });
        self.read.insert(letter.message_id.clone());
        letter
    }

    /// The code that was just sent to somebody.
    pub fn code(&mut self, to: &str) -> String {
        if self.office.is_some() {
            let letter = self.mailed(to, |letter| letter.code().is_some());
            return letter.code().unwrap();
        }
        let page = self.letter(to, "code");
        let page = self.text(&page);
        // It stands alone on a line of the text: eight letters and digits in two halves.
        let is_code = |line: &&str| {
            let half =
                |half: &str| half.len() == 4 && half.bytes().all(|b| b.is_ascii_alphanumeric());
            line.split_once('-')
                .is_some_and(|(one, other)| half(one) && half(other))
        };
        page.lines()
            .map(str::trim)
            .find(is_code)
            .unwrap()
            .to_owned()
    }

    /// The token of somebody who signs in at a terminal.
    pub fn terminal(&mut self, who: &str) -> String {
        let site = self.place.site.clone();
        let api = |path: &str| format!("{site}/api/v1{path}");
        let mut begun = ureq::post(api("/sign-in"))
            .send_json(json!({ "address": who }))
            .unwrap();
        let begun: Value = begun.body_mut().read_json().unwrap();
        let path = format!("/sign-in/{}", begun["sign_in"].as_str().unwrap());
        let body = json!({ "code": self.code(who), "token_name": "a terminal" });
        let mut signed = ureq::post(api(&path)).send_json(body).unwrap();
        let signed: Value = signed.body_mut().read_json().unwrap();
        signed["secret"].as_str().unwrap().to_owned()
    }

    /// A run of a generated folder and its projects, registered at a terminal, as the command line tells it.
    pub fn register_with(&self, token: &str, run: &Sample) -> Value {
        let folder = sample::write(self.path(), run).unwrap();
        let output = Command::new(BINARY)
            .args(["run", "register", folder.to_str().unwrap(), "--json"])
            .env("HOME", self.path())
            .env("HANDOVER_URL", &self.place.site)
            .env("HANDOVER_TOKEN", token)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A run and its two projects of somebody; where the run's page is.
    pub fn register(&mut self, owner: &str) -> String {
        let token = self.terminal(owner);
        let registered = self.register_with(&token, &Sample::default());
        format!("/items/{}", registered["run"]["id"].as_str().unwrap())
    }

    /// Opens a page of the site.
    pub async fn goto(&self, path: &str) {
        self.browser
            .goto(&format!("{}{path}", self.place.site))
            .await;
    }

    /// Opens a page of the site again and again, until these words are there.
    pub async fn goto_until(&self, path: &str, words: &str) {
        let deadline = within(20);
        loop {
            self.goto(path).await;
            // A main element comes with every page.
            if self.browser.text_with("").contains(words) {
                return;
            }
            assert!(now() < deadline, "{path} does not say \"{words}\"");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The browser is this person's from now on: with the session they have, or after they have signed in.
    pub async fn becomes(&mut self, who: &str) {
        if let Some(cookies) = self.people.get(who) {
            self.browser.becomes(cookies);
            return;
        }
        self.browser.forgets();
        self.goto("/sign-in").await;
        self.browser.write("#address", who);
        self.browser.press("Send me a code");
        self.browser.text_with("Code from the letter");
        let code = self.code(who);
        self.browser.write("#code", &code);
        self.browser.press("Sign in");
        self.browser
            .text_with("Invitations and offers waiting for you");
        self.keep(who);
    }

    /// Remembers the session of whoever has just signed in.
    pub fn keep(&mut self, who: &str) {
        self.people.insert(who.to_owned(), self.browser.cookies());
    }

    /// Ticks the row of a list that holds this name.
    pub fn tick(&self, name: &str) {
        self.browser
            .press_on(&format!("//tr[contains(., '{name}')]//input"));
    }

    /// Chooses what a label with these words is for.
    pub fn choose(&self, words: &str) {
        self.browser
            .press_on(&format!("//label[contains(., \"{words}\")]"));
    }
}
