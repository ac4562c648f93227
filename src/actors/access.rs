//! Who can see this, and why; and what can this person see.

use std::fmt;
use std::str::FromStr;

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::policy::Domain;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::{self, Facts, Grant, Part, Reason, Whose};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::store::{Direction, Fault, MAX_PAGE, Store};

use super::context::Owner;
use super::load;
use super::people;
use super::queries::{self, Own};
use super::rights::Owning;
use super::world::{Settings, Trouble};

/// At most this many reasons are told of one item.
pub const MAX_SEERS: usize = 1_000;

/// Somebody who can see an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seer {
    /// What the context is called; of a domain administrator: the address.
    pub name: String,
    /// How many people that is now; where there are more, so many were counted.
    pub people: usize,
    /// Whether there are more people than were counted.
    pub more_people: bool,
    /// Why, and how far it goes.
    pub reason: Reason,
}

/// Everybody who can see an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seers {
    /// The owning context first, then whoever administers its domain, then grants on the item, then grants on projects of a run.
    pub all: Vec<Seer>,
    /// Whether there are more than were looked at.
    pub more: bool,
}

/// Who can see an item at this moment, and why: for the owner's side.
///
/// # Errors
/// The world failed.
pub async fn seers(settings: &Settings, owning: Owning<'_>, now: Time) -> Result<Seers, Fault> {
    let store = &*settings.store;
    let item = owning.permit().item();
    let owner = Owner::load(store, item.owner).await?;
    let grants = queries::grants(settings, item.id).await?;
    let (through, cut) = through(settings, item).await?;
    let reasons = rights::everybody(
        Facts {
            whose: item.into(),
            owner_domain: owner.as_ref().map(Owner::domain),
            grants: &grants,
            through: &through,
        },
        now,
    );
    let mut seers = Seers {
        more: cut || grants.len() >= MAX_PAGE || reasons.len() > MAX_SEERS,
        all: Vec::new(),
    };
    for reason in reasons.into_iter().take(MAX_SEERS) {
        match &reason {
            Reason::DomainAdministrator(domain) => {
                seers.all.extend(administrators(settings, domain).await?);
            }
            Reason::Owner(context)
            | Reason::Granted(context, _)
            | Reason::Through(_, context, _) => {
                let context = *context;
                let (people, more_people) = how_many(store, context).await?;
                seers.all.push(Seer {
                    name: name(store, context).await?,
                    people,
                    more_people,
                    reason,
                });
            }
        }
    }
    Ok(seers)
}

/// Of a run: its projects of the same owner with the grants on them, and whether there are more.
async fn through(
    settings: &Settings,
    item: &Item,
) -> Result<(Vec<(Whose, Vec<Grant>)>, bool), Fault> {
    if item.id.kind() != ItemKind::Run {
        return Ok((Vec::new(), false));
    }
    let store = &*settings.store;
    let ids = queries::related(settings, item.id).await?;
    let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
    let found = load::all::<Item>(store, &keys).await?;
    let mut all = Vec::new();
    let mut room = MAX_SEERS;
    for project in found.into_iter().flatten().map(|found| found.document) {
        if project.owner != item.owner {
            continue;
        }
        if room == 0 {
            return Ok((all, true));
        }
        let grants = queries::grants(settings, project.id).await?;
        room = room.saturating_sub(grants.len());
        all.push((Whose::from(&project), grants));
    }
    Ok((all, ids.len() >= MAX_PAGE))
}

async fn administrators(settings: &Settings, domain: &Domain) -> Result<Vec<Seer>, Fault> {
    let mut all = Vec::new();
    for address in settings.policy.administrators(domain) {
        let holder = people::holder(&*settings.store, address).await?;
        all.push(Seer {
            name: address.to_string(),
            people: usize::from(holder.is_some()),
            more_people: false,
            reason: Reason::DomainAdministrator(domain.clone()),
        });
    }
    Ok(all)
}

async fn name(store: &dyn Store, context: Context) -> Result<String, Fault> {
    let owner = Owner::load(store, context).await?;
    Ok(owner.map_or_else(|| context.to_string(), |owner| owner.name()))
}

/// How many people a context is, and whether it is more.
async fn how_many(store: &dyn Store, context: Context) -> Result<(usize, bool), Fault> {
    let Context::Workgroup(workgroup) = context else {
        return Ok((1, false));
    };
    let members = index::members(workgroup);
    let page = store
        .scan(members, None, Direction::Forward, MAX_PAGE)
        .await?;
    Ok((page.rows.len(), page.more))
}

// ---- what a person can see ----

/// Whom an administrator asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// By the id of the account.
    Account(AccountId),
    /// By a verified address.
    Address(Address),
}

/// A text that names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is neither an account's id nor an email address")]
pub struct Nobody;

