//! What can be typed after `handover transfer`. The doc comments are the help texts.

use clap::{Args, Subcommand};

use super::answers::{Accept, Decline, Extend, Named, Show, Which};
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
    Show(Show),
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
    #[command(flatten)]
    pub(in crate::cli) which: Which,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
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
