//! What comes in by mail: the door that keeps it before it is acknowledged, and what is done with it then.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};

use crate::actors::incoming::{
    self, Desk, Kept, Limits, New, Opened, Probe, Reply, Reported, Says,
};
use crate::domain::id::{LetterId, MessageId};
use crate::domain::incoming::Purpose;
use crate::domain::secret::SiteKey;
use crate::mail::inbound::grammar::Answer;
use crate::mail::inbound::report::Action;
use crate::mail::inbound::{
    self, Delivery, Door, Envelope, Examined, Recipient, Settings, Turned, identity,
};
use crate::store::{Claimed, Fault, Settlement, Store};

use super::Courier;

/// So often a message is taken up. What breaks an assertion, or meets a fault for a day, is given up and shown to the operators.
const MOST_CLAIMS: u32 = 100;

/// So many messages are in memory at once to be read. Many more may wait for what they decide to be committed: of these only that is left.
pub const READ_AT_ONCE: usize = 16;

/// What understands a message.
pub struct Inbox {
    /// Who decides.
    pub desk: Arc<dyn Desk>,
    /// How a message is examined.
    pub settings: Settings,
    /// How many may be read at once; see [`READ_AT_ONCE`].
    pub reading: Semaphore,
    /// Rung after a message was kept.
    pub arrived: Arc<Notify>,
}

/// The door with the store behind it.
pub struct Keeper {
    /// Whose store and key it is.
    pub desk: Arc<dyn Desk>,
    /// How much is kept.
    pub limits: Limits,
    /// How a message is examined.
    pub settings: Settings,
    /// Rung after a message was kept.
    pub arrived: Arc<Notify>,
}

fn letter_of(key: &SiteKey, recipient: &Recipient) -> Option<(LetterId, Purpose)> {
    let token = recipient.token();
    match recipient.purpose() {
        inbound::Purpose::Reply => Some((key.letter_of_reply(token)?, Purpose::Reply)),
        inbound::Purpose::Bounce => Some((key.letter_of_bounce(token)?, Purpose::Report)),
        inbound::Purpose::Probe => Some((key.probe_of(token)?, Purpose::Probe)),
    }
}

fn recipient_of(key: &SiteKey, letter: LetterId, purpose: Purpose) -> Option<Recipient> {
    match purpose {
        Purpose::Reply => Recipient::new(inbound::Purpose::Reply, &key.reply(letter)),
        Purpose::Report => Recipient::new(inbound::Purpose::Bounce, &key.bounce(letter)),
        Purpose::Probe => Recipient::new(inbound::Purpose::Probe, &key.probe(letter)),
    }
}

impl Door for Keeper {
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(async move {
            let settings = self.desk.settings();
            let Some((letter, purpose)) = letter_of(&settings.key, recipient) else {
                return Err(Turned::unknown());
            };
            if purpose == Purpose::Probe {
                let now = self.desk.now();
                return match incoming::probe(&settings, letter, now).await {
                    Ok(Probe::Awaited) => Ok(()),
                    Ok(Probe::Arrived) => Err(Turned::arrived()),
                    Ok(Probe::Past) => Err(Turned::unknown()),
                    Err(_) => Err(Turned::store()),
                };
            }
            let now = self.desk.now();
            match incoming::knows(&settings, letter, purpose, now).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(Turned::unknown()),
                Err(_) => Err(Turned::store()),
            }
        })
    }

    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(async move {
            let settings = self.desk.settings();
            let Some((letter, purpose)) = letter_of(&settings.key, delivery.recipient) else {
                return Err(Turned::unknown());
            };
            if purpose == Purpose::Probe && delivery.envelope_sender.is_none() {
                // A report that it did not arrive must not count as its arrival.
                return Err(Turned::unknown());
            }
            let (message_id, body) = identity(delivery.raw);
            let examined = inbound::examine(delivery.raw, &delivery.envelope(), &self.settings);
            let read_as = examined.read_as().unwrap_or_default();
            let new = New {
                letter,
                purpose,
                envelope_sender: delivery.envelope_sender,
                same: (&message_id, body),
                read_as: &read_as,
                raw: delivery.raw,
                signed: delivery.signed,
            };
            let now = self.desk.now();
            let kept = incoming::keep(&settings, now, self.limits, &new).await;
            let (how, answer) = match kept {
                Ok(Kept::New) => {
                    self.arrived.notify_one();
                    ("new", Ok(()))
                }
                Ok(Kept::Before) => ("repeated", Ok(())),
                Ok(Kept::TooMany) => ("too-many", Err(Turned::too_many())),
                Ok(Kept::Full) => {
                    tracing::error!(
                        "there is no room for more mail that comes in; raise reply.keep, or look at what was given up: it is kept for a week"
                    );
                    ("full", Err(Turned::store()))
                }
                Err(fault) => {
                    tracing::error!(%fault, "a message could not be kept; the mail server comes back with it");
                    ("failed", Err(Turned::store()))
                }
            };
            metrics::counter!("handover_mail_taken_total", "how" => how).increment(1);
            answer
        })
    }
}

