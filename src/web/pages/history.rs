//! All transfers of whoever looks, sent and received, and other invitations if they like, with filters, and as a table for a spreadsheet.

mod asked;

use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::domain::invitation::{Invitation, State as Standing, Terms};
use crate::domain::time::Time;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;
use crate::web::pages::words::size;

use asked::{Asked, Kind, Role, STATES};

use super::form::Fields;
use super::words;
use super::{Frame, Stop, frame, page};

/// So many transfers on a page.
const SHOWN: usize = 50;
/// So many in a table for a spreadsheet; for it so many are looked through at once, and so many times.
const EXPORTED: usize = 5_000;
const AT_ONCE: usize = 250;
const TIMES: usize = 100;
/// No further ones are looked for once the table is about this large, in bytes.
const HEAVY: usize = 16 * 1024 * 1024;

struct Row {
    place: String,
    /// What it is, where not all of them are transfers.
    kind: Option<String>,
    what: String,
    size: String,
    other: String,
    /// The word that programs use for the state.
    state: &'static str,
    stands: String,
    /// The context that it was accepted into.
    into: Option<String>,
    requested: String,
    ended: Option<String>,
}

struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/transfers.html")]
struct Page<'a> {
    f: Frame<'a>,
    kinds: Vec<Choice>,
    /// Whether transfers alone are listed.
    transfers: bool,
    roles: Vec<Choice>,
    /// What stands above the names of the other side.
    other: String,
    /// Whether only what was received is listed.
    received: bool,
    states: Vec<Choice>,
    contexts: Vec<Choice>,
    rows: Vec<Row>,
    /// The filters as the address of the page says them, for the next page and the table.
    filters: String,
    next: Option<String>,
    paged: bool,
    /// So many lines a table has at most.
    most: String,
}

/// `GET /transfers`
pub async fn show(
    State(app): State<App>,
    fields: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/transfers").await?;
    let now = app.directory().now();
    let asked = Asked::of(&fields, &person);
    let (found, next) = asked.found(&app, &person, asked.from, SHOWN).await?;
    let mut states = vec![Choice {
        value: String::new(),
        name: say!("any" as "a state"),
        chosen: asked.state.is_none(),
    }];
    // Only what transfers data waits for analyses.
    let can =
        |state: &&str| matches!(asked.kind, Kind::Transfers | Kind::Every) || *state != "requested";
    states.extend(STATES.iter().copied().filter(can).map(|state| Choice {
        value: state.to_owned(),
        name: words::standing(state),
        chosen: asked.state == Some(state),
    }));
    let mut contexts = vec![Choice {
        value: String::new(),
        name: say!("all of them" as "contexts"),
        chosen: asked.context.is_none(),
    }];
    contexts.extend(person.contexts.iter().map(|own| {
        let value = own.context.to_string();
        Choice {
            name: words::context_name(own.context, &own.name),
            chosen: asked.context.as_ref() == Some(&value),
            value,
        }
    }));
    let row = |transfer: &Invitation| {
        let state = transfer.word_at(now);
        Row {
            place: words::place(transfer.id),
            kind: (asked.kind == Kind::Every).then(|| kind(transfer.terms)),
            what: words::named(transfer),
            size: match transfer.bytes() {
                0 => String::new(),
                bytes => size(bytes),
            },
            other: match asked.role {
                Role::Sent => to_whom(transfer),
                Role::Received => from_whom(transfer),
                Role::Either if asked.sent(transfer, &person) => {
                    say!("to {recipient}", recipient = to_whom(transfer))
                }
                Role::Either => say!("from {sender}", sender = from_whom(transfer)),
            },
            state,
            stands: words::standing(state),
            into: match &transfer.state {
                Standing::Accepted { into_name, .. } => Some(words::short(into_name)),
                _ => None,
            },
            requested: words::date(transfer.requested_at),
            ended: ended(transfer, now).map(words::date),
        }
    };
    let view = Page {
        f: frame(&app, Some(&person)).at("/transfers"),
        kinds: Vec::from(Kind::ALL.map(|kind| Choice {
            value: kind.word().to_owned(),
            name: kind.name(),
            chosen: asked.kind == kind,
        })),
        transfers: asked.kind == Kind::Transfers,
        roles: Vec::from(Role::ALL.map(|role| Choice {
            value: role.word().to_owned(),
            name: role.name(),
            chosen: asked.role == role,
        })),
        other: asked.role.other(),
        received: asked.role == Role::Received,
        states,
        contexts,
        rows: found.iter().map(row).collect(),
        filters: asked.filters(),
        next: next.map(|cursor| cursor.to_string()),
        paged: asked.from.is_some(),
        most: words::grouped(EXPORTED as u64),
    };
    Ok(page(StatusCode::OK, &view))
}

