//! Checks 8 to 13 of a reply (MAIL §5), in their order: the first that fails decides.

use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::called::{Called, Named};
use crate::domain::event::{By, Channel};
use crate::domain::id::{AccountId, CommandId, Context, LetterId, MessageId};
use crate::domain::incoming::Incoming;
use crate::domain::invitation::Invitation;
use crate::domain::item::folded_name;
use crate::domain::key::Key;
use crate::domain::letter::{Answer, Letter, Subject};
use crate::domain::policy::{Domain, Replies, Verb};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::store::{Claimed, Due, Fault, Version};

use super::{Became, DECIDED, Desk, Finished, finish};
use crate::actors::attempts::Attempt;
use crate::actors::invitation::Command;
use crate::actors::load::Versioned;
use crate::actors::once::TRIES;
use crate::actors::world::{self, Call, Settings, Trouble};
use crate::actors::{load, people, queries};

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Accept, into the context of this name, or the default one.
    Accept {
        /// The name as it was written.
        context: Option<String>,
    },
    /// Decline.
    Decline {
        /// Why.
        reason: Option<String>,
    },
    /// Neither.
    Neither,
}

impl Says {
    const fn verb(&self) -> Option<Verb> {
        match self {
            Self::Accept { .. } => Some(Verb::Accept),
            Self::Decline { .. } => Some(Verb::Decline),
            Self::Neither => None,
        }
    }
}

/// A person's reply to a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Which message it is; the decision is made once for it.
    pub message: MessageId,
    /// The letter that it answers.
    pub letter: LetterId,
    /// From whom, as it says.
    pub from: Address,
    /// Why nobody vouches for that, if nobody does.
    pub doubt: Option<String>,
    /// What it says.
    pub says: Says,
    /// Its Message-ID.
    pub message_id: Option<String>,
}

/// Decides a reply and writes down what became of it. Where the offer has changed before that is written down, the reply is understood
/// anew: another node may have decided by this very message. What became of it, in one word.
///
/// # Errors
/// The world failed, or the offer changes again and again; the row is due again.
pub async fn see_to(
    desk: &dyn Desk,
    row: Claimed,
    incoming: &Versioned<Incoming>,
    reply: &Reply,
) -> Result<&'static str, Fault> {
    for attempt in 1..=TRIES {
        let became = decide(desk, Some(row.due), reply).await?;
        if became.written {
            return Ok(became.outcome);
        }
        match finish(desk, row, incoming.clone(), &became, desk.now()).await? {
            Finished::Settled => return Ok(became.outcome),
            Finished::Anew => desk.pause(attempt).await,
        }
    }
    Err(Fault::retry(
        "the offer changed while a reply to it was understood",
    ))
}

/// Decides a reply by the same commands as everybody else's. What it accepts or declines, and that the message of this row was seen to, is
/// one commit.
///
/// # Errors
/// The world failed, or others changed the same: it is decided again, and once only.
pub async fn decide(desk: &dyn Desk, row: Option<Due>, reply: &Reply) -> Result<Became, Fault> {
    let settings = desk.settings();
    let store = &*settings.store;
    let letter = load::one::<Letter>(store, Key::Letter(reply.letter)).await?;
    let Some(Letter { to, subject, .. }) = letter.map(|letter| letter.document) else {
        return Ok(Became::silent("too-late", "the letter is kept no longer"));
    };
    let Subject::Invitation(id) = subject else {
        return Ok(Became::silent("too-late", "the letter is about no offer"));
    };
    let found = load::one::<Invitation>(store, Key::Invitation(id)).await?;
    let Some(offer) = found else {
        return Ok(Became::silent("too-late", "the offer is kept no longer"));
    };
    let holder = people::holder(store, &to).await?.map(|h| h.document);
    let case = Case {
        desk,
        settings: &settings,
        row,
        reply,
        to,
        offer,
        holder,
    };
    case.decide().await
}

/// A reply and what it is about.
struct Case<'a> {
    desk: &'a dyn Desk,
    settings: &'a Settings,
    row: Option<Due>,
    reply: &'a Reply,
    /// Whom the letter went to: whoever has this address is invited.
    to: Address,
    /// As it was read, before it was asked what this message decided.
    offer: Versioned<Invitation>,
    holder: Option<Account>,
}

