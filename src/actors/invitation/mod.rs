//! What the actor of an invitation does: it asks the contexts that it touches for their proposals and joins them into one commit.

mod accept;
mod by_mail;
mod posting;
mod request;
mod standing;
pub mod workgroup;

use serde::{Deserialize, Serialize};

use crate::domain::address::Address;
use crate::domain::event::What;
use crate::domain::id::{Context, InvitationId, ItemId};
use crate::domain::invitation::{
    self, Act, Invitation, Request, Source, State, Step, Terms, Verdict,
};
use crate::domain::key::{Counter, Key};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::workgroup::Handle;
use crate::store::{Fault, Version};

use super::context::{Answered, Question};
use super::incoming;
use super::load::{self, Versioned};
use super::once::{Decision, once};
use super::proposal::Proposal;
use super::ration;
use super::world::{Call, Settings, Trouble, World};

pub(in crate::actors) use by_mail::answerable;
use posting::{event, made, mailable, over, post, wanted};
use request::{Offer, person_of, prepare};
use standing::{Standing, in_use, is_void, reach, stand};

pub use request::preview;
pub use standing::{default_by_sender, default_context, entitled};

/// To whom somebody wants to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Whoever holds this address.
    Address(Address),
    /// A workgroup.
    Workgroup(Handle),
}

/// What is wanted of a transfer.
#[derive(Debug, Clone)]
pub enum Command {
    /// Make it.
    Request {
        /// What.
        ask: Request,
        /// To whom.
        to: To,
    },
    /// Accept it; `None`: into the accepter's default context for this sender.
    Accept {
        /// Into which context.
        into: Option<Context>,
    },
    /// Decline it.
    Decline {
        /// Why.
        reason: Option<String>,
    },
    /// Take it back.
    Cancel,
    /// The same, by an administrator who moves what it offers to another owner; who may is decided there (`moves`).
    Withdraw {
        /// The move, as it was approved: it is taken back only if that still stands.
        moving: (Key, Version),
    },
    /// Take it back and offer the same anew to another address.
    Readdress {
        /// The new offer's id.
        new: InvitationId,
        /// To whom.
        to: To,
    },
    /// Mail it again.
    Resend,
    /// Let it stand longer.
    Extend {
        /// From now, in milliseconds.
        lifetime_ms: i64,
    },
    /// Do what is due.
    Wake,
    /// Invite somebody into a workgroup, or offer the workgroup itself to one of its administrators.
    Invite(workgroup::Invite),
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Done {
    /// The transfer as it is now.
    pub transfer: Invitation,
    /// Whether it was done before, and nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    pub warnings: Vec<Refusal>,
}

/// What is kept with the command id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The transfer to show.
    pub transfer: InvitationId,
}

/// What a request would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The offer as it would be made; `None` when not even that can be said.
    pub transfer: Option<Invitation>,
    /// What blocks and what is worth knowing.
    pub findings: Findings,
    /// The context that gives.
    pub source: Option<Source>,
}

/// What the actor of one transfer works with. It remembers nothing between commands: an answer that commits nothing ("already done",
/// "too late") would otherwise be given from memory, though another node has changed the offer since.
#[derive(Debug)]
pub struct Core {
    id: InvitationId,
}

/// Where a decision stands before it is committed.
struct Decided {
    transfer: Invitation,
    proposal: Proposal,
    warnings: Vec<Refusal>,
}

impl Core {
    /// Of this transfer.
    pub const fn new(id: InvitationId) -> Self {
        Self { id }
    }

    /// Carries a command out: decide, commit, and decide again when something changed meanwhile.
    pub async fn handle(
        &self,
        world: &dyn World,
        call: &Call,
        command: &Command,
    ) -> Result<Done, Trouble> {
        once(world, call, || Box::pin(self.decide(world, call, command))).await
    }

    async fn decide(
        &self,
        world: &dyn World,
        call: &Call,
        command: &Command,
    ) -> Result<Decision<Done>, Trouble> {
        let settings = world.settings();
        let mut decided = match command {
            Command::Request { ask, to } => self.request(world, &settings, call, ask, to).await?,
            Command::Invite(invite) => workgroup::invite(&settings, call, self.id, invite).await?,
            _ => match self.act(world, &settings, call, command).await? {
                Ok(decided) => decided,
                Err(already) => {
                    let mut proposal = Proposal::default();
                    incoming::decided(&settings, call, command, &mut proposal).await?;
                    return Ok(Decision::done(already, proposal));
                }
            },
        };
        incoming::decided(&settings, call, command, &mut decided.proposal).await?;
        let done = Done {
            transfer: decided.transfer,
            already: false,
            warnings: decided.warnings,
        };
        if matches!(command, Command::Wake) {
            // Nobody is there to be told of a full counter: it is decided anew, and sees that it is full.
            return Ok(Decision::done(done, decided.proposal));
        }
        let policy = settings.policy;
        Ok(Decision::within(
            done,
            decided.proposal,
            move |done, counter, current| over(&done.transfer, counter, current, &policy),
        ))
    }

