//! `handover audit verify --config FILE`: whether the journal of every item in a store is whole. The store must be stopped; nothing is
//! changed in it, and nothing it says of itself is trusted but the heads of its chains.

use std::path::Path;
use std::process::ExitCode;

use crate::chain::{Chain, Verifier};
use crate::domain::document::Document;
use crate::domain::id::{ItemId, ItemKind};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::tombstone::Tombstone;
use crate::store::embedded::{Embedded, Options};
use crate::store::{Fault, Store, Version};

use crate::actors::load;

/// Entries of a journal that are read at once.
const AT_ONCE: usize = 1_000;

/// Verifies everything and prints a line for each thing that is wrong; fails if anything is.
pub fn verify(file: &Path) -> ExitCode {
    let config = match super::configuration(Some(file)) {
        Ok(config) => config,
        Err(problems) => return super::failed(&problems),
    };
    if !config.store.path.exists() {
        let path = config.store.path.display();
        return super::failed(&format!("there is no store at {path}; check store.path"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let store = Embedded::open(&config.store.path, &Options::default());
    let found = match (&store, runtime) {
        (Ok(store), Ok(runtime)) => runtime.block_on(verify_store(store)),
        (Err(error), _) => return super::failed(error),
        (_, Err(error)) => return super::failed(&error),
    };
    match found {
        Ok(found) => tell(&found),
        Err(fault) => super::failed(&fault),
    }
}

fn tell(found: &Found) -> ExitCode {
    for problem in &found.problems {
        println!("{problem}");
    }
    let (items, entries) = (found.items, found.entries);
    if found.problems.is_empty() {
        println!("{items} items with {entries} entries: every chain is whole");
        ExitCode::SUCCESS
    } else {
        let n = found.problems.len();
        println!("{items} items with {entries} entries: {n} wrong");
        ExitCode::FAILURE
    }
}

/// What was looked at, and what is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Items, purged ones too.
    pub items: u64,
    /// Entries of their journals.
    pub entries: u64,
    /// A sentence for each problem.
    pub problems: Vec<String>,
}

/// Looks at every item that left a trace in the store.
///
/// # Errors
/// The store cannot be read.
pub async fn verify_store(store: &Embedded) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut after = first_of(Key::Item).as_slice().to_vec();
    // A document and its journal lie under one key, so each item is met once, whichever of them is left.
    while let Some(id) = next_item(store, &after, Key::Item)? {
        one(store, id, &mut found).await?;
        after = Key::Item(id).bytes().as_slice().to_vec();
        after.extend([u8::MAX; 9]);
    }
    let mut after = first_of(Key::Tombstone).as_slice().to_vec();
    while let Some(id) = next_item(store, &after, Key::Tombstone)? {
        let journal = store.history(Key::Item(id), Version(0), 1).await?;
        if journal.is_empty() {
            one(store, id, &mut found).await?;
        }
        after = Key::Tombstone(id).bytes().as_slice().to_vec();
        after.extend([u8::MAX; 9]);
    }
    Ok(found)
}

/// The prefix of all keys of this kind.
fn first_of(key: fn(ItemId) -> Key) -> Vec<u8> {
    let any = key(ItemId::new(ItemKind::Run, 0)).bytes();
    any.as_slice().iter().take(1).copied().collect()
}

/// The next item that something lies under after these bytes: a document of this kind, or an entry of its journal.
fn next_item(
    store: &Embedded,
    after: &[u8],
    key: fn(ItemId) -> Key,
) -> Result<Option<ItemId>, Fault> {
    let Some(next) = store.next_key(after)? else {
        return Ok(None);
    };
    let length = key(ItemId::new(ItemKind::Run, 0)).bytes().as_slice().len();
    let read = next.get(..length).and_then(Key::read);
    Ok(match read {
        Some(Key::Item(id)) if key(id) == Key::Item(id) => Some(id),
        Some(Key::Tombstone(id)) if key(id) == Key::Tombstone(id) => Some(id),
        _ => None,
    })
}

async fn one(store: &Embedded, id: ItemId, found: &mut Found) -> Result<(), Fault> {
    found.items += 1;
    let chain = match chain_of(store, id).await {
        Ok(Some(chain)) => chain,
        Ok(None) => {
            let what = "neither the item nor its tombstone is there, though its journal is";
            found.problems.push(format!("{id}: {what}"));
            return Ok(());
        }
        Err(fault) => {
            found.problems.push(format!("{id}: {}", fault.what));
            return Ok(());
        }
    };
    let mut verifier = Verifier::default();
    let mut after = Version(0);
    loop {
        let entries = store.history(Key::Item(id), after, AT_ONCE).await?;
        for (version, stored) in &entries {
            verifier.take(stored);
            after = *version;
            found.entries += 1;
        }
        if entries.len() < AT_ONCE {
            break;
        }
    }
    let broken = verifier.finish(&chain);
    found
        .problems
        .extend(broken.iter().map(|broken| format!("{id}: {broken}")));
    Ok(())
}

async fn chain_of(store: &Embedded, id: ItemId) -> Result<Option<Chain>, Fault> {
    if let Some(item) = load::one::<Item>(store, Key::Item(id)).await? {
        return Ok(item.document.chain());
    }
    let stone = load::one::<Tombstone>(store, Key::Tombstone(id)).await?;
    Ok(stone.map(|stone| stone.document.chain))
}
