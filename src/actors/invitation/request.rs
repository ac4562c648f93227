//! Requesting: what an offer of items would be, and everything that stands in its way.

use crate::actors::context::{Answered, Owner, Question};
use crate::actors::custody;
use crate::actors::load::Versioned;
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::queries;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::id::{AccountId, Context, InvitationId};
use crate::domain::invitation::{
    self, Invitation, Mailbox, Offered, Outgoing, Recipient, Request, Sender, Source, Terms,
};
use crate::domain::item::Item;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::store::Fault;

use super::{Preview, To};

/// What a request would do, without doing it: every problem of the request and every guard at once.
pub async fn preview(
    world: &dyn World,
    call: &Call,
    ask: &Request,
    to: Option<&To>,
) -> Result<Preview, Trouble> {
    let settings = world.settings();
    let fresh = settings.ids.fresh(call.at);
    let id = InvitationId::made(fresh, ask.terms.is_transfer());
    let problems = ask.problems(&settings.policy, call.at, true);
    // Without a recipient the items are looked at as an offer to oneself, which no guard of the recipient touches.
    let (mut preview, _) = match to {
        Some(to) => prepare(world, &settings, call, id, ask, to, None).await?,
        None => {
            let me = people::person(&*settings.store, person_of(call)?, &[]).await?;
            let own = me.account.primary().cloned().ok_or_else(not_signed_in)?;
            let own = To::Address(own);
            let (mut preview, offer) = prepare(world, &settings, call, id, ask, &own, None).await?;
            // What is said of the recipient is said of nobody.
            let of_recipient = |r: &Refusal| r.about.as_deref() == Some("recipient");
            preview.findings.blocks.retain(|r| !of_recipient(r));
            preview.findings.warns.retain(|r| !of_recipient(r));
            (preview, offer)
        }
    };
    preview.findings.absorb(problems.into());
    preview.findings = preview.findings.sorted();
    Ok(preview)
}

pub(super) struct Offer {
    pub transfer: Invitation,
    pub letters: Vec<Outgoing>,
    pub proposal: Proposal,
}

pub(super) fn not_signed_in() -> Refusal {
    Refusal::new(
        Code::NotSignedIn,
        said!("nobody is signed in"),
        said!("sign in first"),
    )
}

pub(super) fn person_of(call: &Call) -> Result<AccountId, Trouble> {
    call.by.person.ok_or_else(|| not_signed_in().into())
}

/// Looks at items, recipient and source, and makes the offer if the items can be named at all.
pub(super) async fn prepare(
    world: &dyn World,
    settings: &Settings,
    call: &Call,
    id: InvitationId,
    ask: &Request,
    to: &To,
    replaces: Option<InvitationId>,
) -> Result<(Preview, Option<Offer>), Trouble> {
    let store = &*settings.store;
    let (mut person, mut rests) = people::guarded(store, person_of(call)?, &[]).await?;
    let some = ask
        .items
        .get(..ask.items.len().min(settings.policy.max_items));
    let wanted_ids = some.unwrap_or_default();
    let seen = people::see(settings, &mut person, wanted_ids, call.at).await?;
    let wanted: Vec<invitation::Wanted<'_>> = wanted_ids
        .iter()
        .zip(&seen)
        .map(|(id, seen)| {
            (
                *id,
                seen.as_ref().map(|(item, level)| (&item.document, *level)),
            )
        })
        .collect();
    let mut findings = match ask.terms {
        Terms::Access { level, .. } => invitation::shared_items(&wanted, level),
        Terms::Ownership { .. } | Terms::Membership { .. } | Terms::Workgroup => {
            invitation::offered_items(&wanted, &settings.policy, replaces)
        }
    };
    let own = |seen: &&people::Seen| matches!(seen, Some((_, Some(Level::Own))));
    let items: Vec<Versioned<Item>> = seen
        .iter()
        .filter(own)
        .flatten()
        .map(|(item, _)| item.clone())
        .collect();
    let documents: Vec<&Item> = items.iter().map(|item| &item.document).collect();
    custody::named(settings, &documents, &mut findings).await?;
    let Some(context) = items.first().map(|item| item.document.owner) else {
        return Ok((
            Preview {
                transfer: None,
                findings: findings.sorted(),
                source: None,
            },
            None,
        ));
    };
    let (requester, member) = (person.id(), person.belongs_to(context));
    if !member {
        // They administer the domain that it lies in; another node may be moving the workgroup out of it.
        let owner = Owner::load(store, context).await?;
        let acts = |owner: &Owner| person.acts_for(context, owner.domain(), &settings.policy);
        let Some(owner) = owner.filter(acts) else {
            return Err(Fault::retry("a workgroup left a domain while it was read").into());
        };
        rests.push(owner.guard());
    }
    let question = if ask.terms.is_transfer() {
        Question::Offer {
            transfer: id,
            call: *call,
            items: items.clone(),
            requester,
            member,
        }
    } else {
        Question::Share {
            items: items.clone(),
            requester,
            member,
        }
    };
    let Answered::Source(source, mut proposal) = world.ask(context, question).await? else {
        return Err(Fault::never("a context answered another question").into());
    };
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    findings.absorb(std::mem::take(&mut proposal.findings));
    let moving: Vec<Offered> = match ask.terms.is_transfer() {
        true => documents
            .iter()
            .map(|item| Offered::from(&**item))
            .collect(),
        false => Vec::new(),
    };
    let (recipient, reach, about) =
        recipient(settings, &person.account, &source, &moving, to).await?;
    findings.absorb(about);
    if let Recipient::Workgroup { id, .. } = recipient {
        // One that closes meanwhile could never answer.
        let Some(owner) = Owner::load(store, Context::Workgroup(id)).await? else {
            return Err(Fault::retry("a workgroup was closed while it was read").into());
        };
        findings.blocks.extend(owner.shut());
        let (key, version) = owner.guard();
        proposal.guard(key, version);
    }
    let sender = sender(&person.account)?;
    let (transfer, letters) = invitation::request(
        id,
        ask,
        &documents,
        &source,
        sender,
        recipient,
        &reach,
        replaces,
        &settings.policy,
        call.at,
    );
    let preview = Preview {
        transfer: Some(transfer.clone()),
        findings: findings.sorted(),
        source: Some(source),
    };
    let offer = Offer {
        transfer,
        letters,
        proposal,
    };
    Ok((preview, Some(offer)))
}

