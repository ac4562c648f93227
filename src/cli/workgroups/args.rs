//! What can be typed after `handover workgroup`. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::amounts::days;
use crate::cli::args::{Common, EXIT_CODES, Once};

/// Commands about workgroups.
#[derive(Debug, Subcommand)]
pub enum Workgroup {
    /// Create a workgroup, which you own then
    #[command(after_help = EXIT_CODES)]
    Create(Create),
    /// List the workgroups you belong to
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show a workgroup with its quota and what it uses of it
    #[command(after_help = EXIT_CODES)]
    Show(Looked),
    /// Change a workgroup's name, description or handle
    #[command(after_help = EXIT_CODES)]
    Edit(Edit),
    /// List who belongs to a workgroup, and as what
    #[command(after_help = EXIT_CODES)]
    Members(Listed),
    /// Invite people into a workgroup
    #[command(after_help = EXIT_CODES)]
    Invite(Invite),
    /// List the open invitations of a workgroup, mail one again, or cancel one
    #[command(after_help = EXIT_CODES)]
    Invitations(Invitations),
    /// Make a member an administrator, who invites, promotes and removes
    #[command(after_help = EXIT_CODES)]
    Promote(Member),
    /// Make an administrator an ordinary member
    #[command(after_help = EXIT_CODES)]
    Demote(Member),
    /// Remove somebody from a workgroup; its data stays
    #[command(after_help = EXIT_CODES)]
    Remove(Member),
    /// Leave a workgroup; its data stays
    #[command(after_help = EXIT_CODES)]
    Leave(Named),
    /// Offer a workgroup to one of its administrators, who owns it by accepting
    #[command(after_help = EXIT_CODES)]
    HandOver(HandOver),
    /// Close a workgroup that owns nothing any more; that is final
    #[command(after_help = EXIT_CODES)]
    Close(Close),
}

/// Creates.
#[derive(Debug, Args)]
pub struct Create {
    /// How it is named in commands: 2 to 64 letters, digits, dots, dashes or underscores
    pub handle: String,
    /// Its name for people; by default the handle
    #[arg(long)]
    pub name: Option<String>,
    /// What it is for, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Where it lives: `public`, or a private domain; by default where you do. It never changes
    #[arg(long)]
    pub domain: Option<String>,
    /// Let it hold members from outside its private domain. It never changes
    #[arg(long)]
    pub collaborative: bool,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Lists workgroups.
#[derive(Debug, Args)]
pub struct List {
    /// All of this private domain, which you administer
    #[arg(long)]
    pub domain: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Looks at one.
#[derive(Debug, Args)]
pub struct Looked {
    /// Its handle or id
    pub workgroup: String,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Lists what is in one.
#[derive(Debug, Args)]
pub struct Listed {
    /// Its handle or id
    pub workgroup: String,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Changes one.
#[derive(Debug, Args)]
#[group(id = "changes", required = true, multiple = true, args = ["name", "description", "handle"])]
pub struct Edit {
    /// Its handle or id
    pub workgroup: String,
    /// Its new name
    #[arg(long)]
    pub name: Option<String>,
    /// What it is for; an empty text removes it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Its new handle
    #[arg(long)]
    pub handle: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Invites.
#[derive(Debug, Args)]
#[group(id = "invited", required = true, multiple = true, args = ["addresses", "file"])]
pub struct Invite {
    /// Its handle or id
    pub workgroup: String,
    /// Email addresses, 100 at most
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// A file with addresses, one a line or with commas between them
    #[arg(long, value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// What they would be
    #[arg(long, value_parser = ["member", "administrator"], default_value = "member")]
    pub role: String,
    /// Words for them, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// How long the invitations stand, such as 14d or 4w, up to 90d; by default as the site has it
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub expires: Option<u32>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Looks after invitations.
#[derive(Debug, Args)]
pub struct Invitations {
    /// Its handle or id
    pub workgroup: String,
    /// Take this invitation back: inv_…
    #[arg(long, value_name = "ID", conflicts_with = "resend")]
    pub cancel: Option<String>,
    /// Mail this invitation again: inv_…
    #[arg(long, value_name = "ID")]
    pub resend: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Names a member.
#[derive(Debug, Args)]
pub struct Member {
    /// Its handle or id
    pub workgroup: String,
    /// The member's address, or account id: acc_…
    pub member: String,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Names a workgroup.
#[derive(Debug, Args)]
pub struct Named {
    /// Its handle or id
    pub workgroup: String,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Closes one.
#[derive(Debug, Args)]
pub struct Close {
    /// Its handle or id
    pub workgroup: String,
    /// Confirm it: it is final, and everybody in it loses what they have through it
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Hands one over.
#[derive(Debug, Args)]
pub struct HandOver {
    /// Its handle or id
    pub workgroup: String,
    /// The administrator who shall own it: an address, or an account id
    #[arg(long, value_name = "MEMBER")]
    pub to: String,
    /// Words for them, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// How long the offer stands, such as 14d or 4w, up to 90d; by default as the site has it
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub expires: Option<u32>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

impl Workgroup {
    /// Where the server is and how to print, whatever the command.
    pub(in crate::cli) const fn common(&self) -> &Common {
        match self {
            Self::Create(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Show(args) => &args.common,
            Self::Edit(args) => &args.common,
            Self::Members(args) => &args.common,
            Self::Invite(args) => &args.common,
            Self::Invitations(args) => &args.common,
            Self::Promote(args) | Self::Demote(args) | Self::Remove(args) => &args.common,
            Self::Leave(args) => &args.common,
            Self::Close(args) => &args.common,
            Self::HandOver(args) => &args.common,
        }
    }
}
