//! Workgroups: created, changed, their members and the invitations into them.

use std::collections::BTreeSet;
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

use crate::actors::invitation::{self, Command as Invitations, workgroup::Invite};
use crate::actors::listing;
use crate::actors::queries;
use crate::actors::workgroups::look::{self, Seen, Shown};
use crate::actors::workgroups::{self, Change, Command, New};
use crate::actors::world::{Call, Once, Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::governance::{self, Act};
use crate::domain::id::{AccountId, CommandId, Digest, InvitationId, WorkgroupId};
use crate::domain::invitation::{Invitation, Terms};
use crate::domain::policy::Domain;
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;
use crate::domain::workgroup::{Handle, Malformed, Membership, Role};
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Edge, Failure, guards};
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::read::{self, Problems};
use super::{Known, Nothing, show};

/// At most this many people are invited in one call.
const MAX_INVITED: usize = 100;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show_, change, close))
        .routes(routes!(members))
        .routes(routes!(change_member, remove_member))
        .routes(routes!(leave))
        .routes(routes!(invitations, invite))
        .routes(routes!(cancel))
        .routes(routes!(resend))
        .routes(routes!(hand_over))
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

fn invitation(invitation: Invitation, now: Time) -> wire::MemberInvitation {
    let role = match invitation.terms {
        Terms::Membership { role } => role,
        Terms::Workgroup | Terms::Ownership { .. } | Terms::Access { .. } => Role::Owner,
    };
    wire::MemberInvitation {
        id: invitation.id.to_string(),
        kind: invitation.terms.word().to_owned(),
        address: show::recipient(&invitation.recipient),
        role: role.word().to_owned(),
        state: show::state(&invitation, now).to_owned(),
        invited_by: invitation.sender.address.to_string(),
        message: invitation.message,
        invited_at: invitation.requested_at.to_string(),
        expires_at: invitation.expires_at.to_string(),
    }
}

/// A handle, or what is wrong with it.
fn handle_of(text: &str) -> Result<Handle, Refusal> {
    text.parse().map_err(|error: Malformed| {
        Refusal::field(
            "handle",
            error.to_string(),
            "choose a handle that reads well in a command",
        )
    })
}

