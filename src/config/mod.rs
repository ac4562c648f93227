//! The configuration: what was written becomes what is meant, and what is meant cannot be wrong.
//!
//! `schema` is the one list of all keys. Reading, showing, the default file, the reference and the differences at a
//! reload are all made from it, so that none can forget a key. `check` holds what only several keys together can break.

mod amount;
mod check;
mod choice;
mod host;
mod name;
mod parse;
mod problem;
mod reading;
mod reply;
mod schema;
pub mod secrets;
mod setting;
mod show;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub use amount::{Cap, Size, Span, Unreadable};
pub use choice::{
    Authentication, Creators, Format, InUse, Language, Level, Registration, Replies, Security,
    Tier, Transport, Verb,
};
pub use host::{Host, Issuer, Network, PublicUrl};
pub use name::{Address, Colour, Handle, Line};
pub use problem::{Problem, Problems};
pub use reply::{Door, Pattern};
pub use show::{reference, show, template};

/// Everything the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What people see of the site.
    pub site: Site,
    /// Addresses and limits of the HTTP server.
    pub server: Server,
    /// The embedded store.
    pub store: Store,
    /// Keys that must not lie in the store.
    pub secrets: Secrets,
    /// What is written to standard error.
    pub logging: Logging,
    /// Letters out.
    pub mail: Mail,
    /// Answers to letters, and reports about them.
    pub reply: Reply,
    /// How letters look, and what they say otherwise than built in.
    pub letters: Letters,
    /// Who may sign in, and for how long.
    pub sign_in: SignIn,
    /// Rules of transfers that the site chooses.
    pub transfers: Transfers,
    /// Who may create workgroups.
    pub creation: Creation,
    /// Storage caps per tier.
    pub quota: Quota,
    /// Limits against abuse.
    pub limits: Limits,
    /// What is kept, and for how long.
    pub retention: Retention,
    /// Private Enterprise domains.
    pub domains: Vec<Domain>,
    /// Workgroups that exist from the start.
    pub workgroups: Vec<Workgroup>,
}

/// `[site]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Stands on pages and in front of the sender's address.
    pub name: Line,
    /// Every link in a letter begins with it.
    pub public_url: PublicUrl,
    /// Language of pages and letters until a person chooses one.
    pub language: Language,
    /// The sentence a sender confirms with every transfer.
    pub terms: Line,
    /// Whom people ask who are at a loss.
    pub contact: Option<Address>,
    /// People who move the data of those who leave, two together.
    pub administrators: Vec<Address>,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Pages and API.
    pub listen: SocketAddr,
    /// `/healthz`, `/readyz` and `/metrics`.
    pub metrics_listen: SocketAddr,
    /// Largest request body.
    pub max_request_size: Size,
    /// After this long a request is answered with an error.
    pub request_timeout: Span,
    /// Requests in flight before further ones are turned away with 503.
    pub max_concurrent_requests: u32,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How long a soft stop waits for what is in flight.
    pub stop_within: Span,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The store's file.
    pub path: PathBuf,
    /// Memory the store may use to keep pages at hand.
    pub cache: Size,
    /// Commits that may wait for the writer before further ones are turned away.
    pub max_waiting_commits: u32,
}

/// `[secrets]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// 32 bytes all tokens in letters are derived from.
    pub key_file: PathBuf,
}

/// `[logging]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// How much is written.
    pub level: Level,
    /// For whom it is written.
    pub format: Format,
}

/// `[mail]` and `[mail.smtp]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Sender of all letters.
    pub from: Address,
    /// Name in front of it; the site's name where it is left out.
    pub from_name: Option<Line>,
    /// Domain of Message-IDs, and of the addresses that replies will go to.
    pub reply_domain: Host,
    /// How letters leave.
    pub transport: Transport,
    /// The mail server, used when `transport` is [`Transport::Smtp`].
    pub smtp: Smtp,
}

/// `[letters]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// Sentences that the site says otherwise in English.
    pub english_file: Option<PathBuf>,
    /// The same in German.
    pub german_file: Option<PathBuf>,
    /// The colour of links and buttons on light ground.
    pub colour: Colour,
    /// The same on dark ground.
    pub colour_dark: Colour,
}

/// `[mail.smtp]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// The mail server that takes letters.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Account at the mail server.
    pub username: Option<String>,
    /// File with its password and nothing else.
    pub password_file: Option<PathBuf>,
    /// For each step of the conversation.
    pub timeout: Span,
    /// Connections kept open at most.
    pub connections: u32,
    /// How long a letter is tried again before it is given up.
    pub retry_for: Span,
}

