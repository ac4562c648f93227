//! What the configuration means to the parts: the rules of the domain, the workgroups, the site that letters speak of.

use std::collections::BTreeMap;

use crate::actors::site::Wanted;
use crate::config::{self, Config};
use crate::domain::address::Address;
use crate::domain::policy::{
    ByReply, Creators, Domain, InUse, Policy, Private, Registration, Replies, SignIn, Tier, Verb,
};
use crate::domain::workgroup::Role;
use crate::web;

/// A setting that was accepted on its own, but means nothing to the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Meaningless {
    what: String,
    why: String,
}

fn parsed<T: std::str::FromStr<Err: ToString>>(what: &str, text: &str) -> Result<T, Meaningless> {
    text.parse().map_err(|error: T::Err| Meaningless {
        what: what.to_owned(),
        why: error.to_string(),
    })
}

/// The rules that the site decided.
pub fn policy(config: &Config) -> Result<Policy, Meaningless> {
    let (mut domains, mut replies_of) = (BTreeMap::new(), BTreeMap::new());
    let mut quota_of = BTreeMap::new();
    for domain in &config.domains {
        let mut administrators = Vec::new();
        for address in &domain.administrators {
            administrators.push(parsed("domain.administrators", address.as_str())?);
        }
        let private = Private {
            suffixes: domain
                .suffixes
                .iter()
                .map(|suffix| suffix.as_str().to_lowercase())
                .collect(),
            administrators,
        };
        let name = Domain::named(domain.name.as_str());
        let verb = |verb: &config::Verb| match verb {
            config::Verb::Accept => Verb::Accept,
            config::Verb::Decline => Verb::Decline,
        };
        let by_reply = ByReply {
            replies: replies(domain.replies),
            verbs: domain.reply_verbs.iter().map(verb).collect(),
        };
        if let Some(cap) = domain.quota {
            let bytes = cap.as_bytes().unwrap_or(u64::MAX);
            quota_of.insert(name.name().to_owned(), bytes);
        }
        replies_of.insert(name.name().to_owned(), by_reply);
        domains.insert(name.name().to_owned(), private);
    }
    let quota = [
        (Tier::Basic, config.quota.basic),
        (Tier::Professional, config.quota.professional),
        (Tier::Enterprise, config.quota.enterprise),
    ];
    Ok(Policy {
        quota: quota
            .into_iter()
            .map(|(tier, cap)| (tier, cap.as_bytes()))
            .collect(),
        quota_of,
        domains,
        default_expiry_ms: config.transfers.default_expiry.as_ms(),
        in_use: match config.transfers.in_use {
            config::InUse::Warn => InUse::Warn,
            config::InUse::Block => InUse::Block,
            config::InUse::Wait => InUse::Wait,
        },
        max_items: usize::try_from(config.transfers.max_items).unwrap_or(250),
        open_offers: i64::from(config.limits.open_offers_per_recipient),
        letters_a_day: i64::from(config.limits.letters_per_recipient_per_day),
        resend_after_ms: config.limits.resend_after.as_ms(),
        terms: config.site.terms.to_string(),
        language: config.site.language.as_str().to_owned(),
        sign_in: SignIn {
            registration: match config.sign_in.registration {
                config::Registration::Open => Registration::Open,
                config::Registration::Listed => Registration::Listed(
                    config
                        .sign_in
                        .listed_domains
                        .iter()
                        .map(|domain| domain.as_str().to_lowercase())
                        .collect(),
                ),
                config::Registration::Invited => Registration::Invited,
            },
            code_lifetime_ms: config.sign_in.code_lifetime.as_ms(),
            code_tries: u8::try_from(config.sign_in.code_tries).unwrap_or(u8::MAX),
            session_lifetime_ms: config.sign_in.session_lifetime.as_ms(),
            token_lifetime_ms: config.sign_in.token_lifetime.as_ms(),
        },
        administrators: administrators(config)?,
        creators: match config.creation.create {
            config::Creators::Anyone => Creators::Anyone,
            config::Creators::Professional => Creators::Professional,
            config::Creators::DomainAdministrators => Creators::DomainAdministrators,
            config::Creators::Nobody => Creators::Nobody,
        },
        purge_after_ms: config.retention.purge_after.as_ms(),
        replies: match config.reply.listen {
            Some(_) => replies(config.reply.mode),
            None => Replies::Off,
        },
        replies_of,
    })
}

