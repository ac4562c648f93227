//! What can be typed: the client's commands and their options. The doc comments are the help texts.

mod answers;
mod custody;
pub mod sharing;
mod transfers;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use clap_complete::Shell;

pub use answers::{Accept, Decline, Extend, Named, Show, Which};
pub use custody::{Audit, AuditFilter, ChangeItems, Item, ListAudit, VerifyAudit};
pub use transfers::{ListTransfers, Offer, Preview, Readdress, Request, Transfer};

/// For `after_help`: what scripts can rely on.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, or done before
  1  refused: the reasons and the next steps are on standard error
  2  wrong usage
  3  not signed in
  4  not found
  5  temporarily unavailable: try again
  6  a problem on this machine: a run folder, a file, the settings
  7  the server failed, or is no Handover server";

const OUTPUT: &str = "Connection and output";

/// The commands that talk to a Handover server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in with a code that comes by email, and keep the token
    #[command(after_help = EXIT_CODES)]
    Login(Login),
    /// Forget the token, here and on the server
    #[command(after_help = EXIT_CODES)]
    Logout(Logout),
    /// Show who is signed in
    #[command(after_help = EXIT_CODES)]
    Whoami(Whoami),
    /// List the contexts you may act as
    #[command(after_help = EXIT_CODES)]
    Contexts(Contexts),
    /// Show and change your settings
    #[command(subcommand)]
    Settings(super::account::Settings),
    /// Register, list and show runs
    #[command(subcommand)]
    Run(Run),
    /// Create, list and show projects
    #[command(subcommand)]
    Project(Project),
    /// Put runs and projects into the trash or the archive, take them out again, or purge them
    #[command(subcommand)]
    Item(Item),
    /// List the analyses that write to a project, and end one
    #[command(subcommand)]
    Analysis(super::analyses::Analysis),
    /// See who did what, and verify that nothing was taken out of it or changed
    #[command(subcommand)]
    Audit(Audit),
    /// Offer runs and projects to somebody, and answer offers
    #[command(subcommand)]
    Transfer(Transfer),
    /// Show who can see a run or a project, and why
    #[command(subcommand)]
    Access(Access),
    /// For administrators of a domain, or of the site
    #[command(subcommand)]
    Admin(Admin),
    /// Look after the site's mail, for those who administer the site
    #[command(subcommand)]
    Mail(super::mail::args::Mail),
    /// Share runs and projects with others, and see who works with them
    #[command(subcommand)]
    Share(sharing::Share),
    /// List what is shared with you
    #[command(after_help = EXIT_CODES)]
    Shared(sharing::Shared),
    /// Share by links, and accept them
    #[command(subcommand)]
    Link(sharing::Link),
    /// List and answer invitations of every kind: transfers, shares, workgroups
    #[command(subcommand)]
    Invitation(sharing::Invitation),
    /// Create workgroups, and look after them and their members
    #[command(subcommand)]
    Workgroup(super::workgroups::args::Workgroup),
}

/// Where the server is, and how to print.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// The server, such as https://handover.uni.example; by default $HANDOVER_URL, or the one of the last login
    #[arg(long, value_name = "URL", help_heading = OUTPUT)]
    pub url: Option<String>,
    /// Print the API's documents as JSON, for programs
    #[arg(long, conflicts_with = "terse", help_heading = OUTPUT)]
    pub json: bool,
    /// Print ids only, one a line
    #[arg(long, help_heading = OUTPUT)]
    pub terse: bool,
}

/// For commands that change something.
#[derive(Debug, Clone, Default, Args)]
pub struct Once {
    /// Names this command for the server, which carries it out once however often it is sent; by default a new one for each call
    #[arg(long, value_name = "KEY", help_heading = OUTPUT)]
    pub idempotency_key: Option<String>,
}

