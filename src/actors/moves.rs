//! Moving everything of a person or workgroup to another context: proposed by one administrator, approved by another, then done in
//! steps. After each step every item has one owner, who pays for it; a move that is interrupted goes on where it stopped.

mod preview;
mod proposing;
mod steps;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::{Event, What};
use crate::domain::id::{Context, MoveId};
use crate::domain::index::{self, Phase};
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{News, Subject};
use crate::domain::moving::{Administrator, Move};
use crate::domain::policy::Domain;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::store::{Direction, Fault, MAX_PAGE, Version};

use super::context::Owner;
use super::load::{self, Versioned};
use super::news;
use super::once::{self, Answer, once};
use super::people;
use super::proposal::Proposal;
use super::queries;
use super::world::{Call, Settings, Trouble, World};

use proposing::{fits, no_such_target, owner};

pub use preview::{Preview, preview, still_to_move};
pub use proposing::propose;
pub use steps::{go_on, resume};

/// So many items move in one commit.
pub const AT_ONCE: usize = 250;

/// What an administrator proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Whose data; `None`: somebody was named whom nobody knows.
    pub from: Option<Context>,
    /// To where; the same.
    pub to: Option<Context>,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// What is kept with the command id.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "move")]
    id: MoveId,
}

impl Answer for Move {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(&Kept { id: self.id }).unwrap_or_default()
    }

    async fn again(settings: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        let kept: Kept = once::read(kept)?;
        Ok(read(settings, kept.id).await?.document)
    }
}

async fn read(settings: &Settings, id: MoveId) -> Result<Versioned<Move>, Trouble> {
    let found = load::one::<Move>(&*settings.store, Key::Move(id)).await?;
    found.ok_or_else(|| Move::not_found(id).into())
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

// ---- who ----

/// An administrator who calls, with what a commit must guard that rests on it.
struct Caller {
    account: Versioned<Account>,
}

impl Caller {
    async fn of(settings: &Settings, call: &Call) -> Result<Self, Trouble> {
        let id = people::person_of(call)?;
        let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
        let account = found.ok_or_else(people::no_account)?;
        Ok(Self { account })
    }

    fn administers(&self, settings: &Settings, domain: &Domain) -> bool {
        self.address(settings, domain).is_some()
    }

    /// By which address they administer it.
    fn address(&self, settings: &Settings, domain: &Domain) -> Option<&Address> {
        let addresses = &self.account.document.addresses;
        settings.policy.decides(addresses, domain)
    }

    fn signed(
        &self,
        settings: &Settings,
        call: &Call,
        domain: &Domain,
    ) -> Result<Administrator, Refusal> {
        let address = self.address(settings, domain);
        Ok(Administrator {
            account: self.account.document.id,
            address: address.cloned().ok_or_else(administrators_only)?,
            at: call.at,
        })
    }

    fn guard(&self, proposal: &mut Proposal) {
        let key = Key::Account(self.account.document.id);
        proposal.guard(key, self.account.version);
    }
}

fn administrators_only() -> Refusal {
    Refusal::new(
        Code::AdministratorsOnly,
        said!("only administrators of the site, or of the domain the data lies in, may do this"),
        said!("ask one of them"),
    )
}

/// A move that the caller may decide about.
async fn decidable(
    settings: &Settings,
    caller: &Caller,
    id: MoveId,
) -> Result<Versioned<Move>, Trouble> {
    let found = read(settings, id).await?;
    if caller.administers(settings, &found.document.domain) {
        Ok(found)
    } else {
        Err(Move::not_found(id).into())
    }
}

// ---- deciding ----

/// What an administrator decides about a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It shall be done. A move that stopped goes on.
    Approve,
    /// It shall end; what has moved stays where it is.
    Cancel,
}

/// Decides about a move. Approval alone moves nothing: [`go_on`] does.
///
/// # Errors
/// There is none that the caller can see, it was their own proposal, it is too late, something stands in the way by now, or the world
/// failed.
pub async fn decide(
    world: &dyn World,
    call: &Call,
    id: MoveId,
    decision: Decision,
) -> Result<Move, Trouble> {
    once(world, call, || Box::pin(decided(world, call, id, decision))).await
}

async fn decided(
    world: &dyn World,
    call: &Call,
    id: MoveId,
    decision: Decision,
) -> Result<once::Decision<Move>, Trouble> {
    let settings = world.settings();
    let caller = Caller::of(&settings, call).await?;
    let old = decidable(&settings, &caller, id).await?;
    let mut proposal = Proposal::default();
    caller.guard(&mut proposal);
    let was = &old.document;
    let (next, what) = match decision {
        Decision::Approve => (
            approved(&settings, call, &caller, was, &mut proposal).await?,
            What::Approved,
        ),
        Decision::Cancel => {
            let by = caller.signed(&settings, call, &was.domain)?;
            (was.cancelled(by)?, What::Cancelled)
        }
    };
    let Some(next) = next else {
        return Ok(once::Decision::done(old.document, proposal));
    };
    proposal.replace(&old, &next, Some(&event(call, what)));
    Ok(once::Decision::done(next, proposal))
}

