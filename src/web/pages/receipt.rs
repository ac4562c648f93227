//! What has become of an offer, to keep: whose it is now, under which names, and what now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::collaborators;
use crate::actors::consequences;
use crate::actors::names;
use crate::actors::queries::{self, Shown};
use crate::actors::rights::{self, Permit};
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing, Terms};
use crate::domain::time::Time;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::form::Fields;
use super::words::{self, Fact, List, fact};
use super::{Frame, Person, Stop, frame, offer, page, to};

#[derive(Template)]
#[template(path = "pages/receipt.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    place: String,
    /// Whether people call it an offer; else it is an invitation.
    offer: bool,
    heading: String,
    tone: &'static str,
    says: String,
    facts: Vec<Fact>,
    /// What the sender wrote.
    message: Option<String>,
    list: List,
    steps: Vec<String>,
    /// The list to look into now.
    onward: Option<Onward>,
}

/// The list that holds what was accepted.
struct Onward {
    path: &'static str,
    says: String,
    /// The context to act as there, if one acts as another now.
    switch: Option<Context>,
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
    let over = collaborators::has_ended(&settings, transfer, app.directory().now()).await?;
    let transfers = transfer.terms.is_transfer();
    let (made_to, made_on) = match transfers {
        true => (say!("Offered to"), say!("Offered on")),
        false => (say!("Sent to"), say!("Sent on")),
    };
    let mut facts = vec![
        fact(say!("What"), what(transfer)),
        fact(say!("From"), from(transfer)),
        fact(made_to, speak(&transfer.recipient.said())),
        fact(made_on, words::date(transfer.requested_at)),
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
                Terms::Ownership { .. } => say!("Owner now"),
                Terms::Access { .. } => say!("Shared with"),
                Terms::Membership { .. } | Terms::Workgroup => say!("Workgroup"),
            };
            facts.push(fact(taken, words::plain(into_name)));
            facts.push(fact(say!("Accepted"), who_when(&app, *by, *at).await?));
            facts.push(offer::terms(transfer.terms));
            match transfer.terms {
                Terms::Ownership { .. } => {
                    let others = others(&app, &person, transfer, *into).await?;
                    accepted(&person, &shown, (*into, into_name), (renamed.len(), others))
                }
                Terms::Access { .. } if over => was_shared(&shown, into_name),
                terms => came_true(&person, &shown, terms, *into, into_name),
            }
        }
        Standing::Declined { at, by, reason } => {
            facts.push(fact(say!("Declined"), who_when(&app, *by, *at).await?));
            if let Some(reason) = reason {
                facts.push(fact(say!("Reason"), words::plain(reason)));
            }
            ended(&shown, true, |hands| match hands {
                true => say!("Declined: nothing has changed hands"),
                false => say!("Declined: nothing has changed"),
            })
        }
        Standing::Cancelled { at, by, .. } => {
            facts.push(fact(say!("Cancelled"), who_when(&app, *by, *at).await?));
            ended(&shown, false, |hands| match hands {
                true => say!("Cancelled: nothing has changed hands"),
                false => say!("Cancelled: nothing has changed"),
            })
        }
        Standing::Requested | Standing::Pending { .. } | Standing::Expired { .. } => {
            return Ok(to(&place));
        }
    };
    let named = match transfers {
        true => say!("Transfer"),
        false => say!("Invitation"),
    };
    facts.push(fact(named, id.to_string()));
    let view = Page {
        f: frame(&app, Some(&person)),
        onward: onward(&person, transfer),
        offer: matches!(transfer.terms, Terms::Ownership { .. } | Terms::Workgroup),
        person: &person,
        place,
        heading: said.heading,
        tone: said.tone,
        says: said.says,
        facts,
        message: transfer.message.as_deref().map(words::plain),
        list: offer::items(&shown, (asked.get("from").parse().unwrap_or(0), here), over),
        steps: said.steps,
    };
    Ok(page(StatusCode::OK, &view))
}

