//! What the templates tell: facts of a transfer or a sign-in, already made harmless. No sentence stands here; sentences are the templates'.

use crate::domain::account::SignIn;
use crate::domain::address::Address;
use crate::domain::id::{Context, ItemId};
use crate::domain::invitation::{Invitation, KeepAccess, Recipient, State, Terms};
use crate::domain::letter::Letter;
use crate::domain::refusal::size;
use crate::domain::rights::Level;
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;

use super::{Site, defuse};

/// So many items and new names stand in a letter; the rest are counted.
const SHOWN: usize = 10;
/// So many characters of a name stand in a subject.
const NAME_IN_SUBJECT: usize = 40;

/// What every letter knows.
pub struct Frame {
    /// What the site is called.
    pub site: String,
    /// Where its pages are.
    pub home: String,
    /// To whom the letter goes.
    pub to: String,
}

impl Frame {
    pub fn new(letter: &Letter, site: &Site) -> Self {
        Self {
            site: defuse::line(&site.name),
            home: site.public_url.trim_end_matches('/').to_owned(),
            to: shown(&letter.to),
        }
    }
}

/// An item that was offered.
pub struct Item {
    pub kind: &'static str,
    pub name: String,
    pub size: String,
    pub files: u64,
}

/// A name that was taken, and the one the item got instead.
pub struct Renamed {
    pub before: String,
    pub now: String,
}

/// How the offer ended. What a state does not have is empty.
#[derive(Default)]
pub struct End {
    /// When.
    pub at: String,
    /// What the context it was accepted into is called.
    pub into: String,
    pub into_short: String,
    /// The first new names.
    pub renamed: Vec<Renamed>,
    /// How many more there are.
    pub renamed_more: usize,
    /// The recipient's reason.
    pub reason: Vec<String>,
    /// Whether an offer to a corrected address took its place.
    pub replaced: bool,
}

/// A transfer, or another invitation.
pub struct Story {
    pub frame: Frame,
    /// The page that says what became of it, with links to the items.
    pub receipt: String,
    /// The letter's own link.
    pub link: String,
    /// Whether it was mailed before.
    pub again: bool,
    /// What the sender calls themselves; the address beside it is the one that was verified.
    pub sender_name: String,
    pub sender_name_short: String,
    pub sender_address: String,
    /// The context that gives, or the workgroup that invites.
    pub source: String,
    pub source_short: String,
    pub from_workgroup: bool,
    /// To whom it was offered: an address, or a workgroup's handle.
    pub recipient: String,
    pub to_workgroup: bool,
    pub first_short: String,
    pub items: Vec<Item>,
    /// How many items are not shown.
    pub more: usize,
    /// How many there are.
    pub count: usize,
    pub size: String,
    pub message: Vec<String>,
    /// Whether the sender's context keeps read access, and until when if that is agreed.
    pub keeps: bool,
    pub keeps_until: Option<String>,
    /// Whether what is shared may be changed too, and until when it is shared if that is agreed.
    pub writes: bool,
    pub access_until: Option<String>,
    /// As what somebody would join a workgroup.
    pub role: &'static str,
    /// Whether a workgroup itself is handed over.
    pub hands_over: bool,
    pub expires: String,
    pub end: End,
}

