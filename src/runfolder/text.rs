//! Lines and cells of a comma-separated file, whatever saved it.

use super::problem::Findings;
use csv::{ByteRecord, ReaderBuilder};
use std::borrow::Cow;

pub(super) const SAVE_AS_CSV: &str = "save the sheet as comma-separated UTF-8 text and try again";

/// The text without byte order mark, in UTF-8 or at least a superset of ASCII.
pub(super) fn decode<'a>(bytes: &'a [u8], findings: &mut Findings) -> Option<Cow<'a, [u8]>> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes, findings)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes, findings)?),
        _ => Cow::Borrowed(bytes),
    };
    if text.contains(&0) {
        findings.add(
            None,
            "holds zero bytes: it is no text, or UTF-16 without a byte order mark",
            SAVE_AS_CSV,
        );
        return None;
    }
    Some(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, findings: &mut Findings) -> Option<Vec<u8>> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) if odd.is_empty() => text.push(character),
            _ => {
                findings.add(
                    None,
                    "has the byte order mark of UTF-16 but is not valid UTF-16",
                    SAVE_AS_CSV,
                );
                return None;
            }
        }
    }
    Some(text.into_bytes())
}

/// The line up to the next `\n`, `\r\n` or `\r`, and what follows.
pub(super) fn next_line(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return (text, &[]);
    };
    let (line, ending) = text.split_at(end);
    match ending {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => (line, rest),
        [] => (line, &[]),
    }
}

/// The name of a section, lower case, where the line begins one: `[Data]`, `[Data],,,`, `"[Data]",""`.
pub(super) fn section_name(line: &[u8]) -> Option<String> {
    let begin = line
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'"'))?;
    let rest = line.get(begin..)?.strip_prefix(b"[")?;
    let end = rest.iter().position(|byte| *byte == b']')?;
    let after = rest.get(end + 1..)?;
    let alone = after
        .iter()
        .all(|byte| matches!(byte, b',' | b';' | b' ' | b'\t' | b'"'));
    alone.then(|| {
        String::from_utf8_lossy(rest.get(..end).unwrap_or_default())
            .trim()
            .to_ascii_lowercase()
    })
}

/// The cells of one line; `None` where a quote is open at its end. Lines are read one by one, so that an open quote
/// spoils its own line and cannot swallow the rest of the sheet.
pub(super) fn fields(line: &[u8]) -> Option<ByteRecord> {
    let ended = [line, b"\n"].concat();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(ended.len())
        .from_reader(ended.as_slice());
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?;
    let open = record
        .iter()
        .next_back()
        .is_some_and(|last| last.ends_with(b"\n"));
    (!open).then_some(record)
}
