//! What the letters of this site say and how they look: the configuration's files are read and checked, and operators see the letters.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::{self, Config, Problem, Problems};
use crate::domain::secret::SiteKey;
use crate::mail::texts::{self, Language, Texts};
use crate::mail::{Colours, samples};

use super::letters_site;

/// More than this of a file is not read; [`Texts::replace`] refuses it.
const LARGEST: u64 = 512 * 1024;

/// The sentences and colours of letters.
///
/// # Errors
/// Everything that is wrong with the files, at once, each with its line.
pub fn of(letters: &config::Letters) -> Result<(Texts, Colours), Problems> {
    let mut texts = Texts::built_in();
    let mut problems = Vec::new();
    for (language, key, file) in [
        (
            Language::English,
            "letters.english_file",
            &letters.english_file,
        ),
        (
            Language::German,
            "letters.german_file",
            &letters.german_file,
        ),
    ] {
        let Some(path) = file else { continue };
        let wrong = |line, key: &str, sentence| Problem {
            file: Some(path.display().to_string()),
            line,
            key: key.to_owned(),
            sentence,
        };
        match read(path) {
            Err(why) => problems.push(wrong(None, key, why)),
            Ok(source) => {
                let found = texts.replace(language, source).err().unwrap_or_default();
                let told = found.into_iter().map(|p| wrong(Some(p.line), "", p.what));
                problems.extend(told);
            }
        }
    }
    let mut colour = |key: &str, written: &config::Colour, built_in| {
        written
            .as_str()
            .parse()
            .unwrap_or_else(|why: crate::mail::NoColour| {
                problems.push(Problem::of(key, why.to_string()));
                built_in
            })
    };
    let usual = Colours::default();
    let colours = Colours {
        light: colour("letters.colour", &letters.colour, usual.light),
        dark: colour("letters.colour_dark", &letters.colour_dark, usual.dark),
    };
    if problems.is_empty() {
        Ok((texts, colours))
    } else {
        Err(Problems::new(problems))
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(format!(
            "cannot be read: {error}; make the file, readable for this user, in UTF-8"
        )),
    }
}

/// Reads a configuration file and the files of sentences that it names.
///
/// # Errors
/// Everything that is wrong with the one, or else with the others.
pub fn checked(config: &Path) -> Result<(), Problems> {
    of(&Config::load(config)?.letters).map(|_| ())
}

/// What operators want to see of letters.
#[derive(Debug, Subcommand)]
pub enum Letters {
    /// List the kinds of letters, or the sentences that they are made of
    List {
        /// List the sentences with the facts that each may tell, to be said otherwise in `letters.english_file` and `letters.german_file`
        #[arg(long)]
        sentences: bool,
    },
    /// Print one letter as it would be sent, about people and data that there are not
    Preview(Preview),
}

/// Which letter, and how.
#[derive(Debug, Args)]
pub struct Preview {
    /// Which one, of `handover letter list`
    kind: String,
    /// Its language: en or de
    #[arg(long, value_name = "CODE", default_value = "en")]
    language: String,
    /// Print the HTML part
    #[arg(long, conflicts_with = "raw")]
    html: bool,
    /// Print the whole message as it goes over the wire
    #[arg(long)]
    raw: bool,
    /// The configuration file; without one, the embedded defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Shows it.
pub fn look(what: &Letters) -> ExitCode {
    let shown = match what {
        Letters::List { sentences: true } => Ok(sentences()),
        Letters::List { sentences: false } => kinds(),
        Letters::Preview(asked) => preview(asked),
    };
    match shown {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn sentences() -> String {
    let mut out = String::new();
    for (name, facts) in texts::known() {
        out.push_str(&name);
        for fact in facts {
            out.push_str(" $");
            out.push_str(&fact);
        }
        out.push('\n');
    }
    out
}

fn kinds() -> Result<String, String> {
    let samples = samples::all().map_err(|why| why.to_string())?;
    Ok(samples
        .iter()
        .map(|sample| format!("{}\n", sample.name))
        .collect())
}

fn preview(asked: &Preview) -> Result<String, String> {
    let tags = Language::ALL.map(Language::tag);
    if !tags.contains(&asked.language.as_str()) {
        let known = tags.join(", ");
        return Err(format!(
            "there are no letters in \"{}\"; choose one of: {known}",
            asked.language
        ));
    }
    let config = super::configuration(asked.config.as_deref()).map_err(|why| why.to_string())?;
    let site = letters_site(&config).map_err(|why| why.to_string())?;
    let samples = samples::all().map_err(|why| why.to_string())?;
    let sample = samples.iter().find(|sample| sample.name == asked.kind);
    let sample = sample.ok_or_else(|| {
        format!(
            "there is no letter \"{}\"; `handover letter list` names them",
            asked.kind
        )
    })?;
    // Not the site's key: a preview must not show how its tokens look.
    let rendered = sample.render(&asked.language, &site, &SiteKey::new([0; 32]));
    let rendered = rendered.map_err(|why| why.to_string())?;
    Ok(if asked.raw {
        String::from_utf8_lossy(&rendered.raw).into_owned()
    } else if asked.html {
        rendered.html
    } else {
        format!(
            "To: {}\nSubject: {}\n\n{}",
            rendered.to, rendered.subject, rendered.text
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_every_file_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("en"), "opne = x\nmore = { $sender }\n").unwrap();
        let mut letters = Config::default().letters;
        assert!(of(&letters).is_ok());
        letters.english_file = Some(path("en"));
        letters.german_file = Some(path("none"));
        let told = of(&letters).unwrap_err().to_string();
        let told = told.replace(&folder.path().display().to_string(), "");
        insta::assert_snapshot!(told);
    }

    #[test]
    fn every_letter_can_be_previewed() {
        for kind in kinds().unwrap().lines() {
            let asked = |language: &str, html| Preview {
                kind: kind.to_owned(),
                language: language.to_owned(),
                html,
                raw: false,
                config: None,
            };
            assert!(preview(&asked("en", false)).unwrap().starts_with("To: "));
            assert!(
                preview(&asked("de", true))
                    .unwrap()
                    .contains("<html lang=\"de\">")
            );
            assert!(preview(&asked("fr", false)).is_err());
        }
        assert!(sentences().contains("transfer-offer-lead $again"));
    }
}
