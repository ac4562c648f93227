//! From a letter to the bytes that go over the wire.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::domain::id::LetterId;
use crate::domain::invitation::{State, Terms};
use crate::domain::letter::{Kind, Letter, Side};
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;

use super::story::{Code, Revoked, Story};
use super::templates::{self, LANGUAGE, Words};
use super::{About, Rendered, Site, defuse};

/// The last second that a Date header can name (9999-12-31T23:59:59Z).
const LAST_SECOND: u64 = 253_402_300_799;

/// Every letter has it; no Handover answers to one that does.
pub(super) const LOOP_HEADER: &str = "X-Handover-Loop";

/// Why a letter cannot be written. No retry mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// What it is about is not what it speaks of, or stands otherwise.
    #[error(
        "letter {letter} speaks of something that did not happen; the store is damaged: restore it from a backup"
    )]
    Mismatch {
        /// Which letter.
        letter: LetterId,
    },
    /// An address that no message can carry.
    #[error("letter {letter} cannot be addressed: {why}; correct the address and send it again")]
    Address {
        /// Which letter.
        letter: LetterId,
        /// What is wrong with it.
        why: String,
    },
    /// The message could not be put together.
    #[error("letter {letter} cannot be put together: {why}; report this")]
    Message {
        /// Which letter.
        letter: LetterId,
        /// What happened.
        why: String,
    },
}

/// Renders a letter: always the same bytes for the same letter about the same thing.
///
/// # Errors
/// When it is about something else than it says, or cannot be addressed.
pub fn render(
    letter: &Letter,
    about: &About<'_>,
    site: &Site,
    key: &SiteKey,
) -> Result<Rendered, Unwritable> {
    let words = words(letter, about, site, key)?;
    let thread = match about {
        About::Invitation(transfer) => thread(transfer.id, site),
        About::SignIn(sign_in) => thread(sign_in.id, site),
        About::Access(item) => thread(item, site),
    };
    let message_id = format!("<{}@{}>", letter.id, plain(&site.reply_domain));
    let raw = compose(letter, &words, site, &message_id, thread)?;
    Ok(Rendered {
        id: letter.id,
        from: Some(site.from.clone()),
        to: letter.to.clone(),
        subject: words.subject,
        message_id,
        text: words.text,
        html: words.html,
        raw,
    })
}

fn thread(id: impl std::fmt::Display, site: &Site) -> String {
    format!("<{id}@{}>", plain(&site.reply_domain))
}

/// What a letter about an invitation can tell.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Offer,
    Reminder,
    Accepted(Side),
    Declined(Side),
    Cancelled,
    Expired(Side),
}

/// What this letter tells, if that is how the invitation stands.
fn turn(says: &Kind, state: &State) -> Option<Turn> {
    Some(match (says, state) {
        (Kind::Offer { .. }, State::Pending { .. }) => Turn::Offer,
        (Kind::Reminder { .. }, State::Pending { .. }) => Turn::Reminder,
        (Kind::Accepted { side }, State::Accepted { .. }) => Turn::Accepted(*side),
        (Kind::Declined { side }, State::Declined { .. }) => Turn::Declined(*side),
        (Kind::Cancelled, State::Cancelled { .. }) => Turn::Cancelled,
        (Kind::Expired { side }, State::Expired { .. }) => Turn::Expired(*side),
        _ => return None,
    })
}

type Tells = fn(&Story) -> Result<Words, askama::Error>;

/// How it is told: each kind of invitation has words of its own.
const fn tells(turn: Turn, terms: Terms) -> Tells {
    match terms {
        Terms::Ownership { .. } => of_transfer(turn),
        Terms::Access { .. } => of_share(turn),
        Terms::Membership { .. } | Terms::Workgroup => of_workgroup(turn),
    }
}

const fn of_transfer(turn: Turn) -> Tells {
    match turn {
        Turn::Offer => templates::offer,
        Turn::Reminder => templates::reminder,
        Turn::Accepted(Side::Sender) => templates::accepted_sender,
        Turn::Accepted(Side::Recipient) => templates::accepted_recipient,
        Turn::Declined(Side::Sender) => templates::declined_sender,
        Turn::Declined(Side::Recipient) => templates::declined_recipient,
        Turn::Cancelled => templates::cancelled,
        Turn::Expired(Side::Sender) => templates::expired_sender,
        Turn::Expired(Side::Recipient) => templates::expired_recipient,
    }
}

