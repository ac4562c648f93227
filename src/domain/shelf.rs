//! How items lie in the lists of the context that owns them: in which order, and with what beside them, so that whoever looks through a list
//! for a name or a state need not read the items.

use super::id::{AccountId, Digest};
use super::item::{Item, State, folded_name};

/// So many bytes of a name decide where it lies in the order of names; names that begin with the same ones lie together, in any order.
pub const ORDERED: usize = 80;

/// So many bytes of a name stand in a label. A folded name may be eleven times as long as it was written.
pub const LABELLED: usize = 400;
/// In the first byte: there is more of the name than the label has.
const CUT: u8 = 0x80;

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
    /// Its name, as names are compared, or how that begins.
    pub name: &'a str,
    /// Whether that is all of it.
    pub whole: bool,
}

impl<'a> Label<'a> {
    /// What the list says in this way; `None`: nothing could be said so.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        let (state, rest) = value.split_first()?;
        let (bytes, rest) = rest.split_first_chunk()?;
        let (person, name) = rest.split_first_chunk()?;
        Some(Self {
            state: match state & !CUT {
                1 => State::Active,
                2 => State::Trashed,
                3 => State::Archived,
                _ => return None,
            },
            bytes: u64::from_be_bytes(*bytes),
            registered_by: AccountId::from_bits(u128::from_be_bytes(*person)),
            name: std::str::from_utf8(name).ok()?,
            whole: state & CUT == 0,
        })
    }
}

/// The label of an item.
pub fn label(item: &Item) -> Vec<u8> {
    written(item.state, item.bytes, item.registered_by, &item.name)
}

fn written(state: State, bytes: u64, registered_by: AccountId, name: &str) -> Vec<u8> {
    let folded = folded_name(name);
    let begin = folded.get(..folded.floor_char_boundary(LABELLED));
    let begin = begin.unwrap_or_default();
    let state = match state {
        State::Active => 1,
        State::Trashed => 2,
        State::Archived => 3,
    };
    let cut = if begin.len() < folded.len() { CUT } else { 0 };
    let mut label = vec![state | cut];
    label.extend(bytes.to_be_bytes());
    label.extend(registered_by.bits().to_be_bytes());
    label.extend(begin.as_bytes());
    label
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
    fn a_label_has_no_more_of_a_name_than_it_may() {
        let longest = "\u{fdfa}".repeat(255);
        for (name, whole) in [("WGS", true), (&*longest, false)] {
            let bytes = written(State::Trashed, 7, AccountId::from_bits(1), name);
            assert!(bytes.len() <= 25 + LABELLED);
            let label = Label::read(&bytes).unwrap();
            assert_eq!((label.state, label.whole), (State::Trashed, whole));
            assert!(folded_name(name).starts_with(label.name));
        }
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
