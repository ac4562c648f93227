//! The courier of a node, and the mail server at the other end: the same claims and the same commit as in production, on fewer legs.

use std::sync::Arc;

use handover::actors::load::{self, Versioned};
use handover::actors::proposal::Proposal;
use handover::actors::world::World as _;
use handover::actors::{purge, reach, sweep};
use handover::domain::id::{InvitationId, LetterId};
use handover::domain::invitation::{Invitation, State as Standing};
use handover::domain::key::{Key, Queue};
use handover::domain::letter::{Kind, Letter, State, Subject};
use handover::domain::time::{HOUR_MS, MINUTE_MS, Time};
use handover::store::{Claimed, Clash, Commit, Fault, Outcome, Settlement, Store};

use crate::cluster::Cluster;
use crate::node::Node;
use crate::post;
use crate::universe::locked;

/// How long a claim is good, in milliseconds.
const LEASE_MS: i64 = 2 * MINUTE_MS;
/// What failed is due again after this, in milliseconds.
const AGAIN_MS: i64 = MINUTE_MS / 2;
/// A letter older than this is given up when it fails.
const GIVE_UP_MS: i64 = 48 * HOUR_MS;
const LEAST_ATTEMPTS: u32 = 5;

enum Sent {
    Taken,
    Refused,
    Later,
    Withdrawn,
}

/// One look at a queue by this node: claims what is due and sees to each row in a task of its own.
pub async fn look(cluster: Arc<Cluster>, node: Arc<Node>, queue: Queue) {
    let now = node.now();
    let limit = 1 + cluster.universe.place(6);
    let store = Arc::clone(&node.store);
    if queue == Queue::Sweeps {
        // What was not swept is due again.
        let _ = sweep::sweep(&*store, now, limit).await;
        return;
    }
    let Ok(claimed) = store.claim(queue, now, limit, LEASE_MS).await else {
        return;
    };
    for row in claimed {
        let (cluster, here) = (Arc::clone(&cluster), Arc::clone(&node));
        node.spawn(async move {
            let done = match queue {
                Queue::Outbox => post(&cluster, &here, row).await,
                Queue::Timers => fire(&here, row, now).await,
                Queue::Purges => bury(&here, row, now).await,
                Queue::Incoming => post::inbox(&here).understand(&*here.store, row).await,
                // What is swept is no row of the courier's.
                Queue::Sweeps => Ok(()),
            };
            if done.is_err() {
                let again = Settlement::RetryAt(here.now().max(now).plus_ms(AGAIN_MS));
                // The lease ends by itself.
                let _ = here.store.settle(row, again).await;
            }
        });
    }
}

async fn fire(node: &Arc<Node>, row: Claimed, now: Time) -> Result<(), Fault> {
    node.wake(InvitationId::from_bits(row.due.id), now).await?;
    node.store.settle(row, Settlement::Done).await
}

async fn bury(node: &Arc<Node>, row: Claimed, now: Time) -> Result<(), Fault> {
    let settlement = match purge::fire(&**node, row.due.id, now).await? {
        true => Settlement::RetryAt(node.now().max(now)),
        false => Settlement::Done,
    };
    node.store.settle(row, settlement).await
}

fn waits(letter: &Letter) -> bool {
    matches!(letter.delivery, State::Queued { .. })
}

async fn post(cluster: &Arc<Cluster>, node: &Node, row: Claimed) -> Result<(), Fault> {
    let store = Arc::clone(&node.store);
    let key = Key::Letter(LetterId::from_bits(row.due.id));
    let found = load::one::<Letter>(&*store, key).await?;
    let Some(mut letter) = found.filter(|found| waits(&found.document)) else {
        return store.settle(row, Settlement::Done).await;
    };
    if letter.document.may_grow() {
        letter = close(&*store, &letter, node.now()).await?;
    }
    let sent = send(cluster, node, &*store, &letter.document).await?;
    for _ in 0..6 {
        let next = after(&letter.document, &sent, node.now());
        match record(node, &letter, &next, row).await? {
            Outcome::Done(_) => return Ok(()),
            Outcome::Conflict(clashes) if clashes.contains(&Clash::Row(row.due)) => return Ok(()),
            Outcome::TooLarge => return Err(Fault::never("a letter was too large")),
            _ => cluster.universe.rest(4).await,
        }
        match load::one::<Letter>(&*store, key).await? {
            Some(newer) if waits(&newer.document) => letter = newer,
            _ => return store.settle(row, Settlement::Done).await,
        }
    }
    Err(Fault::retry("the store is busy"))
}

