//! What no key can break alone: combinations that would start a daemon nobody should run.

use std::collections::{BTreeMap, BTreeSet};

use super::host::Host;
use super::name::Address;
use super::parse::Entries;
use super::reading::Reading;
use super::{
    Authentication, Config, Domain, Door, PUBLIC, Provider, Registration, Replies, Reply, Security,
    Tier, Transport, Workgroup,
};

pub(super) fn together(config: &Config, entries: &Entries, reading: &mut Reading<'_>) {
    site(config, reading);
    listening(config, reading);
    mail(config, reading);
    replies(config, entries, reading);
    if config.store.path == config.secrets.key_file {
        reading.refuse_together(
            &["secrets.key_file", "store.path"],
            "is the store's own file; name another",
        );
    }
    if config.sign_in.registration == Registration::Listed
        && config.sign_in.listed_domains.is_empty()
    {
        reading.refuse_together(
            &["sign_in.listed_domains", "sign_in.registration"],
            "is empty while registration is \"listed\", so nobody could register; list a domain, or choose \"invited\"",
        );
    }
    once("site.administrators", &config.site.administrators, reading);
    providers(&entries.providers, reading);
    domains(&entries.domains, reading);
    workgroups(entries, reading);
}

fn site(config: &Config, reading: &mut Reading<'_>) {
    let url = &config.site.public_url;
    if !url.is_https() && !url.host().is_loopback() {
        reading.refuse_together(
            &["site.public_url"],
            format!("\"{url}\" would carry session cookies in clear; put a reverse proxy with TLS in front and write \"https://{}\"", url.host()),
        );
    }
}

fn listening(config: &Config, reading: &mut Reading<'_>) {
    let (site, metrics) = (config.server.listen, config.server.metrics_listen);
    let meet =
        site.ip() == metrics.ip() || site.ip().is_unspecified() || metrics.ip().is_unspecified();
    // Port 0 lets the system choose, which never chooses the same twice.
    if site.port() == metrics.port() && site.port() != 0 && meet {
        reading.refuse_together(
            &["server.metrics_listen", "server.listen"],
            format!(
                "port {} is the port of server.listen too; choose another",
                metrics.port()
            ),
        );
    }
}

fn mail(config: &Config, reading: &mut Reading<'_>) {
    let mail = &config.mail;
    let outside = !config.site.public_url.host().is_loopback();
    if mail.transport == Transport::Mailbox && !config.is_development() {
        reading.refuse_together(
            &["mail.transport", "server.listen", "site.public_url"],
            "\"mailbox\" shows everybody all letters, sign-in codes included, so it needs server.listen and site.public_url on loopback; \
             write transport = \"smtp\" and fill in [mail.smtp]",
        );
    }
    let smtp = &mail.smtp;
    if mail.transport == Transport::Smtp
        && smtp.security == Security::None
        && !smtp.host.is_loopback()
    {
        reading.refuse_together(
            &["mail.smtp.security", "mail.smtp.host"],
            format!(
                "\"none\" would send letters to {} in clear; choose \"starttls\" or \"tls\"",
                smtp.host
            ),
        );
    }
    match (&smtp.username, &smtp.password_file) {
        (Some(_), None) => reading.refuse_together(
            &["mail.smtp.password_file", "mail.smtp.username"],
            "is missing while there is a username; name the file that holds the password, or remove the username",
        ),
        (None, Some(_)) => reading.refuse_together(
            &["mail.smtp.username", "mail.smtp.password_file"],
            "is missing while there is a password_file; add the account's name, or remove the password_file",
        ),
        _ => {}
    }
    if outside && mail.from.domain() == "localhost" {
        reading.refuse_together(
            &["mail.from", "site.public_url"],
            format!("\"{}\" is no address outside this machine; write one of your own, such as \"handover@{}\"", mail.from, config.site.public_url.host()),
        );
    }
    if outside && mail.reply_domain.is_loopback() {
        reading.refuse_together(
            &["mail.reply_domain", "site.public_url"],
            format!("\"{}\" means another machine everywhere; write a domain of your own, such as \"reply.{}\"", mail.reply_domain, config.site.public_url.host()),
        );
    }
}

