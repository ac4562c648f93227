//! What people and contexts are called, for whoever may see that they had a part in something.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context};
use crate::domain::key::Key;
use crate::store::Fault;

use super::context::Owner;
use super::load;
use super::world::Settings;

/// The names of these people; one whose account is gone has none.
pub async fn people(
    settings: &Settings,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<BTreeMap<AccountId, String>, Fault> {
    let found = accounts(settings, ids).await?;
    let named = |(id, account): (AccountId, Account)| (id, account.name);
    Ok(found.into_iter().map(named).collect())
}

/// The accounts of these people; one that is gone is left out.
pub async fn accounts(
    settings: &Settings,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<BTreeMap<AccountId, Account>, Fault> {
    let ids: BTreeSet<AccountId> = ids.into_iter().collect();
    let keys: Vec<Key> = ids.into_iter().map(Key::Account).collect();
    let found = load::all::<Account>(&*settings.store, &keys).await?;
    let accounts = found.into_iter().flatten().map(|found| found.document);
    Ok(accounts.map(|account| (account.id, account)).collect())
}

/// The names of these contexts.
pub async fn contexts(
    settings: &Settings,
    contexts: impl IntoIterator<Item = Context>,
) -> Result<BTreeMap<Context, String>, Fault> {
    let contexts: BTreeSet<Context> = contexts.into_iter().collect();
    let mut named = BTreeMap::new();
    for context in contexts {
        if let Some(owner) = Owner::load(&*settings.store, context).await? {
            named.insert(context, owner.name());
        }
    }
    Ok(named)
}
