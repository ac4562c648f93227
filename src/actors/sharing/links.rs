//! The links of an item: made, and deactivated for good.

use crate::actors::load::{self, Versioned};
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::event::What;
use crate::domain::id::{Digest, LinkId};
use crate::domain::index;
use crate::domain::invitation;
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::link::{self, Link};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::store::Direction;

use super::{Done, MAX_LINKS, caller, event};

pub(super) async fn make_link(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    level: Level,
    (expires_at, max_acceptances): (Option<Time>, Option<u32>),
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let item_id = item.document.id;
    let finds = invitation::sharable(&item.document, level);
    proposal.findings.absorb(finds);
    proposal
        .findings
        .absorb(link_problems(expires_at, max_acceptances, call.at));
    let prefix = index::links_of(item_id);
    let links = settings
        .store
        .scan(prefix, None, Direction::Forward, MAX_LINKS)
        .await?;
    if links.rows.len() >= MAX_LINKS {
        proposal.findings.block(
            Refusal::new(
                Code::TooMany,
                said!(
                    "{item} has had {most} links, as many as it may",
                    item = item_id,
                    most = MAX_LINKS
                ),
                said!("share it by an invitation"),
            )
            .about(item_id),
        );
    }
    let id = LinkId::from_bits(settings.ids.fresh(call.at));
    let link = Link {
        id,
        digest: Digest::of(settings.key.share(id).as_bytes()),
        item: item_id,
        level,
        created_by: caller(call)?,
        created_at: call.at,
        expires_at,
        max_acceptances,
        state: link::State::Active,
    };
    let what = What::LinkMade { link: id, level };
    proposal.replace(item, &item.document, Some(&event(call, what)));
    proposal.create(&link, None);
    Ok(Done {
        link: Some(id),
        ..Done::CHANGED
    })
}

fn link_problems(expires_at: Option<Time>, max_acceptances: Option<u32>, now: Time) -> Findings {
    let mut findings = Findings::default();
    if let Some(end) = expires_at.filter(|end| *end <= now) {
        findings.block(Refusal::field(
            "expires_at",
            said!("{until} has passed", until = end),
            said!("name a later moment, or none"),
        ));
    }
    if max_acceptances == Some(0) {
        findings.block(Refusal::field(
            "max_acceptances",
            said!("a link that nobody may accept is of no use"),
            said!("choose at least 1, or leave it out"),
        ));
    }
    findings
}

pub(super) async fn deactivate(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    id: LinkId,
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let old = load::one::<Link>(&*settings.store, Key::Link(id)).await?;
    let of_this = |link: &Versioned<Link>| link.document.item == item.document.id;
    let old = old
        .filter(of_this)
        .ok_or_else(crate::actors::links::not_found)?;
    let link = Some(id);
    if matches!(old.document.state, link::State::Deactivated { .. }) {
        return Ok(Done {
            link,
            already: true,
            ..Done::CHANGED
        });
    }
    let mut next = old.document.clone();
    next.state = link::State::Deactivated {
        at: call.at,
        by: caller(call)?,
    };
    let what = What::LinkDeactivated { link: id };
    proposal.replace(item, &item.document, Some(&event(call, what)));
    proposal.replace(&old, &next, None);
    Ok(Done {
        link,
        ..Done::CHANGED
    })
}
