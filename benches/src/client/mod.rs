//! The client's half: engine, storage, two client processes, the same core under wasm.
//!
//! It runs in `sotto-bench-client`, a program of its own (feature `client`), because the client links SQLCipher and the
//! server's half must measure the SQLite that the server links.

use crate::bench::Bench;

/// The client's benches, each with [`Place::ClientProgram`](crate::bench::Place::ClientProgram).
pub const BENCHES: &[Bench] = &[];

/// The bench of this name.
#[cfg(feature = "client")]
pub fn run(name: &str) -> Option<crate::bench::Run> {
    let _ = name;
    None
}
