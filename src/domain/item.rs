//! Runs and projects: what has an owner, is shared and transferred.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::chain::Chain;

use super::document::{Derived, Document};
use super::id::{AccountId, AnalysisId, Context, InvitationId, ItemId};
use super::index::Entry;
use super::key::{Counter, Key, Queue};
use super::refusal::{Code, Refusal};
use super::rights::Whose;
use super::said::{Said, said};
use super::shelf::{self, Spelled};
use super::time::Time;

/// What may be done with an item. Only the owning context changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// In use.
    Active,
    /// In the trash; counts towards storage until purged.
    Trashed,
    /// Archived; not shared, not transferred.
    Archived,
}

/// One read of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Its number, from 1.
    pub number: u32,
    /// Its length in cycles.
    pub cycles: u32,
    /// Whether it reads an index.
    pub indexed: bool,
}

/// How a run ended, as the instrument says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// As planned.
    Completed,
    /// Before its last cycle.
    Stopped,
    /// With an error.
    Failed,
    /// Still running, or copied while it ran.
    InProgress,
}

/// What a run is, as its folder says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Serial number of the instrument.
    pub instrument: String,
    /// Model or control software, when known.
    pub platform: String,
    /// Barcode of the flow cell.
    pub flow_cell: String,
    /// Number of lanes.
    pub lanes: u32,
    /// The reads in order.
    pub reads: Vec<Read>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// How it ended.
    pub status: RunStatus,
}

/// What an item is besides its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Details {
    /// A run.
    Run(Run),
    /// A project, with how many biosamples and libraries it holds.
    Project {
        /// Biosamples.
        biosamples: u32,
        /// Libraries.
        libraries: u32,
    },
}

/// How many records of what was sequenced a project holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Biosamples.
    pub biosamples: u32,
    /// Libraries.
    pub libraries: u32,
}

impl State {
    /// The word people use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trashed => "trashed",
            Self::Archived => "archived",
        }
    }
}

/// Since when an item is in the trash or archived, and when it goes for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Since when it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Time>,
    /// Since when it is archived. It stays so in the trash, and is archived again when it is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Time>,
    /// When it is purged, unless it is restored before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<Time>,
}

impl Life {
    /// Whether it has always been active.
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A run or a project. Small whatever it contains: nothing here grows with the number of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id, which never changes.
    pub id: ItemId,
    /// Its name, unique among the items of its kind in its context.
    pub name: String,
    /// Who owns it.
    pub owner: Context,
    /// Active, trashed or archived.
    pub state: State,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of its files.
    pub files: u64,
    /// When it was registered.
    pub created_at: Time,
    /// By whom.
    pub registered_by: AccountId,
    /// The transfer it is offered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<InvitationId>,
    /// Since when it is in the trash or archived.
    #[serde(default, skip_serializing_if = "Life::is_plain")]
    pub life: Life,
    /// Where the chain of its events stands; only a commit moves it on.
    #[serde(default, skip_serializing_if = "Chain::is_empty")]
    pub chain: Chain,
    /// How many things inside the project are in the trash.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trashed_inside: u32,
    /// How many running analyses write to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub running_analyses: u32,
    /// Of how many biosamples it is the default project.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub default_of: u32,
    /// What it is.
    pub details: Details,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it by reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The form in which names are compared: NFKC, trimmed, inner spaces folded, lower case.
pub fn folded_name(name: &str) -> String {
    let normal: String = name.nfkc().collect();
    let words: Vec<&str> = normal.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

impl Item {
    /// What a project holds; `None` of a run.
    pub const fn holds(&self) -> Option<Holds> {
        match self.details {
            Details::Run(_) => None,
            Details::Project {
                biosamples,
                libraries,
            } => Some(Holds {
                biosamples,
                libraries,
            }),
        }
    }

    /// The entry that keeps its name unique in a context.
    pub fn name_entry(context: Context, id: ItemId, name: &str) -> Entry {
        Entry::Name(context, id.kind(), Spelled::of(name))
    }
}

impl Document for Item {
    const TAG: &'static str = "item";
    fn key(&self) -> Key {
        Key::Item(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        let label = shelf::label(self);
        let mut entries = vec![
            Derived::unique(Self::name_entry(self.owner, self.id, &self.name), self.id),
            Derived::telling(Entry::Owned(self.owner, self.id), label.clone()),
            Derived::telling(Entry::Whose(self.id), Whose::from(self).as_entry()),
        ];
        if self.state == State::Trashed {
            let trashed = Entry::Trashed(self.owner, self.id);
            entries.push(Derived::telling(trashed, label.clone()));
        }
        let sized = Entry::Sized(self.owner, self.bytes, self.id);
        entries.push(Derived::telling(sized, label));
        entries
    }
    fn counts(&self) -> Vec<(Counter, i64)> {
        let bytes = i64::try_from(self.bytes).unwrap_or(i64::MAX);
        vec![(Counter::Usage(self.owner), bytes)]
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        Some((Queue::Purges, self.life.purge_at?, self.id.bits()))
    }
    fn concerns(&self) -> Vec<Context> {
        vec![self.owner]
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", self.name.clone()),
            ("state", self.state.word().to_owned()),
        ]
    }
    fn chain(&self) -> Option<Chain> {
        Some(self.chain)
    }
    fn chained(self, chain: Chain) -> Self {
        Self { chain, ..self }
    }
}

/// A library: what was loaded, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// The lane it was loaded on; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<u32>,
    /// First index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Second index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index2: Option<String>,
}

/// A record of what was sequenced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Biosample {
    /// Unique in its project, at most 99 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// Its libraries.
    pub libraries: Vec<Library>,
}

