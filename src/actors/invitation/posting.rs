//! What goes with every commit about an invitation: letters, journal entries, and the answer to a repetition.

use crate::actors::load;
use crate::actors::once::{self, Answer};
use crate::actors::proposal::Proposal;
use crate::actors::ration;
use crate::actors::world::{self, Call, Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::id::LetterId;
use crate::domain::invitation::{Invitation, MAX_LETTERS, Mailbox, Outgoing, State};
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{ByMail, Kind, Letter, Side, Subject};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Size, said};
use crate::store::Fault;

use super::by_mail::answerable;
use super::{Done, Kept};

/// Letters that ask for an answer are left out, and whoever causes them is told so, when the recipient was sent as many today as may be:
/// what they tell of stands in the recipient's inbox.
pub(super) async fn mailable(
    settings: &Settings,
    call: &Call,
    invitation: &Invitation,
    letters: &mut Vec<Outgoing>,
    warnings: &mut Vec<Refusal>,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    if letters.is_empty() {
        return Ok(());
    }
    if let Some(used_up) = ration::take(settings, invitation, call.at, proposal).await? {
        letters.clear();
        warnings.push(used_up.warning(invitation, &settings.policy, call.at));
    }
    Ok(())
}

/// Gives letters their ids and rows, and what their links stand for.
pub(super) async fn post(
    settings: &Settings,
    call: &Call,
    transfer: &mut Invitation,
    letters: Vec<Outgoing>,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    // The letter to the sender is the first of those that tell of an end, so that it is among them whoever else is told.
    for (n, outgoing) in letters.into_iter().enumerate() {
        let asks = matches!(outgoing.says, Kind::Offer { .. } | Kind::Reminder { .. });
        let full = if asks {
            transfer.letters.len() >= MAX_LETTERS
        } else {
            n >= MAX_LETTERS
        };
        if full {
            break;
        }
        let id = LetterId::from_bits(settings.ids.fresh(call.at));
        let Mailbox {
            address, language, ..
        } = outgoing.to;
        let subject = Subject::Invitation(transfer.id);
        let by_mail = match asks {
            true => answerable(settings, transfer, &address).await?,
            false => ByMail::No,
        };
        let mut letter = Letter::queued(id, address, &language, subject, outgoing.says, call.at);
        letter.by_mail = by_mail;
        proposal.create(&letter, None);
        transfer.letters.push(id);
    }
    Ok(())
}

/// Of these letters those that whoever gets them wants. What the sender does without is looked up here; of the others it is known.
pub(super) async fn wanted(
    settings: &Settings,
    invitation: &Invitation,
    mut letters: Vec<Outgoing>,
) -> Result<Vec<Outgoing>, Fault> {
    let to_sender = |outgoing: &&mut Outgoing| outgoing.says.side() == Some(Side::Sender);
    if let Some(outgoing) = letters.iter_mut().find(to_sender) {
        let key = Key::Account(invitation.sender.account);
        let sender = load::one::<Account>(&*settings.store, key).await?;
        outgoing.to.quiet = sender
            .map(|sender| sender.document.quiet)
            .unwrap_or_default();
    }
    letters.retain(|outgoing| !outgoing.is_unwanted());
    Ok(letters)
}

/// How the journal of a new offer begins.
pub(super) fn made(transfer: &Invitation) -> What {
    match transfer.state {
        State::Requested => What::Requested,
        _ => What::Pending,
    }
}

pub(super) fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

impl Answer for Done {
    fn kept(&self) -> Vec<u8> {
        let transfer = self.transfer.id;
        serde_json::to_vec(&Kept { transfer }).unwrap_or_default()
    }

    async fn again(settings: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        let Kept { transfer } = once::read(kept)?;
        let key = Key::Invitation(transfer);
        let found = load::one::<Invitation>(&*settings.store, key).await?;
        let found = found.ok_or_else(|| Invitation::not_found(transfer))?;
        Ok(Self {
            transfer: found.document,
            already: true,
            warnings: Vec::new(),
        })
    }
}

pub(super) fn over(
    transfer: &Invitation,
    counter: Counter,
    current: i64,
    policy: &Policy,
) -> Trouble {
    let refusal = match counter {
        Counter::OpenOffers(..) => Refusal::new(
            Code::SenderOpenOffers,
            said!(
                "{current} offers to {recipient} are open already",
                current,
                recipient = transfer.recipient.said()
            ),
            said!(
                "at most {most} may be; put several items into one offer, or wait for an answer",
                most = policy.open_offers
            ),
        ),
        // Links are accepted without an invitation, what is counted of mail stands in no commit about one, and what finds no letter
        // left is decided anew.
        Counter::LinkUses(_)
        | Counter::Incoming(..)
        | Counter::Sealed
        | Counter::SealedOf(_)
        | Counter::Explained(_)
        | Counter::Rationed(_) => world::busy(),
        Counter::Usage(context) => Refusal::new(
            Code::TargetOverQuota,
            said!(
                "the receiving context has filled up meanwhile: it uses {used} and would need {bytes} more",
                used = Size(u64::try_from(current).unwrap_or(0)),
                bytes = Size(transfer.bytes())
            ),
            said!("choose another context, free some space, or ask for a larger quota"),
        )
        .about(context),
    };
    refusal.into()
}
