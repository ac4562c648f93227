//! The page behind a link through which an item is shared: anybody who is signed in sees what and from whom, and may accept.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::actors::consequences;
use crate::actors::links::{self, Opened};
use crate::actors::queries;
use crate::domain::id::Context;
use crate::domain::item::State as ItemState;
use crate::web::App;
use crate::web::auth::{self, Browser};
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::problem::guards;
use crate::wire::Guard;

use super::form::{self, Posted};
use super::words::{self, Fact, fact};
use super::{Frame, Person, Problems, Stop, as_sentence, frame, page, somebody, to};

/// The cookie that holds the token while its reader signs in.
const LINK: &str = "handover-link";

/// `GET /l/{token}`: takes the token out of the address bar. What it stands for is not even looked up.
pub async fn keep(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Stop> {
    super::link::kept(&app, "/l", LINK, &token)
}

#[derive(Template)]
#[template(path = "pages/link-respond.html")]
struct Respond<'a> {
    f: Frame<'a>,
}

struct Choosable {
    context: Context,
    name: String,
    why: Vec<Guard>,
    shut: bool,
    held: bool,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/link.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    heading: String,
    facts: Vec<Fact>,
    /// What accepting it means, a sentence each.
    then: Vec<String>,
    closed: Vec<String>,
    held: Option<String>,
    choices: Vec<Choosable>,
    any: bool,
    problems: Problems,
    once: String,
}

/// `GET /l`
pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let Some(person) = somebody(&app, browser).await? else {
        // The same for every token and for none: nothing was looked up.
        let f = frame(&app, None);
        return Ok(page(StatusCode::OK, &Respond { f }));
    };
    render(&app, &person, token(&headers), Problems::default()).await
}

fn token(headers: &HeaderMap) -> &str {
    auth::cookie(headers, LINK).unwrap_or("")
}

async fn render(
    app: &App,
    person: &Person,
    token: &str,
    problems: Problems,
) -> Result<Response, Stop> {
    let now = app.directory().now();
    let opened = links::open(&app.settings(), person.account.id, token, now).await?;
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    let name = words::short(&opened.item.name);
    let choices = choices(person, &opened);
    let of = std::iter::once(opened.item.id);
    let runs = consequences::brings_runs(&app.settings(), of, opened.item.owner).await?;
    let view = Page {
        f: frame(app, Some(person)),
        person,
        heading: say!("“{name}” is shared by this link", name),
        facts: facts(&opened),
        then: super::offer::accessed(opened.made.link.level, None, runs),
        held: (!opened.held.is_empty() && opened.item.state != ItemState::Trashed)
            .then(|| opened.item.id.to_string()),
        any: choices.iter().any(|choice| !choice.shut),
        choices,
        closed: guards(opened.findings.blocks)
            .iter()
            .map(|why| as_sentence(&format!("{}; {}", why.sentence, why.next_step)))
            .collect(),
        problems,
        once: form::once(app),
    };
    Ok(page(status, &view))
}

fn facts(opened: &Opened) -> Vec<Fact> {
    let (item, link) = (&opened.item, &opened.made.link);
    let mut facts = vec![
        fact(
            say!("What"),
            say!(
                "{what}, {size}",
                what = item.id.kind().said(),
                size = words::amount_of(item)
            ),
        ),
        fact(say!("Owner"), words::plain(&opened.owner_name)),
    ];
    if let Some(maker) = &opened.maker {
        let address = maker.primary().map(ToString::to_string).unwrap_or_default();
        let name = words::plain(&maker.name);
        facts.push(fact(
            say!("Made by"),
            say!("{name} ({address})", name, address),
        ));
    }
    facts.push(fact(say!("You may"), words::may(link.level)));
    if let Some(end) = link.expires_at {
        facts.push(fact(say!("Open until"), words::date(end)));
    }
    facts
}

fn choices(person: &Person, opened: &Opened) -> Vec<Choosable> {
    let wanted = person.account.default_context;
    let wanted = queries::or_personal(wanted, person.account.id, &opened.choices);
    let choosable = |choice: &queries::Choice| {
        let context = choice.own.context;
        let shut = !choice.findings.blocks.is_empty();
        Choosable {
            context,
            name: words::context_name(context, &choice.own.name),
            why: guards(choice.findings.blocks.clone()),
            shut,
            held: opened.held.contains(&context),
            chosen: !shut && context == wanted,
        }
    };
    opened.choices.iter().map(choosable).collect()
}

/// `POST /l/accept`
pub async fn accept(
    State(app): State<App>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Stop> {
    let token = token(&headers);
    let account = posted.person.account.id;
    let named = posted.fields.get("context");
    let into = match queries::named_context(&app.settings(), account, named).await {
        Ok(into) => into,
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            return render(&app, &posted.person, token, problems).await;
        }
    };
    let call = posted.call(&app, &format!("/l/{token}/accept"));
    match links::accept(app.directory(), &call, token, Some(into)).await {
        Ok(accepted) => Ok(to(&format!("/items/{}?done=accepted", accepted.item))),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            render(&app, &posted.person, token, problems).await
        }
    }
}
