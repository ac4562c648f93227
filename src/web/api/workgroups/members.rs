//! Who belongs to a workgroup, and as what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::actors::workgroups::look;
use crate::actors::workgroups::{self, Command};
use crate::domain::account::Account;
use crate::domain::id::{AccountId, WorkgroupId};
use crate::domain::workgroup::Membership;
use crate::web::App;
use crate::web::api::Nothing;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::{Inside, call, named, role, was_done};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paged {
    /// Where the last page ended.
    pub(super) cursor: Option<String>,
    /// 1 to 100, default 50.
    pub(super) limit: Option<u32>,
}

/// List the members of a workgroup.
#[utoipa::path(get, path = "/workgroups/{workgroup}/members", operation_id = "listMembers", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"), Paged),
    responses((status = 200, description = "A page of members", body = wire::Page<wire::Member>)))]
pub(super) async fn members(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(name): Named<String>,
    Asked(asked): Asked<Paged>,
) -> Result<Json<wire::Page<wire::Member>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let after: Option<AccountId> = cursor(asked.cursor.as_deref())?;
    let seen = look::named(&settings, signed.account(), &name).await?;
    let id = seen.workgroup.document.id;
    let (members, next) = look::members(&settings, id, after, limit).await?;
    let member = |(membership, account): (Membership, Account)| wire::Member {
        account: account.id.to_string(),
        address: account
            .primary()
            .map(ToString::to_string)
            .unwrap_or_default(),
        name: account.name,
        role: membership.role.word().to_owned(),
        since: membership.since.to_string(),
    };
    Ok(Json(wire::Page {
        items: members.into_iter().map(member).collect(),
        next_cursor: next.map(|id| id.to_string()),
    }))
}

async fn about_member(
    app: &App,
    signed: &Signed<Write>,
    (workgroup, who): (&str, &str),
) -> Result<(WorkgroupId, AccountId), Failure> {
    let settings = app.settings();
    let seen = look::named(&settings, signed.account(), workgroup).await?;
    let account = look::account_named(&settings, &seen, who).await?;
    Ok((seen.workgroup.document.id, account))
}

/// Change what a member is.
#[utoipa::path(patch, path = "/workgroups/{workgroup}/members/{account}", operation_id = "changeMember", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"),
        ("account" = String, Path, description = "The member: an address, or `acc_…`")),
    request_body = wire::ChangeMember,
    responses((status = 204, description = "They are that now")))]
pub(super) async fn change_member(
    State(app): State<App>,
    signed: Signed<Write>,
    Inside(workgroup, who): Inside<String>,
    taken: Taken<wire::ChangeMember>,
) -> Result<StatusCode, Failure> {
    let call = call(&app, &signed, &taken);
    if was_done(&app, &call).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (id, account) = about_member(&app, &signed, (&workgroup, &who)).await?;
    let role = role(&taken.what.role)?;
    let command = Command::ChangeRole { account, role };
    workgroups::handle(app.directory(), &call, id, &command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member.
///
/// They lose access at once; the data stays with the workgroup.
#[utoipa::path(delete, path = "/workgroups/{workgroup}/members/{account}", operation_id = "removeMember", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"),
        ("account" = String, Path, description = "The member: an address, or `acc_…`")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove_member(
    State(app): State<App>,
    signed: Signed<Write>,
    Inside(workgroup, who): Inside<String>,
    taken: Taken<Nothing>,
) -> Result<StatusCode, Failure> {
    let call = call(&app, &signed, &taken);
    if was_done(&app, &call).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (id, account) = about_member(&app, &signed, (&workgroup, &who)).await?;
    let command = Command::Remove { account };
    workgroups::handle(app.directory(), &call, id, &command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave a workgroup.
///
/// Access ends at once; the data stays with the workgroup. Its owner hands it over first.
#[utoipa::path(post, path = "/workgroups/{workgroup}/leave", operation_id = "leaveWorkgroup", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    responses((status = 204, description = "Left")))]
pub(super) async fn leave(
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
    workgroups::handle(app.directory(), &call, id, &Command::Leave).await?;
    Ok(StatusCode::NO_CONTENT)
}
