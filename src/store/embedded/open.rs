//! Making, opening and upgrading the store's file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError, TableError,
    WriteTransaction,
};

use super::Options;
use super::tables::{FORMAT, FORMAT_KEY, META, SEQUENCE, Tables};
use super::upgrade;

/// Why the store could not be opened. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the store \"{}\" is open in another process; stop that one first, or give this one a folder of its own",
        path.display()
    )]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// Written by a newer version of Handover.
    #[error(
        "the store has format {found}, and this version of handover knows formats up to {known}; install the version that wrote it, or a later one"
    )]
    Newer {
        /// Its format.
        found: u64,
        /// The newest this version knows.
        known: u64,
    },
    /// Written by a version too old to be upgraded from.
    #[error(
        "the store has format {found}, from which this version of handover cannot upgrade; install an earlier version first and let it upgrade the store"
    )]
    TooOld {
        /// Its format.
        found: u64,
    },
    /// Something else.
    #[error("\"{}\" is not a store of handover ({why}); name another file, or restore this one", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What gave it away.
        why: Arc<str>,
    },
    /// The system refused.
    #[error("cannot {doing} \"{}\"; check that its folder exists, belongs to this user and has room", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// redb refused.
    #[error("the store cannot be read; restore it from a copy if this stays so")]
    Database(#[source] Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for OpenError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

/// One step of an upgrade: the format it starts from (it ends at the next), and what it does.
pub(super) type Step = (u64, fn(&WriteTransaction) -> Result<(), redb::Error>);

/// The steps from older formats. Nothing was released before format 3, so there are none from there.
pub(super) const STEPS: &[Step] = &[(3, upgrade::order_names)];

/// Opens the store at `path`, making it if nothing is there.
pub(super) fn at_path(path: &Path, options: &Options) -> Result<Database, OpenError> {
    let io = |doing| {
        move |source| OpenError::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    };
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return create(path, options),
        opened => opened.map_err(io("open"))?,
    };
    if file.metadata().map_err(io("look at"))?.len() == 0 {
        // redb would make a database of it, but this is not how Handover makes a store: something emptied it.
        return Err(OpenError::NotAStore {
            path: path.to_owned(),
            why: "it is empty".into(),
        });
    }
    let database = database(path, file, options)?;
    prepare(&database, path, FORMAT, STEPS)?;
    Ok(database)
}

/// Opens the store in `backend`, making it if that is empty.
pub(super) fn in_backend(
    backend: impl StorageBackend,
    options: &Options,
) -> Result<Database, OpenError> {
    let mut builder = Builder::new();
    let database = builder
        .set_cache_size(options.cache_bytes)
        .create_with_backend(backend)?;
    prepare(&database, Path::new("memory"), FORMAT, STEPS)?;
    Ok(database)
}

fn database(path: &Path, file: File, options: &Options) -> Result<Database, OpenError> {
    let backend = FileBackend::new(file)?;
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    builder
        .create_with_backend(backend)
        .map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => OpenError::InUse {
                path: path.to_owned(),
            },
            DatabaseError::Storage(StorageError::Io(error))
                if error.kind() == io::ErrorKind::InvalidData =>
            {
                OpenError::NotAStore {
                    path: path.to_owned(),
                    why: error.to_string().into(),
                }
            }
            error => error.into(),
        })
}

/// Makes the store under a temporary name and renames it once it is whole, so that a crash leaves all of it or nothing.
fn create(path: &Path, options: &Options) -> Result<Database, OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let io = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io {
            doing,
            path,
            source,
        }
    };
    let held = File::open(folder).map_err(io("make the store in", folder))?;
    // Two processes that start together must not each rename a store of their own into place.
    held.lock().map_err(io("lock", folder))?;
    if path.exists() {
        drop(held);
        return at_path(path, options);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io("remove", &unfinished)(error));
        }
        _ => {}
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        // It holds addresses and names of people.
        .mode(0o600)
        .open(&unfinished)
        .map_err(io("make", &unfinished))?;
    let database = database(&unfinished, file, options)?;
    prepare(&database, path, FORMAT, STEPS)?;
    fs::rename(&unfinished, path).map_err(io("rename", &unfinished))?;
    held.sync_all().map_err(io("sync", folder))?;
    Ok(database)
}

