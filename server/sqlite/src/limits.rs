//! Every maximum of this store, in one place.

use std::time::Duration;

/// How long a write waits for another process, such as `sottod invite`.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is copied into the database, and begun anew, when it has grown to this.
pub const WAL_BYTES: u64 = 48 << 20;
/// The directory's: it changes less, and what is deleted there should not linger.
pub const DIRECTORY_WAL_BYTES: u64 = 8 << 20;
/// Pages of `topics.db` kept in memory, in KiB. Not more: SQLite looks at each of them in most commits (the rebalancing of a
/// page goes through page number 262,145, and then all of the cache is searched for pages beyond the end of the
/// file), while the system's cache gives a page back in a microsecond.
pub(crate) const TOPICS_CACHE_KIB: u32 = 16 << 10;
/// Pages of `directory.db` kept in memory, in KiB.
pub(crate) const DIRECTORY_CACHE_KIB: u32 = 8 << 10;
/// Prepared statements kept for each file: more than there are.
pub(crate) const STATEMENTS_CACHED: usize = 128;
/// Larger files are not packed anew: it would hold up the writer for too long.
pub(crate) const PACKED_BYTES_MAX: u64 = 32 << 20;
/// Generations of the topics that are kept in memory: with each a topic takes about a kilobyte.
pub(crate) const GENERATIONS_HELD_MAX: usize = 16 << 10;
/// Findings of an integrity check that are reported.
pub(crate) const FINDINGS_MAX: u32 = 20;
/// Bytes of a page of both files.
pub(crate) const PAGE_BYTES: u64 = 4096;

const _: () = assert!(DIRECTORY_WAL_BYTES <= WAL_BYTES);
