//! Whether the two files are whole, and of which formats: for `sottod doctor`, backups and restores.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::database::DatabaseFile;
use crate::limits::{BUSY_TIMEOUT, FINDINGS_MAX};
use crate::migrations;
use crate::open::{OpenError, Opener, Storage};

/// What was found of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Which.
    pub file: DatabaseFile,
    /// Its format.
    pub found: u32,
    /// The newest format this program knows.
    pub known: u32,
    /// Whether it is whole.
    pub soundness: Soundness,
}

/// Whether a file is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soundness {
    /// SQLite found every page, row and index entry where it belongs.
    Sound,
    /// What SQLite found instead; names tables and pages, never what is in them.
    Damaged(Vec<String>),
}

/// Looks at both files of a data directory or a backup, also while a server runs. Reads all of them.
///
/// # Errors
/// When a file is missing, no database at all, somebody else's, or unreadable. A newer format is no error here.
pub fn check(dir: &Path) -> Result<Vec<Checked>, OpenError> {
    let missing = DatabaseFile::ALL.into_iter().find(|file| !file.path(dir).exists());
    if let Some(file) = missing {
        return Err(OpenError::Absent { file, dir: dir.to_owned() });
    }
    DatabaseFile::ALL.into_iter().map(|file| check_file(file, &file.path(dir))).collect()
}

/// Looks at both files of a store behind a VFS, as [`check`] does in the file system.
///
/// # Errors
/// As [`check`].
pub fn check_in(dir: &Path, storage: Storage) -> Result<Vec<Checked>, OpenError> {
    let look = |file| look_at(file, &storage.connect(file, dir, Opener::Reader)?);
    DatabaseFile::ALL.into_iter().map(look).collect()
}

/// Looks at one file, wherever it is.
pub(crate) fn check_file(file: DatabaseFile, path: &Path) -> Result<Checked, OpenError> {
    let failed = |error| OpenError::sqlite(file, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    look_at(file, &Connection::open_with_flags(path, flags).map_err(failed)?)
}

fn look_at(file: DatabaseFile, db: &Connection) -> Result<Checked, OpenError> {
    let failed = |error| OpenError::sqlite(file, error);
    db.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let found = migrations::format(db, file)?;
    let soundness = soundness(db).map_err(failed)?;
    Ok(Checked { file, found, known: file.format(), soundness })
}

fn soundness(db: &Connection) -> rusqlite::Result<Soundness> {
    let mut check = db.prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))?;
    // Damage can be such that the check itself stops at it.
    let findings = check.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    let findings: Vec<String> = match findings {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            vec![error.to_string()]
        }
        findings => findings?,
    };
    Ok(if findings == ["ok"] { Soundness::Sound } else { Soundness::Damaged(findings) })
}
