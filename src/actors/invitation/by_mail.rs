//! How somebody can answer an invitation by mail: what its buttons and examples name. It is decided with the letter and kept in it, so
//! that a letter that is sent again is the same letter, whatever its reader joined or left meanwhile. A reply is held against what is so
//! when it comes.

use std::collections::BTreeMap;

use crate::actors::load;
use crate::actors::people;
use crate::actors::world::Settings;
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::id::Context;
use crate::domain::invitation::{Invitation, Recipient};
use crate::domain::key::Key;
use crate::domain::letter::ByMail;
use crate::domain::workgroup::Workgroup;
use crate::store::Fault;

use super::standing::default_context;

/// What a reply calls one's own space.
const PERSONAL: &str = "Personal";
/// So many workgroups are named at most (MAIL §4).
const WORKGROUPS: usize = 5;

/// How whoever reads letters at this address can answer.
pub(super) async fn answerable(
    settings: &Settings,
    invitation: &Invitation,
    to: &Address,
) -> Result<ByMail, Fault> {
    if matches!(invitation.recipient, Recipient::Workgroup { .. }) {
        return Ok(ByMail::Plainly);
    }
    let store = &*settings.store;
    let Some(holder) = people::holder(store, to).await? else {
        // Nobody can be acted for before they have registered.
        return Ok(ByMail::No);
    };
    if invitation.terms.is_about_workgroup() {
        return Ok(ByMail::Plainly);
    }
    let account = &holder.document;
    let memberships = people::memberships(store, account.id).await?;
    let keys = memberships
        .iter()
        .map(|m| Key::Workgroup(m.document.workgroup));
    let keys: Vec<Key> = keys.collect();
    let workgroups = load::all::<Workgroup>(store, &keys).await?;
    let workgroups = workgroups.into_iter().flatten().map(|found| found.document);
    let open: Vec<Workgroup> = workgroups.filter(|w| w.state.is_open()).collect();
    Ok(ByMail::Into(names(account, invitation, &open)))
}

/// What the contexts are called in a reply: by a name that only one of them has, otherwise by the handle. The default one comes first.
fn names(account: &Account, invitation: &Invitation, workgroups: &[Workgroup]) -> Vec<String> {
    let mut same: BTreeMap<String, usize> = BTreeMap::from([(PERSONAL.to_lowercase(), 1)]);
    for workgroup in workgroups {
        for name in [
            workgroup.name.to_lowercase(),
            workgroup.handle.to_string().to_lowercase(),
        ] {
            *same.entry(name).or_default() += 1;
        }
    }
    let called = |workgroup: &Workgroup| {
        let handle = workgroup.handle.to_string();
        let name = workgroup.name.to_lowercase();
        // A workgroup whose name is its handle is counted twice.
        let own = if name == handle.to_lowercase() { 2 } else { 1 };
        let plain = workgroup.name.split(' ').all(|word| !word.is_empty())
            && workgroup
                .name
                .chars()
                .all(|c| c == ' ' || c.is_alphanumeric() || "-_.&+".contains(c));
        if plain && same.get(&name) == Some(&own) {
            workgroup.name.clone()
        } else {
            handle
        }
    };
    let mut named = vec![(Context::Personal(account.id), PERSONAL.to_owned())];
    named.extend(
        workgroups
            .iter()
            .map(|w| (Context::Workgroup(w.id), called(w))),
    );
    let default = default_context(account, invitation);
    named.sort_by_key(|(context, _)| match context {
        _ if *context == default => 0,
        Context::Personal(_) => 1,
        Context::Workgroup(_) => 2,
    });
    named.truncate(WORKGROUPS + 1);
    named.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AccountId, InvitationId, WorkgroupId};
    use crate::domain::invitation::{KeepAccess, Sender, State, Terms};
    use crate::domain::policy::{Domain, Tier};
    use crate::domain::time::Time;

    const AT: Time = Time::from_ms(0);

    fn workgroup(bits: u128, name: &str, handle: &str) -> Workgroup {
        Workgroup {
            id: WorkgroupId::from_bits(bits),
            name: name.into(),
            handle: handle.parse().unwrap(),
            description: None,
            tier: Tier::Professional,
            domain: Domain::public(),
            collaborative: false,
            quota: None,
            created_at: AT,
            ruled: false,
            state: crate::domain::workgroup::State::Open,
        }
    }

    fn check(default: Option<u128>, workgroups: &[(&str, &str)], then: &[&str]) {
        let address: Address = "carl@lab.example".parse().unwrap();
        let id = AccountId::from_bits(2);
        let mut account = Account::registered(id, address.clone(), Domain::public(), AT);
        if let Some(bits) = default {
            account.default_context = Context::Workgroup(WorkgroupId::from_bits(bits));
        }
        let invitation = Invitation {
            id: InvitationId::from_bits(1),
            source: Context::Personal(AccountId::from_bits(1)),
            source_name: "Ana".into(),
            sender: Sender {
                account: AccountId::from_bits(1),
                name: "Ana".into(),
                address: "ana@core.example".parse().unwrap(),
                language: "en".into(),
            },
            recipient: Recipient::Address(address),
            items: Vec::new(),
            message: None,
            terms: Terms::ownership(KeepAccess::None),
            requested_at: AT,
            expires_at: AT,
            mailed_at: None,
            corrects: None,
            letters: Vec::new(),
            state: State::Requested,
        };
        let workgroups: Vec<Workgroup> = (0..)
            .zip(workgroups)
            .map(|(bits, (name, handle))| workgroup(bits, name, handle))
            .collect();
        assert_eq!(names(&account, &invitation, &workgroups), then);
    }

    #[test]
    fn a_context_is_named_so_that_no_other_can_be_meant() {
        check(None, &[], &["Personal"]);
        check(
            None,
            &[("Yeast pool", "yeast")],
            &["Personal", "Yeast pool"],
        );
        check(
            Some(0),
            &[("Yeast pool", "yeast")],
            &["Yeast pool", "Personal"],
        );
        check(None, &[("yeast", "yeast")], &["Personal", "yeast"]);
        check(
            None,
            &[("Lab", "lab-a"), ("LAB", "lab-b")],
            &["Personal", "lab-a", "lab-b"],
        );
        check(
            None,
            &[("Personal", "mine"), ("one", "two"), ("two", "three")],
            &["Personal", "mine", "one", "three"],
        );
        check(
            None,
            &[("a\r\nBcc: x", "odd"), ("\u{202e}x", "odder")],
            &["Personal", "odd", "odder"],
        );
        let many = [
            ("a", "aa"),
            ("b", "bb"),
            ("c", "cc"),
            ("d", "dd"),
            ("e", "ee"),
            ("f", "ff"),
        ];
        check(Some(5), &many, &["f", "Personal", "a", "b", "c", "d"]);
    }
}
