//! Where things are kept: the keys of documents, the entries of indexes, the counters.
//!
//! Bytes are big-endian and start with a tag, so that keys sort as the pages that scan them need.

use serde::{Deserialize, Serialize};

use super::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, LinkId,
    MessageId, MoveId, SignInId, WorkgroupId,
};
use super::shelf::Spelled;
use super::time::Time;

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
    /// An analysis.
    Analysis(AnalysisId),
    /// A link through which an item is shared.
    Link(LinkId),
    /// A move of everything of somebody.
    Move(MoveId),
    /// What is left of an item that was purged.
    Tombstone(ItemId),
    /// What a person tried in vain in one hour, counted from the epoch.
    Attempts(AccountId, u64),
    /// A message that came in by mail, and what became of it.
    Incoming(MessageId),
    /// The same message as it came, sealed.
    Sealed(MessageId),
    /// Whether letters reach an address, by the digest of its folded form.
    Reach(Digest),
    /// That the letters to a recipient on a day are counted, by the digest of both.
    Ration(Digest),
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
            Self::Analysis(id) => Bytes::tagged(13).wide(id.bits()),
            Self::Link(id) => Bytes::tagged(14).wide(id.bits()),
            Self::Move(id) => Bytes::tagged(40).wide(id.bits()),
            Self::Tombstone(id) => Bytes::tagged(15).item(id),
            Self::Attempts(id, hour) => Bytes::tagged(16).wide(id.bits()).wide(hour.into()),
            Self::Incoming(id) => Bytes::tagged(17).wide(id.bits()),
            Self::Sealed(id) => Bytes::tagged(18).wide(id.bits()),
            Self::Reach(digest) => Bytes::tagged(19).wide(digest.0),
            Self::Ration(digest) => Bytes::tagged(20).wide(digest.0),
        }
    }

    /// The context whose own document it is the key of.
    pub const fn context(self) -> Option<Context> {
        match self {
            Self::Account(id) => Some(Context::Personal(id)),
            Self::Workgroup(id) => Some(Context::Workgroup(id)),
            _ => None,
        }
    }

    /// The key that has exactly these bytes; `None` if there is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (tag, mut rest) = bytes.split_first()?;
        let from = &mut rest;
        let key = match tag {
            1 => Self::Account(AccountId::from_bits(wide(from)?)),
            2 => Self::Workgroup(WorkgroupId::from_bits(wide(from)?)),
            3 => {
                let workgroup = WorkgroupId::from_bits(wide(from)?);
                Self::Membership(workgroup, AccountId::from_bits(wide(from)?))
            }
            4 => Self::Item(item(from)?),
            5 => Self::Biosamples(item(from)?),
            6 => Self::Grant(item(from)?, context(from)?),
            7 => Self::Invitation(InvitationId::from_bits(wide(from)?)),
            8 => Self::Letter(LetterId::from_bits(wide(from)?)),
            9 => Self::SignIn(SignInId::from_bits(wide(from)?)),
            10 => Self::Session(Digest(wide(from)?)),
            11 => Self::Token(Digest(wide(from)?)),
            13 => Self::Analysis(AnalysisId::from_bits(wide(from)?)),
            14 => Self::Link(LinkId::from_bits(wide(from)?)),
            15 => Self::Tombstone(item(from)?),
            40 => Self::Move(MoveId::from_bits(wide(from)?)),
            16 => {
                let account = AccountId::from_bits(wide(from)?);
                Self::Attempts(account, u64::try_from(wide(from)?).ok()?)
            }
            17 => Self::Incoming(MessageId::from_bits(wide(from)?)),
            18 => Self::Sealed(MessageId::from_bits(wide(from)?)),
            19 => Self::Reach(Digest(wide(from)?)),
            20 => Self::Ration(Digest(wide(from)?)),
            _ => return None,
        };
        rest.is_empty().then_some(key)
    }
}

fn wide(from: &mut &[u8]) -> Option<u128> {
    let (head, rest) = from.split_first_chunk::<16>()?;
    *from = rest;
    Some(u128::from_be_bytes(*head))
}

fn item(from: &mut &[u8]) -> Option<ItemId> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    let kind = match kind {
        1 => ItemKind::Run,
        2 => ItemKind::Project,
        _ => return None,
    };
    Some(ItemId::new(kind, wide(from)?))
}

