//! Items and transfers: one owner, one offer at most, final states, who may, quotas and walls.

use std::collections::BTreeMap;

use handover::domain::event::{By, Event, What};
use handover::domain::id::{AccountId, Context, ItemId, LinkId};
use handover::domain::invitation::{Invitation, KeepAccess, Recipient, State, Terms};
use handover::domain::item::{Item, State as ItemState};
use handover::domain::key::{Counter, Key};
use handover::domain::link;
use handover::domain::policy::{Domain, InUse, Tier};
use handover::domain::rights::{Grant, Level, Origin, Part};
use handover::domain::workgroup::Role;

use super::{Seen, graves, moves};
use crate::shadow::{Change, Doc, Shadow};

/// What happened, in one word, for summaries.
pub fn kind_of(change: &Change) -> Option<&'static str> {
    let event = change.event.as_ref()?;
    match (&change.key, &event.what) {
        (Key::Invitation(_), What::Requested) => Some("requested"),
        (Key::Invitation(_), What::Pending) => Some("pending"),
        (Key::Invitation(_), What::Reminded) => Some("reminded"),
        (Key::Invitation(_), What::Resent) => Some("resent"),
        (Key::Invitation(_), What::Extended { .. }) => Some("extended"),
        (Key::Invitation(_), What::Accepted { .. }) if is_about_workgroup(change) => None,
        (Key::Invitation(id), What::Accepted { .. }) if !id.is_transfer() => Some("shared"),
        (Key::Invitation(_), What::Accepted { .. }) => Some("accepted"),
        (Key::Invitation(_), What::Declined) => Some("declined"),
        (Key::Invitation(_), What::Cancelled) => Some("cancelled"),
        (Key::Invitation(_), What::Expired) => Some("expired"),
        (Key::Grant(..), What::Granted { .. }) => Some("access kept"),
        (Key::Item(_), What::AccessGranted { .. }) => Some("access given"),
        (Key::Item(_), What::AccessChanged { .. }) => Some("access changed"),
        (Key::Item(_), What::AccessRevoked { .. }) => Some("access revoked"),
        (Key::Item(_), What::AccessLeft { .. }) => Some("access left"),
        (Key::Item(_), What::LinkMade { .. }) => Some("links made"),
        (Key::Item(_), What::LinkDeactivated { .. }) => Some("links deactivated"),
        (Key::Item(_), What::Registered) => Some("items registered"),
        (Key::Item(_), What::Moved { .. }) => Some("items moved"),
        (Key::Item(_), What::Trashed) => Some("trashed"),
        (Key::Item(_), What::Restored) => Some("restored"),
        (Key::Item(_), What::Archived) => Some("archived"),
        (Key::Item(_), What::Purged) => Some("purged"),
        (Key::Workgroup(_), What::Registered) => Some("workgroups made"),
        (Key::Workgroup(_), What::Closed) => Some("workgroups closed"),
        (Key::Workgroup(_), What::Reopened) => Some("workgroups reopened"),
        (Key::Workgroup(_), What::MemberJoined { .. }) => Some("joined"),
        (Key::Workgroup(_), What::MemberLeft { .. }) => Some("left"),
        (Key::Workgroup(_), What::MemberRemoved { .. }) => Some("removed"),
        (
            Key::Workgroup(_),
            What::MemberChanged {
                to: Role::Owner, ..
            },
        ) => Some("handed over"),
        (Key::Workgroup(_), What::MemberChanged { .. }) => Some("roles changed"),
        (Key::Move(_), What::Proposed) => Some("moves proposed"),
        (Key::Move(_), What::Approved) => Some("moves approved"),
        (Key::Move(_), What::Finished) => Some("moves done"),
        _ => None,
    }
}

fn is_about_workgroup(change: &Change) -> bool {
    matches!(&change.new, Some(Doc::Invitation(new)) if new.terms.is_about_workgroup())
}

