//! A person's account as a whole: its addresses, what is known of it, and its end.

use serde::{Deserialize, Serialize};

use crate::domain::account::{Account, MAX_ADDRESSES, SignIn};
use crate::domain::address::Address;
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context, LetterId, SignInId};
use crate::domain::index::{self, Phase};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Letter, Subject};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::Grant;
use crate::domain::said::said;
use crate::domain::workgroup::{Membership, Role, Workgroup};
use crate::store::Direction;

use super::load::{self, Versioned};
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::reach;
use super::sign_in;
use super::world::{Call, Settings, Trouble, World};

/// So many grants are given up in the commit that closes an account; whoever has more leaves some first.
const MAX_GRANTS: usize = 250;
/// So many workgroups are left in it; each takes the workgroup's journal along.
const MAX_MEMBERSHIPS: usize = 100;

async fn of(settings: &Settings, id: AccountId) -> Result<Versioned<Account>, Trouble> {
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    let there = |account: &Versioned<Account>| account.document.closed_at.is_none();
    Ok(found.filter(there).ok_or_else(people::no_account)?)
}

fn happened(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

fn changed(call: &Call, how: &str) -> Event {
    let how = how.to_owned();
    happened(call, What::Changed { how })
}

// ---- addresses ----

/// Sends a code to a further address of this person. Whether somebody else holds it is told only to whoever can read its mail.
pub async fn begin_address(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    address: Address,
) -> Result<SignInId, Trouble> {
    once(world, call, || {
        Box::pin(begun(world, call, person, &address))
    })
    .await
}

async fn begun(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    address: &Address,
) -> Result<Decision<SignInId>, Trouble> {
    let settings = world.settings();
    let account = of(&settings, person).await?.document;
    if account.has(address) {
        return Err(Refusal::field(
            "address",
            said!("{address} is one of your addresses already", address),
            said!("name another one"),
        )
        .into());
    }
    if account.addresses.len() >= MAX_ADDRESSES {
        return Err(too_many().into());
    }
    let policy = &settings.policy.sign_in;
    let id = SignInId::from_bits(settings.ids.fresh(call.at));
    let expires_at = call.at.plus_ms(policy.code_lifetime_ms);
    let attempt = SignIn {
        id,
        address: address.clone(),
        expires_at,
        tries_left: policy.code_tries,
        used: false,
        adds_to: Some(person),
        language: None,
    };
    let letter = LetterId::from_bits(settings.ids.fresh(call.at));
    let says = Kind::AddressCode { expires_at };
    let subject = Subject::SignIn(id);
    let address = address.clone();
    let letter = Letter::queued(letter, address, &account.language, subject, says, call.at);
    let mut proposal = Proposal::default();
    proposal.create(&attempt, None);
    proposal.create(&letter, None);
    Ok(Decision::done(id, proposal))
}

fn too_many() -> Refusal {
    Refusal::field(
        "address",
        said!(
            "an account has at most {most} addresses",
            most = MAX_ADDRESSES
        ),
        said!("remove one you no longer use"),
    )
}

/// Adds the address that a typed code proves.
pub async fn finish_address(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    id: SignInId,
    typed: &str,
) -> Result<Account, Trouble> {
    // A wrong code is no command that could be repeated: each costs a try.
    let proved = once::step(world, call, || {
        Box::pin(proved(world, call, person, id, typed))
    })
    .await?;
    proved.map_err(|tries_left| sign_in::wrong(tries_left).into())
}

/// The account with the address, or how many tries are left.
async fn proved(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    id: SignInId,
    typed: &str,
) -> Result<Decision<Result<Account, u8>>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let found = load::one::<SignIn>(store, Key::SignIn(id)).await?;
    let mine = |found: &Versioned<SignIn>| found.document.adds_to == Some(person);
    let Some(old) = found.filter(mine) else {
        return Err(sign_in::wrong(0).into());
    };
    let was = &old.document;
    let account = of(&settings, person).await?;
    if was.used && account.document.has(&was.address) {
        // Typed twice: it is theirs already.
        return Ok(Decision::already(Ok(account.document)));
    }
    if !was.is_open(call.at) {
        return Err(sign_in::wrong(0).into());
    }
    let mut proposal = Proposal::default();
    let mut tried = was.clone();
    if !settings.key.code_fits(id, typed) {
        tried.tries_left = tried.tries_left.saturating_sub(1);
        proposal.replace(&old, &tried, None);
        return Ok(Decision::done(Err(tried.tries_left), proposal));
    }
    if people::holder(store, &was.address).await?.is_some() {
        return Err(Refusal::field(
            "address",
            said!(
                "{address} belongs to another account",
                address = was.address
            ),
            said!("sign in with it and close that account, or remove the address there, first"),
        )
        .into());
    }
    let mut next = account.document.clone();
    if next.addresses.len() >= MAX_ADDRESSES {
        return Err(too_many().into());
    }
    tried.used = true;
    next.addresses.push(was.address.clone());
    let event = changed(call, "a further address was verified");
    proposal.replace(&account, &next, Some(&event));
    proposal.replace(&old, &tried, None);
    reach::works(store, &was.address, call.at, &mut proposal).await?;
    Ok(Decision::done(Ok(next), proposal))
}

