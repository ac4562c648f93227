//! The workgroups of a domain, and how much each may hold.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::allowance::{self, Of};
use crate::actors::workgroups::look::{self, Shown};
use crate::domain::policy::Domain;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::form::{self, Fields};
use super::super::words;
use super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::quota::{self, Allowance};
use super::{Administrator, Ordered, domains, status};

/// Rows of a page.
const ROWS: usize = 50;

struct Row {
    id: String,
    handle: String,
    name: String,
    tier: &'static str,
    collaborative: bool,
    closing: bool,
    storage: String,
}

struct Found {
    id: String,
    name: String,
    handle: String,
    domain: String,
    allowance: Allowance,
}

#[derive(Template)]
#[template(path = "pages/admin/workgroups.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    handle: String,
    found: Option<Found>,
    domains: Vec<String>,
    domain: Option<String>,
    /// The same as part of an address.
    address: Option<String>,
    rows: Vec<Row>,
    paged: bool,
    next: Option<String>,
    once: String,
}

/// `GET /admin/workgroups`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    render(&app, &person, &asked, None).await
}

async fn render(
    app: &App,
    person: &Person,
    asked: &Fields,
    refused: Option<Failure>,
) -> Result<Response, Stop> {
    let handle: String = asked.get("handle").trim().chars().take(100).collect();
    let typed = refused.is_some().then_some(asked);
    let look_up = look_up(app, person, &handle, typed);
    let (found, problems) = quota::looked_up(&handle, look_up, refused).await?;
    let settings = app.settings();
    let domains = domains(&settings.policy, person);
    // One workgroup or a list, not both.
    let domain = domains.iter().find(|there| *there == asked.get("domain"));
    let domain = domain.or(domains.first()).filter(|_| handle.is_empty());
    let after = asked.get("after").parse().ok();
    let (rows, next) = match domain {
        Some(domain) => {
            let domain = Domain::named(domain);
            look::of_domain(&settings, person.account.id, &domain, after, ROWS).await?
        }
        None => (Vec::new(), None),
    };
    let view = Page {
        f: frame(app, Some(person)).at("/admin/workgroups"),
        person,
        note: quota::note(asked).filter(|_| problems.is_empty()),
        found,
        domain: domain.cloned(),
        address: domain.map(|domain| words::in_address(domain)),
        rows: rows.into_iter().map(row).collect(),
        paged: after.is_some(),
        next: next.map(|id| id.to_string()),
        once: form::once(app),
        domains,
        handle,
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

fn row(shown: Shown) -> Row {
    let workgroup = shown.workgroup;
    Row {
        id: workgroup.id.to_string(),
        handle: workgroup.handle.to_string(),
        name: words::short(&workgroup.name),
        tier: workgroup.tier.word(),
        collaborative: workgroup.collaborative,
        closing: !workgroup.state.is_open(),
        storage: words::storage(shown.quota, shown.usage, None),
    }
}

fn of(handle: &str) -> Result<Of, Refusal> {
    let read = handle.trim().parse().map(Of::Workgroup);
    read.map_err(|_| {
        Refusal::field(
            "handle",
            said!(
                "\"{handle}\" is no handle of a workgroup",
                handle = words::short(handle)
            ),
            said!("write the short name in its address, such as lab-meyer"),
        )
    })
}

async fn look_up(
    app: &App,
    person: &Person,
    handle: &str,
    typed: Option<&Fields>,
) -> Result<Found, Failure> {
    let settings = app.settings();
    let seen = allowance::look(&settings, person.account.id, &of(handle)?).await?;
    Ok(Found {
        id: seen.own.context.to_string(),
        name: words::short(&seen.own.name),
        handle: handle.to_owned(),
        domain: words::domain(&seen.own.domain),
        allowance: Allowance::of(&settings.policy, seen, typed),
    })
}

/// `POST /admin/workgroups/change`
pub async fn change(State(app): State<App>, Ordered(posted): Ordered) -> Result<Response, Stop> {
    let handle = posted.fields.get("handle").trim();
    let changed = match of(handle) {
        Ok(of) => quota::change(&app, &posted, "/admin/workgroups/change", &of).await,
        Err(refusal) => Err(refusal.into()),
    };
    match changed {
        Ok(()) => {
            let handle = words::in_address(handle);
            Ok(to(&format!(
                "/admin/workgroups?handle={handle}&done=changed"
            )))
        }
        Err(failure) => render(&app, &posted.person, &posted.fields, Some(failure)).await,
    }
}
