//! The one way to an item. What a person may do with it is gathered here, decided by [`rights::effective`], and handed on as a value
//! that nothing else makes: whoever asks about an item, or lists what a context has, must show that somebody looked.
//!
//! A handler cannot go round it. The store is out of its reach, and every question about an item takes a [`Permit`]:
//!
//! ```
//! use handover::actors::{queries, rights, world::{Settings, Trouble}};
//! use handover::domain::{id::{AccountId, ItemId}, rights::Level, time::Time};
//!
//! async fn count(settings: &Settings, person: AccountId, item: ItemId, now: Time) -> Result<usize, Trouble> {
//!     let permit = rights::permit(settings, person, item, Level::Read, now).await?;
//!     let (files, _) = queries::files(settings, &permit, None, 100).await?;
//!     Ok(files.len())
//! }
//! ```
//!
//! An id alone answers nothing:
//!
//! ```compile_fail
//! use handover::actors::{queries, world::{Settings, Trouble}};
//! use handover::domain::id::ItemId;
//!
//! async fn count(settings: &Settings, item: ItemId) -> Result<usize, Trouble> {
//!     let (files, _) = queries::files(settings, &item, None, 100).await?;
//!     Ok(files.len())
//! }
//! ```
//!
//! Nor does a permit for reading open what only the owner's side may see:
//!
//! ```compile_fail
//! use handover::actors::{queries, rights::Permit, world::{Settings, Trouble}};
//!
//! async fn events(settings: &Settings, permit: &Permit) -> Result<usize, Trouble> {
//!     Ok(queries::item_journal(settings, permit, 100).await?.len())
//! }
//! ```
//!
//! A permit cannot be made up, nor the store be asked instead:
//!
//! ```compile_fail
//! use handover::actors::rights::Permit;
//! use handover::domain::rights::Level;
//!
//! fn more(permit: Permit) -> Permit {
//!     Permit { level: Level::Own, ..permit }
//! }
//! ```
//!
//! ```compile_fail
//! use handover::actors::world::Settings;
//! use handover::store::Store;
//!
//! fn store(settings: &Settings) -> &dyn Store {
//!     &*settings.store
//! }
//! ```

mod look;

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context, ItemId};
use crate::domain::invitation;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{self, Level, Reason, not_yours};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::store::{Fault, Frozen};

use super::context::Owner;
use super::load::{self, Versioned};
use super::people::{self, Rests};
use super::proposal::Proposal;
use super::world::{Settings, Trouble};

pub(in crate::actors) use look::{Asker, look};

/// What a person may do with an item at a moment, and why.
#[derive(Debug, Clone)]
pub struct Right {
    level: Level,
    reasons: Vec<Reason>,
    rests: Vec<Rests>,
}

impl Right {
    /// What they may do.
    pub const fn level(&self) -> Level {
        self.level
    }
    /// Why, the strongest reason first.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// Proof that a person may do something with an item, and why. It holds for the moment it was made; a command is decided anew, with
/// guards on what its right rests on.
#[derive(Debug, Clone)]
pub struct Permit {
    person: AccountId,
    item: Versioned<Item>,
    right: Right,
}

impl Permit {
    /// Who.
    pub const fn person(&self) -> AccountId {
        self.person
    }
    /// The item.
    pub const fn item(&self) -> &Item {
        &self.item.document
    }
    /// Its id.
    pub const fn id(&self) -> ItemId {
        self.item.document.id
    }
    /// Who owns it.
    pub const fn owner(&self) -> Context {
        self.item.document.owner
    }
    /// What they may do.
    pub const fn level(&self) -> Level {
        self.right.level
    }
    /// Why, the strongest reason first.
    pub fn reasons(&self) -> &[Reason] {
        &self.right.reasons
    }
    /// Proof of standing on the owner's side; `None` for a collaborator.
    pub fn as_owner(&self) -> Option<Owning<'_>> {
        (self.level() == Level::Own).then_some(Owning(self))
    }
    /// The same, or why not.
    ///
    /// # Errors
    /// The item belongs to somebody else.
    pub fn owning(&self) -> Result<Owning<'_>, Refusal> {
        self.as_owner()
            .ok_or_else(|| too_little(self.item(), Level::Own))
    }
    /// The item as it was read.
    pub(in crate::actors) const fn versioned(&self) -> &Versioned<Item> {
        &self.item
    }
    /// What the right rests on must still be so at the commit.
    pub(in crate::actors) fn guard(&self, proposal: &mut Proposal) {
        for (key, version) in &self.right.rests {
            proposal.guard(*key, *version);
        }
    }
}

/// Proof that a person stands on the owner's side of an item: the owning context is theirs, or they administer its domain.
#[derive(Debug, Clone, Copy)]
pub struct Owning<'a>(&'a Permit);

impl<'a> Owning<'a> {
    /// What it was made of.
    pub const fn permit(self) -> &'a Permit {
        self.0
    }
}

/// Proof that a person may act for a context.
#[derive(Debug, Clone)]
pub struct Acting {
    person: AccountId,
    context: Context,
    role: Option<Role>,
    rests: Vec<Rests>,
}

