//! How much a context may hold and do: its tier and its quota, set by administrators.

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::{Event, What};
use crate::domain::governance;
use crate::domain::id::{AccountId, Context};
use crate::domain::policy::{Domain, Tier};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::Handle;

use super::access::Whom;
use super::context::Owner;
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::queries::{self, Own};
use super::world::{Call, Settings, Trouble, World};

/// Whose allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A person's.
    Person(Whom),
    /// A workgroup's.
    Workgroup(Handle),
}

/// What shall be different; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// The tier of an account of the public domain: basic or professional.
    pub tier: Option<Tier>,
    /// The cap in bytes; `Some(None)`: that of the tier.
    pub quota: Option<Option<u64>>,
}

/// A context as those see it who may change what it may hold and do.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The context with its cap and what it holds.
    pub own: Own,
    /// Whose it is; `None`: a workgroup's.
    pub account: Option<Account>,
    /// What it may do.
    pub tier: Tier,
    /// Its cap in bytes, if it has one of its own.
    pub quota: Option<u64>,
    /// Where it lives: the domain may have a cap.
    pub domain: Domain,
    /// Whether whoever looks may give it another tier.
    pub tiers: bool,
    /// Why nothing of it can be changed, if so.
    pub ruled: Option<Refusal>,
}

/// An allowance, for those who may change it.
///
/// # Errors
/// Whoever asks administers neither the site nor the domain it lies in, or there is no such context: both are answered alike. Or the world
/// failed.
pub async fn look(settings: &Settings, asks: AccountId, of: &Of) -> Result<Seen, Trouble> {
    let asks = people::person(&*settings.store, asks, &[]).await?;
    let addresses = &asks.account.addresses;
    let owner = administered(settings, addresses, of).await?;
    let own = queries::own_of(settings, owner.context()).await?;
    let own = own.ok_or_else(|| nobody(of))?;
    let site = settings.policy.administers_site(addresses);
    Ok(match owner {
        Owner::Account(account) => Seen {
            own,
            tier: account.document.tier,
            quota: account.document.quota,
            domain: account.document.domain.clone(),
            tiers: site && account.document.domain.is_public(),
            ruled: None,
            account: Some(account.document),
        },
        Owner::Workgroup(workgroup) => Seen {
            own,
            tier: workgroup.document.tier,
            quota: workgroup.document.quota,
            domain: workgroup.document.domain.clone(),
            tiers: false,
            ruled: governance::ruled(&workgroup.document),
            account: None,
        },
    })
}

/// Changes an allowance; the context as it is then.
///
/// # Errors
/// Whoever calls administers neither the site nor the domain it lies in, there is no such context, the configuration file rules it, or the
/// world failed. The first two are answered alike.
pub async fn change(
    world: &dyn World,
    call: &Call,
    of: &Of,
    change: Change,
) -> Result<Own, Trouble> {
    let context = once(world, call, || Box::pin(changed(world, call, of, change))).await?;
    let own = queries::own_of(&world.settings(), context).await?;
    own.ok_or_else(|| nobody(of).into())
}

async fn changed(
    world: &dyn World,
    call: &Call,
    of: &Of,
    change: Change,
) -> Result<Decision<Context>, Trouble> {
    let settings = world.settings();
    let mut proposal = Proposal::default();
    let owner = changeable(&settings, call, of, change, &mut proposal).await?;
    let event = Event {
        at: call.at,
        by: call.by,
        what: What::Changed {
            how: "its allowance".to_owned(),
        },
    };
    match &owner {
        Owner::Account(old) => {
            let mut next = old.document.clone();
            next.tier = change.tier.unwrap_or(next.tier);
            next.quota = change.quota.unwrap_or(next.quota);
            if next != old.document {
                proposal.replace(old, &next, Some(&event));
            }
        }
        Owner::Workgroup(old) => {
            let mut next = old.document.clone();
            next.quota = change.quota.unwrap_or(next.quota);
            if next != old.document {
                proposal.replace(old, &next, Some(&event));
            }
        }
    }
    Ok(Decision::done(owner.context(), proposal))
}

/// Whose allowance it is.
impl Answer for Context {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

async fn changeable(
    settings: &Settings,
    call: &Call,
    of: &Of,
    change: Change,
    proposal: &mut Proposal,
) -> Result<Owner, Trouble> {
    let asks = call.by.person.ok_or_else(people::no_account)?;
    let (asks, rests) = people::guarded(&*settings.store, asks, &[]).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    let addresses = &asks.account.addresses;
    let owner = administered(settings, addresses, of).await?;
    let site = settings.policy.administers_site(addresses);
    if let Some(why) = odd(&owner, change, site) {
        return Err(why.into());
    }
    Ok(owner)
}

/// Whose allowance it is, if whoever holds these addresses looks after it.
async fn administered(
    settings: &Settings,
    addresses: &[Address],
    of: &Of,
) -> Result<Owner, Trouble> {
    let store = &*settings.store;
    let context = match of {
        Of::Person(Whom::Account(id)) => Some(Context::Personal(*id)),
        Of::Person(Whom::Address(address)) => {
            let holder = people::holder(store, address).await?;
            holder.map(|holder| Context::Personal(holder.document.id))
        }
        Of::Workgroup(handle) => {
            let found = people::workgroup(store, handle).await?;
            found.map(|found| Context::Workgroup(found.document.id))
        }
    };
    let owner = match context {
        Some(context) => Owner::load(store, context).await?,
        None => None,
    };
    let policy = &settings.policy;
    let theirs = |owner: &Owner| policy.decides(addresses, owner.domain()).is_some();
    Ok(owner.filter(theirs).ok_or_else(|| nobody(of))?)
}

/// Why this cannot be changed so, whoever asks.
fn odd(owner: &Owner, change: Change, site: bool) -> Option<Refusal> {
    if let Owner::Workgroup(workgroup) = owner
        && change != Change::default()
        && let Some(no) = governance::ruled(&workgroup.document)
    {
        return Some(no);
    }
    let tier = change.tier?;
    let (sentence, next_step) = match owner {
        Owner::Workgroup(_) => (
            said!("the tier of a workgroup follows from where it lives"),
            said!("change its quota instead"),
        ),
        Owner::Account(account) if !account.document.domain.is_public() => (
            said!("accounts of a private domain are enterprise accounts"),
            said!("change the quota instead"),
        ),
        Owner::Account(_) if tier == Tier::Enterprise => (
            said!("an account of the public domain is basic or professional"),
            said!("choose one of these"),
        ),
        Owner::Account(_) if !site => (
            said!("tiers are given by administrators of the site"),
            said!("ask one of them"),
        ),
        Owner::Account(_) => return None,
    };
    Some(Refusal::field("tier", sentence, next_step))
}

fn nobody(of: &Of) -> Refusal {
    let (sentence, about) = match of {
        Of::Person(whom) => {
            let whom = whom.to_string();
            let none = said!("there is no account {whom} that you administer", whom);
            (none, whom)
        }
        Of::Workgroup(handle) => {
            let none = said!("there is no workgroup {handle} that you administer", handle);
            (none, handle.to_string())
        }
    };
    Refusal::new(
        Code::PersonNotFound,
        sentence,
        said!("check the name; administrators of a domain look after those who live in it"),
    )
    .about(about)
}
