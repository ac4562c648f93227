//! From TOML to one meant value: the place of every word, and what each type of setting accepts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::amount::{Cap, Size, Span, Unreadable};
use super::name::{self, Address, Handle, Host, Line, Network, PublicUrl};
use super::problem::Problem;

/// A value as the TOML reader hands it over, with its place in the text.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// What has been read so far: where each key stands, and what is wrong.
pub(super) struct Reading<'a> {
    file: &'a str,
    /// Folder that relative paths start from.
    base: PathBuf,
    line_ends: Vec<usize>,
    /// The key that is being read.
    pub(super) key: String,
    /// Least and most of the key that is being read, in the smallest unit of its type.
    pub(super) within: Option<(u64, u64)>,
    /// The line of every key that was read; an element of a list has its number added (`#0`).
    lines: BTreeMap<String, usize>,
    faulty: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a str, base: PathBuf, text: &str) -> Self {
        Self {
            file,
            base,
            line_ends: text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
            key: String::new(),
            within: None,
            lines: BTreeMap::new(),
            faulty: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Line of a byte of the text, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// Remembers where a key stands.
    pub(super) fn found(&mut self, key: &str, offset: usize) {
        self.lines.insert(key.to_owned(), self.line_at(offset));
    }

    /// Something wrong at a place in the text.
    pub(super) fn refuse_at(&mut self, offset: usize, key: &str, sentence: impl Into<String>) {
        let line = Some(self.line_at(offset));
        self.faulty.insert(key.to_owned());
        self.problems.push(Problem {
            file: Some(self.file.into()),
            line,
            key: key.into(),
            sentence: sentence.into(),
        });
    }

    /// Something wrong between keys that can each be read. The first is the one named; nothing is said where one of
    /// them could not be read, for that has been said already and what is in its place is not what was meant.
    pub(super) fn refuse_together(&mut self, keys: &[&str], sentence: impl Into<String>) {
        let own = |key: &&str| key.split('#').next().unwrap_or_default().to_owned();
        if keys.iter().any(|key| self.faulty.contains(&own(key))) {
            return;
        }
        let line = keys
            .iter()
            .find_map(|key| self.lines.get(*key).or_else(|| self.lines.get(&own(key))))
            .copied();
        let key = keys.first().map(own).unwrap_or_default();
        self.problems.push(Problem {
            file: Some(self.file.into()),
            line,
            key,
            sentence: sentence.into(),
        });
    }

    /// Leaves what was said first about each line: after a slip of the pen the rest of a line means nothing.
    pub(super) fn forget_lines_with_two_problems(&mut self) {
        let mut seen = BTreeSet::new();
        self.problems
            .retain(|problem| problem.line.is_none_or(|line| seen.insert(line)));
    }

    /// All that is wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn refuse(&mut self, value: &Value<'_>, sentence: impl Into<String>) {
        let key = self.key.clone();
        self.refuse_at(value.span().start, &key, sentence);
    }

    /// The number itself if it lies between the least and the most of the key that is being read.
    fn bounded<T: Setting>(
        &mut self,
        value: &Value<'_>,
        shown: &str,
        number: Option<u64>,
    ) -> Option<u64> {
        let (least, most) = self.within.unwrap_or((0, u64::MAX));
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(
                value,
                format!(
                    "{shown} is out of range; choose from {} to {}",
                    T::bound(least),
                    T::bound(most)
                ),
            );
        }
        number
    }
}

/// A type that a key can have.
pub(super) trait Setting: Sized {
    /// What the reference says about it.
    fn kind() -> String;
    /// The meant value, or nothing after saying what is wrong.
    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self>;
    /// As TOML; nothing where the key is left out.
    fn write(&self) -> Option<String>;
    /// How the least and the most of this type are shown.
    fn bound(amount: u64) -> String {
        amount.to_string()
    }
}

