//! The reference store: both ports in memory. What a durable adapter must do, said as plainly as possible.
//!
//! Nothing here is durable and nothing fails; that apart it keeps the whole contract.

mod directory;
mod logs;

use directory::Accounts;
use logs::Topics;

/// A store for tests and for the simulator.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    accounts: Accounts,
    topics: Topics,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}
