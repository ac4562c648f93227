//! Questions that change nothing. They read the store's snapshot and are strictly fresh.

use crate::domain::account::Account;
use crate::domain::event::Event;
use crate::domain::id::{AccountId, Context, Digest, InvitationId, ItemId, ItemKind};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::invitation::{
    self, Entitled, Invitation, Offered, Recipient, Source, State, Target,
};
use crate::domain::item::{Biosamples, Item};
use crate::domain::key::{Bytes, Counter, Key};
use crate::domain::letter::{Letter, Subject};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::Grant;
use crate::domain::time::Time;
use crate::domain::workgroup::{Membership, Role};
use crate::store::{Direction, Fault, Version};

use super::context::Owner;
use super::custody::File;
use super::load::{self, Versioned};
use super::people;
use super::rights::{self, Acting, Owning, Permit};
use super::world::{Settings, Trouble};

/// One of a person's contexts.
#[derive(Debug, Clone)]
pub struct Own {
    /// Which.
    pub context: Context,
    /// Its name for people.
    pub name: String,
    /// Its handle; `None` for `personal`.
    pub handle: Option<String>,
    /// What the person is in it.
    pub role: Role,
    /// Where it lives.
    pub domain: String,
    /// Its cap in bytes; `None`: no cap.
    pub quota: Option<u64>,
    /// What its items add up to, in bytes.
    pub usage: u64,
    owner: Owner,
}

/// A context that an offer might be accepted into, with every reason why not.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The context.
    pub own: Own,
    /// What the guards say.
    pub findings: Findings,
}

async fn usage(settings: &Settings, context: Context) -> Result<u64, Fault> {
    let found = settings.store.counters(&[Counter::Usage(context)]).await?;
    Ok(u64::try_from(found.first().copied().unwrap_or(0)).unwrap_or(0))
}

async fn own(settings: &Settings, context: Context, role: Role) -> Result<Option<Own>, Fault> {
    let Some(owner) = Owner::load(&*settings.store, context).await? else {
        return Ok(None);
    };
    Ok(Some(Own {
        context,
        name: owner.name(),
        handle: match &owner {
            Owner::Account(_) => None,
            Owner::Workgroup(w) => Some(w.document.handle.to_string()),
        },
        role,
        domain: owner.domain().name().to_owned(),
        quota: owner.quota(settings),
        usage: usage(settings, context).await?,
        owner,
    }))
}

/// A context as its administrators see it.
pub(in crate::actors) async fn own_of(
    settings: &Settings,
    context: Context,
) -> Result<Option<Own>, Fault> {
    own(settings, context, Role::Owner).await
}

/// A person's contexts: `personal` first, then the workgroups they belong to.
pub async fn contexts(settings: &Settings, account: AccountId) -> Result<Vec<Own>, Fault> {
    let mut all = Vec::new();
    all.extend(own(settings, Context::Personal(account), Role::Owner).await?);
    for membership in people::memberships(&*settings.store, account).await? {
        let Membership {
            workgroup, role, ..
        } = membership.document;
        all.extend(own(settings, Context::Workgroup(workgroup), role).await?);
    }
    Ok(all)
}

/// A person's account.
pub async fn account(settings: &Settings, id: AccountId) -> Result<Account, Trouble> {
    Ok(people::person(&*settings.store, id, &[]).await?.account)
}

/// A person's account, if it is there.
pub async fn account_if_any(settings: &Settings, id: AccountId) -> Result<Option<Account>, Fault> {
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    Ok(found.map(|found| found.document))
}

/// The same as [`named_context`], of a context that the person may act for.
pub async fn context_of(
    settings: &Settings,
    account: AccountId,
    name: &str,
) -> Result<Acting, Trouble> {
    let context = named_context(settings, account, name).await?;
    let acting = rights::acting(settings, account, context).await;
    let not_theirs = |_| {
        Refusal::new(
            Code::RecipientNotAMember,
            format!("{context} is none of your contexts"),
            "list your contexts and choose one of them",
        )
        .about("context")
    };
    match acting {
        Err(Trouble::Refused(why)) => Err(not_theirs(why).into()),
        other => other,
    }
}