    async fn read(&self, settings: &Settings) -> Result<Versioned<Invitation>, Trouble> {
        let found = load::one::<Invitation>(&*settings.store, Key::Invitation(self.id)).await?;
        found.ok_or_else(|| Invitation::not_found(self.id).into())
    }

    // ---- requesting ----

    async fn request(
        &self,
        world: &dyn World,
        settings: &Settings,
        call: &Call,
        ask: &Request,
        to: &To,
    ) -> Result<Decided, Trouble> {
        let problems = ask.problems(&settings.policy, call.at, false);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let (preview, offer) = prepare(world, settings, call, self.id, ask, to, None).await?;
        let (Some(offer), true) = (offer, preview.findings.blocks.is_empty()) else {
            return Err(preview.findings.into());
        };
        Ok(offered(settings, call, offer, preview.findings.warns).await?)
    }

    // ---- answering ----

    async fn act(
        &self,
        world: &dyn World,
        settings: &Settings,
        call: &Call,
        command: &Command,
    ) -> Result<Result<Decided, Done>, Trouble> {
        let old = self.read(settings).await?;
        let now = &old.document;
        let mut proposal = Proposal::default();
        let into = match command {
            Command::Accept { into } => Some(*into),
            _ => None,
        };
        let mut standing = stand(settings, call, now, into, &mut proposal).await?;
        if let Command::Withdraw { moving } = command {
            standing.entitled.sender = true;
            proposal.guard(moving.0, moving.1);
        }
        let reach = reach(settings, &now.recipient, standing.account.as_ref()).await?;
        let by = call.by.person.map(|person| (person, call.by.channel));
        let act = self
            .act_of(settings, command, now, &standing, &mut proposal)
            .await?;
        let decide = |act: Act| {
            now.decide(
                act,
                by,
                standing.entitled,
                &reach,
                &settings.policy,
                call.at,
            )
        };
        let first = match decide(act.clone()) {
            Verdict::Changes(step) => *step,
            Verdict::AlreadyDone => {
                return Ok(Err(Done {
                    transfer: now.clone(),
                    already: true,
                    warnings: Vec::new(),
                }));
            }
            Verdict::Refused(why) => return Err(why.into()),
        };
        let (mut step, mut warnings) = (first, Vec::new());
        match &step.transfer.state {
            State::Accepted { into, .. } => {
                let (joined, act) = match now.terms {
                    Terms::Ownership { keep_access } => {
                        let terms = (*into, keep_access);
                        accept::exchange(world, call, now, terms, act, &mut proposal).await?
                    }
                    Terms::Access { .. } => {
                        accept::lend(world, call, now, *into, act, &mut proposal).await?
                    }
                    Terms::Membership { .. } | Terms::Workgroup => {
                        accept::join(world, call, now, act, &mut proposal).await?
                    }
                };
                if !joined.blocks.is_empty() {
                    return Err(joined.into());
                }
                warnings = joined.warns;
                match decide(act) {
                    Verdict::Changes(again) => step = *again,
                    Verdict::AlreadyDone | Verdict::Refused(_) => {}
                }
            }
            State::Cancelled { .. } if matches!(command, Command::Readdress { .. }) => {
                if let Command::Readdress { new, to } = command {
                    return self
                        .readdress(world, settings, call, &old, (step, proposal), *new, to)
                        .await
                        .map(Ok);
                }
            }
            State::Declined { .. } | State::Cancelled { .. } | State::Expired { .. }
                if now.terms.is_transfer() =>
            {
                let question = Question::End {
                    transfer: now.id,
                    call: *call,
                    items: item_ids(now),
                    how: step.transfer.state.word(),
                };
                if let Answered::Ended(part) = world.ask(now.source, question).await? {
                    proposal.join(part);
                }
            }
            State::Requested
            | State::Pending { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => {}
        }
        if into.is_some() {
            warnings.extend(standing.elsewhere.take());
        }
        let Step {
            mut transfer,
            event: what,
            letters,
        } = step;
        let mut letters = wanted(settings, now, letters).await?;
        match what {
            // The letter is all that was asked for.
            What::Resent => {
                if let Some(used_up) = ration::take(settings, now, call.at, &mut proposal).await? {
                    return Err(used_up.refusal(now, &settings.policy, call.at).into());
                }
            }
            What::Extended { .. } | What::Pending | What::Reminded => {
                let told = &mut warnings;
                mailable(settings, call, now, &mut letters, told, &mut proposal).await?;
                if letters.is_empty() && matches!(what, What::Extended { .. }) {
                    transfer.mailed_at = now.mailed_at;
                }
            }
            _ => {}
        }
        post(settings, call, &mut transfer, letters, &mut proposal).await?;
        proposal.replace(&old, &transfer, Some(&event(call, what)));
        Ok(Ok(Decided {
            transfer,
            proposal,
            warnings,
        }))
    }

    async fn act_of(
        &self,
        settings: &Settings,
        command: &Command,
        now: &Invitation,
        standing: &Standing,
        proposal: &mut Proposal,
    ) -> Result<Act, Trouble> {
        Ok(match command {
            Command::Accept { .. } => Act::Accept {
                into: standing.into,
                into_name: String::new(),
                renamed: std::collections::BTreeMap::new(),
            },
            Command::Decline { reason } => Act::Decline {
                reason: reason.clone(),
            },
            Command::Cancel
            | Command::Withdraw { .. }
            | Command::Request { .. }
            | Command::Invite(_) => Act::Cancel { replaced_by: None },
            Command::Readdress { new, .. } => Act::Cancel {
                replaced_by: Some(*new),
            },
            Command::Resend => Act::Resend,
            Command::Extend { lifetime_ms } => Act::Extend {
                lifetime_ms: *lifetime_ms,
            },
            Command::Wake if is_void(settings, now, proposal).await? => Act::Void,
            Command::Wake => Act::Wake {
                in_use: match now.state {
                    State::Requested => in_use(settings, now).await?,
                    _ => false,
                },
            },
        })
    }

    /// Ends this offer and makes the same one to another recipient, in one commit.
    #[allow(
        clippy::too_many_arguments,
        reason = "the old offer, its end, and the new one"
    )]
    async fn readdress(
        &self,
        world: &dyn World,
        settings: &Settings,
        call: &Call,
        old: &Versioned<Invitation>,
        (step, mut proposal): (Step, Proposal),
        new: InvitationId,
        to: &To,
    ) -> Result<Decided, Trouble> {
        let was = &old.document;
        let ask = Request {
            items: item_ids(was),
            message: was.message.clone(),
            terms: was.terms,
            lifetime_ms: Some(
                was.expires_at
                    .since_ms(call.at)
                    .max(*invitation::LIFETIME_MS.start()),
            ),
            terms_accepted: true,
        };
        let (preview, offer) = prepare(world, settings, call, new, &ask, to, Some(was.id)).await?;
        let (Some(offer), true) = (offer, preview.findings.blocks.is_empty()) else {
            return Err(preview.findings.into());
        };
        // What lets them take the old one back must still be so, besides what the new one rests on.
        let mut decided = offered(settings, call, offer, preview.findings.warns).await?;
        proposal.join(decided.proposal);
        let mut ended = step.transfer;
        post(settings, call, &mut ended, step.letters, &mut proposal).await?;
        proposal.replace(old, &ended, Some(&event(call, step.event)));
        decided.proposal = proposal;
        Ok(decided)
    }
}