fn refuse_kind<T: Setting>(value: &Value<'_>, reading: &mut Reading<'_>, example: &str) {
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    };
    reading.refuse(
        value,
        format!(
            "must be {}, not {found}; write it such as {example}",
            T::kind()
        ),
    );
}

pub(super) fn text_as_toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A setting written as text, read by a function that says itself what is wrong.
macro_rules! word {
    ($type:ty, $kind:expr, $example:literal, $read:expr) => {
        impl Setting for $type {
            fn kind() -> String {
                $kind.into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(text) = value.get_ref().as_str() else {
                    refuse_kind::<Self>(value, reading, $example);
                    return None;
                };
                let read: fn(&str) -> Result<Self, Unreadable> = $read;
                read(text)
                    .map_err(|wrong| reading.refuse(value, wrong.to_string()))
                    .ok()
            }
            fn write(&self) -> Option<String> {
                Some(text_as_toml(&self.to_string()))
            }
        }
    };
}

word!(Cap, "a size or \"none\"", "\"1TiB\"", str::parse);
word!(
    Address,
    "an email address",
    "\"anna@uni.example\"",
    str::parse
);
word!(
    Host,
    "a host name or IP address",
    "\"mail.uni.example\"",
    str::parse
);
word!(
    PublicUrl,
    "a URL",
    "\"https://handover.uni.example\"",
    str::parse
);
word!(
    Network,
    "an IP address or network",
    "\"10.0.0.0/8\"",
    str::parse
);
word!(Handle, "a handle", "\"tech-support\"", str::parse);
word!(
    SocketAddr,
    "an IP address and port",
    "\"127.0.0.1:8080\"",
    name::socket
);

/// A setting written as text whose value has a least and a most.
macro_rules! amount {
    ($type:ty, $kind:literal, $example:literal, $number:expr, $bound:expr) => {
        impl Setting for $type {
            fn kind() -> String {
                $kind.into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(text) = value.get_ref().as_str() else {
                    refuse_kind::<Self>(value, reading, $example);
                    return None;
                };
                match text.parse::<Self>() {
                    Ok(meant) => {
                        let number: fn(&Self) -> (u64, String) = $number;
                        let (number, shown) = number(&meant);
                        reading
                            .bounded::<Self>(value, &shown, Some(number))
                            .map(|_| meant)
                    }
                    Err(wrong) => {
                        reading.refuse(value, wrong.to_string());
                        None
                    }
                }
            }
            fn write(&self) -> Option<String> {
                Some(text_as_toml(&self.to_string()))
            }
            fn bound(amount: u64) -> String {
                let bound: fn(u64) -> String = $bound;
                bound(amount)
            }
        }
    };
}

