//! What the actor of a context decides: it admits, releases and receives, each time over its own state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId};
use crate::domain::invitation::{self, KeepAccess, Offered, Source, Target};
use crate::domain::item::{Item, name_candidates, name_digest};
use crate::domain::key::{Counter, Key};
use crate::domain::policy::{Domain, Tier};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::{Grant, Level, Origin, Part, not_yours};
use crate::domain::workgroup::{Membership, Workgroup};
use crate::store::{Fault, Record, Store};

use super::custody;
use super::load::{self, Versioned};
use super::members;
use super::proposal::Proposal;
use super::sharing;
use super::world::{self, Call, Settings, Trouble};

/// What a transfer asks of a context.
#[derive(Debug, Clone)]
pub enum Question {
    /// Reserve these items for an offer.
    Offer {
        /// The new offer.
        transfer: InvitationId,
        /// Whose command it is.
        call: Call,
        /// The items as they were read.
        items: Vec<Versioned<Item>>,
        /// Who requests it; their membership is guarded.
        requester: AccountId,
        /// Whether they were a member when it was looked up what they may do.
        member: bool,
    },
    /// Take these items back from an offer that ends without changing the owner.
    End {
        /// The offer.
        transfer: InvitationId,
        /// Whose command it is.
        call: Call,
        /// Its items.
        items: Vec<ItemId>,
        /// How it ends, in one word.
        how: &'static str,
    },
    /// Say that these items may be shared.
    Share {
        /// The items as they were read.
        items: Vec<Versioned<Item>>,
        /// Who shares them; their membership is guarded.
        requester: AccountId,
        /// Whether they were a member when it was looked up what they may do.
        member: bool,
    },
    /// Give a context access to these items.
    Lend {
        /// Whose command it is.
        call: Call,
        /// The items.
        items: Vec<ItemId>,
        /// Who gets it.
        to: Context,
        /// The access.
        part: Part,
    },
    /// Take a person in, or make them the owner: of a workgroup.
    Admit {
        /// Whose command it is.
        call: Call,
        /// Whom, and as what.
        admission: members::Admission,
    },
    /// Let go of these items.
    Release {
        /// The offer.
        transfer: InvitationId,
        /// Whose command it is.
        call: Call,
        /// Its items.
        items: Vec<ItemId>,
        /// What this context keeps.
        keep: KeepAccess,
    },
    /// Take these items in.
    Receive {
        /// Who gives.
        source: Source,
        /// The items as they are now.
        items: Vec<Offered>,
        /// Who accepts.
        accepter: AccountId,
        /// Who requested the transfer.
        requester: AccountId,
    },
    /// Decide a command about access to an item.
    Sharing {
        /// Whose command it is.
        call: Call,
        /// Of which item.
        item: ItemId,
        /// The command.
        command: Arc<sharing::Command>,
    },
    /// Decide a command about this context's own data.
    Custody {
        /// Whose command it is.
        call: Call,
        /// The command.
        command: Arc<custody::Command>,
    },
}

/// What a context answers.
#[derive(Debug)]
pub enum Answered {
    /// To `Offer`, `Share`, `Lend` and `Admit`.
    Source(Source, Proposal),
    /// To `End`.
    Ended(Proposal),
    /// To `Release`: the items as they are now.
    Released(Source, Vec<Versioned<Item>>, Proposal),
    /// To `Receive`: the names that items get whose own is taken.
    Received(Target, BTreeMap<ItemId, String>, Proposal),
    /// To `Sharing`.
    Sharing(sharing::Done, Proposal),
    /// To `Custody`.
    Custody(custody::Done, Proposal),
}

/// The document of a context.
#[derive(Debug, Clone)]
pub enum Owner {
    /// A person's.
    Account(Versioned<Account>),
    /// A workgroup's.
    Workgroup(Versioned<Workgroup>),
}

