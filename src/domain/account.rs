//! People: accounts, their sessions and tokens, and how they sign in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::{Derived, Document};
use super::id::{AccountId, Context, Digest, SignInId};
use super::index::Entry;
use super::key::{Key, Queue};
use super::policy::{Domain, Tier, quota_text};
use super::time::{KEPT_MS, SIGN_IN_KEPT_MS, Time};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What the person is called, 1 to 100 characters.
    pub name: String,
    /// Verified addresses; the first is the primary one. Never empty.
    pub addresses: Vec<Address>,
    /// What it may do.
    pub tier: Tier,
    /// Where it lives.
    pub domain: Domain,
    /// A quota of its own, in bytes, instead of its tier's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Where uploaded runs land.
    pub default_run_location: Context,
    /// Where offers are accepted into unless the person says otherwise.
    pub default_context: Context,
    /// The same per sender's address (folded).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub default_context_by_sender: BTreeMap<String, Context>,
    /// Senders whose offers are refused (folded addresses).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub blocked: BTreeSet<String>,
    /// Language of letters and pages.
    pub language: String,
    /// Letters that the person does without.
    #[serde(default, skip_serializing_if = "Quiet::is_none")]
    pub quiet: Quiet,
    /// When it was registered.
    pub created_at: Time,
    /// Whether it is being closed: nothing comes in while it is looked at whether it is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// When the person closed it; then it has no addresses and belongs to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
}

/// Letters that a person does without. What asks for an answer for the first time, and codes, always come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quiet {
    /// Reminders of offers that wait for them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reminders: bool,
    /// What became of offers they made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outcomes: bool,
    /// Receipts of what they answered themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub receipts: bool,
    /// Who joined a workgroup that they answer for, or accepted a link of theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub arrivals: bool,
}

