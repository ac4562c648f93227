//! Who belongs to a workgroup, and as what.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::workgroups::look::{self, Seen};
use crate::actors::workgroups::{self, Command};
use crate::domain::account::Account;
use crate::domain::governance::Act;
use crate::domain::id::{AccountId, WorkgroupId};
use crate::domain::workgroup::{Membership, Role};
use crate::web::App;
use crate::web::api::workgroups as api;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, to, words};
use crate::web::problem::Failure;

use super::{Head, may, meant, opened};

/// So many members on a page.
const SHOWN: usize = 40;

/// What a member can be made, and the button that does it.
struct Becomes {
    role: &'static str,
    says: String,
}

struct Member {
    account: AccountId,
    name: String,
    address: String,
    role: String,
    since: String,
    itself: bool,
    /// What whoever looks may make of them; none: nothing.
    becomes: Option<Becomes>,
    removable: bool,
}

#[derive(Template)]
#[template(path = "pages/workgroup-members.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    head: Head,
    members: Vec<Member>,
    from: Option<AccountId>,
    next: Option<AccountId>,
    once: String,
}

/// `GET /workgroups/{id}/members`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "/members").await?;
    let note = match asked.get("done") {
        "role" => Some(say!("Changed. It holds from now on.")),
        "remove" => Some(say!(
            "Removed. They see nothing of the workgroup any more; its data stays."
        )),
        _ => None,
    };
    let from = asked.get("from").parse().ok();
    render(&app, &person, &seen, from, note, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    seen: &Seen,
    from: Option<AccountId>,
    note: Option<String>,
    problems: Problems,
) -> Result<Response, Stop> {
    let id = seen.workgroup.document.id;
    let (found, next) = look::members(&app.settings(), id, from, SHOWN).await?;
    let (changes, removes) = (may(seen, Act::ChangeRole), may(seen, Act::Remove));
    let member = |(membership, account): (Membership, Account)| {
        let itself = account.id == person.account.id;
        Member {
            account: account.id,
            name: words::short(&account.name),
            address: account
                .primary()
                .map(ToString::to_string)
                .unwrap_or_default(),
            role: speak(&membership.role.said()),
            since: words::date(membership.since),
            itself,
            becomes: match membership.role {
                Role::Member if changes => Some(Becomes {
                    role: Role::Administrator.word(),
                    says: match itself {
                        true => say!("Make yourself an administrator"),
                        false => say!("Make them an administrator"),
                    },
                }),
                Role::Administrator if changes => Some(Becomes {
                    role: Role::Member.word(),
                    says: match itself {
                        true => say!("Make yourself a member"),
                        false => say!("Make them a member"),
                    },
                }),
                Role::Member | Role::Administrator | Role::Owner => None,
            },
            removable: removes && !itself && membership.role != Role::Owner,
        }
    };
    let view = Page {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        note,
        head: Head::of(seen, "members"),
        members: found.into_iter().map(member).collect(),
        from,
        next,
        once: form::once(app),
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

async fn carry_out(
    app: &App,
    posted: &Posted,
    id: WorkgroupId,
    verb: &str,
    command: Result<Command, Failure>,
) -> Result<Response, Stop> {
    let done = match command {
        Ok(command) => {
            let call = posted.call(app, &format!("/workgroups/{id}/members/{verb}"));
            let done = workgroups::handle(app.directory(), &call, id, &command).await;
            done.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    let from: Option<AccountId> = posted.fields.get("from").parse().ok();
    match done {
        Ok(_) => {
            let from = from.map_or_else(String::new, |from| format!("&from={from}"));
            Ok(to(&format!("/workgroups/{id}/members?done={verb}{from}")))
        }
        Err(failure) => {
            let problems = Problems::of(failure)?;
            let seen = super::seen(app, &posted.person, &id.to_string()).await?;
            render(app, &posted.person, &seen, from, None, problems).await
        }
    }
}

fn member(fields: &Fields) -> Result<AccountId, Stop> {
    fields.get("member").parse().map_err(|_| Stop::Nothing)
}

/// `POST /workgroups/{id}/members/role`
pub async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let (id, account) = (meant(&app, &posted, &id).await?, member(&posted.fields)?);
    let role = api::role(posted.fields.get("role"));
    let command = role.map(|role| Command::ChangeRole { account, role });
    carry_out(&app, &posted, id, "role", command.map_err(Failure::from)).await
}

/// `POST /workgroups/{id}/members/remove`
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let (id, account) = (meant(&app, &posted, &id).await?, member(&posted.fields)?);
    carry_out(&app, &posted, id, "remove", Ok(Command::Remove { account })).await
}
