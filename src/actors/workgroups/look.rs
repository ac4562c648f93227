//! Looking at workgroups: one that somebody names, those somebody belongs to, those of a domain, and who is in one.

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::governance::{self, Standing};
use crate::domain::id::{AccountId, Context, Digest, WorkgroupId};
use crate::domain::index::{self, Phase};
use crate::domain::invitation::Invitation;
use crate::domain::key::{Counter, Key};
use crate::domain::policy::Domain;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::Person;
use crate::domain::said::said;
use crate::domain::workgroup::{Handle, Membership, Role, Workgroup};
use crate::store::{Direction, Fault, MAX_PAGE};

use crate::actors::listing;
use crate::actors::load::{self, Versioned};
use crate::actors::people::{self, Rests};
use crate::actors::queries::Box_;
use crate::actors::world::{Settings, Trouble};

/// A workgroup as somebody sees it who may.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The workgroup.
    pub workgroup: Versioned<Workgroup>,
    /// Who looks.
    pub person: Person,
    /// Who they are to it.
    pub standing: Standing,
    /// What a commit must guard that rests on this.
    pub rests: Vec<Rests>,
}

/// A workgroup with what it holds.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The workgroup.
    pub workgroup: Workgroup,
    /// What whoever looks is in it; `None`: an administrator of its domain.
    pub role: Option<Role>,
    /// Its cap in bytes; `None`: no cap.
    pub quota: Option<u64>,
    /// What its items add up to, in bytes.
    pub usage: u64,
}

/// The workgroup with this id, for somebody who may see it.
pub async fn seen(
    settings: &Settings,
    account: AccountId,
    id: WorkgroupId,
) -> Result<Seen, Trouble> {
    let store = &*settings.store;
    let context = Context::Workgroup(id);
    let (person, mut rests) = people::guarded(store, account, &[context]).await?;
    let found = load::one::<Workgroup>(store, Key::Workgroup(id)).await?;
    let there = found.filter(|found| !found.document.state.is_closed());
    let workgroup = there.ok_or_else(|| governance::no_such_workgroup(id))?;
    rests.push((Key::Workgroup(id), workgroup.version));
    let addresses = &person.account.addresses;
    let standing = Standing {
        role: person.role_in(context),
        domain_administrator: settings
            .policy
            .administers(addresses, &workgroup.document.domain),
    };
    let act = governance::Act::See;
    if let Some(no) = governance::forbids(&workgroup.document, standing, act) {
        return Err(no.into());
    }
    Ok(Seen {
        workgroup,
        person,
        standing,
        rests,
    })
}

/// The workgroup with this handle or id, for somebody who may see it; a stranger is told that there is none.
pub async fn named(settings: &Settings, account: AccountId, name: &str) -> Result<Seen, Trouble> {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let none = || Trouble::from(governance::no_such_workgroup(&shown));
    let id = match (name.parse::<WorkgroupId>(), name.parse::<Handle>()) {
        (Ok(id), _) => id,
        (_, Ok(handle)) => {
            let found = people::workgroup(&*settings.store, &handle).await?;
            found.ok_or_else(none)?.document.id
        }
        (Err(_), Err(_)) => return Err(none()),
    };
    seen(settings, account, id).await.map_err(|why| match why {
        // As it was named, so that the answer is the same whether or not there is one.
        Trouble::Refused(findings)
            if findings
                .blocks
                .iter()
                .any(|no| no.code == Code::WorkgroupNotFound) =>
        {
            none()
        }
        other => other,
    })
}

/// With what it holds.
pub async fn shown(
    settings: &Settings,
    workgroup: Workgroup,
    role: Option<Role>,
) -> Result<Shown, Fault> {
    let counters = [Counter::Usage(Context::Workgroup(workgroup.id))];
    let usage = settings.store.counters(&counters).await?;
    let usage = usage.first().copied().unwrap_or(0);
    Ok(Shown {
        role,
        quota: settings
            .policy
            .quota(workgroup.quota, &workgroup.domain, workgroup.tier),
        usage: u64::try_from(usage).unwrap_or(0),
        workgroup,
    })
}

/// The workgroups somebody belongs to.
pub async fn mine(settings: &Settings, account: AccountId) -> Result<Vec<Shown>, Fault> {
    let store = &*settings.store;
    let mut all = Vec::new();
    for membership in people::memberships(store, account).await? {
        let Membership {
            workgroup, role, ..
        } = membership.document;
        let found = load::one::<Workgroup>(store, Key::Workgroup(workgroup)).await?;
        if let Some(found) = found {
            all.push(shown(settings, found.document, Some(role)).await?);
        }
    }
    Ok(all)
}

