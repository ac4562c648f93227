//! What is done with an offer: accepted, declined, cancelled, mailed again, extended, readdressed.

use serde::Serialize;
use serde_json::json;

use crate::wire::{
    AcceptTransfer, DeclineTransfer, ExtendTransfer, ReaddressTransfer, Transfer, TransferAnswer,
};

use super::amounts::{Moments, counted, size};
use super::args::{Accept, Decline, Extend, Named, Once, Readdress};
use super::failure::Failure;
use super::session::{Form, Session};
use super::text::printable;

/// Sends the command and prints the answer; `tell` says for people what was done, or had been done before.
fn answer(
    (id, verb): (&str, &str),
    body: &impl Serialize,
    once: &Once,
    session: &mut Session<'_, '_>,
    tell: impl Fn(&Transfer, bool, &Moments) -> String,
) -> Result<(), Failure> {
    let document = session.command(&["transfers", id, verb], body, once)?;
    let answer: TransferAnswer = document.read()?;
    session.warnings(&answer.warnings)?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{}\n", printable(&answer.transfer.id))),
        Form::People => {
            let text = tell(&answer.transfer, answer.already, &session.moments);
            session.print(format_args!("{text}\n"))
        }
    }
}

/// `Accepted` or `Already accepted on …`
fn word(word: &str, transfer: &Transfer, already: bool, moments: &Moments) -> String {
    match (already, &transfer.ended_at) {
        (false, _) => format!(
            "{}{}",
            word.get(..1).unwrap_or_default().to_uppercase(),
            word.get(1..).unwrap_or_default()
        ),
        (true, Some(at)) => format!("Already {word}, on {}", moments.full(at)),
        (true, None) => format!("Already {word}"),
    }
}

fn items(transfer: &Transfer) -> String {
    let number = counted(transfer.items.len() as u64, "item", "items");
    format!("{number} ({})", size(transfer.bytes))
}

/// `handover transfer accept`
pub(super) fn accept(args: &Accept, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = AcceptTransfer {
        context: args.into.clone(),
    };
    answer(
        (&args.id, "accept"),
        &body,
        &args.once,
        session,
        |transfer, already, moments| {
            let into = transfer
                .accepted_into_name
                .as_ref()
                .or(transfer.accepted_into.as_ref());
            let into = into.map_or_else(String::new, |into| {
                let belong = if transfer.items.len() == 1 {
                    "belongs"
                } else {
                    "belong"
                };
                format!(" now {belong} to {}", printable(into))
            });
            let done = word("accepted", transfer, already, moments);
            let mut text = format!("{done}: {}{into}.", items(transfer));
            for (id, name) in &transfer.renamed {
                text.push_str(&format!(
                    "\n{} is called \"{}\" there, because its name was taken.",
                    printable(id),
                    printable(name)
                ));
            }
            text
        },
    )
}

/// `handover transfer decline`
pub(super) fn decline(args: &Decline, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = DeclineTransfer {
        reason: args.reason.clone(),
    };
    answer(
        (&args.id, "decline"),
        &body,
        &args.once,
        session,
        |transfer, already, moments| {
            let done = word("declined", transfer, already, moments);
            let to = printable(&transfer.source_name);
            format!("{done}: {} {} with {to}.", items(transfer), stay(transfer))
        },
    )
}

/// `handover transfer cancel`
pub(super) fn cancel(args: &Named, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    answer(
        (&args.id, "cancel"),
        &json!({}),
        &args.once,
        session,
        |transfer, already, moments| {
            let done = word("cancelled", transfer, already, moments);
            let to = printable(&transfer.source_name);
            format!("{done}: {} {} with {to}.", items(transfer), stay(transfer))
        },
    )
}

/// `handover transfer resend`
pub(super) fn resend(args: &Named, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    answer(
        (&args.id, "resend"),
        &json!({}),
        &args.once,
        session,
        |transfer, already, _| {
            let done = if already {
                "Mailed before"
            } else {
                "Mailed again"
            };
            format!("{done}, to {}.", printable(&transfer.recipient))
        },
    )
}

/// `handover transfer extend`
pub(super) fn extend(args: &Extend, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = ExtendTransfer {
        expires_in_days: args.expires,
    };
    answer(
        (&args.id, "extend"),
        &body,
        &args.once,
        session,
        |transfer, already, moments| {
            let done = if already {
                "Extended before"
            } else {
                "Extended"
            };
            format!(
                "{done}: the offer stands until {}.",
                moments.full(&transfer.expires_at)
            )
        },
    )
}

/// `handover transfer readdress`
pub(super) fn readdress(args: &Readdress, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = ReaddressTransfer {
        recipient: args.to.clone(),
    };
    answer(
        (&args.id, "readdress"),
        &body,
        &args.once,
        session,
        |transfer, already, moments| {
            let done = if already {
                "Readdressed before"
            } else {
                "Readdressed"
            };
            let (to, id) = (printable(&transfer.recipient), printable(&transfer.id));
            let until = moments.full(&transfer.expires_at);
            format!("{done}: the new offer {id} to {to} stands until {until}.")
        },
    )
}

/// What the items do, in the right number.
fn stay(transfer: &Transfer) -> &'static str {
    if transfer.items.len() == 1 {
        "stays"
    } else {
        "stay"
    }
}
