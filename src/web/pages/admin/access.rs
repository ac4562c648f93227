//! Who can see this item, and why; and what can this person see.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::access::{self, Cursor, Granted, Seer, Sight};
use crate::actors::queries::Own;
use crate::actors::rights;
use crate::actors::world::Trouble;
use crate::domain::id::ItemId;
use crate::domain::refusal::Refusal;
use crate::domain::rights::{Level, Origin, Part, Reason};
use crate::domain::said::said;
use crate::web::App;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;

use super::super::form::Fields;
use super::super::words::{self, context_name, role};
use super::super::{Frame, Person, Problems, Stop, frame, page};
use super::people::whom;
use super::{Administrator, status};

/// Rows of a page.
const ROWS: usize = 50;
/// Of those who see an item so many are listed.
const LISTED: usize = 200;
/// Longer than any id or address.
const LONGEST: usize = 320;

struct Seen {
    name: String,
    people: String,
    level: String,
    why: String,
}

struct Of {
    id: String,
    name: String,
    rows: Vec<Seen>,
    unlisted: bool,
}

struct Item {
    /// Where its page is, of one that whoever looks may see.
    link: Option<String>,
    name: String,
    through: String,
    reasons: Vec<String>,
}

struct Place {
    name: String,
    role: Option<String>,
    storage: String,
}

struct Somebody {
    id: String,
    name: String,
    address: String,
    domain: String,
    administers: String,
    contexts: Vec<Place>,
    items: Vec<Item>,
    paged: bool,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/admin/access.html")]
struct Page<'a> {
    f: Frame<'a>,
    problems: Problems,
    item: String,
    who: String,
    of: Option<Of>,
    somebody: Option<Somebody>,
}

/// `GET /admin/access`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let field = |name: &str| -> String { asked.get(name).trim().chars().take(LONGEST).collect() };
    let mut view = Page {
        f: frame(&app, Some(&person)).at("/admin/access"),
        problems: Problems::default(),
        item: field("item"),
        who: field("person"),
        of: None,
        somebody: None,
    };
    let found = if !view.item.is_empty() {
        seers(&app, &person, &view.item)
            .await
            .map(|of| view.of = Some(of))
    } else if !view.who.is_empty() {
        let from = asked.get("from").parse().ok();
        let found = sight(&app, &person, &view.who, from).await;
        found.map(|somebody| view.somebody = Some(somebody))
    } else {
        Ok(())
    };
    if let Err(failure) = found {
        view.problems = Problems::of(failure)?;
    }
    Ok(page(status(&view.problems), &view))
}

/// The item that a field names: by its id, or by the address of its page.
pub fn item(text: &str) -> Result<ItemId, Refusal> {
    let id = text.trim().trim_end_matches('/').rsplit('/').next();
    id.unwrap_or_default().parse().map_err(|_| {
        Refusal::field(
            "item",
            said!(
                "\"{text}\" is no run and no project",
                text = words::short(text)
            ),
            said!("copy its id, which begins with run_ or prj_, or the address of its page"),
        )
    })
}

async fn seers(app: &App, person: &Person, text: &str) -> Result<Of, Failure> {
    let settings = app.settings();
    let now = app.directory().now();
    let id = item(text)?;
    let permit = rights::permit(&settings, person.account.id, id, Level::Own, now).await?;
    let none = || Trouble::from(rights::no_such_item(&settings, id));
    let seers = access::seers(&settings, permit.as_owner().ok_or_else(none)?, now).await?;
    Ok(Of {
        id: id.to_string(),
        name: words::short(&permit.item().name),
        unlisted: seers.more || seers.all.len() > LISTED,
        rows: seers.all.iter().take(LISTED).map(seen).collect(),
    })
}

fn seen(seer: &Seer) -> Seen {
    let people = match seer.people {
        0 => say!("no account yet"),
        n if seer.more_people && n > 1 => say!("more than {n} people", n),
        n => say!(n; "{n} person", "{n} people"),
    };
    Seen {
        name: words::short(&seer.name),
        people,
        level: match seer.reason.level() {
            Level::Own => say!("everything" as "what one may do"),
            level @ (Level::Write | Level::Read) => words::may(level),
        },
        why: why(&seer.reason),
    }
}

fn why(reason: &Reason) -> String {
    match reason {
        Reason::Owner(_) => say!("owns it"),
        Reason::DomainAdministrator(domain) => say!(
            "administers the domain {domain} that it lies in",
            domain = domain.name()
        ),
        Reason::Granted(_, part) => granted(part),
        Reason::Through(project, _, part) => say!(
            "because its data went into {project}: {granted}",
            project,
            granted = granted(part)
        ),
    }
}

fn granted(part: &Part) -> String {
    let (since, until) = (part.since, words::until_when(part.until));
    match part.origin {
        Origin::Kept(_) => say!(
            "agreed with its transfer, since {since}, {until}",
            since,
            until
        ),
        Origin::Invitation(_) => say!("by invitation, since {since}, {until}", since, until),
        Origin::Link(_) => say!("by link, since {since}, {until}", since, until),
    }
}

async fn sight(
    app: &App,
    person: &Person,
    text: &str,
    from: Option<Cursor>,
) -> Result<Somebody, Failure> {
    let now = app.directory().now();
    let whom = whom(text)?;
    let account = person.account.id;
    let sight = access::sight(&app.settings(), account, &whom, (from, ROWS), now).await?;
    let Sight {
        account,
        contexts,
        administers,
        granted,
        next,
    } = sight;
    let administers: Vec<&str> = administers.iter().map(|domain| domain.name()).collect();
    Ok(Somebody {
        id: account.id.to_string(),
        name: words::short(&account.name),
        address: account
            .primary()
            .map_or_else(String::new, ToString::to_string),
        domain: account.domain.name().to_owned(),
        administers: administers.join(", "),
        items: granted
            .into_iter()
            .map(|one| listed(one, &contexts))
            .collect(),
        contexts: contexts.iter().map(place).collect(),
        paged: from.is_some(),
        next: next.map(|cursor| cursor.to_string()),
    })
}

fn place(own: &Own) -> Place {
    Place {
        name: context_name(own.context, &own.name),
        role: role(own.context, own),
        storage: words::storage(own.quota, own.usage, None),
    }
}

fn listed(one: Granted, contexts: &[Own]) -> Item {
    let own = contexts.iter().find(|own| own.context == one.context);
    let part = |part: &Part| {
        say!(
            "{level}, {granted}",
            level = part.level.said(),
            granted = granted(part)
        )
    };
    Item {
        link: one.name.is_some().then(|| format!("/items/{}", one.item)),
        name: match one.name {
            Some(name) => words::short(&name),
            None => one.item.to_string(),
        },
        through: own.map_or_else(String::new, |own| context_name(own.context, &own.name)),
        reasons: one.parts.iter().map(part).collect(),
    }
}
