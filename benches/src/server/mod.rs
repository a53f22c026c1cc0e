//! The server's benches: the real `sottod` on a fresh data directory, measured over real sockets.
//!
//! Reading order: [`sottod`] (starting and stopping it), then one module a bench.

pub mod pairs;
pub mod sottod;

use crate::bench::{Bench, Place, Takes, When};

/// The server's benches, in the order of the report.
pub const BENCHES: &[Bench] = &[Bench {
    name: "pairs",
    about: "64 pairs of people, 300 B each way through durable storage, with TLS",
    takes: Takes { full_secs: 150, quick_secs: 30 },
    when: When::Always,
    place: Place::Here(pairs::run),
}];
