//! What a person decides about the account as a whole: its addresses, a copy of everything, its end.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::queries::{self, Box_};
use crate::actors::rights::{self, Acting};
use crate::actors::world::{Settings, Trouble};
use crate::actors::{account, listing, sign_in};
use crate::domain::address::{Address, Malformed};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId, ItemKind, SignInId};
use crate::domain::index::Phase;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::web::App;
use crate::web::auth::{Settle, Signed};
use crate::web::problem::Failure;
use crate::web::rates::Client;
use crate::web::take::{Named, Taken};
use crate::wire;

use super::show;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(prove))
        .routes(routes!(remove))
        .routes(routes!(export))
        .routes(routes!(close))
}

/// An address, or what is wrong with it.
pub(in crate::web) fn address(text: &str) -> Result<Address, Refusal> {
    text.parse().map_err(|error: Malformed| {
        Refusal::field("address", error.said(), said!("name a whole address"))
    })
}

/// Send a code to a further address.
///
/// The address is added when the code comes back. The answer is the same whoever holds it.
#[utoipa::path(post, path = "/account/addresses", operation_id = "addAddress", tag = "Account",
    request_body = wire::AddAddress,
    responses((status = 202, description = "A code is on its way", body = wire::SignInBegun)))]
async fn add(
    State(app): State<App>,
    signed: Signed<Settle>,
    client: Client,
    taken: Taken<wire::AddAddress>,
) -> Result<(StatusCode, Json<wire::SignInBegun>), Failure> {
    let address = address(&taken.what.address)?;
    app.limiters().attempt(client)?;
    app.limiters().code(&address)?;
    let person = signed.account();
    let call = app.directory().call(signed.by(), taken.once(person));
    let id = account::begin_address(app.directory(), &call, person, address).await?;
    let found = sign_in::attempt(&app.settings(), id).await?;
    let begun = wire::SignInBegun {
        sign_in: id.to_string(),
        expires_at: found.map_or(call.at, |there| there.expires_at).to_string(),
    };
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Prove a further address by its code.
#[utoipa::path(post, path = "/account/addresses/{sign_in}/prove", operation_id = "proveAddress", tag = "Account",
    params(("sign_in" = String, Path, description = "What the code was asked for with: `sgn_…`")),
    request_body = wire::ProveAddress,
    responses((status = 200, description = "The account with the address", body = wire::Account)))]
async fn prove(
    State(app): State<App>,
    signed: Signed<Settle>,
    client: Client,
    Named(id): Named<SignInId>,
    taken: Taken<wire::ProveAddress>,
) -> Result<Json<wire::Account>, Failure> {
    app.limiters().attempt(client)?;
    let person = signed.account();
    let call = app.directory().call(signed.by(), taken.once(person));
    let code = &taken.what.code;
    let account = account::finish_address(app.directory(), &call, person, id, code).await?;
    Ok(Json(show::account(&account)))
}

/// Remove an address.
///
/// The last one stays. What was offered to it and waits is found again by whoever proves it next.
#[utoipa::path(delete, path = "/account/addresses/{address}", operation_id = "removeAddress", tag = "Account",
    params(("address" = String, Path, description = "One of the account's addresses")),
    responses((status = 200, description = "The account without it", body = wire::Account)))]
async fn remove(
    State(app): State<App>,
    signed: Signed<Settle>,
    Named(address): Named<Address>,
) -> Result<Json<wire::Account>, Failure> {
    let call = app.directory().call(signed.by(), None);
    let person = signed.account();
    let account = account::remove_address(app.directory(), &call, person, &address).await?;
    Ok(Json(show::account(&account)))
}

/// Close the account.
///
/// For good: it must own nothing and no workgroup, and nothing of it may wait for an answer. Its addresses are free again.
#[utoipa::path(post, path = "/account/close", operation_id = "closeAccount", tag = "Account",
    request_body = wire::CloseAccount,
    responses((status = 204, description = "Closed; no token and no session of it is good any more")))]
