//! Who works with an item: collaborators, invitations that wait, and links; for its owner. Everybody else may give their access up here.

pub mod deeds;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::collaborators::{self, Collaborator};
use crate::actors::links::{self, Made};
use crate::actors::names;
use crate::actors::rights::{self, Permit};
use crate::actors::workgroups::look;
use crate::actors::world::Trouble;
use crate::domain::account::Account;
use crate::domain::id::{Context, ItemId, ItemKind, LinkId, WorkgroupId};
use crate::domain::item::{Item, State as ItemState};
use crate::domain::policy::Registration;
use crate::domain::rights::{Level, Origin, Reason};
use crate::domain::time::Time;
use crate::domain::workgroup::Membership;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::form::{self, Fields};
use super::words::{self, Moment};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// So many of each are listed.
const LISTED: usize = 100;
/// And so many members of the owner; all of them have a page of their own.
const MEMBERS: usize = 20;

struct One {
    context: Context,
    name: String,
    /// Whether the form that changes it stands open, with what was typed.
    open: bool,
    write: bool,
    access: String,
    accepted_by: String,
    address: Option<String>,
    since: String,
    /// The day it ends, as the field for it wants it.
    day: String,
    why: String,
    /// Whether the link that it came by can be accepted again.
    again: bool,
}

/// What was typed to make a link, or to change somebody's access.
#[derive(Default)]
struct Typed {
    /// Whose; empty: a link's.
    who: String,
    write: bool,
    until: String,
    most: String,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let text = |name| form::text(fields, name, 40);
        Self {
            who: text("who"),
            write: fields.get("level") == "write",
            until: text("until"),
            most: text("most"),
        }
    }
}

struct Waiting {
    place: String,
    recipient: String,
    access: String,
    until: Moment,
}

struct Link {
    id: String,
    url: String,
    /// The word that programs use for the state.
    state: &'static str,
    stands: String,
    active: bool,
    level: String,
    accepted: String,
    until: String,
}

struct Member {
    name: String,
    role: String,
}

/// The workgroup that owns it, with its first members.
struct Team {
    id: WorkgroupId,
    name: String,
    /// None where whoever looks may not see who is in it.
    members: Vec<Member>,
    more: bool,
}

/// What an owner sees.
struct Owned {
    /// Who owns it, by name.
    owner: String,
    /// The same if it is a workgroup.
    team: Option<Team>,
    people: Vec<One>,
    waiting: Vec<Waiting>,
    links: Vec<Link>,
    /// Whether anybody may register.
    open: bool,
    /// Whether there are more links or invitations.
    unlisted: bool,
    /// After whom this page of those who have access begins; `None`: it is the first.
    after: Option<Context>,
    /// After whom they go on.
    next: Option<Context>,
}

/// An access that somebody may give up.
struct Held {
    context: Context,
    name: String,
}

#[derive(Template)]
#[template(path = "pages/people.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    /// That it is in the trash, or archived, and what that means here.
    resting: Option<String>,
    /// Whether that is about links.
    of_links: bool,
    /// Whether it tells of something that is still to be done.
    to_do: bool,
    id: String,
    name: String,
    run: bool,
    owned: Option<Owned>,
    held: Vec<Held>,
    /// What was typed to make a link, if something was wrong with it.
    making: Option<Typed>,
    once: String,
}

/// `GET /items/{id}/links`
pub async fn links(Path(id): Path<String>) -> Response {
    to(&format!("{}/people", super::local(&format!("/items/{id}"))))
}

/// `GET /items/{id}/people`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let here = format!("/items/{id}/people");
    let person = super::person(&app, browser, super::local(&here)).await?;
    let at = (item(&id)?, asked.get("at").parse().ok());
    render(&app, &person, at, &asked, Problems::default()).await
}

/// What came of what was just done; a link that is open lets in again whoever was shut out.
fn note(done: &str, open: bool) -> Option<String> {
    match done {
        "changed" => Some(say!("Changed. It holds from now on.")),
        "revoked" if open => Some(say!(
            "Revoked: that access has ended. But a link to it is active: whoever has that link may accept it again, until you deactivate it."
        )),
        "revoked" => Some(say!("Revoked: that access has ended.")),
        "made" => Some(say!(
            "The link is made. Whoever is signed in and opens it may accept it."
        )),
        "deactivated" => Some(say!(
            "The link is deactivated for good. Who accepted it before keeps the access until you revoke it."
        )),
        _ => None,
    }
}

fn item(id: &str) -> Result<ItemId, Stop> {
    id.parse().map_err(|_| Stop::Nothing)
}

