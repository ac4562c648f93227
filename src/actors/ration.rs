//! Letters that others cause take from what may be sent to somebody on one day. It is taken in the commit that writes the letters, so that
//! nobody comes in between; when it is used up, what they tell goes on without them.

use crate::domain::document::Document as _;
use crate::domain::id::Digest;
use crate::domain::invitation::{Invitation, Mailbox};
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{News, Subject};
use crate::domain::policy::Policy;
use crate::domain::ration::Ration;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};
use crate::domain::time::Time;
use crate::store::{Fault, Store};

use super::load::{self, Versioned};
use super::proposal::Proposal;
use super::world::Settings;

/// Whose part of a day is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsedUp {
    /// That of all senders together.
    All,
    /// That of this sender.
    Share,
}

impl UsedUp {
    fn why(self, invitation: &Invitation, policy: &Policy) -> Said {
        let recipient = invitation.recipient.said();
        match self {
            Self::All => said!(
                "{recipient} was sent as many letters today as may ask one recipient for an answer in a day ({most})",
                recipient,
                most = policy.letters_a_day
            ),
            Self::Share => said!(
                "{recipient} was sent as many letters today as one sender may ask with in a day ({most})",
                recipient,
                most = policy.share_a_day()
            ),
        }
    }

    /// Why nobody is asked again now.
    pub(super) fn refusal(self, invitation: &Invitation, policy: &Policy, at: Time) -> Refusal {
        let tomorrow = Ration::of(&invitation.recipient, at).ends_at();
        Refusal::new(
            Code::RecipientLetters,
            self.why(invitation, policy),
            said!(
                "do it again after {at}; meanwhile it stands in the recipient's inbox",
                at = tomorrow
            ),
        )
        .about("recipient")
    }

    /// That it was done, and nobody is written to about it.
    pub(super) fn warning(self, invitation: &Invitation, policy: &Policy, at: Time) -> Refusal {
        let tomorrow = Ration::of(&invitation.recipient, at).ends_at();
        Refusal::new(
            Code::RecipientLetters,
            said!(
                "{why}, so no letter tells of this; it stands in the recipient's inbox",
                why = self.why(invitation, policy)
            ),
            said!(
                "tell them yourself, or send the letter after {at}",
                at = tomorrow
            ),
        )
        .about("recipient")
    }
}

/// Takes one for a letter that asks the recipient of this for an answer; or says what is used up, and takes nothing.
pub(super) async fn take(
    settings: &Settings,
    invitation: &Invitation,
    at: Time,
    proposal: &mut Proposal,
) -> Result<Option<UsedUp>, Fault> {
    let policy = &settings.policy;
    let (recipient, sender) = (&invitation.recipient, invitation.sender.account);
    let all = (Ration::of(recipient, at), policy.letters_a_day);
    let share = (Ration::share(recipient, sender, at), policy.share_a_day());
    let counters = [all.0.counter(), share.0.counter()];
    let store = &*settings.store;
    let taken = store.counters(&counters).await?;
    let of = [(&all, UsedUp::All), (&share, UsedUp::Share)];
    for (taken, ((ration, limit), used_up)) in taken.into_iter().zip(of) {
        // Nothing is used up any more once it is swept.
        if taken >= *limit
            && let Some(there) = load::one::<Ration>(store, ration.key()).await?
        {
            proposal.guard(ration.key(), there.version);
            return Ok(Some(used_up));
        }
    }
    count(store, &[all, share], proposal).await?;
    Ok(None)
}

/// Of these mailboxes those that may be told such news today yet; one is taken for each. What happens again and again to one thing does
/// not hide what happens to others.
pub(super) async fn told(
    settings: &Settings,
    (subject, says): (Subject, &News),
    to: Vec<Mailbox>,
    at: Time,
    proposal: &mut Proposal,
) -> Result<Vec<Mailbox>, Fault> {
    let (policy, store) = (&settings.policy, &*settings.store);
    let (mut readers, mut rations) = (Vec::new(), Vec::new());
    for to in to {
        let all = Ration::news(&to.address, says, at);
        let share = Ration::news_about(subject, &to.address, says, at);
        let of = [(all, policy.letters_a_day), (share, policy.share_a_day())];
        let counters = of.each_ref().map(|(ration, _)| ration.counter());
        let taken = store.counters(&counters).await?;
        if taken.iter().zip(&of).all(|(taken, (_, most))| taken < most) {
            readers.push(to);
            rations.extend(of);
        }
    }
    count(store, &rations, proposal).await?;
    Ok(readers)
}

/// Takes one of each: the commit is decided anew when another was faster with the last.
async fn count(
    store: &dyn Store,
    rations: &[(Ration, i64)],
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let keys: Vec<Key> = rations.iter().map(|(ration, _)| ration.key()).collect();
    let found = load::all::<Ration>(store, &keys).await?;
    for ((ration, limit), there) in rations.iter().zip(found) {
        // It must be there as long as anything is counted, or the counter would stay for ever.
        match there {
            Some(there) => proposal.guard(ration.key(), there.version),
            None => proposal.create(ration, None),
        }
        proposal.add(ration.counter(), 1);
        proposal.limit(ration.counter(), *limit);
    }
    Ok(())
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
        let counter = Counter::Rationed(id);
        let taken = store.counters(&[counter]).await?;
        proposal.add(counter, -taken.iter().sum::<i64>());
        proposal.delete(&found);
    }
    Ok(())
}
