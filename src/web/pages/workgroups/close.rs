//! Closing a workgroup: what stands in the way, and then whether it is really meant.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::workgroups;
use crate::actors::workgroups::look::Seen;
use crate::domain::governance::{self, Act};
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, to};
use crate::web::problem::guards;
use crate::wire;

use super::{Head, meant, opened};

#[derive(Template)]
#[template(path = "pages/workgroup-close.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    head: Head,
    handle: String,
    in_the_way: Vec<wire::Guard>,
    once: String,
}

/// `GET /workgroups/{id}/close`
pub async fn ask(
    State(app): State<App>,
    Path(id): Path<String>,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let (person, seen) = opened(&app, browser, &id, "/close").await?;
    render(&app, &person, &seen, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    seen: &Seen,
    problems: Problems,
) -> Result<Response, Stop> {
    let workgroup = &seen.workgroup.document;
    let no = governance::forbids(workgroup, seen.standing, Act::Close);
    let in_the_way = match no {
        Some(no) => vec![no],
        None => {
            workgroups::in_the_way(&app.settings(), workgroup)
                .await?
                .blocks
        }
    };
    let view = Page {
        f: frame(app, Some(person)).at("/workgroups"),
        person,
        head: Head::of(seen, "settings"),
        handle: workgroup.handle.to_string(),
        // What was just refused is not said twice.
        in_the_way: match problems.is_empty() {
            true => guards(in_the_way),
            false => Vec::new(),
        },
        once: form::once(app),
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

/// `POST /workgroups/{id}/close`
pub async fn close(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = meant(&app, &posted, &id).await?;
    let call = posted.call(&app, &format!("/workgroups/{id}/close"));
    match workgroups::close(app.directory(), &call, id).await {
        Ok(_) => Ok(to("/workgroups?done=closed")),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            let seen = super::seen(&app, &posted.person, &id.to_string()).await?;
            render(&app, &posted.person, &seen, problems).await
        }
    }
}
