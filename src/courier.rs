//! Takes what is due and sees to it: letters go out and their delivery is written down; timers wake their transfers.
//!
//! A row is claimed for the time of a lease, and what became of it is committed together with the row's removal. So nothing is lost
//! when the daemon is killed: the row comes back after the lease. What can happen then is that a letter leaves twice; it is the same
//! letter to the byte, Message-ID included.

mod delivery;
mod incoming;
mod post;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::actors::directory::Directory;
use crate::actors::load;
use crate::actors::post::waits;
use crate::domain::id::InvitationId;
use crate::domain::invitation::Invitation;
use crate::domain::key::Key;
use crate::domain::letter::LATE_MS;
use crate::domain::secret::SiteKey;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Time};
use crate::ids::Ids;
use crate::mail::{Site, Transport};
use crate::store::{Claimed, Fault, Queue, Settlement, Store};

pub use incoming::{Inbox, Keeper, READ_AT_ONCE};

/// The clock is looked at again after this at the latest, because somebody may set it, or another node may have written a letter.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The shortest pause between two looks at a queue.
const BREATH: Duration = Duration::from_millis(10);
/// First and longest pause after the store failed.
const BACK_OFF: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(500)..=Duration::from_secs(30);
/// A timer or a letter that met a fault of ours is due again after this, in milliseconds.
const AGAIN_MS: i64 = MINUTE_MS / 2;
/// So often it is looked at how long letters wait, in milliseconds.
const MEASURE_MS: i64 = 10_000;
/// So many timers fire at once.
const TIMERS: usize = 16;
/// So many items are purged at once. Nobody waits for it, and the disk is there for others too.
const PURGES: usize = 2;
/// So many messages that came in are understood at once. Each waits for a commit or more, of which one takes in what many wait for; it is in
/// memory only while it is read.
const MESSAGES: usize = 256;
/// Who wakes a transfer when its timer is due.
pub trait Timers: Send + Sync + 'static {
    /// Does what is due for this transfer at `at`, by that time and not by a clock of its own; nothing to do is `Ok`.
    fn fire(&self, transfer: InvitationId, at: Time) -> BoxFuture<'_, Result<(), Fault>>;
    /// Purges what is due at `at` of the item with these bits; whether there is more to do.
    fn purge(&self, item: u128, at: Time) -> BoxFuture<'_, Result<bool, Fault>>;
}

impl Timers for Directory {
    fn fire(&self, transfer: InvitationId, at: Time) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.wake(transfer, at))
    }
    fn purge(&self, item: u128, at: Time) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(self.purge(item, at))
    }
}

/// What the courier works with.
pub struct Parts {
    /// Where letters and timers wait.
    pub store: Arc<dyn Store>,
    /// How letters leave.
    pub transport: Arc<dyn Transport>,
    /// Who wakes transfers.
    pub timers: Arc<dyn Timers>,
    /// What letters say about the site.
    pub site: Site,
    /// From which tokens and codes are derived.
    pub key: SiteKey,
    /// Rung after a commit that wrote letters.
    pub letters: Arc<Notify>,
    /// Where ids of letters come from.
    pub ids: Arc<Ids>,
    /// What understands mail that comes in; none: nobody takes any.
    pub inbox: Option<Inbox>,
    /// Tells the time.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
}

/// How it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// So many letters are in hand at once: claimed, on their way, or being written down. How many connections there are is the
    /// transport's to bound.
    pub letters_at_once: usize,
    /// How long a claim is good, in milliseconds. A letter gets three quarters of it to leave; after a kill, what was claimed waits
    /// this long.
    pub lease_ms: i64,
    /// How long a soft stop waits for letters in flight.
    pub stop_within: Duration,
    /// How long a letter is tried again before it is given up, in milliseconds.
    pub retry_for_ms: i64,
    /// Where the jitter of retries starts.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            letters_at_once: 64,
            lease_ms: 2 * MINUTE_MS,
            stop_within: Duration::from_secs(20),
            retry_for_ms: 48 * HOUR_MS,
            seed: 0,
        }
    }
}

/// Sends letters and fires timers.
#[derive(Clone)]
pub struct Courier {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    settings: Settings,
    /// The mail server refuses us, and the operator was told.
    refused: AtomicBool,
    /// The store fails, and the operator was told.
    faulty: AtomicBool,
    /// Letters wait too long, and the operator was told.
    late: AtomicBool,
    /// When it was looked at last how long letters wait, in milliseconds since the epoch.
    measured: AtomicI64,
}

/// Why nothing is claimed for a while, and how long at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// Nothing is due before that.
    Idle(Duration),
    /// There is no room until something in flight has ended.
    Full,
    /// The store failed.
    Failing(Duration),
}

