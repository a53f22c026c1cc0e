//! Bugs that the simulator plants to show that it finds them.
//!
//! They live here, in what the simulator puts around the product: disks that lie, a store that misbehaves, a process
//! start that repeats a step. The product has no switch for any of them.

mod shelf;
mod twice;

use std::fmt;
use std::str::FromStr;

pub(crate) use shelf::{Forged, Shelf};
pub(crate) use twice::merge_again;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The server's disk says that everything is synced, and has not begun.
    AcknowledgeBeforeFsync,
    /// A person's disk does: frames leave before the transaction that made them is safe.
    SendBeforePersist,
    /// The server appends what it has appended already.
    IdempotencyOff,
    /// The server takes entries made under an older head.
    HeadCheckOff,
    /// The server trims one entry that a reader has not acknowledged.
    TrimOneTooFar,
    /// After a crash, a commit of one's own that stands in the outbox is merged though it was before.
    OwnCommitMergedTwice,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AcknowledgeBeforeFsync,
        Self::SendBeforePersist,
        Self::IdempotencyOff,
        Self::HeadCheckOff,
        Self::TrimOneTooFar,
        Self::OwnCommitMergedTwice,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeBeforeFsync => "acknowledge-before-fsync",
            Self::SendBeforePersist => "send-before-persist",
            Self::IdempotencyOff => "idempotency-off",
            Self::HeadCheckOff => "head-check-off",
            Self::TrimOneTooFar => "trim-one-too-far",
            Self::OwnCommitMergedTwice => "own-commit-merged-twice",
        }
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No such bug.
#[derive(Debug)]
pub struct NotPlanted(String);

impl fmt::Display for NotPlanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Planted::ALL.iter().map(|bug| bug.name()).collect();
        write!(f, "no planted bug is called {:?}; there are: {}", self.0, names.join(", "))
    }
}

impl std::error::Error for NotPlanted {}

impl FromStr for Planted {
    type Err = NotPlanted;

    fn from_str(name: &str) -> Result<Self, NotPlanted> {
        let found = Self::ALL.into_iter().find(|bug| bug.name() == name);
        found.ok_or_else(|| NotPlanted(name.to_owned()))
    }
}
