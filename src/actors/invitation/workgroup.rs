//! Inviting somebody into a workgroup, and offering a workgroup itself to one of its administrators.

use crate::actors::context::Owner;
use crate::actors::load;
use crate::actors::members;
use crate::actors::people;
use crate::actors::proposal::Proposal;
use crate::actors::queries::{self, Box_};
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::address::Address;
use crate::domain::event::What;
use crate::domain::id::{Context, InvitationId, WorkgroupId};
use crate::domain::index::{Entry, Phase};
use crate::domain::invitation::{
    Invitation, LIFETIME_MS, Mailbox, Recipient, Sought, State, Terms, kept_text, text_problem,
};
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::said;
use crate::domain::time::{DAY_MS, Time};
use crate::domain::workgroup::{Membership, Role};

use super::posting::{event, mailable, post};
use super::request::sender;
use super::{Decided, person_of};

/// Whom a workgroup invites, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Which workgroup.
    pub workgroup: WorkgroupId,
    /// Whoever holds this address.
    pub to: Address,
    /// As what they would belong to it; `None`: as its owner.
    pub role: Option<Role>,
    /// The inviter's words.
    pub message: Option<String>,
    /// How long it stands, in milliseconds; `None`: the site's default.
    pub lifetime_ms: Option<i64>,
}

/// Invites somebody, or offers them the workgroup.
pub(super) async fn invite(
    settings: &Settings,
    call: &Call,
    id: InvitationId,
    invite: &Invite,
) -> Result<Decided, Trouble> {
    let store = &*settings.store;
    let context = Context::Workgroup(invite.workgroup);
    let mut proposal = Proposal::default();
    let (person, rests) = people::guarded(store, person_of(call)?, &[context]).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    let owner = Owner::load(store, context).await?;
    let shut = owner.as_ref().and_then(Owner::shut);
    let Some(Owner::Workgroup(workgroup)) = owner else {
        return Err(members::no_such_workgroup(context).into());
    };
    proposal.guard(Key::Workgroup(invite.workgroup), workgroup.version);
    let workgroup = workgroup.document;
    let role = person.role_in(context);
    let domain_administrator = settings
        .policy
        .administers(&person.account.addresses, &workgroup.domain);
    if role.is_none() && !domain_administrator {
        return Err(members::no_such_workgroup(context).into());
    }
    let mut findings = Findings::default();
    if role < Some(Role::Administrator) && !domain_administrator {
        findings.block(members::only_administrators_invite(&workgroup));
    }
    if invite.role.is_none_or(|wanted| wanted == Role::Owner) && role != Some(Role::Owner) {
        findings.block(members::only_the_owner_hands_over(&workgroup));
    }
    if !findings.blocks.is_empty() {
        // Nothing more: who belongs to it, and who the invited is, is no business of somebody who may not invite.
        return Err(findings.into());
    }
    for no in [shut, members::ruled(&workgroup)].into_iter().flatten() {
        findings.block(no);
    }
    if let Some(open) = open_already(settings, invite, call.at).await? {
        findings.block(open);
    }
    if let Some(problem) = text_problem("message", invite.message.as_deref()) {
        findings.block(problem);
    }
    if let Some(lifetime) = invite.lifetime_ms
        && !LIFETIME_MS.contains(&lifetime)
    {
        findings.block(Refusal::field(
            "expires_in_days",
            said!(
                "{days} days is not between 1 and 90",
                days = lifetime / DAY_MS
            ),
            said!("choose 1 to 90 days"),
        ));
    }
    let holder = people::holder(store, &invite.to).await?;
    let there = match &holder {
        Some(holder) => {
            let key = Key::Membership(invite.workgroup, holder.document.id);
            load::one::<Membership>(store, key).await?
        }
        None => None,
    };
    match (invite.role, &there) {
        (Some(_), Some(_)) => findings.block(
            Refusal::new(
                Code::MemberAlready,
                said!(
                    "{who} belongs to \"{name}\" already",
                    who = invite.to,
                    name = workgroup.name
                ),
                said!("there is nothing left to do"),
            )
            .about(&invite.to),
        ),
        (None, there)
            if there
                .as_ref()
                .is_none_or(|there| there.document.role != Role::Administrator) =>
        {
            findings.block(
                Refusal::new(
                    Code::MemberNotFound,
                    said!(
                        "{who} is no administrator of \"{name}\"",
                        who = invite.to,
                        name = workgroup.name
                    ),
                    said!("make them an administrator first"),
                )
                .about(&invite.to),
            );
        }
        _ => {}
    }
    let domain = match &holder {
        Some(holder) => holder.document.domain.clone(),
        None => settings.policy.domain_of(&invite.to),
    };
    if let Some(no) = members::outside(&workgroup, &domain) {
        findings.block(no);
    }
    let blocked = |holder: &&load::Versioned<crate::domain::account::Account>| {
        let blocks = |a: &Address| holder.document.blocked.contains(a.folded());
        person.account.addresses.iter().any(blocks)
    };
    if holder.as_ref().filter(blocked).is_some() {
        findings.block(
            Refusal::new(
                Code::RecipientBlocked,
                said!("{who} does not take invitations from you", who = invite.to),
                said!("ask them in person to lift the block"),
            )
            .about("recipient"),
        );
    }
    if !findings.blocks.is_empty() {
        return Err(findings.into());
    }
    let known = holder.as_ref().map(|holder| &holder.document);
    let reach = [Mailbox::of(
        invite.to.clone(),
        known,
        &settings.policy.language,
    )];
    let lifetime = invite
        .lifetime_ms
        .unwrap_or(settings.policy.default_expiry_ms);
    let mut invitation = Invitation {
        id,
        source: context,
        source_name: workgroup.name.clone(),
        sender: sender(&person.account)?,
        recipient: Recipient::Address(invite.to.clone()),
        items: Vec::new(),
        message: kept_text(invite.message.as_deref()),
        terms: match invite.role {
            Some(role) => Terms::Membership { role },
            None => Terms::Workgroup,
        },
        requested_at: call.at,
        expires_at: call.at.plus_ms(lifetime),
        mailed_at: Some(call.at),
        corrects: None,
        letters: Vec::new(),
        state: State::Pending {
            since: call.at,
            reminders: 0,
        },
    };
    let mut letters = invitation.offers(&reach, false);
    let warnings = &mut findings.warns;
    mailable(
        settings,
        call,
        &invitation,
        &mut letters,
        warnings,
        &mut proposal,
    )
    .await?;
    post(settings, call, &mut invitation, letters, &mut proposal).await?;
    proposal.create(&invitation, Some(&event(call, What::Pending)));
    Ok(Decided {
        transfer: invitation,
        proposal,
        warnings: findings.warns,
    })
}

