//! What came in by mail: a message decides only where token, sender, authentication and words all hold, once, and is understood in the
//! end; what is said about it goes to whom we wrote, and seldom. Who wrote which message, and what of it is true, is known from its number.

use std::collections::{BTreeMap, BTreeSet};

use handover::domain::address::Address;
use handover::domain::event::{Channel, What};
use handover::domain::id::{Context, InvitationId, MessageId};
use handover::domain::incoming::{INCOMING_KEPT_MS, Incoming, Purpose, SEALED_KEPT_MS, State};
use handover::domain::invitation::{Invitation, State as Standing, Terms};
use handover::domain::key::Key;
use handover::domain::letter::{Answer, Kind, Letter, State as Delivery, Subject};
use handover::domain::policy::Replies;
use handover::domain::time::{DAY_MS, MINUTE_MS, Time};
use handover::domain::workgroup::Workgroup;
use handover::store::COMMAND_KEPT_MS;

use super::Seen;
use crate::cluster::KEY;
use crate::post::{EVIL, Mail, Means, goes_by, is_called};
use crate::shadow::{Change, Doc, Shadow};

/// Clocks differ, and are set back, by so much.
const SKEW_MS: i64 = 20 * MINUTE_MS;

/// All that was written, and what became of it.
#[derive(Default)]
pub struct Inbox {
    mails: Vec<Mail>,
    /// Under which number what was kept was written.
    kept: BTreeMap<MessageId, usize>,
    /// After how many commits it was.
    kept_after: BTreeMap<usize, u64>,
    /// What workgroups were called that were given another name, and until which commit.
    renamed: Vec<(u64, Workgroup)>,
    decided: BTreeSet<usize>,
    asked: BTreeMap<Address, Time>,
    explained: BTreeMap<InvitationId, u32>,
    /// When offers would have ended, that were given more time by one of the last commits.
    prolonged: BTreeMap<InvitationId, (u64, Time)>,
    commits: u64,
}

/// What was read to understand a message is at most so many commits old when it is understood.
const READ_BEFORE: u64 = 16;

/// A message that was seen to in a commit.
struct Done<'a> {
    incoming: &'a Incoming,
    at: Time,
    outcome: &'a str,
}

/// The message whose command this commit carries out, if it is one's.
fn by_message(seen: &Seen<'_>) -> Option<MessageId> {
    let command = seen.commit.command?;
    let id = MessageId::from_bits(command.bits());
    seen.after.incoming(id).map(|incoming| incoming.id)
}

impl Inbox {
    /// Somebody wrote a message; its number.
    pub fn wrote(&mut self, mail: Mail, head: &[String], kind: &str, body: &str) -> usize {
        let n = self.mails.len();
        self.mails.push(mail.written(n, head, kind, body));
        n
    }
    pub fn mail(&self, n: usize) -> &Mail {
        &self.mails[n]
    }
    /// The mail server was told that this message is kept.
    pub fn acknowledged(&mut self, n: usize) {
        self.mails[n].acknowledged = true;
    }

