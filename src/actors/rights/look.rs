//! What the right of a person on an item rests on, all of it from one snapshot, with no more reads than needed: how the person stands
//! and what they belong to are one scan of the index, whose the item is and what was granted on it are another.

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::index::{self, Entry};
use crate::domain::item::State;
use crate::domain::key::Key;
use crate::domain::rights::{self, Asks, Facts, Grant, Reason, Whose};
use crate::domain::time::Time;
use crate::domain::workgroup::Membership;
use crate::store::{Direction, Fault, Frozen, MAX_PAGE, Page, Version};

use super::super::context::Owner;
use super::super::load::{self, Versioned};
use super::super::people::{self, Rests};
use super::super::world::{Settings, Trouble};

/// Whoever asks, and what is the same whatever they ask about.
pub(in crate::actors) struct Asker {
    id: AccountId,
    /// `personal`, then the workgroups: in their order.
    contexts: Vec<Context>,
    memberships: Vec<Versioned<Membership>>,
    /// The account of somebody who administers a domain; nobody else's is needed.
    administrator: Option<Versioned<Account>>,
}

impl Asker {
    /// As the person stands in this snapshot.
    pub(in crate::actors) async fn read(
        settings: &Settings,
        from: &dyn Frozen,
        id: AccountId,
    ) -> Result<Self, Trouble> {
        let prefix = index::belongs(id);
        let page = from
            .scan(prefix, None, Direction::Forward, MAX_PAGE)
            .await?;
        if !people::is_open(id, &page)? {
            return Err(people::no_account().into());
        }
        let memberships = people::belonging(id, &page)?;
        let mut contexts = Vec::with_capacity(memberships.len().saturating_add(1));
        contexts.push(Context::Personal(id));
        let workgroups = memberships.iter().map(|found| found.document.workgroup);
        contexts.extend(workgroups.map(Context::Workgroup));
        let administrator = if settings.policy.has_administrators() {
            let account = from.load(&[Key::Account(id)]).await?;
            load::read::<Account>(account.first().and_then(Option::as_ref))?.filter(|account| {
                let addresses = &account.document.addresses;
                settings.policy.administers_anything(addresses)
            })
        } else {
            None
        };
        Ok(Self {
            id,
            contexts,
            memberships,
            administrator,
        })
    }

    /// What they belong to.
    pub(in crate::actors) fn memberships(&self) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().map(|found| &found.document)
    }

    fn asks(&self) -> Asks<'_> {
        let administrator = self.administrator.as_ref();
        Asks {
            contexts: &self.contexts,
            addresses: administrator.map_or(&[], |account| &account.document.addresses),
        }
    }

    fn has(&self, context: Context) -> bool {
        self.contexts.binary_search(&context).is_ok()
    }

    /// That they belong to this context; nothing if it is their own.
    fn belongs(&self, context: Context) -> Option<Rests> {
        let here = |found: &&Versioned<Membership>| {
            Context::Workgroup(found.document.workgroup) == context
        };
        let found = self.memberships.iter().find(here)?;
        let key = Key::Membership(found.document.workgroup, self.id);
        Some((key, found.version))
    }
}

/// What was found out about a person and an item.
#[derive(Debug, Default)]
pub(in crate::actors) struct Found {
    /// Why they may do what they may do, the strongest reason first. None: they may not even know that it is there, if it is.
    pub(in crate::actors) reasons: Vec<Reason>,
    /// What a commit must guard that rests on the first of them.
    pub(in crate::actors) rests: Vec<Rests>,
}

/// As many rows are read at once: whose the item is, and grants on it. Where there are more, those of the person are looked up.
const TOGETHER: usize = 32;

/// Why this person may do something with an item: every reason that counts, and of a run projects only where nothing else gives access.
pub(in crate::actors) async fn look(
    settings: &Settings,
    from: &dyn Frozen,
    asker: &Asker,
    item: ItemId,
    now: Time,
) -> Result<Found, Fault> {
    let prefix = index::on(item);
    let page = from
        .scan(prefix, None, Direction::Forward, TOGETHER)
        .await?;
    let Some(whose) = whose(item, &page)? else {
        return Ok(Found::default());
    };
    let mut facts = Facts {
        whose,
        owner_domain: None,
        grants: &[],
        through: &[],
    };
    let effective = |facts| rights::effective(asker.asks(), facts, &settings.policy, now);
    if asker.has(whose.owner) {
        return Ok(Found {
            reasons: effective(facts),
            rests: asker.belongs(whose.owner).into_iter().collect(),
        });
    }
    let granted = Granted::read(from, asker, whose, &page).await?;
    facts.grants = &granted.grants;
    facts.owner_domain = granted.owner.as_ref().map(Owner::domain);
    let reasons = effective(facts);
    if let Some(strongest) = reasons.first() {
        let rests = granted.rests(asker, item, strongest);
        return Ok(Found { reasons, rests });
    }
    // What projects give of a run is sight: nothing that is written rests on it.
    let through = through(from, asker, whose).await?;
    facts.through = &through;
    Ok(Found {
        reasons: effective(facts),
        rests: Vec::new(),
    })
}

