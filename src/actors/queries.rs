//! Questions that change nothing. They read the store's snapshot and are strictly fresh.

mod items;
mod transfers;

use crate::domain::account::Account;
use crate::domain::id::{AccountId, Context};
use crate::domain::invitation::{self, Invitation, Offered, Recipient, Source, Target};
use crate::domain::key::{Counter, Key};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::{Membership, Role};
use crate::store::Fault;

use super::context::Owner;
use super::load;
use super::people;
use super::rights::{self, Acting};
use super::world::{Settings, Trouble};

pub use items::{SeenItem, beside, contents, datasets, files, item, items};
pub(in crate::actors) use items::{grants, grants_after, related};
pub use transfers::{
    Box_, Keeps, Shown, Transfers, every, inbox, item_journal, linked, seen_of, transfer, transfers,
};
pub(in crate::actors) use transfers::{besides, journal, visible};

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
            said!("{context} is none of your contexts", context),
            said!("list your contexts and choose one of them"),
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
                said!("\"{shown}\" is none of your contexts", shown),
                if names.is_empty() {
                    said!("use personal; you belong to no workgroup")
                } else {
                    said!("use personal, or one of: {names}", names)
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

/// The context that somebody wants to accept into, if it is among the choices; their own otherwise.
pub fn or_personal(wanted: Context, account: AccountId, choices: &[Choice]) -> Context {
    let there = choices.iter().any(|choice| choice.own.context == wanted);
    if there {
        wanted
    } else {
        Context::Personal(account)
    }
}