impl FromStr for Whom {
    type Err = Nobody;
    fn from_str(text: &str) -> Result<Self, Nobody> {
        match (text.parse(), text.parse()) {
            (Ok(id), _) => Ok(Self::Account(id)),
            (_, Ok(address)) => Ok(Self::Address(address)),
            _ => Err(Nobody),
        }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Where a page of grants ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(Context, ItemId);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Cursor {
    type Err = Nobody;
    fn from_str(text: &str) -> Result<Self, Nobody> {
        let (context, item) = text.split_once('.').ok_or(Nobody)?;
        let context = context.parse().map_err(|_| Nobody)?;
        Ok(Self(context, item.parse().map_err(|_| Nobody)?))
    }
}

/// An item that somebody was granted access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Which.
    pub item: ItemId,
    /// What it is called; only if whoever asks may see it.
    pub name: Option<String>,
    /// Whose it is; the same.
    pub owner: Option<Context>,
    /// Which of the person's contexts has the access.
    pub context: Context,
    /// The access.
    pub parts: Vec<Part>,
}

/// What a person can see.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The person.
    pub account: Account,
    /// Everything of these is theirs to read and write.
    pub contexts: Vec<Own>,
    /// Everything in these domains too.
    pub administers: Vec<Domain>,
    /// A page of what they were granted beside that.
    pub granted: Vec<Granted>,
    /// Where it goes on.
    pub next: Option<Cursor>,
}

/// What a person can see, for an administrator of the domain that the person lives in.
///
/// # Errors
/// Whoever asks administers no such person's domain, or there is no such person: both are answered alike. Or the world failed.
pub async fn sight(
    settings: &Settings,
    asks: AccountId,
    whom: &Whom,
    (from, limit): (Option<Cursor>, usize),
    now: Time,
) -> Result<Sight, Trouble> {
    let account = person(settings, asks, whom).await?;
    let contexts = queries::contexts(settings, account.id).await?;
    let ids: Vec<Context> = contexts.iter().map(|own| own.context).collect();
    let (mut granted, next) = granted(settings, &ids, from, limit, now).await?;
    let items: Vec<ItemId> = granted.iter().map(|one| one.item).collect();
    let seen = super::rights::permits(settings, asks, &items, now).await?;
    for (one, permit) in granted.iter_mut().zip(seen) {
        one.owner = permit.as_ref().map(|permit| permit.owner());
        one.name = permit.map(|permit| permit.item().name.clone());
    }
    let domains = settings.policy.domains.keys();
    let domains = domains.map(|name| Domain::named(name));
    let theirs = |domain: &Domain| settings.policy.administers(&account.addresses, domain);
    Ok(Sight {
        administers: domains.filter(theirs).collect(),
        contexts,
        granted,
        next,
        account,
    })
}

/// The account of a person, for an administrator of the domain that the person lives in.
///
/// # Errors
/// As [`sight`].
pub async fn person(settings: &Settings, asks: AccountId, whom: &Whom) -> Result<Account, Trouble> {
    let store = &*settings.store;
    let asks = people::person(store, asks, &[]).await?;
    let found = match whom {
        Whom::Account(id) => load::one::<Account>(store, Key::Account(*id)).await?,
        Whom::Address(address) => people::holder(store, address).await?,
    };
    let administers = |account: &Account| {
        settings
            .policy
            .administers(&asks.account.addresses, &account.domain)
    };
    let account = found.map(|found| found.document).filter(administers);
    account.ok_or_else(|| {
        Refusal::new(
            Code::PersonNotFound,
            said!(
                "{whom} is nobody of a domain that you administer",
                whom = whom.to_string()
            ),
            said!(
                "check the address; only administrators of the domain that somebody lives in may ask this"
            ),
        )
        .about(whom)
        .into()
    })
}

/// A page of what these contexts, in their order, were granted.
async fn granted(
    settings: &Settings,
    contexts: &[Context],
    from: Option<Cursor>,
    limit: usize,
    now: Time,
) -> Result<(Vec<Granted>, Option<Cursor>), Fault> {
    let store = &*settings.store;
    let mut all = Vec::new();
    let mut reached = from;
    let behind = |context: &&Context| from.is_some_and(|from| **context < from.0);
    for context in contexts.iter().skip_while(behind) {
        let room = limit.saturating_sub(all.len());
        if room == 0 {
            return Ok((all, reached));
        }
        let prefix = index::granted(*context);
        let after = from.filter(|from| from.0 == *context);
        let after = after.map(|from| prefix.item(from.1).as_slice().to_vec());
        let page = store.scan(prefix, after, Direction::Forward, room).await?;
        let items = page.rows.iter();
        let items: Vec<ItemId> = items.filter_map(|(key, _)| index::last_item(key)).collect();
        let keys: Vec<Key> = items.iter().map(|id| Key::Grant(*id, *context)).collect();
        let found = load::all::<Grant>(store, &keys).await?;
        let grants = found.into_iter().flatten().map(|found| found.document);
        all.extend(grants.filter_map(|grant| alive(grant, now)));
        if let Some(last) = items.last() {
            reached = Some(Cursor(*context, *last));
        }
        if page.more {
            return Ok((all, reached));
        }
    }
    Ok((all, None))
}

fn alive(grant: Grant, now: Time) -> Option<Granted> {
    let parts = grant.parts.into_iter();
    let parts: Vec<Part> = parts.filter(|part| part.is_alive(now)).collect();
    (!parts.is_empty()).then_some(Granted {
        item: grant.item,
        name: None,
        owner: None,
        context: grant.grantee,
        parts,
    })
}
