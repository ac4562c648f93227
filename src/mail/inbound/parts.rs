//! The parts of a message.
//!
//! How a message is divided is found here, strictly and within bounds; what a part's bytes mean (transfer encodings, character sets) is
//! mail-parser's work, which gets one part at a time and never the whole message.

use mail_parser::{ContentType, MessageParser, MimeHeaders as _, PartType};

use super::fields::{self, Flaw, Split};
use super::html;

/// Most parts of a message, containers too.
const MOST: usize = 64;
/// Containers in containers.
const DEEPEST: usize = 8;

/// One part, or the message itself.
#[derive(Debug)]
pub struct Part<'a> {
    /// Its type, lower case: `text/plain`, `multipart/report`.
    pub kind: String,
    charset: Option<String>,
    encoding: String,
    attached: bool,
    body: &'a [u8],
    /// What it contains, if it is a container. A message in it is not one: nothing in there is the sender's own.
    pub children: Vec<Part<'a>>,
}

/// Reads how a message is divided.
///
/// # Errors
/// When it is divided in more ways than one could read it, or without measure.
pub fn read<'a>(message: &Split<'a>) -> Result<Part<'a>, Flaw> {
    let mut count = 0;
    part(message, 0, &mut count, "text/plain")
}

fn part<'a>(
    split: &Split<'a>,
    depth: usize,
    count: &mut usize,
    otherwise: &str,
) -> Result<Part<'a>, Flaw> {
    *count += 1;
    if *count > MOST {
        return Err(Flaw("it has more than 64 parts"));
    }
    let declared = split.one("Content-Type")?;
    let encoding = split.one("Content-Transfer-Encoding")?.unwrap_or_default();
    let attached = split
        .one("Content-Disposition")?
        .is_some_and(|value| !fields::first_word(value).eq_ignore_ascii_case("inline"));
    let Declared {
        kind,
        boundary,
        charset,
    } = match declared {
        Some(declared) => self::declared(declared)?,
        None => Declared {
            kind: otherwise.to_owned(),
            boundary: None,
            charset: None,
        },
    };
    let mut children = Vec::new();
    if kind.starts_with("multipart/") {
        let boundary = boundary.ok_or(Flaw("one of its containers has no boundary"))?;
        if depth == DEEPEST {
            return Err(Flaw("it holds containers in containers, more than 8 deep"));
        }
        let below = match kind.as_str() {
            "multipart/digest" => "message/rfc822",
            _ => "text/plain",
        };
        for piece in pieces(split.body, &boundary) {
            let inside = fields::split(piece)?;
            children.push(part(&inside, depth + 1, count, below)?);
        }
    }
    Ok(Part {
        kind,
        charset,
        encoding: fields::first_word(encoding).to_ascii_lowercase(),
        attached,
        body: split.body,
        children,
    })
}

/// Whether the first thing in a message that holds several is one of them. What stands before the first boundary is for readers without
/// MIME; it may be a text that was the whole message, until somebody said that there are boundaries in it.
#[cfg(feature = "own-authentication")]
pub fn begins_with_a_part(split: &Split<'_>) -> bool {
    let Ok(Some(declared)) = split.one("Content-Type") else {
        return true;
    };
    let Ok(Declared { kind, boundary, .. }) = self::declared(declared) else {
        return false;
    };
    if !kind.starts_with("multipart/") {
        return true;
    }
    let mut rest = split.body;
    while !rest.is_empty() {
        let (line, below) = fields::line(rest);
        if !line.trim_ascii().is_empty() {
            return boundary.is_some_and(|boundary| delimiter(line, &boundary).is_some());
        }
        rest = below;
    }
    true
}

/// What a Content-Type says, as far as it matters here.
struct Declared {
    kind: String,
    boundary: Option<String>,
    charset: Option<String>,
}

