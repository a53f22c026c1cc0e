//! When the environment fails: the disk is full, a read or write does not work, a file is damaged.

use std::error::Error;

/// What lies under a storage failure. Names files and operations, never what was stored.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The environment failed: nothing of the batch was accepted. The operator must act, the peer may try again.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No room left.
    #[error("no room left on the disk")]
    Full,
    /// A read or write did not work, or another process holds the store.
    #[error("storage failed: {0}")]
    Failed(#[source] Cause),
    /// What was read cannot have been written by this store.
    #[error("the store is damaged: {0}")]
    Damaged(#[source] Cause),
}
