//! How much a context may hold and do: for administrators.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::allowance::{self, Change, Of};
use crate::domain::policy::Tier;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::auth::{Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Named, Taken};
use crate::wire;

use super::read::Problems;
use super::show;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(change))
}

/// Whose allowance, as it stands in a path.
struct Named_(Of);

/// A text that names no context.
#[derive(Debug, thiserror::Error)]
#[error("it is neither an account's id, nor an email address, nor workgroup:HANDLE")]
struct Nobody;

impl FromStr for Named_ {
    type Err = Nobody;
    fn from_str(text: &str) -> Result<Self, Nobody> {
        if let Some(handle) = text.strip_prefix("workgroup:") {
            let handle = handle.parse().map_err(|_| Nobody)?;
            return Ok(Self(Of::Workgroup(handle)));
        }
        text.parse().map(Of::Person).map(Self).map_err(|_| Nobody)
    }
}

impl fmt::Display for Named_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Of::Person(whom) => whom.fmt(f),
            Of::Workgroup(handle) => write!(f, "workgroup:{handle}"),
        }
    }
}

/// The tier of this word.
pub fn tier(word: &str) -> Result<Tier, Refusal> {
    match word {
        "basic" => Ok(Tier::Basic),
        "professional" => Ok(Tier::Professional),
        "enterprise" => Ok(Tier::Enterprise),
        _ => Err(Refusal::field(
            "tier",
            said!("that is no tier"),
            said!("choose basic or professional"),
        )),
    }
}

fn quota(text: &str) -> Result<Option<u64>, Refusal> {
    match text {
        "tier" => Ok(None),
        "none" => Ok(Some(u64::MAX)),
        _ => text.parse().map(Some).map_err(|_| {
            Refusal::field(
                "quota",
                "that is no number of bytes",
                "write a number, none for no cap, or tier for that of the tier",
            )
        }),
    }
}

/// Change how much a context may hold and do.
///
/// For administrators of the site, and for those of the private domain that it lies in.
#[utoipa::path(patch, path = "/admin/allowances/{context}", operation_id = "changeAllowance", tag = "Administration",
    params(("context" = String, Path, description = "`acc_…`, a verified address, or `workgroup:HANDLE`")),
    request_body = wire::ChangeAllowance,
    responses((status = 200, description = "The context as it is now", body = wire::Context)))]
async fn change(
    State(app): State<App>,
    signed: Signed<Write>,
    Named(Named_(of)): Named<Named_>,
    taken: Taken<wire::ChangeAllowance>,
) -> Result<Json<wire::Context>, Failure> {
    let mut problems = Problems::default();
    let ask = &taken.what;
    let tier = ask
        .tier
        .as_deref()
        .and_then(|word| problems.keep(tier(word)));
    let quota = ask
        .quota
        .as_deref()
        .and_then(|text| problems.keep(quota(text)));
    let change = problems.unless_any(Some(Change { tier, quota }))?;
    let call = app.directory().call(signed.by(), None);
    let own = allowance::change(app.directory(), &call, &of, change).await?;
    Ok(Json(show::context(own)))
}
