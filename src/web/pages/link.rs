//! The page behind the link in a letter. The link names an offer; it authenticates nobody.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::actors::queries;
use crate::actors::world::Trouble;
use crate::domain::invitation::{Invitation, Recipient, State as Standing, Terms};
use crate::web::App;
use crate::web::auth::{self, Browser};
use crate::web::language::say;
use crate::web::pages::filters;

use super::{Frame, Person, Stop, frame, offer, page, somebody, to, words};

/// The cookie that holds the token while its reader signs in.
const OFFER: &str = "handover-offer";
/// For how long, in seconds.
const KEPT_S: i64 = 24 * 60 * 60;

/// `GET /i/{token}`: takes the token out of the address bar. What it stands for is not even looked up.
pub async fn keep(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Stop> {
    kept(&app, "/i", OFFER, &token)
}

/// Keeps a token in a cookie and sends its reader on, so that it leaves the address bar.
pub fn kept(app: &App, next: &str, name: &str, token: &str) -> Result<Response, Stop> {
    let fits = (1..=64).contains(&token.len())
        && token
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let mut response = to(next);
    let token = if fits { token } else { "unknown" };
    super::sign_in::remember(app, &mut response, name, token, KEPT_S)?;
    Ok(response)
}

#[derive(Template)]
#[template(path = "pages/respond.html")]
struct Respond<'a> {
    f: Frame<'a>,
}

#[derive(Template)]
#[template(path = "pages/other.html")]
struct Other<'a> {
    f: Frame<'a>,
    person: &'a Person,
    masked: Option<String>,
    /// Whether people call it an offer; else it is an invitation.
    offer: bool,
}

/// `GET /i`
pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let Some(person) = somebody(&app, browser).await? else {
        // The same for every token and for none: nothing was looked up.
        return Ok(page(
            StatusCode::OK,
            &Respond {
                f: frame(&app, None),
            },
        ));
    };
    let settings = app.settings();
    let token = auth::cookie(&headers, OFFER).unwrap_or("");
    let found = queries::linked(&settings, token, app.directory().now()).await?;
    if let Some(transfer) = &found {
        match queries::transfer(&settings, &person.account, transfer.document.id).await {
            Ok(shown) => {
                let place = words::place(shown.transfer.document.id);
                let sent_it = shown.entitled.sender && !shown.entitled.recipient;
                return Ok(to(&match sent_it {
                    true => format!("{place}{}", offer::FROM_LETTER),
                    false => place,
                }));
            }
            Err(Trouble::Refused(_)) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    let now = app.directory().now();
    let waits = |t: &Invitation| matches!(t.state, Standing::Pending { .. }) && now < t.expires_at;
    let found = found.filter(|found| waits(&found.document));
    let offer = found.as_ref().is_some_and(|found| {
        matches!(
            found.document.terms,
            Terms::Ownership { .. } | Terms::Workgroup
        )
    });
    let masked = found.map(|found| {
        match found.document.recipient {
            Recipient::Address(address) => address.masked(),
            // Whoever answers for it is not this person, and its name is none of their business.
            Recipient::Workgroup { .. } => say!("the administrators of a workgroup"),
        }
    });
    let status = if masked.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    Ok(page(
        status,
        &Other {
            f: frame(&app, Some(&person)),
            person: &person,
            masked,
            offer,
        },
    ))
}
