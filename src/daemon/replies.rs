//! The reply door: what the configuration means to it, and its parts put together.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::actors::directory::Directory;
use crate::actors::incoming::Limits;
use crate::clock::Clock;
use crate::config::{self, Config, Network};
use crate::courier::{Inbox, Keeper, READ_AT_ONCE};
use crate::mail::inbound::lmtp::{self, Listener, Peers, Place};
use crate::mail::inbound::pace::{Pace, Paced};
use crate::mail::inbound::signatures::{Signatures, Witness};
use crate::mail::inbound::{self, Scheme};

use super::CannotStart;

/// How the addresses are written; none where nobody takes replies.
pub fn scheme(config: &Config) -> Result<Option<Scheme>, CannotStart> {
    if config.reply.listen.is_none() {
        return Ok(None);
    }
    let scheme = match &config.reply.addresses {
        Some(pattern) => Scheme::of_pattern(pattern.as_str()),
        None => Scheme::of_domain(config.mail.reply_domain.as_str()),
    };
    scheme.map(Some).map_err(CannotStart::part)
}

/// Where the mail server delivers. What other machines reach is refused at start without a list of those that may.
pub fn place(door: &config::Door, allow: &[Network]) -> Place {
    match door {
        config::Door::Socket(path) => Place::Socket(PathBuf::clone(path)),
        config::Door::Port(address) if address.ip().is_loopback() => {
            Place::Port(SocketAddr::clone(address))
        }
        config::Door::Port(address) => {
            let allow = allow.to_vec();
            let peers = Peers::those(move |peer| may_deliver(&allow, peer));
            Place::Open(SocketAddr::clone(address), peers)
        }
    }
}

/// Those that the site lists, and this machine, where `handover mail-in` runs.
fn may_deliver(allow: &[Network], peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback() || allow.iter().any(|network| network.contains(peer))
}

/// One letter has this part of the room for what came in.
const LETTERS: i64 = 20;

/// Opened, and not served yet.
pub struct Replies {
    listener: Listener,
    settings: lmtp::Settings,
    door: Arc<dyn inbound::Door>,
    directory: Directory,
    examined_by: inbound::Settings,
    arrived: Arc<Notify>,
}

/// Opens the door where the configuration names one.
pub async fn open(
    config: &Config,
    directory: &Directory,
    scheme: Option<Scheme>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Replies>, CannotStart> {
    let reply = &config.reply;
    let (Some(door), Some(scheme)) = (&reply.listen, scheme) else {
        return Ok(None);
    };
    let listener = lmtp::bind(&place(door, &reply.allow))
        .await
        .map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let source = source
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            CannotStart::Part(format!("reply.listen: {error}{source}"))
        })?;
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let message = size(reply.max_message_size.as_bytes());
    let arrived = Arc::new(Notify::new());
    let keep = i64::try_from(reply.keep.as_bytes()).unwrap_or(i64::MAX);
    let largest = i64::try_from(reply.max_message_size.as_bytes()).unwrap_or(i64::MAX);
    let examined_by = inbound::Settings {
        reply_domain: config.mail.reply_domain.as_str().to_lowercase(),
        authentication: authentication(reply),
    };
    let keeper = Keeper {
        desk: Arc::new(directory.clone()),
        limits: Limits {
            a_day: i64::from(reply.messages_per_letter_per_day),
            bytes: keep,
            // Sealed, a message is a third larger; one has room for certain.
            bytes_a_letter: (keep / LETTERS).max(largest.saturating_mul(2)),
        },
        settings: examined_by.clone(),
        arrived: Arc::clone(&arrived),
    };
    let witness = Witness::new(
        keeper,
        signatures(reply, &scheme)?,
        examined_by.clone(),
        Arc::clone(clock),
    );
    let pace = Pace {
        a_minute: size(reply.messages_per_minute.into()),
        a_day: size(reply.messages_per_letter_per_day.into()),
    };
    Ok(Some(Replies {
        listener,
        settings: lmtp::Settings {
            name: config.mail.reply_domain.as_str().to_owned(),
            scheme,
            limits: lmtp::Limits {
                message,
                sessions: size(reply.sessions.into()),
                ..lmtp::Limits::default()
            },
        },
        door: Arc::new(Paced::new(witness, pace, Arc::clone(clock))),
        directory: directory.clone(),
        examined_by,
        arrived,
    }))
}

/// By what senders are authenticated.
fn authentication(reply: &config::Reply) -> inbound::Authentication {
    match (reply.authentication, &reply.authserv_id) {
        (config::Authentication::Own, _) => inbound::Authentication::Own,
        (config::Authentication::Border, Some(id)) => inbound::Authentication::Border(id.clone()),
        (config::Authentication::Border, None) => inbound::Authentication::Nothing,
    }
}

/// What looks at signatures, where the site has Handover do it.
fn signatures(
    reply: &config::Reply,
    scheme: &Scheme,
) -> Result<Option<Arc<dyn Signatures>>, CannotStart> {
    if reply.authentication == config::Authentication::Border {
        return Ok(None);
    }
    #[cfg(feature = "own-authentication")]
    {
        use crate::mail::inbound::dkim::{Dkim, Dns};
        let dns = Dns::of(&reply.resolver).map_err(CannotStart::part)?;
        Ok(Some(Arc::new(Dkim::asking(dns, scheme.clone()))))
    }
    #[cfg(not(feature = "own-authentication"))]
    let _ = scheme;
    #[cfg(not(feature = "own-authentication"))]
    Err(CannotStart::Part(
        "reply.authentication: \"own\" is not in this binary".to_owned(),
    ))
}

impl Replies {
    /// What understands what comes in.
    pub fn inbox(&self) -> Inbox {
        Inbox {
            desk: Arc::new(self.directory.clone()),
            settings: self.examined_by.clone(),
            reading: Semaphore::new(READ_AT_ONCE),
            arrived: Arc::clone(&self.arrived),
        }
    }

    /// The port, if it is one.
    pub fn port(&self) -> Option<u16> {
        self.listener.port()
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        lmtp::listen(self.listener, self.settings, self.door, stop).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_mail_servers_and_this_machine_may_deliver() {
        let check = |peer: &str, then: bool| {
            let allow = ["10.0.0.7", "2001:db8::/64"].map(|network| network.parse().unwrap());
            assert_eq!(may_deliver(&allow, peer.parse().unwrap()), then, "{peer}");
        };
        check("10.0.0.7", true);
        check("::ffff:10.0.0.7", true);
        check("10.0.0.8", false);
        check("2001:db8::9", true);
        check("2001:db9::9", false);
        check("127.0.0.1", true);
        check("::ffff:127.0.0.1", true);
        check("::1", true);
    }
}
