//! One command's way to the server, as the person who is signed in, and to their terminal.

use std::fmt::Display;

use serde::Serialize;

use crate::wire::{Account, Guard};

use super::amounts::Moments;
use super::api::{Api, path};
use super::args::{Common, Once};
use super::base::Base;
use super::failure::{Exit, Failure};
use super::outcome::Document;
use super::settings::{File, Saved};
use super::surroundings::{Environment, Surroundings, Terminal};
use super::table::Table;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Tables and sentences.
    People,
    /// The API's documents.
    Json,
    /// Ids, one a line.
    Terse,
}

impl Form {
    pub(super) const fn of(common: &Common) -> Self {
        match (common.json, common.terse) {
            (true, _) => Self::Json,
            (_, true) => Self::Terse,
            _ => Self::People,
        }
    }
}

/// The settings file of this person, if the machine names a place for it.
pub(super) fn file(environment: &Environment) -> Option<File> {
    File::in_folder(environment.settings.as_deref())
}

/// The URL that was chosen: by option, by variable, by the last login.
pub(super) fn chosen_url<'c>(
    common: &'c Common,
    environment: &'c Environment,
    saved: &'c Saved,
) -> Option<&'c str> {
    let named = common.url.as_deref().or(environment.url.as_deref());
    named.or(saved.url.as_deref())
}

/// A token is sent to the server that gave it, and to no other.
pub(super) fn belongs_to(saved: &Saved, base: &Base) -> bool {
    let of = saved.url.as_deref().map(Base::parse);
    matches!(of, Some(Ok(of)) if of == *base)
}