/// What a person calls a context: `personal`, a workgroup's handle or name (any case, if it is the only one), or an id.
pub async fn named_context(
    settings: &Settings,
    account: AccountId,
    name: &str,
) -> Result<Context, Trouble> {
    if name.eq_ignore_ascii_case("personal") {
        return Ok(Context::Personal(account));
    }
    if let Ok(context) = name.parse::<Context>() {
        return Ok(context);
    }
    let all = contexts(settings, account).await?;
    let folded = crate::domain::item::folded_name(name);
    let is_it = |own: &&Own| {
        let handle = own.handle.as_ref().map(|h| h.to_lowercase());
        own.handle.is_some()
            && (handle.as_deref() == Some(folded.as_str())
                || crate::domain::item::folded_name(&own.name) == folded)
    };
    let mut fitting = all.iter().filter(is_it);
    match (fitting.next(), fitting.next()) {
        (Some(own), None) => Ok(own.context),
        _ => {
            let names: Vec<String> = all.iter().filter_map(|own| own.handle.clone()).collect();
            let names: String = names.join(", ").chars().take(300).collect();
            let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            Err(Refusal::new(
                Code::RecipientNotAMember,
                format!("\"{shown}\" is none of your contexts"),
                if names.is_empty() {
                    "use personal; you belong to no workgroup".to_owned()
                } else {
                    format!("use personal, or one of: {names}")
                },
            )
            .about("context")
            .into())
        }
    }
}

async fn target(
    settings: &Settings,
    own: &Own,
    accepter_belongs: bool,
    requester: AccountId,
) -> Result<Target, Fault> {
    let requester_belongs = match own.context {
        Context::Personal(id) => id == requester,
        Context::Workgroup(id) => {
            let key = Key::Membership(id, requester);
            load::one::<Membership>(&*settings.store, key)
                .await?
                .is_some()
        }
    };
    Ok(Target {
        context: own.context,
        name: own.name.clone(),
        domain: own.owner.domain().clone(),
        collaborative: own.owner.collaborative(),
        quota: own.quota,
        usage: own.usage,
        accepter_belongs,
        requester_belongs,
    })
}

/// What the guards would say if these items of this source were accepted into each of this person's contexts.
pub(in crate::actors) async fn contexts_for(
    settings: &Settings,
    source: &Source,
    items: &[Offered],
    accepter: AccountId,
    requester: AccountId,
) -> Result<Vec<Choice>, Fault> {
    let mut choices = Vec::new();
    for own in contexts(settings, accepter).await? {
        let target = target(settings, &own, true, requester).await?;
        let findings = invitation::admits(source, &target, items);
        choices.push(Choice { own, findings });
    }
    Ok(choices)
}

/// What the guards say of an offer to a workgroup, before anybody accepts. Its quota and name are shown only to
/// its members; whoever offers knows its handle.
pub(in crate::actors) async fn fits(
    settings: &Settings,
    source: &Source,
    items: &[Offered],
    into: Context,
    accepter: Option<AccountId>,
    requester: AccountId,
) -> Result<Findings, Fault> {
    let Some(own) = own(settings, into, Role::Member).await? else {
        return Ok(Findings::default());
    };
    let mut target = target(settings, &own, accepter.is_none(), requester).await?;
    if !target.requester_belongs {
        target.quota = None;
        target.name = own.handle.unwrap_or_default();
    }
    Ok(invitation::admits(source, &target, items))
}

/// The choices of an open offer for this person, who must be entitled to answer it.
pub async fn choices(
    settings: &Settings,
    transfer: &Invitation,
    account: AccountId,
) -> Result<Vec<Choice>, Trouble> {
    let store = &*settings.store;
    let Some(owner) = Owner::load(store, transfer.source).await? else {
        return Ok(Vec::new());
    };
    let source = Source {
        context: transfer.source,
        name: owner.name(),
        tier: crate::domain::policy::Tier::Professional,
        domain: owner.domain().clone(),
        quota: None,
        usage: 0,
    };
    if transfer.terms.is_about_workgroup() {
        return Ok(Vec::new());
    }
    let moving: &[Offered] = match transfer.terms.is_transfer() {
        true => &transfer.items,
        false => &[],
    };
    let all = contexts_for(settings, &source, moving, account, transfer.sender.account).await?;
    Ok(match transfer.recipient {
        Recipient::Address(_) => all,
        Recipient::Workgroup { id, .. } => {
            let it = |choice: &Choice| choice.own.context == Context::Workgroup(id);
            all.into_iter().filter(it).collect()
        }
    })
}

