//! The server's use cases over the ports: a synchronous state machine without clock, socket or ambient randomness.
//!
//! [`Service`] takes verified requests in batches, stores each batch in one durable commit and only then yields
//! the frames to send, each naming its [`ConnectionId`]. It never reads a key, a plaintext or a network address:
//! of an address it sees the [`AddressPrefix`], in memory only.
//!
//! Reading order: [`connection`] (the seam with the transport), [`settings`], [`service`], then `plan` (how a request
//! becomes operations and an answer), `account/` and `topic/` (one file per request), `deliver` (entries and items to
//! those who follow, signatures, frames), `housekeeping`.

pub mod connection;
pub mod counters;
pub mod request;
pub mod service;
pub mod settings;
pub mod tokens;

mod account;
mod batch;
mod buckets;
mod connections;
mod deliver;
mod housekeeping;
mod limits;
mod plan;
mod refused;
mod state;
mod topic;

pub use account::invite_hash;
pub use buckets::Limited;
pub use connection::{AddressPrefix, ConnectionId, Outgoing, Plane, Then};
pub use counters::Counters;
pub use request::{ParseError, Received, Request};
pub use service::{Service, closing_frame};
pub use settings::{Quotas, Rate, Registration, Settings};
