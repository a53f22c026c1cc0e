//! The reference store keeps its own contract.

sotto_ports::conformance!(|| Box::new(sotto_ports::MemoryStore::new()));
