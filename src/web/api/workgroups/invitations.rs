//! The invitations into a workgroup, and the offer of the workgroup itself.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::Response;

use crate::actors::invitation::{self, Command as Invitations, workgroup::Invite};
use crate::actors::listing;
use crate::actors::queries;
use crate::actors::workgroups::look::{self, Seen};
use crate::actors::world::{Call, Once, Settings, Trouble};
use crate::domain::address::Address;
use crate::domain::governance::{self, Act};
use crate::domain::id::{AccountId, CommandId, Digest, InvitationId};
use crate::domain::invitation::{Invitation, Terms};
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::web::App;
use crate::web::api::account::created;
use crate::web::api::read::{self, Problems};
use crate::web::api::{Nothing, show};
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Failure, guards};
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::members::Paged;
use super::{Inside, call, role, short};

/// At most this many people are invited in one call.
const MAX_INVITED: usize = 100;

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
        state: invitation.word_at(now).to_owned(),
        invited_by: invitation.sender.address.to_string(),
        message: invitation.message,
        invited_at: invitation.requested_at.to_string(),
        expires_at: invitation.expires_at.to_string(),
    }
}

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
pub(super) async fn invitations(
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
pub(in crate::web) fn addresses(texts: &[String]) -> Result<Vec<&str>, Refusal> {
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
            said!("nobody is named"),
            said!("name at least one address"),
        )),
        n if n > MAX_INVITED => Err(Refusal::field(
            "addresses",
            said!("more than {most} addresses are named", most = MAX_INVITED),
            said!("invite the others in a further request"),
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
pub(super) async fn invite(
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
    let invite = |to| Invite {
        workgroup: workgroup.id,
        to,
        role: Some(role),
        message: ask.message.clone(),
        lifetime_ms,
    };
    let items = each_invited(&app, call, &addresses, invite).await?;
    Ok(Json(wire::InvitedMembers { items }))
}

/// What becomes of each of these addresses, in their order.
pub(in crate::web) async fn each_invited(
    app: &App,
    call: Call,
    addresses: &[&str],
    invite: impl Fn(Address) -> Invite,
) -> Result<Vec<wire::Invited>, Failure> {
    let mut all = Vec::with_capacity(addresses.len());
    for text in addresses {
        let one = Call {
            command: call.command.map(|once| part(once, text)),
            ..call
        };
        let (invitation, guards) = match app.writes(&one).await {
            Ok(()) => one_invited(app, one, text, &invite).await?,
            Err(wait) => (None, wait.told().guards().to_vec()),
        };
        all.push(wire::Invited {
            address: short(text),
            invitation,
            guards,
        });
    }
    Ok(all)
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
            error.said(),
            said!("name a whole address"),
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
pub(in crate::web) async fn of_this(
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
pub(super) async fn cancel(
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
pub(super) async fn resend(
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
pub(super) async fn hand_over(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(name): Named<String>,
    taken: Taken<wire::HandOverWorkgroup>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let seen = look::named(&app.settings(), signed.account(), &name).await?;
    let offer = handed_over(&app, call, &seen, taken.what).await?;
    Ok(created(&format!("/invitations/{}", offer.id), offer))
}

/// Offers a workgroup itself to one of its administrators.
pub(in crate::web) async fn handed_over(
    app: &App,
    call: Call,
    seen: &Seen,
    ask: wire::HandOverWorkgroup,
) -> Result<wire::MemberInvitation, Failure> {
    let settings = app.settings();
    let workgroup = &seen.workgroup.document;
    if let Some(no) = governance::forbids(workgroup, seen.standing, Act::HandOver) {
        return Err(no.into());
    }
    let heir = look::account_named(&settings, seen, &ask.to).await?;
    let account = queries::account(&settings, heir).await;
    let none = || governance::no_member_called(workgroup, &short(&ask.to));
    let to = account.ok().and_then(|account| account.primary().cloned());
    app.writes(&call).await?;
    let invite = Invite {
        workgroup: workgroup.id,
        to: to.ok_or_else(none)?,
        role: None,
        message: ask.message,
        lifetime_ms: ask.expires_in_days.map(read::lifetime_ms),
    };
    let done = sent(app, call, invite).await?;
    Ok(invitation(done.transfer, call.at))
}
