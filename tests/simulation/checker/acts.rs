//! Who did what is found again: each commit with events has one row for whoever acted, and one for each context that it concerns.

use std::collections::BTreeSet;

use handover::domain::event::What;
use handover::domain::id::{AccountId, Context};
use handover::domain::index::Entry;
use handover::domain::key::Key;
use handover::store::IndexChange;

use super::Seen;
use crate::shadow::{Change, Doc};

/// Whose business a change is, said here once more.
fn concerned(change: &Change) -> Vec<Context> {
    let of = |doc: &Doc| match doc {
        Doc::Item(item) => vec![item.owner],
        Doc::Invitation(transfer) => vec![transfer.source],
        Doc::Grant(grant) => vec![grant.grantee],
        Doc::Account(account) => vec![Context::Personal(account.id)],
        Doc::Workgroup(workgroup) => vec![Context::Workgroup(workgroup.id)],
        Doc::Membership(membership) => vec![Context::Workgroup(membership.workgroup)],
        _ => Vec::new(),
    };
    let docs = change.old.iter().chain(&change.new);
    docs.flat_map(of).collect()
}

pub fn check(seen: &Seen<'_>) -> Result<(), String> {
    let mut people: BTreeSet<AccountId> = BTreeSet::new();
    let mut contexts: BTreeSet<Context> = BTreeSet::new();
    for change in seen.changes {
        if let Some(event) = &change.event {
            // The audit finds the journal by these bytes.
            if Key::read(change.key.bytes().as_slice()) != Some(change.key) {
                return Err(format!("the audit does not find {:?} again", change.key));
            }
            people.extend(event.by.person);
            contexts.extend(concerned(change));
            if let What::AccessChanged { whose, .. } | What::AccessRevoked { whose } = event.what {
                contexts.insert(whose);
            }
        }
    }
    let (mut acted, mut concerned) = (Vec::new(), Vec::new());
    for change in &seen.commit.index {
        match change {
            IndexChange::PutNumbered(Entry::Acted(person, ..), _) => acted.push(*person),
            IndexChange::PutNumbered(Entry::Concerned(context, ..), _) => concerned.push(*context),
            _ => {}
        }
    }
    if acted != people.iter().copied().collect::<Vec<_>>() {
        return Err(format!("{people:?} acted, and the audit names {acted:?}"));
    }
    match contexts.iter().find(|context| !concerned.contains(context)) {
        Some(missing) => Err(format!(
            "the audit does not tell {missing} what concerns it"
        )),
        None => Ok(()),
    }
}
