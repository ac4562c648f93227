//! Offers and invitations: one with what belongs to it, the lists of them, and what waits for an answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::actors::load::{self, Versioned};
use crate::actors::people;
use crate::actors::rights::{Acting, Owning};
use crate::actors::world::{Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::event::Event;
use crate::domain::id::{Context, InvitationId, LetterId};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::invitation::{
    Entitled, Glance, Invitation, MAX_LETTERS, Recipient, Sought, State,
};
use crate::domain::key::{Bytes, Key};
use crate::domain::letter::{Letter, Subject};
use crate::domain::time::Time;
use crate::domain::workgroup::Role;
use crate::store::{Direction, Fault, Store, Version};

/// A transfer as one of its two sides sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The transfer.
    pub transfer: Versioned<Invitation>,
    /// Which side (or both) is looking.
    pub entitled: Entitled,
    /// Its letters that this side may see, oldest first: the sender sees all.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<(Version, Event)>,
}

impl Shown {
    /// To whom a letter went, as `account` may know: who answers for a workgroup is no business of those who offer to it.
    pub fn addressee(&self, letter: &Letter, account: &Account) -> String {
        let transfer = &self.transfer.document;
        let known = matches!(transfer.recipient, Recipient::Address(_))
            || letter.to == transfer.sender.address
            || account.has(&letter.to);
        if known {
            letter.to.to_string()
        } else {
            letter.to.masked()
        }
    }
}

/// A transfer with its letters and history, for somebody on one of its sides; a stranger is told that there is none.
pub async fn transfer(
    settings: &Settings,
    account: &Account,
    id: InvitationId,
) -> Result<Shown, Trouble> {
    let store = &*settings.store;
    let seen = visible(settings, account, id).await?;
    let (transfer, entitled) = seen.ok_or_else(|| Trouble::from(Invitation::not_found(id)))?;
    let named = transfer.document.letters.iter().copied();
    let mut ids: Vec<LetterId> = named.collect();
    ids.extend(besides(store, id).await?);
    let keys: Vec<Key> = ids.iter().map(|id| Key::Letter(*id)).collect();
    let letters = load::all::<Letter>(store, &keys).await?;
    let letters = letters.into_iter().flatten().map(|l| l.document);
    let mine = |letter: &Letter| entitled.sender || account.has(&letter.to);
    let mut letters: Vec<Letter> = letters.filter(mine).collect();
    letters.sort_by_key(|letter| letter.created_at);
    Ok(Shown {
        letters,
        history: journal(settings, Key::Invitation(id), 1_000).await?,
        transfer,
        entitled,
    })
}

/// The newest letters about it that answered replies to it, or told that others did not arrive.
pub(in crate::actors) async fn besides(
    store: &dyn Store,
    id: InvitationId,
) -> Result<Vec<LetterId>, Fault> {
    let prefix = index::besides(id);
    let page = store
        .scan(prefix, None, Direction::Backward, MAX_LETTERS)
        .await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    Ok(ids.map(LetterId::from_bits).collect())
}

/// An invitation and the side this person stands on; `None` if they may not know that it is there.
pub(in crate::actors) async fn visible(
    settings: &Settings,
    account: &Account,
    id: InvitationId,
) -> Result<Option<(Versioned<Invitation>, Entitled)>, Trouble> {
    let store = &*settings.store;
    let Some(found) = load::one::<Invitation>(store, Key::Invitation(id)).await? else {
        return Ok(None);
    };
    let entitled = crate::actors::invitation::entitled(settings, account, &found.document).await?;
    let mut sees =
        entitled.sender || (entitled.recipient && found.document.has_reached_recipient());
    if let State::Accepted { into, .. } = found.document.state
        && !sees
    {
        // It is part of the history of the context that took it.
        sees = people::person(store, account.id, &[into])
            .await?
            .belongs_to(into);
    }
    Ok(sees.then_some((found, entitled)))
}

