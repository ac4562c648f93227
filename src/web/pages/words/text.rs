//! Text that people wrote, as it may stand on a page: it is shown, never obeyed.

/// Names in lists are cut to this many characters, so that a page stays below 100 KB whatever it lists.
const SHORT: usize = 100;

/// What somebody wrote, without characters that would change how the text around it is read: controls and directional overrides.
/// (Mark-up is escaped by the templates.)
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| is_plain(*c)).collect()
}

/// Whether a character leaves the text around it as it is.
pub fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    !turns && (!c.is_control() || matches!(c, '\n' | '\t'))
}

/// The same for lists, cut to a length that a line bears.
pub fn short(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= SHORT {
        return text;
    }
    let mut cut: String = text.chars().take(SHORT - 1).collect();
    cut.push('…');
    cut
}

/// The beginning of several lines, as one.
pub fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    short(&words.join(" "))
}

/// A text as part of an address, with what stands for something else there written as its bytes.
pub fn in_address(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(&byte) {
            true => address.push(char::from(byte)),
            false => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_turn_or_hide_other_text_loses_that_power() {
        assert_eq!(plain("a\u{202e}b\u{0}c\nd"), "abc\nd");
        assert_eq!(short(&"x".repeat(500)).chars().count(), SHORT);
    }

    #[test]
    fn what_is_searched_for_changes_no_address() {
        assert_eq!(
            in_address("a b&state=trashed#é"),
            "a%20b%26state%3Dtrashed%23%C3%A9"
        );
    }

    #[test]
    fn a_message_becomes_one_line_however_long_it_is() {
        assert_eq!(
            line("Your July data.\r\n\r\nCome by."),
            "Your July data. Come by."
        );
        let long = line(&"so\nlong ".repeat(60));
        assert_eq!(long.chars().count(), SHORT, "{long}");
        assert!(long.ends_with('…') && !long.contains('\n'), "{long}");
    }
}
