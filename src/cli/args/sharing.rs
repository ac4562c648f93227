//! What can be typed about sharing, links and invitations.

use clap::{Args, Subcommand};

use super::answers::{Accept, Decline, Extend, Named, Show, Which};
use super::{Common, EXIT_CODES, Once};

/// Commands about who works with an item.
#[derive(Debug, Subcommand)]
pub enum Share {
    /// Invite somebody to look at runs and projects, or to work on them; you stay the owner
    #[command(after_help = EXIT_CODES)]
    Invite(ShareInvite),
    /// List who works with a run or a project, and which invitations wait for an answer
    #[command(after_help = EXIT_CODES)]
    List(ShareList),
    /// Let a collaborator do more or less, or for another time
    #[command(after_help = EXIT_CODES)]
    Change(ShareChange),
    /// Take a collaborator's access back, at once
    #[command(after_help = EXIT_CODES)]
    Revoke(ShareRevoke),
    /// Give up access that a context of yours has
    #[command(after_help = EXIT_CODES)]
    Leave(ShareLeave),
}

/// Invites.
#[derive(Debug, Args)]
pub struct ShareInvite {
    /// Runs and projects of one context, by id or by name
    #[arg(required = true, value_name = "ITEM")]
    pub items: Vec<String>,
    /// With whom: an email address, or `workgroup:HANDLE`; a preview may leave it out
    #[arg(
        long,
        value_name = "ADDRESS|workgroup:HANDLE",
        required_unless_present = "preview"
    )]
    pub to: Option<String>,
    /// How much they may do; runs are shared for reading only
    #[arg(long, value_parser = ["read", "write"], default_value = "read")]
    pub level: String,
    /// When the access ends: a day, to its end in UTC, or a moment; by default when it is revoked
    #[arg(long, value_name = "DATE", value_parser = crate::cli::amounts::end)]
    pub until: Option<String>,
    /// Share the projects of the runs too that the same context owns: those there are now
    #[arg(long)]
    pub with_projects: bool,
    /// Words for whoever is invited, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// How long the invitation stands, such as 14d or 4w, up to 90d; by default as the site has it
    #[arg(long, value_name = "DAYS", value_parser = crate::cli::amounts::days)]
    pub expires: Option<u32>,
    /// Show what would be shared with whom and everything in the way, without inviting anybody
    #[arg(long)]
    pub preview: bool,
    /// Where to look for names; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Lists collaborators.
#[derive(Debug, Args)]
pub struct ShareList {
    /// A run or a project, by id or by name
    pub item: String,
    /// Where to look for the name; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Changes access.
#[derive(Debug, Args)]
pub struct ShareChange {
    /// A run or a project, by id or by name
    pub item: String,
    /// Whose access: the id or the name that `share list` shows
    pub collaborator: String,
    /// How much they may do
    #[arg(long, value_parser = ["read", "write"], required_unless_present = "until")]
    pub level: Option<String>,
    /// When the access ends: a day, to its end in UTC, a moment, or `revoked`: when it is revoked
    #[arg(long, value_name = "DATE|revoked", value_parser = crate::cli::amounts::end_or_revoked)]
    pub until: Option<String>,
    /// Where to look for the name; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Revokes access.
#[derive(Debug, Args)]
pub struct ShareRevoke {
    /// A run or a project, by id or by name
    pub item: String,
    /// Whose access: the id or the name that `share list` shows
    pub collaborator: String,
    /// Where to look for the name; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Gives access up.
#[derive(Debug, Args)]
pub struct ShareLeave {
    /// The run's or project's id, as `shared` shows it
    pub item: String,
    /// Which context gives it up: `personal` (the default), or a workgroup that you administer
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Lists what is shared.
#[derive(Debug, Args)]
pub struct Shared {
    /// With which context: `personal`, a workgroup's handle or an id; by default all of yours
    #[arg(long)]
    pub context: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Commands about links.
#[derive(Debug, Subcommand)]
pub enum Link {
    /// Make a link through which a run or a project is shared with whoever is signed in and opens it
    #[command(after_help = EXIT_CODES)]
    Create(LinkCreate),
    /// List the links of a run or a project, and how often each was accepted
    #[command(after_help = EXIT_CODES)]
    List(ShareList),
    /// Deactivate a link for good; those who accepted it keep their access until it is revoked
    #[command(after_help = EXIT_CODES)]
    Deactivate(LinkDeactivate),
    /// Show what a link shares, without accepting it
    #[command(after_help = EXIT_CODES)]
    Open(LinkOpen),
    /// Accept a link into a context of yours
    #[command(after_help = EXIT_CODES)]
    Accept(LinkAccept),
}

/// Makes a link.
#[derive(Debug, Args)]
pub struct LinkCreate {
    /// A run or a project, by id or by name
    pub item: String,
    /// How much it gives; runs are shared for reading only
    #[arg(long, value_parser = ["read", "write"], default_value = "read")]
    pub level: String,
    /// When the link ends: a day, to its end in UTC, or a moment; by default never
    #[arg(long, value_name = "DATE", value_parser = crate::cli::amounts::end)]
    pub expires: Option<String>,
    /// How often it may be accepted; by default without bound
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_acceptances: Option<u32>,
    /// Where to look for the name; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Deactivates a link.
#[derive(Debug, Args)]
pub struct LinkDeactivate {
    /// The link's id: lnk_…
    pub id: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Opens a link.
#[derive(Debug, Args)]
pub struct LinkOpen {
    /// The link, or the last part of it
    pub link: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Accepts a link.
#[derive(Debug, Args)]
pub struct LinkAccept {
    /// The link, or the last part of it
    pub link: String,
    /// The context that has the access: `personal`, a workgroup's handle, name or id; by default your default context
    #[arg(long, value_name = "CONTEXT")]
    pub into: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Commands about invitations of every kind.
#[derive(Debug, Subcommand)]
pub enum Invitation {
    /// List invitations of every kind, newest first
    #[command(after_help = EXIT_CODES)]
    List(InvitationList),
    /// Show an invitation with its letters and history; one that waits for you also with the contexts it can be accepted into
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Accept an invitation; one joins a workgroup oneself, whatever --into says
    #[command(after_help = EXIT_CODES)]
    Accept(Accept),
    /// Decline an invitation
    #[command(after_help = EXIT_CODES)]
    Decline(Decline),
    /// Take back an invitation
    #[command(after_help = EXIT_CODES)]
    Cancel(Named),
    /// Mail an invitation once more
    #[command(after_help = EXIT_CODES)]
    Resend(Named),
    /// Give an invitation more time
    #[command(after_help = EXIT_CODES)]
    Extend(Extend),
}

/// Lists invitations.
#[derive(Debug, Args)]
pub struct InvitationList {
    /// Only those of this kind
    #[arg(long, value_parser = ["transfer", "share", "membership", "workgroup"])]
    pub kind: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) which: Which,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

impl Share {
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::Invite(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Change(args) => &args.common,
            Self::Revoke(args) => &args.common,
            Self::Leave(args) => &args.common,
        }
    }
}

impl Link {
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::Create(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Deactivate(args) => &args.common,
            Self::Open(args) => &args.common,
            Self::Accept(args) => &args.common,
        }
    }
}

impl Invitation {
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::List(args) => &args.common,
            Self::Show(args) => &args.common,
            Self::Accept(args) => &args.common,
            Self::Decline(args) => &args.common,
            Self::Cancel(args) | Self::Resend(args) => &args.common,
            Self::Extend(args) => &args.common,
        }
    }
}
