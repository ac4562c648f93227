//! Workgroups: those one belongs to, a new one, and the console of each. Whoever may only look sees the same pages without forms.

mod close;
mod invitations;
mod members;
mod settings;
mod storage;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use crate::actors::workgroups::look::{self, Seen};
use crate::actors::workgroups::{self, Command, New};
use crate::domain::governance::{self, Act};
use crate::domain::id::{Context, WorkgroupId};
use crate::domain::policy::Domain;
use crate::domain::workgroup::{Role, Workgroup};
use crate::web::App;
use crate::web::api::{read, workgroups as api};
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;
use crate::web::problem::{Failure, guard};
use crate::wire;

use super::form::{self, Fields, Posted};
use super::words::{self, Fact, Storage, fact};
use super::{Frame, Person, Problems, Stop, frame, page, to};

/// So many workgroups are listed.
const LISTED: usize = 50;

/// The pages about workgroups.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/workgroups", get(list))
        .route("/workgroups/new", get(begin))
        .route("/workgroups/create", post(create))
        .route("/workgroups/{id}", get(show))
        .route("/workgroups/{id}/leave", post(leave))
        .route("/workgroups/{id}/members", get(members::show))
        .route("/workgroups/{id}/members/role", post(members::change))
        .route("/workgroups/{id}/members/remove", post(members::remove))
        .route("/workgroups/{id}/invitations", get(invitations::show))
        .route(
            "/workgroups/{id}/invitations/invite",
            post(invitations::invite),
        )
        .route(
            "/workgroups/{id}/invitations/resend",
            post(invitations::resend),
        )
        .route(
            "/workgroups/{id}/invitations/cancel",
            post(invitations::cancel),
        )
        .route("/workgroups/{id}/storage", get(storage::show))
        .route("/workgroups/{id}/settings", get(settings::show))
        .route("/workgroups/{id}/settings/change", post(settings::change))
        .route(
            "/workgroups/{id}/settings/hand-over",
            post(settings::hand_over),
        )
        .route("/workgroups/{id}/close", get(close::ask).post(close::close))
}

// ---- mine ----

struct Mine {
    id: String,
    name: String,
    handle: String,
    role: String,
    storage: Storage,
}

#[derive(Template)]
#[template(path = "pages/workgroups.html")]
struct List<'a> {
    f: Frame<'a>,
    note: Option<String>,
    mine: Vec<Mine>,
    unlisted: bool,
    may_create: bool,
    /// Why whoever looks makes none, and by whom one is made.
    why_not: Option<wire::Guard>,
}

/// `GET /workgroups`
async fn list(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/workgroups").await?;
    let own = person.contexts.iter().filter_map(|own| match own.context {
        Context::Personal(_) => None,
        Context::Workgroup(id) => Some(Mine {
            id: id.to_string(),
            name: words::short(&own.name),
            handle: own.handle.clone().unwrap_or_default(),
            role: speak(&own.role.said()),
            storage: Storage::of(own),
        }),
    });
    let mut mine: Vec<Mine> = own.collect();
    let unlisted = mine.len() > LISTED;
    mine.truncate(LISTED);
    let may_create = !domains(&app, &person).is_empty();
    let policy = &app.settings().policy;
    let no = governance::forbids_creation(&person.account, &person.account.domain, policy);
    let view = List {
        why_not: no.filter(|_| !may_create).map(guard),
        note: match asked.get("done") {
            "left" => Some(say!("You have left the workgroup. Its data stays with it.")),
            "closed" => Some(say!("The workgroup is closed. Its handle is free again.")),
            _ => None,
        },
        mine,
        unlisted,
        may_create,
        f: frame(&app, Some(&person)).at("/workgroups"),
    };
    Ok(page(StatusCode::OK, &view))
}

// ---- a new one ----

/// Where a workgroup may live.
struct Place {
    name: String,
    private: bool,
    chosen: bool,
}

#[derive(Default)]
struct Typed {
    name: String,
    handle: String,
    description: String,
    domain: String,
    collaborative: bool,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let text = |name| form::text(fields, name, 4 * governance::MAX_DESCRIPTION);
        Self {
            name: text("name"),
            handle: text("handle").trim().to_owned(),
            description: text("description"),
            domain: text("domain"),
            collaborative: fields.get("collaborative") == "yes",
        }
    }
}

