//! Who did what, newest first: of an item, of a context, of a person.
//!
//! Of an item its own journal is read. Of contexts and people there is a row for each commit, which leads to the entries it wrote.
//! An administrator of a domain who asks about a person is shown what that person did in it, and nothing of what they did elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::chain::{Chain, Place};
use crate::domain::account::Account;
use crate::domain::address::Address;
use crate::domain::event::Recorded;
use crate::domain::id::{AccountId, Context, Digest, ItemId};
use crate::domain::index;
use crate::domain::key::{Bytes, Key};
use crate::domain::rights::Level;
use crate::domain::time::Time;
use crate::domain::tombstone::Tombstone;
use crate::store::{Direction, Fault, Version};

use super::context::Owner;
use super::load;
use super::people;
use super::rights;
use super::world::{Settings, Trouble};

/// So many entries are looked at for each that is asked for; then the asker comes again.
const LOOKED_AT: usize = 10;

/// Whose acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// What happened to an item.
    Item(ItemId),
    /// What concerned a context.
    Context(Context),
    /// What a person did, and tried in vain.
    Person(AccountId),
}

/// How far whoever asked may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// At all that is asked for.
    Whole,
    /// At what was done as contexts of the domains that this person administers.
    Administered(AccountId),
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whose acts.
    pub of: Of,
    /// How far whoever asked may look, as [`may`] said.
    pub sight: Sight,
    /// Only those as this context.
    pub context: Option<Context>,
    /// Only those of this person.
    pub person: Option<AccountId>,
    /// Not before this.
    pub from: Option<Time>,
    /// Before this.
    pub to: Option<Time>,
}

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose journal.
    pub journal: Key,
    /// What stands there.
    pub recorded: Recorded,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Of a journal: before this version.
    Version(Version),
    /// Of rows: within the row of this moment and digest, after so many of its entries.
    Row(Time, Digest, usize),
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "v{}", version.0),
            Self::Row(at, digest, n) => write!(f, "r{}.{n}.{digest}", at.ms()),
        }
    }
}

/// That a text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl FromStr for Cursor {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let Some(version) = text.strip_prefix('v') {
            return version
                .parse()
                .map(Version)
                .map(Self::Version)
                .map_err(|_| Malformed);
        }
        let mut parts = text.strip_prefix('r').ok_or(Malformed)?.splitn(3, '.');
        let mut part = || parts.next().ok_or(Malformed);
        let at = part()?.parse().map_err(|_| Malformed)?;
        let n = part()?.parse().map_err(|_| Malformed)?;
        let digest = part()?.parse().map_err(|_| Malformed)?;
        Ok(Self::Row(Time::from_ms(at), digest, n))
    }
}

/// Whether this person may ask for it, and how far they may look: their own acts, what concerns contexts they act for, and items of
/// those; administrators of a domain for all that live in it, as far as it was done in domains of theirs.
///
/// # Errors
/// They may not; what they may not see is as good as not there.
pub async fn may(
    settings: &Settings,
    asker: AccountId,
    of: Of,
    now: Time,
) -> Result<Sight, Trouble> {
    match of {
        Of::Item(id) => custodian(settings, asker, id, now).await.map(drop)?,
        Of::Context(context) => rights::acting(settings, asker, context).await.map(drop)?,
        Of::Person(person) if person == asker => {}
        Of::Person(person) => return others(settings, asker, person).await,
    }
    Ok(Sight::Whole)
}

/// How far somebody may look at what another person did.
async fn others(
    settings: &Settings,
    asker: AccountId,
    person: AccountId,
) -> Result<Sight, Trouble> {
    rights::acting(settings, asker, Context::Personal(person)).await?;
    let asks = people::person(&*settings.store, asker, &[]).await?;
    if settings.policy.administers_site(&asks.account.addresses) {
        return Ok(Sight::Whole);
    }
    Ok(Sight::Administered(asker))
}

