//! Links through which items are shared: opened by anybody who is signed in, accepted into a context as far as the domain walls allow.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context, Digest, ItemId, LinkId};
use crate::domain::index::{self, Entry};
use crate::domain::invitation::{self, Source};
use crate::domain::item::{Item, State as ItemState};
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{News, Subject};
use crate::domain::link::{Link, State};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{Grant, Level, Origin, Part};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::store::{Direction, Fault};

use super::context::{Answered, Owner, Question};
use super::load::{self, Versioned};
use super::news;
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::queries::{self, Choice};
use super::rights::{self, Owning, Permit};
use super::sharing::caller;
use super::world::{Call, Settings, Trouble, World};

/// That there is no such link.
pub fn not_found() -> Refusal {
    Refusal::new(
        Code::LinkNotFound,
        said!("there is no such link"),
        said!("check that all of it was copied, or ask for a new one"),
    )
}

/// The link with this token.
async fn named(settings: &Settings, token: &str) -> Result<Versioned<Link>, Trouble> {
    let entry = Entry::LinkToken(Digest::of(token.as_bytes()));
    let found = settings.store.find(&[entry]).await?;
    let Some(Some(value)) = found.first() else {
        return Err(not_found().into());
    };
    let id: LinkId = people::id_in(value)?;
    let link = load::one::<Link>(&*settings.store, Key::Link(id)).await?;
    link.ok_or_else(|| not_found().into())
}

/// How often these links were accepted.
async fn uses(settings: &Settings, links: &[Link]) -> Result<Vec<u32>, Fault> {
    let counters: Vec<Counter> = links
        .iter()
        .map(|link| Counter::LinkUses(link.id))
        .collect();
    let found = settings.store.counters(&counters).await?;
    let number = |n: i64| u32::try_from(n).unwrap_or(0);
    Ok(found.into_iter().map(number).collect())
}

/// A link as the owner of its item sees it.
#[derive(Debug, Clone)]
pub struct Made {
    /// The link.
    pub link: Link,
    /// How often it was accepted.
    pub accepted: u32,
}

impl Made {
    /// How it stands at this moment.
    pub fn state(&self, now: Time) -> &'static str {
        match self.link.state {
            State::Deactivated { .. } => "deactivated",
            State::Active if self.link.expires_at.is_some_and(|end| end <= now) => "expired",
            State::Active if self.is_used_up() => "used-up",
            State::Active => "active",
        }
    }

    fn is_used_up(&self) -> bool {
        let most = self.link.max_acceptances;
        most.is_some_and(|most| self.accepted >= most)
    }

    /// Why it cannot be accepted at this moment, whoever asks.
    pub fn closed(&self, now: Time) -> Option<Refusal> {
        let used_up = || self.is_used_up().then(|| self.link.used_up());
        self.link.closed(now).or_else(used_up)
    }
}

/// The links of an item, newest first: for its owner's side.
pub async fn of(settings: &Settings, owning: Owning<'_>) -> Result<Vec<Made>, Fault> {
    let item = owning.permit().id();
    let store = &*settings.store;
    let page = store
        .scan(index::links_of(item), None, Direction::Backward, 1_000)
        .await?;
    let id = |key: &[u8]| index::last_id(key).map(LinkId::from_bits);
    let ids = page.rows.iter().filter_map(|(key, _)| id(key));
    let keys: Vec<Key> = ids.map(Key::Link).collect();
    let found = load::all::<Link>(store, &keys).await?;
    let links: Vec<Link> = found.into_iter().flatten().map(|l| l.document).collect();
    let uses = uses(settings, &links).await?;
    let made = |(link, accepted): (Link, u32)| Made { link, accepted };
    Ok(links.into_iter().zip(uses).map(made).collect())
}

/// One link of an item: for its owner's side.
pub async fn one(settings: &Settings, owning: Owning<'_>, id: LinkId) -> Result<Made, Trouble> {
    let made = made(settings, id).await?;
    if made.link.item == owning.permit().id() {
        Ok(made)
    } else {
        Err(not_found().into())
    }
}

async fn made(settings: &Settings, id: LinkId) -> Result<Made, Trouble> {
    let link = load::one::<Link>(&*settings.store, Key::Link(id)).await?;
    let link = link.ok_or_else(not_found)?.document;
    let accepted = uses(settings, std::slice::from_ref(&link)).await?;
    let accepted = accepted.first().copied().unwrap_or(0);
    Ok(Made { link, accepted })
}

