//! The catalogue: which template tells what. A text template's first line is the subject.

use askama::Template;

use super::story::{Code, Revoked, Story};

/// The language of the catalogue, as in RFC 5646.
pub const LANGUAGE: &str = "en";

/// A letter's words before they become a message.
pub struct Words {
    pub subject: String,
    pub text: String,
    pub html: String,
}

macro_rules! letter {
    ($name:ident, $of:ident, $text:literal, $html:literal) => {
        pub fn $name(s: &$of) -> Result<Words, askama::Error> {
            #[derive(Template)]
            #[template(path = $text)]
            struct Text<'a> {
                s: &'a $of,
            }
            #[derive(Template)]
            #[template(path = $html)]
            struct Html<'a> {
                s: &'a $of,
            }
            Ok(split(&Text { s }.render()?, &Html { s }.render()?))
        }
    };
}

letter!(
    offer,
    Story,
    "letters/en/offer.txt",
    "letters/en/offer.html"
);
letter!(
    reminder,
    Story,
    "letters/en/reminder.txt",
    "letters/en/reminder.html"
);
letter!(
    accepted_sender,
    Story,
    "letters/en/accepted-sender.txt",
    "letters/en/accepted-sender.html"
);
letter!(
    accepted_recipient,
    Story,
    "letters/en/accepted-recipient.txt",
    "letters/en/accepted-recipient.html"
);
letter!(
    declined_sender,
    Story,
    "letters/en/declined-sender.txt",
    "letters/en/declined-sender.html"
);
letter!(
    declined_recipient,
    Story,
    "letters/en/declined-recipient.txt",
    "letters/en/declined-recipient.html"
);
letter!(
    cancelled,
    Story,
    "letters/en/cancelled.txt",
    "letters/en/cancelled.html"
);
letter!(
    expired_sender,
    Story,
    "letters/en/expired-sender.txt",
    "letters/en/expired-sender.html"
);
letter!(
    expired_recipient,
    Story,
    "letters/en/expired-recipient.txt",
    "letters/en/expired-recipient.html"
);
letter!(
    share_offer,
    Story,
    "letters/en/share/offer.txt",
    "letters/en/share/offer.html"
);
letter!(
    share_reminder,
    Story,
    "letters/en/share/reminder.txt",
    "letters/en/share/reminder.html"
);
letter!(
    share_accepted_sender,
    Story,
    "letters/en/share/accepted-sender.txt",
    "letters/en/share/accepted-sender.html"
);
letter!(
    share_accepted_recipient,
    Story,
    "letters/en/share/accepted-recipient.txt",
    "letters/en/share/accepted-recipient.html"
);
letter!(
    share_declined_sender,
    Story,
    "letters/en/share/declined-sender.txt",
    "letters/en/share/declined-sender.html"
);
letter!(
    share_declined_recipient,
    Story,
    "letters/en/share/declined-recipient.txt",
    "letters/en/share/declined-recipient.html"
);
letter!(
    share_cancelled,
    Story,
    "letters/en/share/cancelled.txt",
    "letters/en/share/cancelled.html"
);
letter!(
    share_expired_sender,
    Story,
    "letters/en/share/expired-sender.txt",
    "letters/en/share/expired-sender.html"
);
letter!(
    share_expired_recipient,
    Story,
    "letters/en/share/expired-recipient.txt",
    "letters/en/share/expired-recipient.html"
);
letter!(
    workgroup_offer,
    Story,
    "letters/en/workgroup/offer.txt",
    "letters/en/workgroup/offer.html"
);
letter!(
    workgroup_reminder,
    Story,
    "letters/en/workgroup/reminder.txt",
    "letters/en/workgroup/reminder.html"
);
letter!(
    workgroup_accepted_sender,
    Story,
    "letters/en/workgroup/accepted-sender.txt",
    "letters/en/workgroup/accepted-sender.html"
);
letter!(
    workgroup_accepted_recipient,
    Story,
    "letters/en/workgroup/accepted-recipient.txt",
    "letters/en/workgroup/accepted-recipient.html"
);
letter!(
    workgroup_declined_sender,
    Story,
    "letters/en/workgroup/declined-sender.txt",
    "letters/en/workgroup/declined-sender.html"
);
letter!(
    workgroup_declined_recipient,
    Story,
    "letters/en/workgroup/declined-recipient.txt",
    "letters/en/workgroup/declined-recipient.html"
);
letter!(
    workgroup_cancelled,
    Story,
    "letters/en/workgroup/cancelled.txt",
    "letters/en/workgroup/cancelled.html"
);
letter!(
    workgroup_expired_sender,
    Story,
    "letters/en/workgroup/expired-sender.txt",
    "letters/en/workgroup/expired-sender.html"
);
letter!(
    workgroup_expired_recipient,
    Story,
    "letters/en/workgroup/expired-recipient.txt",
    "letters/en/workgroup/expired-recipient.html"
);
letter!(
    access_revoked,
    Revoked,
    "letters/en/access-revoked.txt",
    "letters/en/access-revoked.html"
);
letter!(
    sign_in_code,
    Code,
    "letters/en/sign-in-code.txt",
    "letters/en/sign-in-code.html"
);
letter!(
    address_code,
    Code,
    "letters/en/address-code.txt",
    "letters/en/address-code.html"
);

/// The subject apart from the body; lines without trailing spaces, and never two empty ones together, so that templates can be written
/// for those who read them.
fn split(text: &str, html: &str) -> Words {
    let (subject, body) = text.trim_start().split_once('\n').unwrap_or((text, ""));
    let subject: Vec<&str> = subject.split_whitespace().collect();
    Words {
        subject: subject.join(" "),
        text: tidy(body),
        html: tidy(html),
    }
}

fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy.truncate(tidy.trim_end().len());
    tidy.push('\n');
    tidy
}