const fn replies(written: config::Replies) -> Replies {
    match written {
        config::Replies::Act => Replies::Act,
        config::Replies::ConfirmOnly => Replies::ConfirmOnly,
        config::Replies::Off => Replies::Off,
    }
}

fn administrators(config: &Config) -> Result<Vec<Address>, Meaningless> {
    let written = config.site.administrators.iter();
    let read = |address: &config::Address| parsed("site.administrators", address.as_str());
    written.map(read).collect()
}

/// The workgroups that the configuration names.
pub fn workgroups(config: &Config) -> Result<Vec<Wanted>, Meaningless> {
    config.workgroups.iter().map(workgroup).collect()
}

fn workgroup(written: &config::Workgroup) -> Result<Wanted, Meaningless> {
    let mut people = BTreeMap::new();
    let roles = [
        (std::slice::from_ref(&written.owner), Role::Owner),
        (written.administrators.as_slice(), Role::Administrator),
        (written.members.as_slice(), Role::Member),
    ];
    for (addresses, role) in roles {
        for address in addresses {
            let address = parsed("workgroup", address.as_str())?;
            people.entry(address).or_insert(role);
        }
    }
    let handle = written.handle.as_str();
    Ok(Wanted {
        handle: parsed("workgroup.handle", handle)?,
        name: written
            .name
            .as_ref()
            .map_or_else(|| handle.to_owned(), ToString::to_string),
        tier: match written.tier {
            config::Tier::Professional => Tier::Professional,
            config::Tier::Enterprise => Tier::Enterprise,
        },
        domain: Domain::named(written.domain.as_str()),
        collaborative: written.collaborative,
        // An explicit "none" lifts the tier's cap.
        quota: written.quota.map(|cap| cap.as_bytes().unwrap_or(u64::MAX)),
        people,
    })
}

/// What people see of the site.
pub fn pages_site(config: &Config) -> web::Site {
    web::Site {
        name: config.site.name.to_string(),
        public_url: config
            .site
            .public_url
            .as_str()
            .trim_end_matches('/')
            .to_owned(),
        language: config.site.language.as_str().to_owned(),
        terms: config.site.terms.to_string(),
        contact: (config.site.contact.as_ref()).map(|contact| contact.as_str().to_owned()),
    }
}

/// What bounds the server.
pub fn bounds(config: &Config) -> web::Bounds {
    let server = &config.server;
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    web::Bounds {
        max_request_bytes: size(server.max_request_size.as_bytes()),
        request_timeout: server.request_timeout.as_std(),
        max_concurrent_requests: size(u64::from(server.max_concurrent_requests)),
        trusted_proxies: server.trusted_proxies.clone(),
        stop_within: server.stop_within.as_std(),
    }
}

/// The identity providers, with the secrets that lie in files of their own.
pub fn providers(config: &Config) -> Result<Vec<web::provider::Settings>, Meaningless> {
    let written = config.sign_in.providers.iter();
    written.map(provider).collect()
}

fn provider(written: &config::Provider) -> Result<web::provider::Settings, Meaningless> {
    let handle = written.handle.as_str().to_owned();
    let what = format!("sign_in.provider.{handle}");
    let secret = config::secrets::client_secret(&what, &written.client_secret_file);
    let secret = secret.map_err(|problem| Meaningless {
        what: problem.key,
        why: problem.sentence,
    })?;
    let name = written.name.as_ref();
    Ok(web::provider::Settings {
        name: name.map_or_else(|| handle.clone(), ToString::to_string),
        handle,
        issuer: written.issuer.as_str().to_owned(),
        client_id: written.client_id.clone(),
        client_secret: secret.expose().to_owned(),
        trusted: written.trust_verified_email,
        suffixes: written
            .suffixes
            .iter()
            .map(|suffix| suffix.as_str().to_lowercase())
            .collect(),
    })
}

/// How often somebody may do something.
pub fn rates(config: &Config) -> web::Rates {
    web::Rates {
        sign_in_per_address: config.limits.sign_in_per_address_per_hour,
        sign_in_per_client: config.limits.sign_in_per_client_per_hour,
        transfers_per_sender: config.limits.transfers_per_sender_per_hour,
    }
}