/// Makes the tables of an empty database, upgrades an older one, refuses what it does not know.
pub(super) fn prepare(
    database: &Database,
    path: &Path,
    known: u64,
    steps: &[Step],
) -> Result<(), OpenError> {
    let found = match found(database)? {
        Found::Format(found) => found,
        Found::Nothing => return initialise(database, known),
        Found::Other => {
            return Err(OpenError::NotAStore {
                path: path.to_owned(),
                why: "it is a database of another program".into(),
            });
        }
    };
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    // All steps in one transaction: an upgrade that is killed has not begun.
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    for from in found..known {
        let step = steps.iter().find(|(start, _)| *start == from);
        let (_, step) = step.ok_or(OpenError::TooOld { found })?;
        step(&transaction)?;
    }
    transaction.open_table(META)?.insert(FORMAT_KEY, known)?;
    transaction.commit()?;
    tracing::info!(from = found, to = known, "upgraded the store");
    Ok(())
}

enum Found {
    Nothing,
    Format(u64),
    Other,
}

fn found(database: &Database) -> Result<Found, OpenError> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            let empty = transaction.list_tables()?.next().is_none();
            return Ok(if empty { Found::Nothing } else { Found::Other });
        }
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(Found::Other),
    };
    let format = meta.get(FORMAT_KEY)?.map(|format| format.value());
    Ok(format.map_or(Found::Other, Found::Format))
}

pub(super) fn initialise(database: &Database, format: u64) -> Result<(), OpenError> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    let mut tables = Tables::open(&transaction)?;
    tables.meta.insert(FORMAT_KEY, format)?;
    tables.meta.insert(SEQUENCE, 0)?;
    drop(tables);
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;
    use redb::{ReadableTableMetadata, TableDefinition};

    const NOTES: TableDefinition<&str, u64> = TableDefinition::new("notes");

    fn note(transaction: &WriteTransaction, name: &str) -> Result<(), redb::Error> {
        let mut notes = transaction.open_table(NOTES)?;
        let count = notes.len()?;
        notes.insert(name, count)?;
        Ok(())
    }

    fn at_format(format: u64) -> Database {
        let database = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        initialise(&database, format).unwrap();
        database
    }

    fn prepared(database: &Database, known: u64, steps: &[Step]) -> Result<(), OpenError> {
        prepare(database, Path::new("test"), known, steps)
    }

    #[test]
    fn an_older_store_is_upgraded_step_by_step() {
        let database = at_format(1);
        let steps: [Step; 2] = [(2, |t| note(t, "second")), (1, |t| note(t, "first"))];
        prepared(&database, 3, &steps).unwrap();
        prepared(&database, 3, &[]).unwrap();
        assert!(matches!(found(&database), Ok(Found::Format(3))));
        let read = database.begin_read().unwrap();
        let notes = read.open_table(NOTES).unwrap();
        assert_eq!(notes.get("first").unwrap().unwrap().value(), 0);
        assert_eq!(notes.get("second").unwrap().unwrap().value(), 1);
    }

    #[test]
    fn an_upgrade_that_fails_half_way_changes_nothing() {
        let database = at_format(1);
        let steps: [Step; 2] = [
            (1, |t| note(t, "first")),
            (2, |_| Err(redb::Error::Corrupted("a row".into()))),
        ];
        assert!(prepared(&database, 3, &steps).is_err());
        assert!(matches!(found(&database), Ok(Found::Format(1))));
        assert!(database.begin_read().unwrap().open_table(NOTES).is_err());
    }

    #[test]
    fn newer_and_unknown_formats_and_strange_databases_are_refused_with_a_sentence() {
        let newer = prepared(&at_format(9), 1, STEPS).unwrap_err().to_string();
        assert!(
            newer.contains("format 9") && newer.contains("up to 1"),
            "{newer}"
        );
        let old = prepared(&at_format(1), 4, &[]).unwrap_err().to_string();
        assert!(old.contains("cannot upgrade"), "{old}");
        let strange = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let transaction = strange.begin_write().unwrap();
        note(&transaction, "mine").unwrap();
        transaction.commit().unwrap();
        let strange = prepared(&strange, 1, STEPS).unwrap_err().to_string();
        assert!(strange.contains("another program"), "{strange}");
    }
}
