//! Reads an Illumina run folder as the instruments write it.
//!
//! A run folder comes from outside: from instruments of fifteen years, through spreadsheets, LIMS and half-finished
//! copies. Everything in it is bounded before it is believed, everything that is wrong is told at once, and what is
//! registered is either all there or knowingly incomplete.

mod completion;
mod count;
mod dates;
mod parameters;
mod platform;
mod problem;
mod projects;
mod run_info;
pub mod sample;
mod sheet;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub(crate) use problem::is_unprintable;
pub use problem::{Problem, Problems};

use jiff::Timestamp;
use jiff::civil::Date;
use problem::{Findings, quoted};
use serde::Serialize;
use source::WAIT_FOR_COPY;
use std::fs;
use std::path::Path;

/// What the person who registers a run decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Register a folder that is still being written or was copied in part; what is missing becomes a note.
    pub allow_incomplete: bool,
    /// The project that takes in the samples whose row in the sample sheet names none.
    pub project_for_unassigned: Option<String>,
}

/// A run folder, read and judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunFolder {
    /// The instrument's own name of the run, such as `20231108_LH00188_0028_B22F52TLT3`.
    pub run_id: String,
    /// The instrument's count of its runs.
    pub run_number: Option<u64>,
    /// The instrument's serial number or name.
    pub instrument: String,
    /// The kind of instrument, such as `NovaSeq X Plus`; `Illumina` where it cannot be told.
    pub platform: String,
    /// The flow cell's serial number.
    pub flow_cell: String,
    /// Lanes of the flow cell, 1 to 64.
    pub lanes: u32,
    /// The reads in the order they were sequenced, 1 to 16.
    pub reads: Vec<Read>,
    /// When the run began, where the instrument wrote it with its offset from UTC.
    pub started_at: Option<Timestamp>,
    /// When the run ended, where the instrument wrote it with its offset from UTC.
    pub ended_at: Option<Timestamp>,
    /// The day the run began, on the instrument's calendar.
    pub date: Option<Date>,
    /// What people called the run, from the parameters or else the sample sheet.
    pub experiment_name: Option<String>,
    /// How the run ended.
    pub status: RunStatus,
    /// Files in the folder and below; symbolic links are neither counted nor followed.
    pub files: u64,
    /// The sum of their lengths, in bytes.
    pub bytes: u64,
    /// The projects named in the sample sheet, by name; at most 250.
    pub projects: Vec<Project>,
    /// Samples that name no project and are therefore not registered.
    pub unassigned_samples: u64,
    /// What a person should know though it does not keep the run from being registered; whole sentences to print.
    pub notes: Vec<String>,
}

/// One read of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Read {
    /// The read's number, as the instrument counts.
    pub number: u32,
    /// Cycles, which is bases.
    pub cycles: u32,
    /// Whether it reads an index instead of the insert.
    pub indexed: bool,
    /// Whether the instrument reports it reverse-complemented.
    pub reverse_complemented: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// As planned.
    Completed,
    /// Somebody ended it before its last cycle, or it ended without saying why.
    StoppedEarly,
    /// An error ended it.
    Failed,
    /// It had not ended, or not all had arrived, when it was registered.
    InProgress,
}

/// A project named in the sample sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Project {
    /// 1 to 255 characters, no control characters.
    pub name: String,
    /// By name; each name once.
    pub biosamples: Vec<Biosample>,
}

/// A sample of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Biosample {
    /// 1 to 99 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// One for each lane and pair of indexes.
    pub libraries: Vec<Library>,
}

/// What of a biosample was put on the flow cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Library {
    /// The name in the sample sheet, or the biosample's name and the indexes.
    pub name: String,
    /// The lane; nothing where it is on all of them.
    pub lane: Option<u32>,
    /// The first index: bases, or the name of an index set.
    pub index: Option<String>,
    /// The second index.
    pub index2: Option<String>,
}