pub(super) fn sender(account: &Account) -> Result<Sender, Trouble> {
    let address = account.primary().cloned().ok_or_else(not_signed_in)?;
    Ok(Sender {
        account: account.id,
        name: account.name.clone(),
        address,
        language: account.language.clone(),
    })
}

/// Who the recipient is, where their letters go, and what the guards say about them.
async fn recipient(
    settings: &Settings,
    sender: &Account,
    source: &Source,
    offered: &[Offered],
    to: &To,
) -> Result<(Recipient, Vec<Mailbox>, Findings), Trouble> {
    let store = &*settings.store;
    let mut findings = Findings::default();
    match to {
        To::Workgroup(handle) => {
            let Some(workgroup) = people::workgroup(store, handle).await? else {
                return Err(Refusal::new(
                    Code::RecipientUnknown,
                    said!("there is no workgroup {handle}", handle),
                    said!("check the handle, or offer to an email address"),
                )
                .about("recipient")
                .into());
            };
            let id = workgroup.document.id;
            let reach = people::answering(store, id).await?;
            findings.absorb(
                queries::fits(
                    settings,
                    source,
                    offered,
                    Context::Workgroup(id),
                    None,
                    sender.id,
                )
                .await?,
            );
            let handle = workgroup.document.handle.to_string();
            Ok((Recipient::Workgroup { id, handle }, reach, findings))
        }
        To::Address(address) => {
            let holder = people::holder(store, address).await?;
            match &holder {
                None => findings.warn(
                    Refusal::new(
                        Code::RecipientNoAccount,
                        said!("nobody has registered with {address} yet", address),
                        said!("they register with that address when they answer the mail; check its spelling"),
                    )
                    .about("recipient"),
                ),
                Some(account) => {
                    let blocks = |a: &Address| account.document.blocked.contains(a.folded());
                    if sender.addresses.iter().any(blocks) {
                        findings.block(
                            Refusal::new(
                                Code::RecipientBlocked,
                                said!("{address} does not take offers from you", address),
                                said!("ask them in person to lift the block"),
                            )
                            .about("recipient"),
                        );
                    }
                }
            }
            let walls = walls(settings, source, sender, address, holder.as_ref()).await?;
            findings.absorb(walls);
            let holder = holder.as_ref().map(|holder| &holder.document);
            let mailbox = Mailbox::of(address.clone(), holder, &settings.policy.language);
            Ok((Recipient::Address(address.clone()), vec![mailbox], findings))
        }
    }
}

/// Whether any context of the recipient lies on the right side of the domain walls. Within `public` all do.
async fn walls(
    settings: &Settings,
    source: &Source,
    sender: &Account,
    address: &Address,
    holder: Option<&Versioned<Account>>,
) -> Result<Findings, Trouble> {
    let Some(holder) = holder else {
        let mut findings = Findings::default();
        if !source.domain.is_public() {
            findings.block(behind_walls(source, address));
        }
        return Ok(findings);
    };
    let to_oneself = holder.document.id == sender.id;
    if source.domain.is_public() && holder.document.domain.is_public() && !to_oneself {
        return Ok(Findings::default());
    }
    let options =
        queries::contexts_for(settings, source, &[], holder.document.id, sender.id).await?;
    let here = |choice: &queries::Choice| choice.own.context == source.context;
    if to_oneself && options.iter().all(here) {
        let mut findings = Findings::default();
        findings.block(Refusal::field(
            "recipient",
            said!("you have no other context to accept it into"),
            said!("name somebody else, or join a workgroup first"),
        ));
        return Ok(findings);
    }
    let wall = |r: &Refusal| matches!(r.code, Code::DomainNoWayOut | Code::DomainNotCollaborative);
    let open = |choice: &queries::Choice| !choice.findings.blocks.iter().any(wall);
    let mut findings = Findings::default();
    if !options.iter().any(open) {
        findings.block(behind_walls(source, address));
    }
    Ok(findings)
}

/// That no context of the recipient can take it. What contexts those are, and what the person is called, is not told to strangers.
fn behind_walls(source: &Source, address: &Address) -> Refusal {
    if source.domain.is_public() {
        Refusal::new(
            Code::DomainNotCollaborative,
            said!(
                "public data can enter a private domain only through a collaborative workgroup that sender and recipient both belong to; you share none with {address}",
                address
            ),
            said!("ask an administrator of such a workgroup to invite both of you"),
        )
    } else {
        let domain = source.domain.name();
        Refusal::new(
            Code::DomainNoWayOut,
            said!(
                "data of the domain {domain} stays in it, and {address} belongs to none of its workgroups that could take it",
                domain,
                address
            ),
            said!("offer it to a member of a workgroup of {domain}", domain),
        )
    }
    .about("recipient")
}
