//! What a decision needs of the world around it. Production gives it real actors; a simulation gives it its own, and breaks things.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::event::{By, Channel};
use crate::domain::id::{CommandId, Context, Digest};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::{Said, said};
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;
use crate::ids::Ids;
use crate::store::{Clash, Commit, Due, Fault, Outcome, Store};

use super::context::{Answered, Question};
use super::proposal::Proposal;

/// The parts that are the same for every decision of a node.
#[derive(Clone)]
pub struct Settings {
    /// Where everything is kept. Only the actors reach it: whoever asks from outside goes through `queries` and `rights`.
    pub(in crate::actors) store: Arc<dyn Store>,
    /// What the site decided.
    pub policy: Arc<Policy>,
    /// The site's key.
    pub key: SiteKey,
    /// Where ids come from.
    pub ids: Arc<Ids>,
}

impl Settings {
    /// Puts the parts together.
    pub fn new(store: Arc<dyn Store>, policy: Arc<Policy>, key: SiteKey, ids: Arc<Ids>) -> Self {
        Self {
            store,
            policy,
            key,
            ids,
        }
    }

    /// Whether the store can read and write now.
    ///
    /// # Errors
    /// It cannot.
    pub async fn health(&self) -> Result<(), Fault> {
        self.store.health().await
    }
}

/// The world of one node.
pub trait World: Send + Sync {
    /// Store, policy, key and ids as they are now.
    fn settings(&self) -> Settings;
    /// Asks the actor that owns this context's state.
    fn ask(&self, context: Context, question: Question)
    -> BoxFuture<'_, Result<Answered, Trouble>>;
    /// Tells the actor of this context that what it remembers is old.
    fn forget(&self, context: Context) -> BoxFuture<'_, ()>;
    /// Waits a little, with jitter, before a decision is made anew.
    fn pause(&self, attempt: u32) -> BoxFuture<'_, ()>;
    /// Letters were committed: the courier may go.
    fn letters_wait(&self);
}

/// What makes a repetition a repetition: the same id with the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// The id, kept with the result for 7 days.
    pub id: CommandId,
    /// The digest of what was asked. The same id with another one is not a repetition but a mistake.
    pub says: Digest,
}

/// Where the id alone says it all.
impl From<CommandId> for Once {
    fn from(id: CommandId) -> Self {
        let says = Digest(0);
        Self { id, says }
    }
}

impl Once {
    fn keep(self, result: &[u8]) -> Vec<u8> {
        let mut kept = self.says.0.to_be_bytes().to_vec();
        kept.extend_from_slice(result);
        kept
    }

    fn kept(self, kept: &[u8]) -> Result<Vec<u8>, Trouble> {
        match kept_result(kept) {
            Some((says, result)) if says == self.says => Ok(result.to_vec()),
            _ => Err(reused(said!(
                "this Idempotency-Key was used for another request"
            ))),
        }
    }
}

/// What is kept with a command: the digest of what was asked, and the result.
pub fn kept_result(kept: &[u8]) -> Option<(Digest, &[u8])> {
    let (says, result) = kept.split_at_checked(16)?;
    let says = u128::from_be_bytes(says.try_into().ok()?);
    Some((Digest(says), result))
}

/// That a key cannot be used again, and why.
pub fn reused(why: Said) -> Trouble {
    Refusal::new(
        Code::IdempotencyKeyReused,
        why,
        said!("use a new key for each new request"),
    )
    .about("idempotency-key")
    .into()
}

/// Who wants something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What makes a repetition a repetition; `None`: nobody repeats it.
    pub command: Option<Once>,
    /// By whom, through what.
    pub by: By,
    /// When it reached this node.
    pub at: Time,
    /// The row of the message by which they want it, if they wrote one: that it was seen to stands in the commit of what it did.
    pub answers: Option<Due>,
}

impl Call {
    /// What is due by itself: nobody asks for it.
    pub const fn of_timer(at: Time) -> Self {
        Self {
            command: None,
            by: By {
                person: None,
                channel: Channel::Timer,
            },
            at,
            answers: None,
        }
    }