/// Signs in.
#[derive(Debug, Args)]
pub struct Login {
    /// The address to sign in with; asked for on a terminal
    #[arg(long)]
    pub address: Option<String>,
    /// The sign-in that the code belongs to, as an earlier `login --address` printed it
    #[arg(long, value_name = "ID", requires = "code", conflicts_with = "address")]
    pub sign_in: Option<String>,
    /// The code from the mail
    #[arg(long, requires = "sign_in")]
    pub code: Option<String>,
    /// Read a personal API token from standard input instead
    #[arg(long, conflicts_with_all = ["address", "sign_in", "code", "name"])]
    pub token: bool,
    /// What the new token is called in your list of tokens
    #[arg(long, value_name = "TEXT", default_value = "command line")]
    pub name: String,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Signs out.
#[derive(Debug, Args)]
pub struct Logout {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Shows the account.
#[derive(Debug, Args)]
pub struct Whoami {
    #[command(flatten)]
    pub(super) common: Common,
}

/// Shows the contexts.
#[derive(Debug, Args)]
pub struct Contexts {
    #[command(flatten)]
    pub(super) common: Common,
}

/// Commands about runs.
#[derive(Debug, Subcommand)]
pub enum Run {
    /// Read a run folder as the instrument wrote it, and register the run and the projects of its sample sheet
    #[command(after_help = EXIT_CODES)]
    Register(Register),
    /// List the runs of a context, newest first
    #[command(after_help = EXIT_CODES)]
    List(ListItems),
    /// Show a run with its projects, who may look at it, and its history
    #[command(after_help = EXIT_CODES)]
    Show(ShowItem),
}

/// Registers a run folder.
#[derive(Debug, Args)]
pub struct Register {
    /// The run folder: the one that holds RunInfo.xml
    pub folder: PathBuf,
    /// Where the run lands: `personal`, a workgroup's handle or an id; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    /// The project for samples whose row in the sample sheet names none
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Leave out samples whose row in the sample sheet names no project
    #[arg(long, conflicts_with = "project")]
    pub without_unassigned: bool,
    /// Register a folder that is still being written or was copied in part
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Read the folder and print what would be registered, without asking the server
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Lists runs or projects.
#[derive(Debug, Args)]
pub struct ListItems {
    /// The owning context: `personal`, a workgroup's handle or an id; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    /// Only those in this state; by default all but what is in the trash
    #[arg(long, value_parser = ["active", "archived", "trashed"])]
    pub state: Option<String>,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Shows a run or a project.
#[derive(Debug, Args)]
pub struct ShowItem {
    /// Its id, or its name in the context
    pub item: String,
    /// Where to look for the name; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Commands about projects.
#[derive(Debug, Subcommand)]
pub enum Project {
    /// Create an empty project
    #[command(after_help = EXIT_CODES)]
    Create(Create),
    /// List the projects of a context, newest first
    #[command(after_help = EXIT_CODES)]
    List(ListItems),
    /// List files in a project that is yours or that you may write to, as a dataset if you like
    #[command(after_help = EXIT_CODES)]
    AddFiles(AddFiles),
    /// Show a project with its datasets, biosamples, runs, who may look at it, and its history
    #[command(after_help = EXIT_CODES)]
    Show(ShowItem),
}

/// Creates a project.
#[derive(Debug, Args)]
pub struct Create {
    /// Its name, unique in its context
    pub name: String,
    /// The owning context: `personal` (the default), a workgroup's handle or an id
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Lists files in a project.
#[derive(Debug, Args)]
pub struct AddFiles {
    /// Id or name of the project
    pub project: String,
    /// The files, at most 1,000. They stay where they are: paths and sizes are listed. A relative path is kept as it is typed,
    /// of an absolute one the name of the file
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The dataset they belong to, which is made if the project has none of that name
    #[arg(long, value_name = "NAME", requires = "kind", requires = "biosample")]
    pub dataset: Option<String>,
    /// What the files of the dataset are: FASTQ, BAM, VCF
    #[arg(long = "type", id = "kind", value_name = "TYPE", requires = "dataset")]
    pub kind: Option<String>,
    /// The biosample of the project that the dataset comes from
    #[arg(long, value_name = "NAME", requires = "dataset")]
    pub biosample: Option<String>,
    /// Read each file and list its SHA-256 too
    #[arg(long)]
    pub checksums: bool,
    /// Where a name is looked for: `personal` (the default), a workgroup's handle or an id
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Commands about access.
#[derive(Debug, Subcommand)]
pub enum Access {
    /// Show who can see a run or a project of yours, and why
    #[command(after_help = EXIT_CODES)]
    Show(ShowItem),
}

/// Commands for administrators of a domain, or of the site.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Show what somebody of your domain can see: their contexts, and what these were granted
    #[command(after_help = EXIT_CODES)]
    Access(PersonSees),
    /// Change how much an account or a workgroup may hold and do
    #[command(after_help = EXIT_CODES)]
    Allow(Allow),
    /// Move everything of somebody who leaves to another context, two administrators together
    #[command(subcommand)]
    Move(super::moves::args::Move),
}

/// Changes an allowance.
#[derive(Debug, Args)]
pub struct Allow {
    /// Whose: an email address, an account's id, or workgroup:HANDLE
    #[arg(value_name = "WHO")]
    pub of: String,
    /// Of an account of the public domain: basic or professional
    #[arg(long)]
    pub tier: Option<String>,
    /// A size such as 5TiB, no-cap, or tier for that of the tier
    #[arg(long, value_name = "SIZE")]
    pub quota: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) once: Once,
}

/// Shows what somebody can see.
#[derive(Debug, Args)]
pub struct PersonSees {
    /// Who: an email address, or the account's id
    pub person: String,
    /// Where the last page ended, as the note below it says; a page holds 100 grants
    #[arg(long)]
    pub cursor: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Prints a completion script.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell it is for
    pub shell: Shell,
}

impl Command {
    /// The configuration file whose store is to be verified, where that is what is wanted: no server is asked then.
    pub fn store_to_verify(&self) -> Option<&Path> {
        match self {
            Self::Audit(Audit::Verify(args)) => args.config.as_deref(),
            _ => None,
        }
    }

