//! The HTTP server: connections in, bounded in number and patience, and a stop that lets what is in flight end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::telemetry::Metrics;

use super::{App, Peer};

/// Whoever needs longer for the head of a request, or says nothing on an open connection for so long, is cut off.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Connections to the operators' address.
const OPERATORS: usize = 64;
/// Wait before accepting again when the machine has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Where the server listens.
pub struct Listeners {
    /// Pages and API.
    pub site: TcpListener,
    /// Health and metrics.
    pub operators: TcpListener,
}

/// Serves until `stop`; then takes no new connection and waits for what is in flight, as long as the bounds allow. Pages that are kept up
/// to date are not waited for.
pub async fn serve(
    listeners: Listeners,
    app: App,
    metrics: Option<Metrics>,
    stop: CancellationToken,
) {
    let within = app.bounds().stop_within;
    // Browsers and proxies keep connections open between requests.
    let most = app
        .bounds()
        .max_concurrent_requests
        .saturating_mul(2)
        .max(64);
    let site = super::router(app.clone());
    let operators = super::operators(app.clone(), metrics);
    tokio::join!(
        async {
            stop.cancelled().await;
            app.streams().end();
        },
        listen(listeners.site, site, most, &stop, within),
        listen(listeners.operators, operators, OPERATORS, &stop, within),
    );
}

async fn listen(
    listener: TcpListener,
    router: Router,
    most: usize,
    stop: &CancellationToken,
    within: Duration,
) {
    let connections = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(most));
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, or the client has gone already: the next may fare better.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(NO_ROOM).await;
                continue;
            }
        };
        let connection = connections.watch(connection(stream, router.clone(), Peer(peer)));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(within, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests still in flight");
    }
}

fn connection(
    stream: TcpStream,
    router: Router,
    peer: Peer,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    // An answer is one write; waiting to fill a packet would only delay it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
}