/// A page of the workgroups of a private domain, for those who administer it.
pub async fn of_domain(
    settings: &Settings,
    account: AccountId,
    domain: &Domain,
    after: Option<WorkgroupId>,
    limit: usize,
) -> Result<(Vec<Shown>, Option<WorkgroupId>), Trouble> {
    let store = &*settings.store;
    let person = people::whole_person(store, account).await?;
    if !settings
        .policy
        .administers(&person.account.addresses, domain)
    {
        return Err(Refusal::new(
            Code::WorkgroupForbidden,
            said!(
                "you do not administer the domain {domain}",
                domain = domain.name()
            ),
            said!("leave the domain out to list the workgroups you belong to"),
        )
        .about("domain")
        .into());
    }
    let prefix = index::in_domain(Digest::of(domain.name().as_bytes()));
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let ids: Vec<WorkgroupId> = ids.map(WorkgroupId::from_bits).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Workgroup(*id)).collect();
    let mut all = Vec::with_capacity(ids.len());
    let found = load::all::<Workgroup>(store, &keys).await?;
    for workgroup in found.into_iter().flatten().map(|found| found.document) {
        let role = person.role_in(Context::Workgroup(workgroup.id));
        all.push(shown(settings, workgroup, role).await?);
    }
    Ok((all, ids.last().copied().filter(|_| page.more)))
}

/// How many members a workgroup has, counted to at most 1,000, and whether there are more.
pub async fn count(settings: &Settings, id: WorkgroupId) -> Result<(usize, bool), Fault> {
    let prefix = index::members(id);
    let page = settings
        .store
        .scan(prefix, None, Direction::Forward, MAX_PAGE)
        .await?;
    Ok((page.rows.len(), page.more))
}

/// A page of the members of a workgroup.
pub async fn members(
    settings: &Settings,
    id: WorkgroupId,
    after: Option<AccountId>,
    limit: usize,
) -> Result<(Vec<(Membership, Account)>, Option<AccountId>), Fault> {
    let store = &*settings.store;
    let prefix = index::members(id);
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let ids: Vec<AccountId> = ids.map(AccountId::from_bits).collect();
    let keys: Vec<Key> = ids.iter().map(|who| Key::Membership(id, *who)).collect();
    let memberships = load::all::<Membership>(store, &keys).await?;
    let keys: Vec<Key> = ids.iter().map(|who| Key::Account(*who)).collect();
    let accounts = load::all::<Account>(store, &keys).await?;
    let both = memberships.into_iter().zip(accounts);
    let both =
        both.filter_map(|(membership, account)| Some((membership?.document, account?.document)));
    Ok((both.collect(), ids.last().copied().filter(|_| page.more)))
}

/// A page of the open invitations of a workgroup, for those who may invite; newest first. They are looked at and ended even where the
/// configuration file makes no new ones useful.
pub async fn invitations(
    settings: &Settings,
    seen: &Seen,
    from: Option<listing::Cursor>,
    limit: usize,
) -> Result<(Vec<Invitation>, Option<listing::Cursor>), Trouble> {
    let workgroup = &seen.workgroup.document;
    let act = governance::Act::Invite;
    let no = governance::forbids(workgroup, seen.standing, act);
    if let Some(no) = no.filter(|_| !workgroup.ruled) {
        return Err(no.into());
    }
    let sent = [Box_::made_by(Context::Workgroup(workgroup.id))];
    let keep = |invitation: &Invitation| invitation.terms.is_about_workgroup();
    Ok(listing::page(settings, &sent, &[Phase::Open], from, limit, &keep).await?)
}

/// Whom a person names among the members: by id, or by an address.
pub async fn account_named(
    settings: &Settings,
    seen: &Seen,
    name: &str,
) -> Result<AccountId, Trouble> {
    let store = &*settings.store;
    let workgroup = &seen.workgroup.document;
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let none = || Trouble::from(governance::no_member_called(workgroup, &shown));
    let account = match (name.parse::<AccountId>(), name.parse::<Address>()) {
        (Ok(id), _) => id,
        (_, Ok(address)) => {
            let holder = people::holder(store, &address).await?;
            holder.ok_or_else(none)?.document.id
        }
        (Err(_), Err(_)) => return Err(none()),
    };
    let key = Key::Membership(workgroup.id, account);
    let membership = load::one::<Membership>(store, key).await?;
    membership.map(|_| account).ok_or_else(none)
}
