//! Links through which items are shared.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::links::{self, Made};
use crate::actors::queries;
use crate::actors::sharing::{self, Command};
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::{AccountId, ItemId, ItemKind, LinkId};
use crate::domain::link;
use crate::domain::time::Time;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::{Failure, guards};
use crate::web::take::{Named, Taken};
use crate::wire;

use super::account::created;
use super::invitations::{call, choice};
use super::sharing::of_kind;
use super::{Nothing, read, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_run, create_of_run))
        .routes(routes!(of_project, create_of_project))
        .routes(routes!(deactivate))
        .routes(routes!(open))
        .routes(routes!(accept))
}

/// A link with its address, as the owner of its item may see it.
fn shown(app: &App, settings: &Settings, made: &Made, now: Time) -> wire::Link {
    let link = &made.link;
    wire::Link {
        id: link.id.to_string(),
        item: link.item.to_string(),
        url: format!(
            "{}/l/{}",
            app.site().public_url,
            settings.key.share(link.id)
        ),
        state: made.state(now).to_owned(),
        level: show::level(link.level).to_owned(),
        accepted: made.accepted,
        max_acceptances: link.max_acceptances,
        created_by: link.created_by.to_string(),
        created_at: link.created_at.to_string(),
        expires_at: link.expires_at.map(|end| end.to_string()),
        deactivated_at: match &link.state {
            link::State::Active => None,
            link::State::Deactivated { at, .. } => Some(at.to_string()),
        },
    }
}

async fn listed(
    app: &App,
    person: AccountId,
    id: ItemId,
    kind: ItemKind,
) -> Result<Json<wire::Page<wire::Link>>, Failure> {
    let settings = app.settings();
    let id = of_kind(&settings, id, kind)?;
    let now = app.directory().now();
    let permit = sharing::owning(&settings, person, id, now).await?;
    let all = links::of(&settings, permit.owning()?).await?;
    let items = all.iter().map(|made| shown(app, &settings, made, now));
    Ok(Json(wire::Page {
        items: items.collect(),
        next_cursor: None,
    }))
}

async fn create(
    app: &App,
    signed: &Signed<Write>,
    taken: Taken<wire::CreateLink>,
    (id, kind): (ItemId, ItemKind),
) -> Result<Response, Failure> {
    let settings = app.settings();
    let id = of_kind(&settings, id, kind)?;
    let call = call(app, signed, &taken);
    let (level, expires_at) = read::link(&taken.what)?;
    let command = Command::MakeLink {
        level,
        expires_at,
        max_acceptances: taken.what.max_acceptances,
    };
    let done = app.directory().sharing(id, call, command).await?;
    let gone = || Trouble::Fault(Fault::never("a link that was made is not there"));
    let link = done.link.ok_or_else(gone)?;
    let permit = sharing::owning(&settings, signed.account(), id, call.at).await?;
    let made = links::one(&settings, permit.owning()?, link).await?;
    let link = shown(app, &settings, &made, call.at);
    Ok(created(&format!("/links/{}", link.id), link))
}

/// Deactivate a link for good.
///
/// Those who accepted it keep their access until it is revoked. A new link has a new address.
#[utoipa::path(delete, path = "/links/{link}", operation_id = "deactivateLink", tag = "Sharing",
    params(("link" = String, Path, description = "`lnk_…`")),
    responses((status = 200, description = "Deactivated", body = wire::LinkAnswer)))]
async fn deactivate(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<LinkId>,
    taken: Taken<Nothing>,
) -> Result<Json<wire::LinkAnswer>, Failure> {
    let settings = app.settings();
    let call = call(&app, &signed, &taken);
    let permit = links::item_of(&settings, signed.account(), id, call.at).await?;
    let command = Command::Deactivate { link: id };
    let done = app.directory().sharing(permit.id(), call, command).await?;
    let made = links::one(&settings, permit.owning()?, id).await?;
    Ok(Json(wire::LinkAnswer {
        link: shown(&app, &settings, &made, call.at),
        already: done.already,
    }))
}

/// Open a link.
///
/// What it shares, whose it is, and where it can be accepted into, for anybody who is signed in. The token is the last part of the
/// link's address. Nothing is changed.
#[utoipa::path(get, path = "/links/by-token/{token}", operation_id = "openLink", tag = "Sharing",
    params(("token" = String, Path, description = "The last part of the link's address")),
    responses((status = 200, description = "What it shares", body = wire::OpenedLink)))]
