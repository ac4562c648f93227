//! A sentence before it is in any language: an English pattern, and what it tells. The pattern is also its name in the catalogues of
//! other languages (`templates/pages/de.po`), so that English stays readable where it is used.
//!
//! The API and the command line say the English, and whoever speaks other languages asks for pattern and facts.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::address::Address;
use super::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, LetterId, LinkId, MessageId,
    MoveId, WorkgroupId,
};
use super::time::Time;
use super::workgroup::Handle;
use crate::size::size;

/// An amount of data in bytes, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

/// Something that a sentence tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A name, an address: the same in every language.
    Text(String),
    /// A number.
    Number(i64),
    /// An amount of data.
    Size(Size),
    /// A moment.
    Moment(Time),
    /// Another sentence, or a piece of one.
    Said(Said),
    /// Several, with commas between them.
    List(Vec<Fact>),
}

/// What is looked up in a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// What tells it from others of the same English; empty: nothing has to.
    pub context: &'static str,
    /// The English, of one where it counts something.
    pub one: &'static str,
    /// The English of any other number.
    pub many: Option<&'static str>,
}

/// A sentence with what it tells. Made by `said!`. In a box, because answers that are never refused carry it too.
#[derive(Debug, Clone)]
pub struct Said(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    pattern: Pattern,
    facts: Vec<(&'static str, Fact)>,
}

/// The fact by which a sentence chooses between one and many.
const COUNT: &str = "n";

impl Said {
    /// The sentence of this pattern, which tells nothing yet.
    pub fn new(pattern: Pattern) -> Self {
        Self(Box::new(Told {
            pattern,
            facts: Vec::new(),
        }))
    }
    /// The same, which tells this too.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Tell) -> Self {
        self.0.facts.push((name, fact.fact()));
        self
    }
    /// What it is called in a catalogue.
    pub fn pattern(&self) -> Pattern {
        self.0.pattern
    }
    /// Whether it is said of exactly one.
    pub fn of_one(&self) -> bool {
        self.0.pattern.many.is_none() || self.find(COUNT) == Some(&Fact::Number(1))
    }
    fn find(&self, name: &str) -> Option<&Fact> {
        let found = self.0.facts.iter().find(|(there, _)| *there == name);
        found.map(|(_, fact)| fact)
    }
    /// A pattern of any language with the facts in it, each as `written` has it. What it does not know stays as it is.
    pub fn filled(&self, pattern: &str, written: impl Fn(&Fact) -> String) -> String {
        let mut text = String::with_capacity(pattern.len() + 16);
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            match after.split_once('}') {
                Some((name, after)) if self.find(name).is_some() => {
                    text.push_str(&self.find(name).map(&written).unwrap_or_default());
                    rest = after;
                }
                _ => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }
    /// The English pattern for what it counts.
    pub fn form(&self) -> &'static str {
        match self.0.pattern.many {
            Some(many) if !self.of_one() => many,
            _ => self.0.pattern.one,
        }
    }
    /// In English, as programs are told.
    pub fn english(&self) -> String {
        self.filled(self.form(), Fact::english)
    }
}

impl Fact {
    fn english(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Size(Size(bytes)) => size(*bytes),
            Self::Moment(at) => at.for_people(),
            Self::Said(said) => said.english(),
            Self::List(all) => listed(all, Self::english),
        }
    }
}

/// Several facts, each as `written` has it.
pub fn listed(all: &[Fact], written: impl Fn(&Fact) -> String) -> String {
    let all: Vec<String> = all.iter().map(written).collect();
    all.join(", ")
}

// Two sentences are the same, and stand in one order, by what programs are told.
impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Said {}
impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Said {
    fn cmp(&self, other: &Self) -> Ordering {
        self.english().cmp(&other.english())
    }
}

/// A text that no catalogue knows.
impl From<String> for Said {
    fn from(text: String) -> Self {
        let pattern = Pattern {
            context: "",
            one: "{text}",
            many: None,
        };
        Self::new(pattern).with("text", text)
    }
}
impl From<&str> for Said {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// What is kept of it is its English.
impl Serialize for Said {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.english())
    }
}
impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

