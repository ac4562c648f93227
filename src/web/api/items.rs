//! Runs, projects and their files.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::custody::{self, Command, Done};
use crate::actors::lifecycle;
use crate::actors::queries;
use crate::actors::rights::{self, Permit};
use crate::actors::world::{Call, Trouble};
use crate::domain::id::{AccountId, Digest, ItemId, ItemKind};
use crate::domain::rights::Level;
use crate::web::App;
use crate::web::auth::{Needs, Read, Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::{Known, named, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(runs, register))
        .routes(routes!(run))
        .routes(routes!(projects, create))
        .routes(routes!(project))
        .routes(routes!(files, add_files))
        .routes(routes!(datasets))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Items {
    /// Which context's: `personal` (default), a handle, a workgroup's name or an id.
    context: Option<String>,
    /// `active`, `archived` or `trashed`; by default all but what is in the trash.
    state: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Files {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

async fn page(
    app: &App,
    person: AccountId,
    kind: ItemKind,
    asked: Items,
) -> Result<Json<wire::Page<wire::Item>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<ItemId> = cursor(asked.cursor.as_deref())?;
    let name = asked.context.as_deref().unwrap_or("personal");
    let acting = queries::context_of(&settings, person, name).await?;
    let state = read::state(asked.state.as_deref())?;
    let (items, next) = lifecycle::listed(&settings, &acting, kind, state, after, limit).await?;
    Ok(Json(wire::Page {
        items: items.into_iter().map(show::item).collect(),
        next_cursor: next.map(|id| id.to_string()),
    }))
}

/// What the person may do with an item of this kind, which must be at least this much.
pub(super) async fn permit(
    app: &App,
    person: AccountId,
    (id, kind): (ItemId, ItemKind),
    at_least: Level,
) -> Result<Permit, Failure> {
    let settings = app.settings();
    if id.kind() != kind {
        return Err(Trouble::from(rights::no_such_item(&settings, id)).into());
    }
    let now = app.directory().now();
    Ok(rights::permit(&settings, person, id, at_least, now).await?)
}

async fn shown(
    app: &App,
    person: AccountId,
    id: ItemId,
    kind: ItemKind,
) -> Result<wire::ItemPage, Failure> {
    let permit = permit(app, person, (id, kind), Level::Read).await?;
    let now = app.directory().now();
    let seen = queries::item(&app.settings(), permit, now).await?;
    let biosamples = seen.biosamples.map(|all| all.biosamples);
    Ok(wire::ItemPage {
        item: show::permitted(&seen.permit),
        owner_name: seen.owner_name,
        level: show::level(seen.permit.level()).to_owned(),
        related: seen.related.iter().map(show::permitted).collect(),
        biosamples: biosamples
            .unwrap_or_default()
            .into_iter()
            .map(show::biosample)
            .collect(),
        why: seen.permit.reasons().iter().map(show::reason).collect(),
        access: seen
            .grants
            .iter()
            .flat_map(|grant| show::access(grant, now))
            .collect(),
        history: named::history(&app.settings(), show::history(seen.journal)).await?,
    })
}

pub(super) fn call<N: Needs, T>(app: &App, signed: &Signed<N>, taken: &Taken<T>) -> Call {
    app.directory()
        .call(signed.by(), taken.once(signed.account()))
}

/// What was registered or changed, as the person may see it now: when a request is repeated, it may have changed hands.
async fn items_of(app: &App, person: AccountId, done: &Done) -> Result<Vec<wire::Item>, Failure> {
    let settings = app.settings();
    let now = app.directory().now();
    let permits = rights::permits(&settings, person, &done.items, now).await?;
    let first = permits.first().is_some_and(Option::is_some);
    if let (false, Some(id)) = (first, done.items.first()) {
        return Err(Trouble::from(rights::no_such_item(&settings, *id)).into());
    }
    Ok(permits.iter().flatten().map(show::permitted).collect())
}

// ---- runs ----

/// List the runs of a context.
///
/// Newest first.
#[utoipa::path(get, path = "/runs", operation_id = "listRuns", tag = "Runs and projects", params(Items),
    responses((status = 200, description = "A page of runs", body = wire::Page<wire::Item>)))]
async fn runs(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Items>,
) -> Result<Json<wire::Page<wire::Item>>, Failure> {
    page(&app, signed.account(), ItemKind::Run, asked).await
}

/// Register a run.
///
/// The run and the projects its sample sheet names: all or nothing. A project of that name in the same context is joined.
#[utoipa::path(post, path = "/runs", operation_id = "registerRun", tag = "Runs and projects",
    request_body = wire::RegisterRun,
    responses((status = 201, description = "Registered", body = wire::Registered)))]
async fn register(
    State(app): State<App>,
    signed: Signed<Write>,
    mut taken: Taken<wire::RegisterRun>,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let call = call(&app, &signed, &taken);
    let context = match taken.what.context.take() {
        Some(name) => queries::named_context(&settings, signed.account(), &name).await?,
        None => {
            queries::account(&settings, signed.account())
                .await?
                .default_run_location
        }
    };
    let new = read::new_run(taken.what)?;
    let command = Command::RegisterRun {
        name: new.name,
        run: new.run,
        files: new.files,
        bytes: new.bytes,
        projects: new.projects,
    };
    let done = app.directory().custody(context, call, command).await?;
    let mut items = items_of(&app, signed.account(), &done).await?.into_iter();
    let gone = || Trouble::Fault(crate::store::Fault::never("a registered run is not there"));
    let run = items.next().ok_or_else(gone)?;
    let place = format!("/runs/{}", run.id);
    let projects = items.collect();
    Ok(created(&place, wire::Registered { run, projects }))
}

