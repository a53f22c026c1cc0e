//! Formats of the two files. Each has a number, in `user_version`; a step to the next is one transaction.

use rusqlite::{Connection, TransactionBehavior};

use crate::database::DatabaseFile;
use crate::open::OpenError;

const DIRECTORY: &[&str] = &[
    include_str!("../migrations/directory/001_accounts.sql"),
    include_str!("../migrations/directory/002_expiry.sql"),
];
const TOPICS: &[&str] =
    &[include_str!("../migrations/topics/001_topics.sql"), include_str!("../migrations/topics/002_due.sql")];

impl DatabaseFile {
    /// The format this program uses.
    pub const fn format(self) -> u32 {
        self.steps().len() as u32
    }

    /// Step `n` leads from format `n` to the next; format 0 is an empty file.
    const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Directory => DIRECTORY,
            Self::Topics => TOPICS,
        }
    }
}

/// Brings an older or empty file up to date.
pub(crate) fn migrate(db: &mut Connection, file: DatabaseFile) -> Result<(), OpenError> {
    while let Some(step) = next_step(format(db, file)?, file) {
        take(db, file, step).map_err(|error| OpenError::sqlite(file, error))?;
    }
    require_newest(db, file)
}

/// Refuses a newer format, and what is no file of ours.
pub(crate) fn require_known(db: &Connection, file: DatabaseFile) -> Result<u32, OpenError> {
    let (found, known) = (format(db, file)?, file.format());
    if found > known { Err(OpenError::Newer { file, found, known }) } else { Ok(found) }
}

/// Refuses every format but the one this program uses.
pub(crate) fn require_newest(db: &Connection, file: DatabaseFile) -> Result<(), OpenError> {
    let (found, known) = (require_known(db, file)?, file.format());
    if found < known { Err(OpenError::Older { file, found, known }) } else { Ok(()) }
}

fn next_step(format: u32, file: DatabaseFile) -> Option<(u32, &'static str)> {
    let sql = file.steps().get(format as usize)?;
    Some((format + 1, sql))
}

fn take(db: &mut Connection, file: DatabaseFile, (to, sql): (u32, &str)) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the step meanwhile.
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found + 1 != to {
        return Ok(());
    }
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "application_id", file.application_id())?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit()
}

/// The format of a file; 0 when it is empty.
pub(crate) fn format(db: &Connection, file: DatabaseFile) -> Result<u32, OpenError> {
    let failed = |error| OpenError::sqlite(file, error);
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let tables: u32 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    let is_empty = (found, application, tables) == (0, 0, 0);
    if is_empty || application == file.application_id() {
        Ok(found)
    } else {
        Err(OpenError::Foreign { file })
    }
}