pub fn describe(change: &Change) -> String {
    let who = match &change.event {
        Some(event) => format!(" {:?} by {:?}", event.what, event.by),
        None => String::new(),
    };
    match &change.new {
        None => format!("{:?} deleted", change.key),
        Some(Doc::Invitation(t)) => {
            let items: Vec<_> = t.items.iter().map(|i| i.item).collect();
            format!(
                "{} {}{who} to {} {items:?}",
                t.id,
                t.state.word(),
                t.recipient
            )
        }
        Some(Doc::Item(i)) => format!("{} of {} {:?} {:?}", i.id, i.owner, i.state, i.pending),
        Some(Doc::Membership(m)) => format!("{} {:?} in {}{who}", m.account, m.role, m.workgroup),
        Some(Doc::Workgroup(w)) => format!("{} {} {:?}{who}", w.id, w.handle, w.state),
        Some(Doc::Move(m)) => format!("{} {} {}{who}", m.id, m.state.word(), m.items),
        Some(Doc::Letter(l)) => format!("{} {:?} {:?}", l.id, l.says, l.delivery),
        Some(_) => format!("{:?}", change.key),
    }
}

pub fn must(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

pub fn check(seen: &Seen<'_>) -> Result<(), String> {
    for change in seen.changes {
        match (&change.old, &change.new) {
            (old, Some(Doc::Item(new))) => {
                let old = match old {
                    Some(Doc::Item(old)) => Some(&**old),
                    _ => None,
                };
                item(seen, change, old, new)?;
            }
            (old, Some(Doc::Invitation(new))) => {
                let old = match old {
                    Some(Doc::Invitation(old)) => Some(&**old),
                    _ => None,
                };
                transfer(seen, change, old, new)?;
            }
            (Some(Doc::Invitation(old)), _) => return Err(format!("{} was deleted", old.id)),
            (old, Some(Doc::Grant(new))) => grant(seen, old.as_ref(), new)?,
            (Some(Doc::Grant(old)), None) => {
                let whose = old.grantee;
                let revoked = told(seen, old.item, |what| {
                    *what == What::AccessRevoked { whose }
                });
                let left = told(seen, old.item, |what| *what == What::AccessLeft { whose });
                if revoked {
                    by_owner(seen, old.item)?;
                }
                let moved = moves::touches(seen, old.item, whose);
                let purged = seen.after.tombstone(old.item).is_some();
                let into = seen.after.item(old.item).map(|item| item.owner);
                let handed = transfers_of(seen)
                    .any(|t| hands_over(t, old.item) && (whose == t.source || Some(whose) == into));
                must(revoked || left || handed || moved || purged, || {
                    format!("access to {} went without cause", old.item)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

pub fn transfers_of<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = &'a Invitation> {
    seen.changes.iter().filter_map(|change| match &change.new {
        Some(Doc::Invitation(transfer)) => Some(&**transfer),
        _ => None,
    })
}

fn lists(transfer: &Invitation, item: ItemId) -> bool {
    transfer.items.iter().any(|offered| offered.item == item)
}

fn accepts(transfer: &Invitation, item: ItemId) -> bool {
    matches!(transfer.state, State::Accepted { .. }) && lists(transfer, item)
}

/// Whether the item changes hands by it.
fn hands_over(transfer: &Invitation, item: ItemId) -> bool {
    transfer.terms.is_transfer() && accepts(transfer, item)
}

// ---- items ----

fn item(seen: &Seen<'_>, change: &Change, old: Option<&Item>, new: &Item) -> Result<(), String> {
    let id = new.id;
    let event = change.event.as_ref();
    must(event.is_some(), || format!("{id} changed without an event"))?;
    running(seen.after, new)?;
    let Some(old) = old else {
        must(new.pending.is_none(), || {
            format!("{id} was registered as pending")
        })?;
        takes_in(seen, new.owner)?;
        return must(acts_for(seen, new.registered_by, new.owner), || {
            format!("{id} was registered in {} by a stranger", new.owner)
        });
    };
    let same = old.registered_by == new.registered_by && old.created_at == new.created_at;
    must(same, || format!("{id} is another item now"))?;
    let listed =
        |event: &&Event| matches!(&event.what, What::Changed { how } if how == "files were listed");
    if let Some(event) = event.filter(listed) {
        must(writes(seen, event, new), || {
            format!("files of {id} were listed by somebody who may not write to it")
        })?;
    }
    if old.owner != new.owner {
        takes_in(seen, new.owner)?;
    }
    if old.owner != new.owner && moves::hands_over(seen, change, old, new) {
        must(old.pending.is_none() && new.pending.is_none(), || {
            format!("{id} was moved while it was offered")
        })?;
    } else if old.owner != new.owner {
        let by = transfers_of(seen).find(|t| hands_over(t, id));
        let by = by.ok_or_else(|| format!("{id} changed its owner without an acceptance"))?;
        let State::Accepted { into, .. } = by.state else {
            return Err(format!("{id}: {} is not accepted", by.id));
        };
        must(by.source == old.owner && into == new.owner, || {
            format!(
                "{id} went from {} to {}, not as {} says",
                old.owner, new.owner, by.id
            )
        })?;
        must(new.pending.is_none(), || {
            format!("{id} is pending in its new home")
        })?;
        let told = matches!(event.map(|e| &e.what), Some(What::Transferred { transfer, from, to, name })
            if *transfer == by.id && *from == old.owner && *to == new.owner && *name == new.name);
        must(told, || {
            format!("the history of {id} does not tell of {}", by.id)
        })?;
    } else {
        must(old.name == new.name, || {
            format!("{id} was renamed where it is")
        })?;
        let ended = transfers_of(seen).any(|t| hands_over(t, id));
        must(!ended, || {
            format!("{id} was accepted and stays with {}", old.owner)
        })?;
    }
    if let Some(was) = old.pending.filter(|was| new.pending != Some(*was)) {
        let ends = transfers_of(seen).any(|t| t.id == was && !t.state.is_open());
        must(ends, || format!("{id} left {was}, which goes on"))?;
    }
    pending(seen.after, new)
}

/// A workgroup that is being closed takes nothing in.
fn takes_in(seen: &Seen<'_>, owner: Context) -> Result<(), String> {
    let open = match owner {
        Context::Workgroup(id) => seen.after.workgroup(id).is_some_and(|w| w.state.is_open()),
        Context::Personal(id) => seen.after.account(id).is_some(),
    };
    must(open, || format!("{owner} took something in, and is closed"))
}

/// An item and the open offer that lists it name each other.
fn pending(shadow: &Shadow, item: &Item) -> Result<(), String> {
    let Some(pending) = item.pending else {
        return Ok(());
    };
    let found = shadow.transfer(pending);
    let open =
        found.is_some_and(|t| t.state.is_open() && lists(t, item.id) && t.source == item.owner);
    must(open, || {
        format!(
            "{} is pending in {pending}, which is not an open offer of it",
            item.id
        )
    })
}

fn running(shadow: &Shadow, item: &Item) -> Result<(), String> {
    let analyses = shadow.analyses.iter().filter_map(|id| shadow.analysis(*id));
    let running = analyses.filter(|a| a.ended_at.is_none() && a.projects.contains(&item.id));
    let running = running.count();
    must(running == item.running_analyses as usize, || {
        format!(
            "{running} analyses write to {}, which says {}",
            item.id, item.running_analyses
        )
    })?;
    if item.id.kind() == handover::domain::id::ItemKind::Project {
        let files = shadow.files.get(&item.id);
        let listed: u64 = files.map_or(0, |files| files.values().sum());
        must(listed == item.bytes, || {
            format!(
                "{} says {} bytes, its files have {listed}",
                item.id, item.bytes
            )
        })?;
        let recorded = shadow.datasets(item.id);
        let recorded = recorded.map(|one| (one.name, (one.files, one.bytes)));
        let recorded: BTreeMap<String, (u64, u64)> = recorded.collect();
        let listed = shadow.datasets_of_files(item.id);
        must(recorded == listed, || {
            format!(
                "{} has the datasets {recorded:?}, its files say {listed:?}",
                item.id
            )
        })?;
    }
    Ok(())
}

fn grant(seen: &Seen<'_>, old: Option<&Doc>, new: &Grant) -> Result<(), String> {
    if matches!(old, Some(Doc::Grant(old)) if **old == *new) {
        return Ok(());
    }
    let before = match old {
        Some(Doc::Grant(old)) => old.parts.as_slice(),
        _ => &[],
    };
    let fresh = new.parts.iter().filter(|part| !before.contains(part));
    for part in fresh {
        let changed = before.iter().any(|was| was.origin == part.origin)
            && told(
                seen,
                new.item,
                |what| matches!(what, What::AccessChanged { whose, .. } if *whose == new.grantee),
            );
        if changed {
            by_owner(seen, new.item)?;
            continue;
        }
        let id = match part.origin {
            Origin::Kept(id) | Origin::Invitation(id) => id,
            Origin::Link(id) => {
                linked(seen, new, part, id)?;
                continue;
            }
        };
        graves::in_use(seen.after, new.item)?;
        let agreed = transfers_of(seen).find(|t| t.id == id && accepts(t, new.item));
        let agreed = agreed
            .ok_or_else(|| format!("access to {} was granted without an acceptance", new.item))?;
        let fits = match agreed.terms {
            Terms::Ownership {
                keep_access: KeepAccess::Read { until },
            } => new.grantee == agreed.source && part.level == Level::Read && part.until == until,
            Terms::Access { level, until } => {
                let into =
                    matches!(agreed.state, State::Accepted { into, .. } if into == new.grantee);
                into && part.level == level && part.until == until
            }
            _ => false,
        };
        must(fits, || format!("{new:?} is not what {} agreed", agreed.id))?;
    }
    Ok(())
}

/// Whether the item's journal says so in this commit.
fn told(seen: &Seen<'_>, item: ItemId, says: impl Fn(&What) -> bool) -> bool {
    let here = seen
        .changes
        .iter()
        .filter(|change| change.key == Key::Item(item));
    here.filter_map(|change| change.event.as_ref())
        .any(|event| says(&event.what))
}

/// What was done to the access to an item was done by somebody of the side that owns it.
fn by_owner(seen: &Seen<'_>, item: ItemId) -> Result<(), String> {
    let here = seen
        .changes
        .iter()
        .filter(|change| change.key == Key::Item(item));
    let by = here
        .filter_map(|change| change.event.as_ref()?.by.person)
        .next();
    let owner = seen.after.item(item).map(|item| item.owner);
    let may = by
        .zip(owner)
        .is_some_and(|(by, owner)| acts_for(seen, by, owner));
    must(may, || {
        format!("access to {item} was changed by {by:?}, who may not")
    })
}

/// A link gives what it says, while it is active, as often as it may; and only through the walls.
fn linked(seen: &Seen<'_>, new: &Grant, part: &Part, id: LinkId) -> Result<(), String> {
    let Some(Doc::Link(link)) = seen.after.docs.get(&Key::Link(id)) else {
        return Err(format!(
            "{} was shared by {id}, which is not there",
            new.item
        ));
    };
    let alive =
        link.state == link::State::Active && link.expires_at.is_none_or(|end| seen.commit.at < end);
    must(alive, || format!("{id} was accepted after its end"))?;
    graves::in_use(seen.after, new.item)?;
    let fits = link.item == new.item && part.level == link.level;
    must(fits, || format!("{id} gave what it does not say: {part:?}"))?;
    let item = seen.after.item(new.item);
    let item = item.ok_or_else(|| format!("{} is gone", new.item))?;
    must(seen.after.belongs(part.accepted_by, new.grantee), || {
        format!("{id} was accepted into {}, not theirs", new.grantee)
    })?;
    let way = (item.owner, link.created_by, id.to_string());
    through(seen, way, part.accepted_by, new.grantee)?;
    let counts = seen.commit.adds.iter();
    let counted = counts.filter(|add| add.counter == Counter::LinkUses(id) && add.by == 1);
    must(counted.count() == 1, || {
        format!("{id} was accepted and not counted")
    })?;
    let used = seen.after.counters.get(&Counter::LinkUses(id)).copied();
    let used = used.unwrap_or_default();
    must(
        link.max_acceptances
            .is_none_or(|most| used <= i64::from(most)),
        || format!("{id} was accepted {used} times"),
    )
}

// ---- transfers ----

fn transfer(
    seen: &Seen<'_>,
    change: &Change,
    old: Option<&Invitation>,
    new: &Invitation,
) -> Result<(), String> {
    let id = new.id;
    let event = change.event.as_ref();
    let event = event.ok_or_else(|| format!("{id} changed without an event"))?;
    must(event.at == seen.commit.at, || {
        format!("{id}: its event has another time")
    })?;
    if let Some(old) = old {
        must(old.state.is_open(), || {
            format!(
                "{id} was {} and is {} now: final states never change",
                old.state.word(),
                new.state.word()
            )
        })?;
        let mut kept = new.clone();
        kept.state = old.state.clone();
        kept.letters.clone_from(&old.letters);
        (kept.expires_at, kept.mailed_at) = (old.expires_at, old.mailed_at);
        must(kept == *old, || format!("{id} is another offer now"))?;
        let lost = matches!(new.state, State::Expired { .. }) && unreachable(seen, Some(old));
        must(lost || new.expires_at >= old.expires_at, || {
            format!("{id} was cut short")
        })?;
    }
    legal(old, new, &event.what)?;
    let reserves = new.terms.is_transfer();
    for offered in new.items.iter().filter(|_| reserves) {
        let item = seen.after.item(offered.item);
        let item = item.ok_or_else(|| format!("{id} offers {} that is not there", offered.item))?;
        let its = item.pending == Some(id) && item.owner == new.source;
        must(its == new.state.is_open(), || {
            format!(
                "{id} is {}, and {} is pending in {:?}",
                new.state.word(),
                item.id,
                item.pending
            )
        })?;
    }
    who(seen, event.by, old, new)?;
    match &new.state {
        State::Accepted { .. } => accepted(seen, event.by, old, new),
        State::Requested | State::Pending { .. } if old.is_none() => {
            let counter = Counter::OpenOffers(new.source, new.recipient.digest());
            let open = seen.after.counters.get(&counter).copied();
            must(open.unwrap_or_default() <= seen.policy.open_offers, || {
                format!(
                    "{open:?} offers of {} to {} are open",
                    new.source, new.recipient
                )
            })
        }
        State::Expired { at } => {
            let due = *at == new.expires_at && old.is_some_and(|old| *at == old.expires_at);
            must(
                *at <= seen.commit.at && (due || unreachable(seen, old)),
                || format!("{id} expired at {}, before {at}", seen.commit.at),
            )
        }
        State::Pending { .. } if old.is_some_and(|old| old.state == State::Requested) => {
            must(!unreachable(seen, old), || {
                format!("{id} reaches {}, which is closed", new.recipient)
            })
        }
        _ => Ok(()),
    }
}

/// Whether it waited for a workgroup that is closed by now.
fn unreachable(seen: &Seen<'_>, old: Option<&Invitation>) -> bool {
    let waited = old.filter(|old| old.state == State::Requested);
    match waited.map(|old| &old.recipient) {
        Some(Recipient::Workgroup { id, .. }) => {
            let found = seen.after.workgroup(*id);
            found.is_none_or(|workgroup| workgroup.state.is_closed())
        }
        _ => false,
    }
}

fn legal(old: Option<&Invitation>, new: &Invitation, what: &What) -> Result<(), String> {
    let from = old.map(|old| &old.state);
    let fits = matches!(
        (from, &new.state, what),
        (None, State::Requested, What::Requested)
            | (
                None | Some(State::Requested),
                State::Pending { .. },
                What::Pending
            )
            | (
                Some(State::Pending { .. }),
                State::Pending { .. },
                What::Reminded | What::Resent | What::Extended { .. },
            )
            | (
                Some(State::Pending { .. }),
                State::Accepted { .. },
                What::Accepted { .. }
            )
            | (
                Some(State::Pending { .. }),
                State::Declined { .. },
                What::Declined
            )
            | (
                Some(State::Requested | State::Pending { .. }),
                State::Cancelled { .. },
                What::Cancelled,
            )
            | (
                Some(State::Requested | State::Pending { .. }),
                State::Expired { .. },
                What::Expired
            )
    );

    must(fits, || {
        let from = from.map_or("nothing", State::word);
        format!(
            "{} went from {from} to {}, told as {what:?}",
            new.id,
            new.state.word()
        )
    })
}

pub fn acts_for(seen: &Seen<'_>, person: AccountId, context: Context) -> bool {
    let account = seen.after.account(person);
    let administers = account.is_some_and(|account| {
        let domain = domain_of(seen.after, context);
        domain.is_some_and(|domain| seen.policy.administers(&account.addresses, &domain))
    });
    administers || seen.after.belongs(person, context)
}

/// Whether whoever is named may write to the item: they act for its owner, or a context of theirs was granted it.
fn writes(seen: &Seen<'_>, event: &Event, item: &Item) -> bool {
    let Some(person) = event.by.person else {
        return false;
    };
    let granted = seen.after.docs.values().any(|doc| match doc {
        Doc::Grant(grant) => {
            let theirs = grant.item == item.id && seen.after.belongs(person, grant.grantee);
            theirs && grant.level(event.at) == Some(Level::Write)
        }
        _ => false,
    });
    granted || acts_for(seen, person, item.owner)
}

fn answers_for(seen: &Seen<'_>, person: AccountId, recipient: &Recipient) -> bool {
    match recipient {
        Recipient::Address(address) => {
            let account = seen.after.account(person);
            account.is_some_and(|account| account.has(address))
        }
        Recipient::Workgroup { id, .. } => {
            let membership = seen.after.membership(*id, person);
            membership.is_some_and(|m| m.role >= Role::Administrator)
        }
    }
}

/// Whether it would share an item that is gone or that its source does not own.
fn shares_what_is_not_theirs(seen: &Seen<'_>, new: &Invitation) -> bool {
    let theirs = |id: ItemId| {
        let item = seen.after.item(id);
        item.is_some_and(|item| item.owner == new.source)
    };
    let shares = matches!(new.terms, Terms::Access { .. });
    shares && !new.items.iter().all(|offered| theirs(offered.item))
}

/// Whether somebody may act for whoever offers: of what a workgroup offers of itself, as one of its administrators.
fn sends(seen: &Seen<'_>, person: AccountId, new: &Invitation) -> bool {
    let Context::Workgroup(id) = new.source else {
        return acts_for(seen, person, new.source);
    };
    if !new.terms.is_about_workgroup() {
        return acts_for(seen, person, new.source);
    }
    let membership = seen.after.membership(id, person);
    membership.is_some_and(|m| m.role >= Role::Administrator)
        || seen.after.account(person).is_some_and(|account| {
            let domain = domain_of(seen.after, new.source);
            domain.is_some_and(|domain| seen.policy.administers(&account.addresses, &domain))
        })
}

/// Whoever changed it was entitled to when it was committed.
fn who(seen: &Seen<'_>, by: By, old: Option<&Invitation>, new: &Invitation) -> Result<(), String> {
    let Some(person) = by.person else {
        let timed = match &new.state {
            State::Pending { .. } | State::Expired { .. } => old.is_some(),
            State::Cancelled { .. } => shares_what_is_not_theirs(seen, new),
            _ => false,
        };
        return must(timed, || {
            format!("{} is {} by nobody", new.id, new.state.word())
        });
    };
    let (side, may) = match &new.state {
        State::Accepted { by, .. } | State::Declined { by, .. } => {
            must(*by == person, || {
                format!("{} names another than who did it", new.id)
            })?;
            ("recipient", answers_for(seen, person, &new.recipient))
        }
        State::Cancelled { .. } if moves::withdraws(seen, new.source, person) => ("mover", true),
        State::Requested | State::Pending { .. } | State::Cancelled { .. } => {
            ("sender", sends(seen, person, new))
        }
        State::Expired { .. } => ("timer", false),
    };
    must(may, || {
        format!(
            "{person} made {} {}, and is not its {side} at the commit",
            new.id,
            new.state.word()
        )
    })
}

pub fn domain_of(shadow: &Shadow, context: Context) -> Option<Domain> {
    match context {
        Context::Personal(id) => Some(shadow.account(id)?.domain.clone()),
        Context::Workgroup(id) => Some(shadow.workgroup(id)?.domain.clone()),
    }
}

pub fn quota_of(seen: &Seen<'_>, context: Context) -> Option<u64> {
    let (own, tier): (Option<u64>, Tier) = match context {
        Context::Personal(id) => seen.after.account(id).map(|a| (a.quota, a.tier))?,
        Context::Workgroup(id) => seen.after.workgroup(id).map(|w| (w.quota, w.tier))?,
    };
    own.or_else(|| seen.policy.quota.get(&tier).copied().flatten())
}

fn accepted(
    seen: &Seen<'_>,
    by: By,
    old: Option<&Invitation>,
    new: &Invitation,
) -> Result<(), String> {
    let id = new.id;
    let State::Accepted {
        at,
        by: who,
        channel,
        into,
        ..
    } = new.state
    else {
        return Ok(());
    };
    let named = at == seen.commit.at && by.person == Some(who) && by.channel == channel;
    must(named, || {
        format!("{id}: the acceptance does not name person, channel and time")
    })?;
    let in_time = old.is_some_and(|old| at < old.expires_at);
    must(in_time, || format!("{id} was accepted too late"))?;
    must(seen.after.belongs(who, into), || {
        format!("{id} was accepted into {into}, which {who} does not belong to at the commit")
    })?;
    if let Recipient::Workgroup { id: workgroup, .. } = new.recipient {
        must(into == Context::Workgroup(workgroup), || {
            format!("{id} was offered to {workgroup} and accepted into {into}")
        })?;
    }
    if new.terms.is_about_workgroup() {
        return joins(seen, new, who, into);
    }
    walls(seen, new, who, into)?;
    if let Terms::Access { .. } = new.terms {
        return shared(seen, new, into);
    }
    for offered in &new.items {
        let Some(item) = seen.after.item(offered.item) else {
            continue;
        };
        let whole = item.state == ItemState::Active && item.trashed_inside == 0;
        must(whole, || format!("{} was accepted from the trash", item.id))?;
        let busy = item.running_analyses > 0 && seen.policy.in_use == InUse::Block;
        must(!busy, || {
            format!("{} was accepted while analyses write to it", item.id)
        })?;
        let kept = Key::Grant(item.id, new.source);
        let has = seen.after.docs.contains_key(&kept);
        let agreed = new.terms.keep_access() != KeepAccess::None;
        must(has == agreed, || {
            format!("{id}: what {} keeps was not agreed", new.source)
        })?;
        let old = Key::Grant(item.id, into);
        let ended = !seen.after.docs.contains_key(&old);
        must(ended, || {
            format!("{id}: {into} owns {}, and was granted it still", item.id)
        })?;
    }
    if let Some(quota) = quota_of(seen, into) {
        let usage = seen.after.usage(into);
        let bytes: u64 = new
            .items
            .iter()
            .map(|offered| seen.after.item(offered.item).map_or(0, |item| item.bytes))
            .sum();
        must(
            bytes == 0 || usage <= i64::try_from(quota).unwrap_or(i64::MAX),
            || format!("{id} brought {into} to {usage} bytes, over its quota of {quota}"),
        )?;
    }
    Ok(())
}

/// Whoever accepts an invitation into a workgroup belongs to it by that very commit, as what they were invited.
fn joins(seen: &Seen<'_>, new: &Invitation, who: AccountId, into: Context) -> Result<(), String> {
    must(into == new.source, || {
        format!("{} leads into {into}", new.id)
    })?;
    let Context::Workgroup(workgroup) = into else {
        return Err(format!("{} leads into a personal context", new.id));
    };
    let key = Key::Membership(workgroup, who);
    let change = seen.changes.iter().find(|change| change.key == key);
    let change = change.ok_or_else(|| format!("{} was accepted, and nobody joined", new.id))?;
    let fits = match (&change.old, &change.new, new.terms) {
        (None, Some(Doc::Membership(now)), Terms::Membership { role }) => now.role == role,
        (Some(Doc::Membership(old)), Some(Doc::Membership(now)), Terms::Workgroup) => {
            old.role == Role::Administrator && now.role == Role::Owner
        }
        _ => false,
    };
    must(fits, || {
        format!("{} was accepted, and {change:?} came of it", new.id)
    })
}

/// What was shared belongs to the sharer at the commit, and the access is there.
fn shared(seen: &Seen<'_>, new: &Invitation, into: Context) -> Result<(), String> {
    let Terms::Access { level, until } = new.terms else {
        return Ok(());
    };
    for offered in &new.items {
        let item = seen.after.item(offered.item);
        let theirs = |item: &Item| item.owner == new.source && item.state == ItemState::Active;
        must(item.is_some_and(theirs), || {
            format!("{}: {} was not theirs to share", new.id, offered.item)
        })?;
        let there = match seen.after.docs.get(&Key::Grant(offered.item, into)) {
            Some(Doc::Grant(grant)) => grant.parts.iter().any(|part| {
                let as_long = part.until.is_none() || (until.is_some() && part.until >= until);
                part.level >= level && as_long
            }),
            _ => false,
        };
        must(there, || {
            format!("{}: {into} was not given {}", new.id, offered.item)
        })?;
    }
    Ok(())
}

/// DOMAIN §4: public data enters a private domain through a collaborative workgroup of both only; private data stays inside.
fn walls(seen: &Seen<'_>, new: &Invitation, who: AccountId, into: Context) -> Result<(), String> {
    let way = (new.source, new.sender.account, new.id.to_string());
    through(seen, way, who, into)
}

fn through(
    seen: &Seen<'_>,
    (source, sender, id): (Context, AccountId, String),
    who: AccountId,
    into: Context,
) -> Result<(), String> {
    let from = domain_of(seen.after, source);
    let to = domain_of(seen.after, into);
    let (Some(from), Some(to)) = (from, to) else {
        return Err(format!("{id}: a context is gone"));
    };
    if from.is_public() && to.is_public() {
        return Ok(());
    }
    let Context::Workgroup(workgroup) = into else {
        return Err(format!(
            "{} of {} went to a person of {}",
            id,
            from.name(),
            to.name()
        ));
    };
    let collaborative = seen
        .after
        .workgroup(workgroup)
        .is_some_and(|w| w.collaborative);
    let both = seen.after.belongs(who, into) && seen.after.belongs(sender, into);
    let holds = if from.is_public() {
        collaborative && both
    } else {
        from == to
    };
    must(holds, || {
        format!(
            "{} went from {} to {} through the wall",
            id,
            from.name(),
            to.name()
        )
    })
}

/// The same for everything there is.
pub fn whole(shadow: &Shadow) -> Result<(), String> {
    for item in shadow.items() {
        pending(shadow, item)?;
        running(shadow, item)?;
    }
    let reserves = |t: &&Invitation| t.state.is_open() && t.terms.is_transfer();
    for transfer in shadow.transfers().filter(reserves) {
        for offered in &transfer.items {
            let item = shadow.item(offered.item);
            let its = item.is_some_and(|item| item.pending == Some(transfer.id));
            must(its, || {
                format!("{} is open without {}", transfer.id, offered.item)
            })?;
        }
    }
    Ok(())
}
