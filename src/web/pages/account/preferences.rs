//! Where things of an account go, which letters it gets, and from whom it takes nothing.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::settings::Change;
use crate::domain::account::Quiet;
use crate::domain::address::Address;
use crate::domain::id::Context;
use crate::domain::refusal::{Findings, Refusal};
use crate::domain::said::said;
use crate::web::App;
use crate::web::api::{read, settings as api};
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, person, to, words};

use super::changed;

/// So many senders are listed.
const LISTED: usize = 50;
/// So many contexts can be chosen from.
const CHOICES: usize = 50;

/// The sender whom a form is about.
fn sender(fields: &Fields) -> Result<Address, Refusal> {
    api::address(fields.get("sender").trim())
}

// ---- where things go ----

struct Choice {
    context: Context,
    name: String,
}

struct Rule {
    sender: String,
    into: String,
}

/// What is chosen.
struct Chosen {
    uploads: Context,
    accepting: Context,
    sender: String,
    into: Option<Context>,
}

impl Chosen {
    fn now(person: &Person) -> Self {
        Self {
            uploads: person.account.default_run_location,
            accepting: person.account.default_context,
            sender: String::new(),
            into: None,
        }
    }
}

#[derive(Template)]
#[template(path = "pages/account-defaults.html")]
struct Defaults<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    choices: Vec<Choice>,
    chosen: Chosen,
    rules: Vec<Rule>,
    unlisted: usize,
}

/// `GET /account/defaults`
pub async fn defaults(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/defaults").await?;
    let note = (asked.get("done") == "changed").then(|| say!("Saved."));
    let chosen = Chosen::now(&person);
    Ok(show_defaults(
        &app,
        &person,
        chosen,
        note,
        Problems::default(),
    ))
}

fn show_defaults(
    app: &App,
    person: &Person,
    chosen: Chosen,
    note: Option<String>,
    problems: Problems,
) -> Response {
    let named = [Some(chosen.uploads), Some(chosen.accepting), chosen.into];
    let offered = person.contexts.iter().enumerate().filter(|(n, own)| {
        // Whatever is chosen now can be chosen again.
        *n < CHOICES || named.contains(&Some(own.context))
    });
    let rule = |(sender, context): (&String, &Context)| Rule {
        sender: sender.clone(),
        into: person.own(*context).map_or_else(
            || say!("a workgroup you do not belong to any more"),
            |own| words::context_name(*context, &own.name),
        ),
    };
    let rules = &person.account.default_context_by_sender;
    let view = Defaults {
        f: frame(app, Some(person)),
        person,
        note,
        choices: offered
            .map(|(_, own)| Choice {
                context: own.context,
                name: words::context_name(own.context, &own.name),
            })
            .collect(),
        chosen,
        rules: rules.iter().take(LISTED).map(rule).collect(),
        unlisted: rules.len().saturating_sub(LISTED),
        problems,
    };
    page(view.problems.page_status(), &view)
}

fn context(fields: &Fields, name: &str) -> Result<Context, Refusal> {
    fields.get(name).parse().map_err(|_| {
        Refusal::field(
            name,
            said!("no context is chosen"),
            said!("choose one of your contexts"),
        )
    })
}

/// `POST /account/defaults/change`
pub async fn change_defaults(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let now = Chosen::now(&posted.person);
    let mut problems = read::Problems::default();
    let uploads = problems.keep(context(&posted.fields, "uploads"));
    let accepting = problems.keep(context(&posted.fields, "accepting"));
    let chosen = Chosen {
        uploads: uploads.unwrap_or(now.uploads),
        accepting: accepting.unwrap_or(now.accepting),
        ..now
    };
    let change = Change {
        default_run_location: uploads,
        default_context: accepting,
        ..Change::default()
    };
    save_defaults(&app, &posted, problems.unless_any(Some(change)), chosen).await
}

async fn save_defaults(
    app: &App,
    posted: &Posted,
    change: Result<Change, Findings>,
    chosen: Chosen,
) -> Result<Response, Stop> {
    let problems = match change {
        Ok(change) => changed(app, posted, &change).await?,
        Err(why) => Problems::of(why)?,
    };
    if problems.is_empty() {
        return Ok(to("/account/defaults?done=changed"));
    }
    Ok(show_defaults(app, &posted.person, chosen, None, problems))
}

