//! `handover run register`: from a run folder to what the API takes.

use crate::runfolder::{self, Options, RunFolder, RunStatus};
use crate::wire::{Biosample, Library, Read, RegisterRun, Registered, Run, SheetProject};

use super::amounts::{Moments, counted, size};
use super::args::Register;
use super::failure::{Exit, Failure, reason};
use super::items::{cycles, table};
use super::session::{Form, Session};
use super::surroundings::Surroundings;
use super::table::{Fit, Table, amounts, column, facts};
use super::text::printable;

fn read(args: &Register) -> Result<RunFolder, Failure> {
    let options = Options {
        allow_incomplete: args.allow_incomplete,
        project_for_unassigned: args.project.clone(),
    };
    runfolder::read(&args.folder, &options).map_err(|problems| {
        let guard = |problem: runfolder::Problem| {
            let line = problem.line.map(|line| format!(":{line}"));
            let place = format!("{}{}", problem.file, line.unwrap_or_default());
            let sentence = format!("{place}: {}", problem.sentence);
            reason(Exit::Local, sentence, problem.next_step)
        };
        Failure::of(Exit::Local, problems.into_iter().map(guard).collect())
    })
}

/// What the API is asked to register.
pub fn wanted(folder: RunFolder, context: Option<String>) -> RegisterRun {
    let read = |read: runfolder::Read| Read {
        number: read.number,
        cycles: read.cycles,
        indexed: read.indexed,
    };
    let library = |library: runfolder::Library| Library {
        name: library.name,
        lane: library.lane,
        index: library.index,
        index2: library.index2,
    };
    let biosample = |biosample: runfolder::Biosample| Biosample {
        name: biosample.name,
        libraries: biosample.libraries.into_iter().map(library).collect(),
    };
    let project = |project: runfolder::Project| SheetProject {
        name: project.name,
        biosamples: project.biosamples.into_iter().map(biosample).collect(),
    };
    let status = match folder.status {
        RunStatus::Completed => "completed",
        RunStatus::StoppedEarly => "stopped",
        RunStatus::Failed => "failed",
        RunStatus::InProgress => "in-progress",
    };
    RegisterRun {
        name: folder.run_id,
        run: Run {
            instrument: folder.instrument,
            platform: folder.platform,
            flow_cell: folder.flow_cell,
            lanes: folder.lanes,
            reads: folder.reads.into_iter().map(read).collect(),
            started_at: folder.started_at.map(|at| at.to_string()),
            ended_at: folder.ended_at.map(|at| at.to_string()),
            status: status.to_owned(),
        },
        files: folder.files,
        bytes: folder.bytes,
        projects: folder.projects.into_iter().map(project).collect(),
        context,
    }
}

/// What a person should know of the folder, on standard error.
fn notes(folder: &RunFolder, here: &mut dyn std::io::Write) -> Result<(), Failure> {
    for note in &folder.notes {
        writeln!(here, "note: {}", printable(note))?;
    }
    Ok(())
}

/// A run whose samples name no project would be registered without them for good, so somebody has to have meant that.
fn decided(args: &Register, folder: &RunFolder) -> Result<(), Failure> {
    if folder.unassigned_samples == 0 || args.without_unassigned {
        return Ok(());
    }
    let samples = counted(folder.unassigned_samples, "sample", "samples");
    let why = reason(
        Exit::Local,
        format!(
            "SampleSheet.csv: {samples} would not be registered, because their rows name no project"
        ),
        "add --project NAME to take them into that project, or --without-unassigned to leave them out",
    );
    Err(Failure::of(Exit::Local, vec![why]))
}

/// Reads the folder and prints what would be registered.
pub(super) fn dry_run(args: &Register, here: &mut Surroundings<'_>) -> Result<(), Failure> {
    let folder = read(args)?;
    notes(&folder, here.terminal.errors)?;
    let moments = here.moments();
    let wanted = wanted(folder, args.context.clone());
    let terminal = &mut here.terminal;
    let text = match Form::of(&args.common) {
        Form::Json => serde_json::to_string(&wanted)
            .map(|json| format!("{json}\n"))
            .map_err(std::io::Error::from)?,
        Form::Terse => format!("{}\n", printable(&wanted.name)),
        Form::People => for_people(&wanted, &moments, terminal.width, terminal.colours),
    };
    Ok(write!(terminal.output, "{text}")?)
}

fn for_people(
    wanted: &RegisterRun,
    moments: &Moments,
    width: Option<usize>,
    colours: bool,
) -> String {
    let RegisterRun { run, .. } = wanted;
    let moment = |at: &Option<String>| at.as_ref().map(|at| moments.full(at)).unwrap_or_default();
    let mut text = facts(&[
        ("run", wanted.name.clone()),
        ("status", run.status.clone()),
        (
            "instrument",
            format!("{} ({})", run.instrument, run.platform),
        ),
        ("flow cell", run.flow_cell.clone()),
        ("lanes", run.lanes.to_string()),
        ("cycles", cycles(run)),
        ("started", moment(&run.started_at)),
        ("ended", moment(&run.ended_at)),
        (
            "size",
            format!(
                "{} in {}",
                size(wanted.bytes),
                counted(wanted.files, "file", "files")
            ),
        ),
        ("context", wanted.context.clone().unwrap_or_default()),
    ]);
    let mut table = Table::new([
        column("PROJECT", Fit::Shrinks),
        amounts("BIOSAMPLES", Fit::Keeps),
        amounts("LIBRARIES", Fit::Keeps),
    ]);
    for project in &wanted.projects {
        let libraries: usize = project
            .biosamples
            .iter()
            .map(|sample| sample.libraries.len())
            .sum();
        table.row([
            project.name.as_str().into(),
            project.biosamples.len().to_string().into(),
            libraries.to_string().into(),
        ]);
    }
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table.shown(2, width, colours));
    }
    text
}

/// `handover run register`
pub(super) fn register(args: &Register, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let folder = read(args)?;
    decided(args, &folder)?;
    notes(&folder, session.terminal.errors)?;
    let body = wanted(folder, args.context.clone());
    let document = session.command(&["runs"], &body, &args.once)?;
    let registered: Registered = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    let Registered { run, projects } = registered;
    if session.form == Form::Terse {
        let all = std::iter::once(&run).chain(&projects);
        let ids: String = all
            .map(|item| format!("{}\n", printable(&item.id)))
            .collect();
        return session.print(ids);
    }
    let what = format!(
        "Registered the run {} ({} in {}) with {}.\n\n",
        printable(&run.name),
        size(run.bytes),
        counted(run.files, "file", "files"),
        counted(projects.len() as u64, "project", "projects"),
    );
    session.print(what)?;
    let all: Vec<_> = std::iter::once(run).chain(projects).collect();
    session.table("", &table(all))
}