/// Who made a link, as far as both are still there.
pub async fn maker(settings: &Settings, id: LinkId) -> Result<Option<Account>, Fault> {
    let store = &*settings.store;
    let Some(link) = load::one::<Link>(store, Key::Link(id)).await? else {
        return Ok(None);
    };
    let maker = load::one::<Account>(store, Key::Account(link.document.created_by)).await?;
    Ok(maker.map(|maker| maker.document))
}

/// The right to the item that a link is of, for somebody who may act for its owner; to anybody else there is no such link.
pub async fn item_of(
    settings: &Settings,
    person: AccountId,
    id: LinkId,
    now: Time,
) -> Result<Permit, Trouble> {
    let item = made(settings, id).await?.link.item;
    match super::sharing::owning(settings, person, item, now).await {
        Err(Trouble::Refused(_)) => Err(not_found().into()),
        other => other,
    }
}

/// What somebody sees who opens a link: what it gives, from whom, and where it can go.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The link.
    pub made: Made,
    /// What it shares.
    pub item: Item,
    /// The owner's name.
    pub owner_name: String,
    /// Who made the link.
    pub maker: Option<Account>,
    /// Everything in the way, wherever it would go.
    pub findings: Findings,
    /// The contexts it can be accepted into, with every reason why not.
    pub choices: Vec<Choice>,
    /// Those of their contexts that have what it gives.
    pub held: Vec<Context>,
}

/// Opens a link; nothing changes.
pub async fn open(
    settings: &Settings,
    person: AccountId,
    token: &str,
    now: Time,
) -> Result<Opened, Trouble> {
    let store = &*settings.store;
    let link = named(settings, token).await?.document;
    let made = made(settings, link.id).await?;
    let item = load::one::<Item>(store, Key::Item(link.item)).await?;
    let item = item.ok_or_else(not_found)?.document;
    let owner = Owner::load(store, item.owner).await?;
    let owner = owner.ok_or_else(not_found)?;
    let source = Source {
        context: item.owner,
        name: owner.name(),
        tier: crate::domain::policy::Tier::Professional,
        domain: owner.domain().clone(),
        quota: None,
        usage: 0,
    };
    let choices = queries::contexts_for(settings, &source, &[], person, link.created_by).await?;
    // Only its owner's side can take it out of the trash.
    let owns = choices
        .iter()
        .any(|choice| choice.own.context == item.owner);
    let mut findings = match trashed(&item).filter(|_| !owns) {
        Some(why) => Findings::from(vec![why]),
        None => invitation::sharable(&item, link.level),
    };
    if let Some(why) = made.closed(now) {
        findings.block(why);
    }
    let mut held = Vec::new();
    for choice in &choices {
        let context = choice.own.context;
        let grant = load::one::<Grant>(store, Key::Grant(item.id, context)).await?;
        let part = part(&link, person, now);
        if grant.is_some_and(|grant| covers(&grant.document, &part, now)) {
            held.push(context);
        }
    }
    let shut = || {
        made.closed(now)
            .or_else(|| trashed(&item).filter(|_| !owns))
    };
    if held.is_empty()
        && let Some(why) = behind_walls(&choices).or_else(shut)
    {
        return Err(why.into());
    }
    let maker = load::one::<Account>(store, Key::Account(link.created_by)).await?;
    Ok(Opened {
        made,
        item,
        owner_name: source.name,
        maker: maker.map(|maker| maker.document),
        findings: findings.sorted(),
        choices,
        held,
    })
}

/// That what it shares is in the trash, without saying what that is.
fn trashed(item: &Item) -> Option<Refusal> {
    (item.state == ItemState::Trashed).then(|| {
        Refusal::new(
            Code::LinkClosed,
            said!("what this link shares is in the trash of its owner"),
            said!("ask whoever gave it to you"),
        )
    })
}

/// Why none of these contexts may have it, where the walls of its domain stand before all of them. Then not even what it is is told.
fn behind_walls(choices: &[Choice]) -> Option<Refusal> {
    let wall = |refusal: &&Refusal| {
        matches!(
            refusal.code,
            Code::DomainNoWayOut | Code::DomainNotCollaborative
        )
    };
    let walls = choices
        .iter()
        .map(|choice| choice.findings.blocks.iter().find(wall));
    let walls: Option<Vec<&Refusal>> = walls.collect();
    walls?.first().map(|first| (*first).clone())
}

fn part(link: &Link, accepter: AccountId, now: Time) -> Part {
    Part {
        level: link.level,
        origin: Origin::Link(link.id),
        accepted_by: accepter,
        since: now,
        until: None,
    }
}

/// Whether a grant gives all that the part would.
fn covers(grant: &Grant, part: &Part, now: Time) -> bool {
    let unbounded = |there: &&Part| there.is_alive(now) && there.until.is_none();
    let levels = grant.parts.iter().filter(unbounded).map(|p| p.level);
    levels.max().is_some_and(|level| level >= part.level)
}

