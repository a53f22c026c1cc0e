//! Directory and Logs in embedded SQLite, the default store.
//!
//! Two files that share nothing: `directory.db` (accounts) and `topics.db` (logs). One writer each, WAL, and a commit
//! returns after its fsync. Nothing in the directory has an order or a time finer than a day, so nothing in it
//! can be laid beside a topic (architecture, invariant 4).
//!
//! Reading order: [`open`] (files, lock, formats), [`directory`], [`logs`], [`backup`], [`inventory`] (what every
//! column is for, and what is held about one account).

pub mod backup;
pub mod directory;
pub mod inventory;
pub mod logs;
pub mod open;

mod connection;
mod error;
mod migrations;
mod row;

pub use backup::{BackupError, backup, restore};
pub use directory::SqliteDirectory;
pub use inventory::report::{AccountReport, TableTotal};
pub use logs::SqliteLogs;
pub use open::{OpenError, SqliteStore};
