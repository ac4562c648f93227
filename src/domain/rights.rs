//! Who may do what with an item, and every reason why.

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::document::{Derived, Document};
use super::id::{AccountId, Context, InvitationId, ItemId};
use super::index::Entry;
use super::item::Item;
use super::key::Key;
use super::policy::{Domain, Policy};
use super::refusal::{Code, Refusal};
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

/// What a context may do with an item it does not own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The item.
    pub item: ItemId,
    /// Who has the access.
    pub grantee: Context,
    /// How much.
    pub level: Level,
    /// The transfer in which it was agreed.
    pub kept_in: InvitationId,
    /// Since when.
    pub since: Time,
    /// Until when; `None`: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Document for Grant {
    const TAG: &'static str = "grant";
    fn key(&self) -> Key {
        Key::Grant(self.item, self.grantee)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![
            Derived::listed(Entry::Granted(self.grantee, self.item)),
            Derived::listed(Entry::Grantee(self.item, self.grantee)),
        ]
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

/// That a context is none of theirs; the same words whether there is such a context or not.
pub fn not_yours(context: Context) -> Refusal {
    Refusal::new(
        Code::RecipientNotAMember,
        format!("{context} is none of your contexts"),
        "choose one of your contexts, or ask an administrator of the workgroup to invite you",
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
    Granted(Grant),
}

/// The effective right of a person on an item at a moment: the level, and every reason for it. `None`: the person may not even know it exists.
pub fn effective(
    person: &Person,
    item: &Item,
    owner_domain: &Domain,
    grants: &[Grant],
    policy: &Policy,
    now: Time,
) -> (Option<Level>, Vec<Reason>) {
    let mut reasons = Vec::new();
    let mut level = None;
    if person.belongs_to(item.owner) {
        reasons.push(Reason::Owner(item.owner));
        level = Some(Level::Own);
    }
    if policy.administers(&person.account.addresses, owner_domain) {
        reasons.push(Reason::DomainAdministrator(owner_domain.clone()));
        level = Some(Level::Own);
    }
    for grant in grants {
        let alive = grant.until.is_none_or(|until| now < until);
        if grant.item == item.id && alive && person.belongs_to(grant.grantee) {
            level = level.max(Some(grant.level));
            reasons.push(Reason::Granted(grant.clone()));
        }
    }
    (level, reasons)
}