impl Story {
    pub fn new(letter: &Letter, transfer: &Invitation, site: &Site, key: &SiteKey) -> Self {
        let frame = Frame::new(letter, site);
        let (recipient, to_workgroup) = match &transfer.recipient {
            Recipient::Address(address) => (shown(address), false),
            Recipient::Workgroup { handle, .. } => (defuse::line(handle), true),
        };
        let (keeps, keeps_until) = match transfer.terms.keep_access() {
            KeepAccess::None => (false, None),
            KeepAccess::Read { until } => (true, until.map(Time::for_people)),
        };
        let (writes, access_until) = match transfer.terms {
            Terms::Access { level, until } => (level >= Level::Write, until.map(Time::for_people)),
            Terms::Ownership { .. } | Terms::Membership { .. } | Terms::Workgroup => (false, None),
        };
        let item = |offered: &crate::domain::invitation::Offered| Item {
            kind: offered.item.kind().word(),
            name: named(&offered.name),
            size: size(offered.bytes),
            files: offered.files,
        };
        let first = transfer
            .items
            .first()
            .map_or("", |first| first.name.as_str());
        let sender_name = named(&transfer.sender.name);
        let pages = match transfer.id.is_transfer() {
            true => "transfers",
            false => "invitations",
        };
        Self {
            receipt: format!("{}/{pages}/{}/receipt", frame.home, transfer.id),
            link: format!("{}/i/{}", frame.home, key.link(letter.id)),
            frame,
            again: matches!(
                letter.says,
                crate::domain::letter::Kind::Offer { again: true, .. }
            ),
            sender_name_short: defuse::short(&sender_name, NAME_IN_SUBJECT),
            sender_name,
            sender_address: shown(&transfer.sender.address),
            source: named(&transfer.source_name),
            source_short: defuse::short(&named(&transfer.source_name), NAME_IN_SUBJECT),
            from_workgroup: matches!(transfer.source, Context::Workgroup(_)),
            recipient,
            to_workgroup,
            first_short: defuse::short(&named(first), NAME_IN_SUBJECT),
            items: transfer.items.iter().take(SHOWN).map(item).collect(),
            more: transfer.items.len().saturating_sub(SHOWN),
            count: transfer.items.len(),
            size: size(transfer.bytes()),
            message: transfer
                .message
                .as_deref()
                .map(defuse::lines)
                .unwrap_or_default(),
            keeps,
            keeps_until,
            writes,
            access_until,
            role: match transfer.terms {
                Terms::Membership { role } => role.word(),
                Terms::Ownership { .. } | Terms::Access { .. } | Terms::Workgroup => "",
            },
            hands_over: transfer.terms == Terms::Workgroup,
            expires: transfer.expires_at.for_people(),
            end: End::of(transfer),
        }
    }
}

impl End {
    fn of(transfer: &Invitation) -> Self {
        match &transfer.state {
            State::Requested | State::Pending { .. } => Self::default(),
            State::Accepted {
                at,
                into_name,
                renamed,
                ..
            } => {
                let before = |id: &ItemId| {
                    let offered = transfer.items.iter().find(|offered| offered.item == *id);
                    named(offered.map_or("", |offered| offered.name.as_str()))
                };
                let pair = |(id, now): (&ItemId, &String)| Renamed {
                    before: before(id),
                    now: named(now),
                };
                Self {
                    at: at.for_people(),
                    into: named(into_name),
                    into_short: defuse::short(&named(into_name), NAME_IN_SUBJECT),
                    renamed: renamed.iter().take(SHOWN).map(pair).collect(),
                    renamed_more: renamed.len().saturating_sub(SHOWN),
                    ..Self::default()
                }
            }
            State::Declined { at, reason, .. } => Self {
                at: at.for_people(),
                reason: reason.as_deref().map(defuse::lines).unwrap_or_default(),
                ..Self::default()
            },
            State::Cancelled {
                at, replaced_by, ..
            } => Self {
                at: at.for_people(),
                replaced: replaced_by.is_some(),
                ..Self::default()
            },
            State::Expired { at } => Self {
                at: at.for_people(),
                ..Self::default()
            },
        }
    }
}

/// Access that was taken back.
pub struct Revoked {
    pub frame: Frame,
    pub kind: &'static str,
    /// What the item was called.
    pub name: String,
    pub name_short: String,
    /// Its owner.
    pub owner: String,
    /// The context that had the access.
    pub whose: String,
    pub at: String,
}

impl Revoked {
    pub fn new(
        letter: &Letter,
        item: ItemId,
        (name, owner, whose): (&str, &str, &str),
        site: &Site,
    ) -> Self {
        let name = named(name);
        Self {
            frame: Frame::new(letter, site),
            kind: item.kind().word(),
            name_short: defuse::short(&name, NAME_IN_SUBJECT),
            name,
            owner: named(owner),
            whose: named(whose),
            at: letter.created_at.for_people(),
        }
    }
}

/// A sign-in.
pub struct Code {
    pub frame: Frame,
    /// The code, in two groups that are easy to type.
    pub code: String,
    pub expires: String,
}

impl Code {
    pub fn new(letter: &Letter, sign_in: &SignIn, site: &Site, key: &SiteKey) -> Self {
        let code = key.code(sign_in.id);
        let (left, right) = code.split_at_checked(code.len() / 2).unwrap_or((&code, ""));
        Self {
            frame: Frame::new(letter, site),
            code: format!("{left}-{right}"),
            expires: sign_in.expires_at.for_people(),
        }
    }
}

/// An address as people see it: addresses may hold letters of any script, so what deceives is left out here too.
fn shown(address: &Address) -> String {
    defuse::line(address.as_str())
}

/// A name; one of which nothing harmless is left is a dash, so that no sentence has a hole.
fn named(name: &str) -> String {
    let name = defuse::line(name);
    if name.is_empty() {
        "–".to_owned()
    } else {
        name
    }
}
