//! Invitations of every kind: transfers, shares, memberships, and workgroups that are handed over.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::invitation::{Command, Done, default_context};
use crate::actors::listing;
use crate::actors::queries::{self, Shown};
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::id::{Context, InvitationId};
use crate::domain::invitation::{Invitation, Recipient, Sought, State as Stands, Terms};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;
use crate::web::App;
use crate::web::auth::{Needs, Read, Signed, Write};
use crate::web::problem::{Failure, guards};
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::transfers::{boxes, phases};
use super::{Known, Nothing, named, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show_))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(cancel))
        .routes(routes!(resend))
        .routes(routes!(extend))
}

/// A call with what makes its repetition a repetition.
pub fn call<N: Needs, T>(app: &App, signed: &Signed<N>, taken: &Taken<T>) -> Call {
    app.directory()
        .call(signed.by(), taken.once(signed.account()))
}

/// An invitation as it stands at this moment.
pub fn shown(invitation: Invitation, now: Time) -> wire::Invitation {
    let (terms, keep) = (invitation.terms, invitation.terms.is_transfer());
    let of = show::transfer(invitation, now);
    let (level, until, role) = match terms {
        Terms::Access { level, until } => (Some(level), until, None),
        Terms::Membership { role } => (None, None, Some(role)),
        Terms::Ownership { .. } | Terms::Workgroup => (None, None, None),
    };
    wire::Invitation {
        id: of.id,
        kind: terms.word().to_owned(),
        state: of.state,
        source: of.source,
        source_name: of.source_name,
        sender_name: of.sender_name,
        sender_address: of.sender_address,
        recipient: of.recipient,
        items: of.items,
        bytes: of.bytes,
        message: of.message,
        level: level.map(|level| level.word().to_owned()),
        until: until.map(|until| until.to_string()),
        role: role.map(|role| role.word().to_owned()),
        keep_access: keep.then_some(of.keep_access),
        requested_at: of.requested_at,
        expires_at: of.expires_at,
        ended_at: of.ended_at,
        accepted_into: of.accepted_into,
        accepted_into_name: of.accepted_into_name,
        reason: of.reason,
    }
}

/// The answer to a command about an invitation.
pub fn answer(done: Done, now: Time) -> wire::InvitationAnswer {
    wire::InvitationAnswer {
        invitation: shown(done.transfer, now),
        already: done.already,
        warnings: guards(done.warnings),
    }
}

async fn act(
    app: &App,
    id: InvitationId,
    call: Call,
    command: Command,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let done = app.directory().transfer(id, call, command).await?;
    Ok(Json(answer(done, call.at)))
}

