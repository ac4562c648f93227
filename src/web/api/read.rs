//! What programs send, as the domain understands it; everything that is wrong with it at once.

use std::collections::BTreeSet;

use crate::actors::custody::{self, NewProject};
use crate::actors::invitation::To;
use crate::domain::id::{ItemId, ItemKind};
use crate::domain::invitation::{KeepAccess, Request, Terms};
use crate::domain::item::{self, Biosample, Library, Run, RunStatus};
use crate::domain::refusal::{Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::{Said, said};
use crate::domain::time::{DAY_MS, Time};
use crate::wire;

/// Sizes beyond this (1 PiB) are mistakes; sums of smaller ones stay countable.
const MAX_BYTES: u64 = 1 << 50;
/// More problems than this are not told at once.
const MAX_PROBLEMS: usize = 50;

/// Collects what is wrong.
#[derive(Default)]
pub struct Problems(Vec<Refusal>);

impl Problems {
    fn add(&mut self, field: &str, sentence: impl Into<Said>, next_step: impl Into<Said>) {
        self.push(Refusal::field(field, sentence, next_step));
    }
    /// One more thing that is wrong.
    pub fn push(&mut self, refusal: Refusal) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(refusal);
        }
    }
    /// The value, if it is one; else its problem is kept.
    pub fn keep<T>(&mut self, value: Result<T, Refusal>) -> Option<T> {
        value.map_err(|refusal| self.push(refusal)).ok()
    }
    /// The value, unless anything was wrong.
    pub fn unless_any<T>(self, value: Option<T>) -> Result<T, Findings> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Findings::from(self.0).sorted()),
        }
    }
    /// What a further reader made of the same, unless anything was wrong before or with it.
    pub fn and<T>(mut self, further: Result<T, Findings>) -> Result<T, Findings> {
        let further = further.map_err(|found| self.0.extend(found.blocks));
        self.unless_any(further.ok())
    }
}

/// A text as it may stand in an answer.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// A moment as it is written in RFC 3339.
pub fn moment(field: &str, text: &str) -> Result<Time, Refusal> {
    let read: Result<jiff::Timestamp, _> = text.parse();
    read.map(|at| Time::from_ms(at.as_millisecond()))
        .map_err(|_| {
            Refusal::field(
                field,
                said!(
                    "\"{text}\" is not a moment as RFC 3339 writes it",
                    text = shown(text)
                ),
                said!("write it such as 2026-12-31T23:59:59Z"),
            )
        })
}

/// To whom something shall be offered.
pub fn to(field: &str, text: &str) -> Result<To, Refusal> {
    let problem = |error: Said| {
        Refusal::field(
            field,
            error,
            said!("name an email address, or a workgroup as workgroup:HANDLE"),
        )
    };
    match text.trim().strip_prefix("workgroup:") {
        Some(handle) => handle
            .trim()
            .parse()
            .map(To::Workgroup)
            .map_err(|error: crate::domain::workgroup::Malformed| problem(error.said())),
        None => text
            .parse()
            .map(To::Address)
            .map_err(|error: crate::domain::address::Malformed| problem(error.said())),
    }
}

fn days(days: u32) -> i64 {
    i64::from(days).saturating_mul(DAY_MS)
}

/// A lifetime in days, in milliseconds; the bounds are the domain's.
pub fn lifetime_ms(asked: u32) -> i64 {
    days(asked)
}

fn items(field: &str, texts: &[String], problems: &mut Problems) -> Vec<ItemId> {
    // Thousands of ids are refused by their number alone.
    if texts.len() > 1_000 {
        problems.add(
            field,
            said!("{count} ids are too many", count = texts.len()),
            said!("split them into several offers"),
        );
        return Vec::new();
    }
    let read = |text: &String| text.parse::<ItemId>().map_err(|error| error.to_string());
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        match read(text) {
            Ok(id) => ids.push(id),
            Err(error) => problems.add(field, error, "list your runs and projects for their ids"),
        }
    }
    ids
}

