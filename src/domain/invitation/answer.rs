//! What becomes of an open offer: accepted, declined, cancelled, expired, reminded, mailed again, given more time.

use std::collections::BTreeMap;

use crate::domain::account::Quiet;
use crate::domain::event::{Channel, What};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId};
use crate::domain::letter::{self, Side};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};
use crate::domain::time::{DAY_MS, Time};

use super::request::{kept_text, text_problem};
use super::{Invitation, LIFETIME_MS, Mailbox, Outgoing, State, Terms};

/// Which side of the transfer a person stands on. Somebody on neither side is told that there is no such transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitled {
    /// They may act for the sending context.
    pub sender: bool,
    /// They hold the address, or answer for the workgroup, that it was offered to.
    pub recipient: bool,
}

/// What somebody, or a timer, wants of an open offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Accept into this context; the items get these names where theirs are taken.
    Accept {
        /// Into which context.
        into: Context,
        /// What it is called.
        into_name: String,
        /// New names.
        renamed: BTreeMap<ItemId, String>,
    },
    /// Decline, perhaps with a reason.
    Decline {
        /// The reason.
        reason: Option<String>,
    },
    /// Take it back; `replaced_by` when it is offered anew to a corrected address.
    Cancel {
        /// The offer that takes its place.
        replaced_by: Option<InvitationId>,
    },
    /// Mail it again.
    Resend,
    /// Let it stand this long from now, in milliseconds.
    Extend {
        /// How long.
        lifetime_ms: i64,
    },
    /// A timer fired, or the analyses it waited for may have ended.
    Wake {
        /// Whether analyses still write to its items.
        in_use: bool,
    },
    /// A timer found that something it would share is gone or has another owner, or that nobody is left whom it could reach.
    Void,
}

/// What an act makes of the transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The transfer as it is then.
    pub transfer: Invitation,
    /// The entry of its journal.
    pub event: What,
    /// The letters it causes.
    pub letters: Vec<Outgoing>,
}