/// Where the items, or those of the workgroup, are listed for whoever accepted, who may act as another context just now.
fn onward(person: &Person, accepted: &Invitation) -> Option<Onward> {
    let Standing::Accepted { into, .. } = &accepted.state else {
        return None;
    };
    let own = person.own(*into)?;
    let name = words::short(&own.name);
    let runs_only = !accepted.items.is_empty()
        && accepted
            .items
            .iter()
            .all(|one| one.item.kind() == ItemKind::Run);
    let (path, says) = match (accepted.terms, into, runs_only) {
        (Terms::Access { .. }, ..) => {
            return Some(Onward {
                path: "/shared",
                says: say!("Go to what is shared with you"),
                switch: None,
            });
        }
        (_, Context::Personal(_), true) => ("/runs", say!("Go to your runs")),
        (_, Context::Personal(_), false) => ("/projects", say!("Go to your projects")),
        (_, Context::Workgroup(_), true) => ("/runs", say!("Go to the runs of {name}", name)),
        (_, Context::Workgroup(_), false) => {
            ("/projects", say!("Go to the projects of {name}", name))
        }
    };
    Some(Onward {
        path,
        says,
        switch: (*into != person.acts_as.context).then_some(*into),
    })
}

fn what(invitation: &Invitation) -> String {
    let about = words::about(invitation);
    match invitation.terms.is_about_workgroup() {
        true => say!("workgroup {name}", name = about),
        false => words::sized(about, invitation.bytes()),
    }
}

fn from(transfer: &Invitation) -> String {
    let sender = &transfer.sender;
    let name = words::plain(&sender.name);
    match words::source_name(transfer) {
        Some(source) => {
            say!(
                "{name} ({address}), for {source}",
                name,
                address = sender.address,
                source
            )
        }
        None => format!("{name} ({})", sender.address),
    }
}

async fn who_when(app: &App, who: AccountId, at: Time) -> Result<String, Fault> {
    let names = names::people(&app.settings(), [who]).await?;
    let name = names
        .get(&who)
        .map_or_else(|| say!("somebody"), |name| words::plain(name));
    Ok(say!("by {name} on {at}", name, at))
}

/// Whether others have access to what was accepted, as long as it is where it went and whoever looks may know. What the sender keeps is
/// said with the terms.
async fn others(
    app: &App,
    person: &Person,
    transfer: &Invitation,
    into: Context,
) -> Result<Option<bool>, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let ids: Vec<ItemId> = transfer.items.iter().map(|item| item.item).collect();
    let permits = rights::permits(&settings, person.account.id, &ids, now).await?;
    let holds = |permit: &Permit| permit.owner() == into && permit.as_owner().is_some();
    let held = { permits.iter() }.all(|permit| permit.as_ref().is_some_and(holds));
    if !held {
        return Ok(None);
    }
    let open = consequences::is_open_to_others(&settings, transfer, &[into], now).await?;
    Ok(Some(open))
}

