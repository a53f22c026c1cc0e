//! A disk in memory for SQLite, with everything that happens to disks: processes die, power goes, sectors tear, space
//! runs out, and a controller says "synced" when it is not. Fast, and the same for every seed.
//!
//! A [`Disk`] is a file system of its own. SQLite reaches it through a VFS named [`VFS_NAME`], registered once per process;
//! the paths that [`Disk::path`] makes lead to this disk and no other.
//!
//! ```
//! # fn main() -> rusqlite::Result<()> {
//! use rusqlite::OpenFlags;
//! use sotto_disk::Disk;
//!
//! let disk = Disk::new();
//! let db = disk.open("a.db", OpenFlags::default())?;
//! db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n)")?;
//! disk.crash_at(2); // one more write, then nothing
//! assert!(db.execute("INSERT INTO t VALUES (1)", []).is_err());
//! disk.kill(); // or power_cut(&mut rng)
//! drop(db); // the dead process's connection changes nothing any more
//! assert!(disk.open("a.db", OpenFlags::default())?.execute_batch("SELECT n FROM t").is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises SQLite
//!
//! - A file has what the operating system holds (every read sees it) and what is **durable**. Writes and truncations wait
//!   in order until the file is synced.
//! - A power cut keeps, loses or tears each waiting sector of 512 bytes by itself, whatever the order in which they were
//!   written; nothing of it reaches back behind a sync. A torn sector keeps a beginning or an end of what was written, and
//!   the rest of it is what it was, or noise: the disk does not claim `POWERSAFE_OVERWRITE`.
//! - A new name is durable when its file is synced. Whatever happened to names is durable when the directory is synced: by a
//!   deletion with `syncDir`, and by the first sync of a journal or write-ahead log that is new, as SQLite's own VFS for
//!   Unix does.
//! - Locks and shared memory work between connections of one process, which is all there is.
//!
//! # What it is not
//!
//! Temporary files without a name (`temp_store` other than memory) belong to no disk: they are heap, never fail and are
//! in no [`Disk::bytes`]. Memory-mapped reading is off. Whoever reads time or randomness through SQLite gets the
//! process's [`set_clock_ms`] and [`seed_sqlite`]; SQLCipher draws the nonces of its pages elsewhere.
//!
//! Reading order: `disk` (the handle), `state` (everything on it), `content` (one file), `names`, `power` (what a cut
//! leaves), `trouble` (counting, crashing, failing), `locks`, `shared`, then the C side: `vfs`, `file`, `host`.

mod content;
mod disk;
#[expect(unsafe_code, reason = "SQLite calls these through C pointers")]
mod file;
#[expect(unsafe_code, reason = "SQLite calls these through C pointers")]
mod host;
pub mod limits;
mod locks;
mod names;
mod power;
#[expect(unsafe_code, reason = "connections share memory through C pointers")]
mod shared;
mod state;
mod trouble;
#[expect(unsafe_code, reason = "SQLite calls these through C pointers")]
mod vfs;

pub use disk::{Disk, StoredFile};
pub use host::{seed_sqlite, set_clock_ms};
pub use trouble::{Fault, Operation, OperationKind};
pub use vfs::VFS_NAME;
