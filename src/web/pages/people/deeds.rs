//! What is done about who works with an item: an access is changed, revoked or given up, a link made or deactivated.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::sharing::Command;
use crate::domain::id::{Context, ItemId, LinkId};
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::api::read;
use crate::web::problem::Failure;
use crate::wire;

use super::super::dialog::end_of;
use super::super::form::{Fields, Posted};
use super::super::words;
use super::super::{Problems, Stop, to};
use super::item;

async fn carry_out(
    app: &App,
    posted: &Posted,
    id: ItemId,
    verb: &str,
    command: Result<Command, Failure>,
) -> Result<Response, Stop> {
    let done = match command {
        Ok(command) => {
            let call = posted.call(app, &format!("/items/{id}/{verb}"));
            let done = app.directory().sharing(id, call, command).await;
            done.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match done {
        // What was done to a link is told where the links are, and what was done to an access on the page that it stands on.
        Ok(_) => Ok(to(&match (verb, begun(&posted.fields)) {
            ("made" | "deactivated", _) => format!("/items/{id}/people?done={verb}#links"),
            (verb, None) => format!("/items/{id}/people?done={verb}"),
            (verb, Some(after)) => format!("/items/{id}/people?done={verb}&at={after}"),
        })),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            let at = (id, begun(&posted.fields));
            super::render(app, &posted.person, at, &posted.fields, problems).await
        }
    }
}

/// After whom the page of collaborators began that this was done on.
fn begun(fields: &Fields) -> Option<Context> {
    fields.get("at").parse().ok()
}

fn grantee(fields: &Fields) -> Result<Context, Stop> {
    fields.get("who").parse().map_err(|_| Stop::Nothing)
}

/// `POST /items/{id}/people/change`
pub async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let (id, grantee) = (item(&id)?, grantee(&posted.fields)?);
    let day = posted.fields.get("until").trim();
    let ask = wire::ChangeAccess {
        level: posted.fields.given("level"),
        until: Some(match day {
            "" => "revoked".to_owned(),
            day => end_of(day),
        }),
    };
    let command = read::change(&ask).map(|(level, until)| Command::Change {
        grantee,
        level,
        until,
    });
    carry_out(&app, &posted, id, "changed", command.map_err(Failure::from)).await
}

/// `POST /items/{id}/people/revoke`
pub async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let (id, grantee) = (item(&id)?, grantee(&posted.fields)?);
    carry_out(
        &app,
        &posted,
        id,
        "revoked",
        Ok(Command::Revoke { grantee }),
    )
    .await
}

/// `POST /items/{id}/people/leave`: afterwards there is perhaps nothing of it to see, so the way leads home.
pub async fn leave(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let (id, grantee) = (item(&id)?, grantee(&posted.fields)?);
    let call = posted.call(&app, &format!("/items/{id}/left"));
    let command = Command::Leave { grantee };
    match app.directory().sharing(id, call, command).await {
        Ok(_) => Ok(to(&format!("/shared?done=left&item={id}"))),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            super::render(&app, &posted.person, (id, None), &posted.fields, problems).await
        }
    }
}

/// `POST /items/{id}/links/make`
pub async fn make_link(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = item(&id)?;
    let command = asked_link(&posted.fields);
    carry_out(&app, &posted, id, "made", command).await
}

fn asked_link(fields: &Fields) -> Result<Command, Failure> {
    let mut problems = read::Problems::default();
    let most = match fields.get("most").trim() {
        "" => Some(None),
        most => problems.keep(most.parse().map(Some).map_err(|_| {
            Refusal::field(
                "most",
                said!(
                    "\"{typed}\" is not a number of times",
                    typed = words::short(most)
                ),
                said!("write a whole number, or leave it empty"),
            )
        })),
    };
    let ask = wire::CreateLink {
        level: fields.given("level"),
        expires_at: fields.given("until").map(|day| end_of(&day)),
        max_acceptances: None,
    };
    let (level, expires_at) = problems.and(read::link(&ask))?;
    Ok(Command::MakeLink {
        level,
        expires_at,
        max_acceptances: most.flatten(),
    })
}

/// `POST /items/{id}/links/deactivate`
pub async fn deactivate(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let id = item(&id)?;
    let link: LinkId = posted
        .fields
        .get("link")
        .parse()
        .map_err(|_| Stop::Nothing)?;
    carry_out(
        &app,
        &posted,
        id,
        "deactivated",
        Ok(Command::Deactivate { link }),
    )
    .await
}
