//! What is measured of the client: two engines and the real service in one process, the same natively and under
//! WebAssembly.
//!
//! Time is measured with the caller's [`Stopwatch`], and only while an engine or `secrecy` works: what the service does
//! in between does not count. Nothing waits for anything; the network is two queues.
//!
//! Reading order: [`Samples`] (what comes out), [`person`] and [`world`] (the two people and what lies between them),
//! [`conversation`] (one message at a time), [`catch_up`] (many at once), [`groups`] (`secrecy` alone), [`report`] (all of
//! it as JSON), `browser` (called from Node). [`copies`] makes a large profile to open.

pub mod catch_up;
pub mod conversation;
pub mod copies;
pub mod groups;
pub mod person;
pub mod report;
pub mod samples;
pub mod world;

#[cfg(target_arch = "wasm32")]
pub mod browser;

pub use samples::{Samples, Stopwatch};
pub use world::World;
