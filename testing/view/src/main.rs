//! The scenarios as one WebAssembly module: `cargo xtask browser` builds it and runs it in a worker. Natively they are
//! tests, and this program has nothing to do.

// Brings in what the worker's script calls.
use sotto_view_tests as _;

fn main() {}
