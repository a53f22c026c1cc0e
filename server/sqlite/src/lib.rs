//! Directory and Logs in embedded SQLite, the default store: two files, `directory.db` and `topics.db`.

use std::path::{Path, PathBuf};

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database was written by a newer sottod.
    #[error(
        "{file} has format {found}, this sottod knows formats up to {known}: run the newer sottod, or restore a backup"
    )]
    Newer {
        /// Which file.
        file: &'static str,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// The environment failed.
    #[error("the database in {dir} does not open: {cause}")]
    Storage {
        /// The data directory.
        dir: PathBuf,
        /// What SQLite says.
        cause: rusqlite::Error,
    },
}

/// Both seams over SQLite.
#[derive(Debug)]
pub struct SqliteStore {}

impl SqliteStore {
    /// Opens, or makes, the store in a data directory, bringing an older format up to date.
    ///
    /// # Errors
    /// When a file is newer than this program, or the environment fails.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let _ = dir;
        Ok(Self {})
    }
}

impl sotto_ports::Store for SqliteStore {}
