//! Documents as they are kept: a tag with the number of its form, a space, JSON. `account/1 {"id":…}`.
//!
//! The form is self-describing, so that old files open after an upgrade; a golden file per type makes an accidental change a failing test.
//! What the store keeps *about* a document (index entries, counters, due work) is a pure function of the document, so it can never
//! drift from it: a write takes the difference between what the old and the new document derive.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chain::Chain;

use super::id::Context;
use super::index::Entry;
use super::key::{Counter, Key, Queue};
use super::time::Time;

/// An index entry that a document derives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// The entry.
    pub entry: Entry,
    /// Its value.
    pub value: Vec<u8>,
    /// How it is kept.
    pub kept: Kept,
}

/// How an index entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// As it is.
    Listed,
    /// No other document may derive it.
    Unique,
    /// With the version of its document before its value, so that whoever needs no more than that need not read the document.
    Numbered,
}

impl Derived {
    /// An entry that is only listed.
    pub fn listed(entry: Entry) -> Self {
        Self::telling(entry, Vec::new())
    }
    /// An entry that tells this.
    pub fn telling(entry: Entry, value: Vec<u8>) -> Self {
        Self {
            entry,
            value,
            kept: Kept::Listed,
        }
    }
    /// An entry that names exactly one owner.
    pub fn unique(entry: Entry, owner: impl ToString) -> Self {
        Self {
            entry,
            value: owner.to_string().into_bytes(),
            kept: Kept::Unique,
        }
    }
    /// An entry that tells the version of its document and this.
    pub fn numbered(entry: Entry, value: Vec<u8>) -> Self {
        Self {
            entry,
            value,
            kept: Kept::Numbered,
        }
    }
}

/// A kind of document.
pub trait Document: Serialize + DeserializeOwned + Clone + PartialEq {
    /// What it is called at rest.
    const TAG: &'static str;
    /// The number of the form written now.
    const FORM: u32 = 1;

    /// Where it is kept.
    fn key(&self) -> Key;
    /// The index entries it derives.
    fn entries(&self) -> Vec<Derived> {
        Vec::new()
    }
    /// What it adds to counters.
    fn counts(&self) -> Vec<(Counter, i64)> {
        Vec::new()
    }
    /// The work it waits for: queue, moment, id.
    fn due(&self) -> Option<(Queue, Time, u128)> {
        None
    }
    /// The contexts whose business its events are.
    fn concerns(&self) -> Vec<Context> {
        Vec::new()
    }
    /// What an event that changes it tells with before and after, each under its name.
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// Where the chain of its events stands, if they form one.
    fn chain(&self) -> Option<Chain> {
        None
    }
    /// The same document with its chain standing there.
    #[must_use]
    fn chained(self, _chain: Chain) -> Self {
        self
    }
    /// Reads an older form; `None` when there never was such a form.
    fn upgrade(_form: u32, _body: &[u8]) -> Option<Self> {
        None
    }
}

/// Why stored bytes are not the document they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not this type at all.
    #[error(
        "expected a stored {wanted}, found \"{found}\"; the store is damaged: restore it from a backup"
    )]
    Type {
        /// The type asked for.
        wanted: &'static str,
        /// The head that was found.
        found: String,
    },
    /// A form this version does not know.
    #[error(
        "a stored {wanted} has form {form}, which this version cannot read; install the version that wrote it"
    )]
    Form {
        /// The type asked for.
        wanted: &'static str,
        /// The form found.
        form: u32,
    },
    /// The body does not fit its type.
    #[error(
        "a stored {wanted} cannot be read: {why}; the store is damaged: restore it from a backup"
    )]
    Body {
        /// The type asked for.
        wanted: &'static str,
        /// What the parser said.
        why: String,
    },
}

/// The bytes at rest.
pub fn encode<D: Document>(document: &D) -> Vec<u8> {
    let mut bytes = format!("{}/{} ", D::TAG, D::FORM).into_bytes();
    // Documents hold no maps with keys that are not texts and write into memory, so this cannot fail.
    let written = serde_json::to_writer(&mut bytes, document);
    debug_assert!(written.is_ok(), "{written:?}");
    bytes
}

/// The document in these bytes.
pub fn decode<D: Document>(bytes: &[u8]) -> Result<D, Unreadable> {
    let other = || Unreadable::Type {
        wanted: D::TAG,
        found: String::from_utf8_lossy(bytes).chars().take(24).collect(),
    };
    let space = bytes.iter().position(|b| *b == b' ').ok_or_else(other)?;
    let (head, rest) = bytes.split_at(space);
    let body = rest.get(1..).unwrap_or_default();
    let form: u32 = std::str::from_utf8(head)
        .ok()
        .and_then(|head| head.strip_prefix(D::TAG)?.strip_prefix('/')?.parse().ok())
        .ok_or_else(other)?;
    if form == D::FORM {
        let unreadable = |why| Unreadable::Body {
            wanted: D::TAG,
            why,
        };
        // That it is text is seen once here, and not of each string in it.
        let body = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
        return serde_json::from_str(body).map_err(|error| unreadable(error.to_string()));
    }
    D::upgrade(form, body).ok_or(Unreadable::Form {
        wanted: D::TAG,
        form,
    })
}