fn accepted(
    person: &Person,
    shown: &Shown,
    (into, into_name): (Context, &str),
    (renamed, others): (usize, Option<bool>),
) -> Said {
    let transfer = &shown.transfer.document;
    let name = words::plain(into_name);
    let mut steps = Vec::new();
    let given_away = shown.entitled.sender && !shown.entitled.recipient;
    let (heading, says) = if given_away {
        steps.push(match transfer.terms.keep_access() {
            KeepAccess::None => say!("You no longer see the items. This page stays."),
            kept => say!("You keep {keeps}.", keeps = words::keeps(kept)),
        });
        steps.push(say!("Your storage no longer counts them."));
        (
            say!("It has changed hands"),
            say!(
                "“{name}” owns all of it since then. This cannot be undone.",
                name
            ),
        )
    } else {
        steps.push(say!(
            "Open the items above to see what is in them. The files are where they were, and the sender can tell you how to get them."
        ));
        if renamed > 0 {
            steps.push(say!(
                renamed; "Look at the new names: {n} item had a name that was taken there.",
                "Look at the new names: {n} items had a name that was taken there."
            ));
        }
        steps.extend(others.map(|others| match others {
            true => say!(
                "Others have access to it: see on the pages of the items who they are, and end what you do not want."
            ),
            false => say!("It is shared with nobody else, and no sharing link leads to it."),
        }));
        steps.push(say!(
            "The sender is told by a letter. Print this page if you keep records."
        ));
        steps.push(not_you());
        match into {
            Context::Personal(id) if id == person.account.id => (
                say!("It is yours"),
                say!("You own all of it, and its storage counts as yours."),
            ),
            _ => (
                say!("It belongs to {name} now", name = words::short(into_name)),
                say!(
                    "“{name}” owns all of it, and every member may do everything with it. It takes up storage there.",
                    name
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

/// That a share was accepted, and gives nothing any more.
fn was_shared(shown: &Shown, into_name: &str) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    let step = match given {
        true => say!("You can invite them again."),
        false => say!("Ask whoever owns it if you need it again."),
    };
    Said {
        heading: say!("It was shared with {name}", name = words::short(into_name)),
        tone: "",
        says: say!("The access has ended since."),
        steps: vec![step],
    }
}

/// What has become of a share or an invitation into a workgroup.
fn came_true(person: &Person, shown: &Shown, terms: Terms, into: Context, into_name: &str) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    let name = words::plain(into_name);
    let (heading, says, step) = match (terms, given) {
        (Terms::Access { level, until }, _) => {
            let own = into == Context::Personal(person.account.id);
            let (may, until) = (words::may(level), words::until_when(until));
            let heading = match (given, own) {
                (false, true) => say!("It is shared with you"),
                _ => say!("It is shared with {name}", name = words::short(into_name)),
            };
            let says = match (given, own) {
                (false, true) => say!(
                    "You may {may} it, {until}. Its owner stays the owner.",
                    may,
                    until
                ),
                _ => say!(
                    "“{name}” may {may} it, {until}. Its owner stays the owner.",
                    name,
                    may,
                    until
                ),
            };
            let step = match given {
                true => say!("Change or revoke the access at any time."),
                false => say!(
                    "Open the items above. They count towards no storage of yours. The files stay where they are, and whoever invited you can tell you how to get them."
                ),
            };
            (heading, says, step)
        }
        (Terms::Workgroup, true) => (
            say!("It was accepted"),
            say!("“{name}” has its new owner.", name),
            say!("You are one of its administrators now."),
        ),
        (Terms::Workgroup, false) => (
            say!("You own {name} now", name = words::short(into_name)),
            say!("Whoever owned it before is one of its administrators."),
            say!("Find it among your contexts."),
        ),
        (Terms::Membership { .. } | Terms::Ownership { .. }, true) => (
            say!("It was accepted"),
            say!(
                "“{name}” has a member more, who may do everything with its data.",
                name
            ),
            say!("Change the role of a member, or remove one, at any time."),
        ),
        (Terms::Membership { .. } | Terms::Ownership { .. }, false) => (
            say!("You belong to {name} now", name = words::short(into_name)),
            say!("You may do everything with its data."),
            say!("Find it among your contexts."),
        ),
    };
    let mut steps = vec![step];
    if !given {
        steps.push(say!("The sender is told by a letter."));
        steps.push(not_you());
    }
    Said {
        heading,
        tone: "good",
        says,
        steps,
    }
}

fn not_you() -> String {
    say!(
        "If this was not you: Settings, in the menu Account, shows in which browsers you are signed in. Sign out of those that are not yours, and tell the operators of this site."
    )
}

fn ended(shown: &Shown, declined: bool, heading: impl FnOnce(bool) -> String) -> Said {
    let given = shown.entitled.sender && !shown.entitled.recipient;
    let transfers = shown.transfer.document.terms.is_transfer();
    let says = match (transfers, given) {
        (true, true) => say!("Everything is still yours, and may be offered again."),
        (true, false) => say!("Everything stays with the sender."),
        (false, true) => say!("Everything is as it was. You can invite them again."),
        (false, false) => say!("Everything is as it was."),
    };
    Said {
        heading: heading(transfers),
        tone: "",
        says,
        steps: vec![match (given, declined) {
            (true, true) => say!("If no reason is given, ask the recipient before you try again."),
            (true, false) => say!(
                "If the recipient had a letter about it, another one tells them that it is cancelled."
            ),
            (false, true) => say!("The sender is told by a letter."),
            (false, false) => say!("There is nothing left to answer."),
        }],
    }
}
