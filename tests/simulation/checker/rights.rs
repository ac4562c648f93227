//! What a person may do with an item, told from every document there is, without an index.

use handover::domain::id::{AccountId, Context, ItemId, ItemKind};
use handover::domain::index::Entry;
use handover::domain::item::{Item, State};
use handover::domain::policy::Policy;
use handover::domain::rights::Level;
use handover::domain::time::Time;

use super::transfers::domain_of;
use crate::shadow::{Doc, Shadow};

/// DOMAIN §3: the owner's context, the administrators of its domain, and grants to any context of the person.
pub fn level(
    shadow: &Shadow,
    policy: &Policy,
    person: AccountId,
    item: ItemId,
    now: Time,
) -> Option<Level> {
    let item = shadow.item(item)?;
    if shadow.belongs(person, item.owner) {
        return Some(Level::Own);
    }
    let account = shadow.account(person)?;
    let domain = domain_of(shadow, item.owner);
    if domain.is_some_and(|domain| policy.administers(&account.addresses, &domain)) {
        return Some(Level::Own);
    }
    let direct = granted(shadow, person, item, now);
    // A project that is shared lets look at the runs of the same owner that it came from.
    let through = |project: &&Item| {
        item.id.kind() == ItemKind::Run
            && item.state != State::Trashed
            && project.owner == item.owner
            && shadow
                .entries
                .contains_key(&Entry::ProjectOf(item.id, project.id))
            && granted(shadow, person, project, now).is_some()
    };
    let through = shadow.items().find(through).map(|_| Level::Read);
    direct.max(through)
}

fn granted(shadow: &Shadow, person: AccountId, item: &Item, now: Time) -> Option<Level> {
    if item.state == State::Trashed {
        return None;
    }
    let of = |doc: &Doc| match doc {
        Doc::Grant(grant) if grant.item == item.id && belongs(shadow, person, grant.grantee) => {
            let alive = grant
                .parts
                .iter()
                .filter(|p| p.until.is_none_or(|end| now < end));
            alive.map(|part| part.level).max()
        }
        _ => None,
    };
    shadow.docs.values().filter_map(of).max()
}

fn belongs(shadow: &Shadow, person: AccountId, context: Context) -> bool {
    shadow.belongs(person, context)
}
