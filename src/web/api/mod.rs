//! The JSON API. Its OpenAPI document is made of the very routes, so none can be missing from it.

mod access;
pub(in crate::web) mod account;
pub(in crate::web) mod allowance;
mod analyses;
mod asks;
pub(in crate::web) mod audit;
mod invitations;
mod items;
mod lifecycle;
mod links;
pub(in crate::web) mod mail;
mod moves;
mod named;
pub(in crate::web) mod preview;
pub(in crate::web) mod read;
mod reference;
pub(in crate::web) mod settings;
pub(in crate::web) mod sharing;
pub(in crate::web) mod show;
mod sign_in;
pub(in crate::web) mod transfers;
pub(in crate::web) mod workgroups;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder,
    SecurityRequirement, Type,
};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::domain::id::Digest;
use crate::wire;

use super::App;
use super::problem::{Failure, Told};

pub use reference::router as reference;

/// Where the API begins.
pub const PREFIX: &str = "/api/v1";

/// For a POST that needs no words: an empty body, or `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Handover",
        version = "1",
        description = "Share sequencing data and pass on its ownership.\n\n\
            Every request but those for signing in carries a personal API token as `Authorization: Bearer …`. \
            Moments are RFC 3339 in UTC, sizes are bytes. Unknown fields are refused.\n\n\
            Every POST takes an `Idempotency-Key`: the same request sent again with the same key within 7 days is answered \
            without being done again. A key that was used for other words is refused.\n\n\
            Lists come in pages: give `next_cursor` of one page as `cursor` for the next. \
            Single documents carry an `ETag`; with `If-None-Match` an unchanged one is answered with 304.\n\n\
            Whatever goes wrong is told as RFC 9457 says, with a stable code and everything that applies at once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(wire::Problem, wire::Guard))
)]
struct Base;

fn routes() -> OpenApiRouter<App> {
    let all = OpenApiRouter::new()
        .merge(sign_in::routes())
        .merge(account::routes())
        .merge(allowance::routes())
        .merge(settings::routes())
        .merge(items::routes())
        .merge(analyses::routes())
        .merge(lifecycle::routes())
        .merge(audit::routes())
        .merge(access::routes())
        .merge(transfers::routes())
        .merge(invitations::routes())
        .merge(sharing::routes())
        .merge(links::routes())
        .merge(workgroups::routes())
        .merge(moves::routes())
        .merge(mail::routes());
    OpenApiRouter::with_openapi(Base::openapi()).nest(PREFIX, all)
}

/// The routes of the API.
pub fn router() -> Router<App> {
    routes().split_for_parts().0
}

/// What the routes do, as OpenAPI 3.1 says it.
pub fn document() -> Document {
    let (_, mut document) = routes().split_for_parts();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A personal API token: `ho_…`"));
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("token", SecurityScheme::Http(token.build()));
    document.security = Some(vec![SecurityRequirement::new(
        "token",
        Vec::<String>::new(),
    )]);
    for item in document.paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            repeatable(post);
        }
        let all = [
            &mut item.get,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in all.into_iter().flatten() {
            fails(operation);
        }
    }
    document
}

/// What is true of every POST need not be said of each.
fn repeatable(operation: &mut Operation) {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "1 to 255 visible ASCII characters; makes a repetition safe",
        ))
        .schema(Some(text));
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(key.build()));
}

/// Every operation may fail, and all fail alike.
fn fails(operation: &mut Operation) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new()
        .description("Why not, and what to do")
        .content(PROBLEM, problem.build());
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(response.build()));
}

const PROBLEM: &str = "application/problem+json";

/// A problem as a program is told.
pub fn failed(told: &Told, request_id: &str) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM))];
    (told.status(), kind, told.to_json(Some(request_id))).into_response()
}

/// What the caller knows already: the value of `If-None-Match`.
pub struct Known(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(header::IF_NONE_MATCH).cloned()))
    }
}

impl Known {
    /// A document with its ETag, or that it is what the caller knows. The tag is made of the document as it is shown, for that holds
    /// more than one stored document, and changes with time too.
    pub fn document(&self, document: &impl Serialize) -> Response {
        let Ok(body) = serde_json::to_vec(document) else {
            let odd = crate::store::Fault::never("a document cannot be written as JSON");
            return Failure::from(odd).into_response();
        };
        let tag = format!("\"{:032x}\"", Digest::of(&body).0);
        let known = self.0.as_ref().and_then(|known| known.to_str().ok());
        let known = known.is_some_and(|known| {
            let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
            known.split(',').any(|one| same(one.trim()))
        });
        let Ok(tag) = HeaderValue::try_from(tag) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let tag = [(header::ETAG, tag)];
        if known {
            return (StatusCode::NOT_MODIFIED, tag).into_response();
        }
        let json = HeaderValue::from_static("application/json");
        (tag, [(header::CONTENT_TYPE, json)], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_api_is_described_as_openapi() {
        let document = super::document().to_pretty_json().unwrap();
        insta::assert_snapshot!("openapi", document);
    }
}
