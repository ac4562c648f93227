//! When the domain says no: a stable code, a sentence, the next step. All that applies is reported together.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::said::Said;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable code of a refusal. The order is the order in which they are reported (DOMAIN §4, top to bottom).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As programs see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The request itself is not well formed.
    RequestInvalid = "request.invalid",
    /// Nobody is signed in.
    NotSignedIn = "person.not_signed_in",
    /// The token does not cover this.
    ScopeMissing = "token.scope_missing",
    /// The typed code is wrong, used or too old.
    CodeWrong = "code.wrong",
    /// This address may not register here.
    RegistrationClosed = "registration.closed",
    /// Too many requests of this kind.
    TooMany = "limit.too_many",
    /// Unknown id, or nothing this person may see.
    ItemNotFound = "item.not_found",
    /// Seen, but not owned by a context the person may act for.
    ItemForbidden = "item.forbidden",
    /// The item is in the trash.
    ItemTrashed = "item.trashed",
    /// Something inside the project is in the trash.
    ItemContainsTrash = "item.contains_trash",
    /// The item is archived.
    ItemArchived = "item.archived",
    /// The item is offered already.
    ItemPendingTransfer = "item.pending_transfer",
    /// Running analyses write to it.
    ItemInUse = "item.in_use",
    /// It is a biosample's default project.
    ItemDefaultProject = "item.default_project",
    /// Others have access to it, or could accept access.
    ItemShared = "item.shared",
    /// It is not in the trash, not archived, or not active, as this needs it to be.
    ItemState = "item.state",
    /// An item of that name is there already.
    ItemExists = "item.exists",
    /// The items of one offer belong to several contexts.
    ItemsMixedContexts = "items.mixed_contexts",
    /// A basic context over its cap neither shares nor transfers.
    SenderOverQuota = "sender.over_quota",
    /// Too many open offers to this recipient.
    SenderOpenOffers = "sender.open_offers",
    /// The context is not (or no longer) theirs.
    RecipientNotAMember = "recipient.not_a_member",
    /// Nobody has registered with that address yet.
    RecipientNoAccount = "recipient.no_account",
    /// The recipient refuses offers from this sender.
    RecipientBlocked = "recipient.blocked",
    /// No such workgroup.
    RecipientUnknown = "recipient.unknown",
    /// No more letters may ask this recipient for an answer today.
    RecipientLetters = "recipient.letters",
    /// The receiving context's quota would be exceeded.
    TargetOverQuota = "target.over_quota",
    /// Public data needs a collaborative workgroup that both belong to.
    DomainNotCollaborative = "domain.not_collaborative",
    /// Data of a private domain stays there.
    DomainNoWayOut = "domain.no_way_out",
    /// Unknown id, or not for this person.
    TransferNotFound = "transfer.not_found",
    /// Only the sending context may do this.
    TransferForbidden = "transfer.forbidden",
    /// The offer waits for analyses to end.
    TransferRequested = "transfer.requested",
    /// Still pending, so there is nothing to correct.
    TransferPending = "transfer.pending",
    /// Too late: expired.
    TransferExpired = "transfer.expired",
    /// Too late: cancelled.
    TransferCancelled = "transfer.cancelled",
    /// Too late: declined.
    TransferDeclined = "transfer.declined",
    /// Too late: accepted.
    TransferAccepted = "transfer.accepted",
    /// Unknown id, or not for this person.
    InvitationNotFound = "invitation.not_found",
    /// Only whoever invited may do this, or only whoever was invited.
    InvitationForbidden = "invitation.forbidden",
    /// Still open, so there is nothing to correct.
    InvitationPending = "invitation.pending",
    /// Too late: expired.
    InvitationExpired = "invitation.expired",
    /// Too late: cancelled.
    InvitationCancelled = "invitation.cancelled",
    /// Too late: declined.
    InvitationDeclined = "invitation.declined",
    /// Too late: accepted.
    InvitationAccepted = "invitation.accepted",
    /// That context has no access to the item.
    AccessNotFound = "access.not_found",
    /// The link is deactivated, over or used up.
    LinkClosed = "link.closed",
    /// No such link.
    LinkNotFound = "link.not_found",
    /// Mailed already a short while ago.
    ResendTooSoon = "transfer.resend_too_soon",
    /// Only an administrator or the owner of the workgroup may do this.
    WorkgroupForbidden = "workgroup.forbidden",
    /// Unknown id or handle, or none of theirs.
    WorkgroupNotFound = "workgroup.not_found",
    /// The handle belongs to another workgroup.
    WorkgroupExists = "workgroup.exists",
    /// Workgroups of this kind may not be created by this person.
    WorkgroupNotAllowed = "workgroup.not_allowed",
    /// It is closed, or something stands in the way of closing it.
    WorkgroupNotEmpty = "workgroup.not_empty",
    /// The last administrator stays.
    MemberLast = "member.last_administrator",
    /// They belong to it already.
    MemberAlready = "member.already",
    /// They do not belong to it.
    MemberNotFound = "member.not_found",
    /// Nobody of a domain that this person administers.
    PersonNotFound = "person.not_found",
    /// The account still owns data, or answers alone for a workgroup.
    AccountNotEmpty = "account.not_empty",
    /// Another change waits for a second administrator.
    ApprovalNeeded = "approval.needed",
    /// Only administrators of the site, or of the domain, may do this.
    AdministratorsOnly = "administrator.required",
    /// Unknown id, or not for this person.
    MoveNotFound = "move.not_found",
    /// Too late: done or cancelled.
    MoveEnded = "move.ended",
    /// Unknown letter, message or address.
    MailNotFound = "mail.not_found",
    /// Too late: the letter has left, or the message was understood.
    MailNotNow = "mail.not_now",
    /// Others changed the same thing at the same time, again and again.
    Contended = "conflict.try_again",
    /// The key of an earlier, different request.
    IdempotencyKeyReused = "idempotency_key.reused",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown code \"{text}\"")))
    }
}