// ---- transfers ----

/// A transfer as one of its two sides sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The transfer.
    pub transfer: Versioned<Invitation>,
    /// Which side (or both) is looking.
    pub entitled: Entitled,
    /// Its letters that this side may see, oldest first: the sender sees all.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<(Version, Event)>,
}

impl Shown {
    /// To whom a letter went, as `account` may know: who answers for a workgroup is no business of those who offer to it.
    pub fn addressee(&self, letter: &Letter, account: &Account) -> String {
        let transfer = &self.transfer.document;
        let known = matches!(transfer.recipient, Recipient::Address(_))
            || letter.to == transfer.sender.address
            || account.has(&letter.to);
        if known {
            letter.to.to_string()
        } else {
            letter.to.masked()
        }
    }
}

/// A transfer with its letters and history, for somebody on one of its sides; a stranger is told that there is none.
pub async fn transfer(
    settings: &Settings,
    account: &Account,
    id: InvitationId,
) -> Result<Shown, Trouble> {
    let store = &*settings.store;
    let found = load::one::<Invitation>(store, Key::Invitation(id)).await?;
    let transfer = found.ok_or_else(|| Trouble::from(Invitation::not_found(id)))?;
    let entitled = super::invitation::entitled(settings, account, &transfer.document).await?;
    let mut sees =
        entitled.sender || (entitled.recipient && transfer.document.has_reached_recipient());
    if let State::Accepted { into, .. } = transfer.document.state
        && !sees
    {
        // It is part of the history of the context that took it.
        sees = people::person(store, account.id, &[into])
            .await?
            .belongs_to(into);
    }
    if !sees {
        return Err(Invitation::not_found(id).into());
    }
    let keys: Vec<Key> = transfer
        .document
        .letters
        .iter()
        .map(|id| Key::Letter(*id))
        .collect();
    let letters = load::all::<Letter>(store, &keys).await?;
    let letters = letters.into_iter().flatten().map(|l| l.document);
    let mine = |letter: &Letter| entitled.sender || account.has(&letter.to);
    Ok(Shown {
        letters: letters.filter(mine).collect(),
        history: journal(settings, Key::Invitation(id), 1_000).await?,
        transfer,
        entitled,
    })
}

/// The newest entries of the journal of an item, oldest first: for the owner's side, whose business it is with whom it was shared.
pub async fn item_journal(
    settings: &Settings,
    owning: Owning<'_>,
    limit: usize,
) -> Result<Vec<(Version, Event)>, Fault> {
    journal(settings, Key::Item(owning.permit().id()), limit).await
}

/// The newest entries of the journal of a document, oldest first: whoever writes many cannot push later ones out of sight.
pub(in crate::actors) async fn journal(
    settings: &Settings,
    key: Key,
    limit: usize,
) -> Result<Vec<(Version, Event)>, Fault> {
    let end = Version(u64::MAX);
    let mut rows = settings.store.latest(key, end, limit).await?;
    rows.reverse();
    rows.into_iter()
        .map(|(version, body)| {
            let event = serde_json::from_slice(&body).map_err(|error| {
                Fault::never(format!("a journal entry cannot be read: {error}"))
            })?;
            Ok((version, event))
        })
        .collect()
}

/// The offer that the token in a letter's link stands for. Whoever presents it is nobody in particular.
pub async fn linked(
    settings: &Settings,
    token: &str,
) -> Result<Option<Versioned<Invitation>>, Fault> {
    let store = &*settings.store;
    let Some(letter) = settings.key.letter_of_link(token) else {
        return Ok(None);
    };
    let letter = load::one::<Letter>(store, Key::Letter(letter)).await?;
    match letter.map(|letter| letter.document.subject) {
        Some(Subject::Invitation(id)) => load::one(store, Key::Invitation(id)).await,
        Some(
            Subject::SignIn(_) | Subject::Access(_) | Subject::Workgroup(_) | Subject::Move(_),
        )
        | None => Ok(None),
    }
}

