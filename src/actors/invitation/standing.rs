//! Where somebody stands: on which side of an invitation, and where letters about it go.

use crate::actors::context::Owner;
use crate::actors::load::{self, Versioned};
use crate::actors::people::{self, Rests};
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::event::Channel;
use crate::domain::id::Context;
use crate::domain::invitation::{Entitled, Invitation, Mailbox, Recipient, State, Terms};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::Role;
use crate::store::Fault;

use super::request::not_signed_in;

pub(super) struct Standing {
    pub entitled: Entitled,
    pub into: Context,
    /// Who calls; nobody when a timer does.
    pub account: Option<Account>,
    /// That it goes elsewhere than they had chosen for such offers, and why.
    pub elsewhere: Option<Refusal>,
}

/// Which side the caller stands on, and into which context they accept. What this rests on is guarded.
pub(super) async fn stand(
    settings: &Settings,
    call: &Call,
    now: &Invitation,
    into: Option<Option<Context>>,
    proposal: &mut Proposal,
) -> Result<Standing, Trouble> {
    let Some(person) = call.by.person else {
        let entitled = Entitled {
            sender: false,
            recipient: false,
        };
        return Ok(Standing {
            entitled,
            into: now.source,
            account: None,
            elsewhere: None,
        });
    };
    let store = &*settings.store;
    let account = load::one::<Account>(store, Key::Account(person)).await?;
    let Some(account) = account else {
        return Err(not_signed_in().into());
    };
    proposal.guard(Key::Account(person), account.version);
    let (mut entitled, rests) = standing(settings, &account.document, now).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    if call.by.channel == Channel::Timer {
        entitled = Entitled {
            sender: false,
            recipient: false,
        };
    }
    let mut elsewhere = None;
    let chosen = match (into, &now.recipient) {
        // One joins a workgroup oneself, whatever context one acts as.
        _ if now.terms.is_about_workgroup() => now.source,
        (Some(Some(context)), Recipient::Workgroup { id, .. })
            if context != Context::Workgroup(*id)
                && entitled.recipient
                && now.has_reached_recipient() =>
        {
            return Err(Refusal::field(
                "context",
                said!("this was offered to the {recipient}", recipient = now.recipient.said()),
                said!("accept into that workgroup, or decline and ask for an offer to your own address"),
            )
            .into());
        }
        (Some(Some(context)), _) => context,
        (_, Recipient::Workgroup { id, .. }) => Context::Workgroup(*id),
        (Some(None), Recipient::Address(_)) => {
            let chosen = default_context(&account.document, now);
            let own = Context::Personal(person);
            let theirs = chosen == own || {
                let there = people::person(store, person, &[chosen]).await?;
                there.belongs_to(chosen)
            };
            if theirs {
                chosen
            } else {
                elsewhere = Some(not_theirs(settings, chosen).await?);
                own
            }
        }
        (None, Recipient::Address(_)) => default_context(&account.document, now),
    };
    Ok(Standing {
        entitled,
        into: chosen,
        account: Some(account.document),
        elsewhere,
    })
}

/// That the context that somebody had chosen is theirs no more.
async fn not_theirs(settings: &Settings, chosen: Context) -> Result<Refusal, Fault> {
    let owner = Owner::load(&*settings.store, chosen).await?;
    let name = owner.map_or_else(|| chosen.to_string(), |owner| owner.name());
    Ok(Refusal::new(
        Code::RecipientNotAMember,
        said!("you had chosen \"{name}\" for this and belong to it no longer, so it goes to your personal context", name),
        said!("choose another default context in your settings"),
    )
    .about(chosen))
}

/// Where this person accepts offers of this sender unless they say otherwise.
pub fn default_context(account: &Account, now: &Invitation) -> Context {
    default_by_sender(account, now).unwrap_or(account.default_context)
}

/// Where they said that they accept what this very sender offers.
pub fn default_by_sender(account: &Account, now: &Invitation) -> Option<Context> {
    let rules = &account.default_context_by_sender;
    rules.get(now.sender.address.folded()).copied()
}