    /// The same, of which nothing is kept.
    pub const fn unrepeated(self) -> Self {
        Self {
            command: None,
            answers: None,
            ..self
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// The domain says no; everything that applies.
    Refused(Findings),
    /// The world failed.
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
impl From<Vec<Refusal>> for Trouble {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(Findings::from(refusals).sorted())
    }
}
impl From<Findings> for Trouble {
    fn from(findings: Findings) -> Self {
        Self::Refused(findings.sorted())
    }
}

/// How an attempt to commit ended.
#[derive(Debug)]
pub enum Committed {
    /// Durable.
    Done,
    /// The same command was committed before, with this result.
    Before(Vec<u8>),
    /// Something changed meanwhile: decide again.
    Again,
    /// A counter stands in the way.
    Over {
        /// Which.
        counter: crate::domain::key::Counter,
        /// Where it stands.
        current: i64,
    },
}

/// The result of this call's command, if it was carried out before.
///
/// # Errors
/// The id was used for something else, or the store failed.
pub async fn before(settings: &Settings, call: &Call) -> Result<Option<Vec<u8>>, Trouble> {
    let Some(once) = call.command else {
        return Ok(None);
    };
    match settings.store.outcome(once.id).await? {
        Some(kept) => Ok(Some(once.kept(&kept)?)),
        None => Ok(None),
    }
}

/// Commits what was decided, and tells the contexts that this changes, or that others have changed. After `Unknown` it asks for the outcome, which tells whether the commit became durable.
pub async fn commit(
    world: &dyn World,
    call: &Call,
    proposal: Proposal,
    result: Vec<u8>,
) -> Result<Committed, Trouble> {
    let settings = world.settings();
    let letters = proposal.has_letters();
    let changed = proposal.contexts();
    // Every commit of a command carries an id, so that `Unknown` can be resolved.
    let fresh = || CommandId::from_bits(settings.ids.fresh(call.at)).into();
    let once = call.command.unwrap_or_else(fresh);
    let command = once.id;
    let ours = once.keep(&result);
    let commit = Commit {
        command: Some(command),
        result: ours.clone(),
        answers: call.answers,
        ..proposal.into_commit(call.at)
    };
    match settings.store.commit(commit).await {
        Outcome::Done(_) => Ok(done(world, changed, letters).await),
        Outcome::Duplicate(kept) => Ok(Committed::Before(once.kept(&kept)?)),
        Outcome::Conflict(clashes) => {
            let stale = |clash: &Clash| match clash {
                Clash::Version(key) => key.context(),
                Clash::Taken(_) | Clash::Row(_) => None,
            };
            forget(world, clashes.iter().filter_map(stale).collect()).await;
            Ok(Committed::Again)
        }
        Outcome::OverLimit { counter, current } => Ok(Committed::Over { counter, current }),
        Outcome::TooLarge => Err(Refusal::new(
            Code::RequestInvalid,
            said!("this is more than can be changed in one step"),
            said!("split it into smaller parts"),
        )
        .into()),
        Outcome::Unavailable => {
            Err(Fault::retry("the store is closing or has too much to do").into())
        }
        Outcome::Unknown => match settings.store.outcome(command).await? {
            // The same command may have been carried out by another node meanwhile, with ids of its own: that answer counts, not ours.
            Some(kept) if kept != ours => Ok(Committed::Before(once.kept(&kept)?)),
            Some(_) => Ok(done(world, changed, letters).await),
            None => Err(Fault::retry("the disk failed under a commit").into()),
        },
    }
}

async fn done(world: &dyn World, changed: Vec<Context>, letters: bool) -> Committed {
    forget(world, changed).await;
    if letters {
        world.letters_wait();
    }
    Committed::Done
}

async fn forget(world: &dyn World, contexts: Vec<Context>) {
    for context in contexts {
        world.forget(context).await;
    }
}

/// Others changed the same thing again and again.
pub fn contended() -> Trouble {
    busy().into()
}

/// The same, as a refusal.
pub fn busy() -> Refusal {
    Refusal::new(
        Code::Contended,
        said!("others changed the same thing at the same time"),
        said!("look at it again and repeat the request"),
    )
}
