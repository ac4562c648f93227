//! The datasets and the files of a project, a page of each.

use crate::actors::custody;
use crate::actors::queries;
use crate::actors::rights::Permit;
use crate::domain::id::Digest;
use crate::web::App;
use crate::web::language::say;

use super::super::Stop;
use super::super::form::Fields;
use super::super::words::{self, size};

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
