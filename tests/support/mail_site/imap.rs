//! As much of IMAP as it takes to look into a mailbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::daemon::{until, within};
use crate::post_office::Delivered;

/// Somebody's mailbox.
pub struct Mailbox {
    stream: BufReader<TcpStream>,
    commands: usize,
    /// Everything that came so far, as it came.
    messages: Vec<String>,
}

impl Mailbox {
    pub fn open(port: u16, address: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        let mut mailbox = Self {
            stream: BufReader::new(stream),
            commands: 0,
            messages: Vec::new(),
        };
        mailbox.line();
        mailbox.command(&format!("LOGIN \"{address}\" \"{password}\""));
        mailbox.command("SELECT INBOX");
        mailbox
    }

    /// Everything that came so far.
    pub fn messages(&mut self) -> &[String] {
        let found = self.command("SEARCH ALL");
        let found = found.iter().find_map(|said| said.strip_prefix("* SEARCH"));
        let there = found.map_or(0, |numbers| numbers.split_whitespace().count());
        for number in self.messages.len() + 1..=there {
            let fetched = self.command(&format!("FETCH {number} (BODY.PEEK[])"));
            let raw = fetched
                .iter()
                .find(|said| said.contains(&format!("* {number} FETCH")))
                .and_then(|said| said.split_once('\n'))
                .map(|(_, raw)| raw.replace("\r\n", "\n"));
            self.messages.push(raw.unwrap());
        }
        &self.messages
    }

    /// The letters of Handover that came so far.
    pub fn letters(&mut self) -> Vec<Delivered> {
        let messages = self.messages().iter();
        messages.filter_map(|raw| Delivered::read(raw)).collect()
    }

    /// Waits for a letter of Handover.
    pub fn wait_for(&mut self, what: &str, is: impl Fn(&Delivered) -> bool) -> Delivered {
        let what = format!("a letter ({what}) is in the mailbox");
        until(&what, within(60), || self.letters().into_iter().find(&is))
    }

    /// Waits for any message.
    pub fn wait_for_message(&mut self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let what = format!("a message ({what}) is in the mailbox");
        until(&what, within(60), || {
            self.messages().iter().find(|raw| is(raw)).cloned()
        })
    }

    /// Says something, and hears everything until it is done; a literal stands after the line that announces it.
    fn command(&mut self, command: &str) -> Vec<String> {
        self.commands += 1;
        let tag = format!("a{} ", self.commands);
        let line = format!("{tag}{command}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).unwrap();
        let mut heard = Vec::new();
        loop {
            let mut line = self.line();
            if let Some(end) = line.strip_prefix(&tag) {
                assert!(end.starts_with("OK"), "{command}: {end}");
                return heard;
            }
            if let Some(length) = literal(&line) {
                let mut bytes = vec![0; length];
                self.stream.read_exact(&mut bytes).unwrap();
                line.push('\n');
                line.push_str(&String::from_utf8_lossy(&bytes));
            }
            heard.push(line);
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).unwrap();
        assert!(read > 0, "the mailbox hung up");
        line.trim_end().to_owned()
    }
}

/// How many octets follow this line.
fn literal(line: &str) -> Option<usize> {
    let (_, number) = line.strip_suffix('}')?.rsplit_once('{')?;
    number.parse().ok()
}
