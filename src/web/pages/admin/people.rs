//! One person, looked up by an address: what they may hold and do, and where they belong.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::access::{self, Whom};
use crate::actors::allowance::{self, Of};
use crate::actors::queries::Own;
use crate::actors::world::Trouble;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::form::{self, Fields};
use super::super::words::{self, context_name, role};
use super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::quota::{self, Allowance};
use super::{Administrator, Ordered, status};

/// Longer than any address.
const LONGEST: usize = 320;

struct Place {
    /// The page of a workgroup.
    link: Option<String>,
    name: String,
    role: Option<String>,
    storage: String,
}

struct Found {
    id: String,
    name: String,
    addresses: Vec<String>,
    domain: String,
    /// `None`: whoever looks administers the site, and not the domain this person lives in.
    contexts: Option<Vec<Place>>,
    allowance: Allowance,
}

#[derive(Template)]
#[template(path = "pages/admin/people.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    who: String,
    found: Option<Found>,
    once: String,
}

/// `GET /admin/people`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    render(&app, &person, &asked, None).await
}

/// Whom a field names.
pub fn whom(text: &str) -> Result<Whom, Refusal> {
    text.trim().parse().map_err(|_| {
        let text: String = text.chars().take(LONGEST).collect();
        Refusal::field(
            "who",
            said!("\"{text}\" is no email address", text = words::short(&text)),
            said!("write the address that the person signs in with, such as anna@uni.example"),
        )
    })
}

async fn render(
    app: &App,
    person: &Person,
    asked: &Fields,
    refused: Option<Failure>,
) -> Result<Response, Stop> {
    let who = asked.get("who").trim();
    // What was typed is shown again only where it was refused.
    let typed = refused.is_some().then_some(asked);
    let look = look(app, person, who, typed);
    let (found, problems) = quota::looked_up(who, look, refused).await?;
    let view = Page {
        f: frame(app, Some(person)).at("/admin/people"),
        person,
        note: quota::note(asked).filter(|_| problems.is_empty()),
        who: field(who, found.as_ref()),
        found,
        once: form::once(app),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

/// What the field for an address holds: an address also where a link names the account by its id.
fn field(who: &str, found: Option<&Found>) -> String {
    let found = found.filter(|found| found.id == who);
    let address = found.and_then(|found| found.addresses.first());
    let shown = address.map_or(who, String::as_str);
    shown.chars().take(LONGEST).collect()
}

async fn look(
    app: &App,
    person: &Person,
    who: &str,
    typed: Option<&Fields>,
) -> Result<Found, Failure> {
    let settings = app.settings();
    let whom = whom(who)?;
    let of = Of::Person(whom.clone());
    let seen = allowance::look(&settings, person.account.id, &of).await?;
    let account = seen.account.as_ref().ok_or_else(|| self::nobody(who))?;
    let now = app.directory().now();
    let sight = access::sight(&settings, person.account.id, &whom, (None, 1), now).await;
    let contexts = match sight {
        Ok(sight) => Some(sight.contexts.iter().map(place).collect()),
        Err(Trouble::Refused(_)) => None,
        Err(fault) => return Err(fault.into()),
    };
    Ok(Found {
        id: account.id.to_string(),
        name: words::short(&account.name),
        addresses: account.addresses.iter().map(ToString::to_string).collect(),
        domain: words::domain(account.domain.name()),
        contexts,
        allowance: Allowance::of(&settings.policy, seen, typed),
    })
}

fn nobody(who: &str) -> Refusal {
    Refusal::field(
        "who",
        said!("\"{who}\" is no person", who = words::short(who)),
        said!("look for workgroups among the workgroups"),
    )
}

fn place(own: &Own) -> Place {
    Place {
        link: own
            .handle
            .is_some()
            .then(|| format!("/workgroups/{}", own.context)),
        name: context_name(own.context, &own.name),
        role: role(own.context, own),
        storage: words::storage(own.quota, own.usage, None),
    }
}

/// `POST /admin/people/change`
pub async fn change(State(app): State<App>, Ordered(posted): Ordered) -> Result<Response, Stop> {
    let changed = match whom(posted.fields.get("who")) {
        Ok(whom) => {
            let of = Of::Person(whom);
            quota::change(&app, &posted, "/admin/people/change", &of).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match changed {
        Ok(()) => {
            let who = words::in_address(posted.fields.get("who").trim());
            Ok(to(&format!("/admin/people?who={who}&done=changed")))
        }
        Err(failure) => render(&app, &posted.person, &posted.fields, Some(failure)).await,
    }
}