/// One reason why not, or one thing to know before going on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// What it is about: an item's id, a context, a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What is the matter.
    pub sentence: Said,
    /// What to do about it.
    pub next_step: Said,
}

impl Refusal {
    /// A refusal about nothing in particular.
    pub fn new(code: Code, sentence: impl Into<Said>, next_step: impl Into<Said>) -> Self {
        Self {
            code,
            about: None,
            sentence: sentence.into(),
            next_step: next_step.into(),
        }
    }
    /// The same, about this.
    #[must_use]
    pub fn about(mut self, what: impl ToString) -> Self {
        self.about = Some(what.to_string());
        self
    }
    /// A field that is not as it should be.
    pub fn field(field: &str, sentence: impl Into<Said>, next_step: impl Into<Said>) -> Self {
        Self::new(Code::RequestInvalid, sentence, next_step).about(field)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sentence, next_step) = (self.sentence.english(), self.next_step.english());
        write!(f, "{sentence}; {next_step}")
    }
}

/// What the guards found: what blocks, and what is only worth knowing. Each in the order of the codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// These stand in the way.
    pub blocks: Vec<Refusal>,
    /// These do not.
    pub warns: Vec<Refusal>,
}

impl Findings {
    /// One thing in the way.
    pub fn block(&mut self, refusal: Refusal) {
        self.blocks.push(refusal);
    }
    /// One thing worth knowing.
    pub fn warn(&mut self, refusal: Refusal) {
        self.warns.push(refusal);
    }
    /// Takes in what others found.
    pub fn absorb(&mut self, other: Self) {
        self.blocks.extend(other.blocks);
        self.warns.extend(other.warns);
    }
    /// Sorted by precedence, each thing once.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.blocks.sort();
        self.blocks.dedup();
        self.warns.sort();
        self.warns.dedup();
        self
    }
}

impl From<Refusal> for Findings {
    fn from(refusal: Refusal) -> Self {
        Self {
            blocks: vec![refusal],
            warns: Vec::new(),
        }
    }
}