#[derive(Template)]
#[template(path = "pages/workgroup-new.html")]
struct Beginning<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    typed: Typed,
    places: Vec<Place>,
    private: bool,
    once: String,
}

/// The domains in which this person may create workgroups, their own first.
fn domains(app: &App, person: &Person) -> Vec<Domain> {
    let policy = &app.settings().policy;
    let mut all = vec![person.account.domain.clone(), Domain::public()];
    let named = policy.domains.keys().map(|name| Domain::named(name));
    all.extend(named.filter(|there| policy.administers(&person.account.addresses, there)));
    let mut allowed: Vec<Domain> = Vec::new();
    for domain in all {
        let no = governance::forbids_creation(&person.account, &domain, policy);
        if no.is_none() && !allowed.contains(&domain) {
            allowed.push(domain);
        }
    }
    allowed
}

/// `GET /workgroups/new`
async fn begin(State(app): State<App>, browser: Option<Browser>) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/workgroups/new").await?;
    let policy = &app.settings().policy;
    let no = governance::forbids_creation(&person.account, &person.account.domain, policy);
    let problems = match no.filter(|_| domains(&app, &person).is_empty()) {
        Some(no) => Problems::of(no)?,
        None => Problems::default(),
    };
    Ok(beginning(&app, &person, Typed::default(), problems))
}

fn beginning(app: &App, person: &Person, typed: Typed, problems: Problems) -> Response {
    let place = |domain: &Domain| Place {
        name: domain.name().to_owned(),
        private: !domain.is_public(),
        chosen: domain.name() == typed.domain,
    };
    let places: Vec<Place> = domains(app, person).iter().map(place).collect();
    let view = Beginning {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        private: places.iter().any(|place| place.private),
        places,
        once: form::once(app),
        typed,
        problems,
    };
    page(view.problems.page_status(), &view)
}

/// `POST /workgroups/create`
async fn create(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    let mut problems = read::Problems::default();
    let handle = problems.keep(api::handle_of(&typed.handle));
    let new = handle.map(|handle| New {
        name: match typed.name.trim() {
            "" => handle.to_string(),
            name => name.to_owned(),
        },
        handle,
        description: typed.description.clone(),
        domain: (!typed.domain.is_empty()).then(|| Domain::named(&typed.domain)),
        collaborative: typed.collaborative,
    });
    let made = match problems.unless_any(new) {
        Ok(new) => {
            let call = posted.call(&app, "/workgroups/create");
            let made = workgroups::create(app.directory(), &call, &new).await;
            made.map_err(Failure::from)
        }
        Err(why) => Err(why.into()),
    };
    match made {
        Ok(workgroup) => Ok(to(&format!("/workgroups/{}?done=created", workgroup.id))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            Ok(beginning(&app, &posted.person, typed, problems))
        }
    }
}

// ---- one of them ----

/// What stands above every page of a workgroup.
pub struct Head {
    id: WorkgroupId,
    name: String,
    here: &'static str,
    /// Whether whoever looks may see its invitations.
    invites: bool,
    /// What rules it, if that is not its members.
    ruled: bool,
}

impl Head {
    fn of(seen: &Seen, here: &'static str) -> Self {
        let workgroup = &seen.workgroup.document;
        let no = governance::forbids(workgroup, seen.standing, Act::Invite);
        let administers =
            seen.standing.domain_administrator || seen.standing.role >= Some(Role::Administrator);
        Self {
            id: workgroup.id,
            name: words::short(&workgroup.name),
            here,
            invites: no.is_none() || (workgroup.ruled && administers),
            ruled: workgroup.ruled,
        }
    }

    /// Whether this is the page one is on, which is marked.
    fn is_at(&self, here: &str) -> bool {
        self.here == here
    }
}

fn may(seen: &Seen, act: Act) -> bool {
    governance::forbids(&seen.workgroup.document, seen.standing, act).is_none()
}

/// The workgroup of a path, for somebody who may see it.
async fn seen(app: &App, person: &Person, name: &str) -> Result<Seen, Stop> {
    Ok(look::named(&app.settings(), person.account.id, name).await?)
}

