//! The one person in a From header, and the addresses of a To header.

use crate::domain::address::Address;

/// The address of a From header that names exactly one mailbox: `anna@lab.example`, `Anna <anna@lab.example>`, `"Anna, PhD" <…>`.
///
/// Groups, lists, source routes, quoted local parts and display names with unquoted specials are refused, though some are allowed:
/// whoever checks that a domain sent a message reads this field too, and must not read another address than we do.
pub fn mailbox(value: &str) -> Option<Address> {
    let (display, rest) = display(value)?;
    let address = match rest.strip_prefix('<') {
        Some(rest) => {
            let (address, after) = rest.split_once('>')?;
            nothing(after).then_some(address)?
        }
        // Without angle brackets, all of it is the address, and what may follow is a comment.
        None if rest.is_empty() => {
            let (address, after) = display
                .split_once(char::is_whitespace)
                .unwrap_or((display, ""));
            nothing(after).then_some(address)?
        }
        None => return None,
    };
    let address = address.trim();
    // A word in another encoding has no place in an address; some readers would decode it.
    if address.contains("=?") {
        return None;
    }
    address.parse().ok()
}

/// What stands before the angle bracket, and the rest. Nothing when it holds what must be quoted.
fn display(value: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut comments = 0_u32;
    let mut escaped = false;
    let mut at = false;
    for (place, c) in value.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' if quoted || comments > 0 => escaped = true,
            '"' if comments == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => comments += 1,
            ')' => comments = comments.checked_sub(1)?,
            _ if comments > 0 => {}
            '<' => {
                let (before, rest) = value.split_at_checked(place)?;
                return (!at).then_some((before, rest));
            }
            '@' if at => return None,
            '@' => at = true,
            ',' | ';' | ':' | '>' | '[' | ']' | '\\' => return None,
            _ => {}
        }
    }
    (!quoted && comments == 0).then(|| (value.trim(), ""))
}

/// Whether nothing follows but one comment.
fn nothing(after: &str) -> bool {
    let after = after.trim();
    after.is_empty()
        || after
            .strip_prefix('(')
            .and_then(|after| after.strip_suffix(')'))
            .is_some_and(|inside| !inside.contains(['(', ')', '\\', '<', '>', '@', '"']))
}

/// The addresses of a To header, of groups too: what stands in quotes or in a comment is none, and where a quote or a comment does not
/// end, there are none at all.
#[cfg(feature = "own-authentication")]
pub fn addresses(value: &str) -> Vec<String> {
    let mut bare = String::new();
    let (mut quoted, mut comments, mut escaped) = (false, 0_u32, false);
    for c in value.chars() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' if quoted || comments > 0 => escaped = true,
            '"' if comments == 0 => {
                quoted = !quoted;
                // Two words beside each other must not become one.
                bare.push('"');
            }
            _ if quoted => {}
            '(' => {
                comments = comments.saturating_add(1);
                bare.push(' ');
            }
            ')' if comments > 0 => comments -= 1,
            _ if comments > 0 => {}
            c => bare.push(c),
        }
    }
    if quoted || comments > 0 {
        return Vec::new();
    }
    let address = |one: &str| match one.split_once('<') {
        None => one.trim().to_owned(),
        Some((_, rest)) => match rest.split_once('>') {
            Some((address, after)) if after.trim().is_empty() => address.trim().to_owned(),
            _ => String::new(),
        },
    };
    bare.split([',', ';', ':']).map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "own-authentication")]
    #[test]
    fn to_names_addresses_and_what_stands_beside_them_is_none() {
        let check = |value: &str, expected: &[&str]| {
            let mut found = addresses(value);
            found.retain(|address| address.parse::<Address>().is_ok());
            assert_eq!(found, expected, "{value:?}");
        };
        let (ours, eve) = ("r-a@reply.example", "eve@evil.example");
        check(ours, &[ours]);
        check("<r-a@reply.example>", &[ours]);
        check("Core <r-a@reply.example>, eve@evil.example", &[ours, eve]);
        check("\"r-a@reply.example, x\" <eve@evil.example>", &[eve]);
        check("\"\\\"r-a@reply.example, \" <eve@evil.example>", &[eve]);
        check(
            "(r-a@reply.example,) eve@evil.example (r-a@reply.example)",
            &[eve],
        );
        check("eve@evil.example (a (b) , r-a@reply.example)", &[eve]);
        check("Core: <r-a@reply.example>, eve@evil.example;", &[ours, eve]);
        check("r-a@reply.example <eve@evil.example>", &[eve]);
        check("<eve@evil.example> r-a@reply.example", &[]);
        check("r-a@\"x\"reply.example", &[]);
        check("eve@evil.example (r-a@reply.example", &[]);
        check("\"eve@evil.example, r-a@reply.example", &[]);
        check("", &[]);
    }

    #[test]
    fn from_names_exactly_one_mailbox_or_none() {
        let check = |value: &str, expected: Option<&str>| {
            let found = mailbox(value);
            assert_eq!(found.as_ref().map(Address::as_str), expected, "{value:?}");
        };
        let anna = Some("anna@lab.example");
        check("anna@lab.example", anna);
        check("<anna@lab.example>", anna);
        check("Anna <anna@lab.example>", anna);
        check("Anna Maria  < anna@lab.example >", anna);
        check("\"Anna, PhD; <core>\" <anna@lab.example>", anna);
        check("\"eve@evil.example\" <anna@lab.example>", anna);
        check("\"a \\\" b\" <anna@lab.example>", anna);
        check("anna@lab.example (Anna)", anna);
        check("Anna (the first) <anna@lab.example> (work)", anna);
        check("(eve@evil.example) <anna@lab.example>", anna);
        check("=?utf-8?q?J=C3=BCrgen?= <anna@lab.example>", anna);
        // What another encoding hides is only ever a display name.
        check(
            "=?utf-8?q?=3Ceve=40evil.example=3E?= <anna@lab.example>",
            anna,
        );
        check("=?utf-8?q?anna=40lab.example?=", None);
        check("<=?utf-8?q?anna?=@lab.example>", None);
        check("", None);
        check("Anna", None);
        check("anna@lab.example, eve@evil.example", None);
        check("anna@lab.example eve@evil.example", None);
        check("Anna <anna@lab.example>, Eve <eve@evil.example>", None);
        check("<anna@lab.example><eve@evil.example>", None);
        check("<anna@lab.example> eve@evil.example", None);
        check("<anna@lab.example> (<eve@evil.example>)", None);
        check("eve@evil.example <anna@lab.example>", None);
        check("lab: anna@lab.example;", None);
        check("<@relay.example:anna@lab.example>", None);
        check("<anna@lab.example", None);
        check("\"Anna <anna@lab.example>", None);
        check("(Anna <anna@lab.example>", None);
        check("\"anna\"@lab.example", None);
        check("anna(comment)@lab.example", None);
        check("<>", None);
    }
}
