//! Who belongs to a workgroup, and as what: decided by the workgroup's actor.

use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::id::AccountId;
use crate::domain::key::Key;
use crate::domain::letter::{News, Subject};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::{Membership, Role, Workgroup};

use super::context::Owner;
use super::load::{self, Versioned};
use super::news;
use super::people;
use super::proposal::Proposal;
use super::world::{Call, Settings, Trouble};

pub use crate::domain::governance::{
    closing, no_such_workgroup, only_administrators_invite, only_the_owner_hands_over, outside,
    ruled,
};

/// Whom a workgroup takes in, and as what; `None`: as its owner, in the place of the one it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Whom.
    pub account: AccountId,
    /// As what.
    pub role: Option<Role>,
    /// Who invited them: only the owner of this moment hands a workgroup over.
    pub by: AccountId,
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
    if let Some(no) = ruled(&workgroup.document) {
        return Err(no.into());
    }
    match admission.role {
        Some(role) => join(workgroup, settings, call, admission, role, &mut proposal).await?,
        None => hand_over(workgroup, settings, call, admission, &mut proposal).await?,
    }
    Ok(proposal)
}

async fn join(
    workgroup: &Versioned<Workgroup>,
    settings: &Settings,
    call: &Call,
    admission: &Admission,
    role: Role,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let account = admission.account;
    let joined = event(call, What::MemberJoined { account, role });
    // It stands in the workgroup's journal too, and what the workgroup is must still be so at the commit.
    proposal.replace(workgroup, &workgroup.document, Some(&joined));
    let workgroup = &workgroup.document;
    let key = Key::Account(account);
    let person = load::one::<Account>(store, key).await?;
    let open = |person: &Versioned<Account>| {
        person.document.closed_at.is_none() && !person.document.closing
    };
    let person = person.filter(open).ok_or_else(not_there)?;
    proposal.guard(key, person.version);
    if let Some(no) = outside(workgroup, &person.document.domain) {
        proposal.findings.block(no);
    }
    let key = Key::Membership(workgroup.id, account);
    if load::one::<Membership>(store, key).await?.is_some() {
        proposal.findings.block(
            Refusal::new(
                Code::MemberAlready,
                said!("you belong to \"{name}\" already", name = workgroup.name),
                said!("there is nothing left to do"),
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
    let Some(address) = person.document.primary().cloned() else {
        return Ok(());
    };
    // Whoever invited them is told that the invitation was accepted.
    let inviter = load::one::<Account>(store, Key::Account(admission.by)).await?;
    let inviter = inviter.and_then(|inviter| inviter.document.primary().cloned());
    let says = News::Joined {
        workgroup: workgroup.name.clone(),
        who: person.document.name,
        address,
        role,
    };
    let about = (Subject::Workgroup(workgroup.id), &says);
    let to = people::answering(store, workgroup.id).await?;
    news::tell(settings, call, about, to, inviter.as_slice(), proposal).await?;
    Ok(())
}

async fn hand_over(
    workgroup: &Versioned<Workgroup>,
    settings: &Settings,
    call: &Call,
    admission: &Admission,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let (id, account) = (workgroup.document.id, admission.account);
    let keys = [
        Key::Membership(id, account),
        Key::Membership(id, admission.by),
    ];
    let mut found = load::all::<Membership>(store, &keys).await?.into_iter();
    let heir = found.next().flatten();
    let owner = found.next().flatten();
    let heir = heir.filter(|heir| heir.document.role == Role::Administrator);
    let owner = owner.filter(|owner| owner.document.role == Role::Owner);
    let (Some(heir), Some(owner)) = (&heir, &owner) else {
        let no = if heir.is_none() {
            not_an_heir(&workgroup.document)
        } else {
            not_the_owner_any_more(&workgroup.document)
        };
        proposal.findings.block(no);
        return Ok(());
    };
    for (old, role) in [(owner, Role::Administrator), (heir, Role::Owner)] {
        let what = What::RoleChanged {
            from: old.document.role,
            to: role,
        };
        let mut next = old.document.clone();
        next.role = role;
        proposal.replace(old, &next, Some(&event(call, what)));
    }
    let what = What::MemberChanged {
        account,
        from: heir.document.role,
        to: Role::Owner,
    };
    proposal.replace(workgroup, &workgroup.document, Some(&event(call, what)));
    Ok(())
}

fn not_an_heir(workgroup: &Workgroup) -> Refusal {
    Refusal::new(
        Code::WorkgroupForbidden,
        said!(
            "only an administrator of \"{name}\" can become its owner",
            name = workgroup.name
        ),
        said!("ask its owner to make you an administrator first"),
    )
    .about(workgroup.id)
}

fn not_the_owner_any_more(workgroup: &Workgroup) -> Refusal {
    Refusal::new(
        Code::WorkgroupForbidden,
        said!(
            "whoever offered you \"{name}\" does not own it any more",
            name = workgroup.name
        ),
        said!("ask its owner of today to offer it to you"),
    )
    .about(workgroup.id)
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
        said!("your account no longer exists"),
        said!("sign in again"),
    )
}

fn not_a_workgroup() -> Refusal {
    Refusal::new(
        Code::WorkgroupNotFound,
        said!("a personal context has no members"),
        said!("name a workgroup"),
    )
}