fn to_whom(transfer: &Invitation) -> String {
    speak(&transfer.recipient.said())
}

fn from_whom(transfer: &Invitation) -> String {
    let sender = &transfer.sender;
    say!(
        "{name} ({address})",
        name = words::short(&sender.name),
        address = sender.address
    )
}

fn kind(terms: Terms) -> String {
    match terms {
        Terms::Ownership { .. } => say!("transfer" as "what was sent"),
        Terms::Access { .. } => say!("share" as "what was sent"),
        Terms::Membership { .. } => say!("invitation into a workgroup"),
        Terms::Workgroup => say!("handover of a workgroup"),
    }
}

fn ended(transfer: &Invitation, now: Time) -> Option<Time> {
    match &transfer.state {
        Standing::Accepted { at, .. }
        | Standing::Declined { at, .. }
        | Standing::Cancelled { at, .. }
        | Standing::Expired { at } => Some(*at),
        Standing::Requested | Standing::Pending { .. } => {
            (now >= transfer.expires_at).then_some(transfer.expires_at)
        }
    }
}

/// `GET /transfers.csv`: the newest of them, a line each.
pub async fn export(
    State(app): State<App>,
    fields: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/transfers").await?;
    let now = app.directory().now();
    let asked = Asked::of(&fields, &person);
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "id",
        "state",
        "sender",
        "source",
        "recipient",
        "items",
        "bytes",
        "requested_at",
        "expires_at",
        "ended_at",
        "accepted_into",
        "names",
        "kind",
    ];
    table.write_record(head).map_err(unwritable)?;
    let (mut from, mut lines) = (None, 0);
    for _ in 0..TIMES {
        let (found, next) = asked.found(&app, &person, from, AT_ONCE).await?;
        for transfer in found.iter().take(EXPORTED - lines) {
            table
                .write_record(line(transfer, now))
                .map_err(unwritable)?;
            lines += 1;
        }
        from = next;
        if from.is_none() || lines == EXPORTED || table.get_ref().len() > HEAVY {
            break;
        }
    }
    let text = table
        .into_inner()
        .map_err(|error| unwritable(error.into_error().into()))?;
    let head = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"transfers.csv\""),
        ),
    ];
    Ok((super::head(super::POLICY), head, text).into_response())
}

fn unwritable(error: csv::Error) -> Fault {
    Fault::never(format!("a table cannot be written: {error}"))
}

fn line(transfer: &Invitation, now: Time) -> [String; 13] {
    let into = match &transfer.state {
        Standing::Accepted { into_name, .. } => into_name.as_str(),
        _ => "",
    };
    let names: Vec<&str> = transfer
        .items
        .iter()
        .map(|item| item.name.as_str())
        .collect();
    [
        transfer.id.to_string(),
        transfer.word_at(now).to_owned(),
        cell(&transfer.sender.address.to_string()),
        cell(&transfer.source_name),
        cell(&transfer.recipient.to_string()),
        transfer.items.len().to_string(),
        transfer.bytes().to_string(),
        transfer.requested_at.to_string(),
        transfer.expires_at.to_string(),
        ended(transfer, now).map_or_else(String::new, |at| at.to_string()),
        cell(into),
        cell(&names.join("; ")),
        transfer.terms.word().to_owned(),
    ]
}

/// Text that people wrote, so that no spreadsheet takes it for a formula.
fn cell(text: &str) -> String {
    let plain = words::plain(text);
    if plain.starts_with(['=', '+', '-', '@']) {
        format!("'{plain}")
    } else {
        plain
    }
}
