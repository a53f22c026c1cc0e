//! Engines and the real service in one process, under one seeded scheduler: no socket, no clock, no thread.
//!
//! A [`World`] holds the service over its in-memory store and any number of [`Person`]s, each an engine over its own
//! SQLite database. Frames travel through queues that the world delivers one at a time, in an order drawn from the
//! seed; a [`Weather`] decides which connections break. Replaying a seed replays the schedule; bytes differ, because
//! OpenMLS draws some randomness of its own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a simulated world that is inconsistent fails its test at once"
)]

mod person;
mod world;

pub use person::Person;
pub use world::{Meddler, Weather, World};
