//! Moving everything of somebody who leaves: for administrators of a domain or of the site, two together.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::moves::{self, Decision, New, Preview};
use crate::actors::rights;
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::MoveId;
use crate::domain::index::Phase;
use crate::domain::moving::{Move, State as Stands};
use crate::domain::refusal::Refusal;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::{Read, Signed};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::asks::Acts;
use super::{Known, Nothing, named, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, propose))
        .routes(routes!(preview))
        .routes(routes!(show_))
        .routes(routes!(approve))
        .routes(routes!(cancel))
}

fn shown(one: Move) -> wire::Move {
    let approved = one.state.approved();
    wire::Move {
        id: one.id.to_string(),
        state: one.state.word().to_owned(),
        from: one.from.to_string(),
        to: one.to.to_string(),
        proposed_by: one.proposed.address.to_string(),
        proposed_at: one.proposed.at.to_string(),
        approved_by: approved.map(|by| by.address.to_string()),
        approved_at: approved.map(|by| by.at.to_string()),
        ended_at: match &one.state {
            Stands::Proposed | Stands::Moving { .. } => None,
            Stands::Done { at, .. } => Some(at.to_string()),
            Stands::Cancelled { by, .. } => Some(by.at.to_string()),
        },
        from_name: one.from_name,
        to_name: one.to_name,
        reason: one.reason,
        items: one.items,
        bytes: one.bytes,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// `open` (default) or `closed`.
    state: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// List moves.
///
/// Those the caller may decide about, newest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/admin/moves", operation_id = "listMoves", tag = "Administration", params(Listed),
    responses((status = 200, description = "A page of moves", body = wire::Page<wire::Move>)))]
async fn list(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Listed>,
) -> Result<Json<wire::Page<wire::Move>>, Failure> {
    let limit = limit(asked.limit)?;
    let after: Option<MoveId> = cursor(asked.cursor.as_deref())?;
    let phase = match asked.state.as_deref() {
        None | Some("open") => Phase::Open,
        Some("closed") => Phase::Closed,
        Some(_) => {
            return Err(Refusal::field(
                "state",
                "moves are listed as open or closed",
                "choose open or closed",
            )
            .into());
        }
    };
    let call = app.directory().call(signed.by(), None);
    let (found, next) = moves::list(&app.settings(), &call, phase, after, limit).await?;
    Ok(Json(wire::Page {
        items: found.into_iter().map(shown).collect(),
        next_cursor: next.map(|id| id.to_string()),
    }))
}

/// Propose a move.
///
/// Of everything a person or workgroup owns to another context. Nothing moves before a second administrator has approved it.
#[utoipa::path(post, path = "/admin/moves", operation_id = "proposeMove", tag = "Administration",
    request_body = wire::ProposeMove,
    responses((status = 201, description = "The proposal", body = wire::Move)))]
async fn propose(acts: Acts, taken: Taken<wire::ProposeMove>) -> Result<Response, Failure> {
    let settings = acts.app.settings();
    let call = acts.call(&taken);
    let new = new(&settings, taken.what).await?;
    let made = shown(moves::propose(acts.app.directory(), &call, &new).await?);
    Ok(created(&format!("/admin/moves/{}", made.id), made))
}

async fn new(settings: &Settings, ask: wire::ProposeMove) -> Result<New, Fault> {
    Ok(New {
        from: moves::named(settings, &ask.from).await?,
        to: moves::named(settings, &ask.to).await?,
        reason: ask.reason,
    })
}

/// Preview a move.
///
/// What a proposal would move. It changes nothing.
#[utoipa::path(post, path = "/admin/moves/preview", operation_id = "previewMove", tag = "Administration",
    request_body = wire::ProposeMove,
    responses((status = 200, description = "What would move", body = wire::MovePreview)))]
async fn preview(
    State(app): State<App>,
    signed: Signed<Read>,
    taken: Taken<wire::ProposeMove>,
) -> Result<Json<wire::MovePreview>, Failure> {
    let settings = app.settings();
    let call = app.directory().call(signed.by(), None);
    let new = new(&settings, taken.what).await?;
    let found = moves::preview(&settings, &call, &new).await?;
    Ok(Json(seen(&app, &signed, found).await?))
}

/// A preview, with the items that the caller may see.
async fn seen(
    app: &App,
    signed: &Signed<Read>,
    found: Preview,
) -> Result<wire::MovePreview, Trouble> {
    let now = app.directory().now();
    let permits = rights::permits(&app.settings(), signed.account(), &found.items, now).await?;
    let ((runs, more_runs), (projects, more_projects)) = (found.runs, found.projects);
    Ok(wire::MovePreview {
        from: found.from.0.to_string(),
        from_name: found.from.1,
        to: found.to.0.to_string(),
        to_name: found.to.1,
        runs: runs as u64,
        projects: projects as u64,
        more: more_runs || more_projects,
        bytes: found.bytes,
        free: found.free,
        items: permits
            .iter()
            .flatten()
            .map(|permit| show::as_offered(permit.item()))
            .collect(),
    })
}

/// Show a move.
#[utoipa::path(get, path = "/admin/moves/{move}", operation_id = "showMove", tag = "Administration",
    params(("move" = String, Path, description = "`mv_…`")),
    responses((status = 200, description = "The move with what it would move and its history", body = wire::MovePage)))]
async fn show_(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<MoveId>,
    known: Known,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let call = app.directory().call(signed.by(), None);
    let (found, history) = moves::show(&settings, &call, id).await?;
    let preview = match moves::still_to_move(&settings, &found).await? {
        Some(preview) => Some(seen(&app, &signed, preview).await?),
        None => None,
    };
    Ok(known.document(&wire::MovePage {
        one: shown(found),
        preview,
        history: named::history(&settings, show::history(history)).await?,
    }))
}

/// Approve a move.
///
/// By another administrator than the one who proposed it. Open offers of the data are taken back, and then it moves, in steps of at
/// most 250 items. A move that stopped, because the target had no room, goes on when it is approved again.
#[utoipa::path(post, path = "/admin/moves/{move}/approve", operation_id = "approveMove", tag = "Administration",
    params(("move" = String, Path, description = "`mv_…`")),
    responses((status = 200, description = "The move as it is now", body = wire::Move)))]
async fn approve(
    acts: Acts,
    Named(id): Named<MoveId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Move>, Failure> {
    let call = acts.call(&taken);
    moves::decide(acts.app.directory(), &call, id, Decision::Approve).await?;
    // A task of its own: it goes on though whoever approved it has stopped waiting.
    let directory = acts.app.directory().clone();
    let moving = tokio::spawn(async move { moves::go_on(&directory, id, &call).await });
    let moved = moving
        .await
        .map_err(|error| Fault::retry(format!("a move broke an assertion and stopped: {error}")))?;
    Ok(Json(shown(moved?)))
}

/// Cancel a move.
///
/// What has moved by then stays where it is.
#[utoipa::path(post, path = "/admin/moves/{move}/cancel", operation_id = "cancelMove", tag = "Administration",
    params(("move" = String, Path, description = "`mv_…`")),
    responses((status = 200, description = "The move as it is now", body = wire::Move)))]
async fn cancel(
    acts: Acts,
    Named(id): Named<MoveId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Move>, Failure> {
    let call = acts.call(&taken);
    let ended = moves::decide(acts.app.directory(), &call, id, Decision::Cancel).await?;
    Ok(Json(shown(ended)))
}
