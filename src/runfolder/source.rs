//! Opening the few named files of a run folder without being led elsewhere.

use super::problem::Problem;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// The next step for everything that looks like half a copy.
pub(super) const WAIT_FOR_COPY: &str =
    "wait until the copy is finished, or copy the folder again, and try again";

/// Opens `name` in `root`; `None` where there is no such entry.
///
/// Pipes and devices are refused (reading one could wait for ever), and so are links that lead out of the folder: the
/// file they point to is not part of what is being registered, and may be none of the sender's business.
pub(super) fn open(root: &Path, name: &'static str, largest: u64) -> Result<Option<File>, Problem> {
    let path = root.join(name);
    let unreadable = |why: &std::io::Error| {
        Problem::new(
            name,
            None,
            format!("cannot be read ({})", why.kind()),
            "give the account that registers the run the right to read it",
        )
    };
    let entry = match fs::symlink_metadata(&path) {
        Ok(entry) => entry,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(unreadable(&why)),
    };
    if entry.is_symlink() {
        match fs::canonicalize(&path) {
            Ok(target) if target.starts_with(root) => {}
            Ok(_) => {
                return Err(Problem::new(
                    name,
                    None,
                    "is a symbolic link that leads out of the run folder",
                    "put the file itself into the folder",
                ));
            }
            Err(_) => {
                return Err(Problem::new(
                    name,
                    None,
                    "is a symbolic link that leads nowhere",
                    "put the file itself into the folder",
                ));
            }
        }
    }
    let target = fs::metadata(&path).map_err(|why| unreadable(&why))?;
    if !target.is_file() {
        return Err(Problem::new(
            name,
            None,
            "is not a file",
            "put the file the instrument wrote in its place",
        ));
    }
    if target.len() > largest {
        return Err(Problem::new(
            name,
            None,
            format!("is {} bytes long; at most {largest} are read", target.len()),
            "check that it is the file the instrument wrote",
        ));
    }
    File::open(&path).map(Some).map_err(|why| unreadable(&why))
}

/// Whether `name` is a plain file in `root`. A link or a folder of that name is no completion mark.
pub(super) fn is_there(root: &Path, name: &str) -> bool {
    fs::symlink_metadata(root.join(name)).is_ok_and(|entry| entry.is_file())
}