/// What sentences can tell.
pub trait Tell {
    /// As a fact.
    fn fact(&self) -> Fact;
}

impl<T: Tell + ?Sized> Tell for &T {
    fn fact(&self) -> Fact {
        (**self).fact()
    }
}
impl<T: Tell> Tell for Vec<T> {
    fn fact(&self) -> Fact {
        Fact::List(self.iter().map(Tell::fact).collect())
    }
}
impl Tell for Time {
    fn fact(&self) -> Fact {
        Fact::Moment(*self)
    }
}
impl Tell for Size {
    fn fact(&self) -> Fact {
        Fact::Size(*self)
    }
}
impl Tell for Said {
    fn fact(&self) -> Fact {
        Fact::Said(self.clone())
    }
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Tell for $text {
            fn fact(&self) -> Fact {
                Fact::Text(self.to_string())
            }
        }
    )*};
}
texts!(
    str,
    String,
    fmt::Arguments<'_>,
    Address,
    Handle,
    AccountId,
    AnalysisId,
    Context,
    Digest,
    InvitationId,
    ItemId,
    LetterId,
    LinkId,
    MessageId,
    MoveId,
    WorkgroupId
);

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Tell for $number {
            fn fact(&self) -> Fact {
                Fact::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, usize, i32, i64);

/// A sentence that is yet to be said in somebody's language:
/// `said!("{name} is archived", name = item.name)`, with `name` alone for a variable of that name;
/// of a number `said!(n; "{n} file", "{n} files")`; and where one English word has several meanings
/// `said!("open" as "a state")`. The pattern is a literal and its facts are checked when this is compiled.
macro_rules! said {
    (@ $name:ident) => { $name };
    (@ $name:ident = $value:expr) => { $value };
    ($one:literal $(as $context:literal)? $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        if false {
            // Says at compile time which fact is missing, or told for nothing.
            let _ = format_args!(concat!($one) $(, $name = "")*);
        }
        $crate::domain::said::Said::new($crate::domain::said::Pattern {
            context: concat!($($context)?),
            one: $one,
            many: None,
        })
        $(.with(stringify!($name), &$crate::domain::said::said!(@ $name $(= $value)?)))*
    }};
    ($n:expr; $one:literal, $many:literal $(as $context:literal)? $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        if false {
            let _ = format_args!(concat!($one, $many, "{n}"), n = "" $(, $name = "")*);
        }
        $crate::domain::said::Said::new($crate::domain::said::Pattern {
            context: concat!($($context)?),
            one: $one,
            many: Some($many),
        })
        .with("n", &$n)
        $(.with(stringify!($name), &$crate::domain::said::said!(@ $name $(= $value)?)))*
    }};
}
pub(crate) use said;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_its_pattern_with_what_it_tells() {
        let (name, at) = ("a {b}", Time::from_ms(0));
        for (said, english) in [
            (said!("nothing yet"), "nothing yet"),
            (said!("{name} is archived", name), "a {b} is archived"),
            (said!("{a} and {a}", a = name), "a {b} and a {b}"),
            (said!("since {at}", at), "since 1 January 1970, 00:00 UTC"),
            (said!("{size} free", size = Size(1536)), "1.50 KiB free"),
            (said!(1; "{n} file", "{n} files"), "1 file"),
            (said!(0_usize; "{n} file", "{n} files"), "0 files"),
            (
                said!(1_500_u64; "{n} file of {whom}", "{n} files of {whom}" as "a list", whom = name),
                "1500 files of a {b}",
            ),
            (
                said!("{what} left", what = said!(2; "{n} try", "{n} tries")),
                "2 tries left",
            ),
            (said!("{all} wait", all = vec!["a", "b"]), "a, b wait"),
            (Said::from("{name} {"), "{name} {"),
        ] {
            assert_eq!(said.english(), english);
        }
    }

    #[test]
    fn sentences_stand_in_the_order_of_their_english() {
        let (b, text) = (said!("{x}b", x = "a"), Said::from("ab"));
        assert_eq!(b, text);
        assert!(said!("z") > b && said!("aa") < text);
    }
}
