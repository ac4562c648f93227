//! What templates say, in the language of the request: `{{ "Sign in"|t }}`, with facts
//! `{{ "{name} is archived"|t|with("name", item.name) }}`, of a number `{{ n|plural("{n} file", "{n} files") }}`, and with mark-up in the
//! sentence `{{ "You are <strong>{who}</strong>."|html|with("who", person.address) }}`. Of one English word with several meanings
//! `"open"|t("a state")`.
//!
//! A pattern is a constant of our own source (`&'static str`), in English and in the catalogue. What it tells is escaped, whatever it is.

use std::fmt;

use askama::filters::{Escaper as _, Html, HtmlSafe};
use askama::{Result, Values};

use crate::domain::said::{Pattern, Said, Tell};
use crate::web::{catalogue, language};

use super::words;

/// A sentence of a template.
#[derive(Debug, Clone)]
pub struct Plain(Said);

/// The same, whose pattern has mark-up. What it tells has none.
#[derive(Debug, Clone)]
pub struct Marked(Said);

/// A sentence that can tell more.
pub trait Sentence {
    /// With this.
    #[must_use]
    fn and(&self, name: &'static str, fact: impl Tell) -> Self;
}
impl Sentence for Plain {
    fn and(&self, name: &'static str, fact: impl Tell) -> Self {
        Self(self.0.clone().with(name, fact))
    }
}
impl Sentence for Marked {
    fn and(&self, name: &'static str, fact: impl Tell) -> Self {
        Self(self.0.clone().with(name, fact))
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&language::speak(&self.0))
    }
}
impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = language::now();
        let pattern = catalogue::pattern(&self.0, language);
        let escaped = |fact: &_| {
            let (text, mut escaped) = (catalogue::tell(fact, language), String::new());
            match Html.write_escaped_str(&mut escaped, &text) {
                Ok(()) => escaped,
                Err(fmt::Error) => String::new(),
            }
        };
        f.write_str(&self.0.filled(pattern, escaped))
    }
}
impl HtmlSafe for Marked {}

fn pattern(one: &'static str, many: Option<&'static str>, context: &'static str) -> Said {
    Said::new(Pattern { context, one, many })
}

/// A sentence.
#[askama::filter_fn]
pub fn t(
    one: &'static str,
    _: &dyn Values,
    #[optional("")] context: &'static str,
) -> Result<Plain> {
    Ok(Plain(pattern(one, None, context)))
}

/// A sentence with mark-up in it.
#[askama::filter_fn]
pub fn html(
    one: &'static str,
    _: &dyn Values,
    #[optional("")] context: &'static str,
) -> Result<Marked> {
    Ok(Marked(pattern(one, None, context)))
}

/// A sentence of one or of several.
#[askama::filter_fn]
pub fn plural<N: Tell>(
    n: N,
    _: &dyn Values,
    one: &'static str,
    many: &'static str,
    #[optional("")] context: &'static str,
) -> Result<Plain> {
    Ok(Plain(pattern(one, Some(many), context).with("n", n)))
}

/// What a sentence tells.
#[askama::filter_fn]
pub fn with<S: Sentence, T: Tell>(
    sentence: S,
    _: &dyn Values,
    name: &'static str,
    fact: T,
) -> Result<S> {
    Ok(sentence.and(name, fact))
}

/// What a rule says, in which the ids of offers, invitations, runs and projects lead to their pages.
#[derive(Debug, Clone)]
pub struct Linked(String);

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut rest = self.0.as_str();
        while !rest.is_empty() {
            let inside = rest.starts_with(is_id);
            let end = rest.find(|c| is_id(c) != inside).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match words::page_of(word) {
                Some(page) => write!(f, "<a href=\"{page}\">{word}</a>")?,
                None => Html.write_escaped_str(&mut *f, word)?,
            }
            rest = after;
        }
        Ok(())
    }
}
impl HtmlSafe for Linked {}

/// What a rule says, with links.
#[askama::filter_fn]
pub fn linked(text: impl fmt::Display, _: &dyn Values) -> Result<Linked> {
    Ok(Linked(text.to_string()))
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::super::filters;

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"<a title="{{ "Sign in"|t }}">{{ "{a} & {b}"|t|with("a", evil)|with("b", n) }}</a> {{ "<b title=\"{a}\">{a}</b>, {n}"|html|with("a", evil)|with("n", n) }} {{ n|plural("{n} file", "{n} files") }} {{ "Sign in"|t("another") }}"#
    )]
    struct Sample<'a> {
        evil: &'a str,
        n: usize,
    }

    #[derive(Template)]
    #[template(ext = "html", source = "{{ text|linked }}")]
    struct Rule<'a> {
        text: &'a str,
    }

    #[test]
    fn an_id_in_what_a_rule_says_leads_to_its_page_and_nothing_else_does() {
        let id = "tr_06h0lanv0lpj9eugha6uo6qjpg";
        for (text, html) in [
            (
                format!("offered in {id}; wait"),
                format!("offered in <a href=\"/transfers/{id}\">{id}</a>; wait"),
            ),
            (
                "\"<b>tr_</b>\" tr_06 Ä".to_owned(),
                "&#34;&#60;b&#62;tr_&#60;/b&#62;&#34; tr_06 Ä".to_owned(),
            ),
            (String::new(), String::new()),
        ] {
            assert_eq!(Rule { text: &text }.render().unwrap(), html);
        }
    }

    #[test]
    fn what_a_sentence_tells_is_escaped_and_its_mark_up_is_not() {
        let sample = Sample {
            evil: "\"><script>{n}",
            n: 1_000,
        };
        insta::assert_snapshot!(sample.render().unwrap());
    }
}
