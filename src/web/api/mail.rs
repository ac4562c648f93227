//! Mail, for those who administer the site: letters that did not leave, what came in, addresses that letters do not reach.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::post::{self, Came, Doubtful, Overdue, Troubled, Wish};
use crate::domain::address::{Address, Malformed};
use crate::domain::id::{Digest, LetterId, MessageId};
use crate::domain::incoming::{Incoming, State as Stands};
use crate::domain::letter::{Letter, State, Subject};
use crate::domain::reach::Reach;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, Taken, cursor, limit};
use crate::wire;

use super::asks::{Acts, Looks};
use super::{Nothing, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(outbox))
        .routes(routes!(letter))
        .routes(routes!(retry_letter))
        .routes(routes!(drop_letter))
        .routes(routes!(inbound))
        .routes(routes!(message))
        .routes(routes!(retry_message))
        .routes(routes!(drop_message))
        .routes(routes!(addresses))
        .routes(routes!(address))
        .routes(routes!(reset))
}

// ---- as it is shown ----

fn page<T, W, C: ToString>(
    (found, next): post::List<T, C>,
    shown: fn(T) -> W,
) -> Json<wire::Page<W>> {
    Json(wire::Page {
        items: found.into_iter().map(shown).collect(),
        next_cursor: next.map(|next| next.to_string()),
    })
}

fn subject(subject: Subject) -> Option<String> {
    match subject {
        Subject::Invitation(id) => Some(id.to_string()),
        Subject::Access(item) => Some(item.to_string()),
        Subject::Workgroup(id) => Some(id.to_string()),
        Subject::Move(id) => Some(id.to_string()),
        // Who signs in, and when, is nobody else's business.
        Subject::SignIn(_) => None,
    }
}

fn letter_shown(letter: Letter) -> wire::OutboxLetter {
    let to = letter.to.to_string();
    wire::OutboxLetter {
        letter: show::letter(&letter, to),
        about: subject(letter.subject),
        next_attempt_at: match letter.delivery {
            State::Queued { not_before } => Some(not_before.to_string()),
            State::Sent { .. }
            | State::Undeliverable { .. }
            | State::Bounced { .. }
            | State::Dead { .. }
            | State::Withdrawn { .. } => None,
        },
    }
}

fn message_shown(one: Incoming) -> wire::Incoming {
    let (outcome, why, done_at) = match one.state {
        Stands::Waiting { .. } => (None, None, None),
        Stands::Done { at, outcome, why } => (Some(outcome), Some(why), Some(at.to_string())),
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
    let (since, reason) = one.doubt().unzip();
    wire::MailAddress {
        address: one.address.to_string(),
        undeliverable: one.undeliverable.is_some(),
        since: since.map(|at| at.to_string()),
        reason: reason.map(str::to_owned),
    }
}

fn overdue(due: Overdue, first: impl ToString) -> wire::Overdue {
    wire::Overdue {
        first: first.to_string(),
        since: due.at.to_string(),
        seconds: u64::try_from(due.for_ms / 1_000).unwrap_or(0),
        late: due.is_late(),
        due: due.rows as u64,
    }
}

// ---- how it does ----

/// Show how mail does.
///
/// What is due and since when, and what became of the newest 1,000 messages that came in.
#[utoipa::path(get, path = "/admin/mail", operation_id = "showMail", tag = "Administration",
    responses((status = 200, description = "How mail does", body = wire::MailOverview)))]
async fn overview(Looks { app, call }: Looks) -> Result<Json<wire::MailOverview>, Failure> {
    let found = post::overview(&app.settings(), &call).await?;
    let letter = found.letters.zip(found.oldest_letter());
    let message = found.messages.zip(found.oldest_message());
    Ok(Json(wire::MailOverview {
        letters: letter.map(|(due, first)| overdue(due, first)),
        messages: message.map(|(due, first)| overdue(due, first)),
        outcomes: found
            .outcomes
            .into_iter()
            .map(|one| wire::MailOutcome {
                outcome: one.outcome,
                why: one.why,
                messages: one.messages as u64,
            })
            .collect(),
        counted: found.counted as u64,
        more: found.more,
    }))
}

// ---- letters ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Letters {
    /// Only those that are `queued`, `undeliverable`, `bounced` or `dead`.
    state: Option<String>,
    /// Only those to this address.
    address: Option<String>,
    /// Only those whose cause was not committed before this moment.
    since: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// Which letters in trouble are meant.
pub fn troubled(
    state: Option<String>,
    address: Option<&str>,
    since: Option<&str>,
    problems: &mut read::Problems,
) -> Troubled {
    let state = state.map(|state| match Troubled::STATES.contains(&state.as_str()) {
        true => Ok(state),
        false => Err(Refusal::field(
            "state",
            said!("letters in trouble are queued, undeliverable, bounced or dead"),
            said!("choose one of those, or leave it out for all of them"),
        )),
    });
    let address = address.map(|text| {
        text.parse().map_err(|error: Malformed| {
            Refusal::field("address", error.said(), said!("name a whole address"))
        })
    });
    let since = since.map(|text| read::moment("since", text));
    Troubled {
        state: state.and_then(|state| problems.keep(state)),
        to: address.and_then(|address| problems.keep(address)),
        since: since.and_then(|since| problems.keep(since)),
    }
}

