//! Every maximum and size of the disk.

/// What a disk writes at once, in bytes; a power cut decides about each by itself.
pub const SECTOR_BYTES: usize = 512;
/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 512;
/// The largest file, in bytes: what does not fit into a test's memory is a mistake.
pub const FILE_BYTES_MAX: usize = 1 << 30;
/// The largest region of shared memory, in bytes; SQLite asks for 32 KiB each.
pub const REGION_BYTES_MAX: usize = 1 << 20;
/// The most regions of one file: each is the index of 4096 frames of a write-ahead log.
pub const REGIONS_MAX: usize = 1 << 12;

const _: () = assert!(SECTOR_BYTES.is_power_of_two() && FILE_BYTES_MAX.is_multiple_of(SECTOR_BYTES));