impl Owner {
    /// Where it is kept.
    pub const fn key(context: Context) -> Key {
        match context {
            Context::Personal(id) => Key::Account(id),
            Context::Workgroup(id) => Key::Workgroup(id),
        }
    }
    /// Reads it.
    pub async fn load(store: &dyn Store, context: Context) -> Result<Option<Self>, Fault> {
        let records = store.load(&[Self::key(context)]).await?;
        Self::read(context, records.first().and_then(Option::as_ref))
    }
    /// Decodes it.
    pub fn read(context: Context, record: Option<&Record>) -> Result<Option<Self>, Fault> {
        Ok(match context {
            Context::Personal(_) => load::read(record)?.map(Self::Account),
            Context::Workgroup(_) => load::read::<Workgroup>(record)?
                .filter(|found| !found.document.state.is_closed())
                .map(Self::Workgroup),
        })
    }
    /// Which context it is.
    pub fn context(&self) -> Context {
        match self {
            Self::Account(a) => Context::Personal(a.document.id),
            Self::Workgroup(w) => Context::Workgroup(w.document.id),
        }
    }
    /// Key and version, to be guarded.
    pub fn guard(&self) -> (Key, crate::store::Version) {
        match self {
            Self::Account(a) => (Key::Account(a.document.id), a.version),
            Self::Workgroup(w) => (Key::Workgroup(w.document.id), w.version),
        }
    }
    /// Its name for people.
    pub fn name(&self) -> String {
        match self {
            Self::Account(a) => format!("{} (Personal)", a.document.name),
            Self::Workgroup(w) => w.document.name.clone(),
        }
    }
    /// Where it lives.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Account(a) => &a.document.domain,
            Self::Workgroup(w) => &w.document.domain,
        }
    }
    fn tier(&self) -> Tier {
        match self {
            Self::Account(a) => a.document.tier,
            Self::Workgroup(w) => w.document.tier,
        }
    }
    /// Its cap in bytes; `None`: no cap.
    pub fn quota(&self, settings: &Settings) -> Option<u64> {
        let own = match self {
            Self::Account(a) => a.document.quota,
            Self::Workgroup(w) => w.document.quota,
        };
        settings.policy.quota(own, self.tier())
    }
    /// Why nothing and nobody comes in; `None`: they may.
    pub fn shut(&self) -> Option<Refusal> {
        match self {
            Self::Workgroup(w) if !w.document.state.is_open() => {
                Some(members::closing(&w.document))
            }
            Self::Account(a) if a.document.closed_at.is_some() => Some(gone(&a.document)),
            Self::Account(a) if a.document.closing => Some(world::busy()),
            Self::Workgroup(_) | Self::Account(_) => None,
        }
    }
    /// Whether it is a collaborative workgroup.
    pub fn collaborative(&self) -> bool {
        matches!(self, Self::Workgroup(w) if w.document.collaborative)
    }
}

fn gone(account: &Account) -> Refusal {
    Refusal::new(
        Code::RecipientUnknown,
        format!("{} has closed their account", account.name),
        "choose another context",
    )
    .about(Context::Personal(account.id))
}

/// What the actor of one context remembers: its document, as last read.
#[derive(Debug)]
pub struct Core {
    context: Context,
    known: Option<Owner>,
}

impl Core {
    /// Knows nothing yet.
    pub const fn new(context: Context) -> Self {
        Self {
            context,
            known: None,
        }
    }

    /// Which context it is.
    pub const fn context(&self) -> Context {
        self.context
    }

    /// Its cap in bytes, as last read; `None`: no cap.
    pub fn quota(&self, settings: &Settings) -> Option<u64> {
        self.known.as_ref()?.quota(settings)
    }

    /// Forgets what it knew: somebody else changed it.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Its document.
    pub async fn owner(&mut self, settings: &Settings) -> Result<Owner, Trouble> {
        if let Some(owner) = &self.known {
            return Ok(owner.clone());
        }
        let owner = Owner::load(&*settings.store, self.context).await?;
        self.known.clone_from(&owner);
        owner.ok_or_else(|| not_yours(self.context).into())
    }

    /// Answers a transfer. What is remembered may be old, because other nodes write too: a commit notices that, but a refusal would
    /// end the matter, so none is given from memory.
    pub async fn answer(
        &mut self,
        settings: &Settings,
        question: Question,
    ) -> Result<Answered, Trouble> {
        let from_memory = self.known.is_some();
        let answer = self.decide(settings, &question).await;
        if !from_memory || !refuses(&answer) {
            return answer;
        }
        self.forget();
        self.decide(settings, &question).await
    }

