//! Workgroups and who belongs to them: everybody came by an acceptance, a creation or the configuration, everybody was let go by
//! somebody who could, and no workgroup is ever without its one owner.

use std::collections::BTreeSet;

use handover::domain::event::{Channel, Event, What};
use handover::domain::id::{AccountId, Context, WorkgroupId};
use handover::domain::invitation::{Invitation, Recipient, State as Standing, Terms};
use handover::domain::key::Key;
use handover::domain::policy::{Creators, Tier};
use handover::domain::workgroup::{Membership, Role, State, Workgroup};

use super::Seen;
use super::transfers::{must, transfers_of};
use crate::shadow::{Change, Doc, Shadow};

pub fn check(seen: &Seen<'_>) -> Result<(), String> {
    let mut touched = BTreeSet::new();
    for change in seen.changes {
        let event = || {
            let event = change.event.as_ref();
            event.ok_or_else(|| format!("{:?} changed without an event", change.key))
        };
        match (&change.old, &change.new) {
            (None, Some(Doc::Membership(new))) => joined(seen, event()?, new)?,
            (Some(Doc::Membership(old)), Some(Doc::Membership(new))) => {
                rose(seen, event()?, old, new)?;
            }
            (Some(Doc::Membership(old)), None) => left(seen, event()?, old)?,
            (None, Some(Doc::Workgroup(new))) => created(seen, event()?, new)?,
            (Some(Doc::Workgroup(old)), Some(Doc::Workgroup(new))) => {
                went_on(seen, event()?, old, new)?;
            }
            (Some(Doc::Workgroup(old)), None) => return Err(format!("{} was deleted", old.id)),
            (None, Some(Doc::Invitation(new))) => invited(seen, change, new)?,
            _ => {}
        }
        if let Key::Workgroup(id) | Key::Membership(id, _) = change.key {
            touched.insert(id);
        }
    }
    touched.into_iter().try_for_each(|id| owned(seen.after, id))
}

/// The configuration file did it.
fn by_file(event: &Event) -> bool {
    event.by.person.is_none() && event.by.channel == Channel::Administrator
}

/// The workgroup as the commit left it.
fn workgroup<'a>(seen: &'a Seen<'_>, id: WorkgroupId) -> Result<&'a Workgroup, String> {
    let found = seen.after.workgroup(id);
    found.ok_or_else(|| format!("there is no workgroup {id}"))
}

/// What somebody was in the workgroup when it was decided.
fn role_before(seen: &Seen<'_>, id: WorkgroupId, who: AccountId) -> Option<Role> {
    let key = Key::Membership(id, who);
    match seen.changes.iter().find(|change| change.key == key) {
        Some(change) => match &change.old {
            Some(Doc::Membership(old)) => Some(old.role),
            _ => None,
        },
        None => seen.after.membership(id, who).map(|found| found.role),
    }
}

fn administers_domain(seen: &Seen<'_>, workgroup: &Workgroup, who: AccountId) -> bool {
    let account = seen.after.account(who);
    account.is_some_and(|a| seen.policy.administers(&a.addresses, &workgroup.domain))
}

/// Whoever acted was an administrator of the workgroup at the commit, or of its domain, and the file does not rule it.
fn by_administrator(seen: &Seen<'_>, event: &Event, id: WorkgroupId) -> Result<(), String> {
    let here = workgroup(seen, id)?;
    let may = event.by.person.is_some_and(|who| {
        role_before(seen, id, who) >= Some(Role::Administrator)
            || administers_domain(seen, here, who)
    });
    must(may && !here.ruled, || {
        format!(
            "{:?} did {:?} to {id}, and was no administrator of it at the commit",
            event.by, event.what
        )
    })
}

/// The acceptance in this commit by which somebody joins, or becomes the owner.
fn acceptance<'a>(
    seen: &'a Seen<'_>,
    id: WorkgroupId,
    terms: impl Fn(Terms) -> bool,
) -> Option<(&'a Invitation, AccountId)> {
    transfers_of(seen).find_map(|invitation| match invitation.state {
        Standing::Accepted { by, .. } => {
            let its = invitation.source == Context::Workgroup(id) && terms(invitation.terms);
            its.then_some((invitation, by))
        }
        _ => None,
    })
}

