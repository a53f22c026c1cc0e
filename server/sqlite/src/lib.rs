//! Directory and Logs in embedded SQLite, the default store: two files in one data directory.
//!
//! `directory.db` holds what belongs to accounts, `topics.db` what belongs to topics. They are two files so that nothing
//! compares an account with a topic: no row, no key, no order of pages, no frame of a write-ahead log. In the
//! directory every table is keyed by hashes and random numbers, so its rows do not tell when they were written.
//!
//! # What is promised, and by what
//!
//! - **Done means durable.** A batch is one transaction in WAL mode with `synchronous = FULL`: the log is synced
//!   before the call returns. Nothing is written for a batch in which every operation was refused.
//! - **A refused operation changes nothing**: each decides before it writes, so no savepoints are needed.
//! - **Deleted means gone**: `secure_delete` overwrites what was in the file; the write-ahead log is emptied by
//!   `tidy_directory` and `tidy_logs` and when the store closes. What moving rows leaves behind in unused parts of pages
//!   goes when a file is packed, once a day; files larger than 32 MiB are not packed. See `packing`.
//! - **Another process may look on**: `sottod invite`, `inventory` and `backup` open the same files beside the server;
//!   a write waits [`limits::BUSY_TIMEOUT`] for them.
//! - **A format has a number**; older files are brought up to date, newer ones are refused. See `migrations/`.
//!
//! Reading order: `open` (who opens, and why it may fail), `storage` (where the files are), `store`, `database` (one file: how it is set
//! up, written, read), `migrations`, `checkpoint`, `packing`, `directory`, `logs`, `backup` and `check`, [`inventory`] (what is
//! held, and about whom).

mod backup;
mod check;
mod checkpoint;
mod database;
mod directory;
mod error;
pub mod inventory;
pub mod limits;
mod logs;
mod migrations;
mod open;
mod packing;
mod row;
mod schema;
mod storage;
mod store;

pub use backup::{BackupError, backup, restore};
pub use check::{Checked, Soundness, check, check_in};
pub use database::DatabaseFile;
pub use open::{OpenError, OpenOptions, Opener, Storage};
pub use store::SqliteStore;
