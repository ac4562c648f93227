//! A walk through an XML file that needs the same little memory whatever the file says.
//!
//! The instruments' files are small and plain. Everything that makes XML dangerous is refused: document types and
//! entities (which can grow to gigabytes from a few lines), deep nesting, endless tags and texts.

use super::problem::{Problem, quoted};
use super::source::WAIT_FOR_COPY;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::io::{self, BufRead, Read};

/// Largest XML file that is read. A `RunInfo.xml` that lists every tile of the largest flow cell has 100 KiB.
pub(super) const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// Longest tag, text or comment, in bytes.
const LONGEST_TOKEN: u64 = 256 * 1024;
/// Most tags, texts and comments. All tiles of the largest flow cell make some tens of thousands; 64 MiB of the smallest
/// tags would keep a processor busy for a minute.
const MOST_TOKENS: u64 = 1_000_000;
/// Longest text kept of one element, in bytes; the rest is passed over.
const LONGEST_TEXT: usize = 4 * 1024;
/// Longest element or attribute name kept, in bytes; the names looked for are shorter.
const LONGEST_NAME: usize = 64;
const MOST_ATTRIBUTES: usize = 64;
/// Deepest nesting; the instruments' files stay below ten.
const DEEPEST: usize = 64;

const AS_WRITTEN: &str = "put the file as the instrument wrote it into the folder";

/// What an element carried, handed over when it opens.
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The trimmed value of an attribute, whatever the case of its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// What is told about an XML file while it is read. Paths run from the root element to the one at hand and hold lower-case
/// names without prefix.
pub(super) trait Visit {
    /// An element begins.
    fn open(&mut self, path: &[&str], attributes: &Attributes);
    /// An element ends, with the trimmed text directly in it.
    fn close(&mut self, path: &[&str], text: &str);
}

/// Walks through the file. The root element must be called `root`, in any case.
pub(super) fn walk(
    input: impl Read,
    file: &'static str,
    root: &'static str,
    visit: &mut dyn Visit,
) -> Result<(), Problem> {
    let guarded = Guarded::new(io::BufReader::with_capacity(
        32 * 1024,
        input.take(LARGEST_FILE + 1),
    ));
    let mut walk = Walk {
        file,
        root,
        open: Vec::new(),
        line: 1,
        seen_root: false,
    };
    let mut reader = Reader::from_reader(guarded);
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut tokens: u64 = 0;
    loop {
        buffer.clear();
        tokens += 1;
        if tokens > MOST_TOKENS {
            return Err(walk.problem(
                format!("holds more than {MOST_TOKENS} tags and texts"),
                AS_WRITTEN,
            ));
        }
        reader.get_mut().next_token();
        let event = reader.read_event_into(&mut buffer);
        let failed = event.as_ref().err().map(|why| match why {
            quick_xml::Error::Io(why) => format!("cannot be read ({})", why.kind()),
            why => format!("is not well-formed XML ({})", quoted(&why.to_string())),
        });
        let at_end = matches!(event, Ok(Event::Eof));
        if let Ok(event) = event {
            walk.take(event, visit)?;
        }
        let guarded = reader.get_mut();
        walk.line = guarded.lines + 1;
        if let Some(why) = failed {
            return Err(match guarded.refused {
                Some(refused) => walk.problem(refused, AS_WRITTEN),
                None if guarded.ended => walk.problem(
                    "ends in the middle: the file is only partly there",
                    WAIT_FOR_COPY,
                ),
                None => walk.problem(why, AS_WRITTEN),
            });
        }
        if at_end {
            return walk.finish();
        }
    }
}

struct Walk {
    file: &'static str,
    root: &'static str,
    open: Vec<(String, String)>,
    line: u64,
    seen_root: bool,
}

impl Walk {
    fn problem(&self, sentence: impl Into<String>, next_step: &str) -> Problem {
        Problem::new(self.file, Some(self.line), sentence, next_step)
    }

