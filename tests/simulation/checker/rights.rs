//! What a person may do with an item, told from every document there is, without an index.

use handover::domain::id::{AccountId, Context, ItemId, ItemKind};
use handover::domain::item::{Item, State};
use handover::domain::policy::Policy;
use handover::domain::rights::Level;
use handover::domain::time::Time;

use super::transfers::domain_of;
use crate::shadow::Shadow;

/// DOMAIN §3: the owner's context, the administrators of its domain, and grants to any context of the person.
pub fn level(
    shadow: &Shadow,
    policy: &Policy,
    person: AccountId,
    item: ItemId,
    now: Time,
) -> Option<Level> {
    let item = shadow.item(item)?;
    if acts(shadow, policy, person, item.owner) {
        return Some(Level::Own);
    }
    let direct = granted(shadow, person, item, now);
    // A project that is shared lets look at the runs of the same owner that it came from.
    let through = |project: ItemId| {
        let project = shadow.item(project);
        let same_owner = project.filter(|project| project.owner == item.owner);
        same_owner.is_some_and(|project| granted(shadow, person, project, now).is_some())
    };
    let looks = item.id.kind() == ItemKind::Run && item.state != State::Trashed;
    let through = looks && shadow.projects_of(item.id).any(through);
    direct.max(through.then_some(Level::Read))
}

fn granted(shadow: &Shadow, person: AccountId, item: &Item, now: Time) -> Option<Level> {
    if item.state == State::Trashed {
        return None;
    }
    let theirs = shadow.grants(item.id);
    let theirs = theirs.filter(|grant| shadow.belongs(person, grant.grantee));
    let parts = theirs.flat_map(|grant| &grant.parts);
    let alive = parts.filter(|part| part.until.is_none_or(|end| now < end));
    alive.map(|part| part.level).max()
}

/// Whoever belongs to a context acts as it, and whoever administers the domain that it lies in; a closed workgroup is none.
pub fn acts(shadow: &Shadow, policy: &Policy, person: AccountId, context: Context) -> bool {
    let closed = match context {
        Context::Workgroup(id) => shadow.workgroup(id).is_none_or(|w| w.state.is_closed()),
        Context::Personal(_) => false,
    };
    let account = shadow.account(person);
    let administers = account.is_some_and(|account| {
        let domain = domain_of(shadow, context);
        domain.is_some_and(|domain| policy.administers(&account.addresses, &domain))
    });
    !closed && (administers || shadow.belongs(person, context))
}
