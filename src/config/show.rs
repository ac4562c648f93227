//! What the schema can be turned into: the effective configuration, the default file, the reference, the differences.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::schema::{
    DOMAIN_KEYS, DOMAIN_MEANING, KEYS, Key, PROVIDER_KEYS, PROVIDER_MEANING, SECTIONS,
    WORKGROUP_KEYS, WORKGROUP_MEANING,
};
use super::{Config, Domain, Provider, Workgroup};

/// The effective configuration as TOML. Secrets are never in it, only the files they lie in.
pub fn show(config: &Config) -> String {
    let mut out = String::new();
    for (section, _) in SECTIONS {
        let _ = writeln!(out, "{}[{section}]", if out.is_empty() { "" } else { "\n" });
        show_keys(
            &mut out,
            KEYS.iter().filter(|key| key.section == section),
            config,
        );
    }
    for provider in &config.sign_in.providers {
        out.push_str("\n[[sign_in.provider]]\n");
        show_keys(&mut out, PROVIDER_KEYS.iter(), provider);
    }
    for domain in &config.domains {
        out.push_str("\n[[domain]]\n");
        show_keys(&mut out, DOMAIN_KEYS.iter(), domain);
    }
    for workgroup in &config.workgroups {
        out.push_str("\n[[workgroup]]\n");
        show_keys(&mut out, WORKGROUP_KEYS.iter(), workgroup);
    }
    out
}

fn show_keys<T: 'static>(out: &mut String, keys: impl Iterator<Item = &'static Key<T>>, from: &T) {
    for key in keys {
        if let Some(value) = (key.write)(from) {
            let _ = writeln!(out, "{} = {value}", key.name);
        }
    }
}

/// The default file with every key, its default and why: what `config/handover.toml` must be.
///
/// A comment has a blank after its `#`; a line that can be switched on by removing the `#` has none.
pub fn template() -> String {
    let defaults = Config::default();
    let mut out = String::new();
    comment(
        &mut out,
        "The configuration of Handover. Every key is here with its default, so a file that holds only what differs is \
         enough. Lines that begin with # and no blank are examples. `handover config check` says what is wrong with a \
         file, all at once; SIGHUP makes a running daemon take over the keys marked so. Durations are written \"90s\", \
         \"10m\", \"48h\" or \"14d\", sizes \"64MiB\" or \"500GB\", and relative paths start from this file's folder.",
    );
    for (section, meaning) in SECTIONS {
        out.push('\n');
        comment(&mut out, meaning);
        let _ = writeln!(out, "[{section}]");
        template_keys(
            &mut out,
            KEYS.iter().filter(|key| key.section == section),
            &defaults,
            "",
        );
    }
    for (list, meaning) in [
        ("sign_in.provider", PROVIDER_MEANING),
        ("domain", DOMAIN_MEANING),
        ("workgroup", WORKGROUP_MEANING),
    ] {
        out.push('\n');
        comment(&mut out, meaning);
        let _ = writeln!(out, "#[[{list}]]");
        match list {
            "sign_in.provider" => {
                template_keys(&mut out, PROVIDER_KEYS.iter(), &Provider::unread(), "#");
            }
            "domain" => template_keys(&mut out, DOMAIN_KEYS.iter(), &Domain::unread(), "#"),
            _ => template_keys(&mut out, WORKGROUP_KEYS.iter(), &Workgroup::unread(), "#"),
        }
    }
    out
}

fn template_keys<T: 'static>(
    out: &mut String,
    keys: impl Iterator<Item = &'static Key<T>>,
    from: &T,
    off: &str,
) {
    for key in keys {
        let range = key
            .within
            .map(|(least, most)| format!(" From {}.", (key.range)(least, most)));
        let reload = if key.reloadable && off.is_empty() {
            " Taken over on SIGHUP."
        } else {
            ""
        };
        out.push('\n');
        comment(
            out,
            &format!("{}{}{reload}", key.meaning, range.unwrap_or_default()),
        );
        let _ = match (key.example, (key.write)(from)) {
            (Some(example), _) => writeln!(out, "#{} = {example}", key.name),
            (None, Some(value)) => writeln!(out, "{off}{} = {value}", key.name),
            (None, None) => writeln!(out, "#{} =", key.name),
        };
    }
}

/// Folds a comment so that it is read without scrolling.
fn comment(out: &mut String, text: &str) {
    const WIDTH: usize = 100;
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width == 0 || width + 1 + length > WIDTH {
            let _ = write!(out, "{}# {word}", if width == 0 { "" } else { "\n" });
            width = 2 + length;
        } else {
            let _ = write!(out, " {word}");
            width += 1 + length;
        }
    }
    out.push('\n');
}