const fn of_share(turn: Turn) -> Tells {
    match turn {
        Turn::Offer => templates::share_offer,
        Turn::Reminder => templates::share_reminder,
        Turn::Accepted(Side::Sender) => templates::share_accepted_sender,
        Turn::Accepted(Side::Recipient) => templates::share_accepted_recipient,
        Turn::Declined(Side::Sender) => templates::share_declined_sender,
        Turn::Declined(Side::Recipient) => templates::share_declined_recipient,
        Turn::Cancelled => templates::share_cancelled,
        Turn::Expired(Side::Sender) => templates::share_expired_sender,
        Turn::Expired(Side::Recipient) => templates::share_expired_recipient,
    }
}

const fn of_workgroup(turn: Turn) -> Tells {
    match turn {
        Turn::Offer => templates::workgroup_offer,
        Turn::Reminder => templates::workgroup_reminder,
        Turn::Accepted(Side::Sender) => templates::workgroup_accepted_sender,
        Turn::Accepted(Side::Recipient) => templates::workgroup_accepted_recipient,
        Turn::Declined(Side::Sender) => templates::workgroup_declined_sender,
        Turn::Declined(Side::Recipient) => templates::workgroup_declined_recipient,
        Turn::Cancelled => templates::workgroup_cancelled,
        Turn::Expired(Side::Sender) => templates::workgroup_expired_sender,
        Turn::Expired(Side::Recipient) => templates::workgroup_expired_recipient,
    }
}

fn words(
    letter: &Letter,
    about: &About<'_>,
    site: &Site,
    key: &SiteKey,
) -> Result<Words, Unwritable> {
    let mismatch = || Unwritable::Mismatch { letter: letter.id };
    let transfer = match (about, &letter.says) {
        (About::SignIn(sign_in), Kind::SignInCode { .. }) => {
            let code = Code::new(letter, sign_in, site, key);
            return templates::sign_in_code(&code).map_err(|why| unwritten(letter, &why));
        }
        (About::SignIn(sign_in), Kind::AddressCode { .. }) => {
            let code = Code::new(letter, sign_in, site, key);
            return templates::address_code(&code).map_err(|why| unwritten(letter, &why));
        }
        (About::Access(item), Kind::AccessRevoked { name, owner, whose }) => {
            let revoked = Revoked::new(letter, *item, (name, owner, whose), site);
            return templates::access_revoked(&revoked).map_err(|why| unwritten(letter, &why));
        }
        (About::SignIn(_) | About::Access(_), _) => return Err(mismatch()),
        (About::Invitation(transfer), _) => *transfer,
    };
    let turn = turn(&letter.says, &transfer.state).ok_or_else(mismatch)?;
    let tells = tells(turn, transfer.terms);
    tells(&Story::new(letter, transfer, site, key)).map_err(|why| unwritten(letter, &why))
}

fn unwritten(letter: &Letter, why: &dyn std::fmt::Display) -> Unwritable {
    Unwritable::Message {
        letter: letter.id,
        why: why.to_string(),
    }
}

fn compose(
    letter: &Letter,
    words: &Words,
    site: &Site,
    message_id: &str,
    thread: String,
) -> Result<Vec<u8>, Unwritable> {
    let address = |text: &str| {
        text.parse::<lettre::Address>()
            .map_err(|why| Unwritable::Address {
                letter: letter.id,
                why: why.to_string(),
            })
    };
    let from = Mailbox::new(
        Some(defuse::short(&site.from_name, 100)),
        address(site.from.as_str())?,
    );
    let to = Mailbox::new(None, address(letter.to.as_str())?);
    let parts = MultiPart::alternative()
        .boundary(format!("handover-{}", letter.id))
        .singlepart(part(ContentType::TEXT_PLAIN, &words.text))
        .singlepart(part(ContentType::TEXT_HTML, &words.html));
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(words.subject.clone())
        .date(second(letter.created_at))
        .message_id(Some(message_id.to_owned()))
        .references(thread)
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("Content-Language", LANGUAGE))
        .raw_header(header(LOOP_HEADER, &plain(&site.instance)))
        .multipart(parts)
        .map_err(|why| unwritten(letter, &why))?;
    Ok(message.formatted())
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(text.to_owned())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What the configuration gave, without anything that could end a header.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).collect()
}

/// Of a moment, what a Date header can say.
fn second(at: Time) -> SystemTime {
    let seconds = u64::try_from(at.ms() / 1_000).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND))
}
