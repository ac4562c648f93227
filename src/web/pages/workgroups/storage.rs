//! What fills a workgroup: by who registered it, and item by item.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::rights;
use crate::actors::storage::{self, LOOKED_THROUGH, Part};
use crate::actors::workgroups::look;
use crate::domain::id::Context;
use crate::domain::item::{Item, State as Standing};
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::words::size;
use crate::web::pages::words::{self, Storage};
use crate::web::pages::{Frame, Stop, frame, page};

use super::{Head, opened};

/// So many items, and people, are listed.
const LISTED: usize = 50;

struct One {
    name: String,
    belongs: bool,
    items: String,
    size: String,
}

struct Row {
    id: String,
    name: String,
    kind: String,
    size: String,
    /// Where that is worth a word.
    state: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/workgroup-storage.html")]
struct Page<'a> {
    f: Frame<'a>,
    head: Head,
    storage: Storage,
    people: Vec<One>,
    items: Vec<Row>,
    listed: usize,
    /// How many of each kind were looked through, where that is not all of them.
    cut: Option<String>,
}

/// `GET /workgroups/{id}/storage`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "/storage").await?;
    let settings = app.settings();
    let workgroup = seen.workgroup.document.clone();
    let context = Context::Workgroup(workgroup.id);
    let acting = rights::acting(&settings, person.account.id, context).await?;
    let filled = storage::filled(&settings, &acting, LISTED).await?;
    let shown = look::shown(&settings, workgroup, seen.standing.role).await?;
    let one = |part: Part| One {
        name: words::short(&part.name),
        belongs: part.belongs,
        items: words::items(part.items),
        size: size(part.bytes),
    };
    let row = |item: Item| Row {
        id: item.id.to_string(),
        name: words::short(&item.name),
        kind: words::kind(item.id.kind()),
        size: size(item.bytes),
        state: match item.state {
            Standing::Active => None,
            Standing::Trashed => Some(say!("in the trash")),
            Standing::Archived => Some(say!("archived")),
        },
    };
    let view = Page {
        f: frame(&app, Some(&person)).at("/workgroups"),
        head: Head::of(&seen, "storage"),
        storage: Storage::new(shown.quota, shown.usage),
        people: filled.by_person.into_iter().map(one).collect(),
        items: filled.largest.into_iter().map(row).collect(),
        listed: LISTED,
        cut: filled.cut.then(|| words::items(LOOKED_THROUGH)),
    };
    Ok(page(StatusCode::OK, &view))
}
