//! What SQLite's failures mean to the ports.

use rusqlite::{Error, ErrorCode};
use sotto_ports::StorageError;

/// What a failure means to whoever asked.
pub(crate) fn storage(error: Error) -> StorageError {
    let code = error.sqlite_error_code();
    match (&error, code) {
        (_, Some(ErrorCode::DiskFull)) => StorageError::Full,
        (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
            StorageError::Damaged(error.into())
        }
        (
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..),
            _,
        ) => StorageError::Damaged(error.into()),
        _ => StorageError::Failed(error.into()),
    }
}
