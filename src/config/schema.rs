//! The one list of all keys: what each is called, holds, means, and whether a running daemon can change it.

use super::reading::{Reading, Value};
use super::setting::Setting;
use super::{Config, DAY, Domain, HOUR, MIB, MINUTE, Provider, Replies, Verb, Workgroup};

/// One key of a `T`: of the configuration itself, or of one entry of a list.
pub(super) struct Key<T: 'static> {
    /// The section it stands in; empty in an entry.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// What it is for and why its default is what it is; sentences, Markdown.
    pub(super) meaning: &'static str,
    /// Taken over on SIGHUP.
    pub(super) reloadable: bool,
    /// Must be written; an entry has no default for it.
    pub(super) required: bool,
    /// Least and most, in the smallest unit of its type.
    pub(super) within: Option<(u64, u64)>,
    /// As TOML, where the default says nothing.
    pub(super) example: Option<&'static str>,
    pub(super) kind: fn() -> String,
    pub(super) range: fn(u64, u64) -> String,
    pub(super) read: fn(&mut T, &Value<'_>, &mut Reading<'_>),
    pub(super) write: fn(&T) -> Option<String>,
}

impl<T> Key<T> {
    /// Dotted, as problems and the reference name it.
    pub(super) fn path(&self) -> String {
        if self.section.is_empty() {
            self.name.into()
        } else {
            format!("{}.{}", self.section, self.name)
        }
    }

