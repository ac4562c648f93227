//! What an owner lets others do with its items: access that invitations and links give, and what is changed or taken back later.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context, Digest, ItemId, LetterId, LinkId};
use crate::domain::index;
use crate::domain::invitation::{self, MAX_LETTERS, Mailbox, Source};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::letter::{self, Kind, Letter, Revoked, Subject};
use crate::domain::link::{self, Link};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{Grant, Level, Origin, Part};
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::store::{Direction, Fault};

use super::context::{Answered, Core, Owner, Question};
use super::load::{self, Versioned};
use super::news;
use super::people;
use super::proposal::Proposal;
use super::queries;
use super::rights::{self, Permit};
use super::world::{self, Call, Committed, Settings, TRIES, Trouble, World};

/// An item has at most this many links, deactivated ones included.
const MAX_LINKS: usize = 1_000;

/// What is wanted of the access to an item.
#[derive(Debug, Clone)]
pub enum Command {
    /// Let a collaborator do more or less, or for another time; what is left out stays.
    Change {
        /// Which collaborator.
        grantee: Context,
        /// How much.
        level: Option<Level>,
        /// Until when; `Some(None)`: until revoked.
        until: Option<Option<Time>>,
    },
    /// Take a collaborator's access back.
    Revoke {
        /// Which collaborator.
        grantee: Context,
    },
    /// Give up the access of a context of one's own.
    Leave {
        /// Which context.
        grantee: Context,
    },
    /// Make a link through which it can be shared.
    MakeLink {
        /// How much the link gives.
        level: Level,
        /// When it ends by itself; `None`: never.
        expires_at: Option<Time>,
        /// How often it may be accepted; `None`: without bound.
        max_acceptances: Option<u32>,
    },
    /// Deactivate a link of it for good.
    Deactivate {
        /// Which.
        link: LinkId,
    },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The link that was made or deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// Whether it was done before, and nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Refusal>,
}

impl Done {
    const CHANGED: Self = Self {
        link: None,
        already: false,
        warnings: Vec::new(),
    };
}

/// Carries out a command about access to an item: the actor of its owner decides, or of whoever gives access up; this task commits.
pub async fn handle(
    world: &dyn World,
    call: &Call,
    item: ItemId,
    command: Command,
) -> Result<Done, Trouble> {
    let settings = world.settings();
    let command = Arc::new(command);
    if let Some(done) = done_before(&settings, call).await? {
        return Ok(done);
    }
    for attempt in 1..=TRIES {
        let context = decides(&settings, call, item, &command).await?;
        let question = Question::Sharing {
            call: *call,
            item,
            command: Arc::clone(&command),
        };
        let (done, mut proposal) = match world.ask(context, question).await {
            Ok(Answered::Sharing(done, proposal)) => (done, proposal),
            Ok(_) => return Err(Fault::never("a context answered another question").into()),
            // Read while another command was changing it: the same as a conflict.
            Err(Trouble::Fault(fault)) if fault.retry && attempt < TRIES => {
                world.pause(attempt).await;
                continue;
            }
            Err(Trouble::Refused(why)) => {
                // What stands in the way may be this very command, carried out meanwhile for somebody who sent it twice.
                let done = done_before(&settings, call).await?;
                return done.ok_or_else(|| why.into());
            }
            Err(fault) => return Err(fault),
        };
        let findings = std::mem::take(&mut proposal.findings);
        if !findings.blocks.is_empty() {
            return Err(findings.into());
        }
        let kept = serde_json::to_vec(&done).unwrap_or_default();
        match world::commit(world, call, proposal, kept).await? {
            Committed::Done => return Ok(done),
            Committed::Before(kept) => return repeated(&kept),
            Committed::Again(_) => {
                world.forget(context).await;
                world.pause(attempt).await;
            }
            Committed::Over { .. } => return Err(world::contended()),
        }
    }
    let done = done_before(&settings, call).await?;
    done.ok_or_else(world::contended)
}

async fn done_before(settings: &Settings, call: &Call) -> Result<Option<Done>, Trouble> {
    let kept = world::before(settings, call).await?;
    kept.map(|kept| repeated(&kept)).transpose()
}

fn repeated(kept: &[u8]) -> Result<Done, Trouble> {
    serde_json::from_slice(kept)
        .map_err(|_| world::reused("this Idempotency-Key was used for another request"))
}

/// Who wants it; nobody who is not signed in.
pub fn caller(call: &Call) -> Result<AccountId, Trouble> {
    let refusal = || Refusal::new(Code::NotSignedIn, "nobody is signed in", "sign in first");
    call.by.person.ok_or_else(|| refusal().into())
}

