//! What a workgroup is called and for, and handing it over.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::workgroups::look::{self, Seen};
use crate::actors::workgroups::{self, Change, Command};
use crate::domain::governance::{self, Act};
use crate::domain::time::DAY_MS;
use crate::domain::workgroup::Role;
use crate::web::App;
use crate::web::api::read;
use crate::web::api::workgroups::{self as api, invitations as asking};
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::dialog;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, to, words};
use crate::web::problem::Failure;
use crate::wire;

use super::{Head, may, meant, opened};

/// Among so many members administrators are looked for, to propose them.
const LOOKED_AT: usize = 100;

/// What was typed.
struct Typed {
    name: String,
    handle: String,
    description: String,
    heir: String,
    rest: dialog::Typed,
}

impl Typed {
    fn now(seen: &Seen) -> Self {
        let workgroup = &seen.workgroup.document;
        Self {
            name: words::plain(&workgroup.name),
            handle: workgroup.handle.to_string(),
            description: workgroup
                .description
                .as_deref()
                .map(words::plain)
                .unwrap_or_default(),
            heir: String::new(),
            rest: dialog::Typed::default(),
        }
    }
}

/// An administrator to whom it could be handed over.
struct Heir {
    address: String,
    name: String,
}

#[derive(Template)]
#[template(path = "pages/workgroup-settings.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    head: Head,
    typed: Typed,
    /// What it is for, for those who may only look.
    description: Option<String>,
    may_change: bool,
    may_hand_over: bool,
    may_close: bool,
    heirs: Vec<Heir>,
    default_days: i64,
    once: String,
}

/// `GET /workgroups/{id}/settings`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "/settings").await?;
    let note = match asked.get("done") {
        "changed" => Some(say!("Changed. Everybody sees it so from now on.")),
        _ => None,
    };
    let typed = Typed::now(&seen);
    render(&app, &person, &seen, typed, note, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    seen: &Seen,
    typed: Typed,
    note: Option<String>,
    problems: Problems,
) -> Result<Response, Stop> {
    let may_hand_over = may(seen, Act::HandOver);
    let view = Page {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        note,
        head: Head::of(seen, "settings"),
        typed,
        description: seen
            .workgroup
            .document
            .description
            .as_deref()
            .map(words::plain),
        may_change: may(seen, Act::Change),
        may_hand_over,
        may_close: may(seen, Act::Close),
        heirs: match may_hand_over {
            true => heirs(app, seen).await?,
            false => Vec::new(),
        },
        default_days: app.settings().policy.default_expiry_ms / DAY_MS,
        once: form::once(app),
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

async fn heirs(app: &App, seen: &Seen) -> Result<Vec<Heir>, Stop> {
    let id = seen.workgroup.document.id;
    let (members, _) = look::members(&app.settings(), id, None, LOOKED_AT).await?;
    let heirs = members
        .into_iter()
        .filter(|(membership, _)| membership.role == Role::Administrator)
        .filter_map(|(_, account)| {
            Some(Heir {
                address: account.primary()?.to_string(),
                name: words::short(&account.name),
            })
        });
    Ok(heirs.collect())
}

/// `POST /workgroups/{id}/settings/change`
pub async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = meant(&app, &posted, &id).await?;
    let text = |name| form::text(&posted.fields, name, 4 * governance::MAX_DESCRIPTION);
    let (name, handle, description) = (text("name"), text("handle"), text("description"));
    let mut problems = read::Problems::default();
    let wanted = problems.keep(api::handle_of(handle.trim()));
    let command = wanted.map(|wanted| {
        Command::Change(Change {
            name: Some(name.clone()),
            description: Some(description.clone()),
            handle: Some(wanted),
        })
    });
    let done = match problems.unless_any(command) {
        Ok(command) => {
            let call = posted.call(&app, &format!("/workgroups/{id}/settings/change"));
            let done = workgroups::handle(app.directory(), &call, id, &command).await;
            done.map_err(Failure::from)
        }
        Err(why) => Err(why.into()),
    };
    match done {
        Ok(_) => Ok(to(&format!("/workgroups/{id}/settings?done=changed"))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            let seen = super::seen(&app, &posted.person, &id.to_string()).await?;
            let typed = match may(&seen, Act::Change) {
                true => Typed {
                    name,
                    handle,
                    description,
                    ..Typed::now(&seen)
                },
                // Without fields to keep it in, what was sent would stand there as if it were so.
                false => Typed::now(&seen),
            };
            render(&app, &posted.person, &seen, typed, None, problems).await
        }
    }
}

/// `POST /workgroups/{id}/settings/hand-over`
pub async fn hand_over(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let seen = super::seen(&app, &posted.person, &id).await?;
    let typed = Typed {
        heir: form::text(&posted.fields, "heir", 400),
        rest: dialog::Typed::of(&posted.fields),
        ..Typed::now(&seen)
    };
    match offered(&app, &posted, &seen, &typed).await {
        Ok(()) => {
            let id = seen.workgroup.document.id;
            Ok(to(&format!("/workgroups/{id}/invitations?done=offered")))
        }
        Err(failure) => {
            let problems = Problems::of(failure)?;
            render(&app, &posted.person, &seen, typed, None, problems).await
        }
    }
}

async fn offered(app: &App, posted: &Posted, seen: &Seen, typed: &Typed) -> Result<(), Failure> {
    let mut problems = read::Problems::default();
    let days = typed.rest.days(&mut problems);
    let ask = wire::HandOverWorkgroup {
        to: typed.heir.trim().to_owned(),
        message: typed.rest.message(),
        expires_in_days: problems.unless_any(days)?,
    };
    let id = seen.workgroup.document.id;
    let call = posted.call(app, &format!("/workgroups/{id}/settings/hand-over"));
    asking::handed_over(app, call, seen, ask).await?;
    Ok(())
}
