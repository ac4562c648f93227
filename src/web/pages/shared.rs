//! What others share with whoever looks, whichever of their contexts has the access.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::collaborators::{self, Cursor, Shared};
use crate::actors::rights;
use crate::domain::item::State as ItemState;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;

use super::form::Fields;
use super::words;
use super::{Frame, Person, Stop, frame, page};

/// Rows of a page.
const ROWS: usize = 50;

/// An item that is shared with a context of whoever looks.
pub struct Row {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub size: String,
    pub owner: String,
    /// Which of their contexts has the access.
    pub with: String,
    pub access: String,
    pub archived: bool,
}

#[derive(Template)]
#[template(path = "pages/shared.html")]
struct Page<'a> {
    f: Frame<'a>,
    note: Option<String>,
    rows: Vec<Row>,
    begun: bool,
    next: Option<Cursor>,
}

/// `GET /shared`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/shared").await?;
    let from: Option<Cursor> = asked.get("at").parse().ok();
    let (rows, next) = rows(&app, &person, from, ROWS).await?;
    let shown = Page {
        f: frame(&app, Some(&person)),
        note: match asked.get("done") {
            "left" => left(&app, &person, asked.get("item")).await?,
            _ => None,
        },
        rows,
        begun: from.is_some(),
        next,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// What was given up is told only to whoever did just that: the address could say anything.
async fn left(app: &App, person: &Person, item: &str) -> Result<Option<String>, Stop> {
    let name = match item.parse() {
        Ok(id) => collaborators::just_left(&app.settings(), person.account.id, id).await?,
        Err(_) => None,
    };
    Ok(name.map(|name| {
        say!(
            "You gave up the access to “{name}”.",
            name = words::short(&name)
        )
    }))
}

/// A page of it, and where it goes on.
pub async fn rows(
    app: &App,
    person: &Person,
    from: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Row>, Option<Cursor>), Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let contexts = rights::own_contexts(&settings, &person.account).await?;
    let (all, next) = collaborators::shared_with(&settings, &contexts, from, now, limit).await?;
    Ok((all.into_iter().map(|one| row(person, one)).collect(), next))
}

fn row(person: &Person, one: Shared) -> Row {
    let own = person.own(one.context);
    Row {
        id: one.item.id.to_string(),
        name: words::short(&one.item.name),
        kind: words::kind(one.item.id.kind()),
        size: words::size_of(&one.item),
        owner: words::short(&one.owner_name),
        with: own.map_or_else(String::new, |own| {
            words::context_name(own.context, &own.name)
        }),
        access: say!(
            "{level}, {until}",
            level = one.part.level.said(),
            until = words::until_when(one.part.until)
        ),
        archived: one.item.state == ItemState::Archived,
    }
}
