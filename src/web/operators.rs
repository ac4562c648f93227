//! What operators and their programs ask, on an address of its own: is it alive, is it ready, how is it doing.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::telemetry::Metrics;

use super::App;

/// The store has this long to say that it can read and write.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/healthz`, `/readyz` and, where metrics are collected, `/metrics`.
pub fn router(app: App, metrics: Option<Metrics>) -> Router {
    let routes = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .with_state(app.clone());
    match metrics {
        Some(metrics) => routes.route("/metrics", get(async move || render(&app, &metrics))),
        None => routes,
    }
}

async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let settings = app.settings();
    match tokio::time::timeout(PATIENCE, settings.health()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(fault)) => {
            tracing::warn!("not ready: {fault}");
            (StatusCode::SERVICE_UNAVAILABLE, "the store failed\n")
        }
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer\n",
        ),
    }
}

fn render(app: &App, metrics: &Metrics) -> impl IntoResponse + use<> {
    let (contexts, transfers) = app.directory().awake();
    metrics::gauge!("handover_actors_awake", "kind" => "context").set(contexts as f64);
    metrics::gauge!("handover_actors_awake", "kind" => "transfer").set(transfers as f64);
    let most = app.bounds().max_concurrent_requests;
    let busy = most.saturating_sub(app.in_flight().available_permits());
    metrics::gauge!("handover_http_requests_in_flight").set(busy as f64);
    metrics::gauge!("handover_pages_kept_up_to_date").set(app.streams().count() as f64);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, metrics.render())
}
