//! The runs and the projects of the context one acts as: searched, sorted, turned page by page, and several chosen at once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::browse::{self, Asked, At, LOOKED_THROUGH, Listed, Order, Which};
use crate::actors::queries::Own;
use crate::actors::rights;
use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::item::{Item, State as ItemState};
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::form::{self, Fields};
use super::home;
use super::life::{Outcome, done};
use super::words::{self, Moment};
use super::{Frame, Person, Stop, frame, page};

/// Rows of a page.
const ROWS: usize = 50;
/// Longer than any name.
const LONGEST: usize = 255;

/// What somebody looks at: which list, and how it is shown.
#[derive(Clone)]
pub struct View {
    kind: ItemKind,
    which: Which,
    order: Order,
    name: String,
    at: At,
}

/// What a field of the list's form can be, and how the address says so.
type Choices<T> = &'static [(&'static str, T)];

const STATES: Choices<Which> = &[
    ("", Which::Kept),
    ("archived", Which::Archived),
    ("trashed", Which::Trashed),
];
const ORDERS: Choices<Order> = &[
    ("", Order::Newest),
    ("oldest", Order::Oldest),
    ("name", Order::Name),
    ("size", Order::Size),
];

fn chosen<T: Copy + Default>(all: Choices<T>, word: &str) -> T {
    let found = all.iter().find(|(there, _)| *there == word);
    found.map_or_else(T::default, |(_, value)| *value)
}

fn word<T: PartialEq>(all: Choices<T>, value: &T) -> &'static str {
    let found = all.iter().find(|(_, there)| there == value);
    found.map_or("", |(word, _)| *word)
}

fn state(which: &Which) -> String {
    match which {
        Which::Kept => say!("Active and archived"),
        Which::Archived => say!("Archived"),
        Which::Trashed => say!("In the trash"),
    }
}

fn order(order: &Order) -> String {
    match order {
        Order::Newest => say!("Newest first"),
        Order::Oldest => say!("Oldest first"),
        Order::Name => say!("Name"),
        Order::Size => say!("Largest first"),
    }
}

impl View {
    /// As the address asks for it; what cannot be read is left out.
    pub fn of(kind: ItemKind, asked: &Fields) -> Self {
        Self {
            kind,
            which: chosen(STATES, asked.get("state")),
            order: chosen(ORDERS, asked.get("sort")),
            name: asked.get("name").trim().chars().take(LONGEST).collect(),
            at: asked.get("at").parse().unwrap_or_default(),
        }
    }

    /// The same list in this state, from its start.
    pub fn plain(kind: ItemKind, which: Which) -> Self {
        Self {
            kind,
            which,
            order: Order::default(),
            name: String::new(),
            at: At::Start,
        }
    }

    /// Where the list is, whatever is shown of it.
    pub const fn path(&self) -> &'static str {
        match self.kind {
            ItemKind::Run => "/runs",
            ItemKind::Project => "/projects",
        }
    }

    fn is_trash(&self) -> bool {
        self.which == Which::Trashed
    }

    fn fields(&self, at: &At) -> String {
        let fields = [
            ("name", words::in_address(&self.name)),
            ("state", word(STATES, &self.which).to_owned()),
            ("sort", word(ORDERS, &self.order).to_owned()),
            ("at", at.to_string()),
        ];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        let fields: Vec<String> = given
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        fields.join("&")
    }

    /// What the address of this view says after the path; to be gone on with `&`.
    pub fn query(&self) -> String {
        self.fields(&self.at)
    }

    /// The address of the same view elsewhere in the list.
    fn turned(&self, at: &At) -> String {
        match self.fields(at) {
            fields if fields.is_empty() => self.path().to_owned(),
            fields => format!("{}?{fields}", self.path()),
        }
    }
}

/// One of the choices of a field.
struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

fn choices<T: PartialEq>(all: Choices<T>, present: &T, label: fn(&T) -> String) -> Vec<Choice> {
    let choice = |(value, it): &(&'static str, T)| Choice {
        value,
        label: label(it),
        chosen: it == present,
    };
    all.iter().map(choice).collect()
}

struct Row {
    id: String,
    name: String,
    size: String,
    files: String,
    registered: Moment,
    offered: Option<String>,
    shared: bool,
    archived: bool,
    trashed: bool,
    purge: Option<String>,
    /// Chosen before, when the page is shown again.
    ticked: bool,
}

/// Why nothing is listed, and how to begin.
enum Nothing {
    Further,
    Over,
    Found,
    Archived,
    Trashed,
    Runs,
    Projects,
}

#[derive(Template)]
#[template(path = "pages/list.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    heading: String,
    view: &'a View,
    /// Whether it lists runs, and not projects.
    runs: bool,
    states: Vec<Choice>,
    orders: Vec<Choice>,
    note: Option<String>,
    outcome: Option<&'a Outcome>,
    rows: Vec<Row>,
    nothing: Nothing,
    /// In which direction there may be some where none were found yet: the link that leads there by itself, unless there is something to
    /// be read here first.
    goes_on: Option<&'static str>,
    before: Option<String>,
    after: Option<String>,
    /// Whether the page holds less than fits because what is rare is looked for over several.
    further: bool,
    /// How many are in this order, when there are more.
    cut: Option<String>,
    /// What follows the address of what is done with those that are chosen.
    with: String,
    /// Contexts whose lists are others.
    elsewhere: Vec<home::Into>,
}

