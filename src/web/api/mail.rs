//! Mail, for those who administer the site: letters that did not leave, what came in, addresses that letters do not reach.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::post::{self, Wish};
use crate::actors::world::Call;
use crate::domain::address::Address;
use crate::domain::id::{Digest, LetterId, MessageId};
use crate::domain::incoming::{Incoming, State as Came};
use crate::domain::letter::Letter;
use crate::domain::reach::Reach;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::{Nothing, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(outbox))
        .routes(routes!(letter))
        .routes(routes!(retry_letter))
        .routes(routes!(drop_letter))
        .routes(routes!(inbound))
        .routes(routes!(message))
        .routes(routes!(retry_message))
        .routes(routes!(drop_message))
        .routes(routes!(addresses))
        .routes(routes!(reset))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

fn looks(app: &App, signed: &Signed<Read>) -> Call {
    app.directory().call(signed.by(), None)
}

fn acts<T>(app: &App, signed: &Signed<Write>, taken: &Taken<T>) -> Call {
    app.directory()
        .call(signed.by(), taken.once(signed.account()))
}

fn page<T, W, C: ToString>(
    (found, next): post::List<T, C>,
    shown: fn(T) -> W,
) -> Json<wire::Page<W>> {
    Json(wire::Page {
        items: found.into_iter().map(shown).collect(),
        next_cursor: next.map(|next| next.to_string()),
    })
}

fn letter_shown(letter: Letter) -> wire::Letter {
    let to = letter.to.to_string();
    show::letter(&letter, to)
}

fn message_shown(one: Incoming) -> wire::Incoming {
    let (outcome, why, done_at) = match one.state {
        Came::Waiting { .. } => (None, None, None),
        Came::Done { at, outcome, why } => (Some(outcome), Some(why), Some(at.to_string())),
    };
    wire::Incoming {
        id: one.id.to_string(),
        letter: one.letter.to_string(),
        purpose: one.purpose.word().to_owned(),
        at: one.at.to_string(),
        bytes: one.bytes,
        outcome,
        why,
        done_at,
    }
}

fn address_shown(one: Reach) -> wire::MailAddress {
    let failed = one.failed.map(|failed| (failed.at, failed.status));
    let undeliverable = one.undeliverable.map(|since| (since.since, since.reason));
    let bad = undeliverable.is_some();
    let (since, reason) = undeliverable.or(failed).unzip();
    wire::MailAddress {
        address: one.address.to_string(),
        undeliverable: bad,
        since: since.map(|at| at.to_string()),
        reason,
    }
}

/// List letters in trouble.
///
/// Those that were tried in vain and still wait, and those that are given up, undeliverable or came back; newest first.
#[utoipa::path(get, path = "/admin/mail/outbox", operation_id = "listTroubledLetters", tag = "Administration", params(Pages),
    responses((status = 200, description = "A page of letters", body = wire::Page<wire::Letter>)))]
async fn outbox(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Pages>,
) -> Result<Json<wire::Page<wire::Letter>>, Failure> {
    let (limit, after) = (
        limit(asked.limit)?,
        cursor::<LetterId>(asked.cursor.as_deref())?,
    );
    let found = post::letters(&app.settings(), &looks(&app, &signed), after, limit).await?;
    Ok(page(found, letter_shown))
}

/// Show a letter.
#[utoipa::path(get, path = "/admin/mail/outbox/{letter}", operation_id = "showLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")),
    responses((status = 200, description = "How its delivery stands", body = wire::Letter)))]
async fn letter(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<LetterId>,
) -> Result<Json<wire::Letter>, Failure> {
    let found = post::letter(&app.settings(), &looks(&app, &signed), id).await?;
    Ok(Json(letter_shown(found)))
}

/// Send a letter now.
///
/// One that came back or is undeliverable is tried with a clean slate for its address.
#[utoipa::path(post, path = "/admin/mail/outbox/{letter}/retry", operation_id = "retryLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")),
    responses((status = 200, description = "The letter as it is now", body = wire::Letter)))]
