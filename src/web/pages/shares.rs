//! Inviting somebody to runs and projects: what, whom and how; then who would see what; then it is done.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::invitation::{self, Command};
use crate::actors::rights::{self, Permit};
use crate::domain::id::{InvitationId, ItemKind};
use crate::domain::time::DAY_MS;
use crate::web::App;
use crate::web::api::{preview as previews, read, sharing};
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::Failure;
use crate::wire;

use super::dialog::{self, Access, Typed, access, moving, row};
use super::form::{self, Fields, Posted};
use super::words::{self, Row};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// So many lines of each part of a preview are shown.
const LINES: usize = 50;

#[derive(Template)]
#[template(path = "pages/share-new.html")]
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
    /// Whether runs are among them, which are shared for reading alone, and whose projects are an explicit choice.
    runs: bool,
    writable: bool,
    proposed: Vec<String>,
    /// The workgroup that owns it, if it is not the person.
    owner: Option<String>,
    default_days: i64,
}

/// `GET /shares/new?item=…`
pub async fn begin(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/shares/new").await?;
    render(&app, &person, Typed::of(&asked), Problems::default()).await
}

/// `POST /shares/change`: back from the preview, with everything that was typed.
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
    let found = rights::permits(&settings, person.account.id, &typed.ids(), now).await?;
    let chosen: Vec<Permit> = found.into_iter().flatten().collect();
    let (choosable, any) = match chosen.is_empty() {
        true => dialog::choosable(app, person, |_| true).await?,
        false => (Vec::new(), true),
    };
    let gone = chosen.is_empty() && !typed.items.is_empty();
    if gone {
        typed.items.clear();
    }
    let bytes = chosen.iter().map(|permit| permit.item().bytes);
    let is_run = |permit: &Permit| permit.item().id.kind() == ItemKind::Run;
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let view = Page {
        f: frame(app, Some(person)),
        person,
        proposed: dialog::proposed(app, person, &chosen).await?,
        owner: dialog::stays(person, &chosen),
        rows: chosen.iter().map(row).collect(),
        choosable,
        any,
        gone,
        onward: "/shares/change",
        total: dialog::amount(chosen.len(), bytes.fold(0, u64::saturating_add)),
        runs: chosen.iter().any(is_run),
        writable: !chosen.iter().any(is_run),
        default_days: settings.policy.default_expiry_ms / DAY_MS,
        typed,
        problems,
    };
    Ok(page(status, &view))
}

#[derive(Template)]
#[template(path = "pages/share-preview.html")]
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
    along: Vec<wire::Stays>,
    apart: Vec<wire::Stays>,
    access: Vec<Access>,
    warnings: Vec<wire::Guard>,
    once: String,
}

/// `POST /shares/preview`
pub async fn preview(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    shown(&app, &posted.person, typed, Problems::default()).await
}

async fn looked_at(
    app: &App,
    person: &Person,
    typed: &Typed,
) -> Result<wire::SharePreview, Failure> {
    let account = person.account.id;
    let (ask, whom) = sharing::completed(app, account, typed.share()?, typed.projects).await?;
    let call = app.directory().call(person.browser.by(), None);
    let found = invitation::preview(app.directory(), &call, &ask, whom.as_ref()).await?;
    let settings = app.settings();
    Ok(previews::of_share(&settings, account, found, whom.is_some(), call.at).await?)
}

async fn shown(
    app: &App,
    person: &Person,
    typed: Typed,
    problems: Problems,
) -> Result<Response, Stop> {
    let preview = match looked_at(app, person, &typed).await {
        Ok(preview) => preview,
        Err(failure) => {
            let problems = Problems::of(failure)?;
            return render(app, person, typed, problems).await;
        }
    };
    if !preview.possible {
        let problems = Problems {
            heading: say!("It cannot be shared like this"),
            all: preview.blocks,
            status: StatusCode::UNPROCESSABLE_ENTITY,
        };
        return render(app, person, typed, problems).await;
    }
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let bytes = preview.shares.iter().map(|item| item.bytes);
    let until = preview.expires_at.as_deref();
    let until = until.and_then(|at| read::moment("expires_at", at).ok());
    let view = Shown {
        f: frame(app, Some(person)),
        person,
        total: dialog::amount(preview.shares.len(), bytes.fold(0, u64::saturating_add)),
        rows: preview.shares.iter().take(LINES).map(moving).collect(),
        unlisted: preview.shares.len().saturating_sub(LINES),
        recipient: words::plain(&typed.recipient),
        until: until.map(words::date),
        along: preview.along.into_iter().take(LINES).collect(),
        apart: preview.apart.into_iter().take(LINES).collect(),
        access: preview.access.into_iter().take(LINES).map(access).collect(),
        warnings: preview.warnings,
        once: form::once(app),
        problems,
        typed,
    };
    Ok(page(status, &view))
}

/// `POST /shares/request`
pub async fn request(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    match requested(&app, &posted, &typed).await {
        Ok(id) => Ok(to(&format!("/invitations/{id}?done=invited"))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            shown(&app, &posted.person, typed, problems).await
        }
    }
}

async fn requested(app: &App, posted: &Posted, typed: &Typed) -> Result<InvitationId, Failure> {
    let account = posted.person.account.id;
    let (ask, whom) = sharing::completed(app, account, typed.share()?, typed.projects).await?;
    let whom = whom.ok_or_else(dialog::nobody)?;
    let call = posted.call(app, "/shares/request");
    app.writes(&call).await?;
    let id = InvitationId::made(app.settings().ids.fresh(call.at), false);
    let command = Command::Request { ask, to: whom };
    let done = app.directory().transfer(id, call, command).await?;
    Ok(done.transfer.id)
}