    async fn decide(
        &mut self,
        settings: &Settings,
        question: &Question,
    ) -> Result<Answered, Trouble> {
        let owner = self.owner(settings).await?;
        let ends = matches!(question, Question::End { .. } | Question::Release { .. });
        if let Some(no) = owner.shut().filter(|_| !ends) {
            return Err(no.into());
        }
        match question {
            Question::Custody { call, command } => {
                let (done, mut proposal) = custody::decide(self, settings, call, command).await?;
                // An account may be closed, or a workgroup, between this look and the commit.
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Custody(done, proposal))
            }
            Question::Sharing {
                call,
                item,
                command,
            } => {
                let source = self.source(&owner, settings).await?;
                let (done, mut proposal) =
                    sharing::decide(&source, settings, call, *item, command).await?;
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Sharing(done, proposal))
            }
            Question::Offer {
                transfer,
                call,
                items,
                requester,
                member,
            } => {
                let source = self.source(&owner, settings).await?;
                let who = (*requester, *member);
                let mut proposal = self
                    .reserve(&source, settings, *transfer, call, items, who)
                    .await?;
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Source(source, proposal))
            }
            Question::Share {
                items,
                requester,
                member,
            } => {
                let source = self.source(&owner, settings).await?;
                let mut proposal = self.still(settings, *requester, *member).await?;
                for item in items {
                    proposal.guard(Key::Item(item.document.id), item.version);
                }
                proposal.findings.absorb(invitation::sends(&source, 0));
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Source(source, proposal))
            }
            Question::Lend {
                call,
                items,
                to,
                part,
            } => {
                let source = self.source(&owner, settings).await?;
                let mut proposal = sharing::lend(self, settings, call, items, *to, part).await?;
                // The walls round it are looked at by whoever receives, and must stand where they stood.
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Source(source, proposal))
            }
            Question::Admit { call, admission } => {
                let source = self.source(&owner, settings).await?;
                let proposal = members::admit(&owner, settings, call, admission).await?;
                Ok(Answered::Source(source, proposal))
            }
            Question::End {
                transfer,
                call,
                items,
                how,
            } => {
                let proposal = self
                    .take_back(settings, *transfer, call, items, how)
                    .await?;
                Ok(Answered::Ended(proposal))
            }
            Question::Release {
                transfer,
                call,
                items,
                keep,
            } => {
                let source = self.source(&owner, settings).await?;
                let (items, mut proposal) = self
                    .release(settings, *transfer, call, items, *keep)
                    .await?;
                Self::stays(&owner, &mut proposal);
                Ok(Answered::Released(source, items, proposal))
            }
            Question::Receive {
                source,
                items,
                accepter,
                requester,
            } => {
                self.receive(&owner, settings, source, items, *accepter, *requester)
                    .await
            }
        }
    }

    /// What this context is (its domain, tier and quota) must still be so at the commit: another node may know better.
    fn stays(owner: &Owner, proposal: &mut Proposal) {
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }

    async fn usage(&self, settings: &Settings) -> Result<u64, Fault> {
        let counters = [Counter::Usage(self.context)];
        let usage = settings.store.counters(&counters).await?;
        Ok(u64::try_from(usage.first().copied().unwrap_or(0)).unwrap_or(0))
    }

    async fn source(&self, owner: &Owner, settings: &Settings) -> Result<Source, Fault> {
        Ok(Source {
            context: self.context,
            name: owner.name(),
            tier: owner.tier(),
            domain: owner.domain().clone(),
            quota: owner.quota(settings),
            usage: self.usage(settings).await?,
        })
    }

    /// Whoever was a member, or was none, when it was looked up what they may do must still be so at the commit.
    async fn still(
        &self,
        settings: &Settings,
        requester: AccountId,
        member: bool,
    ) -> Result<Proposal, Fault> {
        let mut proposal = Proposal::default();
        if let Context::Workgroup(workgroup) = self.context {
            let key = Key::Membership(workgroup, requester);
            let membership = load::one::<Membership>(&*settings.store, key).await?;
            if membership.is_some() != member {
                // They joined or left since; what they may do is looked up again.
                return Err(Fault::retry("a membership changed while it was read"));
            }
            proposal.guard(key, load::version_of(membership.as_ref()));
        }
        Ok(proposal)
    }

    async fn reserve(
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

    async fn take_back(
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

    async fn release(
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

    async fn receive(
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
        let renamed = free_names(&*settings.store, self.context, items).await?;
        Ok(Answered::Received(target, renamed, proposal))
    }
}

fn refuses(answer: &Result<Answered, Trouble>) -> bool {
    match answer {
        Ok(
            Answered::Source(_, proposal)
            | Answered::Ended(proposal)
            | Answered::Released(_, _, proposal)
            | Answered::Received(_, _, proposal)
            | Answered::Sharing(_, proposal)
            | Answered::Custody(_, proposal),
        ) => !proposal.findings.blocks.is_empty(),
        Err(Trouble::Refused(_)) => true,
        Err(Trouble::Fault(_)) => false,
    }
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
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
        .map(|(i, _)| (i.item.kind(), name_digest(&i.name)))
        .collect();
    for (item, _) in items.iter().zip(&taken).filter(|(_, t)| t.is_some()) {
        let kind = item.item.kind();
        let mut candidates = name_candidates(&item.name).skip(1).peekable();
        while candidates.peek().is_some() {
            let some: Vec<String> = candidates.by_ref().take(NAMES_AT_ONCE).collect();
            let entries: Vec<_> = some.iter().map(|n| entry(item.item, n)).collect();
            let taken = store.find(&entries).await?;
            let free = some.into_iter().zip(taken).find(|(name, taken)| {
                taken.is_none() && !given.contains(&(kind, name_digest(name)))
            });
            if let Some((name, _)) = free {
                given.insert((kind, name_digest(&name)));
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
