//! Sharing: who is invited to an item, who works with it, and what is shared with the caller.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::collaborators::{self, Collaborator, Cursor, Shared};
use crate::actors::invitation::{self, Command, To};
use crate::actors::queries;
use crate::actors::rights;
use crate::actors::sharing::{self, Done};
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId, ItemKind};
use crate::domain::invitation::Request;
use crate::domain::refusal::Refusal;
use crate::domain::rights::Level;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Failure, guards};
use crate::web::take::{Asked, Both, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::invitations::{answer, call, shown};
use super::{Known, Nothing, preview, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview_))
        .routes(routes!(request))
        .routes(routes!(shared))
        .routes(routes!(of_run))
        .routes(routes!(of_project))
        .routes(routes!(change_of_run, revoke_of_run))
        .routes(routes!(change_of_project, revoke_of_project))
        .routes(routes!(leave_run))
        .routes(routes!(leave_project))
}

// ---- inviting ----

/// What is asked for, with the projects of the runs where they are asked for too.
pub async fn completed(
    app: &App,
    person: AccountId,
    (mut ask, to): (Request, Option<To>),
    with_projects: bool,
) -> Result<(Request, Option<To>), Failure> {
    if with_projects {
        let settings = app.settings();
        let now = app.directory().now();
        // More than can be offered are refused as they are.
        if ask.items.len() <= settings.policy.max_items {
            ask.items = collaborators::with_projects(&settings, person, &ask.items, now).await?;
        }
    }
    Ok((ask, to))
}

async fn asked(
    app: &App,
    person: AccountId,
    ask: wire::RequestShare,
    preview: bool,
) -> Result<(Request, Option<To>), Failure> {
    let with_projects = ask.associated_projects;
    completed(app, person, read::share(ask, preview)?, with_projects).await
}

/// Preview a share.
///
/// What would be shared, who would see what, and everything in its way. Nothing is changed. The recipient may be left out.
#[utoipa::path(post, path = "/shares/preview", operation_id = "previewShare", tag = "Sharing",
    request_body = wire::RequestShare,
    responses((status = 200, description = "What would happen", body = wire::SharePreview)))]
async fn preview_(
    State(app): State<App>,
    signed: Signed<Read>,
    taken: Taken<wire::RequestShare>,
) -> Result<Json<wire::SharePreview>, Failure> {
    let (ask, to) = asked(&app, signed.account(), taken.what, true).await?;
    let call = app.directory().call(signed.by(), None);
    let found = invitation::preview(app.directory(), &call, &ask, to.as_ref()).await?;
    let has_recipient = to.is_some();
    let settings = app.settings();
    let shown =
        preview::of_share(&settings, signed.account(), found, has_recipient, call.at).await?;
    Ok(Json(shown))
}

/// Share runs and projects.
///
/// Somebody, or a workgroup, is invited to look at them or to work on them, and is told by email; the owner stays the owner. Whoever
/// accepts chooses the context that has the access.
#[utoipa::path(post, path = "/shares", operation_id = "requestShare", tag = "Sharing",
    request_body = wire::RequestShare,
    responses((status = 201, description = "The invitation", body = wire::InvitationAnswer)))]
async fn request(
    State(app): State<App>,
    signed: Signed<Write>,
    taken: Taken<wire::RequestShare>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let (ask, to) = asked(&app, signed.account(), taken.what, false).await?;
    let to =
        to.ok_or_else(|| Refusal::field("recipient", "nobody is named", "name a recipient"))?;
    app.writes(&call).await?;
    let id = InvitationId::made(app.settings().ids.fresh(call.at), false);
    let command = Command::Request { ask, to };
    let done = app.directory().transfer(id, call, command).await?;
    let answer = answer(done, call.at);
    let place = format!("/invitations/{}", answer.invitation.id);
    Ok(created(&place, answer))
}

// ---- what is shared with the caller ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct With {
    /// With which context: `personal`, a handle, a workgroup's name or an id; by default all of the caller's.
    context: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// List what is shared with you.
///
/// By context, `personal` first. What its owner has put into the trash is not among it. A page may hold fewer than `limit` and still
/// have a next one.
#[utoipa::path(get, path = "/shared-with-me", operation_id = "listShared", tag = "Sharing", params(With),
    responses((status = 200, description = "A page of items", body = wire::Page<wire::SharedItem>)))]
