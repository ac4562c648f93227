//! Where answers to a letter go, and reports about it.

use std::fmt::Write as _;

use crate::domain::address::Address;
use crate::domain::letter::{Kind, Letter};
use crate::domain::secret::SiteKey;

use super::Site;
use super::inbound::{Purpose, Recipient, Scheme};

/// The address that an answer to a letter goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(String);

impl Reply {
    /// That of this letter, if it can be answered: it asks for an answer, and the site takes replies.
    pub fn to(letter: &Letter, site: &Site, key: &SiteKey) -> Option<Self> {
        let asks = matches!(
            letter.says,
            Kind::Offer { .. } | Kind::Reminder { .. } | Kind::Answer { .. }
        );
        let scheme = site.replies.as_ref().filter(|_| asks)?;
        written(scheme, Purpose::Reply, &key.reply(letter.id)).map(Self)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// A link that opens a mail to it, with this in it; nothing is sent before a person sends it.
    pub fn mailto(&self, subject: &str, body: &str) -> String {
        let mut link = mailto(&self.0);
        link.push_str("?subject=");
        escape(subject, "", &mut link);
        link.push_str("&body=");
        escape(body, "", &mut link);
        link
    }
}

/// A link that opens a mail to this address (RFC 6068 §2).
pub fn mailto(address: &str) -> String {
    let mut link = String::from("mailto:");
    escape(address, "@", &mut link);
    link
}

/// The envelope's sender: nobody for an answer to a reply, so that no two machines ever answer each other.
pub fn envelope(letter: &Letter, site: &Site, key: &SiteKey) -> Option<Address> {
    if matches!(letter.says, Kind::Answer { .. }) {
        return None;
    }
    let own = site.replies.as_ref().and_then(|scheme| {
        let bounce = written(scheme, Purpose::Bounce, &key.bounce(letter.id))?;
        bounce.parse().ok()
    });
    Some(own.unwrap_or_else(|| site.from.clone()))
}

pub(super) fn written(scheme: &Scheme, purpose: Purpose, token: &str) -> Option<String> {
    Recipient::new(purpose, token).map(|recipient| scheme.write(&recipient))
}

/// Percent-encoding (RFC 3986 §2.1) of everything but unreserved characters and those of `keep`.
fn escape(text: &str, keep: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || keep.contains(c) {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string does not fail.
                let _written = write!(out, "%{byte:02X}");
            }
        }
    }
}
