//! The reference store: everything in memory, nothing durable.

/// A store for tests and for the simulator.
#[derive(Debug, Default)]
pub struct MemoryStore {}

impl crate::Store for MemoryStore {}