impl Quiet {
    /// Whether they get every letter.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// At most this many verified addresses.
pub const MAX_ADDRESSES: usize = 20;

impl Account {
    /// A new account of a person who has just proven this address.
    pub fn registered(id: AccountId, address: Address, domain: Domain, at: Time) -> Self {
        let name = address.as_str().split('@').next().unwrap_or("").to_owned();
        let tier = if domain.is_public() {
            Tier::Basic
        } else {
            Tier::Enterprise
        };
        Self {
            id,
            name,
            addresses: vec![address],
            tier,
            domain,
            quota: None,
            default_run_location: Context::Personal(id),
            default_context: Context::Personal(id),
            default_context_by_sender: BTreeMap::new(),
            blocked: BTreeSet::new(),
            language: "en".into(),
            quiet: Quiet::default(),
            created_at: at,
            closing: false,
            closed_at: None,
        }
    }
    /// Closed by its person at this moment.
    #[must_use]
    pub fn closed(mut self, at: Time) -> Self {
        self.addresses.clear();
        self.default_run_location = Context::Personal(self.id);
        self.default_context = Context::Personal(self.id);
        self.default_context_by_sender.clear();
        self.blocked.clear();
        self.closing = false;
        self.closed_at = Some(at);
        self
    }
    /// Whether one of its verified addresses is this one.
    pub fn has(&self, address: &Address) -> bool {
        self.addresses.contains(address)
    }
    /// The primary address.
    pub fn primary(&self) -> Option<&Address> {
        self.addresses.first()
    }
}

/// What a person decides for themselves, as [`Account`] tells it when it changes: nobody else is told the values.
pub const PRIVATE: [&str; 5] = [
    "default_run_location",
    "default_context",
    "default_context_by_sender",
    "blocked",
    "language",
];

impl Document for Account {
    const TAG: &'static str = "account";
    fn key(&self) -> Key {
        Key::Account(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        let entry = |address: &Address| Derived::unique(Entry::Address(address.digest()), self.id);
        let standing = vec![u8::from(self.closed_at.is_none())];
        let standing = Derived::numbered(Entry::Standing(self.id), standing);
        let addresses = self.addresses.iter().map(entry);
        addresses.chain([standing]).collect()
    }
    fn concerns(&self) -> Vec<Context> {
        vec![Context::Personal(self.id)]
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        let addresses: Vec<&str> = self.addresses.iter().map(Address::as_str).collect();
        let blocked: Vec<&str> = self.blocked.iter().map(String::as_str).collect();
        let by_sender = self.default_context_by_sender.iter();
        let by_sender: Vec<String> = by_sender.map(|(of, to)| format!("{of}: {to}")).collect();
        vec![
            ("name", self.name.clone()),
            ("addresses", addresses.join(", ")),
            ("tier", self.tier.word().to_owned()),
            ("domain", self.domain.name().to_owned()),
            ("quota", quota_text(self.quota)),
            (
                "default_run_location",
                self.default_run_location.to_string(),
            ),
            ("default_context", self.default_context.to_string()),
            ("default_context_by_sender", by_sender.join(", ")),
            ("blocked", blocked.join(", ")),
            ("language", self.language.clone()),
        ]
    }
}

/// One attempt to sign in: a code was sent to this address and is waited for. The code itself is derived from the key file when
/// the letter is made and when the answer is checked, so it lies nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Its id.
    pub id: SignInId,
    /// Where the code goes.
    pub address: Address,
    /// When the code stops being good.
    pub expires_at: Time,
    /// How many wrong codes are still borne.
    pub tries_left: u8,
    /// Whether the code was used.
    pub used: bool,
    /// The account that the address is added to; `None`: the code signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds_to: Option<AccountId>,
    /// What whoever asked for the code reads, as far as they said: a new account speaks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl SignIn {
    /// Whether a code can still be typed.
    pub fn is_open(&self, now: Time) -> bool {
        !self.used && self.tries_left > 0 && now < self.expires_at
    }
}

impl Document for SignIn {
    const TAG: &'static str = "sign-in";
    fn key(&self) -> Key {
        Key::SignIn(self.id)
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let at = self.expires_at.plus_ms(SIGN_IN_KEPT_MS);
        Some((Queue::Sweeps, at, self.id.bits()))
    }
}

/// A browser that a person has signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of its secret, by which it is found.
    pub digest: Digest,
    /// Whose.
    pub account: AccountId,
    /// Since when.
    pub created_at: Time,
    /// Until when.
    pub expires_at: Time,
    /// What the browser calls itself, at most 200 characters.
    pub client: String,
}

impl Document for Session {
    const TAG: &'static str = "session";
    fn key(&self) -> Key {
        Key::Session(self.digest)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![Derived::listed(Entry::SessionOf(self.account, self.digest))]
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let at = self.expires_at.plus_ms(SIGN_IN_KEPT_MS);
        Some((Queue::Sweeps, at, self.digest.0))
    }
    fn concerns(&self) -> Vec<Context> {
        vec![Context::Personal(self.account)]
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look at things.
    Read,
    /// Register, request, accept: everything but tokens and settings.
    Write,
    /// Tokens and settings too.
    Account,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Account];

    /// The word people and programs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Account => "account",
        }
    }
}

/// A personal API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The digest of its secret, by which it is found.
    pub digest: Digest,
    /// Whose.
    pub account: AccountId,
    /// What its owner calls it, 1 to 100 characters.
    pub name: String,
    /// What it is good for.
    pub scopes: BTreeSet<Scope>,
    /// Since when.
    pub created_at: Time,
    /// Until when.
    pub expires_at: Time,
}

impl Document for Token {
    const TAG: &'static str = "token";
    fn key(&self) -> Key {
        Key::Token(self.digest)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![Derived::listed(Entry::TokenOf(self.account, self.digest))]
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let at = self.expires_at.plus_ms(KEPT_MS);
        Some((Queue::Sweeps, at, self.digest.0))
    }
    fn concerns(&self) -> Vec<Context> {
        vec![Context::Personal(self.account)]
    }
}
