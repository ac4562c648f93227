//! What can be typed after `handover item` and `handover audit`. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, EXIT_CODES, Once};

/// Commands about what becomes of runs and projects.
#[derive(Debug, Subcommand)]
pub enum Item {
    /// Put runs and projects into the trash: those they are shared with see them no more, and they still count towards storage
    #[command(after_help = EXIT_CODES)]
    Trash(ChangeItems),
    /// Restore runs and projects from the trash; a purge that was ordered does not come
    #[command(after_help = EXIT_CODES)]
    Restore(ChangeItems),
    /// Archive runs and projects that are not shared
    #[command(after_help = EXIT_CODES)]
    Archive(ChangeItems),
    /// Restore runs and projects from the archive
    #[command(after_help = EXIT_CODES)]
    Unarchive(ChangeItems),
    /// Purge runs and projects that are in the trash: after a while they are gone for good
    #[command(after_help = EXIT_CODES)]
    Purge(ChangeItems),
}

/// Names runs and projects.
#[derive(Debug, Args)]
pub struct ChangeItems {
    /// Runs and projects of one context, by id or by name
    #[arg(required = true, value_name = "ITEM")]
    pub items: Vec<String>,
    /// Where to look for names; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Commands about who did what.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List who did what, newest first: your own acts, or those about an item or a context
    #[command(after_help = EXIT_CODES)]
    List(ListAudit),
    /// Print who did what as JSON Lines, newest first
    #[command(after_help = EXIT_CODES)]
    Export(ExportAudit),
    /// Verify that no entry was taken out of the journal of an item or changed; with --config, of all items in a stopped store
    #[command(after_help = EXIT_CODES)]
    Verify(VerifyAudit),
}

/// Which acts.
#[derive(Debug, Args)]
pub struct AuditFilter {
    /// What happened to this run or project, by id or by name
    #[arg(long)]
    pub item: Option<String>,
    /// What concerned this context: `personal`, a workgroup's handle or an id; with --item, where to look for its name
    #[arg(long)]
    pub context: Option<String>,
    /// What this person did: acc_…
    #[arg(long, value_name = "ID")]
    pub person: Option<String>,
    /// Not before this day or moment, such as 2026-11-22
    #[arg(long, value_name = "DATE", value_parser = crate::cli::audit::moment)]
    pub from: Option<String>,
    /// Before this day or moment
    #[arg(long, value_name = "DATE", value_parser = crate::cli::audit::moment)]
    pub to: Option<String>,
}

/// Lists the audit.
#[derive(Debug, Args)]
pub struct ListAudit {
    #[command(flatten)]
    pub(in crate::cli) filter: AuditFilter,
    /// At most this many; by default 100 in a table, and all of them with --json and --terse
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Exports the audit.
#[derive(Debug, Args)]
pub struct ExportAudit {
    #[command(flatten)]
    pub(in crate::cli) filter: AuditFilter,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Verifies journals.
#[derive(Debug, Args)]
pub struct VerifyAudit {
    /// Runs and projects, by id or by name
    #[arg(required_unless_present = "config", value_name = "ITEM")]
    pub item: Vec<String>,
    /// Where to look for names; by default your default location for uploaded runs
    #[arg(long)]
    pub context: Option<String>,
    /// The configuration file of a daemon on this machine that is stopped: verify every item in its store, and ask no server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["item", "context", "url", "json", "terse"])]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}
