//! What has been read so far: the place of every word in the file, and all that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;

/// A value as the TOML reader hands it over, with its place in the text.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// What has been read so far: where each key stands, and what is wrong.
pub(super) struct Reading<'a> {
    file: &'a str,
    /// Folder that relative paths start from.
    pub(super) base: PathBuf,
    line_ends: Vec<usize>,
    /// The key that is being read.
    pub(super) key: String,
    /// Least and most of the key that is being read, in the smallest unit of its type.
    pub(super) within: Option<(u64, u64)>,
    /// The line of every key that was read; an element of a list has its number added (`#0`).
    lines: BTreeMap<String, usize>,
    faulty: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a str, base: PathBuf, text: &str) -> Self {
        Self {
            file,
            base,
            line_ends: text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
            key: String::new(),
            within: None,
            lines: BTreeMap::new(),
            faulty: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Line of a byte of the text, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// Remembers where a key stands.
    pub(super) fn found(&mut self, key: &str, offset: usize) {
        self.lines.insert(key.to_owned(), self.line_at(offset));
    }

    /// Something wrong at a place in the text.
    pub(super) fn refuse_at(&mut self, offset: usize, key: &str, sentence: impl Into<String>) {
        let line = Some(self.line_at(offset));
        self.faulty.insert(key.to_owned());
        self.problems.push(Problem {
            file: Some(self.file.into()),
            line,
            key: key.into(),
            sentence: sentence.into(),
        });
    }

    /// Something wrong between keys that can each be read. The first is the one named; nothing is said where one of
    /// them could not be read, for that has been said already and what is in its place is not what was meant.
    pub(super) fn refuse_together(&mut self, keys: &[&str], sentence: impl Into<String>) {
        let own = |key: &&str| key.split('#').next().unwrap_or_default().to_owned();
        if keys.iter().any(|key| self.faulty.contains(&own(key))) {
            return;
        }
        let line = keys
            .iter()
            .find_map(|key| self.lines.get(*key).or_else(|| self.lines.get(&own(key))))
            .copied();
        let key = keys.first().map(own).unwrap_or_default();
        self.problems.push(Problem {
            file: Some(self.file.into()),
            line,
            key,
            sentence: sentence.into(),
        });
    }

    /// Leaves what was said first about each line: after a slip of the pen the rest of a line means nothing.
    pub(super) fn forget_lines_with_two_problems(&mut self) {
        let mut seen = BTreeSet::new();
        self.problems
            .retain(|problem| problem.line.is_none_or(|line| seen.insert(line)));
    }

    /// All that is wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Something wrong with the key that is being read.
    pub(super) fn refuse(&mut self, value: &Value<'_>, sentence: impl Into<String>) {
        let key = self.key.clone();
        self.refuse_at(value.span().start, &key, sentence);
    }
}
