//! How items lie in the lists of the context that owns them: in which order, and with what beside them, so that whoever looks through a list
//! for a name or a state need not read the items.

use unicode_normalization::UnicodeNormalization;

use super::id::{AccountId, Digest};
use super::item::{Item, State, folded_name};

/// So many bytes decide where a name lies in the order of names; names that begin with the same ones lie together, in any order.
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
        for (to, from) in begin.iter_mut().zip(ordered(&folded)) {
            *to = from;
            length += 1;
        }
        Self {
            begin,
            length,
            digest: Digest::of(folded.as_bytes()),
        }
    }

    /// What decides where it lies in the order of names.
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

/// The letters of a folded name that decide where it lies, without their accents.
fn plain(folded: &str) -> impl Iterator<Item = char> {
    folded.nfd().flat_map(|letter| {
        let (one, more) = match letter {
            '\u{300}'..='\u{36f}' => (None, None),
            'ß' => (Some('s'), Some('s')),
            'æ' => (Some('a'), Some('e')),
            'œ' => (Some('o'), Some('e')),
            'ø' => (Some('o'), None),
            'ł' => (Some('l'), None),
            other => (Some(other), None),
        };
        one.into_iter().chain(more)
    })
}

/// What decides where a folded name lies in the order of names, as people look for it: numbers by what they count, so that "run 2" comes before
/// "run 10", and letters without their accents, so that "ärzte" comes before "zoo". No more of it than decides.
pub fn ordered(folded: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ORDERED);
    let mut letters = plain(folded).peekable();
    while let Some(letter) = letters.next() {
        if bytes.len() >= ORDERED {
            break;
        }
        if letter.is_ascii_digit() {
            let mut number = String::from(letter);
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                number.push(digit);
            }
            let counts = number.trim_start_matches('0');
            // Of two numbers the one with more digits is the larger one.
            let digits = u8::try_from(counts.len()).unwrap_or(u8::MAX);
            bytes.extend([b'0', digits.saturating_add(1)]);
            bytes.extend(counts.bytes());
        } else {
            bytes.extend(letter.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    bytes.truncate(ORDERED);
    bytes
}

/// Part of a name that is looked for where only the order of names is known: what must be there of it.
pub struct Traces(Vec<Vec<u8>>);

impl Traces {
    /// Of a folded part of a name: its numbers, without what they may begin with, and what stands between them, as far as it is plain.
    pub fn of(folded: &str) -> Self {
        let letters: String = plain(folded).collect();
        let ascii = letters.split(|letter: char| !letter.is_ascii());
        let alike = |one: &u8, other: &u8| one.is_ascii_digit() == other.is_ascii_digit();
        let runs = ascii.flat_map(|run| run.as_bytes().chunk_by(alike));
        let lasting = runs.map(|run| {
            let zeros = run.iter().take_while(|byte| **byte == b'0').count();
            run.get(zeros..).unwrap_or_default().to_vec()
        });
        Self(lasting.filter(|run| !run.is_empty()).collect())
    }

    /// Whether a name may hold the part if this is all that decides where it lies.
    pub fn lie_in(&self, ordered: &[u8]) -> bool {
        let there = |run: &Vec<u8>| ordered.windows(run.len()).any(|here| here == run);
        self.0.iter().all(there)
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
        assert_ne!(Spelled::of("Ab"), Spelled::of("\u{c4}b"));
        assert_ne!(Spelled::of("run 1"), Spelled::of("run 01"));
        let (one, other) = ("x".repeat(ORDERED) + "1", "x".repeat(ORDERED) + "2");
        let (one, other) = (Spelled::of(&one), Spelled::of(&other));
        assert_eq!(one.begin(), other.begin());
        assert_ne!(one, other);
    }

    #[test]
    fn names_lie_where_people_look_for_them() {
        let names = [
            "0",
            "00 blank",
            "2",
            "10",
            "2026-03-01",
            "Apfel",
            "Ärzte",
            "Łódź",
            "plate",
            "plate 2",
            "plate 2b",
            "plate 10",
            "plate 0010 b",
            "plate b",
            "Straße 2",
            "Strasse 10",
            "Zoo",
            "Ярославль",
        ];
        let mut sorted = names;
        sorted.reverse();
        sorted.sort_by_key(|name| Spelled::of(name).begin().to_vec());
        assert_eq!(sorted, names);
        assert_eq!(ordered(&"9".repeat(300)).len(), ORDERED);
    }

    #[test]
    fn every_part_of_a_name_leaves_its_traces() {
        for name in [
            "Project 010",
            "2026-03-01_Łódź_0041",
            "Ärzte & Straße 007",
            "a\u{316}\u{301}b c\u{345}d0",
            "Ярославль 3й",
            "æther 1²",
            "00",
            "ḍ̇9 가각 ॐ क्षि 5",
        ] {
            let folded = folded_name(name);
            let ordered = ordered(&folded);
            assert!(ordered.len() < ORDERED);
            let places: Vec<usize> = folded
                .char_indices()
                .map(|(at, _)| at)
                .chain([folded.len()])
                .collect();
            for (n, from) in places.iter().enumerate() {
                for to in &places[n..] {
                    let part = &folded[*from..*to];
                    assert!(Traces::of(part).lie_in(&ordered), "{part:?} of {name:?}");
                }
            }
        }
        let ordered = ordered("project 010");
        for other in ["project 2", "projects", "11", "x"] {
            assert!(!Traces::of(other).lie_in(&ordered), "{other}");
        }
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
