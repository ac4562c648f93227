//! A site in memory whose clock stands still, and browsers that visit it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use handover::actors::custody::{Command as Custody, NewProject};
use handover::actors::directory::Directory;
use handover::actors::invitation::{Command, To};
use handover::actors::world::Settings;
use handover::actors::{settings, sign_in, site};
use handover::clock::Manual;
use handover::domain::address::Address;
use handover::domain::event::{By, Channel};
use handover::domain::id::{AccountId, Context, InvitationId, ItemId, LetterId};
use handover::domain::invitation::{KeepAccess, Request as Ask, Terms};
use handover::domain::item::{Biosample, Library, Read, Run, RunStatus};
use handover::domain::letter::{Kind, Letter};
use handover::domain::policy::{Creators, Domain, Policy, Tier};
use handover::domain::secret::SiteKey;
use handover::domain::time::{DAY_MS, Time};
use handover::domain::workgroup::Role;
use handover::ids::Ids;
use handover::store::Store as _;
use handover::store::model::{Model, View};
use handover::web::{App, Bounds, Rates, Site};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// 1 August 2026, 09:00 UTC.
const START: i64 = 1_785_574_800_000;
pub const PLAIN: &str = "http://localhost:8080";
pub const TLS: &str = "https://handover.example";

/// So generous that a test meets no limit by chance.
pub const RATES: Rates = Rates {
    sign_in_per_address: 100,
    sign_in_per_client: 1_000,
    transfers_per_sender: 100,
};

/// A whole site.
pub struct Website {
    pub app: App,
    pub model: Arc<Model>,
    pub clock: Arc<Manual>,
    pub url: &'static str,
    router: Router,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |l| l.to_str().unwrap())
    }
    /// All cookies it sets, with their attributes.
    pub fn cookies(&self) -> Vec<&str> {
        let all = self.headers.get_all(header::SET_COOKIE).iter();
        all.map(|c| c.to_str().unwrap()).collect()
    }
    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let from = self
            .body
            .find(&start)
            .map_or("", |at| &self.body[at + start.len()..]);
        from.split('"').next().unwrap()
    }
}

/// A browser: it keeps cookies.
#[derive(Default, Clone)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    /// What it asks pages to be written in.
    pub languages: Option<&'static str>,
}

impl Browser {
    /// One of somebody who reads German.
    #[allow(dead_code, reason = "not every test speaks German")]
    pub fn german() -> Self {
        Self {
            languages: Some("de-DE,de;q=0.9,en;q=0.5"),
            ..Self::default()
        }
    }
}

impl Website {
    pub async fn open() -> Self {
        Self::at(PLAIN).await
    }

    pub async fn at(url: &'static str) -> Self {
        let model = Arc::new(Model::new());
        let clock = Arc::new(Manual::at(START));
        let settings = Settings::new(
            model.clone(),
            Arc::new(Policy {
                creators: Creators::Anyone,
                ..Policy::default()
            }),
            SiteKey::new([7; 32]),
            Arc::new(Ids::seeded(1)),
        );
        let directory = Directory::start(settings, clock.clone()).await.unwrap();
        let site = Site {
            name: "Handover of the Core".into(),
            public_url: url.into(),
            language: "en".into(),
            terms: "It cannot be undone.".into(),
            contact: Some("help@core.example".into()),
        };
        let bounds = Bounds {
            max_request_bytes: 64 * 1024,
            request_timeout: Duration::from_secs(30),
            max_concurrent_requests: 100,
            trusted_proxies: Vec::new(),
            stop_within: Duration::from_secs(1),
        };
        let app = App::new(directory, clock.clone(), site, bounds, RATES);
        let router = handover::web::router(app.clone());
        Self {
            app,
            model,
            clock,
            url,
            router,
        }
    }

    pub fn directory(&self) -> &Directory {
        self.app.directory()
    }

    /// Everything that is kept.
    pub fn kept(&self) -> Arc<View> {
        self.model.view()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn request(
        &self,
        browser: &Browser,
        method: Method,
        path: &str,
    ) -> axum::http::request::Builder {
        let cookies: Vec<String> = browser
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::USER_AGENT, "Firefox of a test");
        let request = match browser.languages {
            Some(languages) => request.header(header::ACCEPT_LANGUAGE, languages),
            None => request,
        };
        match cookies.is_empty() {
            true => request,
            false => request.header(header::COOKIE, cookies.join("; ")),
        }
    }

