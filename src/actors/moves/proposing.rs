//! A move is proposed: whose data, to where, and whether that can be.

use crate::actors::context::Owner;
use crate::actors::news;
use crate::actors::once::{self, once};
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::event::What;
use crate::domain::id::{Context, MoveId};
use crate::domain::index::Entry;
use crate::domain::invitation::{kept_text, text_problem};
use crate::domain::key::Counter;
use crate::domain::letter::{News, Subject};
use crate::domain::moving::{self, Move, Place, State};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::{Size, said};
use crate::store::Fault;

use super::{Caller, New, administrators_only, event};

/// Proposes a move. Nothing moves before a second administrator has approved it.
///
/// # Errors
/// The caller does not administer the data, something stands in the way, or the world failed.
pub async fn propose(world: &dyn World, call: &Call, new: &New) -> Result<Move, Trouble> {
    once(world, call, || Box::pin(proposed(world, call, new))).await
}

async fn proposed(
    world: &dyn World,
    call: &Call,
    new: &New,
) -> Result<once::Decision<Move>, Trouble> {
    let settings = &world.settings();
    let caller = Caller::of(settings, call).await?;
    let mut proposal = Proposal::default();
    caller.guard(&mut proposal);
    let Ends { from, to } = ends(settings, &caller, new).await?;
    for (_, owner) in [&from, &to] {
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }
    let proposed = Move {
        id: MoveId::from_bits(settings.ids.fresh(call.at)),
        from: from.0,
        from_name: from.1.name(),
        domain: from.1.domain().clone(),
        to: to.0,
        to_name: to.1.name(),
        reason: kept_text(new.reason.as_deref()),
        proposed: caller.signed(settings, call, from.1.domain())?,
        items: 0,
        bytes: 0,
        state: State::Proposed,
    };
    proposal.create(&proposed, Some(&event(call, What::Proposed)));
    let says = News::MoveProposed {
        from: proposed.from_name.clone(),
        into: proposed.to_name.clone(),
        by: caller.account.document.name.clone(),
        reason: proposed.reason.clone(),
    };
    let policy = &settings.policy;
    let mut approvers = policy.administrators(&proposed.domain).to_vec();
    approvers.extend_from_slice(&policy.administrators);
    let to = news::addressed(settings, &approvers).await?;
    let about = (Subject::Move(proposed.id), &says);
    let but = &caller.account.document.addresses;
    news::tell(settings, call, about, to, but, &mut proposal).await?;
    Ok(once::Decision::done(proposed, proposal))
}

/// Where a move begins and ends.
pub(super) struct Ends {
    pub(super) from: (Context, Owner),
    pub(super) to: (Context, Owner),
}

/// Where a new move begins and ends, once nothing stands in its way.
pub(super) async fn ends(settings: &Settings, caller: &Caller, new: &New) -> Result<Ends, Trouble> {
    // Who administers nothing learns nothing, not even what there is.
    let from = owner(settings, new.from, administrators_only).await?;
    if !caller.administers(settings, from.1.domain()) {
        return Err(administrators_only().into());
    }
    let to = owner(settings, new.to, no_such_target).await?;
    // Data stays where its administrators decide, so of other places they are told nothing at all.
    if !caller.administers(settings, to.1.domain()) {
        return Err(no_such_target().into());
    }
    let mut findings = fits(settings, (from.0, &from.1), (to.0, &to.1)).await?;
    if let Some(problem) = text_problem("reason", new.reason.as_deref()) {
        findings.block(problem);
    }
    let waiting = settings.store.find(&[Entry::MovingFrom(from.0)]).await?;
    if let Some(value) = waiting.into_iter().next().flatten() {
        let there: MoveId = people::id_in(&value)?;
        findings.block(
            Refusal::new(
                Code::ApprovalNeeded,
                said!(
                    "a move of \"{name}\" is open already: {there}",
                    name = from.1.name(),
                    there
                ),
                said!("approve {there}, or cancel it first", there),
            )
            .about(there),
        );
    }
    if findings.blocks.is_empty() {
        Ok(Ends { from, to })
    } else {
        Err(findings.into())
    }
}

/// What these two contexts hold, in bytes.
pub(super) async fn usage(
    settings: &Settings,
    one: Context,
    other: Context,
) -> Result<(u64, u64), Fault> {
    let counters = [Counter::Usage(one), Counter::Usage(other)];
    let usage = settings.store.counters(&counters).await?;
    let amount = |n: usize| u64::try_from(usage.get(n).copied().unwrap_or(0)).unwrap_or(0);
    Ok((amount(0), amount(1)))
}

pub(super) async fn owner(
    settings: &Settings,
    context: Option<Context>,
    none: fn() -> Refusal,
) -> Result<(Context, Owner), Trouble> {
    let context = context.ok_or_else(none)?;
    let owner = Owner::load(&*settings.store, context).await?;
    Ok((context, owner.ok_or_else(none)?))
}

pub(super) fn no_such_target() -> Refusal {
    Refusal::new(
        Code::RecipientUnknown,
        said!("there is no such context, in a domain that you administer, to move data to"),
        said!(
            "check the id, the address, or the handle as workgroup:HANDLE; data of a private domain moves to its workgroups"
        ),
    )
    .about("to")
}

/// Whether the data may lie in the other place, and has room there. Beyond the walls of a domain nobody is told what room there is.
pub(super) async fn fits(
    settings: &Settings,
    (from_context, from): (Context, &Owner),
    (to_context, to): (Context, &Owner),
) -> Result<Findings, Fault> {
    let mut findings = Findings::default();
    let (source, target) = (place(from_context, from), place(to_context, to));
    findings.blocks.extend(moving::forbids(&source, &target));
    if !findings.blocks.is_empty() {
        return Ok(findings);
    }
    findings.blocks.extend(to.shut());
    let (moves, there) = usage(settings, from_context, to_context).await?;
    if let Some(quota) = to.quota(settings)
        && there.saturating_add(moves) > quota
    {
        findings.block(no_room(
            to_context,
            &target.name,
            quota.saturating_sub(there),
            moves,
        ));
    }
    Ok(findings)
}

pub(super) fn place(context: Context, owner: &Owner) -> Place {
    Place {
        context,
        name: owner.name(),
        domain: owner.domain().clone(),
        collaborative: owner.collaborative(),
    }
}

pub(super) fn no_room(context: Context, name: &str, free: u64, wanted: u64) -> Refusal {
    Refusal::new(
        Code::TargetOverQuota,
        said!(
            "\"{name}\" has {free} free and would need {bytes}",
            name,
            free = Size(free),
            bytes = Size(wanted)
        ),
        said!("choose another context, free some space, or give it a larger quota"),
    )
    .about(context)
}
