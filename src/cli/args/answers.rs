//! What can be typed about offers and invitations of every kind: listing, showing and answering them. The doc comments are the help texts.

use clap::Args;

use super::{Common, Once};

/// Which offers or invitations are listed.
#[derive(Debug, Args)]
pub struct Which {
    /// Those to you and your workgroups (the default)
    #[arg(long, conflicts_with = "sent")]
    pub received: bool,
    /// Those that a context of yours made
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
}

/// Shows one.
#[derive(Debug, Args)]
pub struct Show {
    /// Its id, as the list shows it
    pub id: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Accepts.
#[derive(Debug, Args)]
pub struct Accept {
    /// Its id, as the list shows it
    pub id: String,
    /// The context it is accepted into: `personal`, a workgroup's handle, name or id; by default your default context
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
    /// Its id, as the list shows it
    pub id: String,
    /// Told to the sender, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Names one.
#[derive(Debug, Args)]
pub struct Named {
    /// Its id, as the list shows it
    pub id: String,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}

/// Extends.
#[derive(Debug, Args)]
pub struct Extend {
    /// Its id, as the list shows it
    pub id: String,
    /// From now on, such as 14d or 4w, up to 90d
    #[arg(long, value_name = "DAYS", value_parser = crate::cli::amounts::days)]
    pub expires: u32,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
    #[command(flatten)]
    pub(in crate::cli) once: Once,
}