fn joined(seen: &Seen<'_>, event: &Event, new: &Membership) -> Result<(), String> {
    let (id, who) = (new.workgroup, new.account);
    let here = workgroup(seen, id)?;
    let key = Key::Workgroup(id);
    must(here.state.is_open(), || {
        format!("{who} joined {id}, which is {:?}", here.state)
    })?;
    if by_file(event) {
        return must(here.ruled, || {
            format!("the file put {who} into {id}, which it does not rule")
        });
    }
    must(!here.ruled, || {
        format!("{who} joined {id}, which the file rules")
    })?;
    if seen
        .changes
        .iter()
        .any(|change| change.key == key && change.old.is_none())
    {
        return must(
            new.role == Role::Owner && event.by.person == Some(who),
            || format!("{who} came into {id} with its creation, as {:?}", new.role),
        );
    }
    let role = |terms: Terms| matches!(terms, Terms::Membership { role } if role == new.role);
    let accepted = acceptance(seen, id, role).is_some_and(|(_, by)| by == who);
    must(accepted, || {
        format!("{who} is a {:?} of {id} without an acceptance", new.role)
    })?;
    let account = seen
        .after
        .account(who)
        .filter(|account| account.closed_at.is_none());
    let account = account.ok_or_else(|| format!("{who} joined {id} without an account"))?;
    let holds = here.domain.is_public() || here.collaborative || here.domain == account.domain;
    must(holds, || {
        format!(
            "{who} of {} joined {id}, which holds members of {} only",
            account.domain.name(),
            here.domain.name()
        )
    })
}

fn rose(seen: &Seen<'_>, event: &Event, old: &Membership, new: &Membership) -> Result<(), String> {
    let (id, who) = (new.workgroup, new.account);
    let as_it_was = Membership {
        role: old.role,
        ..new.clone()
    };
    must(as_it_was == *old, || format!("{new:?} was {old:?}"))?;
    if by_file(event) {
        let ruled = workgroup(seen, id)?.ruled;
        return must(ruled, || {
            format!("the file changed {who} in {id}, which it does not rule")
        });
    }
    let told = event.what
        == What::RoleChanged {
            from: old.role,
            to: new.role,
        };
    must(told, || {
        format!(
            "{who} of {id}: {:?} tells of {old:?} to {new:?}",
            event.what
        )
    })?;
    if let Some((invitation, heir)) = acceptance(seen, id, |terms| terms == Terms::Workgroup) {
        let ruled = workgroup(seen, id)?.ruled;
        let fits = match (old.role, new.role) {
            (Role::Owner, Role::Administrator) => who == invitation.sender.account,
            (Role::Administrator, Role::Owner) => who == heir,
            _ => false,
        };
        return must(fits && !ruled, || {
            format!(
                "{who} went from {:?} to {:?} when {id} was handed over",
                old.role, new.role
            )
        });
    }
    let plain = old.role != Role::Owner && new.role != Role::Owner;
    must(plain, || {
        format!("{who} went from {:?} to {:?} in {id}", old.role, new.role)
    })?;
    by_administrator(seen, event, id)
}

