//! The indexes: which entries exist, how their keys are built and what a scan of them gives.
//!
//! An entry's key starts with the index's tag; what is listed of a context starts with the context, then the list, so that a change
//! of what it owns, has sent and was offered touches few pages of the store. A *unique* entry names exactly one owner (its value): putting it with another value is a conflict.

use super::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, LinkId,
    MessageId, MoveId, WorkgroupId,
};
use super::key::Bytes;
use super::shelf::{ORDERED, Spelled};
use super::time::Time;

/// Whether what an entry names still waits for an answer; open entries are listed apart from closed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Pending.
    Open,
    /// In a final state.
    Closed,
}

impl Phase {
    const fn tag(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Closed => 2,
        }
    }
}

/// Who a transfer is listed for on the receiving side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// Whoever holds the address with this digest.
    Address(Digest),
    /// The context that was offered it or took it.
    Context(Context),
}

/// One entry of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Unique: an address (digest of its folded form) → the account that has verified it.
    Address(Digest),
    /// Unique: a workgroup's handle (digest of its folded form) → the workgroup.
    Handle(Digest),
    /// Unique: an item's name in its context, in the order of names → the item.
    Name(Context, ItemKind, Spelled),
    /// Items of a context, newest last; the value is a label.
    Owned(Context, ItemId),
    /// The same by their bytes, largest last.
    Sized(Context, u64, ItemId),
    /// Members of a workgroup.
    Member(WorkgroupId, AccountId),
    /// Those of its members who answer for a workgroup: its owner and its administrators.
    Answers(WorkgroupId, AccountId),
    /// Whether an account is open, numbered; it lies before its workgroups, so that one scan tells both.
    Standing(AccountId),
    /// Workgroups of an account, numbered; the value is what it is there.
    Belongs(AccountId, WorkgroupId),
    /// Transfers a context has sent; the value is a glance.
    Sent(Context, Phase, InvitationId),
    /// Transfers that were offered to somebody; the value is a glance.
    Received(Receiver, Phase, InvitationId),
    /// Projects that a run's data went into.
    ProjectOf(ItemId, ItemId),
    /// Runs that a project's data came from.
    RunOf(ItemId, ItemId),
    /// A file of an item, by the digest of its path; the value is the record.
    File(ItemId, Digest),
    /// A dataset of a project, by the digest of its name; the value is the record.
    Dataset(ItemId, Digest),
    /// Sessions of an account.
    SessionOf(AccountId, Digest),
    /// API tokens of an account.
    TokenOf(AccountId, Digest),
    /// Items a context has been granted access to.
    Granted(Context, ItemId),
    /// Whose an item is, and whether it is in the trash; it lies before its grantees, so that one scan tells both.
    Whose(ItemId),
    /// Contexts that have been granted access to an item, numbered; the value is what they were granted.
    Grantee(ItemId, Context),
    /// Open invitations that would share an item.
    SharedIn(ItemId, InvitationId),
    /// Unique: the open invitation of whoever holds this address into a workgroup.
    Invited(WorkgroupId, Digest),
    /// Unique: the digest of a link's token → the link.
    LinkToken(Digest),
    /// Links of an item.
    LinkOf(ItemId, LinkId),
    /// Workgroups that the configuration file rules.
    Ruled(WorkgroupId),
    /// Workgroups of a private domain, by the digest of its name.
    InDomain(Digest, WorkgroupId),
    /// Moves that administrators proposed.
    Moves(Phase, MoveId),
    /// Unique: a context whose data is to be moved → the open move.
    MovingFrom(Context),
    /// What a person did or tried, by one commit; the value is the number of the commit and the journals it wrote to.
    Acted(AccountId, Time, Digest),
    /// What concerns a context, in the same way.
    Concerned(Context, Time, Digest),
    /// Items of a context that are in the trash, newest last; the value is a label.
    Trashed(Context, ItemId),
    /// Analyses that write to a project now.
    Running(ItemId, AnalysisId),
    /// Hours in which a person tried something in vain, counted from the epoch.
    AttemptsOf(AccountId, u64),
    /// What came in by mail, newest last.
    Incoming(Time, MessageId),
    /// Addresses that letters do not reach, or may not.
    Undeliverable(Digest),
    /// Letters that were tried in vain.
    Troubled(LetterId),
    /// Transfers that wait for running analyses.
    Requested(InvitationId),
    /// A letter about an invitation that the invitation does not name, because it was written without changing that.
    Besides(InvitationId, LetterId),
}