    pub async fn visit(&self, browser: &mut Browser, method: Method, path: &str) -> Answer {
        let request = self
            .request(browser, method, path)
            .body(Body::empty())
            .unwrap();
        let answer = self.send(request).await;
        browser.take(&answer);
        answer
    }

    pub async fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        self.visit(browser, Method::GET, path).await
    }

    /// Goes wherever it is sent.
    pub async fn follow(&self, browser: &mut Browser, path: &str) -> Answer {
        let mut answer = self.get(browser, path).await;
        while answer.status == StatusCode::SEE_OTHER {
            let next = answer.location().to_owned();
            answer = self.get(browser, &next).await;
        }
        answer
    }

    /// Sends a form as a page of `origin` would.
    pub async fn post_from(
        &self,
        browser: &mut Browser,
        origin: Option<&str>,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let encoded = |text: &str| -> String {
            text.bytes()
                .map(|b| match b {
                    b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                    b => format!("%{b:02X}"),
                })
                .collect()
        };
        let body: Vec<String> = fields
            .iter()
            .map(|(n, v)| format!("{}={}", encoded(n), encoded(v)))
            .collect();
        let mut request = self
            .request(browser, Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let answer = self
            .send(request.body(Body::from(body.join("&"))).unwrap())
            .await;
        browser.take(&answer);
        answer
    }

    pub async fn post(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(browser, Some(self.url), path, fields).await
    }

    /// Fills in what the page holds, and sends it.
    pub async fn submit(
        &self,
        browser: &mut Browser,
        page: &Answer,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let (form, once) = (page.field("form").to_owned(), page.field("once").to_owned());
        let mut all = vec![("form", form.as_str()), ("once", once.as_str())];
        all.extend_from_slice(fields);
        self.post(browser, path, &all).await
    }

    /// The code that this browser waits for, as the letter says it.
    pub fn code_for(&self, browser: &Browser) -> String {
        let id = browser.cookies["handover-sign-in"].parse().unwrap();
        self.app.settings().key.code(id)
    }

    /// The token of the newest letter that offers something to an address.
    pub fn link_for(&self, address: &str) -> String {
        let view = self.kept();
        let letter = self.letters(&view).into_iter().rev().find(|letter| {
            letter.to == address.parse::<Address>().unwrap()
                && matches!(letter.says, Kind::Offer { .. })
        });
        self.app.settings().key.link(letter.unwrap().id)
    }

    pub fn letters(&self, view: &View) -> Vec<Letter> {
        use handover::domain::document::decode;
        use handover::domain::key::Key;
        let mut letters: Vec<(LetterId, Letter)> = view
            .documents()
            .filter(|(key, _)| matches!(key, Key::Letter(_)))
            .map(|(_, record)| decode::<Letter>(&record.body).unwrap())
            .map(|letter| (letter.id, letter))
            .collect();
        letters.sort_by_key(|(id, _)| *id);
        letters.into_iter().map(|(_, letter)| letter).collect()
    }

    /// Has somebody sign in through the pages.
    pub async fn sign_in(&self, address: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = self
            .post(
                &mut browser,
                "/sign-in",
                &[("address", address), ("next", "/")],
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let code = self.code_for(&browser);
        let answer = self
            .post(
                &mut browser,
                "/sign-in/code",
                &[("code", &code), ("next", "/")],
            )
            .await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/"),
            "{}",
            answer.body
        );
        browser
    }

    pub fn by(&self, person: AccountId) -> By {
        By {
            person: Some(person),
            channel: Channel::Cli,
        }
    }

    /// The account of an address, registered if it is not there.
    pub async fn account(&self, address: &str) -> AccountId {
        let address: Address = address.parse().unwrap();
        let nobody = By {
            person: None,
            channel: Channel::Cli,
        };
        let call = self.directory().call(nobody, None);
        let id = sign_in::begin(self.directory(), &call, address, None)
            .await
            .unwrap();
        let code = self.app.settings().key.code(id);
        sign_in::finish(self.directory(), &call, id, &code)
            .await
            .unwrap()
            .id
    }

    /// Whoever holds this address reads that language from now on.
    #[allow(dead_code, reason = "not every test speaks German")]
    pub async fn reads(&self, address: &str, language: &str) {
        let account = self.account(address).await;
        let call = self.directory().call(self.by(account), None);
        let change = settings::Change {
            language: Some(language.to_owned()),
            ..settings::Change::default()
        };
        settings::change(self.directory(), &call, account, &change)
            .await
            .unwrap();
    }

    /// A workgroup with these people; the first owns it.
    pub async fn workgroup(&self, handle: &str, quota: Option<u64>, people: &[&str]) -> Context {
        let roles = std::iter::once(Role::Owner).chain(std::iter::repeat(Role::Member));
        let wanted = site::Wanted {
            handle: handle.parse().unwrap(),
            name: handle.to_owned(),
            tier: Tier::Professional,
            domain: Domain::public(),
            collaborative: false,
            quota,
            people: people
                .iter()
                .map(|p| p.parse().unwrap())
                .zip(roles)
                .collect(),
        };
        site::apply(self.directory(), &wanted, self.directory().now())
            .await
            .unwrap();
        let found = handover::actors::people::workgroup(&*self.model, &wanted.handle)
            .await
            .unwrap();
        Context::Workgroup(found.unwrap().document.id)
    }

    /// A run of 11 TB with these projects, in a person's own context.
    pub async fn run(&self, owner: AccountId, name: &str, projects: &[&str]) -> Vec<ItemId> {
        let context = Context::Personal(owner);
        self.run_in(context, owner, name, projects).await
    }

    /// The same in a context of theirs.
    pub async fn run_in(
        &self,
        context: Context,
        by: AccountId,
        name: &str,
        projects: &[&str],
    ) -> Vec<ItemId> {
        let biosample = |n: u32| Biosample {
            name: format!("S{n}"),
            libraries: vec![Library {
                name: format!("S{n}"),
                lane: None,
                index: None,
                index2: None,
            }],
        };
        let command = Custody::RegisterRun {
            name: name.to_owned(),
            run: Run {
                instrument: "A01234".into(),
                platform: "NovaSeq 6000".into(),
                flow_cell: "HXXDSX".into(),
                lanes: 4,
                reads: [
                    (1, 151, false),
                    (2, 10, true),
                    (3, 10, true),
                    (4, 151, false),
                ]
                .map(|(number, cycles, indexed)| Read {
                    number,
                    cycles,
                    indexed,
                })
                .to_vec(),
                started_at: Some(Time::from_ms(START - 3 * DAY_MS)),
                ended_at: Some(Time::from_ms(START - DAY_MS)),
                status: RunStatus::Completed,
            },
            files: 991_227,
            bytes: 900_000_000_000,
            projects: projects
                .iter()
                .map(|name| NewProject {
                    name: (*name).to_owned(),
                    biosamples: (1..=3).map(biosample).collect(),
                })
                .collect(),
        };
        let call = self.directory().call(self.by(by), None);
        let done = self.directory().custody(context, call, command).await;
        done.unwrap().items
    }

    /// Offers items by email.
    pub async fn offer(
        &self,
        sender: AccountId,
        items: &[ItemId],
        to: &str,
        message: Option<&str>,
    ) -> InvitationId {
        let to = To::Address(to.parse().unwrap());
        self.offer_to(sender, items, to, message).await
    }

    /// Offers items to anybody.
    pub async fn offer_to(
        &self,
        sender: AccountId,
        items: &[ItemId],
        to: To,
        message: Option<&str>,
    ) -> InvitationId {
        let id = InvitationId::from_bits(self.app.settings().ids.fresh(self.directory().now()));
        let ask = Ask {
            items: items.to_vec(),
            message: message.map(str::to_owned),
            terms: Terms::ownership(KeepAccess::None),
            lifetime_ms: None,
            terms_accepted: true,
        };
        let call = self.directory().call(self.by(sender), None);
        self.directory()
            .transfer(id, call, Command::Request { ask, to })
            .await
            .unwrap();
        id
    }

    /// What the store says of a transfer.
    pub async fn state_of(&self, id: InvitationId) -> String {
        use handover::domain::document::decode;
        use handover::domain::key::Key;
        let found = self.model.load(&[Key::Invitation(id)]).await.unwrap();
        let record = found[0].as_ref().unwrap();
        decode::<handover::domain::invitation::Invitation>(&record.body)
            .unwrap()
            .state
            .word()
            .to_owned()
    }
}

impl Browser {
    fn take(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