/// A new offer, with its letters while the recipient may be asked today, and its place among those that are open.
async fn offered(
    settings: &Settings,
    call: &Call,
    offer: Offer,
    mut warnings: Vec<Refusal>,
) -> Result<Decided, Fault> {
    let Offer {
        mut transfer,
        mut letters,
        mut proposal,
    } = offer;
    let (told, asked) = (&mut warnings, &mut letters);
    mailable(settings, call, &transfer, asked, told, &mut proposal).await?;
    post(settings, call, &mut transfer, letters, &mut proposal).await?;
    proposal.create(&transfer, Some(&event(call, made(&transfer))));
    let open = Counter::OpenOffers(transfer.source, transfer.recipient.digest());
    proposal.limit(open, settings.policy.open_offers);
    Ok(Decided {
        transfer,
        proposal,
        warnings,
    })
}

/// What became of a timer that woke a transfer: `Ok`, and its row goes, or a fault, and it is due again. A wake that lost against other
/// commands has not been heard, unlike one that found nothing to do.
pub fn woken(answer: Result<Done, Trouble>) -> Result<(), Fault> {
    match answer {
        Ok(_) => Ok(()),
        Err(Trouble::Fault(fault)) => Err(fault),
        Err(Trouble::Refused(why)) => {
            if why.blocks.iter().any(|r| r.code == Code::Contended) {
                return Err(Fault::retry("others changed a transfer while it was woken"));
            }
            tracing::debug!(?why, "nothing to do for a timer");
            Ok(())
        }
    }
}

fn item_ids(transfer: &Invitation) -> Vec<ItemId> {
    transfer.items.iter().map(|offered| offered.item).collect()
}
