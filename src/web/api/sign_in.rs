//! Signing in: a code is mailed, typed, and buys a personal API token.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::sign_in;
use crate::actors::world::{Call, Once};
use crate::domain::account::Scope;
use crate::domain::address::Address;
use crate::domain::event::By;
use crate::domain::id::{CommandId, Digest, SignInId};
use crate::domain::refusal::Refusal;
use crate::web::problem::Failure;
use crate::web::rates::Client;
use crate::web::take::{Named, Taken};
use crate::web::{App, auth};
use crate::wire;

use super::show;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(finish))
}

fn call(app: &App, headers: &HeaderMap, once: Option<Once>) -> Call {
    let by = By {
        person: None,
        channel: auth::channel(headers),
    };
    app.directory().call(by, once)
}

/// Ask for a code by email.
///
/// The answer is the same whether anybody has registered with the address or not.
#[utoipa::path(post, path = "/sign-in", operation_id = "beginSignIn", tag = "Signing in", security(()),
    request_body = wire::BeginSignIn,
    responses((status = 202, description = "A code is on its way", body = wire::SignInBegun)))]
async fn begin(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    taken: Taken<wire::BeginSignIn>,
) -> Result<(StatusCode, Json<wire::SignInBegun>), Failure> {
    let address: Address =
        taken
            .what
            .address
            .parse()
            .map_err(|error: crate::domain::address::Malformed| {
                Refusal::field("address", error.to_string(), "correct it")
            })?;
    let limiters = app.limiters();
    limiters.attempt(client)?;
    limiters.code(&address)?;
    let call = call(&app, &headers, taken.once_from(&client.to_string()));
    let id = sign_in::begin(app.directory(), &call, address, None).await?;
    let found = sign_in::attempt(&app.settings(), id).await?;
    let begun = wire::SignInBegun {
        sign_in: id.to_string(),
        expires_at: found.map_or(call.at, |there| there.expires_at).to_string(),
    };
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Send the typed code.
///
/// It buys a personal API token with all scopes. Its secret is shown here and never again.
#[utoipa::path(post, path = "/sign-in/{sign_in}", operation_id = "finishSignIn", tag = "Signing in", security(()),
    params(("sign_in" = String, Path, description = "What the code was asked for with: `sgn_…`")),
    request_body = wire::FinishSignIn,
    responses((status = 200, description = "Signed in", body = wire::SignedIn)))]
async fn finish(
    State(app): State<App>,
    client: Client,
    Named(id): Named<SignInId>,
    headers: HeaderMap,
    taken: Taken<wire::FinishSignIn>,
) -> Result<Json<wire::SignedIn>, Failure> {
    let name = taken.what.token_name.as_deref().unwrap_or("API sign-in");
    let name = super::account::token_name("token_name", name)?;
    app.limiters().attempt(client)?;
    let mut call = call(&app, &headers, taken.once_from(&client.to_string()));
    let account = sign_in::finish(app.directory(), &call, id, &taken.what.code).await?;
    call.by.person = Some(account.id);
    // The token is a commit of its own, so it needs an id of its own, which follows from the first.
    call.command = call.command.map(|once| Once {
        id: CommandId::from_bits(Digest::of(&once.id.bits().to_be_bytes()).0),
        ..once
    });
    let scopes = Scope::ALL.into_iter().collect();
    let (secret, token) =
        sign_in::create_token(app.directory(), &call, account.id, name, scopes, None).await?;
    Ok(Json(wire::SignedIn {
        secret,
        token: show::token(&token),
        account: show::account(&account),
    }))
}