    /// Looks at a commit; what became of a message in it, if anything did.
    pub fn check(&mut self, seen: &Seen<'_>) -> Result<Option<String>, String> {
        for change in seen.changes {
            match (&change.old, &change.new) {
                (None, Some(Doc::Sealed(sealed))) => self.kept(seen, sealed.id)?,
                (Some(Doc::Sealed(_)), Some(_)) => {
                    return Err(format!("{:?} was changed", change.key));
                }
                (Some(Doc::Sealed(old)), None) => {
                    let of = seen.after.incoming(old.id);
                    // Once it is understood it is of no use any more.
                    if of.is_none_or(Incoming::may_be_retried) {
                        in_time(seen, old.at, SEALED_KEPT_MS, "a raw message")?;
                    }
                }
                (None, Some(Doc::Incoming(new))) => {
                    let raw = |c: &Change| c.key == Key::Sealed(new.id) && c.new.is_some();
                    if !new.waits() || !seen.changes.iter().any(raw) {
                        return Err(format!("{new:?} is kept without what it says"));
                    }
                }
                (Some(Doc::Incoming(old)), None) => {
                    if old.waits() {
                        return Err(format!("{old:?} is forgotten before it was understood"));
                    }
                    in_time(seen, old.at, INCOMING_KEPT_MS, "what became of a message")?;
                }
                _ => {}
            }
        }
        self.commits += 1;
        for change in seen.changes {
            if let (Some(Doc::Invitation(old)), Some(Doc::Invitation(new))) =
                (&change.old, &change.new)
                && old.expires_at < new.expires_at
            {
                let ended = (self.commits, old.expires_at);
                self.prolonged.insert(old.id, ended);
            }
            if let (Some(Doc::Workgroup(old)), Some(Doc::Workgroup(new))) =
                (&change.old, &change.new)
                && (&old.handle, &old.name) != (&new.handle, &new.name)
            {
                self.renamed.push((self.commits, (**old).clone()));
            }
        }
        let done = done(seen)?;
        self.acted(seen)?;
        if let Some(done) = &done {
            self.understood(seen, done)?;
        }
        self.told(seen, done.as_ref())?;
        Ok(done.map(|done| done.outcome.to_owned()))
    }

    /// The message that was kept is one that was written, for this address, and is kept once.
    fn kept(&mut self, seen: &Seen<'_>, id: MessageId) -> Result<(), String> {
        let found = seen.after.docs.get(&Key::Sealed(id));
        let (Some(Doc::Sealed(sealed)), Some(incoming)) = (found, seen.after.incoming(id)) else {
            return Err(format!("{id} is kept in part"));
        };
        let plain = sealed.bytes().and_then(|bytes| KEY.unseal(id, &bytes));
        let plain = plain.ok_or_else(|| format!("{id} cannot be opened"))?;
        let text = String::from_utf8_lossy(&plain).into_owned();
        let number = text.split_once("Message-ID: <mail-").map(|(_, rest)| rest);
        let number = number.and_then(|rest| rest.split('@').next()?.parse::<usize>().ok());
        let mail = number.and_then(|n| Some((n, self.mails.get(n)?)));
        let (n, mail) = mail.ok_or_else(|| format!("{id} was never written"))?;
        if (mail.letter, mail.purpose) != (incoming.letter, incoming.purpose) {
            return Err(format!("mail-{n} is kept for another address"));
        }
        let same = |(other, number): (&MessageId, &usize)| {
            *number == n && *other != id && seen.after.incoming(*other).is_some()
        };
        if self.kept.iter().any(same) {
            return Err(format!("mail-{n} is kept twice"));
        }
        self.kept.insert(id, n);
        self.kept_after.insert(n, self.commits);
        Ok(())
    }

    /// What somebody did by mail is what a message says that may say it.
    fn acted(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let events = seen.changes.iter().filter_map(|change| {
            let event = change.event.as_ref()?;
            let tried = matches!(event.what, What::Refused { .. });
            (event.by.channel == Channel::Reply && !tried).then_some((change, event))
        });
        let events: Vec<_> = events.collect();
        let Some((_, event)) = events.first() else {
            return Ok(());
        };
        let id = by_message(seen);
        let number = id.and_then(|id| self.kept.get(&id)).copied();
        let n = number.ok_or("something was done by mail, and by no message")?;
        let mail = &self.mails[n];
        let wrong = |why: &str| Err(format!("mail-{n} acts, and {why}: {mail:?}"));
        if id
            .and_then(|id| seen.after.incoming(id))
            .is_none_or(Incoming::waits)
        {
            return wrong("is left to be seen to again");
        }
        let Some(letter) = seen.after.letter(mail.letter) else {
            return wrong("its letter is forgotten");
        };
        let offers = seen.changes.iter().filter_map(|change| match &change.new {
            Some(Doc::Invitation(new)) => Some(&**new),
            _ => None,
        });
        let offers: Vec<&Invitation> = offers.collect();
        let [offer] = offers.as_slice() else {
            return wrong("it changes no offer, or several");
        };
        let holder = seen.after.holder(&letter.to);
        let Some(holder) = holder.filter(|h| Some(h.id) == event.by.person) else {
            return wrong("as somebody whom the letter did not go to");
        };
        if mail.purpose != Purpose::Reply || letter.subject != Subject::Invitation(offer.id) {
            return wrong("its letter is not about this offer");
        }
        if !mail.vouched || mail.robot {
            return wrong("nobody vouches for a person who wrote it");
        }
        if !holder.has(&mail.from) {
            return wrong("its sender is not whom the letter went to");
        }
        if seen.policy.replies(&holder.domain) != Replies::Act {
            return wrong("replies decide nothing here");
        }
        let as_said = match (&offer.state, &mail.means) {
            (Standing::Accepted { into, .. }, Means::Accept(Some(name))) => {
                is_called(seen.after, *into, name)
                    || self.was_called(n, *into, name)
                    || offer.terms.is_about_workgroup() && *name == offer.source_name
            }
            (Standing::Accepted { .. }, Means::Accept(None)) => true,
            (Standing::Declined { reason, .. }, Means::Decline(why)) => reason == why,
            _ => false,
        };
        if !as_said {
            return wrong(&format!("it does not say this: {:?}", offer.state));
        }
        match self.decided.insert(n) {
            true => Ok(()),
            false => Err(format!("mail-{n} decides twice")),
        }
    }

