//! The state machines of the product, each driven by bytes: the bytes choose what happens next, and after every step the
//! machine must still keep its promises.
//!
//! A byte string is a script ([`choices`]): any bytes are one, and the same bytes make the same choices. What OpenMLS
//! draws by itself differs from run to run, so a replay repeats the schedule, not the bytes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken promise is a panic: that is what a fuzzer looks for"
)]

pub mod choices;
pub mod engine;
pub mod group;
pub mod service;
pub mod websocket;
