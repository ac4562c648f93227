//! The caller's account, contexts, tokens and sessions.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::queries;
use crate::actors::settings::{self, Change};
use crate::actors::sign_in;
use crate::domain::account::{Quiet, Scope};
use crate::domain::address::{Address, Malformed};
use crate::domain::id::{AccountId, Context, Digest};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::said;
use crate::domain::time::DAY_MS;
use crate::web::App;
use crate::web::auth::{Read, Settle, Signed};
use crate::web::problem::Failure;
use crate::web::take::{Named, Taken};
use crate::wire;

use super::read::{self, Problems};
use super::{Known, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(account, change))
        .routes(routes!(contexts))
        .routes(routes!(tokens, create_token))
        .routes(routes!(revoke_token))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
}

fn all<T>(items: Vec<T>) -> Json<wire::Page<T>> {
    Json(wire::Page {
        items,
        next_cursor: None,
    })
}

/// Show the account.
#[utoipa::path(get, path = "/account", operation_id = "showAccount", tag = "Account",
    responses((status = 200, description = "The account", body = wire::Account)))]
async fn account(
    State(app): State<App>,
    signed: Signed<Read>,
    known: Known,
) -> Result<Response, Failure> {
    let account = queries::account(&app.settings(), signed.account()).await?;
    Ok(known.document(&show::account(&account)))
}

/// Change the account's settings.
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/account", operation_id = "changeAccount", tag = "Account",
    request_body = wire::ChangeAccount,
    responses((status = 200, description = "The account as it is now", body = wire::Account)))]
async fn change(
    State(app): State<App>,
    signed: Signed<Settle>,
    known: Known,
    taken: Taken<wire::ChangeAccount>,
) -> Result<Response, Failure> {
    let person = signed.account();
    let ask = taken.what;
    let mut problems = Problems::default();
    let default_run_location = named(&app, person, ask.default_run_location, &mut problems).await?;
    let default_context = named(&app, person, ask.default_context, &mut problems).await?;
    let blocked = ask.blocked;
    let blocked = blocked.map(|all| addresses("blocked", &all, &mut problems));
    let block = addresses("block", &ask.block, &mut problems);
    let unblock = addresses("unblock", &ask.unblock, &mut problems);
    let by_sender = match ask.default_context_by_sender {
        Some(all) => Some(contexts_by_sender(&app, person, all, &mut problems).await?),
        None => None,
    };
    let quiet = ask.quiet.and_then(|words| problems.keep(quiet(&words)));
    let read = |text: String| {
        text.parse().map_err(|error: Malformed| {
            Refusal::field("primary_address", error.to_string(), "name a whole address")
        })
    };
    let primary = ask
        .primary_address
        .and_then(|text| problems.keep(read(text)));
    let change = problems.unless_any(Some(Change {
        name: ask.name,
        default_run_location,
        default_context,
        default_context_by_sender: by_sender,
        of_senders: BTreeMap::new(),
        blocked,
        block,
        unblock,
        language: ask.language,
        quiet,
    }))?;
    let call = app.directory().call(signed.by(), None);
    let mut account = settings::change(app.directory(), &call, person, &change).await?;
    if let Some(address) = primary {
        let call = app.directory().call(signed.by(), None);
        account =
            crate::actors::account::make_primary(app.directory(), &call, person, &address).await?;
    }
    Ok(known.document(&show::account(&account)))
}

/// The folded forms of what was named; one more than there may be shows that it is too many.
fn addresses(field: &str, named: &[String], problems: &mut Problems) -> BTreeSet<String> {
    let read = |text: &String| {
        text.parse().map_err(|error: Malformed| {
            Refusal::field(field, error.to_string(), "name whole addresses")
        })
    };
    let most = named.iter().take(settings::MAX_BLOCKED + 1);
    let kept = most.filter_map(|text| problems.keep(read(text)));
    kept.map(|address: Address| address.folded().to_owned())
        .collect()
}

fn quiet(words: &[String]) -> Result<Quiet, Refusal> {
    let mut quiet = Quiet::default();
    for word in words {
        match word.as_str() {
            "reminders" => quiet.reminders = true,
            "outcomes" => quiet.outcomes = true,
            "receipts" => quiet.receipts = true,
            "arrivals" => quiet.arrivals = true,
            _ => {
                return Err(Refusal::field(
                    "quiet",
                    "one can do without reminders, outcomes, receipts and arrivals",
                    "name those, or none to get every letter",
                ));
            }
        }
    }
    Ok(quiet)
}

