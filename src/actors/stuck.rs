//! Work that waits for somebody, or does not get on: shown to administrators before anybody asks them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use crate::domain::account::Account;
use crate::domain::id::{Context, InvitationId};
use crate::domain::index::{self, Phase};
use crate::domain::invitation::Invitation;
use crate::domain::key::{Key, Queue};
use crate::domain::letter::LATE_MS;
use crate::domain::moving::{Move, State};
use crate::domain::policy::Domain;
use crate::domain::time::{DAY_MS, Time};
use crate::store::Direction;

use super::context::Owner;
use super::load;
use super::moves;
use super::people;
use super::post::{self, Overdue};
use super::world::{Call, Settings, Trouble};

/// So many of each are told.
const TOLD: usize = 20;
/// So many are looked at for that.
const LOOKED_AT: usize = 200;
/// A transfer that has waited for analyses so long is told of, in milliseconds.
const LONG_MS: i64 = DAY_MS;

/// What waits for whom.
#[derive(Debug, Clone, Default)]
pub struct Stuck {
    /// The queues whose first row has been due for too long; for those who administer the site.
    pub queues: Vec<(Queue, Overdue)>,
    /// Moves that wait for a second administrator, and those that were approved and have stopped; newest first.
    pub moves: Vec<Move>,
    /// Transfers that have waited for running analyses for more than a day, oldest first.
    pub transfers: Vec<Waiting>,
}

/// A transfer that waits for running analyses.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Which.
    pub transfer: Invitation,
    /// Whether who looks administers the domain it comes from, and may open it.
    pub opens: bool,
}

/// What is stuck, of what the caller administers.
///
/// # Errors
/// Whoever calls administers nothing, or the store failed.
pub async fn stuck(settings: &Settings, call: &Call) -> Result<Stuck, Trouble> {
    let (open, _) = moves::list(settings, call, Phase::Open, None, LOOKED_AT).await?;
    let id = people::person_of(call)?;
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    let account = found.ok_or_else(people::no_account)?.document;
    let mut stuck = Stuck::default();
    if settings.policy.administers_site(&account.addresses) {
        for queue in [Queue::Outbox, Queue::Incoming, Queue::Timers, Queue::Purges] {
            let overdue = post::overdue(settings, queue, call.at).await?;
            let late = overdue.filter(Overdue::is_late);
            stuck.queues.extend(late.map(|overdue| (queue, overdue)));
        }
    }
    stuck.moves = open;
    stuck.moves.retain(|one| stands_still(one, call.at));
    stuck.moves.truncate(TOLD);
    stuck.transfers = transfers(settings, &account, call.at).await?;
    Ok(stuck)
}

/// Whether a move waits for an administrator. One that was just approved moves now.
const fn stands_still(one: &Move, now: Time) -> bool {
    match &one.state {
        State::Proposed => true,
        State::Moving { approved } => now.since_ms(approved.at) >= LATE_MS,
        State::Done { .. } | State::Cancelled { .. } => false,
    }
}

async fn transfers(settings: &Settings, who: &Account, now: Time) -> Result<Vec<Waiting>, Trouble> {
    let store = &*settings.store;
    let page = store
        .scan(index::requested(), None, Direction::Forward, LOOKED_AT)
        .await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let keys: Vec<Key> = ids
        .map(|bits| Key::Invitation(InvitationId::from_bits(bits)))
        .collect();
    let mut domains: BTreeMap<Context, Option<Domain>> = BTreeMap::new();
    let mut told = Vec::new();
    for found in load::all::<Invitation>(store, &keys)
        .await?
        .into_iter()
        .flatten()
    {
        let transfer = found.document;
        if told.len() >= TOLD || now.since_ms(transfer.requested_at) < LONG_MS {
            // Ids lie in the order in which they were requested.
            break;
        }
        let source = transfer.source;
        let domain = match domains.entry(source) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(unknown) => {
                let owner = Owner::load(store, source).await?;
                unknown.insert(owner.map(|owner| owner.domain().clone()))
            }
        };
        let Some(domain) = domain else {
            continue;
        };
        if settings.policy.decides(&who.addresses, domain).is_some() {
            let opens = settings.policy.administers(&who.addresses, domain);
            told.push(Waiting { transfer, opens });
        }
    }
    Ok(told)
}
