//! The life of a workgroup: created, changed, its members promoted, removed, gone, and closed.
//!
//! Joining and handing over take somebody's acceptance, so they are invitations (`invitation::workgroup`).

mod close;
pub mod look;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::governance::{self, Act};
use crate::domain::id::{AccountId, Context, WorkgroupId};
use crate::domain::key::Key;
use crate::domain::letter::{News, Subject};
use crate::domain::policy::{Domain, Tier};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::{Handle, Membership, Role, State, Workgroup};

use super::load::{self, Versioned};
use super::news;
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::world::{self, Call, Settings, Trouble, World};
use crate::store::Fault;

use look::Seen;

pub use close::{close, in_the_way};

/// A workgroup that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Its handle.
    pub handle: Handle,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it shall live; `None`: where its creator does.
    pub domain: Option<Domain>,
    /// Whether it may hold members from outside its domain.
    pub collaborative: bool,
}

/// What shall be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// What it is for; empty: nothing is said.
    pub description: Option<String>,
    /// Its handle.
    pub handle: Option<Handle>,
}

/// What is wanted of a workgroup that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Be called or described otherwise.
    Change(Change),
    /// Have this member be something else.
    ChangeRole {
        /// Whom.
        account: AccountId,
        /// Member or administrator.
        role: Role,
    },
    /// Remove this member.
    Remove {
        /// Whom.
        account: AccountId,
    },
    /// Let go of whoever commands it.
    Leave,
}

/// What is kept with the command id.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    workgroup: WorkgroupId,
}

impl Answer for Workgroup {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(&Kept { workgroup: self.id }).unwrap_or_default()
    }

    async fn again(settings: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        let kept: Kept = once::read(kept)?;
        let key = Key::Workgroup(kept.workgroup);
        let found = load::one::<Self>(&*settings.store, key).await?;
        let gone = || governance::no_such_workgroup(kept.workgroup);
        Ok(found.ok_or_else(gone)?.document)
    }
}

/// The workgroup that this very command was about, if it was carried out before: whoever left a workgroup, or closed it, cannot see it
/// any more when the command is repeated.
pub async fn done_before(settings: &Settings, call: &Call) -> Result<Option<Workgroup>, Trouble> {
    match world::before(settings, call).await? {
        Some(kept) => Ok(Some(Workgroup::again(settings, &kept).await?)),
        None => Ok(None),
    }
}

// ---- creating ----

/// Creates a workgroup, owned by whoever commands it.
///
/// # Errors
/// They may not, the handle is taken, a value is out of bounds, or the world failed.
pub async fn create(world: &dyn World, call: &Call, new: &New) -> Result<Workgroup, Trouble> {
    once(world, call, || Box::pin(made(world, call, new))).await
}

async fn made(world: &dyn World, call: &Call, new: &New) -> Result<Decision<Workgroup>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let (creator, rests) = people::guarded(store, people::person_of(call)?, &[]).await?;
    let mut proposal = Proposal::default();
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    let mut findings = Findings::default();
    let domain = new.domain.as_ref().unwrap_or(&creator.account.domain);
    let no = governance::forbids_creation(&creator.account, domain, &settings.policy);
    findings.blocks.extend(no);
    if new.collaborative && domain.is_public() {
        findings.block(Refusal::field(
            "collaborative",
            said!("a workgroup in the public domain is open to everybody anyway"),
            said!("leave it out, or name a private domain"),
        ));
    }
    findings.blocks.extend(governance::reserved(&new.handle));
    if people::workgroup(store, &new.handle).await?.is_some() {
        findings.block(governance::handle_taken(&new.handle));
    }
    let name = keep(governance::named(&new.name), &mut findings);
    let description = keep(governance::described(&new.description), &mut findings);
    let (Some(name), Some(description), true) = (name, description, findings.blocks.is_empty())
    else {
        return Err(findings.into());
    };
    let workgroup = Workgroup {
        id: WorkgroupId::from_bits(settings.ids.fresh(call.at)),
        handle: new.handle.clone(),
        name,
        tier: if domain.is_public() {
            Tier::Professional
        } else {
            Tier::Enterprise
        },
        domain: domain.clone(),
        collaborative: new.collaborative,
        quota: None,
        created_at: call.at,
        description,
        ruled: false,
        state: State::Open,
    };
    let owner = Membership {
        workgroup: workgroup.id,
        account: creator.id(),
        role: Role::Owner,
        since: call.at,
    };
    let joined = What::Joined { role: owner.role };
    proposal.create(&workgroup, Some(&event(call, What::Registered)));
    proposal.create(&owner, Some(&event(call, joined)));
    Ok(Decision::done(workgroup, proposal))
}

