//! Runs, projects, what belongs to them, and who can see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Context, Event};

/// One read of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// From 1.
    pub number: u32,
    /// Length in cycles.
    pub cycles: u32,
    /// Whether it reads an index.
    pub indexed: bool,
}

/// What a run folder says of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Serial number of the instrument.
    pub instrument: String,
    /// Model or control software.
    pub platform: String,
    /// Barcode of the flow cell.
    pub flow_cell: String,
    /// Number of lanes, at most 64.
    pub lanes: u32,
    /// At most 16.
    pub reads: Vec<Read>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// `completed`, `stopped`, `failed` or `in-progress`.
    pub status: String,
}

/// A library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// The lane it was loaded on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<u32>,
    /// First index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Second index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index2: Option<String>,
}

/// A biosample with its libraries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Biosample {
    /// Unique in its project, at most 99 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// Its libraries.
    #[serde(default)]
    pub libraries: Vec<Library>,
}

/// A project as a sample sheet names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetProject {
    /// Its name.
    pub name: String,
    /// Its biosamples.
    #[serde(default)]
    pub biosamples: Vec<Biosample>,
}

/// Registers a run and the projects its sample sheet names: all or nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRun {
    /// The id its instrument gave it.
    pub name: String,
    /// What it is.
    pub run: Run,
    /// Number of its files.
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// At most 250.
    #[serde(default)]
    pub projects: Vec<SheetProject>,
    /// Where it lands; default: the account's default location for uploaded runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// What was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// The run.
    pub run: Item,
    /// Its projects, new ones and ones that were joined.
    pub projects: Vec<Item>,
}

/// Creates an empty project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// 1 to 255 characters, unique in its context.
    pub name: String,
    /// Where; default: `personal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// A run or a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// `run_…` or `prj_…`
    pub id: String,
    /// `run` or `project`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The owning context.
    pub owner: String,
    /// `active`, `trashed` or `archived`.
    pub state: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of its files.
    pub files: u64,
    /// When it was registered.
    pub created_at: String,
    /// The transfer it is offered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_transfer: Option<String>,
    /// Since when it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<String>,
    /// Since when it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<String>,
    /// When it is purged, unless it is restored before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<String>,
    /// A run's particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// How many biosamples a project holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biosamples: Option<u32>,
    /// How many libraries a project holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libraries: Option<u32>,
}

/// An item with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemPage {
    /// The item.
    pub item: Item,
    /// The owner's name for people.
    pub owner_name: String,
    /// `read`, `write` or `own`: what the caller may do with it.
    pub level: String,
    /// A run's projects, or a project's runs.
    pub related: Vec<Item>,
    /// A project's biosamples.
    #[serde(default)]
    pub biosamples: Vec<Biosample>,
    /// Why the caller may see it, the strongest reason first.
    #[serde(default)]
    pub why: Vec<Reason>,
    /// Who else may look at it; told to the owner's side only.
    #[serde(default)]
    pub access: Vec<Access>,
    /// Its journal, oldest first; told to the owner's side only.
    #[serde(default)]
    pub history: Vec<Event>,
}

/// What the caller may do with an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemRight {
    /// The item.
    pub item: String,
    /// `read`, `write` or `own`; no more than `read` with a token that lacks the scope `write`.
    pub level: String,
    /// Why the account may, the strongest reason first.
    pub why: Vec<Reason>,
}

/// Why somebody may see an item, and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// `owner`, `domain-administrator`, `grant`, or `through-project`: of a run, that its data went into a project of the same owner.
    pub why: String,
    /// `read`, `write` or `own`.
    pub level: String,
    /// The context that has the access; absent for a domain administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The domain that is administered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The project that it comes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Where a grant comes from: the transfer in which it was kept (`tr_…`), an invitation (`inv_…`) or a link (`lnk_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Who accepted a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// Since when there is a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Somebody who can see an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seer {
    /// What the context is called; of a domain administrator: the address.
    pub name: String,
    /// How many people that is now; with `more_people`, there are more than that.
    pub people: u64,
    /// Whether there are more people than were counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_people: bool,
    /// Why, and how far it goes.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Who can see an item, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemAccess {
    /// The item.
    pub item: String,
    /// The owning context first, then whoever administers its domain, then grants on the item, then grants on projects of a run.
    pub seers: Vec<Seer>,
    /// Whether there are more than could be told.
    pub more: bool,
}

/// An item that somebody was granted access to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedItem {
    /// `run_…` or `prj_…`
    pub id: String,
    /// Its name, if the caller may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The owning context, if the caller may see the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Each access that was agreed.
    pub reasons: Vec<Reason>,
}

/// What a person can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonAccess {
    /// The person.
    pub account: String,
    /// What they are called.
    pub name: String,
    /// Their verified addresses, the primary one first.
    pub addresses: Vec<String>,
    /// The domain they live in.
    pub domain: String,
    /// Domains that they administer: they read and write everything in them.
    pub administers: Vec<String>,
    /// Their contexts: they read and write everything of each.
    pub contexts: Vec<Context>,
    /// A page of what their contexts were granted beside that. Of a granted project they can see its runs of the same owner too.
    pub items: Vec<GrantedItem>,
    /// For the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Access that a context was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Access {
    /// Who has it.
    pub context: String,
    /// `read` or `write`.
    pub level: String,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who accepted it.
    pub accepted_by: String,
    /// Where it comes from: the transfer in which it was kept (`tr_…`), an invitation (`inv_…`) or a link (`lnk_…`).
    pub origin: String,
}

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path in the project.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// `sha256:…`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// A file of a project as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedFile {
    /// Its path in the project.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// `sha256:…`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// The name of the dataset that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

/// The dataset that files are added to; it is made with the first of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntoDataset {
    /// Its name, unique in the project: 1 to 255 characters.
    pub name: String,
    /// What its files are, such as `FASTQ`, `BAM` or `VCF`: 1 to 40 characters. The same for all files of a dataset.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the biosample of the project that it comes from. The same for all files of a dataset.
    pub biosample: String,
}

/// A dataset: files of one type in one project, from one biosample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dataset {
    /// Its name, unique in the project.
    pub name: String,
    /// What its files are, such as `FASTQ`, `BAM` or `VCF`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the biosample that it comes from.
    pub biosample: String,
    /// Number of its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Lists files of a project, 1 to 1,000 at a time; a path listed before is replaced.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddFiles {
    /// The files.
    pub files: Vec<File>,
    /// The dataset that all of them belong to; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<IntoDataset>,
}

/// Says that an analysis begins to write to projects.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartAnalysis {
    /// What it is called.
    pub name: String,
    /// The projects, 1 to 100, of one context.
    pub projects: Vec<String>,
}

/// An analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// `ana_…`
    pub id: String,
    /// The projects it writes to.
    pub projects: Vec<String>,
}

/// An analysis that writes to a project now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningAnalysis {
    /// `ana_…`
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What whoever started it is called; empty where the account is gone.
    pub started_by: String,
    /// Since when it runs.
    pub started_at: String,
}
