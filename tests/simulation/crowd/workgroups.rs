//! What people do with workgroups: make them, invite, rise, hand over, remove, leave and close.

use handover::actors::invitation::workgroup::Invite;
use handover::actors::workgroups::{Change, Command, New};
use handover::domain::address::Address;
use handover::domain::id::{AccountId, CommandId, Context, WorkgroupId};
use handover::domain::policy::Domain;
use handover::domain::time::DAY_MS;
use handover::domain::workgroup::{Role, Workgroup};

use crate::client::Intent;
use crate::cluster::{Cluster, HANDLES, PEOPLE, STRANGERS, WORKGROUPS};
use crate::shadow::Shadow;

/// What this person does, or whoever may do it in their place.
pub fn decide(
    cluster: &Cluster,
    shadow: &Shadow,
    person: AccountId,
    command: CommandId,
) -> Option<(AccountId, Intent)> {
    let universe = &cluster.universe;
    if universe.percent(12) {
        return Some((person, Intent::Create(new(cluster, command)?)));
    }
    let workgroup = some(cluster, shadow)?;
    let id = workgroup.id;
    let about = |who, command| Some((who, Intent::Workgroup(id, command)));
    let administrator = || match universe.percent(85) {
        true => with_role(cluster, shadow, id, Role::Administrator),
        false => Some(person),
    };
    let member = || with_role(cluster, shadow, id, Role::Member);
    match universe.below(100) {
        0..=37 => {
            let invite = invite(cluster, shadow, id, command)?;
            let who = match invite.role {
                Some(_) => administrator()?,
                // Mostly its owner; an administrator is refused.
                None if universe.percent(85) => with_role(cluster, shadow, id, Role::Owner)?,
                None => administrator()?,
            };
            Some((who, Intent::Invite(invite)))
        }
        38..=55 => {
            let roles = [Role::Member, Role::Administrator, Role::Administrator];
            let role = match universe.percent(4) {
                true => Role::Owner,
                false => *universe.pick(&roles)?,
            };
            let account = member()?;
            about(administrator()?, Command::ChangeRole { account, role })
        }
        56..=69 => {
            let account = member()?;
            about(administrator()?, Command::Remove { account })
        }
        70..=79 => about(member()?, Command::Leave),
        80..=84 => about(administrator()?, Command::Change(change(cluster, command))),
        _ => {
            let empty = |w: &&Workgroup| shadow.usage(Context::Workgroup(w.id)) == 0;
            let empty: Vec<&Workgroup> = shadow.workgroups().filter(empty).collect();
            let id = match universe.percent(80) {
                true => universe.pick(&empty)?.id,
                false => id,
            };
            let owner = with_role(cluster, shadow, id, Role::Owner)?;
            let who = if universe.percent(85) { owner } else { person };
            Some((who, Intent::Close(id)))
        }
    }
}

/// A workgroup: mostly one that its own people rule, seldom one that is closed.
fn some<'a>(cluster: &Cluster, shadow: &'a Shadow) -> Option<&'a Workgroup> {
    let own = |w: &&Workgroup| !w.ruled && w.state.is_open();
    let own: Vec<&Workgroup> = shadow.workgroups().filter(own).collect();
    let all: Vec<&Workgroup> = shadow.workgroups().collect();
    let from = match cluster.universe.percent(85) {
        true => &own,
        false => &all,
    };
    cluster.universe.pick(from).copied()
}

/// Somebody who is at least this in the workgroup.
fn with_role(cluster: &Cluster, shadow: &Shadow, id: WorkgroupId, role: Role) -> Option<AccountId> {
    let fits = shadow.members(id).filter(|member| member.role >= role);
    let fits: Vec<AccountId> = fits.map(|member| member.account).collect();
    cluster.universe.pick(&fits).copied()
}

fn new(cluster: &Cluster, command: CommandId) -> Option<New> {
    let universe = &cluster.universe;
    let domain = match universe.below(10) {
        0..=1 => Some(Domain::named("uni")),
        2..=4 => Some(Domain::public()),
        _ => None,
    };
    Some(New {
        handle: universe.pick(&HANDLES)?.parse().ok()?,
        name: command.to_string(),
        description: String::new(),
        collaborative: domain.as_ref().is_some_and(|d| !d.is_public()) && universe.percent(60),
        domain,
    })
}

fn change(cluster: &Cluster, command: CommandId) -> Change {
    let universe = &cluster.universe;
    let handles: Vec<&str> = HANDLES.into_iter().chain(WORKGROUPS).collect();
    let handle = universe.pick(&handles).filter(|_| universe.percent(50));
    Change {
        name: universe.percent(50).then(|| command.to_string()),
        description: universe.percent(30).then(|| "our exomes".to_owned()),
        handle: handle.and_then(|handle| handle.parse().ok()),
    }
}

fn invite(
    cluster: &Cluster,
    shadow: &Shadow,
    workgroup: WorkgroupId,
    command: CommandId,
) -> Option<Invite> {
    let universe = &cluster.universe;
    let role = match universe.below(10) {
        0..=4 => Some(Role::Member),
        5..=6 => Some(Role::Administrator),
        _ => None,
    };
    let administrators = shadow.members(workgroup);
    let administrators = administrators.filter(|m| m.role == Role::Administrator);
    let administrators: Vec<AccountId> = administrators.map(|m| m.account).collect();
    let heir = universe.pick(&administrators);
    let heir = heir.filter(|_| role.is_none() && universe.percent(90));
    let to: Address = match heir.and_then(|heir| shadow.account(*heir)) {
        Some(heir) => heir.addresses.first()?.clone(),
        None if universe.percent(20) => universe.pick(&STRANGERS)?.parse().ok()?,
        None => universe.pick(&PEOPLE)?.parse().ok()?,
    };
    let days = DAY_MS * i64::try_from(1 + universe.below(10)).unwrap_or(1);
    Some(Invite {
        workgroup,
        to,
        role,
        // By this an invitation that was made twice is recognised.
        message: Some(command.to_string()),
        lifetime_ms: universe.percent(60).then_some(days),
    })
}
