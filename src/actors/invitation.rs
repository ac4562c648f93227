//! What the actor of a transfer does: it asks both contexts for their proposals and joins them into one commit.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::{Channel, Event, What};
use crate::domain::id::{AccountId, Context, Digest, InvitationId, ItemId, LetterId};
use crate::domain::invitation::{
    self, Act, Entitled, Invitation, MAX_LETTERS, Mailbox, Offered, Outgoing, Recipient, Request,
    Sender, Source, State, Step, Verdict,
};
use crate::domain::item::Item;
use crate::domain::key::{Counter, Key};
use crate::domain::letter::{Kind, Letter, Subject};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::secret::MailToken;
use crate::domain::workgroup::{Handle, Role};
use crate::store::{Clash, Fault};

use super::context::{Answered, Question};
use super::load::{self, Versioned};
use super::people::{self, Rests};
use super::proposal::Proposal;
use super::world::{self, Call, Committed, Settings, TRIES, Trouble, World};

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

/// The outcome of one attempt: an answer, or a reason to decide again.
enum Attempt {
    Answer(Box<Done>),
    Again,
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
        &mut self,
        world: &dyn World,
        call: &Call,
        command: &Command,
    ) -> Result<Done, Trouble> {
        if let Some(done) = self.done_before(world, call).await? {
            return Ok(done);
        }
        for attempt in 1..=TRIES {
            match self.attempt(world, call, command).await {
                Ok(Attempt::Answer(done)) => return Ok(*done),
                Ok(Attempt::Again) => {}
                // Read while another command was changing it: the same as a conflict.
                Err(Trouble::Fault(fault)) if fault.retry && attempt < TRIES => {}
                Err(Trouble::Refused(why)) => {
                    // What stands in the way may be this very command, carried out meanwhile for somebody who sent it twice.
                    let done = self.done_before(world, call).await?;
                    return done.ok_or_else(|| why.into());
                }
                Err(fault) => return Err(fault),
            }
            world.pause(attempt).await;
        }
        let done = self.done_before(world, call).await?;
        done.ok_or_else(world::contended)
    }

    async fn done_before(&self, world: &dyn World, call: &Call) -> Result<Option<Done>, Trouble> {
        let settings = world.settings();
        match world::before(&settings, call).await? {
            Some(kept) => Ok(Some(repeated(&settings, &kept).await?)),
            None => Ok(None),
        }
    }

    async fn attempt(
        &mut self,
        world: &dyn World,
        call: &Call,
        command: &Command,
    ) -> Result<Attempt, Trouble> {
        let settings = world.settings();
        let decided = match command {
            Command::Request { ask, to } => self.request(world, &settings, call, ask, to).await?,
            _ => match self.act(world, &settings, call, command).await? {
                Ok(decided) => decided,
                Err(already) => return Ok(Attempt::Answer(Box::new(already))),
            },
        };
        let Decided {
            transfer,
            proposal,
            warnings,
        } = decided;
        let kept = serde_json::to_vec(&Kept {
            transfer: transfer.id,
        })
        .unwrap_or_default();
        match world::commit(world, call, proposal, kept).await? {
            Committed::Done => Ok(Attempt::Answer(Box::new(Done {
                transfer,
                already: false,
                warnings,
            }))),
            Committed::Before(kept) => {
                Ok(Attempt::Answer(Box::new(repeated(&settings, &kept).await?)))
            }
            Committed::Again(clashes) => {
                forget(world, &clashes).await?;
                Ok(Attempt::Again)
            }
            Committed::Over { counter, current } => {
                Err(over(&transfer, counter, current, &settings))
            }
        }
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
        let mut proposal = offer.proposal;
        let mut transfer = offer.transfer;
        post(settings, call, &mut transfer, offer.letters, &mut proposal);
        proposal.create(&transfer, Some(&event(call, made(&transfer))));
        let open = Counter::OpenOffers(transfer.source, transfer.recipient.digest());
        proposal.limit(open, settings.policy.open_offers);
        Ok(Decided {
            transfer,
            proposal,
            warnings: preview.findings.warns,
        })
    }

    // ---- answering ----

    async fn act(
        &mut self,
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
        let standing = stand(settings, call, now, into, &mut proposal).await?;
        let reach = reach(settings, &now.recipient, standing.account.as_ref()).await?;
        let by = call.by.person.map(|person| (person, call.by.channel));
        let act = self.act_of(settings, command, now, &standing).await?;
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
                let (joined, act) = self
                    .exchange(world, call, now, *into, act, &mut proposal)
                    .await?;
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
                        .readdress(world, settings, call, &old, step, *new, to)
                        .await
                        .map(Ok);
                }
            }
            State::Declined { .. } | State::Cancelled { .. } | State::Expired { .. } => {
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
            State::Requested | State::Pending { .. } => {}
        }
        let Step {
            mut transfer,
            event: what,
            letters,
        } = step;
        post(settings, call, &mut transfer, letters, &mut proposal);
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
            Command::Cancel | Command::Request { .. } => Act::Cancel { replaced_by: None },
            Command::Readdress { new, .. } => Act::Cancel {
                replaced_by: Some(*new),
            },
            Command::Resend => Act::Resend,
            Command::Extend { lifetime_ms } => Act::Extend {
                lifetime_ms: *lifetime_ms,
            },
            Command::Wake => Act::Wake {
                in_use: match now.state {
                    State::Requested => in_use(settings, now).await?,
                    _ => false,
                },
            },
        })
    }

    /// Asks the source to let go and the target to take in, and joins what both propose.
    async fn exchange(
        &self,
        world: &dyn World,
        call: &Call,
        now: &Invitation,
        into: Context,
        act: Act,
        proposal: &mut Proposal,
    ) -> Result<(Findings, Act), Trouble> {
        let release = Question::Release {
            transfer: now.id,
            call: *call,
            items: item_ids(now),
            keep: now.keep_access,
        };
        let Answered::Released(source, items, part) = world.ask(now.source, release).await? else {
            return Err(Fault::never("a context answered another question").into());
        };
        proposal.join(part);
        let offered = items
            .iter()
            .map(|item| as_offered(&item.document))
            .collect();
        let receive = Question::Receive {
            source,
            items: offered,
            accepter: call.by.person.unwrap_or(now.sender.account),
            requester: now.sender.account,
        };
        let Answered::Received(target, renamed, part) = world.ask(into, receive).await? else {
            return Err(Fault::never("a context answered another question").into());
        };
        proposal.join(part);
        for item in &items {
            let mut next = item.document.clone();
            next.owner = into;
            next.pending = None;
            if let Some(name) = renamed.get(&next.id) {
                next.name.clone_from(name);
            }
            let what = What::Transferred {
                transfer: now.id,
                from: now.source,
                to: into,
                name: next.name.clone(),
            };
            proposal.replace(item, &next, Some(&event(call, what)));
        }
        let findings = std::mem::take(&mut proposal.findings);
        let act = match act {
            Act::Accept { into, .. } => Act::Accept {
                into,
                into_name: target.name,
                renamed,
            },
            other => other,
        };
        Ok((findings, act))
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
        step: Step,
        new: InvitationId,
        to: &To,
    ) -> Result<Decided, Trouble> {
        let was = &old.document;
        let ask = Request {
            items: item_ids(was),
            message: was.message.clone(),
            keep_access: was.keep_access,
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
        let mut proposal = offer.proposal;
        let mut fresh = offer.transfer;
        post(settings, call, &mut fresh, offer.letters, &mut proposal);
        proposal.create(&fresh, Some(&event(call, made(&fresh))));
        let open = Counter::OpenOffers(fresh.source, fresh.recipient.digest());
        proposal.limit(open, settings.policy.open_offers);
        let mut ended = step.transfer;
        post(settings, call, &mut ended, step.letters, &mut proposal);
        proposal.replace(old, &ended, Some(&event(call, step.event)));
        Ok(Decided {
            transfer: fresh,
            proposal,
            warnings: preview.findings.warns,
        })
    }
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

/// What a request would do, without doing it: every problem of the request and every guard at once.
pub async fn preview(
    world: &dyn World,
    call: &Call,
    ask: &Request,
    to: Option<&To>,
) -> Result<Preview, Trouble> {
    let settings = world.settings();
    let id = InvitationId::from_bits(settings.ids.fresh(call.at));
    let problems = ask.problems(&settings.policy, call.at, true);
    // Without a recipient the items are looked at as an offer to oneself, which no guard of the recipient touches.
    let (mut preview, _) = match to {
        Some(to) => prepare(world, &settings, call, id, ask, to, None).await?,
        None => {
            let me = people::person(&*settings.store, person_of(call)?, &[]).await?;
            let own = me.account.primary().cloned().ok_or_else(not_signed_in)?;
            let own = To::Address(own);
            let (mut preview, offer) = prepare(world, &settings, call, id, ask, &own, None).await?;
            // What is said of the recipient is said of nobody.
            let of_recipient = |r: &Refusal| r.about.as_deref() == Some("recipient");
            preview.findings.blocks.retain(|r| !of_recipient(r));
            preview.findings.warns.retain(|r| !of_recipient(r));
            (preview, offer)
        }
    };
    preview.findings.absorb(problems.into());
    preview.findings = preview.findings.sorted();
    Ok(preview)
}

struct Offer {
    transfer: Invitation,
    letters: Vec<Outgoing>,
    proposal: Proposal,
}

fn not_signed_in() -> Refusal {
    Refusal::new(Code::NotSignedIn, "nobody is signed in", "sign in first")
}

fn person_of(call: &Call) -> Result<AccountId, Trouble> {
    call.by.person.ok_or_else(|| not_signed_in().into())
}

/// Looks at items, recipient and source, and makes the offer if the items can be named at all.
async fn prepare(
    world: &dyn World,
    settings: &Settings,
    call: &Call,
    id: InvitationId,
    ask: &Request,
    to: &To,
    replaces: Option<InvitationId>,
) -> Result<(Preview, Option<Offer>), Trouble> {
    let store = &*settings.store;
    let (mut person, rests) = people::guarded(store, person_of(call)?, &[]).await?;
    let some = ask
        .items
        .get(..ask.items.len().min(settings.policy.max_items));
    let wanted_ids = some.unwrap_or_default();
    let seen = people::see(settings, &mut person, wanted_ids, call.at).await?;
    let wanted: Vec<invitation::Wanted<'_>> = wanted_ids
        .iter()
        .zip(&seen)
        .map(|(id, seen)| {
            (
                *id,
                seen.as_ref().map(|(item, level)| (&item.document, *level)),
            )
        })
        .collect();
    let mut findings = invitation::offered_items(&wanted, &settings.policy, replaces);
    let own =
        |seen: &&people::Seen| matches!(seen, Some((_, Some(crate::domain::rights::Level::Own))));
    let items: Vec<Versioned<Item>> = seen
        .iter()
        .filter(own)
        .flatten()
        .map(|(item, _)| item.clone())
        .collect();
    let Some(context) = items.first().map(|item| item.document.owner) else {
        return Ok((
            Preview {
                transfer: None,
                findings: findings.sorted(),
                source: None,
            },
            None,
        ));
    };
    let question = Question::Offer {
        transfer: id,
        call: *call,
        items: items.clone(),
        requester: person.id(),
        member: person.belongs_to(context),
    };
    let Answered::Source(source, mut proposal) = world.ask(context, question).await? else {
        return Err(Fault::never("a context answered another question").into());
    };
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    findings.absorb(std::mem::take(&mut proposal.findings));
    let documents: Vec<&Item> = items.iter().map(|item| &item.document).collect();
    let offered: Vec<Offered> = documents.iter().map(|item| as_offered(item)).collect();
    let (recipient, reach, about) =
        recipient(settings, &person.account, &source, &offered, to).await?;
    findings.absorb(about);
    let sender = sender(&person.account)?;
    let (transfer, letters) = invitation::request(
        id,
        ask,
        &documents,
        &source,
        sender,
        recipient,
        &reach,
        replaces,
        &settings.policy,
        call.at,
    );
    let preview = Preview {
        transfer: Some(transfer.clone()),
        findings: findings.sorted(),
        source: Some(source),
    };
    let offer = Offer {
        transfer,
        letters,
        proposal,
    };
    Ok((preview, Some(offer)))
}

fn sender(account: &Account) -> Result<Sender, Trouble> {
    let address = account.primary().cloned().ok_or_else(not_signed_in)?;
    Ok(Sender {
        account: account.id,
        name: account.name.clone(),
        address,
        language: account.language.clone(),
    })
}

fn as_offered(item: &Item) -> Offered {
    Offered {
        item: item.id,
        name: item.name.clone(),
        bytes: item.bytes,
        files: item.files,
    }
}

fn item_ids(transfer: &Invitation) -> Vec<ItemId> {
    transfer.items.iter().map(|offered| offered.item).collect()
}

/// Who the recipient is, where their letters go, and what the guards say about them.
async fn recipient(
    settings: &Settings,
    sender: &Account,
    source: &Source,
    offered: &[Offered],
    to: &To,
) -> Result<(Recipient, Vec<Mailbox>, Findings), Trouble> {
    let store = &*settings.store;
    let mut findings = Findings::default();
    match to {
        To::Workgroup(handle) => {
            let Some(workgroup) = people::workgroup(store, handle).await? else {
                return Err(Refusal::new(
                    Code::RecipientUnknown,
                    format!("there is no workgroup {handle}"),
                    "check the handle, or offer to an email address",
                )
                .about("recipient")
                .into());
            };
            let id = workgroup.document.id;
            let reach = people::answering(store, id).await?;
            findings.absorb(
                super::queries::fits(
                    settings,
                    source,
                    offered,
                    Context::Workgroup(id),
                    None,
                    sender.id,
                )
                .await?,
            );
            let handle = workgroup.document.handle.to_string();
            Ok((Recipient::Workgroup { id, handle }, reach, findings))
        }
        To::Address(address) => {
            let holder = people::holder(store, address).await?;
            let language = holder
                .as_ref()
                .map_or("en", |h| &h.document.language)
                .to_owned();
            match &holder {
                None => findings.warn(
                    Refusal::new(
                        Code::RecipientNoAccount,
                        format!("nobody has registered with {address} yet"),
                        "they register with that address when they answer the mail; check its spelling",
                    )
                    .about("recipient"),
                ),
                Some(account) => {
                    let blocks = |a: &Address| account.document.blocked.contains(a.folded());
                    if sender.addresses.iter().any(blocks) {
                        findings.block(
                            Refusal::new(
                                Code::RecipientBlocked,
                                format!("{address} does not take offers from you"),
                                "ask them in person to lift the block",
                            )
                            .about("recipient"),
                        );
                    }
                }
            }
            let walls = walls(settings, source, sender, address, holder.as_ref()).await?;
            findings.absorb(walls);
            let mailbox = Mailbox {
                address: address.clone(),
                language,
            };
            Ok((Recipient::Address(address.clone()), vec![mailbox], findings))
        }
    }
}

/// Whether any context of the recipient lies on the right side of the domain walls. Within `public` all do.
async fn walls(
    settings: &Settings,
    source: &Source,
    sender: &Account,
    address: &Address,
    holder: Option<&Versioned<Account>>,
) -> Result<Findings, Trouble> {
    let Some(holder) = holder else {
        let mut findings = Findings::default();
        if !source.domain.is_public() {
            findings.block(behind_walls(source, address));
        }
        return Ok(findings);
    };
    let to_oneself = holder.document.id == sender.id;
    if source.domain.is_public() && holder.document.domain.is_public() && !to_oneself {
        return Ok(Findings::default());
    }
    let options =
        super::queries::contexts_for(settings, source, &[], holder.document.id, sender.id).await?;
    let here = |choice: &super::queries::Choice| choice.own.context == source.context;
    if to_oneself && options.iter().all(here) {
        let mut findings = Findings::default();
        findings.block(Refusal::field(
            "recipient",
            "you have no other context to accept it into",
            "name somebody else, or join a workgroup first",
        ));
        return Ok(findings);
    }
    let wall = |r: &Refusal| matches!(r.code, Code::DomainNoWayOut | Code::DomainNotCollaborative);
    let open = |choice: &super::queries::Choice| !choice.findings.blocks.iter().any(wall);
    let mut findings = Findings::default();
    if !options.iter().any(open) {
        findings.block(behind_walls(source, address));
    }
    Ok(findings)
}

/// That no context of the recipient can take it. What contexts those are, and what the person is called, is not told to strangers.
fn behind_walls(source: &Source, address: &Address) -> Refusal {
    if source.domain.is_public() {
        Refusal::new(
            Code::DomainNotCollaborative,
            format!(
                "public data can enter a private domain only through a collaborative workgroup that sender and recipient both belong to; you share none with {address}"
            ),
            "ask an administrator of such a workgroup to invite both of you",
        )
    } else {
        let domain = source.domain.name();
        Refusal::new(
            Code::DomainNoWayOut,
            format!("data of the domain {domain} stays in it, and {address} belongs to none of its workgroups that could take it"),
            format!("offer it to a member of a workgroup of {domain}"),
        )
    }
    .about("recipient")
}

// ---- where a person stands ----

struct Standing {
    entitled: Entitled,
    into: Context,
    /// Who calls; nobody when a timer does.
    account: Option<Account>,
}

/// Which side the caller stands on, and into which context they accept. What this rests on is guarded.
async fn stand(
    settings: &Settings,
    call: &Call,
    now: &Invitation,
    into: Option<Option<Context>>,
    proposal: &mut Proposal,
) -> Result<Standing, Trouble> {
    let Some(person) = call.by.person else {
        let entitled = Entitled {
            sender: false,
            recipient: false,
        };
        return Ok(Standing {
            entitled,
            into: now.source,
            account: None,
        });
    };
    let store = &*settings.store;
    let account = load::one::<Account>(store, Key::Account(person)).await?;
    let Some(account) = account else {
        return Err(not_signed_in().into());
    };
    proposal.guard(Key::Account(person), account.version);
    let (mut entitled, rests) = standing(settings, &account.document, now).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    if call.by.channel == Channel::Timer {
        entitled = Entitled {
            sender: false,
            recipient: false,
        };
    }
    let chosen = match (into, &now.recipient) {
        (Some(Some(context)), Recipient::Workgroup { id, .. })
            if context != Context::Workgroup(*id)
                && entitled.recipient
                && now.has_reached_recipient() =>
        {
            return Err(Refusal::field(
                "context",
                format!("this was offered to the {}", now.recipient),
                "accept into that workgroup, or decline and ask for an offer to your own address",
            )
            .into());
        }
        (Some(Some(context)), _) => context,
        (_, Recipient::Workgroup { id, .. }) => Context::Workgroup(*id),
        (_, Recipient::Address(_)) => default_context(&account.document, now),
    };
    Ok(Standing {
        entitled,
        into: chosen,
        account: Some(account.document),
    })
}

/// Where this person accepts offers of this sender unless they say otherwise.
pub fn default_context(account: &Account, now: &Invitation) -> Context {
    account
        .default_context_by_sender
        .get(now.sender.address.folded())
        .copied()
        .unwrap_or(account.default_context)
}

/// Which side of the transfer this account stands on.
pub async fn entitled(
    settings: &Settings,
    account: &Account,
    now: &Invitation,
) -> Result<Entitled, Trouble> {
    Ok(standing(settings, account, now).await?.0)
}

/// The same, with what a commit must guard that rests on it.
async fn standing(
    settings: &Settings,
    account: &Account,
    now: &Invitation,
) -> Result<(Entitled, Vec<Rests>), Trouble> {
    let store = &*settings.store;
    let mut contexts = vec![now.source];
    if let Recipient::Workgroup { id, .. } = now.recipient {
        contexts.push(Context::Workgroup(id));
    }
    let (person, mut rests) = people::guarded(store, account.id, &contexts).await?;
    let recipient = match &now.recipient {
        Recipient::Address(address) => account.has(address),
        Recipient::Workgroup { id, .. } => person
            .role_in(Context::Workgroup(*id))
            .is_some_and(|role| role >= Role::Administrator),
    };
    let mut sender = person.belongs_to(now.source);
    if !sender && !settings.policy.domains.is_empty() {
        let owner = super::context::Owner::load(store, now.source).await?;
        rests.extend(owner.as_ref().map(super::context::Owner::guard));
        sender = owner
            .is_some_and(|owner| person.acts_for(now.source, owner.domain(), &settings.policy));
    }
    Ok((Entitled { sender, recipient }, rests))
}

/// Where letters to the recipient go. An address has one holder; who calls is often it, and was read already.
async fn reach(
    settings: &Settings,
    recipient: &Recipient,
    caller: Option<&Account>,
) -> Result<Vec<Mailbox>, Fault> {
    let store = &*settings.store;
    match recipient {
        Recipient::Workgroup { id, .. } => people::answering(store, *id).await,
        Recipient::Address(address) => {
            let language = match caller.filter(|caller| caller.has(address)) {
                Some(caller) => caller.language.clone(),
                None => people::holder(store, address)
                    .await?
                    .map_or_else(|| "en".to_owned(), |h| h.document.language),
            };
            Ok(vec![Mailbox {
                address: address.clone(),
                language,
            }])
        }
    }
}

async fn in_use(settings: &Settings, now: &Invitation) -> Result<bool, Fault> {
    let keys: Vec<Key> = now
        .items
        .iter()
        .map(|offered| Key::Item(offered.item))
        .collect();
    let items = load::all::<Item>(&*settings.store, &keys).await?;
    Ok(items
        .iter()
        .flatten()
        .any(|item| item.document.running_analyses > 0))
}

// ---- committing ----

/// Gives letters their ids and rows, and what their links stand for.
fn post(
    settings: &Settings,
    call: &Call,
    transfer: &mut Invitation,
    letters: Vec<Outgoing>,
    proposal: &mut Proposal,
) {
    // The letter to the sender is the first of those that tell of an end, so that it is among them whoever else is told.
    for (n, outgoing) in letters.into_iter().enumerate() {
        let asks = matches!(outgoing.says, Kind::Offer { .. } | Kind::Reminder { .. });
        let full = if asks {
            transfer.letters.len() >= MAX_LETTERS
        } else {
            n >= MAX_LETTERS
        };
        if full {
            return;
        }
        let id = LetterId::from_bits(settings.ids.fresh(call.at));
        let Mailbox { address, language } = outgoing.to;
        if asks {
            let digest = Digest::of(settings.key.link(id).as_bytes());
            let token = MailToken {
                digest,
                transfer: transfer.id,
                letter: id,
                address: address.clone(),
            };
            proposal.create(&token, None);
        }
        let subject = Subject::Invitation(transfer.id);
        let letter = Letter::queued(id, address, &language, subject, outgoing.says, call.at);
        proposal.create(&letter, None);
        transfer.letters.push(id);
    }
}

/// How the journal of a new offer begins.
fn made(transfer: &Invitation) -> What {
    match transfer.state {
        State::Requested => What::Requested,
        _ => What::Pending,
    }
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

async fn repeated(settings: &Settings, kept: &[u8]) -> Result<Done, Trouble> {
    let kept: Kept = serde_json::from_slice(kept)
        .map_err(|_| world::reused("this Idempotency-Key was used for another request"))?;
    let found = load::one::<Invitation>(&*settings.store, Key::Invitation(kept.transfer)).await?;
    let transfer = found.ok_or_else(|| Trouble::from(Invitation::not_found(kept.transfer)))?;
    Ok(Done {
        transfer: transfer.document,
        already: true,
        warnings: Vec::new(),
    })
}

/// Tells the contexts among what clashed that they know too little.
async fn forget(world: &dyn World, clashes: &[Clash]) -> Result<(), Trouble> {
    for clash in clashes {
        let context = match clash {
            Clash::Version(Key::Account(id)) => Context::Personal(*id),
            Clash::Version(Key::Workgroup(id)) => Context::Workgroup(*id),
            Clash::Version(_) | Clash::Taken(_) | Clash::Row(_) => continue,
        };
        world.forget(context).await;
    }
    Ok(())
}

fn over(transfer: &Invitation, counter: Counter, current: i64, settings: &Settings) -> Trouble {
    let refusal = match counter {
        Counter::OpenOffers(..) => Refusal::new(
            Code::SenderOpenOffers,
            format!(
                "{current} offers to {} are open already",
                transfer.recipient
            ),
            format!(
                "at most {} may be; put several items into one offer, or wait for an answer",
                settings.policy.open_offers
            ),
        ),
        Counter::Usage(context) => Refusal::new(
            Code::TargetOverQuota,
            format!(
                "the receiving context has filled up meanwhile: it uses {} and would need {} more",
                crate::domain::refusal::size(u64::try_from(current).unwrap_or(0)),
                crate::domain::refusal::size(transfer.bytes())
            ),
            "choose another context, free some space, or ask for a larger quota",
        )
        .about(context),
    };
    refusal.into()
}