async fn shared(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<With>,
) -> Result<Json<wire::Page<wire::SharedItem>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let from: Option<Cursor> = cursor(asked.cursor.as_deref())?;
    let account = queries::account(&settings, signed.account()).await?;
    let mut contexts = rights::own_contexts(&settings, &account).await?;
    if let Some(name) = &asked.context {
        let named = queries::named_context(&settings, signed.account(), name).await?;
        contexts.retain(|own| own.context() == named);
        if contexts.is_empty() {
            return Err(Trouble::from(crate::domain::rights::not_yours(named)).into());
        }
    }
    let now = app.directory().now();
    let (all, next) = collaborators::shared_with(&settings, &contexts, from, now, limit).await?;
    let item = |shared: Shared| wire::SharedItem {
        item: show::item(shared.item),
        owner_name: shared.owner_name,
        context: shared.context.to_string(),
        level: show::level(shared.part.level).to_owned(),
        since: shared.part.since.to_string(),
        until: shared.part.until.map(|until| until.to_string()),
    };
    Ok(Json(wire::Page {
        items: all.into_iter().map(item).collect(),
        next_cursor: next.map(|cursor| cursor.to_string()),
    }))
}

// ---- collaborators ----

/// An id that stands where runs are named names a run, and the same for projects.
pub fn of_kind(settings: &Settings, id: ItemId, kind: ItemKind) -> Result<ItemId, Failure> {
    if id.kind() == kind {
        Ok(id)
    } else {
        Err(Trouble::from(rights::no_such_item(settings, id)).into())
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

async fn listed(
    app: &App,
    person: AccountId,
    (id, kind): (ItemId, ItemKind),
    asked: &Which,
) -> Result<wire::Collaborators, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<Context> = cursor(asked.cursor.as_deref())?;
    let id = of_kind(&settings, id, kind)?;
    let now = app.directory().now();
    let permit = rights::permit(&settings, person, id, Level::Own, now).await?;
    let all = match permit.as_owner() {
        Some(owning) => collaborators::of(&settings, owning, after, limit, now).await?,
        None => return Err(Trouble::from(rights::no_such_item(&settings, id)).into()),
    };
    let collaborator = |one: Collaborator| wire::Collaborator {
        context: one.context.to_string(),
        name: one.name,
        level: show::level(one.part.level).to_owned(),
        accepted_by: one.part.accepted_by.to_string(),
        accepted_by_name: one.accepted_by,
        accepted_by_address: one.address.map(|address| address.to_string()),
        since: one.part.since.to_string(),
        until: one.part.until.map(|until| until.to_string()),
        origin: show::origin(one.part.origin),
    };
    Ok(wire::Collaborators {
        collaborators: all.granted.into_iter().map(collaborator).collect(),
        pending: all.pending.into_iter().map(|one| shown(one, now)).collect(),
        next_cursor: all.next.map(|context| context.to_string()),
    })
}

async fn carry_out(
    app: &App,
    call: Call,
    (id, kind): (ItemId, ItemKind),
    command: sharing::Command,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let id = of_kind(&app.settings(), id, kind)?;
    let done = app.directory().sharing(id, call, command).await?;
    let Done {
        already, warnings, ..
    } = done;
    Ok(Json(wire::AccessAnswer {
        already,
        warnings: guards(warnings),
    }))
}

async fn leave(
    app: &App,
    signed: &Signed<Write>,
    taken: Taken<wire::LeaveItem>,
    of: (ItemId, ItemKind),
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let call = call(app, signed, &taken);
    let name = taken.what.context.as_deref().unwrap_or("personal");
    let grantee = queries::named_context(&app.settings(), signed.account(), name).await?;
    carry_out(app, call, of, sharing::Command::Leave { grantee }).await
}

// ---- of runs ----

/// List who works with a run.
///
/// Contexts that have access, a page of them, and on the first page the invitations that wait for an answer. For its owner. A page may
/// hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/runs/{run}/collaborators", operation_id = "listCollaboratorsOfRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`"), Which),
    responses((status = 200, description = "A page of collaborators", body = wire::Collaborators)))]
async fn of_run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(asked): Asked<Which>,
    known: Known,
) -> Result<Response, Failure> {
    let of = (id, ItemKind::Run);
    let all = listed(&app, signed.account(), of, &asked).await?;
    Ok(known.document(&all))
}

