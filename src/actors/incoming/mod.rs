//! What comes in by mail: kept before it is acknowledged, then understood, and what became of it written down with what that causes.

mod reply;
mod report;

pub use reply::{Reply, Says, decide, see_to};
pub use report::{Reported, note};

use futures_util::future::BoxFuture;

use crate::domain::event::Channel;
use crate::domain::id::{AccountId, Digest, InvitationId, LetterId, MessageId};
use crate::domain::incoming::{Incoming, Purpose, Sealed, Signed, State, day};
use crate::domain::invitation::Invitation;
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{Answer, ByMail, Kind, Letter, Subject};
use crate::domain::reach::Reach;
use crate::domain::time::{HOUR_MS, Time};
use crate::store::{Claimed, Clash, Commit, Fault, Outcome, Settlement, Version};

use super::attempts::{self, Attempt};
use super::invitation::{self, answerable};
use super::load::{self, Versioned};
use super::once::TRIES;
use super::proposal::Proposal;
use super::reach;
use super::world::{Call, Settings, Trouble, World};

/// At most this many letters explain why a reply to an offer decided nothing.
const EXPLANATIONS: i64 = 3;

/// What became of a message that accepted or declined.
const DECIDED: &str = "decided";

/// A probe may take so long to come, and the clock of whoever made it may be so far off, in milliseconds.
const PROBE_MS: i64 = HOUR_MS;

/// A world in which messages are taken, and offers answered because of them.
pub trait Desk: World {
    /// The time.
    fn now(&self) -> Time;
    /// Has the actor of an offer carry out a command.
    fn answer(
        &self,
        offer: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> BoxFuture<'_, Result<invitation::Done, Trouble>>;
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages to one letter on one day.
    pub a_day: i64,
    /// Bytes in all.
    pub bytes: i64,
    /// Bytes to one letter, so that nobody takes the room of all.
    pub bytes_a_letter: i64,
}

/// A message that came for one address of a letter.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// The letter.
    pub letter: LetterId,
    /// Which of its addresses.
    pub purpose: Purpose,
    /// The envelope's sender; none when it is null.
    pub envelope_sender: Option<&'a str>,
    /// What makes a repetition one: its Message-ID, and its body.
    pub same: (&'a str, &'a [u8]),
    /// Whose answer it is and what it says, where somebody vouches for its sender; else empty. A copy that somebody else sent in, or in
    /// which something else stands first, is another message: it must not stand in for theirs.
    pub read_as: &'a str,
    /// The message as it came.
    pub raw: &'a [u8],
    /// What the door found of its signatures, if it looked.
    pub signed: Option<&'a Signed>,
}

/// What became of an attempt to keep a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is durable, and will be understood.
    New,
    /// It came before; nothing is done.
    Before,
    /// More came to this letter than may: today, or before what came earlier was understood.
    TooMany,
    /// There is no room.
    Full,
}

/// Whether the letter is there and has such an address: one can reply to what is about an offer.
///
/// # Errors
/// The store failed.
pub async fn knows(
    settings: &Settings,
    letter: LetterId,
    purpose: Purpose,
    now: Time,
) -> Result<bool, Fault> {
    let store = &*settings.store;
    let found = load::one::<Letter>(store, Key::Letter(letter)).await?;
    let Some(found) = found else {
        return Ok(false);
    };
    let Subject::Invitation(offer) = found.document.subject else {
        return Ok(purpose == Purpose::Report);
    };
    // Long after the end of an offer its letters mean nothing any more.
    let offer = load::one::<Invitation>(store, Key::Invitation(offer)).await?;
    let alive = offer.is_some_and(|offer| offer.document.is_known_by_letter(now));
    Ok(alive && purpose != Purpose::Probe)
}

/// How a probe stands, by which the site sees whether mail comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It may come.
    Awaited,
    /// It came.
    Arrived,
    /// It was made too long ago, or later than now.
    Past,
}

