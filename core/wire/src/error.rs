//! Why bytes from outside are no message of this protocol: the peer's fault, never ours.

use prost::DecodeError;

use crate::ids::{DisplayNameError, HandleError, HostError, LengthError};
use crate::proto::ErrorCode;

/// A frame was refused before anything acted on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ParseError {
    /// Which request or response it was, when that much could be read.
    pub request: Option<u32>,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a frame. Names fields, never shows what was in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No protobuf message of this type.
    #[error("not a message of this protocol")]
    Undecodable,
    /// A field that must be there is not.
    #[error("{what} is missing")]
    Missing {
        /// The field.
        what: &'static str,
    },
    /// A field has another length than its type.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// A field, or the frame, is longer than it may be.
    #[error("{what}: {found} bytes, at most {max}")]
    TooLarge {
        /// The field.
        what: &'static str,
        /// Most bytes it may have.
        max: usize,
        /// Bytes it has.
        found: usize,
    },
    /// More of something than there may be.
    #[error("{what}: {found}, at most {max}")]
    TooMany {
        /// The thing.
        what: &'static str,
        /// Most there may be.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// A number outside its range.
    #[error("{what} is out of range")]
    OutOfRange {
        /// The field.
        what: &'static str,
    },
    /// Two of what must be one of a kind.
    #[error("{what} appears twice")]
    Duplicate {
        /// The thing.
        what: &'static str,
    },
    /// Entries, lists or members that are not in the order the protocol gives them.
    #[error("{what} are out of order")]
    OutOfOrder {
        /// The things.
        what: &'static str,
    },
    /// Fields that exclude each other.
    #[error("{what} is not allowed here")]
    NotAllowed {
        /// The field.
        what: &'static str,
    },
    /// A text with characters it may not have.
    #[error("{what} has characters it may not have")]
    Text {
        /// The field.
        what: &'static str,
    },
    /// A handle breaks its rules.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// A display name breaks its rules.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// A host name breaks its rules.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A request, response or action that this version does not know.
    #[error("unknown {what}")]
    Unknown {
        /// What kind of thing it is.
        what: &'static str,
    },
    /// A version this code does not speak.
    #[error("{what} version {found} is not spoken here")]
    Version {
        /// What carries the version.
        what: &'static str,
        /// The version it names.
        found: u32,
    },
}

impl Reason {
    /// The error of request or response `id`.
    pub(crate) const fn of(self, id: u32) -> ParseError {
        ParseError { request: Some(id), reason: self }
    }

    /// What the peer is told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => ErrorCode::TooLarge,
            Self::Unknown { .. } | Self::Version { .. } => ErrorCode::Version,
            _ => ErrorCode::Malformed,
        }
    }
}

impl ParseError {
    /// What the peer is told.
    pub const fn code(&self) -> ErrorCode {
        self.reason.code()
    }
}

impl From<Reason> for ParseError {
    fn from(reason: Reason) -> Self {
        Self { request: None, reason }
    }
}

impl From<DecodeError> for Reason {
    fn from(_: DecodeError) -> Self {
        Self::Undecodable
    }
}
