//! The life of a transfer.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::invitation::{self, Command, Done};
use crate::actors::listing;
use crate::actors::queries::{self, Box_};
use crate::actors::rights;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{AccountId, Context, InvitationId};
use crate::domain::index::Phase;
use crate::domain::invitation::{Recipient, Sought, State as Stands};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Failure, guards};
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::account::created;
use super::{Known, Nothing, named, preview, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview_))
        .routes(routes!(list, request))
        .routes(routes!(show_))
        .routes(routes!(choices))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(cancel))
        .routes(routes!(resend))
        .routes(routes!(extend))
        .routes(routes!(readdress))
}

/// The id of a transfer, and of no other invitation.
struct TransferId(InvitationId);

impl FromStr for TransferId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<InvitationId>() {
            Ok(id) if id.is_transfer() => Ok(Self(id)),
            Ok(id) => Err(format!("{id} is no transfer; look under invitations")),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn call<T>(app: &App, signed: &Signed<Write>, taken: &Taken<T>) -> Call {
    app.directory()
        .call(signed.by(), taken.once(signed.account()))
}

fn answer(done: Done, now: Time) -> wire::TransferAnswer {
    wire::TransferAnswer {
        transfer: show::transfer(done.transfer, now),
        already: done.already,
        warnings: guards(done.warnings),
    }
}

async fn act(
    app: &App,
    id: InvitationId,
    call: Call,
    command: Command,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let done = app.directory().transfer(id, call, command).await?;
    Ok(Json(answer(done, call.at)))
}

/// Preview a transfer.
///
/// What the request would do, and everything in its way. Nothing is changed. The recipient may be left out.
#[utoipa::path(post, path = "/transfers/preview", operation_id = "previewTransfer", tag = "Transfers",
    request_body = wire::RequestTransfer,
    responses((status = 200, description = "What would happen", body = wire::Preview)))]
async fn preview_(
    State(app): State<App>,
    signed: Signed<Read>,
    taken: Taken<wire::RequestTransfer>,
) -> Result<Json<wire::Preview>, Failure> {
    let (ask, to) = read::request(taken.what, true)?;
    let call = app.directory().call(signed.by(), None);
    let found = invitation::preview(app.directory(), &call, &ask, to.as_ref()).await?;
    let preview = preview::shown(&app.settings(), signed.account(), found, to, call.at).await?;
    Ok(Json(preview))
}

/// Request a transfer.
///
/// The items are reserved and the recipient is told by email. The terms must be confirmed.
#[utoipa::path(post, path = "/transfers", operation_id = "requestTransfer", tag = "Transfers",
    request_body = wire::RequestTransfer,
    responses((status = 201, description = "The offer", body = wire::TransferAnswer)))]
async fn request(
    State(app): State<App>,
    signed: Signed<Write>,
    taken: Taken<wire::RequestTransfer>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let (ask, to) = read::request(taken.what, false)?;
    let to =
        to.ok_or_else(|| Refusal::field("recipient", "nobody is named", "name a recipient"))?;
    app.writes(&call).await?;
    let id = fresh(&app, call.at);
    let command = Command::Request { ask, to };
    let done = app.directory().transfer(id, call, command).await?;
    let answer = answer(done, call.at);
    Ok(created(
        &format!("/transfers/{}", answer.transfer.id),
        answer,
    ))
}

fn fresh(app: &App, at: Time) -> InvitationId {
    InvitationId::from_bits(app.settings().ids.fresh(at))
}

