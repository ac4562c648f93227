//! The site's own check of DKIM signatures (RFC 6376), aligned with the sender as DMARC asks (RFC 9989).
//!
//! SPF cannot be checked here, because only the border sees who connects, and a DMARC policy adds nothing to a signature that is good. So
//! a signature of the sender's domain decides, and nothing else. `mail-auth` reads and verifies; what it accepts and others should not is
//! left out before it looks.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mail_auth::common::crypto::Algorithm;
use mail_auth::dkim::{DkimError, Signature};
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::TokioResolver;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::hickory_resolver::net::runtime::TokioRuntimeProvider;
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, DnsError, Error,
    MessageAuthenticator, SpfOutput,
};

use crate::domain::address::Address;
use crate::domain::incoming::Signed;

use super::address::{Recipient, Scheme};
use super::authentication::covers;
use super::fields::{self, Split};
use super::parts;
use super::sender::addresses;
use super::signatures::{Signatures, Untold};

/// Most signatures of one message that are verified; each costs a question to the DNS. Mail that went through lists has about four.
const MOST_SIGNATURES: usize = 5;
/// Most header fields that one signature covers; each is looked for among all.
const MOST_COVERED: usize = 100;
/// Patience with one question to one name server, which is asked twice.
const PATIENCE: Duration = Duration::from_secs(2);
/// Patience with all questions about one message.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(15);

/// Asks the DNS for keys and verifies with them.
pub struct Dkim {
    by: MessageAuthenticator,
    /// How the site writes the addresses that letters are answered to.
    scheme: Scheme,
}

/// Who answers questions to the DNS.
pub struct Dns(MessageAuthenticator);

/// Why there is nobody to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no DNS server can be asked: {0}; see /etc/resolv.conf, or name servers in reply.resolver")]
pub struct NobodyToAsk(String);

/// Why a message counts as signed by nobody; a sentence for operators, with nothing of the message in it.
type Why = &'static str;

impl Dns {
    /// These name servers; none: those of `/etc/resolv.conf`.
    ///
    /// # Errors
    /// There are none.
    pub fn of(servers: &[SocketAddr]) -> Result<Self, NobodyToAsk> {
        let nobody = |error: String| NobodyToAsk(error);
        let (config, mut options) = match servers {
            [] => read_system_conf().map_err(|error| nobody(error.to_string()))?,
            some => {
                let servers = some.iter().copied().map(name_server).collect();
                let config = ResolverConfig::from_parts(None, Vec::new(), servers);
                (config, ResolverOpts::default())
            }
        };
        options.timeout = PATIENCE;
        options.attempts = 1;
        // The name server beside remembers; a key that was taken back there is taken back here.
        options.cache_size = 0;
        let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(|error| nobody(error.to_string()))?;
        Ok(Self(MessageAuthenticator(resolver)))
    }

    /// Whether the DNS answers for this name, and if so whether it has a text.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn has_text(&self, name: &str) -> Result<bool, Untold> {
        let asking = self.0.txt_raw_lookup(format!("{name}."));
        match tokio::time::timeout(PATIENCE_IN_ALL, asking).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(Error::Dns(DnsError::RecordNotFound(_)))) => Ok(false),
            Ok(Err(error)) => Err(Untold(error.to_string())),
            Err(_) => Err(late()),
        }
    }
}

impl Dkim {
    /// That asks them. Letters are answered to addresses of this scheme.
    pub fn asking(dns: Dns, scheme: Scheme) -> Self {
        Self { by: dns.0, scheme }
    }

