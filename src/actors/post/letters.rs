//! Letters that did not leave at the first attempt, or came back.

use crate::actors::load;
use crate::actors::once::{self, Answer, Decision, once};
use crate::actors::proposal::Proposal;
use crate::actors::reach;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::address::Address;
use crate::domain::document::Document as _;
use crate::domain::id::LetterId;
use crate::domain::index;
use crate::domain::key::Key;
use crate::domain::letter::{Letter, State};
use crate::domain::said::said;
use crate::domain::time::{DAY_MS, Time};

use super::{List, Search, Wish, did, dropped, looks, not_now, operator, unknown};

/// Which letters in trouble.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubled {
    /// Only those in this state, one of [`Troubled::STATES`].
    pub state: Option<String>,
    /// Only those to this address.
    pub to: Option<Address>,
    /// Only those whose cause was not committed before this.
    pub since: Option<Time>,
}

impl Troubled {
    /// The states that letters in trouble are in.
    pub const STATES: [&str; 4] = ["queued", "undeliverable", "bounced", "dead"];

    fn fits(&self, letter: &Letter) -> bool {
        let state = self.state.as_deref();
        state.is_none_or(|state| letter.delivery.word() == state)
            && self.to.as_ref().is_none_or(|to| letter.to == *to)
            && self.since.is_none_or(|since| letter.created_at >= since)
    }
    /// Whether all that follow are older. Ids lie in the order of their days: one letter of a day has the id of its midnight.
    fn is_past(&self, letter: &Letter) -> bool {
        self.since.is_some_and(|since| {
            let day = since.ms().saturating_sub(since.ms().rem_euclid(DAY_MS));
            let first = u128::try_from(day).unwrap_or(0) << 80;
            letter.id.bits() < first
        })
    }
}

/// Letters that were tried in vain: those that still wait, and those that are given up, undeliverable or came back.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn letters(
    settings: &Settings,
    call: &Call,
    which: &Troubled,
    after: Option<LetterId>,
    limit: usize,
) -> Result<List<Letter, LetterId>, Trouble> {
    looks(settings, call).await?;
    let prefix = index::troubled();
    let keep = |letter: &Letter| which.fits(letter);
    let over = |letter: &Letter| which.is_past(letter);
    let all = *which == Troubled::default();
    let search = Search {
        store: &*settings.store,
        prefix,
        after: after.map(|id| prefix.wide(id.bits()).as_slice().to_vec()),
        limit,
        key: |bits| Key::Letter(LetterId::from_bits(bits)),
        keep: (!all).then_some(&keep as &(dyn Fn(&Letter) -> bool + Sync)),
        over: &over,
    };
    let (found, next) = search.run().await?;
    Ok((found, next.map(LetterId::from_bits)))
}

/// One letter.
///
/// # Errors
/// Whoever calls does not administer the site, there is none, or the store failed.
pub async fn letter(settings: &Settings, call: &Call, id: LetterId) -> Result<Letter, Trouble> {
    looks(settings, call).await?;
    let found = load::one::<Letter>(&*settings.store, Key::Letter(id)).await?;
    found
        .map(|found| found.document)
        .ok_or_else(|| no_letter(id))
}

/// Has a letter tried again, or no more. What came back or is undeliverable is tried with a clean slate for its address.
///
/// # Errors
/// As [`letter`]; the letter has left, or others changed it.
pub async fn change_letter(
    world: &dyn World,
    call: &Call,
    id: LetterId,
    wish: &Wish,
) -> Result<Letter, Trouble> {
    wish.check()?;
    let id = once(world, call, || Box::pin(changed(world, call, id, wish)));
    letter(&world.settings(), call, id.await?).await
}

fn no_letter(id: LetterId) -> Trouble {
    unknown(said!("there is no letter {id}", id), id)
}

impl Answer for LetterId {
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
    id: LetterId,
    wish: &Wish,
) -> Result<Decision<LetterId>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = load::one::<Letter>(store, Key::Letter(id)).await?;
    let old = found.ok_or_else(|| no_letter(id))?;
    let mut next = old.document.clone();
    let how = match (&old.document.delivery, wish) {
        (State::Sent { .. }, _) => {
            return Err(not_now(
                said!("the letter has left"),
                said!("nothing is left to do"),
            ));
        }
        (State::Withdrawn { .. }, _) => {
            return Err(not_now(
                said!("the letter is dropped"),
                said!("have its sender send the offer again"),
            ));
        }
        (_, Wish::Drop { reason }) => {
            let why = dropped(reason.as_deref());
            next.delivery = State::Withdrawn {
                at: call.at,
                reason: Some(why.clone()),
            };
            why
        }
        (state, Wish::Retry) => {
            if matches!(state, State::Undeliverable { .. } | State::Bounced { .. }) {
                reach::works(store, &next.to, call.at, &mut proposal).await?;
            }
            // Never the row it had: that one is taken away.
            let was = old.document.due().map(|(_, at, _)| at);
            let now = call.at;
            let not_before = if was == Some(now) {
                now.plus_ms(1)
            } else {
                now
            };
            if !matches!(state, State::Queued { .. }) {
                next.attempts = 0;
                next.begun_anew_at = Some(now);
            }
            next.delivery = State::Queued { not_before };
            "tried again by an operator".to_owned()
        }
    };
    proposal.replace(&old, &next, Some(&did(call, how)));
    Ok(Decision::done(id, proposal))
}