// ---- looking ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// `sent` or `received`.
    role: String,
    /// Whose: `personal`, a handle, a workgroup's name or an id. Sent: by default all of yours. Received: by default everything
    /// that was offered to an address of yours or to a workgroup you answer for.
    context: Option<String>,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`; by default all, open ones first.
    state: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// In which phases transfers of a state are found. One whose time is over stays among the open ones until its timer fires.
pub fn phases(state: Option<&str>) -> Result<&'static [Phase], Refusal> {
    match state {
        None | Some("expired") => Ok(&[Phase::Open, Phase::Closed]),
        Some("requested" | "pending") => Ok(&[Phase::Open]),
        Some("accepted" | "declined" | "cancelled") => Ok(&[Phase::Closed]),
        Some(other) => Err(Refusal::field(
            "state",
            format!(
                "\"{}\" is no state of a transfer",
                other.chars().take(40).collect::<String>()
            ),
            "choose requested, pending, accepted, declined, cancelled or expired",
        )),
    }
}

/// Where to look for what was sent or received, and whether only what was accepted is for this person to see.
pub async fn boxes(
    settings: &Settings,
    person: AccountId,
    role: &str,
    context: Option<&str>,
) -> Result<(Vec<Box_>, bool), Trouble> {
    Ok(match (role, context) {
        ("sent", None) => {
            let account = queries::account(settings, person).await?;
            let own = rights::own_contexts(settings, &account).await?;
            (own.iter().map(Box_::sent).collect(), false)
        }
        ("sent", Some(name)) => {
            let acting = queries::context_of(settings, person, name).await?;
            (vec![Box_::sent(&acting)], false)
        }
        ("received", None) => {
            let account = queries::account(settings, person).await?;
            (listing::inboxes(settings, &account).await?, false)
        }
        ("received", Some(name)) => {
            let acting = queries::context_of(settings, person, name).await?;
            // An offer to a workgroup is for those who answer for it until it is accepted.
            let only_accepted = acting.role() == Some(Role::Member);
            (vec![Box_::received(&acting)], only_accepted)
        }
        (other, _) => {
            let other: String = other.chars().take(40).collect();
            return Err(Refusal::field(
                "role",
                format!("\"{other}\" is neither sent nor received"),
                "choose sent or received",
            )
            .into());
        }
    })
}

/// List transfers.
///
/// Open ones before closed ones, each newest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/transfers", operation_id = "listTransfers", tag = "Transfers", params(Listed),
    responses((status = 200, description = "A page of transfers", body = wire::Page<wire::Transfer>)))]
async fn list(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Listed>,
) -> Result<Json<wire::Page<wire::Transfer>>, Failure> {
    let settings = app.settings();
    let person = signed.account();
    let limit = limit(asked.limit)?;
    let from: Option<listing::Cursor> = cursor(asked.cursor.as_deref())?;
    let phases = phases(asked.state.as_deref())?;
    let now = app.directory().now();
    let context = asked.context.as_deref();
    let (boxes, accepted) = boxes(&settings, person, &asked.role, context).await?;
    let sought = Sought {
        kind: Some("transfer"),
        state: asked.state.as_deref(),
        accepted,
        at: now,
    };
    let (transfers, next) = listing::page(&settings, &boxes, phases, from, limit, &sought).await?;
    let shown = transfers.into_iter().map(|one| show::transfer(one, now));
    Ok(Json(wire::Page {
        items: shown.collect(),
        next_cursor: next.map(|cursor| cursor.to_string()),
    }))
}

/// Show a transfer.
///
/// With its history and those of its letters that the caller may see.
#[utoipa::path(get, path = "/transfers/{transfer}", operation_id = "showTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    responses((status = 200, description = "The transfer", body = wire::TransferPage)))]
async fn show_(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(TransferId(id)): Named<TransferId>,
    known: Known,
) -> Result<Response, Failure> {
    let settings = app.settings();
    let account = queries::account(&settings, signed.account()).await?;
    let seen = queries::transfer(&settings, &account, id).await?;
    let now = app.directory().now();
    let letter = |letter| show::letter(letter, seen.addressee(letter, &account));
    let letters = seen.letters.iter().map(letter).collect();
    Ok(known.document(&wire::TransferPage {
        transfer: show::transfer(seen.transfer.document, now),
        as_sender: seen.entitled.sender,
        as_recipient: seen.entitled.recipient,
        letters,
        history: named::history(&settings, show::history(seen.history)).await?,
    }))
}

/// Show where an offer can be accepted into.
///
/// Every context of the caller, with its quota and every reason why not.
#[utoipa::path(get, path = "/transfers/{transfer}/choices", operation_id = "listChoices", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    responses((status = 200, description = "The choices", body = wire::Page<wire::Choice>)))]
async fn choices(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(TransferId(id)): Named<TransferId>,
) -> Result<Json<wire::Page<wire::Choice>>, Failure> {
    let settings = app.settings();
    let account = queries::account(&settings, signed.account()).await?;
    let seen = queries::transfer(&settings, &account, id).await?;
    let transfer = seen.transfer.document;
    if !seen.entitled.recipient {
        let who = show::recipient(&transfer.recipient);
        return Err(Refusal::new(
            Code::TransferForbidden,
            format!("only {who} may accept it"),
            format!("ask {who}"),
        )
        .about(id)
        .into());
    }
    let now = app.directory().now();
    if let (Some(late), false) = (transfer.too_late(now), transfer.state == Stands::Requested) {
        return Err(late.into());
    }
    let default = match transfer.recipient {
        Recipient::Workgroup { id, .. } => Context::Workgroup(id),
        Recipient::Address(_) => invitation::default_context(&account, &transfer),
    };
    let choices = queries::choices(&settings, &transfer, signed.account()).await?;
    let default = queries::or_personal(default, signed.account(), &choices);
    let choice = |choice: queries::Choice| wire::Choice {
        default: choice.own.context == default,
        context: show::context(choice.own),
        blocks: guards(choice.findings.blocks),
    };
    Ok(Json(wire::Page {
        items: choices.into_iter().map(choice).collect(),
        next_cursor: None,
    }))
}

// ---- answering ----

/// Accept an offer.
///
/// Into the context that is named, whatever context the client acts as. Accepting twice changes nothing.
#[utoipa::path(post, path = "/transfers/{transfer}/accept", operation_id = "acceptTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    request_body = wire::AcceptTransfer,
    responses((status = 200, description = "Accepted", body = wire::TransferAnswer)))]
async fn accept(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<wire::AcceptTransfer>,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let into = match &taken.what.context {
        Some(name) => Some(queries::named_context(&app.settings(), signed.account(), name).await?),
        None => None,
    };
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Accept { into }).await
}

/// Decline an offer.
///
/// The reason is told to the sender.
#[utoipa::path(post, path = "/transfers/{transfer}/decline", operation_id = "declineTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    request_body = wire::DeclineTransfer,
    responses((status = 200, description = "Declined", body = wire::TransferAnswer)))]
async fn decline(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<wire::DeclineTransfer>,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    let reason = taken.what.reason;
    act(&app, id, call, Command::Decline { reason }).await
}

/// Cancel an offer.
///
/// Only the sending side, and only while it is open.
#[utoipa::path(post, path = "/transfers/{transfer}/cancel", operation_id = "cancelTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    responses((status = 200, description = "Cancelled", body = wire::TransferAnswer)))]
async fn cancel(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Cancel).await
}

/// Mail an offer again.
#[utoipa::path(post, path = "/transfers/{transfer}/resend", operation_id = "resendTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    responses((status = 200, description = "It will be mailed", body = wire::TransferAnswer)))]
async fn resend(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    act(&app, id, call, Command::Resend).await
}

/// Give an offer more time.
#[utoipa::path(post, path = "/transfers/{transfer}/extend", operation_id = "extendTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    request_body = wire::ExtendTransfer,
    responses((status = 200, description = "It stands longer", body = wire::TransferAnswer)))]
async fn extend(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<wire::ExtendTransfer>,
) -> Result<Json<wire::TransferAnswer>, Failure> {
    let call = call(&app, &signed, &taken);
    app.writes(&call).await?;
    let lifetime_ms = read::lifetime_ms(taken.what.expires_in_days);
    act(&app, id, call, Command::Extend { lifetime_ms }).await
}

/// Offer the same to another recipient.
///
/// This offer is cancelled and a new one made, in one step. The answer is the new offer.
#[utoipa::path(post, path = "/transfers/{transfer}/readdress", operation_id = "readdressTransfer", tag = "Transfers",
    params(("transfer" = String, Path, description = "`tr_…`")),
    request_body = wire::ReaddressTransfer,
    responses((status = 201, description = "The new offer", body = wire::TransferAnswer)))]
async fn readdress(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(TransferId(id)): Named<TransferId>,
    taken: Taken<wire::ReaddressTransfer>,
) -> Result<Response, Failure> {
    let call = call(&app, &signed, &taken);
    let to = read::to("recipient", &taken.what.recipient)?;
    app.writes(&call).await?;
    let new = fresh(&app, call.at);
    let command = Command::Readdress { new, to };
    let done = app.directory().transfer(id, call, command).await?;
    let answer = answer(done, call.at);
    Ok(created(
        &format!("/transfers/{}", answer.transfer.id),
        answer,
    ))
}