/// Whose the item is, which is the first that the index tells about rights on it; `None`: there is no such item.
fn whose(item: ItemId, page: &Page) -> Result<Option<Whose>, Fault> {
    let key = Entry::Whose(item).bytes();
    let first = page.rows.first().filter(|(at, _)| *at == key.as_slice());
    let read = |(_, value)| Whose::of_entry(item, value).ok_or_else(load::damaged);
    first.map(read).transpose()
}

/// What rights on an item that is none of a person's own rest on.
struct Granted {
    /// Only for whoever administers a domain.
    owner: Option<Owner>,
    grants: Vec<Grant>,
    /// Those of the grants.
    versions: Vec<Version>,
}

impl Granted {
    /// `page` is the first that the index tells about rights on the item.
    async fn read(
        from: &dyn Frozen,
        asker: &Asker,
        whose: Whose,
        page: &Page,
    ) -> Result<Self, Fault> {
        let mut granted = Self {
            owner: None,
            grants: Vec::new(),
            versions: Vec::new(),
        };
        if page.more {
            let entries = asker.contexts.iter();
            let entries: Vec<Entry> = entries.map(|to| Entry::Grantee(whose.item, *to)).collect();
            let found = from.find(&entries).await?;
            for (to, value) in asker.contexts.iter().zip(&found) {
                if let Some(value) = value {
                    granted.add(whose.item, *to, value)?;
                }
            }
        } else {
            for (key, value) in page.rows.iter().skip(1) {
                let to = index::last_context(key).ok_or_else(load::damaged)?;
                if asker.has(to) {
                    granted.add(whose.item, to, value)?;
                }
            }
        }
        if asker.administrator.is_some() {
            let owner = from.load(&[Owner::key(whose.owner)]).await?;
            granted.owner = Owner::read(whose.owner, owner.first().and_then(Option::as_ref))?;
        }
        Ok(granted)
    }

    fn add(&mut self, item: ItemId, to: Context, value: &[u8]) -> Result<(), Fault> {
        let (version, value) = load::numbered(value)?;
        let grant = Grant::of_entry(item, to, value).ok_or_else(load::damaged)?;
        self.grants.push(grant);
        self.versions.push(version);
        Ok(())
    }

    /// What this reason rests on.
    fn rests(&self, asker: &Asker, item: ItemId, reason: &Reason) -> Vec<Rests> {
        match reason {
            Reason::Owner(context) => asker.belongs(*context).into_iter().collect(),
            Reason::DomainAdministrator(_) => {
                // Which addresses the account has verified is what makes somebody an administrator.
                let account = asker.administrator.as_ref();
                let account = account.map(|account| (Key::Account(asker.id), account.version));
                let owner = self.owner.as_ref().map(Owner::guard);
                owner.into_iter().chain(account).collect()
            }
            Reason::Granted(context, _) => {
                let mut grants = self.grants.iter().zip(&self.versions);
                let grant = grants.find(|(grant, _)| grant.grantee == *context);
                let grant = grant.map(|(_, version)| (Key::Grant(item, *context), *version));
                grant.into_iter().chain(asker.belongs(*context)).collect()
            }
            Reason::Through(..) => Vec::new(),
        }
    }
}

/// How many entries are looked up at once.
const AT_ONCE: usize = 512;

/// Of a run: the projects of its owner that a context of this person's was granted access to, with the grants.
///
/// A run has at most as many projects as a sample sheet may name.
async fn through(
    from: &dyn Frozen,
    asker: &Asker,
    run: Whose,
) -> Result<Vec<(Whose, Vec<Grant>)>, Fault> {
    if run.item.kind() != ItemKind::Run || run.state == State::Trashed {
        return Ok(Vec::new());
    }
    let prefix = index::projects_of(run.item);
    let page = from
        .scan(prefix, None, Direction::Forward, MAX_PAGE)
        .await?;
    let projects = page.rows.iter();
    let projects = projects.filter_map(|(key, _)| index::last_item(key));
    let contexts = asker.contexts.iter();
    let pairs = projects.flat_map(|project| contexts.clone().map(move |to| (project, *to)));
    let pairs: Vec<(ItemId, Context)> = pairs.collect();
    let mut grants = Vec::new();
    for some in pairs.chunks(AT_ONCE) {
        let grantee = |(project, to): &(ItemId, Context)| Entry::Grantee(*project, *to);
        let found = from
            .find(&some.iter().map(grantee).collect::<Vec<_>>())
            .await?;
        for ((project, to), value) in some.iter().zip(&found) {
            if let Some(value) = value {
                let (_, value) = load::numbered(value)?;
                grants.push(Grant::of_entry(*project, *to, value).ok_or_else(load::damaged)?);
            }
        }
    }
    let mut all = Vec::new();
    for some in grants.chunks(AT_ONCE) {
        let whose = some.iter().map(|grant| Entry::Whose(grant.item));
        let found = from.find(&whose.collect::<Vec<_>>()).await?;
        for (grant, value) in some.iter().zip(&found) {
            if let Some(value) = value {
                let project = Whose::of_entry(grant.item, value).ok_or_else(load::damaged)?;
                all.push((project, vec![grant.clone()]));
            }
        }
    }
    Ok(all)
}