fn keep_access(keep: Option<&wire::KeepAccess>, problems: &mut Problems) -> KeepAccess {
    let Some(keep) = keep else {
        return KeepAccess::None;
    };
    let until = keep.until.as_deref();
    let until = until.and_then(|text| problems.keep(moment("keep_access.until", text)));
    match keep.level.as_str() {
        "read" => KeepAccess::Read { until },
        "none" if keep.until.is_some() => {
            problems.add(
                "keep_access.until",
                said!("nothing is kept, so it cannot end"),
                said!("leave it out, or choose the level read"),
            );
            KeepAccess::None
        }
        "none" => KeepAccess::None,
        other => {
            problems.add(
                "keep_access.level",
                said!("\"{text}\" is neither none nor read", text = shown(other)),
                said!("choose none or read"),
            );
            KeepAccess::None
        }
    }
}

/// What a sender asks for, and to whom. Only a preview may leave the recipient out.
pub fn request(
    ask: wire::RequestTransfer,
    preview: bool,
) -> Result<(Request, Option<To>), Findings> {
    let mut problems = Problems::default();
    let items = items("items", &ask.items, &mut problems);
    let to = if preview && ask.recipient.is_empty() {
        None
    } else {
        problems.keep(to("recipient", &ask.recipient))
    };
    let keep_access = keep_access(ask.keep_access.as_ref(), &mut problems);
    let request = Request {
        items,
        message: ask.message,
        terms: Terms::ownership(keep_access),
        lifetime_ms: ask.expires_in_days.map(days),
        terms_accepted: ask.accept_terms,
    };
    problems.unless_any(Some((request, to)))
}

// ---- sharing ----

fn level_of(text: &str) -> Result<Level, Refusal> {
    match text {
        "read" => Ok(Level::Read),
        "write" => Ok(Level::Write),
        other => Err(Refusal::field(
            "level",
            said!("\"{text}\" is neither read nor write", text = shown(other)),
            said!("choose read or write"),
        )),
    }
}

/// What somebody wants to share, and with whom. Only a preview may leave the recipient out.
pub fn share(ask: wire::RequestShare, preview: bool) -> Result<(Request, Option<To>), Findings> {
    let mut problems = Problems::default();
    let items = items("items", &ask.items, &mut problems);
    let to = if preview && ask.recipient.is_empty() {
        None
    } else {
        problems.keep(to("recipient", &ask.recipient))
    };
    let level = problems.keep(level_of(ask.level.as_deref().unwrap_or("read")));
    let until = ask.until.as_deref();
    let until = until.and_then(|text| problems.keep(moment("until", text)));
    let request = level.map(|level| Request {
        items,
        message: ask.message,
        terms: Terms::Access { level, until },
        lifetime_ms: ask.expires_in_days.map(days),
        terms_accepted: true,
    });
    problems.unless_any(request.map(|request| (request, to)))
}

/// How an access shall change: its level, and its end.
pub fn change(ask: &wire::ChangeAccess) -> Result<(Option<Level>, Option<Option<Time>>), Findings> {
    let mut problems = Problems::default();
    let level = ask.level.as_deref();
    let level = level.and_then(|text| problems.keep(level_of(text)));
    let until = match ask.until.as_deref() {
        None => None,
        Some("revoked") => Some(None),
        Some(text) => problems.keep(moment("until", text)).map(Some),
    };
    if ask.level.is_none() && ask.until.is_none() {
        problems.add(
            "body",
            said!("nothing is to be changed"),
            said!("name a level, an end, or both"),
        );
    }
    problems.unless_any(Some((level, until)))
}

/// What a link shall give, and when it shall end.
pub fn link(ask: &wire::CreateLink) -> Result<(Level, Option<Time>), Findings> {
    let mut problems = Problems::default();
    let level = problems.keep(level_of(ask.level.as_deref().unwrap_or("read")));
    let end = ask.expires_at.as_deref();
    let end = end.and_then(|text| problems.keep(moment("expires_at", text)));
    problems.unless_any(level.map(|level| (level, end)))
}

// ---- items ----

