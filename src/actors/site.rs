//! What the configuration file says exists: workgroups with their members, and people's accounts for that.
//!
//! The file is the authority for the workgroups it names: who is no longer listed is a member no longer.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::{By, Channel, Event, What};
use crate::domain::id::{AccountId, Digest, WorkgroupId};
use crate::domain::index;
use crate::domain::key::Key;
use crate::domain::policy::{Domain, Tier};
use crate::domain::time::Time;
use crate::domain::workgroup::{Handle, Membership, Role, State, Workgroup};
use crate::store::{Direction, Fault, MAX_PAGE, Store};

use super::load::{self, Versioned};
use super::once::{self, Decision};
use super::people;
use super::proposal::Proposal;
use super::workgroups;
use super::world::{Call, Settings, Trouble, World};

/// So many who are no longer listed are removed in one commit, which has room for no more.
const AT_ONCE: usize = 250;

/// A workgroup as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its handle.
    pub handle: Handle,
    /// Its name.
    pub name: String,
    /// Professional or enterprise.
    pub tier: Tier,
    /// Where it lives.
    pub domain: Domain,
    /// Whether it may hold members from outside its domain.
    pub collaborative: bool,
    /// Its own quota in bytes.
    pub quota: Option<u64>,
    /// Its people with their roles; exactly one owner.
    pub people: BTreeMap<Address, Role>,
}

/// What could not be applied, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left(pub String);

/// Makes the workgroup and its members as they are wanted. Nothing is written when nothing differs.
pub async fn apply(world: &dyn World, wanted: &Wanted, at: Time) -> Result<Vec<Left>, Trouble> {
    let call = by_file(at);
    loop {
        let (left, more) = once::step(world, &call, || {
            Box::pin(async {
                let settings = world.settings();
                let mut left = Vec::new();
                let (proposal, more) = decide(&settings, &call, wanted, &mut left).await?;
                Ok(Decision::done((left, more), proposal.unwrap_or_default()))
            })
        })
        .await?;
        if !more {
            return Ok(left);
        }
    }
}

/// Lets go of the workgroups that the file ruled and names no longer: from now on their own administrators rule them.
pub async fn let_go(world: &dyn World, wanted: &[Wanted], at: Time) -> Result<(), Trouble> {
    let named: BTreeSet<Digest> = wanted.iter().map(|one| one.handle.digest()).collect();
    let store = world.settings().store;
    let mut after = None;
    loop {
        let page = store
            .scan(index::ruled(), after, Direction::Forward, MAX_PAGE)
            .await?;
        let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
        for id in ids.map(WorkgroupId::from_bits) {
            release(world, id, &named, at).await?;
        }
        after = page.last_key();
        if !page.more {
            return Ok(());
        }
    }
}

async fn release(
    world: &dyn World,
    id: WorkgroupId,
    named: &BTreeSet<Digest>,
    at: Time,
) -> Result<(), Trouble> {
    let call = by_file(at);
    once::step(world, &call, || {
        Box::pin(async {
            let store = world.settings().store;
            let found = load::one::<Workgroup>(&*store, Key::Workgroup(id)).await?;
            let goes = |old: &Versioned<Workgroup>| !named.contains(&old.document.handle.digest());
            let mut proposal = Proposal::default();
            if let Some(old) = found.filter(goes) {
                let mut next = old.document.clone();
                next.ruled = false;
                let how = "no longer named in the configuration".to_owned();
                let event = Event {
                    at,
                    by: call.by,
                    what: What::Changed { how },
                };
                proposal.replace(&old, &next, Some(&event));
            }
            Ok(Decision::done((), proposal))
        })
    })
    .await
}

const fn by_file(at: Time) -> Call {
    Call {
        command: None,
        by: By {
            person: None,
            channel: Channel::Administrator,
        },
        at,
        answers: None,
    }
}

