//! The sentences of the pages in other languages: `templates/pages/de.po`, read once. What it does not know is said in English.
//!
//! The file is gettext's PO, which translators and their programs know. It is read strictly: a mistake in it is found by a test, and
//! makes no page fail.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::said::{self, Fact, Pattern, Said, Size};
use crate::mail::texts::Language;
use crate::mail::{date, size};

static GERMAN: LazyLock<Catalogue> =
    LazyLock::new(|| read(include_str!("../../templates/pages/de.po")).unwrap_or_default());

/// A sentence with what it tells, in this language.
pub fn say(said: &Said, language: Language) -> String {
    said.filled(pattern(said, language), |fact| tell(fact, language))
}

/// The pattern of a sentence in this language, for what it counts.
pub fn pattern(said: &Said, language: Language) -> &'static str {
    let translated = match language {
        Language::English => None,
        Language::German => GERMAN.find(said.pattern()),
    };
    match translated {
        None => said.form(),
        Some([one]) => one,
        Some([one, ..]) if said.of_one() => one,
        Some([_, many, ..]) => many,
        Some([]) => said.form(),
    }
}

/// A fact as it is written in this language.
pub fn tell(fact: &Fact, language: Language) -> String {
    match fact {
        Fact::Text(text) => text.clone(),
        Fact::Number(n) => number(*n, language),
        Fact::Size(Size(bytes)) => size(*bytes, language),
        Fact::Moment(at) => date(*at, language),
        Fact::Said(said) => say(said, language),
        Fact::List(all) => said::listed(all, |fact| tell(fact, language)),
    }
}

/// `991,227`, in German `991.227`.
fn number(n: i64, language: Language) -> String {
    let mark = match language {
        Language::English => ',',
        Language::German => '.',
    };
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if n < 0 {
        text.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// The sentences of a language by their English.
#[derive(Debug, Default)]
struct Catalogue(HashMap<String, Vec<Entry>>);

impl Catalogue {
    fn find(&self, wanted: Pattern) -> Option<&[String]> {
        let same = |entry: &&Entry| {
            entry.context == wanted.context && entry.many.as_deref() == wanted.many
        };
        let entry = self.0.get(wanted.one)?.iter().find(same)?;
        Some(&entry.says)
    }
}

/// One sentence of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its line, counted from 1.
    pub line: usize,
    /// What tells it from others of the same English.
    pub context: String,
    /// The English.
    pub one: String,
    /// The English of more than one, if it counts something.
    pub many: Option<String>,
    /// What it is in the other language; of one and of more where it counts.
    pub says: Vec<String>,
}

/// What is wrong with a catalogue, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Wrong {
    line: usize,
    what: &'static str,
}

fn read(source: &str) -> Result<Catalogue, Wrong> {
    let mut all: HashMap<String, Vec<Entry>> = HashMap::new();
    for entry in entries(source)? {
        all.entry(entry.one.clone()).or_default().push(entry);
    }
    Ok(Catalogue(all))
}

/// Every sentence of a catalogue, in its order.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn entries(source: &str) -> Result<Vec<Entry>, Wrong> {
    let mut reader = Reader::default();
    for (n, line) in source.lines().enumerate() {
        reader.line(n + 1, line.trim())?;
    }
    reader.end()?;
    Ok(reader.done)
}

/// The plural that this program counts by.
const PLURAL: &str = "Plural-Forms: nplurals=2; plural=(n != 1);\n";

/// A part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Context,
    One,
    Many,
    Says(usize),
}

