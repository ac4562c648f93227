//! A small identity provider on loopback that says whatever a test has it say.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use handover::web::provider::Settings;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::url::Url;
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ID: &str = "handover";
const SECRET: &str = "of-the-client";
/// Two keys that sign nothing but the answers of this provider.
const KEYS: [&str; 2] = [
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGSiKNDt49cG4iU4GQuhBkYf45nxb4sjrqnOSAmfsj+7\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJnLNV/HOE7zqg0VbU0KJ7DXCDNbAR6O6GTi0NxTpliK\n-----END PRIVATE KEY-----\n",
];

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// With the key of this number; the first one at first.
    With(usize),
    /// With another key under the name of the first.
    Forged,
    /// With the secret of the client, which the site knows too.
    WithTheSecret,
    /// Not at all.
    Not,
}

/// What a code is exchanged for.
struct Grant {
    challenge: String,
    redirect: String,
    claims: Value,
    signed: Signed,
    about: Value,
}

/// What it says about itself and others.
pub struct Parts {
    grants: BTreeMap<String, Grant>,
    /// Whoever it tells of when it is asked with the last access token.
    about: Value,
    /// The number of the key that it shows.
    pub key: usize,
    /// What it changes of what it says about itself.
    pub itself: Value,
    /// How often it was asked about itself.
    pub asked: usize,
}

/// A running provider.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    pub parts: Arc<Mutex<Parts>>,
    codes: Arc<AtomicUsize>,
}

fn signing_key(nth: usize) -> CoreEdDsaPrivateSigningKey {
    let name = JsonWebKeyId::new(format!("key-{nth}"));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEYS[nth], Some(name)).unwrap()
}

fn token(claims: &Value, signed: Signed) -> String {
    let (algorithm, name) = match signed {
        Signed::With(nth) => ("EdDSA", nth),
        Signed::Forged => ("EdDSA", 0),
        Signed::WithTheSecret => ("HS256", 0),
        Signed::Not => ("none", 0),
    };
    let head = json!({ "alg": algorithm, "kid": format!("key-{name}") });
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(&head), part(claims));
    let by = |nth: usize| {
        let algorithm = CoreJwsSigningAlgorithm::EdDsa;
        let key = signing_key(nth);
        key.sign(&algorithm, message.as_bytes()).unwrap()
    };
    let signature = match signed {
        Signed::With(nth) => by(nth),
        Signed::Forged => by(1),
        Signed::WithTheSecret => {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
            mac.update(message.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Signed::Not => Vec::new(),
    };
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The value of a parameter in an address.
pub fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(there, _)| there == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            parts: Arc::new(Mutex::new(Parts {
                grants: BTreeMap::new(),
                about: Value::Null,
                key: 0,
                itself: json!({}),
                asked: 0,
            })),
            codes: Arc::default(),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(itself))
            .route("/keys", get(keys))
            .route("/token", post(exchange))
            .route("/about", get(about))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// As the site knows it.
    pub fn settings(&self) -> Settings {
        Settings {
            handle: "uni".to_owned(),
            name: "Uni Example".to_owned(),
            issuer: self.issuer.clone(),
            client_id: ID.to_owned(),
            client_secret: SECRET.to_owned(),
            trusted: true,
            suffixes: Vec::new(),
        }
    }

    /// Lets in whoever a site sent with this address: the code, and what it will be exchanged for.
    pub fn lets_in(
        &self,
        url: &str,
        email: &str,
        now_s: i64,
        signed: Signed,
        say: impl FnOnce(&mut Value, &mut Value),
    ) -> String {
        let given = |name| parameter(url, name);
        assert!(url.starts_with(&format!("{}/auth?", self.issuer)), "{url}");
        assert_eq!(given("client_id"), ID);
        assert_eq!(given("response_type"), "code");
        assert_eq!(given("code_challenge_method"), "S256");
        assert_eq!(given("scope"), "openid email");
        assert!(given("state").len() >= 43 && given("nonce").len() >= 43);
        let mut claims = json!({
            "iss": self.issuer,
            "aud": ID,
            "sub": email,
            "nonce": given("nonce"),
            "iat": now_s,
            "exp": now_s + 300,
            "email": email,
            "email_verified": true,
        });
        let mut about = json!({ "sub": email, "email": email, "email_verified": true });
        say(&mut claims, &mut about);
        let code = format!("code-{}", self.codes.fetch_add(1, Ordering::Relaxed));
        let grant = Grant {
            challenge: given("code_challenge"),
            redirect: given("redirect_uri"),
            claims,
            signed,
            about,
        };
        let grants = &mut self.parts.lock().unwrap().grants;
        grants.insert(code.clone(), grant);
        code
    }
}

async fn itself(State(provider): State<Provider>) -> Json<Value> {
    let mut parts = provider.parts.lock().unwrap();
    parts.asked += 1;
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let mut itself = json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/auth"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/about"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    let changed = parts.itself.as_object().unwrap().clone();
    itself.as_object_mut().unwrap().extend(changed);
    Json(itself)
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let key = signing_key(provider.parts.lock().unwrap().key).as_verification_key();
    Json(json!({ "keys": [key] }))
}

async fn exchange(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let login = format!(
        "Basic {}",
        BASE64.encode(format!("{ID}:{SECRET}").as_bytes())
    );
    if headers["authorization"] != login.as_str() || form["grant_type"] != "authorization_code" {
        return refuse("invalid_client");
    }
    let mut parts = provider.parts.lock().unwrap();
    let Some(grant) = parts.grants.remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect {
        return refuse("invalid_grant");
    }
    parts.about = grant.about;
    let answer = json!({
        "access_token": "access",
        "token_type": "Bearer",
        "id_token": token(&grant.claims, grant.signed),
    });
    (StatusCode::OK, Json(answer))
}

async fn about(State(provider): State<Provider>, headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer access");
    Json(provider.parts.lock().unwrap().about.clone())
}
