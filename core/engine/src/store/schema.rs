//! Schema and its migrations: `user_version` counts them; a newer database is refused.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{OpenError, StorageError};

const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/001_first.sql"),
    include_str!("../../migrations/002_second_thoughts.sql"),
];

/// Brings the tables to the newest version.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let known = MIGRATIONS.len() as u32;
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| open_error(&error))?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    run(connection, found).map_err(|error| open_error(&error))
}

fn run(connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", index as u32 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn open_error(error: &rusqlite::Error) -> OpenError {
    match StorageError::from(error) {
        StorageError::Corrupt => OpenError::Corrupt,
        other => OpenError::Storage(other),
    }
}
