//! What people do with what they keep: trash, restore, archive, purge, and move all of a leaver's to somebody else.

use handover::actors::moves::{Decision, New};
use handover::domain::id::{AccountId, CommandId, Context, MoveId};
use handover::domain::item::State;
use handover::domain::lifecycle::Act;
use handover::domain::moving;

use super::{every_context, somebody_of};
use crate::client::Intent;
use crate::cluster::Cluster;
use crate::shadow::Shadow;

/// An item is put away, or taken back.
pub fn put_away(
    cluster: &Cluster,
    shadow: &Shadow,
    person: AccountId,
) -> Option<(AccountId, Intent)> {
    let universe = &cluster.universe;
    let put_away = shadow.items().filter(|item| item.state != State::Active);
    let put_away: Vec<_> = put_away.collect();
    let all: Vec<_> = shadow.items().collect();
    let some = match universe.percent(55) {
        true => universe.pick(&put_away),
        false => universe.pick(&all),
    };
    let item = some?;
    let sensible = match item.state {
        State::Active => [Act::Trash, Act::Archive],
        State::Trashed => [Act::Restore, Act::Purge],
        State::Archived => [Act::Unarchive, Act::Trash],
    };
    let any = [
        Act::Trash,
        Act::Restore,
        Act::Archive,
        Act::Unarchive,
        Act::Purge,
    ];
    let act = match universe.percent(90) {
        true => *universe.pick(&sensible)?,
        false => *universe.pick(&any)?,
    };
    let who = match universe.percent(90) {
        true => somebody_of(cluster, shadow, item.owner)?,
        false => person,
    };
    Some((who, Intent::Lifecycle(item.id, act)))
}

/// An administrator proposes a move, or decides about one.
pub fn move_all(
    cluster: &Cluster,
    shadow: &Shadow,
    person: AccountId,
    command: CommandId,
) -> Option<(AccountId, Intent)> {
    let universe = &cluster.universe;
    let policy = &cluster.policy;
    let domains = policy
        .domains
        .values()
        .flat_map(|domain| &domain.administrators);
    let them: Vec<_> = policy.administrators.iter().chain(domains).collect();
    let administrator = || {
        let address = universe.pick(&them)?;
        shadow.holder(address).map(|holder| holder.id)
    };
    let who = match universe.percent(92) {
        true => administrator()?,
        false => person,
    };
    let waits = |of: &&moving::Move| of.state.is_open();
    let open: Vec<MoveId> = shadow.moves().filter(waits).map(|of| of.id).collect();
    if !open.is_empty() && universe.percent(65) {
        let decision = match universe.percent(75) {
            true => Decision::Approve,
            false => Decision::Cancel,
        };
        return Some((who, Intent::Decide(*universe.pick(&open)?, decision)));
    }
    let contexts = every_context(shadow);
    let workgroups = contexts.iter().copied();
    let workgroups: Vec<Context> = workgroups
        .filter(|context| matches!(context, Context::Workgroup(_)))
        .collect();
    let to = match universe.percent(60) {
        true => universe.pick(&workgroups),
        false => universe.pick(&contexts),
    };
    let new = New {
        from: Some(*universe.pick(&contexts)?),
        to: Some(*to?),
        reason: Some(command.to_string()),
    };
    Some((who, Intent::Propose(new)))
}
