//! An approved move goes on, step by step, and each leaves a true state.

use std::collections::BTreeSet;

use crate::actors::collaborators;
use crate::actors::context::{Owner, free_names};
use crate::actors::invitation;
use crate::actors::load::{self, Versioned};
use crate::actors::once;
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::event::{By, What};
use crate::domain::id::{Context, InvitationId, ItemId, ItemKind, MoveId};
use crate::domain::index::{self, Phase};
use crate::domain::invitation::Offered;
use crate::domain::item::Item;
use crate::domain::key::{Counter, Key};
use crate::domain::moving::{Move, State};
use crate::domain::refusal::Code;
use crate::domain::rights::Grant;
use crate::store::{Direction, Fault, MAX_PAGE};

use super::proposing::no_room;
use super::{AT_ONCE, event, nothing_left, open_way, read};

/// Moves what is left, step by step, until nothing is, or somebody cancels.
///
/// # Errors
/// The target has no room any more, or the world failed: what has moved stays, and approving again goes on.
pub async fn go_on(world: &dyn World, id: MoveId, call: &Call) -> Result<Move, Trouble> {
    loop {
        let ended = once::step(world, call, || Box::pin(stepped(world, id, call))).await?;
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

/// The next step of a move; the move, if it has none.
async fn stepped(
    world: &dyn World,
    id: MoveId,
    call: &Call,
) -> Result<once::Decision<Option<Move>>, Trouble> {
    let settings = world.settings();
    let old = read(&settings, id).await?;
    let State::Moving { approved } = &old.document.state else {
        return Ok(once::Decision::already(Some(old.document)));
    };
    let call = Call {
        command: None,
        by: By {
            person: Some(approved.account),
            channel: call.by.channel,
        },
        at: call.at,
        answers: None,
    };
    let items = some_items(&settings, old.document.from).await?;
    let offers: BTreeSet<InvitationId> = items
        .iter()
        .filter_map(|item| item.document.pending)
        .collect();
    for offer in &offers {
        withdraw(world, &call, &old, *offer).await?;
    }
    if !offers.is_empty() {
        return Ok(once::Decision::Again);
    }
    step(&settings, &call, &old, &items).await
}

/// Goes on with every move that was approved and not finished: the daemon was stopped.
pub async fn resume(world: &dyn World, call: &Call) -> Result<(), Trouble> {
    let store = world.settings().store;
    let page = store
        .scan(
            index::moves(Phase::Open),
            None,
            Direction::Forward,
            MAX_PAGE,
        )
        .await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    for id in ids.map(MoveId::from_bits) {
        match go_on(world, id, call).await {
            Ok(_) => {}
            // The sentence may hold a name, which has no place in a log.
            Err(Trouble::Refused(why)) => {
                let codes: Vec<Code> = why.blocks.iter().map(|no| no.code).collect();
                tracing::warn!(%id, ?codes, "a move stopped; an administrator sees why by approving it again");
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Some of what a context owns, runs first.
async fn some_items(settings: &Settings, context: Context) -> Result<Vec<Versioned<Item>>, Fault> {
    let store = &*settings.store;
    let mut keys = Vec::new();
    for kind in [ItemKind::Run, ItemKind::Project] {
        let room = AT_ONCE.saturating_sub(keys.len());
        if room == 0 {
            break;
        }
        let prefix = index::owned(context, kind);
        let page = store.scan(prefix, None, Direction::Forward, room).await?;
        let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
        keys.extend(ids.map(|bits| Key::Item(ItemId::new(kind, bits))));
    }
    let found = load::all::<Item>(store, &keys).await?;
    // Another command may have moved one between the two reads.
    let here = |item: &Versioned<Item>| item.document.owner == context;
    Ok(found.into_iter().flatten().filter(here).collect())
}

/// Takes an offer back: what it offers is about to have another owner.
async fn withdraw(
    world: &dyn World,
    call: &Call,
    moving: &Versioned<Move>,
    offer: InvitationId,
) -> Result<(), Trouble> {
    let core = invitation::Core::new(offer);
    let moving = (Key::Move(moving.document.id), moving.version);
    let withdraw = invitation::Command::Withdraw { moving };
    match core.handle(world, call, &withdraw).await {
        Ok(_) => Ok(()),
        // It ended meanwhile, or its time is over and its timer about to fire: then nobody ends it but time.
        Err(Trouble::Refused(_)) => {
            let timer = Call::of_timer(call.at);
            let woken = core.handle(world, &timer, &invitation::Command::Wake);
            let woken = woken.await;
            invitation::woken(woken).map_err(Trouble::from)
        }
        Err(fault) => Err(fault),
    }
}

/// The commit of one step: these items have another owner, or, where there are none, the move is done.
async fn step(
    settings: &Settings,
    call: &Call,
    old: &Versioned<Move>,
    items: &[Versioned<Item>],
) -> Result<once::Decision<Option<Move>>, Trouble> {
    let store = &*settings.store;
    let was = &old.document;
    let mut proposal = Proposal::default();
    let mut next = was.clone();
    let State::Moving { approved } = &was.state else {
        return Err(Fault::never("a move that does not go on has no steps").into());
    };
    if items.is_empty() {
        next.state = State::Done {
            approved: approved.clone(),
            at: call.at,
        };
        proposal.replace(old, &next, Some(&event(call, What::Finished)));
        return Ok(once::Decision::done(None, proposal));
    }
    let from = Owner::load(store, was.from).await?;
    let from = from.ok_or_else(|| nothing_left(was))?;
    let to = open_way(settings, was, &from, &mut proposal).await?;
    let quota = to.quota(settings);
    if let Some(quota) = quota {
        let limit = i64::try_from(quota).unwrap_or(i64::MAX);
        proposal.limit(Counter::Usage(was.to), limit);
    }
    let offered: Vec<Offered> = items
        .iter()
        .map(|item| Offered::from(&item.document))
        .collect();
    let renamed = free_names(store, was.to, &offered).await?;
    for item in items {
        let mut moved = item.document.clone();
        moved.owner = was.to;
        if let Some(name) = renamed.get(&moved.id) {
            moved.name.clone_from(name);
        }
        let what = What::Moved {
            of: was.id,
            from: was.from,
            to: was.to,
            name: moved.name.clone(),
            proposed_by: was.proposed.account,
            approved_by: approved.account,
        };
        proposal.replace(item, &moved, Some(&event(call, what)));
        next.items = next.items.saturating_add(1);
        next.bytes = next.bytes.saturating_add(moved.bytes);
    }
    let left: Vec<ItemId> = items.iter().map(|item| item.document.id).collect();
    collaborators::look_again(settings, &left, call.at, &mut proposal).await?;
    // An old grant of the new owner, or of the old one, would come to life when the item is given away later.
    for context in [was.from, was.to] {
        let keys: Vec<Key> = items
            .iter()
            .map(|item| Key::Grant(item.document.id, context))
            .collect();
        for grant in load::all::<Grant>(store, &keys).await?.iter().flatten() {
            proposal.delete(grant);
        }
    }
    let stepped = What::Stepped { items: next.items };
    proposal.replace(old, &next, Some(&event(call, stepped)));
    let sum = |total: u64, item: &Versioned<Item>| total.saturating_add(item.document.bytes);
    let wanted = items.iter().fold(0, sum);
    let full = move |_: &Option<Move>, _, current: i64| {
        let used = u64::try_from(current).unwrap_or(0);
        let free = quota.unwrap_or(u64::MAX).saturating_sub(used);
        no_room(next.to, &next.to_name, free, wanted).into()
    };
    Ok(once::Decision::within(None, proposal, full))
}
