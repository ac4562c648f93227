//! What the command line finds around itself: environment, terminal, clock, randomness. Everything else in `cli` is told.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::{Clock, System};
use crate::ids::Ids;

use super::amounts::Moments;
use super::failure::{Exit, Failure};

/// The variables that the command line heeds.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// The folder of the person's settings, if the machine names one.
    pub(super) settings: Option<PathBuf>,
    /// `HANDOVER_URL`
    pub(super) url: Option<String>,
    /// `HANDOVER_TOKEN`
    pub(super) token: Option<String>,
    /// `NO_COLOR` is set, or the terminal has none.
    pub(super) no_colour: bool,
}

impl Environment {
    fn of_process() -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "one of the two places that read the environment; the rest of the client is told"
        )]
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // Paths need not be text.
        let path = |name| {
            std::env::var_os(name)
                .filter(|value: &OsString| !value.is_empty())
                .map(PathBuf::from)
        };
        // As the XDG base directory specification has it: what is relative is ignored.
        let config = path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let config = config.or_else(|| path("HOME").map(|home| home.join(".config")));
        Self {
            settings: config.map(|config| config.join("handover")),
            url: text("HANDOVER_URL"),
            token: text("HANDOVER_TOKEN"),
            no_colour: text("NO_COLOR").is_some() || text("TERM").as_deref() == Some("dumb"),
        }
    }
}

/// Time, randomness and waiting.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) ids: &'a Ids,
    /// Waits that long, and may say why.
    pub(super) wait: &'a dyn Fn(Duration, &str),
}

/// Where a person, or a program, reads and writes.
pub(super) struct Terminal<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
    pub(super) errors: &'a mut dyn Write,
    /// Whether somebody is there to be asked: standard input and standard error are a terminal.
    pub(super) attended: bool,
    /// Width of the terminal that standard output goes to, in characters.
    pub(super) width: Option<usize>,
    /// Whether standard output shows colours.
    pub(super) colours: bool,
    /// Whether standard error does.
    pub(super) error_colours: bool,
    pub(super) zone: TimeZone,
}

/// Longest line that is taken from a person, in bytes.
const LONGEST_LINE: u64 = 4096;

impl Terminal<'_> {
    /// Asks for a line; the question goes to standard error, so that standard output stays what was asked for.
    pub(super) fn ask(&mut self, question: &str) -> Result<String, Failure> {
        write!(self.errors, "{question}")?;
        self.errors.flush()?;
        self.line()
    }

    /// One line of standard input, trimmed.
    pub(super) fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let mut bounded = io::Read::take(&mut *self.input, LONGEST_LINE);
        match bounded.read_line(&mut line) {
            Ok(0) => Err(Failure::new(
                Exit::Usage,
                "standard input ended where an answer was expected",
                "give the answer as an option (see --help)",
            )),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Failure::new(
                Exit::Local,
                format!("standard input cannot be read ({})", error.kind()),
                "give the answer as an option (see --help)",
            )),
        }
    }
}

/// All of it.
pub(super) struct Surroundings<'a> {
    pub(super) environment: Environment,
    pub(super) tools: Tools<'a>,
    pub(super) terminal: Terminal<'a>,
}

impl Surroundings<'_> {
    /// Moments as this person sees them now.
    pub(super) fn moments(&self) -> Moments {
        Moments::new(self.tools.clock.now(), self.terminal.zone.clone())
    }
}

/// Calls `act` with the surroundings of this process.
pub(super) fn with_process<T>(act: impl FnOnce(Surroundings<'_>) -> T) -> T {
    let environment = Environment::of_process();
    let (clock, ids) = (System::new(), Ids::from_system());
    let attended = io::stdin().is_terminal() && io::stderr().is_terminal();
    let say_why = io::stderr().is_terminal();
    let wait = move |time: Duration, why: &str| {
        if say_why {
            // The person waits; nobody is helped by giving up because this could not be printed.
            let _ = writeln!(
                io::stderr(),
                "{why}; trying again in {:.1} s",
                time.as_secs_f32()
            );
        }
        std::thread::sleep(time);
    };
    let (mut input, mut output, mut errors) = (
        io::stdin().lock(),
        io::BufWriter::new(io::stdout().lock()),
        io::stderr(),
    );
    let shows = |terminal: bool| terminal && !environment.no_colour;
    let terminal = Terminal {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
        attended,
        width: width(),
        colours: shows(io::stdout().is_terminal()),
        error_colours: shows(io::stderr().is_terminal()),
        zone: TimeZone::system(),
    };
    act(Surroundings {
        environment,
        tools: Tools {
            clock: &clock,
            ids: &ids,
            wait: &wait,
        },
        terminal,
    })
}

fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
