//! What comes from others, made fit for a terminal.

use crate::runfolder::is_unprintable;

/// The text without anything that could move the cursor, reorder the line or break a table: each such character
/// becomes `�`.
pub(super) fn printable(text: &str) -> String {
    let safe = |c| if is_unprintable(c) { '\u{fffd}' } else { c };
    text.chars().map(safe).collect()
}

/// The same for several lines, such as a sender's message; each begins with `indent`.
pub(super) fn paragraph(text: &str, indent: &str) -> String {
    let line = |line: &str| format!("{indent}{}\n", printable(line.trim_end_matches('\r')));
    text.lines().map(line).collect()
}

/// At most `width` characters, the last an ellipsis where something was cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_harmless() {
        assert_eq!(
            printable("a\u{1b}[2Jb\nc\u{202e}d"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d"
        );
        assert_eq!(paragraph("one\r\ntwo\u{7}", "  "), "  one\n  two\u{fffd}\n");
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("Wälder", 6), "Wälder");
        assert_eq!(cut("Wälder", 4), "Wäl…");
        assert_eq!(cut("x", 0), "…");
    }
}