    const fn reloadable(mut self) -> Self {
        self.reloadable = true;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn within(mut self, least: u64, most: u64) -> Self {
        self.within = Some((least, most));
        self
    }

    const fn example(mut self, toml: &'static str) -> Self {
        self.example = Some(toml);
        self
    }
}

/// Ties a name in the file to a field: `key!(Config, "server", listen, server.listen: SocketAddr, "…")`.
macro_rules! key {
    ($of:ty, $section:literal, $name:ident, $($field:ident).+, $meaning:literal) => {{
        // The compiler finds the type of the field; a function pointer alone would need it spelled out.
        const fn of<V: Setting>(_: fn(&$of) -> &V) -> (fn() -> String, fn(u64, u64) -> String) {
            (V::kind, V::range)
        }
        let (kind, range) = of(|whole| &whole.$($field).+);
        Key::<$of> {
            section: $section,
            name: stringify!($name),
            meaning: $meaning,
            reloadable: false,
            required: false,
            within: None,
            example: None,
            kind,
            range,
            read: |whole, value, reading| {
                if let Some(meant) = Setting::read(value, reading) {
                    whole.$($field).+ = meant;
                }
            },
            write: |whole| whole.$($field).+.write(),
        }
    }};
}

/// Every section with what it is about, in the order of the file.
pub(super) const SECTIONS: [(&str, &str); 15] = [
    ("site", "What people see of the site."),
    (
        "server",
        "Addresses and limits of the HTTP server. TLS is the work of a reverse proxy in front of it.",
    ),
    (
        "store",
        "The embedded store: one file that holds everything, and is all there is to back up besides the key file.",
    ),
    (
        "secrets",
        "Keys that must not lie in the store, so that a copy of the store lets nobody in.",
    ),
    (
        "logging",
        "What is written to standard error. Email addresses are shortened and tokens never written, at any level.",
    ),
    ("mail", "Letters out."),
    (
        "mail.smtp",
        "The mail server that takes them, used when `mail.transport` is `\"smtp\"`.",
    ),
    (
        "reply",
        "Answers to letters: people accept and decline offers by replying. The site's mail server delivers them by LMTP, or through `handover mail-in`. Left out, a reply reaches nobody, and letters say so.",
    ),
    (
        "letters",
        "How letters look, and what they say otherwise than built in.",
    ),
    (
        "sign_in",
        "Who may sign in, and for how long. There are no passwords: a code is sent by email and typed, or one of the identity providers of `[[sign_in.provider]]` says who somebody is.",
    ),
    ("transfers", "Rules of transfers that the site chooses."),
    (
        "workgroups",
        "Workgroups that people create themselves. Those of this file are its own: nobody changes them elsewhere.",
    ),
    (
        "quota",
        "How much an account or workgroup may store, by its tier: a size, or `\"none\"` for no cap.",
    ),
    (
        "limits",
        "Limits against abuse; who meets one is told when to come back.",
    ),
    ("retention", "What is kept, and for how long."),
];

/// What the lists of entries are about.
pub(super) const PROVIDER_MEANING: &str = "An identity provider that speaks OpenID Connect; one block and one button on the sign-in page for each. Register this site there as a confidential client with the authorization code flow and the redirect address `PUBLIC_URL/sign-in/callback`. The typed code stays possible.";
/// See [`PROVIDER_MEANING`].
pub(super) const DOMAIN_MEANING: &str = "A private Enterprise domain; one block for each. Who has an address in it belongs to it, everybody else to `public`.";
/// See [`DOMAIN_MEANING`].
pub(super) const WORKGROUP_MEANING: &str =
    "A workgroup that exists from the start, with its people in it; one block for each.";

/// All keys that stand once.
pub(super) const KEYS: &[Key<Config>] = &[
    key!(Config, "site", name, site.name, "Name of the site on pages and in letters.").within(1, 100),
    key!(Config, "site", public_url, site.public_url, "Where browsers reach the site; every link in a letter begins with it. `http:` is accepted for loopback only, because a session cookie would travel in clear."),
    key!(Config, "site", language, site.language, "Language of pages for browsers that ask for none, of letters to whoever has no account yet, and of a new account, whose holder may choose another."),
    key!(Config, "site", terms, site.terms, "The sentence that a sender confirms with every transfer. Have your legal department read it.").within(1, 1000),
    key!(Config, "site", contact, site.contact, "Address of those who run the site, for whoever is at a loss; it stands at the end of every page.").example("\"handover@uni.example\""),
    key!(Config, "site", administrators, site.administrators, "People who give tiers and quotas, and move everything of somebody who leaves to another context: one proposes, another approves.").reloadable(),
    key!(Config, "server", listen, server.listen, "Address of pages and API. Loopback, so that a first try is reachable by nobody else."),
    key!(Config, "server", metrics_listen, server.metrics_listen, "Address of `/healthz`, `/readyz` and `/metrics`; separate, so that a proxy cannot publish them by mistake."),
    key!(Config, "server", max_request_size, server.max_request_size, "Largest request body. A full bundle is far smaller.").within(64 << 10, 64 * MIB),
    key!(Config, "server", request_timeout, server.request_timeout, "A request that takes longer is answered with an error; what it asked for may still happen, and a retry with the same Idempotency-Key learns of it.").within(1_000, 10 * MINUTE),
    key!(Config, "server", max_concurrent_requests, server.max_concurrent_requests, "Requests in flight before further ones are turned away with 503 and Retry-After. Bounds memory when the disk is slow. Half as many open pages show what is new by themselves; they count apart.").within(1, 65_536),
    key!(Config, "server", trusted_proxies, server.trusted_proxies, "Reverse proxies whose `X-Forwarded-For` is believed when the sign-in limit looks for the client. Anybody else could write any address there."),
    key!(Config, "server", stop_within, server.stop_within, "How long a soft stop (SIGTERM) waits for requests in flight before it stops all the same.").within(1_000, 10 * MINUTE),
    key!(Config, "store", path, store.path, "The store's file. A relative path starts from the folder of this file."),
    key!(Config, "store", cache, store.cache, "Memory for pages of the store; it fills with use. More helps when much of a large store is read again and again.").within(MIB, 1 << 40),
    key!(Config, "store", max_waiting_commits, store.max_waiting_commits, "Changes that may wait for the disk before further ones are turned away with 503.").within(1, 1_000_000),
    key!(Config, "secrets", key_file, secrets.key_file, "File of 32 random bytes, made at the first start, that the tokens in letters are derived from. Refused when group or others can read it. Without it no link sent so far works any more: back it up, but not together with the store."),
    key!(Config, "logging", level, logging.level, "How much is logged. Libraries log warnings and errors only, for they would log addresses otherwise.").reloadable(),
    key!(Config, "logging", format, logging.format, "`\"human\"` for a terminal, `\"json\"` (one object per line) for a program that collects logs."),
    key!(Config, "mail", from, mail.from, "Sender of all letters. Must be an address of yours once the site is public."),
    key!(Config, "mail", from_name, mail.from_name, "Name in front of the sender's address; the site's name where it is left out.").within(1, 100).example("\"Handover at Uni Example\"").reloadable(),
    key!(Config, "mail", reply_domain, mail.reply_domain, "Domain of Message-IDs, so that they are unique in the world. A domain used by nothing else."),
    key!(Config, "mail", transport, mail.transport, "`\"smtp\"` sends letters through `[mail.smtp]`. `\"mailbox\"` keeps them on a page of the site, sign-in codes included: refused unless `server.listen` and `site.public_url` are loopback."),
    key!(Config, "mail.smtp", host, mail.smtp.host, "The mail server."),
    key!(Config, "mail.smtp", port, mail.smtp.port, "Its port: usually 25 on the same machine, 587 with `\"starttls\"`, 465 with `\"tls\"`.").within(1, 65_535),
    key!(Config, "mail.smtp", security, mail.smtp.security, "`\"tls\"` from the first byte, `\"starttls\"` (which never falls back to plain), or `\"none\"`, accepted for loopback only."),
    key!(Config, "mail.smtp", username, mail.smtp.username, "Account at the mail server, if it asks for one.").example("\"handover\""),
    key!(Config, "mail.smtp", password_file, mail.smtp.password_file, "File that holds the account's password and nothing else. Refused when others can read it.").example("\"smtp.password\""),
    key!(Config, "mail.smtp", timeout, mail.smtp.timeout, "Patience with each step of the conversation.").within(1_000, 10 * MINUTE),
    key!(Config, "mail.smtp", connections, mail.smtp.connections, "Connections kept open at most.").within(1, 64),
    key!(Config, "mail.smtp", retry_for, mail.smtp.retry_for, "How long a letter is tried again, at growing distances, before it is given up. Longer than a weekend's outage is seldom worth it.").within(10 * MINUTE, 14 * DAY),
    key!(Config, "reply", listen, reply.listen, "Where the mail server delivers replies and reports: a socket file or a port of this machine. Without it there are none.").example("\"unix:/run/handover/lmtp.sock\""),
    key!(Config, "reply", allow, reply.allow, "Mail servers that may deliver when `listen` is an address that other machines reach. LMTP knows no login, so it is refused without them."),
    key!(Config, "reply", addresses, reply.addresses, "How the addresses are written where only sub-addressing can be had; `%{t}` becomes 34 letters and digits. Left out, all addresses of `mail.reply_domain` are Handover's.").example("\"handover+%{t}@uni.example\""),
    key!(Config, "reply", mode, reply.mode, "What a reply may do: `\"act\"` answers the offer, which needs `authserv_id` or `authentication = \"own\"`; `\"confirm-only\"` sends a letter that asks for an answer in Handover; `\"off\"` says that replies are not taken."),
    key!(Config, "reply", authentication, reply.authentication, "By what the sender of a reply is authenticated: `\"border\"` by the Authentication-Results of `authserv_id`, `\"own\"` by the message's DKIM signatures, which Handover checks itself. `\"own\"` needs a binary built with `--features own-authentication`; `docs/mail.md` says when to use it."),
    key!(Config, "reply", authserv_id, reply.authserv_id, "The name that your border mail server signs its Authentication-Results with. It must remove such headers of others, or anybody can write one.").example("\"mx.uni.example\""),
    key!(Config, "reply", resolver, reply.resolver, "DNS servers that `authentication = \"own\"` asks for keys; without any, those of `/etc/resolv.conf`. Whoever can forge their answers can forge senders."),
    key!(Config, "reply", max_message_size, reply.max_message_size, "Largest message. An answer is a line; what is quoted below it is seldom larger.").within(16 << 10, 2 * MIB),
    key!(Config, "reply", sessions, reply.sessions, "Conversations with mail servers at once.").within(1, 1_000),
    key!(Config, "reply", messages_per_minute, reply.messages_per_minute, "Messages taken in a minute; the mail server keeps the others and comes back.").within(1, 1_000_000),
    key!(Config, "reply", messages_per_letter_per_day, reply.messages_per_letter_per_day, "Messages taken in a day in answer to one letter.").within(1, 1_000),
    key!(Config, "reply", keep, reply.keep, "How much of what came in is kept, enciphered: until it is understood, or for seven days where it is not. Messages to one letter take a twentieth of it at most; the mail server keeps what is beyond.").within(16 * MIB, 1 << 40),
    key!(Config, "letters", english_file, letters.english_file, "Sentences that letters of this site say otherwise in English: lines of `name = sentence`, by the names of `handover letter list --sentences`. Checked at start, all problems at once.").example("\"letters.en.ftl\""),
    key!(Config, "letters", german_file, letters.german_file, "The same in German.").example("\"letters.de.ftl\""),
    key!(Config, "letters", colour, letters.colour, "Colour of links and buttons where letters are shown on light ground."),
    key!(Config, "letters", colour_dark, letters.colour_dark, "The same on dark ground."),
    key!(Config, "sign_in", registration, sign_in.registration, "Whom a first sign-in registers: `\"open\"` anybody, `\"listed\"` addresses of `listed_domains` and whoever has an offer or invitation, `\"invited\"` only the latter.").reloadable(),
    key!(Config, "sign_in", listed_domains, sign_in.listed_domains, "Domains for `\"listed\"`; `\"uni.example\"` covers `bio.uni.example` too.").reloadable(),
    key!(Config, "sign_in", code_lifetime, sign_in.code_lifetime, "How long a sign-in code is good.").within(MINUTE, HOUR),
    key!(Config, "sign_in", code_tries, sign_in.code_tries, "Wrong codes before a new one must be asked for.").within(1, 20),
    key!(Config, "sign_in", session_lifetime, sign_in.session_lifetime, "How long a browser stays signed in.").within(10 * MINUTE, 365 * DAY),
    key!(Config, "sign_in", token_lifetime, sign_in.token_lifetime, "Longest life of a personal API token.").within(HOUR, 3650 * DAY),
    key!(Config, "transfers", default_expiry, transfers.default_expiry, "How long an offer stands when its sender says nothing else.").within(DAY, 90 * DAY).reloadable(),
    key!(Config, "transfers", in_use, transfers.in_use, "What happens while analyses still write to an item: `\"warn\"` the sender, `\"block\"` the transfer, or `\"wait\"` with the offer until they end.").reloadable(),
    key!(Config, "transfers", max_items, transfers.max_items, "Items in one bundle. 250 is what one atomic change can hold.").within(1, 250).reloadable(),
    key!(Config, "workgroups", create, creation.create, "Who may create workgroups: `\"anyone\"`, `\"professional\"` whoever has a professional or enterprise account, `\"domain-administrators\"` those of the domain, or `\"nobody\"`. Administrators of the site may, unless it is `\"nobody\"`.").reloadable(),
    key!(Config, "quota", basic, quota.basic, "Cap of a basic account.").reloadable(),
    key!(Config, "quota", professional, quota.professional, "Cap of a professional account or workgroup.").reloadable(),
    key!(Config, "quota", enterprise, quota.enterprise, "Cap of an enterprise account or workgroup.").reloadable(),
    key!(Config, "limits", sign_in_per_address_per_hour, limits.sign_in_per_address_per_hour, "Sign-in codes sent to one address.").within(1, 1_000).reloadable(),
    key!(Config, "limits", sign_in_per_client_per_hour, limits.sign_in_per_client_per_hour, "Sign-in attempts from one network address. A whole institute may share one.").within(1, 100_000).reloadable(),
    key!(Config, "limits", transfers_per_sender_per_hour, limits.transfers_per_sender_per_hour, "Transfers requested by one person. A core facility hands over a week's runs in one go.").within(1, 100_000).reloadable(),
    key!(Config, "limits", open_offers_per_recipient, limits.open_offers_per_recipient, "Offers of one sender that wait for one recipient. More belong into one bundle.").within(1, 10_000).reloadable(),
    key!(Config, "limits", letters_per_recipient_per_day, limits.letters_per_recipient_per_day, "Letters that ask one recipient for an answer, of all senders together: offers and invitations, sent again or extended, and reminders. One sender has a fifth of them, and what goes beyond is offered without a letter. As many again tell of accepted links, changed roles and new members.").within(1, 10_000).reloadable(),
    key!(Config, "limits", resend_after, limits.resend_after, "How soon the letter of an offer may be sent again.").within(MINUTE, 30 * DAY).reloadable(),
    key!(Config, "retention", purge_after, retention.purge_after, "How long after `purge` an item in the trash is gone for good; until then `restore` takes it back.").within(MINUTE, 365 * DAY).reloadable(),
];

/// The keys of one `[[sign_in.provider]]`.
pub(super) const PROVIDER_KEYS: &[Key<Provider>] = &[
    key!(Provider, "", handle, handle, "Its short name, as the journal says through what somebody signed in: 2 to 64 letters, digits, dots, dashes or underscores.").required().example("\"uni\"").reloadable(),
    key!(Provider, "", name, name, "What the button calls it; the handle where it is left out.").within(1, 60).example("\"Uni Example\"").reloadable(),
    key!(Provider, "", issuer, issuer, "What the provider calls itself, to the letter; `/.well-known/openid-configuration` below it says everything else. `http:` is accepted on loopback only.").required().example("\"https://login.uni.example\"").reloadable(),
    key!(Provider, "", client_id, client_id, "What this site is called there.").required().example("\"handover\"").reloadable(),
    key!(Provider, "", client_secret_file, client_secret_file, "File that holds the secret that the provider gave with it, and nothing else. Refused when others can read it.").required().example("\"uni.secret\"").reloadable(),
    key!(Provider, "", trust_verified_email, trust_verified_email, "Whether an address is proven when the provider says that it is verified (`email_verified`). Whoever runs the provider can then sign in as anybody with such an address. With `false` the provider only fills in the address, and a code is sent to it.").required().example("true").reloadable(),
    key!(Provider, "", suffixes, suffixes, "Ends of the addresses that it may vouch for; `\"uni.example\"` covers `bio.uni.example` too. Empty: any address, which only a provider should have that verifies all of them.").example("[\"uni.example\"]").reloadable(),
];

/// The keys of one `[[domain]]`.
pub(super) const DOMAIN_KEYS: &[Key<Domain>] = &[
    key!(Domain, "", name, name, "Its short name: 2 to 64 letters, digits, dots, dashes or underscores.").required().example("\"uni\"").reloadable(),
    key!(Domain, "", suffixes, suffixes, "Ends of the email addresses that belong to it; `\"uni.example\"` covers `bio.uni.example` too.").required().example("[\"uni.example\"]").reloadable(),
    key!(Domain, "", administrators, administrators, "People who read and write everything in it and manage its workgroups.").example("[\"dean@uni.example\"]").reloadable(),
    key!(Domain, "", quota, quota, "Cap of each account and workgroup of it that has none of its own; that of their tier where it is left out.").example("\"50TB\"").reloadable(),
    key!(Domain, "", replies, replies, "What replies of its people may do, where the site takes any; never more than `reply.mode`.").reloadable(),
    key!(Domain, "", reply_verbs, reply_verbs, "What its people may say in a reply; anything else is done in Handover.").reloadable(),
];

/// The keys of one `[[workgroup]]`.
pub(super) const WORKGROUP_KEYS: &[Key<Workgroup>] = &[
    key!(Workgroup, "", handle, handle, "Its short name, which never changes: 2 to 64 letters, digits, dots, dashes or underscores.").required().example("\"tech-support\"").reloadable(),
    key!(Workgroup, "", name, name, "Its name for people; the handle where it is left out.").within(1, 100).example("\"TechSupport\"").reloadable(),
    key!(Workgroup, "", tier, tier, "A professional workgroup lives in `public`, an enterprise workgroup in a domain.").reloadable(),
    key!(Workgroup, "", domain, domain, "The domain it lies in.").reloadable(),
    key!(Workgroup, "", collaborative, collaborative, "Whether people from outside its domain may be members; enterprise only, and fixed once the workgroup exists.").reloadable(),
    key!(Workgroup, "", owner, owner, "The person it belongs to; a workgroup that people made comes under this file only if it is theirs already.").required().example("\"anna@lab.example\"").reloadable(),
    key!(Workgroup, "", administrators, administrators, "Those who invite, remove and promote, besides the owner.").reloadable(),
    key!(Workgroup, "", members, members, "Everybody else in it; they read and write all its data.").example("[\"ben@lab.example\"]").reloadable(),
    key!(Workgroup, "", quota, quota, "Its own cap; that of its domain or tier where it is left out.").example("\"20TB\"").reloadable(),
];

impl Provider {
    /// What an entry holds before it is read.
    pub(super) fn unread() -> Self {
        Self {
            handle: super::Handle::unread(),
            name: None,
            issuer: super::Issuer::unread(),
            client_id: String::new(),
            client_secret_file: std::path::PathBuf::new(),
            trust_verified_email: false,
            suffixes: Vec::new(),
        }
    }
}

impl Domain {
    /// What an entry holds before it is read.
    pub(super) fn unread() -> Self {
        Self {
            name: super::Handle::unread(),
            suffixes: Vec::new(),
            administrators: Vec::new(),
            quota: None,
            replies: Replies::Act,
            reply_verbs: vec![Verb::Accept, Verb::Decline],
        }
    }
}

impl Workgroup {
    /// What an entry holds before it is read.
    pub(super) fn unread() -> Self {
        Self {
            handle: super::Handle::unread(),
            name: None,
            tier: super::Tier::Professional,
            domain: super::Handle::public(),
            collaborative: false,
            owner: super::Address::unread(),
            administrators: Vec::new(),
            members: Vec::new(),
            quota: None,
        }
    }
}
