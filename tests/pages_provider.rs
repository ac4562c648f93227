//! Signing in through an identity provider: what is believed, what is not, and what the person is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/provider.rs"]
mod provider;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::time::Duration;

use axum::http::{Method, StatusCode};
use handover::domain::policy::{Policy, Registration, SignIn};
use handover::web::provider::Settings;
use provider::{Provider, Signed, parameter};
use serde_json::{Value, json};
use website::{Answer, Browser, TLS, Website};

const ANNA: &str = "anna@uni.example";
const BEGUN: &str = "handover-provider";
const SESSION: &str = "handover";

/// A site, and a provider that it knows.
struct Site {
    web: Website,
    uni: Provider,
}

impl Site {
    async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// With other settings of the provider.
    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (web, uni) = (Website::open().await, Provider::start().await);
        let mut settings = uni.settings();
        change(&mut settings);
        web.app.sign_in_through(vec![settings]);
        Self { web, uni }
    }

    async fn press(&self, browser: &mut Browser, next: &str) -> Answer {
        let fields = [("provider", "uni"), ("next", next)];
        self.web.post(browser, "/sign-in/provider", &fields).await
    }

    /// Where the browser is sent.
    async fn begin(&self, browser: &mut Browser, next: &str) -> String {
        let page = self.press(browser, next).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let refresh = page.headers["refresh"].to_str().unwrap();
        refresh.strip_prefix("0; url=").unwrap().to_owned()
    }

    fn now_s(&self) -> i64 {
        self.web.app.clock().now() / 1_000
    }

    fn lets_in(&self, url: &str, email: &str) -> String {
        let now = self.now_s();
        self.uni
            .lets_in(url, email, now, Signed::With(0), |_, _| ())
    }

    /// The browser comes back from where it was sent.
    async fn back(&self, browser: &mut Browser, url: &str, code: &str) -> Answer {
        let state = parameter(url, "state");
        let path = format!("/sign-in/callback?code={code}&state={state}");
        self.web.get(browser, &path).await
    }

    /// All the way, with what the provider says changed.
    async fn sign_in(
        &self,
        browser: &mut Browser,
        signed: Signed,
        say: impl FnOnce(&mut Value, &mut Value),
    ) -> Answer {
        let url = self.begin(browser, "/").await;
        let code = self.uni.lets_in(&url, ANNA, self.now_s(), signed, say);
        self.back(browser, &url, &code).await
    }

    /// The whole journal, one entry a line.
    fn journal(&self) -> String {
        let view = self.web.kept();
        let entries = view.journal();
        let entries = entries.map(|(_, _, body)| String::from_utf8_lossy(body).into_owned());
        entries.collect::<Vec<_>>().join("\n")
    }

    /// Nobody is signed in, nobody is registered, and the page says why.
    fn refused(&self, browser: &Browser, page: &Answer, says: &str) {
        let text = page.body.replace("&#39;", "'");
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{says}: {text}");
        assert!(text.contains(says), "{says}: {text}");
        assert!(!browser.cookies.contains_key(SESSION), "{says}");
        assert!(!browser.cookies.contains_key(BEGUN), "{says}: it is over");
        assert!(text.contains("Send me a code"), "{says}: {text}");
        assert!(!self.journal().contains("registered"), "{says}");
    }
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_is_signed_in_and_the_journal_says_through_what() {
    let site = Site::open().await;
    let mut anna = Browser::default();
    let page = site.web.get(&mut anna, "/sign-in?next=/transfers").await;
    assert!(page.body.contains("Sign in with <bdi>Uni Example</bdi>"));
    assert_eq!(page.field("next"), "/transfers");
    insta::with_settings!({ filters => vec![
        (r"/assets/handover-[0-9a-f]{32}", "/assets/handover-HASH"),
    ]}, {
        insta::assert_snapshot!("sign-in-with-provider", page.body);
    });
    let url = site.begin(&mut anna, "/transfers").await;
    let back = parameter(&url, "redirect_uri");
    assert_eq!(back, "http://localhost:8080/sign-in/callback");
    let code = site.lets_in(&url, ANNA);
    let answer = site.back(&mut anna, &url, &code).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.location(), "/transfers");
    let home = site.web.follow(&mut anna, "/account").await;
    assert!(home.body.contains(ANNA), "{}", home.body);
    let journal = site.journal();
    assert!(journal.contains(r#""what":"registered""#), "{journal}");
    let through = r#""what":"signed-in","through":"uni""#;
    assert!(journal.contains(through), "{journal}");

    // The same person by a code is the same account.
    let id = site.web.account(ANNA).await;
    assert_eq!(journal.matches("registered").count(), 1);
    assert!(site.journal().contains(&id.to_string()));
}

#[tokio::test]
async fn a_session_that_was_there_before_ends_when_somebody_signs_in() {
    let site = Site::open().await;
    let mut browser = site.web.sign_in("maria@core.example").await;
    let before = browser.clone();
    let answer = site.sign_in(&mut browser, Signed::With(0), |_, _| ()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_ne!(browser.cookies[SESSION], before.cookies[SESSION]);
    let page = site.web.get(&mut before.clone(), "/account").await;
    assert!(page.location().starts_with("/sign-in"), "{}", page.body);
}

#[tokio::test]
async fn what_a_provider_may_not_say_signs_nobody_in() {
    type Say = fn(&mut Value, &mut Value);
    let cases: [(Signed, Say, &str); 14] = [
        (
            Signed::With(0),
            |claims, _| claims["nonce"] = json!("of another sign-in"),
            "the answer of Uni Example belongs to another sign-in",
        ),
        (
            Signed::With(0),
            |claims, _| drop(claims.as_object_mut().unwrap().remove("nonce")),
            "the answer of Uni Example belongs to another sign-in",
        ),
        (
            Signed::With(0),
            |claims, _| claims["aud"] = json!("another-site"),
            "the answer of Uni Example is meant for another site",
        ),
        (
            Signed::With(0),
            |claims, _| claims["aud"] = json!(["handover", "another-site"]),
            "the answer of Uni Example is meant for another site",
        ),
        (
            Signed::With(0),
            |claims, _| claims["iss"] = json!("https://login.evil.example"),
            "the answer of Uni Example says that it comes from another provider",
        ),
        (
            Signed::With(0),
            |claims, _| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 61),
            "the answer of Uni Example is too old",
        ),
        (
            Signed::Forged,
            |_, _| (),
            "the answer of Uni Example is not signed by it",
        ),
        (
            Signed::WithTheSecret,
            |_, _| (),
            "the answer of Uni Example is not signed by it",
        ),
        (
            Signed::Not,
            |_, _| (),
            "the answer of Uni Example is not signed by it",
        ),
        (
            Signed::With(0),
            |claims, _| claims["email_verified"] = json!(false),
            "Uni Example does not say that anna@uni.example is verified; have a code sent to it",
        ),
        (
            Signed::With(0),
            |claims, _| drop(claims.as_object_mut().unwrap().remove("email_verified")),
            "Uni Example does not say that anna@uni.example is verified; have a code sent to it",
        ),
        (
            Signed::With(0),
            |claims, _| claims["email"] = json!("<b>anna</b>"),
            "Uni Example tells no email address of yours",
        ),
        (
            Signed::With(0),
            |claims, about| {
                drop(claims.as_object_mut().unwrap().remove("email"));
                drop(about.as_object_mut().unwrap().remove("email"));
            },
            "Uni Example tells no email address of yours",
        ),
        (
            Signed::With(0),
            |claims, about| {
                drop(claims.as_object_mut().unwrap().remove("email"));
                about["sub"] = json!("somebody else");
            },
            "the answer of Uni Example cannot be understood",
        ),
    ];
    for (signed, say, says) in cases {
        let site = Site::open().await;
        let mut anna = Browser::default();
        let page = site.sign_in(&mut anna, signed, say).await;
        site.refused(&anna, &page, says);
    }
}

#[tokio::test]
async fn an_address_that_the_provider_may_not_vouch_for_is_filled_in_for_a_code() {
    let check = async |change: fn(&mut Settings), says: &str| {
        let site = Site::with(change).await;
        let mut anna = Browser::default();
        let page = site.sign_in(&mut anna, Signed::With(0), |_, _| ()).await;
        site.refused(&anna, &page, says);
        assert!(page.body.contains(&format!("value=\"{ANNA}\"")), "{says}");
    };
    check(
        |uni| uni.suffixes = vec!["core.example".to_owned(), "i.example".to_owned()],
        "Uni Example may not vouch for anna@uni.example here; have a code sent to it",
    )
    .await;
    check(
        |uni| uni.trusted = false,
        "this site does not take the word of Uni Example for anna@uni.example; have a code sent to it",
    )
    .await;
}

#[tokio::test]
async fn a_state_belongs_to_the_browser_that_it_was_made_for() {
    let site = Site::open().await;
    let says = "this sign-in was not begun in this browser";
    let (mut anna, mut eve) = (Browser::default(), Browser::default());
    site.begin(&mut anna, "/").await;
    let eves = site.begin(&mut eve, "/").await;
    // Eve sends Anna to the end of her own sign-in, so that Anna would work in Eve's account.
    let code = site.lets_in(&eves, "eve@evil.example");
    let page = site.back(&mut anna, &eves, &code).await;
    site.refused(&anna, &page, says);
    // And to the end of one that no browser of Anna's has begun.
    let page = site.back(&mut Browser::default(), &eves, &code).await;
    assert!(page.body.contains(says), "{}", page.body);
    // Her code in Anna's sign-in: the provider gave it for another one.
    let hers = site.begin(&mut anna, "/").await;
    let page = site.back(&mut anna, &hers, &code).await;
    site.refused(&anna, &page, "was used already, or is too old");
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_taken_for_this_ones() {
    let site = Site::open().await;
    let other = Provider::start().await;
    let mut settings = other.settings();
    settings.handle = "other".to_owned();
    settings.name = "Other".to_owned();
    site.web
        .app
        .sign_in_through(vec![site.uni.settings(), settings]);
    let mut anna = Browser::default();
    let url = site.begin(&mut anna, "/").await;
    let code = site.lets_in(&url, ANNA);
    let issuer = other.issuer.replace(':', "%3A").replace('/', "%2F");
    let page = site
        .back(&mut anna, &url, &format!("{code}&iss={issuer}"))
        .await;
    site.refused(
        &anna,
        &page,
        "you come from another identity provider than Uni Example",
    );
    // The cookie names the provider that is asked; with another name in it, it belongs to no state.
    let url = site.begin(&mut anna, "/").await;
    let cookie = anna.cookies.get_mut(BEGUN).unwrap();
    *cookie = cookie.replace(":uni:", ":other:");
    let page = site.back(&mut anna, &url, &code).await;
    site.refused(&anna, &page, "this sign-in was not begun in this browser");
}

#[tokio::test]
async fn an_answer_is_good_once_and_for_ten_minutes() {
    let site = Site::open().await;
    let mut anna = Browser::default();
    let url = site.begin(&mut anna, "/").await;
    let kept = anna.clone();
    let code = site.lets_in(&url, ANNA);
    let answer = site.back(&mut anna, &url, &code).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = site.back(&mut anna, &url, &code).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(
        page.body
            .contains("was not begun in this browser, is over already")
    );
    // Somebody who has seen all of it, cookie and all.
    let mut thief = kept;
    let page = site.back(&mut thief, &url, &code).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.body.contains("was used already, or is too old"));
    assert!(!thief.cookies.contains_key(SESSION));

    let mut slow = Browser::default();
    let url = site.begin(&mut slow, "/").await;
    site.web.clock.advance(Duration::from_secs(600));
    let code = site.lets_in(&url, ANNA);
    let page = site.back(&mut slow, &url, &code).await;
    assert!(
        page.body.contains("took longer than ten minutes"),
        "{}",
        page.body
    );
    assert!(!slow.cookies.contains_key(SESSION));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let site = Site::open().await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let mut anna = Browser::default();
        let url = site.begin(&mut anna, next).await;
        let code = site.lets_in(&url, ANNA);
        let answer = site.back(&mut anna, &url, &code).await;
        assert_eq!(answer.location(), "/", "{next}");
    }
    // What stands in the address of the answer is not looked at.
    let mut anna = Browser::default();
    let url = site.begin(&mut anna, "/runs").await;
    let code = site.lets_in(&url, ANNA);
    let code = format!("{code}&next=https%3A%2F%2Fevil.example");
    let answer = site.back(&mut anna, &url, &code).await;
    assert_eq!(answer.location(), "/runs");
}

