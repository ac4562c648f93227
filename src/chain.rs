//! Hash chains: every entry of an item's journal carries the digest of the stored bytes of the entry before it, so that none can be taken
//! out or changed while the rest stays as it is.
//!
//! Over bytes alone: the daemon that writes a chain and a program that verifies it far away must agree about this and nothing more.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The SHA-256 of one entry as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    pub fn of(stored: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(stored).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits; copy it from an export")]
pub struct Malformed;

impl FromStr for Fingerprint {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| Malformed)?;
        bytes.try_into().map(Self).map_err(|_| Malformed)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Where an entry stands in its chain, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its number, from 1.
    pub number: u64,
    /// The entry before it; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Fingerprint>,
}

/// Where a chain stands: how many entries there are, and the last of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How many entries.
    pub length: u64,
    /// The last entry; `None` while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Fingerprint>,
}

impl Chain {
    /// Whether there is no entry yet.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
    /// The place of the entry that comes next.
    pub const fn next(&self) -> Place {
        Place {
            number: self.length.saturating_add(1),
            previous: self.head,
        }
    }
    /// The chain with one entry more, as it is stored.
    #[must_use]
    pub fn with(&self, stored: &[u8]) -> Self {
        Self {
            length: self.length.saturating_add(1),
            head: Some(Fingerprint::of(stored)),
        }
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Broken {
    /// Entries are gone.
    #[error("{} missing", entries(*from, *to))]
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// An entry is not what it was when the next one was written.
    #[error("entry {number} was altered: what follows it carries the digest of something else")]
    Altered {
        /// Which.
        number: u64,
    },
    /// An entry that does not say where it stands.
    #[error("entry {number} cannot be read")]
    Unreadable {
        /// Which it would be.
        number: u64,
    },
    /// Entries that the item knows nothing of.
    #[error("{} more than the item knows of", entries(*from, *to))]
    Unknown {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
}

fn entries(from: u64, to: u64) -> String {
    if from == to {
        format!("entry {from} is")
    } else {
        format!("entries {from} to {to} are")
    }
}

/// Follows a chain from its first entry to its last, however long it is.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    reached: u64,
    last: Option<Fingerprint>,
    found: Vec<Broken>,
}

impl Verifier {
    /// Takes the next entry, as it is stored.
    pub fn take(&mut self, stored: &[u8]) {
        let expected = self.reached.saturating_add(1);
        let place = serde_json::from_slice::<Place>(stored).ok();
        self.reached = match place {
            None => {
                self.found.push(Broken::Unreadable { number: expected });
                expected
            }
            Some(place) if place.number > expected => {
                self.found.push(Broken::Missing {
                    from: expected,
                    to: place.number - 1,
                });
                place.number
            }
            Some(place) if place.number < expected => {
                self.found.push(Broken::Altered { number: expected });
                expected
            }
            Some(place) => {
                if place.previous != self.last {
                    let number = self.reached.max(1);
                    self.found.push(Broken::Altered { number });
                }
                expected
            }
        };
        self.last = Some(Fingerprint::of(stored));
    }

    /// Everything that is wrong, in the order of the entries, now that all were taken; `None` of it: the chain is whole.
    pub fn finish(mut self, chain: &Chain) -> Vec<Broken> {
        if self.reached < chain.length {
            self.found.push(Broken::Missing {
                from: self.reached + 1,
                to: chain.length,
            });
        } else if self.reached > chain.length {
            self.found.push(Broken::Unknown {
                from: chain.length + 1,
                to: self.reached,
            });
        } else if self.last != chain.head {
            let number = self.reached.max(1);
            self.found.push(Broken::Altered { number });
        }
        self.found.dedup();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(words: &[&str]) -> (Vec<Vec<u8>>, Chain) {
        let mut chain = Chain::default();
        let mut entries = Vec::new();
        for word in words {
            let Place { number, previous } = chain.next();
            let entry = serde_json::json!({ "what": word, "number": number, "previous": previous });
            let mut entry = entry.to_string();
            if previous.is_none() {
                entry = entry.replace(",\"previous\":null", "");
            }
            chain = chain.with(entry.as_bytes());
            entries.push(entry.into_bytes());
        }
        (entries, chain)
    }

    fn found(entries: &[Vec<u8>], chain: &Chain) -> Vec<Broken> {
        let mut verifier = Verifier::default();
        entries.iter().for_each(|entry| verifier.take(entry));
        verifier.finish(chain)
    }

    fn swap(entry: &mut Vec<u8>, from: &str, to: &str) {
        *entry = String::from_utf8(entry.clone())
            .unwrap()
            .replace(from, to)
            .into_bytes();
    }

    #[test]
    fn whatever_is_done_to_a_chain_is_found_and_named() {
        let (whole, chain) = written(&["a", "b", "c", "d"]);
        assert_eq!(found(&whole, &chain), []);
        assert_eq!(found(&[], &Chain::default()), []);
        type Case = (&'static str, fn(&mut Vec<Vec<u8>>), Vec<Broken>);
        let altered = |number| Broken::Altered { number };
        let missing = |from, to| Broken::Missing { from, to };
        let cases: [Case; 8] = [
            (
                "the first is gone",
                |e| drop(e.remove(0)),
                vec![missing(1, 1)],
            ),
            (
                "two in the middle",
                |e| drop(e.drain(1..3)),
                vec![missing(2, 3)],
            ),
            ("the last is gone", |e| drop(e.pop()), vec![missing(4, 4)]),
            ("all are gone", Vec::clear, vec![missing(1, 4)]),
            (
                "the second says otherwise",
                |e| swap(&mut e[1], "\"b\"", "\"x\""),
                vec![altered(2)],
            ),
            (
                "the last says otherwise",
                |e| swap(&mut e[3], "\"d\"", "\"x\""),
                vec![altered(4)],
            ),
            (
                "one is no entry at all",
                |e| e[1] = b"?".to_vec(),
                vec![Broken::Unreadable { number: 2 }, altered(2)],
            ),
            (
                "one was made up",
                |e| e.push(e[3].clone()),
                vec![altered(5), Broken::Unknown { from: 5, to: 5 }],
            ),
        ];
        for (case, change, expected) in cases {
            let mut entries = whole.clone();
            change(&mut entries);
            assert_eq!(found(&entries, &chain), expected, "{case}");
        }
        let other = Chain {
            head: Some(Fingerprint::of(b"else")),
            ..chain
        };
        assert_eq!(found(&whole, &other), [altered(4)]);
    }
}
