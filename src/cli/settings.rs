//! `client.toml`: the server of the last login and its token. Nobody else may read it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failure::{Exit, Failure};

/// Largest file that is read, in bytes: anything longer is something else.
const LARGEST: u64 = 64 * 1024;

/// What stands in the file.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    /// The server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// The secret of a personal API token of that server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// The token's id, for `logout` to end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_id: Option<String>,
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saved")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The file's place.
#[derive(Debug, Clone)]
pub(super) struct File(PathBuf);

impl File {
    /// In the folder of the person's settings.
    pub(super) fn in_folder(folder: Option<&Path>) -> Option<Self> {
        folder.map(|folder| Self(folder.join("client.toml")))
    }

    pub(super) fn path(&self) -> String {
        super::text::printable(&self.0.to_string_lossy())
    }

    fn unreadable(&self, why: impl std::fmt::Display, next: impl Into<String>) -> Failure {
        let sentence = format!("the settings {} {why}", self.path());
        Failure::new(Exit::Local, sentence, next)
    }

    /// What was saved; nothing where there is no file.
    ///
    /// # Errors
    /// A file that others may read is refused, because it holds a token.
    pub(super) fn read(&self) -> Result<Saved, Failure> {
        let again = "mend or delete it, then `handover login`";
        let odd =
            |error: io::Error| self.unreadable(format!("cannot be read ({})", error.kind()), again);
        let file = match fs::File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Saved::default()),
            Err(error) => return Err(odd(error)),
        };
        let about = file.metadata().map_err(odd)?;
        if !about.is_file() {
            return Err(self.unreadable("are not a file", again));
        }
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(self.unreadable(
                format!("can be read by others (mode {mode:03o})"),
                format!(
                    "chmod 600 {}; if others may have read it, log in again",
                    self.path()
                ),
            ));
        }
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text).map_err(odd)?;
        toml::from_str(&text).map_err(|error| {
            // Only the message: the piece of the file that toml would show may hold the token.
            let what = super::text::printable(error.message());
            self.unreadable(format!("cannot be understood: {what}"), again)
        })
    }

    /// Replaces the file, readable by nobody else from its first byte on.
    pub(super) fn write(&self, saved: &Saved) -> Result<(), Failure> {
        let odd = |error: io::Error| {
            self.unreadable(
                format!("cannot be written ({})", error.kind()),
                "check the folder, or set XDG_CONFIG_HOME to another one; HANDOVER_TOKEN works without a file",
            )
        };
        let text = toml::to_string(saved)
            .map_err(|error| odd(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        if let Some(folder) = self.0.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(folder).map_err(odd)?;
        }
        // Another name first, so that neither a crash nor a second login leaves half a file.
        let new = self
            .0
            .with_extension(format!("toml.{}", std::process::id()));
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(odd(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = options
            .open(&new)
            .and_then(|mut file| {
                file.write_all(b"# Written by `handover login`. The token is a secret: keep this file to yourself.\n")?;
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&new, &self.0));
        if written.is_err() {
            // What is left over holds a token.
            let _ = fs::remove_file(&new);
        }
        written.map_err(odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        Saved {
            url: Some("https://handover.uni.example".into()),
            token: Some("a-secret".into()),
            token_id: None,
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_by_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let file = File::in_folder(Some(&home.path().join("a/b"))).unwrap();
        assert!(file.read().unwrap().url.is_none(), "no file, nothing saved");
        for _ in 0..2 {
            file.write(&saved()).unwrap();
        }
        let mode = fs::metadata(&file.0).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(file.read().unwrap().token.as_deref(), Some("a-secret"));
        assert_eq!(fs::read_dir(file.0.parent().unwrap()).unwrap().count(), 1);
        assert!(!format!("{:?}", saved()).contains("secret"));
    }

    #[test]
    fn a_file_for_everybody_or_a_broken_one_is_refused_without_showing_the_token() {
        let home = tempfile::tempdir().unwrap();
        let file = File::in_folder(Some(home.path())).unwrap();
        file.write(&saved()).unwrap();
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o640)).unwrap();
        let failure = file.read().unwrap_err();
        assert_eq!(failure.exit, Exit::Local);
        assert!(failure.for_people(false).contains("chmod 600"));

        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600)).unwrap();
        for text in [
            "token = \"a-secret\" oops",
            "token = a-secret",
            "tokn = \"a-secret\"",
            "url = 5",
        ] {
            fs::write(&file.0, text).unwrap();
            let failure = file.read().unwrap_err();
            assert_eq!(failure.exit, Exit::Local, "{text}");
            assert!(!failure.for_people(false).contains("a-secret"), "{text}");
        }
    }
}
