//! One letter: from the claimed row to what was written down about it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::actors::load::{self, Versioned};
use crate::actors::proposal::Proposal;
use crate::actors::reach;
use crate::domain::account::SignIn;
use crate::domain::id::LetterId;
use crate::domain::invitation::Invitation;
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Letter, State, Subject};
use crate::domain::time::Time;
use crate::mail::{self, About, Blame, Failure};
use crate::store::{Claimed, Clash, Commit, Fault, Outcome, Settlement};

use super::{Courier, delivery};

/// How often writing down what became of a letter is tried. Not written down, a letter that was sent is sent again.
const TRIES: u32 = 6;
/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What became of an attempt; applied to the letter as it is when that is written down.
enum Attempt {
    Sent,
    Failed(Failure),
    Withdrawn,
    Impossible(String),
}

/// What a letter is about, as it stands now.
enum Found {
    Invitation(Box<Versioned<Invitation>>),
    SignIn(Box<Versioned<SignIn>>),
    Itself,
    Nothing,
}

impl Courier {
    /// Sends a letter unless that is out of date, and writes down what became of it.
    pub(super) async fn post(&self, row: Claimed) -> Result<(), Fault> {
        let store = &*self.inner.parts.store;
        let id = LetterId::from_bits(row.due.id);
        let letter = load::one::<Letter>(store, Key::Letter(id)).await?;
        let Some(letter) = letter.filter(|letter| waits(&letter.document)) else {
            // It was sent or dropped meanwhile.
            return store.settle(row, Settlement::Done).await;
        };
        let letter = self.closed(letter).await?;
        let attempt = self.attempt(&letter.document).await?;
        self.tell(&letter.document, &attempt);
        self.record(letter, &attempt, row).await
    }

    /// The letter, to which nothing is added from now on: whatever becomes of this attempt, the next one sends the same bytes. Only the
    /// letter of a day can grow, so only that takes a commit before it is sent.
    async fn closed(&self, letter: Versioned<Letter>) -> Result<Versioned<Letter>, Fault> {
        if !letter.document.may_grow() {
            return Ok(letter);
        }
        let parts = &self.inner.parts;
        let mut document = letter.document.clone();
        document.closed = true;
        let mut proposal = Proposal::default();
        proposal.replace(&letter, &document, None);
        let commit = proposal.into_commit((parts.now)());
        match parts.store.commit(commit).await {
            Outcome::Done(version) => Ok(Versioned { version, document }),
            Outcome::Conflict(_) => Err(Fault::retry("a letter grew when it was about to leave")),
            _ => Err(Fault::retry(
                "a letter could not be closed before it leaves",
            )),
        }
    }

    async fn attempt(&self, letter: &Letter) -> Result<Attempt, Fault> {
        let parts = &self.inner.parts;
        let found = self.subject(letter).await?;
        let about = match &found {
            Found::Invitation(transfer) => About::Invitation(&transfer.document),
            Found::SignIn(sign_in) => About::SignIn(&sign_in.document),
            Found::Itself => About::Itself,
            // Old sign-ins are forgotten; then their codes are out of date too.
            Found::Nothing => return Ok(Attempt::Withdrawn),
        };
        if !delivery::still_true(letter, &about, (parts.now)()) {
            return Ok(Attempt::Withdrawn);
        }
        if let Some(reason) = self.unreachable(letter).await? {
            return Ok(Attempt::Failed(Failure {
                kind: Blame::Undeliverable,
                text: reason,
            }));
        }
        let rendered = match mail::render(letter, &about, &parts.site, &parts.key) {
            Ok(rendered) => rendered,
            Err(unwritable) => return Ok(Attempt::Impossible(unwritable.to_string())),
        };
        let sending = parts.transport.send(&rendered);
        Ok(match tokio::time::timeout(self.in_lease(), sending).await {
            Ok(Ok(())) => Attempt::Sent,
            Ok(Err(failure)) => Attempt::Failed(failure),
            Err(_) => Attempt::Failed(Failure {
                kind: Blame::Later,
                text: "the mail server took too long".to_owned(),
            }),
        })
    }

    /// Why nothing is sent to this address. Codes always are: whoever types one proves that it works.
    async fn unreachable(&self, letter: &Letter) -> Result<Option<String>, Fault> {
        if matches!(
            letter.says,
            Kind::SignInCode { .. } | Kind::AddressCode { .. }
        ) {
            return Ok(None);
        }
        let known = reach::of(&*self.inner.parts.store, &letter.to).await?;
        let undeliverable = known.and_then(|known| known.document.undeliverable);
        Ok(undeliverable.map(|since| since.reason))
    }

    async fn subject(&self, letter: &Letter) -> Result<Found, Fault> {
        let store = &*self.inner.parts.store;
        Ok(match letter.subject {
            Subject::Invitation(id) => load::one(store, Key::Invitation(id))
                .await?
                .map_or(Found::Nothing, |found| Found::Invitation(Box::new(found))),
            Subject::SignIn(id) => load::one(store, Key::SignIn(id))
                .await?
                .map_or(Found::Nothing, |found| Found::SignIn(Box::new(found))),
            Subject::Access(_) | Subject::Workgroup(_) | Subject::Move(_) => Found::Itself,
        })
    }