/// How the probe with this id stands. The id says when it was made, so that nothing has to be kept of one that never comes.
///
/// # Errors
/// The store failed.
pub async fn probe(settings: &Settings, id: LetterId, now: Time) -> Result<Probe, Fault> {
    let made = Time::from_ms(i64::try_from(id.bits() >> 80).unwrap_or(i64::MAX));
    if !(-PROBE_MS..=PROBE_MS).contains(&now.since_ms(made)) {
        return Ok(Probe::Past);
    }
    let days = [day(now).saturating_sub(1), day(now)];
    let counters = days.map(|day| Counter::Incoming(id, day));
    let came = settings.store.counters(&counters).await?;
    Ok(match came.iter().sum::<i64>() {
        0 => Probe::Awaited,
        _ => Probe::Arrived,
    })
}

/// Keeps a message; it is durable when this answers.
///
/// # Errors
/// The store failed, and the message may be kept or not; when it comes again, that shows.
pub async fn keep(
    settings: &Settings,
    at: Time,
    limits: Limits,
    new: &New<'_>,
) -> Result<Kept, Fault> {
    let id = identity(new);
    let mut plain = new.envelope_sender.unwrap_or_default().as_bytes().to_vec();
    plain.push(b'\n');
    plain.extend_from_slice(new.raw);
    let random = settings.ids.secret();
    let nonce = random.first_chunk::<12>().copied().unwrap_or_default();
    let incoming = Incoming {
        id,
        letter: new.letter,
        purpose: new.purpose,
        at,
        bytes: u64::try_from(new.raw.len()).unwrap_or(u64::MAX),
        signed: new.signed.cloned(),
        state: State::Waiting { not_before: at },
    };
    let mut proposal = Proposal::default();
    proposal.create(&incoming, None);
    let sealed = settings.key.seal(id, nonce, &plain);
    proposal.create(&Sealed::new(id, new.letter, at, &sealed), None);
    proposal.limit(Counter::Incoming(new.letter, day(at)), limits.a_day);
    proposal.limit(Counter::Sealed, limits.bytes);
    proposal.limit(Counter::SealedOf(new.letter), limits.bytes_a_letter);
    match settings.store.commit(proposal.into_commit(at)).await {
        Outcome::Done(_) | Outcome::Duplicate(_) => Ok(Kept::New),
        // Nobody else writes a document of this id.
        Outcome::Conflict(_) => Ok(Kept::Before),
        Outcome::OverLimit { counter, .. } => Ok(match counter {
            Counter::Sealed => Kept::Full,
            _ => Kept::TooMany,
        }),
        Outcome::TooLarge => Err(Fault::never("a message is larger than a commit")),
        Outcome::Unknown => Err(Fault::retry("the disk failed under a commit")),
        Outcome::Unavailable => Err(Fault::retry("the store has too much to do")),
    }
}

fn identity(new: &New<'_>) -> MessageId {
    let (message_id, body) = new.same;
    let mut all = new.letter.bits().to_be_bytes().to_vec();
    all.extend_from_slice(new.purpose.word().as_bytes());
    all.extend_from_slice(&Digest::of(new.read_as.as_bytes()).0.to_be_bytes());
    all.extend_from_slice(&Digest::of(message_id.as_bytes()).0.to_be_bytes());
    all.extend_from_slice(&Digest::of(body).0.to_be_bytes());
    MessageId::from_bits(Digest::of(&all).0)
}

/// A message that waits, opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What is known of it.
    pub incoming: Versioned<Incoming>,
    /// The envelope's sender and the message as it came, or why it cannot be opened.
    pub message: Result<(Option<String>, Vec<u8>), &'static str>,
}

/// The message with this id, if it waits.
///
/// # Errors
/// The store failed.
pub async fn open(settings: &Settings, id: MessageId) -> Result<Option<Opened>, Fault> {
    let store = &*settings.store;
    let found = load::one::<Incoming>(store, Key::Incoming(id)).await?;
    let Some(incoming) = found.filter(|found| found.document.waits()) else {
        return Ok(None);
    };
    let sealed = load::one::<Sealed>(store, Key::Sealed(id)).await?;
    let message = match sealed {
        None => Err("nobody saw to it for a week, and the message itself is kept no longer"),
        Some(sealed) => {
            unsealed(settings, &sealed.document).ok_or("it was sealed with another key")
        }
    };
    Ok(Some(Opened { incoming, message }))
}