/// The context whose actor decides. Whoever may not even see the item is told that there is none.
async fn decides(
    settings: &Settings,
    call: &Call,
    id: ItemId,
    command: &Command,
) -> Result<Context, Trouble> {
    if let Command::Leave { grantee } = command {
        return Ok(*grantee);
    }
    let permit = owning(settings, caller(call)?, id, call.at).await?;
    Ok(permit.owner())
}

/// That somebody may act for the context that owns an item.
pub async fn owning(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Permit, Trouble> {
    let permit = rights::permit(settings, person, id, Level::Read, now).await?;
    if permit.level() < Level::Own {
        let kind = id.kind().word();
        return Err(Refusal::new(
            Code::ItemForbidden,
            format!("this {kind} belongs to somebody else, and only its owner shares it"),
            "ask its owner",
        )
        .about(id)
        .into());
    }
    Ok(permit)
}

/// What the actor of a context decides about a command.
pub async fn decide(
    source: &Source,
    settings: &Settings,
    call: &Call,
    id: ItemId,
    command: &Command,
) -> Result<(Done, Proposal), Trouble> {
    let mut proposal = Proposal::default();
    if let Command::Leave { grantee } = command {
        leave(settings, call, id, *grantee, &mut proposal).await?;
        return Ok((Done::CHANGED, proposal));
    }
    let item = own(source, settings, call, id, &mut proposal).await?;
    let done = match command {
        Command::Change {
            grantee,
            level,
            until,
        } => {
            let asked = (*level, *until);
            change(
                source,
                settings,
                call,
                &item,
                *grantee,
                asked,
                &mut proposal,
            )
            .await?
        }
        Command::Revoke { grantee } => {
            let owner = &source.name;
            revoke(settings, call, &item, owner, *grantee, &mut proposal).await?
        }
        Command::MakeLink {
            level,
            expires_at,
            max_acceptances,
        } => {
            proposal.findings.absorb(invitation::sends(source, 0));
            let bounds = (*expires_at, *max_acceptances);
            make_link(settings, call, &item, *level, bounds, &mut proposal).await?
        }
        Command::Deactivate { link } => {
            deactivate(settings, call, &item, *link, &mut proposal).await?
        }
        Command::Leave { .. } => Done::CHANGED,
    };
    Ok((done, proposal))
}

/// The item, if it still belongs to this context and the person may act for it; both are guarded.
async fn own(
    source: &Source,
    settings: &Settings,
    call: &Call,
    id: ItemId,
    proposal: &mut Proposal,
) -> Result<Versioned<Item>, Trouble> {
    let store = &*settings.store;
    let item = load::one::<Item>(store, Key::Item(id)).await?;
    let ours = |item: &Versioned<Item>| item.document.owner == source.context;
    // It changed hands since it was looked up who decides.
    let item = item
        .filter(ours)
        .ok_or_else(|| Fault::retry(format!("{id} changed hands while it was read")))?;
    let (person, rests) = people::guarded(store, caller(call)?, &[source.context]).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    if !person.acts_for(source.context, &source.domain, &settings.policy) {
        return Err(rights::no_such_item(settings, id).into());
    }
    Ok(item)
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

/// That a context has no access that could be changed.
fn no_access(item: ItemId, grantee: Context) -> Refusal {
    Refusal::new(
        Code::AccessNotFound,
        format!("{grantee} has no access to {item} of its own"),
        "list the collaborators of the item, and name one of them",
    )
    .about(grantee)
}

/// The grant of a collaborator, alive.
async fn granted(
    settings: &Settings,
    item: ItemId,
    grantee: Context,
    now: Time,
) -> Result<Versioned<Grant>, Trouble> {
    let found = load::one::<Grant>(&*settings.store, Key::Grant(item, grantee)).await?;
    let alive = |grant: &Versioned<Grant>| grant.document.level(now).is_some();
    found
        .filter(alive)
        .ok_or_else(|| no_access(item, grantee).into())
}

#[allow(
    clippy::too_many_arguments,
    reason = "the item, its owner, the collaborator, and what shall be different"
)]
async fn change(
    source: &Source,
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    grantee: Context,
    (level, until): (Option<Level>, Option<Option<Time>>),
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    if let Some(level) = level {
        let finds = invitation::sharable_at(&item.document, level);
        proposal.findings.absorb(finds);
    }
    if let Some(Some(until)) = until
        && until <= call.at
    {
        proposal.findings.block(Refusal::field(
            "until",
            format!("{until} has passed"),
            "name a later moment, or revoke the access",
        ));
    }
    let old = granted(settings, item.document.id, grantee, call.at).await?;
    let next = old.document.changed(level, until, call.at);
    if next.gives_more_than(&old.document) {
        // More access passes the walls that the item lies behind now, as a new invitation would.
        let finds = walls(settings, source, grantee, caller(call)?).await?;
        proposal.findings.absorb(finds);
    }
    if next == old.document {
        return Ok(Done {
            already: true,
            ..Done::CHANGED
        });
    }
    if let Some(part) = next.strongest(call.at) {
        let what = What::AccessChanged {
            whose: grantee,
            level: part.level,
            until: part.until,
        };
        proposal.replace(item, &item.document, Some(&event(call, what)));
    }
    proposal.replace(&old, &next, None);
    Ok(Done::CHANGED)
}

