//! Who passed an item on to its owner's side, or shared it with whoever sees it otherwise.

use crate::actors::links;
use crate::actors::queries;
use crate::actors::rights::Permit;
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::id::AccountId;
use crate::domain::invitation::Invitation;
use crate::domain::rights::{Origin, Reason};
use crate::web::App;
use crate::web::language::say;

use super::super::{Stop, words};

/// Whom to ask about an item.
pub struct Giver {
    pub account: AccountId,
    name: String,
    address: Address,
    /// The page that shows what they wrote with it.
    pub wrote: Option<String>,
}

impl Giver {
    /// Whoever sent this.
    pub fn of(invitation: &Invitation) -> Self {
        let sender = &invitation.sender;
        Self {
            account: sender.account,
            name: sender.name.clone(),
            address: sender.address.clone(),
            wrote: (invitation.message.as_ref()).map(|_| words::place(invitation.id)),
        }
    }

    /// `rita (rita@lab.example)`.
    pub fn said(&self) -> String {
        say!(
            "{name} ({address})",
            name = words::short(&self.name),
            address = self.address
        )
    }
}

/// Who invited the context through which it is seen, where whoever looks may see that invitation, or made the link that it came by.
pub async fn sharer(app: &App, reader: &Account, permit: &Permit) -> Result<Option<Giver>, Stop> {
    let Some(Reason::Granted(_, part) | Reason::Through(_, _, part)) = permit.reasons().first()
    else {
        return Ok(None);
    };
    let settings = app.settings();
    Ok(match part.origin {
        Origin::Kept(_) => None,
        Origin::Invitation(id) => {
            let known = queries::seen_of(&settings, reader, std::iter::once(id)).await?;
            known.get(&id).map(Giver::of)
        }
        Origin::Link(id) => links::maker(&settings, id).await?.and_then(|maker| {
            Some(Giver {
                account: maker.id,
                address: maker.primary().cloned()?,
                name: maker.name,
                wrote: None,
            })
        }),
    })
}