/// The envelope's sender and the message as it came.
fn unsealed(settings: &Settings, sealed: &Sealed) -> Option<(Option<String>, Vec<u8>)> {
    let plain = settings.key.unseal(sealed.id, &sealed.bytes()?)?;
    let end = plain.iter().position(|byte| *byte == b'\n')?;
    let (sender, raw) = plain.split_at_checked(end)?;
    let sender = String::from_utf8_lossy(sender).into_owned();
    let raw = raw.get(1..)?.to_vec();
    Some(((!sender.is_empty()).then_some(sender), raw))
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// In one word.
    pub outcome: &'static str,
    /// Why, for operators.
    pub why: String,
    /// What is said to whom the letter went, and in answer to which Message-ID.
    pub says: Option<(Answer, Option<String>)>,
    /// Whether it shows that the letter's address works.
    pub heard: bool,
    /// The offer as it was read, where that decided what is said.
    pub rests_on: Option<(Key, Version)>,
    /// What whoever wrote it tried in vain.
    pub tried: Option<(AccountId, Attempt)>,
    /// Whether all that stands in the commit of what it did.
    pub written: bool,
}

impl Became {
    /// Nothing but a word and a reason.
    pub fn silent(outcome: &'static str, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: why.into(),
            says: None,
            heard: false,
            rests_on: None,
            tried: None,
            written: false,
        }
    }
}

/// Adds to a decision that the message which asked for it, if one did, was seen to.
pub(super) async fn decided(
    settings: &Settings,
    call: &Call,
    command: &invitation::Command,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    let Some(row) = call.answers else {
        return Ok(());
    };
    let store = &*settings.store;
    let key = Key::Incoming(MessageId::from_bits(row.id));
    let found = load::one::<Incoming>(store, key).await?;
    let Some(waiting) = found.filter(|found| found.document.waits()) else {
        return Err(Fault::retry("somebody else has seen to the message"));
    };
    let what = match command {
        invitation::Command::Accept { .. } => "accepted",
        invitation::Command::Decline { .. } => "declined",
        _ => "",
    };
    let done = waiting.document.done(call.at, DECIDED, what);
    proposal.replace(&waiting, &done, None);
    lets_go(settings, &done, proposal).await?;
    let letter = load::one::<Letter>(store, Key::Letter(done.letter)).await?;
    if let Some(letter) = letter {
        reach::works(store, &letter.document.to, call.at, proposal).await?;
    }
    Ok(())
}

/// Whether what became of a message could be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It is, or somebody else has seen to the message.
    Settled,
    /// What it rests on is another by now: it is to be understood anew.
    Anew,
}

/// Writes down what became of a message, takes its row away, and posts what is said about it, all in one commit. A letter beyond its
/// limit is left out, and nothing else. The message itself goes with it, unless another look may do what this one did not.
///
/// # Errors
/// The store failed, or others changed the same again and again; the row is due again.
pub async fn finish(
    world: &dyn World,
    row: Claimed,
    mut incoming: Versioned<Incoming>,
    became: &Became,
    at: Time,
) -> Result<Finished, Fault> {
    let settings = world.settings();
    let mut says = became.says.clone();
    for attempt in 1..=2 * TRIES {
        let mut proposal = Proposal::default();
        let done = incoming.document.done(at, became.outcome, &became.why);
        proposal.replace(&incoming, &done, None);
        lets_go(&settings, &done, &mut proposal).await?;
        if let Some((key, version)) = became.rests_on {
            proposal.guard(key, version);
        }
        if let Some((person, attempt)) = &became.tried {
            let by = (*person, Channel::Reply);
            attempts::beside(&*settings.store, by, at, attempt, &mut proposal).await?;
        }
        answer(
            &settings,
            &done,
            says.as_ref(),
            became.heard,
            at,
            &mut proposal,
        )
        .await?;
        match settle(world, row, proposal, at).await? {
            Settled::Done => return Ok(Finished::Settled),
            Settled::Over => says = None,
            Settled::Again(changed) => {
                if became
                    .rests_on
                    .is_some_and(|(key, _)| changed.contains(&key))
                {
                    return Ok(Finished::Anew);
                }
                world.pause(attempt).await;
            }
        }
        let newer = load::one(&*settings.store, Key::Incoming(done.id)).await?;
        match newer {
            Some(newer) => incoming = newer,
            None => {
                settings.store.settle(row, Settlement::Done).await?;
                return Ok(Finished::Settled);
            }
        }
    }
    Err(Fault::retry("others changed the same at the same time"))
}

