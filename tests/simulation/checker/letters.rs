//! Every letter has its committed cause, and every committed cause its letters.

use std::collections::BTreeMap;

use handover::domain::document::Document as _;
use handover::domain::event::What;
use handover::domain::id::LetterId;
use handover::domain::invitation::{Invitation, Recipient, State as Standing};
use handover::domain::key::{Counter, Key, Queue};
use handover::domain::letter::{Kind, Letter, Side, State, Subject};
use handover::domain::ration::Ration;
use handover::domain::time::{MINUTE_MS, Time};
use handover::store::Add;

use super::Seen;
use super::inbox::Inbox;
use crate::shadow::{Change, Doc};

pub fn check(
    seen: &Seen<'_>,
    taken: &BTreeMap<LetterId, Vec<Kind>>,
    inbox: &Inbox,
) -> Result<(), String> {
    for change in seen.changes {
        match (&change.old, &change.new) {
            (old, Some(Doc::Invitation(new))) => {
                let old = match old {
                    Some(Doc::Invitation(old)) => Some(&**old),
                    _ => None,
                };
                caused(seen, change, old, new)?;
            }
            (None, Some(Doc::Letter(letter))) => has_cause(seen, letter)?,
            (Some(Doc::Letter(old)), Some(Doc::Letter(new))) => {
                went_on(seen, old, new, taken)?;
                if matches!(new.delivery, State::Withdrawn { .. }) && !out_of_date(seen, new, inbox)
                {
                    return Err(format!("{new:?} was withdrawn, and is still true"));
                }
            }
            (Some(Doc::Letter(old)), None) => {
                let over = old
                    .due()
                    .map(|(queue, at, _)| (queue, at <= seen.commit.at));
                if over != Some((Queue::Sweeps, true)) {
                    return Err(format!("{} was deleted", old.id));
                }
            }
            (None, Some(Doc::SignIn(sign_in))) => {
                let subject = Subject::SignIn(sign_in.id);
                if !letters_of(seen).any(|letter| letter.subject == subject) {
                    return Err(format!("{} has no letter with its code", sign_in.id));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn letters_of<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = &'a Letter> {
    seen.changes.iter().filter_map(|change| match &change.new {
        Some(Doc::Letter(letter)) => Some(&**letter),
        _ => None,
    })
}

/// The letters that a change of a transfer must cause: to the sender, to the recipient.
fn wanted(
    seen: &Seen<'_>,
    change: &Change,
    old: Option<&Invitation>,
    new: &Invitation,
) -> Result<[Option<Kind>; 2], String> {
    let expires_at = new.expires_at;
    let event = change.event.as_ref();
    let told = old.is_some_and(|old| matches!(old.state, Standing::Pending { .. }));
    let mailed = old.is_some_and(|old| !old.letters.is_empty());
    let both = |kind: fn(Side) -> Kind| {
        [
            Some(kind(Side::Sender)),
            Some(kind(Side::Recipient)).filter(|_| told),
        ]
    };
    Ok(match event.map(|event| &event.what) {
        Some(What::Requested) => [None, None],
        // Who was asked as often as may be today is asked without a letter.
        Some(What::Pending) => [
            None,
            Some(Kind::Offer {
                expires_at,
                again: false,
            })
            .filter(|_| asks(seen, new)),
        ],
        Some(What::Resent | What::Extended { .. }) => [
            None,
            Some(Kind::Offer {
                expires_at,
                again: matches!(event.map(|event| &event.what), Some(What::Extended { .. }))
                    || old.is_some_and(|old| !old.letters.is_empty()),
            })
            .filter(|_| asks(seen, new)),
        ],
        Some(What::Reminded) => [
            None,
            Some(Kind::Reminder { expires_at }).filter(|_| asks(seen, new)),
        ],
        Some(What::Accepted { .. }) => both(|side| Kind::Accepted { side }),
        Some(What::Declined) => both(|side| Kind::Declined { side }),
        Some(What::Expired) => {
            let [sender, recipient] = both(|side| Kind::Expired { side });
            [sender, recipient.filter(|_| mailed)]
        }
        Some(What::Cancelled) => [None, Some(Kind::Cancelled).filter(|_| told && mailed)],
        other => return Err(format!("{} changed by {other:?}", new.id)),
    })
}

/// What is counted of all senders together, and of this one.
fn asked(new: &Invitation, at: Time) -> [Counter; 2] {
    let all = Ration::of(&new.recipient, at);
    let share = Ration::share(&new.recipient, new.sender.account, at);
    [all.counter(), share.counter()]
}

/// Whether this commit takes from what the recipient may be asked in a day.
fn asks(seen: &Seen<'_>, new: &Invitation) -> bool {
    let takes = |counter: Counter| {
        let taken = |add: &Add| add.counter == counter && add.by == 1;
        seen.commit.adds.iter().any(taken)
    };
    asked(new, seen.commit.at).into_iter().all(takes)
}

/// Who asks takes one, who does not takes none, and nobody takes more than there are.
fn rationed(seen: &Seen<'_>, change: &Change, new: &Invitation) -> Result<(), String> {
    let [all, share] = asked(new, seen.commit.at);
    let taken = |counter| {
        seen.after
            .counters
            .get(&counter)
            .copied()
            .unwrap_or_default()
    };
    let left =
        (seen.policy.letters_a_day - taken(all)).min(seen.policy.share_a_day() - taken(share));
    let event = change.event.as_ref().map(|event| &event.what);
    // An offer that goes to a corrected address ends in the commit of the new one.
    let must = match event {
        Some(What::Resent) => true,
        Some(What::Requested) => false,
        Some(What::Pending | What::Extended { .. } | What::Reminded) => asks(seen, new) || left > 0,
        _ => return Ok(()),
    };
    if left < 0 || must != asks(seen, new) {
        return Err(format!("{}: {event:?} with {left} letters left", new.id));
    }
    Ok(())
}

fn caused(
    seen: &Seen<'_>,
    change: &Change,
    old: Option<&Invitation>,
    new: &Invitation,
) -> Result<(), String> {
    let known = old.map(|old| old.letters.as_slice()).unwrap_or_default();
    if !new.letters.starts_with(known) {
        return Err(format!("{} forgot letters", new.id));
    }
    let listed: Vec<LetterId> = new.letters.iter().skip(known.len()).copied().collect();
    let subject = Subject::Invitation(new.id);
    let written: Vec<&Letter> = letters_of(seen).filter(|l| l.subject == subject).collect();
    let mut ids: Vec<LetterId> = written.iter().map(|letter| letter.id).collect();
    let mut sorted = listed;
    ids.sort();
    sorted.sort();
    if ids != sorted {
        return Err(format!(
            "{} lists the letters {sorted:?}, the commit holds {ids:?}",
            new.id
        ));
    }
    let [to_sender, to_recipient] = wanted(seen, change, old, new)?;
    rationed(seen, change, new)?;
    let count = |says: &Kind| written.iter().filter(|letter| letter.says == *says).count();
    let mut expected = 0;
    if let Some(says) = to_sender {
        let there = written
            .iter()
            .filter(|l| l.says == says && l.to == new.sender.address);
        if there.count() != 1 {
            return Err(format!("{}: no letter {says:?} to the sender", new.id));
        }
        expected += 1;
    }
    if let Some(says) = to_recipient {
        let there = count(&says);
        let enough = match &new.recipient {
            Recipient::Address(address) => {
                there == 1 && written.iter().any(|l| l.says == says && l.to == *address)
            }
            Recipient::Workgroup { .. } => there >= 1,
        };
        if !enough {
            return Err(format!(
                "{}: {there} letters {says:?} to {}",
                new.id, new.recipient
            ));
        }
        expected += there;
    }
    if expected != written.len() {
        return Err(format!("{}: letters without a cause: {written:?}", new.id));
    }
    Ok(())
}

fn has_cause(seen: &Seen<'_>, letter: &Letter) -> Result<(), String> {
    // What is said about a message, or about a letter that failed, is looked at with what came in.
    let by_mail = matches!(
        letter.says,
        Kind::Answer { .. } | Kind::Undeliverable { .. }
    );
    let cause = match letter.subject {
        Subject::Invitation(id) => Key::Invitation(id),
        Subject::SignIn(id) => Key::SignIn(id),
        Subject::Access(id) => Key::Item(id),
        Subject::Workgroup(id) => Key::Workgroup(id),
        Subject::Move(id) => Key::Move(id),
    };
    let caused = |key: Key| match (key, cause) {
        // Of a closed workgroup, memberships end a few at a time.
        (Key::Membership(of, _), Key::Workgroup(id)) => of == id,
        _ => key == cause,
    };
    let committed = seen.changes.iter().any(|change| caused(change.key));
    if !committed && !by_mail {
        return Err(format!("{} was committed without its cause", letter.id));
    }
    if !matches!(letter.delivery, State::Queued { .. }) {
        return Err(format!("{} did not begin in the outbox", letter.id));
    }
    Ok(())
}

/// Whether what a letter asks for can no longer be answered, or another letter says it better.
fn out_of_date(seen: &Seen<'_>, letter: &Letter, inbox: &Inbox) -> bool {
    match (letter.subject, &letter.says) {
        (
            Subject::Invitation(id),
            Kind::Offer { expires_at, .. } | Kind::Reminder { expires_at },
        ) => {
            // Clocks are set back by minutes.
            let late = *expires_at <= seen.commit.at.plus_ms(20 * MINUTE_MS);
            late || seen.after.transfer(id).is_none_or(|now| {
                let pending = matches!(now.state, Standing::Pending { .. });
                !pending || now.expires_at != *expires_at
            })
        }
        (Subject::Invitation(id), Kind::Answer { says, .. }) => {
            let now = seen.commit.at.plus_ms(20 * MINUTE_MS);
            let open = seen.after.transfer(id).is_some_and(|offer| {
                matches!(offer.state, Standing::Pending { .. }) && now < offer.expires_at
            });
            says.asks() && (!open || inbox.was_over(id, seen.commit.at))
        }
        (Subject::SignIn(_), Kind::SignInCode { .. } | Kind::AddressCode { .. }) => true,
        _ => false,
    }
}

fn went_on(
    seen: &Seen<'_>,
    old: &Letter,
    new: &Letter,
    taken: &BTreeMap<LetterId, Vec<Kind>>,
) -> Result<(), String> {
    // A report came; whether it may be believed is looked at with what came in.
    let reported = matches!(old.delivery, State::Sent { .. })
        && (matches!(new.delivery, State::Bounced { .. }) || new.delivery == old.delivery)
        && seen.changes.iter().any(
            |change| matches!(&change.new, Some(Doc::Incoming(came)) if came.letter == old.id),
        );
    if !reported && !matches!(old.delivery, State::Queued { .. }) {
        return Err(format!(
            "{} was {:?} and is {:?}",
            old.id, old.delivery, new.delivery
        ));
    }
    let mut kept = new.clone();
    (kept.attempts, kept.delivery) = (old.attempts, old.delivery.clone());
    kept.last_error.clone_from(&old.last_error);
    if new.closed && old.may_grow() && new.says == old.says && new.delivery == old.delivery {
        kept.closed = false;
    }
    if new.says != old.says && old.may_grow() && new.may_grow() {
        added(seen, old, new)?;
        kept.says = old.says.clone();
    }
    if kept != *old {
        return Err(format!("{} is another letter now", old.id));
    }
    // It may have been sent more than once, and is the same each time.
    let all = taken.get(&new.id).map(Vec::as_slice).unwrap_or_default();
    if all.iter().any(|says| *says != new.says) {
        return Err(format!("{} left with other words under its name", new.id));
    }
    let sent = !all.is_empty();
    if matches!(new.delivery, State::Sent { .. }) && !sent {
        return Err(format!(
            "{} counts as sent, and no mail server took it as it is",
            new.id
        ));
    }
    Ok(())
}

/// The letter of a day grows by what is taken back, and by nothing else.
fn added(seen: &Seen<'_>, old: &Letter, new: &Letter) -> Result<(), String> {
    let mut before = new.says.clone();
    let last = match &mut before {
        Kind::AccessRevoked { more, .. } => more.pop(),
        _ => None,
    };
    let caused = last.is_some_and(|last| {
        let cause = Key::Item(last.item);
        seen.changes.iter().any(|change| change.key == cause)
    });
    if before != old.says || !caused {
        return Err(format!("{} says something else now", old.id));
    }
    Ok(())
}
