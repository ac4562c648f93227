//! Moving everything of a person or workgroup to another context: proposed by one administrator, approved by another, then done in
//! steps. After each step every item has one owner, who pays for it; a move that is interrupted goes on where it stopped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::{By, Event, What};
use crate::domain::id::{Context, InvitationId, ItemId, ItemKind, MoveId};
use crate::domain::index::{self, Entry, Phase};
use crate::domain::invitation::{Offered, kept_text, text_problem};
use crate::domain::item::Item;
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{News, Subject};
use crate::domain::moving::{self, Administrator, Move, Place, State};
use crate::domain::policy::Domain;
use crate::domain::refusal::{Code, Findings, Refusal, size};
use crate::domain::rights::Grant;
use crate::store::{Direction, Fault, MAX_PAGE, Version};

use super::context::{Owner, free_names};
use super::invitation;
use super::load::{self, Versioned};
use super::news;
use super::people;
use super::proposal::Proposal;
use super::queries;
use super::world::{self, Call, Committed, Settings, TRIES, Trouble, World};

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

fn kept(id: MoveId) -> Vec<u8> {
    serde_json::to_vec(&Kept { id }).unwrap_or_default()
}

async fn repeated(settings: &Settings, kept: &[u8]) -> Result<Move, Trouble> {
    let kept: Kept = serde_json::from_slice(kept)
        .map_err(|_| world::reused("this Idempotency-Key was used for another request"))?;
    Ok(read(settings, kept.id).await?.document)
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
        "only administrators of the site, or of the domain the data lies in, may do this",
        "ask one of them",
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

// ---- proposing ----

/// Proposes a move. Nothing moves before a second administrator has approved it.
///
/// # Errors
/// The caller does not administer the data, something stands in the way, or the world failed.
pub async fn propose(world: &dyn World, call: &Call, new: &New) -> Result<Move, Trouble> {
    let settings = world.settings();
    if let Some(kept) = world::before(&settings, call).await? {
        return repeated(&settings, &kept).await;
    }
    for attempt in 1..=TRIES {
        let (proposed, proposal) = proposed(&world.settings(), call, new).await?;
        match world::commit(world, call, proposal, kept(proposed.id)).await? {
            Committed::Done => return Ok(proposed),
            Committed::Before(kept) => return repeated(&settings, &kept).await,
            Committed::Again(_) | Committed::Over { .. } => world.pause(attempt).await,
        }
    }
    Err(world::contended())
}

async fn proposed(
    settings: &Settings,
    call: &Call,
    new: &New,
) -> Result<(Move, Proposal), Trouble> {
    let store = &*settings.store;
    let caller = Caller::of(settings, call).await?;
    let mut proposal = Proposal::default();
    caller.guard(&mut proposal);
    // Who administers nothing learns nothing, not even what there is.
    let (from_context, from) = owner(settings, new.from, administrators_only).await?;
    if !caller.administers(settings, from.domain()) {
        return Err(administrators_only().into());
    }
    let (to_context, to) = owner(settings, new.to, no_such_target).await?;
    // Data stays where its administrators decide, so of other places they are told nothing at all.
    if !caller.administers(settings, to.domain()) {
        return Err(no_such_target().into());
    }
    for owner in [&from, &to] {
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }
    let mut findings = fits(settings, (from_context, &from), (to_context, &to)).await?;
    if let Some(problem) = text_problem("reason", new.reason.as_deref()) {
        findings.block(problem);
    }
    let waiting = store.find(&[Entry::MovingFrom(from_context)]).await?;
    if let Some(value) = waiting.into_iter().next().flatten() {
        let there: MoveId = people::id_in(&value)?;
        findings.block(
            Refusal::new(
                Code::ApprovalNeeded,
                format!("a move of \"{}\" is open already: {there}", from.name()),
                format!("approve {there}, or cancel it first"),
            )
            .about(there),
        );
    }
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    let proposed = Move {
        id: MoveId::from_bits(settings.ids.fresh(call.at)),
        from: from_context,
        from_name: from.name(),
        domain: from.domain().clone(),
        to: to_context,
        to_name: to.name(),
        reason: kept_text(new.reason.as_deref()),
        proposed: caller.signed(settings, call, from.domain())?,
        items: 0,
        bytes: 0,
        state: State::Proposed,
    };
    proposal.create(&proposed, Some(&event(call, What::Proposed)));
    let says = News::MoveProposed {
        from: proposed.from_name.clone(),
        into: proposed.to_name.clone(),
        by: caller.account.document.name.clone(),
        reason: proposed.reason.clone(),
    };
    let policy = &settings.policy;
    let mut approvers = policy.administrators(&proposed.domain).to_vec();
    approvers.extend_from_slice(&policy.administrators);
    let to = news::addressed(store, &approvers).await?;
    let about = (Subject::Move(proposed.id), &says);
    let but = &caller.account.document.addresses;
    news::tell(settings, call, about, to, but, &mut proposal);
    Ok((proposed, proposal))
}

async fn owner(
    settings: &Settings,
    context: Option<Context>,
    none: fn() -> Refusal,
) -> Result<(Context, Owner), Trouble> {
    let context = context.ok_or_else(none)?;
    let owner = Owner::load(&*settings.store, context).await?;
    Ok((context, owner.ok_or_else(none)?))
}

fn no_such_target() -> Refusal {
    Refusal::new(
        Code::RecipientUnknown,
        "there is no such context, in a domain that you administer, to move data to",
        "check the id, the address, or the handle as workgroup:HANDLE; data of a private domain moves to its workgroups",
    )
    .about("to")
}

/// Whether the data may lie in the other place, and has room there. Beyond the walls of a domain nobody is told what room there is.
async fn fits(
    settings: &Settings,
    (from_context, from): (Context, &Owner),
    (to_context, to): (Context, &Owner),
) -> Result<Findings, Fault> {
    let mut findings = Findings::default();
    let (source, target) = (place(from_context, from), place(to_context, to));
    findings.blocks.extend(moving::forbids(&source, &target));
    if !findings.blocks.is_empty() {
        return Ok(findings);
    }
    findings.blocks.extend(to.shut());
    let counters = [Counter::Usage(from_context), Counter::Usage(to_context)];
    let usage = settings.store.counters(&counters).await?;
    let amount = |n: usize| u64::try_from(usage.get(n).copied().unwrap_or(0)).unwrap_or(0);
    let (moves, there) = (amount(0), amount(1));
    if let Some(quota) = to.quota(settings)
        && there.saturating_add(moves) > quota
    {
        findings.block(no_room(
            to_context,
            &target.name,
            quota.saturating_sub(there),
            moves,
        ));
    }
    Ok(findings)
}

fn place(context: Context, owner: &Owner) -> Place {
    Place {
        context,
        name: owner.name(),
        domain: owner.domain().clone(),
        collaborative: owner.collaborative(),
    }
}

fn no_room(context: Context, name: &str, free: u64, wanted: u64) -> Refusal {
    Refusal::new(
        Code::TargetOverQuota,
        format!(
            "\"{name}\" has {} free and would need {}",
            size(free),
            size(wanted)
        ),
        "choose another context, free some space, or give it a larger quota",
    )
    .about(context)
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
    let settings = world.settings();
    if let Some(kept) = world::before(&settings, call).await? {
        return repeated(&settings, &kept).await;
    }
    for attempt in 1..=TRIES {
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
            return Ok(old.document);
        };
        proposal.replace(&old, &next, Some(&event(call, what)));
        match world::commit(world, call, proposal, kept(id)).await? {
            Committed::Done => return Ok(next),
            Committed::Before(kept) => return repeated(&settings, &kept).await,
            Committed::Again(_) | Committed::Over { .. } => world.pause(attempt).await,
        }
    }
    Err(world::contended())
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
    let mut to = news::addressed(store, std::slice::from_ref(&was.proposed.address)).await?;
    to.extend(news::answering(store, was.from).await?);
    to.extend(news::answering(store, was.to).await?);
    let about = (Subject::Move(was.id), &says);
    let but = &caller.account.document.addresses;
    news::tell(settings, call, about, to, but, proposal);
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
        format!("\"{}\" is closed, and nothing is left in it", was.from_name),
        "cancel the move",
    )
    .about(was.id)
}

