//! What people tried in vain is written down: so many attempts of a person in an hour, beyond that they are only counted.

use crate::domain::attempts::Attempts;
use crate::domain::document::Document as _;
use crate::domain::event::{By, Event, What};
use crate::domain::refusal::Code;
use crate::domain::time::Time;

use super::load;
use super::proposal::Proposal;
use super::world::{self, Call, Committed, TRIES, Trouble, World};

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried: the method and the path.
    pub command: String,
    /// Why not.
    pub codes: Vec<Code>,
    /// What that was about.
    pub about: Vec<String>,
}

/// Writes down what somebody tried. One by nobody is not written down.
///
/// # Errors
/// The store failed, or the same person tries so much at once that it lost every time.
pub async fn record(world: &dyn World, by: By, at: Time, attempt: &Attempt) -> Result<(), Trouble> {
    let Some(person) = by.person else {
        return Ok(());
    };
    let call = Call {
        command: None,
        by,
        at,
    };
    let none = Attempts::none(person, at);
    for tried in 1..=TRIES {
        let settings = world.settings();
        let old = load::one::<Attempts>(&*settings.store, none.key()).await?;
        let before = old.as_ref().map_or(&none, |old| &old.document);
        let (next, write_down) = before.clone().with_one();
        let event = Event {
            at,
            by,
            what: What::Refused {
                command: attempt.command.clone(),
                codes: attempt.codes.clone(),
                about: attempt.about.clone(),
            },
        };
        let event = write_down.then_some(&event);
        let mut proposal = Proposal::default();
        match &old {
            Some(old) => proposal.replace(old, &next, event),
            None => proposal.create(&next, event),
        }
        match world::commit(world, &call, proposal, Vec::new()).await? {
            Committed::Done | Committed::Before(_) => return Ok(()),
            Committed::Again(_) | Committed::Over { .. } => world.pause(tried).await,
        }
    }
    Err(world::contended())
}
