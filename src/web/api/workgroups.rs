//! Workgroups: created, changed, their members and the invitations into them.

pub(in crate::web) mod invitations;
mod members;

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::workgroups::look::{self, Seen, Shown};
use crate::actors::workgroups::{self, Change, Command, New};
use crate::actors::world::{Call, Settings};
use crate::domain::id::WorkgroupId;
use crate::domain::policy::Domain;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::workgroup::{Handle, Malformed, Role};
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Edge, Failure};
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::read::Problems;
use super::{Known, Nothing, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show_, change, close))
        .routes(routes!(members::members))
        .routes(routes!(members::change_member, members::remove_member))
        .routes(routes!(members::leave))
        .routes(routes!(invitations::invitations, invitations::invite))
        .routes(routes!(invitations::cancel))
        .routes(routes!(invitations::resend))
        .routes(routes!(invitations::hand_over))
}

/// Two names in the path: a workgroup's, and that of something in it.
struct Inside<T>(String, T);

impl<T: FromStr<Err: Display> + Send> FromRequestParts<App> for Inside<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let nothing = |why: String| {
            Failure::edge(
                Edge::RouteNotFound,
                format!("there is nothing at this path: {why}"),
                "check the id, or list what there is",
            )
        };
        let both = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((workgroup, text)) = both.map_err(|_| nothing("it is not text".to_owned()))?;
        let inside = text.parse().map_err(|e: T::Err| nothing(e.to_string()))?;
        Ok(Self(workgroup, inside))
    }
}

fn call<T>(app: &App, signed: &Signed<Write>, taken: &Taken<T>) -> Call {
    app.directory()
        .call(signed.by(), taken.once(signed.account()))
}

fn shown(shown: Shown) -> wire::Workgroup {
    let Shown {
        workgroup,
        role,
        quota,
        usage,
    } = shown;
    wire::Workgroup {
        id: workgroup.id.to_string(),
        handle: workgroup.handle.to_string(),
        tier: show::tier(workgroup.tier).to_owned(),
        name: workgroup.name,
        description: workgroup.description,
        domain: workgroup.domain.name().to_owned(),
        collaborative: workgroup.collaborative,
        configured: workgroup.ruled,
        role: role.map(|role| role.word().to_owned()),
        quota,
        usage,
        created_at: workgroup.created_at.to_string(),
    }
}

/// A handle, or what is wrong with it.
pub(in crate::web) fn handle_of(text: &str) -> Result<Handle, Refusal> {
    text.parse().map_err(|error: Malformed| {
        Refusal::field(
            "handle",
            error.said(),
            said!("choose a handle that reads well in a command"),
        )
    })
}

pub(in crate::web) fn role(text: &str) -> Result<Role, Refusal> {
    match text {
        "member" => Ok(Role::Member),
        "administrator" => Ok(Role::Administrator),
        other => Err(Refusal::field(
            "role",
            said!(
                "\"{role}\" is no role that can be given",
                role = short(other)
            ),
            said!("choose member or administrator; an owner hands the workgroup over"),
        )),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

// ---- the workgroup itself ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// All of this private domain, for those who administer it; by default those the caller belongs to.
    domain: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// List workgroups.
///
/// Those the caller belongs to, on one page; or, for its administrators, those of a domain.
#[utoipa::path(get, path = "/workgroups", operation_id = "listWorkgroups", tag = "Workgroups", params(Listed),
    responses((status = 200, description = "The workgroups", body = wire::Page<wire::Workgroup>)))]
async fn list(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Listed>,
) -> Result<Json<wire::Page<wire::Workgroup>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<WorkgroupId> = cursor(asked.cursor.as_deref())?;
    let (all, next) = match asked.domain {
        Some(name) => {
            let domain = Domain::named(&name);
            look::of_domain(&settings, signed.account(), &domain, after, limit).await?
        }
        None => (look::mine(&settings, signed.account()).await?, None),
    };
    Ok(Json(wire::Page {
        items: all.into_iter().map(shown).collect(),
        next_cursor: next.map(|id| id.to_string()),
    }))
}