fn keep<T>(value: Result<T, Refusal>, findings: &mut Findings) -> Option<T> {
    value.map_err(|refusal| findings.block(refusal)).ok()
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

// ---- changing ----

/// Carries out a command about a workgroup; the workgroup as it is then.
///
/// # Errors
/// There is none that the person can see, they may not, a value is out of bounds, or the world failed.
pub async fn handle(
    world: &dyn World,
    call: &Call,
    id: WorkgroupId,
    command: &Command,
) -> Result<Workgroup, Trouble> {
    once(world, call, || Box::pin(decide(world, call, id, command))).await
}

/// What becomes of the workgroup.
async fn decide(
    world: &dyn World,
    call: &Call,
    id: WorkgroupId,
    command: &Command,
) -> Result<Decision<Workgroup>, Trouble> {
    let settings = &world.settings();
    let seen = look::seen(settings, people::person_of(call)?, id).await?;
    let mut proposal = Proposal::default();
    for (key, version) in &seen.rests {
        proposal.guard(*key, *version);
    }
    let itself = seen.person.id();
    let changes = match command {
        Command::Change(change) => changed(settings, call, &seen, change, &mut proposal).await?,
        Command::ChangeRole { account, role } => {
            promote(settings, call, &seen, (*account, *role), &mut proposal).await?
        }
        Command::Remove { account } if *account != itself => {
            remove(settings, call, &seen, *account, &mut proposal).await?
        }
        Command::Remove { .. } | Command::Leave => {
            allowed(&seen, Act::Leave)?;
            let what = What::MemberLeft { account: itself };
            gone(settings, call, &seen, itself, what, &mut proposal).await?
        }
    };
    let workgroup = changes.unwrap_or(seen.workgroup.document);
    Ok(Decision::done(workgroup, proposal))
}

fn allowed(seen: &Seen, act: Act) -> Result<(), Trouble> {
    match governance::forbids(&seen.workgroup.document, seen.standing, act) {
        Some(no) => Err(no.into()),
        None => Ok(()),
    }
}

async fn changed(
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    change: &Change,
    proposal: &mut Proposal,
) -> Result<Option<Workgroup>, Trouble> {
    allowed(seen, Act::Change)?;
    let old = &seen.workgroup;
    let mut next = old.document.clone();
    let mut findings = Findings::default();
    if let Some(name) = &change.name {
        next.name = keep(governance::named(name), &mut findings).unwrap_or_default();
    }
    if let Some(text) = &change.description {
        next.description = keep(governance::described(text), &mut findings).flatten();
    }
    if let Some(handle) = &change.handle {
        findings.blocks.extend(governance::reserved(handle));
        let there = people::workgroup(&*settings.store, handle).await?;
        if there.is_some_and(|there| there.document.id != next.id) {
            findings.block(governance::handle_taken(handle));
        }
        next.handle = handle.clone();
    }
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    if next == old.document {
        return Ok(None);
    }
    let how = "its name, description or handle".to_owned();
    proposal.replace(old, &next, Some(&event(call, What::Changed { how })));
    Ok(Some(next))
}

/// A member whom a command is about.
async fn member(
    settings: &Settings,
    seen: &Seen,
    account: AccountId,
) -> Result<Versioned<Membership>, Trouble> {
    let workgroup = &seen.workgroup.document;
    let key = Key::Membership(workgroup.id, account);
    let found = load::one::<Membership>(&*settings.store, key).await?;
    let none = || governance::no_member(workgroup, account);
    Ok(found.ok_or_else(none)?)
}

async fn promote(
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    (account, role): (AccountId, Role),
    proposal: &mut Proposal,
) -> Result<Option<Workgroup>, Trouble> {
    allowed(seen, Act::ChangeRole)?;
    let old = member(settings, seen, account).await?;
    let from = old.document.role;
    if from == role {
        return Ok(None);
    }
    let workgroup = &seen.workgroup;
    if from == Role::Owner {
        return Err(governance::they_own(&workgroup.document).into());
    }
    if role == Role::Owner {
        return Err(Refusal::new(
            Code::WorkgroupForbidden,
            said!("nobody becomes the owner without having agreed"),
            said!("its owner hands the workgroup over, and they accept"),
        )
        .about("role")
        .into());
    }
    let mut next = old.document.clone();
    next.role = role;
    let what = What::RoleChanged { from, to: role };
    proposal.replace(&old, &next, Some(&event(call, what)));
    let what = What::MemberChanged {
        account,
        from,
        to: role,
    };
    let workgroup = &seen.workgroup;
    proposal.replace(workgroup, &workgroup.document, Some(&event(call, what)));
    if account != seen.person.id() {
        let says = News::RoleChanged {
            workgroup: workgroup.document.name.clone(),
            by: seen.person.account.name.clone(),
            role,
        };
        tell(settings, call, workgroup, account, &says, proposal).await?;
    }
    Ok(Some(workgroup.document.clone()))
}

/// Tells somebody what became of their membership.
async fn tell(
    settings: &Settings,
    call: &Call,
    workgroup: &Versioned<Workgroup>,
    account: AccountId,
    says: &News,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let to = news::person(&*settings.store, account).await?;
    let about = (Subject::Workgroup(workgroup.document.id), says);
    news::tell(settings, call, about, to, &[], proposal).await?;
    Ok(())
}

async fn remove(
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    account: AccountId,
    proposal: &mut Proposal,
) -> Result<Option<Workgroup>, Trouble> {
    allowed(seen, Act::Remove)?;
    let old = member(settings, seen, account).await?;
    if old.document.role == Role::Owner {
        return Err(governance::they_own(&seen.workgroup.document).into());
    }
    let says = News::Removed {
        workgroup: seen.workgroup.document.name.clone(),
        by: seen.person.account.name.clone(),
    };
    tell(settings, call, &seen.workgroup, account, &says, proposal).await?;
    let what = What::MemberRemoved { account };
    gone(settings, call, seen, account, what, proposal).await
}

/// Somebody is a member no longer, and the workgroup's journal says so.
async fn gone(
    settings: &Settings,
    call: &Call,
    seen: &Seen,
    account: AccountId,
    what: What,
    proposal: &mut Proposal,
) -> Result<Option<Workgroup>, Trouble> {
    let old = member(settings, seen, account).await?;
    let event = event(call, what);
    end_membership(settings, call, &old, &event, proposal).await?;
    let workgroup = &seen.workgroup;
    proposal.replace(workgroup, &workgroup.document, Some(&event));
    Ok(Some(workgroup.document.clone()))
}

/// Ends a membership; what its holder had chosen the workgroup for is `personal` again.
async fn end_membership(
    settings: &Settings,
    call: &Call,
    old: &Versioned<Membership>,
    last: &Event,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    proposal.end(old, last);
    let Membership {
        workgroup, account, ..
    } = old.document;
    unchoose(settings, call, account, workgroup, proposal).await
}

/// What somebody who belongs to a workgroup no longer had chosen it for is `personal` again.
pub(in crate::actors) async fn unchoose(
    settings: &Settings,
    call: &Call,
    account: AccountId,
    workgroup: WorkgroupId,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let key = Key::Account(account);
    let Some(account) = load::one::<Account>(&*settings.store, key).await? else {
        return Ok(());
    };
    let left = Context::Workgroup(workgroup);
    let own = Context::Personal(account.document.id);
    let mut next = account.document.clone();
    for chosen in [&mut next.default_run_location, &mut next.default_context] {
        if *chosen == left {
            *chosen = own;
        }
    }
    next.default_context_by_sender
        .retain(|_, chosen| *chosen != left);
    if next != account.document {
        let how = "its default contexts, because it left a workgroup".to_owned();
        proposal.replace(&account, &next, Some(&event(call, What::Changed { how })));
    }
    Ok(())
}
