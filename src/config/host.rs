//! Places on the network that cannot be wrong: host, public URL, network, socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::amount::Unreadable;
use super::problem::quoted;

/// A host name in lower case, or an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// As it is written in a URL, without the brackets of an IPv6 address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn localhost() -> Self {
        Self("localhost".into())
    }

    pub(super) fn loopback() -> Self {
        Self("127.0.0.1".into())
    }

    /// Whether it can only mean this machine.
    pub fn is_loopback(&self) -> bool {
        self.0 == "localhost"
            || self.0.ends_with(".localhost")
            || self.0.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether an address with that domain lies in this one or below it (`bio.uni.example` in `uni.example`).
    pub fn covers(&self, domain: &str) -> bool {
        domain
            .strip_suffix(self.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl FromStr for Host {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        // Written "@uni.example" by those who think of addresses, "user:password@host" by those who think of URLs.
        if text.contains('@') {
            return Err(Unreadable(
                "holds an @; write the host or domain alone, such as \"uni.example\"".into(),
            ));
        }
        let host = text.trim().to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(label)) {
            return Ok(Self(host));
        }
        Err(Unreadable(format!(
            "{} is not a host name; write a name such as \"mail.uni.example\" (one with other letters in its xn-- form)",
            quoted(text)
        )))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Where people's browsers reach the site: scheme, host and perhaps a port, no path and no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    host: Host,
}

impl PublicUrl {
    /// To be followed by a path that begins with a slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone.
    pub fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn loopback(port: u16) -> Self {
        let host = Host::loopback();
        Self {
            text: format!("http://{host}:{port}"),
            host,
        }
    }

    /// Whether browsers come by TLS, so that cookies are marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }
}

impl FromStr for PublicUrl {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        // A password in a URL must not be repeated on the terminal or in the log.
        if text.contains('@') {
            return Err(Unreadable("a public URL holds no user name or password; write it such as \"https://handover.uni.example\"".into()));
        }
        let refuse = || {
            Unreadable(format!(
                "{} is not a URL; write it such as \"https://handover.uni.example\"",
                quoted(text)
            ))
        };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(refuse)?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(refuse());
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(Unreadable(format!(
                "{} has a path; the site lives at the root of a host of its own, write only scheme, host and port",
                quoted(text)
            )));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(refuse)?,
            None => authority
                .split_at_checked(authority.find(':').unwrap_or(authority.len()))
                .ok_or_else(refuse)?,
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(
                digits
                    .parse::<u16>()
                    .ok()
                    .filter(|port| *port > 0)
                    .ok_or_else(refuse)?,
            ),
            None if port.is_empty() => None,
            None => return Err(refuse()),
        };
        let host: Host = host.parse().map_err(|_| refuse())?;
        let shown = if host.as_str().contains(':') {
            format!("[{host}]")
        } else {
            host.to_string()
        };
        let text = port.map_or_else(
            || format!("{scheme}://{shown}"),
            |port| format!("{scheme}://{shown}:{port}"),
        );
        Ok(Self { text, host })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// What an identity provider calls itself: a URL, kept as it was written, for what the provider sends is compared with it letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// As the provider writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Stands in an entry whose issuer is still to be read; never leaves this module's readers.
    pub(super) fn unread() -> Self {
        Self(String::new())
    }
}

impl FromStr for Issuer {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text.contains('@') {
            return Err(Unreadable("an issuer holds no user name or password; write it such as \"https://login.uni.example/realms/staff\"".into()));
        }
        let text = text.trim();
        let refuse = || {
            Unreadable(format!(
                "{} is not an issuer; write the URL that the provider names, such as \"https://login.uni.example/realms/staff\"",
                quoted(text)
            ))
        };
        let authority = text.find("://").ok_or_else(refuse)? + 3;
        let rest = text.get(authority..).ok_or_else(refuse)?;
        let (end, path) = rest.find('/').map_or((text.len(), ""), |at| {
            (authority + at, rest.get(at..).unwrap_or_default())
        });
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%:+,;=!$&'()*".contains(&b);
        let origin: PublicUrl = text
            .get(..end)
            .ok_or_else(refuse)?
            .parse()
            .map_err(|_| refuse())?;
        if text.len() > 255 || !path.bytes().all(fits) {
            return Err(refuse());
        }
        if !origin.is_https() && !origin.host().is_loopback() {
            return Err(Unreadable(format!(
                "{} would be asked in clear, so anybody on the way could sign in as anybody; write it with \"https://\"",
                quoted(text)
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// An IP address, or all addresses that share its first bits (`10.0.0.0/8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether `peer` belongs to it; an IPv4 peer seen through an IPv6 socket counts as IPv4.
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                let shift = 32_u32.saturating_sub(self.bits.into());
                own.to_bits().checked_shr(shift) == peer.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                let shift = 128_u32.saturating_sub(self.bits.into());
                own.to_bits().checked_shr(shift) == peer.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let refuse = || {
            Unreadable(format!(
                "{} is not an IP address or network; write \"10.0.0.7\" or \"10.0.0.0/8\"",
                quoted(text)
            ))
        };
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| refuse())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            Err(refuse())
        } else {
            Ok(Self { address, bits })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == whole {
            self.address.fmt(out)
        } else {
            write!(out, "{}/{}", self.address, self.bits)
        }
    }
}

/// Reads `127.0.0.1:8080` or `[::1]:8080`.
pub(super) fn socket(text: &str) -> Result<SocketAddr, Unreadable> {
    text.trim().parse().map_err(|_| {
        Unreadable(format!("{} is not an IP address with a port; write it such as \"127.0.0.1:8080\" or \"[::1]:8080\"", quoted(text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_and_port() {
        for (text, read) in [
            (
                "https://handover.uni.example",
                Some("https://handover.uni.example"),
            ),
            (
                "HTTPS://Handover.uni.example/",
                Some("https://handover.uni.example"),
            ),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("https://handover.uni.example/portal", None),
            ("https://a:b@handover.uni.example", None),
            ("https://handover.uni.example:0", None),
            ("https://handover.uni.example:", None),
            ("https://", None),
            ("http://[::1", None),
            ("ftp://uni.example", None),
            ("uni.example", None),
        ] {
            assert_eq!(
                text.parse::<PublicUrl>()
                    .ok()
                    .as_ref()
                    .map(PublicUrl::as_str),
                read,
                "{text}"
            );
        }
    }

    #[test]
    fn an_issuer_is_kept_as_it_is_written_and_in_clear_only_on_loopback() {
        for (text, read) in [
            ("https://login.uni.example", true),
            ("https://login.uni.example/", true),
            ("https://login.uni.example:8443/realms/staff", true),
            ("http://127.0.0.1:4000", true),
            ("http://[::1]:4000/op", true),
            ("http://login.uni.example", false),
            ("https://login.uni.example/realms?x=1", false),
            ("https://login.uni.example?x=1", false),
            ("https://login.uni.example/a b", false),
            ("https://a:b@login.uni.example", false),
            ("login.uni.example", false),
            ("", false),
        ] {
            let issuer = text.parse::<Issuer>();
            assert_eq!(issuer.is_ok(), read, "{text}");
            assert!(
                issuer.is_ok_and(|issuer| issuer.as_str() == text) == read,
                "{text}"
            );
        }
    }

    #[test]
    fn a_suffix_covers_whole_labels_only() {
        let host: Host = "uni.example".parse().unwrap();
        for (domain, inside) in [
            ("uni.example", true),
            ("bio.uni.example", true),
            ("notuni.example", false),
            ("example", false),
            ("", false),
        ] {
            assert_eq!(host.covers(domain), inside, "{domain}");
        }
    }

    #[test]
    fn a_network_holds_the_peers_that_share_its_first_bits() {
        for (network, peer, inside) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("10.0.0.7", "::ffff:10.0.0.7", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "203.0.113.9", false),
        ] {
            assert_eq!(
                network
                    .parse::<Network>()
                    .unwrap()
                    .contains(peer.parse().unwrap()),
                inside,
                "{network} {peer}"
            );
        }
        for text in ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0", "/8", ""] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_a_place_panic(text in "\\PC{0,40}|[a-z0-9.:@/\\[\\]-]{0,40}") {
            let _ = text.parse::<Host>();
            let _ = text.parse::<PublicUrl>();
            let _ = text.parse::<Issuer>();
            let _ = text.parse::<Network>();
            let _ = socket(&text);
        }
    }
}
