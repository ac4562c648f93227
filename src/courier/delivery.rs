//! What becomes of a letter: pure functions.

use crate::domain::invitation::{Invitation, State as Standing};
use crate::domain::letter::{Kind, Letter, State};
use crate::domain::time::{HOUR_MS, MINUTE_MS, Time};
use crate::mail::{About, Blame, Failure};

/// How long after each failed attempt the next one comes, in milliseconds; then always the last (MAIL §4).
const DELAYS_MS: [i64; 5] = [
    MINUTE_MS / 2,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    HOUR_MS,
    6 * HOUR_MS,
];
/// No letter is given up before so many attempts: it may have waited for days while the daemon was down.
const LEAST_ATTEMPTS: u32 = 5;

/// Whether what the letter says is still so. What asks for an answer is not sent when it can no longer be answered, or stands until
/// another day by now, because a newer letter says that.
pub fn still_true(letter: &Letter, about: &About<'_>, now: Time) -> bool {
    match (&letter.says, about) {
        (
            Kind::Offer { expires_at, .. } | Kind::Reminder { expires_at },
            About::Invitation(transfer),
        ) => open(transfer, now) && *expires_at == transfer.expires_at,
        (Kind::Answer { says, .. }, About::Invitation(transfer)) => {
            !says.asks() || open(transfer, now)
        }
        (
            Kind::SignInCode { expires_at } | Kind::AddressCode { expires_at },
            About::SignIn(sign_in),
        ) => now < *expires_at && !sign_in.used,
        // How an offer ended does not change any more. A letter about something else than it says is not a question of time.
        _ => true,
    }
}

fn open(invitation: &Invitation, now: Time) -> bool {
    matches!(invitation.state, Standing::Pending { .. }) && now < invitation.expires_at
}

/// How failed letters are retried.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// A letter older than this is given up when it fails, in milliseconds.
    pub for_ms: i64,
    /// Where the jitter starts.
    pub seed: u64,
}

/// The letter after an attempt to send it.
pub fn after(letter: &Letter, sent: Result<(), &Failure>, now: Time, retry: Retry) -> Letter {
    let mut next = letter.clone();
    next.attempts = letter.attempts.saturating_add(1);
    let Err(failure) = sent else {
        next.delivery = State::Sent { at: now };
        return next;
    };
    let reason = without_addresses(&failure.text);
    next.last_error = Some(reason.clone());
    next.delivery = match failure.kind {
        Blame::Undeliverable => State::Undeliverable { at: now, reason },
        Blame::Ours | Blame::Later => {
            let old = now.since_ms(letter.tried_since()) >= retry.for_ms;
            if old && next.attempts >= LEAST_ATTEMPTS {
                State::Dead { at: now, reason }
            } else {
                let not_before = now.plus_ms(delay_ms(&next, retry.seed));
                let before = match letter.delivery {
                    State::Queued { not_before } => not_before,
                    _ => not_before,
                };
                // Never the row it had, even when the clock was set back: the commit takes that one away.
                let not_before = not_before.max(before.plus_ms(1));
                State::Queued { not_before }
            }
        }
    };
    next
}

/// The letter, not sent because it is no longer true.
pub fn withdrawn(letter: &Letter, now: Time) -> Letter {
    Letter {
        delivery: State::Withdrawn {
            at: now,
            reason: None,
        },
        ..letter.clone()
    }
}

/// The letter, given up because no retry mends it.
pub fn dead(letter: &Letter, reason: String, now: Time) -> Letter {
    Letter {
        last_error: Some(reason.clone()),
        delivery: State::Dead { at: now, reason },
        ..letter.clone()
    }
}

/// The pause after the attempts so far, a fifth longer or shorter, so that what failed together does not come back together.
fn delay_ms(letter: &Letter, seed: u64) -> i64 {
    let last = DELAYS_MS.len().saturating_sub(1);
    let index = usize::try_from(letter.attempts.saturating_sub(1)).unwrap_or(last);
    let base = DELAYS_MS.get(index.min(last)).copied().unwrap_or(HOUR_MS);
    let bits = letter.id.bits().to_be_bytes();
    let mut drawn = mixed(seed ^ u64::from(letter.attempts));
    for byte in bits {
        drawn = mixed(drawn ^ u64::from(byte));
    }
    let percent = 80 + i64::try_from(drawn % 41).unwrap_or(20);
    base * percent / 100
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads what differs in one bit over all.
const fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a mail server said, fit for logs and for the sender's eyes: of a workgroup, the sender does not know who answers for it.
pub fn without_addresses(text: &str) -> String {
    let hide = |word: &str| {
        if word.contains('@') {
            "•••".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<String> = text.split_whitespace().map(hide).collect();
    words.join(" ")
}
