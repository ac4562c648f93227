//! What fills a context: its largest items, and how much each person registered there.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::shelf::Label;
use crate::domain::workgroup::Membership;
use crate::store::{Direction, Fault};

use super::load;
use super::names;
use super::rights::Acting;
use super::world::Settings;

/// So many runs, and as many projects, are looked through at most, the largest first.
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
    let from = settings.store.frozen().await?;
    let mut filled = Filled::default();
    let mut largest: Vec<(u64, ItemId)> = Vec::new();
    let mut parts: BTreeMap<AccountId, (usize, u64)> = BTreeMap::new();
    for kind in [ItemKind::Run, ItemKind::Project] {
        let prefix = index::sized(acting.context(), kind);
        let (mut after, mut looked_at) = (None, 0);
        while looked_at < LOOKED_THROUGH {
            let page = from
                .scan(prefix, after, Direction::Backward, AT_ONCE)
                .await?;
            for (key, value) in page.rows.iter() {
                let label = Label::read(value).ok_or_else(load::damaged)?;
                let (items, bytes) = parts.entry(label.registered_by).or_default();
                *items += 1;
                *bytes = bytes.saturating_add(label.bytes);
                if looked_at < limit {
                    let id = index::last_id(key).ok_or_else(load::damaged)?;
                    largest.push((label.bytes, ItemId::new(kind, id)));
                }
                looked_at += 1;
            }
            if !page.more {
                break;
            }
            filled.cut |= looked_at >= LOOKED_THROUGH;
            after = page.last_key();
            // Others are served between two helpings.
            tokio::task::yield_now().await;
        }
    }
    largest.sort_unstable_by_key(|largest| Reverse(*largest));
    largest.truncate(limit);
    let keys: Vec<Key> = largest.iter().map(|(_, id)| Key::Item(*id)).collect();
    for record in &from.load(&keys).await? {
        let item = load::read::<Item>(record.as_ref())?;
        filled.largest.extend(item.map(|item| item.document));
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
