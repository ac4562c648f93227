//! Reports of mail servers about letters that did not arrive (RFC 3464).

use super::fields::{self, Flaw, Split, first_word};
use super::parts::Part;

/// Most recipients of one report. A letter goes to one; behind an alias there may be some.
const MOST: usize = 50;
/// The longest address that is kept, in octets.
const LONGEST_ADDRESS: usize = 320;
/// The longest text of another server that is kept, in characters.
const LONGEST_TEXT: usize = 300;

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// To whom the letter was sent, if the report says it.
    pub original: Option<String>,
    /// To whom it was sent in the end, after aliases and forwarding.
    pub last: Option<String>,
    /// What became of it.
    pub action: Action,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<Status>,
    /// What the other server said, one line of at most 300 characters. It may name addresses.
    pub diagnostic: Option<String>,
}

/// What became of a letter (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// Not yet; it is still tried.
    Delayed,
    /// It arrived.
    Delivered,
    /// It went on to a server that reports no further.
    Relayed,
    /// It arrived, and went on to several.
    Expanded,
}

/// An enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1, the address.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

/// What a report says of each recipient; nothing when it is no report, or names nobody.
///
/// # Errors
/// When it is one and cannot be read.
pub(super) fn read(message: &Part<'_>) -> Result<Vec<Recipient>, Flaw> {
    if message.kind != "multipart/report" {
        return Ok(Vec::new());
    }
    let status = message.children.iter().find(|part| {
        matches!(
            part.kind.as_str(),
            "message/delivery-status" | "message/global-delivery-status"
        )
    });
    let Some(status) = status else {
        return Ok(Vec::new());
    };
    let text = status
        .decoded()
        .ok_or(Flaw("the status in its report cannot be decoded"))?;
    let mut recipients = Vec::new();
    let mut rest = text.as_bytes();
    while !rest.is_empty() && recipients.len() < MOST {
        let group = fields::split(rest)?;
        rest = group.body;
        // The first group is about the whole message, and has no action.
        recipients.extend(recipient(&group));
    }
    Ok(recipients)
}

fn recipient(group: &Split<'_>) -> Option<Recipient> {
    let one = |name| group.one(name).ok().flatten();
    let action = match first_word(one("Action")?).to_lowercase().as_str() {
        "failed" => Action::Failed,
        "delayed" => Action::Delayed,
        "delivered" => Action::Delivered,
        "relayed" => Action::Relayed,
        "expanded" => Action::Expanded,
        _ => return None,
    };
    Some(Recipient {
        original: one("Original-Recipient").and_then(address),
        last: one("Final-Recipient").and_then(address),
        action,
        status: one("Status").and_then(Status::read),
        diagnostic: one("Diagnostic-Code").and_then(said),
    })
}

/// `rfc822; anna@lab.example`; the type in front says how to read it.
fn address(value: &str) -> Option<String> {
    let (kind, address) = value.split_once(';')?;
    let kind = kind.trim();
    let address = address.trim();
    let address = address
        .strip_prefix('<')
        .and_then(|address| address.strip_suffix('>'))
        .unwrap_or(address);
    let known = kind.eq_ignore_ascii_case("rfc822") || kind.eq_ignore_ascii_case("utf-8");
    let fits = !address.is_empty()
        && address.len() <= LONGEST_ADDRESS
        && !address.chars().any(|c| c.is_control() || c.is_whitespace());
    (known && fits).then(|| address.to_owned())
}

/// `smtp; 550 5.1.1 no such user`: one line, without the type.
fn said(value: &str) -> Option<String> {
    let text = value.split_once(';').map_or(value, |(_, text)| text);
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_TEXT * 4)
        .collect();
    let folded = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = folded.chars().take(LONGEST_TEXT).collect();
    (!short.is_empty()).then_some(short)
}

impl Status {
    /// `5.1.1`, and what may follow it.
    fn read(value: &str) -> Option<Self> {
        let mut numbers = first_word(value).split('.');
        let mut number = |most: usize| {
            let digits = numbers.next()?;
            let short = digits.len() <= most && digits.bytes().all(|b| b.is_ascii_digit());
            short.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let class = u8::try_from(class).ok()?;
        (numbers.next().is_none() && matches!(class, 2 | 4 | 5)).then_some(Self {
            class,
            subject,
            detail,
        })
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts;
    use super::*;

    fn report(status: &str) -> String {
        format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\n\r\nIt did not arrive.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
             Subject: x\r\n\r\naccept\r\n--b--\r\n"
        )
    }

    fn recipients(raw: &str) -> Result<Vec<Recipient>, Flaw> {
        let split = fields::split(raw.as_bytes()).unwrap();
        read(&parts::read(&split)?)
    }

    const WHOLE: &str =
        "Reporting-MTA: dns; mx.site.example\r\nArrival-Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n";

    #[test]
    fn a_report_says_what_became_of_each_recipient() {
        let status = format!(
            "{WHOLE}\r\nFinal-Recipient: rfc822; anna@lab.example\r\nOriginal-Recipient: RFC822;<old@lab.example>\r\nAction: Failed (expired)\r\n\
             Status: 5.1.1 (no user)\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n    no   such\tuser\r\n\r\n\
             Final-Recipient: rfc822;bo@lab.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
        );
        let status_of = |class, subject, detail| {
            Some(Status {
                class,
                subject,
                detail,
            })
        };
        let expected = vec![
            Recipient {
                original: Some("old@lab.example".to_owned()),
                last: Some("anna@lab.example".to_owned()),
                action: Action::Failed,
                status: status_of(5, 1, 1),
                diagnostic: Some("550 5.1.1 no such user".to_owned()),
            },
            Recipient {
                original: None,
                last: Some("bo@lab.example".to_owned()),
                action: Action::Delayed,
                status: status_of(4, 4, 1),
                diagnostic: None,
            },
        ];
        assert_eq!(recipients(&report(&status)), Ok(expected));
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        for raw in [
            "Content-Type: text/plain\r\n\r\nAction: failed".to_owned(),
            report(WHOLE),
            report(""),
            report("Action: exploded\r\nFinal-Recipient: rfc822; a@b.example"),
            report("Action: failed\r\nAction: failed"),
            report("Action: failed").replace("message/delivery-status", "text/plain"),
            report("Action: failed").replace("multipart/report", "multipart/mixed"),
        ] {
            assert_eq!(recipients(&raw), Ok(Vec::new()), "{raw}");
        }
        assert!(recipients(&report("no field")).is_err());
    }

    #[test]
    fn a_report_is_bounded() {
        let long = format!(
            "Action: failed\r\nFinal-Recipient: rfc822; {0}@b.example\r\nDiagnostic-Code: smtp; {0}\r\nStatus: 5.1111.1\r\n\r\n",
            "a".repeat(1_000)
        );
        let found = recipients(&report(&long.repeat(60))).unwrap();
        assert_eq!(found.len(), 50);
        assert!(
            found
                .iter()
                .all(|one| one.last.is_none() && one.status.is_none())
        );
        assert_eq!(found[0].diagnostic.as_deref().unwrap().len(), 300);
    }
}
