//! The message by which the site sees whether mail comes in. It goes the way of a letter, and comes back the way of an answer.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};

use crate::domain::address::Address;
use crate::domain::id::LetterId;
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;

use super::Rendered;
use super::inbound::{Purpose, Scheme};
use super::render::second;
use super::reply::written;

const SUBJECT: &str = "Does mail come in?";
const TEXT: &str = "Handover checks whether mail comes in. Nothing has to be done.\r\n";

/// The probe with this id, to an address at which nothing that comes does anything. Mail servers report to the same address, where a
/// report is refused.
///
/// # Errors
/// When an address of the site cannot be written in a message.
pub fn probe(
    id: LetterId,
    from: &Address,
    scheme: &Scheme,
    key: &SiteKey,
    at: Time,
) -> Result<Rendered, String> {
    let unwritable = |why: &dyn std::fmt::Display| format!("the probe cannot be written: {why}");
    let to = written(scheme, Purpose::Probe, &key.probe(id)).unwrap_or_default();
    let to: Address = to.parse().map_err(|why| unwritable(&why))?;
    let mailbox = |address: &Address| {
        let address = address.as_str().parse::<lettre::Address>();
        let address = address.map_err(|why| unwritable(&why))?;
        Ok::<_, String>(Mailbox::new(None, address))
    };
    let message_id = format!("<{id}@{}>", scheme.domain());
    let message = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(&to)?)
        .subject(SUBJECT)
        .date(second(at))
        .message_id(Some(message_id.clone()))
        .header(ContentType::TEXT_PLAIN)
        .body(TEXT.to_owned())
        .map_err(|why| unwritable(&why))?;
    Ok(Rendered {
        id,
        from: Some(to.clone()),
        to,
        at,
        subject: SUBJECT.to_owned(),
        message_id,
        text: TEXT.to_owned(),
        html: String::new(),
        raw: message.formatted(),
    })
}