// ---- moving ----

/// Moves what is left, step by step, until nothing is, or somebody cancels.
///
/// # Errors
/// The target has no room any more, or the world failed: what has moved stays, and approving again goes on.
pub async fn go_on(world: &dyn World, id: MoveId, call: &Call) -> Result<Move, Trouble> {
    let mut conflicts = 0;
    loop {
        let settings = world.settings();
        let old = read(&settings, id).await?;
        let State::Moving { approved } = &old.document.state else {
            return Ok(old.document);
        };
        let call = Call {
            command: None,
            by: By {
                person: Some(approved.account),
                channel: call.by.channel,
            },
            at: call.at,
        };
        let items = some_items(&settings, old.document.from).await?;
        let offers: BTreeSet<InvitationId> = items
            .iter()
            .filter_map(|item| item.document.pending)
            .collect();
        for offer in &offers {
            withdraw(world, &call, *offer).await?;
        }
        if !offers.is_empty() {
            conflicts += 1;
            if conflicts > TRIES {
                return Err(world::contended());
            }
            continue;
        }
        let proposal = step(&settings, &call, &old, &items).await?;
        match world::commit(world, &call, proposal, Vec::new()).await? {
            Committed::Done | Committed::Before(_) => conflicts = 0,
            Committed::Over { current, .. } => {
                return Err(filled_up(&settings, &old.document, &items, current)
                    .await?
                    .into());
            }
            Committed::Again(_) => {
                for context in [old.document.from, old.document.to] {
                    world.forget(context).await;
                }
                conflicts += 1;
                if conflicts > TRIES {
                    return Err(world::contended());
                }
                world.pause(conflicts).await;
            }
        }
    }
}

