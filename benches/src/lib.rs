//! Every timing of the project: `cargo xtask bench` runs them and writes one report.
//!
//! A [`Bench`] is a function from a [`Context`] to a [`Section`]: measurements with their goals, ratios to a baseline of
//! the same run, and plots. Nothing here is a test: figures depend on the machine, so the report names it, and
//! [`Report::missed`](report::Report::missed) compares with the goals only when asked to.
//!
//! Reading order: [`bench`](mod@bench) and [`registry`] (what there is to run), [`section`] and [`latencies`] (what comes
//! out of it), [`report`] and [`document`] with [`facts`] and [`drawing`] (what is shown); then [`load`] (the load generator) and [`server`] (the server's benches) beside [`peers`] (other servers), with [`programs`] and
//! [`process`]. [`client`] is the half that has the client's engine in it; [`browser`] measures the web client.

pub mod bench;
pub mod browser;
pub mod client;
pub mod document;
pub mod drawing;
pub mod facts;
pub mod latencies;
pub mod load;
pub mod peers;
pub mod process;
pub mod programs;
pub mod registry;
pub mod report;
pub mod section;
pub mod server;

pub use bench::{Bench, Context, Pace};
pub use latencies::Latencies;
pub use section::{Goal, Measurement, Plot, Section, Unit};
