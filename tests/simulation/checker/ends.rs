//! What must hold when nothing happens any more: everything came to an end.

use std::collections::BTreeMap;

use handover::domain::key::Queue;
use handover::domain::letter::State;
use handover::store::model::View;

use super::Checker;

pub fn check(checker: &Checker, view: &View) -> Result<(), String> {
    let shadow = &checker.shadow;
    for transfer in shadow.transfers() {
        if transfer.state.is_open() {
            return Err(format!("{} never ended", transfer.id));
        }
    }
    for queue in [Queue::Outbox, Queue::Timers, Queue::Purges, Queue::Incoming] {
        if let Some((row, claims)) = view.queue(queue).next() {
            return Err(format!("{row:?} was left over, claimed {claims} times"));
        }
    }
    for letter in shadow.letters() {
        let taken = checker.taken.contains_key(&letter.id);
        let right = match &letter.delivery {
            State::Queued { .. } => false,
            State::Sent { .. } => taken,
            State::Undeliverable { .. } => {
                checker.refused.contains(&letter.id) || checker.unreachable.contains(&letter.id)
            }
            State::Bounced { .. } => taken,
            State::Dead { .. } => letter.attempts >= 5,
            // Whether it was out of date was seen when it was withdrawn.
            State::Withdrawn { .. } => true,
        };
        if !right {
            return Err(format!("{letter:?}, taken by the mail server: {taken}"));
        }
    }
    // Each request carries its command id as its message, so a request that ran twice shows.
    let again = |name: &str| checker.forgotten.iter().any(|id| id.to_string() == name);
    let mut messages = BTreeMap::new();
    for transfer in shadow.transfers().filter(|t| t.corrects.is_none()) {
        if let Some(message) = &transfer.message
            && let Some(other) = messages.insert(message.clone(), transfer.id)
            && !again(message)
        {
            return Err(format!(
                "{other} and {} were made by one request",
                transfer.id
            ));
        }
    }
    let mut names = BTreeMap::new();
    for analysis in shadow.analyses.iter().filter_map(|id| shadow.analysis(*id)) {
        if let Some(other) = names.insert(analysis.name.clone(), analysis.id)
            && !again(&analysis.name)
        {
            return Err(format!(
                "{other} and {} were started by one command",
                analysis.id
            ));
        }
    }
    Ok(())
}
