//! Closing the account: what stands in the way, and then whether it is really meant.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::actors::account;
use crate::domain::id::WorkgroupId;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::api::settings as api;
use crate::web::auth::{self, Browser};
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, person, to};
use crate::web::problem::{Failure, guards};
use crate::wire;

/// Something that stands in the way, and the page where that can be changed.
struct Hurdle {
    sentence: String,
    next_step: String,
    place: String,
    place_name: String,
}

impl From<wire::Guard> for Hurdle {
    fn from(guard: wire::Guard) -> Self {
        let about = guard.about.as_deref().unwrap_or("");
        let (place, place_name) = match about {
            "runs" => ("/runs".to_owned(), say!("your runs")),
            "projects" => ("/projects".to_owned(), say!("your projects")),
            "invitations" => ("/".to_owned(), say!("what you have sent")),
            id if id.parse::<WorkgroupId>().is_ok() => {
                (format!("/workgroups/{id}/settings"), say!("its settings"))
            }
            _ => ("/".to_owned(), say!("your home page")),
        };
        Self {
            sentence: guard.sentence,
            next_step: guard.next_step,
            place,
            place_name,
        }
    }
}

#[derive(Template)]
#[template(path = "pages/account-close.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    hurdles: Vec<Hurdle>,
    typed: String,
}

/// `GET /account/close`
pub async fn ask(State(app): State<App>, browser: Option<Browser>) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/close").await?;
    render(&app, &person, String::new(), Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    typed: String,
    problems: Problems,
) -> Result<Response, Stop> {
    let call = app.directory().call(person.browser.by(), None);
    let found = account::in_the_way(&app.settings(), &call, person.account.id).await?;
    let hurdles = guards(found.blocks).into_iter().map(Hurdle::from);
    let view = Page {
        f: frame(app, Some(person)),
        person,
        hurdles: hurdles.collect(),
        typed,
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

/// `POST /account/close`
pub async fn close(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = form::text(&posted.fields, "address", 400);
    match closed_for(&app, &posted, &typed).await {
        Ok(()) => {
            let cookie = auth::close_session(&app, &posted.person.browser).await?;
            let mut response = to("/account/closed");
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(failure) => {
            let problems = Problems::of(failure)?;
            render(&app, &posted.person, typed, problems).await
        }
    }
}

async fn closed_for(app: &App, posted: &Posted, typed: &str) -> Result<(), Failure> {
    let named = api::address(typed.trim())?;
    if posted.person.account.primary() != Some(&named) {
        return Err(Refusal::field(
            "address",
            said!("{named} is not the account's primary address", named),
            said!("type the primary address to confirm that the account shall be closed"),
        )
        .into());
    }
    let call = app.directory().call(posted.person.browser.by(), None);
    account::close(app.directory(), &call, posted.person.account.id).await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "pages/account-closed.html")]
struct Closed<'a> {
    f: Frame<'a>,
}

/// `GET /account/closed`
pub async fn closed(State(app): State<App>) -> Response {
    page(
        StatusCode::OK,
        &Closed {
            f: frame(&app, None),
        },
    )
}
