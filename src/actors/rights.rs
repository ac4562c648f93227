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

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context, ItemId, ItemKind, WorkgroupId};
use crate::domain::index::{self, Entry};
use crate::domain::invitation;
use crate::domain::item::{Item, State};
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{self, Facts, Grant, Level, Person, Reason, not_yours};
use crate::domain::time::Time;
use crate::domain::workgroup::{Membership, Role};
use crate::store::{Direction, Fault, MAX_PAGE, Record, Store, Version};

use super::context::Owner;
use super::load::{self, Versioned};
use super::people::{self, Rests};
use super::proposal::Proposal;
use super::world::{Settings, Trouble};

/// Proof that a person may do something with an item, and why. It holds for the moment it was made; a command is decided anew, with
/// guards on what its right rests on.
#[derive(Debug, Clone)]
pub struct Permit {
    person: AccountId,
    item: Versioned<Item>,
    level: Level,
    reasons: Vec<Reason>,
    rests: Vec<Rests>,
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
        self.level
    }
    /// Why, the strongest reason first.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
    /// Proof of standing on the owner's side; `None` for a collaborator.
    pub fn as_owner(&self) -> Option<Owning<'_>> {
        (self.level == Level::Own).then_some(Owning(self))
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
        for (key, version) in &self.rests {
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
    if permit.level < at_least {
        return Err(too_little(permit.item(), at_least).into());
    }
    Ok(permit)
}

/// What a person may do with an item; `None` if they may not even know that it is there.
///
/// # Errors
/// The account is gone, or the world failed.
pub async fn if_any(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Option<Permit>, Trouble> {
    let store = &*settings.store;
    let records = store.load(&[Key::Account(person), Key::Item(id)]).await?;
    let mut records = records.iter().map(Option::as_ref);
    let mut asker = Asker::read(records.next().flatten())?;
    match load::read::<Item>(records.next().flatten())? {
        Some(item) => asker.about(settings, item, now).await,
        None => Ok(None),
    }
}

/// The same for several items, in their order.
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
    let store = &*settings.store;
    let keys = ids.iter().map(|id| Key::Item(*id));
    let keys: Vec<Key> = std::iter::once(Key::Account(person)).chain(keys).collect();
    let records = store.load(&keys).await?;
    let mut records = records.iter().map(Option::as_ref);
    let mut asker = Asker::read(records.next().flatten())?;
    let mut all = Vec::with_capacity(ids.len());
    for record in records {
        all.push(match load::read::<Item>(record)? {
            Some(item) => asker.about(settings, item, now).await?,
            None => None,
        });
    }
    Ok(all)
}

/// Whoever asks, and what need be looked up of them only once.
struct Asker {
    version: Version,
    person: Person,
    workgroups: Option<Vec<WorkgroupId>>,
}

impl Asker {
    fn read(record: Option<&Record>) -> Result<Self, Trouble> {
        let account = load::read::<Account>(record)?;
        let open = |account: &Versioned<Account>| account.document.closed_at.is_none();
        let account = account.filter(open).ok_or_else(people::no_account)?;
        Ok(Self {
            version: account.version,
            person: Person {
                account: account.document,
                memberships: Vec::new(),
            },
            workgroups: None,
        })
    }

    async fn about(
        &mut self,
        settings: &Settings,
        item: Versioned<Item>,
        now: Time,
    ) -> Result<Option<Permit>, Trouble> {
        let id = self.person.id();
        let own = item.document.owner == Context::Personal(id);
        if !own && self.workgroups.is_none() {
            self.workgroups = Some(workgroups(&*settings.store, id).await?);
        }
        let workgroups = self.workgroups.as_deref().unwrap_or_default();
        let found = look(settings, &mut self.person, workgroups, &item.document, now).await?;
        let Some(level) = rights::level(&found.reasons) else {
            return Ok(None);
        };
        let mut rests = found.rests;
        if let Some(Reason::DomainAdministrator(_)) = found.reasons.first() {
            // Which addresses the account has verified is what makes somebody an administrator.
            rests.push((Key::Account(id), self.version));
        }
        Ok(Some(Permit {
            person: id,
            item,
            level,
            reasons: found.reasons,
            rests,
        }))
    }
}