/// What would let strangers answer, or answers go astray (MAIL §7).
fn replies(config: &Config, entries: &Entries, reading: &mut Reading<'_>) {
    let reply = &config.reply;
    for (key, sentence) in authentication(reply, cfg!(feature = "own-authentication")) {
        reading.refuse_together(&[key, "reply.authentication"], sentence);
    }
    let Some(listen) = &reply.listen else {
        return;
    };
    let border = reply.authentication == Authentication::Border;
    if reply.mode == Replies::Act && border && reply.authserv_id.is_none() {
        reading.refuse_together(
            &["reply.mode", "reply.authserv_id", "reply.authentication"],
            "\"act\" would believe whoever a message says it is from; name the authserv_id of your border mail server, or write mode = \"confirm-only\"",
        );
    }
    if let Door::Port(address) = listen
        && !address.ip().is_loopback()
        && reply.allow.is_empty()
    {
        reading.refuse_together(
            &["reply.listen", "reply.allow"],
            format!("{address} can be reached from other machines, and LMTP knows no login; use a socket file or loopback, or list the mail servers in allow"),
        );
    }
    if let Some(pattern) = &reply.addresses {
        let same = pattern.domain() == &config.mail.reply_domain;
        if same && !pattern.is_of_a_mailbox() {
            reading.refuse_together(
                &["reply.addresses", "mail.reply_domain"],
                "means what it means when it is left out; remove it",
            );
        }
        return;
    }
    let domain = &config.mail.reply_domain;
    let mut homes = vec![(
        "mail.from".to_owned(),
        config.mail.from.domain() == domain.as_str(),
    )];
    let listed = &config.sign_in.listed_domains;
    homes.push(("sign_in.listed_domains".to_owned(), listed.contains(domain)));
    homes.extend(entries.domains.iter().map(|(prefix, private)| {
        (
            format!("{prefix}.suffixes"),
            private.suffixes.contains(domain),
        )
    }));
    for (key, _) in homes.iter().filter(|(_, same)| *same) {
        // On a development machine everything is "localhost".
        if domain.is_loopback() {
            continue;
        }
        reading.refuse_together(
            &["mail.reply_domain", key],
            format!("\"{domain}\" is a domain of mailboxes by {key}, and would be Handover's alone; use one of its own, such as \"reply.{domain}\", or a pattern in reply.addresses"),
        );
    }
}

/// Which keys do not fit the way in which senders are authenticated, and why; `built` is whether this binary can do it itself.
fn authentication(reply: &Reply, built: bool) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    match reply.authentication {
        Authentication::Own if !built => wrong.push((
            "reply.authentication",
            "\"own\" is not in this binary; build one with `cargo build --release --features own-authentication`, or write \"border\" and name \
             the authserv_id of your border mail server",
        )),
        Authentication::Own if reply.authserv_id.is_some() => wrong.push((
            "reply.authserv_id",
            "is believed in nothing while authentication is \"own\"; remove it, or write authentication = \"border\"",
        )),
        Authentication::Border if !reply.resolver.is_empty() => wrong.push((
            "reply.resolver",
            "is asked nothing while authentication is \"border\"; remove it, or write authentication = \"own\"",
        )),
        Authentication::Own | Authentication::Border => {}
    }
    wrong
}

fn providers(providers: &[(String, Provider)], reading: &mut Reading<'_>) {
    let mut handles = BTreeSet::new();
    for (prefix, provider) in providers {
        if !handles.insert(&provider.handle) {
            let sentence = format!(
                "\"{}\" is the handle of an earlier [[sign_in.provider]] too; choose another",
                provider.handle
            );
            reading.refuse_together(&[&format!("{prefix}.handle")], sentence);
        }
    }
}

fn domains(domains: &[(String, Domain)], reading: &mut Reading<'_>) {
    let mut names = BTreeSet::new();
    let mut suffixes: BTreeMap<&Host, &str> = BTreeMap::new();
    for (prefix, domain) in domains {
        let key = format!("{prefix}.name");
        if domain.name.as_str().eq_ignore_ascii_case(PUBLIC) {
            reading.refuse_together(
                &[&key],
                "\"public\" is there already and belongs to everybody; choose another name",
            );
        } else if !names.insert(&domain.name) {
            reading.refuse_together(&[&key], format!("\"{}\" is the name of an earlier [[domain]] too; choose another, or join the two", domain.name));
        }
        let list = format!("{prefix}.suffixes");
        if domain.suffixes.is_empty() {
            reading.refuse_together(
                &[&list],
                "is empty, so nobody would belong to the domain; add one such as \"uni.example\"",
            );
        }
        for (place, suffix) in domain.suffixes.iter().enumerate() {
            if let Some(other) = suffixes.insert(suffix, domain.name.as_str()) {
                let sentence = format!(
                    "\"{suffix}\" is a suffix of domain \"{other}\" already; leave it in one of them"
                );
                reading.refuse_together(&[&format!("{list}#{place}")], sentence);
            }
        }
        once(
            &format!("{prefix}.administrators"),
            &domain.administrators,
            reading,
        );
    }
}

fn workgroups(entries: &Entries, reading: &mut Reading<'_>) {
    let mut handles = BTreeSet::new();
    for (prefix, workgroup) in &entries.workgroups {
        let key = |name: &str| format!("{prefix}.{name}");
        if !handles.insert(&workgroup.handle) {
            let sentence = format!(
                "\"{}\" is the handle of an earlier [[workgroup]] too; choose another",
                workgroup.handle
            );
            reading.refuse_together(&[&key("handle")], sentence);
        }
        let home = entries
            .domains
            .iter()
            .find(|(_, domain)| domain.name == workgroup.domain)
            .map(|(_, domain)| domain);
        place(prefix, workgroup, home, entries, reading);
        if let Some(home) = home {
            outsiders(prefix, workgroup, home, reading);
        }
        once(&key("administrators"), &workgroup.administrators, reading);
        once(&key("members"), &workgroup.members, reading);
    }
}