// ---- looking ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// `sent` or `received`.
    role: String,
    /// `transfer`, `share`, `membership` or `workgroup`; by default all.
    kind: Option<String>,
    /// Whose: `personal`, a handle, a workgroup's name or an id. Sent: by default all of yours. Received: by default everything
    /// that was sent to an address of yours or to a workgroup you answer for.
    context: Option<String>,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`; by default all, open ones first.
    state: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

fn kind(asked: Option<&str>) -> Result<(), Refusal> {
    match asked {
        None | Some("transfer" | "share" | "membership" | "workgroup") => Ok(()),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(Refusal::field(
                "kind",
                format!("\"{other}\" is no kind of invitation"),
                "choose transfer, share, membership or workgroup",
            ))
        }
    }
}

/// List invitations.
///
/// Of every kind. Open ones before closed ones, each newest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/invitations", operation_id = "listInvitations", tag = "Invitations", params(Listed),
    responses((status = 200, description = "A page of invitations", body = wire::Page<wire::Invitation>)))]
async fn list(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Listed>,
) -> Result<Json<wire::Page<wire::Invitation>>, Failure> {
    let settings = app.settings();
    let limit = limit(asked.limit)?;
    let from: Option<listing::Cursor> = cursor(asked.cursor.as_deref())?;
    let phases = phases(asked.state.as_deref())?;
    kind(asked.kind.as_deref())?;
    let now = app.directory().now();
    let context = asked.context.as_deref();
    let (boxes, accepted) = boxes(&settings, signed.account(), &asked.role, context).await?;
    let sought = Sought {
        kind: asked.kind.as_deref(),
        state: asked.state.as_deref(),
        accepted,
        at: now,
    };
    let (all, next) = listing::page(&settings, &boxes, phases, from, limit, &sought).await?;
    Ok(Json(wire::Page {
        items: all.into_iter().map(|one| shown(one, now)).collect(),
        next_cursor: next.map(|cursor| cursor.to_string()),
    }))
}

/// Where it can be accepted into, for somebody who may.
async fn choices(
    settings: &Settings,
    account: &Account,
    seen: &Shown,
    now: Time,
) -> Result<Vec<wire::Choice>, Trouble> {
    let invitation = &seen.transfer.document;
    let waits = matches!(invitation.state, Stands::Pending { .. }) && now < invitation.expires_at;
    if !seen.entitled.recipient || !waits {
        return Ok(Vec::new());
    }
    let default = match invitation.recipient {
        Recipient::Workgroup { id, .. } => Context::Workgroup(id),
        Recipient::Address(_) => default_context(account, invitation),
    };
    let choices = queries::choices(settings, invitation, account.id).await?;
    let default = queries::or_personal(default, account.id, &choices);
    Ok(choices
        .into_iter()
        .map(|one| choice(one, default))
        .collect())
}

/// A context that something might be accepted into.
pub fn choice(choice: queries::Choice, default: Context) -> wire::Choice {
    wire::Choice {
        default: choice.own.context == default,
        context: show::context(choice.own),
        blocks: guards(choice.findings.blocks),
    }
}

/// Show an invitation.
///
/// With its history, those of its letters that the caller may see, and where it can be accepted into.
#[utoipa::path(get, path = "/invitations/{invitation}", operation_id = "showInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    responses((status = 200, description = "The invitation", body = wire::InvitationPage)))]
async fn show_(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<InvitationId>,
    known: Known,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let account = queries::account(&settings, signed.account()).await?;
    let seen = queries::transfer(&settings, &account, id).await?;
    let now = app.directory().now();
    let choices = choices(&settings, &account, &seen, now).await?;
    let letter = |letter| show::letter(letter, seen.addressee(letter, &account));
    let letters = seen.letters.iter().map(letter).collect();
    Ok(known.document(&wire::InvitationPage {
        invitation: shown(seen.transfer.document, now),
        as_sender: seen.entitled.sender,
        as_recipient: seen.entitled.recipient,
        choices,
        letters,
        history: named::history(&settings, show::history(seen.history)).await?,
    }))
}

// ---- answering ----

/// Accept an invitation.
///
/// A transfer or a share into the context that is named, whatever context the client acts as; one joins a workgroup oneself, so there
/// no context is chosen. Accepting twice changes nothing.
#[utoipa::path(post, path = "/invitations/{invitation}/accept", operation_id = "acceptInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    request_body = wire::AcceptInvitation,
    responses((status = 200, description = "Accepted", body = wire::InvitationAnswer)))]
async fn accept(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<InvitationId>,
    taken: Taken<wire::AcceptInvitation>,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let into = match &taken.what.context {
        Some(name) => Some(queries::named_context(&app.settings(), signed.account(), name).await?),
        None => None,
    };
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Accept { into }).await
}

/// Decline an invitation.
///
/// The reason is told to the sender.
#[utoipa::path(post, path = "/invitations/{invitation}/decline", operation_id = "declineInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    request_body = wire::DeclineTransfer,
    responses((status = 200, description = "Declined", body = wire::InvitationAnswer)))]
async fn decline(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<InvitationId>,
    taken: Taken<wire::DeclineTransfer>,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let reason = taken.what.reason;
    act(&app, id, call, Command::Decline { reason }).await
}

/// Cancel an invitation.
///
/// Only the side that invites, and only while it is open.
#[utoipa::path(post, path = "/invitations/{invitation}/cancel", operation_id = "cancelInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    responses((status = 200, description = "Cancelled", body = wire::InvitationAnswer)))]
async fn cancel(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<InvitationId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Cancel).await
}

/// Mail an invitation again.
#[utoipa::path(post, path = "/invitations/{invitation}/resend", operation_id = "resendInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    responses((status = 200, description = "It will be mailed", body = wire::InvitationAnswer)))]
async fn resend(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<InvitationId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Resend).await
}

/// Give an invitation more time.
#[utoipa::path(post, path = "/invitations/{invitation}/extend", operation_id = "extendInvitation", tag = "Invitations",
    params(("invitation" = String, Path, description = "`inv_…`, or `tr_…` of a transfer")),
    request_body = wire::ExtendTransfer,
    responses((status = 200, description = "It stands longer", body = wire::InvitationAnswer)))]
async fn extend(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<InvitationId>,
    taken: Taken<wire::ExtendTransfer>,
) -> Result<Json<wire::InvitationAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    app.writes(&call).await?;
    let lifetime_ms = read::lifetime_ms(taken.what.expires_in_days);
    act(&app, id, call, Command::Extend { lifetime_ms }).await
}
