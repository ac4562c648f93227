//! What a move would move: for whoever proposes it, and for whoever is asked to approve it.

use crate::actors::context::Owner;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::index;
use crate::domain::moving::Move;
use crate::store::{Direction, Fault, MAX_PAGE};

use super::proposing::{Ends, ends, usage};
use super::{Caller, New};

/// What a move would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Whose data, and what that context is called.
    pub from: (Context, String),
    /// To where, and what that context is called.
    pub to: (Context, String),
    /// How many runs, and whether there are more than were counted.
    pub runs: (usize, bool),
    /// The same of projects.
    pub projects: (usize, bool),
    /// Some of them, runs first; whoever looks need not be allowed to see them.
    pub items: Vec<ItemId>,
    /// What all of them add up to.
    pub bytes: u64,
    /// What the other context has free; `None`: it has no cap.
    pub free: Option<u64>,
}

/// So many of the items are named by a preview.
const NAMED: usize = 50;

/// What a move would do, for whoever may propose it.
///
/// # Errors
/// As [`super::propose`].
pub async fn preview(settings: &Settings, call: &Call, new: &New) -> Result<Preview, Trouble> {
    let caller = Caller::of(settings, call).await?;
    let Ends { from, to } = ends(settings, &caller, new).await?;
    Ok(look(settings, &from, &to).await?)
}

/// What a move that [`super::show`] told of would do now, or has still to do; `None`: it has ended, or one of its ends is gone.
///
/// # Errors
/// The world failed.
pub async fn still_to_move(settings: &Settings, of: &Move) -> Result<Option<Preview>, Fault> {
    if !of.state.is_open() {
        return Ok(None);
    }
    let store = &*settings.store;
    let ends = (
        Owner::load(store, of.from).await?,
        Owner::load(store, of.to).await?,
    );
    match ends {
        (Some(from), Some(to)) => look(settings, &(of.from, from), &(of.to, to))
            .await
            .map(Some),
        _ => Ok(None),
    }
}

async fn look(
    settings: &Settings,
    from: &(Context, Owner),
    to: &(Context, Owner),
) -> Result<Preview, Fault> {
    let mut items = Vec::new();
    let mut counts = [(0, false); 2];
    for (kind, count) in [ItemKind::Run, ItemKind::Project]
        .into_iter()
        .zip(&mut counts)
    {
        let prefix = index::owned(from.0, kind);
        let page = settings
            .store
            .scan(prefix, None, Direction::Forward, MAX_PAGE)
            .await?;
        *count = (page.rows.len(), page.more);
        let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
        let room = NAMED.saturating_sub(items.len());
        items.extend(ids.take(room).map(|bits| ItemId::new(kind, bits)));
    }
    let (bytes, there) = usage(settings, from.0, to.0).await?;
    let quota = to.1.quota(settings);
    let [runs, projects] = counts;
    Ok(Preview {
        from: (from.0, from.1.name()),
        to: (to.0, to.1.name()),
        runs,
        projects,
        items,
        bytes,
        free: quota.map(|quota| quota.saturating_sub(there)),
    })
}