impl Courier {
    pub(super) async fn understand(&self, row: Claimed) -> Result<(), Fault> {
        let parts = &self.inner.parts;
        let Some(inbox) = &parts.inbox else {
            return Err(Fault::retry("nobody answers mail here"));
        };
        inbox.understand(&*parts.store, row).await
    }
}

impl Inbox {
    /// Sees to a message that waits: examines it, decides, and writes down what became of it.
    ///
    /// # Errors
    /// The store failed, or others changed the same: the message is to be seen to again, and decides once all the same.
    pub async fn understand(&self, store: &dyn Store, row: Claimed) -> Result<(), Fault> {
        let world = &*self.desk;
        let settings = world.settings();
        let reading = self.reading.acquire().await;
        let opened = incoming::open(&settings, MessageId::from_bits(row.due.id)).await?;
        let Some(Opened { incoming, message }) = opened else {
            return store.settle(row, Settlement::Done).await;
        };
        let now = world.now();
        let of = &incoming.document;
        let recipient = recipient_of(&settings.key, of.letter, of.purpose);
        let became = match (message, recipient) {
            _ if row.claims > MOST_CLAIMS => {
                tracing::error!(message = %of.id, "a message was given up; `handover mail inbound show` tells of it");
                incoming::Became::silent("given-up", "it was taken up too often")
            }
            (Err(why), _) => incoming::Became::silent("unreadable", why),
            (_, None) => incoming::Became::silent("unreadable", "its letter has no such address"),
            (Ok((sender, raw)), Some(recipient)) => {
                let envelope = Envelope {
                    recipient: &recipient,
                    sender: sender.as_deref(),
                    signed: of.signed.as_ref(),
                };
                let examined = inbound::examine(&raw, &envelope, &self.settings);
                // Large ones would add up while commits are waited for.
                drop(raw);
                drop(reading);
                match examined {
                    Examined::Dropped { outcome, why } => {
                        incoming::Became::silent(outcome.word(), why)
                    }
                    Examined::Report { recipients, .. } => {
                        let reported: Vec<Reported> = recipients.into_iter().map(said).collect();
                        let outcome = incoming::note(world, row, incoming, &reported, now).await?;
                        count(outcome);
                        return Ok(());
                    }
                    Examined::Reply {
                        from,
                        authenticated,
                        verb,
                        message_id,
                    } => {
                        let reply = Reply {
                            message: of.id,
                            letter: of.letter,
                            from,
                            doubt: authenticated.err().map(|doubt| doubt.0),
                            says: meant(verb),
                            message_id,
                        };
                        let outcome = incoming::see_to(world, row, &incoming, &reply).await?;
                        count(outcome);
                        return Ok(());
                    }
                }
            }
        };
        incoming::finish(world, row, incoming, &became, world.now()).await?;
        count(became.outcome);
        Ok(())
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("handover_mail_understood_total", "outcome" => outcome).increment(1);
}

fn said(recipient: inbound::report::Recipient) -> Reported {
    Reported {
        to: recipient
            .original
            .into_iter()
            .chain(recipient.last)
            .collect(),
        failed: recipient.action == Action::Failed,
        delayed: recipient.action == Action::Delayed,
        status: recipient
            .status
            .map(|status| (status.class, status.subject, status.detail)),
    }
}

fn meant(answer: Answer) -> Says {
    match answer {
        Answer::Accept { context } => Says::Accept { context },
        Answer::Decline { reason } => Says::Decline { reason },
        Answer::Neither => Says::Neither,
    }
}
