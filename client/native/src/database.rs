//! The database file: SQLCipher 4 under a raw key, set up for "what was acknowledged is on disk".
//!
//! Every page carries a MAC, so decay and tampering show as errors and never as wrong data. A damaged file is
//! reported and left as it is.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::DatabaseKey;
use crate::limits::CHECKED_AT_OPEN_BYTES_MAX;
use crate::profile::private_file;

/// What is wrong with the disk or the file on it. What was not acknowledged before is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "trouble")]
pub enum StorageTrouble {
    /// No space left.
    #[error("the disk is full")]
    Full,
    /// A page fails its check.
    #[error("the database is damaged")]
    Damaged,
    /// The file or its folder cannot be written.
    #[error("the database cannot be written")]
    ReadOnly,
    /// Reading or writing failed.
    #[error("the disk failed while reading or writing the database")]
    Io,
    /// A mistake in this program.
    #[error("internal error in {place}: nothing was changed, please report it")]
    Internal {
        /// Where; names code, never content.
        place: String,
    },
    /// Anything else, with SQLite's extended code.
    #[error("the database cannot be used (SQLite code {code})")]
    Other {
        /// See sqlite.org/rescode.html.
        code: i32,
    },
}

impl From<&rusqlite::Error> for StorageTrouble {
    fn from(error: &rusqlite::Error) -> Self {
        let Some(found) = error.sqlite_error() else { return Self::Other { code: 0 } };
        match found.code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            ErrorCode::SystemIoFailure => Self::Io,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Self::ReadOnly,
            _ => Self::Other { code: found.extended_code },
        }
    }
}

/// Opens the file, making an empty one where there is none.
///
/// The key came out of an authenticated key file, so "not a database" means damage, never a wrong passphrase.
pub(crate) fn open(path: &Path, key: &DatabaseKey) -> Result<Connection, StorageTrouble> {
    // SQLite would make it readable by others; its side files copy this file's mode.
    let file = private_file(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull => StorageTrouble::Full,
        _ => StorageTrouble::ReadOnly,
    })?;
    let size = file.metadata().map_or(0, |found| found.len());
    drop(file);
    let connection = set_up(path, key).map_err(|error| StorageTrouble::from(&error))?;
    if (1..=CHECKED_AT_OPEN_BYTES_MAX).contains(&size) && !check_pages(&connection)?.is_empty() {
        return Err(StorageTrouble::Damaged);
    }
    Ok(connection)
}

fn set_up(path: &Path, key: &DatabaseKey) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Not through rusqlite's pragma functions: they look at the schema first, which nobody can read before the key is
    // set, and which would bring up shared memory before the lock is exclusive.
    let hex = key.to_hex();
    let first = Zeroizing::new(format!(
        "PRAGMA cipher_log_level = NONE;      -- what is wrong is told by errors, not on standard error
         PRAGMA key = \"x'{}'\";
         PRAGMA locking_mode = EXCLUSIVE;     -- one process at a time: no shared-memory file, no reader from outside
         PRAGMA synchronous = EXTRA;          -- the journal of the change to WAL is gone for good: one that a power
         PRAGMA journal_mode = WAL;           -- cut brought back would undo the file's beginning and all after it
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;",
        hex.as_str()
    ));
    connection.execute_batch(&first)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // The first look at page 1, and after a power cut the last good state of every page: checked next.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(connection)
}

/// Checks the MAC of every page in the file; returns what is wrong, one line each, without content.
pub(crate) fn check_pages(connection: &Connection) -> Result<Vec<String>, StorageTrouble> {
    lines(connection, "PRAGMA cipher_integrity_check")
}

/// Checks pages and structure; returns what is wrong, one line each, without content.
pub(crate) fn check(connection: &Connection) -> Result<Vec<String>, StorageTrouble> {
    let mut wrong = check_pages(connection)?;
    wrong.extend(lines(connection, "PRAGMA quick_check")?.into_iter().filter(|line| line != "ok"));
    Ok(wrong)
}