impl Entry {
    /// Its key's bytes.
    pub fn bytes(&self) -> Bytes {
        match *self {
            Self::Address(digest) => Bytes::tagged(1).wide(digest.0),
            Self::Handle(digest) => Bytes::tagged(2).wide(digest.0),
            Self::Name(context, kind, name) => named(context, kind).spelled(&name),
            Self::Owned(context, item) => owned(context, item.kind()).wide(item.bits()),
            Self::Sized(context, bytes, item) => {
                sized(context, item.kind()).number(bytes).wide(item.bits())
            }
            Self::Member(workgroup, account) => members(workgroup).wide(account.bits()),
            Self::Answers(workgroup, account) => answering(workgroup).wide(account.bits()),
            Self::Standing(account) => belongs(account),
            Self::Belongs(account, workgroup) => belongs(account).wide(workgroup.bits()),
            Self::Sent(context, phase, id) => sent(context, phase).wide(id.bits()),
            Self::Received(to, phase, id) => received(to, phase).wide(id.bits()),
            Self::ProjectOf(run, project) => projects_of(run).item(project),
            Self::RunOf(project, run) => runs_of(project).item(run),
            Self::File(item, digest) => files(item).wide(digest.0),
            Self::Dataset(project, digest) => datasets(project).wide(digest.0),
            Self::SessionOf(account, digest) => sessions_of(account).wide(digest.0),
            Self::TokenOf(account, digest) => tokens_of(account).wide(digest.0),
            Self::Granted(context, item) => granted(context).item(item),
            Self::Whose(item) => on(item).byte(0),
            Self::Grantee(item, context) => grantees(item).context(context),
            Self::SharedIn(item, id) => shared_in(item).wide(id.bits()),
            Self::Invited(workgroup, digest) => invited(workgroup).wide(digest.0),
            Self::LinkToken(digest) => Bytes::tagged(18).wide(digest.0),
            Self::LinkOf(item, id) => links_of(item).wide(id.bits()),
            Self::Ruled(workgroup) => ruled().wide(workgroup.bits()),
            Self::InDomain(domain, workgroup) => in_domain(domain).wide(workgroup.bits()),
            Self::Moves(phase, id) => moves(phase).wide(id.bits()),
            Self::MovingFrom(context) => Bytes::tagged(43).context(context),
            Self::Acted(account, at, digest) => acted(account).moment(at).wide(digest.0),
            Self::Concerned(context, at, digest) => concerned(context).moment(at).wide(digest.0),
            Self::Trashed(context, item) => trashed(context, item.kind()).wide(item.bits()),
            Self::Running(project, id) => running(project).wide(id.bits()),
            Self::AttemptsOf(account, hour) => attempts_of(account).wide(u128::from(hour)),
            Self::Incoming(at, id) => incoming().moment(at).wide(id.bits()),
            Self::Undeliverable(digest) => undeliverable().wide(digest.0),
            Self::Troubled(id) => troubled().wide(id.bits()),
            Self::Requested(id) => requested().wide(id.bits()),
            Self::Besides(invitation, id) => besides(invitation).wide(id.bits()),
        }
    }
}

/// First byte of how accounts stand, and of their workgroups.
pub const BELONGS: u8 = 6;
/// First byte of whose items are, and of the contexts that were granted access to them.
pub const ON: u8 = 15;

