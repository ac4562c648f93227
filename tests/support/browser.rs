//! A real browser: headless Chromium, driven through chromedriver.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use crate::daemon::{LOOK, now, until, within};
use crate::post_office::{free_port, needs};

/// As wide as a telephone, in pixels of CSS.
pub const PHONE_WIDTH: u32 = 390;

/// How a browser is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// A telephone that runs no scripts.
    PhoneWithoutScripts,
    /// What mail scanners use.
    Desktop,
}

pub struct Browser {
    driver: Child,
    pub page: Client,
    /// Where the DevTools protocol is spoken: WebDriver's own ways to find and press need scripts on the page, and wait for ever
    /// without them.
    tools: String,
    pictures: PathBuf,
    /// How often its person has pressed something.
    presses: Cell<usize>,
}

impl Browser {
    /// A fresh one, in which nobody is signed in.
    pub async fn open(home: &Path, kind: As) -> Self {
        let chromium = needs("chromium", "chromium");
        let program = needs("chromedriver", "chromium-driver");
        let port = free_port();
        let log = File::create(home.join(format!("chromedriver-{port}.log"))).unwrap();
        let driver = Command::new(program)
            .arg(format!("--port={port}"))
            // Chromium writes to its user's folders, whatever it is told.
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        until("chromedriver listens", within(20), || {
            TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        });
        let mut options = json!({
            "binary": chromium,
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1200,900",
                "--disable-background-networking", "--no-first-run"],
        });
        if kind == As::PhoneWithoutScripts {
            let metrics =
                json!({ "width": PHONE_WIDTH, "height": 1500, "pixelRatio": 1.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = Map::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium does not start; chromedriver's log says why");
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output/browser");
        fs::create_dir_all(&pictures).unwrap();
        let session = page.session_id().await.unwrap().unwrap();
        let tools = format!("http://127.0.0.1:{port}/session/{session}/goog/cdp/execute");
        let browser = Self {
            driver,
            page,
            tools,
            pictures,
            presses: Cell::new(0),
        };
        // It remembers what it is sent from now on.
        browser.tool("Network.enable", json!({})).unwrap();
        browser
    }

    /// One of the DevTools. `None` when the page was left meanwhile.
    pub fn tool(&self, command: &str, parameters: Value) -> Option<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        let mut answer = ureq::post(&self.tools).send_json(body).ok()?;
        let answer: Value = answer.body_mut().read_json().ok()?;
        Some(answer["value"].clone())
    }

    /// As wide as this from now on, with a finger or a mouse.
    pub fn resize(&self, width: u32, touch: bool) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": touch });
        self.tool("Emulation.setDeviceMetricsOverride", size);
        let touch = json!({ "enabled": touch });
        self.tool("Emulation.setTouchEmulationEnabled", touch);
    }

    /// Whether pages may run scripts from now on.
    pub fn scripts(&self, run: bool) {
        let disabled = json!({ "value": !run });
        let told = self.tool("Emulation.setScriptExecutionDisabled", disabled);
        assert!(told.is_some());
    }

