//! What one message is, by itself: checks 4–9 and 11 of MAIL §5, in their order.

use crate::domain::address::Address;
use crate::domain::id::LetterId;
use crate::domain::incoming::Signed;
use crate::mail::render::LOOP_HEADER;

use super::address::{Purpose, Recipient};
use super::fields::{self, Flaw, Split};
use super::{authentication, grammar, parts, person, report, signatures};

/// By what a sender is known to be whom a message says (check 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// By nothing: every reply only asks for a confirmation.
    Nothing,
    /// By the Authentication-Results of the server of this name.
    Border(String),
    /// By the message's signatures, which the door looked at before it took the message.
    Own,
}

/// What examining depends on besides the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The domain of the reply addresses and of our Message-IDs, folded.
    pub reply_domain: String,
    /// By what senders are authenticated.
    pub authentication: Authentication,
}

/// What the mail server said about a message, outside it.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// To whom.
    pub recipient: &'a Recipient,
    /// From whom; none when it is null.
    pub sender: Option<&'a str>,
    /// What the door found of the message's signatures, if it looked.
    pub signed: Option<&'a Signed>,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// A person's answer. Whether it may act is still to be decided.
    Reply {
        /// From whom, as the one From header says.
        from: Address,
        /// Whether somebody whom the site trusts vouches for that address (check 8).
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

impl Examined {
    /// Whose answer it is and what it says, where somebody vouches for its sender: two messages that differ in that are two.
    pub fn read_as(&self) -> Option<String> {
        match self {
            Self::Reply {
                from,
                authenticated: Ok(()),
                verb,
                ..
            } => Some(format!("{} {verb:?}", from.folded())),
            Self::Reply { .. } | Self::Report { .. } | Self::Dropped { .. } => None,
        }
    }
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
    /// The site looked whether mail comes in.
    Probe,
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
            Self::Probe => "probe",
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

/// Most servers that a message may have passed; more mean that it goes in circles.
const MOST_RECEIVED: usize = 30;
/// The longest Message-ID that is answered with, in octets.
const LONGEST_ID: usize = 250;

/// Examines one message as it came, with what the mail server said about it. The first failing check decides.
pub fn examine(raw: &[u8], envelope: &Envelope<'_>, settings: &Settings) -> Examined {
    checked(raw, envelope, settings).unwrap_or_else(|(outcome, why)| Examined::Dropped {
        outcome,
        why: why.to_owned(),
    })
}

type Dropped = (Outcome, &'static str);

fn checked(raw: &[u8], envelope: &Envelope<'_>, settings: &Settings) -> Result<Examined, Dropped> {
    if envelope.recipient.purpose() == Purpose::Probe {
        return Err((Outcome::Probe, "mail comes in"));
    }
    let malformed = |flaw: Flaw| (Outcome::Malformed, flaw.0);
    // 4: it can be read, in one way only.
    fields::line_ends(raw).map_err(malformed)?;
    let header = fields::split(raw).map_err(malformed)?;
    let message_id = header.one("Message-ID").map_err(malformed)?;
    not_ours(&header, message_id, settings)?;
    let message = parts::read(&header).map_err(malformed)?;
    let message_id = message_id.and_then(plain);

    // 5: what comes to the envelope sender is a report, or nothing.
    if envelope.recipient.purpose() == Purpose::Bounce {
        let recipients = report::read(&message).map_err(malformed)?;
        if recipients.is_empty() {
            return Err((
                Outcome::Auto,
                "it came to the envelope sender and reports nothing",
            ));
        }
        return Ok(Examined::Report {
            recipients,
            message_id,
        });
    }

    // 6
    if let Some(why) = person::robot(&header, &message.kind, envelope.sender) {
        return Err((Outcome::Auto, why));
    }
    // 7
    let from = sender(&header)?;
    // 8
    let authenticated = match &settings.authentication {
        Authentication::Nothing => Err(Doubt(
            "no way to authenticate senders is configured, so no reply is trusted".to_owned(),
        )),
        Authentication::Border(id) => authentication::vouched(&header, id, &from),
        Authentication::Own => signatures::signed(envelope.signed, &from),
    };
    // 11
    let verb = message
        .reply()
        .as_deref()
        .and_then(grammar::deciding_line)
        .map_or(grammar::Answer::Neither, |line| grammar::answer(&line));
    Ok(Examined::Reply {
        from,
        authenticated,
        verb,
        message_id,
    })
}

/// Refuses what goes in circles: too many servers, or a letter of this or another Handover.
fn not_ours(
    header: &Split<'_>,
    message_id: Option<&str>,
    settings: &Settings,
) -> Result<(), Dropped> {
    if header.all(LOOP_HEADER).next().is_some() {
        return Err((Outcome::Loop, "it is a letter of Handover"));
    }
    let ours = message_id.and_then(plain).is_some_and(|id| {
        id.rsplit_once('@').is_some_and(|(letter, domain)| {
            // On a domain that the site shares with its people, theirs end alike.
            domain.eq_ignore_ascii_case(&settings.reply_domain)
                && letter.to_ascii_lowercase().parse::<LetterId>().is_ok()
        })
    });
    if ours {
        return Err((
            Outcome::Loop,
            "its Message-ID is that of a letter of Handover",
        ));
    }
    if header.all("Received").nth(MOST_RECEIVED).is_some() {
        return Err((Outcome::Malformed, "it passed more than 30 servers"));
    }
    Ok(())
}

/// The one mailbox of the one From.
fn sender(header: &Split<'_>) -> Result<Address, Dropped> {
    let mut all = header.all("From");
    let from = all.next().ok_or((Outcome::BadFrom, "it has no From"))?;
    if all.next().is_some() {
        return Err((Outcome::BadFrom, "it has several From"));
    }
    super::sender::mailbox(from).ok_or((
        Outcome::BadFrom,
        "its From does not name exactly one mailbox",
    ))
}

/// A Message-ID without its brackets, if it can stand in a header of ours.
fn plain(message_id: &str) -> Option<String> {
    let id = message_id.strip_prefix('<')?.strip_suffix('>')?;
    let fits = (1..=LONGEST_ID).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'));
    fits.then(|| id.to_owned())
}
