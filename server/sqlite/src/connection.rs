//! One database file: its settings, its transactions, and when its write-ahead log starts over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use sotto_ports::StorageError;

use crate::error::storage;

/// Pages of write-ahead log after which the writer starts it over: 48 MiB. A background checkpointer
/// that never gets to the end let it grow to gigabytes (measured); the writer itself always gets there.
const WAL_PAGES_MAX: u32 = 48 * 1024 * 1024 / PAGE_BYTES;
const PAGE_BYTES: u32 = 4096;
/// Statements kept prepared.
const STATEMENTS_MAX: usize = 96;
/// How long another process, such as a backup, may hold the file.
const BUSY: Duration = Duration::from_secs(5);

/// A connection that knows how long its write-ahead log is.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    wal_pages: Arc<AtomicU32>,
}

impl Database {
    /// Opens the file for writing, or makes it.
    pub(crate) fn open(file: &Path, cache_kib: u32) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit returns after the log is on disk: done means durable.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        // What is deleted is overwritten: an expired body does not live on in a free page.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
        let wal_pages = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&wal_pages);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            counter.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { connection, wal_pages })
    }

    /// Opens the file as it is, for reading.
    pub(crate) fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Runs `work` in one durable transaction; when it or the commit fails, nothing of it happened.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        let done = self.attempt(work).map_err(|error| {
            self.roll_back();
            storage(error)
        })?;
        // The batch is durable. When the log cannot start over now, it will after another commit.
        if self.wal_pages.load(Ordering::Relaxed) >= WAL_PAGES_MAX {
            let _later = self.checkpoint("RESTART");
        }
        Ok(done)
    }

    fn attempt<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let done = work(&self.connection)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    }

    // After some failures SQLite has rolled back already.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            let _gone_either_way = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Moves everything into the database file and empties the write-ahead log: no older version of a page, and no
    /// order of commits, stays behind.
    pub(crate) fn truncate_wal(&self) -> Result<(), StorageError> {
        if self.wal_pages.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        self.checkpoint("TRUNCATE").map_err(storage)
    }

    fn checkpoint(&self, mode: &str) -> rusqlite::Result<()> {
        let busy: bool =
            self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(0))?;
        if !busy {
            self.wal_pages.store(0, Ordering::Relaxed);
        }
        Ok(())
    }
}
