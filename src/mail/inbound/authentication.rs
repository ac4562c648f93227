//! Whether a server that the site trusts vouches for a sender: Authentication-Results (RFC 8601), check 8 of MAIL §5.
//!
//! Exactly one header of the configured name is believed. A second one, whatever it says, means that somebody else could write such
//! headers, and then none is.

use crate::domain::address::Address;

use super::fields::Split;
use super::verdict::Doubt;

/// Most results of one header; servers write about five.
const MOST: usize = 100;

/// Whether the one header of this server says that the sender's domain stands behind the message.
///
/// That is `dmarc=pass`, or `dkim=pass` or `spf=pass` for the domain of the address or one above it. A domain below it is not enough:
/// without a list of public suffixes nobody can tell whether both belong to the same owner.
///
/// # Errors
/// Why not; a sentence for operators.
pub fn vouched(header: &Split<'_>, trusted: &str, from: &Address) -> Result<(), Doubt> {
    let doubt = |why: &str| Err(Doubt(why.to_owned()));
    let mut ours = header
        .all("Authentication-Results")
        .filter(|value| named(value).is_some_and(|id| id.eq_ignore_ascii_case(trusted)));
    let (first, second) = (ours.next(), ours.next());
    let Some(value) = first else {
        return doubt("it has no Authentication-Results of the configured authserv-id");
    };
    if second.is_some() {
        return doubt(
            "it has several Authentication-Results of the configured authserv-id; the border filter has to remove forged ones",
        );
    }
    match parse(value) {
        Some(results) => decide(&results, from.domain()),
        None => doubt("its Authentication-Results cannot be read"),
    }
}

fn decide(results: &[Finding], domain: &str) -> Result<(), Doubt> {
    let doubt = |why: &str| Err(Doubt(why.to_owned()));
    let mut passed = false;
    for result in results.iter().filter(|r| r.method == "dmarc") {
        match result.result.as_str() {
            "pass" => {
                let about = result.of("header.from");
                if about.is_some_and(|about| !about.eq_ignore_ascii_case(domain)) {
                    return doubt("dmarc=pass is about another domain than that of From");
                }
                passed = true;
            }
            // No policy, or none that could be had: what it would have judged by may still stand there.
            "none" | "temperror" | "permerror" => {}
            _ => return doubt("dmarc did not pass"),
        }
    }
    let aligned = results.iter().any(|result| result.aligned(domain));
    if passed || aligned {
        return Ok(());
    }
    doubt("neither dmarc nor an aligned dkim or spf passed")
}

/// One `method=result` with its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// Lower case.
    method: String,
    /// Lower case.
    result: String,
    /// Names in lower case, in their order.
    properties: Vec<(String, String)>,
}

impl Finding {
    /// The value of this property, if it stands there once.
    fn of(&self, name: &str) -> Option<&str> {
        let mut all = self.properties.iter().filter(|(key, _)| key == name);
        let first = all.next();
        match all.next() {
            None => first.map(|(_, value)| value.as_str()),
            Some(_) => None,
        }
    }

    /// Whether it is a pass for this domain, or one above it.
    fn aligned(&self, domain: &str) -> bool {
        if self.result != "pass" {
            return false;
        }
        let about = match self.method.as_str() {
            // The domain of `i` is that of `d`, or lies below it.
            "dkim" => self.of("header.d").or_else(|| self.of("header.i")),
            "spf" => self.of("smtp.mailfrom"),
            _ => None,
        };
        about.is_some_and(|about| {
            let above = about.rsplit_once('@').map_or(about, |(_, domain)| domain);
            covers(&above.to_lowercase(), domain)
        })
    }
}

/// Whether this is the domain, or one above it; a name of one label is above nothing.
pub fn covers(above: &str, domain: &str) -> bool {
    above == domain
        || (above.contains('.')
            && domain
                .strip_suffix(above)
                .is_some_and(|rest| rest.ends_with('.')))
}

/// Whose results these are, however the rest looks.
fn named(value: &str) -> Option<String> {
    let mut scanner = Scanner(value);
    scanner.space()?;
    scanner.value(&[';', '='])
}

