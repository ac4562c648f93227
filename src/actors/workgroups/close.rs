//! Closing a workgroup. Nobody can know that nothing is in it while something may come in, so it stops taking things in first, is
//! looked at then, and goes on if something is there.

use crate::domain::event::What;
use crate::domain::governance::Act;
use crate::domain::id::{Context, ItemKind, WorkgroupId};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::key::Key;
use crate::domain::letter::News;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::workgroup::{Membership, State, Workgroup};
use crate::store::{Direction, Fault};

use crate::actors::load::{self, Versioned};
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::world::{self, Call, Committed, Settings, TRIES, Trouble, World};

use super::look::{self, Seen};
use super::{allowed, done_before, end_membership, event, kept, repeated, tell};

/// So many memberships end in one commit, each with a letter.
const AT_ONCE: usize = 100;

/// How one step ended.
enum Step {
    /// Committed, or lost against others; look again.
    Again,
    /// Closed.
    Closed(Workgroup),
}

/// Closes a workgroup that is empty.
///
/// # Errors
/// There is none that the person can see, they may not, something is in it or open, or the world failed.
pub async fn close(world: &dyn World, call: &Call, id: WorkgroupId) -> Result<Workgroup, Trouble> {
    let settings = world.settings();
    if let Some(done) = done_before(&settings, call).await? {
        return Ok(done);
    }
    let mut conflicts = 0;
    while conflicts < TRIES {
        let before = conflicts;
        match step(world, call, id, &mut conflicts).await {
            Ok(Step::Closed(workgroup)) => return Ok(workgroup),
            Ok(Step::Again) => {}
            Err(Trouble::Refused(why)) => {
                let done = done_before(&settings, call).await?;
                return done.ok_or_else(|| why.into());
            }
            Err(fault) => return Err(fault),
        }
        world.forget(Context::Workgroup(id)).await;
        if conflicts > before {
            world.pause(conflicts).await;
        }
    }
    let done = done_before(&settings, call).await?;
    done.ok_or_else(world::contended)
}

async fn step(
    world: &dyn World,
    call: &Call,
    id: WorkgroupId,
    conflicts: &mut u32,
) -> Result<Step, Trouble> {
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
    let what = match (next.state, blocks.blocks.is_empty()) {
        (State::Open, false) => return Err(blocks.into()),
        (State::Open, true) => {
            next.state = State::Closing;
            What::Closing
        }
        (State::Closing, false) => {
            next.state = State::Open;
            What::Reopened
        }
        (State::Closing | State::Closed { .. }, _) => {
            return last_steps(world, &settings, call, &seen, proposal, conflicts).await;
        }
    };
    proposal.replace(old, &next, Some(&event(call, what)));
    let reopened = next.state.is_open();
    let call = Call {
        command: None,
        ..*call
    };
    match world::commit(world, &call, proposal, Vec::new()).await? {
        Committed::Done | Committed::Before(_) if reopened => Err(blocks.into()),
        Committed::Done | Committed::Before(_) => Ok(Step::Again),
        Committed::Again(_) | Committed::Over { .. } => {
            *conflicts += 1;
            Ok(Step::Again)
        }
    }
}

/// Ends memberships, that of whoever may close it last; with them goes the workgroup.
async fn last_steps(
    world: &dyn World,
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    mut proposal: Proposal,
    conflicts: &mut u32,
) -> Result<Step, Trouble> {
    let old = &seen.workgroup;
    let id = old.document.id;
    let members = some_members(settings, id).await?;
    let ends = members.len() <= AT_ONCE;
    for member in members.iter().take(AT_ONCE) {
        let account = member.document.account;
        let left = event(call, What::MemberRemoved { account });
        end_membership(settings, call, member, &left, &mut proposal).await?;
        if account != seen.person.id() {
            let says = News::Closed {
                workgroup: old.document.name.clone(),
                by: seen.person.account.name.clone(),
            };
            tell(settings, call, old, account, &says, &mut proposal).await?;
        }
    }
    if !ends {
        let call = Call {
            command: None,
            ..*call
        };
        let committed = world::commit(world, &call, proposal, Vec::new()).await?;
        if matches!(committed, Committed::Again(_) | Committed::Over { .. }) {
            *conflicts += 1;
        }
        return Ok(Step::Again);
    }
    let mut next = old.document.clone();
    next.state = State::Closed { at: call.at };
    proposal.replace(old, &next, Some(&event(call, What::Closed)));
    match world::commit(world, call, proposal, kept(id)).await? {
        Committed::Done => {
            world.forget(Context::Workgroup(id)).await;
            Ok(Step::Closed(next))
        }
        Committed::Before(kept) => Ok(Step::Closed(repeated(settings, &kept).await?)),
        Committed::Again(_) | Committed::Over { .. } => {
            *conflicts += 1;
            Ok(Step::Again)
        }
    }
}

/// Members, those who only belong to it first and its owner last.
async fn some_members(
    settings: &Settings,
    id: WorkgroupId,
) -> Result<Vec<Versioned<Membership>>, Fault> {
    let store = &*settings.store;
    let mut members = people::members(store, id).await?;
    members.sort_by_key(|member| member.role);
    let keys: Vec<Key> = members
        .iter()
        .map(|member| Key::Membership(id, member.account))
        .collect();
    let found = load::all::<Membership>(store, &keys).await?;
    Ok(found.into_iter().flatten().collect())
}

/// What a workgroup still has that somebody would miss.
async fn in_the_way(settings: &Settings, workgroup: &Workgroup) -> Result<Findings, Fault> {
    let context = Context::Workgroup(workgroup.id);
    let lists = [
        (index::owned(context, ItemKind::Run), "owns runs", DATA),
        (
            index::owned(context, ItemKind::Project),
            "owns projects",
            DATA,
        ),
        (
            index::sent(context, Phase::Open),
            "has sent offers or invitations that are open",
            SENT,
        ),
        (
            index::received(Receiver::Context(context), Phase::Open),
            "was sent offers that are open",
            RECEIVED,
        ),
    ];
    let mut findings = Findings::default();
    for (prefix, what, next_step) in lists {
        let page = settings
            .store
            .scan(prefix, None, Direction::Forward, 1)
            .await?;
        if !page.rows.is_empty() {
            let sentence = format!("\"{}\" {what}", workgroup.name);
            let no = Refusal::new(Code::WorkgroupNotEmpty, sentence, next_step);
            findings.block(no.about(workgroup.id));
        }
    }
    Ok(findings)
}

const DATA: &str = "transfer them to another context, or purge them from the trash";
const SENT: &str = "wait for the answers, or cancel them";
const RECEIVED: &str = "answer them: decline what you do not want";