/// The state in which items are listed.
pub fn state(asked: Option<&str>) -> Result<Option<item::State>, Refusal> {
    let Some(text) = asked else { return Ok(None) };
    let all = [
        item::State::Active,
        item::State::Archived,
        item::State::Trashed,
    ];
    let found = all.into_iter().find(|state| state.word() == text);
    found.map(Some).ok_or_else(|| {
        Refusal::field(
            "state",
            format!("\"{}\" is no state of a run or project", shown(text)),
            "choose active, archived or trashed",
        )
    })
}

/// A run that shall be registered.
pub struct NewRun {
    /// Its name.
    pub name: String,
    /// What it is.
    pub run: Run,
    /// Number of its files.
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its projects.
    pub projects: Vec<NewProject>,
}

fn short<'t>(field: &str, text: &'t str, problems: &mut Problems) -> &'t str {
    if text.chars().count() > 100 || text.chars().any(char::is_control) {
        problems.add(
            field,
            format!(
                "\"{}\" is not a text of at most 100 characters",
                shown(text)
            ),
            "correct it",
        );
    }
    text
}

fn size(field: &str, bytes: u64, problems: &mut Problems) {
    if bytes > MAX_BYTES {
        problems.add(
            field,
            format!("{bytes} bytes are more than 1 PiB"),
            "check the size",
        );
    }
}

fn run(run: &wire::Run, problems: &mut Problems) -> Run {
    if run.lanes > 64 {
        problems.add(
            "run.lanes",
            format!("{} lanes are more than 64", run.lanes),
            "correct it",
        );
    }
    if run.reads.len() > 16 {
        let reads = run.reads.len();
        problems.add(
            "run.reads",
            format!("{reads} reads are more than 16"),
            "correct them",
        );
    }
    let read = |read: &wire::Read| item::Read {
        number: read.number,
        cycles: read.cycles,
        indexed: read.indexed,
    };
    let status = match run.status.as_str() {
        "completed" => RunStatus::Completed,
        "stopped" => RunStatus::Stopped,
        "failed" => RunStatus::Failed,
        "in-progress" => RunStatus::InProgress,
        other => {
            problems.add(
                "run.status",
                format!("\"{}\" is no status of a run", shown(other)),
                "use completed, stopped, failed or in-progress",
            );
            RunStatus::InProgress
        }
    };
    let mut at = |field, text: &Option<String>| {
        let text = text.as_deref()?;
        problems.keep(moment(field, text))
    };
    let started_at = at("run.started_at", &run.started_at);
    let ended_at = at("run.ended_at", &run.ended_at);
    Run {
        instrument: short("run.instrument", &run.instrument, problems).to_owned(),
        platform: short("run.platform", &run.platform, problems).to_owned(),
        flow_cell: short("run.flow_cell", &run.flow_cell, problems).to_owned(),
        lanes: run.lanes,
        reads: run.reads.iter().take(16).map(read).collect(),
        started_at,
        ended_at,
        status,
    }
}

fn biosample_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=99).contains(&name.len()) && name.chars().all(allowed)
}

fn library(at: &str, library: wire::Library, problems: &mut Problems) -> Library {
    let field = format!("{at}.libraries");
    short(&field, &library.name, problems);
    for index in [&library.index, &library.index2].into_iter().flatten() {
        let bases = index.len() <= 64 && index.bytes().all(|b| b"ACGTN".contains(&b));
        if !bases {
            problems.add(
                &field,
                format!("\"{}\" is not an index of at most 64 bases", shown(index)),
                "use A, C, G, T and N",
            );
        }
    }
    Library {
        name: library.name,
        lane: library.lane,
        index: library.index,
        index2: library.index2,
    }
}