async fn contexts_by_sender(
    app: &App,
    person: AccountId,
    asked: BTreeMap<String, String>,
    problems: &mut Problems,
) -> Result<BTreeMap<String, Context>, Failure> {
    let mut all = BTreeMap::new();
    for (sender, context) in asked.into_iter().take(settings::MAX_BLOCKED + 1) {
        let address = sender.parse().map_err(|error: Malformed| {
            Refusal::field(
                "default_context_by_sender",
                error.to_string(),
                "name whole addresses",
            )
        });
        let address: Option<Address> = problems.keep(address);
        let context = named(app, person, Some(context), problems).await?;
        if let (Some(address), Some(context)) = (address, context) {
            all.insert(address.folded().to_owned(), context);
        }
    }
    Ok(all)
}

async fn named(
    app: &App,
    person: AccountId,
    name: Option<String>,
    problems: &mut Problems,
) -> Result<Option<Context>, Failure> {
    let Some(name) = name else {
        return Ok(None);
    };
    match queries::named_context(&app.settings(), person, &name).await {
        Ok(context) => Ok(Some(context)),
        Err(crate::actors::world::Trouble::Refused(findings)) => {
            for refusal in findings.blocks {
                problems.push(refusal);
            }
            Ok(None)
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// List the contexts.
///
/// `personal` first, then the workgroups.
#[utoipa::path(get, path = "/contexts", operation_id = "listContexts", tag = "Account",
    responses((status = 200, description = "The contexts", body = wire::Page<wire::Context>)))]
async fn contexts(
    State(app): State<App>,
    signed: Signed<Read>,
) -> Result<Json<wire::Page<wire::Context>>, Failure> {
    let contexts = queries::contexts(&app.settings(), signed.account()).await?;
    Ok(all(contexts.into_iter().map(show::context).collect()))
}

// ---- tokens ----

/// What a token may be called.
pub fn token_name(field: &str, name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(Refusal::field(
            field,
            said!("a token's name has 1 to 100 characters and no control characters"),
            said!("choose another name"),
        ))
    }
}

/// List the personal API tokens.
#[utoipa::path(get, path = "/tokens", operation_id = "listTokens", tag = "Account",
    responses((status = 200, description = "The tokens, without their secrets", body = wire::Page<wire::Token>)))]
async fn tokens(
    State(app): State<App>,
    signed: Signed<Settle>,
) -> Result<Json<wire::Page<wire::Token>>, Failure> {
    let now = app.directory().now();
    let tokens = sign_in::tokens(&app.settings(), signed.account()).await?;
    let good = tokens
        .iter()
        .filter(|found| now < found.document.expires_at);
    Ok(all(good
        .map(|found| show::token(&found.document))
        .collect()))
}

/// Make a personal API token.
///
/// Its secret is shown here and never again, except to a repetition with the same Idempotency-Key.
#[utoipa::path(post, path = "/tokens", operation_id = "createToken", tag = "Account",
    request_body = wire::CreateToken,
    responses((status = 201, description = "The token with its secret", body = wire::CreatedToken)))]
async fn create_token(
    State(app): State<App>,
    signed: Signed<Settle>,
    taken: Taken<wire::CreateToken>,
) -> Result<(StatusCode, Json<wire::CreatedToken>), Failure> {
    let once = taken.once(signed.account());
    let ask = taken.what;
    let mut problems = Problems::default();
    let name = problems.keep(token_name("name", &ask.name));
    let scopes = problems.keep(scopes(ask.scopes));
    let lifetime = problems.keep(token_lifetime(&app, ask.expires_in_days));
    let asked = name.zip(scopes).zip(lifetime);
    let ((name, scopes), lifetime) = problems.unless_any(asked)?;
    let missing = scopes.difference(&signed.token().scopes);
    let missing: Vec<Refusal> = missing.map(|scope| lacking(*scope)).collect();
    if !missing.is_empty() {
        return Err(Findings::from(missing).into());
    }
    let call = app.directory().call(signed.by(), once);
    let person = signed.account();
    let (secret, token) =
        sign_in::create_token(app.directory(), &call, person, name, scopes, lifetime).await?;
    let token = show::token(&token);
    Ok((
        StatusCode::CREATED,
        Json(wire::CreatedToken { secret, token }),
    ))
}

