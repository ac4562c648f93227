//! Everything of somebody who leaves: proposed with a look at what would move, approved by a second administrator, followed until it is
//! done.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::moves::{self, Decision, New, Preview};
use crate::actors::rights;
use crate::actors::world::{Call, Trouble};
use crate::domain::event::Event;
use crate::domain::id::{ItemKind, MoveId};
use crate::domain::index::Phase;
use crate::domain::key::Key;
use crate::domain::moving::{Administrator as Signed, Move, State as Stands};
use crate::domain::said::Size;
use crate::store::Fault;
use crate::web::App;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::super::dialog;
use super::super::form::{self, Fields, Posted};
use super::super::journal::{self, History};
use super::super::words::{self, Row as Item};
use super::super::{Frame, Person, Problems, Stop, frame, page, to};
use super::{Administrator, Ordered};

/// Rows of a page.
const ROWS: usize = 50;
/// Longer than any address, id or reason.
const LONGEST: usize = 600;
/// So long the page waits for a move to be done; then it shows how far it has come.
const PATIENCE: Duration = Duration::from_secs(2);

// ---- the list ----

struct Row {
    id: String,
    from: String,
    to: String,
    state: String,
    proposed: String,
    by: String,
    moved: String,
}

#[derive(Template)]
#[template(path = "pages/admin/moves.html")]
struct List<'a> {
    f: Frame<'a>,
    closed: bool,
    rows: Vec<Row>,
    paged: bool,
    next: Option<String>,
}

/// `GET /admin/moves`
pub async fn list(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let closed = asked.get("state") == "closed";
    let phase = if closed { Phase::Closed } else { Phase::Open };
    let after = asked.get("after").parse().ok();
    let call = app.directory().call(person.browser.by(), None);
    let (found, next) = moves::list(&app.settings(), &call, phase, after, ROWS).await?;
    let view = List {
        f: frame(&app, Some(&person)).at("/admin/moves"),
        closed,
        rows: found.iter().map(row).collect(),
        paged: after.is_some(),
        next: next.map(|id| id.to_string()),
    };
    Ok(page(StatusCode::OK, &view))
}

fn row(one: &Move) -> Row {
    Row {
        id: one.id.to_string(),
        from: words::short(&one.from_name),
        to: words::short(&one.to_name),
        state: speak(&one.state.said()),
        proposed: words::date(one.proposed.at),
        by: one.proposed.address.to_string(),
        moved: moved(one),
    }
}

fn moved(one: &Move) -> String {
    say!(
        "{what}, {size}",
        what = words::items(one.items),
        size = Size(one.bytes)
    )
}

// ---- proposing ----

/// The fields of the dialog, as they were typed.
struct Typed {
    from: String,
    to: String,
    reason: String,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let field = |name| fields.get(name).trim().chars().take(LONGEST).collect();
        Self {
            from: field("from"),
            to: field("to"),
            reason: field("reason"),
        }
    }

    /// What they name.
    async fn named(&self, app: &App) -> Result<New, Fault> {
        let settings = app.settings();
        let reason = self.reason.as_str();
        Ok(New {
            from: moves::named(&settings, &self.from).await?,
            to: moves::named(&settings, &self.to).await?,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
        })
    }
}

#[derive(Template)]
#[template(path = "pages/admin/move-new.html")]
struct Begin<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    typed: Typed,
}

#[derive(Template)]
#[template(path = "pages/admin/move-preview.html")]
struct Proposal<'a> {
    f: Frame<'a>,
    person: &'a Person,
    typed: Typed,
    from: String,
    to: String,
    look: Look,
    once: String,
}

/// What would move, or has still to.
struct Look {
    total: String,
    room: String,
    rows: Vec<Item>,
    /// How many more there are than are listed, in words.
    unlisted: Option<String>,
}

impl Look {
    async fn of(app: &App, person: &Person, found: &Preview) -> Result<Self, Stop> {
        let now = app.directory().now();
        let seen = rights::permits(&app.settings(), person.account.id, &found.items, now).await?;
        let rows: Vec<Item> = seen.iter().flatten().map(dialog::row).collect();
        Ok(Self {
            total: say!(
                "{what}, {size}",
                what = total(found),
                size = Size(found.bytes)
            ),
            room: match found.free {
                Some(free) => say!("{free} free there now", free = Size(free)),
                None => say!("no storage limit there"),
            },
            unlisted: unlisted(found, rows.len()),
            rows,
        })
    }
}