/// Removes an address of this person; the last one stays. One that is not theirs is removed already.
pub async fn remove_address(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    address: &Address,
) -> Result<Account, Trouble> {
    let keep = |account: &mut Account| {
        account.addresses.retain(|there| there != address);
        if account.addresses.is_empty() {
            return Err(Refusal::field(
                "address",
                said!("{address} is your only address", address),
                said!("add another one first, or close the account"),
            ));
        }
        Ok(())
    };
    alter(world, call, person, "an address was removed", keep).await
}

/// Makes an address of this person the primary one: letters about their own offers go there.
pub async fn make_primary(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    address: &Address,
) -> Result<Account, Trouble> {
    let first = |account: &mut Account| {
        let at = account.addresses.iter().position(|there| there == address);
        let Some(at) = at else {
            return Err(Refusal::field(
                "address",
                said!("{address} is none of your verified addresses", address),
                said!("add it first"),
            ));
        };
        let chosen = account.addresses.remove(at);
        account.addresses.insert(0, chosen);
        Ok(())
    };
    alter(world, call, person, "its primary address", first).await
}

async fn alter(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    how: &str,
    change: impl Fn(&mut Account) -> Result<(), Refusal> + Send + Sync,
) -> Result<Account, Trouble> {
    once(world, call, || {
        Box::pin(altered(world, call, person, how, &change))
    })
    .await
}

async fn altered(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    how: &str,
    change: &(impl Fn(&mut Account) -> Result<(), Refusal> + Sync),
) -> Result<Decision<Account>, Trouble> {
    let settings = world.settings();
    let old = of(&settings, person).await?;
    let mut next = old.document.clone();
    change(&mut next)?;
    let mut proposal = Proposal::default();
    if next != old.document {
        proposal.replace(&old, &next, Some(&changed(call, how)));
    }
    Ok(Decision::done(next, proposal))
}

/// What is kept with the command id.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    account: AccountId,
}

impl Answer for Account {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(&Kept { account: self.id }).unwrap_or_default()
    }

    async fn again(settings: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        let kept: Kept = once::read(kept)?;
        Ok(of(settings, kept.account).await?.document)
    }
}

// ---- closing ----

/// Closes the account: its addresses are free again, it belongs to nothing and can see nothing. Its id and its name stay for those
/// who are asked years later who had access.
///
/// It is shut first and looked at then, so that nothing comes in between the look and the end. What ends half way is opened again by the
/// next sign-in.
pub async fn close(world: &dyn World, call: &Call, person: AccountId) -> Result<(), Trouble> {
    // What stands in the way anyway is told without shutting it.
    closing(&world.settings(), call, person).await?;
    shut(world, call, person, true).await?;
    let closed = once(world, call, || {
        Box::pin(async {
            let proposal = closing(&world.settings(), call, person).await?;
            Ok(Decision::done((), proposal))
        })
    })
    .await;
    if closed.is_err() {
        shut(world, call, person, false).await?;
    }
    closed
}

/// What stands in the way of closing the account now, with the way out.
pub async fn in_the_way(
    settings: &Settings,
    call: &Call,
    person: AccountId,
) -> Result<Findings, Trouble> {
    match closing(settings, call, person).await {
        Ok(_) => Ok(Findings::default()),
        Err(Trouble::Refused(findings)) => Ok(findings),
        Err(fault) => Err(fault),
    }
}

/// Lets nothing come in any more, or everything again.
async fn shut(
    world: &dyn World,
    call: &Call,
    person: AccountId,
    closing: bool,
) -> Result<(), Trouble> {
    // The command that closes the account is the one that is known by its id.
    let call = call.unrepeated();
    let how = match closing {
        true => "it is being closed",
        false => "it stays open",
    };
    let set = |account: &mut Account| {
        account.closing = closing;
        Ok(())
    };
    alter(world, &call, person, how, set).await.map(|_| ())
}

