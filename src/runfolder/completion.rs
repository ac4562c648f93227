//! Whether a run has ended, how, and whether all of it has arrived.

use super::RunStatus;
use super::dates;
use super::platform;
use super::problem::{Problem, quoted};
use super::source::is_there;
use super::xml::{Attributes, Visit};
use jiff::Timestamp;
use std::path::Path;

/// The name of the file most instruments leave when a run has ended.
pub(super) const FILE: &str = "RunCompletionStatus.xml";

/// What `RunCompletionStatus.xml` says.
#[derive(Default)]
pub(super) struct Completion {
    word: Option<String>,
    reasons: Vec<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

impl Visit for Completion {
    fn open(&mut self, _path: &[&str], _attributes: &Attributes) {}

    fn close(&mut self, path: &[&str], text: &str) {
        match path {
            // NovaSeq and NextSeq 1000/2000 say RunStatus; NextSeq 500, MiniSeq and MiSeq CompletionStatus.
            ["runcompletionstatus", "runstatus" | "completionstatus"]
                if self.word.is_none() && !text.is_empty() =>
            {
                self.word = Some(text.to_owned());
            }
            ["runcompletionstatus", "errordescription"]
            | ["runcompletionstatus", "runerror", "type" | "message"]
                if !text.is_empty()
                    && !text.eq_ignore_ascii_case("none")
                    && self.reasons.len() < 4 =>
            {
                self.reasons.push(text.to_owned());
            }
            ["runcompletionstatus", "runstarttime"] => {
                self.started_at = dates::parse(text, None).at
            }
            ["runcompletionstatus", "runendtime"] => self.ended_at = dates::parse(text, None).at,
            _ => {}
        }
    }
}

/// The state a word of the instruments stands for; `None` for words nobody has met.
fn meaning(word: &str) -> Option<RunStatus> {
    let word = word.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    match word.as_str() {
        "runcompleted" | "completedasplanned" | "completed" | "complete" | "success"
        | "succeeded" => Some(RunStatus::Completed),
        _ if has(&["error", "exception", "fail"]) => Some(RunStatus::Failed),
        _ if has(&["early", "stop", "abort", "cancel", "terminat"]) => {
            Some(RunStatus::StoppedEarly)
        }
        _ if has(&["running", "progress", "started", "paused", "incomplete"]) => {
            Some(RunStatus::InProgress)
        }
        _ => None,
    }
}

/// The empty files an instrument leaves as it goes.
pub(super) struct Marks {
    copied: bool,
    called: bool,
    exited: bool,
    sequenced: bool,
}

impl Marks {
    pub(super) fn look(root: &Path) -> Self {
        Self {
            copied: is_there(root, "CopyComplete.txt"),
            called: is_there(root, "RTAComplete.txt") || is_there(root, "RTAComplete.xml"),
            exited: is_there(root, "RTAExited.txt"),
            sequenced: is_there(root, "SequenceComplete.txt"),
        }
    }
}

/// Judges how the run ended. `Err` where it has not, or not all of it is here, and that was not allowed.
pub(super) fn judge(
    marks: &Marks,
    platform: &str,
    completion: Option<&Completion>,
    allow_incomplete: bool,
    notes: &mut Vec<String>,
) -> Result<RunStatus, Problem> {
    let said = completion.and_then(|completion| completion.word.as_deref());
    let meant = said.and_then(meaning);
    if let (Some(word), None) = (said, meant) {
        notes.push(format!(
            "{FILE} says {}, which is no known status; the completion marks decide",
            quoted(word)
        ));
    }
    let ended_badly = matches!(meant, Some(RunStatus::StoppedEarly | RunStatus::Failed));
    if let (Some(word), Some(completion), true) = (said, completion, ended_badly) {
        let reasons: Vec<String> = completion
            .reasons
            .iter()
            .map(|reason| quoted(reason))
            .collect();
        let why = if reasons.is_empty() {
            String::new()
        } else {
            format!(" ({})", reasons.join(", "))
        };
        notes.push(format!(
            "the run did not end as planned: {FILE} says {}{why}",
            quoted(word)
        ));
    }
    let all_here = marks.copied || (marks.called && !platform::marks_the_copy(platform));
    if meant == Some(RunStatus::InProgress) || !(all_here || ended_badly) {
        let why = missing(marks, platform, meant);
        if !allow_incomplete {
            return Err(Problem::new(
                ".",
                None,
                why,
                "wait until the instrument and the copy have finished and try again, or pass --allow-incomplete to \
                 register what is there",
            ));
        }
        notes.push(format!("registered although {why}"));
        return Ok(meant.unwrap_or(RunStatus::InProgress));
    }
    if !all_here {
        notes.push(
            "the run ended early and left no completion mark: check that everything the instrument wrote is in the folder"
                .to_owned(),
        );
    }
    if let Some(meant) = meant {
        return Ok(meant);
    }
    if !marks.called {
        // Copied whole, but base calling never said it was done, and no file tells why.
        notes.push("CopyComplete.txt is there but RTAComplete.txt is not: the run is taken to have stopped early".to_owned());
        return Ok(RunStatus::StoppedEarly);
    }
    Ok(RunStatus::Completed)
}

fn missing(marks: &Marks, platform: &str, meant: Option<RunStatus>) -> String {
    if meant == Some(RunStatus::InProgress) {
        return format!("{FILE} says that the run is still going on");
    }
    if marks.called {
        let platform = if platform == platform::UNKNOWN {
            "a newer instrument"
        } else {
            platform
        };
        return format!(
            "base calling is done (RTAComplete.txt) but CopyComplete.txt is missing, which {platform} leaves when all \
             files have arrived: the folder is still being copied, or was copied only in part"
        );
    }
    if marks.exited || marks.sequenced || meant == Some(RunStatus::Completed) {
        return "sequencing has ended but neither CopyComplete.txt nor RTAComplete.txt is there: the folder is still \
                being written, or was copied only in part"
            .to_owned();
    }
    "none of the files that mark the end of a run (CopyComplete.txt, RTAComplete.txt) is there: the folder is still \
     being written, or was copied only in part"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `marks` is any of `copied called exited sequenced`.
    fn check(
        marks: &str,
        platform: &str,
        word: &str,
        strict: Option<RunStatus>,
        allowed: RunStatus,
    ) {
        let has = |mark| marks.contains(mark);
        let marks = Marks {
            copied: has("copied"),
            called: has("called"),
            exited: has("exited"),
            sequenced: has("sequenced"),
        };
        let completion = (!word.is_empty()).then(|| Completion {
            word: Some(word.to_owned()),
            ..Completion::default()
        });
        let judged = |allow| {
            judge(
                &marks,
                platform,
                completion.as_ref(),
                allow,
                &mut Vec::new(),
            )
        };
        assert_eq!(judged(false).ok(), strict);
        assert_eq!(judged(true).ok(), Some(allowed));
    }

    #[test]
    fn a_run_counts_as_ended_only_when_all_of_it_can_be_there() {
        use RunStatus::{Completed, Failed, InProgress, StoppedEarly};
        check(
            "copied called",
            "NovaSeq X",
            "RunCompleted",
            Some(Completed),
            Completed,
        );
        check(
            "copied called",
            "NovaSeq 6000",
            "",
            Some(Completed),
            Completed,
        );
        check("called sequenced", "NovaSeq 6000", "", None, InProgress);
        check(
            "called exited",
            "NovaSeq X",
            "RunCompleted",
            None,
            Completed,
        );
        check("called", "HiSeq 2000/2500", "", Some(Completed), Completed);
        check(
            "called",
            "MiSeq",
            "CompletedAsPlanned",
            Some(Completed),
            Completed,
        );
        check("called", "MiSeq i100", "", None, InProgress);
        check("called", "Illumina", "", None, InProgress);
        check("", "MiSeq", "", None, InProgress);
        check("sequenced", "NovaSeq 6000", "", None, InProgress);
        check(
            "copied",
            "NovaSeq 6000",
            "",
            Some(StoppedEarly),
            StoppedEarly,
        );
        check(
            "copied",
            "NovaSeq X",
            "RunCompleted",
            Some(Completed),
            Completed,
        );
        check(
            "copied called",
            "NextSeq",
            "UserEndedEarly",
            Some(StoppedEarly),
            StoppedEarly,
        );
        check("", "NextSeq", "ExceptionEndedEarly", Some(Failed), Failed);
        check("copied", "NovaSeq X", "RunErrored", Some(Failed), Failed);
        check(
            "copied",
            "NovaSeq X",
            "RunAborted",
            Some(StoppedEarly),
            StoppedEarly,
        );
        check("copied called", "NovaSeq X", "Running", None, InProgress);
        check(
            "copied called",
            "NovaSeq X",
            "NeverSeenBefore",
            Some(Completed),
            Completed,
        );
    }
}