/// What is listed of a context.
#[derive(Debug, Clone, Copy)]
enum List {
    Names,
    Owned,
    Sent,
    Received,
    Granted,
    Acted,
    Concerned,
    Trashed,
    Sized,
}

/// Prefix of one of a context's lists.
fn of(context: Context, list: List) -> Bytes {
    Bytes::tagged(3).context(context).byte(match list {
        List::Names => 1,
        List::Owned => 2,
        List::Sent => 3,
        List::Received => 4,
        List::Granted => 5,
        List::Acted => 6,
        List::Concerned => 7,
        List::Trashed => 8,
        List::Sized => 9,
    })
}

/// Prefix of the items of one kind that a context owns.
pub fn owned(context: Context, kind: ItemKind) -> Bytes {
    of(context, List::Owned).kind(kind)
}
/// Prefix of the names of the items of one kind that a context owns.
pub fn named(context: Context, kind: ItemKind) -> Bytes {
    of(context, List::Names).kind(kind)
}
/// Prefix of the items of one kind that a context owns, by their bytes.
pub fn sized(context: Context, kind: ItemKind) -> Bytes {
    of(context, List::Sized).kind(kind)
}
/// Prefix of a workgroup's members.
pub fn members(workgroup: WorkgroupId) -> Bytes {
    Bytes::tagged(5).wide(workgroup.bits())
}
/// Prefix of those who answer for a workgroup.
pub fn answering(workgroup: WorkgroupId) -> Bytes {
    Bytes::tagged(50).wide(workgroup.bits())
}
/// Prefix of how an account stands, and of its workgroups.
pub fn belongs(account: AccountId) -> Bytes {
    Bytes::tagged(BELONGS).wide(account.bits())
}
/// Prefix of the transfers a context has sent.
pub fn sent(context: Context, phase: Phase) -> Bytes {
    of(context, List::Sent).byte(phase.tag())
}
/// Prefix of the transfers a receiver was offered.
pub fn received(to: Receiver, phase: Phase) -> Bytes {
    match to {
        Receiver::Address(digest) => Bytes::tagged(8).byte(0).wide(digest.0),
        Receiver::Context(context) => of(context, List::Received),
    }
    .byte(phase.tag())
}
/// Prefix of a run's projects.
pub fn projects_of(run: ItemId) -> Bytes {
    Bytes::tagged(9).item(run)
}
/// Prefix of a project's runs.
pub fn runs_of(project: ItemId) -> Bytes {
    Bytes::tagged(10).item(project)
}
/// Prefix of an item's files.
pub fn files(item: ItemId) -> Bytes {
    Bytes::tagged(11).item(item)
}
/// Prefix of a project's datasets.
pub fn datasets(project: ItemId) -> Bytes {
    Bytes::tagged(51).item(project)
}
/// Prefix of an account's sessions.
pub fn sessions_of(account: AccountId) -> Bytes {
    Bytes::tagged(12).wide(account.bits())
}
/// Prefix of an account's API tokens.
pub fn tokens_of(account: AccountId) -> Bytes {
    Bytes::tagged(13).wide(account.bits())
}
/// Prefix of the items a context was granted access to.
pub fn granted(context: Context) -> Bytes {
    of(context, List::Granted)
}
/// Prefix of whose an item is, and of the contexts that were granted access to it.
pub fn on(item: ItemId) -> Bytes {
    Bytes::tagged(ON).item(item)
}
/// Prefix of the contexts that were granted access to an item.
pub fn grantees(item: ItemId) -> Bytes {
    on(item).byte(1)
}

