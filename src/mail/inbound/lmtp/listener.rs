//! Where the mail server connects: a socket file, or a port of this machine.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::door::Door;
use super::{Settings, serve};

/// Wait before accepting again when the machine has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Where to listen.
#[derive(Debug, Clone)]
pub enum Place {
    /// A socket file, mode 0660.
    Socket(PathBuf),
    /// A port of this machine. No other address: there is no login, so whoever connects is the mail server.
    Port(SocketAddr),
    /// A port that other machines reach, for these alone.
    Open(SocketAddr, Peers),
}

/// Which machines may connect.
#[derive(Clone)]
pub struct Peers(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Peers {
    /// Those of which this is true.
    pub fn those(may: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(may))
    }
    fn may(&self, peer: IpAddr) -> bool {
        (self.0)(peer)
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Peers")
    }
}

/// Bound, and not served yet.
#[derive(Debug)]
pub struct Listener(Bound);

#[derive(Debug)]
enum Bound {
    Socket(UnixListener, PathBuf),
    Port(TcpListener, Option<Peers>),
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
        Place::Port(address) => port(address, None).await,
        Place::Open(address, peers) => port(address, Some(peers.clone())).await,
        Place::Socket(path) => socket(path).await,
    }
}

async fn port(address: &SocketAddr, peers: Option<Peers>) -> Result<Listener, Unbound> {
    TcpListener::bind(address)
        .await
        .map(|listener| Listener(Bound::Port(listener, peers)))
        .map_err(|source| Unbound::System {
            place: address.to_string(),
            source,
        })
}

async fn socket(path: &Path) -> Result<Listener, Unbound> {
    let system = |source| Unbound::System {
        place: path.display().to_string(),
        source,
    };
    match std::fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(Unbound::NotASocket(path.to_owned()));
        }
        // Left behind by a process that was killed, if nobody answers.
        Ok(_) => match UnixStream::connect(path).await {
            Ok(_) => return Err(Unbound::InUse(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path).map_err(system)?;
            }
            Err(error) => return Err(system(error)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(system(error)),
    }
    let listener = UnixListener::bind(path).map_err(system)?;
    let mode = std::fs::Permissions::from_mode(0o660);
    std::fs::set_permissions(path, mode).map_err(system)?;
    Ok(Listener(Bound::Socket(listener, path.to_owned())))
}

impl Listener {
    /// The port it listens at, if it is one.
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Bound::Port(listener, _) => listener.local_addr().ok().map(|a| a.port()),
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
    let shared = Shared {
        slots: Arc::new(Semaphore::new(settings.limits.sessions)),
        settings: Arc::new(settings),
        door,
        stop,
        sessions: TaskTracker::new(),
    };
    match &listener.0 {
        Bound::Port(listener, peers) => {
            let accept = || async {
                let (mut stream, from) = listener.accept().await?;
                if peers.as_ref().is_some_and(|peers| !peers.may(from.ip())) {
                    tracing::debug!(peer = %from.ip(), "reply.allow does not list it");
                    refuse(
                        &mut stream,
                        b"554 5.7.1 this machine may not deliver here\r\n",
                    )
                    .await;
                    return Ok(None);
                }
                // An answer is one write; waiting to fill a packet would only delay it.
                stream.set_nodelay(true)?;
                Ok(Some(stream))
            };
            shared.each(accept).await;
        }
        Bound::Socket(listener, path) => {
            let accept = || async { Ok(Some(listener.accept().await?.0)) };
            shared.each(accept).await;
            let _ = std::fs::remove_file(path);
        }
    }
    drop(listener);
    shared.sessions.close();
    shared.sessions.wait().await;
}

struct Shared {
    slots: Arc<Semaphore>,
    settings: Arc<Settings>,
    door: Arc<dyn Door>,
    stop: CancellationToken,
    sessions: TaskTracker,
}

impl Shared {
    async fn each<S, F>(&self, accept: impl Fn() -> F)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<Option<S>>>,
    {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = accept() => accepted,
            };
            match accepted {
                Ok(Some(stream)) => self.open(stream).await,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a mail session could not be accepted");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
    }

    async fn open<S>(&self, mut stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            let words = b"421 4.3.2 too many sessions; connect again later\r\n";
            refuse(&mut stream, words).await;
            return;
        };
        let (settings, door) = (Arc::clone(&self.settings), Arc::clone(&self.door));
        let stop = self.stop.clone();
        self.sessions.spawn(async move {
            serve(stream, &settings, &*door, &stop).await;
            drop(slot);
        });
    }
}

/// A new connection has room for a line; whoever has none need not hear it.
async fn refuse(stream: &mut (impl AsyncWrite + Unpin), words: &[u8]) {
    let _ = timeout(NO_ROOM, stream.write_all(words)).await;
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