/// Those of these invitations that this person may see.
pub async fn seen_of(
    settings: &Settings,
    account: &Account,
    ids: impl Iterator<Item = InvitationId>,
) -> Result<BTreeMap<InvitationId, Invitation>, Trouble> {
    let mut all = BTreeMap::new();
    for id in ids.collect::<BTreeSet<_>>() {
        if let Some((found, _)) = visible(settings, account, id).await? {
            all.insert(id, found.document);
        }
    }
    Ok(all)
}

/// The newest entries of the journal of an item, oldest first: for the owner's side, whose business it is with whom it was shared.
pub async fn item_journal(
    settings: &Settings,
    owning: Owning<'_>,
    limit: usize,
) -> Result<Vec<(Version, Event)>, Fault> {
    journal(settings, Key::Item(owning.permit().id()), limit).await
}

/// The newest entries of the journal of a document, oldest first: whoever writes many cannot push later ones out of sight.
pub(in crate::actors) async fn journal(
    settings: &Settings,
    key: Key,
    limit: usize,
) -> Result<Vec<(Version, Event)>, Fault> {
    let end = Version(u64::MAX);
    let mut rows = settings.store.latest(key, end, limit).await?;
    rows.reverse();
    rows.into_iter()
        .map(|(version, body)| {
            let event = serde_json::from_slice(&body).map_err(|error| {
                Fault::never(format!("a journal entry cannot be read: {error}"))
            })?;
            Ok((version, event))
        })
        .collect()
}

/// The offer that the token in a letter's link stands for. Whoever presents it is nobody in particular.
pub async fn linked(
    settings: &Settings,
    token: &str,
    now: Time,
) -> Result<Option<Versioned<Invitation>>, Fault> {
    let store = &*settings.store;
    let Some(letter) = settings.key.letter_of_link(token) else {
        return Ok(None);
    };
    let letter = load::one::<Letter>(store, Key::Letter(letter)).await?;
    match letter.map(|letter| letter.document.subject) {
        Some(Subject::Invitation(id)) => {
            let found = load::one::<Invitation>(store, Key::Invitation(id)).await?;
            Ok(found.filter(|found| found.document.is_known_by_letter(now)))
        }
        Some(
            Subject::SignIn(_) | Subject::Access(_) | Subject::Workgroup(_) | Subject::Move(_),
        )
        | None => Ok(None),
    }
}

/// Which of somebody's transfers. Only whoever may act for a context, or has verified an address, has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Box_(Kept);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Sent(Context),
    Received(Receiver),
}

impl Box_ {
    /// Offers this context made.
    pub const fn sent(acting: &Acting) -> Self {
        Self(Kept::Sent(acting.context()))
    }
    /// Offers to this context.
    pub const fn received(acting: &Acting) -> Self {
        Self(Kept::Received(Receiver::Context(acting.context())))
    }
    /// Offers made by a context whose standing was looked up.
    pub(in crate::actors) const fn made_by(context: Context) -> Self {
        Self(Kept::Sent(context))
    }
    /// Offers to somebody who was looked up.
    pub(in crate::actors) const fn of(receiver: Receiver) -> Self {
        Self(Kept::Received(receiver))
    }
}

/// So many rows are looked through for one page, at most, and so many transfers read where only they tell whether they fit, so that a rare
/// state does not cost a whole history; so many rows at once.
const LOOKED_THROUGH: usize = 5_000;
const READ: usize = 500;
const AT_ONCE: usize = 500;

/// A page of transfers, newest first.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    /// The transfers.
    pub transfers: Vec<Versioned<Invitation>>,
    /// Where to go on: the last one looked at, when there may be more.
    pub next: Option<InvitationId>,
}

/// What keeps some of those that a list has.
pub trait Keeps: Sync {
    /// Whether it may keep the one of which a row tells this.
    fn may_fit(&self, _glance: Glance) -> bool {
        true
    }
    /// Whether it keeps it.
    fn fits(&self, transfer: &Invitation) -> bool;
}

