//! The server's transport: listens, does TLS and WebSocket, and carries frames to and from the service. No rules.
//!
//! Two endpoints, one per plane (`/v1/account`, `/v1/topic`), which never meet in a log line or label; `/health`,
//! `/metrics` and the files of the web client beside them. No request is logged, no address kept longer than its
//! connection: the service gets an address prefix and nothing more. Every queue has a maximum, and nothing of an idle
//! connection is kept but its state.
//!
//! ```text
//! socket ─ Transport ─ Decoder ─ Request::parse ─► Event ─► service thread ─► Service::handle (one commit)
//!    └─── Transport ◄─ Encoder ◄──── Mailbox ◄──── Outgoing ◄──────┘
//! ```
//!
//! Reading order: [`Options`] and [`Server`] (what an application uses), `routes`, `connection` (one WebSocket),
//! `service_thread` (the one thread that owns the service), `mailbox` (between the two), `websocket` (framing),
//! `forwarded` (what a proxy says), `web`, `tls`, `seats`, `metrics`, `limits`.

mod connection;
mod ending;
pub mod forwarded;
mod limits;
mod mailbox;
mod metrics;
mod options;
mod routes;
mod seats;
mod server;
mod service_thread;
mod tls;
mod transport;
mod web;
pub mod websocket;

pub use options::{MetricsAudience, Options, PlainOnPublicAddress, Proxy};
pub use server::{BindError, ServeError, Server};
pub use tls::{Certificate, TlsError, TlsFiles};
pub use tokio_util::sync::CancellationToken;
pub use web::{Keep, WebClient, WebFile};