/// `[reply]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Where the mail server delivers replies; left out: there are none.
    pub listen: Option<Door>,
    /// Peers that may deliver when it is a port that other machines reach.
    pub allow: Vec<Network>,
    /// How the addresses are written; left out: all of `mail.reply_domain` are.
    pub addresses: Option<Pattern>,
    /// What a reply may do.
    pub mode: Replies,
    /// By what senders are authenticated.
    pub authentication: Authentication,
    /// Whose Authentication-Results are trusted.
    pub authserv_id: Option<String>,
    /// Whom the DNS is asked of for [`Authentication::Own`]; empty: as this machine is configured.
    pub resolver: Vec<SocketAddr>,
    /// Longest message.
    pub max_message_size: Size,
    /// Conversations at once.
    pub sessions: u32,
    /// Messages taken in a minute.
    pub messages_per_minute: u32,
    /// Messages taken in a day in answer to one letter.
    pub messages_per_letter_per_day: u32,
    /// How much of what came in is kept.
    pub keep: Size,
}

/// `[sign_in]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Whom a first sign-in registers.
    pub registration: Registration,
    /// Domains of the addresses that may register when `registration` is [`Registration::Listed`].
    pub listed_domains: Vec<Host>,
    /// How long a typed code is good.
    pub code_lifetime: Span,
    /// Wrong codes before a new one is needed.
    pub code_tries: u32,
    /// How long a browser stays signed in.
    pub session_lifetime: Span,
    /// Longest life of a personal API token.
    pub token_lifetime: Span,
    /// Identity providers through which people sign in besides the typed code.
    pub providers: Vec<Provider>,
}

/// `[[sign_in.provider]]`: an identity provider that speaks OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its short name, in the journal and in logs.
    pub handle: Handle,
    /// What the button calls it; the handle where it is left out.
    pub name: Option<Line>,
    /// Where it describes itself, and what its tokens say they are from.
    pub issuer: Issuer,
    /// What this site is called there.
    pub client_id: String,
    /// File with the secret that goes with it, and nothing else.
    pub client_secret_file: PathBuf,
    /// Whether an address counts as proven when it says that it is verified.
    pub trust_verified_email: bool,
    /// Ends of the addresses that it may vouch for; empty: any.
    pub suffixes: Vec<Host>,
}

/// `[transfers]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfers {
    /// How long an offer stands when its sender says nothing else.
    pub default_expiry: Span,
    /// What happens while analyses still write to an item.
    pub in_use: InUse,
    /// Items in one bundle.
    pub max_items: u32,
}

/// `[workgroups]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Who may create workgroups besides those that the file names.
    pub create: Creators,
}

/// `[quota]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Cap of a basic account.
    pub basic: Cap,
    /// Cap of a professional account or workgroup.
    pub professional: Cap,
    /// Cap of an enterprise account or workgroup.
    pub enterprise: Cap,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Sign-in codes sent to one address.
    pub sign_in_per_address_per_hour: u32,
    /// Sign-in attempts from one network address.
    pub sign_in_per_client_per_hour: u32,
    /// Transfers requested by one person.
    pub transfers_per_sender_per_hour: u32,
    /// Offers of one sender that wait for one recipient.
    pub open_offers_per_recipient: u32,
    /// Letters that ask one recipient for an answer, of all senders.
    pub letters_per_recipient_per_day: u32,
    /// How soon the letter of an offer may be sent again.
    pub resend_after: Span,
}

/// `[retention]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How long after it was ordered an item in the trash is purged.
    pub purge_after: Span,
}

/// `[[domain]]`: a private Enterprise domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its short name.
    pub name: Handle,
    /// Ends of the email addresses that belong to it.
    pub suffixes: Vec<Host>,
    /// People who read and write everything in it.
    pub administrators: Vec<Address>,
    /// The cap of each of its contexts; left out: that of their tier.
    pub quota: Option<Cap>,
    /// What replies of its people may do, where the site takes any.
    pub replies: Replies,
    /// What its people may say in a reply.
    pub reply_verbs: Vec<Verb>,
}

/// `[[workgroup]]`: a context of its own, there from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workgroup {
    /// Its short name; never changes.
    pub handle: Handle,
    /// Its name for people; the handle where it is left out.
    pub name: Option<Line>,
    /// Its tier.
    pub tier: Tier,
    /// The domain it lies in.
    pub domain: Handle,
    /// Whether people from outside its domain may be members.
    pub collaborative: bool,
    /// The person it belongs to.
    pub owner: Address,
    /// Those who invite, remove and promote.
    pub administrators: Vec<Address>,
    /// Everybody else in it.
    pub members: Vec<Address>,
    /// Its own cap; that of its tier where it is left out.
    pub quota: Option<Cap>,
}

