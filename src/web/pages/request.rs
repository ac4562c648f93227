//! Offering items to somebody: what, to whom and how; then what would happen; then it is done.
//!
//! Three pages and no state: the second carries what was typed on the first, so that it can be changed, or sent.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::invitation::{self, Command};
use crate::actors::queries::{self, Box_};
use crate::actors::rights::{self, Permit};
use crate::actors::world::Trouble;
use crate::domain::id::{Context, InvitationId, ItemId};
use crate::domain::index::Phase;
use crate::domain::invitation::{Invitation, MAX_TEXT, Recipient};
use crate::domain::refusal::{Findings, Refusal, size};
use crate::domain::rights::Level;
use crate::domain::time::DAY_MS;
use crate::web::App;
use crate::web::api::{preview as previews, read};
use crate::web::auth::Browser;
use crate::web::problem::Failure;
use crate::wire;

use super::form::{self, Fields, Posted};
use super::offer::{self, Again};
use super::words::{self, Row};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// A bundle has at most this many items, and a few more are carried along so that this can be said.
const MOST: usize = 260;
/// So many related items are proposed.
const RELATED: usize = 50;
/// So many earlier recipients are proposed, looked for in so many offers.
const PROPOSED: usize = 12;
const LOOKED_AT: usize = 50;
/// So many lines of each part of a preview are shown.
const LINES: usize = 50;

/// What was typed and chosen.
#[derive(Default, Clone)]
struct Typed {
    items: Vec<String>,
    recipient: String,
    message: String,
    keep: bool,
    until: String,
    days: String,
    terms: bool,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| -> String {
            // Browsers send line ends as two characters, and people count them as one.
            let text = fields.get(name).replace("\r\n", "\n");
            text.chars().take(4 * MAX_TEXT).collect()
        };
        let mut items: Vec<String> = Vec::new();
        for item in fields.all("item", MOST) {
            if !items.iter().any(|there| there == item) {
                items.push(item.to_owned());
            }
        }
        Self {
            items,
            recipient: text("recipient").trim().to_owned(),
            message: text("message"),
            keep: fields.get("keep") == "read",
            until: text("until").trim().to_owned(),
            days: text("days").trim().to_owned(),
            terms: fields.get("terms") == "yes",
        }
    }

    fn ids(&self) -> Vec<ItemId> {
        self.items.iter().filter_map(|id| id.parse().ok()).collect()
    }

    /// The same as a program would ask for it; what cannot even be written so is a problem.
    fn ask(&self) -> Result<wire::RequestTransfer, Findings> {
        let mut problems = read::Problems::default();
        let days = match self.days.as_str() {
            "" => Some(None),
            days => problems.keep(days.parse().map(Some).map_err(|_| {
                Refusal::field(
                    "days",
                    format!("\"{}\" is not a number of days", words::short(days)),
                    "write a whole number from 1 to 90",
                )
            })),
        };
        // A day that is chosen counts to its end.
        let until = match (self.keep, self.until.as_str()) {
            (false, _) | (true, "") => None,
            (true, day) => Some(format!("{day}T23:59:59Z")),
        };
        let keep_access = wire::KeepAccess {
            level: if self.keep { "read" } else { "none" }.to_owned(),
            until,
        };
        let ask = days.map(|days| wire::RequestTransfer {
            items: self.items.clone(),
            recipient: self.recipient.clone(),
            message: Some(self.message.trim().to_owned()).filter(|text| !text.is_empty()),
            keep_access: Some(keep_access),
            expires_in_days: days,
            accept_terms: self.terms,
        });
        problems.unless_any(ask)
    }
}