/// What became of an acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What is shared now.
    pub item: ItemId,
    /// With which context.
    pub into: Context,
    /// Whether that context had all of it before, and nothing changed now.
    pub already: bool,
}

/// Accepts a link into a context; `None`: the accepter's default context.
pub async fn accept(
    world: &dyn World,
    call: &Call,
    token: &str,
    into: Option<Context>,
) -> Result<Accepted, Trouble> {
    once(world, call, || {
        Box::pin(attempted(world, call, token, into))
    })
    .await
}

impl Answer for Accepted {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

/// Tells those who own the item that somebody came by a link, and who.
async fn tell(
    settings: &Settings,
    call: &Call,
    link: &Link,
    (owner, into): (Context, Context),
    who: &Account,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let item = load::one::<Item>(store, Key::Item(link.item)).await?;
    let (Some(item), Some(address)) = (item, who.primary()) else {
        return Ok(());
    };
    let into = Owner::load(store, into).await?;
    let says = News::LinkAccepted {
        item: item.document.name,
        who: who.name.clone(),
        address: address.clone(),
        into: into.map(|into| into.name()).unwrap_or_default(),
        level: link.level,
    };
    let to = news::answering(store, owner).await?;
    let about = (Subject::Access(link.item), &says);
    news::tell(settings, call, about, to, &who.addresses, proposal).await?;
    Ok(())
}

/// The source is asked to give access and the target whether it may have it; both proposals and the link's count are one commit.
async fn attempted(
    world: &dyn World,
    call: &Call,
    token: &str,
    into: Option<Context>,
) -> Result<Decision<Accepted>, Trouble> {
    let settings = &world.settings();
    let store = &*settings.store;
    let link = named(settings, token).await?;
    let (person, rests) = people::guarded(store, caller(call)?, &[]).await?;
    let chosen = into.unwrap_or(person.account.default_context);
    let target = people::person(store, person.id(), &[chosen]).await?;
    // What they had chosen for everything may be theirs no longer; what they name now is not changed.
    let into = match into {
        None if !target.belongs_to(chosen) => Context::Personal(person.id()),
        _ => chosen,
    };
    let mut accepted = Accepted {
        item: link.document.item,
        into,
        already: false,
    };
    let part = part(&link.document, person.id(), call.at);
    let key = Key::Grant(accepted.item, into);
    let grant = load::one::<Grant>(store, key).await?;
    let holds = grant.is_some_and(|grant| covers(&grant.document, &part, call.at));
    if holds && target.belongs_to(into) {
        accepted.already = true;
        return Ok(Decision::already(accepted));
    }
    if let Some(why) = link.document.closed(call.at) {
        return Err(why.into());
    }
    if link.document.created_by == person.id() {
        let right = rights::if_any(settings, person.id(), accepted.item, call.at).await?;
        if right.is_none_or(|right| right.level() < Level::Own) {
            return Err(link.document.left().into());
        }
    }
    let mut proposal = Proposal::default();
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    let item = load::one::<Item>(store, Key::Item(accepted.item)).await?;
    let owner = item.ok_or_else(not_found)?.document.owner;
    let lend = Question::Lend {
        call: *call,
        items: vec![accepted.item],
        to: into,
        part,
    };
    let Answered::Source(source, given) = world.ask(owner, lend).await? else {
        return Err(Fault::never("a context answered another question").into());
    };
    let has_it = given.changes_nothing();
    proposal.join(given);
    let receive = Question::Receive {
        source,
        items: Vec::new(),
        accepter: person.id(),
        requester: link.document.created_by,
    };
    let Answered::Received(_, _, taken) = world.ask(into, receive).await? else {
        return Err(Fault::never("a context answered another question").into());
    };
    proposal.join(taken);
    let findings = std::mem::take(&mut proposal.findings);
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    if has_it {
        // It was given since the grant was looked up: nothing is counted, and nobody is told twice.
        accepted.already = true;
        return Ok(Decision::already(accepted));
    }
    // Deactivated meanwhile, it gives nothing any more.
    let uses = Counter::LinkUses(link.document.id);
    proposal.guard(Key::Link(link.document.id), link.version);
    tell(
        settings,
        call,
        &link.document,
        (owner, into),
        &person.account,
        &mut proposal,
    )
    .await?;
    proposal.add(uses, 1);
    if let Some(most) = link.document.max_acceptances {
        proposal.limit(uses, i64::from(most));
    }
    let used_up = move |_: &Accepted, _, _| link.document.used_up().into();
    Ok(Decision::within(accepted, proposal, used_up))
}