amount!(
    Span,
    "a duration",
    "\"10m\"",
    |span| (span.as_ms().unsigned_abs(), format!("\"{span}\"")),
    |ms| { format!("\"{}\"", Span::from_ms(ms)) }
);
amount!(
    Size,
    "a size",
    "\"64MiB\"",
    |size| (size.as_bytes(), format!("\"{size}\"")),
    |bytes| { format!("\"{}\"", Size::from_bytes(bytes)) }
);
amount!(
    Line,
    "text",
    "\"Handover\"",
    |line| {
        let characters = line.as_str().chars().count() as u64;
        (characters, format!("a text of {characters} characters"))
    },
    |characters| format!("{characters} characters")
);

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Setting for $type {
            fn kind() -> String {
                "a whole number".into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(digits) = value.get_ref().as_integer() else {
                    refuse_kind::<Self>(value, reading, "10");
                    return None;
                };
                let number = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
                let shown = number.map_or_else(|| "the number".into(), |number| number.to_string());
                let number = number.and_then(|number| u64::try_from(number).ok());
                let number = reading.bounded::<Self>(value, &shown, number)?;
                Self::try_from(number).ok().or_else(|| {
                    reading.refuse(value, format!("{shown} is out of range; choose at most {}", Self::MAX));
                    None
                })
            }
            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

number!(u16, u32);

impl Setting for bool {
    fn kind() -> String {
        "true or false".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let meant = value.get_ref().as_bool();
        if meant.is_none() {
            refuse_kind::<Self>(value, reading, "true");
        }
        meant
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A path, made to start from the folder of the configuration file when it is relative.
impl Setting for PathBuf {
    fn kind() -> String {
        "a path".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            refuse_kind::<Self>(value, reading, "\"handover.redb\"");
            return None;
        };
        if text.is_empty() || text.contains('\0') {
            reading.refuse(
                value,
                "is not a path; write one such as \"/var/lib/handover/handover.redb\"",
            );
            return None;
        }
        Some(reading.base.join(text))
    }

    fn write(&self) -> Option<String> {
        Some(text_as_toml(&self.to_string_lossy()))
    }
}

/// A user name at another server: any text that fits on one line, spaces at the ends included.
impl Setting for String {
    fn kind() -> String {
        "text".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            refuse_kind::<Self>(value, reading, "\"handover\"");
            return None;
        };
        if text.is_empty() || text.len() > 255 || text.chars().any(char::is_control) {
            reading.refuse(
                value,
                "must be 1 to 255 characters without line breaks; correct it, or leave the key out",
            );
            return None;
        }
        Some(text.into())
    }

    fn write(&self) -> Option<String> {
        Some(text_as_toml(self))
    }
}

/// A key that may be left out.
impl<T: Setting> Setting for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        T::read(value, reading).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn bound(amount: u64) -> String {
        T::bound(amount)
    }
}

/// A list. Everything wrong in it is said; the elements that can be read are kept, so that the rest is checked too.
impl<T: Setting> Setting for Vec<T> {
    fn kind() -> String {
        format!("a list, each {}", T::kind())
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(elements) = value.get_ref().as_array() else {
            refuse_kind::<Self>(value, reading, "[]");
            return None;
        };
        let mut list = Vec::new();
        for (place, element) in elements.iter().enumerate() {
            let key = format!("{}#{place}", reading.key);
            reading.found(&key, element.span().start);
            list.extend(T::read(element, reading));
        }
        Some(list)
    }

    fn write(&self) -> Option<String> {
        let elements: Vec<String> = self.iter().filter_map(T::write).collect();
        Some(format!("[{}]", elements.join(", ")))
    }
}

/// A closed set of words as an enum: one list serves reading, showing and the reference.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $variant),+
        }

        impl $name {
            /// The word that stands in the configuration file.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl $crate::config::reading::Setting for $name {
            fn kind() -> String {
                const WORDS: &[&str] = &[$(concat!("\"", $word, "\"")),+];
                match WORDS {
                    [only] => (*only).into(),
                    words => format!("one of {}", words.join(", ")),
                }
            }
            fn read(
                value: &$crate::config::reading::Value<'_>,
                reading: &mut $crate::config::reading::Reading<'_>,
            ) -> Option<Self> {
                match value.get_ref().as_str() {
                    $(Some($word) => Some(Self::$variant),)+
                    other => {
                        $crate::config::reading::refuse_choice(value, reading, other, &Self::kind(), &[$($word),+]);
                        None
                    }
                }
            }
            fn write(&self) -> Option<String> {
                Some(format!("\"{}\"", self.as_str()))
            }
        }
    };
}
pub(super) use choice;

/// Says which words there are, and which one was probably meant.
pub(super) fn refuse_choice(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
    word: Option<&str>,
    kind: &str,
    words: &[&str],
) {
    let found = word.map_or_else(|| "this".into(), super::problem::quoted);
    let sentence = match word.and_then(|word| super::problem::nearest(word, words.iter().copied()))
    {
        Some(meant) => format!("{found} is not {kind}; did you mean \"{meant}\"?"),
        None => format!("{found} is not {kind}; choose one of these words"),
    };
    reading.refuse(value, sentence);
}
