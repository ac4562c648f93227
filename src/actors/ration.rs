//! What asks somebody for an answer by mail takes from what they may be sent on one day. It is taken in the commit that writes the
//! letters, so that nobody comes in between.

use crate::domain::document::Document as _;
use crate::domain::id::Digest;
use crate::domain::invitation::Recipient;
use crate::domain::key::{Counter, Key};
use crate::domain::policy::Policy;
use crate::domain::ration::Ration;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;
use crate::store::{Fault, Store};

use super::load::{self, Versioned};
use super::proposal::Proposal;
use super::world::Settings;

/// Takes one: the commit fails when there are none left.
pub(super) async fn take(
    settings: &Settings,
    recipient: &Recipient,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let ration = Ration::of(recipient, at);
    // It must be there as long as anything is counted, or the counter would stay for ever.
    match load::one::<Ration>(&*settings.store, ration.key()).await? {
        Some(there) => proposal.guard(ration.key(), there.version),
        None => proposal.create(&ration, None),
    }
    proposal.add(ration.counter(), 1);
    proposal.limit(ration.counter(), settings.policy.letters_a_day);
    Ok(())
}

/// Whether there are none left.
pub(super) async fn is_used_up(
    settings: &Settings,
    recipient: &Recipient,
    at: Time,
) -> Result<bool, Fault> {
    let counter = Ration::of(recipient, at).counter();
    let taken = settings.store.counters(&[counter]).await?;
    Ok(taken.iter().sum::<i64>() >= settings.policy.letters_a_day)
}

/// Why nobody is asked now.
pub(super) fn used_up(recipient: &Recipient, policy: &Policy, at: Time) -> Refusal {
    let tomorrow = Ration::of(recipient, at).ends_at();
    Refusal::new(
        Code::RecipientLetters,
        format!(
            "{recipient} was sent as many letters today as may ask one recipient for an answer in a day ({})",
            policy.letters_a_day
        ),
        format!(
            "do it again after {}; several items fit into one offer",
            tomorrow.for_people()
        ),
    )
    .about("recipient")
}

/// One whose day is long over goes, and what was counted for it.
pub(super) async fn sweep(
    store: &dyn Store,
    id: Digest,
    is_due: impl Fn(&Versioned<Ration>) -> bool,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let found = load::one::<Ration>(store, Key::Ration(id)).await?;
    if let Some(found) = found.filter(is_due) {
        let counter = Counter::Asked(id);
        let taken = store.counters(&[counter]).await?;
        proposal.add(counter, -taken.iter().sum::<i64>());
        proposal.delete(&found);
    }
    Ok(())
}
