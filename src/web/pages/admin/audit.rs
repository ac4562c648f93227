//! Who did what: searched by item, context, person and time, page by page, and all of it as a file.

use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::actors::access;
use crate::actors::audit::{self, Asked as Wanted, Found};
use crate::actors::workgroups::look;
use crate::domain::event::Event;
use crate::domain::id::{Context, ItemId};
use crate::domain::key::Key;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::time::{DAY_MS, Time};
use crate::web::App;
use crate::web::api::audit::{Exported, lines, shown, wanted};
use crate::web::api::read;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;
use crate::wire::{AuditChange, AuditEntry};

use super::super::form::Fields;
use super::super::journal::{self, Line};
use super::super::words::{self};
use super::super::{Frame, POLICY, Person, Problems, Stop, frame, head, page};
use super::access::item;
use super::people::whom;
use super::{Administrator, filtered, status};

/// Entries of a page.
const ROWS: usize = 50;
/// Longer than anything that can be asked for.
const LONGEST: usize = 320;
/// What one may search by, as the form names it.
const FIELDS: [&str; 5] = ["item", "context", "person", "from", "to"];

/// Something that an entry is about.
struct About {
    /// The page of an item that whoever looks may see.
    link: Option<String>,
    name: String,
}

struct Row {
    line: Line,
    about: Vec<About>,
    changes: Vec<String>,
}

#[derive(Template)]
#[template(path = "pages/admin/audit.html")]
struct Page<'a> {
    f: Frame<'a>,
    problems: Problems,
    item: String,
    context: String,
    who: String,
    from: String,
    to: String,
    /// Whether nothing in particular was asked for, so that whoever looks sees their own acts.
    own: bool,
    rows: Vec<Row>,
    /// What is asked for as the address says it, for the next page and the file.
    filters: String,
    paged: bool,
    next: Option<String>,
}

/// `GET /admin/audit`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let field = |name: &str| -> String { asked.get(name).trim().chars().take(LONGEST).collect() };
    let cursor: Option<audit::Cursor> = asked.get("cursor").parse().ok();
    let (found, problems) = match found(&app, &person, &asked, cursor).await {
        Ok(found) => (found, Problems::default()),
        Err(failure) => ((Vec::new(), None), Problems::of(failure)?),
    };
    let (rows, next) = found;
    let view = Page {
        f: frame(&app, Some(&person)).at("/admin/audit"),
        item: field("item"),
        context: field("context"),
        who: field("person"),
        from: field("from"),
        to: field("to"),
        own: ["item", "context", "person"]
            .iter()
            .all(|name| field(name).is_empty()),
        rows,
        filters: filtered(&asked, &FIELDS),
        paged: cursor.is_some(),
        next: next.map(|cursor| cursor.to_string()),
        problems,
    };
    Ok(page(status(&view.problems), &view))
}

/// `GET /admin/audit.jsonl`: all of it, an entry a line.
pub async fn export(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let wanted = asks(&app, &person, &asked).await?;
    let kind = [
        (CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"audit.jsonl\""),
        ),
    ];
    let body = lines(&app, person.account.id, wanted);
    Ok((StatusCode::OK, head(POLICY), kind, body).into_response())
}

/// What the form asks for, of somebody who may ask for it. People and contexts are called what people call them here.
async fn asks(app: &App, person: &Person, asked: &Fields) -> Result<Wanted, Failure> {
    let settings = app.settings();
    let asker = person.account.id;
    let of = match asked.given("item") {
        Some(text) => Some(item(&text)?.to_string()),
        None => None,
    };
    let context = match asked.given("context") {
        Some(text) => Some(context(app, person, &text).await?.to_string()),
        None => None,
    };
    let who = match asked.given("person") {
        Some(text) => {
            let whom = whom(&text)?;
            let own = person.account.addresses.iter();
            let own = own.map(|address| access::Whom::Address(address.clone()));
            let is_own = whom == access::Whom::Account(asker) || { own }.any(|own| own == whom);
            match is_own {
                true => Some(asker.to_string()),
                false => {
                    let found = access::person(&settings, asker, &whom).await?;
                    Some(found.id.to_string())
                }
            }
        }
        None => None,
    };
    let query = Exported {
        item: of,
        context,
        person: who,
        from: day(asked, "from")?.map(|at| at.to_string()),
        to: day(asked, "to")?.map(|at| at.plus_ms(DAY_MS).to_string()),
    };
    wanted(app, asker, query).await
}