/// Reads a run folder: its description, its sample sheet, how it ended, and how much it holds.
///
/// # Errors
/// Everything that keeps the run from being registered, at once.
pub fn read(folder: &Path, options: &Options) -> Result<RunFolder, Problems> {
    let root = fs::canonicalize(folder)
        .map_err(|why| not_a_folder(folder, &format!("cannot be opened ({})", why.kind())))?;
    if !root.is_dir() {
        return Err(not_a_folder(folder, "is not a folder"));
    }
    let mut problems = Vec::new();
    let mut notes = Vec::new();

    let mut findings = Findings::new(run_info::FILE);
    let mut raw = run_info::Raw::default();
    let run = match walk(&root, run_info::FILE, "RunInfo", &mut raw) {
        Ok(true) => Some(raw.meant(&mut findings)),
        Ok(false) => {
            // Without it this may be any folder at all, so nothing of it is read or counted.
            return Err(Problem::new(
                run_info::FILE,
                None,
                format!("is missing in {}", quoted(&folder.to_string_lossy())),
                "name the run folder itself, the one that holds RunInfo.xml, or wait until its copy is finished",
            )
            .into());
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    problems.extend(findings.into_problems());

    let mut parameters = parameters::Parameters::default();
    let mut found = false;
    for file in parameters::FILES {
        if found {
            break;
        }
        match walk(&root, file, "RunParameters", &mut parameters) {
            Ok(there) => found = there,
            Err(problem) => {
                problems.push(problem);
                found = true;
            }
        }
    }
    if !found {
        notes.push(
            "RunParameters.xml is missing; the platform is told by the instrument's name"
                .to_owned(),
        );
    }

    let mut completion = completion::Completion::default();
    let completion = match walk(
        &root,
        completion::FILE,
        "RunCompletionStatus",
        &mut completion,
    ) {
        Ok(there) => there.then_some(completion),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let instrument = run
        .as_ref()
        .and_then(|run| run.instrument.clone())
        .or(parameters.instrument.clone());
    let platform = platform::name(
        &parameters.platform_words(),
        instrument.as_deref().unwrap_or_default(),
    );
    let marks = completion::Marks::look(&root);
    let judged = completion::judge(
        &marks,
        &platform,
        completion.as_ref(),
        options.allow_incomplete,
        &mut notes,
    );
    let status = judged.map_err(|problem| problems.push(problem)).ok();

    let lanes = run
        .as_ref()
        .map(|run| run.lanes)
        .filter(|lanes| *lanes > 0)
        .unwrap_or(run_info::MOST_LANES);
    let (sheet_name, assembled) =
        projects::of_folder(&root, lanes, options, &mut problems, &mut notes);
    let counted = counted(&root, options, &mut problems, &mut notes);

    let flow_cell = run
        .as_ref()
        .and_then(|run| run.flow_cell.clone())
        .or(parameters.flow_cell.clone());
    if let Some(run) = &run {
        // Where RunInfo.xml is wrong already, that it names nothing follows from it.
        let sound = problems
            .iter()
            .all(|problem| problem.file != run_info::FILE);
        for (what, value) in [("instrument", &instrument), ("flow cell", &flow_cell)] {
            if sound && value.is_none() {
                problems.push(Problem::new(
                    run_info::FILE,
                    None,
                    format!("names no {what}, and neither does RunParameters.xml"),
                    "put RunInfo.xml as the instrument wrote it into the folder",
                ));
            }
        }
        if run.date.is_none() {
            notes.push("RunInfo.xml gives no date that can be read".to_owned());
        }
        let called = root
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        if called != run.run_id.as_str() && !run.run_id.is_empty() {
            notes.push(format!(
                "the folder is called {}, the run {}",
                quoted(&called),
                quoted(&run.run_id)
            ));
        }
    }
    if let Some(problems) = Problems::of(problems) {
        return Err(problems);
    }
    let (Some(run), Some(status), Some(instrument), Some(flow_cell)) =
        (run, status, instrument, flow_cell)
    else {
        return Err(not_a_folder(folder, "cannot be understood"));
    };
    Ok(RunFolder {
        run_id: run.run_id,
        run_number: run.run_number,
        instrument,
        platform,
        flow_cell,
        lanes: run.lanes,
        reads: run.reads,
        started_at: completion
            .as_ref()
            .and_then(|completion| completion.started_at)
            .or(run.at),
        ended_at: completion
            .as_ref()
            .and_then(|completion| completion.ended_at),
        date: run.date,
        experiment_name: parameters.run_name().cloned().or(sheet_name),
        status,
        files: counted.files,
        bytes: counted.bytes,
        projects: assembled.projects,
        unassigned_samples: assembled.unassigned,
        notes,
    })
}

fn not_a_folder(folder: &Path, why: &str) -> Problems {
    Problem::new(
        quoted(&folder.to_string_lossy()),
        None,
        why,
        "name the run folder, the one that holds RunInfo.xml",
    )
    .into()
}

/// Walks through one of the folder's XML files; `false` where there is none.
fn walk(
    root: &Path,
    file: &'static str,
    element: &'static str,
    visit: &mut dyn xml::Visit,
) -> Result<bool, Problem> {
    match source::open(root, file, xml::LARGEST_FILE)? {
        Some(input) => xml::walk(input, file, element, visit).map(|()| true),
        None => Ok(false),
    }
}

fn counted(
    root: &Path,
    options: &Options,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> count::Count {
    let (counted, unreadable) = count::count(root);
    problems.extend(unreadable);
    if let Some(first) = &counted.first_vanished {
        let sentence = format!(
            "disappeared while the files were counted (and {} more): the folder is being written",
            counted.vanished - 1
        );
        if options.allow_incomplete {
            notes.push(format!("{first} {sentence}"));
        } else {
            problems.push(Problem::new(first.clone(), None, sentence, WAIT_FOR_COPY));
        }
    }
    if counted.links > 0 {
        notes.push(format!(
            "{} symbolic links were neither followed nor counted",
            counted.links
        ));
    }
    if counted.others > 0 {
        notes.push(format!(
            "{} entries that are no files (pipes, sockets, devices) were not counted",
            counted.others
        ));
    }
    counted
}
