//! The server's URL, judged before anything is sent there.

use ureq::http::Uri;

use super::failure::{Exit, Failure};

/// Where the API lives: scheme, host and perhaps a port. Over `http:` only on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    text: String,
    loopback: bool,
}

impl Base {
    /// From what a person wrote; a slash or `/api/v1` at the end is forgiven.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = |what: &str, next: &str| Failure::new(Exit::Usage, what, next);
        let example = "write it such as https://handover.uni.example";
        if text.contains('@') {
            // It is not repeated: there may be a password in it.
            return Err(refuse("the URL holds a user name or password", example));
        }
        let shown = super::text::cut(&super::text::printable(text), 100);
        let no_url = || refuse(&format!("\"{shown}\" is not a URL"), example);
        let trimmed = text.trim().trim_end_matches('/');
        let trimmed = trimmed.strip_suffix("/api/v1").unwrap_or(trimmed);
        let uri: Uri = trimmed.parse().map_err(|_| no_url())?;
        let scheme = uri.scheme_str().ok_or_else(no_url)?.to_ascii_lowercase();
        let authority = uri.authority().ok_or_else(no_url)?;
        if !matches!(scheme.as_str(), "http" | "https") || authority.host().is_empty() {
            return Err(no_url());
        }
        if uri.path().len() > 1 || uri.query().is_some() || trimmed.contains('#') {
            let what = format!("\"{shown}\" has a path");
            return Err(refuse(&what, "write only scheme, host and port"));
        }
        let loopback = is_loopback(authority.host());
        if scheme == "http" && !loopback {
            let what =
                format!("{shown} is not encrypted, so a token sent there could be read by others");
            let next = "use https:; http: is accepted on this machine only";
            return Err(refuse(&what, next));
        }
        let authority = authority.as_str().to_ascii_lowercase();
        Ok(Self {
            text: format!("{scheme}://{authority}"),
            loopback,
        })
    }

    /// Without a slash at the end.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can only mean this machine.
    pub(super) const fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<std::net::IpAddr>();
    bare == "localhost" || bare.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// One piece of a path or a query, with everything but letters, digits and `-._~` escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_https_or_on_this_machine() {
        let good = [
            (
                "https://Handover.Uni.example/",
                "https://handover.uni.example",
            ),
            (
                "https://handover.uni.example:8443/api/v1",
                "https://handover.uni.example:8443",
            ),
            (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://localhost", "http://localhost"),
            ("http://a.localhost:1", "http://a.localhost:1"),
        ];
        for (text, base) in good {
            assert_eq!(Base::parse(text).unwrap().as_str(), base, "{text}");
        }
        let bad = [
            "http://handover.uni.example",
            "http://127.0.0.1.uni.example",
            "http://localhost.uni.example",
            "http://10.0.0.1",
            "https://me:secret@handover.uni.example",
            "https://handover.uni.example/somewhere",
            "https://handover.uni.example?x=1",
            "ftp://handover.uni.example",
            "handover.uni.example",
            "https://",
            "/api/v1",
            "",
            "https://a\u{1b}[31m.example",
        ];
        for text in bad {
            let failure = Base::parse(text).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{text}");
            assert!(!failure.for_people(false).contains("secret"), "{text}");
        }
    }

    #[test]
    fn what_is_typed_cannot_leave_its_place_in_the_path() {
        assert_eq!(escaped("../a b?c=ü#"), "..%2Fa%20b%3Fc%3D%C3%BC%23");
    }
}
