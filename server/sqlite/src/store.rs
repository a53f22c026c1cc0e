//! The store: its two files, opened and closed together.

use std::path::Path;

use sotto_ports::storage::StorageError;

use crate::database::{Database, DatabaseFile};
use crate::logs::Topics;
use crate::open::{OpenError, OpenOptions, Opener};

/// Both ports over SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) directory: Database,
    pub(crate) topics: Database,
    pub(crate) held: Topics,
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
    /// As with [`open`](Self::open); unless the opener is the server, also when there is no store or its format is
    /// older.
    pub fn open_with(dir: &Path, options: &OpenOptions) -> Result<Self, OpenError> {
        let mut is_new = false;
        for file in DatabaseFile::ALL {
            is_new |= !options.storage.holds(file, dir)?;
        }
        if is_new && options.opener == Opener::Server {
            refuse_half(dir, options)?;
        }
        let directory = Database::open(DatabaseFile::Directory, dir, options)?;
        let topics = Database::open(DatabaseFile::Topics, dir, options)?;
        if is_new {
            options
                .storage
                .sync_names(dir)
                .map_err(|error| OpenError::system(DatabaseFile::Directory, error))?;
        }
        Ok(Self { directory, topics, held: Topics::default() })
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

/// One file with data and not the other is half of a store, and a new other half would hide that: every topic
/// would be unknown, or every name free. One without data is what a first start leaves that was interrupted.
fn refuse_half(dir: &Path, options: &OpenOptions) -> Result<(), OpenError> {
    let [directory, topics] = DatabaseFile::ALL;
    for (here, missing) in [(directory, topics), (topics, directory)] {
        if options.storage.holds(here, dir)? && !Database::open(here, dir, options)?.is_empty()? {
            return Err(OpenError::Incomplete { missing });
        }
    }
    Ok(())
}
