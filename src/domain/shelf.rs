//! How items lie in the lists of the context that owns them: in which order, and with what beside them, so that whoever looks through a list
//! for a name or a state need not read the items.

use super::id::{AccountId, Digest};
use super::item::{Item, State, folded_name};

/// So many bytes of a name decide where it lies in the order of names; names that begin with the same ones lie together, in any order.
pub const ORDERED: usize = 80;

/// A name as it is compared with others: each is one place in the order of names, and no other name has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spelled {
    begin: [u8; ORDERED],
    length: u8,
    digest: Digest,
}

impl Spelled {
    /// This name, in whichever spelling.
    pub fn of(name: &str) -> Self {
        let folded = folded_name(name);
        let mut begin = [0; ORDERED];
        let mut length = 0;
        for (to, from) in begin.iter_mut().zip(folded.bytes()) {
            *to = from;
            length += 1;
        }
        Self {
            begin,
            length,
            digest: Digest::of(folded.as_bytes()),
        }
    }

    /// How it begins.
    pub fn begin(&self) -> &[u8] {
        self.begin
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// What tells it from others that begin alike.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// What stands beside an item in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label<'a> {
    /// Active, trashed or archived.
    pub state: State,
    /// Bytes of its files.
    pub bytes: u64,
    /// By whom it was registered.
    pub registered_by: AccountId,
    /// Its name, as names are compared.
    pub name: &'a str,
}

impl<'a> Label<'a> {
    /// What the list says in this way; `None`: nothing could be said so.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        let (state, rest) = value.split_first()?;
        let (bytes, rest) = rest.split_first_chunk()?;
        let (person, name) = rest.split_first_chunk()?;
        Some(Self {
            state: match state {
                1 => State::Active,
                2 => State::Trashed,
                3 => State::Archived,
                _ => return None,
            },
            bytes: u64::from_be_bytes(*bytes),
            registered_by: AccountId::from_bits(u128::from_be_bytes(*person)),
            name: std::str::from_utf8(name).ok()?,
        })
    }
}

/// The label of an item.
pub fn label(item: &Item) -> Vec<u8> {
    let state = match item.state {
        State::Active => 1,
        State::Trashed => 2,
        State::Archived => 3,
    };
    let mut bytes = vec![state];
    bytes.extend(item.bytes.to_be_bytes());
    bytes.extend(item.registered_by.bits().to_be_bytes());
    bytes.extend(folded_name(&item.name).as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_place_in_whatever_spelling_and_a_long_one_its_own() {
        assert_eq!(Spelled::of(" WGS  Batch"), Spelled::of("wgs batch"));
        assert_eq!(Spelled::of("Ab").begin(), b"ab");
        let (one, other) = ("x".repeat(ORDERED) + "1", "x".repeat(ORDERED) + "2");
        let (one, other) = (Spelled::of(&one), Spelled::of(&other));
        assert_eq!(one.begin(), other.begin());
        assert_ne!(one, other);
    }

    #[test]
    fn a_label_of_another_kind_is_not_read() {
        let said = [&[1][..], &[0; 24], "ätna".as_bytes()].concat();
        assert_eq!(Label::read(&said).map(|label| label.name), Some("ätna"));
        let other = [&[4][..], &said[1..]].concat();
        let cut = &said[..said.len() - 3];
        for odd in [&[][..], &said[..20], &[cut, &[0xff]].concat(), &other] {
            assert_eq!(Label::read(odd), None, "{odd:?}");
        }
    }
}
