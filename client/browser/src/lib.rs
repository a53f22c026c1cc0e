//! The engine in a browser: a dedicated Worker with an encrypted database in the origin's private file system.
//!
//! Two halves. A page needs [`protocol`] (and, in the browser, `page`), which link neither engine nor database. The
//! worker's own WebAssembly is the program `sotto-worker` in this crate, behind the feature `worker`.
//!
//! Every page has a worker. The worker that holds the origin's Web Lock owns the database, the engine and the
//! connections, and serves the others over a `BroadcastChannel`; when it is gone, however it went, the next one takes
//! over and what was under way is asked again. Nothing in here decides what a message means or what a screen shows.
//!
//! Reading order: [`protocol`] (page and worker), `relay` (what a worker remembers of its page), `worker` (the rest).

#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod database;
mod limits;
#[cfg(target_arch = "wasm32")]
pub mod page;
pub mod protocol;
pub mod relay;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;
