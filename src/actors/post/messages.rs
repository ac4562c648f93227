//! Messages that came in, and what became of them; never what they say.

use crate::actors::load;
use crate::actors::once::{self, Answer, Decision, once};
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::id::{LetterId, MessageId};
use crate::domain::incoming::{Incoming, State};
use crate::domain::index;
use crate::domain::key::Key;
use crate::domain::said::said;
use crate::domain::time::Time;

use super::{List, Search, Wish, did, dropped, looks, not_now, operator, unknown};

/// Which messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    /// Only those that this became of; `waiting`: those that nobody has seen to.
    pub outcome: Option<String>,
    /// Only those to an address of this letter.
    pub letter: Option<LetterId>,
    /// Only those that did not come before this.
    pub since: Option<Time>,
}

impl Came {
    fn fits(&self, message: &Incoming) -> bool {
        let outcome = self.outcome.as_deref();
        outcome.is_none_or(|outcome| message.outcome() == outcome)
            && self.letter.is_none_or(|letter| message.letter == letter)
    }
    fn is_past(&self, message: &Incoming) -> bool {
        self.since.is_some_and(|since| message.at < since)
    }
}

/// What came in by mail.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn messages(
    settings: &Settings,
    call: &Call,
    which: &Came,
    after: Option<MessageId>,
    limit: usize,
) -> Result<List<Incoming, MessageId>, Trouble> {
    looks(settings, call).await?;
    let store = &*settings.store;
    let prefix = index::incoming();
    let after = match after {
        Some(id) => {
            let found = load::one::<Incoming>(store, Key::Incoming(id)).await?;
            let at = found.ok_or_else(|| no_message(id))?.document.at;
            Some(prefix.moment(at).wide(id.bits()).as_slice().to_vec())
        }
        None => None,
    };
    let keep = |message: &Incoming| which.fits(message);
    let over = |message: &Incoming| which.is_past(message);
    let all = which.outcome.is_none() && which.letter.is_none();
    let search = Search {
        store,
        prefix,
        after,
        limit,
        key: |bits| Key::Incoming(MessageId::from_bits(bits)),
        keep: (!all).then_some(&keep as &(dyn Fn(&Incoming) -> bool + Sync)),
        over: &over,
    };
    let (found, next) = search.run().await?;
    Ok((found, next.map(MessageId::from_bits)))
}

/// One message: what became of it, never what it says.
///
/// # Errors
/// Whoever calls does not administer the site, there is none, or the store failed.
pub async fn message(settings: &Settings, call: &Call, id: MessageId) -> Result<Incoming, Trouble> {
    looks(settings, call).await?;
    let found = load::one::<Incoming>(&*settings.store, Key::Incoming(id)).await?;
    found
        .map(|found| found.document)
        .ok_or_else(|| no_message(id))
}

/// Has a message that was given up seen to again, or one that waits no more. What was understood stays as it is.
///
/// # Errors
/// As [`message`]; it was understood, its seven days are over, or others changed it.
pub async fn change_message(
    world: &dyn World,
    call: &Call,
    id: MessageId,
    wish: &Wish,
) -> Result<Incoming, Trouble> {
    wish.check()?;
    let id = once(world, call, || Box::pin(changed(world, call, id, wish)));
    message(&world.settings(), call, id.await?).await
}

fn no_message(id: MessageId) -> Trouble {
    unknown(said!("there is no message {id}", id), id)
}

impl Answer for MessageId {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

async fn changed(
    world: &dyn World,
    call: &Call,
    id: MessageId,
    wish: &Wish,
) -> Result<Decision<MessageId>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = load::one::<Incoming>(store, Key::Incoming(id)).await?;
    let old = found.ok_or_else(|| no_message(id))?;
    let again = "seen to again, for an operator".to_owned();
    let (next, how) = match (&old.document.state, wish) {
        (State::Waiting { .. }, Wish::Drop { reason }) => {
            let why = dropped(reason.as_deref());
            (old.document.done(call.at, "dropped", &why), why)
        }
        (State::Waiting { .. }, Wish::Retry) => (waiting(&old.document, call.at), again),
        (State::Done { .. }, Wish::Retry) if old.document.may_be_retried() => {
            let sealed = store.load(&[Key::Sealed(id)]).await?;
            if sealed.iter().flatten().next().is_none() {
                return Err(not_now(
                    said!("the message itself is kept no longer"),
                    said!("have its sender answer in handover"),
                ));
            }
            (waiting(&old.document, call.at), again)
        }
        (State::Done { .. }, _) => {
            return Err(not_now(
                said!("the message was understood"),
                said!("nothing is left to do"),
            ));
        }
    };
    proposal.replace(&old, &next, Some(&did(call, how)));
    Ok(Decision::done(id, proposal))
}

fn waiting(of: &Incoming, not_before: Time) -> Incoming {
    Incoming {
        state: State::Waiting { not_before },
        ..of.clone()
    }
}
