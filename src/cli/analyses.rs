//! The analyses that write to projects.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::wire::RunningAnalysis;

use super::api::path;
use super::args::{Common, EXIT_CODES, Once, ShowItem};
use super::failure::Failure;
use super::items::Kind;
use super::names;
use super::session::{Form, Session};
use super::table::{Fit, Table, column};
use super::text::printable;

/// Commands about analyses.
#[derive(Debug, Subcommand)]
pub enum Analysis {
    /// List the analyses that write to a project now, oldest first
    #[command(after_help = EXIT_CODES)]
    List(ShowItem),
    /// End an analysis that has stopped without saying so
    #[command(after_help = EXIT_CODES)]
    End(End),
}

/// Ends one.
#[derive(Debug, Args)]
pub struct End {
    /// The analysis: ana_…
    id: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

impl Analysis {
    /// Where the server is and how to print.
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::List(args) => &args.common,
            Self::End(args) => &args.common,
        }
    }
}

/// `handover analysis …`
pub(super) fn perform(command: &Analysis, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    match command {
        Analysis::List(args) => list(args, session),
        Analysis::End(args) => end(args, session),
    }
}

fn list(args: &ShowItem, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let wanted = std::slice::from_ref(&args.item);
    let ids = names::resolve(wanted, &[Kind::Project], args.context.as_deref(), session)?;
    let id = ids.first().map_or("", String::as_str);
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("SINCE", Fit::Keeps),
        column("STARTED BY", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |one: RunningAnalysis| {
        table.row([
            one.name.into(),
            moments.short(&one.started_at).into(),
            one.started_by.into(),
            one.id.into(),
        ]);
    };
    let at = path(&["projects", id, "analyses"]);
    session.list(&at, &[], None, |one: &RunningAnalysis| &one.id, row)?;
    session.table("", &table)
}

fn end(args: &End, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.command(&["analyses", &args.id, "end"], &json!({}), &args.once)?;
    let id = printable(&args.id);
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{id}\n")),
        Form::People => session.print(format_args!("Ended {id}.\n")),
    }
}