impl Pause {
    const fn length(self) -> Duration {
        match self {
            Self::Idle(length) | Self::Failing(length) => length,
            Self::Full => LOOK_AGAIN,
        }
    }
    const fn ends_by_bell(self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

impl Courier {
    /// One that does nothing yet.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let inner = Inner {
            parts,
            settings,
            refused: AtomicBool::new(false),
            faulty: AtomicBool::new(false),
            late: AtomicBool::new(false),
            measured: AtomicI64::new(i64::MIN),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Works until it is stopped: then it claims nothing more, and lets what is in flight end within `stop_within`.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(
            self.pump(
                Queue::Outbox,
                self.inner.settings.letters_at_once.max(1),
                &stop
            ),
            self.pump(Queue::Timers, TIMERS, &stop),
            self.pump(Queue::Purges, PURGES, &stop),
            async {
                if self.inner.parts.inbox.is_some() {
                    self.pump(Queue::Incoming, MESSAGES, &stop).await;
                }
            },
        );
    }

    /// Claims at most `limit` rows of a queue that are due now and sees to each, one after the other; how many there were.
    ///
    /// # Errors
    /// When nothing could be claimed.
    pub async fn step(&self, queue: Queue, limit: usize) -> Result<usize, Fault> {
        let (now, claimed) = self.claim(queue, limit).await?;
        for row in &claimed {
            self.see_to(*row, now).await;
        }
        Ok(claimed.len())
    }

    async fn claim(&self, queue: Queue, limit: usize) -> Result<(Time, Vec<Claimed>), Fault> {
        let Parts { store, now, .. } = &self.inner.parts;
        let now = now();
        let lease_ms = self.inner.settings.lease_ms;
        Ok((now, store.claim(queue, now, limit, lease_ms).await?))
    }

    async fn pump(&self, queue: Queue, most: usize, stop: &CancellationToken) {
        let mut busy = JoinSet::new();
        let mut back_off = *BACK_OFF.start();
        while !stop.is_cancelled() {
            while let Some(ended) = busy.try_join_next() {
                self.ended(ended);
            }
            let pause = match self.look(queue, most, &mut busy).await {
                Ok(pause) => {
                    back_off = *BACK_OFF.start();
                    pause
                }
                Err(fault) => {
                    self.faulty(&fault);
                    let pause = Pause::Failing(back_off);
                    back_off = (back_off * 2).min(*BACK_OFF.end());
                    pause
                }
            };
            let waiting = !busy.is_empty();
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = busy.join_next(), if waiting => self.ended(ended),
                () = self.rung(queue), if pause.ends_by_bell() => {}
                () = tokio::time::sleep(pause.length()) => {}
            }
        }
        let rest = async {
            while let Some(ended) = busy.join_next().await {
                self.ended(ended);
            }
        };
        if tokio::time::timeout(self.inner.settings.stop_within, rest)
            .await
            .is_err()
        {
            tracing::warn!(
                queue = ?queue,
                "what was in flight did not end in time; it is taken up again after the next start"
            );
            busy.shutdown().await;
        }
    }

    /// Starts what is due, and says how long to wait then.
    async fn look(
        &self,
        queue: Queue,
        most: usize,
        busy: &mut JoinSet<()>,
    ) -> Result<Pause, Fault> {
        let free = most.saturating_sub(busy.len());
        // A claim is a durable commit: one for many letters, not one for each that has just left.
        if free == 0 || free < most / 2 {
            return Ok(Pause::Full);
        }
        self.measure(queue).await?;
        let (now, claimed) = self.claim(queue, free).await?;
        let full = claimed.len() >= free;
        for row in claimed {
            let courier = self.clone();
            // A task of its own, so that a letter that breaks an assertion takes nothing else with it.
            busy.spawn(async move { courier.see_to(row, now).await });
        }
        if full {
            return Ok(Pause::Full);
        }
        let next = self.inner.parts.store.next_due(queue).await?;
        self.well();
        let until = next.map_or(LOOK_AGAIN, |at| {
            let ms = at.since_ms((self.inner.parts.now)());
            Duration::from_millis(u64::try_from(ms).unwrap_or(0))
        });
        Ok(Pause::Idle(until.clamp(BREATH, LOOK_AGAIN)))
    }

    /// How long the oldest letter, or message that came in, has been waiting though it is due or was tried in vain.
    async fn measure(&self, queue: Queue) -> Result<(), Fault> {
        let gauge = match queue {
            Queue::Outbox => "handover_letters_oldest_due_seconds",
            Queue::Incoming => "handover_mail_oldest_due_seconds",
            Queue::Timers | Queue::Purges | Queue::Sweeps => return Ok(()),
        };
        let Parts { store, now, .. } = &self.inner.parts;
        let now = now();
        if queue == Queue::Outbox {
            // Letters are looked through for it: not each time that one is written.
            let before = self.inner.measured.swap(now.ms(), Ordering::Relaxed);
            if (0..MEASURE_MS).contains(&now.ms().saturating_sub(before)) {
                self.inner.measured.store(before, Ordering::Relaxed);
                return Ok(());
            }
        }
        let first = waits(&**store, queue, now).await?;
        let late_ms = first.map_or(0, |first| first.for_ms.max(0));
        let late = Duration::from_millis(late_ms.unsigned_abs());
        metrics::gauge!(gauge).set(late.as_secs_f64());
        if queue == Queue::Outbox {
            self.alert(late_ms);
        }
        Ok(())
    }

