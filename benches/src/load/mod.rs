//! The load generator: one thread, one event loop, frames built once.
//!
//! It shares the machine with the server, so what it costs counts: requests are encoded before the run and only their
//! `append_id` is written anew, WebSocket masks are zero (which the server unmasks like any other), answers are skimmed
//! instead of decoded, signatures are not checked. Its processor time is measured and reported beside the server's.
//!
//! Reading order: [`crew`] (the loop), [`lane`] (who sends to whom), [`link`] (a connection), [`dialect`] with
//! [`websocket`] and [`skim`] (what arrives), [`topic`] (what Sotto's clients say).

pub mod crew;
pub mod dialect;
pub mod lane;
pub mod link;
pub mod skim;
pub mod topic;
pub mod websocket;

pub use crew::{Crew, Outcome, Plan};
pub use lane::{Lane, Letter};
pub use link::{Link, Wrapping};