impl<F: Fn(&Invitation) -> bool + Sync> Keeps for F {
    fn fits(&self, transfer: &Invitation) -> bool {
        self(transfer)
    }
}

/// Keeps every one.
pub const fn every(_: &Invitation) -> bool {
    true
}

impl Keeps for Sought<'_> {
    fn may_fit(&self, glance: Glance) -> bool {
        Sought::may_fit(self, glance)
    }
    fn fits(&self, transfer: &Invitation) -> bool {
        Sought::fits(self, transfer)
    }
}

/// A page of the transfers of one phase that are kept.
pub async fn transfers(
    settings: &Settings,
    of: Box_,
    phase: Phase,
    after: Option<InvitationId>,
    limit: usize,
    keep: &impl Keeps,
) -> Result<Transfers, Fault> {
    let store = &*settings.store;
    let prefix = match of.0 {
        Kept::Sent(context) => index::sent(context, phase),
        Kept::Received(to) => index::received(to, phase),
    };
    let mut page = Transfers {
        transfers: Vec::new(),
        next: after,
    };
    let (mut looked_at, mut read, mut at_once) = (0, 0, limit);
    while looked_at < LOOKED_THROUGH {
        let from = page.next.map(|id| continued(prefix, id.bits()));
        let rows = store
            .scan(prefix, from, Direction::Backward, at_once)
            .await?;
        looked_at += rows.rows.len();
        let mut candidates = Vec::new();
        let mut last = None;
        for (key, value) in rows.rows.iter() {
            last = index::last_id(key).map(InvitationId::from_bits);
            let glance = Glance::read(value).ok_or_else(load::damaged)?;
            candidates.extend(last.filter(|_| keep.may_fit(glance)));
        }
        for some in candidates.chunks(limit.max(1)) {
            read += some.len();
            let keys: Vec<Key> = some.iter().map(|id| Key::Invitation(*id)).collect();
            let found = load::all::<Invitation>(store, &keys).await?;
            for found in found.into_iter().flatten() {
                if !keep.fits(&found.document) {
                    continue;
                }
                let id = found.document.id;
                page.transfers.push(found);
                if page.transfers.len() >= limit {
                    page.next = Some(id).filter(|id| rows.more || last != Some(*id));
                    return Ok(page);
                }
            }
            if read >= READ {
                let looked_at = some.last().copied();
                page.next = looked_at.filter(|id| rows.more || last != Some(*id));
                return Ok(page);
            }
        }
        page.next = last.filter(|_| rows.more);
        if page.next.is_none() {
            break;
        }
        // Others are served between two helpings.
        tokio::task::yield_now().await;
        at_once = AT_ONCE.min(LOOKED_THROUGH.saturating_sub(looked_at));
    }
    Ok(page)
}

pub(super) fn continued(prefix: Bytes, bits: u128) -> Vec<u8> {
    prefix.wide(bits).as_slice().to_vec()
}

/// The offers that wait for this person: to their addresses, and to workgroups they answer for. Newest first, at most `limit` of each.
pub async fn inbox(
    settings: &Settings,
    account: &Account,
    now: Time,
    limit: usize,
) -> Result<Vec<Versioned<Invitation>>, Fault> {
    let mut receivers: Vec<Receiver> = account
        .addresses
        .iter()
        .map(|address| Receiver::Address(address.digest()))
        .collect();
    for membership in people::memberships(&*settings.store, account.id).await? {
        if membership.document.role >= Role::Administrator {
            let workgroup = Context::Workgroup(membership.document.workgroup);
            receivers.push(Receiver::Context(workgroup));
        }
    }
    let mut all = Vec::new();
    for receiver in receivers {
        let of = Box_::of(receiver);
        let waits = |transfer: &Invitation| now < transfer.expires_at;
        let page = transfers(settings, of, Phase::Open, None, limit, &waits).await?;
        all.extend(page.transfers);
    }
    all.sort_by_key(|found| std::cmp::Reverse(found.document.id));
    all.dedup_by_key(|found| found.document.id);
    Ok(all)
}