/// What the walls of the domains say of access of this context to what the source owns.
async fn walls(
    settings: &Settings,
    source: &Source,
    grantee: Context,
    by: AccountId,
) -> Result<Findings, Fault> {
    let found = queries::fits(settings, source, &[], grantee, None, by).await?;
    let wall = |refusal: &Refusal| {
        matches!(
            refusal.code,
            Code::DomainNoWayOut | Code::DomainNotCollaborative
        )
    };
    Ok(Findings {
        blocks: found.blocks.into_iter().filter(wall).collect(),
        warns: Vec::new(),
    })
}

async fn revoke(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    owner: &str,
    grantee: Context,
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let id = item.document.id;
    let old = granted(settings, id, grantee, call.at).await?;
    let what = What::AccessRevoked { whose: grantee };
    proposal.replace(item, &item.document, Some(&event(call, what)));
    proposal.delete(&old);
    tell(settings, call, &item.document, owner, grantee, proposal).await?;
    Ok(Done {
        warnings: reopened(settings, call, &old.document).await?,
        ..Done::CHANGED
    })
}

/// Tells those who answer for a context that its access was taken back, all of a day in one letter.
async fn tell(
    settings: &Settings,
    call: &Call,
    item: &Item,
    owner: &str,
    grantee: Context,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let Some(collaborator) = Owner::load(store, grantee).await? else {
        return Ok(());
    };
    let (name, owner, whose) = (item.name.clone(), owner.to_owned(), collaborator.name());
    let reach = news::answering(store, grantee).await?;
    for Mailbox {
        address, language, ..
    } in reach.into_iter().take(MAX_LETTERS)
    {
        let (id, due) = letter::daily(&address, call.at);
        let old = load::one::<Letter>(store, Key::Letter(id)).await?;
        let subject = Subject::Access(item.id);
        let says = Kind::AccessRevoked {
            name: name.clone(),
            owner: owner.clone(),
            whose: whose.clone(),
            more: Vec::new(),
        };
        let mut letter = Letter::queued(id, address, &language, subject, says, call.at);
        letter.delivery = letter::State::Queued { not_before: due };
        match old {
            None => proposal.create(&letter, None),
            Some(old) if matches!(old.document.delivery, letter::State::Queued { .. }) => {
                let mut next = old.document.clone();
                if let Kind::AccessRevoked { more, .. } = &mut next.says
                    && more.len() < MAX_LETTERS
                {
                    more.push(Revoked {
                        item: item.id,
                        name: name.clone(),
                        owner: owner.clone(),
                        whose: whose.clone(),
                        at: call.at,
                    });
                }
                proposal.replace(&old, &next, None);
            }
            // The clock was set back, and that day's letter is gone.
            Some(_) => {
                letter.id = LetterId::from_bits(settings.ids.fresh(call.at));
                proposal.create(&letter, None);
            }
        }
    }
    Ok(())
}

/// Whoever came by a link that is still open can come again: worth knowing when their access is revoked.
async fn reopened(
    settings: &Settings,
    call: &Call,
    grant: &Grant,
) -> Result<Vec<Refusal>, Trouble> {
    let mut warnings = Vec::new();
    for part in &grant.parts {
        let Origin::Link(id) = part.origin else {
            continue;
        };
        let link = load::one::<Link>(&*settings.store, Key::Link(id)).await?;
        if link.is_some_and(|link| link.document.closed(call.at).is_none()) {
            warnings.push(
                Refusal::new(
                    Code::ItemShared,
                    format!("the access came by the link {id}, which can be accepted again"),
                    "deactivate the link too",
                )
                .about(id),
            );
        }
    }
    Ok(warnings)
}

