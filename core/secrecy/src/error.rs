//! What can go wrong, sorted by who must act. Nothing here carries content, names or keys.

use crate::overlay::Fault;
use crate::rows::RowsError;
use crate::validity::Invalid;

/// An operation of our own could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecrecyError {
    /// The environment failed: retry.
    #[error(transparent)]
    Storage(#[from] RowsError),
    /// A stored value does not decode: the database is damaged.
    #[error("a stored value is damaged")]
    Corrupt,
    /// The caller asked for what this group cannot do.
    #[error("not allowed here: {0}")]
    Refused(&'static str),
    /// The MLS library failed where it must not: a bug, ours or its.
    #[error("could not {0}")]
    Library(&'static str),
}

/// A received MLS message was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// Every member sees the same: skip the entry and record it.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// It claims to come from this very leaf: the caller recognises its own entries before asking.
    #[error("a message of our own")]
    Own,
    /// This member cannot open what others may: park the topic, repair (new leg or re-add).
    #[error("cannot be decrypted here: {0}")]
    CannotDecrypt(#[from] CannotDecrypt),
    /// The environment failed: retry.
    #[error(transparent)]
    Storage(#[from] RowsError),
    /// A stored value does not decode: the database is damaged.
    #[error("a stored value is damaged")]
    Corrupt,
}

/// Why this member cannot open a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotDecrypt {
    /// A key for the message or path is not here (any more).
    #[error("the key is gone")]
    Key,
    /// The commit's path secret for us does not open or does not match.
    #[error("the path does not open")]
    Path,
    /// This device is no longer a member.
    #[error("no longer a member")]
    Removed,
    /// The MLS library failed where it must not.
    #[error("the MLS library failed")]
    Internal,
}

/// A Welcome did not lead into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// None of its secrets is for a key package we still hold: spent, expired or never ours.
    #[error("no key package for this welcome")]
    NoKeyPackage,
    /// The Welcome or the tree is malformed or breaks a rule.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// The group is already here.
    #[error("already a member")]
    AlreadyJoined,
    /// The environment failed: retry.
    #[error(transparent)]
    Storage(#[from] RowsError),
    /// A stored value does not decode: the database is damaged.
    #[error("a stored value is damaged")]
    Corrupt,
}

/// A staged commit of our own was not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The group has moved on: the commit is lost (or was merged before).
    #[error("staged for epoch {staged}, the group is at {current}")]
    Epoch {
        /// Epoch the commit was made in.
        staged: u64,
        /// Epoch of the group now.
        current: u64,
    },
    /// The staged bytes do not decode, or belong to another group or another branch of it.
    #[error("the staged commit is damaged")]
    Damaged,
    /// The environment failed: retry.
    #[error(transparent)]
    Storage(#[from] RowsError),
    /// A stored value does not decode: the database is damaged.
    #[error("a stored value is damaged")]
    Corrupt,
    /// The MLS library failed where it must not: a bug, ours or its.
    #[error("could not {0}")]
    Library(&'static str),
}

/// An entry's body did not open under the epoch's envelope key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not sealed with this key for this address.
    #[error("the envelope does not open")]
    Sealed,
    /// It opened, but what is inside has not the form.
    #[error("the envelope is malformed")]
    Malformed,
}

/// A sealed inbox item did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not sealed to this key.
    #[error("the seal does not open")]
    Sealed,
    /// It opened, but what is inside has not the form.
    #[error("the sealed item is malformed")]
    Malformed,
}

/// A fault of the rows becomes each operation's own.
macro_rules! from_fault {
    ($($error:ident),*) => {
        $(impl From<Fault> for $error {
            fn from(fault: Fault) -> Self {
                match fault {
                    Fault::Rows(rows) => Self::Storage(rows),
                    Fault::Corrupt => Self::Corrupt,
                }
            }
        })*
    };
}

from_fault!(SecrecyError, ReceiveError, JoinError, MergeError);