/// `GET /runs`
pub async fn runs(
    state: State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    show(state, ItemKind::Run, asked, browser).await
}

/// `GET /projects`
pub async fn projects(
    state: State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    show(state, ItemKind::Project, asked, browser).await
}

async fn show(
    State(app): State<App>,
    kind: ItemKind,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let view = View::of(kind, &asked);
    let person = super::person(&app, browser, view.path()).await?;
    let note = asked.get("n").parse().ok().and_then(|n: u64| {
        let what = words::of_kind(n, kind);
        done(asked.get("done"), &what, n)
    });
    render(&app, &person, &view, note, None).await
}

/// The page, perhaps again because not everything that was chosen could be done.
pub async fn render(
    app: &App,
    person: &Person,
    view: &View,
    note: Option<String>,
    outcome: Option<&Outcome>,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let context = person.acts_as.context;
    let acting = rights::acting(&settings, person.account.id, context).await?;
    let asked = Asked {
        kind: view.kind,
        which: view.which,
        order: view.order,
        name: &view.name,
    };
    let found = browse::page(&settings, &acting, asked, view.at.clone(), ROWS, now).await?;
    let ticked = |id: ItemId| outcome.is_some_and(|outcome| outcome.stays(id));
    let rows = found.items.iter();
    let rows: Vec<Row> = rows.map(|one| row(one, ticked(one.item.id))).collect();
    let all = words::of_kind(LOOKED_THROUGH, view.kind);
    let shown = Page {
        f: frame(app, Some(person)).at(view.path()),
        person,
        heading: heading(view, &person.acts_as),
        runs: view.kind == ItemKind::Run,
        states: choices(STATES, &view.which, state),
        orders: choices(ORDERS, &view.order, order),
        goes_on: match view.at {
            _ if note.is_some() || outcome.is_some() => None,
            At::Before(_) if found.before.is_some() => Some("prev"),
            _ => found.after.is_some().then_some("next"),
        },
        note,
        outcome,
        nothing: nothing(view, found.after.is_some()),
        further: (1..ROWS).contains(&rows.len()) && found.after.is_some(),
        rows,
        before: found.before.map(|at| view.turned(&at)),
        after: found.after.map(|at| view.turned(&at)),
        cut: found.cut.then_some(all),
        with: with(app, view),
        elsewhere: home::elsewhere(person),
        view,
    };
    Ok(page(
        outcome.map_or(StatusCode::OK, Outcome::status),
        &shown,
    ))
}

fn with(app: &App, view: &View) -> String {
    let with = format!("once={}&list={}", form::once(app), view.kind.word());
    match view.query() {
        query if query.is_empty() => with,
        query => format!("{with}&{query}"),
    }
}

fn heading(view: &View, own: &Own) -> String {
    let name = words::short(&own.name);
    match (own.context, view.kind, view.which) {
        (Context::Personal(_), ItemKind::Run, Which::Kept) => say!("Your runs"),
        (Context::Personal(_), ItemKind::Project, Which::Kept) => say!("Your projects"),
        (Context::Workgroup(_), ItemKind::Run, Which::Kept) => say!("Runs of {name}", name),
        (Context::Workgroup(_), ItemKind::Project, Which::Kept) => say!("Projects of {name}", name),
        (Context::Personal(_), ItemKind::Run, Which::Archived) => say!("Your runs in the archive"),
        (Context::Personal(_), ItemKind::Project, Which::Archived) => {
            say!("Your projects in the archive")
        }
        (Context::Workgroup(_), ItemKind::Run, Which::Archived) => {
            say!("Runs of {name} in the archive", name)
        }
        (Context::Workgroup(_), ItemKind::Project, Which::Archived) => {
            say!("Projects of {name} in the archive", name)
        }
        (Context::Personal(_), ItemKind::Run, Which::Trashed) => say!("Your runs in the trash"),
        (Context::Personal(_), ItemKind::Project, Which::Trashed) => {
            say!("Your projects in the trash")
        }
        (Context::Workgroup(_), ItemKind::Run, Which::Trashed) => {
            say!("Runs of {name} in the trash", name)
        }
        (Context::Workgroup(_), ItemKind::Project, Which::Trashed) => {
            say!("Projects of {name} in the trash", name)
        }
    }
}

fn nothing(view: &View, further: bool) -> Nothing {
    match (view.which, view.kind) {
        _ if further => Nothing::Further,
        _ if view.at != At::Start => Nothing::Over,
        _ if !view.name.is_empty() => Nothing::Found,
        (Which::Archived, _) => Nothing::Archived,
        (Which::Trashed, _) => Nothing::Trashed,
        (Which::Kept, ItemKind::Run) => Nothing::Runs,
        (Which::Kept, ItemKind::Project) => Nothing::Projects,
    }
}

fn row(listed: &Listed, ticked: bool) -> Row {
    let item: &Item = &listed.item;
    Row {
        id: item.id.to_string(),
        name: words::short(&item.name),
        size: words::size_of(item),
        files: match item.holds() {
            None => words::grouped(item.files),
            Some(holds) => speak(&words::held(holds)),
        },
        registered: item.created_at.into(),
        offered: item.pending.map(|transfer| transfer.to_string()),
        shared: listed.shared,
        archived: item.state == ItemState::Archived,
        trashed: item.state == ItemState::Trashed,
        purge: item.life.purge_at.map(words::date),
        ticked,
    }
}
