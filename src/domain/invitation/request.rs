//! Requesting: from what the sender asks for to an offer, or to every reason why not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::address::Address;
use crate::domain::id::{AccountId, InvitationId, ItemId};
use crate::domain::item::Item;
use crate::domain::letter;
use crate::domain::policy::{InUse, Policy};
use crate::domain::refusal::{Findings, Refusal};
use crate::domain::said::said;
use crate::domain::time::{DAY_MS, Time};

use super::{
    Invitation, LIFETIME_MS, MAX_TEXT, Mailbox, Offered, Outgoing, Recipient, Source, State, Terms,
};

/// Who requested a transfer, as they were known then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The account.
    pub account: AccountId,
    /// What the person was called.
    pub name: String,
    /// Their primary, verified address.
    pub address: Address,
    /// The language they read.
    pub language: String,
}

/// What a sender asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which items, in the order they are shown.
    pub items: Vec<ItemId>,
    /// The sender's words.
    pub message: Option<String>,
    /// What acceptance shall change.
    pub terms: Terms,
    /// How long the offer stands, in milliseconds; `None`: the site's default.
    pub lifetime_ms: Option<i64>,
    /// Whether the terms were confirmed.
    pub terms_accepted: bool,
}

impl Request {
    /// What is wrong with the request itself, all at once.
    pub fn problems(&self, policy: &Policy, now: Time, dry_run: bool) -> Vec<Refusal> {
        let mut problems = Vec::new();
        let count = self.items.len();
        let distinct: BTreeSet<_> = self.items.iter().collect();
        if count == 0 {
            problems.push(Refusal::field(
                "items",
                said!("no item is named"),
                said!("name at least one run or project"),
            ));
        } else if count > policy.max_items {
            problems.push(Refusal::field(
                "items",
                said!(
                    "{count} items are more than the {most} that one offer can hold",
                    count,
                    most = policy.max_items
                ),
                said!("split them into several offers"),
            ));
        }
        if distinct.len() < count {
            problems.push(Refusal::field(
                "items",
                said!("an item is named twice"),
                said!("name each item once"),
            ));
        }
        problems.extend(text_problem("message", self.message.as_deref()));
        if let Some(lifetime) = self.lifetime_ms
            && !LIFETIME_MS.contains(&lifetime)
        {
            problems.push(Refusal::field(
                "expires_in_days",
                said!(
                    "{days} days is not between 1 and 90",
                    days = lifetime / DAY_MS
                ),
                said!("choose 1 to 90 days"),
            ));
        }
        problems.extend(self.terms.problem(now));
        if self.terms.is_transfer() && !self.terms_accepted && !dry_run {
            problems.push(Refusal::field(
                "accept_terms",
                said!("the terms are not confirmed"),
                said!("confirm them: {terms}", terms = policy.terms),
            ));
        }
        problems
    }
}

/// What is wrong with a message or a reason: plain text of at most 500 characters.
pub fn text_problem(field: &str, text: Option<&str>) -> Option<Refusal> {
    let text = text?;
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Some(Refusal::field(
            field,
            said!(
                "{length} characters are more than {most}",
                length,
                most = MAX_TEXT
            ),
            said!("shorten it"),
        ));
    }
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    text.chars().any(odd).then(|| {
        Refusal::field(
            field,
            said!("it holds control characters"),
            said!("use plain text"),
        )
    })
}

/// A text as it is kept: trimmed, `None` when nothing is left.
pub fn kept_text(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.replace("\r\n", "\n"))
}

/// Makes the offer. The guards have been asked; `findings` must not block.
#[allow(
    clippy::too_many_arguments,
    reason = "each is one fact the offer is made of"
)]
pub fn request(
    id: InvitationId,
    ask: &Request,
    items: &[&Item],
    source: &Source,
    sender: Sender,
    recipient: Recipient,
    reach: &[Mailbox],
    corrects: Option<InvitationId>,
    policy: &Policy,
    now: Time,
) -> (Invitation, Vec<Outgoing>) {
    let lifetime = ask.lifetime_ms.unwrap_or(policy.default_expiry_ms);
    let expires_at = now.plus_ms(lifetime);
    let waits = ask.terms.is_transfer()
        && policy.in_use == InUse::Wait
        && items.iter().any(|i| i.running_analyses > 0);
    let offered = |item: &&Item| Offered::from(*item);
    let transfer = Invitation {
        id,
        source: source.context,
        source_name: source.name.clone(),
        sender,
        recipient,
        items: items.iter().map(offered).collect(),
        message: kept_text(ask.message.as_deref()),
        terms: ask.terms,
        requested_at: now,
        expires_at,
        mailed_at: (!waits).then_some(now),
        corrects,
        letters: Vec::new(),
        state: if waits {
            State::Requested
        } else {
            State::Pending {
                since: now,
                reminders: 0,
            }
        },
    };
    let letters = if waits {
        Vec::new()
    } else {
        transfer.offers(reach, false)
    };
    (transfer, letters)
}

impl Invitation {
    /// The letters that ask for an answer.
    pub fn offers(&self, reach: &[Mailbox], again: bool) -> Vec<Outgoing> {
        let expires_at = self.expires_at;
        self.letters_to(reach, &letter::Kind::Offer { expires_at, again })
    }

    pub(super) fn letters_to(&self, reach: &[Mailbox], says: &letter::Kind) -> Vec<Outgoing> {
        let outgoing = |to: &Mailbox| Outgoing {
            to: to.clone(),
            says: says.clone(),
        };
        reach.iter().map(outgoing).collect()
    }
}

/// What blocks because a request is not well formed.
impl From<Vec<Refusal>> for Findings {
    fn from(blocks: Vec<Refusal>) -> Self {
        Self {
            blocks,
            warns: Vec::new(),
        }
    }
}
