//! The way from a file to a [`Config`]: TOML, then each key by the schema, then what keys can only break together.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::problem::{nearest, plain, quoted};
use super::reading::{Reading, Value};
use super::schema::{DOMAIN_KEYS, KEYS, Key, PROVIDER_KEYS, SECTIONS, WORKGROUP_KEYS};
use super::{Config, Domain, Handle, Problem, Problems, Provider, Workgroup, check, secrets};

/// A configuration with 10,000 workgroups has 2 MiB; what is larger is another file named by mistake.
const LARGEST_FILE: u64 = 16 << 20;

pub(super) fn load(path: &Path) -> Result<Config, Problems> {
    let file = path.display().to_string();
    let unreadable = |wrong: String| {
        Problems::from(Problem {
            file: Some(file.clone()),
            line: None,
            key: String::new(),
            sentence: wrong,
        })
    };
    let text = read_text(path).map_err(unreadable)?;
    // Absolute, so that a daemon that changes its folder later still finds its store.
    let absolute = std::path::absolute(path).map_err(|error| unreadable(error.to_string()))?;
    let base = absolute.parent().map(Path::to_path_buf).unwrap_or_default();
    let (config, providers, mut reading) = assemble(&text, &file, base);
    if let Err(problem) = secrets::check_key(&config.secrets.key_file) {
        reading.refuse_together(&[&problem.key], problem.sentence);
    }
    if let Some(path) = &config.mail.smtp.password_file
        && let Err(problem) = secrets::password(path)
    {
        reading.refuse_together(&[&problem.key], problem.sentence);
    }
    for (prefix, provider) in &providers {
        // One that is not named is missed already.
        if !provider.client_secret_file.as_os_str().is_empty()
            && let Err(problem) = secrets::client_secret(prefix, &provider.client_secret_file)
        {
            reading.refuse_together(&[&problem.key], problem.sentence);
        }
    }
    finish(config, reading)
}

pub(super) fn parse(text: &str, file: &str) -> Result<Config, Problems> {
    let base = Path::new(file)
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default();
    let (config, _, reading) = assemble(text, file, base);
    finish(config, reading)
}

fn finish(config: Config, reading: Reading<'_>) -> Result<Config, Problems> {
    let problems = reading.into_problems();
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(Problems::new(problems))
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let reason = secrets::reason(&error);
        return Err(format!(
            "the configuration file cannot be read: {reason}; name an existing file with --config, or start one from \
             config/handover.toml"
        ));
    }
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(
            "is larger than 16 MiB and surely no configuration; name the right file with --config"
                .into(),
        );
    }
    String::from_utf8(bytes).map_err(|wrong| {
        let good = wrong.utf8_error().valid_up_to();
        let line = wrong
            .as_bytes()
            .iter()
            .take(good)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        format!("line {line} is not UTF-8; save the file in that encoding")
    })
}

/// The entries of a list, each with the key its own keys begin with.
type Prefixed<T> = Vec<(String, T)>;

fn assemble<'a>(
    text: &str,
    file: &'a str,
    base: PathBuf,
) -> (Config, Prefixed<Provider>, Reading<'a>) {
    // A byte order mark is what some editors put in front; it means nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut config = Config::default();
    // A file that does not name them means the same ones as a file that names the defaults, and not files of the working folder.
    config.store.path = base.join(&config.store.path);
    config.secrets.key_file = base.join(&config.secrets.key_file);
    let mut reading = Reading::new(file, base, text);
    let (document, wrong) = DeTable::parse_recoverable(text);
    for error in &wrong {
        let offset = error.span().map_or(0, |span| span.start);
        let sentence = format!("is not TOML: {}; correct this line", error.message());
        reading.refuse_at(offset, "", sentence);
    }
    // What stands after a slip of the pen may be read as something else: what cannot be known is not complained about.
    let whole = wrong.is_empty();
    let entries = read_document(&mut config, document.get_ref(), whole, &mut reading);
    if whole {
        check::together(&config, &entries, &mut reading);
    } else {
        reading.forget_lines_with_two_problems();
    }
    config.sign_in.providers = entries
        .providers
        .iter()
        .map(|(_, one)| one.clone())
        .collect();
    config.domains = entries
        .domains
        .into_iter()
        .map(|(_, domain)| domain)
        .collect();
    config.workgroups = entries
        .workgroups
        .into_iter()
        .map(|(_, workgroup)| workgroup)
        .collect();
    (config, entries.providers, reading)
}

/// All lists.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) providers: Prefixed<Provider>,
    pub(super) domains: Prefixed<Domain>,
    pub(super) workgroups: Prefixed<Workgroup>,
}

fn read_document(
    config: &mut Config,
    document: &DeTable<'_>,
    whole: bool,
    reading: &mut Reading<'_>,
) -> Entries {
    let mut entries = Entries::default();
    for (name, value) in document {
        let word: &str = name.get_ref();
        match word {
            "domain" => {
                entries.domains = read_entries(
                    "domain",
                    "name",
                    DOMAIN_KEYS,
                    Domain::unread,
                    value,
                    whole,
                    reading,
                )
            }
            "workgroup" => {
                entries.workgroups = read_entries(
                    "workgroup",
                    "handle",
                    WORKGROUP_KEYS,
                    Workgroup::unread,
                    value,
                    whole,
                    reading,
                );
            }
            _ if is_section(word) => {
                let providers = read_section(config, word, value, whole, reading);
                entries.providers.extend(providers);
            }
            _ => reading.refuse_at(name.span().start, &plain(word), unknown_at_top(word)),
        }
    }
    entries
}

