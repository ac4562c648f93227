//! Names that cannot be wrong: email address, handle, one line of text.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;

use super::amount::Unreadable;
use super::problem::quoted;

/// A bare email address: trimmed, NFKC, the domain in lower case, the local part as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// As it is written on a letter.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// All in lower case: two addresses belong to one person when these are equal.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The built-in sender, which reaches nobody.
    pub(super) fn handover_at_localhost() -> Self {
        Self("handover@localhost".into())
    }

    /// Stands in an entry whose address is still to be read; never leaves this module's readers.
    pub(super) fn unread() -> Self {
        Self(String::new())
    }
}

impl FromStr for Address {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let refuse = || {
            Unreadable(format!(
                "{} is not an email address; write the bare address, such as \"anna@uni.example\"",
                quoted(text)
            ))
        };
        let normal: String = text.trim().nfkc().collect();
        // Quoted local parts are legal and used by nobody but those who smuggle header lines.
        if normal.len() > 254
            || normal
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '"')
        {
            return Err(refuse());
        }
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        EmailAddress::parse_with_options(&normal, options).map_err(|_| refuse())?;
        let (local, domain) = normal.rsplit_once('@').ok_or_else(refuse)?;
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The short name of a workgroup or domain, used in the API and in replies: 2 to 64 of `[A-Za-z0-9._-]`, compared without case.
#[derive(Debug, Clone)]
pub struct Handle(String);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Handle {}
impl PartialOrd for Handle {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Handle {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let folded = |handle: &Self| handle.0.to_ascii_lowercase();
        folded(self).cmp(&folded(other))
    }
}

impl Handle {
    /// As it is typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain of everybody who belongs to no other.
    pub fn public() -> Self {
        Self(super::PUBLIC.into())
    }

    /// Stands in an entry whose handle is still to be read; never leaves this module's readers.
    pub(super) fn unread() -> Self {
        Self(String::new())
    }
}

impl FromStr for Handle {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let fits = (2..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            && edge(text.chars().next())
            && edge(text.chars().next_back());
        if !fits {
            return Err(Unreadable(format!(
                "{} is not a handle; write 2 to 64 letters, digits, dots, dashes or underscores, such as \"TechSupport\"",
                quoted(text)
            )));
        }
        if text.eq_ignore_ascii_case("personal") {
            return Err(Unreadable(
                "\"personal\" is the name of everybody's own context; choose another handle".into(),
            ));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One line of text for people: trimmed, not empty, without control characters, so that it can stand in a mail header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the built-in texts of this module.
    pub(super) fn built_in(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromStr for Line {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let line = text.trim();
        if line.is_empty() {
            return Err(Unreadable(
                "is empty; write the text people shall read, or leave the key out".into(),
            ));
        }
        if line
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        {
            return Err(Unreadable(
                "holds a line break or another control character; write it in one line".into(),
            ));
        }
        Ok(Self(line.into()))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A colour, as the web writes it: `#0b5cad`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour(String);

impl Colour {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the built-in colours of this module.
    pub(super) fn built_in(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromStr for Colour {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        let six = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        six.then(|| Self(text.to_ascii_lowercase())).ok_or_else(|| {
            Unreadable(format!(
                "{} is no colour; write red, green and blue with two digits each, such as \"#0b5cad\"",
                super::problem::quoted(text)
            ))
        })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_bare_normal_and_harmless() {
        for (text, read) in [
            (" Anna.Lee@Uni.Example ", Some("Anna.Lee@uni.example")),
            ("ａｎｎａ@uni.example", Some("anna@uni.example")),
            ("handover@localhost", Some("handover@localhost")),
            ("Anna <anna@uni.example>", None),
            ("anna@uni.example\r\nBcc: eve@evil.example", None),
            ("\"a b\"@uni.example", None),
            ("anna@[127.0.0.1]", None),
            ("anna", None),
            ("@uni.example", None),
            ("anna@", None),
            ("", None),
        ] {
            assert_eq!(
                text.parse::<Address>().ok().as_ref().map(Address::as_str),
                read,
                "{text}"
            );
        }
    }

    #[test]
    fn handles_are_short_and_plain() {
        for (text, fits) in [
            ("techsupport", true),
            ("lab-7", true),
            ("Tech", true),
            ("tech.support_2", true),
            ("te ch", false),
            ("a", false),
            ("-ab", false),
            ("ab-", false),
            ("personal", false),
            ("über", false),
        ] {
            assert_eq!(text.parse::<Handle>().is_ok(), fits, "{text}");
        }
        assert!("x".repeat(65).parse::<Handle>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_a_name_panic(text in "\\PC{0,40}|[a-z0-9.:@/\\[\\]-]{0,40}") {
            let _ = text.parse::<Address>();
            let _ = text.parse::<Handle>();
            let _ = text.parse::<Line>();
        }
    }
}
