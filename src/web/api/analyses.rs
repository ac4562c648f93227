//! The analyses that write to projects.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::custody::{self, Command, Done};
use crate::actors::names;
use crate::actors::world::Trouble;
use crate::domain::id::{AnalysisId, Context, ItemId, ItemKind};
use crate::domain::item::Analysis;
use crate::domain::rights::Level;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::items::{call, permit};
use super::{Nothing, read};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(end))
        .routes(routes!(running))
}

fn analysis(done: &Done) -> wire::Analysis {
    wire::Analysis {
        id: done.analysis.map(|id| id.to_string()).unwrap_or_default(),
        projects: done.items.iter().map(ToString::to_string).collect(),
    }
}

/// Say that an analysis begins to write to projects.
///
/// All of one context.
#[utoipa::path(post, path = "/analyses", operation_id = "startAnalysis", tag = "Analyses",
    request_body = wire::StartAnalysis,
    responses((status = 201, description = "The analysis", body = wire::Analysis)))]
async fn start(
    State(app): State<App>,
    signed: Signed<Write>,
    taken: Taken<wire::StartAnalysis>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let (name, projects) = read::analysis(&taken.what)?;
    let Some(first) = projects.first() else {
        return Err(Trouble::Fault(Fault::never("no project")).into());
    };
    let first = (*first, ItemKind::Project);
    let permit = permit(&app, signed.account(), first, Level::Write).await?;
    let owner = permit.owner();
    let command = Command::StartAnalysis { name, projects };
    let done = app.directory().custody(owner, call, command).await?;
    let analysis = analysis(&done);
    Ok(created(&format!("/analyses/{}", analysis.id), analysis))
}

/// Say that an analysis has ended.
///
/// Whoever started it says so, or whoever may write to one of its projects, as when it has stopped without saying so; once is enough.
#[utoipa::path(post, path = "/analyses/{analysis}/end", operation_id = "endAnalysis", tag = "Analyses",
    params(("analysis" = String, Path, description = "`ana_…`")),
    responses((status = 200, description = "The analysis", body = wire::Analysis)))]
async fn end(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<AnalysisId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Analysis>, Failure> {
    let call = call(&app, &signed, &taken);
    let own = Context::Personal(signed.account());
    let command = Command::EndAnalysis { analysis: id };
    let done = app.directory().custody(own, call, command).await?;
    Ok(Json(analysis(&done)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// List the analyses that write to a project now.
///
/// Oldest first.
#[utoipa::path(get, path = "/projects/{project}/analyses", operation_id = "listAnalyses", tag = "Analyses",
    params(("project" = String, Path, description = "`prj_…`"), Page),
    responses((status = 200, description = "A page of analyses", body = wire::Page<wire::RunningAnalysis>)))]
async fn running(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(asked): Asked<Page>,
) -> Result<Json<wire::Page<wire::RunningAnalysis>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<AnalysisId> = cursor(asked.cursor.as_deref())?;
    let permit = permit(&app, signed.account(), (id, ItemKind::Project), Level::Read).await?;
    let (found, next) = custody::running(&settings, &permit, after, limit).await?;
    let names = names::people(&settings, found.iter().map(|one| one.started_by)).await?;
    let shown = |one: Analysis| wire::RunningAnalysis {
        id: one.id.to_string(),
        name: one.name,
        started_by: names.get(&one.started_by).cloned().unwrap_or_default(),
        started_at: one.started_at.to_string(),
    };
    Ok(Json(wire::Page {
        items: found.into_iter().map(shown).collect(),
        next_cursor: next.map(|id| id.to_string()),
    }))
}