async fn open(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(token): Named<String>,
) -> Result<Json<wire::OpenedLink>, Failure> {
    let settings = app.settings();
    let person = signed.account();
    let now = app.directory().now();
    let opened = links::open(&settings, person, &token, now).await?;
    let default = queries::account(&settings, person).await?.default_context;
    let default = queries::or_personal(default, person, &opened.choices);
    let (maker_name, maker_address) = match &opened.maker {
        Some(maker) => (
            maker.name.clone(),
            maker.primary().map(ToString::to_string).unwrap_or_default(),
        ),
        None => (String::new(), String::new()),
    };
    let link = &opened.made.link;
    Ok(Json(wire::OpenedLink {
        level: show::level(link.level).to_owned(),
        expires_at: link.expires_at.map(|end| end.to_string()),
        item: show::as_offered(&opened.item),
        owner_name: opened.owner_name,
        maker_name,
        maker_address,
        blocks: guards(opened.findings.blocks),
        choices: opened
            .choices
            .into_iter()
            .map(|one| choice(one, default))
            .collect(),
        held: opened.held.iter().map(ToString::to_string).collect(),
    }))
}

/// Accept a link.
///
/// Into the context that is named, whatever context the client acts as. Where that context has what the link gives already, nothing
/// changes.
#[utoipa::path(post, path = "/links/by-token/{token}/accept", operation_id = "acceptLink", tag = "Sharing",
    params(("token" = String, Path, description = "The last part of the link's address")),
    request_body = wire::AcceptInvitation,
    responses((status = 200, description = "Accepted", body = wire::LinkAccepted)))]
async fn accept(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(token): Named<String>,
    taken: Taken<wire::AcceptInvitation>,
) -> Result<Json<wire::LinkAccepted>, Failure> {
    let into = match &taken.what.context {
        Some(name) => Some(queries::named_context(&app.settings(), signed.account(), name).await?),
        None => None,
    };
    let call = call(&app, &signed, &taken);
    let accepted = links::accept(app.directory(), &call, &token, into).await?;
    Ok(Json(wire::LinkAccepted {
        item: accepted.item.to_string(),
        context: accepted.into.to_string(),
        already: accepted.already,
    }))
}

// ---- of runs ----

/// List the links of a run.
///
/// Newest first, deactivated ones too. For its owner.
#[utoipa::path(get, path = "/runs/{run}/links", operation_id = "listLinksOfRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "The links", body = wire::Page<wire::Link>)))]
async fn of_run(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::Page<wire::Link>>, Failure> {
    listed(&app, signed.account(), id, ItemKind::Run).await
}

/// Make a link through which a run is shared.
///
/// Whoever is signed in and opens it may accept, as far as the domain walls allow.
#[utoipa::path(post, path = "/runs/{run}/links", operation_id = "createLinkOfRun", tag = "Sharing",
    params(("run" = String, Path, description = "`run_…`")),
    request_body = wire::CreateLink,
    responses((status = 201, description = "The link", body = wire::Link)))]
async fn create_of_run(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<ItemId>,
    taken: Taken<wire::CreateLink>,
) -> Result<Response, Failure> {
    create(&app, &signed, taken, (id, ItemKind::Run)).await
}

// ---- of projects ----

/// List the links of a project.
///
/// Newest first, deactivated ones too. For its owner.
#[utoipa::path(get, path = "/projects/{project}/links", operation_id = "listLinksOfProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`")),
    responses((status = 200, description = "The links", body = wire::Page<wire::Link>)))]
async fn of_project(
    State(app): State<App>,
    signed: Signed<Read>,
    Named(id): Named<ItemId>,
) -> Result<Json<wire::Page<wire::Link>>, Failure> {
    listed(&app, signed.account(), id, ItemKind::Project).await
}

/// Make a link through which a project is shared.
///
/// Whoever is signed in and opens it may accept, as far as the domain walls allow.
#[utoipa::path(post, path = "/projects/{project}/links", operation_id = "createLinkOfProject", tag = "Sharing",
    params(("project" = String, Path, description = "`prj_…`")),
    request_body = wire::CreateLink,
    responses((status = 201, description = "The link", body = wire::Link)))]
async fn create_of_project(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(id): Named<ItemId>,
    taken: Taken<wire::CreateLink>,
) -> Result<Response, Failure> {
    create(&app, &signed, taken, (id, ItemKind::Project)).await
}
