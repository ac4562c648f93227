//! The addresses of the reply door: what they look like, and what they tell.

use unicode_normalization::UnicodeNormalization as _;

/// Characters of a token: 160 bits in base32.
pub const TOKEN_LENGTH: usize = 32;
/// Where the token stands in a pattern.
const PLACE: &str = "%{t}";
/// The longest address that is looked at (RFC 5321 §4.5.3.1 allows 254 in a path).
const LONGEST: usize = 320;

/// What an address is for. Its own tokens for each, so that no answer to one can act as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// `r-…`, the Reply-To of a letter: a person answers.
    Reply,
    /// `b-…`, the envelope sender of a letter: a mail server reports, and robots answer.
    Bounce,
    /// `p-…`, by which the site sees whether mail comes in: nothing that comes there does anything.
    Probe,
}

impl Purpose {
    const fn letter(self) -> char {
        match self {
            Self::Reply => 'r',
            Self::Bounce => 'b',
            Self::Probe => 'p',
        }
    }
}

/// A recipient whose address has the right shape. Only with the site's key one can tell whether there is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    purpose: Purpose,
    token: String,
}

impl Recipient {
    /// Of a token that was just derived.
    ///
    /// Nothing, unless it is 32 characters of base32, folded.
    pub fn new(purpose: Purpose, token: &str) -> Option<Self> {
        let well_formed = token.len() == TOKEN_LENGTH
            && token
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        well_formed.then(|| Self {
            purpose,
            token: token.to_owned(),
        })
    }
    /// What it is for.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }
    /// The token's 32 characters, folded. It holds its letter's id, for whoever has the site's key; it is a secret, and stands in no log.
    pub fn token(&self) -> &str {
        &self.token
    }
    /// `r-…`, `b-…` or `p-…`.
    fn name(&self) -> String {
        format!("{}-{}", self.purpose.letter(), self.token)
    }
    fn named(name: &str) -> Option<Self> {
        let (letter, token) = name.split_once('-')?;
        let purpose = match letter {
            "r" => Purpose::Reply,
            "b" => Purpose::Bounce,
            "p" => Purpose::Probe,
            _ => return None,
        };
        Self::new(purpose, token)
    }
}

/// How a site writes these addresses: `%{t}@reply.site` on a domain of their own, or `handover+%{t}@site` where only sub-addressing
/// can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    before: String,
    after: String,
    domain: String,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The place of the token is missing, or stands there twice.
    #[error(
        "\"{0}\" must hold %{{t}} exactly once, before the @; write it like handover+%{{t}}@site.example"
    )]
    Place(String),
    /// What it makes is no email address.
    #[error(
        "\"{0}\" does not make email addresses of at most 64 characters before the @; write it like handover+%{{t}}@site.example"
    )]
    Address(String),
}

impl Scheme {
    /// All of a domain's addresses are the door's.
    ///
    /// # Errors
    /// When that is no domain.
    pub fn of_domain(domain: &str) -> Result<Self, Unusable> {
        Self::of_pattern(&format!("{PLACE}@{domain}"))
    }

    /// Addresses like this one, with `%{t}` in place of the token with its purpose (34 characters).
    ///
    /// # Errors
    /// When the place is not there exactly once, or an address would not be well-formed.
    pub fn of_pattern(pattern: &str) -> Result<Self, Unusable> {
        let folded = fold(pattern);
        let unplaced = || Unusable::Place(pattern.to_owned());
        let (before, rest) = folded.split_once(PLACE).ok_or_else(unplaced)?;
        let (after, domain) = rest.rsplit_once('@').ok_or_else(unplaced)?;
        if rest.contains(PLACE) {
            return Err(unplaced());
        }
        let scheme = Self {
            before: before.to_owned(),
            after: after.to_owned(),
            domain: domain.to_owned(),
        };
        let example = Recipient {
            purpose: Purpose::Reply,
            token: "a".repeat(TOKEN_LENGTH),
        };
        let written = scheme.write(&example);
        let usable = written.parse::<crate::domain::address::Address>().is_ok()
            && scheme.read(&written).as_ref() == Some(&example);
        usable
            .then_some(scheme)
            .ok_or_else(|| Unusable::Address(pattern.to_owned()))
    }

    /// The domain, folded.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address of this recipient.
    pub fn write(&self, recipient: &Recipient) -> String {
        format!(
            "{}{}{}@{}",
            self.before,
            recipient.name(),
            self.after,
            self.domain
        )
    }

    /// The recipient that this address names, if it has the shape. Clients and gateways change case, so it is folded first; the answer
    /// is the same for every address without the shape.
    pub fn read(&self, address: &str) -> Option<Recipient> {
        if address.len() > LONGEST {
            return None;
        }
        let folded = fold(address);
        let (local, domain) = folded.rsplit_once('@')?;
        if domain.strip_suffix('.').unwrap_or(domain) != self.domain {
            return None;
        }
        let name = local
            .strip_prefix(self.before.as_str())?
            .strip_suffix(self.after.as_str())?;
        Recipient::named(name)
    }
}

fn fold(text: &str) -> String {
    text.trim().nfkc().collect::<String>().to_lowercase()
}