async fn render(
    app: &App,
    person: &Person,
    (id, after): (ItemId, Option<Context>),
    asked: &Fields,
    problems: Problems,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let done = asked.get("done");
    // What was typed stands there again where something was wrong with it.
    let typed = (!problems.is_empty()).then(|| Typed::of(asked));
    let permit = rights::permit(&settings, person.account.id, id, Level::Read, now).await?;
    let owned = match permit.as_owner() {
        None => None,
        Some(owning) => {
            let all = collaborators::of(&settings, owning, after, LISTED, now).await?;
            let made = links::of(&settings, owning).await?;
            let open: Vec<LinkId> = { made.iter() }
                .filter(|made| made.closed(now).is_none())
                .map(|made| made.link.id)
                .collect();
            let owner = permit.item().owner;
            let named = names::contexts(&settings, [owner]).await?;
            let name = named.get(&owner).map_or("", String::as_str);
            Some(Owned {
                owner: words::short(name),
                team: match owner {
                    Context::Personal(_) => None,
                    Context::Workgroup(id) => Some(team(app, person, id, name).await?),
                },
                open: matches!(settings.policy.sign_in.registration, Registration::Open),
                unlisted: made.len() > LISTED || all.pending.len() > LISTED,
                after,
                next: all.next,
                people: all
                    .granted
                    .into_iter()
                    .map(|granted| one(granted, &open, typed.as_ref()))
                    .collect(),
                waiting: all.pending.iter().take(LISTED).map(waiting).collect(),
                links: made
                    .iter()
                    .take(LISTED)
                    .map(|made| link(app, made, now))
                    .collect(),
            })
        }
    };
    let active = |owned: &Owned| owned.links.iter().any(|link| link.active);
    let linked = owned.as_ref().is_some_and(active);
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let view = Page {
        f: frame(app, Some(person)),
        person,
        of_links: matches!(done, "made" | "deactivated"),
        resting: resting(permit.item()),
        to_do: done == "revoked" && linked,
        note: note(done, linked),
        id: id.to_string(),
        name: words::plain(&permit.item().name),
        run: id.kind() == ItemKind::Run,
        owned,
        held: held(person, &permit),
        making: typed.filter(|typed| typed.who.is_empty() && asked.get("link").is_empty()),
        once: form::once(app),
        problems,
    };
    Ok(page(status, &view))
}

fn resting(item: &Item) -> Option<String> {
    match item.state {
        ItemState::Active => None,
        ItemState::Archived => Some(say!(
            "It is archived: nobody can be invited until you take it out of the archive."
        )),
        ItemState::Trashed => Some(say!(
            "It is in the trash: until you restore it, those who have access do not see it, and nobody can be invited."
        )),
    }
}

async fn team(app: &App, person: &Person, id: WorkgroupId, name: &str) -> Result<Team, Stop> {
    let settings = app.settings();
    let (found, next) = match look::seen(&settings, person.account.id, id).await {
        Ok(_) => look::members(&settings, id, None, MEMBERS).await?,
        Err(Trouble::Refused(_)) => (Vec::new(), None),
        Err(fault) => return Err(fault.into()),
    };
    let member = |(membership, account): (Membership, Account)| Member {
        name: words::short(&account.name),
        role: speak(&membership.role.said()),
    };
    Ok(Team {
        id,
        name: words::short(name),
        members: found.into_iter().map(member).collect(),
        more: next.is_some(),
    })
}

/// The contexts of theirs that were granted access to this very item.
fn held(person: &Person, permit: &Permit) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for reason in permit.reasons() {
        let Reason::Granted(context, _) = reason else {
            continue;
        };
        let Some(own) = person.own(*context) else {
            continue;
        };
        if !all.iter().any(|held| held.context == *context) {
            all.push(Held {
                context: *context,
                name: words::context_name(*context, &own.name),
            });
        }
    }
    all
}

fn one(one: Collaborator, open: &[LinkId], typed: Option<&Typed>) -> One {
    let typed = typed.filter(|typed| typed.who == one.context.to_string());
    One {
        context: one.context,
        name: words::short(&one.name),
        open: typed.is_some(),
        write: typed.map_or(one.part.level == Level::Write, |typed| typed.write),
        access: say!(
            "{level}, {until}",
            level = one.part.level.said(),
            until = words::until_when(one.part.until)
        ),
        accepted_by: match (one.context, one.address) {
            (Context::Workgroup(_), Some(address)) => {
                say!(
                    "{name} ({address})",
                    name = words::short(&one.accepted_by),
                    address
                )
            }
            _ => words::short(&one.accepted_by),
        },
        address: one.own_address.map(|address| address.to_string()),
        again: matches!(one.part.origin, Origin::Link(id) if open.contains(&id)),
        since: words::date(one.part.since),
        day: match typed {
            Some(typed) => typed.until.clone(),
            None => { one.part.until }
                .and_then(|until| until.to_string().get(..10).map(str::to_owned))
                .unwrap_or_default(),
        },
        why: match one.part.origin {
            Origin::Kept(_) => say!("agreed with its transfer"),
            Origin::Invitation(_) => say!("by invitation"),
            Origin::Link(_) => say!("by link"),
        },
    }
}

fn waiting(invitation: &crate::domain::invitation::Invitation) -> Waiting {
    let terms = super::offer::terms(invitation.terms);
    Waiting {
        place: words::place(invitation.id),
        recipient: speak(&invitation.recipient.said()),
        access: terms.value,
        until: invitation.expires_at.into(),
    }
}

fn link(app: &App, made: &Made, now: Time) -> Link {
    let link = &made.link;
    let state = made.state(now);
    Link {
        id: link.id.to_string(),
        url: format!(
            "{}/l/{}",
            app.site().public_url,
            app.settings().key.share(link.id)
        ),
        state,
        stands: stands(state),
        active: state == "active",
        level: speak(&link.level.said()),
        accepted: match link.max_acceptances {
            Some(most) => say!("accepted {n} of {most} times", n = made.accepted, most),
            None => say!("accepted {times}", times = words::times(made.accepted)),
        },
        until: match link.expires_at {
            Some(until) => say!("until {until}", until),
            None => say!("until it is deactivated"),
        },
    }
}

/// What a program calls the state of a link, as people say it.
fn stands(state: &str) -> String {
    match state {
        "active" => say!("active"),
        "deactivated" => say!("deactivated"),
        "expired" => say!("expired"),
        "used-up" => say!("used up"),
        other => other.to_owned(),
    }
}
