//! Email addresses, as they are written and as they are compared.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization as _;

use super::id::{Digest, as_text};
use super::refusal::Refusal;
use super::said::{Said, said};

/// A well-formed email address. Keeps how it was written; equal when the folded forms are.
///
/// Folding is trimming, Unicode NFKC and lower case, of the local part too (DOMAIN §1).
#[derive(Clone)]
pub struct Address {
    written: String,
    folded: String,
}

/// Why a text is not an email address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an email address; write it like name@lab.example")]
pub struct Malformed(String);

impl Malformed {
    /// The same, to be said in any language.
    pub fn said(&self) -> Said {
        let Self(text) = self;
        said!(
            "\"{text}\" is not an email address; write it like name@lab.example",
            text
        )
    }
    /// The same, about the field that it was written into.
    pub fn refusal(&self, field: &str) -> Refusal {
        let Self(text) = self;
        Refusal::field(
            field,
            said!("\"{text}\" is not an email address", text),
            said!("write it like name@lab.example"),
        )
    }
}

impl Address {
    /// As it was written, trimmed and in NFKC.
    pub fn as_str(&self) -> &str {
        &self.written
    }
    /// As it is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }
    /// By which it is looked up.
    pub fn digest(&self) -> Digest {
        Digest::of(self.folded.as_bytes())
    }
    /// The part behind the `@`, folded.
    pub fn domain(&self) -> &str {
        self.folded
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
    /// Enough to recognise one's own, too little to learn another's: `a•••@uni.example`.
    pub fn masked(&self) -> String {
        let first = self.written.chars().next().unwrap_or('•');
        format!("{first}•••@{}", self.domain())
    }
}

impl FromStr for Address {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || {
            let shown = text.chars().filter(|c| !c.is_control()).take(80);
            Malformed(shown.collect())
        };
        if text.len() > 1_000 {
            return Err(malformed());
        }
        let text = text.trim();
        // Plain letters are in NFKC, and nearly every address has no others.
        let written: String = if text.is_ascii() {
            text.to_owned()
        } else {
            text.nfkc().collect()
        };
        let folded = written.to_lowercase();
        let well_formed = email_address::EmailAddress::is_valid(&written)
            && written.len() <= 254
            && !written.contains(['"', '<', '>', '(', ')', '[', ']', '\\'])
            && !written.chars().any(|c| c.is_control() || c.is_whitespace())
            && written.matches('@').count() == 1;
        if well_formed {
            Ok(Self { written, folded })
        } else {
            Err(malformed())
        }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}
impl Eq for Address {}
impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Address {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

use serde::{Deserialize, Deserializer, Serialize, Serializer};
as_text!(Address);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_after_trimming_nfkc_and_lower_case() {
        for (left, right, same) in [
            ("Anna@Lab.Example", " anna@lab.example ", true),
            ("ＡＮＮＡ@lab.example", "anna@lab.example", true),
            ("anna@lab.example", "anne@lab.example", false),
        ] {
            let left: Address = left.parse().unwrap();
            let right: Address = right.parse().unwrap();
            assert_eq!(left == right, same, "{left} {right}");
            assert_eq!(left.digest() == right.digest(), same);
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "anna",
            "anna@",
            "@lab.example",
            "a b@lab.example",
            "a@b@c.example",
            "anna@lab.example\r\nBcc: x@y.example",
            "\"odd\"@lab.example",
            "Anna <anna@lab.example>",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
        let long = format!("{}@lab.example", "a".repeat(300));
        assert!(long.parse::<Address>().is_err());
    }
}
