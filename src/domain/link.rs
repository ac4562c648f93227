//! Links through which an item is shared: whoever is signed in and opens one may accept, as far as the domain walls allow.

use serde::{Deserialize, Serialize};

use super::document::{Derived, Document};
use super::id::{AccountId, Digest, ItemId, LinkId};
use super::index::Entry;
use super::key::Key;
use super::refusal::{Code, Refusal};
use super::rights::Level;
use super::said::{Said, said};
use super::time::Time;

/// Whether it may still be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It may.
    Active,
    /// It never will again; those who accepted keep their access until it is revoked.
    Deactivated {
        /// When.
        at: Time,
        /// By whom.
        by: AccountId,
    },
}

/// A link of an item. It stays with the item whoever owns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// The digest of its token, by which it is found. The token itself is derived from the site's key.
    pub digest: Digest,
    /// What it shares.
    pub item: ItemId,
    /// `Read` or `Write`.
    pub level: Level,
    /// Who made it.
    pub created_by: AccountId,
    /// When.
    pub created_at: Time,
    /// When it ends by itself; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// How often it may be accepted; `None`: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_acceptances: Option<u32>,
    /// Whether it may still be accepted.
    pub state: State,
}

impl Link {
    /// Why it cannot be accepted at this moment, whoever asks; `None` when it can. How often it was accepted is checked inside the
    /// commit.
    pub fn closed(&self, now: Time) -> Option<Refusal> {
        match (&self.state, self.expires_at) {
            (State::Deactivated { at, .. }, _) => Some(Refusal::new(
                Code::LinkClosed,
                said!("this link was deactivated on {at}", at),
                ask_for_another(),
            )),
            (State::Active, Some(end)) if end <= now => Some(Refusal::new(
                Code::LinkClosed,
                said!("this link ended on {end}", end),
                ask_for_another(),
            )),
            (State::Active, _) => None,
        }
    }

    /// That whoever made it does not stand on the owner's side any more, and cannot come back by it.
    pub fn left(&self) -> Refusal {
        Refusal::new(
            Code::LinkClosed,
            said!("you made this link for others, and the item is not yours any more"),
            said!("ask its owner to share it with you"),
        )
    }

    /// That it was accepted as often as it may be.
    pub fn used_up(&self) -> Refusal {
        Refusal::new(
            Code::LinkClosed,
            said!(
                self.max_acceptances.unwrap_or(1);
                "this link was accepted once, as often as it may be",
                "this link was accepted {n} times, as often as it may be"
            ),
            ask_for_another(),
        )
    }
}

fn ask_for_another() -> Said {
    said!("ask whoever gave it to you for a new one")
}

impl Document for Link {
    const TAG: &'static str = "link";
    fn key(&self) -> Key {
        Key::Link(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        vec![
            Derived::unique(Entry::LinkToken(self.digest), self.id),
            Derived::listed(Entry::LinkOf(self.item, self.id)),
        ]
    }
}
