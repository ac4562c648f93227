//! Where things are kept: the keys of documents, the entries of indexes, the counters.
//!
//! Bytes are big-endian and start with a tag, so that keys sort as the pages that scan them need.

use serde::{Deserialize, Serialize};

use super::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, LinkId,
    MoveId, SignInId, WorkgroupId,
};

/// The key of one stored document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    /// A person.
    Account(AccountId),
    /// A workgroup.
    Workgroup(WorkgroupId),
    /// That this account belongs to this workgroup.
    Membership(WorkgroupId, AccountId),
    /// A run or a project.
    Item(ItemId),
    /// The biosamples and libraries of a project.
    Biosamples(ItemId),
    /// What this context may do with this item that it does not own.
    Grant(ItemId, Context),
    /// A transfer.
    Invitation(InvitationId),
    /// A letter and how its delivery stands.
    Letter(LetterId),
    /// One attempt to sign in.
    SignIn(SignInId),
    /// A session, by the digest of its secret.
    Session(Digest),
    /// A personal API token, by the digest of its secret.
    Token(Digest),
    /// What a token that was sent by mail stands for, by the digest of the token.
    MailToken(Digest),
    /// An analysis.
    Analysis(AnalysisId),
    /// A link through which an item is shared.
    Link(LinkId),
    /// A move of everything of somebody.
    Move(MoveId),
}

impl Key {
    /// Its bytes on disk: a tag, then the ids.
    pub fn bytes(&self) -> Bytes {
        match *self {
            Self::Account(id) => Bytes::tagged(1).wide(id.bits()),
            Self::Workgroup(id) => Bytes::tagged(2).wide(id.bits()),
            Self::Membership(wg, id) => Bytes::tagged(3).wide(wg.bits()).wide(id.bits()),
            Self::Item(id) => Bytes::tagged(4).item(id),
            Self::Biosamples(id) => Bytes::tagged(5).item(id),
            Self::Grant(id, context) => Bytes::tagged(6).item(id).context(context),
            Self::Invitation(id) => Bytes::tagged(7).wide(id.bits()),
            Self::Letter(id) => Bytes::tagged(8).wide(id.bits()),
            Self::SignIn(id) => Bytes::tagged(9).wide(id.bits()),
            Self::Session(digest) => Bytes::tagged(10).wide(digest.0),
            Self::Token(digest) => Bytes::tagged(11).wide(digest.0),
            Self::MailToken(digest) => Bytes::tagged(12).wide(digest.0),
            Self::Analysis(id) => Bytes::tagged(13).wide(id.bits()),
            Self::Link(id) => Bytes::tagged(14).wide(id.bits()),
            Self::Move(id) => Bytes::tagged(40).wide(id.bits()),
        }
    }
}

/// Key bytes under construction; at most 51 bytes, so they live on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes {
    len: u8,
    bytes: [u8; 55],
}

impl Bytes {
    /// Starting with this tag.
    pub fn tagged(tag: u8) -> Self {
        Self {
            len: 0,
            bytes: [0; 55],
        }
        .push(&[tag])
    }
    fn push(mut self, more: &[u8]) -> Self {
        let start = usize::from(self.len);
        let end = start.saturating_add(more.len());
        if let Some(room) = self.bytes.get_mut(start..end) {
            room.copy_from_slice(more);
            self.len = u8::try_from(end).unwrap_or(u8::MAX);
        } else {
            debug_assert!(false, "a key longer than any key can be");
        }
        self
    }
    /// Then 128 bits.
    pub fn wide(self, bits: u128) -> Self {
        self.push(&bits.to_be_bytes())
    }
    /// Then one byte.
    pub fn byte(self, byte: u8) -> Self {
        self.push(&[byte])
    }
    /// Then a kind of item.
    pub fn kind(self, kind: ItemKind) -> Self {
        self.byte(match kind {
            ItemKind::Run => 1,
            ItemKind::Project => 2,
        })
    }
    /// Then an item.
    pub fn item(self, id: ItemId) -> Self {
        self.kind(id.kind()).wide(id.bits())
    }
    /// Then a context.
    pub fn context(self, context: Context) -> Self {
        match context {
            Context::Personal(id) => self.byte(1).wide(id.bits()),
            Context::Workgroup(id) => self.byte(2).wide(id.bits()),
        }
    }
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

/// A number kept per context and changed by bounded adds inside a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Bytes that count against the context's quota: the sum of its items, trash included.
    Usage(Context),
    /// Offers pending from this context to this recipient.
    OpenOffers(Context, Digest),
    /// How often a link was accepted.
    LinkUses(LinkId),
}

impl Counter {
    /// Its bytes on disk.
    pub fn bytes(&self) -> Bytes {
        match *self {
            Self::Usage(context) => Bytes::tagged(1).context(context),
            Self::OpenOffers(context, digest) => Bytes::tagged(2).context(context).wide(digest.0),
            Self::LinkUses(id) => Bytes::tagged(3).wide(id.bits()),
        }
    }
}

/// The queues of due work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Letters to send; the id is the letter's.
    Outbox,
    /// Timers to fire; the id is the transfer's.
    Timers,
}
