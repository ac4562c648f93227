//! What fills a context: its largest items, and how much each person registered there.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::id::{AccountId, Context, ItemKind};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::workgroup::Membership;
use crate::store::Fault;

use super::load;
use super::names;
use super::queries;
use super::rights::Acting;
use super::world::Settings;

/// So many runs, and as many projects, are looked through at most, the newest first.
pub const LOOKED_THROUGH: usize = 5_000;
/// So many of them are read at once.
const AT_ONCE: usize = 500;

/// How much somebody registered of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What they are called; empty where their account is gone.
    pub name: String,
    /// Whether they belong to the context.
    pub belongs: bool,
    /// Number of their items.
    pub items: usize,
    /// In bytes.
    pub bytes: u64,
}

/// What fills a context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// Its largest items, in the trash or not, the largest first.
    pub largest: Vec<Item>,
    /// By whom its items were registered, whoever registered most first.
    pub by_person: Vec<Part>,
    /// Whether there are items that were not looked through, because there are so many.
    pub cut: bool,
}

/// What fills a context, for whoever acts for it: at most `limit` items and as many people.
///
/// # Errors
/// The store failed.
pub async fn filled(settings: &Settings, acting: &Acting, limit: usize) -> Result<Filled, Fault> {
    let mut filled = Filled::default();
    let mut parts: BTreeMap<AccountId, (usize, u64)> = BTreeMap::new();
    for kind in [ItemKind::Run, ItemKind::Project] {
        let mut from = None;
        let mut looked_at = 0;
        loop {
            let (items, next) = queries::items(settings, acting, kind, from, AT_ONCE).await?;
            looked_at += AT_ONCE;
            for item in &items {
                let (items, bytes) = parts.entry(item.registered_by).or_default();
                *items += 1;
                *bytes = bytes.saturating_add(item.bytes);
            }
            filled.largest.extend(items);
            filled
                .largest
                .sort_by_key(|item| (Reverse(item.bytes), Reverse(item.id)));
            filled.largest.truncate(limit);
            match next {
                Some(_) if looked_at >= LOOKED_THROUGH => {
                    filled.cut = true;
                    break;
                }
                None => break,
                next => from = next,
            }
        }
    }
    let mut parts: Vec<(AccountId, (usize, u64))> = parts.into_iter().collect();
    parts.sort_by_key(|(id, (_, bytes))| (Reverse(*bytes), *id));
    parts.truncate(limit);
    filled.by_person = named(settings, acting.context(), parts).await?;
    Ok(filled)
}

async fn named(
    settings: &Settings,
    context: Context,
    parts: Vec<(AccountId, (usize, u64))>,
) -> Result<Vec<Part>, Fault> {
    let names = names::people(settings, parts.iter().map(|(id, _)| *id)).await?;
    let members = match context {
        Context::Personal(_) => Vec::new(),
        Context::Workgroup(workgroup) => {
            let key = |(id, _): &(AccountId, _)| Key::Membership(workgroup, *id);
            let keys: Vec<Key> = parts.iter().map(key).collect();
            load::all::<Membership>(&*settings.store, &keys).await?
        }
    };
    let part = |(n, (id, (items, bytes))): (usize, (AccountId, (usize, u64)))| Part {
        name: names.get(&id).cloned().unwrap_or_default(),
        belongs: context == Context::Personal(id) || members.get(n).is_some_and(Option::is_some),
        items,
        bytes,
    };
    Ok(parts.into_iter().enumerate().map(part).collect())
}
