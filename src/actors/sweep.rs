//! What is kept no longer: attempts to sign in and their letters, sessions and tokens that are over, counts of what people tried in
//! vain. Each document says itself when it is due; nothing is ever searched for.

use futures_util::future::join_all;

use crate::domain::account::{Session, SignIn, Token};
use crate::domain::attempts::Attempts;
use crate::domain::document::Document;
use crate::domain::id::{AccountId, Digest, LetterId, MessageId, SignInId};
use crate::domain::incoming::{Incoming, Sealed};
use crate::domain::index;

use crate::domain::key::{Key, Queue};
use crate::domain::letter::Letter;
use crate::domain::reach::Reach;
use crate::domain::time::{MINUTE_MS, Time};
use crate::store::{Claimed, Commit, Direction, Fault, Outcome, Settlement, Store};

use super::load::{self, Versioned};
use super::proposal::Proposal;
use super::ration;

/// How long a row is somebody's, in milliseconds.
const LEASE_MS: i64 = 2 * MINUTE_MS;
/// So many hours of one person are swept away at once; each of them has a row of its own.
const HOURS: usize = 100;

/// Deletes what is due at `now`, at most `limit` of it; how much was looked at.
///
/// # Errors
/// The store failed. What was not deleted is due again.
pub async fn sweep(store: &dyn Store, now: Time, limit: usize) -> Result<usize, Fault> {
    let claimed = store.claim(Queue::Sweeps, now, limit, LEASE_MS).await?;
    let number = claimed.len();
    // All at once, so that they wait for the disk together.
    let swept = join_all(claimed.into_iter().map(|row| see_to(store, row, now))).await;
    swept.into_iter().collect::<Result<Vec<()>, Fault>>()?;
    Ok(number)
}

async fn see_to(store: &dyn Store, row: Claimed, now: Time) -> Result<(), Fault> {
    let id = row.due.id;
    let mut proposal = Proposal::default();
    // An id says whose it is by where it leads: there is one document of these at most.
    drop_due::<SignIn>(
        store,
        Key::SignIn(SignInId::from_bits(id)),
        now,
        &mut proposal,
    )
    .await?;
    drop_due::<Session>(store, Key::Session(Digest(id)), now, &mut proposal).await?;
    drop_due::<Token>(store, Key::Token(Digest(id)), now, &mut proposal).await?;
    drop_due::<Letter>(
        store,
        Key::Letter(LetterId::from_bits(id)),
        now,
        &mut proposal,
    )
    .await?;
    let message = MessageId::from_bits(id);
    drop_due::<Sealed>(store, Key::Sealed(message), now, &mut proposal).await?;
    drop_due::<Incoming>(store, Key::Incoming(message), now, &mut proposal).await?;
    drop_due::<Reach>(store, Key::Reach(Digest(id)), now, &mut proposal).await?;
    ration::sweep(store, Digest(id), |found| is_due(found, now), &mut proposal).await?;
    attempts(store, AccountId::from_bits(id), now, &mut proposal).await?;
    if proposal.is_empty() {
        return store.settle(row, Settlement::Done).await;
    }
    let commit = Commit {
        answers: Some(row.due),
        ..proposal.into_commit(now)
    };
    match store.commit(commit).await {
        // Somebody else changed it, or it is not known what became of it: after the lease it is looked at again.
        Outcome::Done(_) | Outcome::Duplicate(_) | Outcome::Conflict(_) | Outcome::Unknown => {
            Ok(())
        }
        Outcome::Unavailable => Err(Fault::retry("the store has too much to do")),
        Outcome::OverLimit { .. } | Outcome::TooLarge => Err(Fault::never(
            "what is swept away at once is more than a commit holds",
        )),
    }
}

fn is_due<D: Document>(found: &Versioned<D>, now: Time) -> bool {
    let due = found.document.due();
    due.is_some_and(|(queue, at, _)| queue == Queue::Sweeps && at <= now)
}

async fn drop_due<D: Document>(
    store: &dyn Store,
    key: Key,
    now: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let found = load::one::<D>(store, key).await?;
    if let Some(found) = found.filter(|found| is_due(found, now)) {
        proposal.delete(&found);
    }
    Ok(())
}

/// What a person tried in vain goes hour by hour, the earliest first. The journals stay.
async fn attempts(
    store: &dyn Store,
    person: AccountId,
    now: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let prefix = index::attempts_of(person);
    let page = store.scan(prefix, None, Direction::Forward, HOURS).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let hours = ids.filter_map(|id| u64::try_from(id).ok());
    let keys: Vec<Key> = hours.map(|hour| Key::Attempts(person, hour)).collect();
    let found = load::all::<Attempts>(store, &keys).await?;
    for old in found.iter().flatten().filter(|found| is_due(found, now)) {
        proposal.delete(old);
    }
    Ok(())
}
