//! Offers and invitations: one with what belongs to it, the lists of them, and what waits for an answer.

use crate::actors::load::{self, Versioned};
use crate::actors::people;
use crate::actors::rights::{Acting, Owning};
use crate::actors::world::{Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::event::Event;
use crate::domain::id::{Context, InvitationId, LetterId};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::invitation::{Entitled, Invitation, MAX_LETTERS, Recipient, State};
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

/// A page of transfers, newest first.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    /// The transfers.
    pub transfers: Vec<Versioned<Invitation>>,
    /// Where to go on: the last one looked at, when there may be more.
    pub next: Option<InvitationId>,
}

/// A page of the transfers of one phase that `keep` keeps.
pub async fn transfers(
    settings: &Settings,
    of: Box_,
    phase: Phase,
    after: Option<InvitationId>,
    limit: usize,
    keep: impl Fn(&Invitation) -> bool,
) -> Result<Transfers, Fault> {
    let store = &*settings.store;
    let prefix = match of.0 {
        Kept::Sent(context) => index::sent(context, phase),
        Kept::Received(to) => index::received(to, phase),
    };
    let mut page = Transfers::default();
    let mut after = after;
    // At most ten pages are looked through for one that is asked for, so that a rare state does not cost a whole history.
    for _ in 0..10 {
        let from = after.map(|id| continued(prefix, id.bits()));
        let rows = store.scan(prefix, from, Direction::Backward, limit).await?;
        let id = |key: &[u8]| index::last_id(key).map(InvitationId::from_bits);
        let ids: Vec<InvitationId> = rows.rows.iter().filter_map(|(key, _)| id(key)).collect();
        let keys: Vec<Key> = ids.iter().map(|id| Key::Invitation(*id)).collect();
        for found in load::all::<Invitation>(store, &keys)
            .await?
            .into_iter()
            .flatten()
        {
            if keep(&found.document) {
                page.next = Some(found.document.id);
                page.transfers.push(found);
                if page.transfers.len() >= limit {
                    let last = ids.last().copied();
                    if !rows.more && page.next == last {
                        page.next = None;
                    }
                    return Ok(page);
                }
            }
        }
        after = ids.last().copied();
        page.next = after.filter(|_| rows.more);
        if !rows.more {
            break;
        }
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
        let page = transfers(settings, of, Phase::Open, None, limit, waits).await?;
        all.extend(page.transfers);
    }
    all.sort_by_key(|found| std::cmp::Reverse(found.document.id));
    all.dedup_by_key(|found| found.document.id);
    Ok(all)
}
