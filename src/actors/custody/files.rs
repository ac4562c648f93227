//! The files of an item, as they are listed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actors::load::Versioned;
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::Digest;
use crate::domain::index::Entry;
use crate::domain::item::Item;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;

use super::changed;

/// At most this many files are listed in one call.
pub const MAX_FILES: usize = 1_000;

/// A file of an item: what is known of it. Where it lies is the object store's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path in the item, at most 1,024 characters.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its checksum, as `sha256:…`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

pub(super) async fn add_files(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    files: &[File],
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Refusal::field(
            "files",
            said!(
                "{count} files are not between 1 and {most}",
                count = files.len(),
                most = MAX_FILES
            ),
            said!("send them in several calls"),
        )
        .into());
    }
    let entry = |file: &File| Entry::File(item.document.id, Digest::of(file.path.as_bytes()));
    let mut listed = BTreeMap::new();
    for file in files {
        let path = &file.path;
        let fits =
            (1..=1_024).contains(&path.chars().count()) && !path.chars().any(char::is_control);
        if !fits {
            let shown: String = path.chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(Refusal::field(
                "files",
                said!("\"{shown}\" is not a path of 1 to 1024 characters", shown),
                said!("correct it"),
            )
            .into());
        }
        listed.insert(entry(file), file);
    }
    let entries: Vec<Entry> = listed.keys().copied().collect();
    let before = settings.store.find(&entries).await?;
    let mut next = item.document.clone();
    for ((entry, file), before) in listed.into_iter().zip(before) {
        match before.and_then(|value| serde_json::from_slice::<File>(&value).ok()) {
            Some(before) => next.bytes = next.bytes.saturating_sub(before.bytes),
            None => next.files = next.files.saturating_add(1),
        }
        next.bytes = next.bytes.saturating_add(file.bytes);
        proposal.link(entry, serde_json::to_vec(file).unwrap_or_default());
    }
    proposal.replace(item, &next, Some(&changed(call, "files were listed")));
    Ok(())
}