fn lines(connection: &Connection, pragma: &str) -> Result<Vec<String>, StorageTrouble> {
    let read = || {
        let mut statement = connection.prepare(pragma)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<Vec<String>>>()
    };
    read().map_err(|error| StorageTrouble::from(&error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    const SECRET: &str = "a sentence that must not be readable on disk";

    fn key(byte: u8) -> DatabaseKey {
        DatabaseKey::from_slice(&[byte; 32]).unwrap()
    }

    fn filled(dir: &tempfile::TempDir) -> PathBuf {
        let path = dir.path().join("sotto.db");
        let connection = open(&path, &key(1)).unwrap();
        connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").unwrap();
        for _ in 0..400 {
            connection.execute("INSERT INTO t (text) VALUES (?1)", [SECRET]).unwrap();
        }
        path
    }

    #[test]
    fn nothing_readable_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(&dir);
        let connection = open(&path, &key(1)).unwrap();
        connection.execute("INSERT INTO t (text) VALUES (?1)", [SECRET]).unwrap();
        assert!(!dir.path().join("sotto.db-shm").exists(), "the lock is exclusive");
        for file in fs::read_dir(dir.path()).unwrap() {
            let file = file.unwrap();
            let bytes = fs::read(file.path()).unwrap();
            assert!(
                !bytes.windows(16).any(|part| SECRET.as_bytes().starts_with(part)),
                "{:?}",
                file.file_name()
            );
            assert!(!bytes.windows(6).any(|part| part == b"SQLite"), "{:?}", file.file_name());
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.file_name());
        }
    }

    #[test]
    fn settings_are_those_of_durable_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let connection = open(&dir.path().join("sotto.db"), &key(1)).unwrap();
        let setting = |name: &str| {
            connection
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
                .unwrap()
        };
        use rusqlite::types::Value::{Integer, Text};
        assert_eq!(setting("journal_mode"), Text("wal".into()));
        assert_eq!(setting("synchronous"), Integer(2));
        assert_eq!(setting("secure_delete"), Integer(1));
        assert_eq!(setting("foreign_keys"), Integer(1));
        assert_eq!(setting("cipher_status"), Text("1".into()));
        assert!(matches!(setting("cipher_version"), Text(version) if version.starts_with("4.")));
    }

    #[test]
    fn a_flipped_bit_on_any_page_is_detected_and_the_file_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(&dir);
        let whole = fs::read(&path).unwrap();
        assert!(whole.len() >= 5 * 4096);
        for page in 0..whole.len() / 4096 {
            for offset in [0, 100, 2_000, 4_095] {
                let mut damaged = whole.clone();
                damaged[page * 4096 + offset] ^= 0x10;
                fs::write(&path, &damaged).unwrap();
                assert_eq!(
                    open(&path, &key(1)).unwrap_err(),
                    StorageTrouble::Damaged,
                    "page {page}, {offset}"
                );
                assert_eq!(fs::read(&path).unwrap(), damaged);
            }
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(check(&open(&path, &key(1)).unwrap()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_truncated_file_and_a_foreign_key_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(&dir);
        assert_eq!(open(&path, &key(2)).unwrap_err(), StorageTrouble::Damaged);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 4096]).unwrap();
        assert_eq!(open(&path, &key(1)).unwrap_err(), StorageTrouble::Damaged);
    }

    #[test]
    fn what_was_committed_survives_a_process_that_never_closes() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(&dir);
        let connection = open(&path, &key(1)).unwrap();
        connection.execute("INSERT INTO t (text) VALUES ('last')", []).unwrap();
        // A copy of the files at this instant is what a killed process leaves behind.
        let after = tempfile::tempdir().unwrap();
        for name in ["sotto.db", "sotto.db-wal"] {
            fs::copy(dir.path().join(name), after.path().join(name)).unwrap();
        }
        let reopened = open(&after.path().join("sotto.db"), &key(1)).unwrap();
        let last: String =
            reopened.query_row("SELECT text FROM t ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).unwrap();
        assert_eq!(last, "last");
    }
}