async fn close(
    State(app): State<App>,
    signed: Signed<Settle>,
    taken: Taken<wire::CloseAccount>,
) -> Result<StatusCode, Failure> {
    let person = signed.account();
    let named = address(&taken.what.address)?;
    let own = queries::account(&app.settings(), person).await?;
    if own.primary() != Some(&named) {
        return Err(Refusal::field(
            "address",
            format!("{named} is not the account's primary address"),
            "name the primary address to confirm that the account shall be closed",
        )
        .into());
    }
    let call = app.directory().call(signed.by(), None);
    account::close(app.directory(), &call, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

// ---- export ----

/// Everything about the account.
///
/// JSON Lines, one document a line, each with its `kind`: the account, contexts, tokens (without secrets), sessions, the personal runs
/// and projects, and transfers and invitations sent from it or to be answered by it.
#[utoipa::path(get, path = "/account/export", operation_id = "exportAccount", tag = "Account",
    responses((status = 200, description = "The lines", content_type = "application/jsonl", body = String)))]
async fn export(State(app): State<App>, signed: Signed<Settle>) -> Result<Response, Failure> {
    everything(&app, signed.account()).await
}

/// The lines of an account's export, read as they are sent.
pub(in crate::web) async fn everything(app: &App, person: AccountId) -> Result<Response, Failure> {
    let settings = app.settings();
    let account = queries::account(&settings, person).await?;
    let now = app.directory().now();
    let mut sections = vec![Section::Account];
    sections.extend([ItemKind::Run, ItemKind::Project].map(|kind| Section::Items(kind, None)));
    let own = rights::acting(&settings, account.id, Context::Personal(account.id)).await?;
    let mut boxes = listing::inboxes(&settings, &account).await?;
    boxes.push(Box_::sent(&own));
    for of in boxes {
        sections.extend([Phase::Open, Phase::Closed].map(|phase| Section::Offers(of, phase, None)));
    }
    sections.reverse();
    let begin = (settings, own, now, sections);
    let lines = stream::try_unfold(begin, |(settings, own, now, mut sections)| async move {
        let Some(section) = sections.pop() else {
            return Ok::<_, axum::Error>(None);
        };
        let (lines, rest) = lines(&settings, &own, now, section)
            .await
            .map_err(|trouble| axum::Error::new(std::io::Error::other(format!("{trouble:?}"))))?;
        sections.extend(rest);
        Ok(Some((Bytes::from(lines), (settings, own, now, sections))))
    });
    let kind = HeaderValue::from_static("application/jsonl");
    let name = HeaderValue::from_static("attachment; filename=\"handover-account.jsonl\"");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// What is still to be written, and where to go on.
enum Section {
    Account,
    Items(ItemKind, Option<ItemId>),
    Offers(Box_, Phase, Option<InvitationId>),
}

/// So many documents are read at once.
const AT_ONCE: usize = 100;

/// The next lines of a section, and what is left of it.
async fn lines(
    settings: &Settings,
    own: &Acting,
    now: Time,
    section: Section,
) -> Result<(Vec<u8>, Option<Section>), Trouble> {
    let mut lines = Vec::new();
    let person = own.person();
    let rest = match section {
        Section::Account => {
            let account = queries::account(settings, person).await?;
            line(&mut lines, "account", &show::account(&account));
            for one in queries::contexts(settings, person).await? {
                line(&mut lines, "context", &show::context(one));
            }
            for token in sign_in::tokens(settings, person).await? {
                line(&mut lines, "token", &show::token(&token.document));
            }
            for session in sign_in::sessions(settings, person).await? {
                line(&mut lines, "session", &show::session(&session.document));
            }
            None
        }
        Section::Items(kind, after) => {
            let (items, next) = queries::items(settings, own, kind, after, AT_ONCE).await?;
            for item in items {
                line(&mut lines, kind.word(), &show::item(item));
            }
            next.map(|after| Section::Items(kind, Some(after)))
        }
        Section::Offers(of, phase, after) => {
            let page =
                queries::transfers(settings, of, phase, after, AT_ONCE, &queries::every).await?;
            for found in page.transfers {
                let invitation = found.document;
                line(
                    &mut lines,
                    invitation.terms.word(),
                    &show::transfer(invitation.clone(), now),
                );
            }
            page.next
                .map(|after| Section::Offers(of, phase, Some(after)))
        }
    };
    Ok((lines, rest))
}

#[derive(Serialize)]
struct Line<'a, T> {
    kind: &'a str,
    document: &'a T,
}

fn line<T: Serialize>(lines: &mut Vec<u8>, kind: &str, document: &T) {
    // What is shown elsewhere as JSON can be written here too.
    if serde_json::to_writer(&mut *lines, &Line { kind, document }).is_ok() {
        lines.push(b'\n');
    }
}
