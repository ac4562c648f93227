//! What somebody may be told of, by what they look at. It is found anew each time something is told, so that whoever may look no more
//! is told nothing more.

use std::collections::BTreeSet;

use crate::actors::moves;
use crate::actors::people;
use crate::actors::queries::{self, besides, visible};
use crate::actors::rights;
use crate::actors::workgroups::look;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::id::{Context, InvitationId, ItemId, MoveId};
use crate::domain::index::Phase;
use crate::store::Fault;

use super::Topic;

/// So many letters of an offer are listened to, the newest, and so many offers that wait.
const LETTERS: usize = 30;
const WAITING: usize = 20;
/// And so many moves.
const MOVES: usize = 50;

/// What somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// What waits for them, and what happens in their contexts.
    Home,
    /// What their contexts own, have sent and were offered.
    Contexts,
    /// What this context owns; their own, if it is none of theirs.
    Context(Context),
    /// A workgroup, by its handle or id.
    Workgroup(String),
    /// An item, and who works with it.
    Item(ItemId),
    /// An offer or invitation.
    Invitation(InvitationId),
    /// What is stuck, and the moves.
    Administration,
    /// A move.
    Move(MoveId),
    /// The site's mail.
    Mail,
}

/// What whoever looks at this, and has heard this of it, is told of now. Who may not see it is told nothing of it, as if there were no
/// such thing.
///
/// # Errors
/// The world failed.
pub async fn topics(
    settings: &Settings,
    call: &Call,
    shown: &Shown,
    heard: &BTreeSet<Topic>,
) -> Result<BTreeSet<Topic>, Fault> {
    match found(settings, call, shown, heard).await {
        Ok(topics) => Ok(topics),
        Err(Trouble::Refused(_)) => Ok(BTreeSet::new()),
        Err(Trouble::Fault(fault)) => Err(fault),
    }
}

async fn found(
    settings: &Settings,
    call: &Call,
    shown: &Shown,
    heard: &BTreeSet<Topic>,
) -> Result<BTreeSet<Topic>, Trouble> {
    let id = people::person_of(call)?;
    match shown {
        Shown::Home => {
            let account = queries::account(settings, id).await?;
            let mut topics = own(settings, &account).await?;
            let waiting = queries::inbox(settings, &account, call.at, WAITING).await?;
            let waiting = waiting.iter().map(|found| found.document.id);
            topics.extend(waiting.map(Topic::Invitation));
            Ok(topics)
        }
        Shown::Contexts => {
            let account = queries::account(settings, id).await?;
            own(settings, &account).await
        }
        Shown::Context(context) => {
            let account = queries::account(settings, id).await?;
            let own = own(settings, &account).await?;
            let wanted = Some(Topic::Context(*context)).filter(|wanted| own.contains(wanted));
            Ok([wanted.unwrap_or(Topic::Context(Context::Personal(id)))].into())
        }
        Shown::Workgroup(name) => {
            let seen = look::named(settings, id, name).await?;
            let workgroup = seen.workgroup.document.id;
            Ok([Topic::Context(Context::Workgroup(workgroup))].into())
        }
        Shown::Item(item) => of_item(settings, call, *item, heard).await,
        Shown::Invitation(invitation) => {
            let account = queries::account(settings, id).await?;
            of_invitation(settings, &account, *invitation).await
        }
        Shown::Administration => {
            let account = queries::account(settings, id).await?;
            if settings.policy.administers_site(&account.addresses) {
                return Ok([Topic::Moves, Topic::Mail].into());
            }
            let (open, _) = moves::list(settings, call, Phase::Open, None, MOVES).await?;
            let mut topics: BTreeSet<Topic> = open.iter().map(|one| Topic::Move(one.id)).collect();
            // One that has just ended is among them no more.
            for topic in heard {
                if let Topic::Move(id) = topic
                    && moves::sees(settings, call, *id).await?
                {
                    topics.insert(*topic);
                }
            }
            Ok(topics)
        }
        Shown::Mail => {
            let account = queries::account(settings, id).await?;
            let operates = settings.policy.administers_site(&account.addresses);
            Ok(operates.then_some(Topic::Mail).into_iter().collect())
        }
        Shown::Move(id) => match moves::sees(settings, call, *id).await? {
            true => Ok([Topic::Move(*id)].into()),
            false => Ok(BTreeSet::new()),
        },
    }
}

async fn own(settings: &Settings, account: &Account) -> Result<BTreeSet<Topic>, Trouble> {
    let contexts = rights::own_contexts(settings, account).await?;
    let contexts = contexts.iter().map(|own| Topic::Context(own.context()));
    let addresses = account.addresses.iter();
    let addresses = addresses.map(|address| Topic::Address(address.digest()));
    Ok(contexts.chain(addresses).collect())
}

/// With whom an item is shared and to whom it is offered is the business of its owner's side, and so is when. A collaborator is told
/// of what changes for the contexts they belong to, and who sees it no more how their offer of it ended.
async fn of_item(
    settings: &Settings,
    call: &Call,
    item: ItemId,
    heard: &BTreeSet<Topic>,
) -> Result<BTreeSet<Topic>, Trouble> {
    let id = people::person_of(call)?;
    let account = queries::account(settings, id).await?;
    let Some(permit) = rights::if_any(settings, id, item, call.at).await? else {
        let mut topics = BTreeSet::new();
        for topic in heard {
            if let Topic::Invitation(offer) = topic {
                topics.extend(of_invitation(settings, &account, *offer).await?);
            }
        }
        return Ok(topics);
    };
    if permit.as_owner().is_none() {
        return own(settings, &account).await;
    }
    let mut topics = BTreeSet::from([Topic::Item(item)]);
    if let Some(offer) = permit.item().pending {
        topics.extend(of_invitation(settings, &account, offer).await?);
    }
    Ok(topics)
}

async fn of_invitation(
    settings: &Settings,
    account: &Account,
    id: InvitationId,
) -> Result<BTreeSet<Topic>, Trouble> {
    let Some((found, entitled)) = visible(settings, account, id).await? else {
        return Ok(BTreeSet::new());
    };
    let mut topics = BTreeSet::from([Topic::Invitation(id)]);
    if entitled.sender {
        let letters = found.document.letters.iter().rev().take(LETTERS);
        topics.extend(letters.map(|letter| Topic::Letter(*letter)));
        let besides = besides(&*settings.store, id).await?;
        topics.extend(besides.into_iter().map(Topic::Letter));
        topics.insert(Topic::Besides(id));
    }
    Ok(topics)
}