/// Whether a workgroup of its tier may lie where it lies.
fn place(
    prefix: &str,
    workgroup: &Workgroup,
    home: Option<&Domain>,
    entries: &Entries,
    reading: &mut Reading<'_>,
) {
    let key = |name: &str| format!("{prefix}.{name}");
    let public = workgroup.domain.as_str().eq_ignore_ascii_case(PUBLIC);
    if !public && home.is_none() {
        // A [[domain]] whose name could not be read may be the one that is missed.
        let doubtful: Vec<String> = entries
            .domains
            .iter()
            .map(|(prefix, _)| format!("{prefix}.name"))
            .collect();
        let own = key("domain");
        let keys: Vec<&str> = std::iter::once(own.as_str())
            .chain(doubtful.iter().map(String::as_str))
            .collect();
        let sentence = format!(
            "there is no [[domain]] named \"{}\"; add it, or correct the name",
            workgroup.domain
        );
        reading.refuse_together(&keys, sentence);
    }
    let keys = [key("tier"), key("domain"), key("handle")];
    let keys = keys.each_ref().map(String::as_str);
    match workgroup.tier {
        Tier::Enterprise if public => {
            reading.refuse_together(&keys, "an enterprise workgroup lies in a domain of its own; add domain = \"…\", or choose tier = \"professional\"");
        }
        Tier::Professional if home.is_some() => {
            let sentence = format!(
                "a professional workgroup lies in \"public\", not in \"{}\"; choose tier = \"enterprise\", or remove the domain",
                workgroup.domain
            );
            reading.refuse_together(&keys, sentence);
        }
        Tier::Professional | Tier::Enterprise => {}
    }
    if workgroup.collaborative && workgroup.tier == Tier::Professional {
        let sentence = "only an enterprise workgroup can be collaborative, a professional one is open to everybody anyway; remove the key";
        reading.refuse_together(&[&key("collaborative"), &key("tier")], sentence);
    }
}

/// People from outside the domain, which only a collaborative workgroup may hold, and never as its owner.
fn outsiders(prefix: &str, workgroup: &Workgroup, home: &Domain, reading: &mut Reading<'_>) {
    let outside = |person: &Address| {
        !home
            .suffixes
            .iter()
            .any(|suffix| suffix.covers(person.domain()))
    };
    let doubtful = [
        format!("domain.{}.suffixes", home.name),
        format!("{prefix}.domain"),
        format!("{prefix}.collaborative"),
    ];
    let say = |key: String, sentence: String, reading: &mut Reading<'_>| {
        let keys: Vec<&str> = std::iter::once(key.as_str())
            .chain(doubtful.iter().map(String::as_str))
            .collect();
        reading.refuse_together(&keys, sentence);
    };
    if outside(&workgroup.owner) {
        let sentence = format!(
            "{} is not in domain \"{}\"; the owner of its workgroup must be, name somebody else",
            workgroup.owner, home.name
        );
        say(format!("{prefix}.owner"), sentence, reading);
    }
    if workgroup.collaborative {
        return;
    }
    for (list, people) in [
        ("administrators", &workgroup.administrators),
        ("members", &workgroup.members),
    ] {
        for (place, person) in people
            .iter()
            .enumerate()
            .filter(|(_, person)| outside(person))
        {
            let sentence = format!(
                "{person} is not in domain \"{}\"; remove the address, or add collaborative = true",
                home.name
            );
            say(format!("{prefix}.{list}#{place}"), sentence, reading);
        }
    }
}

/// Nobody stands twice in a list, in whatever case the address is written.
fn once(list: &str, people: &[Address], reading: &mut Reading<'_>) {
    let mut seen = BTreeSet::new();
    for (place, person) in people.iter().enumerate() {
        if !seen.insert(person.folded()) {
            reading.refuse_together(
                &[&format!("{list}#{place}")],
                format!("{person} stands in this list twice; remove one"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_authentication_asks_and_what_this_binary_cannot_do_is_refused() {
        let check =
            |authentication, built: bool, authserv_id: bool, resolver: bool, then: &[&str]| {
                let reply = Reply {
                    authentication,
                    authserv_id: authserv_id.then(|| "mx.uni.example".to_owned()),
                    resolver: resolver
                        .then(|| "127.0.0.1:53".parse().unwrap())
                        .into_iter()
                        .collect(),
                    ..Config::default().reply
                };
                let found = super::authentication(&reply, built);
                let keys: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
                assert_eq!(keys, then, "{reply:?} {built}");
            };
        use Authentication::{Border, Own};
        check(Border, false, false, false, &[]);
        check(Border, true, true, false, &[]);
        check(Border, true, true, true, &["reply.resolver"]);
        check(Own, true, false, true, &[]);
        check(Own, true, true, true, &["reply.authserv_id"]);
        check(Own, false, false, true, &["reply.authentication"]);
        check(Own, false, true, false, &["reply.authentication"]);
    }
}