    /// The commit that takes the row away and says how the letter stands. It is tried again when the store is busy, or when somebody
    /// changed the letter meanwhile.
    async fn record(
        &self,
        mut letter: Versioned<Letter>,
        attempt: &Attempt,
        row: Claimed,
    ) -> Result<(), Fault> {
        let store = &*self.inner.parts.store;
        let key = Key::Letter(letter.document.id);
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            let now = (self.inner.parts.now)();
            let next = self.apply(attempt, &letter.document, now);
            let mut proposal = Proposal::default();
            proposal.replace(&letter, &next, None);
            if let State::Undeliverable { reason, .. } = &next.delivery {
                let ids = &self.inner.parts.ids;
                reach::refused(store, ids, &next, reason, now, &mut proposal).await?;
            }
            let told = proposal.has_letters();
            let commit = Commit {
                answers: Some(row.due),
                ..proposal.into_commit(now)
            };
            match store.commit(commit).await {
                Outcome::Done(_) | Outcome::Duplicate(_) => {
                    self.count(&letter.document, &next);
                    if told {
                        self.inner.parts.letters.notify_one();
                    }
                    return Ok(());
                }
                Outcome::Conflict(clashes) if clashes.contains(&Clash::Row(row.due)) => {
                    // After a commit of unknown outcome this is how it shows that it was made. Otherwise the lease was lost, and
                    // whoever has the row now decides.
                    tracing::debug!(letter = %letter.document.id, "its row is gone");
                    return Ok(());
                }
                Outcome::Conflict(_) => {}
                Outcome::Unavailable | Outcome::Unknown => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Outcome::TooLarge | Outcome::OverLimit { .. } => {
                    return Err(Fault::never("a letter's delivery could not be committed"));
                }
            }
            match load::one::<Letter>(store, key).await? {
                Some(newer) if waits(&newer.document) => letter = newer,
                _ => return store.settle(row, Settlement::Done).await,
            }
        }
        Err(Fault::retry("a letter's delivery could not be committed"))
    }

    fn apply(&self, attempt: &Attempt, letter: &Letter, now: Time) -> Letter {
        let retry = delivery::Retry {
            for_ms: self.inner.settings.retry_for_ms,
            seed: self.inner.settings.seed,
        };
        match attempt {
            Attempt::Sent => delivery::after(letter, Ok(()), now, retry),
            Attempt::Failed(failure) => delivery::after(letter, Err(failure), now, retry),
            Attempt::Withdrawn => delivery::withdrawn(letter, now),
            Attempt::Impossible(reason) => delivery::dead(letter, reason.clone(), now),
        }
    }

    /// Tells the operator what they can mend, once until it is mended. No address stands in a log.
    fn tell(&self, letter: &Letter, attempt: &Attempt) {
        let to = letter.to.masked();
        match attempt {
            Attempt::Sent => {
                if self.inner.refused.swap(false, Ordering::Relaxed) {
                    tracing::info!("the mail server takes letters again");
                }
            }
            Attempt::Failed(Failure {
                kind: Blame::Ours,
                text,
            }) => {
                let said = delivery::without_addresses(text);
                if self.inner.refused.swap(true, Ordering::Relaxed) {
                    tracing::debug!(letter = %letter.id, to, said, "refused");
                } else {
                    tracing::error!(letter = %letter.id, to, said, "the mail server refuses our letters; they are kept and tried again until they are too old");
                }
            }
            Attempt::Failed(failure) => {
                let said = delivery::without_addresses(&failure.text);
                tracing::info!(letter = %letter.id, to, said, kind = ?failure.kind, "not delivered");
            }
            Attempt::Withdrawn => {
                tracing::debug!(letter = %letter.id, to, "not sent, because it is no longer true");
            }
            Attempt::Impossible(why) => {
                let why = delivery::without_addresses(why);
                tracing::error!(letter = %letter.id, to, why, "a letter cannot be written");
            }
        }
    }

    fn count(&self, before: &Letter, next: &Letter) {
        match &next.delivery {
            State::Sent { .. } => metrics::counter!("handover_letters_sent_total").increment(1),
            State::Withdrawn { .. } => {
                metrics::counter!("handover_letters_withdrawn_total").increment(1);
            }
            State::Queued { .. } => failed("retried"),
            State::Undeliverable { .. } => failed("undeliverable"),
            // Reports come in by another door, which counts them.
            State::Bounced { .. } => {}
            State::Dead { reason, .. } => {
                failed("dead");
                let to = before.to.masked();
                tracing::error!(letter = %before.id, to, reason, "a letter was given up");
            }
        }
    }
}

fn failed(how: &'static str) {
    metrics::counter!("handover_letters_failed_total", "how" => how).increment(1);
}

fn waits(letter: &Letter) -> bool {
    matches!(letter.delivery, State::Queued { .. })
}
