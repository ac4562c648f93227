//! Letters, and how they stand.

use crate::domain::invitation::Terms;
use crate::domain::letter::{self, Letter, Side};
use crate::web::language::say;

use super::{date, short};

/// A letter and how its delivery stands, for people.
pub struct Posted {
    pub kind: String,
    pub to: String,
    /// The word that programs use for the state.
    pub state: &'static str,
    pub stands: String,
    pub when: String,
    pub why: Option<String>,
}

/// How the delivery of a letter stands.
fn stands(delivery: &letter::State) -> String {
    match delivery {
        letter::State::Queued { .. } => say!("queued"),
        letter::State::Sent { .. } => say!("sent"),
        letter::State::Undeliverable { .. } => say!("undeliverable"),
        letter::State::Bounced { .. } => say!("bounced"),
        letter::State::Dead { .. } => say!("dead" as "a letter"),
        letter::State::Withdrawn { .. } => say!("withdrawn"),
    }
}

/// What a letter is that asks somebody for an answer.
fn asking(terms: Option<Terms>, again: bool) -> String {
    use Terms::{Access, Membership, Ownership, Workgroup};
    match (terms, again) {
        (Some(Ownership { .. } | Workgroup), false) => say!("The offer"),
        (Some(Ownership { .. } | Workgroup), true) => say!("The offer, again"),
        (Some(Access { .. } | Membership { .. }), false) => say!("The invitation"),
        (Some(Access { .. } | Membership { .. }), true) => say!("The invitation, again"),
        (None, false) => say!("An offer or invitation"),
        (None, true) => say!("An offer or invitation, again"),
    }
}

/// How a letter stands, and to whom it went as far as the reader may know; what it asks for, if that is known.
pub fn posted(letter: &Letter, to: String, asks: Option<Terms>) -> Posted {
    let (when, why) = match &letter.delivery {
        letter::State::Queued { not_before } if letter.attempts > 0 => (
            say!(
                letter.attempts; "tried {n} time; again on {at}", "tried {n} times; again on {at}", at = not_before
            ),
            letter.last_error.as_deref(),
        ),
        state => {
            let (at, why) = state.since().unwrap_or((letter.created_at, None));
            (date(at), why)
        }
    };
    Posted {
        kind: match &letter.says {
            letter::Kind::Offer { again, .. } => asking(asks, *again),
            letter::Kind::Reminder { .. } => say!("A reminder"),
            letter::Kind::Accepted { side: Side::Sender } => say!("That it was accepted"),
            letter::Kind::Accepted { .. } => say!("The receipt"),
            letter::Kind::Declined { .. } => say!("That it was declined"),
            letter::Kind::Cancelled => say!("That it was cancelled"),
            letter::Kind::Expired { .. } => say!("That it expired"),
            letter::Kind::AccessRevoked { .. } => say!("That access was revoked"),
            letter::Kind::News { .. } => say!("What happened"),
            letter::Kind::Answer { .. } => say!("An answer to a reply"),
            letter::Kind::Undeliverable { .. } => say!("That a letter did not arrive"),
            letter::Kind::SignInCode { .. } => say!("A code to sign in"),
            letter::Kind::AddressCode { .. } => say!("A code to add an address"),
        },
        to,
        state: letter.delivery.word(),
        stands: stands(&letter.delivery),
        when,
        why: why.map(short),
    }
}
