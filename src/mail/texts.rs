//! The catalogue: the sentences of all letters by their names, in each language, and those that a site says otherwise.

use std::collections::BTreeSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;
use unic_langid::LanguageIdentifier;

/// The largest file of replaced sentences, in bytes. The built-in ones have a tenth of it.
const LARGEST: usize = 256 * 1024;
/// So deep sentences may use others.
const DEEPEST: usize = 8;

/// A language that there are letters in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English, and what is taken for any other.
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The one for this tag (RFC 5646); `de-CH` is German.
    pub fn of(tag: &str) -> Self {
        let tag = tag.split('-').next().unwrap_or(tag);
        let is = |language: &Self| language.tag().eq_ignore_ascii_case(tag);
        Self::ALL.into_iter().find(is).unwrap_or(Self::English)
    }
    /// Its tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
    /// With which word a reply accepts. No site may say it otherwise, because the reply door would not know it.
    pub const fn accept(self) -> &'static str {
        match self {
            Self::English => "accept",
            Self::German => "annehmen",
        }
    }
    /// With which word a reply declines.
    pub const fn decline(self) -> &'static str {
        match self {
            Self::English => "decline",
            Self::German => "ablehnen",
        }
    }
    const fn built_in(self) -> &'static str {
        match self {
            Self::English => include_str!("../../templates/letters/en.ftl"),
            Self::German => include_str!("../../templates/letters/de.ftl"),
        }
    }
    /// By which numbers choose between their forms.
    fn id(self) -> LanguageIdentifier {
        self.tag().parse().unwrap_or_default()
    }
}

/// What the sentences tell, by name.
#[derive(Default)]
pub struct Facts(FluentArgs<'static>);

impl Facts {
    /// Adds one.
    pub fn set(&mut self, name: &'static str, value: impl Into<FluentValue<'static>>) {
        self.0.set(name, value);
    }
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FluentValue<'static>>) -> Self {
        self.set(name, value);
        self
    }
}

/// A sentence that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sentence {name} cannot be said: {why}")]
pub struct Unsayable {
    name: String,
    why: String,
}

/// The sentences of all languages.
pub struct Texts {
    bundles: [FluentBundle<FluentResource>; 2],
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Texts(…)")
    }
}

impl Texts {
    /// As they are, if no site says otherwise.
    pub fn built_in() -> Self {
        Self {
            bundles: Language::ALL.map(bundle),
        }
    }

    /// Says some sentences of a language otherwise: `source` has lines of `name = sentence`, as the catalogue does.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn replace(&mut self, language: Language, source: String) -> Result<(), Vec<Problem>> {
        check(language, &source)?;
        let bundle = match language {
            Language::English => &mut self.bundles[0],
            Language::German => &mut self.bundles[1],
        };
        bundle.add_resource_overriding(read(source));
        Ok(())
    }

    /// One sentence, on one line.
    ///
    /// # Errors
    /// When there is none of this name, or it tells what these facts do not.
    pub fn say(&self, language: Language, name: &str, facts: &Facts) -> Result<String, Unsayable> {
        let bundle = match language {
            Language::English => &self.bundles[0],
            Language::German => &self.bundles[1],
        };
        let wrong = |why: String| Unsayable {
            name: name.to_owned(),
            why,
        };
        let pattern = bundle
            .get_message(name)
            .and_then(|message| message.value())
            .ok_or_else(|| wrong("there is none".to_owned()))?;
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, Some(&facts.0), &mut errors);
        match errors.first() {
            None => Ok(said.split_whitespace().collect::<Vec<_>>().join(" ")),
            Some(why) => Err(wrong(why.to_string())),
        }
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.id()]);
    // Marks of direction round names would be characters that nobody sees; what deceives is left out of names before.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(read(language.built_in().to_owned()));
    bundle
}

/// What could be read of it; what is wrong with the built-in ones is a test's to find, with the others [`check`]'s.
fn read(source: String) -> FluentResource {
    FluentResource::try_new(source).unwrap_or_else(|(read, _)| read)
}

/// Something wrong with replaced sentences.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// Where, counted from 1.
    pub line: usize,
    /// What, and what to do.
    pub what: String,
}

