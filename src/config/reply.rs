//! Where replies come in, and how their addresses are written.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::amount::Unreadable;
use super::host::{self, Host};
use super::problem::quoted;

/// Where the mail server delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// A socket file.
    Socket(PathBuf),
    /// An address and port.
    Port(SocketAddr),
}

impl FromStr for Door {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let Some(path) = text.trim().strip_prefix("unix:") else {
            let port = host::socket(text).map(Self::Port);
            return port.map_err(|_| {
                Unreadable(format!(
                    "{} is neither a socket file nor an IP address with a port; write it such as \"unix:/run/handover/lmtp.sock\" or \
                     \"127.0.0.1:2400\"",
                    quoted(text)
                ))
            });
        };
        // The system takes 107 bytes; what the path starts from comes in front.
        if path.is_empty() || path.len() > 100 || path.chars().any(char::is_control) {
            return Err(Unreadable(format!(
                "{} is not the path of a socket file; write at most 100 characters behind \"unix:\"",
                quoted(text)
            )));
        }
        Ok(Self::Socket(path.into()))
    }
}

impl fmt::Display for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(out, "unix:{}", path.display()),
            Self::Port(address) => address.fmt(out),
        }
    }
}

/// What stands for the token.
const TOKEN: &str = "%{t}";
/// Characters of the token with its purpose.
const TOKEN_LENGTH: usize = 34;
/// Most characters before the `@` (RFC 5321 §4.5.3.1.1).
const LONGEST: usize = 64;

/// Addresses with a token in them: `handover+%{t}@uni.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    domain: Host,
}

impl Pattern {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// The domain of all these addresses.
    pub const fn domain(&self) -> &Host {
        &self.domain
    }
    /// Whether they are sub-addresses of a mailbox, so that others may have mailboxes beside it.
    pub fn is_of_a_mailbox(&self) -> bool {
        !self.text.starts_with(&format!("{TOKEN}@"))
    }
}

impl FromStr for Pattern {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let refuse = || {
            Unreadable(format!(
                "{} is no pattern of addresses; write %{{t}} once before the @, with at most 30 letters, digits, dots, dashes, plus signs \
                 or underscores besides, such as \"handover+%{{t}}@uni.example\"",
                quoted(text)
            ))
        };
        let (local, domain) = text.trim().rsplit_once('@').ok_or_else(refuse)?;
        let (before, after) = local.split_once(TOKEN).ok_or_else(refuse)?;
        let sane = |c: char| c.is_ascii_alphanumeric() || "+-_.=".contains(c);
        let rest = before.len() + after.len();
        let dots = before.starts_with('.')
            || before.contains("..")
            || after.contains("..")
            || after.ends_with('.');
        if dots || !before.chars().chain(after.chars()).all(sane) || rest + TOKEN_LENGTH > LONGEST {
            return Err(refuse());
        }
        let domain: Host = domain.parse()?;
        Ok(Self {
            text: format!("{local}@{domain}"),
            domain,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_makes_addresses_of_at_most_64_characters_before_the_at() {
        let check = |text: &str, right: bool| {
            assert_eq!(text.parse::<Pattern>().is_ok(), right, "{text}");
        };
        check("handover+%{t}@uni.example", true);
        check("%{t}@reply.uni.example", true);
        check("%{t}-handover@uni.example", true);
        check(&format!("{}%{{t}}@uni.example", "a".repeat(30)), true);
        check(&format!("{}%{{t}}@uni.example", "a".repeat(31)), false);
        check("handover@uni.example", false);
        check("%{t}%{t}@uni.example", false);
        check("%{t}", false);
        check("a@%{t}.example", false);
        check("a b%{t}@uni.example", false);
        check(".%{t}@uni.example", false);
        check("\"%{t}\"@uni.example", false);
    }

    #[test]
    fn the_door_is_a_socket_file_or_a_port() {
        let port = Door::Port("127.0.0.1:24".parse().unwrap());
        assert_eq!("127.0.0.1:24".parse(), Ok(port));
        assert_eq!("unix:/run/x".parse(), Ok(Door::Socket("/run/x".into())));
        for wrong in ["", "unix:", "24", "localhost:24", "/run/x"] {
            assert!(wrong.parse::<Door>().is_err(), "{wrong}");
        }
    }
}
