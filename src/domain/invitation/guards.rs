//! The guards of DOMAIN §4. Each looks at everything and reports all that applies.

use std::collections::BTreeSet;

use crate::domain::id::{Context, InvitationId, ItemId, ItemKind};
use crate::domain::item::{self, Item, State as ItemState};
use crate::domain::policy::{Domain, InUse, Policy, Tier};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::{Level, not_yours};
use crate::domain::said::{Size, said};

use super::Offered;

/// The context that gives, as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub context: Context,
    /// What it is called.
    pub name: String,
    /// Its tier.
    pub tier: Tier,
    /// Where it lives.
    pub domain: Domain,
    /// Its cap in bytes; `None`: no cap.
    pub quota: Option<u64>,
    /// What its items add up to, in bytes.
    pub usage: u64,
}

/// The context that would receive, as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub context: Context,
    /// What it is called.
    pub name: String,
    /// Where it lives.
    pub domain: Domain,
    /// Whether it is a collaborative workgroup.
    pub collaborative: bool,
    /// Its cap in bytes; `None`: no cap.
    pub quota: Option<u64>,
    /// What its items add up to, in bytes.
    pub usage: u64,
    /// Whether whoever accepts belongs to it.
    pub accepter_belongs: bool,
    /// Whether whoever requested the transfer belongs to it.
    pub requester_belongs: bool,
}

/// One item that somebody wants to offer, with what they may do with it.
pub type Wanted<'a> = (ItemId, Option<(&'a Item, Option<Level>)>);

fn not_found(id: ItemId) -> Refusal {
    let (sentence, next_step) = match id.kind() {
        ItemKind::Run => (
            said!("there is no run {id} that you can see", id),
            said!(
                "check the id; it may be gone, have another owner, or be shared with you no more: ask whoever owned it"
            ),
        ),
        ItemKind::Project => (
            said!("there is no project {id} that you can see", id),
            said!(
                "check the id; it may be gone, have another owner, or be shared with you no more: ask whoever owned it"
            ),
        ),
    };
    Refusal::new(Code::ItemNotFound, sentence, next_step).about(id)
}

fn lying_about(item: &Item, findings: &mut Findings) {
    let name = &item.name;
    let kind = item.id.kind().said();
    match item.state {
        ItemState::Active => {}
        ItemState::Trashed => findings.block(
            Refusal::new(
                Code::ItemTrashed,
                said!("{kind} \"{name}\" is in the trash", kind, name),
                said!("restore it first"),
            )
            .about(item.id),
        ),
        ItemState::Archived => findings.block(
            Refusal::new(
                Code::ItemArchived,
                said!("{kind} \"{name}\" is archived", kind, name),
                said!("restore it from the archive first"),
            )
            .about(item.id),
        ),
    }
    if item.trashed_inside > 0 {
        let n = item.trashed_inside;
        findings.block(
            Refusal::new(
                Code::ItemContainsTrash,
                said!(
                    "{n} things inside {kind} \"{name}\" are in the trash",
                    n,
                    kind,
                    name
                ),
                said!("restore or delete them first"),
            )
            .about(item.id),
        );
    }
}

fn in_use(item: &Item, policy: InUse, findings: &mut Findings) {
    if item.running_analyses > 0 {
        let told = |next| item::in_use(item, &[], next);
        match policy {
            InUse::Warn => findings.warn(told(said!(
                "what they write later belongs to the new owner"
            ))),
            InUse::Block => findings.block(told(item::let_end())),
            InUse::Wait => findings.warn(told(said!("the offer is made when they end"))),
        }
    }
    if item.default_of > 0 {
        let n = item.default_of;
        findings.warn(
            Refusal::new(
                Code::ItemDefaultProject,
                said!(
                    "\"{name}\" is the default project of {n} biosamples",
                    name = item.name,
                    n
                ),
                said!("choose another default project for them afterwards"),
            )
            .about(item.id),
        );
    }
}

