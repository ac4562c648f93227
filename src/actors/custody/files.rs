//! The files of an item, as they are listed, and the datasets that they make up.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::actors::load::{self, Versioned};
use crate::actors::proposal::Proposal;
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{Digest, ItemId};
use crate::domain::index::Entry;
use crate::domain::item::{Biosamples, Item, folded_name};
use crate::domain::key::Key;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::store::Fault;

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
    /// The name of the dataset that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

/// A dataset: files of one type in one project, from one biosample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Its name, unique in the project.
    pub name: String,
    /// What its files are: FASTQ, BAM, VCF.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the biosample that it comes from.
    pub biosample: String,
    /// Number of its files.
    #[serde(default)]
    pub files: u64,
    /// Their bytes.
    #[serde(default)]
    pub bytes: u64,
}

impl Dataset {
    fn take(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn give(&mut self, bytes: u64) {
        self.files = self.files.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

pub(super) async fn add_files(
    settings: &Settings,
    call: &Call,
    item: &Versioned<Item>,
    (files, dataset, keeps): (&[File], Option<&Dataset>, bool),
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
    let before = before
        .into_iter()
        .map(|value| kept::<File>(value.as_deref()));
    let before: Vec<Option<File>> = before.collect::<Result<_, Fault>>()?;
    let project = item.document.id;
    let mut datasets = datasets_of(settings, project, &before, dataset).await?;
    let stays = keeps && dataset.is_none();
    for file in before.iter().flatten() {
        let was_in = file.dataset.as_deref().map(folded_name);
        if let Some(dataset) = was_in.and_then(|name| datasets.get_mut(&name)) {
            dataset.give(file.bytes);
        }
    }
    let mut into = match dataset {
        Some(new) => Some(taking(settings, project, &mut datasets, new).await?),
        None => None,
    };
    let mut next = item.document.clone();
    for ((entry, file), before) in listed.into_iter().zip(before) {
        match &before {
            Some(before) => next.bytes = next.bytes.saturating_sub(before.bytes),
            None => next.files = next.files.saturating_add(1),
        }
        next.bytes = next.bytes.saturating_add(file.bytes);
        let before = before.filter(|_| keeps);
        let was_in = before.as_ref().filter(|_| stays);
        let was_in = was_in.and_then(|before| before.dataset.as_deref());
        let there = was_in.and_then(|name| datasets.get_mut(&folded_name(name)));
        let dataset = into.as_mut().or(there).map(|into| {
            into.take(file.bytes);
            into.name.clone()
        });
        let same = before.filter(|before| before.bytes == file.bytes);
        let checksum = file.checksum.clone();
        let file = File {
            dataset,
            checksum: checksum.or_else(|| same?.checksum),
            ..file.clone()
        };
        proposal.link(entry, serde_json::to_vec(&file).unwrap_or_default());
    }
    for dataset in datasets.into_values().chain(into) {
        let entry = dataset_entry(project, &dataset.name);
        match dataset.files {
            0 => proposal.unlink(entry),
            _ => proposal.link(entry, serde_json::to_vec(&dataset).unwrap_or_default()),
        }
    }
    proposal.replace(item, &next, Some(&changed(call, "files were listed")));
    Ok(())
}

fn kept<T: DeserializeOwned>(value: Option<&[u8]>) -> Result<Option<T>, Fault> {
    let odd = |error| Fault::never(format!("a record of a project cannot be read: {error}"));
    let read = value.map(serde_json::from_slice).transpose();
    read.map_err(odd)
}

fn dataset_entry(project: ItemId, name: &str) -> Entry {
    Entry::Dataset(project, Digest::of(folded_name(name).as_bytes()))
}

/// The datasets that files leave, and the one that they come into, by their names as names are compared. Whoever adds files writes the
/// project too, so nobody else counts them meanwhile.
async fn datasets_of(
    settings: &Settings,
    project: ItemId,
    before: &[Option<File>],
    new: Option<&Dataset>,
) -> Result<BTreeMap<String, Dataset>, Fault> {
    let left = before.iter().flatten();
    let left = left.filter_map(|file| file.dataset.as_deref());
    let names = left.chain(new.map(|new| new.name.as_str()));
    let names: BTreeSet<String> = names.map(folded_name).collect();
    let entry = |name: &String| dataset_entry(project, name);
    let entries: Vec<Entry> = names.iter().map(entry).collect();
    let found = settings.store.find(&entries).await?;
    let mut all = BTreeMap::new();
    for (name, value) in names.into_iter().zip(found) {
        if let Some(dataset) = kept::<Dataset>(value.as_deref())? {
            all.insert(name, dataset);
        }
    }
    Ok(all)
}

/// The dataset that files are taken into: the one of this name as it is spelled there, if others stay in it, and else a new one.
async fn taking(
    settings: &Settings,
    project: ItemId,
    datasets: &mut BTreeMap<String, Dataset>,
    new: &Dataset,
) -> Result<Dataset, Trouble> {
    let there = datasets.remove(&folded_name(&new.name));
    match there.filter(|there| there.files > 0) {
        None => {
            of_a_biosample(settings, project, &new.biosample).await?;
            Ok(new.clone())
        }
        Some(there) if there.kind == new.kind && there.biosample == new.biosample => Ok(there),
        Some(there) => Err(Refusal::field(
            "dataset",
            said!(
                "the dataset \"{name}\" holds {kind} of the biosample \"{biosample}\"",
                name = there.name,
                kind = there.kind,
                biosample = there.biosample
            ),
            said!("add files of the same type and biosample to it, give these a dataset of their own, or list all of its files anew at once"),
        )
        .into()),
    }
}

async fn of_a_biosample(settings: &Settings, project: ItemId, name: &str) -> Result<(), Trouble> {
    let found = load::one::<Biosamples>(&*settings.store, Key::Biosamples(project)).await?;
    let all = found.map_or_else(Vec::new, |found| found.document.biosamples);
    match all.iter().any(|biosample| biosample.name == name) {
        true => Ok(()),
        false => Err(Refusal::field(
            "dataset",
            said!("the project has no biosample \"{name}\"", name),
            said!("name one of its biosamples; they come with the runs whose sample sheets name the project"),
        )
        .into()),
    }
}
