//! The client's half: engine, storage, two client processes, the same core under WebAssembly.
//!
//! It runs in `sotto-bench-client`, a program of its own (feature `client`), because the client links SQLCipher and the
//! server's half must measure the SQLite that the server links.
//!
//! What is measured of the engine stands in `sotto-workload`; here is over which databases, and what is said of it.

use crate::bench::{Bench, Place, Takes, When};

#[cfg(feature = "client")]
mod cold_start;
#[cfg(feature = "client")]
mod database;
#[cfg(feature = "client")]
mod engine;
#[cfg(feature = "client")]
mod pair;
#[cfg(feature = "client")]
mod processes;
#[cfg(feature = "client")]
mod wasm;

/// The client's benches, each with [`Place::ClientProgram`].
pub const BENCHES: &[Bench] = &[
    Bench {
        name: "client-pair",
        about: "send to receive between two client processes through sottod",
        takes: Takes { full_secs: 60, quick_secs: 25 },
        when: When::Always,
        place: Place::ClientProgram,
    },
    Bench {
        name: "client-engine",
        about: "encrypt, decrypt, send, receive and catch up in the client's engine",
        takes: Takes { full_secs: 90, quick_secs: 15 },
        when: When::Always,
        place: Place::ClientProgram,
    },
    Bench {
        name: "client-start",
        about: "a client's start on a database of 100,000 messages",
        takes: Takes { full_secs: 60, quick_secs: 30 },
        when: When::Always,
        place: Place::ClientProgram,
    },
    Bench {
        name: "client-wasm",
        about: "the same engine under WebAssembly in Node, against this program",
        takes: Takes { full_secs: 120, quick_secs: 60 },
        when: When::Always,
        place: Place::ClientProgram,
    },
];

/// The bench of this name.
#[cfg(feature = "client")]
pub fn run(name: &str) -> Option<crate::bench::Run> {
    match name {
        "client-pair" => Some(pair::run),
        "client-engine" => Some(engine::run),
        "client-start" => Some(cold_start::run),
        "client-wasm" => Some(wasm::run),
        _ => None,
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    #[test]
    fn every_bench_that_is_listed_can_be_run() {
        assert!(BENCHES.iter().all(|bench| run(bench.name).is_some()));
        assert!(run("client-nothing").is_none());
    }
}