fn is_section(path: &str) -> bool {
    SECTIONS.iter().any(|(section, _)| *section == path)
}

/// The list that stands in a section.
const PROVIDERS: &str = "sign_in.provider";

/// Reads what stands once, and gives the entries of the list in it, if there is one.
fn read_section(
    config: &mut Config,
    section: &str,
    value: &Value<'_>,
    whole: bool,
    reading: &mut Reading<'_>,
) -> Prefixed<Provider> {
    let mut providers = Vec::new();
    let Some(table) = value.get_ref().as_table() else {
        reading.refuse_at(
            value.span().start,
            section,
            format!("is a section; write [{section}] on a line of its own and its keys below"),
        );
        return providers;
    };
    for (name, value) in table {
        let word: &str = name.get_ref();
        let path = format!("{section}.{}", plain(word));
        if is_section(&path) {
            providers.extend(read_section(config, &path, value, whole, reading));
        } else if path == PROVIDERS {
            providers.extend(read_entries(
                PROVIDERS,
                "handle",
                PROVIDER_KEYS,
                Provider::unread,
                value,
                whole,
                reading,
            ));
        } else if let Some(key) = KEYS
            .iter()
            .find(|key| key.section == section && key.name == word)
        {
            read_key(key, config, path, value, reading);
        } else {
            let others = SECTIONS.iter().map(|(other, _)| *other).chain([PROVIDERS]);
            let others = others.filter_map(|other| other.strip_prefix(section)?.strip_prefix('.'));
            let known = KEYS
                .iter()
                .filter(|key| key.section == section)
                .map(|key| key.name)
                .chain(others);
            reading.refuse_at(
                name.span().start,
                &path,
                unknown_in(&format!("[{section}]"), word, known),
            );
        }
    }
    providers
}

fn read_key<T>(
    key: &Key<T>,
    into: &mut T,
    path: String,
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) {
    reading.found(&path, value.span().start);
    reading.key = path;
    reading.within = key.within;
    (key.read)(into, value, reading);
}

fn read_entries<T>(
    list: &str,
    identity: &str,
    keys: &[Key<T>],
    unread: fn() -> T,
    value: &Value<'_>,
    whole: bool,
    reading: &mut Reading<'_>,
) -> Prefixed<T> {
    let mut entries = Vec::new();
    let mut used = BTreeSet::new();
    let Some(array) = value.get_ref().as_array() else {
        reading.refuse_at(
            value.span().start,
            list,
            format!("is a list of blocks; write [[{list}]] with two brackets above each"),
        );
        return entries;
    };
    for (place, value) in array.iter().enumerate() {
        let Some(table) = value.get_ref().as_table() else {
            reading.refuse_at(
                value.span().start,
                list,
                format!("is a list of blocks; write [[{list}]] above each"),
            );
            continue;
        };
        // By its handle, which the operator knows; by its number where there is none, or it is taken.
        let handle = table
            .iter()
            .find(|(name, _)| name.get_ref() == identity)
            .and_then(|(_, value)| value.get_ref().as_str());
        let prefix = match handle {
            Some(handle) if handle.parse::<Handle>().is_ok() && used.insert(handle) => {
                format!("{list}.{handle}")
            }
            _ => format!("{list}.{}", place + 1),
        };
        let mut entry = unread();
        for (name, value) in table {
            let word: &str = name.get_ref();
            let path = format!("{prefix}.{}", plain(word));
            match keys.iter().find(|key| key.name == word) {
                Some(key) => read_key(key, &mut entry, path, value, reading),
                None => {
                    let known = keys.iter().map(|key| key.name);
                    reading.refuse_at(
                        name.span().start,
                        &path,
                        unknown_in(&format!("[[{list}]]"), word, known),
                    );
                }
            }
        }
        for key in keys.iter().filter(|key| key.required && whole) {
            if !table.iter().any(|(name, _)| name.get_ref() == key.name) {
                let example = key.example.unwrap_or_default();
                let sentence = format!("is missing; add a line such as {} = {example}", key.name);
                reading.refuse_at(
                    value.span().start,
                    &format!("{prefix}.{}", key.name),
                    sentence,
                );
            }
        }
        entries.push((prefix, entry));
    }
    entries
}

fn unknown_at_top(word: &str) -> String {
    let sections = SECTIONS
        .iter()
        .map(|(section, _)| *section)
        .chain(["domain", "workgroup"]);
    let homes: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.name == word)
        .map(|key| key.section)
        .collect();
    match (homes.as_slice(), nearest(word, sections)) {
        ([_, ..], _) => format!(
            "stands in no section; move it below [{}]",
            homes.join("] or [")
        ),
        (_, Some(section @ ("domain" | "workgroup"))) => {
            format!("there is no {}; did you mean [[{section}]]?", quoted(word))
        }
        (_, Some(section)) => format!("there is no {}; did you mean [{section}]?", quoted(word)),
        (_, None) => format!(
            "there is no {}; remove it (`handover config reference` lists all sections and keys)",
            quoted(word)
        ),
    }
}

fn unknown_in<'a>(section: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let homes: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.name == word)
        .map(|key| key.section)
        .collect();
    match (nearest(word, known), homes.as_slice()) {
        (Some(meant), _) => format!(
            "{section} has no key {}; did you mean \"{meant}\"?",
            quoted(word)
        ),
        (None, [home]) => format!(
            "{section} has no key {}; it belongs below [{home}]",
            quoted(word)
        ),
        (None, _) => format!(
            "{section} has no key {}; remove it (`handover config reference` lists all keys)",
            quoted(word)
        ),
    }
}
