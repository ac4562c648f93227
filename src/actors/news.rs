//! Letters about what happened in a workgroup, to a link, or to everything of a context. They are committed with what they tell.

use crate::domain::account::{Account, Quiet};
use crate::domain::address::Address;
use crate::domain::id::{AccountId, Context, LetterId};
use crate::domain::invitation::{MAX_LETTERS, Mailbox};
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Letter, News, Subject};
use crate::store::{Fault, Store};

use super::load;
use super::people;
use super::proposal::Proposal;
use super::ration;
use super::world::{Call, Settings};

/// Whether whoever gets it does without such letters. What others do to somebody's membership or data is always told.
const fn unwanted(says: &News, quiet: Quiet) -> bool {
    match says {
        News::Joined { .. } | News::LinkAccepted { .. } => quiet.arrivals,
        News::RoleChanged { .. }
        | News::Removed { .. }
        | News::Closed { .. }
        | News::MoveProposed { .. }
        | News::MoveApproved { .. } => false,
    }
}

/// Whether somebody can cause such letters again and again, with nobody's consent: then so many of a day are enough. What is left out
/// stands in the history all the same.
const fn repeats(says: &News) -> bool {
    match says {
        News::RoleChanged { .. } | News::LinkAccepted { .. } | News::Joined { .. } => true,
        // These are said once of each.
        News::Removed { .. }
        | News::Closed { .. }
        | News::MoveProposed { .. }
        | News::MoveApproved { .. } => false,
    }
}

/// Writes a letter to each of these, once, except to whoever has one of the addresses `but`: they did it, or hear of it otherwise.
pub(super) async fn tell(
    settings: &Settings,
    call: &Call,
    (subject, says): (Subject, &News),
    to: Vec<Mailbox>,
    but: &[Address],
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let mut told: Vec<Address> = but.to_vec();
    let mut readers = Vec::new();
    for to in to {
        if told.contains(&to.address) || unwanted(says, to.quiet) || readers.len() >= MAX_LETTERS {
            continue;
        }
        told.push(to.address.clone());
        readers.push(to);
    }
    if repeats(says) {
        readers = ration::told(settings, (subject, says), readers, call.at, proposal).await?;
    }
    for Mailbox {
        address, language, ..
    } in readers
    {
        let id = LetterId::from_bits(settings.ids.fresh(call.at));
        let says = Kind::News { says: says.clone() };
        let letter = Letter::queued(id, address, &language, subject, says, call.at);
        proposal.create(&letter, None);
    }
    Ok(())
}

/// Where letters to this person go.
pub(super) fn mailbox(account: &Account) -> Option<Mailbox> {
    let address = account.primary()?.clone();
    Some(Mailbox::of(address, Some(account), &account.language))
}

/// Where letters to the person of this account go.
pub(super) async fn person(store: &dyn Store, account: AccountId) -> Result<Vec<Mailbox>, Fault> {
    let found = load::one::<Account>(store, Key::Account(account)).await?;
    Ok(found
        .and_then(|found| mailbox(&found.document))
        .into_iter()
        .collect())
}

/// Where letters to those who answer for a context go.
pub(super) async fn answering(store: &dyn Store, context: Context) -> Result<Vec<Mailbox>, Fault> {
    match context {
        Context::Workgroup(id) => people::answering(store, id).await,
        Context::Personal(account) => person(store, account).await,
    }
}

/// Where letters to these addresses go, in the language of whoever holds them, or the site's.
pub(super) async fn addressed(
    settings: &Settings,
    addresses: &[Address],
) -> Result<Vec<Mailbox>, Fault> {
    let mut mailboxes = Vec::new();
    for address in addresses {
        let holder = people::holder(&*settings.store, address).await?;
        let holder = holder.as_ref().map(|holder| &holder.document);
        mailboxes.push(Mailbox::of(
            address.clone(),
            holder,
            &settings.policy.language,
        ));
    }
    Ok(mailboxes)
}
