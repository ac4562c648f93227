//! What the ids are called that a journal mentions: of people and contexts for whoever may read the journal, of items for whoever may see
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::actors::names;
use crate::actors::rights;
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::{AccountId, Context, ItemId};
use crate::domain::time::Time;
use crate::store::Fault;
use crate::wire;

/// Gives each entry of a history the names of whom it mentions.
pub async fn history(
    settings: &Settings,
    mut entries: Vec<wire::Event>,
) -> Result<Vec<wire::Event>, Fault> {
    let mentioned: Vec<BTreeSet<String>> = entries
        .iter()
        .map(|entry| mentions(&entry.what, &entry.person, &[]))
        .collect();
    let known = contexts(settings, &mentioned).await?;
    for (entry, mentioned) in entries.iter_mut().zip(&mentioned) {
        entry.names = chosen(&known, mentioned);
    }
    Ok(entries)
}

/// Gives each entry of the audit the names of what it mentions, as far as the asker may know.
pub async fn audit(
    settings: &Settings,
    asker: AccountId,
    entries: &mut [wire::AuditEntry],
    now: Time,
) -> Result<(), Trouble> {
    let mentioned: Vec<BTreeSet<String>> = entries
        .iter()
        .map(|entry| mentions(&entry.what, &entry.person, &entry.about))
        .collect();
    let mut known = contexts(settings, &mentioned).await?;
    let all: BTreeSet<&String> = mentioned.iter().flatten().collect();
    let items: Vec<ItemId> = all.iter().filter_map(|id| id.parse().ok()).collect();
    let permits = rights::permits(settings, asker, &items, now).await?;
    let seen = permits.into_iter().flatten();
    known.extend(seen.map(|permit| (permit.id().to_string(), permit.item().name.clone())));
    for (entry, mentioned) in entries.iter_mut().zip(&mentioned) {
        entry.names = chosen(&known, mentioned);
    }
    Ok(())
}

fn chosen(
    known: &BTreeMap<String, String>,
    mentioned: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let named = |id: &String| Some((id.clone(), known.get(id)?.clone()));
    mentioned.iter().filter_map(named).collect()
}

async fn contexts(
    settings: &Settings,
    mentioned: &[BTreeSet<String>],
) -> Result<BTreeMap<String, String>, Fault> {
    let all: BTreeSet<&String> = mentioned.iter().flatten().collect();
    let ids: Vec<Context> = all.iter().filter_map(|id| id.parse().ok()).collect();
    let people: Vec<AccountId> = ids
        .iter()
        .filter_map(|context| match context {
            Context::Personal(id) => Some(*id),
            Context::Workgroup(_) => None,
        })
        .collect();
    let workgroups: Vec<Context> = ids
        .into_iter()
        .filter(|context| matches!(context, Context::Workgroup(_)))
        .collect();
    let people = names::people(settings, people).await?;
    let workgroups = names::contexts(settings, workgroups).await?;
    let people = people.into_iter().map(|(id, name)| (id.to_string(), name));
    let workgroups = workgroups.into_iter();
    let workgroups = workgroups.map(|(id, name)| (id.to_string(), name));
    Ok(people.chain(workgroups).collect())
}

/// The texts that may be ids: who did it, what it is about, and the particulars.
fn mentions(what: &Value, person: &Option<String>, about: &[String]) -> BTreeSet<String> {
    let particulars = what
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.values());
    let texts = particulars.filter_map(Value::as_str).map(str::to_owned);
    texts
        .chain(person.clone())
        .chain(about.iter().cloned())
        .collect()
}
