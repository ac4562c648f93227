//! Offering items to somebody: what, to whom and how; then what would happen; then it is done.
//!
//! Three pages and no state: the second carries what was typed on the first, so that it can be changed, or sent.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::invitation::{self, Command};
use crate::actors::queries;
use crate::actors::rights::{self, Permit};
use crate::actors::world::Trouble;
use crate::domain::id::{Context, InvitationId, ItemId, ItemKind};
use crate::domain::item::Item;
use crate::domain::rights::Level;
use crate::domain::said::{Said, said};
use crate::domain::time::DAY_MS;
use crate::web::App;
use crate::web::api::{preview as previews, read};
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;
use crate::web::problem::Failure;
use crate::wire;

use super::dialog::{self, Access, Typed, access, moving, row};
use super::form::{self, Fields, Posted};
use super::offer::{self, Again};
use super::words::{self, Row};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// So many related items are proposed.
const RELATED: usize = 50;
/// So many lines of each part of a preview are shown.
const LINES: usize = 50;

#[derive(Template)]
#[template(path = "pages/request.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    typed: Typed,
    rows: Vec<Row>,
    /// What may be chosen, where nothing is.
    choosable: Vec<Row>,
    /// Whether something was chosen that is not there for them.
    gone: bool,
    /// Whether there is anything, though perhaps nothing that can be chosen.
    any: bool,
    /// Where the choice goes.
    onward: &'static str,
    total: String,
    /// What may be offered with it.
    related: Vec<Row>,
    proposed: Vec<String>,
    default_days: i64,
}

/// `GET /transfers/new?item=…`
pub async fn begin(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/transfers/new").await?;
    render(&app, &person, Typed::of(&asked), Problems::default()).await
}

/// `POST /transfers/change`: back from the preview, with everything that was typed.
pub async fn change(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    let problems = dialog::nothing_chosen(&typed)?;
    render(&app, &posted.person, typed, problems).await
}

async fn render(
    app: &App,
    person: &Person,
    mut typed: Typed,
    problems: Problems,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let ids = typed.ids();
    let found = rights::permits(&settings, person.account.id, &ids, now).await?;
    let chosen: Vec<Permit> = found.into_iter().flatten().collect();
    let (choosable, any) = match chosen.is_empty() {
        true => dialog::choosable(app, person, |item| item.pending.is_none()).await?,
        false => (Vec::new(), true),
    };
    let gone = chosen.is_empty() && !typed.items.is_empty();
    if gone {
        typed.items.clear();
    }
    let bytes = chosen.iter().map(|permit| permit.item().bytes);
    let total = dialog::amount(chosen.len(), bytes.fold(0, u64::saturating_add));
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let view = Page {
        f: frame(app, Some(person)).at("/transfers"),
        person,
        related: related(app, person, &chosen, &ids).await?,
        proposed: dialog::proposed(app, person, &chosen).await?,
        rows: chosen.iter().map(row).collect(),
        choosable,
        any,
        gone,
        onward: "/transfers/change",
        total,
        default_days: settings.policy.default_expiry_ms / DAY_MS,
        typed,
        problems,
    };
    Ok(page(status, &view))
}

/// The projects of the chosen runs and the runs of the chosen projects, where the same context owns them.
async fn related(
    app: &App,
    person: &Person,
    chosen: &[Permit],
    ids: &[ItemId],
) -> Result<Vec<Row>, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let mut around: Vec<ItemId> = Vec::new();
    for permit in chosen.iter().take(RELATED) {
        for id in queries::beside(&settings, permit).await? {
            if !ids.contains(&id) && !around.contains(&id) && around.len() < RELATED {
                around.push(id);
            }
        }
    }
    let owners: Vec<Context> = chosen.iter().map(|permit| permit.item().owner).collect();
    let seen = rights::permits(&settings, person.account.id, &around, now).await?;
    let seen = seen.into_iter().flatten();
    let ours = seen.filter(|permit| {
        permit.level() == Level::Own
            && permit.item().pending.is_none()
            && owners.contains(&permit.item().owner)
    });
    Ok(ours.map(|permit| row(&permit)).collect())
}

/// Whether projects are chosen that have no files of their own, and no run.
fn leaves_reads(chosen: &[Option<Permit>]) -> bool {
    let items = || chosen.iter().flatten().map(Permit::item);
    let bare = |item: &Item| item.id.kind() == ItemKind::Project && item.files == 0;
    items().any(bare) && !items().any(|item| item.id.kind() == ItemKind::Run)
}

// ---- what would happen ----

#[derive(Template)]
#[template(path = "pages/preview.html")]
struct Shown<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    typed: Typed,
    rows: Vec<Row>,
    unlisted: usize,
    total: String,
    recipient: String,
    until: Option<String>,
    stays: Vec<wire::Stays>,
    /// Whether the base calls stay with runs, and projects go without them.
    reads: bool,
    /// Whether runs go, with the base calls, and projects stay.
    runs: bool,
    access: Vec<Access>,
    warnings: Vec<wire::Guard>,
    terms: String,
    once: String,
}