/// Prefix of the open invitations that would share an item.
pub fn shared_in(item: ItemId) -> Bytes {
    Bytes::tagged(16).item(item)
}
/// Prefix of a workgroup's open invitations.
pub fn invited(workgroup: WorkgroupId) -> Bytes {
    Bytes::tagged(17).wide(workgroup.bits())
}
/// Prefix of the workgroups that the configuration file rules.
pub fn ruled() -> Bytes {
    Bytes::tagged(40)
}
/// Prefix of the moves that administrators proposed.
pub fn moves(phase: Phase) -> Bytes {
    Bytes::tagged(42).byte(phase.tag())
}
/// Prefix of the workgroups of a private domain.
pub fn in_domain(domain: Digest) -> Bytes {
    Bytes::tagged(41).wide(domain.0)
}
/// Prefix of an item's links.
pub fn links_of(item: ItemId) -> Bytes {
    Bytes::tagged(19).item(item)
}

/// Prefix of the analyses that write to a project now.
pub fn running(project: ItemId) -> Bytes {
    Bytes::tagged(20).item(project)
}

/// Prefix of what a person did.
pub fn acted(account: AccountId) -> Bytes {
    of(Context::Personal(account), List::Acted)
}
/// Prefix of what concerned a context.
pub fn concerned(context: Context) -> Bytes {
    of(context, List::Concerned)
}
/// Prefix of the items of one kind that a context has in the trash.
pub fn trashed(context: Context, kind: ItemKind) -> Bytes {
    of(context, List::Trashed).kind(kind)
}

/// Prefix of the hours in which a person tried something in vain.
pub fn attempts_of(account: AccountId) -> Bytes {
    Bytes::tagged(44).wide(account.bits())
}

/// Prefix of what came in by mail.
pub fn incoming() -> Bytes {
    Bytes::tagged(45)
}
/// Prefix of the addresses that letters do not reach.
pub fn undeliverable() -> Bytes {
    Bytes::tagged(46)
}
/// Prefix of the letters that were tried in vain.
pub fn troubled() -> Bytes {
    Bytes::tagged(47)
}
/// Prefix of the letters about an invitation that it does not name: answers to replies, and that others did not arrive.
pub fn besides(invitation: InvitationId) -> Bytes {
    Bytes::tagged(49).wide(invitation.bits())
}

/// Prefix of the transfers that wait for running analyses.
pub fn requested() -> Bytes {
    Bytes::tagged(48)
}

/// What decides where a name lies (`shelf::ordered`), in an entry's key behind its prefix (`Name`), and whether there may be more of the name.
pub fn begun_name(tail: &[u8]) -> Option<(&[u8], bool)> {
    let begin = tail.get(..tail.len().checked_sub(17)?)?;
    Some((begin, begin.len() >= ORDERED))
}

/// The moment and the digest at the end of an entry's key (`Acted`, `Concerned`).
pub fn last_moment(key: &[u8]) -> Option<(Time, Digest)> {
    let tail = key.get(key.len().checked_sub(24)?..)?;
    let (at, _) = tail.split_first_chunk::<8>()?;
    let at = Time::from_ms(i64::from_be_bytes(*at) ^ i64::MIN);
    Some((at, Digest(last_id(key)?)))
}

/// The context at the end of an entry's key (`Grantee`).
pub fn last_context(key: &[u8]) -> Option<Context> {
    let id = last_id(key)?;
    match key.get(key.len().checked_sub(17)?)? {
        1 => Some(Context::Personal(AccountId::from_bits(id))),
        2 => Some(Context::Workgroup(WorkgroupId::from_bits(id))),
        _ => None,
    }
}

/// The id at the end of an entry's key, as every listed entry has one.
pub fn last_id(key: &[u8]) -> Option<u128> {
    let tail = key.get(key.len().checked_sub(16)?..)?;
    Some(u128::from_be_bytes(tail.try_into().ok()?))
}

/// The item at the end of an entry's key (`ProjectOf`, `RunOf`, `Granted`, `Owned`).
pub fn last_item(key: &[u8]) -> Option<ItemId> {
    let kind = match key.get(key.len().checked_sub(17)?)? {
        1 => ItemKind::Run,
        2 => ItemKind::Project,
        _ => return None,
    };
    Some(ItemId::new(kind, last_id(key)?))
}
