//! Signs messages as their senders' mail servers do, and as nobody should. It shares nothing with what verifies but the arithmetic.

use std::process::Command;
use std::sync::OnceLock;

use data_encoding::BASE64;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey as _};
use sha2::Digest as _;

pub enum Key {
    Rsa(RsaKey<Sha256>),
    Ed25519(Ed25519Key),
}

/// The RSA key of this test run.
pub fn rsa() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut openssl = Command::new("openssl");
        let made = openssl
            .args(["genpkey", "-quiet", "-algorithm", "RSA"])
            .args(["-pkeyopt", "rsa_keygen_bits:2048"])
            .output()
            .unwrap();
        let pem = String::from_utf8(made.stdout).unwrap();
        #[allow(deprecated, reason = "the other way takes a type of another crate")]
        Key::Rsa(RsaKey::from_pkcs8_pem(&pem).unwrap())
    })
}

pub fn ed25519() -> Key {
    let made = Ed25519Key::generate_pkcs8().unwrap();
    Key::Ed25519(Ed25519Key::from_pkcs8_der(&made).unwrap())
}

impl Key {
    /// What the DNS says of it.
    pub fn record(&self) -> String {
        match self {
            Self::Rsa(key) => format!("v=DKIM1; k=rsa; p={}", BASE64.encode(&key.public_key())),
            Self::Ed25519(key) => {
                format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(&key.public_key()))
            }
        }
    }
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }
    fn sign(&self, data: &[u8]) -> String {
        let signature = match self {
            Self::Rsa(key) => key.sign(data),
            Self::Ed25519(key) => key.sign(data),
        };
        BASE64.encode(&signature.unwrap())
    }
}

/// How a message is signed.
pub struct Signer<'k> {
    pub key: &'k Key,
    pub domain: String,
    pub selector: String,
    /// Names of header fields, in their order.
    pub covers: Vec<String>,
    /// Further tags, each with its semicolon.
    pub more: String,
    /// So much of the body is signed.
    pub length: Option<usize>,
}

impl<'k> Signer<'k> {
    pub fn new(key: &'k Key, domain: &str) -> Self {
        let covers = ["From", "To", "Subject", "Message-ID"];
        Self {
            key,
            domain: domain.to_owned(),
            selector: "s1".to_owned(),
            covers: covers.map(str::to_owned).to_vec(),
            more: String::new(),
            length: None,
        }
    }

    /// Where the DNS holds the key.
    pub fn name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The field that goes in front of this message, whose body ends in one line end.
    pub fn field(&self, message: &str) -> String {
        let (header, body) = message.split_once("\r\n\r\n").unwrap();
        let length = self.length.unwrap_or(body.len());
        let of_length = self.length.map(|l| format!("l={l}; ")).unwrap_or_default();
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=simple/simple; d={}; s={}; {}{of_length}\r\n\th={}; bh={};\r\n\tb=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            self.more,
            self.covers.join(":"),
            BASE64.encode(&sha2::Sha256::digest(&body.as_bytes()[..length])),
        );
        let mut lines: Vec<&str> = header.split("\r\n").collect();
        let mut data = String::new();
        for name in &self.covers {
            let is = |line: &&str| {
                let named = line.split(':').next().unwrap();
                named.eq_ignore_ascii_case(name)
            };
            // Each is taken once, from below.
            if let Some(place) = lines.iter().rposition(is) {
                data.push_str(lines.remove(place));
                data.push_str("\r\n");
            }
        }
        data.push_str(&unsigned);
        unsigned + &self.key.sign(data.as_bytes())
    }

    /// The message with it.
    pub fn signed(&self, message: &str) -> String {
        format!("{}\r\n{message}", self.field(message))
    }
}
