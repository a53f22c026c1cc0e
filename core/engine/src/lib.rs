//! The client as one state machine over one SQLite connection handed to it.
//!
//! A shell (native, browser, simulator) gives [`Engine::handle`] one [`api::Input`] at a time: what a person wants, a
//! frame that arrived, a connection that opened or broke, time that passed. Each is one transaction; the
//! [`api::Output`]s are to be carried out after it, in order. Killing the process at any instruction loses nothing that
//! was acknowledged and sends nothing twice: everything that matters is in the tables, and what is only in memory
//! ([`net`](self)) is derived again.
//!
//! The engine never opens a socket or a file, reads a clock, or draws a random byte of its own.
//!
//! Reading order: [`api`]; `engine` (the transaction); `pump` (what can be done now); `commands`; `links`,
//! `account_plane` and `topic_plane` (the two connections); `contact`, `opening`, `sending` (out); `receiving`, `inbox`
//! (in); [`screen`] (what only a screen asks for); `store` (the tables).

pub mod api;
pub mod error;
pub mod screen;

mod account_plane;
mod commands;
mod contact;
mod engine;
mod genesis;
mod inbox;
mod limits;
mod links;
mod net;
mod opening;
mod pump;
mod query;
mod receiving;
mod sending;
mod store;
mod topic_plane;

pub use engine::{Engine, OutboxItem};
pub use error::{Cause, EngineError, OpenError, StorageError};
