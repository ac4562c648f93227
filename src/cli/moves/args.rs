//! What can be typed after `handover admin move`. The doc comments are the help texts.

use clap::{Args, Subcommand};

use crate::cli::args::{Common, EXIT_CODES, Named, Once, Show};

/// Commands about moves.
#[derive(Debug, Subcommand)]
pub enum Move {
    /// Show what would move, without proposing anything
    #[command(after_help = EXIT_CODES)]
    Preview(Preview),
    /// Propose to move everything of a person or workgroup
    #[command(after_help = EXIT_CODES)]
    Propose(Propose),
    /// List the moves you may decide about
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show a move with what it would move, or has still to move, and its history
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Approve what another administrator proposed: it moves at once. One that stopped goes on
    #[command(after_help = EXIT_CODES)]
    Approve(Named),
    /// Cancel a move; what has moved stays where it is
    #[command(after_help = EXIT_CODES)]
    Cancel(Named),
}

/// Where a move begins and ends.
#[derive(Debug, Args)]
pub struct Ends {
    /// Whose data: an address, `workgroup:HANDLE`, or an id
    #[arg(long, value_name = "CONTEXT")]
    pub from: String,
    /// To where: an address, `workgroup:HANDLE`, or an id
    #[arg(long, value_name = "CONTEXT")]
    pub to: String,
}

/// Looks at what would move.
#[derive(Debug, Args)]
pub struct Preview {
    #[command(flatten)]
    pub(super) ends: Ends,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Proposes.
#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    pub(super) ends: Ends,
    /// Why, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Lists moves.
#[derive(Debug, Args)]
pub struct List {
    /// Those that are done or cancelled, instead of those that are open
    #[arg(long)]
    pub closed: bool,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Move {
    /// Where the server is and how to print, whatever the command.
    pub(in crate::cli) const fn common(&self) -> &Common {
        match self {
            Self::Preview(args) => &args.common,
            Self::Propose(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Show(args) => &args.common,
            Self::Approve(args) | Self::Cancel(args) => &args.common,
        }
    }
}
