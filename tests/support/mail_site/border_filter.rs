//! The filter at the border, as a milter that Postfix asks: it says in `Authentication-Results` whether the sender is who they claim to
//! be. What strangers say about themselves Postfix has taken away by then, as `docs/mail.md` has it. Instead of keys in the DNS the filter
//! knows from which address each domain sends.
//!
//! The protocol is libmilter's, version 6: a length of 4 octets, a letter, and what the letter means.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::THEIR_SERVER;

/// In whose name it speaks.
const AUTHORITY: &str = "site.test";
/// It adds headers.
const ACTIONS: u32 = 0x01;
/// It need not be told HELO, RCPT, the body, the end of the header, unknown commands and DATA.
const NOT_ASKED: u32 = 0x02 | 0x08 | 0x10 | 0x40 | 0x100 | 0x200;
const CONTINUE: u8 = b'c';

pub struct BorderFilter {
    pub port: u16,
}

impl BorderFilter {
    /// It answers until the test's process ends.
    pub fn start(domains: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                std::thread::spawn(move || {
                    let mut session = Session {
                        stream,
                        domains,
                        client: String::new(),
                        login: None,
                        from: None,
                    };
                    // It ends when Postfix hangs up.
                    let _ended = session.hold();
                });
            }
        });
        Self { port }
    }
}

struct Session {
    stream: TcpStream,
    domains: &'static [&'static str],
    client: String,
    /// Who logged in.
    login: Option<String>,
    /// The address of the From header.
    from: Option<String>,
}

impl Session {
    fn hold(&mut self) -> io::Result<()> {
        loop {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length)?;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
            let mut packet = vec![0; length];
            self.stream.read_exact(&mut packet)?;
            let (command, data) = (packet[0], &packet[1..]);
            let words = || data.split(|byte| *byte == 0).map(String::from_utf8_lossy);
            match command {
                b'O' => {
                    let numbers = [6, ACTIONS, NOT_ASKED].map(u32::to_be_bytes);
                    self.say(b'O', &numbers.concat())?;
                }
                b'D' => {
                    let words: Vec<_> = words().collect();
                    let login = words
                        .iter()
                        .position(|word| word.ends_with("{auth_authen}"));
                    if let Some(at) = login {
                        self.login = Some(words[at + 1].clone().into_owned());
                    }
                }
                b'C' => {
                    // A name, then how it connected and its port in three octets, then its address.
                    let name = data.iter().position(|byte| *byte == 0).unwrap();
                    let address = data.get(name + 4..).unwrap_or_default();
                    let address = String::from_utf8_lossy(address);
                    self.client = address.trim_end_matches('\0').to_owned();
                    self.say(CONTINUE, &[])?;
                }
                b'M' => {
                    self.from = None;
                    self.say(CONTINUE, &[])?;
                }
                b'L' => {
                    let mut words = words();
                    let name = words.next().unwrap().to_ascii_lowercase();
                    let value = words.next().unwrap().into_owned();
                    if name == "from" {
                        self.from = Some(address(&value));
                    }
                    self.say(CONTINUE, &[])?;
                }
                b'E' => {
                    self.judge()?;
                    self.say(CONTINUE, &[])?;
                }
                b'A' | b'K' => {}
                b'Q' => return Ok(()),
                _ => self.say(CONTINUE, &[])?,
            }
        }
    }

    fn judge(&mut self) -> io::Result<()> {
        let from = self.from.clone().unwrap_or_default();
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let itself = self.login.as_deref() == Some(from.as_str());
        let theirs = self.domains.contains(&domain) && self.client == THEIR_SERVER;
        let result = if itself || theirs { "pass" } else { "fail" };
        let value = format!("{AUTHORITY}; dmarc={result} header.from={domain}");
        // In front of all others.
        let mut data = 0_u32.to_be_bytes().to_vec();
        data.extend_from_slice(b"Authentication-Results\0");
        data.extend_from_slice(value.as_bytes());
        data.push(0);
        self.say(b'i', &data)
    }

    fn say(&mut self, what: u8, data: &[u8]) -> io::Result<()> {
        let length = u32::try_from(data.len() + 1).unwrap();
        let packet = [&length.to_be_bytes()[..], &[what], data].concat();
        self.stream.write_all(&packet)
    }
}

/// The address in a From header of one mailbox.
fn address(value: &str) -> String {
    let inside = value.rsplit_once('<').map_or(value, |(_, rest)| rest);
    inside.trim().trim_end_matches('>').to_ascii_lowercase()
}