/// Change what a collaborator of a run may do, or until when.
#[utoipa::path(patch, path = "/runs/{run}/collaborators/{context}", operation_id = "changeAccessToRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`"), ("context" = String, Path, description = "`acc_…` or `wg_…`")),
    request_body = wire::ChangeAccess,
    responses((status = 200, description = "Changed", body = wire::AccessAnswer)))]
async fn change_of_run(
    State(app): State<App>,
    signed: Signed<Write>,
    Both(id, grantee): Both<ItemId, Context>,
    taken: Taken<wire::ChangeAccess>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let (level, until) = read::change(&taken.what)?;
    let command = sharing::Command::Change {
        grantee,
        level,
        until,
    };
    carry_out(&app, call, (id, ItemKind::Run), command).await
}

/// Revoke a collaborator's access to a run.
///
/// At once; they are told by email.
#[utoipa::path(delete, path = "/runs/{run}/collaborators/{context}", operation_id = "revokeAccessToRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`"), ("context" = String, Path, description = "`acc_…` or `wg_…`")),
    responses((status = 200, description = "Revoked", body = wire::AccessAnswer)))]
async fn revoke_of_run(
    State(app): State<App>,
    signed: Signed<Write>,
    Both(id, grantee): Both<ItemId, Context>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let command = sharing::Command::Revoke { grantee };
    carry_out(&app, call, (id, ItemKind::Run), command).await
}

/// Give up the access to a run.
///
/// Of `personal` by default; of a workgroup its administrators.
#[utoipa::path(post, path = "/runs/{run}/leave", operation_id = "leaveRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`")),
    request_body = wire::LeaveItem,
    responses((status = 200, description = "Given up", body = wire::AccessAnswer)))]
async fn leave_run(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<ItemId>,
    taken: Taken<wire::LeaveItem>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    leave(&app, &signed, taken, (id, ItemKind::Run)).await
}

// ---- of projects ----

/// List who works with a project.
///
/// Contexts that have access, a page of them, and on the first page the invitations that wait for an answer. For its owner. A page may
/// hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/projects/{project}/collaborators", operation_id = "listCollaboratorsOfProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`"), Which),
    responses((status = 200, description = "A page of collaborators", body = wire::Collaborators)))]
async fn of_project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(asked): Asked<Which>,
    known: Known,
) -> Result<Response, Failure> {
    let of = (id, ItemKind::Project);
    let all = listed(&app, signed.account(), of, &asked).await?;
    Ok(known.document(&all))
}

/// Change what a collaborator of a project may do, or until when.
#[utoipa::path(patch, path = "/projects/{project}/collaborators/{context}", operation_id = "changeAccessToProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`"), ("context" = String, Path, description = "`acc_…` or `wg_…`")),
    request_body = wire::ChangeAccess,
    responses((status = 200, description = "Changed", body = wire::AccessAnswer)))]
async fn change_of_project(
    State(app): State<App>,
    signed: Signed<Write>,
    Both(id, grantee): Both<ItemId, Context>,
    taken: Taken<wire::ChangeAccess>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let (level, until) = read::change(&taken.what)?;
    let command = sharing::Command::Change {
        grantee,
        level,
        until,
    };
    carry_out(&app, call, (id, ItemKind::Project), command).await
}

/// Revoke a collaborator's access to a project.
///
/// At once; they are told by email.
#[utoipa::path(delete, path = "/projects/{project}/collaborators/{context}", operation_id = "revokeAccessToProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`"), ("context" = String, Path, description = "`acc_…` or `wg_…`")),
    responses((status = 200, description = "Revoked", body = wire::AccessAnswer)))]
async fn revoke_of_project(
    State(app): State<App>,
    signed: Signed<Write>,
    Both(id, grantee): Both<ItemId, Context>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let command = sharing::Command::Revoke { grantee };
    carry_out(&app, call, (id, ItemKind::Project), command).await
}

/// Give up the access to a project.
///
/// Of `personal` by default; of a workgroup its administrators.
#[utoipa::path(post, path = "/projects/{project}/leave", operation_id = "leaveProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`")),
    request_body = wire::LeaveItem,
    responses((status = 200, description = "Given up", body = wire::AccessAnswer)))]
async fn leave_project(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<ItemId>,
    taken: Taken<wire::LeaveItem>,
) -> Result<Json<wire::AccessAnswer>, Failure> {
    leave(&app, &signed, taken, (id, ItemKind::Project)).await
}