/// What was found out about a person and an item.
#[derive(Debug, Default)]
pub(in crate::actors) struct Found {
    /// Why they may do what they may do, the strongest reason first.
    pub(in crate::actors) reasons: Vec<Reason>,
    /// What a commit must guard that rests on the first of them, the person's account aside.
    pub(in crate::actors) rests: Vec<Rests>,
}

/// Why this person, who is listed in these workgroups, may do something with an item: every reason that counts, and of a run projects
/// only where nothing else gives access. Membership and grant are read from one snapshot, so that whoever left has no right in between.
pub(in crate::actors) async fn look(
    settings: &Settings,
    person: &mut Person,
    workgroups: &[WorkgroupId],
    item: &Item,
    now: Time,
) -> Result<Found, Fault> {
    let store = &*settings.store;
    let mut facts = Facts {
        item,
        owner_domain: None,
        grants: &[],
        through: &[],
    };
    match item.owner {
        Context::Personal(owner) if owner == person.id() => {
            let reasons = rights::effective(person, facts, &settings.policy, now);
            return Ok(Found {
                reasons,
                rests: Vec::new(),
            });
        }
        Context::Workgroup(owner) if workgroups.contains(&owner) => {
            let key = Key::Membership(owner, person.id());
            if let Some(found) = load::one::<Membership>(store, key).await? {
                person.memberships = vec![found.document];
                let reasons = rights::effective(person, facts, &settings.policy, now);
                let rests = vec![(key, found.version)];
                return Ok(Found { reasons, rests });
            }
        }
        Context::Personal(_) | Context::Workgroup(_) => {}
    }
    let administers = settings
        .policy
        .administers_anything(&person.account.addresses);
    let gathered = gather(store, person.id(), workgroups, item, administers).await?;
    person.memberships = documents(&gathered.memberships);
    let grants = documents(&gathered.grants);
    facts.grants = &grants;
    facts.owner_domain = gathered.owner.as_ref().map(Owner::domain);
    let reasons = rights::effective(person, facts, &settings.policy, now);
    if let Some(strongest) = reasons.first() {
        let rests = gathered.rests(person.id(), item.id, strongest);
        return Ok(Found { reasons, rests });
    }
    // What projects give of a run is sight: nothing that is written rests on it.
    let through = through(store, person, item).await?;
    facts.through = &through;
    let reasons = rights::effective(person, facts, &settings.policy, now);
    Ok(Found {
        reasons,
        rests: Vec::new(),
    })
}

fn documents<D: Clone>(all: &[Versioned<D>]) -> Vec<D> {
    all.iter().map(|one| one.document.clone()).collect()
}

/// What rights on an item that is none of a person's own rest on, from one snapshot.
struct Gathered {
    owner: Option<Owner>,
    memberships: Vec<Versioned<Membership>>,
    grants: Vec<Versioned<Grant>>,
}

async fn gather(
    store: &dyn Store,
    person: AccountId,
    workgroups: &[WorkgroupId],
    item: &Item,
    with_owner: bool,
) -> Result<Gathered, Fault> {
    let mut keys = vec![Key::Grant(item.id, Context::Personal(person))];
    for workgroup in workgroups {
        keys.push(Key::Grant(item.id, Context::Workgroup(*workgroup)));
    }
    let grants = keys.len();
    keys.extend(workgroups.iter().map(|wg| Key::Membership(*wg, person)));
    let memberships = workgroups.len();
    if with_owner {
        keys.push(Owner::key(item.owner));
    }
    let records = store.load(&keys).await?;
    let mut records = records.iter();
    let owner = |record: &Option<Record>| Owner::read(item.owner, record.as_ref());
    Ok(Gathered {
        grants: read_some(records.by_ref().take(grants))?,
        memberships: read_some(records.by_ref().take(memberships))?,
        owner: records.next().map(owner).transpose()?.flatten(),
    })
}

fn read_some<'a, D: crate::domain::document::Document>(
    records: impl Iterator<Item = &'a Option<Record>>,
) -> Result<Vec<Versioned<D>>, Fault> {
    let read = |record: &'a Option<Record>| load::read(record.as_ref()).transpose();
    records.filter_map(read).collect()
}

