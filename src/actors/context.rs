//! What the actor of a context decides: it admits, releases and receives, each time over its own state.

mod exchange;
mod owner;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId};
use crate::domain::invitation::{self, KeepAccess, Offered, Source, Target};
use crate::domain::item::Item;
use crate::domain::key::{Counter, Key};
use crate::domain::rights::{Part, not_yours};
use crate::domain::workgroup::Membership;
use crate::store::Fault;

use super::custody;
use super::load::{self, Versioned};
use super::members;
use super::proposal::Proposal;
use super::rights;
use super::sharing;
use super::world::{Call, Settings, Trouble};

pub use exchange::free_names;
pub use owner::Owner;

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

impl Question {
    /// Who asks, where they may have named any context, by its id alone. Otherwise an offer or an item of theirs has led here.
    const fn names_it(&self) -> Option<AccountId> {
        match self {
            Self::Custody { call, .. } | Self::Sharing { call, .. } => call.by.person,
            Self::Receive { accepter, .. } => Some(*accepter),
            Self::Offer { .. }
            | Self::End { .. }
            | Self::Share { .. }
            | Self::Lend { .. }
            | Self::Admit { .. }
            | Self::Release { .. } => None,
        }
    }
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
            if let Some(person) = question.names_it() {
                // What it is called, and that it is closed, is no business of somebody outside.
                rights::acting(settings, person, self.context).await?;
            }
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
                proposal.findings.absorb(invitation::lends(&source));
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
