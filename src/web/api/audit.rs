//! Who did what: asked page by page, exported as JSON Lines, and with everything that a verifier of an item's chain needs.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::audit::{self, Asked as Wanted, Cursor, Found, Of};
use crate::actors::queries;
use crate::actors::rights;
use crate::actors::world::{Settings, Trouble};
use crate::domain::account::PRIVATE;
use crate::domain::event::{Change, Recorded};
use crate::domain::id::{AccountId, Context, ItemId, ItemKind};
use crate::domain::key::Key;
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;
use crate::store::{Fault, Version};
use crate::web::App;
use crate::web::auth::{Read, Signed};
use crate::web::problem::Failure;
use crate::web::take::{Asked, Named, cursor, limit};
use crate::wire;

use super::{named, read, show};

/// Entries that an export reads at once.
const EXPORTED_AT_ONCE: usize = 100;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(run))
        .routes(routes!(project))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// What happened to this run or project: `run_…` or `prj_…`.
    item: Option<String>,
    /// What concerned this context: `personal`, a handle, a workgroup's name or an id.
    context: Option<String>,
    /// What this person did, `acc_…`; by default you. With `item` or `context`: only what they did there.
    person: Option<String>,
    /// Not before this moment.
    from: Option<String>,
    /// Before this moment.
    to: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Exported {
    /// What happened to this run or project: `run_…` or `prj_…`.
    pub item: Option<String>,
    /// What concerned this context: `personal`, a handle, a workgroup's name or an id.
    pub context: Option<String>,
    /// What this person did, `acc_…`; by default you. With `item` or `context`: only what they did there.
    pub person: Option<String>,
    /// Not before this moment.
    pub from: Option<String>,
    /// Before this moment.
    pub to: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100, default 50.
    limit: Option<u32>,
}

/// What is asked for, of somebody who may ask for it.
pub async fn wanted(app: &App, asker: AccountId, query: Exported) -> Result<Wanted, Failure> {
    let settings = app.settings();
    let mut problems = read::Problems::default();
    let id = |field: &str, error: String| Refusal::field(field, error, "check the id");
    let item = query.item.as_deref().map(|text| {
        text.parse::<ItemId>()
            .map_err(|error| id("item", error.to_string()))
    });
    let person = query.person.as_deref().map(|text| {
        text.parse::<AccountId>()
            .map_err(|error| id("person", error.to_string()))
    });
    let from = query.from.as_deref().map(|text| read::moment("from", text));
    let to = query.to.as_deref().map(|text| read::moment("to", text));
    let item = item.and_then(|item| problems.keep(item));
    let person = person.and_then(|person| problems.keep(person));
    let from = from.and_then(|from| problems.keep(from));
    let to = to.and_then(|to| problems.keep(to));
    problems.unless_any(Some(()))?;
    let context = match query.context.as_deref() {
        Some(name) => Some(queries::named_context(&settings, asker, name).await?),
        None => None,
    };
    let of = match (item, context, person) {
        (Some(item), ..) => Of::Item(item),
        (None, Some(context), _) => Of::Context(context),
        (None, None, person) => Of::Person(person.unwrap_or(asker)),
    };
    let sight = audit::may(&settings, asker, of, app.directory().now()).await?;
    Ok(Wanted {
        of,
        sight,
        context,
        person,
        from,
        to,
    })
}

/// List who did what.
///
/// Newest first: what happened to an item, what concerned a context, or what a person did and tried in vain. You see your own acts, and
/// what concerns contexts you act for; administrators of a domain see what concerns those who live in it. A page may hold fewer than
/// `limit` and still have a next one.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", tag = "Audit", params(Query),
    responses((status = 200, description = "A page of entries", body = wire::Page<wire::AuditEntry>)))]
