//! Addresses that letters do not reach, or that a mail server reported once.

use crate::actors::once::{Decision, once};
use crate::actors::proposal::Proposal;
use crate::actors::reach;
use crate::actors::world::{Call, Settings, Trouble, World};
use crate::domain::address::Address;
use crate::domain::id::Digest;
use crate::domain::index;
use crate::domain::key::Key;
use crate::domain::reach::Reach;
use crate::domain::said::said;
use crate::domain::time::Time;

use super::{List, Search, did, looks, operator, unknown};

/// Which addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubtful {
    /// Only those that nothing but codes is sent to, or only those that one letter came back from.
    pub undeliverable: Option<bool>,
    /// Only those where that began no earlier.
    pub since: Option<Time>,
}

impl Doubtful {
    fn fits(&self, reach: &Reach) -> bool {
        let undeliverable = reach.undeliverable.is_some();
        self.undeliverable
            .is_none_or(|wanted| wanted == undeliverable)
            && self
                .since
                .is_none_or(|since| reach.doubt().is_some_and(|(at, _)| at >= since))
    }
}

/// Addresses that letters do not reach, or that a mail server reported once.
///
/// # Errors
/// Whoever calls does not administer the site, or the store failed.
pub async fn addresses(
    settings: &Settings,
    call: &Call,
    which: Doubtful,
    after: Option<Digest>,
    limit: usize,
) -> Result<List<Reach, Digest>, Trouble> {
    looks(settings, call).await?;
    let prefix = index::undeliverable();
    let keep = |reach: &Reach| which.fits(reach);
    let all = which == Doubtful::default();
    let search = Search {
        store: &*settings.store,
        prefix,
        after: after.map(|digest| prefix.wide(digest.0).as_slice().to_vec()),
        limit,
        key: |bits| Key::Reach(Digest(bits)),
        keep: (!all).then_some(&keep as &(dyn Fn(&Reach) -> bool + Sync)),
        // They lie in no order of time.
        over: &|_| false,
    };
    let (found, next) = search.run().await?;
    Ok((found, next.map(Digest)))
}

/// What is known of one address; of one that nothing speaks against, that there is nothing.
///
/// # Errors
/// Whoever calls does not administer the site, nothing is known of it, or the store failed.
pub async fn address(
    settings: &Settings,
    call: &Call,
    address: &Address,
) -> Result<Reach, Trouble> {
    looks(settings, call).await?;
    let found = reach::of(&*settings.store, address).await?;
    let known = found.ok_or_else(|| nothing_known(address))?;
    Ok(known.document)
}

/// Says that an address works.
///
/// # Errors
/// Whoever calls does not administer the site, nothing is known of it, or the world failed.
pub async fn reset(world: &dyn World, call: &Call, of: &Address) -> Result<Reach, Trouble> {
    once(world, call, || Box::pin(forgiven(world, call, of))).await?;
    address(&world.settings(), call, of).await
}

fn nothing_known(address: &Address) -> Trouble {
    let sentence = said!("there is no doubtful address {address}", address);
    unknown(sentence, address)
}

async fn forgiven(
    world: &dyn World,
    call: &Call,
    address: &Address,
) -> Result<Decision<()>, Trouble> {
    let settings = world.settings();
    let mut proposal = Proposal::default();
    operator(&settings, call, &mut proposal).await?;
    let found = reach::of(&*settings.store, address).await?;
    let old = found.ok_or_else(|| nothing_known(address))?;
    if old.document.is_doubtful() {
        let how = format!("letters are sent to {} again", address.masked());
        let next = old.document.clone().works(call.at);
        proposal.replace(&old, &next, Some(&did(call, how)));
    }
    Ok(Decision::done((), proposal))
}