/// Which of somebody's transfers. Only whoever may act for a context, or has verified an address, has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Box_(Kept);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Sent(Context),
    Received(Receiver),
}

impl Box_ {
    /// Offers this context made.
    pub const fn sent(acting: &Acting) -> Self {
        Self(Kept::Sent(acting.context()))
    }
    /// Offers to this context.
    pub const fn received(acting: &Acting) -> Self {
        Self(Kept::Received(Receiver::Context(acting.context())))
    }
    /// Offers made by a context whose standing was looked up.
    pub(in crate::actors) const fn made_by(context: Context) -> Self {
        Self(Kept::Sent(context))
    }
    /// Offers to somebody who was looked up.
    pub(in crate::actors) const fn of(receiver: Receiver) -> Self {
        Self(Kept::Received(receiver))
    }
}

/// A page of transfers, newest first.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    /// The transfers.
    pub transfers: Vec<Versioned<Invitation>>,
    /// Where to go on: the last one looked at, when there may be more.
    pub next: Option<InvitationId>,
}

/// A page of the transfers of one phase that `keep` keeps.
pub async fn transfers(
    settings: &Settings,
    of: Box_,
    phase: Phase,
    after: Option<InvitationId>,
    limit: usize,
    keep: impl Fn(&Invitation) -> bool,
) -> Result<Transfers, Fault> {
    let store = &*settings.store;
    let prefix = match of.0 {
        Kept::Sent(context) => index::sent(context, phase),
        Kept::Received(to) => index::received(to, phase),
    };
    let mut page = Transfers::default();
    let mut after = after;
    // At most ten pages are looked through for one that is asked for, so that a rare state does not cost a whole history.
    for _ in 0..10 {
        let from = after.map(|id| continued(prefix, id.bits()));
        let rows = store.scan(prefix, from, Direction::Backward, limit).await?;
        let id = |key: &[u8]| index::last_id(key).map(InvitationId::from_bits);
        let ids: Vec<InvitationId> = rows.rows.iter().filter_map(|(key, _)| id(key)).collect();
        let keys: Vec<Key> = ids.iter().map(|id| Key::Invitation(*id)).collect();
        for found in load::all::<Invitation>(store, &keys)
            .await?
            .into_iter()
            .flatten()
        {
            if keep(&found.document) {
                page.next = Some(found.document.id);
                page.transfers.push(found);
                if page.transfers.len() >= limit {
                    let last = ids.last().copied();
                    if !rows.more && page.next == last {
                        page.next = None;
                    }
                    return Ok(page);
                }
            }
        }
        after = ids.last().copied();
        page.next = after.filter(|_| rows.more);
        if !rows.more {
            break;
        }
    }
    Ok(page)
}

fn continued(prefix: Bytes, bits: u128) -> Vec<u8> {
    prefix.wide(bits).as_slice().to_vec()
}

/// The offers that wait for this person: to their addresses, and to workgroups they answer for. Newest first, at most `limit` of each.
pub async fn inbox(
    settings: &Settings,
    account: &Account,
    now: Time,
    limit: usize,
) -> Result<Vec<Versioned<Invitation>>, Fault> {
    let mut receivers: Vec<Receiver> = account
        .addresses
        .iter()
        .map(|address| Receiver::Address(address.digest()))
        .collect();
    for membership in people::memberships(&*settings.store, account.id).await? {
        if membership.document.role >= Role::Administrator {
            let workgroup = Context::Workgroup(membership.document.workgroup);
            receivers.push(Receiver::Context(workgroup));
        }
    }
    let mut all = Vec::new();
    for receiver in receivers {
        let of = Box_::of(receiver);
        let waits = |transfer: &Invitation| now < transfer.expires_at;
        let page = transfers(settings, of, Phase::Open, None, limit, waits).await?;
        all.extend(page.transfers);
    }
    all.sort_by_key(|found| std::cmp::Reverse(found.document.id));
    all.dedup_by_key(|found| found.document.id);
    Ok(all)
}

// ---- items ----

