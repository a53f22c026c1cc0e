//! The engine in a browser: a dedicated Worker with an encrypted database in the origin's private file system.
//!
//! Two halves. A page needs [`protocol`] (and, in the browser, `page`), which link neither engine nor database. The
//! worker's own WebAssembly is the program `sotto-worker` in this crate, behind the feature `worker`.

pub mod protocol;