fn dialog(app: &App, person: &Person, typed: Typed, problems: Problems) -> Response {
    let view = Begin {
        f: frame(app, Some(person)).at("/admin/moves"),
        person,
        problems,
        typed,
    };
    page(super::status(&view.problems), &view)
}

/// `GET /admin/moves/new`
pub async fn begin(
    State(app): State<App>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Response {
    dialog(&app, &person, Typed::of(&asked), Problems::default())
}

/// `POST /admin/moves/change`: back to the fields. Nothing is done.
pub async fn change(State(app): State<App>, Ordered(posted): Ordered) -> Response {
    let typed = Typed::of(&posted.fields);
    dialog(&app, &posted.person, typed, Problems::default())
}

/// `POST /admin/moves/preview`: what would move. Nothing is done yet.
pub async fn preview(State(app): State<App>, Ordered(posted): Ordered) -> Result<Response, Stop> {
    let person = &posted.person;
    let typed = Typed::of(&posted.fields);
    let call = app.directory().call(person.browser.by(), None);
    let new = typed.named(&app).await?;
    let found = match moves::preview(&app.settings(), &call, &new).await {
        Ok(found) => found,
        Err(trouble) => return Ok(dialog(&app, person, typed, Problems::of(trouble)?)),
    };
    let view = Proposal {
        f: frame(&app, Some(person)).at("/admin/moves"),
        person,
        from: words::short(&found.from.1),
        to: words::short(&found.to.1),
        look: Look::of(&app, person, &found).await?,
        once: form::once(&app),
        typed,
    };
    Ok(page(StatusCode::OK, &view))
}

fn total(found: &Preview) -> String {
    let some = |(n, more): (usize, bool), kind: ItemKind| {
        let counted = words::of_kind(n, kind);
        let counted = match more {
            true => say!("more than {counted}", counted),
            false => counted,
        };
        (n > 0).then_some(counted)
    };
    let runs = some(found.runs, ItemKind::Run);
    let projects = some(found.projects, ItemKind::Project);
    match (runs, projects) {
        (Some(runs), Some(projects)) => say!("{runs} and {projects}", runs, projects),
        (Some(some), None) | (None, Some(some)) => some,
        (None, None) => say!("nothing" as "what moves"),
    }
}

fn unlisted(found: &Preview, listed: usize) -> Option<String> {
    let all = found.runs.0.saturating_add(found.projects.0);
    let rest = words::items(all.saturating_sub(listed) as u64);
    match found.runs.1 || found.projects.1 {
        true => Some(say!("more than {counted}", counted = rest)),
        false => (all > listed).then_some(rest),
    }
}

/// `POST /admin/moves/propose`
pub async fn propose(State(app): State<App>, Ordered(posted): Ordered) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    let call = posted.call(&app, "/admin/moves/propose");
    let new = typed.named(&app).await?;
    match moves::propose(app.directory(), &call, &new).await {
        Ok(made) => Ok(to(&format!("/admin/moves/{}?done=proposed", made.id))),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            Ok(dialog(&app, &posted.person, typed, problems))
        }
    }
}

// ---- one move ----

struct By {
    address: String,
    at: String,
}

fn by(signed: &Signed) -> By {
    By {
        address: signed.address.to_string(),
        at: words::date(signed.at),
    }
}

/// How far a move has come, in bytes and in words.
struct Left {
    moved: u64,
    total: u64,
    words: String,
}

/// What whoever looks can do about a move.
#[derive(PartialEq, Eq)]
enum Can {
    /// Approve it, or cancel it.
    Approve,
    /// Wait for another administrator, or cancel it: they proposed it.
    Wait,
    /// See it go on, make it go on where it stopped, or cancel it.
    GoOn,
    /// Nothing: it has ended.
    Nothing,
}

#[derive(Template)]
#[template(path = "pages/admin/move.html")]
struct One<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    id: String,
    from: String,
    to: String,
    reason: Option<String>,
    state: String,
    proposed: By,
    approved: Option<By>,
    cancelled: Option<By>,
    moved: String,
    /// What is still to move, of one that goes on.
    left: Option<Left>,
    /// What it would move, or has still to move.
    look: Option<Look>,
    can: Can,
    history: History,
    once: String,
}

/// `GET /admin/moves/{id}`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    Administrator(person): Administrator,
) -> Result<Response, Stop> {
    let note = match asked.get("done") {
        "proposed" => Some(say!(
            "Proposed. Another administrator approves it; nothing moves before."
        )),
        "approved" => Some(say!("Approved. What has moved so far is shown below.")),
        "cancelled" => Some(say!("Cancelled. What had moved by then stays where it is.")),
        _ => None,
    };
    render(&app, &person, named(&id)?, note, Problems::default()).await
}

