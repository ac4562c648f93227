//! Counting a folder of a million files without holding their names.

use super::problem::{Findings, Problem, quoted};
use std::fs::{self, DirEntry, ReadDir};
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Deepest folder that is entered, in levels below the run folder; the instruments stay below ten.
const DEEPEST: usize = 64;

/// What a run folder holds.
#[derive(Default)]
pub(super) struct Count {
    pub(super) files: u64,
    /// The sum of the files' lengths, in bytes.
    pub(super) bytes: u64,
    /// Symbolic links: not followed, not counted as files.
    pub(super) links: u64,
    /// Pipes, sockets and devices.
    pub(super) others: u64,
    /// Entries that were listed and then gone: somebody is writing or deleting.
    pub(super) vanished: u64,
    pub(super) first_vanished: Option<String>,
}

/// Counts the files below `root`. What cannot be read is returned beside it, for the number would be wrong without it.
///
/// One open folder per level is all that is held: memory and open files grow with the depth, which is bounded, and not
/// with the number of entries. Links are never followed, so there are no loops.
pub(super) fn count(root: &Path) -> (Count, Vec<Problem>) {
    let mut counting = Counting {
        root,
        count: Count::default(),
        findings: Findings::new("."),
    };
    let mut open: Vec<ReadDir> = Vec::new();
    open.extend(counting.enter(root));
    while let Some(folder) = open.last_mut() {
        match folder.next() {
            None => {
                open.pop();
            }
            Some(Err(why)) => {
                // After a failed read the listing may fail for ever: the folder is given up.
                counting.unreadable(root, &why);
                open.pop();
            }
            Some(Ok(entry)) => {
                if let Some(below) = counting.look(&entry, open.len()) {
                    open.push(below);
                }
            }
        }
    }
    (counting.count, counting.findings.into_problems())
}

struct Counting<'a> {
    root: &'a Path,
    count: Count,
    findings: Findings,
}

impl Counting<'_> {
    /// Counts an entry, or opens it where it is a folder.
    fn look(&mut self, entry: &DirEntry, level: usize) -> Option<ReadDir> {
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(why) => {
                self.unreadable(&entry.path(), &why);
                return None;
            }
        };
        if kind.is_dir() {
            if level >= DEEPEST {
                self.findings.add_in(
                    self.shown(&entry.path()),
                    None,
                    format!("lies more than {DEEPEST} folders deep"),
                    "check that it belongs to the run; move it elsewhere and try again",
                );
                return None;
            }
            return self.enter(&entry.path());
        }
        if kind.is_file() {
            match entry.metadata() {
                Ok(file) => {
                    self.count.files += 1;
                    self.count.bytes = self.count.bytes.saturating_add(file.len());
                }
                Err(why) => self.unreadable(&entry.path(), &why),
            }
        } else if kind.is_symlink() {
            self.count.links += 1;
        } else {
            self.count.others += 1;
        }
        None
    }

    fn enter(&mut self, folder: &Path) -> Option<ReadDir> {
        match fs::read_dir(folder) {
            Ok(entries) => Some(entries),
            Err(why) => {
                self.unreadable(folder, &why);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &Path, why: &Error) {
        if why.kind() == ErrorKind::NotFound {
            self.count.vanished += 1;
            if self.count.first_vanished.is_none() {
                self.count.first_vanished = Some(self.shown(path));
            }
            return;
        }
        self.findings.add_in(
            self.shown(path),
            None,
            format!("cannot be read ({})", why.kind()),
            "give the account that registers the run the right to read it, and try again",
        );
    }

    /// A path as it may be printed, from the run folder on.
    fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(self.root) {
            Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
            Ok(below) => {
                let name = below.to_string_lossy();
                if name.chars().any(super::problem::is_unprintable) {
                    quoted(&name)
                } else {
                    name.into_owned()
                }
            }
            Err(_) => quoted(&path.to_string_lossy()),
        }
    }
}

/// Looks at entries that were listed before, as the count does between listing and looking.
#[cfg(test)]
pub(super) fn count_entries(root: &Path, entries: &[DirEntry]) -> Count {
    let mut counting = Counting {
        root,
        count: Count::default(),
        findings: Findings::new("."),
    };
    for entry in entries {
        counting.look(entry, 1);
    }
    counting.count
}
