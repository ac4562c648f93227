//! What operators see and do of mail: letters that did not leave, messages that came in, addresses that letters do not reach. For those
//! who administer the site.

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::document::Document as _;
use crate::domain::id::{Digest, LetterId, MessageId};
use crate::domain::incoming::{Incoming, State as Came};
use crate::domain::index;
use crate::domain::key::Key;
use crate::domain::letter::{Letter, State};
use crate::domain::reach::Reach;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;
use crate::store::Direction;

use super::load;
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::reach;
use super::world::{Call, Settings, Trouble, World};

/// What an operator wants of a letter or a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Try it again, now.
    Retry,
    /// Try it no more.
    Drop,
}

/// A list, newest first, and where it goes on.
pub type List<T, C> = (Vec<T>, Option<C>);

/// Who calls must administer the site, still when it is committed.
async fn operator(
    settings: &Settings,
    call: &Call,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let id = people::person_of(call)?;
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    let account = found.ok_or_else(people::no_account)?;
    if !settings
        .policy
        .administers_site(&account.document.addresses)
    {
        return Err(Refusal::new(
            Code::AdministratorsOnly,
            "only those who administer the site look after its mail",
            "ask somebody whom the configuration names in site.administrators",
        )
        .into());
    }
    proposal.guard(Key::Account(id), account.version);
    Ok(())
}

fn unknown(what: &str, about: impl ToString) -> Trouble {
    let about = about.to_string();
    Refusal::new(
        Code::MailNotFound,
        format!("there is no {what} {about}"),
        "list them, and choose one of the list",
    )
    .about(about)
    .into()
}

fn not_now(sentence: &str, next_step: &str) -> Trouble {
    Refusal::new(Code::MailNotNow, sentence, next_step).into()
}

// ---- letters ----

/// Letters that were tried in vain: those that still wait, and those that are given up, undeliverable or came back.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn letters(
    settings: &Settings,
    call: &Call,
    after: Option<LetterId>,
    limit: usize,
) -> Result<List<Letter, LetterId>, Trouble> {
    operator(settings, call, &mut Proposal::default()).await?;
    let store = &*settings.store;
    let prefix = index::troubled();
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let ids: Vec<LetterId> = ids.map(LetterId::from_bits).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Letter(*id)).collect();
    let found = load::all::<Letter>(store, &keys).await?;
    let next = ids.last().copied().filter(|_| page.more);
    Ok((
        found.into_iter().flatten().map(|f| f.document).collect(),
        next,
    ))
}

/// One letter.
///
/// # Errors
/// Whoever calls does not administer the site, there is none, or the store failed.
pub async fn letter(settings: &Settings, call: &Call, id: LetterId) -> Result<Letter, Trouble> {
    operator(settings, call, &mut Proposal::default()).await?;
    let found = load::one::<Letter>(&*settings.store, Key::Letter(id)).await?;
    found
        .map(|found| found.document)
        .ok_or_else(|| unknown("letter", id))
}

/// Has a letter tried again, or no more. What came back or is undeliverable is tried with a clean slate for its address.
///
/// # Errors
/// As [`letter`]; the letter has left, or others changed it.
pub async fn change_letter(
    world: &dyn World,
    call: &Call,
    id: LetterId,
    wish: Wish,
) -> Result<Letter, Trouble> {
    let id = once(world, call, || {
        Box::pin(changed_letter(world, call, id, wish))
    });
    letter(&world.settings(), call, id.await?).await
}

impl Answer for LetterId {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

async fn changed_letter(
    world: &dyn World,
    call: &Call,
    id: LetterId,
    wish: Wish,
) -> Result<Decision<LetterId>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = load::one::<Letter>(store, Key::Letter(id)).await?;
    let old = found.ok_or_else(|| unknown("letter", id))?;
    let mut next = old.document.clone();
    match (&old.document.delivery, wish) {
        (State::Sent { .. }, _) => {
            return Err(not_now("the letter has left", "nothing is left to do"));
        }
        (State::Withdrawn { .. }, _) => {
            return Err(not_now(
                "the letter is dropped",
                "have its sender send the offer again",
            ));
        }
        (_, Wish::Drop) => next.delivery = State::Withdrawn { at: call.at },
        (state, Wish::Retry) => {
            if matches!(state, State::Undeliverable { .. } | State::Bounced { .. }) {
                reach::works(store, &next.to, call.at, &mut proposal).await?;
            }
            // Never the row it had: that one is taken away.
            let was = old.document.due().map(|(_, at, _)| at);
            let now = call.at;
            let not_before = if was == Some(now) {
                now.plus_ms(1)
            } else {
                now
            };
            next.delivery = State::Queued { not_before };
        }
    }
    proposal.replace(&old, &next, None);
    Ok(Decision::done(id, proposal))
}

// ---- messages ----

