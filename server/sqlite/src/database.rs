//! One database file: how it is set up, written and read.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use sotto_ports::storage::StorageError;
use sotto_wire::ids::Day;

use crate::checkpoint::{self, Checkpoints};
use crate::error::{Failure, classify};
use crate::limits::{
    DIRECTORY_CACHE_KIB, DIRECTORY_WAL_BYTES, PAGE_BYTES, STATEMENTS_CACHED, TOPICS_CACHE_KIB, WAL_BYTES,
};
use crate::migrations;
use crate::open::{OpenError, OpenOptions, Opener};
use crate::packing::Packing;
use crate::schema;

/// The two files of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseFile {
    /// `directory.db`: accounts and what belongs to them.
    Directory,
    /// `topics.db`: topics and what belongs to them.
    Topics,
}

impl DatabaseFile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Directory, Self::Topics];

    /// Its name in the data directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Directory => "directory.db",
            Self::Topics => "topics.db",
        }
    }

    /// Where it is.
    pub fn path(self, dir: &Path) -> PathBuf {
        dir.join(self.name())
    }

    /// What stands in its header, so that nobody takes another file for it.
    pub(crate) const fn application_id(self) -> i32 {
        match self {
            Self::Directory => i32::from_be_bytes(*b"SoDi"),
            Self::Topics => i32::from_be_bytes(*b"SoTo"),
        }
    }

    const fn cache_kib(self) -> u32 {
        match self {
            Self::Directory => DIRECTORY_CACHE_KIB,
            Self::Topics => TOPICS_CACHE_KIB,
        }
    }

    const fn wal_bytes(self, options: &OpenOptions) -> u64 {
        match self {
            Self::Directory => options.wal_bytes / (WAL_BYTES / DIRECTORY_WAL_BYTES),
            Self::Topics => options.wal_bytes,
        }
    }
}

impl fmt::Display for DatabaseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Database {
    file: DatabaseFile,
    connection: Connection,
    /// The server's only: other processes leave the write-ahead log to it.
    checkpoints: Option<Checkpoints>,
    packing: Packing,
}

impl Database {
    pub(crate) fn open(file: DatabaseFile, dir: &Path, options: &OpenOptions) -> Result<Self, OpenError> {
        let mut database = Self::open_to_copy(file, dir, options)?;
        match options.opener {
            Opener::Server => {
                migrations::migrate(&mut database.connection, file)?;
                make_durable(&database.connection).map_err(|error| OpenError::sqlite(file, error))?;
            }
            Opener::Beside | Opener::Reader => migrations::require_newest(&database.connection, file)?,
        }
        Ok(database)
    }

    /// Opens a file of any format this program knows, and leaves the format alone.
    pub(crate) fn open_to_copy(
        file: DatabaseFile,
        dir: &Path,
        options: &OpenOptions,
    ) -> Result<Self, OpenError> {
        let connection = options.storage.connect(file, dir, options.opener)?;
        connection.busy_timeout(options.busy_timeout).map_err(|error| OpenError::sqlite(file, error))?;
        // Before this program changes a byte of it.
        migrations::require_known(&connection, file)?;
        set_up(&connection, file, options).map_err(|error| OpenError::sqlite(file, error))?;
        let checkpoints =
            (options.opener == Opener::Server).then(|| Checkpoints::every(file.wal_bytes(options)));
        Ok(Self { file, connection, checkpoints, packing: Packing::default() })
    }

    /// Whether no table has a row.
    pub(crate) fn is_empty(&self) -> Result<bool, OpenError> {
        let empty = || {
            for table in schema::tables(&self.connection)? {
                let filled = format!("SELECT EXISTS (SELECT 1 FROM {table})");
                if self.connection.query_row(&filled, [], |row| row.get(0))? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        empty().map_err(|error| OpenError::sqlite(self.file, error))
    }

    /// One durable transaction around a batch; `today`, if it forgets what is old.
    pub(crate) fn write<Op, Outcome>(
        &mut self,
        batch: Vec<Op>,
        today: Option<Day>,
        apply: impl FnOnce(&Connection, Vec<Op>) -> Result<Vec<Outcome>, Failure>,
    ) -> Result<Vec<Outcome>, StorageError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(classify)?;
        // Dropped before its end, a transaction is rolled back.
        let outcomes = apply(&transaction, batch)?;
        transaction.commit().map_err(classify)?;
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.after_commit(&self.connection);
        }
        self.packing.forgot(today);
        Ok(outcomes)
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StorageError> {
        Ok(read(&self.connection)?)
    }

    /// Empties the write-ahead log: no earlier version of a row and no order of batches stays behind in it. A log that
    /// somebody is reading is left for the next time. Packs the file when that is due.
    pub(crate) fn tidy(&mut self) -> Result<(), StorageError> {
        let Some(checkpoints) = &mut self.checkpoints else { return Ok(()) };
        let packed = self.packing.pack_if_due(&self.connection);
        checkpoints.truncate(&self.connection).and(packed).map_err(classify)
    }

    /// Copies the write-ahead log into the file and removes it.
    pub(crate) fn close(mut self) -> Result<(), StorageError> {
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.truncate(&self.connection).map_err(classify)?;
        }
        self.connection.close().map_err(|(_, error)| classify(error))
    }
}

/// A process that was killed between writing a transaction and syncing it leaves it in the log, for everybody to read, and a
/// power cut may still take it. A transaction more, which is synced with everything before it: from here on what is read
/// is durable, and a repeat of what is there already may be acknowledged. After a clean end the log is empty, and a server
/// whose disk is full starts.
fn make_durable(db: &Connection) -> rusqlite::Result<()> {
    if checkpoint::is_log_empty(db)? {
        return Ok(());
    }
    let format: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    db.pragma_update(None, "user_version", format)
}

fn set_up(db: &Connection, file: DatabaseFile, options: &OpenOptions) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // One plan for each statement, whatever is bound to it: else some are prepared anew every time.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -i64::from(file.cache_kib()))?;
    if options.opener == Opener::Reader {
        return db.pragma_update(None, "query_only", true);
    }
    db.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
    if options.opener == Opener::Server {
        // The rollback journal of the change to WAL is gone for good: one that a power cut brought back would undo the
        // file's beginning, and SQLite then throws the write-ahead log away.
        db.pragma_update(None, "synchronous", "EXTRA")?;
        // Every later opening finds the mode in the file.
        let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
    }
    db.pragma_update(None, "synchronous", "FULL")?;
    // On some systems a sync is one only with these; elsewhere they do nothing.
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    if let Some(bytes) = options.bytes_max {
        let pages = i64::try_from(bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(())
}