async fn retry_letter(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<LetterId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Letter>, Failure> {
    let call = acts(&app, &signed, &taken);
    let letter = post::change_letter(app.directory(), &call, id, Wish::Retry).await?;
    Ok(Json(letter_shown(letter)))
}

/// Drop a letter.
#[utoipa::path(post, path = "/admin/mail/outbox/{letter}/drop", operation_id = "dropLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")),
    responses((status = 200, description = "The letter as it is now", body = wire::Letter)))]
async fn drop_letter(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<LetterId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Letter>, Failure> {
    let call = acts(&app, &signed, &taken);
    let letter = post::change_letter(app.directory(), &call, id, Wish::Drop).await?;
    Ok(Json(letter_shown(letter)))
}

/// List what came in by mail.
///
/// Newest first, each with what became of it and why; never what it says. Kept for 30 days.
#[utoipa::path(get, path = "/admin/mail/inbound", operation_id = "listIncoming", tag = "Administration", params(Pages),
    responses((status = 200, description = "A page of messages", body = wire::Page<wire::Incoming>)))]
async fn inbound(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Pages>,
) -> Result<Json<wire::Page<wire::Incoming>>, Failure> {
    let (limit, after) = (
        limit(asked.limit)?,
        cursor::<MessageId>(asked.cursor.as_deref())?,
    );
    let found = post::messages(&app.settings(), &looks(&app, &signed), after, limit).await?;
    Ok(page(found, message_shown))
}

/// Show what became of a message.
#[utoipa::path(get, path = "/admin/mail/inbound/{message}", operation_id = "showIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "What became of it", body = wire::Incoming)))]
async fn message(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<MessageId>,
) -> Result<Json<wire::Incoming>, Failure> {
    let found = post::message(&app.settings(), &looks(&app, &signed), id).await?;
    Ok(Json(message_shown(found)))
}

/// See to a message again.
///
/// One that waits, or that was given up or dropped within its seven days. What it decides is decided once.
#[utoipa::path(post, path = "/admin/mail/inbound/{message}/retry", operation_id = "retryIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message as it is now", body = wire::Incoming)))]
async fn retry_message(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<MessageId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Incoming>, Failure> {
    let call = acts(&app, &signed, &taken);
    let message = post::change_message(app.directory(), &call, id, Wish::Retry).await?;
    Ok(Json(message_shown(message)))
}

/// Drop a message that waits.
#[utoipa::path(post, path = "/admin/mail/inbound/{message}/drop", operation_id = "dropIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message as it is now", body = wire::Incoming)))]
async fn drop_message(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<MessageId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Incoming>, Failure> {
    let call = acts(&app, &signed, &taken);
    let message = post::change_message(app.directory(), &call, id, Wish::Drop).await?;
    Ok(Json(message_shown(message)))
}

/// List doubtful addresses.
///
/// Those that letters do not reach, and those that one letter came back from.
#[utoipa::path(get, path = "/admin/mail/addresses", operation_id = "listDoubtfulAddresses", tag = "Administration", params(Pages),
    responses((status = 200, description = "A page of addresses", body = wire::Page<wire::MailAddress>)))]
async fn addresses(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Pages>,
) -> Result<Json<wire::Page<wire::MailAddress>>, Failure> {
    let (limit, after) = (
        limit(asked.limit)?,
        cursor::<Digest>(asked.cursor.as_deref())?,
    );
    let found = post::addresses(&app.settings(), &looks(&app, &signed), after, limit).await?;
    Ok(page(found, address_shown))
}

/// Say that an address works.
///
/// Letters are sent there again. Signing in with it, and replying to a letter that went there, say so too.
#[utoipa::path(post, path = "/admin/mail/addresses/{address}/reset", operation_id = "resetAddress", tag = "Administration",
    params(("address" = String, Path, description = "The address")),
    responses((status = 200, description = "The address as it is now", body = wire::MailAddress)))]
async fn reset(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(address): Named<Address>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::MailAddress>, Failure> {
    let call = acts(&app, &signed, &taken);
    let known = post::reset(app.directory(), &call, &address).await?;
    Ok(Json(address_shown(known)))
}