fn context(from: &mut &[u8]) -> Option<Context> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    match kind {
        1 => Some(Context::Personal(AccountId::from_bits(wide(from)?))),
        2 => Some(Context::Workgroup(WorkgroupId::from_bits(wide(from)?))),
        _ => None,
    }
}

/// The longest key: an item's name among those of its context.
const LONGEST: usize = 117;

/// Key bytes under construction. They are few, so they live on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes {
    len: u8,
    bytes: [u8; LONGEST],
}

impl Bytes {
    /// Starting with this tag.
    pub fn tagged(tag: u8) -> Self {
        Self {
            len: 0,
            bytes: [0; LONGEST],
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
    /// Then a number, so that it sorts.
    pub fn number(self, number: u64) -> Self {
        self.push(&number.to_be_bytes())
    }
    /// Then a name, so that it sorts: what it begins with, its end, and what tells it from others that begin alike.
    pub fn spelled(self, name: &Spelled) -> Self {
        self.push(name.begin()).byte(0).wide(name.digest().0)
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
    /// Then a moment, so that it sorts.
    pub fn moment(self, at: Time) -> Self {
        self.push(&(at.ms() ^ i64::MIN).to_be_bytes())
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
    /// Messages that came in to a letter on one day, counted from the epoch.
    Incoming(LetterId, u32),
    /// Bytes of what came in by mail and is still kept.
    Sealed,
    /// The same, of what came to one letter.
    SealedOf(LetterId),
    /// Letters that explained why a reply to an offer decided nothing.
    Explained(InvitationId),
    /// Letters to a recipient on a day that are counted together, by the digest of all three.
    Rationed(Digest),
}

impl Counter {
    /// Its bytes on disk.
    pub fn bytes(&self) -> Bytes {
        match *self {
            Self::Usage(context) => Bytes::tagged(1).context(context),
            Self::OpenOffers(context, digest) => Bytes::tagged(2).context(context).wide(digest.0),
            Self::LinkUses(id) => Bytes::tagged(3).wide(id.bits()),
            Self::Incoming(id, day) => Bytes::tagged(4).wide(id.bits()).wide(day.into()),
            Self::Sealed => Bytes::tagged(5),
            Self::Explained(id) => Bytes::tagged(6).wide(id.bits()),
            Self::Rationed(digest) => Bytes::tagged(7).wide(digest.0),
            Self::SealedOf(id) => Bytes::tagged(8).wide(id.bits()),
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
    /// Items to purge, and what is left of them to sweep away; the id is the item's.
    Purges,
    /// What is kept no longer; the id is that of whatever it is.
    Sweeps,
    /// What came in by mail and waits to be understood; the id is the message's.
    Incoming,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys, and one of each variant for certain: the same list makes a match, which a variant that is forgotten here leaves open.
    macro_rules! of_every_variant {
        ($($variant:ident($($part:expr),+)),+ $(,)?) => {{
            let _ = |key: &Key| match key {
                $(Key::$variant(..) => (),)+
            };
            [$(Key::$variant($($part),+)),+]
        }};
    }

    #[test]
    fn every_key_reads_back_from_its_bytes() {
        let (item, id) = (ItemId::new(ItemKind::Project, 5), u128::MAX - 3);
        let account = AccountId::from_bits(id);
        let workgroup = WorkgroupId::from_bits(9);
        let keys = of_every_variant![
            Account(account),
            Workgroup(workgroup),
            Membership(workgroup, account),
            Item(item),
            Biosamples(item),
            Grant(item, Context::Personal(account)),
            Invitation(InvitationId::from_bits(id)),
            Letter(LetterId::from_bits(id)),
            SignIn(SignInId::from_bits(id)),
            Session(Digest(id)),
            Token(Digest(id)),
            Analysis(AnalysisId::from_bits(id)),
            Link(LinkId::from_bits(id)),
            Move(MoveId::from_bits(id)),
            Tombstone(item),
            Attempts(account, 499_999),
            Incoming(MessageId::from_bits(id)),
            Sealed(MessageId::from_bits(id)),
            Reach(Digest(id)),
            Ration(Digest(id)),
        ];
        let shared = Key::Grant(item, Context::Workgroup(workgroup));
        for key in keys.into_iter().chain([shared]) {
            let bytes = key.bytes();
            assert_eq!(Key::read(bytes.as_slice()), Some(key));
            let (_, short) = bytes.as_slice().split_last().unwrap();
            assert_eq!(Key::read(short), None);
        }
        assert_eq!(Key::read(&[]), None);
    }
}