    /// Whether the workgroup was called so when the message came, or since.
    fn was_called(&self, n: usize, into: Context, name: &str) -> bool {
        let came = self.kept_after.get(&n).copied().unwrap_or_default();
        self.renamed.iter().any(|(commit, of)| {
            *commit > came && Context::Workgroup(of.id) == into && goes_by(of, name)
        })
    }

    /// Whether somebody has just given an offer more time, whose clock said that it was not over yet, when it was by another.
    pub fn was_over(&self, offer: InvitationId, at: Time) -> bool {
        let before = self.prolonged.get(&offer);
        before.is_some_and(|(commit, ended)| {
            commit + READ_BEFORE >= self.commits && *ended <= at.plus_ms(SKEW_MS)
        })
    }

    /// A message is understood as what it is.
    fn understood(&self, seen: &Seen<'_>, done: &Done<'_>) -> Result<(), String> {
        // Nothing else changes with it, unless it is what the message itself decided: a report cancels nothing.
        let decides = by_message(seen) == Some(done.incoming.id);
        let other = seen.changes.iter().find(|change| {
            let id = done.incoming.id;
            let beside = [Key::Incoming(id), Key::Sealed(id)].contains(&change.key);
            !beside
                && !decides
                && !matches!(
                    change.key,
                    Key::Letter(_) | Key::Reach(_) | Key::Attempts(..)
                )
        });
        if let Some(other) = other {
            return Err(format!("{:?} changes with {:?}", other.key, done.incoming));
        }
        let id = done.incoming.id;
        let n = self.kept.get(&id).ok_or("what was understood never came")?;
        let mail = &self.mails[*n];
        let right = match (done.incoming.purpose, done.outcome) {
            // It waited for so long that it was purged; when it was looked at, it was old enough.
            (Purpose::Probe, _) => false,
            (_, "unreadable") => !seen.after.docs.contains_key(&Key::Sealed(id)),
            (Purpose::Report, "auto") => !matches!(mail.means, Means::Report { .. }),
            (Purpose::Report, "ignored") => matches!(mail.means, Means::Report { .. }),
            (Purpose::Report, outcome) => reported(seen, mail, outcome),
            (Purpose::Reply, outcome) if mail.robot => outcome == "auto",
            (Purpose::Reply, outcome) if !mail.vouched => outcome == "unauthenticated",
            (Purpose::Reply, outcome) => {
                self.answered(seen.after, *n, outcome, done.incoming.at, done.at)
            }
        };
        match right && tried(seen, mail, done.outcome) {
            true => Ok(()),
            false => Err(format!(
                "mail-{n} became \"{}\" at {}: {mail:?}",
                done.outcome, done.at
            )),
        }
    }

