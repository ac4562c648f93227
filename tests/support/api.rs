//! A whole site in memory with a clock that stands still until it is moved, driven through its router.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use handover::actors::directory::Directory;
use handover::actors::site::{self, Wanted};
use handover::actors::world::Settings;
use handover::clock::Manual;
use handover::domain::policy::{Domain, Policy, Tier};
use handover::domain::secret::SiteKey;
use handover::domain::time::Time;
use handover::domain::workgroup::Role;
use handover::ids::Ids;
use handover::store::Store;
use handover::store::model::Model;
use handover::web::{App, Bounds, Rates, Site};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const KEY: SiteKey = SiteKey::new([7; 32]);

pub struct World {
    pub app: App,
    pub router: Router,
    pub store: Arc<Model>,
    pub clock: Arc<Manual>,
    pub directory: Directory,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
    /// The answer of a request that must have succeeded.
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
    /// Status and codes of all guards of a request that must have failed.
    pub fn refused(&self) -> (u16, Vec<String>) {
        assert!(!self.status.is_success(), "{} {}", self.status, self.text);
        let kind = self
            .headers
            .get("content-type")
            .map(|v| v.to_str().unwrap());
        assert_eq!(kind, Some("application/problem+json"), "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(
            problem["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        assert_eq!(
            problem["type"],
            format!("/docs/problems#{}", problem["code"].as_str().unwrap())
        );
        let guards = problem["guards"].as_array().unwrap();
        assert_eq!(guards[0]["code"], problem["code"]);
        for guard in guards {
            assert!(!guard["sentence"].as_str().unwrap().is_empty());
            assert!(!guard["next_step"].as_str().unwrap().is_empty());
        }
        let code = |guard: &Value| guard["code"].as_str().unwrap().to_owned();
        (self.status.as_u16(), guards.iter().map(code).collect())
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub secret: String,
}

pub fn bounds() -> Bounds {
    Bounds {
        max_request_bytes: 256 * 1024,
        request_timeout: Duration::from_secs(30),
        max_concurrent_requests: 64,
        trusted_proxies: Vec::new(),
        stop_within: Duration::from_secs(5),
    }
}

pub fn rates() -> Rates {
    Rates {
        sign_in_per_address: 10,
        sign_in_per_client: 1_000,
        transfers_per_sender: 1_000,
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Policy::default(), bounds(), rates()).await
    }

    pub async fn with(policy: Policy, bounds: Bounds, rates: Rates) -> Self {
        let store = Arc::new(Model::new());
        let shared: Arc<dyn Store> = store.clone();
        Self::on(shared, store, policy, bounds, rates).await
    }

    /// The site on another store than the one in memory, whose contents are looked at all the same.
    pub async fn on(
        shared: Arc<dyn Store>,
        store: Arc<Model>,
        policy: Policy,
        bounds: Bounds,
        rates: Rates,
    ) -> Self {
        // 2026-11-22T10:00:00Z
        let clock = Arc::new(Manual::at(1_795_341_600_000));
        let site = Site {
            name: "Handover at Uni Example".to_owned(),
            public_url: "https://handover.uni.example".to_owned(),
            language: "en".to_owned(),
            terms: policy.terms.clone(),
            contact: None,
        };
        let settings = Settings::new(shared, Arc::new(policy), KEY, Arc::new(Ids::seeded(1)));
        let directory = Directory::start(settings, clock.clone()).await.unwrap();
        let app = App::new(directory.clone(), clock.clone(), site, bounds, rates);
        let router = handover::web::router(app.clone());
        Self {
            app,
            router,
            store,
            clock,
            directory,
        }
    }

    pub fn now(&self) -> Time {
        self.directory.now()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub fn request(
        method: &str,
        path: &str,
        person: Option<&Person>,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method);
        request = request.uri(match path.starts_with('/') {
            true => format!("/api/v1{path}"),
            false => format!("/{path}"),
        });
        if let Some(person) = person {
            request = request.header("authorization", format!("Bearer {}", person.secret));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        }
        .unwrap()
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.send(Self::request("GET", path, Some(person), &[], None))
            .await
    }

    pub async fn post(&self, person: &Person, path: &str, body: Value) -> Answer {
        self.send(Self::request("POST", path, Some(person), &[], Some(&body)))
            .await
    }

    pub async fn post_once(&self, person: &Person, path: &str, key: &str, body: Value) -> Answer {
        let headers = [("idempotency-key", key)];
        self.send(Self::request(
            "POST",
            path,
            Some(person),
            &headers,
            Some(&body),
        ))
        .await
    }

    pub async fn patch(&self, person: &Person, path: &str, body: Value) -> Answer {
        self.send(Self::request("PATCH", path, Some(person), &[], Some(&body)))
            .await
    }

    pub async fn delete(&self, person: &Person, path: &str) -> Answer {
        self.send(Self::request("DELETE", path, Some(person), &[], None))
            .await
    }

    /// Signs in with the code that would have been mailed.
    pub async fn person(&self, address: &str) -> Person {
        let body = json!({ "address": address });
        let begun = Self::request("POST", "/sign-in", None, &[], Some(&body));
        let begun = self.send(begun).await.ok();
        let id = begun["sign_in"].as_str().unwrap();
        let body = json!({ "code": KEY.code(id.parse().unwrap()) });
        let path = format!("/sign-in/{id}");
        let signed = Self::request("POST", &path, None, &[], Some(&body));
        let signed = self.send(signed).await.ok();
        Person {
            id: signed["account"]["id"].as_str().unwrap().to_owned(),
            secret: signed["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// A token of this person with these scopes only.
    pub async fn token(&self, person: &Person, scopes: &[&str]) -> Person {
        let body = json!({ "name": "narrow", "scopes": scopes });
        let made = self.post(person, "/tokens", body).await.ok();
        Person {
            id: person.id.clone(),
            secret: made["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// A workgroup as the configuration would name it.
    pub async fn workgroup(&self, handle: &str, people: &[(&str, Role)]) -> String {
        self.workgroup_in(handle, people, "public", false, None)
            .await
    }

    pub async fn workgroup_in(
        &self,
        handle: &str,
        people: &[(&str, Role)],
        domain: &str,
        collaborative: bool,
        quota: Option<u64>,
    ) -> String {
        let wanted = Wanted {
            handle: handle.parse().unwrap(),
            name: handle.to_owned(),
            tier: match domain {
                "public" => Tier::Professional,
                _ => Tier::Enterprise,
            },
            domain: Domain::named(domain),
            collaborative,
            quota,
            people: people
                .iter()
                .map(|(address, role)| (address.parse().unwrap(), *role))
                .collect(),
        };
        site::apply(&self.directory, &wanted, self.now())
            .await
            .unwrap();
        let handle = handle.parse().unwrap();
        let store: &dyn Store = &*self.store;
        let found = handover::actors::people::workgroup(store, &handle)
            .await
            .unwrap();
        found.unwrap().document.id.to_string()
    }

    /// Registers a project with one file of this size.
    pub async fn project(&self, person: &Person, context: &str, name: &str, bytes: u64) -> String {
        let body = json!({ "name": name, "context": context });
        let project = self.post(person, "/projects", body).await.ok();
        let id = project["id"].as_str().unwrap().to_owned();
        let body = json!({ "files": [{ "path": "reads.fastq.gz", "bytes": bytes }] });
        self.post(person, &format!("/projects/{id}/files"), body)
            .await
            .ok();
        id
    }

    /// Offers items to somebody.
    pub async fn offer(&self, person: &Person, items: &[&str], to: &str) -> String {
        let answer = self.post(person, "/transfers", offer(items, to)).await.ok();
        answer["transfer"]["id"].as_str().unwrap().to_owned()
    }
}

/// The body of a request for a transfer.
pub fn offer(items: &[&str], to: &str) -> Value {
    json!({ "items": items, "recipient": to, "accept_terms": true })
}

/// A run with two projects, as a core facility registers it.
pub fn run(name: &str) -> Value {
    json!({
        "name": name,
        "run": {
            "instrument": "A00123", "platform": "NovaSeq", "flow_cell": "HXXXDSX", "lanes": 2,
            "reads": [{ "number": 1, "cycles": 151, "indexed": false }, { "number": 2, "cycles": 10, "indexed": true }],
            "started_at": "2026-11-20T08:00:00Z", "status": "completed",
        },
        "files": 991_227, "bytes": 11_000_000_000_000_u64,
        "projects": [
            { "name": "Genomes", "biosamples": [{ "name": "S1", "libraries": [{ "name": "L1", "lane": 1, "index": "ACGT" }] }] },
            { "name": "Exomes", "biosamples": [{ "name": "S2" }] },
        ],
    })
}

impl World {
    /// Changes an item as no request can: puts it into the trash, archives it.
    pub async fn alter(&self, id: &str, change: impl FnOnce(&mut handover::domain::item::Item)) {
        use handover::actors::{load, proposal::Proposal};
        use handover::domain::item::Item;
        let key = handover::domain::key::Key::Item(id.parse().unwrap());
        let old = load::one::<Item>(&*self.store, key).await.unwrap().unwrap();
        let mut new = old.document.clone();
        change(&mut new);
        let mut proposal = Proposal::default();
        proposal.replace(&old, &new, None);
        let outcome = self.store.commit(proposal.into_commit(self.now())).await;
        assert!(
            matches!(outcome, handover::store::Outcome::Done(_)),
            "{outcome:?}"
        );
    }

    pub async fn trash(&self, id: &str) {
        self.alter(id, |item| {
            item.state = handover::domain::item::State::Trashed
        })
        .await;
    }
}

impl World {
    /// Gives a context access to an item, as an accepted invitation does.
    pub async fn grant(&self, item: &str, to: &str, level: &str, until: Option<Time>) {
        use handover::actors::proposal::Proposal;
        use handover::domain::id::InvitationId;
        use handover::domain::rights::{Grant, Level, Origin, Part};
        let part = Part {
            level: match level {
                "read" => Level::Read,
                "write" => Level::Write,
                other => panic!("{other}"),
            },
            origin: Origin::Invitation(InvitationId::from_bits(1)),
            accepted_by: handover::domain::id::AccountId::from_bits(1),
            since: self.now(),
            until,
        };
        let grant = Grant::none(item.parse().unwrap(), to.parse().unwrap()).with(part);
        let mut proposal = Proposal::default();
        proposal.create(&grant, None);
        let outcome = self.store.commit(proposal.into_commit(self.now())).await;
        assert!(
            matches!(outcome, handover::store::Outcome::Done(_)),
            "{outcome:?}"
        );
    }

    /// Takes it back.
    pub async fn revoke(&self, item: &str, from: &str) {
        use handover::actors::{load, proposal::Proposal};
        use handover::domain::rights::Grant;
        let key = handover::domain::key::Key::Grant(item.parse().unwrap(), from.parse().unwrap());
        let old = load::one::<Grant>(&*self.store, key)
            .await
            .unwrap()
            .unwrap();
        let mut proposal = Proposal::default();
        proposal.delete(&old);
        let outcome = self.store.commit(proposal.into_commit(self.now())).await;
        assert!(
            matches!(outcome, handover::store::Outcome::Done(_)),
            "{outcome:?}"
        );
    }
}
