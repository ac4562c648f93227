//! The sentences of sources and templates, as they stand there: what `say!` and `said!` are given, and the filters `t`, `html` and `plural`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sentence {
    pub one: String,
    pub many: Option<String>,
    pub context: String,
}

impl Sentence {
    /// As an entry of a catalogue that is still to be translated.
    pub fn as_entry(&self) -> String {
        let quoted = |text: &str| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{}\"", text.replace('\n', "\\n"))
        };
        let mut entry = String::new();
        if !self.context.is_empty() {
            entry.push_str(&format!("msgctxt {}\n", quoted(&self.context)));
        }
        entry.push_str(&format!("msgid {}\n", quoted(&self.one)));
        match &self.many {
            None => entry.push_str("msgstr \"\"\n"),
            Some(many) => {
                let many = quoted(many);
                entry.push_str(&format!(
                    "msgid_plural {many}\nmsgstr[0] \"\"\nmsgstr[1] \"\"\n"
                ));
            }
        }
        entry
    }
}

/// Path and text of all files below a folder whose names end so, in their order.
pub fn read(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(read(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            all.push((
                name.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    all.sort();
    all
}

/// The literal at the start of a text, without its quotes and escapes, and what comes after it.
fn literal(text: &str) -> Option<(String, &str)> {
    let inside = text.trim_start().strip_prefix('"')?;
    let mut plain = String::new();
    let mut chars = inside.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((plain, &inside[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => plain.push('\n'),
                '\n' => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                c @ ('"' | '\\') => plain.push(c),
                c => panic!("no sentence has \\{c}"),
            },
            c => plain.push(c),
        }
    }
    None
}

/// What begins after `start`, up to the end that belongs to it. Quotes hide what is between them.
fn up_to(text: &str, open: char, close: char) -> &str {
    let (mut depth, mut rest) = (1, text);
    while let Some(at) = rest.find([open, close, '"']) {
        let here = &rest[at..];
        if here.starts_with('"') {
            rest = literal(here).expect("a literal that ends").1;
            continue;
        }
        depth = if here.starts_with(close) {
            depth - 1
        } else {
            depth + 1
        };
        rest = &here[1..];
        if depth == 0 {
            break;
        }
    }
    &text[..text.len() - rest.len()]
}

/// The sentences of a source.
pub fn in_rust(source: &str) -> Vec<Sentence> {
    let code: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    // What tests say is said to nobody.
    let code = code.join("\n");
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut all = Vec::new();
    for name in ["say!(", "said!("] {
        for (at, _) in code.match_indices(name) {
            let given = up_to(&code[at + name.len()..], '(', ')');
            all.extend(given_to(given));
        }
    }
    all
}

fn given_to(given: &str) -> Option<Sentence> {
    // The inside of the macros themselves.
    if given.starts_with(['$', '@']) {
        return None;
    }
    let context = |rest: &str| {
        let named = rest.trim_start().strip_prefix("as ").and_then(literal);
        named.map_or_else(String::new, |(context, _)| context)
    };
    if let Some((one, rest)) = literal(given) {
        return Some(Sentence {
            one,
            many: None,
            context: context(rest),
        });
    }
    let (_, forms) = given
        .split_once(';')
        .unwrap_or_else(|| panic!("no sentence: {given}"));
    let (one, rest) = literal(forms).unwrap_or_else(|| panic!("no sentence: {given}"));
    let rest = rest.trim_start().strip_prefix(',').unwrap();
    let (many, rest) = literal(rest).unwrap_or_else(|| panic!("no plural: {given}"));
    Some(Sentence {
        one,
        many: Some(many),
        context: context(rest),
    })
}

/// The expressions and statements of a template, and the text between them.
fn parts(template: &str) -> (Vec<&str>, String) {
    let (mut inside, mut outside, mut rest) = (Vec::new(), String::new(), template);
    while let Some(at) = rest
        .find("{{")
        .into_iter()
        .chain(rest.find("{%"))
        .chain(rest.find("{#"))
        .min()
    {
        outside.push_str(&rest[..at]);
        let part = up_to(&rest[at + 1..], '{', '}');
        inside.push(part);
        rest = &rest[at + 1 + part.len()..];
        // `{{ … }}` ends with two, the first of which belongs to the inner one.
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    outside.push_str(rest);
    (inside, outside)
}

/// The sentences of a template.
pub fn in_template(template: &str) -> Vec<Sentence> {
    let mut all = Vec::new();
    for part in parts(template).0 {
        let mut rest = part;
        while let Some(at) = rest.find('"') {
            let counts = rest[..at].trim_end().ends_with("|plural(");
            let (one, after) = literal(&rest[at..]).unwrap();
            rest = after;
            let mut many = None;
            if counts {
                let second = rest.trim_start().strip_prefix(',').unwrap();
                let (text, after) = literal(second).unwrap();
                (many, rest) = (Some(text), after);
            }
            let filter = |name: &str| {
                let after = rest
                    .strip_prefix('|')
                    .and_then(|rest| rest.strip_prefix(name));
                after.filter(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
            };
            let context = match (counts, filter("t").or(filter("html"))) {
                (true, _) => rest.trim_start().strip_prefix(','),
                (false, Some(after)) => Some(after.strip_prefix('(').unwrap_or("")),
                (false, None) => continue,
            };
            let context = context.and_then(literal);
            let context = context.map_or_else(String::new, |(context, _)| context);
            all.push(Sentence { one, many, context });
        }
    }
    all
}

/// What a template says without asking the catalogue.
pub fn bare_words(template: &str) -> Vec<String> {
    let text = parts(template).1;
    let mut bare = Vec::new();
    for attribute in [
        " aria-label=\"",
        " title=\"",
        " alt=\"",
        " placeholder=\"",
        " data-label=\"",
        " data-updated=\"",
        " data-working=\"",
        " data-saving=\"",
    ] {
        let values = text.split(attribute).skip(1);
        bare.extend(values.map(|value| value.split('"').next().unwrap().to_owned()));
    }
    let mut between = text.split(['<', '>']);
    while let Some(words) = between.next() {
        bare.push(words.trim().to_owned());
        between.next();
    }
    // What the software is called is the same in every language.
    bare.retain(|words| words.replace("Handover", "").contains(char::is_alphabetic));
    bare
}

/// The facts that a pattern tells.
pub fn placeholders(pattern: &str) -> BTreeSet<&str> {
    let all = pattern.split('{').skip(1);
    all.filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}

/// The tags of a pattern, in any order.
pub fn tags(pattern: &str) -> Vec<&str> {
    let all = pattern.split('<').skip(1);
    let mut tags: Vec<&str> = all.map(|rest| rest.split('>').next().unwrap()).collect();
    tags.sort_unstable();
    tags
}
