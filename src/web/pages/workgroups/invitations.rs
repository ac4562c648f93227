//! Invitations into a workgroup: many at once, and those that wait.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::invitation::Command;
use crate::actors::invitation::workgroup::Invite;
use crate::actors::listing::Cursor;
use crate::actors::workgroups::look::{self, Seen};
use crate::domain::governance::{self, Act};
use crate::domain::id::InvitationId;
use crate::domain::invitation::{Invitation, Terms};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::workgroup::Role;
use crate::web::App;
use crate::web::api::read;
use crate::web::api::workgroups::{self as api, invitations as asking};
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::dialog;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::words::{self, Moment};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, to};
use crate::web::problem::Failure;
use crate::wire;

use super::{Head, may, meant, opened};

/// So many invitations on a page.
const SHOWN: usize = 30;

/// What was typed.
#[derive(Default)]
struct Typed {
    addresses: String,
    administrator: bool,
    rest: dialog::Typed,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        Self {
            addresses: form::lines(fields, "addresses"),
            administrator: fields.get("role") == Role::Administrator.word(),
            rest: dialog::Typed::of(fields),
        }
    }
}

struct Waiting {
    id: InvitationId,
    place: String,
    address: String,
    to_be: String,
    until: Moment,
    left: Option<String>,
    invited_by: String,
}

/// An address that was not invited, and why.
struct Refused {
    /// As it was typed, to stand in the form again.
    typed: String,
    address: String,
    why: Vec<wire::Guard>,
}

/// What became of the addresses that were sent.
#[derive(Default)]
struct Outcome {
    made: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Template)]
#[template(path = "pages/workgroup-invitations.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    head: Head,
    may_invite: bool,
    typed: Typed,
    outcome: Outcome,
    waiting: Vec<Waiting>,
    paged: bool,
    next: Option<String>,
    default_days: i64,
    once: String,
}

/// What a page says besides what waits.
#[derive(Default)]
struct Said {
    note: Option<String>,
    problems: Problems,
    typed: Typed,
    outcome: Outcome,
}

/// `GET /workgroups/{id}/invitations`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "/invitations").await?;
    let said = Said {
        note: match asked.get("done") {
            "invited" => Some(say!(
                "Invited. Each gets a letter, and finds the invitation on the home page after signing in."
            )),
            "resend" => Some(say!("It will be mailed again.")),
            "cancel" => Some(say!("Cancelled. It cannot be accepted any more.")),
            "offered" => Some(say!(
                "The workgroup is offered. You own it until they accept."
            )),
            _ => None,
        },
        ..Said::default()
    };
    let from = asked.get("from").parse().ok();
    render(&app, &person, &seen, from, said).await
}

async fn render(
    app: &App,
    person: &Person,
    seen: &Seen,
    from: Option<Cursor>,
    said: Said,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let (found, next) = look::invitations(&settings, seen, from, SHOWN).await?;
    let status = match (said.problems.is_empty(), &said.outcome) {
        (false, _) => said.problems.status,
        (true, Outcome { made, refused }) if made.is_empty() && !refused.is_empty() => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        (true, _) => StatusCode::OK,
    };
    let view = Page {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        head: Head::of(seen, "invitations"),
        may_invite: may(seen, Act::Invite),
        waiting: found.iter().map(|one| waiting(one, now)).collect(),
        paged: from.is_some(),
        next: next.map(|cursor| cursor.to_string()),
        default_days: settings.policy.default_expiry_ms / DAY_MS,
        once: form::once(app),
        note: said.note,
        problems: said.problems,
        typed: said.typed,
        outcome: said.outcome,
    };
    Ok(page(status, &view))
}

fn waiting(invitation: &Invitation, now: Time) -> Waiting {
    Waiting {
        id: invitation.id,
        place: words::place(invitation.id),
        address: invitation.recipient.to_string(),
        to_be: match invitation.terms {
            Terms::Membership { role } => speak(&role.said()),
            Terms::Workgroup | Terms::Ownership { .. } | Terms::Access { .. } => {
                say!("owner, by handing over")
            }
        },
        until: invitation.expires_at.into(),
        left: words::left(invitation.expires_at, now),
        invited_by: words::short(&invitation.sender.name),
    }
}

// ---- inviting ----