/// The answer to an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This is what changes.
    Changes(Box<Step>),
    /// It was done before, or nothing is due; nothing changes.
    AlreadyDone,
    /// No, and why.
    Refused(Vec<Refusal>),
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl Invitation {
    /// That there is no such invitation, as a stranger is told.
    pub fn not_found(id: InvitationId) -> Refusal {
        let (code, sentence, next_step) = match id.is_transfer() {
            true => (
                Code::TransferNotFound,
                said!("there is no transfer {id} that you can see", id),
                said!("sign in with the address it was sent to, or list your transfers"),
            ),
            false => (
                Code::InvitationNotFound,
                said!("there is no invitation {id} that you can see", id),
                said!("sign in with the address it was sent to, or list your invitations"),
            ),
        };
        Refusal::new(code, sentence, next_step).about(id)
    }

    /// Why an answer comes too late, with what to do now. `None` while it can be answered.
    pub fn too_late(&self, now: Time) -> Option<Refusal> {
        let from = &self.sender.address;
        let noun = |offer: Said, invitation: Said| match self.terms {
            Terms::Ownership { .. } | Terms::Workgroup => offer,
            Terms::Access { .. } | Terms::Membership { .. } => invitation,
        };
        let ask = noun(
            said!("ask {from} to offer it again", from),
            said!("ask {from} to invite you again", from),
        );
        let code = |transfer, other| {
            if self.terms.is_transfer() {
                transfer
            } else {
                other
            }
        };
        let expired = |at: Time| {
            (
                code(Code::TransferExpired, Code::InvitationExpired),
                noun(
                    said!("this offer expired on {at}", at),
                    said!("this invitation expired on {at}", at),
                ),
                ask.clone(),
            )
        };
        let (code, sentence, next_step) = match &self.state {
            State::Requested if now < self.expires_at => (
                Code::TransferRequested,
                noun(
                    said!("this offer waits for running analyses to end"),
                    said!("this invitation waits for running analyses to end"),
                ),
                said!("it is made as soon as they end"),
            ),
            State::Pending { .. } if now < self.expires_at => return None,
            State::Requested | State::Pending { .. } => expired(self.expires_at),
            State::Expired { at } => expired(*at),
            State::Cancelled {
                at, replaced_by, ..
            } => (
                code(Code::TransferCancelled, Code::InvitationCancelled),
                noun(
                    said!("this offer was cancelled on {at}", at),
                    said!("this invitation was cancelled on {at}", at),
                ),
                match replaced_by {
                    Some(id) => said!("it was made anew to another address as {id}", id),
                    None => ask,
                },
            ),
            State::Declined { at, .. } => (
                code(Code::TransferDeclined, Code::InvitationDeclined),
                noun(
                    said!("this offer was declined on {at}", at),
                    said!("this invitation was declined on {at}", at),
                ),
                ask,
            ),
            State::Accepted { at, into_name, .. } => (
                code(Code::TransferAccepted, Code::InvitationAccepted),
                match self.terms {
                    Terms::Membership { .. } => said!("this invitation was accepted on {at}", at),
                    Terms::Workgroup => said!("this offer was accepted on {at}", at),
                    Terms::Ownership { .. } => {
                        said!(
                            "this offer was accepted on {at} into \"{into}\"",
                            at,
                            into = into_name
                        )
                    }
                    Terms::Access { .. } => {
                        said!(
                            "this invitation was accepted on {at} into \"{into}\"",
                            at,
                            into = into_name
                        )
                    }
                },
                match self.terms {
                    Terms::Membership { .. } | Terms::Workgroup => {
                        said!("find \"{into}\" among your contexts", into = into_name)
                    }
                    Terms::Ownership { .. } => {
                        said!("find the items in \"{into}\"", into = into_name)
                    }
                    Terms::Access { .. } => {
                        said!(
                            "whatever is still shared of it stands among what is shared with \"{into}\"",
                            into = into_name
                        )
                    }
                },
            ),
        };
        Some(Refusal::new(code, sentence, next_step).about(self.id))
    }

    fn forbidden(&self, sentence: Said, next_step: Said) -> Verdict {
        let code = if self.terms.is_transfer() {
            Code::TransferForbidden
        } else {
            Code::InvitationForbidden
        };
        Refusal::new(code, sentence, next_step)
            .about(self.id)
            .into()
    }

    /// Decides an act by this person (`None`: a timer) at this moment. `reach`: where the recipient's letters go.
    pub fn decide(
        &self,
        act: Act,
        by: Option<(AccountId, Channel)>,
        entitled: Entitled,
        reach: &[Mailbox],
        policy: &Policy,
        now: Time,
    ) -> Verdict {
        let Some((person, channel)) = by else {
            return match act {
                Act::Wake { in_use } => self.woken(in_use, reach, now),
                Act::Void => self.voided(reach, now),
                _ => Self::not_found(self.id).into(),
            };
        };
        let knows = entitled.sender || (entitled.recipient && self.has_reached_recipient());
        if !knows {
            return Self::not_found(self.id).into();
        }
        match act {
            Act::Accept {
                into,
                into_name,
                renamed,
            } => {
                if !entitled.recipient {
                    let who = self.recipient.said();
                    return self.forbidden(
                        said!("only {who} may accept it", who),
                        said!("ask {who} to accept it", who),
                    );
                }
                if matches!(self.state, State::Accepted { into: there, .. } if there == into) {
                    return Verdict::AlreadyDone;
                }
                let next = State::Accepted {
                    at: now,
                    by: person,
                    channel,
                    into,
                    into_name,
                    renamed,
                };
                self.ended(next, What::Accepted { into }, reach, now)
            }
            Act::Decline { reason } => {
                if !entitled.recipient {
                    let who = self.recipient.said();
                    return self.forbidden(
                        said!("only {who} may decline it", who),
                        said!("ask {who} to decline it", who),
                    );
                }
                if let Some(problem) = text_problem("reason", reason.as_deref()) {
                    return problem.into();
                }
                if matches!(self.state, State::Declined { .. }) {
                    return Verdict::AlreadyDone;
                }
                let reason = kept_text(reason.as_deref());
                let next = State::Declined {
                    at: now,
                    by: person,
                    reason,
                };
                self.ended(next, What::Declined, reach, now)
            }
            _ if !entitled.sender => {
                let sender = &self.sender.address;
                self.forbidden(
                    said!(
                        "only the sender ({sender}) may cancel, resend or extend it",
                        sender
                    ),
                    said!(
                        "ask the sender ({sender}) to cancel, resend or extend it",
                        sender
                    ),
                )
            }
            Act::Cancel { replaced_by } => match &self.state {
                State::Cancelled { .. } if replaced_by.is_none() => Verdict::AlreadyDone,
                // One whose time is over has expired, whether or not its timer has fired; that is final.
                State::Requested | State::Pending { .. } if now < self.expires_at => {
                    let next = State::Cancelled {
                        at: now,
                        by: person,
                        replaced_by,
                    };
                    self.ends(next, What::Cancelled, reach)
                }
                _ => self.refused_late(now),
            },
            Act::Resend => self.resent(reach, policy, now),
            Act::Extend { lifetime_ms } => self.extended(lifetime_ms, reach, now),
            Act::Wake { in_use } => self.woken(in_use, reach, now),
            Act::Void => self.voided(reach, now),
        }
    }

    /// Ends: what waited for analyses because it can reach nobody any more; what is shared in the name of whoever shared it, because
    /// what is theirs no longer is not theirs to share.
    fn voided(&self, reach: &[Mailbox], now: Time) -> Verdict {
        if self.state == State::Requested {
            let mut over = self.clone();
            over.expires_at = self.expires_at.min(now);
            return over.woken(false, reach, now);
        }
        if !matches!(self.state, State::Pending { .. }) || now >= self.expires_at {
            return self.woken(false, reach, now);
        }
        let next = State::Cancelled {
            at: now,
            by: self.sender.account,
            replaced_by: None,
        };
        self.ends(next, What::Cancelled, reach)
    }

    fn refused_late(&self, now: Time) -> Verdict {
        self.too_late(now)
            .map_or(Verdict::AlreadyDone, |why| Verdict::Refused(vec![why]))
    }

    fn ended(&self, next: State, event: What, reach: &[Mailbox], now: Time) -> Verdict {
        match self.too_late(now) {
            Some(why) => Verdict::Refused(vec![why]),
            None => self.ends(next, event, reach),
        }
    }

    fn ends(&self, next: State, event: What, reach: &[Mailbox]) -> Verdict {
        use letter::Kind;
        let was_pending = matches!(self.state, State::Pending { .. });
        let both = |kind: fn(Side) -> Kind| (Some(kind(Side::Sender)), Some(kind(Side::Recipient)));
        let (to_sender, to_recipient) = match next {
            State::Accepted { .. } => both(|side| Kind::Accepted { side }),
            State::Declined { .. } => both(|side| Kind::Declined { side }),
            State::Expired { .. } => both(|side| Kind::Expired { side }),
            State::Cancelled { .. } => (None, Some(Kind::Cancelled)),
            State::Requested | State::Pending { .. } => (None, None),
        };
        let mut transfer = self.clone();
        transfer.state = next;
        let mut letters = Vec::new();
        letters.extend(to_sender.map(|says| Outgoing {
            to: self.sender_mailbox(),
            says,
        }));
        // Whom no letter told of the offer, none tells of its end: no more letters than there were to ask. Who answered it gets theirs.
        let mailed = !self.letters.is_empty();
        let answered = matches!(
            transfer.state,
            State::Accepted { .. } | State::Declined { .. }
        );
        if let Some(says) = to_recipient.filter(|_| was_pending && (mailed || answered)) {
            letters.extend(transfer.letters_to(reach, &says));
        }
        Verdict::Changes(Box::new(Step {
            transfer,
            event,
            letters,
        }))
    }

    fn sender_mailbox(&self) -> Mailbox {
        Mailbox {
            address: self.sender.address.clone(),
            language: self.sender.language.clone(),
            // What they do without is looked up when their letters are posted.
            quiet: Quiet::default(),
        }
    }

    /// When it was mailed and from when on it can be mailed again, where that is still to come. One that was made when no letter was left
    /// was not mailed.
    pub fn mailed_lately(&self, policy: &Policy, now: Time) -> Option<(Time, Time)> {
        let mailed_at = self.mailed_at.filter(|_| !self.letters.is_empty())?;
        let again_at = mailed_at.plus_ms(policy.resend_after_ms);
        (now < again_at).then_some((mailed_at, again_at))
    }

    fn resent(&self, reach: &[Mailbox], policy: &Policy, now: Time) -> Verdict {
        if let Some(why) = self.too_late(now) {
            return why.into();
        }
        let mailed = !self.letters.is_empty();
        if let Some((mailed_at, again_at)) = self.mailed_lately(policy, now) {
            return Refusal::new(
                Code::ResendTooSoon,
                said!("it was mailed on {at}", at = mailed_at),
                said!(
                    "send it again after {at}; meanwhile it stands in the recipient's inbox",
                    at = again_at
                ),
            )
            .about(self.id)
            .into();
        }
        let mut transfer = self.clone();
        transfer.mailed_at = Some(now);
        let letters = transfer.offers(reach, mailed);
        Verdict::Changes(Box::new(Step {
            transfer,
            event: What::Resent,
            letters,
        }))
    }

    fn extended(&self, lifetime_ms: i64, reach: &[Mailbox], now: Time) -> Verdict {
        if let Some(why) = self.too_late(now) {
            return why.into();
        }
        let expires_at = now.plus_ms(lifetime_ms);
        if !LIFETIME_MS.contains(&lifetime_ms) {
            return Refusal::field(
                "expires_in_days",
                said!("that is not between 1 and 90 days from now"),
                said!("choose 1 to 90 days"),
            )
            .into();
        }
        // Each extension is mailed, so a moment more is no reason for one.
        if expires_at < self.expires_at.plus_ms(DAY_MS) {
            return Refusal::field(
                "expires_in_days",
                said!("the offer already stands until {at}", at = self.expires_at),
                said!("choose at least a day more, or cancel the offer to end it sooner"),
            )
            .into();
        }
        let mut transfer = self.clone();
        transfer.expires_at = expires_at;
        transfer.mailed_at = Some(now);
        transfer.state = State::Pending {
            since: now,
            reminders: 0,
        };
        let letters = transfer.offers(reach, true);
        Verdict::Changes(Box::new(Step {
            transfer,
            event: What::Extended { expires_at },
            letters,
        }))
    }

    fn woken(&self, in_use: bool, reach: &[Mailbox], now: Time) -> Verdict {
        let (since, reminders) = match self.state {
            State::Requested | State::Pending { .. } if now >= self.expires_at => {
                let next = State::Expired {
                    at: self.expires_at,
                };
                return self.ends(next, What::Expired, reach);
            }
            State::Requested if in_use => return Verdict::AlreadyDone,
            State::Requested => {
                let mut transfer = self.clone();
                transfer.mailed_at = Some(now);
                transfer.state = State::Pending {
                    since: now,
                    reminders: 0,
                };
                let letters = transfer.offers(reach, false);
                return Verdict::Changes(Box::new(Step {
                    transfer,
                    event: What::Pending,
                    letters,
                }));
            }
            State::Pending { since, reminders } => (since, reminders),
            State::Accepted { .. }
            | State::Declined { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => {
                return Verdict::AlreadyDone;
            }
        };
        let due = Self::reminders(since, self.expires_at);
        let behind = due.iter().filter(|at| **at <= now).count();
        let behind = u8::try_from(behind).unwrap_or(u8::MAX);
        if behind <= reminders {
            return Verdict::AlreadyDone;
        }
        // However many were missed while the daemon was down, the recipient gets one.
        let mut transfer = self.clone();
        transfer.state = State::Pending {
            since,
            reminders: behind,
        };
        let says = letter::Kind::Reminder {
            expires_at: self.expires_at,
        };
        let letters = transfer.letters_to(reach, &says);
        Verdict::Changes(Box::new(Step {
            transfer,
            event: What::Reminded,
            letters,
        }))
    }
}