/// Nothing is added to the letter of a day any more.
async fn close(
    store: &dyn Store,
    letter: &Versioned<Letter>,
    now: Time,
) -> Result<Versioned<Letter>, Fault> {
    let mut document = letter.document.clone();
    document.closed = true;
    let mut proposal = Proposal::default();
    proposal.replace(letter, &document, None);
    match store.commit(proposal.into_commit(now)).await {
        Outcome::Done(version) => Ok(Versioned { version, document }),
        _ => Err(Fault::retry("a letter could not be closed")),
    }
}

async fn record(
    node: &Node,
    old: &Versioned<Letter>,
    next: &Letter,
    row: Claimed,
) -> Result<Outcome, Fault> {
    let (store, now) = (&*node.store, node.now());
    let mut proposal = Proposal::default();
    proposal.replace(old, next, None);
    if let State::Undeliverable { reason, .. } = &next.delivery {
        let ids = &node.settings().ids;
        reach::refused(store, ids, next, reason, now, &mut proposal).await?;
    }
    let commit = Commit {
        answers: Some(row.due),
        ..proposal.into_commit(now)
    };
    Ok(store.commit(commit).await)
}

async fn send(
    cluster: &Arc<Cluster>,
    node: &Node,
    store: &dyn Store,
    letter: &Letter,
) -> Result<Sent, Fault> {
    if let Subject::Invitation(id) = letter.subject {
        let about = load::one::<Invitation>(store, Key::Invitation(id)).await?;
        if !about.is_some_and(|about| still_true(letter, &about.document, node.now())) {
            return Ok(Sent::Withdrawn);
        }
    }
    let known = reach::of(store, &letter.to).await?;
    if known.is_some_and(|known| known.document.undeliverable.is_some()) && !is_code(letter) {
        locked(&cluster.checker).unreachable.insert(letter.id);
        return Ok(Sent::Refused);
    }
    let universe = &cluster.universe;
    universe.rest(universe.below(12)).await;
    let fails = universe.fault(universe.weather.mail);
    let how = if fails { universe.below(16) } else { 99 };
    if !(6..=15).contains(&how) {
        post::arrived(cluster, letter);
    }
    let mut checker = locked(&cluster.checker);
    match how {
        // It took the letter, and its answer was lost.
        0..=5 => {
            let taken = checker.taken.entry(letter.id).or_default();
            taken.push(letter.says.clone());
            Ok(Sent::Later)
        }
        6..=14 => Ok(Sent::Later),
        15 => {
            checker.refused.insert(letter.id);
            Ok(Sent::Refused)
        }
        _ => {
            let taken = checker.taken.entry(letter.id).or_default();
            taken.push(letter.says.clone());
            Ok(Sent::Taken)
        }
    }
}

fn is_code(letter: &Letter) -> bool {
    matches!(
        letter.says,
        Kind::SignInCode { .. } | Kind::AddressCode { .. }
    )
}

fn still_true(letter: &Letter, about: &Invitation, now: Time) -> bool {
    match &letter.says {
        Kind::Offer { expires_at, .. } | Kind::Reminder { expires_at } => {
            let pending = matches!(about.state, Standing::Pending { .. });
            pending && now < about.expires_at && *expires_at == about.expires_at
        }
        Kind::Answer { says, .. } => {
            let pending = matches!(about.state, Standing::Pending { .. });
            !says.asks() || pending && now < about.expires_at
        }
        _ => true,
    }
}

fn after(letter: &Letter, sent: &Sent, at: Time) -> Letter {
    let mut next = letter.clone();
    let said = "4.2.0 come back".to_owned();
    if !matches!(sent, Sent::Withdrawn) {
        next.attempts += 1;
    }
    next.delivery = match sent {
        Sent::Taken => State::Sent { at },
        Sent::Refused => State::Undeliverable { at, reason: said },
        Sent::Withdrawn => State::Withdrawn { at, reason: None },
        Sent::Later => {
            let old = at.since_ms(letter.created_at) >= GIVE_UP_MS;
            if old && next.attempts >= LEAST_ATTEMPTS {
                State::Dead { at, reason: said }
            } else {
                let before = match letter.delivery {
                    State::Queued { not_before } => not_before,
                    _ => at,
                };
                // Never the row it had: the commit takes that one away.
                let not_before = at.plus_ms(AGAIN_MS).max(before.plus_ms(1));
                State::Queued { not_before }
            }
        }
    };
    next
}
