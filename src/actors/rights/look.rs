//! What the right of a person on an item rests on, all of it from one snapshot, with no more reads than needed: how the person stands
//! and what they belong to are one scan of the index, whatever was granted to them is one read.

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::index::{self, Entry};
use crate::domain::item::{Item, State};
use crate::domain::key::Key;
use crate::domain::rights::{self, Asks, Facts, Grant, Reason};
use crate::domain::time::Time;
use crate::domain::workgroup::Membership;
use crate::store::{Direction, Fault, Frozen, MAX_PAGE, Record};

use super::super::context::Owner;
use super::super::load::{self, Versioned};
use super::super::people::{self, Rests};
use super::super::world::{Settings, Trouble};

/// Whoever asks, and what is the same whatever they ask about.
pub(in crate::actors) struct Asker {
    id: AccountId,
    /// `personal`, then the workgroups.
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

    /// Whose it is.
    pub(in crate::actors) const fn id(&self) -> AccountId {
        self.id
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
    /// Why they may do what they may do, the strongest reason first.
    pub(in crate::actors) reasons: Vec<Reason>,
    /// What a commit must guard that rests on the first of them.
    pub(in crate::actors) rests: Vec<Rests>,
}

/// Why this person may do something with an item: every reason that counts, and of a run projects only where nothing else gives access.
pub(in crate::actors) async fn look(
    settings: &Settings,
    from: &dyn Frozen,
    asker: &Asker,
    item: &Item,
    now: Time,
) -> Result<Found, Fault> {
    let mut facts = Facts {
        item,
        owner_domain: None,
        grants: &[],
        through: &[],
    };
    let effective = |facts| rights::effective(asker.asks(), facts, &settings.policy, now);
    if asker.contexts.contains(&item.owner) {
        return Ok(Found {
            reasons: effective(facts),
            rests: asker.belongs(item.owner).into_iter().collect(),
        });
    }
    let granted = Granted::read(from, asker, item).await?;
    let grants: Vec<Grant> = { granted.grants.iter() }
        .map(|found| found.document.clone())
        .collect();
    facts.grants = &grants;
    facts.owner_domain = granted.owner.as_ref().map(Owner::domain);
    let reasons = effective(facts);
    if let Some(strongest) = reasons.first() {
        let rests = granted.rests(asker, item.id, strongest);
        return Ok(Found { reasons, rests });
    }
    // What projects give of a run is sight: nothing that is written rests on it.
    let through = through(from, asker, item).await?;
    facts.through = &through;
    Ok(Found {
        reasons: effective(facts),
        rests: Vec::new(),
    })
}

/// What rights on an item that is none of a person's own rest on.
struct Granted {
    /// Only for whoever administers a domain.
    owner: Option<Owner>,
    grants: Vec<Versioned<Grant>>,
}

impl Granted {
    async fn read(from: &dyn Frozen, asker: &Asker, item: &Item) -> Result<Self, Fault> {
        let contexts = asker.contexts.iter();
        let mut keys: Vec<Key> = contexts.map(|to| Key::Grant(item.id, *to)).collect();
        let grants = keys.len();
        if asker.administrator.is_some() {
            keys.push(Owner::key(item.owner));
        }
        let records = from.load(&keys).await?;
        let mut records = records.iter();
        let owner = |record: &Option<Record>| Owner::read(item.owner, record.as_ref());
        let grant = |record: &Option<Record>| load::read(record.as_ref()).transpose();
        let grants = records.by_ref().take(grants).filter_map(grant);
        Ok(Self {
            grants: grants.collect::<Result<_, Fault>>()?,
            owner: records.next().map(owner).transpose()?.flatten(),
        })
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
                let theirs = |grant: &&Versioned<Grant>| grant.document.grantee == *context;
                let grant = self.grants.iter().find(theirs);
                let grant = grant.map(|grant| (Key::Grant(item, *context), grant.version));
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
/// A run has at most as many projects as a sample sheet may name, and that a context has a grant is known without reading it.
async fn through(
    from: &dyn Frozen,
    asker: &Asker,
    item: &Item,
) -> Result<Vec<(Item, Vec<Grant>)>, Fault> {
    if item.id.kind() != ItemKind::Run || item.state == State::Trashed {
        return Ok(Vec::new());
    }
    let prefix = index::projects_of(item.id);
    let page = from
        .scan(prefix, None, Direction::Forward, MAX_PAGE)
        .await?;
    let projects = page.rows.iter();
    let projects = projects.filter_map(|(key, _)| index::last_item(key));
    let pairs: Vec<(Context, ItemId)> = projects
        .flat_map(|project| {
            asker
                .contexts
                .iter()
                .map(move |context| (*context, project))
        })
        .collect();
    let mut all = Vec::new();
    for some in pairs.chunks(AT_ONCE) {
        let entries: Vec<Entry> = some
            .iter()
            .map(|(to, id)| Entry::Granted(*to, *id))
            .collect();
        let found = from.find(&entries).await?;
        let granted = some.iter().zip(found).filter(|(_, found)| found.is_some());
        let keys = granted.flat_map(|((to, id), _)| [Key::Item(*id), Key::Grant(*id, *to)]);
        let keys: Vec<Key> = keys.collect();
        if keys.is_empty() {
            continue;
        }
        let records = from.load(&keys).await?;
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
