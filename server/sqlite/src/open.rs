//! How a store is opened, by whom, and why it may not open.

use std::path::PathBuf;
use std::time::Duration;

use sotto_ports::storage::StorageError;

use crate::database::DatabaseFile;
use crate::limits::{BUSY_TIMEOUT, WAL_BYTES};

/// Who opens a store, and with which limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Who.
    pub opener: Opener,
    /// How long a write waits for another process.
    pub busy_timeout: Duration,
    /// The write-ahead log of `topics.db` is begun anew when it has grown to this; the directory's at a sixth.
    pub wal_bytes: u64,
    /// Most bytes each file may have; beyond, the store is full as if the disk were.
    pub bytes_max: Option<u64>,
    /// Where the files are.
    pub storage: Storage,
}

/// Where the files are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Storage {
    /// In the file system, readable by their owner alone.
    #[default]
    FileSystem,
    /// Behind a VFS that was registered with SQLite under this name: other storage, or a simulated disk. The data
    /// directory is what the VFS makes of it. Who may read the files is its business, and it makes a new name durable when
    /// the file is synced.
    Vfs(&'static str),
}

/// Who opens a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// The server: makes the files if there are none, brings older formats up to date, keeps the write-ahead logs short.
    Server,
    /// A command that writes beside a running server, such as `sottod invite`: makes nothing and leaves formats alone,
    /// for the server that runs may be an older one.
    Beside,
    /// A command that only looks.
    Reader,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            opener: Opener::Server,
            busy_timeout: BUSY_TIMEOUT,
            wal_bytes: WAL_BYTES,
            bytes_max: None,
            storage: Storage::FileSystem,
        }
    }
}

impl OpenOptions {
    /// For a command that writes beside a running server.
    pub fn beside() -> Self {
        Self { opener: Opener::Beside, ..Self::default() }
    }

    /// For a command that only looks.
    pub fn reader() -> Self {
        Self { opener: Opener::Reader, ..Self::default() }
    }
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file was written by a newer sottod.
    #[error(
        "{file} has format {found}, this sottod knows formats up to {known}: run the newer sottod, or restore a backup made before it"
    )]
    Newer {
        /// Which file.
        file: DatabaseFile,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// The file has an older format, and only a server brings it up to date.
    #[error(
        "{file} has format {found}, this sottod uses format {known}: start `sottod serve` of this version once"
    )]
    Older {
        /// Which file.
        file: DatabaseFile,
        /// Its format.
        found: u32,
        /// The format this program uses.
        known: u32,
    },
    /// A database, but not one of ours.
    #[error("{file} is a database of another program: choose another data directory")]
    Foreign {
        /// Which file.
        file: DatabaseFile,
    },
    /// There is no store here.
    #[error("no {file} in {dir}: name the data directory of a server")]
    Absent {
        /// The file that is missing.
        file: DatabaseFile,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// One of the two files is there, with data, and the other is not.
    #[error(
        "{missing} is missing beside the other database: put it back from a backup, both files from the same one"
    )]
    Incomplete {
        /// The file that is missing.
        missing: DatabaseFile,
    },
    /// The file is no database, or a damaged one.
    #[error("{file} is damaged: restore a backup ({cause})")]
    Damaged {
        /// Which file.
        file: DatabaseFile,
        /// What SQLite says.
        cause: StorageError,
    },
    /// The environment failed.
    #[error("{file} does not open: {cause}")]
    Storage {
        /// Which file.
        file: DatabaseFile,
        /// What SQLite or the system says.
        cause: StorageError,
    },
}

impl OpenError {
    pub(crate) fn sqlite(file: DatabaseFile, error: rusqlite::Error) -> Self {
        match crate::error::classify(error) {
            cause @ StorageError::Damaged(_) => Self::Damaged { file, cause },
            cause => Self::Storage { file, cause },
        }
    }

    pub(crate) fn system(file: DatabaseFile, error: std::io::Error) -> Self {
        let cause = match error.kind() {
            std::io::ErrorKind::StorageFull => StorageError::Full,
            _ => StorageError::Failed(error.into()),
        };
        Self::Storage { file, cause }
    }
}