    async fn judged(
        &self,
        raw: &[u8],
        from: &Address,
        to: &Recipient,
    ) -> Result<Result<(), Why>, Untold> {
        let Ok(header) = fields::split(raw) else {
            return Ok(Err("it cannot be read"));
        };
        // A signature that covers the beginning of the body only is an error when it is read so.
        let Some(mut message) = AuthenticatedMessage::parse_with_opts(raw, None, true) else {
            return Ok(Err("its signatures cannot be read"));
        };
        if !reads_the_same(&message, &header) {
            return Ok(Err("its header can be read in two ways"));
        }
        if message.dkim_headers.is_empty() {
            return Ok(Err(unread(&message.errors)));
        }
        let domain = from.domain();
        message.dkim_headers.retain_mut(|found| {
            let signature = &mut found.header;
            // They would ask the DNS for more: where to report, and who may sign for others.
            signature.r = false;
            signature.atps = None;
            counts(signature, domain)
        });
        if message.dkim_headers.is_empty() {
            return Ok(Err("no signature of the sender's domain covers From"));
        }
        message
            .dkim_headers
            .retain(|found| self.binds(&found.header, &header, to));
        if message.dkim_headers.is_empty() {
            return Ok(Err(
                "no signature of the sender's domain tells that it was written to this address",
            ));
        }
        // Those that need nothing but their key come first.
        message
            .dkim_headers
            .sort_by_key(|found| found.header.d != domain);
        message.dkim_headers.truncate(MOST_SIGNATURES);
        message.errors.clear();
        message.from = vec![from.folded().to_owned()];
        let verified = self.by.verify_dkim(&message).await;
        let passed = |of: &DkimOutput<'_>| *of.result() == DkimResult::Pass;
        let by: Vec<&str> = { verified.iter() }
            .filter(|of| passed(of))
            .filter_map(|of| of.signature().map(|signature| signature.d.as_str()))
            .collect();
        let untold = verified.iter().find_map(untold);
        match (by.as_slice(), untold) {
            ([], Some(untold)) => Err(untold),
            ([], None) => Ok(Err(verified.first().map_or("", failed))),
            (by, _) if by.contains(&domain) => Ok(Ok(())),
            (by, untold) => {
                let aligned = self.aligned(&message, &verified, by, domain).await?;
                match (aligned, untold) {
                    (false, Some(untold)) => Err(untold),
                    (true, _) => Ok(Ok(())),
                    (false, None) => Ok(Err(
                        "it is signed by a domain that does not speak for the sender's",
                    )),
                }
            }
        }
    }

    /// Whether a signature tells that the message was written to this recipient: what somebody wrote to others must not answer here.
    ///
    /// It covers To, which holds the recipient's address. Some servers never sign To (Exchange Online). Of theirs it must cover
    /// Content-Type, without which another part of the body could be made to stand first; then whoever knows the recipient's address can
    /// send in another message of the sender, as it was written. Who signs To often does not sign Content-Type (Gmail): then nothing may
    /// stand before the first part.
    fn binds(&self, signature: &Signature, header: &Split<'_>, to: &Recipient) -> bool {
        let covered =
            |name: &str| (signature.h.iter()).any(|named| named.eq_ignore_ascii_case(name));
        let typed = covered("Content-Type");
        if !covered("To") {
            return typed;
        }
        let written = header.one("To").ok().flatten().unwrap_or_default();
        let ours = |address: &String| self.scheme.read(address).as_ref() == Some(to);
        addresses(written).iter().any(ours) && (typed || parts::begins_with_a_part(header))
    }

    /// Whether one of these domains, which are above or below the sender's, speaks for it: as DMARC says where the sender's domain has
    /// records of it; else one above it does, as in Authentication-Results.
    async fn aligned<'x>(
        &self,
        message: &'x AuthenticatedMessage<'x>,
        verified: &'x [DkimOutput<'x>],
        by: &[&str],
        domain: &str,
    ) -> Result<bool, Untold> {
        let spf = SpfOutput::new(String::new());
        let asked = DmarcParameters::new(message, verified, "", &spf);
        let dmarc = self.by.verify_dmarc(asked).await;
        match dmarc.dkim_result() {
            DmarcResult::Pass => Ok(true),
            DmarcResult::TempError(error) => Err(Untold(error.to_string())),
            DmarcResult::None if dmarc.dmarc_record().is_none() => {
                Ok(by.iter().any(|above| covers(above, domain)))
            }
            DmarcResult::None | DmarcResult::Fail(_) | DmarcResult::PermError(_) => Ok(false),
        }
    }
}