impl Case<'_> {
    /// An answer to whom the letter went.
    fn says(&self, outcome: &'static str, why: impl Into<String>, says: Answer) -> Became {
        Became {
            says: Some((says, self.reply.message_id.clone())),
            heard: true,
            rests_on: Some(self.rests_on()),
            ..Became::silent(outcome, why)
        }
    }

    /// Please confirm in Handover, while there is something to confirm.
    fn asks(&self, outcome: &'static str, why: impl Into<String>, heard: bool) -> Became {
        let open = self.too_late().is_none();
        let says = open.then(|| (Answer::Confirm, self.reply.message_id.clone()));
        Became {
            says,
            heard,
            rests_on: Some(self.rests_on()),
            ..Became::silent(outcome, why)
        }
    }

    /// What became of it stands in the audit too: who tried what, and why not.
    fn in_vain(&self, became: Became, who: Option<&Account>, why: &[Refusal]) -> Became {
        let offer = self.offer.document.id.to_string();
        let verb = self.reply.says.verb();
        let tried = who.zip(verb).map(|(who, verb)| {
            let mut about = vec![offer];
            about.extend(why.iter().filter_map(|no| no.about.clone()));
            let attempt = Attempt {
                command: format!("reply {}", verb.word()),
                codes: why.iter().map(|no| no.code).collect(),
                about,
            };
            (who.id, attempt)
        });
        Became { tried, ..became }
    }

    fn too_late(&self) -> Option<Refusal> {
        self.offer.document.too_late(self.desk.now())
    }

    fn rests_on(&self) -> (Key, Version) {
        (Key::Invitation(self.offer.document.id), self.offer.version)
    }

    fn domain(&self) -> Domain {
        match &self.holder {
            Some(holder) => holder.domain.clone(),
            None => self.settings.policy.domain_of(&self.to),
        }
    }

    async fn decide(self) -> Result<Became, Fault> {
        if self.decided_before().await? {
            return Ok(self.decided());
        }
        // 8
        if let Some(doubt) = &self.reply.doubt {
            return Ok(self.asks("unauthenticated", doubt, false));
        }
        // 9
        let from = &self.reply.from;
        let theirs = *from == self.to || self.holder.as_ref().is_some_and(|h| h.has(from));
        if !theirs {
            let why = "the sender is not whom the letter went to";
            let asks = self.asks("wrong-sender", why, false);
            let store = &*self.settings.store;
            let sender = people::holder(store, from).await?.map(|h| h.document);
            let no = [Invitation::not_found(self.offer.document.id)];
            return Ok(self.in_vain(asks, sender.as_ref(), &no));
        }
        let domain = self.domain();
        // 10
        if let Some(why) = self.too_late() {
            let late = self.says("too-late", why.code.as_str(), Answer::Ended);
            return Ok(self.in_vain(late, self.holder.as_ref(), &[why]));
        }
        match self.settings.policy.replies(&domain) {
            Replies::Off => {
                let why = "replies are switched off here";
                return Ok(self.says("replies-off", why, Answer::RepliesOff));
            }
            Replies::ConfirmOnly => {
                let why = "replies only ask for a confirmation here";
                return Ok(self.asks("confirm-only", why, true));
            }
            Replies::Act => {}
        }
        let Some(holder) = &self.holder else {
            let sentence = format!(
                "there is no account for {} yet; sign in with this address to register, then answer",
                self.to
            );
            return Ok(self.refused("nobody has registered with the address", vec![sentence]));
        };
        // 11
        let Some(verb) = self.reply.says.verb() else {
            let why = "it says neither accept nor decline";
            return Ok(self.says("not-understood", why, Answer::NotUnderstood));
        };
        if !self.settings.policy.may_reply(&domain, verb) {
            let why = "the domain does not allow this verb in replies";
            return Ok(self.says("replies-off", why, Answer::RepliesOff));
        }
        // 12
        let command = match &self.reply.says {
            Says::Accept { context } => match self.context(holder, context.as_deref()).await? {
                Ok(into) => Command::Accept { into },
                Err(names) => {
                    let why = "it names no context, or several";
                    return Ok(self.says("unknown-context", why, Answer::WhichContext { names }));
                }
            },
            Says::Decline { reason } => Command::Decline {
                reason: reason.clone(),
            },
            Says::Neither => return Ok(self.says("not-understood", "", Answer::NotUnderstood)),
        };
        // 13
        let call = self.call(Some(holder.id));
        let answer = self
            .desk
            .answer(self.offer.document.id, call, command)
            .await;
        match answer {
            Ok(_) => Ok(Became {
                written: self.row.is_some(),
                ..self.decided()
            }),
            Err(Trouble::Fault(fault)) => Err(fault),
            Err(Trouble::Refused(why)) => self.lost(&why).await,
        }
    }

    /// The decision is kept under the message's id, so that it is made once however often the message is seen to.
    fn call(&self, person: Option<AccountId>) -> Call {
        let by = By {
            person,
            channel: Channel::Reply,
        };
        let command = CommandId::from_bits(self.reply.message.bits());
        Call {
            command: Some(command.into()),
            by,
            at: self.desk.now(),
            answers: self.row,
        }
    }

    /// What this message decided when it was seen to before counts, whatever came after: the offer has ended by it, and its sender may have
    /// given up the address. Not knowing it is no answer, or they are told that somebody else was faster.
    async fn decided_before(&self) -> Result<bool, Fault> {
        match world::before(self.settings, &self.call(None)).await {
            Ok(kept) => Ok(kept.is_some()),
            Err(Trouble::Fault(fault)) => Err(fault),
            // Another command has this id.
            Err(Trouble::Refused(_)) => Ok(false),
        }
    }

    fn decided(&self) -> Became {
        let what = match self.reply.says {
            Says::Accept { .. } => "accepted",
            Says::Decline { .. } => "declined",
            Says::Neither => "",
        };
        Became {
            heard: true,
            ..Became::silent(DECIDED, what)
        }
    }

    fn refused(&self, why: impl Into<String>, sentences: Vec<String>) -> Became {
        self.says("refused", why, Answer::Refused { sentences })
    }

    /// The domain said no: perhaps because somebody else was faster.
    async fn lost(mut self, why: &Findings) -> Result<Became, Fault> {
        let codes: Vec<&str> = why.blocks.iter().map(|block| block.code.as_str()).collect();
        if why.blocks.iter().any(|block| block.code == Code::Contended) {
            return Err(Fault::retry("others changed the same at the same time"));
        }
        let key = Key::Invitation(self.offer.document.id);
        let now = load::one::<Invitation>(&*self.settings.store, key).await?;
        let Some(now) = now else {
            return Ok(Became::silent("too-late", "the offer is kept no longer"));
        };
        self.offer = now;
        // Perhaps this very message was, through another node.
        if self.decided_before().await? {
            return Ok(self.decided());
        }
        if self.too_late().is_some() {
            let late = self.says("too-late", codes.join(", "), Answer::Ended);
            return Ok(self.in_vain(late, self.holder.as_ref(), &why.blocks));
        }
        let sentences = why.blocks.iter().map(ToString::to_string).collect();
        let refused = self.refused(codes.join(", "), sentences);
        Ok(self.in_vain(refused, self.holder.as_ref(), &why.blocks))
    }

    /// The one context of this person that is called so; none where none is named. Otherwise what they may be called.
    async fn context(
        &self,
        holder: &Account,
        name: Option<&str>,
    ) -> Result<Result<Option<Context>, Vec<String>>, Fault> {
        let Some(name) = name else {
            return Ok(Ok(None));
        };
        let wanted = folded_name(name);
        let offer = &self.offer.document;
        if offer.terms.is_about_workgroup() {
            // One joins it oneself; whoever names it has named nothing else.
            let own = offer.source_name.clone();
            let named = folded_name(&own) == wanted;
            return Ok(if named { Ok(None) } else { Err(vec![own]) });
        }
        let choices = match queries::choices(self.settings, offer, holder.id).await {
            Ok(choices) => choices,
            Err(Trouble::Fault(fault)) => return Err(fault),
            Err(Trouble::Refused(_)) => Vec::new(),
        };
        let called = Called::of(choices.iter().map(named).collect());
        if let Some(context) = called.meant(name) {
            return Ok(Ok(Some(context)));
        }
        let may = |context: &Context| {
            let mut those = choices.iter().filter(|c| c.own.context == *context);
            those.any(|choice| choice.findings.blocks.is_empty())
        };
        let written = called.written().into_iter();
        let written = written.filter(|(context, _)| may(context));
        Ok(Err(written.map(|(_, name)| name).collect()))
    }
}

fn named(choice: &queries::Choice) -> Named {
    Named {
        context: choice.own.context,
        name: choice.own.name.clone(),
        handle: choice.own.handle.clone(),
    }
}
