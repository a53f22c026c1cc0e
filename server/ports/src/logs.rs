//! The port for topics: append-only, totally ordered logs of opaque entries, their capabilities and their readers'
//! slots, protocol §4. Nothing in it knows an account.
//!
//! The caller has verified every signature and hashed every secret. What a store decides, it decides with the rules
//! of [`topic`](crate::topic) and [`trim`](crate::trim), so that all stores decide alike.

mod ops;

pub use ops::{
    Ack, AckRefused, Append, AppendRefused, Appended, Asked, Control, ControlRefused, ControlStamp,
    Controlled, Create, CreateRefused, Created, LogOp, LogOutcome, OpenSlot, OpenSlotRefused, Prove,
    ProveRefused, ReadTopic, ReplaceSecret, Rotation, SlotKey, SlotRefused, SlotView, Standing, Sweep, Swept,
    TopicRefused, TopicView,
};

use sotto_wire::ids::{Chain, Day, Seq, TopicId};
use sotto_wire::topic::Entry;

use crate::storage::StorageError;

/// How much one read may return. At least one entry is returned if there is one, however large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Entries.
    pub entries: usize,
    /// Reading stops with the entry that brings the bodies to this many bytes.
    pub body_bytes: usize,
}

/// Contiguous entries of a log, with the chain values around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The entries begin after this one: what was asked for, or the last trimmed one if that is later, or the newest
    /// one if that is earlier.
    pub after: Seq,
    /// The chain value at `after`.
    pub previous: Chain,
    /// The entries; empty when there are none after `after`.
    pub entries: Vec<Entry>,
    /// The chain value after the last of them.
    pub chain: Chain,
    /// The first entry that is still there; the one after the newest when none is.
    pub first: Seq,
    /// The newest entry of the log.
    pub newest: Seq,
}

/// Topics. See the [crate] page for the contract of a write.
pub trait Logs {
    /// Applies a batch in one durable transaction.
    ///
    /// # Errors
    /// When the environment fails; then nothing of the batch was applied.
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError>;

    /// Entries after `after`, up to `to` if there is such an end; `None` when there is no such topic.
    ///
    /// # Errors
    /// When the environment fails.
    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError>;

    /// Topics whose [`Sweep`] is due: while a topic holds entries, or is closed, that is once a day, and again at once
    /// when a sweep could not do all. In no particular order.
    ///
    /// # Errors
    /// When the environment fails.
    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError>;

    /// Leaves no older version of what was emptied or trimmed, as far as the store can; called after sweeps.
    ///
    /// # Errors
    /// When the environment fails; nothing is lost by it.
    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}
