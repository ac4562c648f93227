//! The message after DATA, up to its end.
//!
//! Only CR LF . CR LF ends it. A line end of CR or LF alone never does, and is never made a whole one: servers that differ in that let
//! a stranger hide a second message in the first (SMTP smuggling). A message that holds one is read to its end and refused.

/// What was read of a message so far.
#[derive(Debug)]
pub struct Body {
    kept: Vec<u8>,
    most: usize,
    place: Place,
    flaw: Option<Flaw>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    Text,
    Cr,
    Dot,
    DotCr,
}

/// Why a message is refused whoever it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is longer than one may be.
    TooLong,
    /// It holds a CR or an LF alone.
    LineEnd,
}

impl Body {
    /// Of a message of at most this many octets.
    pub const fn new(most: usize) -> Self {
        Self {
            kept: Vec::new(),
            most,
            place: Place::LineStart,
            flaw: None,
        }
    }

    /// Reads on. How much of it belongs to the message, once its end is in there; nothing before.
    pub fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.place == Place::Text && !matches!(byte, b'\r' | b'\n') {
                let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
                let (text, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                self.keep(text);
                rest = after;
                continue;
            }
            rest = after;
            if self.step(byte) {
                return Some(bytes.len() - rest.len());
            }
        }
        None
    }

    /// Whether that was the end.
    fn step(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::DotCr, b'\n') => return true,
            (Place::Cr, b'\n') => {
                self.keep(b"\r\n");
                Place::LineStart
            }
            (Place::Cr | Place::DotCr, byte) => {
                self.flaw(Flaw::LineEnd);
                match byte {
                    b'\r' => Place::Cr,
                    _ => Place::Text,
                }
            }
            (Place::Dot, b'\r') => Place::DotCr,
            (_, b'\r') => Place::Cr,
            (_, b'\n') => {
                self.flaw(Flaw::LineEnd);
                Place::Text
            }
            // The first dot of a line was doubled on the way, or ends the message.
            (Place::LineStart, b'.') => Place::Dot,
            (_, byte) => {
                self.keep(&[byte]);
                Place::Text
            }
        };
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.flaw.is_some() {
            return;
        }
        if self.kept.len() + bytes.len() > self.most {
            self.flaw(Flaw::TooLong);
            return;
        }
        self.kept.extend_from_slice(bytes);
    }

    /// What is refused anyway need not be kept.
    fn flaw(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
        self.kept = Vec::new();
    }

    /// The message, without the doubled dots.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn end(self) -> Result<Vec<u8>, Flaw> {
        match self.flaw {
            Some(flaw) => Err(flaw),
            None => Ok(self.kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of it, and what is left; the same in whatever pieces it comes.
    fn check(wire: &str, expected: Option<(Result<&str, Flaw>, &str)>) {
        for size in [1, 2, 3, wire.len()] {
            let mut body = Body::new(20);
            let mut read = 0;
            let end = wire.as_bytes().chunks(size).find_map(|chunk| {
                let end = body.read(chunk).map(|taken| read + taken);
                read += chunk.len();
                end
            });
            let found = end.map(|end| (body.end(), &wire[end..]));
            let expected =
                expected.map(|(body, rest)| (body.map(|text| text.as_bytes().to_vec()), rest));
            assert_eq!(found, expected, "{wire:?} in pieces of {size}");
        }
    }

    #[test]
    fn a_message_ends_with_a_dot_alone_on_a_line() {
        check("a\r\n.\r\nQUIT\r\n", Some((Ok("a\r\n"), "QUIT\r\n")));
        check(".\r\n", Some((Ok(""), "")));
        check(
            "..\r\n..a\r\n.b\r\n.\r\n",
            Some((Ok(".\r\n.a\r\nb\r\n"), "")),
        );
        check("a.\r\n.\r\n", Some((Ok("a.\r\n"), "")));
        check("a\r\n.", None);
        check("a\r\n.\r", None);
        check("a.\r\n", None);
    }

    #[test]
    fn threat_smuggling_nothing_else_ends_it() {
        let flawed = Some((Err(Flaw::LineEnd), "X"));
        for middle in [
            "\n.\n",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r\n",
            "\r.\r",
            "\r\n.\r\r\n",
            "\r\n\r.\r\n",
            "\r\n.\rMAIL",
        ] {
            check(&format!("a{middle}b\r\n.\r\nX"), flawed);
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_read_to_its_end() {
        let just = "a".repeat(18) + "\r\n";
        check(&format!("{just}.\r\nX"), Some((Ok(&just), "X")));
        check(&format!("a{just}.\r\nX"), Some((Err(Flaw::TooLong), "X")));
        let far = "a".repeat(100);
        check(&format!("{far}\r\n.\r\nX"), Some((Err(Flaw::TooLong), "X")));
    }
}