impl Acting {
    /// Who.
    pub const fn person(&self) -> AccountId {
        self.person
    }
    /// For which context.
    pub const fn context(&self) -> Context {
        self.context
    }
    /// What they are in the workgroup; `None` in `personal`, and for whoever administers the domain without being a member.
    pub const fn role(&self) -> Option<Role> {
        self.role
    }
    /// What it rests on must still be so at the commit.
    pub(in crate::actors) fn guard(&self, proposal: &mut Proposal) {
        for (key, version) in &self.rests {
            proposal.guard(*key, *version);
        }
    }
}

// ---- items ----

/// What a person may do with an item, which must be at least this much.
///
/// # Errors
/// They may do less, and whoever may not even look is told that there is no such item; or the world failed.
pub async fn permit(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    at_least: Level,
    now: Time,
) -> Result<Permit, Trouble> {
    let permit = if_any(settings, person, id, now).await?;
    let permit = permit.ok_or_else(|| no_such_item(settings, id))?;
    if permit.level() < at_least {
        return Err(too_little(permit.item(), at_least).into());
    }
    Ok(permit)
}

/// The same without the item; `None` if they may not even know that it is there.
///
/// # Errors
/// The account is gone, or the world failed.
pub async fn effective(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Option<Right>, Trouble> {
    let from = settings.store.frozen().await?;
    let asker = Asker::read(settings, &*from, person).await?;
    Ok(right(settings, &*from, &asker, id, now).await?)
}

/// The same with the item.
///
/// # Errors
/// The account is gone, or the world failed.
pub async fn if_any(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Option<Permit>, Trouble> {
    let mut permits = permits(settings, person, &[id], now).await?;
    Ok(permits.pop().flatten())
}

/// The same for several items, in their order, from one snapshot.
///
/// # Errors
/// The account is gone, or the world failed.
pub async fn permits(
    settings: &Settings,
    person: AccountId,
    ids: &[ItemId],
    now: Time,
) -> Result<Vec<Option<Permit>>, Trouble> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let from = settings.store.frozen().await?;
    let asker = Asker::read(settings, &*from, person).await?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(right) = right(settings, &*from, &asker, *id, now).await? else {
            all.push(None);
            continue;
        };
        let records = from.load(&[Key::Item(*id)]).await?;
        let item = load::read::<Item>(records.first().and_then(Option::as_ref))?;
        all.push(item.map(|item| Permit {
            person,
            item,
            right,
        }));
    }
    Ok(all)
}

async fn right(
    settings: &Settings,
    from: &dyn Frozen,
    asker: &Asker,
    id: ItemId,
    now: Time,
) -> Result<Option<Right>, Fault> {
    let found = look(settings, from, asker, id, now).await?;
    Ok(rights::level(&found.reasons).map(|level| Right {
        level,
        reasons: found.reasons,
        rests: found.rests,
    }))
}

/// That there is no such item, as a stranger is told.
pub fn no_such_item(settings: &Settings, id: ItemId) -> Findings {
    invitation::offered_items(&[(id, None)], &settings.policy, None)
}

/// That an item can be seen, but not this be done with it.
fn too_little(item: &Item, wanted: Level) -> Refusal {
    let name = &item.name;
    let (sentence, next_step) = match wanted {
        Level::Own => (
            said!("\"{name}\" belongs to somebody else", name),
            said!("ask its owner"),
        ),
        Level::Read | Level::Write => (
            said!("you may look at \"{name}\", but not change it", name),
            said!("ask its owner to let you write to it"),
        ),
    };
    Refusal::new(Code::ItemForbidden, sentence, next_step).about(item.id)
}

// ---- contexts ----

/// The contexts of a person, `personal` first.
///
/// # Errors
/// The world failed.
pub async fn own_contexts(settings: &Settings, account: &Account) -> Result<Vec<Acting>, Fault> {
    let own = |context, role, rests| Acting {
        person: account.id,
        context,
        role,
        rests,
    };
    let mut all = vec![own(Context::Personal(account.id), None, Vec::new())];
    for found in people::memberships(&*settings.store, account.id).await? {
        let membership = &found.document;
        let key = Key::Membership(membership.workgroup, account.id);
        let context = Context::Workgroup(membership.workgroup);
        let rests = vec![(key, found.version)];
        all.push(own(context, Some(membership.role), rests));
    }
    Ok(all)
}

/// That a person may act for a context: it is theirs, or they administer its domain.
///
/// # Errors
/// They may not, whether there is such a context or not; or the world failed.
pub async fn acting(
    settings: &Settings,
    person: AccountId,
    context: Context,
) -> Result<Acting, Trouble> {
    if context == Context::Personal(person) {
        return Ok(Acting {
            person,
            context,
            role: None,
            rests: Vec::new(),
        });
    }
    let store = &*settings.store;
    let (asker, mut rests) = people::guarded(store, person, &[context]).await?;
    if let Some(role) = asker.role_in(context) {
        // As a member, whatever addresses the account has.
        rests.retain(|(key, _)| matches!(key, Key::Membership(..)));
        return Ok(Acting {
            person,
            context,
            role: Some(role),
            rests,
        });
    }
    if settings
        .policy
        .administers_anything(&asker.account.addresses)
    {
        let owner = Owner::load(store, context).await?;
        let owner = owner.filter(|owner| asker.acts_for(context, owner.domain(), &settings.policy));
        if let Some(owner) = owner {
            rests.push(owner.guard());
            return Ok(Acting {
                person,
                context,
                role: None,
                rests,
            });
        }
    }
    Err(not_yours(context).into())
}

#[cfg(test)]
mod tests;
