//! Files are listed in a project by whoever may write to it: their names and sizes. They stay where they are.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::custody::{Command, Dataset, File};
use crate::actors::rights;
use crate::domain::id::{ItemId, ItemKind};
use crate::domain::refusal::{Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::web::App;
use crate::web::api::read;
use crate::web::problem::Failure;
use crate::wire;

use super::super::form::{self, Fields, Posted};
use super::super::{Problems, Stop, to, words};

/// What was typed into the form.
#[derive(Default)]
pub struct Typed {
    pub list: String,
    pub dataset: String,
    pub kind: String,
    pub biosample: String,
}

impl Typed {
    pub fn of(fields: &Fields) -> Self {
        let text = |name| form::text(fields, name, 400);
        Self {
            list: form::lines(fields, "list"),
            dataset: text("dataset"),
            kind: text("type"),
            biosample: text("biosample"),
        }
    }

    /// Whether anything was.
    pub fn any(&self) -> bool {
        let all = [&self.list, &self.dataset, &self.kind, &self.biosample];
        all.iter().any(|text| !text.is_empty())
    }
}

/// The files, and the dataset that they belong to; or all that is wrong with them, by line.
fn asked(fields: &Fields) -> Result<(Vec<File>, Option<Dataset>), Findings> {
    let mut problems = read::Problems::default();
    let mut files = Vec::new();
    for line in fields.get("list").lines().map(str::trim) {
        if line.is_empty() {
            continue;
        }
        match line.rsplit_once(char::is_whitespace).and_then(file) {
            Some(file) => files.push(file),
            None => problems.push(Refusal::field(
                "list",
                said!(
                    "the line \"{line}\" is not a path and a size",
                    line = words::short(line)
                ),
                said!("write the path, a space, and the size in bytes as a whole number"),
            )),
        }
    }
    let dataset = [fields.given("dataset"), fields.given("type")];
    let [name, kind] = dataset.map(Option::unwrap_or_default);
    let biosample = fields.given("biosample").unwrap_or_default();
    let any = [&name, &kind, &biosample];
    let dataset = any.iter().any(|text| !text.is_empty());
    problems.and(read::files(wire::AddFiles {
        files,
        dataset: dataset.then_some(wire::IntoDataset {
            name,
            kind,
            biosample,
        }),
    }))
}

fn file((path, size): (&str, &str)) -> Option<wire::File> {
    Some(wire::File {
        path: path.trim_end().to_owned(),
        bytes: size.parse().ok()?,
        checksum: None,
    })
}

/// `POST /items/{id}/files`
pub async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id: ItemId = id.parse().map_err(|_| Stop::Nothing)?;
    if id.kind() != ItemKind::Project {
        return Err(Stop::Nothing);
    }
    match listed(&app, id, &posted).await {
        Ok(()) => Ok(to(&format!("/items/{id}?done=listed"))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            super::render(&app, &posted.person, id, &posted.fields, problems).await
        }
    }
}

async fn listed(app: &App, id: ItemId, posted: &Posted) -> Result<(), Failure> {
    let (files, dataset) = asked(&posted.fields)?;
    let (settings, person) = (app.settings(), posted.person.account.id);
    let call = posted.call(app, &format!("/items/{id}/files"));
    let permit = rights::permit(&settings, person, id, Level::Write, call.at).await?;
    let command = Command::AddFiles {
        item: id,
        files,
        dataset,
        keeps: true,
    };
    app.directory()
        .custody(permit.owner(), call, command)
        .await?;
    Ok(())
}
