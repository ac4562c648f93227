//! What can be typed after `handover mail`. The doc comments are the help texts.

use clap::{Args, Subcommand};

use crate::cli::args::{Common, EXIT_CODES, Named, Once, Show};

/// Commands about the site's mail.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Show what waits to be sent and since when, and what became of the newest messages that came in
    #[command(after_help = EXIT_CODES)]
    Status(Status),
    /// Letters that were tried in vain, given up, or came back
    #[command(subcommand)]
    Outbox(Outbox),
    /// Messages that came in, and what became of them; never what they say
    #[command(subcommand)]
    Inbound(Inbound),
    /// Addresses that letters do not reach, or that one came back from
    #[command(subcommand)]
    Addresses(Addresses),
}

/// Commands about letters.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// List letters in trouble, newest first
    #[command(after_help = EXIT_CODES)]
    List(ListLetters),
    /// Show how the delivery of a letter stands
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Send a letter now; one that came back or is undeliverable with a clean slate for its address
    #[command(after_help = EXIT_CODES)]
    Retry(Named),
    /// Send a letter no more; whoever made the offer that it is about sees why
    #[command(after_help = EXIT_CODES)]
    Drop(Drop),
}

/// Commands about messages.
#[derive(Debug, Subcommand)]
pub enum Inbound {
    /// List what came in within 30 days, newest first
    #[command(after_help = EXIT_CODES)]
    List(ListMessages),
    /// Show what became of a message
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// See to a message again that waits, was given up or dropped; what it decides is decided once
    #[command(after_help = EXIT_CODES)]
    Retry(Named),
    /// See to a message no more that waits
    #[command(after_help = EXIT_CODES)]
    Drop(Drop),
}

/// Commands about addresses.
#[derive(Debug, Subcommand)]
pub enum Addresses {
    /// List addresses that are doubtful
    #[command(after_help = EXIT_CODES)]
    List(ListAddresses),
    /// Show whether letters reach an address
    #[command(after_help = EXIT_CODES)]
    Show(LookAddress),
    /// Say that an address works: letters are sent there again
    #[command(after_help = EXIT_CODES)]
    Reset(Reset),
}

/// Shows how mail does.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    pub(super) common: Common,
}

/// What every list takes.
#[derive(Debug, Args)]
pub struct Since {
    /// Only since this day or moment, such as 2026-11-22
    #[arg(long, value_name = "DATE", value_parser = crate::cli::audit::moment)]
    pub since: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Lists letters.
#[derive(Debug, Args)]
pub struct ListLetters {
    /// Only those in this state
    #[arg(long, value_parser = ["queued", "undeliverable", "bounced", "dead"])]
    pub state: Option<String>,
    /// Only those to this address
    #[arg(long)]
    pub address: Option<String>,
    #[command(flatten)]
    pub(super) since: Since,
}

/// Lists messages.
#[derive(Debug, Args)]
pub struct ListMessages {
    /// Only those that this became of, such as `unauthenticated`, or that are `waiting`
    #[arg(long, value_name = "WORD")]
    pub outcome: Option<String>,
    /// Only those to an address of this letter: let_…
    #[arg(long, value_name = "ID")]
    pub letter: Option<String>,
    #[command(flatten)]
    pub(super) since: Since,
}

/// Lists addresses.
#[derive(Debug, Args)]
pub struct ListAddresses {
    /// Only those in this state; to what is undeliverable nothing but codes is sent
    #[arg(long, value_parser = ["undeliverable", "doubtful"])]
    pub state: Option<String>,
    #[command(flatten)]
    pub(super) since: Since,
}

/// Drops one.
#[derive(Debug, Args)]
pub struct Drop {
    /// Its id, as the list shows it
    pub id: String,
    /// Why, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Looks at an address.
#[derive(Debug, Args)]
pub struct LookAddress {
    /// The address
    pub address: String,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Resets an address.
#[derive(Debug, Args)]
pub struct Reset {
    /// The address
    pub address: String,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

impl Mail {
    /// Where the server is and how to print, whatever the command.
    pub(in crate::cli) const fn common(&self) -> &Common {
        match self {
            Self::Status(args) => &args.common,
            Self::Outbox(Outbox::List(args)) => &args.since.common,
            Self::Inbound(Inbound::List(args)) => &args.since.common,
            Self::Addresses(Addresses::List(args)) => &args.since.common,
            Self::Outbox(Outbox::Show(args)) | Self::Inbound(Inbound::Show(args)) => &args.common,
            Self::Outbox(Outbox::Retry(args)) | Self::Inbound(Inbound::Retry(args)) => &args.common,
            Self::Outbox(Outbox::Drop(args)) | Self::Inbound(Inbound::Drop(args)) => &args.common,
            Self::Addresses(Addresses::Show(args)) => &args.common,
            Self::Addresses(Addresses::Reset(args)) => &args.common,
        }
    }
}