fn left(seen: &Seen<'_>, event: &Event, old: &Membership) -> Result<(), String> {
    let (id, who) = (old.workgroup, old.account);
    let here = workgroup(seen, id)?;
    if by_file(event) {
        return must(here.ruled, || {
            format!("the file took {who} out of {id}, which it does not rule")
        });
    }
    // What they had chosen the workgroup for is theirs again.
    let context = Context::Workgroup(id);
    let chosen = seen.after.account(who).is_some_and(|account| {
        account.default_context == context
            || account.default_run_location == context
            || account
                .default_context_by_sender
                .values()
                .any(|to| *to == context)
    });
    must(!chosen, || {
        format!("{who} left {id}, and still has it among their defaults")
    })?;
    let closed = here.state.is_closed();
    match event.what {
        What::MemberLeft { account } => {
            must(account == who && event.by.person == Some(who), || {
                format!("{who} left {id}, says {event:?}")
            })?;
            must(old.role != Role::Owner, || {
                format!("{who} owns {id} and left it")
            })?;
            must(!here.ruled, || {
                format!("{who} left {id}, which the file rules")
            })
        }
        What::MemberRemoved { account } if closed => {
            must(account == who, || {
                format!("{who} went out of {id}, says {event:?}")
            })?;
            closes(seen, event, here)
        }
        What::MemberRemoved { account } => {
            must(account == who, || {
                format!("{who} went out of {id}, says {event:?}")
            })?;
            must(old.role != Role::Owner, || {
                format!("{who} owns {id} and was removed")
            })?;
            by_administrator(seen, event, id)
        }
        _ => Err(format!("{who} is no member of {id} any more: {event:?}")),
    }
}

/// Only its owner and whoever administers its domain closes a workgroup.
fn closes(seen: &Seen<'_>, event: &Event, here: &Workgroup) -> Result<(), String> {
    let may = event.by.person.is_some_and(|who| {
        role_before(seen, here.id, who) == Some(Role::Owner) || administers_domain(seen, here, who)
    });
    must(may && !here.ruled, || {
        format!("{:?} closes {}, and may not", event.by, here.id)
    })
}

fn created(seen: &Seen<'_>, event: &Event, new: &Workgroup) -> Result<(), String> {
    let id = new.id;
    must(new.state.is_open(), || {
        format!("{id} began as {:?}", new.state)
    })?;
    if by_file(event) {
        return must(new.ruled, || {
            format!("{id} came from the file, which does not rule it")
        });
    }
    must(!new.ruled, || {
        format!("{id} was made by people, and the file rules it")
    })?;
    let who = event.by.person.and_then(|who| seen.after.account(who));
    let who = who.ok_or_else(|| format!("nobody made {id}"))?;
    let policy = seen.policy;
    let administers = policy.administers(&who.addresses, &new.domain);
    let above = administers || policy.administers_site(&who.addresses);
    let may = match policy.creators {
        Creators::Anyone => true,
        Creators::Professional => above || who.tier != Tier::Basic,
        Creators::DomainAdministrators => above,
        Creators::Nobody => false,
    };
    let there = new.domain.is_public() || new.domain == who.domain || administers;
    must(may && there, || {
        format!("{} made {new:?}, and may not", who.id)
    })
}

fn went_on(seen: &Seen<'_>, event: &Event, old: &Workgroup, new: &Workgroup) -> Result<(), String> {
    let id = new.id;
    must(!old.state.is_closed(), || {
        format!("{id} was closed, and goes on: {event:?}")
    })?;
    let same = old.collaborative == new.collaborative && old.created_at == new.created_at;
    must(same, || format!("{id} is another workgroup now"))?;
    let settings = |w: &Workgroup| (w.domain.clone(), w.tier, w.quota, w.ruled);
    let by_file = by_file(event);
    must(by_file || settings(old) == settings(new), || {
        format!("{:?} changed {old:?} to {new:?}", event.by)
    })?;
    let words = |w: &Workgroup| (w.handle.clone(), w.name.clone(), w.description.clone());
    if !by_file && words(old) != words(new) {
        by_administrator(seen, event, id)?;
    }
    match (old.state, new.state) {
        (State::Open, State::Open) | (State::Closing, State::Closing) => Ok(()),
        (State::Closing, State::Open) if by_file => Ok(()),
        (State::Open, State::Closing) if event.what == What::Closing => closes(seen, event, old),
        (State::Closing, State::Open) if event.what == What::Reopened => closes(seen, event, old),
        (State::Closing, State::Closed { .. }) if event.what == What::Closed => {
            closes(seen, event, old)?;
            empty(seen.after, id)
        }
        (from, to) => Err(format!("{id} went from {from:?} to {to:?}: {event:?}")),
    }
}

