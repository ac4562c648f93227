//! Who belongs to a workgroup, and as what: decided by the workgroup's actor.

use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context};
use crate::domain::key::Key;
use crate::domain::policy::Domain;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workgroup::{Membership, Role, Workgroup};

use super::context::Owner;
use super::load::{self, Versioned};
use super::people;
use super::proposal::Proposal;
use super::world::{Call, Settings, Trouble};

/// Whom a workgroup takes in, and as what; `None`: as its owner, in the place of the one it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Whom.
    pub account: AccountId,
    /// As what.
    pub role: Option<Role>,
}

/// Takes somebody in who was invited, or makes an administrator the owner.
pub async fn admit(
    owner: &Owner,
    settings: &Settings,
    call: &Call,
    admission: &Admission,
) -> Result<Proposal, Trouble> {
    let Owner::Workgroup(workgroup) = owner else {
        return Err(not_a_workgroup().into());
    };
    let mut proposal = Proposal::default();
    let (key, version) = owner.guard();
    proposal.guard(key, version);
    match admission.role {
        Some(role) => {
            join(
                workgroup,
                settings,
                call,
                admission.account,
                role,
                &mut proposal,
            )
            .await?
        }
        None => hand_over(workgroup, settings, call, admission.account, &mut proposal).await?,
    }
    Ok(proposal)
}

/// Why somebody who lives in this domain cannot belong to the workgroup; `None`: they can.
pub fn outside(workgroup: &Workgroup, domain: &Domain) -> Option<Refusal> {
    let closed = !workgroup.domain.is_public() && !workgroup.collaborative;
    (closed && workgroup.domain != *domain).then(|| {
        Refusal::new(
            Code::DomainNotCollaborative,
            format!(
                "\"{}\" holds members of the domain {} only",
                workgroup.name,
                workgroup.domain.name()
            ),
            "use an address of that domain, or ask for a collaborative workgroup",
        )
        .about(workgroup.id)
    })
}

async fn join(
    workgroup: &Versioned<Workgroup>,
    settings: &Settings,
    call: &Call,
    account: AccountId,
    role: Role,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let workgroup = &workgroup.document;
    let key = Key::Account(account);
    let person = load::one::<Account>(store, key).await?;
    let person = person.ok_or_else(not_there)?;
    proposal.guard(key, person.version);
    if let Some(no) = outside(workgroup, &person.document.domain) {
        proposal.findings.block(no);
    }
    let key = Key::Membership(workgroup.id, account);
    if load::one::<Membership>(store, key).await?.is_some() {
        proposal.findings.block(
            Refusal::new(
                Code::MemberAlready,
                format!("you belong to \"{}\" already", workgroup.name),
                "there is nothing left to do",
            )
            .about(workgroup.id),
        );
        return Ok(());
    }
    let membership = Membership {
        workgroup: workgroup.id,
        account,
        role,
        since: call.at,
    };
    proposal.create(&membership, Some(&event(call, What::Joined { role })));
    Ok(())
}

async fn hand_over(
    workgroup: &Versioned<Workgroup>,
    settings: &Settings,
    call: &Call,
    account: AccountId,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let id = workgroup.document.id;
    let key = Key::Membership(id, account);
    let heir = load::one::<Membership>(store, key).await?;
    let Some(heir) = heir.filter(|heir| heir.document.role >= Role::Administrator) else {
        proposal.findings.block(
            Refusal::new(
                Code::WorkgroupForbidden,
                format!(
                    "only an administrator of \"{}\" can become its owner",
                    workgroup.document.name
                ),
                "ask its owner to make you an administrator first",
            )
            .about(id),
        );
        return Ok(());
    };
    let before = people::members(store, id).await?;
    let owners = before.iter().filter(|member| member.role == Role::Owner);
    for owner in owners.filter(|owner| owner.account != account) {
        let key = Key::Membership(id, owner.account);
        if let Some(old) = load::one::<Membership>(store, key).await? {
            let mut next = old.document.clone();
            next.role = Role::Administrator;
            let what = What::RoleChanged {
                from: old.document.role,
                to: next.role,
            };
            proposal.replace(&old, &next, Some(&event(call, what)));
        }
    }
    let mut next = heir.document.clone();
    next.role = Role::Owner;
    let what = What::RoleChanged {
        from: heir.document.role,
        to: next.role,
    };
    proposal.replace(&heir, &next, Some(&event(call, what)));
    Ok(())
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

fn not_there() -> Refusal {
    Refusal::new(
        Code::NotSignedIn,
        "your account no longer exists",
        "sign in again",
    )
}

fn not_a_workgroup() -> Refusal {
    Refusal::new(
        Code::WorkgroupNotFound,
        "a personal context has no members",
        "name a workgroup",
    )
}

/// That only administrators may do this.
pub fn administrators_only(workgroup: &Workgroup, what: &str) -> Refusal {
    Refusal::new(
        Code::WorkgroupForbidden,
        format!("only administrators of \"{}\" may {what}", workgroup.name),
        "ask one of them",
    )
    .about(workgroup.id)
}

/// That only the owner may do this.
pub fn owner_only(workgroup: &Workgroup, what: &str) -> Refusal {
    Refusal::new(
        Code::WorkgroupForbidden,
        format!("only the owner of \"{}\" may {what}", workgroup.name),
        "ask them",
    )
    .about(workgroup.id)
}

/// That there is no such workgroup, as a stranger is told.
pub fn no_such_workgroup(context: Context) -> Refusal {
    Refusal::new(
        Code::WorkgroupNotFound,
        format!("there is no workgroup {context} that you belong to"),
        "list your contexts and choose one of them",
    )
    .about(context)
}