impl Signatures for Dkim {
    fn of<'a>(
        &'a self,
        raw: &'a [u8],
        from: &'a Address,
        to: &'a Recipient,
    ) -> BoxFuture<'a, Result<Signed, Untold>> {
        Box::pin(async move {
            // It reads what strangers write, and is not ours.
            let judging = AssertUnwindSafe(self.judged(raw, from, to)).catch_unwind();
            let not = |why: Why| Signed::Not {
                why: why.to_owned(),
            };
            match tokio::time::timeout(PATIENCE_IN_ALL, judging).await {
                Err(_) => Err(late()),
                Ok(Err(_)) => Ok(not("looking at its signatures broke an assertion")),
                Ok(Ok(Err(untold))) => Err(untold),
                Ok(Ok(Ok(Err(why)))) => Ok(not(why)),
                Ok(Ok(Ok(Ok(())))) => Ok(Signed::For {
                    domain: from.domain().to_owned(),
                }),
            }
        })
    }
}

fn late() -> Untold {
    let seconds = PATIENCE_IN_ALL.as_secs();
    Untold(format!("the DNS does not answer within {seconds} s"))
}

fn name_server(at: SocketAddr) -> NameServerConfig {
    let by = |mut connection: ConnectionConfig| {
        connection.port = at.port();
        connection
    };
    let ways = vec![by(ConnectionConfig::udp()), by(ConnectionConfig::tcp())];
    NameServerConfig::new(at.ip(), true, ways)
}

/// Whether it sees the same sender, the same addressees and the same body as everything else that looks at the message.
fn reads_the_same(message: &AuthenticatedMessage<'_>, header: &Split<'_>) -> bool {
    let same = |name: &str| {
        let mut values = { message.headers.iter() }
            .filter(|(named, _)| named.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| {
                let unfolded: Vec<u8> = { value.iter() }
                    .filter(|byte| !matches!(byte, b'\r' | b'\n'))
                    .copied()
                    .collect();
                String::from_utf8_lossy(unfolded.trim_ascii()).into_owned()
            });
        let (first, second) = (values.next(), values.next());
        second.is_none() && header.one(name) == Ok(first.as_deref())
    };
    same("From") && same("To") && message.raw_body() == header.body
}

/// Whether a signature can say anything of who wrote to us in the name of this domain.
///
/// One must cover From (RFC 6376 §5.4), and not be made with SHA-1, which can be forged (RFC 8301). Of a domain beside the sender's none
/// counts, though they may belong together: where a registry has a DMARC record without `psd=y`, all below it would.
fn counts(signature: &Signature, domain: &str) -> bool {
    let by = signature.d.as_str();
    let covered = &signature.h;
    (covers(by, domain) || covers(domain, by))
        && signature.a != Algorithm::RsaSha1
        && covered.len() <= MOST_COVERED
        && covered.iter().any(|name| name.eq_ignore_ascii_case("From"))
}

/// Why there is no signature at all, of what could not be read as one.
fn unread(errors: &[mail_auth::common::headers::Header<'_, Error>]) -> Why {
    match errors.first().map(|found| &found.header) {
        None => "it bears no signature",
        Some(Error::Dkim(DkimError::SignatureLength)) => {
            "its signature covers the beginning of the body only"
        }
        Some(_) => "its signature cannot be read",
    }
}

fn untold(of: &DkimOutput<'_>) -> Option<Untold> {
    match of.result() {
        DkimResult::TempError(error) => Some(Untold(error.to_string())),
        _ => None,
    }
}

fn failed(of: &DkimOutput<'_>) -> Why {
    let (DkimResult::Neutral(error) | DkimResult::Fail(error) | DkimResult::PermError(error)) =
        of.result()
    else {
        return "its signature says nothing";
    };
    match error {
        Error::Dkim(DkimError::SignatureExpired) => "its signature has expired",
        Error::Dkim(DkimError::FailedBodyHashMatch) => "its body was changed after it was signed",
        Error::Dkim(DkimError::RevokedPublicKey) => "the key of its signature was taken back",
        Error::Dns(_) => "the key of its signature is not in the DNS",
        _ => "its signature is wrong",
    }
}