/// What came in by mail.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn messages(
    settings: &Settings,
    call: &Call,
    after: Option<MessageId>,
    limit: usize,
) -> Result<List<Incoming, MessageId>, Trouble> {
    operator(settings, call, &mut Proposal::default()).await?;
    let store = &*settings.store;
    let prefix = index::incoming();
    let from = match after {
        Some(id) => {
            let found = load::one::<Incoming>(store, Key::Incoming(id)).await?;
            let at = found.ok_or_else(|| unknown("message", id))?.document.at;
            Some(prefix.moment(at).wide(id.bits()).as_slice().to_vec())
        }
        None => None,
    };
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let ids: Vec<MessageId> = ids.map(MessageId::from_bits).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Incoming(*id)).collect();
    let found = load::all::<Incoming>(store, &keys).await?;
    let next = ids.last().copied().filter(|_| page.more);
    Ok((
        found.into_iter().flatten().map(|f| f.document).collect(),
        next,
    ))
}

/// One message: what became of it, never what it says.
///
/// # Errors
/// Whoever calls does not administer the site, there is none, or the store failed.
pub async fn message(settings: &Settings, call: &Call, id: MessageId) -> Result<Incoming, Trouble> {
    operator(settings, call, &mut Proposal::default()).await?;
    let found = load::one::<Incoming>(&*settings.store, Key::Incoming(id)).await?;
    found
        .map(|found| found.document)
        .ok_or_else(|| unknown("message", id))
}

/// Has a message that was given up seen to again, or one that waits no more. What was understood stays as it is.
///
/// # Errors
/// As [`message`]; it was understood, its seven days are over, or others changed it.
pub async fn change_message(
    world: &dyn World,
    call: &Call,
    id: MessageId,
    wish: Wish,
) -> Result<Incoming, Trouble> {
    let id = once(world, call, || {
        Box::pin(changed_message(world, call, id, wish))
    });
    message(&world.settings(), call, id.await?).await
}

impl Answer for MessageId {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

async fn changed_message(
    world: &dyn World,
    call: &Call,
    id: MessageId,
    wish: Wish,
) -> Result<Decision<MessageId>, Trouble> {
    let settings = world.settings();
    let store = &*settings.store;
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = load::one::<Incoming>(store, Key::Incoming(id)).await?;
    let old = found.ok_or_else(|| unknown("message", id))?;
    let next = match (&old.document.state, wish) {
        (Came::Waiting { .. }, Wish::Drop) => {
            let why = "dropped by an operator";
            old.document.done(call.at, "dropped", why)
        }
        (Came::Waiting { .. }, Wish::Retry) => waiting(&old.document, call.at),
        (Came::Done { outcome, .. }, Wish::Retry)
            if matches!(outcome.as_str(), "given-up" | "unreadable" | "dropped") =>
        {
            let sealed = store.load(&[Key::Sealed(id)]).await?;
            if sealed.iter().flatten().next().is_none() {
                return Err(not_now(
                    "the message itself is kept no longer",
                    "have its sender answer in handover",
                ));
            }
            waiting(&old.document, call.at)
        }
        (Came::Done { .. }, _) => {
            return Err(not_now(
                "the message was understood",
                "nothing is left to do",
            ));
        }
    };
    proposal.replace(&old, &next, None);
    Ok(Decision::done(id, proposal))
}

fn waiting(of: &Incoming, not_before: Time) -> Incoming {
    Incoming {
        state: Came::Waiting { not_before },
        ..of.clone()
    }
}

// ---- addresses ----

/// Addresses that letters do not reach, or that a mail server reported once.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn addresses(
    settings: &Settings,
    call: &Call,
    after: Option<Digest>,
    limit: usize,
) -> Result<List<Reach, Digest>, Trouble> {
    operator(settings, call, &mut Proposal::default()).await?;
    let store = &*settings.store;
    let prefix = index::undeliverable();
    let from = after.map(|digest| prefix.wide(digest.0).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let ids = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let digests: Vec<Digest> = ids.map(Digest).collect();
    let keys: Vec<Key> = digests.iter().map(|digest| Key::Reach(*digest)).collect();
    let found = load::all::<Reach>(store, &keys).await?;
    let next = digests.last().copied().filter(|_| page.more);
    Ok((
        found.into_iter().flatten().map(|f| f.document).collect(),
        next,
    ))
}

/// Says that an address works.
///
/// # Errors
/// Whoever calls does not administer the site, nothing speaks against the address, or the world failed.
pub async fn reset(world: &dyn World, call: &Call, address: &Address) -> Result<Reach, Trouble> {
    once(world, call, || Box::pin(forgiven(world, call, address))).await?;
    let settings = world.settings();
    operator(&settings, call, &mut Proposal::default()).await?;
    let found = reach::of(&*settings.store, address).await?;
    let known = found.ok_or_else(|| unknown("doubtful address", address))?;
    Ok(known.document)
}

async fn forgiven(
    world: &dyn World,
    call: &Call,
    address: &Address,
) -> Result<Decision<()>, Trouble> {
    let settings = world.settings();
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = reach::of(&*settings.store, address).await?;
    let old = found.ok_or_else(|| unknown("doubtful address", address))?;
    if old.document.is_doubtful() {
        proposal.replace(&old, &old.document.clone().works(call.at), None);
    }
    Ok(Decision::done((), proposal))
}
