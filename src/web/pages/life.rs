//! Trash, archive and the end of items: one or several at once, each decided on its own. Whatever could not be done is told with all its
//! reasons, beside what was.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::lifecycle;
use crate::actors::rights::{self, Permit};
use crate::actors::world::{Settings, Trouble};
use crate::domain::id::{ItemId, ItemKind};
use crate::domain::item::State as ItemState;
use crate::domain::lifecycle::Act;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::problem::Failure;
use crate::wire::Guard;

use super::form::{self, Fields, Posted};
use super::item;
use super::list::{self, View};
use super::words::{self, Row};
use super::{Frame, Person, Problems, Stop, frame, page, to};
use crate::actors::browse::Which;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::words::size;

/// So many items at once: a page of a list.
const MOST: usize = 50;
/// What is told of items fills at most so many characters, and of those that went so many, so that the page stays below 100 KB.
const TOLD: usize = 4_000;
const TOLD_WENT: usize = 1_000;

/// What has been done with `what`, which is so many items. The word comes from an address, the sentence from here.
pub fn done(word: &str, what: &str, n: u64) -> Option<String> {
    Some(match word {
        "trashed" => say!(
            n;
            "{what} is in the trash: those it is shared with do not see it there, it counts towards storage until deleted for good, and you can restore it.",
            "{what} are in the trash: those they are shared with do not see them there, they count towards storage until deleted for good, and you can restore them.",
            what
        ),
        "restored" => say!(
            n;
            "{what} is out of the trash again, as it went in.",
            "{what} are out of the trash again, as they went in.",
            what
        ),
        "archived" => say!(
            n;
            "{what} is archived: neither shared nor transferred until you take it out again.",
            "{what} are archived: neither shared nor transferred until you take them out again.",
            what
        ),
        "activated" => say!(
            n;
            "{what} is out of the archive again.",
            "{what} are out of the archive again.",
            what
        ),
        "purged" => say!(
            n;
            "{what} will be deleted for good. Until the day that is shown, you can restore it.",
            "{what} will be deleted for good. Until the day that is shown, you can restore them.",
            what
        ),
        _ => return None,
    })
}

/// Something that could not be done.
pub struct Stayed {
    id: ItemId,
    pub name: String,
    pub why: Vec<Guard>,
}

/// What has become of what was chosen.
pub struct Outcome {
    act: Act,
    /// What was wrong with the choice itself.
    pub problems: Problems,
    /// Names of what was done, as many as are told.
    pub went: Vec<String>,
    went_in_all: usize,
    /// What was not done, as much as is told.
    pub stayed: Vec<Stayed>,
    stayed_ids: Vec<ItemId>,
    status: StatusCode,
}

impl Outcome {
    /// Of a choice with which nothing can be done.
    fn wrong(act: Act, problem: Refusal) -> Result<Self, Stop> {
        let problems = Problems::of(Trouble::from(problem))?;
        Ok(Self {
            act,
            status: problems.status,
            problems,
            went: Vec::new(),
            went_in_all: 0,
            stayed: Vec::new(),
            stayed_ids: Vec::new(),
        })
    }

    /// Whether it was chosen and nothing was done with it.
    pub fn stays(&self, id: ItemId) -> bool {
        self.stayed_ids.contains(&id)
    }

    /// What the page answers with.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Everything that was in the way.
    pub fn into_problems(self) -> Problems {
        let mut problems = self.problems;
        problems.status = self.status;
        problems.heading = say!("That did not work");
        let why = self.stayed.into_iter().flat_map(|stayed| stayed.why);
        problems.all.extend(why);
        problems
    }

    pub fn heading(&self) -> String {
        let all = self.went_in_all.saturating_add(self.stayed_ids.len());
        let stayed = self.stayed_ids.len();
        match (self.act, stayed) {
            (_, 0) => say!("That did not work"),
            (act, _) if stayed == all => match act {
                Act::Trash => say!("Nothing was put into the trash"),
                Act::Restore => say!("Nothing was restored"),
                Act::Archive => say!("Nothing was archived"),
                Act::Unarchive => say!("Nothing was taken out of the archive"),
                Act::Purge => say!("Nothing was deleted"),
            },
            (Act::Trash, _) => {
                say!(
                    "{stayed} of {all} could not be put into the trash",
                    stayed,
                    all
                )
            }
            (Act::Restore, _) => say!("{stayed} of {all} could not be restored", stayed, all),
            (Act::Archive, _) => say!("{stayed} of {all} could not be archived", stayed, all),
            (Act::Unarchive, _) => say!(
                "{stayed} of {all} could not be taken out of the archive",
                stayed,
                all
            ),
            (Act::Purge, _) => say!("{stayed} of {all} could not be deleted", stayed, all),
        }
    }

    pub fn went_sentence(&self) -> String {
        let what = words::items(self.went_in_all);
        let n = u64::try_from(self.went_in_all).unwrap_or(u64::MAX);
        done(past(self.act), &what, n).unwrap_or_default()
    }

