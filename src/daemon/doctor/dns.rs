//! What the DNS says about a name, as this machine is told.

use dns::base::iana::Rcode;
use dns::base::{Name, Rtype};
use dns::rdata::{A, Aaaa, Mx, Txt};
use dns::resolv::StubResolver;

/// The servers of `/etc/resolv.conf`.
pub struct Resolver(StubResolver);

/// A server that takes mail for a domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange {
    /// The lowest is tried first.
    pub preference: u16,
    /// Its name; empty when the domain says that it takes no mail (RFC 7505).
    pub host: String,
    /// How many addresses it has.
    pub addresses: usize,
}

/// Why nothing is known; a name without such records is no failure.
pub type Unknown = String;

impl Resolver {
    /// As this machine is configured.
    pub fn new() -> Self {
        Self(StubResolver::new())
    }

    /// The texts of a name, each in one piece.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unknown> {
        let answer = self.ask(name, Rtype::TXT).await?;
        let Some(answer) = answer else {
            return Ok(Vec::new());
        };
        let records = answer.answer().map_err(|error| error.to_string())?;
        let texts = records.limit_to_in::<Txt<_>>().flatten().map(|record| {
            let bytes: Vec<u8> = record.data().text();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Ok(texts.collect())
    }

    /// Who takes mail for a domain, the first to be tried first.
    pub async fn exchanges(&self, domain: &str) -> Result<Vec<Exchange>, Unknown> {
        let answer = self.ask(domain, Rtype::MX).await?;
        let Some(answer) = answer else {
            return Ok(Vec::new());
        };
        let records = answer.answer().map_err(|error| error.to_string())?;
        let mut exchanges = Vec::new();
        for record in records.limit_to_in::<Mx<_>>().flatten() {
            let host = record.data().exchange().to_string();
            let host = host.trim_end_matches('.').to_owned();
            let addresses = match host.as_str() {
                "" => 0,
                host => self.addresses(host).await?,
            };
            exchanges.push(Exchange {
                preference: record.data().preference(),
                host,
                addresses,
            });
        }
        exchanges.sort();
        Ok(exchanges)
    }

    async fn addresses(&self, host: &str) -> Result<usize, Unknown> {
        let mut count = 0;
        if let Some(answer) = self.ask(host, Rtype::A).await? {
            let records = answer.answer().map_err(|error| error.to_string())?;
            count += records.limit_to_in::<A>().flatten().count();
        }
        if let Some(answer) = self.ask(host, Rtype::AAAA).await? {
            let records = answer.answer().map_err(|error| error.to_string())?;
            count += records.limit_to_in::<Aaaa>().flatten().count();
        }
        Ok(count)
    }

    /// Nothing, when there is no such name.
    async fn ask(
        &self,
        name: &str,
        kind: Rtype,
    ) -> Result<Option<dns::resolv::stub::Answer>, Unknown> {
        let parsed: Name<Vec<u8>> = name
            .parse()
            .map_err(|error| format!("\"{name}\" is no name of the DNS: {error}"))?;
        let asking = self.0.query((parsed, kind));
        let answer = tokio::time::timeout(super::PATIENCE, asking).await;
        let answer = answer
            .map_err(|_| {
                format!(
                    "the DNS does not answer for {name} within {} s",
                    super::PATIENCE.as_secs()
                )
            })?
            .map_err(|error| {
                format!("the DNS does not answer for {name}: {error}; look at /etc/resolv.conf")
            })?;
        match answer.header().rcode() {
            Rcode::NOERROR => Ok(Some(answer)),
            Rcode::NXDOMAIN => Ok(None),
            other => Err(format!(
                "the DNS answers {other} for {name}; look at its name server"
            )),
        }
    }
}

#[cfg(test)]
mod tests;
