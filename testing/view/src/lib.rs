//! Windows over real engines and the real service, in one process: what a person sees and does, without a screen.
//!
//! [`Table`] seats people at one server; each has an engine and one or more [`Window`]s. A window is what a terminal or a
//! page would be: it only applies updates, which cross to it as JSON, and sends actions. [`mod@scenarios`] are what they show,
//! natively and in a browser; [`databases`] says over which files. In a browser, `large` makes a profile large for the benches.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this crate holds tests: they fail by panicking"
)]

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod databases;
#[cfg(target_arch = "wasm32")]
pub mod large;
pub mod scenarios;
mod table;
mod window;

pub use table::{Table, open, send, talking};
pub use window::Window;