#[tokio::test]
async fn only_a_form_of_this_site_begins() {
    let site = Site::open().await;
    let mut anna = Browser::default();
    let page = site.web.get(&mut anna, "/sign-in/provider").await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    let fields = [("provider", "uni"), ("next", "/")];
    for origin in [None, Some("https://evil.example")] {
        let path = "/sign-in/provider";
        let page = site.web.post_from(&mut anna, origin, path, &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{origin:?}");
    }
    let page = site
        .web
        .visit(&mut anna, Method::POST, "/sign-in/callback")
        .await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(anna.cookies.is_empty());
    assert_eq!(site.uni.parts.lock().unwrap().asked, 0);
    let fields = [("provider", "unknown"), ("next", "/")];
    let page = site.web.post(&mut anna, "/sign-in/provider", &fields).await;
    site.refused(&anna, &page, "there is no such identity provider");
}

#[tokio::test]
async fn the_cookie_is_short_lived_hidden_from_scripts_and_of_this_host_alone() {
    let uni = Provider::start().await;
    for (url, starts, ends) in [
        (
            website::PLAIN,
            "handover-provider=",
            "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax",
        ),
        (
            TLS,
            "__Host-handover-provider=",
            "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
        ),
    ] {
        let site = Site {
            web: Website::at(url).await,
            uni: uni.clone(),
        };
        site.web.app.sign_in_through(vec![uni.settings()]);
        let page = site.press(&mut Browser::default(), "/").await;
        let [cookie] = page.cookies()[..] else {
            panic!("{:?}", page.cookies());
        };
        assert!(
            cookie.starts_with(starts) && cookie.ends_with(ends),
            "{cookie}"
        );
        let link = page.headers["refresh"].to_str().unwrap();
        for secret in ["state", "nonce", "code_challenge"] {
            assert!(!cookie.contains(&parameter(&link[7..], secret)), "{secret}");
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self'"), "{policy}");
    }
}

#[tokio::test]
async fn the_page_on_the_way_says_where_it_goes() {
    let site = Site::open().await;
    let page = site.press(&mut Browser::default(), "/transfers").await;
    insta::with_settings!({ filters => vec![
        (r"/assets/handover-[0-9a-f]{32}", "/assets/handover-HASH"),
        (r"127\.0\.0\.1:\d+", "PROVIDER"),
        (r"=[A-Za-z0-9_-]{43}", "=VALUE"),
    ]}, {
        insta::assert_snapshot!("onward", page.body);
    });
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_of_at_once_and_the_code_stays() {
    // Nobody listens there any more.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let site = Site::with(|uni| uni.issuer = gone).await;
    let says = "Uni Example cannot be reached just now; have a code sent to your address instead";
    let page = site.press(&mut Browser::default(), "/").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains(says), "{}", page.body);
    assert!(page.body.contains("Send me a code"), "{}", page.body);
    assert!(page.cookies().is_empty());
    site.web.sign_in(ANNA).await;
}

#[tokio::test]
async fn a_provider_that_says_odd_things_of_itself_is_taken_to_be_down() {
    for (name, odd) in [
        ("issuer", json!("https://login.evil.example")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        (
            "authorization_endpoint",
            json!("http://login.evil.example/auth"),
        ),
        ("jwks_uri", json!("http://192.0.2.1/keys")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("jwks_uri", json!(7)),
    ] {
        let site = Site::open().await;
        site.uni.parts.lock().unwrap().itself = json!({ name: odd.clone() });
        let page = site.press(&mut Browser::default(), "/").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{name} {odd}");
        // It is left alone for five seconds, then asked again.
        site.uni.parts.lock().unwrap().itself = json!({});
        let page = site.press(&mut Browser::default(), "/").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{name} {odd}");
        assert_eq!(site.uni.parts.lock().unwrap().asked, 1, "{name} {odd}");
        site.web.clock.advance(Duration::from_secs(5));
        let page = site.press(&mut Browser::default(), "/").await;
        assert_eq!(page.status, StatusCode::OK, "{name} {odd}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_about_itself_once_an_hour_and_when_it_has_new_keys() {
    let site = Site::open().await;
    let signs_in = async |signed| {
        let mut anna = Browser::default();
        site.sign_in(&mut anna, signed, |_, _| ()).await.status
    };
    let asked = || site.uni.parts.lock().unwrap().asked;
    assert_eq!(signs_in(Signed::With(0)).await, StatusCode::SEE_OTHER);
    assert_eq!(signs_in(Signed::With(0)).await, StatusCode::SEE_OTHER);
    assert_eq!(asked(), 1);
    // Whoever names unknown keys has it asked once a minute at most.
    assert_eq!(signs_in(Signed::With(1)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(asked(), 1);
    site.web.clock.advance(Duration::from_secs(60));
    site.uni.parts.lock().unwrap().key = 1;
    assert_eq!(signs_in(Signed::With(1)).await, StatusCode::SEE_OTHER);
    assert_eq!(signs_in(Signed::With(1)).await, StatusCode::SEE_OTHER);
    assert_eq!(asked(), 2);
    site.web.clock.advance(Duration::from_secs(3_600));
    assert_eq!(signs_in(Signed::With(1)).await, StatusCode::SEE_OTHER);
    assert_eq!(asked(), 3);
    // A configuration that says the same of it again forgets nothing.
    site.web.app.sign_in_through(vec![site.uni.settings()]);
    assert_eq!(signs_in(Signed::With(1)).await, StatusCode::SEE_OTHER);
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn who_may_register_is_the_same_as_by_a_code() {
    let site = Site::open().await;
    let policy = Policy::default();
    site.web.directory().decide_by(Policy {
        sign_in: SignIn {
            registration: Registration::Listed(vec!["core.example".to_owned()]),
            ..policy.sign_in.clone()
        },
        ..policy
    });
    let mut anna = Browser::default();
    let page = site.sign_in(&mut anna, Signed::With(0), |_, _| ()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    assert!(page.body.contains("anna@uni.example cannot register here"));
    assert!(!anna.cookies.contains_key(SESSION));
    let url = site.begin(&mut anna, "/").await;
    let code = site.lets_in(&url, "maria@core.example");
    let answer = site.back(&mut anna, &url, &code).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn a_provider_that_lets_nobody_in_is_believed_in_words_of_our_own() {
    let site = Site::open().await;
    for (error, says) in [
        (
            "access_denied",
            "Uni Example did not let you in, or you said no there",
        ),
        ("server_error", "Uni Example did not carry out the sign-in"),
        ("%3Cb%3Eevil", "Uni Example did not carry out the sign-in"),
    ] {
        let mut anna = Browser::default();
        let url = site.begin(&mut anna, "/").await;
        let more = format!("&error={error}&error_description=visit+evil.example");
        let page = site.back(&mut anna, &url, &more).await;
        site.refused(&anna, &page, says);
        assert!(!page.body.contains("evil"), "{}", page.body);
    }
    for code in [String::new(), "x".repeat(5_000)] {
        let mut anna = Browser::default();
        let url = site.begin(&mut anna, "/").await;
        let page = site.back(&mut anna, &url, &code).await;
        site.refused(&anna, &page, "Uni Example sent no code");
    }
}