/// The reference of all keys, in Markdown.
pub fn reference() -> String {
    let defaults = Config::default();
    let mut out = String::from(
        "# Configuration\n\n\
         One TOML file, named with `handover serve --config FILE`. `config/handover.toml` shows every key with its default;\n\
         a file needs only what differs. `handover config check` reports everything that is wrong at once, each with its\n\
         line; unknown keys are refused. `handover config show` prints what is in effect, `handover config reference` this page.\n\n\
         - **Durations** are a number and a unit: `\"90s\"`, `\"10m\"`, `\"48h\"`, `\"14d\"`.\n\
         - **Sizes** are binary (`\"64MiB\"`, `\"1TiB\"`) or decimal (`\"500GB\"`, `\"1.5TB\"`).\n\
         - **Paths** that are relative start from the folder of the configuration file.\n\
         - **Reload**: keys marked *yes* are taken over on SIGHUP; the others need a restart, and the log names them.\n",
    );
    for (section, meaning) in SECTIONS {
        reference_section(&mut out, &format!("[{section}]"), meaning);
        reference_keys(
            &mut out,
            KEYS.iter().filter(|key| key.section == section),
            &defaults,
        );
    }
    reference_section(&mut out, "[[sign_in.provider]]", PROVIDER_MEANING);
    reference_keys(&mut out, PROVIDER_KEYS.iter(), &Provider::unread());
    reference_section(&mut out, "[[domain]]", DOMAIN_MEANING);
    reference_keys(&mut out, DOMAIN_KEYS.iter(), &Domain::unread());
    reference_section(&mut out, "[[workgroup]]", WORKGROUP_MEANING);
    reference_keys(&mut out, WORKGROUP_KEYS.iter(), &Workgroup::unread());
    out
}

fn reference_section(out: &mut String, title: &str, meaning: &str) {
    let _ = writeln!(
        out,
        "\n## `{title}`\n\n{meaning}\n\n| key | type | default | reload | meaning |\n|---|---|---|---|---|"
    );
}

fn reference_keys<T: 'static>(
    out: &mut String,
    keys: impl Iterator<Item = &'static Key<T>>,
    from: &T,
) {
    for key in keys {
        let range = key
            .within
            .map(|(least, most)| format!(", {}", (key.range)(least, most)));
        let default = match (key.required, (key.write)(from)) {
            (true, _) => "must be given".into(),
            (false, Some(value)) => format!("`{value}`"),
            (false, None) => "left out".into(),
        };
        let reload = if key.reloadable { "yes" } else { "no" };
        let kind = (key.kind)();
        let row = [
            format!("`{}`", key.name),
            format!("{kind}{}", range.unwrap_or_default()),
            default,
            reload.into(),
            key.meaning.into(),
        ];
        let _ = writeln!(
            out,
            "| {} |",
            row.map(|cell| cell.replace('|', "\\|")).join(" | ")
        );
    }
}

/// Keys that differ: those a running daemon takes over, and those that need a restart.
pub(super) fn differences(old: &Config, new: &Config) -> (Vec<String>, Vec<String>) {
    let mut found = (Vec::new(), Vec::new());
    for key in KEYS {
        note(&mut found, key, key.path(), old, new);
    }
    note_entries(
        &mut found,
        "sign_in.provider",
        PROVIDER_KEYS,
        (&old.sign_in.providers, &new.sign_in.providers),
        |provider| provider.handle.as_str(),
    );
    note_entries(
        &mut found,
        "domain",
        DOMAIN_KEYS,
        (&old.domains, &new.domains),
        |domain| domain.name.as_str(),
    );
    note_entries(
        &mut found,
        "workgroup",
        WORKGROUP_KEYS,
        (&old.workgroups, &new.workgroups),
        |workgroup| workgroup.handle.as_str(),
    );
    found
}

fn note<T>(found: &mut (Vec<String>, Vec<String>), key: &Key<T>, path: String, old: &T, new: &T) {
    if (key.write)(old) != (key.write)(new) {
        let list = if key.reloadable {
            &mut found.0
        } else {
            &mut found.1
        };
        list.push(path);
    }
}

/// An entry that came or went is named itself, one that changed by the keys that did.
fn note_entries<T>(
    found: &mut (Vec<String>, Vec<String>),
    list: &str,
    keys: &[Key<T>],
    (old, new): (&[T], &[T]),
    name: fn(&T) -> &str,
) {
    let old: BTreeMap<&str, &T> = old.iter().map(|entry| (name(entry), entry)).collect();
    let new: BTreeMap<&str, &T> = new.iter().map(|entry| (name(entry), entry)).collect();
    for (handle, before) in &old {
        match new.get(handle) {
            Some(after) => keys.iter().for_each(|key| {
                note(
                    found,
                    key,
                    format!("{list}.{handle}.{}", key.path()),
                    before,
                    after,
                )
            }),
            None => found.0.push(format!("{list}.{handle}")),
        }
    }
    found.0.extend(
        new.keys()
            .filter(|handle| !old.contains_key(*handle))
            .map(|handle| format!("{list}.{handle}")),
    );
}