/// All results; nothing when the header is not as RFC 8601 §2.2 says, or of a version that is not known.
fn parse(value: &str) -> Option<Vec<Finding>> {
    let mut scanner = Scanner(value);
    scanner.space()?;
    scanner.value(&[';', '='])?;
    scanner.space()?;
    if !scanner.0.starts_with(';') && !scanner.0.is_empty() {
        if scanner.value(&[';', '='])? != "1" {
            return None;
        }
        scanner.space()?;
    }
    let mut results = Vec::new();
    while !scanner.0.is_empty() {
        scanner.take(';')?;
        scanner.space()?;
        // A last semicolon with nothing behind it is common.
        if scanner.0.is_empty() {
            break;
        }
        if results.len() == MOST {
            return None;
        }
        results.extend(scanner.result()?);
    }
    Some(results)
}

struct Scanner<'v>(&'v str);

impl Scanner<'_> {
    fn take(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    /// Skips spaces and comments, which nest. Nothing when a comment does not end.
    fn space(&mut self) -> Option<()> {
        loop {
            self.0 = self.0.trim_ascii_start();
            if !self.0.starts_with('(') {
                return Some(());
            }
            let mut depth = 0_usize;
            let mut escaped = false;
            let end = self.0.char_indices().find_map(|(place, c)| {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                (depth == 0).then_some(place + 1)
            })?;
            self.0 = self.0.get(end..)?;
        }
    }

    /// A word up to a space, a comment or one of these, or a quoted string. Nothing when it is empty, or does not end.
    fn value(&mut self, ends: &[char]) -> Option<String> {
        if self.0.starts_with('"') {
            return self.quoted();
        }
        let ends = |c: char| c.is_ascii_whitespace() || ends.contains(&c) || "()\"\\<>".contains(c);
        let end = self.0.find(ends).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn quoted(&mut self) -> Option<String> {
        let inside = self.0.strip_prefix('"')?;
        let mut text = String::new();
        let mut escaped = false;
        for (place, c) in inside.char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    text.push(c);
                }
                '\\' => escaped = true,
                '"' => {
                    self.0 = inside.get(place + 1..)?;
                    return Some(text);
                }
                _ => text.push(c),
            }
        }
        None
    }

    /// What stands between two semicolons. `Some(None)`: the word `none`, or a method of a version that is not known.
    fn result(&mut self) -> Option<Option<Finding>> {
        let method = self.value(&[';', '=', '/'])?.to_ascii_lowercase();
        self.space()?;
        let mut known = true;
        if self.take('/').is_some() {
            self.space()?;
            known = self.value(&[';', '='])? == "1";
            self.space()?;
        }
        if method == "none" && (self.0.is_empty() || self.0.starts_with(';')) {
            return Some(None);
        }
        self.take('=')?;
        self.space()?;
        let result = self.value(&[';', '='])?.to_ascii_lowercase();
        let mut properties = Vec::new();
        loop {
            self.space()?;
            if self.0.is_empty() || self.0.starts_with(';') {
                break;
            }
            if properties.len() == MOST {
                return None;
            }
            let mut name = self.value(&[';', '='])?.to_ascii_lowercase();
            self.space()?;
            // Spaces and comments may stand round the dot.
            while name.ends_with('.') || self.0.starts_with('.') {
                name.push_str(&self.value(&[';', '='])?.to_ascii_lowercase());
                self.space()?;
            }
            self.take('=')?;
            self.space()?;
            // An empty value is against the rules, and written all the same (`smtp.mailfrom=` of a null sender).
            let value = match self.0.starts_with(';') || self.0.is_empty() {
                true => String::new(),
                false => self.value(&[';'])?,
            };
            properties.push((name, value));
        }
        Some(known.then_some(Finding {
            method,
            result,
            properties,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    /// Whether these values of Authentication-Results, from the top, vouch for anna@lab.example.
    fn vouches(values: &[&str]) -> bool {
        let lines = values
            .iter()
            .map(|value| format!("Authentication-Results: {value}\r\n"));
        let raw: String = lines.chain(["\r\n".to_owned()]).collect();
        let header = fields::split(raw.as_bytes()).unwrap();
        let from = "anna@lab.example".parse().unwrap();
        vouched(&header, "mx.site.example", &from).is_ok()
    }

    #[test]
    fn the_configured_server_vouches_for_the_domain_of_from() {
        for value in [
            "mx.site.example; dmarc=pass header.from=lab.example",
            "MX.site.example; DMARC=Pass (p=none dis=none) header.from=LAB.example",
            "mx.site.example; dmarc=pass",
            "mx.site.example 1; dmarc=pass",
            "(a (nested \\) one) comment) \"mx.site.example\" (x) 1 (y) ; (z) dmarc (a) / (b) 1 = (c) pass (d)",
            "mx.site.example;\r\n\tspf=fail smtp.mailfrom=x.example;\r\n\tdkim=fail header.d=lab.example;\r\n\tdmarc=pass header.from=lab.example;",
            "mx.site.example; dkim=pass header.d=lab.example header.b=ab/c+d==",
            "mx.site.example; dkim=pass reason=\"good; dmarc=fail\" header.i=@lab.example",
            "mx.site.example; dkim=fail header.d=lab.example; dkim=pass header.d=lab.example",
            "mx.site.example; dkim=pass header . d = lab.example",
            "mx.site.example; spf=pass smtp.mailfrom=anna@lab.example",
            "mx.site.example; spf=pass smtp.mailfrom=\"anna@lab.example\"",
            "mx.site.example; dmarc=none header.from=lab.example; dkim=pass header.d=lab.example",
            "mx.site.example; dmarc=pass action=none header.from=lab.example;compauth=pass reason=100",
            "mx.site.example; arc=none; spf=none smtp.mailfrom=; dmarc=pass",
        ] {
            assert!(vouches(&[value]), "{value}");
        }
        // Others may say what they like.
        let ours = "mx.site.example; dmarc=pass";
        assert!(vouches(&[
            "mx.other.example; dmarc=fail",
            ours,
            "unreadable (",
            ""
        ]));
    }

    #[test]
    fn nothing_else_does() {
        for value in [
            "",
            "mx.site.example",
            "mx.site.example; none",
            "mx.other.example; dmarc=pass",
            "mx.site.example.evil.example; dmarc=pass",
            "evil.example (mx.site.example); dmarc=pass",
            "mx.site.example 2; dmarc=pass",
            "mx.site.example; dmarc/2=pass",
            "mx.site.example; dmarc=fail; dkim=pass header.d=lab.example",
            "mx.site.example; dmarc=pass; dmarc=fail",
            "mx.site.example; dmarc=bestguesspass",
            "mx.site.example; dmarc=none",
            "mx.site.example; dmarc=pass header.from=evil.example",
            "mx.site.example; x-dmarc=pass",
            "mx.site.example; dkim=pass",
            "mx.site.example; dkim=pass header.d=evil.example",
            "mx.site.example; dkim=pass header.d=evil.example header.i=@lab.example",
            "mx.site.example; dkim=pass header.d=mail.lab.example",
            "mx.site.example; dkim=pass header.d=example",
            "mx.site.example; dkim=pass header.d=b.example",
            "mx.site.example; dkim=pass header.d=lab.example header.d=lab.example",
            "mx.site.example; dkim=neutral header.d=lab.example",
            "mx.site.example; spf=pass smtp.helo=lab.example",
            "mx.site.example; spf=pass smtp.mailfrom=lab.example@evil.example",
            "mx.site.example; spf=softfail smtp.mailfrom=lab.example",
            // What is in a comment or in quotes is nobody's result.
            "mx.site.example; (dmarc=pass)",
            "mx.site.example; spf=fail reason=\"; dmarc=pass\"",
            "mx.site.example; spf=fail (; dmarc=pass)",
            "mx.site.example; spf=fail smtp.mailfrom=\"x; dmarc=pass; y\"@evil.example",
            // What cannot be read is not believed up to there.
            "mx.site.example; dmarc=pass (",
            "mx.site.example; dmarc=pass \"",
            "mx.site.example; dmarc=pass; =",
            "mx.site.example; dmarc=pass; dkim",
            "mx.site.example dmarc=pass",
        ] {
            assert!(!vouches(&[value]), "{value}");
        }
        let ours = "mx.site.example; dmarc=pass";
        assert!(!vouches(&[]));
        assert!(!vouches(&[ours, ours]), "one of the two is forged");
        assert!(!vouches(&[ours, "MX.Site.Example; none"]));
        assert!(!vouches(&[ours, "(x)mx.site.example; ("]));
        let many = format!("mx.site.example; dmarc=pass{}", "; spf=none".repeat(100));
        assert!(!vouches(&[&many]));
    }

    #[test]
    fn a_parent_domain_vouches_for_those_below_it() {
        for (above, domain, expected) in [
            ("lab.example", "lab.example", true),
            ("uni.example", "lab.uni.example", true),
            ("lab.uni.example", "uni.example", false),
            ("ni.example", "uni.example", false),
            ("example", "uni.example", false),
            ("", "uni.example", false),
            (".example", "uni.example", false),
        ] {
            assert_eq!(covers(above, domain), expected, "{above} {domain}");
        }
    }
}