async fn list(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Query>,
) -> Result<Json<wire::Page<wire::AuditEntry>>, Failure> {
    let limit = limit(asked.limit)?;
    let after: Option<Cursor> = cursor(asked.cursor.as_deref())?;
    let query = Exported {
        item: asked.item,
        context: asked.context,
        person: asked.person,
        from: asked.from,
        to: asked.to,
    };
    let wanted = wanted(&app, signed.account(), query).await?;
    let settings = app.settings();
    let (found, next) = audit::page(&settings, wanted, after, limit).await?;
    let now = app.directory().now();
    Ok(Json(wire::Page {
        items: shown(&settings, signed.account(), found, now).await?,
        next_cursor: next.map(|cursor| cursor.to_string()),
    }))
}

/// Export who did what.
///
/// The same as the list, all of it, as JSON Lines: one entry a line, newest first.
#[utoipa::path(get, path = "/audit/export", operation_id = "exportAudit", tag = "Audit", params(Exported),
    responses((status = 200, description = "One entry a line", body = String, content_type = "application/jsonl")))]
async fn export(
    State(app): State<App>,
    signed: Signed<Read>,
    Asked(asked): Asked<Exported>,
) -> Result<Response, Failure> {
    let asker = signed.account();
    let wanted = wanted(&app, asker, asked).await?;
    let kind = [(header::CONTENT_TYPE, "application/jsonl")];
    Ok((kind, lines(&app, asker, wanted)).into_response())
}

/// Everything that is wanted, one entry a line.
pub fn lines(app: &App, asker: AccountId, wanted: Wanted) -> Body {
    let now = app.directory().now();
    let begin = Some((app.settings(), None));
    let all = stream::try_unfold(begin, move |at| async move {
        let Some((settings, cursor)) = at else {
            return Ok::<_, Fault>(None);
        };
        let (found, next) = audit::page(&settings, wanted, cursor, EXPORTED_AT_ONCE).await?;
        let mut lines = Vec::new();
        let shown = shown(&settings, asker, found, now).await;
        for entry in shown.map_err(broken_off)? {
            lines.extend(serde_json::to_vec(&entry).unwrap_or_default());
            lines.push(b'\n');
        }
        Ok(Some((lines, next.map(|next| (settings, Some(next))))))
    });
    Body::from_stream(all)
}

/// Entries as they are told to this person.
pub async fn shown(
    settings: &Settings,
    asker: AccountId,
    found: Vec<Found>,
    now: Time,
) -> Result<Vec<wire::AuditEntry>, Trouble> {
    let entry = |found: Found| {
        let Recorded {
            event,
            context,
            changes,
            place,
        } = found.recorded;
        let others = matches!(found.journal, Key::Account(id) if id != asker);
        wire::AuditEntry {
            at: event.at.to_string(),
            person: event.by.person.map(|id| id.to_string()),
            person_name: None,
            context: context.map(|context| context.to_string()),
            channel: show::channel(event.by.channel).to_owned(),
            about: about(found.journal),
            what: show::what(&event.what),
            changes: changes.into_iter().map(|one| change(one, others)).collect(),
            number: place.map(|place| place.number),
            names: BTreeMap::new(),
        }
    };
    let mut entries = Vec::with_capacity(found.len());
    for one in found {
        // How many things have happened to an item is for its owner's side; whoever loses an access is told that alone.
        let recorded = &one.recorded;
        let theirs = match (recorded.event.what.takes_from(), recorded.context) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(owner)) => acts_for(settings, asker, owner).await?,
        };
        let mut entry = entry(one);
        entry.number = entry.number.filter(|_| theirs);
        entries.push(entry);
    }
    named::audit(settings, asker, &mut entries, now).await?;
    for entry in &mut entries {
        let person = entry.person.as_ref();
        entry.person_name = person.and_then(|id| entry.names.get(id).cloned());
    }
    Ok(entries)
}

async fn acts_for(settings: &Settings, asker: AccountId, owner: Context) -> Result<bool, Fault> {
    match rights::acting(settings, asker, owner).await {
        Ok(_) => Ok(true),
        Err(Trouble::Refused(_)) => Ok(false),
        Err(Trouble::Fault(fault)) => Err(fault),
    }
}

/// A list that has begun can only break off.
fn broken_off(why: Trouble) -> Fault {
    match why {
        Trouble::Fault(fault) => fault,
        Trouble::Refused(_) => Fault::never("whoever exports the audit has closed their account"),
    }
}

