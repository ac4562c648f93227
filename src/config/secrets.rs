//! Secrets lie in files of their own: the key all tokens are derived from, the mail server's password, those of identity providers.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Problem;

const KEY: &str = "secrets.key_file";
const PASSWORD: &str = "mail.smtp.password_file";

/// A password on its way to another server; shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password itself, for that server alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(…)")
    }
}

/// The 32-byte key; made from `fresh` with mode 0600 when the file does not exist.
///
/// Two daemons that start at once on one folder end up with one key: the file appears under its name whole or not at
/// all, and who comes second reads what is there.
///
/// # Errors
/// The file is no such key, cannot be read or made, or group or others can read it.
pub fn load_or_create(path: &Path, fresh: impl FnOnce() -> [u8; 32]) -> Result<[u8; 32], Problem> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    create(path, &fresh()).map_err(|error| {
        let sentence = format!(
            "{} cannot be made: {}; make its folder, writable for this user",
            path.display(),
            reason(&error)
        );
        Problem::of(KEY, sentence)
    })?;
    read_key(path)?.ok_or_else(|| {
        Problem::of(
            KEY,
            format!(
                "{} vanished as soon as it was made; find out who removes it",
                path.display()
            ),
        )
    })
}

/// Whether the key file, if it exists, is one that the daemon would start with.
///
/// # Errors
/// As [`load_or_create`].
pub fn check_key(path: &Path) -> Result<(), Problem> {
    read_key(path).map(|_| ())
}

/// The mail server's password.
///
/// # Errors
/// The file cannot be read, holds no single line of 1 to 1024 characters, or others can read it. Its group may, for
/// that is how secret stores hand files to a daemon.
pub fn password(path: &Path) -> Result<Password, Problem> {
    only_line(PASSWORD, "password", path)
}

/// The secret of this site at an identity provider, whose keys begin with this prefix.
///
/// # Errors
/// As [`password`].
pub fn client_secret(prefix: &str, path: &Path) -> Result<Password, Problem> {
    only_line(&format!("{prefix}.client_secret_file"), "secret", path)
}

fn only_line(key: &str, what: &str, path: &Path) -> Result<Password, Problem> {
    let wrong = |sentence: String| Problem::of(key, format!("{} {sentence}", path.display()));
    let file = File::open(path).map_err(|error| {
        wrong(format!(
            "cannot be read: {}; make the file, readable for this user alone",
            reason(&error)
        ))
    })?;
    let bytes =
        read_private(&file, 0o007, 4096).map_err(|fault| wrong(fault.sentence(path, "others")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| wrong(format!("is not UTF-8; write the {what} as text")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() > 1024 || line.chars().any(char::is_control) {
        return Err(wrong(format!(
            "must hold the {what} on its only line, and nothing else"
        )));
    }
    Ok(Password(line.into()))
}

/// The key; none while there is no such file.
///
/// # Errors
/// As [`load_or_create`].
pub fn read_key(path: &Path) -> Result<Option<[u8; 32]>, Problem> {
    let wrong = |sentence: String| Problem::of(KEY, format!("{} {sentence}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(wrong(format!(
                "cannot be read: {}; give it to the user the daemon runs as",
                reason(&error)
            )));
        }
    };
    let bytes = read_private(&file, 0o077, 33)
        .map_err(|fault| wrong(fault.sentence(path, "group or others")))?;
    let key = <[u8; 32]>::try_from(bytes.as_slice());
    key.map(Some).map_err(|_| {
        wrong("does not hold exactly 32 bytes, so it is no key; restore it from the backup, or remove it to have a new one made (links sent so far will then not work)".into())
    })
}

/// Why a file is not fit for a secret.
enum Unfit {
    NoFile,
    Open(u32),
    Io(io::Error),
}

impl Unfit {
    fn sentence(&self, path: &Path, who: &str) -> String {
        match self {
            Self::NoFile => "is not a regular file; name one".into(),
            Self::Open(mode) => format!(
                "can be read by {who} (mode {mode:04o}); run chmod 600 {}",
                path.display()
            ),
            Self::Io(error) => format!("cannot be read: {}; look after the disk", reason(error)),
        }
    }
}

/// Asks the open file, not the path: what is read is what was checked.
fn read_private(file: &File, forbidden: u32, most: u64) -> Result<Vec<u8>, Unfit> {
    let about = file.metadata().map_err(Unfit::Io)?;
    if !about.is_file() {
        return Err(Unfit::NoFile);
    }
    if about.mode() & forbidden != 0 {
        return Err(Unfit::Open(about.mode() & 0o7777));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(Unfit::Io)?;
    Ok(bytes)
}

fn create(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new.{}", std::process::id()));
    let unfinished = PathBuf::from(name);
    // Left over from a crash of a process that had the same number.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    let linked = file
        .write_all(key)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match linked {
        // Another daemon was quicker; its key is the one that counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// The reason alone, without the number the system gives it.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "this user may not".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_key_is_made_once_private_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handover.key");
        assert_eq!(load_or_create(&path, || [7; 32]), Ok([7; 32]));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(
            load_or_create(&path, || panic!("asked for a second key")),
            Ok([7; 32])
        );
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left in the folder"
        );
    }

    #[test]
    fn who_comes_second_takes_the_first_ones_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handover.key");
        // The other daemon makes its key while this one is still choosing.
        let meanwhile = || {
            load_or_create(&path, || [1; 32]).unwrap();
            [2; 32]
        };
        assert_eq!(load_or_create(&path, meanwhile), Ok([1; 32]));
    }

    #[test]
    fn a_key_that_is_not_private_or_not_a_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handover.key");
        let problem = |path: &Path| {
            load_or_create(path, || [0; 32])
                .unwrap_err()
                .to_string()
                .replace(&folder.path().display().to_string(), "…")
        };
        let mut said = Vec::new();
        fs::write(&path, [7; 32]).unwrap();
        for open in [0o640, 0o604, 0o620, 0o610] {
            mode(&path, open);
            said.push(problem(&path));
        }
        mode(&path, 0o600);
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).unwrap();
            said.push(problem(&path));
        }
        said.push(problem(folder.path()));
        said.push(problem(&folder.path().join("missing/handover.key")));
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_password_is_one_line_that_others_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("smtp.password");
        let mut said = Vec::new();
        for (text, bits) in [
            ("secret\n", 0o600),
            ("secret", 0o440),
            ("  two words \r\n", 0o400),
            ("secret\n", 0o644),
            ("", 0o600),
            ("\n", 0o600),
            ("one\ntwo\n", 0o600),
        ] {
            let _ = fs::remove_file(&path);
            fs::write(&path, text).unwrap();
            mode(&path, bits);
            match password(&path) {
                Ok(password) => said.push(format!(
                    "{text:?}: {password:?} holds {:?}",
                    password.expose()
                )),
                Err(problem) => said.push(
                    format!("{text:?}: {problem}")
                        .replace(&folder.path().display().to_string(), "…"),
                ),
            }
        }
        said.push(
            password(Path::new("/missing/smtp.password"))
                .unwrap_err()
                .to_string(),
        );
        insta::assert_snapshot!(said.join("\n"));
    }
}
