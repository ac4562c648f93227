//! What the address of the list of transfers asks for.

use crate::actors::listing::{self, Cursor};
use crate::actors::world::Trouble;
use crate::domain::invitation::{Invitation, Sought};
use crate::web::App;
use crate::web::api::transfers;
use crate::web::language::say;

use super::super::Person;
use super::super::form::Fields;

/// What one may filter by.
pub const STATES: [&str; 6] = [
    "requested",
    "pending",
    "accepted",
    "declined",
    "cancelled",
    "expired",
];

/// What is listed; transfers, unless something else is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Transfers,
    Shares,
    Memberships,
    Workgroups,
    Every,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Transfers,
        Self::Shares,
        Self::Memberships,
        Self::Workgroups,
        Self::Every,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfers => "",
            Self::Shares => "share",
            Self::Memberships => "membership",
            Self::Workgroups => "workgroup",
            Self::Every => "every",
        }
    }

    /// The word that the terms of an invitation have; none: any.
    const fn sought(self) -> Option<&'static str> {
        match self {
            Self::Transfers => Some("transfer"),
            Self::Shares => Some("share"),
            Self::Memberships => Some("membership"),
            Self::Workgroups => Some("workgroup"),
            Self::Every => None,
        }
    }

    pub fn name(self) -> String {
        match self {
            Self::Transfers => say!("transfers"),
            Self::Shares => say!("invitations to runs and projects"),
            Self::Memberships => say!("invitations into workgroups"),
            Self::Workgroups => say!("workgroups handed over"),
            Self::Every => say!("offers and invitations of every kind"),
        }
    }
}

/// On which side of them whoever looks is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Either,
    Sent,
    Received,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Either, Self::Sent, Self::Received];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Either => "",
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }

    pub fn name(self) -> String {
        match self {
            Self::Either => say!("sent and received"),
            Self::Sent => say!("sent"),
            Self::Received => say!("received"),
        }
    }

    /// What stands above the names of the other side.
    pub fn other(self) -> String {
        match self {
            Self::Either => say!("To or from"),
            Self::Sent => say!("To"),
            Self::Received => say!("From"),
        }
    }
}

/// What the address asks for. A filter that is none filters nothing.
pub struct Asked {
    pub kind: Kind,
    pub role: Role,
    pub state: Option<&'static str>,
    pub context: Option<String>,
    pub from: Option<Cursor>,
}

impl Asked {
    pub fn of(fields: &Fields, person: &Person) -> Self {
        let state = fields.get("state");
        let context = fields.get("context");
        let own = person.contexts.iter().map(|own| own.context.to_string());
        Self {
            kind: (Kind::ALL.into_iter())
                .find(|kind| kind.word() == fields.get("kind"))
                .unwrap_or(Kind::Transfers),
            role: (Role::ALL.into_iter())
                .find(|role| role.word() == fields.get("role"))
                .unwrap_or(Role::Either),
            state: STATES.into_iter().find(|there| *there == state),
            context: own.into_iter().find(|own| own == context),
            from: fields.get("from").parse().ok(),
        }
    }

    pub fn filters(&self) -> String {
        format!(
            "kind={}&role={}&state={}&context={}",
            self.kind.word(),
            self.role.word(),
            self.state.unwrap_or(""),
            self.context.as_deref().unwrap_or("")
        )
    }

    /// Whether it stands here as one that was sent. What goes from one context of theirs to another is both.
    pub fn sent(&self, transfer: &Invitation, person: &Person) -> bool {
        let of = transfer.source;
        match &self.context {
            Some(context) => of.to_string() == *context,
            None => person.own(of).is_some(),
        }
    }

    pub async fn found(
        &self,
        app: &App,
        person: &Person,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<Invitation>, Option<Cursor>), Trouble> {
        let settings = app.settings();
        let context = self.context.as_deref();
        let account = person.account.id;
        let sides: &[Role] = match self.role {
            Role::Either => &[Role::Sent, Role::Received],
            Role::Sent => &[Role::Sent],
            Role::Received => &[Role::Received],
        };
        let (mut boxes, mut accepted) = (Vec::new(), false);
        for side in sides {
            let (of, only) = transfers::boxes(&settings, account, side.word(), context).await?;
            boxes.extend(of);
            accepted |= only;
        }
        let phases = transfers::phases(self.state)?;
        let sought = Sought {
            kind: self.kind.sought(),
            state: self.state,
            accepted: accepted && self.role == Role::Received,
            at: app.directory().now(),
        };
        let (mut all, next) =
            listing::page(&settings, &boxes, phases, from, limit, &sought).await?;
        if accepted {
            all.retain(|one| self.sent(one, person) || one.word_at(sought.at) == "accepted");
        }
        Ok((all, next))
    }
}
