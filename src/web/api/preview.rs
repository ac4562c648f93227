//! A preview as the API shows it: what moves, what stays and why, who keeps, gains or loses access.

use crate::actors::consequences::{self, Holder, Staying};
use crate::actors::invitation::{Preview, To};
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::AccountId;
use crate::domain::invitation::{Invitation, KeepAccess};
use crate::domain::time::Time;
use crate::web::problem::guards;
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

fn stays(staying: Staying) -> Vec<wire::Stays> {
    let mut all: Vec<wire::Stays> = Vec::with_capacity(staying.items.len());
    for (item, owner) in staying.items {
        let (kind, id) = (item.id.kind().word(), item.id);
        all.push(wire::Stays {
            what: format!("{kind} \"{}\" ({id})", item.name),
            why: format!("it is not named in this offer and stays with \"{owner}\""),
        });
    }
    if staying.unseen > 0 {
        all.push(wire::Stays {
            what: format!("{} runs or projects that you cannot see", staying.unseen),
            why: "they belong to others".to_owned(),
        });
    }
    all
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
        KeepAccess::Read { until: None } => "read".to_owned(),
        KeepAccess::Read { until: Some(until) } => format!("read until {until}"),
    };
    let mut all = vec![change(transfer.source_name.clone(), "own", kept)];
    if has_recipient {
        let to = show::recipient(&transfer.recipient);
        all.push(change(to, "none", "own".to_owned()));
    }
    let total = transfer.items.len();
    for holder in holders {
        let who = if holder.items == total {
            holder.name
        } else {
            format!("{} ({} of {total} items)", holder.name, holder.items)
        };
        let level = show::level(holder.level);
        all.push(change(who, level, level.to_owned()));
    }
    all
}
