//! Reports of mail servers about letters (MAIL §6). They change how a letter and its address stand, and never an offer.

use crate::domain::address::Address;
use crate::domain::incoming::Incoming;
use crate::domain::key::Key;
use crate::domain::letter::{Letter, State};
use crate::domain::time::{DAY_MS, Time};
use crate::store::{Claimed, Fault};

use super::{Became, Settled, finish, lets_go, settle};
use crate::actors::load::{self, Versioned};
use crate::actors::once::TRIES;
use crate::actors::proposal::Proposal;
use crate::actors::reach;
use crate::actors::world::World;

/// Reports about older letters are not believed, in milliseconds.
const OLDEST_MS: i64 = 14 * DAY_MS;

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// To whom the letter was sent, first and in the end, as the report has it.
    pub to: Vec<String>,
    /// Whether it will not arrive.
    pub failed: bool,
    /// Whether it is still tried.
    pub delayed: bool,
    /// The enhanced status code.
    pub status: Option<(u8, u16, u16)>,
}

impl Reported {
    fn is_about(&self, address: &Address) -> bool {
        let parsed = self.to.iter().filter_map(|to| to.parse::<Address>().ok());
        { parsed }.any(|to| to == *address)
    }
    fn status(&self) -> String {
        let said = self
            .status
            .map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"));
        said.unwrap_or_else(|| "no status".to_owned())
    }
    fn is_hard(&self) -> bool {
        self.failed && self.status.is_some_and(|(class, ..)| class == 5)
    }
    fn is_soft(&self) -> bool {
        self.delayed || (self.failed && self.status.is_some_and(|(class, ..)| class == 4))
    }
}

/// Writes down what a report says of the letter that it came to, if it is about its recipient; what became of the report.
///
/// # Errors
/// The store failed, or what became of the letter is not written down yet; the row is due again.
pub async fn note(
    world: &dyn World,
    row: Claimed,
    mut incoming: Versioned<Incoming>,
    reported: &[Reported],
    at: Time,
) -> Result<&'static str, Fault> {
    let settings = world.settings();
    let store = &*settings.store;
    for attempt in 1..=2 * TRIES {
        let key = Key::Letter(incoming.document.letter);
        let letter = load::one::<Letter>(store, key).await?;
        let noted = match &letter {
            None => Err("the letter is kept no longer"),
            Some(letter) => noted(&letter.document, reported, at)?,
        };
        let (Some(letter), Ok(noted)) = (letter, &noted) else {
            let why = noted.err().unwrap_or_default();
            let became = Became::silent("ignored", why);
            finish(world, row, incoming, &became, at).await?;
            return Ok("ignored");
        };
        let mut proposal = Proposal::default();
        let (next, outcome) = match noted {
            Noted::Failed(status) => {
                let ids = &settings.ids;
                reach::reported(store, ids, &letter.document, status, at, &mut proposal).await?;
                let reason = status.clone();
                let delivery = State::Bounced { at, reason };
                let mut next = letter.document.clone();
                next.delivery = delivery;
                (next, "bounced")
            }
            Noted::Delayed(status) => {
                let mut next = letter.document.clone();
                next.last_error = Some(format!("delayed: {status}"));
                (next, "noted")
            }
        };
        if next == letter.document {
            // Another node wrote the same, and may sweep the letter away meanwhile.
            proposal.guard(key, letter.version);
        } else {
            proposal.replace(&letter, &next, None);
        }
        let done = incoming.document.done(at, outcome, noted.status());
        proposal.replace(&incoming, &done, None);
        lets_go(&settings, &done, &mut proposal).await?;
        match settle(world, row, proposal, at).await? {
            Settled::Done => return Ok(outcome),
            Settled::Again(_) | Settled::Over => world.pause(attempt).await,
        }
        if let Some(newer) = load::one(store, Key::Incoming(done.id)).await? {
            incoming = newer;
        }
    }
    Err(Fault::retry("others changed the same at the same time"))
}

/// What is written down.
enum Noted {
    Failed(String),
    Delayed(String),
}

impl Noted {
    fn status(&self) -> &str {
        match self {
            Self::Failed(status) | Self::Delayed(status) => status,
        }
    }
}

/// What of a report is believed of a letter, or why nothing is.
fn noted(
    letter: &Letter,
    reported: &[Reported],
    at: Time,
) -> Result<Result<Noted, &'static str>, Fault> {
    let mut ours = reported.iter().filter(|one| one.is_about(&letter.to));
    let Some(one) = ours.next() else {
        return Ok(Err("it is not about whom the letter went to"));
    };
    if at.since_ms(letter.created_at) > OLDEST_MS {
        return Ok(Err("the letter is older than 14 days"));
    }
    Ok(match &letter.delivery {
        // The report was faster than the commit that says that the letter has left.
        State::Queued { .. } if letter.attempts == 0 => {
            return Err(Fault::retry("the letter has not left yet"));
        }
        State::Sent { .. } | State::Queued { .. } if one.is_soft() => {
            Ok(Noted::Delayed(one.status()))
        }
        State::Sent { .. } if one.is_hard() => Ok(Noted::Failed(one.status())),
        State::Sent { .. } => Err("it reports no failure"),
        State::Bounced { .. } => Err("it was reported before"),
        State::Queued { .. }
        | State::Undeliverable { .. }
        | State::Dead { .. }
        | State::Withdrawn { .. } => Err("the letter was not sent"),
    })
}
