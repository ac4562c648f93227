//! How somebody can answer an invitation by mail: what its buttons and examples name. It is decided with the letter and kept in it, so
//! that a letter that is sent again is the same letter, whatever its reader joined or left meanwhile. A reply is held against what is so
//! when it comes.

use crate::actors::load;
use crate::actors::people;
use crate::actors::world::Settings;
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::called::{Called, Named};
use crate::domain::id::Context;
use crate::domain::invitation::{Invitation, Recipient};
use crate::domain::key::Key;
use crate::domain::letter::ByMail;
use crate::domain::policy::{Domain, Replies, Verb};
use crate::domain::workgroup::Workgroup;
use crate::store::Fault;

use super::standing::default_context;

/// So many workgroups are named at most (MAIL §4).
const WORKGROUPS: usize = 5;

/// How whoever reads letters at this address can answer.
pub(in crate::actors) async fn answerable(
    settings: &Settings,
    invitation: &Invitation,
    to: &Address,
) -> Result<ByMail, Fault> {
    let store = &*settings.store;
    let Some(holder) = people::holder(store, to).await? else {
        // Nobody can be acted for before they have registered.
        return Ok(ByMail::No);
    };
    let account = &holder.document;
    if !replies_decide(settings, &account.domain) {
        return Ok(ByMail::No);
    }
    let to_workgroup = matches!(invitation.recipient, Recipient::Workgroup { .. });
    if to_workgroup || invitation.terms.is_about_workgroup() {
        return Ok(ByMail::Plainly);
    }
    let memberships = people::memberships(store, account.id).await?;
    let keys = memberships
        .iter()
        .map(|m| Key::Workgroup(m.document.workgroup));
    let keys: Vec<Key> = keys.collect();
    let workgroups = load::all::<Workgroup>(store, &keys).await?;
    let workgroups = workgroups.into_iter().flatten().map(|found| found.document);
    let open: Vec<Workgroup> = workgroups.filter(|w| w.state.is_open()).collect();
    Ok(names(account, invitation, &open).map_or(ByMail::Plainly, ByMail::Into))
}

/// Whether a letter may say that a reply is an answer: not to whom every reply, or one of the two verbs, is refused.
fn replies_decide(settings: &Settings, domain: &Domain) -> bool {
    let policy = &settings.policy;
    let verbs = [Verb::Accept, Verb::Decline];
    policy.replies(domain) == Replies::Act && verbs.iter().all(|v| policy.may_reply(domain, *v))
}

/// What the contexts are called in a reply, the default one first; none if nothing calls that one, so that another would stand for it.
fn names(
    account: &Account,
    invitation: &Invitation,
    workgroups: &[Workgroup],
) -> Option<Vec<String>> {
    let mut all = vec![Named {
        context: Context::Personal(account.id),
        name: account.name.clone(),
        handle: None,
    }];
    all.extend(workgroups.iter().map(|workgroup| Named {
        context: Context::Workgroup(workgroup.id),
        name: workgroup.name.clone(),
        handle: Some(workgroup.handle.to_string()),
    }));
    let default = default_context(account, invitation);
    let is_there = all.iter().any(|named| named.context == default);
    let mut written = Called::of(all).written();
    if is_there && !written.iter().any(|(context, _)| *context == default) {
        return None;
    }
    written.sort_by_key(|(context, _)| match context {
        _ if *context == default => 0,
        Context::Personal(_) => 1,
        Context::Workgroup(_) => 2,
    });
    written.truncate(WORKGROUPS + 1);
    Some(written.into_iter().map(|(_, name)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AccountId, InvitationId, WorkgroupId};
    use crate::domain::invitation::{KeepAccess, Sender, State, Terms};
    use crate::domain::policy::Tier;
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
        let names = names(&account, &invitation, &workgroups);
        assert_eq!(names.unwrap_or_default(), then);
    }

    #[test]
    fn the_default_context_is_named_first_and_at_most_five_workgroups() {
        check(None, &[], &["Personal"]);
        let yeast = ("Yeast pool", "yeast");
        check(None, &[yeast], &["Personal", "Yeast pool"]);
        check(Some(0), &[yeast], &["Yeast pool", "Personal"]);
        let many = [
            ("a", "aa"),
            ("b", "bb"),
            ("c", "cc"),
            ("d", "dd"),
            ("e", "ee"),
            ("f", "ff"),
        ];
        check(Some(5), &many, &["f", "Personal", "a", "b", "c", "d"]);
        // Nothing calls the default context alone: no other is named in its place.
        check(Some(0), &[("bb", "aa"), ("aa", "cc"), ("BB", "dd")], &[]);
        check(None, &many, &["Personal", "a", "b", "c", "d", "e"]);
    }
}
