//! As which of their contexts somebody acts.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::domain::id::Context;
use crate::web::App;
use crate::web::auth;

use super::form::Posted;
use super::{Stop, local, to};

/// `POST /context`: from now on this browser acts as that context, and goes back to where it was, or on to `next`.
///
/// Nothing but the lists that are shown depends on it: every offer, item and link works whatever context one acts as.
pub async fn choose(
    State(app): State<App>,
    headers: HeaderMap,
    Posted { fields, person }: Posted,
) -> Result<Response, Stop> {
    let context: Context = fields.get("context").parse().map_err(|_| Stop::Nothing)?;
    if person.own(context).is_none() {
        return Err(Stop::Nothing);
    }
    let came_from = headers.get(header::REFERER);
    let came_from = came_from.and_then(|value| value.to_str().ok());
    let path = came_from.and_then(|url| url.strip_prefix(app.site().public_url.as_str()));
    let next = match fields.get("next") {
        "" => path.and_then(|path| path.split('?').next()).unwrap_or("/"),
        next => next,
    };
    let mut response = to(local(next));
    let cookie = auth::act_as(&app, context)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