/// A change of the account of the asker, or of somebody else's.
fn change(change: Change, others: bool) -> wire::AuditChange {
    let private = others && PRIVATE.contains(&change.field.as_str());
    let told = |value: Option<String>| value.filter(|_| !private);
    wire::AuditChange {
        before: told(change.before),
        after: told(change.after),
        field: change.field,
        private,
    }
}

/// What a journal is of, as ids.
fn about(journal: Key) -> Vec<String> {
    let one = |id: &dyn ToString| vec![id.to_string()];
    let two = |of: &dyn ToString, id: &dyn ToString| vec![of.to_string(), id.to_string()];
    match journal {
        Key::Account(id) => one(&id),
        Key::Workgroup(id) => one(&id),
        Key::Membership(workgroup, id) => two(&workgroup, &id),
        Key::Item(id) | Key::Biosamples(id) | Key::Tombstone(id) => one(&id),
        Key::Grant(id, context) => two(&id, &context),
        Key::Invitation(id) => one(&id),
        Key::Letter(id) => one(&id),
        Key::SignIn(id) => one(&id),
        Key::Session(digest) | Key::Token(digest) => one(&digest),
        Key::Analysis(id) => one(&id),
        Key::Link(id) => one(&id),
        Key::Move(id) => one(&id),
        // What they were about stands in the entry.
        Key::Attempts(..) => Vec::new(),
        Key::Incoming(id) => one(&id),
        // Whose address it is stands in the entry, as far as that is told.
        Key::Reach(_) => Vec::new(),
        // Nothing is journalled about these.
        Key::Sealed(_) | Key::Ration(_) => Vec::new(),
    }
}

// ---- the chain of an item ----

async fn item(
    app: &App,
    asker: AccountId,
    id: ItemId,
    kind: ItemKind,
    pages: Pages,
) -> Result<Json<wire::ItemAudit>, Failure> {
    let settings = app.settings();
    if id.kind() != kind {
        return Err(Trouble::from(rights::no_such_item(&settings, id)).into());
    }
    let limit = limit(pages.limit)?;
    let after: Option<u64> = cursor(pages.cursor.as_deref())?;
    let after = Version(after.unwrap_or(0));
    let now = app.directory().now();
    let (chain, rows) = audit::chain(&settings, asker, id, after, limit, now).await?;
    let last = rows.last().map(|(version, _)| version.0.to_string());
    Ok(Json(wire::ItemAudit {
        item: id.to_string(),
        length: chain.length,
        head: chain.head.map(|head| head.to_string()),
        next_cursor: last.filter(|_| rows.len() >= limit),
        entries: rows
            .into_iter()
            .map(|(_, stored)| String::from_utf8_lossy(&stored).into_owned())
            .collect(),
    }))
}

/// Show the journal of a run as it is stored.
///
/// Oldest first, with where its chain stands: each entry carries the SHA-256 of the one before, so a verifier finds one that was taken
/// out or changed. It stays when the run is purged.
#[utoipa::path(get, path = "/runs/{run}/audit", operation_id = "showRunAudit", tag = "Audit",
    params(("run" = String, Path, description = "`run_…`"), Pages),
    responses((status = 200, description = "A page of the journal", body = wire::ItemAudit)))]
async fn run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(pages): Asked<Pages>,
) -> Result<Json<wire::ItemAudit>, Failure> {
    item(&app, signed.account(), id, ItemKind::Run, pages).await
}

/// Show the journal of a project as it is stored.
///
/// Oldest first, with where its chain stands: each entry carries the SHA-256 of the one before, so a verifier finds one that was taken
/// out or changed. It stays when the project is purged.
#[utoipa::path(get, path = "/projects/{project}/audit", operation_id = "showProjectAudit", tag = "Audit",
    params(("project" = String, Path, description = "`prj_…`"), Pages),
    responses((status = 200, description = "A page of the journal", body = wire::ItemAudit)))]
async fn project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
    Asked(pages): Asked<Pages>,
) -> Result<Json<wire::ItemAudit>, Failure> {
    item(&app, signed.account(), id, ItemKind::Project, pages).await
}
