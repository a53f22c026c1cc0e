//! Engines and the real service in one process, under one seeded scheduler: no socket, no clock, no thread.
//!
//! A [`World`] holds the service over its SQLite store and any number of [`Person`]s, each an engine over a database of
//! its own, all on disks in memory that crash and lie. [`run()`] takes a seed through conversation, weather, rest and
//! checks, and tells the [`Story`]. Replaying a seed replays the schedule; bytes differ, because OpenMLS draws some
//! randomness of its own.
//!
//! Reading order: [`run`](mod@run), `workload` (what people do), `weather` (what befalls them), `checker` and `leaks`
//! (what must hold in the end); then the machinery: `world`, `agenda`, `network`, `person` with `shell` and `diary`,
//! `server` with `house`, `computer`, `oracle`, `dice`, `story`; and [`planted`], the bugs that must be found.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a simulated world that is inconsistent fails its test at once"
)]

mod agenda;
mod checker;
mod computer;
mod diary;
mod dice;
mod house;
mod leaks;
mod network;
mod oracle;
mod person;
pub mod planted;
pub mod run;
mod server;
mod shell;
mod story;
mod weather;
mod workload;
mod world;

pub use person::Person;
pub use planted::Planted;
pub use run::{Outcome, run};
pub use story::Story;
pub use weather::Misfortune;
pub use world::{Meddler, World};