/// When a day begins.
pub fn day(asked: &Fields, field: &str) -> Result<Option<Time>, Refusal> {
    let begins = |day: String| {
        read::moment(field, &format!("{day}T00:00:00Z")).map_err(|_| {
            Refusal::field(
                field,
                said!("\"{day}\" is no day", day = words::short(&day)),
                said!("write it such as 2026-12-31"),
            )
        })
    };
    asked.given(field).map(begins).transpose()
}

/// The context that a field names: by an address, an id, or a workgroup's handle.
async fn context(app: &App, person: &Person, text: &str) -> Result<Context, Failure> {
    let settings = app.settings();
    let asker = person.account.id;
    if let Ok(context) = text.parse() {
        return Ok(context);
    }
    if text.contains('@') {
        let account = access::person(&settings, asker, &whom(text)?).await?;
        return Ok(Context::Personal(account.id));
    }
    let seen = look::named(&settings, asker, text).await?;
    Ok(Context::Workgroup(seen.workgroup.document.id))
}

async fn found(
    app: &App,
    person: &Person,
    asked: &Fields,
    cursor: Option<audit::Cursor>,
) -> Result<(Vec<Row>, Option<audit::Cursor>), Failure> {
    let wanted = asks(app, person, asked).await?;
    let settings = app.settings();
    let (found, next) = audit::page(&settings, wanted, cursor, ROWS).await?;
    let event = |found: &Found| (found.journal, found.recorded.event.clone());
    let events: Vec<(Key, Event)> = found.iter().map(event).collect();
    let told = journal::told(&settings, &person.account, &events).await?;
    let entries = shown(&settings, person.account.id, found, app.directory().now()).await?;
    let rows = told.into_iter().zip(entries);
    Ok((rows.map(|(line, entry)| row(line, entry)).collect(), next))
}

fn row(line: Line, entry: AuditEntry) -> Row {
    let about = |id: String| {
        let name = entry.names.get(&id);
        let is_item = id.parse::<ItemId>().is_ok();
        About {
            link: (is_item && name.is_some()).then(|| format!("/items/{id}")),
            name: name.map_or_else(|| words::short(&id), |name| words::short(name)),
        }
    };
    Row {
        about: entry.about.into_iter().map(about).collect(),
        changes: entry.changes.iter().take(20).map(change).collect(),
        line,
    }
}

fn change(change: &AuditChange) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => words::quoted(&told(&change.field, value)),
        None => say!("nothing" as "a value"),
    };
    let field = field(&change.field);
    match change.private {
        true => say!("{field}: only they are told what", field),
        false => say!(
            "{field}: {before} became {after}",
            field,
            before = value(&change.before),
            after = value(&change.after)
        ),
    }
}

/// What people call the value of a field: a word of ours is said in their language, all others stay as they are.
fn told(field: &str, value: &str) -> String {
    match (field, value) {
        ("quota", "that of the tier") => say!("that of the tier"),
        ("role", "member") => say!("member"),
        ("role", "administrator") => say!("administrator"),
        ("role", "owner") => say!("owner"),
        ("level", "read") => say!("read" as "a level of access"),
        ("level", "write") => say!("read and write" as "a level of access"),
        ("state", "active") => say!("active" as "a value"),
        ("state", "trashed") => say!("trashed" as "a value"),
        ("state", "archived") => say!("archived" as "a value"),
        ("quota", bytes) => bytes.parse().map_or(bytes.to_owned(), words::size),
        (_, value) => value.to_owned(),
    }
}

/// What people call a field of the audit. One that this page does not know yet is called as programs call it.
fn field(name: &str) -> String {
    match name {
        "name" => say!("name" as "a field"),
        "addresses" => say!("addresses" as "a field"),
        "tier" => say!("tier" as "a field"),
        "domain" => say!("domain" as "a field"),
        "quota" => say!("quota" as "a field"),
        "default_run_location" => say!("default run location" as "a field"),
        "default_context" => say!("default context" as "a field"),
        "default_context_by_sender" => say!("default context by sender" as "a field"),
        "blocked" => say!("blocked" as "a field"),
        "language" => say!("language" as "a field"),
        "state" => say!("state" as "a field"),
        "level" => say!("level" as "a field"),
        "handle" => say!("handle" as "a field"),
        "role" => say!("role" as "a field"),
        other => other.replace('_', " "),
    }
}
