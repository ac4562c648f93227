//! Who a person is to a decision: the account, the memberships that matter, and what they may do with an item.

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::id::{AccountId, Context, ItemId, WorkgroupId};
use crate::domain::index::{self, Entry};
use crate::domain::invitation::Mailbox;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::{Level, Person, level};
use crate::domain::said::said;
use crate::domain::workgroup::{Handle, Membership, Workgroup};
use crate::store::{ABSENT, Direction, Fault, Page, Record, Store, Version};

use crate::domain::time::Time;

use super::load::{self, Versioned};
use super::rights;
use super::world::{self, Call, Settings, Trouble};

/// So many members, workgroups of one person, or people who answer for a workgroup are looked at at once.
const MANY: usize = 1_000;

/// A document that a decision rests on, and the version it was read at.
pub type Rests = (Key, Version);

/// The person with these memberships; the account must exist.
pub async fn person(
    store: &dyn Store,
    account: AccountId,
    contexts: &[Context],
) -> Result<Person, Trouble> {
    Ok(guarded(store, account, contexts).await?.0)
}

/// The same, with what a commit must guard that rests on it: the account, and each membership, there or not.
pub async fn guarded(
    store: &dyn Store,
    account: AccountId,
    contexts: &[Context],
) -> Result<(Person, Vec<Rests>), Trouble> {
    let mut keys = vec![Key::Account(account)];
    keys.extend(membership_keys(account, contexts));
    keys.dedup();
    let records = store.load(&keys).await?;
    let version = |record: &Option<Record>| record.as_ref().map_or(ABSENT, |r| r.version);
    let rests = keys.iter().copied().zip(records.iter().map(version));
    let rests = rests.collect();
    let mut records = records.iter();
    let found = load::read::<Account>(records.next().and_then(Option::as_ref))?;
    let mut memberships = Vec::new();
    for record in records {
        memberships.extend(load::read::<Membership>(record.as_ref())?.map(|m| m.document));
    }
    let account = found.ok_or_else(no_account)?.document;
    if account.closed_at.is_some() {
        return Err(no_account().into());
    }
    if account.closing {
        return Err(world::busy().into());
    }
    let person = Person {
        account,
        memberships,
    };
    Ok((person, rests))
}

fn membership_keys(account: AccountId, contexts: &[Context]) -> impl Iterator<Item = Key> + '_ {
    contexts.iter().filter_map(move |context| match context {
        Context::Workgroup(workgroup) => Some(Key::Membership(*workgroup, account)),
        Context::Personal(_) => None,
    })
}

/// Who calls; nobody does where a timer does.
pub fn person_of(call: &Call) -> Result<AccountId, Trouble> {
    call.by.person.ok_or_else(|| no_account().into())
}

/// That the account is gone.
pub(in crate::actors) fn no_account() -> Refusal {
    Refusal::new(
        Code::NotSignedIn,
        said!("your account no longer exists"),
        said!("sign in again"),
    )
}

/// The workgroups an account belongs to, in the order of their ids.
pub async fn memberships(
    store: &dyn Store,
    account: AccountId,
) -> Result<Vec<Versioned<Membership>>, Fault> {
    let prefix = index::belongs(account);
    let page = store.scan(prefix, None, Direction::Forward, MANY).await?;
    belonging(account, &page)
}

/// Whether the index says that this account is open; `page` is the first of its workgroups.
pub(in crate::actors) fn is_open(account: AccountId, page: &Page) -> Result<bool, Fault> {
    let Some((_, value)) = standing(account, page) else {
        return Ok(false);
    };
    let (_, open) = load::numbered(value)?;
    Ok(open == [1])
}

/// What the index says an account belongs to, there.
pub(in crate::actors) fn belonging(
    account: AccountId,
    page: &Page,
) -> Result<Vec<Versioned<Membership>>, Fault> {
    let rows = page.rows.iter();
    let rows = rows.skip(usize::from(standing(account, page).is_some()));
    let read = |(key, value): (&[u8], &[u8])| {
        let (version, value) = load::numbered(value)?;
        let workgroup = index::last_id(key).map(WorkgroupId::from_bits);
        let document = workgroup.and_then(|id| Membership::of_entry(account, id, value));
        let document = document.ok_or_else(load::damaged)?;
        Ok(Versioned { version, document })
    };
    rows.map(read).collect()
}