/// List letters in trouble.
///
/// Those that were tried in vain and still wait, and those that are given up, undeliverable or came back; newest first. A page may hold
/// fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/admin/mail/outbox", operation_id = "listTroubledLetters", tag = "Administration", params(Letters),
    responses((status = 200, description = "A page of letters", body = wire::Page<wire::OutboxLetter>)))]
async fn outbox(
    Looks { app, call }: Looks,
    Asked(asked): Asked<Letters>,
) -> Result<Json<wire::Page<wire::OutboxLetter>>, Failure> {
    let (limit, after) = (limit(asked.limit)?, cursor(asked.cursor.as_deref())?);
    let mut problems = read::Problems::default();
    let (address, since) = (asked.address.as_deref(), asked.since.as_deref());
    let which = troubled(asked.state, address, since, &mut problems);
    let which = problems.unless_any(Some(which))?;
    let found = post::letters(&app.settings(), &call, &which, after, limit).await?;
    Ok(page(found, letter_shown))
}

/// Show a letter.
#[utoipa::path(get, path = "/admin/mail/outbox/{letter}", operation_id = "showLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")),
    responses((status = 200, description = "How its delivery stands", body = wire::OutboxLetter)))]
async fn letter(
    Looks { app, call }: Looks,
    Named(id): Named<LetterId>,
) -> Result<Json<wire::OutboxLetter>, Failure> {
    let found = post::letter(&app.settings(), &call, id).await?;
    Ok(Json(letter_shown(found)))
}

/// Send a letter now.
///
/// One that came back or is undeliverable is tried with a clean slate for its address.
#[utoipa::path(post, path = "/admin/mail/outbox/{letter}/retry", operation_id = "retryLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")),
    responses((status = 200, description = "The letter as it is now", body = wire::OutboxLetter)))]
async fn retry_letter(
    acts: Acts,
    Named(id): Named<LetterId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::OutboxLetter>, Failure> {
    let call = acts.call(&taken);
    let letter = post::change_letter(acts.app.directory(), &call, id, &Wish::Retry).await?;
    Ok(Json(letter_shown(letter)))
}

/// Drop a letter.
///
/// Whoever made the offer that it is about sees that, and the reason.
#[utoipa::path(post, path = "/admin/mail/outbox/{letter}/drop", operation_id = "dropLetter", tag = "Administration",
    params(("letter" = String, Path, description = "`let_…`")), request_body = wire::DropMail,
    responses((status = 200, description = "The letter as it is now", body = wire::OutboxLetter)))]
async fn drop_letter(
    acts: Acts,
    Named(id): Named<LetterId>,
    taken: Taken<wire::DropMail>,
) -> Result<Json<wire::OutboxLetter>, Failure> {
    let call = acts.call(&taken);
    let wish = drops(taken.what);
    let letter = post::change_letter(acts.app.directory(), &call, id, &wish).await?;
    Ok(Json(letter_shown(letter)))
}

fn drops(wire::DropMail { reason }: wire::DropMail) -> Wish {
    Wish::Drop { reason }
}

// ---- messages ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Messages {
    /// Only those that this became of, such as `unauthenticated`; `waiting`: those that nobody has seen to.
    outcome: Option<String>,
    /// Only those to an address of this letter: `let_…`.
    letter: Option<String>,
    /// Only those that did not come before this moment.
    since: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// Which messages are meant.
pub fn came(
    outcome: Option<String>,
    letter: Option<&str>,
    since: Option<&str>,
    problems: &mut read::Problems,
) -> Came {
    let letter = letter.map(|text| {
        text.parse().map_err(|_| {
            let (sentence, next_step) = (
                said!("this is no letter's id"),
                said!("write it such as let_…"),
            );
            Refusal::field("letter", sentence, next_step)
        })
    });
    let since = since.map(|text| read::moment("since", text));
    Came {
        outcome,
        letter: letter.and_then(|letter| problems.keep(letter)),
        since: since.and_then(|since| problems.keep(since)),
    }
}

/// List what came in by mail.
///
/// Newest first, each with what became of it and why; never what it says. Kept for 30 days. A page may hold fewer than `limit` and
/// still have a next one.
#[utoipa::path(get, path = "/admin/mail/inbound", operation_id = "listIncoming", tag = "Administration", params(Messages),
    responses((status = 200, description = "A page of messages", body = wire::Page<wire::Incoming>)))]
async fn inbound(
    Looks { app, call }: Looks,
    Asked(asked): Asked<Messages>,
) -> Result<Json<wire::Page<wire::Incoming>>, Failure> {
    let (limit, after) = (limit(asked.limit)?, cursor(asked.cursor.as_deref())?);
    let mut problems = read::Problems::default();
    let (letter, since) = (asked.letter.as_deref(), asked.since.as_deref());
    let which = came(asked.outcome, letter, since, &mut problems);
    let which = problems.unless_any(Some(which))?;
    let found = post::messages(&app.settings(), &call, &which, after, limit).await?;
    Ok(page(found, message_shown))
}