/// Which side of the invitation this account stands on.
pub async fn entitled(
    settings: &Settings,
    account: &Account,
    now: &Invitation,
) -> Result<Entitled, Trouble> {
    Ok(standing(settings, account, now).await?.0)
}

/// The same, with what a commit must guard that rests on it.
async fn standing(
    settings: &Settings,
    account: &Account,
    now: &Invitation,
) -> Result<(Entitled, Vec<Rests>), Trouble> {
    let store = &*settings.store;
    let mut contexts = vec![now.source];
    if let Recipient::Workgroup { id, .. } = now.recipient {
        contexts.push(Context::Workgroup(id));
    }
    let (person, mut rests) = people::guarded(store, account.id, &contexts).await?;
    let recipient = match &now.recipient {
        Recipient::Address(address) => account.has(address),
        Recipient::Workgroup { id, .. } => person
            .role_in(Context::Workgroup(*id))
            .is_some_and(|role| role >= Role::Administrator),
    };
    let mut sender = if now.terms.is_about_workgroup() {
        person.role_in(now.source) >= Some(Role::Administrator)
    } else {
        person.belongs_to(now.source)
    };
    if !sender && !settings.policy.domains.is_empty() {
        let owner = Owner::load(store, now.source).await?;
        rests.extend(owner.as_ref().map(Owner::guard));
        let addresses = &person.account.addresses;
        sender = owner.is_some_and(|owner| settings.policy.administers(addresses, owner.domain()));
    }
    Ok((Entitled { sender, recipient }, rests))
}

/// Where letters to the recipient go. An address has one holder; who calls is often it, and was read already.
pub(super) async fn reach(
    settings: &Settings,
    recipient: &Recipient,
    caller: Option<&Account>,
) -> Result<Vec<Mailbox>, Fault> {
    let store = &*settings.store;
    match recipient {
        Recipient::Workgroup { id, .. } => people::answering(store, *id).await,
        Recipient::Address(address) => {
            let language = &settings.policy.language;
            let caller = caller.filter(|caller| caller.has(address));
            let mailbox = match caller {
                Some(caller) => Mailbox::of(address.clone(), Some(caller), language),
                None => {
                    let holder = people::holder(store, address).await?;
                    let holder = holder.as_ref().map(|holder| &holder.document);
                    Mailbox::of(address.clone(), holder, language)
                }
            };
            Ok(vec![mailbox])
        }
    }
}

pub(super) async fn in_use(settings: &Settings, now: &Invitation) -> Result<bool, Fault> {
    let keys: Vec<Key> = now
        .items
        .iter()
        .map(|offered| Key::Item(offered.item))
        .collect();
    let items = load::all::<Item>(&*settings.store, &keys).await?;
    Ok(items
        .iter()
        .flatten()
        .any(|item| item.document.running_analyses > 0))
}

/// Whether it would share something that is gone or that its owner has given away, or would now reach a workgroup that was closed while
/// it waited: such an offer is nothing that closing it could have seen.
pub(super) async fn is_void(
    settings: &Settings,
    now: &Invitation,
    proposal: &mut Proposal,
) -> Result<bool, Fault> {
    if let (State::Requested, Recipient::Workgroup { id, .. }) = (&now.state, &now.recipient) {
        let Some(owner) = Owner::load(&*settings.store, Context::Workgroup(*id)).await? else {
            return Ok(true);
        };
        if owner.shut().is_some() {
            return Err(Fault::retry("the workgroup is just being closed"));
        }
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }
    if !matches!(now.terms, Terms::Access { .. }) || !now.state.is_open() {
        return Ok(false);
    }
    let keys = now.items.iter().map(|offered| Key::Item(offered.item));
    let keys: Vec<Key> = keys.collect();
    let items = load::all::<Item>(&*settings.store, &keys).await?;
    let theirs = |item: &Option<Versioned<Item>>| {
        let owner = item.as_ref().map(|item| item.document.owner);
        owner == Some(now.source)
    };
    Ok(!items.iter().all(theirs))
}
