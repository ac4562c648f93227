//! What a reply says: its deciding line, read without any guess (MAIL §5, check 11).

use unicode_normalization::UnicodeNormalization as _;

/// Longest deciding line, in characters.
pub const LONGEST: usize = 200;

/// What the deciding line of a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `accept [context]`.
    Accept {
        /// The context's name as it was written, spaces folded; none: the account's default. Whoever knows the contexts decides whether
        /// it names exactly one.
        context: Option<String>,
    },
    /// `decline [reason]`.
    Decline {
        /// The reason as it was written, spaces folded.
        reason: Option<String>,
    },
    /// Anything else; nothing is ever guessed.
    Neither,
}

/// The deciding line of a text: the first that is not blank, in NFKC, with each run of spaces folded into one. Nothing when the text is
/// blank, or that line is longer than [`LONGEST`].
pub fn deciding_line(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find(|line| line.chars().any(|c| !c.is_whitespace()))?;
    // NFKC makes at most 18 characters of one, so this much is enough to see that it is too long.
    let folded: String = line.chars().take(LONGEST * 20).nfkc().collect();
    let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    (folded.chars().count() <= LONGEST).then_some(folded)
}

/// Reads the deciding line. The verbs of all languages are always understood: people answer in the language they think in.
///
/// Quotation marks round the whole line and a full stop after a verb alone are taken off, since no verb and no name of a context makes
/// another sense of them. Both stay where they belong to a context or a reason: a workgroup may be called `Inc.`.
pub fn answer(line: &str) -> Answer {
    // What is not seen, or turns the direction, may make a person read another line than we do.
    if line.chars().any(invisible) {
        return Answer::Neither;
    }
    let line = unquoted(line.trim());
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    // The full stop may stand on either side of the marks, and only once.
    let verb = match (rest, verb.strip_suffix('.')) {
        ("", Some(verb)) => unquoted(verb),
        _ => verb,
    };
    let rest = (!rest.is_empty()).then(|| rest.to_owned());
    match verb.to_lowercase().as_str() {
        "accept" | "annehmen" => Answer::Accept { context: rest },
        "decline" | "ablehnen" => Answer::Decline { reason: rest },
        _ => Answer::Neither,
    }
}

/// The line without one pair of quotation marks round all of it, if no other stands in it.
fn unquoted(line: &str) -> &str {
    const PAIRS: &[(char, char)] = &[
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('„', '“'),
        ('„', '”'),
        ('‘', '’'),
        ('‚', '‘'),
        ('«', '»'),
        ('»', '«'),
    ];
    PAIRS
        .iter()
        .find_map(|(open, close)| {
            let inside = line.strip_prefix(*open)?.strip_suffix(*close)?;
            (!inside.contains([*open, *close])).then(|| inside.trim())
        })
        .unwrap_or(line)
}

/// Control and format characters, and what is shown as nothing.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffd}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(context: &str) -> Answer {
        Answer::Accept {
            context: (!context.is_empty()).then(|| context.to_owned()),
        }
    }
    fn decline(reason: &str) -> Answer {
        Answer::Decline {
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
        }
    }
    fn check(text: &str, expected: &Answer) {
        let found = deciding_line(text).map_or(Answer::Neither, |line| answer(&line));
        assert_eq!(&found, expected, "{text:?}");
    }

    #[test]
    fn a_verb_and_what_follows_it_is_an_answer() {
        for (text, expected) in [
            ("accept", accept("")),
            ("Accept", accept("")),
            ("ACCEPT\r\n\r\n-- \r\nAnna", accept("")),
            ("annehmen", accept("")),
            ("ａｃｃｅｐｔ", accept("")),
            ("\n  \n\u{a0}\naccept", accept("")),
            ("accept TechSupport", accept("TechSupport")),
            ("accept\u{a0}Tech \t Support ", accept("Tech Support")),
            ("accept personal", accept("personal")),
            ("Annehmen AG Müller", accept("AG Müller")),
            ("accept Smith Inc.", accept("Smith Inc.")),
            ("accept \"Smith\"", accept("\"Smith\"")),
            // Whoever knows the contexts finds that there is none of this name.
            ("accept my apologies", accept("my apologies")),
            ("decline", decline("")),
            ("Ablehnen", decline("")),
            ("decline not our samples.", decline("not our samples.")),
            ("accept.", accept("")),
            ("\"accept\"", accept("")),
            ("\"accept\".", accept("")),
            ("\"accept.\"", accept("")),
            ("„annehmen“", accept("")),
            ("“accept TechSupport”", accept("TechSupport")),
            ("'decline wrong lab'", decline("wrong lab")),
            ("accept\n> accept TechSupport", accept("")),
        ] {
            check(text, &expected);
        }
    }

    #[test]
    fn anything_else_is_none() {
        let long = format!("accept {}", "a".repeat(194));
        let longest = format!("accept {}", "a".repeat(193));
        check(&longest, &accept(&"a".repeat(193)));
        for text in [
            "",
            "  \n ",
            "yes",
            "ok",
            "I accept",
            "accepted",
            "accept,",
            "accept!",
            "accept?",
            "accept..",
            "accept: TechSupport",
            "accept/decline",
            "akzeptieren",
            "> accept",
            "*accept*",
            "Hello,\naccept",
            "\"accept",
            "accept\"",
            "\"\"accept\"\"",
            "ac\u{200b}cept",
            "\u{feff}accept",
            "accept \u{202e}lanosrep",
            "accept Tech\u{ad}Support",
            "accept\u{0}",
            "аccept",
            &long,
            &"ﷺ".repeat(100_000),
        ] {
            check(text, &Answer::Neither);
        }
    }
}
