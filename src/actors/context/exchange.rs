//! What a context proposes in a transfer: it reserves its items, takes them back, lets go of them, or takes others in.

use std::collections::{BTreeMap, BTreeSet};

use crate::actors::load::{self, Versioned};
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::event::What;
use crate::domain::id::{AccountId, Context, InvitationId, ItemId};
use crate::domain::invitation::{self, KeepAccess, Offered, Source, Target};
use crate::domain::item::{Item, name_candidates};
use crate::domain::key::{Counter, Key};
use crate::domain::rights::{Grant, Level, Origin, Part};
use crate::domain::shelf::Spelled;
use crate::domain::workgroup::Membership;
use crate::store::{Fault, Store};

use super::{Answered, Core, Owner, event};

impl Core {
    pub(super) async fn reserve(
        &self,
        source: &Source,
        settings: &Settings,
        transfer: InvitationId,
        call: &Call,
        items: &[Versioned<Item>],
        (requester, member): (AccountId, bool),
    ) -> Result<Proposal, Fault> {
        let mut proposal = self.still(settings, requester, member).await?;
        let mut bytes = 0_u64;
        for item in items {
            bytes = bytes.saturating_add(item.document.bytes);
            let mut next = item.document.clone();
            next.pending = Some(transfer);
            let event = event(call, What::Offered { transfer });
            proposal.replace(item, &next, Some(&event));
        }
        proposal.findings.absorb(invitation::sends(source, bytes));
        Ok(proposal)
    }

    /// The items of an offer, which this context owns and has reserved for it; anything else is a broken assertion.
    async fn reserved(
        &self,
        settings: &Settings,
        transfer: InvitationId,
        items: &[ItemId],
    ) -> Result<Vec<Versioned<Item>>, Fault> {
        let keys: Vec<Key> = items.iter().map(|id| Key::Item(*id)).collect();
        let found = load::all::<Item>(&*settings.store, &keys).await?;
        let ours = |item: &Versioned<Item>| {
            item.document.owner == self.context && item.document.pending == Some(transfer)
        };
        let items: Option<Vec<_>> = found.into_iter().map(|item| item.filter(ours)).collect();
        // Another command may have ended the offer between two reads; the versions of the commit would tell, and so does a retry.
        items.ok_or_else(|| {
            Fault::retry(format!(
                "the items of {transfer} changed while they were read"
            ))
        })
    }

    pub(super) async fn take_back(
        &self,
        settings: &Settings,
        transfer: InvitationId,
        call: &Call,
        items: &[ItemId],
        how: &str,
    ) -> Result<Proposal, Fault> {
        let mut proposal = Proposal::default();
        for item in self.reserved(settings, transfer, items).await? {
            let mut next = item.document.clone();
            next.pending = None;
            let how = how.to_owned();
            let event = event(call, What::OfferEnded { transfer, how });
            proposal.replace(&item, &next, Some(&event));
        }
        Ok(proposal)
    }

    pub(super) async fn release(
        &self,
        settings: &Settings,
        transfer: InvitationId,
        call: &Call,
        items: &[ItemId],
        keep: KeepAccess,
    ) -> Result<(Vec<Versioned<Item>>, Proposal), Fault> {
        let mut proposal = Proposal::default();
        let items = self.reserved(settings, transfer, items).await?;
        let documents: Vec<&Item> = items.iter().map(|item| &item.document).collect();
        let guards = invitation::released_items(&documents, &settings.policy);
        proposal.findings.absorb(guards);
        let key = |item: &Versioned<Item>| Key::Grant(item.document.id, self.context);
        let keys: Vec<Key> = items.iter().map(key).collect();
        let accepted_by = call.by.person.unwrap_or(AccountId::from_bits(0));
        // An old grant of an owner would otherwise come to life again when the item is given away.
        let old = load::all::<Grant>(&*settings.store, &keys).await?;
        for (item, old) in items.iter().zip(old) {
            let new = match keep {
                KeepAccess::None => None,
                KeepAccess::Read { until } => {
                    let part = Part {
                        level: Level::Read,
                        origin: Origin::Kept(transfer),
                        accepted_by,
                        since: call.at,
                        until,
                    };
                    Some(Grant::none(item.document.id, self.context).with(part))
                }
            };
            let granted = event(call, What::Granted { transfer });
            match (&old, &new) {
                (Some(old), Some(new)) => proposal.replace(old, new, Some(&granted)),
                (None, Some(new)) => proposal.create(new, Some(&granted)),
                (Some(old), None) => proposal.delete(old),
                (None, None) => {}
            }
        }
        Ok((items, proposal))
    }

