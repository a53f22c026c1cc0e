//! The server's benches: the real `sottod` on a fresh data directory, measured over real sockets.
//!
//! Reading order: [`sottod`] (starting and stopping it), [`people`] (setting many clients up), then one module a bench:
//! [`machine`], [`appends`] (with [`store`] and [`bare`]), [`catch_up`], [`idle`], [`pairs`].

pub mod appends;
pub mod bare;
pub mod catch_up;
pub mod idle;
pub mod machine;
pub mod pairs;
pub mod people;
pub mod sottod;
pub mod store;

use crate::bench::{Bench, Place, Run, Takes, When};

/// The server's benches, in the order of the report.
pub const BENCHES: &[Bench] = &[
    here("machine", "syncs and TLS handshakes, by themselves", (30, 5), machine::run),
    here(
        "appends",
        "durable appends through WebSockets against bare SQLite statements",
        (100, 20),
        appends::run,
    ),
    here("catch-up", "a client that was away: 200 topics, 1,000 entries", (25, 15), catch_up::run),
    here("idle", "memory of 15,000 idle connections, and of followed topics", (75, 20), idle::run),
    here("pairs", "64 pairs of people: sender, durable server, reader, with TLS", (170, 35), pairs::run),
];

const fn here(name: &'static str, about: &'static str, takes: (u32, u32), run: Run) -> Bench {
    let takes = Takes { full_secs: takes.0, quick_secs: takes.1 };
    Bench { name, about, takes, when: When::Always, place: Place::Here(run) }
}
