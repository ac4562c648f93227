//! What the site decided: tiers, domains and limits, as plain values from the configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// How much an account or a workgroup may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// A storage cap; no workgroups of its own.
    Basic,
    /// Lives in `public`.
    Professional,
    /// Lives in a private domain.
    Enterprise,
}

impl Tier {
    /// The word people use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }
}

/// A quota of its own, as the audit tells it.
pub fn quota_text(quota: Option<u64>) -> String {
    quota.map_or_else(|| "that of the tier".to_owned(), |bytes| bytes.to_string())
}

/// `public`, or the name of one of the private Enterprise domains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Domain(String);

impl Domain {
    /// The public domain.
    pub fn public() -> Self {
        Self("public".into())
    }
    /// A domain by its name; `public` is the public one.
    pub fn named(name: &str) -> Self {
        Self(name.to_lowercase())
    }
    /// Whether it is the public one.
    pub fn is_public(&self) -> bool {
        self.0 == "public"
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A private Enterprise domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Private {
    /// Email suffixes whose people live in it (`uni.example` takes in `lab.uni.example` too).
    pub suffixes: Vec<String>,
    /// Who reads and writes everything in it.
    pub administrators: Vec<Address>,
}

/// What to do with an offer of an item that running analyses write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InUse {
    /// Say so and go on.
    Warn,
    /// Refuse.
    Block,
    /// Offer when they end.
    Wait,
}

/// Who may register by a first sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whose address is in one of these email domains (`uni.example` takes in `lab.uni.example` too), and whom an offer waits for.
    Listed(Vec<String>),
    /// Whom an offer waits for.
    Invited,
}

impl Registration {
    /// Whether it takes in whoever has this address, though nothing waits for them.
    pub fn takes_in(&self, address: &Address) -> bool {
        match self {
            Self::Open => true,
            Self::Listed(suffixes) => suffixes.iter().any(|suffix| covers(suffix, address)),
            Self::Invited => false,
        }
    }
}

/// Whether an email suffix covers an address: its domain is the suffix, or lies in it.
fn covers(suffix: &str, address: &Address) -> bool {
    let head = address.domain().strip_suffix(suffix);
    head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

/// Who may create workgroups besides those of the configuration file. Whoever administers the site always may, and whoever
/// administers a domain may in it, unless nobody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Creators {
    /// Everybody, people with a basic account too.
    Anyone,
    /// Who has a professional or enterprise account.
    Professional,
    /// Only who administers the domain or the site.
    DomainAdministrators,
    /// Nobody.
    Nobody,
}

/// How people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Who may register.
    pub registration: Registration,
    /// How long a code is good, in milliseconds.
    pub code_lifetime_ms: i64,
    /// How many wrong codes are borne.
    pub code_tries: u8,
    /// How long a session lasts, in milliseconds.
    pub session_lifetime_ms: i64,
    /// How long a token lasts unless its owner says otherwise, in milliseconds.
    pub token_lifetime_ms: i64,
}

/// What a reply to a letter may do; each is more than the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replies {
    /// Nothing; whoever replies is told so.
    #[default]
    Off,
    /// Only ask for an answer in Handover.
    ConfirmOnly,
    /// Answer the offer.
    Act,
}

/// What can be said in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Accept the offer.
    Accept,
    /// Decline the offer.
    Decline,
}

impl Verb {
    /// As it is written in a reply.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
        }
    }
}

/// What people of one domain may do by replying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByReply {
    /// What a reply may do.
    pub replies: Replies,
    /// What can be said.
    pub verbs: BTreeSet<Verb>,
}

/// Everything the site decided that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Storage cap per tier, in bytes; `None`: no cap.
    pub quota: BTreeMap<Tier, Option<u64>>,
    /// Storage cap of each context of a private domain that has one, by the domain's name, in bytes; the largest number: no cap.
    pub quota_of: BTreeMap<String, u64>,
    /// The private domains by name.
    pub domains: BTreeMap<String, Private>,
    /// Default lifetime of an offer, in milliseconds.
    pub default_expiry_ms: i64,
    /// What running analyses mean for an offer.
    pub in_use: InUse,
    /// At most this many items in one offer (never over 250).
    pub max_items: usize,
    /// At most this many open offers from one context to one recipient.
    pub open_offers: i64,
    /// At most so many letters of all senders ask one recipient for an answer in a day; and so many of each kind tell of what somebody
    /// can do again and again.
    pub letters_a_day: i64,
    /// The same offer is not mailed again before this, in milliseconds.
    pub resend_after_ms: i64,
    /// The sentence a sender confirms.
    pub terms: String,
    /// What those read who have not said what they read, as in RFC 5646.
    pub language: String,
    /// How people sign in.
    pub sign_in: SignIn,
    /// Who administers the site.
    pub administrators: Vec<Address>,
    /// Who may create workgroups.
    pub creators: Creators,
    /// How long after it was ordered an item is purged, in milliseconds.
    pub purge_after_ms: i64,
    /// What a reply may do.
    pub replies: Replies,
    /// What the private domains allow of that; one that is not here allows all of it.
    pub replies_of: BTreeMap<String, ByReply>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            quota: BTreeMap::from([
                (Tier::Basic, Some(1 << 40)),
                (Tier::Professional, None),
                (Tier::Enterprise, None),
            ]),
            quota_of: BTreeMap::new(),
            domains: BTreeMap::new(),
            default_expiry_ms: 14 * DAY_MS,
            in_use: InUse::Warn,
            max_items: 250,
            open_offers: 5,
            letters_a_day: 50,
            resend_after_ms: 24 * HOUR_MS,
            terms: "The transfer cannot be undone, the recipient becomes the legal owner of the data, and my organisation allows it.".into(),
            language: "en".into(),
            sign_in: SignIn {
                registration: Registration::Open,
                code_lifetime_ms: 10 * MINUTE_MS,
                code_tries: 5,
                session_lifetime_ms: 30 * DAY_MS,
                token_lifetime_ms: 365 * DAY_MS,
            },
            administrators: Vec::new(),
            creators: Creators::Professional,
            purge_after_ms: 7 * DAY_MS,
            replies: Replies::Off,
            replies_of: BTreeMap::new(),
        }
    }
}