    /// Told once, until letters leave in time again.
    fn alert(&self, late_ms: i64) {
        let late = late_ms >= LATE_MS;
        if self.inner.late.swap(late, Ordering::Relaxed) == late {
            return;
        }
        if late {
            let minutes = late_ms / MINUTE_MS;
            tracing::error!(
                minutes,
                "the oldest letter waits too long; look at the mail server and at `handover mail status`"
            );
        } else {
            tracing::info!("letters leave in time again");
        }
    }

    async fn rung(&self, queue: Queue) {
        match queue {
            Queue::Outbox => self.inner.parts.letters.notified().await,
            // The earliest timer of a new offer is hours away.
            Queue::Incoming => match &self.inner.parts.inbox {
                Some(inbox) => inbox.arrived.notified().await,
                None => std::future::pending().await,
            },
            Queue::Timers | Queue::Purges | Queue::Sweeps => std::future::pending().await,
        }
    }

    async fn see_to(&self, row: Claimed, now: Time) {
        let done = match row.due.queue {
            Queue::Outbox => self.post(row).await,
            Queue::Timers => self.fire(row, now).await,
            Queue::Purges => self.purge(row, now).await,
            Queue::Incoming => self.understand(row).await,
            // The daemon's chores see to these, a few at a time.
            Queue::Sweeps => Ok(()),
        };
        let Err(fault) = done else { return };
        self.faulty(&fault);
        let again = Settlement::RetryAt(self.not_before(now).plus_ms(AGAIN_MS));
        if let Err(fault) = self.inner.parts.store.settle(row, again).await {
            // The lease ends by itself.
            self.faulty(&fault);
        }
    }

    /// Now, but never before a row was claimed, though the clock was set back: another node, whose clock is behind, would find nothing to
    /// do yet, and take the row away for good.
    fn not_before(&self, claimed: Time) -> Time {
        (self.inner.parts.now)().max(claimed)
    }

    async fn fire(&self, row: Claimed, now: Time) -> Result<(), Fault> {
        let transfer = InvitationId::from_bits(row.due.id);
        let firing = self.inner.parts.timers.fire(transfer, now);
        let fired = tokio::time::timeout(self.in_lease(), firing).await;
        let fired = fired.unwrap_or_else(|_| Err(Fault::retry("waking a transfer took too long")));
        let settled = match fired {
            Ok(()) => self.has_moved(transfer, now).await,
            Err(fault) => Err(fault),
        };
        match settled {
            Ok(()) => {
                metrics::counter!("handover_timers_fired_total").increment(1);
                self.inner.parts.store.settle(row, Settlement::Done).await
            }
            Err(fault) => {
                metrics::counter!("handover_timers_failed_total").increment(1);
                Err(fault)
            }
        }
    }

    /// Purges an item, or goes on with it. Every step is a commit of its own, so what a timeout cuts off is not lost.
    async fn purge(&self, row: Claimed, now: Time) -> Result<(), Fault> {
        let parts = &self.inner.parts;
        let purging = parts.timers.purge(row.due.id, now);
        let purged = tokio::time::timeout(self.in_lease(), purging).await;
        let more = purged.unwrap_or_else(|_| Err(Fault::retry("purging an item took too long")))?;
        let settlement = if more {
            Settlement::RetryAt(self.not_before(now))
        } else {
            metrics::counter!("handover_items_purged_total").increment(1);
            Settlement::Done
        };
        parts.store.settle(row, settlement).await
    }

    /// Whether nothing is due for the transfer any more. Its row goes only then: an offer whose last row is gone would never end.
    async fn has_moved(&self, transfer: InvitationId, at: Time) -> Result<(), Fault> {
        let store = &*self.inner.parts.store;
        let found = load::one::<Invitation>(store, Key::Invitation(transfer)).await?;
        match found.and_then(|found| found.document.next_due()) {
            Some(due) if due <= at => Err(Fault::retry(format!(
                "{transfer} was woken and is still due"
            ))),
            _ => Ok(()),
        }
    }

    /// Three quarters of the lease: what takes longer might be claimed by another meanwhile.
    fn in_lease(&self) -> Duration {
        let ms = u64::try_from(self.inner.settings.lease_ms / 4 * 3).unwrap_or(0);
        Duration::from_millis(ms)
    }

    fn ended(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            metrics::counter!("handover_courier_panics_total").increment(1);
            tracing::error!(%error, "a letter or timer broke an assertion; it is tried again after its lease");
        }
    }

    /// Told once, until the store works again.
    fn faulty(&self, fault: &Fault) {
        if !self.inner.faulty.swap(true, Ordering::Relaxed) {
            tracing::error!(%fault, "letters and timers wait until this is mended");
        }
    }

    fn well(&self) {
        if self.inner.faulty.swap(false, Ordering::Relaxed) {
            tracing::info!("letters and timers go on");
        }
    }
}