/// `POST /transfers/preview`
pub async fn preview(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    shown(&app, &posted.person, typed, Problems::default()).await
}

async fn shown(
    app: &App,
    person: &Person,
    typed: Typed,
    problems: Problems,
) -> Result<Response, Stop> {
    let (ask, whom) = match typed.transfer() {
        Ok(read) => read,
        Err(why) => {
            let problems = Problems::of(Trouble::from(why))?;
            return render(app, person, typed, problems).await;
        }
    };
    let call = app.directory().call(person.browser.by(), None);
    let now = call.at;
    let found = invitation::preview(app.directory(), &call, &ask, whom.as_ref()).await;
    let found = match found {
        Ok(found) => found,
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            return render(app, person, typed, problems).await;
        }
    };
    let (settings, account) = (app.settings(), person.account.id);
    let preview = previews::shown(&settings, account, found, whom, call.at).await?;
    if !preview.possible {
        let problems = Problems {
            heading: say!("It cannot be offered like this"),
            all: preview.blocks,
            status: StatusCode::UNPROCESSABLE_ENTITY,
        };
        return render(app, person, typed, problems).await;
    }
    let chosen = rights::permits(&settings, account, &ask.items, now).await?;
    let reads = leaves_reads(&chosen);
    let ids: Vec<Option<ItemId>> = { preview.stays.iter() }
        .map(|one| one.item.as_deref()?.parse().ok())
        .collect();
    let stays = |kind| ids.iter().flatten().any(|id| id.kind() == kind);
    let moves = preview.moves.iter().take(LINES);
    let view = Shown {
        f: frame(app, Some(person)).at("/transfers"),
        person,
        rows: moves.map(moving).collect(),
        unlisted: preview.moves.len().saturating_sub(LINES),
        total: dialog::amount(preview.moves.len(), preview.bytes),
        recipient: words::plain(&typed.recipient),
        until: preview
            .expires_at
            .as_deref()
            .and_then(|at| read::moment("expires_at", at).ok())
            .map(words::date),
        stays: preview.stays.into_iter().take(LINES).collect(),
        reads: reads && stays(ItemKind::Run),
        runs: stays(ItemKind::Project) && { ask.items.iter() }.any(|id| id.kind() == ItemKind::Run),
        access: preview.access.into_iter().take(LINES).map(access).collect(),
        warnings: preview.warnings,
        terms: terms(preview.terms),
        once: form::once(app),
        problems,
        typed,
    };
    let status = if view.problems.is_empty() {
        StatusCode::OK
    } else {
        view.problems.status
    };
    Ok(page(status, &view))
}

// ---- doing it ----

/// What has to be confirmed; the terms that are built in are in the language of the page.
fn terms(configured: String) -> String {
    let built_in = built_in_terms();
    match built_in.english() == configured {
        true => speak(&built_in),
        false => configured,
    }
}

fn built_in_terms() -> Said {
    said!(
        "A transfer cannot be undone: when it is accepted the recipient becomes the legal owner of the data. I confirm that my organisation allows it."
    )
}

/// `POST /transfers/request`
pub async fn request(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    match requested(&app, &posted, &typed).await {
        Ok(id) => Ok(to(&format!("/transfers/{id}?done=offered"))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            shown(&app, &posted.person, typed, problems).await
        }
    }
}

async fn requested(app: &App, posted: &Posted, typed: &Typed) -> Result<InvitationId, Failure> {
    let (ask, whom) = typed.transfer()?;
    let whom = whom.ok_or_else(dialog::nobody)?;
    let call = posted.call(app, "/transfers/request");
    app.writes(&call).await?;
    let id = InvitationId::from_bits(app.settings().ids.fresh(call.at));
    let command = Command::Request { ask, to: whom };
    let done = app.directory().transfer(id, call, command).await?;
    Ok(done.transfer.id)
}

/// `POST /transfers/{id}/readdress`: the same to another address.
pub async fn readdress(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = offer::id_of(&id)?;
    let typed: String = posted.fields.get("recipient").chars().take(400).collect();
    match readdressed(&app, &posted, id, &typed).await {
        Ok(new) => Ok(to(&format!("/transfers/{new}?done=readdressed"))),
        Err(failure) => {
            let again = Again {
                problems: Problems::of(failure)?,
                recipient: Some(typed),
                ..Again::default()
            };
            offer::render(&app, &posted.person, id, again).await
        }
    }
}

async fn readdressed(
    app: &App,
    posted: &Posted,
    id: InvitationId,
    typed: &str,
) -> Result<InvitationId, Failure> {
    let whom = read::to("recipient", typed)?;
    let call = posted.call(app, &format!("/transfers/{id}/readdress"));
    app.writes(&call).await?;
    let new = InvitationId::from_bits(app.settings().ids.fresh(call.at));
    let command = Command::Readdress { new, to: whom };
    let done = app.directory().transfer(id, call, command).await?;
    Ok(done.transfer.id)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn the_terms_that_are_built_in_are_known_in_every_language() {
        let built_in = Config::default().site.terms;
        assert_eq!(super::built_in_terms().english(), built_in.as_str());
    }
}
