//! What one message is, by itself: checks 4–9 and 11 of MAIL §5, in their order.

use crate::domain::address::Address;

use super::address::Recipient;
use super::{grammar, report};

/// What examining depends on besides the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The domain of the reply addresses and of our Message-IDs, folded.
    pub reply_domain: String,
    /// Whose Authentication-Results are trusted; none: nobody's, and every reply only asks for a confirmation.
    pub authserv_id: Option<String>,
}

/// What the mail server said about a message, outside it.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// To whom.
    pub recipient: &'a Recipient,
    /// From whom; none when it is null.
    pub sender: Option<&'a str>,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// A person's answer. Whether it may act is still to be decided.
    Reply {
        /// From whom, as the one From header says.
        from: Address,
        /// Whether a server that the site trusts vouches for that address (check 8).
        authenticated: Result<(), Doubt>,
        /// What it says (check 11).
        verb: grammar::Answer,
        /// Its Message-ID without brackets, for `In-Reply-To`.
        message_id: Option<String>,
    },
    /// A mail server's report on a letter. Whom it is about, and whether that is whom we wrote to, is still to be decided (§6).
    Report {
        /// What it says of each recipient; at least one.
        recipients: Vec<report::Recipient>,
        /// Its Message-ID without brackets.
        message_id: Option<String>,
    },
    /// Nothing is done with it.
    Dropped {
        /// At which check.
        outcome: Outcome,
        /// Why, for operators; one line, no address and nothing of the body in it.
        why: String,
    },
}

/// Why nobody vouches for a sender; a sentence for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Doubt(pub String);

/// What becomes of a message, one word each. The words stand in metrics and in the operators' list, and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It cannot be read, or is built like no letter of a person (check 4).
    Malformed,
    /// It is a letter of Handover itself (check 4).
    Loop,
    /// A robot wrote it (check 6), or nobody reports anything (check 5).
    Auto,
    /// Not exactly one sender (check 7).
    BadFrom,
    /// Nobody the site trusts vouches for the sender (check 8).
    Unauthenticated,
    /// The sender is not whom the offer is for (check 9).
    WrongSender,
    /// The offer is closed, or may not be answered by mail (check 10).
    TooLate,
    /// It says neither accept nor decline (check 11).
    NotUnderstood,
    /// It names no context that they may accept into, or several (check 12).
    UnknownContext,
    /// It was decided by this message (check 13).
    Decided,
    /// A report was noted (§6).
    Noted,
}

impl Outcome {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Loop => "loop",
            Self::Auto => "auto",
            Self::BadFrom => "bad-from",
            Self::Unauthenticated => "unauthenticated",
            Self::WrongSender => "wrong-sender",
            Self::TooLate => "too-late",
            Self::NotUnderstood => "not-understood",
            Self::UnknownContext => "unknown-context",
            Self::Decided => "decided",
            Self::Noted => "noted",
        }
    }
}

/// Examines one message as it came, with what the mail server said about it. The first failing check decides.
pub fn examine(raw: &[u8], envelope: &Envelope<'_>, settings: &Settings) -> Examined {
    let _ = (raw, envelope, settings);
    Examined::Dropped {
        outcome: Outcome::Malformed,
        why: "no message is understood yet".to_owned(),
    }
}
