//! The database in the browser: SQLCipher 4 under a raw key, the same format as on a desktop.
//!
//! The private file system has no shared memory, so the journal is a file that is truncated (and not a write-ahead log as
//! on a desktop). One worker holds the files, so nobody else reads or writes.

use rusqlite::Connection;
use sotto_engine::StorageError;
use sotto_secrecy::profile_key::DatabaseKey;
use sotto_view::start::Broken;
use zeroize::Zeroizing;

use crate::limits::CHECKED_AT_OPEN_BYTES_MAX;

/// The profile's name in the pool.
pub(crate) const FILE: &str = "sotto.db";

/// What SQLCipher 4 takes unless told otherwise. (It answers `PRAGMA page_size` itself, and with a text.)
const PAGE_BYTES: u64 = 4096;

/// Opens a file of the pool, making an empty one where there is none.
///
/// The key came out of an authenticated file, so "not a database" means damage, never a wrong passphrase.
///
/// # Errors
/// What a person is to be told.
pub fn open(file: &str, key: &DatabaseKey) -> Result<Connection, Broken> {
    let told = |error: rusqlite::Error| broken(StorageError::from(&error));
    let connection = set_up(file, key).map_err(told)?;
    let size = size(&connection).map_err(told)?;
    // An empty file has no page to check.
    let is_checked = (1..=CHECKED_AT_OPEN_BYTES_MAX).contains(&size);
    if is_checked && !is_whole(&connection).map_err(told)? {
        return Err(Broken::Damaged);
    }
    Ok(connection)
}

fn set_up(file: &str, key: &DatabaseKey) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    let first = Zeroizing::new(format!(
        "PRAGMA cipher_log_level = NONE;
         PRAGMA key = \"x'{}'\";
         PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;",
        key.to_hex().as_str()
    ));
    connection.execute_batch(&first)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    Ok(u64::try_from(pages).unwrap_or(0).saturating_mul(PAGE_BYTES))
}

/// Checks the MAC of every page.
fn is_whole(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("PRAGMA cipher_integrity_check")?;
    let mut wrong = statement.query([])?;
    Ok(wrong.next()?.is_none())
}

/// What a person is told when the database does not do its part: damage is said only where it was found.
pub(crate) fn broken(error: StorageError) -> Broken {
    match error {
        StorageError::Full => Broken::Full,
        StorageError::Busy => Broken::InUse,
        StorageError::Corrupt => Broken::Damaged,
        StorageError::Io | StorageError::Other(_) => Broken::StorageFailed,
    }
}
