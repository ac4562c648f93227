//! What an owner lets others do with its items: access that invitations and links give, and what is changed or taken back later.

use crate::domain::event::{Event, What};
use crate::domain::id::{Context, ItemId};
use crate::domain::invitation;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::{Grant, Part};

use super::context::Core;
use super::load;
use super::proposal::Proposal;
use super::world::{Call, Settings, Trouble};

/// Gives a context access to items of this one.
pub async fn lend(
    core: &Core,
    settings: &Settings,
    call: &Call,
    items: &[ItemId],
    to: Context,
    part: &Part,
) -> Result<Proposal, Trouble> {
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    let keys: Vec<Key> = items.iter().map(|id| Key::Item(*id)).collect();
    let found = load::all::<Item>(store, &keys).await?;
    let keys: Vec<Key> = items.iter().map(|id| Key::Grant(*id, to)).collect();
    let grants = load::all::<Grant>(store, &keys).await?;
    for ((id, item), old) in items.iter().zip(found).zip(grants) {
        let Some(item) = item.filter(|item| item.document.owner == core.context()) else {
            proposal.findings.block(gone(*id));
            continue;
        };
        let finds = invitation::sharable(&item.document, part.level);
        proposal.findings.absorb(finds);
        let before = old.as_ref().map(|old| old.document.clone());
        let before = before.unwrap_or_else(|| Grant::none(*id, to));
        let next = before.clone().with(part.clone());
        if next == before {
            continue;
        }
        let what = What::AccessGranted {
            to,
            level: part.level,
            origin: part.origin,
            until: part.until,
        };
        let event = Event {
            at: call.at,
            by: call.by,
            what,
        };
        // It stands in the item's journal; and whoever owns it at the commit is who gave it.
        proposal.replace(&item, &item.document, Some(&event));
        match &old {
            Some(old) => proposal.replace(old, &next, None),
            None => proposal.create(&next, None),
        }
    }
    Ok(proposal)
}

/// That an item is not the sharer's any more.
fn gone(id: ItemId) -> Refusal {
    let kind = id.kind().word();
    Refusal::new(
        Code::ItemForbidden,
        format!("{kind} {id} has changed hands since it was shared"),
        "ask its new owner",
    )
    .about(id)
}