/// Goes on with every move that was approved and not finished: the daemon was stopped.
pub async fn resume(world: &dyn World, call: &Call) -> Result<(), Trouble> {
    let store = world.settings().store;
    let page = store
        .scan(
            index::moves(Phase::Open),
            None,
            Direction::Forward,
            MAX_PAGE,
        )
        .await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    for id in ids.map(MoveId::from_bits) {
        match go_on(world, id, call).await {
            Ok(_) => {}
            // The sentence may hold a name, which has no place in a log.
            Err(Trouble::Refused(why)) => {
                let codes: Vec<Code> = why.blocks.iter().map(|no| no.code).collect();
                tracing::warn!(%id, ?codes, "a move stopped; an administrator sees why by approving it again");
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Some of what a context owns, runs first.
async fn some_items(settings: &Settings, context: Context) -> Result<Vec<Versioned<Item>>, Fault> {
    let store = &*settings.store;
    let mut keys = Vec::new();
    for kind in [ItemKind::Run, ItemKind::Project] {
        let room = AT_ONCE.saturating_sub(keys.len());
        if room == 0 {
            break;
        }
        let prefix = index::owned(context, kind);
        let page = store.scan(prefix, None, Direction::Forward, room).await?;
        let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
        keys.extend(ids.map(|bits| Key::Item(ItemId::new(kind, bits))));
    }
    let found = load::all::<Item>(store, &keys).await?;
    // Another command may have moved one between the two reads.
    let here = |item: &Versioned<Item>| item.document.owner == context;
    Ok(found.into_iter().flatten().filter(here).collect())
}

/// Takes an offer back: what it offers is about to have another owner.
async fn withdraw(world: &dyn World, call: &Call, offer: InvitationId) -> Result<(), Trouble> {
    let mut core = invitation::Core::new(offer);
    match core
        .handle(world, call, &invitation::Command::Withdraw)
        .await
    {
        Ok(_) => Ok(()),
        // It ended meanwhile, or its time is over and its timer about to fire.
        Err(Trouble::Refused(_)) => {
            let woken = core.handle(world, call, &invitation::Command::Wake).await;
            invitation::woken(woken).map_err(Trouble::from)
        }
        Err(fault) => Err(fault),
    }
}

/// The commit of one step: these items have another owner, or, where there are none, the move is done.
async fn step(
    settings: &Settings,
    call: &Call,
    old: &Versioned<Move>,
    items: &[Versioned<Item>],
) -> Result<Proposal, Trouble> {
    let store = &*settings.store;
    let was = &old.document;
    let mut proposal = Proposal::default();
    let mut next = was.clone();
    let State::Moving { approved } = &was.state else {
        return Err(Fault::never("a move that does not go on has no steps").into());
    };
    if items.is_empty() {
        next.state = State::Done {
            approved: approved.clone(),
            at: call.at,
        };
        proposal.replace(old, &next, Some(&event(call, What::Finished)));
        return Ok(proposal);
    }
    let from = Owner::load(store, was.from).await?;
    let from = from.ok_or_else(|| nothing_left(was))?;
    let to = open_way(settings, was, &from, &mut proposal).await?;
    if let Some(quota) = to.quota(settings) {
        let limit = i64::try_from(quota).unwrap_or(i64::MAX);
        proposal.limit(Counter::Usage(was.to), limit);
    }
    let offered: Vec<Offered> = items
        .iter()
        .map(|item| as_offered(&item.document))
        .collect();
    let renamed = free_names(store, was.to, &offered).await?;
    for item in items {
        let mut moved = item.document.clone();
        moved.owner = was.to;
        if let Some(name) = renamed.get(&moved.id) {
            moved.name.clone_from(name);
        }
        let what = What::Moved {
            of: was.id,
            from: was.from,
            to: was.to,
            name: moved.name.clone(),
            proposed_by: was.proposed.account,
            approved_by: approved.account,
        };
        proposal.replace(item, &moved, Some(&event(call, what)));
        next.items = next.items.saturating_add(1);
        next.bytes = next.bytes.saturating_add(moved.bytes);
    }
    // An old grant of the new owner, or of the old one, would come to life when the item is given away later.
    for context in [was.from, was.to] {
        let keys: Vec<Key> = items
            .iter()
            .map(|item| Key::Grant(item.document.id, context))
            .collect();
        for grant in load::all::<Grant>(store, &keys).await?.iter().flatten() {
            proposal.delete(grant);
        }
    }
    let stepped = What::Stepped { items: next.items };
    proposal.replace(old, &next, Some(&event(call, stepped)));
    Ok(proposal)
}

fn as_offered(item: &Item) -> Offered {
    Offered {
        item: item.id,
        name: item.name.clone(),
        bytes: item.bytes,
        files: item.files,
    }
}

async fn filled_up(
    settings: &Settings,
    stopped: &Move,
    items: &[Versioned<Item>],
    current: i64,
) -> Result<Refusal, Fault> {
    let to = Owner::load(&*settings.store, stopped.to).await?;
    let quota = to.and_then(|to| to.quota(settings)).unwrap_or(u64::MAX);
    let free = quota.saturating_sub(u64::try_from(current).unwrap_or(0));
    let sum = |total: u64, item: &Versioned<Item>| total.saturating_add(item.document.bytes);
    let wanted = items.iter().fold(0, sum);
    Ok(no_room(stopped.to, &stopped.to_name, free, wanted))
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