/// The domain of everybody who belongs to no other; not the configuration's to name.
const PUBLIC: &str = "public";

impl Config {
    /// Reads and checks a file, and the files it names as far as they exist.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        parse::load(path)
    }

    /// Reads and checks a text as if it stood in a file of that name; opens no file.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Problems> {
        parse::parse(text, file_name)
    }

    /// The default configuration as a file, with every key and why it is so.
    pub const fn embedded() -> &'static str {
        include_str!("../../config/handover.toml")
    }

    /// Which keys of `new` a running daemon takes over, and which need a restart.
    pub fn reload_differences(old: &Self, new: &Self) -> (Vec<String>, Vec<String>) {
        show::differences(old, new)
    }

    /// Whether nobody outside this machine can reach the site.
    pub fn is_development(&self) -> bool {
        self.server.listen.ip().is_loopback() && self.site.public_url.host().is_loopback()
    }
}

impl Workgroup {
    /// Owner, administrators and members, in this order.
    pub fn people(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.owner)
            .chain(&self.administrators)
            .chain(&self.members)
    }
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MIB: u64 = 1 << 20;
const TIB: u64 = 1 << 40;

/// Development on loopback: starts with no file at all and reaches nobody.
impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            site: Site {
                name: Line::built_in("Handover"),
                public_url: PublicUrl::loopback(8080),
                language: Language::English,
                terms: Line::built_in(
                    "A transfer cannot be undone: when it is accepted the recipient becomes the legal owner of the data. \
                     I confirm that my organisation allows it.",
                ),
                contact: None,
                administrators: Vec::new(),
            },
            server: Server {
                listen: loopback(8080),
                metrics_listen: loopback(9090),
                max_request_size: Size::from_bytes(4 * MIB),
                request_timeout: Span::from_ms(MINUTE / 2),
                max_concurrent_requests: 512,
                trusted_proxies: Vec::new(),
                stop_within: Span::from_ms(MINUTE / 2),
            },
            store: Store {
                path: "handover.redb".into(),
                cache: Size::from_bytes(64 * MIB),
                max_waiting_commits: 1024,
            },
            secrets: Secrets {
                key_file: "handover.key".into(),
            },
            logging: Logging {
                level: Level::Info,
                format: Format::Human,
            },
            mail: Mail {
                from: Address::handover_at_localhost(),
                from_name: None,
                reply_domain: Host::localhost(),
                transport: Transport::Mailbox,
                smtp: Smtp {
                    host: Host::loopback(),
                    port: 25,
                    security: Security::None,
                    username: None,
                    password_file: None,
                    timeout: Span::from_ms(MINUTE / 2),
                    connections: 4,
                    retry_for: Span::from_ms(2 * DAY),
                },
            },
            reply: Reply {
                listen: None,
                allow: Vec::new(),
                addresses: None,
                mode: Replies::ConfirmOnly,
                authentication: Authentication::Border,
                authserv_id: None,
                resolver: Vec::new(),
                max_message_size: Size::from_bytes(MIB),
                sessions: 20,
                messages_per_minute: 50,
                messages_per_letter_per_day: 20,
                keep: Size::from_bytes(1 << 30),
            },
            letters: Letters {
                english_file: None,
                german_file: None,
                colour: Colour::built_in("#0b5cad"),
                colour_dark: Colour::built_in("#7db7f0"),
            },
            sign_in: SignIn {
                registration: Registration::Open,
                listed_domains: Vec::new(),
                code_lifetime: Span::from_ms(10 * MINUTE),
                code_tries: 5,
                session_lifetime: Span::from_ms(30 * DAY),
                token_lifetime: Span::from_ms(365 * DAY),
                providers: Vec::new(),
            },
            transfers: Transfers {
                default_expiry: Span::from_ms(14 * DAY),
                in_use: InUse::Warn,
                max_items: 250,
            },
            creation: Creation {
                create: Creators::Professional,
            },
            quota: Quota {
                basic: Cap::At(Size::from_bytes(TIB)),
                professional: Cap::Unlimited,
                enterprise: Cap::Unlimited,
            },
            limits: Limits {
                sign_in_per_address_per_hour: 10,
                sign_in_per_client_per_hour: 60,
                transfers_per_sender_per_hour: 120,
                open_offers_per_recipient: 5,
                letters_per_recipient_per_day: 50,
                resend_after: Span::from_ms(DAY),
            },
            retention: Retention {
                purge_after: Span::from_ms(7 * DAY),
            },
            domains: Vec::new(),
            workgroups: Vec::new(),
        }
    }
}