    fn take(&mut self, event: Event<'_>, visit: &mut dyn Visit) -> Result<(), Problem> {
        match event {
            Event::Start(start) => self.start(&start, visit),
            Event::End(_) => {
                if let Some((_, text)) = self.open.last() {
                    visit.close(&self.path(), text.trim());
                }
                self.open.pop();
                Ok(())
            }
            Event::Text(text) => {
                self.keep(&text);
                Ok(())
            }
            Event::CData(text) => {
                self.keep(&text);
                Ok(())
            }
            Event::GeneralRef(reference) => {
                let character = match &*reference {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "apos" => Some('\''),
                    "quot" => Some('"'),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                let Some(character) = character else {
                    return Err(self.problem(
                        format!("uses the entity {}, which the instruments' files never do", quoted(&reference)),
                        AS_WRITTEN,
                    ));
                };
                self.keep(character.encode_utf8(&mut [0; 4]));
                Ok(())
            }
            Event::DocType(_) => Err(self.problem(
                "declares a document type (DOCTYPE), which the instruments' files never do and which is refused",
                AS_WRITTEN,
            )),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, visit: &mut dyn Visit) -> Result<(), Problem> {
        if self.open.len() >= DEEPEST {
            return Err(self.problem(format!("nests elements deeper than {DEEPEST}"), AS_WRITTEN));
        }
        let name = kept_name(start.local_name().as_ref());
        if self.open.is_empty() {
            if self.seen_root {
                return Err(self.problem("goes on after its end", AS_WRITTEN));
            }
            if !name.eq_ignore_ascii_case(self.root) {
                return Err(self.problem(
                    format!(
                        "begins with the element {} instead of {}",
                        quoted(&name),
                        self.root
                    ),
                    AS_WRITTEN,
                ));
            }
            self.seen_root = true;
        }
        let mut attributes = Vec::new();
        // The reader's own check for attributes given twice compares each with all before it: minutes for a hostile tag.
        for attribute in start.attributes().with_checks(false) {
            let read = attribute
                .map_err(|why| why.to_string())
                .and_then(|attribute| {
                    let value = attribute
                        .normalized_value(XmlVersion::Implicit1_0)
                        .map_err(|why| why.to_string())?;
                    Ok((
                        kept_name(attribute.key.local_name().as_ref()),
                        prefix(&value, LONGEST_TEXT).to_owned(),
                    ))
                });
            match read {
                Ok(pair) => attributes.push(pair),
                Err(why) => {
                    return Err(self.problem(
                        format!("has an attribute that cannot be read ({})", quoted(&why)),
                        AS_WRITTEN,
                    ));
                }
            }
            if attributes.len() > MOST_ATTRIBUTES {
                return Err(self.problem(
                    format!("has an element with more than {MOST_ATTRIBUTES} attributes"),
                    AS_WRITTEN,
                ));
            }
        }
        self.open.push((name, String::new()));
        visit.open(&self.path(), &Attributes(attributes));
        Ok(())
    }

    fn keep(&mut self, more: &str) {
        if let Some((_, text)) = self.open.last_mut() {
            let room = LONGEST_TEXT.saturating_sub(text.len());
            text.push_str(prefix(more, room));
        }
    }

    fn path(&self) -> Vec<&str> {
        self.open.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn finish(&self) -> Result<(), Problem> {
        if let Some((name, _)) = self.open.last() {
            return Err(self.problem(
                format!(
                    "ends in the middle of the element {}: the file is only partly there",
                    quoted(name)
                ),
                WAIT_FOR_COPY,
            ));
        }
        if !self.seen_root {
            return Err(Problem::new(
                self.file,
                None,
                "is empty or holds no XML element",
                WAIT_FOR_COPY,
            ));
        }
        Ok(())
    }
}

fn kept_name(name: &str) -> String {
    prefix(name, LONGEST_NAME).to_ascii_lowercase()
}

/// The longest beginning of `text` of at most `most` bytes that does not cut a character.
fn prefix(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or("")
}

/// Input that counts lines and refuses to go on inside a token that has become too long, before it is all in memory.
struct Guarded<R> {
    inner: R,
    in_file: u64,
    in_token: u64,
    lines: u64,
    ended: bool,
    refused: Option<&'static str>,
}

impl<R: BufRead> Guarded<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            in_file: 0,
            in_token: 0,
            lines: 0,
            ended: false,
            refused: None,
        }
    }

    fn next_token(&mut self) {
        self.in_token = 0;
    }

    fn refuse(&mut self, why: &'static str) -> io::Error {
        self.refused = Some(why);
        io::Error::other(why)
    }
}

impl<R: BufRead> Read for Guarded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Guarded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.in_token > LONGEST_TOKEN {
            return Err(self.refuse("holds a tag, text or comment longer than 256 KiB"));
        }
        if self.in_file > LARGEST_FILE {
            return Err(self.refuse("is longer than 64 MiB"));
        }
        if self.in_file == 0 {
            let utf16 = {
                let beginning = self.inner.fill_buf()?;
                beginning.starts_with(&[0xFE, 0xFF])
                    || beginning.starts_with(&[0xFF, 0xFE])
                    || beginning.iter().take(4).any(|byte| *byte == 0)
            };
            if utf16 {
                return Err(self.refuse("is written in UTF-16; only UTF-8 is read"));
            }
        }
        let available = self.inner.fill_buf()?;
        self.ended = available.is_empty();
        Ok(available)
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(available) = self.inner.fill_buf() {
            let consumed = available.iter().take(amount);
            self.lines += consumed.filter(|byte| **byte == b'\n').count() as u64;
        }
        self.in_file += amount as u64;
        self.in_token += amount as u64;
        self.inner.consume(amount);
    }
}
