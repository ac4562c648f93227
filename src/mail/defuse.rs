//! What strangers wrote, made harmless: names, messages and reasons go through here before they stand in a letter.
//!
//! A letter is trusted because the site sends it. So what others put into it must not look like the site's own words, must not turn
//! the reading direction round, and must not be a link that a mail program makes clickable.

/// Whether a character is not seen but changes what is seen: control characters, reading direction, invisible spaces and tags.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn ends_line(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// One line: white space folded, what deceives left out, links broken.
pub fn line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !deceives(*c))
        .collect();
    let words: Vec<String> = spaced.split_whitespace().map(broken).collect();
    words.join(" ")
}

/// The lines of a longer text, each as [`line()`] makes it, without empty ones at either end.
pub fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut lines: Vec<String> = text.split(ends_line).map(line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let empty = lines.iter().take_while(|line| line.is_empty()).count();
    lines.drain(..empty);
    lines
}

/// One line of at most `most` characters; what is cut off is marked.
pub fn short(text: &str, most: usize) -> String {
    let text = line(text);
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Whether something in a text was broken that would have been a link.
pub fn breaks(text: &str) -> bool {
    let seen: String = text
        .chars()
        .filter(|c| !deceives(*c) || c.is_whitespace())
        .collect();
    let mut words = seen.split_whitespace();
    words.any(|word| links(&word.to_ascii_lowercase()))
}

/// A word that a mail program would make a link, written so that it does not: `hxxps[:]//lab[.]example`.
fn broken(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if !links(&lower) {
        return word.to_owned();
    }
    let mut safe = String::with_capacity(word.len() + 16);
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let head = rest.get(..4).unwrap_or_default();
        if head.eq_ignore_ascii_case("http") {
            safe.push_str("hxxp");
            rest = rest.get(4..).unwrap_or_default();
            continue;
        }
        match c {
            '.' => safe.push_str("[.]"),
            ':' => safe.push_str("[:]"),
            _ => safe.push(c),
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    safe
}

/// Whether some mail program would make a link of it. `sample.fastq` is none, `lab.example/login` is.
fn links(lower: &str) -> bool {
    const STARTS: [&str; 7] = [
        "://",
        "www.",
        "http:",
        "https:",
        "mailto:",
        "tel:",
        "javascript:",
    ];
    STARTS.iter().any(|start| lower.contains(start)) || has_host_and_path(lower)
}

fn has_host_and_path(lower: &str) -> bool {
    lower.split('.').skip(1).any(|after| {
        let label: usize = after
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'-')
            .count();
        label >= 2
            && after
                .get(label..)
                .is_some_and(|rest| rest.starts_with(['/', ':', '?', '#']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_which_a_link_is_broken_is_known() {
        for (text, broken) in [
            ("Come by.\r\nYour data: S1.fastq", false),
            ("Come by.\r\nsftp://data.core.example/x", true),
            ("\u{200b}ht\u{200b}tp:x", true),
            ("", false),
        ] {
            assert_eq!(breaks(text), broken, "{text}");
            assert_eq!(lines(text).concat().contains("[:]"), broken, "{text}");
        }
    }

    #[test]
    fn what_strangers_write_is_one_harmless_line() {
        for (given, then) in [
            ("RNA of  lab\t7", "RNA of lab 7"),
            ("a\r\nBcc: x@y.example", "a Bcc: x@y.example"),
            ("evil\u{202e}gpj.exe", "evilgpj.exe"),
            ("in\u{200b}vis\u{feff}ible\u{0}", "invisible"),
            (
                "see https://evil.example/a.b now",
                "see hxxps[:]//evil[.]example/a[.]b now",
            ),
            ("HTTP://EVIL.EXAMPLE", "hxxp[:]//EVIL[.]EXAMPLE"),
            ("(www.evil.example)", "(www[.]evil[.]example)"),
            ("ht\u{200b}tp://x.example", "hxxp[:]//x[.]example"),
            ("evil.example/login", "evil[.]example/login"),
            ("mailto:x@evil.example", "mailto[:]x@evil[.]example"),
            ("sample1.fastq.gz, v1.2/3", "sample1.fastq.gz, v1.2/3"),
            ("ask anna@lab.example.", "ask anna@lab.example."),
            ("ümläut http日本", "ümläut http日本"),
        ] {
            assert_eq!(line(given), then, "{given:?}");
        }
    }

    #[test]
    fn texts_keep_their_lines_and_are_cut_with_a_mark() {
        assert_eq!(
            lines("\n\none\r\n\ntwo\u{2028}three\n\n"),
            ["one", "", "two", "three"]
        );
        assert_eq!(short("abcdef", 4), "abc…");
        assert_eq!(short("abcd", 4), "abcd");
    }
}