/// How long a token may last, in milliseconds; `None`: as long as the site lets it.
pub(in crate::web) fn token_lifetime(app: &App, days: Option<u32>) -> Result<Option<i64>, Refusal> {
    let longest = longest_token_ms(app);
    let lifetime = days.map(read::lifetime_ms);
    match lifetime {
        Some(lifetime) if !(DAY_MS..=longest).contains(&lifetime) => Err(Refusal::field(
            "expires_in_days",
            said!(
                "a token lasts 1 to {days} days here",
                days = longest / DAY_MS
            ),
            said!("choose fewer days"),
        )),
        lifetime => Ok(lifetime),
    }
}

/// How long a token lasts at most, in milliseconds.
pub(in crate::web) fn longest_token_ms(app: &App) -> i64 {
    app.settings().policy.sign_in.token_lifetime_ms.max(DAY_MS)
}

fn lacking(scope: Scope) -> Refusal {
    let scope = scope.word();
    Refusal::new(
        Code::ScopeMissing,
        format!("your own token lacks the scope {scope}, so it cannot give it"),
        "sign in anew for a token with all scopes",
    )
    .about("scopes")
}

/// What a token may be used for; `None`: reading and writing.
pub(in crate::web) fn scopes(asked: Option<Vec<String>>) -> Result<BTreeSet<Scope>, Refusal> {
    let Some(asked) = asked else {
        return Ok(BTreeSet::from([Scope::Read, Scope::Write]));
    };
    let named = |word: &String| Scope::ALL.into_iter().find(|scope| scope.word() == word);
    let scopes: Option<BTreeSet<Scope>> = asked.iter().map(named).collect();
    scopes.filter(|scopes| !scopes.is_empty()).ok_or_else(|| {
        Refusal::field(
            "scopes",
            said!("a token has one or several of the scopes read, write and account"),
            said!("name those it needs"),
        )
    })
}

/// Revoke a personal API token.
///
/// One that is revoked already stays so.
#[utoipa::path(delete, path = "/tokens/{token}", operation_id = "revokeToken", tag = "Account",
    params(("token" = String, Path, description = "`sha_…`")),
    responses((status = 204, description = "Revoked")))]
async fn revoke_token(
    State(app): State<App>,
    signed: Signed<Settle>,
    Named(token): Named<Digest>,
) -> Result<StatusCode, Failure> {
    let call = app.directory().call(signed.by(), None);
    sign_in::revoke_token(app.directory(), &call, signed.account(), token).await?;
    Ok(StatusCode::NO_CONTENT)
}

// ---- sessions ----

/// List the browsers that are signed in.
#[utoipa::path(get, path = "/sessions", operation_id = "listSessions", tag = "Account",
    responses((status = 200, description = "The sessions", body = wire::Page<wire::Session>)))]
async fn sessions(
    State(app): State<App>,
    signed: Signed<Settle>,
) -> Result<Json<wire::Page<wire::Session>>, Failure> {
    let now = app.directory().now();
    let sessions = sign_in::sessions(&app.settings(), signed.account()).await?;
    let good = sessions
        .iter()
        .filter(|found| now < found.document.expires_at);
    Ok(all(good
        .map(|found| show::session(&found.document))
        .collect()))
}

/// Sign a browser out.
#[utoipa::path(delete, path = "/sessions/{session}", operation_id = "endSession", tag = "Account",
    params(("session" = String, Path, description = "`sha_…`")),
    responses((status = 204, description = "Signed out")))]
async fn end_session(
    State(app): State<App>,
    signed: Signed<Settle>,
    Named(session): Named<Digest>,
) -> Result<StatusCode, Failure> {
    let call = app.directory().call(signed.by(), None);
    sign_in::end_session(app.directory(), &call, signed.account(), session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A document that was created, and where it is.
pub fn created(place: &str, body: impl serde::Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(place) = HeaderValue::try_from(format!("{}{place}", super::PREFIX)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
