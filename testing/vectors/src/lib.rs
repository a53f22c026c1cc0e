//! Test vectors: one example of every message, hash input and signature of the protocol, as JSON that another
//! implementation can read; and for every parser the property that a fuzzer tries to break.
//!
//! `cargo run -p sotto-vectors` writes `vectors/*.json`, always the same bytes. The tests read the committed files back,
//! so a change of format fails until somebody writes the vectors anew, on purpose.
//!
//! Reading order: [`samples`] (the examples), [`families`] (which file holds which), [`json`] (how a message looks in
//! it), [`hashes`] (inputs written out by hand), [`targets`] (what a fuzzer calls), [`machines`] (the targets that are
//! whole state machines), [`devices`] (their MLS groups).

pub mod devices;
pub mod families;
pub mod hashes;
pub mod json;
pub mod machines;
pub mod samples;
pub mod targets;
