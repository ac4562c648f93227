//! What is new in a context: one line for each commit that concerned it, newest first, whatever number of journals that wrote to.

use crate::domain::account::Account;
use crate::domain::event::{Event, What};
use crate::domain::id::{InvitationId, ItemId};
use crate::domain::index;
use crate::domain::invitation::Invitation;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::time::Time;
use crate::domain::tombstone::Tombstone;
use crate::domain::workgroup::Workgroup;
use crate::store::Direction;

use super::audit;
use super::load;
use super::queries;
use super::rights::{self, Acting};
use super::world::{Settings, Trouble};

/// So many commits are looked at for each line that is asked for.
const LOOKED_AT: usize = 25;
/// So many items to which the same happened are looked at for one that is in sight.
const ALIKE: usize = 5;

/// What it is about, as far as the asker may see it.
#[derive(Debug, Clone)]
pub enum Of {
    /// An item.
    Item(Box<Item>),
    /// An item that is gone for good.
    Gone(Tombstone),
    /// An item that is out of sight.
    Hidden(ItemId),
    /// An invitation of any kind.
    Invitation(Box<Invitation>),
    /// The workgroup itself.
    Workgroup(Workgroup),
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct News {
    /// What, who did it and when.
    pub event: Event,
    /// What it is about.
    pub of: Of,
    /// To how many other items the same happened.
    pub others: usize,
}

/// The newest things that concerned a context, for a person who acts for it; at most `limit`.
///
/// # Errors
/// The world failed.
pub async fn of(
    settings: &Settings,
    account: &Account,
    acting: &Acting,
    now: Time,
    limit: usize,
) -> Result<Vec<News>, Trouble> {
    let prefix = index::concerned(acting.context());
    let mut all = Vec::new();
    let (mut after, mut left) = (None, limit.saturating_mul(LOOKED_AT));
    while left > 0 {
        let at_once = limit.saturating_mul(2).min(left);
        let page = settings
            .store
            .scan(prefix, after, Direction::Backward, at_once)
            .await?;
        left -= at_once;
        after = page.last_key();
        for (_, value) in page.rows.iter() {
            let (version, journals) = audit::row(value)?;
            let Some((journal, rank)) = told(&journals) else {
                continue;
            };
            let Some(recorded) = audit::entry(settings, journal, version).await? else {
                continue;
            };
            if !is_news(&recorded.event.what) {
                continue;
            }
            let Some(mut of) = about(settings, account, journal, now).await? else {
                continue;
            };
            let same = |key: &&Key| rank == Rank::Item && rank_of(key) == Some(Rank::Item);
            let mut alike = journals.iter().filter(same).take(ALIKE);
            while let (Of::Hidden(_), Some(key)) = (&of, alike.next()) {
                of = about(settings, account, *key, now).await?.unwrap_or(of);
            }
            // What is out of sight is told for the access that was lost with it, and for nothing else.
            let lost = recorded.event.what.takes_from().is_some();
            if matches!(of, Of::Hidden(_)) && !lost {
                continue;
            }
            all.push(News {
                event: recorded.event,
                of,
                others: journals.iter().filter(same).count().saturating_sub(1),
            });
            if all.len() >= limit {
                return Ok(all);
            }
        }
        if !page.more {
            break;
        }
    }
    Ok(all)
}

/// Which of the journals that one commit wrote to tells best what happened; the first is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Invitation,
    Item,
    Grant,
    Workgroup,
}

const fn rank_of(journal: &Key) -> Option<Rank> {
    match journal {
        Key::Invitation(_) => Some(Rank::Invitation),
        Key::Item(_) | Key::Tombstone(_) => Some(Rank::Item),
        Key::Grant(..) => Some(Rank::Grant),
        Key::Workgroup(_) => Some(Rank::Workgroup),
        // What people do with their own account is no news to them, and a membership is told by its workgroup.
        Key::Account(_)
        | Key::Membership(..)
        | Key::Biosamples(_)
        | Key::Letter(_)
        | Key::SignIn(_)
        | Key::Session(_)
        | Key::Token(_)
        | Key::Analysis(_)
        | Key::Link(_)
        | Key::Move(_)
        | Key::Attempts(..)
        | Key::Incoming(_)
        | Key::Sealed(_)
        | Key::Reach(_)
        | Key::Ration(_) => None,
    }
}

fn told(journals: &[Key]) -> Option<(Key, Rank)> {
    let ranked = journals
        .iter()
        .filter_map(|key| Some((*key, rank_of(key)?)));
    ranked.min_by_key(|(_, rank)| *rank)
}

/// Whether anybody wants to read it on the first page.
const fn is_news(what: &What) -> bool {
    !matches!(
        what,
        What::Requested | What::Reminded | What::Resent | What::Refused { .. }
    )
}

async fn about(
    settings: &Settings,
    account: &Account,
    journal: Key,
    now: Time,
) -> Result<Option<Of>, Trouble> {
    let store = &*settings.store;
    Ok(match journal {
        Key::Invitation(id) => invitation(settings, account, id).await?,
        Key::Item(id) | Key::Tombstone(id) | Key::Grant(id, _) => {
            match rights::if_any(settings, account.id, id, now).await? {
                Some(permit) => Some(Of::Item(Box::new(permit.item().clone()))),
                None => Some(gone(settings, account, id).await?),
            }
        }
        Key::Workgroup(id) => {
            let found = load::one::<Workgroup>(store, Key::Workgroup(id)).await?;
            found.map(|found| Of::Workgroup(found.document))
        }
        _ => None,
    })
}

async fn invitation(
    settings: &Settings,
    account: &Account,
    id: InvitationId,
) -> Result<Option<Of>, Trouble> {
    let seen = queries::visible(settings, account, id).await?;
    Ok(seen.map(|(found, _)| Of::Invitation(Box::new(found.document))))
}

/// An item that cannot be seen: whoever acts for its last owner is told what it was called.
async fn gone(settings: &Settings, account: &Account, id: ItemId) -> Result<Of, Trouble> {
    let stone = load::one::<Tombstone>(&*settings.store, Key::Tombstone(id)).await?;
    let Some(stone) = stone.map(|stone| stone.document) else {
        return Ok(Of::Hidden(id));
    };
    match rights::acting(settings, account.id, stone.owner).await {
        Ok(_) => Ok(Of::Gone(stone)),
        Err(Trouble::Refused(_)) => Ok(Of::Hidden(id)),
        Err(fault) => Err(fault),
    }
}