    /// How many are not told of, because there are so many.
    pub fn untold(&self) -> usize {
        self.stayed_ids.len().saturating_sub(self.stayed.len())
    }
}

const fn past(act: Act) -> &'static str {
    match act {
        Act::Trash => "trashed",
        Act::Restore => "restored",
        Act::Archive => "archived",
        Act::Unarchive => "activated",
        Act::Purge => "purged",
    }
}

/// `POST /items/trash`
pub async fn trash(app: State<App>, asked: Fields, posted: Posted) -> Result<Response, Stop> {
    carry_out(app, &asked, &posted, Act::Trash).await
}
/// `POST /items/restore`
pub async fn restore(app: State<App>, asked: Fields, posted: Posted) -> Result<Response, Stop> {
    carry_out(app, &asked, &posted, Act::Restore).await
}
/// `POST /items/archive`
pub async fn archive(app: State<App>, asked: Fields, posted: Posted) -> Result<Response, Stop> {
    carry_out(app, &asked, &posted, Act::Archive).await
}
/// `POST /items/activate`
pub async fn activate(app: State<App>, asked: Fields, posted: Posted) -> Result<Response, Stop> {
    carry_out(app, &asked, &posted, Act::Unarchive).await
}
/// `POST /items/purge`
pub async fn purge(app: State<App>, asked: Fields, posted: Posted) -> Result<Response, Stop> {
    carry_out(app, &asked, &posted, Act::Purge).await
}

/// The items that a form or an address names, each once; `None` for what is no item.
fn chosen(fields: &Fields) -> Option<Vec<ItemId>> {
    let mut ids: Vec<ItemId> = Vec::new();
    for text in fields.all("item", MOST + 1) {
        let id = text.parse().ok()?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Some(ids)
}

/// What is wrong with a choice of so many.
pub fn problem(chosen: usize) -> Option<Refusal> {
    let (sentence, next_step) = match chosen {
        0 => (
            said!("nothing is chosen"),
            said!("tick what you mean, then press the button again"),
        ),
        1..=MOST => return None,
        _ => (
            said!("more than {most} items are chosen", most = MOST),
            said!("do it with fewer at a time"),
        ),
    };
    Some(Refusal::field("item", sentence, next_step))
}

async fn carry_out(
    State(app): State<App>,
    asked: &Fields,
    posted: &Posted,
    act: Act,
) -> Result<Response, Stop> {
    let ids = chosen(&posted.fields).ok_or(Stop::Nothing)?;
    let outcome = match problem(ids.len()) {
        Some(problem) => Outcome::wrong(act, problem)?,
        None => {
            let once = match asked.get("once") {
                "" => posted.fields.get("once"),
                once => once,
            };
            each(&app, posted, once, &ids, act).await?
        }
    };
    let person = &posted.person;
    let done = (outcome.status == StatusCode::OK).then(|| past(act));
    let kind = match asked.get("list") {
        "run" => Some(ItemKind::Run),
        "project" => Some(ItemKind::Project),
        _ => None,
    };
    match (kind, ids.first(), done) {
        (Some(kind), _, Some(done)) => {
            let view = View::of(kind, asked);
            let n = outcome.went_in_all;
            let and = format!("done={done}&n={n}");
            Ok(to(&match view.query() {
                query if query.is_empty() => format!("{}?{and}", view.path()),
                query => format!("{}?{query}&{and}", view.path()),
            }))
        }
        (Some(kind), _, None) => {
            let view = View::of(kind, asked);
            list::render(&app, person, &view, None, Some(&outcome)).await
        }
        (None, Some(id), Some(done)) => Ok(to(&format!("/items/{id}?done={done}"))),
        (None, Some(id), None) => {
            item::render(&app, person, *id, asked, outcome.into_problems()).await
        }
        (None, None, _) => Err(Stop::Nothing),
    }
}

/// Each item on its own. A failure of the world ends it; the form can be sent again then, and nothing is done twice.
async fn each(
    app: &App,
    posted: &Posted,
    once: &str,
    ids: &[ItemId],
    act: Act,
) -> Result<Outcome, Stop> {
    let person = posted.person.account.id;
    let names = names(app, &posted.person, ids).await?;
    let (mut went, mut stayed) = (Vec::new(), Vec::new());
    let mut status = StatusCode::OK;
    for (id, name) in ids.iter().zip(names) {
        let path = format!("/items/{}/{id}", act.word());
        let call = posted.call_once(app, &path, once);
        match lifecycle::carry_out(app.directory(), person, call, *id, act).await {
            Ok(_) => went.push(name),
            Err(trouble) => {
                let failure = Failure::from(trouble);
                let told = failure.told();
                if told.fault().is_some() {
                    return Err(failure.into());
                }
                if status == StatusCode::OK {
                    status = told.status();
                }
                stayed.push(Stayed {
                    id: *id,
                    name,
                    why: told.guards().iter().map(plain).collect(),
                });
            }
        }
    }
    let stayed_ids = stayed.iter().map(|stayed| stayed.id).collect();
    let went_in_all = went.len();
    within(&mut went, TOLD_WENT, |name| name.len());
    within(&mut stayed, TOLD, |stayed| {
        let why = stayed.why.iter();
        let why = why.map(|why| why.sentence.len() + why.next_step.len());
        stayed.name.len() + why.sum::<usize>()
    });
    Ok(Outcome {
        act,
        problems: Problems::default(),
        went,
        went_in_all,
        stayed,
        stayed_ids,
        status,
    })
}

/// Keeps as many as fit together; the first one always does.
fn within<T>(all: &mut Vec<T>, room: usize, length: impl Fn(&T) -> usize) {
    let mut used = 0;
    let fits = all.iter().take_while(|one| {
        used += length(one);
        used <= room
    });
    let fits = fits.count().max(1);
    all.truncate(fits);
}

/// A sentence may hold a name, and a name anything.
fn plain(guard: &Guard) -> Guard {
    Guard {
        sentence: words::plain(&guard.sentence),
        next_step: words::plain(&guard.next_step),
        ..guard.clone()
    }
}

/// What the chosen items are called, as far as this person may know.
async fn names(app: &App, person: &Person, ids: &[ItemId]) -> Result<Vec<String>, Stop> {
    let now = app.directory().now();
    let permits = rights::permits(&app.settings(), person.account.id, ids, now).await?;
    let name = |(id, permit): (&ItemId, Option<Permit>)| match permit {
        Some(permit) => words::short(&permit.item().name),
        None => id.to_string(),
    };
    Ok(ids.iter().zip(permits).map(name).collect())
}

#[derive(Template)]
#[template(path = "pages/purge.html")]
struct Sure<'a> {
    f: Frame<'a>,
    person: &'a Person,
    what: String,
    size: String,
    day: String,
    back: String,
    /// What follows the address of the form.
    with: String,
    items: Vec<Row>,
    /// Whether runs are among them, whose projects may stay.
    runs: bool,
    once: String,
}

