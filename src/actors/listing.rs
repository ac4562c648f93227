//! Pages of transfers out of several boxes: what was sent by a context, what was offered to each of a person's addresses and to
//! the workgroups they answer for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::domain::account::Account;
use crate::domain::id::{Context, InvitationId};
use crate::domain::index::{Phase, Receiver};
use crate::domain::invitation::Invitation;
use crate::domain::workgroup::Role;
use crate::store::Fault;

use super::people;
use super::queries::{self, Box_, Keeps};
use super::world::Settings;

/// Where a page ended. Open transfers come before closed ones, each newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    phase: Phase,
    after: Option<InvitationId>,
}

/// A text that no page gave as its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.phase {
            Phase::Open => "open",
            Phase::Closed => "closed",
        })?;
        self.after.map_or(Ok(()), |id| write!(f, ".{id}"))
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;
    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (phase, after) = match text.split_once('.') {
            Some((phase, id)) => (phase, Some(id.parse().map_err(|_| NoCursor)?)),
            None => (text, None),
        };
        let phase = match phase {
            "open" => Phase::Open,
            "closed" => Phase::Closed,
            _ => return Err(NoCursor),
        };
        Ok(Self { phase, after })
    }
}

/// The boxes of everything that is for this person to answer, or was.
pub async fn inboxes(settings: &Settings, account: &Account) -> Result<Vec<Box_>, Fault> {
    let addresses = account.addresses.iter();
    let addresses = addresses.map(|address| Receiver::Address(address.digest()));
    let own = Receiver::Context(Context::Personal(account.id));
    let memberships = people::memberships(&*settings.store, account.id).await?;
    let answers = memberships
        .iter()
        .filter(|found| found.document.role >= Role::Administrator)
        .map(|found| Receiver::Context(Context::Workgroup(found.document.workgroup)));
    let all = addresses.chain(std::iter::once(own)).chain(answers);
    Ok(all.map(Box_::of).collect())
}

/// A page of the transfers in these boxes that are kept, and where it goes on. `phases` in the order open, closed. A page may
/// hold fewer than `limit`, or none, and still go on: what is rare is looked for over several pages.
pub async fn page(
    settings: &Settings,
    boxes: &[Box_],
    phases: &[Phase],
    from: Option<Cursor>,
    limit: usize,
    keep: &impl Keeps,
) -> Result<(Vec<Invitation>, Option<Cursor>), Fault> {
    let mut all = Vec::new();
    let left = |phase: &&Phase| from.is_none_or(|from| **phase >= from.phase);
    let phases: Vec<Phase> = phases.iter().filter(left).copied().collect();
    for (n, phase) in phases.iter().enumerate() {
        let here = from.filter(|from| from.phase == *phase);
        let after = here.and_then(|from| from.after);
        let room = limit.saturating_sub(all.len());
        if room == 0 {
            let (phase, after) = (*phase, None);
            return Ok((all, Some(Cursor { phase, after })));
        }
        let (some, next) = merged(settings, boxes, *phase, after, room, keep).await?;
        // What ended since it was read among those that are open stands here, as it is now.
        let ended: BTreeSet<InvitationId> = some.iter().map(|transfer| transfer.id).collect();
        all.retain(|transfer: &Invitation| !ended.contains(&transfer.id));
        all.extend(some);
        if next.is_some() {
            let (phase, after) = (*phase, next);
            return Ok((all, Some(Cursor { phase, after })));
        }
        debug_assert!(n < 2, "there are two phases");
    }
    Ok((all, None))
}

async fn merged(
    settings: &Settings,
    boxes: &[Box_],
    phase: Phase,
    after: Option<InvitationId>,
    limit: usize,
    keep: &impl Keeps,
) -> Result<(Vec<Invitation>, Option<InvitationId>), Fault> {
    let mut all = Vec::new();
    // Each box was looked through down to its `next`; below the highest of those, other boxes may hold more than was read.
    let mut horizon = None;
    for of in boxes {
        let page = queries::transfers(settings, *of, phase, after, limit, keep).await?;
        horizon = horizon.max(page.next);
        all.extend(page.transfers.into_iter().map(|found| found.document));
    }
    all.sort_by_key(|transfer| std::cmp::Reverse(transfer.id));
    all.dedup_by_key(|transfer| transfer.id);
    all.retain(|transfer| horizon.is_none_or(|horizon| transfer.id >= horizon));
    if all.len() > limit {
        all.truncate(limit);
        horizon = all.last().map(|transfer| transfer.id);
    }
    Ok((all, horizon))
}
