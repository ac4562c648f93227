//! Invitations of every kind: listed, shown, answered, taken back.

use serde::Serialize;
use serde_json::json;

use crate::wire::{
    AcceptInvitation, DeclineTransfer, ExtendTransfer, Invitation, InvitationAnswer, InvitationPage,
};

use super::amounts::{Moments, counted, size};
use super::api::path;
use super::args::sharing::InvitationList;
use super::args::{Accept, Decline, Extend, Named, Once, Show};
use super::failure::Failure;
use super::history::history;
use super::offers::{asked, choices, posted};
use super::request::{kept, offered};
use super::session::{Form, Session, borrowed};
use super::table::{Fit, Table, column, facts, state};
use super::text::{paragraph, printable};

/// What an invitation is about, in a few words.
fn about(invitation: &Invitation) -> String {
    let first = invitation
        .items
        .first()
        .map_or("", |item| item.name.as_str());
    match (invitation.kind.as_str(), invitation.items.len()) {
        ("membership", _) => {
            let role = invitation.role.as_deref().unwrap_or("member");
            format!("{}, as {role}", invitation.source_name)
        }
        ("workgroup", _) => format!("{}, as its owner", invitation.source_name),
        (_, 0 | 1) => first.to_owned(),
        (_, several) => format!("{first} and {} more", several - 1),
    }
}

/// Invitations as a table; `sent`: with those they went to, otherwise with those they came from.
pub(super) fn table(invitations: Vec<Invitation>, sent: bool, moments: &Moments) -> Table<6> {
    let mut table = headed(sent);
    for invitation in invitations {
        row(&mut table, invitation, sent, moments);
    }
    table
}

fn headed(sent: bool) -> Table<6> {
    Table::new([
        column("STATE", Fit::Keeps),
        column("KIND", Fit::Keeps),
        column(if sent { "TO" } else { "FROM" }, Fit::Shrinks),
        column("WHAT", Fit::Shrinks),
        column("EXPIRES OR ENDED", Fit::Drops),
        column("ID", Fit::Keeps),
    ])
}

fn row(table: &mut Table<6>, invitation: Invitation, sent: bool, moments: &Moments) {
    let who = if sent {
        invitation.recipient.clone()
    } else {
        format!("{} <{}>", invitation.sender_name, invitation.sender_address)
    };
    let when = invitation.ended_at.as_ref();
    let when = when.unwrap_or(&invitation.expires_at);
    table.row([
        state(&invitation.state),
        invitation.kind.as_str().into(),
        who.into(),
        about(&invitation).into(),
        moments.short(when).into(),
        invitation.id.into(),
    ]);
}

/// `handover invitation list`
pub(super) fn list(args: &InvitationList, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let which = &args.which;
    let asked = asked(which, "invitations", session)?;
    let mut query = borrowed(&asked);
    query.extend(args.kind.as_deref().map(|kind| ("kind", kind)));
    let moments = session.moments.clone();
    let mut table = headed(which.sent);
    session.list(
        "/invitations",
        &query,
        which.limit,
        |invitation: &Invitation| &invitation.id,
        |invitation| row(&mut table, invitation, which.sent, &moments),
    )?;
    session.table("", &table)
}

/// `handover invitation show`
pub(super) fn show(args: &Show, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["invitations", &args.id]))?;
    let page: InvitationPage = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&page.invitation.id)));
    }
    let moments = session.moments.clone();
    let InvitationPage {
        invitation,
        as_recipient,
        choices: contexts,
        letters,
        history: events,
        ..
    } = page;
    session.print(told(&invitation, &moments))?;
    if let Some(message) = &invitation.message {
        session.print(format_args!("\nMessage\n{}", paragraph(message, "  ")))?;
    }
    session.table("Items", &offered(&invitation.items))?;
    session.table("Letters", &posted(letters, &moments))?;
    session.table("History", &history(events, &moments))?;
    if !as_recipient || invitation.state != "pending" {
        return Ok(());
    }
    let id = printable(&invitation.id);
    let into = if contexts.is_empty() {
        ""
    } else {
        choices(contexts, session)?;
        " --into CONTEXT"
    };
    session.print(format_args!(
        "\nhandover invitation accept {id}{into}\nhandover invitation decline {id} --reason TEXT\n"
    ))
}

