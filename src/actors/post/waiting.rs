//! How the site's mail does: what waits and since when, and what became of what came in.

use std::collections::BTreeMap;

use crate::actors::load;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{LetterId, MessageId};
use crate::domain::incoming::{Incoming, State};
use crate::domain::index::{self, Entry};
use crate::domain::key::{Key, Queue};
use crate::domain::letter::{LATE_MS, Letter};
use crate::domain::time::Time;
use crate::store::{Direction, Fault, MAX_PAGE, Store};

use super::looks;

/// So many different outcomes are told.
const TOLD: usize = 50;

/// What waits in a queue though it is due, or was tried in vain, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The bits of the id of what has waited for the longest time.
    pub id: u128,
    /// Since when.
    pub at: Time,
    /// How long that is, in milliseconds.
    pub for_ms: i64,
    /// How many rows wait; at most 1,000 are counted.
    pub rows: usize,
}

impl Overdue {
    /// Whether it has been waiting so long that operators are told.
    pub const fn is_late(&self) -> bool {
        self.for_ms >= LATE_MS
    }
}

/// What is due in a queue now and has not been seen to, and letters that were tried in vain and wait for another attempt. What somebody
/// has in hand for the first time is not due before its lease ends.
///
/// # Errors
/// The store failed.
pub async fn overdue(
    settings: &Settings,
    queue: Queue,
    now: Time,
) -> Result<Option<Overdue>, Fault> {
    waits(&*settings.store, queue, now).await
}

/// The same, for the courier. A letter that was tried in vain waits since it was written, whenever it is tried next: while the mail
/// server is down nothing else is due for hours.
///
/// # Errors
/// The store failed.
pub async fn waits(store: &dyn Store, queue: Queue, now: Time) -> Result<Option<Overdue>, Fault> {
    let rows = store.waiting(queue, MAX_PAGE).await?;
    let (due, later) = rows.split_at(rows.partition_point(|row| row.at <= now));
    let first = due.first().map(|first| Overdue {
        id: first.id,
        at: first.at,
        for_ms: now.since_ms(first.at),
        rows: due.len(),
    });
    let mut ids: Vec<LetterId> = match queue {
        // Ids lie in the order in which letters were written.
        Queue::Outbox => rows.iter().map(|row| LetterId::from_bits(row.id)).collect(),
        Queue::Timers | Queue::Purges | Queue::Sweeps | Queue::Incoming => return Ok(first),
    };
    ids.sort_unstable();
    let entries: Vec<Entry> = ids.iter().map(|id| Entry::Troubled(*id)).collect();
    let troubled = store.find(&entries).await?;
    let in_vain: Vec<LetterId> = ids
        .into_iter()
        .zip(troubled)
        .filter_map(|(id, found)| found.is_some().then_some(id))
        .collect();
    let Some(oldest) = in_vain.first() else {
        return Ok(first);
    };
    let oldest = load::one::<Letter>(store, Key::Letter(*oldest)).await?;
    // It may have left meanwhile.
    let Some(oldest) = oldest.map(|oldest| oldest.document) else {
        return Ok(first);
    };
    let not_due = |id: &&LetterId| later.iter().any(|row| row.id == id.bits());
    let rows = due.len() + in_vain.iter().filter(not_due).count();
    let at = oldest.tried_since();
    Ok(Some(match first {
        Some(first) if first.at <= at => Overdue { rows, ..first },
        _ => Overdue {
            id: oldest.id.bits(),
            at,
            for_ms: now.since_ms(at).max(0),
            rows,
        },
    }))
}

/// What became of some messages, and of how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// In one word; `waiting` of those that nobody has seen to.
    pub outcome: String,
    /// Why.
    pub why: String,
    /// How many.
    pub messages: usize,
}

/// How the site's mail does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Letters that are due.
    pub letters: Option<Overdue>,
    /// Messages that came in and are due.
    pub messages: Option<Overdue>,
    /// What became of the newest messages, the most frequent first.
    pub outcomes: Vec<Outcome>,
    /// How many messages that was: 1,000 at most.
    pub counted: usize,
    /// Whether there are older ones.
    pub more: bool,
}

impl Overview {
    /// The letter that has been due for the longest time.
    pub fn oldest_letter(&self) -> Option<LetterId> {
        self.letters.map(|due| LetterId::from_bits(due.id))
    }
    /// The message that has been due for the longest time.
    pub fn oldest_message(&self) -> Option<MessageId> {
        self.messages.map(|due| MessageId::from_bits(due.id))
    }
}

/// How the site's mail does now.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn overview(settings: &Settings, call: &Call) -> Result<Overview, Trouble> {
    looks(settings, call).await?;
    let store = &*settings.store;
    let page = store
        .scan(index::incoming(), None, Direction::Backward, MAX_PAGE)
        .await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let keys: Vec<Key> = ids
        .map(|bits| Key::Incoming(MessageId::from_bits(bits)))
        .collect();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut counted = 0;
    for message in load::all::<Incoming>(store, &keys)
        .await?
        .into_iter()
        .flatten()
    {
        let message = message.document;
        let why = match &message.state {
            State::Waiting { .. } => String::new(),
            State::Done { why, .. } => why.clone(),
        };
        let of = (message.outcome().to_owned(), why);
        *counts.entry(of).or_default() += 1;
        counted += 1;
    }
    let mut outcomes: Vec<Outcome> = counts
        .into_iter()
        .map(|((outcome, why), messages)| Outcome {
            outcome,
            why,
            messages,
        })
        .collect();
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.messages));
    outcomes.truncate(TOLD);
    Ok(Overview {
        letters: overdue(settings, Queue::Outbox, call.at).await?,
        messages: overdue(settings, Queue::Incoming, call.at).await?,
        outcomes,
        counted,
        more: page.more,
    })
}
