//! Who may do what with an item, and every reason why.

mod entry;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::address::Address;
use super::document::{Derived, Document};
use super::id::{AccountId, Context, InvitationId, ItemId, LinkId};
use super::index::Entry;
use super::item::{Item, State};
use super::key::Key;
use super::policy::{Domain, Policy};
use super::refusal::{Code, Refusal};
use super::said::{Said, said};
use super::time::Time;
use super::workgroup::Membership;

/// What a grant lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Look at it.
    Read,
    /// Add to it and change it.
    Write,
    /// Everything, transfer included.
    Own,
}

impl Level {
    /// The word people use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Own => "own",
        }
    }
    /// The same, to be said in any language.
    pub fn said(self) -> Said {
        match self {
            Self::Read => said!("read" as "a level of access"),
            Self::Write => said!("read and write" as "a level of access"),
            Self::Own => said!("own" as "a level of access"),
        }
    }
}

/// Where a granted access comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A former owner kept it in this transfer.
    Kept(InvitationId),
    /// This invitation was accepted.
    Invitation(InvitationId),
    /// This link was accepted.
    Link(LinkId),
}

/// One access that was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `Read` or `Write`.
    pub level: Level,
    /// Where it comes from.
    pub origin: Origin,
    /// Who accepted it; of a kept access: who accepted the transfer in which it was agreed.
    pub accepted_by: AccountId,
    /// Since when.
    pub since: Time,
    /// Until when; `None`: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Part {
    /// Whether it holds at this moment.
    pub fn is_alive(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it gives whatever the other one gives, for as long.
    fn covers(&self, other: &Self) -> bool {
        let as_long = match (self.until, other.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine >= theirs,
        };
        self.level >= other.level && as_long
    }
}

/// What a context may do with an item it does not own: a collaborator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The item.
    pub item: ItemId,
    /// Who has the access.
    pub grantee: Context,
    /// Why. None covers another, so there are at most two: a longer `Read` beside a shorter `Write`.
    pub parts: Vec<Part>,
}

impl Grant {
    /// Nothing yet.
    pub const fn none(item: ItemId, grantee: Context) -> Self {
        Self {
            item,
            grantee,
            parts: Vec::new(),
        }
    }
    /// With one access more; what it covers goes, and it goes itself if another covers it.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        if self.parts.iter().any(|there| there.covers(&part)) {
            return self;
        }
        self.parts.retain(|there| !part.covers(there));
        self.parts.push(part);
        self
    }
    /// With another level or another end for whatever holds at this moment; what is left out stays.
    #[must_use]
    pub fn changed(&self, level: Option<Level>, until: Option<Option<Time>>, now: Time) -> Self {
        let alive = self.parts.iter().filter(|part| part.is_alive(now));
        let other = |part: &Part| Part {
            level: level.unwrap_or(part.level),
            until: until.unwrap_or(part.until),
            ..part.clone()
        };
        let none = Self::none(self.item, self.grantee);
        alive.map(other).fold(none, Self::with)
    }
    /// What gives most at this moment.
    pub fn strongest(&self, now: Time) -> Option<&Part> {
        let alive = self.parts.iter().filter(|part| part.is_alive(now));
        alive.max_by_key(|part| part.level)
    }
    /// Whether it gives something, or for longer, that the other one does not.
    pub fn gives_more_than(&self, other: &Self) -> bool {
        let covered = |part: &Part| other.parts.iter().any(|there| there.covers(part));
        !self.parts.iter().all(covered)
    }
    /// What it gives at this moment.
    pub fn level(&self, now: Time) -> Option<Level> {
        let alive = self.parts.iter().filter(|part| part.is_alive(now));
        alive.map(|part| part.level).max()
    }
}

impl Document for Grant {
    const TAG: &'static str = "grant";
    fn key(&self) -> Key {
        Key::Grant(self.item, self.grantee)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![
            Derived::listed(Entry::Granted(self.grantee, self.item)),
            Derived::numbered(Entry::Grantee(self.item, self.grantee), self.as_entry()),
        ]
    }
    fn concerns(&self) -> Vec<Context> {
        vec![self.grantee]
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        let part = |part: &Part| match part.until {
            Some(until) => format!("{} until {until}", part.level.word()),
            None => part.level.word().to_owned(),
        };
        let parts: Vec<String> = self.parts.iter().map(part).collect();
        vec![("level", parts.join(", "))]
    }
}

/// A person as rights see one: the account, and what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// Its memberships that the question touches.
    pub memberships: Vec<Membership>,
}