fn role(text: &str) -> Result<Role, Refusal> {
    match text {
        "member" => Ok(Role::Member),
        "administrator" => Ok(Role::Administrator),
        other => Err(Refusal::field(
            "role",
            format!("\"{}\" is no role that can be given", short(other)),
            "choose member or administrator; an owner hands the workgroup over",
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

// ---- members ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paged {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// List the members of a workgroup.
#[utoipa::path(get, path = "/workgroups/{workgroup}/members", operation_id = "listMembers", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"), Paged),
    responses((status = 200, description = "A page of members", body = wire::Page<wire::Member>)))]
async fn members(
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
async fn change_member(
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
async fn remove_member(
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
async fn leave(
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

// ---- invitations ----

/// The workgroup, for somebody who may invite into it.
async fn inviting(settings: &Settings, account: AccountId, name: &str) -> Result<Seen, Failure> {
    let seen = look::named(settings, account, name).await?;
    let workgroup = &seen.workgroup.document;
    // Its invitations are looked at and ended even where the configuration file makes no new ones useful.
    let act = Act::Invite;
    match governance::forbids(workgroup, seen.standing, act).filter(|_| !workgroup.ruled) {
        Some(no) => Err(no.into()),
        None => Ok(seen),
    }
}

/// List the open invitations of a workgroup.
///
/// Into it, and to become its owner; newest first. For those who may invite.
#[utoipa::path(get, path = "/workgroups/{workgroup}/invitations", operation_id = "listMemberInvitations", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"), Paged),
    responses((status = 200, description = "A page of invitations", body = wire::Page<wire::MemberInvitation>)))]
async fn invitations(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(name): Named<String>,
    Asked(asked): Asked<Paged>,
) -> Result<Json<wire::Page<wire::MemberInvitation>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let from: Option<listing::Cursor> = cursor(asked.cursor.as_deref())?;
    let seen = look::named(&settings, signed.account(), &name).await?;
    let (found, next) = look::invitations(&settings, &seen, from, limit).await?;
    let now = app.directory().now();
    Ok(Json(wire::Page {
        items: found.into_iter().map(|one| invitation(one, now)).collect(),
        next_cursor: next.map(|cursor| cursor.to_string()),
    }))
}

/// The addresses in these texts, each once, in the order they were given.
fn addresses(texts: &[String]) -> Result<Vec<&str>, Refusal> {
    let separate = |c: char| matches!(c, ',' | ';' | '\n' | '\r');
    let all = texts.iter().flat_map(|text| text.split(separate));
    let mut seen = BTreeSet::new();
    let each = all
        .map(str::trim)
        .filter(|text| !text.is_empty() && seen.insert(text.to_lowercase()));
    let each: Vec<&str> = each.take(MAX_INVITED + 1).collect();
    match each.len() {
        0 => Err(Refusal::field(
            "addresses",
            "nobody is named",
            "name at least one address",
        )),
        n if n > MAX_INVITED => Err(Refusal::field(
            "addresses",
            format!("more than {MAX_INVITED} addresses are named"),
            "invite the others in a further request",
        )),
        _ => Ok(each),
    }
}

/// Invite people into a workgroup.
///
/// One invitation for each address. Each is made or refused by itself; the answer says what became of each.
#[utoipa::path(post, path = "/workgroups/{workgroup}/invitations", operation_id = "inviteMembers", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    request_body = wire::InviteMembers,
    responses((status = 200, description = "What became of each address", body = wire::InvitedMembers)))]
async fn invite(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(name): Named<String>,
    taken: Taken<wire::InviteMembers>,
) -> Result<Json<wire::InvitedMembers>, Failure> {
    let settings = app.settings();
    let call = call(&app, &signed, &taken);
    let ask = taken.what;
    let seen = look::named(&settings, signed.account(), &name).await?;
    let workgroup = &seen.workgroup.document;
    if let Some(no) = governance::forbids(workgroup, seen.standing, Act::Invite) {
        return Err(no.into());
    }
    let mut problems = Problems::default();
    let role = problems.keep(role(ask.role.as_deref().unwrap_or("member")));
    let addresses = problems.keep(addresses(&ask.addresses));
    let (role, addresses) = problems.unless_any(role.zip(addresses))?;
    let lifetime_ms = ask.expires_in_days.map(read::lifetime_ms);
    let mut items = Vec::with_capacity(addresses.len());
    for text in addresses {
        let invite = |to| Invite {
            workgroup: workgroup.id,
            to,
            role: Some(role),
            message: ask.message.clone(),
            lifetime_ms,
        };
        let one = Call {
            command: call.command.map(|once| part(once, text)),
            ..call
        };
        let (invitation, guards) = match app.limiters().transfer(signed.account()) {
            Ok(()) => one_invited(&app, one, text, invite).await?,
            Err(wait) => (None, wait.told().guards().to_vec()),
        };
        items.push(wire::Invited {
            address: short(text),
            invitation,
            guards,
        });
    }
    Ok(Json(wire::InvitedMembers { items }))
}

/// The invitation of one address, or every reason why not.
async fn one_invited(
    app: &App,
    call: Call,
    text: &str,
    invite: impl Fn(Address) -> Invite,
) -> Result<(Option<wire::MemberInvitation>, Vec<wire::Guard>), Failure> {
    let outcome = match text.parse::<Address>() {
        Ok(to) => sent(app, call, invite(to)).await,
        Err(error) => Err(Trouble::from(Refusal::field(
            "addresses",
            error.to_string(),
            "name a whole address",
        ))),
    };
    match outcome {
        Ok(done) => Ok((Some(invitation(done.transfer, call.at)), Vec::new())),
        Err(Trouble::Refused(why)) => Ok((None, guards(why.blocks))),
        Err(Trouble::Fault(fault)) => Err(fault.into()),
    }
}

/// What makes the part of a repeated request that is about this address a repetition.
fn part(once: Once, address: &str) -> Once {
    let mut bytes = once.id.bits().to_be_bytes().to_vec();
    bytes.extend_from_slice(address.as_bytes());
    Once {
        id: CommandId::from_bits(Digest::of(&bytes).0),
        says: once.says,
    }
}

async fn sent(app: &App, call: Call, invite: Invite) -> Result<invitation::Done, Trouble> {
    let id = InvitationId::made(app.settings().ids.fresh(call.at), false);
    app.directory()
        .transfer(id, call, Invitations::Invite(invite))
        .await
}

/// An invitation of this workgroup, for somebody who may invite into it.
async fn of_this(
    app: &App,
    account: AccountId,
    workgroup: &str,
    id: InvitationId,
) -> Result<(), Failure> {
    let settings = app.settings();
    let seen = inviting(&settings, account, workgroup).await?;
    let found = queries::transfer(&settings, &seen.person.account, id).await?;
    let of = invitation::workgroup::workgroup_of(&found.transfer.document);
    if of == Some(seen.workgroup.document.id) {
        Ok(())
    } else {
        Err(Invitation::not_found(id).into())
    }
}

async fn act(
    app: &App,
    id: InvitationId,
    call: Call,
    command: Invitations,
) -> Result<Json<wire::MemberInvitation>, Failure> {
    let done = app.directory().transfer(id, call, command).await?;
    Ok(Json(invitation(done.transfer, call.at)))
}

/// Cancel an invitation of a workgroup.
#[utoipa::path(post, path = "/workgroups/{workgroup}/invitations/{invitation}/cancel", operation_id = "cancelMemberInvitation", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"), ("invitation" = String, Path, description = "`inv_…`")),
    responses((status = 200, description = "Cancelled", body = wire::MemberInvitation)))]