/// Guards over the items of a new offer. `but_for`: an earlier offer that this one replaces does not count as pending.
pub fn offered_items(
    wanted: &[Wanted<'_>],
    policy: &Policy,
    but_for: Option<InvitationId>,
) -> Findings {
    let mut findings = Findings::default();
    let mut owners = BTreeSet::new();
    for (id, seen) in wanted {
        let (item, level) = match seen {
            Some((item, Some(level))) => (*item, *level),
            Some((_, None)) | None => {
                findings.block(not_found(*id));
                continue;
            }
        };
        if level < Level::Own {
            findings.block(
                Refusal::new(
                    Code::ItemForbidden,
                    said!("\"{name}\" belongs to somebody else", name = item.name),
                    said!("ask its owner to transfer it"),
                )
                .about(item.id),
            );
            continue;
        }
        owners.insert(item.owner);
        lying_about(item, &mut findings);
        if let Some(pending) = item.pending.filter(|p| Some(*p) != but_for) {
            findings.block(
                Refusal::new(
                    Code::ItemPendingTransfer,
                    said!(
                        "\"{name}\" is already offered in {pending}",
                        name = item.name,
                        pending
                    ),
                    said!("wait for the answer, or cancel {pending}", pending),
                )
                .about(item.id),
            );
        }
        in_use(item, policy.in_use, &mut findings);
    }
    findings.absorb(one_owner(&owners));
    findings
}

/// Guards over items that somebody wants to share at this level.
pub fn shared_items(wanted: &[Wanted<'_>], access: Level) -> Findings {
    let mut findings = Findings::default();
    let mut owners = BTreeSet::new();
    for (id, seen) in wanted {
        let (item, level) = match seen {
            Some((item, Some(level))) => (*item, *level),
            Some((_, None)) | None => {
                findings.block(not_found(*id));
                continue;
            }
        };
        if level < Level::Own {
            findings.block(
                Refusal::new(
                    Code::ItemForbidden,
                    said!("\"{name}\" belongs to somebody else", name = item.name),
                    said!("ask its owner to share it"),
                )
                .about(item.id),
            );
            continue;
        }
        owners.insert(item.owner);
        findings.absorb(sharable(item, access));
    }
    findings.absorb(one_owner(&owners));
    findings
}

/// Whether an item can be shared at this level now.
pub fn sharable(item: &Item, access: Level) -> Findings {
    let mut findings = Findings::default();
    let name = &item.name;
    let kind = item.id.kind();
    match item.state {
        ItemState::Active => {}
        ItemState::Trashed => findings.block(
            Refusal::new(
                Code::ItemTrashed,
                said!(
                    "{kind} \"{name}\" is in the trash",
                    kind = kind.said(),
                    name
                ),
                said!("restore it first"),
            )
            .about(item.id),
        ),
        ItemState::Archived => findings.block(
            Refusal::new(
                Code::ItemArchived,
                said!("{kind} \"{name}\" is archived", kind = kind.said(), name),
                said!("restore it from the archive first"),
            )
            .about(item.id),
        ),
    }
    findings.absorb(sharable_at(item, access));
    findings
}

/// Whether an item is ever shared at this level.
pub fn sharable_at(item: &Item, access: Level) -> Findings {
    let mut findings = Findings::default();
    if access == Level::Own {
        findings.block(Refusal::field(
            "level",
            said!("ownership is not shared"),
            said!("offer a transfer instead"),
        ));
    }
    if access == Level::Write && item.id.kind() == ItemKind::Run {
        findings.block(
            Refusal::field(
                "level",
                said!(
                    "run \"{name}\" can be shared for reading only",
                    name = item.name
                ),
                said!("choose read"),
            )
            .about(item.id),
        );
    }
    findings
}

fn one_owner(owners: &BTreeSet<Context>) -> Findings {
    let mut findings = Findings::default();
    if owners.len() > 1 {
        let owners: Vec<Context> = owners.iter().copied().collect();
        findings.block(Refusal::new(
            Code::ItemsMixedContexts,
            said!("the items belong to several contexts: {owners}", owners),
            said!("make one offer for each context"),
        ));
    }
    findings
}

/// Guards over the items of an offer that is being accepted.
pub fn released_items(items: &[&Item], policy: &Policy) -> Findings {
    let mut findings = Findings::default();
    let policy = match policy.in_use {
        // The offer waited, and has been made. What began since then is waited for no more.
        InUse::Wait | InUse::Warn => InUse::Warn,
        InUse::Block => InUse::Block,
    };
    for item in items {
        lying_about(item, &mut findings);
        in_use(item, policy, &mut findings);
    }
    findings
}

/// Whether the source may send this much: a basic context over its cap may not, unless that brings it under the cap.
pub fn sends(source: &Source, bytes: u64) -> Findings {
    let mut findings = Findings::default();
    let Some(quota) = source.quota.filter(|_| source.tier == Tier::Basic) else {
        return findings;
    };
    if source.usage > quota && source.usage.saturating_sub(bytes) > quota {
        let over = Size(source.usage.saturating_sub(quota));
        findings.block(
            Refusal::new(
                Code::SenderOverQuota,
                said!(
                    "\"{name}\" uses {used} of {quota} and would still be over its storage cap",
                    name = source.name,
                    used = Size(source.usage),
                    quota = Size(quota)
                ),
                said!(
                    "offer at least {over} at once, or delete that much first",
                    over
                ),
            )
            .about(source.context),
        );
    }
    findings
}

/// Whether the source may give the access that somebody accepts now. How full it is, is no business of theirs.
pub fn lends(source: &Source) -> Findings {
    let mut findings = Findings::default();
    if !sends(source, 0).blocks.is_empty() {
        findings.block(
            Refusal::new(
                Code::SenderOverQuota,
                said!(
                    "\"{name}\" is over its storage cap and shares nothing while it is",
                    name = source.name
                ),
                said!("ask whoever shared it to make room, and accept again then"),
            )
            .about(source.context),
        );
    }
    findings
}

/// Whether the target may receive these items; none where it only gets access to them.
pub fn admits(source: &Source, target: &Target, items: &[Offered]) -> Findings {
    let mut findings = Findings::default();
    let name = &target.name;
    if target.context == source.context {
        findings.block(
            Refusal::field(
                "context",
                said!("the items are in \"{name}\" already", name),
                said!("whoever belongs to it may do everything with them; choose another context, or another recipient"),
            )
            .about(target.context),
        );
        return findings;
    }
    if !target.accepter_belongs {
        // Nothing more: what it is called, how full it is and where it lies is no business of somebody outside.
        findings.block(not_yours(target.context));
        return findings;
    }
    walls(source, target, &mut findings);
    let bytes = items
        .iter()
        .fold(0_u64, |sum, i| sum.saturating_add(i.bytes));
    // What is shared counts for its owner, however full the target is.
    if let Some(quota) = target.quota.filter(|_| !items.is_empty())
        && target.usage.saturating_add(bytes) > quota
    {
        findings.block(over_quota(target, quota, bytes));
    }
    findings
}

/// That the target's quota would be exceeded, with the numbers.
pub fn over_quota(target: &Target, quota: u64, bytes: u64) -> Refusal {
    let free = quota.saturating_sub(target.usage);
    Refusal::new(
        Code::TargetOverQuota,
        said!(
            "\"{name}\" has {free} of {quota} free and would need {bytes}",
            name = target.name,
            free = Size(free),
            quota = Size(quota),
            bytes = Size(bytes)
        ),
        said!("choose another context, free some space, or ask for a larger quota"),
    )
    .about(target.context)
}

fn walls(source: &Source, target: &Target, findings: &mut Findings) {
    let (from, to) = (&source.domain, &target.domain);
    if from.is_public() && to.is_public() {
        return;
    }
    if from.is_public() {
        if !(target.collaborative && target.requester_belongs && target.accepter_belongs) {
            findings.block(
                Refusal::new(
                    Code::DomainNotCollaborative,
                    said!(
                        "public data can enter the domain {domain} only through a collaborative workgroup that sender and recipient both belong to; \"{name}\" is not one",
                        domain = to.name(),
                        name = target.name
                    ),
                    said!("choose such a workgroup, or ask its administrator to invite both of you into one"),
                )
                .about(target.context),
            );
        }
        return;
    }
    let inside = matches!(target.context, Context::Workgroup(_)) && from == to;
    if !inside {
        findings.block(
            Refusal::new(
                Code::DomainNoWayOut,
                said!(
                    "data of the domain {domain} stays in it; \"{name}\" is not one of its workgroups",
                    domain = from.name(),
                    name = target.name
                ),
                said!("choose a workgroup of {domain}", domain = from.name()),
            )
            .about(target.context),
        );
    }
}
