//! The queues: a row for everything that waits, wherever a claim has moved it.

use handover::domain::id::{Digest, InvitationId, ItemId, ItemKind, LetterId, MessageId, SignInId};
use handover::domain::invitation::State;
use handover::domain::key::{Key, Queue};
use handover::domain::time::{MINUTE_MS, Time};
use handover::store::model::View;

use super::Seen;
use crate::shadow::{Doc, Shadow};

pub fn check(seen: &Seen<'_>, view: &View, latest: Time) -> Result<(), String> {
    for change in seen.changes {
        if let Some((queue, _, id)) = change.new.as_ref().and_then(Doc::due) {
            has_row(seen.after, view, queue, id, latest)?;
        }
        if let Some(Doc::Item(item)) = &change.new
            && let Some(transfer) = item.pending
        {
            has_row(seen.after, view, Queue::Timers, transfer.bits(), latest)?;
        }
    }
    Ok(())
}

fn waiting(shadow: &Shadow, queue: Queue, id: u128) -> Vec<&Doc> {
    let keys = match queue {
        Queue::Outbox => vec![Key::Letter(LetterId::from_bits(id))],
        Queue::Timers => vec![Key::Invitation(InvitationId::from_bits(id))],
        Queue::Purges => {
            let items = [ItemKind::Run, ItemKind::Project].map(|kind| ItemId::new(kind, id));
            let keys = items.map(|id| [Key::Item(id), Key::Tombstone(id)]);
            keys.concat()
        }
        Queue::Sweeps => vec![
            Key::SignIn(SignInId::from_bits(id)),
            Key::Session(Digest(id)),
            Key::Token(Digest(id)),
            Key::Letter(LetterId::from_bits(id)),
            Key::Sealed(MessageId::from_bits(id)),
            Key::Incoming(MessageId::from_bits(id)),
            Key::Reach(Digest(id)),
        ],
        Queue::Incoming => vec![Key::Incoming(MessageId::from_bits(id))],
    };
    keys.iter().filter_map(|key| shadow.docs.get(key)).collect()
}

/// What waits has a row that is due in time, unless somebody has claimed it and moved it.
pub fn has_row(
    shadow: &Shadow,
    view: &View,
    queue: Queue,
    id: u128,
    latest: Time,
) -> Result<(), String> {
    for doc in waiting(shadow, queue, id) {
        this_has_row(shadow, view, queue, doc, latest)?;
    }
    Ok(())
}

fn this_has_row(
    shadow: &Shadow,
    view: &View,
    queue: Queue,
    doc: &Doc,
    latest: Time,
) -> Result<(), String> {
    let (at, id) = match doc.due() {
        Some((waits_in, at, id)) if waits_in == queue => (at, id),
        _ => return Ok(()),
    };
    let rows: Vec<_> = view
        .queue(queue)
        .filter(|(row, _)| row.due.id == id)
        .collect();
    let in_time = rows
        .iter()
        .any(|(row, claims)| *claims > 0 || row.due.at <= at);
    if !in_time {
        return Err(format!(
            "{doc:?} waits until {at}, and its rows are {rows:?}"
        ));
    }
    if let Doc::Invitation(transfer) = doc
        && transfer.state == State::Requested
    {
        let item = |id| {
            shadow
                .item(id)
                .is_some_and(|item| item.running_analyses > 0)
        };
        let in_use = transfer.items.iter().any(|offered| item(offered.item));
        // Clocks are set back by minutes.
        let latest = latest.plus_ms(20 * MINUTE_MS);
        let soon = rows
            .iter()
            .any(|(row, claims)| *claims > 0 || row.due.at <= latest);
        if !in_use && !soon {
            return Err(format!(
                "{} waits for analyses that have ended",
                transfer.id
            ));
        }
    }
    Ok(())
}

pub fn whole(shadow: &Shadow, view: &View) -> Result<(), String> {
    for doc in shadow.docs.values() {
        if let Some((queue, _, id)) = doc.due() {
            has_row(shadow, view, queue, id, Time::from_ms(i64::MAX))?;
        }
    }
    // A row of what waits no longer is only there because somebody had claimed it.
    for (row, claims) in view.queue(Queue::Outbox) {
        let waits = waiting(shadow, Queue::Outbox, row.due.id);
        let waits = waits.into_iter().filter_map(Doc::due);
        let waits = { waits }.any(|(queue, ..)| queue == Queue::Outbox);
        if claims == 0 && !waits {
            return Err(format!("{row:?} waits for nothing"));
        }
    }
    Ok(())
}
