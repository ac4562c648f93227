//! What has become of an offer, to keep: whose it is now, under which names, and what now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::names;
use crate::actors::queries::{self, Shown};
use crate::domain::id::{AccountId, Context};
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing};
use crate::domain::refusal::size;
use crate::domain::time::Time;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::Browser;

use super::form::Fields;
use super::words::{self, Fact, List, fact};
use super::{Frame, Person, Stop, frame, offer, page, to};

#[derive(Template)]
#[template(path = "pages/receipt.html")]
struct Page<'a> {
    f: Frame<'a>,
    id: String,
    heading: String,
    tone: &'static str,
    says: String,
    facts: Vec<Fact>,
    list: List,
    steps: Vec<String>,
}

/// Whether somebody ended it, so that there is something to keep.
pub const fn has(state: &Standing) -> bool {
    match state {
        Standing::Accepted { .. } | Standing::Declined { .. } | Standing::Cancelled { .. } => true,
        Standing::Requested | Standing::Pending { .. } | Standing::Expired { .. } => false,
    }
}

/// What a receipt says first.
struct Said {
    heading: String,
    tone: &'static str,
    says: String,
    steps: Vec<String>,
}

/// `GET /transfers/{id}/receipt`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let here = format!("/transfers/{id}/receipt");
    let person = super::person(&app, browser, super::local(&here)).await?;
    let settings = app.settings();
    let id = offer::id_of(&id)?;
    let shown = queries::transfer(&settings, &person.account, id).await?;
    let transfer = &shown.transfer.document;
    let mut facts = vec![
        fact(
            "What",
            format!(
                "{}, {}",
                words::what(&transfer.items),
                size(transfer.bytes())
            ),
        ),
        fact("From", from(transfer)),
        fact("Offered to", transfer.recipient.to_string()),
        fact("Offered on", transfer.requested_at.for_people()),
    ];
    let said = match &transfer.state {
        Standing::Accepted {
            at,
            by,
            into,
            into_name,
            renamed,
            ..
        } => {
            facts.push(fact("Owner now", words::plain(into_name)));
            facts.push(fact("Accepted", who_when(&app, *by, *at).await?));
            facts.push(fact(
                "Sender keeps",
                words::keeps(transfer.terms.keep_access()),
            ));
            accepted(&person, &shown, *into, into_name, renamed.len())
        }
        Standing::Declined { at, by, reason } => {
            facts.push(fact("Declined", who_when(&app, *by, *at).await?));
            if let Some(reason) = reason {
                facts.push(fact("Reason", words::plain(reason)));
            }
            ended(&shown, "Declined")
        }
        Standing::Cancelled { at, by, .. } => {
            facts.push(fact("Cancelled", who_when(&app, *by, *at).await?));
            ended(&shown, "Cancelled")
        }
        Standing::Requested | Standing::Pending { .. } | Standing::Expired { .. } => {
            return Ok(to(&format!("/transfers/{id}")));
        }
    };
    facts.push(fact("Transfer", id.to_string()));
    let view = Page {
        f: frame(&app, Some(&person)),
        id: id.to_string(),
        heading: said.heading,
        tone: said.tone,
        says: said.says,
        facts,
        list: offer::items(&shown, asked.get("from").parse().unwrap_or(0)),
        steps: said.steps,
    };
    Ok(page(StatusCode::OK, &view))
}

fn from(transfer: &Invitation) -> String {
    let sender = &transfer.sender;
    let name = words::plain(&sender.name);
    match words::source_name(transfer) {
        Some(source) => format!("{name} ({}), for {source}", sender.address),
        None => format!("{name} ({})", sender.address),
    }
}

async fn who_when(app: &App, who: AccountId, at: Time) -> Result<String, Fault> {
    let names = names::people(&app.settings(), [who]).await?;
    let name = names
        .get(&who)
        .map_or_else(|| "somebody".to_owned(), |name| words::plain(name));
    Ok(format!("by {name} on {}", at.for_people()))
}

fn accepted(
    person: &Person,
    shown: &Shown,
    into: Context,
    into_name: &str,
    renamed: usize,
) -> Said {
    let transfer = &shown.transfer.document;
    let name = words::plain(into_name);
    let mut steps = Vec::new();
    let given_away = shown.entitled.sender && !shown.entitled.recipient;
    let (heading, says) = if given_away {
        steps.push(match transfer.terms.keep_access() {
            KeepAccess::None => "You no longer see the items. This page stays.".to_owned(),
            kept => format!("You keep {}.", words::keeps(kept)),
        });
        steps.push("Your storage no longer counts them.".to_owned());
        (
            "It has changed hands".to_owned(),
            format!("“{name}” owns all of it since then. This cannot be undone."),
        )
    } else {
        steps.push("Open the items above. Their addresses are the same as before.".to_owned());
        if renamed > 0 {
            let items = words::count(renamed, "item");
            steps.push(format!(
                "Look at the new names: {items} had a name that was taken there."
            ));
        }
        steps.push(
            "The sender is told by a letter. Print this page if you keep records.".to_owned(),
        );
        steps.push("If this was not you, sign the others out on your account page, and tell the operators of this site.".to_owned());
        match into {
            Context::Personal(id) if id == person.account.id => (
                "It is yours".to_owned(),
                "You own all of it, and its storage counts as yours.".to_owned(),
            ),
            _ => (
                format!("It belongs to {} now", words::short(into_name)),
                format!(
                    "“{name}” owns all of it, and every member reads and writes it. Its storage counts there."
                ),
            ),
        }
    };
    Said {
        heading,
        tone: "good",
        says,
        steps,
    }
}

fn ended(shown: &Shown, how: &str) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    Said {
        heading: format!("{how}: nothing has changed hands"),
        tone: "",
        says: if given {
            "Everything is still yours, and may be offered again.".to_owned()
        } else {
            "Everything stays with the sender.".to_owned()
        },
        steps: vec![if given {
            "The recipient is told by a letter if they had not answered.".to_owned()
        } else {
            "The sender is told by a letter.".to_owned()
        }],
    }
}
