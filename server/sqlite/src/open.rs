//! The data directory: its two files, the lock that keeps a second server out, and the formats it accepts.

mod both;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::connection::Database;
use crate::directory::SqliteDirectory;
use crate::logs::SqliteLogs;
use crate::migrations::{DIRECTORY, Schema, TOPICS};

/// Page cache of each file.
const DIRECTORY_CACHE_KIB: u32 = 16 * 1024;
const TOPICS_CACHE_KIB: u32 = 64 * 1024;
/// Held while a server runs.
const LOCK_FILE: &str = "store.lock";

/// Why a store did not open. All of them are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file was written by a newer sottod.
    #[error(
        "{file} has format {found}, and this sottod knows formats up to {known}: run the newer sottod that wrote it, \
         or restore a backup made before the upgrade"
    )]
    Newer {
        /// Which file.
        file: &'static str,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// The file is older than what this command reads, and only a starting server brings it up to date.
    #[error(
        "{file} has format {found}, and this command needs {known}: start this sottod once, it upgrades the file"
    )]
    Older {
        /// Which file.
        file: &'static str,
        /// Its format.
        found: u32,
        /// The format this program needs.
        known: u32,
    },
    /// There is no such file.
    #[error("{} is not there: is this the data directory?", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another server runs on the same directory.
    #[error("another sottod runs on {}", .dir.display())]
    InUse {
        /// The data directory.
        dir: PathBuf,
    },
    /// The directory cannot be used.
    #[error("{} cannot be used: {cause}", .dir.display())]
    Directory {
        /// The data directory.
        dir: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// SQLite does not open the file.
    #[error("{file} does not open: {cause}")]
    Database {
        /// Which file.
        file: &'static str,
        /// Why.
        #[source]
        cause: rusqlite::Error,
    },
}

/// Both ports over SQLite. One process at a time.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) directory: SqliteDirectory,
    pub(crate) logs: SqliteLogs,
    // Held until the store is dropped, after both files are closed.
    _lock: File,
}

impl SqliteStore {
    /// Opens, or makes, the store in a data directory, bringing older formats up to date.
    ///
    /// # Errors
    /// When another server holds the directory, a file is newer than this program, or the environment fails.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let lock = lock(dir)?;
        let directory = SqliteDirectory::new(open_newest(dir, &DIRECTORY, DIRECTORY_CACHE_KIB)?);
        let logs = SqliteLogs::new(open_newest(dir, &TOPICS, TOPICS_CACHE_KIB)?);
        Ok(Self { directory, logs, _lock: lock })
    }

    /// Opens the directory alone, beside a running server: for invitations and the inventory.
    ///
    /// # Errors
    /// When it is not there, has not this program's format, or the environment fails.
    pub fn open_directory(dir: &Path) -> Result<SqliteDirectory, OpenError> {
        let file = existing(dir, &DIRECTORY)?;
        let database = Database::open(&file, DIRECTORY_CACHE_KIB).map_err(failed(&DIRECTORY))?;
        check_format(database.connection(), &DIRECTORY)?;
        Ok(SqliteDirectory::new(database))
    }
}

/// The file's path, if it is there.
pub(crate) fn existing(dir: &Path, schema: &Schema) -> Result<PathBuf, OpenError> {
    let path = dir.join(schema.file);
    if path.is_file() { Ok(path) } else { Err(OpenError::Missing { path }) }
}

/// Refuses a file of another format than the newest.
pub(crate) fn check_format(connection: &rusqlite::Connection, schema: &Schema) -> Result<(), OpenError> {
    let (file, known) = (schema.file, schema.known());
    let found = Schema::found(connection).map_err(failed(schema))?;
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(OpenError::Older { file, found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { file, found, known }),
    }
}

pub(crate) fn failed(schema: &Schema) -> impl Fn(rusqlite::Error) -> OpenError + use<> {
    let file = schema.file;
    move |cause| OpenError::Database { file, cause }
}

pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    let unusable = |cause| OpenError::Directory { dir: dir.to_owned(), cause };
    std::fs::create_dir_all(dir).map_err(unusable)?;
    let file = File::create(dir.join(LOCK_FILE)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

fn open_newest(dir: &Path, schema: &Schema, cache_kib: u32) -> Result<Database, OpenError> {
    let path = dir.join(schema.file);
    // A newer format is refused before this program changes a byte of it.
    if path.is_file() {
        let found = Database::open_to_read(&path).and_then(|connection| Schema::found(&connection));
        let (found, known) = (found.map_err(failed(schema))?, schema.known());
        if found > known {
            return Err(OpenError::Newer { file: schema.file, found, known });
        }
    }
    let mut database = Database::open(&path, cache_kib).map_err(failed(schema))?;
    let migrated = schema.migrate(database.connection_mut()).map_err(failed(schema))?;
    let newer = |newer: crate::migrations::Newer| OpenError::Newer {
        file: schema.file,
        found: newer.found,
        known: newer.known,
    };
    migrated.map_err(newer)?;
    Ok(database)
}
