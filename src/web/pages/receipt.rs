//! What has become of an offer, to keep: whose it is now, under which names, and what now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::names;
use crate::actors::queries::{self, Shown};
use crate::domain::id::{AccountId, Context};
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing, Terms};
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
    place: String,
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

/// `GET /transfers/{id}/receipt`, `GET /invitations/{id}/receipt`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let place = offer::here(&id);
    let here = format!("{place}/receipt");
    let person = super::person(&app, browser, super::local(&here)).await?;
    let id = offer::id_of(&id)?;
    let settings = app.settings();
    let shown = queries::transfer(&settings, &person.account, id).await?;
    let transfer = &shown.transfer.document;
    let transfers = transfer.terms.is_transfer();
    let (made_to, made_on) = match transfers {
        true => ("Offered to", "Offered on"),
        false => ("Sent to", "Sent on"),
    };
    let mut facts = vec![
        fact("What", what(transfer)),
        fact("From", from(transfer)),
        fact(made_to, transfer.recipient.to_string()),
        fact(made_on, transfer.requested_at.for_people()),
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
            let taken = match transfer.terms {
                Terms::Ownership { .. } => "Owner now",
                Terms::Access { .. } => "Shared with",
                Terms::Membership { .. } | Terms::Workgroup => "Workgroup",
            };
            facts.push(fact(taken, words::plain(into_name)));
            facts.push(fact("Accepted", who_when(&app, *by, *at).await?));
            facts.push(offer::terms(transfer.terms));
            match transfer.terms {
                Terms::Ownership { .. } => {
                    accepted(&person, &shown, *into, into_name, renamed.len())
                }
                terms => came_true(&person, &shown, terms, *into, into_name),
            }
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
            return Ok(to(&place));
        }
    };
    let named = if transfers { "Transfer" } else { "Invitation" };
    facts.push(fact(named, id.to_string()));
    let view = Page {
        f: frame(&app, Some(&person)),
        place,
        heading: said.heading,
        tone: said.tone,
        says: said.says,
        facts,
        list: offer::items(&shown, asked.get("from").parse().unwrap_or(0)),
        steps: said.steps,
    };
    Ok(page(StatusCode::OK, &view))
}

fn what(invitation: &Invitation) -> String {
    let about = words::about(invitation);
    match invitation.terms.is_about_workgroup() {
        true => format!("workgroup {about}"),
        false => format!("{about}, {}", size(invitation.bytes())),
    }
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

/// What has become of a share or an invitation into a workgroup.
fn came_true(person: &Person, shown: &Shown, terms: Terms, into: Context, into_name: &str) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    let name = words::plain(into_name);
    let (heading, says, step) = match (terms, given) {
        (Terms::Access { level, until }, _) => {
            let own = into == Context::Personal(person.account.id);
            let access = format!("{}, {}", words::may(level), words::until_when(until));
            let heading = match (given, own) {
                (false, true) => "It is shared with you".to_owned(),
                _ => format!("It is shared with {}", words::short(into_name)),
            };
            let says = match (given, own) {
                (false, true) => format!("You may {access}. Its owner stays the owner."),
                _ => format!("“{name}” may {access}. Its owner stays the owner."),
            };
            let step = match given {
                true => "Change or revoke the access at any time.",
                false => "Open the items above. They count towards no storage of yours.",
            };
            (heading, says, step)
        }
        (Terms::Workgroup, true) => (
            "It was accepted".to_owned(),
            format!("“{name}” has its new owner."),
            "You are one of its administrators now.",
        ),
        (Terms::Workgroup, false) => (
            format!("You own {} now", words::short(into_name)),
            "Whoever owned it before is one of its administrators.".to_owned(),
            "Find it among your contexts.",
        ),
        (Terms::Membership { .. } | Terms::Ownership { .. }, true) => (
            "It was accepted".to_owned(),
            format!("“{name}” has a member more, who reads and writes all of its data."),
            "Change the role of a member, or remove one, at any time.",
        ),
        (Terms::Membership { .. } | Terms::Ownership { .. }, false) => (
            format!("You belong to {} now", words::short(into_name)),
            "You read and write all of its data.".to_owned(),
            "Find it among your contexts.",
        ),
    };
    let mut steps = vec![step.to_owned()];
    if !given {
        steps.push("The sender is told by a letter.".to_owned());
        steps.push("If this was not you, sign the others out on your account page, and tell the operators of this site.".to_owned());
    }
    Said {
        heading,
        tone: "good",
        says,
        steps,
    }
}

fn ended(shown: &Shown, how: &str) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    let transfers = shown.transfer.document.terms.is_transfer();
    let hands = if transfers { " hands" } else { "" };
    let says = match (transfers, given) {
        (true, true) => "Everything is still yours, and may be offered again.",
        (true, false) => "Everything stays with the sender.",
        (false, true) => "Everything is as it was. You can invite them again.",
        (false, false) => "Everything is as it was.",
    };
    Said {
        heading: format!("{how}: nothing has changed{hands}"),
        tone: "",
        says: says.to_owned(),
        steps: vec![if given {
            "The recipient is told by a letter if they had not answered.".to_owned()
        } else {
            "The sender is told by a letter.".to_owned()
        }],
    }
}
