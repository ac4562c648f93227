//! What can be typed after `handover transfer`. The doc comments are the help texts.

use clap::{Args, Subcommand};

use super::{Common, EXIT_CODES, Once};

/// Commands about transfers.
#[derive(Debug, Subcommand)]
pub enum Transfer {
    /// Show what a request would do and everything in its way, without sending anything
    #[command(after_help = EXIT_CODES)]
    Preview(Preview),
    /// Offer runs and projects to somebody who becomes their owner by accepting
    #[command(after_help = EXIT_CODES)]
    Request(Request),
    /// List offers, newest first
    #[command(after_help = EXIT_CODES)]
    List(ListTransfers),
    /// Show an offer with its letters and history; one that waits for you also with the contexts it can be accepted into
    #[command(after_help = EXIT_CODES)]
    Show(ShowTransfer),
    /// Accept an offer: its items become yours, or your workgroup's
    #[command(after_help = EXIT_CODES)]
    Accept(Accept),
    /// Decline an offer
    #[command(after_help = EXIT_CODES)]
    Decline(Decline),
    /// Take back an offer
    #[command(after_help = EXIT_CODES)]
    Cancel(Named),
    /// Mail an offer once more
    #[command(after_help = EXIT_CODES)]
    Resend(Named),
    /// Give an offer more time
    #[command(after_help = EXIT_CODES)]
    Extend(Extend),
    /// Offer the same to another recipient instead
    #[command(after_help = EXIT_CODES)]
    Readdress(Readdress),
}

/// What is offered, and on what terms.
#[derive(Debug, Args)]
pub struct Offer {
    /// Runs and projects of one context, by id or by name
    #[arg(required = true, value_name = "ITEM")]
    pub items: Vec<String>,
    /// Where to look for names; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    /// Offer the projects of the runs too
    #[arg(long)]
    pub with_projects: bool,
    /// Words for the recipient, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// What your context keeps: `none`, `read`, or `read:DATE` to the end of that day in UTC
    #[arg(long, value_name = "none|read[:DATE]", value_parser = crate::cli::amounts::keep_access)]
    pub keep_access: Option<crate::wire::KeepAccess>,
    /// How long the offer stands, such as 14d or 4w, up to 90d; by default as the site has it
    #[arg(long, value_name = "DAYS", value_parser = crate::cli::amounts::days)]
    pub expires: Option<u32>,
}

/// Shows what a request would do.
#[derive(Debug, Args)]
pub struct Preview {
    #[command(flatten)]
    pub(in crate::cli) offer: Offer,
    /// The recipient: an email address, or `workgroup:HANDLE`; may be left out to see what would move
    #[arg(long, value_name = "ADDRESS|workgroup:HANDLE")]
    pub to: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Requests a transfer.
#[derive(Debug, Args)]
pub struct Request {
    #[command(flatten)]
    pub(in crate::cli) offer: Offer,
    /// The recipient: an email address, or `workgroup:HANDLE`
    #[arg(long, value_name = "ADDRESS|workgroup:HANDLE")]
    pub to: String,
    /// Confirm the terms that `transfer preview` shows: it cannot be undone, the recipient becomes the legal owner
    #[arg(long)]
    pub accept_terms: bool,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Lists transfers.
#[derive(Debug, Args)]
pub struct ListTransfers {
    /// Offers to you and your workgroups (the default)
    #[arg(long, conflicts_with = "sent")]
    pub received: bool,
    /// Offers that a context of yours made
    #[arg(long)]
    pub sent: bool,
    /// The context: `personal`, a workgroup's handle or an id; by default all of yours with --received, and your default
    /// location for uploaded runs with --sent
    #[arg(long)]
    pub context: Option<String>,
    /// Only those in this state
    #[arg(long, value_parser = ["requested", "pending", "accepted", "declined", "cancelled", "expired"])]
    pub state: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Shows a transfer.
#[derive(Debug, Args)]
pub struct ShowTransfer {
    /// The offer's id: tr_…
    pub id: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Accepts.
#[derive(Debug, Args)]
pub struct Accept {
    /// The offer's id: tr_…
    pub id: String,
    /// The context that becomes the owner: `personal`, a workgroup's handle, name or id; by default your default context
    #[arg(long, value_name = "CONTEXT")]
    pub into: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Declines.
#[derive(Debug, Args)]
pub struct Decline {
    /// The offer's id: tr_…
    pub id: String,
    /// Told to the sender, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Names an offer.
#[derive(Debug, Args)]
pub struct Named {
    /// The offer's id: tr_…
    pub id: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Extends.
#[derive(Debug, Args)]
pub struct Extend {
    /// The offer's id: tr_…
    pub id: String,
    /// From now on, such as 14d or 4w, up to 90d
    #[arg(long, value_name = "DAYS", value_parser = crate::cli::amounts::days)]
    pub expires: u32,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Corrects the recipient.
#[derive(Debug, Args)]
pub struct Readdress {
    /// The offer's id: tr_…
    pub id: String,
    /// The right recipient: an email address, or `workgroup:HANDLE`
    #[arg(long, value_name = "ADDRESS|workgroup:HANDLE")]
    pub to: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}