/// `POST /workgroups/{id}/invitations/invite`: each address is invited or refused by itself, and the refused ones stay in the form.
pub async fn invite(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let person = &posted.person;
    let seen = super::seen(&app, person, &id).await?;
    let typed = Typed::of(&posted.fields);
    let (problems, outcome) = match invited(&app, &posted, &seen, &typed).await {
        Ok(outcome) => (Problems::default(), outcome),
        Err(failure) => (Problems::of(failure)?, Outcome::default()),
    };
    let id = seen.workgroup.document.id;
    if problems.is_empty() && outcome.refused.is_empty() {
        return Ok(to(&format!("/workgroups/{id}/invitations?done=invited")));
    }
    let said = said(problems, typed, outcome);
    render(&app, person, &seen, None, said).await
}

/// What is to be said: what holds for every address is said once, and the form keeps whom it did not invite.
fn said(mut problems: Problems, mut typed: Typed, mut outcome: Outcome) -> Said {
    let Outcome { made, refused } = &mut outcome;
    if made.is_empty() && refused.len() > 1 {
        let first = refused.first().map(|one| one.why.clone());
        let everywhere = |guard: &wire::Guard| refused.iter().all(|one| one.why.contains(guard));
        let same: Vec<wire::Guard> = first.into_iter().flatten().filter(everywhere).collect();
        for one in refused.iter_mut() {
            one.why.retain(|guard| !same.contains(guard));
        }
        refused.retain(|one| !one.why.is_empty());
        if !same.is_empty() {
            problems = Problems {
                heading: say!("Nobody was invited"),
                all: same,
                status: StatusCode::UNPROCESSABLE_ENTITY,
            };
        }
    }
    if !made.is_empty() {
        typed.addresses = String::new();
        for one in &*refused {
            // Writing to a text does not fail.
            let _ = writeln!(typed.addresses, "{}", one.typed);
        }
    }
    Said {
        note: None,
        problems,
        typed,
        outcome,
    }
}

async fn invited(
    app: &App,
    posted: &Posted,
    seen: &Seen,
    typed: &Typed,
) -> Result<Outcome, Failure> {
    let workgroup = &seen.workgroup.document;
    if let Some(no) = governance::forbids(workgroup, seen.standing, Act::Invite) {
        return Err(no.into());
    }
    let mut problems = read::Problems::default();
    let role = posted.fields.given("role");
    let role = problems.keep(api::role(role.as_deref().unwrap_or("member")));
    let days = typed.rest.days(&mut problems);
    let pasted = [posted.fields.get("addresses").to_owned()];
    let addresses = problems.keep(asking::addresses(&pasted));
    let asked = role.zip(days).zip(addresses);
    let ((role, days), addresses) = problems.unless_any(asked)?;
    let id = workgroup.id;
    let call = posted.call(app, &format!("/workgroups/{id}/invitations/invite"));
    let invite = |to| Invite {
        workgroup: id,
        to,
        role: Some(role),
        message: typed.rest.message(),
        lifetime_ms: days.map(read::lifetime_ms),
    };
    let each = asking::each_invited(app, call, &addresses, invite).await?;
    let mut outcome = Outcome::default();
    for (text, one) in addresses.into_iter().zip(each) {
        let address = words::short(text);
        match one.invitation {
            Some(_) => outcome.made.push(address),
            None => outcome.refused.push(Refused {
                typed: text.to_owned(),
                address,
                why: one.guards,
            }),
        }
    }
    Ok(outcome)
}

// ---- those that wait ----

async fn act(
    app: &App,
    name: &str,
    posted: &Posted,
    verb: &str,
    command: Command,
) -> Result<Response, Stop> {
    let id = meant(app, posted, name).await?;
    let invitation: Result<InvitationId, _> = posted.fields.get("invitation").parse();
    let invitation = invitation.map_err(|_| Stop::Nothing)?;
    let account = posted.person.account.id;
    let place = format!("/workgroups/{id}/invitations");
    let call = posted.call(app, &format!("{place}/{verb}"));
    let done = match asking::of_this(app, account, &id.to_string(), invitation).await {
        Ok(()) => {
            let done = app.directory().transfer(invitation, call, command).await;
            done.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match done {
        Ok(_) => Ok(to(&format!("{place}?done={verb}"))),
        Err(failure) => {
            let said = Said {
                problems: Problems::of(failure)?,
                ..Said::default()
            };
            let seen = super::seen(app, &posted.person, &id.to_string()).await?;
            render(app, &posted.person, &seen, None, said).await
        }
    }
}

/// `POST /workgroups/{id}/invitations/resend`
pub async fn resend(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    act(&app, &id, &posted, "resend", Command::Resend).await
}

/// `POST /workgroups/{id}/invitations/cancel`
pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    act(&app, &id, &posted, "cancel", Command::Cancel).await
}
