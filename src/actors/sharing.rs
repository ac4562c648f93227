//! What an owner lets others do with its items: access that invitations and links give, and what is changed or taken back later.

mod access;
mod links;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context, ItemId, ItemKind, LinkId};
use crate::domain::invitation::{self, Source};
use crate::domain::item::Item;
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::store::Fault;

use super::context::{Answered, Question};
use super::load::{self, Versioned};
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::rights::{self, Permit};
use super::world::{Call, Settings, Trouble, World};

use access::{change, leave, revoke};

pub use access::lend;
use links::{deactivate, make_link};

/// An item has at most this many links, deactivated ones included.
const MAX_LINKS: usize = 1_000;

/// What is wanted of the access to an item.
#[derive(Debug, Clone)]
pub enum Command {
    /// Let a collaborator do more or less, or for another time; what is left out stays.
    Change {
        /// Which collaborator.
        grantee: Context,
        /// How much.
        level: Option<Level>,
        /// Until when; `Some(None)`: until revoked.
        until: Option<Option<Time>>,
    },
    /// Take a collaborator's access back.
    Revoke {
        /// Which collaborator.
        grantee: Context,
    },
    /// Give up the access of a context of one's own.
    Leave {
        /// Which context.
        grantee: Context,
    },
    /// Make a link through which it can be shared.
    MakeLink {
        /// How much the link gives.
        level: Level,
        /// When it ends by itself; `None`: never.
        expires_at: Option<Time>,
        /// How often it may be accepted; `None`: without bound.
        max_acceptances: Option<u32>,
    },
    /// Deactivate a link of it for good.
    Deactivate {
        /// Which.
        link: LinkId,
    },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The link that was made or deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// Whether it was done before, and nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Refusal>,
}

impl Done {
    const CHANGED: Self = Self {
        link: None,
        already: false,
        warnings: Vec::new(),
    };
}

/// Carries out a command about access to an item: the actor of its owner decides, or of whoever gives access up; this task commits.
pub async fn handle(
    world: &dyn World,
    call: &Call,
    item: ItemId,
    command: Command,
) -> Result<Done, Trouble> {
    let command = Arc::new(command);
    once(world, call, || {
        Box::pin(async {
            let context = decides(&world.settings(), call, item, &command).await?;
            let question = Question::Sharing {
                call: *call,
                item,
                command: Arc::clone(&command),
            };
            let (done, mut proposal) = match world.ask(context, question).await? {
                Answered::Sharing(done, proposal) => (done, proposal),
                _ => return Err(Fault::never("a context answered another question").into()),
            };
            let findings = std::mem::take(&mut proposal.findings);
            if !findings.blocks.is_empty() {
                return Err(findings.into());
            }
            Ok(Decision::done(done, proposal))
        })
    })
    .await
}

impl Answer for Done {
    fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

/// Who wants it; nobody who is not signed in.
pub fn caller(call: &Call) -> Result<AccountId, Trouble> {
    let refusal = || {
        Refusal::new(
            Code::NotSignedIn,
            said!("nobody is signed in"),
            said!("sign in first"),
        )
    };
    call.by.person.ok_or_else(|| refusal().into())
}

/// The context whose actor decides. Whoever may not even see the item is told that there is none.
async fn decides(
    settings: &Settings,
    call: &Call,
    id: ItemId,
    command: &Command,
) -> Result<Context, Trouble> {
    if let Command::Leave { grantee } = command {
        return Ok(*grantee);
    }
    let permit = owning(settings, caller(call)?, id, call.at).await?;
    Ok(permit.owner())
}

/// That somebody may act for the context that owns an item.
pub async fn owning(
    settings: &Settings,
    person: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Permit, Trouble> {
    let permit = rights::permit(settings, person, id, Level::Read, now).await?;
    if permit.level() < Level::Own {
        let sentence = match id.kind() {
            ItemKind::Run => {
                said!("this run belongs to somebody else, and only its owner shares it")
            }
            ItemKind::Project => {
                said!("this project belongs to somebody else, and only its owner shares it")
            }
        };
        return Err(
            Refusal::new(Code::ItemForbidden, sentence, said!("ask its owner"))
                .about(id)
                .into(),
        );
    }
    Ok(permit)
}

/// What the actor of a context decides about a command.
pub async fn decide(
    source: &Source,
    settings: &Settings,
    call: &Call,
    id: ItemId,
    command: &Command,
) -> Result<(Done, Proposal), Trouble> {
    let mut proposal = Proposal::default();
    if let Command::Leave { grantee } = command {
        leave(settings, call, id, *grantee, &mut proposal).await?;
        return Ok((Done::CHANGED, proposal));
    }
    let item = own(source, settings, call, id, &mut proposal).await?;
    let done = match command {
        Command::Change {
            grantee,
            level,
            until,
        } => {
            let asked = (*level, *until);
            change(
                source,
                settings,
                call,
                &item,
                *grantee,
                asked,
                &mut proposal,
            )
            .await?
        }
        Command::Revoke { grantee } => {
            let owner = &source.name;
            revoke(settings, call, &item, owner, *grantee, &mut proposal).await?
        }
        Command::MakeLink {
            level,
            expires_at,
            max_acceptances,
        } => {
            proposal.findings.absorb(invitation::sends(source, 0));
            let bounds = (*expires_at, *max_acceptances);
            make_link(settings, call, &item, *level, bounds, &mut proposal).await?
        }
        Command::Deactivate { link } => {
            deactivate(settings, call, &item, *link, &mut proposal).await?
        }
        Command::Leave { .. } => Done::CHANGED,
    };
    Ok((done, proposal))
}

/// The item, if it still belongs to this context and the person may act for it; both are guarded.
async fn own(
    source: &Source,
    settings: &Settings,
    call: &Call,
    id: ItemId,
    proposal: &mut Proposal,
) -> Result<Versioned<Item>, Trouble> {
    let store = &*settings.store;
    let item = load::one::<Item>(store, Key::Item(id)).await?;
    let ours = |item: &Versioned<Item>| item.document.owner == source.context;
    // It changed hands since it was looked up who decides.
    let item = item
        .filter(ours)
        .ok_or_else(|| Fault::retry(format!("{id} changed hands while it was read")))?;
    let (person, rests) = people::guarded(store, caller(call)?, &[source.context]).await?;
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    if !person.acts_for(source.context, &source.domain, &settings.policy) {
        return Err(rights::no_such_item(settings, id).into());
    }
    Ok(item)
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}
