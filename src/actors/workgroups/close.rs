//! Closing a workgroup. Nobody can know that nothing is in it while something may come in, so it stops taking things in first, is
//! looked at then, and goes on if something is there.

use crate::domain::event::What;
use crate::domain::governance::Act;
use crate::domain::id::{Context, ItemKind, WorkgroupId};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::letter::News;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::{Said, said};
use crate::domain::workgroup::{Membership, State, Workgroup};
use crate::store::{Direction, Fault};

use crate::actors::load::Versioned;
use crate::actors::once::{Decision, once};
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::world::{self, Call, Committed, Settings, Trouble, World};

use super::look::{self, Seen};
use super::{allowed, end_membership, event, tell};

/// So many memberships end in one commit, each with a letter.
const AT_ONCE: usize = 100;

/// Closes a workgroup that is empty.
///
/// # Errors
/// There is none that the person can see, they may not, something is in it or open, or the world failed.
pub async fn close(world: &dyn World, call: &Call, id: WorkgroupId) -> Result<Workgroup, Trouble> {
    once(world, call, || Box::pin(closed(world, call, id))).await
}

/// All steps but the last are committed here.
async fn closed(
    world: &dyn World,
    call: &Call,
    id: WorkgroupId,
) -> Result<Decision<Workgroup>, Trouble> {
    let step = call.unrepeated();
    loop {
        let settings = world.settings();
        let seen = look::seen(&settings, people::person_of(call)?, id).await?;
        allowed(&seen, Act::Close)?;
        let blocks = in_the_way(&settings, &seen.workgroup.document).await?;
        let mut proposal = Proposal::default();
        for (key, version) in &seen.rests {
            proposal.guard(*key, *version);
        }
        let old = &seen.workgroup;
        let mut next = old.document.clone();
        match (next.state, blocks.blocks.is_empty()) {
            (State::Open, false) => return Err(blocks.into()),
            (State::Open, true) => {
                next.state = State::Closing;
                proposal.replace(old, &next, Some(&event(call, What::Closing)));
            }
            (State::Closing, false) => {
                next.state = State::Open;
                proposal.replace(old, &next, Some(&event(call, What::Reopened)));
            }
            (State::Closing | State::Closed { .. }, _) => {
                if let Some(last) = end_members(&settings, call, &seen, &mut proposal).await? {
                    return Ok(Decision::done(last, proposal));
                }
            }
        }
        let reopens = next.state.is_open();
        match world::commit(world, &step, proposal, Vec::new()).await? {
            Committed::Done | Committed::Before(_) if reopens => return Err(blocks.into()),
            Committed::Done | Committed::Before(_) => {}
            Committed::Again | Committed::Over { .. } => return Ok(Decision::Again),
        }
    }
}

/// Ends memberships, that of whoever may close it last; with them goes the workgroup, which is then given.
async fn end_members(
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    proposal: &mut Proposal,
) -> Result<Option<Workgroup>, Trouble> {
    let old = &seen.workgroup;
    let members = some_members(settings, old.document.id).await?;
    for member in members.iter().take(AT_ONCE) {
        let account = member.document.account;
        let left = event(call, What::MemberRemoved { account });
        end_membership(settings, call, member, &left, proposal).await?;
        if account != seen.person.id() {
            let says = News::Closed {
                workgroup: old.document.name.clone(),
                by: seen.person.account.name.clone(),
            };
            tell(settings, call, old, account, &says, proposal).await?;
        }
    }
    if members.len() > AT_ONCE {
        return Ok(None);
    }
    let mut next = old.document.clone();
    next.state = State::Closed { at: call.at };
    proposal.replace(old, &next, Some(&event(call, What::Closed)));
    Ok(Some(next))
}

/// Members, those who only belong to it first and its owner last.
async fn some_members(
    settings: &Settings,
    id: WorkgroupId,
) -> Result<Vec<Versioned<Membership>>, Fault> {
    let (mut members, _) = people::members(&*settings.store, id, None).await?;
    members.sort_by_key(|member| member.document.role);
    Ok(members)
}

/// What a workgroup still has that somebody would miss: it stands in the way of closing it, and the way out is told.
pub async fn in_the_way(settings: &Settings, workgroup: &Workgroup) -> Result<Findings, Fault> {
    let context = Context::Workgroup(workgroup.id);
    let name = &workgroup.name;
    let lists = [
        (
            index::owned(context, ItemKind::Run),
            said!("\"{name}\" owns runs", name),
            data(),
        ),
        (
            index::owned(context, ItemKind::Project),
            said!("\"{name}\" owns projects", name),
            data(),
        ),
        (
            index::sent(context, Phase::Open),
            said!(
                "\"{name}\" has sent offers or invitations that are open",
                name
            ),
            said!("wait for the answers, or cancel them"),
        ),
        (
            index::received(Receiver::Context(context), Phase::Open),
            said!("\"{name}\" was sent offers that are open", name),
            said!("answer them: decline what you do not want"),
        ),
    ];
    let mut findings = Findings::default();
    for (prefix, sentence, next_step) in lists {
        let page = settings
            .store
            .scan(prefix, None, Direction::Forward, 1)
            .await?;
        if !page.rows.is_empty() {
            let no = Refusal::new(Code::WorkgroupNotEmpty, sentence, next_step);
            findings.block(no.about(workgroup.id));
        }
    }
    Ok(findings)
}

fn data() -> Said {
    said!("transfer them to another context, or delete them from the trash for good")
}