/// Show a run.
#[utoipa::path(get, path = "/runs/{run}", operation_id = "showRun", tag = "Runs and projects",
    params(("run" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "The run with what belongs to it", body = wire::ItemPage)))]
async fn run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    known: Known,
) -> Result<Response, Failure> {
    let page = shown(&app, signed.account(), id, ItemKind::Run).await?;
    Ok(known.document(&page))
}

// ---- projects ----

/// List the projects of a context.
///
/// Newest first.
#[utoipa::path(get, path = "/projects", operation_id = "listProjects", tag = "Runs and projects", params(Items),
    responses((status = 200, description = "A page of projects", body = wire::Page<wire::Item>)))]
async fn projects(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Items>,
) -> Result<Json<wire::Page<wire::Item>>, Failure> {
    page(&app, signed.account(), ItemKind::Project, asked).await
}

/// Create an empty project.
#[utoipa::path(post, path = "/projects", operation_id = "createProject", tag = "Runs and projects",
    request_body = wire::CreateProject,
    responses((status = 201, description = "The project", body = wire::Item)))]
async fn create(
    State(app): State<App>,
    signed: Signed<Write>,
    taken: Taken<wire::CreateProject>,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let name = crate::actors::custody::name_of("name", &taken.what.name)?;
    let context = taken.what.context.as_deref().unwrap_or("personal");
    let context = queries::named_context(&settings, signed.account(), context).await?;
    let call = call(&app, &signed, &taken);
    let command = Command::CreateProject { name };
    let done = app.directory().custody(context, call, command).await?;
    let project = items_of(&app, signed.account(), &done)
        .await?
        .into_iter()
        .next();
    let gone = || Trouble::Fault(crate::store::Fault::never("a created project is not there"));
    let project = project.ok_or_else(gone)?;
    Ok(created(&format!("/projects/{}", project.id), project))
}

/// Show a project.
#[utoipa::path(get, path = "/projects/{project}", operation_id = "showProject", tag = "Runs and projects",
    params(("project" = String, Path, description = "`prj_…`")),
    responses((status = 200, description = "The project with what belongs to it", body = wire::ItemPage)))]
async fn project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    known: Known,
) -> Result<Response, Failure> {
    let page = shown(&app, signed.account(), id, ItemKind::Project).await?;
    Ok(known.document(&page))
}

/// List the files of a project.
///
/// In an order that stays the same, but is not that of their names.
#[utoipa::path(get, path = "/projects/{project}/files", operation_id = "listFiles", tag = "Runs and projects",
    params(("project" = String, Path, description = "`prj_…`"), Files),
    responses((status = 200, description = "A page of files", body = wire::Page<wire::ListedFile>)))]
async fn files(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(asked): Asked<Files>,
) -> Result<Json<wire::Page<wire::ListedFile>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<Digest> = cursor(asked.cursor.as_deref())?;
    let permit = permit(&app, signed.account(), (id, ItemKind::Project), Level::Read);
    let (files, next) = queries::files(&settings, &permit.await?, after, limit).await?;
    let file = |file: custody::File| wire::ListedFile {
        path: file.path,
        bytes: file.bytes,
        checksum: file.checksum,
        dataset: file.dataset,
    };
    Ok(Json(wire::Page {
        items: files.into_iter().map(file).collect(),
        next_cursor: next.map(|digest| digest.to_string()),
    }))
}

/// List the datasets of a project.
///
/// In an order that stays the same, but is not that of their names.
#[utoipa::path(get, path = "/projects/{project}/datasets", operation_id = "listDatasets", tag = "Runs and projects",
    params(("project" = String, Path, description = "`prj_…`"), Files),
    responses((status = 200, description = "A page of datasets", body = wire::Page<wire::Dataset>)))]
async fn datasets(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(asked): Asked<Files>,
) -> Result<Json<wire::Page<wire::Dataset>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<Digest> = cursor(asked.cursor.as_deref())?;
    let permit = permit(&app, signed.account(), (id, ItemKind::Project), Level::Read);
    let (all, next) = queries::datasets(&settings, &permit.await?, after, limit).await?;
    let dataset = |dataset: custody::Dataset| wire::Dataset {
        name: dataset.name,
        kind: dataset.kind,
        biosample: dataset.biosample,
        files: dataset.files,
        bytes: dataset.bytes,
    };
    Ok(Json(wire::Page {
        items: all.into_iter().map(dataset).collect(),
        next_cursor: next.map(|digest| digest.to_string()),
    }))
}

/// List files of a project, 1 to 1,000 at a time.
///
/// A path that is listed already is replaced; it leaves its dataset then, unless it is named again.
#[utoipa::path(post, path = "/projects/{project}/files", operation_id = "addFiles", tag = "Runs and projects",
    params(("project" = String, Path, description = "`prj_…`")),
    request_body = wire::AddFiles,
    responses((status = 200, description = "The project", body = wire::Item)))]
async fn add_files(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<ItemId>,
    taken: Taken<wire::AddFiles>,
) -> Result<Json<wire::Item>, Failure> {
    let call = call(&app, &signed, &taken);
    let (files, dataset) = read::files(taken.what)?;
    let permit = permit(
        &app,
        signed.account(),
        (id, ItemKind::Project),
        Level::Write,
    );
    let owner = permit.await?.owner();
    let command = Command::AddFiles {
        item: id,
        files,
        dataset,
        keeps: false,
    };
    let done = app.directory().custody(owner, call, command).await?;
    let project = items_of(&app, signed.account(), &done)
        .await?
        .into_iter()
        .next();
    let gone = || Trouble::Fault(crate::store::Fault::never("a project is not there"));
    Ok(Json(project.ok_or_else(gone)?))
}