fn named(id: &str) -> Result<MoveId, Stop> {
    id.parse().map_err(|_| Stop::Nothing)
}

async fn render(
    app: &App,
    person: &Person,
    id: MoveId,
    note: Option<String>,
    problems: Problems,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let call = app.directory().call(person.browser.by(), None);
    let (one, history) = moves::show(&settings, &call, id).await?;
    let history = history.into_iter().map(|(_, event)| (Key::Move(id), event));
    let history: Vec<(Key, Event)> = history.collect();
    let view = One {
        f: frame(app, Some(person)).at("/admin/moves"),
        person,
        note,
        id: id.to_string(),
        from: words::short(&one.from_name),
        to: words::short(&one.to_name),
        state: speak(&one.state.said()),
        proposed: by(&one.proposed),
        approved: one.state.approved().map(by),
        cancelled: match &one.state {
            Stands::Cancelled { by: ended, .. } => Some(by(ended)),
            Stands::Proposed | Stands::Moving { .. } | Stands::Done { .. } => None,
        },
        moved: moved(&one),
        left: match one.state {
            Stands::Moving { .. } => Some(left(&one, moves::left(&settings, &one).await?)),
            Stands::Proposed | Stands::Done { .. } | Stands::Cancelled { .. } => None,
        },
        look: match moves::still_to_move(&settings, &one).await? {
            Some(found) => Some(Look::of(app, person, &found).await?),
            None => None,
        },
        can: can(&one, person),
        history: journal::history(&settings, &person.account, &history).await?,
        reason: one.reason.as_deref().map(words::plain),
        once: form::once(app),
        problems,
    };
    Ok(page(super::status(&view.problems), &view))
}

fn left(one: &Move, left: u64) -> Left {
    Left {
        moved: one.bytes,
        total: one.bytes.saturating_add(left),
        words: say!(
            "{moved} moved, {left} left",
            moved = Size(one.bytes),
            left = Size(left)
        ),
    }
}

fn can(one: &Move, person: &Person) -> Can {
    match &one.state {
        Stands::Proposed if one.is_of(person.account.id, &person.account.addresses) => Can::Wait,
        Stands::Proposed => Can::Approve,
        Stands::Moving { .. } => Can::GoOn,
        Stands::Done { .. } | Stands::Cancelled { .. } => Can::Nothing,
    }
}

/// `POST /admin/moves/{id}/approve`: by another administrator than the one who proposed it. A move that stopped goes on.
pub async fn approve(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(posted): Ordered,
) -> Result<Response, Stop> {
    let id = named(&id)?;
    let call = posted.call(&app, &format!("/admin/moves/{id}/approve"));
    let approved = moves::decide(app.directory(), &call, id, Decision::Approve).await;
    let outcome = match approved {
        Ok(_) => set_going(&app, id, call).await,
        Err(trouble) => Err(trouble),
    };
    ended(&app, &posted, id, "approved", outcome).await
}

/// Has a move go on, and waits for a moment. It goes on though nobody waits any more; one that stops then says why when it is made to go
/// on again.
async fn set_going(app: &App, id: MoveId, call: Call) -> Result<(), Trouble> {
    let directory = app.directory().clone();
    let moving = tokio::spawn(async move { moves::go_on(&directory, id, &call).await });
    match tokio::time::timeout(PATIENCE, moving).await {
        Err(_) => Ok(()),
        Ok(Ok(moved)) => moved.map(drop),
        Ok(Err(error)) => {
            let why = format!("a move broke an assertion and stopped: {error}");
            Err(Fault::retry(why).into())
        }
    }
}

/// `POST /admin/moves/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(posted): Ordered,
) -> Result<Response, Stop> {
    let id = named(&id)?;
    let call = posted.call(&app, &format!("/admin/moves/{id}/cancel"));
    let cancelled = moves::decide(app.directory(), &call, id, Decision::Cancel).await;
    ended(&app, &posted, id, "cancelled", cancelled.map(drop)).await
}

async fn ended(
    app: &App,
    posted: &Posted,
    id: MoveId,
    how: &str,
    outcome: Result<(), Trouble>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(()) => Ok(to(&format!("/admin/moves/{id}?done={how}"))),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            render(app, &posted.person, id, None, problems).await
        }
    }
}
