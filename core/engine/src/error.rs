//! What can go wrong around the engine, sorted by who must act. Refusals of commands are [`Refusal`](crate::api::Refusal).

use crate::api::Output;

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Written by a newer Sotto: use that one.
    #[error("the database has version {found}; this Sotto knows up to {known}")]
    Newer {
        /// Its schema version.
        found: u32,
        /// The newest this code knows.
        known: u32,
    },
    /// Not this program's tables, or damaged.
    #[error("the database is damaged")]
    Corrupt,
    /// The environment failed.
    #[error("the database cannot be opened")]
    Storage(#[source] StorageError),
}

/// Why the database did not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// No room on the disk: make some; nothing was lost.
    #[error("the disk is full")]
    Full,
    /// Another process writes to it.
    #[error("the database is in use")]
    Busy,
    /// Reading or writing failed.
    #[error("the disk failed")]
    Io,
    /// A row does not decode.
    #[error("the database is damaged")]
    Corrupt,
    /// Anything else SQLite says.
    #[error("the database refused (SQLite code {0})")]
    Other(i32),
}

impl From<&rusqlite::Error> for StorageError {
    fn from(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error {
            rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly => Self::Io,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt,
                _ => Self::Other(cause.extended_code),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt,
            _ => Self::Other(0),
        }
    }
}

/// An input could not be handled: its transaction was rolled back and the engine let go of both connections, so
/// that everything continues from what is on disk.
#[derive(Debug, thiserror::Error)]
#[error("the input was not handled: {cause}")]
pub struct EngineError {
    /// Why.
    pub cause: Cause,
    pub(crate) outputs: Vec<Output>,
}

impl EngineError {
    /// What the shell has to carry out nevertheless: letting go of connections, and trying again later.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }
}

/// What made an input fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The environment.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// We, or the MLS library: a bug.
    #[error("internal error in {0}")]
    Bug(&'static str),
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(StorageError::from(&error))
    }
}

impl From<sotto_secrecy::RowsError> for Cause {
    fn from(_: sotto_secrecy::RowsError) -> Self {
        Self::Storage(StorageError::Io)
    }
}

impl From<sotto_secrecy::SecrecyError> for Cause {
    fn from(error: sotto_secrecy::SecrecyError) -> Self {
        use sotto_secrecy::SecrecyError;
        match error {
            SecrecyError::Storage(error) => error.into(),
            SecrecyError::Corrupt => Self::Storage(StorageError::Corrupt),
            SecrecyError::Refused(what) | SecrecyError::Library(what) => Self::Bug(what),
        }
    }
}

/// What the engine's own steps return.
pub(crate) type Step<T> = Result<T, Cause>;
