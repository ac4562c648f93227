//! A command is carried out once: decided, committed with its id and its answer, decided anew when something changed meanwhile. Sent
//! again it is answered from what was kept with its id, never from how things look now, even if it changed nothing then.

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use super::proposal::Proposal;
use super::world::{self, Call, Committed, Settings, Trouble, World};
use crate::domain::key::Counter;
use crate::domain::said::said;

/// How often a decision is made anew after a conflict before the caller is told to try again.
pub const TRIES: u32 = 3;

/// What a command is answered with.
pub trait Answer: Sized + Send {
    /// What is kept of it with the command's id.
    fn kept(&self) -> Vec<u8>;

    /// The answer to a repetition of the command.
    fn again(
        settings: &Settings,
        kept: &[u8],
    ) -> impl Future<Output = Result<Self, Trouble>> + Send;
}

/// Nothing but that it was done.
impl Answer for () {
    fn kept(&self) -> Vec<u8> {
        Vec::new()
    }

    async fn again(_: &Settings, _: &[u8]) -> Result<Self, Trouble> {
        Ok(())
    }
}

/// Reads what was kept of an answer.
///
/// # Errors
/// It was kept of another command.
pub fn read<T: DeserializeOwned>(kept: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(kept)
        .map_err(|_| world::reused(said!("this Idempotency-Key was used for another request")))
}

/// What a full counter means to whoever asked, where it does not mean to decide anew.
type Full<T> = Box<dyn FnOnce(&T, Counter, i64) -> Trouble + Send>;

/// What a command comes to, as the store stands now.
pub enum Decision<T> {
    /// This is committed, and then the answer. A proposal that changes nothing is an answer too.
    Done(T, Box<Proposal>, Option<Full<T>>),
    /// Others were faster, or had to be waited for: decide anew.
    Again,
}

/// A decision under way.
pub type Deciding<'a, T> = BoxFuture<'a, Result<Decision<T>, Trouble>>;

impl<T> Decision<T> {
    /// This answer, once this is committed.
    pub fn done(answer: T, proposal: Proposal) -> Self {
        Self::Done(answer, Box::new(proposal), None)
    }

    /// The same, where a counter may be full: then this is why not.
    pub fn within(
        answer: T,
        proposal: Proposal,
        full: impl FnOnce(&T, Counter, i64) -> Trouble + Send + 'static,
    ) -> Self {
        Self::Done(answer, Box::new(proposal), Some(Box::new(full)))
    }

    /// This answer; nothing changes.
    pub fn already(answer: T) -> Self {
        Self::done(answer, Proposal::default())
    }
}

/// Carries out a command: `decide` looks at the store as it stands, and is asked again when that has changed before the commit.
///
/// # Errors
/// What `decide` refuses, which is not kept; others changed the same thing again and again, the id was used for another command, or
/// the world failed.
pub async fn once<'a, T: Answer>(
    world: &dyn World,
    call: &Call,
    decide: impl Fn() -> Deciding<'a, T> + Send + Sync,
) -> Result<T, Trouble> {
    let settings = world.settings();
    if let Some(kept) = world::before(&settings, call).await? {
        return T::again(&settings, &kept).await;
    }
    match settled(world, call, decide, T::kept).await {
        Ok(Settled::Now(answer)) => Ok(answer),
        Ok(Settled::Before(kept)) => T::again(&settings, &kept).await,
        // What stands in the way may be this very command, carried out meanwhile for somebody who sent it twice.
        Err(Trouble::Refused(why)) => match world::before(&settings, call).await? {
            Some(kept) => T::again(&settings, &kept).await,
            None => Err(why.into()),
        },
        Err(fault) => Err(fault),
    }
}

/// The same for what nobody sends again: what is due, what the configuration says, a step of something longer.
///
/// # Errors
/// As [`once`].
pub async fn step<'a, T: Send>(
    world: &dyn World,
    call: &Call,
    decide: impl Fn() -> Deciding<'a, T> + Send + Sync,
) -> Result<T, Trouble> {
    let call = call.unrepeated();
    match settled(world, &call, decide, |_| Vec::new()).await? {
        Settled::Now(answer) => Ok(answer),
        // Its id was made for this commit.
        Settled::Before(_) => Err(world::contended()),
    }
}

enum Settled<T> {
    Now(T),
    Before(Vec<u8>),
}

async fn settled<'a, T: Send>(
    world: &dyn World,
    call: &Call,
    decide: impl Fn() -> Deciding<'a, T> + Send + Sync,
    kept: fn(&T) -> Vec<u8>,
) -> Result<Settled<T>, Trouble> {
    for attempt in 1..=TRIES {
        match decide().await {
            Ok(Decision::Done(answer, proposal, full)) => {
                if call.command.is_none() && proposal.changes_nothing() {
                    return Ok(Settled::Now(answer));
                }
                let result = kept(&answer);
                match world::commit(world, call, *proposal, result).await? {
                    Committed::Done => return Ok(Settled::Now(answer)),
                    Committed::Before(kept) => return Ok(Settled::Before(kept)),
                    Committed::Over { counter, current } => {
                        // What finds no letter left does without it.
                        let rationed = matches!(counter, Counter::Rationed(_));
                        if let Some(full) = full.filter(|_| !rationed) {
                            return Err(full(&answer, counter, current));
                        }
                    }
                    Committed::Again => {}
                }
            }
            Ok(Decision::Again) => {}
            // Read while another command was changing it: the same as a conflict.
            Err(Trouble::Fault(fault)) if fault.retry && attempt < TRIES => {}
            Err(why) => return Err(why),
        }
        world.pause(attempt).await;
    }
    Err(world::contended())
}