fn project(n: usize, project: wire::SheetProject, problems: &mut Problems) -> NewProject {
    let at = format!("projects[{n}]");
    let name = problems.keep(custody::name_of(&format!("{at}.name"), &project.name));
    let mut seen = BTreeSet::new();
    let mut biosamples = Vec::with_capacity(project.biosamples.len());
    for sample in project.biosamples {
        let field = format!("{at}.biosamples");
        if !biosample_name(&sample.name) {
            problems.add(
                &field,
                format!("\"{}\" is not the name of a biosample", shown(&sample.name)),
                "use 1 to 99 letters, digits, dashes and underscores",
            );
        }
        let libraries = sample.libraries.into_iter();
        let libraries = libraries
            .map(|one| library(&field, one, problems))
            .collect();
        if !seen.insert(sample.name.clone()) {
            problems.add(
                &field,
                format!("the biosample \"{}\" is named twice", shown(&sample.name)),
                "name it once with all its libraries",
            );
        }
        biosamples.push(Biosample {
            name: sample.name,
            libraries,
        });
    }
    NewProject {
        name: name.unwrap_or_default(),
        biosamples,
    }
}

/// A run and its projects.
pub fn new_run(ask: wire::RegisterRun) -> Result<NewRun, Findings> {
    let mut problems = Problems::default();
    let name = problems.keep(custody::name_of("name", &ask.name));
    size("bytes", ask.bytes, &mut problems);
    let run = run(&ask.run, &mut problems);
    if ask.projects.len() > custody::MAX_PROJECTS {
        let count = ask.projects.len();
        problems.add(
            "projects",
            format!("{count} projects are more than {}", custody::MAX_PROJECTS),
            "split the sample sheet",
        );
        return problems.unless_any(None);
    }
    let mut names = BTreeSet::new();
    for project in &ask.projects {
        if !names.insert(item::folded_name(&project.name)) {
            problems.add(
                "projects",
                format!("the project \"{}\" is named twice", shown(&project.name)),
                "name it once with all its biosamples",
            );
        }
    }
    let projects = ask.projects.into_iter().enumerate();
    let projects = projects
        .map(|(n, one)| project(n, one, &mut problems))
        .collect();
    let (files, bytes) = (ask.files, ask.bytes);
    let new = name.map(|name| NewRun {
        name,
        run,
        files,
        bytes,
        projects,
    });
    problems.unless_any(new)
}

/// Files to be listed, and the dataset that they belong to.
pub fn files(
    ask: wire::AddFiles,
) -> Result<(Vec<custody::File>, Option<custody::Dataset>), Findings> {
    let mut problems = Problems::default();
    let mut files = Vec::with_capacity(ask.files.len());
    for file in ask.files {
        size("files", file.bytes, &mut problems);
        if let Some(checksum) = &file.checksum {
            short("files", checksum, &mut problems);
        }
        files.push(custody::File {
            path: file.path,
            bytes: file.bytes,
            checksum: file.checksum,
            dataset: None,
        });
    }
    let dataset = ask.dataset.and_then(|into| dataset(into, &mut problems));
    problems.unless_any(Some((files, dataset)))
}

fn dataset(into: wire::IntoDataset, problems: &mut Problems) -> Option<custody::Dataset> {
    let name = problems.keep(custody::name_of("dataset", &into.name));
    let kind = into.kind.trim();
    let fits = (1..=40).contains(&kind.chars().count()) && !kind.chars().any(char::is_control);
    if !fits {
        problems.add(
            "dataset",
            "the type of a dataset has 1 to 40 characters and no control characters",
            "write FASTQ, BAM, VCF or what its files are",
        );
    }
    short("dataset", &into.biosample, problems);
    name.map(|name| custody::Dataset {
        name,
        kind: kind.to_owned(),
        biosample: into.biosample,
        files: 0,
        bytes: 0,
    })
}

/// What an analysis is called, and the projects it writes to.
pub fn analysis(ask: &wire::StartAnalysis) -> Result<(String, Vec<ItemId>), Findings> {
    let mut problems = Problems::default();
    let name = problems.keep(custody::name_of("name", &ask.name));
    let projects = items("projects", &ask.projects, &mut problems);
    let fits = (1..=100).contains(&ask.projects.len());
    if !fits || projects.iter().any(|id| id.kind() != ItemKind::Project) {
        problems.add(
            "projects",
            "an analysis writes to 1 to 100 projects",
            "name projects only, and start several analyses for more",
        );
    }
    problems.unless_any(name.map(|name| (name, projects)))
}