impl Gathered {
    /// What this reason rests on.
    fn rests(&self, person: AccountId, item: ItemId, reason: &Reason) -> Vec<Rests> {
        match reason {
            Reason::Owner(context) => self.membership(person, *context).collect(),
            Reason::DomainAdministrator(_) => {
                let owner = self.owner.as_ref().map(Owner::guard);
                owner.into_iter().collect()
            }
            Reason::Granted(context, _) => {
                let theirs = |grant: &&Versioned<Grant>| grant.document.grantee == *context;
                let grant = self.grants.iter().find(theirs);
                let grant = grant.map(|grant| (Key::Grant(item, *context), grant.version));
                let membership = self.membership(person, *context);
                grant.into_iter().chain(membership).collect()
            }
            Reason::Through(..) => Vec::new(),
        }
    }

    fn membership(&self, person: AccountId, context: Context) -> impl Iterator<Item = Rests> {
        let there = |found: &&Versioned<Membership>| {
            Context::Workgroup(found.document.workgroup) == context
        };
        let found = self.memberships.iter().find(there);
        found
            .map(|m| (Key::Membership(m.document.workgroup, person), m.version))
            .into_iter()
    }
}

/// How many entries are looked up at once.
const AT_ONCE: usize = 512;

/// Of a run: the projects of its owner that a context of this person's was granted access to, with the grants.
///
/// A run has at most as many projects as a sample sheet may name, and that a context has a grant is known without reading it.
async fn through(
    store: &dyn Store,
    person: &Person,
    item: &Item,
) -> Result<Vec<(Item, Vec<Grant>)>, Fault> {
    if item.id.kind() != ItemKind::Run || item.state == State::Trashed {
        return Ok(Vec::new());
    }
    let prefix = index::projects_of(item.id);
    let page = store
        .scan(prefix, None, Direction::Forward, MAX_PAGE)
        .await?;
    let projects = page.rows.iter();
    let projects = projects.filter_map(|(key, _)| index::last_item(key));
    let contexts: Vec<Context> = contexts(person).collect();
    let pairs: Vec<(Context, ItemId)> = projects
        .flat_map(|project| contexts.iter().map(move |context| (*context, project)))
        .collect();
    let mut all = Vec::new();
    for some in pairs.chunks(AT_ONCE) {
        let entries: Vec<Entry> = some
            .iter()
            .map(|(to, id)| Entry::Granted(*to, *id))
            .collect();
        let found = store.find(&entries).await?;
        let granted = some.iter().zip(found).filter(|(_, found)| found.is_some());
        let keys = granted.flat_map(|((to, id), _)| [Key::Item(*id), Key::Grant(*id, *to)]);
        let keys: Vec<Key> = keys.collect();
        if keys.is_empty() {
            continue;
        }
        let records = store.load(&keys).await?;
        for pair in records.chunks(2) {
            let project = load::read::<Item>(pair.first().and_then(Option::as_ref))?;
            let grant = load::read::<Grant>(pair.get(1).and_then(Option::as_ref))?;
            if let (Some(project), Some(grant)) = (project, grant) {
                all.push((project.document, vec![grant.document]));
            }
        }
    }
    Ok(all)
}

fn contexts(person: &Person) -> impl Iterator<Item = Context> + '_ {
    let workgroups = person.memberships.iter().map(|m| m.workgroup);
    std::iter::once(Context::Personal(person.id())).chain(workgroups.map(Context::Workgroup))
}

/// The workgroups an account is listed in. Whether each membership still holds is read with what rests on it.
pub(in crate::actors) async fn workgroups(
    store: &dyn Store,
    account: AccountId,
) -> Result<Vec<WorkgroupId>, Fault> {
    let prefix = index::belongs(account);
    let page = store
        .scan(prefix, None, Direction::Forward, MAX_PAGE)
        .await?;
    let id = |(key, _): &(Vec<u8>, Vec<u8>)| index::last_id(key).map(WorkgroupId::from_bits);
    Ok(page.rows.iter().filter_map(id).collect())
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
            format!("\"{name}\" belongs to somebody else"),
            "ask its owner",
        ),
        Level::Read | Level::Write => (
            format!("you may look at \"{name}\", but not change it"),
            "ask its owner to let you write to it",
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
