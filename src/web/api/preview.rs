//! A preview as the API shows it: what moves, what stays and why, who keeps, gains or loses access.

use crate::actors::consequences::{self, Holder, Staying};
use crate::actors::invitation::{Preview, To};
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::{AccountId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, Terms};
use crate::domain::item::Item;
use crate::domain::rights::Level;
use crate::domain::said::{Said, said};
use crate::domain::time::Time;
use crate::web::problem::{guards, told};
use crate::wire;

use super::show;

/// The preview of a request by this person.
pub async fn shown(
    settings: &Settings,
    person: AccountId,
    preview: Preview,
    to: Option<To>,
    now: Time,
) -> Result<wire::Preview, Trouble> {
    let mut shown = wire::Preview {
        possible: preview.findings.blocks.is_empty(),
        moves: Vec::new(),
        bytes: 0,
        stays: Vec::new(),
        access: Vec::new(),
        expires_at: None,
        terms: settings.policy.terms.clone(),
        blocks: guards(preview.findings.blocks),
        warnings: guards(preview.findings.warns),
    };
    let Some(transfer) = preview.transfer else {
        return Ok(shown);
    };
    shown.moves = transfer.items.iter().map(show::offered).collect();
    shown.bytes = transfer.bytes();
    shown.expires_at = Some(transfer.expires_at.to_string());
    let staying = consequences::staying(settings, person, &transfer, now).await?;
    shown.stays = stays(staying);
    let holders = consequences::holders(settings, &transfer, now).await?;
    shown.access = access(&transfer, to.is_some(), holders);
    Ok(shown)
}

/// The preview of a share by this person.
pub async fn of_share(
    settings: &Settings,
    person: AccountId,
    preview: Preview,
    has_recipient: bool,
    now: Time,
) -> Result<wire::SharePreview, Trouble> {
    let mut shown = wire::SharePreview {
        possible: preview.findings.blocks.is_empty(),
        shares: Vec::new(),
        along: Vec::new(),
        apart: Vec::new(),
        access: Vec::new(),
        expires_at: None,
        blocks: guards(preview.findings.blocks),
        warnings: guards(preview.findings.warns),
    };
    let Some(invitation) = preview.transfer else {
        return Ok(shown);
    };
    shown.shares = invitation.items.iter().map(show::offered).collect();
    shown.expires_at = Some(invitation.expires_at.to_string());
    let related = consequences::staying(settings, person, &invitation, now).await?;
    (shown.along, shown.apart) = besides(&invitation, related);
    let holders = consequences::holders(settings, &invitation, now).await?;
    shown.access = who_sees(&invitation, has_recipient, holders);
    Ok(shown)
}

/// What can be looked at because of what is shared, and what is not though it is related.
fn besides(invitation: &Invitation, related: Staying) -> (Vec<wire::Stays>, Vec<wire::Stays>) {
    let (mut along, mut apart) = (Vec::new(), Vec::new());
    for (item, owner) in related.items {
        let kind = item.id.kind();
        let ours = item.owner == invitation.source;
        match (kind, ours) {
            (ItemKind::Run, true) => along.push(line(
                &item,
                &said!("read, as always where data of a shared project came from it; its other projects stay unseen"),
            )),
            (ItemKind::Project, true) => apart.push(line(
                &item,
                &said!("a project is not shared with its run unless that is asked for"),
            )),
            (_, false) => apart.push(line(&item, &said!("it belongs to \"{owner}\"", owner))),
        }
    }
    apart.extend(unseen(related.unseen));
    (along, apart)
}

fn who_sees(
    invitation: &Invitation,
    has_recipient: bool,
    holders: Vec<Holder>,
) -> Vec<wire::AccessChange> {
    let change = |who: String, before: &str, after: String| wire::AccessChange {
        who,
        before: before.to_owned(),
        after,
    };
    let given = match invitation.terms {
        Terms::Access { level, until } => held(level, until),
        Terms::Ownership { .. } | Terms::Membership { .. } | Terms::Workgroup => "none".to_owned(),
    };
    let own = "own".to_owned();
    let mut all = vec![change(invitation.source_name.clone(), "own", own)];
    if has_recipient {
        all.push(change(
            show::recipient(&invitation.recipient),
            "none",
            given,
        ));
    }
    all.extend(staying_holders(invitation, holders));
    all
}

fn stays(staying: Staying) -> Vec<wire::Stays> {
    let mut all: Vec<wire::Stays> = Vec::with_capacity(staying.items.len());
    for (item, owner) in staying.items {
        let why = said!(
            "it is not named in this offer and stays with \"{owner}\"",
            owner
        );
        all.push(line(&item, &why));
    }
    all.extend(unseen(staying.unseen));
    all
}

/// An item that whoever asks may see, and why it is told.
fn line(item: &Item, why: &Said) -> wire::Stays {
    let (kind, name) = (item.id.kind().said(), &item.name);
    wire::Stays {
        what: told(&said!("{kind} \"{name}\"", kind, name)),
        item: Some(item.id.to_string()),
        why: told(why),
    }
}

/// That so many others stay where they are.
fn unseen(many: usize) -> Option<wire::Stays> {
    (many > 0).then(|| wire::Stays {
        what: told(
            &said!(many; "{n} run or project that you cannot see", "{n} runs or projects that you cannot see"),
        ),
        item: None,
        why: told(&match many {
            1 => said!("it belongs to somebody else"),
            _ => said!("they belong to others"),
        }),
    })
}

fn access(
    transfer: &Invitation,
    has_recipient: bool,
    holders: Vec<Holder>,
) -> Vec<wire::AccessChange> {
    let change = |who: String, before: &str, after: String| wire::AccessChange {
        who,
        before: before.to_owned(),
        after,
    };
    let kept = match transfer.terms.keep_access() {
        KeepAccess::None => "none".to_owned(),
        KeepAccess::Read { until } => held(Level::Read, until),
    };
    let mut all = vec![change(transfer.source_name.clone(), "own", kept)];
    // Whoever may do something with all of it before is told of once.
    let total = transfer.items.len();
    let had = |holder: &Holder| holder.becomes_owner && holder.items == total;
    if has_recipient && !holders.iter().any(had) {
        let to = show::recipient(&transfer.recipient);
        all.push(change(to, "none", "own".to_owned()));
    }
    all.extend(staying_holders(transfer, holders));
    all
}

/// `read`, `read until 2026-12-31T00:00:00Z`.
fn held(level: Level, until: Option<Time>) -> String {
    let level = show::level(level);
    match until {
        Some(until) => format!("{level} until {until}"),
        None => level.to_owned(),
    }
}

/// Who has access to some of the items before and afterwards.
fn staying_holders(
    invitation: &Invitation,
    holders: Vec<Holder>,
) -> impl Iterator<Item = wire::AccessChange> {
    let total = invitation.items.len();
    holders.into_iter().map(move |holder| {
        let level = held(holder.level, holder.until);
        wire::AccessChange {
            who: told(&match holder.items == total {
                true => holder.name,
                false => said!(
                    "{who} ({some} of {total} items)",
                    who = holder.name,
                    some = holder.items,
                    total
                ),
            }),
            after: match holder.becomes_owner {
                true => "own".to_owned(),
                false => level.clone(),
            },
            before: level,
        }
    })
}
