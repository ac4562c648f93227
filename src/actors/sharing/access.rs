//! A collaborator's access: the owner gives it, changes it or takes it back, and the collaborator gives it up.

use crate::actors::context::{Core, Owner};
use crate::actors::load::{self, Versioned};
use crate::actors::news;
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::queries;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::event::What;
use crate::domain::id::{AccountId, Context, ItemId, LetterId};
use crate::domain::invitation::{self, MAX_LETTERS, Mailbox, Source};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::letter::{self, Kind, Letter, Revoked, Subject};
use crate::domain::link::Link;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{Grant, Level, Origin, Part};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::store::{ABSENT, Fault};

use super::{Done, caller, event};

/// In the letters of so many days there is room looked for.
const DAYS: usize = 3;

/// That a context has no access that could be changed.
fn no_access(item: ItemId, grantee: Context) -> Refusal {
    Refusal::new(
        Code::AccessNotFound,
        said!(
            "{grantee} has no access to {item} of its own",
            grantee,
            item
        ),
        said!("list the collaborators of the item, and name one of them"),
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
pub(super) async fn change(
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
            said!("{until} has passed", until),
            said!("name a later moment, or revoke the access"),
        ));
    }
    let old = granted(settings, item.document.id, grantee, call.at).await?;
    let next = old.document.changed(level, until, call.at);
    if next.gives_more_than(&old.document) {
        // More access passes the walls that the item lies behind now, as a new invitation would.
        walls(settings, source, grantee, caller(call)?, proposal).await?;
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

/// What the walls of the domains say of access of this context to what the source owns. They stand where the context lives, and open for
/// whoever belongs to it: both must still be so at the commit.
async fn walls(
    settings: &Settings,
    source: &Source,
    grantee: Context,
    by: AccountId,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let mut rests = vec![Owner::key(grantee)];
    if let Context::Workgroup(workgroup) = grantee {
        rests.push(Key::Membership(workgroup, by));
    }
    let records = settings.store.load(&rests).await?;
    for (key, record) in rests.into_iter().zip(records) {
        proposal.guard(key, record.map_or(ABSENT, |record| record.version));
    }
    let found = queries::fits(settings, source, &[], grantee, None, by).await?;
    let wall = |refusal: &Refusal| {
        matches!(
            refusal.code,
            Code::DomainNoWayOut | Code::DomainNotCollaborative
        )
    };
    proposal.findings.absorb(Findings {
        blocks: found.blocks.into_iter().filter(wall).collect(),
        warns: Vec::new(),
    });
    Ok(())
}

pub(super) async fn revoke(
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
    let revoked = Revoked {
        item: item.id,
        name: item.name.clone(),
        owner: owner.to_owned(),
        whose: collaborator.name(),
        at: call.at,
    };
    let reach = news::answering(store, grantee).await?;
    for to in reach.into_iter().take(MAX_LETTERS) {
        add(settings, call, to, &revoked, proposal).await?;
    }
    Ok(())
}

/// Adds to the letter of the day, or to that of the next one when somebody has begun to send the first.
async fn add(
    settings: &Settings,
    call: &Call,
    to: Mailbox,
    revoked: &Revoked,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let mut day = call.at;
    for _ in 0..DAYS {
        let (id, due) = letter::daily(&to.address, day);
        let Some(old) = load::one::<Letter>(&*settings.store, Key::Letter(id)).await? else {
            proposal.create(&of_the_day(id, to, revoked, due), None);
            return Ok(());
        };
        if let Some(next) = old.document.grown(revoked.clone()) {
            proposal.replace(&old, &next, None);
            return Ok(());
        }
        day = due;
    }
    // The clock was set back by days.
    let id = LetterId::from_bits(settings.ids.fresh(call.at));
    proposal.create(&of_the_day(id, to, revoked, day), None);
    Ok(())
}

fn of_the_day(id: LetterId, to: Mailbox, revoked: &Revoked, due: Time) -> Letter {
    let says = Kind::AccessRevoked {
        name: revoked.name.clone(),
        owner: revoked.owner.clone(),
        whose: revoked.whose.clone(),
        more: Vec::new(),
        beyond: 0,
    };
    let subject = Subject::Access(revoked.item);
    let mut letter = Letter::queued(id, to.address, &to.language, subject, says, revoked.at);
    letter.delivery = letter::State::Queued { not_before: due };
    letter
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
                    said!(
                        "the access came by the link {id}, which can be accepted again",
                        id
                    ),
                    said!("deactivate the link too"),
                )
                .about(id),
            );
        }
    }
    Ok(warnings)
}

/// A context gives its access up: personal by its person, a workgroup's by its administrators.
pub(super) async fn leave(
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
            said!("only administrators of the workgroup may give up its access"),
            said!("ask one of them"),
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
        said!("the access would have ended on {at}", at = ended),
        said!("ask for another invitation"),
    )
    .about(id)
}

/// That an item is not the sharer's any more.
fn gone(id: ItemId) -> Refusal {
    let kind = id.kind().said();
    Refusal::new(
        Code::ItemForbidden,
        said!(
            "{kind} {id} has changed hands since it was shared",
            kind,
            id
        ),
        said!("ask its new owner"),
    )
    .about(id)
}
