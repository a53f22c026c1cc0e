//! What can go wrong below the ports: SQLite failed, or what it returned cannot have been written by us.

use rusqlite::ErrorCode;
use rusqlite::types::FromSqlError;
use sotto_ports::StorageError;

/// Anything that stops a batch or a read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
}

/// Rows that do not fit together or hold impossible values. Names tables and columns, never what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    #[error("an account has no list")]
    AccountWithoutList,
    #[error("accounts.handle holds what is no handle")]
    Handle,
    #[error("an entry is missing between two others")]
    EntryMissing,
    #[error("an entry has neither body nor hash")]
    EntryWithoutContent,
    #[error("entries.kind holds an unknown kind")]
    EntryKind,
    #[error("a topic has no generation")]
    TopicWithoutGeneration,
    #[error("topics.{column} holds an impossible value")]
    Topic {
        /// Which column.
        column: &'static str,
    },
    #[error("topics.slots does not count the topic's slots")]
    SlotCount,
}

impl From<Failure> for StorageError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Contradiction(contradiction) => Self::Damaged(contradiction.into()),
            Failure::Sqlite(error) => classify(error),
        }
    }
}

/// Who must do what about an error of SQLite.
pub(crate) fn classify(error: rusqlite::Error) -> StorageError {
    if let Some(code) = error.sqlite_error_code() {
        return match code {
            ErrorCode::DiskFull => StorageError::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageError::Damaged(error.into()),
            _ => StorageError::Failed(error.into()),
        };
    }
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => StorageError::Damaged(error.into()),
        _ => StorageError::Failed(error.into()),
    }
}

/// Why one operation of a batch ends: it was refused, or everything fails.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    Refused(E),
    Failed(Failure),
}

impl<E> From<rusqlite::Error> for Stop<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<E> From<Failure> for Stop<E> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<E> Stop<E> {
    /// The same, with the refusal said in another operation's words.
    pub(crate) fn into_refused<F>(self, say: impl FnOnce(E) -> F) -> Stop<F> {
        match self {
            Self::Refused(refused) => Stop::Refused(say(refused)),
            Self::Failed(failure) => Stop::Failed(failure),
        }
    }
}

/// Tells a refusal, which is an outcome, from a failure, which is none.
pub(crate) fn outcome<T, E>(result: Result<T, Stop<E>>) -> Result<Result<T, E>, Failure> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(refused)) => Ok(Err(refused)),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// For a value whose bytes no type of ours takes.
pub(crate) fn impossible(
    at: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    let cause = FromSqlError::Other(Box::new(error));
    rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, Box::new(cause))
}
