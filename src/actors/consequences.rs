//! What an offer would leave behind: related items that do not move with it, and who else may look at what moves.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AccountId, Context, ItemId};
use crate::domain::invitation::Invitation;
use crate::domain::item::Item;
use crate::domain::rights::Level;
use crate::domain::time::Time;

use super::context::Owner;
use super::people;
use super::queries;
use super::world::{Settings, Trouble};

/// So many related items are looked at.
const MANY: usize = 1_000;

/// What does not move though it is related to what does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staying {
    /// Items the sender may see, with the names of their owners.
    pub items: Vec<(Item, String)>,
    /// How many others there are.
    pub unseen: usize,
}

/// The runs and projects that are related to those of an offer and not part of it.
pub async fn staying(
    settings: &Settings,
    person: AccountId,
    transfer: &Invitation,
    now: Time,
) -> Result<Staying, Trouble> {
    let moving: BTreeSet<ItemId> = transfer.items.iter().map(|item| item.item).collect();
    let mut related = BTreeSet::new();
    for id in &moving {
        if related.len() >= MANY {
            break;
        }
        related.extend(queries::related(settings, *id).await?);
    }
    let related: Vec<ItemId> = related.difference(&moving).take(MANY).copied().collect();
    let mut person = people::whole_person(&*settings.store, person).await?;
    let mut staying = Staying::default();
    let mut names = BTreeMap::new();
    for seen in people::see(settings, &mut person, &related, now).await? {
        match seen {
            Some((item, Some(_))) => {
                let name = name(settings, item.document.owner, &mut names).await?;
                staying.items.push((item.document, name));
            }
            Some((_, None)) => staying.unseen += 1,
            None => {}
        }
    }
    Ok(staying)
}

/// A context that was granted access to some of the items of an offer, and goes on having it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub level: Level,
    /// With how many of the items.
    pub items: usize,
}

/// Who was granted access to items of an offer, besides the context that gives.
pub async fn holders(
    settings: &Settings,
    transfer: &Invitation,
    now: Time,
) -> Result<Vec<Holder>, Trouble> {
    let mut found: BTreeMap<(Context, Level), usize> = BTreeMap::new();
    for item in &transfer.items {
        for grant in queries::grants(settings, item.item).await? {
            if let Some(level) = grant
                .level(now)
                .filter(|_| grant.grantee != transfer.source)
            {
                *found.entry((grant.grantee, level)).or_default() += 1;
            }
        }
    }
    let mut names = BTreeMap::new();
    let mut holders = Vec::with_capacity(found.len());
    for ((context, level), items) in found {
        let name = name(settings, context, &mut names).await?;
        holders.push(Holder { name, level, items });
    }
    Ok(holders)
}

async fn name(
    settings: &Settings,
    context: Context,
    known: &mut BTreeMap<Context, String>,
) -> Result<String, Trouble> {
    if let Some(name) = known.get(&context) {
        return Ok(name.clone());
    }
    let owner = Owner::load(&*settings.store, context).await?;
    let name = owner.map_or_else(|| context.to_string(), |owner| owner.name());
    known.insert(context, name.clone());
    Ok(name)
}
