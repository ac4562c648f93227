//! The document of a context: an account or a workgroup.

use crate::actors::load::{self, Versioned};
use crate::actors::members;
use crate::actors::world::{self, Settings};
use crate::domain::account::Account;
use crate::domain::id::Context;
use crate::domain::key::Key;
use crate::domain::policy::{Domain, Tier};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::Workgroup;
use crate::store::{Fault, Record, Store};

/// The document of a context.
#[derive(Debug, Clone)]
pub enum Owner {
    /// A person's.
    Account(Versioned<Account>),
    /// A workgroup's.
    Workgroup(Versioned<Workgroup>),
}

impl Owner {
    /// Where it is kept.
    pub const fn key(context: Context) -> Key {
        match context {
            Context::Personal(id) => Key::Account(id),
            Context::Workgroup(id) => Key::Workgroup(id),
        }
    }
    /// Reads it.
    pub async fn load(store: &dyn Store, context: Context) -> Result<Option<Self>, Fault> {
        let records = store.load(&[Self::key(context)]).await?;
        Self::read(context, records.first().and_then(Option::as_ref))
    }
    /// Decodes it.
    pub fn read(context: Context, record: Option<&Record>) -> Result<Option<Self>, Fault> {
        Ok(match context {
            Context::Personal(_) => load::read(record)?.map(Self::Account),
            Context::Workgroup(_) => load::read::<Workgroup>(record)?
                .filter(|found| !found.document.state.is_closed())
                .map(Self::Workgroup),
        })
    }
    /// Which context it is.
    pub fn context(&self) -> Context {
        match self {
            Self::Account(a) => Context::Personal(a.document.id),
            Self::Workgroup(w) => Context::Workgroup(w.document.id),
        }
    }
    /// Key and version, to be guarded.
    pub fn guard(&self) -> (Key, crate::store::Version) {
        match self {
            Self::Account(a) => (Key::Account(a.document.id), a.version),
            Self::Workgroup(w) => (Key::Workgroup(w.document.id), w.version),
        }
    }
    /// Its name for people.
    pub fn name(&self) -> String {
        match self {
            Self::Account(a) => format!("{} (Personal)", a.document.name),
            Self::Workgroup(w) => w.document.name.clone(),
        }
    }
    /// Where it lives.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Account(a) => &a.document.domain,
            Self::Workgroup(w) => &w.document.domain,
        }
    }
    pub(super) fn tier(&self) -> Tier {
        match self {
            Self::Account(a) => a.document.tier,
            Self::Workgroup(w) => w.document.tier,
        }
    }
    /// Its cap in bytes; `None`: no cap.
    pub fn quota(&self, settings: &Settings) -> Option<u64> {
        let own = match self {
            Self::Account(a) => a.document.quota,
            Self::Workgroup(w) => w.document.quota,
        };
        settings.policy.quota(own, self.domain(), self.tier())
    }
    /// Why nothing and nobody comes in; `None`: they may.
    pub fn shut(&self) -> Option<Refusal> {
        match self {
            Self::Workgroup(w) if !w.document.state.is_open() => {
                Some(members::closing(&w.document))
            }
            Self::Account(a) if a.document.closed_at.is_some() => Some(gone(&a.document)),
            Self::Account(a) if a.document.closing => Some(world::busy()),
            Self::Workgroup(_) | Self::Account(_) => None,
        }
    }
    /// Whether it is a collaborative workgroup.
    pub fn collaborative(&self) -> bool {
        matches!(self, Self::Workgroup(w) if w.document.collaborative)
    }
}

fn gone(account: &Account) -> Refusal {
    Refusal::new(
        Code::RecipientUnknown,
        said!("{name} has closed their account", name = account.name),
        said!("choose another context"),
    )
    .about(Context::Personal(account.id))
}
