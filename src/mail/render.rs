//! From a letter to the bytes that go over the wire.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::domain::id::LetterId;
use crate::domain::letter::{Kind, Letter, Subject};
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;

use super::letters::{self, Untold};
use super::reply::{self, Reply};
use super::{About, Rendered, Site, defuse};

/// The last second that a Date header can name (9999-12-31T23:59:59Z).
const LAST_SECOND: u64 = 253_402_300_799;

/// Every letter has it; no Handover answers to one that does.
pub(super) const LOOP_HEADER: &str = "X-Handover-Loop";

/// A longer Message-ID is not referred to, in characters.
const LONGEST_ID: usize = 250;

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
    let outline = letters::outline(letter, about, site, key).map_err(|why| match why {
        Untold::Mismatch => Unwritable::Mismatch { letter: letter.id },
        Untold::Unsayable(why) => unwritten(letter, &why),
    })?;
    let words = Words {
        text: outline.text(),
        html: outline
            .html(&site.colours)
            .map_err(|why| unwritten(letter, &why))?,
        subject: outline.subject,
        language: outline.language,
    };
    let message_id = format!("<{}@{}>", letter.id, plain(&site.reply_domain));
    let raw = compose(letter, &words, site, key, &message_id)?;
    Ok(Rendered {
        id: letter.id,
        from: reply::envelope(letter, site, key),
        to: letter.to.clone(),
        at: letter.created_at,
        subject: words.subject,
        message_id,
        text: words.text,
        html: words.html,
        raw,
    })
}

/// A letter's words before they become a message.
struct Words {
    subject: String,
    text: String,
    html: String,
    language: &'static str,
}

/// All letters about one thing refer to the same message, which there is not, so that they stand together.
fn thread(subject: Subject, site: &Site) -> String {
    let id = match subject {
        Subject::Invitation(id) => id.to_string(),
        Subject::SignIn(id) => id.to_string(),
        Subject::Access(item) => item.to_string(),
        Subject::Workgroup(id) => id.to_string(),
        Subject::Move(id) => id.to_string(),
    };
    format!("<{id}@{}>", plain(&site.reply_domain))
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
    key: &SiteKey,
    message_id: &str,
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
    let mut message = Message::builder().from(from).to(to);
    if let Some(reply) = Reply::to(letter, site, key) {
        message = message.reply_to(Mailbox::new(None, address(reply.as_str())?));
    }
    let thread = thread(letter.subject, site);
    let (how, references) = match answered(&letter.says) {
        Some(answered) => {
            message = message.in_reply_to(answered.clone());
            ("auto-replied", format!("{thread} {answered}"))
        }
        None if matches!(letter.says, Kind::Answer { .. }) => ("auto-replied", thread),
        None => ("auto-generated", thread),
    };
    let message = message
        .subject(words.subject.clone())
        .date(second(letter.created_at))
        .message_id(Some(message_id.to_owned()))
        .references(references)
        .raw_header(header("Auto-Submitted", how))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("Content-Language", words.language))
        .raw_header(header(LOOP_HEADER, &plain(&site.instance)))
        .multipart(parts)
        .map_err(|why| unwritten(letter, &why))?;
    Ok(message.formatted())
}

/// The message that a letter answers, if it is known and well-formed (RFC 5322 §3.6.4): its id comes from a stranger.
fn answered(says: &Kind) -> Option<String> {
    let Kind::Answer {
        message: Some(id), ..
    } = says
    else {
        return None;
    };
    let (left, right) = id.split_once('@')?;
    let fits = |part: &str| {
        let odd = |c: char| !c.is_ascii_graphic() || "<>()@,;:\\\"[]".contains(c);
        !part.is_empty() && !part.contains(odd)
    };
    (id.len() <= LONGEST_ID && fits(left) && fits(right)).then(|| format!("<{id}>"))
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
pub(super) fn second(at: Time) -> SystemTime {
    let seconds = u64::try_from(at.ms() / 1_000).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND))
}