/// That somebody has such an invitation and has not answered it.
async fn open_already(
    settings: &Settings,
    invite: &Invite,
    at: Time,
) -> Result<Option<Refusal>, Trouble> {
    let store = &*settings.store;
    let context = Context::Workgroup(invite.workgroup);
    let there: Option<InvitationId> = if invite.role.is_some() {
        let entry = Entry::Invited(invite.workgroup, invite.to.digest());
        let found = store.find(&[entry]).await?;
        let value = found.into_iter().next().flatten();
        value.map(|value| people::id_in(&value)).transpose()?
    } else {
        let offers = Sought {
            kind: Some(Terms::Workgroup.word()),
            state: None,
            accepted: false,
            at,
        };
        let sent = Box_::made_by(context);
        let page = queries::transfers(settings, sent, Phase::Open, None, 1, &offers).await?;
        page.transfers.first().map(|found| found.document.id)
    };
    Ok(there.map(|id| match invite.role {
        Some(_) => Refusal::new(
            Code::InvitationPending,
            said!("{who} is invited already, in {id}", who = invite.to, id),
            said!("wait for the answer, mail it again, or cancel {id}", id),
        )
        .about(&invite.to),
        None => Refusal::new(
            Code::InvitationPending,
            said!("the workgroup is offered already, in {id}", id),
            said!("wait for the answer, or cancel {pending}", pending = id),
        )
        .about(id),
    }))
}

/// Which workgroup an invitation is about.
pub fn workgroup_of(invitation: &Invitation) -> Option<WorkgroupId> {
    match (invitation.terms.is_about_workgroup(), invitation.source) {
        (true, Context::Workgroup(id)) => Some(id),
        _ => None,
    }
}
