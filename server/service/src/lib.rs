//! The server's use cases over the ports: a synchronous state machine without clock, socket or ambient randomness.
//!
//! [`Service`] takes verified requests in batches, stores each batch in one durable commit and only then yields
//! the frames to send, each naming its [`ConnectionId`]. It never reads a key, a plaintext or a network address:
//! of an address it sees the [`AddressPrefix`], in memory only.
//!
//! Reading order: [`connection`] (the seam with the transport), [`settings`], [`service`], then one file per request.

pub mod connection;
pub mod counters;
pub mod request;
pub mod service;
pub mod settings;

pub use connection::{AddressPrefix, ConnectionId, Outgoing, Plane, Then};
pub use counters::Counters;
pub use request::{ParseError, Received, Request};
pub use service::{Service, closing_frame};
pub use settings::{Registration, Settings};
