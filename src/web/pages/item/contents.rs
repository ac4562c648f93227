//! The datasets and the files of a project, a page of each.

use crate::actors::custody;
use crate::actors::names;
use crate::actors::queries::{self, SeenItem};
use crate::actors::rights::Permit;
use crate::domain::account::Account;
use crate::domain::id::{Digest, ItemKind};
use crate::web::App;
use crate::web::language::say;

use super::super::Stop;
use super::super::form::Fields;
use super::super::words::{self, size};
use super::giver::Giver;

/// So many of each stand on a page.
const ROWS: usize = 25;

/// A page of what a project holds, and where the next one begins.
pub struct Part<T> {
    pub all: Vec<T>,
    pub begun: bool,
    pub next: Option<Digest>,
}

impl<T> Part<T> {
    /// Whether there is nothing on any page.
    pub const fn none(&self) -> bool {
        self.all.is_empty() && !self.begun
    }
}

/// A dataset in a list.
pub struct Dataset {
    pub name: String,
    /// What its files are, and the biosample they come from.
    pub of: String,
    pub amount: String,
}

/// A file in a list.
pub struct File {
    pub path: String,
    pub dataset: Option<String>,
    pub size: String,
}

/// A page of the datasets.
pub async fn datasets(app: &App, permit: &Permit, asked: &Fields) -> Result<Part<Dataset>, Stop> {
    let after: Option<Digest> = asked.get("datasets").parse().ok();
    let (all, next) = queries::datasets(&app.settings(), permit, after, ROWS).await?;
    let dataset = |dataset: custody::Dataset| Dataset {
        name: words::short(&dataset.name),
        of: say!(
            "{kind} of {biosample}",
            kind = words::short(&dataset.kind),
            biosample = words::short(&dataset.biosample)
        ),
        amount: say!(
            "{size}, {files}",
            size = size(dataset.bytes),
            files = words::files(dataset.files)
        ),
    };
    Ok(Part {
        all: all.into_iter().map(dataset).collect(),
        begun: after.is_some(),
        next,
    })
}

/// A page of the files.
pub async fn files(app: &App, permit: &Permit, asked: &Fields) -> Result<Part<File>, Stop> {
    let after: Option<Digest> = asked.get("files").parse().ok();
    let (all, next) = queries::files(&app.settings(), permit, after, ROWS).await?;
    let file = |file: custody::File| File {
        path: words::short(&file.path),
        dataset: file.dataset.as_deref().map(words::short),
        size: size(file.bytes),
    };
    Ok(Part {
        all: all.into_iter().map(file).collect(),
        begun: after.is_some(),
        next,
    })
}

/// Where the files of an item are, and whom to ask for them: whoever passed it on or shared it, where that is known.
pub async fn whereabouts(
    app: &App,
    reader: &Account,
    seen: &SeenItem,
    listed: &Part<File>,
    giver: Option<&Giver>,
) -> Result<String, Stop> {
    let (permit, item) = (&seen.permit, seen.permit.item());
    let runs = seen.unseen || !seen.related.is_empty();
    let kept = match (listed.none(), item.files, item.id.kind()) {
        (true, 0, ItemKind::Project) if runs => say!(
            "Handover keeps whose the files are, and not the files themselves. It has none of its own: the base calls lie with its runs."
        ),
        (true, 0, _) => say!(
            "Handover keeps whose the files are, and not the files themselves. None were registered with it."
        ),
        (true, ..) => say!(
            "Handover keeps whose the files are, and not the files themselves. What was registered is how many they are, and how large."
        ),
        (false, ..) => say!(
            "Handover keeps whose the files are, and not the files themselves: they stay where they are."
        ),
    };
    let owns = permit.as_owner().is_some();
    let known = match giver {
        _ if item.registered_by == reader.id => match listed.none() {
            true if item.files == 0 && !runs => return Ok(kept),
            true => say!("You registered it, and know where that is."),
            false => say!(
                "You registered it, and know where that is, unless others listed files of theirs."
            ),
        },
        Some(giver) if owns => say!(
            "{name} passed it on, and can tell how to get at the data.",
            name = giver.said()
        ),
        Some(giver) => say!(
            "Ask {name}, who shared it with you, how to get at the data.",
            name = giver.said()
        ),
        None if !owns => {
            say!("Ask its owner, or whoever shared it with you, how to get at the data.")
        }
        None => {
            let mut names = names::people(&app.settings(), [item.registered_by]).await?;
            match names.remove(&item.registered_by) {
                Some(name) => say!(
                    "{name} registered it, and can tell how to get at the data.",
                    name = words::short(&name)
                ),
                None => say!("Whoever registered it can tell how to get at the data."),
            }
        }
    };
    Ok(format!("{kept} {known}"))
}
