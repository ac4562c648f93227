//! `handover doctor mail`: can the keys of signatures be asked for, where Handover looks at them itself?

use super::{Bad, Found, Good};
use crate::config::{Authentication, Config};
use crate::mail::inbound::dkim::Dns;

/// Asks the servers that keys are asked of for one record: what comes of a signature, they say.
pub async fn check(config: &Config) -> Option<(&'static str, Found)> {
    let reply = &config.reply;
    if reply.authentication == Authentication::Border {
        return None;
    }
    let servers: Vec<String> = reply.resolver.iter().map(ToString::to_string).collect();
    let servers = match servers.as_slice() {
        [] => "the servers of /etc/resolv.conf".to_owned(),
        some => some.join(", "),
    };
    let name = format!("_dmarc.{}", config.mail.from.domain());
    let found = match Dns::of(&reply.resolver) {
        Err(nobody) => Bad(nobody.to_string()),
        Ok(dns) => match dns.has_text(&name).await {
            Ok(true) => Good(format!("{servers} answered for {name}")),
            Ok(false) => Good(format!(
                "{servers} answered for {name}, which has no record"
            )),
            Err(untold) => Bad(format!(
                "{servers} did not answer for {name}: {untold}; until a DNS server does, the mail server keeps replies, each for an hour; then whoever is invited is asked to confirm in Handover: correct \
                 reply.resolver, or /etc/resolv.conf"
            )),
        },
    };
    Some(("signatures", found))
}
