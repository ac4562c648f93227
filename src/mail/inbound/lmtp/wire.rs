//! Bytes in and out, with patience.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::Limits;

/// So many octets are read at once, and so many of answers are held back at most.
const PIECE: usize = 8 * 1024;

/// Why there is nothing more to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The other side has left.
    Left,
    /// It said nothing for too long, did not read, or the session is as old as one may be.
    TooSlow,
}

/// What was read as a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A command with its CR LF.
    Command(Vec<u8>),
    /// Longer than one may be; it was skipped.
    TooLong,
    /// It holds a CR or an LF alone.
    Broken,
}

/// One connection.
pub struct Wire<S> {
    stream: S,
    input: Vec<u8>,
    /// What of `input` has been used.
    used: usize,
    output: Vec<u8>,
    idle: Duration,
    ends_at: Instant,
    longest: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// The session begins now.
    pub fn new(stream: S, limits: &Limits) -> Self {
        Self {
            stream,
            input: Vec::new(),
            used: 0,
            output: Vec::new(),
            idle: limits.idle,
            ends_at: Instant::now() + limits.session,
            longest: limits.line,
        }
    }

    fn patience(&self) -> Instant {
        self.ends_at.min(Instant::now() + self.idle)
    }

    /// What was read and not used.
    pub fn input(&self) -> &[u8] {
        self.input.get(self.used..).unwrap_or_default()
    }

    /// Marks so much of it as used.
    pub fn take(&mut self, length: usize) {
        self.used += length;
    }

    /// Reads on, after everything that was to be said is said: whoever pipelines reads the answers late.
    ///
    /// # Errors
    /// When nothing comes.
    pub async fn fill(&mut self) -> Result<(), Gone> {
        self.flush().await?;
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        self.input.reserve(PIECE);
        // Whoever always has more to say would never meet the end of a timeout.
        if Instant::now() >= self.ends_at {
            return Err(Gone::TooSlow);
        }
        let patience = self.patience();
        match timeout_at(patience, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0) | Err(_)) => Err(Gone::Left),
            Err(_) => Err(Gone::TooSlow),
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn line(&mut self) -> Result<Line, Gone> {
        let mut seen = 0;
        let mut too_long = false;
        loop {
            let input = self.input();
            let end = input.iter().skip(seen).position(|b| *b == b'\n');
            let length = end.map_or(input.len(), |end| seen + end + 1);
            too_long |= length > self.longest || (end.is_none() && length == self.longest);
            if end.is_some() {
                let line = input.get(..length).unwrap_or_default();
                let line = match too_long {
                    true => Line::TooLong,
                    false if whole(line) => Line::Command(line.to_vec()),
                    false => Line::Broken,
                };
                self.take(length);
                return Ok(line);
            }
            if too_long {
                self.take(length);
            }
            self.fill().await?;
            seen = if too_long { 0 } else { length };
        }
    }

    /// Says it when there is nothing left to read, or enough to say.
    ///
    /// # Errors
    /// When the other side does not read.
    pub async fn say(&mut self, text: &str) -> Result<(), Gone> {
        self.output.extend_from_slice(text.as_bytes());
        self.output.extend_from_slice(b"\r\n");
        if self.output.len() >= PIECE {
            self.flush().await?;
        }
        Ok(())
    }

    /// Says what is still to be said.
    ///
    /// # Errors
    /// When the other side does not read.
    pub async fn flush(&mut self) -> Result<(), Gone> {
        if self.output.is_empty() {
            return Ok(());
        }
        let patience = self.patience();
        let Self { stream, output, .. } = self;
        let written = timeout_at(patience, async {
            stream.write_all(output).await?;
            stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => {
                self.output.clear();
                Ok(())
            }
            Ok(Err(_)) => Err(Gone::Left),
            Err(_) => Err(Gone::TooSlow),
        }
    }

    /// The last words to somebody who was too slow: said if they are taken at once.
    pub async fn last_words(&mut self, text: &str) {
        let words = format!("{text}\r\n");
        let soon = Instant::now() + Duration::from_millis(100);
        let _ = timeout_at(soon, self.stream.write_all(words.as_bytes())).await;
    }

    /// Ends it.
    pub async fn close(mut self) {
        let patience = Instant::now() + self.idle;
        let _ = timeout_at(patience, self.stream.shutdown()).await;
    }
}

/// Whether it ends in CR LF and holds neither elsewhere.
fn whole(line: &[u8]) -> bool {
    line.strip_suffix(b"\r\n")
        .is_some_and(|line| !line.contains(&b'\r') && !line.contains(&b'\n'))
}