/// An item that may be offered with those that were chosen.
struct Related {
    row: Row,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/request.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    typed: Typed,
    rows: Vec<Row>,
    total: String,
    related: Vec<Related>,
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
    render(&app, &posted.person, typed, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    typed: Typed,
    problems: Problems,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let ids = typed.ids();
    let found = rights::permits(&settings, person.account.id, &ids, now).await?;
    let chosen: Vec<Permit> = found.into_iter().flatten().collect();
    let bytes = chosen.iter().map(|permit| permit.item().bytes);
    let total = format!(
        "{}, {}",
        words::count(chosen.len(), "item"),
        size(bytes.fold(0, u64::saturating_add))
    );
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let view = Page {
        f: frame(app, Some(person)).at("/transfers"),
        person,
        related: related(app, person, &chosen, &ids).await?,
        proposed: proposed(app, person, &chosen).await?,
        rows: chosen.iter().map(row).collect(),
        total,
        default_days: settings.policy.default_expiry_ms / DAY_MS,
        typed,
        problems,
    };
    Ok(page(status, &view))
}

fn row(permit: &Permit) -> Row {
    let item = permit.item();
    Row {
        id: item.id.to_string(),
        link: true,
        name: words::short(&item.name),
        was: None,
        kind: item.id.kind().word(),
        size: size(item.bytes),
        files: words::count(item.files, "file"),
    }
}

/// The projects of the chosen runs and the runs of the chosen projects, where the same context owns them.
async fn related(
    app: &App,
    person: &Person,
    chosen: &[Permit],
    ids: &[ItemId],
) -> Result<Vec<Related>, Stop> {
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
    let related = |permit: Permit| Related {
        row: row(&permit),
        chosen: false,
    };
    Ok(ours.map(related).collect())
}

/// To whom the context offered something before, the latest first.
async fn proposed(app: &App, person: &Person, chosen: &[Permit]) -> Result<Vec<String>, Stop> {
    let settings = app.settings();
    let owner = chosen.first().map(|permit| permit.item().owner);
    let context = owner.unwrap_or(person.acts_as.context);
    let Ok(acting) = rights::acting(&settings, person.account.id, context).await else {
        return Ok(Vec::new());
    };
    let mut all: Vec<String> = Vec::new();
    for phase in [Phase::Open, Phase::Closed] {
        let of = Box_::sent(&acting);
        let keep = |one: &Invitation| one.terms.is_transfer();
        let page = queries::transfers(&settings, of, phase, None, LOOKED_AT, keep).await?;
        for found in page.transfers {
            let recipient = address(&found.document.recipient);
            if !all.contains(&recipient) {
                all.push(recipient);
            }
        }
    }
    all.truncate(PROPOSED);
    Ok(all)
}

fn address(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Address(address) => address.to_string(),
        Recipient::Workgroup { handle, .. } => format!("workgroup:{handle}"),
    }
}

// ---- what would happen ----

/// What somebody may do with the items now, and would afterwards.
struct Access {
    who: String,
    before: String,
    after: String,
}

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
    let asked = typed.ask().and_then(|ask| read::request(ask, false));
    let (ask, whom) = match asked {
        Ok(read) => read,
        Err(why) => {
            let problems = Problems::of(Trouble::from(why))?;
            return render(app, person, typed, problems).await;
        }
    };
    let call = app.directory().call(person.browser.by(), None);
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
            heading: "It cannot be offered like this",
            all: preview.blocks,
            status: StatusCode::UNPROCESSABLE_ENTITY,
        };
        return render(app, person, typed, problems).await;
    }
    let moves = preview.moves.iter().take(LINES);
    let view = Shown {
        f: frame(app, Some(person)).at("/transfers"),
        person,
        rows: moves.map(moving).collect(),
        unlisted: preview.moves.len().saturating_sub(LINES),
        total: format!(
            "{}, {}",
            words::count(preview.moves.len(), "item"),
            size(preview.bytes)
        ),
        recipient: words::plain(&typed.recipient),
        until: preview
            .expires_at
            .as_deref()
            .and_then(|at| read::moment("expires_at", at).ok())
            .map(|at| at.for_people()),
        stays: preview.stays.into_iter().take(LINES).collect(),
        access: preview.access.into_iter().take(LINES).map(access).collect(),
        warnings: preview.warnings,
        terms: preview.terms,
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

fn moving(item: &wire::OfferedItem) -> Row {
    let kind = item.id.parse::<ItemId>();
    Row {
        id: item.id.clone(),
        link: true,
        name: words::short(&item.name),
        was: None,
        kind: kind.map_or("", |id| id.kind().word()),
        size: size(item.bytes),
        files: words::count(item.files, "file"),
    }
}

fn access(change: wire::AccessChange) -> Access {
    let word = |level: String| match level.split_once(" until ") {
        Some((level, until)) => match read::moment("until", until) {
            Ok(until) => format!("{level} until {}", until.for_people()),
            Err(_) => level.to_owned(),
        },
        None if level == "own" => "owner".to_owned(),
        None if level == "none" => "nothing".to_owned(),
        None => level,
    };
    Access {
        who: words::short(&change.who),
        before: word(change.before),
        after: word(change.after),
    }
}

// ---- doing it ----

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
    let (ask, whom) = read::request(typed.ask()?, false)?;
    let whom = whom.ok_or_else(nobody)?;
    app.limiters().transfer(posted.person.account.id)?;
    let call = posted.call(app, "/transfers/request");
    let id = InvitationId::from_bits(app.settings().ids.fresh(call.at));
    let command = Command::Request { ask, to: whom };
    let done = app.directory().transfer(id, call, command).await?;
    Ok(done.transfer.id)
}

fn nobody() -> Refusal {
    Refusal::field("recipient", "nobody is named", "name a recipient")
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
    app.limiters().transfer(posted.person.account.id)?;
    let call = posted.call(app, &format!("/transfers/{id}/readdress"));
    let new = InvitationId::from_bits(app.settings().ids.fresh(call.at));
    let command = Command::Readdress { new, to: whom };
    let done = app.directory().transfer(id, call, command).await?;
    Ok(done.transfer.id)
}