impl Person {
    /// Its id.
    pub fn id(&self) -> AccountId {
        self.account.id
    }
    /// What it is in this workgroup.
    pub fn role_in(&self, context: Context) -> Option<super::workgroup::Role> {
        let Context::Workgroup(workgroup) = context else {
            return None;
        };
        let here = |m: &&Membership| m.workgroup == workgroup && m.account == self.account.id;
        self.memberships.iter().find(here).map(|m| m.role)
    }
    /// Whether the context is the person's own or a workgroup they belong to.
    pub fn belongs_to(&self, context: Context) -> bool {
        context == Context::Personal(self.account.id) || self.role_in(context).is_some()
    }
    /// Whether the person may act for the context: it is theirs, or they administer its domain.
    pub fn acts_for(&self, context: Context, domain: &Domain, policy: &Policy) -> bool {
        self.belongs_to(context) || policy.administers(&self.account.addresses, domain)
    }
}

/// Whoever asks what they may do with an item.
#[derive(Debug, Clone, Copy)]
pub struct Asks<'a> {
    /// `personal`, and the workgroups they belong to.
    pub contexts: &'a [Context],
    /// Their verified addresses.
    pub addresses: &'a [Address],
}

/// That a context is none of theirs; the same words whether there is such a context or not.
pub fn not_yours(context: Context) -> Refusal {
    Refusal::new(
        Code::RecipientNotAMember,
        said!("{context} is none of your contexts", context),
        said!(
            "choose one of your contexts, or ask an administrator of the workgroup to invite you"
        ),
    )
    .about(context)
}

/// Why somebody may do something with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The owning context is theirs.
    Owner(Context),
    /// They administer the domain it lies in.
    DomainAdministrator(Domain),
    /// A context of theirs has been granted access.
    Granted(Context, Part),
    /// It is a run, and a context of theirs has been granted access to a project of the same owner that its data went into.
    Through(ItemId, Context, Part),
}

impl Reason {
    /// What it lets them do.
    pub const fn level(&self) -> Level {
        match self {
            Self::Owner(_) | Self::DomainAdministrator(_) => Level::Own,
            Self::Granted(_, part) => part.level,
            Self::Through(..) => Level::Read,
        }
    }
}

/// Whose an item is, and whether it is in the trash: all that a right on it needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    /// The item.
    pub item: ItemId,
    /// Who owns it.
    pub owner: Context,
    /// Active, trashed or archived.
    pub state: State,
}

impl From<&Item> for Whose {
    fn from(item: &Item) -> Self {
        Self {
            item: item.id,
            owner: item.owner,
            state: item.state,
        }
    }
}

/// What the question rests on, besides the person.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The item.
    pub whose: Whose,
    /// The domain of the context that owns it; `None` where the person administers no domain, so that it need not be known.
    pub owner_domain: Option<&'a Domain>,
    /// Grants on it.
    pub grants: &'a [Grant],
    /// Of a run: projects that its data went into, and grants on them.
    pub through: &'a [(Whose, Vec<Grant>)],
}

/// The effective right of a person on an item at a moment: every reason for it, the strongest first. None: the person may not even know
/// that it exists.
pub fn effective(asks: Asks<'_>, facts: Facts<'_>, policy: &Policy, now: Time) -> Vec<Reason> {
    let theirs = |reason: &Reason| match reason {
        Reason::Owner(context) | Reason::Granted(context, _) | Reason::Through(_, context, _) => {
            asks.contexts.contains(context)
        }
        Reason::DomainAdministrator(domain) => policy.administers(asks.addresses, domain),
    };
    let mut reasons = everybody(facts, now);
    reasons.retain(theirs);
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level()));
    reasons
}

/// Why anybody at all can see an item at a moment. What one person may do is a part of this, so the two answers never differ.
///
/// What is in the trash is seen by its owner alone; grants on it hold again when it is restored.
pub fn everybody(facts: Facts<'_>, now: Time) -> Vec<Reason> {
    let whose = facts.whose;
    let mut reasons = vec![Reason::Owner(whose.owner)];
    let domain = facts.owner_domain.cloned();
    reasons.extend(domain.map(Reason::DomainAdministrator));
    if whose.state == State::Trashed {
        return reasons;
    }
    let direct = held(whose, facts.grants, now);
    reasons.extend(direct.map(|(to, part)| Reason::Granted(to, part)));
    for (project, grants) in facts.through {
        // Whoever was given a project can share it, but not the run of somebody else that it came from.
        if project.owner == whose.owner {
            let held = held(*project, grants, now);
            reasons.extend(held.map(|(to, part)| Reason::Through(project.item, to, part)));
        }
    }
    reasons
}

/// What these grants give on an item at a moment, and to whom.
fn held(on: Whose, grants: &[Grant], now: Time) -> impl Iterator<Item = (Context, Part)> {
    let alive = move |part: &&Part| on.state != State::Trashed && part.is_alive(now);
    let here = grants.iter().filter(move |grant| grant.item == on.item);
    here.flat_map(move |grant| {
        let parts = grant.parts.iter().filter(alive);
        parts.map(|part| (grant.grantee, part.clone()))
    })
}

/// What these reasons let somebody do.
pub fn level(reasons: &[Reason]) -> Option<Level> {
    reasons.iter().map(Reason::level).max()
}

#[cfg(test)]
mod tests;
