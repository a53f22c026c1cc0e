//! The server's seams: what the service asks of storage, and nothing about how it is stored.
//!
//! Two ports: [`Directory`] (accounts, handles, device lists, key packages, drop capabilities, inboxes, invitations)
//! and [`Logs`] (topics, capabilities, control keys, slots, entries). Nothing passes between them: a directory never
//! hears of a topic, a log never of an account, and no transaction crosses the two (invariants 3 and 4 of the
//! architecture). A caller that needs both writes the directory first, then the log.
//!
//! # The contract of a write
//!
//! - A write is a **batch** of operations: [`Directory::apply_to_directory`], [`Logs::apply_to_logs`]. They are applied
//!   in order inside one durable transaction; a later one sees what an earlier one did.
//! - Each operation is one atomic step with an outcome of its own. A refused operation changes nothing and does not
//!   disturb the others.
//! - **Done means durable**: when the call returns `Ok`, every outcome in it survives the loss of power.
//! - When the environment fails ([`StorageError`]), the whole batch fails: nothing of it is visible, now or after a
//!   restart, and the store goes on working. There is one exception that no store can exclude: when the very
//!   last step, making the batch durable, fails, a restart may find the batch done. Every operation is idempotent, so
//!   the repeat that follows gets the outcome it would have had.
//! - Outcomes stand in the order of the operations, one each.
//!
//! Reads see what was committed. Both ports belong to one thread. Stores read no clock and draw no randomness: days,
//! minutes and keys are in the operations.
//!
//! # What a store never keeps
//!
//! No row, and no order or time of rows, ties an account to a topic: the directory's times are days, its keys random
//! or hashes, and an adapter must not add arrival order to it. The finest time in a log is the minute of an entry.
//!
//! Reading order: [`storage`], [`directory`], [`logs`], [`topic`] (the rules of a log as values, shared by all
//! adapters), [`trim`], [`memory`] (the reference), `conformance` (the suite every adapter runs).

pub mod directory;
pub mod limits;
pub mod logs;
pub mod memory;
pub mod storage;
pub mod topic;
pub mod trim;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use directory::{Directory, DirectoryOp, DirectoryOutcome};
pub use logs::{LogOp, LogOutcome, Logs};
pub use memory::MemoryStore;
pub use storage::StorageError;

/// Both seams in one store.
pub trait Store: Directory + Logs {}

impl<S: Directory + Logs> Store for S {}
