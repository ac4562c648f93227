//! Pages for browsers: rendered here, usable without scripts.

use axum::Router;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::problem::Told;

/// All pages.
pub fn router() -> Router<App> {
    Router::new()
}

/// The page that tells a browser what is the matter; the door asks for it whenever something outside `/api` was not
/// answered as it should be.
pub fn failed(_app: &App, told: &Told) -> Response {
    let text = format!("{}\n{}\n", told.sentence(), told.next_step());
    (told.status(), text).into_response()
}