    /// Whether its person prefers dark pages from now on.
    pub fn dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let media = json!({ "media": "", "features": features });
        self.tool("Emulation.setEmulatedMedia", media);
    }

    /// What an expression, or the promise that it makes, comes to on this page.
    pub fn ask(&self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.tool("Runtime.evaluate", how).unwrap();
        let broken = &answer["exceptionDetails"];
        assert!(broken.is_null(), "{broken}");
        answer["result"]["value"].clone()
    }

    /// The page as the site sent it.
    pub fn source(&self) -> String {
        let frame = self.tool("Page.getFrameTree", json!({})).unwrap();
        // The request for a page goes by the name of what loads it.
        let request = json!({ "requestId": frame["frameTree"]["frame"]["loaderId"] });
        let answer = self.tool("Network.getResponseBody", request).unwrap();
        answer["body"].as_str().unwrap().to_owned()
    }

    /// Everything that the page holds, on one picture, however long it is.
    pub fn whole(&self, name: &str) {
        let picture = self.shot(json!({ "format": "png" }), f64::INFINITY);
        fs::write(self.pictures.join(format!("{name}.png")), picture).unwrap();
    }

    /// A picture of the page from its top, in a form that DevTools know, and at most so high.
    pub fn shot(&self, form: Value, most: f64) -> Vec<u8> {
        let sizes = self.tool("Page.getLayoutMetrics", json!({})).unwrap();
        let size = &sizes["cssContentSize"];
        let (width, height) = (&size["width"], size["height"].as_f64().unwrap().min(most));
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let mut how = form;
        how["captureBeyondViewport"] = json!(true);
        how["clip"] = clip;
        let picture = self.tool("Page.captureScreenshot", how).unwrap();
        let picture = picture["data"].as_str().unwrap().as_bytes();
        data_encoding::BASE64.decode(picture).unwrap()
    }

    /// What is saved goes into this folder from now on.
    pub fn saves_to(&self, folder: &Path) {
        let how = json!({ "behavior": "allow", "downloadPath": folder });
        self.tool("Browser.setDownloadBehavior", how).unwrap();
    }

    /// What is kept for this person: cookies, to be given back later.
    pub fn cookies(&self) -> Value {
        self.tool("Network.getCookies", json!({})).unwrap()["cookies"].clone()
    }

    /// From now on it is the browser of whoever has these cookies.
    pub fn becomes(&self, cookies: &Value) {
        self.forgets();
        let all = cookies.as_array().unwrap().iter().map(|cookie| {
            let [name, value, domain, path] =
                ["name", "value", "domain", "path"].map(|part| &cookie[part]);
            json!({ "name": name, "value": value, "domain": domain, "path": path,
                "httpOnly": true, "sameSite": "Lax" })
        });
        let all = json!({ "cookies": all.collect::<Vec<_>>() });
        self.tool("Network.setCookies", all).unwrap();
    }

    /// Nobody is signed in any more.
    pub fn forgets(&self) {
        self.tool("Network.clearBrowserCookies", json!({})).unwrap();
    }

    pub async fn goto(&self, url: &str) {
        self.page.goto(url).await.unwrap();
    }

    /// The first node that a CSS selector or an XPath names, if it is there.
    fn node(&self, what: &str) -> Option<Value> {
        self.tool("DOM.getDocument", json!({ "depth": 0 }))?;
        let found = self.tool("DOM.performSearch", json!({ "query": what }))?;
        if found["resultCount"].as_u64()? == 0 {
            return None;
        }
        let range = json!({ "searchId": found["searchId"], "fromIndex": 0, "toIndex": 1 });
        let found = self.tool("DOM.getSearchResults", range)?;
        Some(json!({ "nodeId": found["nodeIds"][0] }))
    }

    /// Types into the field that a CSS selector names.
    pub fn write(&self, field: &str, text: &str) {
        until(&format!("{field} is on the page"), within(20), || {
            self.tool("DOM.focus", self.node(field)?)
        });
        let written = self.tool("Input.insertText", json!({ "text": text }));
        assert!(written.is_some(), "nothing could be typed into {field}");
    }

    /// As `write`, in place of what the field holds.
    pub fn rewrite(&self, field: &str, text: &str) {
        self.tool("DOM.focus", self.node(field).unwrap()).unwrap();
        let all = json!({ "type": "rawKeyDown", "commands": ["selectAll"] });
        self.tool("Input.dispatchKeyEvent", all).unwrap();
        self.write(field, text);
    }

    /// Chooses in a list to choose from, as one types what one looks for.
    pub fn pick(&self, field: &str, word: &str) {
        until(&format!("{field} is on the page"), within(20), || {
            self.tool("DOM.focus", self.node(field)?)
        });
        for letter in word.chars() {
            let key = json!({ "type": "keyDown", "text": letter, "key": letter });
            self.tool("Input.dispatchKeyEvent", key).unwrap();
        }
    }

    /// How often its person has pressed something so far.
    pub fn presses(&self) -> usize {
        self.presses.get()
    }

    /// Presses the middle of what an XPath names.
    pub fn press_on(&self, what: &str) {
        self.presses.set(self.presses.get() + 1);
        // Until something of it is to be seen, a page takes no presses.
        const SEEN: &str = "performance.getEntriesByName('first-contentful-paint').length > 0";
        let corners = until(&format!("{what} is on the page"), within(20), || {
            let node = self.node(what)?;
            let seen = self.tool("Runtime.evaluate", json!({ "expression": SEEN }))?;
            seen["result"]["value"].as_bool().filter(|seen| *seen)?;
            self.tool("DOM.scrollIntoViewIfNeeded", node.clone())?;
            // A link that is broken into two lines has two of them.
            let quads = self.tool("DOM.getContentQuads", node)?;
            quads["quads"].get(0).cloned()
        });
        let at = |nth: usize| corners[nth].as_f64().unwrap();
        let (x, y) = ((at(0) + at(4)) / 2.0, (at(1) + at(5)) / 2.0);
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            let pressed = self.tool("Input.dispatchMouseEvent", press);
            assert!(pressed.is_some(), "{what} could not be pressed");
        }
    }

    /// Presses the button or link with these words.
    pub fn press(&self, words: &str) {
        let names =
            ["button", "a", "summary"].map(|name| format!("//{name}[normalize-space()='{words}']"));
        self.press_on(&names.join(" | "));
    }

    /// Where it is.
    pub async fn path(&self) -> String {
        self.page.current_url().await.unwrap().path().to_owned()
    }

    /// What stands on the page, once these words are there.
    pub fn text_with(&self, words: &str) -> String {
        let deadline = within(20);
        loop {
            let text = self.text();
            if let Some(text) = text.as_ref().filter(|text| text.contains(words)) {
                return text.clone();
            }
            let late = now() >= deadline;
            assert!(!late, "\"{words}\" is not on the page, but {text:?}");
            std::thread::sleep(LOOK);
        }
    }

    /// What stands on the page, if there is one just now.
    fn text(&self) -> Option<String> {
        let html = self.tool("DOM.getOuterHTML", self.node("//main")?)?;
        Some(words_of(html["outerHTML"].as_str()?))
    }

    /// Where the page is, once that ends so.
    pub async fn at(&self, end: &str) {
        let deadline = within(20);
        loop {
            let url = self.page.current_url().await.unwrap();
            if url.as_str().ends_with(end) {
                return;
            }
            assert!(now() < deadline, "it is at {url}, not at {end}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Keeps a picture of the page for whoever wants to look at it.
    pub async fn picture(&self, name: &str) {
        let picture = self.page.screenshot().await.unwrap();
        fs::write(self.pictures.join(format!("{name}.png")), picture).unwrap();
    }

    /// How wide the page is, in pixels of CSS.
    pub fn width(&self) -> u32 {
        let sizes = self.tool("Page.getLayoutMetrics", json!({})).unwrap();
        let width = sizes["cssContentSize"]["width"].as_f64().unwrap();
        width.ceil() as u32
    }

    /// The page needs not be moved sideways on a telephone.
    pub fn fits(&self) {
        let width = self.width();
        assert!(width <= PHONE_WIDTH, "the page is {width} wide");
    }

    pub async fn close(mut self) {
        let _ = self.page.clone().close().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }

    /// What a scanner does that wants to see what hides behind a link: it follows every link, presses every button and submits every
    /// form, wherever that leads. How often it did each, by what it met.
    pub async fn try_everything(&self, start: &str) -> BTreeMap<String, usize> {
        let site = start.split("/i/").next().unwrap().to_owned();
        let mut waiting = vec![start.to_owned()];
        let mut seen = BTreeMap::new();
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(url) = waiting.pop() {
            if !url.starts_with(&site) || seen.len() >= 30 || seen.insert(url.clone(), ()).is_some()
            {
                continue;
            }
            self.goto(&url).await;
            for link in self.page.find_all(Locator::Css("a[href]")).await.unwrap() {
                if let Ok(Some(there)) = link.prop("href").await {
                    waiting.push(there);
                    *met.entry("link".to_owned()).or_default() += 1;
                }
            }
            for what in ["form", "button, input[type=submit], summary"] {
                let there = self.page.find_all(Locator::Css(what)).await.unwrap().len();
                for nth in 0..there {
                    self.goto(&url).await;
                    self.fill().await;
                    let all = self.page.find_all(Locator::Css(what)).await.unwrap();
                    let Some(element) = all.get(nth) else { break };
                    if what == "form" {
                        let submit = "arguments[0].submit()";
                        let element = serde_json::to_value(element).unwrap();
                        self.page.execute(submit, vec![element]).await.unwrap();
                    } else {
                        // What is hidden cannot be pressed.
                        let _ = element.click().await;
                    }
                    *met.entry(what.to_owned()).or_default() += 1;
                    waiting.push(self.page.current_url().await.unwrap().to_string());
                }
            }
        }
        met
    }

    async fn fill(&self) {
        let fields = "input:not([type=hidden]):not([type=radio]), textarea";
        for field in self.page.find_all(Locator::Css(fields)).await.unwrap() {
            let _ = field.send_keys("scanner@filter.test").await;
        }
    }
}

/// The words between the tags.
fn words_of(html: &str) -> String {
    let pieces = html.split('<').map(|piece| match piece.split_once('>') {
        Some((_, text)) => text,
        None => piece,
    });
    let text = pieces.collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to end, the driver takes its browser with it; killed, it would leave that behind.
        let asked = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process(asked, rustix::process::Signal::TERM);
        for _ in 0..50 {
            if !matches!(self.driver.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
