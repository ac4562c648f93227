//! Acceptance: what each kind of invitation changes, put together from what the contexts propose.

use std::collections::BTreeMap;

use crate::actors::collaborators;
use crate::actors::context::{Answered, Question};
use crate::actors::members;
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Trouble, World};
use crate::domain::event::What;
use crate::domain::id::Context;
use crate::domain::invitation::{Act, Invitation, KeepAccess, Offered, Terms};
use crate::domain::refusal::Findings;
use crate::domain::rights::{Origin, Part};
use crate::store::Fault;

use super::item_ids;
use super::posting::event;

fn another() -> Trouble {
    Fault::never("a context answered another question").into()
}

/// A transfer: asks the source to let go and the target to take in, and joins what both propose.
pub(super) async fn exchange(
    world: &dyn World,
    call: &Call,
    now: &Invitation,
    (into, keep): (Context, KeepAccess),
    act: Act,
    proposal: &mut Proposal,
) -> Result<(Findings, Act), Trouble> {
    let release = Question::Release {
        transfer: now.id,
        call: *call,
        items: item_ids(now),
        keep,
    };
    let Answered::Released(source, items, part) = world.ask(now.source, release).await? else {
        return Err(another());
    };
    proposal.join(part);
    let offered = items
        .iter()
        .map(|item| Offered::from(&item.document))
        .collect();
    let receive = Question::Receive {
        source,
        items: offered,
        accepter: call.by.person.unwrap_or(now.sender.account),
        requester: now.sender.account,
    };
    let Answered::Received(target, renamed, part) = world.ask(into, receive).await? else {
        return Err(another());
    };
    proposal.join(part);
    for item in &items {
        let mut next = item.document.clone();
        next.owner = into;
        next.pending = None;
        if let Some(name) = renamed.get(&next.id) {
            next.name.clone_from(name);
        }
        let what = What::Transferred {
            transfer: now.id,
            from: now.source,
            to: into,
            name: next.name.clone(),
        };
        proposal.replace(item, &next, Some(&event(call, what)));
    }
    let left = item_ids(now);
    collaborators::look_again(&world.settings(), &left, call.at, proposal).await?;
    Ok(accepted(proposal, act, target.name, renamed))
}

/// Sharing: asks the source to give access and the target whether it may have it.
pub(super) async fn lend(
    world: &dyn World,
    call: &Call,
    now: &Invitation,
    into: Context,
    act: Act,
    proposal: &mut Proposal,
) -> Result<(Findings, Act), Trouble> {
    let Terms::Access { level, until } = now.terms else {
        return Err(another());
    };
    let accepter = call.by.person.unwrap_or(now.sender.account);
    let lend = Question::Lend {
        call: *call,
        items: item_ids(now),
        to: into,
        part: Part {
            level,
            origin: Origin::Invitation(now.id),
            accepted_by: accepter,
            since: call.at,
            until,
        },
    };
    let Answered::Source(source, part) = world.ask(now.source, lend).await? else {
        return Err(another());
    };
    proposal.join(part);
    let receive = Question::Receive {
        source,
        items: Vec::new(),
        accepter,
        requester: now.sender.account,
    };
    let Answered::Received(target, _, part) = world.ask(into, receive).await? else {
        return Err(another());
    };
    proposal.join(part);
    Ok(accepted(proposal, act, target.name, BTreeMap::new()))
}

/// A workgroup: asks it to take the person in, or to make them its owner.
pub(super) async fn join(
    world: &dyn World,
    call: &Call,
    now: &Invitation,
    act: Act,
    proposal: &mut Proposal,
) -> Result<(Findings, Act), Trouble> {
    let admission = members::Admission {
        account: call.by.person.unwrap_or(now.sender.account),
        by: now.sender.account,
        role: match now.terms {
            Terms::Membership { role } => Some(role),
            Terms::Ownership { .. } | Terms::Access { .. } | Terms::Workgroup => None,
        },
    };
    let question = Question::Admit {
        call: *call,
        admission,
    };
    let Answered::Source(source, part) = world.ask(now.source, question).await? else {
        return Err(another());
    };
    proposal.join(part);
    Ok(accepted(proposal, act, source.name, BTreeMap::new()))
}

/// What was found, and the act with what the target is called.
fn accepted(
    proposal: &mut Proposal,
    act: Act,
    into_name: String,
    renamed: BTreeMap<crate::domain::id::ItemId, String>,
) -> (Findings, Act) {
    let findings = std::mem::take(&mut proposal.findings);
    let act = match act {
        Act::Accept { into, .. } => Act::Accept {
            into,
            into_name,
            renamed,
        },
        other => other,
    };
    (findings, act)
}