/// `GET /items/purge`: what would be gone, and when. Nothing is done yet.
pub async fn sure(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/").await?;
    let ids = chosen(&asked).ok_or(Stop::Nothing)?;
    let settings = app.settings();
    let now = app.directory().now();
    if let Some(problem) = problem(ids.len()) {
        let kind = ids.first().map_or(ItemKind::Run, |id| id.kind());
        let view = View::plain(kind, Which::Trashed);
        let outcome = Outcome::wrong(Act::Purge, problem)?;
        return list::render(&app, &person, &view, None, Some(&outcome)).await;
    }
    let permits = rights::permits(&settings, person.account.id, &ids, now).await?;
    let permits: Vec<Permit> = permits.into_iter().flatten().collect();
    let can = |permit: &&Permit| {
        let item = permit.item();
        permit.as_owner().is_some()
            && item.state == ItemState::Trashed
            && item.life.purge_at.is_none()
    };
    let going: Vec<&Permit> = permits.iter().filter(can).collect();
    let Some(first) = going.first() else {
        return none_to_purge(&app, &person, &settings, &ids).await;
    };
    let kind = first.id().kind();
    let bytes = going.iter().map(|permit| permit.item().bytes);
    let view = View::plain(kind, Which::Trashed);
    let shown = Sure {
        f: frame(&app, Some(&person)).at(view.path()),
        what: what(&going),
        size: size(bytes.fold(0, u64::saturating_add)),
        day: words::date(now.plus_ms(settings.policy.purge_after_ms)),
        back: format!("{}?{}", view.path(), view.query()),
        with: format!("list={}&{}", kind.word(), view.query()),
        items: going.iter().map(|permit| item::row(permit)).collect(),
        runs: going.iter().any(|one| one.id().kind() == ItemKind::Run),
        once: form::once(&app),
        person: &person,
    };
    Ok(page(StatusCode::OK, &shown))
}

fn what(going: &[&Permit]) -> String {
    let of = |kind: ItemKind| going.iter().filter(|one| one.id().kind() == kind).count();
    words::runs_and_projects(of(ItemKind::Run), of(ItemKind::Project))
}

/// Nothing of what was chosen can go for good: the list tells why.
async fn none_to_purge(
    app: &App,
    person: &Person,
    settings: &Settings,
    ids: &[ItemId],
) -> Result<Response, Stop> {
    let Some(id) = ids.first() else {
        return Err(Stop::Nothing);
    };
    let now = app.directory().now();
    rights::permit(
        settings,
        person.account.id,
        *id,
        crate::domain::rights::Level::Own,
        now,
    )
    .await?;
    let problem = Refusal::field(
        "item",
        said!("nothing of what was chosen can be deleted for good now"),
        said!("put it into the trash first; what is going to be deleted already goes on its day"),
    );
    let view = View::plain(id.kind(), Which::Trashed);
    let outcome = Outcome::wrong(Act::Purge, problem)?;
    list::render(app, person, &view, None, Some(&outcome)).await
}