/// Whoever looks, and the workgroup they look at.
async fn opened(
    app: &App,
    browser: Option<Browser>,
    name: &str,
    part: &str,
) -> Result<(Person, Seen), Stop> {
    let here = format!("/workgroups/{name}{part}");
    let person = super::person(app, browser, super::local(&here)).await?;
    let seen = seen(app, &person, name).await?;
    Ok((person, seen))
}

/// Which workgroup a form is about. Whether whoever sent it may see it is told by what they want to do: whoever has left it, and
/// sends that form again, has left it.
async fn meant(app: &App, posted: &Posted, name: &str) -> Result<WorkgroupId, Stop> {
    match name.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(seen(app, &posted.person, name).await?.workgroup.document.id),
    }
}

#[derive(Template)]
#[template(path = "pages/workgroup.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    head: Head,
    description: Option<String>,
    facts: Vec<Fact>,
    storage: Storage,
    /// Whether whoever looks acts as it already, or could.
    acts_as: bool,
    belongs: bool,
    context: Context,
    may_leave: bool,
    owns: bool,
    once: String,
}

/// `GET /workgroups/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "").await?;
    let note = match asked.get("done") {
        "created" => Some(say!(
            "The workgroup is created, and you own it. Invite those who shall belong to it."
        )),
        _ => None,
    };
    overview(&app, &person, &seen, note, Problems::default()).await
}

async fn overview(
    app: &App,
    person: &Person,
    seen: &Seen,
    note: Option<String>,
    problems: Problems,
) -> Result<Response, Stop> {
    let workgroup = seen.workgroup.document.clone();
    let shown = look::shown(&app.settings(), workgroup, seen.standing.role).await?;
    let context = Context::Workgroup(shown.workgroup.id);
    let creators = app.settings().policy.creators;
    let mut facts = vec![
        fact(say!("Handle"), shown.workgroup.handle.to_string()),
        fact(
            say!("You are its"),
            match shown.role {
                Some(role) => speak(&role.said()),
                None => say!("domain’s administrator"),
            },
        ),
        fact(
            say!("Tier"),
            words::tier(shown.workgroup.tier, shown.quota, creators),
        ),
    ];
    // Where all live in the same, the word would only be one more to learn.
    let (own, others) = (&shown.workgroup.domain, &app.settings().policy.domains);
    if !own.is_public() || !others.is_empty() {
        facts.push(fact(say!("Domain"), words::domain(own.name())));
    }
    facts.extend([
        fact(say!("Members"), members_of(app, &shown.workgroup).await?),
        fact(say!("Since"), words::date(shown.workgroup.created_at)),
    ]);
    let view = Page {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        note,
        head: Head::of(seen, "overview"),
        description: shown.workgroup.description.as_deref().map(words::plain),
        facts,
        storage: Storage::new(shown.quota, shown.usage),
        acts_as: person.acts_as.context == context,
        belongs: shown.role.is_some(),
        context,
        may_leave: may(seen, Act::Leave),
        owns: shown.role == Some(Role::Owner),
        once: form::once(app),
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

/// How many there are, and where they may come from.
async fn members_of(app: &App, workgroup: &Workgroup) -> Result<String, Stop> {
    let (count, more) = look::count(&app.settings(), workgroup.id).await?;
    let count = words::grouped(count as u64);
    let count = if more {
        say!("more than {count}", count)
    } else {
        count
    };
    Ok(
        match (workgroup.domain.is_public(), workgroup.collaborative) {
            (true, _) => count,
            (false, true) => say!("{count}, from anywhere (collaborative)", count),
            (false, false) => say!("{count}, from its domain only", count),
        },
    )
}

/// `POST /workgroups/{id}/leave`
async fn leave(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = meant(&app, &posted, &id).await?;
    let call = posted.call(&app, &format!("/workgroups/{id}/leave"));
    match workgroups::handle(app.directory(), &call, id, &Command::Leave).await {
        Ok(_) => Ok(to("/workgroups?done=left")),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            let seen = seen(&app, &posted.person, &id.to_string()).await?;
            overview(&app, &posted.person, &seen, None, problems).await
        }
    }
}
