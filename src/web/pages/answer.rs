//! What the forms of an offer do: accept, decline, cancel, mail again, extend. Done, the browser is sent to a page that says so.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::invitation::Command;
use crate::actors::queries;
use crate::actors::world::Trouble;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::time::DAY_MS;
use crate::web::App;

use super::form::Posted;
use super::offer::{self, Again};
use super::{Problems, Stop, to, words};

async fn carry_out(
    app: &App,
    posted: &Posted,
    id: &str,
    verb: &str,
    command: Command,
    then: &str,
    again: Again,
) -> Result<Response, Stop> {
    let id = offer::id_of(id)?;
    let place = words::place(id);
    let call = posted.call(app, &format!("{place}/{verb}"));
    match app.directory().transfer(id, call, command).await {
        Ok(_) => Ok(to(&format!("{place}{then}"))),
        Err(trouble) => {
            let problems = Problems::of(trouble)?;
            let again = Again { problems, ..again };
            offer::render(app, &posted.person, id, again).await
        }
    }
}

/// `POST /transfers/{id}/accept`
pub async fn accept(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let account = posted.person.account.id;
    // One joins a workgroup oneself; no context is chosen.
    if posted.fields.get("joins") == "yes" {
        let (command, again) = (Command::Accept { into: None }, Again::default());
        return carry_out(&app, &posted, &id, "accept", command, "/receipt", again).await;
    }
    let named = posted.fields.get("context");
    let chosen = if named.is_empty() {
        let problem = Refusal::field(
            "context",
            said!("no context is chosen"),
            said!("choose where it is to go, then accept"),
        );
        Err(Trouble::from(problem))
    } else {
        queries::named_context(&app.settings(), account, named).await
    };
    match chosen {
        Ok(into) => {
            let command = Command::Accept { into: Some(into) };
            let again = Again {
                context: Some(into),
                ..Again::default()
            };
            carry_out(&app, &posted, &id, "accept", command, "/receipt", again).await
        }
        Err(trouble) => {
            let again = Again {
                problems: Problems::of(trouble)?,
                ..Again::default()
            };
            offer::render(&app, &posted.person, offer::id_of(&id)?, again).await
        }
    }
}

/// `POST /transfers/{id}/decline`
pub async fn decline(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    // Browsers send line ends as two characters, and people count them as one.
    let reason = posted
        .fields
        .given("reason")
        .map(|r| r.replace("\r\n", "\n"));
    let again = Again {
        reason: Some(reason.clone().unwrap_or_default()),
        ..Again::default()
    };
    let command = Command::Decline { reason };
    carry_out(&app, &posted, &id, "decline", command, "/receipt", again).await
}

/// `POST /transfers/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let again = Again::default();
    carry_out(
        &app,
        &posted,
        &id,
        "cancel",
        Command::Cancel,
        "/receipt",
        again,
    )
    .await
}

/// `POST /transfers/{id}/resend`
pub async fn resend(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let again = Again::default();
    carry_out(
        &app,
        &posted,
        &id,
        "resend",
        Command::Resend,
        "?done=resent",
        again,
    )
    .await
}

/// `POST /transfers/{id}/extend`
pub async fn extend(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Stop> {
    let typed: String = posted.fields.get("days").trim().chars().take(20).collect();
    let again = Again {
        days: Some(typed.clone()),
        ..Again::default()
    };
    let Ok(days) = typed.parse::<u32>() else {
        let problem = Refusal::field(
            "days",
            said!("\"{typed}\" is not a number of days", typed),
            said!("write a whole number from 1 to 90"),
        );
        let problems = Problems::of(problem)?;
        let again = Again { problems, ..again };
        return offer::render(&app, &posted.person, offer::id_of(&id)?, again).await;
    };
    let place = words::place(offer::id_of(&id)?);
    let call = posted.call(&app, &format!("{place}/extend"));
    if let Err(too_many) = app.writes(&call).await {
        let problems = Problems::of(too_many)?;
        let again = Again { problems, ..again };
        return offer::render(&app, &posted.person, offer::id_of(&id)?, again).await;
    }
    let command = Command::Extend {
        lifetime_ms: i64::from(days).saturating_mul(DAY_MS),
    };
    carry_out(
        &app,
        &posted,
        &id,
        "extend",
        command,
        "?done=extended",
        again,
    )
    .await
}