/// Where the chain of an item stands, for somebody who acts for its owner; of one that was purged, for whoever acts for its last.
async fn custodian(
    settings: &Settings,
    asker: AccountId,
    id: ItemId,
    now: Time,
) -> Result<Chain, Trouble> {
    let stone = load::one::<Tombstone>(&*settings.store, Key::Tombstone(id)).await?;
    let Some(stone) = stone else {
        let permit = rights::permit(settings, asker, id, Level::Own, now).await?;
        return Ok(permit.item().chain);
    };
    match rights::acting(settings, asker, stone.document.owner).await {
        Ok(_) => Ok(stone.document.chain),
        Err(Trouble::Refused(_)) => Err(rights::no_such_item(settings, id).into()),
        Err(fault) => Err(fault),
    }
}

/// A page of the journal of an item as it is stored, oldest first, with where its chain stands: all that a verifier needs.
///
/// # Errors
/// As [`may`].
pub async fn chain(
    settings: &Settings,
    asker: AccountId,
    id: ItemId,
    after: Version,
    limit: usize,
    now: Time,
) -> Result<(Chain, Vec<(Version, Vec<u8>)>), Trouble> {
    let chain = custodian(settings, asker, id, now).await?;
    let mut rows = settings.store.history(Key::Item(id), after, limit).await?;
    // What was written after the chain was read belongs to the next answer.
    rows.retain(|(_, stored)| {
        let place = serde_json::from_slice::<Place>(stored);
        place.map_or(true, |place| place.number <= chain.length)
    });
    Ok((chain, rows))
}

/// A page of what is asked for, newest first. It may hold fewer than `limit` and still have a next one.
///
/// # Errors
/// The store failed. Whether the asker may know is not asked here.
pub async fn page(
    settings: &Settings,
    asked: Asked,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Found>, Option<Cursor>), Fault> {
    match asked.of {
        Of::Item(id) => journal(settings, asked, Key::Item(id), cursor, limit).await,
        Of::Context(context) => {
            rows(settings, asked, index::concerned(context), cursor, limit).await
        }
        Of::Person(person) => rows(settings, asked, index::acted(person), cursor, limit).await,
    }
}

fn is_wanted(asked: &Asked, recorded: &Recorded) -> bool {
    let event = &recorded.event;
    let by = asked
        .person
        .is_none_or(|person| event.by.person == Some(person));
    let context = match asked.of {
        Of::Context(_) => true,
        Of::Item(_) | Of::Person(_) => asked.context.is_none_or(|c| recorded.context == Some(c)),
    };
    let after = asked.from.is_none_or(|from| event.at >= from);
    let before = asked.to.is_none_or(|to| event.at < to);
    by && context && after && before
}

fn read(stored: &[u8]) -> Result<Recorded, Fault> {
    serde_json::from_slice(stored)
        .map_err(|error| Fault::never(format!("a journal entry cannot be read: {error}")))
}

async fn journal(
    settings: &Settings,
    asked: Asked,
    journal: Key,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Found>, Option<Cursor>), Fault> {
    let mut before = match cursor {
        Some(Cursor::Version(version)) => version,
        Some(Cursor::Row(..)) | None => Version(u64::MAX),
    };
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT {
        let entries = settings.store.latest(journal, before, limit).await?;
        let last = entries.len() < limit;
        for (version, stored) in entries {
            before = version;
            let recorded = read(&stored)?;
            if asked.from.is_some_and(|from| recorded.event.at < from) {
                return Ok((found, None));
            }
            if is_wanted(&asked, &recorded) {
                found.push(Found { journal, recorded });
                if found.len() >= limit {
                    return Ok((found, Some(Cursor::Version(before))));
                }
            }
        }
        if last {
            return Ok((found, None));
        }
    }
    Ok((found, Some(Cursor::Version(before))))
}

/// Where a scan of rows begins, and how many entries of that first row are behind it.
fn beginning(asked: &Asked, prefix: Bytes, cursor: Option<Cursor>) -> (Option<Vec<u8>>, usize) {
    match cursor {
        Some(Cursor::Row(at, digest, n)) => {
            // Beyond the row itself, so that the row comes once more.
            let mut key = prefix.moment(at).wide(digest.0).as_slice().to_vec();
            key.push(0);
            (Some(key), n)
        }
        Some(Cursor::Version(_)) | None => {
            let to = asked.to.map(|to| prefix.moment(to).as_slice().to_vec());
            (to, 0)
        }
    }
}

/// What somebody may look at, and of which contexts that is known already.
struct Horizon<'a> {
    settings: &'a Settings,
    /// The addresses of an administrator who asks; `None`: there is no bound.
    addresses: Option<Vec<Address>>,
    known: BTreeMap<Context, bool>,
}