type Read<'s> = fluent_syntax::ast::Resource<&'s str>;

/// Whether every sentence is one of the catalogue's, and tells nothing that there is not.
fn check(language: Language, source: &str) -> Result<(), Vec<Problem>> {
    if source.len() > LARGEST {
        let what =
            format!("the file has more than {LARGEST} bytes; leave only what is said otherwise");
        return Err(vec![Problem { line: 1, what }]);
    }
    let mut problems = Vec::new();
    let theirs = match parser::parse(source) {
        Ok(read) => read,
        Err((read, errors)) => {
            problems.extend(errors.iter().map(|error| Problem {
                line: line_at(source, error.pos.start),
                what: format!(
                    "{}; write name = sentence, with {{ $fact }} for what it tells",
                    error.kind
                ),
            }));
            read
        }
    };
    let ours = parser::parse(language.built_in()).unwrap_or_else(|(read, _)| read);
    let mut seen = BTreeSet::new();
    for entry in &theirs.body {
        let (name, wrong) = match entry {
            Entry::Message(message) => {
                let name = message.id.name;
                (
                    name,
                    wrong_with(name, message, &theirs, &ours, seen.insert(name)),
                )
            }
            Entry::Term(term) => (
                term.id.name,
                vec!["a sentence's name starts with a letter".to_owned()],
            ),
            _ => continue,
        };
        let line = line_of(source, name);
        problems.extend(wrong.into_iter().map(|what| Problem { line, what }));
    }
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn wrong_with(
    name: &str,
    message: &fluent_syntax::ast::Message<&str>,
    theirs: &Read<'_>,
    ours: &Read<'_>,
    first: bool,
) -> Vec<String> {
    if pattern_of(ours, name).is_none() {
        return vec![format!(
            "there is no sentence \"{name}\"; handover letter list --sentences names them all"
        )];
    }
    if !first {
        return vec![format!("\"{name}\" stands there twice; remove one")];
    }
    let Some(pattern) = &message.value else {
        return vec![format!(
            "\"{name}\" says nothing; write a sentence, or remove it"
        )];
    };
    let mut wrong = Vec::new();
    if !message.attributes.is_empty() {
        wrong.push(format!(
            "\"{name}\" has parts that are never said; remove the lines that start with a dot"
        ));
    }
    let may = knows(name);
    let mut does = Uses::default();
    does.gather(pattern, &[theirs, ours], DEEPEST);
    for fact in does.facts.difference(&may) {
        let known: Vec<String> = may.iter().map(|fact| format!("${fact}")).collect();
        let known = if known.is_empty() {
            "nothing".to_owned()
        } else {
            known.join(", ")
        };
        wrong.push(format!(
            "\"{name}\" tells ${fact}, which it does not know; it knows {known}"
        ));
    }
    wrong.extend(does.wrong.iter().map(|why| format!("\"{name}\" {why}")));
    wrong
}

fn pattern_of<'s, 'r>(read: &'r Read<'s>, name: &str) -> Option<&'r Pattern<&'s str>> {
    read.body.iter().find_map(|entry| match entry {
        Entry::Message(message) if message.id.name == name => message.value.as_ref(),
        _ => None,
    })
}

/// What a sentence tells, with all that it uses.
#[derive(Default)]
struct Uses {
    facts: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

impl Uses {
    fn gather(&mut self, pattern: &Pattern<&str>, among: &[&Read<'_>], depth: usize) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression, among, depth);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>, among: &[&Read<'_>], depth: usize) {
        match expression {
            Expression::Inline(inline) => self.inline(inline, among, depth),
            Expression::Select { selector, variants } => {
                self.inline(selector, among, depth);
                for variant in variants {
                    self.gather(&variant.value, among, depth);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>, among: &[&Read<'_>], depth: usize) {
        match inline {
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
            InlineExpression::VariableReference { id } => {
                self.facts.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference {
                id,
                attribute: None,
            } => {
                let found = among.iter().find_map(|read| pattern_of(read, id.name));
                match found {
                    None => self.blame(format!("uses \"{}\", which there is not", id.name)),
                    Some(_) if depth == 0 => {
                        self.blame(format!(
                            "uses \"{}\" and so itself, or too many others",
                            id.name
                        ));
                    }
                    Some(pattern) => self.gather(pattern, among, depth - 1),
                }
            }
            InlineExpression::Placeable { expression } => self.expression(expression, among, depth),
            InlineExpression::FunctionReference { .. }
            | InlineExpression::TermReference { .. }
            | InlineExpression::MessageReference { .. } => {
                self.blame("uses something else than facts ($fact) and other sentences".to_owned());
            }
        }
    }

    fn blame(&mut self, why: String) {
        self.wrong.insert(why);
    }
}

fn line_at(source: &str, offset: usize) -> usize {
    let before = source.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// The last line that begins with this name: what is wrong with a sentence that stands there twice is the second.
fn line_of(source: &str, name: &str) -> usize {
    let begins = |line: &str| {
        let rest = line.strip_prefix('-').unwrap_or(line).strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    source
        .lines()
        .enumerate()
        .filter(|(_, line)| begins(line))
        .last()
        .map_or(1, |(n, _)| n + 1)
}

/// The facts that a sentence may tell: those that it tells in any language.
fn knows(name: &str) -> BTreeSet<String> {
    let mut uses = Uses::default();
    for language in Language::ALL {
        let ours = parser::parse(language.built_in()).unwrap_or_else(|(read, _)| read);
        if let Some(pattern) = pattern_of(&ours, name) {
            uses.gather(pattern, &[&ours], DEEPEST);
        }
    }
    uses.facts
}

/// Every sentence of the catalogue with the facts that it may tell, in its order.
pub fn known() -> Vec<(String, BTreeSet<String>)> {
    let ours = parser::parse(Language::English.built_in()).unwrap_or_else(|(read, _)| read);
    let name = |entry: &Entry<&str>| match entry {
        Entry::Message(message) => Some(message.id.name.to_owned()),
        _ => None,
    };
    let names = ours.body.iter().filter_map(name);
    names.map(|name| (name.clone(), knows(&name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same_sentences_and_tells_nothing_more() {
        for language in Language::ALL {
            let read = parser::parse(language.built_in());
            assert!(
                read.is_ok(),
                "{language:?}: {:?}",
                read.err().map(|(_, errors)| errors)
            );
            let names = |language: Language| -> Vec<String> {
                let read = parser::parse(language.built_in()).unwrap();
                let name = |entry: &Entry<&str>| match entry {
                    Entry::Message(message) => Some(message.id.name.to_owned()),
                    _ => None,
                };
                read.body.iter().filter_map(name).collect()
            };
            assert_eq!(names(language), names(Language::English), "{language:?}");
            assert_eq!(
                check(Language::English, language.built_in()),
                Ok(()),
                "{language:?}"
            );
        }
    }

    #[test]
    fn all_that_is_wrong_with_replaced_sentences_is_told_with_its_line() {
        let source = "# ours\nopen = Open it\nopne = x\nnot-you = Call { $sender }.\nnot-you = Again\n  odd\nmore = { more }\n-term = x\nwhat-now =\n    .part = y\nitems = { NUMBER($count) } { nothing }\n= broken\n";
        let problems = Texts::built_in()
            .replace(Language::English, source.to_owned())
            .unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn a_site_says_some_sentences_otherwise_and_the_others_stay() {
        let mut texts = Texts::built_in();
        let source = "not-you = Call the core of { $site }: 4711.\n";
        assert_eq!(texts.replace(Language::German, source.to_owned()), Ok(()));
        let facts = Facts::default().with("site", "Uni".to_owned());
        let said = |language| texts.say(language, "not-you", &facts).unwrap();
        assert_eq!(said(Language::German), "Call the core of Uni: 4711.");
        assert!(said(Language::English).contains("whoever runs Uni"));
    }

    #[test]
    fn languages_are_found_by_their_tags() {
        for (tag, language) in [
            ("de", Language::German),
            ("de-CH", Language::German),
            ("DE", Language::German),
            ("en-GB", Language::English),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of(tag), language, "{tag}");
        }
    }
}