/// The move as it goes on from here, if this changes it. The rules are asked again: what gives and what receives may have changed
/// since the proposal.
async fn approved(
    settings: &Settings,
    call: &Call,
    caller: &Caller,
    was: &Move,
    proposal: &mut Proposal,
) -> Result<Option<Move>, Trouble> {
    let from = Owner::load(&*settings.store, was.from).await?;
    let domain = from.as_ref().map_or(&was.domain, Owner::domain);
    let by = caller.signed(settings, call, domain)?;
    let Some(next) = was.approved(by, &caller.account.document.addresses)? else {
        return Ok(None);
    };
    if let Some(no) = was.deserted(&settings.policy, domain) {
        return Err(no.into());
    }
    let from = from.ok_or_else(|| nothing_left(was))?;
    open_way(settings, was, &from, proposal).await?;
    let store = &*settings.store;
    let proposer = load::one::<Account>(store, Key::Account(was.proposed.account)).await?;
    let says = News::MoveApproved {
        from: was.from_name.clone(),
        into: was.to_name.clone(),
        by: caller.account.document.name.clone(),
        proposer: proposer.map(|p| p.document.name).unwrap_or_default(),
    };
    // Whoever proposed it, who gives and who gets: all whom it concerns.
    let mut to = news::addressed(settings, std::slice::from_ref(&was.proposed.address)).await?;
    to.extend(news::answering(store, was.from).await?);
    to.extend(news::answering(store, was.to).await?);
    let about = (Subject::Move(was.id), &says);
    let but = &caller.account.document.addresses;
    news::tell(settings, call, about, to, but, proposal).await?;
    Ok(Some(next))
}

/// The receiving context of a move, once it is certain that the data may lie there; a commit that rests on this guards both.
async fn open_way(
    settings: &Settings,
    was: &Move,
    from: &Owner,
    proposal: &mut Proposal,
) -> Result<Owner, Trouble> {
    let (_, to) = owner(settings, Some(was.to), no_such_target).await?;
    let findings = fits(settings, (was.from, from), (was.to, &to)).await?;
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    for owner in [from, &to] {
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }
    Ok(to)
}

fn nothing_left(was: &Move) -> Refusal {
    Refusal::new(
        Code::MoveEnded,
        said!(
            "\"{name}\" is closed, and nothing is left in it",
            name = was.from_name
        ),
        said!("cancel the move"),
    )
    .about(was.id)
}

// ---- looking ----

/// A move and its journal, for an administrator who may decide about it; anybody else is told that there is none.
pub async fn show(
    settings: &Settings,
    call: &Call,
    id: MoveId,
) -> Result<(Move, Vec<(Version, Event)>), Trouble> {
    let caller = Caller::of(settings, call).await?;
    let found = decidable(settings, &caller, id).await?.document;
    let history = queries::journal(settings, Key::Move(id), MAX_PAGE).await?;
    Ok((found, history))
}

/// Whether the caller may decide about a move, and so look at it.
pub(in crate::actors) async fn sees(
    settings: &Settings,
    call: &Call,
    id: MoveId,
) -> Result<bool, Trouble> {
    let caller = Caller::of(settings, call).await?;
    match decidable(settings, &caller, id).await {
        Ok(_) => Ok(true),
        Err(Trouble::Refused(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// What is still to move, in bytes: all that the context holds which gives.
pub async fn left(settings: &Settings, of: &Move) -> Result<u64, Fault> {
    let usage = settings.store.counters(&[Counter::Usage(of.from)]).await?;
    Ok(u64::try_from(usage.first().copied().unwrap_or(0)).unwrap_or(0))
}

/// Moves of one phase that the caller may decide about, newest first. A page may hold fewer than `limit` and still go on.
pub async fn list(
    settings: &Settings,
    call: &Call,
    phase: Phase,
    after: Option<MoveId>,
    limit: usize,
) -> Result<(Vec<Move>, Option<MoveId>), Trouble> {
    let store = &*settings.store;
    let caller = Caller::of(settings, call).await?;
    let addresses = &caller.account.document.addresses;
    let domains = settings.policy.domains.keys();
    let administers = |name: &String| settings.policy.administers(addresses, &Domain::named(name));
    if !settings.policy.administers_site(addresses) && !{ domains }.any(administers) {
        return Err(administrators_only().into());
    }
    let prefix = index::moves(phase);
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let ids: Vec<MoveId> = ids.map(MoveId::from_bits).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Move(*id)).collect();
    let found = load::all::<Move>(store, &keys).await?;
    let found = found.into_iter().flatten().map(|found| found.document);
    let seen = found.filter(|found| caller.administers(settings, &found.domain));
    let next = ids.last().copied().filter(|_| page.more);
    Ok((seen.collect(), next))
}

/// What an administrator calls a context: an id, an address, or `workgroup:HANDLE`.
pub async fn named(settings: &Settings, text: &str) -> Result<Option<Context>, Fault> {
    let store = &*settings.store;
    if let Ok(context) = text.parse::<Context>() {
        return Ok(Some(context));
    }
    if let Some(handle) = text.strip_prefix("workgroup:") {
        let Ok(handle) = handle.trim().parse() else {
            return Ok(None);
        };
        let found = people::workgroup(store, &handle).await?;
        return Ok(found.map(|found| Context::Workgroup(found.document.id)));
    }
    let Ok(address) = text.parse() else {
        return Ok(None);
    };
    let holder = people::holder(store, &address).await?;
    Ok(holder.map(|holder| Context::Personal(holder.document.id)))
}
