//! The store: its two files, opened and closed together.

use std::path::Path;

use sotto_ports::storage::StorageError;

use crate::database::{Database, DatabaseFile};
use crate::open::{OpenError, OpenOptions, Opener};

/// Both ports over SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) directory: Database,
    pub(crate) topics: Database,
}

impl SqliteStore {
    /// Opens, or makes, the server's store in a data directory, which exists.
    ///
    /// # Errors
    /// When a file is newer than this program, damaged, missing or somebody else's, or when the environment fails.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, &OpenOptions::default())
    }

    /// Opens a store as the options say.
    ///
    /// # Errors
    /// As with [`open`](Self::open); unless the opener is the server, also when there is no store or its format is older.
    pub fn open_with(dir: &Path, options: &OpenOptions) -> Result<Self, OpenError> {
        let here = DatabaseFile::ALL.map(|file| file.path(dir).exists());
        let directory = Database::open(DatabaseFile::Directory, dir, options)?;
        let topics = Database::open(DatabaseFile::Topics, dir, options)?;
        let _ = here;
        if options.opener == Opener::Server {
            let synced = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
            synced.map_err(|error| OpenError::system(DatabaseFile::Directory, error))?;
        }
        Ok(Self { directory, topics })
    }

    /// Whether there is a store in this directory.
    pub fn exists(dir: &Path) -> bool {
        DatabaseFile::ALL.iter().any(|file| file.path(dir).exists())
    }

    /// Closes both files and leaves no write-ahead logs beside them. Dropping the store does no harm: the next
    /// opening finds everything in the logs.
    ///
    /// # Errors
    /// When the environment fails; what was durable is.
    pub fn close(self) -> Result<(), StorageError> {
        let directory = self.directory.close();
        self.topics.close().and(directory)
    }
}
