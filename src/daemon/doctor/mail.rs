//! `handover doctor mail`: does the world believe the site's letters, and does an answer find its way? `docs/mail.md` says how to set up
//! what is found wrong here.

use super::dns::{Exchange, Resolver, Unknown};
use super::{Bad, Found, Good};
use crate::config::{Config, Transport};

/// Names that are no names of the world's DNS (RFC 6761).
const RESERVED: [&str; 4] = ["test", "localhost", "example", "invalid"];

/// What to check each time, and what came out.
pub type Checks = Vec<(&'static str, Found)>;

/// What the DNS must say about the domain of the letters' sender and about that of answers and reports.
pub async fn names(config: &Config, selector: Option<&str>) -> Checks {
    if config.mail.transport == Transport::Mailbox {
        return Vec::new();
    }
    let resolver = Resolver::new();
    let reply = config.mail.reply_domain.as_str();
    let from = config.mail.from.domain();
    let mut checks = Vec::new();
    if let Some(sentence) = unasked(reply) {
        checks.push(("MX", Good(sentence.clone())));
        checks.push(("SPF", Good(sentence)));
    } else {
        checks.push(("MX", answers_arrive(reply, resolver.exchanges(reply).await)));
        checks.push(("SPF", senders_are_named(reply, resolver.texts(reply).await)));
    }
    if let Some(sentence) = unasked(from) {
        checks.push(("DMARC", Good(sentence)));
        return checks;
    }
    checks.push((
        "DMARC",
        forgers_are_refused(from, policies(&resolver, from).await),
    ));
    if let Some(selector) = selector {
        let name = format!("{selector}._domainkey.{from}");
        let texts = resolver.texts(&name).await;
        checks.push(("DKIM", key_is_there(&name, texts)));
    }
    checks
}

/// Why a domain is not looked up, if it is none of the world's.
fn unasked(domain: &str) -> Option<String> {
    let last = domain.rsplit('.').next().unwrap_or(domain);
    let address = domain.parse::<std::net::IpAddr>().is_ok();
    (address || RESERVED.contains(&last))
        .then(|| format!("not asked: \"{domain}\" is no name of the world's DNS"))
}

/// DMARC policies for letters from this domain: its own, or else of the first domain above it that has any.
async fn policies(resolver: &Resolver, domain: &str) -> Result<Vec<(String, String)>, Unknown> {
    let mut above = domain;
    // A domain of one label is nobody's to say anything for.
    while above.contains('.') {
        let name = format!("_dmarc.{above}");
        let texts = resolver.texts(&name).await?;
        let policies = texts
            .into_iter()
            .filter(|text| is_of_version(text, "DMARC1"));
        let policies: Vec<_> = policies.map(|text| (name.clone(), text)).collect();
        if !policies.is_empty() {
            return Ok(policies);
        }
        above = above.split_once('.').map_or("", |(_, rest)| rest);
    }
    Ok(Vec::new())
}

/// Tags are parted by semicolons, and the first is the version.
fn is_of_version(text: &str, version: &str) -> bool {
    tag(text, "v") == Some(version) && text.trim_start().starts_with('v')
}

fn tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut tags = text.split(';').filter_map(|tag| tag.split_once('='));
    tags.find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

fn answers_arrive(domain: &str, exchanges: Result<Vec<Exchange>, Unknown>) -> Found {
    let exchanges = match exchanges {
        Ok(exchanges) => exchanges,
        Err(unknown) => return Bad(unknown),
    };
    let Some(first) = exchanges.first() else {
        return Bad(format!(
            "{domain} has no MX record, so answers and reports may reach nobody; name the mail server that hands them to Handover"
        ));
    };
    if exchanges.iter().any(|exchange| exchange.host.is_empty()) {
        return Bad(format!(
            "{domain} says by its MX record that it takes no mail; name the mail server that hands answers to Handover"
        ));
    }
    if let Some(lost) = exchanges.iter().find(|exchange| exchange.addresses == 0) {
        return Bad(format!(
            "{domain} is served by {}, which has no address; correct the MX record or add the address",
            lost.host
        ));
    }
    Good(format!("mail for {domain} goes to {}", first.host))
}

fn senders_are_named(domain: &str, texts: Result<Vec<String>, Unknown>) -> Found {
    let texts = match texts {
        Ok(texts) => texts,
        Err(unknown) => return Bad(unknown),
    };
    let is_policy = |text: &&String| {
        let mut words = text.split(' ');
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("v=spf1"))
    };
    let policies: Vec<&String> = texts.iter().filter(is_policy).collect();
    match policies.as_slice() {
        [] => Bad(format!(
            "{domain}, the domain of the letters' envelopes, has no SPF record; add a TXT record such as \"v=spf1 mx -all\" that names \
             the servers that send them"
        )),
        [policy] if policy.split(' ').any(|word| matches!(word, "+all" | "all")) => Bad(format!(
            "the SPF record of {domain} lets everybody send in its name: \"{policy}\"; end it with \"-all\""
        )),
        [policy] => Good(format!(
            "{domain}: \"{policy}\"; see that it names the servers that send letters"
        )),
        _ => Bad(format!(
            "{domain} has {} SPF records, and receivers use none then; join them in one",
            policies.len()
        )),
    }
}

fn forgers_are_refused(domain: &str, policies: Result<Vec<(String, String)>, Unknown>) -> Found {
    let policies = match policies {
        Ok(policies) => policies,
        Err(unknown) => return Bad(unknown),
    };
    match policies.as_slice() {
        [] => Bad(format!(
            "{domain} has no DMARC policy, so anybody may write letters in your name; add a TXT record at _dmarc.{domain} such as \
             \"v=DMARC1; p=quarantine\""
        )),
        [(name, policy)] => match tag(policy, "p") {
            Some("none") => Good(format!(
                "{name}: \"{policy}\"; with \"p=quarantine\" forged letters of yours would not be shown"
            )),
            Some("quarantine" | "reject") => Good(format!("{name}: \"{policy}\"")),
            _ => Bad(format!(
                "{name} says \"{policy}\", which has no policy; write p=quarantine or p=reject"
            )),
        },
        [(name, _), ..] => Bad(format!(
            "{name} has {} DMARC policies, and receivers use none then; keep one",
            policies.len()
        )),
    }
}

fn key_is_there(name: &str, texts: Result<Vec<String>, Unknown>) -> Found {
    let texts = match texts {
        Ok(texts) => texts,
        Err(unknown) => return Bad(unknown),
    };
    match texts.iter().find_map(|text| tag(text, "p")) {
        None => Bad(format!(
            "{name} holds no key, so no signature of yours is good; publish the one that your mail server signs with"
        )),
        Some("") => Bad(format!(
            "the key at {name} was taken back; publish the one that your mail server signs with"
        )),
        Some(_) => Good(format!("{name} holds a key")),
    }
}

#[cfg(test)]
mod tests;
