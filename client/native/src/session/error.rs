//! What can go wrong with a session, sorted by who must act.

use std::io;

use sotto_engine::api::Refusal;

use crate::database::StorageTrouble;
use crate::key::KeyError;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No profile in this folder.
    #[error("there is no profile here")]
    NoProfile,
    /// Another process holds the profile and does not answer.
    #[error("another process holds this profile and does not answer")]
    Busy,
    /// Another version holds the profile, and speaks otherwise on its socket.
    #[error("Sotto {version} holds this profile and cannot be talked to by this version")]
    OtherVersion {
        /// The holder's.
        version: String,
    },
    /// A proxy was asked for, and the holder does not use it.
    #[error("the Sotto that holds this profile does not use this proxy")]
    OtherProxy,
    /// The folder has other things in it.
    #[error("the folder is not empty and not a profile")]
    ForeignFolder,
    /// The database key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageTrouble),
    /// The database was written by a newer Sotto.
    #[error("the database has format {found}, this Sotto knows {known}")]
    NewerDatabase {
        /// Format of the database.
        found: u32,
        /// Newest this code knows.
        known: u32,
    },
    /// A file could not be read or written.
    #[error("the profile's folder: {0}")]
    Io(#[from] io::Error),
}

/// Why a session did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The engine refused; nothing was changed.
    #[error(transparent)]
    Refused(Refusal),
    /// The disk did not do its part; nothing was changed.
    #[error(transparent)]
    Storage(StorageTrouble),
    /// The holder died half-way through something that must not be done twice; it may or may not have happened.
    #[error("the process that held the profile stopped half-way")]
    Interrupted,
    /// Holder after holder died before the message was on disk: it was not queued.
    #[error("the process that held the profile stopped before the message was queued")]
    NotQueued,
    /// The holder is gone, and the profile cannot be held from here.
    #[error("the process that held the profile stopped: {0}")]
    Lost(#[source] OpenError),
}

impl From<sotto_engine::OpenError> for OpenError {
    fn from(error: sotto_engine::OpenError) -> Self {
        match error {
            sotto_engine::OpenError::Newer { found, known } => Self::NewerDatabase { found, known },
            sotto_engine::OpenError::Corrupt => Self::Storage(StorageTrouble::Damaged),
            sotto_engine::OpenError::Storage(error) => Self::Storage(error.into()),
        }
    }
}