    pub(super) async fn receive(
        &self,
        owner: &Owner,
        settings: &Settings,
        source: &Source,
        items: &[Offered],
        accepter: AccountId,
        requester: AccountId,
    ) -> Result<Answered, Trouble> {
        let mut proposal = Proposal::default();
        Self::stays(owner, &mut proposal);
        let belongs = match self.context {
            Context::Personal(id) => (id == accepter, id == requester),
            Context::Workgroup(id) => {
                let keys = [
                    Key::Membership(id, accepter),
                    Key::Membership(id, requester),
                ];
                let found = load::all::<Membership>(&*settings.store, &keys).await?;
                let is_member: Vec<bool> = found.iter().map(Option::is_some).collect();
                // Two people or one: whose membership let the items in must still be a member at the commit.
                for (key, found) in keys.iter().zip(&found) {
                    proposal.guard(*key, load::version_of(found.as_ref()));
                }
                (
                    is_member.first().copied().unwrap_or(false),
                    is_member.get(1).copied().unwrap_or(false),
                )
            }
        };
        let target = Target {
            context: self.context,
            name: owner.name(),
            domain: owner.domain().clone(),
            collaborative: owner.collaborative(),
            quota: owner.quota(settings),
            usage: self.usage(settings).await?,
            accepter_belongs: belongs.0,
            requester_belongs: belongs.1,
        };
        proposal
            .findings
            .absorb(invitation::admits(source, &target, items));
        if let Some(quota) = target.quota {
            let limit = i64::try_from(quota).unwrap_or(i64::MAX);
            proposal.limit(Counter::Usage(self.context), limit);
        }
        // What the new owner was granted before ends: nobody works with what is theirs besides owning it.
        let key = |offered: &Offered| Key::Grant(offered.item, self.context);
        let keys: Vec<Key> = items.iter().map(key).collect();
        for old in load::all::<Grant>(&*settings.store, &keys)
            .await?
            .iter()
            .flatten()
        {
            proposal.delete(old);
        }
        let renamed = free_names(&*settings.store, self.context, items).await?;
        Ok(Answered::Received(target, renamed, proposal))
    }
}

/// How many names are looked up at once.
const NAMES_AT_ONCE: usize = 16;

/// New names for the items whose own is taken in the context, or by another item of the same bundle.
pub async fn free_names(
    store: &dyn Store,
    context: Context,
    items: &[Offered],
) -> Result<BTreeMap<ItemId, String>, Fault> {
    let entry = |id: ItemId, name: &str| Item::name_entry(context, id, name);
    let own: Vec<_> = items.iter().map(|i| entry(i.item, &i.name)).collect();
    let taken = store.find(&own).await?;
    let mut renamed = BTreeMap::new();
    let mut given: BTreeSet<_> = items
        .iter()
        .zip(&taken)
        .filter(|(_, taken)| taken.is_none())
        .map(|(i, _)| (i.item.kind(), Spelled::of(&i.name)))
        .collect();
    for (item, _) in items.iter().zip(&taken).filter(|(_, t)| t.is_some()) {
        let kind = item.item.kind();
        let mut candidates = name_candidates(&item.name).skip(1).peekable();
        while candidates.peek().is_some() {
            let some: Vec<String> = candidates.by_ref().take(NAMES_AT_ONCE).collect();
            let entries: Vec<_> = some.iter().map(|n| entry(item.item, n)).collect();
            let taken = store.find(&entries).await?;
            let free = some.into_iter().zip(taken).find(|(name, taken)| {
                taken.is_none() && !given.contains(&(kind, Spelled::of(name)))
            });
            if let Some((name, _)) = free {
                given.insert((kind, Spelled::of(&name)));
                renamed.insert(item.item, name);
                break;
            }
        }
        // Ten thousand of one name: the id tells them apart.
        renamed
            .entry(item.item)
            .or_insert_with(|| format!("{} {}", item.item, item.name));
    }
    Ok(renamed)
}
