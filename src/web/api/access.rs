//! Who can see this, and why; and what can this person see.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::access::{self, Cursor, Granted, Seer, Sight, Whom};
use crate::actors::rights;
use crate::actors::world::Trouble;
use crate::domain::account::{Scope, Token};
use crate::domain::id::{AccountId, ItemId, ItemKind};
use crate::domain::rights::{Level, Reason};
use crate::web::App;
use crate::web::auth::{Read, Signed};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, cursor, limit};
use crate::wire;

use super::show;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(run))
        .routes(routes!(project))
        .routes(routes!(right_on_run))
        .routes(routes!(right_on_project))
        .routes(routes!(person))
}

async fn seers(
    app: &App,
    person: AccountId,
    id: ItemId,
    kind: ItemKind,
) -> Result<Json<wire::ItemAccess>, Failure> {
    let settings = app.settings();
    let now = app.directory().now();
    let none = || Trouble::from(rights::no_such_item(&settings, id));
    if id.kind() != kind {
        return Err(none().into());
    }
    let permit = rights::permit(&settings, person, id, Level::Own, now).await?;
    let seers = access::seers(&settings, permit.as_owner().ok_or_else(none)?, now).await?;
    let seer = |seer: &Seer| wire::Seer {
        name: seer.name.clone(),
        people: seer.people as u64,
        more_people: seer.more_people,
        reason: show::reason(&seer.reason),
    };
    Ok(Json(wire::ItemAccess {
        item: id.to_string(),
        seers: seers.all.iter().map(seer).collect(),
        more: seers.more,
    }))
}

/// Show who can see a run, and why.
///
/// For the owner's side.
#[utoipa::path(get, path = "/runs/{run}/access", operation_id = "showRunAccess", tag = "Access",
    params(("run" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "Everybody who can see it", body = wire::ItemAccess)))]
async fn run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::ItemAccess>, Failure> {
    seers(&app, signed.account(), id, ItemKind::Run).await
}

/// Show who can see a project, and why.
///
/// For the owner's side.
#[utoipa::path(get, path = "/projects/{project}/access", operation_id = "showProjectAccess", tag = "Access",
    params(("project" = String, Path, description = "`prj_…`")),
    responses((status = 200, description = "Everybody who can see it", body = wire::ItemAccess)))]
async fn project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::ItemAccess>, Failure> {
    seers(&app, signed.account(), id, ItemKind::Project).await
}

// ---- one's own right ----

async fn right(
    app: &App,
    token: &Token,
    id: ItemId,
    kind: ItemKind,
) -> Result<Json<wire::ItemRight>, Failure> {
    let settings = app.settings();
    let none = || Trouble::from(rights::no_such_item(&settings, id));
    if id.kind() != kind {
        return Err(none().into());
    }
    let right = rights::effective(&settings, token.account, id, app.directory().now()).await?;
    let right = right.ok_or_else(none)?;
    // Whoever asks on behalf of a token may do no more than the token.
    let most = match token.scopes.contains(&Scope::Write) {
        true => Level::Own,
        false => Level::Read,
    };
    Ok(Json(wire::ItemRight {
        item: id.to_string(),
        level: show::level(right.level().min(most)).to_owned(),
        why: right.reasons().iter().map(show::reason).collect(),
    }))
}

/// Show what one may do with a run, and why.
///
/// For services beside Handover that keep the data: they ask with the token of whoever wants it.
#[utoipa::path(get, path = "/runs/{run}/right", operation_id = "showRunRight", tag = "Access",
    params(("run" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "The level, and every reason", body = wire::ItemRight)))]
async fn right_on_run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::ItemRight>, Failure> {
    right(&app, signed.token(), id, ItemKind::Run).await
}

/// Show what one may do with a project, and why.
///
/// For services beside Handover that keep the data: they ask with the token of whoever wants it.
#[utoipa::path(get, path = "/projects/{project}/right", operation_id = "showProjectRight", tag = "Access",
    params(("project" = String, Path, description = "`prj_…`")),
    responses((status = 200, description = "The level, and every reason", body = wire::ItemRight)))]
async fn right_on_project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::ItemRight>, Failure> {
    right(&app, signed.token(), id, ItemKind::Project).await
}

// ---- people ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Grants {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// Show what a person can see.
///
/// For administrators of the domain that the person lives in.
#[utoipa::path(get, path = "/admin/people/{person}/access", operation_id = "showPersonAccess", tag = "Access",
    params(("person" = String, Path, description = "`acc_…`, or a verified address"), Grants),
    responses((status = 200, description = "Their contexts, and a page of what these were granted", body = wire::PersonAccess)))]
async fn person(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(whom): Named<Whom>,
    Asked(asked): Asked<Grants>,
) -> Result<Json<wire::PersonAccess>, Failure> {
    let page: (Option<Cursor>, usize) = (cursor(asked.cursor.as_deref())?, limit(asked.limit)?);
    let now = app.directory().now();
    let sight = access::sight(&app.settings(), signed.account(), &whom, page, now).await?;
    Ok(Json(shown(sight)))
}

fn shown(sight: Sight) -> wire::PersonAccess {
    let domain = |domain: &crate::domain::policy::Domain| domain.name().to_owned();
    wire::PersonAccess {
        account: sight.account.id.to_string(),
        name: sight.account.name,
        addresses: sight
            .account
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect(),
        domain: domain(&sight.account.domain),
        administers: sight.administers.iter().map(domain).collect(),
        contexts: sight.contexts.into_iter().map(show::context).collect(),
        items: sight.granted.into_iter().map(granted).collect(),
        next_cursor: sight.next.map(|next| next.to_string()),
    }
}

fn granted(granted: Granted) -> wire::GrantedItem {
    let context = granted.context;
    let parts = granted.parts.into_iter();
    wire::GrantedItem {
        id: granted.item.to_string(),
        name: granted.name,
        owner: granted.owner.map(|owner| owner.to_string()),
        reasons: parts
            .map(|part| show::reason(&Reason::Granted(context, part)))
            .collect(),
    }
}