    /// Whether that became of a person's answer.
    fn answered(&self, shadow: &Shadow, n: usize, outcome: &str, came: Time, at: Time) -> bool {
        let mail = &self.mails[n];
        let letter = shadow.letter(mail.letter);
        let offer = letter.and_then(|letter| match letter.subject {
            Subject::Invitation(id) => shadow.transfer(id),
            _ => None,
        });
        let (Some(letter), Some(offer)) = (letter, offer) else {
            return outcome == "too-late";
        };
        if self.decided.contains(&n) {
            // What commands did is forgotten after 7 days; a node that was down for longer finds the offer closed.
            let forgotten = at.since_ms(came) >= COMMAND_KEPT_MS - SKEW_MS;
            return outcome == "decided" || forgotten && outcome == "too-late";
        }
        // An address may be taken away, or go over to somebody else, at any moment.
        let theirs = mail.from == letter.to;
        let perhaps = mail.from.domain() == HOME || letter.to.domain() == HOME;
        let closed = {
            let pending = matches!(offer.state, Standing::Pending { .. });
            let over = matches!(offer.terms, Terms::Access { until: Some(until), .. } if until <= at.plus_ms(SKEW_MS));
            !pending
                || over
                || self.was_over(offer.id, at)
                || offer.expires_at <= at.plus_ms(SKEW_MS)
        };
        match outcome {
            "wrong-sender" => !theirs || perhaps,
            _ if !theirs && !perhaps => {
                let holder = shadow.holder(&letter.to);
                holder.is_some_and(|holder| holder.has(&mail.from))
            }
            // They had accepted, or declined, elsewhere at the same moment.
            "decided" => match &mail.means {
                Means::Accept(_) => matches!(offer.state, Standing::Accepted { .. }),
                Means::Decline(_) => matches!(offer.state, Standing::Declined { .. }),
                _ => false,
            },
            "too-late" => closed,
            "not-understood" => mail.means == Means::Nothing,
            "unknown-context" => matches!(mail.means, Means::Accept(Some(_))),
            "replies-off" | "confirm-only" | "refused" => true,
            _ => false,
        }
    }

