//! What every page must be: within its width, reachable for everybody, small, and its own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::daemon::{until, within};
use crate::post_office::needs;
use crate::site::World;

/// A page may weigh so much, in bytes; with everything it loads, twice that.
const HEAVIEST: u64 = 100 * 1024;
/// The page, its stylesheet, its script, its icon and, of a letter, its frame.
const MOST_REQUESTS: usize = 5;
/// Milliseconds until something is to be seen, on a machine that does much else.
const LATEST_PAINT: f64 = 5_000.0;

/// What was measured of a page.
pub struct Seen {
    name: String,
    bytes: u64,
    /// Everything that was asked for.
    places: Vec<String>,
    all_bytes: u64,
    first_paint_ms: f64,
    source: PathBuf,
}

impl Seen {
    /// In what the page goes too far.
    fn too_much(&self, site: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let strange = self.places.iter().filter(|place| !place.starts_with(site));
        wrong.extend(strange.map(|place| format!("it asks for {place}")));
        if !(1..=HEAVIEST).contains(&self.bytes) || self.all_bytes > 2 * HEAVIEST {
            wrong.push(format!(
                "{} bytes, {} with what it loads",
                self.bytes, self.all_bytes
            ));
        }
        if self.places.len() > MOST_REQUESTS {
            wrong.push(format!("{} requests", self.places.len()));
        }
        if self.first_paint_ms > LATEST_PAINT {
            wrong.push(format!(
                "nothing to be seen for {:.0} ms",
                self.first_paint_ms
            ));
        }
        wrong
    }
}

/// What the browser loaded for a page.
const LOADED: &str = "(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    return { bytes: all[0].decodedBodySize, all: all.reduce((sum, one) => sum + one.decodedBodySize, 0),
        places: all.map(one => one.name), paint: paint ? paint.startTime : null };
})()";

/// How many lists of a page are cut off, so that one has to move them sideways.
const CUT: &str = "[...document.querySelectorAll('.scroll')].filter(list => list.scrollWidth > list.clientWidth).length";

/// How many menus reach over an edge of the screen once they are opened.
const OUTSIDE: &str = "[...document.querySelectorAll('.menu')].filter(menu => { const open = menu.open; menu.open = true;
    const { left, right } = menu.lastElementChild.getBoundingClientRect(); menu.open = open;
    return left < 0 || right > document.documentElement.clientWidth; }).length";

/// What axe-core has to say of a page, one line for each rule and place.
const AXE: &str = "axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(found => found.violations
    .flatMap(rule => rule.nodes.map(node => [rule.impact, rule.id, node.target.join(' '), node.any.concat(node.all, node.none)
        .map(check => check.message).join(', ')].join(' | '))))";

/// What tests/run fetched for the tests of the pages.
fn tool(path: &str) -> PathBuf {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/web-tools/node_modules");
    let tool = modules.join(path);
    let there = tool.exists();
    assert!(
        there,
        "{} is not there, and this test needs it: tests/run fetches it",
        tool.display()
    );
    tool
}

impl World {
    /// Looks at the page as it is: every page of every story passes here.
    pub async fn look(&mut self, name: &str) {
        let name = format!("{}-{name}", self.screen.name);
        println!("{name}");
        let browser = &self.browser;
        let mut wrong = Vec::new();
        let width = browser.width();
        if width > self.screen.width {
            wrong.push(format!("it is {width} wide"));
        }
        let cut = browser.ask(CUT);
        if cut != json!(0) {
            wrong.push(format!("{cut} lists are cut off"));
        }
        let outside = browser.ask(OUTSIDE);
        if outside != json!(0) {
            wrong.push(format!("{outside} menus reach over the edge of the screen"));
        }
        for dark in [false, true] {
            browser.dark(dark);
            browser.whole(&format!("{name}-{}", if dark { "dark" } else { "light" }));
            // Contrast is another in the dark: a telephone is looked at in the one, a desk in the other.
            if dark != self.screen.is_plain_phone {
                wrong.extend(self.axe());
            }
        }
        browser.dark(false);
        let seen = self.measure(&name);
        wrong.extend(seen.too_much(&self.place.site));
        self.wrong
            .extend(wrong.iter().map(|one| format!("{name}: {one}")));
        self.seen.push(seen);
    }

    /// What axe-core finds.
    fn axe(&self) -> Vec<String> {
        // The page has come and run nothing; what runs now is not the page's.
        self.browser.scripts(true);
        let axe = fs::read_to_string(tool("axe-core/axe.min.js")).unwrap();
        self.browser.ask(&axe);
        let found = self.browser.ask(AXE);
        self.browser.scripts(!self.screen.is_plain_phone);
        let found = found.as_array().unwrap().iter();
        found.map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    /// It would be seen if something were wrong.
    pub async fn sees_what_is_wrong(&self) {
        let page = "data:text/html,<title>a picture without words</title><img src='data:,'>";
        self.browser.goto(page).await;
        let found = self.axe();
        assert!(
            found.iter().any(|one| one.contains("image-alt")),
            "{found:?}"
        );
    }

    fn measure(&self, name: &str) -> Seen {
        let loaded = until(&format!("{name} is painted"), within(20), || {
            let loaded = self.browser.ask(LOADED);
            loaded["paint"].is_number().then_some(loaded)
        });
        let source = self.path().join("sources").join(format!("{name}.html"));
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(&source, self.browser.source()).unwrap();
        let places = loaded["places"].as_array().unwrap().iter();
        Seen {
            name: name.to_owned(),
            bytes: loaded["bytes"].as_u64().unwrap(),
            places: places.map(|one| one.as_str().unwrap().to_owned()).collect(),
            all_bytes: loaded["all"].as_u64().unwrap(),
            first_paint_ms: loaded["paint"].as_f64().unwrap(),
            source,
        }
    }

    /// Nothing is wrong with the pages that were looked at, and they are valid HTML; what each weighs is written down.
    pub fn sum_up(&self, stories: &str) {
        let mut table = "page,bytes,requests,bytes of all,first paint in ms\n".to_owned();
        for one in &self.seen {
            let Seen {
                name,
                bytes,
                places,
                all_bytes,
                first_paint_ms,
                ..
            } = one;
            let requests = places.len();
            writeln!(
                table,
                "{name},{bytes},{requests},{all_bytes},{first_paint_ms:.0}"
            )
            .unwrap();
        }
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output/browser");
        fs::write(
            kept.join(format!("{}-{stories}.csv", self.screen.name)),
            table,
        )
        .unwrap();
        let config = self.path().join("sources/.htmlvalidate.json");
        fs::write(
            &config,
            r#"{ "root": true, "extends": ["html-validate:standard"] }"#,
        )
        .unwrap();
        let output = Command::new(needs("node", "nodejs"))
            .arg(tool("html-validate/bin/html-validate.mjs"))
            .args(["--formatter", "text", "--config"])
            .arg(&config)
            .args(self.seen.iter().map(|one| &one.source))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let broken = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}{broken}");
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}
