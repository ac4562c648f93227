//! At the daemon's own reply door, as a mail server is: LMTP, one answer for each line.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::config::Door;

/// An answer has at most this many lines of at most this many octets.
const MOST_LINES: usize = 50;
const LONGEST_LINE: u64 = 2_048;

/// A conversation with the door.
pub struct AtDoor {
    from: BufReader<Box<dyn Read>>,
    to: Box<dyn Write>,
}

impl AtDoor {
    /// Knocks; each answer is waited for so long.
    ///
    /// # Errors
    /// Nobody is there.
    pub fn knock(door: &Door, patience: Duration) -> io::Result<Self> {
        let (from, to): (Box<dyn Read>, Box<dyn Write>) = match door {
            Door::Socket(path) => {
                let there = UnixStream::connect(path)?;
                there.set_read_timeout(Some(patience))?;
                there.set_write_timeout(Some(patience))?;
                (Box::new(there.try_clone()?), Box::new(there))
            }
            Door::Port(address) => {
                let there = TcpStream::connect_timeout(address, patience)?;
                there.set_read_timeout(Some(patience))?;
                there.set_write_timeout(Some(patience))?;
                (Box::new(there.try_clone()?), Box::new(there))
            }
        };
        Ok(Self::new(from, to))
    }

    fn new(from: Box<dyn Read>, to: Box<dyn Write>) -> Self {
        let from = BufReader::new(from);
        Self { from, to }
    }

    /// Greets and names both ends; the answer to the first line that is not taken, or to the last.
    ///
    /// # Errors
    /// It hung up, or does not answer.
    pub fn ask(&mut self, sender: &str, recipient: &str) -> io::Result<String> {
        let mut said = self.hear()?;
        let lines = [
            "LHLO localhost".to_owned(),
            format!("MAIL FROM:<{sender}>"),
            format!("RCPT TO:<{recipient}>"),
        ];
        for line in lines {
            if !said.starts_with('2') {
                break;
            }
            said = self.say(&line)?;
        }
        Ok(said)
    }

    /// Says a line and hears the answer.
    ///
    /// # Errors
    /// It hung up, or does not answer.
    pub fn say(&mut self, line: &str) -> io::Result<String> {
        self.send(format!("{line}\r\n").as_bytes())
    }

    /// Sends these octets as they are and hears the answer.
    ///
    /// # Errors
    /// It hung up, or does not answer.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<String> {
        self.to.write_all(octets)?;
        self.hear()
    }

    /// The last line of an answer.
    fn hear(&mut self) -> io::Result<String> {
        for _ in 0..MOST_LINES {
            let mut line = String::new();
            let mut from = self.from.by_ref().take(LONGEST_LINE);
            from.read_line(&mut line)?;
            if line.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_owned());
            }
        }
        Err(io::Error::other("its answer does not end"))
    }
}