impl Policy {
    /// How many of [`Policy::letters_a_day`] may be of one sender: a fifth, so that nobody uses up what others need.
    pub const fn share_a_day(&self) -> i64 {
        self.letters_a_day.saturating_add(4) / 5
    }

    /// The cap in force: the context's own, else that of the domain it lives in, else its tier's. Bytes; `None`: no cap.
    pub fn quota(&self, own: Option<u64>, domain: &Domain, tier: Tier) -> Option<u64> {
        let of_domain = || self.quota_of.get(domain.name()).copied();
        let of_tier = || self.quota.get(&tier).copied().flatten();
        let cap = own.or_else(of_domain).or_else(of_tier);
        // The largest number stands for no cap: a context may have none though its domain or its tier has one.
        cap.filter(|cap| *cap < u64::MAX)
    }

    /// The domain that people with this address live in: the one with the longest suffix that covers it.
    pub fn domain_of(&self, address: &Address) -> Domain {
        let longest = |private: &Private| {
            let suffixes = private.suffixes.iter();
            let fitting = suffixes.filter(|suffix| covers(suffix, address));
            fitting.map(String::len).max()
        };
        self.domains
            .iter()
            .filter_map(|(name, private)| Some((longest(private)?, name)))
            .max_by_key(|(length, _)| *length)
            .map_or_else(Domain::public, |(_, name)| Domain::named(name))
    }

    /// What a reply of somebody who lives there may do.
    pub fn replies(&self, domain: &Domain) -> Replies {
        let theirs = self.replies_of.get(domain.name());
        theirs.map_or(self.replies, |theirs| theirs.replies.min(self.replies))
    }

    /// Whether somebody who lives there may say this in a reply.
    pub fn may_reply(&self, domain: &Domain, verb: Verb) -> bool {
        let theirs = self.replies_of.get(domain.name());
        theirs.is_none_or(|theirs| theirs.verbs.contains(&verb))
    }

    /// Who administers a domain.
    pub fn administrators(&self, domain: &Domain) -> &[Address] {
        let private = self.domains.get(domain.name());
        private.map_or(&[], |private| &private.administrators)
    }

    /// Whether anybody administers a private domain; where nobody does, the addresses of whoever asks need not be known.
    pub fn has_administrators(&self) -> bool {
        let mut domains = self.domains.values();
        domains.any(|private| !private.administrators.is_empty())
    }

    /// Whether one of these verified addresses administers any domain; for almost everybody it does not, and where an item lies need
    /// not be looked up.
    pub fn administers_anything(&self, addresses: &[Address]) -> bool {
        let any = |private: &Private| addresses.iter().any(|a| private.administrators.contains(a));
        self.domains.values().any(any)
    }

    /// Whether one of these verified addresses administers the site.
    pub fn administers_site(&self, addresses: &[Address]) -> bool {
        addresses.iter().any(|a| self.administrators.contains(a))
    }

    /// By which of these verified addresses somebody decides about the data of the domain: as administrator of it, or of the site.
    pub fn decides<'a>(&self, addresses: &'a [Address], domain: &Domain) -> Option<&'a Address> {
        let administrators = self.administrators(domain);
        let decides = |a: &&Address| administrators.contains(a) || self.administrators.contains(a);
        addresses.iter().find(decides)
    }

    /// Whether one of these verified addresses administers the domain.
    pub fn administers(&self, addresses: &[Address], domain: &Domain) -> bool {
        let administrators = self.administrators(domain);
        addresses.iter().any(|a| administrators.contains(a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_that_of_the_context_then_of_its_domain_then_of_its_tier() {
        let none = u64::MAX;
        let policy = Policy {
            quota: BTreeMap::from([(Tier::Enterprise, Some(1))]),
            quota_of: BTreeMap::from([("uni".to_owned(), 2), ("free".to_owned(), none)]),
            ..Policy::default()
        };
        for (own, domain, cap) in [
            (Some(3), "uni", Some(3)),
            (Some(none), "uni", None),
            (None, "uni", Some(2)),
            (None, "free", None),
            (None, "lab", Some(1)),
            (Some(3), "lab", Some(3)),
        ] {
            let found = policy.quota(own, &Domain::named(domain), Tier::Enterprise);
            assert_eq!(found, cap, "{own:?} in {domain}");
        }
    }

    #[test]
    fn a_domain_is_found_by_its_longest_suffix() {
        let private = |suffix: &str| Private {
            suffixes: vec![suffix.to_owned()],
            administrators: Vec::new(),
        };
        let policy = Policy {
            domains: BTreeMap::from([
                ("bio".to_owned(), private("bio.uni.example")),
                ("uni".to_owned(), private("uni.example")),
            ]),
            ..Policy::default()
        };
        for (address, name) in [
            ("a@uni.example", "uni"),
            ("a@chem.uni.example", "uni"),
            ("a@x.bio.UNI.example", "bio"),
            ("a@notuni.example", "public"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(policy.domain_of(&address).name(), name, "{address}");
        }
    }
}
