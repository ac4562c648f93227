//! The header fields of a message, as they stand there.
//!
//! What decides is read from here and nowhere else: how many From there are, whose Authentication-Results, where the body begins. It is
//! stricter than RFC 5322 where readers differ, because a message that looks otherwise to the filter that authenticated it than to us
//! is how such filters are deceived.

use std::borrow::Cow;

/// Most fields of one header; mail that went through many filters has about a hundred.
const MOST: usize = 1_000;

/// One header field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    value: Cow<'a, str>,
}

/// A header and what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'a> {
    fields: Vec<Field<'a>>,
    /// Everything after the empty line.
    pub body: &'a [u8],
}

/// Why a header cannot be read; a sentence without anything of the message in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Flaw(pub &'static str);

/// Splits a message, or a part of one, into its header and the rest.
///
/// # Errors
/// When a line of the header is neither a field nor the continuation of one.
pub fn split(raw: &[u8]) -> Result<Split<'_>, Flaw> {
    let mut fields = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let (field, after) = field(rest);
        rest = after;
        let Some(field) = field else {
            break;
        };
        if fields.len() == MOST {
            return Err(Flaw("it has more than 1000 header fields"));
        }
        fields.push(read(field)?);
    }
    Ok(Split { fields, body: rest })
}

/// The bytes of the next field with its continuations, and what is below; no field before the empty line.
fn field(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let (first, mut rest) = line(bytes);
    if first.is_empty() {
        return (None, rest);
    }
    while let Some(b' ' | b'\t') = rest.first() {
        rest = line(rest).1;
    }
    let length = bytes.len() - rest.len();
    (bytes.get(..length), rest)
}

/// The next line without its end, and what is below.
pub fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|b| *b == b'\n');
    let (line, rest) = match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
        None => (bytes, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn read(field: &[u8]) -> Result<Field<'_>, Flaw> {
    let colon = field.iter().position(|b| *b == b':');
    let (name, value) = colon
        .and_then(|colon| field.split_at_checked(colon))
        .ok_or(Flaw("a line of its header is no field"))?;
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return Err(Flaw("a line of its header is no field"));
    }
    let name = std::str::from_utf8(name).map_err(|_| Flaw("a line of its header is no field"))?;
    let value = value.get(1..).unwrap_or_default();
    Ok(Field {
        name,
        value: unfold(value)?,
    })
}

/// Takes the line ends out. A line of spaces is refused: some readers take it for the end of the header.
fn unfold(value: &[u8]) -> Result<Cow<'_, str>, Flaw> {
    let (first, mut rest) = line(value);
    if rest.is_empty() {
        return Ok(trimmed(String::from_utf8_lossy(first)));
    }
    let mut whole = first.to_vec();
    while !rest.is_empty() {
        let (next, after) = line(rest);
        if next.iter().all(u8::is_ascii_whitespace) {
            return Err(Flaw("a line of its header is blank and does not end it"));
        }
        whole.extend_from_slice(next);
        rest = after;
    }
    Ok(trimmed(Cow::Owned(
        String::from_utf8_lossy(&whole).into_owned(),
    )))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    }
}

impl Split<'_> {
    /// The values of all fields of this name, from the top, unfolded and trimmed.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.fields
            .iter()
            .filter(move |f| f.name.eq_ignore_ascii_case(name))
            .map(|f| f.value.as_ref())
    }
    /// The value of the only field of this name, if there is one.
    ///
    /// # Errors
    /// When there are several.
    pub fn one<'s>(&'s self, name: &'s str) -> Result<Option<&'s str>, Flaw> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(Flaw(
                "a header field stands there twice that may only stand once",
            ));
        }
        Ok(first)
    }
}

/// The first word of a value, behind what may be a comment.
pub fn first_word(value: &str) -> &str {
    let value = match value.strip_prefix('(') {
        Some(comment) => comment.split_once(')').map_or("", |(_, rest)| rest),
        None => value,
    };
    value
        .trim_start()
        .split([';', ' ', '\t', '('])
        .next()
        .unwrap_or_default()
}

/// Refuses what readers of mail take for different things: NUL, a CR without LF, and both kinds of line end in one message.
///
/// A whole message with bare LF is what a pipe from a mail server gives, so it is read; our sessions only take CR LF.
///
/// # Errors
/// When one of them is there.
pub fn line_ends(raw: &[u8]) -> Result<(), Flaw> {
    let (mut bare, mut whole) = (false, false);
    let mut before = 0;
    for &byte in raw {
        match byte {
            0 => return Err(Flaw("it holds a NUL")),
            b'\n' if before == b'\r' => whole = true,
            b'\n' => bare = true,
            _ if before == b'\r' => return Err(Flaw("it holds a CR without LF")),
            _ => {}
        }
        before = byte;
    }
    if before == b'\r' {
        return Err(Flaw("it holds a CR without LF"));
    }
    if bare && whole {
        return Err(Flaw("its lines end in two ways"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_as_every_reader_would_or_refused() {
        type Read<'a> = (&'a [(&'a str, &'a str)], &'a str);
        let check = |raw: &str, expected: Result<Read<'_>, &str>| {
            let split = split(raw.as_bytes());
            let found = split.as_ref().map(|split| {
                let fields: Vec<(&str, &str)> = split
                    .fields
                    .iter()
                    .map(|f| (f.name, f.value.as_ref()))
                    .collect();
                (fields, std::str::from_utf8(split.body).unwrap())
            });
            match (found, expected) {
                (Ok((fields, body)), Ok(expected)) => {
                    assert_eq!((fields.as_slice(), body), expected, "{raw:?}");
                }
                (Err(flaw), Err(expected)) => assert_eq!(flaw.0, expected, "{raw:?}"),
                (found, expected) => panic!("{raw:?}: {found:?}, expected {expected:?}"),
            }
        };
        check("A: b\r\n\r\nbody", Ok((&[("A", "b")], "body")));
        check("A: b\n\nbody", Ok((&[("A", "b")], "body")));
        check(
            "A: b\r\n\tc\r\nD:e\r\n\r\n",
            Ok((&[("A", "b\tc"), ("D", "e")], "")),
        );
        check("A: b", Ok((&[("A", "b")], "")));
        check("\r\nbody", Ok((&[], "body")));
        check("", Ok((&[], "")));
        check("A:\r\n\r\n", Ok((&[("A", "")], "")));
        let no_field = Err("a line of its header is no field");
        check("From x@y.example today\r\n\r\n", no_field);
        check("A : b\r\n\r\n", no_field);
        check(" A: b\r\n\r\n", no_field);
        check("A: b\r\nno colon\r\n\r\n", no_field);
        check(": b\r\n\r\n", no_field);
        check(
            "A: b\r\n \t\r\naccept\r\n\r\nbody",
            Err("a line of its header is blank and does not end it"),
        );
        let many = "A: b\r\n".repeat(1_001);
        check(&many, Err("it has more than 1000 header fields"));
    }

    #[test]
    fn line_ends_that_readers_take_differently_are_refused() {
        for (raw, fine) in [
            ("a\r\nb\r\n", true),
            ("a\nb\n", true),
            ("a", true),
            ("a\r\nb\nc", false),
            ("a\nb\r\nc", false),
            ("a\rb", false),
            ("a\r", false),
            ("a\r\r\n", false),
            ("a\0b", false),
        ] {
            assert_eq!(line_ends(raw.as_bytes()).is_ok(), fine, "{raw:?}");
        }
    }
}