fn told(invitation: &Invitation, moments: &Moments) -> String {
    let ended = invitation.ended_at.as_ref().map(|at| moments.full(at));
    let expires = ended
        .is_none()
        .then(|| moments.full(&invitation.expires_at));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let access = invitation.level.as_ref().map(|level| {
        let until = super::sharing::until(invitation.until.as_ref(), moments);
        format!("{level}, until {until}")
    });
    let keeps = invitation.keep_access.as_ref();
    let amount = match invitation.items.len() as u64 {
        0 => String::new(),
        items => format!(
            "{}, {}",
            counted(items, "item", "items"),
            size(invitation.bytes)
        ),
    };
    facts(&[
        (invitation.kind.as_str(), invitation.id.clone()),
        ("state", invitation.state.clone()),
        (
            "from",
            format!("{} <{}>", invitation.sender_name, invitation.sender_address),
        ),
        (
            "of the context",
            format!("{} ({})", invitation.source_name, invitation.source),
        ),
        ("to", invitation.recipient.clone()),
        ("about", amount),
        ("access", access.unwrap_or_default()),
        ("role", text(&invitation.role)),
        (
            "sender keeps",
            keeps.map(|keep| kept(keep, moments)).unwrap_or_default(),
        ),
        ("made", moments.full(&invitation.requested_at)),
        ("expires", expires.unwrap_or_default()),
        ("ended", ended.unwrap_or_default()),
        ("accepted into", text(&invitation.accepted_into_name)),
        ("reason", text(&invitation.reason)),
    ])
}

/// Sends the command and prints the answer; `tell` says for people what was done, or had been done before.
fn answer(
    (id, verb): (&str, &str),
    body: &impl Serialize,
    once: &Once,
    session: &mut Session<'_, '_>,
    tell: impl Fn(&Invitation, &Moments) -> String,
) -> Result<(), Failure> {
    let document = session.command(&["invitations", id, verb], body, once)?;
    let InvitationAnswer {
        invitation,
        already,
        warnings,
    } = document.read()?;
    session.warnings(&warnings)?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{}\n", printable(&invitation.id))),
        Form::People => {
            let before = if already { "Already done: " } else { "" };
            let text = tell(&invitation, &session.moments);
            session.print(format_args!("{before}{text}\n"))
        }
    }
}

/// `handover invitation accept`
pub(super) fn accept(args: &Accept, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = AcceptInvitation {
        context: args.into.clone(),
    };
    answer(
        (&args.id, "accept"),
        &body,
        &args.once,
        session,
        |invitation, _| {
            let into = invitation.accepted_into_name.as_deref().unwrap_or_default();
            let (into, about) = (printable(into), printable(&about(invitation)));
            match invitation.kind.as_str() {
                "transfer" => format!("Accepted: {about} now belongs to {into}."),
                "share" => format!("Accepted: {about} is shared with {into}."),
                "workgroup" => format!("Accepted: you are the owner of {into}."),
                _ => format!("Accepted: you belong to {into}."),
            }
        },
    )
}

/// `handover invitation decline`
pub(super) fn decline(args: &Decline, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = DeclineTransfer {
        reason: args.reason.clone(),
    };
    answer(
        (&args.id, "decline"),
        &body,
        &args.once,
        session,
        |invitation, _| {
            let sender = printable(&invitation.sender_address);
            format!("Declined; {sender} is told.")
        },
    )
}

/// `handover invitation cancel`
pub(super) fn cancel(args: &Named, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    answer(
        (&args.id, "cancel"),
        &json!({}),
        &args.once,
        session,
        |invitation, _| format!("Cancelled; {} is told.", printable(&invitation.recipient)),
    )
}

/// `handover invitation resend`
pub(super) fn resend(args: &Named, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    answer(
        (&args.id, "resend"),
        &json!({}),
        &args.once,
        session,
        |invitation, _| format!("Mailed again, to {}.", printable(&invitation.recipient)),
    )
}

/// `handover invitation extend`
pub(super) fn extend(args: &Extend, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = ExtendTransfer {
        expires_in_days: args.expires,
    };
    answer(
        (&args.id, "extend"),
        &body,
        &args.once,
        session,
        |invitation, moments| format!("It stands until {}.", moments.full(&invitation.expires_at)),
    )
}
