//! What keeps a run folder from being registered, told all at once.

use serde::Serialize;
use std::error::Error;
use std::fmt;

/// Problems of one kind that are listed one by one before the rest is only counted.
///
/// A sheet with 20,000 bad rows must not fill a terminal, but a person who mends 50 rows at a time gets there.
pub(super) const LISTED: usize = 50;

/// One thing that is wrong with a run folder, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file or folder it was found in, relative to the run folder, safe to print.
    pub file: String,
    /// The line in that file, counted from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong; lower case, names the value.
    pub sentence: String,
    /// What to do next; lower case.
    pub next_step: String,
}

impl Problem {
    pub(super) fn new(
        file: impl Into<String>,
        line: Option<u64>,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line,
            sentence: sentence.into(),
            next_step: next_step.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.sentence, self.next_step)
    }
}

/// Everything that keeps a run folder from being registered; never empty.
///
/// `Display` prints one line for each problem, in the order of the files that were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, or nothing where the list is empty: an error without a reason cannot be made.
    pub(super) fn of(problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// The problems in the order of the files that were read.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for Problems {}

/// Problems of one file: the first [`LISTED`] in full, the others as a number.
pub(super) struct Findings {
    file: &'static str,
    listed: Vec<Problem>,
    more: u64,
}

impl Findings {
    pub(super) fn new(file: &'static str) -> Self {
        Self {
            file,
            listed: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        line: impl Into<Option<u64>>,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) {
        self.add_in(self.file.to_owned(), line.into(), sentence, next_step);
    }

    /// Adds a problem of another file, counted against the same limit.
    pub(super) fn add_in(
        &mut self,
        file: String,
        line: Option<u64>,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) {
        if self.listed.len() < LISTED {
            self.listed
                .push(Problem::new(file, line, sentence, next_step));
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        if self.more > 0 {
            self.listed.push(Problem::new(
                self.file,
                None,
                format!("{} more problems of this kind are not listed", self.more),
                "mend the ones above and try again",
            ));
        }
        self.listed
    }
}

/// A value from a file as it may be shown: in quotes, cut after 80 characters, control characters spelt out so that
/// a hostile name cannot move the cursor of the terminal it is printed on.
pub(super) fn quoted(value: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown = String::from("\"");
    for (at, character) in value.chars().enumerate() {
        if at == SHOWN {
            shown.push('…');
            break;
        }
        if is_unprintable(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown.push('"');
    shown
}

/// Whether a name holding this character could garble the line it is printed on: controls, and the marks that
/// reorder text, join or separate lines unseen.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
