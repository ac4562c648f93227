//! The way of an answer, tried: a probe leaves through the mail server, which brings it back to the reply door.

use std::time::Duration;

use super::mail::Checks;
use super::{Bad, Found, Good, PATIENCE};
use crate::clock::{Clock as _, System};
use crate::config::{self, Config, Door, Transport};
use crate::daemon::at_door::AtDoor;
use crate::daemon::{replies, smtp_settings};
use crate::domain::id::LetterId;
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;
use crate::ids::Ids;
use crate::mail::inbound::ARRIVED;
use crate::mail::probe::probe;
use crate::mail::smtp::Smtp;
use crate::mail::{Rendered, Transport as _};

/// So long a probe is waited for. Mail servers of a site are that fast, or something is wrong.
const RETURN: Duration = Duration::from_secs(30);
/// Between two looks whether it came; one look is one conversation of the door.
const LOOK: Duration = Duration::from_millis(100);

/// Whether the door is open, and what is sent to it comes there.
pub async fn checks(config: &Config) -> Checks {
    let Some(door) = &config.reply.listen else {
        let sentence = "not asked: reply.listen is left out, so nobody answers by mail";
        return vec![("reply door", Good(sentence.to_owned()))];
    };
    let clock = System::new();
    let at = Time::from_ms(clock.now());
    let probe = match made(config, at) {
        Ok(probe) => probe,
        Err(why) => return vec![("reply door", Bad(why))],
    };
    let opened = is_open(door, &probe);
    let is_open = matches!(opened, Good(_));
    let mut checks = vec![("reply door", opened)];
    if is_open && config.mail.transport == Transport::Smtp {
        checks.push(("round trip", comes_back(config, door, &probe, &clock).await));
    }
    checks
}

fn made(config: &Config, at: Time) -> Result<Rendered, String> {
    let path = &config.secrets.key_file;
    let key = config::secrets::read_key(path).map_err(|problem| problem.sentence)?;
    let key = key.ok_or_else(|| {
        let path = path.display();
        format!("{path} is not there yet; start the daemon and ask again")
    })?;
    let scheme = replies::scheme(config).map_err(|why| why.to_string())?;
    let scheme = scheme.ok_or_else(|| "nobody takes replies".to_owned())?;
    let from = config.mail.from.as_str().parse();
    let from = from.map_err(|why| format!("mail.from: {why}"))?;
    let id = LetterId::from_bits(Ids::from_system().fresh(at));
    probe(id, &from, &scheme, &SiteKey::new(key), at)
}

/// What the door says of the probe's address.
fn asked(door: &Door, probe: &Rendered) -> std::io::Result<String> {
    let to = probe.to.as_str();
    AtDoor::knock(door, PATIENCE)?.ask(to, to)
}

fn is_open(door: &Door, probe: &Rendered) -> Found {
    match asked(door, probe) {
        Ok(said) if said.starts_with("250") => Good(format!("{door} is open")),
        Ok(said) if said.starts_with("550") => Bad(format!(
            "{door} does not know the addresses of this configuration: {said}; see that the daemon runs with the same \
             secrets.key_file and [reply], and that the clock is right"
        )),
        Ok(said) => Bad(format!("{door} answers {said}; look at the daemon's log")),
        Err(error) => Bad(format!(
            "{door}: {error}; start the daemon, and ask as its user"
        )),
    }
}

async fn comes_back(config: &Config, door: &Door, probe: &Rendered, clock: &System) -> Found {
    let began = clock.elapsed();
    let sent = async {
        let smtp = smtp_settings(config).map_err(|why| why.to_string())?;
        let smtp = Smtp::new(smtp).map_err(|failure| failure.text)?;
        let sent = smtp.send(probe).await.map_err(|failure| failure.text);
        smtp.close().await;
        sent
    };
    if let Err(why) = sent.await {
        return Bad(format!(
            "the mail server does not take a message to {}: {why}; it must relay the domain to the reply door",
            probe.to.domain()
        ));
    }
    loop {
        let passed = clock.elapsed().saturating_sub(began);
        if asked(door, probe).is_ok_and(|said| said.contains(ARRIVED)) {
            return Good(format!(
                "a message to {} came in after {} ms",
                probe.to.domain(),
                passed.as_millis()
            ));
        }
        if passed >= RETURN {
            return Bad(format!(
                "a message to {} did not come in within {} s; look for it in the mail server's log and queue",
                probe.to.domain(),
                RETURN.as_secs()
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}