impl<'a> Horizon<'a> {
    async fn of(settings: &'a Settings, sight: Sight) -> Result<Self, Fault> {
        let addresses = match sight {
            Sight::Whole => None,
            Sight::Administered(asker) => {
                let key = Key::Account(asker);
                let asks = load::one::<Account>(&*settings.store, key).await?;
                // Whoever closed the account meanwhile administers nothing.
                Some(asks.map_or_else(Vec::new, |asks| asks.document.addresses))
            }
        };
        Ok(Self {
            settings,
            addresses,
            known: BTreeMap::new(),
        })
    }

    /// Whether an entry lies within. One that does not say as which context it was done lies outside of every bound.
    async fn holds(&mut self, recorded: &Recorded) -> Result<bool, Fault> {
        let Some(addresses) = &self.addresses else {
            return Ok(true);
        };
        let Some(context) = recorded.context else {
            return Ok(false);
        };
        if let Some(known) = self.known.get(&context) {
            return Ok(*known);
        }
        let owner = Owner::load(&*self.settings.store, context).await?;
        let policy = &self.settings.policy;
        let holds = owner.is_some_and(|owner| policy.administers(addresses, owner.domain()));
        self.known.insert(context, holds);
        Ok(holds)
    }
}

async fn rows(
    settings: &Settings,
    asked: Asked,
    prefix: Bytes,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Found>, Option<Cursor>), Fault> {
    let store = &*settings.store;
    let (mut after, mut behind) = beginning(&asked, prefix, cursor);
    let mut horizon = Horizon::of(settings, asked.sight).await?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    loop {
        let page = store
            .scan(prefix, after, Direction::Backward, limit)
            .await?;
        after = page.last_key();
        for (key, value) in page.rows.iter() {
            let Some((at, digest)) = index::last_moment(key) else {
                continue;
            };
            if asked.from.is_some_and(|from| at < from) {
                return Ok((found, None));
            }
            let (version, journals) = row(value)?;
            for (n, journal) in journals
                .into_iter()
                .enumerate()
                .skip(std::mem::take(&mut behind))
            {
                if found.len() >= limit || looked_at >= limit.saturating_mul(LOOKED_AT) {
                    return Ok((found, Some(Cursor::Row(at, digest, n))));
                }
                looked_at += 1;
                let recorded = entry(settings, journal, version).await?;
                let Some(recorded) = recorded.filter(|r| is_wanted(&asked, r)) else {
                    continue;
                };
                if horizon.holds(&recorded).await? {
                    found.push(Found { journal, recorded });
                }
            }
        }
        if !page.more {
            return Ok((found, None));
        }
    }
}

/// The number of the commit, and the journals it wrote to.
pub(super) fn row(value: &[u8]) -> Result<(Version, Vec<Key>), Fault> {
    let odd = || Fault::never("a row of the audit cannot be read; restore the store from a backup");
    let (version, mut rest) = value.split_first_chunk::<8>().ok_or_else(odd)?;
    let mut journals = Vec::new();
    while let Some((length, more)) = rest.split_first() {
        let (key, more) = more
            .split_at_checked(usize::from(*length))
            .ok_or_else(odd)?;
        journals.push(Key::read(key).ok_or_else(odd)?);
        rest = more;
    }
    Ok((Version(u64::from_be_bytes(*version)), journals))
}

/// The entry that this commit wrote to this journal. One that was taken out of the store is found by those who verify the chain.
pub(super) async fn entry(
    settings: &Settings,
    journal: Key,
    version: Version,
) -> Result<Option<Recorded>, Fault> {
    let after = Version(version.0.saturating_sub(1));
    let entries = settings.store.history(journal, after, 1).await?;
    let here = entries.into_iter().find(|(there, _)| *there == version);
    here.map(|(_, stored)| read(&stored)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let row = Cursor::Row(Time::from_ms(-7), Digest::of(b"row"), 3);
        for cursor in [Cursor::Version(Version(12)), row] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "v", "r1.2", "r1.2.x", "x"] {
            assert_eq!(text.parse::<Cursor>(), Err(Malformed), "{text}");
        }
    }
}