/// The biosamples of a project. They follow it without being written again when it changes hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Biosamples {
    /// The project.
    pub project: ItemId,
    /// In the order of their names.
    pub biosamples: Vec<Biosample>,
}

impl Document for Biosamples {
    const TAG: &'static str = "biosamples";
    fn key(&self) -> Key {
        Key::Biosamples(self.project)
    }
}

/// One execution of an app or a pipeline, writing to projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// Its id.
    pub id: AnalysisId,
    /// What it is called.
    pub name: String,
    /// The projects it writes to.
    pub projects: Vec<ItemId>,
    /// Who started it.
    pub started_by: AccountId,
    /// When.
    pub started_at: Time,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}

impl Document for Analysis {
    const TAG: &'static str = "analysis";
    fn key(&self) -> Key {
        Key::Analysis(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        if self.ended_at.is_some() {
            return Vec::new();
        }
        let running = |project: &ItemId| Derived::listed(Entry::Running(*project, self.id));
        self.projects.iter().map(running).collect()
    }
}

/// What to do about analyses that stand in the way.
pub fn let_end() -> Said {
    said!("wait until they end, or end those that have stopped without saying so")
}

/// That analyses write to an item. `which` tells some of them, where whoever asks may know.
pub fn in_use(item: &Item, which: &[Analysis], next_step: Said) -> Refusal {
    let (n, name) = (item.running_analyses, &item.name);
    let told = |one: &Analysis| {
        said!(
            "\"{analysis}\" ({id}) since {at}",
            analysis = one.name,
            id = one.id,
            at = one.started_at
        )
    };
    let which: Vec<Said> = which.iter().map(told).collect();
    let all = usize::try_from(n).unwrap_or(usize::MAX);
    let more = all.saturating_sub(which.len());
    let sentence = match (which.is_empty(), more) {
        (true, _) => {
            said!(n; "an analysis writes to \"{name}\"", "{n} analyses write to \"{name}\"", name)
        }
        (false, 0) => said!(
            n; "an analysis writes to \"{name}\": {which}", "{n} analyses write to \"{name}\": {which}", name, which
        ),
        (false, more) => said!(
            n; "an analysis writes to \"{name}\": {which} and {more} more",
            "{n} analyses write to \"{name}\": {which} and {more} more", name, which, more
        ),
    };
    Refusal::new(Code::ItemInUse, sentence, next_step).about(item.id)
}

/// A name as people may give one: 1 to 255 characters, no control characters, trimmed.
pub fn valid_name(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = (1..=255).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

/// Candidates for a name in a context where it may be taken: the name itself, then ` (2)`, ` (3)` …
pub fn name_candidates(name: &str) -> impl Iterator<Item = String> + '_ {
    std::iter::once(name.to_owned()).chain((2..=10_000).map(move |n| {
        let suffix = format!(" ({n})");
        let room = 255usize.saturating_sub(suffix.len());
        let head: String = name.chars().take(room).collect();
        head + &suffix
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_spaces_and_width() {
        assert_eq!(folded_name("  WGS   Batch ７ "), "wgs batch 7");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let names: Vec<_> = name_candidates("Genomes").take(3).collect();
        assert_eq!(names, ["Genomes", "Genomes (2)", "Genomes (3)"]);
        let long = "x".repeat(255);
        assert_eq!(name_candidates(&long).nth(1).unwrap().chars().count(), 255);
    }
}