async fn cancel(
    State(app): State<App>,
    signed: Signed<Write>,
    Inside(workgroup, id): Inside<InvitationId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::MemberInvitation>, Failure> {
    of_this(&app, signed.account(), &workgroup, id).await?;
    act(&app, id, call(&app, &signed, &taken), Invitations::Cancel).await
}

/// Mail an invitation of a workgroup again.
#[utoipa::path(post, path = "/workgroups/{workgroup}/invitations/{invitation}/resend", operation_id = "resendMemberInvitation", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`"), ("invitation" = String, Path, description = "`inv_…`")),
    responses((status = 200, description = "It will be mailed", body = wire::MemberInvitation)))]
async fn resend(
    State(app): State<App>,
    signed: Signed<Write>,
    Inside(workgroup, id): Inside<InvitationId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::MemberInvitation>, Failure> {
    of_this(&app, signed.account(), &workgroup, id).await?;
    act(&app, id, call(&app, &signed, &taken), Invitations::Resend).await
}

/// Hand a workgroup over.
///
/// To one of its administrators, who becomes its owner by accepting; whoever owned it stays as administrator.
#[utoipa::path(post, path = "/workgroups/{workgroup}/hand-over", operation_id = "handOverWorkgroup", tag = "Workgroups",
    params(("workgroup" = String, Path, description = "Its handle, or `wg_…`")),
    request_body = wire::HandOverWorkgroup,
    responses((status = 201, description = "The offer", body = wire::MemberInvitation)))]
async fn hand_over(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(name): Named<String>,
    taken: Taken<wire::HandOverWorkgroup>,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let call = call(&app, &signed, &taken);
    let ask = taken.what;
    let seen = look::named(&settings, signed.account(), &name).await?;
    let workgroup = &seen.workgroup.document;
    if let Some(no) = governance::forbids(workgroup, seen.standing, Act::HandOver) {
        return Err(no.into());
    }
    let heir = look::account_named(&settings, &seen, &ask.to).await?;
    let account = queries::account(&settings, heir).await;
    let none = || governance::no_member(workgroup, &format!("\"{}\" does", short(&ask.to)));
    let to = account.ok().and_then(|account| account.primary().cloned());
    app.limiters().transfer(signed.account())?;
    let invite = Invite {
        workgroup: workgroup.id,
        to: to.ok_or_else(none)?,
        role: None,
        message: ask.message,
        lifetime_ms: ask.expires_in_days.map(read::lifetime_ms),
    };
    let done = sent(&app, call, invite).await?;
    let offer = invitation(done.transfer, call.at);
    Ok(created(&format!("/invitations/{}", offer.id), offer))
}
