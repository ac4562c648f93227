//! Signing in as people do it: a real browser, the daemon, and an identity provider that others wrote (oidc-provider, on Node).
//!
//! Pictures of the pages are kept in `tests/output/browser`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/browser.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod browser;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
#[path = "support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use browser::{As, Browser};
use daemon::{Daemon, Place, until, within};
use post_office::{free_port, needs};
use tempfile::TempDir;

const ANNA: &str = "anna@uni.test";
/// With what means something in an address, in a form and in a header.
const SECRET: &str = "a secret: 100% + &more=";

/// The provider's process.
struct Provider(Child);

impl Provider {
    fn start(home: &Path, port: u16, site: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let module = here.join("target/oidc-provider/node_modules/oidc-provider/lib/index.js");
        assert!(
            module.exists(),
            "oidc-provider is not installed, and this test needs it: run tests/run, which installs it"
        );
        let log = File::create(home.join("provider.log")).unwrap();
        let process = Command::new(needs("node", "nodejs"))
            .arg(here.join("tests/support/provider.mjs"))
            .arg(module)
            .arg(port.to_string())
            .arg(format!("{site}/sign-in/callback"))
            .arg(SECRET)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut provider = Self(process);
        until("the provider listens", within(30), || {
            let ended = provider.0.try_wait().unwrap();
            let log = || fs::read_to_string(home.join("provider.log")).unwrap();
            assert!(ended.is_none(), "it ended: {}", log());
            TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        });
        provider
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A daemon that knows a provider.
struct World {
    home: TempDir,
    place: Place,
    provider: Provider,
    _daemon: Daemon,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = free_port();
        let more = format!(
            "[[sign_in.provider]]\nhandle = \"uni\"\nname = \"Uni Test\"\nissuer = \"http://127.0.0.1:{port}\"\n\
             client_id = \"handover\"\nclient_secret_file = \"uni.secret\"\ntrust_verified_email = true\n\
             suffixes = [\"uni.test\"]\n"
        );
        // No letter is sent here, so nobody needs to take any.
        let site = home.path().join("site");
        let place = Place::new(&site, free_port(), &more);
        let secret = site.join("uni.secret");
        fs::write(&secret, format!("{SECRET}\n")).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let provider = Provider::start(home.path(), port, &place.site);
        let mut daemon = place.start();
        daemon.ready(&place);
        Self {
            home,
            place,
            provider,
            _daemon: daemon,
        }
    }

    /// From the sign-in page through the provider's own pages.
    async fn sign_in(&self, browser: &Browser, address: &str) {
        let page = format!("{}/sign-in?next=/account", self.place.site);
        browser.goto(&page).await;
        browser.picture("provider-sign-in").await;
        browser.press_on("//button[@name='provider']");
        browser.write("input[name=login]", address);
        browser.write("input[name=password]", "any");
        browser.press("Sign-in");
        browser.press("Continue");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_the_provider_and_comes_back() {
    let world = World::new();
    let browser = Browser::open(world.home.path(), As::PhoneWithoutScripts).await;
    world.sign_in(&browser, ANNA).await;
    browser.at("/account").await;
    browser.text_with(ANNA);
    browser.fits();
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_provider_does_not_prove_gets_no_further_than_a_code() {
    let world = World::new();
    for (address, says) in [
        (
            "unverified@uni.test",
            "Uni Test does not say that unverified@uni.test is verified",
        ),
        (
            "otto@other.test",
            "Uni Test may not vouch for otto@other.test here",
        ),
    ] {
        let browser = Browser::open(world.home.path(), As::Desktop).await;
        world.sign_in(&browser, address).await;
        browser.text_with(says);
        browser.picture("provider-not-proven").await;
        browser.goto(&format!("{}/account", world.place.site)).await;
        browser.text_with("Send me a code");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_went_away_is_told_of() {
    let mut world = World::new();
    let browser = Browser::open(world.home.path(), As::Desktop).await;
    world.provider.kill();
    browser.goto(&format!("{}/sign-in", world.place.site)).await;
    browser.press_on("//button[@name='provider']");
    browser.text_with("Uni Test cannot be reached just now");
    browser.text_with("Send me a code");
    browser.picture("provider-down").await;
    assert!(!world.place.log().contains(SECRET));
    browser.close().await;
}
