//! When it did not work: why, what to do, and the exit code that scripts rely on.

use std::io;
use std::process::ExitCode;

use serde_json::json;

use crate::wire::{Guard, Problem};

/// How a command ended. The numbers are a promise to scripts (`docs/cli.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done, or done before.
    Done = 0,
    /// The domain says no, or the person did.
    Refused = 1,
    /// What was typed makes no sense; clap ends with the same number.
    Usage = 2,
    /// No token, or one that does not serve.
    NotSignedIn = 3,
    /// No such thing, or nothing this person may see.
    NotFound = 4,
    /// The same command may work later.
    TryAgain = 5,
    /// A file or folder on this machine.
    Local = 6,
    /// The server failed, or does not speak this API.
    Server = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// A code for what the client itself has to say, in the place of the API's.
    const fn code(self) -> &'static str {
        match self {
            Self::Done => "client.done",
            Self::Refused => "client.refused",
            Self::Usage => "client.usage",
            Self::NotSignedIn => "client.not_signed_in",
            Self::NotFound => "client.not_found",
            Self::TryAgain => "client.try_again",
            Self::Local => "client.local",
            Self::Server => "client.server",
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// Every reason; empty where nobody is left to tell.
    guards: Vec<Guard>,
    request_id: Option<String>,
    /// What to add after the reasons, such as how to repeat the command safely.
    hint: Option<String>,
    /// The server's own words.
    document: Option<String>,
}

impl Failure {
    /// One reason of the client's own.
    pub(super) fn new(
        exit: Exit,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self::of(exit, vec![reason(exit, sentence, next_step)])
    }

    /// Several reasons at once.
    pub(super) const fn of(exit: Exit, guards: Vec<Guard>) -> Self {
        Self {
            exit,
            guards,
            request_id: None,
            hint: None,
            document: None,
        }
    }

    /// What the API refused, as it said it.
    pub(super) fn refused(problem: Problem, document: String) -> Self {
        let exit = exit_of(problem.status, &problem.code);
        let guards = if problem.guards.is_empty() {
            vec![Guard {
                code: problem.code,
                about: None,
                sentence: problem.title,
                next_step: problem.detail,
            }]
        } else {
            problem.guards
        };
        Self {
            exit,
            guards,
            request_id: problem.request_id,
            hint: None,
            document: Some(document),
        }
    }

    /// The same, with something to add.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the first reason has this code.
    pub(super) fn is(&self, code: &str) -> bool {
        self.guards.first().is_some_and(|guard| guard.code == code)
    }

    /// The first reason, on one line.
    pub(super) fn first(&self) -> String {
        let sentence = self.guards.first().map(|guard| guard.sentence.as_str());
        super::text::printable(sentence.unwrap_or_default())
    }

    /// For people: every reason with its next step; empty where there is nothing to say.
    pub(super) fn for_people(&self, colours: bool) -> String {
        let (red, dim, plain) = if colours {
            ("\u{1b}[1;31m", "\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let mut text = String::new();
        for guard in &self.guards {
            let lines: Vec<String> = guard.sentence.lines().map(super::text::printable).collect();
            text.push_str(&format!("{red}error:{plain} {}\n", lines.join("\n       ")));
            if !guard.next_step.is_empty() {
                let next = super::text::printable(&guard.next_step);
                text.push_str(&format!("  next: {next}\n"));
            }
            if !guard.code.starts_with("client.") {
                let about = guard.about.as_ref().map(|about| format!(", about {about}"));
                let code = format!("{}{}", guard.code, about.unwrap_or_default());
                let code = super::text::printable(&code);
                text.push_str(&format!("  {dim}code: {code}{plain}\n"));
            }
        }
        if self.exit == Exit::Server
            && let Some(id) = &self.request_id
        {
            let id = super::text::printable(id);
            text.push_str(&format!("  for the operators: request {id}\n"));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("{hint}\n"));
        }
        text
    }

    /// For programs: the server's problem document, or one like it of the client's own, on one line.
    pub(super) fn for_programs(&self) -> String {
        if let Some(document) = &self.document {
            return format!("{}\n", document.trim_end());
        }
        let Some(first) = self.guards.first() else {
            return String::new();
        };
        let document = json!({
            "type": "about:blank",
            "title": first.sentence,
            "detail": first.next_step,
            "code": first.code,
            "guards": self.guards,
        });
        format!("{document}\n")
    }
}

/// A reason of the client's own, to be told with others.
pub(super) fn reason(
    exit: Exit,
    sentence: impl Into<String>,
    next_step: impl Into<String>,
) -> Guard {
    Guard {
        code: exit.code().to_owned(),
        about: None,
        sentence: sentence.into(),
        next_step: next_step.into(),
    }
}

/// What comes back from the API, as an exit code.
fn exit_of(status: u16, code: &str) -> Exit {
    match (status, code) {
        (_, "conflict.try_again") | (429 | 502 | 503 | 504, _) => Exit::TryAgain,
        (401, _) | (_, "token.scope_missing") => Exit::NotSignedIn,
        // The API of that server is another one.
        (_, "route.method_not_allowed") => Exit::Server,
        (404, _) => Exit::NotFound,
        (_, "request.invalid") => Exit::Usage,
        (500.., _) => Exit::Server,
        _ => Exit::Refused,
    }
}

/// Writing to standard output or standard error failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // `handover run list | head` has what it wanted.
            return Self::of(Exit::Done, Vec::new());
        }
        Self::new(
            Exit::Local,
            format!("the output cannot be written ({})", error.kind()),
            "check where it goes: is the disk full?",
        )
    }
}