/// An item as somebody who may see it sees it.
#[derive(Debug, Clone)]
pub struct SeenItem {
    /// The item, what they may do with it, and why.
    pub permit: Permit,
    /// Its owner's name.
    pub owner_name: String,
    /// A run's projects, or a project's runs, as far as they may see them.
    pub related: Vec<Permit>,
    /// A project's biosamples.
    pub biosamples: Option<Biosamples>,
    /// Contexts that were granted access; only the owner's side sees others than its own.
    pub grants: Vec<Grant>,
    /// The newest 1,000 entries of its journal, oldest first; only the owner's side sees it.
    pub journal: Vec<(Version, Event)>,
}

/// One item with what belongs to it.
pub async fn item(settings: &Settings, permit: Permit, now: Time) -> Result<SeenItem, Trouble> {
    let store = &*settings.store;
    let id = permit.id();
    let related = related(settings, id).await?;
    let related = rights::permits(settings, permit.person(), &related, now).await?;
    let biosamples = load::one::<Biosamples>(store, Key::Biosamples(id)).await?;
    let owner = Owner::load(store, permit.owner()).await?;
    let (grants, journal) = match permit.as_owner() {
        Some(owning) => (
            grants(settings, id).await?,
            item_journal(settings, owning, 1_000).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    Ok(SeenItem {
        owner_name: owner.map_or_else(String::new, |owner| owner.name()),
        related: related.into_iter().flatten().collect(),
        biosamples: biosamples.map(|b| b.document),
        grants,
        journal,
        permit,
    })
}

/// A run's projects, or a project's runs.
pub(in crate::actors) async fn related(
    settings: &Settings,
    id: ItemId,
) -> Result<Vec<ItemId>, Fault> {
    let prefix = match id.kind() {
        ItemKind::Run => index::projects_of(id),
        ItemKind::Project => index::runs_of(id),
    };
    let page = settings
        .store
        .scan(prefix, None, Direction::Forward, 1_000)
        .await?;
    Ok(page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_item(key))
        .collect())
}

/// Who was granted access to an item.
pub(in crate::actors) async fn grants(
    settings: &Settings,
    id: ItemId,
) -> Result<Vec<Grant>, Fault> {
    let store = &*settings.store;
    let page = store
        .scan(index::grantees(id), None, Direction::Forward, 1_000)
        .await?;
    let contexts = page
        .rows
        .iter()
        .filter_map(|(key, _)| index::last_context(key));
    let keys: Vec<Key> = contexts.map(|context| Key::Grant(id, context)).collect();
    let found = load::all::<Grant>(store, &keys).await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(|grant| grant.document)
        .collect())
}

/// A page of the files of an item, in the order of the digests of their paths.
pub async fn files(
    settings: &Settings,
    permit: &Permit,
    after: Option<Digest>,
    limit: usize,
) -> Result<(Vec<File>, Option<Digest>), Fault> {
    let prefix = index::files(permit.id());
    let from = after.map(|digest| continued(prefix, digest.0));
    let store = &*settings.store;
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let last = page.rows.last().and_then(|(key, _)| index::last_id(key));
    let next = last.map(Digest).filter(|_| page.more);
    let read = |value: &[u8]| {
        let odd = |error| Fault::never(format!("the record of a file cannot be read: {error}"));
        serde_json::from_slice(value).map_err(odd)
    };
    let files: Result<Vec<File>, Fault> = page.rows.iter().map(|(_, value)| read(value)).collect();
    Ok((files?, next))
}

/// A page of the items of one kind that a context owns, newest first.
pub async fn items(
    settings: &Settings,
    acting: &Acting,
    kind: ItemKind,
    after: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Item>, Option<ItemId>), Fault> {
    let store = &*settings.store;
    let prefix = index::owned(acting.context(), kind);
    let from = after.map(|id| continued(prefix, id.bits()));
    let page = store.scan(prefix, from, Direction::Backward, limit).await?;
    let id = |key: &[u8]| index::last_id(key).map(|bits| ItemId::new(kind, bits));
    let ids: Vec<ItemId> = page.rows.iter().filter_map(|(key, _)| id(key)).collect();
    let keys: Vec<Key> = ids.iter().map(|id| Key::Item(*id)).collect();
    let found = load::all::<Item>(store, &keys).await?;
    let next = ids.last().copied().filter(|_| page.more);
    Ok((
        found
            .into_iter()
            .flatten()
            .map(|item| item.document)
            .collect(),
        next,
    ))
}
