//! Reading documents with their versions.

use crate::domain::document::{self, Document};
use crate::domain::key::Key;
use crate::store::{ABSENT, Fault, Record, Store, Version};

/// A document and the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<D> {
    /// The commit that wrote it.
    pub version: Version,
    /// The document.
    pub document: D,
}

/// Decodes a stored record. What cannot be read is a fault that no retry mends.
pub fn read<D: Document>(record: Option<&Record>) -> Result<Option<Versioned<D>>, Fault> {
    let Some(record) = record else {
        return Ok(None);
    };
    let document =
        document::decode(&record.body).map_err(|error| Fault::never(error.to_string()))?;
    Ok(Some(Versioned {
        version: record.version,
        document,
    }))
}

/// One document.
pub async fn one<D: Document>(store: &dyn Store, key: Key) -> Result<Option<Versioned<D>>, Fault> {
    let records = store.load(&[key]).await?;
    read(records.first().and_then(Option::as_ref))
}

/// Several documents of one kind, in the order of the keys.
pub async fn all<D: Document>(
    store: &dyn Store,
    keys: &[Key],
) -> Result<Vec<Option<Versioned<D>>>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let records = store.load(keys).await?;
    records.iter().map(|record| read(record.as_ref())).collect()
}

/// The version of something that may not be there.
pub fn version_of<D>(found: Option<&Versioned<D>>) -> Version {
    found.map_or(ABSENT, |found| found.version)
}

/// The version that a numbered entry tells, and what else.
pub fn numbered(value: &[u8]) -> Result<(Version, &[u8]), Fault> {
    let (version, value) = value.split_first_chunk::<8>().ok_or_else(damaged)?;
    Ok((Version(u64::from_be_bytes(*version)), value))
}

/// That an index entry tells nothing that was ever told so.
pub fn damaged() -> Fault {
    Fault::never("an index entry cannot be read; restore the store from a backup")
}