/// A message that was understood is of no use to anybody any more, and takes room that others need.
async fn lets_go(
    settings: &Settings,
    done: &Incoming,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    if done.may_be_retried() {
        return Ok(());
    }
    let sealed = load::one::<Sealed>(&*settings.store, Key::Sealed(done.id)).await?;
    if let Some(sealed) = sealed {
        proposal.delete(&sealed);
    }
    Ok(())
}

/// How the commit that answers a row ended.
enum Settled {
    Done,
    /// These were changed by others meanwhile.
    Again(Vec<Key>),
    /// A limit stands in the way of a letter.
    Over,
}

async fn settle(
    world: &dyn World,
    row: Claimed,
    proposal: Proposal,
    at: Time,
) -> Result<Settled, Fault> {
    let letters = proposal.has_letters();
    let commit = Commit {
        answers: Some(row.due),
        ..proposal.into_commit(at)
    };
    match world.settings().store.commit(commit).await {
        Outcome::Done(_) | Outcome::Duplicate(_) => {
            if letters {
                world.letters_wait();
            }
            Ok(Settled::Done)
        }
        // It was made before, or the lease was lost and somebody else sees to it.
        Outcome::Conflict(clashes) if clashes.contains(&Clash::Row(row.due)) => Ok(Settled::Done),
        Outcome::Conflict(clashes) => {
            let changed = clashes.into_iter().filter_map(|clash| match clash {
                Clash::Version(key) => Some(key),
                Clash::Taken(_) | Clash::Row(_) => None,
            });
            Ok(Settled::Again(changed.collect()))
        }
        Outcome::OverLimit { .. } => Ok(Settled::Over),
        Outcome::TooLarge => Err(Fault::never(
            "what became of a message is more than a commit",
        )),
        Outcome::Unknown | Outcome::Unavailable => {
            Err(Fault::retry("the store has too much to do, or failed"))
        }
    }
}

/// The letter that answers, to whom the letter that was answered went and nobody else, and what is learned of that address.
async fn answer(
    settings: &Settings,
    incoming: &Incoming,
    says: Option<&(Answer, Option<String>)>,
    heard: bool,
    at: Time,
    proposal: &mut Proposal,
) -> Result<(), Fault> {
    if says.is_none() && !heard {
        return Ok(());
    }
    let store = &*settings.store;
    let found = load::one::<Letter>(store, Key::Letter(incoming.letter)).await?;
    let Some(Versioned { document: of, .. }) = found else {
        return Ok(());
    };
    let old = reach::of(store, &of.to).await?;
    let mut known = match &old {
        Some(old) => old.document.clone(),
        None => Reach::unknown(of.to.clone(), at),
    };
    if heard && known.is_doubtful() {
        known = known.works(at);
    }
    if let Some((says, message)) = says {
        let asks = *says == Answer::Confirm;
        if asks && !known.may_be_asked(at) {
            return Ok(());
        }
        if asks {
            known.asked_at = Some(at);
            known.at = at;
        } else if let Subject::Invitation(id) = of.subject {
            proposal.limit(Counter::Explained(id), EXPLANATIONS);
        }
        let by_mail = match (says.takes_another(), of.subject) {
            (true, Subject::Invitation(id)) => {
                match load::one::<Invitation>(store, Key::Invitation(id)).await? {
                    Some(offer) => answerable(settings, &offer.document, &of.to).await?,
                    None => ByMail::No,
                }
            }
            _ => ByMail::No,
        };
        let says = Kind::Answer {
            message: message.clone(),
            says: says.clone(),
        };
        let id = LetterId::from_bits(settings.ids.fresh(at));
        let mut letter = Letter::queued(id, of.to.clone(), &of.language, of.subject, says, at);
        letter.by_mail = by_mail;
        proposal.create(&letter, None);
    }
    let changed = match &old {
        Some(old) => old.document != known,
        None => known.asked_at.is_some(),
    };
    if changed {
        reach::write(old.as_ref(), &known, proposal);
    }
    Ok(())
}