#[derive(Default)]
struct Reader {
    headed: bool,
    entry: Entry,
    /// The part that was read last; none between two entries.
    part: Option<Part>,
    done: Vec<Entry>,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), Wrong> {
        let wrong = |what| Wrong { line, what };
        if text.is_empty() {
            return self.end();
        }
        if let Some(comment) = text.strip_prefix('#') {
            return match comment.starts_with('~') || comment.contains("fuzzy") {
                true => Err(wrong("remove what is obsolete, and decide what is fuzzy")),
                false => Ok(()),
            };
        }
        if text.starts_with('"') {
            let part = self.part.ok_or(wrong("this text belongs to nothing"))?;
            return self.add(line, part, text);
        }
        let (name, text) = text.split_once(' ').ok_or(wrong("write msgid \"…\""))?;
        let part = match name {
            "msgctxt" => Part::Context,
            "msgid" => Part::One,
            "msgid_plural" => Part::Many,
            "msgstr" | "msgstr[0]" => Part::Says(0),
            "msgstr[1]" => Part::Says(1),
            _ => return Err(wrong("this is no part of a sentence")),
        };
        if self.part.is_some_and(|before| before >= part) {
            return Err(wrong("leave an empty line before the next sentence"));
        }
        if (name == "msgstr") == (self.entry.many.is_some()) && part == Part::Says(0) {
            return Err(wrong(
                "msgstr[0] and msgstr[1] follow a msgid_plural, and msgstr any other",
            ));
        }
        if self.part.is_none() {
            self.entry.line = line;
        }
        self.part = Some(part);
        self.add(line, part, text.trim_start())
    }

    fn add(&mut self, line: usize, part: Part, quoted: &str) -> Result<(), Wrong> {
        let text = unquoted(quoted).ok_or(Wrong {
            line,
            what: "write it between quotes, with \\\" and \\\\ for these two and \\n for a line's end",
        })?;
        let entry = &mut self.entry;
        match part {
            Part::Context => entry.context.push_str(&text),
            Part::One => entry.one.push_str(&text),
            Part::Many => entry.many.get_or_insert_default().push_str(&text),
            Part::Says(nth) => {
                entry.says.resize(nth + 1, String::new());
                if let Some(says) = entry.says.get_mut(nth) {
                    says.push_str(&text);
                }
            }
        }
        Ok(())
    }

    /// An entry is over.
    fn end(&mut self) -> Result<(), Wrong> {
        if self.part.take().is_none() {
            return Ok(());
        }
        let entry = std::mem::take(&mut self.entry);
        let wrong = |what| {
            Err(Wrong {
                line: entry.line,
                what,
            })
        };
        if !self.headed {
            self.headed = true;
            let head = entry.one.is_empty() && entry.says.iter().any(|says| says.contains(PLURAL));
            return match head {
                true => Ok(()),
                false => wrong(
                    "begin with a head that names these plural forms: nplurals=2; plural=(n != 1);",
                ),
            };
        }
        let forms = if entry.many.is_some() { 2 } else { 1 };
        let is_same = |other: &Entry| other.one == entry.one && other.context == entry.context;
        if entry.one.is_empty() {
            wrong("this sentence has no English")
        } else if entry.says.len() != forms || entry.says.iter().any(String::is_empty) {
            wrong("this sentence is not translated")
        } else if self.done.iter().any(is_same) {
            wrong("this sentence stands there twice; remove one, or tell them apart by msgctxt")
        } else {
            self.done.push(entry);
            Ok(())
        }
    }
}

fn unquoted(text: &str) -> Option<String> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => plain.push(match chars.next()? {
                'n' => '\n',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            c => plain.push(c),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::said::said;
    use crate::domain::time::Time;

    const HEAD: &str = "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n";

    #[test]
    fn a_catalogue_is_read_as_translators_write_it() {
        let source = format!(
            "# comment\n{HEAD}\n#: somewhere\nmsgctxt \"door\"\nmsgid \"open\"\nmsgstr \"offen\"\n\n\n\
             msgid \"\"\n\"a \\\"b\\\"\\n\"\n\"c\\\\\"\nmsgstr \"x\"\n\n\
             msgid \"{{n}} file\"\nmsgid_plural \"{{n}} files\"\nmsgstr[0] \"{{n}} Datei\"\nmsgstr[1] \"{{n}} Dateien\""
        );
        let read = entries(&source).unwrap();
        let told: Vec<_> = read
            .iter()
            .map(|e| (e.line, &*e.context, &*e.one, e.says.join("|")))
            .collect();
        assert_eq!(
            told,
            [
                (8, "door", "open", "offen".to_owned()),
                (13, "", "a \"b\"\nc\\", "x".to_owned()),
                (18, "", "{n} file", "{n} Datei|{n} Dateien".to_owned()),
            ]
        );
    }

    #[test]
    fn a_mistake_in_a_catalogue_is_told_with_its_line() {
        let mut told = Vec::new();
        for wrong in [
            "msgid \"a\"",
            "msgid \"a\"\nmsgstr \"\"",
            "msgid \"a\"\nmsgstr \"b\"\nmsgid \"c\"",
            "msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"",
            "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr \"c\"",
            "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"",
            "msgid \"a\"\nmsgstr[0] \"c\"",
            "msgid \"a\nmsgstr \"b\"",
            "msgid \"a\\t\"\nmsgstr \"b\"",
            "msgid \"a\"b\"\nmsgstr \"b\"",
            "\"a\"",
            "msgid",
            "msgstr[2] \"a\"",
            "#, fuzzy\nmsgid \"a\"\nmsgstr \"b\"",
            "#~ msgid \"a\"",
        ] {
            let why = entries(&format!("{HEAD}\n{wrong}\n")).unwrap_err();
            told.push(format!("{wrong:?}\n  {why}"));
        }
        told.push(
            entries("msgid \"a\"\nmsgstr \"b\"")
                .unwrap_err()
                .to_string(),
        );
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn the_german_catalogue_can_be_read() {
        assert!(
            entries(include_str!("../../templates/pages/de.po")).is_ok_and(|all| !all.is_empty())
        );
    }

    #[test]
    fn numbers_sizes_and_moments_are_written_in_the_language() {
        let said = said!(
            991_227; "{n} x, {size}, {at}", "{n} y, {size}, {at}" as "known to no catalogue",
            size = Size(1536), at = Time::from_ms(1_795_344_420_000)
        );
        for (language, text) in [
            (
                Language::English,
                "991,227 y, 1.50 KiB, 22 November 2026, 10:47 UTC",
            ),
            (
                Language::German,
                "991.227 y, 1,50 KiB, 22. November 2026, 10:47 UTC",
            ),
        ] {
            assert_eq!(say(&said, language), text);
        }
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.000"),
            (-1_234_567, "-1.234.567"),
        ] {
            assert_eq!(number(n, Language::German), text);
        }
    }
}
