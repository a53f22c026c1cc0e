//! Backup and restore: both files as they were at one moment, copied while the server runs.
//!
//! The server writes the directory before the log (architecture, invariant 3), and a client drops a Welcome into an
//! inbox only after the log has taken the commit that it belongs to. A backup that showed the two files at different
//! moments would break one of these orders; so it shows them at one: a write lock on `directory.db` holds the server's
//! next write there for the instant in which both snapshots begin. Then the lock is given back and the files are
//! copied from the snapshots, however long that takes. Should the lock ever fail to be exclusive, the log's snapshot
//! begins first: a Welcome too many, which its device refuses, is repaired; a Welcome that is missing would go unnoticed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sotto_ports::storage::StorageError;

use crate::check::{self, Checked, Soundness};
use crate::database::{Database, DatabaseFile};
use crate::error::classify;
use crate::open::{OpenError, OpenOptions};

/// Why there is no backup, or nothing was restored. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// What is to be copied does not open.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// A file is already where the copy should go.
    #[error("there is a {file} already: name another directory")]
    Exists {
        /// Which file.
        file: DatabaseFile,
    },
    /// The copy did not work.
    #[error("{file} cannot be copied: {cause}")]
    Copy {
        /// Which file.
        file: DatabaseFile,
        /// What SQLite or the system says.
        cause: StorageError,
    },
    /// A file is not whole.
    #[error("{file} is damaged: {}", .findings.join("; "))]
    Damaged {
        /// Which file.
        file: DatabaseFile,
        /// What the integrity check says.
        findings: Vec<String>,
    },
}

/// Copies both files of the store in `from`, running or not, into the directory `to`, which exists; checks the
/// copies. Returns what was found in them.
///
/// # Errors
/// When the store does not open or the copies cannot be made.
pub fn backup(from: &Path, to: &Path) -> Result<Vec<Checked>, BackupError> {
    require_free(to)?;
    let copied = copy_moment(from, to).and_then(|()| finish(to));
    if copied.is_err() {
        remove_parts(to);
    }
    copied
}

/// Puts a backup into the directory `to`, which exists and holds no store, after checking that both files are whole and
/// of formats this program knows.
///
/// # Errors
/// When a file is damaged or newer, or cannot be copied.
pub fn restore(from: &Path, to: &Path) -> Result<Vec<Checked>, BackupError> {
    require_free(to)?;
    require_whole(check::check(from)?)?;
    let copied = DatabaseFile::ALL.into_iter().try_for_each(|file| {
        fs::copy(file.path(from), part(to, file)).map(drop).map_err(|error| system(file, error))
    });
    let copied = copied.and_then(|()| finish(to));
    if copied.is_err() {
        remove_parts(to);
    }
    copied
}

/// Both files at one moment, as parts that [`finish`] puts in place.
fn copy_moment(from: &Path, to: &Path) -> Result<(), BackupError> {
    let options = OpenOptions::beside();
    // Older formats too: a backup is made before an upgrade.
    let lock = Database::open_to_copy(DatabaseFile::Directory, from, &options)?;
    let directory = Database::open_to_copy(DatabaseFile::Directory, from, &OpenOptions::reader())?;
    let topics = Database::open_to_copy(DatabaseFile::Topics, from, &OpenOptions::reader())?;

    let failed = |file| move |error| BackupError::Copy { file, cause: classify(error) };
    lock.connection().execute_batch("BEGIN IMMEDIATE").map_err(failed(DatabaseFile::Directory))?;
    begin_snapshot(topics.connection()).map_err(failed(DatabaseFile::Topics))?;
    begin_snapshot(directory.connection()).map_err(failed(DatabaseFile::Directory))?;
    lock.connection().execute_batch("ROLLBACK").map_err(failed(DatabaseFile::Directory))?;
    drop(lock);

    for (file, database) in [(DatabaseFile::Topics, topics), (DatabaseFile::Directory, directory)] {
        copy(database.connection(), &part(to, file)).map_err(failed(file))?;
    }
    Ok(())
}

/// From the first read on, a transaction sees one state.
fn begin_snapshot(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("BEGIN")?;
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn copy(from: &Connection, to: &Path) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags)?;
    // What is begun anew when it fails needs no journal.
    copy.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    // All in one step: in steps, every write of the server would begin it anew.
    let done = Backup::new(from, &mut copy)?.step(-1)?;
    if done != StepResult::Done {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            None,
        ));
    }
    // One file that is whole by itself; a server that opens it goes back to a write-ahead log.
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)
}

/// Makes the parts durable, checks them, and gives them their names.
fn finish(dir: &Path) -> Result<Vec<Checked>, BackupError> {
    let mut checked = Vec::new();
    for file in DatabaseFile::ALL {
        let part = part(dir, file);
        make_durable(&part).map_err(|error| system(file, error))?;
        checked.push(check::check_file(file, &part)?);
    }
    let checked = require_whole(checked)?;
    for file in DatabaseFile::ALL {
        fs::rename(part(dir, file), file.path(dir)).map_err(|error| system(file, error))?;
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| system(DatabaseFile::Directory, error))?;
    Ok(checked)
}

fn make_durable(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    File::options().write(true).open(path)?.sync_all()
}

fn require_free(dir: &Path) -> Result<(), BackupError> {
    match DatabaseFile::ALL.into_iter().find(|file| file.path(dir).exists()) {
        None => Ok(()),
        Some(file) => Err(BackupError::Exists { file }),
    }
}

fn require_whole(checked: Vec<Checked>) -> Result<Vec<Checked>, BackupError> {
    for Checked { file, found, known, soundness } in &checked {
        let (file, found, known) = (*file, *found, *known);
        if let Soundness::Damaged(findings) = soundness {
            return Err(BackupError::Damaged { file, findings: findings.clone() });
        }
        if found == 0 {
            return Err(BackupError::Damaged { file, findings: vec!["it is empty".to_owned()] });
        }
        if found > known {
            return Err(OpenError::Newer { file, found, known }.into());
        }
    }
    Ok(checked)
}

fn part(dir: &Path, file: DatabaseFile) -> std::path::PathBuf {
    dir.join(format!("{}.part", file.name()))
}

fn remove_parts(dir: &Path) {
    for file in DatabaseFile::ALL {
        // What was not begun is not there.
        let _ = fs::remove_file(part(dir, file));
    }
}

fn system(file: DatabaseFile, error: io::Error) -> BackupError {
    let cause = match error.kind() {
        io::ErrorKind::StorageFull => StorageError::Full,
        _ => StorageError::Failed(error.into()),
    };
    BackupError::Copy { file, cause }
}
