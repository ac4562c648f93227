//! Who signed a reply, where the site trusts no other server to say so (check 8 of MAIL §5).
//!
//! It is looked at before the message is taken: what cannot be judged now, because the DNS does not answer, stays with the mail server,
//! which comes back with it. What was found is kept with the message, so that understanding it needs no network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::domain::address::Address;
use crate::domain::id::Digest;
use crate::domain::incoming::Signed;

use super::address::Recipient;
use super::door::{Delivery, Door, Turned};
use super::verdict::{Doubt, Examined, Settings, examine};

/// A message that nobody can judge for so long is taken as if nobody had signed it: then whoever is invited is asked to confirm in
/// Handover, before the mail server gives up.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// Mail servers come back at least every few hours; what is older than this, in memory, is forgotten.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// So many messages that could not be judged are remembered at most, the newest.
const MOST_REMEMBERED: usize = 10_000;

/// What looks at signatures.
pub trait Signatures: Send + Sync + 'static {
    /// Whether somebody who speaks for the domain of this sender signed the message as one to this recipient. The message is one that
    /// [`examine`] takes for a reply of this sender. It answers in bounded time.
    ///
    /// # Errors
    /// That cannot be told now.
    fn of<'a>(
        &'a self,
        raw: &'a [u8],
        from: &'a Address,
        to: &'a Recipient,
    ) -> BoxFuture<'a, Result<Signed, Untold>>;
}

/// Why nobody can tell now who signed a message; a sentence for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Untold(pub String);

/// Whether what the door found vouches for this sender.
///
/// # Errors
/// Why not; a sentence for operators.
pub fn signed(found: Option<&Signed>, from: &Address) -> Result<(), Doubt> {
    match found {
        Some(Signed::For { domain }) if domain == from.domain() => Ok(()),
        Some(Signed::For { .. }) => Err(Doubt("it is signed for another domain".to_owned())),
        Some(Signed::Not { why }) => Err(Doubt(why.clone())),
        None => Err(Doubt(
            "it came before this site looked at signatures".to_owned(),
        )),
    }
}

/// A door that looks who signed a reply before it is taken, and hands on what it found. Without anything to look with it hands on
/// everything as it comes.
pub struct Witness<D> {
    door: D,
    signatures: Option<Arc<dyn Signatures>>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// To whom a message is being looked at.
    busy: BTreeSet<Recipient>,
    /// Since when a message could not be judged.
    untold: BTreeMap<Digest, Duration>,
    /// The same, oldest first.
    since: VecDeque<(Duration, Digest)>,
}

/// While it is there, a message to this recipient is being looked at; also when the session goes away meanwhile.
struct Busy<'a> {
    seen: &'a Mutex<Seen>,
    recipient: &'a Recipient,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        locked(self.seen).busy.remove(self.recipient);
    }
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nothing panics while it is held.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Door> Witness<D> {
    /// Before this door.
    pub fn new(
        door: D,
        signatures: Option<Arc<dyn Signatures>>,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            door,
            signatures,
            settings,
            clock,
            seen: Mutex::default(),
        }
    }

    /// What is found of a message, if it is a reply: nobody else's signature counts for anything.
    async fn found(&self, delivery: &Delivery<'_>) -> Result<Option<Signed>, Turned> {
        let Some(signatures) = &self.signatures else {
            return Ok(None);
        };
        let examined = examine(delivery.raw, &delivery.envelope(), &self.settings);
        let Examined::Reply { from, .. } = examined else {
            return Ok(None);
        };
        let busy = self.enter(delivery.recipient)?;
        let found = signatures.of(delivery.raw, &from, delivery.recipient).await;
        drop(busy);
        match found {
            Ok(signed) => Ok(Some(signed)),
            Err(Untold(why)) => self.bear(delivery, &why).map(Some),
        }
    }

    /// One at a time to one recipient: whoever has an address must not keep all sessions waiting for a name server of their own.
    fn enter<'a>(&'a self, recipient: &'a Recipient) -> Result<Busy<'a>, Turned> {
        if !locked(&self.seen).busy.insert(recipient.clone()) {
            return Err(Turned::too_many());
        }
        let seen = &self.seen;
        Ok(Busy { seen, recipient })
    }

    /// The mail server is to come back, unless it has done so for long.
    fn bear(&self, delivery: &Delivery<'_>, why: &str) -> Result<Signed, Turned> {
        let since = self.untold_since(delivery);
        let now = self.clock.elapsed();
        if now.saturating_sub(since) < PATIENCE {
            tracing::warn!(
                why,
                "it cannot be told now who signed a reply; the mail server comes back with it"
            );
            return Err(Turned::untold());
        }
        let why = "for an hour it could not be told who signed it".to_owned();
        Ok(Signed::Not { why })
    }

    /// When this message could not be judged for the first time.
    fn untold_since(&self, delivery: &Delivery<'_>) -> Duration {
        let now = self.clock.elapsed();
        let which = which(delivery);
        let mut seen = locked(&self.seen);
        while seen.since.len() >= MOST_REMEMBERED
            || (seen.since.front()).is_some_and(|(at, _)| now.saturating_sub(*at) >= REMEMBERED)
        {
            if let Some((_, which)) = seen.since.pop_front() {
                seen.untold.remove(&which);
            }
        }
        if let Some(since) = seen.untold.get(&which) {
            return *since;
        }
        seen.untold.insert(which, now);
        seen.since.push_back((now, which));
        now
    }
}

/// The same when it comes again.
fn which(delivery: &Delivery<'_>) -> Digest {
    let (message_id, body) = super::identity(delivery.raw);
    let mut all = delivery.recipient.token().as_bytes().to_vec();
    all.extend_from_slice(&Digest::of(message_id.as_bytes()).0.to_be_bytes());
    all.extend_from_slice(&Digest::of(body).0.to_be_bytes());
    Digest::of(&all)
}

impl<D: Door> Door for Witness<D> {
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        self.door.knows(recipient)
    }

    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(async move {
            let found = self.found(&delivery).await?;
            let signed = found.as_ref();
            self.door.take(Delivery { signed, ..delivery }).await
        })
    }
}

#[cfg(test)]
mod tests;