/// What is to be written, if anything, and whether there is more to do after that.
async fn decide(
    settings: &Settings,
    call: &Call,
    wanted: &Wanted,
    left: &mut Vec<Left>,
) -> Result<(Option<Proposal>, bool), Trouble> {
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    let mut differs = false;
    let event = |what| Event {
        at: call.at,
        by: call.by,
        what,
    };
    let found = people::workgroup(store, &wanted.handle).await?;
    let id = found.as_ref().map_or_else(
        || WorkgroupId::from_bits(settings.ids.fresh(call.at)),
        |f| f.document.id,
    );
    let mut next = Workgroup {
        id,
        handle: wanted.handle.clone(),
        name: wanted.name.clone(),
        tier: wanted.tier,
        domain: wanted.domain.clone(),
        collaborative: wanted.collaborative,
        quota: wanted.quota,
        created_at: call.at,
        description: None,
        ruled: true,
        state: State::Open,
    };
    match &found {
        None => {
            differs = true;
            proposal.create(&next, Some(&event(What::Registered)));
        }
        Some(old) => {
            if !old.document.ruled && !adopted(store, &old.document, wanted, &mut proposal).await? {
                left.push(others(wanted));
                return Ok((None, false));
            }
            next.created_at = old.document.created_at;
            next.description.clone_from(&old.document.description);
            if old.document.collaborative != wanted.collaborative {
                left.push(Left(format!(
                    "workgroup {}: whether it is collaborative is set at creation and stays {}; create another workgroup instead",
                    wanted.handle, old.document.collaborative
                )));
                next.collaborative = old.document.collaborative;
            }
            if old.document != next {
                differs = true;
                let how = "its settings, in the configuration".to_owned();
                proposal.replace(old, &next, Some(&event(What::Changed { how })));
            } else {
                // Another node may be letting it go: the file changes the members of what it rules at the commit.
                proposal.guard(Key::Workgroup(id), old.version);
            }
        }
    }
    let mut listed = BTreeMap::new();
    for (address, role) in &wanted.people {
        let account = match people::holder(store, address).await? {
            Some(account) => account.document.id,
            None => {
                let id = AccountId::from_bits(settings.ids.fresh(call.at));
                let domain = settings.policy.domain_of(address);
                let mut account = Account::registered(id, address.clone(), domain, call.at);
                account.language.clone_from(&settings.policy.language);
                differs = true;
                proposal.create(&account, Some(&event(What::Registered)));
                id
            }
        };
        let role = listed
            .get(&account)
            .map_or(*role, |there: &Role| (*role).max(*there));
        listed.insert(account, role);
    }
    for (account, role) in &listed {
        let key = Key::Membership(id, *account);
        let old = load::one::<Membership>(store, key).await?;
        let mut membership = Membership {
            workgroup: id,
            account: *account,
            role: *role,
            since: call.at,
        };
        let joined = event(What::Joined { role: *role });
        match old {
            None => {
                differs = true;
                proposal.create(&membership, Some(&joined));
            }
            Some(old) if old.document.role != *role => {
                differs = true;
                membership.since = old.document.since;
                proposal.replace(&old, &membership, Some(&joined));
            }
            Some(_) => {}
        }
    }
    let (mut after, mut gone) = (None, 0);
    loop {
        let (members, next) = people::members(store, id, after).await?;
        for old in members {
            let account = old.document.account;
            if listed.contains_key(&account) {
                continue;
            }
            if gone == AT_ONCE {
                return Ok((Some(proposal), true));
            }
            gone += 1;
            proposal.remove(&old, &event(What::Delisted));
            workgroups::unchoose(settings, call, account, id, &mut proposal).await?;
        }
        if next.is_none() {
            let differs = differs || gone > 0;
            return Ok((differs.then_some(proposal), false));
        }
        after = next;
    }
}

/// Whether the file may rule a workgroup that people made: only with the consent of whoever owns it, which nobody but the owner whom the
/// file names can have given.
async fn adopted(
    store: &dyn Store,
    made: &Workgroup,
    wanted: &Wanted,
    proposal: &mut Proposal,
) -> Result<bool, Fault> {
    for (address, _) in wanted
        .people
        .iter()
        .filter(|(_, role)| **role == Role::Owner)
    {
        let Some(account) = people::holder(store, address).await? else {
            continue;
        };
        let key = Key::Membership(made.id, account.document.id);
        let found = load::one::<Membership>(store, key).await?;
        if let Some(owner) = found.filter(|found| found.document.role == Role::Owner) {
            proposal.guard(key, owner.version);
            proposal.guard(Key::Account(account.document.id), account.version);
            return Ok(true);
        }
    }
    Ok(false)
}

fn others(wanted: &Wanted) -> Left {
    Left(format!(
        "workgroup {}: people made it, and the owner whom the file names does not own it, so it stays as it is; choose another handle, have the workgroup handed over first, or name its present owner",
        wanted.handle
    ))
}
