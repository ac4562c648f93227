//! Addresses that letters do not reach: what is written down of them, and what those are told who wrote.

use crate::domain::address::Address;
use crate::domain::id::LetterId;
use crate::domain::invitation::{Invitation, Recipient, State};
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Letter, Subject};
use crate::domain::reach::Reach;
use crate::domain::time::Time;
use crate::ids::Ids;
use crate::store::{Fault, Store};

use super::load::{self, Versioned};
use super::proposal::Proposal;

/// What is known of an address.
///
/// # Errors
/// The store failed.
pub async fn of(store: &dyn Store, address: &Address) -> Result<Option<Versioned<Reach>>, Fault> {
    load::one(store, Key::Reach(address.digest())).await
}

pub(in crate::actors) fn write(
    old: Option<&Versioned<Reach>>,
    next: &Reach,
    proposal: &mut Proposal,
) {
    match old {
        Some(old) => proposal.replace(old, next, None),
        None => proposal.create(next, None),
    }
}

fn known(old: Option<&Versioned<Reach>>, address: &Address, at: Time) -> Reach {
    old.map_or_else(
        || Reach::unknown(address.clone(), at),
        |old| old.document.clone(),
    )
}

/// The address works: somebody signed in with it or replied to a letter that went there.
///
/// # Errors
/// The store failed.
pub async fn works(
    store: &dyn Store,
    address: &Address,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let old = of(store, address).await?;
    if let Some(old) = old.filter(|old| old.document.is_doubtful()) {
        proposal.replace(&old, &old.document.clone().works(at), None);
    }
    Ok(())
}

/// A mail server refused the address of this letter while we offered it: nothing more is sent there, and whoever waits for an answer is
/// told.
///
/// # Errors
/// The store failed.
pub async fn refused(
    store: &dyn Store,
    ids: &Ids,
    letter: &Letter,
    reason: &str,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let old = of(store, &letter.to).await?;
    let next = known(old.as_ref(), &letter.to, at).refused(reason, at);
    write(old.as_ref(), &next, proposal);
    tell_sender(store, ids, letter, reason, at, proposal).await
}

/// A mail server reported that this letter will not arrive.
///
/// # Errors
/// The store failed.
pub async fn reported(
    store: &dyn Store,
    ids: &Ids,
    letter: &Letter,
    status: &str,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let old = of(store, &letter.to).await?;
    let next = known(old.as_ref(), &letter.to, at).reported(letter.id, status, at);
    write(old.as_ref(), &next, proposal);
    tell_sender(store, ids, letter, status, at, proposal).await
}

/// Whoever made an offer is told that the letter about it did not arrive, while it can still be answered. The offer stands.
async fn tell_sender(
    store: &dyn Store,
    ids: &Ids,
    letter: &Letter,
    reason: &str,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let (Subject::Invitation(id), Kind::Offer { .. } | Kind::Reminder { .. }) =
        (letter.subject, &letter.says)
    else {
        return Ok(());
    };
    let found = load::one::<Invitation>(store, Key::Invitation(id)).await?;
    let Some(offer) = found.filter(|found| matches!(found.document.state, State::Pending { .. }))
    else {
        return Ok(());
    };
    let offer = offer.document;
    let says = Kind::Undeliverable {
        address: match &offer.recipient {
            Recipient::Address(address) => address.to_string(),
            Recipient::Workgroup { handle, .. } => handle.clone(),
        },
        reason: reason.to_owned(),
    };
    let (to, language) = (offer.sender.address, offer.sender.language);
    let id = LetterId::from_bits(ids.fresh(at));
    let told = Letter::queued(id, to, &language, letter.subject, says, at);
    proposal.create(&told, None);
    Ok(())
}