    /// What is said about messages goes to whom we wrote, and is not said often.
    fn told(&mut self, seen: &Seen<'_>, done: Option<&Done<'_>>) -> Result<(), String> {
        for change in seen.changes {
            let (None, Some(Doc::Letter(new))) = (&change.old, &change.new) else {
                continue;
            };
            if new.to.domain().ends_with(EVIL) {
                return Err(format!("{new:?} goes to an address out of a message"));
            }
            match &new.says {
                Kind::Answer { says, .. } => {
                    let done = done.ok_or_else(|| format!("{new:?} answers nothing"))?;
                    self.answers(seen, done, new, says)?;
                }
                Kind::Undeliverable { .. } => {
                    let Subject::Invitation(id) = new.subject else {
                        return Err(format!("{new:?} is about no offer"));
                    };
                    let sender = seen.after.transfer(id).map(|offer| &offer.sender.address);
                    let failed = |change: &Change| {
                        matches!(&change.new, Some(Doc::Letter(letter)) if letter.subject == new.subject
                        && matches!(letter.delivery, Delivery::Bounced { .. } | Delivery::Undeliverable { .. }))
                    };
                    if sender != Some(&new.to) || !seen.changes.iter().any(failed) {
                        return Err(format!("{new:?} has no cause"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answers(
        &mut self,
        seen: &Seen<'_>,
        done: &Done<'_>,
        new: &Letter,
        says: &Answer,
    ) -> Result<(), String> {
        let of = seen.after.letter(done.incoming.letter);
        if of.is_none_or(|of| of.to != new.to || of.subject != new.subject) {
            return Err(format!("{new:?} goes to somebody else than {of:?}"));
        }
        let at = seen.commit.at;
        if *says == Answer::Confirm {
            let before = self.asked.insert(new.to.clone(), at);
            if before.is_some_and(|before| at.since_ms(before) < DAY_MS - SKEW_MS) {
                return Err(format!("{} is asked twice a day", new.to));
            }
        } else if let Subject::Invitation(id) = new.subject {
            let times = self.explained.entry(id).or_default();
            *times += 1;
            if *times > 3 {
                return Err(format!("{id} is explained {times} times"));
            }
        }
        Ok(())
    }

    /// When nothing happens any more: what was acknowledged is understood, and no raw message is left.
    pub fn ended(&self, shadow: &Shadow) -> Result<(), String> {
        let kept: BTreeSet<usize> = self.kept.values().copied().collect();
        let mails = self.mails.iter().enumerate();
        if let Some((n, mail)) = mails
            .filter(|(_, mail)| mail.acknowledged)
            .find(|(n, _)| !kept.contains(n))
        {
            return Err(format!(
                "mail-{n} was acknowledged and never kept: {mail:?}"
            ));
        }
        for doc in shadow.docs.values() {
            match doc {
                Doc::Incoming(incoming) if incoming.waits() => {
                    return Err(format!("{incoming:?} was never understood"));
                }
                Doc::Sealed(sealed) => {
                    return Err(format!("{} is kept for ever as it came", sealed.id));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where people have further addresses.
pub const HOME: &str = "home.example";

fn in_time(seen: &Seen<'_>, at: Time, kept_ms: i64, what: &str) -> Result<(), String> {
    match seen.commit.at < at.plus_ms(kept_ms) {
        true => Err(format!("{what} of {at} is forgotten at {}", seen.commit.at)),
        false => Ok(()),
    }
}

/// The one message that was seen to in this commit: that only.
fn done<'a>(seen: &Seen<'a>) -> Result<Option<Done<'a>>, String> {
    let mut found = None;
    for change in seen.changes {
        let (Some(Doc::Incoming(old)), Some(Doc::Incoming(new))) = (&change.old, &change.new)
        else {
            continue;
        };
        let State::Done { at, outcome, .. } = &new.state else {
            return Err(format!("{old:?} became {new:?}"));
        };
        let mut same = new.clone();
        same.state = old.state.clone();
        if !old.waits() || same != *old || found.is_some() {
            return Err(format!("{old:?} became {new:?}"));
        }
        found = Some(Done {
            incoming: new,
            at: *at,
            outcome,
        });
    }
    Ok(found)
}

/// Whether nobody is said to have tried anything but whoever wrote it, as somebody vouches, and in vain.
fn tried(seen: &Seen<'_>, mail: &Mail, outcome: &str) -> bool {
    let mut attempts = seen.changes.iter().filter_map(|change| match change.key {
        Key::Attempts(person, _) => Some((person, change.event.as_ref())),
        _ => None,
    });
    attempts.all(|(person, event)| {
        let theirs = seen
            .after
            .account(person)
            .is_some_and(|account| account.has(&mail.from) || mail.from.domain() == HOME);
        let says = event.is_none_or(|event| {
            event.by.person == Some(person)
                && event.by.channel == Channel::Reply
                && matches!(event.what, What::Refused { .. })
        });
        let in_vain = matches!(outcome, "wrong-sender" | "too-late" | "refused");
        theirs && says && in_vain && mail.vouched && !mail.robot
    })
}

/// Whether a report says what was believed of it.
fn reported(seen: &Seen<'_>, mail: &Mail, outcome: &str) -> bool {
    let Means::Report {
        about,
        failed,
        status,
    } = &mail.means
    else {
        return false;
    };
    let change = seen.changes.iter().find_map(|change| match &change.old {
        Some(Doc::Letter(old)) if old.id == mail.letter => Some((old, &change.new)),
        _ => None,
    });
    let bounced = matches!(change, Some((old, Some(Doc::Letter(new))))
        if matches!((&old.delivery, &new.delivery), (Delivery::Sent { .. }, Delivery::Bounced { .. })));
    let Some(letter) = seen.after.letter(mail.letter) else {
        return false;
    };
    let young = seen.commit.at.since_ms(letter.created_at) <= 14 * DAY_MS;
    let hard = *failed && status.starts_with('5');
    *about == letter.to.to_string()
        && young
        && match outcome {
            "bounced" => hard && bounced,
            "noted" => !hard && !bounced,
            _ => false,
        }
}
