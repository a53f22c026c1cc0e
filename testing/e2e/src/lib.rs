//! The real programs over real sockets: starting them, talking to them, killing them, looking at what they leave.
//!
//! A test makes a [`Stage`]: a folder, a [`Server`] and the [`Client`]s of people. Commands run as processes of their
//! own ([`Client::run`]); long conversations go through a [`Listening`] client, which is `sotto listen` and the
//! Unix socket of its profile. [`Proxy`] stands between clients and server and does what a network or an operator
//! may do. Nothing here is a stand-in for the programs, and whatever is started is stopped by its process id.
//!
//! Reading order: [`stage`], [`server`], [`client`], [`listening`] with [`socket`], [`terminal`]; [`proxy`], [`plane`] and [`operator`] (frames);
//! [`inputs`] (real texts), [`leaks`], [`database`] and [`disk`] (files); [`programs`], [`process`] and [`wait`].

pub mod client;
pub mod database;
pub mod disk;
pub mod inputs;
pub mod leaks;
pub mod listening;
pub mod operator;
pub mod plane;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod server;
pub mod socket;
pub mod stage;
pub mod terminal;
pub mod wait;

pub use client::{Client, Run};
pub use listening::Listening;
pub use plane::RawPlane;
pub use proxy::Proxy;
pub use server::Server;
pub use stage::Stage;