/// `POST /account/defaults/sender`: where offers of one sender go; without a context, where all others go.
pub async fn by_sender(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let into = posted.fields.given("into");
    let mut problems = read::Problems::default();
    let address = problems.keep(sender(&posted.fields));
    let context = match into {
        None => Some(None),
        Some(_) => problems.keep(context(&posted.fields, "into").map(Some)),
    };
    let rule = address.zip(context);
    let change = rule.map(|(address, into)| Change {
        of_senders: [(address.folded().to_owned(), into)].into(),
        ..Change::default()
    });
    let chosen = Chosen {
        sender: form::text(&posted.fields, "sender", 400),
        into: context.flatten(),
        ..Chosen::now(&posted.person)
    };
    save_defaults(&app, &posted, problems.unless_any(change), chosen).await
}

// ---- letters ----

#[derive(Template)]
#[template(path = "pages/account-notifications.html")]
struct Notifications<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    quiet: Quiet,
}

/// `GET /account/notifications`
pub async fn notifications(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/notifications").await?;
    let note = (asked.get("done") == "changed").then(|| say!("Saved."));
    let quiet = person.account.quiet;
    Ok(show_notifications(
        &app,
        &person,
        quiet,
        note,
        Problems::default(),
    ))
}

fn show_notifications(
    app: &App,
    person: &Person,
    quiet: Quiet,
    note: Option<String>,
    problems: Problems,
) -> Response {
    let view = Notifications {
        f: frame(app, Some(person)),
        person,
        note,
        quiet,
        problems,
    };
    page(view.problems.page_status(), &view)
}

/// `POST /account/notifications/change`
pub async fn change_notifications(
    State(app): State<App>,
    posted: Posted,
) -> Result<Response, Stop> {
    let without = |name: &str| posted.fields.get(name) != "yes";
    let quiet = Quiet {
        reminders: without("reminders"),
        outcomes: without("outcomes"),
        receipts: without("receipts"),
        arrivals: without("arrivals"),
    };
    let change = Change {
        quiet: Some(quiet),
        ..Change::default()
    };
    let problems = changed(&app, &posted, &change).await?;
    if problems.is_empty() {
        return Ok(to("/account/notifications?done=changed"));
    }
    Ok(show_notifications(
        &app,
        &posted.person,
        quiet,
        None,
        problems,
    ))
}

// ---- from whom nothing is taken ----

#[derive(Template)]
#[template(path = "pages/account-blocked.html")]
struct Blocked<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    blocked: Vec<String>,
    unlisted: usize,
    typed: String,
}

/// `GET /account/blocked`
pub async fn blocked(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/blocked").await?;
    let note = match asked.get("done") {
        "blocked" => Some(say!("Blocked. They can offer and invite you to nothing.")),
        "lifted" => Some(say!("The block is lifted.")),
        _ => None,
    };
    Ok(show_blocked(
        &app,
        &person,
        String::new(),
        note,
        Problems::default(),
    ))
}

fn show_blocked(
    app: &App,
    person: &Person,
    typed: String,
    note: Option<String>,
    problems: Problems,
) -> Response {
    let all = &person.account.blocked;
    let view = Blocked {
        f: frame(app, Some(person)),
        person,
        note,
        blocked: all.iter().take(LISTED).cloned().collect(),
        unlisted: all.len().saturating_sub(LISTED),
        typed,
        problems,
    };
    page(view.problems.page_status(), &view)
}

async fn set_blocked(app: &App, posted: &Posted, block: bool) -> Result<Response, Stop> {
    let problems = match sender(&posted.fields) {
        Err(refusal) => Problems::of(refusal)?,
        Ok(address) => {
            let mut change = Change::default();
            let named = match block {
                true => &mut change.block,
                false => &mut change.unblock,
            };
            named.insert(address.folded().to_owned());
            changed(app, posted, &change).await?
        }
    };
    match (problems.is_empty(), block) {
        (true, true) => Ok(to("/account/blocked?done=blocked")),
        (true, false) => Ok(to("/account/blocked?done=lifted")),
        (false, _) => {
            let typed = form::text(&posted.fields, "sender", 400);
            Ok(show_blocked(app, &posted.person, typed, None, problems))
        }
    }
}

/// `POST /account/blocked/block`
pub async fn block(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    set_blocked(&app, &posted, true).await
}

/// `POST /account/blocked/lift`
pub async fn lift(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    set_blocked(&app, &posted, false).await
}