fn standing(account: AccountId, page: &Page) -> Option<(&[u8], &[u8])> {
    let prefix = index::belongs(account);
    let first = page.rows.first();
    first.filter(|(key, _)| *key == prefix.as_slice())
}

/// The person with all their memberships.
pub async fn whole_person(store: &dyn Store, account: AccountId) -> Result<Person, Trouble> {
    let mut person = person(store, account, &[]).await?;
    let all = memberships(store, account).await?;
    person.memberships = all.into_iter().map(|m| m.document).collect();
    Ok(person)
}

/// An item that somebody asks about, as far as they may see it: `None` in place of the level means not at all.
pub type Seen = Option<(Versioned<Item>, Option<Level>)>;

/// What a person may do with each of these items, decided by [`rights::look`]; what they belong to is known then.
pub(in crate::actors) async fn see(
    settings: &Settings,
    person: &mut Person,
    items: &[ItemId],
    now: Time,
) -> Result<Vec<Seen>, Trouble> {
    let from = settings.store.frozen().await?;
    let keys: Vec<Key> = items.iter().map(|id| Key::Item(*id)).collect();
    let found = from.load(&keys).await?;
    let asker = rights::Asker::read(settings, &*from, person.id()).await?;
    person.memberships = asker.memberships().cloned().collect();
    let mut seen = Vec::with_capacity(found.len());
    for item in &found {
        let Some(item) = load::read::<Item>(item.as_ref())? else {
            seen.push(None);
            continue;
        };
        let found = rights::look(settings, &*from, &asker, item.document.id, now).await?;
        seen.push(Some((item, level(&found.reasons))));
    }
    Ok(seen)
}

/// Whoever has verified this address.
pub async fn holder(
    store: &dyn Store,
    address: &Address,
) -> Result<Option<Versioned<Account>>, Fault> {
    let found = store.find(&[Entry::Address(address.digest())]).await?;
    let Some(Some(value)) = found.first() else {
        return Ok(None);
    };
    let id = id_in(value)?;
    load::one(store, Key::Account(id)).await
}

/// The workgroup with this handle.
pub async fn workgroup(
    store: &dyn Store,
    handle: &Handle,
) -> Result<Option<Versioned<Workgroup>>, Fault> {
    let found = store.find(&[Entry::Handle(handle.digest())]).await?;
    let Some(Some(value)) = found.first() else {
        return Ok(None);
    };
    let id = id_in(value)?;
    load::one(store, Key::Workgroup(id)).await
}

/// The id that a unique entry names.
pub fn id_in<T: std::str::FromStr>(value: &[u8]) -> Result<T, Fault> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Fault::never("an index entry names no id; restore the store from a backup"))
}

/// Some of the members of a workgroup, in the order of their accounts, and after whom there are more.
pub async fn members(
    store: &dyn Store,
    workgroup: WorkgroupId,
    after: Option<AccountId>,
) -> Result<(Vec<Versioned<Membership>>, Option<AccountId>), Fault> {
    let prefix = index::members(workgroup);
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Forward, MANY).await?;
    let accounts = accounts(&page);
    let next = accounts.last().copied().filter(|_| page.more);
    let keys = accounts
        .into_iter()
        .map(|id| Key::Membership(workgroup, id));
    let keys: Vec<Key> = keys.collect();
    let found = load::all::<Membership>(store, &keys).await?;
    Ok((found.into_iter().flatten().collect(), next))
}

/// The accounts that the entries of a page end with.
fn accounts(page: &Page) -> Vec<AccountId> {
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    ids.map(AccountId::from_bits).collect()
}

/// Where letters to those who answer for a workgroup go: its owner and its administrators, however many its members are.
pub async fn answering(store: &dyn Store, workgroup: WorkgroupId) -> Result<Vec<Mailbox>, Fault> {
    let prefix = index::answering(workgroup);
    let page = store.scan(prefix, None, Direction::Forward, MANY).await?;
    let keys: Vec<Key> = accounts(&page).into_iter().map(Key::Account).collect();
    let accounts = load::all::<Account>(store, &keys).await?;
    let mailbox = |account: Versioned<Account>| {
        let address = account.document.primary()?.clone();
        let account = &account.document;
        Some(Mailbox::of(address, Some(account), &account.language))
    };
    Ok(accounts.into_iter().flatten().filter_map(mailbox).collect())
}