fn declared(value: &str) -> Result<Declared, Flaw> {
    const UNREADABLE: Flaw = Flaw("the type of one of its parts cannot be read");
    let header = format!("Content-Type: {value}\r\n\r\n");
    let parsed = MessageParser::new().parse_headers(header.as_bytes());
    let content_type = parsed.as_ref().and_then(|m| m.content_type());
    let content_type = content_type.ok_or(UNREADABLE)?;
    let subtype = content_type.subtype().ok_or(UNREADABLE)?;
    let charset = content_type.attribute("charset");
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    if charset.is_some_and(|charset| charset.len() > 40 || !charset.bytes().all(named)) {
        return Err(Flaw("the character set of one of its parts cannot be read"));
    }
    Ok(Declared {
        kind: format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase(),
        boundary: boundary(content_type)?,
        charset: charset.map(str::to_owned),
    })
}

/// RFC 2046 §5.1.1: at most 70 characters, none of which ends a line.
fn boundary(content_type: &ContentType<'_>) -> Result<Option<String>, Flaw> {
    let mut all = content_type
        .attributes()
        .unwrap_or_default()
        .iter()
        .filter(|attribute| attribute.name.eq_ignore_ascii_case("boundary"));
    let Some(boundary) = all.next() else {
        return Ok(None);
    };
    let boundary = boundary.value.trim_end();
    let fits = (1..=70).contains(&boundary.len())
        && boundary.bytes().all(|b| matches!(b, b' '..=b'~'))
        && all.next().is_none();
    fits.then(|| Some(boundary.to_owned()))
        .ok_or(Flaw("a boundary between its parts cannot be read"))
}

/// What stands between the boundaries. What is before the first and after the last is for readers without MIME, and no part.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut begun = None;
    let mut rest = body;
    while !rest.is_empty() {
        let here = body.len() - rest.len();
        let (line, below) = fields::line(rest);
        rest = below;
        let Some(ended) = delimiter(line, boundary) else {
            continue;
        };
        if let Some(begun) = begun.take() {
            pieces.extend(body.get(begun..here).map(unterminated));
        }
        // One more than are borne, so that they are counted and refused.
        if ended || pieces.len() > MOST {
            return pieces;
        }
        begun = Some(body.len() - rest.len());
    }
    pieces.extend(begun.and_then(|begun| body.get(begun..)));
    pieces
}

/// Whether a line is the boundary, and if so, whether it is the last one.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let after = line
        .strip_prefix(b"--")?
        .strip_prefix(boundary.as_bytes())?;
    match after.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line end before a boundary belongs to it.
fn unterminated(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

impl Part<'_> {
    /// What the sender wrote: the text part, else what can be seen of the HTML part. Not what they attached or passed on.
    pub fn reply(&self) -> Option<String> {
        match self.kind.as_str() {
            "text/plain" => self.text(),
            "text/html" => self.text().as_deref().and_then(html::visible),
            "multipart/alternative" => {
                let plain = |part: &&Part<'_>| part.kind != "text/html";
                let (plain, others): (Vec<_>, Vec<_>) = self.children.iter().partition(plain);
                plain.into_iter().chain(others).find_map(Self::written)
            }
            kind if kind.starts_with("multipart/") => self.children.iter().find_map(Self::written),
            _ => None,
        }
    }

    fn written(&self) -> Option<String> {
        self.reply().filter(|text| !text.trim().is_empty())
    }

    fn text(&self) -> Option<String> {
        if self.attached { None } else { self.decoded() }
    }

    /// Its bytes as text, whatever its type says.
    pub fn decoded(&self) -> Option<String> {
        if !matches!(
            self.encoding.as_str(),
            "" | "7bit" | "8bit" | "binary" | "quoted-printable" | "base64"
        ) {
            return None;
        }
        // Under its own type it might be divided again, or left as it is: only the character set is taken over.
        let charset = match &self.charset {
            Some(charset) => format!("; charset={charset}"),
            None => String::new(),
        };
        let mut raw = format!(
            "Content-Type: text/plain{charset}\r\nContent-Transfer-Encoding: {}\r\n\r\n",
            self.encoding
        )
        .into_bytes();
        raw.extend_from_slice(self.body);
        let message = MessageParser::new().parse(raw.as_slice())?;
        let part = message.parts.first()?;
        match &part.body {
            PartType::Text(text) if !part.is_encoding_problem => Some(text.as_ref().to_owned()),
            _ => None,
        }
    }
}