/// A context gives its access up: personal by its person, a workgroup's by its administrators.
async fn leave(
    settings: &Settings,
    call: &Call,
    id: ItemId,
    grantee: Context,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let store = &*settings.store;
    let (person, rests) = people::guarded(store, caller(call)?, &[grantee]).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    if !person.belongs_to(grantee) {
        return Err(crate::domain::rights::not_yours(grantee).into());
    }
    let administers = match grantee {
        Context::Personal(_) => true,
        Context::Workgroup(_) => person.role_in(grantee) >= Some(Role::Administrator),
    };
    let old = granted(settings, id, grantee, call.at).await?;
    if !administers {
        return Err(Refusal::new(
            Code::WorkgroupForbidden,
            "only administrators of the workgroup may give up its access",
            "ask one of them",
        )
        .about(grantee)
        .into());
    }
    if let Some(item) = load::one::<Item>(store, Key::Item(id)).await? {
        let what = What::AccessLeft { whose: grantee };
        proposal.replace(&item, &item.document, Some(&event(call, what)));
    }
    proposal.delete(&old);
    Ok(())
}

async fn make_link(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    level: Level,
    (expires_at, max_acceptances): (Option<Time>, Option<u32>),
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let item_id = item.document.id;
    let finds = invitation::sharable(&item.document, level);
    proposal.findings.absorb(finds);
    proposal
        .findings
        .absorb(link_problems(expires_at, max_acceptances, call.at));
    let prefix = index::links_of(item_id);
    let links = settings
        .store
        .scan(prefix, None, Direction::Forward, MAX_LINKS)
        .await?;
    if links.rows.len() >= MAX_LINKS {
        proposal.findings.block(
            Refusal::new(
                Code::TooMany,
                format!("{item_id} has had {MAX_LINKS} links, as many as it may"),
                "share it by an invitation",
            )
            .about(item_id),
        );
    }
    let id = LinkId::from_bits(settings.ids.fresh(call.at));
    let link = Link {
        id,
        digest: Digest::of(settings.key.share(id).as_bytes()),
        item: item_id,
        level,
        created_by: caller(call)?,
        created_at: call.at,
        expires_at,
        max_acceptances,
        state: link::State::Active,
    };
    let what = What::LinkMade { link: id, level };
    proposal.replace(item, &item.document, Some(&event(call, what)));
    proposal.create(&link, None);
    Ok(Done {
        link: Some(id),
        ..Done::CHANGED
    })
}

fn link_problems(expires_at: Option<Time>, max_acceptances: Option<u32>, now: Time) -> Findings {
    let mut findings = Findings::default();
    if let Some(end) = expires_at.filter(|end| *end <= now) {
        findings.block(Refusal::field(
            "expires_at",
            format!("{end} has passed"),
            "name a later moment, or none",
        ));
    }
    if max_acceptances == Some(0) {
        findings.block(Refusal::field(
            "max_acceptances",
            "a link that nobody may accept is of no use",
            "choose at least 1, or leave it out",
        ));
    }
    findings
}

async fn deactivate(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    id: LinkId,
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let old = load::one::<Link>(&*settings.store, Key::Link(id)).await?;
    let of_this = |link: &Versioned<Link>| link.document.item == item.document.id;
    let old = old.filter(of_this).ok_or_else(super::links::not_found)?;
    let link = Some(id);
    if matches!(old.document.state, link::State::Deactivated { .. }) {
        return Ok(Done {
            link,
            already: true,
            ..Done::CHANGED
        });
    }
    let mut next = old.document.clone();
    next.state = link::State::Deactivated {
        at: call.at,
        by: caller(call)?,
    };
    let what = What::LinkDeactivated { link: id };
    proposal.replace(item, &item.document, Some(&event(call, what)));
    proposal.replace(&old, &next, None);
    Ok(Done {
        link,
        ..Done::CHANGED
    })
}

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
        if let Some(ended) = part.until.filter(|until| *until <= call.at) {
            proposal.findings.block(over(*id, ended));
        }
        let before = old.as_ref().map(|old| old.document.clone());
        let before = before.unwrap_or_else(|| Grant::none(*id, to));
        let next = before.clone().with(part.clone());
        if let (true, Some(old)) = (next == before, &old) {
            // They have it already; that it is still there, and still theirs to give, is what the acceptance says.
            proposal.guard(Key::Item(*id), item.version);
            proposal.guard(Key::Grant(*id, to), old.version);
            continue;
        }
        let what = What::AccessGranted {
            to,
            level: part.level,
            origin: part.origin,
            until: part.until,
        };
        // It stands in the item's journal; and whoever owns it at the commit is who gave it.
        proposal.replace(&item, &item.document, Some(&event(call, what)));
        match &old {
            Some(old) => proposal.replace(old, &next, None),
            None => proposal.create(&next, None),
        }
    }
    Ok(proposal)
}

/// That what was offered would be over by now.
fn over(id: ItemId, ended: Time) -> Refusal {
    Refusal::new(
        Code::InvitationExpired,
        format!("the access would have ended on {}", ended.for_people()),
        "ask for another invitation",
    )
    .about(id)
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