/// Show what became of a message.
#[utoipa::path(get, path = "/admin/mail/inbound/{message}", operation_id = "showIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "What became of it", body = wire::Incoming)))]
async fn message(
    Looks { app, call }: Looks,
    Named(id): Named<MessageId>,
) -> Result<Json<wire::Incoming>, Failure> {
    let found = post::message(&app.settings(), &call, id).await?;
    Ok(Json(message_shown(found)))
}

/// See to a message again.
///
/// One that waits, or that was given up or dropped within its seven days. What it decides is decided once.
#[utoipa::path(post, path = "/admin/mail/inbound/{message}/retry", operation_id = "retryIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message as it is now", body = wire::Incoming)))]
async fn retry_message(
    acts: Acts,
    Named(id): Named<MessageId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::Incoming>, Failure> {
    let call = acts.call(&taken);
    let message = post::change_message(acts.app.directory(), &call, id, &Wish::Retry).await?;
    Ok(Json(message_shown(message)))
}

/// Drop a message that waits.
#[utoipa::path(post, path = "/admin/mail/inbound/{message}/drop", operation_id = "dropIncoming", tag = "Administration",
    params(("message" = String, Path, description = "`msg_…`")), request_body = wire::DropMail,
    responses((status = 200, description = "The message as it is now", body = wire::Incoming)))]
async fn drop_message(
    acts: Acts,
    Named(id): Named<MessageId>,
    taken: Taken<wire::DropMail>,
) -> Result<Json<wire::Incoming>, Failure> {
    let call = acts.call(&taken);
    let wish = drops(taken.what);
    let message = post::change_message(acts.app.directory(), &call, id, &wish).await?;
    Ok(Json(message_shown(message)))
}

// ---- addresses ----

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Addresses {
    /// `undeliverable`: only those that nothing but codes is sent to; `doubtful`: only those that one letter came back from.
    state: Option<String>,
    /// Only those where that began no earlier than this moment.
    since: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// Which addresses are meant.
pub fn doubtful(
    state: Option<&str>,
    since: Option<&str>,
    problems: &mut read::Problems,
) -> Doubtful {
    let state = state.map(|state| match state {
        "undeliverable" => Ok(true),
        "doubtful" => Ok(false),
        _ => Err(Refusal::field(
            "state",
            said!("addresses are listed as undeliverable or doubtful"),
            said!("choose one of those, or leave it out for both"),
        )),
    });
    let since = since.map(|text| read::moment("since", text));
    Doubtful {
        undeliverable: state.and_then(|state| problems.keep(state)),
        since: since.and_then(|since| problems.keep(since)),
    }
}

/// List doubtful addresses.
///
/// Those that letters do not reach, and those that one letter came back from. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/admin/mail/addresses", operation_id = "listDoubtfulAddresses", tag = "Administration", params(Addresses),
    responses((status = 200, description = "A page of addresses", body = wire::Page<wire::MailAddress>)))]
async fn addresses(
    Looks { app, call }: Looks,
    Asked(asked): Asked<Addresses>,
) -> Result<Json<wire::Page<wire::MailAddress>>, Failure> {
    let limit = limit(asked.limit)?;
    let after: Option<Digest> = cursor(asked.cursor.as_deref())?;
    let mut problems = read::Problems::default();
    let which = doubtful(
        asked.state.as_deref(),
        asked.since.as_deref(),
        &mut problems,
    );
    let which = problems.unless_any(Some(which))?;
    let found = post::addresses(&app.settings(), &call, which, after, limit).await?;
    Ok(page(found, address_shown))
}

/// Show what is known of an address.
#[utoipa::path(get, path = "/admin/mail/addresses/{address}", operation_id = "showAddress", tag = "Administration",
    params(("address" = String, Path, description = "The address")),
    responses((status = 200, description = "Whether letters reach it", body = wire::MailAddress)))]
async fn address(
    Looks { app, call }: Looks,
    Named(address): Named<Address>,
) -> Result<Json<wire::MailAddress>, Failure> {
    let known = post::address(&app.settings(), &call, &address).await?;
    Ok(Json(address_shown(known)))
}

/// Say that an address works.
///
/// Letters are sent there again. Signing in with it, and replying to a letter that went there, say so too.
#[utoipa::path(post, path = "/admin/mail/addresses/{address}/reset", operation_id = "resetAddress", tag = "Administration",
    params(("address" = String, Path, description = "The address")),
    responses((status = 200, description = "The address as it is now", body = wire::MailAddress)))]
async fn reset(
    acts: Acts,
    Named(address): Named<Address>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::MailAddress>, Failure> {
    let call = acts.call(&taken);
    let known = post::reset(acts.app.directory(), &call, &address).await?;
    Ok(Json(address_shown(known)))
}
