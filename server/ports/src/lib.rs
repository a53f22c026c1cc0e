//! The server's seams: what the service asks of storage, and nothing about how it is stored.

/// Both seams in one store.
pub trait Store {}

pub mod memory;