/// What a list is asked for, as its address says it.
pub(super) type Query = Vec<(&'static str, String)>;

/// The same, to be sent.
pub(super) fn borrowed(query: &Query) -> Vec<(&'static str, &str)> {
    query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// An open session.
pub(super) struct Session<'s, 'a> {
    pub(super) api: Api<'a>,
    pub(super) form: Form,
    pub(super) moments: Moments,
    pub(super) terminal: &'s mut Terminal<'a>,
}

impl<'s, 'a> Session<'s, 'a> {
    /// Finds the server and the token.
    pub(super) fn open(common: &Common, here: &'s mut Surroundings<'a>) -> Result<Self, Failure> {
        let environment = &here.environment;
        let named = common.url.is_some() || environment.url.is_some();
        let saved = match file(environment) {
            // With both given there is nothing to look for, so a bad file does no harm.
            Some(file) if !(named && environment.token.is_some()) => file.read()?,
            _ => Saved::default(),
        };
        let url = chosen_url(common, environment, &saved).ok_or_else(|| {
            Failure::new(
                Exit::NotSignedIn,
                "no server is known yet",
                "handover login --url URL",
            )
        })?;
        let base = Base::parse(url)?;
        let token = environment.token.clone().or_else(|| {
            let own = belongs_to(&saved, &base);
            saved.token.clone().filter(|_| own)
        });
        let Some(token) = token else {
            return Err(Failure::new(
                Exit::NotSignedIn,
                format!("nobody is signed in at {}", base.as_str()),
                format!("handover login --url {}", base.as_str()),
            ));
        };
        let moments = here.moments();
        Ok(Self {
            api: Api::new(base, Some(token.trim().to_owned()), here.tools),
            form: Form::of(common),
            moments,
            terminal: &mut here.terminal,
        })
    }

    /// The key of a command: the one that was named, or a new one.
    pub(super) fn key(&self, once: &Once) -> String {
        let named = once.idempotency_key.clone();
        named.unwrap_or_else(|| self.api.fresh_key())
    }

    /// Sends a command under its key.
    pub(super) fn command(
        &self,
        pieces: &[&str],
        body: &impl Serialize,
        once: &Once,
    ) -> Result<Document, Failure> {
        self.api.post(path(pieces), body, &self.key(once))
    }

    /// Who is signed in.
    pub(super) fn account(&self) -> Result<Account, Failure> {
        self.api.get(path(&["account"]))?.read()
    }

    /// The context that was named, or the one where runs land.
    pub(super) fn context(&self, named: Option<&str>) -> Result<String, Failure> {
        match named {
            Some(name) => Ok(name.to_owned()),
            None => Ok(self.account()?.default_run_location),
        }
    }

    /// Goes on only if whoever is there types yes; a script says it by an option.
    pub(super) fn confirm(
        &mut self,
        question: &str,
        otherwise: &str,
        option: &str,
    ) -> Result<(), Failure> {
        if !self.terminal.attended {
            return Err(Failure::new(
                Exit::Usage,
                "this is not confirmed, and nobody is there to be asked",
                format!("add {option} if it is meant"),
            ));
        }
        if self.terminal.ask(question)?.eq_ignore_ascii_case("yes") {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Refused,
            format!("it was not confirmed, so {otherwise}"),
            format!("run the command again and type yes, or add {option}"),
        ))
    }

    /// Prints as it is.
    pub(super) fn print(&mut self, text: impl Display) -> Result<(), Failure> {
        Ok(write!(self.terminal.output, "{text}")?)
    }

    /// Prints a document of the API on a line.
    pub(super) fn document(&mut self, document: &Document) -> Result<(), Failure> {
        self.print(format_args!("{}\n", document.as_str()))
    }

    /// Prints a table under a title; nothing where it has no rows.
    pub(super) fn table<const N: usize>(
        &mut self,
        title: &str,
        table: &Table<N>,
    ) -> Result<(), Failure> {
        if table.is_empty() {
            return Ok(());
        }
        let (width, colours) = (self.terminal.width, self.terminal.colours);
        if title.is_empty() {
            return self.print(table.shown(0, width, colours));
        }
        self.print(format_args!(
            "\n{title}\n{}",
            table.shown(2, width, colours)
        ))
    }

    /// Something worth knowing beside what was asked for: to standard error.
    pub(super) fn note(&mut self, note: impl Display) -> Result<(), Failure> {
        let note = super::text::printable(&note.to_string());
        Ok(writeln!(self.terminal.errors, "note: {note}")?)
    }

    /// The API's warnings, each with its next step. Programs find them in the document.
    pub(super) fn warnings(&mut self, warnings: &[Guard]) -> Result<(), Failure> {
        if self.form == Form::Json {
            return Ok(());
        }
        for Guard {
            sentence,
            next_step,
            ..
        } in warnings
        {
            self.note(if next_step.is_empty() {
                sentence.clone()
            } else {
                format!("{sentence}; {next_step}")
            })?;
        }
        Ok(())
    }

    /// Prints a list as it comes: an array of the API's documents, ids, or what `row` makes of each thing. Says how many
    /// there were.
    pub(super) fn list<T: serde::de::DeserializeOwned>(
        &mut self,
        at: &str,
        query: &[(&str, &str)],
        limit: Option<usize>,
        id: impl Fn(&T) -> &str,
        row: impl FnMut(T),
    ) -> Result<(), Failure> {
        self.list_by(at, query, limit, |thing| id(thing).to_owned(), row)
    }

    /// The same of things whose id is put together.
    pub(super) fn list_by<T: serde::de::DeserializeOwned>(
        &mut self,
        at: &str,
        query: &[(&str, &str)],
        limit: Option<usize>,
        id: impl Fn(&T) -> String,
        mut row: impl FnMut(T),
    ) -> Result<(), Failure> {
        /// Rows of a table that nobody limited.
        const ROWS: usize = 100;
        let form = self.form;
        let limit = limit.or((form == Form::People).then_some(ROWS));
        let output = &mut self.terminal.output;
        let mut first = true;
        let more = self.api.list(at, query, limit, &mut |document| {
            match form {
                Form::People => row(document.read()?),
                Form::Terse => {
                    let id = super::text::printable(&id(&document.read()?));
                    writeln!(output, "{id}")?;
                }
                Form::Json => {
                    let before = if first { "[" } else { ",\n" };
                    write!(output, "{before}{}", document.as_str())?;
                }
            }
            first = false;
            Ok(true)
        })?;
        if form == Form::Json {
            writeln!(output, "{}]", if first { "[" } else { "" })?;
        }
        if form == Form::People && first {
            writeln!(self.terminal.errors, "nothing there")?;
        }
        if more && form != Form::Json {
            self.note("there are more: --limit NUMBER shows as many as you like")?;
        }
        Ok(())
    }
}