/// Create a workgroup.
///
/// Its creator becomes its owner. Who may is the site's decision.
#[utoipa::path(post, path = "/workgroups", operation_id = "createWorkgroup", tag = "Workgroups",
    request_body = wire::CreateWorkgroup,
    responses((status = 201, description = "The workgroup", body = wire::Workgroup)))]
async fn create(
    State(app): State<App>,
    signed: Signed<Write>,
    taken: Taken<wire::CreateWorkgroup>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let ask = taken.what;
    let mut problems = Problems::default();
    let handle = problems.keep(handle_of(&ask.handle));
    let new = handle.map(|handle| New {
        name: ask.name.unwrap_or_else(|| handle.to_string()),
        handle,
        description: ask.description.unwrap_or_default(),
        domain: ask.domain.as_deref().map(Domain::named),
        collaborative: ask.collaborative,
    });
    let new = problems.unless_any(new)?;
    let workgroup = workgroups::create(app.directory(), &call, &new).await?;
    let made = look::shown(&app.settings(), workgroup, Some(Role::Owner)).await?;
    let place = format!("/workgroups/{}", made.workgroup.id);
    Ok(created(&place, shown(made)))
}

async fn page(settings: &Settings, seen: &Seen) -> Result<wire::Workgroup, Failure> {
    let workgroup = seen.workgroup.document.clone();
    Ok(shown(
        look::shown(settings, workgroup, seen.standing.role).await?,
    ))
}

/// Show a workgroup.
///
/// With its quota and what it uses of it.
#[utoipa::path(get, path = "/workgroups/{workgroup}", operation_id = "showWorkgroup", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    responses((status = 200, description = "The workgroup", body = wire::Workgroup)))]
async fn show_(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(name): Named<String>,
    known: Known,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let seen = look::named(&settings, signed.account(), &name).await?;
    Ok(known.document(&page(&settings, &seen).await?))
}

/// Change a workgroup.
///
/// What is left out stays as it is. Whether it is collaborative, and its domain, never change.
#[utoipa::path(patch, path = "/workgroups/{workgroup}", operation_id = "changeWorkgroup", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    request_body = wire::ChangeWorkgroup,
    responses((status = 200, description = "The workgroup as it is now", body = wire::Workgroup)))]
async fn change(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(name): Named<String>,
    taken: Taken<wire::ChangeWorkgroup>,
) -> Result<Json<wire::Workgroup>, Failure> {
    let settings = app.settings();
    let call = call(&app, &signed, &taken);
    if let Some(done) = workgroups::done_before(&settings, &call).await? {
        let seen = look::seen(&settings, signed.account(), done.id).await?;
        return Ok(Json(page(&settings, &seen).await?));
    }
    let id = named(&app, &signed, &name).await?;
    let ask = taken.what;
    let mut problems = Problems::default();
    let handle = ask.handle.as_deref();
    let handle = handle.and_then(|text| problems.keep(handle_of(text)));
    let change = problems.unless_any(Some(Change {
        name: ask.name,
        description: ask.description,
        handle,
    }))?;
    workgroups::handle(app.directory(), &call, id, &Command::Change(change)).await?;
    let seen = look::seen(&settings, signed.account(), id).await?;
    Ok(Json(page(&settings, &seen).await?))
}

async fn was_done(app: &App, call: &Call) -> Result<bool, Failure> {
    let done = workgroups::done_before(&app.settings(), call).await?;
    Ok(done.is_some())
}

async fn named(app: &App, signed: &Signed<Write>, name: &str) -> Result<WorkgroupId, Failure> {
    let seen = look::named(&app.settings(), signed.account(), name).await?;
    Ok(seen.workgroup.document.id)
}

/// Close a workgroup.
///
/// Its owner, or an administrator of its domain, while it owns nothing and no offer or invitation of it is open. Its members are
/// members no longer and its handle is free; that is final.
#[utoipa::path(delete, path = "/workgroups/{workgroup}", operation_id = "closeWorkgroup", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    responses((status = 204, description = "Closed")))]
async fn close(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(name): Named<String>,
    taken: Taken<Nothing>,
) -> Result<StatusCode, Failure> {
    let call = call(&app, &signed, &taken);
    if was_done(&app, &call).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let id = named(&app, &signed, &name).await?;
    workgroups::close(app.directory(), &call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