async fn closing(settings: &Settings, call: &Call, person: AccountId) -> Result<Proposal, Trouble> {
    let store = &*settings.store;
    let context = Context::Personal(person);
    let old = of(settings, person).await?;
    let mut findings = owns(settings, context).await?;
    let mut proposal = Proposal::default();
    let memberships = people::memberships(store, person).await?;
    if memberships.len() > MAX_MEMBERSHIPS {
        findings.block(
            Refusal::new(
                Code::AccountNotEmpty,
                said!(
                    "you belong to more than {most} workgroups",
                    most = MAX_MEMBERSHIPS
                ),
                said!("leave some of them first"),
            )
            .about(context),
        );
    }
    for membership in &memberships {
        if membership.document.role == Role::Owner {
            findings.block(alone(settings, &membership.document).await?);
        }
    }
    let page = store
        .scan(
            index::granted(context),
            None,
            Direction::Forward,
            MAX_GRANTS,
        )
        .await?;
    if page.more {
        findings.block(
            Refusal::new(
                Code::AccountNotEmpty,
                said!(
                    "more than {most} items are shared with you",
                    most = MAX_GRANTS
                ),
                said!("leave some of them first"),
            )
            .about(context),
        );
    }
    let items = page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_item(key));
    let keys: Vec<Key> = items.map(|item| Key::Grant(item, context)).collect();
    let grants = load::all::<Grant>(store, &keys).await?;
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    leave_workgroups(settings, call, &memberships, &mut proposal).await?;
    leave_items(settings, call, &grants, &mut proposal).await?;
    for session in sign_in::sessions(settings, person).await? {
        proposal.delete(&session);
    }
    for token in sign_in::tokens(settings, person).await? {
        proposal.delete(&token);
    }
    let next = old.document.clone().closed(call.at);
    proposal.replace(&old, &next, Some(&changed(call, "the account was closed")));
    Ok(proposal)
}

/// Ends memberships, as leaving does: the journals of the workgroups tell it.
async fn leave_workgroups(
    settings: &Settings,
    call: &Call,
    memberships: &[Versioned<Membership>],
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let key = |membership: &Versioned<Membership>| Key::Workgroup(membership.document.workgroup);
    let keys: Vec<Key> = memberships.iter().map(key).collect();
    let workgroups = load::all::<Workgroup>(&*settings.store, &keys).await?;
    for (membership, workgroup) in memberships.iter().zip(workgroups) {
        let account = membership.document.account;
        let left = happened(call, What::MemberLeft { account });
        proposal.end(membership, &left);
        if let Some(workgroup) = workgroup {
            proposal.replace(&workgroup, &workgroup.document, Some(&left));
        }
    }
    Ok(())
}

/// Gives access up: the journals of the items tell it.
async fn leave_items(
    settings: &Settings,
    call: &Call,
    grants: &[Option<Versioned<Grant>>],
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let grants: Vec<&Versioned<Grant>> = grants.iter().flatten().collect();
    let key = |grant: &&Versioned<Grant>| Key::Item(grant.document.item);
    let keys: Vec<Key> = grants.iter().map(key).collect();
    let items = load::all::<Item>(&*settings.store, &keys).await?;
    for (grant, item) in grants.into_iter().zip(items) {
        let whose = grant.document.grantee;
        if let Some(item) = item {
            let left = happened(call, What::AccessLeft { whose });
            proposal.replace(&item, &item.document, Some(&left));
        }
        proposal.delete(grant);
    }
    Ok(())
}

/// What stands in the way: items that the context owns, and offers of it that wait.
async fn owns(settings: &Settings, context: Context) -> Result<Findings, Trouble> {
    use crate::domain::id::ItemKind::{Project, Run};
    let store = &*settings.store;
    let mut findings = Findings::default();
    for kind in [Run, Project] {
        let page = store
            .scan(index::owned(context, kind), None, Direction::Forward, 1)
            .await?;
        if !page.rows.is_empty() {
            let (plural, sentence) = match kind {
                Run => ("runs", said!("you still own runs")),
                Project => ("projects", said!("you still own projects")),
            };
            let next_step = said!(
                "transfer them to somebody, or move them to the trash and delete them for good"
            );
            let no = Refusal::new(Code::AccountNotEmpty, sentence, next_step);
            findings.block(no.about(plural));
        }
    }
    let page = store
        .scan(
            index::sent(context, Phase::Open),
            None,
            Direction::Forward,
            1,
        )
        .await?;
    if !page.rows.is_empty() {
        findings.block(
            Refusal::new(
                Code::AccountNotEmpty,
                said!("offers or invitations of yours wait for an answer"),
                said!("cancel them first"),
            )
            .about("invitations"),
        );
    }
    Ok(findings)
}

async fn alone(settings: &Settings, membership: &Membership) -> Result<Refusal, Trouble> {
    let key = Key::Workgroup(membership.workgroup);
    let workgroup = load::one::<Workgroup>(&*settings.store, key).await?;
    let name = workgroup.map_or_else(String::new, |found| found.document.name);
    Ok(Refusal::new(
        Code::AccountNotEmpty,
        said!("you own the workgroup \"{name}\"", name),
        said!("hand it over to another administrator, or close it, first"),
    )
    .about(membership.workgroup))
}