    /// Where the server is and how to print, whatever the command.
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::Login(args) => &args.common,
            Self::Logout(args) => &args.common,
            Self::Whoami(args) => &args.common,
            Self::Contexts(args) => &args.common,
            Self::Settings(settings) => settings.common(),
            Self::Analysis(analysis) => analysis.common(),
            Self::Workgroup(workgroup) => workgroup.common(),
            Self::Run(Run::Register(args)) => &args.common,
            Self::Run(Run::List(args)) | Self::Project(Project::List(args)) => &args.common,
            Self::Run(Run::Show(args)) | Self::Project(Project::Show(args)) => &args.common,
            Self::Project(Project::Create(args)) => &args.common,
            Self::Project(Project::AddFiles(args)) => &args.common,
            Self::Access(Access::Show(args)) => &args.common,
            Self::Admin(Admin::Access(args)) => &args.common,
            Self::Admin(Admin::Allow(args)) => &args.common,
            Self::Admin(Admin::Move(one)) => one.common(),
            Self::Mail(mail) => mail.common(),
            Self::Item(
                Item::Trash(args)
                | Item::Restore(args)
                | Item::Archive(args)
                | Item::Unarchive(args)
                | Item::Purge(args),
            ) => &args.common,
            Self::Audit(Audit::List(args)) => &args.common,
            Self::Audit(Audit::Export(args)) => &args.common,
            Self::Audit(Audit::Verify(args)) => &args.common,
            Self::Transfer(transfer) => match transfer {
                Transfer::Preview(args) => &args.common,
                Transfer::Request(args) => &args.common,
                Transfer::List(args) => &args.common,
                Transfer::Show(args) => &args.common,
                Transfer::Accept(args) => &args.common,
                Transfer::Decline(args) => &args.common,
                Transfer::Cancel(args) | Transfer::Resend(args) => &args.common,
                Transfer::Extend(args) => &args.common,
                Transfer::Readdress(args) => &args.common,
            },
            Self::Share(share) => share.common(),
            Self::Shared(args) => &args.common,
            Self::Link(link) => link.common(),
            Self::Invitation(invitation) => invitation.common(),
        }
    }
}
