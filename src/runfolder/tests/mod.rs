//! Run folders good and bad, written and read.

mod hostile;
mod instruments;
mod sheets;

use super::{Options, Problems, RunFolder, read, sample};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that goes away with the test.
struct Folder {
    path: PathBuf,
    _home: tempfile::TempDir,
}

impl Folder {
    fn empty(name: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(name);
        fs::create_dir(&path).unwrap();
        Self { path, _home: home }
    }

    /// The sample folder.
    fn sample() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = sample::write(home.path(), &sample::Sample::default()).unwrap();
        Self { path, _home: home }
    }

    fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path.join(file), content).unwrap();
        self
    }

    fn without(self, file: &str) -> Self {
        fs::remove_file(self.path.join(file)).unwrap();
        self
    }

    fn read(&self) -> Result<RunFolder, Problems> {
        read(&self.path, &Options::default())
    }

    fn read_incomplete(&self) -> Result<RunFolder, Problems> {
        read(
            &self.path,
            &Options {
                allow_incomplete: true,
                ..Options::default()
            },
        )
    }

    /// The problems as a person sees them, without the temporary path.
    fn problems(&self) -> String {
        let shown = self.read().map(|run| run.run_id).unwrap_err().to_string();
        shown.replace(self.path.parent().unwrap().to_str().unwrap(), "")
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

#[test]
fn the_sample_folder_reads_as_it_was_written() {
    let folder = Folder::sample();
    let run = folder.read().unwrap();
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&serde_json::json!({
            "run": RunFolder { projects: Vec::new(), ..run.clone() },
            "first biosample": run.projects[0].biosamples[0],
        }))
        .unwrap()
    );
    let names: Vec<_> = run
        .projects
        .iter()
        .map(|project| (project.name.as_str(), project.biosamples.len()))
        .collect();
    assert_eq!(names, [("Beech leaves 2026", 4), ("Wetland soils 2026", 6)]);
}

#[test]
fn awkward_names_survive_the_sample_writer() {
    let home = tempfile::tempdir().unwrap();
    let sample = sample::Sample {
        experiment_name: "A & B, \"spring\" <1>".to_owned(),
        projects: vec![("Käfer, \"rot\" & <grün>".to_owned(), vec!["k_1".to_owned()])],
        ..sample::Sample::default()
    };
    let run = read(
        &sample::write(home.path(), &sample).unwrap(),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(
        run.experiment_name.as_deref(),
        Some("A & B, \"spring\" <1>")
    );
    assert_eq!(run.projects[0].name, "Käfer, \"rot\" & <grün>");
}

#[test]
fn all_problems_are_told_at_once() {
    let folder = Folder::sample()
        .without("CopyComplete.txt")
        .with(
            "RunInfo.xml",
            "<RunInfo><Run Id=''><Reads><Read NumCycles='x'/></Reads></Run></RunInfo>",
        )
        .with(
            "RunParameters.xml",
            "<RunParameters><A></B></RunParameters>",
        )
        .with(
            "SampleSheet.csv",
            "[Data]\nLane,Sample_ID,Sample_Project\n1,a b,P\nx,c,P\n",
        );
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn a_folder_that_is_no_run_folder_says_so() {
    let empty = Folder::empty("elsewhere");
    insta::assert_snapshot!(empty.problems(), @r#"RunInfo.xml: is missing in "/elsewhere"; name the run folder itself, the one that holds RunInfo.xml, or wait until its copy is finished"#);
    let missing = read(&empty.path().join("nowhere"), &Options::default()).unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("nowhere\": cannot be opened (entity not found);"),
        "{missing}"
    );
    let file = empty.with("file", "");
    let problem = read(&file.path().join("file"), &Options::default()).unwrap_err();
    assert!(
        problem.to_string().contains("file\": is not a folder;"),
        "{problem}"
    );
}

#[test]
fn a_folder_of_which_only_a_part_has_arrived_is_refused_or_registered_knowingly() {
    let folder = Folder::sample().without("CopyComplete.txt");
    insta::assert_snapshot!(folder.problems(), @".: base calling is done (RTAComplete.txt) but CopyComplete.txt is missing, which NovaSeq X Plus leaves when all files have arrived: the folder is still being copied, or was copied only in part; wait until the instrument and the copy have finished and try again, or pass --allow-incomplete to register what is there");
    let run = folder.read_incomplete().unwrap();
    assert!(
        run.notes[0].starts_with("registered although base calling is done"),
        "{:?}",
        run.notes
    );

    let writing = folder
        .without("RTAComplete.txt")
        .without("RTAExited.txt")
        .without("RunCompletionStatus.xml");
    assert!(
        writing
            .problems()
            .contains("none of the files that mark the end of a run")
    );
    assert_eq!(
        writing.read_incomplete().unwrap().status,
        super::RunStatus::InProgress
    );

    let cut = Folder::sample();
    let whole = fs::read(cut.path().join("RunInfo.xml")).unwrap();
    for length in [0, 1, 30, 60, whole.len() / 2, whole.len() - 12] {
        let cut = Folder::sample().with("RunInfo.xml", &whole[..length]);
        assert!(
            cut.problems().contains("wait until the copy is finished"),
            "{length}: {}",
            cut.problems()
        );
        assert!(
            cut.read_incomplete().is_err(),
            "a run cannot be registered from half its description"
        );
    }
}

#[test]
fn a_renamed_folder_is_registered_under_its_own_name() {
    let folder = Folder::sample();
    let renamed = folder.path().with_file_name("delivery of May");
    fs::rename(folder.path(), &renamed).unwrap();
    let run = read(&renamed, &Options::default()).unwrap();
    assert_eq!(run.run_id, "20260302_LH09001_0041_A22DEM0LT4");
    assert_eq!(
        run.notes,
        ["the folder is called \"delivery of May\", the run \"20260302_LH09001_0041_A22DEM0LT4\""]
    );
}

#[test]
fn the_sample_sheet_may_be_missing() {
    let run = Folder::sample().without("SampleSheet.csv").read().unwrap();
    assert!(run.projects.is_empty());
    assert_eq!(
        run.notes,
        ["there is no SampleSheet.csv, so no projects are registered"]
    );
}