/// Who invites into a workgroup, or offers it, may at the commit; and whom there is no place for is not invited.
fn invited(seen: &Seen<'_>, change: &Change, new: &Invitation) -> Result<(), String> {
    if let Recipient::Workgroup { id, .. } = new.recipient {
        let open = workgroup(seen, id)?.state.is_open();
        must(open, || {
            format!("{} was offered to {id}, which is closed to it", new.id)
        })?;
    }
    if !new.terms.is_about_workgroup() {
        return Ok(());
    }
    let Context::Workgroup(id) = new.source else {
        return Err(format!("{} invites into {}", new.id, new.source));
    };
    let event = change.event.as_ref();
    let event = event.ok_or_else(|| format!("{} began without an event", new.id))?;
    by_administrator(seen, event, id)?;
    must(workgroup(seen, id)?.state.is_open(), || {
        format!("{} invites into {id}, which is being closed", new.id)
    })?;
    let Recipient::Address(to) = &new.recipient else {
        return Err(format!("{} invites {}", new.id, new.recipient));
    };
    let holder = seen.after.holder(to);
    let role = holder.and_then(|holder| seen.after.membership(id, holder.id));
    let role = role.map(|found| found.role);
    let (fits, above) = match new.terms {
        Terms::Membership { role: as_what } => (role.is_none(), as_what == Role::Owner),
        _ => (role == Some(Role::Administrator), true),
    };
    must(fits, || {
        format!("{} invites {to}, who is {role:?} of {id}", new.id)
    })?;
    let by = event.by.person.and_then(|who| role_before(seen, id, who));
    must(!above || by == Some(Role::Owner), || {
        format!("{} hands {id} over, by {by:?}", new.id)
    })
}

/// A closed workgroup owns nothing, has nobody, and waits for nothing.
fn empty(shadow: &Shadow, id: WorkgroupId) -> Result<(), String> {
    let context = Context::Workgroup(id);
    let item = shadow.items().find(|item| item.owner == context);
    must(item.is_none() && shadow.usage(context) == 0, || {
        format!("{id} is closed and owns {item:?}")
    })?;
    let member = shadow.members(id).next();
    must(member.is_none(), || {
        format!("{id} is closed and has {member:?}")
    })?;
    let touches = |open: &&Invitation| {
        // One that waits for analyses has not reached it, and ends when they do.
        let received = open.has_reached_recipient()
            && matches!(open.recipient, Recipient::Workgroup { id: to, .. } if to == id);
        open.state.is_open() && (open.source == context || received)
    };
    let open = shadow.transfers().find(touches).map(|open| open.id);
    must(open.is_none(), || {
        format!("{id} is closed, and {open:?} is open")
    })
}

/// A workgroup that is not closed has one owner; a closed one nobody.
fn owned(shadow: &Shadow, id: WorkgroupId) -> Result<(), String> {
    let here = shadow.workgroup(id);
    let here = here.ok_or_else(|| format!("{id} has members and is not there"))?;
    let owners = shadow.members(id).filter(|m| m.role == Role::Owner).count();
    let wanted = usize::from(!here.state.is_closed());
    must(owners == wanted, || {
        format!("{id} is {:?} and has {owners} owners", here.state)
    })
}

/// The same for everything there is.
pub fn whole(shadow: &Shadow) -> Result<(), String> {
    for workgroup in shadow.workgroups() {
        owned(shadow, workgroup.id)?;
        if workgroup.state.is_closed() {
            empty(shadow, workgroup.id)?;
        }
    }
    for membership in shadow.memberships() {
        let there = shadow
            .account(membership.account)
            .is_some_and(|a| a.closed_at.is_none());
        let here = shadow.workgroup(membership.workgroup).is_some();
        must(there && here, || {
            format!("{membership:?} of what is not there")
        })?;
    }
    Ok(())
}
